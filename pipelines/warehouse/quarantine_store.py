"""All SQL that writes quarantine: why rows are set aside, and the rows themselves.

Only rules of severity critical set rows aside; what a warning finds is counted in `ops.rule_result` and loads.
"""

# ruff: noqa: S608 (names of columns and tables are ours; values are always bound)

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.reject import RejectState, Severity
from pipelines.rulebook import RuleBook, RuleText
from pipelines.warehouse.connection import copy_table, without_loops
from pipelines.warehouse.keys import key_hash_sql, place_of

REJECT_COLUMNS = (
    "delivery_id", "client_id", "row_number", "row_part", "rule_id", "column_name", "value", "message", "severity",
    "owner", "cause_code",
)  # fmt: skip
ROW_COLUMNS = ("delivery_id", "row_number", "row_part", "cells", "amounts", "currencies", "row_hash", "key_hash")
_NUL = "\x00"  # PostgreSQL keeps no NUL in texts; its visible symbol stands for it
_NUL_SYMBOL = "\u2400"


def clear(conn: sa.Connection, delivery: Delivery) -> None:
    """Forget what an earlier try found, and rows that have no reject left.

    What was waived or written off goes, too: the decisions stay, and the gate applies them again to what it finds.
    """
    again = [RejectState.OPEN.value, RejectState.WAIVED.value, RejectState.WRITTEN_OFF.value]
    values = {"id": delivery.delivery_id, "again": again}
    conn.execute(sa.text("delete from quarantine.reject where delivery_id = :id and state = any(:again)"), values)
    conn.execute(sa.text("delete from quarantine.left_out where delivery_id = :id"), values)
    conn.execute(
        sa.text(
            "delete from quarantine.row w where delivery_id = :id and not exists (select from quarantine.reject j "
            "where (j.delivery_id, j.row_number, j.row_part) = (w.delivery_id, w.row_number, w.row_part))"
        ),
        values,
    )


def add_rejects(conn: sa.Connection, delivery: Delivery, rejects: pa.RecordBatch, book: RuleBook) -> int:
    """COPY reasons (`reject.PROBLEM_SCHEMA` and severity) of one chunk; owner and cause are the rule's."""
    if not rejects.num_rows:
        return 0
    table = pa.Table.from_batches([rejects])
    for name in ("value", "message"):
        table = table.set_column(table.schema.get_field_index(name), name, _without_nul(table[name]))
    table = _with_constants(table, {"delivery_id": delivery.delivery_id, "client_id": delivery.client_id})
    ids = table["rule_id"].combine_chunks().dictionary_encode()
    rules = [book.rule(rule_id) for rule_id in ids.dictionary.to_pylist()]
    table = table.append_column("owner", pa.array([r.owner.value for r in rules], pa.string()).take(ids.indices))
    table = table.append_column("cause_code", pa.array([r.cause.value for r in rules], pa.string()).take(ids.indices))
    return copy_table(conn, "quarantine.reject", REJECT_COLUMNS, [table])


def add_rows(conn: sa.Connection, delivery: Delivery, rows: Iterable[pa.RecordBatch]) -> int:
    """COPY rejected rows: row_number, row_part, cells, amounts, currencies (JSON texts), row_hash."""
    kept = conn.execute(
        sa.text("select row_number, row_part from quarantine.row where delivery_id = :id"),
        {"id": delivery.delivery_id},
    )
    there = {(number, part) for number, part in kept.tuples()}
    return copy_table(conn, "quarantine.row", ROW_COLUMNS, _new_rows(delivery, rows, there))


def _new_rows(delivery: Delivery, rows: Iterable[pa.RecordBatch], there: set[tuple[int, int]]) -> Iterable[pa.Table]:
    for batch in rows:
        table = pa.Table.from_batches([batch])
        if there:
            addresses = zip(table["row_number"].to_pylist(), table["row_part"].to_pylist(), strict=True)
            table = table.filter(pa.array([address not in there for address in addresses]))
        yield _with_constants(table, {"delivery_id": delivery.delivery_id})


def reject_found(
    conn: sa.Connection,
    delivery: Delivery,
    *,
    found: str,
    values: dict[str, Any],
    rule: RuleText,
    column_name: str | None,
) -> int:
    """Reject the rows that a query finds in the work table; returns how many it found.

    `found` yields `_row_number, _row_part, value` (text, masked already); `values` are its parameters.
    """
    statement = (
        "insert into quarantine.reject (delivery_id, client_id, row_number, row_part, rule_id, column_name, value, "
        "message, severity, owner, cause_code) select :delivery_id, :client_id, _row_number, _row_part, :rule_id, "
        f":column_name, value, :message, :severity, :owner, :cause from ({found}) as found "
        "order by _row_number, _row_part"
    )
    result = conn.execute(
        sa.text(statement),
        {
            **values,
            "delivery_id": delivery.delivery_id,
            "client_id": delivery.client_id,
            "rule_id": rule.id,
            "column_name": column_name,
            "message": rule.message("en"),
            "severity": Severity.CRITICAL.value,
            "owner": rule.owner.value,
            "cause": rule.cause.value,
        },
    )
    return int(result.rowcount)


