"""Söderberg Maskin: October of a machine dealer with accounts in Sweden, Germany and the Netherlands, a card and an
account in Finland whose bank has a list only.

Statements come as camt.053, MT940 of a German and of a Dutch bank, OFX and CSV. Names are made-up companies. `FAULTS`
says what is wrong on purpose; each has an account of its own (`X-…`), so that nothing else misses a line.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from tests.samples.bank_files import ZERO, Line, Statement, camt, iban, mt940, ofx
from tests.samples.common import Fault, Folder, companies, money

BANK = "ledgers.bank_transactions"
FAULTS = (
    Fault("balances that do not fit the lines", BANK, "X-ROLL", "statement_rolls_forward"),
    Fault("statement that is missing", BANK, "X-GAP", "statements_follow_each_other", "warn"),
    Fault("statement as camt and as MT940", BANK, "X-TWICE", "statement_not_told_twice", "twice"),
    Fault("line in two statements", BANK, "X-AGAIN", "line_not_told_twice", "warn"),
    Fault("batch whose parts do not give it", BANK, "X-BATCH", "details_give_the_line", "warn"),
    Fault("booked after its statement", BANK, "X-LATE", "booked_by_statement_date"),
    Fault(
        "amount with a tenth of a cent",
        BANK,
        "X-MILL",
        "out_of_scale.transaction_amount",
        also=("out_of_scale.closing_amount", "closing_is_stated", "statement_rolls_forward"),
    ),
    Fault(
        "line in a currency without balance",
        BANK,
        "X-CCY",
        "opening_is_stated",
        also=("closing_is_stated", "statement_rolls_forward"),
    ),
    Fault("year of another century", BANK, "X-1926", "booking_date_in_range"),
    Fault("value date after a year", BANK, "X-VALUE", "value_date_not_long_before", "warn"),
    Fault("summary that counts one entry too many", BANK, "camt053_2026-11-02.xml", "said(entries)", "night 2"),
)
SWEDEN, GERMANY = iban("SE", "50000000058398257466"), iban("DE", "370400440532013000")
NETHERLANDS, CARD, FINLAND = iban("NL", "ABNA0417164300"), "5454-0000-0000-0086", iban("FI", "12345600000785")
LAST = date(2026, 10, 30)


def write(folder: Folder) -> None:
    """All files of the client."""
    books = _Books(folder.rng("bank"))
    swedish = books.month(SWEDEN, "SEK", 5)
    folder.write("bank/se/camt053_2026-10.xml", camt([*swedish, *faulty()], "MSG-2026-10"))
    folder.write("bank/se/camt054_2026-10-30.xml", camt(swedish[-1:], "NTF-2026-10"))
    told_twice = [s for s in faulty() if s.account == "X-TWICE"]
    german = [paged(s) for s in books.month(GERMANY, "EUR", 6)]
    folder.write("bank/de/umsatz_2026-10.sta", mt940([*german, *told_twice]))
    folder.write("bank/nl/mt940_2026-10.txt", mt940(books.month(NETHERLANDS, "EUR", 3), "dutch", "utf-8"))
    card = Statement(CARD, 10, date(2026, 10, 31), Decimal("-1200.00"), books.lines(LAST, 25, low=-900, high=0), "EUR")
    folder.write("bank/card/card_2026-10.ofx", ofx(card, date(2026, 10, 1)))
    folder.write_table("bank/fi/tili_2026-10.csv", finnish(books), delimiter=";", encoding="cp1252")
    folder.write("bank/se/camt053_2026-11-02.xml", camt(november(swedish[-1])), night=2)


class _Books:
    """Lines of one account after the other; payments of customers and to suppliers, charges, reversals, batches."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._names = [name[:40] for name in companies(rng, 40)]
        self._count = 0

    def month(self, account: str, currency: str, most: int) -> list[Statement]:
        """A statement for each working day of October, some of them without a line."""
        out, balance, number = [], Decimal("250000.00"), 190
        days = (date(2026, 10, 1) + timedelta(days=n) for n in range(30))
        for day in (d for d in days if d.weekday() < 5):
            number += 1
            lines = self.lines(day, self._rng.randrange(most + 1), low=-9000, high=12000)
            out.append(Statement(account, number, day, balance, lines, currency))
            balance = out[-1].closing
        return out

    def lines(self, day: date, count: int, *, low: int, high: int) -> tuple[Line, ...]:
        """Lines booked on a day."""
        return tuple(self._line(day, low, high) for _ in range(count))

    def _line(self, day: date, low: int, high: int) -> Line:
        rng = self._rng
        self._count += 1
        amount = money(rng, 5, high) if rng.random() * (high - low) < high else -money(rng, 5, -low)
        details: tuple[Decimal, ...] = ()
        if amount < 0 and rng.random() < 0.2:
            first = (amount / 3).quantize(Decimal("0.01"))
            details = (first, first, amount - first - first)
        return Line(
            amount=amount,
            booked=day,
            value=day + timedelta(days=rng.choice((0, 0, 0, 1))),
            name=rng.choice(self._names),
            account=iban("DE", f"{rng.randrange(10**17, 10**18)}"),
            text=f"Rechnung {rng.randrange(10**6)} vom {day - timedelta(days=30):%d.%m.%Y}, Kunde 4711",
            reference=f"E2E-{self._count:06}",
            is_reversal=rng.random() < 0.05,
            details=details,
            charges=Decimal("1.50") if rng.random() < 0.1 else None,
            bank_reference=f"B{day:%y%m%d}{self._count:07}",
        )


