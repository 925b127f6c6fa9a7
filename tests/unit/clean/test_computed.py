from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from pipelines.clean.needs import Use
from pipelines.errors import DeclarationError
from pipelines.flow.accepting import renamed_lines
from pipelines.profile import Source
from tests.unit.clean.mapkit import cleaned, column, contract, plan_of, problems, raw, source, tables, values

TO = contract(
    column("journal_id", "identifier", key=True), column("side_code", key=True), column("account_id", "identifier"),
    column("debit_amount", "money"), column("credit_amount", "money"),
)  # fmt: skip
HEADER = ["invoice", "expense_account", "amount"]
INVOICES = raw(["id", "payable_account", "deleted"], ["1", "10", "no"], ["2", "11", "no"], ["3", "10", "yes"])
MAP = {
    "journal_id": {"from": "invoice"},
    "side_code": {"from": "side"},
    "account_id": {"from": "account"},
    "debit_amount": {"sql": "CASE WHEN side = 'debit' THEN amount ELSE '0' END"},
    "credit_amount": {"sql": "CASE WHEN side = 'credit' THEN amount ELSE '0' END"},
}
COMPUTED = {
    "payable": {"lookup": {"table": "invoices", "key": "invoice", "column": "payable_account"}},
    "gone": {"lookup": {"table": "invoices", "key": "invoice", "column": "deleted"}, "codes": {"yes": "1", "no": "0"}},
}
SIDES = {"columns": {"expense_account": "debit", "payable": "credit"}, "name": "side", "value": "account"}
SKIP = [{"column": "gone", "in": "1", "reason": "invoice is deleted"}]
REF = source(MAP, locale="en_US", computed=COMPUTED, unpivot=SIDES, skip=SKIP)
LOOKUPS = tables({"invoices": {"key": "id"}}, invoices=INVOICES)


def test_one_line_and_its_header_make_both_sides_of_a_journal() -> None:
    result = cleaned(TO, REF, raw(HEADER, ["1", "54", "48.50"], ["2", "55", "7"]), lookups=LOOKUPS)
    assert values(result, "journal_id") == ["1", "1", "2", "2"]
    assert values(result, "side_code") == ["debit", "credit"] * 2
    assert values(result, "account_id") == ["54", "10", "55", "11"]
    assert values(result, "debit_amount") == [Decimal("48.50"), Decimal(0), Decimal(7), Decimal(0)]
    assert values(result, "credit_amount") == [Decimal(0), Decimal("48.50"), Decimal(0), Decimal(7)]
    assert problems(result) == []


def test_a_line_is_skipped_by_what_its_header_says() -> None:
    result = cleaned(TO, REF, raw(HEADER, ["3", "54", "48.50"]), lookups=LOOKUPS)
    assert values(result, "_skip_reason") == ["invoice is deleted"]
    assert problems(result) == []


def test_a_missing_header_rejects_both_sides_and_loses_neither() -> None:
    result = cleaned(TO, REF, raw(HEADER, ["1", "54", "5"], ["9", "54", "5"]), lookups=LOOKUPS)
    assert values(result, "_row_part") == [1, 2, 1, 2]
    assert values(result, "_fate") == [None] * 4
    found = [(p["row_part"], p["value"], p["message"]) for p in result.problems.to_pylist()]
    missing = "expected a id that look-up table invoices has"
    assert found == [(1, "54", f"computed gone: {missing}"), (2, "9", f"computed payable: {missing}")]


def test_one_may_use_those_above_it() -> None:
    computed = {**COMPUTED, "text": {"sql": "payable || '/' || gone"}}
    mapped = {"journal_id": {"from": "invoice"}, "account_id": {"from": "text"}}
    ref = source(mapped, computed=computed, ignore={"expense_account": "x", "amount": "x"})
    result = cleaned(TO, ref, raw(HEADER, ["1", "54", "5"], ["9", "54", "5"]), lookups=LOOKUPS)
    assert values(result, "account_id") == ["10/0", None]
    assert problems(result) == [(3, "lookup_missing.account_id", "9 | 9")]
    plan = plan_of(TO, ref, HEADER, LOOKUPS)
    assert plan.sources == {"journal_id": ["invoice"], "account_id": ["invoice"]}
    changes = plan.explain({"invoice": "1", "expense_account": "54", "amount": "5"})
    change = next(c for c in changes if c.column == "account_id")
    assert (change.original, change.value) == ("10/0", "10/0")


def test_one_that_only_a_filter_reads_rejects_what_it_cannot_tell() -> None:
    mapped = {"journal_id": {"from": "invoice"}, "account_id": {"from": "expense_account"}}
    computed = {"gone": COMPUTED["gone"]}
    wanted = [{"column": "gone", "in": "0", "reason": "deleted"}]
    ref = source(mapped, computed=computed, rows=wanted, ignore={"amount": "x"})
    result = cleaned(TO, ref, raw(HEADER, ["1", "54", "5"], ["3", "54", "5"], ["9", "54", "5"]), lookups=LOOKUPS)
    assert values(result, "_fate") == [None, "skipped", None]
    assert problems(result) == [(4, "lookup_missing.account_id", "54")]


def test_a_name_that_the_file_has_is_refused() -> None:
    ref = source(MAP, computed={"amount": {"value": "1"}}, unpivot=SIDES)
    with pytest.raises(DeclarationError, match="computed makes a column that the file has"):
        plan_of(TO, ref, HEADER)


def test_words_that_do_nothing_to_text_are_refused() -> None:
    with pytest.raises(ValidationError, match="computed day: formats has no effect on text"):
        Source.model_validate({"files": "x", "columns": {}, "computed": {"day": {"from": "d", "formats": "%Y"}}})
    with pytest.raises(ValidationError, match="computed and unpivot both make 'side'"):
        Source.model_validate({"files": "x", "columns": {}, "computed": {"side": {"value": "1"}}, "unpivot": SIDES})


def test_the_header_is_asked_for_what_is_computed_from() -> None:
    needs = Use.of(REF.source).needs
    assert ("computed payable", ("invoice",)) in [(n.by, n.spellings) for n in needs]
    assert {s for n in needs for s in n.spellings} == {"invoice", "expense_account", "amount"}
    assert renamed_lines(REF.source, {"invoice": "bill"})[-1].endswith("under computed")
