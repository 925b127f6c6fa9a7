"""The fast and the robust parser agree, and both read back what was written, however the blocks fall."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.errors import DeliveryError
from pipelines.extract import cursor, encoding, grammar, repair
from pipelines.extract.fast import Block, FastParser, Frame
from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.unit.extract.conftest import Got, drain, read_robust

FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

PIECES = [
    "a", "é", ",", '"', '""', "\n", "\r\n", "\r", " ", "\0", "\ufeff", "\u00a0", "\x1a",
    "a,b", '"x,y"', '"p\nq"', ',"z"', "x,y\n", "x,y\r\n", "h,k\n", "b", '"1","2"\n', "1,2\n", '" ",\n', '"q" ,1\n',
]  # fmt: skip
WORDS: list[dict[str, Any]] = [
    {},
    {"quote_char": None},
    {"quote_char": "'"},
    {"skip_initial_space": True},
    {"footer_rows": 2},
    {"header_rows": [2]},
    {"header_rows": [1, 2]},
    {"header_rows": [], "names": ["a", "b"]},
    {"header_rows": [], "names": ["a"], "preamble_rows": 1},
    {"stray_quotes": "literal"},
    {"stray_quotes": "literal", "ragged": "pad", "repeated_headers": "skip"},
    {"stray_quotes": "literal", "end_at": "blank"},
    {"stray_quotes": "literal", "escape_char": "b", "comment_char": "é"},
    {"ragged": "pad", "footer_rows": 1},
    {"end_row": 4},
    {"end_at": "^x", "header_rows": [], "names": ["a", "b", "c"]},
]


@FEW
@given(
    text=st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    header=st.sampled_from(["", "h,k\n", "h\r\n"]),
    words=st.sampled_from(WORDS),
    codec=st.sampled_from(["utf-8", "utf-16", "utf-32-be"]),
    block=st.integers(1, 40),
    chunk_rows=st.integers(1, 5),
)
@example(text='\ufeff"a",b\n', header="h,k\n", words={}, codec="utf-8", block=4, chunk_rows=1)
@example(text='"a""",b\r\n"",""\r\n', header="", words={}, codec="utf-8", block=7, chunk_rows=2)
def test_fast_and_robust_agree(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    header: str,
    words: dict[str, Any],
    codec: str,
    block: int,
    chunk_rows: int,
) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes((header + text).encode(codec))
    fmt = Format(encoding=codec, **words)
    cells = ["A1", "B2", "B3", "C5"]

    def outcome(size: int, fast: bool) -> Got | str:
        monkeypatch.setattr(encoding, "BLOCK_BYTES", size)
        try:
            if fast:
                return drain(read_table(path, fmt, "en_US", cells=cells, chunk_rows=chunk_rows))
            return read_robust(path, fmt, cells, chunk_rows)
        except DeliveryError as error:
            return str(error)

    expected = outcome(1 << 20, fast=False)
    assert outcome(1 << 20, fast=True) == expected
    assert outcome(block, fast=True) == expected
    assert outcome(block, fast=False) == expected


@FEW
@given(
    text=st.lists(st.sampled_from([*PIECES, "c" * 30, '"\n' * 10]), max_size=30).map("".join),
    words=st.sampled_from(WORDS),
    block=st.integers(1, 40),
)
def test_limits_do_not_depend_on_how_the_blocks_fall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: dict[str, Any], block: int
) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(("h,k\n" + text).encode())
    monkeypatch.setattr(grammar, "MAX_RECORD_CHARS", 64)
    monkeypatch.setattr(repair, "CREDIT", 32)
    monkeypatch.setattr(repair, "CREDIT_PER_LINE", 4)
    for module in (repair, cursor):
        monkeypatch.setattr(module, "look_ahead", lambda: 32)

    def outcome(size: int) -> Got | str:
        monkeypatch.setattr(encoding, "BLOCK_BYTES", size)
        try:
            return read_robust(path, Format(**words))
        except DeliveryError as error:
            return str(error)

    assert outcome(block) == outcome(50)


BYTES = [
    *(piece.encode() for piece in PIECES if piece != "\0"),
    b"\xff",
    b"\xc3",
    b"\x81",
    "ü".encode("cp1252"),
    "€".encode("cp1252"),
]


@FEW
@given(
    pieces=st.lists(st.sampled_from(BYTES), max_size=30),
    words=st.sampled_from([{}, {"fallback_encoding": "cp1252"}, {"encoding": "cp1252"}, {"encoding": "shift_jis"}]),
    block=st.integers(1, 40),
    chunk_rows=st.integers(1, 5),
)
@example(pieces=[b"x,y\r", b"\xff,1\r", b"\n"], words={"fallback_encoding": "cp1252"}, block=4, chunk_rows=1)
@example(pieces=[b"a", b"\x81", b"\xfc", b"\xff"], words={"encoding": "shift_jis"}, block=2, chunk_rows=1)
def test_fast_and_robust_agree_on_any_bytes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pieces: list[bytes],
    words: dict[str, Any],
    block: int,
    chunk_rows: int,
) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"h,k\n" + b"".join(pieces))
    fmt = Format(**words)

    def outcome(size: int, fast: bool) -> Got | str:
        monkeypatch.setattr(encoding, "BLOCK_BYTES", size)
        try:
            if fast:
                return drain(read_table(path, fmt, "en_US", chunk_rows=chunk_rows))
            return read_robust(path, fmt, (), chunk_rows)
        except DeliveryError as error:
            return str(error)

    expected = outcome(1 << 20, fast=False)
    assert outcome(1 << 20, fast=True) == expected
    assert outcome(block, fast=True) == expected
    assert outcome(block, fast=False) == expected


