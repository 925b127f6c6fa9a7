"""Exports by GDPdU: any separators, lengths and encodings of an index, and what an index is refused for."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipelines.errors import DeliveryError
from pipelines.extract.facts import FileFacts
from pipelines.extract.messages.gdpdu_index import Beside, index_names, read_index
from pipelines.extract.reader import read_table
from pipelines.extract.reading import open_table, read
from pipelines.profile import Format
from tests.samples.gdpdu import column, day, index, number, table

AB = [column("a"), column("b")]


def export(folder: Path, data: bytes, *tables: str, name: str = "data.csv") -> Path:
    (folder / "index.xml").write_text(index(*tables), encoding="utf-8")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def rows(path: Path, name: str | None = None, **words: Any) -> tuple[list[tuple[Any, ...]], FileFacts]:
    reader = read_table(path, Format(type="gdpdu", **words), "en_US", name=name)
    found = []
    for batch in reader.batches():
        assert batch.schema == reader.schema
        for row in batch.to_pylist():
            number, problem, _, _, *cells = row.values()
            found.append((number, problem) if problem else (number, *cells))
    return found, reader.facts


def test_defaults_of_the_standard(tmp_path: Path) -> None:
    """Semicolon, CRLF, double quotes, cp1252."""
    path = export(tmp_path, 'ä;"x;""y"""\r\n1;2\r\n'.encode("cp1252"), table("data.csv", AB))
    found, facts = rows(path)
    assert found == [(1, "ä", 'x;"y"'), (2, "1", "2")]
    assert (facts.columns, facts.encoding, facts.warnings) == (["a", "b"], "cp1252", [])


def test_a_primary_key_that_is_repeated_or_missing_is_told(tmp_path: Path) -> None:
    keyed = [column("a", key=True), column("b", key=True), column("c")]
    sound = b"1;1;x\r\n1;2;x\r\n11;;x\r\n"
    assert rows(export(tmp_path, sound, table("data.csv", keyed)))[1].warnings == []
    found, facts = rows(export(tmp_path, sound + b"1;2;y\r\n;;z\r\n 1;1;x\r\n", table("data.csv", keyed)))
    assert len(found) == 6
    assert facts.warnings == [
        "2 records whose primary key, 'a', 'b', stands there before (rows 4, 6)",
        "1 records without their primary key, 'a', 'b' (rows 5)",
    ]


CODECS = {
    "ANSI": "cp1252", "OEM": "cp850", "Macintosh": "mac-roman", "UTF8": "utf-8", "UTF16": "utf-16", "UTF7": "utf-7",
}  # fmt: skip


@pytest.mark.parametrize(("page", "codec"), CODECS.items())
def test_code_pages(tmp_path: Path, page: str, codec: str) -> None:
    path = export(tmp_path, "äöü;ß\r\n".encode(codec), table("data.csv", AB, before=f"<{page}/>"))
    assert rows(path)[0] == [(1, "äöü", "ß")]


def test_text_that_is_utf8_is_told_where_the_index_says_no_code_page_or_another(tmp_path: Path) -> None:
    found, facts = rows(export(tmp_path, "ä;b\r\n".encode(), table("data.csv", AB)))
    assert found == [(1, "ä", "b")]
    assert facts.warnings == ["the text is UTF-8, the index says none: is read so"]
    found, facts = rows(export(tmp_path, "ä;b\r\n".encode(), table("data.csv", AB, before="<ANSI/>")))
    assert found == [(1, "Ã¤", "b")]
    assert facts.warnings == ["the text is UTF-8, the index says cp1252: is read in it all the same"]
    assert rows(export(tmp_path, "ä;b\r\n".encode("cp1252"), table("data.csv", AB)))[0] == [(1, "ä", "b")]


def test_a_byte_order_mark_counts_more_than_the_index(tmp_path: Path) -> None:
    path = export(tmp_path, "ä;b\r\n".encode("utf-8-sig"), table("data.csv", AB))
    found, facts = rows(path)
    assert found == [(1, "ä", "b")]
    assert "a mark of utf-8" in facts.warnings[0]


