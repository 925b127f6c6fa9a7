"""A night through the DAGs, each run in this process by Airflow's own `dag.test()`, on a real warehouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.delivery import Step
from pipelines.flow import step
from pipelines.flow.work import extract_step
from pipelines.settings import Settings
from tests.conftest import url_of
from tests.e2e import reviewing
from tests.e2e.conftest import Client
from tests.origins.servers import closed_port, s3_server
from tests.samples.generate import generate

pytestmark = pytest.mark.slow
PROFILE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
stewards: [admin]
feeds:
  ledgers.spend:
    files: 'spend/[^/]+\.csv'
    mode: delta
    max_rejects: {{pct: 20}}
    columns:
      spend_line_id: {{from: Id}}
      supplier_name: {{from: Supplier}}
      account_name: {{value: Office}}
      document_date: {{from: Date, formats: ['%Y-%m-%d']}}
      spend_amount: {{from: Amount}}
      currency_code: {{value: GBP}}
"""
STEPS = ("extract", "clean", "validate", "load")
HEADER = "Id,Supplier,Date,Amount\n"
Run = Callable[..., "tuple[Any, dict[str, Any]]"]


@pytest.fixture
def landing(
    settings: Settings, server_settings: Settings, database: str, airflow_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """An empty landing folder; the tasks find installation and warehouse as they do in a night, by environment."""
    monkeypatch.setenv("KONTOR_HOME", str(settings.home))
    monkeypatch.setenv("KONTOR_LANDING", str(settings.landing))
    monkeypatch.setenv("KONTOR_SETTLE", "0")
    monkeypatch.setenv("KONTOR_CLIENTS", str(settings.client_folders[0]))
    monkeypatch.setenv("KONTOR_WAREHOUSE_URL", url_of(server_settings, database, "loader"))
    return settings.landing


@pytest.fixture
def run(dagbag: Any, landing: Path) -> Run:
    """Run a DAG; gives the run and the state of each instance, by task and label (or map index)."""

    def run_one(dag_id: str, **conf: Any) -> tuple[Any, dict[str, Any]]:
        # what one run is given stays in the parameters of the DAG for the next one in this process
        given = {**dict.fromkeys(dagbag.dags[dag_id].params), "rehearse": False}
        done = dagbag.dags[dag_id].test(run_conf={**given, **conf})
        states = {}
        for ti in done.get_task_instances():
            label = "" if ti.map_index < 0 else f"[{ti.rendered_map_index or ti.map_index}]"
            states[ti.task_id + label] = str(ti.state)
        states.pop("workbooks", None)  # what it does is tested where it is written
        return done, states

    return run_one


def lines(count: int) -> str:
    return HEADER + "".join(f"L{i},Supplier {i},2026-10-05,{i}.50\n" for i in range(1, count + 1))


def send(landing: Path, client: str, name: str, text: str) -> None:
    path = landing / client / "spend" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def later(state: str, listed: str = "success") -> dict[str, str]:
    """The tasks of the ledgers' later ranks, for which the file of a spend list brings no work."""
    ranks = range(1, 5)
    return {f"work_of_rank_{rank}": listed for rank in ranks} | {
        f"rank_{rank}.{step}": state for rank in ranks for step in STEPS
    }


def declare(settings: Settings, *clients: str) -> None:
    for client in clients:
        path = settings.client_folders[0] / f"{client}.yaml"
        path.write_text(PROFILE.format(client=client), encoding="utf-8")


def extra(run: Any, asset: str | None = None) -> list[dict[str, Any]]:
    """What the run published, or what it told another asset."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        events = session.query(AssetEvent).filter_by(source_run_id=run.run_id, source_dag_id=run.dag_id).all()
        return [event.extra for event in events if event.asset.name == (asset or run.dag_id)]


def test_a_broken_file_is_red_and_stops_nobody_else(
    settings: Settings, landing: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    declare(settings, "broken", "partly", "sound")
    send(landing, "broken", "a.csv", '"Id,Supplier\n')
    send(landing, "partly", "a.csv", lines(20))
    send(landing, "partly", "b.csv", "Id;Supplier\n1;x\n")
    send(landing, "sound", "a.csv", lines(20))
    with caplog.at_level("INFO", "kontor"):
        done, states = run("ledgers")
    broken, partly, sound = (f"{client} · ledgers.spend · main" for client in ("broken", "partly", "sound"))
    assert done.state == "failed"
    assert states == {
        "fetch": "success",
        "discover": "success",
        f"rank_0.extract[{broken}]": "failed",
        **{f"rank_0.{step}[0]": "upstream_failed" for step in ("clean", "validate", "load")},
        **{f"rank_0.{step}[{partly}]": "success" for step in ("extract", "clean", "validate")},
        f"rank_0.load[{partly}]": "failed",  # after it has loaded the sound one of the two
        **{f"rank_0.{step}[{sound}]": "success" for step in STEPS},
        **later("skipped"),
        "publish": "success",
        "held": "skipped",
        "outcome": "failed",
    }
    (published,) = extra(done)
    assert [(d["client_id"], d["state"], d["rows_loaded"]) for d in published["deliveries"]] == [
        ("broken", "failed", None),
        ("partly", "loaded", 20),
        ("partly", "failed", None),
        ("sound", "loaded", 20),
    ]
    extracted = [r.getMessage() for r in caplog.records if r.getMessage().startswith(("::", "extract "))]
    titles = [line for line in extracted if line.startswith("::group::extract")]
    assert sorted(title.split(" · ", 1)[1] for title in titles) == [
        f"ledgers.spend · main · spend/{name}.csv" for name in ("a", "a", "a", "b")
    ], "each delivery has a section of its own in the log of its task"
    for title in titles:
        place = extracted.index(title)
        assert all(line.startswith("extract ") for line in extracted[place + 1 : place + 3])
        assert extracted[place + 3] == "::endgroup::"


def test_a_broken_profile_is_red_and_stops_nobody_else(
    settings: Settings, landing: Path, run: Run, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken before the night, or while a delivery is under way: the others are loaded, and `outcome` says why."""
    names = ("halted", "hurried", "mistyped", "unharmed")
    declare(settings, *names)
    for client in names:
        send(landing, client, "a.csv", lines(20))

    def mistype(client: str) -> None:
        path = settings.client_folders[0] / f"{client}.yaml"
        path.write_text(PROFILE.format(client=client).replace("from: Amount", "form: Amount"), encoding="utf-8")

    def extracting(office: Any, delivery: Any) -> Any:
        if delivery.client_id == "halted":
            mistype("halted")
        return extract_step(office, delivery)

    told = heard(monkeypatch)
    monkeypatch.setitem(step.WORK, Step.EXTRACT, extracting)
    mistype("mistyped")
    with caplog.at_level("INFO", "kontor"):
        done, states = run("ledgers")
    for client in ("hurried", "unharmed"):
        assert {states[f"rank_0.{name}[{client} · ledgers.spend · main]"] for name in STEPS} == {"success"}
    halted = [state for name, state in states.items() if name.startswith("rank_0.") and "[h" in name]
    assert halted.count("success") == 7, "its steps are not red: they are not at fault"
    assert not any("mistyped" in name for name in states)
    assert (done.state, [name for name, state in states.items() if state == "failed"]) == ("failed", ["outcome"])
    (published,) = extra(done)
    assert [(d["client_id"], d["state"]) for d in published["deliveries"]] == [
        ("halted", "extracted"),
        ("hurried", "loaded"),
        ("unharmed", "loaded"),
    ]
    assert "halted · ledgers.spend · main · spend/a.csv stays extracted: profile halted.yaml is broken" in caplog.text
    (said,) = told
    assert said.startswith("left alone:\n")
    for client in ("halted", "mistyped"):
        assert said.count(f"profile {client}.yaml is broken: ") == 1
    for word in ("unknown key 'form'", "halted.yaml:17, ", "us to act: correct mistyped.yaml"):
        assert word in said
    assert "stopped after" not in said
    assert "no source of the client's profile matches" not in caplog.text
    declare(settings, *names)
    done, states = run("ledgers")
    assert done.state == "success"
    (published,) = extra(done)
    assert [(d["client_id"], d["state"]) for d in published["deliveries"]] == [
        ("halted", "loaded"),
        ("mistyped", "loaded"),
    ]


def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What tasks say when they fail."""
    from plugins.kontor import tasks

    said: list[str] = []

    class Heard(tasks.AirflowFailException):
        def __init__(self, message: str) -> None:
            said.append(message)
            super().__init__(message)

    monkeypatch.setattr(tasks, "AirflowFailException", Heard)
    return said


def test_the_same_night_again_is_green_and_publishes_nothing(settings: Settings, landing: Path, run: Run) -> None:
    declare(settings, "again")
    send(landing, "again", "a.csv", lines(20))
    done, states = run("ledgers", client="again")
    assert (done.state, states["publish"]) == ("success", "success")
    done, states = run("ledgers", client="again")
    assert done.state == "success"
    assert states == {
        "fetch": "success",
        "discover": "success",
        **{f"rank_0.{step}": "skipped" for step in STEPS},
        **later("skipped"),
        "publish": "skipped",
        "held": "skipped",
        "outcome": "success",
    }
    assert extra(done) == []


def test_a_hold_is_green(settings: Settings, landing: Path, run: Run) -> None:
    declare(settings, "holding")
    send(landing, "holding", "a.csv", HEADER + "".join(f"L{i},Supplier {i},no date,1.00\n" for i in range(20)))
    done, states = run("ledgers", client="holding")
    assert done.state == "success"
    assert states["rank_0.validate[holding · ledgers.spend · main]"] == "success"
    assert states["rank_0.load[holding · ledgers.spend · main]"] == "skipped"
    assert states["outcome"] == "success"
    assert states["held"] == "success"
    (published,) = extra(done)
    assert [d["state"] for d in published["deliveries"]] == ["held"]
    assert extra(done, "held") == [{"delivery_ids": [d["delivery_id"] for d in published["deliveries"]]}]


def test_what_refers_to_others_comes_after_them(landing: Path, run: Run) -> None:
    generate(landing)
    done, states = run("payroll", client="hansa")
    assert done.state == "success"
    assert states["rank_0.load[hansa · people.employees · main]"] == "success"
    assert states["rank_1.load[hansa · payroll.pay_rates · main]"] == "success"
    assert not any("brightline" in name for name in states)
    ended = {ti.task_id: ti for ti in done.get_task_instances()}
    assert ended["rank_0.load"].end_date <= ended["rank_1.extract"].start_date


ORIGIN = """origins:
  outbox: {{url: 's3://exports/{client}', connection: {client}_s3, into: spend}}
feeds:"""


def test_files_of_a_clients_own_server(settings: Settings, landing: Path, run: Run, monkeypatch: Any) -> None:
    """Two clients offer files on S3, one of them on a server that is down: his problem is told, nobody else's night."""
    for client in ("uploads", "offline"):
        text = PROFILE.replace("feeds:", ORIGIN).format(client=client)
        (settings.client_folders[0] / f"{client}.yaml").write_text(text, encoding="utf-8")
    with s3_server() as s3:
        s3.put("uploads/october.csv", lines(20))
        monkeypatch.setenv("AIRFLOW_CONN_UPLOADS_S3", s3.connection())
        monkeypatch.setenv("AIRFLOW_CONN_OFFLINE_S3", s3.connection(closed_port()))
        done, states = run("ledgers")
        assert done.state == "failed"
        assert states["fetch"] == "failed"
        assert states["discover"] == "success"
        assert states["rank_0.load[uploads · ledgers.spend · main]"] == "success"
        assert states["outcome"] == "failed"
        (published,) = extra(done)
        assert [(d["client_id"], d["state"], d["rows_loaded"]) for d in published["deliveries"]] == [
            ("uploads", "loaded", 20)
        ]
        assert (landing / "uploads/spend/october.csv").read_text(encoding="utf-8") == lines(20)
        (problem,) = xcom(done, "fetch", "problems")
        assert problem.startswith("offline · outbox: origin outbox: server does not answer as it should")
        assert "s3cr" not in problem
        done, states = run("ledgers", client="uploads")
        assert (done.state, states["fetch"], states["publish"]) == ("success", "success", "skipped")


def xcom(run: Any, task_id: str, key: str) -> Any:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        query = session.query(XComModel).filter_by(dag_id=run.dag_id, run_id=run.run_id, task_id=task_id, key=key)
        return XComModel.deserialize_value(query.one())


def test_a_declaration_of_ours_that_cannot_be_read_fails_the_run_at_once(
    settings: Settings, landing: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts = settings.home / "contracts"
    (contracts / "ledgers").mkdir(parents=True)
    (contracts / "ledgers" / "spend.odcs.yaml").write_text("kind: odd\nunknown: 1\n", encoding="utf-8")
    monkeypatch.setattr(Settings, "contracts", contracts)
    done, states = run("ledgers")
    assert done.state == "failed"
    assert states == {
        "fetch": "failed",
        "discover": "failed",
        **{f"rank_0.{step}": "upstream_failed" for step in STEPS},
        **later("upstream_failed", "upstream_failed"),
        "publish": "skipped",
        "held": "failed",
        "outcome": "failed",
    }


def test_decisions_on_pairs_of_customers_alone_are_reported(
    settings: Settings, server_settings: Settings, database: str, landing: Path, run: Run
) -> None:
    client = Client("paired", replace(settings, warehouse_url=url_of(server_settings, database, "loader")), "")
    reviewing.declare(client)
    reviewing.send(client, crm=reviewing.CRM, shop=reviewing.SHOP)
    book = reviewing.newest_book(client)
    reviewing.fill_in(book, landing / "paired" / "back.xlsx", {"crm · 1": ("same", "same house")})
    done, states = run("client_data", client="paired")
    assert (done.state, states["publish"]) == ("success", "success")
    (published,) = extra(done)
    assert published["deliveries"] == []
    done, states = run("client_data", client="paired")
    assert states["publish"] == "skipped"
    client.warehouse.close()


def test_a_rehearsal_tells_and_starts_nothing(
    settings: Settings, landing: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    declare(settings, "tried")
    send(landing, "tried", "a.csv", lines(20))
    run("ledgers", client="tried")
    send(landing, "tried", "b.csv", lines(21))
    with caplog.at_level("INFO", "kontor.tasks"):
        done, states = run("ledgers", replay="tried", rehearse=True)
    assert (done.state, states["discover"], states["rank_0.extract"]) == ("success", "success", "skipped")
    assert extra(done) == []
    assert "1 delivery rehearsed, nothing was touched" in caplog.text
    done, _ = run("ledgers", client="tried", replay="tried/ledgers.spend")
    assert [d["rows_loaded"] for d in extra(done)[0]["deliveries"]] == [0, 1], "the file that waited, and the replay"
