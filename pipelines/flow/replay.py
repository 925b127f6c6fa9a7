"""Replay: deliveries judged again from their archived originals, by the declarations of now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa

from pipelines.delivery import SETTLED, Delivery, State, Step
from pipelines.errors import DeclarationError
from pipelines.extract.discover import sha256_of
from pipelines.flow.arrivals import UNREAD
from pipelines.flow.office import Office
from pipelines.flow.step import run_step
from pipelines.warehouse import history, register

ACTOR = "replay"
TARGET = re.compile(r"(?P<delivery>\d+)|(?:(?P<client>[a-z][a-z0-9_]*)/)?(?P<feed>\w+\.\w+)|(?P<all>[a-z][a-z0-9_]*)")
"""`4711`, `ledgers.spend`, `acme`, `acme/ledgers.spend`."""


@dataclass(frozen=True)
class Target:
    """What to judge again: one delivery, or what speaks of a feed, of a client, or of a feed of a client."""

    delivery_id: int | None = None
    client: str | None = None
    feed: str | None = None

    @classmethod
    def of(cls, text: str, office: Office) -> Target:
        """Understand a target; raises DeclarationError for a feed or client that nobody declares."""
        found = TARGET.fullmatch(text.strip())
        if found and found["delivery"]:
            return cls(delivery_id=int(found["delivery"]))
        client, feed = (found["client"] or found["all"], found["feed"]) if found else (None, None)
        office.catalog.refuse_broken(client)
        known = (client is None or client in office.catalog.profiles) and (
            feed is None or feed in office.catalog.contracts
        )
        if not found or not known:
            raise DeclarationError(
                "nothing to replay by that name",
                got=repr(text),
                expected="a delivery number, a feed, a client id, or client/feed",
                next_step="list the deliveries with `python -m pipelines status`",
            )
        return cls(client=client, feed=feed)


def chosen(
    office: Office,
    conn: sa.Connection,
    target: str,
    *,
    domains: Sequence[str] | None = None,
    client: str | None = None,
    feed: str | None = None,
) -> list[Delivery]:
    """The deliveries that a target means, in the order to be judged.

    Of a feed or client: per scope in snapshot and period mode the newest that is loaded, held or failed, in delta mode
    each of them; `domains`, `client` and `feed` narrow it further. Raises DeclarationError for a delivery that cannot
    be judged again.
    """
    wanted = Target.of(target, office)
    if wanted.delivery_id is not None:
        return [_one(office, conn, register.get(conn, wanted.delivery_id))]
    clash = {wanted.client, client} - {None}, {wanted.feed, feed} - {None}
    if any(len(names) > 1 for names in clash):
        raise DeclarationError(
            "the replay and the run do not mean the same",
            got=f"replay of {target}, run of {client or 'every client'} and {feed or 'every feed'}",
            next_step="leave the client and feed of the run empty, or name the same",
        )
    found = history.speaking(conn, wanted.client or client, wanted.feed or feed)
    if domains is not None:
        found = [d for d in found if d.feed.split(".")[0] in domains]
    return [d for d in _newest(office, conn, found) if d.sha256 != UNREAD]


def register_replays(
    office: Office,
    conn: sa.Connection,
    target: str,
    *,
    domains: Sequence[str] | None = None,
    client: str | None = None,
    feed: str | None = None,
) -> list[int]:
    """Register what a target means to be run again; a replay that is on its way already is not registered twice."""
    wanted = chosen(office, conn, target, domains=domains, client=client, feed=feed)
    return [register_one(office, conn, delivery).delivery_id for delivery in wanted]


def register_one(office: Office, conn: sa.Connection, old: Delivery) -> Delivery:
    """A failed delivery under its own id, any other as a new delivery of kind replay."""
    ref = office.ref(old)
    hash_now = office.catalog.declaration_hash(ref)
    for pending in history.replays_of(conn, old, pending=True):
        return pending if pending.declaration_hash == hash_now else again_under_id(office, conn, pending, actor=ACTOR)
    if old.state is State.FAILED:
        return again_under_id(office, conn, old, actor=ACTOR)
    again = register.copy_for_replay(
        conn,
        old,
        declaration_hash=hash_now,
        inputs=register.inputs(conn, old.delivery_id),
        declarations=office.declaration_texts(ref),
    )
    register.set_fields(conn, again, code_version=office.code_version)
    return again


def again_under_id(
    office: Office, conn: sa.Connection, old: Delivery, *, actor: str, why: str | None = None
) -> Delivery:
    """Start the next attempt of a delivery that is not loaded, by the declarations of now."""
    if old.state is not State.FAILED:
        old = register.move(conn, old, State.FAILED, actor=actor, message=why or "to be judged again")
    ref = office.ref(old)
    register.replace_declarations(conn, old, office.declaration_texts(ref))
    return register.move(
        conn,
        old,
        State.REGISTERED,
        actor=actor,
        message=why,
        verdict=None,
        declaration_hash=office.catalog.declaration_hash(ref),
        code_version=office.code_version,
    )


def require_archived(office: Office, conn: sa.Connection, delivery: Delivery) -> None:
    """Raise DeclarationError unless the originals of a delivery are in the archive, whole."""
    wanted = {delivery.file_name: delivery.sha256}
    wanted |= {item.path: item.sha256 for item in register.inputs(conn, delivery.delivery_id)}
    for path, sha256 in wanted.items():
        kept = office.settings.archive / sha256[:2] / sha256
        if not kept.is_file() or sha256_of(kept) != sha256:
            raise DeclarationError(
                "archived original is gone or damaged",
                where=str(kept),
                expected=f"the content of {path}",
                next_step="bring the archive back from its backup, unless an erasure deleted it (`erase list`)",
            )


def run_deliveries(office: Office, deliveries: Iterable[Delivery]) -> None:
    """The four steps for deliveries of any scopes, feeds that others refer to first."""
    ranks = office.catalog.ranks

    def source(d: Delivery) -> tuple[int, str, str, str]:
        return ranks.get(d.feed, 0), d.client_id, d.feed, d.source

    for _, group in groupby(sorted(deliveries, key=source), source):  # the sort keeps the order inside a source
        ids = [d.delivery_id for d in group]
        for step in Step:
            run_step(step, ids, office=office)


def left_out(office: Office, target: str) -> list[str]:
    """The broken profiles that a target would have come to: one of all clients comes to each."""
    wanted = Target.of(target, office)
    return office.catalog.faults() if wanted.client is None and wanted.delivery_id is None else []


def _newest(office: Office, conn: sa.Connection, found: Iterable[Delivery]) -> list[Delivery]:
    """Per scope what a replay of all of it judges again. Sources that nobody declares any more are left alone, and
    clients whose profile is broken: whoever asked is told."""
    scopes: dict[register.Scope, list[Delivery]] = {}
    for delivery in found:
        scopes.setdefault(history.registered_scope(conn, delivery), []).append(delivery)
    out: list[Delivery] = []
    for scope, deliveries in scopes.items():
        profile = office.catalog.profiles.get(scope.client_id)
        ref = (
            next((s for s in profile.sources if (s.feed, s.name) == (scope.feed, scope.source)), None)
            if profile
            else None
        )
        if ref is not None:
            out += deliveries if ref.source.mode == "delta" else deliveries[-1:]
    return out


def _one(office: Office, conn: sa.Connection, old: Delivery) -> Delivery:
    """The delivery itself, or the replay that speaks for it by now; refuses what a replay would make worse."""
    if old.sha256 == UNREAD:
        raise DeclarationError(
            f"nothing of delivery {old.delivery_id} was ever read",
            where=old.file_name,
            next_step="correct what its message says; the next night takes the file as a new delivery",
        )
    if old.is_correction:
        raise DeclarationError(
            f"delivery {old.delivery_id} is a correction, and corrections are not replayed on their own",
            next_step=f"replay delivery {old.corrects}: what was corrected stays corrected",
        )
    if old.state is State.SUPERSEDED:
        old = next(iter(history.replays_of(conn, old, pending=False)), old)
    if old.state not in SETTLED:
        raise DeclarationError(
            f"delivery {old.delivery_id} is still under way",
            got=f"state {old.state.value}",
            expected="a settled delivery",
            next_step="let it finish, then replay it",
        )
    newest = history.newest_loaded(conn, old)
    if (
        old.state not in (State.FAILED, State.HELD)
        and office.ref(old).source.mode != "delta"
        and newest is not None
        and newest.delivery_id != old.delivery_id
        and newest.place > old.place
    ):
        raise DeclarationError(
            f"delivery {old.delivery_id} is not the newest of its scope, and a replay would bring back what it said",
            got=f"delivery {newest.delivery_id} ({newest.file_name}) was received later and is loaded",
            next_step=f"replay delivery {newest.delivery_id}; or withdraw it first, if {old.delivery_id} is right",
        )
    return old


__all__ = [
    "Target",
    "again_under_id",
    "chosen",
    "left_out",
    "register_one",
    "register_replays",
    "require_archived",
    "run_deliveries",
]
