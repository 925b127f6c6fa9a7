"""Rows of payroll for the tests of its marts: an office with all feeds, and a bare register of earnings.

`west` pays twelve people by three monthly runs from two sources of payslips, one person in dollars; what is odd is said
at its place. `years` delivers what a public register has: three kinds of pay per person and year.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from pipelines.warehouse.pseudonyms import give_key
from tests.sql.rows import Row, insert

CLIENTS = ("west", "years")
D = Decimal
RUNS = {
    "M-01": ("2026-01-01", "2026-01-31"),
    "M-02": ("2026-02-01", "2026-02-28"),
    "M-03": ("2026-03-01", "2026-03-31"),
}
PEOPLE = [f"W-{n:02}" for n in range(1, 13)]
WOMEN = {"W-01", "W-02", "W-03", "W-04", "W-05", "W-11"}
ACCOUNTS = {"1000": "6000", "1010": "6000", "1300": "6030", "7000": "2210", "7100": "2220", "9000": "2200"}


def fill_payroll(conn: sa.Connection) -> None:
    """What was known at the cut-off of `rows.py`."""
    for client in CLIENTS:  # known by their deliveries, without a profile
        insert(conn, "ops.client", [{"client_id": client, "name": client}])
        give_key(conn, client)
    for table, rows in tables().items():
        insert(conn, table, [{k: v for k, v in row.items() if k != "_is_old"} for row in rows])


def tables() -> dict[str, list[Row]]:
    """All rows, by table."""
    slips = list(payslips())
    return {
        "core.people_employees": _employees(),
        "core.payroll_wage_types": _wage_types(),
        "core.payroll_runs": _runs(),
        "core.payroll_payslips": slips,
        "core.payroll_payments": list(_payments(slips)),
        "core.payroll_pay_rates": _pay_rates(),
        "core.ledgers_gl_entries": list(_entries(slips)),
    }


def cents(amount: Decimal) -> Decimal:
    """Rounded as payroll does."""
    return amount.quantize(D("0.01"), ROUND_HALF_UP)


def _employees() -> list[Row]:
    def cost_center(number: str) -> str:
        return "C-1" if number <= "W-06" else "C-2" if number == "W-07" else "C-3"

    return [
        {
            "client_id": "west",
            "employee_id": number,
            "job_title": "Miller",
            "gender_code": "female" if number in WOMEN else "male",
            "hire_date": "2026-02-01" if number == "W-03" else "2020-01-01",
            "exit_date": "2026-02-28" if number == "W-04" else None,
            "is_current": number != "W-04",
            "department_name": "Mill",
            "grade_id": "G2" if number in ("W-11", "W-12") else "G1",
            "cost_center_id": cost_center(number),
            "weekly_hours": D("35"),
        }
        for number in PEOPLE
    ]


def _wage_types() -> list[Row]:
    def wage_type(number: str, name: str, kind: str, purpose: str | None = None, **values: Any) -> Row:
        row = {"client_id": "west", "wage_type_id": number, "wage_type_name": name, "kind_code": kind}
        return {**row, "purpose_code": purpose, "account_id": ACCOUNTS.get(number), **values}

    return [
        wage_type("1000", "Hours", "earning", "base"),
        wage_type("1010", "Salary", "earning", "base", is_recurring=True),
        wage_type("1300", "Bonus", "earning", "bonus", is_recurring=False),
        wage_type("4000", "Expenses", "reimbursement", "expense"),
        wage_type("7000", "Tax", "tax", "income_tax", is_statutory=True, authority_name="Tax office"),
        wage_type("7100", "Insurance", "deduction", "social_security", is_statutory=True, authority_name="Fund"),
        wage_type(
            "7200", "Insurance, employer", "employer_cost", "social_security", is_statutory=True, authority_name="Fund",
            account_id="6100", contra_account_id="2220",
        ),
        wage_type("8000", "Gross", "gross"),
        wage_type("9000", "Net", "net"),
    ]  # fmt: skip


def _runs() -> list[Row]:
    """M-01 states its totals to the cent, M-02 one payslip too many, M-03 none; X-03 has no payslips."""

    def run(number: str, kind: str = "regular", **values: Any) -> Row:
        start, end = RUNS.get(number, RUNS["M-03"])
        row = {"client_id": "west", "run_id": number, "run_kind_code": kind, "period_start_date": start}
        return {**row, "period_end_date": end, "pay_date": end, "currency_code": "EUR", "pay_group_id": "M", **values}

    return [
        run("M-01", **totals("M-01"), payslip_count=11),
        run("M-02", **totals("M-02"), payslip_count=13),
        run("M-03"),
        run("X-03", "off_cycle", payslip_count=1, gross_total_amount=D("10.00")),
    ]


def totals(run_id: str) -> dict[str, Decimal]:
    """Control totals in euros, of what was delivered last."""
    lines = [s for s in payslips() if (s["client_id"], s["run_id"], s["currency_code"]) == ("west", run_id, "EUR")]
    lines = [s for s in lines if not s.get("_is_old")]

    def total(*kinds: str) -> Decimal:
        return sum((s["pay_amount"] for s in lines if s["kind_code"] in kinds), D(0))

    withheld = total("tax", "deduction")
    return {
        "gross_total_amount": total("earning"),
        "withheld_total_amount": withheld,
        "net_total_amount": total("earning", "reimbursement") - withheld,
        "employer_total_amount": total("employer_cost"),
    }


def _base(number: str, run_id: str) -> list[dict[str, Any]]:
    """Earnings of a person in a run."""
    month = int(run_id[-1])
    salary = {"wage_type_id": "1010", "pay_amount": D(2900 + 10 * PEOPLE.index(number))}
    if number == "W-01" and month == 3:
        salary["pay_amount"] += D("150.25")  # a pay rate began in March
    if number == "W-12" and month == 3:
        salary["pay_amount"] -= D("80.00")  # and here none
    lines: list[dict[str, Any]] = [salary]
    if number == "W-02":  # 150 h at 20, 160 h at 20, 155.5 h at 21
        hours, rate = ((D("150"), D("20")), (D("160"), D("20")), (D("155.50"), D("21")))[month - 1]
        lines = [{"wage_type_id": "1000", "paid_hours": hours, "pay_rate": rate, "pay_amount": cents(hours * rate)}]
    if number == "W-05" and month == 2:
        lines.append({"wage_type_id": "1300", "pay_amount": D("500.00"), "cost_center_id": "C-1"})
    if number == "W-06" and month == 3:
        lines.append({"wage_type_id": "1010", "pay_amount": D("-33.33"), "earned_from_date": "2026-01-01"})
    return lines


def payslips() -> Iterator[Row]:
    """Of `west` by two sources, of which `plant` sends whole periods and M-01 twice; then those of `years`."""
    for run_id in RUNS:
        for number in PEOPLE:
            if (number, run_id) in (("W-03", "M-01"), ("W-04", "M-03")):
                continue
            where: Row = {"_source": "plant", "_period": RUNS[run_id][1][:7]} if number >= "W-11" else {}
            yield from payslip(run_id, number, _base(number, run_id), **where)
            if number == "W-11" and run_id == "M-01":
                again: Row = {"_source": "plant", "_period": "2025-12", "_is_old": True}
                yield from payslip(run_id, number, [{"wage_type_id": "1010", "pay_amount": D("1.00")}], **again)
    yield from years()


def payslip(run_id: str, number: str, earnings: list[dict[str, Any]], **where: Any) -> Iterator[Row]:
    """Earnings with a fifth of tax, a tenth of insurance on both sides, expenses of W-09, and the stated totals."""
    start, end = RUNS[run_id]
    row: Row = {"client_id": "west", "run_id": run_id, "employee_id": number, **where}
    row |= {"period_start_date": start, "period_end_date": end, "currency_code": "USD" if number == "W-10" else "EUR"}
    gross = sum((line["pay_amount"] for line in earnings), D(0))
    tax, share = cents(gross / 5), cents(gross / 10)
    expenses = D("12.34") if number == "W-09" else D(0)
    net = gross + expenses - tax - share
    if (number, run_id) == ("W-07", "M-02"):
        net += D("0.01")  # states a cent too much
    parts = [("7000", "tax", tax), ("7100", "deduction", share), ("7200", "employer_cost", share)]
    parts += [("4000", "reimbursement", expenses)] if expenses else []
    parts += [("8000", "gross", gross), ("9000", "net", net)]
    lines = [{"kind_code": "earning", **line} for line in earnings]
    lines += [{"wage_type_id": number, "kind_code": kind, "pay_amount": amount} for number, kind, amount in parts]
    for n, line in enumerate(lines, 1):
        yield {**row, "line_id": str(n), **line}


def years() -> Iterator[Row]:
    """Six people, two years under one run number, in mode period; in 2025 Y-6 is new and Y-1 gone."""
    for year in ("2024", "2025"):
        for n in range(1, 7):
            if (year, n) in (("2024", 6), ("2025", 1)):
                continue
            parts = (
                ("regular", D(40000 + 1000 * n)),
                ("overtime", D(100 * n + int(year[-1]))),
                ("other", D("0.50") * n),
            )
            for wage_type, amount in parts:
                yield {
                    "client_id": "years",
                    "_period": year,
                    "run_id": "register",
                    "employee_id": f"Y-{n}",
                    "line_id": wage_type,
                    "wage_type_id": wage_type,
                    "kind_code": "earning",
                    "period_start_date": f"{year}-01-01",
                    "period_end_date": f"{year}-12-31",
                    "pay_amount": amount,
                    "currency_code": "EUR",
                }


def _payments(slips: list[Row]) -> Iterator[Row]:
    """Net pay of January and February; W-08 is not paid in February, W-06 a euro less, and Q-1 is on no payslip."""
    number = 0
    for s in slips:
        if s["client_id"] != "west" or s["kind_code"] != "net" or s["run_id"] == "M-03" or s.get("_is_old"):
            continue
        if (s["employee_id"], s["run_id"]) == ("W-08", "M-02"):
            continue
        short = D("1.00") if (s["employee_id"], s["run_id"]) == ("W-06", "M-02") else D(0)
        number += 1
        yield payment(number, s["run_id"], s["employee_id"], s["pay_amount"] - short, currency_code=s["currency_code"])
    yield payment(998, "M-02", "W-08", D("5.00"), payment_status_code="returned")
    yield payment(999, "M-02", "Q-1", D("77.00"))


def payment(number: int, run_id: str, employee_id: str, amount: Decimal, **values: Any) -> Row:
    row: Row = {"client_id": "west", "payment_id": f"P-{number}", "run_id": run_id, "employee_id": employee_id}
    return {**row, "payment_date": RUNS[run_id][1], "paid_amount": amount, "currency_code": "EUR", **values}


def _pay_rates() -> list[Row]:
    rate = {"client_id": "west", "currency_code": "EUR", "pay_frequency_code": "monthly", "hourly_rate": "19.0000"}
    return [
        {**rate, "employee_id": number, "valid_from_date": day}
        for number, day in (("W-01", "2020-01-01"), ("W-01", "2026-03-01"), ("W-12", "2020-01-01"))
    ]


def _entries(slips: list[Row]) -> Iterator[Row]:
    """January as it is, February with ten euros more salary, March not yet; one journal names no run; taxes are
    paid for January, of February a hundred euros; the ledger opened with fifty owed for December."""

    def line(journal: str, day: str, kind: str, account: str, amount: Decimal, n: int, **values: Any) -> Row:
        row = {"client_id": "west", "entity_code": "W", "journal_id": journal, "line_id": str(n), "posting_date": day}
        row |= {"journal_type_code": kind, "account_id": account, "currency_code": "EUR", **values}
        return {**row, "debit_amount": max(amount, D(0)), "credit_amount": max(-amount, D(0))}

    taxes = {run: sum((s["pay_amount"] for s in slips if _is_tax(s, run)), D(0)) for run in RUNS}
    for run_id in ("M-01", "M-02"):
        sums = posted(slips, run_id, "EUR")
        if run_id == "M-02":
            sums["6000"] += D("10.00")
            del sums["6100"]
        for n, (account, amount) in enumerate(sorted(sums.items()), 1):
            yield line(f"J-{run_id}", RUNS[run_id][1], "payroll", account, amount, n, document_id=run_id)
    yield line("J-9", "2025-06-30", "payroll", "6000", D("5.00"), 1)
    yield line("J-0", "2025-12-31", "opening", "2210", D("-50.00"), 1)
    yield line("J-10", "2026-01-10", "payment", "2210", D("50.00"), 1)
    yield line("J-11", "2026-02-10", "payment", "2210", taxes["M-01"], 1)
    yield line("J-12", "2026-03-10", "payment", "2210", D("100.00"), 1)


def _is_tax(s: Row, run_id: str) -> bool:
    is_this = (s["client_id"], s["run_id"], s["currency_code"], s["kind_code"]) == ("west", run_id, "EUR", "tax")
    return is_this and not s.get("_is_old")


def posted(slips: list[Row], run_id: str, currency: str) -> dict[str, Decimal]:
    """Account → what a run comes to on it, debits positive. Expenses have no account."""
    sums: dict[str, Decimal] = {}
    for s in slips:
        if (s["client_id"], s["run_id"], s["currency_code"]) != ("west", run_id, currency) or s.get("_is_old"):
            continue
        accounts: list[tuple[str | None, int]] = [(ACCOUNTS.get(s["wage_type_id"]), 1)]
        if s["kind_code"] in ("tax", "deduction", "net"):
            accounts = [(ACCOUNTS[s["wage_type_id"]], -1)]
        if s["kind_code"] == "employer_cost":
            accounts = [("6100", 1), ("2220", -1)]
        for account, sign in accounts:
            if account and s["kind_code"] != "gross":
                sums[account] = sums.get(account, D(0)) + sign * s["pay_amount"]
    return sums
