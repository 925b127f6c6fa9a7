"""One night of Norvik Handel: each planted error is caught by its rule, no row in order is set aside, and stock, orders
and books tie to the cent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, loaded_rows, not_loaded, of_effect, rules_at, set_aside, warned
from tests.samples import norvik
from tests.samples.common import Fault, Folder
from tests.samples.norvik_base import OPENING, ZERO
from tests.samples.norvik_faults import FAULTS, OFF
from tests.samples.norvik_world import world_of

pytestmark = pytest.mark.slow


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


def test_a_total_that_the_lines_do_not_give_is_warned_of_the_next_night(trade: Client, tmp_path: Path) -> None:
    """The lines of an order follow its head: a total can be compared once they are there."""
    (fault,) = of_effect(FAULTS, "night 2")
    norvik.write(Folder(tmp_path, "norvik", 2, 7))
    shutil.copytree(tmp_path / "norvik", trade.settings.landing / "norvik", dirs_exist_ok=True)
    _, report = trade.night()
    assert [(line.feed, line.state, line.verdict) for line in report.lines] == [(fault.feed, "loaded", "pass")]
    assert warned(trade, fault) == (1, "warning")
    assert loaded_rows(trade, fault) == 1
