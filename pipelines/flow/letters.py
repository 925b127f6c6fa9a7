"""Letters to clients: what happened since the last one, in their language, as counts and reasons, no cell values.

One letter per client, night and connection. What a letter that was sent has told (`ops.letter.told`) no later one tells
again, so an event that commits while a letter is written is in the next. Nothing to tell: no letter.
A letter is `begun` before it is sent and `sent` after: one that a killed run left `begun` is sent again, better twice
than never.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import Delivery, State
from pipelines.errors import DeclarationError
from pipelines.flow.letter_pages import Page, Section, Table, as_html, as_text
from pipelines.flow.letter_words import FAULTS_DE, Tongue
from pipelines.flow.office import Office, open_office
from pipelines.profile import Profile
from pipelines.rulebook import RuleBook
from pipelines.warehouse import expected, letters
from pipelines.warehouse.expected import DueState, Expected
from pipelines.warehouse.letters import Book, Sent

FIRST = timedelta(days=2)
"""How far back the first letter of a client looks."""

MOST_BACK = timedelta(days=7)
"""What nobody could be told of for longer is not told any more: it stands in the marts."""

OVERLAP = timedelta(days=2)
"""Events may commit later than the moment they bear; looked for again, told once."""

MOST_BYTES = 10 * 2**20
"""Attachments of one letter: many mail servers refuse more than twice that, and encoding adds a third."""

RELEASE, DOCS, OUTBOX = "/dags/release", "/kontor/docs/quality/index.html", "/kontor/outbox"


@dataclass(frozen=True)
class Letter:
    """What one client is told over one connection."""

    client_id: str
    night: date
    connection: str
    language: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    text: str
    html: str
    attachments: tuple[Path, ...]
    told: tuple[str, ...]
    begun_at: datetime

    @property
    def facts_hash(self) -> str:
        """Hash of what it says and brings."""
        parts = [self.subject, self.text, *(p.name for p in self.attachments)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass
class _Facts:
    """What is new for one client and connection."""

    due: list[Expected]
    deliveries: list[Delivery]
    books: list[Book]
    told: list[str]


def clients_to_tell(office: Office | None = None, client: str | None = None) -> list[str]:
    """The clients whose profile says whom to notify."""
    office = office or open_office()
    office.catalog.refuse_broken(client)
    return sorted(n for n, p in office.catalog.profiles.items() if p.model.notify and client in (None, n))


def gather(
    office: Office, night: date, *, client: str | None = None, base_url: str | None = None, now: datetime | None = None
) -> list[Letter]:
    """The letters of a night that were not sent yet, one per client and connection; none where nothing happened."""
    now = now or datetime.now(UTC)
    out: list[Letter] = []
    for name in clients_to_tell(office, client):
        profile = office.profile(name)
        notify = profile.model.notify
        with office.warehouse.transaction() as conn:
            done = letters.sent_tonight(conn, name, night)
            for connection in notify.connections if notify else ():
                if connection not in done and (facts := _facts(conn, profile, connection, now)):
                    out.append(_Writer(office, conn, profile, base_url).letter(facts, night, connection, now))
    return out


def _facts(conn: sa.Connection, profile: Profile, connection: str, now: datetime) -> _Facts | None:
    client = profile.client_id
    last = letters.last_sent(conn, client, connection)
    since = max(last - OVERLAP, now - MOST_BACK) if last else now - FIRST
    told = letters.told(conn, client, connection, now - 2 * MOST_BACK)
    declared = {(ref.feed, ref.name) for ref in profile.sources}
    due = {
        _due_key(row): row
        for row in expected.changed(conn, client, since)
        if row.state in (DueState.LATE, DueState.MISSING) and (row.feed, row.source) in declared
    }
    deliveries = {f"{d.state.value}:{d.delivery_id}:{d.attempt}": d for d in letters.moved_since(conn, client, since)}
    books = {f"workbook:{b.workbook_id}": b for b in letters.books(conn, client, since)}
    new = [key for key in (*due, *deliveries, *books) if key not in told]
    if not new:
        return None
    return _Facts(_new(due, told), _new(deliveries, told), _new(books, told), new)


def _due_key(row: Expected) -> str:
    return f"{row.state.value}:{row.feed}:{row.source}:{row.due_at.astimezone(UTC).isoformat()}"


def _new(found: dict[str, Any], told: set[str]) -> list[Any]:
    return [value for key, value in found.items() if key not in told]


@dataclass(frozen=True)
class _Writer:
    """Writes the letters of one client."""

    office: Office
    conn: sa.Connection
    profile: Profile
    base_url: str | None

    @property
    def tongue(self) -> Tongue:
        return Tongue(self.profile.language, self.profile.model.locale, self.profile.model.time_zone)

    def letter(self, facts: _Facts, night: date, connection: str, now: datetime) -> Letter:
        """The letter that tells some facts."""
        notify, tongue = self.profile.model.notify, self.tongue
        attached, left = self._attachments(facts.books)
        counts: dict[str, int] = {}
        sections = [
            *self._due(facts.due, counts),
            *self._deliveries(facts.deliveries, counts),
            *self._open(counts),
            *self._books(facts.books, left, counts),
        ]
        client = " ".join(self.profile.model.name.split())
        said = ", ".join(tongue.count(counts[k], k) for k in _SUBJECT if counts.get(k))
        subject = f"{client}: {said} ({tongue.day(night)})" if said else f"{client} ({tongue.day(night)})"
        page = Page(
            subject, tongue.say("greeting"), tongue.say("intro", client=client, date=tongue.moment(now)), sections,
            tongue.say("links"), self._links(facts, left), tongue.say("no_reply"),
        )  # fmt: skip
        return Letter(
            self.profile.client_id, night, connection, tongue.language,
            tuple(notify.to) if notify else (), tuple(notify.cc) if notify else (),
            subject, as_text(page), as_html(page),
            tuple(self._path(book) for book in attached), tuple(facts.told), now,
        )  # fmt: skip

    def _due(self, rows: Sequence[Expected], counts: dict[str, int]) -> list[Section]:
        tongue, out = self.tongue, []
        missing = [r for r in rows if r.state is DueState.MISSING]
        late = [r for r in rows if r.state is DueState.LATE and r.arrived_at]
        if missing:
            counts["missing"] = len(missing)
            lines = [tongue.say("missing_line", what=_what(r), due=tongue.moment(r.due_at)) for r in missing]
            out.append(Section(tongue.say("missing"), "act", tongue.say("missing_hint"), lines))
        if late:
            counts["late"] = len(late)
            out.append(Section(tongue.say("late"), "look", lines=[self._late(r) for r in late]))
        return out

    def _late(self, row: Expected) -> str:
        came = row.arrived_at or row.due_at
        hours = max(1, round((came - row.due_at) / timedelta(hours=1)))
        return self.tongue.say(
            "late_line", what=_what(row), due=self.tongue.moment(row.due_at), came=self.tongue.moment(came),
            hours=self.tongue.count(hours, "hour"),
        )  # fmt: skip

    def _deliveries(self, deliveries: Sequence[Delivery], counts: dict[str, int]) -> list[Section]:
        corrections = [d for d in deliveries if d.is_correction]
        others = [d for d in deliveries if not d.is_correction]
        by_state = {state: [d for d in others if d.state is state] for state in State}
        out = []
        for state, key, weight in (
            (State.FAILED, "unusable", "act"), (State.RETURNED, "returned", "act"), (State.HELD, "held", "look"),
            (State.LOADED, "rejects", "look"),
        ):  # fmt: skip
            if found := by_state[state]:
                counts[key] = len(found)
                lines = [self._line(f"{key}_line", d) for d in found]
                out.append(Section(self.tongue.say(key), weight, self.tongue.say(f"{key}_hint"), lines))
        if corrections:
            told = {d.delivery_id: self._correction(d, counts) for d in corrections}
            out.append(Section(self.tongue.say("corrections"), "fine", lines=list(told.values())))
        return out

    def _correction(self, d: Delivery, counts: dict[str, int]) -> str:
        refused = d.state in (State.FAILED, State.RETURNED)
        key = "refused" if refused else "taken"
        counts[key] = counts.get(key, 0) + (d.state is not State.HELD)
        if refused:
            return self._line("refused_line", d)
        if d.state is State.HELD:
            return self._line("review_line", d)
        return self._line("back_line" if d.rows_rejected else "taken_line", d)

    def _line(self, key: str, d: Delivery) -> str:
        rows = self.tongue.count
        return self.tongue.say(
            key, what=_what(d), file=d.file_name, reason=self._reason(d), rows=rows(d.rows_received or 0, "row"),
            rejected=rows(d.rows_rejected or 0, "row"), number=self.tongue.number(d.rows_rejected or 0),
            accepted=rows((d.rows_loaded or 0) + (d.rows_unchanged or 0), "row"),
        )  # fmt: skip

    def _reason(self, d: Delivery) -> str:
        if d.state is State.HELD:
            book = RuleBook.of(self.office.catalog, d.feed, d.client_id)
            rules = [
                book.rule(rule_id).message(self.tongue.language) for rule_id in letters.holding_rules(self.conn, d)
            ]
            return "; ".join(dict.fromkeys(rules)) or self.tongue.say("held_plain")
        if d.state is State.FAILED:
            step = letters.failed_step(self.conn, d.delivery_id)
            said = self.tongue.say(f"step_{step}" if step in ("extract", "clean") else "step_other")
            what = _what_of(d) if self.tongue.language == "en" else FAULTS_DE.get(_what_of(d), "")
            if d.is_correction:
                return what or said
            return f"{said} ({what})" if what else said
        return ""

    def _open(self, counts: dict[str, int]) -> list[Section]:
        reasons = letters.open_reasons(self.conn, self.profile.client_id)
        theirs = [r for r in reasons if r.owner == "client"]
        if not theirs:
            return []
        tongue = self.tongue
        total = letters.open_rows(self.conn, self.profile.client_id, "client")
        counts["open"] = total
        rows = []
        for reason in theirs:
            book = RuleBook.of(self.office.catalog, reason.feed, self.profile.client_id)
            said = book.rule(reason.rule_id).message(tongue.language)
            # the sum over a row or two of a personal amount would be that amount
            open_ = (c.name for c in book.contract.money if not c.is_personal)
            first = next((name for name in open_ if name in reason.amounts), None)
            money = tongue.money(reason.amounts[first]) if first else ""
            rows.append((reason.feed, said, tongue.number(reason.rows), money))
        hint = tongue.say("open_hint", rows=tongue.count(total, "row"))
        if ours := sum(r.rows for r in reasons if r.owner != "client"):
            hint += " " + tongue.say("open_ours", rows=tongue.count(ours, "row"))
        heads = [tongue.say(k) for k in ("feed", "reason", "rows", "amount")]
        return [Section(tongue.say("open"), "look", hint, table=Table(heads, rows))]

    def _books(self, books: Sequence[Book], left: Sequence[Book], counts: dict[str, int]) -> list[Section]:
        if not books:
            return []
        tongue, notify = self.tongue, self.profile.model.notify
        counts["workbook"] = len(books)
        lines = [
            tongue.say(
                "book_line", name=Path(b.path).name, rows=tongue.count(b.rows, "row"), what=b.feed, file=b.file_name
            )
            for b in books
        ]
        attach = notify is not None and notify.workbook == "attach"
        if attach:
            lines += [tongue.say("too_big", name=Path(b.path).name) for b in left]
        return [Section(tongue.say("workbooks"), "act", tongue.say("attached_hint" if attach else "kept_hint"), lines)]

    def _attachments(self, books: Sequence[Book]) -> tuple[list[Book], list[Book]]:
        """Those to attach, and those that are kept: by the profile's word, or because they are too big."""
        notify = self.profile.model.notify
        if notify is None or notify.workbook == "keep":
            return [], list(books)
        attached: list[Book] = []
        left: list[Book] = []
        size = 0
        for book in books:
            path = self._path(book)
            if not path.is_file():
                raise DeclarationError(
                    "correction workbook is not in the outbox", where=str(path), got="no such file",
                    next_step="make it again: python -m pipelines corrections make",
                )  # fmt: skip
            size += path.stat().st_size
            (attached if size <= MOST_BYTES else left).append(book)
        return attached, left

    def _path(self, book: Book) -> Path:
        return self.office.settings.home / "outbox" / book.path

    def _links(self, facts: _Facts, left: Sequence[Book]) -> list[tuple[str, str]]:
        if not self.base_url:
            return []
        base, say = self.base_url.rstrip("/"), self.tongue.say
        held = any(d.state is State.HELD for d in facts.deliveries)
        links = [(say("link_release"), base + RELEASE)] if held else []
        links += [(say("link_book", name=Path(b.path).name), f"{base}{OUTBOX}/{b.path}") for b in left]
        return [*links, (say("link_docs"), base + DOCS)]


