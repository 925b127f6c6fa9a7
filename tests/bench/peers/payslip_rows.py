"""The rows of a clean Arrow file for peers that know nothing of the project: as plain columns, and in PostgreSQL."""

import io
import os
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

FEED = "bench.payslips"
COUNTRIES = ("DE", "GB", "FR", "NL", "PL")
CURRENCIES = ("EUR", "GBP", "PLN")
MONEY = ("base_amount", "bonus_amount", "gross_amount", "tax_amount", "social_amount", "net_amount")
TYPES = {
    "_row_number": "bigint",
    **dict.fromkeys(
        ("employee_id", "employee_name", "iban", "country_code", "currency_code", "status_code", "cost_center_id"),
        "text",
    ),
    **dict.fromkeys(("period_start_date", "period_end_date", "pay_date", "hire_date", "exit_date"), "date"),
    "contract_hours": "numeric(6,2)",
    **dict.fromkeys(MONEY, "numeric(18,2)"),
}
"""Every column that a rule needs, with its row's number."""


def batches(path):
    """The file's batches, one after the other."""
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)


def plain(batch):
    """The quickest way from decimals to numbers that we know: their lower halves are the minor units.

    `X` in major units as floating point, for bounds; `X_minor` in minor units, for sums to the cent.
    """
    import numpy as np

    columns = {name: batch.column(name) for name in TYPES}
    for name in ("contract_hours", *MONEY):
        column = columns[name]
        if column.null_count:
            raise ValueError(f"{name} has gaps")
        minor = np.frombuffer(column.buffers()[1], np.int64)[::2][column.offset : column.offset + len(column)]
        columns[name] = pa.array(minor / 100)
        if name in MONEY:
            columns[f"{name}_minor"] = pa.array(minor)
    return pa.table(columns)


def create(connection):
    """An empty table without journal, as the gate's own, in the connection's transaction."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
    connection.execute("drop table if exists payslips")
    connection.execute(f"create unlogged table payslips ({columns}) with (autovacuum_enabled = off)")


def copy(connection, path):
    """All rows into the table, as CSV that Arrow writes; how many."""
    rows = 0
    options = csv.WriteOptions(include_header=False)
    with connection.cursor() as cursor, cursor.copy("copy payslips from stdin (format csv)") as into:
        for batch in batches(path):
            text = io.BytesIO()
            csv.write_csv(batch.select(list(TYPES)), text, options)
            into.write(text.getbuffer())
            rows += len(batch)
    return rows


def server():
    """Where the bench's PostgreSQL is."""
    return os.environ["KONTOR_BENCH_URL"]


def named(counts):
    """Counts per rule under the suite's names; a rule that nothing fails is not listed."""
    return {f"{FEED}.{name}": int(count) for name, count in counts.items() if count}


def contract_file(path, name):
    """A place for a file of the peer's own, beside the data."""
    return Path(path).parent / name
