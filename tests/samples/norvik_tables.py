"""Norvik's lists as rows of text: column → cell, as its systems write them (dates 31.10.2026, decimal commas)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from tests.samples.norvik_base import PACK, ZERO, Order, Product, carriers, cents, products, suppliers
from tests.samples.norvik_books import ACCOUNTS, COMPANY, Books, Invoice, InvoiceLine, books_of
from tests.samples.norvik_freight import MODES, FreightInvoice, events_of, freight_of, tariffs
from tests.samples.norvik_world import BERGEN, OSLO, Shipment, World

Row = dict[str, str]
ORIGIN = {OSLO: "NOOSL", BERGEN: "NOBGO"}


def day(value: date | None) -> str:
    """A day as Norwegians write it."""
    return f"{value:%d.%m.%Y}" if value else ""


def number(value: Decimal | int | None) -> str:
    """A number with a decimal comma.

    >>> number(Decimal("-1.50")), number(None)
    ('-1,50', '')
    """
    return "" if value is None else f"{value:f}".replace(".", ",")


def yes(value: bool) -> str:
    """Ja or nei."""
    return "Ja" if value else "Nei"


def product_rows() -> list[Row]:
    """The list of products."""
    return [product_row(p) for p in products()]


def product_row(p: Product) -> Row:
    """A product."""
    return {
        "Varenr": p.number, "Varenavn": p.name, "Varegruppe": p.group, "Lagerenhet": p.base,
        "Pakning": PACK if p.unit == PACK else "", "Antall i pakning": number(p.per_unit) if p.unit == PACK else "",
        "Nettovekt kg": number(p.weight), "Volum m3": number(p.volume), "Kostpris": number(p.cost),
        "Utsalgspris": number(p.price), "Leverandør": p.supplier, "Bestillingspunkt": "", "Ledetid": "",
        "Kan være negativ": yes(p.may_be_negative), "Aktiv": yes(p.active),
    }  # fmt: skip


def unit_rows() -> list[Row]:
    """What other units hold: the pallet of what is sold in cases."""
    return [
        {"Varenr": p.number, "Enhet": "XPX", "Lagerenheter": "48" if p.weight < 12 else "24"}
        for p in products()
        if p.base == "C62"
    ]


def supplier_rows() -> list[Row]:
    """Suppliers with the lead time of the contract; those of the north are preferred."""
    return [
        {"Leverandørnr": s.number, "Navn": s.name, "Land": s.country, "Ledetid": str(s.lead_days),
         "Foretrukket": yes(s.lead_days == 7), "Vurdering": number(Decimal(5 - s.lead_days // 10))}
        for s in suppliers()
    ]  # fmt: skip


def carrier_rows() -> list[Row]:
    """Carriers."""
    return [{"Transportør": no, "Navn": name, "SCAC": code} for no, name, code, _ in carriers()]


def tariff_rows() -> list[Row]:
    """What carriers may charge."""
    return [
        {"Transportør": t.carrier, "Strekning": t.lane, "Transportmåte": MODES[t.carrier], "Gjelder fra": day(t.since),
         "Fra kg": number(t.weight), "Grunnbeløp": number(t.base), "Pris per kg": number(t.rate),
         "Minstepris": number(t.least)}
        for t in tariffs()
    ]  # fmt: skip


def order_rows(world: World) -> list[Row]:
    """Heads of orders."""
    last = {}
    for s in world.shipments:
        last[s.order.number] = s
    return [order_row(o, last.get(o.number)) for o in world.orders]


def order_row(o: Order, last: Shipment | None) -> Row:
    """An order, with the day on which the last of it left."""
    left = last.left if last and all(x.shipped + x.cancelled >= x.quantity for x in o.lines) else None
    state = "Levert" if left and last and last.delivered else "Sendt" if left else "Åpen"
    return {
        "Ordrenr": o.number, "Kunde": o.customer, "Kundenavn": o.customer_name, "Bestilt": day(o.ordered),
        "Ønsket": day(o.requested), "Lovet": day(o.promised), "Sendt": day(left), "Land": o.country, "Sted": o.city,
        "LOCODE": o.place, "Leveringsvilkår": "DAP" if o.country in ("NO", "SE", "DK", "FI") else "FCA",
        "Transportør": o.carrier, "Status": state, "Frakt": number(o.freight),
    }  # fmt: skip


def order_line_rows(world: World) -> list[Row]:
    """Lines of orders."""
    return [
        {"Ordrenr": o.number, "Linje": str(x.number), "Varenr": x.product.number, "Antall": number(x.quantity),
         "Enhet": x.product.unit, "Pris": number(x.price), "Rabatt": number(x.discount), "Beløp": number(x.amount),
         "Sendt": number(x.shipped), "Slettet": number(x.cancelled)}
        for o in world.orders
        for x in o.lines
    ]  # fmt: skip


def shipment_rows(world: World, place: str) -> list[Row]:
    """Lines that left from one of the warehouses."""
    return [
        {"Linjenr": f"{s.number}-{x.line.number}", "Forsendelse": s.number, "Varsel": f"PS{s.number}",
         "Ordrenr": s.order.number, "Ordrelinje": str(x.line.number), "Kunde": s.order.customer,
         "Varenr": x.line.product.number, "Varenavn": x.line.product.name, "Antall": number(x.quantity),
         "Enhet": x.line.product.unit, "Beløp": number(cents(x.quantity * x.line.net_price)),
         "Lovet": day(s.order.promised), "Sendt": day(s.left), "Levert": day(s.delivered),
         "Transportør": s.order.carrier, "Transportmåte": MODES[s.order.carrier], "Fra": ORIGIN[s.place],
         "Land": s.order.country, "Til": s.order.place, "Vekt kg": number(x.weight), "Bestilt": day(s.order.ordered)}
        for s in world.shipments
        if s.place == place
        for x in s.lines
    ]  # fmt: skip


def event_rows(world: World, seed: int) -> list[Row]:
    """Journeys, times of Oslo."""
    return [
        {"shipment": e.shipment.number, "no": str(e.number), "leg": "1", "status": e.code,
         "time": f"{e.at:%Y-%m-%d %H:%M}", "place": e.location, "country": e.country,
         "carrier": e.shipment.order.carrier, "mode": MODES[e.shipment.order.carrier]}
        for e in events_of(world, seed)
    ]  # fmt: skip


def delivery_rows(world: World) -> list[Row]:
    """Delivery notes."""
    return [
        {"Følgeseddel": f"FS{s.number}", "Linje": str(n), "Forsendelse": s.number, "Ordrenr": s.order.number,
         "Ordrelinje": str(x.line.number), "Varenr": x.line.product.number, "Levert": day(s.delivered),
         "Antall": number(x.quantity), "Skadet": number(x.damaged or None), "Nektet": number(x.refused or None),
         "Enhet": x.line.product.unit, "Signert": "Ja"}
        for s in world.shipments
        if s.delivered
        for n, x in enumerate(s.lines, start=1)
    ]  # fmt: skip


def return_rows(world: World) -> list[Row]:
    """What came back."""
    return [
        {"Returnr": r.number, "Linje": "1", "Ordrenr": r.shipment.order.number, "Ordrelinje": str(r.line.number),
         "Kunde": r.shipment.order.customer, "Varenr": r.line.product.number, "Dato": day(r.day),
         "Antall": number(r.quantity), "Enhet": r.line.product.unit, "Årsak": r.reason, "Hva": r.what,
         "Refusjon": number(r.refund)}
        for r in world.returns
    ]  # fmt: skip


def stock_rows(world: World) -> list[Row]:
    """Positions at the end of each month; lots of fresh goods may be sold for two months."""
    return [
        {"Lager": p.place, "Varenr": p.product.number, "Dato": f"{p.day:%Y%m%d}", "Parti": "A",
         "Beholdning": number(p.on_hand), "Reservert": number(p.reserved), "Enhet": p.product.base,
         "Kostpris": number(p.cost), "Verdi": number(cents(p.on_hand * p.cost)),
         "Holdbar til": f"{p.day + timedelta(days=60):%Y%m%d}" if p.product.fresh else ""}
        for p in world.positions
    ]  # fmt: skip


def movement_rows(world: World) -> list[Row]:
    """What came into stock and left it."""
    return [
        {"Bevegelse": m.number, "Dato": day(m.day), "Lager": m.place, "Varenr": m.product.number, "Parti": "A",
         "Type": m.kind, "Antall": number(m.quantity), "Enhet": m.product.base, "Kostpris": number(m.cost),
         "Bilag": m.document}
        for m in world.movements
    ]  # fmt: skip


def count_rows(world: World) -> list[Row]:
    """Quarterly counts of forty positions."""
    return [
        {"Telling": c.number, "Linje": str(c.line), "Dato": day(c.day), "Lager": c.place, "Varenr": c.product.number,
         "Parti": "A", "Bok": number(c.book), "Talt": number(c.counted), "Enhet": c.product.base,
         "Kostpris": number(c.cost), "Bokført": yes(c.posted)}
        for c in world.counts
    ]  # fmt: skip


def purchase_rows(world: World) -> list[Row]:
    """Heads of purchase orders."""
    arrived = {(x.purchase.number, x.line.number) for r in world.receipts for x in r.lines}
    return [
        {"Bestilling": p.number, "Leverandør": p.supplier, "Dato": day(p.ordered), "Lovet": day(p.promised),
         "Vilkår": "DAP", "Status": "received" if all((p.number, x.number) in arrived for x in p.lines) else "open",
         "Netto": number(p.amount), "Valuta": "NOK"}
        for p in world.purchases
    ]  # fmt: skip


def purchase_line_rows(world: World) -> list[Row]:
    """Lines of purchase orders; 5 % on top is taken."""
    return [
        {"Bestilling": p.number, "Linje": str(x.number), "Varenr": x.product.number, "Antall": number(x.quantity),
         "Enhet": x.unit, "Pris": number(x.price), "Netto": number(x.amount), "Valuta": "NOK",
         "Frist": day(p.promised), "Overlevering %": "5", "Avsluttet": yes(x.closed)}
        for p in world.purchases
        for x in p.lines
    ]  # fmt: skip


def receipt_rows(world: World) -> list[Row]:
    """What suppliers delivered to Oslo."""
    return [
        {"Mottak": r.number, "Linje": str(n), "Bestilling": x.purchase.number, "Bestillingslinje": str(x.line.number),
         "Varenr": x.line.product.number, "Dato": day(r.day), "Antall": number(x.quantity),
         "Avvist": number(x.rejected or None), "Enhet": x.line.unit, "Lager": OSLO, "Følgeseddel": f"LS{r.number}"}
        for r in world.receipts
        for n, x in enumerate(r.lines, start=1)
    ]  # fmt: skip


def freight_rows(invoices: Iterable[FreightInvoice]) -> list[Row]:
    """Charges of carriers, as their portal exports them."""
    return [
        {"carrier": f.carrier, "invoice": f.number, "line": str(n), "invoiceDate": f"{f.day}", "shipment": c.shipment,
         "lane": c.lane, "mode": MODES[f.carrier], "shipped": f"{c.left}", "charge": c.kind, "kg": f"{c.weight}",
         "amount": f"{c.amount}"}
        for f in invoices
        for n, c in enumerate(f.charges, start=1)
    ]  # fmt: skip


def account_rows() -> list[Row]:
    """The chart."""
    heads = ("Konto", "Navn", "Type", "Klasse", "Reskontro")
    return [dict(zip(heads, account, strict=True)) for account in ACCOUNTS]


def journal_rows(books: Books) -> list[Row]:
    """Every posted line."""
    lines: dict[str, int] = {}
    rows = []
    for e in books.entries:
        lines[e.journal] = lines.get(e.journal, 0) + 1
        rows.append(
            {"Selskap": COMPANY, "Bilag": e.journal, "Linje": str(lines[e.journal]), "Dato": day(e.day), "Type": e.kind,
             "Konto": e.account, "Debet": number(max(e.amount, ZERO)), "Kredit": number(max(-e.amount, ZERO)),
             "Reskontro": e.partner, "Dokument": e.document, "Tekst": e.text}
        )  # fmt: skip
    return rows


def payable_row(i: Invoice, names: dict[str, str]) -> Row:
    """An invoice in the ledger of payables."""
    paid = i.paid
    return {
        "Leverandør": i.partner, "Faktura": i.number, "Navn": names.get(i.partner, ""), "Fakturadato": day(i.day),
        "Forfall": day(i.due), "Betalt": day(paid), "Netto": number(i.amount), "Beløp": number(i.amount),
        "Rest": number(ZERO if paid else i.amount), "Valuta": i.currency, "Bestilling": i.purchase,
    }  # fmt: skip


def payable_rows(invoices: Iterable[Invoice]) -> list[Row]:
    """The ledger of payables."""
    names = {s.number: s.name for s in suppliers()} | {no: name for no, name, _, _ in carriers()}
    return [payable_row(i, names) for i in invoices]


def invoice_line_row(i: Invoice, n: int, x: InvoiceLine) -> Row:
    """A line of a purchase invoice."""
    return {
        "Leverandør": i.partner, "Faktura": i.number, "Linje": str(n), "Fakturadato": day(i.day), "Varenr": x.product,
        "Antall": number(x.quantity), "Enhet": x.unit, "Pris": number(x.price), "Netto": number(x.amount),
        "Valuta": i.currency, "Fakturasum": number(i.amount), "Konto": "2940", "Bestilling": x.purchase,
        "Bestillingslinje": str(x.line),
    }  # fmt: skip


def invoice_line_rows(invoices: Iterable[Invoice]) -> list[Row]:
    """Lines of purchase invoices."""
    return [invoice_line_row(i, n, x) for i in invoices for n, x in enumerate(i.lines, start=1)]


def tables_of(world: World, seed: int) -> dict[str, list[Row]]:
    """Every list by the feed that it is of; shipments by warehouse."""
    books = books_of(world)
    return {
        "shipments.products": product_rows(),
        "shipments.product_units": unit_rows(),
        "shipments.suppliers": supplier_rows(),
        "shipments.carriers": carrier_rows(),
        "shipments.freight_tariffs": tariff_rows(),
        "shipments.orders": order_rows(world),
        "shipments.order_lines": order_line_rows(world),
        "shipments.shipments": shipment_rows(world, OSLO),
        "shipments.shipments/bergen": shipment_rows(world, BERGEN),
        "shipments.shipment_events": event_rows(world, seed),
        "shipments.deliveries": delivery_rows(world),
        "shipments.returns": return_rows(world),
        "shipments.stock_movements": movement_rows(world),
        "shipments.stock": stock_rows(world),
        "shipments.stock_counts": count_rows(world),
        "shipments.purchase_orders": purchase_rows(world),
        "shipments.purchase_order_lines": purchase_line_rows(world),
        "shipments.goods_receipts": receipt_rows(world),
        "shipments.freight_invoices": freight_rows(freight_of(world)),
        "ledgers.accounts": account_rows(),
        "ledgers.gl_entries": journal_rows(books),
        "ledgers.payables": payable_rows(books.invoices),
        "ledgers.invoice_lines": invoice_line_rows(books.invoices),
    }
