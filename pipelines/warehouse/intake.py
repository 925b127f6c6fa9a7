"""What is known before a delivery runs: clients, arrivals, unmatched files, declarations, look-up files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from pipelines.delivery import Delivery
from pipelines.profile import Profile
from pipelines.warehouse.pseudonyms import give_key

_DAYS_OFF_YEARS = range(1990, 2051)


@dataclass(frozen=True)
class Input:
    """A file that a delivery was made from: `file` the delivered one, `lookup` one of a table it reads, `control` one
    with its control totals, by the name the profile gives it."""

    role: str
    name: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Arrival:
    """A file as it was seen; `path` is below the client's landing folder."""

    arrival_id: int
    client_id: str
    path: str
    size: int
    mtime: datetime
    sha256: str


def know_client(conn: sa.Connection, client_id: str) -> None:
    """A client that is delivered for exists, even before its profile is synchronised: marts are closed by this list."""
    query = "insert into ops.client (client_id, name) values (:id, :id) on conflict do nothing"
    if conn.execute(sa.text(query), {"id": client_id}).rowcount:
        give_key(conn, client_id)


def sync_clients(conn: sa.Connection, profiles: Iterable[Profile]) -> None:
    """Write every client with its key, its analysts and its stewards; a user no longer named for a client loses it.

    Clients without a profile stay, with their users: a profile folder left out of one command takes nothing away.
    """
    for profile in profiles:
        model = profile.model
        conn.execute(
            sa.text(
                "insert into ops.client as c (client_id, name, locale, time_zone, calendar, adding, reporting, golden) "
                "values (:client, :name, :locale, :zone, :calendar, cast(:adding as jsonb), cast(:reporting as jsonb), "
                "cast(:golden as jsonb)) "
                "on conflict (client_id) do update set name = excluded.name, locale = excluded.locale, "
                "time_zone = excluded.time_zone, calendar = excluded.calendar, adding = excluded.adding, "
                "reporting = excluded.reporting, golden = excluded.golden, updated_at = now() "
                "where (c.name, c.locale, c.time_zone, c.calendar, c.adding, c.reporting, c.golden) is distinct from "
                "(excluded.name, excluded.locale, excluded.time_zone, excluded.calendar, excluded.adding, "
                "excluded.reporting, excluded.golden)"
            ),
            {
                "client": model.client,
                "name": model.name,
                "locale": model.locale,
                "zone": model.time_zone,
                "calendar": model.calendar,
                "adding": json.dumps(profile.adding),
                "reporting": model.reporting.model_dump_json(),
                "golden": model.golden.model_dump_json(),
            },
        )
        give_key(conn, model.client)
        if model.reporting.on_time.calendar == "business_days":
            _add_days_off(conn, model.calendar)
        for table, users in (("ops.user_client", model.analysts), ("ops.steward", model.stewards)):
            conn.execute(
                sa.text(f"delete from {table} where client_id = :client and user_name <> all(:users)"),  # noqa: S608 ours
                {"client": model.client, "users": users},
            )
            for user in users:
                conn.execute(
                    sa.text(f"insert into {table} values (:user, :client) on conflict do nothing"),  # noqa: S608 ours
                    {"user": user, "client": model.client},
                )


def _add_days_off(conn: sa.Connection, calendar: str) -> None:
    """Weekends and holidays of a calendar, once."""
    if conn.scalar(sa.text("select exists (select from ops.day_off where calendar = :of)"), {"of": calendar}):
        return
    import holidays  # only who counts business days pays

    country, _, part = calendar.partition("-")
    known = holidays.country_holidays(country, subdiv=part or None, years=_DAYS_OFF_YEARS)
    first, last = date(_DAYS_OFF_YEARS[0], 1, 1), date(_DAYS_OFF_YEARS[-1], 12, 31)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    off = [day for day in days if day in known or day.weekday() in known.weekend]
    conn.execute(
        sa.text("insert into ops.day_off select :of, unnest(cast(:days as date[])) on conflict do nothing"),
        {"of": calendar, "days": off},
    )


def find_arrival(conn: sa.Connection, client_id: str, path: str, size: int, mtime: datetime) -> tuple[int, str] | None:
    """(arrival id, sha256) of a file already seen with this size and time."""
    row = conn.execute(
        sa.text(
            "select arrival_id, sha256 from ops.arrival where client_id = :client and path = :path and size = :size "
            "and mtime = :mtime order by arrival_id desc limit 1"
        ),
        {"client": client_id, "path": path, "size": size, "mtime": mtime},
    ).one_or_none()
    return (row.arrival_id, row.sha256) if row else None


def add_arrival(conn: sa.Connection, client_id: str, path: str, size: int, mtime: datetime, sha256: str) -> int:
    """Record a file; returns its id, the old one when another run was faster."""
    found = conn.scalar(
        sa.text(
            "insert into ops.arrival (client_id, path, size, mtime, sha256) "
            "values (:client, :path, :size, :mtime, :sha) "
            "on conflict (client_id, path, size, mtime, sha256) do update set path = excluded.path "
            "returning arrival_id"
        ),
        {"client": client_id, "path": path, "size": size, "mtime": mtime, "sha": sha256},
    )
    return int(found)


