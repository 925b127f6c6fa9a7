"""The whole step `validate` on an embedded server of its own: COPY, quarantine, set rules, the judgement."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.delivery import Delivery, Kind, Scope, State
from pipelines.profile import read_profile
from pipelines.settings import Settings
from pipelines.validate.files import chunks
from pipelines.validate.gate import GateInput
from pipelines.validate.run import validate
from pipelines.warehouse import ddl, register, server
from pipelines.warehouse.connection import Warehouse
from tests.bench import payroll
from tests.bench.payroll import FEED, PAYSLIPS

CLIENT = "bench"
_PROFILE = f"""
client: {CLIENT}
name: Bench Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  {FEED}: {{files: '.*', columns: {{}}}}
"""
_number = itertools.count(1)


@cache
def _installation() -> tuple[Warehouse, Catalog]:
    """A server with our schema, as `make run` sets it up; gone when the process ends."""
    home = Path(tempfile.mkdtemp(prefix="kontor-bench-"))
    settings = Settings(home, home / "landing", (home / "clients",), None, settle=0)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    atexit.register(server.remove, settings)
    server.ensure(settings)
    profile = home / f"{CLIENT}.yaml"
    profile.write_text(_PROFILE, encoding="utf-8")
    payroll.write_suite(home)
    catalog = Catalog({FEED: PAYSLIPS}, {CLIENT: read_profile(profile)}, home)
    owner = Warehouse(server.role_url(settings, "owner"))
    with owner.transaction() as conn:
        ddl.create_schema(conn)
        ddl.migrate(conn, catalog)
    owner.close()
    return Warehouse(server.role_url(settings, "loader")), catalog


def kontor_validate(path: Path) -> Callable[[], dict[str, Any]]:
    """Judge the rows as the night does, in one transaction; the server's CPU time is told apart."""
    warehouse, catalog = _installation()
    facts = _facts(path)
    ref = catalog.profiles[CLIENT].sources[0]
    with warehouse.transaction() as conn:
        delivery = _register(conn)
        postmaster = psutil.Process(conn.scalar(sa.text("select pg_backend_pid()"))).parent()

    def go() -> dict[str, Any]:
        before = _cpu(postmaster)
        with warehouse.transaction() as conn:
            result = validate(delivery, ref, PAYSLIPS, catalog, conn, path.parent, facts)
        failing = {
            r.rule_id: r.failed for r in result.rules if r.failed and r.rule_type != "expect_measure_to_be_between"
        }
        return {"found": (result.counts.received, failing), "server": _cpu(postmaster) - before}

    return go


def _register(conn: sa.Connection) -> Delivery:
    number = str(next(_number))
    new = register.NewDelivery(
        scope=Scope(CLIENT, FEED, "main", None), period=None, kind=Kind.INTAKE, file_name=f"{number}.csv",
        sha256=number, size=1, received_at=datetime.now(UTC), inputs_hash=number, declaration_hash="d",
    )  # fmt: skip
    delivery = register.add_delivery(conn, new)
    for state in (State.EXTRACTED, State.CLEANED):
        delivery = register.move(conn, delivery, state, actor="bench")
    return delivery


def _facts(path: Path) -> GateInput:
    """What cleaning counts on its way."""
    rows, received = 0, Counter[tuple[str, str]]()
    for (clean,) in chunks(path.parent, "clean.arrow"):
        rows += clean.num_rows
        for column in PAYSLIPS.money:
            sums = pa.table(clean).group_by("currency_code").aggregate([(column.name, "sum")])
            for line in sums.to_pylist():
                place = (column.name, line["currency_code"])
                received[place] = received.get(place, Decimal(0)) + (line[f"{column.name}_sum"] or Decimal(0))
    return GateInput(records=rows, rows=rows, received=dict(received))


def _cpu(postmaster: psutil.Process) -> float:
    """CPU seconds of the server so far: of what runs and, by its head, of what has ended."""
    return sum(sum(_times(process)) for process in postmaster.children()) + sum(postmaster.cpu_times()[:4])


def _times(process: psutil.Process) -> tuple[float, ...]:
    try:
        return tuple(process.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return (0.0,)
