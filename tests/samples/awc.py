"""Adventure Works Cycles: 24 months of payroll for the 290 employees of Microsoft's published sample company.

The register comes as a full list and three lists of changes (semicolons, gone through by hand), time sheets of the last
three months packed, payslips in fixed columns, payments with a total below, runs, wage types and rates as sheets of one
workbook, the lists of the personnel office as sheets of another, and the journals handed to the ledger.
`awc_faults.FAULTS` says what is wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from tests.samples.awc_faults import Extra, extra_of, not_recorded, stray_hours, stray_lists, stray_staff
from tests.samples.awc_pay import (
    WAGE_TYPES,
    Entry,
    Line,
    Payment,
    Payroll,
    journals_of,
    payments_of,
    payroll_of,
    salary,
)
from tests.samples.awc_pay import totals as totals_of
from tests.samples.awc_people import (
    COURSES,
    applications_of,
    documents_of,
    plans_of,
    reviews_of,
    tasks_of,
    trainings_of,
)
from tests.samples.awc_staff import LAST, Employee, months
from tests.samples.common import Folder, packed, table, workbook

Rows = list[list[str]]
Sheet = list[Sequence[object]]
Row = TypeVar("Row", Line, Payment)
LISTS = (date(2024, 10, 31), date(2025, 6, 30), date(2026, 3, 31), LAST)
"""Days of the register: everybody, then what changed."""
RECORDED = date(2026, 8, 1)
"""Time sheets are kept from this month on."""
ACCOUNTS = (
    ("1000", "Bank", "asset", "cash"),
    ("2200", "Net pay payable", "liability", "payroll_liability"),
    ("2210", "Income tax withheld", "liability", "payroll_liability"),
    ("2215", "Wage tax withheld, Europe", "liability", "payroll_liability"),
    ("2220", "Social security payable", "liability", "payroll_liability"),
    ("2225", "Social insurance payable, Europe", "liability", "payroll_liability"),
    ("2230", "Pension plan payable", "liability", "payroll_liability"),
    ("2240", "Health plan payable", "liability", "payroll_liability"),
    ("3000", "Share capital", "equity", "share_capital"),
    ("6000", "Wages and salaries", "expense", "payroll_expense"),
    ("6010", "Overtime", "expense", "payroll_expense"),
    ("6020", "Leave", "expense", "payroll_expense"),
    ("6030", "Bonuses", "expense", "payroll_expense"),
    ("6100", "Social security, employer", "expense", "payroll_expense"),
    ("6110", "Health plan, employer", "expense", "payroll_expense"),
    ("6200", "Travel", "expense", "operating_expense"),
)
_SITES = {"US": "Bothell", "DE": "Berlin", "AT": "Vienna"}


def write(folder: Folder) -> None:
    """All files of the client."""
    pay = payroll_of(folder.seed)
    wrong = extra_of(pay)
    for day, rows in zip(LISTS, register(pay.staff), strict=True):
        _semicolons(folder, f"register/staff_{day:%Y%m%d}.csv", rows)
    folder.write("time/hours_2026-08_2026-10.csv.gz", packed(table(time_sheets(pay), ",", "utf-8", newline="\n")))
    history, last = split_by_month([*pay.lines, *wrong.lines])
    folder.write("payroll/payslips_2024-11_2026-09.txt.gz", packed(fixed(history)))
    folder.write("payroll/payslips_2026-10.txt", fixed(last))
    old, new = split_by_month([*payments_of(pay), *wrong.payments])
    folder.write("payroll/payments_2024-11_2026-09.csv.gz", packed(table(paid(old), ";", "utf-8")))
    _semicolons(folder, "payroll/payments_2026-10.csv", paid(new))
    _semicolons(folder, "payroll/payments_2026-10-30.csv", paid(wrong.held), minute=5)
    folder.write("payroll/control_2026-10.xlsx", workbook(control_sheets(pay, wrong)))
    folder.write("personnel/lists_2026-10.xlsx", workbook(personnel_sheets(pay, folder.seed)))
    heads = ["Account", "Name", "Type", "Class", "Heading"]
    chart = [heads, *([*account, "N"] for account in ACCOUNTS)]
    folder.write_table("ledger/accounts.csv", chart, delimiter=",", newline="\n")
    folder.write_table(
        "ledger/journal_2024-11_2026-10.csv", journal([*journals_of(pay), *wrong.entries]), delimiter=",", newline="\n"
    )


def _semicolons(folder: Folder, name: str, rows: Rows, minute: int = 0) -> None:
    folder.write_table(name, rows, delimiter=";", minute=minute)


def split_by_month(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Rows up to September 2026, and those of October."""
    early: list[Row] = []
    late: list[Row] = []
    for row in rows:
        (late if row.run.month == months()[-1] else early).append(row)
    return early, late


def us(day: date | None) -> str:
    """A day as Americans write it."""
    return f"{day:%m/%d/%Y}" if day else ""


