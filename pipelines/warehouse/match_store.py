"""What matching reads and writes of one client, in one transaction: customers, keys, pairs, golden records.

Customers and pairs come and go as Arrow tables; what changed, what is looked at (`region`) and what shall be are
temporary tables, so that all comparing is done by the server. Texts are in byte order everywhere (collation "C"), as
Python sorts them.
"""

# ruff: noqa: S608 (names of columns come from checked contracts or are ours; values are always bound)

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql

from pipelines.contract import Contract
from pipelines.warehouse import match_statements as statements
from pipelines.warehouse.arrow_tables import read_table
from pipelines.warehouse.connection import copy_table, raw
from pipelines.warehouse.matches import CUSTOMERS, MATCHES, MEMBERS

ROW = ("source", "customer_id")
PAIR = ("left_source", "left_customer_id", "right_source", "right_customer_id")
_TYPES = {"text": pa.string(), "date": pa.date32(), "boolean": pa.bool_(), "integer": pa.int32(), "bigint": pa.int64()}
_PAIR = ", ".join(PAIR)
LAPSED_BY = "matching"
"""Who takes back a decision that has lapsed."""


@dataclass(frozen=True)
class Model:
    """The line of `matching.model` that is in use."""

    model_id: str
    parameters: Mapping[str, Any]
    records: int


