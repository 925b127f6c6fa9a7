"""Load: publish a validated or approved delivery into core, in the caller's transaction, and account for every row.

Modes: a snapshot closes the current rows of its scope that it does not name, a period those of its period; a delta and
a correction close nothing they do not replace. A key on a rejected row counts as named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery, Kind, State
from pipelines.errors import LoadError
from pipelines.load.publish import Comparison, Publication, Work, WorkLost, count_work
from pipelines.load.reconcile import Parts, Totals, check, quarantined, read_work
from pipelines.profile import SourceRef
from pipelines.warehouse import ddl, quarantine_store, register
from pipelines.warehouse.connection import scope_lock


@dataclass(frozen=True)
class LoadResult:
    """What a load did. With `held_reason` it wrote nothing, and the delivery must be held."""

    rows_received: int = 0
    rows_loaded: int = 0
    rows_unchanged: int = 0
    rows_rejected: int = 0
    rows_skipped: int = 0
    rows_held: int = 0
    rows_closed: int = 0
    known_from: datetime | None = None
    held_reason: str | None = None

    @classmethod
    def of(cls, parts: Parts, *, closed: int = 0, known_from: datetime | None = None) -> LoadResult:
        """The result with these parts, which `check` has found to balance."""
        return cls(
            rows_received=parts.rows,
            rows_loaded=parts.loaded.rows,
            rows_unchanged=parts.unchanged.rows,
            rows_rejected=parts.rejected.rows,
            rows_skipped=parts.skipped.rows,
            rows_held=parts.held.rows,
            rows_closed=closed,
            known_from=known_from,
        )

    @property
    def fields(self) -> dict[str, Any]:
        """The columns of `ops.delivery` that the caller writes together with the move to `loaded`."""
        counts = ("rows_loaded", "rows_unchanged", "rows_rejected", "rows_skipped", "rows_held", "rows_closed")
        return {**{name: getattr(self, name) for name in counts}, "published_at": self.known_from}


@dataclass(frozen=True)
class Foresight:
    """What a load comes to on core as it is now. `overtaken` rows of a replay are skipped: a newer word stays."""

    publication: Publication
    found: Comparison
    closes: bool
    overtaken: int = 0
    held_reason: str | None = None

    @property
    def closed(self) -> int:
        """Versions closed without a successor."""
        return self.found.missing if self.closes else 0


def foresee(
    delivery: Delivery, ref: SourceRef, contract: Contract, conn: sa.Connection, work: Work | None = None
) -> Foresight:
    """Compare a delivery's work table with core; writes nothing but the fate of overtaken rows in the work table."""
    closes = ref.source.mode != "delta" and not delivery.is_correction
    publication = Publication(conn, delivery, contract, register.scope_of(delivery, ref), whole=closes)
    work = work or count_work(conn, delivery, contract)
    found = publication.compare(work, shared_keys=ref.shared_keys)
    if reason := _hold(delivery, ref, found, conn):
        return Foresight(publication, found, closes, held_reason=reason)
    left = publication.set_aside_overtaken(found) if delivery.kind is Kind.REPLAY else found
    return Foresight(publication, left, closes and not left.unreadable_keys, found.accepted - left.accepted)


