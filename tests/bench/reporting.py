"""Months of history in core, written by the server itself, and one build on it in a process of its own.

`python -m tests.bench.reporting JOB HOME DATABASE` does one job and prints what it cost. The history is that of four
offices: each month each of them delivers its payables, its spend lines and its shipments, of which a tenth is restated
two days later, and changes of its customers and employees; one row in a hundred is rejected. Half of the offices
deliver by period, half as one growing list. The same months give the same rows. The books of the same offices are a
history of their own: two companies each, and every month as many journal lines as make up the size asked for.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.contract import read_contract
from pipelines.settings import ROOT, Settings
from pipelines.warehouse import ddl, server
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.pseudonyms import give_missing_keys

CLIENTS = ("office_1", "office_2", "office_3", "office_4")
MONTHLY = ("ledgers.payables", "ledgers.spend", "shipments.shipments")
MASTER = ("clients.customers", "people.employees")
BOOK = "ledgers.gl_entries"
BOOK_MASTER = {"ledgers.accounts": 200, "ledgers.entities": 2, "ledgers.fiscal_periods": 120}
"""What stands beside the books from the beginning, with the number of rows of an office."""
SUPPLIERS = 400
"""Suppliers of an office; each is spelt its usual way on 17 of 20 lines."""

_DAY = ":month + (i * 7 % 28)"
_COLUMNS: dict[str, dict[str, str]] = {
    "ledgers.payables": {
        "supplier_id": f"'S-' || i % {SUPPLIERS}",
        "supplier_name": f"'Supplier ' || i % {SUPPLIERS} || ' Ltd'",
        "invoice_id": ":period || '-' || i",
        "invoice_date": _DAY,
        "due_date": f"{_DAY} + 30",
        "gross_amount": "(i * 7919 % 900000 + version)::numeric / 100",
        "open_amount": "case when i % 3 = 0 then 0 else (i * 7919 % 900000 + version)::numeric / 100 end",
        "currency_code": "'EUR'",
        "status_code": "case when i % 3 = 0 then 'settled' else 'open' end",
    },
    "ledgers.spend": {
        "spend_line_id": ":period || '-' || i",
        "supplier_id": f"'S-' || i % {SUPPLIERS}",
        "supplier_name": f"case when i / {SUPPLIERS} % 20 < 17 then 'Supplier ' else 'SUPPLIER ' end "
        f"|| i % {SUPPLIERS} || case when i / {SUPPLIERS} % 20 < 18 then ' Ltd' else ' Limited' end",
        "account_code": "(i * 31 % 90 + 4000)::text",
        "account_name": "'Account ' || i * 31 % 90",
        "document_id": ":period || '/' || i / 4",
        "document_date": _DAY,
        "spend_amount": "(i * 7919 % 900000 + version)::numeric / 100",
        "currency_code": "case when i % 9 = 0 then 'USD' else 'EUR' end",
    },
    "shipments.shipments": {
        "shipment_line_id": ":period || '-' || i",
        "order_id": ":period || '/' || i / 3",
        "destination_country_code": "(array['DE', 'FR', 'GB', 'NL', 'PL'])[i % 5 + 1]",
        "fulfilment_code": "'direct'",
        "transport_mode_code": "(array['air', 'truck', 'ocean'])[i % 3 + 1]",
        "promised_date": _DAY,
        "delivered_date": f"{_DAY} + i % 11 - 6",
        "supplier_name": f"'Supplier ' || i % {SUPPLIERS} || ' Ltd'",
        "item_name": "'Item ' || i % 700",
        "product_group_code": "'G' || i % 12",
        "line_quantity": "i % 90 + 1",
        "line_amount": "(i * 7919 % 900000 + version)::numeric / 100",
        "currency_code": "'EUR'",
    },
    "clients.customers": {
        "customer_id": "'C-' || i",
        "customer_type_code": "'company'",
        "company_name": "'Customer ' || i",
        "email": "'office' || i % 4000 || '@sample.test'",
        "postal_code": "(10000 + i % 800)::text",
        "country_code": "'DE'",
        "segment_name": "'Segment ' || :period",
    },
    "people.employees": {
        "employee_id": "'E-' || i",
        "job_title": "'Clerk ' || :period",
        "hire_date": "date '2015-01-01' + i",
        "is_current": "i % 9 > 0",
        "department_name": "'Department ' || i % 20",
    },
    "ledgers.gl_entries": {  # journals of two pairs of lines; what is restated is the text of some
        "entity_code": "'E-' || i / 4 % 2",
        "journal_id": ":period || '-' || i / 4",
        "line_id": "(i % 4 + 1)::text",
        "posting_date": ":month + (i / 4 * 5 % 28)",
        "document_date": ":month + (i / 4 * 5 % 28)",
        "journal_type_code": "(array['sales', 'purchase', 'bank', 'payroll', 'manual'])[i / 4 % 5 + 1]",
        "account_id": "(1000 + i * 31 % 200)::text",
        "debit_amount": "case when i % 2 = 0 then (i / 2 * 7919 % 900000 + 1)::numeric / 100 else 0 end",
        "credit_amount": "case when i % 2 = 1 then (i / 2 * 7919 % 900000 + 1)::numeric / 100 else 0 end",
        "currency_code": "'EUR'",
        "partner_id": f"case when i % 4 = 1 then 'S-' || i % {SUPPLIERS} end",
        "document_id": ":period || '/' || i / 4",
        "description": "'Line ' || i || ' as of ' || version",
        "cost_center_id": "'C-' || i % 20",
    },
    "ledgers.accounts": {
        "account_id": "(999 + i)::text",
        "account_name": "'Account ' || i",
        "account_type_code": "(array['asset', 'liability', 'equity', 'revenue', 'expense'])[i % 5 + 1]",
        "is_summary": "false",
    },
    "ledgers.entities": {
        "entity_code": "'E-' || i - 1",
        "entity_name": "'Company ' || i || ' Ltd'",
        "country_code": "'DE'",
        "local_currency": "'EUR'",
        "fiscal_year_start_month": "1",
    },
    "ledgers.fiscal_periods": {  # of the first company; the second has calendar months
        "entity_code": "'E-0'",
        "period_code": "'P-' || to_char(cast(:month as date) + make_interval(months => i - 1), 'YYYY-MM')",
        "fiscal_year": "extract(year from cast(:month as date) + make_interval(months => i - 1))",
        "period_number": "extract(month from cast(:month as date) + make_interval(months => i - 1))",
        "start_date": "cast(:month as date) + make_interval(months => i - 1)",
        "end_date": "cast(:month as date) + make_interval(months => i) - interval '1 day'",
        "is_adjustment": "false",
        "status_code": "'open'",
    },
}


@dataclass(frozen=True)
class Size:
    """Lines that an office delivers of each monthly feed and of its books, and how many customers it has."""

    lines: int
    customers: int
    journal_lines: int

    @classmethod
    def of(cls, rows: int) -> Size:
        """For about two versions in core, and two journal lines, per row after 36 months."""
        return cls(lines=max(rows // 240, 50), customers=max(rows // 500, 20), journal_lines=max(rows // 288 * 4, 40))

    def of_feed(self, feed: str) -> int:
        """Rows of a delivery of one office."""
        if feed in BOOK_MASTER:
            return BOOK_MASTER[feed]
        return self.journal_lines if feed == BOOK else self.lines if feed in MONTHLY else self.customers


# the server ------------------------------------------------------------------------------------------------------


def make_database(settings: Settings, name: str) -> None:
    """An empty warehouse of that name, with the shipped contracts."""
    server.ensure(settings)
    with psycopg.connect(server.plain(server.role_url(settings, "owner")), dbname="postgres", autocommit=True) as conn:
        conn.execute(f"drop database if exists {name} with (force)".encode())
        conn.execute(f"create database {name}".encode())
    found = map(read_contract, sorted((ROOT / "pipelines" / "contracts").glob("*/*.odcs.yaml")))
    catalog = Catalog({c.feed: c for c in found}, {}, ROOT / "expectations")
    warehouse = open_database(settings, name, "owner")
    with warehouse.transaction() as conn:
        ddl.create_schema(conn)
        ddl.migrate(conn, catalog)
        profiles = "insert into ops.client (client_id, name, time_zone) values (:client, :client, 'Europe/Berlin')"
        conn.execute(sa.text(profiles), [{"client": client} for client in CLIENTS])
        give_missing_keys(conn)
    warehouse.close()


def open_database(settings: Settings, name: str, role: str = "loader") -> Warehouse:
    """One of the warehouses by one of its logins."""
    return Warehouse(sa.make_url(server.role_url(settings, role)).set(database=name).render_as_string(False))


# the history -------------------------------------------------------------------------------------------------------


def write_history(settings: Settings, name: str, months: int, size: Size) -> None:
    """The months before this one."""
    warehouse = open_database(settings, name, "owner")
    for back in range(months, 0, -1):
        with warehouse.transaction() as conn:
            write_night(conn, -back, size, restated=True)
    warehouse.close()


def write_books(settings: Settings, name: str, months: int, size: Size) -> None:
    """The books of the months before this one, and what stands beside them."""
    warehouse = open_database(settings, name, "owner")
    with warehouse.transaction() as conn:
        for client in CLIENTS:
            for feed in BOOK_MASTER:
                write_delivery(conn, client, feed, -months, size)
    for back in range(months, 0, -1):
        with warehouse.transaction() as conn:
            write_books_month(conn, -back, size, restated=True)
    warehouse.close()


def clear_away(settings: Settings, name: str) -> None:
    """Dead rows and old statistics, before the next measurement."""
    warehouse = open_database(settings, name, "owner")
    with warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(sa.text("vacuum analyze"))
    warehouse.close()


def write_night(conn: sa.Connection, month: int, size: Size, *, restated: bool = False) -> None:
    """Every feed of every office for one month, counted from this one; restated: as it stands some days later."""
    for client in CLIENTS:
        for feed in (*MONTHLY, *MASTER):
            write_delivery(conn, client, feed, month, size, restated=restated)


def write_books_month(conn: sa.Connection, month: int, size: Size, *, restated: bool = False) -> None:
    """The books of every office for one month."""
    for client in CLIENTS:
        write_delivery(conn, client, BOOK, month, size, restated=restated)


def write_delivery(
    conn: sa.Connection, client: str, feed: str, month: int, size: Size, *, restated: bool = False
) -> None:
    """One delivery, with what the register and the quarantine know of it.

    Of a past month it came on the 27th, of one to come it comes now.
    """
    first = conn.execute(
        sa.text("select (date_trunc('month', now()) + make_interval(months => :month))::date"), {"month": month}
    ).scalar_one()
    at = datetime(first.year, first.month, 27, tzinfo=UTC) if month < 0 else None
    values: dict[str, Any] = {"client": client, "feed": feed, "month": first, "period": f"{first:%Y-%m}", "at": at}
    values["rows"] = size.of_feed(feed)
    by_period = feed == "ledgers.payables" or (feed in (*MONTHLY, BOOK) and CLIENTS.index(client) % 2)
    values["scope"] = values["period"] if by_period else ""
    values["id"], values["at"] = conn.execute(sa.text(_DELIVERY), values).one().tuple()
    conn.execute(sa.text(_STEPS), values)
    conn.execute(sa.text(_REJECTS), values)
    _write_rows(conn, feed, values, versions=2 if restated and feed not in MASTER else 1)


_DELIVERY = """
insert into ops.delivery (client_id, feed, source, period, scope_period, kind, file_name, sha256, size, received_at,
    published_at, state, verdict, rows_received, rows_loaded, inputs_hash, declaration_hash)
