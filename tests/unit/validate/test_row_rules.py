"""The rows that fail and the counts they are judged by are Great Expectations' own, however the file is cut."""

# ruff: noqa: E501 (one expectation a line reads better)

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import great_expectations as gx
import pyarrow as pa
import pytest

from pipelines.catalog import Catalog
from pipelines.errors import GateError
from pipelines.reject import Severity
from pipelines.validate import views
from pipelines.validate.chunks import ChunkGate
from pipelines.validate.expectations import ExpectColumnsToAddUp
from pipelines.validate.judge import Outcome, judge
from pipelines.validate.measures import row_measurements
from pipelines.validate.row_rules import RowRules
from pipelines.validate.suites import Rule, load_rules, load_suite
from tests.unit.validate.conftest import (
    ADDS_UP,
    LINES,
    Line,
    clean_batch,
    line,
    problem_batch,
    rule,
    where,
    write_suite,
)  # fmt: skip

SETTLED = where("status_code", "==", "settled")
PAIR = {"column_A": "settled_date", "column_B": "booked_date"}
SUITE = [
    ADDS_UP,
    rule("adds_up_settled", "expect_columns_to_add_up", columns=["net_amount", "tax_amount"], total="gross_amount", row_condition=SETTLED),
    rule("product", "expect_column_product_to_match", factors=["item_quantity", "item_price"], total="gross_amount", tolerance_pct=10),
    rule("bound", "expect_column_values_to_be_between", column="net_amount", min_value=0.1, max_value=99.99, strict_max=True),
    rule("whole", "expect_column_values_to_be_between", column="head_count", min_value=1, mostly=0.6),
    rule("date", "expect_column_values_to_be_between", column="booked_date", min_value="2026-01-15", max_value="2026-03-01"),
    rule("codes", "expect_column_values_to_be_in_set", column="status_code", value_set=["open"]),
    rule("not_code", "expect_column_values_to_not_be_in_set", column="net_amount", value_set=[0, 10.1]),
    rule("regex", "expect_column_values_to_match_regex", column="contact_name", regex="^[A-M]", mostly=0.3),
    rule("length", "expect_column_value_lengths_to_be_between", column="contact_name", max_value=5),
    rule("null", "expect_column_values_to_be_null", column="settled_date", row_condition=where("status_code", "==", "open")),
    rule("nonnull", "expect_column_values_to_not_be_null", column="settled_date", row_condition=SETTLED),
    rule("pair", "expect_column_pair_values_a_to_be_greater_than_b", **PAIR, or_equal=True, ignore_row_if="either_value_is_missing"),
    rule("pair_strict", "expect_column_pair_values_a_to_be_greater_than_b", **PAIR, ignore_row_if="neither"),
    rule("pair_both", "expect_column_pair_values_to_be_equal", **PAIR, ignore_row_if="both_values_are_missing"),
    rule("pair_set", "expect_column_pair_values_to_be_in_set", column_A="status_code", column_B="currency_code",
         value_pairs_set=[["open", "EUR"], ["settled", "GBP"]], ignore_row_if="either_value_is_missing"),
    rule("multi", "expect_multicolumn_values_to_be_equal", column_list=["net_amount", "gross_amount"], ignore_row_if="any_value_is_missing"),
    rule("within", "expect_select_column_values_to_be_unique_within_record", column_list=["net_amount", "tax_amount", "gross_amount"],
         ignore_row_if="all_values_are_missing"),
    rule("flag", "expect_column_values_to_be_in_set", column="is_active", value_set=[True]),
    rule("flag_condition", "expect_column_values_to_not_be_null", column="head_count", row_condition=where("is_active", "==", False)),
    rule("date_condition", "expect_column_values_to_not_be_null", column="head_count", row_condition=where("booked_date", ">", "2026-02-01")),
    rule("and", "expect_column_values_to_not_be_null", column="contact_name", row_condition={
        "type": "and", "conditions": [SETTLED, {"type": "nullity", "column": {"name": "settled_date"}, "is_null": False}]}),
    rule("idle", "expect_column_values_to_not_be_null", column="contact_name", row_condition=where("currency_code", "==", "USD")),
    rule("all_null", "expect_column_values_to_match_regex", column="parent_id", regex="^x"),
    rule("word", "expect_word_not_to_occur", column="contact_name", word="Ax"),
    rule("other_word", "expect_word_not_to_occur", column="contact_name", word="N"),
    rule("no_word", "expect_word_not_to_occur", column="contact_name", word="x"),
    rule("word_condition", "expect_word_not_to_occur", column="contact_name", word="Ax", row_condition=SETTLED),
]  # fmt: skip


