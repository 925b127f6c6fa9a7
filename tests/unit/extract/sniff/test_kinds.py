"""Files that are no delimited text, told by their content."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import DeliveryError
from pipelines.extract.sniff import propose
from tests.unit.extract.sniff.conftest import Sniffed


def test_json(sniffed: Sniffed) -> None:
    found = sniffed('{"meta": {"n": 2}, "data": {"rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}}')
    assert (found.words["type"], found.words["record_path"]) == ("json", "data.rows")
    assert [c.name for c in found.columns] == ["a", "b"]
    assert sniffed('[{"a": 1}, {"a": 2}]').words == {"type": "json", "encoding": "utf-8"}


def test_json_lines(sniffed: Sniffed) -> None:
    found = sniffed('{"a": 1, "b": "x"}\n{"a": 2}\n')
    assert found.words["type"] == "jsonl"
    assert found.tables[0].columns == ("a", "b")


def test_xml(sniffed: Sniffed) -> None:
    found = sniffed("<?xml version='1.0'?><List><Head/><Item><A>1</A></Item><Item><A>2</A></Item></List>")
    assert (found.words["type"], found.words["record_path"]) == ("xml", "List/Item")


def test_xml_entities_stay_closed(sniffed: Sniffed, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("TOPSECRET")
    content = f'<!DOCTYPE l [<!ENTITY e SYSTEM "{secret.as_uri()}">]><l><r><x>&e;</x></r><r><x>1</x></r></l>'
    assert "TOPSECRET" not in repr(sniffed(content))


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "named.csv"
    pq.write_table(pa.table({"id": [1, 2], "name": ["x", "y"]}), path)
    found = propose(path, {})
    assert found.words == {"type": "parquet"}
    assert found.tables[0].columns == ("id", "name")


def test_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Report"], [], ["id", "name", "amount"], *[[i, f"Item {i}", i * 1.5] for i in range(1, 9)]):
        sheet.append(row)
    path = tmp_path / "named.csv"
    book.save(path)
    found = propose(path, {"stray_quotes": "literal"})
    assert (found.words["type"], found.words["header_rows"]) == ("xlsx", [3])
    assert found.tables[0].columns == ("id", "name", "amount")
    assert found.format.type == "xlsx"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no bytes at all"),
        (b"\xef\xbb\xbf", "nothing but white space"),
        (b" \n\n\t\n", "nothing but white space"),
        (b"\x1f\x8b\x08\x00rest", "gzip"),
        (b"%PDF-1.7 rest", "PDF"),
        (b"PK\x03\x04 but no archive", "damaged"),
        (b"PAR1 but no table PAR1", "Parquet"),
        (b"<html><body>x</body></html>", "HTML"),
        (bytes(range(256)) * 400, "binary"),
    ],
)
def test_what_holds_no_table(sniffed: Sniffed, content: bytes, said: str) -> None:
    with pytest.raises(DeliveryError, match=said):
        sniffed(content)
