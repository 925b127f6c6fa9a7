"""The strict way through one record of delimited text: any delimiter, record separator, quoting and escaping.

A cell that begins with the quote character runs to its closing quote, over delimiters and line breaks. Quotes
inside an unquoted cell are ordinary characters (`5" pipe`). Spaces after a closing quote are dropped; other text
there (`"Miller "Bob" Ltd"`) means that a quote was not doubled. What such a record may mean instead is asked in
`repair.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.profile import Format
from pipelines.settings import limit

MAX_RECORD_CHARS = limit("RECORD_CHARS", 4 << 20)
"""No business record is longer; a quote that is opened and never closed is. Bounds the memory of the reader."""

_BREAK = re.compile(r"\r\n|\n|\r")


class Incomplete(Exception):
    """The text ends inside a record: more of the file must be read before it can be known where it ends."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Why the quotes of a record make no sense.

    `at` is where the quote in question opens; `cut_off` says that it is not closed before the end of the text.
    """

    problem: str
    at: int
    cut_off: bool = False


@dataclass(slots=True)
class Parsed:
    """One record: `start` and `end` span its text, `next` is where the following one begins.

    Of a record whose quotes are broken only the first cells are given, and `end` and `next` say how far was looked.
    """

    cells: list[str]
    start: int
    end: int
    next: int
    problem: str | None = None
    comment: bool = False
    broken: Broken | None = None
    repaired: bool = False


class Grammar:
    """The dialect of one format, compiled."""

    def __init__(self, fmt: Format) -> None:
        separator = fmt.record_separator
        self.delimiter = fmt.delimiter
        self.separator = _BREAK if separator is None else re.compile(re.escape(separator))
        # A separator without a line break puts everything on one physical line: its records are the lines then.
        self.line = self.separator if separator and not _BREAK.search(separator) else _BREAK
        self.quote = fmt.quote_char
        self.doubled = fmt.double_quote or fmt.escape_char == fmt.quote_char
        self.escape = fmt.escape_char if fmt.escape_char != fmt.quote_char else None
        self.skip_space = fmt.skip_initial_space
        self._comment = fmt.comment_char
        # What is left of a separator on its physical line: "&|" of "&|\n".
        self._line_end = "" if separator is None or self.line is not _BREAK else separator.rstrip("\r\n")
        escape = [re.escape(self.escape)] if self.escape else []
        self._stop = re.compile("|".join([self.separator.pattern, re.escape(self.delimiter), *escape]))
        escaped = [f"{e}(?:{self.separator.pattern}|.)" for e in escape]
        self._end = re.compile("|".join([*escaped, self.separator.pattern]), re.DOTALL)
        self._special = [c for c in (self.quote, self.escape) if c]
        self._inside = re.compile("|".join(re.escape(c) for c in self._special))
        self._splits = not set(self.delimiter) & set(separator or "\r\n")
        quote = re.escape(self.quote or "")
        doubled = [quote * 2] if self.quote and self.doubled else []
        self._pair = re.compile("|".join([rf"{e}(.)" for e in escape] + doubled) or r"(?!)", re.DOTALL)

    def parse(self, text: str, start: int, final: bool, limit: int | None = None, width: int | None = None) -> Parsed:
        """The record that begins at `start`; Incomplete when `text` ends before it can be known where it ends.

        No quoted cell may go on beyond `limit`, and no record over several lines may have more than `width` cells:
        it is broken then.
        """
        if self.is_comment(text, start):
            end, after = self.line_end(text, start, final)
            return Parsed(text[start:end].split(self.delimiter), start, end, after, comment=True)
        return self.parse_cells(text, start, final, limit, width)

    def parse_cells(
        self, text: str, start: int, final: bool, limit: int | None = None, width: int | None = None
    ) -> Parsed:
        """The same where a comment sign has no meaning."""
        parsed = self._simple(text, start, final)
        if not parsed:
            parsed = self._careful(text, start, final, start + MAX_RECORD_CHARS if limit is None else limit, width)
            if parsed.broken:
                return parsed
        if parsed.next == len(text) and not final:  # the next character may still belong to this record
            raise Incomplete
        return parsed

    def is_comment(self, text: str, start: int) -> bool:
        """Whether a comment begins here."""
        return self._comment is not None and text.startswith(self._comment, start)

    def split_line(self, line: str) -> list[str]:
        """The cells of a line outside the table, where a stray quote has no meaning."""
        if self._line_end:
            line = line.removesuffix(self._line_end)
        parsed = self.parse(line, 0, True)
        return line.split(self.delimiter) if parsed.broken else parsed.cells

    def lines_in(self, text: str, start: int, end: int) -> int:
        """Physical lines that end in this part of the text."""
        if self.line is not _BREAK:
            return len(self.line.findall(text, start, end))
        both = text.count("\r", start, end)
        return text.count("\n", start, end) + (both and both - text.count("\r\n", start, end))

    def line_end(self, text: str, start: int, final: bool) -> tuple[int, int]:
        """Where the first record separator begins and ends that is not escaped, whatever the quotes say."""
        at = start
        while found := self._end.search(text, at):
            if self.escape and found[0].startswith(self.escape):
                at = found.end()
            elif final or found.end() < len(text):
                return found.span()
            else:
                break
        if not final:
            raise Incomplete
        return len(text), len(text)

    def unquote(self, inner: str) -> str:
        """The value of the text between two quotes: doubled and escaped characters are one, others as they are."""
        if not self._special or not self._inside.search(inner):
            return inner
        return self._pair.sub(lambda found: (found.lastindex and found[1]) or self.quote or "", inner)

    def unquoted(self, text: str, start: int) -> tuple[str, int]:
        """Text up to the next delimiter, record separator or the end, and that place."""
        parts: list[str] = []
        at = start
        while True:
            found = self._stop.search(text, at)
            if not found:
                parts.append(text[at:])
                return "".join(parts), len(text)
            parts.append(text[at : found.start()])
            if found[0] != self.escape:
                return "".join(parts), found.start()
            escaped = self.separator.match(text, found.end())
            at = escaped.end() if escaped else found.end() + 1
            parts.append(text[found.end() : at] or found[0])  # at the very end it escapes nothing and stands for itself

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
        if self.skip_space:
            cells[1:] = [cell.lstrip(" ") for cell in cells[1:]]
        return Parsed(cells, start, end, after)

    def _careful(self, text: str, start: int, final: bool, limit: int, width: int | None) -> Parsed:
        cells: list[str] = []
        at = start
        opening = -1
        while True:
            if self.skip_space and cells:
                while text.startswith(" ", at):
                    at += 1
            quoted = self.quote is not None and text.startswith(self.quote, at)
            value = ""
            if quoted:
                opening = at
                closed = self._quoted(text, at, limit, final)
                if closed is None:
                    problem = f"has a quote in cell {len(cells) + 1} that is not closed"
                    cut_off = final and limit >= len(text)
                    looked = min(limit, len(text))
                    return Parsed(cells, start, looked, looked, broken=Broken(problem, opening, cut_off))
                value, at = closed
            rest, at = self.unquoted(text, at)
            if at == len(text) and not final:
                raise Incomplete
            if quoted and rest.strip(" "):
                problem = f"has text after the closing quote of cell {len(cells) + 1}"
                return Parsed(cells, start, at, at, broken=Broken(problem, opening))
            cells.append(value + (rest.rstrip(" ") if quoted else rest))
            found = self.separator.match(text, at)
            if found:
                return Parsed(cells, start, at, found.end())
            if at == len(text):
                return Parsed(cells, start, at, at)
            at += len(self.delimiter)
            if len(cells) == width and opening >= 0 and self.separator.search(text, start, at):
                problem = f"has more than {width} cells on several lines"
                return Parsed(cells, start, at, at, broken=Broken(problem, opening))

    def _quoted(self, text: str, opening: int, limit: int, final: bool) -> tuple[str, int] | None:
        """Value of a quoted cell and the place after its closing quote; None when it is not closed."""
        parts: list[str] = []
        at = opening + 1
        while found := self._inside.search(text, at, limit):
            parts.append(text[at : found.start()])
            at = found.end()
            if found[0] == self.escape:
                parts.append(text[at : at + 1])
                at += 1
            elif self.doubled and text.startswith(found[0], at):
                parts.append(found[0])
                at += 1
            else:
                return "".join(parts), at
        if not final and len(text) <= limit:
            raise Incomplete
        return None
