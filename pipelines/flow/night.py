"""One night: find what arrived, register it in order, run the steps, say what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any

from pipelines.delivery import Delivery, State, Step
from pipelines.extract.discover import survey
from pipelines.extract.members import escaped
from pipelines.extract.settled import Settled, settled
from pipelines.flow.arrivals import Intake, unmatched_entries
from pipelines.flow.correction import make_workbooks
from pipelines.flow.expected import DueLine, note_expected
from pipelines.flow.fetch import FetchReport, fetch
from pipelines.flow.match_books import landed
from pipelines.flow.match_review import bring_into_effect
from pipelines.flow.office import Office, open_office
from pipelines.flow.replay import left_out, register_replays, run_deliveries
from pipelines.flow.returned import judged
from pipelines.flow.step import run_step
from pipelines.profile import Profile
from pipelines.warehouse import register
from pipelines.warehouse.expected import DueState


@dataclass(frozen=True)
class ScopeWork:
    """The deliveries of one source that wait for their steps, in the order they must be loaded."""

    client_id: str
    feed: str
    source: str
    rank: int
    delivery_ids: list[int]

    @property
    def label(self) -> str:
        """How the scope is called in the Airflow grid."""
        return f"{self.client_id} · {self.feed} · {self.source}"

    def to_dict(self) -> dict[str, Any]:
        """As plain data, small enough for an XCom."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ScopeWork:
        """The reverse of `to_dict`."""
        return cls(**data)


@dataclass
class Discovery:
    """What a look at the landing folder found. `looked_at`: when it began; `broken`: one sentence for each profile that
    cannot be used, whose clients were left out."""

    scopes: list[ScopeWork] = field(default_factory=list)
    registered: list[int] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    seen: int = 0
    unmatched: list[str] = field(default_factory=list)
    unfinished: dict[str, str] = field(default_factory=dict)
    fetch: FetchReport = field(default_factory=FetchReport)
    looked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    workbooks: list[str] = field(default_factory=list)
    reviews: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def delivery_ids(self) -> list[int]:
        """Every delivery of this night: those with steps to do, and those that were settled on sight."""
        ids = [i for scope in self.scopes for i in scope.delivery_ids]
        return sorted({*ids, *self.duplicates, *self.waiting, *self.failed})

    def summary(self) -> str:
        """One sentence for the log."""
        unmatched = f"; {len(self.unmatched)} files match no source" if self.unmatched else ""
        unmatched += f"; {len(self.unfinished)} files are not complete yet" if self.unfinished else ""
        unmatched += f"; {len(self.reviews)} review workbooks looked at" if self.reviews else ""
        unmatched += f"; broken profiles: {len(self.broken)}" if self.broken else ""
        parts = [
            (len(self.registered), "new"),
            (len(self.resumed), "resumed"),
            (len(self.duplicates), "duplicate"),
            (len(self.waiting), "waiting"),
            (len(self.failed), "not understood"),
        ]
        said = ", ".join(f"{n} {word}" for n, word in parts if n)
        if not said:
            return f"nothing to do: {self.seen} files already accounted for{unmatched}"
        return f"deliveries: {said}; {self.seen} files already accounted for{unmatched}"


@dataclass(frozen=True)
class DeliveryLine:
    """One delivery in a report of a night."""

    delivery_id: int
    client_id: str
    feed: str
    source: str
    file_name: str
    state: str
    verdict: str | None
    rows_received: int | None
    rows_loaded: int | None
    rows_unchanged: int | None
    rows_rejected: int | None
    rows_skipped: int | None
    rows_held: int | None
    message: str | None


@dataclass(frozen=True)
class NightReport:
    """What came of some deliveries, which were due and are late or missing; `broken`: the profiles of clients that were
    left out."""

    lines: list[DeliveryLine]
    due: list[DueLine] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[DeliveryLine]:
        """Deliveries that ended as failed."""
        return [line for line in self.lines if line.state == State.FAILED]

    @property
    def held(self) -> list[DeliveryLine]:
        """Deliveries that wait for a steward."""
        return [line for line in self.lines if line.state == State.HELD]

    @property
    def missing(self) -> list[DueLine]:
        """Deadlines that passed without a delivery."""
        return [line for line in self.due if line.state is DueState.MISSING]

    @property
    def late(self) -> list[DueLine]:
        """Deadlines whose delivery came after them."""
        return [line for line in self.due if line.state is DueState.LATE]


def discover(
    domains: Sequence[str],
    *,
    client: str | None = None,
    feed: str | None = None,
    replay: str | None = None,
    office: Office | None = None,
) -> Discovery:
    """Register what is new in the landing folder for the feeds of some domains.

    `client` and `feed` narrow the look, `replay` says what to judge again from the archive: a delivery, a feed, a
    client, or a feed of one client.
    Returns every delivery that has steps to do, grouped by source and ordered for loading. Clients whose profile is
    broken are left alone: their files, and their deliveries that are under way, wait for the night that can read it.
    """
    office = office or open_office()
    office.catalog.refuse_broken(client)
    found = Discovery(broken=office.catalog.faults(client))
    if replay:
        with office.warehouse.transaction() as conn:
            found.registered += register_replays(office, conn, replay, domains=domains, client=client, feed=feed)
    profiles = {name: p for name, p in office.catalog.profiles.items() if client in (None, name)}
    files = settled(partial(survey, office.settings.landing), profiles, office.settings.settle)
    for name, profile in profiles.items():
        _look(office, profile, files[name], domains, feed, found)
    if client is None:
        found.unmatched += _strangers(office)
    found.scopes = _scopes(office, domains, client, feed)
    return found


