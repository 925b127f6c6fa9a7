"""Sending by the notifier of a connection's type, and the watch over runs that take long."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import DeclarationError, TransientError
from plugins.kontor.names import INTAKE
from tests.dags.test_housekeeping import Mailbox, mailbox, page  # noqa: F401 a fixture

RUN = {"dag_run": {"dag_id": "ledgers", "dag_run_id": "scheduled__2026-11-24T00:30:00+00:00"}}


def test_every_intake_is_watched(dagbag: Any) -> None:
    """The alert survives serialization, and names a function that the triggerer can import and await."""
    from airflow.sdk._shared.module_loading import import_string
    from airflow.serialization.serialized_objects import DagSerialization

    for dag_id in INTAKE:
        (alert,) = dagbag.dags[dag_id].deadline
        assert alert.interval == timedelta(hours=3)
        stored = json.dumps(DagSerialization.to_dict(dagbag.dags[dag_id]))
        assert "plugins.kontor.notify.run_takes_long" in stored
        assert asyncio.iscoroutinefunction(import_string(alert.callback.path))


def test_a_run_that_takes_long_calls_the_alert(dagbag: Any, airflow_home: Path) -> None:
    """As the scheduler does it: the run is made from the stored DAG, its deadline passes, the callback is queued."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.models.deadline import Deadline
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
        session.commit()
        sync_bag_to_db(dagbag, "dags-folder", None)
        stored = SerializedDagModel.get("ledgers", session=session)
        at = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
        run = stored.dag.create_dagrun(
            run_id="watched", logical_date=at, data_interval=(at, at), run_after=at, run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST, state=DagRunState.QUEUED, session=session,
        )  # fmt: skip
        session.flush()
        (deadline,) = session.query(Deadline).filter_by(dagrun_id=run.id).all()
        assert deadline.deadline_time == run.queued_at + timedelta(hours=3)
        deadline.handle_miss(session)
        data = deadline.callback.data
        assert deadline.callback.state == "queued"
        assert data["path"] == "plugins.kontor.notify.run_takes_long"
        assert data["kwargs"]["hours"] == 3
        assert data["kwargs"]["context"]["dag_run"]["dag_run_id"] == "watched"
        session.rollback()


def test_the_triggerer_runs_the_alert(airflow_home: Path, caplog: Any) -> None:
    """As Airflow's trigger calls it: with the path, its words and the context of the run."""
    from airflow.triggers.callback import CallbackTrigger

    from plugins.kontor.notify import watch

    callback = watch().callback
    trigger = CallbackTrigger(callback.path, {**callback.kwargs, "context": RUN})

    async def events() -> list[Any]:
        return [event.payload async for event in trigger.run()]

    with caplog.at_level(logging.ERROR):
        begun, ended = asyncio.run(events())
    assert ended["state"] == "success", (begun, ended)
    assert ended["body"] == "ledgers: run scheduled__2026-11-24T00:30:00+00:00 is not through after 3 hours"
    assert "see which task hangs" in caplog.text


def test_the_office_is_told_by_mail(airflow_home: Path, mailbox: Mailbox, monkeypatch: Any, caplog: Any) -> None:  # noqa: F811
    from plugins.kontor.notify import run_takes_long

    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://kontor.example")
    monkeypatch.setenv("KONTOR_OFFICE_MAIL", "ops@office.test, night@office.test")
    asyncio.run(run_takes_long(hours=2.5, context=RUN))
    assert mailbox.to == [["ops@office.test", "night@office.test"]]
    (message,) = mailbox.got
    assert message["Subject"] == "ledgers: run scheduled__2026-11-24T00:30:00+00:00 is not through after 2.5 hours"
    assert "https://kontor.example/dags/ledgers/runs/scheduled__2026-11-24T00%3A30%3A00%2B00%3A00" in page(message)
    mailbox.refuse = True
    asyncio.run(run_takes_long(hours=2.5, context=RUN))
    assert "the office could not be told by mail" in caplog.text


@pytest.mark.parametrize(
    ("given", "base", "url"),
    [
        (None, "http://127.0.0.1:8080", None),
        (None, "http://localhost:8080", None),
        (None, "https://airflow.example/", "https://airflow.example"),
        ("https://kontor.example", "http://127.0.0.1:8080", "https://kontor.example"),
    ],
)
def test_links_lead_where_others_can_follow(
    airflow_home: Path, monkeypatch: Any, given: Any, base: str, url: Any
) -> None:
    from plugins.kontor.notify import public_url

    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base)
    if given:
        monkeypatch.setenv("KONTOR_URL", given)
    assert public_url() == url


@pytest.mark.parametrize("text", ["0", "soon", "-1", "999"])
def test_hours_that_make_no_sense_are_refused(airflow_home: Path, monkeypatch: Any, text: str) -> None:
    from plugins.kontor.notify import night_hours

    monkeypatch.setenv("KONTOR_NIGHT_HOURS", text)
    with pytest.raises(DeclarationError, match="KONTOR_NIGHT_HOURS"):
        night_hours()


def connect(monkeypatch: Any, **values: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TOLD", json.dumps(values))


def send(**values: Any) -> None:
    from plugins.kontor.notify import Message, send

    send("told", Message("subject", "text", "<p>html</p>", **values))


def test_what_cannot_be_sent_by_says_what_to_do(airflow_home: Path, monkeypatch: Any) -> None:
    with pytest.raises(DeclarationError, match="connection told is not there"):
        send()
    connect(monkeypatch, conn_type="ssh")
    with pytest.raises(DeclarationError, match="one of smtp, slack"):
        send()
    connect(monkeypatch, conn_type="smtp", host="127.0.0.1", port=1)
    with pytest.raises(DeclarationError, match="from_email"):
        send(to=["a@b.test"])
    with pytest.raises(DeclarationError, match="no address"):
        send()
    for kind in ("slack", "slackwebhook", "discord", "apprise"):
        connect(monkeypatch, conn_type=kind)
        with pytest.raises(
            DeclarationError, match=rf"pip install apache-airflow-providers-{kind.removesuffix('webhook')}"
        ):
            send()
    connect(monkeypatch, conn_type="aws")
    with pytest.raises(DeclarationError, match="target_arn"):
        send()


def test_any_other_kind_of_connection(airflow_home: Path, monkeypatch: Any) -> None:
    """A topic of Amazon SNS with a queue behind it, both on a local server: the message arrives, subject and all."""
    boto3 = importlib.import_module("boto3")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        words = {"aws_access_key_id": "k", "aws_secret_access_key": "s3cr", "region_name": "eu-central-1"}
        words["endpoint_url"] = f"http://{host}:{port}"
        sns, sqs = boto3.client("sns", **words), boto3.client("sqs", **words)
        topic = sns.create_topic(Name="letters")["TopicArn"]
        queue = sqs.create_queue(QueueName="kept")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        extra = {"endpoint_url": words["endpoint_url"], "region_name": "eu-central-1", "target_arn": topic}
        connect(monkeypatch, conn_type="aws", login="k", password="s3cr", extra=extra)
        send()
        (kept,) = sqs.receive_message(QueueUrl=queue)["Messages"]
        assert json.loads(kept["Body"])["Message"] == "subject\n\ntext"
        connect(monkeypatch, conn_type="aws", login="k", password="s3cr", extra={**extra, "target_arn": topic + "no"})
        with pytest.raises(TransientError, match="not sent by connection told") as caught:
            send()
        assert "s3cr" not in str(caught.value)
    finally:
        server.stop()
