"""What has changed since the marts were last built: which clients, which months, and so which marts.

History is append-only and every change in core bears its moment (`_known_from`, `_known_to`), so what a build at one
cut-off shows and what the next one would show differ only by the versions that began or ended between the two. A mart
says the same of a client as long as none of them is the client's. Marts by month hold as long for each month.

What has no history (deliveries, rejects, deadlines) is built whole every time; so is everything when the project, the
code or a mart itself is not what it was.
"""

# ruff: noqa: S608 (names of feeds, columns and marts come from the project; values are always bound)

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.reporting.project import LIVE, MARTS, NEXT, Mart, Project
from pipelines.reporting.publish import become_owner, shapes_of

CHANGED = f"{NEXT}.changed"
"""Feed, client and month (null: of a feed without months) that have changed; the models read it, and may add to it."""

_CLIENTS = """
select client_id, md5((to_jsonb(c) - 'updated_at')::text || (:at at time zone coalesce(time_zone, 'UTC'))::date)
from ops.client as c
union all
select '', (:at at time zone 'UTC')::date::text
"""
"""What marts take from a profile, and the client's date. '' stands for all clients without a profile."""


@dataclass(frozen=True)
class MartState:
    """What the marts stand at: see `ops.mart_state`."""

    cut_off: datetime
    project_hash: str
    clients: Mapping[str, str]
    shapes: Mapping[str, str]
    unfinished: bool


@dataclass(frozen=True)
class Plan:
    """One build: every mart, or of `since` the marts to build and of each which rows of the old ones they replace.

    `replaced` is a condition on rows `m` of the live mart; a mart that is built and not named there is replaced whole.
    """

    marts: Sequence[str] = MARTS
    replaced: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def is_full(self) -> bool:
        """Whether it builds everything."""
        return self.since is None

    @property
    def kept(self) -> list[str]:
        """Marts that stay as they are."""
        return [mart for mart in MARTS if mart not in self.marts]


def begin(conn: sa.Connection) -> MartState | None:
    """What the marts stand at, None before the first build; from now on a build is unfinished."""
    query = "select cut_off, project_hash, clients, shapes, unfinished from ops.mart_state"
    found = conn.execute(sa.text(query)).one_or_none()
    conn.execute(sa.text("update ops.mart_state set unfinished = true"))
    return MartState(*found.tuple()) if found else None


def finish(conn: sa.Connection, build_id: str, at: datetime, project: Project) -> None:
    """The marts stand at this build now; in the transaction that publishes them."""
    values = {
        "build_id": build_id,
        "cut_off": at,
        "project_hash": project.hash,
        "clients": json.dumps(_clients(conn, at)),
        "shapes": json.dumps(shapes_of(conn)),
    }
    names = ", ".join(values)
    bound = ", ".join(f":{name}" for name in values)
    conn.execute(sa.text("delete from ops.mart_state"))
    conn.execute(sa.text(f"insert into ops.mart_state ({names}) values ({bound})"), values)


def plan(conn: sa.Connection, project: Project, state: MartState | None, at: datetime) -> Plan:
    """Find what has changed between the build the marts stand at and `at`, and write it to the side schema.

    Everything is built when there was no build, the last one did not end well, the project or its code is another one,
    a mart was altered by hand, or the cut-off lies before the last one. (Two builds have one cut-off while the same
    load is still running: nothing of core has changed then.)
    """
    if state is None or state.unfinished or state.cut_off > at or state.project_hash != project.hash:
        return Plan()
    if shapes_of(conn) != state.shapes:
        return Plan()
    now = _clients(conn, at)
    redated = {c for c in {*now, *state.clients} if now.get(c) != state.clients.get(c)}
    become_owner(conn)
    conn.execute(sa.text(f"create table {CHANGED} (feed text not null, client_id text not null, month date)"))
    sliced = [mart for mart in project.marts if not mart.is_whole]
    for feed in sorted({feed for mart in sliced for feed in mart.feeds}):
        _note_versions(conn, feed, project.month_of.get(feed), state.cut_off, at)
    for feed in sorted({feed for mart in sliced if mart.is_dated for feed in mart.feeds}):
        _note_clients(conn, feed, redated)
    _note_relatives(conn, sliced)
    conn.execute(sa.text(f"analyze {CHANGED}"))
    changed = set(conn.scalars(sa.text(f"select distinct feed from {CHANGED}")))
    replaced = {mart.name: replaced_rows(mart) for mart in sliced if changed & mart.feeds}
    for mart, rows in replaced.items():
        conn.execute(sa.text(f"create view {NEXT}.kept_{mart} as select * from {LIVE}.{mart} as m where not {rows}"))
    conn.execute(sa.text("reset role"))
    marts = [m.name for m in project.marts if m.is_whole or m.name in replaced]
    return Plan(marts, replaced, since=state.cut_off)


def replaced_rows(mart: Mart) -> str:
    """Condition on rows `m` of a live mart that this build makes anew."""
    feeds = ", ".join(f"'{feed}'" for feed in sorted(mart.feeds))
    month = f" and c.month = m.{mart.month}" if mart.month else ""
    return f"exists (select from {CHANGED} as c where c.feed in ({feeds}) and c.client_id = m.client_id{month})"


def _clients(conn: sa.Connection, at: datetime) -> dict[str, str]:
    return dict(conn.execute(sa.text(_CLIENTS), {"at": at}).tuples().all())


def _note_versions(conn: sa.Connection, feed: str, date: str | None, since: datetime, at: datetime) -> None:
    month = f"date_trunc('month', {date})::date" if date else "null::date"
    conn.execute(
        sa.text(
            f"insert into {CHANGED} select distinct '{feed}', client_id, {month} from core.{feed} "
            "where (_known_from > :since and _known_from <= :at) or (_known_to > :since and _known_to <= :at)"
        ),
        {"since": since, "at": at},
    )


def _note_clients(conn: sa.Connection, feed: str, clients: Iterable[str]) -> None:
    """Clients whose date or profile is another one; with '' among them also those that have no profile."""
    values: dict[str, Any] = {"clients": sorted(clients)}
    insert = f"insert into {CHANGED} (feed, client_id) "
    conn.execute(sa.text(f"{insert} select '{feed}', unnest(cast(:clients as text[]))"), values)
    if "" in clients:
        others = f"select distinct client_id from core.{feed} except select client_id from ops.client"
        conn.execute(sa.text(f"{insert} select '{feed}', client_id from ({others}) as o"))


def _note_relatives(conn: sa.Connection, marts: Sequence[Mart]) -> None:
    """A mart of several feeds needs them all of a client of which one has changed, and so do their other marts."""
    related = [mart.feeds for mart in marts if len(mart.feeds) > 1]
    for _ in related:  # often enough for every chain of relatives
        for feeds in related:
            for feed in sorted(feeds):
                conn.execute(
                    sa.text(
                        f"insert into {CHANGED} (feed, client_id) select distinct '{feed}', client_id from {CHANGED} "
                        f"where feed = any(:feeds) except select feed, client_id from {CHANGED} where feed = '{feed}'"
                    ),
                    {"feeds": sorted(feeds)},
                )