class MatchStore:
    """One client in one transaction (of the isolation level REPEATABLE READ, so that all is read as of one moment)."""

    def __init__(self, conn: sa.Connection, client_id: str, contract: Contract, read: Collection[str]) -> None:
        self.conn = conn
        self.client_id = client_id
        self.columns = {c: t for c, t in contract.stored if t in _TYPES and c in read}
        raw(conn).execute(statements.TABLES.encode())

    # what is there -------------------------------------------------------------------------------------

    def model(self) -> Model | None:
        """By what the client's customers are compared."""
        query = (
            "select model_id, parameters, records from matching.model where client_id = :client and retired_at is null"
        )
        found = self._do(query).one_or_none()
        return Model(*found.tuple()) if found else None

    def keep_model(self, model: Model) -> None:
        """Compare by this one from now on."""
        self._do("update matching.model set retired_at = clock_timestamp() where client_id = :client "
                 "and retired_at is null and model_id <> :id", id=model.model_id)  # fmt: skip
        self._do(
            "insert into matching.model (client_id, model_id, parameters, records) values (:client, :id, "
            "cast(:parameters as jsonb), :records) on conflict (client_id, model_id) do update set retired_at = null, "
            "made_at = clock_timestamp(), parameters = excluded.parameters, records = excluded.records",
            id=model.model_id,
            parameters=json.dumps(model.parameters),
            records=model.records,
        )

    def find_changes(self) -> tuple[int, int]:
        """Compare core with what was compared last: customers that are new or changed, and those that are gone."""
        changed = self._do(statements.CHANGED).rowcount
        raw(self.conn).execute(b"analyze match_changed; analyze match_gone")
        return changed, int(self._scalar("select count(*) from match_gone"))

    def customers(self) -> int:
        """How many were compared when the client was matched last."""
        return int(self._scalar("select count(*) from matching.record where client_id = :client") or 0)

    def number_new(self) -> int:
        """How many of those that changed were never compared."""
        return int(self._scalar("select count(*) from match_changed where record_id is null"))

    def rows(
        self, of: str | None, same: Sequence[Sequence[str]] = (), columns: Collection[str] | None = None
    ) -> pa.Table:
        """Current customers, all or those in the temporary table `of`, in the order of their keys.

        With `columns` only these of the contract, and in any order. Beside them: `row_hash`, `record_id` (as it is in
        `of`; null when all are read) and `same_<n>`, the hash of the columns of a rule where all of them are given.
        """
        read = [name for name in self.columns if columns is None or name in columns]
        picked = [f'c."{name}"' for name in read]
        for at, names in enumerate(same):
            joined = r" || E'\x1f' || ".join(f'c."{name}"::text' for name in names)
            picked.append(f"hashtextextended({joined}, {at}) as same_{at}")
        those = statements.NUMBERED if of == "match_number" else of
        chosen = f"join {those} x on (x.source, x.customer_id) = (c._source, c.customer_id)" if of else ""
        order = 'order by c._source collate "C", c.customer_id collate "C"' if columns is None else ""
        number = "x.record_id" if of else "null::bigint as record_id"
        query = (
            f"select c._source as source, c.customer_id, c._row_hash::text as row_hash, {number}, "
            f"{', '.join(picked)} from {CUSTOMERS} c {chosen} "
            f"where c.client_id = {{client}} and c._known_to is null {order}"
        )
        types = {"source": pa.string(), "customer_id": pa.string(), "row_hash": pa.string(), "record_id": pa.int64()}
        types |= {name: _TYPES[kind] for name, kind in self.columns.items() if name in read}
        return self._read(query, types | {f"same_{at}": pa.int64() for at in range(len(same))})

    def decisions(self) -> pa.Table:
        """What counts of what stewards said: the newest of each pair that is not revoked, the newest first."""
        query = (
            f"select distinct on ({_PAIR}) {_PAIR}, verdict, decision_id from matching.decision "
            f"where client_id = {{client}} and revoked_at is null order by {_PAIR}, decision_id desc"
        )
        types = {**dict.fromkeys(PAIR, pa.string()), "verdict": pa.string(), "decision_id": pa.int64()}
        return self._read(query, types).sort_by([("decision_id", "descending")])

    def lapsed(self) -> pa.Table:
        """Pairs whose decision has lapsed, and that nobody has decided on since: they wait for a steward."""
        query = (
            f"select distinct on ({_PAIR}) {_PAIR}, decision_id from matching.decision d where client_id = {{client}} "
            "and lapsed_at is not null and not exists (select from matching.decision o where o.revoked_at is null and "
            "(o.client_id, o.left_source, o.left_customer_id, o.right_source, o.right_customer_id) = (d.client_id, "
            "d.left_source, d.left_customer_id, d.right_source, d.right_customer_id)) "
            f"order by {_PAIR}, decision_id desc"
        )
        return self._read(query, {**dict.fromkeys(PAIR, pa.string()), "decision_id": pa.int64()})

    def changed_since_decided(self) -> pa.Table:
        """Of those that changed each decision that counts: the customer as he was then (before_…), and is (now_…)."""
        names = {name: kind for name, kind in self.columns.items() if kind in _TYPES}
        picked = ", ".join(f'b."{name}" as "before_{name}", n."{name}" as "now_{name}"' for name in names)
        query = statements.SINCE_DECIDED.format(picked=picked, client="{client}")
        types = {"decision_id": pa.int64(), "source": pa.string(), "customer_id": pa.string()}
        for name, kind in names.items():
            types |= {f"before_{name}": _TYPES[kind], f"now_{name}": _TYPES[kind]}
        return self._read(query, types)

    def lapse(self, why: Mapping[int, str]) -> None:
        """These decisions count no more, nor do older ones on the same pairs."""
        for decision, reason in why.items():
            self._do(statements.LAPSE, decision=decision, why=reason, by=LAPSED_BY)

    def unapplied(self) -> list[int]:
        """Decisions made or revoked since the last time; their customers are looked at."""
        query = "select decision_id from matching.decision where client_id = :client and applied_at is null"
        return list(self.conn.scalars(sa.text(query), {"client": self.client_id}))

    # keys ----------------------------------------------------------------------------------------------

    def expect_few(self) -> None:
        """From here on few are looked for among many, whose pages are at hand: by the indexes, if they are few indeed.

        At its usual price of a page out of order the server would read whole tables for a hundredth of their rows.
        """
        raw(self.conn).execute(b"set local random_page_cost = 1.1")

    def replace_keys(self, records: pa.Table, keys: pa.Table, same_keys: pa.Table) -> None:
        """Keep how customers are found again, of all of them.

        `records`: source, customer_id, record_id, row_hash, keys, same_keys (the last two as written lists).
        """
        for table, rows in (("matching.key", keys), ("matching.same_key", same_keys), ("matching.record", records)):
            self._do(f"delete from {table} where client_id = :client")
            self._copy(table, rows)

    def tell_keys(self, records: pa.Table) -> None:
        """The same of those that changed, to be asked for their mates and to be kept."""
        self._copy("match_record", records)
        raw(self.conn).execute(b"analyze match_record")

    def exchange_keys(self) -> None:
        """Keep what was told in place of what was; of those that are gone nothing is kept.

        After `mates`: what was just written has to be looked at row by row, an index alone does not tell whether it
        is there.
        """
        for table, column in (("matching.key", "keys"), ("matching.same_key", "same_keys")):
            raw(self.conn).execute(b"truncate match_key")
            self._do(statements.OTHER_KEYS.format(column=column))
            raw(self.conn).execute(b"analyze match_key")
            for statement in (statements.DROP_KEYS, statements.ADD_KEYS):
                self._do(statement.format(table=table))
        for statement in (statements.DROP_RECORDS, statements.KEEP_RECORDS):
            self._do(statement)

    def next_record(self) -> int:
        """A number that no customer has."""
        query = "select coalesce(max(record_id), -1) + 1 from matching.record where client_id = :client"
        return int(self._scalar(query) or 0)

    def mates(self) -> pa.Table:
        """Key and record of everybody else who shares a key that was told."""
        return self._read(statements.MATES, {"key": pa.int64(), "record_id": pa.int64()})

    def number(self, record_ids: pa.Array) -> None:
        """Put these numbers of customers into the temporary table `match_number`, in place of what is there."""
        raw(self.conn).execute(b"truncate match_number")
        self._copy("match_number", pa.table({"record_id": record_ids}), client=False)
        raw(self.conn).execute(b"analyze match_number")

    def pick(self, rows: pa.Table) -> None:
        """Put these customers into the temporary table `match_row`, in place of what is there."""
        raw(self.conn).execute(b"truncate match_row")
        self._copy("match_row", rows.select([*ROW, "record_id"]), client=False)
        raw(self.conn).execute(b"analyze match_row")

    # the part that is looked at ------------------------------------------------------------------------

    def find_region(self, edges: pa.Table, merge_at: float) -> int:
        """Everybody whose golden record may be another one: who changed, is gone or was decided on, and whoever may
        be joined with them directly or by way of others, `edges` being the new pairs. Returns the number of steps."""
        self._copy("match_edge", edges.select(PAIR), client=False)
        self._do(
            "insert into match_region select source, customer_id from match_changed "
            "union select source, customer_id from match_gone "
            "union select left_source, left_customer_id from match_edge "
            "union select right_source, right_customer_id from match_edge "
            "union select left_source, left_customer_id from matching.decision "
            "where client_id = :client and applied_at is null "
            "union select right_source, right_customer_id from matching.decision "
            "where client_id = :client and applied_at is null"
        )
        raw(self.conn).execute(b"create temp table match_front on commit drop as select * from match_region")
        steps = 0
        while True:
            steps += 1
            raw(self.conn).execute(b"analyze match_front; analyze match_edge")
            found = self._do(statements.SPREAD, merge_at=merge_at).all()
            if not found:
                return steps
            raw(self.conn).execute(b"truncate match_front")
            table = pa.table([[r.source for r in found], [r.customer_id for r in found]], names=list(ROW))
            self._copy("match_front", table, client=False)

    def find_rows(self, pairs: pa.Table) -> None:
        """Put into `match_row` whom the region is judged with: itself, the other ends of its pairs and theirs."""
        raw(self.conn).execute(b"truncate match_row; analyze match_region")
        ends = pa.concat_tables(
            pairs.select([f"{side}_source", f"{side}_customer_id"]).rename_columns(list(ROW))
            for side in ("left", "right")
        )
        self._copy("match_end", ends, client=False)
        self._do(
            "insert into match_row with ends as (select source, customer_id from match_region "
            "union select source, customer_id from match_end "
            "union select d.left_source, d.left_customer_id from matching.decision d join match_region x on "
            "(x.source, x.customer_id) = (d.right_source, d.right_customer_id) where d.client_id = :client "
            "union select d.right_source, d.right_customer_id from matching.decision d join match_region x on "
            "(x.source, x.customer_id) = (d.left_source, d.left_customer_id) where d.client_id = :client) "
            # From few to few by the indexes: left to itself a server without statistics read all for each of them.
            "select source, customer_id from ends union select o.source, o.customer_id from ends e "
            f"cross join lateral (select golden_id from {MEMBERS} m where (m.client_id, m.source, m.customer_id) "
            "= (:client, e.source, e.customer_id) and m._known_to is null offset 0) as m "
            f"cross join lateral (select source, customer_id from {MEMBERS} o where (o.client_id, o.golden_id) "
            "= (:client, m.golden_id) and o._known_to is null offset 0) as o"
        )
        raw(self.conn).execute(b"analyze match_row")

    def region(self) -> pa.Table:
        """Those that `find_region` found."""
        return self._read("select source, customer_id from match_region", dict.fromkeys(ROW, pa.string()))

    def changed(self) -> pa.Table:
        """Those that `find_changes` found new or changed."""
        return self._read("select source, customer_id from match_changed", dict.fromkeys(ROW, pa.string()))

    def pairs(self, of: str | None) -> pa.Table:
        """Pairs as they are known: all, or those with an end in a temporary table."""
        picked = f"{_PAIR}, verdict, probability, reasons::text as reasons"
        where = "client_id = {client} and _known_to is null"
        query = f"select {picked} from {MATCHES} where {where}"
        if of:
            query = " union ".join(
                f"select {picked} from {MATCHES} where {where} and ({side}_source, {side}_customer_id) "
                f"in (select source, customer_id from {of})"
                for side in ("left", "right")
            )
        types = dict.fromkeys((*PAIR, "verdict", "probability", "reasons"), pa.string())
        return self._read(query, types | {"probability": pa.float64()})

    def members(self, of: str | None) -> pa.Table:
        """Which golden record customers belong to: all of them, or those in a temporary table."""
        chosen = f"join {of} x on (x.source, x.customer_id) = (m.source, m.customer_id)" if of else ""
        query = (
            f"select m.source, m.customer_id, m.golden_id from {MEMBERS} m {chosen} "
            "where m.client_id = {client} and m._known_to is null"
        )
        return self._read(query, dict.fromkeys((*ROW, "golden_id"), pa.string()))

    def holders(self, of: str | None) -> pa.Table:
        """Of the ids that these customers have or had: who ever had them, and since when."""
        chosen = f"join {of} x on (x.source, x.customer_id) = (m.source, m.customer_id)" if of else ""
        query = (
            f"select golden_id, source, customer_id, to_char(min(_known_from) at time zone 'UTC', "
            f"'YYYY-MM-DD HH24:MI:SS.US') as since from {MEMBERS} where client_id = {{client}} and golden_id in "
            f"(select m.golden_id from {MEMBERS} m {chosen} where m.client_id = {{client}}) "
            "group by golden_id, source, customer_id"
        )
        return self._read(query, dict.fromkeys(("golden_id", *ROW, "since"), pa.string()))

    def used(self, ids: Sequence[str]) -> Collection[str]:
        """Those of some ids that were ever given."""
        query = f"select distinct golden_id from {MEMBERS} where client_id = :client and golden_id = any(:ids)"
        if not self._scalar(f"select exists (select from {MEMBERS} where client_id = :client)"):
            return ()
        return set(self.conn.scalars(sa.text(query), {"client": self.client_id, "ids": list(ids)}))

    # what shall be -------------------------------------------------------------------------------------

    def write(self, members: pa.Table, pairs: pa.Table, *, whole: bool) -> tuple[int, int]:
        """Close what is no longer so and write what is new, of the region or of all; returns how many of each were
        written."""
        self._copy("match_member", members, client=False)
        self._copy("match_pair", pairs, client=False)
        raw(self.conn).execute(b"analyze match_member; analyze match_pair")
        # The moment is told with the locks at hand: whoever builds marts meanwhile shows what was before.
        raw(self.conn).execute(f"lock table {MEMBERS}, {MATCHES} in row exclusive mode".encode())
        at = self.conn.scalars(sa.text("select clock_timestamp()")).one()
        members_now, pairs_now = (
            (statements.KNOWN, statements.KNOWN) if whole else (statements.KNOWN_MEMBERS, statements.KNOWN_PAIRS)
        )
        written = self._exchange(MEMBERS, "match_member", ROW, ("golden_id", "linked_by"), members_now, at)
        said = ("verdict", "decided_by", "probability", "reasons", "model_id", "decision_id")
        paired = self._exchange(MATCHES, "match_pair", PAIR, said, pairs_now, at)
        for table, rows in ((MEMBERS, written), (MATCHES, paired)):
            if rows >= 1000:
                values = {"table": table, "rows": rows}
                self.conn.execute(sa.text("select ops.analyze_core(cast(:table as regclass), :rows)"), values)
        return written, paired

    def mark_applied(self, decisions: Sequence[int]) -> None:
        """Golden records are as these decisions say."""
        self._do(
            "update matching.decision set applied_at = clock_timestamp() where decision_id = any(:ids)",
            ids=list(decisions),
        )

    def _exchange(self, table: str, new: str, key: Sequence[str], said: Sequence[str], now: str, at: datetime) -> int:
        both, columns = [*key, *said], ", ".join(f"p.{name}" for name in (*key, *said))
        known = now.format(table=table, columns=columns)
        same = " and ".join(f"p.{name} = m.{name}" for name in key)
        self._do(statements.END.format(table=table, known=known, columns=columns, new=new, same=same), at=at)
        done = self._do(
            f"insert into {table} (client_id, {', '.join(both)}, _known_from) select :client, {', '.join(both)}, :at "
            f"from {new} n where not exists (select from {table} m where m.client_id = :client "
            f"and m._known_to is null and {' and '.join(f'n.{c} = m.{c}' for c in key)}) "
            f"order by {', '.join(key)}",
            at=at,
        )
        return int(done.rowcount)

    # --------------------------------------------------------------------------------------------------

    def _do(self, statement: str, **values: Any) -> Any:
        bound = values | ({"client": self.client_id} if ":client" in statement else {})
        return self.conn.execute(sa.text(statement), bound)

    def _scalar(self, query: str) -> Any:
        return self.conn.scalar(sa.text(query), {"client": self.client_id})

    def _copy(self, table: str, rows: pa.Table, *, client: bool = True) -> None:
        if client:
            rows = rows.append_column("client_id", pa.repeat(self.client_id, rows.num_rows))
        if rows.num_rows:
            batches = rows.combine_chunks().to_batches(max_chunksize=100_000)
            copy_table(self.conn, table, rows.column_names, batches)

    def _read(self, query: str, types: Mapping[str, pa.DataType]) -> pa.Table:
        """The rows of a query; `{client}` in it is the client."""
        client = [sql.Literal(self.client_id)] * query.count("{client}")
        return read_table(self.conn, sql.SQL(query.replace("{client}", "{}")).format(*client), types)
