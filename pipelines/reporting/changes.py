"""What has changed since the marts were last built: which clients, which months, and so which marts.

History is append-only and every change in core bears its moment (`_known_from`, `_known_to`), so what a build at one
cut-off shows and what the next one would show differ only by the versions that began or ended between the two. A mart
says the same of a client as long as none of them is the client's. Marts by month hold as long for each month: of a
feed with `month_of` the months of its versions count, of any other feed that they read all months of the client.

Two things follow from what changed, and are kept apart: which rows a mart makes anew (`due`), and of which clients a
feed is read for it (`needed`). A mart by month is read whole by others (macro `whole`), so what shows figures since the
beginning reads a small mart by month in place of the feed.

Made are the marts that read what has changed, and the marts these are made of; all others stay, also where one of their
feeds is read for another mart.

What has no history (deliveries, rejects, deadlines) is built whole every time; so is everything when the project, the
code or a mart itself is not what it was. Of a client that was kept back, as a test found fault with its rows, all is
made anew, also when nothing has changed since.
"""

# ruff: noqa: S608 (names of feeds, columns and marts come from the project; values are always bound)

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.reporting.project import LIVE, MARTS, NEXT, Mart, Project
from pipelines.reporting.publish import become_owner, shapes_of

CHANGED = f"{NEXT}.changed"
"""Feed, client and month (null: of a feed without months) that have changed; a model may add to it."""
NEEDED = f"{NEXT}.needed"
"""Feed and client: whose rows the staging models show."""
READS = f"{NEXT}.reads"
"""Mart by month and feed."""
DUE = f"{NEXT}.due"
"""Mart by month, client, month (null: all of them) and its days [`from_date`, `before_date`): what it makes anew."""

_DUE = f"""
create view {DUE} as
select mart, client_id, month, coalesce(month, '-infinity') as from_date,
    coalesce((month + interval '1 month')::date, 'infinity') as before_date
from (
    select distinct mart, client_id,
        case when not bool_or(month is null) over (partition by mart, client_id) then month end as month
    from {READS} join {CHANGED} using (feed)) as d
"""
_REPLACED = f"""
create view {NEXT}.replaced_{{mart}} as
select client_id, month from {DUE} where mart = '{{mart}}' and month is not null
union all
select d.client_id, l.month from {DUE} as d
cross join lateral (select distinct {{month}} as month from {LIVE}.{{mart}} as o where o.client_id = d.client_id) as l
where d.mart = '{{mart}}' and d.month is null
"""
"""Client and month of the rows of a live mart that are made anew."""
_SETTLED = f"""
create table {NEXT}.settled_{{mart}} as
select client_id, month from {NEXT}.replaced_{{mart}} union select client_id, {{month}} from {NEXT}.{{mart}}
"""
"""The same when the build is done, with statistics: so the index on client and month leads there, where the view was
joined with all of the mart (2 million rows: 0.6 s)."""

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
    behind: Mapping[str, Behind]


@dataclass(frozen=True)
class Behind:
    """A client whose rows are those of an earlier build: what was known at `shown` (None: it has none at all).

    `missing` names the marts that have none of them, since they are other tables now or were not there.
    """

    shown: datetime | None
    missing: Sequence[str] = ()


@dataclass(frozen=True)
class Plan:
    """One build: every mart, or of `since` the marts to build and of each which rows of the old ones they replace.

    `replaced` is a condition on rows `m` of the live mart; a mart that is built and not named there is replaced whole.
    `months` names the column of those of them that are built by month. Of the clients in `anew` nothing of old is left.
    """

    marts: Sequence[str] = field(default_factory=lambda: MARTS)
    replaced: Mapping[str, str] = field(default_factory=dict)
    months: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    anew: frozenset[str] = frozenset()

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
    query = "select cut_off, project_hash, clients, shapes, unfinished, behind from ops.mart_state"
    found = conn.execute(sa.text(query)).one_or_none()
    conn.execute(sa.text("update ops.mart_state set unfinished = true"))
    if found is None:
        return None
    cut_off, project_hash, clients, shapes, unfinished, behind = found.tuple()
    kept_back = {client: _read_behind(one) for client, one in behind.items()}
    return MartState(cut_off, project_hash, clients, shapes, unfinished, kept_back)


