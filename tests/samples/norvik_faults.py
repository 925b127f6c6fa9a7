"""What is wrong in Norvik's files on purpose, and which rule must say so; orders, receipts and invoices that differ.

Each fault has documents of its own (`X-…`) and gift boxes, which nobody else trades, so that nothing else misses a
row. Before a fault everything is in order: what is delivered twice was ordered and shipped. What is put into stock for
a fault leaves it again before the month ends. `MATCHES` are purchase orders, each with the difference it must show.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from tests.samples.common import Fault
from tests.samples.norvik_base import ZERO, products
from tests.samples.norvik_books import Books, Entry, Invoice, InvoiceLine, entries_of, journal
from tests.samples.norvik_tables import (
    Row,
    day,
    invoice_line_rows,
    journal_rows,
    number,
    payable_rows,
    product_row,
)

D = Decimal
Lists = dict[str, list[Row]]
_GOODS, _UNITS, _FROM, _BY = (f"shipments.{n}" for n in ("products", "product_units", "suppliers", "carriers"))
_ORDERS, _LINES, _SENT = "shipments.orders", "shipments.order_lines", "shipments.shipments"
_WAY, _THERE, _BACK = "shipments.shipment_events", "shipments.deliveries", "shipments.returns"
_STOCK, _MOVED, _COUNTED = "shipments.stock", "shipments.stock_movements", "shipments.stock_counts"
_BOUGHT, _BOUGHT_LINES, _CAME = (
    "shipments.purchase_orders", "shipments.purchase_order_lines", "shipments.goods_receipts")  # fmt: skip
_TARIFFS, _FREIGHT, _INVOICED = "shipments.freight_tariffs", "shipments.freight_invoices", "ledgers.invoice_lines"

FAULTS = (
    Fault("unit that no list has", _GOODS, "X-UNIT", "unit_known"),
    Fault("pack of nothing", _GOODS, "X-PACK", "pack_holds_something"),
    Fault("piece of two tons", _GOODS, "X-TONS", "weight_plausible"),
    Fault("piece without volume", _GOODS, "X-FLAT", "volume_plausible"),
    Fault("heavier than any metal", _GOODS, "X-DENSE", "density_plausible", "warn"),
    Fault("cost below zero", _GOODS, "X-COST", "cost_not_negative"),
    Fault("unit of a product that no list has", _UNITS, "X-KASSE", "unit_known", "warn"),
    Fault("unit that holds nothing", _UNITS, "XBX", "holds_something"),
    Fault("supplier without a name", _FROM, "X-NAME", "name_has_letters"),
    Fault("carrier code with a digit", _BY, "X-SCAC", "scac_code_form"),
    Fault("promised before it was ordered", _ORDERS, "X-PROM", "promised_not_before_order"),
    Fault("asked for before it was ordered", _ORDERS, "X-ASK", "requested_not_before_order"),
    Fault("left before it was ordered", _ORDERS, "X-LEFT", "shipped_not_before_order"),
    Fault("nothing promised", _ORDERS, "X-NOPROM", "promised_date_present", "warn"),
    Fault("place with a digit that no code has", _ORDERS, "X-PLACE", "location_code_form"),
    Fault("place in another country", _ORDERS, "X-LAND", "location_in_country"),
    Fault("carrier that is not on the list", _ORDERS, "X-CARRIER", "reference.carrier_id"),
    Fault("delivery term that does not exist", _ORDERS, "X-TERM", "unknown_code.incoterm_code"),
    Fault("country that does not exist", _ORDERS, "X-XX", "unreadable.ship_to_country_code"),
    Fault("order without lines", _LINES, "X-EMPTY", "orders_have_lines", "warn", row_of=_ORDERS),
    Fault("less than nothing ordered", _LINES, "X-LESS", "quantity_positive"),
    Fault("ordered in a unit that nothing has", _LINES, "X-SACK", "unit_known"),
    Fault("amount is not quantity times price", _LINES, "X-SUM", "line_arithmetic"),
    Fault("more shipped than ordered", _LINES, "X-MORE", "shipped_within_ordered", "warn"),
    Fault("shipped in another unit than ordered", _LINES, "X-TENFOLD", "shipped_far_above_ordered"),
    Fault("line of no order", _LINES, "X-NOBODY", "reference.order_id"),
    Fault("shipment without order", _SENT, "X-STRAY", "order_exists"),
    Fault("announced by list and by notice", _SENT, "X-TWICE", "not_announced_twice"),
    Fault("shipped before the order", _SENT, "X-EARLY", "shipped_not_before_order"),
    Fault("delivered before it left", _SENT, "X-FAST", "delivered_not_before_shipped"),
    Fault("shipments of more than was ordered", _SENT, "X-LOTS", "shipped_within_ordered", "warn"),
    Fault("shipment of pieces for cartons", _SENT, "X-PILE", "shipped_far_above_ordered"),
    Fault("shipped in a unit that nothing has", _SENT, "X-BAG", "unit_known"),
    Fault("too heavy for its goods", _SENT, "X-LEAD", "weight_plausible", "warn"),
    Fault("under way after it was delivered", _WAY, "X-STEPS", "steps_in_order"),
    Fault("left again before it arrived", _WAY, "X-CLOCK", "times_in_order"),
    Fault("event of no shipment", _WAY, "X-GHOST", "shipment_exists"),
    Fault("more delivered than ordered", _THERE, "X-PLENTY", "delivered_within_ordered", "warn"),
    Fault("delivered with a misplaced decimal sign", _THERE, "X-HUNDRED", "delivered_far_above_ordered"),
    Fault("more damaged than delivered", _THERE, "X-BROKEN", "parts_within_delivered"),
    Fault("delivered twice", _THERE, "X-AGAIN", "not_delivered_twice"),
    Fault("on the note before it left", _THERE, "X-SOON", "delivered_not_before_shipped"),
    Fault("delivered with no shipment", _THERE, "X-NOSHIP", "shipment_exists"),
    Fault("nobody signed", _THERE, "X-BLANK", "signed", "warn"),
    Fault("more came back than was delivered", _BACK, "X-BACK", "returned_within_delivered"),
    Fault("came back before it was delivered", _BACK, "X-BOOM", "returned_not_before_delivered"),
    Fault("came back without a reason", _BACK, "X-WHY", "reason_known", "warn"),
    Fault("refund above the price", _BACK, "X-GIFT", "refund_within_price", "warn"),
    Fault("less than nothing on hand", _STOCK, "X-MINUS", "not_negative"),
    Fault("more reserved than on hand", _STOCK, "X-KEPT", "reserved_within_on_hand", "warn"),
    Fault("value is not quantity times cost", _STOCK, "X-WORTH", "amount_is_quantity_times_cost"),
    Fault("stock that no movement explains", _STOCK, "X-ROLL", "rolls_forward"),
    Fault("on hand after its last day", _STOCK, "X-STALE", "not_expired", "warn"),
    Fault("receipt that takes away", _MOVED, "X-IN", "sign_fits_kind"),
    Fault("issue that adds", _MOVED, "X-OUT", "sign_fits_kind_going_out"),
    Fault("moved to nowhere", _MOVED, "X-NOWHERE", "transfers_balance", "warn"),
    Fault("received without a cost", _MOVED, "X-FREE", "cost_on_inflows", "warn"),
    Fault("moved in a unit that nothing has", _MOVED, "X-HEAP", "unit_known"),
    Fault("moved next year", _MOVED, "X-NEXT", "date_not_in_future"),
    Fault("book that is not the stock", _COUNTED, "X-BOOK", "book_is_stock", "warn"),
    Fault("counted less than nothing", _COUNTED, "X-COUNT", "counted_not_negative"),
    Fault("far more counted than booked", _COUNTED, "X-FAR", "difference_plausible", "warn"),
    Fault("total is not the sum of the lines", _BOUGHT_LINES, "X-TOTAL", "lines_give_total_of_order"),
    Fault("total changed, and no line", _BOUGHT, "1234567", "total_is_sum_of_lines", "night 2"),
    Fault("purchase promised before it was ordered", _BOUGHT, "X-PAST", "promised_not_before_order"),
    Fault("purchase from nobody", _BOUGHT, "X-WHOM", "reference.supplier_id"),
    Fault("purchase of less than nothing", _BOUGHT_LINES, "X-NEG", "quantity_positive"),
    Fault("amount of a purchase", _BOUGHT_LINES, "X-TIMES", "line_arithmetic"),
    Fault("price far above the cost", _BOUGHT_LINES, "X-DEAR", "price_plausible", "warn"),
    Fault("line in another currency than its order", _BOUGHT_LINES, "X-EURO", "currency_of_order"),
    Fault("more received than ordered", _CAME, "X-GLUT", "received_within_ordered", "warn"),
    Fault("received before it was ordered", _CAME, "X-BEFORE", "received_not_before_order"),
    Fault("more rejected than received", _CAME, "X-REJECT", "rejected_within_received"),
    Fault("received for no line of the order", _CAME, "X-LINE", "order_exists"),
    Fault("received twice", _CAME, "X-DOUBLE", "not_received_twice"),
    Fault("invoiced above the price of the order", _INVOICED, "M-PRICE-UP", "price_within_order", "warn"),
    Fault("more invoiced than received", _INVOICED, "M-MORE", "quantity_within_received", "warn"),
    Fault("invoice of another product", _INVOICED, "M-GOODS", "product_of_order", "warn"),
    Fault("rate below zero", _TARIFFS, "X-RATE", "rate_not_negative"),
    Fault("no rate for light goods", _TARIFFS, "X-LIGHT", "bands_start_at_zero"),
    Fault("freight that is not the tariff", _FREIGHT, "X-TARIFF", "amount_is_tariff", "warn"),
    Fault("freight without a tariff", _FREIGHT, "X-LANE", "tariff_exists", "warn"),
    Fault("freight of no shipment", _FREIGHT, "X-NOTHING", "shipment_exists"),
    Fault("freight invoiced twice", _FREIGHT, "X-SECOND", "not_invoiced_twice"),
    Fault("invoiced before it left", _FREIGHT, "X-FORE", "shipped_before_invoice"),
)  # fmt: skip
"""Every planted error; those of invoices are among `MATCHES`."""

MATCHES = {
    "M-FIT": "matched",
    "M-MORE": "quantity_over_invoiced",
    "M-LESS": "under_invoiced",
    "M-ABSENT": "not_received",
    "M-UNBILLED": "not_invoiced",
    "M-PRICE-UP": "price_over",
    "M-PRICE-DOWN": "price_under",
    "M-TWICE": "duplicate_invoice",
    "M-EUR": "other_currency",
    "M-NOORDER": "no_order",
    "M-GLUT": "matched",
    "M-OVER": "over_received",
    "M-FEW": "under_received",
    "M-GOODS": "other_product",
}
"""Purchase order → status of the three-way match. Of `M-GLUT` half more than ordered was agreed, of `M-OVER` not."""
OFF = D(1250)
"""Booked to the account of the stock in October, and no goods moved."""

ORDERED, SENT, THERE, BACK = date(2026, 10, 5), date(2026, 10, 7), date(2026, 10, 9), date(2026, 10, 20)
PRICE, COST, MANY = D(400), D(200), D(100)


class _Sheet:
    """Rows that are added to the lists; each is in order but for what is changed."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists
        self.gifts = [p for p in products() if p.number[0] == "G"]
        self.next = 0

    def gift(self) -> str:
        """The next gift box: another one for each fault in turn."""
        self.next = self.next % len(self.gifts) + 1
        return self.gifts[self.next - 1].number

    def add(self, feed: str, row: Mapping[str, str], **changes: str) -> None:
        heads = self.lists[feed][0]
        changed = {name.replace("_", " "): cell for name, cell in changes.items()}
        if unknown := (row.keys() | changed.keys()) - heads.keys():
            raise KeyError(f"{feed} has no column {sorted(unknown)[0]}")
        self.lists[feed].append({**dict.fromkeys(heads, ""), **row, **changed})

    def order(self, code: str, **changes: str) -> None:
        row = {
            "Ordrenr": code, "Kunde": "SANTG", "Kundenavn": "Santé Gourmet", "Bestilt": day(ORDERED),
            "Ønsket": "30.10.2026", "Lovet": "20.10.2026", "Land": "NO", "Sted": "Oslo", "LOCODE": "NOOSL",
            "Leveringsvilkår": "DAP", "Transportør": "T2", "Status": "Åpen", "Frakt": "250,00",
        }  # fmt: skip
        self.add(_ORDERS, row, **changes)

    def line(self, code: str, **changes: str) -> None:
        row = {
            "Ordrenr": code, "Linje": "1", "Varenr": self.gift(), "Antall": number(MANY), "Enhet": "C62",
            "Pris": number(PRICE), "Rabatt": "0", "Beløp": number(MANY * PRICE), "Sendt": "0", "Slettet": "0",
        }  # fmt: skip
        self.add(_LINES, row, **changes)

    def shipment(self, code: str, feed: str = _SENT, **changes: str) -> None:
        goods = self.gifts[self.next - 1]
        row = {
            "Linjenr": f"{code}-1", "Forsendelse": code, "Varsel": f"P{code}", "Ordrenr": code, "Ordrelinje": "1",
            "Kunde": "SANTG", "Varenr": goods.number, "Varenavn": goods.name, "Antall": number(MANY), "Enhet": "C62",
            "Beløp": number(MANY * PRICE), "Lovet": "20.10.2026", "Sendt": day(SENT), "Levert": day(THERE),
            "Transportør": "T2", "Transportmåte": "truck", "Fra": "NOOSL", "Land": "NO", "Til": "NOOSL",
            "Vekt kg": "260,000", "Bestilt": day(ORDERED),
        }  # fmt: skip
        self.add(feed, row, **changes)

    def shipped(self, code: str, **changes: str) -> None:
        """An order and its shipment."""
        self.order(code)
        self.line(code, Sendt=number(MANY))
        self.shipment(code, **changes)

    def event(self, code: str, n: int, status: str, time: str, leg: int = 1) -> None:
        row = {"shipment": code, "no": str(n), "leg": str(leg), "status": status, "time": time, "place": "NOOSL",
               "country": "NO", "carrier": "T2", "mode": "truck"}  # fmt: skip
        self.add(_WAY, row)

    def delivery(self, code: str, **changes: str) -> None:
        row = {
            "Følgeseddel": f"F{code}", "Linje": "1", "Forsendelse": code, "Ordrenr": code, "Ordrelinje": "1",
            "Varenr": self.gifts[self.next - 1].number, "Levert": day(THERE), "Antall": number(MANY), "Enhet": "C62",
            "Signert": "Ja",
        }  # fmt: skip
        self.add(_THERE, row, **changes)

    def delivered(self, code: str) -> None:
        """An order, its shipment and its delivery."""
        self.shipped(code)
        self.delivery(code)

    def back(self, code: str, **changes: str) -> None:
        row = {
            "Returnr": code, "Linje": "1", "Ordrenr": code, "Ordrelinje": "1", "Kunde": "SANTG",
            "Varenr": self.gifts[self.next - 1].number, "Dato": day(BACK), "Antall": "5", "Enhet": "C62",
            "Årsak": "surplus", "Hva": "open", "Refusjon": number(5 * PRICE),
        }  # fmt: skip
        self.add(_BACK, row, **changes)

    def moved(self, code: str, at: date, quantity: str, kind: str = "adjustment", **changes: str) -> None:
        row = {
            "Bevegelse": f"{code}/{at:%d%m}{quantity}", "Dato": day(at), "Lager": "OSL",
            "Varenr": self.gifts[self.next - 1].number, "Parti": code, "Type": kind, "Antall": quantity, "Enhet": "C62",
            "Kostpris": "" if quantity[0] == "-" else number(COST), "Bilag": code,
        }  # fmt: skip
        self.add(_MOVED, row, **changes)

    def position(self, code: str, **changes: str) -> None:
        """Five of a gift box that is there for two days, with the position of the day between."""
        self.gift()
        self.moved(code, date(2026, 10, 14), "5")
        self.moved(code, date(2026, 10, 16), "-5")
        row = {"Lager": "OSL", "Varenr": self.gifts[self.next - 1].number, "Dato": "20261015", "Parti": code,
               "Beholdning": "5", "Reservert": "0", "Enhet": "C62", "Kostpris": number(COST),
               "Verdi": number(5 * COST)}  # fmt: skip
        self.add(_STOCK, row, **changes)

    def counted(self, code: str, **changes: str) -> None:
        row = {"Telling": code, "Linje": "1", "Dato": "15.10.2026", "Lager": "OSL", "Varenr": self.gift(), "Parti": "A",
               "Bok": "5", "Talt": "5", "Enhet": "C62", "Kostpris": number(COST), "Bokført": "Nei"}  # fmt: skip
        self.add(_COUNTED, row, **changes)

    def purchase(self, code: str, **changes: str) -> None:
        row = {"Bestilling": code, "Leverandør": "L08", "Dato": day(ORDERED), "Lovet": "19.10.2026", "Vilkår": "DAP",
               "Status": "open", "Netto": number(MANY * COST), "Valuta": "NOK"}  # fmt: skip
        self.add(_BOUGHT, row, **changes)

    def bought(self, code: str, **changes: str) -> None:
        row = {"Bestilling": code, "Linje": "1", "Varenr": self.gift(), "Antall": number(MANY), "Enhet": "C62",
               "Pris": number(COST), "Netto": number(MANY * COST), "Valuta": "NOK", "Frist": "19.10.2026",
               "Overlevering %": "5", "Avsluttet": "Nei"}  # fmt: skip
        self.add(_BOUGHT_LINES, row, **changes)

    def came(self, code: str, **changes: str) -> None:
        row = {"Mottak": f"V{code}", "Linje": "1", "Bestilling": code, "Bestillingslinje": "1",
               "Varenr": self.gifts[self.next - 1].number, "Dato": "14.10.2026", "Antall": number(MANY), "Enhet": "C62",
               "Lager": "OSL", "Følgeseddel": f"N{code}"}  # fmt: skip
        self.add(_CAME, row, **changes)

    def charge(self, code: str, **changes: str) -> None:
        """Freight of 260 kg by lorry within Norway: 90 and 2.4960 a kilogram."""
        row = {"carrier": "T2", "invoice": f"I{code}", "line": "1", "invoiceDate": "2026-10-12", "shipment": code,
               "lane": "NO-NO", "mode": "truck", "shipped": f"{SENT}", "charge": "freight", "kg": "260",
               "amount": "738.96"}  # fmt: skip
        self.add(_FREIGHT, row, **changes)


