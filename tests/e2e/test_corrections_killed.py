"""kill -9 in the middle of each step of a correction, then the next run."""

from __future__ import annotations

import signal

import pytest

from pipelines.delivery import Step
from pipelines.flow.night import discover
from pipelines.flow.step import run_step
from tests.e2e.conftest import Make
from tests.e2e.correcting import (
    CUSTOMERS,
    correct,
)
from tests.e2e.test_kill import kill_in

TABLES = (
    "select customer_id, company_name, _row_number, _known_to is null from core.clients_customers "
    "where client_id = :client order by 1, 2",
    "select d.kind, r.row_number, r.rule_id, r.state from quarantine.reject r join ops.delivery d using (delivery_id) "
    "where d.client_id = :client order by 1, 2, 3",
    "select kind, state, verdict, rows_received, rows_loaded, rows_unchanged, rows_rejected, rows_skipped, rows_held "
    "from ops.delivery where client_id = :client order by delivery_id",
    "select k.number, k.state, k.rows from quarantine.workbook k join ops.delivery d using (delivery_id) "
    "where d.client_id = :client order by workbook_id",
)  # fmt: skip


@pytest.mark.parametrize("step", list(Step))
def test_killed_in_the_middle_of_a_correction_and_run_again(sample: Make, step: Step) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")
    half = {"42": {"Name1": ""}, "45": CUSTOMERS["45"]}
    correct(client, half)
    office = client.office()
    number = discover(["clients"], client=client.client_id, office=office).registered[0]
    for before in list(Step)[: list(Step).index(step)]:
        assert run_step(before, [number], office=office).done == [number]
    assert kill_in(client, step, number) == -signal.SIGKILL
    client.night(feed="clients.customers")
    killed = [client.query(query) for query in TABLES]
    assert killed[2][-1] == ("correction", "loaded", "pass_with_rejects", 4, 1, 0, 1, 2, 0)
    assert killed[3] == [(1, "returned", 4), (2, "open", 3)]
    assert [(row.kind, row.rule_id.split(".")[-1], row.state) for row in killed[1]] == [
        ("correction", "company_has_name", "open"), ("intake", "company_has_name", "corrected"),
    ]  # fmt: skip
    client.accounted()
