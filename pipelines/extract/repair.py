"""Records whose quotes are in doubt: what else they may mean, and where they end, so that damage stays inside one.

A record is read strictly first (`grammar.py`). It is in doubt when its quotes are broken (text after a closing quote;
a quote that is not closed before the end of the file or the limit of a record) or when it has quotes and not the
number of cells of the header. Then other readings of the text at the same place are tried, in this order:

1. The record ends on its first line (the first record separator, whatever the quotes say). Cells are divided there in
   each way that `quotes.Line` knows, lazy quotes before literal ones. A cell that is properly quoted is not taken
   apart unless nothing else gives the number of cells and the quotes of the record are broken.
2. The record goes on over several lines; inside a quoted cell a quote closes only where a delimiter or the end of a
   record follows: first with doubled quotes read as one, then without. No later line of it may be a record by itself.

The first reading with exactly the expected number of cells is taken; only if it is one of (1) and the line after it
does not have that number, while a reading of (2) has it and the line after that one as well, the latter is.
Where the quotes are not broken and only the number of cells is wrong, quoting is trusted: a cell is never taken apart,
and a record over several lines is cut to its first line only if the second one is a record on its own.
If no reading fits, a record with broken quotes is its first line.

All that is looked at in vain is paid from a credit that grows with the file, so that any file is read in linear time.
With the credit spent, records end on their first line.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.extract import grammar as limits
from pipelines.extract.grammar import Broken, Grammar, Incomplete, Parsed
from pipelines.extract.quotes import Line, Marks
from pipelines.extract.table import count_of, is_blank

CREDIT, CREDIT_PER_LINE = 6 << 20, 128
"""Characters that may be looked at in vain at once, and more of them for each line of the file already read."""

_MARGIN = 64
"""No delimiter or record separator is longer."""


def look_ahead() -> int:
    """How far lazy quotes may reach: a cell that is longer and wrongly quoted is no cell."""
    return limits.MAX_RECORD_CHARS >> 8


class Repair:
    """Reads records. `width` is the number of cells expected; while it is None every record is read strictly."""

    def __init__(self, grammar: Grammar, *, literal: bool) -> None:
        self.width: int | None = None
        self._grammar = grammar
        self._literal = literal
        self._marks = Marks(grammar)
        self._spent = 0

    def read(self, text: str, start: int, final: bool, row: int) -> Parsed:
        """The record at `start`, on this line of the file. Incomplete as in `Grammar`.

        `repaired` is set when another reading than the strict one was taken, `problem` when it was rejected or there
        is none. The strict reading of a record with the wrong number of cells is returned as it is.
        """
        record = self._read(text, start, final, row)
        if text.find("\0", record.start, record.end) >= 0 and not record.comment:
            record.problem, record.repaired = "holds a NUL byte", False
        return record

    def first_line(self, text: str, start: int, final: bool, width: int) -> Parsed | None:
        """The reading of one line that has exactly so many cells."""
        end, after = self._grammar.line_end(text, start, final)
        line = Line(self._marks, text, start, end)
        cells = line.find(width) or line.find(width, apart=True)
        return Parsed(cells, start, end, after, repaired=True) if cells else None

    def rough_width(self, text: str, start: int, final: bool) -> tuple[int, int]:
        """The number of cells of one line as far as they can be told apart (0 = blank), and where the next begins."""
        end, after = self._grammar.line_end(text, start, final)
        cells = Line(self._marks, text, start, end).rough()
        return 0 if is_blank(cells) else len(cells), after

    def _read(self, text: str, start: int, final: bool, row: int) -> Parsed:
        grammar, width = self._grammar, self.width
        limit = start + limits.MAX_RECORD_CHARS
        allowed = CREDIT + CREDIT_PER_LINE * row - self._spent
        if allowed < limits.MAX_RECORD_CHARS and not grammar.is_comment(text, start):
            limit = max(start + allowed, grammar.line_end(text, start, final)[0] + 1)
        strict = grammar.parse(text, start, final, limit, width)
        if width is None or strict.comment or (not strict.broken and len(strict.cells) == width):
            return strict
        if not grammar.quote or text.find(grammar.quote, start, strict.end) < 0:
            return strict
        chosen = self._other(text, strict, final, width, limit)
        if chosen is None:
            return strict
        self._spent += max(strict.next - chosen.next, 0)
        return chosen

    def _other(self, text: str, strict: Parsed, final: bool, width: int, limit: int) -> Parsed | None:
        """Another reading than the strict one, or None when that is to be kept."""
        start = strict.start
        end, after = self._grammar.line_end(text, start, final)
        line = Line(self._marks, text, start, end)
        if strict.broken:
            return self._of_broken(text, strict.broken, line, Parsed([], start, end, after), final, width, limit)
        if strict.end <= end:
            cells = line.find(width) if line.spaced() else None
        elif self._follows(text, after, final, width, clean=True):
            cells = line.find(width)
            if not cells:
                problem = "has a quote that is not closed on its line, and the next line is a record by itself"
                return Parsed(line.rough(), start, end, after, problem)
        else:
            return None
        if not cells:
            return None
        return self._taken(Parsed(cells, start, end, after), f"has {count_of(len(strict.cells), 'cell')}")

    def _of_broken(
        self, text: str, broken: Broken, line: Line, first: Parsed, final: bool, width: int, limit: int
    ) -> Parsed:
        cells = line.find(width) or line.find(width, apart=True)
        one = replace(first, cells=cells) if cells else None
        if not one or not self._follows(text, one.next, final, width):
            several = self._several(text, first, final, width, limit)
            if several and (not one or self._follows(text, several.next, final, width)):
                one = several
        if one:
            return self._taken(one, broken.problem, broken)
        return replace(first, cells=line.rough(), problem=broken.problem, broken=broken)

    def _taken(self, reading: Parsed, problem: str, broken: Broken | None = None) -> Parsed:
        if self._literal:
            return replace(reading, repaired=True)
        said = f"{problem}; with stray quotes read as ordinary characters it has {count_of(len(reading.cells), 'cell')}"
        return replace(reading, problem=said, broken=broken)

    def _follows(self, text: str, at: int, final: bool, width: int, *, clean: bool = False) -> bool:
        """Whether the line that begins here has that number of cells; the end of the file is as good.

        `clean`: only if every quote in it has its place, and there is such a line.
        """
        if at >= len(text) and final:
            return not clean
        limit = at + look_ahead()
        try:
            end, _ = self._grammar.line_end(text, at, final)
        except Incomplete:
            if len(text) <= limit:
                raise
            return False
        if end > limit:
            return False
        if not clean and (end == at or self._grammar.is_comment(text, at)):
            return True
        line = Line(self._marks, text, at, end)
        cells = line.clean() if clean else line.find(width)
        return cells is not None and len(cells) == width

    def _several(self, text: str, first: Parsed, final: bool, width: int, limit: int) -> Parsed | None:
        """The first reading over several lines that fits."""
        limit = min(limit, first.next + look_ahead())
        if not final and len(text) <= limit + _MARGIN:
            raise Incomplete
        for pairs in (True, False) if self._grammar.doubled else (True,):
            found = self._lazy(text, first.start, limit, pairs, width)
            if isinstance(found, Parsed) and found.next <= first.next:
                continue
            if isinstance(found, Parsed) and not self._swallows(text, first.next, found.end, width):
                return found
            self._spent += max((found.next if isinstance(found, Parsed) else found) - first.next, 0)
        return None

    def _swallows(self, text: str, start: int, end: int, width: int) -> bool:
        """Whether one of these lines is a record by itself, every quote in its place."""
        while start < end:
            stop, after = self._grammar.line_end(text, start, True)
            cells = Line(self._marks, text, start, min(stop, end)).clean()
            if cells is not None and len(cells) == width:
                return True
            start = after
        return False

    def _lazy(self, text: str, start: int, limit: int, pairs: bool, width: int) -> Parsed | int:
        """The record read with lazy quotes if it has that number of cells; else how far was looked."""
        grammar = self._grammar
        cells: list[str] = []
        at = start
        while len(cells) < width:
            if grammar.skip_space and cells:
                while text.startswith(" ", at):
                    at += 1
            if grammar.quote and text.startswith(grammar.quote, at):
                close = self._lazy_close(text, at, limit, pairs)
                if close is None:
                    return min(limit, len(text))
                cells.append(grammar.unquote(text[at + 1 : close]))
                _, at = grammar.unquoted(text, close + 1)
            else:
                cell, at = grammar.unquoted(text, at)
                cells.append(cell)
            if at > limit:
                return at
            found = grammar.separator.match(text, at)
            if found or at == len(text):
                whole = Parsed(cells, start, at, found.end() if found else at)
                return whole if len(cells) == width else at
            at += len(grammar.delimiter)
        return at

    def _lazy_close(self, text: str, opening: int, limit: int, pairs: bool) -> int | None:
        grammar = self._grammar
        at = opening + 1
        for found in self._marks.quote_or_escape.finditer(text, at, limit):
            if found.start() < at:
                continue
            at = found.end()
            doubled = pairs and grammar.doubled and text.startswith(found[0], at)
            if doubled or found[0] == grammar.escape:
                at += 1
            elif self._marks.close.match(text, at):
                return found.start()
        return None