def plant(lists: Lists) -> None:
    """Add what is wrong to the lists."""
    sheet = _Sheet(lists)
    _masters(sheet)
    _orders(sheet)
    _shipments(sheet)
    _deliveries(sheet)
    _stock(sheet)
    _purchases(sheet)
    _freight(sheet)
    _matches(sheet)


def _masters(sheet: _Sheet) -> None:
    gift = product_row(sheet.gifts[0])
    for code, changes in {
        "X-UNIT": {"Lagerenhet": "KASSE"},
        "X-PACK": {"Pakning": "XCT", "Antall i pakning": "0"},
        "X-TONS": {"Nettovekt kg": "2000", "Volum m3": "2"},
        "X-FLAT": {"Volum m3": "0"},
        "X-DENSE": {"Nettovekt kg": "50", "Volum m3": "0,001"},
        "X-COST": {"Kostpris": "-1"},
    }.items():
        sheet.add(_GOODS, {**gift, "Varenr": code, "Varenavn": f"Gaveeske {code}", **changes})
    sheet.add(_UNITS, {"Varenr": sheet.gift(), "Enhet": "X-KASSE", "Lagerenheter": "6"})
    sheet.add(_UNITS, {"Varenr": sheet.gift(), "Enhet": "XBX", "Lagerenheter": "0"})
    sheet.add(_FROM, {"Leverandørnr": "X-NAME", "Navn": "4711", "Land": "NO", "Ledetid": "7", "Foretrukket": "Nei"})
    sheet.add(_BY, {"Transportør": "X-SCAC", "Navn": "Fjordfrakt", "SCAC": "FJ0"})
    lane = sheet.lists[_TARIFFS][0]
    sheet.add(_TARIFFS, {**lane, "Strekning": "X-RATE", "Pris per kg": "-1,5"})
    sheet.add(_TARIFFS, {**lane, "Strekning": "X-LIGHT", "Fra kg": "50"})


