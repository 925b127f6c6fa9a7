"""One way to scan a sheet of any kind of workbook (see `oddcells`)."""

from __future__ import annotations

from pipelines.extract.container import Kind, Workbook
from pipelines.extract.odd_binary import scan_xls, scan_xlsb
from pipelines.extract.odd_ods import scan_ods
from pipelines.extract.odd_xlsx import scan_serials, scan_xlsx
from pipelines.extract.oddcells import OddCells
from pipelines.extract.parts import Parts


def scan(book: Workbook, sheet: int, *, hidden: bool = False) -> OddCells:
    """Scan the sheet at this position (from 0) of the workbook; DeliveryError when it is too large to lay out.

    The extent of an .ods file is that of its largest sheet. Hidden rows of an .xlsx are noted when asked for.
    """
    odd = OddCells()
    if book.kind is Kind.XLS:
        with book.reading():
            scan_xls(book.streams(), sheet, odd)
        return odd.check(book)
    with book.archive() as archive:
        parts = Parts(archive)
        if book.kind is Kind.XLSX:
            scan_xlsx(parts, sheet, odd, hidden=hidden)
        elif book.kind is Kind.XLSB:
            scan_xlsb(parts, sheet, odd)
        else:
            scan_ods(parts, sheet, odd)
    return odd.check(book)


def scan_dates(book: Workbook, sheet: int, odd: OddCells) -> None:
    """Note the date cells of an .xlsx whose number is no date; the scan of the binary kinds has noted them."""
    if book.kind is Kind.XLSX:
        with book.archive() as archive:
            scan_serials(Parts(archive), sheet, odd)
