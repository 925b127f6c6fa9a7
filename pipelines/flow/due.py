"""When a delivery is due: business days of the client's calendar, in the client's time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

import holidays

from pipelines.profile import Due
from pipelines.profile_words import WEEKDAYS

DAY = timedelta(1)


@dataclass(frozen=True)
class Deadline:
    """One deadline, in UTC, and the month it is about: that before the month of the day which the profile names."""

    due_at: datetime
    month: str


@lru_cache(maxsize=64)
def _holidays(calendar: str) -> holidays.HolidayBase:
    country, _, subdivision = calendar.partition("-")
    return holidays.country_holidays(country, subdiv=subdivision or None)


def is_business_day(day: date, calendar: str) -> bool:
    """Monday to Friday and no public holiday of the calendar (`DE` or `DE-BY`)."""
    return day.weekday() < 5 and day not in _holidays(calendar)


@lru_cache(maxsize=4096)
def _business_days(year: int, month: int, calendar: str) -> tuple[date, ...]:
    first = date(year, month, 1)
    return tuple(d for n in range(31) if (d := first + n * DAY).month == month and is_business_day(d, calendar))


def business_day_of_month(day: date, calendar: str) -> int | None:
    """Which business day of its month a day is, from 1; None when it is none."""
    days = _business_days(day.year, day.month, calendar)
    return days.index(day) + 1 if day in days else None


def named_day(day: date, due: Due, calendar: str) -> date | None:
    """The day named by the profile whose deadline falls on this day; None when none does.

    A named day that is no business day moves to the next (or previous) one. A Saturday or Sunday named as weekday is
    meant: it moves only when it is a public holiday.

    >>> named_day(date(2026, 6, 2), Due(day=31, time="06:00"), "DE")  # Sunday, 31 May
    >>> named_day(date(2026, 6, 1), Due(day=31, time="06:00"), "DE")
    datetime.date(2026, 5, 31)
    """
    if due.weekday is None and due.day is None:
        number = business_day_of_month(day, calendar)
        return day if number is not None and due.business_day in (None, number) else None
    if _names(due, day) and _stays(day, due, calendar):
        return day
    if not is_business_day(day, calendar):
        return None
    step = -DAY if due.shift == "next" else DAY
    beside = takewhile(lambda d: not is_business_day(d, calendar), _days(day + step, step))
    return next((d for d in beside if _names(due, d) and not _stays(d, due, calendar)), None)


def _days(day: date, step: timedelta) -> Iterator[date]:
    while True:
        yield day
        day += step


def _names(due: Due, day: date) -> bool:
    if due.weekday is not None:
        return WEEKDAYS[day.weekday()] in due.weekday
    return day.day == due.day or (due.day is not None and due.day > day.day and (day + DAY).day == 1)


def _stays(day: date, due: Due, calendar: str) -> bool:
    return day not in _holidays(calendar) if due.weekday is not None else is_business_day(day, calendar)


def deadline_on(day: date, due: Due, calendar: str, zone: str) -> datetime | None:
    """The deadline that falls on that day in the client's time zone, if one does."""
    return None if named_day(day, due, calendar) is None else _at(day, due, zone)


def _at(day: date, due: Due, zone: str) -> datetime:
    """A time that summer time skips is an hour later on the clock, one that comes twice is the first of the two."""
    return datetime.combine(day, time.fromisoformat(due.time), ZoneInfo(zone))


def deadlines(due: Due, calendar: str, zone: str, after: datetime) -> Iterator[Deadline]:
    """Every deadline after a moment, without end."""
    for day in _days(after.astimezone(ZoneInfo(zone)).date(), DAY):
        named = named_day(day, due, calendar)
        if named is not None and (at := _at(day, due, zone).astimezone(UTC)) > after:
            yield Deadline(at, f"{named.replace(day=1) - DAY:%Y-%m}")


def open_deadline(now: datetime, due: Due, calendar: str, zone: str) -> datetime | None:
    """The deadline of tonight that has not passed yet: today's, or tomorrow's when it is before noon."""
    today = now.astimezone(ZoneInfo(zone)).date()
    for day in (today, today + DAY):
        deadline = deadline_on(day, due, calendar, zone)
        if deadline and now < deadline and (day == today or deadline.hour < 12):
            return deadline
    return None
