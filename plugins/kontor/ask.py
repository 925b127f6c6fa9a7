"""The question to a steward: one of Airflow's human-in-the-loop tasks whose words come from the warehouse.

It waits without a worker and without a trigger. An answer is written down in the warehouse at once, because an XCom
can be changed by whoever may clear a task; what follows from it is decided from there by the task `decide`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from pipelines.delivery import State

log = logging.getLogger("kontor.tasks")

APPROVE, RETURN = "Approve", "Return"
REASON = "reason"
_AT_ONCE = timedelta(seconds=1)


def reason_field() -> Param:
    """What the form asks for beside the buttons. No default: the form does not go off without it."""
    return Param(
        type="string",
        minLength=3,
        maxLength=2000,
        title="Reason",
        description="Why it may be loaded, or must not. Kept in the audit log; the client is told it with a return.",
    )


class Ask(HITLOperator):  # type: ignore[misc]  # Airflow is not followed by mypy
    """Asks the stewards of one held delivery. Nobody else is let in by Airflow; the time-out is a return.

    `question` names the recorded request. Text of the page, people and time come from it when the task starts, and
    are no templates: what a client wrote into a file is never rendered.
    """

    template_fields: Sequence[str] = ("question",)

    def __init__(self, *, question: Any, **kwargs: Any) -> None:
        super().__init__(
            subject="A delivery is held",
            options=[APPROVE, RETURN],
            defaults=RETURN,
            response_timeout=timedelta(hours=1),  # that of the request takes its place
            do_xcom_push=False,
            **kwargs,
        )
        self.question = question

    @property
    def serialized_params(self) -> dict[str, dict[str, Any]]:
        """The form. No parameter of the task itself: those must have a value before it starts, this one must not."""
        return {REASON: {**reason_field().serialize(), "value": None}}

    def execute(self, context: Any) -> Any:
        """Ask, unless the question has been answered or has ended: a cleared task asks nothing twice."""
        from pipelines.flow import release

        request, told = release.question(self.question["request_id"])
        if request.ended_at is not None or told.delivery.state is not State.HELD:
            raise AirflowSkipException(f"{told.label}: {request.outcome or told.delivery.state.value}, nothing to ask")
        if request.answer is not None:
            log.info("%s: answered already, the first answer counts", told.label)
            return None
        if told.broken:
            raise AirflowFailException(f"{told.label}: nobody is asked. {told.broken}")
        if not told.deciders:  # an empty list would mean everybody to Airflow
            raise AirflowFailException(
                f"{told.label}: nobody may decide. us to act: name somebody under `stewards` in the profile of "
                f"{told.delivery.client_id}; the next night asks anew"
            )
        self.subject = f"{told.label} is held: {told.accepted:,} rows wait".replace(",", "\u202f")
        self.body = told.markdown(base_url=conf.get("api", "base_url", fallback=""), expires_at=request.expires_at)
        self.assigned_users = [{"id": name, "name": name} for name in told.deciders]
        self.response_timeout = max(request.expires_at - datetime.now(UTC), _AT_ONCE)
        log.info("%s: asked %s until %s", told.label, ", ".join(told.deciders), request.expires_at)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> None:
        """Write the answer down. Airflow does not check the form's fields when it takes an answer; `decide` does."""
        from pipelines.flow import release

        if "error" in event:
            self.process_trigger_event_error(event)
        (chosen,) = event["chosen_options"]
        self.validate_chosen_options([chosen])
        person = (event.get("responded_by_user") or {}).get("id")
        reason = str((event.get("params_input") or {}).get(REASON) or "")
        kept = release.answer(
            self.question["request_id"], "approve" if chosen == APPROVE else "return", person=person, reason=reason
        )
        who = person or "nobody in time"
        log.info("answer of %s: %s%s", who, chosen, "" if kept else "; the question had ended, it changes nothing")
