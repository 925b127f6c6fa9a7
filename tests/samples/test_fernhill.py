"""The book of Fernhill Group holds together before anything is spoiled in its files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.samples import fernhill
from tests.samples.common import Folder
from tests.samples.fernhill_book import ZERO, Book, Entry, Item
from tests.samples.fernhill_chart import BANKS, COMPANIES, LAST, RATE_OF, TAKEN_OVER, TYPES, fiscal_periods
from tests.samples.fernhill_faults import FAULTS, stray_journals
from tests.samples.fernhill_reports import account_periods, statements


@pytest.fixture(scope="module")
def book() -> Book:
    return fernhill.book_of(7)


def _sums(entries: Iterable[Entry]) -> dict[tuple[str, str], list[Decimal]]:
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for e in entries:
        for n, amount in enumerate((e.leg.amount, e.local, e.group)):
            sums[e.company, e.journal][n] += amount
    return sums


def test_the_same_seed_gives_the_same_book(book: Book) -> None:
    assert fernhill.book_of.__wrapped__(7).entries == book.entries
    assert fernhill.book_of(8).entries != book.entries


def test_every_journal_balances_in_all_its_currencies(book: Book) -> None:
    assert 15_000 < len(book.entries) < 25_000
    assert {tuple(map(str, s)) for s in _sums(book.entries).values()} == {("0.00", "0.00", "0.00")}
    assert all(e.leg.amount * e.local > 0 or (not e.leg.amount and e.local) for e in book.entries)
    assert {e.leg.account for e in book.entries if not e.leg.amount} <= {"1020", "1030", "1060", "7200", "7210"}
    assert all((e.leg.amount or e.local) * e.group >= 0 for e in book.entries)
    unbalanced = {journal for (_, journal), sums in _sums(stray_journals()).items() if any(sums)}
    assert unbalanced == {"01X001", "02X001", "03X001"}


@pytest.mark.parametrize(("account", "side"), [("1100", 1), ("2100", -1)])
def test_open_items_are_what_the_control_account_says(book: Book, account: str, side: int) -> None:
    items: list[Item] = book.receivables if side > 0 else book.payables
    for company in COMPANIES:
        left = sum((side * i.local for i in items if i.partner.company == company), ZERO)
        assert left == book.balances[company, account] != 0
    assert all((i.open == 0) == (i.settled is not None) for i in items)
    assert all(i.local == 0 for i in items if not i.open)
    owed = [i for i in items if i.open > 0 and i.net > 0]
    assert any(i.open < i.net + i.tax for i in owed)  # a payment in part
    assert any(i.net < 0 for i in items)


def test_what_is_paid_settles_what_was_invoiced(book: Book) -> None:
    settled: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    payments: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for a in book.allocations:
        payments[a.payment][0] += a.amount
        payments[a.payment][1] = a.whole
        if a.item:
            settled[a.partner.number, a.item.number] += a.amount + a.discount
    assert all(parts == whole for parts, whole in payments.values())
    for item in (*book.receivables, *book.payables):
        assert item.net + item.tax - settled[item.partner.number, item.number] == item.open, item.number
    assert any(a.discount for a in book.allocations)
    assert any(a.difference for a in book.allocations)
    assert any(a.item and a.allocated_on > a.paid_on for a in book.allocations)  # money on account
    assert any(not a.item for a in book.allocations)


def test_statements_roll_forward_and_are_the_account_but_for_what_is_under_way(book: Book) -> None:
    for bank in BANKS:
        balance = bank.opening
        for n, (number, _, opening, shown) in enumerate(statements(book, bank)):
            assert (number, opening) == (101 + n, balance)
            balance += sum((m.amount for m in shown), ZERO)
        on_the_way = [m for m in book.movements if m.bank == bank.account and m.booked > LAST]
        assert balance + sum((m.amount for m in on_the_way), ZERO) == book.foreign[bank.account]
    assert any(m.booked > LAST for m in book.movements)
    assert book.balances["F01", "1090"] == book.balances["F02", "1090"] == 0


def test_the_register_is_what_the_ledger_says(book: Book) -> None:
    for company in COMPANIES:
        here = [a for a in book.assets if a.company == company and not a.disposed]
        for account in ("1600", "1610"):
            cost = sum((a.cost for a in here if a.account == account), ZERO)
            gone = sum((a.depreciated for a in here if a.account == account), ZERO)
            assert book.balances[company, account] == cost
            assert book.balances[company, "1690" if account == "1600" else "1695"] == -gone
    assert any(a.disposed for a in book.assets)
    assert any(a.since > TAKEN_OVER for a in book.assets)
    assert {e.leg.account for e in book.entries} >= {"4900", "6900"}  # sold with a gain, and with a loss


def test_tax_on_the_ledger_is_that_of_the_codes(book: Book) -> None:
    base: dict[tuple[str, bool], Decimal] = defaultdict(lambda: ZERO)
    for e in book.entries:
        if e.leg.tax:
            base[e.leg.tax, e.leg.account in ("1400", "2300")] += e.leg.amount
    used = {code for code, _ in base}
    assert used == set(RATE_OF)
    for code in used - {"GB-PRC", "DE-VIG", "DE-VRC"}:
        net, tax = base[code, False], base[code, True]
        assert abs(net * RATE_OF[code] / 100 - tax) < 20, code  # a cent of rounding per line
    for code in ("GB-PRC", "DE-VIG", "DE-VRC"):
        assert base[code, True] == 0  # owed and taken back


def test_group_balances_are_the_same_on_both_sides(book: Book) -> None:
    between: dict[frozenset[str], Decimal] = defaultdict(lambda: ZERO)
    for e in book.entries:
        if e.counterparty and e.leg.account in ("1500", "2500", "1510", "2510") and e.kind == "intercompany":
            between[frozenset((e.company, e.counterparty))] += e.leg.amount
    assert set(between.values()) == {ZERO}
    assert len(between) == 3


def test_balances_are_those_of_the_entries(book: Book) -> None:
    closing: dict[tuple[str, str], Decimal] = {}
    checks: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    moved: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
    for company, account, period, opening, debit, credit in account_periods(book):
        closing[company, account] = opening + debit - credit
        checks[company, period] += opening + debit - credit
        moved[company, account, period] += debit - credit
    for e in book.entries:
        moved[e.company, e.leg.account, e.period] -= e.local
    assert not any(moved.values())
    assert len(checks) == 37 * 3 + 3  # months from the take-over on, and the thirteenth periods
    assert not any(checks.values())
    for (company, account), value in closing.items():
        if TYPES[account] not in ("revenue", "expense") and account != "3200":
            assert value == book.balances[company, account]


def test_entries_lie_in_their_periods_and_were_keyed_before_the_close(book: Book) -> None:
    span = {(c, p): (first, last) for c, p, _, _, first, last, _ in fiscal_periods()}
    for e in book.entries:
        first, last = span[e.company, e.period]
        assert first <= e.day <= last
        assert e.keyed >= e.day
    assert {p for _, p in span if p.endswith("P13")} == {e.period for e in book.entries if e.kind == "adjustment"}
    assert {e.day.weekday() > 4 for e in book.entries if e.text != "Keyed at the weekend"} == {False}


def test_every_fault_is_named_once_and_is_in_its_file(tmp_path: Path) -> None:
    fernhill.write(Folder(tmp_path, "fernhill", 2, 7))
    text = "".join(p.read_bytes().decode("cp1252" if "gmbh" in p.as_posix() else "utf-8")
                   for p in sorted(tmp_path.rglob("*.csv")))  # fmt: skip
    assert len({f.kind for f in FAULTS}) == len(FAULTS)
    assert len({f.rule_id for f in FAULTS}) == len(FAULTS)
    assert [f.kind for f in FAULTS if f.place not in text] == ["total of a cost centre off"]  # in the workbook
    assert sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()) < 8_000_000
