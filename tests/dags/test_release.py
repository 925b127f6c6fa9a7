"""Stewards decide in Airflow: the DAG, then two people at the real REST API of a real installation."""

from __future__ import annotations

import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from pipelines.flow.night import run_night
from pipelines.flow.office import Office, open_office
from pipelines.flow.setup import init
from pipelines.settings import Settings, load_settings
from pipelines.warehouse import server
from pipelines.warehouse.connection import Warehouse
from plugins.kontor.api import AirflowApi, ApiError
from plugins.kontor.components import ComponentError, wait_until
from plugins.kontor.installation import DATABASE, Installation
from plugins.kontor.names import HELD, RELEASE
from plugins.kontor.secrets import STEWARD, USER, password_of
from tests.conftest import CHEAP
from tests.e2e.conftest import as_csv, lines
from tests.guard import Watch

GROUP = "decision"


# -- the DAG -----------------------------------------------------------------------------------------


def test_one_question_per_delivery_then_what_follows(dagbag: Any) -> None:
    dag = dagbag.dags[RELEASE]
    steps = [f"{GROUP}.{name}" for name in ("ask", "decide", "load", "publish")]
    assert set(dag.task_ids) == {"held", "outcome", *steps}
    before = "held"
    for name in steps:
        task = dag.get_task(name)
        assert before in task.upstream_task_ids
        assert list(task.iter_mapped_task_groups()), "one instance per delivery"
        before = name
    assert dag.get_task("outcome").upstream_task_ids == {before}
    rules = {task.task_id: task.trigger_rule.value for task in dag.tasks}
    assert {name for name, rule in rules.items() if rule == "all_done"} == {f"{GROUP}.decide", "outcome"}
    assert {t.task_id: [o.name for o in t.outlets] for t in dag.tasks if t.outlets} == {f"{GROUP}.publish": [RELEASE]}
    assert dag.timetable.asset_condition.name == HELD


def test_the_time_out_is_a_return_and_client_text_is_no_template(dagbag: Any) -> None:
    ask = dagbag.dags[RELEASE].get_task(f"{GROUP}.ask")
    assert ask.options == ["Approve", "Return"]
    assert ask.defaults == ["Return"]
    assert list(ask.template_fields) == ["question"]
    assert ask.serialized_params["reason"]["schema"]["minLength"] == 3


def test_the_page_says_who_may_decide(dagbag: Any) -> None:
    page = dagbag.dags[RELEASE].doc_md
    for word in ("Four eyes", "Required Actions", "When it is red", "never who submitted"):
        assert word in page


# -- two people --------------------------------------------------------------------------------------

PROFILE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
stewards: {stewards}
feeds:
  ledgers.spend:
    files: 'spend/[^/]+\.csv'
    mode: {mode}
    format: {{footer_rows: 1}}
    controls: {{rows: {{footer: 1, column: 2}}}}
    columns:
      spend_line_id: {{from: Id}}
      supplier_name: {{from: Supplier}}
      account_name: {{value: Office}}
      document_date: {{from: Date, formats: ['%Y-%m-%d']}}
      spend_amount: {{from: Amount}}
      currency_code: {{value: GBP}}
