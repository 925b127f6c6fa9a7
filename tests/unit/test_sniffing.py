"""The report of `sniff`, its JSON, and the draft of a source."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from pipelines.cli import main
from pipelines.flow.sniffing import as_json, as_yaml, report, sniff
from pipelines.profile import ProfileModel

LINES = [f"{i};Müller {i};{i},50;{i:02}.10.26;E" for i in range(1, 29)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "OP (1).csv"
    file.write_bytes("\n".join(["Offene Posten", "", "Nr;Kreditor;Betrag;Datum;A/B", *LINES, ""]).encode("cp1252"))
    return file


def test_draft_is_a_source(path: Path) -> None:
    text = as_yaml(path, sniff(path))
    source = yaml.safe_load(text)
    feeds = {"ledgers.payables": source}
    model = ProfileModel.model_validate(
        {
            "client": "acme",
            "name": "A",
            "locale": "de_DE",
            "time_zone": "Europe/Berlin",
            "calendar": "DE",
            "feeds": feeds,
        }
    )
    declared = model.feeds["ledgers.payables"].sources["main"]
    assert declared.format == sniff(path).format
    assert [rule.from_ for rule in declared.columns.values()] == [["Nr"], ["Kreditor"], ["Betrag"], ["Datum"], ["A/B"]]
    assert declared.columns["datum"].formats == ["%d.%m.%y"]
    assert "bits a record" in text
    assert "Müller" not in text


def test_draft_writes_control_characters_out(tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_bytes(b"".join(b"%d\x1fName %d\x1f%d&|\n" % (i, i, i * 3) for i in range(30)))
    source = yaml.safe_load(as_yaml(file, sniff(file)))
    assert (source["format"]["delimiter"], source["format"]["record_separator"]) == ("\x1f", "&|\n")


@pytest.mark.parametrize("width", [80, 100, 160])
def test_report_fits_and_says_why(path: Path, width: int) -> None:
    out = io.StringIO()
    console = Console(file=out, width=width)
    for item in report(path, sniff(path)):
        console.print(item)
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    for said in ("How to read it", "cp1252", "Columns", "%d.%m.%y", "warning: column 'Datum' has two-digit years"):
        assert said in " ".join(text.split())
    assert "Müller" not in text


def test_json_is_the_whole_proposal(path: Path) -> None:
    found = json.loads(json.dumps(as_json(sniff(path))))
    assert found["words"]["header_rows"] == [3]
    assert {f["word"] for f in found["findings"]} >= {"type", "encoding", "delimiter", "quote_char", "header_rows"}
    assert found["tables"][0]["first_row"] == 4
    assert len(found["columns"]) == 5


def test_command(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sniff", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["words"]["delimiter"] == ";"
    assert main(["sniff", str(path), "--yaml"]) == 0
    assert "files:" in capsys.readouterr().out
    assert main(["sniff", str(path)]) == 0
    assert "How to read it" in capsys.readouterr().out
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert main(["sniff", str(empty)]) == 2
    assert "no bytes at all" in capsys.readouterr().err
