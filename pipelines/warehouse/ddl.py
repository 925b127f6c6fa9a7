"""Tables: the fixed ones from `schema.sql`, the core tables from the contracts, and their widening.

Core tables only ever grow: an optional column more, or a wider type. Everything else is a new major of the feed.
"""

# ruff: noqa: S608 (names of tables and columns come from checked contracts)

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from psycopg import sql

from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.errors import DeclarationError
from pipelines.warehouse import known_rows, pseudonyms, roles
from pipelines.warehouse.connection import raw

WORK_COLUMNS = (
    ("_row_number", "bigint"),
    ("_row_part", "integer"),
    ("_fate", "text"),
    ("_skip_reason", "text"),
    ("_row_hash", "uuid"),
    ("_known", "boolean"),
)
"""What stands before the business columns in a work table."""
ADDRESS_COLUMNS = (
    ("_delivery_id", "bigint not null"),
    ("_row_number", "bigint not null"),
    ("_row_part", "integer not null"),
    ("_row_hash", "uuid not null"),
    ("_known_from", "timestamptz not null"),
    ("_known_to", "timestamptz"),
)
"""What stands behind the business columns in a core table."""
_UPKEEP = "autovacuum_vacuum_insert_scale_factor = 0.05"
"""Of core tables: new pages are read whole by whoever looks for a delivery, until a vacuum has summarised them."""
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_SHORT = {"timestamp with time zone": "timestamptz"}


def create_schema(conn: sa.Connection) -> None:
    """Create schemas, fixed tables, functions, roles and grants; changes nothing that is there already.

    The login must own the database and, where roles are missing, be allowed to create them.
    """
    conn.execute(sa.text("select pg_advisory_xact_lock(hashtextextended('kontor ddl', 0))"))
    raw(conn).execute(Path(__file__).with_name("schema.sql").read_bytes())
    roles.create_roles(conn)
    roles.grant(conn)


def migrate(conn: sa.Connection, catalog: Catalog) -> list[str]:
    """Bring the core tables to their contracts; returns what was changed, one sentence each.

    A new optional column and a wider numeric or text type are applied. Anything else raises DeclarationError, unless
    the table has never had a row: then it is made anew.
    """
    conn.execute(sa.text("select pg_advisory_xact_lock(hashtextextended('kontor ddl', 0))"))
    changes = [said for feed in sorted(catalog.contracts) for said in _migrate_one(conn, catalog.contracts[feed])]
    roles.know_restricted(conn, catalog.contracts.values())
    roles.grant(conn)
    pseudonyms.give_missing_keys(conn)
    return changes


def create_work_table(conn: sa.Connection, delivery: Delivery, contract: Contract) -> str:
    """Make the delivery's work table and the view on it, dropping what a killed run left; returns the table's name."""
    columns = (*WORK_COLUMNS, *contract.stored)
    text = ", ".join(f'"{name}" {kind}' for name, kind in columns)
    statements = (
        f"drop table if exists {delivery.work_table} cascade",
        f"create unlogged table {delivery.work_table} ({text})",
        known_rows.view_sql(delivery, contract, [name for name, _ in WORK_COLUMNS]),
    )
    raw(conn).execute("; ".join(statements).encode())
    return delivery.work_table


def drop_work_table(conn: sa.Connection, delivery: Delivery) -> None:
    """Drop the delivery's work table, if there is one, and the view on it."""
    conn.execute(sa.text(f"drop table if exists {delivery.work_table} cascade"))


def work_tables(conn: sa.Connection) -> set[int]:
    """The deliveries that have a work table."""
    query = "select tablename from pg_tables where schemaname = 'work' and tablename ~ '^d_[0-9]+$'"
    return {int(name.removeprefix("d_")) for name in conn.scalars(sa.text(query))}


def work_table_exists(conn: sa.Connection, delivery: Delivery) -> bool:
    """Whether the delivery's work table is there: a crash of the server empties or loses unlogged tables, and when a
    column of core gets a wider type the view has to go."""
    query = sa.text("select to_regclass(:table) is not null and to_regclass(:view) is not null")
    return bool(conn.scalar(query, {"table": delivery.work_table, "view": delivery.work_rows}))