select :client, :feed, 'main', :period, :scope, 'intake', :feed || '-' || :period, md5(:client || :feed || :period), 1,
    at, at, 'loaded', 'pass_with_rejects', :rows, :rows, 'i', 'd'
from (select coalesce(cast(:at as timestamptz), clock_timestamp()) as at) as a
returning delivery_id, published_at
"""
_STEPS = """
insert into ops.step_run (delivery_id, step, attempt, started_at, ended_at)
select :id, step, 1, :at, :at from unnest(array['extract', 'clean', 'validate', 'load']) as step
"""
_REJECTS = """
insert into quarantine.reject (delivery_id, client_id, row_number, row_part, rule_id, message, opened_at, state)
select :id, :client, i, 0, :feed || '.rule_' || i % 7, 'is missing', :at,
    case when i % 2 = 0 then 'open' else 'corrected' end
from generate_series(1, :rows / 100) as i
"""


def _write_rows(conn: sa.Connection, feed: str, values: dict[str, Any], versions: int) -> None:
    """The rows of a delivery, a tenth of them in that many versions, each two days after the one before."""
    columns = _COLUMNS[feed]
    known_from = "cast(:at as timestamptz) + interval '2 days' * (version - {})"
    conn.execute(
        sa.text(
            f"insert into {_table(feed)} (client_id, _source, _period, {', '.join(columns)}, _delivery_id, "
            "_row_number, _row_part, _row_hash, _known_from, _known_to) "
            f"select :client, 'main', :scope, {', '.join(columns.values())}, :id, i + 1, 0, "
            f"md5(:client || :feed || :period || i || '/' || version)::uuid, {known_from.format(1)}, "
            f"case when i % 10 = 0 and version < {versions} then {known_from.format(0)} end "
            f"from generate_series(1, :rows) as i cross join generate_series(1, {versions}) as version "
            f"where {_end_changed(conn, feed, values) if feed in MASTER else 'version = 1 or i % 10 = 0'}"
        ),
        values,
    )


def _end_changed(conn: sa.Connection, feed: str, values: dict[str, Any]) -> str:
    """Of a list that is there, end one row in fifty; returns which rows are to be written."""
    conn.execute(sa.text("set local enable_nestloop = off"))  # rows of a moment ago are not in the statistics
    current = "client_id = :client and _known_to is null"
    if not conn.scalar(sa.text(f"select exists (select from {_table(feed)} where {current})"), values):
        return "true"
    changed = "i % 50 = extract(month from cast(:month as date))::integer"
    key, made = next(iter(_COLUMNS[feed].items()))
    of_list = f"{key} in (select {made} from generate_series(1, :rows) as i where {changed})"
    conn.execute(sa.text(f"update {_table(feed)} set _known_to = :at where {current} and {of_list}"), values)
    return changed


def _table(feed: str) -> str:
    return f"core.{feed.replace('.', '_')}"


# one job in a process of its own -------------------------------------------------------------------------------------


def build_all(settings: Settings, url: str) -> str:
    """A full build."""
    return _built(settings, url, full=True)


def build_changes(settings: Settings, url: str) -> str:
    """A build of what changed."""
    return _built(settings, url, full=False)


def _built(settings: Settings, url: str, *, full: bool) -> str:
    from pipelines.reporting.run import build

    result = build(settings, url, full=full)
    if not result.ok or result.is_full != full:
        raise RuntimeError(result.message)
    return result.message


def dbt_build(settings: Settings, url: str) -> str:
    """`dbt build` as anybody runs it: a process of its own, all models and data tests, into one schema."""
    from pipelines.reporting.project import PROJECT, connection_variables

    command = [Path(sys.executable).with_name("dbt"), "build", "--exclude-resource-type", "unit_test"]
    folders = {"--project-dir": PROJECT, "--profiles-dir": PROJECT, "--target-path": settings.home / "dbt-alone"}
    options = [part for pair in folders.items() for part in pair] + ["--log-path", settings.home / "dbt-alone"]
    env = {**os.environ, **connection_variables(url)}
    done = subprocess.run([*command, *options], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:])
    return done.stdout.splitlines()[-1]


JOBS: dict[str, Callable[[Settings, str], str]] = {f.__name__: f for f in (build_all, build_changes, dbt_build)}


def measure(settings: Settings, database: str, job: str) -> dict[str, Any]:
    """What one job costs: CPU seconds of client and server, wall seconds."""
    warehouse = open_database(settings, database)
    with warehouse.transaction() as conn:
        postmaster = psutil.Process(conn.scalar(sa.text("select pg_backend_pid()"))).parent()
    if job != "dbt_build":  # as in a task, whose libraries were imported before it was forked
        import dbt.adapters.postgres
        import dbt.cli.main  # noqa: F401
    served, client, started = server_cpu(postmaster), own_cpu(), time.perf_counter()
    said = JOBS[job](settings, warehouse.url)
    wall, client, served = time.perf_counter() - started, own_cpu() - client, server_cpu(postmaster) - served
    warehouse.close()
    return {"client": client, "server": served, "wall": wall, "said": said}


def own_cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def server_cpu(postmaster: psutil.Process) -> float:
    """CPU seconds so far: of what runs and, by its head, of what has ended."""
    total = sum(postmaster.cpu_times()[:4])
    for process in postmaster.children():
        try:
            total += sum(process.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return total


def main() -> None:
    """Read the command line."""
    job, home, database = sys.argv[1:4]
    print(json.dumps(measure(settings_in(Path(home)), database, job)))


def settings_in(home: Path) -> Settings:
    """An installation of the bench's own in a folder."""
    return Settings(home, home / "landing", (home / "clients",), None, settle=0)


if __name__ == "__main__":
    main()
