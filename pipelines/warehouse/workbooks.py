"""All SQL on correction workbooks: which rows they hold, what came back of them, which rejects that closes.

The *root* of a correction is the delivery whose rejects it corrects. Row numbers of a correction are sheet rows of its
workbook; `quarantine.workbook_row` tells which record of the root each one is.
"""

# ruff: noqa: S608 (names of columns and tables are ours; values are always bound)

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import Delivery
from pipelines.reject import NOT_CHANGED, RejectState


def token_hash(token: str) -> str:
    """What is kept of a token: whoever reads the database cannot make a workbook that we would take."""
    return hashlib.sha256(token.encode()).hexdigest()


def row_token_hash(token: str, row_token: str) -> str:
    """What is kept of a row token: it counts in its own workbook only."""
    return token_hash(f"{token}:{row_token}")


@dataclass(frozen=True)
class Workbook:
    """One line of `quarantine.workbook`. Without a `path` it was never a file: a decision brings its rows."""

    workbook_id: int
    delivery_id: int
    number: int
    language: str
    path: str
    sha256: str
    rows: int
    state: str
    made_at: datetime
    returned_as: int | None


@dataclass(frozen=True)
class SentRow:
    """One record as it was sent: its place in the sheet, its number in the original, its texts by source column.

    `cells` also hold what is no column: `__locked`, the columns that may not be changed, `__hidden`, those that are not
    shown, and `__said`, what the client was told.
    """

    sheet_row: int
    token_hash: str
    row_number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True)
class OpenReason:
    """Why a row of a root is still set aside, by the delivery that judged it last. `own_number` is its row there.
    `is_loaded`: the row was taken without the value of the column."""

    row_number: int
    judged_by: int
    own_number: int
    row_part: int
    rule_id: str
    column_name: str | None
    message: str
    owner: str
    is_loaded: bool = False


_COLUMNS = ", ".join(f.name for f in fields(Workbook))
_FAMILY = (
    "select j.reject_id, j.delivery_id as judged_by, j.row_number as own_number, j.row_number as root_row "
    "from quarantine.reject j where j.delivery_id = :root "
    "union all "
    "select j.reject_id, j.delivery_id, j.row_number, r.row_number from ops.delivery d "
    "join quarantine.workbook k on k.returned_as = d.delivery_id "
    "join quarantine.workbook_row r using (workbook_id) "
    "join quarantine.reject j on j.delivery_id = d.delivery_id and j.row_number = r.sheet_row "
    "where d.corrects = :root and d.state = 'loaded'"
)
"""Rejects of a root and of its loaded corrections, each with the root's row."""


def add(
    conn: sa.Connection, root: Delivery, *, number: int, token: str, language: str, path: str, sha256: str,
    rows: Sequence[SentRow],
) -> Workbook:  # fmt: skip
    """Record a workbook and its rows; open ones of the root are replaced by it."""
    end(conn, root.delivery_id, "replaced")
    made = conn.execute(
        sa.text(
            "insert into quarantine.workbook (delivery_id, number, token_hash, language, path, sha256, rows) "
            f"values (:root, :number, :token, :language, :path, :sha, :rows) returning {_COLUMNS}"
        ),
        {
            "root": root.delivery_id, "number": number, "token": token_hash(token), "language": language,
            "path": path, "sha": sha256, "rows": len(rows),
        },
    ).one()  # fmt: skip
    book = Workbook(**made._mapping)
    conn.execute(
        sa.text(
            "insert into quarantine.workbook_row "
            "values (:book, :sheet_row, :token, :row_number, cast(:cells as jsonb))"
        ),
        [
            {
                "book": book.workbook_id, "sheet_row": r.sheet_row, "token": r.token_hash,
                "row_number": r.row_number, "cells": json.dumps(dict(r.cells), ensure_ascii=False),
            }
            for r in rows
        ],
    )  # fmt: skip
    return book


def by_token(conn: sa.Connection, token: str) -> Workbook | None:
    """The workbook that a token belongs to."""
    return _one(conn, "token_hash = :token", {"token": token_hash(token)})


def of_correction(conn: sa.Connection, delivery_id: int) -> Workbook | None:
    """The workbook that came back as this delivery."""
    return _one(conn, "returned_as = :id", {"id": delivery_id})


