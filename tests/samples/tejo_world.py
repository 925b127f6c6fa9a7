"""What Tejo trades in a month: masters, documents and their entries in the ledger, before anybody writes a file."""

from __future__ import annotations

import random
from base64 import b64encode
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
CUSTOMERS, SUPPLIERS, PRODUCTS = 24, 6, 18
BANK, SALES, VAT, RECEIVABLES, PAYABLES, GOODS = "121", "711", "2433", "211", "221", "311"
ACCOUNTS = {
    "12": ("Depósitos à ordem", ""), "121": ("Banco", "12"), "21": ("Clientes", ""),
    "211": ("Clientes conta corrente", "21"),
    "22": ("Fornecedores", ""), "221": ("Fornecedores conta corrente", "22"), "24": ("Estado", ""),
    "2433": ("IVA liquidado", "24"), "31": ("Compras", ""), "311": ("Mercadorias", "31"), "71": ("Vendas", ""),
    "711": ("Vendas de mercadorias", "71"),
}  # fmt: skip
"""Account → its name and the heading above it."""
HEADINGS = frozenset(above for _, above in ACCOUNTS.values() if above)


@dataclass
class Line:
    """A line of a document: `side` is where its amount stands."""

    product: int
    quantity: Decimal
    price: Decimal
    side: str
    rate: Decimal = Decimal(23)
    settles: str = ""

    @property
    def net(self) -> Decimal:
        """Amount without tax."""
        return self.quantity * self.price


@dataclass
class Document:
    """A document of any section."""

    section: str
    kind: str
    number: str
    day: str
    partner: str
    lines: list[Line]
    status: str = "N"
    signature: str = ""
    corrects: str = ""
    gross_off: Decimal = Decimal(0)
    unexplained: bool = False
    exemption: str = "M07"
    atcud: str = ""
    tax_off: Decimal = Decimal(0)
    entered: str = ""

    @property
    def net(self) -> Decimal:
        """Net total."""
        return sum((line.net for line in self.lines), Decimal(0)).quantize(CENT, ROUND_HALF_UP)

    @property
    def tax(self) -> Decimal:
        """Tax, rounded once."""
        taxes = (line.net * line.rate / 100 for line in self.lines)
        return sum(taxes, Decimal(0)).quantize(CENT, ROUND_HALF_UP) + self.tax_off

    @property
    def gross(self) -> Decimal:
        """Gross total as the document says it."""
        return self.net + self.tax + self.gross_off


@dataclass
class Month:
    """One month: its documents, and by how much a section's promise is wrong."""

    year: int
    month: int
    documents: list[Document]
    promise_off: dict[str, int] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        """Its first day."""
        return f"{self.year}-{self.month:02}-01"

    @property
    def last(self) -> str:
        """Its last day."""
        return f"{self.year}-{self.month:02}-{monthrange(self.year, self.month)[1]}"

    def of(self, section: str) -> list[Document]:
        """The documents of a section."""
        return [d for d in self.documents if d.section == section]


def tax_number(seed: int) -> str:
    """A number with the check digit that Portugal gives to companies; nobody has it that we know of."""
    digits = f"59{seed:06}"
    rest = sum(int(d) * w for d, w in zip(digits, range(9, 1, -1), strict=True)) % 11
    return digits + str(0 if rest < 2 else 11 - rest)


def month_of(rng: random.Random, year: int, month: int, count: int = 110) -> Month:
    """A month without errors."""
    documents = [*_sales(rng, year, month, count), *_rest(rng, year, month, count)]
    corrected = {d.corrects for d in documents}
    receipts = [d for d in documents if d.kind == "FT" and d.status == "N" and d.number not in corrected][::3]
    for n, invoice in enumerate(receipts, 1):
        amount = Line(0, Decimal(1), invoice.gross, "Credit", rate=Decimal(0), settles=invoice.number)
        documents.append(Document("payments", "RG", f"RG {month}A/{n}", invoice.day, invoice.partner, [amount]))
    return Month(year, month, documents)


def _sales(rng: random.Random, year: int, month: int, count: int) -> Iterator[Document]:
    open_days = _weekdays(year, month)
    days = sorted(rng.choice(open_days) for _ in range(count))
    invoices: list[Document] = []
    for series, kind, every in (("A", "FT", 1), ("L", "FR", 4), ("A", "NC", 10)):
        for n, day in enumerate(days[::every], 1):
            corrected = invoices[n - 1] if kind == "NC" else None
            lines = [_line(rng, "Credit") for _ in range(rng.randint(1, 4))]
            document = Document(
                "sales_invoices", kind, f"{kind} {month}{series}/{n}", f"{year}-{month:02}-{day:02}",
                f"C{rng.randint(1, CUSTOMERS):02}", lines, signature=signature(rng),
            )  # fmt: skip
            if corrected:
                document.corrects, document.partner = corrected.number, corrected.partner
                document.lines = [_returned(rng, line) for line in corrected.lines]
            if kind == "FT":
                invoices.append(document)
            document.status = "A" if kind == "FT" and n % 17 == 0 else "N"
            yield document


def _returned(rng: random.Random, line: Line) -> Line:
    """What comes back of a line: half of it at most."""
    return replace(line, quantity=line.quantity * rng.randint(1, 5) / 10, side="Debit")


def _rest(rng: random.Random, year: int, month: int, count: int) -> Iterator[Document]:
    open_days = _weekdays(year, month)
    for section, kind, every in (("movement_of_goods", "GR", 2), ("movement_of_goods", "GD", 12),
                                 ("working_documents", "NE", 2)):  # fmt: skip
        for n in range(1, count // every + 1):
            partner = f"F{rng.randint(1, SUPPLIERS):02}" if kind == "GD" else f"C{rng.randint(1, CUSTOMERS):02}"
            lines = [_line(rng, "Credit") for _ in range(rng.randint(1, 3))]
            day = f"{year}-{month:02}-{open_days[min(n, len(open_days)) - 1]:02}"
            yield Document(section, kind, f"{kind} {month}A/{n}", day, partner, lines, signature=signature(rng))


def _weekdays(year: int, month: int) -> list[int]:
    return [day for day in range(1, monthrange(year, month)[1] + 1) if date(year, month, day).weekday() < 5]


def _line(rng: random.Random, side: str) -> Line:
    quantity = Decimal(rng.randint(1, 400)) / rng.choice((1, 1, 10))
    rate = rng.choice((23, 23, 13, 6, 0))
    return Line(rng.randint(1, PRODUCTS), quantity, Decimal(rng.randint(100, 9999)) / 1000, side, Decimal(rate))


def signature(rng: random.Random) -> str:
    """As long as a real one; no key stands behind it."""
    return b64encode(rng.randbytes(128)).decode()


def entries(month: Month) -> Iterator[tuple[Document, list[tuple[str, Decimal]]]]:
    """The ledger's side of invoices and receipts: account and amount, positive in debit."""
    for document in month.documents:
        if document.status == "A" or document.section not in ("sales_invoices", "payments"):
            continue
        sign = -1 if document.kind == "NC" else 1
        if document.section == "payments":
            yield document, [(BANK, document.net), (RECEIVABLES, -document.net)]
            continue
        gross = sign * (document.net + document.tax)
        rows = [(RECEIVABLES, gross), (SALES, -sign * document.net), (VAT, -sign * document.tax)]
        yield document, [(account, amount) for account, amount in rows if amount]
