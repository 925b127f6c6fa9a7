"""Deliveries of a scope one after another: core, quarantine and books come to the same with known rows and without."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.delivery import Step
from pipelines.flow.night import discover
from pipelines.flow.release import approve
from pipelines.flow.step import run_step
from pipelines.warehouse import known_rows
from pipelines.warehouse.connection import Warehouse
from tests.e2e.conftest import PROFILE, Client, as_csv, clients, lines

NEVER = 10**9
BAD_DATE = "2026-13-05"


def _with(rows: list[Any], at: int, **cells: str) -> list[Any]:
    names = ("id", "supplier", "date", "amount")
    out = list(rows)
    out[at] = tuple(cells.get(n, v) for n, v in zip(names, rows[at], strict=True))
    return out


FIRST = lines(20)
CHANGED = [*_with(_with(_with(FIRST, 2, amount="1.00"), 5, date=BAD_DATE), 9, supplier="Another")[:18], *lines(3, 30)]
DOUBLE = [*CHANGED, CHANGED[0], ("L004", "Somebody", "2026-10-05", "7.00"), CHANGED[7], ("", "None", "2026-10-05", "1")]


class Story:
    """Sends files of a client and takes them through the steps."""

    def __init__(self, client: Client, owner: Warehouse) -> None:
        self.client, self.owner, self.office = client, owner, client.office()
        self.files = count(1)

    def send(self, folder: str, rows: list[Any], end: str = "") -> list[int]:
        self.client.send(f"{folder}/{next(self.files)}.csv", as_csv(rows) + end)
        return discover(["ledgers"], client=self.client.client_id, office=self.office).registered

    def go(self, numbers: list[int], *steps: Step) -> None:
        for step in steps or Step:
            run_step(step, numbers, office=self.office)

    def approve(self) -> None:
        query = "select delivery_id from ops.delivery where client_id = :client and state = 'held'"
        ((number,),) = self.client.query(query)
        approve(number, person="steward", reason="it is right", office=self.office)
        self.go([number], Step.LOAD)

    def close(self, key: str) -> None:
        """Take a current row out of core, as a withdrawal would."""
        with self.owner.transaction() as conn:
            conn.execute(
                sa.text(
                    "update core.ledgers_spend set _known_to = clock_timestamp() where client_id = :client "
                    "and spend_line_id = :key and _known_to is null"
                ),
                {"client": self.client.client_id, "key": key},
            )


def snapshots(story: Story) -> None:
    """First, again in other bytes, changed with missing rows, repeated rows and double keys, two at once."""
    for rows in (FIRST, FIRST[::-1], CHANGED, DOUBLE):
        story.go(story.send("spend", rows))
    story.go([*story.send("spend", FIRST), *story.send("spend", CHANGED)])


def held_then_approved(story: Story) -> None:
    """Too many rows are missing; while somebody decides, core changes under it."""
    story.go(story.send("spend", FIRST))
    story.go(story.send("spend", [*CHANGED[:8], FIRST[7], FIRST[7]]))
    story.close("L001")
    story.approve()


def deltas(story: Story) -> None:
    """Only what changed is named; one is held for its control total and approved."""
    for rows, said in ((FIRST, 20), (CHANGED[:9], 9), (FIRST[5:15], 10)):
        story.go(story.send("changes", rows, f"total,{said},,\n"))
    story.go(story.send("changes", CHANGED[:12], "total,11,,\n"))
    story.approve()


def core_changes_before_the_load(story: Story) -> None:
    """A current row is closed between gate and load: the delivery is judged again by itself."""
    story.go(story.send("spend", FIRST))
    numbers = story.send("spend", CHANGED)
    story.go(numbers, Step.EXTRACT, Step.CLEAN, Step.VALIDATE)
    story.close("L002")
    story.go(numbers, Step.LOAD)
    story.go(numbers)


def left(client: Client) -> dict[str, list[Any]]:
    """Core with its history, quarantine, and what `ops` says of every delivery; numbers of deliveries as places."""
    ids = [i for (i,) in client.query("select delivery_id from ops.delivery where client_id = :client order by 1")]
    place = {str(number): f"#{n}" for n, number in enumerate(ids)}
    queries = {
        "core": "select to_jsonb(c) || jsonb_build_object('_known_from', dense_rank() over (order by _known_from), "
        "'_known_to', _known_to is null, 'client_id', 0) "
        "from core.ledgers_spend c where client_id = :client order by c._known_from, spend_line_id",
        "rejects": "select to_jsonb(j) - 'reject_id' - 'client_id' - 'opened_at' - 'resolved_at' "
        "from quarantine.reject j where client_id = :client order by reject_id",
        "rows": "select to_jsonb(r) from quarantine.row r join ops.delivery d using (delivery_id) where "
        "d.client_id = :client order by r.delivery_id, row_number, row_part",
        "deliveries": "select jsonb_build_object('delivery_id', delivery_id, 'state', state, 'verdict', verdict, "
        "'message', message, 'rows', array[rows_received, rows_loaded, rows_unchanged, rows_rejected, rows_skipped, "
        "rows_held, rows_closed]) from ops.delivery where client_id = :client order by delivery_id",
        "rules": "select distinct on (r.delivery_id, rule_id) to_jsonb(r) - 'seconds' - 'attempt' - 'at' "
        "from ops.rule_result r join ops.delivery d using (delivery_id) where d.client_id = :client "
        "order by r.delivery_id, rule_id, r.attempt desc",
        "amounts": "select to_jsonb(a) from ops.delivery_amount a join ops.delivery d using (delivery_id) "
        "where d.client_id = :client order by a.delivery_id, column_name, currency",
    }
    return {name: [_placed(row[0], place) for row in client.query(query)] for name, query in queries.items()}


def _placed(row: dict[str, Any], place: dict[str, str]) -> str:
    for name in ("delivery_id", "_delivery_id", "superseded_by"):
        if row.get(name) is not None:
            row[name] = place[str(row[name])]
    said = re.sub(r"sample\d+(x\d+)?", "client", json.dumps(row, sort_keys=True))
    return re.sub(r"delivery (\d+)", lambda m: f"delivery {place.get(m[1], m[1])}", said)


@pytest.fixture
def other(client: Client) -> Iterator[Client]:
    """A second client, for the same story."""
    name = f"{client.client_id}x{next(clients)}"
    made = Client(name, client.settings, "")
    made.declare(PROFILE.format(client=name))
    yield made
    made.warehouse.close()


@pytest.mark.parametrize("story", [snapshots, held_then_approved, deltas, core_changes_before_the_load])
def test_known_rows_change_nothing(
    client: Client, other: Client, owner: Warehouse, story: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_rows, "KNOWN_FROM", NEVER)
    story(Story(client, owner))
    asked: list[Any] = []
    fetch = known_rows.current_hashes

    def watched(*args: Any) -> Any:
        asked.append(fetch(*args))
        return asked[-1]

    monkeypatch.setattr(known_rows, "KNOWN_FROM", 1)
    monkeypatch.setattr(known_rows, "current_hashes", watched)
    story(Story(other, owner))
    assert any(found is not None for found in asked)
    plain, found = left(client), left(other)
    assert plain["rejects"] and plain["rows"]
    if story is core_changes_before_the_load:  # judged later, on fewer current rows
        plain.pop("rules")
    for name, rows in plain.items():
        assert found[name] == rows, name
    other.accounted()
    lost = other.query(
        "select count(*) from ops.audit a join ops.delivery d using (delivery_id) where d.client_id = :client "
        "and a.new_state = 'failed' and a.detail->>'message' like '%current no more%'"
    )
    assert lost == [(int(story is core_changes_before_the_load),)]