def _look(
    office: Office, profile: Profile, files: Settled, domains: Sequence[str], feed: str | None, found: Discovery
) -> None:
    """One client, in one transaction: a killed look leaves nothing half registered."""
    with office.warehouse.transaction() as conn:  # for itself: the looks of other domains wait for these rows
        register.sync_clients(conn, [profile])
    with office.warehouse.transaction() as conn:
        intake = Intake(office, conn)
        intake.look(profile, files)
        found.unfinished |= {f"{profile.client_id}/{rel}": why for rel, why in intake.unfinished.items()}
        found.unmatched += [f"{profile.client_id}/{rel}" for rel in intake.report_unmatched()]
        arrived = (intake.judge(arrival) for arrival in intake.arrivals(domains, feed))
        for outcome, delivery in chain(arrived, judged(intake, domains, feed)):
            if outcome == "seen":
                found.seen += 1
            elif delivery is not None:
                getattr(found, outcome).append(delivery.delivery_id)
        reviewed = landed(intake, domains, feed)
    if any(came.taken for came in reviewed):
        bring_into_effect(office, profile.client_id)
    found.reviews += [came.said for came in reviewed]


def _strangers(office: Office) -> list[str]:
    """Files in folders of clients that have no profile, broken or not: reported like any file that nobody declared."""
    landing = office.settings.landing
    folders = sorted(p.name for p in landing.iterdir() if p.is_dir() and not p.is_symlink()) if landing.is_dir() else []
    out: list[str] = []
    with office.warehouse.transaction() as conn:
        for name in folders:
            if name not in {*office.catalog.profiles, *office.catalog.broken} and not name.startswith("."):
                noted = unmatched_entries(survey(landing, name))
                register.note_unmatched(conn, escaped(name), noted)
                out += [f"{escaped(name)}/{entry.path}" for entry in noted]
    return out


def _scopes(office: Office, domains: Sequence[str], client: str | None, feed: str | None) -> list[ScopeWork]:
    with office.warehouse.transaction() as conn:
        todo = register.unsettled(conn, client_id=client, feed=feed)
    grouped: dict[tuple[str, str, str], list[Delivery]] = {}
    for delivery in todo:
        if delivery.state is State.WAITING or delivery.feed.split(".")[0] not in domains:
            continue
        if delivery.client_id in office.catalog.broken:
            continue
        grouped.setdefault((delivery.client_id, delivery.feed, delivery.source), []).append(delivery)
    ranks = office.catalog.ranks
    scopes = [ScopeWork(*key, ranks.get(key[1], 0), [d.delivery_id for d in group]) for key, group in grouped.items()]
    return sorted(scopes, key=lambda s: (s.rank, s.label))


def settle(delivery_ids: Sequence[int], *, office: Office | None = None) -> NightReport:
    """The deliveries as they stand now, in the order given."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return NightReport([_line(register.get(conn, delivery_id)) for delivery_id in delivery_ids])


def _line(d: Delivery) -> DeliveryLine:
    return DeliveryLine(
        d.delivery_id, d.client_id, d.feed, d.source, d.file_name, d.state.value, d.verdict and d.verdict.value,
        d.rows_received, d.rows_loaded, d.rows_unchanged, d.rows_rejected, d.rows_skipped, d.rows_held, d.message,
    )  # fmt: skip


def run_night(
    domains: Sequence[str] | None = None,
    *,
    client: str | None = None,
    feed: str | None = None,
    replay: str | None = None,
    office: Office | None = None,
    progress: Callable[[ScopeWork, Step | None], None] = lambda scope, step: None,
) -> tuple[Discovery, NightReport]:
    """The same night without Airflow: every scope by rank, its four steps in order, in this process.

    `progress` is told each step as it starts, and None when a scope is through.
    """
    office = office or open_office()
    domains = domains or sorted({c.domain for c in office.catalog.contracts.values()})
    brought = fetch(office, client, domains=domains)
    found = discover(domains, client=client, feed=feed, replay=replay, office=office)
    found.fetch = brought
    for scope in found.scopes:
        for step in Step:
            progress(scope, step)
            run_step(step, scope.delivery_ids, office=office)
        progress(scope, None)
    found.workbooks = [f"{m.client_id}/{m.path.name}" for m in make_workbooks(office, client)]
    due = note_expected(office, looked=found.looked_at, client=client, domains=domains, feed=feed)
    return found, replace(settle(found.delivery_ids, office=office), due=due)


def run_replay(target: str, *, office: Office | None = None) -> NightReport:
    """Judge again what a target means, at once: registered in one transaction, then run through the steps."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        ids = register_replays(office, conn, target)
        deliveries = [register.get(conn, delivery_id) for delivery_id in ids]
    run_deliveries(office, deliveries)
    return replace(settle(ids, office=office), broken=left_out(office, target))
