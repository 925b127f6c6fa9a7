"""One night of Bayport: every X12 file lands in its feeds, each planted fault is caught by its rule, nothing else is
set aside, and a second run changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, not_loaded, of_effect, rules_at, set_aside, warned
from tests.samples import bayport
from tests.samples.bayport_faults import CUT_OFF, FAULTS, HELD
from tests.samples.common import Fault, Folder

pytestmark = pytest.mark.slow
TABLES = (
    "shipments_interchanges", "shipments_orders", "shipments_order_lines", "shipments_purchase_orders",
    "shipments_purchase_order_lines", "shipments_shipments", "shipments_shipment_events", "ledgers_payables",
    "ledgers_invoice_lines",
)  # fmt: skip


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night."""
    yield from first_night("bayport", bayport.write, tmp_path_factory.mktemp("bayport"), server_settings, database)


def count(client: Client, table: str) -> int:
    """Current rows of a table."""
    return int(client.query(f"select count(*) from core.{table} where {CURRENT}")[0][0])


def sums(client: Client, table: str, key: str, column: str, where: str = "true") -> dict[str, Decimal]:
    """A column of current rows added up by a key."""
    query = f"select {key}, sum({column}) from core.{table} where {CURRENT} and {where} group by 1"
    return dict(client.query(query))


def test_what_is_broken_is_stopped_and_all_else_is_loaded(trade: Client) -> None:
    assert not_loaded(trade) == [
        ("shipments.interchanges", HELD), ("shipments.interchanges", CUT_OFF), ("shipments.order_lines", HELD),
        ("shipments.orders", HELD), ("shipments.shipments", CUT_OFF),
    ]  # fmt: skip
    states = trade.query(
        "select distinct file_name, state from ops.delivery where client_id = :client and state <> 'loaded'"
    )
    assert {tuple(row) for row in states} == {(HELD, "held"), (CUT_OFF, "failed")}
    trade.accounted()


def test_a_trailer_that_counts_wrong_holds_the_file(trade: Client) -> None:
    rules = trade.query(
        "select distinct rule_id from ops.rule_result join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and d.file_name = :name and rule_id like '%said(%' and not success",
        name=HELD,
    )
    assert {rule.split(".", 2)[2] for (rule,) in rules} == {"control_total.said(segments)"}


def test_a_file_that_was_cut_off_says_where(trade: Client) -> None:
    message = trade.query(
        "select message from ops.delivery where client_id = :client and file_name = :name", name=CUT_OFF
    )
    assert "file is truncated" in message[0][0]
    assert "salem_9_cut.edi:" in message[0][0]


@pytest.mark.parametrize("fault", of_effect(FAULTS, "reject"), ids=lambda f: f.kind)
def test_a_planted_error_is_caught_by_its_rule(trade: Client, fault: Fault) -> None:
    assert rules_at(trade, fault) == {fault.rule, *fault.also}


def test_nothing_but_planted_errors_is_set_aside(trade: Client) -> None:
    rows = set_aside(trade)
    planted = [(f.feed, f.place) for f in of_effect(FAULTS, "reject")]
    assert len(rows) >= len(planted)
    assert [r for r in rows if not any(feed == r[0] and place in r[1] for feed, place in planted)] == []


@pytest.mark.parametrize("fault", of_effect(FAULTS, "warn"), ids=lambda f: f.kind)
def test_what_is_only_warned_of_is_planted(trade: Client, fault: Fault) -> None:
    failed, severity = warned(trade, fault)
    assert severity == "warning"
    assert failed == 1


def test_what_was_ordered_is_what_was_shipped_invoiced_and_confirmed(trade: Client) -> None:
    folder = Folder(trade.settings.landing, "bayport", 1, 7)
    sold, bought = bayport.orders_of(folder, "PO", 80, 3), bayport.orders_of(folder, "BP", 60, 4)
    ordered = sums(trade, "shipments_order_lines", "order_id", "ordered_quantity")
    shipped = sums(trade, "shipments_shipments", "order_id", "line_quantity")
    wanted = {o.number: sum(line.quantity for line in o.lines) for o in sold}
    assert {k: v for k, v in ordered.items() if k in wanted} == shipped == wanted
    invoiced = sums(trade, "ledgers_payables", "purchase_order_id", "net_amount", "document_type_code = 'invoice'")
    assert invoiced == {o.number: sum(line.amount for line in o.lines) + bayport.FREIGHT for o in bought}
    assert count(trade, "shipments_purchase_order_lines") == sum(len(o.lines) for o in bought)


def test_running_again_changes_nothing(trade: Client) -> None:
    before = {table: count(trade, table) for table in TABLES}
    assert min(before.values()) > 50 or before["shipments_purchase_orders"] == 60
    versions = {table: trade.query(f"select count(*) from core.{table}") for table in TABLES}
    trade.night()
    assert {table: count(trade, table) for table in TABLES} == before
    assert {table: trade.query(f"select count(*) from core.{table}") for table in TABLES} == versions


def test_what_comes_again_the_next_night_is_told_and_counts_once(trade: Client) -> None:
    folder = Folder(trade.settings.landing, "bayport", 1, 7)
    shipped = sums(trade, "shipments_shipments", "order_id", "line_quantity")
    bayport.write_again(folder)
    trade.night()
    (counts,) = trade.query(
        "select state, rows_loaded, rows_unchanged, rows_rejected, rows_skipped from ops.delivery "
        "where client_id = :client and feed = 'shipments.shipments' and file_name = 'in/portland_2.x12'"
    )
    lines = {o.number: len(o.lines) for o in bayport.orders_of(folder, "PO", 80, 3)[1::2]}
    back, twice = lines["PO-0004"], lines["PO-0006"]
    assert tuple(counts) == ("loaded", 0, sum(lines.values()) - back - twice, twice, back)
    assert sums(trade, "shipments_shipments", "order_id", "line_quantity") == shipped
    told = trade.query(
        "select rule_id, failed from ops.rule_result join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and d.file_name = 'in/portland_2.x12' and failed > 0 order by 1"
    )
    assert [tuple(row) for row in told] == [
        ("shipments.shipments.not_announced_twice", twice)
    ]  # the register waits for the decision on the file that is held
