"""Decisions of stewards on single rows: waive a rule, write a row off. What counts now, and what it does at the gate.

A decision is about one rule on one row of a scope, known by its key; it counts until it expires, and only while no
amount of the row is above its limit. One about a row without a readable key counts for its delivery only.
"""

# ruff: noqa: S608 (names of columns and tables are ours; values are always bound)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.reject import Cause, RejectState
from pipelines.warehouse import audit
from pipelines.warehouse.connection import without_loops
from pipelines.warehouse.keys import key_hash_sql, largest_amount_sql


class DecisionKind(StrEnum):
    """Load the row in spite of the rule, or accept that it is missing."""

    WAIVE = "waive"
    WRITE_OFF = "write_off"


STATE_OF = {DecisionKind.WAIVE: RejectState.WAIVED, DecisionKind.WRITE_OFF: RejectState.WRITTEN_OFF}
"""What a decision makes of a reject."""


@dataclass(frozen=True)
class Decision:
    """One line of `quarantine.decision`, without its scope."""

    decision_id: int
    kind: DecisionKind
    rule_id: str
    key_hash: str | None
    delivery_id: int
    row_number: int
    row_part: int
    person: str
    reason: str
    amount_limit: Decimal | None
    decided_at: datetime
    expires_at: datetime
    lapsed_at: datetime | None


@dataclass(frozen=True)
class Terms:
    """What a decision says, whatever row it is about."""

    kind: DecisionKind
    person: str
    reason: str
    expires_at: datetime
    amount_limit: Decimal | None = None


@dataclass(frozen=True)
class Reason:
    """One rule that keeps one row out, with what a decision on it needs to know.

    `largest`: largest absolute amount of the row; `hidden`: a money cell of it cannot be read. `waiver`, `write_off`:
    the decision of that kind that counts for it now.
    """

    row_number: int
    row_part: int
    rule_id: str
    state: RejectState
    resolved_by: str | None
    key_hash: str | None
    largest: Decimal
    hidden: bool
    waiver: int | None
    write_off: int | None

    @property
    def address(self) -> tuple[int, int]:
        """Row number and part."""
        return self.row_number, self.row_part


_COUNTS = "d.lapsed_at is null and d.expires_at > clock_timestamp()"
_OF_SCOPE = "(d.client_id, d.feed, d.source, d.period) = (x.client_id, x.feed, x.source, x.scope_period)"
_COLUMNS = ", ".join(f"d.{f.name}" for f in fields(Decision))
_LARGEST = "(select coalesce(max(abs(a.value::numeric)), 0) from jsonb_each_text(r.amounts) a)"
_HIDDEN = (
    "(j.row_number, j.row_part) in (select h.row_number, h.row_part from quarantine.reject h "
    "where h.delivery_id = :id and h.column_name = any(:money) and h.cause_code = :unreadable)"
)
"""Whether an amount of the rejected row `j` of the delivery cannot be read: nobody knows if it is within a limit."""


# at the gate ------------------------------------------------------------------------------------------------


def waived_rules(conn: sa.Connection, delivery: Delivery) -> list[str]:
    """Rules that some row of the delivery's scope may break now; nearly always none."""
    query = (
        "select distinct d.rule_id from quarantine.decision d, ops.delivery x where x.delivery_id = :id "
        f"and d.kind = 'waive' and d.key_hash is not null and {_OF_SCOPE} and {_COUNTS} order by 1"
    )
    return list(conn.scalars(sa.text(query), {"id": delivery.delivery_id}))


