"""Nights with files that are not complete yet, and with files that come from a client's own server."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.conftest import Client, as_csv, lines
from tests.origins.servers import Sftp, closed_port, sftp_server

DONE = "mode: snapshot\n        done: '{name}.done'"


@pytest.fixture
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("server")
    (root / "out").mkdir()
    with sftp_server(root) as server:
        yield server


def test_a_file_waits_for_its_marker_and_is_told_every_night(client: Client) -> None:
    client.declare(client.profile.replace("mode: snapshot", DONE, 1))
    client.send("spend/a.csv", as_csv(lines()))
    found, report = client.night()
    assert report.lines == []
    assert found.unfinished == {f"{client.client_id}/spend/a.csv": "its marker spend/a.csv.done is not there"}
    assert found.unmatched == []
    assert "1 files are not complete yet" in found.summary()
    client.send("spend/a.csv.done", "")
    found, report = client.night()
    assert [(line.state, line.rows_loaded) for line in report.lines] == [("loaded", 20)]
    assert (found.unfinished, found.unmatched) == ({}, [])
    (client.settings.landing / client.client_id / "spend/a.csv.done").unlink()
    found, report = client.night()
    assert (found.unfinished, found.unmatched, report.lines, found.seen) == ({}, [], [], 1), "judged before"


def test_a_marker_without_its_file_is_told(client: Client) -> None:
    client.declare(client.profile.replace("mode: snapshot", DONE, 1))
    client.send("spend/a.csv.done", "")
    found, _ = client.night()
    assert found.unmatched == [f"{client.client_id}/spend/a.csv.done"]


def test_a_file_that_changes_between_two_looks_waits_for_the_next_night(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.settings = replace(client.settings, settle=600)  # young to the slowest machine
    client.send("spend/a.csv", as_csv(lines()))
    path = client.settings.landing / client.client_id / "spend/a.csv"
    os.utime(path)
    waited = []

    def meanwhile(seconds: float) -> None:  # the sender's program goes on writing
        with path.open("a") as file:
            file.write("L100,Supplier Z,2026-10-05,1.00\n")
        waited.append(seconds)

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.extract.settled.settled.__kwdefaults__", {"now": time.time, "wait": meanwhile})
        found, report = client.night()
    assert (found.unfinished, report.lines) == ({f"{client.client_id}/spend/a.csv": "still being written"}, [])
    assert found.unmatched == []
    assert waited == [600]
    client.settings = replace(client.settings, settle=0.2)
    found, report = client.night()
    assert [(line.state, line.rows_loaded) for line in report.lines] == [("loaded", 21)]


def test_a_night_with_files_of_an_sftp_server(client: Client, sftp: Sftp, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = "origins: {box: {url: 'sftp://127.0.0.1/out', connection: erp, into: spend}}\nfeeds:"
    client.declare(client.profile.replace("feeds:", origin, 1))
    monkeypatch.setenv("AIRFLOW_CONN_ERP", json.dumps(sftp.connection()))
    (sftp.root / "out/a.csv").write_text(as_csv(lines()))
    found, report = client.night()
    assert found.fetch.fetched == [f"{client.client_id}/spend/a.csv"]
    assert [(line.state, line.rows_loaded) for line in report.lines] == [("loaded", 20)]
    found, report = client.night()
    assert (found.fetch.fetched, found.fetch.known, report.lines) == ([], 1, [])
    (sftp.root / "out/a.csv").write_text(as_csv(lines(19)))
    found, report = client.night()
    assert [(line.state, line.rows_unchanged, line.rows_loaded) for line in report.lines] == [("loaded", 19, 0)]
    monkeypatch.setenv("AIRFLOW_CONN_ERP", json.dumps(sftp.connection(port=closed_port())))
    client.send("spend/b.csv", as_csv(lines(20)))
    found, report = client.night()
    assert [p.may_pass for p in found.fetch.problems] == [True]
    assert [line.state for line in report.lines] == ["loaded"], "what is in landing goes on"
