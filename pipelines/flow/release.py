"""A steward decides on a held delivery: approve it as it is, or return it to the client.

The same checks for everybody, whether the answer comes from the command line or from Airflow; there the question is
recorded first (`ask`), then the first answer to it (`answer`), and only then what follows from it (`decide`).

An answer is kept whatever is wrong with our declarations. Where they cannot be read nothing follows from it, the
question stays open, and once they can, `decide` follows it: started again, or by the next run, which takes it over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa

from pipelines.delivery import Delivery, State
from pipelines.errors import KontorError
from pipelines.flow.office import Office, open_office, open_warehouse
from pipelines.flow.summary import Summary, declarations_changed, label, shown_hash, stewards, summary
from pipelines.warehouse import ddl, register, requests
from pipelines.warehouse.requests import HeldLine, Request

Choice = Literal["approve", "return"]
LEAST_REASON = 3
"""Letters of a reason: enough for `ok.`, too many for a slip of the space bar."""
NOBODY = "nobody"
"""Who decided when the time was over."""


class DecisionRefused(KontorError):
    """This person may not decide this, or gave no reason. The delivery stays held."""


class Lapsed(DecisionRefused):
    """What was decided upon is no longer what is held: the decision counts for nothing, the question is a new one."""


@dataclass(frozen=True)
class Question:
    """A held delivery that stewards are asked about."""

    request_id: int
    delivery_id: int
    label: str


@dataclass
class Asked:
    """What a run asks, and the held deliveries that nobody may decide on: one sentence each."""

    questions: list[Question] = field(default_factory=list)
    unanswerable: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Decision:
    """What came of a question: `approved`, `returned`, `timed out` or `lapsed`."""

    outcome: str
    message: str


def approve(
    delivery_id: int, *, person: str, reason: str, seen_hash: str | None = None, office: Office | None = None
) -> Delivery:
    """Let the accepted rows of a held delivery be loaded.

    The approval is for these rows, this verdict and these declarations: when one of them differs at load, the
    delivery is held again. `seen_hash` is that of the summary the person saw.
    """
    return _decide(delivery_id, "approve", person, reason, seen_hash, office or open_office())


def send_back(
    delivery_id: int, *, person: str, reason: str, seen_hash: str | None = None, office: Office | None = None
) -> Delivery:
    """Return a held delivery to the client: nothing of it is loaded."""
    return _decide(delivery_id, "return", person, reason, seen_hash, office or open_office())


def _decide(
    delivery_id: int, choice: Choice, person: str, reason: str, seen_hash: str | None, office: Office
) -> Delivery:
    with office.warehouse.lease(delivery_id), office.warehouse.transaction() as conn:
        delivery = _decidable(office, conn, delivery_id)
        _check_person(delivery, person, stewards(office, conn, delivery.client_id))
        shown = _check_unchanged(office, conn, delivery, choice, seen_hash)
        _check_reason(delivery, reason)
        register.decide(conn, delivery, register.Approval(choice, shown, person, reason.strip()))
        if choice == "approve":
            message = f"approved by {person}: {reason.strip()}"
            return register.move(conn, delivery, State.APPROVED, actor=person, message=message)
        return _returned(conn, delivery, person, f"returned by {person}: {reason.strip()}")


def _returned(conn: sa.Connection, delivery: Delivery, actor: str, said: str) -> Delivery:
    ddl.drop_work_table(conn, delivery)
    message = f"{said}. client to act: send a corrected file"
    return register.move(conn, delivery, State.RETURNED, actor=actor, message=message)


# -- who may decide what, in this order ---------------------------------------------------------------


def _decidable(office: Office, conn: sa.Connection, delivery_id: int) -> Delivery:
    """A held delivery whose profile can be read: only that says who decides, and by what it was judged."""
    delivery = _held(register.get(conn, delivery_id))
    office.catalog.refuse_broken(delivery.client_id)
    return delivery


def _held(delivery: Delivery) -> Delivery:
    if delivery.state is not State.HELD:
        raise DecisionRefused(
            f"delivery {delivery.delivery_id} is not held",
            got=f"state {delivery.state.value}",
            expected="held",
            next_step="list what waits for a decision with `python -m pipelines held`",
        )
    return delivery


def _check_person(delivery: Delivery, person: str, allowed: Sequence[str]) -> None:
    others = ", ".join(name for name in allowed if name != delivery.submitted_by)
    if person not in allowed:
        raise DecisionRefused(
            f"{person} may not decide on delivery {delivery.delivery_id}",
            got="somebody who is no steward of the client",
            expected=f"one of: {others or 'nobody is named'}",
            next_step=f"a steward decides; `stewards` in the profile of {delivery.client_id} names them",
        )
    if person == delivery.submitted_by:
        raise DecisionRefused(
            f"{person} may not decide on delivery {delivery.delivery_id}",
            got="who submitted this correction",
            expected=f"somebody else: {others or 'no other steward is named'}",
            next_step=f"another steward decides; `stewards` in the profile of {delivery.client_id} names them",
        )


def _check_unchanged(
    office: Office, conn: sa.Connection, delivery: Delivery, choice: Choice, seen_hash: str | None
) -> str:
    """The hash of what is decided upon; an approval also needs rows and declarations to be those of the gate."""
    shown = shown_hash(conn, delivery)
    if seen_hash not in (None, shown):
        raise _changed(delivery, "rows, verdict or declarations of another moment", "look at it again, decide anew")
    if choice == "approve":
        replay = f"replay it: `python -m pipelines run --replay {delivery.delivery_id}`"
        if declarations_changed(office, delivery):
            raise _changed(delivery, "contract, suite or profile other than it was judged by", replay)
        there = ddl.work_table_exists(conn, delivery)
        if there and register.content_hash(conn, delivery) != register.stored_content_hash(conn, delivery):
            raise _changed(delivery, "rows other than the gate judged", replay)
    return shown


def _changed(delivery: Delivery, got: str, next_step: str) -> Lapsed:
    return Lapsed(
        f"delivery {delivery.delivery_id} has changed since you were asked",
        got=got,
        expected="what you were shown",
        next_step=next_step,
    )


def _check_reason(delivery: Delivery, reason: str) -> None:
    if len(reason.strip()) < LEAST_REASON:
        raise DecisionRefused(
            f"no decision on delivery {delivery.delivery_id} without a reason",
            got="no reason" if not reason.strip() else "a reason too short to tell anybody anything",
            expected=f"at least {LEAST_REASON} letters: why it may be loaded, or must not",
            next_step="decide again, with a reason",
        )


# -- the question in Airflow --------------------------------------------------------------------------


def ask(run: str, *, running: Callable[[str], bool], office: Office | None = None) -> Asked:
    """Record a question for every held delivery that nobody is asked about; the run's own open ones come again.

    `running` tells whether a run that asked is still under way: the questions of a dead one are asked anew, unless a
    person has answered: that answer is followed by this run.
    """
    office = office or open_office()
    asked = Asked()
    with office.warehouse.turn("release: ask"):
        with office.warehouse.transaction() as conn:
            waiting = [line.delivery_id for line in requests.held(conn)]
        for delivery_id in waiting:
            with office.warehouse.transaction() as conn:
                _ask_about(office, conn, register.get(conn, delivery_id), run, running, asked)
    return asked


def _ask_about(
    office: Office, conn: sa.Connection, delivery: Delivery, run: str, running: Callable[[str], bool], asked: Asked
) -> None:
    if delivery.state is not State.HELD:
        return
    request = requests.open_of(conn, delivery)
    if request is None or not _stands(conn, delivery, request, lambda other: other == run or running(other)):
        told = stewards(office, conn, delivery.client_id)
        profile = office.catalog.profiles.get(delivery.client_id)
        shown = shown_hash(conn, delivery)
        kept = request if request and request.answered_by and request.hash == shown else None
        if broken := office.catalog.faults(delivery.client_id):
            asked.unanswerable.append(_waits_for_profile(delivery, kept, broken[0]))
            return
        if kept:
            request = requests.take_over(conn, kept, run)
        elif profile is None or not set(told) - {delivery.submitted_by}:
            asked.unanswerable.append(_nobody_may(delivery, told))
            return
        else:
            hours = profile.model.decide_within_hours
            request = requests.add(conn, delivery, hash_shown=shown, hours=hours, asked_in=run)
    if request.asked_in == run:
        asked.questions.append(Question(request.request_id, delivery.delivery_id, label(delivery)))


def _stands(conn: sa.Connection, delivery: Delivery, request: Request, running: Callable[[str], bool]) -> bool:
    """Whether the open question is still about what is held, and somebody waits for its answer."""
    return request.hash == shown_hash(conn, delivery) and not request.is_left and running(request.asked_in)


def _nobody_may(delivery: Delivery, told: Sequence[str]) -> str:
    why = "only who submitted it is a steward, or the profile is gone" if told else "its client has no steward"
    return (
        f"delivery {delivery.delivery_id} ({label(delivery)}) is held and nobody may decide on it: {why}. us to act: "
        f"name one more under `stewards` in the profile of {delivery.client_id}; the next night asks"
    )


def _waits_for_profile(delivery: Delivery, kept: Request | None, broken: str) -> str:
    said = f"the answer of {kept.answered_by} is kept, and followed later" if kept else "nobody is asked about it yet"
    return f"delivery {delivery.delivery_id} ({label(delivery)}) is held, {said}: {broken}"


def unasked(domains: Sequence[str], *, running: Callable[[str], bool], office: Office | None = None) -> list[Question]:
    """Held deliveries of some domains that nobody is asked about yet (request 0), or whose answer nobody followed; none
    of clients whose profile is broken: there is nothing to ask before the mend."""
    office = office or open_office()
    out = []
    with office.warehouse.transaction() as conn:
        for line in requests.held(conn):
            if line.feed.split(".")[0] not in domains or line.client_id in office.catalog.broken:
                continue
            delivery = register.get(conn, line.delivery_id)
            request = requests.open_of(conn, delivery)
            if request is None or not _stands(conn, delivery, request, running):
                out.append(Question(0, delivery.delivery_id, label(delivery)))
    return out


def question(request_id: int, *, office: Office | None = None) -> tuple[Request, Summary]:
    """What is asked, with the delivery as it is now."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        request = _request(conn, request_id)
    return request, summary(office, request.delivery_id)


