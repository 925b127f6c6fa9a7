"""Tests leave nothing behind, however they end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

from pipelines.settings import ROOT
from pipelines.warehouse.cluster import locate

TESTS = """
import os, subprocess, sys, time
from pathlib import Path
from pipelines.settings import Settings
from pipelines.warehouse import server
from tests.guard import guarded

def start(**how):
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    return subprocess.Popen(command, start_new_session=True, **how).pid

home = Path(sys.argv[1])
with guarded() as watch:
    watch(home)
    server.ensure(Settings(home, home / "landing", (), None), {"fsync": "off", "shared_buffers": "16MB"})
    with (home / "component.log").open("w") as log:
        print(start(env={**os.environ, "KONTOR_HOME": str(home)}), start(stdout=log), start(), flush=True)
    time.sleep(600)
"""


def test_what_killed_tests_have_started_is_ended_and_deleted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with subprocess.Popen([sys.executable, "-c", TESTS, str(home)], stdout=subprocess.PIPE, cwd=ROOT) as tests:
        assert tests.stdout is not None
        told, writing, other = (psutil.Process(int(pid)) for pid in tests.stdout.readline().split())
        data = locate(home).data
        server = psutil.Process(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
        tests.kill()
    try:
        deadline = time.monotonic() + 60
        while home.exists() or any(map(_lives, (server, told, writing))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert not data.exists()
        assert _lives(other)
    finally:
        other.kill()


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
