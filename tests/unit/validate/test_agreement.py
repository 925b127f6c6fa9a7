"""Agreement: the gate's failing rows and judgements are Great Expectations' own, and those of plain Python.

Every map expectation that Great Expectations ships is either refused with a reason or stands in `agreement.cases`.
Three answers are compared for each rule: the condition metrics, whole and in chunks of odd sizes; Great Expectations'
own `COMPLETE` result through a ValidationDefinition on the whole frame; and a scalar oracle.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import great_expectations as gx
import pytest
from great_expectations.expectations import core
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    MulticolumnMapExpectation,
)

from pipelines.validate import views
from pipelines.validate.chunks import ChunkGate
from pipelines.validate.expectations import ExpectColumnsToAddUp
from pipelines.validate.judge import Outcome, judge
from pipelines.validate.measures import row_measurements
from pipelines.validate.suites import REFUSED, UNIQUE, Rule, check_suite, load_suite
from tests.unit.validate.agreement import Case, cases, write
from tests.unit.validate.agreement_rows import MANY, Row, batch, dirty
from tests.unit.validate.conftest import where

SHIPPED = 34
"""Map expectations of Great Expectations 1.24. Another number: a version whose new rules nobody has looked at yet."""
FIELDS = (
    "element_count", "unexpected_count", "unexpected_percent", "missing_count", "missing_percent",
    "unexpected_percent_total", "unexpected_percent_nonmissing",
)  # fmt: skip
ROWS = 160


def shipped() -> dict[str, type[Any]]:
    """Type → class of every map expectation in Great Expectations' core."""
    found: dict[str, type[Any]] = {}
    for it in vars(core).values():
        maps = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
        if isinstance(it, type) and issubclass(it, maps):
            found[re.sub(r"(?<!^)(?=[A-Z])", "_", it.__name__).lower()] = it
    return found


def rules_of(folder: Path, listed: Sequence[Case]) -> list[Rule]:
    path = write(folder, listed)
    assert check_suite(path, MANY) == []
    return load_suite(path, MANY)


def complete(folder: Path, listed: Sequence[Case], rows: Sequence[Row]) -> dict[str, Any]:
    """Case name → Great Expectations' own result on the whole frame, with every failing row."""
    rules = rules_of(folder, listed)  # of their own: a suite gives its expectations ids
    exact = [c for r in rules if isinstance(r.expectation, ExpectColumnsToAddUp) for c in r.columns]
    frame = views.frame(batch(rows), [name for name, _ in MANY.stored], list(dict.fromkeys(exact)))
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset("rows")
    whole = asset.add_batch_definition_whole_dataframe("all")
    apart = [r for r in rules if _has_stamps(r)]
    together = [r.expectation for r in rules if not _has_stamps(r)]  # added one by one, each saves all before it
    suite = context.suites.add(gx.ExpectationSuite("many", expectations=together))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="it", data=whole, suite=suite))
    results = list(definition.run(batch_parameters={"dataframe": frame}, result_format="COMPLETE").results)
    held = whole.get_batch({"dataframe": frame})
    results += [held.validate(r.expectation, result_format="COMPLETE") for r in apart]
    return {r.expectation_config.meta["kontor"]["id"].rpartition(".")[2]: r for r in results}


def _has_stamps(rule: Rule) -> bool:
    """A set with timestamps cannot be stored with a ValidationDefinition: it comes back as text."""
    listed = getattr(rule.expectation, "value_set", None) or []
    pairs = getattr(rule.expectation, "value_pairs_set", None) or []
    return any(isinstance(v, datetime) for v in [*listed, *(v for pair in pairs for v in pair)])