"""
CLIENTS = {
    "approved": "[admin, steward]",
    "returned": "[admin, steward]",
    "reviewed": "[admin, steward]",  # a correction that `steward` submitted
    "unnamed": "[steward]",  # no longer a steward when the answer comes
    "late": "[admin]",
    "changed": "[admin]",
    "replaced": "[admin]",
    "misread": "[admin]",  # its profile is broken when the answer comes
}


@dataclass
class House:
    """The installation, its people and its clients."""

    settings: Settings
    office: Callable[[], Office]
    installation: Installation
    run_id: str = ""

    def person(self, name: str) -> AirflowApi:
        """A session of a user."""
        home = self.installation.airflow_home
        return AirflowApi(self.installation.api.base_url, name, password_of(home, name))

    def states(self) -> dict[str, str]:
        """State of each task of the run that asks."""
        return self.installation.api.task_states(RELEASE, self.run_id)

    def where(self, client: str) -> str:
        """Address of the question about a client's delivery."""
        found = self.installation.api._call(
            "GET", f"/api/v2/dags/{RELEASE}/dagRuns/{quote(self.run_id, safe='')}/hitlDetails?limit=100"
        )
        (index,) = [h["task_instance"]["map_index"] for h in found["hitl_details"] if h["subject"].startswith(client)]
        run = f"/api/v2/dags/{RELEASE}/dagRuns/{quote(self.run_id, safe='')}"
        return f"{run}/taskInstances/{GROUP}.ask/{index}/hitlDetails"

    def answer(self, person: str, client: str, choice: str, reason: str) -> int:
        """What the API says to an answer: its status."""
        body = {"chosen_options": [choice], "params_input": {"reason": reason}}
        try:
            self.person(person)._call("PATCH", self.where(client), body)
        except ApiError as error:
            return error.status or 0
        return 200

    def decided(self, client: str) -> str:
        """State of `decide` for a client, once it has one."""
        index = self.where(client).split("/")[-2]
        name = f"{GROUP}.decide[{index}]"
        over = ("success", "failed", "skipped")
        try:
            wait_until(
                lambda: self.states().get(name) in over, self.installation.components, what=name, seconds=240, pause=0.5
            )
        except ComponentError as error:
            raise AssertionError(f"states of the run: {self.states()}; {error}") from error
        return self.states()[name]

    def said(self, client: str) -> str:
        """What the tasks about a client's delivery logged, and its questions: why a decision went wrong."""
        index = self.where(client).split("/")[-2]
        logs = sorted((self.settings.home / "logs" / "tasks").rglob(f"task_id={GROUP}.*/map_index={index}/*.log"))
        told = [f"{path.parent.parent.name}/{path.name}\n{path.read_text(encoding='utf-8')}" for path in logs]
        asked = self.query("select r.* from ops.approval_request r join ops.delivery d using (delivery_id) "
                           "where client_id = :c", c=client)  # fmt: skip
        return "\n".join([*told, str(asked)])

    def state(self, client: str) -> str:
        """States of a client's deliveries, oldest first."""
        return " ".join(s for (s,) in self.query("select state from ops.delivery where client_id = :c", c=client))

    def query(self, sql: str, **values: Any) -> list[Any]:
        """Rows of a query on the warehouse, by delivery."""
        with self.office().warehouse.transaction() as conn:
            return list(conn.execute(sa.text(f"{sql} order by delivery_id"), values))

    def declare(self, client: str, **words: str) -> None:
        """Write a profile."""
        given = {"client": client, "stewards": CLIENTS[client], "mode": "delta", **words}
        path = self.settings.client_folders[-1] / f"{client}.yaml"
        written = path.with_suffix(".new")  # tasks read profiles all the time: never half a file
        written.write_text(PROFILE.format(**given), encoding="utf-8")
        written.replace(path)

    def send(self, client: str, name: str, rows: int, promised: int) -> None:
        """A file; held when it promises another count than it has."""
        path = self.settings.landing / client / "spend" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_csv(lines(rows)) + f"total,{promised},,\n", encoding="utf-8")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, watch: Watch) -> Iterator[House]:
    """One installation with a held delivery per client, and the run of `release` that asks about them."""
    home = tmp_path_factory.mktemp("release")
    watch(home)
    for name in ("landing", "clients"):
        (home / name).mkdir()
    given = {"KONTOR_HOME": home, "KONTOR_CLIENTS": home / "clients", "KONTOR_LANDING": home / "landing"}
    environ = {k: str(v) for k, v in given.items()} | {"KONTOR_SETTLE": "0"}
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("AIRFLOW", "KONTOR"))]:
            patch.delenv(name)
        for name, value in environ.items():
            patch.setenv(name, value)
        settings = load_settings()
        url = server.ensure(changed(settings, warehouse_url=None), CHEAP).url
        installation = Installation(settings)
        warehouse = Warehouse(str(url))
        made = House(settings, lambda: changed(open_office(settings), warehouse=warehouse), installation)
        try:
            _open(made)
            yield made
        finally:
            warehouse.close()
            installation.close()
            server.remove(changed(settings, warehouse_url=None))
            shutil.rmtree(home, ignore_errors=True)


