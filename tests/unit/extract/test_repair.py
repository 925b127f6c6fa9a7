"""Records whose quotes are in doubt: what they are read as, and that the damage stays inside one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipelines.errors import DeliveryError
from pipelines.extract import repair
from pipelines.extract.grammar import Grammar
from pipelines.extract.quotes import Line, Marks
from pipelines.profile import Format
from tests.unit.extract.conftest import ReadText, read_robust

READINGS: list[tuple[str, list[str]]] = [
    # lazy quotes: a quote closes only where a delimiter or the end follows
    ('"Miller "Bob" Ltd",1,x', ['Miller "Bob" Ltd', "1", "x"]),
    ('"5" pipe",x,1', ['5" pipe', "x", "1"]),
    ('"Miller "Bob" Ltd" ,1,"x, y"', ['Miller "Bob" Ltd', "1", "x, y"]),
    ('1,"a "b"",x', ["1", 'a "b"', "x"]),
    ('1,""a" b",x', ["1", '"a" b', "x"]),
    ('1,"say ""hi"" to "Bob" now",x', ["1", 'say "hi" to "Bob" now', "x"]),
    ('1,2,"a "b" c"', ["1", "2", 'a "b" c']),
    ('1,2,"Round 48""""', ["1", "2", 'Round 48""']),
    # the opening quote is an ordinary character, other cells of the record are quoted as ever
    ('1,"2,x', ["1", '"2', "x"]),
    ('"1,2,"x, y"""', ['"1', "2", 'x, y"']),
    ('1,"2,"x, ""y"""', ["1", '"2', 'x, "y"']),
    ('"1,"2,x', ['"1', '"2', "x"]),
    ('1,2,"', ["1", "2", '"']),
    # both in one record
    ('"a "b" c",2,"x', ['a "b" c', "2", '"x']),
    # several lines: only where no reading of the first line fits
    ('1,"say "hi\nthere" to you",x', ["1", 'say "hi\nthere" to you', "x"]),
    # the first line fits as well, but the second does not go with it
    ('1,"x, "b" c\nd",5', ["1", 'x, "b" c\nd', "5"]),
    # spaces before a quote
    ('1, "b,c",x', ["1", "b,c", "x"]),
    ('1, "b,c", "x, ""y"""', ["1", "b,c", 'x, "y"']),
]


@pytest.mark.parametrize(("record", "cells"), READINGS)
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_the_reading_that_fits_is_taken_and_counted(read: ReadText, record: str, cells: list[str], line: str) -> None:
    text = line.join(["a,b,c", "7,8,9", record.replace("\n", line), '"p","q,r",s', ""])
    got = read(text, stray_quotes="literal")
    want = [cell.replace("\n", line) for cell in cells]
    assert [r[1:] for r in got.records] == [
        [None, None, "7", "8", "9"],
        [None, None, *want],
        [None, None, "p", "q,r", "s"],
    ]
    assert got.rows == [2, 3, 4 + record.count("\n")]
    assert (got.facts.records, got.facts.malformed, got.facts.repaired_rows) == (3, 0, 1)
    assert got.facts.warnings == ["1 record (row 3) with stray quotes, read as ordinary characters"]


@pytest.mark.parametrize(("record", "cells"), READINGS)
def test_rejected_records_say_what_they_would_be(read: ReadText, record: str, cells: list[str]) -> None:
    got = read(f'a,b,c\n7,8,9\n{record}\n"p","q,r",s\n')
    assert list(got.problems) == [3]
    assert got.problems[3].endswith("; with stray quotes read as ordinary characters it has 3 cells")
    assert got.records[1][2] == record
    assert [got.cells[0], got.cells[2]] == [["7", "8", "9"], ["p", "q,r", "s"]]
    assert (got.facts.records, got.facts.malformed, got.facts.repaired_rows, got.facts.warnings) == (3, 1, 0, [])


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        # a proper quoted cell is not taken apart because a delimiter is missing elsewhere
        ('"Smith, John",5', "has 2 cells, the header has 3"),
        ('1,"a\nb"', "has 2 cells, the header has 3"),
        ('1,"a\nx,y,z"', "has 2 cells, the header has 3"),
        ('"a","b","c","d"', "has 4 cells, the header has 3"),
        ('"a "b" c",1', "has text after the closing quote of cell 1"),
        ('1,2,3,"4', "has a quote in cell 4 that is not closed"),
    ],
)
def test_no_reading_fits(read: ReadText, record: str, problem: str) -> None:
    text = f'a,b,c\n7,8,9\n{record}\n"",8,9\n'
    for mode in ("literal", "reject"):
        if "not closed" in problem and mode == "reject":
            continue
        got = read(text, stray_quotes=mode)
        assert got.problems == {3: problem}
        assert got.records[1][2] == record
        assert got.cells[2] == ["", "8", "9"]
        assert got.facts.repaired_rows == 0


