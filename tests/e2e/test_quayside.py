"""The night of Quayside Supplies: messages of EDIFACT become orders, shipments, events and invoices; each planted error
is caught by its rule, no other row is set aside, and running again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.flow.night import run_replay
from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, not_loaded, of_effect, rules_at, set_aside, warned
from tests.samples import quayside
from tests.samples.common import Fault
from tests.samples.quayside_faults import BROKEN, FAULTS, plant
from tests.samples.quayside_world import world_of

pytestmark = pytest.mark.slow

FEEDS = (
    "shipments_interchanges", "shipments_orders", "shipments_order_lines", "shipments_shipments",
    "shipments_shipment_events", "ledgers_payables", "ledgers_invoice_lines", "ledgers_invoice_taxes",
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night."""
    yield from first_night("quayside", quayside.write, tmp_path_factory.mktemp("quayside"), server_settings, database)


def test_only_broken_files_are_not_loaded(house: Client) -> None:
    assert {name for _, name in not_loaded(house)} == set(BROKEN)
    house.accounted()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_ends_as_it_must_and_says_why(house: Client, name: str) -> None:
    state, says = BROKEN[name]
    found = house.query(
        "select d.feed, d.state, d.message, "
        "coalesce(string_agg(distinct r.rule_id, ' ') filter (where not r.success), '') "
        "from ops.delivery d left join ops.rule_result r using (delivery_id) "
        "where d.client_id = :client and d.file_name = :name group by d.delivery_id, d.feed, d.state, d.message",
        name=name,
    )
    assert {kept for _, kept, _, _ in found} == {state}
    assert [row for row in found if says not in f"{row[2]} {row[3]}"] == []


def test_a_message_of_two_halves_is_no_sound_invoice(house: Client) -> None:
    rules = house.query(
        "select distinct j.rule_id from quarantine.reject j join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and d.file_name like '%swapped.edi'"
    )
    assert {f"ledgers.{feed}.message_is_sound" for feed in ("payables", "invoice_lines", "invoice_taxes")} | {
        "shipments.interchanges.message_reference_agrees"
    } <= {rule for (rule,) in rules}


@pytest.mark.parametrize("fault", of_effect(FAULTS, "reject"), ids=lambda f: f.kind)
def test_a_planted_error_is_caught_by_its_rule(house: Client, fault: Fault) -> None:
    assert rules_at(house, fault) == {fault.rule, *fault.also}


def test_nothing_but_planted_errors_is_set_aside(house: Client) -> None:
    rows = set_aside(house)
    assert [feed for feed, cells, _ in rows if not any(f.place in cells for f in of_effect(FAULTS, "reject"))] == []
    assert len(rows) >= len(of_effect(FAULTS, "reject"))


@pytest.mark.parametrize("fault", of_effect(FAULTS, "warn"), ids=lambda f: f.kind)
def test_what_is_only_warned_of_is_planted(house: Client, fault: Fault) -> None:
    assert warned(house, fault) == (1, "warning")


def test_rows_are_those_of_the_messages(house: Client) -> None:
    world = world_of(7)
    ordered = dict(
        house.query(
            "select l.order_id || ' ' || l.line_id, l.line_amount from core.shipments_order_lines l "
            f"where {CURRENT} and l.order_id like 'PO-7%'"
        )
    )
    assert ordered == {f"{o.number} {n}": line.amount for o in world.orders for n, line in enumerate(o.lines, 1)}
    names = house.query(f"select distinct customer_name from core.shipments_orders where {CURRENT}")
    assert {"O'Rourke: Ropes + Chains", "Qui vend quoi ? SARL", "Søndergård Købmænd"} <= {name for (name,) in names}
    sent = house.query(f"select count(*) from core.shipments_shipments where {CURRENT} and asn_id like 'DES-%'")
    assert sent[0][0] == sum(len(s.lines) for s in world.shipments)
    vans = house.query(
        "select count(*), bool_and(promised_date is null) from core.shipments_shipments "
        f"where {CURRENT} and _source = 'vans'"
    )
    assert [tuple(row) for row in vans] == [(sum(len(s.lines) for s in world.runs), True)]
    billed = dict(
        house.query(
            f"select invoice_id, gross_amount from core.ledgers_payables where {CURRENT} and invoice_id like 'INV%'"
        )
    )
    assert billed == {i.number: (-1 if i.is_credit else 1) * (i.net + i.tax) for i in world.invoices}


def test_every_message_is_in_the_register(house: Client) -> None:
    world = world_of(7)
    plant(world)
    found = dict(
        house.query(
            "select message_type_code, count(*) from core.shipments_interchanges "
            f"where {CURRENT} and interchange_number <> 'T1' group by 1"
        )
    )
    shipments = {event.shipment for event in world.events}
    assert found == {
        "ORDERS": len(world.orders), "DESADV": len(world.shipments), "IFTSTA": len(shipments),
        "INVOIC": len(world.invoices), "CONTRL": 2,
    }  # fmt: skip


def test_running_again_changes_nothing(house: Client) -> None:
    """The same files once more, then all of it replayed from the archive."""
    before = contents(house)
    assert all(before.values())
    house.night()
    assert contents(house) == before
    for feed in ("shipments.orders", "shipments.shipments", "ledgers.payables"):
        assert run_replay(f"{house.client_id}/{feed}", office=house.office()).lines
    assert contents(house) == before


def contents(client: Client) -> dict[str, list[tuple[object, ...]]]:
    """Hashes of all current rows by feed."""
    query = f"select _row_hash from core.{{}} where {CURRENT} order by 1"
    return {feed: [tuple(row) for row in client.query(query.format(feed))] for feed in FEEDS}
