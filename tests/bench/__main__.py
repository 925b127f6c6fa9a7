"""`python -m tests.bench [--rows N] [--rounds N] [--only SECTION]`: measure, report under `.kontor/bench/`."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import psutil

from pipelines.settings import load_settings
from tests.bench.race import Contest

SECTIONS = ("reading", "gate", "night")
VERSIONS = ("pyarrow", "pandas", "duckdb", "openpyxl", "python-calamine", "great-expectations")


def contests(section: str, folder: Path, rows: int) -> list[Contest]:
    """What a section measures; its data is made on the way."""
    found: list[Contest] = importlib.import_module(f"tests.bench.sections.{section}").contests(folder, rows)
    return found


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    where = f"Python {platform.python_version()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.machine()}"
    return "; ".join([where, *(f"{name} {version(name)}" for name in VERSIONS)])


def main() -> int:
    """Run the races and write the report; exit code 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description="Measure against peers, in alternation, in the same run.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=SECTIONS, help="one section instead of all")
    given = parser.parse_args()
    folder = load_settings().home / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    sections = [given.only] if given.only else SECTIONS
    lines = ["# Bench", "", _machine(), ""]
    done: list[Contest] = []
    for section in sections:
        for contest in contests(section, folder, given.rows):
            contest.run(given.rounds)
            lines += contest.lines()
            print("\n".join(contest.lines()), flush=True)
            done.append(contest)
    (folder / "report.md").write_text("\n".join(lines), encoding="utf-8")
    data = [contest.data() for contest in done]
    (folder / "report.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    print(f"report: {folder / 'report.md'}")
    return 0 if all(contest.kept for contest in done) else 1


if __name__ == "__main__":
    sys.exit(main())
