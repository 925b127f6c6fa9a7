"""Folders of this machine as origins, and two runs at a time."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import DeclarationError
from pipelines.flow.fetch import fetch
from pipelines.settings import load_settings
from pipelines.warehouse.connection import Warehouse
from tests.origins.conftest import Desk


def test_a_mounted_folder(desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    share, secret = tmp_path / "share", tmp_path / "secret.csv"
    (share / "in").mkdir(parents=True)
    (share / "in/a.csv").write_text("a")
    (share / "alias.csv").symlink_to(share / "in/a.csv")
    secret.write_text("not for this client")
    (share / "out.csv").symlink_to(secret)
    desk.declare("acme", {"box": {"url": f"file://{share}"}})
    report = desk.fetch()
    assert report.problems == []
    assert desk.files("acme") == {"box/alias.csv": b"a", "box/in/a.csv": b"a"}
    assert "out.csv is a link out of the folder" in caplog.text
    assert (share / "in/a.csv").read_text() == "a"
    assert desk.fetch().known == 2


@pytest.mark.parametrize("where", ["", "acme", ".."])
def test_landing_is_never_fetched_into_itself(desk: Desk, where: str) -> None:
    (desk.settings.landing / "acme").mkdir()
    (desk.settings.landing / "acme/a.csv").write_text("a")
    desk.declare("acme", {"box": {"url": f"file://{(desk.settings.landing / where).resolve()}"}})
    report = desk.fetch()
    assert ["lie in each other" in p.message for p in report.problems] == [True]
    assert desk.files("acme") == {"a.csv": b"a"}


def test_a_client_folder_that_is_a_link_to_elsewhere(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share/a.csv").write_text("a")
    (tmp_path / "elsewhere").mkdir()
    (desk.settings.landing / "acme").symlink_to(tmp_path / "elsewhere")
    desk.declare("acme", {"box": {"url": f"file://{tmp_path}/share"}})
    assert "link to elsewhere" in desk.fetch().problems[0].message
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_second_run_waits_for_its_turn_and_fetches_nothing_again(
    desk: Desk, tmp_path: Path, warehouse: Warehouse
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share/a.csv").write_text("a")
    desk.declare("acme", {"box": {"url": f"file://{tmp_path}/share"}})
    ended: list[float] = []
    thread = threading.Thread(target=lambda: (desk.fetch(), ended.append(time.monotonic())))
    with warehouse.turn("fetch acme"):
        thread.start()
        time.sleep(0.5)
        assert ended == []
        assert not (desk.settings.landing / "acme").exists()
    thread.join(30)
    assert len(ended) == 1
    assert desk.files("acme") == {"box/a.csv": b"a"}


def test_a_turn_that_does_not_come_stops_no_other_client(
    desk: Desk, tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share/a.csv").write_text("a")
    for client in ("acme", "zeta"):
        desk.declare(client, {"box": {"url": f"file://{tmp_path}/share"}})
    monkeypatch.setattr("pipelines.warehouse.connection.LOCK_TIMEOUT", "200ms")
    office = replace(desk.office, warehouse=Warehouse(str(desk.settings.warehouse_url)))
    with warehouse.turn("fetch acme"):
        report = fetch(office)
    office.warehouse.close()
    assert [(p.client_id, p.may_pass) for p in report.problems] == [("acme", True)]
    assert report.fetched == ["zeta/box/a.csv"]


def test_an_unexpected_fault_is_one_clients_problem(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share/a.csv").write_text("a")
    for client in ("acme", "zeta"):
        desk.declare(client, {"box": {"url": f"file://{tmp_path}/share"}})

    def broken(fs: object, root: str) -> list[object]:
        raise ZeroDivisionError("by p@ssword")

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr("pipelines.extract.origins.list_files", broken)
        report = desk.fetch("acme")
    assert [(p.client_id, p.may_pass) for p in report.problems] == [("acme", False)]
    assert "unexpected ZeroDivisionError" in report.problems[0].message
    assert "test_local.py" in caplog.text, "the log says where"
    assert desk.fetch("zeta").fetched == ["zeta/box/a.csv"]


@pytest.mark.parametrize(("text", "seconds"), [("", 2.0), ("0", 0.0), ("0.5", 0.5)])
def test_the_settle_window(text: str, seconds: float) -> None:
    assert load_settings({"KONTOR_SETTLE": text}).settle == seconds


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1e9"])
def test_a_settle_window_that_is_none(text: str) -> None:
    with pytest.raises(DeclarationError, match="KONTOR_SETTLE not understood"):
        load_settings({"KONTOR_SETTLE": text})
