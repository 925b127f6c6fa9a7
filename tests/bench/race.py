"""Contenders in alternation, medians, ratios to the first of them."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.bench import table
from tests.bench.process import Failed, once, tell

WHAT = {
    "cpu": "CPU", "client": "client CPU", "server": "server CPU", "wall": "wall time", "mb": "added MB",
    "private": "private MB", "memory": "memory", "peak": "peak MB",
}  # fmt: skip


class Contest(Protocol):
    """One thing the report measures: made with its data at hand, run, then told as Markdown and as JSON.

    `data()` may hold, beside figures of its own: `checks`, what must be reached (`Check.data()` each) for the summary
    on top of the report; `costs`, for the chart of ratios: per contender, ours first, `{name, cpu, wall, memory}` as
    medians; `series`, for the chart of growth: `{name, what, points: [[rows, figure], …]}` each; `versions`, of its
    peers, by name. A contest without `checks` is one line of the summary, by its title and `kept`.
    """

    title: str

    def run(self, rounds: int) -> None:
        """Measure; raises RuntimeError when nothing of it can be measured."""

    def lines(self) -> list[str]:
        """Markdown: a heading, a table, what must be reached and whether it is."""

    def data(self) -> dict[str, Any]:
        """What was measured, round by round, for the JSON report and the chart."""

    @property
    def kept(self) -> bool:
        """Whether everything that must be reached is."""


@dataclass(frozen=True)
class Limit:
    """What one of ours must keep to: `what` of it at most `ratio` × that of the contender `than`.

    `what` is `cpu` (client and server together), `client`, `server`, `wall`, `mb` (added by the client),
    `private` (of it, without the pages of mapped files), `memory` (`mb` and what the server adds) or `peak` (of the
    client's whole process). `of` names the contender that must keep to it, else the first. Without `than` the figure
    itself is limited: seconds or MB.
    """

    than: str
    ratio: float
    what: str = "cpu"
    of: str = ""


@dataclass(frozen=True)
class Check:
    """A limit and what was reached; nothing was when a contender failed."""

    text: str
    limit: float
    got: float | None
    of: str = ""
    than: str = ""
    what: str = ""

    @property
    def kept(self) -> bool:
        return self.got is not None and self.got <= self.limit

    def data(self) -> dict[str, Any]:
        """For the report; the chart marks the limit where it finds the contenders `of` and `than`."""
        return {**asdict(self), "kept": self.kept}


@dataclass
class Entry:
    """One contender of a race: its job, the Python it runs in, and what each round cost.

    `job`: see contender.py; `script`: a plain script that has it and knows nothing of the project. `file`: when it is
    not the race's; `label` tells it from another with the same job. `at_most`: rounds it runs at most, for one that
    takes minutes; `seconds`: when it is ended as failed. `env`: variables added to its environment (`postgres.server`
    gives those of a database server). `note`: what a reader of the report must know of it.
    """

    job: str
    python: Path
    at_most: int = 100
    file: Path | None = None
    label: str = ""
    rounds: list[dict[str, Any]] = field(default_factory=list)
    script: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 1800
    note: str = ""
    error: str = ""

    @property
    def name(self) -> str:
        return self.job.rpartition(".")[2] + self.label

    def values(self, what: str) -> list[float]:
        """One figure of every round; `cpu` and `memory` are client and server together."""
        if what == "memory":
            return [r["mb"] + r.get("server_mb", 0) for r in self.rounds]
        return [r[what] for r in self.rounds if what in r]

    def median(self, what: str) -> float:
        return statistics.median(self.values(what))


def one_round(title: str, entry: Entry, number: str, file: Path, warm: Path) -> None:
    """One more round of a contender, told as it goes; one that fails keeps its error."""
    tell(f"{title} · {entry.name} {number} … ", end="")
    try:
        cost = once(entry, file, warm)
    except Failed as failure:
        entry.error = str(failure)
        tell(f"FAILED: {failure}")
        return
    entry.rounds.append(cost)
    tell(f"{cost['cpu']:.2f} CPU s, {cost['wall']:.2f} s, {cost['peak']:.0f} MB")


@dataclass
class Race:
    """One table of the report; `limits` are what ours must keep to, as CPU ratio to a named contender or as `Limit`.

    What a job finds is a number of rows, or that and the failing rows per rule: all must find the `same`, unless
    their files differ. With `profile` ours runs once more, outside the rounds, and the report shows its dearest
    functions.
    """

    title: str
    file: Path
    warm: Path
    entries: list[Entry]
    limits: Mapping[str, float] | Sequence[Limit]
    same: bool = True
    profile: bool = False
    profiled: dict[str, Any] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)

    @property
    def ours(self) -> Entry:
        return self.entries[0]

    def entry(self, name: str) -> Entry:
        """The contender of that name; ours without one."""
        return next(e for e in self.entries if e.name == name) if name else self.ours

    def ratio(self, name: str, what: str, of: str = "") -> float:
        """Ours divided by that contender."""
        return self.entry(of).median(what) / self.entry(name).median(what)

    @property
    def checks(self) -> list[Check]:
        """Every limit with what was reached."""
        limits = self.limits
        if isinstance(limits, Mapping):
            limits = [Limit(name, ratio) for name, ratio in limits.items()]
        return [self._check(limit) for limit in limits]

    @property
    def kept(self) -> bool:
        """Whether all ran, found the same, and ours keeps to every limit."""
        return not self.differing and not any(e.error for e in self.entries) and all(c.kept for c in self.checks)

    def run(self, rounds: int) -> None:
        """All contenders in turn, so that a busy moment of the machine meets each of them.

        One that fails is out of the race and the others go on. Stopped in between, what is measured stays.
        """
        try:
            for done in range(rounds):
                for entry in self.entries:
                    if done < entry.at_most and not entry.error:
                        self._round(entry, f"{done + 1}/{min(rounds, entry.at_most)}")
        finally:
            self._compare()
        if self.profile and not self.ours.error:
            self._profile()

    def _round(self, entry: Entry, number: str) -> None:
        one_round(self.title, entry, number, entry.file or self.file, self.warm)

    def _profile(self) -> None:
        tell(f"{self.title} · profile of {self.ours.name}")
        try:
            told = once(self.ours, self.ours.file or self.file, self.warm, profile=True)
        except Failed as failure:
            self.profiled = {"error": str(failure)}
            return
        self.profiled = {key: told[key] for key in ("profile", "statements") if key in told}

    def _compare(self) -> None:
        found = [(e.name, r["found"]) for e in self.entries for r in e.rounds]
        if self.same and found:
            self.differing = sorted({f"{name} found {what}" for name, what in found if what != found[0][1]})
        if self.differing:
            self.differing.insert(0, f"{found[0][0]} found {found[0][1]}")
            tell("\n".join(self.differing))

    def _check(self, limit: Limit) -> Check:
        mine, what = self.entry(limit.of), WHAT[limit.what]
        at_most = f"{limit.ratio:g} × {limit.than}" if limit.than else f"{limit.ratio:g}"
        ran = [mine, self.entry(limit.than)] if limit.than else [mine]
        text = f"{mine.name} ≤ {at_most} ({what})"
        got = None
        if all(e.values(limit.what) for e in ran):
            got = self.ratio(limit.than, limit.what, limit.of) if limit.than else mine.median(limit.what)
        return Check(text, limit.ratio, got, mine.name, limit.than, limit.what)

    def data(self) -> dict[str, Any]:
        """Every round of every contender, with what they are and what went wrong."""
        costs = [
            {"name": e.name, "cpu": e.median("cpu"), "wall": e.median("wall"), "memory": e.median("memory")}
            for e in self.entries
            if e.rounds
        ]
        return {
            "title": self.title,
            "entries": {e.name: e.rounds for e in self.entries},
            "errors": {e.name: e.error for e in self.entries if e.error},
            "differing": self.differing,
            "checks": [c.data() for c in self.checks],
            "costs": costs,
            "profile": self.profiled,
            "versions": versions({e.python for e in self.entries}),
        }

    def lines(self) -> list[str]:
        """The race as Markdown."""
        return table.lines(self)


def peer(name: str, requirements: Sequence[str], folder: Path) -> Path:
    """The Python of a peer's own environment, made on demand, and anew when its requirements change."""
    python, made = folder / name / "bin" / "python", folder / name / "requirements.txt"
    wanted = "\n".join(requirements) + "\n"
    if not made.exists() or made.read_text(encoding="utf-8") != wanted:
        tell(f"installing {', '.join(requirements)}")
        shutil.rmtree(folder / name, ignore_errors=True)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder / name], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *requirements], check=True)
        made.write_text(wanted, encoding="utf-8")
    return python


def versions(pythons: set[Path]) -> dict[str, str]:
    """What was asked for in those peers' environments, as it is there; the project's own is told elsewhere."""
    found: dict[str, str] = {}
    for python in sorted(pythons):
        made = python.parents[1] / "requirements.txt"
        asked = made.read_text(encoding="utf-8").split() if made.exists() else []
        there = [one.name.split("-")[:2] for one in python.parents[1].glob("lib/*/site-packages/*.dist-info")]
        numbers = {_normal(name): number.removesuffix(".dist") for name, number in there}
        for requirement in asked:
            name = re.split(r"[^\w.-]", requirement)[0]
            found[name] = numbers.get(_normal(name), "")
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