def finish(
    conn: sa.Connection, build_id: str, at: datetime, project: Project, behind: Mapping[str, Behind] | None = None
) -> None:
    """The marts stand at this build now, but for clients that are `behind`; in the transaction that publishes them."""
    values = {
        "build_id": build_id,
        "cut_off": at,
        "project_hash": project.hash,
        "clients": json.dumps(_clients(conn, at)),
        "shapes": json.dumps(shapes_of(conn, MARTS)),
        "behind": json.dumps({client: _written(one) for client, one in (behind or {}).items()}),
    }
    names = ", ".join(values)
    bound = ", ".join(f":{name}" for name in values)
    conn.execute(sa.text("delete from ops.mart_state"))
    conn.execute(sa.text(f"insert into ops.mart_state ({names}) values ({bound})"), values)


def _read_behind(one: Mapping[str, Any]) -> Behind:
    return Behind(one["shown"] and datetime.fromisoformat(one["shown"]), tuple(one["missing"]))


def _written(one: Behind) -> dict[str, Any]:
    return {"shown": one.shown and one.shown.isoformat(), "missing": list(one.missing)}


def plan(conn: sa.Connection, project: Project, state: MartState | None, at: datetime) -> Plan:
    """Find what has changed between the build the marts stand at and `at`, and write it to the side schema.

    Everything is built when there was no build, the last one did not end well, the project or its code is another one,
    a mart was altered by hand, or the cut-off lies before the last one. (Two builds have one cut-off while the same
    load is still running: nothing of core has changed then.)
    """
    if state is None or state.unfinished or state.cut_off > at or state.project_hash != project.hash:
        return Plan()
    if shapes_of(conn, MARTS) != state.shapes:
        return Plan()
    now = _clients(conn, at)
    redated = {c for c in {*now, *state.clients} if now.get(c) != state.clients.get(c)}
    sliced = [mart for mart in project.marts if not mart.is_whole]
    become_owner(conn)
    _note_changes(conn, project, sliced, state.cut_off, at, state.behind)
    made = _made(conn, sliced, redated)
    _note_needs(conn, made, redated)
    replaced = {mart.name: replaced_rows(mart) for mart in made if _is_due(conn, mart)}
    for mart in sliced:  # also of a mart that stays as it is: others may read it whole
        if mart.month:
            conn.execute(sa.text(_REPLACED.format(mart=mart.name, month=mart.month)))
        kept = f"create view {NEXT}.kept_{mart.name} as select * from {LIVE}.{mart.name} as m"
        conn.execute(sa.text(f"{kept} where not {replaced.get(mart.name, 'false')}"))
    conn.execute(sa.text("reset role"))
    marts = [m.name for m in project.marts if m.is_whole or m.name in replaced]
    months = {mart.name: mart.month for mart in sliced if mart.month and mart.name in replaced}
    return Plan(marts, replaced, months, since=state.cut_off, anew=frozenset(state.behind))


def settled(conn: sa.Connection, plan: Plan) -> dict[str, str]:
    """What a plan replaces, now that its build is done."""
    become_owner(conn)
    conditions = dict(plan.replaced)
    for mart, month in plan.months.items():
        conn.execute(sa.text(_SETTLED.format(mart=mart, month=month)))
        conn.execute(sa.text(f"analyze {NEXT}.settled_{mart}"))
        conditions[mart] = _same_month("settled", mart, month)
    return conditions


def replaced_rows(mart: Mart) -> str:
    """Condition on rows `m` of a live mart that this build makes anew."""
    if mart.month:
        return _same_month("replaced", mart.name, mart.month)
    return f"exists (select from {NEEDED} as r where r.feed in ({_listed(mart.feeds)}) and r.client_id = m.client_id)"


def _same_month(kind: str, mart: str, month: str) -> str:
    return f"exists (select from {NEXT}.{kind}_{mart} as r where r.client_id = m.client_id and r.month = m.{month})"


def _is_due(conn: sa.Connection, mart: Mart) -> bool:
    table = CHANGED if mart.month else NEEDED
    return bool(conn.scalar(sa.text(f"select exists (select from {table} where feed in ({_listed(mart.feeds)}))")))


def _listed(feeds: Iterable[str]) -> str:
    return ", ".join(f"'{feed}'" for feed in sorted(feeds))


def _clients(conn: sa.Connection, at: datetime) -> dict[str, str]:
    return dict(conn.execute(sa.text(_CLIENTS), {"at": at}).tuples().all())