@pytest.mark.parametrize(
    ("how", "data", "expected"),
    [
        ("<ColumnDelimiter>||</ColumnDelimiter>", b"1||2|3\r\n", [(1, "1", "2|3")]),
        ("<ColumnDelimiter>&#9;</ColumnDelimiter><RecordDelimiter>&#10;</RecordDelimiter>", b"1\t2\n", [(1, "1", "2")]),
        ("<RecordDelimiter>|R|</RecordDelimiter>", b"1;2|R|3;4|R|", [(1, "1", "2"), (2, "3", "4")]),
        ("<RecordDelimiter>|R|</RecordDelimiter>", b'"1;";2|R|"";4', [(1, "1;", "2"), (2, "", "4")]),
        ("<RecordDelimiter>#</RecordDelimiter><TextEncapsulator></TextEncapsulator>", b'"1;2#\r\n', [(1, '"1', "2")]),
        ("<TextEncapsulator>'</TextEncapsulator>", b"'1;''';\"\r\n", [(1, "1;'", '"')]),
        ("<TextEncapsulator></TextEncapsulator>", b'"1;"2\r\n', [(1, '"1', '"2')]),
        (
            "<ColumnDelimiter>|C|</ColumnDelimiter><RecordDelimiter>|R|</RecordDelimiter><TextEncapsulator>|E|</TextEncapsulator>",
            b"|E|a|C|b|E||E|c|R||E||C|2\r\n2|R|3|C||E||E||R|",
            [(1, "a|C|b|E|c|R|", "2\r\n2"), (2, "3", "")],
        ),
        ("<TextEncapsulator>**</TextEncapsulator>", b"**a\r\nb**;c\r\nd;e", [(1, "a\r\nb", "c"), (3, "d", "e")]),
    ],
)  # fmt: skip
def test_any_separators(tmp_path: Path, how: str, data: bytes, expected: list[tuple[Any, ...]]) -> None:
    assert rows(export(tmp_path, data, table("data.csv", AB, how=how)))[0] == expected


@pytest.mark.parametrize("how", ["<RecordDelimiter>|R|</RecordDelimiter>", "<TextEncapsulator>##</TextEncapsulator>"])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, how: str) -> None:
    end = b"|R|" if "|R|" in how else b"\r\n"
    path = export(tmp_path, b"1;2" + end + b"3", table("data.csv", AB, how=how))
    with pytest.raises(DeliveryError, match="truncated"):
        rows(path)


def test_a_delimiter_behind_the_last_cell_is_no_cell(tmp_path: Path) -> None:
    path = export(tmp_path, b"1;2;\r\n3;4;\r\n5;6;x\r\n", table("data.csv", AB))
    found, facts = rows(path)
    assert found == [(1, "1", "2"), (2, "3", "4"), (3, "5", "6")]
    assert facts.warnings == ["the index has no column for what stands at the end of 1 records (rows 3)"]


def test_records_that_do_not_fit_are_malformed_with_their_line(tmp_path: Path) -> None:
    found, facts = rows(export(tmp_path, b"1;2\r\n3\r\n4;5;6\r\n", table("data.csv", AB)))
    assert found[0] == (1, "1", "2")
    assert [r[0] for r in found[1:]] == [2, 3]
    assert facts.malformed == 2


FIXED = [column("a", place=(1, 3), key=True), column("b", number(2), place=(4, 9))]


