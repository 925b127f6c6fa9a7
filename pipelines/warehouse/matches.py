"""Who is who among a client's customers: pairs that wait for a steward, and what stewards have said of pairs.

A customer is (source, customer_id) of a client. The two of a pair are always in one order, so that a pair is one row
whoever names it. What a decision comes to is the matter of `flow/matching.py`, which compares and joins customers.
"""

# ruff: noqa: S608 (names of columns come from checked contracts or are ours; values are always bound)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from pipelines.errors import DeclarationError

CUSTOMERS = "core.clients_customers"
MATCHES = "core.clients_matches"
MEMBERS = "core.clients_golden_members"


class Customer(NamedTuple):
    """A customer of a client, by the number it has in one source."""

    source: str
    customer_id: str

    def __str__(self) -> str:
        return f"{self.source}/{self.customer_id}"


class Verdict(StrEnum):
    """What a steward says of two customers."""

    SAME = "same"
    DIFFERENT = "different"


@dataclass(frozen=True)
class MatchedPair:
    """Two customers that may be one, what was made of it, and both as they are in core now.

    `left_row`, `right_row`: column → value, empty when the customer is not current any more; `…_hash`: that of the
    version in core (null then), by which a list tells later whether what it showed still stands. `decision_id`: the
    decision of a steward that counts for this very pair.
    """

    client_id: str
    left: Customer
    right: Customer
    verdict: str
    decided_by: str
    probability: float | None
    reasons: Sequence[Mapping[str, Any]]
    decision_id: int | None
    found_at: datetime
    left_golden_id: str | None
    right_golden_id: str | None
    left_hash: str | None
    right_hash: str | None
    left_row: Mapping[str, Any]
    right_row: Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """One line of `matching.decision`. It counts unless it is revoked or a newer one is about the same pair."""

    decision_id: int
    client_id: str
    left_source: str
    left_customer_id: str
    right_source: str
    right_customer_id: str
    verdict: Verdict
    person: str
    reason: str
    decided_at: datetime
    applied_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_reason: str | None

    @property
    def left(self) -> Customer:
        """The first of the two."""
        return Customer(self.left_source, self.left_customer_id)

    @property
    def right(self) -> Customer:
        """The second of the two."""
        return Customer(self.right_source, self.right_customer_id)


_DECISION = ", ".join(f.name for f in fields(Decision))


def in_order(one: Customer, other: Customer) -> tuple[Customer, Customer]:
    """The two of a pair as tables name them: by source, then by number, byte by byte."""
    first, second = sorted((one, other), key=lambda c: (c.source.encode(), c.customer_id.encode()))
    return first, second


# pairs ------------------------------------------------------------------------------------------------------


def waiting_pairs(
    conn: sa.Connection, client_id: str, columns: Sequence[str], *, limit: int | None = None
) -> list[MatchedPair]:
    """The pairs of a client that wait for a steward, the most probable first, with these columns of both customers."""
    order = (
        'order by p.probability desc nulls last, p.left_source collate "C", p.left_customer_id collate "C", '
        'p.right_source collate "C", p.right_customer_id collate "C" limit :limit'
    )
    return _pairs(conn, client_id, columns, f"and p.verdict = 'review' {order}", {"limit": limit})


def matched_pair(
    conn: sa.Connection, client_id: str, one: Customer, other: Customer, columns: Sequence[str]
) -> MatchedPair | None:
    """What is known now of two customers as a pair; None when they were never found alike."""
    left, right = in_order(one, other)
    where = (
        "and (p.left_source, p.left_customer_id, p.right_source, p.right_customer_id) "
        "= (:left_source, :left_id, :right_source, :right_id)"
    )
    values = {
        "left_source": left.source,
        "left_id": left.customer_id,
        "right_source": right.source,
        "right_id": right.customer_id,
    }
    found = _pairs(conn, client_id, columns, where, values)
    return found[0] if found else None


def pairs_of(conn: sa.Connection, client_id: str, one: Customer, columns: Sequence[str]) -> list[MatchedPair]:
    """Every pair that names a customer, the most probable first."""
    where = (
        "and ((p.left_source, p.left_customer_id) = (:source, :id) "
        "or (p.right_source, p.right_customer_id) = (:source, :id)) order by p.probability desc nulls last"
    )
    return _pairs(conn, client_id, columns, where, {"source": one.source, "id": one.customer_id})


def _pairs(
    conn: sa.Connection, client_id: str, columns: Sequence[str], where: str, values: Mapping[str, Any]
) -> list[MatchedPair]:
    sides = ("left", "right")
    shown = [f'{side}_now."{column}" as {side}_{at}' for side in sides for at, column in enumerate(columns)]
    joins = " ".join(
        f"left join {CUSTOMERS} {side}_now on (p.client_id, p.{side}_source, p.{side}_customer_id) "
        f"= ({side}_now.client_id, {side}_now._source, {side}_now.customer_id) and {side}_now._known_to is null "
        f"left join {MEMBERS} {side}_in on (p.client_id, p.{side}_source, p.{side}_customer_id) "
        f"= ({side}_in.client_id, {side}_in.source, {side}_in.customer_id) and {side}_in._known_to is null"
        for side in sides
    )
    picked = ", ".join(
        [
            "p.client_id, p.left_source, p.left_customer_id, p.right_source, p.right_customer_id, p.verdict",
            "p.decided_by, p.probability, p.reasons, p.decision_id, p._known_from as found_at",
            "left_in.golden_id as left_golden_id, right_in.golden_id as right_golden_id",
            "left_now._row_hash::text as left_hash, right_now._row_hash::text as right_hash",
            *shown,
        ]
    )
    query = f"select {picked} from {MATCHES} p {joins} where p.client_id = :client and p._known_to is null {where}"
    found = []
    for row in conn.execute(sa.text(query), {"client": client_id, **values}).mappings():
        both = {side: {c: row[f"{side}_{at}"] for at, c in enumerate(columns)} for side in sides}
        found.append(
            MatchedPair(
                client_id=row["client_id"],
                left=Customer(row["left_source"], row["left_customer_id"]),
                right=Customer(row["right_source"], row["right_customer_id"]),
                verdict=row["verdict"],
                decided_by=row["decided_by"],
                probability=row["probability"],
                reasons=row["reasons"],
                decision_id=row["decision_id"],
                found_at=row["found_at"],
                left_golden_id=row["left_golden_id"],
                right_golden_id=row["right_golden_id"],
                left_hash=row["left_hash"],
                right_hash=row["right_hash"],
                left_row=both["left"] if row["left_hash"] else {},
                right_row=both["right"] if row["right_hash"] else {},
            )
        )
    return found