def _resting(house: House) -> int:
    """How many questions the scheduler knows to rest.

    It takes an answer given before that, within a second or on a machine under load some more, for the end of a task
    that should still run, and asks again: no person is that fast.
    """
    log = (house.settings.home / "logs" / "scheduler.log").read_text(encoding="utf-8")
    return len(
        re.findall(rf"TaskInstance Finished: dag_id={RELEASE}, task_id={GROUP}\.ask,.*state=awaiting_input,", log)
    )


def _open(house: House) -> None:
    """Airflow starts while the night runs here; the intake DAG then finds what is held and tells `release`."""
    installation = house.installation
    installation.open()
    init(house.settings)
    installation.start()
    for client in CLIENTS:
        house.declare(client, mode="snapshot" if client == "replaced" else "delta")
        house.send(client, "1.csv", 5, 4)
    run_night(["ledgers"], office=house.office())
    with house.office().warehouse.transaction() as conn:
        conn.execute(sa.text("update ops.delivery set submitted_by = 'steward' where client_id = 'reviewed'"))
    installation.wait_for_api()
    installation.wait_for_dags({"ledgers", RELEASE})
    api = installation.api
    api.trigger("ledgers", "night")

    def asked() -> bool:
        runs = api.runs(RELEASE, "state=running")
        house.run_id = next(iter(runs), "")
        return bool(runs) and list(house.states().values()).count("awaiting_input") == len(CLIENTS)

    wait_until(asked, installation.components, what="asking the stewards", seconds=300, pause=0.5)
    wait_until(
        lambda: _resting(house) == len(CLIENTS), installation.components, what="rest", seconds=300, pause=0.5
    )  # fmt: skip
    assert api.runs("ledgers", "state=success"), "the night did not wait for people"


@pytest.mark.slow
def test_two_people_decide_at_the_rest_api(house: House) -> None:
    """Who may not is refused by Airflow; whoever slips through there is refused by `decide`."""
    assert house.answer(STEWARD, "reviewed", "Approve", "my own correction") == 403
    assert house.answer(USER, "unnamed", "Approve", "I am admin") == 403
    assert house.answer(USER, "approved", "Release", "no such answer") == 400
    assert house.answer(USER, "approved", "Approve", "counted by hand") == 200
    assert house.answer(STEWARD, "approved", "Return", "second answer") == 409
    assert house.answer(STEWARD, "returned", "Return", "wrong month") == 200
    assert house.answer(USER, "reviewed", "Approve", "  ") == 200  # Airflow takes it; `decide` does not
    house.declare("unnamed", stewards="[admin]")
    assert house.answer(STEWARD, "unnamed", "Approve", "I was one") == 200
    house.declare("changed", stewards="[admin]\nanalysts: []", mode="snapshot")
    assert house.answer(USER, "changed", "Approve", "as it was") == 200
    house.send("replaced", "2.csv", 6, 6)
    run_night(["ledgers"], client="replaced", office=house.office())
    assert house.answer(USER, "replaced", "Approve", "too late") == 200
    house.declare("misread", mode="delta\n    tolerance: 1")
    assert house.answer(USER, "misread", "Approve", "it is right") == 200
    _let_time_pass(house, "late")

    expected = {
        "approved": "success",
        "returned": "skipped",
        "reviewed": "failed",
        "unnamed": "failed",
        "changed": "skipped",
        "replaced": "skipped",
        "late": "skipped",
        "misread": "failed",
    }
    for client, state in expected.items():
        assert house.decided(client) == state, house.said(client)
    over = ("success", "failed")
    wait_until(
        lambda: house.installation.api.runs(RELEASE, "limit=1").get(house.run_id) in over,
        house.installation.components, what="the end of the run", seconds=240, pause=0.5,
    )  # fmt: skip

    assert {client: house.state(client) for client in CLIENTS} == {
        "approved": "loaded",
        "returned": "returned",
        "reviewed": "held",
        "unnamed": "held",
        "late": "returned",
        "changed": "held",
        "replaced": "superseded loaded",
        "misread": "held",
    }
    assert house.query(
        "select d.client_id, a.actor, a.detail->>'reason' from ops.audit a join ops.delivery d using (delivery_id) "
        "where a.action = 'decide' and d.client_id <> 'late'"
    ) == [("approved", "admin", "counted by hand"), ("returned", "steward", "wrong month")]
    states = house.states()
    assert [s for name, s in states.items() if name.startswith(f"{GROUP}.load")].count("success") == 1
    assert states["outcome[-1]"] == "failed"
    assert house.installation.api.runs("reporting", "limit=5"), "what was released is reported"
    in_core = (
        "select client_id from ops.delivery d where exists "
        "(select from core.ledgers_spend c where c._delivery_id = d.delivery_id)"
    )
    assert house.query(in_core) == [("approved",), ("replaced",)]
    _follow_what_was_kept(house)


