"""Golden records of one client: joined, kept apart, explained, and the same after every night."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from datetime import date

import pytest
import sqlalchemy as sa

from pipelines.errors import DeclarationError
from pipelines.flow.match_report import standing, why
from pipelines.settings import Settings
from pipelines.warehouse import matches
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


CARA = person("Example Cara", "Quillfeather", birth_date="1999-07-30", email="cara@example.org", city="Bath",
              postal_code="BA1 1AA", country_code="GB")  # fmt: skip
DECISIONS = (
    "select verdict, revoked_by, revoked_reason, applied_at is not null from matching.decision "
    "where client_id = :client and lapsed_at is not null order by decision_id"
)
WAITING = (
    "select left_source || '/' || left_customer_id, right_source || '/' || right_customer_id, decision_id is not null "
    "from core.clients_matches where client_id = :client and verdict = 'review' and _known_to is null order by 1, 2"
)


def test_a_decision_lapses_when_the_number_is_given_to_somebody_else(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA, "2": BERT})
    world.put("crm", {"A": ANNA | {"given_name": "Nan", "birth_date": None, "email": None, "city": "Ely"}})
    world.match()
    world.decide(SHOP, CRM, Verdict.SAME)
    joined = world.ids()
    assert joined["shop/1"] == joined["crm/A"]
    world.put("shop", {"1": CARA})
    world.match()
    parted = world.ids()
    assert parted["shop/1"] != parted["crm/A"]
    assert joined["crm/A"] in {parted["shop/1"], parted["crm/A"]}, "the id lives on with one of them"
    assert parted["shop/2"] == joined["shop/2"]
    said = "shop/1 is somebody else since: given name, family name, date of birth and email differ"
    said = said.replace("and email", "and e-mail address")
    assert world.query(DECISIONS) == [("same", "matching", said, True)]
    assert world.query(WAITING) == [("crm/A", "shop/1", True)], "a steward is asked, though they are not alike"
    told = world.query(
        "select detail ->> 'why' from ops.audit where detail ->> 'client' = :client and actor = 'matching'"
    )
    assert told == [(said,)]
    again = world.match()
    assert (again.compared, again.moved, again.judged) == (0, 0, 0)
    world.match(relearn=True)
    assert world.ids() == parted and len(world.query(WAITING)) == 1, "nor does comparing all anew forget it"
    world.decide(SHOP, CRM, Verdict.SAME)
    assert world.ids() == joined and world.query(WAITING) == [], "whoever decides anew is believed"
    world.put("crm", {"A": CARA | {"city": "York"}})
    world.match()
    assert len(world.query(DECISIONS)) == 2, "also when the other one has changed"


def test_a_decision_stands_while_something_of_the_customer_is_left(settings: Settings, warehouse: Warehouse) -> None:
    """Marriage and a move, a new mail address, a slip corrected, a number gone for a night: the same customer."""
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA, "2": BERT})
    world.put("crm", {"A": ANNA | {"given_name": "Nan", "birth_date": None, "email": None, "city": "Ely"}})
    world.match()
    world.decide(SHOP, CRM, Verdict.SAME)
    world.decide(SHOP, Customer("shop", "2"), Verdict.DIFFERENT)
    joined = world.ids()
    for change in (
        {"family_name": "Quillfeather", "email": "a.quillfeather@example.org", "city": "Bath"},
        {"family_name": "Quillfeather", "given_name": "Zoë", "city": "Bath", "birth_date": None},
        {"email": None, "birth_date": None},
    ):
        world.put("shop", {"1": ANNA | change})
        world.match()
        assert world.query(DECISIONS) == []
    world.drop("shop", ["1"])
    world.match()
    world.put("shop", {"1": ANNA})
    world.match()
    assert world.query(DECISIONS) == []
    assert world.ids() == joined


def test_a_steward_parts_and_joins_and_takes_it_back(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA, "2": BERT})
    world.put("crm", {"A": ANNA})
    world.match()
    joined = world.ids()
    assert joined["shop/1"] == joined["crm/A"]
    parting = world.decide(SHOP, CRM, Verdict.DIFFERENT)
    parted = world.ids()
    assert len(set(parted.values())) == 3
    assert joined["shop/1"] in {parted["shop/1"], parted["crm/A"]}
    assert world.verdicts()["crm/A", "shop/1"] == "apart"
    world.put("crm", {"A": ANNA | {"city": "Hull"}})
    world.match(relearn=True)
    assert world.ids() == parted, "it survives the next night"
    world.revoke(parting)
    assert world.ids() == joined
    joining = world.decide(Customer("shop", "2"), CRM, Verdict.SAME)
    assert len(set(world.ids().values())) == 1
    assert {by for *_, by in world.query(MEMBERS)} == {"score", "steward"}
    world.revoke(joining)
    assert world.ids() == joined, "who was parted again has the id it had"


def test_the_newest_word_of_a_steward_counts(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA, "2": BERT})
    world.match()
    first = world.decide(SHOP, Customer("shop", "2"), Verdict.SAME)
    second = world.decide(Customer("shop", "2"), SHOP, Verdict.DIFFERENT)
    assert len(world.groups()) == 2
    world.revoke(second)
    assert len(world.groups()) == 1
    world.revoke(first)
    assert len(world.groups()) == 2
    with pytest.raises(DeclarationError, match="taken back"):
        world.revoke(first)


def test_a_decision_waits_for_whom_it_is_about(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA})
    world.match()
    world.decide(SHOP, CRM, Verdict.DIFFERENT)
    world.put("crm", {"A": ANNA})
    world.match()
    assert len(world.groups()) == 2


def test_what_left_and_came_back_has_its_id(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA, "2": BERT})
    world.match()
    before = world.ids()
    world.drop("shop", ["2"])
    world.match()
    assert world.ids() == {"shop/1": before["shop/1"]}
    world.put("shop", {"2": BERT})
    world.match()
    assert world.ids() == before


def test_declared_words_join_and_keep_apart(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse, "{same: [[email]]}")
    world.put("shop", {"1": ANNA, "2": BERT | {"email": ANNA["email"]}})
    world.match()
    assert world.verdicts() == {("shop/1", "shop/2"): "merged"}
    assert world.query(PAIRS)[0][5] == "rule"
    world.declare("{same: [[email]], different: [birth_date]}")
    world.match()
    assert world.verdicts() == {("shop/1", "shop/2"): "apart"}
    world.declare("{same: [[email]], one_per_source: true}")
    world.match()
    assert len(world.groups()) == 2
    world.decide(SHOP, Customer("shop", "2"), Verdict.SAME)
    assert len(world.groups()) == 1, "a steward is stronger than a rule"


@pytest.mark.parametrize(
    ("golden", "said"),
    [
        ("{same: [[email], [mail]]}", "golden.same.1; got mail"),
        ("{different: [annual_sales_amount]}", "golden.different; got annual_sales_amount"),
        ("{trust: [erp]}", "golden.trust; got erp"),
        ("{survivorship: {town: most_recent}}", "golden.survivorship.town; got town"),
        ("{same: [[]]}", "golden.same.0; got no column"),
    ],
)
def test_words_about_nothing_are_refused(settings: Settings, warehouse: Warehouse, golden: str, said: str) -> None:
    with pytest.raises(DeclarationError, match=re.escape(said)) as caught:
        World(settings, warehouse, golden)
    assert re.search(r"\.yaml:\d+, ", str(caught.value))


def test_killed_in_the_middle_and_run_again(
    settings: Settings, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is one transaction: what died before its end has written nothing, whatever it was about to write."""
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA, "2": BERT})
    world.match()
    state = [world.query(query) for query in (MEMBERS, PAIRS, KEYS)]
    world.put("crm", {"A": ANNA})
    world.decide(SHOP, Customer("shop", "2"), Verdict.SAME, apply=False)
    for point in ("mark_applied", "write", "find_rows", "exchange_keys", "tell_keys"):
        child = subprocess.run(
            [sys.executable, "-m", "tests.matching.killed", point, world.client, warehouse.url, str(settings.home)],
            capture_output=True,
            text=True,
        )
        assert child.returncode == -signal.SIGKILL, child.stderr
        assert [world.query(query) for query in (MEMBERS, PAIRS, KEYS)] == state
    world.match()
    assert world.groups() == {frozenset({"shop/1", "shop/2", "crm/A"})}


