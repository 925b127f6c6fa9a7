"""Installations of the bench's own, to take whole deliveries through their four steps and tell what each step costs.

A `Street` is one embedded server with our schema, as `make run` sets it up; a `House` on it is an installation with a
warehouse, folders and declarations of its own, for one kind of file (`tests/bench/generate`).
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import psycopg
import sqlalchemy as sa
from psycopg import sql

from pipelines.catalog import Catalog
from pipelines.contract import read_contract
from pipelines.delivery import Delivery, Step
from pipelines.flow.night import discover
from pipelines.flow.office import Office
from pipelines.flow.step import run_step
from pipelines.profile import read_profile
from pipelines.settings import ROOT, Settings
from pipelines.warehouse import ddl, register, server
from pipelines.warehouse.cluster import locate
from pipelines.warehouse.connection import Warehouse
from tests.bench import payroll
from tests.bench.contender import memory, peaks
from tests.bench.generate.kind import Kind
from tests.bench.generate.out import profile_of
from tests.bench.generate.payslips import PAYSLIPS

LOGGED_MS = 100
_number = itertools.count(1)
_STATEMENT = re.compile(
    r"duration: ([\d.]+) ms\s+(?:statement|execute [^:]*): (.*?)(?=\n\d{4}-\d\d-\d\d |\Z)", re.DOTALL
)


@dataclass(frozen=True)
class Cost:
    """Seconds of CPU in this process and in the server, and on the clock; MB of memory at the peak.

    `peak` is all that was resident, pages of mapped files included, `anonymous` what it held beside them.
    """

    client: float
    server: float
    wall: float
    peak: float = 0.0
    anonymous: float = 0.0

    @property
    def total(self) -> float:
        return self.client + self.server

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.client + other.client, self.server + other.server, self.wall + other.wall,
            max(self.peak, other.peak), max(self.anonymous, other.anonymous),
        )  # fmt: skip


class House:
    """An opened installation on an embedded server of the bench's own."""

    def __init__(self, office: Office, client: str, postmaster: psutil.Process, street: Settings) -> None:
        self.office = office
        self.street = street
        self.client = client
        self.postmaster = postmaster
        self._arrived = 0

    def deliver(self, file: Path) -> tuple[Delivery, dict[str, Cost]]:
        """Take a file through discovery and every step; returns the delivery and the cost by step."""
        self._arrived += 1
        with self.measured() as costs:
            found = arrive(self.office, self.client, file, self._arrived)
        spent = {"discover": costs[0]}
        for step in Step:
            with self.measured() as costs:
                run_step(step, [found], office=self.office)
            spent[step.value] = costs[0]
        return delivery_of(self.office, found), spent

    @contextmanager
    def measured(self) -> Iterator[list[Cost]]:
        """What the block costs, once it has ended."""
        out: list[Cost] = []
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak from now on
        base = memory("RssAnon")
        with peaks(lambda: memory("RssAnon")) as risen:
            client, served, wall = time.process_time(), self.server_cpu(), time.perf_counter()
            yield out
            wall = time.perf_counter() - wall
            client, served = time.process_time() - client - risen[-1], self.server_cpu() - served
        out.append(Cost(client, served, wall, peak=memory("VmHWM"), anonymous=base + risen[0]))

    def server_cpu(self) -> float:
        """CPU seconds of the server so far: of what runs and, by its head, of what has ended."""
        return sum(sum(_times(process)) for process in self.postmaster.children()) + sum(
            self.postmaster.cpu_times()[:4]
        )

    def log_statements(self) -> None:
        """From now on the server writes down what takes long."""
        with self.owner() as conn:
            conn.execute(sql.SQL("alter system set log_min_duration_statement = {}").format(LOGGED_MS))
            conn.execute("select pg_reload_conf()")

    def statements(self, most: int = 12) -> list[tuple[float, int, str]]:
        """The dearest ones that were written down: seconds, how often, how they begin."""
        spent: dict[str, list[float]] = {}
        for found in _STATEMENT.finditer(
            locate(self.street.home).log_file.read_text(encoding="utf-8", errors="replace")
        ):
            if found[2].lower().startswith(("create database", "drop database")):
                continue  # those of the bench
            text = re.sub(r"\b([dr])_\d+\b", r"\1_N", " ".join(found[2].split()))[:110]
            spent.setdefault(text, []).append(float(found[1]) / 1000)
        dearest = sorted(spent.items(), key=lambda item: -sum(item[1]))[:most]
        return [(sum(seconds), len(seconds), text) for text, seconds in dearest]

    @contextmanager
    def owner(self) -> Iterator[psycopg.Connection]:
        """A connection to the warehouse with every right."""
        database = sa.make_url(self.office.warehouse.url).database
        admin = sa.make_url(server.role_url(self.street, "owner")).set(database=database, drivername="postgresql")
        with psycopg.connect(admin.render_as_string(hide_password=False), autocommit=True) as conn:
            yield conn


