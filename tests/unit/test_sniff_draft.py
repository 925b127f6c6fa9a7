"""`sniff --yaml`: the draft is a source as a profile has it, and the file is read by it as it was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.extract.reader import read_table
from pipelines.extract.sniff import propose
from pipelines.flow.sniffing import as_yaml
from pipelines.profile import Source
from tests.unit.extract import workbooks

LIST = "Offene Posten\n\nKred.-Nr.;Betrag;Datum\n" + "".join(f"7000{n};1.{n}90,00;0{n}.10.2026\n" for n in range(1, 10))


def drafted(path: Path) -> tuple[dict[str, Any], Source]:
    draft = yaml.safe_load(as_yaml(path, propose(path, {})))
    return draft, Source.model_validate(draft)


def test_a_list_of_amounts(tmp_path: Path) -> None:
    path = tmp_path / "OP_2026-10.csv"
    path.write_bytes(LIST.encode("cp1252"))
    draft, source = drafted(path)
    assert (source.format.delimiter, source.format.header_rows) == (";", [3])
    assert draft["layout"] == ["Kred.-Nr.", "Betrag", "Datum"]
    assert source.columns["datum"].formats == ["%d.%m.%Y"]
    with read_table(path, source.format, "de_DE") as reader:
        assert sum(len(b) for b in reader.batches()) == 9
        assert reader.columns == draft["layout"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (workbooks.xlsb(["Name", "Wert"], ["x", 1.5], ["y", 2.5]), {"type": "xlsx"}),
        (b'[{"a": 1, "b": {"c": "x"}}, {"a": 2, "b": {"c": "y"}}]', {"type": "json"}),
        (b"<R><I><a>1</a></I><I><a>2</a></I></R>", {"type": "xml", "record_path": "R/I"}),
        (b"1;2\n3;4\n", {"type": "csv", "delimiter": ";", "header_rows": []}),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, words: dict[str, Any]) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    draft, source = drafted(path)
    assert {w: draft["format"][w] for w in words} == words
    assert ("layout" in draft) is (words["type"] == "xlsx")
    with read_table(path, source.format, "en_US") as reader:
        assert sum(len(b) for b in reader.batches()) == 2


def test_nothing_of_a_person_stands_in_a_draft(tmp_path: Path) -> None:
    path = tmp_path / "staff.csv"
    rows = "".join(f"{n},Quentin Zwickmüller,quentin{n}@zwick.example,+49 30 555{n:04}\n" for n in range(30))
    path.write_text("No,Name,Mail,Phone\n" + rows)
    text = as_yaml(path, propose(path, {}))
    for word in ("Zwick", "Quentin", "quentin", "@zwick", "555"):
        assert word not in text