def judged(rules: Sequence[Rule], rows: Sequence[Row], chunk: int) -> tuple[dict[str, list[int]], dict[str, Outcome]]:
    """Case name → failing positions, and outcome, when the rows come in chunks."""
    gate = ChunkGate(MANY, rules)
    failing: dict[str, list[int]] = {r.id.rpartition(".")[2]: [] for r in rules}
    for at in range(0, len(rows), chunk):
        clean = batch(rows[at : at + chunk], at)
        for found in gate.rules.check(clean):
            failing[found.rule.id.rpartition(".")[2]] += (found.positions + at).tolist()
        gate.judged += clean.num_rows
    measured = [m for m in row_measurements(gate, MANY, rules) if m.rule.kind == "row"]
    return failing, {m.rule.id.rpartition(".")[2]: judge(m, MANY.feed) for m in measured}


def expected(case: Case, rows: Sequence[Row]) -> tuple[list[int], int]:
    """Failing positions and rows judged, by the oracle."""
    answers = [case.oracle(row) for row in rows]
    return [i for i, a in enumerate(answers) if a is False], sum(a is not None for a in answers)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    return rules_of(tmp_path_factory.mktemp("suite"), cases())


@pytest.fixture(scope="module")
def on_the_whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return complete(tmp_path_factory.mktemp("whole"), cases(), dirty(ROWS))


# -- every expectation is accounted for ------------------------------------------------------------------

ARGUMENTS: dict[str, dict[str, Any]] = {
    "expect_column_values_to_be_increasing": {"column": "net"},
    "expect_column_values_to_be_decreasing": {"column": "net"},
    "expect_column_value_z_scores_to_be_less_than": {"column": "net", "threshold": 3, "double_sided": True},
    "expect_column_values_to_not_be_outliers": {"column": "net", "method": "iqr", "multiplier": 1.5},
    "expect_column_values_to_be_of_type": {"column": "net", "type_": "float"},
    "expect_column_values_to_be_in_type_list": {"column": "net", "type_list": ["float"]},
    "expect_column_values_to_match_like_pattern": {"column": "words", "like_pattern": "a%"},
    "expect_column_values_to_match_like_pattern_list": {"column": "words", "like_pattern_list": ["a%"]},
    "expect_column_values_to_not_match_like_pattern": {"column": "words", "like_pattern": "a%"},
    "expect_column_values_to_not_match_like_pattern_list": {"column": "words", "like_pattern_list": ["a%"]},
    "expect_multicolumn_sum_to_equal": {"column_list": ["net", "tax"], "sum_total": 1},
    "expect_column_values_to_be_unique": {"column": "words"},
    "expect_compound_columns_to_be_unique": {"column_list": ["words", "code"]},
    "expect_multicolumn_values_to_be_unique": {"column_list": ["words", "code"]},
}
"""Arguments of the expectations that are no row rules."""


def test_the_number_of_map_expectations_is_known() -> None:
    assert len(shipped()) == SHIPPED
    assert gx.__version__.startswith("1.24.")


@pytest.mark.parametrize("kind", sorted(shipped()))
def test_every_map_expectation_is_compared_or_refused_with_a_reason(tmp_path: Path, kind: str) -> None:
    compared = [c for c in cases() if c.kind == kind]
    if compared:
        assert kind not in ARGUMENTS
        assert [r.kind for r in rules_of(tmp_path, compared)] == ["row"] * len(compared)
        return
    path = write(tmp_path, [Case("it", kind, ARGUMENTS[kind], lambda row: None)])
    metric = getattr(shipped()[kind], "map_metric", None)
    if metric in UNIQUE:  # our own SQL rule, tested in test_set_rules
        assert [r.kind for r in load_suite(path, MANY)] == ["unique"]
    elif metric is None:  # left over from old versions: Great Expectations itself does not register it
        assert "unknown expectation type" in check_suite(path, MANY)[0]
    else:
        assert REFUSED[metric]
        assert check_suite(path, MANY)[0].endswith(f"{kind}: {REFUSED[metric]}")