def _orders(sheet: _Sheet) -> None:
    before = "01.10.2026"
    sheet.order("X-PROM", Lovet=before)
    sheet.order("X-ASK", Ønsket=before)
    sheet.order("X-LEFT", Sendt=before, Status="Sendt")
    sheet.order("X-PLACE", LOCODE="NO0SL")
    sheet.order("X-LAND", LOCODE="SEGOT")
    sheet.order("X-CARRIER", Transportør="T9")
    sheet.order("X-TERM", Leveringsvilkår="FOBB")
    sheet.order("X-XX", Land="XX", LOCODE="")
    sheet.order("X-NOPROM", Lovet="")
    sheet.line("X-NOPROM")
    sheet.order("X-EMPTY")
    for code in ("X-LESS", "X-SACK", "X-SUM", "X-MORE", "X-TENFOLD"):
        sheet.order(code)
    sheet.line("X-LESS", Antall="-1", Beløp=number(-PRICE), Slettet="")
    sheet.line("X-SACK", Enhet="SEKK")
    sheet.line("X-SUM", Beløp="39000,00")
    sheet.line("X-MORE", Sendt="130")
    sheet.line("X-TENFOLD", Sendt="1200")
    sheet.line("X-NOBODY")


def _shipments(sheet: _Sheet) -> None:
    sheet.gift()
    sheet.shipment("X-STRAY")
    sheet.shipped("X-TWICE", Antall="40", Beløp=number(40 * PRICE), Vekt_kg="104,000")
    again = {"Linjenr": "X-TWICE-B", "Varsel": "QX-TWICE", "Antall": "40", "Beløp": number(40 * PRICE)}
    sheet.shipment("X-TWICE", f"{_SENT}/bergen", Vekt_kg="104,000", **again)
    sheet.shipped("X-EARLY", Sendt="02.10.2026", Bestilt="")
    sheet.shipped("X-FAST", Levert="06.10.2026")
    sheet.shipped("X-LOTS", Antall="130", Beløp=number(130 * PRICE), Vekt_kg="338,000")
    sheet.shipped("X-PILE", Antall="1200", Beløp=number(1200 * PRICE), Vekt_kg="3120,000")
    sheet.shipped("X-BAG", Enhet="SEKK")
    sheet.shipped("X-LEAD", Vekt_kg="90000,000")
    for code in ("X-STEPS", "X-CLOCK"):
        sheet.shipped(code)
    for n, (status, time) in enumerate(
        (("booked", "07 09:00"), ("picked_up", "07 14:00"), ("delivered", "09 10:00"), ("departed", "09 12:00")),
        start=1,
    ):
        sheet.event("X-STEPS", n, status, f"2026-10-{time}")
    for n, (leg, status, time) in enumerate(
        ((1, "picked_up", "07 14:00"), (1, "departed", "07 19:00"), (1, "arrived", "08 06:00"),
         (2, "departed", "06 05:00"), (2, "delivered", "09 10:00")),
        start=1,
    ):  # fmt: skip
        sheet.event("X-CLOCK", n, status, f"2026-10-{time}", leg)
    sheet.event("X-GHOST", 1, "booked", "2026-10-07 09:00")


