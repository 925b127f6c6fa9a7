"""An Airflow of its own for these tests: SQLite, a private home, our airflow.cfg. Set before Airflow is imported."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import ROOT
from tests.guard import Watch


@pytest.fixture(scope="session")
def _airflow(watch: Watch) -> Iterator[dict[str, str]]:
    """What Airflow is told by environment, with its database migrated. Made once: it reads its home when imported."""
    home = Path(tempfile.mkdtemp(prefix="kontor-airflow-"))
    watch(home)
    environ = {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW_CONFIG": str(ROOT / "airflow.cfg"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "KONTOR_ROOT": str(ROOT),
        "KONTOR_HOME": str(home),
    }
    with _told(environ):
        from airflow.utils.db import initdb

        initdb()
    yield environ
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="package")
def airflow_home(_airflow: dict[str, str]) -> Iterator[Path]:
    """Airflow's home, with a migrated database; from here on Airflow may be imported."""
    with _told(_airflow) as patch:
        _without_deadlines(patch)
        yield Path(_airflow["KONTOR_HOME"])


@contextmanager
def _told(environ: dict[str, str]) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        yield patch


def _without_deadlines(patch: pytest.MonkeyPatch) -> None:
    """`dag.test()` of Airflow 3.3.2 looks deadline alerts up by their definition instead of their id, and fails."""
    from airflow.sdk import DAG

    whole = DAG.test

    def test(self: Any, *args: Any, **options: Any) -> Any:
        kept, self.deadline = self.deadline, None
        try:
            return whole(self, *args, **options)
        finally:
            self.deadline = kept

    patch.setattr(DAG, "test", test)


@pytest.fixture(scope="package")
def dagbag(airflow_home: Path) -> Any:
    """Every DAG of `dags/`, read as Airflow reads them (safe mode included)."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"), safe_mode=True)
