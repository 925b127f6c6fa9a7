"""The floor: the server reads the clean file by itself into a plain table, and nobody looks at a row."""

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path


def server_copy(path):
    """COPY by the server, on a copy of the file that it may read; a table of the same types, without an index."""
    import psycopg2

    columns = json.loads(Path(path).with_name("columns.json").read_text())
    place = Path(tempfile.mkdtemp(prefix="kontor-bench-", dir="/var/tmp"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    place.chmod(0o755)
    file = place / "clean.csv"
    shutil.copyfile(Path(path).with_name("clean.csv"), file)
    file.chmod(0o644)
    connection = psycopg2.connect(os.environ["KONTOR_BENCH_URL"])
    cursor = connection.cursor()
    types = ", ".join(f"{c['name']} {c['type']}{' not null' if c['required'] else ''}" for c in columns)
    cursor.execute(f"drop table if exists floor; create table floor ({types})")
    connection.commit()
    atexit.register(_drop, connection)

    def go():
        cursor.execute(f"copy floor from '{file}' (format csv, header)")
        connection.commit()
        return {"found": lambda: found(cursor, "floor", columns)}

    return go


def found(cursor, table, columns):
    """`990 rows; base 1,234.00; …`"""
    amounts = [c["name"] for c in columns if c["money"]]
    cursor.execute(f"select count(*), {', '.join(f'sum({name})' for name in amounts)} from {table}")
    rows, *sums = cursor.fetchone()
    named = zip(amounts, sums, strict=True)
    return "; ".join([f"{rows:,} rows", *(f"{name.removesuffix('_amount')} {value:,.2f}" for name, value in named)])


def _drop(connection):
    """So that the server has nothing left to tidy up while another is measured."""
    connection.cursor().execute("drop table floor")
    connection.commit()
