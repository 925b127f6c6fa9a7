"""The payroll of Adventure Works Cycles holds together before anything is spoiled in its files."""

from __future__ import annotations

import gzip
from collections import defaultdict
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from stdnum import iban
from stdnum.at import tin, vnr
from stdnum.de import idnr

from tests.samples import awc, awc_pay, awc_people
from tests.samples.awc_faults import FAULTS, extra_of
from tests.samples.awc_pay import PERCENT, WAGE_TYPES, ZERO, Line, Payroll, cents, journals_of, payments_of
from tests.samples.awc_staff import BRANCH, FIRST, LAST, german_insurance, later, month_end, months
from tests.samples.common import Folder


@pytest.fixture(scope="module")
def pay() -> Payroll:
    return awc_pay.payroll_of(7)


def _slips(pay: Payroll) -> dict[tuple[str, int], list[Line]]:
    slips: dict[tuple[str, int], list[Line]] = defaultdict(list)
    for line in pay.lines:
        slips[line.run.number, line.employee].append(line)
    return slips


def _sum(lines: list[Line], *kinds: str) -> Decimal:
    return sum((line.amount for line in lines if line.kind in kinds), ZERO)


def test_the_same_seed_gives_the_same_payroll(pay: Payroll) -> None:
    assert awc_pay.payroll_of.__wrapped__(7).lines == pay.lines
    assert awc_pay.payroll_of(8).lines != pay.lines


def test_it_is_the_public_staff_thirteen_years_on(pay: Payroll) -> None:
    assert len(pay.staff) == 290
    first = pay.staff[0]
    assert (first.national_id, first.hired, first.rates) == (
        "295847284", later("2009-01-14"), [(later("2009-01-14"), Decimal("188.2500"))]
    )  # fmt: skip
    raised = [e for e in pay.staff if any(FIRST < since <= LAST for since, _ in e.rates[1:])]
    assert len(raised) > 10
    assert len([e for e in pay.staff if FIRST <= e.hired <= LAST]) == len(BRANCH)
    assert len([e for e in pay.staff if e.left]) == 15
    assert all(FIRST < e.left <= LAST for e in pay.staff if e.left)


def test_numbers_of_the_branch_have_right_check_digits(pay: Payroll) -> None:
    branch = [e for e in pay.staff if e.number in BRANCH]
    for e in branch:
        assert iban.is_valid(e.iban)
        assert (idnr if e.country == "DE" else tin).is_valid(e.tax_id)
        assert e.country == "DE" or vnr.is_valid(e.social_security_id)
    assert german_insurance("65170839J00") == "65170839J003"  # the published example
    for numbers in ([e.iban for e in branch], [e.tax_id for e in branch], [e.account for e in pay.staff if e.account]):
        assert len(set(numbers)) == len(numbers)


def test_there_are_24_monthly_runs_of_each_group_and_some_on_top(pay: Payroll) -> None:
    assert (len(months()), months()[0], month_end(months()[-1])) == (24, FIRST, LAST)
    regular = [r for r in pay.runs if r.kind == "regular"]
    assert {g: sum(r.group == g for r in regular) for g in PERCENT} == {"HRL": 24, "SAL": 24, "EU": 19}
    assert {r.kind for r in pay.runs} == {"regular", "supplementary", "correction"}
    assert {r.currency for r in pay.runs} == {"USD", "EUR"}
    assert all(r.pay_date.weekday() < 5 for r in pay.runs)


def test_payslips_add_up_by_the_declared_percents(pay: Payroll) -> None:
    slips = _slips(pay)
    assert len(slips) > 6_500
    for (run, _), lines in slips.items():
        tax, insured, on_top = (Decimal(p) / 100 for p in PERCENT[run.split("-")[0]])
        gross, net = _sum(lines, "gross"), _sum(lines, "net")
        assert gross == _sum(lines, "earning")
        assert net == gross + _sum(lines, "reimbursement") - _sum(lines, "deduction", "tax")
        assert _sum(lines, "tax") == cents(gross * tax)
        by_type = {line.wage_type[:3]: line.amount for line in lines}
        assert by_type["310"] == cents(gross * insured)
        assert by_type["600"] == cents(gross * on_top)
        assert net > 0


