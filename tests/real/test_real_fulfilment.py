"""Marts of logistics on the real files against pandas: line by line, supplier by supplier."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.catalog import load_catalog
from pipelines.flow.night import NightReport, run_night
from pipelines.flow.office import Office
from pipelines.reporting.run import build
from pipelines.settings import ROOT, Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import MARTS_DATABASE, url_of

pytestmark = pytest.mark.real

DATABASE = MARTS_DATABASE
CLIENTS = ("adventureworks", "northwind", "scms")


@pytest.fixture(scope="module")
def office(
    real_root: Path, server_settings: Settings, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("logistics")
    url = url_of(server_settings, database, "loader")
    settings = Settings(home, real_root / "landing", (ROOT / "tests" / "real" / "clients",), url)
    warehouse = Warehouse(url)
    yield Office(settings, load_catalog(settings), warehouse)
    warehouse.close()


@pytest.fixture(scope="module")
def nights(office: Office, marts_home: Settings, server_settings: Settings, database: str) -> list[NightReport]:
    """A night per client, and the marts after them."""
    reports = [run_night(["shipments"], client=client, office=office)[1] for client in CLIENTS]
    result = build(marts_home, url_of(server_settings, database, "loader"))
    assert result.ok, result.message
    return reports


def _ask(office: Office, sql: str) -> pd.DataFrame:
    with office.warehouse.transaction() as conn:
        return pd.DataFrame(conn.execute(sa.text(sql)).mappings().all())


def _same(ours: pd.DataFrame, theirs: pd.DataFrame, key: list[str]) -> None:
    """Row by row and column by column, numbers to the last digit we print."""
    assert len(ours) > 0
    ours, theirs = (f.set_index(key).sort_index().astype(object) for f in (ours, theirs))
    assert list(ours.index) == list(theirs.index)
    for column in theirs.columns:
        pairs = zip(ours.index, ours[column], theirs[column], strict=True)
        apart = [(at, mine, other) for at, mine, other in pairs if not _equal(mine, other)]
        assert apart == [], f"{column}: {len(apart)} differ, such as {apart[:3]}"


def _equal(mine: Any, other: Any) -> bool:
    if pd.isna(mine) or pd.isna(other):
        return bool(pd.isna(mine) and pd.isna(other))
    if isinstance(mine, Decimal | float | int) and not isinstance(mine, bool):
        return abs(float(mine) - float(other)) < 1e-9
    return bool(mine == other)


def _cents(value: Any) -> Decimal:
    return Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _pct(part: int, whole: int) -> Decimal | None:
    return _cents(Decimal(100) * int(part) / int(whole)) if whole else None


def _tabbed(root: Path, name: str, columns: str) -> pd.DataFrame:
    names = columns.split()
    path = root / "landing/adventureworks" / name
    return pd.read_csv(path, sep="\t", names=names, usecols=range(len(names)), dtype=str, keep_default_na=False)


def _bought(root: Path) -> pd.DataFrame:
    """Lines of purchase orders with what came of them. Every due day is past: what lacks is late, or was given up.

    Two orders have lines that were due before they were ordered: these are rejected, and nobody received them.
    """
    heads = _tabbed(
        root,
        "purchasing/PurchaseOrderHeader.csv",
        "Order Revision Status Employee Supplier Method Ordered Sent Net Tax Freight",
    )
    lines = _tabbed(
        root,
        "purchasing/PurchaseOrderDetail.csv",
        "Order Line Due Quantity Product Price Total Received Rejected Stocked",
    )
    lines = lines.merge(heads, on="Order")
    for day in ("Due", "Ordered", "Sent"):
        lines[day] = pd.to_datetime(lines[day])
    for number in ("Quantity", "Received", "Rejected", "Price"):
        lines[number] = lines[number].map(Decimal)
    wrong = set(lines[lines["Due"] < lines["Ordered"]]["Order"])
    assert (len(wrong), int(lines["Order"].isin(wrong).sum())) == (2, 9)
    lines = lines[~lines["Order"].isin(wrong)].copy()
    assert lines["Due"].max() < pd.Timestamp.now()
    lines["Accepted"] = lines["Received"] - lines["Rejected"]
    lines["Closed"] = lines["Status"].isin(["3", "4"])
    lines["Full"] = lines["Accepted"] >= lines["Quantity"]
    lines["InTime"] = (lines["Full"] | lines["Closed"]) & (lines["Sent"] <= lines["Due"])
    return lines


def test_all_deliveries_are_taken(nights: list[NightReport]) -> None:
    lines = [line for report in nights for line in report.lines]
    assert {(line.client_id, line.state) for line in lines} == {(client, "loaded") for client in CLIENTS}
    assert len(lines) == 8 + 7 + 1
    rejected = {(line.client_id, line.feed): line.rows_rejected for line in lines if line.rows_rejected}
    assert rejected == {
        ("adventureworks", "shipments.purchase_order_lines"): 9,
        ("adventureworks", "shipments.goods_receipts"): 9,
        ("scms", "shipments.shipments"): 5,
    }


def test_every_line_bought(office: Office, nights: list[NightReport], real_root: Path) -> None:
    raw = _bought(real_root)
    lacking = (raw["Quantity"] - raw["Accepted"]).clip(lower=0)
    theirs = pd.DataFrame({
        "order": raw["Order"],
        "line": raw["Line"],
        "supplier_id": raw["Supplier"],
        "ordered_quantity": raw["Quantity"],
        "received_quantity": raw["Received"],
        "rejected_quantity": raw["Rejected"],
        "accepted_quantity": raw["Accepted"],
        "open_quantity": lacking.where(~raw["Closed"], Decimal(0)),
        "short_quantity": lacking.where(raw["Closed"], Decimal(0)),
        "ordered_amount": [_cents(q * p) for q, p in zip(raw["Quantity"], raw["Price"], strict=True)],
        "is_on_time": raw["InTime"],
        "is_in_full": raw["Full"],
        "is_on_time_in_full": raw["InTime"] & raw["Full"],
        "response_days": (raw["Sent"] - raw["Ordered"]).dt.days,
    })  # fmt: skip
    ours = _ask(
        office,
        'select purchase_order_id as "order", purchase_order_line_id as line, supplier_id, ordered_quantity, '
        "received_quantity, rejected_quantity, accepted_quantity, open_quantity, short_quantity, ordered_amount, "
        "is_on_time, is_in_full, is_on_time_in_full, response_days "
        "from reporting.rpt_purchase_order_fulfilment where client_id = 'adventureworks'",
    )
    _same(ours, theirs, ["order", "line"])


def test_suppliers(office: Office, nights: list[NightReport], real_root: Path) -> None:
    raw = _bought(real_root)
    raw["Month"] = raw["Due"].dt.strftime("%Y-%m")
    theirs = []
    for (supplier, month), lines in raw.groupby(["Supplier", "Month"]):
        came = sum(lines["Received"] * lines["Price"])
        refused = sum(lines["Rejected"] * lines["Price"])
        took = (lines["Sent"] - lines["Ordered"]).dt.days[lines["Full"]]
        theirs.append({
            "supplier_id": supplier,
            "month": month,
            "lines": len(lines),
            "orders": lines["Order"].nunique(),
            "on_time_lines": int(lines["InTime"].sum()),
            "in_full_lines": int(lines["Full"].sum()),
            "on_time_pct": _pct(lines["InTime"].sum(), len(lines)),
            "otif_pct": _pct((lines["InTime"] & lines["Full"]).sum(), len(lines)),
            "rejected_pct": _cents(100 * refused / came),
            "mean_lead_time_days": round(took.mean(), 1) if len(took) else None,
        })  # fmt: skip
    ours = _ask(
        office,
        "select supplier_id, to_char(month_date, 'YYYY-MM') as month, lines, orders, on_time_lines, in_full_lines, "
        "on_time_pct, otif_pct, rejected_pct, mean_lead_time_days "
        "from reporting.rpt_supplier_scorecard where client_id = 'adventureworks'",
    )
    _same(ours, pd.DataFrame(theirs), ["supplier_id", "month"])


def test_stock(office: Office, nights: list[NightReport], real_root: Path) -> None:
    stock = _tabbed(real_root, "stock/ProductInventory.csv", "Product Place Shelf Bin Quantity")
    products = _tabbed(real_root, "stock/Product.csv", "Product Name Number M F Color Safety Reorder Cost")
    stock = stock.merge(products, on="Product")
    costs, quantities = stock["Cost"].map(Decimal), stock["Quantity"].map(Decimal)
    values = [
        _cents(q * c) if c or not q else None for q, c in zip(quantities, costs, strict=True)
    ]  # nothing is worth nothing, whatever one costs
    theirs = pd.DataFrame({
        "location_id": stock["Place"], "product_id": stock["Product"], "on_hand_quantity": quantities,
        "stock_amount": values,
    })  # fmt: skip
    ours = _ask(
        office,
        "select location_id, product_id, on_hand_quantity, stock_amount from reporting.rpt_stock_position "
        "where client_id = 'adventureworks'",
    )
    _same(ours, theirs, ["location_id", "product_id"])
    northwind = _ask(
        office,
        "select product_id, on_hand_quantity, stock_amount from reporting.rpt_stock_position "
        "where client_id = 'northwind'",
    )
    raw = pd.read_csv(real_root / "landing/northwind/products.csv", sep=";", encoding="cp1252", dtype=str)
    assert dict(zip(northwind["product_id"], northwind["on_hand_quantity"], strict=True)) == {
        p: Decimal(q) for p, q in zip(raw["ProductID"], raw["UnitsInStock"], strict=True)
    }


def _sold(root: Path) -> pd.DataFrame:
    """Lines of Northwind's orders. All days are past: what has not left is late."""
    folder = root / "landing/northwind"
    heads = pd.read_csv(folder / "orders.csv", sep=";", encoding="cp1252", dtype=str)
    lines = pd.read_csv(folder / "order_details.csv", sep=";", encoding="cp1252", dtype=str).merge(heads, on="OrderID")
    for day in ("OrderDate", "RequiredDate", "ShippedDate"):
        lines[day] = pd.to_datetime(lines[day], format="%m/%d/%Y")
    lines["Pieces"] = lines["Quantity"].map(Decimal)
    price, off = lines["UnitPrice"].map(Decimal), lines["Discount"].map(Decimal)
    lines["Amount"] = (lines["Pieces"] * price * (1 - off)).map(_cents)
    lines["Left"] = lines["ShippedDate"].notna()
    lines["InTime"] = lines["Left"] & (lines["ShippedDate"] <= lines["RequiredDate"])
    return lines


