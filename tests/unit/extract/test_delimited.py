from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract import grammar
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.unit.extract.conftest import ReadText


def test_plain_file(read: ReadText) -> None:
    got = read("a,b\n1,x\n2,\n")
    assert got.columns == ["a", "b"]
    assert got.records == [[2, None, None, "1", "x"], [3, None, None, "2", ""]]
    assert (got.facts.records, got.facts.malformed, got.facts.header_rows) == (2, 0, 1)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_line_breaks(read: ReadText, line_break: str) -> None:
    got = read(line_break.join(["a,b", "1,2", "", '"x\r\ny",4', "5,6"]))
    assert got.cells == [["1", "2"], ["x\r\ny", "4"], ["5", "6"]]
    assert got.rows == [2, 4, 6]
    assert got.facts.blank_rows == 1


def test_mixed_line_breaks(read: ReadText) -> None:
    got = read("a,b\r\n1,2\n3,4\r5,6\r\n")
    assert got.rows == [2, 3, 4]


def test_row_number_is_the_line_a_record_starts_on(read: ReadText) -> None:
    got = read('a,b\n1,"x\ny\n\nz"\n2,3\n')
    assert got.cells == [["1", "x\ny\n\nz"], ["2", "3"]]
    assert got.rows == [2, 6]


def test_ragged_records_stay_one_row_each(read: ReadText) -> None:
    got = read("a,b,c\n1,2,3\n1,2\n1,2,3,4\nx\n4,5,6\n")
    assert got.records[1:4] == [
        [3, "has 2 cells, the header has 3", "1,2", None, None, None],
        [4, "has 4 cells, the header has 3", "1,2,3,4", None, None, None],
        [5, "has 1 cell, the header has 3", "x", None, None, None],
    ]
    assert (got.facts.records, got.facts.malformed) == (5, 3)


def test_ragged_records_without_header(read: ReadText) -> None:
    got = read("1;2\n3\n", delimiter=";", header_rows=[], names=["a", "b"])
    assert got.problems == {2: "has 1 cell, 2 names are declared"}


def test_delimiter_at_every_line_end_is_an_unnamed_column(read: ReadText) -> None:
    got = read("a;b;\n1;2;\n", delimiter=";")
    assert got.columns == ["a", "b", "column 3"]
    assert got.cells == [["1", "2", ""]]


def test_blank_records_are_counted_apart(read: ReadText) -> None:
    got = read("a;b\n\n1;2\n;\n \t\u00a0;\n  \n3;4\n\x1a", delimiter=";")
    assert got.rows == [3, 7]
    assert got.facts.blank_rows == 5


def test_no_newline_at_the_end(read: ReadText) -> None:
    assert read("a,b\n1,2").cells == [["1", "2"]]


def test_only_a_header(read: ReadText) -> None:
    got = read("a,b\n")
    assert (got.columns, got.records, got.facts.records) == (["a", "b"], [], 0)


def test_names_are_trimmed_unique_and_never_empty(read: ReadText) -> None:
    got = read('" a ",b,b,,"Betrag\n(EUR)",b,__raw\n1,2,3,4,5,6,7\n')
    assert got.columns == ["a", "b", "b#2", "column 4", "Betrag (EUR)", "b#3", "__raw#2"]
    assert got.rows == [3]


def test_header_below_a_preamble(read: ReadText) -> None:
    text = 'Report "of May\n\nStand;31.05.2024\nNr;Betrag\n1;2\n'
    got = read(text, delimiter=";", header_rows=[4], cells=["B3", "A1", "B5"])
    assert got.columns == ["Nr", "Betrag"]
    assert got.rows == [5]
    assert (got.facts.preamble_rows, got.facts.header_rows) == (3, 1)
    assert got.facts.cells == {"B3": "31.05.2024", "A1": 'Report "of May', "B5": "2"}


def test_header_of_two_rows(read: ReadText) -> None:
    got = read("Betrag,,Konto\nnetto,brutto,\nignored,x,y\n1,2,3\n", header_rows=[1, 2])
    assert got.columns == ["Betrag netto", "brutto", "Konto"]
    assert got.rows == [3, 4]


