"""The morning after: letters really sent to a mail server, and tidying; run by Airflow's own `dag.test()`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from pipelines.flow.night import run_night
from pipelines.flow.office import open_office
from pipelines.settings import Settings
from tests.conftest import url_of
from tests.origins.servers import closed_port

pytestmark = pytest.mark.slow
CANARY = "Zyxwell"
PROFILE = r"""client: {client}
name: Sample Ltd
locale: {locale}
time_zone: Europe/Berlin
calendar: DE-BY
notify: {{to: ['{client}@example.test'], cc: ['audit@example.test'], connections: [{by}]}}
feeds:
  ledgers.spend:
    sources:
      main:
        files: 'spend/[^/]+\.csv'
        locale: en_GB
        mode: delta
        max_rejects: {{pct: 20}}
        columns: &columns
          spend_line_id: {{from: Id}}
          supplier_name: {{from: Supplier}}
          account_name: {{value: Office}}
          document_date: {{from: Date, formats: ['%Y-%m-%d']}}
          spend_amount: {{from: Amount}}
          currency_code: {{value: GBP}}
      other:
        files: 'other/[^/]+\.csv'
        mode: delta
        columns: *columns
"""
Run = Callable[..., "tuple[Any, dict[str, str]]"]


class Mailbox:
    """A mail server that keeps what it gets; told to, it refuses it."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.refuse = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            return f"451 {CANARY} try later"
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        self.to.append(envelope.rcpt_tos)
        return "250 kept"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A local mail server, and Airflow's connection to it."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=closed_port())
    controller.start()
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp(controller.port))
    yield box
    controller.stop()


def smtp(port: int) -> str:
    extra = {
        "from_email": "kontor@office.test",
        "disable_ssl": True,
        "disable_tls": True,
        "retry_limit": 0,
        "timeout": 5,
    }
    return json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra})


