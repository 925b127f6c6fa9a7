from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DeclarationError, DeliveryError
from tests.unit.clean.mapkit import cleaned, column, contract, problems, raw, source, values

TO = contract(column("account_code", "identifier", key=True), column("month_code", key=True), column("amount", "money"))
MAP = {"account_code": {"from": "Konto"}, "month_code": {"from": "Monat"}, "amount": {"from": "Wert"}}
RULE = {"columns": {"Jan": "01", "Feb": "02", "Mrz": "03"}, "name": "Monat", "value": "Wert"}
HEADER = ["Konto", "Jan", "Feb", "Mrz"]


def test_each_filled_cell_is_a_row_with_the_number_of_its_column() -> None:
    batch = raw(HEADER, ["4711", "5,00", "", " 7,50 "], ["4712", "", "1", ""])
    result = cleaned(TO, source(MAP, unpivot=RULE), batch)
    assert values(result, "_row_number") == [2, 2, 3]
    assert values(result, "_row_part") == [1, 3, 2]
    assert values(result, "account_code") == ["4711", "4711", "4712"]
    assert values(result, "month_code") == ["01", "03", "02"]
    assert values(result, "amount") == [Decimal("5.00"), Decimal("7.50"), Decimal("1.00")]


def test_empty_cells_are_rows_when_they_are_not_dropped() -> None:
    result = cleaned(TO, source(MAP, unpivot={**RULE, "drop_empty": False}), raw(HEADER, ["4711", "5", "", ""]))
    assert values(result, "_row_part") == [1, 2, 3]
    assert values(result, "amount") == [Decimal("5.00"), None, None]


def test_a_record_without_any_filled_cell_is_still_accounted_for() -> None:
    result = cleaned(TO, source(MAP, unpivot=RULE), raw(HEADER, ["4711", "", " ", ""]))
    assert values(result, "_row_part") == [0]
    assert values(result, "_fate") == ["skipped"]
    assert values(result, "_skip_reason") == ["every unpivoted cell is empty"]


def test_filtered_and_malformed_records_stay_one_row() -> None:
    batch = raw(HEADER, ["Summe", "5", "6", "7"], ["x"], ["4711", "1", "", ""], malformed={1: "1 cell, expected 4"})
    skip = [{"column": "Konto", "in": "Summe", "reason": "total line"}]
    result = cleaned(TO, source(MAP, unpivot=RULE, skip=skip), batch)
    assert list(zip(values(result, "_row_number"), values(result, "_row_part"), strict=True)) == [
        (2, 0),
        (3, 0),
        (4, 1),
    ]
    assert values(result, "_fate") == ["skipped", "malformed", None]
    assert problems(result) == [(3, "malformed_record", None)]


def test_a_row_filter_on_a_made_column_filters_parts() -> None:
    rows = [{"column": "Wert", "not_in": ["0", "0,00"], "reason": "nothing booked"}]
    result = cleaned(TO, source(MAP, unpivot=RULE, rows=rows), raw(HEADER, ["4711", "5", "0,00", "6"]))
    assert values(result, "_row_part") == [1, 2, 3]
    assert values(result, "_fate") == [None, "skipped", None]
    assert values(result, "_skip_reason") == [None, "nothing booked", None]
    assert result.unclaimed == []


def test_problems_carry_the_part() -> None:
    result = cleaned(TO, source(MAP, unpivot=RULE), raw(HEADER, ["4711", "5", "n/a", ""]))
    found = result.problems.to_pylist()
    assert [(p["row_number"], p["row_part"], p["value"]) for p in found] == [(2, 2, "n/a")]


def test_a_month_that_is_missing_is_named() -> None:
    with pytest.raises(DeliveryError, match=r"column missing: 'Mrz' \(for unpivot\)"):
        cleaned(TO, source(MAP, unpivot=RULE), raw(HEADER[:3], ["4711", "5", "6"]))


def test_a_made_column_must_be_new() -> None:
    with pytest.raises(DeclarationError, match="unpivot makes a column that the file has"):
        cleaned(TO, source(MAP, unpivot=RULE), raw([*HEADER, "wert"], ["4711", "5", "6", "7", "8"]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["", "1", "2,5", "x"]), min_size=3, max_size=3), max_size=12))
def test_nothing_is_lost(cells: list[list[str]]) -> None:
    batch = raw(HEADER, *([str(i), *row] for i, row in enumerate(cells)))
    result = cleaned(TO, source(MAP, unpivot=RULE), batch)
    expected = [(i + 2, p) for i, row in enumerate(cells) for p in [n for n, c in enumerate(row, 1) if c] or [0]]
    assert list(zip(values(result, "_row_number"), values(result, "_row_part"), strict=True)) == expected
    assert len([p for p in problems(result) if p[1] == "unreadable.amount"]) == sum(r.count("x") for r in cells)
    assert result.table.schema.field("_row_part").type == pa.int32()
