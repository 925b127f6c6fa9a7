"""Many small deliveries through the real scheduler: what the tasks cost on top of the steps, and a plain DAG."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from pipelines.settings import ROOT
from tests.bench.night_files import ROWS, Size
from tests.bench.race import Contest

FULL, SMALL = Size(10, 5), Size(1, 5)
SMALL_BELOW = 100_000
"""`--rows` below which the night is a tenth, to see that everything runs."""

SAMPLE = Size(1, 1)
"""Files for the plain DAG, which is slow: one of each list."""

AT_MOST = 3
"""Nights in a report: each takes minutes."""

LIMIT_SECONDS, LIMIT_SHARE = 0.5, 0.1
WAYS = ("scheduled", "one_process", "plain")
Round = dict[str, Any]


def contests(folder: Path, rows: int) -> list[Contest]:
    """One night, three ways."""
    return [Night(folder / "night", SMALL if rows < SMALL_BELOW else FULL)]


@dataclass
class Night:
    """The night, the same steps in one process, and a plain DAG on a sample, in turn."""

    folder: Path
    size: Size
    rounds: dict[str, list[Round]] = field(default_factory=lambda: {way: [] for way in WAYS})

    @property
    def title(self) -> str:
        """What is run."""
        return f"Night: {self.size.deliveries} deliveries of {ROWS} rows through the scheduler"

    def run(self, rounds: int) -> None:
        """Every way in turn."""
        for _ in range(min(rounds, AT_MOST)):
            for way in WAYS:
                size = SAMPLE if way == "plain" else self.size
                self.rounds[way].append(_once(way, self.folder / way, size))

    def median(self, way: str, what: str) -> float:
        """Of all rounds of one way."""
        return float(median(found[what] for found in self.rounds[way]))

    def each(self, way: str, what: str) -> float:
        """The same, by delivery."""
        return float(median(found[what] / found["deliveries"] for found in self.rounds[way]))

    @property
    def overhead(self) -> float:
        """Wall seconds by delivery on top of what its steps take in one process."""
        return self.each("scheduled", "night") - self.each("one_process", "wall")

    @property
    def cpu_overhead(self) -> float:
        """The same in CPU seconds, client and server: what two cores at once cannot hide."""
        spent = [self.each(way, "cpu") + self.each(way, "server") for way in ("scheduled", "one_process")]
        return spent[0] - spent[1]

    @property
    def share(self) -> float:
        """A delivery of the night, whole, as a share of a file in the plain DAG."""
        return self.each("scheduled", "night") / self.each("plain", "night")

    @property
    def kept(self) -> bool:
        """Whether both limits are."""
        return self.overhead <= LIMIT_SECONDS and self.overhead <= LIMIT_SHARE * self.each("plain", "night")

    def lines(self) -> list[str]:
        """The three ways as a table, the limits, and what there was to run."""
        shown = [
            ("scheduled", "ours, Airflow with LocalExecutor", "night"),
            ("one_process", "ours, the same steps in one process", "wall"),
            ("plain", "plain DAG, four tasks per file, a sample", "night"),
        ]
        out = [
            f"### {self.title}",
            "",
            f"wall: first task queued to last step done; {len(self.rounds['scheduled'])} rounds, medians",
            "",
            "| way | deliveries | wall s | wall s each | CPU s each | server CPU s each | tasks |",
            "|---" * 7 + "|",
        ]
        for way, name, wall in shown:
            last = self.rounds[way][-1]
            out.append(
                f"| {name} | {last['deliveries']} | {self.median(way, wall):.1f} | {self.each(way, wall):.2f} "
                f"| {self.each(way, 'cpu'):.2f} | {self.each(way, 'server'):.2f} | {last.get('tasks', 0)} |"
            )
        plain = self.each("plain", "night")
        alone = self.median("plain", "alone") / self.rounds["plain"][-1]["deliveries"]
        limit = LIMIT_SHARE * plain
        out += [
            "",
            f"overhead by delivery ≤ {LIMIT_SECONDS} s (wall): {self.overhead:.2f} s, "
            f"{_reached(self.overhead <= LIMIT_SECONDS)}; in CPU seconds {self.cpu_overhead:.2f}",
            "",
            f"overhead by delivery ≤ {LIMIT_SHARE:g} × the plain DAG's {plain:.2f} s a file = {limit:.2f} s: "
            f"{_reached(self.overhead <= limit)}; a whole delivery is {self.share:.2f} of a plain file. "
            f"(Of the plain file {alone:.2f} s are its four functions, in one process with everything imported.)",
            "",
            *self._told(),
            "",
        ]
        return out

    def _told(self) -> list[str]:
        """What else was measured on the way, of the last round."""
        last = self.rounds["scheduled"][-1]
        parse = ", ".join(f"{name} {seconds:.2f}" for name, seconds in last["parse"].items())
        tasks = ", ".join(f"{count} × {name} {spent:.1f} s" for name, (count, spent) in last["by_task"].items())
        steps = ", ".join(
            f"{name} {seconds / self.size.deliveries * 1000:.0f}"
            for name, seconds in self.rounds["one_process"][-1]["steps"].items()
        )
        return [
            f"an empty task: {last['empty']:.2f} s wall, {self.rounds['plain'][-1]['empty']:.2f} without what is "
            f"imported ahead; from queued to started: {last['waited']:.1f} s (median)",
            "",
            f"tasks (median of each): {tasks}",
            "",
            f"until the reports stand: {last['whole']:.1f} s, {last['reports']} runs of reporting",
            "",
            f"reading a DAG file, s: {parse}",
            "",
            f"steps in one process, ms by delivery: {steps}",
        ]

    def data(self) -> dict[str, Any]:
        """Every round of every way."""
        return {
            "title": self.title,
            "entries": self.rounds,
            "overhead": self.overhead,
            "cpu_overhead": self.cpu_overhead,
            "limits": {"overhead": LIMIT_SECONDS, "share_of_plain": LIMIT_SHARE},
        }


def _reached(kept: bool) -> str:
    return "reached" if kept else "NOT reached"


def _once(way: str, folder: Path, size: Size) -> Round:
    command = [sys.executable, "-m", "tests.bench.night", way, str(folder), str(size.clients), str(size.files)]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW__", "KONTOR_", "PLAIN_"))}
    done = subprocess.run(
        command, env={**env, "PYTHONPATH": str(ROOT)}, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{way}: {done.stderr[-3000:]}\nlogs: {folder / 'home' / 'logs'}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
