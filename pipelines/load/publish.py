"""From the work table into core: what is unchanged, what is closed, what is written. Callers hold the scope's lock."""

# ruff: noqa: S608 (names of tables and columns come from checked contracts)

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery, Scope
from pipelines.errors import LoadError, TransientError
from pipelines.load.difference import OVERTAKEN, Difference
from pipelines.load.reconcile import Totals, totals_by
from pipelines.warehouse.connection import by_merging
from pipelines.warehouse.history_versions import ScopeHistory

SORTED_FROM = 50_000
"""Versions from which they are written in the order of their key.

A row that goes to the end of the index needs no search for its place: a million rows of 20 columns cost the server
4.6 CPU seconds in the order of the file and 3.7 sorted first. Below, nothing is won.
"""

MERGED_FROM = 5_000
"""Accepted rows from which the whole truth is merged with its scope, whatever the planner thinks."""


class WorkLost(LoadError):
    """The work table is not what the gate left, or core not what it was judged against: validate again first."""


@dataclass(frozen=True)
class Work:
    """Rows of the work table. `named` ones are not accepted and all the same say that their key is there."""

    rows: int
    accepted: int
    rejected: int
    named: int
    unreadable_keys: int
    known: int

    @property
    def skipped(self) -> int:
        """Rows skipped by declaration, or because a later delivery says otherwise."""
        return self.rows - self.accepted - self.rejected


