"""A steward says whether two customers are one: the pairs that wait, the decision, the way back.

The same checks for everybody, whether the answer comes from the command line, from the page or from a workbook. A
decision is recorded first and comes into effect at once; what it came to is told.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.errors import KontorError
from pipelines.flow.office import Office, open_office
from pipelines.flow.release import LEAST_REASON, DecisionRefused
from pipelines.flow.summary import stewards
from pipelines.warehouse import audit, matches, reviews
from pipelines.warehouse.matches import Customer, Decision, MatchedPair, Verdict

log = logging.getLogger("kontor")

FEED = "clients.customers"
_NOT_SHOWN = frozenset({"customer_id", "annual_sales_amount", "annual_sales_currency", "employee_count"})
"""Columns that tell nobody who somebody is."""


@dataclass(frozen=True)
class Decided:
    """A decision, whether it is a new one, and what the pair is now: `joined` or `apart`; `refused` or `kept` when it
    is not as was said; `recorded` when that is only known after the next matching."""

    decision: Decision
    new: bool
    outcome: str

    @property
    def said(self) -> str:
        """One sentence, for people."""
        one = self.decision
        done = "" if self.new else ", as decided before"
        ends = {
            "joined": "they are one golden record",
            "apart": "they are two golden records",
            "refused": "they stay two golden records: the profile, or a decision on others, keeps them apart",
            "kept": "they stay one golden record: other pairs join them; say `different` of those, too",
            "recorded": "it comes into effect with the next matching",
        }
        said = f"decision {one.decision_id}: {one.left} and {one.right} are {one.verdict.value}{done}"
        return f"{said}; {ends[self.outcome]}"


def columns_shown(contract: Contract) -> list[str]:
    """The columns of the customer master by which people tell customers apart, in the order of the contract."""
    return [c.name for c in contract.columns if c.name not in _NOT_SHOWN]


def waiting(client_id: str, *, office: Office | None = None, limit: int | None = None) -> list[MatchedPair]:
    """The pairs of a client that wait for a steward, the most probable first."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return waiting_in(office, conn, client_id, limit=limit)


def waiting_in(office: Office, conn: sa.Connection, client_id: str, *, limit: int | None = None) -> list[MatchedPair]:
    """The same within a transaction. A pair with a decision waits no more, though it may not be in effect yet; nor
    does one of which a customer has left since."""
    columns = columns_shown(office.contract(FEED))
    decided = {(d.left, d.right) for d in matches.decisions_of(conn, client_id)}
    found = matches.waiting_pairs(conn, client_id, columns)
    open_ = [p for p in found if (p.left, p.right) not in decided and p.left_hash and p.right_hash]
    return open_[:limit]


def decide(
    client_id: str, one: Customer, other: Customer, verdict: Verdict, *, person: str, reason: str,
    seen: tuple[str, str] | None = None, office: Office | None = None,
) -> Decided:  # fmt: skip
    """Say that two customers are one, or that they are not, whatever the score says; saying it again changes nothing.

    `seen`: the hashes of both versions that the person saw, left and right; a decision on others counts for nothing.
    """
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        check_person(office, conn, client_id, person)
        check_reason(reason)
        decision, new = decide_in(conn, client_id, one, other, verdict, person=person, reason=reason, seen=seen)
        if new:
            told(conn, person, "decide on customers", client_id, [decision])
    return Decided(decision, new, _outcome(office, client_id, decision, new))


def undo(client_id: str, decision_id: int, *, person: str, reason: str, office: Office | None = None) -> Decision:
    """Take a decision back: what was said before, else what the matching finds, counts again."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        check_person(office, conn, client_id, person)
        check_reason(reason)
        revoked = matches.revoke_decision(conn, client_id, decision_id, person=person, reason=reason.strip())
        told(conn, person, "undo decision on customers", client_id, [revoked])
    bring_into_effect(office, client_id)
    return revoked


def decisions(client_id: str, *, revoked: bool = True, office: Office | None = None) -> list[Decision]:
    """What was decided for a client, the newest first."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return matches.decisions_of(conn, client_id, revoked=revoked)


