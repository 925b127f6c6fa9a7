"""Norvik's ledger as far as goods reach: purchase invoices, freight, and an inventory account that is the stock.

A receipt is booked at the price of its order, what left at the end of each month at moving average; so the balance of
account 1460 at the end of a month is the value of the stock. Suppliers abroad invoice without VAT, a receipt at a time.
Invoices of the last ten days have not come yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tests.samples.norvik_base import LAST, OPENING, ZERO, cents
from tests.samples.norvik_freight import FreightInvoice, freight_of
from tests.samples.norvik_world import Purchase, World, workday

D = Decimal
COMPANY = "N01"
ACCOUNTS = (
    ("1460", "Varer for videresalg", "asset", "inventory", "inventory"),
    ("1500", "Kundefordringer", "asset", "receivables", ""),
    ("1920", "Bank", "asset", "cash", ""),
    ("2000", "Aksjekapital", "equity", "share_capital", ""),
    ("2400", "Leverandørgjeld", "liability", "payables", "payables"),
    ("2940", "Mottatt, ikke fakturert", "liability", "accrued", ""),
    ("3000", "Salgsinntekt", "revenue", "sales", ""),
    ("4300", "Varekostnad", "expense", "cost_of_sales", ""),
    ("6100", "Frakt", "expense", "operating_expense", ""),
)
"""Account, name, type, class, sub-ledger."""
CAPITAL = D(6_000_000)


@dataclass(frozen=True)
class InvoiceLine:
    """A line of a purchase invoice, in the unit of the purchase order."""

    purchase: str
    line: int
    product: str
    unit: str
    quantity: Decimal
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Net."""
        return cents(self.quantity * self.price)


@dataclass(frozen=True)
class Invoice:
    """An invoice of a supplier or carrier."""

    partner: str
    number: str
    day: date
    purchase: str
    lines: tuple[InvoiceLine, ...] = ()
    other: Decimal = ZERO
    currency: str = "NOK"

    @property
    def amount(self) -> Decimal:
        """To pay."""
        return sum((line.amount for line in self.lines), self.other)

    @property
    def due(self) -> date:
        """Thirty days."""
        return self.day + timedelta(days=30)

    @property
    def paid(self) -> date | None:
        """Paid on the working day on or after it is due."""
        day = workday(self.due)
        return day if day <= LAST else None


@dataclass(frozen=True)
class Entry:
    """A line of a journal; debit above zero, credit below."""

    journal: str
    day: date
    kind: str
    account: str
    amount: Decimal
    document: str
    partner: str = ""
    text: str = ""


@dataclass
class Books:
    """What the ledger office hands over."""

    invoices: list[Invoice]
    entries: list[Entry] = field(default_factory=list)


def invoices_of(world: World) -> list[Invoice]:
    """An invoice for each receipt and purchase order, of what was accepted, three days later."""
    made = []
    for receipt in world.receipts:
        orders: dict[str, list[InvoiceLine]] = defaultdict(list)
        owners: dict[str, Purchase] = {}
        for x in receipt.lines:
            if x.accepted:
                owners[x.purchase.number] = x.purchase
                orders[x.purchase.number].append(
                    InvoiceLine(x.purchase.number, x.line.number, x.line.product.number, x.line.unit, x.accepted,
                                x.line.price)
                )  # fmt: skip
        day = workday(receipt.day + timedelta(days=3))
        for n, (number, lines) in enumerate(orders.items(), start=1):
            if day <= LAST - timedelta(days=10):
                made.append(Invoice(owners[number].supplier, f"{receipt.number}-{n}", day, number, tuple(lines)))
    return made


def freight_invoices(invoices: Iterable[FreightInvoice]) -> list[Invoice]:
    """The debts to carriers."""
    return [Invoice(f.carrier, f.number, f.day, "", other=f.amount) for f in invoices]


def journal(
    number: str, day: date, kind: str, legs: dict[str, Decimal], document: str, partner: str = ""
) -> list[Entry]:
    """A journal: account → amount."""
    return [Entry(number, day, kind, account, amount, document, partner) for account, amount in legs.items() if amount]


def books_of(world: World) -> Books:
    """Invoices and every journal."""
    goods, freight = invoices_of(world), freight_invoices(freight_of(world))
    books = Books([*goods, *freight])
    out = books.entries
    stock = {day: sum(values.values(), ZERO) for day, values in world.values.items()}
    opening = stock[OPENING]
    out += journal(
        "IB2025", OPENING, "opening", {"1460": opening, "1920": CAPITAL - opening, "2000": -CAPITAL}, "IB2025"
    )
    received: dict[date, Decimal] = defaultdict(lambda: ZERO)
    for receipt in world.receipts:
        value = cents(sum((x.accepted * x.line.price for x in receipt.lines), ZERO))
        out += journal(
            f"LA-{receipt.number}", receipt.day, "inventory", {"1460": value, "2940": -value}, receipt.number
        )
        received[month_end(receipt.day)] += value
    sold: dict[date, Decimal] = defaultdict(lambda: ZERO)
    for shipment in world.shipments:
        sold[month_end(shipment.left)] += sum((cents(x.quantity * x.line.net_price) for x in shipment.lines), ZERO)
    before = opening
    for day in sorted(stock)[1:]:
        used = before + received[day] - stock[day]
        out += journal(f"VF-{day:%Y%m}", day, "inventory", {"4300": used, "1460": -used}, f"VF{day:%Y%m}")
        out += journal(f"SA-{day:%Y%m}", day, "sales", {"1500": sold[day], "3000": -sold[day]}, f"SA{day:%Y%m}")
        if paid := sold.get(month_end(day.replace(day=1) - timedelta(days=1))):
            out += journal(f"IN-{day:%Y%m}", day, "receipt", {"1920": paid, "1500": -paid}, f"IN{day:%Y%m}")
        before = stock[day]
    for invoice in books.invoices:
        out += entries_of(invoice)
    return books


def entries_of(invoice: Invoice) -> list[Entry]:
    """The journals of an invoice: booked on its day, paid when due."""
    against = "2940" if invoice.lines else "6100"
    number, amount = f"{invoice.partner}-{invoice.number}", invoice.amount
    out = journal(f"IF-{number}", invoice.day, "purchase", {against: amount, "2400": -amount}, invoice.number,
                  invoice.partner)  # fmt: skip
    if invoice.paid:
        out += journal(f"UB-{number}", invoice.paid, "payment", {"2400": amount, "1920": -amount}, invoice.number,
                       invoice.partner)  # fmt: skip
    return out


def month_end(day: date) -> date:
    """Last day of the month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
