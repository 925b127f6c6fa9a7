"""A place in a text that is read block by block, and where its table ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from pipelines.errors import DeliveryError
from pipelines.extract import grammar as limits
from pipelines.extract.encoding import TextSource
from pipelines.extract.grammar import Grammar, Incomplete, Parsed
from pipelines.extract.repair import Repair, look_ahead
from pipelines.extract.table import is_blank
from pipelines.profile import Format

USUAL_LINES = 50
"""Lines after a damaged header that say how many columns there are."""


class TableEnd:
    """Where the table ends as `end_row` and `end_at` declare: nothing after it is a record."""

    def __init__(self, fmt: Format, grammar: Grammar) -> None:
        self.row = fmt.end_row
        self.pattern = None if fmt.end_at in (None, "blank") else re.compile(fmt.end_at or "")
        self._blank = fmt.end_at == "blank"
        self._grammar = grammar
        self.by_line = self._blank or self.pattern is not None

    def __bool__(self) -> bool:
        return self.by_line or self.row is not None

    def is_at(self, line: str) -> bool:
        """Whether this line is the first after the table."""
        if self._blank:
            return is_blank(self._grammar.split_line(line))
        return self.pattern is not None and self.pattern.search(line) is not None

    def cut(self, text: str, start: int, row: int, final: bool) -> int | None:
        """Where the line `end_row` ends, `row` being the line at `start`; None when `text` does not hold that place."""
        if self.row is None or row + self._grammar.lines_in(text, start, len(text)) <= self.row:
            return None
        at = start
        for _ in range(self.row - row + 1):
            found = self._grammar.line.search(text, at)
            at = found.end() if found else len(text)
        return at if final or at < len(text) else None


class Cursor:
    """A place in a text that is read block by block: `text[at:]` is not yet used, `row` its physical line."""

    def __init__(self, source: TextSource, grammar: Grammar, fmt: Format) -> None:
        self.text = ""
        self.at = 0
        self.row = 1
        self.ended = False
        self.end = TableEnd(fmt, grammar)
        self.repair = Repair(grammar, literal=fmt.stray_quotes == "literal")
        self._source = source
        self._grammar = grammar
        self._literal = fmt.stray_quotes == "literal"
        self._keeps = self._literal or fmt.cut_off == "keep"
        self._final: bool | None = None

    @property
    def final(self) -> bool:
        """Whether all text of the file has been read."""
        return self._source.ended if self._final is None else self._final

    def fill(self) -> bool:
        """Drop the used text and read on; False at the end of the file."""
        rest = self.text[self.at :]
        self.bound(len(rest) - 2 * look_ahead())  # a doubtful record needs to know what follows it
        self.text, self.at = rest + self._source.read(), 0
        return bool(self.text)

    def show(self, text: str, row: int, *, final: bool) -> None:
        """Look at this part of the file instead, which begins on that line; `final` when nothing comes after it."""
        self.text, self.at, self.row, self._final = text, 0, row, final

    def bound(self, chars: int) -> None:
        """Refuse a record that has gone on for more than `MAX_RECORD_CHARS`."""
        if chars > limits.MAX_RECORD_CHARS:
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

    def next_header(self) -> tuple[int, Parsed] | None:
        """The next record and its row number, comment signs having no meaning; None at the end of the file.

        If its quotes are broken and stray quotes are ordinary characters, it is the reading of its first line that has
        the most frequent number of cells of the lines after it.
        """
        while self.at < len(self.text) or not self.final:
            try:
                parsed = self._grammar.parse_cells(self.text, self.at, self.final)
                if parsed.broken and self._literal:
                    width, _ = self._usual_width()
                    parsed = self.repair.first_line(self.text, self.at, self.final, width) or parsed
            except Incomplete:
                self.fill()
                continue
            if parsed.broken:
                if parsed.broken.cut_off:
                    raise self._truncated(parsed.broken.at)
                parsed.problem = parsed.broken.problem
            return self._take(parsed)
        return None

    def records(self) -> Iterator[tuple[int, Parsed]]:
        """The complete records of the text read so far, each with its row number; `ended` is set behind the last."""
        text, final, cut = self.text, self.final, False
        if (stop := self.end.cut(text, self.at, self.row, final)) is not None:
            text, final, cut = text[:stop], True, True
        while self.at < len(text):
            try:
                if self.end.by_line and self._at_end(text, final):
                    self.ended = True
                    return
                parsed = self.repair.read(text, self.at, final, self.row)
                if parsed.broken and parsed.broken.cut_off and not (cut or self._keeps or self._end_follows()):
                    raise self._truncated(parsed.broken.at)
            except Incomplete:
                return
            yield self._take(parsed)
        self.ended = cut

    def pass_rest(self, see: Callable[[int, str], None]) -> int:
        """Go to the end of the file without reading records; the number of physical lines passed.

        Each line is shown to `see` with its row number, a very long one only as far as it was read at once.
        """
        first, inside = self.row, False
        while self.at < len(self.text) or self.fill():
            found = self._grammar.line.search(self.text, self.at)
            if found and (self.final or found.end() < len(self.text)):
                if not inside:
                    see(self.row, self.text[self.at : found.start()])
                self.use(found.end() - self.at, 1)
                inside = False
            elif self.final:
                if not inside:
                    see(self.row, self.text[self.at :])
                self.use(len(self.text) - self.at, 1)
                inside = False
            elif len(self.text) - self.at > limits.MAX_RECORD_CHARS:
                if not inside:
                    see(self.row, self.text[self.at :])
                self.use(len(self.text) - self.at - 64, 0)
                inside = True
            else:
                self.fill()
        return self.row - first + inside

    def _take(self, parsed: Parsed) -> tuple[int, Parsed]:
        row = self.row
        self.bound(parsed.end - parsed.start)
        self.use(parsed.next - self.at, self._grammar.lines_in(self.text, self.at, parsed.next))
        return row, parsed

    def _at_end(self, text: str, final: bool) -> bool:
        found = self._grammar.line.search(text, self.at)
        if not found and not final:
            raise Incomplete
        return self.end.is_at(text[self.at : found.start() if found else len(text)])

    def _end_follows(self) -> bool:
        """Whether the table ends at a line of the rest of the file: then what follows is no sign of a cut-off file."""
        at = self.at
        while self.end.by_line and at < len(self.text):
            found = self._grammar.line.search(self.text, at)
            if self.end.is_at(self.text[at : found.start() if found else len(self.text)]):
                return True
            at = found.end() if found else len(self.text)
        return False

    def _usual_width(self) -> tuple[int, int]:
        """The most frequent number of cells of the lines after this one, and how many have it; needs some text."""
        room = self.at + look_ahead()
        _, at = self._grammar.line_end(self.text, self.at, self.final)
        widths: Counter[int] = Counter()
        while at < len(self.text) and at < room and widths.total() < USUAL_LINES:
            try:
                width, after = self.repair.rough_width(self.text, at, self.final)
            except Incomplete:
                if len(self.text) <= room:
                    raise
                break
            if width:
                widths[width] += 1
            at = after
        if at >= len(self.text) and not self.final and len(self.text) <= room:
            raise Incomplete
        return widths.most_common(1)[0] if widths else (0, 0)

    def _truncated(self, quote: int) -> DeliveryError:
        return DeliveryError(
            "file is truncated or a quote is not closed",
            where=f"{self._source.name}:{self.row + self._grammar.lines_in(self.text, self.at, quote)}",
            got="a quote that opens here and the end of the file",
            expected="a closing quote",
            next_step="send the complete file again; a quote inside a quoted cell must be doubled",
        )

    def _endless(self) -> DeliveryError:
        return DeliveryError(
            "record without end",
            where=f"{self._source.name}:{self.row}",
            got=f"more than {limits.MAX_RECORD_CHARS} characters without the end of a record",
            expected=f"records of at most {limits.MAX_RECORD_CHARS} characters",
            next_step="look for a quote that opens in this line and is not closed, then send the file again; "
            "if the file ends its records in another way, tell us so that the profile can be changed",
        )
