"""Whose data a build finds fault with.

A test of the marts leaves the rows that fail it in the side schema. Where each of them names its client, the fault is
that client's alone: it stays on the marts it had, the others go on. Everything else (a model that cannot be made, a
test that cannot be run, rows without a client) may be anybody's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa

from pipelines.reporting.project import NEXT, NodeRun
from pipelines.reporting.publish import become_owner

_MOST = 10  # clients, and tests of each, that a message names


@dataclass(frozen=True)
class Fault:
    """Rows of a client that fail a test; `failing` is the table that holds them."""

    client_id: str
    test: str
    rows: int
    failing: str


def faults_of(conn: sa.Connection, failed: Iterable[NodeRun]) -> list[Fault]:
    """The faults by client and test; none when they are not all told by their clients."""
    become_owner(conn)
    out: list[Fault] = []
    for run in failed:
        rows = _rows_by_client(conn, run.failing) if run.failing else {}
        if not rows or None in rows:
            return []
        out += [Fault(str(client), run.name, count, str(run.failing)) for client, count in rows.items()]
    conn.execute(sa.text("reset role"))
    return sorted(out, key=lambda fault: (fault.client_id, fault.test))


def leaves_others(conn: sa.Connection, marts: Sequence[str], clients: Collection[str]) -> bool:
    """Whether the marts made have rows of any other client."""
    become_owner(conn)
    others = " or ".join(f"exists (select from {NEXT}.{mart} where client_id <> all (:clients))" for mart in marts)
    found = bool(marts) and bool(conn.scalar(sa.text(f"select {others}"), {"clients": sorted(clients)}))
    conn.execute(sa.text("reset role"))
    return found


def told(faults: Sequence[Fault]) -> dict[str, str]:
    """Client → the tests its rows fail, with how many rows."""
    by_client = groupby(faults, key=lambda fault: fault.client_id)
    return {client: _listed([f"{_short(f.test)} ({_rows(f.rows)})" for f in found]) for client, found in by_client}


def told_of(test: str, faults: Sequence[Fault]) -> str:
    """What a test found, by client."""
    return _listed([f"{f.client_id}: {_rows(f.rows)}" for f in faults if f.test == test])


def tables(faults: Sequence[Fault]) -> str:
    """Where the failing rows are."""
    return _listed(sorted({fault.failing for fault in faults}))


def listed_clients(lines: Sequence[str]) -> str:
    """One line per client, the first of them."""
    return _listed(lines, "; ")


def _rows_by_client(conn: sa.Connection, table: str) -> dict[str | None, int]:
    named = "select exists (select from pg_attribute where attrelid = to_regclass(:table) and attname = 'client_id')"
    if not conn.scalar(sa.text(named), {"table": table}):
        return {}
    counted = f"select client_id, count(*) from {table} group by client_id"  # noqa: S608
    return dict(conn.execute(sa.text(counted)).tuples().all())


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _short(test: str) -> str:
    """The name that dbt gives to a test of a model holds all its columns."""
    return test if len(test) <= 60 else f"{test[:59]}…"


def _listed(parts: Sequence[str], by: str = ", ") -> str:
    more = f"{by}and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    return by.join(parts[:_MOST]) + more
