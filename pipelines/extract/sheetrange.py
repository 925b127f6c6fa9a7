"""Ranges of cells as profiles write them: B4:H200, B4:H (as far down as the sheet goes), B:H, 4:200."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.errors import DeclarationError
from pipelines.extract.table import column_position

_RANGE = re.compile(r"\$?([A-Za-z]{1,3})?\$?([1-9]\d{0,6})?\s*:\s*\$?([A-Za-z]{1,3})?\$?([1-9]\d{0,6})?")


@dataclass(frozen=True)
class SheetRange:
    """Rows from 1, columns from 0, both ends included; None = as far as the sheet goes."""

    first_row: int = 1
    last_row: int | None = None
    first_column: int = 0
    last_column: int | None = None

    @property
    def width(self) -> int | None:
        """Number of columns, where it is said."""
        return None if self.last_column is None else self.last_column - self.first_column + 1


def sheet_range(text: str | None) -> SheetRange:
    """Read a range; DeclarationError when it is none.

    >>> sheet_range("B4:H200")
    SheetRange(first_row=4, last_row=200, first_column=1, last_column=7)
    >>> sheet_range("4:200"), sheet_range("B:H").width
    (SheetRange(first_row=4, last_row=200, first_column=0, last_column=None), 7)
    """
    if text is None:
        return SheetRange()
    found = _RANGE.fullmatch(text.strip())
    left, top, right, bottom = found.groups() if found else (None,) * 4
    fits = found and (left or top) and bool(left) == bool(right) and (top or not bottom)
    rows = (int(top or 1), int(bottom) if bottom else None)
    columns = (column_position(left or "A"), column_position(right) if right else None)
    if (
        not fits
        or (rows[1] or rows[0]) < rows[0]
        or (columns[1] if columns[1] is not None else columns[0]) < columns[0]
    ):
        raise DeclarationError(
            "range of the sheet not understood",
            got=repr(text),
            expected="first and last cell, column or row, e.g. B4:H200, B4:H, B:H or 4:200",
            next_step="correct `range` in the format of the profile",
        )
    return SheetRange(*rows, *columns)