def _deliveries(sheet: _Sheet) -> None:
    for code, changes in {
        "X-PLENTY": {"Antall": "130"},
        "X-HUNDRED": {"Antall": "10000"},
        "X-BROKEN": {"Skadet": "120"},
        "X-SOON": {"Levert": "06.10.2026"},
        "X-BLANK": {"Signert": "Nei"},
    }.items():
        sheet.shipped(code)
        sheet.delivery(code, **changes)
    sheet.shipped("X-AGAIN")
    sheet.delivery("X-AGAIN", Antall="40")
    sheet.delivery("X-AGAIN", Antall="40", Følgeseddel="GX-AGAIN")
    sheet.order("X-NOSHIP")
    sheet.line("X-NOSHIP")
    sheet.delivery("X-NOSHIP")
    for code, changes in {
        "X-BACK": {"Antall": "105", "Refusjon": number(MANY * PRICE)},
        "X-BOOM": {"Dato": "08.10.2026"},
        "X-WHY": {"Årsak": ""},
        "X-GIFT": {"Refusjon": "45000,00"},
    }.items():
        sheet.delivered(code)
        sheet.back(code, **changes)


def _stock(sheet: _Sheet) -> None:
    sheet.position("X-KEPT", Reservert="9")
    sheet.position("X-WORTH", Verdi="999,00")
    sheet.position("X-ROLL", Beholdning="9", Verdi=number(9 * COST))
    sheet.position("X-STALE", Holdbar_til="20261001")
    sheet.gift()
    sheet.moved("X-MINUS", date(2026, 10, 14), "-5")
    sheet.moved("X-MINUS", date(2026, 10, 16), "5")
    row = {"Lager": "OSL", "Varenr": sheet.gifts[sheet.next - 1].number, "Dato": "20261015", "Parti": "X-MINUS",
           "Beholdning": "-5", "Enhet": "C62", "Kostpris": number(COST), "Verdi": number(-5 * COST)}  # fmt: skip
    sheet.add(_STOCK, row)
    at = date(2026, 10, 20)
    sheet.gift()
    sheet.moved("X-IN", at, "-5", "receipt")
    sheet.moved("X-OUT", at, "5", "issue")
    sheet.moved("X-NOWHERE", at, "-5", "transfer_out")
    sheet.moved("X-HEAP", at, "5", Enhet="HAUG")
    sheet.moved("X-NEXT", date(2027, 1, 15), "5")
    sheet.gift()
    sheet.moved("X-PAID", at - timedelta(days=1), "5", "receipt")
    sheet.moved("X-FREE", at, "5", "receipt", Kostpris="")
    sheet.moved("X-PAID", at, "-10", "issue")
    sheet.counted("X-BOOK", Bok="77", Talt="77", Dato="31.10.2026")
    sheet.counted("X-COUNT", Talt="-1")
    sheet.counted("X-FAR", Talt="5000")


