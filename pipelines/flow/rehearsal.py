"""Rehearsal: what a replay would change, found out by doing it and rolling it back.

Each delivery is registered, extracted, cleaned and judged by the very steps of a replay, in a folder of its own that is
deleted and in one transaction that is rolled back. Nothing is left of it but numbers taken from sequences.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from pipelines.delivery import Delivery, State
from pipelines.errors import KontorError, TransientError
from pipelines.flow.office import Office, open_office
from pipelines.flow.replay import chosen, left_out, require_archived
from pipelines.flow.work import clean_step, extract_step, validate_step
from pipelines.load.reconcile import totals
from pipelines.load.run import foresee
from pipelines.warehouse import register
from pipelines.warehouse.connection import Warehouse, passing_faults
from pipelines.warehouse.history_verdicts import Rows, Verdicts


@dataclass(frozen=True)
class Counted:
    """Rows of a delivery; null when it was never judged."""

    received: int | None
    accepted: int | None
    rejected: int | None

    @classmethod
    def of(cls, d: Delivery) -> Counted:
        """As the gate counted them."""
        if d.rows_received is None or d.rows_rejected is None:
            return cls(d.rows_received, None, None)
        return cls(d.rows_received, d.rows_received - d.rows_rejected - (d.rows_skipped or 0), d.rows_rejected)


@dataclass(frozen=True)
class AmountChange:
    """One money column in one currency: accepted before and after, and what changes sides with its row."""

    column: str
    currency: str
    accepted_before: Decimal = Decimal(0)
    accepted_after: Decimal = Decimal(0)
    newly_accepted: Decimal = Decimal(0)
    newly_rejected: Decimal = Decimal(0)


@dataclass(frozen=True)
class InCore:
    """What the load would do: versions written new or in place of another, rows that are current already, versions
    closed; rows that a later delivery has said otherwise; why it would be held instead."""

    new: int
    changed: int
    unchanged: int
    closed: int
    overtaken: int
    held_reason: str | None


@dataclass(frozen=True)
class Rehearsed:
    """What a replay of one delivery would change. `message_after` of a delivery that would fail says why."""

    delivery_id: int
    client_id: str
    feed: str
    source: str
    period: str | None
    file_name: str
    state_before: str
    state_after: str
    verdict_before: str | None
    verdict_after: str | None
    message_before: str | None
    message_after: str | None
    rows_before: Counted
    rows_after: Counted
    rows_newly_accepted: int = 0
    rows_newly_rejected: int = 0
    newly_accepted: list[Rows] = field(default_factory=list)
    newly_rejected: list[Rows] = field(default_factory=list)
    reasons_changed: list[Rows] = field(default_factory=list)
    amounts: list[AmountChange] = field(default_factory=list)
    in_core: InCore | None = None


@dataclass(frozen=True)
class Rehearsal:
    """What a replay of a target would change; `broken`: the profiles of clients that it would leave out."""

    target: str
    deliveries: list[Rehearsed]
    broken: list[str] = field(default_factory=list)

    @property
    def totals(self) -> dict[str, int]:
        """Over all deliveries."""
        core = [d.in_core for d in self.deliveries if d.in_core]
        return {
            "deliveries": len(self.deliveries),
            "verdict_changes": sum(d.verdict_before != d.verdict_after for d in self.deliveries),
            "would_fail": sum(d.state_after == State.FAILED for d in self.deliveries),
            "would_be_held": sum(d.state_after == State.HELD for d in self.deliveries),
            "rows_newly_accepted": sum(d.rows_newly_accepted for d in self.deliveries),
            "rows_newly_rejected": sum(d.rows_newly_rejected for d in self.deliveries),
            "new": sum(c.new for c in core),
            "changed": sum(c.changed for c in core),
            "unchanged": sum(c.unchanged for c in core),
            "closed": sum(c.closed for c in core),
            "overtaken": sum(c.overtaken for c in core),
        }

    @property
    def amounts(self) -> list[AmountChange]:
        """Over all deliveries, by column and currency."""
        found: dict[tuple[str, str], AmountChange] = {}
        for one in (a for d in self.deliveries for a in d.amounts):
            known = found.get((one.column, one.currency), AmountChange(one.column, one.currency))
            names = ("accepted_before", "accepted_after", "newly_accepted", "newly_rejected")
            sums = {name: getattr(known, name) + getattr(one, name) for name in names}
            found[one.column, one.currency] = AmountChange(one.column, one.currency, **sums)
        return [found[place] for place in sorted(found)]


def rehearse(
    target: str,
    *,
    domains: Sequence[str] | None = None,
    client: str | None = None,
    feed: str | None = None,
    office: Office | None = None,
) -> Rehearsal:
    """What a replay of the target would change, by the declarations of now; nothing is touched."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        wanted = chosen(office, conn, target, domains=domains, client=client, feed=feed)
    broken = left_out(office, target) if client is None else []
    return Rehearsal(target, [_rehearse(office, old) for old in wanted], broken)


