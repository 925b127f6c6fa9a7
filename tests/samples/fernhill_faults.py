"""What is wrong in Fernhill Group's files on purpose, and which rule must say so.

Each fault has documents of its own. What a critical rule sets aside was never posted, so that the rest of the book
balances and ties; what is only warned of was posted as it stands. Faults that hold a whole list come in night 2 only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.samples.fernhill_book import ZERO, Book, Entry, InvoiceLine, Item, Leg, Partner
from tests.samples.fernhill_chart import COMPANIES, period_of
from tests.samples.fernhill_trade import buy

D = Decimal


@dataclass(frozen=True)
class Fault:
    """`place`: texts that a reject's key or cells show; `effect`: reject, warn, or hold (night 2)."""

    kind: str
    feed: str
    place: str
    rule: str
    effect: str = "reject"


FAULTS = (
    Fault("unbalanced journal", "ledgers.gl_entries", "01X001", "ledgers.gl_entries.journal_balances"),
    Fault("journal unbalanced in its own currency only", "ledgers.gl_entries", "02X001",
          "ledgers.gl_entries.journal_balances_in_local_currency"),
    Fault("posting to a closed period", "ledgers.gl_entries", "01X002", "ledgers.gl_entries.period_is_open"),
    Fault("posting to a heading", "ledgers.gl_entries", "01X003", "ledgers.gl_entries.no_posting_to_headings"),
    Fault("unknown account", "ledgers.gl_entries", "01X004", "ledgers.gl_entries.reference.account_id"),
    Fault("no exchange rate for the currency and day", "ledgers.gl_entries", "02X002",
          "ledgers.gl_entries.exchange_rate_known"),
    Fault("round sum", "ledgers.gl_entries", "Rounded provision", "ledgers.gl_entries.round_amount", "warn"),
    Fault("posted on a weekend", "ledgers.gl_entries", "Keyed at the weekend", "ledgers.gl_entries.weekend", "warn"),
    Fault("back-dated", "ledgers.gl_entries", "Keyed late", "ledgers.gl_entries.back_dated", "warn"),
    Fault("unusual pair of accounts", "ledgers.gl_entries", "Unusual pair", "ledgers.gl_entries.unusual_pair", "warn"),
    Fault("invoice twice", "ledgers.payables", "F02-S001", "ledgers.payables.repeated_row"),
    Fault("invoice under a number spelled otherwise", "ledgers.payables", "F01-S001",
          "ledgers.payables.near_duplicate", "warn"),
    Fault("net + tax is not gross", "ledgers.payables", "X-GROSS", "ledgers.payables.net_and_tax_give_gross"),
    Fault("lines do not add up to their invoice", "ledgers.invoice_lines", "X-LINES",
          "ledgers.invoice_lines.lines_give_invoice"),
    Fault("tax rate of another time", "ledgers.invoice_lines", "X-RATE", "ledgers.invoice_lines.tax_rate_is_valid"),
    Fault("check digits of a VAT number", "ledgers.partners", "F01-X01", "ledgers.partners.unreadable.vat_id"),
    Fault("check digits of an IBAN", "ledgers.partners", "F02-X01", "ledgers.partners.unreadable.iban"),
    Fault("statement that does not roll forward", "ledgers.bank_transactions", "GB-0009",
          "ledgers.bank_transactions.statement_rolls_forward"),
    Fault("gap in the numbers of statements", "ledgers.bank_transactions", "US-0009",
          "ledgers.bank_transactions.statements_unbroken"),
    Fault("total of a cost centre off", "ledgers.budgets", "C900", "ledgers.budgets.cost_center_total"),
    Fault("balance that differs from the entries", "ledgers.balances", "6390", "ledgers.balances.debits_as_entered"),
    Fault("balance that does not roll forward", "ledgers.balances", "6110", "ledgers.balances.closing_follows"),
    Fault("sub-ledger off its control account", "ledgers.receivables", "F01", "ledgers.receivables.control_account",
          "hold"),
)  # fmt: skip
"""Every planted error."""