def _migrate_one(conn: sa.Connection, contract: Contract) -> list[str]:
    have = _columns(conn, contract.table)
    if not have:
        _create_core(conn, contract)
        return [f"{contract.table} created"]
    wanted = dict(contract.stored)
    problems = _not_widening(conn, contract, have, wanted)
    if problems and not conn.scalar(sa.text(f"select exists (select 1 from {contract.table})")):
        conn.execute(sa.text(f"drop table {contract.table} cascade"))
        _create_core(conn, contract)
        return [f"{contract.table} had no rows and was made anew: {'; '.join(problems)}"]
    if problems:
        raise DeclarationError(
            f"contract of {contract.feed} changed more than a table can follow",
            where=str(contract.path),
            got="; ".join(problems),
            expected="new optional columns, wider types or new codes only",
            next_step="restore the contract, or give the feed a new major: a new feed name, a new table and a replay",
        )
    changes = _widen(conn, contract, have, wanted)
    return changes + _small_index(conn, contract) + _date_index(conn, contract)


def _not_widening(conn: sa.Connection, contract: Contract, have: dict[str, str], wanted: dict[str, str]) -> list[str]:
    required = {c.name for c in contract.columns if c.required}
    out = [f"column {name} is gone" for name in have if name not in wanted]
    out += [f"new column {name} is required" for name in wanted if name not in have and name in required]
    out += [
        f"column {name} was {have[name]} and is {kind}"
        for name, kind in wanted.items()
        if name in have and not _fits(have[name], kind)
    ]
    if (key := _key(conn, contract)) != contract.key:
        out.append(f"key was {', '.join(key)} and is {', '.join(contract.key)}")
    return out


def _fits(old: str, new: str) -> bool:
    """Whether the new type holds every value of the old: `numeric(18,2)` → `numeric(20,2)`, `integer` → `bigint`."""
    if old == new or (old, new) == ("integer", "bigint"):
        return True
    a, b = _NUMERIC.fullmatch(old), _NUMERIC.fullmatch(new)
    if not (a and b):
        return False
    return int(b[2]) >= int(a[2]) and int(b[1]) - int(b[2]) >= int(a[1]) - int(a[2])


def _widen(conn: sa.Connection, contract: Contract, have: dict[str, str], wanted: dict[str, str]) -> list[str]:
    changes = []
    retyped = {n: t for n, t in wanted.items() if n in have and have[n] != t}
    if retyped:
        _drop_views(conn, contract.table)
    for name, kind in retyped.items():
        conn.execute(sa.text(f'alter table {contract.table} alter column "{name}" type {kind}'))
        changes.append(f"{contract.table}.{name} widened from {have[name]} to {kind}")
    for name, kind in wanted.items():
        if name not in have:
            conn.execute(sa.text(f'alter table {contract.table} add column "{name}" {kind}'))
            changes.append(f"{contract.table}.{name} added")
    return changes


def _drop_views(conn: sa.Connection, table: str) -> None:
    """Views on the table forbid to change a type; the reporting build makes them again."""
    query = sa.text(
        "select distinct r.ev_class::regclass::text from pg_depend d join pg_rewrite r on r.oid = d.objid "
        "where d.refobjid = cast(:table as regclass) and d.classid = 'pg_rewrite'::regclass"
    )
    for view in conn.scalars(query, {"table": table}).all():
        conn.execute(sa.text(f"drop view if exists {view} cascade"))


def _create_core(conn: sa.Connection, contract: Contract) -> None:
    name = contract.table.split(".")[1]
    business = [f'"{n}" {t}{" not null" if n in contract.key else ""}' for n, t in contract.stored]
    scope = ["client_id text not null", "_source text not null", "_period text not null default ''"]
    columns = [*scope, *business, *(f"{n} {t}" for n, t in ADDRESS_COLUMNS)]
    key = ", ".join(f'"{k}"' for k in contract.key)
    statements = [
        f"create table {contract.table} ({', '.join(columns)}, check (_known_to > _known_from)) with ({_UPKEEP})",
        f"create unique index {name}_current on {contract.table} (client_id, _source, _period, {key}) "
        "where _known_to is null",
        _versions_index(contract),
        f"create trigger history before update on {contract.table} for each row "
        "when (old._known_to is not null or new._known_to is null) execute function ops.refuse_history_change()",
        # Only retention and erasure delete, and say so to the transaction they do it in.
        f"create trigger history_delete before delete on {contract.table} for each row "
        "when (coalesce(current_setting('kontor.erasure', true), '') <> 'on') "
        "execute function ops.refuse_history_change()",
    ]
    for statement in statements:
        conn.execute(sa.text(statement))
    _date_index(conn, contract)
    _comment(conn, contract)


