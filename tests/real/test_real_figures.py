"""The column maps of the real clients against figures counted in the files by other means (grep, awk, pandas)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.settings import Settings
from tests.real.mapped import CLIENTS, cleaned, taken

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    nowhere = Path("nowhere")
    return load_catalog(Settings(nowhere, nowhere, (CLIENTS,), None))


def _counts(table: pa.Table, column: str) -> dict[object, int]:
    return dict(Counter(table[column].to_pylist()))


def _problems(problems: pa.Table) -> dict[str, int]:
    return dict(Counter(".".join(rule.split(".")[2:]) for rule in problems["rule_id"].to_pylist()))


def test_resellers(real_root: Path, catalog: Catalog) -> None:
    rows, problems = cleaned(real_root, catalog, "adventureworks", "clients.customers", "resellers")
    assert rows.num_rows == 701
    assert (_problems(problems), _counts(rows, "postal_code_absent_code")["not_valid"]) == ({}, 18)
    assert pc.sum(rows["annual_sales_amount"]).as_py() == Decimal("1110900000.00")
    assert _counts(rows, "phone_absent_code") == {None: 541, "not_dialable": 160}
    assert rows["phone"].null_count == 160
    streets = rows["address_line_1"].to_pylist()
    assert [s for s in streets if s.startswith("Kurf")] == [f"Kurfürstenstr {n}" for n in (9, 574, 74)]
    first = rows.slice(0, 1).to_pylist()[0]
    assert (first["customer_id"], first["city"], first["region_code"], first["postal_code"]) == (
        "AW00000001", "Seattle", "WA", "98104",
    )  # fmt: skip
    assert None not in _counts(rows, "country_code")


def test_stores(real_root: Path, catalog: Catalog) -> None:
    rows, problems = cleaned(real_root, catalog, "adventureworks", "clients.customers", "stores")
    assert (rows.num_rows, problems.num_rows) == (701, 0)
    # The survey names the same sums and kinds as the list of resellers.
    assert pc.sum(rows["annual_sales_amount"]).as_py() == Decimal("1110900000.00")
    kinds = {"Value Added Reseller": 238, "Warehouse": 232, "Specialty Bike Shop": 231}
    assert _counts(rows, "segment_name") == kinds
    resellers, _ = cleaned(real_root, catalog, "adventureworks", "clients.customers", "resellers")
    assert _counts(resellers, "segment_name") == kinds


def test_employees_and_rates(real_root: Path, catalog: Catalog) -> None:
    rows, problems = cleaned(real_root, catalog, "adventureworks", "people.employees")
    assert (rows.num_rows, problems.num_rows) == (290, 0)
    assert _counts(rows, "gender_code") == {"male": 206, "female": 84}
    assert _counts(rows, "is_salaried") == {True: 52, False: 238}
    first = rows.slice(0, 1).to_pylist()[0]
    assert (first["login_name"], first["department_name"]) == ("ken0", "Executive")
    assert first["department_group_name"] == "Executive General and Administration"
    moved = rows.filter(pc.equal(rows["employee_id"], "250")).to_pylist()[0]
    assert (moved["department_id"], moved["department_since_date"].isoformat()) == ("5", "2012-07-15")
    rates, problems = cleaned(real_root, catalog, "adventureworks", "payroll.pay_rates")
    assert (rates.num_rows, problems.num_rows) == (316, 0)
    assert pc.sum(rates["hourly_rate"]).as_py() == Decimal("5611.7821")
    assert _counts(rates, "pay_frequency_code") == {"monthly": 180, "biweekly": 136}
    assert set(rates["employee_id"].to_pylist()) == set(rows["employee_id"].to_pylist())


def test_chart_of_accounts(real_root: Path, catalog: Catalog) -> None:
    table, problems = cleaned(real_root, catalog, "adventureworks", "ledgers.accounts")
    rows = taken(table)
    assert (table.num_rows, rows.num_rows, problems.num_rows) == (99, 93, 0)
    assert _counts(rows, "account_type_code") == {
        "asset": 22, "liability": 17, "equity": 6, "revenue": 14, "expense": 34,
    }  # fmt: skip
    names = [
        "AccountKey",
        "Parent",
        "Code",
        "ParentCode",
        "Name",
        "Type",
        "Operator",
        "Members",
        "ValueType",
        "Options",
    ]
    raw = pd.read_csv(real_root / "landing/adventureworks/finance/DimAccount.csv", sep="|", names=names, dtype=str)
    assert set(raw["AccountKey"]) - set(rows["account_id"].to_pylist()) == {"1", "95", "96", "97", "98", "99"}
    # A heading is what others name as theirs, and only headings have no class.
    headings = set(raw["Parent"].dropna()) - {"1", "95"}
    found = rows.to_pylist()
    assert {r["account_id"] for r in found if r["is_summary"]} == headings
    assert {r["account_id"] for r in found if r["account_class_code"] is None} == headings
    parents = {k: v for k, v in zip(raw["AccountKey"], raw["Parent"], strict=True) if isinstance(v, str) and v != "1"}
    assert {r["account_id"]: r["parent_account_id"] for r in found if r["parent_account_id"]} == {
        k: v for k, v in parents.items() if v != "95"
    }
    against = {r["account_name"] for r in found if r["normal_balance_code"]}
    assert against == {"Returns and Adjustments", "Discounts"}


def test_organisations(real_root: Path, catalog: Catalog) -> None:
    rows, problems = cleaned(real_root, catalog, "adventureworks", "ledgers.entities")
    assert (rows.num_rows, problems.num_rows) == (14, 0)
    assert _counts(rows, "local_currency") == {"USD": 8, "CAD": 1, "EUR": 3, "AUD": 2}
    assert _counts(rows, "country_code") == {"US": 7, "CA": 1, "FR": 1, "DE": 1, "AU": 1, None: 3}
    owned = {r["entity_code"]: (r["parent_entity_code"], r["ownership_pct"]) for r in rows.to_pylist()}
    assert (owned["1"], owned["8"], owned["12"]) == ((None, None), ("2", 75), ("9", 25))


@pytest.mark.parametrize(("source", "column"), [("average", "Average"), ("closing", "EndOfDay")])
def test_rates(real_root: Path, catalog: Catalog, source: str, column: str) -> None:
    table, problems = cleaned(real_root, catalog, "adventureworks", "ledgers.exchange_rates", source)
    rows = taken(table)
    # Skipped: 184 days of mark and franc each, 1,158 of bolívar and dollar.
    assert (table.num_rows, rows.num_rows, problems.num_rows) == (14_264, 14_264 - 2 * 184 - 2 * 1_158, 0)
    names = ["CurrencyKey", "DateKey", "Average", "EndOfDay", "Date"]
    raw = pd.read_csv(real_root / "landing/adventureworks/finance/FactCurrencyRate.csv", sep="|", names=names)
    keys = {"ARS": 3, "AUD": 6, "BRL": 16, "CAD": 19, "EUR": 36, "GBP": 98}
    totals = raw.groupby("CurrencyKey")[column].sum()
    found = rows.to_pylist()
    assert {r["to_currency"] for r in found} == {"USD"}
    for currency, key in keys.items():
        rates = [r["rate"] for r in found if r["from_currency"] == currency]
        assert len(rates) == 1_158
        assert float(sum(rates)) == pytest.approx(totals[key], abs=1e-6)
    # Dollars for one unit: a pound is more than one, a yen less than a cent.
    assert all(r["rate"] > 1 for r in found if r["from_currency"] == "GBP")
    assert all(r["rate"] < Decimal("0.01") for r in found if r["from_currency"] == "JPY")


def test_actuals_and_plans(real_root: Path, catalog: Catalog) -> None:
    table, problems = cleaned(real_root, catalog, "adventureworks", "ledgers.budgets")
    rows = taken(table)
    assert (table.num_rows, rows.num_rows, problems.num_rows) == (39_409, 39_409 - 887 - 276 - 276, 0)
    assert _counts(rows, "scenario_code") == {"actual": 33_124, "budget": 4_846}
    # Every year-end day beside the December of its year, and 36 months without a hole.
    ends = rows.filter(pc.match_substring(rows["cost_center_id"], "-YE"))
    assert _counts(ends, "budget_month") == {"2011-12": 18, "2012-12": 28, "2013-12": 33}
    assert set(rows["budget_month"].to_pylist()) == {f"{y}-{m:02}" for y in (2011, 2012, 2013) for m in range(1, 13)}
    key = ["entity_code", "scenario_code", "account_id", "cost_center_id", "budget_month"]
    assert len(set(zip(*(rows[c].to_pylist() for c in key), strict=True))) == rows.num_rows
    assert _counts(rows, "currency_code").keys() == {"USD", "CAD", "EUR", "AUD"}
    # To the cent, account by account.
    names = ["FinanceKey", "DateKey", "Organization", "Department", "Scenario", "Account", "Amount", "Date"]
    raw = pd.read_csv(
        real_root / "landing/adventureworks/finance/FactFinance.csv", sep="|", names=names, dtype={"Amount": str}
    )
    raw = raw[~raw["Account"].isin([96, 97, 98, 99])]
    cents = raw["Amount"].map(lambda text: round(Decimal(text), 2))
    theirs = cents.groupby([raw["Scenario"].map({1: "actual", 2: "budget"}), raw["Account"].astype(str)]).sum()
    ours: dict[tuple[str, str], Decimal] = {}
    for row in rows.to_pylist():
        at = (row["scenario_code"], row["account_id"])
        ours[at] = ours.get(at, Decimal(0)) + row["budget_amount"]
    assert ours == theirs.to_dict()


@pytest.mark.parametrize(
    ("source", "rows", "regions", "dates"), [("dataset1", 1000, 11, 3), ("dataset2", 5000, 12, 10)]
)
def test_persons(real_root: Path, catalog: Catalog, source: str, rows: int, regions: int, dates: int) -> None:
    """A state or a day that does not exist is left out, nobody is set aside for it."""
    table, found = cleaned(real_root, catalog, "febrl", "clients.customers", source)
    assert (table.num_rows, _problems(found)) == (rows, {})
    left_out = {name: _counts(table, f"{name}_absent_code").get("not_valid") for name in ("region_code", "birth_date")}
    assert left_out == {"region_code": regions, "birth_date": dates}


def test_spend(real_root: Path, catalog: Catalog) -> None:
    rows, problems = cleaned(real_root, catalog, "gla", "ledgers.spend")
    assert (rows.num_rows, problems.num_rows) == (28_145, 0)
    assert pc.sum(rows["spend_amount"]).as_py() == Decimal("1000083306.00")
    assert rows["supplier_id"].null_count == 8_927
    ids = rows["spend_line_id"].to_pylist()
    assert len(set(ids)) == 28_145
    # 680 lines repeat an earlier one in all columns, and are lines of their own.
    assert sum(not i.endswith("-1") for i in ids) == 680


def test_shipments(real_root: Path, catalog: Catalog) -> None:
    rows, problems = cleaned(real_root, catalog, "scms", "shipments.shipments")
    assert (rows.num_rows, problems.num_rows) == (10_324, 0)
    assert pc.sum(rows["line_amount"]).as_py() == Decimal("1627584457.29")
    absent = {c: _counts(rows, f"{c}_absent_code") for c in ("quote_id", "quote_sent_date", "order_sent_date")}
    assert absent == {
        "quote_id": {None: 7_643, "pre_quote": 2_681},
        "quote_sent_date": {None: 7_643, "pre_quote": 2_476, "not_captured": 205},
        "order_sent_date": {None: 4_592, "from_stock": 5_404, "not_captured": 328},
    }
    assert _counts(rows, "incoterm_code_absent_code") == {None: 4_920, "from_stock": 5_404}
    assert _counts(rows, "weight_quantity_absent_code") == {
        None: 6_372, "in_other_shipment": 2_445, "captured_separately": 1_507,
    }  # fmt: skip
    assert _counts(rows, "freight_amount_absent_code") == {
        None: 6_198, "in_other_shipment": 2_445, "included_in_price": 1_442, "invoiced_separately": 239,
    }  # fmt: skip
    notes = rows["cost_note"]
    assert len(notes) - notes.null_count == 2_445
    assert len(set(rows["destination_country_code"].to_pylist())) == 43
    assert {"CD", "CI", "SZ"} <= set(rows["destination_country_code"].to_pylist())
    assert any("Grønland" in (site or "") for site in rows["manufacturing_site_name"].to_pylist())
