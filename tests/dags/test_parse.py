"""Reading a DAG file is cheap: it happens every minute, and again in the process of every task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import ROOT

HEAVY = (
    "pandas", "numpy", "pyarrow", "great_expectations", "dbt", "duckdb", "sqlalchemy", "psycopg", "pydantic", "fsspec",
    "s3fs", "asyncssh", "botocore", "sqlglot",
)  # fmt: skip
PROBE = """
import importlib.util, json, os, sys, time
import airflow.providers.standard.operators.hitl
import airflow.sdk
from airflow.sdk import DAG, Asset, AssetAny, CronTriggerTimetable, ExceptionRetryPolicy, Param, task, task_group
before = set(sys.modules)
for path in sys.argv[1:]:
    if os.fork():
        if os.wait()[1]:
            sys.exit(f"{path} cannot be read")
        continue
    started = time.process_time()
    spec = importlib.util.spec_from_file_location("probe", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    spent = time.process_time() - started
    answer = {"dag": module.dag.dag_id, "seconds": spent, "new": sorted(set(sys.modules) - before)}
    print(json.dumps({"path": path, **answer}))
    sys.exit()
"""
FILES = sorted((ROOT / "dags").glob("*.py"))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, dict[str, Any]]:
    """What reading each file costs and imports, each in a fresh copy of one process that has imported Airflow."""
    home = tmp_path_factory.mktemp("parse")
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW__", "KONTOR_"))},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(ROOT / "airflow.cfg"),
        "KONTOR_HOME": str(home),
        "KONTOR_ROOT": str(ROOT),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", PROBE, *map(str, FILES)]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {Path(answer["path"]): answer for answer in found}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_parsing_is_light(path: Path, answers: dict[Path, dict[str, Any]]) -> None:
    answer = answers[path]
    assert answer["dag"] == path.stem
    assert answer["seconds"] < 1.0
    heavy = {name for name in answer["new"] if name.partition(".")[0] in HEAVY}
    assert not heavy


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_safe_mode_finds_the_file(path: Path) -> None:
    """Airflow skips files that do not contain both words."""
    text = path.read_bytes().lower()
    assert b"dag" in text
    assert b"airflow" in text


def test_airflow_imports_one_plugin_file_only() -> None:
    """By its bare stem any other file could shadow a module of the standard library (`secrets`, `docs`)."""
    ignored = (ROOT / "plugins" / ".airflowignore").read_text(encoding="utf-8").split("\n")
    top = {path.name for path in (ROOT / "plugins").glob("*.py")}
    assert top - set(ignored) == {"kontor_plugin.py"}
    assert "kontor/" in ignored
