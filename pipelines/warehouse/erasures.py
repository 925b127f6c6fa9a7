"""SQL of erasure: every row that a customer left in core, matching and quarantine, and the tombstone that stays."""

# ruff: noqa: S608 (names of tables and columns come from checked contracts or are ours; values are always bound)

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.warehouse.matches import CUSTOMERS, MATCHES, MEMBERS, Customer

_PAIR = (
    "client_id = :client and ((left_source = :source and left_customer_id = :number) "
    "or (right_source = :source and right_customer_id = :number))"
)
_ONE = "client_id = :client and source = :source and customer_id = :number"
_BOOKS = "select k.workbook_id from matching.workbook k join matching.workbook_pair using (workbook_id) where " + _PAIR


@dataclass(frozen=True)
class Tombstone:
    """A line of `ops.erasure`; `is_back`: a later delivery has brought the customer again."""

    erasure_id: int
    client_id: str
    source: str
    customer_id: str
    person: str
    reason: str
    erased_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]
    originals: Sequence[int]
    is_back: bool


class Erasing:
    """One customer of a client in one transaction of the owner of the tables, which says that it erases."""

    def __init__(self, conn: sa.Connection, client_id: str, customer: Customer) -> None:
        self.conn = conn
        self.values = {"client": client_id, "source": customer.source, "number": customer.customer_id}
        self.counts: dict[str, int] = {}
        conn.execute(sa.text("set local kontor.erasure = 'on'"))

    def is_begun(self) -> bool:
        """Whether an erasure of the customer has not come to its end."""
        return self._do(f"select from ops.erasure where {_ONE} and finished_at is null").first() is not None

    def namesakes(self) -> list[str]:
        """Other sources in which a customer has the same number."""
        query = (
            f"select distinct _source from {CUSTOMERS} where client_id = :client and customer_id = :number "
            "and _source <> :source order by 1"
        )
        return list(self._do(query).scalars())

    def core_rows(self, table: str, columns: Collection[str], sources: Collection[str]) -> list[str]:
        """Every version of the rows of a feed that name the customer in one of these columns; returns the sources that
        had some.
        """
        named = " or ".join(f'"{column}" = :number' for column in sorted(columns))
        query = (
            f"delete from {table} where client_id = :client and _source = any(:sources) and ({named}) "
            "returning _source, _row_hash"
        )
        found = self._do(query, sources=list(sources)).all()
        self._add(table, len(found))
        self._do("delete from quarantine.left_out where row_hash = any(:hashes)", hashes=[r._row_hash for r in found])
        return sorted({row._source for row in found})

    def rejected_rows(
        self, feed: str, source: str, columns: Collection[str], key_hash: str | None
    ) -> list[tuple[int, int]]:
        """Rejected rows that name the customer, by key or in one of these columns of the source: they stay as counted,
        without a value. A row without any of the columns is taken by any cell. Returns deliveries and row numbers.
        """
        query = (
            "update quarantine.row r set cells = '{}', amounts = '{}', row_hash = null, key_hash = null "
            "from ops.delivery d where d.delivery_id = r.delivery_id and d.client_id = :client and d.feed = :feed "
            "and d.source = :of and (r.key_hash = :hash or exists (select from jsonb_each_text(r.cells) c "
            "where btrim(c.value) = :number and (c.key = any(:columns) or not r.cells ?| cast(:columns as text[])))) "
            "returning r.delivery_id, r.row_number"
        )
        given = {"feed": feed, "of": source, "hash": key_hash, "columns": sorted(columns)}
        found = [(int(row["delivery_id"]), int(row["row_number"])) for row in self._do(query, **given).mappings()]
        self._add("quarantine.row", len(found))
        for delivery, number in found:
            self._do(
                "update quarantine.reject set value = null, message = 'erased', "
                "resolved_by = coalesce(resolved_by, 'erasure'), resolved_at = coalesce(resolved_at, "
                "clock_timestamp()), state = case when state = 'open' then 'written_off' else state end "
                "where delivery_id = :delivery and row_number = :row",
                delivery=delivery, row=number,
            )  # fmt: skip
        return found

    def correction_books(self, rows: Collection[tuple[int, int]]) -> list[str]:
        """Workbooks with one of these rows, below the outbox; what they held of it is gone, open ones are made anew."""
        paths = set()
        for delivery, number in rows:
            found = self._do(
                "update quarantine.workbook_row r set cells = '{}' from quarantine.workbook k where k.workbook_id = "
                "r.workbook_id and k.delivery_id = :delivery and r.row_number = :row returning k.workbook_id, k.path",
                delivery=delivery, row=number,
            )  # fmt: skip
            for row in found.mappings():
                self._do("update quarantine.workbook set state = 'replaced' where workbook_id = :book "
                         "and state = 'open'", book=row["workbook_id"])  # fmt: skip
                paths.add(str(row["path"]))
        return sorted(paths - {""})

    def review_books(self) -> list[str]:
        """Review workbooks that show the customer; open ones are made anew."""
        where = f"workbook_id in ({_BOOKS})"
        paths = list(self._do(f"select path from matching.workbook where {where}").scalars())
        self._do(f"update matching.workbook set state = 'replaced' where {where} and state = 'open'")
        return paths

    def returned_books(self) -> list[str]:
        """The content (sha256) of review workbooks that show the customer and came back."""
        query = f"select sha256 from matching.workbook_return where workbook_id in ({_BOOKS})"
        return list(self._do(query).scalars())

    def made_of(self, contents: Collection[str]) -> list[int]:
        """Deliveries made of these contents, of whatever feed."""
        query = "select delivery_id from ops.delivery where sha256 = any(:contents) order by 1"
        return list(self._do(query, contents=list(contents)).scalars())

    def matching(self) -> None:
        """What comparing and joining left of it; to be called when the others have been joined without it."""
        for table in ("matching.key", "matching.same_key"):
            self._gone(
                table, f"(client_id, record_id) in (select client_id, record_id from matching.record where {_ONE})"
            )
        self._gone("matching.record", _ONE)
        self._gone(MEMBERS, _ONE)
        self._gone(MATCHES, _PAIR)
        self._gone("matching.decision", _PAIR)
        self._gone("matching.workbook_pair", f"workbook_id in (select workbook_id from matching.workbook "
                   f"where client_id = :client) and {_PAIR.removeprefix('client_id = :client and ')}")  # fmt: skip

    def begin(self, person: str, reason: str, originals: Sequence[int]) -> None:
        """The tombstone, with what was counted so far."""
        query = (
            "insert into ops.erasure (client_id, source, customer_id, person, reason, counts, originals) "
            "values (:client, :source, :number, :person, :reason, cast(:counts as jsonb), :originals)"
        )
        counts = json.dumps(self.counts)
        given = {"person": person, "reason": reason, "counts": counts, "originals": list(originals)}
        self._do(query, **given)

    def finish(self) -> Tombstone:
        """Every tombstone of the customer that was begun is finished; the newest gets what was counted since."""
        query = f"update ops.erasure set finished_at = clock_timestamp() where {_ONE} and finished_at is null"
        newest = f"erasure_id = (select max(erasure_id) from ops.erasure where {_ONE})"
        counts = json.dumps(self.counts)
        self._do(query)
        self._do(f"update ops.erasure set counts = counts || cast(:counts as jsonb) where {newest}", counts=counts)
        return Tombstone(**self._do(f"select *, false as is_back from ops.erasure where {newest}").mappings().one())

    def _gone(self, table: str, where: str, **values: object) -> None:
        self._add(table, self._do(f"delete from {table} where {where}", **values).rowcount)

    def _add(self, what: str, number: int) -> None:
        if number:
            self.counts[what] = self.counts.get(what, 0) + number

    def _do(self, query: str, **values: object) -> sa.CursorResult[Any]:
        return self.conn.execute(sa.text(query), self.values | values)


def tombstones(conn: sa.Connection, client_id: str | None) -> list[Tombstone]:
    """All of them, or a client's, the newest first."""
    query = (
        f"select e.*, exists (select from {CUSTOMERS} c where (c.client_id, c._source, c.customer_id) = "
        "(e.client_id, e.source, e.customer_id)) as is_back from ops.erasure e "
        "where client_id = coalesce(:client, client_id) order by erasure_id desc"
    )
    return [Tombstone(**row) for row in conn.execute(sa.text(query), {"client": client_id}).mappings()]
