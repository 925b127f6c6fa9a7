"""Records of a sample text under one dialect, by the grammar that will read the file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pipelines.dialect import Format
from pipelines.extract.grammar import Grammar
from pipelines.extract.quotes import Line, Marks
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
    marks = Marks(grammar)
    found: list[Record] = []
    at, size = 0, len(text)
    hopeless = 0
    while at < size and (limit is None or len(found) < limit):
        parsed = grammar.parse(text, at, True)
        problem, cells, end, after = parsed.problem, parsed.cells, parsed.end, parsed.next
        if parsed.broken:
            end, after = grammar.line_end(text, at, True)
            cells, problem = Line(marks, text, at, end).rough(), parsed.broken.problem
            if parsed.broken.cut_off:
                problem = UNCLOSED
                hopeless += 1
            if hopeless > 20:  # each costs a look at the rest of the text
                break
        if after >= size and not final and (found or problem == UNCLOSED):
            break
        lines = grammar.lines_in(text, at, after)
        found.append(Record(row, cells, text[at:end], problem, parsed.comment, max(lines, 1)))
        row += lines
        at = after
    _fit(found, marks)
    return found


def _fit(found: list[Record], marks: Marks) -> None:
    """Give records with broken quotes the cells that the reader will find in them, if it finds the usual number."""
    widths = Counter(len(r.cells) for r in found if not (r.problem or r.comment or r.blank))
    if not widths:
        return
    width = widths.most_common(1)[0][0]
    for record in found:
        if record.problem and not record.comment:
            line = Line(marks, record.raw, 0, len(record.raw))
            record.cells = line.find(width) or line.find(width, apart=True) or record.cells