REGISTER = (
    "Number", "National id", "User", "Job", "Born", "Marital", "Gender", "Hired", "Left", "Why", "Salaried", "Vacation",
    "Sick", "Employed", "Dept", "Department", "Group", "Dept since", "Company", "Country", "Grade", "Manager",
    "Cost centre", "Site", "FTE", "Hours", "Pay group", "Ccy", "Tax no", "Insurance no", "IBAN", "Account",
)  # fmt: skip


PERSONNEL = {
    "Absences": "No|Employee|Why|First day|Last day|Days|Hours|Paid|Certificate|State",
    "Plans": "Employee|Plan|Since|Until|Name|Kind|Covers|Own share|Company share|Ccy",
    "Courses": "No|Employee|Course|Name|Must|Assigned|Due|Done|Valid to|Hours|Result",
    "Papers": "No|Employee|Kind|Country|Issued|Valid to|Must",
    "Reviews": "No|Employee|Cycle|Day|Rating|Reviewer",
    "Applications": "No|Vacancy|Candidate|Position|Dept|Department|Opened|Source|Stage|Applied|Screened|Interviewed|"
                    "Offered|Hired|Closed",
    "Joiners": "Employee|Task|Name|Kind|Owner|Must|Due|Done",
}  # fmt: skip


def register_row(e: Employee, day: date) -> list[str]:
    """An employee as the register shows it on a day."""
    since, department = e.department_on(day)
    gone = e.left is not None and e.left <= day
    return [
        str(e.number), e.national_id, e.login, e.job, us(e.birth), e.marital, e.gender, us(e.hired),
        us(e.left) if gone else "", e.reason if gone else "", "Y" if e.salaried else "N", e.vacation, e.sick,
        "N" if gone else "Y", department.number, department.name, department.group, us(since), e.entity, e.country,
        f"L{e.level}", str(e.manager or ""), department.cost_center, _SITES[e.country], str(e.share),
        str(5 * e.day_hours), e.pay_group, e.currency, e.tax_id, e.social_security_id, e.iban, e.account,
    ]  # fmt: skip


def register(staff: list[Employee]) -> list[Rows]:
    """The lists: everybody on the first day, then those whose row changed."""
    known: dict[int, list[str]] = {}
    out: list[Rows] = []
    for day in LISTS:
        now = {e.number: register_row(e, day) for e in staff if e.hired <= day}
        out.append([list(REGISTER), *(row for number, row in now.items() if known.get(number) != row)])
        known |= now
    german, austrian = (register_row(e, LAST) for e in staff if e.number in (285, 286))
    out[0] += stray_staff(german, REGISTER, austrian)
    return out


def time_sheets(pay: Payroll) -> Rows:
    """An entry per day worked, another for overtime, for everybody who is paid by the hour."""
    away = {not_recorded(pay)}
    away |= {(a.employee.number, a.start + timedelta(days=n)) for a in pay.absences
            for n in range((a.end - a.start).days + 1)}  # fmt: skip
    rows: Rows = [["Employee", "Day", "Entry", "Hours", "Kind", "Cost centre", "Project", "Approved"]]
    for day in (RECORDED + timedelta(days=n) for n in range((LAST - RECORDED).days + 1)):
        for e in pay.staff:
            if e.pay_group != "HRL" or not e.works_on(day) or (e.number, day) in away:
                continue
            center, approved = e.department_on(day)[1].cost_center, us(day + timedelta(days=7 - day.weekday()))
            rows.append([str(e.number), us(day), "1", str(e.day_hours), "R", center, "", approved])
            if over := pay.overtime.get((e.number, day)):
                rows.append([str(e.number), us(day), "2", str(over), "O", center, "", approved])
    rows += [[str(n), us(day), "1", str(hours), "R", "", mark, ""] for n, day, hours, mark in stray_hours(pay)]
    return rows


def fixed(lines: Iterable[Line]) -> bytes:
    """Payslips in columns of fixed width; the profile has the positions."""
    return "".join(
        f"{line.run.number:16}{line.employee:05}{line.number:03}{line.run.month:%Y%m%d}{line.run.end:%Y%m%d}"
        f"{line.run.pay_date:%Y%m%d}{line.wage_type}{_number(line.hours, 8)}{_number(line.rate, 10)}"
        f"{_number(line.amount, 13)}{line.currency}{line.cost_center}"
        f"{line.earned_from.strftime('%Y%m%d') if line.earned_from else ' ' * 8}\r\n"
        for line in lines
    ).encode("ascii")


def _number(value: Decimal | None, width: int) -> str:
    return f"{'' if value is None else value:>{width}}"


def paid(payments: Iterable[Payment]) -> Rows:
    """Payments with their number and sum below."""
    rows = [
        [p.number, p.run.number, str(p.employee), us(p.run.pay_date), str(p.amount), p.currency, p.iban, p.account]
        for p in payments
    ]
    total = sum((Decimal(row[4]) for row in rows), Decimal(0))
    heads = ["Payment", "Run", "Employee", "Day", "Amount", "Ccy", "IBAN", "Account"]
    return [heads, *rows, ["Total", str(len(rows)), "", "", str(total), "", "", ""]]