def test_why_names_reasons_and_no_value(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA, "2": BERT})
    world.put("crm", {"A": ANNA})
    world.match()
    told = "\n".join(why(world.client, SHOP, office=world.office))
    assert "with crm/A" in told and "joined by likeness, probability" in told
    assert not any(value in told for value in ("Anna", "Placeholderson", "example.org", "Leeds", "1980"))
    (shown,) = standing(client=world.client, office=world.office)
    assert (shown.customers, shown.golden, shown.joined, shown.waiting) == (3, 2, 2, 0)


def test_history_is_append_only(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse)
    world.put("shop", {"1": ANNA})
    world.match()
    for statement in (
        "delete from core.clients_golden_members",
        "update core.clients_golden_members set golden_id = 'x'",
    ):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            world.query(statement)


def test_waiting_pairs_show_both_rows(settings: Settings, warehouse: Warehouse) -> None:
    world = World(settings, warehouse, "{merge_at: 1, review_at: 0.2}")
    world.put("shop", {"1": ANNA})
    world.put("crm", {"A": ANNA})
    world.match()
    with warehouse.transaction() as conn:
        (pair,) = matches.waiting_pairs(conn, world.client, ["given_name", "birth_date"])
    assert (pair.left, pair.right) == (CRM, SHOP)
    assert pair.left_row == pair.right_row == {"given_name": "Sample Anna", "birth_date": date(1980, 2, 3)}
    assert pair.left_golden_id != pair.right_golden_id
    assert pair.reasons