def test_on_time_in_full_of_customers(office: Office, nights: list[NightReport], real_root: Path) -> None:
    raw = _sold(real_root)
    raw["month"] = raw["RequiredDate"].dt.strftime("%Y-%m")
    theirs = []
    for (customer, month), lines in raw.groupby(["CustomerID", "month"]):
        theirs.append({
            "customer_id": customer,
            "month": month,
            "lines": len(lines),
            "orders": lines["OrderID"].nunique(),
            "on_time_lines": int(lines["InTime"].sum()),
            "not_on_time_lines": int((~lines["InTime"]).sum()),
            "overdue_lines": int((~lines["Left"]).sum()),
            "in_full_lines": int(lines["Left"].sum()),
            "on_time_in_full_lines": int(lines["InTime"].sum()),
            "on_time_in_full_pct": _pct(lines["InTime"].sum(), len(lines)),
        })  # fmt: skip
    ours = _ask(
        office,
        "select customer_id, to_char(due_month, 'YYYY-MM') as month, lines, orders, on_time_lines, not_on_time_lines, "
        "overdue_lines, in_full_lines, on_time_in_full_lines, on_time_in_full_pct "
        "from reporting.rpt_on_time_in_full where client_id = 'northwind'",
    )
    _same(ours, pd.DataFrame(theirs), ["customer_id", "month"])


