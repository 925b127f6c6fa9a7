"""What a load would mean for the current rows of the scope: which are missing, which stay because of a rejected row."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from pipelines.reject import Baseline
from pipelines.validate import baseline
from pipelines.validate.aggregates import ROWS
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.warehouse import register
from pipelines.warehouse.connection import without_loops

_FEW = 50_000
"""Rows that are looked up in core one by one, by its index; more are compared with the whole scope at once."""
_SCOPE = "c.client_id = :client and c._source = :source and c._period = :period and c._known_to is null"


def closing(sets: SetRules) -> list[Measurement]:
    """What a load would close in a scope that has current rows: the share of them that the delivery does not name,
    and rejected rows whose key is unknown, as nobody can tell which current row they speak for."""
    contract, limit = sets.contract, sets.ref.source.max_closed_pct
    share = baseline.fact(
        contract,
        Baseline.MAX_CLOSED,
        f"more than {limit} % of the current rows are missing from the delivery",
        high=float(limit),
    )
    hidden = baseline.fact(
        contract,
        Baseline.UNREADABLE_KEY,
        "rejected rows have no readable key: which current rows are missing cannot be told",
        high=0,
    )
    total = sets.streamed.current
    if total is None:
        total = int(sets.conn.scalar(sa.text(f"select count(*) from {_current(sets)}"), _scope(sets)) or 0)
    if not total:
        return [Measurement(r, 0, {}, note="the scope has no current rows", excused=True) for r in (share, hidden)]
    missing = _missing(sets, total)
    said = f"{missing} of {total} current rows missing ({missing * 100 / total:.2f} %)"
    gap = " or ".join(f'"{k}" is null' for k in contract.key)
    rows = sets.count(f"_fate = 'rejected' and ({gap})") if sets.tally.rejected else 0
    return [
        Measurement(share, 1, {baseline.MEASURED: missing * 100 / total}, observed=said),
        Measurement(hidden, 1, {baseline.MEASURED: rows}, observed=f"{rows} rows"),
    ]


def _missing(sets: SetRules, total: int) -> int:
    """Current rows whose key does not occur in the delivery.

    A known row speaks for one current row, unless it shares its key with another row (`near`); only the keys of the
    others, a few, are then looked up.
    """
    rows = f"from {sets.table} w where {ROWS['received']}"
    if sets.streamed.current is None or not sets.near.few:
        query = f"select count(*) from {_current(sets)} and not exists (select {rows} and {_same_key(sets)})"
        with without_loops(sets.conn):
            return int(sets.conn.scalar(sa.text(query), _scope(sets)) or 0)
    keys = ", ".join(f'w."{k}"' for k in sets.contract.key)
    near, others, known_near = "", f"select {keys} {rows} and w._known is not true", "0"
    if sets.near.sql:
        near = f"{sets.near.sql}, "
        others += f" union select {keys} from near w where {ROWS['received']}"
        known_near = "(select count(*) from near where _known)"
    here = f"select 1 from {_current(sets)} and {_same_key(sets)}"
    row = sets.conn.execute(
        sa.text(
            f"with {near}others as (select distinct * from ({others}) o) select {known_near}, "
            f"(select count(*) from (select ({here}) as found from others w) f where found = 1)"
        ),
        _scope(sets),
    ).one()
    return max(0, total - (sets.streamed.known - int(row[0])) - int(row[1]))


def say_what_stays(sets: SetRules) -> None:
    """A rejected row closes nothing: its rejects say so when its key has a current version."""
    current = f"select true from {_current(sets)} and {_same_key(sets)}"
    # of few, by a subquery of one value: it goes by the index, whatever the planner thinks
    stays = f"({current} limit 1)" if sets.tally.rejected <= _FEW else f"exists ({current})"
    statement = (
        f"with stays as materialized (select _row_number, _row_part from {sets.table} w "
        f"where w._fate = 'rejected' and {stays}) "
        "update quarantine.reject j set message = j.message || '; the version loaded earlier stays current' "
        "from stays where j.delivery_id = :id and j.state = 'open' "
        "and (stays._row_number, stays._row_part) = (j.row_number, j.row_part)"
    )
    with without_loops(sets.conn):
        sets.conn.execute(sa.text(statement), {**_scope(sets), "id": sets.delivery.delivery_id})


def _current(sets: SetRules) -> str:
    """SQL: the current rows `c` of the scope."""
    return f"{sets.contract.table} c where {_SCOPE}"


def _same_key(sets: SetRules) -> str:
    return " and ".join(f'w."{k}" = c."{k}"' for k in sets.contract.key)


def _scope(sets: SetRules) -> dict[str, Any]:
    period = register.scope_of(sets.delivery, sets.ref).period or ""
    return {"client": sets.delivery.client_id, "source": sets.delivery.source, "period": period}
