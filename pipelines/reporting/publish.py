"""From the side schema into `reporting`, all marts in one transaction.

A mart whose shape (columns, indexes, policies, grants, owner) is the one that stands in `reporting` is refilled row by
row: readers are never kept waiting, see all of last night or all of tonight, and views on the mart stay. Any other mart
is replaced by the new table. So row-level security cannot get lost: a mart without it has another shape.

Clients may be left out: of them every mart keeps the rows it had. A mart that is replaced keeps them where its columns
are the same; else it has none of theirs, as rows of other columns cannot stand in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import psycopg.errors
import sqlalchemy as sa

from pipelines.errors import DeclarationError, LoadError
from pipelines.reporting.project import LIVE, MARTS, NEXT, granted

OWNER = "kontor_mart_owner"
LOCK_TIMEOUT = "60s"  # for a mart that is replaced, which has to wait for its readers

# A definer view of the owner runs under the owner's policies, but `current_user` in it is still the reader.
_BUILDER = "create policy builder on {mart} to " + OWNER + " using (current_user = '" + OWNER + "') with check (true)"
_SHAPE = """
select jsonb_build_object(
    'columns', (
        select jsonb_agg(jsonb_build_array(attname, format_type(atttypid, atttypmod), attnotnull) order by attnum)
        from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped),
    'indexes', (
        select jsonb_agg(definition order by definition)
        from (
            select regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '') as definition
            from pg_index where indrelid = c.oid) as i),
    'policies', (
        select jsonb_agg(jsonb_build_array(polname, polcmd, polpermissive, polroles::text,
            pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) order by polname)
        from pg_policy where polrelid = c.oid),
    'security', jsonb_build_array(relrowsecurity, relforcerowsecurity),
    'owner', relowner::regrole::text,
    'grants', (select jsonb_agg(acl::text order by acl::text) from unnest(relacl) as acl))::text