def test_orders(office: Office, nights: list[NightReport], real_root: Path) -> None:
    raw = _sold(real_root)
    nothing = Decimal(0)
    theirs = [
        {
            "order_id": order,
            "lines": len(lines),
            "order_status_code": "delivered" if lines["Left"].all() else "overdue",
            "ordered_quantity": sum(lines["Pieces"]),
            "shipped_quantity": sum(lines["Pieces"][lines["Left"]], nothing),
            "open_quantity": sum(lines["Pieces"][~lines["Left"]], nothing),
            "backorder_quantity": sum(lines["Pieces"][~lines["Left"]], nothing),
            "ordered_amount": sum(lines["Amount"]),
            "shipped_amount": sum(lines["Amount"][lines["Left"]], nothing),
            "open_amount": sum(lines["Amount"][~lines["Left"]], nothing),
        }
        for order, lines in raw.groupby("OrderID")
    ]
    ours = _ask(
        office,
        "select order_id, lines, order_status_code, ordered_quantity, shipped_quantity, open_quantity, "
        "backorder_quantity, ordered_amount, shipped_amount, open_amount "
        "from reporting.rpt_order_fulfilment where client_id = 'northwind'",
    )
    _same(ours, pd.DataFrame(theirs), ["order_id"])
    # The files' own description of themselves: 830 orders, 21 of which have not left.
    assert (len(ours), (ours["order_status_code"] == "overdue").sum()) == (830, 21)


