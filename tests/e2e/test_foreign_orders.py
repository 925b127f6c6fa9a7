"""Order and shipment histories of other houses, mapped by profiles only, and what marts make of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from pipelines.reporting.run import build
from pipelines.settings import Settings
from tests.conftest import MARTS_DATABASE, make_settings, url_of
from tests.e2e import foreign_orders
from tests.e2e.conftest import Client

DATABASE = MARTS_DATABASE
MONTHS = (9, 10)


@pytest.fixture(scope="module")
def houses(
    server_settings: Settings, database: str, marts_home: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Client]]:
    """The clients after a night, and the marts built."""
    home = tmp_path_factory.mktemp("foreign")
    for name in ("landing", "clients"):
        (home / name).mkdir()
    url = url_of(server_settings, database, "loader")
    settings = make_settings(home, url)
    profiles = {
        "flat": foreign_orders.FLAT, "market": foreign_orders.MARKET, "list": foreign_orders.LIST,
        "history": foreign_orders.HISTORY,
    }  # fmt: skip
    made = {name: Client(name, settings, "") for name in profiles}
    for name, profile in profiles.items():
        made[name].declare(foreign_orders.HEAD.format(client=name) + profile)
    made["history"].send("history.csv", foreign_orders.history())
    made["flat"].send("orders.csv", foreign_orders.flat())
    heads, items = foreign_orders.market()
    made["market"].send("orders_dataset.csv", heads)
    made["market"].send("order_items_dataset.csv", items)
    for month in MONTHS:
        made["list"].send(f"sendungen_2025-{month:02}.csv", foreign_orders.shipment_list(month))
    for client in made.values():
        client.night()
    result = build(marts_home, url)
    assert result.ok, result.message
    yield made
    for client in made.values():
        client.warehouse.close()


def _otif(client: Client) -> dict[str, int]:
    columns = (
        "lines", "cancelled_lines", "overdue_lines", "on_time_judged_lines", "on_time_lines", "in_full_lines",
        "on_time_in_full_lines",
    )  # fmt: skip
    (row,) = client.query(
        f"select {', '.join(f'coalesce(sum({c}), 0)::int' for c in columns)} "
        "from reporting.rpt_on_time_in_full where client_id = :client"
    )
    return dict(zip(columns, row, strict=True))


def _read(content: bytes, **how: Any) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, **how)


def test_all_is_loaded(houses: dict[str, Client]) -> None:
    for client in houses.values():
        states = client.query(
            "select distinct state, verdict from ops.delivery where client_id = :client order by 1, 2"
        )
        assert states == [("loaded", "pass")]
        client.accounted()
    # An order stands on each of its lines: it is taken once.
    flat = _read(foreign_orders.flat(), encoding="cp1252")
    assert houses["flat"].query(
        "select rows_received, rows_loaded, rows_skipped from ops.delivery "
        "where client_id = :client and feed = 'shipments.orders'"
    ) == [(len(flat), flat["Order Id"].nunique(), len(flat) - flat["Order Id"].nunique())]


def test_the_flag_of_a_flat_file_is_ours(houses: dict[str, Client]) -> None:
    raw = _read(foreign_orders.flat(), encoding="cp1252")
    sent = raw[raw["Delivery Status"] != "Shipping canceled"]
    in_time = int((sent["Late_delivery_risk"] == "0").sum())
    assert _otif(houses["flat"]) == {
        "lines": len(raw), "cancelled_lines": len(raw) - len(sent), "overdue_lines": 0,
        "on_time_judged_lines": len(sent), "on_time_lines": in_time, "in_full_lines": len(sent),
        "on_time_in_full_lines": in_time,
    }  # fmt: skip
    (row,) = houses["flat"].query(
        "select sum(on_time_lines)::int, sum(late_lines)::int, sum(line_amount) from reporting.rpt_shipment_on_time "
        "where client_id = :client"
    )
    assert tuple(row) == (in_time, len(sent) - in_time, sum(map(Decimal, sent["Order Item Total"])))
    values = houses["flat"].query(
        "select order_status_code, sum(ordered_amount) from reporting.rpt_order_fulfilment "
        "where client_id = :client group by 1"
    )
    assert dict(map(tuple, values)) == {
        "delivered": sum(map(Decimal, sent["Order Item Total"])),
        "cancelled": sum(map(Decimal, raw["Order Item Total"])) - sum(map(Decimal, sent["Order Item Total"])),
    }


def test_items_of_a_market_are_one_piece_each(houses: dict[str, Client]) -> None:
    heads, items = (_read(content) for content in foreign_orders.market())
    raw = items.merge(heads, on="order_id")
    off = raw["order_status"].isin(["canceled", "unavailable"])
    came = raw["order_delivered_customer_date"] != ""
    in_time = came & (raw["order_delivered_customer_date"].str[:10] <= raw["order_estimated_delivery_date"].str[:10])
    assert _otif(houses["market"]) == {
        "lines": len(raw), "cancelled_lines": int(off.sum()), "overdue_lines": int((~off & ~came).sum()),
        "on_time_judged_lines": int((~off).sum()), "on_time_lines": int(in_time.sum()),
        "in_full_lines": int(came.sum()), "on_time_in_full_lines": int(in_time.sum()),
    }  # fmt: skip
    bare = set(heads["order_id"]) - set(items["order_id"])
    assert bare
    assert houses["market"].query(
        "select count(*), min(order_status_code), max(order_status_code) from reporting.rpt_order_fulfilment "
        "where client_id = :client and lines = 0"
    ) == [(len(bare), "cancelled", "cancelled")]
    # What has left and not arrived is shipped, not delivered.
    shipped = raw[raw["order_status"] == "shipped"]
    (row,) = houses["market"].query(
        "select sum(shipped_quantity - delivered_quantity)::int, sum(backorder_quantity)::int "
        "from reporting.rpt_order_fulfilment where client_id = :client and order_status_code = 'overdue'"
    )
    assert tuple(row) == (len(shipped), int((~off & ~came).sum()) - len(shipped))


def test_a_list_of_shipments_tells_days_and_no_quantities(houses: dict[str, Client]) -> None:
    raw = pd.concat([
        _read(foreign_orders.shipment_list(m), sep=";", encoding="cp1252") for m in MONTHS
    ])  # fmt: skip
    due, came = (pd.to_datetime(raw[c], format="%d.%m.%Y") for c in ("ETA", "Zugestellt"))
    late = (came - due).dt.days
    # One day of grace, as the profile declares; what is still on its way is late by now.
    in_time = int((late <= 1).sum())
    found = _otif(houses["list"])
    assert (found["lines"], found["on_time_judged_lines"], found["on_time_lines"], found["in_full_lines"]) == (
        len(raw), len(raw), in_time, 0,
    )  # fmt: skip
    assert found["overdue_lines"] == int(came.isna().sum())
    # Without grace it is the sender's own flag.
    (row,) = houses["list"].query(
        "select sum(on_time_lines)::int from reporting.rpt_shipment_on_time where client_id = :client"
    )
    assert row[0] == int(((raw["Verspätet"] == "N") & came.notna()).sum())
    scores = houses["list"].query(
        "select carrier_id, sum(judged_shipments)::int, sum(on_time_shipments)::int "
        "from reporting.rpt_carrier_scorecard where client_id = :client group by 1 order by 1"
    )
    assert [tuple(s) for s in scores] == [
        (carrier, int((raw["Spediteur"] == carrier).sum()), int((late[raw["Spediteur"] == carrier] <= 1).sum()))
        for carrier in ("DACHS", "NORD")
    ]
    times = houses["list"].query(
        "select shipments, median_days from reporting.rpt_shipment_performance where client_id = :client "
        "and measure_code = 'transit' and is_all_months and destination_code = 'PL' and carrier_id = 'NORD' "
        "and transport_mode_code = 'truck'"
    )
    some = (raw["Land"] == "Polen") & (raw["Spediteur"] == "NORD") & (raw["Art"] == "LKW") & came.notna()
    took = (came - pd.to_datetime(raw["Versand"], format="%d.%m.%Y")).dt.days[some]
    assert [(n, float(d)) for n, d in times] == [(len(took), float(took.median()))]


def test_one_file_of_parts_without_a_promise_tells_all_but_lateness(houses: dict[str, Client]) -> None:
    client = houses["history"]
    raw = _read(foreign_orders.history(), sep="|")
    pieces = raw["Qty"].astype(int)
    sold, left = raw[pieces >= 0], raw[(pieces >= 0) & (raw["Shipped"] != "")]
    there, back = left[left["Delivered"] != ""], raw[pieces < 0]
    lines = sold.drop_duplicates(["Order", "Line"])
    assert len(left) > len(lines[lines["Shipment"] != ""])  # some lines left in parts
    assert len(back) > 5
    counts = {
        feed: client.query(f"select count(*) from core.shipments_{feed} where client_id = :client")[0][0]
        for feed in ("orders", "order_lines", "shipments", "deliveries", "returns")
    }
    assert counts == {
        "orders": raw["Order"].nunique(), "order_lines": len(lines), "shipments": len(left), "deliveries": len(there),
        "returns": len(back),
    }  # fmt: skip
    found = _otif(client)
    arrived = there.assign(Qty=there["Qty"].astype(int)).groupby(["Order", "Line"])["Qty"].sum()
    whole = (arrived == lines.set_index(["Order", "Line"])["Ordered"].astype(int).reindex(arrived.index)).sum()
    assert (found["lines"], found["on_time_judged_lines"], found["in_full_lines"]) == (len(lines), 0, whole)
    by_month = client.query(
        "select counted_month, currency_code, sum(lines)::int, sum(open_lines)::int, sum(line_amount) "
        "from reporting.rpt_shipment_on_time where client_id = :client group by 1, 2"
    )
    value = left.assign(
        month=pd.to_datetime(left["Shipped"], format="%m/%d/%Y").dt.to_period("M").dt.start_time.dt.date,
        amount=[int(q) * Decimal(p) for q, p in zip(left["Qty"], left["Price"], strict=True)],
    )
    told = value.groupby(["month", "Cur"])["amount"].agg(["count", "sum"])
    assert {(m, c): (n, n, a) for m, c, n, _, a in by_month} == {k: (n, n, a) for k, n, a in told.itertuples()}
    assert all(lines == opened for _, _, lines, opened, _ in by_month)
    (row,) = client.query("select sum(returned_quantity)::int from reporting.rpt_returns where client_id = :client")
    assert row[0] == -int(back["Qty"].astype(int).sum())
    days = client.query(
        "select sum(shipments)::int from reporting.rpt_shipment_performance "
        "where client_id = :client and measure_code = 'transit' and is_all_months"
    )
    assert days[0][0] == there.groupby(["Shipment", "Order"]).ngroups
