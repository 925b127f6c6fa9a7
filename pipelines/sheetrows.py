"""Row numbers of workbooks of which several sheets are read as one feed.

A row number stays one integer that never changes: the sheet row plus `SHEET_ROWS` for every sheet read before. So the
rows of the first sheet (and of every file of which one sheet is read) have their plain sheet row.
"""

from __future__ import annotations

from collections.abc import Sequence

SHEET_ROWS = 1 << 21
"""More than the rows of any sheet (spreadsheet programs end at 2^20), and easy to take apart in SQL: `n >> 21`."""


def row_number(position: int, row: int) -> int:
    """Row number of a row of the sheet that is read at this position (from 0).

    >>> row_number(0, 7), row_number(2, 7)
    (7, 4194311)
    """
    return position * SHEET_ROWS + row


def sheet_address(number: int, sheets: Sequence[str]) -> str:
    """A row number for people: the sheet row, with the name of its sheet where several were read.

    >>> sheet_address(7, ["Jan"]), sheet_address(2097159, ["Jan", "Feb"])
    ('7', 'Feb:7')
    """
    position, row = divmod(number, SHEET_ROWS)
    return f"{sheets[position]}:{row}" if len(sheets) > 1 and position < len(sheets) else str(number)
