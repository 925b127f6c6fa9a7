"""The DAGs as Airflow sees them: which there are, how they are built, what they tell the person who opens them."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.settings import ROOT
from plugins.kontor.names import HELD, HOUSEKEEPING, INTAKE, RELEASE, REPORTING

RANKS = {"client_data": (0, 1), "ledgers": (0, 1, 2, 3, 4), "payroll": (0, 1, 2, 3), "shipments": (0, 1, 2, 3, 4, 5)}
DOMAINS = {
    "client_data": {"clients"},
    "ledgers": {"ledgers"},
    "payroll": {"people", "payroll"},
    "shipments": {"shipments"},
}
STEPS = ("extract", "clean", "validate", "load")


def test_exactly_these_dags_and_no_error(dagbag: Any) -> None:
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == {*INTAKE, REPORTING, RELEASE, HOUSEKEEPING}


def test_a_file_is_called_as_its_dag(dagbag: Any) -> None:
    files = {dag.fileloc: dag_id for dag_id, dag in dagbag.dags.items()}
    assert files == {str(ROOT / "dags" / f"{dag_id}.py"): dag_id for dag_id in files.values()}
    assert len(files) == len(list((ROOT / "dags").glob("*.py")))


def test_every_domain_with_a_contract_has_one_dag() -> None:
    folders = [path.name for path in (ROOT / "pipelines" / "contracts").iterdir() if path.is_dir()]
    assert sorted(folders) == sorted(domain for domains in DOMAINS.values() for domain in domains)


@pytest.mark.parametrize("dag_id", [*INTAKE, REPORTING, RELEASE, HOUSEKEEPING])
def test_dag_says_who_what_and_what_to_do_when_red(dagbag: Any, dag_id: str) -> None:
    dag = dagbag.dags[dag_id]
    assert dag.description
    assert dag.tags
    assert "When it is red" in dag.doc_md
    assert dag.max_active_runs == 1 or (dag_id == RELEASE and dag.max_active_runs > 20)
    assert dag.catchup is False
    for task in dag.tasks:
        assert task.owner == "data engineering"
        assert task.doc_md, task.task_id
        assert task.execution_timeout


@pytest.mark.parametrize("dag_id", INTAKE)
def test_intake_has_its_groups_in_order(dagbag: Any, dag_id: str) -> None:
    dag = dagbag.dags[dag_id]
    expected = {"fetch", "discover", "workbooks", "publish", "held", "outcome"}
    for rank in RANKS[dag_id]:
        expected |= {f"rank_{rank}.{step}" for step in STEPS}
    expected |= {f"work_of_rank_{rank}" for rank in RANKS[dag_id][1:]}
    assert set(dag.task_ids) == expected
    assert dag.get_task("discover").upstream_task_ids == {"fetch"}
    before = "discover"
    for rank in RANKS[dag_id]:
        for step in STEPS:
            task = dag.get_task(f"rank_{rank}.{step}")
            assert before in task.upstream_task_ids
            assert task.map_index_template == "{{ label }}"
            assert list(task.iter_mapped_task_groups()), "one instance per scope"
            before = task.task_id
    for name in ("workbooks", "publish", "held", "outcome"):
        assert dag.get_task(name).upstream_task_ids == {before}
        before = name


@pytest.mark.parametrize("dag_id", INTAKE)
def test_a_failure_stops_neither_the_next_rank_nor_the_end(dagbag: Any, dag_id: str) -> None:
    rules = {task.task_id: str(task.trigger_rule.value) for task in dagbag.dags[dag_id].tasks}
    after_failure = {"discover", "workbooks", "publish", "held", "outcome"} | {
        f"rank_{rank}.extract" for rank in RANKS[dag_id][1:]
    }
    assert {name for name, rule in rules.items() if rule == "all_done"} == after_failure


@pytest.mark.parametrize("dag_id", INTAKE)
def test_reporting_and_stewards_are_told_once_each(dagbag: Any, dag_id: str) -> None:
    outlets = {task.task_id: [o.name for o in task.outlets] for task in dagbag.dags[dag_id].tasks if task.outlets}
    assert outlets == {"publish": [dag_id], "held": [HELD]}


@pytest.mark.parametrize("dag_id", INTAKE)
def test_nightly_in_the_time_zone_of_the_office(dagbag: Any, dag_id: str) -> None:
    dag = dagbag.dags[dag_id]
    assert str(dag.timetable.timezone) == "Europe/Berlin"
    minute, hour, *rest = dag.timetable.expression.split()
    assert int(minute) < 60
    assert int(hour) < 6
    assert rest == ["*", "*", "*"]


@pytest.mark.parametrize("dag_id", INTAKE)
def test_the_first_start_makes_up_for_no_night_before_it(dagbag: Any, dag_id: str) -> None:
    from airflow.sdk import timezone
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    dag = dagbag.dags[dag_id]
    info = coerce_to_core_timetable(dag.timetable).next_dagrun_info(
        last_automated_data_interval=None, restriction=TimeRestriction(dag.start_date, None, catchup=False)
    )
    assert info is not None
    assert info.run_after > timezone.utcnow()


def test_parameters_narrow_a_run_to_feeds_of_the_dag(dagbag: Any) -> None:
    params = dagbag.dags["payroll"].params
    assert set(params) == {"client", "feed", "replay", "rehearse"}
    assert all(not params[name] for name in params)
    contracts = (ROOT / "pipelines" / "contracts").glob("p*/*.odcs.yaml")
    feeds = sorted(f"{path.parent.name}.{path.name.removesuffix('.odcs.yaml')}" for path in contracts)
    assert params.get_param("feed").schema["enum"] == [None, *feeds]
    assert "payroll.payslips" in feeds


@pytest.mark.parametrize("given", ["12", "ledgers.spend", "acme", "acme/ledgers.spend"])
def test_replay_takes_a_delivery_a_feed_or_a_client(dagbag: Any, given: str) -> None:
    assert dagbag.dags["ledgers"].params.get_param("replay").resolve(given) == given


def test_replay_refuses_anything_else(dagbag: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dagbag.dags["ledgers"].params.get_param("replay").resolve("last night")


def test_only_a_fault_that_may_pass_is_tried_again(dagbag: Any) -> None:
    from airflow.sdk import RetryAction

    from pipelines.errors import AlreadyRunning, DeliveryError, TransientError

    for dag in dagbag.dags.values():
        for task in dag.tasks:
            policy = task.retry_policy

            def action(error: Exception, policy: Any = policy) -> RetryAction:
                return policy.evaluate(error, 1, 2).action

            assert task.retries
            assert action(TransientError("disk full", next_step="free some")) is RetryAction.RETRY
            assert action(AlreadyRunning("busy", next_step="wait")) is RetryAction.RETRY
            assert action(DeliveryError("truncated", next_step="send again")) is RetryAction.FAIL
            assert action(ValueError("ours")) is RetryAction.FAIL


def test_reporting_runs_after_any_intake(dagbag: Any) -> None:
    from airflow.sdk import AssetAny

    condition = dagbag.dags[REPORTING].timetable.asset_condition
    assert isinstance(condition, AssetAny)
    assert {a.name for a in condition.objects} == {*INTAKE, RELEASE}


def test_a_night_too_big_to_map_is_split() -> None:
    import configparser

    from plugins.kontor.factory import MOST_INSTANCES

    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "airflow.cfg")
    assert config.getint("core", "max_map_length", fallback=1024) >= MOST_INSTANCES


def test_the_dags_survive_serialization(dagbag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in dagbag.dags.values():
        again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        assert set(again.task_dict) == set(dag.task_dict)
