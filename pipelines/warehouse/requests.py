"""Questions to stewards: who may decide, what was asked about which delivery, what was answered, what came of it.

A question ends once. Whatever moves a held delivery on ends its open question in the same transaction
(`register.move`), so an answer that comes later finds nothing to decide.
"""

# ruff: noqa: S608 (names of columns are ours; values are always bound)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import Delivery, State

OUTCOME_OF = {State.APPROVED: "approved", State.RETURNED: "returned"}
"""What became of a question when its delivery moved on; any other move lets it lapse."""


FOLLOWED_WITHIN = timedelta(hours=1)
"""The task that follows an answer starts within seconds; a machine that is busy or was down is given some time."""


@dataclass(frozen=True)
class Request:
    """One line of `ops.approval_request`. An `answer` without `answered_by` is that of the time-out."""

    request_id: int
    delivery_id: int
    attempt: int
    hash: str
    asked_at: datetime
    expires_at: datetime
    asked_in: str
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    reason: str | None
    ended_at: datetime | None
    outcome: str | None
    message: str | None

    @property
    def is_left(self) -> bool:
        """Whether the run that asked has failed to follow the answer of a person; it may go on for days for others."""
        given = self.answered_at if self.answered_by else None
        return given is not None and datetime.now(UTC) - given > FOLLOWED_WITHIN


_COLUMNS = ", ".join(f.name for f in fields(Request))


def stewards(conn: sa.Connection, client_id: str) -> list[str]:
    """Who may decide for a client."""
    query = sa.text("select user_name from ops.steward where client_id = :client order by user_name")
    return list(conn.scalars(query, {"client": client_id}))


def add(conn: sa.Connection, delivery: Delivery, *, hash_shown: str, hours: int, asked_in: str) -> Request:
    """Record a question that is about to be asked; one that the delivery still has lapses."""
    end_of_delivery(conn, delivery, "asked anew")
    row = conn.execute(
        sa.text(
            "insert into ops.approval_request (delivery_id, attempt, hash, expires_at, asked_in) values "
            f"(:id, :attempt, :hash, clock_timestamp() + make_interval(hours => :hours), :run) returning {_COLUMNS}"
        ),
        {
            "id": delivery.delivery_id,
            "attempt": delivery.attempt,
            "hash": hash_shown,
            "hours": hours,
            "run": asked_in,
        },
    ).one()
    return Request(**row._mapping)


def get(conn: sa.Connection, request_id: int) -> Request | None:
    """One question."""
    found = _select(conn, "request_id = :id", {"id": request_id})
    return found[0] if found else None


def open_of(conn: sa.Connection, delivery: Delivery) -> Request | None:
    """The question that waits for an answer, if the delivery has one."""
    found = _select(conn, "delivery_id = :id and ended_at is null", {"id": delivery.delivery_id})
    return found[0] if found else None


def of_run(conn: sa.Connection, run: str) -> list[Request]:
    """Everything a run asked."""
    return _select(conn, "asked_in = :run", {"run": run})


def take_over(conn: sa.Connection, request: Request, run: str) -> Request:
    """Hand an open question, with its answer, to another run, which follows it."""
    row = conn.execute(
        sa.text(
            f"update ops.approval_request set asked_in = :run where request_id = :id and ended_at is null "
            f"returning {_COLUMNS}"
        ),
        {"run": run, "id": request.request_id},
    ).one()
    return Request(**row._mapping)


def answer(conn: sa.Connection, request_id: int, choice: str, *, person: str | None, reason: str | None) -> bool:
    """Keep the first answer to a question that is open; whether it was that."""
    result = conn.execute(
        sa.text(
            "update ops.approval_request set answer = :choice, answered_by = :person, reason = :reason, "
            "answered_at = clock_timestamp() where request_id = :id and answer is null and ended_at is null"
        ),
        {"id": request_id, "choice": choice, "person": person, "reason": reason},
    )
    return bool(result.rowcount)


def end(conn: sa.Connection, request_id: int, outcome: str, message: str | None = None) -> None:
    """End a question, if it is still open."""
    _end(conn, "request_id = :id", {"id": request_id}, outcome, message)


def end_of_delivery(conn: sa.Connection, delivery: Delivery, message: str | None = None) -> None:
    """End the open question of a delivery by the state it is in now."""
    outcome = OUTCOME_OF.get(delivery.state, "lapsed")
    said = message or (f"the delivery became {delivery.state.value}" if outcome == "lapsed" else None)
    _end(conn, "delivery_id = :id", {"id": delivery.delivery_id}, outcome, said)


def _end(conn: sa.Connection, where: str, values: Mapping[str, Any], outcome: str, message: str | None) -> None:
    conn.execute(
        sa.text(
            "update ops.approval_request set ended_at = clock_timestamp(), outcome = :outcome, message = :message "
            f"where {where} and ended_at is null"
        ),
        {**values, "outcome": outcome, "message": message},
    )


def _select(conn: sa.Connection, where: str, values: Mapping[str, Any]) -> list[Request]:
    query = f"select {_COLUMNS} from ops.approval_request where {where} order by request_id"
    return [Request(**row._mapping) for row in conn.execute(sa.text(query), values)]


@dataclass(frozen=True)
class HeldLine:
    """A held delivery and the question about it, if one was asked."""

    delivery_id: int
    client_id: str
    feed: str
    source: str
    file_name: str
    rows_held: int | None
    held_since: datetime
    message: str | None
    submitted_by: str | None
    asked_at: datetime | None
    expires_at: datetime | None


def held(conn: sa.Connection) -> list[HeldLine]:
    """Every delivery that waits for a steward, the oldest first."""
    query = (
        "select d.delivery_id, d.client_id, d.feed, d.source, d.file_name, d.rows_held, d.moved_at as held_since, "
        "d.message, d.submitted_by, r.asked_at, r.expires_at from ops.delivery d left join ops.approval_request r "
        "on r.delivery_id = d.delivery_id and r.ended_at is null where d.state = 'held' order by d.delivery_id"
    )
    return [HeldLine(**row._mapping) for row in conn.execute(sa.text(query))]


def workbook_of(conn: sa.Connection, delivery_id: int) -> str | None:
    """Path below the outbox of the correction workbook that waits for the client, if there is one."""
    query = (
        "select path from quarantine.workbook where delivery_id = :id and state = 'open' order by number desc limit 1"
    )
    path = conn.scalar(sa.text(query), {"id": delivery_id})
    return None if path is None else str(path)
