"""Every rule of every suite trips in the gate itself, on its named sample, and the good row passes."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog, load_catalog
from pipelines.delivery import Delivery, Verdict
from pipelines.reject import Severity
from pipelines.settings import ROOT, Settings
from pipelines.validate.suites import ABOUT_ROWS, load_suite
from pipelines.warehouse.connection import Warehouse
from tests.feeds.counter import Counter
from tests.feeds.samples import read_samples
from tests.feeds.test_feeds import FEEDS


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    nowhere = Path("nowhere")
    return load_catalog(Settings(nowhere, nowhere, (ROOT / "pipelines" / "clients",), None))


@pytest.mark.parametrize("feed", FEEDS)
def test_every_rule_trips_on_its_sample(catalog: Catalog, warehouse: Warehouse, tmp_path: Path, feed: str) -> None:
    contract, samples = catalog.contracts[feed], read_samples(feed)
    counter = Counter(warehouse, catalog, contract, tmp_path, samples.others)
    rules = {r.id: r for r in load_suite(catalog.suite_path(feed), contract)}
    names = {rule_id: rule_id.removeprefix(feed + ".") for rule_id in rules}

    _, passed = counter.bring(samples.everything_good)
    assert passed.verdict is Verdict.PASS, passed.message
    assert [(r.rule_id, r.observed) for r in passed.rules if r.success is False] == []

    after_loaded = {rule_id: loaded for rule_id in rules if (loaded := samples.loaded(names[rule_id]))}
    about_rows = [r for r, rule in rules.items() if rule.kind in ABOUT_ROWS and r not in after_loaded]
    together = [[*samples.passing(names[r]), *samples.rows(names[r])] for r in about_rows]
    sample_rows: dict[str, set[int]] = {}
    passing: dict[str, set[int]] = {}
    number = 2
    for rule_id, rows in zip(about_rows, together, strict=True):
        first = number + len(samples.passing(names[rule_id]))
        passing[rule_id] = set(range(number, first))
        number += len(rows)
        sample_rows[rule_id] = set(range(first, number))
    delivery, result = counter.bring(samples.numbered(together, contract))
    found = {r.rule_id: r for r in result.rules}
    rejected = _rejected_rows(warehouse, delivery)
    for rule_id, rows_of_sample in sample_rows.items():
        assert found[rule_id].success is False, (rule_id, found[rule_id].observed)
        assert found[rule_id].failed >= len(rows_of_sample), rule_id
        assert not rules[rule_id].rejects or rows_of_sample <= rejected[rule_id], (rule_id, rejected)
        assert not passing[rule_id] & rejected.get(rule_id, set()), rule_id
        if rules[rule_id].hold:
            assert any(rule_id in reason for reason in result.holds), rule_id

    for rule_id, loaded in after_loaded.items():
        counter.load(loaded)
        failing = samples.rows(names[rule_id])
        _, result = counter.bring([*samples.passing(names[rule_id]), *failing])
        assert next(r for r in result.rules if r.rule_id == rule_id).failed == len(failing), rule_id

    for rule_id, rule in rules.items():
        if rule.kind in ("aggregate", "balance"):
            _, result = counter.bring(samples.numbered([samples.rows(names[rule_id])], contract))
        elif rule.kind == "compare":
            trip = samples.trips[names[rule_id]]
            counter.bring(samples.numbered([samples.delivery] * trip["after"], contract))
            _, result = counter.bring(samples.numbered([samples.delivery] * trip["rows"], contract))
        else:
            continue
        assert next(r for r in result.rules if r.rule_id == rule_id).success is False, rule_id
        if rule.severity is Severity.CRITICAL:
            assert result.verdict is Verdict.HOLD and any(rule_id in reason for reason in result.holds), rule_id


def test_a_row_needs_one_of_the_days_it_may_stand_on(catalog: Catalog, warehouse: Warehouse, tmp_path: Path) -> None:
    """Each of them alone lets it in; without any it would stand in no month."""
    several = [feed for feed in FEEDS if len(catalog.contracts[feed].dated_by) > 1]
    assert several
    for feed in several:
        contract, good = catalog.contracts[feed], read_samples(feed).good
        counter = Counter(warehouse, catalog, contract, tmp_path, {}, client=f"days_{feed.replace('.', '_')}")
        none = dict.fromkeys(contract.dated_by)
        day = next(filter(None, (good.get(name) for name in none)))
        rows = [{**good, **none, name: day} for name in none] + [{**good, **none}]
        delivery, _ = counter.bring([{**row, contract.key[0]: f"D{n}"} for n, row in enumerate(rows)])
        needed = f"{feed}.required.{contract.dated_by[0]}"
        assert _rejected_rows(warehouse, delivery).get(needed) == {len(rows) + 1}


def _rejected_rows(warehouse: Warehouse, delivery: Delivery) -> dict[str, set[int]]:
    query = sa.text("select rule_id, row_number from quarantine.reject where delivery_id = :id")
    out: dict[str, set[int]] = {}
    with warehouse.transaction() as conn:
        for rule_id, row in conn.execute(query, {"id": delivery.delivery_id}).tuples():
            out.setdefault(rule_id, set()).add(row)
    return out