def test_header_rows_with_a_gap(read: ReadText) -> None:
    got = read("a,b\n---,---\nc,d\n1,2\n", header_rows=[1, 3], header_join="/")
    assert got.columns == ["a/c", "b/d"]
    assert (got.facts.header_rows, got.facts.preamble_rows) == (2, 1)


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ("x\ny\n", {"header_rows": [4]}, "a file of 2 lines"),
        ("x\n\n1,2\n", {"header_rows": [2]}, "a blank line"),
        ('"a\nb",c\n1,2\n', {"header_rows": [1, 2]}, "a header that goes on to line 2"),
        ('"a"x,c\n1,2\n', {}, "a line that has text after the closing quote of cell 1"),
        ("x\n", {"header_rows": [], "names": ["a"], "preamble_rows": 3}, "a file of 1 line"),
    ],
)
def test_header_not_found(read: ReadText, text: str, words: dict[str, object], message: str) -> None:
    with pytest.raises(DeliveryError, match=message):
        read(text, **words)


def test_preamble_without_header(read: ReadText) -> None:
    got = read("title\n\n1,2\n", header_rows=[], names=["a", "b"], preamble_rows=2)
    assert (got.rows, got.facts.preamble_rows, got.facts.header_rows) == ([3], 2, 0)


def test_comments_are_counted_apart(read: ReadText) -> None:
    got = read('a,b\n# 1,2\n3,4\n#"x\n5,#6\n', comment_char="#", cells=["B2"])
    assert got.cells == [["3", "4"], ["5", "#6"]]
    assert got.rows == [3, 5]
    assert (got.facts.comment_rows, got.facts.cells) == (2, {"B2": "2"})


def test_a_header_may_begin_with_the_comment_sign(read: ReadText) -> None:
    assert read("#id,b\n#x\n1,2\n", comment_char="#").columns == ["#id", "b"]


@pytest.mark.parametrize("chunk_rows", [1, 2, 3, 1000])
def test_footer_is_kept_apart(read: ReadText, chunk_rows: int) -> None:
    text = "a,b\n1,10\n2,20\n3,30\n\nTotal,60\nrecords,3,x\n\n"
    got = read(text, footer_rows=2, chunk_rows=chunk_rows, cells=["B6"])
    assert got.cells == [["1", "10"], ["2", "20"], ["3", "30"]]
    assert got.facts.footer == [["Total", "60"], ["records", "3", "x"]]
    assert got.facts.footer_rows == [6, 7]
    assert (got.facts.records, got.facts.malformed, got.facts.cells) == (3, 0, {"B6": "60"})
    assert max(got.sizes) <= chunk_rows


def test_footer_only(read: ReadText) -> None:
    got = read("a,b\nTotal,0\n", footer_rows=1)
    assert (got.records, got.facts.footer) == ([], [["Total", "0"]])


def test_footer_missing(read: ReadText) -> None:
    with pytest.raises(DeliveryError, match="footer is missing"):
        read("a,b\n1,2\n", footer_rows=2)


def test_a_last_line_that_breaks_off(read: ReadText) -> None:
    with pytest.raises(DeliveryError, match="truncated"):
        read("a,b\n1,2\n3")
    assert read("a,b\n1,2\n3", cut_off="keep").problems == {3: "has 1 cell, the header has 2"}
    with pytest.raises(DeliveryError, match="quote is not closed"):
        read('a,b\n1,2\n3,"x')
    assert read('a,b\n1,2\n3,"x', cut_off="keep").problems.keys() == {3}
    assert read('a,b\n1,2\n3,"x', cut_off="keep", stray_quotes="literal").cells == [["1", "2"], ["3", '"x']]


def test_quotes(read: ReadText) -> None:
    got = read('a,b,c\n"x,y","say ""hi""",""\n5" pipe,a"b,"q" \n')
    assert got.cells == [["x,y", 'say "hi"', ""], ['5" pipe', 'a"b', "q"]]


def test_undoubled_quote_is_not_guessed(read: ReadText) -> None:
    got = read('a,b\n"Miller "Bob" Ltd",1\n2,3\n')
    said = "has text after the closing quote of cell 1; with stray quotes read as ordinary characters it has 2 cells"
    assert got.problems == {2: said}
    assert got.records[0][2] == '"Miller "Bob" Ltd",1'


def test_quotes_are_ordinary_without_a_quote_char(read: ReadText) -> None:
    assert read('a|b\n"x|y"\n', delimiter="|", quote_char=None).cells == [['"x', 'y"']]


def test_other_quote_char(read: ReadText) -> None:
    assert read("a,b\n'x,''y',\"z\"\n", quote_char="'").cells == [["x,'y", '"z"']]


def test_no_doubling_without_double_quote(read: ReadText) -> None:
    problem = read('a,b\n"x""y",1\n', double_quote=False).problems[2]
    assert problem.startswith("has text after the closing quote of cell 1")


def test_escape_char(read: ReadText) -> None:
    text = 'a,b\nx\\,y,"p\\"q"\n1\\\n2,c:\\\\d\n3,4\\'
    got = read(text, escape_char="\\")
    assert got.cells == [["x,y", 'p"q'], ["1\n2", "c:\\d"], ["3", "4\\"]]
    assert got.rows == [2, 3, 5]


