"""A steward decides on a held delivery: approve it as it is, or return it to the client."""

from __future__ import annotations

from pipelines.delivery import Delivery, State
from pipelines.errors import DeclarationError
from pipelines.flow.office import Office, open_office
from pipelines.warehouse import ddl, register


def approve(delivery_id: int, *, person: str, reason: str, office: Office | None = None) -> Delivery:
    """Let the accepted rows of a held delivery be loaded by the next night.

    The approval is for these rows, this verdict and these declarations: when one of them differs at load, the
    delivery is held again.
    """
    return _decide(delivery_id, "approve", person, reason, office or open_office())


def send_back(delivery_id: int, *, person: str, reason: str, office: Office | None = None) -> Delivery:
    """Return a held delivery to the client: nothing of it is loaded."""
    return _decide(delivery_id, "return", person, reason, office or open_office())


def _decide(delivery_id: int, decision: str, person: str, reason: str, office: Office) -> Delivery:
    with office.warehouse.lease(delivery_id), office.warehouse.transaction() as conn:
        delivery = _held(register.get(conn, delivery_id))
        content = register.stored_content_hash(conn, delivery) or ""
        seen = register.approval_hash(content, delivery.verdict, delivery.declaration_hash)
        register.decide(conn, delivery, register.Approval(decision, seen, person, reason))
        if decision == "approve":
            message = f"approved by {person}: {reason}"
            return register.move(conn, delivery, State.APPROVED, actor=person, message=message)
        ddl.drop_work_table(conn, delivery)
        message = f"returned by {person}: {reason}. client to act: send a corrected file"
        return register.move(conn, delivery, State.RETURNED, actor=person, message=message)


def _held(delivery: Delivery) -> Delivery:
    if delivery.state is not State.HELD:
        raise DeclarationError(
            f"delivery {delivery.delivery_id} is not held",
            got=f"state {delivery.state.value}",
            expected="held",
            next_step="list the deliveries with `python -m pipelines status`",
        )
    return delivery
