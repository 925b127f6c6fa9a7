from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract import encoding, lines
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.unit.extract.conftest import Got, drain
from tests.unit.extract.mutate import mutations

FIELDS = [{"name": "id", "start": 1, "width": 4}, {"name": "city", "start": 6, "width": 5}]
ReadFixed = Callable[..., Got]


@pytest.fixture
def read(tmp_path: Path) -> ReadFixed:
    """Write text to a file and read it as fixed width."""

    def _read(text: str | bytes, cells: list[str] | None = None, chunk_rows: int = 1000, **words: Any) -> Got:
        fmt = Format(**{"type": "fixed", "fields": FIELDS, **words})
        path = tmp_path / "file.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(fmt.encoding))
        return drain(read_table(path, fmt, "en_US", cells=cells or [], chunk_rows=chunk_rows))

    return _read


def test_fields_by_position(read: ReadFixed) -> None:
    got = read("0001 Köln \n0002 Bonn \n")
    assert got.columns == ["id", "city"]
    assert got.records == [[1, None, None, "0001", "Köln"], [2, None, None, "0002", "Bonn"]]


@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "cp037", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_positions_count_characters(read: ReadFixed, codec: str, line_break: str) -> None:
    got = read(line_break.join(["äöüß Köln", "0002 Bonn", ""]), encoding=codec)
    assert got.cells == [["äöüß", "Köln"], ["0002", "Bonn"]]
    assert (got.rows, got.facts.encoding) == ([1, 2], codec)


def test_mainframe_line_break(read: ReadFixed) -> None:
    assert read("0001 Köln\x850002 Bonn\x85", encoding="cp037").rows == [1, 2]
    assert read("00\x851 Köln\n", encoding="latin-1").cells == [["00\x851", "Köln"]]


def test_spaces_belong_to_the_cell_without_trim(read: ReadFixed) -> None:
    fields = [{**f, "trim": False} for f in FIELDS]
    assert read(" 1    Ulm \n 2    U\n", fields=fields).cells == [[" 1  ", " Ulm "], [" 2  ", " U"]]


def test_short_lines_end_in_empty_cells(read: ReadFixed) -> None:
    got = read("0001 Köln \n0002\n0003 Bo\n00\n0004 Ulm  \n")
    assert got.cells == [["0001", "Köln"], ["0002", ""], ["0003", "Bo"], ["00", ""], ["0004", "Ulm"]]
    assert got.facts.malformed == 0


def test_text_at_undeclared_positions_is_not_lost(read: ReadFixed) -> None:
    got = read("0001xKöln \n0002 Bonn    7 9\n0003 Ulm       \n", footer_rows=0)
    assert got.problems == {
        1: "has text at undeclared positions 5",
        2: "has text at undeclared positions 14-16",
    }
    assert got.records[0][2] == "0001xKöln "
    assert got.cells[2] == ["0003", "Ulm"]


def test_tab_and_nul(read: ReadFixed) -> None:
    got = read("0001\tKöln\n00\x002 Bonn\n")
    assert got.problems == {1: "has a tab at position 5: positions after it are not known", 2: "holds a NUL byte"}
    assert got.records[1][2] == "00\u24002 Bonn"


def test_overlapping_fields(read: ReadFixed) -> None:
    fields = [{"name": "date", "start": 1, "width": 8}, {"name": "year", "start": 1, "width": 4}]
    assert read("20240501\n", fields=fields).cells == [["20240501", "2024"]]


def test_every_line_is_in_one_count(read: ReadFixed) -> None:
    text = "LIST OF CITIES\n\n0001 Köln\n\n*comment\n0002 Bonn\n  \x1a \nTOTAL 2 x\n"
    got = read(text, preamble_rows=2, comment_char="*", footer_rows=1, cells=["A1", "B6", "B5"])
    facts = got.facts
    assert got.rows == [3, 6]
    assert (facts.preamble_rows, facts.blank_rows, facts.comment_rows, facts.records) == (2, 2, 1, 2)
    assert (facts.footer, facts.footer_rows) == ([["TOTA", "2 x", "L"]], [8])
    assert facts.cells == {"A1": "LIST", "B6": "Bonn", "B5": "ent"}


@pytest.mark.parametrize(
    ("words", "rows", "after"),
    [({"end_row": 2}, [1, 2], 3), ({"end_at": "blank"}, [1, 2, 3], 2), ({"end_at": "^SUM"}, [1, 2, 3], 1)],
)
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_the_table_ends(
    read: ReadFixed, monkeypatch: pytest.MonkeyPatch, words: dict[str, Any], rows: list[int], after: int, block: int
) -> None:
    monkeypatch.setattr(encoding, "BLOCK_BYTES", block)
    got = read("0001 Köln\n0002 Bonn\n0003 Ulm\n\nSUM  3\n", cells=["B5"], **words)
    assert (got.rows, got.facts.outside_rows, got.facts.cells) == (rows, after, {"B5": "3"})
    assert len(rows) + after + got.facts.blank_rows == 5


def test_preamble_longer_than_the_file(read: ReadFixed) -> None:
    with pytest.raises(DeliveryError, match="a file of 1 line"):
        read("0001 Köln\n", preamble_rows=3)


def test_records_by_length(read: ReadFixed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "BLOCK_BYTES", 7)
    got = read("0001 Köln 0002 Bonn           0003 Ulm  \r\n")
    assert (got.rows, got.cells) == ([1, 2, 4], [["0001", "Köln"], ["0002", "Bonn"], ["0003", "Ulm"]])
    assert got.facts.blank_rows == 1


