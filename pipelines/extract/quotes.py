"""The readings of one line whose quotes are in doubt, and the search for the one with the right number of cells."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.extract.grammar import Grammar


@dataclass(frozen=True, slots=True)
class Step:
    """One cell: it begins at `begin`; a quoted one closes at `close`; the next cell is at `after`, None = no more."""

    begin: int
    after: int | None
    close: int | None = None


class Marks:
    """What the quotes, delimiters and escapes of a dialect look like, compiled once."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        quote = re.escape(grammar.quote or "\ufffe")
        parts = [re.escape(grammar.delimiter), f"(?P<run>{quote}+)"]
        if grammar.escape:
            parts.insert(0, f"(?P<escape>{re.escape(grammar.escape)}.)")
        self.token = re.compile("|".join(parts), re.DOTALL)
        self.close = re.compile(rf" *(?:{re.escape(grammar.delimiter)}|{grammar.separator.pattern}|\Z)")
        self.quote_or_escape = re.compile(
            "|".join(re.escape(c) for c in (grammar.quote, grammar.escape) if c) or r"(?!)"
        )
        self.spaced = re.compile(rf" +{quote}")


@dataclass
class _Runs:
    """Runs of quotes on a line: where they begin and end, and whether a delimiter or the end follows."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    closing: list[bool] = field(default_factory=list)
    next_odd: list[int] = field(default_factory=list)
    next_closing: list[int] = field(default_factory=list)
    next_both: list[int] = field(default_factory=list)

    def link(self) -> None:
        """For each run, the next one (itself included) of odd length, that closes, and both; their number if none."""
        size = len(self.starts)
        odd = closing = both = size
        for table in (self.next_odd, self.next_closing, self.next_both):
            table[:] = [size] * (size + 1)
        for i in range(size - 1, -1, -1):
            is_odd = (self.ends[i] - self.starts[i]) % 2 == 1
            odd = i if is_odd else odd
            closing = i if self.closing[i] else closing
            both = i if is_odd and self.closing[i] else both
            self.next_odd[i], self.next_closing[i], self.next_both[i] = odd, closing, both


class Line:
    """One line (the text from `start` to `end`) and all ways to divide it into cells.

    A cell that begins with a quote is read, in this order: to the first quote that is not doubled and that a delimiter
    or the end follows; to the first quote at all that one of these follows; to the next delimiter, the quote being an
    ordinary character. If the first of them is what the strict way reads as well, there is no doubt about the cell and
    the others are left out, unless `apart` is set. A cell with spaces before its first quote is read to the next
    delimiter first, else without the spaces.
    """

    def __init__(self, marks: Marks, text: str, start: int, end: int) -> None:
        self._marks = marks
        self._grammar = marks.grammar
        self._text, self._start, self._end = text, start, end
        self._delimiters: list[int] = []
        self._runs = _Runs()
        for found in marks.token.finditer(text, start, end):
            if found.lastgroup == "run":
                self._runs.starts.append(found.start())
                self._runs.ends.append(found.end())
                self._runs.closing.append(marks.close.match(text, found.end(), end) is not None)
            elif found.lastgroup is None:
                self._delimiters.append(found.start())
        self._runs.link()

    @property
    def quoted(self) -> bool:
        """Whether there is a quote at all."""
        return bool(self._runs.starts)

    def spaced(self) -> bool:
        """Whether a cell has spaces before its first quote."""
        return any(self._after_spaces(at) for at in self._begins())

    def clean(self) -> list[str] | None:
        """The cells, if every quote opens, closes or is doubled inside a quoted cell."""
        steps = self._first_choices()
        for step in steps:
            if step.close is None and (self._grammar.quote or "") in self._plain(step):
                return None
            if step.close is not None and self._strict_close(step.begin) != step.close:
                return None
        return self.cells(steps)

    def find(self, width: int, *, apart: bool = False) -> list[str] | None:
        """The cells of the first reading that has exactly so many; the last doubtful cell is read anew first.

        A pair (place, cells before it) from which no reading led to the end is not tried twice, and the number of
        tries is bounded by the length of the line.
        """
        path: list[Step] = []
        stack = [self._choices(self._start, True, apart)]
        failed: set[tuple[int, int]] = set()
        tries = 64 + 8 * (len(self._delimiters) + len(self._runs.starts))
        while stack and tries:
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
                if path:
                    failed.add((path[-1].after or 0, len(path)))
                    path.pop()
                continue
            tries -= 1
            count = len(path) + 1
            if step.after is None:
                if count == width:
                    return self.cells([*path, step])
                continue
            left = len(self._delimiters) - bisect_left(self._delimiters, step.after)
            if count < width <= count + left + 1 and (step.after, count) not in failed:
                path.append(step)
                stack.append(self._choices(step.after, False, apart))
        return None

    def rough(self) -> list[str]:
        """The cells as far as they can be told apart: every cell read in the first way that is possible."""
        return self.cells(self._first_choices())

    def cells(self, steps: list[Step]) -> list[str]:
        """The values of these cells."""
        out: list[str] = []
        for step in steps:
            if step.close is None:
                out.append(self._plain(step))
            else:
                out.append(self._grammar.unquote(self._text[step.begin + 1 : step.close]))
        return out

    def _first_choices(self) -> list[Step]:
        steps = [next(self._choices(self._start, True, False))]
        while (at := steps[-1].after) is not None:
            steps.append(next(self._choices(at, False, False)))
        return steps

    def _begins(self) -> Iterator[int]:
        yield self._start
        for at in self._delimiters:
            yield at + len(self._grammar.delimiter)

    def _choices(self, at: int, first: bool, apart: bool) -> Iterator[Step]:
        grammar, text = self._grammar, self._text
        if grammar.skip_space and not first:
            while at < self._end and text[at] == " ":
                at += 1
        plain = Step(at, self._next_cell(at))
        if not self._runs.starts:
            yield plain
        elif at < self._end and text[at] == grammar.quote:
            yield from self._quoted(at, plain, apart)
        else:
            yield plain
            if opening := self._after_spaces(at):
                yield from (step for step in self._quoted(opening, plain, False) if step.close is not None)

    def _quoted(self, at: int, plain: Step, apart: bool) -> Iterator[Step]:
        pairs, any_close = self._close(at, pairs=True), self._close(at, pairs=False)
        if pairs is not None:
            yield Step(at, self._next_cell(pairs + 1), pairs)
            if not apart and pairs == self._strict_close(at):
                return
        if any_close is not None and any_close != pairs:
            yield Step(at, self._next_cell(any_close + 1), any_close)
        yield plain

    def _after_spaces(self, at: int) -> int | None:
        found = None if self._grammar.skip_space else self._marks.spaced.match(self._text, at, self._end)
        return found.end() - 1 if found else None

    def _next_cell(self, at: int) -> int | None:
        i = bisect_left(self._delimiters, at)
        return self._delimiters[i] + len(self._grammar.delimiter) if i < len(self._delimiters) else None

    def _plain(self, step: Step) -> str:
        end = self._end if step.after is None else step.after - len(self._grammar.delimiter)
        text = self._text[step.begin : end]
        return self._grammar.unquoted(text, 0)[0] if self._grammar.escape else text

    def _run_after(self, opening: int) -> tuple[int, int]:
        """The first run that has a quote after the opening one, and how many it has there."""
        i = bisect_right(self._runs.ends, opening + 1)
        if i == len(self._runs.ends):
            return i, 0
        return i, self._runs.ends[i] - max(self._runs.starts[i], opening + 1)

    def _close(self, opening: int, *, pairs: bool) -> int | None:
        """The quote that closes a cell, a delimiter or the end of the line following it."""
        runs = self._runs
        i, length = self._run_after(opening)
        if i == len(runs.ends):
            return None
        if not (runs.closing[i] and (length % 2 or not (pairs and self._grammar.doubled))):
            table = runs.next_both if pairs and self._grammar.doubled else runs.next_closing
            i = table[i + 1]
        return runs.ends[i] - 1 if i < len(runs.ends) else None

    def _strict_close(self, opening: int) -> int | None:
        """The quote that closes a cell in the strict way, if a delimiter or the end of the line follows it."""
        runs = self._runs
        i, length = self._run_after(opening)
        if i == len(runs.ends):
            return None
        if not self._grammar.doubled:
            return runs.ends[i] - 1 if length == 1 and runs.closing[i] else None
        i = i if length % 2 else runs.next_odd[i + 1]
        return runs.ends[i] - 1 if i < len(runs.ends) and runs.closing[i] else None
