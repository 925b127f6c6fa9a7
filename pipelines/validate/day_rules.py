"""Days beside the one that a delivery speaks for, as SQL on the work table."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

import calendar
import datetime as dt
import re
from zoneinfo import ZoneInfo

from pipelines.delivery import Delivery
from pipelines.validate import aggregates, conditions
from pipelines.validate.expectations import ExpectDatesToBeNearDelivery
from pipelines.validate.expectations.days import earliest_and_latest
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.suites import Rule

_PERIOD = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")


def near(sets: SetRules, rule: Rule, expectation: ExpectDatesToBeNearDelivery) -> Measurement:
    """Rows whose date lies too far from the day of the delivery fail, and name that day."""
    as_of = day_of(sets.delivery, sets.ref.time_zone)
    earliest, latest = earliest_and_latest(as_of, expectation.days_before, expectation.days_after)
    condition, values = conditions.where(expectation.row_condition)
    domain = aggregates.domain(rule.over, condition)
    column = f'"{expectation.column}"'
    judged = f"{domain} and {column} is not null"
    bounds = {sign: day for sign, day in (("<", earliest), (">", latest)) if day}
    far = " or ".join(f"{column}::date {sign} date '{day}'" for sign, day in bounds.items())
    found = (
        f"select _row_number, _row_part, {sets.text([expectation.column])} || ' on {as_of}' as value "
        f"from {sets.table} where {judged} and ({far})"
    )
    return sets.about_rows(rule, found, values, domain, judged)


def day_of(delivery: Delivery, time_zone: str) -> dt.date:
    """The day that a delivery speaks for: when it was received, or the end of its period if that is earlier."""
    received = delivery.received_at.astimezone(ZoneInfo(time_zone)).date()
    found = _PERIOD.fullmatch(delivery.period or "")
    if not found:
        return received
    year, month = int(found[1]), int(found[2])
    last = int(found[3]) if found[3] else calendar.monthrange(year, month)[1]
    return min(received, dt.date(year, month, last))
