from __future__ import annotations

from typing import Any

import pytest

from pipelines.clean.facts import FileInfo
from pipelines.clean.lookup import LookupFile, build
from pipelines.errors import DeclarationError, DeliveryError
from pipelines.profile import Lookup
from tests.unit.clean.mapkit import cleaned, column, contract, one, problems, raw, source, tables, values

MOVES = raw(
    ["EmployeeID", "DepartmentID", "EndDate"],
    ["1", "16", ""], ["4", "1", "2010-05-30"], [" 4 ", "2", ""], ["55", "99", ""], ["6", "1", ""], ["6", "2", ""],
    ["7", "1", ""], ["7", "1", ""],
)  # fmt: skip
DEPARTMENTS = raw(["DepartmentID", "Name"], ["1", "Engineering"], ["2", " Tool Design "], ["16", "Executive"])
DECLARED: dict[str, dict[str, Any]] = {
    "moves": {
        "key": "EmployeeID",
        "rows": [{"column": "EndDate", "empty": True}],
        "columns": {"name": {"lookup": {"table": "departments", "key": "DepartmentID", "column": "Name"}}},
    },
    "departments": {"key": "DepartmentID"},
}
TO = contract(
    column("employee_id", "identifier", key=True),
    column("department_id", "identifier"),
    column("department_name", classification="confidential"),
)
MAP = {
    "employee_id": {"from": "ID"},
    "department_id": {"lookup": {"table": "moves", "key": "ID", "column": "departmentid"}},
    "department_name": {"lookup": {"table": "moves", "key": "ID", "column": "name"}},
}


def test_a_table_may_use_another_and_have_filters() -> None:
    built = tables(DECLARED, moves=MOVES, departments=DEPARTMENTS)
    result = cleaned(TO, source(MAP), raw(["ID"], ["4"], [" 1"], ["7"]), lookups=built)
    assert values(result, "department_id") == ["2", "16", "1"]
    assert values(result, "department_name") == ["Tool Design", "Executive", "Engineering"]
    assert problems(result) == []


def test_a_missing_key_is_a_reject_also_when_a_table_misses_it_in_another() -> None:
    built = tables(DECLARED, moves=MOVES, departments=DEPARTMENTS)
    result = cleaned(TO, source(MAP), raw(["ID"], ["33"], ["55"], [""]), lookups=built)
    assert values(result, "department_id") == [None, "99", None]
    # The key is masked like the most sensitive column it feeds.
    assert problems(result) == [
        (2, "lookup_missing.department_id", "3*"), (2, "lookup_missing.department_name", "3*"),
        (3, "lookup_missing.department_name", "5*"),
        (4, "lookup_missing.department_id", ""), (4, "lookup_missing.department_name", ""),
    ]  # fmt: skip
    messages = [p["message"] for p in result.problems.to_pylist()]
    assert messages[0] == "expected a EmployeeID that look-up table moves has"
    assert messages[2] == "expected a DepartmentID that look-up table departments has"


def test_an_ambiguous_key_counts_only_when_a_row_uses_it() -> None:
    built = tables(DECLARED, moves=MOVES, departments=DEPARTMENTS)
    assert cleaned(TO, source(MAP), raw(["ID"], ["1"]), lookups=built).ambiguous == {}
    batch = raw(["ID", "Art"], ["6", "x"], ["6", "x"], ["6", "skip"])
    ref = source(MAP, skip=[{"column": "Art", "in": "skip"}])
    result = cleaned(TO, ref, batch, lookups=built)
    assert values(result, "department_id") == [None, None, None]
    assert {rule for _, rule, _ in problems(result)} == {
        "lookup_ambiguous.department_id", "lookup_ambiguous.department_name",
    }  # fmt: skip
    assert sum(result.ambiguous.values()) == 4
    assert {table for table, _ in result.ambiguous} == {"moves"}


def test_rows_of_one_key_that_agree_are_one_answer() -> None:
    built = tables(DECLARED, moves=MOVES, departments=DEPARTMENTS)
    result = cleaned(TO, source(MAP), raw(["ID"], ["7"]), lookups=built)
    assert values(result, "department_id") == ["1"]
    assert problems(result) == []


