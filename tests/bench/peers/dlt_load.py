"""dlt with the fastest settings its documentation has for PostgreSQL.

https://dlthub.com/docs/dlt-ecosystem/destinations/postgres (Arrow tables with the CSV loader format; import of files as
they are), https://dlthub.com/docs/reference/performance (no compression of files between its steps). The other fast
way there, Parquet over ADBC, is said not to hold all decimals.
"""

import atexit
import json
import os
import shutil
import tempfile
from itertools import count
from pathlib import Path

_number = count(1)
os.environ.update(
    RUNTIME__DLTHUB_TELEMETRY="false",
    RUNTIME__LOG_LEVEL="ERROR",
    DATA_WRITER__DISABLE_COMPRESSION="true",
    NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION="true",
    LOAD__DELETE_COMPLETED_JOBS="true",
)


def dlt_append(path):
    """The clean file, read and typed by pyarrow in blocks of 16 MB, appended to an empty table."""
    import dlt
    from pyarrow import csv

    clean, columns = given(path)
    options = csv.ReadOptions(block_size=16 << 20)
    convert = csv.ConvertOptions(column_types=arrow_types(columns), null_values=[""], strings_can_be_null=True)

    def payslips():
        yield from csv.open_csv(clean, read_options=options, convert_options=convert)

    pipeline = pipeline_of()
    resource = dlt.resource(payslips(), name="payslips", write_disposition="append")
    return lambda: ran(pipeline, columns, resource)


def dlt_file_import(path):
    """The clean file handed on as it is: dlt does not read it, and its server copies it."""
    import dlt

    clean, columns = given(path)
    hints = {c["name"]: hint(c) for c in columns}
    with clean.open("rb") as file:
        rows = sum(1 for _ in file) - 1

    def payslips():
        yield dlt.mark.with_file_import(str(clean), "csv", rows)

    pipeline = pipeline_of()
    resource = dlt.resource(payslips, name="payslips", write_disposition="append", columns=hints)
    return lambda: ran(pipeline, columns, resource)


def given(path):
    """The clean file beside the one that was sent, and its columns."""
    return Path(path).with_name("clean.csv"), json.loads(Path(path).with_name("columns.json").read_text())


def ran(pipeline, columns, resource):
    """Run it; what is in the table is looked up afterwards."""
    pipeline.run(resource, loader_file_format="csv").raise_on_failed_jobs()
    return {"found": lambda: found(pipeline, columns)}


def pipeline_of():
    """A pipeline without a past, in a schema of its own that is gone at the end."""
    import dlt

    folder = tempfile.mkdtemp(prefix="kontor-bench-")
    name = f"dlt_{next(_number)}"
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _drop(name)
    atexit.register(_drop, name)
    destination = dlt.destinations.postgres(os.environ["KONTOR_BENCH_URL"])
    return dlt.pipeline(name, destination=destination, dataset_name=name, pipelines_dir=folder)


def _drop(name):
    import psycopg2

    connection = psycopg2.connect(os.environ["KONTOR_BENCH_URL"])
    cursor = connection.cursor()
    cursor.execute(f"drop schema if exists {name} cascade; drop schema if exists {name}_staging cascade")
    connection.commit()
    connection.close()


def found(pipeline, columns):
    """`990 rows; base 1,234.00; …`"""
    amounts = [c["name"] for c in columns if c["money"]]
    sums = ", ".join(f"sum({name})" for name in amounts)
    with pipeline.sql_client() as client:
        ((rows, *values),) = client.execute_sql(f"select count(*), {sums} from payslips")
    named = zip(amounts, values, strict=True)
    return "; ".join([f"{rows:,} rows", *(f"{name.removesuffix('_amount')} {value:,.2f}" for name, value in named)])


def arrow_types(columns):
    """The types of the table."""
    import pyarrow as pa

    plain = {"text": pa.string(), "date": pa.date32()}
    return {c["name"]: plain.get(c["type"]) or pa.decimal128(c["precision"], c["scale"]) for c in columns}


def hint(column):
    """The same in dlt's words."""
    nullable = {"nullable": not column["required"]}
    if column["type"] in ("text", "date"):
        return {"data_type": column["type"], **nullable}
    return {"data_type": "decimal", "precision": column["precision"], "scale": column["scale"], **nullable}