def clients_with_pairs(client: str | None = None, *, office: Office | None = None) -> list[str]:
    """The clients that have a profile and a pair that waits."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return [c for c in reviews.with_pairs(conn, client) if c in office.catalog.profiles]


def clients_of(person: str, *, office: Office | None = None) -> dict[str, int]:
    """The clients whose steward somebody is, each with the number of pairs that wait."""
    office = office or open_office()
    out = {}
    with office.warehouse.transaction() as conn:
        for client_id, profile in sorted(office.catalog.profiles.items()):
            if any(ref.feed == FEED for ref in profile.sources) and person in stewards(office, conn, client_id):
                out[client_id] = len(waiting_in(office, conn, client_id))
    return out


# -- within a transaction ------------------------------------------------------------------------------


def decide_in(
    conn: sa.Connection, client_id: str, one: Customer, other: Customer, verdict: Verdict, *, person: str, reason: str,
    seen: tuple[str, str] | None = None,
) -> tuple[Decision, bool]:  # fmt: skip
    """Record a decision that stands every check; the one that says so already, and False, when there is one."""
    conn.execute(sa.text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"decide {client_id}"})
    left, right = matches.in_order(one, other)
    _check_current(conn, client_id, left, right, seen)
    standing = counting(matches.decisions_of(conn, client_id))
    known = next((d for d in standing if (d.left, d.right) == (left, right)), None)
    if known is not None and known.verdict == verdict:
        return known, False
    others = [d for d in standing if d is not known]
    against = contradicted(others, left, right, verdict)
    if against:
        raise DecisionRefused(
            f"{left} and {right} cannot be {verdict.value}",
            got="decisions that say otherwise: "
            + "; ".join(f"{d.decision_id}, {d.left} and {d.right} {d.verdict.value}, by {d.person}" for d in against),
            expected="decisions that can all be true",
            next_step="take one of them back first: python -m pipelines matches undo DECISION",
        )
    made = matches.record_decision(conn, client_id, left, right, verdict, person=person, reason=reason.strip())
    return made, True


def counting(decisions: Iterable[Decision]) -> list[Decision]:
    """Of decisions, the newest first, those that count: one for each pair."""
    newest: dict[tuple[Customer, Customer], Decision] = {}
    for one in decisions:
        newest.setdefault((one.left, one.right), one)
    return list(newest.values())


def contradicted(decisions: Sequence[Decision], left: Customer, right: Customer, verdict: Verdict) -> list[Decision]:
    """The decisions that a new one cannot be true together with; none when it can.

    `same` is handed on: who is one with the first and who is one with the second are all one. So `different` is
    against a chain of `same` between the two, and `same` against a `different` between the two groups it would join.
    """
    chains = {side: _chains(decisions, side) for side in (left, right)}
    if verdict is Verdict.DIFFERENT:
        return chains[left].get(right, [])
    if right in chains[left]:
        return []
    for one in decisions:
        if one.verdict is Verdict.DIFFERENT:
            for here, there in ((one.left, one.right), (one.right, one.left)):
                if here in chains[left] and there in chains[right]:
                    return [one, *chains[left][here], *chains[right][there]]
    return []


def _chains(decisions: Sequence[Decision], start: Customer) -> dict[Customer, list[Decision]]:
    """Everybody that decisions make one with a customer → the shortest chain of decisions to it."""
    beside: dict[Customer, list[tuple[Customer, Decision]]] = {}
    for one in decisions:
        if one.verdict is Verdict.SAME:
            beside.setdefault(one.left, []).append((one.right, one))
            beside.setdefault(one.right, []).append((one.left, one))
    found: dict[Customer, list[Decision]] = {start: []}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for there, by in beside.get(here, ()):
            if there not in found:
                found[there] = [*found[here], by]
                queue.append(there)
    return found


def check_person(office: Office, conn: sa.Connection, client_id: str, person: str) -> None:
    """Only stewards of the client decide."""
    named = stewards(office, conn, client_id)
    if person not in named:
        raise DecisionRefused(
            f"{person or 'nobody'} may not decide on customers of {client_id}",
            got="somebody who is no steward of the client",
            expected=f"one of: {', '.join(named) or 'nobody is named'}",
            next_step=f"a steward decides; `stewards` in the profile of {client_id} names them",
        )


def check_reason(reason: str) -> None:
    """Whoever reads the decision later shall know why."""
    if len(reason.strip()) < LEAST_REASON:
        raise DecisionRefused(
            "no decision on customers without a reason",
            got="no reason" if not reason.strip() else "a reason too short to tell anybody anything",
            expected=f"at least {LEAST_REASON} letters: why they are one, or not",
            next_step="decide again, with a reason",
        )


def _check_current(
    conn: sa.Connection, client_id: str, left: Customer, right: Customer, seen: tuple[str, str] | None
) -> None:
    now = [reviews.current_hash(conn, client_id, side) for side in (left, right)]
    for side, hash_ in zip((left, right), now, strict=True):
        if hash_ is None:
            raise DecisionRefused(
                f"{side} is no customer of {client_id}",
                got="a number that no source has, or has no more",
                next_step="name customers as SOURCE/NUMBER, as `python -m pipelines matches list` does",
            )
    if seen is not None and tuple(now) != seen:
        raise DecisionRefused(
            f"{left} and {right} have changed since they were shown",
            got="other versions of the customers",
            next_step="look at them again, decide anew",
        )


def told(
    conn: sa.Connection, person: str, action: str, client_id: str, made: Sequence[Decision], **more: object
) -> None:
    """An entry in the audit log: which decisions, not what the customers look like."""
    lines = [
        {"decision": d.decision_id, "left": str(d.left), "right": str(d.right), "verdict": d.verdict.value}
        for d in made
    ]
    audit.record(conn, actor=person, action=action, detail={"client": client_id, **more, "decisions": lines})


# -- what comes of it ----------------------------------------------------------------------------------


def bring_into_effect(office: Office, client_id: str) -> bool:
    """Join and part at once what decisions say; a fault there leaves it to the next matching, the decision stands."""
    from pipelines.flow.matching import apply_decisions

    try:
        apply_decisions(client_id, office=office)
    except KontorError as error:
        log.error("decisions on customers of %s come into effect with the next matching: %s", client_id, error)
        return False
    return True


def _outcome(office: Office, client_id: str, decision: Decision, new: bool) -> str:
    if new and not bring_into_effect(office, client_id):
        return "recorded"
    with office.warehouse.transaction() as conn:
        now = [reviews.golden_id_of(conn, client_id, side) for side in (decision.left, decision.right)]
    if None in now:
        return "recorded"
    one = now[0] == now[1]
    return ("joined" if one else "refused") if decision.verdict is Verdict.SAME else ("kept" if one else "apart")
