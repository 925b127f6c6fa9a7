"""The deliveries of a scope over time: what speaks, what came after, what a replay or a withdrawal retires.

Their versions in core are the matter of `history_versions.py`.
"""

# ruff: noqa: S608 (names of tables and columns come from checked contracts; values are always bound)

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import SETTLED, Delivery, Scope, State
from pipelines.reject import RejectState
from pipelines.warehouse import ddl, quarantine_store, register
from pipelines.warehouse.keys import place_of

_SAME_SCOPE = "(d.client_id, d.feed, d.source, d.scope_period) = (o.client_id, o.feed, o.source, o.scope_period)"
OF_SCOPE = f"from ops.delivery d join ops.delivery o on {_SAME_SCOPE} where o.delivery_id = :id"
_IN_EFFECT = "d.published_at is not null and d.taken_back_at is null and d.state in ('loaded', 'superseded')"
PENDING = "state <> all(:settled)"


def registered_scope(conn: sa.Connection, delivery: Delivery) -> Scope:
    """The scope a delivery was registered in, whatever its source declares now."""
    query = sa.text("select scope_period from ops.delivery where delivery_id = :id")
    period = conn.scalar(query, {"id": delivery.delivery_id})
    return Scope(delivery.client_id, delivery.feed, delivery.source, period or None)


def line_of(conn: sa.Connection, delivery: Delivery) -> list[int]:
    """The first delivery of an original, its replays, and the corrections of all of them, oldest first.

    A correction stands for itself.
    """
    if delivery.is_correction:
        return [delivery.delivery_id]
    query = (
        "with line as (select delivery_id from ops.delivery where delivery_id = :first or replays = :first) "
        "select delivery_id from line union select d.delivery_id from ops.delivery d join line l "
        "on d.corrects = l.delivery_id order by 1"
    )
    return list(conn.scalars(sa.text(query), {"first": _first(delivery)}))


def replays_of(conn: sa.Connection, delivery: Delivery, *, pending: bool) -> list[Delivery]:
    """Replays of a delivery's original, newest first: those that are still on their way, or those that are settled."""
    query = (
        f"select delivery_id from ops.delivery where replays = :first and ({PENDING}) = :pending "
        "order by delivery_id desc"
    )
    values = {"first": _first(delivery), "settled": names_of(SETTLED), "pending": pending}
    return all_of(conn, conn.scalars(sa.text(query), values).all())


def speaking(conn: sa.Connection, client: str | None, feed: str | None) -> list[Delivery]:
    """Loaded, held and failed deliveries, no corrections, in the order of their scopes."""
    query = (
        "select delivery_id from ops.delivery where client_id = coalesce(:client, client_id) "
        "and feed = coalesce(:feed, feed) and state in ('loaded', 'held', 'failed') and kind <> 'correction' "
        f"order by client_id, feed, source, {register.PLACE}, delivery_id"
    )
    return all_of(conn, conn.scalars(sa.text(query), {"client": client, "feed": feed}).all())


def newest_loaded(conn: sa.Connection, delivery: Delivery) -> Delivery | None:
    """The newest loaded delivery of a delivery's scope, corrections aside."""
    query = (
        f"select d.delivery_id {OF_SCOPE} and d.state = 'loaded' and d.kind <> 'correction' "
        "order by coalesce(d.period, '') desc, d.received_at desc, coalesce(d.replays, d.delivery_id) desc, "
        "d.delivery_id desc limit 1"
    )
    found = all_of(conn, conn.scalars(sa.text(query), {"id": delivery.delivery_id}).all())
    return found[0] if found else None


def replay_before(conn: sa.Connection, delivery: Delivery) -> int | None:
    """A replay that is to be published before this delivery of its scope and is still on its way."""
    query = (
        f"select d.delivery_id {OF_SCOPE} and d.kind = 'replay' and d.{PENDING} and d.delivery_id <> :id "
        f"and ({place_of('d')}) < ({place_of('o')}) limit 1"
    )
    found: int | None = conn.scalar(sa.text(query), {"id": delivery.delivery_id, "settled": names_of(SETTLED)})
    return found


def take_over(conn: sa.Connection, replay: Delivery, *, actor: str) -> None:
    """A replay stands for its original: what spoke or waited for it is superseded, once the replay is held or loaded.

    A held replay leaves a loaded delivery its word.
    """
    if replay.replays is None:
        return
    query = (
        "select delivery_id from ops.delivery where (delivery_id = :first or replays = :first) and delivery_id < :id "
        "and (state in ('held', 'failed') or state = 'loaded' and :loaded) order by delivery_id for update"
    )
    loaded = replay.state is State.LOADED
    values = {"first": replay.replays, "id": replay.delivery_id, "loaded": loaded}
    old = all_of(conn, conn.scalars(sa.text(query), values).all())
    for one in old:
        retire(conn, one, replay, actor=actor, detail={"by": replay.delivery_id})
    if loaded and old and replay.supersedes is None:
        register.set_fields(conn, replay, supersedes=old[-1].delivery_id)


def spoke_before(conn: sa.Connection, replay: Delivery) -> Delivery | None:
    """The delivery of the same original that was published last before a replay."""
    query = (
        "select delivery_id from ops.delivery where (delivery_id = :first or replays = :first) and delivery_id < :id "
        "and published_at is not null order by delivery_id desc limit 1"
    )
    found = all_of(conn, conn.scalars(sa.text(query), {"first": replay.replays, "id": replay.delivery_id}).all())
    return found[0] if found else None


