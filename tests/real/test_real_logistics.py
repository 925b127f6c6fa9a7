"""Orders, purchasing and stock of the real clients against figures that pandas makes of the same files."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.settings import Settings
from tests.real.mapped import CLIENTS, cleaned, taken

pytestmark = pytest.mark.real

POUND = Decimal("0.45359237")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    nowhere = Path("nowhere")
    return load_catalog(Settings(nowhere, nowhere, (CLIENTS,), None))


def _raw(root: Path, name: str, columns: str = "") -> pd.DataFrame:
    """A file as text: of Northwind with its header, of AdventureWorks with the names given."""
    path = root / "landing" / name
    if name.startswith("northwind"):
        return pd.read_csv(path, sep=";", encoding="cp1252", dtype=str, keep_default_na=False)
    names = columns.split()
    return pd.read_csv(path, sep="\t", names=names, usecols=range(len(names)), dtype=str, keep_default_na=False)


def _clean(root: Path, catalog: Catalog, client: str, feed: str) -> pa.Table:
    rows, problems = cleaned(root, catalog, client, feed)
    assert problems.num_rows == 0, problems.slice(0, 3).to_pylist()
    return taken(rows)


def _sum(rows: pa.Table, column: str) -> Any:
    return pc.sum(rows[column]).as_py()


def test_products_of_adventureworks(real_root: Path, catalog: Catalog) -> None:
    rows = _clean(real_root, catalog, "adventureworks", "shipments.products").to_pylist()
    raw = _raw(
        real_root,
        "adventureworks/stock/Product.csv",
        "Id Name Number Make Finished Color Safety Reorder Cost Price Size SizeUnit WeightUnit Weight Days Line Class "
        "Style Group Model Start End",
    )
    assert len(rows) == len(raw) == 504
    weights = {
        r.Id: round(Decimal(r.Weight) * (POUND if r.WeightUnit.strip() == "LB" else Decimal("0.001")), 4)
        for r in raw.itertuples()
        if r.Weight
    }
    assert {r["product_id"]: r["net_weight_kg"] for r in rows if r["net_weight_kg"] is not None} == weights
    assert len(weights) == 205
    assert max(weights.values()) == Decimal("13.6078")  # thirty pounds: a touring bike
    assert sum(r["standard_cost_amount"] is None for r in rows) == 200
    assert sum(r["standard_cost_amount"] or 0 for r in rows) == sum(map(Decimal, raw["Cost"]))
    assert {r["product_id"] for r in rows if not r["is_active"]} == set(raw[raw["End"] != ""]["Id"])
    units = _raw(real_root, "adventureworks/purchasing/ProductVendor.csv", "Id V L S C D Min Max On Unit")
    codes = {"EA": "C62", "CTN": "XCT", "CAN": "XCA", "CS": "XCS", "GAL": "GLL", "DZ": "DZN", "PAK": "XPK"}
    bought = {r.Id: codes[r.Unit.strip()] for r in units.itertuples()}
    assert {r["product_id"]: r["base_unit_code"] for r in rows if r["base_unit_code"]} == bought


def test_purchasing_of_adventureworks(real_root: Path, catalog: Catalog) -> None:
    orders = _clean(real_root, catalog, "adventureworks", "shipments.purchase_orders")
    heads = _raw(
        real_root,
        "adventureworks/purchasing/PurchaseOrderHeader.csv",
        "Order Revision Status Employee Vendor Method Ordered Sent Net Tax Freight",
    )
    assert orders.num_rows == len(heads) == 4_012
    assert Counter(orders["order_status_code"].to_pylist()) == {
        "closed": 3_689,
        "draft": 225,
        "rejected": 86,
        "open": 12,
    }
    for ours, theirs in (("order_net_amount", "Net"), ("tax_amount", "Tax"), ("freight_amount", "Freight")):
        # Halves of a cent go up, as SQL rounds them, not to the even one.
        cents = [(Decimal(text) + Decimal("0.005")) // Decimal("0.01") / 100 for text in heads[theirs]]
        assert _sum(orders, ours) == sum(cents)

    lines = _clean(real_root, catalog, "adventureworks", "shipments.purchase_order_lines")
    receipts = _clean(real_root, catalog, "adventureworks", "shipments.goods_receipts")
    raw = _raw(
        real_root,
        "adventureworks/purchasing/PurchaseOrderDetail.csv",
        "Order Line Due Quantity Product Price Total Received Rejected Stocked",
    )
    assert lines.num_rows == receipts.num_rows == len(raw) == 8_845
    for table, ours, theirs in (
        (lines, "ordered_quantity", "Quantity"),
        (receipts, "received_quantity", "Received"),
        (receipts, "rejected_quantity", "Rejected"),
        (lines, "unit_price_amount", "Price"),
    ):
        assert _sum(table, ours) == sum(map(Decimal, raw[theirs]))
    assert [d.isoformat() for d in lines["due_date"].to_pylist()] == [d[:10] for d in raw["Due"]]
    sent = dict(zip(heads["Order"], heads["Sent"], strict=True))
    assert [d.isoformat() for d in receipts["received_date"].to_pylist()] == [sent[o][:10] for o in raw["Order"]]


def test_stock_and_suppliers_of_adventureworks(real_root: Path, catalog: Catalog) -> None:
    stock = _clean(real_root, catalog, "adventureworks", "shipments.stock")
    raw = _raw(real_root, "adventureworks/stock/ProductInventory.csv", "Product Place Shelf Bin Quantity guid Changed")
    assert (stock.num_rows, _sum(stock, "on_hand_quantity")) == (len(raw), sum(map(Decimal, raw["Quantity"])))
    assert max(raw["Changed"])[:10] == stock["snapshot_date"].to_pylist()[0].isoformat()
    suppliers = _clean(real_root, catalog, "adventureworks", "shipments.suppliers")
    assert suppliers.num_rows == 104
    ratings = {r["supplier_name"]: r["rating_value"] for r in suppliers.to_pylist()}
    assert (ratings["Australia Bike Retailer"], ratings["Allenson Cycles"]) == (5, 4)
    tariffs = _clean(real_root, catalog, "adventureworks", "shipments.freight_tariffs")
    # 99 cents a pound are 2.182576 a kilogram.
    assert tariffs["rate_per_kg_amount"].to_pylist()[0] == round(Decimal("0.99") / POUND, 6)
    assert _clean(real_root, catalog, "adventureworks", "shipments.carriers").num_rows == 5


def test_northwind(real_root: Path, catalog: Catalog) -> None:
    found = {
        feed: _clean(real_root, catalog, "northwind", f"shipments.{feed}")
        for feed in ("products", "stock", "suppliers", "carriers", "orders", "order_lines", "shipments")
    }
    counts = {feed: rows.num_rows for feed, rows in found.items()}
    heads, lines = _raw(real_root, "northwind/orders.csv"), _raw(real_root, "northwind/order_details.csv")
    products = _raw(real_root, "northwind/products.csv")
    sent = set(heads[heads["ShippedDate"] != ""]["OrderID"])
    assert counts == {
        "products": 77, "stock": 77, "suppliers": 29, "carriers": 3, "orders": 830, "order_lines": 2_155,
        "shipments": int(lines["OrderID"].isin(sent).sum()),
    }  # fmt: skip
    assert _sum(found["stock"], "on_hand_quantity") == sum(map(Decimal, products["UnitsInStock"]))
    assert _sum(found["orders"], "freight_amount") == sum(map(Decimal, heads["Freight"]))
    assert _sum(found["order_lines"], "ordered_quantity") == sum(map(Decimal, lines["Quantity"]))
    countries = set(found["orders"]["ship_to_country_code"].to_pylist())
    assert len(countries) == heads["ShipCountry"].nunique() == 21
    assert None not in countries
    days = pd.to_datetime(heads["ShippedDate"], format="%m/%d/%Y").dt.date
    assert found["orders"]["shipped_date"].to_pylist() == [None if pd.isna(d) else d for d in days]
    discounts = {round(Decimal(text) * 100, 4) for text in lines["Discount"]}
    assert set(found["order_lines"]["discount_pct"].to_pylist()) == discounts
