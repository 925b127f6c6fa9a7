"""A whole delivery: dirty file in landing to rows with history in core, against the floor, dlt and the usual stack."""

from __future__ import annotations

import hashlib
import json
import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import postgres
from tests.bench.generate.out import write, write_clean
from tests.bench.generate.payslips import PAYSLIPS
from tests.bench.loads import LATER
from tests.bench.race import Contest, Entry, Limit, Race, peer

FIRST = "loads.kontor_first_load"
PEERS = Path(__file__).parents[1] / "peers"
DLT = ["dlt[postgres]==1.31.0", "pyarrow==26.0.1"]
USUAL = [*DLT, "pandas==3.1.1", "great-expectations==1.24.1"]
NOTES = {
    "server_copy": "server-side COPY of the clean file into a table without index, nothing looked at: the floor.",
    "server_copy_kept": "the same COPY into a table as core's, with addresses, history columns and the unique key: "
    "what any way to keep history pays, still without reading, checking or comparing; no limit is set by it.",
    "dlt_append": "the clean file, by pyarrow to CSV to COPY: no cleaning, checks, history or key.",
    "dlt_file_import": "the clean file handed to COPY as it is, without a look at its rows; no limit is set by it.",
    "usual_stack": "the sent file: pandas, Great Expectations COMPLETE with the same rules, dlt merge by key; "
    "no history, and rows set aside are dropped.",
    "kontor_same_file": "the very file again: a duplicate.",
    "kontor_same_rows": "every row again, in other bytes (CRLF): all unchanged; no limit is set for it.",
    "kontor_changed": "the file with another value in 1 % of its rows.",
}


@dataclass
class Loads(Race):
    """A race in which ours goes on after its first load; what it loads later is told beside it.

    A job answers with `parts`, by name: they are told as contenders of their own that start no process (`at_most` 0).
    """

    parts: Sequence[str] = field(default_factory=tuple)

    def _round(self, entry: Entry, number: str) -> None:
        before = len(entry.rounds)
        super()._round(entry, number)
        for done in entry.rounds[before:]:
            for name, cost in done.pop("parts", {}).items():
                cost = {**cost, "client": cost["cpu"], "cpu": cost["cpu"] + cost["server"]}
                self.entry(f"kontor_{name}").rounds.append(cost)

    def lines(self) -> list[str]:
        """The race, and where the time of our deliveries goes."""
        mine = [e for e in self.entries if e.values("steps")]
        return [*super().lines(), *(line for e in mine for line in steps_table(e))]


def steps_table(entry: Entry) -> list[str]:
    """CPU of client and server, and the clock, by step; medians."""
    rounds = entry.values("steps")
    out = [f"Steps of {entry.name}:", "", "| step | client CPU s | server CPU s | wall s |", "|---|---:|---:|---:|"]
    for step in rounds[0]:
        cells = [_median(rounds, step, what) for what in ("cpu", "server", "wall")]
        out.append(f"| {step} | {' | '.join(f'{c:.2f}' for c in cells)} |")
    return [*out, ""]


def _median(rounds: Sequence[Any], step: str, what: str) -> float:
    return statistics.median(r[step][what] for r in rounds)


def prepared(folder: Path, rows: int, suffix: str = ".csv", *, later: bool = True, alone: bool = False) -> Path:
    """The file as sent; beside it what follows it, the clean rows, and the types of the columns.

    One that is needed `alone` lies in a folder of its own, which may be deleted.
    """
    name = f"payslips{suffix.replace('.', '_')}_{rows}{'_alone' if alone else ''}_"
    place = folder / f"{name}{generator()}"
    for old in folder.glob(f"{name}????????"):
        if old != place:
            shutil.rmtree(old)
    first = write(PAYSLIPS, place / f"first{suffix}", rows)
    if later:
        write(PAYSLIPS, place / f"same_rows{suffix}", rows, newline="\r\n")
        write(PAYSLIPS, place / f"changed{suffix}", rows, changed=0.01)
        write_clean(PAYSLIPS, place / "clean.csv", rows)
    columns = [
        {
            "name": c.name,
            "type": c.physical_type,
            "required": c.required,
            "money": c.semantic == "money",
            **dict(zip(("precision", "scale"), c.precision_scale or (), strict=False)),
        }
        for c in PAYSLIPS.contract.columns
    ]
    (place / "columns.json").write_text(json.dumps(columns), encoding="utf-8")
    return first


def generator() -> str:
    """Changes with the code that makes the files: those of another are not measured on."""
    bench = Path(__file__).parents[1]
    code = sorted([bench / "payroll.py", *(bench / "generate").glob("*.py")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()[:8]


def contests(folder: Path, rows: int) -> list[Contest]:
    """CSV against everything; a workbook of a tenth of the rows against pandas that only reads it."""
    return [_text(folder, rows), _workbook(folder, max(rows // 10, 1))]


def _text(folder: Path, rows: int) -> Contest:
    first, warm = prepared(folder, rows), prepared(folder, 2_000)
    own = Path(sys.executable)
    with_dlt, usual = peer("dlt", DLT, folder / "peers"), peer("usual", USUAL, folder / "peers")

    def script(job: str, python: Path, name: str, **more: Any) -> Entry:
        env = postgres.database(job)
        return Entry(job, python, script=PEERS / f"{name}.py", env=env, note=NOTES[job], **more)

    parts = [f"kontor_{name}" for name in LATER]
    entries = [
        Entry(FIRST, own),
        *(Entry(name, own, at_most=0, note=NOTES[name]) for name in parts),
        script("server_copy", with_dlt, "floor"),
        script("server_copy_kept", with_dlt, "floor"),
        script("dlt_append", with_dlt, "dlt_load"),
        script("dlt_file_import", with_dlt, "dlt_load"),
        script("usual_stack", usual, "usual_stack", at_most=2, seconds=3600),
    ]
    limits = [
        Limit("server_copy", 4),
        Limit("dlt_append", 1.2),
        Limit("usual_stack", 0.25),
        Limit("kontor_first_load", 0.15, of="kontor_same_file"),
        Limit("kontor_first_load", 0.6, of="kontor_changed"),
    ]
    title = f"Delivery: CSV of {rows:,} rows × 20 columns, 1 % dirt, to core with history"
    return Loads(title, first, warm, entries, limits, profile=True, parts=parts)


def _workbook(folder: Path, rows: int) -> Contest:
    first, warm = prepared(folder, rows, ".xlsx", later=False), prepared(folder, 500, ".xlsx", later=False)
    own = Path(sys.executable)
    entries = [Entry(FIRST, own), Entry("loads.pandas_openpyxl", own, at_most=3, note="reads the sheet, nothing else.")]
    title = f"Delivery: XLSX of {rows:,} rows × 20 columns, 1 % dirt, to core with history"
    return Loads(title, first, warm, entries, {"pandas_openpyxl": 0.25}, same=False)
