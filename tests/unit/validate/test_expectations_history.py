"""Comparison with earlier deliveries in the gate: which one it is compared with, and by how much it differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.delivery import Delivery, Kind, Scope, State, Verdict
from pipelines.profile import SourceRef
from pipelines.validate.gate import GateResult
from pipelines.validate.run import validate
from pipelines.validate.suites import check_suite
from pipelines.warehouse import comparable, ledger, register
from pipelines.warehouse.ledger import Amount
from tests.unit.validate.conftest import LINES, Desk, Line, by_id, line, rule, where, write_files, write_suite

ROWS = [line(f"g{i}") for i in range(20)]
AMOUNT = {"column": "gross_amount", "max_change_pct": 20}


class Past:
    """Puts deliveries of a desk's client into the books: when received, in which state, with how many rows."""

    def __init__(self, desk: Desk, ref: SourceRef | None = None) -> None:
        self.desk, self.ref, self._number = desk, ref or desk.ref(), 0

    def register(self, received: str, period: str | None = None, kind: Kind = Kind.INTAKE) -> Delivery:
        self._number += 1
        scope = Scope(self.desk.client, LINES.feed, self.ref.name, period if self.ref.source.mode == "period" else None)
        new = register.NewDelivery(
            scope=scope, period=period, kind=kind, file_name=f"{self._number}.csv", sha256=str(self._number), size=1,
            received_at=datetime.fromisoformat(received).replace(tzinfo=UTC), inputs_hash="i", declaration_hash="d",
        )  # fmt: skip
        with self.desk.warehouse.transaction() as conn:
            delivery = register.add_delivery(conn, new)
            for state in (State.EXTRACTED, State.CLEANED):
                delivery = register.move(conn, delivery, state, actor="test")
        return delivery

    def had(
        self, received: str, rows: int, state: State = State.LOADED, *, period: str | None = None,
        kind: Kind = Kind.INTAKE, rejected: int = 0, skipped: int = 0, amounts: tuple[Amount, ...] = (),
    ) -> int:  # fmt: skip
        """A delivery that ended in a state; returns its id."""
        delivery = self.register(received, period, kind)
        counts = {"rows_received": rows, "rows_rejected": rejected, "rows_skipped": skipped}
        path = {
            State.LOADED: (State.VALIDATED, State.LOADED), State.VALIDATED: (State.VALIDATED,),
            State.HELD: (State.VALIDATED, State.HELD), State.RETURNED: (State.VALIDATED, State.HELD, State.RETURNED),
            State.SUPERSEDED: (State.VALIDATED, State.LOADED, State.SUPERSEDED),
            State.WITHDRAWN: (State.VALIDATED, State.LOADED, State.WITHDRAWN),
        }  # fmt: skip
        with self.desk.warehouse.transaction() as conn:
            for step in path[state]:
                more = counts if step is State.VALIDATED else {}
                delivery = register.move(conn, delivery, step, actor="test", **more)
            ledger.write_amounts(conn, delivery, amounts)
        return delivery.delivery_id

    def judge(self, received: str, lines: list[Line], period: str | None = None) -> GateResult:
        delivery = self.register(received, period)
        folder = self.desk.folder / f"past-{delivery.delivery_id}"
        write_files(folder, lines)
        with self.desk.warehouse.transaction() as conn:
            return validate(delivery, self.ref, LINES, self.desk.catalog, conn, folder, self.desk.facts(lines))

    def found(self, received: str, compared_with: comparable.ComparedWith, period: str | None = None) -> int | None:
        delivery = self.register(received, period)
        with self.desk.warehouse.transaction() as conn:
            before = comparable.find(conn, delivery, self.ref, compared_with)
        return before and before.delivery_id


def money(currency: str, received: str, rejected: str = "0", skipped: str = "0") -> Amount:
    return Amount("gross_amount", currency, Decimal(received), rejected=Decimal(rejected), skipped=Decimal(skipped))


def test_only_accepted_whole_deliveries_count(desk: Desk) -> None:
    past = Past(desk)
    assert past.found("2026-03-01", "previous") is None
    loaded = past.had("2026-03-02", 10)
    for state in (State.HELD, State.RETURNED, State.SUPERSEDED, State.WITHDRAWN):
        past.had("2026-03-03", 99, state)
    past.had("2026-03-04", 3, kind=Kind.CORRECTION)
    assert past.found("2026-03-05", "previous") == loaded
    validated = past.had("2026-03-05", 11, State.VALIDATED)
    assert past.found("2026-03-06", "previous") == validated
    assert Past(desk, desk.ref(source="other")).found("2026-03-06", "previous") is None


