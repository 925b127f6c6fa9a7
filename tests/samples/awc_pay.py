"""The payroll of Adventure Works Cycles: 24 monthly runs of three pay groups, and what follows from their lines.

How a payslip is reckoned, in exact decimals, each line rounded half up to the cent:

* paid by the hour (HRL): hours worked × rate; paid leave likewise, on a line of its own without hours; unpaid leave is
  not paid. Overtime: hours × rate, and half of that again as premium;
* salaried (SAL, EU): 173⅓ hours × rate × full-time equivalent = the salary of a month, to the cent; joiners and
  leavers get the share of the weekdays employed. Half a salary as bonus in December; leave that is left is paid out;
* gross = all of these; income tax and social security are percents of the gross, by group (`PERCENT`); 3 % go to the
  pension plan and a fixed amount to the health plan of those enrolled; expenses are paid back on top of the net;
* on top, the employer pays its percent of social security and its share of the health plan.

Hours of an earlier month come as a line with the first day they are for. Payments, totals of the runs and journals are
made from these lines and nothing else.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from tests.samples.awc_people import Absence, absences_of, health_plan, in_pension_plan
from tests.samples.awc_staff import FIRST, LAST, Employee, month_end, months, staff_of
from tests.samples.common import CENT

D = Decimal
ZERO = D("0.00")
MONTH_HOURS = D(520) / 3
PERCENT = {"HRL": ("12", "7.65", "7.65"), "SAL": ("19", "7.65", "7.65"), "EU": ("27", "20.45", "20.95")}
"""By pay group: income tax, social security of the employee, of the employer; percent of the gross."""
LEAP = ("SAL-2026-10", 3)
"""Run and employee whose pay is out of all proportion to the month before, and paid all the same."""


@dataclass(frozen=True)
class WageType:
    """What a line is; `account` and `contra` are those of the ledger."""

    number: str
    name: str
    kind: str
    purpose: str
    recurring: bool = True
    authority: str = ""
    account: str = ""
    contra: str = ""


_US, _EU = "Federal tax office", "Tax offices of Europe"
WAGE_TYPES = {
    w.number: w
    for w in (
        WageType("1000", "Hours worked", "earning", "base", account="6000"),
        WageType("1010", "Salary", "earning", "base", account="6000"),
        WageType("1100", "Overtime", "earning", "overtime", account="6010"),
        WageType("1110", "Overtime premium", "earning", "overtime", account="6010"),
        WageType("1200", "Paid leave", "earning", "holiday_pay", account="6020"),
        WageType("1300", "Bonus", "earning", "bonus", False, account="6030"),
        WageType("1400", "Leave paid out", "earning", "holiday_pay", False, account="6020"),
        WageType("1500", "Hours of an earlier month", "earning", "base", False, account="6000"),
        WageType("2000", "Gross", "gross", ""),
        WageType("7000", "Income tax", "tax", "income_tax", True, _US, "2210"),
        WageType("7005", "Wage tax", "tax", "income_tax", True, _EU, "2215"),
        WageType("3100", "Social security", "deduction", "social_security", True, "Social security fund", "2220"),
        WageType("3105", "Social insurance", "deduction", "social_security", True, "Insurance funds of Europe", "2225"),
        WageType("3200", "Pension plan", "deduction", "pension", account="2230"),
        WageType("3300", "Health plan", "deduction", "insurance", account="2240"),
        WageType("4000", "Expenses paid back", "reimbursement", "expense", account="6200"),
        WageType("5000", "Net", "net", "", account="2200"),
        WageType("6000", "Social security, employer", "employer_cost", "social_security", True, "Social security fund",
                 "6100", "2220"),
        WageType("6005", "Social insurance, employer", "employer_cost", "social_security", True,
                 "Insurance funds of Europe", "6100", "2225"),
        WageType("6010", "Health plan, employer", "employer_cost", "insurance", account="6110", contra="2240"),
    )
}  # fmt: skip
STATUTORY = {"2210", "2215", "2220", "2225"}


@dataclass(frozen=True)
class Run:
    """A payroll run."""

    number: str
    group: str
    kind: str
    month: date

    @property
    def end(self) -> date:
        """Last day of the period."""
        return month_end(self.month)

    @property
    def pay_date(self) -> date:
        """The last weekday of the month; runs on top are paid two weeks earlier."""
        day = self.end if self.kind == "regular" else self.end - timedelta(days=14)
        return day - timedelta(days=max(0, day.weekday() - 4))

    @property
    def currency(self) -> str:
        """What it pays in."""
        return "EUR" if self.group == "EU" else "USD"

    @property
    def entity(self) -> str:
        """Who pays."""
        return "AWE" if self.group == "EU" else "AWC"


@dataclass(frozen=True)
class Line:
    """One line of a payslip."""

    run: Run
    employee: int
    number: int
    wage_type: str
    amount: Decimal
    cost_center: str
    hours: Decimal | None = None
    rate: Decimal | None = None
    earned_from: date | None = None
    currency: str = ""

    @property
    def kind(self) -> str:
        """That of its wage type."""
        return WAGE_TYPES[self.wage_type].kind


@dataclass(frozen=True)
class Payment:
    """One payment of a run."""

    number: str
    run: Run
    employee: int
    amount: Decimal
    iban: str
    account: str
    currency: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of a journal: debit positive."""

    entity: str
    journal: str
    line: int
    day: date
    kind: str
    account: str
    amount: Decimal
    currency: str
    document: str
    cost_center: str = ""
    text: str = ""


