"""All SQL on wrong values without which rows were taken: which cells, by which rule, and what of them is still open."""

# ruff: noqa: S608 (names of tables are ours; values are always bound)

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa

from pipelines.delivery import Delivery
from pipelines.warehouse.connection import copy_table
from pipelines.warehouse.workbooks import OpenReason

_COLUMNS = ("delivery_id", "row_number", "row_part", "rule_id", "column_name", "row_hash")


def add(conn: sa.Connection, delivery: Delivery, cells: pa.Table) -> None:
    """COPY cells without which rows of one chunk are taken; of two rules that leave out one cell the first says it."""
    if cells.num_rows:
        names = ["row_number", "row_part", "column_name"]
        first = cells.group_by(names, use_threads=False).aggregate([("rule_id", "first"), ("row_hash", "first")])
        table = first.rename_columns([*names, "rule_id", "row_hash"])
        table = table.append_column("delivery_id", pa.repeat(pa.scalar(delivery.delivery_id), table.num_rows))
        copy_table(conn, "quarantine.left_out", _COLUMNS, [table])


def of_row(conn: sa.Connection, delivery: Delivery, row: int) -> list[tuple[int, str, str]]:
    """(part, column, rule) of the values without which a row was taken."""
    query = (
        "select row_part, column_name, rule_id from quarantine.left_out where delivery_id = :id and row_number = :row "
        "order by row_part, column_name"
    )
    found = conn.execute(sa.text(query), {"id": delivery.delivery_id, "row": row}).tuples()
    return [(part, column, rule) for part, column, rule in found]


def open_cells(conn: sa.Connection, root: Delivery, table: str) -> list[OpenReason]:
    """Wrong values without which rows of a root, or of its corrections, were taken, as long as core has the rows as
    they came."""
    query = sa.text(
        "with said as (select l.*, l.row_number as root_row from quarantine.left_out l where l.delivery_id = :root "
        "union all select l.*, r.row_number from ops.delivery d join quarantine.left_out l using (delivery_id) "
        "join quarantine.workbook k on k.returned_as = d.delivery_id join quarantine.workbook_row r "
        "on (r.workbook_id, r.sheet_row) = (k.workbook_id, l.row_number) "
        "where d.corrects = :root and d.state = 'loaded') "
        "select distinct on (root_row, row_part, column_name) root_row as row_number, delivery_id as judged_by, "
        "row_number as own_number, row_part, rule_id, column_name, '' as message, 'client' as owner, "
        f"true as is_loaded from said where row_hash in (select _row_hash from {table} where client_id = :client "
        "and _source = :source and _known_to is null) order by root_row, row_part, column_name, delivery_id desc"
    )
    found = conn.execute(query, {"root": root.delivery_id, "client": root.client_id, "source": root.source})
    return [OpenReason(**row._mapping) for row in found]


def forget(conn: sa.Connection, root_id: int) -> None:
    """A newer delivery speaks for the rows."""
    query = (
        "delete from quarantine.left_out l using ops.delivery d where d.delivery_id = l.delivery_id "
        "and (d.delivery_id = :root or d.corrects = :root)"
    )
    conn.execute(sa.text(query), {"root": root_id})
