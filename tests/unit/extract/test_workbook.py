from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.errors import DeliveryError
from pipelines.extract import container, parts
from pipelines.extract.celltext import render
from pipelines.extract.reader import read_table
from pipelines.extract.workbook import SheetPeek, peek
from pipelines.profile import Format
from tests.unit.extract.conftest import Got, drain
from tests.unit.extract.workbooks import ods, ole, xls, xlsb, zipped

ReadBook = Callable[..., Got]


@pytest.fixture
def read_book(tmp_path: Path) -> ReadBook:
    """Write bytes under a name without an ending, as the archive has it, and read them as a workbook."""

    def _read(data: bytes, cells: Sequence[str] = (), locale: str = "de_DE", **words: Any) -> Got:
        path = tmp_path / "f00d"
        path.write_bytes(data)
        return drain(read_table(path, Format(type="xlsx", **words), locale, cells=cells, name="list.xlsx"))

    return _read


def book(*rows: Sequence[Any], edit: Callable[[Worksheet], object] = lambda sheet: None) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(row)
    edit(sheet)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def with_sheet_xml(data: bytes, old: str, new: str) -> bytes:
    """The workbook with its sheet edited by hand."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, str | bytes] = {n: archive.read(n) for n in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    text = bytes(parts[name]).decode()  # type: ignore[arg-type]
    if old not in text:
        text = text.replace(" />", "/>").replace("<v></v>", "<v/>")
    assert old in text
    return zipped({**parts, name: text.replace(old, new)})


def test_rows_and_types(read_book: ReadBook) -> None:
    moment = dt.datetime(2024, 5, 1, 10, 29, 59, 999_900)
    got = read_book(
        book(
            ["Nr", "Betrag", "Datum", "Zeit", "Dauer", "aktiv"],
            ["007", 2039.41, dt.date(2024, 5, 1), dt.time(13, 5), dt.timedelta(hours=37, minutes=30), True],
            [12.0, -0.5, moment, None, None, False],
        )
    )
    assert got.columns == ["Nr", "Betrag", "Datum", "Zeit", "Dauer", "aktiv"]
    assert got.cells == [
        ["007", "2039,41", "2024-05-01", "13:05:00", "37:30:00", "TRUE"],
        ["12", "-0,5", "2024-05-01 10:30:00", "", "", "FALSE"],
    ]
    assert got.rows == [2, 3]
    assert (got.facts.sheet_name, got.facts.encoding, got.facts.warnings) == ("Sheet", None, [])


@pytest.mark.parametrize(
    ("value", "locale_sign", "text"),
    [
        (1234567.5, ",", "1234567,5"),
        (0.1 + 0.2, ".", "0.3"),
        (1e-07, ",", "0,0000001"),
        (1.5e16, ".", "15000000000000000"),
        (-0.0, ".", "0"),
        (5, ".", "5"),
        (True, ".", "TRUE"),
        (dt.datetime(2024, 5, 1), ".", "2024-05-01 00:00:00"),
        (dt.datetime(2024, 5, 1, 1, 2, 3, 250_400), ".", "2024-05-01 01:02:03.250"),
        (dt.time(23, 59, 59, 400), ".", "23:59:59"),
        (dt.timedelta(minutes=-5), ".", "-00:05:00"),
        (dt.timedelta(seconds=1, milliseconds=500), ".", "00:00:01.500"),
        (" as typed ", ".", " as typed "),
    ],
)
def test_render(value: Any, locale_sign: str, text: str) -> None:
    assert render(value, locale_sign) == text


def test_years_counted_from_1904(read_book: ReadBook) -> None:
    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["Datum"])
    sheet.append([dt.date(2024, 5, 1)])
    out = io.BytesIO()
    workbook.save(out)
    assert read_book(out.getvalue()).cells == [["2024-05-01"]]


def test_table_that_does_not_begin_in_the_corner(read_book: ReadBook) -> None:
    data = book(
        [], [None, "Stand:", dt.date(2024, 5, 31)], [], [None, "Nr", "Betrag"], [None, "1", 2.5], [None, "Summe", 2.5]
    )
    got = read_book(data, header_rows=[4], footer_rows=1, cells=["C2", "B5", "Z99"])
    assert got.columns == ["column 1", "Nr", "Betrag"]
    assert got.cells == [["", "1", "2,5"]]
    assert (got.rows, got.facts.footer, got.facts.footer_rows) == ([5], [["", "Summe", "2,5"]], [6])
    assert got.facts.cells == {"C2": "2024-05-31", "B5": "1", "Z99": ""}
    assert (got.facts.preamble_rows, got.facts.header_rows) == (3, 1)


def test_header_of_two_rows_and_names(read_book: ReadBook) -> None:
    data = book(["Betrag", None, "Nr"], ["netto", "brutto"], [1, 2, 3])
    assert read_book(data, header_rows=[1, 2]).columns == ["Betrag netto", "brutto", "Nr"]
    got = read_book(data, header_rows=[], names=["a", "b", "c"], preamble_rows=2)
    assert (got.columns, got.cells, got.facts.header_rows) == (["a", "b", "c"], [["1", "2", "3"]], 0)


def test_blank_and_hidden_rows(read_book: ReadBook) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[2].hidden = True

    got = read_book(book(["a"], ["hidden"], [], [" "], ["x"], edit=hide))
    assert (got.cells, got.rows, got.facts.blank_rows) == ([["hidden"], ["x"]], [2, 5], 2)


def test_cells_beyond_the_header(read_book: ReadBook) -> None:
    got = read_book(book(["a", "b", None], ["1", "2", " "], ["1", None, None, "stray"], ["3"]))
    assert got.columns == ["a", "b"]
    assert got.records == [
        [2, None, None, "1", "2"],
        [3, "has 4 cells, the header has 2", "1\t\t\tstray", None, None],
        [4, None, None, "3", ""],
    ]


def test_which_sheet(read_book: ReadBook) -> None:
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert isinstance(first, Worksheet)
    first.title, first.sheet_state = "Hidden", "hidden"
    first.append(["h"])
    workbook.create_chartsheet("Chart")
    for name in ("Jan", "Feb"):
        workbook.create_sheet(name).append([name])
    out = io.BytesIO()
    workbook.save(out)
    data = out.getvalue()
    assert read_book(data).columns == ["Jan"]
    assert read_book(data, sheet="Feb").facts.sheet_name == "Feb"
    assert read_book(data, sheet=1).columns == ["h"]
    assert read_book(data, sheet=3).columns == ["Feb"]
    for wish in ("feb", 4):
        with pytest.raises(DeliveryError, match=f"sheets 'Hidden', 'Jan', 'Feb'; expected sheet {wish!r}"):
            read_book(data, sheet=wish)


def test_errors_read_as_their_text(read_book: ReadBook) -> None:
    got = read_book(book(["a", "b"], ["#N/A", 1], [2, "#DIV/0!"], ['t="e"', "ok"]), cells=["B3"])
    assert got.cells == [["#N/A", "1"], ["2", "#DIV/0!"], ['t="e"', "ok"]]
    assert got.facts.cells == {"B3": "#DIV/0!"}


def test_formulas_without_a_result(read_book: ReadBook) -> None:
    data = book(["a", "b"], ["x", "=1+1"], ["y", "=A2"])
    got = read_book(data)
    assert got.cells == [["x", "#NOT_CALCULATED"], ["y", "#NOT_CALCULATED"]]
    assert got.facts.warnings == ["2 formulas without a stored result, first at B2: read as #NOT_CALCULATED"]
    done = with_sheet_xml(data, "<f>1+1</f><v/>", "<f>1+1</f><v>2</v>")
    empty = with_sheet_xml(done, '<c r="B3"><f>A2</f><v/>', '<c r="B3" t="str"><f>A2</f><v></v>')
    assert read_book(empty).cells == [["x", "2"], ["y", ""]]


def test_formulas_without_a_result_below_everything_else(read_book: ReadBook) -> None:
    got = read_book(book(["a", "b"], ["x", 1], [], [None, "=SUM(B2:B2)"]), footer_rows=1)
    assert (got.cells, got.facts.footer, got.facts.footer_rows) == ([["x", "1"]], [["", "#NOT_CALCULATED"]], [4])


def test_prefixed_elements(read_book: ReadBook) -> None:
    data = book(["a", "b"], ["x", "#N/A"], ["y", "=A2"])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    prefixed = re.sub(r"<(/?)(\w)", r"<\1x:\2", xml).replace("xmlns=", "xmlns:x=")
    assert read_book(with_sheet_xml(data, xml, prefixed)).cells == [["x", "#N/A"], ["y", "#NOT_CALCULATED"]]


def test_scan_over_block_borders(read_book: ReadBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts.Parts.blocks, "__defaults__", (50,))
    rows = [["x", "#N/A"] if i % 3 else ["y", "=1+1"] for i in range(30)]
    got = read_book(book(["a", "b"], *rows))
    assert [c[1] for c in got.cells] == ["#N/A" if i % 3 else "#NOT_CALCULATED" for i in range(30)]


def test_long_numbers_are_doubted(read_book: ReadBook) -> None:
    got = read_book(book(["card"], [1234567890123456.0], [123456789012345.0], ["text of more than 15 characters"]))
    assert got.cells[0] == ["1234567890123456"]
    assert got.facts.warnings == ["1 number of more than 15 digits, first at A2: Excel does not keep the last digits"]


def test_nul_in_a_cell(read_book: ReadBook) -> None:
    got = read_book(xlsb(["a", "b"], ["x\0y", 1]))
    assert got.records == [[2, "holds a NUL byte", "x\u2400y\t1", None, None]]


def test_header_is_empty(read_book: ReadBook) -> None:
    with pytest.raises(DeliveryError, match=r"header not found; at list\.xlsx:2; got an empty row in sheet 'Sheet'"):
        read_book(book(["a"], [], ["x"]), header_rows=[2])
    with pytest.raises(DeliveryError, match=r"list\.xlsx:9"):
        read_book(book(["a"]), header_rows=[9])


def test_old_format(read_book: ReadBook) -> None:
    got = read_book(xls(), sheet="Zweite")
    assert got.cells == [["Müller", "2039,41", "2024-05-01"], ["x", "#N/A", ""]]


def test_damaged_old_format_does_not_take_the_process_down(read_book: ReadBook) -> None:
    good = xls()
    outcomes = set()
    for at in range(600, len(good) - 1, 331):
        damaged = bytearray(good)
        damaged[at : at + 2] = b"\xff\x7f"
        try:
            read_book(bytes(damaged))
            outcomes.add("read")
        except DeliveryError:
            outcomes.add("refused")
    assert "refused" in outcomes


def test_binary_format(read_book: ReadBook) -> None:
    got = read_book(xlsb(["Name", "Betrag"], ["x", 2.5], ["y", None]))
    assert got.cells == [["x", "2,5"], ["y", "#N/A"]]


def cell(kind: str, text: str = "", more: str = "") -> str:
    body = f"<text:p>{text}</text:p>" if text else ""
    return f'<table:table-cell office:value-type="{kind}" {more}>{body}</table:table-cell>'


def row(*cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def test_open_document(read_book: ReadBook) -> None:
    error = cell("string", "#DIV/0!", 'office:string-value="" calcext:value-type="error"')
    got = read_book(
        ods(
            row(cell("string", "Nr"), cell("string", "Betrag"), cell("string", "Dauer")),
            row('<table:table-cell table:number-columns-repeated="3"/>', times=2),
            row(
                cell("string", "007"),
                cell("float", "2,5", 'office:value="2.5"'),
                cell("time", "x", 'office:time-value="PT37H30M00S"'),
            ),
            row("<table:table-cell/>", error, cell("time", "x", 'office:time-value="PT01H02M03S"'), times=2),
            row('<table:table-cell table:number-columns-repeated="16384"/>', times=1_000_000),
        )
    )
    assert got.cells == [["007", "2,5", "37:30:00"], ["", "#DIV/0!", "01:02:03"], ["", "#DIV/0!", "01:02:03"]]
    assert (got.rows, got.facts.blank_rows) == ([4, 5, 6], 2)


FAR = book(["a"], edit=lambda sheet: sheet.cell(1_048_576, 16_384, value=1))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no bytes at all"),
        (b"a;b\n1;2\n", r"got text delimited by ;.*write `type: csv, delimiter: \";\"`"),
        (zipped({"a.csv": "x"}), "a zip archive that is no workbook"),
        (book(["a"])[:2000], "a damaged file"),
        (xls()[:3000], "a damaged file"),
        (b"PK\x03\x04", "a damaged file"),
        (zipped({"xl/workbook.xml": "<x/>"}), "a damaged file"),
        (ole("EncryptedPackage"), "got a workbook with a password that cannot be opened"),
        (ole("WordDocument"), "an Office file that is no workbook"),
        (FAR, "a sheet that reaches to row 1048576, column 16384"),
        (
            ods(row(cell("float", "1", 'office:value="1" table:number-columns-repeated="9999"'), times=9999)),
            "column 9999",
        ),
    ],
)
def test_files_that_cannot_be_used(read_book: ReadBook, data: bytes, message: str) -> None:
    with pytest.raises(DeliveryError, match=message) as caught:
        read_book(data)
    assert caught.value.where == "list.xlsx"


def test_limits(read_book: ReadBook, monkeypatch: pytest.MonkeyPatch) -> None:
    data = book(["a"], ["x"])
    monkeypatch.setattr(container, "MAX_UNPACKED_BYTES", 500)
    with pytest.raises(DeliveryError, match="bytes when unpacked; expected at most 500 bytes"):
        read_book(data)
    monkeypatch.setattr(container, "MAX_FILE_BYTES", 100)
    with pytest.raises(DeliveryError, match="expected at most 100 bytes"):
        read_book(data)


def test_peek(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert isinstance(first, Worksheet)
    first.title, first.sheet_state = "Hidden", "hidden"
    workbook.create_chartsheet("Chart")
    sheet = workbook.create_sheet("List")
    sheet["B3"], sheet["C3"], sheet["B4"] = "Nr", "#N/A", 2.5
    path = tmp_path / "file"
    workbook.save(path)
    assert peek(path) == [
        SheetPeek("Hidden", False, [], (0, 0)),
        SheetPeek("List", True, [[], [], ["", "Nr", "#N/A"], ["", "2.5"]], (4, 3)),
    ]
    assert peek(path, rows=3)[1].rows == [[], [], ["", "Nr", "#N/A"]]