def test_a_quote_that_is_never_closed_costs_one_record(read: ReadText) -> None:
    lines = [f"{i},x,y" for i in range(50)]
    text = "\n".join(["a,b,c", '1,"2,z', *lines, '"p","q",r', *lines, ""])
    got = read(text)
    assert list(got.problems) == [2]
    assert (got.facts.records, got.facts.malformed) == (102, 1)
    got = read(text, stray_quotes="literal")
    assert got.cells[0] == ["1", '"2', "z"]
    assert (got.facts.records, got.facts.malformed, got.facts.repaired_rows) == (102, 0, 1)


def test_a_record_swallowed_by_an_unclosed_quote_is_given_back(read: ReadText) -> None:
    """Strictly, records 2 to 4 are one of two cells: the line after its first is a record by itself."""
    got = read('a,b,c\n1,"x\n2,y,z\n3"\n4,5,6\n')
    assert got.problems == {
        2: "has a quote that is not closed on its line, and the next line is a record by itself",
        4: "has 1 cell, the header has 3",
    }
    assert got.rows == [2, 3, 4, 5]


def test_a_cut_off_file_is_refused_or_read_to_its_end(read: ReadText) -> None:
    text = 'a,b\n1,"x\ny"\n2,"z\n3,4\n'
    with pytest.raises(DeliveryError, match=r"truncated or a quote is not closed; at file\.csv:4"):
        read(text)
    got = read(text, stray_quotes="literal")
    assert got.cells == [["1", "x\ny"], ["2", '"z'], ["3", "4"]]
    with pytest.raises(DeliveryError, match=r"file is truncated; at file\.csv:6"):
        read(text + '"5', stray_quotes="literal")


def test_the_end_of_the_table_is_no_sign_of_a_cut_off_file(read: ReadText) -> None:
    got = read('a,b\n1,2\n3,"4\n\nTotal "x\n', end_at="blank")
    assert list(got.problems) == [3]
    assert got.facts.outside_rows == 2


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ('a,"b,c', ["a", '"b', "c"]),
        ('"a "x" y",b,c', ['a "x" y', "b", "c"]),
        ('"a, "x" y",b,c', ['a, "x" y', "b", "c"]),
    ],
)
def test_a_damaged_header_has_the_width_of_the_records(read: ReadText, header: str, columns: list[str]) -> None:
    text = header + '\n1,2,3\n\n4,"x",6\n5\n'
    got = read(text, stray_quotes="literal")
    assert got.columns == columns
    assert got.facts.warnings == ["the header in row 1 has stray quotes, read as ordinary characters"]
    assert (got.facts.records, got.facts.malformed, got.facts.header_rows) == (3, 1, 1)
    with pytest.raises(DeliveryError, match=r"header not found|not closed"):
        read(text)


def test_a_damaged_header_without_records_is_refused(read: ReadText) -> None:
    with pytest.raises(DeliveryError, match="header not found"):
        read('"a"b,c\n', stray_quotes="literal")


def test_spaces_before_a_quote_are_kept_where_that_fits(read: ReadText) -> None:
    assert read('a,b\n1, "x"\n').cells[0] == ["1", ' "x"']


def test_a_nul_byte_is_never_repaired(read: ReadText) -> None:
    got = read('a,b\n"x "y\0" z",1\n', stray_quotes="literal")
    assert got.problems == {2: "holds a NUL byte"}
    assert got.facts.repaired_rows == 0