# -- rows and judgements ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("chunk", "count"), [(ROWS, ROWS), (100, ROWS), (7, 28), (1, 6)])
def test_failing_rows_are_those_of_great_expectations_and_of_plain_python(
    rules: list[Rule], on_the_whole: dict[str, Any], chunk: int, count: int
) -> None:
    rows = dirty(ROWS)[:count]
    failing, outcomes = judged(rules, rows, chunk)
    for case in cases():
        wrong, looked_at = expected(case, rows)
        assert failing[case.name] == wrong, case
        assert outcomes[case.name].result.evaluated == looked_at, case
        assert outcomes[case.name].result.failed == len(wrong), case
        if count == ROWS:
            assert sorted(on_the_whole[case.name].result["unexpected_index_list"] or []) == wrong, case
            assert on_the_whole[case.name].result["unexpected_count"] == len(wrong), case


def test_the_rows_trip_the_rules() -> None:
    """Each rule fails on some rows and holds on others, or the comparison would prove little."""
    rows = dirty(ROWS)
    dull = [c.name for c in cases() if not (r := expected(c, rows))[0] or len(r[0]) == r[1]]
    assert set(dull) <= {
        "no_words_null", "no_words_not_null", "row_id_null", "row_id_not_null",

    }  # fmt: skip


def test_the_judgement_from_sums_is_that_on_the_whole_frame(rules: list[Rule], on_the_whole: dict[str, Any]) -> None:
    _, outcomes = judged(rules, dirty(ROWS), 67)
    for name, outcome in outcomes.items():
        compare(name, outcome, on_the_whole[name])


def compare(name: str, outcome: Outcome, whole: Any) -> None:
    """Success and every figure; what judged no row is `not evaluated` with us, and passed with Great Expectations."""
    assert not _raised(whole), (name, whole.exception_info)
    if not outcome.result.evaluated:
        assert outcome.result.success is None and whole.success is True, name
        assert str(outcome.result.observed).startswith("not evaluated: no row"), name
        return
    assert outcome.result.success is bool(whole.success), name
    ours = {k: v for k, v in outcome.evidence.result.items() if k in FIELDS}
    theirs = {k: v for k, v in whole.result.items() if k in FIELDS}
    assert ours == pytest.approx(theirs), name
    assert ours.keys() >= {"element_count", "unexpected_count", "unexpected_percent"}, name


def _raised(result: Any) -> bool:
    infos = result.exception_info or {}
    return any(i.get("raised_exception") for i in ([infos] if "raised_exception" in infos else infos.values()))


# -- frames at the edge ----------------------------------------------------------------------------------


def one_of_a_kind() -> list[Case]:
    """One case of each expectation, treatment of missing values and use of a condition."""
    seen: dict[tuple[Any, ...], Case] = {}
    for case in cases():
        args = case.kwargs
        seen.setdefault((case.kind, args.get("ignore_row_if"), args.get("or_equal"), "row_condition" in args), case)
    return list(seen.values())


NOTHING: Row = {name: None for name, _ in MANY.stored}
EDGES: dict[str, list[Row]] = {
    "empty": [],
    "one_row": dirty(1, seed=3),
    "one_row_of_nulls": [{**NOTHING, "row_id": "1"}],
    "all_null": [{**NOTHING, "row_id": str(n)} for n in range(9)],
    "all_null_then_one": [*({**NOTHING, "row_id": str(n)} for n in range(8)), dirty(1, seed=5)[0]],
}


@pytest.mark.parametrize("edge", EDGES)
def test_frames_at_the_edge(tmp_path: Path, edge: str) -> None:
    rows, listed = EDGES[edge], one_of_a_kind()
    whole = complete(tmp_path / "whole", listed, rows)
    failing, outcomes = judged(rules_of(tmp_path, listed), rows, 4)
    for case in listed:
        wrong, looked_at = expected(case, rows)
        assert failing[case.name] == wrong, case
        assert outcomes[case.name].result.evaluated == looked_at, case
        compare(case.name, outcomes[case.name], whole[case.name])


def test_nothing_passes_on_an_empty_frame(tmp_path: Path) -> None:
    """Great Expectations passes all of these; with us none is evaluated, and none passed."""
    _, outcomes = judged(rules_of(tmp_path, cases()), [], 10)
    assert {o.result.success for o in outcomes.values()} == {None}
    assert {o.result.evaluated for o in outcomes.values()} == {0}


