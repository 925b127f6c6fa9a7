"""What one client's payroll may do is said in that client's own suite: negative net, late corrections, two regular runs
in a period, pay in another currency. Without Python, and for nobody else.
"""

# ruff: noqa: E501 (one rule a line reads better)

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.delivery import Verdict
from pipelines.rulebook import RuleBook
from pipelines.settings import ROOT, Settings
from pipelines.validate.suites import check_suite, load_rules
from pipelines.warehouse.connection import Warehouse
from tests.feeds.counter import Counter
from tests.feeds.samples import read_samples

Rows = Sequence[Mapping[str, Any]]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """The shipped declarations, with a folder of suites that a test may add to."""
    nowhere = Path("nowhere")
    shipped = load_catalog(Settings(nowhere, nowhere, (ROOT / "pipelines" / "clients",), None))
    return replace(shipped, expectations=shutil.copytree(shipped.expectations, tmp_path / "expectations"))


@dataclass(frozen=True)
class Habit:
    """What a client does that others may not: the rule it meets, what its suite says instead, rows of either kind."""

    rule: str
    why: str
    changes: Mapping[str, Any]
    allowed: Rows
    refused: Rows

    @property
    def feed(self) -> str:
        """The feed of the rule."""
        return self.rule.rpartition(".")[0]


NET = {"kind_code": "net", "wage_type_id": "5000", "paid_hours": None, "pay_rate": None}
HABITS = {
    "an advance may take the net below zero, to a bound": Habit(
        "payroll.payslips.net_not_negative", "advances are taken off the next payslip",
        {"kwargs": {"min_value": -500.0}}, [{**NET, "pay_amount": "-500.00"}], [{**NET, "pay_amount": "-500.01"}],
    ),
    "corrections reach back three years": Habit(
        "payroll.payslips.correction_not_too_old", "collective agreements are settled late",
        {"kwargs": {"days": 1096}}, [{"earned_from_date": "2023-02-01"}], [{"earned_from_date": "2023-01-01"}],
    ),
    "expatriates are paid in another currency, which is only counted": Habit(
        "payroll.payslips.contract_currency", "expatriates are paid where they live",
        {"severity": "info"}, [{"employee_id": "E-abroad"}], [],
    ),
    "the night supplement is paid beside base pay, on a line of its own": Habit(
        "payroll.payslips.minimum_wage_of_country_reached", "wage type 1150 is a supplement",
        {"kwargs": {"row_condition": {"type": "and", "conditions": [
            {"type": "comparison", "column": {"name": "kind_code"}, "operator": "==", "parameter": "earning"},
            {"type": "comparison", "column": {"name": "wage_type_id"}, "operator": "NOT_IN", "parameter": ["1150"]}]}}},
        [{"wage_type_id": "1150", "pay_rate": "5.0000"}],
        [{"pay_rate": "13.8999"}],
    ),
    "weekly and monthly paid have no pay group, but other pay days": Habit(
        "payroll.runs.one_regular_run_per_period", "two groups are told apart by their pay day",
        {"kwargs": {"group": ["entity_code", "pay_group_id", "period_start_date", "period_end_date", "pay_date"]}},
        [{}, {"pay_date": "2026-01-29"}], [{"entity_code": "C7"}, {"entity_code": "C7"}],
    ),
    "two regular runs in one period are pointed out, and load": Habit(
        "payroll.runs.one_regular_run_per_period", "the second run is announced by letter",
        {"severity": "warning"}, [{}, {}], [],
    ),
}  # fmt: skip


