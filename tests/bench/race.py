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

from pipelines.settings import ROOT

CONTENDER = Path(__file__).with_name("contender.py")


@dataclass
class Entry:
    """One contender of a race: its job, the Python it runs in, and what each round cost."""

    job: str
    python: Path
    rounds: list[dict[str, float]] = field(default_factory=list)

    def median(self, what: str) -> float:
        return statistics.median(r[what] for r in self.rounds)


@dataclass
class Race:
    """One line of the report for each contender; `limits` are what ours must keep to, as ratio to a named one."""

    title: str
    file: Path
    warm: Path
    entries: list[Entry]
    limits: dict[str, float]

    @property
    def ours(self) -> Entry:
        return self.entries[0]

    def ratio(self, job: str, what: str) -> float:
        """Ours divided by that contender."""
        other = next(e for e in self.entries if e.job == job)
        return self.ours.median(what) / other.median(what)

    def run(self, rounds: int) -> None:
        """All contenders in turn, so that a busy moment of the machine meets each of them."""
        for _ in range(rounds):
            for entry in self.entries:
                entry.rounds.append(_once(entry, self.file, self.warm))
        counts = {e.job: e.rounds[0]["rows"] for e in self.entries}
        if len(set(counts.values())) != 1:
            raise RuntimeError(f"{self.title}: not the same rows: {counts}")

    def lines(self) -> list[str]:
        """The race as a Markdown table."""
        out = [
            f"### {self.title}",
            "",
            f"{self.file.name}, {self.file.stat().st_size / 1e6:.0f} MB, "
            f"{self.ours.rounds[0]['rows']:.0f} rows, {len(self.ours.rounds)} rounds",
            "",
            "| contender | CPU s | wall s | peak MB | ours / it (CPU) | ours / it (wall) |",
            "|---|---|---|---|---|---|",
        ]
        for e in self.entries:
            out.append(
                f"| {e.job} | {e.median('cpu'):.2f} | {e.median('wall'):.2f} | {e.median('mb'):.0f} "
                f"| {self.ratio(e.job, 'cpu'):.2f} | {self.ratio(e.job, 'wall'):.2f} |"
            )  # fmt: skip
        for job, limit in self.limits.items():
            got = self.ratio(job, "cpu")
            out.append(f"\nours ≤ {limit} × {job} (CPU): {got:.2f}, {'reached' if got <= limit else 'NOT reached'}")
        return [*out, ""]


def _once(entry: Entry, file: Path, warm: Path) -> dict[str, float]:
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
