"""The first sheet of a correction workbook: what it is about, and what to do with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl.styles import Alignment, Border, Side
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.quarantine import looks
from pipelines.quarantine.cells import is_active, put
from pipelines.quarantine.content import Content

_WIDTHS = {"A": 3, "B": 26, "C": 46, "D": 12, "E": 34, "F": 3}
_TEXT_WIDTH = 125
_UNDER = Border(bottom=Side("thin", looks.LINE))


def write_summary(sheet: Worksheet, content: Content, words: Mapping[str, str]) -> None:
    """The client in the title; facts, reasons, amounts, steps; from top to bottom."""
    for letter, width in _WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    sheet.sheet_view.showGridLines = False
    (_, client), *facts = content.facts
    row = _title(sheet, words["title"], client)
    for name, text in facts:
        _text(sheet, row, 2, name, color="5B6B75")
        _text(sheet, row, 3, text, merge=5)
        row += 1
    _text(sheet, row, 2, words["count"], color="5B6B75")
    _text(sheet, row, 3, str(len(content.lines)), merge=5, bold=True, size=12)
    row += 2
    reasons = [(r.text, str(r.rows), words["us" if r.ours else "you"]) for r in content.reasons]
    row = _table(sheet, row, words["reasons"], (words["reason"], words["times"], words["who"]), reasons)
    if content.amounts:
        header = (words["column"], words["currency"], words["amount"])
        row = _table(sheet, row, words["amounts"], header, content.amounts, amounts=True)
    _steps(sheet, row, content, words)
    looks.for_print(sheet, words["page"], landscape=False)


def _title(sheet: Worksheet, title: str, client: str) -> int:
    for row, height in ((1, 8), (2, 30), (3, 20), (4, 10)):
        sheet.row_dimensions[row].height = height
    for row in (2, 3):
        for column in range(2, 6):
            sheet.cell(row, column).fill = looks.fill(looks.ACCENT)
    _text(sheet, 2, 2, title, merge=5, bold=True, size=18, color="FFFFFF")
    _text(sheet, 3, 2, client, merge=5, size=11, color="DDE8EB")
    return 5


def _table(
    sheet: Worksheet,
    row: int,
    title: str,
    header: Sequence[str],
    rows: Sequence[tuple[str, str, str]],
    *,
    amounts: bool = False,
) -> int:  # fmt: skip
    _heading(sheet, row, title)
    row += 1
    for line in (header, *rows):
        first = line is header
        for column, text, merge in ((2, line[0], 3), (4, line[1], 0), (5, line[2], 0)):
            right = column == 4 or (column == 5 and amounts)
            _text(
                sheet, row, column, text, merge=merge, bold=first, color="5B6B75" if first else looks.INK, right=right
            )
        for column in range(2, 6):
            sheet.cell(row, column).border = _UNDER
        sheet.row_dimensions[row].height = _height(line[0], 70)
        row += 1
    return row + 1


def _steps(sheet: Worksheet, row: int, content: Content, words: Mapping[str, str]) -> None:
    _heading(sheet, row, words["steps"])
    row += 1
    steps = [words[f"step{n}"].format(sheet=words["rows"]) for n in range(1, 5)]
    when = words["until"].format(date=content.until) if content.until else words["soon"]
    ends = [when, words["replaces"] if content.replaces else ""]
    ends.append(words["rest"].format(n=content.rest) if content.rest else "")
    for text in [*(f"{n}.  {step}" for n, step in enumerate(steps, start=1)), " ".join(filter(None, ends))]:
        _text(sheet, row, 2, text, merge=5, bold=text.startswith(when))
        sheet.row_dimensions[row].height = _height(text, _TEXT_WIDTH)
        row += 1


def _heading(sheet: Worksheet, row: int, text: str) -> None:
    for column in range(2, 6):
        sheet.cell(row, column).fill = looks.fill(looks.PALE)
    _text(sheet, row, 2, text, merge=5, bold=True, size=11, color=looks.ACCENT)
    sheet.row_dimensions[row].height = 20


def _height(text: str, width: int) -> float:
    return 15 * max(1, math.ceil(len(text) / width)) + 3


def _text(
    sheet: Worksheet, row: int, column: int, text: str, *, merge: int = 0, right: bool = False, **font: Any
) -> None:
    """A text that stays a text, over the columns up to `merge`."""
    cell = sheet.cell(row, column)
    put(cell, text)
    cell.font = looks.font(**font)
    cell.number_format = "@"
    cell.quotePrefix = is_active(text)
    across = "right" if right else "left"
    cell.alignment = Alignment(horizontal=across, vertical="center", wrap_text=True, indent=1)
    if merge:
        sheet.merge_cells(start_row=row, start_column=column, end_row=row, end_column=merge)