def suite_of(catalog: Catalog, habit: Habit, client: str) -> Path:
    """The client's own suite: the feed's rule with what it changes, and why."""
    shipped = json.loads(catalog.suite_text(habit.feed))
    item = next(e for e in shipped["expectations"] if e["meta"]["kontor"]["id"] == habit.rule)
    item = {**item, **habit.changes, "kwargs": {**item["kwargs"], **habit.changes.get("kwargs", {})}}
    item["meta"]["kontor"]["replaces"] = habit.why
    path = catalog.suite_path(habit.feed).with_suffix(f".{client}.json")
    path.write_text(json.dumps({"name": f"{habit.feed}.{client}", "expectations": [item]}), encoding="utf-8")
    return path


def critical_failures(counter: Counter, rows: Rows, rule: str) -> tuple[int, Verdict | None, str]:
    """Failing rows of the rule, the verdict, the severity with which it was judged."""
    samples = read_samples(counter.contract.feed)
    _, result = counter.bring(samples.numbered([[{**samples.good, **row} for row in rows]], counter.contract))
    found = next(r for r in result.rules if r.rule_id == rule)
    return found.failed, result.verdict, found.severity.value


@pytest.mark.parametrize("name", HABITS)
def test_a_clients_suite_takes_the_place_of_the_rule(
    catalog: Catalog, warehouse: Warehouse, tmp_path: Path, name: str
) -> None:
    habit = HABITS[name]
    contract, client = catalog.contracts[habit.feed], f"habit_{list(HABITS).index(name)}"
    others = read_samples(habit.feed).others
    if "payroll.wage_types" in others:
        others["payroll.wage_types"].append({"wage_type_id": "1150", "kind_code": "earning"})
    (tmp_path / "a").mkdir()
    counter = Counter(warehouse, catalog, contract, tmp_path / "a", others, client)
    failed, _, severity = critical_failures(counter, habit.allowed, habit.rule)
    assert failed and severity == "critical"

    path = suite_of(catalog, habit, client)
    assert check_suite(path, contract, beside=catalog.suite_path(habit.feed), catalog=catalog) == []
    failed, _, severity = critical_failures(counter, habit.allowed, habit.rule)
    assert not failed or severity != "critical"
    if habit.refused:
        failed, _, severity = critical_failures(counter, habit.refused, habit.rule)
        assert failed == len(habit.refused) and severity == "critical"

    book = RuleBook.of(catalog, habit.feed, client)
    assert book.rule(habit.rule).origin == "client suite"
    ours, theirs = load_rules(catalog, contract), load_rules(catalog, contract, client)
    assert [r.id for r in ours] == [r.id for r in theirs]
    assert [r.id for r, own in zip(ours, theirs, strict=True) if r is not own] == [habit.rule]


@pytest.mark.parametrize(
    ("feed", "columns"),
    [
        ("payroll.payslips", ["run_id", "employee_id", "line_id", "period_start_date", "period_end_date", "wage_type_id", "kind_code", "pay_amount", "currency_code"]),
        ("payroll.runs", ["run_id", "run_kind_code", "period_start_date", "period_end_date", "pay_date", "currency_code"]),
        ("payroll.payments", ["payment_id", "run_id", "employee_id", "payment_date", "paid_amount", "currency_code"]),
        ("payroll.wage_types", ["wage_type_id", "wage_type_name", "kind_code"]),
        ("payroll.pay_rates", ["employee_id", "valid_from_date", "hourly_rate", "currency_code", "pay_frequency_code"]),
    ],
)  # fmt: skip
def test_required_columns_alone_hold_nothing(
    catalog: Catalog, warehouse: Warehouse, tmp_path: Path, feed: str, columns: list[str]
) -> None:
    """A list of what was earned, without rates, hours, dates of payment or accounts, and no other feed of the client."""
    contract = catalog.contracts[feed]
    assert {c.name for c in contract.columns if c.required} == set(columns)
    good = read_samples(feed).good
    folder = tmp_path / "alone"
    folder.mkdir()
    counter = Counter(warehouse, catalog, contract, folder, {})
    _, result = counter.bring([{c: good[c] for c in columns}])
    assert result.verdict is Verdict.PASS, result.message
    assert result.counts.rejected == 0