def answer(
    request_id: int, choice: Choice, *, person: str | None, reason: str | None, office: Office | None = None
) -> bool:
    """Keep an answer to a question; False when it is not the first, or the question has ended. Decides nothing.

    `person` is None when nobody answered in time: that can only be a return. No declaration is read: an answer that a
    person gave must not be lost by a fault of ours.
    """
    if person is None:
        choice, reason = "return", None
    warehouse = office.warehouse if office else open_warehouse()
    with warehouse.transaction() as conn:
        return requests.answer(conn, request_id, choice, person=person, reason=reason)


def decide(request_id: int, *, office: Office | None = None) -> Decision:
    """Do what the first answer to a question says, if it stands all checks; again, it changes nothing.

    Raises DecisionRefused, and the question ends as refused, when this answer may not decide. Any other fault, such as
    a profile that cannot be read, leaves question and answer as they are, to be decided again.
    """
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        request = _request(conn, request_id)
    if request.ended_at is not None:
        return _ended(office, request)
    try:
        return _follow(office, request)
    except DecisionRefused as error:
        if _end_refused(office, request, error) and not isinstance(error, Lapsed):
            raise
        with office.warehouse.transaction() as conn:
            request = _request(conn, request_id)
        return _ended(office, request)


def _end_refused(office: Office, request: Request, error: DecisionRefused) -> bool:
    """End a question whose answer counts for nothing; False when the delivery had moved on before."""
    with office.warehouse.transaction() as conn:
        if _request(conn, request.request_id).ended_at is not None:
            return False
        requests.end(conn, request.request_id, "lapsed" if isinstance(error, Lapsed) else "refused", str(error))
        register.audit.record(
            conn, actor=request.answered_by or NOBODY, action="refuse", delivery_id=request.delivery_id,
            detail={"answer": request.answer, "why": str(error)},
        )  # fmt: skip
        return True