def control_sheets(pay: Payroll, wrong: Extra) -> dict[str, Sheet]:
    """Runs with their totals, wage types, and rates."""
    runs: Sheet = [
        ["Run", "Company", "Pay group", "Kind", "From", "To", "Paid on", "Payslips", "Gross", "Withheld", "Net",
         "Employer", "Ccy"]
    ]  # fmt: skip
    by_run: dict[str, list[Line]] = {}
    for line in pay.lines:
        by_run.setdefault(line.run.number, []).append(line)
    for r, lines, off in [*((r, by_run[r.number], Decimal(0)) for r in pay.runs), *wrong.runs]:
        count, sums = totals_of(lines)
        amounts = [sums["earning"] + off, sums["deduction"] + sums["tax"], sums["net"], sums["employer_cost"]]
        runs.append([r.number, r.entity, r.group, r.kind, us(r.month), us(r.end), us(r.pay_date), count,
                     *map(str, amounts), lines[0].currency if lines else r.currency])  # fmt: skip
    types: Sheet = [["Wage type", "Name", "Kind", "Purpose", "Every run", "By law", "Owed to", "Account", "Contra"]]
    for w in WAGE_TYPES.values():
        types.append([w.number, w.name, w.kind, w.purpose, "Y" if w.recurring else "N", "Y" if w.authority else "N",
                      w.authority, w.account, w.contra])  # fmt: skip
    rates: Sheet = [["Employee", "From", "Rate", "Salary", "Ccy", "Why"]]
    for e in pay.staff:
        for n, (since, rate) in enumerate(e.rates):
            monthly = "" if e.pay_group == "HRL" else str(salary(e, since))
            rates.append([str(e.number), us(since), str(rate), monthly, e.currency, "raise" if n else "hire"])
    return {"Runs": runs, "Wage types": types, "Rates": rates}


def personnel_sheets(pay: Payroll, seed: int) -> dict[str, Sheet]:
    """The lists of the personnel office."""
    yes = {True: "Y", False: "N", None: ""}
    absences: Sheet = [
        [a.number, a.employee.number, a.kind, us(a.start), us(a.end), a.days, str(a.days * a.employee.day_hours),
         yes[a.paid], yes[a.certificate], a.state]
        for a in pay.absences
    ]  # fmt: skip
    plans: Sheet = [
        [p.employee.number, p.number, us(p.since), us(p.employee.left), p.name, p.kind, p.coverage,
         _share(p.employee_share), _share(p.employer_share), "USD"]
        for p in plans_of(seed)
    ]  # fmt: skip
    courses: Sheet = [
        [t.number, t.employee, t.course, COURSES[t.course][0], yes[COURSES[t.course][1]], us(t.assigned), us(t.due),
         us(t.done), us(t.valid_to), COURSES[t.course][3], t.result]
        for t in trainings_of(seed)
    ]  # fmt: skip
    papers: Sheet = [
        [d.number, d.employee, d.kind, d.country, us(d.issued), us(d.valid_to), yes[d.mandatory]]
        for d in documents_of(seed)
    ]
    reviews: Sheet = [[r.number, r.employee, r.cycle, us(r.day), r.rating, r.reviewer or ""] for r in reviews_of(seed)]
    applications: Sheet = [
        [a.number, a.vacancy, a.candidate, a.position, *a.department, us(a.opened), a.source, a.stage,
         *map(us, a.days)]
        for a in applications_of(seed)
    ]  # fmt: skip
    joiners: Sheet = [
        [t.employee, t.number, t.name, t.category, t.owner, yes[t.mandatory], us(t.due), us(t.done)]
        for t in tasks_of(seed)
    ]
    lists = (absences, plans, courses, papers, reviews, applications, joiners)
    stray = stray_lists(pay)
    return {
        name: [heads.split("|"), *rows, *stray[name]]
        for (name, heads), rows in zip(PERSONNEL.items(), lists, strict=True)
    }


def _share(amount: Decimal) -> str:
    return str(amount) if amount else ""


JOURNAL = ("Company", "Journal", "Line", "Day", "Kind", "Account", "Debit", "Credit", "Ccy", "Document", "Cost centre",
           "Text")  # fmt: skip


def journal(entries: Iterable[Entry]) -> Rows:
    """The journals, debit and credit apart."""
    rows: Sequence[list[str]] = [
        [e.entity, e.journal, str(e.line), us(e.day), e.kind, e.account, str(max(e.amount, Decimal(0))),
         str(max(-e.amount, Decimal(0))), e.currency, e.document, e.cost_center, e.text]
        for e in entries
    ]  # fmt: skip
    return [list(JOURNAL), *rows]
