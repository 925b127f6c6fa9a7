"""Contenders in alternation, medians, ratios to the first of them."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipelines.settings import ROOT

CONTENDER = Path(__file__).with_name("contender.py")


class Contest(Protocol):
    """One thing the report measures: made with its data at hand, run, then told as Markdown and as JSON."""

    title: str

    def run(self, rounds: int) -> None:
        """Measure; raises RuntimeError when a contender fails or finds other rows than the rest."""

    def lines(self) -> list[str]:
        """Markdown: a heading, a table, what must be reached and whether it is."""

    def data(self) -> dict[str, Any]:
        """What was measured, round by round, for the JSON report and the chart."""

    @property
    def kept(self) -> bool:
        """Whether everything that must be reached is."""


@dataclass
class Entry:
    """One contender of a race: its job, the Python it runs in, and what each round cost.

    `file`: when it is not the race's; `label` tells it from another with the same job. `at_most`: rounds it runs at
    most, for one that takes minutes.
    """

    job: str
    python: Path
    at_most: int = 100
    file: Path | None = None
    label: str = ""
    rounds: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.job + self.label

    def median(self, what: str) -> float:
        return statistics.median(r[what] for r in self.rounds)


@dataclass
class Race:
    """One table of the report; `limits` are what ours must keep to, as ratio to a named contender.

    What a job finds is a number of rows, or that and the failing rows per rule: all must find the `same`, unless
    their files differ.
    """

    title: str
    file: Path
    warm: Path
    entries: list[Entry]
    limits: dict[str, float]
    same: bool = True

    @property
    def ours(self) -> Entry:
        return self.entries[0]

    def ratio(self, name: str, what: str) -> float:
        """Ours divided by that contender."""
        other = next(e for e in self.entries if e.name == name)
        return self.ours.median(what) / other.median(what)

    @property
    def kept(self) -> bool:
        """Whether ours keeps to every limit."""
        return all(self.ratio(name, "cpu") <= limit for name, limit in self.limits.items())

    def run(self, rounds: int) -> None:
        """All contenders in turn, so that a busy moment of the machine meets each of them."""
        for done in range(rounds):
            for entry in self.entries:
                if done < entry.at_most:
                    entry.rounds.append(_once(entry, entry.file or self.file, self.warm))
        found = [(e.name, r["found"]) for e in self.entries for r in e.rounds]
        differing = {name for name, what in found if what != found[0][1]}
        if self.same and differing:
            raise RuntimeError(f"{self.title}: {', '.join(sorted(differing))} found other rows: {found}")

    def data(self) -> dict[str, Any]:
        """Every round of every contender."""
        return {"title": self.title, "entries": {e.name: e.rounds for e in self.entries}, "limits": self.limits}

    def lines(self) -> list[str]:
        """The race as a Markdown table; CPU seconds of the database server stand apart where there is one."""
        served = " server CPU s |" if "server" in self.ours.rounds[0] else ""
        out = [
            f"### {self.title}",
            "",
            f"{self.file.parent.name}/{self.file.name}, {self.file.stat().st_size / 1e6:.0f} MB, {self._rows}, "
            f"{len(self.ours.rounds)} rounds",
            "",
            f"| contender | CPU s |{served} wall s | peak MB | ours / it (CPU) | ours / it (wall) |",
            "|---" * (7 if served else 6) + "|",
        ]
        for e in self.entries:
            server = f" {e.median('server'):.2f} |" if served else ""
            out.append(
                f"| {e.name} | {e.median('cpu'):.2f} |{server} {e.median('wall'):.2f} | {e.median('mb'):.0f} "
                f"| {self.ratio(e.name, 'cpu'):.2f} | {self.ratio(e.name, 'wall'):.2f} |"
            )  # fmt: skip
        for name, limit in self.limits.items():
            got = self.ratio(name, "cpu")
            out.append(f"\nours ≤ {limit:g} × {name} (CPU): {got:.2f}, {'reached' if got <= limit else 'NOT reached'}")
        return [*out, ""]

    @property
    def _rows(self) -> str:
        found = self.ours.rounds[0]["found"]
        if isinstance(found, int):
            return f"{found} rows"
        by_all = ", the same for all" if self.same else ""
        return f"{found[0]} rows, {sum(found[1].values())} failures of {len(found[1])} rules{by_all}"


def _once(entry: Entry, file: Path, warm: Path) -> dict[str, Any]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [entry.python, CONTENDER, entry.job, file, warm]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise RuntimeError(f"{entry.job}: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def peer(name: str, requirements: Sequence[str], folder: Path) -> Path:
    """The Python of a peer's own environment, made on demand."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder / name], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *requirements], check=True)
    return python