def _follow(office: Office, request: Request) -> Decision:
    """Decide by the answer of an open question."""
    delivery_id = request.delivery_id
    if request.answer is None:
        raise DecisionRefused(
            f"nobody answered the question about delivery {delivery_id}",
            got="a task that was ended by hand or by a fault",
            next_step="nothing was decided; the next run asks anew",
        )
    if request.answered_by is None:
        return _time_out(office, request)
    person, reason = request.answered_by, request.reason or ""
    if request.answer == "approve":
        moved = approve(delivery_id, person=person, reason=reason, seen_hash=request.hash, office=office)
        return Decision("approved", str(moved.message))
    moved = send_back(delivery_id, person=person, reason=reason, seen_hash=request.hash, office=office)
    return Decision("returned", str(moved.message))


def _time_out(office: Office, request: Request) -> Decision:
    """Return a delivery that nobody decided on in time."""
    with office.warehouse.lease(request.delivery_id), office.warehouse.transaction() as conn:
        delivery = _decidable(office, conn, request.delivery_id)
        shown = shown_hash(conn, delivery)
        if shown != request.hash:
            raise _changed(delivery, "rows, verdict or declarations of another moment", "the next run asks anew")
        why = f"nobody decided until {request.expires_at:%Y-%m-%d %H:%M} UTC"
        requests.end(conn, request.request_id, "timed out", why)
        register.decide(conn, delivery, register.Approval("return", shown, NOBODY, why))
        moved = _returned(conn, delivery, NOBODY, f"returned: {why}")
        return Decision("timed out", str(moved.message))