def test_footer_records_are_not_counted_as_repaired(read: ReadText) -> None:
    got = read('a,b\n"x "y" z",1\n"Sum "all"",2\n', stray_quotes="literal", footer_rows=1)
    assert got.facts.footer == [['Sum "all"', "2"]]
    assert (got.facts.repaired_rows, len(got.facts.warnings)) == (1, 1)


def test_the_first_rows_are_named(read: ReadText) -> None:
    got = read("a,b\n" + '1,"x\n' * 7, stray_quotes="literal")
    assert got.facts.warnings == ["7 records (rows 2, 3, 4, 5, 6, …) with stray quotes, read as ordinary characters"]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("'it's',x", {"quote_char": "'"}),
        ('"a \\"b\\" "c" d",x', {"escape_char": "\\"}),
        ('"a "" b" c",x', {"double_quote": False}),
        ('"a "b" c"||x', {"delimiter": "||"}),
        ('"a "b" c",x&|', {"record_separator": "&|\n"}),
    ],
)
def test_other_dialects(read: ReadText, record: str, words: dict[str, object]) -> None:
    delimiter, end = words.get("delimiter", ","), "&|" if "record_separator" in words else ""
    got = read(f"h{delimiter}k{end}\n{record}\n1{delimiter}2{end}\n", stray_quotes="literal", **words)
    assert [r[1] for r in got.records] == [None, None]
    assert got.facts.repaired_rows == 1
    assert got.cells[1] == ["1", "2"]


def test_every_way_to_divide_a_line_is_found() -> None:
    """Against plain enumeration: a width is found if and only if some choice of literal quotes gives it."""
    marks = Marks(Grammar(Format()))
    for text in ('"a,"b,c","d', '"a,b",c,"d"', '","",","', '"a"b,"c,"d"e"', '"",""",","'):
        line = Line(marks, text, 0, len(text))
        widths = {len(cells) for cells in _all_readings(text)}
        assert {w for w in range(1, 9) if line.find(w, apart=True)} == widths


def _all_readings(text: str) -> list[list[str]]:
    """Every division into cells where a cell is quoted to a quote before a delimiter, or goes to a delimiter."""
    out: list[list[str]] = []
    cell, _, rest = text.partition(",")
    ends = [(cell, rest if "," in text else None)]
    if text.startswith('"'):
        lazy = [i for i in range(1, len(text)) if text[i] == '"' and text[i + 1 : i + 2] in ("", ",")]
        paired = [i for i in lazy if (len(text[1 : i + 1]) - len(text[1 : i + 1].rstrip('"'))) % 2]
        for i in {*lazy[:1], *paired[:1]}:
            ends.append((text[1:i], text[i + 2 :] if text[i + 1 : i + 2] else None))
    for cell, rest in ends:
        out += [[cell]] if rest is None else [[cell, *others] for others in _all_readings(rest)]
    return out


@pytest.mark.parametrize("mode", ["literal", "reject"])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('"a","b', {}),
        ('x,"y', {}),
        ('x","y', {}),
        ('x,"y""', {}),
        ('x,"y\\"', {"escape_char": "\\", "double_quote": False}),
        ('"a "b" c', {}),
    ],
)
def test_damage_on_every_line_is_read_in_linear_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, line: str, words: dict[str, object]
) -> None:
    """Four times the lines take about four times as long; sixteen times would be quadratic."""
    monkeypatch.setattr(repair, "CREDIT", 1 << 14)
    seconds: list[float] = []
    for count in (3_000, 12_000):
        path = tmp_path / "f.csv"
        path.write_text("a,b,c\n" + f"{line}\n" * count + '"1","2","3"\n')
        tries: list[float] = []
        for _ in range(3):  # a busy machine slows single ones
            began = time.process_time()
            got = read_robust(path, Format(stray_quotes=mode, **words), chunk_rows=1 << 20)
            tries.append(time.process_time() - began)
        seconds.append(min(tries))
        assert got.facts.records == count + 1
        assert got.cells[-1] == ["1", "2", "3"]
    assert seconds[1] < 10 * max(seconds[0], 0.05)
