"""A script that does what the clerk of a client does: open the workbook, correct cells, send it back."""

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


CUSTOMERS = {
    "42": {"PLZ": "20457"},
    "43": {"Telefon": ""},
    "44": {"Vorjahresumsatz": 1234567.5},  # typed as a number, as clerks do
    "45": {"Name1": "Hafenkai Pumpen GmbH"},
}
"""What is right in the four customers of the sample that could not be taken."""


def open_rejects(client: Client) -> int:
    """Rejects of the client that nobody has resolved."""
    query = "select count(*) from quarantine.reject where client_id = :client and state = 'open'"
    return int(client.query(query)[0][0])


def deliveries(client: Client) -> list[tuple[Any, ...]]:
    """Kind, state and rows of each delivery, oldest first."""
    return [
        tuple(row)
        for row in client.query(
            "select kind, state, rows_received, rows_loaded, rows_rejected, rows_skipped from ops.delivery "
            "where client_id = :client order by delivery_id"
        )
    ]


def last(client: Client) -> Any:
    """The newest delivery."""
    return client.query("select * from ops.delivery where client_id = :client order by delivery_id desc limit 1")[0]


def workbooks(client: Client) -> list[tuple[Any, ...]]:
    """Number, state and rows of every workbook."""
    query = (
        "select k.number, k.state, k.rows from quarantine.workbook k join ops.delivery d using (delivery_id) "
        "where d.client_id = :client order by workbook_id"
    )
    return [tuple(row) for row in client.query(query)]


def open_rejects_of(client: Client, feed: str) -> int:
    """Open rejects of one feed."""
    query = (
        "select count(*) from quarantine.reject j join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and d.feed = :feed and j.state = 'open'"
    )
    return int(client.query(query, feed=feed)[0][0])
