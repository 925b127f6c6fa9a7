"""Known rows: accepted rows of a delivery that are current in core, word for word.

Nearly all rows of a daily snapshot are. The gate leaves the columns that nobody needs of them out of the work table
(`_known`); the view `work.r_<delivery>` shows them whole, with the rest as core has it. They are known only on the way
from the gate to the load. A delivery that is held may wait for days, while core goes on: its rows are written out.
"""

# ruff: noqa: S608 (names of tables and columns come from checked contracts; values are always bound)

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.errors import TransientError
from pipelines.warehouse.connection import raw, without_loops
from pipelines.warehouse.keys import place_of

KNOWN_FROM = 20_000
"""Rows of a delivery and of its scope from which on it pays to ask core what it has."""
_FEW = 20_000
"""Rows that are looked up in core one by one."""
_LARGER = 4  # a scope so many times larger than the delivery is a delta's: most of what it would tell is of no use
_MOVING = ("waiting", "registered", "extracted", "cleaned", "validated", "held", "approved")
_ABOUT = "select nullif(reltuples, -1) from pg_class where oid = cast(:table as regclass)"
_OF_SCOPE = "c.client_id = x.client_id and c._source = x.source and c._period = x.scope_period and c._known_to is null"


def current_hashes(
    conn: sa.Connection, delivery: Delivery, contract: Contract, rows: int
) -> npt.NDArray[np.uint64] | None:
    """The first half of every current row hash of the delivery's scope, sorted; None when rows shall not be known.

    Not for a second attempt, so that a delivery whose known rows got lost on the way gets through by itself, and not
    while another delivery of the scope is on its way to core before this one.
    """
    if rows < KNOWN_FROM or delivery.attempt > 1 or delivery.is_correction:
        return None
    most = _LARGER * rows + 1
    values = {"id": delivery.delivery_id, "moving": list(_MOVING), "most": most}
    before = f"({place_of('o')}, o.delivery_id) < ({place_of('x')}, x.delivery_id)"
    others = (
        "select exists (select from ops.delivery o join ops.delivery x on x.delivery_id = :id "
        "where (o.client_id, o.feed, o.source, o.scope_period) = (x.client_id, x.feed, x.source, x.scope_period) "
        "and o.delivery_id <> x.delivery_id and o.state = any(:moving) "
        f"and (o.kind <> 'intake' or o.state in ('held', 'approved') or {before}))"
    )
    if conn.scalar(sa.text(others), values):
        return None
    current = f"from {contract.table} c join ops.delivery x on x.delivery_id = :id where {_OF_SCOPE}"
    # The whole table is counted by its statistics; where it is larger, the scope must be counted.
    if int(conn.scalar(sa.text(_ABOUT), {"table": contract.table}) or most) >= most:
        there = int(conn.scalar(sa.text(f"select count(*) from (select {current} limit :most) c"), values) or 0)
        if not KNOWN_FROM <= there < most:
            return None
    hashes = _fetched(
        conn, f"from {contract.table} c join ops.delivery x on x.delivery_id = %s where {_OF_SCOPE}", delivery
    )
    return hashes if len(hashes) and len(hashes) >= KNOWN_FROM else None


def _fetched(conn: sa.Connection, current: str, delivery: Delivery) -> npt.NDArray[np.uint64]:
    """In a few hundred long values: as rows of their own the hashes would cost twenty times as much to fetch."""
    query = (
        f"select string_agg(uuid_send(c._row_hash), ''::bytea) {current} group by get_byte(uuid_send(c._row_hash), 0)"
    )
    parts = []
    with raw(conn).cursor("current_hashes", binary=True) as cursor:
        cursor.itersize = 8
        cursor.execute(query.encode(), (delivery.delivery_id,))
        for (joined,) in cursor:
            part = np.frombuffer(joined, ">u8")[::2].astype(np.uint64)
            part.sort()
            parts.append(part)
    parts.sort(key=lambda part: int(part[0]))
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def write_out(conn: sa.Connection, delivery: Delivery, contract: Contract) -> int:
    """Give the known rows of the work table their columns back, from core; returns how many there were.

    Raises TransientError when one of them is not current any more: the gate has to look again.
    """
    return _fill(conn, delivery, contract, "w._known", "_known = null")


def fill_set_aside(conn: sa.Connection, delivery: Delivery, contract: Contract) -> int:
    """The same for those that a rule has set aside after all: their amounts count with their fate."""
    return _fill(conn, delivery, contract, "w._known and w._fate is not null", "_known = true")


def _fill(conn: sa.Connection, delivery: Delivery, contract: Contract, which: str, mark: str) -> int:
    """Few rows are looked up by a query of one value each: that goes by the index, whatever the planner thinks."""
    """Few rows are looked up by a query of one value each: that goes by the index, whatever the planner thinks."""
    count = sa.text(f"select count(*) from {delivery.work_table} w where {which}")
    if not (there := int(conn.scalar(count) or 0)):
        return 0
    columns = [f'"{name}" = c."{name}"' for name, _ in contract.stored if name not in contract.key]
    source = f"from {contract.table} c join ops.delivery x on x.delivery_id = :id"
    same = f"{_OF_SCOPE} and {same_row(contract)}"
    from_core = f"{source} where {same} and {which}"
    if there <= _FEW:
        found = f"select w.ctid as at, (select c.ctid {source} where {same} limit 1) as version"
        from_core = (
            f"from ({found} from {delivery.work_table} w where {which}) f join {contract.table} c "
            "on c.ctid = f.version where w.ctid = f.at"
        )
    statement = f"update {delivery.work_table} w set {', '.join([mark, *columns])} {from_core}"
    with nullcontext() if there <= _FEW else without_loops(conn):
        filled = conn.execute(sa.text(statement), {"id": delivery.delivery_id}).rowcount
    if filled != there:
        raise TransientError(
            "rows that were current when the gate asked are not any more",
            where=delivery.work_table,
            got=f"{filled} of {there} rows",
            next_step="it is judged again by itself",
        )
    return int(filled)


def same_row(contract: Contract) -> str:
    """SQL: version `c` is what row `w` of the work table says."""
    return " and ".join(f'c."{k}" = w."{k}"' for k in contract.key) + " and c._row_hash = w._row_hash"


def view_sql(delivery: Delivery, contract: Contract, columns: list[str]) -> str:
    """The view `Delivery.work_rows` on the work table, with the business columns of the contract behind `columns`."""
    own = ", ".join(f'w."{name}"' for name in columns)
    stored = [name for name, _ in contract.stored]
    mine, theirs = (", ".join(f'{alias}."{name}"' for name in stored) for alias in "wc")
    return (
        f"create view {delivery.work_rows} as "
        f"select {own}, {mine} from {delivery.work_table} w where w._known is not true union all "
        f"select {own}, {theirs} from {delivery.work_table} w "
        f"join ops.delivery x on x.delivery_id = {delivery.delivery_id} "
        f"join {contract.table} c on {_OF_SCOPE} and {same_row(contract)} where w._known"
    )
