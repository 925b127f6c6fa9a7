"""SQL of the letters to clients: what happened, and which letters told it (`ops.letter`). No cell values are read."""

# ruff: noqa: S608 (the text is ours; values are always bound)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa

from pipelines.delivery import Delivery, State, Verdict
from pipelines.warehouse import ledger, register

Amounts = dict[str, dict[str, Decimal]]
"""Money column → currency (empty: none) → sum."""


@dataclass(frozen=True)
class OpenReason:
    """Rows of one feed that one rule keeps out until somebody acts."""

    feed: str
    rule_id: str
    owner: str
    rows: int
    amounts: Amounts = field(default_factory=dict)


@dataclass(frozen=True)
class Book:
    """A correction workbook that waits for the client; `path` is below the outbox."""

    workbook_id: int
    delivery_id: int
    feed: str
    file_name: str
    path: str
    rows: int
    made_at: datetime


@dataclass(frozen=True)
class Sent:
    """A letter as it is kept."""

    client_id: str
    night: date
    connection: str
    state: str
    subject: str
    begun_at: datetime
    problem: str | None


def moved_since(conn: sa.Connection, client_id: str, since: datetime) -> list[Delivery]:
    """Deliveries that came to something the client has to know, in the order they did."""
    states = [State.HELD, State.FAILED, State.RETURNED, State.LOADED]
    query = sa.text(
        "select delivery_id from ops.delivery where client_id = :client and moved_at >= :since "
        "and state = any(:states) order by moved_at, delivery_id"
    )
    ids = conn.scalars(query, {"client": client_id, "since": since, "states": [s.value for s in states]})
    found = [register.get(conn, delivery_id) for delivery_id in list(ids)]
    return [d for d in found if d.is_correction or _to_tell(d)]


def _to_tell(delivery: Delivery) -> bool:
    if delivery.state is State.LOADED:
        return bool(delivery.rows_rejected)
    return delivery.state is not State.FAILED or delivery.verdict is Verdict.FAIL


def failed_step(conn: sa.Connection, delivery_id: int) -> str | None:
    """The step at which a delivery failed; null: before its first."""
    query = sa.text(
        "select step from ops.step_run where delivery_id = :id and outcome = 'failed' order by run_id desc limit 1"
    )
    found: str | None = conn.scalar(query, {"id": delivery_id})
    return found


def holding_rules(conn: sa.Connection, delivery: Delivery) -> list[str]:
    """The rules that hold a delivery: those its message names, and those about the whole that are not met."""
    with_rows = set(
        conn.scalars(
            sa.text("select distinct rule_id from quarantine.reject where delivery_id = :id"),
            {"id": delivery.delivery_id},
        )
    )
    message = delivery.message or ""
    found = [
        result
        for result in ledger.rule_results(conn, delivery)
        if result.severity.value == "critical"
        and result.success is not True
        and (f"{result.rule_id}: " in message or (result.success is False and result.rule_id not in with_rows))
    ]
    unmet = [r for r in found if r.success is False]  # those that had nothing to judge follow from them
    return sorted({result.rule_id for result in unmet or found})


_OPEN = (
    "with reasons as (select distinct d.feed, j.rule_id, j.owner, j.delivery_id, j.row_number, j.row_part "
    "from quarantine.reject j join ops.delivery d using (delivery_id) where j.client_id = :client "
    "and j.state = 'open' and j.severity = 'critical' and d.state = 'loaded' and d.kind <> 'correction') "
)
"""Rows of loaded deliveries that are kept out; those that a correction brought in vain count where they came from."""


def open_rows(conn: sa.Connection, client_id: str, owner: str) -> int:
    """Rows that are kept out for a reason of that owner, each once, however many it has."""
    query = sa.text(
        f"{_OPEN} select count(distinct (delivery_id, row_number, row_part)) from reasons where owner = :owner"
    )
    return int(conn.scalar(query, {"client": client_id, "owner": owner}) or 0)


