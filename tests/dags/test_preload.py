"""No task imports after the fork what the scheduler could have imported before it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import ROOT, Settings
from tests.conftest import url_of
from tests.samples import brightline
from tests.samples.common import Folder

pytestmark = pytest.mark.slow
LIGHT = 12
"""Modules a task may import by itself, all together: parts of the standard library such as codecs."""


def test_no_step_imports_anything_heavy_after_the_fork(
    settings: Settings, server_settings: Settings, database: str, airflow_home: Path
) -> None:
    """Text files, a workbook, dbt, a correction workbook: every kind of step meets what it needs in memory."""
    brightline.write(Folder(settings.landing, "brightline", 1, 7))
    env = {
        **os.environ,
        "KONTOR_HOME": str(settings.home),
        "KONTOR_LANDING": str(settings.landing),
        "KONTOR_SETTLE": "0",
        "KONTOR_WAREHOUSE_URL": url_of(server_settings, database, "loader"),
        "PYTHONPATH": str(ROOT),
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
    }
    command = [sys.executable, "-m", "tests.dags.preloaded", "brightline"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    assert {"extract of rank 0", "load of rank 1", "workbooks", "build_reports"} < found.keys()
    known = (*sys.stdlib_module_names, "pipelines", "plugins")
    heavy = {step: [n for n in names if n.partition(".")[0] not in known] for step, names in found.items()}
    heavy = {step: names for step, names in heavy.items() if names}
    assert not heavy, f"add what each task imports anew to PRELOAD or to pipelines.flow.warm: {heavy}"
    many = {step: names for step, names in found.items() if len(names) > LIGHT}
    assert not many
