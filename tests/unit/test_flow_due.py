"""Deadlines: business days of the client's calendar, in the client's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.flow.due import business_day_of_month, deadline_on, deadlines, is_business_day, named_day, open_deadline
from pipelines.profile import Due
from pipelines.profile_words import WEEKDAYS

SECOND = Due(business_day=2, time="06:00")
DAILY = Due(time="06:00")


def test_public_holidays_of_the_state_are_no_business_days():
    assert not is_business_day(date(2026, 11, 1), "DE-BY")
    assert not is_business_day(date(2026, 1, 6), "DE-BY")
    assert is_business_day(date(2026, 1, 6), "DE-HH")


def test_business_days_are_counted_from_one():
    assert business_day_of_month(date(2026, 1, 2), "DE-BY") == 1
    assert business_day_of_month(date(2026, 1, 5), "DE-BY") == 2
    assert business_day_of_month(date(2026, 1, 4), "DE-BY") is None


def test_deadline_is_in_the_time_zone_of_the_client():
    deadline = deadline_on(date(2026, 1, 5), SECOND, "DE-BY", "Europe/Berlin")
    assert deadline is not None
    assert deadline.astimezone(UTC) == datetime(2026, 1, 5, 5, tzinfo=UTC)
    assert deadline_on(date(2026, 1, 7), SECOND, "DE-BY", "Europe/Berlin") is None


def test_a_deadline_is_open_in_the_night_before_it_and_closed_after():
    evening = datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert open_deadline(evening, DAILY, "DE", "Europe/Berlin") is not None
    assert open_deadline(datetime(2026, 11, 24, 6, tzinfo=UTC), DAILY, "DE", "Europe/Berlin") is not None
    friday_after = datetime(2026, 11, 27, 7, tzinfo=UTC)
    assert open_deadline(friday_after, DAILY, "DE", "Europe/Berlin") is None


def days_of(due: Due, calendar: str, first: date, last: date) -> list[date]:
    span = (first + timedelta(n) for n in range((last - first).days + 1))
    return [day for day in span if deadline_on(day, due, calendar, "Europe/Berlin")]


def test_a_day_of_the_month_moves_to_a_business_day():
    # 15 August 2026 is a Saturday, 31 May a Sunday, 1 May and 1 January are holidays
    january = (date(2026, 1, 1), date(2026, 12, 31))
    assert [f"{d:%m-%d}" for d in days_of(Due(day=15, time="06:00"), "DE", *january)][7] == "08-17"
    assert [f"{d:%m-%d}" for d in days_of(Due(day=15, shift="previous", time="06:00"), "DE", *january)][7] == "08-14"
    last = [f"{d:%m-%d}" for d in days_of(Due(day=31, time="06:00"), "DE", *january)]
    assert last[:5] == ["02-02", "03-02", "03-31", "04-30", "06-01"]
    first = [f"{d:%m-%d}" for d in days_of(Due(day=1, shift="previous", time="06:00"), "DE", *january)]
    assert first[:5] == ["01-30", "02-27", "04-01", "04-30", "06-01"]  # that of January lies in December


def test_a_weekday_that_is_a_holiday_moves_and_a_saturday_is_meant():
    easter = (date(2026, 4, 1), date(2026, 4, 14))
    assert days_of(Due(weekday=["fri"], time="06:00"), "DE", *easter) == [date(2026, 4, 7), date(2026, 4, 10)]
    assert days_of(Due(weekday=["sat"], time="06:00"), "DE", *easter) == [date(2026, 4, 4), date(2026, 4, 11)]
    both = Due(weekday=["mon", "tue"], time="06:00")
    assert days_of(both, "DE", *easter) == [date(2026, 4, 7), date(2026, 4, 13), date(2026, 4, 14)]


@pytest.mark.parametrize(
    "words",
    [{"day": 1, "weekday": ["mon"]}, {"business_day": 2, "day": 1}, {"shift": "next"}, {"weekday": []}, {"day": 32}],
)
def test_one_day_is_named_and_only_a_named_day_moves(words):
    with pytest.raises(ValidationError):
        Due(time="06:00", **words)


DUES = st.one_of(
    st.builds(Due, business_day=st.integers(1, 23), time=st.just("02:30")),
    st.builds(Due, time=st.sampled_from(["00:00", "02:30", "23:59"])),
    st.builds(
        Due,
        weekday=st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True),
        shift=st.sampled_from(["next", "previous"]),
        time=st.sampled_from(["02:30", "22:00"]),
    ),
    st.builds(Due, day=st.integers(1, 31), shift=st.sampled_from(["next", "previous"]), time=st.just("01:30")),
)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])


@given(
    DUES,
    st.sampled_from(["DE-BY", "US", "GB-ENG", "FR"]),
    ZONES,
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
)
def test_deadlines_follow_each_other_at_their_time_of_day(due, calendar, zone, after):
    """In UTC strictly ascending, on the clock of the client always at the hour the profile says (or in the gap of
    summer time an hour off), one for each day that `named_day` names, none left out."""
    after = after.replace(tzinfo=UTC)
    found = list(islice(deadlines(due, calendar, zone, after), 8))
    assert all(a.due_at < b.due_at for a, b in pairwise(found))
    assert found[0].due_at > after
    local = [d.due_at.astimezone(ZoneInfo(zone)) for d in found]
    for at, one in zip(local, found, strict=True):
        named = named_day(at.date(), due, calendar)
        assert named is not None
        assert one.month == f"{(named.replace(day=1) - timedelta(1)):%Y-%m}"
        gap = at.replace(tzinfo=None) - datetime.combine(at.date(), time.fromisoformat(due.time))
        assert gap in (timedelta(0), timedelta(minutes=30), timedelta(hours=1))
    span = (local[0].date() + timedelta(n) for n in range((local[-1].date() - local[0].date()).days + 1))
    assert [at.date() for at in local] == [day for day in span if named_day(day, due, calendar)]


@given(DUES, st.sampled_from(["DE-BY", "US"]), st.dates(date(2025, 1, 1), date(2027, 12, 31)))
def test_every_named_day_has_its_deadline(due, calendar, day):
    """Forwards: a day the profile names is looked for from the named day on, and found where it moves to."""
    if due.weekday is None and due.day is None:
        return
    last = (day + timedelta(1)).day == 1
    named = (
        WEEKDAYS[day.weekday()] in due.weekday if due.weekday else day.day == due.day or (last and due.day > day.day)
    )
    if not named:
        return
    step = timedelta(1 if due.shift == "next" else -1)
    country, _, part = calendar.partition("-")
    free = holidays.country_holidays(country, subdiv=part or None)
    stays = day not in free if due.weekday else day not in free and day.weekday() < 5
    moved = day
    while not stays and not (moved.weekday() < 5 and moved not in free):
        moved += step
    assert named_day(moved, due, calendar) is not None


def test_night_and_day_of_summer_time():
    daily = Due(time="02:30")
    spring = next(deadlines(daily, "DE", "Europe/Berlin", datetime(2026, 3, 29, 12, tzinfo=UTC)))
    assert spring.due_at == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)  # 02:30 CEST
    before = next(deadlines(daily, "DE", "Europe/Berlin", datetime(2026, 3, 26, 12, tzinfo=UTC)))
    assert before.due_at == datetime(2026, 3, 27, 1, 30, tzinfo=UTC)  # 02:30 CET
    sunday = Due(weekday=["sun"], time="02:30")  # skipped in spring, twice in autumn
    assert next(deadlines(sunday, "DE", "Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC))).due_at.hour == 1
    assert next(deadlines(sunday, "DE", "Europe/Berlin", datetime(2026, 10, 24, tzinfo=UTC))).due_at.hour == 0
