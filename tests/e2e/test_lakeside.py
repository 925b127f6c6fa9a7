"""Two nights of Lakeside Trading: each planted error is caught by its rule, no row in order is set aside, and the
customers of three systems become golden records as they are known to be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import first_night, not_loaded, of_effect, rules_at, set_aside, warned
from tests.samples import lakeside
from tests.samples.common import Fault
from tests.samples.lakeside_faults import FAULTS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night."""
    yield from first_night("lakeside", lakeside.write, tmp_path_factory.mktemp("lakeside"), server_settings, database)


def test_every_file_is_loaded_and_every_row_accounted_for(house: Client) -> None:
    assert not_loaded(house) == []
    files = [p for p in (house.settings.landing / "lakeside").rglob("*") if p.is_file()]
    count = house.query("select count(*) from ops.delivery where client_id = :client")[0][0]
    assert count == len(files) + len(lakeside.SHEETS) - 1
    house.accounted()


@pytest.mark.parametrize("fault", of_effect(FAULTS, "reject"), ids=lambda f: f.kind)
def test_a_planted_error_is_caught_by_its_rule(house: Client, fault: Fault) -> None:
    assert rules_at(house, fault) == {fault.rule, *fault.also}


def test_nothing_but_planted_errors_is_set_aside(house: Client) -> None:
    rows = set_aside(house)
    planted = [(f.feed, f.place) for f in of_effect(FAULTS, "reject")]
    assert len(rows) >= len(planted)
    assert [r for r in rows if not any(feed == r[0] and place in r[1] for feed, place in planted)] == []


@pytest.mark.parametrize("fault", of_effect(FAULTS, "warn"), ids=lambda f: f.kind)
def test_what_is_only_warned_of_is_planted(house: Client, fault: Fault) -> None:
    """No other row trips the rule: in what is not planted there is nothing to warn of."""
    failed, severity = warned(house, fault)
    assert severity == "warning"
    assert 0 < failed <= 3
