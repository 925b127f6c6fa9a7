"""Lakeside Trading: a trading house in Melbourne whose customers stand in three systems, each without the others.

The shop exports text with commas, the office's CRM a workbook with accounts, contacts, addresses and relations, the
ledger debtors in capitals and columns of fixed width. Many customers stand in two of them, some twice in the shop:
`lakeside_people.cards_of` knows who is who. `lakeside_faults.FAULTS` says what is wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.samples.common import Folder, workbook
from tests.samples.lakeside_faults import plant
from tests.samples.lakeside_lists import LEDGER_WIDTHS, Lists, Row, lists_of, second_night

SHEETS = {
    "Accounts": "clients.customers/crm",
    "Contacts": "clients.contacts",
    "Addresses": "clients.addresses",
    "Relations": "clients.relations",
}
FILES = {
    "clients.customers/shop": "shop/customers",
    "clients.consents": "shop/consents",
    "shipments.orders": "shop/orders",
    "shipments.order_lines": "shop/order_lines",
    "ledgers.receivables": "ledger/open_items",
}
"""Files with commas."""


def write(folder: Folder) -> None:
    """All files of the client."""
    lists = lists_of(folder.seed)
    plant(lists)
    _write(folder, lists, "20261109", 1)
    _write(folder, second_night(lists), "20261110", 2)


def _write(folder: Folder, lists: Lists, stamp: str, night: int) -> None:
    """What one evening brings; the second brings lists of customers, their consents and what the CRM has."""
    crm = {sheet: cells(lists[feed]) for sheet, feed in SHEETS.items()}
    folder.write(f"crm/crm_{stamp}.xlsx", workbook(crm), night=night)
    for feed, name in FILES.items():
        if night == 1 or feed == "clients.customers/shop":
            folder.write_table(f"{name}_{stamp}.csv", cells(lists[feed]), delimiter=",", night=night)
    if night == 1:
        folder.write(f"ledger/debtors_{stamp}.txt", columns(lists["clients.customers/ledger"]))


def cells(rows: Sequence[Row]) -> list[list[str]]:
    """Rows under their header."""
    return [list(rows[0]), *(list(row.values()) for row in rows)]


def columns(rows: Sequence[Row]) -> bytes:
    """Columns of fixed width in Windows' code page; what is too long is cut, as the ledger does."""
    lines = ["".join(row[name][:width].ljust(width) for name, width in LEDGER_WIDTHS.items()) + "\r\n" for row in rows]
    return "".join(lines).encode("cp1252")