def odd_postings(book: Book) -> None:
    """Put journals on the agenda that are in order, but that an auditor wants to see."""

    def post(
        company: str, day: date, account: str, other: str, amount: str, text: str, keyed: date | None = None
    ) -> None:
        book.post(
            company, "manual", day, [Leg(account, D(amount), "C100"), Leg(other, -D(amount))], keyed=keyed, text=text
        )

    saturday, late = date(2026, 10, 10), date(2026, 8, 14)
    book.later(date(2026, 10, 7), lambda d: post("F01", d, "6330", "2700", "50000.00", "Rounded provision"))
    book.later(
        saturday - timedelta(days=1),
        lambda _: post("F02", saturday, "6310", "2200", "1318.46", "Keyed at the weekend", saturday),
    )
    book.later(late, lambda d: post("F02", d, "6310", "2200", "2204.18", "Keyed late", date(2026, 10, 21)))
    book.later(date(2026, 10, 14), lambda d: post("F03", d, "6320", "3100", "812.35", "Unusual pair"))
    book.later(date(2026, 9, 8), lambda d: _twice(book, d))


def _twice(book: Book, day: date) -> None:
    """A supplier's invoice is booked again three days later, its number spelled otherwise."""
    partner = next(p for p in book.partners if p.number == "F01-S001")
    first = buy(book, partner, day)
    number = first.number.replace("/", " ").replace("-", " ")
    buy(book, partner, day + timedelta(days=3), first.lines, number)


def _stray(
    journal: str, day: date, account: str, other: str, amount: str, credit: str = "", *, currency: str = "",
    local: tuple[str, str] = ("", ""), keyed: date | None = None,
) -> list[Entry]:  # fmt: skip
    """A journal of two lines that the book does not know."""
    company = COMPANIES[f"F{journal[:2]}"]
    out = []
    for line, (named, value, own) in enumerate(
        ((account, amount, local[0]), (other, f"-{credit or amount}", local[1])), 1
    ):
        leg = Leg(named, D(value), "C400" if named > "6" else "")
        in_local = D(own or value)
        out.append(
            Entry(company.code, journal, line, day, period_of(company, day), day, keyed or day, "manual",
                  currency or company.currency, leg, in_local, in_local, "", "", journal, "Correction", "", "u19")
        )  # fmt: skip
    return out


def stray_journals() -> list[Entry]:
    """Journals that critical rules set aside."""
    day = date(2026, 10, 20)
    return [
        *_stray("01X001", day, "6330", "2200", "1240.50", "1230.50"),
        *_stray("02X001", day, "6330", "2200", "500.00", currency="USD", local=("460.10", "-455.10")),
        *_stray("01X002", date(2026, 3, 17), "6330", "2200", "780.25", keyed=date(2026, 10, 20)),
        *_stray("01X003", day, "6000", "2200", "96.40"),
        *_stray("01X004", day, "6999", "2200", "310.75"),
        *_stray("02X002", day, "6310", "2200", "220.00", currency="CHF", local=("234.10", "-234.10")),
    ]


def stray_partners() -> list[Partner]:
    """Partners with numbers whose check digits do not fit."""
    return [
        Partner(
            "F01-X01", "Wrongway Valves Ltd", "supplier", "F01", "GB", "GBP", "GB999000001", "", 30, 0, "1200", "GB-P20"
        ),
        Partner(
            "F02-X01",
            "Irrläufer Sensorik GmbH",
            "supplier",
            "F02",
            "DE",
            "EUR",
            "",
            "DE00000000001234567890",
            30,
            0,
            "1200",
            "DE-V19",
        ),
    ]


def stray_items(book: Book) -> list[tuple[Item, str]]:
    """Supplier invoices that stand in lists only, settled: with what is wrong about each."""
    of = {p.number: p for p in book.partners}
    out: list[tuple[Item, str]] = []
    for number, supplier, net, tax, what in (
        ("X-GROSS", "F01-S004", "400.00", "80.00", "gross"),
        ("X-LINES", "F01-S009", "650.00", "130.00", "lines"),
        ("X-RATE", "F02-S007", "300.00", "48.00", "rate"),
    ):
        partner, day = of[supplier], date(2026, 5, 12)
        line = InvoiceLine("Services", D(1), D(net), D(net), D(tax), partner.account, "C400")
        item = Item(partner, number, day, day + timedelta(days=30), [line], partner.tax, "", ZERO, ZERO)
        item.settled = date(2026, 6, 12)
        out.append((item, what))
    return out
