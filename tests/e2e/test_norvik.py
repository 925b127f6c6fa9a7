"""One night of Norvik Handel: each planted error is caught by its rule, no row in order is set aside, and stock, orders
and books tie to the cent."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import holidays
import pytest

from pipelines.reporting.run import build
from pipelines.settings import Settings
from tests.conftest import MARTS_DATABASE
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, loaded_rows, not_loaded, of_effect, rules_at, set_aside, warned
from tests.samples import norvik
from tests.samples.common import Fault, Folder
from tests.samples.norvik_base import LAST, OPENING, ZERO, OrderLine
from tests.samples.norvik_faults import FAULTS, MATCHES, OFF
from tests.samples.norvik_world import world_of

pytestmark = pytest.mark.slow
DATABASE = MARTS_DATABASE


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night."""
    yield from first_night("norvik", norvik.write, tmp_path_factory.mktemp("norvik"), server_settings, database)


def test_every_file_is_loaded_and_every_row_accounted_for(trade: Client) -> None:
    assert not_loaded(trade) == []
    files = [p for p in (trade.settings.landing / "norvik").rglob("*") if p.is_file()]
    count = trade.query("select count(*) from ops.delivery where client_id = :client")[0][0]
    assert count == len(files) + len(norvik.SHEETS) - 1
    trade.accounted()


@pytest.mark.parametrize("fault", of_effect(FAULTS, "reject"), ids=lambda f: f.kind)
def test_a_planted_error_is_caught_by_its_rule(trade: Client, fault: Fault) -> None:
    assert rules_at(trade, fault) == {fault.rule, *fault.also}


def test_nothing_but_planted_errors_is_set_aside(trade: Client) -> None:
    rows = set_aside(trade)
    planted = [(f.feed, f.place) for f in of_effect(FAULTS, "reject")]
    assert len(rows) >= len(planted)
    assert [r for r in rows if not any(feed == r[0] and place in r[1] for feed, place in planted)] == []


@pytest.mark.parametrize("fault", of_effect(FAULTS, "warn"), ids=lambda f: f.kind)
def test_what_is_only_warned_of_loads(trade: Client, fault: Fault) -> None:
    failed, severity = warned(trade, fault)
    assert severity in ("warning", "info")
    assert failed > 0
    assert loaded_rows(trade, fault) > 0


def test_stock_is_what_was_moved(trade: Client) -> None:
    off = trade.query(
        "select s.location_id, s.product_id, s.snapshot_date, on_hand_quantity, sum(moved_quantity) "
        "from core.shipments_stock s left join core.shipments_stock_movements m on m.client_id = s.client_id "
        "and m.location_id = s.location_id and m.product_id = s.product_id and m.movement_date <= s.snapshot_date "
        "and m._known_to is null where s.client_id = :client and s._known_to is null "
        "group by 1, 2, 3, 4 having on_hand_quantity <> coalesce(sum(moved_quantity), 0)"
    )
    assert off == []
    assert trade.query(f"select count(*) from core.shipments_stock where {CURRENT}")[0][0] > 2000


def test_the_account_of_the_stock_is_its_value_at_moving_average(trade: Client) -> None:
    values = world_of(7).values
    for day, of_products in values.items():
        balance = trade.query(
            "select sum(debit_amount - credit_amount) from core.ledgers_gl_entries "
            f"where {CURRENT} and account_id = '1460' and posting_date <= :day",
            day=day,
        )[0][0]
        assert balance - sum(of_products.values(), ZERO) == (OFF if day == max(values) else 0), day
    assert len(values) == 13
    assert sum(values[OPENING].values(), ZERO) > 0


def test_open_invoices_are_the_balance_of_their_account(trade: Client) -> None:
    owed = trade.query(f"select sum(open_amount) from core.ledgers_payables where {CURRENT} and currency_code = 'NOK'")[
        0
    ][0]
    balance = trade.query(
        f"select sum(credit_amount - debit_amount) from core.ledgers_gl_entries where {CURRENT} and account_id = '2400'"
    )[0][0]
    assert owed == balance > 0


@pytest.fixture(scope="module")
def reported(trade: Client, marts_home: Settings) -> Client:
    """The same with marts."""
    result = build(marts_home, str(trade.settings.warehouse_url))
    assert result.ok, result.message
    return trade


def test_orders_receipts_and_invoices_that_differ_are_told_apart(reported: Client) -> None:
    query = "select purchase_order_id, status_code from reporting.rpt_three_way_match where client_id = :client"
    status = dict(reported.query(f"{query} and purchase_order_id like 'M-%'"))
    assert {code: status[code] for code in MATCHES} == MATCHES
    others = {row[1] for row in reported.query(f"{query} and purchase_order_id like '45%'")}
    on_its_way = {"open", "closed", "not_received", "not_invoiced", "under_received", "under_invoiced"}
    assert others - on_its_way == {"matched"}