@pytest.mark.parametrize(
    ("how", "data"),
    [
        ("", b"abc  1,50\r\nde  -2,00\r\n"),
        ("<RecordDelimiter>&#10;</RecordDelimiter>", b"abc  1,50\nde  -2,00\n"),
        ("<RecordDelimiter>#</RecordDelimiter>", b"abc  1,50#de  -2,00#"),
        ("<Length>9</Length>", b"abc  1,50de  -2,00"),
        ("<Length>11</Length>", b"abc  1,50  de  -2,00  "),
        ("<Length>11</Length>", b"abc  1,50\r\nde  -2,00\r\n"),
    ],
)
def test_fixed_length(tmp_path: Path, how: str, data: bytes) -> None:
    found, facts = rows(export(tmp_path, data, table("data.csv", FIXED, how=how)))
    assert [r[1:] for r in found] == [("abc", "1,50"), ("de", "-2,00")]
    assert facts.warnings == []


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ("<From>2</From>", ["2", "3", "4"]),
        ("<From>2</From><To>3</To>", ["2", "3"]),
        ("<From>3</From><Length>1</Length>", ["3"]),
    ],
)
def test_records_outside_the_range_are_counted_apart(tmp_path: Path, bounds: str, expected: list[str]) -> None:
    path = export(tmp_path, b"1;a\r\n2;b\r\n3;c\r\n4;d\r\n", table("data.csv", AB, before=f"<Range>{bounds}</Range>"))
    found, facts = rows(path)
    assert [(r[0], r[1]) for r in found] == [(int(n), n) for n in expected]
    assert facts.records + facts.preamble_rows + facts.outside_rows == 4


def test_a_header_in_another_order_than_the_index_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path, b"b;a\r\n1;2\r\n", table("data.csv", AB, before="<Range><From>2</From></Range>"))
    with pytest.raises(DeliveryError, match="another order") as error:
        rows(path)
    assert "data.csv:1, column 1" in str(error.value)


def test_bytes_to_skip_are_no_record_and_lines_are_still_those_of_the_file(tmp_path: Path) -> None:
    path = export(tmp_path, b"lead\r\nin\r\n1;2\r\n", table("data.csv", AB, before="<SkipNumBytes>10</SkipNumBytes>"))
    assert rows(path)[0] == [(3, "1", "2")]


def test_an_implied_accuracy_is_made_plain_and_misfits_are_told(tmp_path: Path) -> None:
    columns = [
        column("i", "<Numeric><ImpliedAccuracy>2</ImpliedAccuracy></Numeric>"), column("n", number(2)),
        column("d", day("YYYY-MM-DD")), column("t", "<AlphaNumeric/><MaxLength>3</MaxLength>"),
    ]  # fmt: skip
    path = export(
        tmp_path, b"12345;1.234,50;2026-01-31;abc\r\n-7;1,234;31.01.2026;abcd\r\n", table("data.csv", columns)
    )
    found, facts = rows(path)
    assert found == [(1, "123,45", "1.234,50", "2026-01-31", "abc"), (2, "-0,07", "1,234", "31.01.2026", "abcd")]
    assert [w.split(" holds")[0] for w in facts.warnings] == ["column 'n'", "column 'd'", "column 't'"]
    assert all(w.endswith("(rows 2)") for w in facts.warnings)


def test_symbols_of_the_table_count(tmp_path: Path) -> None:
    before = "<DecimalSymbol>.</DecimalSymbol><DigitGroupingSymbol>,</DigitGroupingSymbol>"
    path = export(tmp_path, b"1,234.50\r\n1.234,50\r\n", table("data.csv", [column("n", number(2))], before=before))
    assert "1 cells do not (rows 2)" in rows(path)[1].warnings[0]


@pytest.mark.parametrize("url", ["data/jan/a.csv", "data\\jan\\A.CSV", "./data/jan/a.csv", "a.csv", "data/jan/a%2Ecsv"])
def test_files_are_found_by_the_path_of_the_index(tmp_path: Path, url: str) -> None:
    path = export(tmp_path, b"1;2\r\n", table(url, AB), table("other.csv", FIXED), name="data/jan/a.csv")
    assert rows(path)[0] == [(1, "1", "2")]
    assert rows(path, name="client/data/jan/a.csv")[0] == [(1, "1", "2")]


