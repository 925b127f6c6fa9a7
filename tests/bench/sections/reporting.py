"""Builds of the marts as history grows: everything, what changed after one delivery or one night, and plain dbt."""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pipelines.settings import ROOT, Settings
from pipelines.warehouse import server
from tests.bench import reporting
from tests.bench.race import Check, Contest
from tests.bench.reporting import CLIENTS, Size

MONTHS = (1, 12, 36)
FULL, PEER = "full build", "dbt build, new process"
ONE, NIGHT = "after one delivery", "after a night of all offices"
BOOK, BOOKS = "after one more month of one office", "after one more month of all offices"
PEER_ROUNDS = 2


@dataclass(frozen=True)
class Story:
    """What grows, and the two builds of changes on it: `one` and `all_of_them` write what they follow, of a month.

    `limits`: (ours, what it is compared with) → the ratio of CPU seconds to keep to after the longest history;
    `growth`: build → how many times the CPU seconds of the history of `since` months those of the longest may be.
    `full_rounds`, `peer_rounds`: in how many rounds everything is built; None: in each.
    """

    title: str
    prefix: str
    feeds: Sequence[str]
    write: Callable[[Settings, str, int, Size], None]
    one: tuple[str, Callable[[sa.Connection, str, int, Size], None]]
    all_of_them: tuple[str, Callable[[sa.Connection, int, Size], None]]
    limits: Mapping[tuple[str, str], float]
    growth: Mapping[str, float]
    since: int
    full_rounds: int | None
    peer_rounds: int


def _spend(conn: sa.Connection, client: str, month: int, size: Size) -> None:
    reporting.write_delivery(conn, client, "ledgers.spend", month, size)


def _book(conn: sa.Connection, client: str, month: int, size: Size) -> None:
    reporting.write_delivery(conn, client, reporting.BOOK, month, size)


FEEDS = Story(
    title="Reporting: builds as history grows",
    prefix="months",
    feeds=(*reporting.MONTHLY, *reporting.MASTER),
    write=reporting.write_history,
    one=(ONE, _spend),
    all_of_them=(NIGHT, reporting.write_night),
    limits={(ONE, FULL): 0.2, (NIGHT, FULL): 0.4, (FULL, PEER): 1.2},
    growth={ONE: 1.5, NIGHT: 1.5},
    since=1,
    full_rounds=None,
    peer_rounds=PEER_ROUNDS,
)
LEDGER = Story(
    title="Reporting: one more month of a general ledger as it grows",
    prefix="books",
    feeds=(reporting.BOOK,),
    write=reporting.write_books,
    one=(BOOK, _book),
    all_of_them=(BOOKS, reporting.write_books_month),
    limits={(BOOK, FULL): 0.2, (BOOKS, FULL): 0.25},
    growth={BOOK: 1.5, BOOKS: 1.5},
    since=12,
    full_rounds=1,
    peer_rounds=0,
)
"""All lines are built in the first round only: what a month costs is the question, and it takes ten times as long."""


def contests(folder: Path, rows: int) -> list[Contest]:
    """One table each over all lengths of history."""
    return [Growth(rows, FEEDS), Growth(rows, LEDGER)]