def test_the_marts_value_the_stock_as_the_books_do(reported: Client) -> None:
    values = world_of(7).values
    months = reported.query(
        "select month_end_date, stock_amount, ledger_amount from reporting.rpt_inventory_to_ledger "
        "where client_id = :client and month_end_date <= :last",
        last=LAST,
    )
    stock = {day: sum(of_products.values(), ZERO) for day, of_products in values.items()}
    assert {day: amount for day, amount, _ in months} == stock
    assert {day: ledger - amount for day, amount, ledger in months if ledger != amount} == {LAST: OFF}
    by_product = reported.query(
        "select month_end_date, product_id, average_amount from reporting.rpt_inventory_valuation "
        "where client_id = :client and month_end_date <= :last and product_id like 'V%'",
        last=LAST,
    )
    assert len(by_product) > 900
    assert [row for row in by_product if values[row[0]][row[1]] != row[2]] == []


def test_freight_is_the_tariff_but_for_what_is_planted(reported: Client) -> None:
    audited = reported.query(
        "select status_code, count(*), count(*) filter (where invoice_id like 'FR%') from reporting.rpt_freight_audit "
        "where client_id = :client group by 1"
    )
    regular = {status: count for status, _, count in audited if count}
    assert regular.keys() == {"matched", "no_freight"}
    assert regular["matched"] == regular["no_freight"] > 500
    assert {("no_tariff", 1, 0), ("over_charged", 1, 0)} <= {tuple(row) for row in audited}


def _business_days(since: date, until: date) -> int:
    """Days from one to another without weekends and Norwegian holidays; below zero where the second comes first."""
    off = holidays.country_holidays("NO", years=(2025, 2026, 2027))
    first, last = sorted((since, until))
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    count = sum(day.weekday() < 5 and day not in off for day in days)
    return count if since <= until else -count


def test_on_time_and_in_full_are_as_counted_by_hand(reported: Client) -> None:
    """Every line asked for until October: enough is 98 % of what is not cancelled, neither damaged nor refused; the day
    on which enough was there may be one working day late and 21 early."""
    arrived: dict[tuple[str, int], list[tuple[date, Decimal]]] = defaultdict(list)
    lines: dict[tuple[str, int], tuple[date, OrderLine]] = {}
    for order in world_of(7).orders:
        for line in order.lines:
            if order.requested <= LAST and line.cancelled < line.quantity:
                lines[order.number, line.number] = (order.requested, line)
    for s in world_of(7).shipments:
        for x in s.lines:
            if s.delivered:
                accepted = x.quantity - x.damaged - x.refused
                arrived[s.order.number, x.line.number].append((s.delivered, accepted))
    expected = {}
    for key, (asked, line) in lines.items():
        enough, so_far, judged = (line.quantity - line.cancelled) * Decimal("0.98"), ZERO, None
        for day, quantity in sorted(arrived[key]):
            so_far += quantity
            judged = judged or (day if so_far >= enough else None)
        judged = judged or max((day for day, _ in arrived[key]), default=None)
        expected[key] = (judged is not None and -21 <= _business_days(asked, judged) <= 1, so_far >= enough)
    told = {
        (order, int(line)): (on_time, in_full)
        for order, line, on_time, in_full in reported.query(
            "select order_id, line_id, is_on_time, is_in_full from reporting.fct_order_lines "
            "where client_id = :client and line_kind_code = 'order_line' and order_id like 'S%'"
        )
    }
    assert {key: told[key] for key in expected if told[key] != expected[key]} == {}
    assert {(a, b) for a in (True, False) for b in (True, False)} == set(expected.values())


def test_a_total_that_the_lines_do_not_give_is_warned_of_the_next_night(trade: Client, tmp_path: Path) -> None:
    """The lines of an order follow its head: a total can be compared once they are there."""
    (fault,) = of_effect(FAULTS, "night 2")
    norvik.write(Folder(tmp_path, "norvik", 2, 7))
    shutil.copytree(tmp_path / "norvik", trade.settings.landing / "norvik", dirs_exist_ok=True)
    _, report = trade.night()
    assert [(line.feed, line.state, line.verdict) for line in report.lines] == [(fault.feed, "loaded", "pass")]
    assert warned(trade, fault) == (1, "warning")
    assert loaded_rows(trade, fault) == 1
