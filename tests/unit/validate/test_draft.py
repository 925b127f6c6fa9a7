"""Drafted suites: every bound holds on the data it was drawn from, is rounded outward, and quotes no personal value."""

from __future__ import annotations

import datetime as dt
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import Contract, read_contract
from pipelines.settings import ROOT
from pipelines.validate import shapes
from pipelines.validate.draft import Drafted, draft, round_down, round_up
from pipelines.validate.row_rules import RowRules
from pipelines.validate.suites import check_suite, load_suite

PAYABLES = read_contract(ROOT / "pipelines/contracts/ledgers/payables.odcs.yaml")
EMPLOYEES = read_contract(ROOT / "pipelines/contracts/people/employees.odcs.yaml")


def table(contract: Contract, rows: list[dict[str, Any]]) -> pa.Table:
    names = [f.name for f in contract.arrow_schema]
    return pa.Table.from_pylist([{n: r.get(n) for n in names} for r in rows], schema=contract.arrow_schema)


def invoices(n: int = 200) -> list[dict[str, Any]]:
    rng = random.Random(7)
    out = []
    for i in range(n):
        net = Decimal(rng.randint(1000, 900_000)) / 100
        tax = (net * Decimal("0.19")).quantize(Decimal("0.01"))
        day = dt.date(2026, 3, 1) + dt.timedelta(rng.randint(0, 90))
        out.append({
            "supplier_id": f"{70000 + i % 12}", "invoice_id": f"RE-{1000 + i}", "invoice_date": day,
            "due_date": day + dt.timedelta(rng.randint(0, 30)), "net_amount": net, "tax_amount": tax,
            "gross_amount": net + tax, "open_amount": net + tax if i % 3 else Decimal(0), "currency_code": "EUR",
            "status_code": "open" if i % 3 else "settled", "purchase_order_id": f"B{i:04}" if i % 50 else None,
        })  # fmt: skip
    return out


def by_name(rules: list[Drafted]) -> dict[str, Drafted]:
    return {r.name: r for r in rules}


def test_a_ledger_is_understood() -> None:
    rules = by_name(draft(table(PAYABLES, invoices()), PAYABLES))
    assert rules["gross_amount_adds_up"].kwargs == {"columns": ["net_amount", "tax_amount"], "total": "gross_amount"}
    assert rules["gross_amount_adds_up"].severity == "critical"
    assert rules["due_date_not_before_invoice_date"].kwargs["column_A"] == "due_date"
    assert "invoice_date_not_before_due_date" not in rules
    assert rules["invoice_id_has_its_shape"].kwargs["regex"] == "^RE-[0-9]{4}$"
    assert rules["currency_code_known"].kwargs["value_set"] == ["EUR"]
    assert rules["purchase_order_id_mostly_there"].kwargs["mostly"] == 0.96
    assert "status_code_known" not in rules  # the contract lists its codes
    assert "least" in rules["net_amount_in_range"].evidence


def test_the_draft_is_a_sound_suite_that_its_own_sample_passes(tmp_path: Path) -> None:
    rows = table(PAYABLES, invoices())
    suite = {
        "name": PAYABLES.feed,
        "expectations": [r.item(PAYABLES.feed) for r in draft(rows, PAYABLES)],
    }
    path = tmp_path / "payables.json"
    path.write_text(json.dumps(suite))
    assert check_suite(path, PAYABLES) == []
    rules = RowRules(PAYABLES, load_suite(path, PAYABLES))
    addresses = [pa.array(range(rows.num_rows)), pa.array([0] * rows.num_rows, pa.int32())]
    batch = pa.RecordBatch.from_arrays(
        [*addresses, *(c.combine_chunks() for c in rows.columns)], ["_row_number", "_row_part", *rows.schema.names]
    )
    failing = {f.rule.id for f in rules.check(batch) if f.rule.mostly is None}
    assert not failing


def test_a_broken_row_takes_the_identity_away() -> None:
    rows = invoices()
    rows[17]["gross_amount"] += Decimal("0.01")
    assert "gross_amount_adds_up" not in by_name(draft(table(PAYABLES, rows), PAYABLES))


def test_personal_values_are_not_quoted() -> None:
    rows = [
        {"employee_id": f"P{i:04}", "national_id": f"QQ{123456 + i}C", "vacation_hours": Decimal("37.25"),
         "birth_date": dt.date(1977, 2, 1 + i % 20), "login_name": f"canary{i}"}
        for i in range(60)
    ]  # fmt: skip
    text = json.dumps([r.item(EMPLOYEES.feed) for r in draft(table(EMPLOYEES, rows), EMPLOYEES)])
    for canary in ("37.25", "123456", "canary0", "1977-02-01"):
        assert canary not in text


def test_few_rows_prove_nothing() -> None:
    rules = by_name(draft(table(PAYABLES, invoices(5)), PAYABLES))
    assert not {"gross_amount_adds_up", "due_date_not_before_invoice_date", "invoice_id_has_its_shape"} & rules.keys()


@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_rounding_goes_outward_and_not_far(number: float) -> None:
    low, high = round_down(number), round_up(number)
    assert low <= number * (1 + 1e-9 * (1 if number > 0 else -1)) + 1e-300
    assert high >= number * (1 - 1e-9 * (1 if number > 0 else -1)) - 1e-300
    if abs(number) > 1e-300:
        assert abs(low) <= 2.5 * abs(number) * (1 + 1e-9)
        assert abs(high) <= 2.5 * abs(number) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("texts", "regex"),
    [
        (["DE-1001", "DE-23", "FR-9"], "^[A-Z]{2}-[0-9]{1,4}$"),
        (["A1", "B22"], "^[A-Z][0-9]{1,2}$"),
        (["1/2", "10/3"], "^[0-9]{1,2}/[0-9]$"),
        (["x.1", "x.2"], r"^x\.[0-9]$"),
        (["Two words 1", "More 2"], None),
        (["ä1", "ö2"], None),
        (["abc", "def"], None),
        (["1", "A1", "1A", "A-1"], None),
    ],
)
def test_shapes(texts: list[str], regex: str | None) -> None:
    found = shapes.pattern(texts)
    assert (found and found.regex) == regex
