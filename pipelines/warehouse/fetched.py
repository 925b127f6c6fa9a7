"""What was brought into landing from the origins of a client, and how far each origin is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa


@dataclass(frozen=True)
class Copy:
    """One version of a remote file; `done` when it is known to have got its name in landing."""

    path: str
    size: int
    mtime: datetime
    tag: str
    done: bool


@dataclass(frozen=True)
class Progress:
    """How far a query is: (text, type) of its watermark, and the file that a killed run may have written."""

    watermark: tuple[str, str] | None = None
    pending_file: str | None = None


def copies(conn: sa.Connection, client_id: str, origin: str) -> dict[str, list[Copy]]:
    """Path → every version begun or fetched, the newest last."""
    query = sa.text(
        "select path, size, mtime, tag, fetched_at is not null as done from ops.fetched "
        "where client_id = :client and origin = :origin order by path, coalesce(fetched_at, begun_at), fetched_id"
    )
    out: dict[str, list[Copy]] = {}
    for row in conn.execute(query, {"client": client_id, "origin": origin}).mappings():
        out.setdefault(row["path"], []).append(Copy(**row))
    return out


def begin(
    conn: sa.Connection,
    client_id: str,
    origin: str,
    url: str,
    path: str,
    size: int,
    mtime: datetime,
    tag: str,
) -> int:
    """Note that a file is about to get its name in landing; what lies there afterwards is known to be ours."""
    query = sa.text(
        "insert into ops.fetched (client_id, origin, url, path, size, mtime, tag) "
        "values (:client, :origin, :url, :path, :size, :mtime, :tag) returning fetched_id"
    )
    values = {
        "client": client_id, "origin": origin, "url": url, "path": path, "size": size, "mtime": mtime, "tag": tag,
    }  # fmt: skip
    return int(conn.execute(query, values).scalar_one())


def finish(conn: sa.Connection, fetched_id: int) -> None:
    """Note that it has its name now."""
    conn.execute(
        sa.text("update ops.fetched set fetched_at = clock_timestamp() where fetched_id = :id"), {"id": fetched_id}
    )


def progress(conn: sa.Connection, client_id: str, origin: str) -> Progress:
    """How far a query is."""
    query = sa.text(
        "select watermark, watermark_type, pending_file from ops.origin where client_id = :client and origin = :origin"
    )
    row = conn.execute(query, {"client": client_id, "origin": origin}).one_or_none()
    if row is None:
        return Progress()
    return Progress((row.watermark, row.watermark_type) if row.watermark is not None else None, row.pending_file)


def begin_query(conn: sa.Connection, client_id: str, origin: str, file: str) -> None:
    """Note which file a query is about to write."""
    conn.execute(
        sa.text(
            "insert into ops.origin (client_id, origin, pending_file) values (:client, :origin, :file) "
            "on conflict (client_id, origin) do update set pending_file = excluded.pending_file"
        ),
        {"client": client_id, "origin": origin, "file": file},
    )


def finish_query(conn: sa.Connection, client_id: str, origin: str, watermark: tuple[str, str] | None) -> None:
    """The file is in place (or there was no row): the next run starts behind the watermark."""
    text, kind = watermark or (None, None)
    conn.execute(
        sa.text(
            "update ops.origin set watermark = coalesce(:text, watermark), pending_file = null, "
            "watermark_type = case when cast(:text as text) is null then watermark_type else :kind end "
            "where client_id = :client and origin = :origin"
        ),
        {"client": client_id, "origin": origin, "text": text, "kind": kind},
    )


def looked(conn: sa.Connection, client_id: str, origin: str, problems: Sequence[str]) -> None:
    """Note that an origin was looked at, and what stood in the way, if anything."""
    problem = "\n".join(problems) or None
    conn.execute(
        sa.text(
            "insert into ops.origin as o (client_id, origin, problem, problem_since) "
            "values (:client, :origin, :problem, case when cast(:problem as text) is not null then now() end) "
            "on conflict (client_id, origin) do update set looked_at = clock_timestamp(), problem = excluded.problem, "
            "problem_since = case when excluded.problem is null then null "
            "else coalesce(o.problem_since, excluded.problem_since) end"
        ),
        {"client": client_id, "origin": origin, "problem": problem},
    )
