"""What came for which deadline: the matching alone, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.flow.expected import settle
from pipelines.warehouse.expected import Came, DueState, Expected

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAY = timedelta(1)


def days(count: int, looked: int | None = None, period: str | None = None) -> list[Expected]:
    """Daily deadlines at six, looked for two hours later; those from `looked` on not yet."""
    last = count if looked is None else looked
    return [
        Expected(
            "a",
            "f.f",
            "main",
            MONDAY + n * DAY,
            period,
            looked_at=MONDAY + n * DAY + 2 * DAY / 24 if n < last else None,
        )
        for n in range(count)
    ]


def came(hours: float, seen: float | None = None, number: int = 1, period: str | None = None) -> Came:
    """A file written some hours after the first deadline."""
    at = MONDAY + timedelta(hours=hours)
    return Came("f.f", "main", number, period, at, at if seen is None else MONDAY + timedelta(hours=seen))


def states(rows: list[Expected], *files: Came, **more: Any) -> list[str]:
    return [row.state.value for row in settle(rows, files, more.get("by_month", False), BERLIN)]


def test_in_time_late_missing_and_still_ahead():
    assert states(days(4, looked=2), came(-1), came(-2, number=2)) == ["arrived", "missing", "expected", "expected"]
    assert states(days(2, looked=1), came(3)) == ["late", "expected"]
    assert states(days(2, looked=1), came(23)) == ["missing", "arrived"]


def test_one_of_two_days_later_is_late_for_the_day_before():
    assert states(days(2), came(14), came(23, number=2)) == ["late", "arrived"]
    assert states(days(2), came(20), came(20.1, number=2)) == ["missing", "arrived"]


def test_a_file_that_was_not_there_at_the_last_look_came_after_it():
    """Whatever time it bears: copying keeps it."""
    assert states(days(2), came(-1, seen=30)) == ["missing", "late"]
    (first, _) = settle(days(2, looked=1), [came(-1, seen=3)], False, BERLIN)
    assert (first.state, first.arrived_at) == (DueState.LATE, MONDAY + timedelta(hours=2))
    assert states(days(1), came(9, seen=-1)) == ["arrived"]  # a time that lies ahead counts as when it was seen


def test_months_are_matched_by_period():
    rows = [*days(1, period="2026-10"), *[r for r in days(30, period="2026-11") if r.due_at == MONDAY + 29 * DAY]]
    files = [came(-3, period="2026-09"), came(40, number=2, period="2026-10"), came(50, number=3, period="2026-11")]
    assert states(rows, *files, by_month=True) == ["late", "arrived"]
    assert states(rows, files[0], by_month=True) == ["missing", "missing"]


FILES = st.lists(st.tuples(st.floats(-100, 200), st.floats(0, 60)), max_size=12)


@given(FILES, st.integers(1, 7))
def test_every_deadline_has_its_own_delivery_and_the_order_of_files_is_nothing(files, count):
    found = [came(at, seen=at + after, number=n) for n, (at, after) in enumerate(files)]
    rows = days(count)
    settled = settle(rows, found, False, BERLIN)
    assert settle(settled, list(reversed(found)), False, BERLIN) == settled
    used = [row.delivery_id for row in settled if row.delivery_id is not None]
    assert len(used) == len(set(used))
    for row in settled:
        if row.state is DueState.ARRIVED:
            assert row.arrived_at is not None and row.arrived_at <= row.due_at
        elif row.state is DueState.LATE:
            assert row.arrived_at is not None and row.arrived_at > row.due_at
        else:
            assert row.delivery_id is None


@pytest.mark.parametrize("looked", [0, 1])
def test_nothing_is_missing_before_somebody_has_looked(looked):
    assert states(days(1, looked=looked)) == [["expected", "missing"][looked]]
