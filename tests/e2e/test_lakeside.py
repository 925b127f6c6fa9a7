"""Two nights of Lakeside Trading: each planted error is caught by its rule, no row in order is set aside, and the
customers of three systems become golden records as they are known to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

import pytest

from pipelines.flow.matching import match_customers
from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, not_loaded, of_effect, rules_at, set_aside, warned
from tests.samples import lakeside
from tests.samples.common import Fault, Folder
from tests.samples.lakeside_faults import FAULTS
from tests.samples.lakeside_lists import Lists, Row, lists_of, second_night
from tests.samples.lakeside_people import cards_of, pairs

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


# -- who is who -------------------------------------------------------------------------------------------

GOLDEN = "select source, customer_id, golden_id, linked_by from core.clients_golden_members where "
Name = tuple[str, str]


def golden(client: Client) -> dict[Name, str]:
    """Each customer, by source and number, with its golden record."""
    return {(source, number): record for source, number, record, _ in client.query(GOLDEN + CURRENT)}


def joined(records: dict[Name, str]) -> set[tuple[Name, Name]]:
    """Every two customers of one golden record."""
    members: dict[str, list[Name]] = defaultdict(list)
    for name, record in sorted(records.items()):
        members[record].append(name)
    return {pair for names in members.values() for pair in combinations(names, 2)}


@pytest.fixture(scope="module")
def matched(house: Client) -> dict[Name, str]:
    """Golden records after the first night."""
    (done,) = match_customers(client="lakeside", office=house.office())
    current = house.query(f"select count(*) from core.clients_customers where {CURRENT}")[0][0]
    assert done.customers == done.compared == current > 1000
    return golden(house)


def test_golden_records_are_who_is_known_to_be_one(matched: dict[Name, str]) -> None:
    """Floors, not measurements: people of Febrl were given typing errors in any column, the others by clerks."""
    known, found = pairs(cards_of(7)), joined(matched)
    assert len(known) > 450
    right = known & found
    assert len(right) / len(found) >= 0.98, sorted(found - known)
    assert len(right) / len(known) >= 0.95, sorted(known - found)


def test_every_merge_is_explained(house: Client, matched: dict[Name, str]) -> None:
    """As many pairs were joined as it takes to make the records of what they hold, each by a rule or by its reasons."""
    merged = house.query(
        f"select decided_by, probability, reasons from core.clients_matches where {CURRENT} and verdict = 'merged'"
    )
    assert len(merged) == len(matched) - len(set(matched.values()))
    assert {by for by, _, _ in merged} == {"rule", "score"}
    assert [row for row in merged if row[0] == "score" and (row[1] < 0.95 or not row[2])] == []


def test_the_second_night_keeps_ids_and_compares_what_changed(house: Client, matched: dict[Name, str]) -> None:
    lakeside.write(Folder(house.settings.landing, "lakeside", 2, 7))
    house.night()
    assert not_loaded(house) == []
    first, second = numbered(lists_of(7)), numbered(second_night(lists_of(7)))
    touched = {name for name in {*first, *second} if first.get(name) != second.get(name)}
    assert len(touched) == 5
    (done,) = match_customers(client="lakeside", office=house.office())
    assert done.compared == len(touched & second.keys()) == 4
    assert done.gone == 1
    after = golden(house)
    assert after.keys() == matched.keys() - (touched - second.keys()) | {("shop", "S200001"), ("shop", "S200002")}
    beside = {name for pair in pairs(cards_of(7)) if touched & {*pair} for name in pair}
    assert [n for n in matched if n in after and n not in touched | beside and after[n] != matched[n]] == []
    known, new = next(n for n in touched if n[1] == "S200001"), after["shop", "S200002"]
    assert {after[name] for name in again_of(first, second[known])} == {after[known]}
    assert new not in matched.values()
    (again,) = match_customers(client="lakeside", office=house.office())
    assert (again.compared, again.pairs, again.moved, again.judged) == (0, 0, 0, 0)
    house.accounted()


def numbered(lists: Lists) -> dict[Name, Row]:
    """The customers of each source by their number, the first column."""
    return {
        (source, next(iter(row.values()))): row
        for source in ("shop", "crm", "ledger")
        for row in lists[f"clients.customers/{source}"]
    }


def again_of(rows: dict[Name, Row], row: Row) -> list[Name]:
    """Customers of the shop with the mail address and family name of a row."""
    found = [n for n, r in rows.items() if all(r.get(c) == row[c] for c in ("E-mail", "Last name"))]
    assert found
    return found