def test_a_table_can_be_named(tmp_path: Path) -> None:
    tables = (table("a.csv", AB, name="Kunden"), table("a.csv", [column("x")], name="Lieferanten"))
    path = export(tmp_path, b"1;2\r\n", *tables, name="today.csv")
    assert rows(path, table="kunden")[0] == [(1, "1", "2")]
    with pytest.raises(DeliveryError, match="not named in its index"):
        rows(path)
    with pytest.raises(DeliveryError, match=r"2 tables for a\.csv; expected one; name one in `table`: Kunden, Lief"):
        rows(export(tmp_path, b"1;2\r\n", *tables, name="a.csv"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no index.xml beside the file"),
        ("", "no bytes at all"),
        ("<DataSet>", "index.xml:1, column"),
        ("<Data/>", "No declaration for element Data"),
        (index(table("data.csv", AB)).replace("<URL>data.csv</URL>", ""), "index.xml:7; got Element Table content"),
        (index(table("data.csv", AB)).replace("<Version>1.0</Version>", ""), "index.xml:3; got Element DataSet"),
        (index(table("data.csv", [column("a"), column("a")])), "column 'a' twice"),
        (index(table("data.csv", AB, before="<SkipNumBytes>x</SkipNumBytes>")), "SkipNumBytes; got 'x'"),
        (index(table("data.csv", AB, before="<Range><From>3</From><To>2</To></Range>")), "a range from 3 to 2"),
        (
            index(table("data.csv", AB)).replace('"gdpdu-01-09-2004.dtd"', '"x" [<!ENTITY e "boom">]'),
            "a declaration of an entity",
        ),
        (
            index(table("other.csv", AB)),
            "at data.csv; got data.csv; expected one of the 1 tables of index.xml: other.csv",
        ),
    ],
)
def test_an_index_that_is_missing_or_malformed_is_told_with_its_place(
    tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"1;2\r\n")
    if content is not None:
        (tmp_path / "index.xml").write_text(content, encoding="utf-8")
    with pytest.raises(DeliveryError) as error:
        rows(path)
    assert said in str(error.value)


def test_all_the_index_says_is_known(tmp_path: Path) -> None:
    keys = "<ForeignKey><Name>a</Name><References>T</References><Alias><From>a</From><To>x</To></Alias></ForeignKey>"
    mapped = "<AlphaNumeric/><Map><From>1</From><To>ja</To></Map>"
    text = index(table("data.csv", [column("a", key=True), column("b", mapped), keys], before="<Epoch>50</Epoch>"))
    (tmp_path / "index.xml").write_text(text, encoding="utf-8")
    (found,) = read_index(Beside(tmp_path / "index.xml", "index.xml")).tables
    assert (found.epoch, found.foreign_keys) == (50, ("a → T",))
    assert [(c.is_key, c.maps) for c in found.columns] == [(True, ()), (False, (("1", "ja"),))]


_MAPS = (("S", "Soll"), ("H", "Haben"), ("T", "1"), ("T", "2"))
CODED = column("S/H", "<AlphaNumeric/>" + "".join(f"<Map><From>{code}</From><To>{to}</To></Map>" for code, to in _MAPS))


@pytest.mark.parametrize(
    ("maps", "columns", "expected", "said"),
    [
        ("code", ["S/H", "n"], [("S", "1"), ("H", "1"), ("T", "1"), ("X", "1"), ("", "1")],
         "they are read as they are; `maps: meaning` or `maps: both`"),
        ("meaning", ["S/H", "n"], [("Soll", "1"), ("Haben", "1"), ("T", "1"), ("X", "1"), ("", "1")], "two for 'T'"),
        ("both", ["S/H", "S/H (meaning)", "n"],
         [("S", "Soll", "1"), ("H", "Haben", "1"), ("T", "", "1"), ("X", "", "1"), ("", "", "1")],
         "2 cells whose code has none"),
    ],
)  # fmt: skip
def test_codes_are_read_as_the_profile_says(
    tmp_path: Path, maps: str, columns: list[str], expected: list[tuple[str, ...]], said: str
) -> None:
    path = export(tmp_path, b"S;1\r\nH;1\r\nT;1\r\nX;1\r\n;1\r\n", table("data.csv", [CODED, column("n", number(0))]))
    found, facts = rows(path, maps=maps)
    assert [row[1:] for row in found] == expected
    assert facts.columns == columns
    assert any(said in warning for warning in facts.warnings)
    assert all(w.startswith("column 'S/H' has codes with meanings in the index (line 7)") for w in facts.warnings)