def load(delivery: Delivery, ref: SourceRef, contract: Contract, conn: sa.Connection) -> LoadResult:
    """Publish the accepted rows of the delivery's work table; the move to `loaded` is the caller's, in `conn` too.

    Under the scope's lock it judges again what depends on core's current rows, and returns `held_reason` instead of
    publishing when the closed share is too large, a rejected row hides its key, a key is current in another source
    that shares keys, or the approval was given for something else. Raises LoadError, which rolls everything back,
    when the accounting does not balance.
    """
    work = _require_work(delivery, contract, conn)
    scope = register.scope_of(delivery, ref)
    if ref.source.mode == "period" and not scope.period:
        raise LoadError(
            "delivery without a period in period mode",
            where=f"delivery {delivery.delivery_id}",
            next_step="correct the file pattern of the source so that it names the period, then replay",
        )
    if ref.shared_keys:
        scope_lock(conn, scope, whole_feed=True)
    scope_lock(conn, scope)
    foreseen = foresee(delivery, ref, contract, conn, work)
    if foreseen.held_reason:
        return LoadResult(rows_received=work.rows, held_reason=foreseen.held_reason)
    publication = foreseen.publication
    at = publication.moment()
    publication.write(foreseen.found, at, closes=foreseen.closes)
    loaded, unchanged = publication.read_back(at, closes=foreseen.closes)
    skips = work.skipped or foreseen.overtaken
    parts = Parts(
        loaded=loaded,
        unchanged=unchanged,
        rejected=quarantined(conn, delivery),
        skipped=read_work(conn, delivery, contract, ["skipped"])["skipped"] if skips else Totals(),
    )
    register.write_amounts(conn, delivery, check(conn, delivery, parts))
    publication.finish(parts.loaded.rows)
    quarantine_store.close_after_load(conn, delivery, contract, mode=ref.source.mode)
    ddl.drop_work_table(conn, delivery)
    return LoadResult.of(parts, closed=foreseen.closed, known_from=at)


def hold_accounting(delivery: Delivery, contract: Contract, conn: sa.Connection) -> LoadResult:
    """Account for a delivery that is held: its accepted rows and their amounts count as held.

    Writes counts and amounts; the work table stays, for the approval. Raises LoadError when the accounting does not
    balance.
    """
    _require_work(delivery, contract, conn)
    found = read_work(conn, delivery, contract, ["skipped", None])
    parts = Parts(rejected=quarantined(conn, delivery), skipped=found["skipped"], held=found[None])
    register.write_amounts(conn, delivery, check(conn, delivery, parts))
    result = LoadResult.of(parts)
    register.set_fields(conn, delivery, **result.fields)
    return result


def _require_work(delivery: Delivery, contract: Contract, conn: sa.Connection) -> Work:
    """What the work table holds; raises WorkLost when it is not exactly the rows received."""
    there = ddl.work_table_exists(conn, delivery)
    work = count_work(conn, delivery, contract) if there else Work(0, 0, 0, 0, 0, 0)
    if delivery.rows_received is None or work.rows != delivery.rows_received:
        raise WorkLost(
            "work table is not whole, nothing was published",
            where=delivery.work_table,
            got=f"{work.rows} rows",
            expected=f"{delivery.rows_received} rows, as the gate counted",
            next_step=f"replay delivery {delivery.delivery_id}: its work table is built again from the archive",
        )
    return work


def _hold(delivery: Delivery, ref: SourceRef, found: Comparison, conn: sa.Connection) -> str | None:
    """Why the delivery must be held, judged on core as it is now; an approved one only if the approval misses it."""
    if found.elsewhere:
        return (
            f"{found.elsewhere} keys are current in another source of the client, and its sources share keys; "
            "got the same key from two sources, expected each key from one. client to act: deliver a key in one source "
            "only; approval alone does not load it"
        )
    if delivery.state is State.APPROVED:
        return _approval_misses(delivery, conn)
    if found.unreadable_keys and found.current:
        return (
            f"{found.unreadable_keys} rejected rows do not tell their key, so nobody knows which rows are missing. "
            "us to act: return the delivery, or approve it: then no missing row is closed"
        )
    limit = ref.source.max_closed_pct
    if found.missing * 100 > limit * found.current:
        share = 100 * found.missing / found.current
        return (
            f"would close {found.missing} of {found.current} current rows ({share:.1f}%); expected at most {limit}%. "
            "us to act: ask the client whether the file is complete, then approve or return the delivery"
        )
    return None


def _approval_misses(delivery: Delivery, conn: sa.Connection) -> str | None:
    approval = register.newest_approval(conn, delivery)
    content = register.content_hash(conn, delivery)
    now = register.approval_hash(content, delivery.verdict, delivery.declaration_hash)
    if approval and approval.decision == "approve" and approval.hash == now:
        return None
    return (
        "rows, verdict or declarations are not those that were approved. "
        "us to act: look at the delivery again and decide anew"
    )


__all__ = ["Foresight", "LoadResult", "WorkLost", "foresee", "hold_accounting", "load"]
