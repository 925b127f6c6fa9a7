"""Run one step for some deliveries: lease, timing, state, and the mapping of faults to states.

The only place where a delivery's fault stops being an exception and becomes a state with a message.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from pipelines.delivery import STEP_FROM, Delivery, State, Step, Verdict, may_move
from pipelines.errors import AlreadyRunning, DeliveryError, KontorError, ProfileBroken, TransientError
from pipelines.flow.office import Office, open_office
from pipelines.flow.work import clean_step, extract_step, load_step, validate_step, write_docs
from pipelines.warehouse import register

log = logging.getLogger("kontor")

WORK: dict[Step, Callable[[Office, Delivery], Delivery]] = {
    Step.EXTRACT: extract_step,
    Step.CLEAN: clean_step,
    Step.VALIDATE: validate_step,
    Step.LOAD: load_step,
}


_PATH = (State.WAITING, State.REGISTERED, State.EXTRACTED, State.CLEANED, State.VALIDATED, State.APPROVED)
_BEFORE = {step: _PATH[: _PATH.index(STEP_FROM[step][-1]) + 1] for step in Step}
"""States in which a delivery has the step still before it."""


@dataclass
class StepOutcome:
    """What a step came to, by delivery: `done` may go on, `held` and `failed` stop here, `left` waits."""

    done: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)


Around = Callable[[str], AbstractContextManager[object]]
"""Takes the name of a delivery and encloses what a step does with it, such as a section of a log."""


def run_step(
    step: Step, delivery_ids: Sequence[int], *, office: Office | None = None, around: Around = nullcontext
) -> StepOutcome:
    """Run one step for deliveries in order. Raises TransientError for a fault worth another try, nothing else.

    A delivery that is already past the step counts as done, one that stopped earlier as what it is. One whose profile
    is broken by now is left where it is: nobody can say how to go on, and the file is not at fault.

    Before a delivery is judged the one before it is loaded, where they are of one client and feed: rules compare with
    what is loaded, and would not see what two files of one night tell twice.
    """
    office = office or open_office()
    outcome = StepOutcome()
    judged: dict[tuple[str, str, str], Delivery] = {}
    before: Delivery | None = None
    try:
        for delivery_id in delivery_ids:
            if step is Step.VALIDATE and before:
                _load_first(office, before, delivery_id, around)
            delivery, was_due = _advance(office, step, delivery_id, around)
            if step is Step.VALIDATE and was_due:
                judged[delivery.client_id, delivery.feed, delivery.source] = delivery
            _sort(outcome, step, delivery)
            before = delivery
    finally:
        for delivery in judged.values():
            _document(office, delivery)
    return outcome


def _load_first(office: Office, before: Delivery, delivery_id: int, around: Around) -> None:
    """Load a delivery if the next one is still to be judged and would be compared with its rows."""
    with office.warehouse.transaction() as conn:
        delivery = register.get(conn, delivery_id)
    same = (before.client_id, before.feed) == (delivery.client_id, delivery.feed)
    if same and delivery.state in STEP_FROM[Step.VALIDATE]:
        _advance(office, Step.LOAD, before.delivery_id, around)


def _advance(office: Office, step: Step, delivery_id: int, around: Around) -> tuple[Delivery, bool]:
    """The delivery after the step, and whether it had the step before it: it may be past it or have stopped earlier."""
    with office.warehouse.lease(delivery_id):
        with office.warehouse.transaction() as conn:
            delivery = register.get(conn, delivery_id)
        if delivery.state not in STEP_FROM[step]:
            return delivery, False
        with around(f"{step.value} {delivery_id}: {_name(delivery)}"):
            return _run_one(office, step, delivery), True


def _sort(outcome: StepOutcome, step: Step, delivery: Delivery) -> None:
    if delivery.state is State.FAILED:
        outcome.failed[delivery.delivery_id] = delivery.message or "failed"
    elif delivery.state is State.HELD:
        outcome.held.append(delivery.delivery_id)
    elif delivery.state in _BEFORE[step]:
        outcome.left.append(delivery.delivery_id)
    else:
        outcome.done.append(delivery.delivery_id)


def _run_one(office: Office, step: Step, delivery: Delivery) -> Delivery:
    started, cpu = time.perf_counter(), time.process_time()
    with office.warehouse.transaction() as conn:
        run_id = register.start_step(conn, delivery, step)
    log.info("%s %s: %s", step.value, delivery.delivery_id, _name(delivery))
    try:
        office.catalog.refuse_broken(delivery.client_id)
        after = WORK[step](office, delivery)
        message, outcome = after.message, after.state.value
    except ProfileBroken as error:
        log.warning("%s stays %s: %s", _name(delivery), delivery.state.value, error)
        after, message, outcome = delivery, str(error), "left"
    except TransientError as error:
        _end(office, run_id, "transient", str(error), cpu)
        error.at(client=delivery.client_id, feed=delivery.feed, delivery_id=delivery.delivery_id, step=step.value)
        raise
    except Exception as error:  # noqa: BLE001 the task border: every other fault becomes a state
        after = _fail(office, step, delivery, error)
        message, outcome = after.message, after.state.value
    _end(office, run_id, outcome, message, cpu)
    log.info("%s %s: %s in %.1f s", step.value, delivery.delivery_id, outcome, time.perf_counter() - started)
    return after


def _document(office: Office, delivery: Delivery) -> None:
    """Data Docs are for reading: a night does not fail for them.

    There is one page per source, so of several deliveries in a row the last one's is drawn, and no page that the next
    would replace.
    """
    try:
        write_docs(office.settings, delivery)
    except Exception:
        log.exception("Data Docs of %s were not written; the delivery itself is not affected", delivery.feed)


def _end(office: Office, run_id: int, outcome: str, message: str | None, cpu: float) -> None:
    with office.warehouse.transaction() as conn:
        register.end_step(conn, run_id, outcome=outcome, message=message, cpu_seconds=time.process_time() - cpu)


def _fail(office: Office, step: Step, delivery: Delivery, error: Exception) -> Delivery:
    """Move the delivery to failed; verdict `fail` only when the file is at fault."""
    if isinstance(error, KontorError):
        error.at(client=delivery.client_id, feed=delivery.feed, delivery_id=delivery.delivery_id, step=step.value)
        message = f"{delivery.file_name}: {error}"
    else:
        log.exception("unexpected fault in %s of delivery %s", step.value, delivery.delivery_id)
        message = (
            f"{delivery.file_name}: unexpected {type(error).__name__} in {step.value}. us to act: see the log of this "
            f"step, correct the cause, then replay delivery {delivery.delivery_id}"
        )
    log.error("%s", message)
    verdict = Verdict.FAIL if isinstance(error, DeliveryError) else None
    with office.warehouse.transaction() as conn:
        delivery = register.get(conn, delivery.delivery_id)
        if not may_move(delivery.state, State.FAILED):
            return delivery
        return register.move(
            conn, delivery, State.FAILED, actor=f"step {step.value}", detail={"message": message},
            verdict=verdict, message=message,
        )  # fmt: skip


def _name(delivery: Delivery) -> str:
    parts = (delivery.client_id, delivery.feed, delivery.source, delivery.period, delivery.file_name)
    return " · ".join(p for p in parts if p)


__all__ = ["AlreadyRunning", "StepOutcome", "run_step"]