def mark_rejected(conn: sa.Connection, delivery: Delivery, rule_id: str) -> int:
    """Set the fate of the accepted rows that a rule has rejected; returns how many were accepted before."""
    statement = (
        f"update {delivery.work_table} w set _fate = 'rejected' from (select distinct row_number, row_part "
        "from quarantine.reject where delivery_id = :id and rule_id = :rule and state = :open) j "
        "where w._fate is null and (w._row_number, w._row_part) = (j.row_number, j.row_part)"
    )
    with without_loops(conn):
        result = conn.execute(
            sa.text(statement), {"id": delivery.delivery_id, "rule": rule_id, "open": RejectState.OPEN.value}
        )
    return int(result.rowcount)


def rows_by_rule(conn: sa.Connection, delivery: Delivery) -> dict[str, int]:
    """Rule → distinct rows it rejected, as read back."""
    query = (
        "select rule_id, count(*) from (select distinct rule_id, row_number, row_part from quarantine.reject "
        "where delivery_id = :id and state = :open) as found group by rule_id"
    )
    values = {"id": delivery.delivery_id, "open": RejectState.OPEN.value}
    return {rule: int(rows) for rule, rows in conn.execute(sa.text(query), values).tuples()}


def resolve(
    conn: sa.Connection,
    delivery_ids: Sequence[int],
    state: RejectState,
    *,
    by: str,
    superseded_by: int | None = None,
) -> int:
    """Close every open reject of some deliveries; returns how many there were."""
    result = conn.execute(
        sa.text(
            "update quarantine.reject set state = :state, resolved_by = :by, resolved_at = clock_timestamp(), "
            "superseded_by = coalesce(:superseded_by, superseded_by) "
            "where delivery_id = any(:ids) and state = :open"
        ),
        {
            "ids": list(delivery_ids),
            "state": state.value,
            "by": by,
            "superseded_by": superseded_by,
            "open": RejectState.OPEN.value,
        },
    )
    return int(result.rowcount)


# the life of a reject after the gate ------------------------------------------------------------------------


def close_after_load(conn: sa.Connection, delivery: Delivery, contract: Contract, *, mode: str) -> None:
    """What the load of a delivery means for the rejects of older ones. Needs its work table, still there.

    A correction speaks for its own rows only: what it brings by waiver is waived. Any other delivery supersedes.
    """
    if delivery.is_correction:
        with without_loops(conn):
            _keep_age(conn, delivery, [delivery.corrects] if delivery.corrects else [])
            waived_by_load(conn, delivery)
    else:
        supersede(conn, delivery, contract, mode=mode)


def supersede(conn: sa.Connection, delivery: Delivery, contract: Contract, *, mode: str) -> int:
    """The rejects of older deliveries of the scope that a newer one speaks for; returns how many were still open.

    In snapshot and period mode all, in delta mode those of the rows that it names. A fault that is still there keeps
    the day on which it was first found.
    """
    older = conn.scalars(sa.text(_OLDER), {"id": delivery.delivery_id}).all()
    if not older:
        return 0
    spoken_for = "j.delivery_id = any(:older) and j.superseded_by is null"
    if mode == "delta":
        spoken_for += (
            " and exists (select from quarantine.row r where r.delivery_id = any(:older) "
            "and (r.delivery_id, r.row_number, r.row_part) = (j.delivery_id, j.row_number, j.row_part) and r.key_hash "
            f"in (select {key_hash_sql(contract, 'w')} from {delivery.work_table} w "
            "where w._fate is distinct from 'skipped'))"
        )
    values = {"id": delivery.delivery_id, "older": older, "said": f"superseded by delivery {delivery.delivery_id}"}
    with without_loops(conn):
        _keep_age(conn, delivery, older)
        closed = conn.scalar(
            sa.text(
                "with closed as (update quarantine.reject j set superseded_by = :id, "
                "resolved_by = case when state = 'open' then :said else resolved_by end, "
                "resolved_at = case when state = 'open' then clock_timestamp() else resolved_at end, "
                "state = case when state = 'open' then 'superseded' else state end "
                f"where {spoken_for} returning state) select count(*) from closed where state = 'superseded'"
            ),
            values,
        )
    return int(closed or 0)


_OLDER = (
    "select o.delivery_id from ops.delivery o join ops.delivery n on n.delivery_id = :id "
    "where (o.client_id, o.feed, o.source, o.scope_period) = (n.client_id, n.feed, n.source, n.scope_period) "
    f"and ({place_of('o')}, o.delivery_id) < ({place_of('n')}, n.delivery_id) and exists "
    "(select from quarantine.reject j where j.delivery_id = o.delivery_id and j.superseded_by is null)"
)
"""Older deliveries of the scope with rejects that no newer one speaks for yet."""


