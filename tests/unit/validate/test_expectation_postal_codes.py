"""Postal codes against country and region, on each engine and in the gate, beside plain Python."""

from __future__ import annotations

import random
from typing import Any

import pytest
from great_expectations.expectations.row_conditions import Column

from pipelines import postal
from pipelines.validate.expectations import ExpectPostalCodesToFitRegion
from tests.unit.validate.conftest import ADDS_UP, Desk, by_id, line, rule
from tests.unit.validate.engines import Judged, dirty_rows, judged_on

PLACES = [("US", "98011", "WA"), ("US", "98011", "CA"), ("AU", "6105", "SA"), ("AU", "6105", None), ("CA", "8Y", None)]
PLACES += [("DE", "10115", "BE"), ("ZZ", "1", "x"), (None, "8Y", "QC"), ("CA", None, "QC"), ("GB", "WX1 6LT", "London")]
WRONG = {("US", "98011", "CA"), ("AU", "6105", "SA"), ("CA", "8Y", None), ("GB", "WX1 6LT", "London")}


def _rows() -> list[dict[str, Any]]:
    """The table the engines are tested with; currency is a country here, employee a code, account a region."""
    rng = random.Random(9)
    rows = dirty_rows()
    for row in rows:
        row["currency"], row["employee"], row["account"] = rng.choice(PLACES)
    return rows


ROWS = _rows()
ARGUMENTS = {"column": "employee", "country": "currency", "region": "account"}


judged = judged_on(ROWS)


def _ids(places: set[tuple[str | None, ...]], kind: str | None = None) -> list[int]:
    found = (r for r in ROWS if (r["currency"], r["employee"], r["account"]) in places)
    return sorted(r["row_id"] for r in found if kind in (None, r["kind"]))


def test_codes_and_regions(judged: Judged) -> None:
    assert len(_ids(WRONG)) > 40
    assert judged.failing(ExpectPostalCodesToFitRegion(**ARGUMENTS)) == _ids(WRONG)
    some = ExpectPostalCodesToFitRegion(**ARGUMENTS, row_condition=Column("kind") == "a")
    assert judged.failing(some) == _ids(WRONG, "a")
    form = ExpectPostalCodesToFitRegion(column="employee", country="currency")
    assert judged.failing(form) == _ids({p for p in PLACES if p[1:2] in (("8Y",), ("WX1 6LT",)) and p[0]})
    nowhere = ExpectPostalCodesToFitRegion(**ARGUMENTS, row_condition=Column("currency") == "ZZ")
    assert judged.failing(nowhere) == []


def test_each_place_is_asked_once(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None, str]] = []
    true = postal.is_misplaced

    def counted(code: str, region: str | None, country: str) -> bool:
        asked.append((code, region, country))
        return true(code, region, country)

    monkeypatch.setattr(postal, "is_misplaced", counted)
    judged.result(ExpectPostalCodesToFitRegion(**ARGUMENTS), "BOOLEAN_ONLY")
    assert sorted(asked) == sorted({(p, r or "", c) for c, p, r in PLACES if c and p})


def test_in_the_gate_rows_without_code_or_country_are_not_judged(desk: Desk) -> None:
    names = {"column": "journal_id", "country": "parent_id", "region": "status_code"}
    desk.suite([ADDS_UP, rule("it", "expect_postal_codes_to_fit_region", **names)])
    lines = [
        *(line(f"g{i}", journal_id=None) for i in range(100)),
        line("a", journal_id="98011", parent_id="US", status_code="open"),
        line("b", journal_id="9801", parent_id="US", status_code=None),
        line("c", journal_id="98011", parent_id=None),
    ]
    _, result = desk.gate(lines, desk.ref(max_rejects={"pct": 100}), chunk=7)
    assert (by_id(result)["it"].evaluated, by_id(result)["it"].failed) == (2, 1)
    found = desk.rows("select row_number from quarantine.reject where rule_id like :r", r="%.it")
    assert [row[0] for row in found] == [103]


def test_columns_must_differ() -> None:
    with pytest.raises(ValueError, match="must be different columns"):
        ExpectPostalCodesToFitRegion(column="a", country="a")
