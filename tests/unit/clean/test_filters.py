from __future__ import annotations

from typing import Any

import pytest

from pipelines.clean.filters import bind, first_failing, first_holding
from pipelines.clean.frame import Frame
from pipelines.clean.mapping import Binder, Header
from pipelines.errors import DeliveryError
from pipelines.profile import Condition
from tests.unit.clean.mapkit import cleaned, column, contract, problems, raw, source, values

CELLS = ["A", " B ", "", "AB", "a"]


def holding(**test: Any) -> list[bool]:
    batch = raw(["Art"], *([c] for c in CELLS))
    tests = bind([Condition.model_validate({"column": "art", **test})], Binder(Header(["Art"])), "a filter")
    return [bool(n) for n in first_holding(tests, Frame.of_batch(batch)).tolist()]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ({"in": ["A", "B"]}, [True, True, False, False, False]),
        ({"not_in": "A"}, [False, True, True, True, True]),
        ({"matches": "A.?"}, [True, False, False, True, False]),
        ({"matches": "(?i)a"}, [True, False, False, False, True]),
        ({"matches": "(?!A).*"}, [False, True, True, False, True]),
        ({"empty": True}, [False, False, True, False, False]),
        ({"empty": False}, [True, True, False, True, True]),
    ],
)
def test_a_condition_sees_the_trimmed_cell(test: dict[str, Any], expected: list[bool]) -> None:
    assert holding(**test) == expected


def test_the_first_failing_test_gives_the_reason() -> None:
    tests = bind(
        [Condition(column="Art", not_in=[""]), Condition(column="Art", not_in=["A", ""])],
        Binder(Header(["Art"])),
        "a filter",
    )
    frame = Frame.of_batch(raw(["Art"], *([c] for c in CELLS)))
    assert first_failing(tests, frame).tolist() == [2, 0, 1, 0, 0]


TO = contract(column("line_id", "identifier", key=True), column("amount", "money"))
MAP = {"line_id": {"from": "Nr"}, "amount": {"from": "Betrag"}}
HEADER = ["Satzart", "Nr", "Betrag"]
ROWS = raw(HEADER, ["D", "1", "1,00"], ["K", "2", "x"], ["S", "", "9,00"], ["T", "", "?"], ["D", "3", "x"])
OWN = {"column": "Satzart", "in": "D", "reason": "not a debtor line"}
SKIP = {"column": "Satzart", "in": "S", "reason": "subtotal"}


def test_skipped_rows_keep_their_place_with_reason_and_readable_amounts_but_no_problems() -> None:
    creditors = source({"line_id": {"from": "Nr"}}, name="creditors", rows=[{"column": "satzart", "in": "K"}])
    result = cleaned(TO, source(MAP, rows=[OWN], skip=[SKIP]), ROWS, siblings=[creditors])
    assert values(result, "_fate") == [None, "skipped", "skipped", "skipped", None]
    reasons = [None, "not a debtor line", "subtotal", "claimed by no source", None]
    assert values(result, "_skip_reason") == reasons
    assert [str(v) for v in values(result, "amount")] == ["1.00", "None", "9.00", "None", "None"]
    assert problems(result) == [(6, "unreadable.amount", "x")]
    assert result.unclaimed == [5]
    assert result.unreadable == {"amount": 1}


def test_a_sibling_that_cannot_read_the_file_claims_nothing() -> None:
    stranger = source({"line_id": {"from": "Rechnung"}}, name="stranger")
    other_filter = source(MAP, name="other", rows=[{"column": "Typ", "in": "K"}])
    result = cleaned(TO, source(MAP, rows=[OWN], skip=[SKIP]), ROWS, siblings=[stranger, other_filter])
    assert result.unclaimed == [3, 5]


def test_a_sibling_without_filter_takes_every_record() -> None:
    result = cleaned(
        TO, source(MAP, rows=[OWN]), ROWS, siblings=[source(MAP, name="all", ignore={"Satzart": "no use"})]
    )
    assert result.unclaimed == []


def test_without_own_filter_nothing_is_unclaimed() -> None:
    result = cleaned(TO, source(MAP, skip=[SKIP]), ROWS)
    assert result.unclaimed == []
    assert values(result, "_fate") == [None, None, "skipped", None, None]


def test_a_skip_filter_goes_before_the_row_filter() -> None:
    skip = {"column": "Satzart", "in": ["D", "S"], "reason": "carried forward"}
    result = cleaned(TO, source(MAP, rows=[OWN], skip=[skip]), ROWS)
    assert values(result, "_skip_reason")[0] == "carried forward"


def test_a_malformed_record_is_neither_filtered_nor_cleaned() -> None:
    batch = raw(HEADER, ["D", "1", "1,00"], ["T", "kaputt"], malformed={1: "2 cells, expected 3"})
    words = {**MAP, "amount": {"value": "7"}}
    result = cleaned(TO, source(words, rows=[OWN], skip=[SKIP], ignore={"Betrag": "not used"}), batch)
    assert values(result, "_fate") == [None, "malformed"]
    assert values(result, "_skip_reason") == [None, None]
    assert [str(v) for v in values(result, "amount")] == ["7.00", "None"]
    assert result.problems.to_pylist() == [
        {
            "row_number": 3, "row_part": 0, "rule_id": "demo.lines.malformed_record", "column_name": None,
            "value": None, "message": "2 cells, expected 3",
        }
    ]  # fmt: skip
    assert result.unclaimed == []


def test_the_column_of_a_filter_must_be_there() -> None:
    with pytest.raises(DeliveryError, match=r"column missing: 'Satzart' \(for a row filter\)"):
        cleaned(TO, source(MAP, rows=[OWN]), raw(["Nr", "Betrag"], ["1", "1"]))