def paged(statement: Statement) -> Statement:
    """The statement on pages of three lines."""
    count = len(statement.lines)
    sizes = tuple(min(3, count - at) for at in range(0, count, 3))
    return Statement(
        statement.account, statement.number, statement.day, statement.opening, statement.lines, statement.currency,
        page_sizes=sizes,
    )  # fmt: skip


def finnish(books: _Books) -> list[list[str]]:
    """A list of entries with the balance after each, as a bank's web page exports it."""
    out = [["Nro", "Pvm", "Arvopvm", "Määrä", "Saldo", "Saaja/Maksaja", "Viesti", "Arkistointitunnus"]]
    balance = Decimal("18400.00")
    for n, line in enumerate(books.lines(LAST, 40, low=-700, high=1100), 812):
        balance += line.amount
        cells = [str(n), f"{line.booked:%d.%m.%Y}", f"{line.value:%d.%m.%Y}", number(line.amount), number(balance)]
        out.append([*cells, line.name, line.text, line.bank_reference])
    return out


def number(value: Decimal) -> str:
    """As in Finland."""
    return f"{value:.2f}".replace(".", ",")


def faulty() -> list[Statement]:
    """Statements with something wrong, each of an account of its own."""
    day = date(2026, 10, 6)
    plain = _plain(day)
    return [
        Statement("X-ROLL", 1, day, ZERO, (plain,), "SEK", off=Decimal("0.01")),
        Statement("X-GAP", 1, day, ZERO, (plain,), "SEK"),
        Statement(
            "X-GAP", 3, day + timedelta(days=1), Decimal("90.00"), (_plain(day + timedelta(days=1), "45.00"),), "SEK"
        ),
        Statement("X-TWICE", 5, day, ZERO, (_plain(day, "77.00"), _plain(day, "78.00")), "SEK"),
        Statement("X-AGAIN", 1, day, ZERO, (_plain(day, "33.00"),), "SEK", name="X-AGAIN-1"),
        Statement("X-AGAIN", 2, day, Decimal("33.00"), (_plain(day, "33.00"),), "SEK", name="X-AGAIN-2"),
        Statement("X-BATCH", 1, day, ZERO, (_changed(day, details=(Decimal("40.00"), Decimal("49.99"))),), "SEK"),
        Statement("X-LATE", 1, day, ZERO, (_changed(day, booked=day + timedelta(days=1)),), "SEK"),
        Statement("X-MILL", 1, day, ZERO, (_plain(day, "90.001"),), "SEK"),
        Statement("X-CCY", 1, day, ZERO, (_changed(day, currency="NOK"),), "SEK"),
        Statement("X-1926", 1, day, ZERO, (_changed(day, booked=date(1926, 10, 6)),), "SEK"),
        Statement("X-VALUE", 1, day, ZERO, (_changed(day, value=day - timedelta(days=400)),), "SEK"),
    ]


def _plain(day: date, amount: str = "90.00") -> Line:
    return Line(Decimal(amount), day, day, "Sample Ltd", text="planted")


def _changed(day: date, **changes: object) -> Line:
    values: dict[str, object] = {"amount": Decimal("90.00"), "booked": day, "value": day, "name": "Sample Ltd"}
    return Line(**{**values, "text": "planted", **changes})  # type: ignore[arg-type]


def november(before: Statement) -> list[Statement]:
    """The statement after the last one of October; its summary counts an entry that is not there."""
    day = date(2026, 11, 2)
    line = _plain(day, "512.00")
    return [Statement(before.account, before.number + 1, day, before.closing, (line,), before.currency, miscounted=1)]