def test_records_by_length_must_be_whole(read: ReadFixed) -> None:
    with pytest.raises(DeliveryError, match=r"truncated; at file\.txt, record 3; got 4 characters after"):
        read("0001 Köln 0002 Bonn 0003")


def test_one_short_record_is_a_line(read: ReadFixed) -> None:
    assert read("0001 Ul").cells == [["0001", "Ul"]]


@pytest.mark.parametrize(("separator", "rows"), [("|", [1, 2, 4]), ("~\n", [1, 2, 4]), ("\n\n", [1, 3, 7])])
def test_record_separator(read: ReadFixed, separator: str, rows: list[int]) -> None:
    text = separator.join(["0001 Köln", "0002 Bonn", "", "0003 Ulm", ""])
    got = read(text, record_separator=separator)
    assert (got.rows, got.facts.blank_rows) == (rows, 1)


def test_last_line_that_may_be_cut_off(read: ReadFixed) -> None:
    got = read("0001 Köln \n0002 Bonn \n0003 U")
    assert got.problems == {3: "has no line break and ends early: it may have been cut off"}
    assert read("0001 Köln\n0003 U").problems == {}
    assert read("0001 Köln \n0003 Ulm  ").problems == {}


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "no bytes"), (b"PK\x03\x04", "zip"), (b"0001 K\xf6ln\n", "not in the declared encoding")],
)
def test_refused(read: ReadFixed, data: bytes, message: str) -> None:
    with pytest.raises(DeliveryError, match=message):
        read(data)


def test_a_fallback_is_refused_rather_than_ignored(read: ReadFixed) -> None:
    with pytest.raises(DeclarationError, match="fallback_encoding has no meaning here"):
        read("0001 Köln\n", fallback_encoding="cp1252")


def test_a_line_without_end_is_refused(read: ReadFixed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_CHARS", 1000)
    monkeypatch.setattr(encoding, "BLOCK_BYTES", 300)
    with pytest.raises(DeliveryError, match=r"record without end; at file\.txt:2"):
        read("0001 Köln\n" + "x" * 5000)


ALPHABET = st.characters(codec="utf-8", exclude_characters="\t\0\r\n\x1a \u00a0", exclude_categories=["Cs", "Zs"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), block=st.integers(1, 60), chunk_rows=st.integers(1, 4))
def test_round_trip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject, block: int, chunk_rows: int
) -> None:
    widths = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    gap = data.draw(st.integers(0, 2))
    row = st.tuples(*(st.text(ALPHABET, max_size=w) for w in widths))
    table = data.draw(st.lists(row, min_size=1, max_size=12))
    codec = data.draw(st.sampled_from(["utf-8", "utf-16", "utf-32-be"]))
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    stripped = data.draw(st.booleans())
    fields, at = [], 1
    for i, width in enumerate(widths):
        fields.append({"name": f"c{i}", "start": at, "width": width})
        at += width + gap
    text = [(" " * gap).join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in table]
    text = [t.rstrip(" ") if stripped else t for t in text]
    path = tmp_path / "f.txt"
    path.write_bytes("".join(t + end for t in text).encode(codec))
    monkeypatch.setattr(encoding, "BLOCK_BYTES", block)
    got = drain(read_table(path, Format(type="fixed", fields=fields, encoding=codec), "en_US", chunk_rows=chunk_rows))
    expected = {i: list(r) for i, r in enumerate(table, start=1) if any(r)}
    assert dict(zip(got.rows, got.cells, strict=True)) == expected
    assert got.facts.blank_rows == len(table) - len(expected)


def test_speed(tmp_path: Path) -> None:
    """A floor far below what is measured (millions of rows a second): falling back to row by row would trip it."""
    path = tmp_path / "f.txt"
    path.write_text("".join(f"{i:08d}{'Musterstadt':20}{i * 7:012d}\n" for i in range(200_000)))
    fields = [("a", 1, 8), ("b", 9, 20), ("c", 29, 12)]
    fmt = Format(type="fixed", fields=[{"name": n, "start": s, "width": w} for n, s, w in fields])
    start = time.process_time()
    with read_table(path, fmt, "en_US") as reader:
        rows = sum(b.num_rows for b in reader.batches())
    assert rows == 200_000
    assert time.process_time() - start < 4


@pytest.mark.parametrize("framed", [True, False])
def test_damaged_files(tmp_path: Path, framed: bool) -> None:
    end = "" if framed else "\n"
    data = "".join(f"{i:04d} Köln {end}" for i in range(60)).encode("cp1252")
    fmt = Format(type="fixed", fields=FIELDS, encoding="cp1252")
    path, outcomes = tmp_path / "f.txt", {"read": 0, "refused": 0}
    for damaged in mutations(data, 300):
        path.write_bytes(damaged)
        try:
            got = drain(read_table(path, fmt, "en_US"))
        except DeliveryError:
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        text = damaged.decode("cp1252")
        if framed and not {"\n", "\r"} & set(text.rstrip("\r\n\x1a")):
            expected = len(text.rstrip("\r\n\x1a")) // 10 or 1
        else:
            expected = len((text.replace("\r\n", "\n").replace("\r", "\n") + "\0").removesuffix("\n\0").split("\n"))
        assert got.facts.records + got.facts.blank_rows == expected
    assert outcomes["read"] > 100
