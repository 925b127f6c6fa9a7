"""Files of one night that tell the same: the second is judged beside the rows of the first, as on another night."""

from __future__ import annotations

import pytest

from pipelines.delivery import Step
from pipelines.flow.night import discover
from pipelines.flow.step import run_step
from tests.e2e.conftest import Client

pytestmark = pytest.mark.slow

PROFILE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  ledgers.payables:
    sources:
      books: &source
        files: 'books/[^/]+\.csv'
        mode: delta
        columns:
          supplier_id: {{from: Supplier}}
          supplier_name: {{from: Supplier}}
          invoice_id: {{from: Number}}
          invoice_date: {{value: '2026-05-04', formats: ['%Y-%m-%d']}}
          due_date: {{value: '2026-06-03', formats: ['%Y-%m-%d']}}
          net_amount: {{from: Gross}}
          tax_amount: {{value: '0'}}
          gross_amount: {{from: Gross}}
          open_amount: {{from: Gross}}
          currency_code: {{value: GBP}}
          status_code: {{value: open}}
      portal: {{<<: *source, files: 'portal/[^/]+\.csv'}}
"""
DUPLICATE, STAYS = "ledgers.payables.no_near_duplicate", "ledgers.payables.invoice_stays"


def csv(*rows: tuple[str, str, str]) -> str:
    return "".join(",".join(row) + "\n" for row in [("Supplier", "Number", "Gross"), *rows])


def found(client: Client, rule: str) -> list[tuple[str, int]]:
    """Files in which the rule found something, and in how many rows."""
    query = (
        "select d.file_name, r.failed from ops.rule_result r join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and r.rule_id = :rule and r.failed > 0 order by 1"
    )
    return [tuple(row) for row in client.query(query, rule=rule)]


@pytest.fixture
def house(client: Client) -> Client:
    client.declare(PROFILE.format(client=client.client_id))
    return client


def test_a_second_file_of_the_source(house: Client) -> None:
    house.send("books/a.csv", csv(("S1", "RE-0012", "119.00"), ("S1", "RE-0013", "50.00"), ("S2", "7", "80.00")))
    house.send("books/b.csv", csv(("S1", "12", "119.00"), ("S1", "RE-0013", "51.00")))
    house.night()
    assert found(house, DUPLICATE) == [("books/b.csv", 1)]
    assert found(house, STAYS) == [("books/b.csv", 1)]
    house.accounted()


def test_a_file_of_another_source(house: Client) -> None:
    """All sources of a feed are one piece of work of the night: each step takes them one after another."""
    house.send("books/a.csv", csv(("S1", "RE-0012", "119.00"), ("S2", "7", "80.00")))
    house.send("portal/b.csv", csv(("S1", "12", "119.00")))
    office = house.office()
    scopes = discover(["ledgers"], client=house.client_id, office=office).scopes
    ids = [i for scope in scopes for i in scope.delivery_ids]
    for step in Step:
        run_step(step, ids, office=office)
    assert found(house, DUPLICATE) == [("portal/b.csv", 1)]
    house.accounted()


def test_a_step_that_was_cut_off_goes_on(house: Client) -> None:
    """The first file was judged before the cut, and is loaded before the second is."""
    house.send("books/a.csv", csv(("S1", "RE-0012", "119.00")))
    house.send("books/b.csv", csv(("S1", "12", "119.00")))
    office = house.office()
    (scope,) = discover(["ledgers"], client=house.client_id, office=office).scopes
    for step in (Step.EXTRACT, Step.CLEAN):
        run_step(step, scope.delivery_ids, office=office)
    run_step(Step.VALIDATE, scope.delivery_ids[:1], office=office)
    house.night()
    assert found(house, DUPLICATE) == [("books/b.csv", 1)]
    house.accounted()
