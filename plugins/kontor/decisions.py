"""What the tasks around a steward's decision do: call the flow, log in plain words, hand on ids.

Nothing heavy at the top: this module is imported whenever a DAG file is parsed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from pipelines.delivery import WAITS, State, Step
from pipelines.errors import DeclarationError
from plugins.kontor.names import AT, RELEASE
from plugins.kontor.tasks import Work, step

log = logging.getLogger("kontor.tasks")

NOBODY = "unanswerable"
"""XCom of `held`: the held deliveries that nobody may decide on, one sentence each."""

ASKED = "asked"
"""XCom of `held`: how many questions the run asks; missing when the task did not come to its end."""


def tell_of_holds(domains: Sequence[str], asset: Asset) -> None:
    """Start the `release` DAG when deliveries of these domains are held and nobody is asked about them yet.

    One event for each run, whatever the number of deliveries; skipped, so without an event, when there is none.
    """
    from pipelines.flow.release import unasked

    found = unasked(domains, running=_under_way)
    if not found:
        raise AirflowSkipException("nothing is held that nobody is asked about")
    for question in found:
        log.warning("%s is held: delivery %d goes to its stewards", question.label, question.delivery_id)
    get_current_context()["outlet_events"][asset].extra = {"delivery_ids": [q.delivery_id for q in found]}


def held() -> list[dict[str, Any]]:
    """Record a question for each held delivery that nobody is asked about; red for one that nobody may decide on."""
    from pipelines.flow.release import ask

    context = get_current_context()
    ti = context["ti"]
    asked = ask(context["run_id"], running=_under_way)
    ti.xcom_push(NOBODY, asked.unanswerable)
    ti.xcom_push(ASKED, len(asked.questions))
    for sentence in asked.unanswerable:
        log.error("%s", sentence)
    for question in asked.questions:
        log.info("delivery %d: %s", question.delivery_id, question.label)
    if not asked.questions:
        log.info("no question: whatever is held is asked about by another run")
    return [asdict(question) for question in asked.questions]


def _under_way(run_id: str) -> bool:
    """Whether a run of the release DAG has not ended."""
    states = ["queued", "running"]
    return bool(get_current_context()["ti"].get_dr_count(dag_id=RELEASE, run_ids=[run_id], states=states))


def decide(question: dict[str, Any]) -> None:
    """Follow the answer: success only for an approval that stands every check.

    (A skip by Airflow's own approval operator would skip nothing here: in a mapped group it is looked up under the
    wrong index. So this task skips itself.) A declaration that cannot be read leaves question and answer as they are:
    this task, cleared, or the next run goes on.
    """
    from pipelines.flow.release import DecisionRefused
    from pipelines.flow.release import decide as follow

    get_current_context()["label"] = question["label"]
    try:
        decision = follow(question["request_id"])
    except (DecisionRefused, DeclarationError) as error:
        raise AirflowFailException(f"{question['label']}: {error}") from None
    if decision.outcome != "approved":
        raise AirflowSkipException(f"{question['label']}: {decision.outcome}. {decision.message}")
    log.info("%s: %s", question["label"], decision.message)


def load(question: dict[str, Any]) -> None:
    """Load the approved delivery now; its own checks may still find that it is not what was approved."""
    step(Step.LOAD.value, Work(label=question["label"], delivery_ids=[question["delivery_id"]], held=[], failed=[]))


def publish(question: dict[str, Any], asset: Asset) -> None:
    """Tell `reporting` of one released delivery."""
    from pipelines.flow.night import settle
    from pipelines.flow.report import moment

    context = get_current_context()
    context["label"] = question["label"]
    (line,) = settle([question["delivery_id"]]).lines
    told = {name: getattr(line, name) for name in ("delivery_id", "client_id", "feed", "state", "rows_loaded")}
    context["outlet_events"][asset].extra = {AT: moment().isoformat(), "deliveries": [told]}
    log.info("published delivery %d", line.delivery_id)


def outcome() -> None:
    """Say what came of every question; red when an answer was refused, a load failed, or nobody may decide."""
    from pipelines.flow.release import asked_by

    context = get_current_context()
    ti = context["ti"]
    if ti.xcom_pull(task_ids="held", key=ASKED) is None:
        raise AirflowFailException("held failed, so nobody was asked: its log says why and who acts")
    said = list(ti.xcom_pull(task_ids="held", key=NOBODY) or [])
    for request, delivery in asked_by(context["run_id"]):
        where = f"delivery {delivery.delivery_id} ({delivery.client_id} · {delivery.feed} · {delivery.file_name})"
        came = request.outcome or "not decided"
        log.info("%s: %s by %s; now %s", where, came, request.answered_by or "nobody", delivery.state.value)
        if came in ("refused", "not decided"):
            kept = f"The answer of {request.answered_by} is kept: clear the red `decide`, or the next run follows it."
            then = request.message or (kept if request.answered_by else "The next run asks.")
            said.append(f"{where}: {came}, it stays {delivery.state.value}. {then}")
        elif delivery.state is State.APPROVED and not (delivery.message or "").startswith(WAITS):
            said.append(f"{where}: approved, not loaded yet: the log of `load` says why. The next night loads it.")
        elif delivery.state is State.FAILED:
            said.append(f"{where}: approved, but not loaded: {delivery.message}")
    if said:
        raise AirflowFailException("\n".join(said))
