"""SQL on `ops.expected_delivery`: deadlines and what came for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa


class DueState(StrEnum):
    """What became of one deadline."""

    EXPECTED = "expected"
    ARRIVED = "arrived"
    LATE = "late"
    MISSING = "missing"


@dataclass(frozen=True)
class Expected:
    """One line of `ops.expected_delivery`."""

    client_id: str
    feed: str
    source: str
    due_at: datetime
    period: str | None
    state: DueState = DueState.EXPECTED
    delivery_id: int | None = None
    arrived_at: datetime | None = None
    noted_at: datetime | None = None
    looked_at: datetime | None = None


@dataclass(frozen=True)
class Came:
    """A file that came for a source: when it bears to have been written, and when it was first seen."""

    feed: str
    source: str
    delivery_id: int
    period: str | None
    written_at: datetime
    seen_at: datetime


_COLUMNS = "client_id, feed, source, due_at, period, state, delivery_id, arrived_at, noted_at, looked_at"
_NO_DELIVERY = ("failed", "returned", "withdrawn")
"""States in which a delivery does not satisfy: whoever sent it has to send again."""


def lock(conn: sa.Connection, client_id: str) -> None:
    """One writer per client, to the end of the transaction."""
    conn.execute(sa.text("select pg_advisory_xact_lock(hashtextextended('expected ' || :id, 0))"), {"id": client_id})


def noted(conn: sa.Connection, client_id: str | None, since: datetime, until: datetime | None = None) -> list[Expected]:
    """The deadlines noted for a client (null: every client) from a moment on, ascending by source and deadline."""
    query = (
        f"select {_COLUMNS} from ops.expected_delivery where client_id = coalesce(:client, client_id) "  # noqa: S608 ours
        "and due_at >= :since and due_at <= coalesce(:until, due_at) order by client_id, feed, source, due_at"
    )
    found = conn.execute(sa.text(query), {"client": client_id, "since": since, "until": until})
    return [Expected(**{**row, "state": DueState(row["state"])}) for row in found.mappings()]


def changed(conn: sa.Connection, client_id: str, since: datetime) -> list[Expected]:
    """The deadlines of a client whose state was found to have changed since then."""
    query = (
        f"select {_COLUMNS} from ops.expected_delivery where client_id = :client and noted_at >= :since "  # noqa: S608 ours
        "order by feed, source, due_at"
    )
    found = conn.execute(sa.text(query), {"client": client_id, "since": since})
    return [Expected(**{**row, "state": DueState(row["state"])}) for row in found.mappings()]


def came(conn: sa.Connection, client_id: str, since: datetime) -> list[Came]:
    """What came for the sources of a client and was seen from a moment on, each file once.

    A delivery replayed counts from the first sight of its file. Corrections are no deliveries of the day.
    """
    query = sa.text(
        "select distinct on (d.feed, d.source, coalesce(d.arrival_id, -d.delivery_id)) d.feed, d.source, "
        "d.delivery_id, d.period, d.received_at as written_at, coalesce(a.seen_at, d.registered_at) as seen_at "
        "from ops.delivery d left join ops.arrival a using (arrival_id) where d.client_id = :client "
        "and d.kind <> 'correction' and d.state <> all(:not) "
        "and not (d.state = 'superseded' and d.verdict is not distinct from 'fail') "
        "and coalesce(a.seen_at, d.registered_at) >= :since "
        "order by d.feed, d.source, coalesce(d.arrival_id, -d.delivery_id), d.delivery_id"
    )
    found = conn.execute(query, {"client": client_id, "not": list(_NO_DELIVERY), "since": since})
    return [Came(**row) for row in found.mappings()]


def first_seen(conn: sa.Connection, client_id: str) -> dict[tuple[str, str], datetime]:
    """(feed, source) → when the first file of it was seen, whatever became of it."""
    query = sa.text(
        "select feed, source, min(registered_at) from ops.delivery where client_id = :client "
        "and kind <> 'correction' group by feed, source"
    )
    return {(feed, source): at for feed, source, at in conn.execute(query, {"client": client_id}).tuples()}


def not_reached(conn: sa.Connection, client_id: str) -> bool:
    """Whether an origin of the client could not be fetched at its last look: what is there may be there in time."""
    query = sa.text("select exists (select from ops.origin where client_id = :client and problem is not null)")
    return bool(conn.scalar(query, {"client": client_id}))


def write(conn: sa.Connection, rows: Iterable[Expected]) -> None:
    """Note deadlines; one that was noted before is brought up to date."""
    values = [{**vars(row), "state": row.state.value} for row in rows]
    if values:
        conn.execute(
            sa.text(
                f"insert into ops.expected_delivery ({_COLUMNS}) values (:client_id, :feed, :source, :due_at, "  # noqa: S608 ours
                ":period, :state, :delivery_id, :arrived_at, :noted_at, :looked_at) "
                "on conflict (client_id, feed, source, due_at) do update set period = excluded.period, "
                "state = excluded.state, delivery_id = excluded.delivery_id, arrived_at = excluded.arrived_at, "
                "noted_at = excluded.noted_at, looked_at = excluded.looked_at"
            ),
            values,
        )


def forget(conn: sa.Connection, rows: Iterable[Expected]) -> None:
    """Drop deadlines that nobody has looked for and that the profile does not promise any more."""
    for row in rows:
        conn.execute(
            sa.text(
                "delete from ops.expected_delivery where client_id = :client and feed = :feed and source = :source "
                "and due_at = :due_at and looked_at is null"
            ),
            {"client": row.client_id, "feed": row.feed, "source": row.source, "due_at": row.due_at},
        )