def open_reasons(conn: sa.Connection, client_id: str) -> list[OpenReason]:
    """The reasons for it, with rows and amounts; a row with several counts under each of them."""
    amounts: dict[tuple[str, str], Amounts] = {}
    query = sa.text(
        f"{_OPEN} select feed, rule_id, money.key, coalesce(w.currencies ->> money.key, '') as currency, "
        "sum(cast(money.value as numeric)) from reasons "
        "join quarantine.row w using (delivery_id, row_number, row_part) "
        "cross join jsonb_each_text(w.amounts) as money group by 1, 2, 3, 4 order by 1, 2, 3, 4"
    )
    for feed, rule, column, currency, total in conn.execute(query, {"client": client_id}).tuples():
        amounts.setdefault((feed, rule), {}).setdefault(column, {})[currency] = total
    query = sa.text(
        f"{_OPEN} select feed, rule_id, min(owner), count(*) from reasons group by 1, 2 order by 1, 4 desc, 2"
    )
    found = conn.execute(query, {"client": client_id}).tuples()
    return [OpenReason(feed, rule, owner, rows, amounts.get((feed, rule), {})) for feed, rule, owner, rows in found]


def books(conn: sa.Connection, client_id: str, since: datetime) -> list[Book]:
    """Workbooks made since then that still wait for the client."""
    query = sa.text(
        "select w.workbook_id, w.delivery_id, d.feed, d.file_name, w.path, w.rows, w.made_at "
        "from quarantine.workbook w join ops.delivery d using (delivery_id) where d.client_id = :client "
        "and w.state = 'open' and w.made_at >= :since order by w.workbook_id"
    )
    return [Book(**row) for row in conn.execute(query, {"client": client_id, "since": since}).mappings()]


def last_sent(conn: sa.Connection, client_id: str, connection: str) -> datetime | None:
    """When the last letter that was sent over a connection was begun."""
    query = sa.text(
        "select max(begun_at) from ops.letter where client_id = :client and connection = :conn and state = 'sent'"
    )
    found: datetime | None = conn.scalar(query, {"client": client_id, "conn": connection})
    return found


def told(conn: sa.Connection, client_id: str, connection: str, since: datetime) -> set[str]:
    """The events that letters sent over a connection told of."""
    query = sa.text(
        "select distinct unnest(told) from ops.letter where client_id = :client and connection = :conn "
        "and state = 'sent' and begun_at >= :since"
    )
    return set(conn.scalars(query, {"client": client_id, "conn": connection, "since": since}))


def sent_tonight(conn: sa.Connection, client_id: str, night: date) -> set[str]:
    """Connections over which the client has got its letter of a night."""
    query = sa.text("select connection from ops.letter where client_id = :client and night = :night and state = 'sent'")
    return set(conn.scalars(query, {"client": client_id, "night": night}))


def begin(
    conn: sa.Connection, client_id: str, night: date, connection: str, *, language: str, subject: str, body: str,
    facts_hash: str, told: Sequence[str], begun_at: datetime,
) -> None:  # fmt: skip
    """Note that a letter is about to be sent; one of that night that was not sent is written anew."""
    conn.execute(
        sa.text(
            "insert into ops.letter as l (client_id, night, connection, state, language, subject, body, facts_hash, "
            "told, begun_at) values (:client, :night, :connection, 'begun', :language, :subject, :body, :hash, :told, "
            ":at) on conflict (client_id, night, connection) do update set state = 'begun', "
            "language = excluded.language, subject = excluded.subject, body = excluded.body, "
            "facts_hash = excluded.facts_hash, told = excluded.told, begun_at = excluded.begun_at, problem = null "
            "where l.state <> 'sent'"
        ),
        {
            "client": client_id, "night": night, "connection": connection, "language": language, "subject": subject,
            "body": body, "hash": facts_hash, "told": list(told), "at": begun_at,
        },
    )  # fmt: skip


def end(conn: sa.Connection, client_id: str, night: date, connection: str, problem: str | None) -> None:
    """Note what came of sending: no problem, it is sent."""
    conn.execute(
        sa.text(
            "update ops.letter set state = case when cast(:problem as text) is null then 'sent' else 'failed' end, "
            "problem = :problem, sent_at = case when cast(:problem as text) is null then clock_timestamp() end "
            "where client_id = :client and night = :night and connection = :connection and state = 'begun'"
        ),
        {"client": client_id, "night": night, "connection": connection, "problem": problem},
    )


def listed(conn: sa.Connection, client_id: str | None, limit: int) -> list[Sent]:
    """The newest letters, newest first."""
    query = sa.text(
        "select client_id, night, connection, state, subject, begun_at, problem from ops.letter "
        "where client_id = coalesce(:client, client_id) order by night desc, client_id, connection limit :limit"
    )
    return [Sent(**row) for row in conn.execute(query, {"client": client_id, "limit": limit}).mappings()]
