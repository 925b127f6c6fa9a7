"""Which deliveries were expected, and which of them came: in time, late, or not.

* A deadline is noted from the first night that knows the source, up to the next one that lies within `AHEAD`.
* It counts as passed by once somebody has looked at the landing folder after it. Until then it stays `expected`: a
  file that nobody has looked for may well lie there in time.
* A file came when it was written, as it bears, but not before the last look that did not see it, nor after it was seen.
* What speaks for which deadline: in period mode with monthly deadlines the delivery of the month before. Else a
  delivery belongs to the first deadline after it; unless the one before is still open and it came nearer to that, or
  another one follows on a later day: then it is late for that.
* `failed`, `returned` and `withdrawn` deliveries do not count, held ones and duplicates do: the client did send.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.flow.due import DAY, Deadline, deadlines
from pipelines.flow.office import Office
from pipelines.profile import Due, Profile, SourceRef
from pipelines.warehouse import expected as store
from pipelines.warehouse.expected import Came, DueState, Expected

AHEAD = timedelta(hours=36)
BACK = timedelta(days=400)
"""Older deadlines stay as they are."""

SECOND = timedelta(seconds=1)
RECENT = timedelta(days=1)
"""What changed within it is told in the summary of a run."""


@dataclass(frozen=True)
class DueLine:
    """One deadline in a report, its moments in the time zone of the client."""

    client_id: str
    feed: str
    source: str
    due_at: datetime
    period: str | None
    state: DueState
    delivery_id: int | None
    arrived_at: datetime | None

    @property
    def hours(self) -> float | None:
        """How late it came."""
        late = self.state is DueState.LATE and self.arrived_at
        return round((self.arrived_at - self.due_at) / timedelta(hours=1), 1) if late and self.arrived_at else None

    @property
    def said(self) -> str:
        """One line for a log: what, when it was due, what became of it, who acts."""
        parts = (self.client_id, self.feed, self.source, self.period)
        head = f"{' · '.join(p for p in parts if p)}: due {self.due_at:%Y-%m-%d %H:%M %Z}, {self.state.value}"
        if self.state is DueState.MISSING:
            return f"{head}. client to act: send it"
        return f"{head} by {self.hours} hours (delivery {self.delivery_id})" if self.hours is not None else head

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        moments = {"due_at": self.due_at.isoformat(), "arrived_at": self.arrived_at and self.arrived_at.isoformat()}
        return {**vars(self), "state": self.state.value, **moments, "hours_late": self.hours}


def note_expected(
    office: Office,
    now: datetime | None = None,
    *,
    looked: datetime | None,
    client: str | None = None,
    domains: Sequence[str] | None = None,
    feed: str | None = None,
) -> list[DueLine]:
    """Note every deadline and what came for it; returns what is late or missing and worth telling tonight.

    `looked` is when the look at the landing folder of these clients and feeds began whose files are registered now;
    None: nobody looked, so nothing becomes missing.
    """
    now = now or datetime.now(UTC)
    told: list[DueLine] = []
    for name, profile in office.catalog.profiles.items():
        if client in (None, name):
            refs = [r for r in profile.sources if _wanted(r, domains, feed)]
            for rows in _note_client(office, profile, refs, now, looked):
                told += [_line(office, row) for row in _worth_telling(rows, now)]
    return told


def _wanted(ref: SourceRef, domains: Sequence[str] | None, feed: str | None) -> bool:
    return feed in (None, ref.feed) and (domains is None or ref.feed.split(".")[0] in domains)


def _note_client(
    office: Office, profile: Profile, refs: Sequence[SourceRef], now: datetime, looked: datetime | None
) -> list[list[Expected]]:
    client, out = profile.client_id, []
    with office.warehouse.transaction() as conn:
        store.lock(conn, client)
        known = store.noted(conn, client, now - BACK)
        if not known and not any(ref.source.due for ref in refs):
            return []
        if store.not_reached(conn, client):
            looked = None
        declared = {(ref.feed, ref.name) for ref in profile.sources}
        store.forget(conn, (row for row in known if (row.feed, row.source) not in declared))
        came, first = store.came(conn, client, now - BACK), store.first_seen(conn, client)
        for ref in refs:
            at = (ref.feed, ref.name)
            before = [row for row in known if (row.feed, row.source) == at]
            rows = promised(ref, profile.model.calendar, before, first.get(at, now), now, looked)
            rows = settle(rows, [c for c in came if (c.feed, c.source) == at], *_judged_by(ref))
            ahead = [row.due_at for row in rows if row.due_at > now]
            rows = [row for row in rows if row.due_at <= now or row.due_at == min(ahead) <= now + AHEAD]
            rows = _dated(rows, before, now)
            store.forget(conn, (row for row in before if row.due_at not in {r.due_at for r in rows}))
            store.write(conn, (row for row in rows if row not in before))
            out.append(rows)
    return out


def _judged_by(ref: SourceRef) -> tuple[bool, ZoneInfo]:
    """Whether periods decide which delivery a deadline is about, and the zone whose days count."""
    due, source = ref.source.due, ref.source
    monthly = due is not None and (due.business_day is not None or due.day is not None)
    by_month = source.mode == "period" and monthly and not re.search(r"%[djcxUW]", source.period_format)
    return by_month, ZoneInfo(ref.time_zone)


def promised(
    ref: SourceRef, calendar: str, before: Sequence[Expected], first: datetime, now: datetime, looked: datetime | None
) -> list[Expected]:
    """The deadlines of a source, ascending: those that were looked for, and what its profile promises since.

    The last one lies ahead. A deadline that the profile has changed before anybody looked for it is not among them.
    """
    settled = [row for row in before if row.looked_at is not None]
    by_month, _ = _judged_by(ref)
    rows = list(settled)
    if ref.source.due is not None:
        start = settled[-1].due_at if settled else min([first, *(row.due_at - SECOND for row in before)])
        for deadline in _through_next(ref.source.due, calendar, ref.time_zone, max(start, now - BACK), now):
            period = deadline.month if by_month else None
            seen = now if looked is not None and deadline.due_at <= looked else None
            rows.append(Expected(ref.client_id, ref.feed, ref.name, deadline.due_at, period, looked_at=seen))
    return rows


def _through_next(due: Due, calendar: str, zone: str, start: datetime, now: datetime) -> Iterator[Deadline]:
    for deadline in deadlines(due, calendar, zone, start):
        yield deadline
        if deadline.due_at > now:
            return


def settle(rows: Sequence[Expected], came: Iterable[Came], by_month: bool, zone: ZoneInfo) -> list[Expected]:
    """What became of each deadline (ascending), by what came."""
    moments = sorted(((_arrived(c, rows), c) for c in came), key=lambda m: (m[0], m[1].delivery_id))
    if by_month:
        return [_by_month(row, moments) for row in rows]
    times = [moment[0] for moment in moments]
    fresh = [replace(row, state=_without(row), delivery_id=None, arrived_at=None) for row in rows]
    for number, (after, until) in enumerate(pairwise([None, *(row.due_at for row in fresh), None])):
        start = 0 if after is None else bisect_right(times, after)
        window = moments[start : None if until is None else bisect_right(times, until)]
        if window and number and fresh[number - 1].arrived_at is None and _late(window, after, until, zone):
            fresh[number - 1] = _taken(fresh[number - 1], window.pop(0), DueState.LATE)
        if window and number < len(fresh):
            fresh[number] = _taken(fresh[number], window[0], DueState.ARRIVED)
    return fresh


Moment = tuple[datetime, Came]


def _late(window: Sequence[Moment], after: datetime | None, until: datetime | None, zone: ZoneInfo) -> bool:
    """Whether the first of a window is late for the deadline before it rather than early for the one after."""
    came = window[0][0]
    if after is None or until is None or came - after < until - came:
        return after is not None
    return any(m[0].astimezone(zone).date() > came.astimezone(zone).date() for m in window[1:])


def _arrived(came: Came, rows: Sequence[Expected]) -> datetime:
    looks = [row.looked_at for row in rows if row.looked_at is not None and row.looked_at < came.seen_at]
    return max([min(came.written_at, came.seen_at), *looks])


def _by_month(row: Expected, moments: Sequence[Moment]) -> Expected:
    for moment in moments:
        if moment[1].period == row.period:
            return _taken(row, moment, DueState.ARRIVED if moment[0] <= row.due_at else DueState.LATE)
    return replace(row, state=_without(row), delivery_id=None, arrived_at=None)


def _without(row: Expected) -> DueState:
    return DueState.EXPECTED if row.looked_at is None else DueState.MISSING


def _taken(row: Expected, moment: Moment, state: DueState) -> Expected:
    return replace(row, state=state, delivery_id=moment[1].delivery_id, arrived_at=moment[0])


def _dated(rows: Sequence[Expected], before: Sequence[Expected], now: datetime) -> list[Expected]:
    """With the moment at which each got its state."""
    was = {row.due_at: row for row in before}
    return [
        replace(row, noted_at=old.noted_at if (old := was.get(row.due_at)) and old.state is row.state else now)
        for row in rows
    ]


def _worth_telling(rows: Sequence[Expected], now: datetime) -> list[Expected]:
    """What became late or missing lately, and the newest deadline as long as it is missing."""
    told = [r for r in rows if r.state in (DueState.LATE, DueState.MISSING)]
    passed = [r.due_at for r in rows if r.looked_at is not None]
    return [
        r
        for r in told
        if (r.noted_at is not None and r.noted_at >= now - RECENT)
        or (r.state is DueState.MISSING and r.due_at == max(passed))
    ]


def _line(office: Office, row: Expected) -> DueLine:
    zone = ZoneInfo(_zone(office, row))
    arrived = row.arrived_at and row.arrived_at.astimezone(zone)
    return DueLine(
        row.client_id,
        row.feed,
        row.source,
        row.due_at.astimezone(zone),
        row.period,
        row.state,
        row.delivery_id,
        arrived,
    )


def _zone(office: Office, row: Expected) -> str:
    profile = office.catalog.profiles.get(row.client_id)
    if profile is None:
        return "UTC"
    refs = (r for r in profile.sources if (r.feed, r.name) == (row.feed, row.source))
    return next((r.time_zone for r in refs), profile.model.time_zone)


def expected(office: Office, *, client: str | None = None, days: int = 7, now: datetime | None = None) -> list[DueLine]:
    """The deadlines of the last days and those ahead, brought up to date, ascending by deadline."""
    office.catalog.refuse_broken(client)
    now = now or datetime.now(UTC)
    note_expected(office, now, looked=None, client=client)
    with office.warehouse.transaction() as conn:
        rows = store.noted(conn, client, now - days * DAY)
    return [_line(office, row) for row in sorted(rows, key=lambda r: (r.due_at, r.client_id, r.feed, r.source))]
