"""Public files of exports by GDPdU: what is sound is read, what is not is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract.messages.gdpdu_index import Beside, read_index
from pipelines.extract.reading import read
from pipelines.settings import ROOT

COPIES = ROOT / "tests" / "samples" / "gdpdu_exports"
FOLDERS = "samples/auditfiles/gdpdu"


@pytest.fixture(params=["copy", pytest.param("real", marks=pytest.mark.real)])
def parts(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """Folder of the exports and folder of the indexes: the copies that lie here, and the originals."""
    if request.param == "copy":
        return COPIES, COPIES / "indexes"
    root: Path = request.getfixturevalue("real_root") / FOLDERS
    resources = "src/test/resources"
    return root / "gdpdu-data-parser" / resources, root / "gdpdu-index-parser" / resources


def cells(path: Path, **words: str) -> list[list[str]]:
    return [row.cells for chunk in read(path, words) for row in chunk.rows()]


def test_exports_are_read_as_their_index_says(parts: tuple[Path, Path]) -> None:
    exports, _ = parts
    assert cells(exports / "data1" / "data.csv", type="gdpdu") == [["foo", "10"], ["bar", "20"]]
    assert cells(exports / "data1" / "data.csv") == [["foo", "10"], ["bar", "20"]]
    assert cells(exports / "data2" / "data.csv", type="gdpdu") == [["A", "B", "C"], ["D", "E", "F"]]


def test_bytes_that_are_not_of_the_declared_code_page_are_refused_with_their_place(parts: tuple[Path, Path]) -> None:
    path = parts[0] / "data4" / "data.csv"
    with pytest.raises(DeliveryError, match=r"at data\.csv:1; got bytes 9F at byte offset 3"):
        cells(path, type="gdpdu")
    assert cells(path, type="gdpdu", encoding="mac-roman")[0] == ["|E|üö", "bar"]


def test_a_file_that_no_table_names_is_refused(parts: tuple[Path, Path]) -> None:
    with pytest.raises(DeliveryError, match=r"horror\.csv; expected one of the 1 tables of index\.xml: data\.csv"):
        cells(parts[0] / "data1" / "horror.csv", type="gdpdu")


def test_everything_in_an_index_is_understood(parts: tuple[Path, Path]) -> None:
    path = parts[1] / "complex-index.xml"
    first, second = read_index(Beside(path, path.name)).tables
    assert (first.url, first.encoding, first.skip_bytes, first.first, first.last) == ("data.csv", "cp850", 100, 2, 4)
    assert (first.delimiter, first.record_end, first.quote, first.epoch) == ("||", None, "'''", 75)
    assert [c.name for c in first.columns] == ["PrimaryKey", "A", "B", "C", "D", "E", "F", "G"]
    assert [c.implied or c.accuracy for c in first.columns[1:3]] == [3, 7]
    assert [c.format for c in first.columns[5:7]] == ["DD.MM.YYYY", "YY-MM-DD"]
    assert first.columns[7].maps == (("0", "1"), ("1", "0"))
    assert (second.url, second.delimiter, second.quote, len(second.columns)) == ("data2.csv", ";", '"', 2)


@pytest.mark.parametrize(("name", "line"), [("malformed-index.xml", 3), ("simple.xml", 13)])
def test_a_malformed_index_is_refused_with_its_line(parts: tuple[Path, Path], name: str, line: int) -> None:
    with pytest.raises(DeliveryError, match=rf"at {name}:{line}; got"):
        read_index(Beside(parts[1] / name, name))