def arrival_of(conn: sa.Connection, delivery: Delivery) -> Arrival | None:
    """The arrival a delivery was registered from."""
    query = sa.text(
        "select a.arrival_id, a.client_id, a.path, a.size, a.mtime, a.sha256 from ops.arrival a "
        "join ops.delivery d using (arrival_id) where d.delivery_id = :id"
    )
    row = conn.execute(query, {"id": delivery.delivery_id}).mappings().one_or_none()
    return Arrival(**row) if row else None


@dataclass(frozen=True)
class Unmatched:
    """A file that belongs to nothing declared; `reason` says why it could not be taken if it did."""

    path: str
    size: int
    mtime: datetime
    reason: str | None = None


def note_unmatched(conn: sa.Connection, client_id: str, files: Sequence[Unmatched]) -> None:
    """Record the files that belong to nothing declared; those matched by now are forgotten."""
    conn.execute(
        sa.text(
            "delete from ops.unmatched_file where client_id = :client "
            "and path not in (select unnest(cast(:paths as text[])))"
        ),
        {"client": client_id, "paths": [file.path for file in files]},
    )
    if files:
        conn.execute(
            sa.text(
                "insert into ops.unmatched_file (client_id, path, size, mtime, reason) "
                "values (:client, :path, :size, :mtime, :reason) on conflict (client_id, path) do update set "
                "size = excluded.size, mtime = excluded.mtime, reason = excluded.reason, "
                "last_seen_at = clock_timestamp()"
            ),
            [{"client": client_id, **vars(file)} for file in files],
        )


def unmatched_files(conn: sa.Connection, since: datetime) -> list[str]:
    """`client/path` of the files seen since then that belong to nothing declared, with the reason if there is one."""
    query = sa.text(
        "select client_id || '/' || path || coalesce(': ' || reason, '') from ops.unmatched_file "
        "where greatest(first_seen_at, last_seen_at) >= :since "
        "order by client_id, path"
    )
    return list(conn.scalars(query, {"since": since}))


def keep_declaration(conn: sa.Connection, kind: str, name: str, text: str) -> str:
    """Keep the text of a contract, profile, suite or code version once; returns its sha256."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    conn.execute(
        sa.text(
            "insert into ops.declaration (sha256, kind, name, text) values (:sha, :kind, :name, :text) "
            "on conflict (sha256) do nothing"
        ),
        {"sha": sha256, "kind": kind, "name": name, "text": text},
    )
    return sha256


def replace_declarations(conn: sa.Connection, delivery: Delivery, texts: Mapping[str, str]) -> None:
    """The declarations (kind → text) a delivery is judged by from now on."""
    conn.execute(sa.text("delete from ops.delivery_declaration where delivery_id = :id"), {"id": delivery.delivery_id})
    for kind, text in texts.items():
        name = delivery.client_id if kind == "profile" else delivery.feed
        conn.execute(
            sa.text("insert into ops.delivery_declaration values (:id, :kind, :sha)"),
            {"id": delivery.delivery_id, "kind": kind, "sha": keep_declaration(conn, kind, name, text)},
        )


def declarations(conn: sa.Connection, delivery_id: int) -> dict[str, str]:
    """Kind → text of the declarations a delivery was judged by."""
    query = sa.text(
        "select l.kind, d.text from ops.delivery_declaration l join ops.declaration d using (sha256) "
        "where l.delivery_id = :id"
    )
    return {row.kind: row.text for row in conn.execute(query, {"id": delivery_id})}


def inputs(conn: sa.Connection, delivery_id: int) -> list[Input]:
    """The files a delivery was made from."""
    query = sa.text(
        "select role, name, path, sha256 from ops.delivery_input where delivery_id = :id order by role, name, path"
    )
    return [Input(**row) for row in conn.execute(query, {"id": delivery_id}).mappings()]


def replace_inputs(conn: sa.Connection, delivery: Delivery, items: Iterable[Input]) -> None:
    """The files a delivery is made from, from now on."""
    conn.execute(sa.text("delete from ops.delivery_input where delivery_id = :id"), {"id": delivery.delivery_id})
    for item in items:
        conn.execute(
            sa.text("insert into ops.delivery_input values (:id, :role, :name, :path, :sha)"),
            {
                "id": delivery.delivery_id,
                "role": item.role,
                "name": item.name,
                "path": item.path,
                "sha": item.sha256,
            },
        )


def file_groups(conn: sa.Connection, delivery_id: int) -> dict[str, str]:
    """The named groups of the file pattern, as matched when the delivery was registered."""
    found = conn.scalar(sa.text("select file_groups from ops.delivery where delivery_id = :id"), {"id": delivery_id})
    return dict(found or {})
