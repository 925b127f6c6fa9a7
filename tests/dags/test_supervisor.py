"""`make run`: processes, secrets and ports one by one, then a whole night with the real scheduler."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pipelines.settings import ROOT, load_settings
from pipelines.warehouse import server
from plugins.kontor import ports
from plugins.kontor.components import (
    Component,
    ComponentError,
    end_leftovers,
    finish,
    remember,
    stop_all,
    wait_until,
)
from plugins.kontor.installation import environment
from plugins.kontor.secrets import admin_password, ensure_secrets, password_file
from tests.conftest import make_settings
from tests.guard import Watch

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import os, time; os.setpgid(0, 0); time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def start(tmp_path: Path, code: str) -> Component:
    component = Component("probe", [sys.executable, "-c", code], tmp_path / "logs" / "probe.log")
    component.start(os.environ, tmp_path)
    return component


def written(component: Component) -> str:
    """What it printed, as soon as it did."""
    deadline = time.monotonic() + 20
    while not (text := component.log.read_text()).endswith("\n"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return text


def test_a_crash_is_reported_with_the_end_of_the_log(tmp_path: Path) -> None:
    component = start(tmp_path, "print('line one'); print('no such table'); raise SystemExit(3)")
    with pytest.raises(
        ComponentError, match=r"(?s)probe ended unexpectedly \(exit code 3\).*probe\.log.*no such table"
    ):
        wait_until(lambda: False, [component], what="health", seconds=20)


def test_every_wait_ends(tmp_path: Path) -> None:
    component = start(tmp_path, "import time; print('busy', flush=True); time.sleep(60)")
    try:
        written(component)
        with pytest.raises(ComponentError, match=r"(?s)health did not happen within 0 s.*busy"):
            wait_until(lambda: False, [component], what="health", seconds=0.2)
    finally:
        stop_all([component], grace=1)


def test_a_program_that_fails_or_hangs_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ComponentError, match=r"probe failed \(exit code 2\)"):
        finish(start(tmp_path, "raise SystemExit(2)"), 20)
    with pytest.raises(ComponentError, match="probe did not end within 0 s"):
        finish(start(tmp_path, "import time; time.sleep(60)"), 0.2)


def test_stop_ends_what_ignores_us_and_what_it_started(tmp_path: Path) -> None:
    component = start(tmp_path, STUBBORN)
    grandchild = psutil.Process(int(written(component)))
    stop_all([component], grace=0.5)
    assert component.process is not None
    assert component.process.poll() is not None
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


def test_what_a_killed_supervisor_left_is_ended(tmp_path: Path) -> None:
    component = start(tmp_path, STUBBORN)
    grandchild = psutil.Process(int(written(component)))
    noted = tmp_path / "pids"
    remember([component], noted)
    assert end_leftovers(noted) == 2
    assert component.process is not None
    component.process.wait(5)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE
    assert end_leftovers(noted) == 0


def test_a_pid_in_other_hands_is_left_alone(tmp_path: Path) -> None:
    component = start(tmp_path, "import time; time.sleep(60)")
    try:
        assert component.process is not None
        (tmp_path / "pids").write_text(json.dumps({component.process.pid: 1.0}))
        assert end_leftovers(tmp_path / "pids") == 0
        component.check()
    finally:
        stop_all([component], grace=1)


def test_logs_are_for_their_owner_only(tmp_path: Path) -> None:
    component = start(tmp_path, "open('made', 'w').close()")
    finish(component, 20)
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    first = ensure_secrets(tmp_path / "airflow")
    assert ensure_secrets(tmp_path / "airflow") == first
    assert len(first.jwt_secret.encode()) >= 64
    assert first.admin_password == admin_password(tmp_path / "airflow")
    for path in (tmp_path / "airflow").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_changed_password_is_kept(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    password_file(tmp_path).write_text('{"admin": "mine", "viewer": "theirs"}')
    ensure_secrets(tmp_path)
    assert admin_password(tmp_path) == "mine"
    passwords = json.loads(password_file(tmp_path).read_text())
    assert passwords["viewer"] == "theirs"
    assert len(passwords["steward"]) > 12, "who has none gets one: Airflow would print its own into a log"
    assert password_file(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not server.port_is_free(port)
        assert ports.claim([port]) is None


def test_two_installations_that_start_together_choose_two_ports() -> None:
    candidates = range(41000, 41100)
    first, second = ports.claim(candidates), ports.claim(candidates)
    assert first is not None
    assert second is not None
    assert first[0] != second[0]
    os.close(first[1])
    third = ports.claim(candidates)
    assert third is not None
    assert third[0] == first[0]
    os.close(second[1])
    os.close(third[1])


def test_everything_local_and_nobody_told(tmp_path: Path) -> None:
    env = environment(make_settings(tmp_path), "postgresql+psycopg2://x", 8123)
    assert env["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123"
    assert env["KONTOR_CLIENTS"] == ""
    assert env["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "False"
    assert env["GX_ANALYTICS_ENABLED"] == "False"
    config = (ROOT / "airflow.cfg").read_text()
    assert "\nhost = 127.0.0.1\n" in config


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, watch: Watch) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("kontor")
    watch(folder)
    yield folder
    server.remove(replace(load_settings({"KONTOR_HOME": str(folder)}), warehouse_url=None))


def make_run(home: Path) -> subprocess.CompletedProcess[str]:
    """What `make run` calls, in an environment without our own variables."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "KONTOR"))}
    env |= {"KONTOR_HOME": str(home), "PYTHONPATH": str(ROOT), "KONTOR_STALL_MINUTES": "5"}
    return subprocess.run(
        [sys.executable, "-m", "plugins.kontor.local", "run"],
        env=env, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip


def left_since(moment: float) -> list[str]:
    """Command lines of Airflow processes that began after a moment in this folder and still run."""
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            if "airflow" in command and process.create_time() > moment and Path(process.cwd()) == ROOT:
                found.append(command)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.slow
def test_a_night_and_the_same_night_again(home: Path) -> None:
    begun = time.time()
    first = make_run(home)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "ledgers: failed" in first.stdout, "the truncated sample file makes its run red"
    assert "reporting: success" in first.stdout
    assert "fault of the file" in first.stdout
    assert "2 held deliveries wait for a steward's decision; the night did not" in first.stdout
    assert "/required_actions" in first.stdout
    assert "reporting.dq_delivery" in first.stdout
    assert "wall time" in first.stdout
    again = make_run(home)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing to do: " in again.stdout
    assert "files already accounted for" in again.stdout
    assert left_since(begun) == []
    private = [path for path in (home / "airflow").rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert private == []