def _follow_what_was_kept(house: House) -> None:
    """The answer that a broken profile stopped is followed by the run after the mend; nobody is asked again."""
    kept = "select answer, answered_by, outcome from ops.approval_request join ops.delivery using (delivery_id) "
    kept += "where client_id = 'misread'"
    assert house.query(kept) == [("approve", USER, None)]
    house.declare("misread")
    house.installation.api.trigger("ledgers", "mended")
    wait_until(
        lambda: house.state("misread") == "loaded",
        house.installation.components, what="the answer that was kept", seconds=240, pause=0.5,
    )  # fmt: skip
    assert house.query(kept) == [("approve", USER, "approved")]


@pytest.mark.slow
def test_workbooks_are_for_stewards_of_their_client(house: House) -> None:
    outbox = house.settings.home / "outbox"
    for client in ("approved", "returned"):
        (outbox / client).mkdir(parents=True)
        (outbox / client / "rows 1.xlsx").write_bytes(b"PK rows")
    (outbox / "approved" / "elsewhere.xlsx").symlink_to(house.installation.airflow_home / "secrets.json")
    house.declare("returned", stewards="[steward]")
    assert _get(house, USER, "approved/rows%201.xlsx") == (200, b"PK rows")
    assert _get(house, STEWARD, "returned/rows%201.xlsx") == (200, b"PK rows")
    assert _get(house, USER, "returned/rows%201.xlsx")[0] == 403
    assert _get(house, USER, "returned/no_such.xlsx")[0] == 403
    assert _get(house, USER, "nobody/rows%201.xlsx")[0] == 403
    assert _get(house, None, "approved/rows%201.xlsx")[0] == 401
    for path in (
        "approved/no_such.xlsx",
        "approved/elsewhere.xlsx",
        "approved/",
        "approved/%2e%2e/returned/rows%201.xlsx",
        "approved/..%2freturned%2frows%201.xlsx",
        "approved/%2Fetc%2Fpasswd",
    ):
        status, content = _get(house, USER, path)
        assert status in (403, 404), path
        assert b"rows" not in content.replace(b"rows 1.xlsx", b"")


def _get(house: House, person: str | None, path: str) -> tuple[int, bytes]:
    """Status and content of a file of the outbox."""
    api = house.installation.api
    headers = {}
    if person:
        login = {"username": person, "password": password_of(house.installation.airflow_home, person)}
        headers["Authorization"] = f"Bearer {api._send('POST', '/auth/token', login, None)['access_token']}"
    request = urllib.request.Request(f"{api.base_url}/kontor/outbox/{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _let_time_pass(house: House, client: str) -> None:
    """The end of the time, made to be now in Airflow's database: no profile can ask for less than an hour."""
    index = int(house.where(client).split("/")[-2])
    engine = sa.create_engine(house.installation.env[DATABASE])
    with engine.begin() as conn:
        moved = conn.execute(
            sa.text(
                "update task_instance set trigger_timeout = now() - interval '1 second' where dag_id = :dag "
                "and run_id = :run and task_id = :task and map_index = :index and state = 'awaiting_input'"
            ),
            {"dag": RELEASE, "run": house.run_id, "task": f"{GROUP}.ask", "index": index},
        )
    engine.dispose()
    assert moved.rowcount == 1
