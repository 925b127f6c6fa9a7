"""Golden records of one client: joined, kept apart, explained, and the same after every night."""

from __future__ import annotations

from pathlib import Path

from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.matches import Customer, Verdict
from tests.matching.world import KEYS, MEMBERS, PAIRS, World, person

ANNA = person("Sample Anna", "Placeholderson", birth_date="1980-02-03", email="anna@example.org", city="Leeds",
              postal_code="LS1 4AB", country_code="GB")  # fmt: skip
BERT = person("Sample Bert", "Mustermann", birth_date="1951-11-23", email="bert@example.org", city="York",
              postal_code="YO1 7HH", country_code="GB")  # fmt: skip
SHOP, CRM = Customer("shop", "1"), Customer("crm", "A")


def test_two_sources_name_one_person(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA, "2": BERT})
    world.put("crm", {"A": ANNA | {"family_name": "Placeholdersen"}})
    done = world.match()
    assert (done.customers, done.compared, done.moved) == (3, 3, 3)
    assert world.groups() == {frozenset({"shop/1", "crm/A"}), frozenset({"shop/2"})}
    assert world.verdicts() == {("crm/A", "shop/1"): "merged"}
    again = world.match()
    assert (again.compared, again.pairs, again.moved, again.judged) == (0, 0, 0, 0)
