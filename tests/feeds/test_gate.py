"""Every rule of every suite trips in the gate itself, on its named sample, and the good row passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    counter = Counter(warehouse, catalog, contract, tmp_path)
    first_key = contract.key[0]

    def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows with keys of their own, unless the sample is about the key."""
        good = samples.good[first_key]
        return [r if r[first_key] != good else {**r, first_key: f"{good}-{n}"} for n, r in enumerate(rows)]

    _, passed = counter.bring([samples.good])
    assert passed.verdict is Verdict.PASS, passed.message
    assert [r.rule_id for r in passed.rules if r.success is False] == []

    dirty: list[dict[str, Any]] = []
    sample_rows: dict[str, list[int]] = {}
    rules = {r.id: r for r in load_suite(catalog.suite_path(feed), contract)}
    names = {rule_id: rule_id.removeprefix(feed + ".") for rule_id in rules}
    for rule_id, rule in rules.items():
        if rule.kind in ABOUT_ROWS:
            rows = samples.rows(names[rule_id])
            sample_rows[rule_id] = [len(dirty) + 2 + n for n in range(len(rows))]
            dirty += rows
    delivery, result = counter.bring(numbered(dirty))
    found = {r.rule_id: r for r in result.rules}
    rejected = _rejected_rows(warehouse, delivery)
    for rule_id, rows_of_sample in sample_rows.items():
        assert found[rule_id].success is False, rule_id
        assert found[rule_id].failed >= len(rows_of_sample), rule_id
        assert not rules[rule_id].rejects or set(rows_of_sample) <= rejected[rule_id], rule_id
        if rules[rule_id].hold:
            assert any(rule_id in reason for reason in result.holds), rule_id

    for rule_id, rule in rules.items():
        if rule.kind in ("aggregate", "balance"):
            _, result = counter.bring(numbered(samples.rows(names[rule_id])))
        elif rule.kind == "compare":
            trip = samples.trips[names[rule_id]]
            counter.bring(numbered([samples.good] * trip["after"]))
            _, result = counter.bring(numbered([samples.good] * trip["rows"]))
        else:
            continue
        assert next(r for r in result.rules if r.rule_id == rule_id).success is False, rule_id
        if rule.severity is Severity.CRITICAL:
            assert result.verdict is Verdict.HOLD and any(rule_id in reason for reason in result.holds), rule_id


def _rejected_rows(warehouse: Warehouse, delivery: Delivery) -> dict[str, set[int]]:
    query = sa.text("select rule_id, row_number from quarantine.reject where delivery_id = :id")
    out: dict[str, set[int]] = {}
    with warehouse.transaction() as conn:
        for rule_id, row in conn.execute(query, {"id": delivery.delivery_id}).tuples():
            out.setdefault(rule_id, set()).add(row)
    return out
