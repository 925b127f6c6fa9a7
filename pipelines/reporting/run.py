"""One build of the reporting layer: models and their tests in a side schema, then one swap, or none.

A build makes anew what has changed since the last one (`changes.py`), or everything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from pipelines.errors import AlreadyRunning
from pipelines.reporting import changes
from pipelines.reporting.changes import Plan
from pipelines.reporting.project import MARTS, NEXT, NodeRun, Project, load_project
from pipelines.reporting.publish import make_side_schema, publish
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse, passing_faults

_LOCK = "hashtextextended('kontor reporting', 0)"

# A load that is still running has taken its `_known_from` already but is not visible yet: a later model of this build
# might see it where an earlier one did not. So the cut-off lies before every load in flight: each holds an advisory
# lock on its scope or a write lock on core. (The lock of the audit log is taken by every step.)
_CUT_OFF = """
select least(clock_timestamp(), min(a.xact_start) - interval '1 microsecond')
from pg_stat_activity as a
where a.datname = current_database() and a.pid <> pg_backend_pid() and exists (
    select from pg_locks as l left join pg_class as t on t.oid = l.relation and l.database = (
        select oid from pg_database where datname = current_database())
    where l.pid = a.pid and l.granted and (
        l.locktype = 'advisory' and (l.classid::bigint << 32 | l.objid::bigint) <> hashtextextended('ops.audit', 0)
        or l.mode = 'RowExclusiveLock' and t.relnamespace = 'core'::regnamespace))
