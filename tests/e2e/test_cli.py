"""The command line as people type it, on a landing folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli import main
from tests.e2e.conftest import Client, as_csv, lines

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def kontor(client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; gives exit code and what was printed."""
    settings = client.settings
    monkeypatch.setenv("KONTOR_HOME", str(settings.home))
    monkeypatch.setenv("KONTOR_LANDING", str(settings.landing))
    monkeypatch.setenv("KONTOR_SETTLE", "0")
    monkeypatch.setenv("KONTOR_CLIENTS", str(settings.client_folders[0]))
    monkeypatch.setenv("KONTOR_WAREHOUSE_URL", str(settings.warehouse_url))
    monkeypatch.setenv("COLUMNS", "300")

    def run(*words: object) -> tuple[int, str]:
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def test_check_names_every_broken_declaration(client: Client, kontor: Run) -> None:
    assert kontor("check") == (0, "58 contracts, 13 profiles with 139 sources, 58 suites: all sound\n")
    client.declare(client.profile.replace("from: Amount", "form: Amount"))
    code, said = kontor("check")
    assert code == 1
    assert f"{client.client_id}.yaml:" in said
    assert "unknown key 'form'" in said
    client.declare(client.profile.replace("form:", "from:").replace("{value: Office}", "{sql: 'random()'}"))
    code, said = kontor("check")
    assert code == 1
    assert "random" in said


def test_try_shows_mapping_rows_and_rejects_without_a_database(client: Client, kontor: Run, tmp_path: Path) -> None:
    client.send("spend/a.csv", as_csv([*lines(5), ("L9", "Supplier X", "31.02.2026", "1.00")]))
    file = client.settings.landing / client.client_id / "spend/a.csv"
    code, said = kontor("try", client.client_id, file)
    assert code == 1
    for word in ("spend_amount", "Amount", "L001", "unreadable.document_date", "6 rows: 5 accepted, 1 rejected"):
        assert word in said
    stray = tmp_path / "stray.csv"
    stray.write_text("x\n")
    code, said = kontor("try", client.client_id, stray)
    assert code == 2
    assert "no source of the profile matches" in said


def test_try_counts_repeated_rows_as_a_night_does(client: Client, kontor: Run) -> None:
    twice, shared = lines(3) + lines(2), ("L001", "Supplier Y", "2026-01-02", "9.00")
    client.send("spend/a.csv", as_csv(twice))
    file = client.settings.landing / client.client_id / "spend/a.csv"
    code, said = kontor("try", client.client_id, file)
    assert (code, "2 of the accepted rows repeat another one: rejected" in said) == (1, True)
    client.declare(client.profile.replace("        files:", "        repeated_rows: skip\n        files:", 1))
    code, said = kontor("try", client.client_id, file)
    assert (code, "2 of the accepted rows repeat another one: skipped, as declared" in said) == (0, True)
    assert "share their key" not in said
    client.send("spend/a.csv", as_csv([*twice, shared]))
    code, said = kontor("try", client.client_id, file)
    assert (code, "2 accepted rows share their key (spend_line_id) with another row" in said) == (1, True)


def test_status_explain_and_trace_after_a_night(client: Client, kontor: Run) -> None:
    client.send("spend/a.csv", as_csv([*lines(9), ("L9", "Supplier X", "31.02.2026", "1.00")]))
    client.night()
    code, said = kontor("status", "--json", "--client", client.client_id)
    line = json.loads(said)[0]
    assert (code, line["state"], line["verdict"]) == (0, "loaded", "pass_with_rejects")
    assert (line["rows_received"], line["rows_loaded"], line["rows_rejected"]) == (10, 9, 1)
    assert "pass_with_rejects" in kontor("status", "--client", client.client_id)[1]
    assert "31.02.2026" in kontor("explain", line["delivery_id"], 11)[1]
    assert "spend/a.csv" in kontor("trace", "core.ledgers_spend", "L001")[1]
    assert kontor("explain", 10**9)[0] == 2
    assert kontor("approve", line["delivery_id"], "--person", "x", "--reason", "y")[0] == 2
    assert kontor("audit")[0] == 0


def test_dictionary_and_schema_come_from_the_declarations(kontor: Run) -> None:
    assert "hourly_rate" in kontor("dictionary", "payroll.pay_rates")[1]
    assert kontor("dictionary", "payroll.nothing")[0] == 2
    assert "ColumnRule" in json.loads(kontor("schema")[1])["$defs"]


def test_url_is_the_given_one(client: Client, kontor: Run) -> None:
    code, said = kontor("url")
    assert code == 0
    assert said.startswith("postgresql+psycopg://")
