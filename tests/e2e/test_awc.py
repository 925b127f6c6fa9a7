"""One night of Adventure Works Cycles: each planted error is caught by its rule, and the payroll ties to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, loaded_rows, not_loaded, of_effect, rules_at, set_aside, warned
from tests.samples import awc
from tests.samples.awc_faults import FAULTS
from tests.samples.common import Fault

pytestmark = pytest.mark.slow
REGULAR = "run_id not like '%-2026-10-%'"
"""Runs without planted errors."""


@pytest.fixture(scope="module")
def payroll(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night."""
    yield from first_night("awc", awc.write, tmp_path_factory.mktemp("awc"), server_settings, database)


def test_every_file_is_loaded_or_held_and_every_row_accounted_for(payroll: Client) -> None:
    assert not_loaded(payroll) == [("payroll.payments", "payroll/payments_2026-10-30.csv")]
    files = [p for p in (payroll.settings.landing / "awc").rglob("*") if p.is_file()]
    sheets = 6 + 2  # of the two workbooks, beyond the first
    count = payroll.query("select count(*) from ops.delivery where client_id = :client")[0][0]
    assert count == len(files) + sheets
    payroll.accounted()


@pytest.mark.parametrize("fault", of_effect(FAULTS, "reject"), ids=lambda f: f.kind)
def test_a_planted_error_is_caught_by_its_rule(payroll: Client, fault: Fault) -> None:
    assert rules_at(payroll, fault) == {fault.rule, *fault.also}


def test_nothing_but_planted_errors_is_set_aside(payroll: Client) -> None:
    rows = set_aside(payroll)
    planted = [(f.feed, f.place) for f in of_effect(FAULTS, "reject")]
    assert len(rows) >= len(planted)
    assert [r for r in rows if not any(feed == r[0] and place in r[1] for feed, place in planted)] == []


@pytest.mark.parametrize("fault", of_effect(FAULTS, "warn"), ids=lambda f: f.kind)
def test_what_is_only_warned_of_loads(payroll: Client, fault: Fault) -> None:
    failed, severity = warned(payroll, fault)
    assert severity in ("warning", "info")
    assert failed > 0
    assert loaded_rows(payroll, fault) > 0


@pytest.mark.parametrize("fault", of_effect(FAULTS, "hold"), ids=lambda f: f.kind)
def test_one_account_of_two_people_stops_the_payments(payroll: Client, fault: Fault) -> None:
    held = payroll.query(
        "select rows_held + rows_rejected, message from ops.delivery where client_id = :client and state = 'held'"
    )
    assert held[0][0] == 2
    assert fault.rule_id in held[0][1]
    loaded = f"select count(*) from core.payroll_payments where {CURRENT} and run_id like :place"
    assert payroll.query(loaded, place=f"%{fault.place}")[0][0] == 0


SIDES = {
    "payslips": "sum(case kind_code when 'earning' then pay_amount when 'reimbursement' then pay_amount "
    "when 'deduction' then -pay_amount when 'tax' then -pay_amount else 0 end) from core.payroll_payslips",
    "stated": "sum(pay_amount) from core.payroll_payslips where kind_code = 'net' and",
    "runs": "sum(net_total_amount) from core.payroll_runs",
    "payments": "sum(paid_amount) from core.payroll_payments",
    "journal": "sum(credit_amount - debit_amount) from core.ledgers_gl_entries where account_id = '2200' and "
    "journal_type_code = 'payroll' and",
}


def test_payslips_totals_payments_and_journals_agree_run_by_run(payroll: Client) -> None:
    nets: dict[str, dict[str, Decimal]] = {}
    for side, sql in SIDES.items():
        run = "document_id" if side == "journal" else "run_id"
        where = "" if sql.endswith(" and") else "where"
        nets[side] = dict(
            payroll.query(
                f"select {run}, {sql} {where} {CURRENT} and {REGULAR.replace('run_id', run)} "
                f"and {run} <> 'OPENING' group by 1"
            )
        )
    assert len(nets["runs"]) == 71
    assert all(amount > 0 for amount in nets["runs"].values())
    for side in SIDES:
        assert nets[side] == nets["runs"], side


def test_costs_on_the_ledger_are_those_of_the_lines(payroll: Client) -> None:
    lines = payroll.query(
        "select run_id, account_id, sum(pay_amount) from core.payroll_payslips p join core.payroll_wage_types w "
        "using (client_id, wage_type_id) where p._known_to is null and w._known_to is null and client_id = :client "
        f"and w.kind_code in ('earning', 'reimbursement', 'employer_cost') and {REGULAR} group by 1, 2 "
        "having sum(pay_amount) <> 0"
    )
    ledger = payroll.query(
        "select document_id, account_id, sum(debit_amount - credit_amount) from core.ledgers_gl_entries "
        f"where {CURRENT} and journal_type_code = 'payroll' and account_id like '6%' "
        f"and {REGULAR.replace('run_id', 'document_id')} group by 1, 2 having sum(debit_amount - credit_amount) <> 0"
    )
    assert len(lines) > 250
    assert {tuple(row) for row in lines} == {tuple(row) for row in ledger}


def test_a_journal_of_another_amount_can_be_seen(payroll: Client) -> None:
    (fault,) = of_effect(FAULTS, "ledger")
    run = f"run_id like '%{fault.place}'"
    paid = payroll.query(f"select sum(paid_amount) from core.payroll_payments where {CURRENT} and {run}")
    posted = payroll.query(
        f"select sum(credit_amount) from core.ledgers_gl_entries where {CURRENT} and account_id = '2200' "
        f"and {run.replace('run_id', 'document_id')}"
    )
    assert posted[0][0] - paid[0][0] == 12