def dirty(rows: int = 600, seed: int = 7) -> list[Line]:
    """Rows with gaps, wrong sums, swapped dates and odd codes everywhere."""
    draw = random.Random(seed)

    def maybe(value: Any) -> Any:
        return None if draw.random() < 0.15 else value

    out = []
    for i in range(rows):
        net = Decimal(draw.randrange(-500, 12000)).scaleb(-2)
        out.append(
            line(
                str(i),
                contact_name=maybe(draw.choice("AFMNZ") + "x" * draw.randrange(8)),
                status_code=draw.choice(["open", "settled"]),
                booked_date=maybe(date(2026, draw.randrange(1, 4), draw.randrange(1, 28))),
                settled_date=maybe(date(2026, draw.randrange(1, 4), draw.randrange(1, 28))),
                net_amount=maybe(draw.choice([net, Decimal("0.10"), Decimal("10.10"), Decimal("99.99")])),
                tax_amount=maybe(Decimal("1.90")),
                gross_amount=maybe(net + Decimal(draw.choice(["1.90", "1.91"]))),
                currency_code=maybe(draw.choice(["EUR", "GBP"])),
                item_quantity=maybe(Decimal(draw.randrange(50))),
                is_active=maybe(draw.random() < 0.5),
                head_count=maybe(draw.randrange(-1, 3)),
            )
        )
    return out


def rules_of(tmp_path: Path, suite: Sequence[dict[str, Any]]) -> list[Rule]:
    return load_suite(write_suite(tmp_path, suite), LINES)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    return rules_of(tmp_path_factory.mktemp("suite"), SUITE)


@pytest.fixture(scope="module")
def complete(rules: list[Rule]) -> dict[str, Any]:
    """Rule id → the result Great Expectations gives by itself, on the whole frame, with every failing row."""
    columns = [name for name, _ in LINES.stored]
    exact = ["net_amount", "tax_amount", "gross_amount"]
    frame = views.frame(clean_batch(dirty()), columns, exact)
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    return {r.id: batch.validate(r.expectation, result_format="COMPLETE") for r in rules}


def judged(rules: list[Rule], chunk: int, lines: Sequence[Line] = ()) -> tuple[dict[str, set[int]], list[Outcome]]:
    """Rule id → failing row numbers, and the outcomes, when the rows come in chunks."""
    lines = lines or dirty()
    gate = ChunkGate(LINES, rules)
    failing: dict[str, set[int]] = {}
    for at in range(0, len(lines), chunk):
        clean = clean_batch(lines[at : at + chunk], at)
        for found in gate.rules.check(clean):
            failing.setdefault(found.rule.id, set()).update((found.positions + at).tolist())
        gate.judged += clean.num_rows
    return failing, [judge(m, LINES.feed) for m in row_measurements(gate, LINES, rules) if m.rule.kind == "row"]


@pytest.mark.parametrize("chunk", [600, 97])
def test_masks_are_the_complete_index_lists(rules: list[Rule], complete: dict[str, Any], chunk: int) -> None:
    failing, _ = judged(rules, chunk)
    for rule_ in rules:
        result = complete[rule_.id]
        assert not result.exception_info.get("raised_exception"), (rule_.id, result.exception_info)
        assert failing.get(rule_.id, set()) == set(result.result["unexpected_index_list"] or []), rule_.id
    assert sum(bool(f) for f in failing.values()) >= len(rules) - 3  # the seeded rows trip the rules


