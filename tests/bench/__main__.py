"""`python -m tests.bench [--rows N] [--rounds N]`: measure, print and keep a report under `.kontor/bench/`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path

import psutil

from pipelines.settings import load_settings
from tests.bench import files
from tests.bench.race import Entry, Race, peer

POLARS = "polars==2.1.0"
VERSIONS = ("pyarrow", "pandas", "duckdb", "openpyxl", "python-calamine")


def reading(folder: Path, rows: int) -> list[Race]:
    """Text cells of regular files, against what a user would read them with."""
    own, polars = Path(sys.executable), peer("polars", [POLARS, "pyarrow"], folder / "peers")
    table = files.ledger(rows)
    jobs = ("kontor_csv", "pyarrow_csv", "pyarrow_csv_one_thread", "pandas_csv", "duckdb_csv", "polars_csv")
    text = [Entry(job, polars if job.startswith("polars") else own) for job in jobs]
    again = [Entry(e.job, e.python) for e in text]
    books = [Entry(job, own) for job in ("kontor_xlsx", "pandas_xlsx", "openpyxl_xlsx")]
    plain, quoted = partial(files.write_plain, folder), partial(files.write_csv, folder)
    sheets, few, tenth = partial(files.write_xlsx, folder), table.slice(0, 100), table.slice(0, rows // 10)
    return [
        Race("Reading CSV, no quotes", plain(table), plain(few), text, {"pyarrow_csv": 1.2}),
        Race("Reading CSV, quoted cells", quoted(table), quoted(few), again, {"pyarrow_csv": 1.2}),
        Race("Reading XLSX", sheets(tenth), sheets(few), books, {"pandas_xlsx": 1.2}),
    ]


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    where = f"Python {platform.python_version()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.machine()}"
    return "; ".join([where, *(f"{name} {version(name)}" for name in VERSIONS), POLARS.replace("==", " ")])


def main() -> int:
    """Run the races and write the report; exit code 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description="Measure against peers, in alternation, in the same run.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    folder = load_settings().home / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    races = reading(folder, given.rows)
    lines = ["# Bench", "", _machine(), ""]
    for race in races:
        race.run(given.rounds)
        lines += race.lines()
        print("\n".join(race.lines()), flush=True)
    (folder / "report.md").write_text("\n".join(lines), encoding="utf-8")
    data = [{"title": r.title, "entries": {e.job: e.rounds for e in r.entries}, "limits": r.limits} for r in races]
    (folder / "report.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    print(f"report: {folder / 'report.md'}")
    return 0 if all(r.ratio(job, "cpu") <= limit for r in races for job, limit in r.limits.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
