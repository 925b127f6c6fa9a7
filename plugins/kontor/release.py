"""Builds the DAG in which stewards decide on held deliveries."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, TriggerRule, task, task_group

from plugins.kontor import decisions, docs
from plugins.kontor.ask import Ask
from plugins.kontor.factory import RETRY, STEP_TIMEOUT, asset

MOST_RUNS = 64
"""A run waits for people for days, and each night may start one for each intake DAG."""


def release_dag(dag_id: str, *, after: str, title: str, owner: str) -> DAG:
    """The questions to stewards, whenever an intake run held something.

    held → decision (a mapped instance per delivery: ask → decide → load → publish) → outcome.
    """
    with DAG(
        dag_id,
        description=title,
        doc_md=docs.release(title),
        schedule=asset(after),
        catchup=False,
        max_active_runs=MOST_RUNS,
        default_args={"owner": owner, "execution_timeout": STEP_TIMEOUT, **RETRY},
        tags=["release"],
    ) as dag:
        found = task(task_id="held", doc_md=docs.HELD)(decisions.held)()
        decided = _decision(dag_id).expand(question=found)
        told = task(task_id="outcome", doc_md=docs.RELEASED, trigger_rule=TriggerRule.ALL_DONE)(decisions.outcome)()
        decided >> told
    return dag


def _decision(dag_id: str) -> Any:
    """The tasks of one held delivery. `decide` runs whatever became of `ask`: a question is never left open."""

    def tasks(question: Any) -> None:
        label = "{{ label }}"
        # while it waits only what is known before it starts can be rendered
        asked = Ask(
            task_id="ask", doc_md=docs.ASK, question=question, map_index_template="{{ task.question['label'] }}"
        )
        decided = task(
            task_id="decide", doc_md=docs.DECIDE, map_index_template=label, trigger_rule=TriggerRule.ALL_DONE
        )(decisions.decide)(question)
        loaded = task(task_id="load", doc_md=docs.LOAD_NOW, map_index_template=label)(decisions.load)(question)
        published = task(task_id="publish", doc_md=docs.PUBLISH_ONE, map_index_template=label, outlets=[asset(dag_id)])(
            decisions.publish
        )(question, asset(dag_id))
        asked >> decided >> loaded >> published

    return task_group(group_id="decision", tooltip="One held delivery: ask, decide, load")(tasks)