def test_an_optional_look_up_lets_an_empty_key_pass_but_not_a_wrong_one() -> None:
    built = tables({"t": {"key": "K"}}, t=raw(["K", "V"], ["1", "x"], ["", "never"]))
    use = {"table": "t", "key": "Id", "column": "V", "optional": True}
    assert one("text", {"lookup": use}, {"Id": " "}, more={"lookups": built}) == (None, [])
    assert one("text", {"lookup": use}, {"Id": "2"}, more={"lookups": built}) == (None, ["lookup_missing.x"])
    strict = {**use, "optional": False}
    assert one("text", {"lookup": strict}, {"Id": ""}, more={"lookups": built}) == (None, ["lookup_missing.x"])


def test_several_key_columns_do_not_run_into_each_other() -> None:
    table = raw(["A", "B", "V"], ["1", "23", "first"], ["12", "3", "second"], ["1", "", "third"])
    built = tables({"t": {"key": ["A", "B"]}}, t=table)
    use = {"table": "t", "key": ["X", "Y"], "column": "V"}
    to, ref = contract(column("x", key=True)), source({"x": {"lookup": use}})
    result = cleaned(to, ref, raw(["X", "Y"], ["12", "3"], ["1", "23"], ["1", ""], ["123", ""]), lookups=built)
    assert values(result, "x") == ["second", "first", "third", None]
    assert problems(result) == [(5, "lookup_missing.x", "123 | ")]


def test_computed_columns_know_every_origin_of_text() -> None:
    declared = {
        "t": {
            "files": r"rates_(?P<year>\d{4})\.csv",
            "key": "code",
            "columns": {
                "code": {"concat": ["Land", "Art"], "separator": "-"},
                "first": {"first_of": ["Kurz", "Lang"]},
                "fixed": {"value": "F"},
                "part": {"split": {"from": "Lang", "pattern": r"(\w+) .*"}},
                "kind": {"from": "Art", "codes": {"N": "normal"}, "other": "special"},
                "strict": {"from": "Art", "codes": {"N": "normal"}},
                "signed": {"signed": {"debit": "Soll", "credit": "Haben"}},
                "upper": {"sql": "upper(Lang)"},
                "year": {"file": "year"},
                "sheet": {"sheet_name": True},
                "title": {"cell": "a1"},
            },
        }
    }
    batch = raw(
        ["Land", "Art", "Kurz", "Lang", "Soll", "Haben"],
        ["DE", "N", "", "Regel satz", "", "1.234,50"], ["AT", "R", "rs", "Ermaessigt", "2", ""],
    )  # fmt: skip
    facts = '{"sheet_name": "Sätze", "cells": {"A1": "Stand Mai"}}'
    file = LookupFile("rates_2026.csv", [batch], facts, {"year": "2026"})
    built = build({n: Lookup.model_validate(d) for n, d in declared.items()}, {"t": [file]}, "de_DE")["t"]
    keys = [raw(["K"], ["DE-N"], ["AT-R"]).column("K")]
    found = {name: built.answer(name, keys, False) for name in declared["t"]["columns"]}
    texts = {name: cells.texts.to_pylist() for name, cells in found.items()}
    assert texts == {
        "code": ["DE-N", "AT-R"], "first": ["Regel satz", "rs"], "fixed": ["F", "F"], "part": ["Regel", ""],
        "kind": ["normal", "special"], "strict": ["normal", ""], "signed": ["-1234.5", "2"],
        "upper": ["REGEL SATZ", "ERMAESSIGT"], "year": ["2026", "2026"], "sheet": ["Sätze", "Sätze"],
        "title": ["Stand Mai", "Stand Mai"],
    }  # fmt: skip
    faults = {name: {row: f.kind.value for row, f in cells.faults.items()} for name, cells in found.items()}
    assert {n: f for n, f in faults.items() if f} == {"part": {1: "unreadable"}, "strict": {1: "unknown_code"}}