def test_numbers_have_no_meanings_by_the_standard_and_names_stay_apart(tmp_path: Path) -> None:
    numeric = column("n", "<Numeric/><Map><From>1</From><To>x</To></Map>")
    found, facts = rows(export(tmp_path, b"1\r\n", table("data.csv", [numeric])), maps="meaning")
    assert (found, facts.warnings[0].endswith("the standard maps text only")) == ([(1, "1")], True)
    with pytest.raises(DeliveryError, match="a column 'S/H \\(meaning\\)' of its own"):
        rows(export(tmp_path, b"S;1\r\n", table("data.csv", [CODED, column("S/H (meaning)")])), maps="both")


@pytest.mark.parametrize("there", ["more.csv", "elsewhere/MORE.CSV", "more.csv.gz", "rest.zip", "rest.tar.xz", None])
def test_a_table_whose_file_did_not_come_is_told_and_the_rest_read(tmp_path: Path, there: str | None) -> None:
    path = export(tmp_path, b"1;2\r\n", table("data.csv", AB), table("sub/more.csv", AB, name="Mehr"))
    if there == "rest.zip":
        with zipfile.ZipFile(tmp_path / there, "w") as pack:
            pack.writestr("more.csv", "")
    elif there == "rest.tar.xz":
        with tarfile.open(tmp_path / there, "w:xz") as tar:
            tar.addfile(tarfile.TarInfo("more.csv"))
    elif there:
        (tmp_path / there).parent.mkdir(exist_ok=True)
        (tmp_path / there).write_bytes(gzip.compress(b"") if there.endswith(".gz") else b"")
    found, facts = rows(path)
    assert found == [(1, "1", "2")]
    assert facts.warnings == ([] if there else [
        "tables of the export are missing; at index.xml; got no file sub/more.csv (table 'Mehr', line 8); expected the "
        "files of all 2 tables that it names. client to act: send them, or an index without them; what came is read"
    ])  # fmt: skip


def test_a_table_that_is_missing_in_an_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("index.xml", index(table("a.csv", AB), table("b.csv", AB), table("../c.csv", AB)))
        file.writestr("a.csv", "1;2\r\n")
    _, reader = open_table(f"{path}!/a.csv", {"type": "gdpdu"})
    with reader:
        list(reader.batches())
        (warning,) = reader.facts.warnings
    assert "got no file b.csv (table 'b.csv', line 8); expected the files of all 3" in warning


def test_what_an_index_says_and_nobody_acts_on_is_told(tmp_path: Path) -> None:
    key = "<ForeignKey><Name>a</Name><Name>c</Name><References>Nowhere</References></ForeignKey>"
    path = export(tmp_path, b"1;2\r\n", table("data.csv", [*AB, key]))
    text = index(table("data.csv", [*AB, key])).replace("<Media>", "<Command>format c:</Command><Media>", 1)
    extension = "<Extension><Name>more</Name><URL>more.xml</URL></Extension><Version>"
    (tmp_path / "index.xml").write_text(text.replace("<Version>", extension), encoding="utf-8")
    (warning,) = rows(path)[1].warnings
    assert warning == (
        "index.xml says what is not acted on: Extension 'more' in line 4, Command 'format c:' in line 6, ForeignKey to "
        "'Nowhere', which is no table of the index, in line 7, ForeignKey of 'c', which is no column of the table, in "
        "line 7"
    )


LONG = [column("a", place=(1, 3)), column("b", number(2), place=(4, 8))]