def arrive(office: Office, client: str, file: Path, number: int) -> int:
    """Let a file arrive in the client's landing folder as its `number`th; returns the id of the delivery it became."""
    place = office.settings.landing / client / f"{number:04}_{file.name}"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)
    os.utime(place, (1_700_000_000 + number,) * 2)
    domains = sorted({feed.partition(".")[0] for feed in office.catalog.contracts})
    found = discover(domains, client=client, office=office)
    (delivery_id,) = found.registered or found.duplicates
    return delivery_id


def delivery_of(office: Office, delivery_id: int) -> Delivery:
    """The delivery as it stands now."""
    with office.warehouse.transaction() as conn:
        return register.get(conn, delivery_id)


def catalog_of(kind: Kind, home: Path, suffix: str = ".csv") -> Catalog:
    """The declarations of one kind of file, written below a folder where the product has none of its own."""
    profile = home / "clients" / f"{kind.client}.yaml"
    profile.parent.mkdir(parents=True, exist_ok=True)
    text = re.sub(r"files: '[^']+'", "files: '.*'", profile_of(kind, suffix))  # whatever the bench calls it
    profile.write_text(text, encoding="utf-8")
    profiles = {kind.client: read_profile(profile)}
    if kind.contract is PAYSLIPS.contract:
        payroll.write_suite(home)
        contract = replace(kind.contract, path=home / "payslips.odcs.yaml")
        return Catalog({contract.feed: contract}, profiles, home)
    shipped = map(read_contract, sorted((ROOT / "pipelines" / "contracts").glob("*/*.odcs.yaml")))
    return Catalog({c.feed: c for c in shipped}, profiles, ROOT / "expectations")


def _times(process: psutil.Process) -> tuple[float, ...]:
    try:
        return tuple(process.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return (0.0,)


class Street:
    """One embedded server for houses that must not meet each other's rows."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.admin = server.plain(server.role_url(settings, "owner"))

    @contextmanager
    def house(self, kind: Kind = PAYSLIPS, suffix: str = ".csv") -> Iterator[House]:
        """A house for one kind of file, in a warehouse of its own; all of it is gone at the end."""
        name = f"house_{next(_number)}"
        home = self.settings.home / name
        (home / "landing").mkdir(parents=True)
        with psycopg.connect(self.admin, dbname="postgres", autocommit=True) as conn:
            conn.execute(sql.SQL("create database {} template warehouse").format(sql.Identifier(name)))
        urls = {
            role: sa.make_url(server.role_url(self.settings, role)).set(database=name).render_as_string(False)
            for role in ("owner", "loader")
        }
        catalog = catalog_of(kind, home, suffix)
        owner = Warehouse(urls["owner"])
        with owner.transaction() as conn:
            ddl.migrate(conn, catalog)
        owner.close()
        warehouse = Warehouse(urls["loader"])
        with warehouse.transaction() as conn:
            postmaster = psutil.Process(conn.scalar(sa.text("select pg_backend_pid()"))).parent()
        settings = replace(self.settings, home=home, landing=home / "landing", warehouse_url=urls["loader"])
        try:
            yield House(Office(settings, catalog, warehouse), kind.client, postmaster, self.settings)
        finally:
            warehouse.close()
            with psycopg.connect(self.admin, dbname="postgres", autocommit=True) as conn:
                conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def street(folder: Path | None = None) -> Iterator[Street]:
    """A server with our schema; it and its folder are gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="kontor-bench-", dir=folder))
    settings = Settings(home, home / "landing", (home / "clients",), None, settle=0)
    try:
        server.ensure(settings)
        owner = Warehouse(server.role_url(settings, "owner"))
        with owner.transaction() as conn:
            ddl.create_schema(conn)
        owner.close()
        yield Street(settings)
    finally:
        server.remove(settings)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def opened(folder: Path | None = None) -> Iterator[House]:
    """A house for payslips on a server of its own."""
    with street(folder) as found, found.house() as house:
        yield house
