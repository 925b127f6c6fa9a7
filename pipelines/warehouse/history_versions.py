"""The versions of a scope: taken back to a moment, and published again from the history.

Nothing is deleted and no closed version is opened again: taking back closes current versions and writes those of
before anew, with their first address. Callers hold the scope's lock.
"""

# ruff: noqa: S608 (names of tables and columns come from checked contracts; values are always bound)

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import SETTLED, Delivery, Scope
from pipelines.warehouse import audit, register
from pipelines.warehouse.history import OF_SCOPE, PENDING, all_of, line_of, named, names_of
from pipelines.warehouse.keys import key_hash_sql, place_of

_MORE_RULES = (
    "select from quarantine.reject m where m.delivery_id = :new "
    "and (m.row_number, m.row_part) = (n.row_number, n.row_part) and m.rule_id not in "
    "(select w.rule_id from quarantine.reject w where w.delivery_id = :old and w.state = 'written_off' "
    "and (w.row_number, w.row_part) = (n.row_number, n.row_part))"
)
"""Whether the row of reject `n` breaks rules that were not written off under the delivery before."""


class ScopeHistory:
    """The versions of one scope. `c` is a version that is or was current, `t` one that was at some moment."""

    def __init__(self, conn: sa.Connection, contract: Contract, scope: Scope) -> None:
        self.conn = conn
        self.contract = contract
        self.values: dict[str, Any] = {
            "client": scope.client_id,
            "feed": scope.feed,
            "source": scope.source,
            "period": scope.period or "",
        }
        self._names = ", ".join(f'"{name}"' for name, _ in contract.stored)
        self._same_key = " and ".join(f't."{k}" = c."{k}"' for k in contract.key)

    def now(self, alias: str = "c") -> str:
        """SQL: the current rows of the scope."""
        return f"{self.contract.table} {alias} where {_in_scope(alias)} and {alias}._known_to is null"

    def before(self, alias: str = "t") -> str:
        """SQL: the rows that were current just before the moment `:since`."""
        return (
            f"{self.contract.table} {alias} where {_in_scope(alias)} and {alias}._known_from < :since "
            f"and ({alias}._known_to is null or {alias}._known_to >= :since)"
        )

    def moment(self) -> datetime:
        """Now, but later than everything known of the scope.

        Each version became known when a delivery of its scope was published or taken back, and that moment is kept.
        """
        query = (
            "select greatest(clock_timestamp(), max(greatest(d.published_at, d.taken_back_at)) "
            "+ interval '1 microsecond') "
            "from ops.delivery d where d.client_id = :client and d.feed = :feed and d.source = :source"
        )
        at: datetime = self.conn.execute(sa.text(query), self.values).scalar_one()
        return at

    def later_than(self, delivery: Delivery) -> list[int]:
        """Published deliveries of the scope that come after a delivery in the order, corrections included."""
        query = (
            f"select d.delivery_id {OF_SCOPE} and d.published_at is not null and d.delivery_id <> :id "
            f"and ({place_of('d')}) > ({place_of('o')})"
        )
        return list(self.conn.scalars(sa.text(query), {"id": delivery.delivery_id}))

    def take_back(self, since: datetime, at: datetime) -> tuple[int, int]:
        """Make current what was current just before `since`; returns (versions closed, versions written)."""
        values = {**self.values, "since": since, "at": at}
        # The planner knows nothing of versions that came minutes ago, and would loop over the scope for each.
        self.conn.execute(sa.text("set local enable_nestloop = off"))
        closed = self.conn.execute(
            sa.text(
                f"update {self.contract.table} c set _known_to = :at where {_in_scope('c')} and c._known_to is null "
                f"and c._known_from >= :since and not exists (select from {self.before()} and {self._same_key} "
                f"and {_same_version('t', 'c')})"
            ),
            values,
        ).rowcount
        restored = self._write(
            f"{self.before()} and t._known_to is not null and not exists (select from {self.now()} and "
            f"{self._same_key})",
            values,
        )
        self.conn.execute(sa.text("reset enable_nestloop"))
        return closed, restored

    def differences(self, since: datetime) -> int:
        """Versions that are current and were not just before `since`, and the reverse, read back."""
        key = ", ".join(f'"{k}"' for k in self.contract.key)
        picked = f"{key}, _row_hash, _delivery_id, _row_number, _row_part"
        was, now = f"select {picked} from {self.before()}", f"select {picked} from {self.now()}"
        query = f"select count(*) from (({was} except all {now}) union all ({now} except all {was})) as x"
        return int(self.conn.scalar(sa.text(query), {**self.values, "since": since}) or 0)

    def due_corrections(self) -> list[Delivery]:
        """Corrections whose publication was taken back, not themselves withdrawn, and whose turn has come: no earlier
        publication is still to be repeated."""
        query = (
            "select d.delivery_id from ops.delivery d where d.client_id = :client and d.feed = :feed "
            "and d.source = :source and d.scope_period = :period and d.kind = 'correction' "
            "and d.taken_back_at is not null and d.state in ('loaded', 'superseded') and not exists ("
            "select from ops.delivery e join ops.delivery r on r.replays = e.delivery_id where e.client_id = :client "
            "and e.feed = :feed and e.source = :source and e.scope_period = :period and e.taken_back_at is not null "
            f"and e.published_at < d.published_at and r.{PENDING}) order by d.published_at"
        )
        return all_of(self.conn, self.conn.scalars(sa.text(query), {**self.values, "settled": names_of(SETTLED)}).all())

    def publish_again(self, correction: Delivery) -> tuple[int, int]:
        """Publish what a correction had published, from the history; returns (versions closed, versions written).

        What it published are the versions it wrote, and those that its other rows were equal to: these get the
        address of the correction now, as nobody else need say the same any more.
        """
        at = self.moment()
        query = "select published_at from ops.delivery where delivery_id = :id"
        since = self.conn.scalar(sa.text(query), {"id": correction.delivery_id})
        root = register.get(self.conn, int(correction.corrects or correction.delivery_id))
        values = {
            **self.values, "id": correction.delivery_id, "since": since, "at": at,
            "line": line_of(self.conn, root), "named": named([correction.delivery_id]),
        }  # fmt: skip
        self.conn.execute(sa.text(f"create temporary table again on commit drop as {self._corrected}"), values)
        closed = self.conn.execute(
            sa.text(
                f"update {self.contract.table} c set _known_to = :at from again t where {_in_scope('c')} "
                f"and c._known_to is null and {self._same_key} and not ({_same_version('t', 'c')})"
            ),
            values,
        ).rowcount
        written = self._write(f"again t where not exists (select from {self.now()} and {self._same_key})", values)
        self.conn.execute(sa.text("drop table again"))
        query = "update ops.delivery set taken_back_at = null, published_at = :at where delivery_id = :id"
        self.conn.execute(sa.text(query), values)
        audit.record(
            self.conn, actor="step load", action="publish again", delivery_id=correction.delivery_id,
            detail={"closed": closed, "written": written, "first_published_at": since},
        )  # fmt: skip
        return closed, written

    def carry_over(self, old: Delivery, new: Delivery) -> int:
        """Rows of a replay that were resolved under the delivery it replays stay resolved; how many rejects.

        A row is the same at the same address with the same key. A corrected or waived row must have a current version;
        a row that breaks more rules than were written off is open again.
        """
        known = f"select from {self.now()} and {key_hash_sql(self.contract, 'c')} = was.key_hash"
        query = (
            "update quarantine.reject n set state = was.state, resolved_by = was.resolved_by, "
            "decision_id = was.decision_id, resolved_at = clock_timestamp() from ("
            "select distinct on (j.row_number, j.row_part) j.*, q.key_hash "
            "from quarantine.reject j join quarantine.row q using (delivery_id, row_number, row_part) "
            "where j.delivery_id = :old and j.state in ('corrected', 'waived', 'written_off') "
            "order by j.row_number, j.row_part, j.resolved_at desc) was, quarantine.row r "
            "where n.delivery_id = :new and n.state = 'open' and r.delivery_id = :new "
            "and (n.row_number, n.row_part) = (r.row_number, r.row_part) "
            "and (n.row_number, n.row_part) = (was.row_number, was.row_part) "
            "and r.key_hash is not distinct from was.key_hash "
            f"and case was.state when 'written_off' then not exists ({_MORE_RULES}) else exists ({known}) end"
        )
        values = {**self.values, "old": old.delivery_id, "new": new.delivery_id}
        return self.conn.execute(sa.text(query), values).rowcount

    @property
    def _corrected(self) -> str:
        """SQL: what a correction had made current, by its own address."""
        known = (
            f"{self.contract.table} v where {_in_scope('v')} and v._known_from <= :since "
            "and (v._known_to is null or v._known_to > :since)"
        )
        joined = f" v join resolved r on r.key_hash = {key_hash_sql(self.contract, 'v')} where"
        return (
            "with resolved as (select distinct on (q.key_hash) q.key_hash, "
            "coalesce(s.sheet_row, j.row_number) as number, "
            "j.row_part as part from quarantine.reject j "
            "join quarantine.row q using (delivery_id, row_number, row_part) "
            "left join quarantine.workbook b on b.returned_as = :id left join quarantine.workbook_row s "
            "on s.workbook_id = b.workbook_id and s.row_number = j.row_number "
            "where j.delivery_id = any(:line) and j.state = 'corrected' and j.resolved_by ~ :named "
            f"and q.key_hash is not null) select {self._names}, _delivery_id, _row_number, _row_part, _row_hash from "
            f"{known} and v._delivery_id = :id union all select {self._names}, :id, r.number, r.part, _row_hash "
            f"from {known.replace(' v where', joined)} and v._delivery_id <> :id"
        )

    def _write(self, source: str, values: dict[str, Any]) -> int:
        """Write versions from `t` that become current at `:at`, with the address that `t` has."""
        picked = ", ".join(f't."{name}"' for name, _ in self.contract.stored)
        return self.conn.execute(
            sa.text(
                f"insert into {self.contract.table} (client_id, _source, _period, {self._names}, _delivery_id, "
                f"_row_number, _row_part, _row_hash, _known_from) select :client, :source, :period, {picked}, "
                f"t._delivery_id, t._row_number, t._row_part, t._row_hash, :at from {source}"
            ),
            values,
        ).rowcount


def dangling(conn: sa.Connection, contracts: Iterable[Contract], feed: str, table: str, client: str) -> dict[str, int]:
    """`feed.column` → current rows of the client that refer to no current row of `feed`."""
    out: dict[str, int] = {}
    for contract in contracts:
        for own, theirs in contract.references.get(feed, ()):
            query = (
                f"select count(*) from {contract.table} r where r.client_id = :client and r._known_to is null "
                f'and r."{own}" is not null and not exists (select from {table} o where o.client_id = :client '
                f'and o._known_to is null and o."{theirs}" = r."{own}")'
            )
            out[f"{contract.feed}.{own}"] = int(conn.scalar(sa.text(query), {"client": client}) or 0)
    return out


def _in_scope(alias: str) -> str:
    return f"{alias}.client_id = :client and {alias}._source = :source and {alias}._period = :period"


def _same_version(one: str, other: str) -> str:
    names = ("_row_hash", "_delivery_id", "_row_number", "_row_part")
    return " and ".join(f"{one}.{name} = {other}.{name}" for name in names)
