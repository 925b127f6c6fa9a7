"""First loads of a tenth, of all and of ten times the rows: how time grows, and whether memory does."""

from __future__ import annotations

import math
import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.race import Check, Contest, Entry, one_round, versions
from tests.bench.sections.delivery import FIRST, prepared

MOST_EXPONENT = 1.1
MOST_GROWTH = 1.2
MOST_MB = 1024
DISK_BYTES_PER_ROW = 3_000
"""File, archived copy, raw and clean rows, work table, core with its indexes, and the server's log of it all."""

STEPS = ("discover", "extract", "clean", "validate", "load")
ABOUT = """\
Each load in a process of its own, on a new server, warmed by a small file. The exponent is the slope of the line
through the logarithms of rows and seconds: 1 is linear. What each load costs whatever its size bends it down, so that
the two largest are told apart. The peak is the whole resident set of the process (VmHWM), and
that is what is limited. It holds pages of mapped files too, which the kernel takes back when memory is short: "its own"
is what the process holds beside them (RssAnon, looked at every 50 ms), and what a small machine must have.
"""


@dataclass
class Growth:
    """The same job on files of growing size; the largest once, the others up to three times."""

    title: str
    rows: Sequence[int]
    folder: Path
    warm: Path
    entries: list[Entry] = field(default_factory=list)
    error: str = ""

    def run(self, rounds: int) -> None:
        """From the smallest on; the largest file is deleted again."""
        free, needed = shutil.disk_usage(self.folder).free, self.rows[-1] * DISK_BYTES_PER_ROW
        if free < needed:
            raise RuntimeError(f"{self.title}: {needed / 1e9:.0f} GB of disk needed, {free / 1e9:.0f} GB free")
        for rows in self.rows:
            file = prepared(self.folder, rows, later=False, alone=True)
            entry = Entry(FIRST, Path(sys.executable), file=file, label=f", {rows:,} rows", seconds=7200)
            self.entries.append(entry)
            largest = rows == self.rows[-1]
            for number in range(1 if largest else min(rounds, 3)):
                if not entry.error:
                    one_round(self.title, entry, str(number + 1), file, self.warm)
            if largest:
                shutil.rmtree(file.parent)

    @property
    def whole(self) -> bool:
        """Whether every size was measured."""
        return len(self.entries) == len(self.rows) and all(e.rounds for e in self.entries)

    def exponent(self, what: str, step: str = "", first: int = 0) -> float:
        """How a cost grows with the rows, from the `first` size on."""
        seconds = [max(_figure(e, what, step), 0.001) for e in self.entries[first:]]
        return slope([math.log(n) for n in self.rows[first:]], [math.log(s) for s in seconds])

    @property
    def checks(self) -> list[Check]:
        """Exponents of CPU and clock, and the peak of the largest against the middle one and as such."""
        named = [
            ("exponent of CPU seconds", MOST_EXPONENT, lambda: self.exponent("cpu"), "cpu"),
            ("exponent of CPU seconds, the two largest", MOST_EXPONENT, lambda: self.exponent("cpu", first=-2), "cpu"),
            ("exponent of seconds on the clock", MOST_EXPONENT, lambda: self.exponent("wall"), "wall"),
            (f"peak at {self.rows[-1]:,} rows ÷ at {self.rows[-2]:,}", MOST_GROWTH,
             lambda: self.entries[-1].median("peak") / self.entries[-2].median("peak"), "peak"),
            (f"peak at {self.rows[-1]:,} rows, MB", MOST_MB, lambda: self.entries[-1].median("peak"), "peak"),
        ]  # fmt: skip
        return [
            Check(f"{text} ≤ {limit:g}", limit, got() if self.whole else None, FIRST, "", what)
            for text, limit, got, what in named
        ]

    @property
    def kept(self) -> bool:
        """Whether all sizes ran and keep to every limit."""
        return self.whole and all(check.kept for check in self.checks)

    def lines(self) -> list[str]:
        """One table of the sizes, one of the steps."""
        out = [f"### {self.title}", "", ABOUT]
        out += ["| rows | client CPU s | server CPU s | CPU s | µs a row | wall s | peak MB | its own MB |"]
        out += ["|---:|" + "---:|" * 7]
        done = [(n, e) for n, e in zip(self.rows, self.entries, strict=False) if e.rounds]
        for n, e in done:
            parts = [f"{e.median(what):,.2f}" for what in ("client", "server", "cpu")]
            memory = [f"{e.median(what):,.0f}" for what in ("peak", "anonymous")]
            others = [f"{e.median('cpu') * 1e6 / n:.1f}", f"{e.median('wall'):,.2f}"]
            out.append(f"| {n:,} | {' | '.join([*parts, *others, *memory])} |")
        out += ["", "| CPU s by step |" + "".join(f" {n:,} |" for n, _ in done) + " exponent | its own MB at most |"]
        out += ["|---|" + "---:|" * (len(done) + 2)]
        for step in STEPS:
            cells = [f"{_figure(e, 'cpu', step):,.2f}" for _, e in done]
            grown = f"{self.exponent('cpu', step):.2f}" if self.whole else "–"
            own = max((r["steps"][step]["anonymous"] for _, e in done for r in e.rounds), default=0)
            out.append(f"| {step} | {' | '.join([*cells, grown, f'{own:,.0f}'])} |")
        for check in self.checks:
            got = "not measured" if check.got is None else f"{check.got:.3g}"
            out.append(f"\n{check.text}: {got}, {'kept' if check.kept else '**NOT kept**'}")
        out += [f"\n**{e.name} failed:**\n\n```\n{e.error}\n```" for e in self.entries if e.error]
        return [*out, ""]

    def data(self) -> dict[str, Any]:
        """Every round, and the lines to draw."""
        done = [(n, e) for n, e in zip(self.rows, self.entries, strict=False) if e.rounds]
        series = [
            {"name": "first load", "what": what, "points": [[n, e.median(what)] for n, e in done]}
            for what in ("cpu", "wall", "peak")
        ]
        return {
            "title": self.title,
            "entries": {e.name: e.rounds for e in self.entries},
            "errors": {e.name: e.error for e in self.entries if e.error},
            "checks": [c.data() for c in self.checks],
            "series": series,
            "versions": versions({Path(sys.executable)}),
        }


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Of the straight line with the least squares."""
    return statistics.linear_regression(x, y).slope


def _figure(entry: Entry, what: str, step: str) -> float:
    """A median; of one step client and server together."""
    if not step:
        return entry.median(what)
    return statistics.median(r["steps"][step]["cpu"] + r["steps"][step]["server"] for r in entry.rounds)


def contests(folder: Path, rows: int) -> list[Contest]:
    """Rows ÷ 10, rows, rows × 10."""
    sizes = (max(rows // 10, 1), rows, rows * 10)
    return [Growth("Growth: first load of CSV", sizes, folder, prepared(folder, 2_000))]