def test_the_same_weekday_is_the_clients(desk: Desk) -> None:
    """London summer time: 23:30 UTC on a Sunday is Monday there."""
    past = Past(desk)
    monday = past.had("2026-06-07T23:30", 10)
    tuesday = past.had("2026-06-09T06:00", 10)
    assert past.found("2026-06-15T06:00", "same_weekday") == monday
    assert past.found("2026-06-14T06:00", "same_weekday") is None
    assert past.found("2026-06-15T23:30", "same_weekday") == tuesday


def test_the_same_month_is_by_day_received_or_by_period(desk: Desk) -> None:
    past = Past(desk)
    march = past.had("2025-03-31T22:30", 10)  # 23:30 in London
    past.had("2025-03-31T23:30", 10)  # 1 April in London
    past.had("2026-02-28", 10)
    assert past.found("2026-03-15", "same_month") == march
    assert past.found("2026-05-15", "same_month") is None
    monthly = Past(desk, desk.ref("period", source="monthly"))
    old = monthly.had("2025-04-02", 10, period="2025-03")
    monthly.had("2025-03-15", 10, period="2025-02")
    assert monthly.found("2026-04-02", "same_month", "2026-03") == old
    assert monthly.found("2026-04-02", "same_month", "2026-01") is None
    daily = Past(desk, desk.ref("period", source="daily", period_format="%Y-%m-%d"))
    daily.had("2025-03-05", 10, period="2025-03-04")
    newest = daily.had("2025-03-31", 10, period="2025-03-30")
    assert daily.found("2026-03-02", "same_month", "2026-03-01") == newest


def test_in_period_mode_the_previous_one_is_of_another_period(desk: Desk) -> None:
    past = Past(desk, desk.ref("period"))
    january = past.had("2026-02-02", 10, period="2026-01")
    february = past.had("2026-03-02", 10, period="2026-02")
    assert past.found("2026-03-05", "previous", "2026-02") == january
    assert past.found("2026-04-05", "previous", "2026-03") == february


@pytest.mark.parametrize(
    ("over", "before", "success"), [("received", 24, True), ("accepted", 20, True), ("accepted", 30, False)]
)
def test_rows_are_compared_as_over_says(desk: Desk, over: str, before: int, success: bool) -> None:
    desk.suite([rule("it", "expect_row_count_to_be_similar", kontor={"over": over}, max_change_pct=20)])
    past = Past(desk)
    received = before + 4 + (5 if over == "accepted" else 0)
    past.had("2026-03-02", received, rejected=5, skipped=4)
    result = past.judge("2026-03-03", ROWS)
    assert by_id(result)["it"].success is success, by_id(result)["it"]
    assert result.verdict is (Verdict.PASS if success else Verdict.HOLD)


def test_weekday_history(desk: Desk) -> None:
    """Mondays bring little, Fridays much: a Monday is compared with a Monday."""
    desk.suite([rule("it", "expect_row_count_to_be_similar", max_change_pct=10, compared_with="same_weekday")])
    past = Past(desk)
    monday = past.had("2026-03-02T06:00", 20)
    past.had("2026-03-06T06:00", 500)
    result = past.judge("2026-03-09T06:00", ROWS)
    assert by_id(result)["it"].observed == f"20 rows, 20 in delivery {monday}" and result.verdict is Verdict.PASS
    friday = past.judge("2026-03-13T06:00", ROWS)
    assert friday.verdict is Verdict.HOLD and "20 rows, 500 in delivery" in friday.holds[0]
    tuesday = past.judge("2026-03-10T06:00", ROWS)
    assert tuesday.verdict is Verdict.PASS
    scope = f"{desk.client} · tests.lines · main"
    assert by_id(tuesday)["it"].observed == f"not evaluated: no earlier delivery of {scope} came on this weekday"


