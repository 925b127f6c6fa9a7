"""Decisions on rejects: load a row in spite of a rule, or accept that it is missing; both for a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pipelines.delivery import Delivery, Kind, Scope, State
from pipelines.errors import DeclarationError
from pipelines.flow.office import Office, open_office
from pipelines.flow.summary import stewards
from pipelines.reject import Cause, RejectState
from pipelines.rulebook import RuleBook
from pipelines.warehouse import decisions, register, waived_rows
from pipelines.warehouse.decisions import DecisionKind, Reason, Terms

LONGEST = timedelta(days=366)
"""No decision counts for longer: what is true of a row must be looked at again once a year."""
_LIST = "list the rejects with `python -m pipelines rejects list`"


@dataclass(frozen=True)
class Proviso:
    """Who decides and why, until the end of which day, up to which amount of the row (major units)."""

    person: str
    reason: str
    expires: date
    amount_limit: Decimal | None = None


@dataclass(frozen=True)
class Decided:
    """What a decision came to. `made`: decisions recorded now; `already`: reasons that were decided before.

    `correction`: the delivery that brings the waived rows `brings`; `still_out`: rules that keep a row out all the
    same.
    """

    kind: DecisionKind
    delivery_id: int
    made: list[int]
    rows: int
    already: int = 0
    correction: int | None = None
    brings: list[int] = field(default_factory=list)
    still_out: list[str] = field(default_factory=list)


def waive(
    delivery_id: int,
    row: int,
    proviso: Proviso,
    *,
    part: int | None = None,
    rule: str | None = None,
    office: Office | None = None,
) -> Decided:
    """Load a rejected row in spite of its rules, or of one of them.

    The decision counts at once for every later delivery of the scope that brings the row. When nothing else keeps the
    row out, a correction is registered that brings it from the archived original with the next run; its rejects are
    waived once that is loaded.
    """
    office = office or open_office()
    with office.warehouse.lease(delivery_id), office.warehouse.transaction() as conn:
        delivery = _decidable(register.get(conn, delivery_id), (State.LOADED,), "waived")
        terms = _terms(conn, office, delivery, DecisionKind.WAIVE, proviso)
        found = decisions.reasons(conn, delivery, office.contract(delivery.feed), row=row, part=part)
        found = _one_part(delivery, row, found)
        named = [r for r in found if rule in (None, r.rule_id)]
        new, already = _undecided(delivery, named, DecisionKind.WAIVE, f"row {row}", rule)
        book = RuleBook.of(office.catalog, delivery.feed, delivery.client_id)
        for reason in new:
            _check_waivable(delivery, reason, book)
        _check_limit(office, delivery, new, terms)
        made = decisions.decide(conn, delivery, terms, new)
        waived = {r.rule_id for r in named}
        out = [r.rule_id for r in found if r.state is RejectState.OPEN and r.rule_id not in waived and not r.waiver]
        bring = waived_rows.rows_to_load(conn, delivery, office.contract(delivery.feed))
        correction = _correct(conn, office, delivery, bring, terms.person) if bring else None
    return Decided(DecisionKind.WAIVE, delivery_id, made, int(bool(new)), already, correction, bring, out)


def write_off(
    delivery_id: int,
    proviso: Proviso,
    *,
    row: int | None = None,
    part: int | None = None,
    rule: str | None = None,
    everything: bool = False,
    office: Office | None = None,
) -> Decided:
    """Accept that rejected rows stay out: one row, the rows of one rule, or all of a delivery.

    The same rule on the same row in later deliveries of the scope is written off by itself until the decision
    expires; where the row has no readable key, the decision is for this delivery only. The rows stay rejected in
    the accounting.
    """
    office = office or open_office()
    if not everything and row is None and rule is None:
        raise DeclarationError(
            "nothing was named to be written off",
            expected="a row, a rule, or all rejects of the delivery",
            next_step="say --row N, --rule RULE or --all",
        )
    with office.warehouse.lease(delivery_id), office.warehouse.transaction() as conn:
        states = (State.LOADED, State.HELD, State.APPROVED)
        delivery = _decidable(register.get(conn, delivery_id), states, "written off")
        terms = _terms(conn, office, delivery, DecisionKind.WRITE_OFF, proviso)
        contract = office.contract(delivery.feed)
        named = decisions.reasons(conn, delivery, contract, row=row, part=part, rule=rule)
        what = "any row" if row is None else f"row {row}"
        new, already = _undecided(delivery, named, DecisionKind.WRITE_OFF, what, rule)
        _check_limit(office, delivery, new, terms)
        made = decisions.decide(conn, delivery, terms, new)
        decisions.close(conn, delivery, made)
    return Decided(DecisionKind.WRITE_OFF, delivery_id, made, len({r.address for r in new}), already)


def lapse(office: Office | None = None) -> int:
    """End the decisions whose time is over; what they closed is open again where nothing newer speaks for the row."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return decisions.lapse(conn)


