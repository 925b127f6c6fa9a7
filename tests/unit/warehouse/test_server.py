"""The embedded server: made once, found again, mended after a crash, reachable by password only."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipelines.errors import DeclarationError, TransientError
from pipelines.settings import Settings
from pipelines.warehouse import cluster, server
from pipelines.warehouse.cluster import locate
from pipelines.warehouse.connection import Warehouse
from tests.conftest import CHEAP, make_settings
from tests.guard import Watch


@pytest.fixture
def home(watch: Watch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kontor-server-"))
    watch(folder)
    yield folder
    server.remove(make_settings(folder))
    shutil.rmtree(folder, ignore_errors=True)


def test_first_start_second_start_and_stop(home: Path) -> None:
    settings = make_settings(home)
    assert not server.is_running(settings)
    info = server.ensure(settings, CHEAP)
    assert server.ensure(settings, CHEAP) == info
    assert server.is_running(settings)
    assert (home / "pg.json").stat().st_mode & 0o777 == 0o600
    assert info.data is not None and (home / "pg").resolve() == info.data.resolve()
    assert (info.data.stat().st_mode & 0o077) == 0
    assert "loader" in info.url and info.url not in repr(info)
    assert server.stop(settings) and not server.is_running(settings)
    assert not server.stop(settings)
    assert server.ensure(settings, CHEAP).port == info.port


def test_only_passwords_open_it_and_only_from_this_machine(server_settings: Settings) -> None:
    owner = server.plain(server.role_url(server_settings, "owner"))
    with psycopg.connect(owner) as conn:
        assert conn.execute("select type, address, auth_method from pg_hba_file_rules").fetchall() == [
            ("host", "127.0.0.1", "scram-sha-256")
        ]
        assert conn.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        assert conn.execute("show unix_socket_directories").fetchone() == ("",)
        assert conn.execute("show server_encoding").fetchone() == ("UTF8",)
        stored = conn.execute("select rolpassword from pg_authid where rolname = 'analyst'").fetchone()
        assert stored and stored[0].startswith("SCRAM-SHA-256")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(owner, password="wrong")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give its server to another user")
def test_as_root_it_runs_under_another_user(server_settings: Settings) -> None:
    data = server.ensure(server_settings).data
    assert data is not None
    pid = int((data / "postmaster.pid").read_text().split()[0])
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert data.parent.stat().st_mode & 0o777 == 0o711


@pytest.mark.parametrize("is_running", [True, False])
def test_a_server_made_before_there_was_a_login_gets_it(home: Path, is_running: bool) -> None:
    settings = make_settings(home)
    server.ensure(settings, CHEAP)
    with psycopg.connect(server.plain(server.role_url(settings, "owner")), autocommit=True) as conn:
        conn.execute("revoke connect on database warehouse from payroll")
        conn.execute("drop role payroll")
    state = json.loads((home / "pg.json").read_text())
    del state["passwords"]["payroll"]
    others = dict(state["passwords"])
    (home / "pg.json").write_text(json.dumps(state))
    if not is_running:
        server.stop(settings)
    with psycopg.connect(server.plain(server.role_url(settings, "payroll"))) as conn:
        assert conn.execute("select current_user").fetchone() == ("payroll",)
    after = json.loads((home / "pg.json").read_text())["passwords"]
    assert {role: password for role, password in after.items() if role != "payroll"} == others
    with psycopg.connect(server.plain(server.role_url(settings, "loader"))) as conn:
        assert conn.execute("select 1").fetchone() == (1,)


def _ensure(home: Path) -> None:
    server.ensure(make_settings(home), CHEAP)


def test_several_processes_at_once_make_one_server(home: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_ensure, args=(home,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [p.exitcode for p in processes] == [0, 0, 0]
    assert server.is_running(make_settings(home))


def test_killed_server_comes_back_with_what_was_committed(home: Path) -> None:
    settings = make_settings(home)
    data = server.ensure(settings, {"shared_buffers": "16MB"}).data
    assert data is not None
    with psycopg.connect(server.plain(server.role_url(settings, "owner")), autocommit=True) as conn:
        conn.execute("create table kept as select 7 as n")
        os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    server.ensure(settings, CHEAP)
    with psycopg.connect(server.plain(server.role_url(settings, "owner"))) as conn:
        assert conn.execute("select n from kept").fetchone() == (7,)


def test_pid_of_another_program_in_the_pid_file_is_no_server(home: Path) -> None:
    settings = make_settings(home)
    data = server.ensure(settings, CHEAP).data
    assert data is not None
    pid_file = data / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    server.stop(settings)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    pid_file.chmod(0o600)
    assert not locate(home).is_alive
    server.ensure(settings, CHEAP)
    assert server.is_running(settings)


def test_port_taken_meanwhile_is_replaced(home: Path) -> None:
    settings = make_settings(home)
    port = server.ensure(settings, CHEAP).port
    server.stop(settings)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port or 0))
        other.listen()
        assert server.ensure(settings, CHEAP).port != port
    assert server.is_running(settings)


def test_data_of_a_deleted_home_is_set_aside_not_lost(home: Path) -> None:
    settings = make_settings(home)
    data = server.ensure(settings, CHEAP).data
    assert data is not None
    (home / "pg.json").unlink()
    server.ensure(settings, CHEAP)
    kept = list(data.parent.glob("pg.orphan-*"))
    assert len(kept) == 1 and (kept[0] / "PG_VERSION").exists()
    if data.parent == home:
        shutil.rmtree(kept[0])


def test_start_killed_before_logins_were_made_is_completed(home: Path) -> None:
    settings = make_settings(home)
    server.ensure(settings, CHEAP)
    with psycopg.connect(server.plain(server.role_url(settings, "owner")), dbname="postgres", autocommit=True) as conn:
        conn.execute("drop database airflow")
        conn.execute("drop role airflow")
    state = json.loads((home / "pg.json").read_text())
    (home / "pg.json").write_text(json.dumps({**state, "ready": False}))
    info = server.ensure(settings, CHEAP)
    with psycopg.connect(server.plain(info.airflow_url or "")) as conn:
        assert conn.execute("select current_user, current_database()").fetchone() == ("airflow", "airflow")


def test_server_that_cannot_start_says_why_and_where(home: Path) -> None:
    settings = make_settings(home)
    with pytest.raises(TransientError) as caught:
        server.ensure(settings, {"shared_buffers": "nonsense"})
    assert "shared_buffers" in str(caught.value)
    assert "server.log" in str(caught.value)


def test_given_url_starts_nothing(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, "postgresql://somebody:secret@db.example:5432/books")
    info = server.ensure(settings)
    assert info.url == "postgresql+psycopg://somebody:secret@db.example:5432/books"
    assert (info.data, info.port, list(tmp_path.iterdir())) == (None, None, [])
    assert server.role_url(settings, "loader") == info.url
    assert "secret" not in repr(Warehouse(info.url))
    with pytest.raises(DeclarationError, match="login of role analyst is not known"):
        server.role_url(settings, "analyst")
    with pytest.raises(DeclarationError, match="embedded server is not in use"):
        server.start(settings)
    assert not server.stop(settings)


@pytest.mark.parametrize("url", ["mysql://a/b", "just text"])
def test_url_of_another_database_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(DeclarationError, match="warehouse URL not understood"):
        server.ensure(make_settings(tmp_path, url))


def test_fast_path_is_fast(server_settings: Settings) -> None:
    started = time.perf_counter()
    server.ensure(server_settings)
    assert time.perf_counter() - started < 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its server to another user")
def test_programs_below_a_private_folder_are_copied_where_the_user_reaches_them(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (private / "install").symlink_to(cluster._programs().parent)
    user = cluster._unprivileged_user()
    reached = cluster._reachable(private / "install" / "bin", user)
    try:
        assert reached.parent.parent == cluster.VAR
        assert cluster._reachable(private / "install" / "bin", user) == reached
        assert cluster._reachable(reached, user) == reached
    finally:
        shutil.rmtree(reached.parent)


def test_where_users_cannot_be_made_it_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SYSTEM_USER", "no:such:user")
    assert cluster._unprivileged_user().pw_name == "nobody"
