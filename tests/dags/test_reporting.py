"""One build for all that a night publishes: who waits, and what may be skipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.catalog import load_catalog
from pipelines.flow.office import Office
from pipelines.flow.report import moment, shows
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from plugins.kontor.names import INTAKE, REPORTING

EARLY, LATE = "2026-11-10T01:20:00+00:00", "2026-11-10T01:40:00+00:00"


@dataclass
class Event:
    """What a task sees of an asset's event."""

    extra: dict[str, Any] | None


def test_the_newest_event_counts(airflow_home: Path) -> None:
    from plugins.kontor.tasks import published_at

    events = {"ledgers": [Event({"at": EARLY}), Event({"at": LATE})], "release": [Event({"at": EARLY})]}
    assert published_at(events) == datetime.fromisoformat(LATE)


@pytest.mark.parametrize("extra", [None, {}, {"deliveries": []}])
def test_an_event_that_does_not_tell_is_built(airflow_home: Path, extra: dict[str, Any] | None) -> None:
    """Somebody triggered the run by hand, or the event is of an older version: never taken for built."""
    from plugins.kontor.tasks import published_at

    assert published_at({}) is None
    assert published_at({"ledgers": [Event({"at": EARLY}), Event(extra)]}) is None


def test_only_a_good_build_that_began_later_shows_what_was_published(
    settings: Settings, owner: Warehouse, warehouse: Warehouse
) -> None:
    office = Office(settings, load_catalog(settings), warehouse)
    before = moment(office=office)
    assert not shows(before, office=office), "nothing was ever built"
    record(owner, "1", before - timedelta(seconds=1), "success")
    assert not shows(before, office=office), "that build began before"
    record(owner, "2", before + timedelta(seconds=1), "success", "error")
    assert not shows(before, office=office), "a build that failed shows nothing"
    record(owner, "3", before + timedelta(seconds=1), "success", "warn")
    assert shows(before, office=office)
    assert not shows(before + timedelta(seconds=2), office=office)


def record(owner: Warehouse, build_id: str, cut_off: datetime, *states: str) -> None:
    insert = sa.text(
        "insert into ops.model_run (build_id, cut_off, model, status, rows, seconds) "
        "values (:build_id, :cut_off, :model, :status, 1, 1)"
    )
    with owner.transaction() as conn:
        for number, status in enumerate(states):
            conn.execute(
                insert, {"build_id": build_id, "cut_off": cut_off, "model": f"m{number}", "status": status}
            )  # fmt: skip


def test_the_build_waits_for_the_other_runs_without_a_slot(dagbag: Any) -> None:
    dag = dagbag.dags[REPORTING]
    wait, match, build = (dag.task_dict[name] for name in ("intake_is_over", "match_customers", "build_reports"))
    assert wait.mode == "reschedule"
    assert list(wait.op_args) == [list(INTAKE)]
    assert match.upstream_task_ids == {"intake_is_over"}
    assert build.upstream_task_ids == {"match_customers"}
    assert match.trigger_rule == "all_done", "a wait that ends without an answer must not stop the build"
    assert build.trigger_rule == "all_done", "golden records that cannot be made must not stop the build"
    assert wait.soft_fail
    assert wait.timeout <= 1800