@dataclass(frozen=True)
class Comparison:
    """The delivery against the current rows of its scope.

    `current` rows stand in the scope (where only the rows of the delivery are looked up, counted no further than needed
    to tell that it is small beside them); of the accepted rows `unchanged` equal theirs, `changed` replace one, `new`
    have none. `missing` current rows have a key that does not occur in the delivery, not even on a rejected row.
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


def count_work(conn: sa.Connection, delivery: Delivery, contract: Contract) -> Work:
    """Count the rows of the work table by what became of them, all at once."""
    no_key = " or ".join(f'w."{k}" is null' for k in contract.key)
    query = (
        "select count(*) as rows, count(*) filter (where w._fate is null) as accepted, "
        "count(*) filter (where w._fate = 'rejected') as rejected, "
        "count(*) filter (where w._fate = 'rejected' or w._skip_reason = :overtaken) as named, "
        f"count(*) filter (where w._fate = 'rejected' and ({no_key})) as unreadable_keys, "
        f"count(*) filter (where w._fate is null and w._known) as known from {delivery.work_table} w"
    )
    return Work(**conn.execute(sa.text(query), {"overtaken": OVERTAKEN}).one()._mapping)


class Publication:
    """One delivery, its work table `w` and the current rows `c` of its scope.

    `whole`: the delivery is the whole truth of its scope, so that every current row is compared.
    """

    def __init__(
        self, conn: sa.Connection, delivery: Delivery, contract: Contract, scope: Scope, *, whole: bool
    ) -> None:
        self.conn = conn
        self.delivery = delivery
        self.contract = contract
        self.whole = whole
        self.values: dict[str, Any] = {
            "client": scope.client_id,
            "source": scope.source,
            "period": scope.period or "",
            "id": delivery.delivery_id,
        }
        self.history = ScopeHistory(conn, contract, scope)
        self.work = f"{delivery.work_table} w"
        self.core = f"{contract.table} c"
        self.current = "c.client_id = :client and c._source = :source and c._period = :period and c._known_to is null"
        self.same_key = " and ".join(f'c."{k}" = w."{k}"' for k in contract.key)
        self.difference: Difference | None = None
        self.merges = False

    def compare(self, work: Work, *, shared_keys: bool) -> Comparison:
        """Compare, writing to no table of ours. A scope without current rows is not compared."""
        elsewhere = self._elsewhere() if shared_keys else 0
        # Rows that are few beside the scope may be looked up one by one, and counting alone tells whether they are.
        limit = 1 if self.whole or work.accepted >= SORTED_FROM else work.accepted * 20 + 1
        current = self._current_up_to(limit)
        few = 1 < limit <= current
        self.merges = not few and (not self.whole or work.accepted >= MERGED_FROM)
        if not current:
            self._require_known(work.known)
            return Comparison(work.accepted, elsewhere=elsewhere)
        self.difference = Difference(self.conn, self.delivery, self.contract, self.values, self.current)
        found = self.difference.find(whole=self.whole, merge=self.merges, named=work.named)
        self._require_known(found.known)
        return Comparison(
            accepted=work.accepted,
            current=work.accepted - found.new + found.absent if self.whole else current,
            unchanged=work.accepted - found.new - found.changed,
            changed=found.changed,
            missing=found.absent - found.kept,
            unreadable_keys=work.unreadable_keys if self.whole else 0,
            elsewhere=elsewhere,
        )

    def set_aside_overtaken(self, found: Comparison) -> Comparison:
        """Skip accepted rows of a replay whose key a later delivery of the scope has said otherwise; what is left.

        A replay keeps its place in the order: what came after it (a newer delta, a correction) stays.
        """
        later = self.history.later_than(self.delivery) if self.difference and found.changed else []
        if not later or self.difference is None:
            return found
        rows = self.difference.set_aside(later)
        return replace(found, accepted=found.accepted - rows, changed=found.changed - rows)

    def moment(self) -> datetime:
        """`_known_from` of this publication: now, but later than everything known of the scope."""
        return self.history.moment()

    def write(self, found: Comparison, at: datetime, *, closes: bool) -> None:
        """Close what changed and, if it closes, what is missing; then write the rows that are not current."""
        written = found.changed + found.new
        if self.difference:
            self._close(found.changed + (found.missing if closes else 0), at, closes=closes)
        if not written:
            return
        rows = f"select w.* from {self.work} where w._fate is null"
        if self.difference and written < found.accepted:
            rows = f"select w.* from {self.difference.to_write} w"
        if written >= SORTED_FROM:
            # Sorted as they lie there, and only then made into versions: half the copying.
            rows += " order by {} offset 0".format(", ".join(f'w."{k}"' for k in self.contract.key))
        names = ", ".join(f'"{name}"' for name, _ in self.contract.stored)
        picked = ", ".join(f'w."{name}"' for name, _ in self.contract.stored)
        self.conn.execute(
            sa.text(
                f"insert into {self.contract.table} (client_id, _source, _period, {names}, "
                "_delivery_id, _row_number, _row_part, _row_hash, _known_from) "
                f"select :client, :source, :period, {picked}, :id, w._row_number, w._row_part, w._row_hash, :at "
                f"from ({rows}) w"
            ),
            {**self.values, "at": at},
        )

    def finish(self, written: int) -> None:
        """Refresh the statistics of core after a large load."""
        if written >= 1000:
            self.conn.execute(
                sa.text("select ops.analyze_core(cast(:table as regclass), :written)"),
                {"table": self.contract.table, "written": written},
            )

    def read_back(self, at: datetime, *, closes: bool) -> tuple[Totals, Totals]:
        """What this publication wrote, and the older current rows that equal an accepted row: read from core, once.

        Where the delivery is the whole truth of its scope, every current row is one or the other, but those that were
        left open on purpose. Else they are found again by key and content.
        """
        where = self.current
        if self.difference and self.whole:
            where += self.difference.but_left_open(closes=closes)
        elif self.difference:
            accepted = f"select from {self.work} where w._fate is null and {self.same_key}"
            where += f" and exists ({accepted} and c._row_hash = w._row_hash)"
        with by_merging(self.conn) if self.merges and not self.whole else nullcontext():
            found = totals_by(
                self.conn, self.contract, f"{self.core} where {where}", {**self.values, "at": at}, "c",
                by="c._delivery_id = :id and c._known_from = :at",
            )  # fmt: skip
        return found.get(True, Totals()), found.get(False, Totals())

    def _close(self, rows: int, at: datetime, *, closes: bool) -> None:
        """Set the end of the versions that are replaced or missing."""
        if not rows or self.difference is None:
            return
        found = self.difference.close(at, closes=closes)
        if found != rows:
            raise TransientError(
                "someone else changed current rows of the scope while they were compared, nothing was published",
                where=f"{self.contract.table}, delivery {self.delivery.delivery_id}",
                got=f"{found} versions closed",
                expected=str(rows),
                next_step="it is tried again by itself; only loads, corrections and withdrawals may change core",
            )

    def _require_known(self, known: int) -> None:
        """Rows the gate knew as current are in core no more: what it left out of the work table is nowhere."""
        if known:
            raise WorkLost(
                f"{known} rows that were current at the gate are current no more, nothing was published",
                where=self.delivery.work_table,
                next_step="it is judged again by itself",
            )

    def _current_up_to(self, limit: int) -> int:
        query = f"select count(*) from (select from {self.core} where {self.current} limit :limit) c"
        return int(self.conn.scalar(sa.text(query), {**self.values, "limit": limit}) or 0)

    def _elsewhere(self) -> int:
        query = (
            f"select count(*) from {self.work} where w._fate is null and exists (select from {self.core} "
            "where c.client_id = :client and c._source <> :source and c._period = :period and c._known_to is null "
            f"and {self.same_key})"
        )
        return int(self.conn.scalar(sa.text(query), self.values) or 0)
