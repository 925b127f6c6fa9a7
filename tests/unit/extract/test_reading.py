"""`read` on its own: no profile, no database; and `python -m pipelines read`, which prints what it gives."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.dialect import Format
from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract import Row, read
from pipelines.extract.reading import open_table
from pipelines.flow.printing import print_table
from pipelines.settings import ROOT
from tests.unit.extract import workbooks

TEXT = 'Nr;Name;Betrag\n70001;"Müller; Söhne";1,50\n70002;kurz\n70003;"Rohr 5" lang";2,25\n'
ROWS = [
    Row(2, ["70001", "Müller; Söhne", "1,50"], None),
    Row(3, ["70002", "kurz"], "has 2 cells, the header has 3"),
    Row(4, ["70003", 'Rohr 5" lang', "2,25"], None),
]


def rows_of(path: Path | str, dialect: Any = None, **more: Any) -> list[Row]:
    return [row for chunk in read(path, dialect, **more) for row in chunk.rows()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "liste.csv"
    path.write_bytes(TEXT.encode("cp1252"))
    return path


@pytest.mark.parametrize(
    "dialect",
    [
        None,
        {"delimiter": ";"},
        {"delimiter": ";", "quotechar": '"', "escapechar": '"', "encoding": "cp1252", "row_delimiter": "\r\n",
         "header_lines": 1, "preamble_lines": 0, "footnote_lines": 0},
        Format(delimiter=";", encoding="cp1252", stray_quotes="literal"),
    ],
)  # fmt: skip
def test_what_is_left_open_is_found_out(file: Path, dialect: Any) -> None:
    assert rows_of(file, dialect) == ROWS
    assert {tuple(c.columns) for c in read(file, dialect)} == {("Nr", "Name", "Betrag")}


def test_chunks_are_bounded_and_together_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{n},x\n" for n in range(5000)))
    chunks = list(read(path, Format(), chunk_rows=700))
    assert max(len(c.batch) for c in chunks) == 700
    assert [row.cells[0] for c in chunks for row in c.rows()] == [str(n) for n in range(5000)]
    _, reader = open_table(path, Format(footer_rows=3), chunk_rows=700)
    assert sum(len(b) for b in reader.batches(full=False)) == 4997
    assert reader.facts.footer_rows == [4999, 5000, 5001]


def test_packed_files_and_members(tmp_path: Path) -> None:
    packed = tmp_path / "liste.csv.gz"
    packed.write_bytes(gzip.compress(TEXT.encode("cp1252")))
    assert rows_of(packed, {"delimiter": ";"}) == ROWS
    archive = tmp_path / "pack.zip"
    archive.write_bytes(workbooks.zipped({"x/liste.csv": TEXT.encode("cp1252"), "readme.txt": "hello"}))
    assert rows_of(f"{archive}!/x/liste.csv", {"delimiter": ";"}) == ROWS


def test_a_workbook_needs_no_words(tmp_path: Path) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(workbooks.xlsb(["Name", "Wert"], ["x", 1.5], ["y", None]))
    assert rows_of(path, locale="de_DE") == [Row(2, ["x", "1,5"], None), Row(3, ["y", "#N/A"], None)]


def test_a_table_without_header_gets_names(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("1,2\n3,4\n")
    chunks = list(read(path, {"header_row": 0}))
    assert [r for c in chunks for r in c.rows()] == [Row(1, ["1", "2"], None), Row(2, ["3", "4"], None)]
    assert chunks[0].columns == ["column 1", "column 2"]


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"\xef\xbb\xbf", b"%PDF-1.7 ..."])
def test_what_holds_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    with pytest.raises(DeliveryError):
        rows_of(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="gone"):
        rows_of(tmp_path / "none.csv")
    with pytest.raises(DeliveryError, match="gone"):
        rows_of(tmp_path / "none.csv", Format())


def printed(path: Path, dialect: dict[str, Any] | None, to: str, **more: bool) -> tuple[str, str]:
    out, notes = io.StringIO(newline=""), io.StringIO()
    print_table(path, None if dialect is None else json.dumps(dialect), to, out, notes, **more)
    return out.getvalue(), notes.getvalue()


def test_csv_output_reads_back(file: Path) -> None:
    out, notes = printed(file, {"delimiter": ";"}, "csv")
    assert list(csv.reader(io.StringIO(out, newline=""))) == [["Nr", "Name", "Betrag"], *(r.cells for r in ROWS)]
    assert "delimiter: ';' (100%" in notes
    assert "encoding: 'cp1252'" in notes
    assert "liste.csv:3: has 2 cells, the header has 3" in notes
    assert "3 records, 1 of them malformed, 1 header rows; 3 columns" in notes


def test_the_header_is_printed_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a,,a, b \n1,2,3,4\n")
    out, _ = printed(path, {"delimiter": ","}, "csv")
    assert out == "a,,a, b \n1,2,3,4\n"
    assert next(iter(read(path, {"delimiter": ","}))).columns == ["a", "column 2", "a#2", "b"]
    path.write_text("a,b\nx,\n1,2\n")
    out, _ = printed(path, {"delimiter": ",", "header_lines": 2, "footer": 0}, "csv")
    assert out == "a x,b\n1,2\n"


def test_who_says_where_the_table_ends_means_everything_before(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    table = "name,city,amount\n" + "".join(f"n{i},Hamburg,{i}.50\n" for i in range(20))
    path.write_text(table + "\n#,total,7\n" + table)
    out, _ = printed(path, {"delimiter": ",", "header_lines": 1, "preamble": 0, "footer": 0}, "csv")
    assert out == table + "#,total,7\n" + table


def test_lines_of_json(file: Path) -> None:
    out, _ = printed(file, {"delimiter": ";"}, "jsonl", rows=True)
    assert [json.loads(line) for line in out.splitlines()][:2] == [
        {"row_number": 2, "Nr": "70001", "Name": "Müller; Söhne", "Betrag": "1,50"},
        {"row_number": 3, "problem": "has 2 cells, the header has 3", "cells": ["70002", "kurz"]},
    ]


@pytest.mark.parametrize("text", ["{", "[1]", '{"delimeter": ";"}'])
def test_a_wrong_dialect_is_explained(file: Path, text: str) -> None:
    with pytest.raises(DeclarationError, match="correct"):
        print_table(file, text, "csv", io.StringIO(), io.StringIO())


def test_a_word_that_contradicts_the_others_is_explained(file: Path) -> None:
    with pytest.raises(DeclarationError, match="dialect"):
        print_table(file, '{"encoding": "klingon"}', "csv", io.StringIO(), io.StringIO())


def test_the_command(file: Path) -> None:
    command = [sys.executable, "-m", "pipelines", "read", str(file), "--dialect", '{"delimiter": ";"}']
    done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)
    assert done.returncode == 0
    assert done.stdout.decode().splitlines()[:2] == ["Nr,Name,Betrag", '70001,Müller; Söhne,"1,50"']
    failed = subprocess.run([*command[:4], "none.csv"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert "file is gone" in failed.stderr