@pytest.mark.parametrize(
    ("how", "data"),
    [
        ("<Length>8</Length>", b"abc12,34def56,78"),
        ("<Length>8</Length>", b"abc12,34\r\ndef56,78\r\n"),
        ("<Length>10</Length>", b"abc12,34\r\ndef56,78\r\n"),
        ("<RecordDelimiter>|R|</RecordDelimiter>", b"abc12,34|R|def56,78|R|"),
        ("", b"abc12,34\ndef56,78"),
    ],
)
def test_records_of_fixed_length_end_in_every_way_of_the_standard(tmp_path: Path, how: str, data: bytes) -> None:
    found, facts = rows(export(tmp_path, data, table("data.csv", LONG, how=how)))
    assert [row[1:] for row in found] == [("abc", "12,34"), ("def", "56,78")]
    assert facts.warnings == []


def test_a_file_of_fixed_length_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path, b"abc12,34def56,7", table("data.csv", LONG, how="<Length>8</Length>"))
    with pytest.raises(DeliveryError, match=r"truncated; at data\.csv, record 2"):
        rows(path)


def test_tables_of_several_media_are_tables_of_one_export(tmp_path: Path) -> None:
    path = export(tmp_path, b"1;2\r\n", table("data.csv", AB))
    second = "</Media><Media><Name>2</Name>" + table("more.csv", AB) + "<AcceptNoTables>true</AcceptNoTables></Media>"
    text = index(table("first.csv", FIXED)).replace("</Media>", second).replace("more.csv", "data.csv")
    (tmp_path / "index.xml").write_text(text, encoding="utf-8")
    (tmp_path / "first.csv").write_bytes(b"")
    found, facts = rows(path)
    assert (found, facts.warnings) == ([(1, "1", "2")], [])


def test_members_of_an_archive_have_their_index_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("disk/INDEX.XML", index(table("data/a.csv", AB)))
        file.writestr("disk/data/a.csv", "1;2\r\n")
    (chunk,) = read(f"{path}!/disk/data/a.csv", {"type": "gdpdu"})
    assert [r.cells for r in chunk.rows()] == [["1", "2"]]


def test_indexes_are_looked_for_from_the_file_upwards() -> None:
    assert index_names("a/b/c.csv", "/x/index.xml") == ["x/index.xml"]
    assert index_names("c.csv", "INDEX.XML") == ["INDEX.XML"]


def test_a_copy_is_removed_when_the_file_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = export(tmp_path, b"xx1;2\r\n", table("data.csv", AB, before="<SkipNumBytes>2</SkipNumBytes>"))
    _, reader = open_table(path, {"type": "gdpdu"})
    with reader:
        assert len(list((tmp_path / "tmp").iterdir())) == 1
    assert list((tmp_path / "tmp").iterdir()) == []


cell = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).filter(
    lambda text: text.strip(" \u00a0") == text
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(cell, cell), min_size=1, max_size=6),
    st.sampled_from([";", "|", "||", "|C|", "\t"]),
    st.sampled_from(["\r\n", "\n", "|R|", "§"]),
    st.sampled_from(['"', "'", "[E]", "<>"]),
)
def test_what_is_written_is_read_back(
    tmp_path: Path, records: list[tuple[str, str]], delimiter: str, end: str, quote: str
) -> None:
    assume(not end.startswith(delimiter))

    def shown(text: str) -> str:
        return "".join(f"&#{ord(c)};" for c in text)

    how = (
        f"<ColumnDelimiter>{shown(delimiter)}</ColumnDelimiter><RecordDelimiter>{shown(end)}</RecordDelimiter>"
        f"<TextEncapsulator>{shown(quote)}</TextEncapsulator>"
    )
    data = "".join(
        delimiter.join(quote + text.replace(quote, quote * 2) + quote for text in record) + end for record in records
    )
    path = export(tmp_path, data.encode("cp1252"), table("data.csv", AB, how=how, before="<ANSI/>"))
    assert [r[1:] for r in rows(path)[0]] == records