def test_days_until_orders_leave(office: Office, nights: list[NightReport], real_root: Path) -> None:
    raw = _sold(real_root).drop_duplicates("OrderID")
    raw = raw[raw["Left"]]
    raw["days"] = (raw["ShippedDate"] - raw["OrderDate"]).dt.days
    theirs = raw.groupby(["ShipVia", "ShipCountry"])["days"].agg(
        shipments="count", median_days="median", p90_days=lambda d: d.quantile(0.9), max_days="max"
    )
    ours = _ask(
        office,
        "select carrier_id, destination_code, shipments, median_days, p90_days, max_days "
        "from reporting.rpt_shipment_performance "
        "where client_id = 'northwind' and measure_code = 'dispatch' and is_all_months",
    )
    # Names of countries are told apart by what they hold: the files have no codes.
    mine = sorted(
        (r.carrier_id, r.shipments, float(r.median_days), float(r.p90_days), r.max_days) for r in ours.itertuples()
    )
    other = sorted(
        (via, r.shipments, float(_tenth(r.median_days)), float(_tenth(r.p90_days)), r.max_days)
        for (via, _), r in zip(theirs.index, theirs.itertuples(), strict=True)
    )
    assert mine == other


def _tenth(value: float) -> Decimal:
    return Decimal(str(round(value, 6))).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _delivered(root: Path, office: Office) -> pd.DataFrame:
    raw = pd.read_csv(root / "landing/scms/SCMS_Delivery_History_Dataset.csv", dtype=str, encoding="utf-8")
    raw.columns = [c.lower() for c in raw.columns]
    out = _ask(
        office,
        "select distinct row_number from quarantine.reject join ops.delivery as d using (delivery_id) "
        "where d.client_id = 'scms' and severity = 'critical'",
    )
    raw = raw[~(raw.index + 2).isin(set(out["row_number"]))].copy()
    for day in ("scheduled delivery date", "delivered to client date"):
        raw[day] = pd.to_datetime(raw[day], format="%d-%b-%y")
    raw["InTime"] = raw["delivered to client date"] <= raw["scheduled delivery date"]
    raw["month"] = raw["scheduled delivery date"].dt.strftime("%Y-%m")
    return raw


def test_medicines_on_time(office: Office, nights: list[NightReport], real_root: Path) -> None:
    raw = _delivered(real_root, office)
    theirs = [
        {
            "customer_id": project,
            "month": month,
            "lines": len(lines),
            "on_time_lines": int(lines["InTime"].sum()),
            "not_on_time_lines": int((~lines["InTime"]).sum()),
            "on_time_pct": _pct(lines["InTime"].sum(), len(lines)),
        }
        for (project, month), lines in raw.groupby(["project code", "month"])
    ]
    ours = _ask(
        office,
        "select customer_id, to_char(due_month, 'YYYY-MM') as month, lines, on_time_lines, not_on_time_lines, "
        "on_time_pct from reporting.rpt_on_time_in_full where client_id = 'scms'",
    )
    _same(ours, pd.DataFrame(theirs), ["customer_id", "month"])
    total = _ask(
        office,
        "select sum(lines) as lines, sum(on_time_lines) as on_time from reporting.rpt_shipment_on_time "
        "where client_id = 'scms'",
    )
    assert (total["lines"][0], total["on_time"][0]) == (len(raw), int(raw["InTime"].sum()))


def test_medicines_by_way(office: Office, nights: list[NightReport], real_root: Path) -> None:
    """From the order to the supplier to delivery, by shipment and means of transport."""
    raw = _delivered(real_root, office)
    raw["sent"] = pd.to_datetime(raw["po sent to vendor date"], format="%m/%d/%Y", errors="coerce")
    shipped = raw.groupby(["asn/dn #", "po / so #"]).agg(
        sent=("sent", "min"), came=("delivered to client date", "max"), mode=("shipment mode", "min")
    )
    shipped["days"] = (shipped["came"] - shipped["sent"]).dt.days
    shipped = shipped[shipped["days"].notna()]
    theirs = shipped["mode"].fillna("none").value_counts().to_dict()
    ours = _ask(
        office,
        "select transport_mode_code, sum(shipments + shipments_out_of_order) as shipments "
        "from reporting.rpt_shipment_performance "
        "where client_id = 'scms' and measure_code = 'lead' and is_all_months group by 1",
    )
    names = {"Air": "air", "Air Charter": "air_charter", "Truck": "truck", "Ocean": "ocean", "none": "not_stated"}
    assert dict(zip(ours["transport_mode_code"], ours["shipments"], strict=True)) == {
        names[m]: n for m, n in theirs.items()
    }
