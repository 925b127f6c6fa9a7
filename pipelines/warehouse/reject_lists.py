"""Rejects as people look at them: counted by rule and delivery, or one row in full. Reads only."""

# ruff: noqa: S608 (names of columns and tables are ours; values are always bound)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pipelines.contract import NO_CURRENCY
from pipelines.delivery import Delivery
from pipelines.reject import Owner, RejectState

Place = tuple[str, str]
"""(money column, currency)."""


@dataclass(frozen=True)
class Wanted:
    """Which rejects to look at; null: whatever it is. `older_than`: days since they were first found."""

    client_id: str | None = None
    feed: str | None = None
    delivery_id: int | None = None
    rule_id: str | None = None
    cause: str | None = None
    owner: Owner | None = None
    state: RejectState | None = RejectState.OPEN
    older_than: int | None = None


@dataclass(frozen=True)
class Line:
    """Rows of one delivery that one rule keeps out, in one state. `since`: when the oldest was first found."""

    delivery_id: int
    client_id: str
    feed: str
    source: str
    file_name: str
    rule_id: str
    cause: str
    owner: str
    state: str
    rows: int
    first_row: int
    since: datetime
    age_days: int
    amounts: dict[Place, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Total:
    """All that was asked for of one feed: a row with several reasons counts once."""

    feed: str
    rows: int
    deliveries: int
    amounts: dict[Place, Decimal] = field(default_factory=dict)


def lines(conn: sa.Connection, wanted: Wanted) -> list[Line]:
    """One line per delivery, rule and state, what waits longest first."""
    where, values = _where(wanted)
    query = (
        "select j.delivery_id, d.client_id, d.feed, d.source, d.file_name, j.rule_id, min(j.cause_code) as cause, "
        "j.owner, j.state, count(distinct (j.row_number, j.row_part)) as rows, min(j.row_number) as first_row, "
        "min(j.opened_at) as since, floor(extract(epoch from clock_timestamp() - min(j.opened_at)) / 86400)::int "
        f"as age_days from {_FROM} where {where} "
        "group by j.delivery_id, d.delivery_id, j.rule_id, j.owner, j.state "
        "order by age_days desc, j.delivery_id, rows desc, j.rule_id"
    )
    found = list(conn.execute(sa.text(query), values).mappings())
    groups = ("delivery_id", "rule_id", "owner", "state")
    amounts: dict[tuple[Any, ...], dict[Place, Decimal]] = {}
    for *group, place, amount in _amounts(conn, where, values, *groups):
        amounts.setdefault(tuple(group), {})[place] = amount
    keys = [tuple(f[name] for name in groups) for f in found]
    return [Line(**f, amounts=amounts.get(key, {})) for f, key in zip(found, keys, strict=True)]


def totals(conn: sa.Connection, wanted: Wanted) -> list[Total]:
    """Distinct rows and their amounts over all lines, feed by feed."""
    where, values = _where(wanted)
    query = (
        "select d.feed, count(distinct (j.delivery_id, j.row_number, j.row_part)) as rows, "
        f"count(distinct j.delivery_id) as deliveries from {_FROM} where {where} group by d.feed order by d.feed"
    )
    amounts: dict[str, dict[Place, Decimal]] = {}
    for feed, place, amount in _amounts(conn, where, values, "feed"):
        amounts.setdefault(feed, {})[place] = amount
    found = conn.execute(sa.text(query), values)
    return [Total(f.feed, f.rows, f.deliveries, amounts.get(f.feed, {})) for f in found]


_FROM = "quarantine.reject j join ops.delivery d on d.delivery_id = j.delivery_id"


def _where(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    columns = {
        "d.client_id": wanted.client_id,
        "d.feed": wanted.feed,
        "j.delivery_id": wanted.delivery_id,
        "j.rule_id": wanted.rule_id,
        "j.cause_code": wanted.cause,
        "j.owner": wanted.owner and wanted.owner.value,
        "j.state": wanted.state and wanted.state.value,
    }
    asked = {name: value for name, value in columns.items() if value is not None}
    parts = [f"{name} = :{name.partition('.')[2]}" for name in asked]
    values: dict[str, Any] = {name.partition(".")[2]: value for name, value in asked.items()}
    if wanted.older_than is not None:
        parts.append("j.opened_at < clock_timestamp() - make_interval(days => :days)")
        values["days"] = wanted.older_than
    return " and ".join(parts) or "true", values


def _amounts(conn: sa.Connection, where: str, values: Mapping[str, Any], *groups: str) -> list[tuple[Any, ...]]:
    """(group…, place, sum) of the readable amounts; within a group a row counts once, whatever keeps it out."""
    by, row = ", ".join(groups), ", ".join(dict.fromkeys((*groups, "delivery_id", "row_number", "row_part")))
    query = (
        f"select {by}, a.key as name, coalesce(r.currencies ->> a.key, :none) as currency, "
        f"sum(a.value::numeric) as amount from (select distinct {row} from quarantine.reject j "
        f"join (select delivery_id, client_id, feed from ops.delivery) d using (delivery_id) where {where}) g "
        "join quarantine.row r using (delivery_id, row_number, row_part) cross join jsonb_each_text(r.amounts) a "
        f"group by {by}, a.key, currency order by {by}, a.key, currency"
    )
    found = conn.execute(sa.text(query), {**values, "none": NO_CURRENCY})
    return [(*row[:-3], (row.name, row.currency), row.amount) for row in found]


# one row ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """A row in quarantine: its cells as received."""

    row_number: int
    row_part: int
    cells: dict[str, Any]
    key_hash: str | None


def kept(conn: sa.Connection, delivery: Delivery, row: int) -> list[Kept]:
    """The rejected parts of a row."""
    query = (
        "select row_number, row_part, cells, key_hash from quarantine.row "
        "where delivery_id = :id and row_number = :row order by row_part"
    )
    found = conn.execute(sa.text(query), {"id": delivery.delivery_id, "row": row}).mappings()
    return [Kept(**line) for line in found]


def reasons_of(conn: sa.Connection, delivery: Delivery, row: Kept) -> Sequence[sa.RowMapping]:
    """Every reject of a row, as written."""
    query = (
        "select rule_id, column_name, value, message, owner, cause_code, state, opened_at, resolved_by, resolved_at, "
        "decision_id, superseded_by from quarantine.reject where delivery_id = :id and row_number = :row "
        "and row_part = :part order by reject_id"
    )
    values = {"id": delivery.delivery_id, "row": row.row_number, "part": row.row_part}
    return conn.execute(sa.text(query), values).mappings().all()


def elsewhere(conn: sa.Connection, delivery: Delivery, row: Kept) -> Sequence[sa.RowMapping]:
    """The rejects of the same row, by its key, in the other deliveries of the scope, newest first."""
    query = (
        "select d.delivery_id, d.kind, d.received_at, j.row_number, j.rule_id, j.state, j.resolved_by "
        "from ops.delivery x join ops.delivery d on (d.client_id, d.feed, d.source, d.scope_period) "
        "= (x.client_id, x.feed, x.source, x.scope_period) and d.delivery_id <> x.delivery_id "
        "join quarantine.row r on r.delivery_id = d.delivery_id and r.key_hash = :key "
        "join quarantine.reject j on (j.delivery_id, j.row_number, j.row_part) "
        "= (r.delivery_id, r.row_number, r.row_part) where x.delivery_id = :id "
        "order by d.received_at desc, d.delivery_id desc, j.rule_id limit 50"
    )
    return conn.execute(sa.text(query), {"id": delivery.delivery_id, "key": row.key_hash}).mappings().all()


def audited(conn: sa.Connection, delivery: Delivery, row: Kept) -> list[sa.RowMapping]:
    """What the audit log says of decisions on a row of a delivery, oldest first."""
    query = (
        "select at, actor, action, detail from ops.audit where delivery_id = :id "
        "and action in ('waive', 'write off', 'lapse', 'show in clear') order by entry_id"
    )
    address = [row.row_number, row.row_part]
    found = conn.execute(sa.text(query), {"id": delivery.delivery_id}).mappings()
    return [e for e in found if address in e["detail"].get("rows", []) or e["detail"].get("row") == address]
