"""From the work table into core: what is unchanged, what is closed, what is written. Callers hold the scope's lock."""

# ruff: noqa: S608 (names of tables and columns come from checked contracts)

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery, Scope
from pipelines.load.reconcile import Totals, totals
from pipelines.warehouse.history_versions import ScopeHistory

OVERTAKEN = "a later delivery says otherwise"
"""Why a row of a replay is skipped whose key has a newer word."""


@dataclass(frozen=True)
class Comparison:
    """The delivery against the current rows of its scope.

    `current` rows stand in the scope; of the accepted rows `unchanged` equal theirs, `changed` replace one, `new` have
    none. `missing` current rows have a key that does not occur in the delivery, not even on a rejected row.
    `unreadable_keys` rejected rows do not tell their key; `elsewhere` accepted keys are current in another source.
    """

    accepted: int
    current: int = 0
    unchanged: int = 0
    changed: int = 0
    missing: int = 0
    unreadable_keys: int = 0
    elsewhere: int = 0

    @property
    def new(self) -> int:
        """Accepted rows whose key is not current."""
        return self.accepted - self.unchanged - self.changed


class Publication:
    """One delivery, its work table `w` and the current rows `c` of its scope."""

    def __init__(self, conn: sa.Connection, delivery: Delivery, contract: Contract, scope: Scope) -> None:
        self.conn = conn
        self.delivery = delivery
        self.contract = contract
        self.values: dict[str, Any] = {
            "client": scope.client_id,
            "source": scope.source,
            "period": scope.period or "",
            "id": delivery.delivery_id,
        }
        self.history = ScopeHistory(conn, contract, scope)
        self.work = f"{delivery.work_table} w"
        self.core = f"{contract.table} c"
        self.in_scope = "c.client_id = :client and c._source = :source and c._period = :period"
        self.same_key = " and ".join(f'c."{k}" = w."{k}"' for k in contract.key)

    def compare(self, *, closes: bool, shared_keys: bool) -> Comparison:
        """Count, without writing. A scope without current rows is not compared."""
        accepted = self._count(f"from {self.work} where w._fate is null")
        current = self._count(f"from {self.core} where {self.in_scope} and c._known_to is null")
        elsewhere = self._elsewhere() if shared_keys else 0
        if not current:
            return Comparison(accepted, elsewhere=elsewhere)
        # By the counts, not by statistics, which know nothing of rows that came minutes ago: the planner may take a
        # scope for one row and loop over the delivery once for each of a million.
        small = accepted * 20 < current
        self.conn.execute(sa.text(f"set local enable_nestloop = {'on' if small else 'off'}"))
        matched = self.conn.execute(
            sa.text(
                "select count(*) filter (where c._row_hash = w._row_hash) as unchanged, "
                "count(*) filter (where c._row_hash <> w._row_hash) as changed "
                f"from {self.core} join {self.work} on {self.same_key} "
                f"where {self.in_scope} and c._known_to is null and w._fate is null"
            ),
            self.values,
        ).one()
        missing = unreadable = 0
        if closes:
            no_key = " or ".join(f'w."{k}" is null' for k in self.contract.key)
            unreadable = self._count(f"from {self.work} where w._fate = 'rejected' and ({no_key})")
            if matched.unchanged + matched.changed < current:
                missing = self._count(f"from {self.core} where {self._missing}")
        return Comparison(accepted, current, matched.unchanged, matched.changed, missing, unreadable, elsewhere)

    def set_aside_overtaken(self) -> int:
        """Skip accepted rows of a replay whose key a later delivery of the scope has said otherwise; how many.

        A replay keeps its place in the order: what came after it (a newer delta, a correction) stays.
        """
        later = self.history.later_than(self.delivery)
        if not later:
            return 0
        result = self.conn.execute(
            sa.text(
                f"update {self.delivery.work_table} w set _fate = 'skipped', _skip_reason = :overtaken "
                f"from {self.core} where w._fate is null and {self.in_scope} and c._known_to is null "
                f"and {self.same_key} and c._row_hash <> w._row_hash and c._delivery_id = any(:later)"
            ),
            {**self.values, "overtaken": OVERTAKEN, "later": later},
        )
        return int(result.rowcount)

    def known_lost(self) -> int:
        """Known rows of the work table without their current version: core has changed since the gate."""
        known = f"from {self.work} where w._known and w._fate is null"
        if not self._count(f"from (select {known} limit 1) w"):
            return 0
        version = f"select from {self.core} where {self.in_scope} and c._known_to is null and {self.same_key} "
        return self._count(f"{known} and not exists ({version} and c._row_hash = w._row_hash)")

    def moment(self) -> datetime:
        """`_known_from` of this publication: now, but later than everything known of the scope."""
        return self.history.moment()

    def write(self, found: Comparison, at: datetime, *, closes: bool) -> None:
        """Close what changed and, if it closes, what is missing; then write the rows that are not current."""
        values = {**self.values, "at": at}
        current = f"{self.in_scope} and c._known_to is null"
        if found.changed:
            self.conn.execute(
                sa.text(
                    f"update {self.core} set _known_to = :at from {self.work} where {current} and {self.same_key} "
                    "and w._fate is null and c._row_hash <> w._row_hash"
                ),
                values,
            )
        if closes and found.missing:
            self.conn.execute(sa.text(f"update {self.core} set _known_to = :at where {self._missing}"), values)
        if not found.changed and not found.new:
            return
        names = ", ".join(f'"{name}"' for name, _ in self.contract.stored)
        picked = ", ".join(f'w."{name}"' for name, _ in self.contract.stored)
        unmatched = f"and not exists (select from {self.core} where {current} and {self.same_key})"
        self.conn.execute(
            sa.text(
                f"insert into {self.contract.table} (client_id, _source, _period, {names}, "
                "_delivery_id, _row_number, _row_part, _row_hash, _known_from) "
                f"select :client, :source, :period, {picked}, :id, w._row_number, w._row_part, w._row_hash, :at "
                f"from {self.work} where w._fate is null {unmatched if found.current else ''}"
            ),
            values,
        )

    def finish(self, written: int) -> None:
        """Refresh the statistics of core after a large load, and give the planner its freedom back."""
        self.conn.execute(
            sa.text("select ops.analyze_core(cast(:table as regclass), :written)"),
            {"table": self.contract.table, "written": written},
        )
        self.conn.execute(sa.text("reset enable_nestloop"))

    def read_loaded(self, at: datetime) -> Totals:
        """What this publication wrote, read back from core."""
        where = f"{self.in_scope} and c._delivery_id = :id and c._known_from = :at and c._known_to is null"
        return totals(self.conn, self.contract, f"{self.core} where {where}", {**self.values, "at": at}, "c")

    def read_unchanged(self, at: datetime) -> Totals:
        """Current rows of the scope, older than this publication, that equal an accepted row of the delivery."""
        equal = f"select from {self.work} where w._fate is null and {self.same_key} and c._row_hash = w._row_hash"
        where = f"{self.in_scope} and c._known_to is null and c._known_from < :at and exists ({equal})"
        return totals(self.conn, self.contract, f"{self.core} where {where}", {**self.values, "at": at}, "c")

    def read_work(self, fate: str | None) -> Totals:
        """Rows of the work table with that fate (None: accepted)."""
        where = "w._fate is null" if fate is None else "w._fate = :fate"
        return totals(self.conn, self.contract, f"{self.work} where {where}", {"fate": fate} if fate else {}, "w")

    @property
    def _missing(self) -> str:
        speaks = f"(w._fate is distinct from 'skipped' or w._skip_reason = '{OVERTAKEN}')"
        present = f"select from {self.work} where {speaks} and {self.same_key}"
        return f"{self.in_scope} and c._known_to is null and not exists ({present})"

    def _elsewhere(self) -> int:
        return self._count(
            f"from {self.work} where w._fate is null and exists (select from {self.core} where c.client_id = :client "
            f"and c._source <> :source and c._period = :period and c._known_to is null and {self.same_key})"
        )

    def _count(self, source: str) -> int:
        return int(self.conn.scalar(sa.text(f"select count(*) {source}"), self.values) or 0)