def test_several_files_make_one_table_and_a_key_in_two_of_them_may_disagree() -> None:
    first, second = raw(["K", "V"], ["1", "a"], ["2", "b"]), raw(["V", "k"], ["c", "3"], ["B", "2"])
    files = {"t": [LookupFile("a.csv", [first]), LookupFile("b.csv", [second])]}
    built = build({"t": Lookup.model_validate({"files": ".*", "key": "K"})}, files, "de_DE")["t"]
    answer = built.answer("V", [raw(["x"], ["3"], ["1"], ["2"]).column("x")], False)
    assert answer.texts.to_pylist()[:2] == ["c", "a"]
    assert {row: fault.kind.value for row, fault in answer.faults.items()} == {2: "lookup_ambiguous"}
    assert len(built) == 4


def test_a_missing_column_names_the_look_up_file() -> None:
    with pytest.raises(DeliveryError, match=r"column missing: 'Schluessel'.*look-up file t\.csv"):
        tables({"t": {"key": "Schluessel"}}, t=raw(["K"], ["1"]))
    built = tables({"t": {"key": "K"}}, t=raw(["K", "Name"], ["1", "x"]))
    rule = {"lookup": {"table": "t", "key": "Id", "column": "Nmae"}}
    with pytest.raises(DeliveryError, match=r"column missing: 'Nmae'.*look-up file t\.csv.*closest: 'Name'"):
        one("text", rule, {"Id": "1"}, more={"lookups": built})


def test_a_missing_file_names_the_pattern() -> None:
    with pytest.raises(DeliveryError, match=r"look-up file missing: t; got no file; expected a file that matches"):
        build({"t": Lookup.model_validate({"files": "t.csv", "key": "K"})}, {}, "de_DE")
    with pytest.raises(DeliveryError, match="look-up file is empty: t"):
        build({"t": Lookup.model_validate({"files": "t", "key": "K"})}, {"t": [LookupFile("t.csv", [])]}, "de_DE")


def test_a_table_without_records_has_no_key() -> None:
    built = tables({"t": {"key": "K"}}, t=raw(["K", "V"]))
    rule = {"lookup": {"table": "t", "key": "Id", "column": "V"}}
    assert one("text", rule, {"Id": "1"}, more={"lookups": built}) == (None, ["lookup_missing.x"])


def test_malformed_records_of_a_table_are_left_out_and_said() -> None:
    built = tables({"t": {"key": "K"}}, t=raw(["K", "V"], ["1", "a"], ["2"], malformed={1: "1 cell, expected 2"}))
    to, ref = contract(column("x", key=True)), source({"x": {"lookup": {"table": "t", "key": "Id", "column": "V"}}})
    result = cleaned(to, ref, raw(["Id"], ["2"]), lookups=built)
    assert "(1 of its records are malformed)" in result.problems.to_pylist()[0]["message"]


@pytest.mark.parametrize("word", [{"formats": "%d"}, {"absent": {"x": "y"}}, {"century_from": 2000}])
def test_words_that_would_do_nothing_are_refused(word: dict[str, object]) -> None:
    declared = {"t": {"key": "K", "columns": {"d": {"from": "D", **word}}}}
    with pytest.raises(DeclarationError, match="has no effect in a look-up table"):
        tables(declared, t=raw(["K", "D"], ["1", "2"]))


def test_a_looked_up_text_goes_through_the_semantic_type_and_is_the_value_of_its_problem() -> None:
    built = tables({"t": {"key": "K"}}, t=raw(["K", "Tag"], ["1", "31.12.2025"], ["2", "gestern"]))
    rule = {"lookup": {"table": "t", "key": "Id", "column": "Tag"}, "formats": "%d.%m.%Y"}
    to, ref = contract(column("x", "date", key=True)), source({"x": rule})
    result = cleaned(to, ref, raw(["Id"], ["1"], ["2"]), lookups=built, info=FileInfo(("Id",)))
    assert str(values(result, "x")[0]) == "2025-12-31"
    assert problems(result) == [(3, "unreadable.x", "gestern")]
