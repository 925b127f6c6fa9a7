"""What Fernhill Group's own system reports from its book: bank statements, balances by period, plans."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tests.samples.fernhill_book import ZERO, Book, Movement
from tests.samples.fernhill_chart import (
    BANKS,
    COMPANIES,
    LAST,
    TYPES,
    Bank,
    fiscal_periods,
    fiscal_year,
    month_end,
    months,
    period_of,
)  # fmt: skip

D = Decimal
STATEMENT = [
    "Bank account",
    "Company",
    "Statement",
    "No",
    "Statement day",
    "Opening",
    "Closing",
    "Line",
    "Booked",
    "Value",
    "Amount",
    "Ccy",
    "Code",
    "Bank ref",
    "End to end",
    "Counterparty",
    "Counterparty IBAN",
    "Text",
    "Nominal",
]


def statements(book: Book, bank: Bank) -> Iterator[tuple[int, date, Decimal, list[Movement]]]:
    """Number, day, opening balance and movements of a bank account's monthly statements."""
    moved = sorted((m for m in book.movements if m.bank == bank.account), key=lambda m: m.booked)
    balance = bank.opening
    for number, month in enumerate(months(), start=101):
        end = month_end(month)
        shown = [m for m in moved if month <= m.booked <= end]
        yield number, end, balance, shown
        balance += sum((m.amount for m in shown), ZERO)


def bank_statements(book: Book) -> list[list[str]]:
    """Lines of all statements; those of the deposit accounts end with a fault each."""
    out = [STATEMENT]
    for bank in BANKS:
        for number, end, opening, shown in statements(book, bank):
            closing = opening + sum((m.amount for m in shown), ZERO)
            if end == LAST and bank.number == "GB-0009":
                closing += D("100.00")
            if end == LAST and bank.number == "US-0009":
                number += 1
            head = [
                bank.number,
                bank.company,
                f"{bank.number}/{number}",
                str(number),
                _uk(end),
                str(opening),
                str(closing),
            ]
            for n, m in enumerate(
                shown or [Movement(bank.account, end, ZERO, "NIL", "", "", "", "No movements")], start=1
            ):
                sent = m.reference if m.reference.startswith("E2E") else ""
                out.append([*head, str(n), _uk(m.booked), _uk(m.booked), str(m.amount), bank.currency, m.code,
                            f"{bank.number[:2]}{number}{n:04}", sent or m.reference, m.name, m.iban, m.text,
                            bank.account])  # fmt: skip
    return out


def _uk(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def account_periods(book: Book) -> Iterator[tuple[str, str, str, Decimal, Decimal, Decimal]]:
    """Company, account, period, opening, debits, credits; results start at nothing in each fiscal year, and what they
    came to stands on retained earnings from then on."""
    open_: dict[tuple[str, str], Decimal] = {}
    year_of: dict[str, int] = {}
    for company, period, year, _, first, _, _ in fiscal_periods():
        if first > LAST:
            continue
        if year_of.get(company, year) != year:
            results = [k for k in open_ if k[0] == company and TYPES[k[1]] in ("revenue", "expense")]
            carried = sum((open_.pop(k) for k in results), ZERO)
            open_[company, "3200"] = open_.get((company, "3200"), ZERO) + carried
        year_of[company] = year
        for account in TYPES:
            opening = open_.get((company, account), ZERO)
            debit, credit = book.totals.get((company, account, period), (ZERO, ZERO))
            if opening or debit or credit:
                yield company, account, period, opening, debit, credit
                open_[company, account] = opening + debit - credit


def balances(book: Book) -> list[list[str]]:
    """The sender's balances; two of them are wrong."""
    out = [["Company", "Nominal", "Period", "Brought forward", "Debits", "Credits", "Carried forward", "Ccy"]]
    for company, account, period, opening, debit, credit in account_periods(book):
        closing = opening + debit - credit
        if (company, account, period) == ("F03", "6390", "2026-10"):
            debit, closing = debit + D("7.00"), closing + D("7.00")
        if (company, account, period) == ("F02", "6110", "2026-07"):
            closing += D("1.00")
        cells = [str(v) for v in (opening, debit, credit, closing)]
        out.append([company, account, period, *cells, COMPANIES[company].currency])
    return out


PLANNED = [date(2025 + (3 + n) // 12, (3 + n) % 12 + 1, 1) for n in range(24)]
_HEAD = ["Company", "Version", "Nominal", "Cost centre", "Ccy", *(f"{m:%b %Y}" for m in PLANNED), "Centre total"]
Row = list[str | float | None]


def plans(book: Book, rng: random.Random) -> dict[str, list[Row]]:
    """Sheets of the planning workbook: budgets of a fiscal year and the forecast of the months to come."""
    budget: list[Row] = [list(_HEAD)]
    for code, years in (("F01", (2026, 2027)), ("F02", (2026,)), ("F03", (2026,))):
        for year in years:
            spans = [m for m in PLANNED if fiscal_year(COMPANIES[code], m) == year]
            budget += _plan(book, rng, code, f"B{year}", spans)
    # A cost centre of its own, whose total is not that of its months.
    row: Row = ["F03", "B2026", "6320", "C900", "USD", *(1200.0 if m.year == 2026 else None for m in PLANNED), 13400.0]
    budget.append(row)
    forecast: list[Row] = [list(_HEAD)]
    ahead = [m for m in PLANNED if m >= LAST.replace(day=1)]
    for code in COMPANIES:
        forecast += _plan(book, rng, code, "F2026-10", ahead)
    return {"Budget": budget, "Forecast": forecast}


def _plan(book: Book, rng: random.Random, company: str, version: str, spans: list[date]) -> list[Row]:
    """Planned is what twelve months up to September 2026 came to, more or less, in whole tens."""
    own = COMPANIES[company]
    past = {period_of(own, m) for m in months() if date(2025, 10, 1) <= m < LAST.replace(day=1)}
    usual: dict[tuple[str, str], Decimal] = {}
    for e in book.entries:
        account = e.leg.account
        if e.company == company and e.period in past and TYPES[account] in ("revenue", "expense") and account < "6900":
            sign = -1 if TYPES[account] == "revenue" or account == "5190" else 1
            key = account, e.leg.center or "-"
            usual[key] = usual.get(key, ZERO) + sign * e.local
    rows: dict[tuple[str, str], list[float | None]] = {}
    for key, total in sorted(usual.items()):
        if total > 0 and key[0] != "4190":
            rows[key] = [
                round(float(total) / 120 * rng.uniform(0.9, 1.12)) * 10.0 if m in spans else None for m in PLANNED
            ]
    out: list[Row] = []
    for (account, center), cells in rows.items():
        whole = sum(c or 0 for (_, other), line in rows.items() if other == center for c in line)
        out.append([company, version, account, center, own.currency, *cells, whole])
    return out
