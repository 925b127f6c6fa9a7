"""The words of a format that say where a table ends, what is no row, and what becomes of ragged records."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract import grammar
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.unit.extract.conftest import Got, ReadText, drain


def lines_counted(got: Got, multiline: int = 0) -> int:
    """Every line of a file is in one count; `multiline` = line breaks inside records."""
    facts = got.facts
    counts = [facts.records, facts.header_rows, facts.preamble_rows, facts.blank_rows, facts.comment_rows]
    return sum(counts) + facts.repeated_header_rows + facts.outside_rows + len(facts.footer_rows) + multiline


def test_pad(read: ReadText) -> None:
    text = 'a,b,c\n1,2,3\n1,2\n1\n1,2,3,, \n1,2,3,x\n,,,,\n"1","2\nx"\n'
    got = read(text, ragged="pad")
    assert got.cells == [
        ["1", "2", "3"],
        ["1", "2", ""],
        ["1", "", ""],
        ["1", "2", "3"],
        [None, None, None],
        ["1", "2\nx", ""],
    ]
    assert got.problems == {6: "has 4 cells, the header has 3"}
    assert (got.facts.padded_rows, got.facts.malformed, got.facts.blank_rows) == (4, 1, 1)
    said = "4 records (rows 3, 4, 5, 8) with too few cells, or empty ones too many, brought to the width of the table"
    assert got.facts.warnings == [said]
    assert lines_counted(got, 1) == 9


def test_footer_records_are_not_padded(read: ReadText) -> None:
    got = read("a,b,c\n1,2\nTotal,1\nEnd\n", ragged="pad", footer_rows=2)
    assert got.facts.footer == [["Total", "1"], ["End"]]
    assert (got.cells, got.facts.padded_rows) == ([["1", "2", ""]], 1)


def test_nothing_is_padded_unless_declared(read: ReadText) -> None:
    got = read("a,b,c\n1,2\n1,2,3,\n")
    assert list(got.problems) == [2, 3]
    assert (got.facts.padded_rows, got.facts.warnings) == (0, [])


def test_repeated_headers(read: ReadText) -> None:
    text = 'Nr,"Name ",Ort\n1,x,y\n Nr ,Name,Ort\n2,x,y\n"Nr","Name","Ort"\nNr,Name,x\n'
    got = read(text, repeated_headers="skip", cells=["B5"])
    assert got.rows == [2, 4, 6]
    assert (got.facts.repeated_header_rows, got.facts.cells) == (2, {"B5": "Name"})
    assert lines_counted(got) == 6
    assert read(text).facts.repeated_header_rows == 0
    assert read(text).rows == [2, 3, 4, 5, 6]


def test_repeated_headers_of_two_rows(read: ReadText) -> None:
    got = read("Betrag,,Nr\nnetto,brutto,\n1,2,3\nBetrag,,Nr\nnetto,brutto\n4,5,6\n", header_rows=[1, 2],
               repeated_headers="skip")  # fmt: skip
    assert (got.rows, got.facts.repeated_header_rows) == ([3, 6], 2)


def test_repeated_names(read: ReadText) -> None:
    got = read("a,b\n1,2\na,b\n", header_rows=[], names=["a", "b"], repeated_headers="skip")
    assert (got.rows, got.facts.repeated_header_rows) == ([2], 2)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_end_row(read: ReadText, end: str) -> None:
    text = end.join(["t", "a,b", '1,"x', 'y"', "2,3", 'Total,"5', "", '"', "z"])
    got = read(text, header_rows=[2], end_row=5, cells=["B5", "A6", "A9"])
    assert got.cells == [["1", f"x{end}y"], ["2", "3"]]
    assert (got.rows, got.facts.outside_rows) == ([3, 5], 4)
    assert got.facts.cells == {"B5": "3", "A6": "Total", "A9": "z"}
    assert lines_counted(got, 1) == 9


def test_end_row_behind_the_file(read: ReadText) -> None:
    assert read("a,b\n1,2", end_row=9).rows == [2]
    got = read("a,b\n1,2\n", end_row=2)
    assert (got.rows, got.facts.outside_rows) == ([2], 0)
    assert read("a,b\n1,2\n", end_row=1).facts.outside_rows == 1


def test_end_at_a_blank_line(read: ReadText) -> None:
    text = 'a;b\n1;"x\n\ny"\n2;3\n ;\nc;d\n"\n4;5\n\n'
    got = read(text, delimiter=";", end_at="blank", footer_rows=1)
    assert got.cells == [["1", "x\n\ny"]]
    assert (got.facts.footer, got.facts.outside_rows, got.facts.blank_rows) == ([["2", "3"]], 5, 0)
    assert lines_counted(got, 2) == 10
    assert got.facts.warnings == []


def test_end_at_a_pattern(read: ReadText) -> None:
    got = read('a,b\n1,Total\n2,3\nTotal:,"5\nTotal', end_at="^Total", cells=["A4"])
    assert (got.rows, got.facts.outside_rows, got.facts.cells) == ([2, 3], 2, {"A4": "Total:"})


def test_an_end_that_is_missing_is_said(read: ReadText) -> None:
    got = read("a,b\n1,2\n", end_at="^Total")
    assert got.facts.warnings == ["the table goes on to the end of the file: no line has '^Total'"]


def test_both_ends(read: ReadText) -> None:
    text = "a,b\n1,2\n\n3,4\nTotal\n5,6\n"
    assert read(text, end_at="^Total", end_row=4).rows == [2, 4]
    assert read(text, end_at="blank", end_row=4).rows == [2]


def test_an_endless_line_behind_the_table(read: ReadText, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "MAX_RECORD_CHARS", 100)
    monkeypatch.setattr("pipelines.extract.encoding.BLOCK_BYTES", 50)
    got = read("a,b\n1,2\n\n" + "x," * 500 + "\nlast", end_at="blank")
    assert (got.rows, got.facts.outside_rows) == ([2], 3)


@pytest.mark.parametrize("sign", ["--", "//", "#", "REM "])
def test_comments_of_several_characters(read: ReadText, sign: str) -> None:
    text = f'{sign} "made\ntitle\n{sign}by\na,"b,c"\n1,2\n{sign}3,4\n5,6{sign}\n'
    got = read(text, comment_char=sign, header_rows=[4])
    assert (got.columns, got.cells) == (["a", "b,c"], [["1", "2"], ["5", f"6{sign}"]])
    assert (got.facts.comment_rows, got.facts.preamble_rows, got.rows) == (3, 1, [5, 7])
    assert lines_counted(got) == 7


def test_a_header_behind_the_comment_sign_may_be_quoted(read: ReadText) -> None:
    assert read('#id,"b,c"\n1,2\n', comment_char="#").columns == ["#id", "b,c"]


@pytest.mark.parametrize("separator", ["&|\n", "\n~\n", ";;\r\n"])
def test_custom_separators_everywhere(read: ReadText, separator: str) -> None:
    rows = ["Title,x", "a,b", "1,x\ny", '"2","p\nq"', "", "Sum,3"]
    got = read(separator.join([*rows, ""]), record_separator=separator, header_rows=[1 + separator.count("\n")],
               footer_rows=1, cells=["B1"])  # fmt: skip
    assert got.columns == ["a", "b"]
    assert got.cells == [["1", "x\ny"], ["2", "p\nq"]]
    step = separator.count("\n")
    assert got.rows == [1 + 2 * step, 2 + 3 * step]
    assert got.facts.footer == [["Sum", "3"]]
    assert got.facts.cells["B1"] == "x"
    assert got.facts.blank_rows == 1


def test_mixed_line_breaks_everywhere(read: ReadText) -> None:
    got = read('t\ra,b\r\n1,"x\ry"\n2,3\r4,5\r\n\rS,9', header_rows=[2], footer_rows=1)
    assert (got.rows, got.facts.footer_rows, got.facts.blank_rows) == ([3, 5, 6], [8], 1)


def test_group_labels_are_not_carried_on(read: ReadText) -> None:
    got = read("Umsatz,,Kosten,\nPlan,Ist,Plan,Ist\n1,2,3,4\n", header_rows=[1, 2])
    assert got.columns == ["Umsatz Plan", "Ist", "Kosten Plan", "Ist#2"]


def test_ragged_header_rows(read: ReadText) -> None:
    got = read("2024\na,b\nEUR,,x\n1,2,3\n", header_rows=[1, 2, 3], header_join=" / ")
    assert got.columns == ["2024 / a / EUR", "b", "x"]


@pytest.mark.parametrize(
    ("text", "words"), [("Title\n", {"header_rows": [3]}), ("Title\n\n\n", {"header_rows": [4]}), ("", {})]
)
def test_files_without_a_table(read: ReadText, text: str, words: dict[str, object]) -> None:
    with pytest.raises(DeliveryError):
        read(text, **words)


@pytest.mark.parametrize(("columns", "rows", "seconds"), [(5_000, 1_000, 20), (17_000, 20, 20)])
def test_thousands_of_columns(tmp_path: Path, columns: int, rows: int, seconds: float) -> None:
    path = tmp_path / "wide.csv"
    record = ",".join(["x"] * (columns - 1) + ['"y,""z"'])
    path.write_text(",".join(["same"] * columns) + "\n" + f"{record}\n" * rows + f"{record},\n")
    began = time.process_time()
    got = drain(read_table(path, Format(ragged="pad"), "en_US"))
    assert time.process_time() - began < seconds
    assert (len(got.columns), got.columns[-1]) == (columns, f"same#{columns}")
    assert (got.facts.records, got.facts.malformed, got.facts.padded_rows) == (rows + 1, 0, 1)
    assert got.cells[-1] == ["x"] * (columns - 1) + ['y,"z']


def test_a_field_as_long_as_a_record_may_be(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    value = 'x,"\n' * ((grammar.MAX_RECORD_CHARS - 1000) // 5)
    path.write_text('a,b\n1,"' + value.replace('"', '""') + '"\n2,3\n')
    got = drain(read_table(path, Format(), "en_US"))
    assert got.cells == [["1", value], ["2", "3"]]