def test_escape_char_that_is_the_quote_char(read: ReadText) -> None:
    assert read('a\n"x""y"\n', escape_char='"', double_quote=False).cells == [['x"y']]


def test_skip_initial_space(read: ReadText) -> None:
    got = read('a, b\n1,  2\n 3, "x, y"\n', skip_initial_space=True)
    assert got.columns == ["a", "b"]
    assert got.cells == [["1", "2"], [" 3", "x, y"]]


def test_long_delimiter_and_record_separator(read: ReadText) -> None:
    text = "1+|Ann & Co+|&|\n2+|a\nb|c+|x&|\n3+|y&|\n"
    got = read(text, delimiter="+|", record_separator="&|\n", header_rows=[], names=["a", "b", "c"], quote_char=None)
    assert got.records == [
        [1, None, None, "1", "Ann & Co", ""],
        [2, None, None, "2", "a\nb|c", "x"],
        [4, "has 2 cells, 3 names are declared", "3+|y", None, None, None],
    ]


def test_quotes_with_long_delimiter(read: ReadText) -> None:
    got = read('a||b\n"x||y"||z\n', delimiter="||")
    assert got.cells == [["x||y", "z"]]


def test_separator_without_a_line_break_numbers_records(read: ReadText) -> None:
    got = read("title~a,b~1,2~~3,x\ny~", record_separator="~", header_rows=[2], cells=["B3"])
    assert got.cells == [["1", "2"], ["3", "x\ny"]]
    assert got.rows == [3, 5]
    assert (got.facts.preamble_rows, got.facts.blank_rows, got.facts.cells) == (1, 1, {"B3": "2"})


def test_separator_that_shares_a_character_with_the_delimiter(read: ReadText) -> None:
    got = read("a|b|\n1|2|\n", delimiter="|", record_separator="|\n")
    assert (got.columns, got.cells) == (["a", "b"], [["1", "2"]])


def test_nul_bytes_make_a_record_malformed(read: ReadText) -> None:
    got = read("a,b\n1,x\0y\n2,3\n")
    assert got.records[0] == [2, "holds a NUL byte", "1,x\u2400y", None, None]
    assert got.cells[1] == ["2", "3"]


def test_open_quote_at_the_end(read: ReadText) -> None:
    with pytest.raises(DeliveryError, match=r"truncated or a quote is not closed; at file\.csv:4"):
        read('a,b\n1,2\n"x\ny","z\n3,4\n')


def test_a_quote_that_is_not_closed_within_the_limit_costs_one_record(
    read: ReadText, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grammar, "MAX_RECORD_CHARS", 100)
    monkeypatch.setattr("pipelines.extract.encoding.BLOCK_BYTES", 50)
    got = read('a,b\n1,2\n"x,' + "3,4\n" * 100)
    assert got.problems == {3: "has a quote in cell 1 that is not closed"}
    assert (got.facts.records, got.facts.malformed, got.rows[-1]) == (101, 1, 102)


def test_one_endless_line(read: ReadText, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "MAX_RECORD_CHARS", 100)
    monkeypatch.setattr("pipelines.extract.encoding.BLOCK_BYTES", 50)
    with pytest.raises(DeliveryError, match=r"record without end; at file\.csv:3"):
        read("a,b\n1,2\n" + "3,4," * 100)


def test_chunks(read: ReadText) -> None:
    text = "a\n" + "".join(f"{i}\n" for i in range(10))
    assert read(text, chunk_rows=4).sizes == [4, 4, 2]


def test_memory_is_bounded_by_the_chunk(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("a,b,c\n" + f"{'x' * 40},{'y' * 40},{'z' * 40}\n" * 160_000)  # 20 MB
    before = pa.total_allocated_bytes()
    peak = 0
    for _ in read_table(path, Format(), "en_US", chunk_rows=2_000).batches():
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert peak < 8 << 20


def test_address_is_checked(read: ReadText) -> None:
    with pytest.raises(DeclarationError, match="cell address not understood"):
        read("a\n1\n", cells=["7B"])


def test_address_outside_the_file_has_no_cell(read: ReadText) -> None:
    assert read("a,b\n1,2\n", cells=["$B$2", "c2", "A9"]).facts.cells == {"$B$2": "2"}


def test_facts_are_known_at_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a\n1\n2\n")
    with read_table(path, Format(), "en_US", chunk_rows=1) as reader:
        next(reader.batches())
        with pytest.raises(RuntimeError, match="known when all"):
            _ = reader.facts
