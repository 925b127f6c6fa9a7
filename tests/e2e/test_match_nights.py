"""What stewards decide outlives the nights: changed, closed, moved and returning customers of two systems whose numbers
are the same, contradictions, and a golden record taken apart."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.flow import match_review
from pipelines.flow.match_books import submit
from pipelines.flow.match_report import why
from pipelines.flow.matching import match_customers
from pipelines.flow.release import DecisionRefused
from pipelines.warehouse.matches import Customer, Verdict
from tests.e2e.conftest import Client
from tests.e2e.reviewing import (
    ANNA,
    BERT,
    CARL,
    Row,
    crm,
    declare,
    fill_in,
    golden,
    newest_book,
    other,
    send,
    shop,
    together,
    waiting,
)

SAME, DIFFERENT = Verdict.SAME, Verdict.DIFFERENT
DORA = ("4", "Sampledora", "Formular", "1990-09-09", "dora@example.org", "9 Blank Close", "Hull", "HU1 1AA")
CRM = (ANNA, BERT, CARL, DORA)
# The shop counts its own customers from 1: its 2 is the crm's 1, its 1 is the crm's 2, its 4 nobody the crm knows.
ERIC = ("4", "Sampleeric", "Nowhere", "1955-02-02", "eric@example.org", "70 Other Mews", "Bath", "BA1 1AA")
FRED = ("5", "Samplefred", "Newcomer", "1961-12-24", "fred@example.org", "3 Fresh Field", "Ely", "CB7 4EE")
SHOP = (
    other(BERT, "1", Street="7 Dumy Lane"), other(ANNA, "2", Family="Placeholders", Mail=""),
    other(CARL, "3", Postcode="DE1 2GV"), ERIC,
)  # fmt: skip


@pytest.fixture
def two(client: Client) -> Client:
    """The first night: three pairs wait, over numbers that both systems have."""
    declare(client)
    client.declare(client.profile.replace("    shared_keys: true\n", ""))
    send(client, crm=CRM, shop=SHOP)
    assert waiting(client) == {("crm/1", "shop/2"), ("crm/2", "shop/1"), ("crm/3", "shop/3")}
    return client


def decide(client: Client, one: Customer, two: Customer, verdict: Verdict, person: str = "stella") -> Any:
    return match_review.decide(
        client.client_id, one, two, verdict, person=person, reason="looked at both", office=client.office()
    )


def undo(client: Client, number: int) -> None:
    match_review.undo(client.client_id, number, person="stefan", reason="asked the client", office=client.office())


def again(client: Client, *, relearn: bool = False) -> None:
    """The night in which nothing came."""
    client.night()
    match_customers(client=client.client_id, relearn=relearn, office=client.office())


def without(rows: tuple[Row, ...], number: str) -> tuple[Row, ...]:
    return tuple(row for row in rows if row[0] != number)


def test_a_week_of_nights(two: Client) -> None:
    """Decided in the workbook; then a quiet night, changed rows, a closed customer, its return, and the way back."""
    first = golden(two)
    assert len(set(first.values())) == 8
    said = {"crm · 1": ("same", "same mail"), "crm · 2": ("same", "one lane"), "crm · 3": ("different", "cousins")}
    back = fill_in(newest_book(two), two.settings.home / "back.xlsx", said)
    assert submit(back, "stella", office=two.office()).taken == 3
    decided = golden(two)
    assert decided["crm/1"] == decided["shop/2"] and decided["crm/2"] == decided["shop/1"]
    assert decided["crm/3"] != decided["shop/3"] and decided["crm/4"] != decided["shop/4"]
    assert {decided[c] for c in ("crm/3", "shop/3", "crm/4", "shop/4")} == {
        first[c] for c in ("crm/3", "shop/3", "crm/4", "shop/4")
    }

    again(two)
    assert golden(two) == decided
    again(two, relearn=True)
    assert golden(two) == decided
    moved = other(ANNA, "1", Family="Married", Street="1 New Street", City="Bath", Postcode="BA1 2AB")
    send(two, crm=(moved, *CRM[1:]), shop=(SHOP[0], SHOP[1], other(CARL, "3", Mail="c@example.org"), ERIC))
    assert golden(two) == decided
    assert waiting(two) == set()

    send(two, shop=(*without(SHOP, "2"), FRED))
    now = golden(two)
    assert now.pop("shop/5") not in decided.values()
    left = {customer: id_ for customer, id_ in decided.items() if customer != "shop/2"}
    assert now == left, "who is closed leaves; who stays keeps the golden record"
    send(two, shop=SHOP)
    assert golden(two) == decided, "and is decided on as before when it returns"

    for decision in match_review.decisions(two.client_id, revoked=False, office=two.office()):
        undo(two, decision.decision_id)
    send(two, crm=CRM)
    assert golden(two) == first, "all taken back: each has the id it had"
    assert len(waiting(two)) == 3


def test_a_golden_record_of_three_is_taken_apart(two: Client) -> None:
    decide(two, crm("1"), shop("2"), SAME)
    pair = golden(two)
    second = decide(two, crm("1"), crm("4"), SAME)
    whole = golden(two)
    assert len({whole[c] for c in ("crm/1", "shop/2", "crm/4")}) == 1
    with pytest.raises(DecisionRefused, match="decisions that say otherwise"):
        decide(two, shop("2"), crm("4"), DIFFERENT)
    parting = decide(two, crm("1"), crm("4"), DIFFERENT)
    apart = golden(two)
    assert apart == pair, "each part has the id again that it had, whichever of them the whole had taken"
    again(two)
    assert golden(two) == apart
    undo(two, parting.decision.decision_id)
    assert golden(two) == whole, "the older decision counts again"
    undo(two, second.decision.decision_id)
    assert golden(two) == apart, "and without it the split stands by itself, with the same ids"


def test_a_customer_that_gets_another_number(two: Client) -> None:
    """Who is renumbered is, to the system that sends it, gone and new: the score finds him, the decision was of the
    number."""
    made = decide(two, crm("1"), shop("2"), SAME).decision.decision_id
    id_ = golden(two)["crm/1"]
    send(two, shop=(SHOP[0], other(SHOP[1], "20"), *SHOP[2:]))
    now = golden(two)
    assert now["crm/1"] == id_ and now["shop/20"] != id_ and "shop/2" not in now
    assert ("crm/1", "shop/20") in waiting(two)
    with pytest.raises(DecisionRefused, match="shop/2 is no customer"):
        decide(two, crm("1"), shop("2"), DIFFERENT)
    undo(two, made)
    assert golden(two) == now, "a decision on who is gone may be taken back"


def test_a_number_that_another_customer_gets(two: Client) -> None:
    """The number is given to somebody else: what was decided of it holds on, and is there to be seen and taken back."""
    made = decide(two, crm("4"), shop("4"), SAME).decision.decision_id
    assert together(two, "crm/4", "shop/4")
    send(two, shop=(*SHOP[:3], other(BERT, "4", Mail="new@example.org")))
    assert together(two, "crm/4", "shop/4")
    assert any("stella" in line for line in why(two.client_id, shop("4"), office=two.office()))
    undo(two, made)
    assert not together(two, "crm/4", "shop/4")


def test_two_stewards_that_disagree(two: Client) -> None:
    """The newest of one pair counts, and each step back leads to the one before."""
    first = decide(two, crm("1"), shop("2"), SAME, "stella")
    second = decide(two, crm("1"), shop("2"), DIFFERENT, "stefan")
    assert not together(two, "crm/1", "shop/2")
    again(two)
    assert not together(two, "crm/1", "shop/2")
    undo(two, second.decision.decision_id)
    assert together(two, "crm/1", "shop/2")
    undo(two, first.decision.decision_id)
    assert ("crm/1", "shop/2") in waiting(two)