TEXT = st.text(st.sampled_from("ab1 é,;|+&\"\\'\n\r~#"), max_size=6)


@FEW
@given(
    rows=st.lists(st.lists(TEXT.map(lambda t: t.replace("\r", "")), min_size=3, max_size=3), min_size=1, max_size=8),
    line=st.sampled_from(["\n", "\r\n"]),
    block=st.integers(1, 40),
)
def test_what_the_csv_module_writes_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[list[str]], line: str, block: int
) -> None:
    out = io.StringIO(newline="")  # the module leaves a lone carriage return unquoted: there are none here
    writer = csv.writer(out, lineterminator=line)
    writer.writerow(["h", "i", "j"])
    expected: dict[int, list[str]] = {}
    for row in rows:
        if any(c.strip(" ") for c in row):
            expected[out.getvalue().count("\n") + 1] = row
        writer.writerow(row)
    path = tmp_path / "f.csv"
    path.write_bytes(out.getvalue().encode())
    monkeypatch.setattr(encoding, "BLOCK_BYTES", block)
    got = drain(read_table(path, Format(), "en_US"))
    assert dict(zip(got.rows, got.cells, strict=True)) == expected


@FEW
@given(
    rows=st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=8),
    delimiter=st.sampled_from(["+|", "||", ";", "&"]),
    separator=st.sampled_from([None, "&|\n", "~", "\n~\n"]),
    escape=st.sampled_from([None, "\\"]),
    block=st.integers(1, 40),
)
def test_odd_dialects_are_read_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[list[str]],
    delimiter: str,
    separator: str | None,
    escape: str | None,
    block: int,
) -> None:
    def quoted(cell: str) -> str:
        if escape:
            cell = cell.replace(escape, escape * 2)
        return '"' + cell.replace('"', (escape or '"') + '"') + '"'

    lines = [delimiter.join(map(quoted, row)) for row in [["h", "k"], *rows]]
    path = tmp_path / "f.csv"
    path.write_bytes((separator or "\r\n").join([*lines, ""]).encode())
    words = {"delimiter": delimiter, "record_separator": separator, "escape_char": escape, "double_quote": not escape}
    monkeypatch.setattr(encoding, "BLOCK_BYTES", block)
    got = drain(read_table(path, Format(**words), "en_US"))
    assert got.cells == [r for r in rows if any(c.strip(" ") for c in r)]


def parsed(text: str) -> tuple[Frame | None, Block | None, list[int]]:
    """What the fast parser makes of a text, and the places where it asked for help (without getting any)."""
    asked: list[int] = []

    def help_at(at: int, _row: int, _count: int) -> None:
        asked.append(at)

    parser = FastParser(Format(), 2)
    frame = parser.frame(text.encode(), 1, help_at)
    return frame, parser.parse(frame) if frame else None, asked


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1,2\n3,4\n", [1, 2]),
        ('"1","x""y"\n"a\nb",""\n3,4\n', [1, 2, 4]),
        ("é,ü\r\n\r\n1,2\r\n", [1, 3]),
        ('1,"\r\n"\r\n3,4\r\n', [1, 3]),
        ("1,2\r3,4\n", [1, 2]),
        ("1,2\n ,\n3,4\n", [1, 3]),
    ],
)
def test_the_fast_parser_takes_ordinary_records(text: str, rows: list[int]) -> None:
    frame, block, asked = parsed(text)
    assert frame is not None and block is not None
    assert (frame.region.nbytes, block.rows.tolist(), asked) == (len(text.encode()), rows, [])


@pytest.mark.parametrize(
    ("record", "ragged"),
    [("3", True), ("3,4,5", True), ('1,5"', False), ('"a"b,1', False), ("1,\0", False), ('1,"2" \n3,4', False)],
)
def test_the_fast_parser_leaves_odd_records(record: str, ragged: bool) -> None:
    frame, block, asked = parsed(f"1,2\n{record}\n")
    assert frame is not None and block is not None
    assert block.rows.tolist() == [1]
    assert (block.ragged, asked) == (([(2, 4, 5 + len(record))], []) if ragged else ([], [4]))


def test_the_fast_parser_does_not_drop_a_mark() -> None:
    assert parsed("\ufeff1,2\n") == (None, None, [0])


@pytest.mark.parametrize(
    "words",
    [
        {"delimiter": "+|"},
        {"delimiter": "§"},
        {"escape_char": "\\"},
        {"double_quote": False},
        {"comment_char": "#"},
        {"record_separator": "\n"},
        {"quote_char": "§"},
    ],
)
def test_the_fast_parser_leaves_odd_dialects(words: dict[str, Any]) -> None:
    assert not FastParser.reads(Format(**words))