def retire(conn: sa.Connection, old: Delivery, by: Delivery, *, actor: str, detail: dict[str, Any]) -> None:
    """Move a delivery to superseded; its open rejects go with it."""
    said = f"superseded by delivery {by.delivery_id}"
    register.move(conn, old, State.SUPERSEDED, actor=actor, detail=detail, message=said)
    ddl.drop_work_table(conn, old)
    quarantine_store.resolve(conn, [old.delivery_id], RejectState.SUPERSEDED, by=said)


def published(conn: sa.Connection, delivery: Delivery, since: datetime) -> list[Delivery]:
    """Deliveries of the scope, corrections included, that published since then and are in effect, in that order."""
    query = f"select d.delivery_id {OF_SCOPE} and {_IN_EFFECT} and d.published_at >= :since order by d.published_at"
    return all_of(conn, conn.scalars(sa.text(query), {"id": delivery.delivery_id, "since": since}).all())


def first_published(conn: sa.Connection, line: Sequence[int]) -> datetime | None:
    """When the first of these that is in effect published; None when none is."""
    query = f"select min(d.published_at) from ops.delivery d where d.delivery_id = any(:line) and {_IN_EFFECT}"
    found: datetime | None = conn.scalar(sa.text(query), {"line": list(line)})
    return found


def retired_by(conn: sa.Connection, delivery: Delivery, later: Sequence[int], since: datetime) -> list[Delivery]:
    """Deliveries of the scope that spoke before `since` and were last superseded by one of the later ones."""
    query = (
        f"select d.delivery_id {OF_SCOPE} and {_IN_EFFECT} and d.state = 'superseded' and d.published_at < :since and "
        "(select a.detail ->> 'by' from ops.audit a where a.delivery_id = d.delivery_id and a.new_state = 'superseded' "
        "and a.old_state = 'loaded' order by a.entry_id desc limit 1) = any(:later) order by d.delivery_id"
    )
    values = {"id": delivery.delivery_id, "since": since, "later": [str(i) for i in later]}
    return all_of(conn, conn.scalars(sa.text(query), values).all())


def waiting_for_decision(conn: sa.Connection, delivery: Delivery) -> list[Delivery]:
    """Held and approved deliveries of the scope."""
    query = f"select d.delivery_id {OF_SCOPE} and d.state in ('held', 'approved') order by d.delivery_id"
    return all_of(conn, conn.scalars(sa.text(query), {"id": delivery.delivery_id}).all())


def never_loaded(conn: sa.Connection, delivery: Delivery, line: Sequence[int]) -> list[int]:
    """Deliveries that were superseded by one of these before they were loaded."""
    query = (
        f"select d.delivery_id {OF_SCOPE} and d.state = 'superseded' and d.published_at is null "
        "and d.delivery_id <> all(:line) and (select a.detail ->> 'by' from ops.audit a "
        "where a.delivery_id = d.delivery_id and a.new_state = 'superseded' order by a.entry_id desc limit 1) "
        "= any(:names) order by 1"
    )
    values = {"id": delivery.delivery_id, "line": list(line), "names": [str(i) for i in line]}
    return list(conn.scalars(sa.text(query), values))


def mark_taken_back(conn: sa.Connection, delivery_ids: Sequence[int], at: datetime) -> None:
    """Note that what these published is no longer in effect."""
    query = "update ops.delivery set taken_back_at = :at where delivery_id = any(:ids)"
    conn.execute(sa.text(query), {"at": at, "ids": list(delivery_ids)})


def withdrawal_of(conn: sa.Connection, delivery: Delivery) -> dict[str, Any] | None:
    """What the log says of the withdrawal of a delivery: actor, at, detail."""
    query = (
        "select actor, at, detail from ops.audit where delivery_id = :id and action = 'withdraw' "
        "order by entry_id desc limit 1"
    )
    row = conn.execute(sa.text(query), {"id": delivery.delivery_id}).mappings().one_or_none()
    return dict(row) if row else None


def uncorrect(conn: sa.Connection, delivery_ids: Sequence[int], by: int) -> int:
    """Open the rejects of these deliveries that a correction had closed; how many."""
    query = (
        "update quarantine.reject set state = 'open', resolved_by = null, resolved_at = null "
        "where delivery_id = any(:ids) and state = 'corrected' and resolved_by ~ :named"
    )
    return conn.execute(sa.text(query), {"ids": list(delivery_ids), "named": named([by])}).rowcount


def speak_again(conn: sa.Connection, by: Sequence[int]) -> None:
    """Older deliveries of the scope speak for the rows again whose rejects these had superseded: they are open."""
    for one in all_of(conn, by):
        quarantine_store.restore(conn, one)


def superseded(conn: sa.Connection, delivery: Delivery) -> list[int]:
    """Deliveries of the scope that are superseded: none of their rejects may be open."""
    query = f"select d.delivery_id {OF_SCOPE} and d.state = 'superseded'"
    return list(conn.scalars(sa.text(query), {"id": delivery.delivery_id}))


def _first(delivery: Delivery) -> int:
    return delivery.replays or delivery.delivery_id


def named(delivery_ids: Sequence[int]) -> str:
    """A regular expression for a text that names one of these deliveries."""
    return rf"\m({'|'.join(map(str, delivery_ids))})\M"


def names_of(states: Iterable[State]) -> list[str]:
    """States as the database has them."""
    return [state.value for state in states]


def all_of(conn: sa.Connection, delivery_ids: Sequence[int]) -> list[Delivery]:
    """The deliveries of these numbers, in that order."""
    return [register.get(conn, delivery_id) for delivery_id in delivery_ids]