class _OneTransaction(Warehouse):
    """A warehouse whose transactions are parts of one that will be rolled back."""

    def __init__(self, warehouse: Warehouse, conn: sa.Connection) -> None:
        super().__init__(warehouse.url, warehouse.application)
        self._conn = conn

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A part that is rolled back by itself when it fails."""
        with passing_faults(), self._conn.begin_nested():
            yield self._conn


@contextmanager
def _stage(office: Office) -> Iterator[tuple[Office, sa.Connection]]:
    """The office with a work folder that will be deleted, and a transaction that will be rolled back."""
    with (
        tempfile.TemporaryDirectory(prefix="kontor-rehearsal-") as folder,
        passing_faults(),
        office.warehouse.engine.connect() as conn,
    ):
        home = Path(folder)
        (home / "archive").symlink_to(office.settings.archive, target_is_directory=True)
        settings = replace(office.settings, home=home)
        with conn.begin() as whole:
            try:
                yield replace(office, settings=settings, warehouse=_OneTransaction(office.warehouse, conn)), conn
            finally:
                whole.rollback()


def _rehearse(office: Office, old: Delivery) -> Rehearsed:
    with _stage(office) as (stage, conn):
        try:
            require_archived(office, conn, old)
            new = register.copy_for_replay(
                conn,
                old,
                declaration_hash=office.catalog.declaration_hash(office.ref(old)),
                inputs=register.inputs(conn, old.delivery_id),
            )
            for step in (extract_step, clean_step, validate_step):
                new = step(stage, new)
        except TransientError:
            raise
        except KontorError as error:
            failed = replace(old, state=State.FAILED, verdict=None, message=str(error), rows_received=None)
            return _compared(old, failed)
        return _judged(stage, conn, old, new)


def _judged(stage: Office, conn: sa.Connection, old: Delivery, new: Delivery) -> Rehearsed:
    """Both judgements compared, and what the load would come to."""
    ref, contract = stage.ref(old), stage.contract(old.feed)
    verdicts = Verdicts(conn, old, new)
    accepted = totals(conn, contract, verdicts.now_accepted, verdicts.values, "w")
    before, after = _accepted(conn, old), _accepted(conn, new)
    gone, none = verdicts.amounts_newly_rejected(), Decimal(0)
    found = replace(
        _compared(old, new),
        rows_newly_accepted=accepted.rows,
        rows_newly_rejected=verdicts.rows_newly_rejected(),
        newly_accepted=verdicts.newly_accepted(),
        newly_rejected=verdicts.newly_rejected(),
        reasons_changed=verdicts.reasons_changed(),
        amounts=[
            AmountChange(
                *place,
                accepted_before=before.get(place, none),
                accepted_after=after.get(place, none),
                newly_accepted=accepted.amounts.get(place, none),
                newly_rejected=gone.get(place, none),
            )
            for place in sorted({*before, *after, *accepted.amounts, *gone})
            if contract.may_sum(place[0], 0)  # a few rows make the difference of two of these sums
        ],
    )
    foreseen = foresee(new, ref, contract, conn)
    core = InCore(
        foreseen.found.new, foreseen.found.changed, foreseen.found.unchanged, foreseen.closed, foreseen.overtaken,
        foreseen.held_reason,
    )  # fmt: skip
    if foreseen.held_reason and new.state is State.VALIDATED:
        found = replace(found, state_after=State.HELD.value, message_after=foreseen.held_reason)
    elif new.state is State.VALIDATED:
        found = replace(found, state_after=State.LOADED.value)
    return replace(found, in_core=core)


def _accepted(conn: sa.Connection, delivery: Delivery) -> dict[tuple[str, str], Decimal]:
    """(money column, currency) → what of it is loaded, unchanged or held."""
    known = register.amounts(conn, delivery)
    return {(a.column_name, a.currency): a.loaded + a.unchanged + a.held for a in known}


def _compared(old: Delivery, new: Delivery) -> Rehearsed:
    return Rehearsed(
        delivery_id=old.delivery_id,
        client_id=old.client_id,
        feed=old.feed,
        source=old.source,
        period=old.period,
        file_name=old.file_name,
        state_before=old.state.value,
        state_after=new.state.value,
        verdict_before=old.verdict and old.verdict.value,
        verdict_after=new.verdict and new.verdict.value,
        message_before=old.message,
        message_after=new.message,
        rows_before=Counted.of(old),
        rows_after=Counted.of(new),
    )