# what may be decided ----------------------------------------------------------------------------------------


def _decidable(delivery: Delivery, states: Sequence[State], done: str) -> Delivery:
    if delivery.state in states:
        return delivery
    steps: dict[State, str] = {
        State.HELD: "approve or return the delivery first",
        State.SUPERSEDED: "decide on the rejects of the newer delivery of its scope",
        State.WITHDRAWN: "nothing: what it brought was taken out",
    }
    raise DeclarationError(
        f"rejects of delivery {delivery.delivery_id} cannot be {done}",
        got=f"state {delivery.state.value}",
        expected=" or ".join(s.value for s in states),
        next_step=steps.get(delivery.state, "let the delivery finish first"),
    )


def _terms(conn: sa.Connection, office: Office, delivery: Delivery, kind: DecisionKind, given: Proviso) -> Terms:
    """The checked terms; the last day counts whole, in the client's time zone."""
    where = f"delivery {delivery.delivery_id}"
    if given.person not in stewards(office, conn, delivery.client_id):
        raise DeclarationError(
            f"{given.person} may not decide for {delivery.client_id}",
            where=where,
            expected="a person whom the client's profile names under stewards",
            next_step="let a steward decide, or add the person under `stewards` in the profile",
        )
    if not given.reason.strip():
        raise DeclarationError("decision without a reason", where=where, next_step="say why with --reason")
    zone = ZoneInfo(office.profile(delivery.client_id).model.time_zone)
    today = datetime.now(zone).date()
    if not today <= given.expires <= today + LONGEST:
        raise DeclarationError(
            "a decision must end in time" if given.expires > today else "the decision would have expired already",
            where=where,
            got=given.expires.isoformat(),
            expected=f"a day from {today} to {today + LONGEST}",
            next_step="give another day with --expires",
        )
    if given.amount_limit is not None and given.amount_limit <= 0:
        raise DeclarationError(
            "amount limit is not above 0",
            where=where,
            got=format(given.amount_limit, "f"),
            next_step="give the largest amount of the row, without a sign, or leave --amount-limit out",
        )
    ends = datetime.combine(given.expires + timedelta(days=1), time(), zone)
    return Terms(kind, given.person, given.reason.strip(), ends, given.amount_limit)


def _one_part(delivery: Delivery, row: int, found: list[Reason]) -> list[Reason]:
    """The reasons of one row: a record that was unpivoted has several."""
    parts = sorted({r.row_part for r in found})
    if len(parts) <= 1:
        return found
    raise DeclarationError(
        f"row {row} has rejects in several parts",
        where=f"delivery {delivery.delivery_id}",
        got=f"parts {', '.join(map(str, parts))}",
        next_step="say which one with --part",
    )


