"""Known rows: accepted rows of a delivery that are current in core, word for word.

Nearly all rows of a daily snapshot are. The gate leaves the columns that nobody needs of them out of the work table
(`_known`); the view `work.r_<delivery>` shows them whole, with the rest as core has it. They are known only on the way
from the gate to the load. A delivery that is held may wait for days, while core goes on: its rows are written out.
"""

# ruff: noqa: S608 (names of tables and columns come from checked contracts; values are always bound)

from __future__ import annotations

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
_LARGER = 4  # a scope so many times larger than the delivery is a delta's: most of what it would tell is of no use
_MOVING = ("waiting", "registered", "extracted", "cleaned", "validated", "held", "approved")
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
    there = conn.scalar(sa.text(f"select count(*) from (select {current} limit :most) c"), values) or 0
    if not there or not KNOWN_FROM <= there < most:
        return None
    return _fetched(
        conn, f"from {contract.table} c join ops.delivery x on x.delivery_id = %s where {_OF_SCOPE}", delivery
    )


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
    known = f"select exists (select from {delivery.work_table} where _known)"
    if not conn.scalar(sa.text(known)):
        return 0
    names = [name for name, _ in contract.stored if name not in contract.key]
    columns = ", ".join(f'"{name}" = c."{name}"' for name in names)
    statement = (
        f"update {delivery.work_table} w set _known = null{', ' if columns else ''}{columns} "
        f"from {contract.table} c join ops.delivery x on x.delivery_id = :id "
        f"where {_OF_SCOPE} and w._known and {same_row(contract)}"
    )
    with without_loops(conn):
        written = conn.execute(sa.text(statement), {"id": delivery.delivery_id}).rowcount
    if conn.scalar(sa.text(known)):
        raise TransientError(
            "rows that were current when the gate asked are not any more",
            where=delivery.work_table,
            next_step="it is judged again by itself",
        )
    return int(written)


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