@pytest.fixture
def home(
    settings: Settings, server_settings: Settings, database: str, airflow_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """An installation; the tasks find it by environment."""
    monkeypatch.setenv("KONTOR_HOME", str(settings.home))
    monkeypatch.setenv("KONTOR_LANDING", str(settings.landing))
    monkeypatch.setenv("KONTOR_SETTLE", "0")
    monkeypatch.setenv("KONTOR_CLIENTS", str(settings.client_folders[0]))
    monkeypatch.setenv("KONTOR_WAREHOUSE_URL", url_of(server_settings, database, "loader"))
    return settings


@pytest.fixture
def run(dagbag: Any, home: Settings) -> Run:
    """Run the DAG; gives the run and the state of each instance."""

    def run_one(**conf: str) -> tuple[Any, dict[str, str]]:
        dag = dagbag.dags["housekeeping"]
        done = dag.test(run_conf={**dict.fromkeys(dag.params), **conf})
        instances = done.get_task_instances()
        return done, {
            ti.task_id + ("" if ti.map_index < 0 else f"[{ti.rendered_map_index or ti.map_index}]"): str(ti.state)
            for ti in instances
        }

    return run_one


def query(sql: str, **values: Any) -> list[Any]:
    with open_office().warehouse.transaction() as conn:
        found = conn.execute(sa.text(sql), values)
        return list(found) if found.returns_rows else []


def night(settings: Settings, client: str, locale: str, by: str = "smtp_default") -> int:
    """A night with two rejected rows, their workbook in the outbox, and a delivery of another source that is missing.

    The profile names no deadline, lest the delivery be early before noon and late after it.
    """
    text = PROFILE.format(client=client, locale=locale, by=by)
    (settings.client_folders[0] / f"{client}.yaml").write_text(text, encoding="utf-8")
    rows = [f"L{i},Supplier {i},2026-10-05,{i}.50" for i in range(1, 20)] + [
        f"B{i},{CANARY},{CANARY},2.25" for i in (1, 2)
    ]
    path = settings.landing / client / "spend" / "Liste {{ 7*7 }}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["Id,Supplier,Date,Amount", *rows]) + "\n", encoding="utf-8")
    _, report = run_night(client=client)
    (line,) = report.lines
    query(
        "insert into ops.expected_delivery (client_id, feed, source, due_at, state, looked_at) "
        "values (:client, 'ledgers.spend', 'other', now() - interval '1 day', 'missing', now())", client=client,
    )  # fmt: skip
    return line.delivery_id


def page(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    text: str = body.get_content()
    return text


def test_one_letter_per_client_in_its_language(home: Settings, run: Run, mailbox: Mailbox) -> None:
    night(home, "berlin", "de_DE")
    night(home, "london", "en_GB")
    done, states = run()
    assert done.state == "success", states
    assert states["letters[berlin]"] == states["letters[london]"] == "success"
    got = {str(message["To"]): message for message in mailbox.got}
    assert len(mailbox.got) == len(got) == 2
    assert sorted(mailbox.to) == [
        ["berlin@example.test", "audit@example.test"],
        ["london@example.test", "audit@example.test"],
    ]
    german, english = got["berlin@example.test"], got["london@example.test"]
    assert "1 Lieferung fehlt, 2 Zeilen zu korrigieren, 1 Korrekturmappe" in german["Subject"]
    assert "1 delivery missing, 2 rows to correct, 1 correction workbook" in english["Subject"]
    assert "2 von 21 Zeilen zurückgehalten" in page(german)
    assert "4,50\xa0£" in page(german)
    assert "2 of 21 rows kept out" in page(english)
    assert "£4.50" in page(english)
    for message in mailbox.got:
        (attached,) = message.iter_attachments()
        client = str(message["To"]).partition("@")[0]
        (book,) = (home.outbox / client).iterdir()
        assert attached.get_filename() == book.name
        assert attached.get_payload(decode=True) == book.read_bytes()
        assert message["From"] == "kontor@office.test"
        assert message["Auto-Submitted"] == "auto-generated"
        assert CANARY not in f"{message.items()} {page(message)}"
        assert "Liste {{ 7*7 }}.csv" in page(message), "a name is no template"
    assert CANARY not in str(query("select * from ops.letter"))
    assert query("select client_id, connection, state, language from ops.letter order by 1") == [
        ("berlin", "smtp_default", "sent", "de"),
        ("london", "smtp_default", "sent", "en"),
    ]
    done, states = run()
    assert done.state == "success"
    assert len(mailbox.got) == 2, "told already"
    query("update ops.letter set night = night - 1")
    run()
    assert len(mailbox.got) == 2, "nothing new the next morning"


def test_a_server_that_is_down_is_red_stops_nobody_and_is_tried_again(
    home: Settings, run: Run, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DOWN", smtp(closed_port()))
    night(home, "first", "de_DE", by="down, smtp_default")
    night(home, "second", "de_DE")
    done, states = run()
    assert done.state == "failed"
    assert (states["letters[first]"], states["letters[second]"]) == ("failed", "success")
    assert (states["outcome"], states["tidy"]) == ("failed", "success")
    assert sorted(str(m["To"]) for m in mailbox.got) == ["first@example.test", "second@example.test"]
    sql = "select state, problem from ops.letter where client_id = 'first' and connection = 'down'"
    ((state, problem),) = query(sql)
    assert state == "failed"
    assert problem.startswith("not sent by connection down; got ConnectionRefusedError. us to act: it is tried again")
    monkeypatch.setenv("AIRFLOW_CONN_DOWN", os.environ["AIRFLOW_CONN_SMTP_DEFAULT"])  # it is up again
    done, states = run()
    assert done.state == "success", states
    assert query(sql) == [("sent", None)]
    assert [str(m["To"]) for m in mailbox.got].count("first@example.test") == 2, "one for each connection"


def test_what_a_server_answers_is_not_kept(home: Settings, run: Run, mailbox: Mailbox) -> None:
    night(home, "refused", "en_GB")
    mailbox.refuse = True
    done, _ = run(client="refused")
    assert done.state == "failed"
    ((problem,),) = query("select problem from ops.letter where client_id = 'refused'")
    assert "SMTPDataError 451" in problem
    assert CANARY not in problem


def test_a_letter_that_a_killed_run_left_is_sent(home: Settings, run: Run, mailbox: Mailbox) -> None:
    night(home, "killed", "en_GB")
    run(client="killed")
    query("update ops.letter set state = 'begun', sent_at = null where client_id = 'killed'")
    run(client="killed")
    assert [str(m["To"]) for m in mailbox.got] == ["killed@example.test"] * 2, "better twice than never"
    assert query("select state from ops.letter where client_id = 'killed'") == [("sent",)]


def test_what_ended_is_tidied_up(home: Settings, run: Run, mailbox: Mailbox) -> None:
    delivery_id = night(home, "tidied", "en_GB")
    for number in (delivery_id, 999_999):
        (home.work / str(number)).mkdir(parents=True, exist_ok=True)
        query(f"create table work.d_{number} (n int)")
    _, states = run(client="tidied")
    assert states["tidy"] == "success"
    assert not (home.work / str(delivery_id)).exists()
    assert (home.work / "999999").exists(), "nobody knows what that is"
    assert query(f"select to_regclass('work.d_{delivery_id}')::text, to_regclass('work.d_999999')::text") == [
        (None, "work.d_999999")
    ]


def test_an_intake_lists_what_is_missing(dagbag: Any, home: Settings, mailbox: Mailbox, caplog: Any) -> None:
    night(home, "awaited", "en_GB")
    profile = home.client_folders[0] / "awaited.yaml"
    promised = "mode: delta\n        due: {time: '06:00'}"
    profile.write_text(profile.read_text(encoding="utf-8").replace("mode: delta", promised, 1), encoding="utf-8")
    query("delete from ops.expected_delivery where client_id = 'awaited'")
    query("update ops.delivery set registered_at = now() - interval '9 days' where client_id = 'awaited'")
    query(
        "update ops.arrival set seen_at = now() - interval '9 days', mtime = now() - interval '9 days' "
        "where client_id = 'awaited'"
    )
    dag = dagbag.dags["ledgers"]
    done = dag.test(run_conf={**dict.fromkeys(dag.params), "rehearse": False, "client": "awaited"})
    assert done.state == "success"
    found = query("select state, looked_at is not null from ops.expected_delivery where client_id = 'awaited'")
    assert ("missing", True) in [tuple(row) for row in found]
    assert "missing. client to act: send it" in caplog.text
