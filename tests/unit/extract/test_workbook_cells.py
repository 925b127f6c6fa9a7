"""What the cells of workbooks read as, whoever wrote them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlwt

from pipelines.errors import DeliveryError
from pipelines.extract.disguise import what_it_is
from pipelines.extract.workbook import peek
from tests.unit.extract.conftest import Got
from tests.unit.extract.test_workbook import read_book
from tests.unit.extract.workbooks import (
    STRICT,
    STRICT_OFFICE,
    biff5,
    formats,
    ods,
    parts_of,
    xlsb,
    xlsx,
    zipped,
)

__all__ = ["read_book"]

ReadBook = Callable[..., Got]
NAMES: dict[str, Any] = {"header_rows": [], "names": ["a"]}


def one(read_book: ReadBook, cell: str, **words: str) -> str:
    """The text of one cell of an .xlsx."""
    got = read_book(xlsx(f'<row r="1">{cell}</row>', **words), locale="en_US", header_rows=[], names=["a"])
    return str(got.cells[0][0]) if got.cells else ""


@pytest.mark.parametrize(
    ("shared", "text"),
    [
        ("<si><t>plain</t></si>", "plain"),
        ('<si><t xml:space="preserve">  kept  </t></si>', "  kept  "),
        ('<si><r><t>rich</t></r><r><rPr><b/></rPr><t xml:space="preserve"> text</t></r></si>', "rich text"),
        ('<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></si>', "東京"),
        ("<si><t>a_x000D_\nb</t></si>", "a\r\nb"),
        ("<si><t>_x005F_x000D_</t></si>", "_x000D_"),
        ("<si><t>&lt;a&gt; &amp; &#66;</t></si>", "<a> & B"),
        ("<si><t>007</t></si>", "007"),
        ("<si><t>2024-05-01</t></si>", "2024-05-01"),
    ],
)
def test_shared_texts(read_book: ReadBook, shared: str, text: str) -> None:
    assert one(read_book, '<c r="A1" t="s"><v>0</v></c>', shared=shared) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A1" t="inlineStr"><is><t>in</t></is></c>', "in"),
        ('<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh sb="0" eb="1"><t>X</t></rPh></is></c>', "ab"),
        ('<c r="A1" t="str"><f>"0"&amp;7</f><v>07</v></c>', "07"),
        ('<c r="A1"><f t="shared" ref="A1:A9" si="0">1+1</f><v>2</v></c>', "2"),
        ('<c r="A1"><f t="shared" si="0"/><v>3</v></c>', "3"),
        ('<c r="A1"><f t="shared" si="0"/></c>', "#NOT_CALCULATED"),
        ('<c r="A1"><f>A9</f><v></v></c>', "#NOT_CALCULATED"),
        ('<c r="A1" t="str"><f>A9</f><v></v></c>', ""),
        ('<c r="A1" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="A1" t="e"><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="A1" t="e"><v>#SPILL!</v></c>', "#SPILL!"),
        ('<c r="A1" t="e"><v>Err:508</v></c>', "Err:508"),
        ('<c r="A1" t="d"><v>2024-05-01</v></c>', "2024-05-01"),
        ('<c r="A1" t="d"><v>2024-05-01T10:20:30.5</v></c>', "2024-05-01 10:20:30.500"),
        ('<c r="A1"><v>1E-7</v></c>', "0.0000001"),
        ('<c r="A1"><v>123456789012345</v></c>', "123456789012345"),
        ('<c r="A1" t="n"><v>0.1</v></c>', "0.1"),
        ("<c><v>5</v></c>", "5"),
        ('<c t="e"><v>#REF!</v></c>', "#REF!"),
        ("<c r='A1' t = 'e'><v>#REF!</v></c>", "#REF!"),
        ('<c\n r="A1"\n t="e"><v>#REF!</v></c>', "#REF!"),
    ],
)
def test_kinds_of_cells(read_book: ReadBook, cell: str, text: str) -> None:
    assert one(read_book, cell) == text


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("00000", "1234", "01234"),
        ("00000", "123456", "123456"),
        ("00000", "-7", "-00007"),
        ("00000", "7.5", "7.5"),
        ("00000", "0", "00000"),
        ("0", "7", "7"),
        ("0.00", "7", "7"),
        ("00-00", "1234", "1234"),
        ("000;-000", "7", "7"),
        ("0%", "0.05", "0.05"),
        ("#,##0.00 &quot;€&quot;", "12.5", "12.5"),
        ("[$-407]d. mmmm yyyy", "45413", "2024-05-01"),
        ("dd.mm.yyyy hh:mm", "45413.5", "2024-05-01 12:00:00"),
        ("dd.mm.yyyy", "1", "1900-01-01"),
        ("dd.mm.yyyy", "59", "1900-02-28"),
        ("dd.mm.yyyy", "60", "1900-02-29"),
        ("dd.mm.yyyy hh:mm", "60.25", "1900-02-29 06:00:00"),
        ("dd.mm.yyyy", "61", "1900-03-01"),
        ("dd.mm.yyyy", "2958465", "9999-12-31"),
        ("dd.mm.yyyy", "2958466", "2958466"),
        ("dd.mm.yyyy", "-1", "-1"),
        ("hh:mm", "-0.5", "-0.5"),
        ("hh:mm", "0", "00:00:00"),
        ("hh:mm:ss.000", "0.500001", "12:00:00.086"),
        ("[h]:mm", "1.5625", "37:30:00"),
        ("[h]:mm", "-0.25", "-06:00:00"),
        ("&quot;Day&quot; 0", "7", "7"),
        ("General", "60", "60"),
    ],
)
def test_numbers_by_their_format(read_book: ReadBook, code: str, value: str, text: str) -> None:
    assert one(read_book, f'<c r="A1" s="1"><v>{value}</v></c>', styles=formats(code)) == text


@pytest.mark.parametrize(("value", "text"), [("1", "1904-01-02"), ("60", "1904-03-01"), ("43951", "2024-05-01")])
@pytest.mark.parametrize("flag", ["1", "true"])
def test_dates_counted_from_1904(read_book: ReadBook, value: str, text: str, flag: str) -> None:
    cell = f'<c r="A1" s="1"><v>{value}</v></c>'
    assert one(read_book, cell, styles=formats("dd.mm.yyyy"), workbook=f'<workbookPr date1904="{flag}"/>') == text


def test_masks_and_false_dates_in_many_rows(read_book: ReadBook) -> None:
    rows = "".join(
        f'<row r="{i}"><c r="A{i}" s="1"><v>{i}</v></c><c r="B{i}" s="2"><v>{"60" if i % 7 == 0 else "59"}</v></c>'
        f'<c r="C{i}"><v>60</v></c></row>'
        for i in range(1, 30_000)
    )
    got = read_book(xlsx(rows, styles=formats("000000", "dd.mm.yyyy")), header_rows=[], names=["a", "b", "c"])
    days = ["1900-02-28", "1900-02-29"]
    assert got.cells == [[f"{i:06}", days[i % 7 == 0], "60"] for i in range(1, 30_000)]


def test_addresses_may_be_missing_or_out_of_order(read_book: ReadBook) -> None:
    rows = (
        '<row><c><v>1</v></c><c t="e"><v>#N/A</v></c></row>'
        '<row r="4"><c><v>2</v></c><c/><c t="e"><v>#REF!</v></c></row>'
        '<row r="3"><c r="B3"><v>4</v></c><c r="A3"><v>3</v></c></row>'
    )
    got = read_book(xlsx(rows), header_rows=[], names=["a", "b", "c"])
    assert (got.rows, got.cells) == ([1, 3, 4], [["1", "#N/A", ""], ["3", "4", ""], ["2", "", "#REF!"]])


@pytest.mark.parametrize("reference", ["A1", "A1:XFD1048576", "nonsense", ""])
def test_a_dimension_that_is_not_true(read_book: ReadBook, reference: str) -> None:
    data = xlsx('<row r="2"><c r="C2"><v>1</v></c></row>', before=f'<dimension ref="{reference}"/>')
    got = read_book(data, header_rows=[], names=["a", "b", "c"])
    assert (got.rows, got.cells) == ([2], [["", "", "1"]])


ROWS = '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="e"><v>#N/A</v></c></row>'
SHARED = "<si><t>head</t></si>"


def moved(parts: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {k.replace(old, new): (v.replace(old, new) if isinstance(v, str) else v) for k, v in parts.items()}


def coded(parts: dict[str, Any], codec: str) -> dict[str, Any]:
    return {
        k: v.replace("UTF-8", codec.upper()).encode(codec) if k.startswith("xl/") and not k.endswith("rels") else v
        for k, v in parts.items()
    }


PARTS = parts_of(ROWS, shared=SHARED)
PRODUCERS: dict[str, Any] = {
    "Excel": PARTS,
    "strict": parts_of(ROWS, shared=SHARED, main=STRICT, office=STRICT_OFFICE),
    "absolute targets": parts_of(ROWS, shared=SHARED, target="/xl/worksheets/sheet1.xml"),
    "dotted targets": parts_of(ROWS, shared=SHARED, target="./worksheets/../worksheets/sheet1.xml"),
    "targets with backslashes": parts_of(ROWS, shared=SHARED, target="worksheets\\sheet1.xml"),
    "targets in other case": parts_of(ROWS, shared=SHARED, target="Worksheets/Sheet1.XML"),
    "names in other case": moved(PARTS, "xl/", "XL/"),
    "names with backslashes": {k.replace("/", "\\") if k.startswith("xl/work") else k: v for k, v in PARTS.items()},
    "a main part of another name": moved(PARTS, "workbook.xml", "workbook2.xml"),
    "another folder": moved(PARTS, "xl/", "book/"),
    "no package relations": {k: v for k, v in PARTS.items() if k != "_rels/.rels"},
    "no content types": {k: v for k, v in PARTS.items() if not k.startswith("[")},
    "no styles": {k: v for k, v in PARTS.items() if "styles" not in k},
    "UTF-16": coded(PARTS, "utf-16"),
    "byte order marks": coded(PARTS, "utf-8-sig"),
    "another prefix of relations": {
        k: v.replace("xmlns:r=", "xmlns:q=").replace("r:id", "q:id") if isinstance(v, str) else v
        for k, v in PARTS.items()
    },
}


@pytest.mark.parametrize("producer", PRODUCERS)
def test_files_of_other_producers(read_book: ReadBook, producer: str, tmp_path: Path) -> None:
    data = zipped(PRODUCERS[producer])
    got = read_book(data)
    assert (got.columns, got.cells, got.facts.sheet_name) == (["head"], [["#N/A"]], "S")
    path = tmp_path / "peeked"
    path.write_bytes(data)
    assert [(s.name, s.rows) for s in peek(path)] == [("S", [["head"], ["#N/A"]])]


def test_prefixed_elements_everywhere(read_book: ReadBook) -> None:
    prefixed = {
        k: v.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
        if isinstance(v, str) and k.startswith("xl/") and not k.endswith("rels")
        else v
        for k, v in PARTS.items()
    }
    got = read_book(zipped(prefixed))
    assert (got.columns, got.cells) == (["head"], [["#N/A"]])


def test_peeking_reads_no_more_than_it_shows(tmp_path: Path) -> None:
    shared = "".join(f"<si><t>text {i}</t></si>" for i in range(5000))
    rows = "".join(f'<row r="{i}"><c r="B{i}" t="s"><v>{i - 1}</v></c></row>' for i in range(2, 5001))
    path = tmp_path / "f"
    path.write_bytes(xlsx(rows, shared=shared, before='<dimension ref="B2:B5000"/>'))
    found = peek(path, 4)[0]
    assert found.rows == [[], ["", "text 1"], ["", "text 2"], ["", "text 3"]]
    assert found.extent == (5000, 2)
    assert peek(path, 6000)[0].extent == (5000, 2)
    assert peek(path, 6000)[0].rows[4999] == ["", "text 4999"]


def old_workbook(edit: Callable[[xlwt.Worksheet], object], **words: Any) -> bytes:
    workbook = xlwt.Workbook()
    workbook.dates_1904 = words.get("dates_1904", False)
    edit(workbook.add_sheet("S"))
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def test_cells_of_the_old_format(read_book: ReadBook) -> None:
    def fill(sheet: xlwt.Worksheet) -> None:
        mask, day = xlwt.easyxf(num_format_str="00000"), xlwt.easyxf(num_format_str="DD.MM.YYYY")
        for column, name in enumerate(["plz", "tag", "zahl", "text", "ja"]):
            sheet.write(0, column, name)
        for row, (plz, serial) in enumerate([(1234, 45413), (99, 60), (7.25, -3), (12345678, 59.5)], start=1):
            sheet.write(row, 0, plz, mask)
            sheet.write(row, 1, serial, day)
            sheet.write(row, 2, row / 8)
            if row > 2:
                sheet.write(row, 3, f"00{row}")
            sheet.write(row, 4, row % 2 == 0)
        sheet.write_merge(1, 2, 3, 3, "001")
        sheet.row(3).hidden = True

    data = old_workbook(fill)
    got = read_book(data, merged_cells="blank")
    assert got.cells == [
        ["01234", "2024-05-01", "0,125", "001", "FALSE"],
        ["00099", "1900-02-29", "0,25", "", "TRUE"],
        ["7,25", "-3", "0,375", "003", "FALSE"],
        ["12345678", "1900-02-28 12:00:00", "0,5", "004", "TRUE"],
    ]
    assert [c[3] for c in read_book(data).cells] == ["001", "001", "003", "004"]
    assert read_book(data, hidden_rows="skip").rows == [2, 3, 5]


def test_dates_of_1904_in_the_old_format(read_book: ReadBook) -> None:
    day = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    data = old_workbook(lambda sheet: [sheet.write(0, 0, "d"), sheet.write(1, 0, 43951, day)], dates_1904=True)
    assert read_book(data).cells == [["2024-05-01"]]


def test_excel_5(read_book: ReadBook) -> None:
    got = read_book(biff5([["Name", "Betrag"], ["Müller", 2039.41], ["x", None]]))
    assert (got.columns, got.cells) == (["Name", "Betrag"], [["Müller", "2039,41"], ["x", "#N/A"]])


def test_masks_hidden_rows_and_merged_cells_of_the_binary_format(read_book: ReadBook) -> None:
    data = xlsb(["plz", "b"], [1234.0, "x"], [99.0, None], mask="00000", hidden={2}, merged=[(1, 0, 2, 0)])
    assert read_book(data, merged_cells="blank").cells == [["01234", "x"], ["00099", "#N/A"]]
    assert read_book(data).cells == [["01234", "x"], ["01234", "#N/A"]]
    assert read_book(data, hidden_rows="skip").rows == [2]


def ods_cell(kind: str, text: str = "", more: str = "") -> str:
    shown = "".join(f"<text:p>{line}</text:p>" for line in text.split("|")) if text else ""
    return f'<table:table-cell office:value-type="{kind}" {more}>{shown}</table:table-cell>'


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (ods_cell("float", "2,5", 'office:value="2.5"'), "2.5"),
        (ods_cell("float", "01234", 'office:value="1234"'), "01234"),
        (ods_cell("float", "-0012", 'office:value="-12"'), "-0012"),
        (ods_cell("float", "0", 'office:value="0.4"'), "0.4"),
        (ods_cell("float", "0012", 'office:value="11.6"'), "11.6"),
        (ods_cell("percentage", "5%", 'office:value="0.05"'), "0.05"),
        (ods_cell("currency", "12,50 €", 'office:currency="EUR" office:value="12.5"'), "12.5"),
        (ods_cell("boolean", "WAHR", 'office:boolean-value="true"'), "TRUE"),
        (ods_cell("date", "1.5.24", 'office:date-value="2024-05-01"'), "2024-05-01"),
        (ods_cell("date", "x", 'office:date-value="2024-05-01T10:20:30.5"'), "2024-05-01 10:20:30.500"),
        (ods_cell("time", "x", 'office:time-value="PT13H05M00S"'), "13:05:00"),
        (ods_cell("time", "x", 'office:time-value="PT37H30M00.2500000S"'), "37:30:00.250"),
        (ods_cell("time", "x", 'office:time-value="-PT36H00M00S"'), "-36:00:00"),
        (ods_cell("string", "one|two"), "one\ntwo"),
        (ods_cell("string", 'a<text:s text:c="3"/>b<text:tab/>c<text:line-break/>d'), "a   b\tc\nd"),
        (ods_cell("string", "a <text:span>b</text:span> &amp; <text:a>c</text:a>"), "a b & c"),
        (ods_cell("string", "007"), "007"),
        (ods_cell("string", "#DIV/0!", 'table:formula="of:=1/0" calcext:value-type="error"'), "#DIV/0!"),
        (ods_cell("float", "#DIV/0!", 'table:formula="of:=1/0" office:value="0"'), "#DIV/0!"),
        (ods_cell("string", "#N/A"), "#N/A"),
    ],
)
def test_cells_of_open_documents(read_book: ReadBook, cell: str, text: str) -> None:
    got = read_book(ods(f"<table:table-row>{cell}</table:table-row>"), locale="en_US", **NAMES)
    assert got.cells == [[text]]


def test_comments_and_covered_cells_of_open_documents(read_book: ReadBook) -> None:
    note = "<office:annotation><text:p>a comment</text:p></office:annotation><text:p>text</text:p>"
    rows = (
        f'<table:table-cell office:value-type="string">{note}</table:table-cell>',
        ods_cell("string", "x", 'table:number-columns-repeated="2"')
        + "<table:covered-table-cell/>"
        + ods_cell("string", "y"),
    )
    data = ods(*(f"<table:table-row>{row}</table:table-row>" for row in rows))
    got = read_book(data, header_rows=[], names=["a", "b", "c", "d"])
    assert got.cells == [["text", "", "", ""], ["x", "x", "", "y"]]


@pytest.mark.parametrize(
    ("head", "kind", "advice"),
    [
        (b"<html><table><tr><td>1</td></tr></table></html>", "an HTML page", "no format word reads HTML"),
        (b"\xef\xbb\xbf\r\n<META http-equiv='x'><table>", "an HTML page", "`type: csv`"),
        ("<html><body>".encode("utf-16"), "an HTML page", ".xlsx"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "an HTML page", ".xlsx"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
         "an XML spreadsheet of Excel 2003", "record_path: Workbook/Worksheet/Table/Row"),
        (b"<?xml version='1.0'?><list><row/></list>", "an XML document", "type: xml"),
        (b"a\tb\r\n1\t2\r\n", "text delimited by tabs", r'`type: csv, delimiter: "\t"`'),
        (b"a;b,c\n1;2,5\n3;4\n", "text delimited by ;", '`type: csv, delimiter: ";"`'),
        (b"M\xfcller,1\nb,2\n", "text delimited by ,", '`type: csv, delimiter: ","`'),
        ("a\tb\n1\t2\n".encode("utf-16"), "text delimited by tabs", "type: csv"),
        (b"just words\nand more\n", "plain text", "type: fixed"),
        (b'[{"a": 1}]', "a JSON document", "type: json"),
        (b"%PDF-1.7 ...", "a PDF document", ".xlsx"),
        (b"ID;PWXL;N;E\n", "a SYLK file", ".xlsx"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00", "a workbook of Excel 4", ".xlsx"),
        (b"PAR1\x15\x04", "a Parquet file", "type: parquet"),
        (b"\x1f\x8b\x08\x00", "a gzip archive", "gunzip"),
        (bytes(range(256)), "a file that is no workbook", ".xlsx"),
        (b" \n\n", "nothing but white space", "again"),
        (b"", "no bytes at all", "again"),
    ],
)  # fmt: skip
def test_what_is_sent_under_the_name_of_a_workbook(read_book: ReadBook, head: bytes, kind: str, advice: str) -> None:
    assert what_it_is(head)[0] == kind
    with pytest.raises(DeliveryError, match=f"got {kind}; expected a workbook") as caught:
        read_book(head)
    assert advice in caught.value.next_step


def test_a_word_document_is_no_workbook(read_book: ReadBook) -> None:
    data = zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"})
    with pytest.raises(DeliveryError, match="an Office file that is no workbook"):
        read_book(data)
