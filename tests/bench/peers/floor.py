"""The floor: the server reads the clean file by itself, and nobody looks at a row."""

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path


def server_copy(path):
    """COPY by the server, on a copy of the file that it may read; a table of the same types, without an index."""
    return _copy(path, _columns(path), [])


def server_copy_kept(path):
    """The same into a table as ours in core: each row with its address, hash and time, one current row by key."""
    columns = [f"client_id {_OF_ALL}'bench'", f"_source {_OF_ALL}'main'", f"_period {_OF_ALL}''", *_columns(path)]
    columns += ["_delivery_id bigint not null default 1", "_row_number bigint not null default 1"]
    columns += [
        "_row_part integer not null default 0",
        "_row_hash uuid not null default '00112233-4455-6677-8899-aabbccddeeff'",
    ]
    columns += ["_known_from timestamptz not null default now()", "_known_to timestamptz"]
    key = "(client_id, _source, _period, payslip_id) where _known_to is null"
    return _copy(path, columns, [f"create unique index on floor {key}"])


_OF_ALL = "text not null default "


def _columns(path):
    columns = json.loads(Path(path).with_name("columns.json").read_text())
    return [f"{c['name']} {c['type']}{' not null' if c['required'] else ''}" for c in columns]


def _copy(path, types, then):
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
    cursor.execute(f"drop table if exists floor; create table floor ({', '.join(types)})")
    for statement in then:
        cursor.execute(statement)
    connection.commit()
    atexit.register(_drop, connection)
    names = ", ".join(c["name"] for c in columns)

    def go():
        cursor.execute(f"copy floor ({names}) from '{file}' (format csv, header)")
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
