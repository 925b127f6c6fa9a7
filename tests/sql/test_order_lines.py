"""Lines of orders in every combination of what arrived, who tells it, state, day due and what was cancelled.

One build of the mart over the full product, at two clients whose profiles count days in different ways, against a judge
in Python that goes through the papers of one line and knows nothing of the SQL.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from pipelines.reporting.project import load_project
from pipelines.reporting.publish import become_owner, make_side_schema
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import MARTS_DATABASE
from tests.sql.rows import CUT_OFF, Row, insert

DATABASE = MARTS_DATABASE
TODAY, ORDERED = date(2026, 6, 30), 100
FREE_DAYS = [day for n in range(365) if (day := date(2026, 1, 1) + timedelta(days=n)).weekday() >= 5]


class Rules(NamedTuple):
    """What the profile of a client says."""

    against: str
    early: int | None
    late: int
    calendar: str
    short_pct: int


CLIENTS = {"north": Rules("promised", 2, 1, "days", 2), "south": Rules("requested", None, 0, "business_days", 0)}


class Arrival(NamedTuple):
    """So many came so many days after the day due, some of them damaged."""

    days: int
    quantity: int
    damaged: int = 0


ARRIVALS: dict[str, tuple[Arrival, ...]] = {
    "none": (),
    "on the day": (Arrival(0, 100),),
    "early": (Arrival(-3, 100),),
    "a little early": (Arrival(-2, 100),),
    "a day late": (Arrival(1, 100),),
    "after the weekend": (Arrival(3, 100),),
    "in two parts": (Arrival(0, 60), Arrival(2, 40)),
    "in part": (Arrival(-1, 60),),
    "in part and late": (Arrival(5, 60),),
    "all but two": (Arrival(0, 98),),
    "too many": (Arrival(0, 70), Arrival(4, 70)),
    "damaged": (Arrival(0, 100, 10),),
    "replaced": (Arrival(0, 100, 10), Arrival(3, 10)),
}
TOLD_BY = ("notes", "shipments", "both")
STATES = (None, "open", "delivered", "closed", "cancelled")
DUE = {"past": date(2026, 6, 12), "yesterday": date(2026, 6, 29), "future": date(2026, 7, 10)}
CANCELLED = (None, 40, 100)


class Case(NamedTuple):
    client: str
    arrivals: str
    told_by: str
    state: str | None
    due: str
    cancelled: int | None


CASES = [Case(*c) for c in itertools.product(CLIENTS, ARRIVALS, TOLD_BY, STATES, DUE, CANCELLED)]


# the judge -------------------------------------------------------------------------------------------------------


class Judged(NamedTuple):
    status: str
    is_on_time: bool | None
    is_in_full: bool | None
    days_late: int | None
    accepted: int
    open: int


def between(rules: Rules, first: date, last: date) -> int:
    """Days from one to the other as the client counts them."""
    if last < first:
        return -between(rules, last, first)
    days = [first + timedelta(days=n + 1) for n in range((last - first).days)]
    return len([d for d in days if rules.calendar == "days" or d.weekday() < 5])


def judge(case: Case) -> Judged:
    """What somebody in customer service would say of the line today."""
    rules, due = CLIENTS[case.client], DUE[case.due]
    wanted = ORDERED - (case.cancelled or 0)
    is_cancelled = case.state == "cancelled" or wanted == 0
    is_closed = case.state in ("delivered", "closed")
    enough = wanted * Fraction(100 - rules.short_pct, 100)
    accepted, complete, last = 0, None, None
    for arrival in ARRIVALS[case.arrivals]:
        # lists of shipments do not tell of damage
        accepted += arrival.quantity - (0 if case.told_by == "shipments" else arrival.damaged)
        last = due + timedelta(days=arrival.days)
        complete = complete or (last if accepted >= enough else None)
    is_over = is_closed or between(rules, due, TODAY) > rules.late
    is_full = last is not None and accepted >= enough and wanted > 0
    day = complete or last
    days = None if day is None else between(rules, due, day)
    on_time = in_full = None
    if not is_cancelled and (is_full or (last is not None and is_over)):
        on_time = days is not None and days <= rules.late and (rules.early is None or days >= -rules.early)
        in_full = is_full
    elif not is_cancelled and last is None and is_over and not is_closed:
        on_time = in_full = False
        days = between(rules, due, TODAY)
    status = (
        "cancelled" if is_cancelled else "delivered" if is_full else "part_delivered" if last is not None
        else "closed" if is_closed else "overdue" if is_over else "open"
    )  # fmt: skip
    left = 0 if is_cancelled or is_closed else max(wanted - accepted, 0)
    return Judged(status, on_time, in_full, days, accepted, left)


# the build -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lines(warehouse: Warehouse, marts_home: Settings) -> dict[int, Row]:
    """Rows of the mart by number of the case."""
    with warehouse.transaction() as conn:
        for table, rows in _tables().items():
            insert(conn, table, rows)
        make_side_schema(conn)
    project = load_project(marts_home, warehouse.url)
    select = ["--indirect-selection", "cautious", "--select", "+fct_order_lines", "+rpt_on_time_in_full"]
    runs = project.run(["build", "--exclude-resource-type", "unit_test", *select], datetime.fromisoformat(CUT_OFF))
    assert not [run for run in runs if run.failed], [run for run in runs if run.failed]
    with warehouse.transaction() as conn:
        become_owner(conn)
        made = conn.execute(sa.text("select * from reporting_next.fct_order_lines")).mappings()
        return {int(row["order_id"]): dict(row) for row in made}


def _tables() -> dict[str, list[Row]]:
    numbered = list(enumerate(CASES))
    return {
        "ops.client": [_client(name, rules) for name, rules in CLIENTS.items()],
        "ops.day_off": [{"calendar": "DE", "day": day} for day in FREE_DAYS],
        "core.shipments_orders": [_order(number, case) for number, case in numbered],
        "core.shipments_order_lines": [
            _line(number, case, cancelled_quantity=case.cancelled, ordered_quantity=ORDERED)
            for number, case in numbered
        ],
        "core.shipments_deliveries": [row for number, case in numbered for row in _notes(number, case)],
        "core.shipments_shipments": [row for number, case in numbered for row in _shipments(number, case)],
    }


def _client(name: str, rules: Rules) -> Row:
    on_time = {"against": rules.against, "late_days": rules.late, "calendar": rules.calendar}
    if rules.early is not None:
        on_time["early_days"] = rules.early
    reporting = json.dumps({"on_time": on_time, "short_delivery_pct": rules.short_pct})
    return {"client_id": name, "name": name, "time_zone": "UTC", "calendar": "DE", "reporting": reporting}


def _order(number: int, case: Case) -> Row:
    """The day that does not count lies a month before."""
    due, other = DUE[case.due], DUE[case.due] - timedelta(days=30)
    dates = {"promised_date": due, "requested_date": other}
    if CLIENTS[case.client].against == "requested":
        dates = {"promised_date": other, "requested_date": due}
    row = {"client_id": case.client, "order_id": str(number), "customer_id": "K", "ordered_date": "2026-05-01"}
    return {**row, **dates, "order_status_code": case.state}


def _line(number: int, case: Case, **values: Any) -> Row:
    return {"client_id": case.client, "order_id": str(number), "line_id": "1", "product_id": "P", **values}


def _notes(number: int, case: Case) -> Iterator[Row]:
    if case.told_by == "shipments":
        return
    for part, arrival in enumerate(ARRIVALS[case.arrivals]):
        row = _line(number, case, delivery_note_id=f"N-{number}-{part}", order_line_id="1")
        row |= {"delivered_date": DUE[case.due] + timedelta(days=arrival.days), "delivered_quantity": arrival.quantity}
        yield {**row, "damaged_quantity": arrival.damaged}


def _shipments(number: int, case: Case) -> Iterator[Row]:
    """Where there are notes too, the list says another day and quantity, and does not count."""
    if case.told_by == "notes":
        return
    off = 0 if case.told_by == "shipments" else 9
    for part, arrival in enumerate(ARRIVALS[case.arrivals]):
        due = DUE[case.due]
        row: Row = {"client_id": case.client, "shipment_line_id": f"S-{number}-{part}", "order_id": str(number)}
        row |= {"order_line_id": "1", "product_id": "P", "line_quantity": arrival.quantity - off, "item_name": "Pad"}
        row |= {"promised_date": due, "delivered_date": due + timedelta(days=arrival.days + off)}
        yield {**row, "destination_country_code": "DE", "currency_code": "EUR"}


def test_every_line_is_judged_as_by_hand(lines: dict[int, Row]) -> None:
    assert len(lines) == len(set(CASES)) == 2 * 13 * 3 * 5 * 3 * 3
    wrong = []
    for number, case in enumerate(CASES):
        row, expected = lines[number], judge(case)
        got = Judged(
            row["line_status_code"],
            row["is_on_time"],
            row["is_in_full"],
            row["days_late"],
            int(row["accepted_quantity"]),
            int(row["open_quantity"]),
        )
        if got != expected:
            wrong.append((case, got, expected))
    assert not wrong, (len(wrong), wrong[:5])


def test_the_cases_come_to_everything_that_can_be_said() -> None:
    judged = [judge(case) for case in CASES]
    assert {j.status for j in judged} == {"cancelled", "delivered", "part_delivered", "closed", "overdue", "open"}
    assert {(j.is_on_time, j.is_in_full) for j in judged} == {
        (True, True), (True, False), (False, True), (False, False), (None, None)
    }  # fmt: skip


def test_on_time_in_full_is_both(lines: dict[int, Row]) -> None:
    for row in lines.values():
        judged = row["is_on_time"], row["is_in_full"]
        assert row["is_on_time_in_full"] == (None if None in judged else all(judged))
