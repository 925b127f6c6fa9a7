"""Business messages are told by how they begin, files of an export by the index beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.extract.reading import read
from pipelines.extract.sniff import propose
from pipelines.extract.sniff.messages import _BEGINNINGS
from pipelines.extract.sniff.sample import take_sample
from pipelines.flow.sniffing import as_yaml, report
from pipelines.formats import FOLDER
from tests.samples.datev import written
from tests.samples.gdpdu import column, day, index, number, table

HEADS = {
    "datev": b'\xef\xbb\xbf"EXTF";700;21;',
    "edifact": b"UNA:+.? '\r\nUNB+UNOC:3+A+B+200101:1200+1'",
    "x12": b"ISA*00*"
    + b" " * 10
    + b"*00*"
    + b" " * 10
    + b"*ZZ*SENDER         *ZZ*RECEIVER       *200101*1200*U*00401*",
    "mt940": b"{1:F01BANKDEFFXXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\r\n:20:STARTUMS\r\n",
    "ofx": b"OFXHEADER:100\r\nDATA:OFXSGML\r\n",
    "camt": b'<?xml version="1.0"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">',
    "einvoice": b'<?xml version="1.0"?><rsm:CrossIndustryInvoice xmlns:rsm="x">',
    "saft": b'<?xml version="1.0"?>\n<n1:AuditFile xmlns:n1="x">',
}


@pytest.mark.parametrize("kind", HEADS)
def test_every_format_is_told_by_its_beginning_and_by_no_other(kind: str) -> None:
    import re

    head = HEADS[kind].removeprefix(b"\xef\xbb\xbf")
    assert [k for k, (pattern, _) in _BEGINNINGS.items() if re.match(pattern, head)] == [kind]


def test_only_formats_that_can_be_read_are_proposed(tmp_path: Path) -> None:
    from pipelines.extract.sniff.messages import message_kind

    for kind, head in HEADS.items():
        path = tmp_path / kind
        path.write_bytes(head)
        told = message_kind(take_sample(path, kind))
        assert (told is not None and told.kind == kind) == (FOLDER / f"{kind}.yaml").is_file()


def test_a_file_of_datev_needs_no_word(tmp_path: Path) -> None:
    path = tmp_path / "EXTF.csv"
    path.write_text(written("20", [{"account": "8400", "account_name": "Erlöse"}]), encoding="cp1252")
    (chunk,) = read(path)
    assert "Erlöse" in next(chunk.rows()).cells
    draft = yaml.safe_load(as_yaml(path, propose(path, {})))
    assert (draft["format"]["type"], draft["columns"]) == ("datev", {})


@pytest.fixture
def export(tmp_path: Path) -> Path:
    columns = [column("Konto"), column("Betrag", number(2)), column("Datum", day())]
    (tmp_path / "index.xml").write_text(index(table("data/a.csv", columns, name="Buchungen")), encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_bytes(b"1;1.234,50;31.01.2026\r\n")
    return tmp_path


def test_a_file_that_an_index_names_is_read_by_it(export: Path) -> None:
    (chunk,) = read(export / "data" / "a.csv")
    assert chunk.columns == ["Konto", "Betrag", "Datum"]
    found = propose(export / "data" / "a.csv", {})
    assert found.words == {"type": "gdpdu"}
    assert yaml.safe_load(as_yaml(export / "data" / "a.csv", found))["columns"]["datum"]["formats"] == ["%d.%m.%Y"]


def test_an_index_shows_its_tables(export: Path) -> None:
    found = propose(export / "index.xml", {})
    assert [(t.sheet, t.columns) for t in found.tables] == [("data/a.csv (Buchungen)", ("Konto", "Betrag", "Datum"))]
    assert report(export / "index.xml", found)


def test_words_of_text_and_other_files_stay_what_they_were(export: Path) -> None:
    (export / "data" / "b.csv").write_bytes(b"a;b\r\n1;2\r\n")
    assert propose(export / "data" / "b.csv", {}).words["type"] == "csv"
    assert propose(export / "data" / "a.csv", {"delimiter": ";"}).words["type"] == "csv"
    (export / "index.xml").write_text("<DataSet>", encoding="utf-8")
    assert "index.xml beside it cannot be used" in propose(export / "data" / "b.csv", {}).warnings[-1]
