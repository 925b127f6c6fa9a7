"""Deadlines: business days of the client's calendar, in the client's time zone."""

from datetime import UTC, date, datetime

from pipelines.flow.due import business_day_of_month, deadline_on, is_business_day, open_deadline
from pipelines.profile import Due

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
