"""Nights of one client with customers of any number, written into core, each matched in a process of its own.

`python -m tests.bench.matching_nights HOME DATABASE` matches once and prints what it cost.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import sqlalchemy as sa

from pipelines.catalog import load_catalog
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse, copy_table
from tests.bench import reporting

CLIENT = "crowd"
PROFILE = r"""client: crowd
name: Crowd Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  clients.customers:
    sources:
      shop: &source
        files: 'shop/[^/]+\.csv'
        columns: {customer_id: {from: Id}, customer_type_code: {from: Type}}
      crm: {<<: *source, files: 'crm/[^/]+\.csv'}
"""
_NEW = "create temp table new_customer (like core.clients_customers) on commit drop"
_END = (
    "update core.clients_customers c set _known_to = clock_timestamp() from new_customer n where "
    "(c.client_id, c._source, c.customer_id) = (n.client_id, n._source, n.customer_id) and c._known_to is null"
)


def declare(settings: Settings) -> None:
    """The client's profile."""
    folder = settings.client_folders[0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{CLIENT}.yaml").write_text(PROFILE, encoding="utf-8")


def deliver(warehouse: Warehouse, rows: pa.Table) -> None:
    """Customers into core as a load leaves them: every other one from the shop, versions of before ended."""
    size = rows.num_rows
    source = pa.array(["shop" if int(number[1:]) % 2 else "crm" for number in rows["customer_id"].to_pylist()])
    told = rows.drop_columns(["entity"]).set_column(
        rows.schema.get_field_index("birth_date") - 1, "birth_date", _dates(rows["birth_date"])
    )
    told = told.append_column("_source", source).append_column("_row_number", pa.array(range(1, size + 1)))
    fixed = {"client_id": CLIENT, "_period": "", "_delivery_id": 1, "_row_part": 1, "_row_hash": "0" * 32}
    for name, value in {**fixed, "_known_from": "2026-01-01 00:00:00+00"}.items():
        told = told.append_column(name, pa.repeat(value, size))
    names = ", ".join(name for name in told.column_names if name not in ("_row_hash", "_known_from"))
    with warehouse.transaction() as conn:
        conn.execute(sa.text(_NEW))
        copy_table(conn, "new_customer", told.column_names, told.combine_chunks().to_batches(100_000))
        conn.execute(sa.text(_END))
        conn.execute(
            sa.text(
                f"insert into core.clients_customers ({names}, _row_hash, _known_from) "
                f"select {names}, md5(n::text)::uuid, clock_timestamp() from new_customer n order by customer_id"
            )
        )


def moved(rows: pa.Table) -> pa.Table:
    """The customers, each in the town of the next one: towns grow no faster than others leave them."""
    town = pa.chunked_array([*rows["city"].slice(1).chunks, *rows["city"].slice(0, 1).chunks])
    return rows.set_column(rows.schema.get_field_index("city"), "city", town)


def _dates(texts: pa.ChunkedArray) -> pa.Array:
    """Days that exist; cleaning would have refused the others."""

    def read(text: str | None) -> str | None:
        try:
            return text and date.fromisoformat(text).isoformat()
        except ValueError:
            return None

    return pa.array([read(text) for text in texts.to_pylist()], pa.string())


def measure(settings: Settings, database: str) -> dict[str, Any]:
    """What one night's matching costs: CPU seconds of client and server, wall seconds, peak megabytes of the client."""
    from pipelines.flow.matching import match_customers
    from pipelines.flow.office import Office

    warehouse = reporting.open_database(settings, database)
    office = Office(settings, load_catalog(settings), warehouse)
    with warehouse.transaction() as conn:
        postmaster = psutil.Process(conn.scalar(sa.text("select pg_backend_pid()"))).parent()
    served, client, started = reporting.server_cpu(postmaster), reporting.own_cpu(), time.perf_counter()
    done = match_customers(client=CLIENT, office=office)[0]
    found = {
        "wall": time.perf_counter() - started,
        "client": reporting.own_cpu() - client,
        "server": reporting.server_cpu(postmaster) - served,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "compared": done.compared,
        "pairs": done.pairs,
    }
    warehouse.close()
    return found


if __name__ == "__main__":
    print(json.dumps(measure(reporting.settings_in(Path(sys.argv[1])), sys.argv[2])))
