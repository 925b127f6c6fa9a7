"""What the workbook reader does not tell of a sheet, found by a scan of its part before it is read.

* Cells that it returns as empty although they are not: errors, formulas whose result was never stored. It gives ''
  for `#N/A` as for nothing at all, which would lose a broken amount silently.
* Numbers shown by a mask of zeros: 123 as 00123 is an identifier, and 00123 is what the client sees and types.
* How far the sheet reaches: the reader lays it out as a full grid, and one stray cell in the last row and column
  would take all memory.
* Hidden rows and merged ranges, when they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.extract.container import Workbook
from pipelines.settings import limit

MAX_CELLS = limit("SHEET_CELLS", 20_000_000)
"""The grid the reader builds takes about 35 bytes a cell: 700 MB. Excel's million rows by 19 columns."""

MAX_ROWS = 1 << 20
"""The last row of Excel and LibreOffice; what says it lies below is a trap."""

NOT_CALCULATED = "#NOT_CALCULATED"
"""Text of a formula cell whose result was never stored (workbooks written by programs)."""

ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!",
    0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A", 0x2B: "#GETTING_DATA",
}  # fmt: skip
"""Errors as the binary formats number them."""

Area = tuple[int, int, int, int]
"""First row, first column, last row, last column; rows from 1, columns from 0."""


@dataclass
class OddCells:
    """Texts of odd cells by row (from 1) and column position (from 0), and the extent of the sheet.

    `addressed`: every cell of an .xlsx says where it stands. `serials` are numbers of date cells that are no date:
    negative ones, and 60, the 29 February 1900 of Excel.
    """

    texts: dict[int, dict[int, str]] = field(default_factory=dict)
    rows: int = 0
    columns: int = 0
    cells: int = 0
    addressed: bool = True
    hidden: set[int] = field(default_factory=set)
    merged: list[Area] = field(default_factory=list)
    serials: dict[int, dict[int, float]] = field(default_factory=dict)

    def put(self, row: int, column: int, text: str) -> None:
        """Note one cell."""
        self.texts.setdefault(row, {})[column] = text

    def put_serial(self, row: int, column: int, value: float) -> None:
        """Note the number of a date cell if it is no date."""
        if value < 0 or 60 <= value < 61:
            self.serials.setdefault(row, {})[column] = value

    def extend(self, rows: int, columns: int) -> None:
        """Note that the sheet reaches that far."""
        self.rows, self.columns = max(self.rows, rows), max(self.columns, columns)

    def check(self, book: Workbook) -> OddCells:
        """The same; DeliveryError when the sheet is too large to lay out."""
        if self.rows * self.columns > MAX_CELLS or self.cells > MAX_CELLS or self.rows > MAX_ROWS:
            got = f"a sheet that reaches to row {self.rows}, column {self.columns}"
            if self.rows * self.columns <= MAX_CELLS < self.cells:
                got = f"{self.cells} cells in a sheet"
            raise book.refused(
                got, f"at most {MAX_CELLS} cells in {MAX_ROWS} rows; delete what stands far off the list"
            )
        return self