_SUBJECT = ("missing", "late", "unusable", "returned", "held", "refused", "taken", "open", "workbook")
_PARTS = ("; at ", "; got ", "; expected ", ". client to act: ", ". us to act: ")


def _what(item: Delivery | Expected) -> str:
    source = "" if item.source == "main" else f" ({item.source})"
    return f"{item.feed}{source}" + (f", {item.period}" if item.period else "")


def _what_of(delivery: Delivery) -> str:
    """What was wrong with a file: neither where, nor what was found there, which may be a personal value."""
    said = (delivery.message or "").removeprefix(f"{delivery.file_name}: ")
    for part in (*_PARTS, ": "):
        said = said.partition(part)[0]
    return said.strip().rstrip(".")


# what is kept of them -------------------------------------------------------------------------------------------


def begin(office: Office, letter: Letter) -> None:
    """Note that a letter is about to be sent."""
    with office.warehouse.transaction() as conn:
        letters.begin(
            conn, letter.client_id, letter.night, letter.connection, language=letter.language, subject=letter.subject,
            body=letter.text, facts_hash=letter.facts_hash, told=letter.told, begun_at=letter.begun_at,
        )  # fmt: skip


def end(office: Office, letter: Letter, problem: str | None = None) -> None:
    """Note that it was sent, or what stood in the way: then the next run tries again."""
    with office.warehouse.transaction() as conn:
        letters.end(conn, letter.client_id, letter.night, letter.connection, problem)


def kept(client: str | None = None, limit: int = 30, *, office: Office | None = None) -> list[Sent]:
    """The newest letters that were written."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return letters.listed(conn, client, limit)


def shown(client: str, *, office: Office | None = None) -> Iterable[Letter]:
    """The letters that a client would be sent now."""
    office = office or open_office()
    office.catalog.refuse_broken(client)
    if client not in office.catalog.profiles or not office.profile(client).model.notify:
        raise DeclarationError(
            f"nobody to write to at {client}",
            expected="a profile with notify",
            next_step="correct the client or its profile",
        )
    return gather(office, datetime.now(UTC).date(), client=client)
