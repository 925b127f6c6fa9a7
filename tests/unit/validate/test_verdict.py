"""The verdict table: what each kind of failing rule does to a delivery."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipelines.delivery import Verdict
from tests.unit.validate.conftest import Desk, by_id, line, rule, where

PASS, REJECTS, HOLD = Verdict.PASS, Verdict.PASS_WITH_REJECTS, Verdict.HOLD
OPEN_ONLY = {"column": "status_code", "value_set": ["open"]}
IN_SET = "expect_column_values_to_be_in_set"
NOT_NULL = "expect_column_values_to_not_be_null"
REGEX = "expect_column_values_to_match_regex"
PAIR = "expect_column_pair_values_a_to_be_greater_than_b"
STRICT = {"on_failure": "hold"}
SETTLED = where("status_code", "==", "settled")
BAD = 4  # of 100 rows are settled, which the rule forbids


@pytest.mark.parametrize(
    ("expectation", "verdict", "success"),
    [
        (rule("it", IN_SET, **OPEN_ONLY), REJECTS, False),
        (rule("it", IN_SET, **OPEN_ONLY, mostly=0.96), REJECTS, True),
        (rule("it", IN_SET, **OPEN_ONLY, mostly=0.97), HOLD, False),
        (rule("it", IN_SET, **OPEN_ONLY, mostly=1), REJECTS, False),
        (rule("it", IN_SET, kontor=STRICT, **OPEN_ONLY), HOLD, False),
        (rule("it", IN_SET, kontor=STRICT, **OPEN_ONLY, mostly=0.5), HOLD, True),
        (rule("it", IN_SET, "warning", **OPEN_ONLY), PASS, False),
        (rule("it", IN_SET, "warning", **OPEN_ONLY, mostly=0.97), PASS, False),
        (rule("it", IN_SET, "info", **OPEN_ONLY), PASS, False),
        (rule("it", IN_SET, column="currency_code", value_set=["EUR"]), PASS, True),
        # nothing to evaluate: never passed; an optional column without any value, or a condition no row meets, warns
        (rule("it", REGEX, column="parent_id", regex="x"), PASS, None),
        (rule("it", REGEX, kontor=STRICT, column="parent_id", regex="x"), PASS, None),
        (rule("it", NOT_NULL, column="contact_name", row_condition=where("currency_code", "==", "USD")), PASS, None),
        (
            rule("it", PAIR, column_A="settled_date", column_B="booked_date", ignore_row_if="either_value_is_missing"),
            PASS,
            None,
        ),
        # the columns have values, but never in the same row: a hold, because the rule has never looked
        (
            rule("it", PAIR, column_A="item_quantity", column_B="item_price", ignore_row_if="either_value_is_missing"),
            HOLD,
            None,
        ),
        (
            rule(
                "it",
                PAIR,
                "warning",
                column_A="item_quantity",
                column_B="item_price",
                ignore_row_if="either_value_is_missing",
            ),
            PASS,
            None,
        ),
        (rule("it", NOT_NULL, column="settled_date", row_condition=SETTLED), REJECTS, False),
        (rule("it", "expect_table_row_count_to_equal", value=99), HOLD, False),
        (rule("it", "expect_table_row_count_to_equal", "warning", value=99), PASS, False),
        (rule("it", "expect_column_values_to_be_unique", column="contact_name", mostly=0.5), HOLD, False),
        (rule("it", "expect_column_values_to_be_unique", "info", column="contact_name"), PASS, False),
    ],
)
def test_verdict(desk: Desk, expectation: dict[str, Any], verdict: Verdict, success: bool | None) -> None:
    always = rule("always", NOT_NULL, column="line_id")
    desk.suite([expectation, always])
    lines = [line(f"g{i}", item_price=None) if i % 2 else line(f"g{i}", item_quantity=None) for i in range(100 - BAD)]
    lines += [line(f"b{i}", status_code="settled", item_price=None) for i in range(BAD)]
    _, result = desk.gate(lines)
    assert by_id(result)["it"].success is success, by_id(result)["it"]
    assert result.verdict is verdict, result.message
    assert (result.message or "").startswith("held: ") == (verdict is HOLD)


def test_a_hold_keeps_its_rejects_apart_and_says_every_reason(desk: Desk) -> None:
    desk.suite(
        [rule("it", IN_SET, kontor=STRICT, **OPEN_ONLY), rule("two", "expect_table_row_count_to_equal", value=0)]
    )
    delivery, result = desk.gate(
        [*(line(f"g{i}") for i in range(40)), line("b", status_code="settled", settled_date=date(2026, 1, 1))]
    )
    assert [h.split(": ")[0] for h in result.holds] == ["tests.lines.it", "tests.lines.two"]
    assert desk.rejects(delivery) == {"it": [42]}
    assert result.counts.accepted == 40 and delivery.rows_rejected == 1