@pytest.mark.parametrize("chunk", [600, 97])
def test_judgement_from_sums_is_that_on_the_whole_frame(
    rules: list[Rule], complete: dict[str, Any], chunk: int
) -> None:
    _, outcomes = judged(rules, chunk)
    keys = ("element_count", "unexpected_count", "unexpected_percent", "missing_count", "missing_percent",
            "unexpected_percent_total", "unexpected_percent_nonmissing")  # fmt: skip
    for outcome in outcomes:
        whole = complete[outcome.rule.id]
        if outcome.result.success is None:  # Great Expectations passes what it has not evaluated; we do not
            assert whole.success and outcome.rule.id.rpartition(".")[2] in ("idle", "all_null")
            continue
        assert outcome.result.success == whole.success, outcome.rule.id
        ours = {k: v for k, v in outcome.evidence.result.items() if k in keys}
        assert ours == pytest.approx({k: v for k, v in whole.result.items() if k in keys}), outcome.rule.id


def test_identities_hold_to_the_cent(tmp_path: Path) -> None:
    large = Decimal("9007199254740993.01")  # beyond what a float tells apart
    lines = [
        line("1", net_amount=Decimal("0.10"), tax_amount=Decimal("0.20"), gross_amount=Decimal("0.30")),
        line("2", net_amount=large, tax_amount=Decimal("0.01"), gross_amount=large),
        line("3", net_amount=large, tax_amount=Decimal("0.01"), gross_amount=large + Decimal("0.01")),
        line("4", net_amount=None),
    ]
    failing, _ = judged(rules_of(tmp_path, [ADDS_UP]), 10, lines)
    assert failing == {"tests.lines.adds_up": {1}}


def test_product_allows_what_the_rounded_price_explains(tmp_path: Path) -> None:
    product = rule(
        "product", "expect_column_product_to_match", factors=["item_quantity", "item_price"], total="gross_amount"
    )
    lines = [
        line("1", item_quantity=Decimal(3000), item_price=Decimal("0.12"), gross_amount=Decimal("374.90")),
        line("2", item_quantity=Decimal(3000), item_price=Decimal("0.12"), gross_amount=Decimal("375.10")),
        line("3", item_quantity=Decimal(1), item_price=Decimal("0.12"), gross_amount=Decimal("0.14")),
        line("4", item_quantity=None, gross_amount=Decimal("1.00")),
    ]
    failing, _ = judged(rules_of(tmp_path, [product]), 10, lines)
    assert failing == {"tests.lines.product": {1, 2}}


def test_dates_beyond_nanoseconds_are_judged_rightly(tmp_path: Path) -> None:
    bound = rule("date", "expect_column_values_to_be_between", column="settled_date", max_value="2100-12-31")
    later = rule(
        "pair", "expect_column_pair_values_a_to_be_greater_than_b", **PAIR, ignore_row_if="either_value_is_missing"
    )
    days = [date(9999, 12, 31), date(2100, 12, 31), date(1066, 10, 14), None]
    lines = [line(str(i), settled_date=d) for i, d in enumerate(days)]
    failing, _ = judged(rules_of(tmp_path, [bound, later]), 10, lines)
    assert failing == {"tests.lines.date": {0}, "tests.lines.pair": {2}}


def test_rows_skipped_or_malformed_are_not_judged(rules: list[Rule]) -> None:
    lines = [line("1", "skipped", status_code=None, gross_amount=None), line("2", "malformed"), line("3")]
    gate = ChunkGate(LINES, [r for r in rules if r.id.endswith(".adds_up")])
    result = gate.judge(clean_batch(lines), problem_batch(lines))
    assert result.fates.to_pylist() == ["skipped", "rejected", None]
    assert gate.judged == 1 and gate.rules.rows == 1


def test_warnings_set_nothing_aside(tmp_path: Path) -> None:
    suite = [rule("warned", "expect_column_values_to_be_null", "warning", column="line_id")]
    gate = ChunkGate(LINES, rules_of(tmp_path, suite))
    result = gate.judge(clean_batch([line("1")]), problem_batch([line("1")]))
    assert result.fates.to_pylist() == [None] and result.rejects.num_rows == 0
    measured = next(m for m in row_measurements(gate, LINES, rules_of(tmp_path, suite)) if m.rule.kind == "row")
    outcome = judge(measured, LINES.feed)
    assert (outcome.result.failed, outcome.result.success, outcome.hold) == (1, False, None)
    assert outcome.result.severity is Severity.WARNING