def _purchases(sheet: _Sheet) -> None:
    arrivals: dict[str, tuple[dict[str, str], ...]] = {
        "X-GLUT": ({"Antall": "130"},),
        "X-BEFORE": ({"Dato": "01.10.2026"},),
        "X-REJECT": ({"Antall": "50", "Avvist": "60"},),
        "X-LINE": ({"Bestillingslinje": "7"},),
        "X-DOUBLE": ({"Antall": "40"}, {"Antall": "40", "Mottak": "WX-DOUBLE"}),
    }
    sheet.purchase("X-PAST", Lovet="01.10.2026")
    sheet.purchase("X-WHOM", Leverandør="L99")
    for code, changes in {
        "X-TOTAL": {},
        "X-NEG": {"Antall": "-100", "Netto": number(-MANY * COST)},
        "X-TIMES": {"Netto": number(MANY * COST), "Pris": "210,00"},
        "X-DEAR": {"Pris": "2000,00", "Netto": number(MANY * 2000)},
        "X-EURO": {"Valuta": "EUR"},
        **{code: {} for code in arrivals},
    }.items():  # fmt: skip
        total = "12345,00" if code == "X-TOTAL" else changes.get("Netto", number(MANY * COST))
        sheet.purchase(code, Netto=total)
        sheet.bought(code, **changes)
        for came in arrivals.get(code, ()):
            sheet.came(code, **came)


