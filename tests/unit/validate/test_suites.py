"""What `check` refuses, and what a suite becomes."""

# ruff: noqa: E501 (one expectation a line reads better)

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.contract import read_contract
from pipelines.errors import DeclarationError
from pipelines.settings import ROOT
from pipelines.validate.suites import check_suite, load_suite
from tests.unit.validate.conftest import ADDS_UP, LINES, rule, where, write_suite

NULL = {"type": "nullity", "column": {"name": "settled_date"}, "is_null": False}


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("expect_column_values_to_be_between", {"column": "gross_amount", "min_value": 0.1}),
        ("expect_column_values_to_be_between", {"column": "booked_date", "min_value": "2020-01-01"}),
        ("expect_column_values_to_be_in_set", {"column": "status_code", "value_set": ["open"]}),
        ("expect_column_values_to_be_in_set", {"column": "booked_date_absent_code", "value_set": ["not_captured"]}),
        (
            "expect_column_values_to_not_be_null",
            {"column": "settled_date", "row_condition": where("status_code", "==", "settled")},
        ),
        ("expect_column_values_to_match_regex", {"column": "line_id", "regex": "^[0-9]+$", "mostly": 0.9}),
        ("expect_column_values_to_be_unique", {"column": "contact_name", "row_condition": NULL}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["journal_id", "parent_id"]}),
        ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "settled_date", "column_B": "booked_date"}),
        ("expect_column_sum_to_be_between", {"column": "gross_amount", "min_value": 0}),
        ("expect_table_row_count_to_be_between", {"min_value": 1}),
        ("expect_column_product_to_match", {"factors": ["item_quantity", "item_price"], "total": "gross_amount"}),
        ("expect_row_count_to_be_similar", {"max_change_pct": 20}),
    ],
)
def test_accepted(tmp_path: Path, kind: str, kwargs: dict[str, Any]) -> None:
    path = write_suite(tmp_path, [rule("it", kind, **kwargs)])
    assert check_suite(path, LINES) == []
    assert load_suite(path, LINES)[0].type == kind


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (rule("it", "expect_column_values_to_be_increasing", column="line_id"), "needs the whole column"),
        (rule("it", "expect_column_values_to_be_decreasing", column="line_id"), "needs the whole column"),
        (rule("it", "expect_column_value_z_scores_to_be_less_than", column="gross_amount", threshold=3, double_sided=True), "whole column"),
        (rule("it", "expect_column_values_to_not_be_outliers", column="gross_amount", method="iqr", multiplier=1.5), "whole column"),
        (rule("it", "expect_column_values_to_be_of_type", column="line_id", type_="str"), "stated in the contract"),
        (rule("it", "expect_column_values_to_match_like_pattern", column="line_id", like_pattern="a%"), "SQL only"),
        (rule("it", "expect_multicolumn_sum_to_equal", column_list=["net_amount", "tax_amount"], sum_total=1), "exact"),
        (rule("it", "expect_column_kl_divergence_to_be_less_than", column="gross_amount"), "not supported"),
        (rule("it", "unexpected_rows_expectation", unexpected_rows_query="select 1 from {batch}"), "not supported"),
        (rule("it", "expect_nothing_at_all"), "unknown expectation type"),
        (rule("it", "expect_column_values_to_not_be_null", column="nobody"), "unknown column 'nobody'"),
        (rule("it", "expect_column_values_to_not_be_null", column="line_id", row_condition=where("nobody", "==", 1)), "unknown column"),
        (rule("it", "expect_column_values_to_not_be_null", column="line_id", mostly=0), "mostly is 0"),
        (rule("it", "expect_column_values_to_not_be_null", column="line_id", mostly=1.5), "does not accept"),
        (rule("it", "expect_column_values_to_not_be_null", colunm="line_id"), "does not accept"),
        (rule("it", "expect_column_values_to_be_between", column="gross_amount", min_value={"$PARAMETER": "low"}), "suite parameters"),
        (rule("it", "expect_column_values_to_be_in_set", column="status_code", value_set=["opne"]), "expected one of open, settled"),
        (rule("it", "expect_column_values_to_not_be_null", column="settled_date", row_condition=where("status_code", "==", "Settled")), "expected one of open, settled"),
        (rule("it", "expect_column_values_to_not_be_null", column="line_id", row_condition="gross_amount > 0", condition_parser="pandas"), "condition object"),
        (rule("it", "expect_column_values_to_be_between", column="gross_amount", min_value="2020-01-01"), "expected a number"),
        (rule("it", "expect_column_values_to_be_between", column="booked_date", min_value=20200101), "expected an ISO date"),
        (rule("it", "expect_column_values_to_match_regex", column="gross_amount", regex="1"), "not text"),
        (rule("it", "expect_column_pair_values_to_be_equal", column_A="gross_amount", column_B="booked_date"), "not comparable"),
        (rule("it", "expect_columns_to_add_up", columns=["net_amount", "item_quantity"], total="gross_amount"), "one scale"),
        (rule("it", "expect_columns_to_add_up", columns=["net_amount", "line_id"], total="gross_amount"), "one scale"),
        (rule("it", "expect_column_product_to_match", factors=["item_quantity", "line_id"], total="gross_amount"), "not a number"),
        (rule("it", "expect_column_values_to_not_be_null", kontor={"id": "other.feed.it"}, column="line_id"), "expected tests.lines.<rule>"),
        (rule("it", "expect_column_values_to_not_be_null", kontor={"id": "tests.lines.required"}, column="line_id"), "derived from the contract"),
        (rule("it", "expect_column_values_to_not_be_null", kontor={"message": {"en": "x"}}, column="line_id"), "message.de is missing"),
        (rule("it", "expect_column_values_to_not_be_null", kontor={"owner": None}, column="line_id"), "owner"),
        (rule("it", "expect_column_values_to_not_be_null", kontor={"on_failure": "stop"}, column="line_id"), "expected hold"),
        (rule("it", "expect_column_values_to_not_be_null", "warning", kontor={"on_failure": "hold"}, column="line_id"), "severity critical"),
        (rule("it", "expect_column_values_to_not_be_null", kontor={"on_failure": "leave_out"}, column="head_count"), "needs severity warning"),
        (rule("it", "expect_column_values_to_not_be_null", "warning", kontor={"on_failure": "leave_out"}, column="head_count"), "to know the absent code not_plausible"),
        (rule("it", "expect_column_values_to_be_unique", "warning", kontor={"on_failure": "leave_out"}, column="head_count"), "nothing but their row"),
        (rule("it", "expect_column_values_to_not_be_null", kontor={"over": "received"}, column="line_id"), "judges every row"),
        (rule("it", "expect_table_row_count_to_be_between", kontor={"over": "all"}, min_value=1), "received or accepted"),
        (rule("it", "expect_column_values_to_not_be_null", kontor={"tolerance": 1}, column="line_id"), "is not known"),
        ({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "line_id"}, "meta": {}}, "meta.kontor is missing"),
        ({"kwargs": {}}, "needs a `type`"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, item: dict[str, Any], said: str) -> None:
    path = write_suite(tmp_path, [item])
    problems = check_suite(path, LINES)
    assert any(said in problem for problem in problems), problems
    with pytest.raises(DeclarationError):
        load_suite(path, LINES)


