"""Watches one night from outside: the runs through Airflow's API, the deliveries through the register."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pipelines.delivery import SETTLED, WAITS, State
from plugins.kontor.api import AirflowApi, ApiError
from plugins.kontor.components import ComponentError
from plugins.kontor.names import BROKEN, COUNTS, HELD, IDS, INTAKE, RELEASE, REPORTING

DONE = ("success", "failed")
ASK = "decision.ask"
ASKED = (*DONE, "awaiting_input", "skipped", "upstream_failed")
"""States in which the task that asks stewards needs us no more: it waits for people, not for this machine."""
ASK_SECONDS = 60.0
"""How long a night that is through waits for its questions to stand; else they are asked at the next start."""
Line = dict[str, Any]
NEXT_STEP = {"registered": "extract", "extracted": "clean", "cleaned": "validate", "validated": "load"}
"""State → the step that comes now."""


@dataclass
class Night:
    """What is known of the night at one moment."""

    runs: dict[str, dict[str, str]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    questions: int = 0

    @property
    def seconds(self) -> float:
        """Since the night was begun, or how long it took."""
        return (self.ended or time.monotonic()) - self.started

    @property
    def intake_done(self) -> bool:
        """Whether every intake run has ended (a scheduled one may come on top of ours)."""
        return all(self.runs.get(dag_id) and self.state(dag_id) in DONE for dag_id in INTAKE)

    @property
    def reported(self) -> bool:
        """Whether reporting tables were built, or tried to be."""
        return bool(self.runs.get(REPORTING))

    def state(self, dag_id: str) -> str:
        """The runs of one DAG tonight as one state."""
        states = set(self.runs[dag_id].values())
        return next((state for state in ("running", "queued", "failed") if state in states), "success")

    def states(self) -> dict[str, str]:
        """DAG → state of its runs tonight."""
        return {dag_id: self.state(dag_id) for dag_id, runs in self.runs.items() if runs}


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
        try:
            return self._run()
        except ApiError:
            self.check()  # a dead API server is better told by its own log
            raise

    def _run(self) -> Night:
        begun = datetime.now(UTC).isoformat()
        self._before = {line["delivery_id"]: line for line in self.deliveries()}
        night = Night()
        for dag_id in (*INTAKE, REPORTING):
            # left by a start that was interrupted: its tasks died with it, its deliveries go on in this night
            for run_id in self.api.runs(dag_id, "state=queued&state=running"):
                self.api.end_run(dag_id, run_id)
        for dag_id in INTAKE:
            self.api.trigger(dag_id, self.run_id)
        while not night.intake_done:
            night.runs = {dag_id: self.api.runs_since(dag_id, begun) for dag_id in INTAKE}
            self._look(night)
        if any(self._published(dag_id, run_id) for dag_id in INTAKE for run_id in night.runs[dag_id]):
            while not self._reports_done(night, begun):
                self._look(night)
        self._look(night, wait=False)
        night.ended = time.monotonic()
        if any(self._succeeded(HELD, dag_id, run_id) for dag_id in INTAKE for run_id in night.runs[dag_id]):
            self._wait_for_questions()
        night.questions = self.api.open_questions(RELEASE)
        return night

    def _wait_for_questions(self) -> None:
        """Until what is held tonight is asked about: the runs that ask go on for days, and are no part of the night."""
        deadline = time.monotonic() + ASK_SECONDS
        while time.monotonic() < deadline:
            self.check()
            if not self.api.queued_events(RELEASE):
                runs = self.api.runs(RELEASE, "state=queued&state=running")
                states = [self.api.task_states(RELEASE, run_id) for run_id in runs]
                if all(any(name.startswith(ASK) for name in found) and _all_asked(found) for found in states):
                    return
            time.sleep(self.pause)

    def _published(self, dag_id: str, run_id: str) -> bool:
        return self._succeeded("publish", dag_id, run_id)

    def _succeeded(self, task_id: str, dag_id: str, run_id: str) -> bool:
        return self.api.task_states(dag_id, run_id).get(f"{task_id}[-1]") == "success"

    def _reports_done(self, night: Night, begun: str) -> bool:
        """An event is taken off the queue in the transaction that creates its run, so neither is missed."""
        waiting = self.api.queued_events(REPORTING)
        night.runs[REPORTING] = self.api.runs_since(REPORTING, begun)
        return not waiting and night.reported and night.state(REPORTING) in DONE

    def _look(self, night: Night, wait: bool = True) -> None:
        night.lines = sorted(
            (line for line in self.deliveries() if self._is_tonights(line)), key=lambda line: line["delivery_id"]
        )
        self.show(night)
        self.check()
        seen = (
            night.states(),
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
        runs = ", ".join(f"{dag_id} {state}" for dag_id, state in night.states().items())
        open_lines = [f"{line['delivery_id']} ({line['state']})" for line in night.lines if line["state"] in NEXT_STEP]
        return (
            f"nothing moved for {self.stall / 60:.0f} minutes, the night is given up. Runs: {runs}. "
            f"Deliveries between two steps: {', '.join(open_lines) or 'none'}. us to act: read the logs named below; "
            "the next run goes on where this one stopped (KONTOR_STALL_MINUTES sets the patience)"
        )


def _all_asked(states: dict[str, str]) -> bool:
    return all(state in ASKED for name, state in states.items() if name.startswith(ASK))


def already_known(api: AirflowApi, run_id: str) -> int:
    """How many files the discover tasks passed over because an earlier night accounted for them."""
    counts = [api.xcom(dag_id, run_id, "discover", COUNTS) for dag_id in INTAKE]
    return sum(int(c.get("seen", 0)) for c in counts if isinstance(c, dict))


def waits(line: Line) -> bool:
    """Whether a delivery stopped in front of its load because another of its scope comes first: its message says so."""
    return line["state"] == State.VALIDATED and (line["message"] or "").startswith(WAITS)


def our_faults(night: Night, api: AirflowApi) -> list[str]:
    """What no client's file explains: a delivery that failed without a verdict, a red run without a failed delivery, a
    profile that is broken."""
    failed = {line["delivery_id"] for line in night.lines if line["state"] == State.FAILED}

    def is_ours(dag_id: str, run_id: str) -> bool:
        of_discover = partial(api.xcom, dag_id, run_id, "discover")
        return dag_id == REPORTING or bool(of_discover(BROKEN)) or failed.isdisjoint(of_discover(IDS) or [])

    out = [
        f"run {run_id} of {dag_id}"
        for dag_id, runs in night.runs.items()
        for run_id, state in runs.items()
        if state == "failed" and is_ours(dag_id, run_id)
    ]
    ours = [line for line in night.lines if line["state"] == State.FAILED and not line["verdict"]]
    unfinished = [line for line in night.lines if line["state"] in NEXT_STEP and not waits(line)]
    return out + [f"delivery {line['delivery_id']} ({line['state']})" for line in ours + unfinished]