def _ended(office: Office, request: Request) -> Decision:
    """What came of a question that has ended; an approval goes on only while the delivery is on its way to core."""
    said = f"the question about delivery {request.delivery_id} has ended: {request.outcome}"
    said += f" ({request.message})" if request.message else ""
    if request.outcome == "refused":
        raise DecisionRefused(f"the answer to it was refused: {request.message}", next_step="the next run asks anew")
    if request.outcome != "approved":
        return Decision(str(request.outcome), f"{said}; nothing more is done")
    with office.warehouse.transaction() as conn:
        delivery = register.get(conn, request.delivery_id)
    if request.answer == "approve" and delivery.state in (State.APPROVED, State.LOADED):
        return Decision("approved", f"{said}; the delivery is {delivery.state.value}")
    return Decision("lapsed", f"{said}; the delivery is {delivery.state.value}, this answer changes nothing")


def _request(conn: sa.Connection, request_id: int) -> Request:
    found = requests.get(conn, request_id)
    if found is None:
        raise DecisionRefused(f"no question {request_id}", next_step="the next run asks anew")
    return found


# -- what people look at ------------------------------------------------------------------------------


def asked_by(run: str, *, office: Office | None = None) -> list[tuple[Request, Delivery]]:
    """Everything a run asked, with the deliveries as they are now."""
    warehouse = office.warehouse if office else open_warehouse()
    with warehouse.transaction() as conn:
        return [(r, register.get(conn, r.delivery_id)) for r in requests.of_run(conn, run)]


def held(*, office: Office | None = None) -> list[tuple[HeldLine, list[str]]]:
    """Every delivery that waits for a steward, with who may decide: nobody while the client's profile is broken."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        clients = {line.client_id for line in requests.held(conn)}
        told = {c: [] if c in office.catalog.broken else stewards(office, conn, c) for c in clients}
        return [(h, [n for n in told[h.client_id] if n != h.submitted_by]) for h in requests.held(conn)]


def is_steward(person: str, client_id: str, *, office: Office | None = None) -> bool:
    """Whether somebody is a steward of a client, as its profile says now."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return person in stewards(office, conn, client_id)


__all__ = [
    "Asked", "Choice", "Decision", "DecisionRefused", "Lapsed", "Question", "Summary", "answer", "approve", "ask",
    "asked_by", "decide", "held", "is_steward", "question", "send_back", "summary", "unasked",
]  # fmt: skip