def _freight(sheet: _Sheet) -> None:
    for code, changes in {
        "X-TARIFF": {"amount": "800.00"},
        "X-LANE": {"lane": "NO-ZZ"},
        "X-SECOND": {},
        "X-FORE": {"invoiceDate": "2026-10-06"},
    }.items():
        sheet.shipped(code)
        sheet.charge(code, **changes)
    sheet.charge("X-SECOND", invoice="JX-SECOND", invoiceDate="2026-10-13")
    sheet.charge("X-NOTHING")


def _matches(sheet: _Sheet) -> None:
    """Receipts of these orders go straight on to a customer, so that no stock stays."""
    received = {"M-ABSENT": ZERO, "M-NOORDER": ZERO, "M-GLUT": D(140), "M-OVER": D(140), "M-FEW": D(60)}
    billed = {"M-MORE": D(130), "M-LESS": D(60), "M-UNBILLED": ZERO, "M-GLUT": D(140), "M-OVER": D(140), "M-FEW": D(60)}
    prices = {"M-PRICE-UP": D(230), "M-PRICE-DOWN": D(170), "M-EUR": D(18)}
    entries: list[Entry] = []
    invoices: list[Invoice] = []
    at = date(2026, 9, 16)
    for code in MATCHES:
        gift = sheet.gift()
        if code != "M-NOORDER":
            sheet.purchase(code, Dato="01.09.2026", Lovet="15.09.2026", Status="received")
            sheet.next -= 1
            sheet.bought(code, Frist="15.09.2026", **({"Overlevering_%": "50"} if code == "M-GLUT" else {}))
        if quantity := received.get(code, MANY):
            sheet.came(code, Antall=number(quantity), Dato=day(at))
            sheet.moved(code, at, number(quantity), "receipt")
            sheet.moved(code, at, number(-quantity), "issue")
            value = quantity * COST
            entries += journal(f"LA-{code}", at, "inventory", {"1460": value, "2940": -value}, code)
            entries += journal(f"VF-{code}", at, "inventory", {"4300": value, "1460": -value}, code)
        if quantity := billed.get(code, MANY):
            goods = sheet.gifts[sheet.next % len(sheet.gifts)].number if code == "M-GOODS" else gift
            line = InvoiceLine(code, 1, goods, "C62", quantity, prices.get(code, COST))
            currency = "EUR" if code == "M-EUR" else "NOK"
            invoices.append(Invoice("L08", code, date(2026, 9, 21), code, (line,), currency=currency))
            if code == "M-TWICE":
                invoices.append(Invoice("L08", f"{code}-2", date(2026, 9, 24), code, (line,)))
    entries += [e for i in invoices if i.currency == "NOK" for e in entries_of(i)]
    entries += journal("KO-1001", date(2026, 10, 30), "manual", {"1460": OFF, "4300": -OFF}, "KO1001")
    sheet.lists["ledgers.gl_entries"] += journal_rows(Books(invoices, entries))
    sheet.lists["ledgers.payables"] += payable_rows(invoices)
    sheet.lists["ledgers.invoice_lines"] += invoice_line_rows(invoices)
