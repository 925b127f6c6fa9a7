"""Do one job once, in a process of its own, and print what it cost: `python contender.py JOB FILE WARM`.

Needs nothing of the project at import, so that it runs in a peer's own environment too. The job is done on the small
file WARM first: what libraries import at their first use is not measured. What a job answers is kept, so that the race
can see that all of them found the same.
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path


def kontor_csv(path):
    from pipelines.dialect import Format
    from pipelines.extract import read

    return lambda: sum(len(chunk.batch) for chunk in read(path, Format()))


def kontor_xlsx(path):
    from pipelines.dialect import Format
    from pipelines.extract import read

    return lambda: sum(len(chunk.batch) for chunk in read(path, Format(type="xlsx")))


def pyarrow_csv(path, threads=True):
    import pyarrow as pa
    from pyarrow import csv

    with Path(path).open(encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split(",")
    convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    parse = csv.ParseOptions(newlines_in_values=False)
    options = csv.ReadOptions(use_threads=threads)
    return lambda: csv.read_csv(path, read_options=options, parse_options=parse, convert_options=convert).num_rows


def pyarrow_csv_one_thread(path):
    return pyarrow_csv(path, threads=False)


def pandas_csv(path):
    import pandas as pd

    return lambda: len(pd.read_csv(path, dtype=str, keep_default_na=False))


def duckdb_csv(path):
    import duckdb

    def go():
        with duckdb.connect() as connection:
            return connection.execute(f"select * from read_csv('{path}', all_varchar=true)").to_arrow_table().num_rows

    return go


def polars_csv(path):
    import polars

    return lambda: polars.read_csv(path, infer_schema=False).height


def pandas_xlsx(path):
    import pandas as pd

    return lambda: len(pd.read_excel(path, engine="calamine", dtype=str, keep_default_na=False))


def openpyxl_xlsx(path):
    import openpyxl

    def go():
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        return sum(1 for _ in book.active.iter_rows(values_only=True)) - 1

    return go


def memory(what):
    """MB, as the kernel counts them (0 where it does not tell)."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(what)), 0)


def job_named(name):
    """One of the readers here, or a job of the gate, which needs the project."""
    if name in globals():
        return globals()[name]
    job = getattr(importlib.import_module("tests.bench.gate"), name)
    return lambda path: job(Path(path))


def main():
    name, path, warm = sys.argv[1:4]
    job = job_named(name)
    job(warm)()
    go = job(path)
    before = resource.getrusage(resource.RUSAGE_SELF)
    base = memory("VmRSS")
    started = time.perf_counter()
    found = go()
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = found if isinstance(found, dict) else {"found": found}
    print(json.dumps({**told, "cpu": cpu, "wall": wall, "mb": memory("VmHWM") - base}))


main()
