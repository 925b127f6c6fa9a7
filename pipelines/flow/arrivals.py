"""Arrivals become deliveries: each file is judged once per source, duplicates and waiting ones set apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from pipelines.delivery import SETTLED, Delivery, Kind, Scope, State, Verdict
from pipelines.extract import discover as landing
from pipelines.extract.members import Member, kept_listing, member_of
from pipelines.extract.settled import Settled, finished
from pipelines.flow import control_files, indexes
from pipelines.flow.due import open_deadline
from pipelines.flow.office import Office
from pipelines.flow.returned import Recognised, recognise
from pipelines.profile import Profile, SourceRef
from pipelines.profile_words import MEMBER_SIGN
from pipelines.warehouse import register

ACTOR = "discover"
LISTINGS = "listings"
"""Folder below the work folder with the members of archives, by content; safe to delete like all of it."""
UNREAD = "0" * 64
"""Stands for the hash of a file that cannot be read: a link out of the folder, a pipe, no permission."""
Outcome = Literal["seen", "registered", "resumed", "duplicates", "waiting", "failed"]


@dataclass(frozen=True)
class Arrival:
    """One file for one source, fingerprinted: what a delivery is registered from."""

    match: landing.Match
    arrival_id: int
    sha256: str
    inputs: tuple[register.Input, ...]
    missing: tuple[str, ...]
    inputs_hash: str
    declaration_hash: str

    @property
    def ref(self) -> SourceRef:
        """The source it came through."""
        return self.match.ref

    @property
    def scope(self) -> Scope:
        """Its scope: the period counts in `period` mode only."""
        period = self.match.period if self.ref.source.mode == "period" else None
        return Scope(self.ref.client_id, self.ref.feed, self.ref.name, period)


class Intake:
    """The judgement of one client's landing folder, inside one transaction."""

    def __init__(self, office: Office, conn: sa.Connection) -> None:
        self.office = office
        self.conn = conn
        self.found: list[landing.FoundFile] = []
        self.matches: list[landing.Match] = []
        self._claims: list[landing.Match] = []
        self.returned: list[Recognised] = []
        self.domains: Sequence[str] = ()
        self.unfinished: dict[str, str] = {}
        self._markers: set[str] = set()
        self._controls: set[str] = set()
        self._hashes: dict[str, tuple[int, str]] = {}

    def look(self, profile: Profile, settled: Settled) -> None:
        """Match the client's files to all of its sources; set apart correction workbooks, and what is not complete."""
        self.profile = profile
        self.returned, files = recognise(self.conn, profile, settled.files)
        self.found = landing.with_members(files, profile, self._members)
        self._claims = landing.match(self.found, profile.sources)
        self._controls = control_files.claimed(self._claims) | indexes.claimed(self._claims, self.found, profile)
        self._claims = control_files.deliveries(self._claims, self._controls)
        self.matches, waiting, self._markers = finished(self._claims, self.found, self._is_known)
        self.unfinished = {**settled.growing, **waiting}

    def report_unmatched(self) -> list[str]:
        """Record the files that belong to nothing declared; their paths below the client folder."""
        files = landing.unmatched(self.found, self._claims, self.profile)
        known = self._markers | self._controls | self.unfinished.keys()
        files = [f for f in files if f.rel not in known]
        noted = unmatched_entries(files)
        register.note_unmatched(self.conn, self.profile.client_id, noted)
        return [entry.path + (f": {entry.reason}" if entry.reason else "") for entry in noted]

    def arrivals(self, domains: Sequence[str], feed: str | None) -> Iterator[Arrival]:
        """The matched files of those feeds, oldest first within each scope."""
        self.domains = domains
        wanted = [m for m in self.matches if m.ref.feed.split(".")[0] in domains and feed in (None, m.ref.feed)]
        for match in sorted(wanted, key=lambda m: (m.ref.feed, m.ref.name, m.order)):
            try:
                arrival_id, sha256 = self.fingerprint(match.found)
            except FileNotFoundError:  # taken away meanwhile
                continue
            except OSError as error:
                unread = landing.unreadable(match.found, error)
                match = replace(match, found=unread, error=unread.error)
                arrival_id, sha256 = self.fingerprint(unread)
            inputs, missing = self._inputs(match)
            yield Arrival(
                match=match,
                arrival_id=arrival_id,
                sha256=sha256,
                inputs=inputs,
                missing=missing,
                inputs_hash=_inputs_hash(sha256, member_of(match.found.rel), inputs),
                declaration_hash=self.office.catalog.declaration_hash(match.ref),
            )

    def judge(self, arrival: Arrival) -> tuple[Outcome, Delivery | None]:
        """Register a new arrival, resume an unfinished one, pass over one that is accounted for."""
        ref = arrival.ref
        known = register.of_arrival(self.conn, arrival.arrival_id, ref.feed, ref.name)
        if known is None:
            return self._register(arrival)
        if known.state is State.WAITING:
            return self._wait_or_go(arrival, known)
        changed = (known.inputs_hash, known.declaration_hash) != (arrival.inputs_hash, arrival.declaration_hash)
        if known.state not in SETTLED and changed:
            known = self._move(
                known, State.FAILED, "declarations, look-up or control files changed while it was under way"
            )
        if known.state is State.FAILED and changed and arrival.match.error is None:
            return "registered", self._start(arrival, known, "declarations, look-up or control files changed")
        return ("seen", known) if known.state in SETTLED else ("resumed", known)

    # -- parts of judge ---------------------------------------------------------------------------

    def _is_known(self, match: landing.Match) -> bool:
        """Whether this very file was judged for this source before."""
        file, client = match.found, self.profile.client_id
        seen = register.find_arrival(self.conn, client, file.rel, file.size, file.mtime)
        return seen is not None and register.of_arrival(self.conn, seen[0], match.ref.feed, match.ref.name) is not None

    def _register(self, arrival: Arrival) -> tuple[Outcome, Delivery | None]:
        scope, match = arrival.scope, arrival.match
        reason = self._must_wait(arrival)
        twin = None if reason else self._twin(arrival)
        delivery = register.add_delivery(
            self.conn,
            register.NewDelivery(
                scope=scope,
                period=match.period,
                kind=Kind.INTAKE,
                file_name=match.found.rel,
                sha256=arrival.sha256,
                size=match.found.size,
                received_at=match.found.mtime,
                arrival_id=arrival.arrival_id,
                inputs_hash=arrival.inputs_hash,
                declaration_hash=arrival.declaration_hash,
                file_groups=match.groups,
                state=State.WAITING if reason else State.REGISTERED,
                message=reason,
                inputs=arrival.inputs,
                declarations=self.office.declaration_texts(arrival.ref),
                code_version=self.office.code_version,
            ),
        )
        if reason:
            return "waiting", delivery
        if match.error:
            message = f"{match.found.rel}: {match.error}"
            failed = register.move(
                self.conn, delivery, State.FAILED, actor=ACTOR, verdict=Verdict.FAIL, message=message
            )
            return "failed", failed
        if twin:
            message = f"same content and declarations as delivery {twin.delivery_id}"
            return "duplicates", self._move(delivery, State.DUPLICATE, message)
        return "registered", delivery

    def _twin(self, arrival: Arrival) -> Delivery | None:
        """The newest loaded, held or still pending delivery of the scope, if this one says the same."""
        newest = register.newest_for_duplicate(self.conn, arrival.scope)
        same = newest and (newest.inputs_hash, newest.declaration_hash) == (
            arrival.inputs_hash,
            arrival.declaration_hash,
        )
        return newest if same else None

    def _wait_or_go(self, arrival: Arrival, known: Delivery) -> tuple[Outcome, Delivery]:
        if reason := self._must_wait(arrival):
            return "waiting", register.say(self.conn, known, reason)
        return "registered", self._start(arrival, known, "what it waited for is there")

    def _start(self, arrival: Arrival, known: Delivery, why: str) -> Delivery:
        """Register again what waited or failed, with the inputs and declarations of now."""
        register.replace_inputs(self.conn, known, arrival.inputs)
        register.replace_declarations(self.conn, known, self.office.declaration_texts(arrival.ref))
        return register.move(
            self.conn,
            known,
            State.REGISTERED,
            actor=ACTOR,
            detail={"why": why},
            message=None,
            verdict=None,
            inputs_hash=arrival.inputs_hash,
            declaration_hash=arrival.declaration_hash,
            code_version=self.office.code_version,
        )

    def _must_wait(self, arrival: Arrival) -> str | None:
        """Why the delivery cannot start yet, if it cannot."""
        if arrival.missing:
            return f"{'; '.join(arrival.missing)}. client to act: send it"
        scope = arrival.scope
        if arrival.ref.source.mode == "delta" and (held := register.held_in_scope(self.conn, scope)):
            return f"delivery {held.delivery_id} of this scope is held. us to act: decide on it first"
        return self._reference_due(arrival.ref)

    def _reference_due(self, ref: SourceRef) -> str | None:
        """A feed of a domain that is not worked on now, referred to, due tonight and not in yet."""
        contract, now = self.office.contract(ref.feed), datetime.now(UTC)
        for feed in contract.references:
            if feed.split(".")[0] in self.domains:
                continue
            for other in self.profile.sources:
                if other.feed != feed or other.source.due is None:
                    continue
                deadline = open_deadline(now, other.source.due, self.profile.model.calendar, other.time_zone)
                if deadline and not register.received_since(self.conn, other, now.replace(hour=0, minute=0, second=0)):
                    return f"waits for {feed}, due {deadline:%H:%M}. client to act: send it"
        return None

    def _move(self, delivery: Delivery, state: State, message: str) -> Delivery:
        return register.move(self.conn, delivery, state, actor=ACTOR, message=message)

    def _members(self, file: landing.FoundFile) -> list[Member]:
        """The members of an archive, from the list that was made when this content was first seen."""
        _, sha256 = self.fingerprint(file)
        return kept_listing(file.path, file.rel, sha256, self.office.settings.work / LISTINGS)

    def fingerprint(self, file: landing.FoundFile) -> tuple[int, str]:
        """(arrival id, sha256); a file already seen with this size and time is not read again.

        A member has the hash of its archive; a file that cannot be read has none.
        """
        if file.rel not in self._hashes:
            client = self.profile.client_id
            seen = register.find_arrival(self.conn, client, file.rel, file.size, file.mtime)
            sha256 = self._sha256(file, seen[1] if seen else None)
            if seen is None or seen[1] != sha256:
                seen = (register.add_arrival(self.conn, client, file.rel, file.size, file.mtime, sha256), sha256)
            self._hashes[file.rel] = seen
        return self._hashes[file.rel]

    def _sha256(self, file: landing.FoundFile, seen: str | None) -> str:
        if not file.readable:
            return UNREAD
        if file.container:
            return self.fingerprint(file.container)[1]
        return landing.sha256_of(file.path) if seen in (None, UNREAD) else str(seen)

    def _inputs(self, match: landing.Match) -> tuple[tuple[register.Input, ...], tuple[str, ...]]:
        """What a delivery is made of beside its file, and what of it is not there yet, in words."""
        lookups, no_lookups = self.lookups(match.ref)
        controls, no_controls = control_files.inputs(match, self.found, self.fingerprint)
        missing = [f"look-up file not there yet: {', '.join(no_lookups)}"] if no_lookups else []
        missing += [f"control file not there yet: {', '.join(no_controls)}"] if no_controls else []
        index, no_index = indexes.inputs(match, self.found, self.fingerprint)
        missing += [f"index of the export not there yet: {', '.join(no_index)}"] if no_index else []
        return (*lookups, *controls, *index), tuple(missing)

    def lookups(self, ref: SourceRef) -> tuple[tuple[register.Input, ...], tuple[str, ...]]:
        """The look-up files a source needs, and the names of tables that have none, or none that can be read."""
        inputs: list[register.Input] = []
        missing: list[str] = []
        for table, files in sorted(landing.lookup_files(self.profile, ref.source, self.found).items()):
            faults = [str(file.error) for file in files if file.error]
            for file in files if not faults else ():
                index = indexes.nearest(file.rel, self.profile.model.lookups[table].format, self.found)
                try:
                    for taken in (file, *index):
                        inputs.append(register.Input("lookup", table, taken.rel, self.fingerprint(taken)[1]))
                except OSError as error:
                    faults.append(f"{file.rel}: {error.strerror}")
            if faults or not files:
                missing.append(f"{table} ({faults[0] if faults else self.profile.model.lookups[table].files})")
        return tuple(dict.fromkeys(inputs)), tuple(missing)


def unmatched_entries(files: Sequence[landing.FoundFile]) -> list[register.Unmatched]:
    """Files of the landing folder as the report of unmatched files wants them."""
    return [register.Unmatched(f.rel, f.size, f.mtime, f.error.got if f.error else None) for f in files]


def _inputs_hash(sha256: str, member: str | None, inputs: Sequence[register.Input]) -> str:
    """Hash of all content that a delivery is made of; members of one archive share its hash and differ by name."""
    digest = hashlib.sha256(sha256.encode())
    if member is not None:
        digest.update(f"{MEMBER_SIGN}{member}".encode())
    for item in inputs:
        inside = member_of(item.path)
        digest.update(f"\0{item.name}\0{item.sha256}".encode())
        digest.update(b"" if inside is None else f"{MEMBER_SIGN}{inside}".encode())
    return digest.hexdigest()
