"""One night of Rechberg's books: DATEV's bookings and an export for audit are loaded, balances follow from bookings,
each planted error is caught by its rule, and files that are wrong as a whole are stopped with their place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal

import pytest

from pipelines.flow.explain import explain
from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, of_effect, rules_at, set_aside
from tests.e2e.test_night import text_of
from tests.samples import rechberg_books as books
from tests.samples.common import Fault

pytestmark = pytest.mark.slow
TABLES = ("gl_entries", "accounts", "partners", "balances", "fixed_assets")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night."""
    yield from first_night("rechberg", books.write, tmp_path_factory.mktemp("rechberg"), server_settings, database)


def states(client: Client) -> dict[str, tuple[str, str]]:
    """State and message of every delivery by its file, of those that were not loaded."""
    query = "select file_name, state, message from ops.delivery where client_id = :client and state <> 'loaded'"
    return {name: (state, message or "") for name, state, message in client.query(query)}


def current(client: Client) -> dict[str, list[tuple[object, ...]]]:
    """Every current row of the tables of the books, with its address."""
    return {
        table: sorted(map(tuple, client.query(f"select * from core.ledgers_{table} where {CURRENT}")), key=str)
        for table in TABLES
    }


def test_only_broken_files_are_not_loaded_and_each_says_why(house: Client) -> None:
    found = states(house)
    assert {name: state for name, (state, _) in found.items()} == {n: s for n, (s, _) in books.BROKEN.items()}
    for name, (_, said) in books.BROKEN.items():
        assert said in found[name][1], found[name]
    assert "gdpdu/2026-08/index.xml:3" in found["gdpdu/2026-08/anlagen.dat"][1]
    assert "EXTF_Buchungsstapel_2026-07.csv:1, field 3" in found["datev/EXTF_Buchungsstapel_2026-07.csv"][1]


def test_every_row_is_accounted_for_and_no_file_is_unmatched(house: Client) -> None:
    house.accounted()
    assert house.query("select path from ops.unmatched_file where client_id = :client") == []


def test_an_index_is_part_of_what_a_delivery_is_made_of(house: Client) -> None:
    named = house.query(
        "select d.file_name, i.path from ops.delivery_input i join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and i.role = 'control' and d.state = 'loaded' order by 1"
    )
    assert [tuple(n) for n in named] == [
        ("gdpdu/2026-10/SALDEN.TXT", "gdpdu/2026-10/index.xml"),
        ("gdpdu/2026-10/anlagen.dat", "gdpdu/2026-10/index.xml"),
        ("gdpdu/artikel_2026-10.zip!/data/artikel.csv", "gdpdu/artikel_2026-10.zip!/INDEX.XML"),
    ]


@pytest.mark.parametrize("fault", of_effect(books.FAULTS, "reject"), ids=lambda f: f.kind)
def test_a_planted_error_is_caught_by_its_rule(house: Client, fault: Fault) -> None:
    assert rules_at(house, fault) == {fault.rule, *fault.also}


def test_nothing_but_planted_errors_is_set_aside(house: Client) -> None:
    rows = set_aside(house)
    planted = [(f.feed, f.place) for f in books.FAULTS]
    assert len(rows) >= len(planted)
    assert [r for r in rows if not any(feed == r[0] and place in r[1] for feed, place in planted)] == []


def test_the_ledger_has_both_sides_of_every_booking(house: Client) -> None:
    made = [move for month in books.bookings(7).values() for b in month for move in b.moves()]
    (lines, debit, credit), *_ = house.query(
        "select count(*), sum(coalesce(local_debit_amount, debit_amount)), "
        f"sum(coalesce(local_credit_amount, credit_amount)) from core.ledgers_gl_entries where {CURRENT}"
    )
    expected = sum((amount for _, side, amount in made if side == "debit"), Decimal(0))
    assert (lines, debit, credit) == (len(made), expected, expected)


def test_balances_of_the_export_are_those_of_the_bookings(house: Client) -> None:
    off = house.query(
        "select b.account_id, b.debit_amount, b.credit_amount, e.debit, e.credit from core.ledgers_balances b "
        "left join (select account_id, sum(coalesce(local_debit_amount, debit_amount)) as debit, "
        "sum(coalesce(local_credit_amount, credit_amount)) as credit from core.ledgers_gl_entries "
        f"where {CURRENT} and period_code = '2026-10' group by 1) e using (account_id) "
        f"where b.client_id = :client and b._known_to is null and "
        "(b.debit_amount <> coalesce(e.debit, 0) or b.credit_amount <> coalesce(e.credit, 0))"
    )
    assert off == []
    count = house.query(f"select count(*) from core.ledgers_balances where {CURRENT}")[0][0]
    assert count == len(books.balances(7)) - 1


def test_a_term_of_payment_is_looked_up_in_datevs_own_list(house: Client) -> None:
    query = f"select distinct payment_term_days from core.ledgers_partners where {CURRENT} order by 1"
    assert [days for (days,) in house.query(query)] == [0, 14, 30]


def test_what_a_reader_tells_of_a_file_is_kept_with_its_step(house: Client) -> None:
    told = dict(
        house.query(
            "select distinct d.file_name, r.message from ops.step_run r join ops.delivery d using (delivery_id) "
            "where d.client_id = :client and r.step = 'extract' and d.file_name like 'gdpdu/2026-10/%'"
        )
    )
    missing = "got no file abgaenge.dat (table 'Abgänge', line 9); expected the files of all 3 tables"
    assert set(told) == {"gdpdu/2026-10/SALDEN.TXT", "gdpdu/2026-10/anlagen.dat"}
    assert all(missing in message and "client to act" in message for message in told.values())


def test_codes_of_an_export_are_read_as_what_the_index_says_they_mean(house: Client) -> None:
    query = f"select base_unit_code, count(*) from core.shipments_products where {CURRENT} group by 1"
    assert [tuple(r) for r in house.query(query)] == [("C62", 80)]


def test_a_table_of_an_export_is_looked_up_by_its_index(house: Client) -> None:
    query = f"select product_group_name, count(*) from core.shipments_products where {CURRENT} group by 1 order by 1"
    assert [tuple(r) for r in house.query(query)] == [("Wellen", 40), ("Zahnräder", 40)]


@pytest.mark.parametrize(
    ("feed", "place", "shown"),
    [
        ("ledgers.fixed_assets", "X-BOOK", "cost_less_depreciation_gives_book"),
        ("ledgers.balances", "4930", "does_not_roll_forward"),
        ("ledgers.gl_entries", "X-DAY", "2026-10-32"),
        ("shipments.products", "X-NAME", "product_name"),
    ],
)
def test_a_row_is_explained_from_the_archive(house: Client, feed: str, place: str, shown: str) -> None:
    found = house.query(
        "select delivery_id, row_number from quarantine.row join ops.delivery using (delivery_id) "
        "where client_id = :client and feed = :feed and cells::text like :place order by 2",
        feed=feed,
        place=f"%{place}%",
    )
    text = text_of(explain(*found[0], office=house.office()))
    assert place in text
    assert shown in text


def test_running_again_changes_nothing(house: Client) -> None:
    before = current(house)
    house.night()
    assert current(house) == before


def test_the_index_that_came_late_frees_its_file(house: Client) -> None:
    landing = house.settings.landing / "rechberg" / "gdpdu"
    shutil.copy(landing / "2026-10" / "index.xml", landing / "2026-07" / "index.xml")
    house.night()
    assert "gdpdu/2026-07/anlagen.dat" not in states(house)