def _keep_age(conn: sa.Connection, delivery: Delivery, older: Sequence[int]) -> None:
    """A fault that older deliveries, still unresolved there, had already is as old as that."""
    conn.execute(
        sa.text(
            "update quarantine.reject n set opened_at = o.since from quarantine.row r, "
            "(select j.rule_id, q.key_hash, min(j.opened_at) as since from quarantine.reject j "
            "join quarantine.row q on (q.delivery_id, q.row_number, q.row_part) "
            "= (j.delivery_id, j.row_number, j.row_part) where j.delivery_id = any(:older) "
            "and q.delivery_id = any(:older) and j.superseded_by is null and j.state in ('open', 'written_off') "
            "and q.key_hash is not null group by 1, 2) o where n.delivery_id = :id and r.delivery_id = :id "
            "and (r.row_number, r.row_part) = (n.row_number, n.row_part) "
            "and r.key_hash = o.key_hash and n.rule_id = o.rule_id and n.opened_at > o.since"
        ),
        {"id": delivery.delivery_id, "older": older},
    )


def restore(conn: sa.Connection, delivery: Delivery) -> int:
    """When a delivery is withdrawn, older ones speak for their rows again; returns the rejects that are open again."""
    result = conn.execute(
        sa.text(
            "with back as (update quarantine.reject set superseded_by = null, "
            "resolved_by = case when state = 'superseded' then null else resolved_by end, "
            "resolved_at = case when state = 'superseded' then null else resolved_at end, "
            "state = case when state = 'superseded' then 'open' else state end "
            "where superseded_by = :id returning state) select count(*) from back where state = 'open'"
        ),
        {"id": delivery.delivery_id},
    )
    return int(result.scalar_one())


def waived_by_load(conn: sa.Connection, delivery: Delivery) -> int:
    """Close the waived rejects of the rows that a correction has brought; returns how many."""
    result = conn.execute(
        sa.text(
            "update quarantine.reject j set state = 'waived', resolved_by = d.person, "
            "resolved_at = clock_timestamp(), decision_id = d.decision_id "
            f"from quarantine.decision d, {delivery.work_table} w where j.delivery_id = :original and j.state = 'open' "
            "and (w._row_number, w._row_part) = (j.row_number, j.row_part) and w._fate is null and d.kind = 'waive' "
            "and d.lapsed_at is null and d.rule_id = j.rule_id "
            "and (d.delivery_id, d.row_number, d.row_part) = (j.delivery_id, j.row_number, j.row_part)"
        ),
        {"original": delivery.corrects},
    )
    return int(result.rowcount)


def samples(conn: sa.Connection, delivery: Delivery, rule_id: str, column: str, limit: int) -> list[dict[str, Any]]:
    """The first rows a rule rejected, with their masked values."""
    query = (
        "select row_number, row_part, value from quarantine.reject where delivery_id = :id and rule_id = :rule "
        "and state = :open order by row_number, row_part limit :limit"
    )
    values = {"id": delivery.delivery_id, "rule": rule_id, "open": RejectState.OPEN.value, "limit": limit}
    found = conn.execute(sa.text(query), values).tuples()
    return [{"row_number": n, "row_part": p, "values": {column: v}} for n, p, v in found]


def rows_kept(conn: sa.Connection, delivery: Delivery) -> int:
    """Rows of the delivery in quarantine that have an open reject, as read back."""
    query = (  # as a set, since a join of tables that new has no statistics: by a loop it took 40 s for 11 000 rows
        "select count(*) from (select row_number, row_part from quarantine.row where delivery_id = :id intersect "
        "select row_number, row_part from quarantine.reject where delivery_id = :id and state = :open) as kept"
    )
    return int(conn.scalar(sa.text(query), {"id": delivery.delivery_id, "open": RejectState.OPEN.value}))


def at_odds(conn: sa.Connection, delivery: Delivery) -> int:
    """Rows rejected in the work table that have no open reject, or the reverse: equal counts could hide a swap."""
    query = (
        f"select count(*) from (select _row_number, _row_part from {delivery.work_table} where _fate = 'rejected') w "
        "full join (select distinct row_number, row_part from quarantine.reject where delivery_id = :id "
        "and state = :open) q on (w._row_number, w._row_part) = (q.row_number, q.row_part) "
        "where w._row_number is null or q.row_number is null"
    )
    return int(conn.scalar(sa.text(query), {"id": delivery.delivery_id, "open": RejectState.OPEN.value}))


def without_nul(text: str) -> str:
    """NUL as its visible symbol: PostgreSQL refuses the character in texts and JSON."""
    return text.replace(_NUL, _NUL_SYMBOL)


def _without_nul(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring(column, _NUL, _NUL_SYMBOL)


def _with_constants(table: pa.Table, constants: dict[str, int | str]) -> pa.Table:
    for name, value in constants.items():
        table = table.append_column(name, pa.repeat(pa.scalar(value), table.num_rows))
    return table
