"""One way to run a night of many small deliveries, measured: `python -m tests.bench.night WAY FOLDER CLIENTS FILES`.

`scheduled` runs it as `make run` does, `one_process` runs the same steps without Airflow, `plain` gives a sample of the
files to the DAG a user would write. Each has an installation, a database server and processes of its own below FOLDER,
and prints what it cost as JSON. Nothing is left running.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from pipelines.settings import ROOT, Settings, load_settings
from pipelines.warehouse import server
from tests.bench import night_files
from tests.bench.night_files import Size

EMPTY = "empty"
PATIENCE = 1800.0
OURS = "task_id ~ '^rank_[0-9]+[.]'"
Found = dict[str, Any]


def main() -> None:
    """Make the files, run the night one way, print what it cost."""
    way, folder, clients, files = sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3]), int(sys.argv[4])
    size = Size(clients, files)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    landing, profiles = night_files.write(folder, size)
    os.environ |= {"KONTOR_LANDING": str(landing), "KONTOR_CLIENTS": str(profiles), "KONTOR_HOME": str(folder / "home")}
    os.environ["KONTOR_SETTLE"] = "0"
    settings = load_settings()
    settings.home.mkdir()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us ends what we started
    try:
        print(json.dumps(WAYS[way](settings, size)))
    finally:
        server.remove(settings)
    shutil.rmtree(folder)


def one_process(settings: Settings, size: Size) -> Found:
    """The night of `python -m pipelines run`, up to its last step; what it imports at first use is not counted."""
    from pipelines.flow import work  # noqa: F401
    from pipelines.flow.night import discover, settle
    from pipelines.flow.office import open_office
    from pipelines.flow.setup import init
    from pipelines.flow.step import Step, run_step
    from pipelines.validate import evidence, run  # noqa: F401

    init(settings)
    office = open_office(settings)
    meter = Meter([psutil.Process()], settings)
    steps: dict[str, float] = {}
    found = discover(_domains(), office=office)
    for scope in found.scopes:
        for step in Step:
            begun = time.perf_counter()
            run_step(step, scope.delivery_ids, office=office)
            steps[step.value] = steps.get(step.value, 0.0) + time.perf_counter() - begun
    told = meter.told()
    states = [line.state for line in settle(found.delivery_ids, office=office).lines]
    return told | {"steps": steps} | _checked(states, size)


def scheduled(settings: Settings, size: Size) -> Found:
    """The night of `make run`: the real scheduler, LocalExecutor, every intake DAG and the reports after them."""
    from pipelines.flow.office import open_office
    from pipelines.flow.setup import init
    from pipelines.flow.show import deliveries
    from plugins.kontor.installation import Installation
    from plugins.kontor.names import INTAKE, RELEASE, REPORTING
    from plugins.kontor.watch import Watcher

    dags = settings.home / "dags"
    dags.mkdir()
    for path in [*(ROOT / "dags").glob("*.py"), Path(__file__).with_name("night_dags") / f"{EMPTY}.py"]:
        (dags / path.name).symlink_to(path)
    os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(dags)
    with _running(Installation(settings)) as installation:
        init(settings)
        installation.start()
        installation.wait_for_api()
        installation.wait_for_dags({*INTAKE, REPORTING, RELEASE, EMPTY})
        empty = _empty_tasks(installation)
        office = open_office(settings)
        most = 10 * size.deliveries
        meter = Meter([psutil.Process(c.process.pid) for c in installation.components if c.process], settings)
        watcher = Watcher(
            installation.api,
            deliveries=lambda: deliveries(limit=most, office=office),
            check=installation.check,
            show=lambda night: None,
            stall=600,
            pause=2.0,
        )
        night = watcher.run()
        told = meter.told() | {"whole": night.seconds}
        told |= _tasks(installation, "dag_id not in ('empty', 'release')")
        told |= {"reports": len(night.runs.get(REPORTING, {})), "parse": _parse_times(installation), **empty}
        states = [line["state"] for line in night.lines]
    return told | _checked(states, size)


def plain(settings: Settings, size: Size) -> Found:
    """A sample of the files, one of each list, through the plain DAG in an Airflow with the same settings.

    Its scheduler imports nothing ahead, as nobody's does by itself. The same four functions in one process tell how
    much of it is the way they are run.
    """
    from plugins.kontor.installation import Installation
    from tests.bench.night_dags import plain as dag_of_a_user

    plugins = settings.home / "plugins"
    plugins.mkdir()
    os.environ |= {
        "AIRFLOW__CORE__DAGS_FOLDER": str(Path(dag_of_a_user.__file__).parent),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins),
        "PLAIN_LANDING": str(settings.landing / "firm00"),
        "PLAIN_WORK": str(settings.home / "plain"),
        "PLAIN_FILES": str(size.files),
    }
    (settings.home / "plain").mkdir()
    with _running(Installation(settings)) as installation:
        url = os.environ["PLAIN_URL"] = server.role_url(settings, "owner")
        installation.env["PLAIN_URL"] = url
        installation.start()
        installation.wait_for_api()
        installation.wait_for_dags({dag_of_a_user.DAG_ID, EMPTY})
        empty = _empty_tasks(installation)
        meter = Meter([psutil.Process(c.process.pid) for c in installation.components if c.process], settings)
        run_id = "plain_night"
        installation.api.trigger(dag_of_a_user.DAG_ID, run_id)
        if _wait(installation, dag_of_a_user.DAG_ID, run_id) != "success":
            raise RuntimeError(f"the plain DAG failed: see {installation.logs}")
        told = (
            meter.told() | _tasks(installation, f"dag_id = '{dag_of_a_user.DAG_ID}'", "task_id ~ '^one_file'") | empty
        )
        files = dag_of_a_user.files()
        dag_of_a_user.in_one_process(files[0])
        begun = time.perf_counter()
        for file in files:
            dag_of_a_user.in_one_process(file)
        told["alone"] = time.perf_counter() - begun
    return told | {"deliveries": len(files)}


WAYS: dict[str, Callable[[Settings, Size], Found]] = {
    "scheduled": scheduled, "one_process": one_process, "plain": plain,
}  # fmt: skip


class Meter:
    """Wall and CPU seconds from here on: of some processes with all they start, and of the database server."""

    def __init__(self, processes: list[psutil.Process], settings: Settings) -> None:
        data = server.ensure(settings).data
        pid = Path(str(data), "postmaster.pid").read_text(encoding="utf-8").split()[0]
        self._processes, self._postmaster = processes, psutil.Process(int(pid))
        self._begun, self._cpu, self._server = time.perf_counter(), self._spent(), _tree(self._postmaster)

    def _spent(self) -> float:
        return sum(_tree(process) for process in self._processes)

    def told(self) -> Found:
        """What was spent since."""
        wall = time.perf_counter() - self._begun
        return {"wall": wall, "cpu": self._spent() - self._cpu, "server": _tree(self._postmaster) - self._server}


def _tree(process: psutil.Process) -> float:
    """CPU seconds of a process, of what it started and of what of that has ended."""
    spent = 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            spent += sum(one.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return spent


def _domains() -> list[str]:
    return sorted(path.name for path in (ROOT / "pipelines" / "contracts").iterdir() if any(path.glob("*.odcs.yaml")))


def _checked(states: list[str], size: Size) -> Found:
    """A night that did not load everything is not measured."""
    if len(states) != size.deliveries or set(states) != {"loaded"}:
        raise RuntimeError(f"{size.deliveries} deliveries were to be loaded, got {len(states)}: {sorted(set(states))}")
    return {"deliveries": len(states)}


@contextmanager
def _running(installation: Any) -> Iterator[Any]:
    """Open the installation, and close it whatever happens."""
    try:
        installation.open()
        yield installation
    finally:
        installation.close()


def _empty_tasks(installation: Any) -> Found:
    """Wall seconds of the DAG of empty tasks, by task: twice, and the second counts."""
    for run_id in ("warm", "measured"):
        installation.api.trigger(EMPTY, run_id)
        if _wait(installation, EMPTY, run_id) != "success":
            raise RuntimeError(f"the empty tasks failed: see {installation.logs}")
    one = _tasks(installation, f"dag_id = '{EMPTY}' and run_id = 'measured'", "map_index >= 0")
    return {"empty": one["night"] / one["tasks"]}


def _wait(installation: Any, dag_id: str, run_id: str) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        state = installation.api.runs(dag_id, "limit=10").get(run_id, "")
        if state in ("success", "failed"):
            return str(state)
        installation.check()
        time.sleep(0.5)
    raise RuntimeError(f"{dag_id} did not end within {PATIENCE:.0f} s")


def _query(installation: Any, query: str) -> list[tuple[Any, ...]]:
    url = server.plain(installation.env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


def _tasks(installation: Any, which: str, last: str = OURS) -> Found:
    """From Airflow's own database: from the first task queued to the last step done, and what tasks there were."""
    rows = _query(
        installation,
        f"select task_id, {last}, extract(epoch from queued_dttm), extract(epoch from start_date), "
        f"extract(epoch from end_date) from task_instance where {which} "
        "and queued_dttm is not null and start_date is not null",  # an empty step is done without being queued
    )
    by_name: dict[str, list[float]] = {}
    for name, _, _, started, ended in rows:
        by_name.setdefault(name, []).append(float(ended - started))
    return {
        "night": float(max(r[4] for r in rows if r[1]) - min(r[2] for r in rows)),
        "tasks": len(rows),
        "busy": sum(sum(spent) for spent in by_name.values()),
        "waited": statistics.median(float(r[3] - r[2]) for r in rows),
        "by_task": {name: (len(spent), statistics.median(spent)) for name, spent in sorted(by_name.items())},
    }


def _parse_times(installation: Any) -> dict[str, float]:
    """Seconds the DAG processor took for each of our files, the last time."""
    return dict(_query(installation, "select dag_id, last_parse_duration from dag where dag_id <> 'empty' order by 1"))


if __name__ == "__main__":
    main()
