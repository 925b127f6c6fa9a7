"""Builds the DAGs. A file in `dags/` names its domains; everything else is the same for all and stands here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    AssetAny,
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    TriggerRule,
    task,
    task_group,
)
from airflow.sdk.configuration import conf

from pipelines.delivery import Step
from pipelines.errors import TransientError
from plugins.kontor import decisions, docs, notify, tasks
from plugins.kontor.names import HELD, INTAKE
from plugins.kontor.ranks import feeds_of, ranks_of

MOST_INSTANCES = 1000
"""Scopes mapped one by one; below `[core] max_map_length` (1024), above which Airflow fails the run."""

STEP_TIMEOUT = timedelta(hours=4)
"""A step that takes longer hangs: it is killed, and the next run goes on from its last finished step."""

LONGEST_WAIT = timedelta(minutes=30)
"""A build that waits for intake runs waits no longer: analysts get what is there; what comes later is built later."""

LOOK_SECONDS = 5
"""Between two looks at them; each costs a light task."""

RETRY = {
    "retries": 2,
    "retry_delay": timedelta(seconds=15),
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(exception=TransientError, action=RetryAction.RETRY, reason="a lock, network or disk fault"),
        ],
        default=RetryAction.FAIL,
    ),
}
"""Only a fault that may pass is tried again; a fault of the data or of our own is the same next time."""


def asset(dag_id: str) -> Asset:
    """What an intake DAG publishes: its deliveries, as they stand after the run.

    It has no URI: for one with a scheme Airflow imports every provider, half a second for each DAG file and task.
    """
    return Asset(name=dag_id, group="kontor")


def intake_dag(dag_id: str, *, domains: Sequence[str], title: str, owner: str, at: str) -> DAG:
    """The nightly intake of some domains.

    `at` is a cron expression in the time zone of the office (`[core] default_timezone`).
    fetch → discover → rank_0 (a mapped instance per client and feed: extract → clean → validate → load) → rank_1 … →
    workbooks → publish → held → outcome.
    """
    ranks = ranks_of(domains)
    with DAG(
        dag_id,
        description=title,
        doc_md=docs.intake(dag_id, title, domains),
        # no start date and no grace: the first start of an installation does not make up for a night before it
        schedule=CronTriggerTimetable(at, timezone=conf.get("core", "default_timezone"), run_immediately=timedelta(0)),
        catchup=False,
        max_active_runs=1,
        deadline=notify.watch(),
        default_args={"owner": owner, "execution_timeout": STEP_TIMEOUT, **RETRY},
        tags=["intake", *domains],
        params=_params(domains),
    ) as dag:
        brought = task(task_id="fetch", doc_md=docs.FETCH)(tasks.fetch)(list(domains))
        found = task(task_id="discover", doc_md=docs.DISCOVER, trigger_rule=TriggerRule.ALL_DONE)(tasks.discover)(
            list(domains), list(ranks), MOST_INSTANCES
        )
        brought >> found
        before = found
        for rank in ranks:
            work = found if rank == ranks[0] else _work_of_rank(rank)
            if work is not found:
                found >> work
            group = _rank_group(rank)(work)
            before >> group
            before = group
        published = task(
            task_id="publish", doc_md=docs.PUBLISH, trigger_rule=TriggerRule.ALL_DONE, outlets=[asset(dag_id)]
        )(tasks.publish)(asset(dag_id))
        books = task(task_id="workbooks", doc_md=docs.WORKBOOKS, trigger_rule=TriggerRule.ALL_DONE)(tasks.workbooks)()
        held = task(
            task_id="held", doc_md=docs.TELL_OF_HOLDS, trigger_rule=TriggerRule.ALL_DONE, outlets=[asset(HELD)]
        )(decisions.tell_of_holds)(list(domains), asset(HELD))
        told = task(task_id="outcome", doc_md=docs.OUTCOME, trigger_rule=TriggerRule.ALL_DONE)(tasks.outcome)()
        before >> books >> published >> held >> told
    return dag


def _params(domains: Sequence[str]) -> dict[str, Param]:
    return {
        "client": Param(
            None, type=["null", "string"], title="Client", description="Only this client id; empty: every client."
        ),
        "feed": Param(
            None,
            type=["null", "string"],
            enum=[None, *feeds_of(domains)],
            title="Feed",
            description="Only this feed; empty: every feed of this DAG.",
        ),
        "replay": Param(
            None,
            type=["null", "string"],
            pattern=r"^([0-9]+|[a-z][a-z0-9_]*|([a-z][a-z0-9_]*/)?[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)$",
            title="Replay",
            description="What to judge again from the archive, e.g. once a profile is right: the number of a delivery, "
            "a feed, a client id, or client/feed.",
        ),
        "rehearse": Param(
            False,
            type="boolean",
            title="Rehearse",
            description="With a replay: only tell in the log of discover what it would change, and touch nothing.",
        ),
    }


def _work_of_rank(rank: int) -> Any:
    return task(task_id=f"work_of_rank_{rank}", doc_md=docs.WORK_OF_RANK)(tasks.work_of_rank)(rank)


def _rank_group(rank: int) -> Any:
    """The four steps of one scope, to be mapped over the scopes of a rank.

    The first step starts when the rank before is through, whatever came of it: a client's broken file must
    not stop the others. A row that refers to a delivery which failed is rejected by the gate, with its reason.
    """

    def steps(work: Any) -> None:
        for name in Step:
            work = task(
                task_id=name.value,
                doc_md=docs.STEPS[name],
                map_index_template="{{ label }}",
                trigger_rule=TriggerRule.ALL_DONE if name is Step.EXTRACT and rank else TriggerRule.ALL_SUCCESS,
            )(tasks.step)(name.value, work)

    group = task_group(group_id=f"rank_{rank}", tooltip=docs.rank(rank))(steps)
    return lambda work: group.expand(work=work)


def reporting_dag(dag_id: str, *, after: Sequence[str], title: str, owner: str) -> DAG:
    """The build of the reporting tables, whenever one of the intake DAGs has published.

    intake_is_over → match_customers → build_reports. The intake runs of a night overlap, and each publishes: the first
    event waits for the others, then one build shows them all. A run whose events came meanwhile finds them built, and
    is skipped. A build does not wait for golden records that cannot be made.
    """
    with DAG(
        dag_id,
        description=title,
        doc_md=docs.reporting(title, after),
        schedule=AssetAny(*(asset(name) for name in after)),
        catchup=False,
        max_active_runs=1,
        default_args={"owner": owner, "execution_timeout": STEP_TIMEOUT, **RETRY},
        tags=["reporting"],
    ) as dag:
        waited = task.sensor(
            task_id="intake_is_over",
            doc_md=docs.INTAKE_IS_OVER,
            mode="reschedule",  # holds no slot while it waits
            poke_interval=LOOK_SECONDS,
            timeout=LONGEST_WAIT.total_seconds(),
            soft_fail=True,
        )(tasks.intake_is_over)(list(INTAKE))
        matched = task(task_id="match_customers", doc_md=docs.MATCH, trigger_rule=TriggerRule.ALL_DONE)(
            tasks.match_customers
        )()
        built = task(task_id="build_reports", doc_md=docs.BUILD, trigger_rule=TriggerRule.ALL_DONE)(
            tasks.build_reports
        )()
        waited >> matched >> built
    return dag