def let_in(conn: sa.Connection, delivery: Delivery, contract: Contract, rules: Sequence[str]) -> dict[str, int]:
    """Take back the open rejects of these rules that are waived; returns rule → rows, those without any left out.

    Compares the cleaned row in the work table: its key, and its amounts with the limit. The fate of the rows is left
    to `free`.
    """
    statement = (
        "with failing as materialized (select distinct j.rule_id, j.row_number, j.row_part, "
        f"{key_hash_sql(contract, 'w')} as key_hash, {largest_amount_sql(contract, 'w')} as largest, "
        f"{_HIDDEN} as hidden from quarantine.reject j join {delivery.work_table} w "
        "on (w._row_number, w._row_part) = (j.row_number, j.row_part) "
        "where j.delivery_id = :id and j.state = 'open' and j.rule_id = any(:rules)), "
        "found as materialized (select distinct f.rule_id, f.row_number, f.row_part from failing f "
        "join ops.delivery x on x.delivery_id = :id "
        f"join quarantine.decision d on d.rule_id = f.rule_id and d.key_hash = f.key_hash and {_OF_SCOPE} "
        f"where d.kind = 'waive' and {_COUNTS} "
        "and (d.amount_limit is null or f.largest <= d.amount_limit and not f.hidden)), "
        "gone as (delete from quarantine.reject j using found f where j.delivery_id = :id and j.state = 'open' "
        "and (j.rule_id, j.row_number, j.row_part) = (f.rule_id, f.row_number, f.row_part)) "
        "select rule_id, count(*) from found group by rule_id"
    )
    values = {"id": delivery.delivery_id, "rules": list(rules), **_amount_values(contract)}
    with without_loops(conn):
        return {rule: int(rows) for rule, rows in conn.execute(sa.text(statement), values).tuples()}


def free(conn: sa.Connection, delivery: Delivery) -> int:
    """Accept the rows of the work table that were set aside and have no reject left; returns how many."""
    statement = (
        f"update {delivery.work_table} w set _fate = null where _fate = 'rejected' and not exists "
        "(select from quarantine.reject j where j.delivery_id = :id "
        "and (j.row_number, j.row_part) = (w._row_number, w._row_part))"
    )
    with without_loops(conn):
        return int(conn.execute(sa.text(statement), {"id": delivery.delivery_id}).rowcount)


def write_off_known(conn: sa.Connection, delivery: Delivery, contract: Contract) -> int:
    """Write off by itself what was written off before in the scope; returns the rows that need nobody any more."""
    if not conn.scalar(sa.text(_ANY_WRITE_OFF), {"id": delivery.delivery_id}):
        return 0
    known = [r for r in reasons(conn, delivery, contract) if r.state is RejectState.OPEN and r.write_off]
    statement = (
        "update quarantine.reject j set state = 'written_off', resolved_by = d.person, "
        "resolved_at = clock_timestamp(), decision_id = d.decision_id from quarantine.decision d "
        "join unnest(cast(:decisions as bigint[]), cast(:rules as text[]), cast(:rows as bigint[]), "
        "cast(:parts as integer[])) as k(decision_id, rule_id, row_number, row_part) using (decision_id) "
        "where j.delivery_id = :id and j.state = 'open' "
        "and (j.rule_id, j.row_number, j.row_part) = (k.rule_id, k.row_number, k.row_part) "
        "returning j.row_number, j.row_part, j.decision_id"
    )
    values = {
        "id": delivery.delivery_id,
        "decisions": [r.write_off for r in known],
        "rules": [r.rule_id for r in known],
        "rows": [r.row_number for r in known],
        "parts": [r.row_part for r in known],
    }
    with without_loops(conn):
        found = conn.execute(sa.text(statement), values).all()
    if not found:
        return 0
    detail = {"decisions": sorted({row.decision_id for row in found}), "rejects": len(found)}
    audit.record(conn, actor="step validate", action="write off again", delivery_id=delivery.delivery_id, detail=detail)
    still = "select distinct row_number, row_part from quarantine.reject where delivery_id = :id and state = 'open'"
    open_rows = set(conn.execute(sa.text(still), {"id": delivery.delivery_id}).tuples())
    return len({(row.row_number, row.row_part) for row in found} - open_rows)


_ANY_WRITE_OFF = (
    "select exists (select from quarantine.decision d, ops.delivery x where x.delivery_id = :id "
    f"and d.kind = 'write_off' and {_OF_SCOPE} and {_COUNTS})"
)


def _amount_values(contract: Contract) -> dict[str, object]:
    return {"money": [c.name for c in contract.money], "unreadable": Cause.UNREADABLE.value}


# by people --------------------------------------------------------------------------------------------------


