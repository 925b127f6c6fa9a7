"""One build of the reporting layer: models and their tests in a side schema, then one swap, or none.

A build makes anew what has changed since the last one (`changes.py`), or everything. Clients whose rows fail a test are
kept back (`faults.py`): all marts are exchanged but for their rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from pipelines.errors import AlreadyRunning
from pipelines.reporting import changes, faults
from pipelines.reporting.changes import Behind, MartState, Plan
from pipelines.reporting.faults import Fault
from pipelines.reporting.project import MARTS, NEXT, NodeRun, Project, load_project
from pipelines.reporting.publish import has_rows, make_side_schema, publish
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
    """What a build did. `ok` False: `failed` names the models and tests at fault, and analysts keep the marts they had:
    those of the clients in `kept_back` if there are any, else all of them.

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
    kept_back: tuple[str, ...] = ()


def build(
    settings: Settings,
    warehouse_url: str,
    cut_off: datetime | None = None,
    *,
    full: bool = False,
    unit_tests: bool = False,
) -> BuildResult:
    """Build the marts as of one cut-off (default: now, before any load still running) and publish them.

    All or none, but for clients whose rows fail a test: these keep the rows they have in all marts.

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
        made = self._make(project, plan, at)
        if made.failed and not plan.is_full and not (made.kept_back and made.kept_back <= plan.anew):
            # Nobody shall have to ask whether a test failed only because a part was built and not the whole.
            with self.warehouse.transaction() as conn:
                _record(conn, made, at)
                make_side_schema(conn)
            made = self._make(project, Plan(), at)
        return self._end(project, made, state, at)

    def _make(self, project: Project, plan: Plan, at: datetime) -> _Made:
        """Models and tests in the side schema, and whose data they find fault with."""
        build_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        command = ["build"] if self.unit_tests else ["build", "--exclude-resource-type", "unit_test"]
        if not plan.is_full:
            # cautious: a test of two marts is for builds that make both
            command += ["--indirect-selection", "cautious", "--select", *(f"+{mart}" for mart in plan.marts)]
        runs = project.run(command, at, changes_only=not plan.is_full)
        failed = [r for r in runs if r.failed]
        with self.warehouse.transaction() as conn:
            found = faults.faults_of(conn, failed)
            marts = [m.name for m in project.marts if m.name in plan.marts and not (m.is_whole and plan.is_full)]
            if found and not faults.leaves_others(conn, marts, {fault.client_id for fault in found}):
                found = []
        return _Made(build_id, plan, runs, failed, found)

    def _end(self, project: Project, made: _Made, state: MartState | None, at: datetime) -> BuildResult:
        """Publish what was made, without the clients that are kept back, or nothing; and say what came of it."""
        plan = made.plan
        with self.warehouse.transaction() as conn:
            behind: dict[str, Behind] = {}
            if not made.failed or made.kept_back:
                missing = publish(conn, plan.marts, changes.settled(conn, plan), plan.kept, made.kept_back)
                behind = {c: _behind(conn, c, missing, state) for c in sorted(made.kept_back)}
                changes.finish(conn, made.build_id, at, project, behind)
            _record(conn, made, at)
        if not made.failed:
            message = _done(plan, at)
        elif made.kept_back:
            message = f"{_done(plan, at)}; {_kept_back(made.faults, behind)}"
        else:
            message = _stopped(self.settings, made.failed, state)
        return BuildResult(
            ok=not made.failed,
            message=message,
            models=made.kept_runs,
            failed=tuple(r.name for r in made.failed),
            seconds=round(time.monotonic() - self.started, 1),
            build_id=made.build_id,
            cut_off=at,
            is_full=plan.is_full,
            kept_back=tuple(behind),
        )


@dataclass(frozen=True)
class _Made:
    """What stands in the side schema. `faults`: those of clients, if they are all there is to find fault with."""

    build_id: str
    plan: Plan
    runs: Sequence[NodeRun]
    failed: Sequence[NodeRun]
    faults: Sequence[Fault]

    @property
    def kept_back(self) -> frozenset[str]:
        """Clients that keep the rows they have."""
        return frozenset(fault.client_id for fault in self.faults)

    @property
    def kept_runs(self) -> tuple[NodeRun, ...]:
        """The runs that are recorded: of tests those that say something."""
        return tuple(r for r in self.runs if r.kind == "model" or r.status not in ("pass", "skipped"))


def now(conn: sa.Connection) -> datetime:
    """This moment, by the clock that cut-offs are told by."""
    at: datetime = conn.scalars(sa.text("select clock_timestamp()")).one()
    return at.astimezone(UTC)


def shown_as_of(conn: sa.Connection) -> datetime | None:
    """The cut-off of the last build that all clients are part of; None before the first."""
    found: datetime | None = conn.scalar(sa.text(_SHOWN))
    return found


_SHOWN = """
select cut_off from ops.model_run
group by build_id, cut_off having bool_and(status in ('success', 'warn'))
order by max(at) desc limit 1
"""


def _done(plan: Plan, at: datetime) -> str:
    how = "all made anew"
    if plan.since:
        whole = len(plan.marts) - len(plan.replaced)
        since = _utc(plan.since)
        how = f"{whole} made anew, {len(plan.replaced)} where they changed since {since}, {len(plan.kept)} as they were"
    return f"{len(MARTS)} marts as known at {_utc(at)}: {how}"


def _behind(
    conn: sa.Connection, client_id: str, missing: Mapping[str, Sequence[str]], state: MartState | None
) -> Behind:
    """Where a client stands that is kept back once more, or now."""
    if state is None or not has_rows(conn, client_id):
        return Behind(None)
    before = state.behind.get(client_id, Behind(state.cut_off))
    lost = {mart for mart, clients in missing.items() if client_id in clients}
    return Behind(before.shown, sorted(lost | set(before.missing) & set(MARTS)))


def _kept_back(found: Sequence[Fault], behind: Mapping[str, Behind]) -> str:
    """Which clients are not part of a build, why, and what they have instead."""
    lines = []
    for client_id, tests in faults.told(found).items():
        one = behind[client_id]
        stays = f"stays as known at {_utc(one.shown)}" if one.shown else "has no rows in the marts yet"
        lost = f" and has no rows in {', '.join(one.missing)}, which changed" if one.shown and one.missing else ""
        lines.append(f"client {client_id} {stays}{lost}: fails {tests}")
    return (
        f"kept back: {faults.listed_clients(lines)}. us to act: the rows are in {faults.tables(found)}; correct data "
        "or model, then run the build again; all other clients have the new marts"
    )


def _stopped(settings: Settings, failed: Sequence[NodeRun], state: MartState | None) -> str:
    first = failed[0]
    said = " ".join((first.message or first.status).split())[:300]
    stay = f"marts as known at {_utc(state.cut_off)} stay" if state else "there are no earlier marts"
    others = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return (
        f"reporting build stopped; {first.kind} {first.name}{others}: {said}; {stay}. us to act: the rows are in "
        f"schema {NEXT}, the compiled SQL below {settings.home / 'dbt' / 'target'}; correct data or model, "
        "then run the build again"
    )


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _record(conn: sa.Connection, made: _Made, cut_off: datetime) -> None:
    rows = [
        {
            "build_id": made.build_id,
            "cut_off": cut_off,
            "model": r.name,
            "status": r.status,
            "rows": r.rows,
            "seconds": r.seconds,
            "message": faults.told_of(r.name, made.faults) or r.message,
        }
        for r in made.kept_runs
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
