"""Where a delivery and the current rows of its scope differ: found by one join, kept in a small temporary table.

Everything after the comparison (closing, writing, reading back) works on that table: it holds where the row and the
version lie, so that neither side is joined again. That is safe while the scope's lock is held: nobody else changes
a current row of the scope, and nobody else the work table.
"""

# ruff: noqa: S608 (names of tables and columns come from checked contracts)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.warehouse.connection import by_merging, without_loops

OVERTAKEN = "a later delivery says otherwise"
"""Why a row of a replay is skipped whose key has a newer word."""
_ANALYZED_FROM = 10_000
_TABLE = "pg_temp.difference"


@dataclass(frozen=True)
class Found:
    """Accepted rows that are not current as they are (`known` of them the gate had seen current), and current rows
    without an accepted row (`kept` of them have their key on a row that was set aside)."""

    new: int = 0
    changed: int = 0
    absent: int = 0
    kept: int = 0
    known: int = 0


class Difference:
    """The differing rows: `kind`, `version` (address in core), `sent` (address in the work table)."""

    def __init__(
        self, conn: sa.Connection, delivery: Delivery, contract: Contract, values: Mapping[str, Any], current: str
    ) -> None:
        self.conn = conn
        self.delivery = delivery
        self.contract = contract
        self.values = values
        self.current = current
        self.keys = [f"key_{i}" for i in range(len(contract.key))]

    def find(self, *, whole: bool, merge: bool, named: int) -> Found:
        """Compare: `whole` with every current row of the scope, else only with those the delivery names.

        `merge` both sides, or leave the way to the planner: its statistics know nothing of rows that came minutes ago,
        and it may take a scope for one row and loop over the delivery once for each of a million.
        """
        pairs = list(zip(self.contract.key, self.keys, strict=True))
        rows = ", ".join(f'w."{k}" as {name}' for k, name in pairs)
        versions = ", ".join(f'c."{k}" as {name}' for k, name in pairs)
        query = (
            f"create temporary table difference on commit drop as select case when c.at is null then 'new' "
            "when w.at is null then 'absent' else 'changed' end as kind, c.at as version, w.at as sent, w.known, "
            f"{', '.join(f'case when w.at is null then c.{name} end as {name}' for name in self.keys)} "
            f"from (select w.ctid as at, w._row_hash, w._known as known, {rows} from {self.delivery.work_table} w "
            f"where w._fate is null) w {'full' if whole else 'left'} join (select c.ctid as at, c._row_hash, "
            f"{versions} from {self.contract.table} c where {self.current}) c "
            f"on {' and '.join(f'c.{name} = w.{name}' for name in self.keys)} "
            "where c._row_hash is distinct from w._row_hash"
        )
        with by_merging(self.conn) if merge else nullcontext():
            self.conn.execute(sa.text(query), self.values)
        counted = f"select kind, count(*) as rows, count(*) filter (where known) as known from {_TABLE} group by kind"
        by_kind = {row.kind: row for row in self.conn.execute(sa.text(counted))}
        rows_of = {kind: row.rows for kind, row in by_kind.items()}
        if sum(rows_of.values()) >= _ANALYZED_FROM:
            self.conn.execute(sa.text(f"analyze {_TABLE}"))
        kept = self._keep_named() if named and rows_of.get("absent") else 0
        return Found(**rows_of, kept=kept, known=sum(row.known for row in by_kind.values()))

    def set_aside(self, later: Sequence[int]) -> int:
        """Skip the rows whose current version one of these deliveries has written, and keep that; how many."""
        self.conn.execute(
            sa.text(
                f"update {_TABLE} d set kind = 'kept' from {self.contract.table} c "
                "where d.kind = 'changed' and c.ctid = d.version and c._delivery_id = any(:later)"
            ),
            {"later": list(later)},
        )
        result = self.conn.execute(
            sa.text(
                f"update {self.delivery.work_table} w set _fate = 'skipped', _skip_reason = :overtaken "
                f"from {_TABLE} d where w.ctid = d.sent and d.kind = 'kept'"
            ),
            {"overtaken": OVERTAKEN},
        )
        return int(result.rowcount)

    def close(self, at: datetime, *, closes: bool) -> int:
        """Close the versions that are replaced and, if it closes, those that are missing; how many."""
        result = self.conn.execute(
            sa.text(
                f"update {self.contract.table} c set _known_to = :at from {_TABLE} d "
                f"where c.ctid = d.version and d.kind = any(:kinds) and {self.current}"
            ),
            {**self.values, "at": at, "kinds": ["changed", *(["absent"] if closes else [])]},
        )
        return int(result.rowcount)

    @property
    def to_write(self) -> str:
        """SQL: the rows of the work table that are new or replace a version."""
        return (
            f"(select r.* from {_TABLE} d join {self.delivery.work_table} r on r.ctid = d.sent "
            "where d.kind in ('new', 'changed'))"
        )

    def but_left_open(self, *, closes: bool) -> str:
        """SQL: a condition for the current rows `c` that the delivery has not left open on purpose."""
        kinds = "('kept')" if closes else "('kept', 'absent')"
        return f" and not exists (select from {_TABLE} d where d.version = c.ctid and d.kind in {kinds})"

    def _keep_named(self) -> int:
        """A key on a rejected row, or on one that was overtaken, is named: its current version stays open."""
        same = " and ".join(f'd.{name} = w."{k}"' for k, name in zip(self.contract.key, self.keys, strict=True))
        query = (
            f"update {_TABLE} d set kind = 'kept' from {self.delivery.work_table} w where d.kind = 'absent' "
            f"and (w._fate = 'rejected' or w._skip_reason = :overtaken) and {same}"
        )
        with without_loops(self.conn):
            return int(self.conn.execute(sa.text(query), {"overtaken": OVERTAKEN}).rowcount)
