"""The robust way through delimited text: any delimiter, record separator, quoting and escaping, any raggedness.

A cell that begins with the quote character runs to its closing quote, over delimiters and line breaks. Quotes
inside an unquoted cell are ordinary characters (`5" pipe`). Spaces after a closing quote are dropped; other text
there (`"Miller "Bob" Ltd"`) means that a quote was not doubled: nobody can say where the cell ends, so the record
is malformed rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.errors import DeliveryError
from pipelines.extract.encoding import TextSource
from pipelines.profile import Format

MAX_RECORD_CHARS = 4 << 20
"""No business record is longer; a quote that is opened and never closed is. Bounds the memory of the reader."""

_BREAK = re.compile(r"\r\n|\n|\r")


class Incomplete(Exception):
    """The text ends inside a record. `quote` is where an open quote began, else None."""

    def __init__(self, quote: int | None = None) -> None:
        super().__init__(quote)
        self.quote = quote


@dataclass(slots=True)
class Parsed:
    """One record: `start` and `end` span its text, `next` is where the following one begins."""

    cells: list[str]
    start: int
    end: int
    next: int
    problem: str | None = None
    comment: bool = False


class Grammar:
    """The dialect of one format, compiled."""

    def __init__(self, fmt: Format) -> None:
        separator = fmt.record_separator
        self.delimiter = fmt.delimiter
        self.separator = _BREAK if separator is None else re.compile(re.escape(separator))
        # A separator without a line break puts everything on one physical line: its records are the lines then.
        self.line = self.separator if separator and not _BREAK.search(separator) else _BREAK
        self._quote = fmt.quote_char
        self._doubled = fmt.double_quote or fmt.escape_char == fmt.quote_char
        self._escape = fmt.escape_char if fmt.escape_char != fmt.quote_char else None
        self._skip_space = fmt.skip_initial_space
        self._comment = fmt.comment_char
        escape = [re.escape(self._escape)] if self._escape else []
        self._stop = re.compile("|".join([self.separator.pattern, re.escape(self.delimiter), *escape]))
        self._special = [c for c in (self._quote, self._escape) if c]
        self._inside = re.compile("|".join(re.escape(c) for c in self._special))
        self._splits = not set(self.delimiter) & set(separator or "\r\n")

    def parse(self, text: str, start: int, final: bool) -> Parsed:
        """The record that begins at `start`; Incomplete when `text` ends before it can be known where it ends."""
        if self._comment and text.startswith(self._comment, start):
            end, after = self._line_end(text, start, final)
            return Parsed(text[start:end].split(self.delimiter), start, end, after, comment=True)
        parsed = self._simple(text, start, final) or self._careful(text, start, final)
        if parsed.next == len(text) and not final:  # the next character may still belong to this record
            raise Incomplete
        if text.find("\0", start, parsed.end) >= 0:
            parsed.problem = "holds a NUL byte"
        return parsed

    def split_line(self, line: str) -> list[str]:
        """The cells of a line outside the table, where a stray quote has no meaning."""
        try:
            return self.parse(line, 0, True).cells
        except Incomplete:
            return line.split(self.delimiter)

    def lines_in(self, text: str, start: int, end: int) -> int:
        """Physical lines that end in this part of the text."""
        if self.line is not _BREAK:
            return len(self.line.findall(text, start, end))
        both = text.count("\r", start, end)
        return text.count("\n", start, end) + (both and both - text.count("\r\n", start, end))

    def _line_end(self, text: str, start: int, final: bool) -> tuple[int, int]:
        found = self.separator.search(text, start)
        if found and (final or found.end() < len(text)):
            return found.span()
        if not final:
            raise Incomplete
        return len(text), len(text)

    def _simple(self, text: str, start: int, final: bool) -> Parsed | None:
        """A record without quotes and escapes is split; most records are like that."""
        if not self._splits:
            return None
        found = self.separator.search(text, start)
        if not found and not final:
            raise Incomplete
        end, after = found.span() if found else (len(text), len(text))
        for special in self._special:
            if text.find(special, start, end) >= 0:
                return None
        cells = text[start:end].split(self.delimiter)
        if self._skip_space:
            cells[1:] = [cell.lstrip(" ") for cell in cells[1:]]
        return Parsed(cells, start, end, after)

    def _careful(self, text: str, start: int, final: bool) -> Parsed:
        cells: list[str] = []
        problem: str | None = None
        at = start
        while True:
            if self._skip_space and cells:
                while text.startswith(" ", at):
                    at += 1
            quoted = self._quote is not None and text.startswith(self._quote, at)
            value = ""
            if quoted:
                value, at = self._quoted(text, at)
            rest, at = self._unquoted(text, at)
            if quoted and rest.strip(" "):
                problem = f"has text after the closing quote of cell {len(cells) + 1}"
            cells.append(value + (rest.rstrip(" ") if quoted else rest))
            found = self.separator.match(text, at)
            if found:
                return Parsed(cells, start, at, found.end(), problem)
            if at < len(text):
                at += len(self.delimiter)
            elif final:
                return Parsed(cells, start, at, at, problem)
            else:
                raise Incomplete

    def _quoted(self, text: str, opening: int) -> tuple[str, int]:
        """Value of a quoted cell and the place after its closing quote."""
        parts: list[str] = []
        at = opening + 1
        while found := self._inside.search(text, at):
            parts.append(text[at : found.start()])
            at = found.end()
            if found[0] == self._escape:
                parts.append(text[at : at + 1])
                at += 1
            elif self._doubled and text.startswith(found[0], at):
                parts.append(found[0])
                at += 1
            else:
                return "".join(parts), at
        raise Incomplete(opening)

    def _unquoted(self, text: str, start: int) -> tuple[str, int]:
        """Text up to the next delimiter, record separator or the end, and that place."""
        parts: list[str] = []
        at = start
        while True:
            found = self._stop.search(text, at)
            if not found:
                parts.append(text[at:])
                return "".join(parts), len(text)
            parts.append(text[at : found.start()])
            if found[0] != self._escape:
                return "".join(parts), found.start()
            escaped = self.separator.match(text, found.end())
            at = escaped.end() if escaped else found.end() + 1
            parts.append(text[found.end() : at] or found[0])  # at the very end it escapes nothing and stands for itself


class Cursor:
    """A place in a text that is read block by block: `text[at:]` is not yet used, `row` its physical line."""

    def __init__(self, source: TextSource, grammar: Grammar) -> None:
        self.text = ""
        self.at = 0
        self.row = 1
        self._source = source
        self._grammar = grammar
        self._final: bool | None = None

    @property
    def final(self) -> bool:
        """Whether all text of the file has been read."""
        return self._source.ended if self._final is None else self._final

    def fill(self) -> bool:
        """Drop the used text and read on; False at the end of the file."""
        rest = self.text[self.at :]
        self.bound(len(rest))
        self.text, self.at = rest + self._source.read(), 0
        return bool(self.text)

    def show(self, text: str, row: int, *, final: bool) -> None:
        """Look at this part of the file instead, which begins on that line; `final` when nothing comes after it."""
        self.text, self.at, self.row, self._final = text, 0, row, final

    def bound(self, chars: int) -> None:
        """Refuse a record that has gone on for more than `MAX_RECORD_CHARS`."""
        if chars > MAX_RECORD_CHARS:
            raise self._endless()

    def use(self, chars: int, lines: int) -> None:
        """Move on by characters and the lines that end in them."""
        self.at += chars
        self.row += lines

    def next_line(self) -> str | None:
        """The next physical line, quotes having no meaning; None at the end of the file."""
        while True:
            found = self._grammar.line.search(self.text, self.at)
            if found and (self.final or found.end() < len(self.text)):
                line = self.text[self.at : found.start()]
                self.use(found.end() - self.at, 1)
                return line
            if self.final:
                line = self.text[self.at :]
                self.use(len(line), 1)
                return line or None
            self.fill()

    def next_record(self) -> tuple[int, Parsed] | None:
        """The next record and its row number; None at the end of the file."""
        while True:
            for found in self.records(1):
                return found
            if self.final and self.at >= len(self.text):
                return None
            self.fill()

    def records(self, limit: int | None = None) -> Iterator[tuple[int, Parsed]]:
        """The complete records of the text read so far, each with its row number."""
        grammar, final = self._grammar, self.final
        while self.at < len(self.text) and limit != 0:
            try:
                parsed = grammar.parse(self.text, self.at, final)
            except Incomplete as stop:
                if not final:
                    return
                raise self._truncated(stop.quote) from None
            self.bound(parsed.end - parsed.start)
            row = self.row
            self.use(parsed.next - self.at, grammar.lines_in(self.text, self.at, parsed.next))
            limit = None if limit is None else limit - 1
            yield row, parsed

    def _truncated(self, quote: int | None) -> DeliveryError:
        row = self.row + (self._grammar.lines_in(self.text, self.at, quote) if quote else 0)
        return DeliveryError(
            "file is truncated or a quote is not closed",
            where=f"{self._source.name}:{row}",
            got="a quote that opens here and the end of the file",
            expected="a closing quote",
            next_step="send the complete file again; a quote inside a quoted cell must be doubled",
        )

    def _endless(self) -> DeliveryError:
        return DeliveryError(
            "record without end",
            where=f"{self._source.name}:{self.row}",
            got=f"more than {MAX_RECORD_CHARS} characters without the end of a record",
            expected=f"records of at most {MAX_RECORD_CHARS} characters",
            next_step="look for a quote that opens in this line and is not closed, then send the file again; "
            "if the file ends its records in another way, tell us so that the profile can be changed",
        )
