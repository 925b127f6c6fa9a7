"""Rules of a suite that need more than a row: uniqueness, sums and counts, comparison with the last delivery."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines.delivery import Verdict
from tests.unit.validate.conftest import ADDS_UP, Desk, by_id, line, rule, where

FINE = [line(f"g{i}", head_count=i) for i in range(50)]
ONCE = {"column": "contact_name"}


def test_uniqueness_rejects_every_row_that_shares_its_value(desk: Desk) -> None:
    desk.suite([rule("once", "expect_column_values_to_be_unique", column="head_count")])
    delivery, result = desk.gate(
        [*FINE, line("b", head_count=3), line("c", head_count=None), line("d", head_count=None)]
    )
    assert desk.rejects(delivery) == {"once": [5, 52]}
    outcome = by_id(result)["once"]
    assert (outcome.evaluated, outcome.failed, outcome.success) == (51, 2, False)
    assert result.verdict is Verdict.PASS_WITH_REJECTS


def test_uniqueness_as_a_warning_counts_and_masks(desk: Desk) -> None:
    desk.suite([ADDS_UP, rule("once", "expect_column_values_to_be_unique", "warning", **ONCE)])
    delivery, result = desk.gate(FINE[:3])
    assert result.verdict is Verdict.PASS and desk.rejects(delivery) == {}
    assert by_id(result)["once"].failed == 3
    assert by_id(result)["once"].samples[0]["values"] == {"contact_name": "S***********"}


def test_uniqueness_under_a_condition(desk: Desk) -> None:
    desk.suite(
        [rule("once", "expect_column_values_to_be_unique", **ONCE, row_condition=where("status_code", "==", "settled"))]
    )
    lines = [
        line("1"),
        line("2"),
        line("3", status_code="settled"),
        *(line(f"x{i}", contact_name=str(i)) for i in range(60)),
    ]
    assert desk.gate(lines)[1].verdict is Verdict.PASS
    delivery, _ = desk.gate([*lines, line("4", status_code="settled")])
    assert desk.rejects(delivery) == {"once": [4, 65]}


@pytest.mark.parametrize(
    ("ignored", "rejected"),
    [("all_values_are_missing", [2, 3]), ("any_value_is_missing", []), ("never", [2, 3, 4, 5])],
)
def test_compound_uniqueness_and_missing_values(desk: Desk, ignored: str, rejected: list[int]) -> None:
    desk.suite(
        [
            rule(
                "once",
                "expect_compound_columns_to_be_unique",
                column_list=["journal_id", "parent_id"],
                ignore_row_if=ignored,
            )
        ]
    )
    lines = [
        line("1", journal_id="j"), line("2", journal_id="j"), line("3"), line("4"),
        *(line(f"x{i}", journal_id=f"k{i}", parent_id=str(i)) for i in range(100)),
    ]  # fmt: skip
    delivery, result = desk.gate(lines)
    assert desk.rejects(delivery).get("once", []) == rejected, result.message


@pytest.mark.parametrize(
    ("kind", "kwargs", "ok"),
    [
        ("expect_column_sum_to_be_between", {"column": "net_amount", "min_value": 500, "max_value": 500.0}, True),
        ("expect_column_sum_to_be_between", {"column": "net_amount", "min_value": 500.01}, False),
        ("expect_column_mean_to_be_between", {"column": "net_amount", "max_value": 10}, True),
        ("expect_column_median_to_be_between", {"column": "head_count", "min_value": 24.5, "max_value": 24.5}, True),
        ("expect_column_min_to_be_between", {"column": "booked_date", "min_value": "2026-03-01"}, True),
        ("expect_column_max_to_be_between", {"column": "booked_date", "max_value": "2026-02-28"}, False),
        ("expect_column_unique_value_count_to_be_between", {"column": "head_count", "min_value": 50}, True),
        ("expect_column_proportion_of_unique_values_to_be_between", {"column": "head_count", "min_value": 1}, True),
        (
            "expect_column_proportion_of_non_null_values_to_be_between",
            {"column": "settled_date", "min_value": 0.1},
            False,
        ),
        ("expect_table_row_count_to_be_between", {"min_value": 51}, False),
        ("expect_table_row_count_to_equal", {"value": 50}, True),
        ("expect_column_stdev_to_be_between", {"column": "head_count", "min_value": 14, "max_value": 15}, True),
        (
            "expect_column_sum_to_be_between",
            {"column": "net_amount", "max_value": 20, "row_condition": where("head_count", "<", 2)},
            True,
        ),
    ],
)
def test_aggregates(desk: Desk, kind: str, kwargs: dict[str, Any], ok: bool) -> None:
    desk.suite([rule("it", kind, **kwargs)])
    _, result = desk.gate(FINE)
    assert by_id(result)["it"].success is ok, by_id(result)["it"]
    assert result.verdict is (Verdict.PASS if ok else Verdict.HOLD)


def test_over_received_or_accepted(desk: Desk) -> None:
    lines = [*FINE, line("b", booked_date=None), line("s", "skipped")]
    for over, count in (("received", 51), ("accepted", 50)):
        desk.suite([rule("it", "expect_table_row_count_to_equal", kontor={"over": over}, value=count)])
        assert by_id(desk.gate(lines)[1])["it"].success is True


def test_a_column_without_values_is_not_evaluated(desk: Desk) -> None:
    desk.suite([ADDS_UP, rule("it", "expect_column_sum_to_be_between", column="head_count", min_value=0)])
    _, result = desk.gate([line(f"g{i}", head_count=None, currency_code=str(i)) for i in range(5)])
    assert by_id(result)["it"].success is None and result.verdict is Verdict.PASS


def test_comparison_with_the_last_accepted_delivery(desk: Desk) -> None:
    desk.suite([ADDS_UP, rule("similar", "expect_row_count_to_be_similar", max_change_pct=20)])
    _, first = desk.gate(FINE)
    assert by_id(first)["similar"].success is None and first.verdict is Verdict.PASS
    assert desk.gate(FINE[:40])[1].verdict is Verdict.PASS
    _, third = desk.gate(FINE)  # 25 % more than 40
    assert third.verdict is Verdict.HOLD and "50 rows, 40 in delivery" in third.holds[0]
    assert by_id(desk.gate(FINE, desk.ref(source="other"))[1])["similar"].success is None


def test_references_within_the_feed_and_to_feeds_the_client_does_not_deliver(desk: Desk) -> None:
    _, result = desk.gate([line("1", parent_id="nobody")])
    outcome = by_id(result)["reference.parent_id"]
    assert (outcome.success, outcome.observed) == (None, f"not evaluated: {desk.client} delivers no tests.parents")
    assert result.verdict is Verdict.PASS


def test_later_rules_see_what_earlier_ones_left(desk: Desk) -> None:
    desk.suite([rule("once", "expect_column_values_to_be_unique", column="head_count")])
    lines = [
        *FINE,
        line("b", head_count=3, booked_date=None),
        line("c", head_count=4, settled_date=date(2026, 1, 1), net_amount=Decimal(1)),
    ]
    delivery, _ = desk.gate(lines)
    assert desk.rejects(delivery) == {"required.booked_date": [52], "once": [6, 53]}
