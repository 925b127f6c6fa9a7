"""Whatever the history of a client, its tables are those of matching everything anew with the same model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as chosen
from hypothesis import strategies as st

from pipelines.flow import matching
from pipelines.flow.erase import erase
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.matches import Customer, Verdict
from tests.conftest import make_settings
from tests.matching.world import KEYS, STEWARD, World, person

GIVEN = ("Samantha", "Samanta", "Placida", "Exampel")
FAMILY = ("Mustermann", "Musterman", "Placeholder")
BORN = ("1980-02-03", "1980-03-02", "1951-11-23", None)
CITY = ("Leeds", "York", None)
EMAIL = ("one@example.org", "two@example.org", None)
GOLDEN = (
    "",
    "{same: [[email]], review_at: 0.2}",
    "{same: [[email]], different: [birth_date], review_at: 0.2}",
    "{one_per_source: true, review_at: 0.1, merge_at: 0.6}",
    "{different: [city], merge_at: 0.7}",
)
customers = st.builds(
    lambda given, family, born, city, email: person(given, family, birth_date=born, city=city, email=email),
    *map(st.sampled_from, (GIVEN, FAMILY, BORN, CITY, EMAIL)),
)
names = st.builds(Customer, st.sampled_from(["shop", "crm"]), st.sampled_from([str(n) for n in range(5)]))
steps = st.one_of(
    st.tuples(st.just("put"), names, customers),
    st.tuples(st.just("put"), names, customers),
    st.tuples(st.just("drop"), names, st.none()),
    st.tuples(st.just("decide"), st.tuples(names, names), st.sampled_from(list(Verdict))),
    st.tuples(st.just("revoke"), st.integers(0, 9), st.none()),
    st.tuples(st.just("erase"), names, st.none()),
)
nights = st.lists(st.lists(steps, min_size=1, max_size=5), min_size=2, max_size=5)
SAID = (
    "select left_source, left_customer_id, right_source, right_customer_id, verdict, decided_by, probability, "
    "reasons::text, model_id, decision_id is null from core.clients_matches "
    "where client_id = :client and _known_to is null order by 1, 2, 3, 4"
)
LINKED = (
    "select source, customer_id, linked_by from core.clients_golden_members "
    "where client_id = :client and _known_to is null order by 1, 2"
)
LAPSED = "select decision_id from matching.decision where client_id = :client and lapsed_at is not null"
TRACES = (
    "select source || '/' || customer_id from core.clients_golden_members where client_id = :client union all "
    "select source || '/' || customer_id from matching.record where client_id = :client union all "
    "select unnest(array[left_source || '/' || left_customer_id, right_source || '/' || right_customer_id]) "
    "from core.clients_matches where client_id = :client union all "
    "select unnest(array[left_source || '/' || left_customer_id, right_source || '/' || right_customer_id]) "
    "from matching.decision where client_id = :client"
)


@pytest.fixture(autouse=True)
def _never_whole(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """However few there are, only what changed is done again."""
    monkeypatch.setattr(matching, "MOST_CHANGED", 10_000)
    yield


class History:
    """What happened to one client, to be told to another one at once."""

    def __init__(self, world: World, owner: str) -> None:
        self.world = world
        self.owner = replace(world.settings, warehouse_url=owner)
        self.ever: set[Customer] = set()
        self.current: dict[Customer, dict[str, Any]] = {}
        self.decisions: list[Any] = []
        self.lapsed: list[Any] = []

    def do(self, kind: str, what: Any, how: Any) -> None:
        if kind == "put":
            self.current[what] = how
            self.ever.add(what)
            self.world.put(what.source, {what.customer_id: how})
        elif kind == "drop":
            self.current.pop(what, None)
            self.world.drop(what.source, [what.customer_id])
        elif kind == "decide" and what[0] != what[1]:
            self.decisions.append(self.world.decide(*what, how, apply=False))
        elif kind == "revoke" and what < len(self.decisions):
            self.world.revoke(self.decisions.pop(what), apply=False)
        elif kind == "erase" and what in self.ever:
            self.current.pop(what, None)
            self.ever.remove(what)
            for said in (self.decisions, self.lapsed):
                said[:] = [one for one in said if what not in (one.left, one.right)]
            office = replace(self.world.office, settings=self.owner)
            erase(self.world.client, what, reason="sample reason", person=STEWARD, office=office)
            assert [name for name, *_ in self.world.query(TRACES) if name == str(what)] == []

    def match(self) -> None:
        self.world.match()
        gone = {number for (number,) in self.world.query(LAPSED)}
        self.lapsed += [said for said in self.decisions if said.decision_id in gone]
        self.decisions = [said for said in self.decisions if said.decision_id not in gone]

    def tell(self, twin: World) -> None:
        for customer, row in self.current.items():
            twin.put(customer.source, {customer.customer_id: row})
        for said in self.lapsed:
            twin.lapse(twin.decide(said.left, said.right, said.verdict, apply=False))
        for said in self.decisions:
            twin.decide(said.left, said.right, said.verdict, apply=False)


@chosen(
    max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(golden=st.sampled_from(GOLDEN), history=nights)
def test_any_history_ends_in_the_tables_of_one_night(
    golden: str, history: list[Any], warehouse: Warehouse, owner: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    for folder in ("landing", "clients"):
        (home / folder).mkdir()
    settings = make_settings(home, warehouse.url)
    world = World(settings, warehouse, golden)
    told = History(world, owner.url)
    held: dict[str, set[str]] = {}
    for night in history:
        for step in night:
            told.do(*step)
        before = world.ids()
        told.match()
        after = world.ids()
        _ids_are_stable(before, after)
        _ids_are_never_used_again(held, after)
    twin = World(settings, warehouse, golden)
    told.tell(twin)
    twin.match()
    assert world.groups() == twin.groups()
    for query in (SAID, LINKED, KEYS):
        assert world.query(query) == twin.query(query)
    assert set(world.ids()) == {str(customer) for customer in told.current}


def _ids_are_stable(before: dict[str, str], after: dict[str, str]) -> None:
    """A group that is what it was has the id it had; of one that was parted, some part has it still."""
    for golden_id in set(before.values()):
        left = {name for name, one in before.items() if one == golden_id} & after.keys()
        now = {after[name] for name in left}
        if len(now) == 1 and {n for n, one in after.items() if one in now} == left:
            assert now == {golden_id}
        shared = {name for name, one in after.items() if one in now} - left
        if left and not shared & before.keys():
            assert golden_id in now


def _ids_are_never_used_again(held: dict[str, set[str]], after: dict[str, str]) -> None:
    """Who gets an id has had it, or is with somebody who has, or nobody ever had."""
    for golden_id in set(after.values()):
        members = {name for name, one in after.items() if one == golden_id}
        assert not held.get(golden_id) or held[golden_id] & members
        held.setdefault(golden_id, set()).update(members)
