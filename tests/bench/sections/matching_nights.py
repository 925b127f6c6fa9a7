"""Nights of one client: all its customers are new, nothing is, a few of them changed, twice as many, and so on."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.settings import ROOT, Settings
from pipelines.warehouse import server
from tests.bench import matching_nights, reporting
from tests.bench.generate.who import customers
from tests.bench.race import Check

FIRST, AGAIN = "first night", "a night without news"
SHARES = {f"{share:g} % changed": share / 100 for share in (0.25, 0.5, 1, 2)}
SOME, TWICE = "1 % changed", "2 % changed"
MOST_MB, MOST_SECONDS = 24 * 1024, 1800
MOST_OF_FIRST = 0.08
"""CPU seconds of a night with 1 % changed, to those of the first: comparing, and finding out what changed."""
MOST_FOR_TWICE = 2.0
"""Twice the changes cost at most twice as much."""
MOST_AT_REST = 0.03
"""What the line through the nights says that one costs without any change, to the first: finding out that there is
none reads all customers, a share of them and no more."""


@dataclass
class Nights:
    """Matching with all it reads from the warehouse and writes there."""

    rows: int
    nights: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """As the report names it."""
        return f"Who is who: nights of {self.rows:,} customers"

    def run(self, rounds: int) -> None:
        """The first night once, since it takes long; the others as often as asked for, three times at most."""
        home = Path(tempfile.mkdtemp(prefix="kontor-bench-"))
        settings = reporting.settings_in(home)
        rows = customers(self.rows)
        try:
            server.ensure(settings, {"autovacuum": "off"})
            reporting.make_database(settings, "crowd")
            matching_nights.declare(settings)
            warehouse = reporting.open_database(settings, "crowd")
            matching_nights.deliver(warehouse, rows)
            self._night(settings, FIRST)
            begin = 0
            for _ in range(min(rounds, 3)):
                self._night(settings, AGAIN)
                for name, share in SHARES.items():
                    size = max(1, int(self.rows * share))
                    matching_nights.deliver(warehouse, matching_nights.moved(rows.slice(begin, size)))
                    self._night(settings, name)
                    begin += size
            warehouse.close()
        finally:
            server.remove(settings)
            shutil.rmtree(home, ignore_errors=True)

    def _night(self, settings: Settings, name: str) -> None:
        reporting.clear_away(settings, "crowd")
        command = [sys.executable, "-m", "tests.bench.matching_nights", str(settings.home), "crowd"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
        self.nights.setdefault(name, []).append(json.loads(done.stdout.splitlines()[-1]))

    def median(self, night: str, figure: str) -> float:
        """Of the rounds."""
        return statistics.median(one[figure] for one in self.nights[night])

    def cpu(self, night: str) -> float:
        """CPU seconds of client and server."""
        return statistics.median(one["client"] + one["server"] for one in self.nights[night])

    @property
    def line(self) -> tuple[float, float]:
        """CPU seconds of a night without changes and of each customer that changed, by least squares."""
        nights = [(one["compared"], one["client"] + one["server"]) for name in SHARES for one in self.nights[name]]
        slope, constant = np.polyfit(*np.transpose(nights), 1).tolist()
        return constant, slope

    @property
    def checks(self) -> list[Check]:
        """Time, memory, and what a small change may cost."""
        if TWICE not in self.nights:
            return []
        share, growth = self.cpu(SOME) / self.cpu(FIRST), self.cpu(TWICE) / self.cpu(SOME)
        rest = self.line[0] / self.cpu(FIRST)
        return [
            Check(f"{SOME} ÷ {FIRST} ≤ {MOST_OF_FIRST:g}", MOST_OF_FIRST, share, what="cpu"),
            Check(f"{TWICE} ÷ {SOME} ≤ {MOST_FOR_TWICE:g}", MOST_FOR_TWICE, growth, what="cpu"),
            Check(
                f"no change, by the line through the nights ÷ {FIRST} ≤ {MOST_AT_REST:g}",
                MOST_AT_REST,
                rest,
                what="cpu",
            ),
            Check(f"{FIRST}: wall seconds ≤ {MOST_SECONDS}", MOST_SECONDS, self.median(FIRST, "wall"), what="wall"),
            Check(f"{FIRST}: megabytes ≤ {MOST_MB}", MOST_MB, self.median(FIRST, "peak"), what="peak"),
        ]

    @property
    def kept(self) -> bool:
        return bool(self.checks) and all(check.kept for check in self.checks)

    def lines(self) -> list[str]:
        """One line per night."""
        heads = ("night", "customers compared", "pairs", "client CPU s", "server CPU s", "wall s", "peak MB")
        out = [f"### {self.title}", "", f"| {' | '.join(heads)} |", "|---|" + "---:|" * 6]
        for night in self.nights:
            counts = [f"{self.median(night, name):,.0f}" for name in ("compared", "pairs")]
            costs = [f"{self.median(night, name):.1f}" for name in ("client", "server", "wall")]
            peak = f"{self.median(night, 'peak'):,.0f}"
            out.append(f"| {' | '.join([night, *counts, *costs, peak])} |")
        out.append("")
        if TWICE in self.nights:
            constant, slope = self.line
            out.append(
                f"The line through the nights: {constant:.1f} CPU s + {1000 * slope:.2f} for 1,000 that changed.\n"
            )
        for check in self.checks:
            out.append(f"{check.text}: {check.got:.2f}, {'kept' if check.kept else '**NOT kept**'}\n")
        return out

    def data(self) -> dict[str, Any]:
        """Every night."""
        return {"title": self.title, "nights": self.nights, "checks": [check.data() for check in self.checks]}
