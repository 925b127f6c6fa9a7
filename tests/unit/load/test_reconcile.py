"""Every row and every cent is found again, or nothing is published."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from pipelines.delivery import State
from pipelines.errors import LoadError
from pipelines.load.run import WorkLost, hold_accounting
from pipelines.profile import SourceRef
from pipelines.warehouse import register
from tests.unit.load.conftest import CONTRACT, Desk, Row

MIXED = [
    Row("a", net="10.10"),
    Row("b", net="0.05", currency="USD", fee="1.00"),
    Row("c", net=None),
    Row("d", net="99.99", currency=None, fate="rejected"),
    Row("e", net="-3.00", fate="skipped"),
    Row(None, net=None, currency=None, fate="rejected"),
]


def _delta(desk: Desk) -> SourceRef:
    return desk.ref("delta")


def test_amounts_of_every_fate_by_column_and_currency(desk: Desk) -> None:
    desk.deliver(_delta(desk), [Row("a", net="10.10")])
    delivery = desk.gate(_delta(desk), MIXED)
    result = desk.publish(_delta(desk), delivery)
    counts = (
        result.rows_received,
        result.rows_loaded,
        result.rows_unchanged,
        result.rows_rejected,
        result.rows_skipped,
    )
    assert counts == (6, 2, 1, 2, 1)
    with desk.warehouse.transaction() as conn:
        found = {(a.column_name, a.currency): a for a in register.amounts(conn, delivery)}
        stored = register.get(conn, delivery.delivery_id)
    assert (stored.rows_loaded, stored.rows_unchanged, stored.rows_rejected, stored.rows_skipped) == (2, 1, 2, 1)
    assert stored.rows_held == 0
    assert set(found) == {("net_amount", "EUR"), ("net_amount", "USD"), ("net_amount", "XXX"), ("fee_amount", "EUR")}
    euro = found["net_amount", "EUR"]
    assert (euro.received, euro.unchanged) == (Decimal("7.10"), Decimal("10.10"))
    assert (euro.skipped, euro.loaded) == (Decimal(-3), Decimal(0))
    assert found["net_amount", "USD"].loaded == Decimal("0.05")
    assert found["net_amount", "XXX"].rejected == Decimal("99.99")
    assert found["fee_amount", "EUR"].loaded == 1
    assert all(a.is_balanced for a in found.values())


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        ("update {work} set net_amount = net_amount + 0.01 where item_id = 'a'", "net_amount in EUR: 7.10 received"),
        ("update {work} set currency_code = 'GBP' where item_id = 'b'", "net_amount in GBP: 0 received, 0.05 loaded"),
        ("update {work} set _fate = 'skipped' where item_id = 'd'", "1 rows in quarantine are not rejected"),
        ("update {work} set _fate = 'lost' where item_id = 'a'", "rows: 6 received, 5 found again"),
        (
            "delete from quarantine.row where delivery_id = {id} and row_number = 5",
            "rejected rows are not in quarantine",
        ),
        (
            "update ops.delivery_amount set received = 1 where delivery_id = {id} and currency = 'USD'",
            "1 received, 0.05",
        ),
    ],
)
def test_difference_aborts_the_load(desk: Desk, tamper: str, says: str) -> None:
    delivery = desk.gate(_delta(desk), MIXED)
    with desk.warehouse.transaction() as conn:
        conn.execute(sa.text(tamper.format(work=delivery.work_table, id=delivery.delivery_id)))
    with pytest.raises(LoadError) as caught:
        desk.publish(_delta(desk), delivery)
    assert says in str(caught.value)
    assert desk.current() == {}
    assert desk.state(delivery) is State.VALIDATED


@pytest.mark.parametrize(
    "loss", ["drop table {work} cascade", "truncate {work}", "delete from {work} where item_id = 'a'"]
)
def test_lost_work_table_is_told_apart(desk: Desk, loss: str) -> None:
    delivery = desk.gate(_delta(desk), MIXED)
    with desk.warehouse.transaction() as conn:
        conn.execute(sa.text(loss.format(work=delivery.work_table)))
    with pytest.raises(WorkLost, match="work table is not whole"):
        desk.publish(_delta(desk), delivery)


def test_two_rows_of_one_key_do_not_pass_as_unchanged(desk: Desk) -> None:
    desk.deliver(_delta(desk), [Row("a")])
    with pytest.raises(LoadError, match="rows: 2 received, 1 found again"):
        desk.publish(_delta(desk), desk.gate(_delta(desk), [Row("a"), Row("a")]))


def test_held_delivery_balances_too(desk: Desk) -> None:
    delivery = desk.gate(_delta(desk), MIXED)
    with desk.warehouse.transaction() as conn:
        result = hold_accounting(delivery, CONTRACT, conn)
        held = register.move(conn, delivery, State.HELD, actor="test")
        assert (held.rows_held, held.rows_rejected, held.rows_skipped, held.rows_loaded) == (3, 2, 1, 0)
        assert all(a.is_balanced for a in register.amounts(conn, delivery))
        assert {a.currency: a.held for a in register.amounts(conn, delivery) if a.column_name == "net_amount"} == {
            "EUR": Decimal("10.10"),
            "USD": Decimal("0.05"),
            "XXX": 0,
        }
    assert result.rows_held == 3


def test_sums_beyond_28_digits_stay_exact(desk: Desk) -> None:
    rows = [Row(str(i), net="9999999999999999.99", currency="JPY") for i in range(300)]
    delivery = desk.gate(_delta(desk), rows)
    desk.publish(_delta(desk), delivery)
    with desk.warehouse.transaction() as conn:
        assert register.amounts(conn, delivery)[0].loaded == Decimal("2999999999999999997.00")
