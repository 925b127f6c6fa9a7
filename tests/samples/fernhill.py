"""Fernhill Group: a plc in Britain, a GmbH in Germany and an Inc in the United States, with three years of books.

Takes over its books on 31 October 2023 and keeps them for 36 months. The plc's fiscal year starts in April and has a
thirteenth period; the others keep calendar years. Reports are in pounds. The GmbH exports its journals from a ledger of
its own (code page 1252, amount and side); everything else comes from the group's system, plans from a workbook.
Nobody in it exists. `fernhill_faults.FAULTS` says what is wrong on purpose.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from openpyxl import Workbook

from tests.samples.common import Folder, grouped, saved
from tests.samples.fernhill_book import ZERO, Book, Entry, Item
from tests.samples.fernhill_chart import (
    ACCOUNTS,
    BOTH_SIDES,
    COMPANIES,
    LAST,
    NAMES,
    RATE_OF,
    TAX_CODES,
    Rates,
    fiscal_periods,
    month_end,
    months,
    weekday,
)  # fmt: skip
from tests.samples.fernhill_faults import stray_items, stray_journals, stray_partners
from tests.samples.fernhill_office import simulate
from tests.samples.fernhill_reports import balances, bank_statements, plans
from tests.samples.fernhill_trade import numbers

Column = tuple[str, Callable[..., str]]
KINDS = {
    "opening": "OB", "sales": "SI", "purchase": "PI", "receipt": "SR", "payment": "PP", "bank": "BK", "payroll": "PAY",
    "tax": "TAX", "asset": "FA", "depreciation": "DEP", "inventory": "STK", "accrual": "ACC", "revaluation": "REV",
    "intercompany": "IC", "manual": "JNL", "adjustment": "ADJ", "other": "OTH",
}  # fmt: skip
ARTEN = {
    "opening": "EB", "sales": "AR", "purchase": "ER", "receipt": "ZE", "payment": "ZA", "bank": "BA", "payroll": "LG",
    "tax": "ST", "asset": "AN", "depreciation": "AF", "inventory": "LA", "accrual": "AB", "revaluation": "BW",
    "intercompany": "VB", "manual": "MB", "adjustment": "KB", "other": "SO",
}  # fmt: skip


@lru_cache(maxsize=2)
def book_of(seed: int) -> Book:
    """The whole book of a seed."""
    book = Book(random.Random(f"{seed}/fernhill/book"), Rates(random.Random(f"{seed}/fernhill/rates")))
    simulate(book)
    return book


def write(folder: Folder) -> None:
    """All files of the client."""
    book = book_of(folder.seed)
    _master_data(folder, book)
    _journals(folder, book)
    _items(folder, book)
    _bank_and_rest(folder, book)


def _uk(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _de(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def _table(columns: Sequence[Column], rows: Iterable[Any]) -> list[list[str]]:
    return [[name for name, _ in columns], *([cell(row) for _, cell in columns] for row in rows)]


def _csv(folder: Folder, name: str, lines: Iterable[Sequence[str]], *, night: int = 1, minute: int = 0) -> None:
    folder.write_table(name, lines, delimiter=",", newline="\n", night=night, minute=minute)


def _master_data(folder: Folder, book: Book) -> None:
    rng = folder.rng("companies")
    lines = [["Company", "Registered name", "Country", "Base currency", "Reporting currency", "Year starts", "Owner",
              "Owned %", "VAT registration", "Reserves account"]]  # fmt: skip
    for c in COMPANIES.values():
        owner = ["", ""] if c.code == "F01" else ["F01", "100"]
        lines.append(
            [c.code, c.name, c.country, c.currency, "GBP", str(c.starts), *owner, numbers(rng, c.country)[0], "3200"]
        )
    _csv(folder, "setup/companies.csv", lines)
    lines = [["Company", "Period", "Year", "No", "From", "To", "Adjustments", "Status", "Close by", "Closed on"]]
    for code, period, year, number, first, last, extra in fiscal_periods():
        state, closed = "Open", ""
        if last <= COMPANIES[code].closed_through:
            state, closed = "Closed", _uk(weekday(date.fromordinal(last.toordinal() + (70 if extra else 21))))
        elif first > date(2026, 11, 1):
            state = "Future"
        due = weekday(date.fromordinal(last.toordinal() + (75 if extra else 25)))
        lines.append(
            [
                code,
                period,
                str(year),
                str(number),
                _uk(first),
                _uk(last),
                "Y" if extra else "N",
                state,
                _uk(due),
                closed,
            ]
        )
    _csv(folder, "setup/periods.csv", lines)
    _csv(folder, "setup/nominals.csv", _chart())
    heads = ["Code", "From", "To", "Meaning", "Country", "Rate", "Treatment", "In/Out", "Nominal", "Net box", "VAT box"]
    codes = [
        [c, _uk(date.fromisoformat(a)), _uk(date.fromisoformat(b)) if b else "", *rest] for c, a, b, *rest in TAX_CODES
    ]
    _csv(folder, "setup/vat_codes.csv", [heads, *codes])
    lines = [
        ["Account", "Kind", "Name", "Country", "VAT registration", "IBAN", "Terms", "Control nominal", "Group company"]
    ]
    for p in [*book.partners, *stray_partners()]:
        control = "1100" if p.kind == "customer" else "2100"
        lines.append([p.number, p.kind[0].upper(), p.name, p.country, p.vat_id, p.iban, str(p.terms), control, ""])
    lines += [[f"IC-{c.code}", "G", c.name, c.country, "", "", "35", "", c.code] for c in COMPANIES.values()]
    _csv(folder, "setup/accounts.csv", lines)
    lines = [["Kind", "From", "Into", "Day", "Rate"]]
    lines += [["S", a, b, _uk(day), str(rate)] for (a, b, day), rate in book.rates.spot.items()]
    for month in months():
        for a, b in Rates.PAIRS:
            end = month_end(month)
            lines.append(["C", a, b, _uk(end), str(book.rates.at(a, b, end))])
            lines.append(["A", a, b, _uk(end), str(book.rates.average(a, b, month))])
    _csv(folder, "setup/rates.csv", lines)


def _chart() -> list[list[str]]:
    lines = [["Nominal", "Name", "Type", "Category", "Heading", "Total", "Normal side", "Ledger"]]
    for account, name, kind, category, ledger, side in ACCOUNTS:
        total = account.endswith("000")
        lines.append([account, name, kind.title(), category, "" if total else f"{account[0]}000", "Y" if total else "N",
                      side[:2].title(), ledger])  # fmt: skip
    return lines


def _side(value: Decimal, debit: bool) -> str:
    return str(abs(value)) if (value > 0) == debit and value else "0.00"


GROUP_JOURNAL: list[Column] = [
    ("Company", lambda e: e.company), ("Voucher", lambda e: e.journal), ("Line", lambda e: str(e.line)),
    ("GL date", lambda e: _uk(e.day)), ("Period", lambda e: e.period), ("Doc date", lambda e: _uk(e.dated)),
    ("Keyed", lambda e: _uk(e.keyed)), ("Source", lambda e: KINDS[e.kind]), ("Nominal", lambda e: e.leg.account),
    ("Debit", lambda e: _side(e.leg.amount, True)), ("Credit", lambda e: _side(e.leg.amount, False)),
    ("Ccy", lambda e: e.currency), ("Base debit", lambda e: _side(e.local, True)),
    ("Base credit", lambda e: _side(e.local, False)), ("Group debit", lambda e: _side(e.group, True)),
    ("Group credit", lambda e: _side(e.group, False)), ("Account", lambda e: e.partner),
    ("IC company", lambda e: e.counterparty), ("Our ref", lambda e: e.document), ("Narrative", lambda e: e.text),
    ("Cost centre", lambda e: e.leg.center), ("VAT code", lambda e: e.leg.tax), ("Reverses", lambda e: e.reverses),
    ("Asset no", lambda e: e.leg.asset), ("Keyed by", lambda e: e.clerk),
]  # fmt: skip
GMBH_JOURNAL: list[Column] = [
    ("Belegnummer", lambda e: e.journal), ("Pos", lambda e: str(e.line)), ("Buchungsdatum", lambda e: _de(e.day)),
    ("Periode", lambda e: e.period), ("Belegdatum", lambda e: _de(e.dated)), ("Erfasst am", lambda e: _de(e.keyed)),
    ("Belegart", lambda e: ARTEN[e.kind]), ("Konto", lambda e: e.leg.account),
    ("S/H", lambda e: "S" if (e.leg.amount or e.local) > 0 else "H"),
    ("Betrag", lambda e: grouped(abs(e.leg.amount), ".", ",")),
    ("Währung", lambda e: e.currency), ("Betrag EUR", lambda e: grouped(abs(e.local), ".", ",")),
    ("Konzernbetrag", lambda e: grouped(abs(e.group), ".", ",")), ("Geschäftspartner", lambda e: e.partner),
    ("Partnergesellschaft", lambda e: e.counterparty), ("Referenz", lambda e: e.document),
    ("Buchungstext", lambda e: e.text), ("Kostenstelle", lambda e: e.leg.center),
    ("Steuerschlüssel", lambda e: e.leg.tax), ("Storno zu", lambda e: e.reverses), ("Anlage", lambda e: e.leg.asset),
    ("Erfasser", lambda e: e.clerk),
]  # fmt: skip


def _journals(folder: Folder, book: Book) -> None:
    """A file per year, and one for the last month."""
    files: dict[str, list[Entry]] = {}
    for entry in [*book.entries, *stray_journals()]:
        last = entry.day >= LAST.replace(day=1) or "X" in entry.journal
        files.setdefault("2026-10" if last else f"{entry.day.year}", []).append(entry)
    for minute, name in enumerate(sorted(files, key=lambda n: (len(n), n))):
        group = [e for e in files[name] if e.company != "F02"]
        gmbh = [e for e in files[name] if e.company == "F02"]
        _csv(folder, f"journals/journal_{name}.csv", _table(GROUP_JOURNAL, group), minute=minute)
        folder.write_table(f"gmbh/Buchungen_{name}.csv", _table(GMBH_JOURNAL, gmbh), delimiter=";", encoding="cp1252",
                           minute=minute)  # fmt: skip


ITEMS: list[Column] = [
    ("Company", lambda i: i.partner.company), ("Account", lambda i: i.partner.number),
    ("Name", lambda i: i.partner.name), ("Invoice", lambda i: i.number),
    ("Type", lambda i: "CRN" if i.net < 0 else "INV"), ("Date", lambda i: _uk(i.dated)),
    ("Due", lambda i: _uk(i.due)), ("Paid off", lambda i: _uk(i.settled)), ("Net", lambda i: str(i.net)),
    ("VAT", lambda i: str(i.tax)), ("Gross", lambda i: str(i.net + i.tax)), ("Left", lambda i: str(i.open)),
    ("Ccy", lambda i: i.partner.currency), ("Left base", lambda i: str(i.local)),
    ("Base ccy", lambda i: COMPANIES[i.partner.company].currency), ("VAT code", lambda i: i.tax_code),
    ("Discount", lambda i: str(i.discount) if i.discount else ""), ("Discount by", lambda i: _uk(i.discount_until)),
    ("PO", lambda i: i.order), ("Nominal", lambda i: "1100" if i.partner.kind == "customer" else "2100"),
    ("Voucher", lambda i: i.journal), ("Corrects", lambda i: i.corrects),
]  # fmt: skip


def _items(folder: Folder, book: Book) -> None:
    strays = stray_items(book)
    payables = _table(ITEMS, [*book.payables, *(item for item, what in strays if what == "gross")])
    gross = payables[0].index("Gross")
    next(line for line in payables if line[3] == "X-GROSS")[gross] = "470.00"
    payables.insert(40, next(line for line in payables if line[1] == "F02-S001"))
    _csv(folder, "ledgers/payables.csv", payables)
    receivables = _table(ITEMS, book.receivables)
    _csv(folder, "ledgers/receivables.csv", receivables)
    open_one = next(i for i in book.receivables if i.partner.company == "F01" and i.open > 0)
    lost = [line for line in receivables if line[3] != open_one.number]
    _csv(folder, "ledgers/receivables_20261110.csv", lost, night=2)
    lines = [
        [
            "Ledger",
            "Company",
            "Account",
            "Invoice",
            "Line",
            "Date",
            "Text",
            "Qty",
            "Price",
            "Net",
            "VAT code",
            "Rate",
            "VAT",
            "Ccy",
            "Invoice net",
            "Nominal",
            "Cost centre",
        ]
    ]
    for ledger, items in (("SL", book.receivables), ("PL", book.payables)):
        for item in items:
            lines += _lines(ledger, item, rate="16" if item.number == "X-RATE" else "")
    for item, what in strays[1:]:
        lines += _lines("PL", item, rate="18" if what == "rate" else "", more=Decimal(10) if what == "lines" else ZERO)
    _csv(folder, "ledgers/invoice_lines.csv", lines)


def _lines(ledger: str, item: Item, *, rate: str = "", more: Decimal = ZERO) -> list[list[str]]:
    """The lines of an invoice; tax that the buyer owes has no rate on it."""
    out = []
    for n, line in enumerate(item.lines, start=1):
        owed = item.tax_code in BOTH_SIDES
        rated = rate or ("" if owed else str(RATE_OF[item.tax_code]))
        out.append([ledger, item.partner.company, item.partner.number, item.number, str(n), _uk(item.dated), line.text,
                    str(line.quantity), str(line.price), str(line.net), item.tax_code, rated, str(line.tax),
                    item.partner.currency, str(item.net + more), line.account, line.center])  # fmt: skip
    return out


def _bank_and_rest(folder: Folder, book: Book) -> None:
    _csv(folder, "bank/statements.csv", bank_statements(book))
    _csv(folder, "ledgers/balances.csv", balances(book))
    lines = [
        [
            "Payment",
            "No",
            "Company",
            "In/Out",
            "Account",
            "Day",
            "Amount",
            "Allocated",
            "Ccy",
            "Discount",
            "FX",
            "Base ccy",
            "Invoice",
            "Allocated on",
            "Method",
            "Bank",
            "Reference",
            "Voucher",
        ]
    ]
    for a in book.allocations:
        into = (a.partner.kind == "customer") == (a.whole > 0)
        sign = 1 if a.whole > 0 else -1
        lines.append(
            [
                a.payment,
                str(a.line),
                a.partner.company,
                "In" if into else "Out",
                a.partner.number,
                _uk(a.paid_on),
                str(sign * a.whole),
                str(sign * a.amount),
                a.partner.currency,
                str(a.discount),
                str(a.difference),
                COMPANIES[a.partner.company].currency,
                a.item.number if a.item else "",
                _uk(a.allocated_on),
                a.method,
                a.bank,
                a.reference,
                a.journal,
            ]
        )
    _csv(folder, "ledgers/payments.csv", lines)
    lines = [
        [
            "Company",
            "Asset",
            "Name",
            "Class",
            "Bought",
            "Sold",
            "Cost",
            "Depreciation",
            "Book value",
            "Residual",
            "Proceeds",
            "Ccy",
            "Months",
            "Cost nominal",
            "Depreciation nominal",
            "Cost centre",
        ]
    ]
    for a in book.assets:
        left = ZERO if a.disposed else a.cost - a.depreciated
        lines.append(
            [
                a.company,
                a.number,
                a.name,
                a.class_name,
                _uk(a.since),
                _uk(a.disposed),
                str(a.cost),
                str(a.depreciated),
                str(left),
                str(a.residual),
                str(a.proceeds or ""),
                COMPANIES[a.company].currency,
                str(a.life),
                a.account,
                a.depreciation_account,
                a.center,
            ]
        )
    _csv(folder, "ledgers/assets_20261031.csv", lines)
    _csv(folder, "ledgers/spend.csv", _spend(book))
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, rows in plans(book, folder.rng("plans")).items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    folder.write("planning/plan_2026.xlsx", saved(workbook))


def _spend(book: Book) -> list[list[str]]:
    """What was bought besides goods and assets, line by line."""
    lines = [["Id", "Supplier", "Supplier name", "Nominal", "Nominal name", "Invoice", "Date", "Net", "Ccy"]]
    for item in book.payables:
        for n, line in enumerate(item.lines, start=1):
            if line.account >= "6000" and item.journal:
                partner = item.partner
                lines.append(
                    [
                        f"{partner.number}/{item.number}/{n}",
                        partner.number,
                        partner.name,
                        line.account,
                        NAMES[line.account],
                        item.number,
                        _uk(item.dated),
                        str(line.net),
                        partner.currency,
                    ]
                )
    return lines
