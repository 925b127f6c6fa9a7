"""The same cells as pandas and DuckDB on regular files; on irregular ones, who says what and why we differ."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from pipelines.extract.reader import read_table
from pipelines.profile import Format
from tests.unit.extract.conftest import drain

Cells = list[list[str]]
ERROR = "error"


def ours(path: Path, **words: Any) -> Cells | str:
    """Records as read; a malformed one shows as its problem up to the first comma or semicolon."""
    got = drain(read_table(path, Format(**words), "en_US"))
    out: Cells = []
    for _, problem, _, *cells in got.records:
        out.append(cells if problem is None else [problem.partition(";")[0].partition(",")[0]])
    return out


def by_pandas(path: Path, **words: Any) -> Cells | str:
    try:
        frame = pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            sep=words.get("delimiter", ","),
            quotechar=words.get("quote_char", '"'),
            encoding=words.get("encoding", "utf-8"),
        )
    except (pd.errors.ParserError, ValueError):
        return ERROR
    return [["" if pd.isna(cell) else cell for cell in row] for row in frame.itertuples(index=False, name=None)]


def by_duckdb(path: Path, **words: Any) -> Cells | str:
    """DuckDB with every word given, so that nothing is sniffed; an empty cell is not null."""
    copy = path.with_name("utf8.csv")  # other encodings are an extension that is not installed
    copy.write_bytes(path.read_bytes().decode(words.get("encoding", "utf-8")).encode())
    try:
        found = duckdb.read_csv(
            str(copy),
            header=True,
            all_varchar=True,
            delimiter=words.get("delimiter", ","),
            quotechar=words.get("quote_char", '"'),
            escapechar=words.get("quote_char", '"'),
            na_values=["\x01"],
            auto_detect=False,
            columns={f"c{i}": "VARCHAR" for i in range(_width(path, words))},
        ).fetchall()
    except duckdb.Error:
        return ERROR
    return [["" if cell is None else cell for cell in row] for row in found]


def _width(path: Path, words: dict[str, Any]) -> int:
    text = path.read_text(words.get("encoding", "utf-8"))
    return len(next(csv.reader(io.StringIO(text), delimiter=words.get("delimiter", ","))))


REGULAR: list[dict[str, Any]] = [
    {},
    {"delimiter": ";"},
    {"delimiter": "\t"},
    {"delimiter": "|", "quote_char": "'"},
    {"delimiter": ";", "encoding": "cp1252"},
]


@pytest.mark.parametrize("words", REGULAR)
@pytest.mark.parametrize("line", ["\n", "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_regular_files(tmp_path: Path, words: dict[str, Any], line: str, quoting: Any) -> None:
    draw = random.Random(f"{words}{line}{quoting}")  # reproducible, no secret
    parts = ["a", "Ä", "0012", "1,5", "x;y", "p|q", 'say "hi"', "it's", "\n", " ", "NULL", "NA", "-", "2024-01-31", "€"]
    table = [["".join(draw.choices(parts, k=draw.randint(0, 4))).strip() for _ in range(4)] for _ in range(300)]
    table = [["r", *row] for row in table]
    out = io.StringIO(newline="")
    writer = csv.writer(
        out, delimiter=words.get("delimiter", ","), quotechar=words.get("quote_char", '"'), quoting=quoting,
        lineterminator=line,
    )  # fmt: skip
    writer.writerows([["id", "b", "c", "d", "e"], *table])
    path = tmp_path / "f.csv"
    path.write_bytes(out.getvalue().encode(words.get("encoding", "utf-8")))
    assert ours(path, **words) == table
    assert by_pandas(path, **words) == table
    assert by_duckdb(path, **words) == table


@dataclass(frozen=True)
class Case:
    """An irregular file: what each reader makes of it, and why ours is right."""

    name: str
    text: str
    ours: Cells
    pandas: Cells | str
    duckdb: Cells | str
    why: str
    words: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case(
        "short record", "a,b,c\n1,2\n3,4,5\n",
        ours=[["has 2 cells"], ["3", "4", "5"]], pandas=[["1", "2", ""], ["3", "4", "5"]], duckdb=ERROR,
        why="pandas fills up silently: a lost delimiter shifts values into wrong columns unseen",
    ),
    Case(
        "short record, declared", "a,b,c\n1,2\n3,4,5\n", words={"ragged": "pad"},
        ours=[["1", "2", ""], ["3", "4", "5"]], pandas=[["1", "2", ""], ["3", "4", "5"]], duckdb=ERROR,
        why="filled up because the profile says so, and counted",
    ),
    Case(
        "long record", "a,b\n1,2\n3,4,5\n6,7\n",
        ours=[["1", "2"], ["has 3 cells"], ["6", "7"]], pandas=ERROR, duckdb=ERROR,
        why="one bad record does not cost the file",
    ),
    Case(
        "every record is one longer", "a,b\n1,2,3\n4,5,6\n",
        ours=[["has 3 cells"], ["has 3 cells"]], pandas=[["2", "3"], ["5", "6"]], duckdb=ERROR,
        why="pandas makes the first column an index: every value stands under the name of its neighbour",
    ),
    Case(
        "quotes not doubled", 'a,b\n"x "y" z",1\n2,3\n',
        ours=[["has text after the closing quote of cell 1"], ["2", "3"]],
        pandas=[['x y" z"', "1"], ["2", "3"]], duckdb=ERROR,
        why="nobody said that stray quotes are ordinary characters: the record is set aside, not the file",
    ),
    Case(
        "quotes not doubled, declared", 'a,b\n"x "y" z",1\n2,3\n', words={"stray_quotes": "literal"},
        ours=[['x "y" z', "1"], ["2", "3"]], pandas=[['x y" z"', "1"], ["2", "3"]], duckdb=ERROR,
        why="the cell as it was typed; pandas loses one quote and adds another",
    ),
    Case(
        "a quote is not closed", 'a,b\n1,"x\n2,y\n3,"z"\n', words={"stray_quotes": "literal"},
        ours=[["1", '"x'], ["2", "y"], ["3", "z"]], pandas=[["1", 'x\n2,y\n3,z"']], duckdb=ERROR,
        why="the damage stays in its record; pandas gives one record for three without a word",
    ),
    Case(
        "a quote is not closed before a quoted cell", 'a,b,c\n"1,2,"x, y"\n4,5,6\n', words={"stray_quotes": "literal"},
        ours=[['"1', "2", "x, y"], ["4", "5", "6"]], pandas=[["1,2,x", ' y"', ""], ["4", "5", "6"]], duckdb=ERROR,
        why="the reading that has three cells",
    ),
    Case(
        "blank lines", "a,b\n1,2\n\n \n,\n3,4\n",
        ours=[["1", "2"], ["3", "4"]], pandas=[["1", "2"], ["", ""], ["3", "4"]], duckdb=ERROR,
        why="records of nothing but white space are counted, not rows",
    ),
    Case(
        "mixed line breaks", "a,b\r\n1,2\n3,4\r5,6\n",
        ours=[["1", "2"], ["3", "4"], ["5", "6"]], pandas=[["1", "2"], ["3", "4"], ["5", "6"]], duckdb=ERROR,
        why="files are put together from others",
    ),
    Case(
        "spaces before a quote", 'a,b\n1, "x, y"\n', words={"stray_quotes": "literal"},
        ours=[["1", "x, y"]], pandas=[[' "x', ' y"']], duckdb=[["1", "x, y"]],
        why="two cells only if the quote counts; pandas makes 1 an index",
    ),
    Case(
        "spaces before a quote that fit", 'a,b\n1, "x"\n',
        ours=[["1", ' "x"']], pandas=[["1", ' "x"']], duckdb=[["1", "x"]],
        why="as RFC 4180 has it: spaces belong to the cell, which then has no opening quote",
    ),
    Case(
        "spaces after a quoted cell", 'a,b\n"x" ,1\n',
        ours=[["x", "1"]], pandas=[["x ", "1"]], duckdb=[["x", "1"]],
        why="spaces outside the quotes are no part of the cell",
    ),
    Case(
        "NUL byte", "a,b\n1,x\0y\n2,3\n",
        ours=[["holds a NUL byte"], ["2", "3"]], pandas=[["1", "x\0y"], ["2", "3"]], duckdb=[["1", "x\0y"], ["2", "3"]],
        why="a sign of damage, and no text of the warehouse may hold one",
    ),
    Case(
        "same names", "a,a\n1,2\n", ours=[["1", "2"]], pandas=[["1", "2"]], duckdb=[["1", "2"]],
        why="no difference: all keep both columns",
    ),
    Case(
        "lone carriage returns", "a,b\r1,2\r3,4\r",
        ours=[["1", "2"], ["3", "4"]], pandas=[["1", "2"], ["3", "4"]], duckdb=[["1", "2"], ["3", "4"]],
        why="no difference: all three line breaks end records",
    ),
    Case(
        "a quote inside a cell", 'a,b\n5" pipe,x\n',
        ours=[['5" pipe', "x"]], pandas=[['5" pipe', "x"]], duckdb=[['5" pipe', "x"]],
        why="no difference: no quoted cell begins there",
    ),
    Case(
        "words that mean null elsewhere", "a,b\nNA,NULL\n",
        ours=[["NA", "NULL"]], pandas=[["NA", "NULL"]], duckdb=[["NA", "NULL"]],
        why="no difference when pandas and DuckDB are told so: a text is a text",
    ),
]  # fmt: skip
"""Default words of DuckDB 2.0 are strict: a file with one bad record is an error there, so it loses the good ones."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_irregular_files(tmp_path: Path, case: Case) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(case.text.encode())
    assert ours(path, **case.words) == case.ours, case.why
    assert by_pandas(path, **case.words) == case.pandas, "pandas has changed: argue again"
    assert by_duckdb(path, **case.words) == case.duckdb, "DuckDB has changed: argue again"
