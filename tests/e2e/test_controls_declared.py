"""Control words in `check`, with file and line, and control files in `try`."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.flow.check import check_declarations
from pipelines.flow.trial import try_file
from tests.e2e.conftest import Client
from tests.e2e.test_controls import CTL, DATA, PROFILE


@pytest.fixture
def sender(client: Client) -> Client:
    client.declare(PROFILE.format(client=client.client_id))
    return client


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("hash(spend_line_id): {file: '{stem}", "hash(account_name): {file: '{stem}",
         "which is not one column of the file"),
        ("count(supplier_name)", "sum(supplier_name)", "a sum of supplier_name, which is text"),
        ("count(supplier_name)", "count(nothing)", "one of spend_line_id"),
        ("{file: '{stem}.ctl', pattern: 'HASH", "{file: '{day}.ctl', pattern: 'HASH", "got {day}"),
        ("{file: '{stem}.ctl', pattern: 'HASH", "{fil: '{stem}.ctl', pattern: 'HASH", "unknown key 'fil'"),
    ],
)  # fmt: skip
def test_check_names_file_and_line(sender: Client, old: str, new: str, said: str) -> None:
    assert sender.profile.count(old) == 1
    text = sender.profile.replace(old, new)
    sender.declare(text)
    report = check_declarations(sender.settings)
    line = 1 + text[: text.index(new)].count("\n")
    (fault,) = report.faults
    assert f"{sender.client_id}.yaml:{line}, feeds.ledgers.spend.sources.texted.controls" in fault
    assert said in fault


def test_try_reads_the_control_file_beside_the_file(sender: Client) -> None:
    sender.send("texted/a.csv", DATA)
    sender.send("texted/a.ctl", CTL)
    folder = sender.settings.landing / sender.client_id
    trial = try_file(sender.settings, Path(sender.client_id), folder / "texted/a.csv")
    assert "control total hash(spend_line_id): the file says 55" in trial.printed
    (folder / "texted/a.ctl").unlink()
    trial = try_file(sender.settings, Path(sender.client_id), folder / "texted/a.csv")
    assert "control total rows: the file says no control file {stem}.ctl came with the delivery" in trial.printed