def _undecided(
    delivery: Delivery, named: list[Reason], kind: DecisionKind, what: str, rule: str | None
) -> tuple[list[Reason], int]:
    """The open reasons without such a decision, and how many have one: deciding again changes nothing."""
    decided: Callable[[Reason], int | None] = (
        (lambda r: r.waiver) if kind is DecisionKind.WAIVE else (lambda r: r.write_off)
    )
    new = [r for r in named if r.state is RejectState.OPEN and not decided(r)]
    already = sum(1 for r in named if decided(r))
    if new or already:
        return new, already
    about = f"{what} of delivery {delivery.delivery_id}" + (f" by {rule}" if rule else "")
    if not named:
        raise DeclarationError(f"nothing keeps {about} out", expected="an open reject", next_step=_LIST)
    first = named[0]
    raise DeclarationError(
        f"no reject of {about} is open",
        got=f"{first.rule_id} is {first.state.value}" + (f" ({first.resolved_by})" if first.resolved_by else ""),
        expected="an open reject",
        next_step=_LIST,
    )


def _check_waivable(delivery: Delivery, reason: Reason, book: RuleBook) -> None:
    where = f"delivery {delivery.delivery_id}, row {reason.row_number}"
    if reason.key_hash is None:
        raise DeclarationError(
            "a row whose key cannot be read is never waived",
            where=where,
            got="no complete key",
            next_step="let the client correct the row, or write it off",
        )
    text = book.rule(reason.rule_id)
    if text.waivable:
        return
    why = {
        Cause.UNREADABLE: "what cannot be read cannot be loaded",
        Cause.UNKNOWN_CODE: "an unknown code means nothing",
        Cause.LAYOUT: "it is not a row",
        Cause.DUPLICATE: "two rows cannot be current under one key",
        Cause.IDENTITY: "amounts must add up to the cent",
        Cause.GROUP: "it stands or falls with the other rows of its group",
    }
    raise DeclarationError(
        f"{reason.rule_id} may not be waived: {why.get(text.cause, text.message('en'))}",
        where=where,
        expected="a rule that a row may break and still be loaded",
        next_step="let the client correct the row, or write it off",
    )


def _check_limit(office: Office, delivery: Delivery, new: list[Reason], terms: Terms) -> None:
    if terms.amount_limit is None or not new:
        return
    where = f"delivery {delivery.delivery_id}, row "
    if not office.contract(delivery.feed).money:
        raise DeclarationError(
            f"{delivery.feed} has no money column to limit",
            where=f"delivery {delivery.delivery_id}",
            next_step="leave --amount-limit out",
        )
    for reason in new:
        if reason.hidden:
            raise DeclarationError(
                "an amount of the row cannot be read, so nobody knows whether it is within the limit",
                where=f"{where}{reason.row_number}",
                next_step="leave --amount-limit out, or let the client correct the row",
            )
        if reason.largest > terms.amount_limit:
            raise DeclarationError(
                "the row's amount is above the limit of the decision",
                where=f"{where}{reason.row_number}",
                got=format(reason.largest, "f"),
                expected=f"at most {terms.amount_limit:f}",
                next_step="raise --amount-limit if the reason holds for this amount, too",
            )


# loading what is waived -------------------------------------------------------------------------------------


def _correct(conn: sa.Connection, office: Office, original: Delivery, rows: Sequence[int], person: str) -> int:
    """Register the correction that brings waived rows of the archived original. It keeps the original's place in the
    order of the scope, so that it is never loaded over a newer delivery."""
    ref = office.ref(original)
    period = register.scope_of(original, ref).period
    correction = register.add_delivery(
        conn,
        register.NewDelivery(
            scope=Scope(original.client_id, original.feed, original.source, period),
            period=original.period,
            kind=Kind.CORRECTION,
            file_name=original.file_name,
            sha256=original.sha256,
            size=original.size,
            received_at=original.received_at,
            inputs_hash=original.inputs_hash,
            declaration_hash=office.catalog.declaration_hash(ref),
            file_groups=register.file_groups(conn, original.delivery_id),
            message=f"brings {office.contract(original.feed).rows(len(rows))}, waived",
            inputs=register.inputs(conn, original.delivery_id),
            declarations=office.declaration_texts(ref),
            corrects=original.delivery_id,
            submitted_by=person,
            code_version=office.code_version,
        ),
    )
    language = office.profile(original.client_id).language
    waived_rows.hand_in(conn, original, correction, rows, language)
    return correction.delivery_id
