"""Every feed is complete, and every rule of its suite can fail: a named sample trips it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from great_expectations import get_context
from great_expectations.core.expectation_suite import ExpectationSuite, expectationSuiteSchema

from pipelines.catalog import Catalog, load_catalog
from pipelines.settings import ROOT, Settings
from pipelines.validate.row_rules import RowRules
from pipelines.validate.suites import Rule, check_suite, load_suite
from tests.feeds.samples import FOLDER, clean_batch, read_samples

FEEDS = sorted(
    f"{p.parent.name}.{p.name.removesuffix('.odcs.yaml')}"
    for p in (ROOT / "pipelines" / "contracts").glob("*/*.odcs.yaml")
)


def _catalog() -> Catalog:
    nowhere = Path("nowhere")
    return load_catalog(Settings(nowhere, nowhere, (ROOT / "pipelines" / "clients",), None))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return _catalog()


def _rules(catalog: Catalog, feed: str) -> list[Rule]:
    return load_suite(catalog.suite_path(feed), catalog.contracts[feed])


def test_every_feed_has_suite_profile_and_sample(catalog: Catalog) -> None:
    assert set(FEEDS) == set(catalog.contracts)
    assert {ref.feed for ref in catalog.sources()} == set(FEEDS)
    assert {p.stem for p in FOLDER.glob("*.yaml")} == set(FEEDS)
    suites = {f"{p.parent.name}.{p.stem}" for p in catalog.expectations.glob("*/*.json")}
    assert suites == set(FEEDS)


@pytest.mark.parametrize("feed", FEEDS)
def test_the_suite_is_accepted(catalog: Catalog, feed: str) -> None:
    assert check_suite(catalog.suite_path(feed), catalog.contracts[feed], catalog=catalog) == []


@pytest.mark.parametrize("feed", FEEDS)
def test_the_suite_is_what_great_expectations_writes(catalog: Catalog, feed: str) -> None:
    """So that its own tools can edit a suite without rewriting it."""
    written = json.loads(catalog.suite_text(feed))
    get_context(mode="ephemeral")
    assert ExpectationSuite(**expectationSuiteSchema.load(written)).to_json_dict() == written


def test_rule_ids_and_expectation_ids_are_unique(catalog: Catalog) -> None:
    rules = [rule for feed in FEEDS for rule in _rules(catalog, feed)]
    assert [i for i, times in Counter(r.id for r in rules).items() if times > 1] == []
    assert [i for i, times in Counter(r.expectation.id for r in rules).items() if times > 1 or not i] == []


@pytest.mark.parametrize("feed", FEEDS)
def test_every_rule_has_a_sample_that_trips_it(catalog: Catalog, feed: str) -> None:
    """And every sample has its rule: a renamed rule leaves no sample behind."""
    assert {r.id.removeprefix(feed + ".") for r in _rules(catalog, feed)} == set(read_samples(feed).trips)


@pytest.mark.parametrize("feed", FEEDS)
def test_row_rules_pass_the_good_row_and_fail_their_sample(catalog: Catalog, feed: str) -> None:
    contract, samples = catalog.contracts[feed], read_samples(feed)
    rules = RowRules(contract, _rules(catalog, feed))
    assert [failing.rule.id for failing in rules.check(clean_batch(contract, [samples.good]))] == []
    for rule in rules.rules:
        tripped = rules.check(clean_batch(contract, samples.rows(rule.id.removeprefix(feed + "."))))
        assert rule.id in [failing.rule.id for failing in tripped], rule.id
