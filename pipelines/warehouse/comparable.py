"""Which earlier delivery a delivery is compared with: the newest accepted one that speaks for the same kind of time."""

# ruff: noqa: S608 (names of columns are ours; values are always bound)

from __future__ import annotations

import re
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pipelines.delivery import Delivery
from pipelines.profile import SourceRef
from pipelines.warehouse import register

ComparedWith = Literal["previous", "same_weekday", "same_month"]
_MONTH = re.compile(r"(\d{4})-(\d{2})\b")
_ACCEPTED = (
    "client_id = :client and feed = :feed and source = :source and kind <> 'correction' and rows_received is not null "
    "and state in ('loaded', 'validated', 'approved') "
    "and delivery_id <> :own"
)
_NEWEST = "coalesce(period, '') desc, received_at desc, delivery_id desc"


def find(conn: sa.Connection, delivery: Delivery, ref: SourceRef, compared_with: ComparedWith) -> Delivery | None:
    """The newest accepted delivery of the scope, whole (no correction), loaded or validated earlier in this run.

    previous: the last one; in period mode the scope is one period, so it is the last one of another period.
    same_weekday: received on the same day of the week in the client's time zone. same_month: of the same calendar
    month a year before, by its period where it has one, else by the day it was received.
    """
    values = {
        "client": delivery.client_id, "feed": delivery.feed, "source": delivery.source, "own": delivery.delivery_id,
        "zone": ref.time_zone, "received": delivery.received_at, "period": delivery.period,
    }  # fmt: skip
    where = [_ACCEPTED]
    if ref.source.mode == "period" and compared_with != "same_month":
        where.append("period is distinct from :period")
    if compared_with == "same_weekday":
        where.append(
            "extract(isodow from received_at at time zone :zone) "
            "= extract(isodow from cast(:received as timestamptz) at time zone :zone)"
        )
    if compared_with == "same_month":
        condition, more = _a_year_before(delivery, ref)
        where.append(condition)
        values |= more
    query = f"select delivery_id from ops.delivery where {' and '.join(where)} order by {_NEWEST} limit 1"
    found = conn.scalar(sa.text(query), values)
    return None if found is None else register.get(conn, int(found))


def _a_year_before(delivery: Delivery, ref: SourceRef) -> tuple[str, dict[str, Any]]:
    """SQL of "of the same month a year before"; the year and month are the delivery's own."""
    month = _MONTH.match(delivery.period or "")
    if month:
        return "starts_with(period, :month)", {"month": f"{int(month[1]) - 1:04d}-{month[2]}"}
    day: date = delivery.received_at.astimezone(ZoneInfo(ref.time_zone)).date()
    return (
        "to_char(received_at at time zone :zone, 'YYYY-MM') = :month",
        {"month": f"{day.year - 1:04d}-{day.month:02d}"},
    )
