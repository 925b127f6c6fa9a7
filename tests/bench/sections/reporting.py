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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pipelines.settings import ROOT, Settings
from pipelines.warehouse import server
from tests.bench import reporting
from tests.bench.race import Contest
from tests.bench.reporting import CLIENTS, Size

MONTHS = (1, 12, 36)
FULL, ONE, NIGHT, PEER = "full build", "after one delivery", "after a night of all offices", "dbt build, new process"
LIMITS = {(ONE, FULL): 0.2, (NIGHT, FULL): 0.4, (FULL, PEER): 1.2}
"""(ours, what it is compared with) → the ratio of CPU seconds to keep to after the longest history."""
GROWTH = {ONE: 1.5, NIGHT: 1.5}
"""How many times the CPU seconds of the shortest history those of the longest may be."""
PEER_ROUNDS = 2


def contests(folder: Path, rows: int) -> list[Contest]:
    """One table over all lengths of history."""
    return [Growth(rows)]


@dataclass
class Growth:
    """The same builds on 1, 12 and 36 months of history, in alternation."""

    rows: int
    rounds: dict[str, dict[int, list[dict[str, Any]]]] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    title: str = "Reporting: builds as history grows"

    def run(self, rounds: int) -> None:
        """Write the histories, then measure; nothing of it stays."""
        size = Size.of(self.rows)
        with _installation() as settings:
            for months in MONTHS:
                reporting.make_database(settings, _name(months))
                reporting.write_history(settings, _name(months), months, size)
                self.versions[months] = _versions(settings, months)
                _once(settings, months, "build_all")  # dbt's parsing is kept, the marts are there
            for number in range(rounds):
                for months in MONTHS:
                    self._round(settings, months, number, size)

    def _round(self, settings: Settings, months: int, number: int, size: Size) -> None:
        self._note(FULL, months, _once(settings, months, "build_all"))
        client = CLIENTS[number % len(CLIENTS)]
        with _connected(settings, months) as conn:
            reporting.write_delivery(conn, client, "ledgers.spend", 2 * number, size)
        self._note(ONE, months, _once(settings, months, "build_changes"))
        with _connected(settings, months) as conn:
            reporting.write_night(conn, 2 * number + 1, size)
        self._note(NIGHT, months, _once(settings, months, "build_changes"))
        if number < PEER_ROUNDS:
            self._note(PEER, months, _once(settings, months, "dbt_build"))

    def _note(self, what: str, months: int, found: dict[str, Any]) -> None:
        self.rounds.setdefault(what, {}).setdefault(months, []).append(found)

    def cpu(self, what: str, months: int) -> float:
        """Median CPU seconds of client and server."""
        return statistics.median(r["client"] + r["server"] for r in self.rounds[what][months])

    def checks(self) -> Iterator[tuple[str, float, float]]:
        """What must be reached, what was, and the limit."""
        longest = MONTHS[-1]
        for (ours, other), limit in LIMITS.items():
            yield f"{ours} ÷ {other}, {longest} months", self.cpu(ours, longest) / self.cpu(other, longest), limit
        for ours, limit in GROWTH.items():
            growth = self.cpu(ours, longest) / self.cpu(ours, MONTHS[0])
            yield f"{ours}, {longest} months ÷ {MONTHS[0]}", growth, limit

    @property
    def kept(self) -> bool:
        return all(got <= limit for _, got, limit in self.checks())

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
        for what, got, limit in self.checks():
            out.append(f"{what} ≤ {limit:g}: {got:.2f}, {'reached' if got <= limit else 'NOT reached'}\n")
        return out

    def data(self) -> dict[str, Any]:
        """Every round."""
        return {"title": self.title, "versions": self.versions, "rounds": self.rounds, "checks": list(self.checks())}


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
def _connected(settings: Settings, months: int) -> Iterator[sa.Connection]:
    warehouse = reporting.open_database(settings, _name(months), "owner")
    with warehouse.transaction() as conn:
        yield conn
    warehouse.close()


def _name(months: int) -> str:
    return f"months_{months}"


def _versions(settings: Settings, months: int) -> int:
    feeds = (*reporting.MONTHLY, *reporting.MASTER)
    counts = " + ".join(f"(select count(*) from core.{feed.replace('.', '_')})" for feed in feeds)
    with _connected(settings, months) as conn:
        return int(conn.scalar(sa.text(f"select {counts}")) or 0)


def _once(settings: Settings, months: int, job: str) -> dict[str, Any]:
    reporting.clear_away(settings, _name(months))
    command = [sys.executable, "-m", "tests.bench.reporting", job, str(settings.home), _name(months)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise RuntimeError(f"{job}: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
