"""What the marts of payroll show of `rows_payroll.py`: recomputed here from the rows, and how each identity fails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any

from tests.sql.figures_subledgers import _pick
from tests.sql.rows_payroll import PEOPLE, RUNS, WOMEN, cents, payslips, posted, tables, totals

D = Decimal
Marts = dict[str, list[dict[str, Any]]]

TAMPER = {
    "payslip_lines_are_those_of_core": "delete from fct_payslip_lines where client_id = 'years' and line_id = 'other'",
    "payroll_register_adds_up_to_lines": "update rpt_payroll_register set pay_amount = pay_amount + 0.01",
    "gross_to_net_adds_up_to_register": "update rpt_gross_to_net set net_amount = net_amount + 0.01",
    "payroll_payments_add_up_to_core": "update rpt_gross_to_net set returned_amount = returned_amount + 0.01",
    "payroll_run_totals_add_up_to_payslips": "update rpt_payroll_run_totals set gross_amount = gross_amount + 0.01",
    "payroll_variance_adds_up": "update rpt_payroll_variance set other_amount = other_amount + 0.01",
    "payroll_postings_add_up_to_core": "update fct_payroll_postings set debit_amount = debit_amount + 0.01",
    "payroll_to_ledger_holds_both_sides": "update rpt_payroll_to_ledger set payroll_amount = payroll_amount + 0.01",
    "statutory_liabilities_add_up_to_register": "delete from rpt_statutory_liabilities where run_id = 'M-01'",
    "payroll_cost_gives_nobody_away": "update rpt_payroll_cost_by_cost_centre set people = 4 where is_suppressed",
    "pay_equity_gives_nobody_away": "update rpt_pay_equity set median_hourly_amount = 1 where is_suppressed",
}


def _lines(client: str) -> list[dict[str, Any]]:
    return [s for s in payslips() if s["client_id"] == client and not s.get("_is_old")]


def _sums(lines: list[dict[str, Any]], *kinds: str) -> dict[tuple[str, ...], Decimal]:
    """By run, employee and currency."""
    sums: dict[tuple[str, ...], Decimal] = defaultdict(lambda: D(0))
    for s in lines:
        if s["kind_code"] in kinds:
            sums[s["run_id"], s["employee_id"], s["currency_code"]] += s["pay_amount"]
    return sums


def register_holds_what_was_delivered_last(marts: Marts) -> None:
    """By run, employee and wage type; a payslip of `plant` came twice."""
    sums: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [D(0), D(0), D(0)])
    for s in _lines("west"):
        amount = s["pay_amount"]
        net = {"earning": 1, "reimbursement": 1, "deduction": -1, "tax": -1}.get(s["kind_code"], 0)
        cost = s["kind_code"] in ("earning", "reimbursement", "employer_cost")
        row = sums[s.get("_source", "main"), s["run_id"], s["employee_id"], s["wage_type_id"]]
        row[:] = [row[0] + amount, row[1] + net * amount, row[2] + cost * amount]
    names = "source run_id employee_id wage_type_id pay_amount net_effect_amount cost_amount"
    found = {row[:4]: list(row[4:]) for row in _pick(marts["rpt_payroll_register"], names, client_id="west")}
    assert found == dict(sums)
    assert _pick(marts["rpt_payroll_register"], "correction_amount lines", employee_id="W-06", run_id="M-03",
                 kind_code="earning") == [(D("-33.33"), 2)]  # fmt: skip


def gross_to_net_is_checked(marts: Marts) -> None:
    """One states a cent too much. A register of earnings tells no net, and no check is made up."""
    rows = marts["rpt_gross_to_net"]
    lines = _lines("west")
    earned, added = _sums(lines, "earning"), _sums(lines, "reimbursement")
    withheld, stated = _sums(lines, "deduction", "tax"), _sums(lines, "net")
    net = {key: earned[key] + added[key] - withheld[key] for key in list(earned)}
    names = "run_id employee_id currency_code gross_amount net_amount net_check_amount"
    found = {r[:3]: r[3:] for r in _pick(rows, names, client_id="west", has_payslip=True)}
    assert found == {key: (earned[key], net[key], net[key] - stated[key]) for key in net}
    differs = _pick(rows, "run_id employee_id net_check_amount", net_check_code="differs")
    assert differs == [("M-02", "W-07", D("-0.01"))]
    assert {r["gross_check_code"] for r in rows if r["client_id"] == "west" and r["has_payslip"]} == {"agrees"}
    names = "net_amount tax_amount employer_cost_amount net_check_amount paid_amount payment_difference_amount"
    names += " net_check_code payment_check_code"
    years = set(_pick(rows, names, client_id="years"))
    assert years == {(None, None, None, None, None, None, "not_stated", "no_payments")}


def payments_are_compared(marts: Marts) -> None:
    """A euro less, not paid and sent back, paid without a payslip, a cent as stated; March is not paid yet."""
    names = "employee_id payment_difference_amount payment_check_code returned_amount"
    rows = [r for r in marts["rpt_gross_to_net"] if r["run_id"] != "M-03" and r["client_id"] == "west"]
    odd = [r for r in rows if r["payment_check_code"] != "agrees"]
    net = {r["employee_id"]: r["net_amount"] for r in odd}
    assert _pick(odd, names) == [
        ("Q-1", D("-77.00"), "no_payslip", D(0)), ("W-06", D("1.00"), "differs", D(0)),
        ("W-07", D("-0.01"), "differs", D(0)), ("W-08", net["W-08"], "not_paid", D("5.00")),
    ]  # fmt: skip
    march = {r["payment_check_code"] for r in marts["rpt_gross_to_net"] if r["run_id"] == "M-03"}
    assert march == {"not_paid"}


def runs_are_held_to_their_totals(marts: Marts) -> None:
    """Over both sources; February counts one payslip too many, X-03 has none, dollars have no totals."""
    rows = marts["rpt_payroll_run_totals"]
    names = "run_id currency_code payslips payslips_difference total_check_code payments_that_differ"
    assert _pick(rows, names, client_id="west") == [
        ("M-01", "EUR", 11, 0, "agrees", 0), ("M-01", "USD", 11, None, "not_stated", 0),
        ("M-02", "EUR", 12, -1, "differs", 4), ("M-02", "USD", 12, None, "not_stated", 0),
        ("M-03", "EUR", 11, None, "not_stated", 10), ("M-03", "USD", 11, None, "not_stated", 1),
        ("X-03", "EUR", 0, -1, "no_payslips", 0),
    ]  # fmt: skip
    names = "gross_amount withheld_amount net_amount employer_amount gross_difference_amount net_difference_amount"
    (january,) = _pick(rows, names, run_id="M-01", currency_code="EUR")
    assert january == (*totals("M-01").values(), D(0), D(0))
    assert _pick(rows, "payslips gross_amount net_amount withheld_amount total_check_code", client_id="years") == [
        (5, sum((s["pay_amount"] for s in _lines("years") if s["_period"] == year), D(0)), None, None, "not_in_list")
        for year in ("2024", "2025")
    ]


def changes_have_causes(marts: Marts) -> None:
    """Ten hours more at 20; 4.5 hours less at the old 20 and then 155.5 hours at a euro more."""
    causes = ("new_hire", "leaver", "rate", "hours", "one_off", "correction", "other")
    rows = marts["rpt_payroll_variance"]
    changed = [r for r in rows if r["change_amount"]]
    found = {
        (r["run_id"], r["employee_id"]): {c: r[f"{c}_amount"] for c in causes if r[f"{c}_amount"]} for r in changed
    }
    earned = _sums(_lines("west"), "earning")
    assert {key: value for key, value in found.items() if key[0] != "register"} == {
        ("M-02", "W-02"): {"hours": D("200.00")},
        ("M-02", "W-03"): {"new_hire": D("2920.00")},
        ("M-02", "W-05"): {"one_off": D("500.00")},
        ("M-03", "W-01"): {"rate": D("150.25")},
        ("M-03", "W-02"): {"hours": D("-90.00"), "rate": D("155.50")},
        ("M-03", "W-04"): {"leaver": D("-2930.00")},
        ("M-03", "W-05"): {"one_off": D("-500.00")},
        ("M-03", "W-06"): {"correction": D("-33.33")},
        ("M-03", "W-12"): {"other": D("-80.00")},
    }
    for r in rows:
        if r["client_id"] == "west" and r["run_id"] != "M-01":
            before = f"M-0{int(r['run_id'][-1]) - 1}"
            now, then = ((run, r["employee_id"], r["currency_code"]) for run in (r["run_id"], before))
            assert (r["gross_amount"], r["previous_gross_amount"]) == (earned.get(now, 0), earned.get(then, 0))
    first = {(r["comparison_code"], r["change_amount"], r["other_amount"]) for r in rows if r["run_id"] == "M-01"}
    assert first == {("no_run_before", None, None)}
    years = {key[1]: value for key, value in found.items() if key[0] == "register"}
    assert years == {"Y-1": {"leaver": D("-41104.50")}, "Y-6": {"new_hire": D("46608.00")}} | {
        f"Y-{n}": {"other": D("1.00")} for n in range(2, 6)
    }


def runs_are_compared_with_the_ledger(marts: Marts) -> None:
    """January ties, February has ten euros more salary and lacks an account, March is not posted."""
    rows = marts["rpt_payroll_to_ledger"]
    slips = [s for s in payslips() if s["client_id"] == "west"]
    for run_id in RUNS:
        found = _pick(rows, "account_id payroll_amount", run_id=run_id, currency_code="EUR")
        assert {account: amount for account, amount in found if account} == posted(slips, run_id, "EUR")
    names = "run_id account_id kind_without_account_code difference_amount explanation_code"
    euros = [r for r in rows if r["currency_code"] == "EUR" and r["run_id"] != "M-03" and r["client_id"] == "west"]
    odd = [r for r in euros if r["explanation_code"] != "agrees"]
    assert _pick(odd, names) == [
        ("M-01", None, "reimbursement", D("12.34"), "no_account"), ("M-02", "6000", None, D("-10.00"), "other_amount"),
        ("M-02", "6100", None, D("3326.00"), "not_on_account"),
        ("M-02", None, "reimbursement", D("12.34"), "no_account"), (None, "6000", None, D("-5.00"), "no_run"),
    ]  # fmt: skip
    assert {c for (c,) in _pick(rows, "explanation_code", run_id="M-03")} == {"not_posted", "no_account"}
    years = set(_pick(rows, "account_id ledger_amount difference_amount explanation_code", client_id="years"))
    assert years == {(None, None, None, "no_ledger")}


def liabilities_are_paid_in_order(marts: Marts) -> None:
    """Fifty of December first, then January, then a hundred of February; the fund was never paid."""
    lines = [s for s in _lines("west") if s["currency_code"] == "EUR"]
    due = {
        run: sum((s["pay_amount"] for s in lines if (s["run_id"], s["kind_code"]) == (run, "tax")), D(0))
        for run in RUNS
    }
    rows = marts["rpt_statutory_liabilities"]
    left = sum((e["debit_amount"] - e["credit_amount"] for e in tables()["core.ledgers_gl_entries"]
                if e["account_id"] == "2210" and e["journal_type_code"] != "payroll"), D(0))  # fmt: skip
    expected = []
    for run in RUNS:
        paid = min(due[run], left)
        left -= paid
        expected.append((run, due[run], paid, "paid" if paid == due[run] else "part_paid" if paid else "open"))
    names = "run_id due_amount paid_amount payment_code"
    assert _pick(rows, names, authority_name="Tax office", currency_code="EUR") == expected
    assert [code for *_, code in expected] == ["paid", "part_paid", "open"]
    names = "withheld_amount employer_amount due_amount open_amount payment_code"
    share = sum((s["pay_amount"] for s in lines if (s["run_id"], s["wage_type_id"]) == ("M-01", "7100")), D(0))
    fund = _pick(rows, names, authority_name="Fund", currency_code="EUR", run_id="M-01")
    assert fund == [(share, share, 2 * share, 2 * share, "open")]
    assert set(_pick(rows, "paid_amount payment_code", currency_code="USD")) == {(None, "no_ledger")}


def cost_is_hidden_where_few_bear_it(marts: Marts) -> None:
    """C-2 is one person, so that C-3 is hidden with it; the bonus of W-05 names its cost centre itself."""
    rows = marts["rpt_payroll_cost_by_cost_centre"]
    january = date(2026, 1, 1)
    names = "cost_center_id currency_code is_suppressed people earning_amount cost_amount"
    of_c1 = [s for s in _lines("west") if s["run_id"] == "M-01" and s["employee_id"] <= "W-06"]
    earned = sum((s["pay_amount"] for s in of_c1 if s["kind_code"] == "earning"), D(0))
    costs = earned + sum((s["pay_amount"] for s in of_c1 if s["kind_code"] == "employer_cost"), D(0))
    assert _pick(rows, names, client_id="west", cost_month=january) == [
        ("C-1", "EUR", False, 5, earned, costs), ("C-2", "EUR", True, None, None, None),
        ("C-3", "EUR", True, None, None, None), ("C-3", "USD", True, None, None, None),
    ]  # fmt: skip
    names = "first_period_start_date cost_center_id people employer_cost_amount cost_basis_code"
    assert _pick(rows, names, client_id="years", cost_month=date(2024, 12, 1)) == [
        (date(2024, 1, 1), "not stated", 5, None, "no_employer_costs")
    ]


def pay_is_compared_by_gender(marts: Marts) -> None:
    """Paid hours of W-02, 35 hours a week of all others; grade G2 is two people, so no grade is shown."""
    pay: dict[str, Decimal] = defaultdict(lambda: D(0))
    hours: dict[str, Decimal] = defaultdict(lambda: D(0))
    for s in _lines("west"):
        if s["kind_code"] == "earning" and s["currency_code"] == "EUR":
            pay[s["employee_id"]] += s["pay_amount"]
            hours[s["employee_id"]] += s.get("paid_hours") or D(0)
    days = {
        number: sum((date.fromisoformat(e) - date.fromisoformat(b)).days + 1 for b, e in RUNS.values())
        for number in PEOPLE
    }
    days |= {"W-03": 28 + 31, "W-04": 31 + 28}
    hourly = {n: pay[n] / (hours[n] or D(35) * days[n] / 7) for n in pay}
    women, men = (cents(median(v for n, v in hourly.items() if (n in WOMEN) == is_woman)) for is_woman in (True, False))
    names = "dimension_code compared_gender is_suppressed people_at_least median_hourly_amount gap_to_men_pct"
    gap = cents((1 - women / men) * 100)
    assert _pick(marts["rpt_pay_equity"], names, currency_code="EUR") == [
        ("all", "female", False, 5, women, gap), ("all", "male", False, 5, men, None),
        ("department", "female", False, 5, women, gap), ("department", "male", False, 5, men, None),
        *[("grade", "female", True, None, None, None)] * 2, *[("grade", "male", True, None, None, None)] * 2,
    ]  # fmt: skip
    assert all(r["is_suppressed"] for r in marts["rpt_pay_equity"] if r["currency_code"] == "USD")
    assert {r["client_id"] for r in marts["rpt_pay_equity"]} == {"west"}


CHECKS: tuple[Callable[[Marts], None], ...] = (
    register_holds_what_was_delivered_last,
    gross_to_net_is_checked,
    payments_are_compared,
    runs_are_held_to_their_totals,
    changes_have_causes,
    runs_are_compared_with_the_ledger,
    liabilities_are_paid_in_order,
    cost_is_hidden_where_few_bear_it,
    pay_is_compared_by_gender,
)
