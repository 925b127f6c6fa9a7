"""kill -9 in the middle of each step, then the next run: the tables of an undisturbed night."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from pipelines.delivery import Step
from pipelines.flow.night import discover
from pipelines.flow.step import run_step
from pipelines.settings import ROOT
from tests.e2e.conftest import Client, as_csv, lines

FIRST = as_csv(lines(20))
SECOND = as_csv(
    [
        *lines(17),
        ("L018", "Supplier R", "2026-10-05", "5.00"),
        ("L019", "Supplier S", "32nd", "1.00"),
        *lines(2, first=30),
    ]
)
TABLES = (
    "select spend_line_id, spend_amount, _row_number, _known_to is null from core.ledgers_spend "
    "where client_id = :client order by 1, 2",
    "select r.row_number, r.rule_id, r.column_name, r.state from quarantine.reject r "
    "join ops.delivery d using (delivery_id) where d.client_id = :client order by 1, 2",
    "select w.row_number, w.cells::text from quarantine.row w join ops.delivery d using (delivery_id) "
    "where d.client_id = :client order by 1",
    "select file_name, state, verdict, rows_received, rows_loaded, rows_unchanged, rows_rejected, rows_skipped, "
    "rows_held from ops.delivery where client_id = :client order by delivery_id",
    "select rule_id, evaluated, failed, success from ops.rule_result r join ops.delivery d using (delivery_id) "
    "where d.client_id = :client order by d.delivery_id, 1",
)  # fmt: skip


def tables(client: Client) -> list[list[object]]:
    """Everything a night writes, without ids and times."""
    return [client.query(query) for query in TABLES]


@pytest.mark.parametrize("step", list(Step))
def test_killed_in_the_middle_and_run_again(client: Client, step: Step) -> None:
    client.send("spend/1.csv", FIRST)
    client.night()
    client.send("spend/2.csv", SECOND)
    office = client.office()
    number = discover(["ledgers"], client=client.client_id, office=office).scopes[0].delivery_ids[0]
    for before in list(Step)[: list(Step).index(step)]:
        assert run_step(before, [number], office=office).done == [number]
    assert kill_in(client, step, number) == -signal.SIGKILL
    assert client.query("select state from ops.delivery where delivery_id = :id", id=number) != [("loaded",)]
    client.night()
    killed = tables(client)
    assert killed == undisturbed(client)
    client.accounted()


def kill_in(client: Client, step: Step, number: int) -> int:
    """Exit code of a process that died in the step."""
    env = {
        **os.environ,
        "KONTOR_HOME": str(client.settings.home),
        "KONTOR_LANDING": str(client.settings.landing),
        "KONTOR_CLIENTS": str(client.settings.client_folders[0]),
        "KONTOR_WAREHOUSE_URL": str(client.settings.warehouse_url),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.e2e.killed", step.value, str(number)]
    return subprocess.run(command, env=env, cwd=ROOT, timeout=120, check=False).returncode


def undisturbed(client: Client) -> list[list[object]]:
    """The same two nights for another client, with nobody killed."""
    twin = Client(client.client_id + "twin", client.settings, "")
    twin.declare(client.profile.replace(f"client: {client.client_id}", f"client: {twin.client_id}"))
    for name, content in (("spend/1.csv", FIRST), ("spend/2.csv", SECOND)):
        twin.send(name, content)
        twin.night()
    return tables(twin)
