"""What the words of a format mean in a workbook."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract import workbook as module
from pipelines.sheetrows import row_number, sheet_address
from tests.unit.extract.conftest import Got
from tests.unit.extract.test_workbook import book, read_book
from tests.unit.extract.workbooks import ods

__all__ = ["read_book"]

ReadBook = Callable[..., Got]
Rows = Sequence[Sequence[Any]]


def sheets(tables: dict[str, Rows], edit: Callable[[openpyxl.Workbook], object] = lambda b: None) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in tables.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    edit(workbook)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def accounted(got: Got) -> int:
    """Rows of the file that stand in some count."""
    facts = got.facts
    counts = (
        facts.records, facts.header_rows, facts.preamble_rows, facts.blank_rows, facts.hidden_rows,
        facts.repeated_header_rows, facts.outside_rows, len(facts.footer_rows),
    )  # fmt: skip
    return sum(counts)


MONTHS: dict[str, Rows] = {
    "Jan": [["Nr", "Betrag"], ["1", 10], ["2", 20], ["Summe", 30]],
    "Notes": [["nothing"]],
    "Feb": [["Nr", "Betrag"], [], ["3", 5], ["Summe", 5]],
    "Mar": [["Nr", "Betrag"], ["4", 7, "stray"], ["Summe", 7]],
}


def test_several_sheets_are_one_feed(read_book: ReadBook) -> None:
    got = read_book(sheets(MONTHS), sheet=["Jan", "/^(Feb|Mar)$/", 1], footer_rows=1, cells=["B2", "Z9"])
    assert got.columns == ["Nr", "Betrag"]
    assert got.rows == [2, 3, row_number(1, 3), row_number(2, 2)]
    assert got.cells == [["1", "10"], ["2", "20"], ["3", "5"], [None, None]]
    assert got.problems == {row_number(2, 2): "has 3 cells, the header has 2"}
    assert [sheet_address(row, got.facts.sheets) for row in got.rows] == ["Jan:2", "Jan:3", "Feb:3", "Mar:2"]
    assert (got.facts.sheets, got.facts.sheet_name) == (["Jan", "Feb", "Mar"], "Jan")
    assert got.facts.footer == [["Summe", "30"], ["Summe", "5"], ["Summe", "7"]]
    assert got.facts.footer_rows == [4, row_number(1, 4), row_number(2, 3)]
    assert got.facts.cells == {"B2": "10", "Z9": ""}, "those of the first sheet"
    assert (got.facts.header_rows, got.facts.blank_rows) == (3, 1)
    assert accounted(got) == 4 + 4 + 3


def test_the_order_of_the_list_is_that_of_reading_and_chunks_do_not_matter(
    read_book: ReadBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE_ROWS", 1)
    got = read_book(sheets(MONTHS), sheet=["Mar", "Jan"], footer_rows=1, merged_cells="blank")
    assert got.facts.sheets == ["Mar", "Jan"]
    assert got.rows == [2, row_number(1, 2), row_number(1, 3)]
    assert got.facts.footer_rows == [3, row_number(1, 4)]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["Nr", "Summe"], "got a header without Betrag and with Summe"),
        (["Betrag", "Nr"], "in another order: column 1 is Betrag, not Nr"),
        (["Nr"], "got a header without Betrag"),
    ],
)
def test_sheets_with_different_headers(read_book: ReadBook, header: list[str], message: str) -> None:
    data = sheets({"Jan": MONTHS["Jan"], "Feb": [header, ["1", "2"]]})
    with pytest.raises(DeliveryError, match=message) as caught:
        read_book(data, sheet=["Jan", "Feb"])
    assert caught.value.where == "list.xlsx, sheet 'Feb'"
    assert caught.value.expected == "the header of sheet 'Jan'"


def test_a_sheet_whose_footer_is_missing(read_book: ReadBook) -> None:
    data = sheets({"Jan": [["Nr"]], "Feb": [["Nr"], ["1"], ["Summe"]]})
    with pytest.raises(DeliveryError, match=r"footer is missing; at list\.xlsx, sheet 'Jan'; got 0 records"):
        read_book(data, sheet=["Jan", "Feb"], footer_rows=1)


def test_a_pattern_alone_means_one_sheet(read_book: ReadBook) -> None:
    data = sheets({"KW 44": [["a"]], "KW 45": [["b"]], "Legende": [["c"]]})
    assert read_book(data, sheet="/^Leg/").columns == ["c"]
    assert read_book(data, sheet=["/KW 45/"]).columns == ["b"]
    with pytest.raises(DeliveryError, match=r"got sheets 'KW 44', 'KW 45', which all fit /KW/; .*`sheet: \['/KW/'\]`"):
        read_book(data, sheet="/KW/")
    with pytest.raises(DeliveryError, match="expected sheet '/Quartal/'"):
        read_book(data, sheet=["KW 44", "/Quartal/"])


def test_hidden_sheets_are_read_only_when_they_are_named(read_book: ReadBook) -> None:
    def hide(workbook: openpyxl.Workbook) -> None:
        workbook["Hid"].sheet_state, workbook["Very"].sheet_state = "hidden", "veryHidden"

    data = sheets({"Hid": [["h"]], "Very": [["v"]], "Shown": [["s"]]}, hide)
    assert read_book(data).columns == ["s"]
    assert [read_book(data, sheet=name).columns for name in ("Hid", "Very", 1, 2)] == [["h"], ["v"], ["h"], ["v"]]
    with pytest.raises(DeliveryError, match="expected sheet '/Hid/'"):
        read_book(data, sheet="/Hid/")


TABLE: Rows = [
    ["Report of May"],
    [],
    ["x", "Nr", "Name", "Betrag", "note"],
    ["x", "1", "a", 10, "?"],
    ["x", "2", "b", 20],
    ["x"],
    ["x", "3", "c", 30, "?"],
    ["end"],
]


@pytest.mark.parametrize(
    ("words", "columns", "rows", "preamble", "blank", "outside"),
    [
        ({"range": "B3:D7"}, ["Nr", "Name", "Betrag"], [4, 5, 7], 2, 1, 1),
        ({"range": "$B$3:$D$5"}, ["Nr", "Name", "Betrag"], [4, 5], 2, 0, 3),
        ({"range": "b:d", "header_rows": [3]}, ["Nr", "Name", "Betrag"], [4, 5, 7], 2, 2, 0),
        ({"range": "B3:D"}, ["Nr", "Name", "Betrag"], [4, 5, 7], 2, 2, 0),
        ({"range": "3:5"}, ["x", "Nr", "Name", "Betrag", "note"], [4, 5], 2, 0, 3),
        ({"range": "B5:D7", "header_rows": [3]}, ["Nr", "Name", "Betrag"], [5, 7], 3, 1, 1),
        ({"range": "B3:G7"}, ["Nr", "Name", "Betrag", "note", "column 5", "column 6"], [4, 5, 7], 2, 1, 1),
        ({"range": "B4:C7", "header_rows": [], "names": ["n", "m"]}, ["n", "m"], [4, 5, 7], 3, 1, 1),
        ({"header_rows": [3], "end_row": 5}, ["x", "Nr", "Name", "Betrag", "note"], [4, 5], 2, 0, 3),
        ({"range": "B3:D7", "end_row": 4}, ["Nr", "Name", "Betrag"], [4], 2, 0, 4),
        ({"range": "B3:D8", "end_at": "blank"}, ["Nr", "Name", "Betrag"], [4, 5], 2, 0, 3),
        ({"header_rows": [3], "end_at": "^end$"}, ["x", "Nr", "Name", "Betrag", "note"], [4, 5, 6, 7], 2, 0, 1),
        ({"header_rows": [3], "end_at": r"^x\t2\tb"}, ["x", "Nr", "Name", "Betrag", "note"], [4], 2, 0, 4),
    ],
)
def test_where_the_table_is(
    read_book: ReadBook,
    words: dict[str, Any],
    columns: list[str],
    rows: list[int],
    preamble: int,
    blank: int,
    outside: int,
) -> None:
    got = read_book(book(*TABLE), cells=["A1", "A8"], **words)
    assert (got.columns, got.rows) == (columns, rows)
    assert (got.facts.preamble_rows, got.facts.blank_rows, got.facts.outside_rows) == (preamble, blank, outside)
    assert got.facts.cells == {"A1": "Report of May", "A8": "end"}, "wherever they stand"
    assert accounted(got) == len(TABLE)


def test_cells_beside_the_range_are_not_looked_at(read_book: ReadBook) -> None:
    got = read_book(book(["a", "b", None], ["1", "2", "stray"], [None, None, "alone"]), range="A:B")
    assert (got.cells, got.problems, got.facts.blank_rows) == ([["1", "2"]], {}, 1)


@pytest.mark.parametrize("words", ["B4", "H:B", "B9:C3", "4:B", "B:", "A0:B2", "Sheet1!A1:B2"])
def test_a_range_that_is_none(read_book: ReadBook, words: str) -> None:
    with pytest.raises(DeclarationError, match="range of the sheet not understood"):
        read_book(book(["a"]), range=words)


def test_the_end_of_the_table_is_found_over_pieces(read_book: ReadBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE_ROWS", 2)
    data = book(["a"], *[[str(i)] for i in range(5)], [], ["rest"], [], ["more"])
    got = read_book(data, end_at="blank", footer_rows=1)
    assert (got.rows, got.facts.footer_rows, got.facts.outside_rows, got.facts.blank_rows) == ([2, 3, 4, 5], [6], 4, 0)


def merge(*ranges: str) -> Callable[[Worksheet], object]:
    return lambda sheet: [sheet.merge_cells(r) for r in ranges]


MERGED: Rows = [
    ["Betrag", None, "Nr", "Ort"],
    ["netto", "brutto", None, None],
    [1, 2, "a", "Ulm"],
    [3, None, "b", None],
    ["#N/A", None, "c", "Bonn"],
]
MERGES = merge("A1:B1", "C1:C2", "D1:D2", "D3:D4", "A4:B4", "A5:B5")


def test_merged_cells(read_book: ReadBook) -> None:
    data = book(*MERGED, edit=MERGES)
    got = read_book(data, header_rows=[1, 2])
    assert got.columns == ["Betrag netto", "Betrag brutto", "Nr", "Ort"]
    assert got.cells == [["1", "2", "a", "Ulm"], ["3", "3", "b", "Ulm"], ["#N/A", "#N/A", "c", "Bonn"]]
    got = read_book(data, header_rows=[1, 2], merged_cells="blank")
    assert got.columns == ["Betrag netto", "brutto", "Nr", "Ort"]
    assert got.cells == [["1", "2", "a", "Ulm"], ["3", "", "b", ""], ["#N/A", "", "c", "Bonn"]]


def test_merged_cells_of_an_open_document(read_book: ReadBook) -> None:
    def cell(text: str, more: str = "") -> str:
        return f'<table:table-cell office:value-type="string" {more}><text:p>{text}</text:p></table:table-cell>'

    wide = 'table:number-columns-spanned="2" table:number-rows-spanned="2"'
    rows = (
        cell("a") + cell("b") + cell("c"),
        cell("m", wide) + "<table:covered-table-cell/>" + cell("1"),
        '<table:covered-table-cell table:number-columns-repeated="2"/>' + cell("2"),
    )
    data = ods(*(f"<table:table-row>{r}</table:table-row>" for r in rows))
    assert read_book(data).cells == [["m", "m", "1"], ["m", "m", "2"]]
    assert read_book(data, merged_cells="blank").cells == [["m", "", "1"], ["", "", "2"]]


def test_hidden_rows(read_book: ReadBook, monkeypatch: pytest.MonkeyPatch) -> None:
    def hide(sheet: Worksheet) -> None:
        for row in (1, 3, 4, 6):
            sheet.row_dimensions[row].hidden = True

    data = book(["title"], ["a"], ["hidden"], [], ["x"], ["hidden"], ["sum"], edit=hide)
    monkeypatch.setattr(module, "PIECE_ROWS", 2)
    got = read_book(data, header_rows=[2], hidden_rows="skip", footer_rows=1, end_at="blank")
    assert (got.cells, got.rows, got.facts.hidden_rows, got.facts.footer_rows) == ([["x"]], [5], 3, [7])
    assert (got.facts.blank_rows, got.facts.preamble_rows, accounted(got)) == (0, 1, 7)
    assert read_book(data, header_rows=[2]).rows == [3, 5, 6, 7]


def test_hidden_rows_of_an_open_document(read_book: ReadBook) -> None:
    def row(text: str, more: str = "") -> str:
        cell = f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        return f"<table:table-row {more}>{cell}</table:table-row>"

    data = ods(row("a"), row("x", 'table:visibility="filter" table:number-rows-repeated="2"'), row("y"))
    got = read_book(data, hidden_rows="skip")
    assert (got.cells, got.rows, got.facts.hidden_rows) == ([["y"]], [4], 2)


def test_headers_that_are_said_again(read_book: ReadBook) -> None:
    page: Rows = [["Nr", "Betrag"], ["", "EUR"]]
    data = book(*page, ["1", 5], *page, ["2", 6], ["Nr ", " Betrag"], ["Nr", "Betrag", "x"], ["Nr", "other"])
    got = read_book(data, header_rows=[1, 2], repeated_headers="skip")
    assert (got.columns, got.rows) == (["Nr", "Betrag EUR"], [3, 6, 8, 9])
    assert (got.facts.repeated_header_rows, accounted(got)) == (3, 9)
    assert len(read_book(data, header_rows=[1, 2]).rows) == 7
    named = read_book(book(["1", "2"], ["a", "b"]), header_rows=[], names=["a", "b"], repeated_headers="skip")
    assert (named.rows, named.facts.repeated_header_rows) == ([1], 1)


def test_rows_before_the_first_record_of_a_sheet_without_header(read_book: ReadBook) -> None:
    tables: dict[str, Rows] = {"A": [["title"], ["1", 2]], "B": [["title"], ["3", 4]]}
    got = read_book(sheets(tables), sheet=[1, 2], header_rows=[], names=["n", "m"], preamble_rows=1)
    assert (got.cells, got.facts.preamble_rows) == ([["1", "2"], ["3", "4"]], 2)


def test_an_empty_sheet_has_no_header(read_book: ReadBook) -> None:
    with pytest.raises(DeliveryError, match="header not found"):
        read_book(book())
