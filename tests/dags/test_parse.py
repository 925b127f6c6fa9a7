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
import importlib.util, json, sys, time
import airflow.providers.standard.operators.hitl
import airflow.sdk
from airflow.sdk import DAG, Asset, AssetAny, CronTriggerTimetable, ExceptionRetryPolicy, Param, task, task_group
before = set(sys.modules)
started = time.process_time()
spec = importlib.util.spec_from_file_location("probe", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
spent = time.process_time() - started
print(json.dumps({"dag": module.dag.dag_id, "seconds": spent, "new": sorted(set(sys.modules) - before)}))
"""
FILES = sorted((ROOT / "dags").glob("*.py"))


def parse(path: Path, home: Path) -> dict[str, Any]:
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW__", "KONTOR_"))},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(ROOT / "airflow.cfg"),
        "KONTOR_HOME": str(home),
        "KONTOR_ROOT": str(ROOT),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(path)], env=env, cwd=home, capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_parsing_is_light(path: Path, tmp_path: Path) -> None:
    answer = parse(path, tmp_path)
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
