"""Agreement of the rules that need the whole column and became SQL: uniqueness, on rows with gaps and repeats."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import great_expectations as gx
import pytest

from pipelines.validate import views
from pipelines.validate.suites import load_suite
from tests.unit.validate.conftest import LINES, Desk, Line, by_id, clean_batch, line, rule, where, write_suite

ONE, SEVERAL = "expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"
PAIR = ["contact_name", "head_count"]
OPEN = where("status_code", "==", "open")
CASES: dict[str, dict[str, Any]] = {
    "text": {"kind": ONE, "column": "contact_name"},
    "number": {"kind": ONE, "column": "item_price"},
    "tolerance": {"kind": ONE, "column": "item_price", "mostly": 0.1},
    "condition": {"kind": ONE, "column": "contact_name", "row_condition": OPEN},
    "any_missing": {"kind": SEVERAL, "column_list": PAIR, "ignore_row_if": "any_value_is_missing"},
    "all_missing": {"kind": SEVERAL, "column_list": PAIR, "ignore_row_if": "all_values_are_missing"},
    "never": {"kind": SEVERAL, "column_list": PAIR, "ignore_row_if": "never"},
    "several_condition": {"kind": SEVERAL, "column_list": PAIR, "ignore_row_if": "never", "row_condition": OPEN},
}


def rows(count: int = 90, seed: int = 5) -> list[Line]:
    draw = random.Random(seed)

    def maybe(value: Any) -> Any:
        return None if draw.random() < 0.2 else value

    return [
        line(
            str(n),
            contact_name=maybe(draw.choice(("Ä", "ä", "a", "A", " ", "nan", *(f"name {i}" for i in range(40))))),
            head_count=maybe(draw.randrange(4)),
            item_price=maybe(Decimal(draw.randrange(80)).scaleb(-2)),
            status_code=draw.choice(("open", "settled")),
        )
        for n in range(count)
    ]


def expected(case: dict[str, Any], lines: Sequence[Line]) -> list[int]:
    """Positions of the rows that share their values with another, by plain counting."""
    names = case.get("column_list") or [case["column"]]
    gaps: dict[str, Callable[[tuple[Any, ...]], bool]] = {
        "any_value_is_missing": lambda v: None in v,
        "all_values_are_missing": lambda v: set(v) == {None},
        "never": lambda v: False,
    }
    ignored = gaps[case.get("ignore_row_if", "any_value_is_missing")]
    values = [tuple(row.business[n] for n in names) for row in lines]
    judged = [
        not ignored(v) and ("row_condition" not in case or row.business["status_code"] == "open")
        for v, row in zip(values, lines, strict=True)
    ]
    times = Counter(v for v, j in zip(values, judged, strict=True) if j)
    return [i for i, (v, j) in enumerate(zip(values, judged, strict=True)) if j and times[v] > 1]


@pytest.mark.parametrize("name", CASES)
def test_rows_that_are_not_unique(desk: Desk, tmp_path: Path, name: str) -> None:
    case, lines = CASES[name], rows()
    kwargs = {k: v for k, v in case.items() if k != "kind"}
    item = rule("unique", case["kind"], **kwargs)
    desk.suite([item])
    delivery, result = desk.gate(lines, desk.ref(max_rejects={"pct": 100}), chunk=17)
    wrong = expected(case, lines)
    assert desk.rejects(delivery)["unique"] == [i + 2 for i in wrong]
    assert len(wrong) not in (0, len(lines))

    (own,) = load_suite(write_suite(tmp_path / "whole", [item]), LINES)
    frame = views.frame(clean_batch(lines), [n for n, _ in LINES.stored])
    asset = gx.get_context(mode="ephemeral").data_sources.add_pandas("memory").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    whole = batch.validate(own.expectation, result_format="COMPLETE")
    assert sorted(whole.result["unexpected_index_list"]) == wrong
    assert by_id(result)["unique"].failed == whole.result["unexpected_count"]
    assert by_id(result)["unique"].success is bool(whole.success)
