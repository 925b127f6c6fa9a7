"""`python -m tests.bench [--rows N] [--rounds N] [--only SECTION]`: measure, report under `.kontor/bench/`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import psutil

from pipelines.settings import load_settings
from tests.bench import files, payroll
from tests.bench.race import Entry, Race, peer

POLARS = "polars==2.1.0"
VERSIONS = ("pyarrow", "pandas", "duckdb", "openpyxl", "python-calamine", "great-expectations")


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


def gate(folder: Path, rows: int) -> list[Race]:
    """The gate against a hand-written set of masks and against stock Great Expectations, few and many rows bad."""
    own = Path(sys.executable)
    few, many = (payroll.write(folder, rows, share) for share in (0.01, 0.5))
    warm = payroll.write(folder, 2_000, 0.5)
    limits = {"pandas_masks": 2, "gx_complete": 1 / 5}

    def peers(slow: int) -> list[Entry]:
        return [Entry("kontor_gate", own), Entry("pandas_masks", own), Entry("gx_complete", own, at_most=slow)]

    def both(job: str) -> list[Entry]:
        return [Entry(job, own, label=", 50 % bad"), Entry(job, own, file=few, label=", 1 % bad")]

    title = "20 rules on payslips, Arrow file to failing rows"
    return [
        Race(f"Gate: {title}, 1 % bad", few, warm, peers(3), limits),
        Race(f"Gate: {title}, 50 % bad", many, warm, peers(1), limits),
        Race(
            "Gate: many bad rows beside few", many, warm, both("kontor_gate"), {"kontor_gate, 1 % bad": 2}, same=False
        ),
        Race("Gate: the step with its database", many, warm, both("kontor_validate"), {}, same=False),
    ]


SECTIONS: dict[str, Callable[[Path, int], list[Race]]] = {"reading": reading, "gate": gate}


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    where = f"Python {platform.python_version()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.machine()}"
    return "; ".join([where, *(f"{name} {version(name)}" for name in VERSIONS), POLARS.replace("==", " ")])


def main() -> int:
    """Run the races and write the report; exit code 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description="Measure against peers, in alternation, in the same run.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=SECTIONS, help="one section instead of all")
    given = parser.parse_args()
    folder = load_settings().home / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    races = [race for name in ([given.only] if given.only else SECTIONS) for race in SECTIONS[name](folder, given.rows)]
    lines = ["# Bench", "", _machine(), ""]
    for race in races:
        race.run(given.rounds)
        lines += race.lines()
        print("\n".join(race.lines()), flush=True)
    (folder / "report.md").write_text("\n".join(lines), encoding="utf-8")
    data = [{"title": r.title, "entries": {e.name: e.rounds for e in r.entries}, "limits": r.limits} for r in races]
    (folder / "report.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    print(f"report: {folder / 'report.md'}")
    return 0 if all(race.kept for race in races) else 1


if __name__ == "__main__":
    sys.exit(main())
