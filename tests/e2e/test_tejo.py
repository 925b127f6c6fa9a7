"""The nights of Tejo: each planted error is caught by its rule, and what is in order is loaded from one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import first_night, of_effect, rules_at, set_aside, warned
from tests.samples import tejo
from tests.samples.common import Fault
from tests.samples.tejo import FAULTS

pytestmark = pytest.mark.slow

FEEDS = {
    "ledgers.audit_files", "ledgers.audit_documents", "ledgers.accounts", "ledgers.balances", "ledgers.gl_entries",
    "ledgers.partners", "ledgers.tax_codes", "ledgers.receivables", "ledgers.invoice_lines", "ledgers.payments",
    "shipments.products", "shipments.stock_movements",
}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night."""
    yield from first_night("tejo", tejo.write, tmp_path_factory.mktemp("tejo"), server_settings, database)


def feeds_in(house: Client, state: str, month: str) -> set[str]:
    """Feeds whose delivery from a file is in a state."""
    query = "select feed from ops.delivery where client_id = :client and state = :state and file_name like :name"
    return {feed for (feed,) in house.query(query, state=state, name=f"%{month}.xml")}


def test_a_file_in_order_fills_every_feed(house: Client) -> None:
    assert feeds_in(house, "loaded", "2026-08") == FEEDS
    house.accounted()


def test_a_file_that_breaks_its_schema_is_refused_with_its_place(house: Client) -> None:
    failed, replaced = feeds_in(house, "failed", "2026-07"), feeds_in(house, "superseded", "2026-07")
    assert failed | replaced == FEEDS
    assert "ledgers.audit_files" in failed
    query = "select distinct message from ops.delivery where client_id = :client and state = 'failed'"
    ((said,),) = house.query(query)
    assert "line 3: TaxRegistrationNumber is missing in Header, before TaxAccountingBasis" in said


@pytest.mark.parametrize("fault", of_effect(FAULTS, "reject"), ids=lambda f: f.kind)
def test_a_planted_error_is_caught_by_its_rule(house: Client, fault: Fault) -> None:
    assert rules_at(house, fault) == {fault.rule, *fault.also}


@pytest.mark.parametrize("fault", of_effect(FAULTS, "hold"), ids=lambda f: f.kind)
def test_what_lacks_documents_is_held_by_its_rule(house: Client, fault: Fault) -> None:
    assert fault.feed in feeds_in(house, "held", "2026-10")
    assert fault.rule in rules_at(house, fault)


@pytest.mark.parametrize("fault", of_effect(FAULTS, "warn"), ids=lambda f: f.kind)
def test_what_is_only_warned_of_is_planted(house: Client, fault: Fault) -> None:
    assert warned(house, fault) == (1, "warning")


def test_nothing_but_documents_with_errors_is_set_aside(house: Client) -> None:
    planted = [f.place for f in of_effect(FAULTS, "reject")]
    aside = set_aside(house)
    assert len(aside) > len(planted)
    assert [row for row in aside if not any(f'"{place}"' in row[1] for place in planted)] == []


def test_feeds_that_cannot_set_a_document_aside_are_held_by_the_total_of_the_format(house: Client) -> None:
    query = (
        "select feed, rule_id from ops.rule_result join ops.delivery d using (delivery_id) where failed > 0 "
        "and d.client_id = :client and state = 'held' and rule_id like '%said(%' and file_name like :name"
    )
    found = {tuple(row) for row in house.query(query, name="%2026-09.xml")}
    assert found == {
        (feed, f"{feed}.control_total.said(faulty_documents)")
        for feed in ("ledgers.payments", "shipments.stock_movements")
    }
    assert "ledgers.receivables.control_total.said(missing_numbers)" in {
        rule for _, rule in house.query(query, name="%2026-10.xml")
    }


def test_the_ledger_says_what_the_file_says(house: Client) -> None:
    """Sums of the month in order: entries balance, and the register holds what the file promises."""
    ((debit, credit),) = house.query(
        "select sum(debit_amount), sum(credit_amount) from core.ledgers_gl_entries "
        "where client_id = :client and posting_date < '2026-09-01'"
    )
    ((said, found, entries),) = house.query(
        "select debit_said_amount, debit_found_amount, entries_said from core.ledgers_audit_files "
        "where client_id = :client and section_code = 'general_ledger' and period_start_date = '2026-08-01'"
    )
    assert debit == credit == said == found
    assert entries > 100


def test_a_second_night_changes_nothing(house: Client) -> None:
    before = {feed: counts(house, feed) for feed in FEEDS}
    house.night()
    assert {feed: counts(house, feed) for feed in FEEDS} == before


def counts(house: Client, feed: str) -> tuple[int, int]:
    """Versions of rows, and current ones."""
    table = "core." + feed.replace(".", "_")
    query = f"select count(*), count(*) filter (where _known_to is null) from {table} where client_id = :client"
    ((versions, current),) = house.query(query)
    return int(versions), int(current)
