"""What is wrong in the files of Adventure Works Cycles on purpose, and which rule must say so.

Faults of payslips and payments stand in runs of their own (`HRL-2026-10-GRS`), so that what is set aside is missing in
no other run; runs on top are posted by nobody, but for one whose journal says another amount. Hours are planted for
salaried employees, who keep no time sheets.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from tests.samples.awc_pay import Entry, Line, Part, Payment, Payroll, Run, cents, legs_of, payments_of, payslip
from tests.samples.awc_staff import Employee, account_at
from tests.samples.common import Fault

D = Decimal
MONTH = date(2026, 10, 1)


_STAFF, _TIME, _SLIPS, _PAID = "people.employees", "people.timesheets", "payroll.payslips", "payroll.payments"
FAULTS = (
    Fault("check digits of a tax number", _STAFF, "x-tax", "tax_id_check_digits"),
    Fault("check digits of an insurance number", _STAFF, "x-insurance", "social_security_check_digits"),
    Fault("check digits of an IBAN", _STAFF, "x-iban", "unreadable.iban"),
    Fault("a day of nineteen hours", _TIME, "X-DAY", "hours_per_day_legal", "warn"),
    Fault("a week of more hours than the law allows", _TIME, "X-WEEK", "hours_per_week_legal", "warn"),
    Fault("hours beyond the contract", _TIME, "X-CONTRACT", "hours_within_contract", "warn"),
    Fault("hours after the exit", _TIME, "X-GONE", "worked_while_employed"),
    Fault("mandatory course done late", "people.trainings", "X-LATE", "mandatory_done_in_time", "warn"),
    Fault("mandatory course not done", "people.trainings", "X-OVERDUE", "mandatory_not_overdue", "warn"),
    Fault("permit has run out", "people.documents", "X-PERMIT", "mandatory_still_valid", "warn"),
    Fault("back before away", "people.absences", "X-AWAY", "dates_in_order"),
    Fault("negative share of a plan", "people.benefits", "X-PLAN", "shares_not_negative"),
    Fault("interview before the application", "people.applications", "X-STAGES", "stages_in_order"),
    Fault("rating beyond the scale", "people.reviews", "X-RATING", "rating_on_scale"),
    Fault("task done before the hire", "people.onboarding_tasks", "X-TASK", "done_not_before_hire", "warn"),
    Fault("gross is not what was earned", _SLIPS, "-GRS", "gross_is_sum_of_earnings"),
    Fault("net is not what is left", _SLIPS, "-NET", "net_is_gross_less_deductions"),
    Fault("payslips differ from the total of the run", _SLIPS, "-TOT", "run_totals_match"),
    Fault("paid after the exit", _SLIPS, "-GON", "employed_in_period"),
    Fault("rate that no record explains", _SLIPS, "-RAT", "rate_has_pay_rate"),
    Fault("below the minimum wage", _SLIPS, "-MIN", "minimum_wage_reached"),
    Fault("negative net", _SLIPS, "-NEG", "net_not_negative"),
    Fault("correction of long ago", _SLIPS, "-OLD", "correction_not_too_old"),
    Fault("currency other than that of the contract", _SLIPS, "-CCY", "contract_currency"),
    Fault("payslip of nobody", _SLIPS, "-UNK", "reference.employee_id"),
    Fault("pay leaps", _SLIPS, "SAL-2026-10", "pay_like_last_run", "warn"),
    Fault("paid hours that no time sheet has", _SLIPS, "HRL-2026-10", "hours_as_recorded", "warn"),
    Fault("two regular runs in one period", "payroll.runs", "TMP-2026-10", "one_regular_run_per_period"),
    Fault("payment of another amount", _PAID, "-PMT", "payments_match_payslips"),
    Fault("paid twice", _PAID, "-TWI", "not_paid_twice", also=("payments_match_payslips",)),
    Fault("payment to somebody who has left", _PAID, "-PGO", "paid_person_employed"),
    Fault("payment to nobody", _PAID, "-PUN", "reference.employee_id", also=("payments_match_payslips",)),
    Fault("account that is not on the register", _PAID, "-ACC", "account_on_register", "warn"),
    Fault("one account for two people", _PAID, "-HLD", "one_person_per_account", "hold"),
    Fault("journal of another amount", "ledgers.gl_entries", "-LED", "", "ledger"),
)
"""Every planted error. Rules on payroll against the ledger are a mart: a journal of another amount loads."""


@dataclass
class Extra:
    """What the files hold besides the payroll that is in order."""

    runs: list[tuple[Run, list[Line], Decimal]]
    """Runs with the lines their totals are of, and what is added to the gross total."""
    lines: list[Line]
    payments: list[Payment]
    held: list[Payment]
    entries: list[Entry]


def solid(pay: Payroll) -> list[Employee]:
    """Full-time, by the hour, always on one rate, there all the time."""
    return [e for e in pay.staff if e.pay_group == "HRL" and len(e.rates) == 1 and e.hired.year < 2024
            and e.left is None and e.share == 1]  # fmt: skip


def gone(pay: Payroll) -> Employee:
    """Somebody who left months ago, but not too long for a correction."""
    return next(e for e in pay.staff if e.left and date(2025, 11, 1) < e.left < date(2026, 7, 31))


def not_recorded(pay: Payroll) -> tuple[int, date]:
    """The day that is paid and missing on the time sheets."""
    away = {a.employee.number for a in pay.absences if a.end >= MONTH}
    return next(e.number for e in solid(pay)[20:] if e.number not in away), date(2026, 10, 14)


def _run(code: str, group: str = "HRL") -> Run:
    return Run(f"{group}-2026-10-{code}", group, "off_cycle", MONTH)


_BONUS: Part = ("1300", D("150.00"), None, None)


def _slip(e: Employee, run: Run, part: Part = _BONUS, **first: object) -> list[Line]:
    """A payslip of one earning, in order but for what is changed in that line."""
    lines = payslip(e, run, [part], random.Random(run.number))
    lines[0] = replace(lines[0], **first)  # type: ignore[arg-type]
    return lines


def _raised(lines: list[Line], wage_type: str, by: str) -> list[Line]:
    return [replace(x, amount=x.amount + D(by)) if x.wage_type == wage_type else x for x in lines]


def extra_of(pay: Payroll) -> Extra:
    """Runs, lines, payments and journals that are wrong."""
    out = Extra([], [], [], [], [])
    people = iter(solid(pay))

    def add(
        code: str, lines: Callable[[Employee, Run], list[Line]], e: Employee | None = None, by: str = "0"
    ) -> Employee:
        who = e or next(people)
        run = _run(code, who.pay_group)
        made = lines(who, run)
        out.runs.append((run, made, D(by)))
        out.lines.extend(made)
        return who

    def hours(e: Employee, run: Run, rate: str) -> list[Line]:
        part: Part = ("1000", cents(8 * D(rate)), D(8), None)
        return _slip(e, run, part, rate=D(rate))

    def negative(e: Employee, run: Run) -> list[Line]:
        lines = _slip(e, run)
        lines.append(replace(lines[-1], number=len(lines) + 1, wage_type="3200", amount=D("500.00")))
        return _raised(lines, "5000", "-500")

    add("GRS", lambda e, run: _raised(_slip(e, run), "2000", "10"), by="10")
    add("NET", lambda e, run: _raised(_slip(e, run), "5000", "10"))
    add("TOT", _slip, by="100")
    add("GON", _slip, gone(pay))
    add("RAT", lambda e, run: hours(e, run, "99.9900"))
    add("MIN", lambda e, run: hours(e, run, "4.5000"))
    add("NEG", negative)
    add("OLD", lambda e, run: _slip(e, run, ("1500", D("150.00"), None, date(2021, 3, 1))))
    add("CCY", lambda e, run: [replace(x, currency="EUR") for x in _slip(e, run)])
    add("UNK", lambda e, run: [replace(x, employee=999) for x in _slip(e, run)])
    for code in ("A", "B"):
        out.runs.append((Run(f"TMP-2026-10-{code}", "TMP", "regular", MONTH), [], D(0)))
    _add_payments(pay, out, add)
    return out


def _add_payments(pay: Payroll, out: Extra, add: Callable[..., Employee]) -> None:
    """Payments that are wrong, of payslips that are in order."""

    def payment_of(who: Employee) -> Payment:
        run, made, _ = out.runs[-1]
        return payments_of(replace(pay, lines=made, runs=[run], staff=[who]))[0]

    def paid(code: str, e: Employee | None = None) -> Payment:
        return payment_of(add(code, _slip, e))

    payment = paid("PMT")
    out.payments.append(replace(payment, amount=payment.amount + 50))
    payment = paid("TWI")
    out.payments += [payment, replace(payment, number=f"{payment.number}/2")]
    left = gone(pay)
    add("PGO", lambda e, run: [replace(x, earned_from=e.left) for x in _slip(e, run)], left)
    out.payments.append(payment_of(left))
    out.runs.append((_run("PUN"), [], D(0)))
    out.payments.append(replace(payment, number="PUN/999", run=_run("PUN"), employee=999, account="555000222"))
    first, second, third = (e for e in pay.staff if e.country == "DE" and e.number != 284)
    payment = paid("ACC", first)
    out.payments.append(replace(payment, iban=account_at("DE", 9_999)))
    payment = paid("HLD", second)
    run, lines, _ = out.runs.pop()
    more = _slip(third, run)
    out.runs.append((run, [*lines, *more], D(0)))
    out.lines += more
    other = payments_of(replace(pay, lines=more, runs=[run], staff=[third]))[0]
    out.held += [payment, replace(other, iban=payment.iban)]
    out.payments.append(paid("LED"))
    run, lines, _ = out.runs[-1]
    legs = legs_of(lines)
    legs["6000", "CC070"] += 12
    legs["2200", ""] -= 12
    out.entries += [
        Entry("AWC", f"PR-{run.number}", n, run.pay_date, "payroll", account, amount, "USD", run.number, center,
              f"Payroll {run.number}")
        for n, ((account, center), amount) in enumerate(sorted(legs.items()), start=1)
    ]  # fmt: skip


Cells = Sequence[object]


def stray_staff(row: list[str], heads: Sequence[str], other: list[str]) -> list[list[str]]:
    """Register rows with wrong check digits, after rows of employees in Germany and in Austria."""

    def like(cells: list[str], number: str, user: str, head: str) -> list[str]:
        new = dict(zip(heads, cells, strict=True)) | {"Number": number, "User": f"adventure-works\\{user}"}
        text = new[head]
        at = 3 if head != "Tax no" else len(text) - 1  # where the check digit stands
        new[head] = f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"
        return [*(new | {"National id": "", "Hired": "01/15/2024", "Dept since": "01/15/2024"}).values()]

    return [like(row, "901", "x-tax", "Tax no"), like(other, "902", "x-insurance", "Insurance no"),
            like(row, "903", "x-iban", "IBAN")]  # fmt: skip


def stray_hours(pay: Payroll) -> list[tuple[int, date, Decimal, str]]:
    """Employee, day, hours and mark of time entries that may not be."""
    whole, tired = [e.number for e in pay.staff if e.pay_group == "SAL" and e.share == 1][:2]
    half = next(e.number for e in pay.staff if e.pay_group == "SAL" and e.share < 1)
    monday = date(2026, 9, 7)
    week = [monday + timedelta(days=n) for n in range(6)]
    return [
        (whole, monday, D("19"), "X-DAY"),
        *((tired, day, D("10.5"), "X-WEEK") for day in week),
        *((half, day, D("8"), "X-CONTRACT") for day in week[:5]),
        (gone(pay).number, monday, D("8"), "X-GONE"),
    ]


def stray_lists(pay: Payroll) -> dict[str, list[Cells]]:
    """Rows for each list of the personnel office."""
    e, joined = solid(pay)[30].number, max(pay.staff, key=lambda e: e.hired)
    early = f"{joined.hired - timedelta(days=9):%m/%d/%Y}"
    return {
        "Absences": [["X-AWAY", e, "vacation", "10/16/2026", "10/12/2026", 5, "40", "Y", "", "taken"]],
        "Plans": [[e, "X-PLAN", "01/01/2026", "", "Meal", "meal", "employee", "-20.00", "40.00", "USD"]],
        "Courses": [
            ["X-LATE", e, "D01", "Data protection", "Y", "02/01/2026", "05/15/2026", "06/22/2026", "", "2", "passed"],
            ["X-OVERDUE", e, "S01", "Safety at work", "Y", "02/01/2026", "05/15/2026", "", "", "4", ""],
        ],
        "Papers": [["X-PERMIT", e, "work_permit", "US", "04/01/2021", "03/31/2026", "Y"]],
        "Reviews": [["X-RATING", e, "2026", "03/10/2026", 6, 1]],
        "Applications": [["X-STAGES", "V-X", "K-X", "Buyer", "5", "Purchasing", "05/04/2026", "referral", "interviewed",
                          "05/20/2026", "05/21/2026", "05/11/2026", "", "", ""]],
        "Joiners": [[joined.number, "X-TASK", "Fork lift course", "training", "Works manager", "Y", early, early]],
    }  # fmt: skip
