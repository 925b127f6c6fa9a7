"""What the DAG `housekeeping` does each morning, and what every intake says of deadlines.

Nothing heavy at the top: this module is imported whenever a DAG file is parsed.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, CronTriggerTimetable, Param, TriggerRule, get_current_context, task
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException

from pipelines.errors import KontorError
from plugins.kontor import docs, notify
from plugins.kontor.names import LOOKED

log = logging.getLogger("kontor.housekeeping")


def housekeeping_dag(dag_id: str, *, title: str, owner: str, at: str, defaults: dict[str, Any]) -> DAG:
    """The morning after a night: lapse, expected, workbooks → clients → letters (mapped); tidy; outcome is the last.

    `defaults` are the arguments of all tasks: retries, timeout.
    """
    with DAG(
        dag_id,
        description=title,
        doc_md=docs.housekeeping(title),
        schedule=CronTriggerTimetable(at, timezone=conf.get("core", "default_timezone"), run_immediately=timedelta(0)),
        catchup=False,
        max_active_runs=1,
        default_args={"owner": owner, **defaults},
        tags=["housekeeping"],
        params={
            "client": Param(
                None, type=["null", "string"], title="Client", description="Write to this client only; empty: to all."
            )
        },
    ) as dag:
        lapsed = task(task_id="lapse", doc_md=docs.LAPSE)(lapse)()
        due = task(task_id="expected", doc_md=docs.EXPECTED)(expected)()
        books = task(task_id="workbooks", doc_md=docs.MORNING_WORKBOOKS, trigger_rule=TriggerRule.ALL_DONE)(workbooks)()
        found = task(task_id="clients", doc_md=docs.CLIENTS, trigger_rule=TriggerRule.ALL_DONE)(clients)()
        sent = task(task_id="letters", doc_md=docs.LETTERS, map_index_template="{{ label }}")(letters).expand(
            client=found
        )
        tidied = task(task_id="tidy", doc_md=docs.TIDY)(tidy)()
        told = task(task_id="outcome", doc_md=docs.MORNING, trigger_rule=TriggerRule.ALL_DONE)(outcome)()
        lapsed >> books >> found
        due >> found
        [sent, tidied] >> told
    return dag


def lapse() -> dict[str, int]:
    """End the decisions whose time is over."""
    from pipelines.flow.rejects import lapse as end

    ended = end()
    log.info("%d decisions have lapsed; the rows they let pass or wrote off are open again", ended)
    return {"lapsed": ended}


def workbooks() -> dict[str, int]:
    """Write the correction workbooks that are due."""
    from pipelines.flow.correction import make_workbooks

    made = make_workbooks()
    log.info("%d correction workbooks written", len(made))
    return {"workbooks": len(made)}


def expected() -> dict[str, int]:
    """Bring the deadlines up to date and list what is late or missing."""
    from pipelines.flow.expected import note_expected
    from pipelines.flow.office import open_office

    found = note_expected(open_office(), looked=None)
    for line in found:
        log.warning("%s", line.said)
    if not found:
        log.info("nothing is late or missing")
    return {"told": len(found)}


def clients() -> list[str]:
    """The clients to write to."""
    from pipelines.flow.letters import clients_to_tell
    from pipelines.flow.office import open_office

    office, client = open_office(), get_current_context()["params"]["client"]
    found = clients_to_tell(office, client)
    for fault in office.catalog.faults(client):
        log.warning("not written to before it is mended, then of all that happened since the last letter: %s", fault)
    log.info("%s", ", ".join(found) or "no profile says whom to notify")
    return found


def letters(client: str) -> dict[str, int]:
    """Send a client its letter of this night, by each connection; red at the end when one could not be sent."""
    from pipelines.flow.letters import begin, end, gather
    from pipelines.flow.office import open_office

    context = get_current_context()
    context["label"] = client
    office = open_office()
    problems = []
    written = gather(office, _night(context), client=client, base_url=notify.public_url())
    for letter in written:
        message = notify.Message(letter.subject, letter.text, letter.html, letter.to, letter.cc, letter.attachments)
        begin(office, letter)
        try:
            notify.send(letter.connection, message)
        except KontorError as error:
            end(office, letter, str(error))
            problems.append(str(error))
            continue
        end(office, letter)
        log.info("sent by %s: %s", letter.connection, letter.subject)
    if not written:
        log.info("nothing to tell %s, or told already", client)
    if problems:
        raise AirflowFailException("\n".join([f"{client} was not told over every connection:", *problems]))
    return {"sent": len(written)}


def _night(context: Any) -> date:
    """The day of the run, on the clock of the office: one letter for each."""
    at: datetime = context["dag_run"].run_after
    return at.astimezone(ZoneInfo(conf.get("core", "default_timezone"))).date()


def tidy() -> dict[str, int]:
    """Drop work tables and work folders of deliveries that ended."""
    from pipelines.flow.tidy import tidy as drop

    dropped = drop()
    log.info("%d work tables and %d work folders dropped", dropped.tables, dropped.folders)
    return {"tables": dropped.tables, "folders": dropped.folders}


def outcome() -> None:
    """Red when a task before failed: the others ran all the same."""
    ti = get_current_context()["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    failed = sorted(name for name, state in states.items() if state in ("failed", "upstream_failed"))
    if failed:
        raise AirflowFailException(
            f"failed: {', '.join(failed)}. us to act: their logs say why; clear them, or wait a day"
        )


def tell_due() -> None:
    """Note which deliveries were due when `discover` looked, and log what is late or missing."""
    from pipelines.flow.expected import note_expected
    from pipelines.flow.office import open_office

    context = get_current_context()
    looked, params = context["ti"].xcom_pull(task_ids="discover", key=LOOKED), context["params"]
    if looked is None:  # a rehearsal looks at nothing
        return
    found = note_expected(
        open_office(),
        looked=datetime.fromisoformat(looked["at"]),
        client=params["client"],
        domains=looked["domains"],
        feed=params["feed"],
    )
    for line in found:
        log.warning("%s", line.said)