def ended(conn: sa.Connection, client_id: str, paths: Sequence[str]) -> list[str]:
    """Which of these files no longer count."""
    query = sa.text(
        "select path from quarantine.workbook join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and path = any(:paths) and quarantine.workbook.state <> 'open'"
    )
    return list(conn.scalars(query, {"client": client_id, "paths": list(paths)}))


def of_delivery(conn: sa.Connection, delivery_id: int) -> list[Workbook]:
    """All workbooks of a root, oldest first."""
    return _some(conn, "delivery_id = :id", {"id": delivery_id})


def listed(conn: sa.Connection, client_id: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """The newest workbooks as plain data, newest first, with client, feed and file of their root."""
    query = sa.text(
        "select k.workbook_id, d.client_id, d.feed, d.source, k.delivery_id, k.number, k.state, k.rows, k.made_at, "
        "k.returned_as, k.path from quarantine.workbook k join ops.delivery d using (delivery_id) "
        "where k.path <> '' and d.client_id = coalesce(:client, d.client_id) order by k.workbook_id desc limit :limit"
    )
    return [dict(row) for row in conn.execute(query, {"client": client_id, "limit": limit}).mappings()]


def get(conn: sa.Connection, workbook_id: int) -> Workbook | None:
    """One workbook."""
    return _one(conn, "workbook_id = :id", {"id": workbook_id})


def sent_rows(conn: sa.Connection, book: Workbook) -> list[SentRow]:
    """The rows of a workbook, in the order of the sheet."""
    query = sa.text(
        "select sheet_row, token_hash, row_number, cells from quarantine.workbook_row where workbook_id = :id "
        "order by sheet_row"
    )
    return [SentRow(**row._mapping) for row in conn.execute(query, {"id": book.workbook_id})]


def take_back(conn: sa.Connection, book: Workbook, delivery_id: int) -> None:
    """The workbook has come back as a delivery."""
    query = "update quarantine.workbook set state = 'returned', returned_as = :by where workbook_id = :id"
    conn.execute(sa.text(query), {"by": delivery_id, "id": book.workbook_id})


def reopen(conn: sa.Connection, delivery_id: int) -> None:
    """What came back as this delivery cannot be used after all: unless a newer one was made, its workbook is open."""
    conn.execute(
        sa.text(
            "update quarantine.workbook k set returned_as = null, state = case when exists (select from "
            "quarantine.workbook o where o.delivery_id = k.delivery_id and o.number > k.number and o.path <> '') "
            "then 'replaced' else 'open' end where returned_as = :id and path <> ''"
        ),
        {"id": delivery_id},
    )


def end(conn: sa.Connection, root_id: int, state: str) -> None:
    """Open workbooks of a root are replaced or closed."""
    query = "update quarantine.workbook set state = :state where delivery_id = :root and state = 'open'"
    conn.execute(sa.text(query), {"state": state, "root": root_id})


def roots(conn: sa.Connection, client_id: str | None = None) -> list[int]:
    """Loaded deliveries with open rejects or values left out, and those with an open workbook, which may have to be
    closed."""
    query = sa.text(
        "select d.delivery_id from ops.delivery d where d.kind <> 'correction' "
        "and d.client_id = coalesce(:client, d.client_id) and (d.state = 'loaded' and exists (select from "
        "quarantine.reject j where j.delivery_id = d.delivery_id and j.state = :open) "
        "or d.state = 'loaded' and d.delivery_id in (select coalesce(c.corrects, c.delivery_id) "
        "from quarantine.left_out join ops.delivery c using (delivery_id)) or exists (select from "
        "quarantine.workbook k where k.delivery_id = d.delivery_id and k.state = 'open')) order by d.delivery_id"
    )
    return list(conn.scalars(query, {"client": client_id, "open": RejectState.OPEN.value}))


def superseding(conn: sa.Connection, root: Delivery) -> int | None:
    """The newest delivery of the root's scope that was loaded after it: the root no longer speaks for the scope."""
    query = sa.text(
        "select n.delivery_id from ops.delivery n join ops.delivery d on d.delivery_id = :root and (n.client_id, "
        "n.feed, n.source, n.scope_period) = (d.client_id, d.feed, d.source, d.scope_period) "
        "where n.state = 'loaded' and n.kind <> 'correction' and "
        "(coalesce(n.period, ''), n.received_at, n.delivery_id) > "
        "(coalesce(d.period, ''), d.received_at, d.delivery_id) order by n.delivery_id desc limit 1"
    )
    found: int | None = conn.scalar(query, {"root": root.delivery_id})
    return found


def confirm(conn: sa.Connection, root_id: int) -> None:
    """The open workbook of a root still says what is to be said, though its rejects were touched."""
    query = "update quarantine.workbook set made_at = clock_timestamp() where delivery_id = :root and state = 'open'"
    conn.execute(sa.text(query), {"root": root_id})


def under_way(conn: sa.Connection, root_id: int) -> int | None:
    """A correction of the root that is not settled, or failed by a fault of ours: it is waited for."""
    query = sa.text(
        "select delivery_id from ops.delivery where corrects = :root and (state in ('waiting', 'registered', "
        "'extracted', 'cleaned', 'validated', 'held', 'approved') or state = 'failed' and verdict is null) "
        "order by delivery_id desc limit 1"
    )
    found: int | None = conn.scalar(query, {"root": root_id})
    return found


def is_current(conn: sa.Connection, root_id: int, loaded: int) -> bool:
    """Whether the open workbook of a root has exactly its open rows, `loaded` of them with no fault but a value left
    out, and nothing happened to its rejects since."""
    query = sa.text(
        f"with family as ({_FAMILY}), now as (select count(distinct f.root_row) filter (where j.state = :open and "
        "j.delivery_id = :root) as rows, max(greatest(j.opened_at, j.resolved_at)) as touched "
        "from family f join quarantine.reject j using (reject_id)) "
        "select exists (select from quarantine.workbook k, now where k.delivery_id = :root and k.state = 'open' "
        "and k.made_at > coalesce(now.touched, '-infinity') and k.rows = now.rows + :loaded)"
    )
    return bool(conn.scalar(query, {"root": root_id, "open": RejectState.OPEN.value, "loaded": loaded}))


def open_reasons(conn: sa.Connection, root_id: int) -> list[OpenReason]:
    """Every reason of every open row of a root, by the newest delivery that rejected the row."""
    query = sa.text(
        f"with family as ({_FAMILY}), open as (select f.*, j.row_part, j.rule_id, j.column_name, j.message, j.owner "
        "from family f join quarantine.reject j using (reject_id) where j.state = :open), "
        "newest as (select root_row, max(judged_by) as judged_by from open group by root_row "
        "having bool_or(judged_by = :root) or root_row in (select row_number from quarantine.left_out "
        "where delivery_id = :root)) "
        "select root_row as row_number, judged_by, own_number, row_part, rule_id, column_name, message, owner "
        "from open join newest using (root_row, judged_by) order by root_row, row_part, reject_id"
    )
    found = conn.execute(query, {"root": root_id, "open": RejectState.OPEN.value})
    return [OpenReason(**row._mapping) for row in found]


def cells_of(conn: sa.Connection, delivery_id: int) -> dict[int, dict[str, str]]:
    """Row number → cells as received, of the rejected records of a delivery."""
    query = sa.text("select distinct on (row_number) row_number, cells from quarantine.row where delivery_id = :id")
    return {n: dict(cells) for n, cells in conn.execute(query, {"id": delivery_id}).tuples()}


def amounts_of(conn: sa.Connection, root_id: int, rows: Iterable[int]) -> list[tuple[str, str, Any]]:
    """(column, currency, sum) of the readable amounts of some rejected rows."""
    query = sa.text(
        "select a.key, coalesce(q.currencies ->> a.key, ''), sum(a.value::numeric) from quarantine.row q "
        "cross join jsonb_each_text(q.amounts) a where q.delivery_id = :root and q.row_number = any(:rows) "
        "group by 1, 2 order by 1, 2"
    )
    return [(n, c, s) for n, c, s in conn.execute(query, {"root": root_id, "rows": list(rows)}).tuples()]


def of_same_file(conn: sa.Connection, root_id: int, sha256: str) -> int | None:
    """The newest correction of a delivery that came as this very file and was not refused."""
    query = sa.text(
        "select max(delivery_id) from ops.delivery where corrects = :root and sha256 = :sha and kind = 'correction' "
        "and state not in ('failed', 'returned')"
    )
    found: int | None = conn.scalar(query, {"root": root_id, "sha": sha256})
    return found


def resolved_rows(conn: sa.Connection, correction: Delivery) -> list[int]:
    """Rows of a correction of which, before its load, every part is accepted, or skipped by a rule of the profile."""
    query = sa.text(
        f"select _row_number from {correction.work_table} group by _row_number having "
        "bool_and(_fate is null or (_fate = 'skipped' and _skip_reason is distinct from :untouched)) order by 1"
    )
    return list(conn.scalars(query, {"untouched": NOT_CHANGED}))


def close(conn: sa.Connection, correction: Delivery, rows: Sequence[int]) -> int:
    """Rejects of the root, and of earlier corrections, whose rows these rows of a correction have brought in."""
    query = sa.text(
        f"with family as ({_FAMILY}), brought as (select r.row_number from quarantine.workbook k "
        "join quarantine.workbook_row r using (workbook_id) where k.returned_as = :id and r.sheet_row = any(:rows)) "
        "update quarantine.reject j set state = :state, resolved_by = :by, resolved_at = clock_timestamp() "
        "from family f join brought b on b.row_number = f.root_row "
        "where j.reject_id = f.reject_id and j.state = :open and j.delivery_id <> :id"
    )
    values = {
        "root": correction.corrects, "id": correction.delivery_id, "rows": list(rows), "open": RejectState.OPEN.value,
        "state": RejectState.CORRECTED.value, "by": f"delivery {correction.delivery_id}",
    }  # fmt: skip
    return int(conn.execute(query, values).rowcount)


def count_open(conn: sa.Connection, root_id: int) -> int:
    """Open rows of a root and its corrections."""
    query = sa.text(
        f"select count(distinct f.root_row) from ({_FAMILY}) f join quarantine.reject j using (reject_id) "
        "where j.state = :open"
    )
    return int(conn.scalar(query, {"root": root_id, "open": RejectState.OPEN.value}) or 0)


def keys_given(conn: sa.Connection, root_id: int, table: str, key: str) -> list[tuple[int, int, str]]:
    """(root row, part, key) of the current rows that corrections of a root have loaded, oldest correction first."""
    query = sa.text(
        f'select r.row_number, c._row_part, c."{key}" from {table} c join ops.delivery d on d.delivery_id = '
        "c._delivery_id join quarantine.workbook k on k.returned_as = d.delivery_id join quarantine.workbook_row r "
        "on r.workbook_id = k.workbook_id and r.sheet_row = c._row_number where d.corrects = :root "
        "and c._known_to is null order by d.delivery_id"
    )
    return [(n, p, k) for n, p, k in conn.execute(query, {"root": root_id}).tuples()]


def place_of(conn: sa.Connection, correction: Delivery, row: int) -> SentRow | None:
    """What the client was sent in a row of the workbook."""
    query = sa.text(
        "select r.sheet_row, r.token_hash, r.row_number, r.cells from quarantine.workbook k "
        "join quarantine.workbook_row r using (workbook_id) where k.returned_as = :id and r.sheet_row = :row"
    )
    found = conn.execute(query, {"id": correction.delivery_id, "row": row}).one_or_none()
    return SentRow(**found._mapping) if found else None


def submitted(conn: sa.Connection, arrival_id: int) -> int | None:
    """The correction that a file was registered as."""
    query = sa.text("select delivery_id from ops.delivery where arrival_id = :id and kind = 'correction'")
    found: int | None = conn.scalar(query, {"id": arrival_id})
    return found


def _one(conn: sa.Connection, where: str, values: Mapping[str, Any]) -> Workbook | None:
    found = _some(conn, where, values)
    return found[-1] if found else None


def _some(conn: sa.Connection, where: str, values: Mapping[str, Any]) -> list[Workbook]:
    query = f"select {_COLUMNS} from quarantine.workbook where {where} order by delivery_id, number"
    return [Workbook(**row._mapping) for row in conn.execute(sa.text(query), dict(values))]


def plain_cells(cells: Mapping[str, Any]) -> dict[str, str]:
    """The columns of a sent row, without what is no column."""
    return {name: text for name, text in cells.items() if not name.startswith("__")}


def same_content(rows: Sequence[SentRow], others: Sequence[SentRow]) -> bool:
    """Whether two workbooks say the same of the same records."""

    def told(sent: Sequence[SentRow]) -> list[str]:
        return [json.dumps([r.row_number, dict(r.cells)], sort_keys=True) for r in sent]

    return told(rows) == told(others)
