"""What is wrong in Fernhill Group's files on purpose, and which rule must say so.

Each fault has documents of its own. What a critical rule sets aside was never posted, so that the rest of the book
balances and ties; what is only warned of was posted as it stands. A list that does not tie comes in night 2 only.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from tests.samples.common import Fault
from tests.samples.fernhill_book import ZERO, Book, Entry, InvoiceLine, Item, Leg, Partner
from tests.samples.fernhill_chart import COMPANIES, period_of
from tests.samples.fernhill_trade import buy

D = Decimal


_GL, _AP, _LINES, _BANK = "ledgers.gl_entries", "ledgers.payables", "ledgers.invoice_lines", "ledgers.bank_transactions"
FAULTS = (
    Fault("unbalanced journal", _GL, "01X001", "journal_does_not_balance_in_its_currency",
          also=("journal_does_not_balance", "journal_does_not_balance_in_group_currency")),
    Fault("journal unbalanced in its company's currency only", _GL, "02X001", "journal_does_not_balance"),
    Fault("journal unbalanced in the group's currency only", _GL, "03X001",
          "journal_does_not_balance_in_group_currency"),
    Fault("posting to a closed period", _GL, "01X002", "posted_to_closed_period"),
    Fault("posting to a heading", _GL, "01X003", "posted_to_summary_account"),
    Fault("unknown account", _GL, "01X004", "reference.account_id"),
    Fault("no exchange rate for the currency and day", _GL, "Francs", "no_exchange_rate_for_its_day", "warn"),
    Fault("round sum", _GL, "Rounded provision", "round_sum_debited", "warn", ("round_sum_credited",)),
    Fault("posted for a weekend", _GL, "Keyed at the weekend", "posted_for_a_weekend", "warn",
          ("entered_at_a_weekend",)),
    Fault("back-dated", _GL, "Keyed late", "back_dated", "warn"),
    Fault("unusual pair of accounts", _GL, "Unusual pair", "unusual_pair_of_accounts", "warn"),
    Fault("invoice twice", _AP, "F02-S001", "repeated_row"),
    Fault("invoice under a number spelled otherwise", _AP, "F01-S001", "no_near_duplicate", "warn"),
    Fault("net + tax is not gross", _AP, "X-GROSS", "net_and_tax_give_gross"),
    Fault("lines do not add up to their invoice", _LINES, "X-LINES", "lines_give_net_of_invoice"),
    Fault("tax rate that never was", _LINES, "X-NEVER", "rate_known_for_code"),
    Fault("tax rate of another time", _LINES, "X-RATE", "rate_valid_on_date", "warn"),
    Fault("check digits of a VAT number", "ledgers.partners", "F01-X01", "unreadable.vat_id"),
    Fault("check digits of an IBAN", "ledgers.partners", "F02-X01", "unreadable.iban"),
    Fault("statement that does not roll forward", _BANK, "GB-0009", "statement_rolls_forward"),
    Fault("gap in the numbers of statements", _BANK, "US-0009", "statements_follow_each_other", "warn"),
    Fault("total of a cost centre off", "ledgers.budgets", "C900", "cost_centre_total_differs"),
    Fault("balance that differs from the entries", "ledgers.balances", "6390", "debits_differ_from_entries", "warn"),
    Fault("balance that does not roll forward", "ledgers.balances", "6110", "does_not_roll_forward"),
    Fault("sub-ledger off its control account", "ledgers.receivables", "F01", "open_items_give_control_account",
          "night 2"),
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
    book.later(date(2026, 10, 15), lambda d: _francs(book, d))
    book.later(date(2026, 9, 8), lambda d: _twice(book, d))
    book.later(date(2026, 5, 12), lambda d: _reduced(book, d))


def _reduced(book: Book, day: date) -> None:
    """An invoice with the rate of the second half of 2020."""
    partner = next(p for p in book.partners if p.number == "F02-S007")
    line = InvoiceLine("Services", D(1), D("300.00"), D("300.00"), D("48.00"), partner.account, "C200")
    buy(book, partner, day, [line], "X-RATE")


def _francs(book: Book, day: date) -> None:
    """A currency for which no rate is delivered."""
    legs = [Leg("6310", D("220.00"), "C200"), Leg("2200", D("-220.00"))]
    book.post("F02", "manual", day, legs, currency="CHF", text="Francs")


def _twice(book: Book, day: date) -> None:
    """A supplier's invoice is booked again three days later, its number spelled otherwise."""
    partner = next(p for p in book.partners if p.number == "F01-S001")
    first = buy(book, partner, day)
    number = first.number.replace("/", " ").replace("-", " ")
    buy(book, partner, day + timedelta(days=3), first.lines, number)


def _stray(
    journal: str, day: date, account: str, amount: str, *, currency: str = "", keyed: date | None = None,
    off: tuple[str, str, str] = ("0", "0", "0"),
) -> list[Entry]:  # fmt: skip
    """A journal against accruals that the book does not know; `off` is how far it does not balance in the currency of
    the transaction, of the company and of the group."""
    company = COMPANIES[f"F{journal[:2]}"]
    out = []
    for line, (named, sign) in enumerate(((account, 1), ("2200", -1)), start=1):
        value, local, group = (sign * D(amount) + (D(o) if sign > 0 else 0) for o in off)
        leg = Leg(named, value, "C400" if sign > 0 else "")
        out.append(
            Entry(company.code, journal, line, day, period_of(company, day), day, keyed or day, "manual",
                  currency or company.currency, leg, local, group, "", "", journal, "Correction", "", "u19")
        )  # fmt: skip
    return out


def stray_journals() -> list[Entry]:
    """Journals that critical rules set aside."""
    day = date(2026, 10, 20)
    return [
        *_stray("01X001", day, "6330", "1230.50", off=("10", "10", "10")),
        *_stray("02X001", day, "6330", "500.00", currency="USD", off=("0", "5", "0")),
        *_stray("03X001", day, "6330", "310.00", off=("0", "0", "1")),
        *_stray("01X002", date(2026, 3, 17), "6330", "780.25", keyed=day),
        *_stray("01X003", day, "6000", "96.40"),
        *_stray("01X004", day, "6999", "310.75"),
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
    """Supplier invoices that stand in one list only: with what is wrong about each."""
    of = {p.number: p for p in book.partners}
    out: list[tuple[Item, str]] = []
    for number, supplier, net, tax, what in (
        ("X-GROSS", "F01-S004", "400.00", "80.00", "gross"),
        ("X-LINES", "F01-S009", "650.00", "130.00", "lines"),
        ("X-NEVER", "F02-S007", "300.00", "54.00", "rate"),
    ):
        partner, day = of[supplier], date(2026, 5, 12)
        line = InvoiceLine("Services", D(1), D(net), D(net), D(tax), partner.account, "C400")
        item = Item(partner, number, day, day + timedelta(days=30), [line], partner.tax, "", ZERO, ZERO)
        item.settled = date(2026, 6, 12)
        out.append((item, what))
    return out
