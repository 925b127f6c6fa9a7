"""The delivery: what one received file says for one client, feed and period; and its states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    REGISTERED = "registered"
    EXTRACTED = "extracted"
    CLEANED = "cleaned"
    VALIDATED = "validated"
    HELD = "held"
    APPROVED = "approved"
    LOADED = "loaded"
    DUPLICATE = "duplicate"
    FAILED = "failed"
    RETURNED = "returned"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


WAITS = "waits:"
"""Begins the message of a delivery that is judged and not loaded, since another of its scope comes first."""


class Verdict(StrEnum):
    """What the gate says; `fail` also when the file stopped an earlier step."""

    PASS = "pass"
    PASS_WITH_REJECTS = "pass_with_rejects"
    HOLD = "hold"
    FAIL = "fail"


class Kind(StrEnum):
    """Why the delivery exists."""

    INTAKE = "intake"
    CORRECTION = "correction"
    REPLAY = "replay"


class Step(StrEnum):
    """The steps after `discover`, in order."""

    EXTRACT = "extract"
    CLEAN = "clean"
    VALIDATE = "validate"
    LOAD = "load"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.WAITING: frozenset({State.REGISTERED, State.FAILED, State.SUPERSEDED}),
    State.REGISTERED: frozenset({State.EXTRACTED, State.DUPLICATE, State.FAILED}),
    State.EXTRACTED: frozenset({State.CLEANED, State.FAILED}),
    State.CLEANED: frozenset({State.VALIDATED, State.FAILED}),
    State.VALIDATED: frozenset({State.LOADED, State.HELD, State.FAILED}),
    State.HELD: frozenset({State.APPROVED, State.RETURNED, State.FAILED, State.SUPERSEDED}),
    State.APPROVED: frozenset({State.LOADED, State.HELD, State.FAILED}),
    State.FAILED: frozenset({State.REGISTERED, State.SUPERSEDED}),
    State.LOADED: frozenset({State.SUPERSEDED, State.WITHDRAWN}),
    State.DUPLICATE: frozenset(),
    State.RETURNED: frozenset(),
    State.SUPERSEDED: frozenset({State.LOADED}),
    State.WITHDRAWN: frozenset(),
}
"""Every move a delivery may make; FAILED → REGISTERED is a new attempt under the same id, SUPERSEDED → LOADED happens
when what superseded it is withdrawn."""

SETTLED = frozenset(
    {State.LOADED, State.DUPLICATE, State.HELD, State.FAILED, State.RETURNED, State.SUPERSEDED, State.WITHDRAWN}
)
"""States in which a night leaves a delivery alone."""

STEP_FROM: dict[Step, tuple[State, ...]] = {
    Step.EXTRACT: (State.REGISTERED,),
    Step.CLEAN: (State.EXTRACTED,),
    Step.VALIDATE: (State.CLEANED,),
    Step.LOAD: (State.VALIDATED, State.APPROVED),
}
"""States from which a step may start. A delivery that is further on is left alone by the step."""

STEP_TO: dict[Step, State] = {
    Step.EXTRACT: State.EXTRACTED,
    Step.CLEAN: State.CLEANED,
    Step.VALIDATE: State.VALIDATED,
    Step.LOAD: State.LOADED,
}


@dataclass(frozen=True)
class Scope:
    """Within it mode, order, duplicates, hold, supersede and key uniqueness act.

    `period` is set in `period` mode only.
    """

    client_id: str
    feed: str
    source: str
    period: str | None = None

    def __str__(self) -> str:
        return " · ".join(p for p in (self.client_id, self.feed, self.source, self.period) if p)


@dataclass(frozen=True)
class Delivery:
    """One line of `ops.delivery`. Row counts are null until the gate has judged."""

    delivery_id: int
    client_id: str
    feed: str
    source: str
    period: str | None
    kind: Kind
    file_name: str
    sha256: str
    size: int
    received_at: datetime
    state: State
    verdict: Verdict | None
    attempt: int
    inputs_hash: str
    declaration_hash: str
    rows_received: int | None = None
    rows_loaded: int | None = None
    rows_unchanged: int | None = None
    rows_rejected: int | None = None
    rows_skipped: int | None = None
    rows_held: int | None = None
    message: str | None = None
    supersedes: int | None = None
    corrects: int | None = None
    replays: int | None = None
    submitted_by: str | None = None

    @property
    def work_table(self) -> str:
        """Qualified name of the delivery's table between gate and load."""
        return f"work.d_{self.delivery_id}"

    @property
    def work_rows(self) -> str:
        """Qualified name of the view on it that shows every column of every row, those of known rows included."""
        return f"work.r_{self.delivery_id}"

    @property
    def is_correction(self) -> bool:
        """Whether it brings rows of another delivery again: a returned workbook, or rows that were waived."""
        return self.kind is Kind.CORRECTION

    @property
    def place(self) -> tuple[str, datetime, int]:
        """Place in the order of its scope; a replay has that of what it replays."""
        return self.period or "", self.received_at, self.replays or self.delivery_id


def may_move(old: State, new: State) -> bool:
    """Whether the transition table allows the move."""
    return new in TRANSITIONS[old]
