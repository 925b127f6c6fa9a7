"""One installation on this machine: its environment, its database, and Airflow's four components."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import psycopg

from pipelines.settings import ROOT, Settings
from pipelines.warehouse import server
from plugins.kontor import ports
from plugins.kontor.api import AirflowApi, ApiError
from plugins.kontor.components import Component, ComponentError, end_leftovers, finish, remember, stop_all, wait_until
from plugins.kontor.secrets import USER, admin_password, ensure_secrets, write_private

DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
FIRST_PORT = 8080
MIGRATE_SECONDS = 300
HEALTH_SECONDS = 240
PARSE_SECONDS = 180


@dataclass
class Installation:
    """Folders, addresses and processes. `open` before anything else, `close` always."""

    settings: Settings
    env: dict[str, str] = field(default_factory=dict)
    components: list[Component] = field(default_factory=list)
    api: AirflowApi = field(default_factory=lambda: AirflowApi("", USER, ""))
    _migration: Component | None = None
    _port_lock: int | None = None

    @property
    def airflow_home(self) -> Path:
        """Airflow's own folder: secrets, ports, the environment for a shell."""
        return self.settings.home / "airflow"

    @property
    def logs(self) -> Path:
        """Logs of the components; those of the tasks stand below `tasks`."""
        return self.settings.home / "logs"

    def open(self) -> None:
        """Start the database, make secrets, choose ports, begin the migration of Airflow's database."""
        for folder in (self.settings.home, self.airflow_home, self.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        end_leftovers(self._pids)
        secrets = ensure_secrets(self.airflow_home)
        url = os.environ.get(DATABASE) or server.ensure(replace(self.settings, warehouse_url=None)).airflow_url or ""
        port = self._port()
        self.env = environment(self.settings, url, port) | secrets.environment()
        self.api = AirflowApi(f"http://127.0.0.1:{port}", USER, admin_password(self.airflow_home))
        self._write_shell_environment()
        if self._migrated_to() != self._schema():
            self._migration = Component("airflow db migrate", airflow("db", "migrate"), self.logs / "db-migrate.log")
            self._migration.start(self.env, ROOT)

    def start(self) -> None:
        """Finish the migration, then start all components.

        The scheduler preloads what tasks need and waits for the API server by itself
        (`airflow_local_settings.py`), so the slow starts overlap and no task starts before it can call home.
        """
        if self._migration is not None:
            finish(self._migration, MIGRATE_SECONDS)
            write_private(self.airflow_home / "migrated", self._schema())
        self.components = [
            Component("api-server", airflow("api-server"), self.logs / "api-server.log"),
            Component("dag-processor", airflow("dag-processor"), self.logs / "dag-processor.log"),
            Component("scheduler", airflow("scheduler", "--skip-serve-logs"), self.logs / "scheduler.log"),
            Component("triggerer", airflow("triggerer", "--skip-serve-logs"), self.logs / "triggerer.log", niceness=10),
        ]
        for component in self.components:
            component.start(self.env, ROOT)
        remember(self.components, self._pids)

    def wait_for_api(self) -> None:
        """Until the API server answers."""
        wait_until(self.api.healthy, self.components, what="an answer of the API server", seconds=HEALTH_SECONDS)

    def wait_for_dags(self, dag_ids: set[str]) -> None:
        """Until these DAGs are known; a DAG file that cannot be read ends the wait with its error."""

        def known() -> bool:
            try:
                missing = dag_ids - self.api.dag_ids()
                faults = self.api.import_errors() if missing else []
            except ApiError:
                return False
            if faults:
                raise ComponentError("a DAG file cannot be read\n" + "\n".join(faults))
            return not missing

        wait_until(known, self.components, what=f"reading the DAGs {', '.join(sorted(dag_ids))}", seconds=PARSE_SECONDS)

    def check(self) -> None:
        """Raise when a component has ended by itself."""
        for component in self.components:
            component.check()

    def close(self) -> None:
        """Stop everything we started, the embedded database last."""
        stop_all([*self.components, *([self._migration] if self._migration else [])])
        self._pids.unlink(missing_ok=True)
        if self._port_lock is not None:
            os.close(self._port_lock)
            self._port_lock = None
        server.stop(replace(self.settings, warehouse_url=None))

    @property
    def _pids(self) -> Path:
        return self.airflow_home / "pids"

    def _port(self) -> int:
        """The port of the last time if it is free, else 8080, else the next free one; remembered."""
        path = self.airflow_home / "ports"
        last = int(json.loads(path.read_text(encoding="utf-8"))["api"]) if path.exists() else FIRST_PORT
        claimed = ports.claim((last, *range(FIRST_PORT, FIRST_PORT + 200)))
        if claimed is None:
            raise ComponentError(f"no free port between {FIRST_PORT} and {FIRST_PORT + 199} on 127.0.0.1")
        port, self._port_lock = claimed
        write_private(path, json.dumps({"api": port}) + "\n")
        return port

    def _write_shell_environment(self) -> None:
        """For `airflow …` by hand: `set -a; . .kontor/airflow/env`. Holds secrets, so mode 0600."""
        own = {k: v for k, v in self.env.items() if os.environ.get(k) != v}
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(own.items())]
        write_private(self.airflow_home / "env", "".join(lines))

    def _migrated_to(self) -> str:
        path = self.airflow_home / "migrated"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _schema(self) -> str:
        """Airflow's version and the revision its database is at; `none` where it was never migrated."""
        try:
            with psycopg.connect(server.plain(self.env[DATABASE]), connect_timeout=10) as conn:
                found = conn.execute("select version_num from alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            found = None
        return f"{version('apache-airflow')} {found[0] if found else 'none'}\n"


def airflow(*arguments: str) -> list[str]:
    """The command line of an Airflow program of this environment."""
    return [sys.executable, "-m", "airflow", *arguments]


def environment(settings: Settings, database_url: str, port: int) -> dict[str, str]:
    """What every component, and through the scheduler every task, finds in its environment."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW__API")}
    own: Mapping[str, str] = {
        "KONTOR_HOME": str(settings.home),
        "KONTOR_ROOT": str(ROOT),
        "KONTOR_LANDING": str(settings.landing),
        "KONTOR_CLIENTS": os.pathsep.join(str(folder) for folder in settings.client_folders[1:]),
        "AIRFLOW_HOME": str(settings.home / "airflow"),
        "AIRFLOW_CONFIG": str(ROOT / "airflow.cfg"),
        DATABASE: database_url,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",  # tasks call home there
        "AIRFLOW__CORE__PARALLELISM": os.environ.get("AIRFLOW__CORE__PARALLELISM", str(parallelism())),
        "PYTHONPATH": os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p),
        "PYTHONUNBUFFERED": "1",
        # nobody is told that we run
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        "GX_ANALYTICS_ENABLED": "False",
    }
    if sys.platform == "linux":
        # from Python 3.14 on the default is a fork server, whose children would not inherit what is preloaded
        own = {**own, "AIRFLOW__SCHEDULER__MP_START_METHOD": "fork"}
    return {**inherited, **own}


def parallelism() -> int:
    """Tasks at a time: two per core, because every other one waits for the database; at least 4."""
    return max(4, min(32, 2 * (os.cpu_count() or 2)))
