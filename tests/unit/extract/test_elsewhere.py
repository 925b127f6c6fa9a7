from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.extract.elsewhere import decodes, other_delimiter, other_encoding, other_reading
from pipelines.extract.layout import looks_like, measure
from pipelines.extract.reader import read_table
from pipelines.extract.run import RAW_FILE, write
from pipelines.layout import Layout
from pipelines.profile import Format

WANTED = [["Kreditor", "Kred.-Nr."], ["Betrag"]]
TABLE = "Kreditor,Straße,Betrag\n" + "".join(f"{n},Größe {n},{n}.50\n" for n in range(30))


def fits(columns: Any) -> bool:
    return all(any(s in columns for s in spelled) for spelled in WANTED)


def other(tmp_path: Path, content: str | bytes, **words: Any) -> dict[str, Any] | None:
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = other_reading(path, Format(**words), "de_DE", fits, WANTED)
    return None if found is None else dict(found.words)


READ = {
    "semicolon": (TABLE.replace(",", ";"), {}, {"delimiter": ";"}),
    "tab": (TABLE.replace(",", "\t"), {}, {"delimiter": "\t"}),
    "comma instead of semicolon": (TABLE, {"delimiter": ";"}, {"delimiter": ","}),
    "three lines before it": ("Liste\n\nStand heute\n" + TABLE, {}, {"header_rows": [4]}),
    "nearer the top": (TABLE, {"header_rows": [3]}, {"header_rows": [1]}),
    "two header rows": (
        "a\nb\n" + TABLE.replace("\n", "\n,,EUR\n", 1), {"header_rows": [1, 2], "header_join": ""}, None,
    ),
    "another delimiter and place": ("x\n" + TABLE.replace(",", "|"), {}, {"delimiter": "|", "header_rows": [2]}),
    "cp1252": (TABLE.encode("cp1252"), {}, {"encoding": "cp1252"}),
    "cp850": (TABLE.encode("cp850"), {}, {"encoding": "cp850"}),
    "cp1252 with signs": (TABLE.replace("Größe", "10 € „alt“").encode("cp1252"), {}, {"encoding": "cp1252"}),
    "cp1250": (TABLE.replace("Größe", "złoty źle").encode("cp1250"), {}, {"encoding": "cp1250"}),
    "utf-8 instead of ascii": (TABLE.encode(), {"encoding": "ascii"}, {"encoding": "utf-8"}),
    "utf-16": (TABLE.encode("utf-16"), {}, {"encoding": "utf-16"}),
    "quotes": ("'Kreditor','Betrag'\n'1','2'\n", {}, {"quote_char": "'"}),
    "no such columns": ("a,b,c\n1,2,3\n", {}, None),
    "names in a sentence": ("Der Kreditor schuldet den Betrag\n1,2,3\n", {}, None),
    "too far down": ("x\n" * 60 + TABLE, {}, None),
    "empty": (b"", {}, None),
    "not text": (bytes(range(256)) * 20, {}, None),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_the_reading_in_which_the_header_fits_is_found(tmp_path: Path, case: str) -> None:
    content, words, expected = READ[case]
    assert other(tmp_path, content, **words) == expected


def test_one_broken_byte_does_not_make_a_text_of_another_encoding(tmp_path: Path) -> None:
    broken = TABLE.encode() + b"9,\xe4,1\n"
    assert other(tmp_path, broken) is None
    path = tmp_path / "file"
    assert other_encoding(path, Format(), "de_DE", fits) is None
    path.write_bytes(TABLE.encode("cp1252").replace(b"Stra\xdfe", b"Str"))
    found = other_encoding(path, Format(), "de_DE", fits)
    assert found is not None and found.words == {"encoding": "cp1252"}


def test_a_byte_far_down_that_no_encoding_explains_is_no_other_encoding(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(TABLE.encode("cp1252") + b"x,y,z\n" * 400_000 + b"\x81\n")
    assert decodes(path, "utf-8") is False
    found = other_encoding(path, Format(), "de_DE", fits)
    assert found is not None and found.words == {"encoding": "cp850"}


def test_a_search_ends_whatever_the_file_and_the_names(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(random.Random(1).randbytes(1 << 20).replace(b"\n", b"a;,|\n"))
    started = time.process_time()
    assert other_reading(path, Format(encoding="latin-1"), "de_DE", lambda columns: False, [["a"]]) is None
    assert other_reading(path, Format(encoding="latin-1"), "de_DE", lambda columns: False, []) is None
    assert time.process_time() - started < 30


def test_line_numbers_are_those_of_the_reader(tmp_path: Path) -> None:
    assert other(tmp_path, "x\x0cy\u2028z\n" + TABLE) == {"header_rows": [2]}


def book(path: Path, **sheets: list[list[str]]) -> None:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)


def test_a_table_elsewhere_in_a_workbook_is_found(tmp_path: Path) -> None:
    rows = [["Kreditor", "Betrag"], ["1", "2"]]
    path = tmp_path / "file"

    def found(fmt: Format) -> dict[str, Any] | None:
        reading = other_reading(path, fmt, "de_DE", fits, WANTED)
        return None if reading is None else dict(reading.words)

    book(path, A=[["x"], [], *rows])
    assert found(Format(type="xlsx")) == {"header_rows": [3]}
    book(path, A=[["x"]], B=rows)
    assert found(Format(type="xlsx")) == {"sheet": 2}
    assert found(Format(type="xlsx", sheet="Blatt")) == {"sheet": 2}
    assert found(Format()) == {"type": "xlsx", "sheet": 2}
    path.write_text("Kreditor;Betrag\n1;2\n")
    assert found(Format(type="xlsx", sheet="Blatt")) == {"type": "csv", "delimiter": ";"}


def test_a_text_without_header_is_judged_by_the_number_of_cells(tmp_path: Path) -> None:
    path = tmp_path / "file"
    fmt = Format(header_rows=[], names=["a", "b", "c"])
    path.write_text("1;2;3\n4;5;6\n" * 20)
    found = other_delimiter(path, fmt, "de_DE")
    assert found is not None and found.words == {"delimiter": ";"}
    path.write_text("1;2\n4;5\n" * 20)
    assert other_delimiter(path, fmt, "de_DE") is None
    assert other_delimiter(path, Format(), "de_DE") is None


@pytest.mark.parametrize(
    ("content", "encoding", "expected"),
    [
        ("Größe".encode(), "cp1252", "utf-8"), ("Größe".encode(), "cp850", "utf-8"), ("Größe".encode(), "utf-8", None),
        ("Größe".encode("cp1252"), "cp1252", None), (b"plain", "cp1252", None), (b"", "cp1252", None),
        ("10 € „alt“".encode("cp1252"), "latin-1", "cp1252"), ("Größe".encode("latin-1"), "latin-1", None),
        ("Größe €".encode(), "latin-1", "utf-8"), ("x" * (1 << 20) + "ä", "cp1252", "utf-8"),
        ("x" * ((1 << 20) - 1) + "ä" + "y" * 9, "cp1252", "utf-8"), (b"x" * (1 << 20) + b"\xc3", "cp1252", None),
        ("Größe".encode("utf-16"), "utf-16", None), ("Привет мир".encode("cp1251"), "cp1251", None),
        (("x" * ((1 << 20) - 1)).encode() + b"\xc3" + b"yy", "cp1252", None),
    ],
)  # fmt: skip
def test_the_encoding_that_the_bytes_bear_out(
    tmp_path: Path, content: str | bytes, encoding: str, expected: str | None
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert looks_like(path, encoding) == expected


def test_a_layout_is_measured_from_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    fmt = Format(encoding="cp1252", delimiter=";", header_rows=[2])
    path.write_text("Liste\nNr;Name;Betrag;\n" + "".join(f"{n};Anna Huber;{n},50;\n" for n in range(2000)), "cp1252")
    with read_table(path, fmt, "de_DE") as reader:
        facts = write(reader, tmp_path)
    found = measure(fmt, facts, tmp_path / RAW_FILE, path)
    assert (found.columns, found.header_rows) == (("Nr", "Name", "Betrag", "column 4"), (2,))
    assert (found.encoding, found.delimiter, found.looks_like) == ("cp1252", ";", None)
    assert [(s.filled, dict(s.shares)) for s in found.shapes] == [
        (500, {"9": 1.0}), (500, {"A A": 1.0}), (500, {"9,9": 1.0}), (0, {}),
    ]  # fmt: skip
    assert "Huber" not in found.to_json()


def test_a_file_without_records_has_columns_without_shapes(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("a,b\n")
    with read_table(path, Format(), "de_DE") as reader:
        facts = write(reader, tmp_path)
    found: Layout = measure(Format(), facts, tmp_path / RAW_FILE, path)
    assert [s.filled for s in found.shapes] == [0, 0]
