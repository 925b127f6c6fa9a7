"""Files of an SFTP server: who is let in, whose key is trusted, and what happens while a file is being written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pipelines.settings import ROOT
from tests.origins.conftest import Desk, Write
from tests.origins.servers import PASSWORD, Sftp, age, closed_port

ORIGIN = {"sftp": {"url": "sftp://127.0.0.1/out", "connection": "acme_sftp"}}


@pytest.fixture
def acme(desk: Desk, sftp: Sftp) -> Desk:
    desk.declare("acme", ORIGIN)
    desk.connect("acme_sftp", sftp.connection())
    return desk


def test_by_password(acme: Desk, sftp: Sftp, write: Write) -> None:
    age(write("a.csv", "a"), 7200)
    age(write("sub folder/ü.csv", "b"), 7200)
    age(write("empty.csv", ""), 7200)
    (sftp.root / "out/link.csv").symlink_to("a.csv")
    (sftp.root / "out/circle").symlink_to(sftp.root / "out")
    (sftp.root / "out/dangling.csv").symlink_to("nothing")
    report = acme.fetch()
    assert report.problems == []
    assert acme.files("acme") == {
        "sftp/a.csv": b"a", "sftp/sub folder/ü.csv": b"b", "sftp/empty.csv": b"", "sftp/link.csv": b"a"
    }  # fmt: skip
    remote, local = sftp.root / "out/a.csv", acme.settings.landing / "acme/sftp/a.csv"
    assert int(remote.stat().st_mtime) == local.stat().st_mtime
    assert acme.fetch().known == 4


def test_by_key(acme: Desk, sftp: Sftp, write: Write, tmp_path: Path) -> None:
    write("a.csv", "a")
    key = tmp_path / "key"
    key.write_text(sftp.client_key)
    key.chmod(0o600)
    acme.connect("acme_sftp", sftp.connection(password=None, key_file=str(key)))
    assert acme.fetch().problems == []
    acme.connect("acme_sftp", sftp.connection(password=None, private_key=sftp.client_key))
    assert acme.fetch().known == 1
    assert "password" not in sftp.logins


def test_wrong_password(acme: Desk, sftp: Sftp, write: Write) -> None:
    write("a.csv", "a")
    acme.connect("acme_sftp", sftp.connection(password="wr0ng-secret"))
    report = acme.fetch()
    assert [p.may_pass for p in report.problems] == [False]
    assert "refused by the server" in report.problems[0].message
    assert "wr0ng" not in str(report)
    assert acme.files("acme") == {}


def test_a_host_that_nobody_vouched_for_is_refused(acme: Desk, sftp: Sftp, write: Write, tmp_path: Path) -> None:
    write("a.csv", "a")
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    hosts = tmp_path / "known_hosts"
    hosts.write_text("")
    for extra in ({"host_key": other}, {"host_key": "", "known_hosts": str(hosts)}):
        acme.connect("acme_sftp", sftp.connection(**extra))
        report = acme.fetch()
        assert ["refused by the server" in p.message for p in report.problems] == [True]
        assert sftp.logins == [], "the password was not even tried"
    hosts.write_text(f"[127.0.0.1]:{sftp.port} {sftp.host_key}\n")
    acme.connect("acme_sftp", sftp.connection(host_key="", known_hosts=str(hosts)))
    assert acme.fetch().fetched == ["acme/sftp/a.csv"]
    acme.connect("acme_sftp", sftp.connection(host_key=other, no_host_key_check="true"))
    assert acme.fetch().known == 1


def test_url_and_connection_must_mean_the_same_host(acme: Desk, sftp: Sftp) -> None:
    acme.declare("acme", {"sftp": {"url": "sftp://files.example/out", "connection": "acme_sftp"}})
    assert "different hosts" in acme.fetch().problems[0].message
    assert sftp.logins == []


def test_a_folder_that_is_not_there(acme: Desk) -> None:
    acme.declare("acme", {"sftp": {"url": "sftp://127.0.0.1/nowhere", "connection": "acme_sftp"}})
    report = acme.fetch()
    assert ["not there" in p.message for p in report.problems] == [True]


def test_server_down_at_the_start(acme: Desk, sftp: Sftp) -> None:
    acme.connect("acme_sftp", sftp.connection(port=closed_port()))
    started = time.monotonic()
    assert [p.may_pass for p in acme.fetch().problems] == [True]
    assert time.monotonic() - started < 10


def test_server_down_in_the_middle_of_a_file(acme: Desk, sftp: Sftp, write: Write) -> None:
    write("a.csv", "a")
    write("big.csv", "x" * 2_000_000)

    def hang_up(path: Path, offset: int, channel: Any) -> None:
        if path.name == "big.csv" and offset > 500_000:
            channel.get_connection().abort()

    sftp.on_read = hang_up
    report = acme.fetch()
    assert [p.may_pass for p in report.problems] == [True]
    assert acme.files("acme") == {"sftp/a.csv": b"a"}
    sftp.on_read = None
    assert acme.fetch().fetched == ["acme/sftp/big.csv"]
    assert len(acme.files("acme")["sftp/big.csv"]) == 2_000_000


def test_a_file_that_grows_while_it_is_fetched(acme: Desk, sftp: Sftp, write: Write) -> None:
    write("a.csv", "a")
    write("log.csv", "x" * 1000)
    write("z.csv", "z")

    def grow(path: Path, offset: int, channel: Any) -> None:
        if path.name == "log.csv":
            with path.open("a") as file:
                file.write("more")

    sftp.on_read = grow
    report = acme.fetch()
    assert report.problems == []
    assert report.waiting == {"acme/sftp/log.csv": "still being written"}
    assert acme.files("acme") == {"sftp/a.csv": b"a", "sftp/z.csv": b"z"}
    sftp.on_read = None
    assert acme.fetch().fetched == ["acme/sftp/log.csv"]


def test_a_file_that_grows_between_two_looks(acme: Desk, sftp: Sftp, write: Write, desk: Desk) -> None:
    path = write("log.csv", "x" * 10)
    old = write("old.csv", "o")
    age(old, 7200)
    acme.settings = replace(acme.settings, settle=2)
    code = "import sys,time\nf=open(sys.argv[1],'a')\nwhile 1: f.write('y'); f.flush(); time.sleep(.1)"
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)])
    try:
        deadline = time.monotonic() + 20
        while "y" not in path.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        report = acme.fetch()
    finally:
        writer.kill()
        writer.wait()
    assert report.waiting == {"acme/sftp/log.csv": "still being written"}
    assert acme.files("acme") == {"sftp/old.csv": b"o"}
    assert acme.fetch().fetched == ["acme/sftp/log.csv"]


def test_done_markers(acme: Desk, write: Write) -> None:
    acme.declare("acme", {"sftp": {**ORIGIN["sftp"], "done": "{name}.done"}})
    write("a.csv", "a")
    write("b.csv", "b")
    write("b.csv.done", "")
    report = acme.fetch()
    assert (report.fetched, report.elsewhere) == (["acme/sftp/b.csv"], 0)
    assert report.waiting == {"acme/sftp/a.csv": "its marker a.csv.done is not there"}
    assert acme.files("acme") == {"sftp/b.csv": b"b"}


def test_names_that_are_no_utf8(acme: Desk, sftp: Sftp) -> None:
    (Path(os.fsdecode(os.fsencode(sftp.root / "out") + b"/M\xfcller.csv"))).write_text("m")
    report = acme.fetch()
    assert report.problems == []
    assert report.fetched == ["acme/sftp/M\\xfcller.csv"]
    assert [os.fsencode(p.name) for p in (acme.settings.landing / "acme/sftp").iterdir()] == [b"M\xfcller.csv"]
    assert acme.fetch().known == 1


def run(desk: Desk, code: str) -> subprocess.Popen[bytes]:
    env = {
        **os.environ, "KONTOR_HOME": str(desk.settings.home), "KONTOR_LANDING": str(desk.settings.landing),
        "KONTOR_CLIENTS": str(desk.settings.client_folders[0]), "KONTOR_SETTLE": "0",
        "KONTOR_WAREHOUSE_URL": str(desk.settings.warehouse_url), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    return subprocess.Popen([sys.executable, "-c", code], env=env, cwd=ROOT)


def dying_in(function: str) -> str:
    """A program that fetches, and is killed when it calls a function."""
    return (
        "import os, pipelines.warehouse.fetched, pipelines.extract.origins\n"
        f"{function} = lambda *a: os.kill(os.getpid(), 9)\n"
        "from pipelines.flow.fetch import fetch\nfetch()"
    )


def test_killed_in_the_middle_of_a_file(acme: Desk, sftp: Sftp, write: Write) -> None:
    write("a.csv", "a")
    write("big.csv", "x" * 2_000_000)

    def slowly(path: Path, offset: int, channel: Any) -> None:
        if path.name == "big.csv":
            time.sleep(0.5)

    sftp.on_read = slowly
    process = run(acme, "from pipelines.flow.fetch import fetch; fetch(client='acme')")
    landing = acme.settings.landing / "acme"
    deadline = time.monotonic() + 60
    while not any(p.stat().st_size > 0 for p in landing.glob(".fetch/*")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02) if (landing / "sftp/a.csv").exists() else time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert "sftp/big.csv" not in acme.files("acme")
    sftp.on_read = None
    report = acme.fetch()
    assert report.problems == []
    assert sorted(acme.files("acme")) == ["sftp/a.csv", "sftp/big.csv"]
    assert not (landing / ".fetch").exists()


@pytest.mark.parametrize(
    "kill",
    ["from pipelines.warehouse import fetched as m; m.finish", "from pipelines.extract import origins as m; m.place"],
)
def test_killed_around_the_rename(acme: Desk, write: Write, kill: str) -> None:
    write("a.csv", "one")
    assert run(acme, dying_in(kill)).wait() == -signal.SIGKILL
    there = "sftp/a.csv" in acme.files("acme")
    assert there == ("finish" in kill)
    report = acme.fetch()
    assert (report.known, report.fetched) == ((1, []) if there else (0, ["acme/sftp/a.csv"]))
    assert acme.files("acme") == {"sftp/a.csv": b"one"}


def test_killed_then_changed_at_the_server(acme: Desk, write: Write) -> None:
    write("a.csv", "one")
    acme.fetch()
    write("a.csv", "second")
    assert run(acme, dying_in("pipelines.warehouse.fetched.finish")).wait() == -signal.SIGKILL
    assert acme.files("acme") == {"sftp/a.csv": b"second"}
    write("a.csv", "the third")
    report = acme.fetch()
    assert (report.problems, report.fetched) == ([], ["acme/sftp/a.csv"])
    assert acme.files("acme") == {"sftp/a.csv": b"the third"}


def test_no_secret_is_kept_anywhere(acme: Desk, sftp: Sftp, write: Write, caplog: pytest.LogCaptureFixture) -> None:
    write("a.csv", "a")
    acme.fetch()
    rows = acme.query("select f::text from ops.fetched f union all select o::text from ops.origin o")
    assert PASSWORD not in caplog.text + str(rows)