from pg_class as c where c.oid = to_regclass(:table)
"""


def make_side_schema(conn: sa.Connection) -> None:
    """An empty side schema; what a failed build left in it is dropped."""
    become_owner(conn)
    conn.execute(sa.text(f"drop schema if exists {NEXT} cascade"))
    conn.execute(sa.text(f"create schema {NEXT}"))


def publish(
    conn: sa.Connection,
    marts: Sequence[str],
    replaced: Mapping[str, str] | None = None,
    kept: Sequence[str] = (),
    without: Collection[str] = (),
    granted_to: Mapping[str, str] | None = None,
) -> dict[str, list[str]]:
    """Move the marts of the side schema into `reporting`; the caller's transaction makes it one change.

    Of a mart in `replaced` only the rows `m` that meet the condition there make place for the new ones; those in `kept`
    stay as they are. Any other table of ours in `reporting` is dropped. The clients in `without` keep the rows they
    have, and the side schema stays to be looked into; returned are the marts that could not keep them → whose.
    `granted_to`: mart → the only group that may read it besides the loader; default: what the project declares.
    """
    become_owner(conn)
    conn.execute(sa.text(f"set local lock_timeout = '{LOCK_TIMEOUT}'"))
    groups = granted() if granted_to is None else granted_to
    missing = {
        mart: _publish_one(conn, mart, (replaced or {}).get(mart), sorted(without), groups.get(mart)) for mart in marts
    }
    for mart in _former_marts(conn, [*marts, *kept]):
        _drop(conn, f"{LIVE}.{mart}")
    if not without:
        conn.execute(sa.text(f"drop schema {NEXT} cascade"))
    conn.execute(sa.text("reset role"))
    return {mart: clients for mart, clients in missing.items() if clients}


def has_rows(conn: sa.Connection, client_id: str) -> bool:
    """Whether analysts see anything of a client."""
    become_owner(conn)
    live = conn.scalars(
        sa.text(
            "select relname from pg_class where relnamespace = cast(:live as regnamespace) and relname = any(:marts)"
        ),
        {"live": LIVE, "marts": list(MARTS)},
    ).all()
    query = " or ".join(f"exists (select from {LIVE}.{mart} where client_id = :client)" for mart in live)
    found = bool(live) and bool(conn.scalar(sa.text(f"select {query}"), {"client": client_id}))
    conn.execute(sa.text("reset role"))
    return found


def close_restricted(conn: sa.Connection) -> list[str]:
    """Take restricted marts from everybody who may not read them any more; the next build would, but it comes at night.

    Returns what was changed, one sentence each.
    """
    changes = []
    for mart, group in granted().items():
        table = f"{LIVE}.{mart}"
        before = _shape(conn, table)
        if before is None:
            continue
        _grant(conn, table, group)
        if _shape(conn, table) != before:
            changes.append(f"{table} may be read by {group} only")
    return changes


def shapes_of(conn: sa.Connection, marts: Sequence[str]) -> dict[str, str]:
    """Mart → hash of its columns, indexes, policies and grants; empty for one that is not there."""
    shapes = {mart: _shape(conn, f"{LIVE}.{mart}") or "" for mart in marts}
    return {mart: shape and hashlib.sha256(shape.encode()).hexdigest() for mart, shape in shapes.items()}


def _publish_one(
    conn: sa.Connection, mart: str, some: str | None, without: Sequence[str], group: str | None
) -> list[str]:
    new, live = f"{NEXT}.{mart}", f"{LIVE}.{mart}"
    left_out = {"without": list(without)} if without else {}
    own = "(client_id = any(:without)) is not true" if without else "true"
    where = f"as m where {some or 'true'} and {own}"
    rows = conn.scalar(sa.text(f"select count(*) from {new} where {own}"), left_out)  # noqa: S608
    _secure(conn, new, group)
    deleted, missing = 0, []
    if _shape(conn, new) == _shape(conn, live):
        deleted = conn.execute(sa.text(f"delete from {live} {where}"), left_out).rowcount  # noqa: S608
        conn.execute(sa.text(f"insert into {live} select * from {new} where {own}"), left_out)  # noqa: S608
        _copy_comments(conn, new, live)
    elif some:
        raise LoadError(
            "a mart was altered while a part of it was built",
            where=live,
            expected="the columns, indexes, policies and grants it had when the build began",
            next_step="run the build again; it makes all marts anew",
        )
    elif without:
        missing = _replace_but_for(conn, mart, without, group)
    else:
        _drop(conn, live)
        conn.execute(sa.text(f"alter table {new} set schema {LIVE}"))
    if (there := conn.scalar(sa.text(f"select count(*) from {live} {where}"), left_out)) != rows:  # noqa: S608
        raise LoadError(
            "mart was not published whole",
            where=live,
            got=f"{there} rows",
            expected=f"{rows} rows",
            next_step=f"look at the policies of {live}; they must let {OWNER} see every row",
        )
    _analyze(conn, live, deleted + (rows or 0))
    return missing


def _replace_but_for(conn: sa.Connection, mart: str, clients: Sequence[str], group: str | None) -> list[str]:
    """A table like the new one in place of a live one, with the old rows of some clients; returns who has none there.

    The new table stays where it is, with the rows that are left out.
    """
    new, live, kept = f"{NEXT}.{mart}", f"{LIVE}.{mart}", f"{NEXT}.kept_rows"
    values = {"clients": list(clients)}
    keeps = _columns(conn, new) == _columns(conn, live)
    if keeps:
        rows = f"select * from {live} where client_id = any(:clients)"  # noqa: S608
        conn.execute(sa.text(f"create table {kept} as {rows}"), values)
    _drop(conn, live)
    conn.execute(sa.text(f"create table {live} (like {new} including all)"))
    _secure(conn, live, group)
    others = f"select * from {new} where (client_id = any(:clients)) is not true"  # noqa: S608
    conn.execute(sa.text(f"insert into {live} {others}"), values)
    if keeps:
        conn.execute(sa.text(f"insert into {live} select * from {kept}"))  # noqa: S608
        conn.execute(sa.text(f"drop table {kept}"))
        return []
    query = f"select distinct client_id from {new} where client_id = any(:clients) order by client_id"  # noqa: S608
    return list(conn.scalars(sa.text(query), values))


def _columns(conn: sa.Connection, table: str) -> Sequence[Any]:
    query = (
        "select attname, atttypid, atttypmod from pg_attribute "
        "where attrelid = to_regclass(:table) and attnum > 0 and not attisdropped order by attnum"
    )
    return conn.execute(sa.text(query), {"table": table}).all()


def _analyze(conn: sa.Connection, live: str, moved: int) -> None:
    """Refresh the statistics of a mart of which much was replaced."""
    known = conn.scalar(sa.text("select reltuples from pg_class where oid = to_regclass(:live)"), {"live": live})
    if known is None or moved >= 0.1 * known:
        conn.execute(sa.text(f"analyze {live}"))


def become_owner(conn: sa.Connection) -> None:
    """Act as the owner of the marts until the transaction ends."""
    try:
        conn.execute(sa.text(f"set local role {OWNER}"))
    except sa.exc.DBAPIError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        raise DeclarationError(
            "this login may not build marts",
            got=str(error.orig).strip(),
            expected=f"a member of {OWNER}",
            next_step=f"let an administrator run: grant {OWNER} to the login of KONTOR_WAREHOUSE_URL",
        ) from None


def _secure(conn: sa.Connection, table: str, group: str | None) -> None:
    _grant(conn, table, group)
    conn.execute(sa.text(_BUILDER.format(mart=table)))


def _grant(conn: sa.Connection, table: str, group: str | None) -> None:
    conn.execute(
        sa.text("select ops.secure_mart(cast(:table as regclass), granted_to => cast(:group as regrole))"),
        {"table": table, "group": group},
    )


def _shape(conn: sa.Connection, table: str) -> str | None:
    shape: str | None = conn.scalar(sa.text(_SHAPE), {"table": table})
    return shape


def _drop(conn: sa.Connection, table: str) -> None:
    try:
        conn.execute(sa.text(f"drop table if exists {table}"))
    except sa.exc.DBAPIError as error:
        if not isinstance(error.orig, psycopg.errors.DependentObjectsStillExist):
            raise
        raise DeclarationError(
            "a mart changes its columns, rights or indexes, and other objects are built on it",
            where=table,
            got=error.orig.diag.message_detail or str(error.orig),
            expected="nothing that hangs on the old table",
            next_step="drop these objects, build again, then make them anew on the new mart",
        ) from None


def _copy_comments(conn: sa.Connection, new: str, live: str) -> None:
    query = """
        select format('comment on column %s.%I is %L', cast(:live as regclass), attname,
                      col_description(attrelid, attnum))
        from pg_attribute where attrelid = cast(:new as regclass) and attnum > 0 and not attisdropped
          and col_description(attrelid, attnum) is distinct from col_description(cast(:live as regclass), attnum)
        union all
        select format('comment on table %s is %L', cast(:live as regclass), obj_description(cast(:new as regclass)))
        where obj_description(cast(:new as regclass)) is distinct from obj_description(cast(:live as regclass))
    """
    for statement in conn.scalars(sa.text(query), {"new": new, "live": live}).all():
        conn.exec_driver_sql(statement)


def _former_marts(conn: sa.Connection, marts: Sequence[str]) -> list[str]:
    """Our tables in `reporting` that no model makes any more: their figures would stay as they are for ever."""
    query = sa.text(
        "select relname from pg_class where relnamespace = cast(:live as regnamespace) and relkind = 'r' "
        "and pg_get_userbyid(relowner) = :owner and relname <> all (:marts)"
    )
    return list(conn.scalars(query, {"live": LIVE, "owner": OWNER, "marts": list(marts)}))
