"""A client of the samples, and a script that does what its clerk does: open the workbook, correct cells, send it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.e2e.conftest import Client

FIRST_ROW, HEADER_ROW, LEAD = 3, 2, 3
ROWS = {"de": "Korrekturen", "en": "Corrections"}


def rows_sheet(book: Any) -> Worksheet:
    """The sheet with the rows, in whatever language."""
    return next(book[name] for name in ROWS.values() if name in book.sheetnames)


def newest(client: Client) -> Path:
    """The newest workbook in the client's outbox that is still open."""
    found = client.query(
        "select path from quarantine.workbook k join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and k.state = 'open' order by workbook_id desc limit 1"
    )
    assert found, "no open workbook"
    return client.settings.outbox / str(found[0][0])


def header(sheet: Worksheet) -> dict[str, int]:
    """Column name → number."""
    return {str(cell.value): cell.column for cell in sheet[HEADER_ROW]}


def rows(sheet: Worksheet) -> dict[str, int]:
    """Row in the client's file → row of the sheet."""
    return {str(sheet.cell(r, 2).value): r for r in range(FIRST_ROW, sheet.max_row + 1) if sheet.cell(r, 2).value}


def correct(
    client: Client,
    changes: Mapping[str, Mapping[str, Any]],
    *,
    path: Path | None = None,
    rel: str = "zurück/korrigiert.xlsx",
    also: Callable[[Any], None] | None = None,
) -> None:
    """Write values into cells (row of the file → column → value) and drop the workbook in the landing folder."""
    book = load_workbook(path or newest(client))
    sheet = rows_sheet(book)
    columns, places = header(sheet), rows(sheet)
    for row, cells in changes.items():
        for name, value in cells.items():
            sheet.cell(places[row], columns[name]).value = value
    if also:
        also(book)
    target = client.settings.home / "saved.xlsx"
    book.save(target)
    client.send(rel, target.read_bytes())
