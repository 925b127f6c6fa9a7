"""Records of a sample text under one dialect, by the grammar that will read the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.dialect import Format
from pipelines.extract.grammar import Grammar, Incomplete
from pipelines.extract.table import is_blank

UNCLOSED = "has a quote that is not closed"


@dataclass(slots=True)
class Record:
    """One record of the sample: the physical row on which it starts, its cells and the text it was made of."""

    row: int
    cells: list[str]
    raw: str
    problem: str | None = None
    comment: bool = False
    lines: int = 1

    @property
    def blank(self) -> bool:
        """Whether it holds nothing."""
        return is_blank(self.cells)


def read_records(
    text: str, words: dict[str, Any], *, final: bool, row: int = 1, limit: int | None = None
) -> list[Record]:
    """The records of a text that begins with one, at most `limit`.

    A quote that is never closed does not swallow the rest: its line is taken as it stands, and reading goes on
    behind it. `final` says that the text ends where the file ends; else its last record may be cut off and is left out.
    """
    grammar = Grammar(Format(**{"header_rows": [], "names": ["any"], **words}))
    found: list[Record] = []
    at, size = 0, len(text)
    hopeless = 0
    while at < size and (limit is None or len(found) < limit):
        try:
            parsed = grammar.parse(text, at, True)
            problem, cells, end, after = parsed.problem, parsed.cells, parsed.end, parsed.next
            comment = parsed.comment
        except Incomplete:
            stop = grammar.separator.search(text, at)
            end, after = stop.span() if stop else (size, size)
            cells, problem, comment = text[at:end].split(grammar.delimiter), UNCLOSED, False
            hopeless += 1
            if hopeless > 20:  # each costs a look at the rest of the text
                break
        if after >= size and not final and (found or problem == UNCLOSED):
            break
        lines = grammar.lines_in(text, at, after)
        found.append(Record(row, cells, text[at:end], problem, comment, max(lines, 1)))
        row += lines
        at = after
    return found
