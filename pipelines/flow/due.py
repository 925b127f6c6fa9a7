"""When a delivery is due: business days of the client's calendar, in the client's time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from pipelines.profile import Due


@lru_cache(maxsize=64)
def _holidays(calendar: str) -> holidays.HolidayBase:
    country, _, subdivision = calendar.partition("-")
    return holidays.country_holidays(country, subdiv=subdivision or None)


def is_business_day(day: date, calendar: str) -> bool:
    """Monday to Friday and no public holiday of the calendar (`DE` or `DE-BY`)."""
    return day.weekday() < 5 and day not in _holidays(calendar)


def business_day_of_month(day: date, calendar: str) -> int | None:
    """Which business day of its month a day is, from 1; None when it is none."""
    if not is_business_day(day, calendar):
        return None
    first = day.replace(day=1)
    return sum(is_business_day(first + timedelta(n), calendar) for n in range((day - first).days + 1))


def deadline_on(day: date, due: Due, calendar: str, zone: str) -> datetime | None:
    """The deadline that falls on that day in the client's time zone, if one does."""
    number = business_day_of_month(day, calendar)
    if number is None or (due.business_day is not None and number != due.business_day):
        return None
    return datetime.combine(day, time.fromisoformat(due.time), ZoneInfo(zone))


def open_deadline(now: datetime, due: Due, calendar: str, zone: str) -> datetime | None:
    """The deadline of tonight that has not passed yet: today's, or tomorrow's when it is before noon."""
    today = now.astimezone(ZoneInfo(zone)).date()
    for day in (today, today + timedelta(1)):
        deadline = deadline_on(day, due, calendar, zone)
        if deadline and now < deadline and (day == today or deadline.hour < 12):
            return deadline
    return None
