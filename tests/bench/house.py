"""An installation of its own to take whole deliveries through their four steps, and what each step costs.

The client sends payslips as a British payroll system exports them: `payroll.sent` writes the file.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.delivery import Delivery, Step
from pipelines.flow.night import discover
from pipelines.flow.office import Office
from pipelines.flow.step import run_step
from pipelines.profile import read_profile
from pipelines.settings import Settings
from pipelines.warehouse import ddl, register, server
from pipelines.warehouse.connection import Warehouse
from tests.bench import payroll
from tests.bench.payroll import FEED, PAYSLIPS

CLIENT = "bench"
_COLUMNS = "\n".join(
    f"      {c.name}: {{from: {c.name.replace('_', ' ').title()}"
    + (", formats: '%d/%m/%Y'}" if c.physical_type == "date" else "}")
    for c in PAYSLIPS.columns
)
PROFILE = f"""
client: {CLIENT}
name: Bench Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  {FEED}:
    files: '.*\\.(csv|xlsx)'
    max_rejects: {{pct: 10}}
    columns:
{_COLUMNS}
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of CPU in this process and in the server, and on the clock."""

    client: float
    server: float
    wall: float

    @property
    def total(self) -> float:
        return self.client + self.server


class House:
    """An opened installation on an embedded server of its own."""

    def __init__(self, office: Office, postmaster: psutil.Process) -> None:
        self.office = office
        self.postmaster = postmaster
        self._arrived = 0

    def register(self, file: Path) -> Delivery:
        """Let a file arrive in the client's landing folder; returns the delivery it became."""
        self._arrived += 1
        place = self.office.settings.landing / CLIENT / f"{self._arrived:04}_{file.name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
        os.utime(place, (1_700_000_000 + self._arrived,) * 2)
        found = discover(["bench"], office=self.office)
        (delivery_id,) = found.registered or found.duplicates
        return self.delivery(delivery_id)

    def delivery(self, delivery_id: int) -> Delivery:
        """The delivery as it stands now."""
        with self.office.warehouse.transaction() as conn:
            return register.get(conn, delivery_id)

    def deliver(self, file: Path) -> tuple[Delivery, dict[str, Cost]]:
        """Take a file through discovery and every step; returns the delivery and the cost by step."""
        with self.measured() as costs:
            delivery = self.register(file)
        spent = {"discover": costs[0]}
        for step in Step:
            with self.measured() as costs:
                run_step(step, [delivery.delivery_id], office=self.office)
            spent[step.value] = costs[0]
        return self.delivery(delivery.delivery_id), spent

    @contextmanager
    def measured(self) -> Iterator[list[Cost]]:
        """What the block costs, once it has ended."""
        out: list[Cost] = []
        client, served, wall = time.process_time(), self.server_cpu(), time.perf_counter()
        yield out
        out.append(Cost(time.process_time() - client, self.server_cpu() - served, time.perf_counter() - wall))

    def server_cpu(self) -> float:
        """CPU seconds of the server so far: of what runs and, by its head, of what has ended."""
        return sum(sum(_times(process)) for process in self.postmaster.children()) + sum(
            self.postmaster.cpu_times()[:4]
        )


def _times(process: psutil.Process) -> tuple[float, ...]:
    try:
        return tuple(process.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return (0.0,)


@contextmanager
def opened(folder: Path | None = None) -> Iterator[House]:
    """A house with our schema, as `make run` sets it up; its server and folder are gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="kontor-bench-", dir=folder))
    settings = Settings(home, home / "landing", (home / "clients",), None, settle=0)
    settings.landing.mkdir()
    try:
        server.ensure(settings)
        profile = home / f"{CLIENT}.yaml"
        profile.write_text(PROFILE, encoding="utf-8")
        payroll.write_suite(home)
        contract = replace(PAYSLIPS, path=home / "payslips.odcs.yaml")
        catalog = Catalog({FEED: contract}, {CLIENT: read_profile(profile)}, home)
        owner = Warehouse(server.role_url(settings, "owner"))
        with owner.transaction() as conn:
            ddl.create_schema(conn)
            ddl.migrate(conn, catalog)
        owner.close()
        warehouse = Warehouse(server.role_url(settings, "loader"))
        with warehouse.transaction() as conn:
            postmaster = psutil.Process(conn.scalar(sa.text("select pg_backend_pid()"))).parent()
        yield House(Office(settings, catalog, warehouse), postmaster)
        warehouse.close()
    finally:
        server.remove(settings)
        shutil.rmtree(home, ignore_errors=True)