def reasons(
    conn: sa.Connection,
    delivery: Delivery,
    contract: Contract,
    *,
    row: int | None = None,
    part: int | None = None,
    rule: str | None = None,
) -> list[Reason]:
    """Why rows of a delivery are kept out: one entry per row and rule, closed ones included."""
    query = (
        "select j.row_number, j.row_part, j.rule_id, bool_or(j.state = 'open') as open, min(j.state) as state, "
        f"min(j.resolved_by) as resolved_by, r.key_hash, {_LARGEST} as largest, {_HIDDEN} as hidden "
        "from quarantine.reject j "
        "join quarantine.row r on (r.row_number, r.row_part) = (j.row_number, j.row_part) and r.delivery_id = :id "
        "where j.delivery_id = :id "
        "and j.row_number = coalesce(:row, j.row_number) and j.row_part = coalesce(:part, j.row_part) "
        "and j.rule_id = coalesce(:rule, j.rule_id) "
        "group by j.row_number, j.row_part, j.rule_id, r.delivery_id, r.row_number, r.row_part order by 1, 2, 3"
    )
    values = {"id": delivery.delivery_id, "row": row, "part": part, "rule": rule, **_amount_values(contract)}
    with without_loops(conn):
        found = conn.execute(sa.text(query), values).all()
    counting = _Counting.of(conn, delivery)
    return [
        Reason(
            f.row_number, f.row_part, f.rule_id, RejectState.OPEN if f.open else RejectState(f.state), f.resolved_by,
            f.key_hash, f.largest, f.hidden, counting.on(DecisionKind.WAIVE, f), counting.on(DecisionKind.WRITE_OFF, f),
        )
        for f in found
    ]  # fmt: skip


@dataclass(frozen=True)
class _Counting:
    """The decisions that count in a delivery's scope now, by kind, rule and key or address."""

    found: dict[tuple[object, ...], list[tuple[int, Decimal | None]]]

    @classmethod
    def of(cls, conn: sa.Connection, delivery: Delivery) -> _Counting:
        query = (
            "select d.kind, d.rule_id, d.key_hash, d.row_number, d.row_part, d.decision_id, d.amount_limit "
            f"from quarantine.decision d, ops.delivery x where x.delivery_id = :id and {_OF_SCOPE} and {_COUNTS} "
            "and (d.key_hash is not null or d.delivery_id = :id) order by d.decision_id"
        )
        found: dict[tuple[object, ...], list[tuple[int, Decimal | None]]] = {}
        for d in conn.execute(sa.text(query), {"id": delivery.delivery_id}):
            about = (d.key_hash,) if d.key_hash else (d.row_number, d.row_part)
            found.setdefault((d.kind, d.rule_id, *about), []).append((d.decision_id, d.amount_limit))
        return cls(found)

    def on(self, kind: DecisionKind, row: sa.Row[Any]) -> int | None:
        """The first decision of the kind on a row and its rule."""
        by_key = self.found.get((kind.value, row.rule_id, row.key_hash), []) if row.key_hash else []
        by_address = self.found.get((kind.value, row.rule_id, row.row_number, row.row_part), [])
        for decision, limit in (*by_key, *by_address):
            if limit is None or (row.largest <= limit and not row.hidden):
                return decision
        return None


def decide(conn: sa.Connection, delivery: Delivery, terms: Terms, on: Sequence[Reason]) -> list[int]:
    """Record one decision per row and rule, with one audit entry per rule; returns their ids in the order given."""
    given = {
        "id": delivery.delivery_id,
        **vars(terms),
        "kind": terms.kind.value,
        "rules": [r.rule_id for r in on],
        "keys": [r.key_hash for r in on],
        "rows": [r.row_number for r in on],
        "parts": [r.row_part for r in on],
    }
    ids = sorted(conn.scalars(sa.text(_INSERT), given).all())
    for rule in dict.fromkeys(r.rule_id for r in on):
        made = [(i, r) for i, r in zip(ids, on, strict=True) if r.rule_id == rule]
        audit.record(
            conn,
            actor=terms.person,
            action=terms.kind.value.replace("_", " "),
            delivery_id=delivery.delivery_id,
            detail={
                "rule": rule,
                "reason": terms.reason,
                "expires_at": terms.expires_at.isoformat(),
                "amount_limit": terms.amount_limit,
                "rows": [r.address for _, r in made],
                "decisions": [i for i, _ in made],
            },
        )
    return ids


