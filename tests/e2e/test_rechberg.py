"""A night of Rechberg Maschinenbau: electronic invoices of every syntax land in the ledgers, what is wrong with one is
named by its rule, and nothing else is set aside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, of_effect, rules_at
from tests.samples import rechberg_invoices
from tests.samples.common import Fault
from tests.samples.rechberg_invoices import FAILED, FAULTS

pytestmark = pytest.mark.slow
_FEEDS = ("payables", "invoice_lines", "invoice_taxes", "partners", "einvoices")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night."""
    yield from first_night("rechberg", rechberg_invoices.write, tmp_path_factory.mktemp("e"), server_settings, database)


def test_rows_are_accounted_for(house: Client) -> None:
    house.accounted()


def test_only_what_is_no_message_fails_and_says_why(house: Client) -> None:
    rows = house.query(
        "select file_name, state, message from ops.delivery where client_id = :client and file_name like 'eingang/%' "
        "and state <> 'loaded'"
    )
    assert {(name, state) for name, state, _ in rows} == {(name, "failed") for name in FAILED}
    assert [name for name, _, message in rows if FAILED[name] not in message] == []


@pytest.mark.parametrize("fault", of_effect(FAULTS, "reject"), ids=lambda f: f"{f.feed}-{f.place}")
def test_a_broken_invoice_is_caught_by_its_rule(house: Client, fault: Fault) -> None:
    assert rules_at(house, fault) == {fault.rule, *fault.also}


def test_nothing_but_broken_invoices_is_set_aside(house: Client) -> None:
    rows = house.query(
        "select d.feed, r.cells::text from quarantine.row r join ops.delivery d using (delivery_id) "
        "join quarantine.reject j using (delivery_id, row_number, row_part) "
        "where d.client_id = :client and d.file_name like 'eingang/%'"
    )
    assert len(rows) > len(FAULTS)
    assert [row for row in rows if not any(fault.place in row[1] for fault in FAULTS)] == []


def test_an_invoice_in_two_syntaxes_is_one(house: Client) -> None:
    """The second one says nothing new: its rows are unchanged."""
    rows = house.query(
        "select feed, sum(rows_loaded), sum(rows_unchanged) from ops.delivery where client_id = :client "
        "and file_name like 'eingang/01.01a-%' and feed <> 'ledgers.einvoices' group by feed"
    )  # the register of messages tells them apart by their syntax
    assert len(rows) == len(_FEEDS) - 1
    assert [feed for feed, loaded, unchanged in rows if not loaded or loaded != unchanged] == []


def test_credit_notes_take_away_what_invoices_add(house: Client) -> None:
    kinds = dict(house.query(f"select document_type_code, min(gross_amount) from core.ledgers_payables "
                             f"where {CURRENT} group by 1"))  # fmt: skip
    assert kinds["credit_note"] < 0 < kinds["invoice"]
    lines = house.query(
        "select p.invoice_id from core.ledgers_payables p join core.ledgers_invoice_lines l "
        "on l.client_id = p.client_id and l.invoice_id = p.invoice_id and l._known_to is null "
        "where p.client_id = :client and p._known_to is null "
        "group by 1, p.net_amount having sum(l.net_amount) <> p.net_amount"
    )
    assert lines == []


def test_another_night_changes_nothing(house: Client) -> None:
    before = tables(house)
    house.night()
    assert tables(house) == before
    assert all(before.values())


def tables(client: Client) -> dict[str, list[tuple[object, ...]]]:
    """Every version of every row."""
    return {
        feed: client.query(
            f"select _row_hash, _known_from, _known_to from core.ledgers_{feed} where client_id = :client order by 1, 2"
        )
        for feed in _FEEDS
    }