@dataclass(frozen=True)
class Member:
    """A customer in a golden record."""

    customer: Customer
    golden_id: str
    linked_by: str


def members_with(conn: sa.Connection, client_id: str, one: Customer) -> list[Member]:
    """Who is one with a customer, itself first; empty when it was never matched or is not current."""
    query = (
        f"select o.source, o.customer_id, o.golden_id, o.linked_by from {MEMBERS} m join {MEMBERS} o "
        "on (o.client_id, o.golden_id) = (m.client_id, m.golden_id) and o._known_to is null "
        "where (m.client_id, m.source, m.customer_id) = (:client, :source, :id) and m._known_to is null "
        "order by (o.source, o.customer_id) <> (m.source, m.customer_id), o.source, o.customer_id"
    )
    values = {"client": client_id, "source": one.source, "id": one.customer_id}
    return [Member(Customer(s, c), g, by) for s, c, g, by in conn.execute(sa.text(query), values).tuples()]


def counts(conn: sa.Connection, client_id: str) -> dict[str, Any]:
    """Customers, golden records, customers joined with another, pairs that wait and are kept apart; the model."""
    query = (
        "with sizes as (select count(*) as size from core.clients_golden_members where client_id = :client "
        "and _known_to is null group by golden_id), said as (select verdict, count(*) as pairs from "
        "core.clients_matches where client_id = :client and _known_to is null group by verdict) "
        "select coalesce(sum(size), 0)::bigint as customers, count(*) as golden, "
        "coalesce(sum(size) filter (where size > 1), 0)::bigint as joined, "
        "coalesce((select pairs from said where verdict = 'review'), 0) as waiting, "
        "coalesce((select pairs from said where verdict = 'apart'), 0) as apart, "
        "(select model_id from matching.model where client_id = :client and retired_at is null) as model_id from sizes"
    )
    return dict(conn.execute(sa.text(query), {"client": client_id}).mappings().one())


# decisions --------------------------------------------------------------------------------------------------


def record_decision(
    conn: sa.Connection,
    client_id: str,
    one: Customer,
    other: Customer,
    verdict: Verdict,
    *,
    person: str,
    reason: str,
) -> Decision:
    """Keep what a steward says of two customers; it takes the place of what was said of them before.

    It comes into effect by `flow.matching.apply_decisions`, at the latest in the next night.
    """
    if one == other:
        raise DeclarationError(
            "a decision is about two customers",
            got=f"{one} twice",
            next_step="name the customer it is to be joined with, or kept apart from",
        )
    left, right = in_order(one, other)
    row = conn.execute(
        sa.text(
            "insert into matching.decision (client_id, left_source, left_customer_id, right_source, "
            "right_customer_id, verdict, person, reason) values (:client, :left_source, :left_id, :right_source, "
            f":right_id, :verdict, :person, :reason) returning {_DECISION}"
        ),
        {
            "client": client_id,
            "left_source": left.source,
            "left_id": left.customer_id,
            "right_source": right.source,
            "right_id": right.customer_id,
            "verdict": verdict.value,
            "person": person,
            "reason": reason,
        },
    ).one()
    return _decision(row)


def revoke_decision(conn: sa.Connection, client_id: str, decision_id: int, *, person: str, reason: str) -> Decision:
    """Take a decision back: what was said of the pair before it counts again, else what the matching finds."""
    row = conn.execute(
        sa.text(
            "update matching.decision set revoked_at = clock_timestamp(), revoked_by = :person, "
            "revoked_reason = :reason, applied_at = null where decision_id = :id and client_id = :client "
            f"and revoked_at is null returning {_DECISION}"
        ),
        {"id": decision_id, "client": client_id, "person": person, "reason": reason},
    ).one_or_none()
    if row is None:
        raise DeclarationError(
            f"decision {decision_id} of {client_id} is not there to be taken back",
            got="no such decision of this client, or it was revoked before",
            next_step="look at the list of decisions for its number",
        )
    return _decision(row)


def decisions_of(conn: sa.Connection, client_id: str, *, revoked: bool = False) -> list[Decision]:
    """The decisions of a client, the newest first; also those that were taken back when asked for."""
    query = (
        f"select {_DECISION} from matching.decision where client_id = :client and (revoked_at is null or :revoked) "
        "order by decision_id desc"
    )
    return [_decision(row) for row in conn.execute(sa.text(query), {"client": client_id, "revoked": revoked})]


def _decision(row: sa.Row[Any]) -> Decision:
    values = dict(row._mapping)
    return Decision(**{**values, "verdict": Verdict(values["verdict"])})
