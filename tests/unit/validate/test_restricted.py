"""What the gate says of restricted columns: never a value, and a figure only where it stands for enough rows."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.contract import FEWEST
from pipelines.delivery import Verdict
from pipelines.validate.gate import Control
from pipelines.validate.judge import HIDDEN
from tests.unit.validate import conftest
from tests.unit.validate.conftest import LINES, Desk, by_id, line, rule

AMOUNT, TAX = Decimal("9876.54"), Decimal("0.00")
PAID = {"net_amount": AMOUNT, "tax_amount": TAX, "gross_amount": AMOUNT}
RESTRICTED = {"net_amount", "contact_name"}


@pytest.fixture(autouse=True)
def restricted(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = tuple(replace(c, classification="restricted") if c.name in RESTRICTED else c for c in LINES.columns)
    monkeypatch.setattr(conftest, "LINES", replace(LINES, columns=columns))


def paid(rows: int) -> list[Any]:
    return [line(f"g{i}", **PAID) for i in range(rows)]


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_of_a_value_not_even_its_first_letter(desk: Desk, severity: str) -> None:
    desk.suite([rule("once", "expect_column_values_to_be_unique", severity, column="contact_name")])
    delivery, result = desk.gate(paid(3))
    assert by_id(result)["once"].failed == 3
    assert {str(s["values"]) for s in by_id(result)["once"].samples} == {"{'contact_name': '****'}"}
    with desk.warehouse.transaction() as conn:
        query = "select distinct value from quarantine.reject where delivery_id = :id"
        values = conn.scalars(sa.text(query), {"id": delivery.delivery_id}).all()
    assert values == (["****"] if severity == "critical" else [])


@pytest.mark.parametrize(
    ("kind", "rows", "is_hidden"),
    [
        ("max", 50, True),
        ("min", 50, True),
        ("median", 50, True),
        ("sum", FEWEST - 1, True),
        ("sum", FEWEST, False),
        ("mean", FEWEST - 1, True),
        ("mean", FEWEST, False),
    ],
)
def test_a_figure_that_is_a_cell_or_stands_for_few_is_hidden(desk: Desk, kind: str, rows: int, is_hidden: bool) -> None:
    desk.suite([rule("it", f"expect_column_{kind}_to_be_between", column="net_amount", max_value=1)])
    _, result = desk.gate(paid(rows))
    outcome = by_id(result)["it"]
    assert outcome.success is False
    assert result.verdict is Verdict.HOLD
    assert (outcome.observed == HIDDEN) is is_hidden
    figure = str(AMOUNT * rows if kind == "sum" else AMOUNT).rstrip("0")
    told = json.dumps([result.holds, result.message, result.validation_result], default=str)
    assert (figure in told) is not is_hidden


@pytest.mark.parametrize(("rows", "is_hidden"), [(FEWEST - 1, True), (FEWEST, False)])
def test_a_control_total_of_few_rows_is_hidden(desk: Desk, rows: int, is_hidden: bool) -> None:
    promised = AMOUNT * rows + 1
    controls = (Control("sum(net_amount)", promised), Control("rows", Decimal(rows)))
    _, result = desk.gate(paid(rows), controls=controls)
    assert result.verdict is Verdict.HOLD
    told = json.dumps([result.holds, result.message, result.validation_result, result.rules], default=str)
    for figure in (promised, AMOUNT * rows):
        assert (str(figure) in told) is not is_hidden
    assert f"promised {rows}, received {rows}" in told