def test_personal_values_are_masked_everywhere(tmp_path: Path) -> None:
    suite = [rule("short", "expect_column_value_lengths_to_be_between", column="contact_name", max_value=3)]
    gate = ChunkGate(LINES, rules_of(tmp_path, suite))
    lines = [line("1", contact_name="Miller")]
    rejects = gate.judge(clean_batch(lines), problem_batch(lines)).rejects.to_pylist()
    assert [r["value"] for r in rejects] == ["M*****"]
    measured = row_measurements(gate, LINES, rules_of(tmp_path, suite))[0]
    outcome = judge(measured, LINES.feed)
    assert outcome.result.samples == [{"row_number": 2, "row_part": 0, "values": {"contact_name": "M*****"}}]
    assert outcome.evidence.result["partial_unexpected_list"] == ["M*****"]
    assert "Miller" not in str(outcome.evidence.to_json_dict())


def test_a_rule_that_cannot_be_evaluated_is_our_fault(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, [ADDS_UP])
    broken = RowRules(LINES, rules)
    broken._columns, broken._exact = ["status_code"], []
    broken._used = {name: ["status_code"] for name in broken._used}
    with pytest.raises(GateError, match=r"tests\.lines\.adds_up"):
        broken.check(clean_batch([line("1")]))
    assert isinstance(rules[0].expectation, ExpectColumnsToAddUp)


def test_a_problem_without_its_row_is_refused() -> None:
    gate = ChunkGate(LINES, [])
    stray = pa.RecordBatch.from_pylist(
        [{"row_number": 99, "row_part": 0, "rule_id": "tests.lines.unreadable.net_amount", "message": "x"}],
        schema=problem_batch([]).schema,
    )
    with pytest.raises(GateError, match="not in its chunk"):
        gate.judge(clean_batch([line("1")]), stray)


def told(rules: list[Rule], lines: list[Line]) -> list[Any]:
    """Everything the row rules say of some rows, but how long they took."""
    failing, outcomes = judged(rules, 97, lines)
    return [
        failing,
        [replace(o.result, seconds=0) for o in outcomes],
        [o.evidence.to_json_dict() for o in outcomes],
        [o.hold for o in outcomes],
    ]


def test_rows_of_a_condition_are_those_of_its_chunk(tmp_path: Path) -> None:
    """Rules on the same columns, with conditions that differ, that agree, and none; chunks that differ."""
    conditions = [SETTLED, SETTLED, where("status_code", "==", "open"), None, SETTLED]
    suite = [
        rule(f"r{n}", kind, **asked, **({"row_condition": condition} if condition else {}))
        for n, condition in enumerate(conditions)
        for kind, asked in (
            ("expect_column_values_to_not_be_null", {"column": "settled_date"}),
            ("expect_column_pair_values_to_be_equal", {**PAIR, "ignore_row_if": "either_value_is_missing"}),
            ("expect_column_pair_values_to_be_equal", {**PAIR, "ignore_row_if": "neither"}),
        )
    ]
    rules = [replace(r, id=f"{r.id}_{n}") for n, r in enumerate(rules_of(tmp_path, suite))]
    lines = dirty(40)
    together, _ = judged(rules, 3, lines)
    alone = {r.id: judged([r], 40, lines)[0].get(r.id, set()) for r in rules}
    assert together == {rule_id: rows for rule_id, rows in alone.items() if rows}
    assert len({frozenset(rows) for rows in alone.values()}) > 6


def test_kept_rules_judge_each_delivery_as_fresh_ones_do(tmp_path: Path) -> None:
    path = write_suite(tmp_path, SUITE)
    catalog = Catalog({LINES.feed: LINES}, {}, tmp_path)
    deliveries = [dirty(seed=7), dirty(40, seed=8), dirty(seed=9), dirty(seed=7)]
    for lines in deliveries:
        kept = load_rules(catalog, LINES)
        assert told(kept, lines) == told(load_suite(path, LINES), lines)
        assert all(a is b for a, b in zip(kept, load_rules(catalog, LINES), strict=True))
    write_suite(tmp_path, SUITE[1:])
    assert [r.id for r in load_rules(catalog, LINES)] == [r.id for r in kept[1:]]