"""
_RECORD = sa.text(
    "insert into ops.model_run (build_id, cut_off, model, status, rows, seconds, message) "
    "values (:build_id, :cut_off, :model, :status, :rows, :seconds, :message)"
)


@dataclass(frozen=True)
class BuildResult:
    """What a build did. `ok` False: analysts keep the marts they had, and `failed` names the models and tests at fault.

    `models` holds every model that was built and every test that did not succeed; `cut_off` is the moment whose
    knowledge is shown; `is_full`: everything was made anew.
    """

    ok: bool
    message: str
    models: tuple[NodeRun, ...]
    failed: tuple[str, ...]
    seconds: float
    build_id: str
    cut_off: datetime
    is_full: bool


def build(
    settings: Settings,
    warehouse_url: str,
    cut_off: datetime | None = None,
    *,
    full: bool = False,
    unit_tests: bool = False,
) -> BuildResult:
    """Build the marts as of one cut-off (default: now, before any load still running) and publish all or none.

    Only what has changed since the last build is made anew, unless `full`, a cut-off of your own or `unit_tests` is
    asked for. `unit_tests` also runs the unit tests of the formulas, which depend on the code only. Raises
    AlreadyRunning while another build of this warehouse runs, DeclarationError when the project cannot be read.
    """
    started = time.monotonic()
    warehouse = Warehouse(warehouse_url)
    try:
        with _only_build(warehouse):
            one = _Build(settings, warehouse, unit_tests, started)
            return one.build(cut_off, full=full or unit_tests or cut_off is not None)
    finally:
        warehouse.close()


@dataclass(frozen=True)
class _Build:
    settings: Settings
    warehouse: Warehouse
    unit_tests: bool
    started: float

    def build(self, cut_off: datetime | None, *, full: bool) -> BuildResult:
        with self.warehouse.transaction() as conn:
            at = (cut_off or conn.scalars(sa.text(_CUT_OFF)).one()).astimezone(UTC)
            make_side_schema(conn)
            conn.execute(sa.text("reset role"))
            state = changes.begin(conn)
        project = load_project(self.settings, self.warehouse.url)
        plan = Plan()
        if not full:
            with self.warehouse.transaction() as conn:
                plan = changes.plan(conn, project, state, at)
        result = self._make(project, plan, at)
        if not result.ok and not plan.is_full:
            # Nobody shall have to ask whether a test failed only because a part was built and not the whole.
            with self.warehouse.transaction() as conn:
                make_side_schema(conn)
            result = self._make(project, Plan(), at)
        return result

    def _make(self, project: Project, plan: Plan, at: datetime) -> BuildResult:
        build_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        command = ["build"] if self.unit_tests else ["build", "--exclude-resource-type", "unit_test"]
        if not plan.is_full:
            # cautious: a test of two marts is for builds that make both
            command += ["--indirect-selection", "cautious", "--select", *(f"+{mart}" for mart in plan.marts)]
        runs = project.run(command, at, changes_only=not plan.is_full)
        failed = [r for r in runs if r.failed]
        kept = tuple(r for r in runs if r.kind == "model" or r.status not in ("pass", "skipped"))
        with self.warehouse.transaction() as conn:
            if not failed:
                publish(conn, plan.marts, changes.settled(conn, plan), plan.kept)
                changes.finish(conn, build_id, at, project)
            _record(conn, build_id, at, kept)
            shown = conn.scalar(sa.text(_SHOWN), {"build_id": build_id})
        return BuildResult(
            ok=not failed,
            message=_stopped(self.settings, failed, shown) if failed else _done(plan, kept, at),
            models=kept,
            failed=tuple(r.name for r in failed),
            seconds=round(time.monotonic() - self.started, 1),
            build_id=build_id,
            cut_off=at,
            is_full=plan.is_full,
        )


def now(conn: sa.Connection) -> datetime:
    """This moment, by the clock that cut-offs are told by."""
    at: datetime = conn.scalars(sa.text("select clock_timestamp()")).one()
    return at.astimezone(UTC)


def shown_as_of(conn: sa.Connection) -> datetime | None:
    """The cut-off of the marts that analysts have now; None before the first build."""
    found: datetime | None = conn.scalar(sa.text(_SHOWN), {"build_id": ""})
    return found


_SHOWN = """
select cut_off from ops.model_run
where build_id <> :build_id
group by build_id, cut_off having bool_and(status in ('success', 'warn'))
order by max(at) desc limit 1
"""


def _done(plan: Plan, kept: Sequence[NodeRun], at: datetime) -> str:
    how = "all made anew"
    if plan.since:
        whole = len(plan.marts) - len(plan.replaced)
        since = f"{plan.since:%Y-%m-%d %H:%M:%S} UTC"
        how = f"{whole} made anew, {len(plan.replaced)} where they changed since {since}, {len(plan.kept)} as they were"
    warned = [r.name for r in kept if r.status == "warn"]
    warnings = f"; warnings: {', '.join(warned)}" if warned else ""
    return f"{len(MARTS)} marts as known at {at:%Y-%m-%d %H:%M:%S} UTC: {how}{warnings}"


def _stopped(settings: Settings, failed: Sequence[NodeRun], shown: datetime | None) -> str:
    first = failed[0]
    said = " ".join((first.message or first.status).split())[:300]
    stay = f"marts as known at {shown:%Y-%m-%d %H:%M:%S} UTC stay" if shown else "there are no earlier marts"
    others = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return (
        f"reporting build stopped; {first.kind} {first.name}{others}: {said}; {stay}. us to act: the rows are in "
        f"schema {NEXT}, the compiled SQL below {settings.home / 'dbt' / 'target'}; correct data or model, "
        "then run the build again"
    )


def _record(conn: sa.Connection, build_id: str, cut_off: datetime, runs: Sequence[NodeRun]) -> None:
    rows = [
        {
            "build_id": build_id,
            "cut_off": cut_off,
            "model": r.name,
            "status": r.status,
            "rows": r.rows,
            "seconds": r.seconds,
            "message": r.message,
        }
        for r in runs
    ]
    conn.execute(_RECORD, rows)


@contextmanager
def _only_build(warehouse: Warehouse) -> Iterator[None]:
    """Keep a second build of the same warehouse out; the lock ends with this process at the latest."""
    with passing_faults():
        conn = warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with conn:
        with passing_faults():
            free = conn.scalar(sa.text(f"select pg_try_advisory_lock({_LOCK})"))
        if not free:
            raise AlreadyRunning(
                "a build of the reporting layer is already running",
                got="another process holds its lock",
                next_step="wait for it to end; this one is tried again by itself",
            )
        try:
            yield
        finally:
            with passing_faults():
                conn.execute(sa.text(f"select pg_advisory_unlock({_LOCK})"))