def _versions_index(contract: Contract) -> str:
    """What leads to the versions of a delivery or of a stretch of time: they lie together, so a summary of every 32
    pages does, which costs a load of a million rows 0.1 CPU seconds. A B-tree of them cost 1.1."""
    name = contract.table.split(".")[1]
    return (
        f"create index {name}_versions on {contract.table} using brin (_delivery_id, _known_from, _known_to) "
        "with (pages_per_range = 32, autosummarize)"
    )


def _small_index(conn: sa.Connection, contract: Contract) -> list[str]:
    """Tables of earlier installations have a B-tree in place of the summary."""
    old = contract.table + "_delivery"
    if conn.scalar(sa.text("select to_regclass(:index)"), {"index": old}) is None:
        return []
    conn.execute(sa.text(f"drop index {old}"))
    conn.execute(sa.text(f"alter table {contract.table} set ({_UPKEEP})"))
    conn.execute(sa.text(_versions_index(contract)))
    return [f"{contract.table}: index of its versions made small"]


def _date_index(conn: sa.Connection, contract: Contract) -> list[str]:
    """Of a feed that is reported by month: what leads to a client's rows of one. They lie together as they came, month
    after month, so a summary does: a load of a million rows took 3.19 CPU seconds with it and 3.17 without."""
    name = contract.table + "_months"
    wanted = [contract.day] if contract.day else []
    query = sa.text("select pg_get_indexdef(i, 2, true) from to_regclass(:index) as i where i is not null")
    have = list(conn.scalars(query, {"index": name}))
    if have == wanted:
        return []
    if have:
        conn.execute(sa.text(f"drop index {name}"))
    if not wanted:
        return [f"{contract.table}: index of its months dropped"]
    conn.execute(
        sa.text(
            f"create index {name.split('.')[1]} on {contract.table} using brin (client_id, {contract.day}) "
            "with (pages_per_range = 32, autosummarize)"
        )
    )
    return [f"{contract.table}: index of its months by {contract.day}"]


def _comment(conn: sa.Connection, contract: Contract) -> None:
    """The contract's words as comments, where SQL clients show them."""
    cursor = raw(conn)
    table = sql.Identifier(*contract.table.split("."))
    text = sql.Literal(contract.description or contract.title)
    cursor.execute(sql.SQL("comment on table {} is {}").format(table, text))
    for column in contract.columns:
        where = sql.Identifier(*contract.table.split("."), column.name)
        text = sql.Literal(f"{column.description} [{column.classification}]")
        cursor.execute(sql.SQL("comment on column {} is {}").format(where, text))


def _columns(conn: sa.Connection, table: str) -> dict[str, str]:
    """Business column → type as contracts write it."""
    query = sa.text(
        "select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a "
        "where a.attrelid = to_regclass(:table) and a.attnum > 0 and not a.attisdropped order by a.attnum"
    )
    own = {"client_id", "_source", "_period", *(n for n, _ in ADDRESS_COLUMNS)}
    found: list[tuple[str, str]] = [(n, t) for n, t in conn.execute(query, {"table": table}).tuples()]
    return {n: _SHORT.get(t, t) for n, t in found if n not in own}


def _key(conn: sa.Connection, contract: Contract) -> tuple[str, ...]:
    """Columns of the unique index on current rows, without the scope."""
    query = sa.text(
        "select a.attname from pg_index i cross join unnest(i.indkey) with ordinality as k(attnum, place) "
        "join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum "
        "where i.indexrelid = to_regclass(:index) order by k.place"
    )
    return tuple(conn.scalars(query, {"index": contract.table + "_current"}))[3:]
