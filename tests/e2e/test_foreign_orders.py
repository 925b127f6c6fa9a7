"""Order and shipment histories of other houses, mapped by profiles only, and what marts make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from pipelines.settings import Settings
from tests.conftest import make_settings, url_of
from tests.e2e import foreign_orders
from tests.e2e.conftest import Client
from pathlib import Path
from pipelines.reporting.run import build


@pytest.fixture(scope="module")
def houses(server_settings: Settings, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    """The three clients after a night, and the marts built."""
    home = tmp_path_factory.mktemp("foreign")
    for name in ("landing", "clients"):
        (home / name).mkdir()
    settings = make_settings(home, url_of(server_settings, database, "loader"))
    made = {}
    for name, profile in (
        ("flat", foreign_orders.FLAT), ("market", foreign_orders.MARKET), ("list", foreign_orders.LIST),
    ):  # fmt: skip
        made[name] = Client(name, settings, "")
        made[name].declare(foreign_orders.HEAD.format(client=name) + profile)
    made["flat"].send("orders.csv", foreign_orders.flat())
    heads, items = foreign_orders.market()
    made["market"].send("orders_dataset.csv", heads)
    made["market"].send("order_items_dataset.csv", items)
    for month in (9, 10):
        made["list"].send(f"sendungen_2026-{month:02}.csv", foreign_orders.shipment_list(month))
    for client in made.values():
        client.night()
    result = build(settings, url_of(server_settings, database, "loader"))
    assert result.ok, result.message
    yield made
    for client in made.values():
        client.warehouse.close()


def test_all_is_loaded(houses: dict[str, Client]) -> None:
    for name, client in houses.items():
        print(name, client.query("select feed, period, state, verdict, rows_received, rows_loaded, rows_skipped, rows_rejected, message from ops.delivery where client_id = :client order by delivery_id"))
        print(client.query("select rule_id, count(*), min(message) from quarantine.reject join ops.delivery d using (delivery_id) where d.client_id=:client group by 1"))
    assert 0
