"""Watches one night from outside: the runs through Airflow's API, the deliveries through the register."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipelines.delivery import SETTLED, State
from plugins.kontor.api import AirflowApi
from plugins.kontor.components import ComponentError
from plugins.kontor.names import COUNTS, IDS, INTAKE, REPORTING

DONE = ("success", "failed")
Line = dict[str, Any]
NEXT_STEP = {"registered": "extract", "extracted": "clean", "cleaned": "validate", "validated": "load"}
"""State → the step that comes now."""


@dataclass
class Night:
    """What is known of the night at one moment."""

    runs: dict[str, str] = field(default_factory=dict)
    reporting: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the night was begun."""
        return time.monotonic() - self.started

    @property
    def intake_done(self) -> bool:
        """Whether every intake run has ended."""
        return bool(self.runs) and all(state in DONE for state in self.runs.values())


@dataclass
class Watcher:
    """Triggers the intake DAGs and follows them until the reports stand.

    `deliveries` gives the newest deliveries as plain data, `check` raises when a component has died,
    `show` is told after each look. A night in which nothing at all moves for `stall` seconds is given up.
    """

    api: AirflowApi
    deliveries: Callable[[], list[Line]]
    check: Callable[[], None]
    show: Callable[[Night], None]
    stall: float
    pause: float = 1.0
    run_id: str = field(default_factory=lambda: f"make_run__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}")
    _before: dict[int, Line] = field(default_factory=dict)
    _seen: object = None
    _moved: float = field(default_factory=time.monotonic)

    def run(self) -> Night:
        """One night; returns when intake and reports have ended."""
        begun = datetime.now(UTC).isoformat()
        self._before = {line["delivery_id"]: line for line in self.deliveries()}
        night = Night()
        for dag_id in INTAKE:
            self.api.trigger(dag_id, self.run_id)
        while not night.intake_done:
            night.runs = {dag_id: self.api.run_state(dag_id, self.run_id) for dag_id in INTAKE}
            self._look(night)
        if any(self._published(dag_id) for dag_id in INTAKE):
            while not self._reports_done(night, begun):
                self._look(night)
        self._look(night, wait=False)
        return night

    def _published(self, dag_id: str) -> bool:
        return self.api.task_states(dag_id, self.run_id).get("publish[-1]") == "success"

    def _reports_done(self, night: Night, begun: str) -> bool:
        """An event is taken off the queue in the transaction that creates its run, so neither is missed."""
        waiting = self.api.queued_events(REPORTING)
        night.reporting = self.api.runs_since(REPORTING, begun)
        return not waiting and bool(night.reporting) and all(s in DONE for s in night.reporting.values())

    def _look(self, night: Night, wait: bool = True) -> None:
        night.lines = sorted(
            (line for line in self.deliveries() if self._is_tonights(line)), key=lambda line: line["delivery_id"]
        )
        self.show(night)
        self.check()
        seen = (
            dict(night.runs),
            dict(night.reporting),
            [(line["delivery_id"], line["state"], line["attempt"]) for line in night.lines],
        )
        if seen != self._seen:
            self._seen, self._moved = seen, time.monotonic()
        elif time.monotonic() - self._moved > self.stall:
            raise ComponentError(self._stalled(night))
        if wait:
            time.sleep(self.pause)

    def _is_tonights(self, line: Line) -> bool:
        before = self._before.get(line["delivery_id"])
        return before != line or State(line["state"]) not in (*SETTLED, State.WAITING)

    def _stalled(self, night: Night) -> str:
        runs = ", ".join(f"{dag_id} {state}" for dag_id, state in (night.runs | night.reporting).items())
        open_lines = [f"{line['delivery_id']} ({line['state']})" for line in night.lines if line["state"] in NEXT_STEP]
        return (
            f"nothing moved for {self.stall / 60:.0f} minutes, the night is given up. Runs: {runs}. "
            f"Deliveries between two steps: {', '.join(open_lines) or 'none'}. us to act: read the logs named below; "
            "the next run goes on where this one stopped (KONTOR_STALL_MINUTES sets the patience)"
        )


def already_known(api: AirflowApi, run_id: str) -> int:
    """How many files the discover tasks passed over because an earlier night accounted for them."""
    counts = [api.xcom(dag_id, run_id, "discover", COUNTS) for dag_id in INTAKE]
    return sum(int(c.get("seen", 0)) for c in counts if isinstance(c, dict))


def unexplained(night: Night, api: AirflowApi, run_id: str) -> list[str]:
    """Red runs that no failed delivery explains: something of ours broke."""
    failed = {line["delivery_id"] for line in night.lines if line["state"] == State.FAILED}
    red = [dag_id for dag_id, state in night.runs.items() if state == "failed"]
    out = [dag_id for dag_id in red if failed.isdisjoint(api.xcom(dag_id, run_id, "discover", IDS) or [])]
    return out + [REPORTING for state in night.reporting.values() if state == "failed"]