@dataclass
class Payroll:
    """All runs with their lines, and the hours behind them."""

    staff: list[Employee]
    absences: list[Absence]
    runs: list[Run] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    overtime: dict[tuple[int, date], Decimal] = field(default_factory=dict)

    def totals(self, run: Run) -> tuple[int, dict[str, Decimal]]:
        """Payslips of a run, and its lines summed by kind."""
        return totals([line for line in self.lines if line.run == run])


def cents(value: Decimal) -> Decimal:
    """Rounded half up to the cent."""
    return value.quantize(CENT, ROUND_HALF_UP)


def percent(amount: Decimal, rate: str) -> Decimal:
    """So many percent of an amount."""
    return cents(amount * D(rate) / 100)


def totals(lines: Iterable[Line]) -> tuple[int, dict[str, Decimal]]:
    """Payslips, and the lines summed by kind."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    payslips = set()
    for line in lines:
        sums[line.kind] += line.amount
        payslips.add((line.run.number, line.employee))
    return len(payslips), sums


def salary(employee: Employee, day: date) -> Decimal:
    """The salary of a month."""
    return cents(MONTH_HOURS * employee.rate_on(day) * employee.share)


def weekdays(first: date, last: date) -> list[date]:
    """Mondays to Fridays from first to last."""
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in span if day.weekday() < 5]


@lru_cache(maxsize=2)
def payroll_of(seed: int) -> Payroll:
    """The whole payroll of a seed."""
    staff = staff_of(seed)
    pay = Payroll(staff, absences_of(seed))
    rng = random.Random(f"{seed}/awc/payroll")
    away: dict[int, dict[date, bool]] = defaultdict(dict)
    for a in pay.absences:
        away[a.employee.number] |= dict.fromkeys(weekdays(a.start, a.end), a.paid)
    for month in months():
        for group in ("HRL", "SAL", "EU"):
            run = Run(f"{group}-{month:%Y-%m}", group, "regular", month)
            here = [e for e in staff if e.pay_group == group and any(map(e.works_on, weekdays(month, run.end)))]
            if here:
                pay.runs.append(run)
            for e in here:
                first = first_earnings(pay, e, run, away[e.number], rng)
                pay.lines += payslip(e, run, [*first, *extras(e, run, rng)], rng)
        _on_top(pay, month, rng)
    return pay


Part = tuple[str, Decimal, Decimal | None, date | None]
"""Of an earning: wage type, amount, hours, first day it is for."""


def first_earnings(pay: Payroll, e: Employee, run: Run, away: dict[date, bool], rng: random.Random) -> list[Part]:
    """What is earned by working, or by being employed."""
    every = weekdays(run.month, run.end)
    mine = [day for day in every if e.works_on(day)]
    if run.group != "HRL":
        return [("1010", cents(salary(e, run.end) * len(mine) / len(every)), None, None)]
    rate = e.rate_on(mine[-1])
    worked = [day for day in mine if day not in away]
    hours, leave = len(worked) * e.day_hours, sum(away.get(day, False) for day in mine) * e.day_hours
    over = D(0)
    if rng.random() < 0.2 and e.share == 1:
        days = [day for day in worked if day.weekday() in (1, 3)]  # twice a week, two hours each
        for day in days[: rng.randrange(1, 7)]:
            pay.overtime[e.number, day] = D(2)
            over += 2
    parts: list[Part] = [("1000", cents(hours * rate), hours, None)] if hours else []
    if leave:
        parts.append(("1200", cents(leave * rate), None, None))
    if over:
        parts += [("1100", cents(over * rate), over, None), ("1110", percent(over * rate, "50"), None, None)]
    return parts


def extras(e: Employee, run: Run, rng: random.Random) -> list[Part]:
    """What is earned now and then."""
    parts: list[Part] = []
    if (run.number, e.number) == LEAP:
        parts.append(("1300", D("30000.00"), None, None))
    if run.group != "HRL" and run.month.month == 12:
        parts.append(("1300", percent(salary(e, run.end), "50"), None, None))
    if run.group == "HRL" and rng.random() < 0.01:
        parts.append(("1300", D(rng.choice((100, 150, 250))).quantize(CENT), None, None))
    if e.left and run.month <= e.left <= run.end:
        parts.append(("1400", cents(D(rng.randrange(1, 9)) * e.day_hours * e.rate_on(e.left)), None, None))
    before = (run.month - timedelta(days=1)).replace(day=1)
    if run.group == "HRL" and len(e.rates) == 1 and before >= max(e.hired, FIRST) and rng.random() < 0.004:
        hours = D(rng.choice((-4, 2, 3, 4, 8)))
        parts.append(("1500", cents(hours * e.rate_on(run.end)), hours, before))
    return parts


def payslip(e: Employee, run: Run, parts: list[Part], rng: random.Random) -> list[Line]:
    """The lines of a payslip from its earnings."""
    if not parts:
        return []
    day = min(run.end, e.left or run.end)
    center, rate = e.department_on(day)[1].cost_center, e.rate_on(day)
    gross = sum((amount for _, amount, *_ in parts), ZERO)
    tax, insured, on_top = PERCENT[run.group]
    five = "5" if run.group == "EU" else "0"
    taken = [(f"700{five}", percent(gross, tax)), (f"310{five}", percent(gross, insured))]
    costs = [(f"600{five}", percent(gross, on_top))]
    back: list[tuple[str, Decimal]] = []
    if in_pension_plan(e, run.month):
        taken.append(("3200", percent(gross, "3")))
    plan = health_plan(e, run.month)
    if plan and run.kind == "regular" and gross > 8 * plan.employee_share:
        taken.append(("3300", plan.employee_share))
        costs.append(("6010", plan.employer_share))
    if run.kind == "regular" and run.group != "HRL" and rng.random() < 0.2:
        back = [("4000", cents(D(rng.randrange(2_000, 90_000)) / 100))]
    net = gross - sum((a for _, a in taken), ZERO) + sum((a for _, a in back), ZERO)
    rows = [("2000", gross), *taken, *back, ("5000", net), *costs]
    lines = [
        Line(run, e.number, n, kind, amount, center, hours, rate if hours else None, since, run.currency)
        for n, (kind, amount, hours, since) in enumerate(parts, start=1)
    ]
    more = enumerate(rows, start=len(lines) + 1)
    return lines + [Line(run, e.number, n, kind, amount, center, currency=run.currency) for n, (kind, amount) in more]


def _on_top(pay: Payroll, month: date, rng: random.Random) -> None:
    """Runs besides the regular ones: a bonus for the shop floor in June, hours forgotten in March."""
    kind = {6: "supplementary", 3: "correction"}.get(month.month)
    if kind is None:
        return
    run = Run(f"HRL-{month:%Y-%m}-{kind[0].upper()}", "HRL", kind, month)
    before = (month - timedelta(days=1)).replace(day=1)
    may = [e for e in pay.staff if e.pay_group == "HRL" and e.hired < before and (e.left is None or e.left > run.end)
           and len(e.rates) == 1]  # fmt: skip
    pay.runs.append(run)
    for e in sorted(rng.sample(may, 40 if kind == "supplementary" else 6), key=lambda e: e.number):
        hours = D(rng.choice((4, 8, 12)))
        part: Part = ("1300", D("180.00"), None, None)
        if kind == "correction":
            part = ("1500", cents(hours * e.rate_on(month)), hours, before)
        pay.lines += payslip(e, run, [part], rng)


def payments_of(pay: Payroll) -> list[Payment]:
    """One payment for every net above zero."""
    staff = {e.number: e for e in pay.staff}
    return [
        Payment(f"{line.run.number}/{line.employee}", line.run, line.employee, line.amount, staff[line.employee].iban,
                staff[line.employee].account, line.run.currency)
        for line in pay.lines if line.wage_type == "5000" and line.amount > 0
    ]  # fmt: skip


def legs_of(lines: Iterable[Line]) -> dict[tuple[str, str], Decimal]:
    """What the lines come to by account and cost centre, debit positive; liabilities have no cost centre."""
    legs: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        what = WAGE_TYPES[line.wage_type]
        if what.kind in ("earning", "reimbursement", "employer_cost"):
            legs[what.account, line.cost_center] += line.amount
        elif what.kind in ("deduction", "tax", "net"):
            legs[what.account, ""] -= line.amount
        if what.contra:
            legs[what.contra, ""] -= line.amount
    return legs


def journals_of(pay: Payroll) -> list[Entry]:
    """The opening, each run, its payment, and what is paid to authorities and plans in the month after."""
    by_run: dict[Run, list[Line]] = defaultdict(list)
    for line in pay.lines:
        by_run[line.run].append(line)
    entries: list[Entry] = []

    def post(run: Run, journal: str, day: date, kind: str, legs: dict[tuple[str, str], Decimal], text: str) -> None:
        rows = [(a, c, amount) for (a, c), amount in sorted(legs.items()) if amount]
        entries.extend(
            Entry(run.entity, journal, n, day, kind, a, amount, run.currency, run.number, c, text)
            for n, (a, c, amount) in enumerate(rows, start=1)
        )

    for group, day in (("SAL", FIRST), ("EU", date(2025, 4, 1))):
        first = Run("OPENING", group, "regular", day)
        post(first, f"OB-{group}", day, "opening", {("1000", ""): D(40_000_000), ("3000", ""): D(-40_000_000)}, "Bank")
    for run in pay.runs:
        legs = legs_of(by_run[run])
        post(run, f"PR-{run.number}", run.pay_date, "payroll", legs, f"Payroll {run.number}")
        net = -legs["2200", ""]
        paid = {("2200", ""): net, ("1000", ""): -net}
        post(run, f"PY-{run.number}", run.pay_date, "payment", paid, f"Net pay {run.number}")
        day = run.end + timedelta(days=15)
        owed = {key: -amount for key, amount in legs.items() if key[0].startswith("22") and key[0] != "2200"}
        if day <= LAST:
            owed["1000", ""] = -sum(owed.values(), ZERO)
            post(run, f"TX-{run.number}", day, "payment", owed, f"Withheld {run.number}")
    return entries
