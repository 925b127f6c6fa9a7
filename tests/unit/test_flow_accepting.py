"""The lines that are proposed must be a profile that reads the file."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pipelines.flow.accepting import format_line, ignore_line, layout_line, optional_line, renamed_lines
from pipelines.profile import Format, Source


def source(**words: Any) -> Source:
    return Source.model_validate({"files": "x", "columns": {}, **words})


def test_a_format_keeps_its_other_words() -> None:
    fmt = Format(encoding="cp1252", header_rows=[4], footer_rows=1)
    line = format_line(fmt, {"delimiter": "\t", "header_rows": [6]})
    assert line == '`format: {encoding: cp1252, delimiter: "\\t", header_rows: [6], footer_rows: 1}`'
    assert Format.model_validate(yaml.safe_load(line.strip("`"))["format"]).delimiter == "\t"
    assert format_line(fmt, {"type": "xlsx"}) == "`format: {type: xlsx, header_rows: [4], footer_rows: 1}`"


def test_lists_of_columns() -> None:
    assert layout_line(["Nr", "S: H", "NO"]) == "`layout: [Nr, 'S: H', 'NO']`"
    assert layout_line(["x"] * 101) == "`layout:` with the 101 column names of the file, in order"
    assert ignore_line(source(ignore={"A": "old"}), ["B"]) == "`ignore: {A: old, B: say why it is not used}`"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ({"from": "Alt"}, "{from: [Alt, Neu EUR]}"),
        ({"from": ["Alt", "Noch"], "formats": "%d"}, "{from: [Alt, Noch, Neu EUR], formats: ['%d']}"),
        ({"first_of": ["Alt", "B"]}, "{first_of: [Neu EUR, B]}"),
        ({"concat": ["B", "alt"]}, "{concat: [B, Neu EUR]}"),
        ({"split": {"from": "Alt", "pattern": "(.)"}}, "{split: {from: [Alt, Neu EUR], pattern: (.)}}"),
        ({"signed": {"debit": "Alt", "credit": "B"}}, "{signed: {debit: [Alt, Neu EUR], credit: [B]}}"),
        ({"lookup": {"table": "t", "key": "Alt", "column": "Alt"}},
         "{lookup: {table: t, key: [Neu EUR], column: Alt}}"),
        ({"sql": "Alt || 'Alt' || \"Alt\" || Alter"},
         """{sql: '"Neu EUR" || ''Alt'' || "Neu EUR" || Alter'}"""),
        ({"from": "Alt", "codes": {"Alt": "1"}}, "{from: [Alt, Neu EUR], codes: {Alt: '1'}}"),
    ],
)  # fmt: skip
def test_a_renamed_column_in_every_word_of_the_column_map(rule: dict[str, Any], line: str) -> None:
    declared = source(columns={"a": rule, "b": {"value": "Alt"}})
    assert renamed_lines(declared, {"Alt": "Neu EUR"}) == [f"`a: {line}` under columns"]
    now = {"a": yaml.safe_load(line), "b": {"value": "Alt"}}
    assert renamed_lines(source(columns=now), {"Neu EUR": "x"})


def test_a_renamed_column_of_filters_and_unpivot() -> None:
    declared = source(
        rows=[{"column": "Alt", "in": ["x"]}, {"column": "B", "empty": True}], skip=[{"column": "Alt", "matches": "y"}],
        unpivot={"columns": {"Alt": "1", "B": "2"}, "name": "n", "value": "v"},
    )  # fmt: skip
    assert renamed_lines(declared, {"Alt": "Neu"}) == [
        "`rows: [{column: Neu, in: [x]}, {column: B, empty: true}]`",
        "`skip: [{column: Neu, matches: y}]`",
        "`unpivot: {columns: {Neu: '1', B: '2'}, name: n, value: v}`",
    ]


def test_a_column_that_may_be_missing() -> None:
    declared = source(columns={"a": {"from": ["A", "B"], "locale": "de_DE"}})
    assert optional_line(declared, "a") == "`a: {from: [A, B], locale: de_DE, optional: true}` under columns"