@dataclass
class Growth:
    """The same builds on 1, 12 and 36 months of history, in alternation."""

    rows: int
    story: Story
    rounds: dict[str, dict[int, list[dict[str, Any]]]] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    title: str = field(init=False)

    def __post_init__(self) -> None:
        self.title = self.story.title

    def run(self, rounds: int) -> None:
        """Write the histories, then measure; nothing of it stays."""
        size = Size.of(self.rows)
        with _installation() as settings:
            for months in MONTHS:
                name = self._name(months)
                reporting.make_database(settings, name)
                self.story.write(settings, name, months, size)
                self.versions[months] = self._versions(settings, months)
                _once(settings, name, "build_all")  # dbt's parsing is kept, the marts are there
            for number in range(rounds):
                for months in MONTHS:
                    self._round(settings, months, number, size)

    def _round(self, settings: Settings, months: int, number: int, size: Size) -> None:
        name, story = self._name(months), self.story
        if story.full_rounds is None or number < story.full_rounds:
            self._note(FULL, months, _once(settings, name, "build_all"))
        with _connected(settings, name) as conn:
            story.one[1](conn, CLIENTS[number % len(CLIENTS)], 2 * number, size)
        self._note(story.one[0], months, _once(settings, name, "build_changes"))
        with _connected(settings, name) as conn:
            story.all_of_them[1](conn, 2 * number + 1, size)
        self._note(story.all_of_them[0], months, _once(settings, name, "build_changes"))
        if number < story.peer_rounds:
            self._note(PEER, months, _once(settings, name, "dbt_build"))

    def _name(self, months: int) -> str:
        return f"{self.story.prefix}_{months}"

    def _versions(self, settings: Settings, months: int) -> int:
        counts = " + ".join(f"(select count(*) from core.{f.replace('.', '_')})" for f in self.story.feeds)
        with _connected(settings, self._name(months)) as conn:
            return int(conn.scalar(sa.text(f"select {counts}")) or 0)

    def _note(self, what: str, months: int, found: dict[str, Any]) -> None:
        self.rounds.setdefault(what, {}).setdefault(months, []).append(found)

    def cpu(self, what: str, months: int) -> float:
        """Median CPU seconds of client and server."""
        return statistics.median(r["client"] + r["server"] for r in self.rounds[what][months])

    @property
    def checks(self) -> list[Check]:
        """What must be reached, and what was."""
        return [Check(f"{what} ≤ {limit:g}", limit, got, what="cpu") for what, got, limit in self._reached()]

    def _reached(self) -> Iterator[tuple[str, float, float]]:
        longest, since = MONTHS[-1], self.story.since
        for (ours, other), limit in self.story.limits.items():
            yield f"{ours} ÷ {other}, {longest} months", self.cpu(ours, longest) / self.cpu(other, longest), limit
        for ours, limit in self.story.growth.items():
            yield f"{ours}, {longest} months ÷ {since}", self.cpu(ours, longest) / self.cpu(ours, since), limit

    @property
    def kept(self) -> bool:
        return all(check.kept for check in self.checks)

    def lines(self) -> list[str]:
        """One line per build and length of history, then growth and limits."""
        out = [
            f"### {self.title}",
            "",
            "; ".join(f"{m} months: {n} versions in core" for m, n in self.versions.items()),
            "",
            "| build | months | client CPU s | server CPU s | wall s | to full |",
            "|---" * 6 + "|",
        ]
        for what, of in self.rounds.items():
            for months, found in of.items():
                client, served, wall = (statistics.median(r[n] for r in found) for n in ("client", "server", "wall"))
                share = self.cpu(what, months) / self.cpu(FULL, months)
                out.append(f"| {what} | {months} | {client:.2f} | {served:.2f} | {wall:.2f} | {share:.2f} |")
        out.append("")
        for what in self.rounds:
            times = self.cpu(what, MONTHS[-1]) / self.cpu(what, MONTHS[0])
            exponent = math.log(times) / math.log(self.versions[MONTHS[-1]] / self.versions[MONTHS[0]])
            out.append(f"{what}: CPU grows {times:.2f}-fold, as history to the power of {exponent:.2f}\n")
        for check in self.checks:
            out.append(f"{check.text}: {check.got:.2f}, {'kept' if check.kept else '**NOT kept**'}\n")
        return out

    def data(self) -> dict[str, Any]:
        """Every round."""
        return {
            "title": self.title,
            "versions": self.versions,
            "rounds": self.rounds,
            "checks": [check.data() for check in self.checks],
        }


@contextmanager
def _installation() -> Iterator[Settings]:
    home = Path(tempfile.mkdtemp(prefix="kontor-bench-"))
    settings = reporting.settings_in(home)
    try:
        # What a full build leaves to be cleared away would be cleared during the next measurement: done between them.
        server.ensure(settings, {"autovacuum": "off"})
        yield settings
    finally:
        server.remove(settings)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _connected(settings: Settings, name: str) -> Iterator[sa.Connection]:
    warehouse = reporting.open_database(settings, name, "owner")
    with warehouse.transaction() as conn:
        yield conn
    warehouse.close()


def _once(settings: Settings, name: str, job: str) -> dict[str, Any]:
    reporting.clear_away(settings, name)
    command = [sys.executable, "-m", "tests.bench.reporting", job, str(settings.home), name]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise RuntimeError(f"{job}: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