@pytest.mark.parametrize("missing", [0, 7])
def test_a_tolerance_that_is_met_exactly_is_met(tmp_path: Path, missing: int) -> None:
    """`mostly` at, just under and just over the share that holds, among rows with a value."""
    rows = [{**NOTHING, "row_id": str(n), "head_count": int(n < 7)} for n in range(10)]
    rows += [{**NOTHING, "row_id": str(n)} for n in range(missing)]
    listed = [
        Case(f"mostly_{i}", "expect_column_values_to_be_between",
             {"column": "head_count", "min_value": 1, "mostly": mostly}, lambda row: None)
        for i, mostly in enumerate((0.7, 0.6999999, 0.7000001, 0.1, 1.0))
    ]  # fmt: skip
    whole = complete(tmp_path / "whole", listed, rows)
    _, outcomes = judged(rules_of(tmp_path, listed), rows, 3)
    for case in listed:
        compare(case.name, outcomes[case.name], whole[case.name])
        assert outcomes[case.name].result.success is (case.kwargs["mostly"] <= 0.7), case


# -- what a suite may not say ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        ("pandas", 'net > 0 and code == "a"'),
        ("great_expectations", 'col("net") > 0 and col("code") == "a"'),
        ("great_expectations__experimental__", 'col("code").notNull()'),
    ],
)
def test_conditions_that_are_texts_are_refused(tmp_path: Path, parser: str, text: str) -> None:
    """Both parsers of texts: pandas runs it as code, and Great Expectations' own drops what follows an `and`."""
    kind = "expect_column_values_to_not_be_null"
    kwargs = {"column": "tax", "row_condition": text, "condition_parser": parser}
    (problem,) = check_suite(write(tmp_path, [Case("it", kind, kwargs, bool)]), MANY)
    assert "row_condition must be a condition object" in problem
    passed_on = {"column": "tax", "row_condition": {"type": "pass_through", "pass_through_filter": text}}
    (problem,) = check_suite(write(tmp_path, [Case("it", kind, passed_on, bool)]), MANY)
    assert "row_condition must be a condition object" in problem


@pytest.mark.parametrize(("operator", "listed"), [("==", False), ("!=", False), ("IN", True), ("NOT_IN", True)])
def test_dates_compared_for_equality_in_a_condition_are_refused(tmp_path: Path, operator: str, listed: bool) -> None:
    """pandas compares the date with the text as such, so that no row would ever meet it."""
    condition = where("day", operator, ["2026-03-01"] if listed else "2026-03-01")
    kwargs = {"column": "tax", "row_condition": condition}
    path = write(tmp_path, [Case("it", "expect_column_values_to_not_be_null", kwargs, bool)])
    assert any("write >= and <=" in p for p in check_suite(path, MANY))


def test_pairs_of_another_type_are_refused(tmp_path: Path) -> None:
    kwargs = {"column_A": "net", "column_B": "code", "value_pairs_set": [["1.00", "a"]]}
    path = write(tmp_path, [Case("it", "expect_column_pair_values_to_be_in_set", kwargs, bool)])
    assert any("expected a number" in p for p in check_suite(path, MANY))


def test_a_nested_bomb_is_a_failing_row(tmp_path: Path) -> None:
    """Text that is no JSON, or nested beyond reason, fails its own row; stock Great Expectations raises for all."""
    case = next(c for c in cases() if c.name == "json_schema")
    rows = [{**NOTHING, "row_id": str(n), "json_words": t} for n, t in enumerate(("[" * 100_000, '{"id": 1}', "{"))]
    failing, outcomes = judged(rules_of(tmp_path, [case]), rows, 2)
    assert failing["json_schema"] == [0, 2]
    assert (outcomes["json_schema"].result.failed, outcomes["json_schema"].result.evaluated) == (2, 3)