def _note_changes(
    conn: sa.Connection, project: Project, marts: Sequence[Mart], since: datetime, at: datetime, behind: Iterable[str]
) -> None:
    """What has changed in core, and what follows for the marts by month; of clients kept back all counts as changed."""
    conn.execute(sa.text(f"create table {CHANGED} (feed text not null, client_id text not null, month date)"))
    conn.execute(sa.text(f"create table {READS} (mart text not null, feed text not null)"))
    for feed in sorted({feed for mart in marts for feed in mart.feeds}):
        _note_versions(conn, feed, project.month_of.get(feed), since, at)
        all_of = f"insert into {CHANGED} (feed, client_id) select '{feed}', unnest(cast(:clients as text[]))"
        conn.execute(sa.text(all_of), {"clients": sorted(behind)})
    read = [{"mart": mart.name, "feed": feed} for mart in marts if mart.month for feed in sorted(mart.feeds)]
    if read:
        conn.execute(sa.text(f"insert into {READS} values (:mart, :feed)"), read)
    conn.execute(sa.text(_DUE))
    for table in (CHANGED, READS):
        conn.execute(sa.text(f"analyze {table}"))


def _note_versions(conn: sa.Connection, feed: str, date: str | None, since: datetime, at: datetime) -> None:
    month = f"date_trunc('month', {date})::date" if date else "null::date"
    conn.execute(
        sa.text(
            f"insert into {CHANGED} select distinct '{feed}', client_id, {month} from core.{feed} "
            "where (_known_from > :since and _known_from <= :at) or (_known_to > :since and _known_to <= :at)"
        ),
        {"since": since, "at": at},
    )


def _made(conn: sa.Connection, marts: Sequence[Mart], redated: Collection[str]) -> list[Mart]:
    """Marts that read what has changed, or the date of a client that has another one, and those they are made of."""
    changed = set(conn.scalars(sa.text(f"select distinct feed from {CHANGED}")))
    due = [mart for mart in marts if not mart.feeds.isdisjoint(changed) or (mart.is_dated and redated)]
    names = {mart.name for mart in due}.union(*(mart.reads for mart in due))
    return [mart for mart in marts if mart.name in names]


def _note_needs(conn: sa.Connection, marts: Sequence[Mart], redated: Iterable[str]) -> None:
    """Of which clients each feed is read for `marts`: who changed, who has another date, and what goes with them."""
    conn.execute(sa.text(f"create table {NEEDED} (feed text not null, client_id text not null)"))
    conn.execute(sa.text(f"insert into {NEEDED} select distinct feed, client_id from {CHANGED}"))
    for mart in marts:
        if mart.month:  # made for those only whose rows have changed, however many others are read for other marts
            _spread(conn, CHANGED, mart.feeds)
    for feed in sorted({feed for mart in marts if mart.is_dated for feed in mart.feeds}):
        _note_clients(conn, feed, redated)
    _note_relatives(conn, marts)
    conn.execute(sa.text(f"analyze {NEEDED}"))


def _note_clients(conn: sa.Connection, feed: str, clients: Iterable[str]) -> None:
    """Clients whose date or profile is another one; with '' among them also those that have no profile."""
    values: dict[str, Any] = {"clients": sorted(clients)}
    insert = f"insert into {NEEDED} (feed, client_id) "
    conn.execute(sa.text(f"{insert} select '{feed}', unnest(cast(:clients as text[]))"), values)
    if "" in clients:
        others = f"select distinct client_id from core.{feed} except select client_id from ops.client"
        conn.execute(sa.text(f"{insert} select '{feed}', client_id from ({others}) as o"))


def _note_relatives(conn: sa.Connection, marts: Sequence[Mart]) -> None:
    """A mart by clients needs all its feeds of a client of which it needs one, and so do their other marts."""
    related = [mart.feeds for mart in marts if len(mart.feeds) > 1 and not mart.month]
    for _ in related:  # often enough for every chain of relatives
        before = conn.scalar(sa.text(f"select count(*) from {NEEDED}"))
        for feeds in related:
            _spread(conn, NEEDED, feeds)
        if conn.scalar(sa.text(f"select count(*) from {NEEDED}")) == before:
            break


def _spread(conn: sa.Connection, table: str, feeds: Iterable[str]) -> None:
    """Clients that a table names for one of the feeds are needed of each of them."""
    conn.execute(
        sa.text(
            f"insert into {NEEDED} select f.feed, c.client_id from unnest(cast(:feeds as text[])) as f (feed) "
            f"cross join (select distinct client_id from {table} where feed = any(:feeds)) as c "
            f"except select feed, client_id from {NEEDED}"
        ),
        {"feeds": sorted(feeds)},
    )