def test_empty_suite_is_refused_by_check_and_left_to_the_gate(tmp_path: Path) -> None:
    path = write_suite(tmp_path, [])
    assert ["without expectations" in p for p in check_suite(path, LINES)] == [True]
    assert load_suite(path, LINES) == []


def test_duplicate_ids(tmp_path: Path) -> None:
    assert any("twice" in p for p in check_suite(write_suite(tmp_path, [ADDS_UP, ADDS_UP]), LINES))


def test_problems_name_file_and_line(tmp_path: Path) -> None:
    path = write_suite(tmp_path, [ADDS_UP, rule("bad", "expect_column_values_to_not_be_null", column="nobody")])
    (problem,) = check_suite(path, LINES)
    line = 1 + path.read_text().split('"tests.lines.bad"')[0].count("\n")
    assert problem.startswith(f"{path}:{line}, tests.lines.bad: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "not valid JSON"), ("[]", "not a suite"), ('{"name": "x", "expectations": []}', "name is 'x'")],
)
def test_broken_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "lines.json"
    path.write_text(text)
    assert said in check_suite(path, LINES)[0]
    assert "cannot be read" in check_suite(tmp_path / "none.json", LINES)[0]


def test_dates_become_timestamps(tmp_path: Path) -> None:
    kwargs = {"column": "booked_date", "min_value": "2020-01-01", "max_value": "2021-12-31"}
    path = write_suite(tmp_path, [rule("it", "expect_column_values_to_be_between", **kwargs)])
    assert load_suite(path, LINES)[0].expectation.min_value == dt.datetime(2020, 1, 1)


def test_our_expectations_survive_the_native_form(tmp_path: Path) -> None:
    rules = load_suite(write_suite(tmp_path, [ADDS_UP]), LINES)
    written = rules[0].expectation.configuration.to_json_dict()
    again = write_suite(tmp_path, [json.loads(json.dumps(written))])
    assert load_suite(again, LINES)[0].expectation == rules[0].expectation
    assert rules[0].columns == ("gross_amount", "net_amount", "tax_amount")


def test_shipped_suites_are_sound() -> None:
    contracts = sorted((ROOT / "pipelines" / "contracts").glob("*/*.odcs.yaml"))
    assert contracts
    for path in contracts:
        contract = read_contract(path)
        domain, _, name = contract.feed.partition(".")
        assert check_suite(ROOT / "expectations" / domain / f"{name}.json", contract) == []