def test_rates_are_those_on_record_and_explain_the_amount(pay: Payroll) -> None:
    rates = {e.number: e for e in pay.staff}
    seen = set()
    for line in pay.lines:
        if line.rate is not None and line.hours is not None:
            assert line.rate in {rate for _, rate in rates[line.employee].rates}
            assert line.amount == cents(line.hours * line.rate)
            seen.add(line.wage_type)
    assert seen == {"1000", "1100", "1500"}
    # 173 1/3 hours at 95.1923: the salary of a month
    assert awc_pay.salary(pay.staff[1], LAST) == Decimal("16500.00")


def test_nobody_is_paid_before_the_hire_or_after_the_exit(pay: Payroll) -> None:
    staff = {e.number: e for e in pay.staff}
    for line in pay.lines:
        e = staff[line.employee]
        assert e.hired <= line.run.end
        assert e.left is None or e.left >= line.run.month


def test_payments_and_journals_are_the_lines_again(pay: Payroll) -> None:
    nets = {key: _sum(lines, "net") for key, lines in _slips(pay).items()}
    assert {(p.run.number, p.employee): p.amount for p in payments_of(pay)} == nets
    balance: dict[str, Decimal] = defaultdict(lambda: ZERO)
    owed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    entries = journals_of(pay)
    for e in entries:
        balance[e.journal] += e.amount
        owed[e.account] += e.amount
    assert set(balance.values()) == {ZERO}
    assert owed["2200"] == 0  # all net pay has left the bank
    for account in awc_pay.STATUTORY:
        october = [
            line for line in pay.lines
            if line.run.month == months()[-1] and account in (WAGE_TYPES[line.wage_type].account,
                                                              WAGE_TYPES[line.wage_type].contra)
            and line.kind in ("tax", "deduction", "employer_cost")
        ]  # fmt: skip
        assert -owed[account] == _sum(october, "tax", "deduction", "employer_cost") > 0  # due in November
    posted = sum((e.amount for e in entries if e.kind == "payroll" and e.account[0] == "6"), ZERO)
    assert posted == _sum(pay.lines, "earning", "reimbursement", "employer_cost")


def test_recorded_hours_are_paid_but_for_one_day(pay: Payroll) -> None:
    paid: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    for line in pay.lines:
        if line.wage_type in ("1000", "1100") and line.run.month >= awc.RECORDED:
            paid[line.employee, f"{line.run.month:%m}"] += line.hours or ZERO
    for number, day, _, hours, _, _, mark, _ in awc.time_sheets(pay)[1:]:
        if not mark:
            paid[int(number), day[:2]] -= Decimal(hours)
    off = {key: hours for key, hours in paid.items() if hours}
    assert list(off.values()) == [Decimal(8)]


def test_lists_of_the_personnel_office_are_in_order() -> None:
    for a in awc_people.absences_of(7):
        assert a.employee.hired <= a.start <= a.end <= (a.employee.left or LAST)
    for b in awc_people.applications_of(7):
        days = [day for day in b.days if day]
        assert days == sorted(days)
        assert (b.stage == "hired") == (b.days[4] is not None)
    for t in awc_people.trainings_of(7):
        assert not awc_people.COURSES[t.course][1] or (t.done and t.due and t.done <= t.due)
    assert all(d.valid_to and d.valid_to > LAST for d in awc_people.documents_of(7))


def test_every_fault_is_named_once_and_is_in_its_file(pay: Payroll, tmp_path: Path) -> None:
    awc.write(Folder(tmp_path, "awc", 1, 7))
    files = [p for p in sorted(tmp_path.rglob("*")) if p.is_file()]
    text = ""
    for path in files:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if path.suffix == ".xlsx":
            book = load_workbook(BytesIO(content), read_only=True)
            text += "\n".join(str(row) for sheet in book for row in sheet.iter_rows(values_only=True))
        else:
            text += content.decode()
    assert len({f.kind for f in FAULTS}) == len(FAULTS)
    assert len({f.rule_id for f in FAULTS}) == len(FAULTS)
    assert [f.kind for f in FAULTS if f.place not in text] == []
    assert sum(p.stat().st_size for p in files) < 6_000_000
    runs = {r.number for r in pay.runs} & {r.number for r, _, _ in extra_of(pay).runs}
    assert runs == set()
