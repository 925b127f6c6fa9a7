"""Norvik Handel: twelve months of a trading house in Oslo and Bergen, made of Microsoft's published Northwind sample.

Lists of goods and partners are sheets of one workbook, orders semicolons, what leaves Oslo fixed columns and what
leaves Bergen shipping notices in XML, journeys and carriers' invoices JSON, deliveries and movements packed, counts a
workbook. `norvik_faults.FAULTS` says what is wrong on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from tests.samples.common import Folder, packed, table, workbook
from tests.samples.norvik_faults import plant
from tests.samples.norvik_tables import Row, tables_of
from tests.samples.norvik_world import world_of

SHEETS = {
    "Varer": "shipments.products",
    "Enheter": "shipments.product_units",
    "Leverandører": "shipments.suppliers",
    "Transportører": "shipments.carriers",
    "Frakttariffer": "shipments.freight_tariffs",
}
LISTS = {
    "shipments.orders": "salg/ordre_2026-10.csv",
    "shipments.order_lines": "salg/ordrelinjer_2026-10.csv",
    "shipments.returns": "salg/returer_2026-10.csv",
    "shipments.purchase_orders": "innkjop/bestillinger_2026-10.csv",
    "shipments.purchase_order_lines": "innkjop/bestillingslinjer_2026-10.csv",
    "ledgers.accounts": "regnskap/kontoplan.csv",
    "ledgers.gl_entries": "regnskap/hovedbok_2026-10.csv",
    "ledgers.payables": "regnskap/leverandorreskontro_2026-10.csv",
    "ledgers.invoice_lines": "regnskap/fakturalinjer_2026-10.csv",
}
"""Files with semicolons."""
PACKED = {
    "shipments.deliveries": "transport/leveringer_2026-10.csv.gz",
    "shipments.stock_movements": "lager/bevegelser_2026-10.csv.gz",
}
SHIPPED = {
    "Linjenr": 14, "Forsendelse": 9, "Varsel": 11, "Ordrenr": 9, "Ordrelinje": 3, "Kunde": 6, "Varenr": 8,
    "Varenavn": 36, "Antall": 9, "Enhet": 4, "Beløp": 13, "Lovet": 10, "Sendt": 10, "Levert": 10, "Transportør": 3,
    "Transportmåte": 7, "Fra": 6, "Land": 3, "Til": 6, "Vekt kg": 12, "Bestilt": 10,
}  # fmt: skip
"""Widths of what leaves Oslo."""
STOCK = {"Lager": 4, "Varenr": 8, "Dato": 8, "Parti": 8, "Beholdning": 13, "Reservert": 13, "Enhet": 4, "Kostpris": 14,
         "Verdi": 15, "Holdbar til": 8}  # fmt: skip
"""Widths of positions of stock."""


def write(folder: Folder) -> None:
    """All files of the client."""
    lists = tables_of(world_of(folder.seed), folder.seed)
    plant(lists)
    folder.write("varer/stamdata_2026-10.xlsx", workbook({name: cells(lists[feed]) for name, feed in SHEETS.items()}))
    for feed, name in LISTS.items():
        folder.write_table(name, cells(lists[feed]), delimiter=";")
    for feed, name in PACKED.items():
        folder.write(name, packed(table(cells(lists[feed]), ";", "utf-8")))
    folder.write("transport/oslo_2026-10.txt", columns(lists["shipments.shipments"], SHIPPED))
    folder.write("transport/bergen_2026-10.xml", notices(lists["shipments.shipments/bergen"]))
    folder.write("transport/hendelser_2026-10.jsonl", json_lines(lists["shipments.shipment_events"]))
    folder.write("lager/beholdning_2026-10.txt", columns(lists["shipments.stock"], STOCK))
    folder.write("lager/telling_2026-10.xlsx", workbook({"Telling": cells(lists["shipments.stock_counts"])}))
    folder.write_table("innkjop/mottak_2026-10.tsv", cells(lists["shipments.goods_receipts"]), delimiter="\t")
    charges = json.dumps({"charges": lists["shipments.freight_invoices"]}, ensure_ascii=False, indent=0)
    folder.write("transport/fraktfakturaer_2026-10.json", charges.encode())
    again = [{**row, "Netto": "1234567,89"} for row in lists["shipments.purchase_orders"][:1]]
    folder.write_table("innkjop/bestillinger_2026-11.csv", cells(again), delimiter=";", night=2)


def cells(rows: Sequence[Row]) -> list[list[str]]:
    """Rows under their header."""
    return [list(rows[0]), *(list(row.values()) for row in rows)]


def columns(rows: Sequence[Row], widths: Mapping[str, int]) -> bytes:
    """Columns of fixed width in Windows' code page; the profile has the positions."""
    lines = []
    for row in rows:
        if long := [name for name, width in widths.items() if len(row[name]) > width]:
            raise ValueError(f"{long[0]} {row[long[0]]!r} is too long for its column")
        lines.append("".join(row[name].ljust(width) for name, width in widths.items()) + "\r\n")
    return "".join(lines).encode("cp1252")


def notices(rows: Sequence[Row]) -> bytes:
    """Shipping notices: an element for each line, named as the columns are, without spaces."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>', "<Pakksedler>"]
    for row in rows:
        inner = "".join(f"<{tag(k)}>{escape(v)}</{tag(k)}>" for k, v in row.items() if v)
        out.append(f"<Linje>{inner}</Linje>")
    return "\n".join([*out, "</Pakksedler>", ""]).encode()


def tag(name: str) -> str:
    """The name of an element."""
    return name.replace(" ", "_")


def json_lines(rows: Sequence[Row]) -> bytes:
    """An object for each line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