_INSERT = (
    "insert into quarantine.decision (kind, client_id, feed, source, period, rule_id, key_hash, delivery_id, "
    "row_number, row_part, reason, person, amount_limit, expires_at) select :kind, client_id, feed, source, "
    "scope_period, a.rule, a.key, delivery_id, a.row, a.part, :reason, :person, :amount_limit, :expires_at "
    "from ops.delivery, unnest(cast(:rules as text[]), cast(:keys as text[]), cast(:rows as bigint[]), "
    "cast(:parts as integer[])) with ordinality as a(rule, key, row, part, place) "
    "where delivery_id = :id order by a.place returning decision_id"
)


def close(conn: sa.Connection, delivery: Delivery, ids: Sequence[int]) -> int:
    """Close the open rejects of a delivery that these decisions are about; returns how many."""
    statement = (
        "update quarantine.reject j set state = case d.kind when 'waive' then 'waived' else 'written_off' end, "
        "resolved_by = d.person, resolved_at = clock_timestamp(), decision_id = d.decision_id "
        "from quarantine.decision d where d.decision_id = any(:ids) and j.delivery_id = :id and j.state = 'open' "
        "and (j.rule_id, j.row_number, j.row_part) = (d.rule_id, d.row_number, d.row_part)"
    )
    with without_loops(conn):
        return int(conn.execute(sa.text(statement), {"ids": list(ids), "id": delivery.delivery_id}).rowcount)


def of_row(conn: sa.Connection, delivery: Delivery, row: int, part: int) -> list[Decision]:
    """Every decision that ever counted for a row of quarantine: by its key in the scope, or by its address."""
    query = (
        f"select {_COLUMNS} from quarantine.decision d, ops.delivery x, quarantine.row r where x.delivery_id = :id "
        f"and (r.delivery_id, r.row_number, r.row_part) = (:id, :row, :part) and {_OF_SCOPE} "
        "and (d.key_hash = r.key_hash or d.key_hash is null "
        "and (d.delivery_id, d.row_number, d.row_part) = (r.delivery_id, r.row_number, r.row_part)) "
        "order by d.decision_id"
    )
    found = conn.execute(sa.text(query), {"id": delivery.delivery_id, "row": row, "part": part}).mappings()
    return [Decision(**{**line, "kind": DecisionKind(line["kind"])}) for line in found]


def lapse(conn: sa.Connection) -> int:
    """End the decisions whose time is over and open again what they closed, where no newer delivery speaks for the
    row; returns how many ended. Each stands in the audit log."""
    ended = conn.execute(
        sa.text(
            "update quarantine.decision set lapsed_at = clock_timestamp() "
            "where lapsed_at is null and expires_at <= clock_timestamp() "
            "returning decision_id, kind, rule_id, delivery_id, row_number, row_part, person"
        )
    ).all()
    if not ended:
        return 0
    reopened = conn.execute(
        sa.text(
            "with again as (update quarantine.reject set state = 'open', resolved_by = null, resolved_at = null, "
            "decision_id = null from (select reject_id as id, decision_id as was from quarantine.reject "
            "where decision_id = any(:ids) and superseded_by is null "
            "and state in ('waived', 'written_off') for update) as b where reject_id = b.id "
            "returning b.was, delivery_id) select was, array_agg(distinct delivery_id order by delivery_id) "
            "from again group by was"
        ),
        {"ids": [line.decision_id for line in ended]},
    ).tuples()
    opened: dict[int, list[int]] = dict(reopened.all())
    for line in ended:
        audit.record(
            conn,
            actor="housekeeping",
            action="lapse",
            delivery_id=line.delivery_id,
            detail={
                "decision": line.decision_id,
                "kind": line.kind,
                "rule": line.rule_id,
                "row": [line.row_number, line.row_part],
                "decided_by": line.person,
                "opened_again_in": opened.get(line.decision_id, []),
            },
        )
    return len(ended)