def test_amounts_are_compared_in_each_currency(desk: Desk) -> None:
    desk.suite([rule("it", "expect_amount_to_be_similar", **AMOUNT)])
    past = Past(desk)
    mixed = [
        *ROWS,
        *(line(f"p{i}", currency_code="GBP", gross_amount=Decimal("5.00"), tax_amount=None) for i in range(4)),
    ]
    assert by_id(past.judge("2026-03-01", mixed))["it"].success is None
    before = past.had("2026-03-02", 24, amounts=(money("EUR", "300.00", "20.00", "40.00"), money("GBP", "20.00")))
    result = past.judge("2026-03-03", mixed)
    assert (
        by_id(result)["it"].observed
        == f"EUR 238.00, 240.00 in delivery {before}; GBP 20.00, 20.00 in delivery {before}"
    )
    assert result.verdict is Verdict.PASS
    assert by_id(past.judge("2026-03-03", ROWS))["it"].success is False  # no GBP any more
    desk.suite([rule("it", "expect_amount_to_be_similar", "warning", **AMOUNT)])
    warned = past.judge("2026-03-03", ROWS)
    assert warned.verdict is Verdict.PASS and warned.message == "warnings: tests.lines.it (1)"
    desk.suite([rule("it", "expect_amount_to_be_similar", **AMOUNT, currency="EUR")])
    assert past.judge("2026-03-03", ROWS).verdict is Verdict.PASS
    desk.suite([rule("it", "expect_amount_to_be_similar", kontor={"over": "received"}, **AMOUNT, currency="EUR")])
    assert by_id(past.judge("2026-03-03", ROWS))["it"].observed == f"EUR 238.00, 260.00 in delivery {before}"


def test_amounts_of_a_year_before(desk: Desk) -> None:
    desk.suite([rule("it", "expect_amount_to_be_similar", **AMOUNT, compared_with="same_month")])
    past = Past(desk, desk.ref("period"))
    past.had("2025-04-02", 20, period="2025-03", amounts=(money("EUR", "238.00"),))
    past.had("2026-03-02", 20, period="2026-02", amounts=(money("EUR", "9999.00"),))
    assert past.judge("2026-04-02", ROWS, "2026-03").verdict is Verdict.PASS
    assert by_id(past.judge("2026-05-02", ROWS, "2026-04"))["it"].success is None


@pytest.mark.parametrize("amounts", [(), (money("EUR", "0.00"),)])
def test_nothing_beside_nothing_is_not_evaluated(desk: Desk, amounts: tuple[Amount, ...]) -> None:
    desk.suite(
        [
            rule("it", "expect_amount_to_be_similar", **AMOUNT),
            rule("id", "expect_column_values_to_not_be_null", column="line_id"),
        ]
    )
    past = Past(desk)
    past.had("2026-03-02", 20, amounts=amounts)
    empty = [replace(row, values={**row.values, "gross_amount": None}) for row in ROWS]
    result = past.judge("2026-03-03", empty)
    assert by_id(result)["it"].success is None and "has an amount" in str(by_id(result)["it"].observed)


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("expect_row_count_to_be_similar", {"max_change_pct": 0}, "greater than 0"),
        ("expect_row_count_to_be_similar", {"max_change_pct": 5, "compared_with": "yesterday"}, "permitted"),
        ("expect_row_count_to_be_similar", {"max_change_pct": 5, "before": 7}, "before is for use outside the gate"),
        ("expect_row_count_to_be_similar", {"max_change_pct": 5, "mostly": 0.5}, "extra fields not permitted"),
        ("expect_amount_to_be_similar", {**AMOUNT, "column": "item_price"}, "no money column"),
        ("expect_amount_to_be_similar", {**AMOUNT, "column": "nobody"}, "unknown column"),
        ("expect_amount_to_be_similar", {**AMOUNT, "currency": "euro"}, "does not match"),
        (
            "expect_amount_to_be_similar",
            {**AMOUNT, "currency_column": "currency_code"},
            "the contract says the currency",
        ),
        (
            "expect_amount_to_be_similar",
            {**AMOUNT, "row_condition": where("status_code", "==", "open")},
            "only the figures of all rows",
        ),
    ],
)
def test_refused(tmp_path: Path, kind: str, kwargs: dict[str, Any], said: str) -> None:
    problems = check_suite(write_suite(tmp_path, [rule("it", kind, **kwargs)]), LINES)
    assert any(said in problem for problem in problems), problems


def test_corrections_and_deltas_are_not_compared(desk: Desk) -> None:
    desk.suite([rule("it", "expect_amount_to_be_similar", **AMOUNT)])
    past = Past(desk, desk.ref("delta"))
    past.had("2026-03-02", 20, amounts=(money("EUR", "1.00"),))
    assert by_id(past.judge("2026-03-03", ROWS))["it"].observed == "not evaluated: a delta brings only what changed"
    with desk.warehouse.transaction() as conn:
        assert conn.scalar(sa.text("select count(*) from ops.delivery where client_id = :c"), {"c": desk.client}) == 2
