"""A night of Söderberg Maskin: statements of five banks in four formats load with balances that hold, each planted
error is caught by its rule, and no other line is set aside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.e2e.conftest import Client
from tests.e2e.planted import CURRENT, first_night, not_loaded, of_effect, rules_at, set_aside, warned
from tests.samples import soderberg
from tests.samples.common import Fault, Folder
from tests.samples.soderberg import BANK, CARD, FAULTS, FINLAND, GERMANY, NETHERLANDS, SWEDEN

pytestmark = pytest.mark.slow
LINES = f"select count(*) from core.ledgers_bank_transactions where {CURRENT}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings, database: str) -> Iterator[Client]:
    """The client after its first night."""
    yield from first_night("soderberg", soderberg.write, tmp_path_factory.mktemp("bank"), server_settings, database)


def test_every_statement_is_loaded_and_every_row_accounted_for(house: Client) -> None:
    assert not_loaded(house) == []
    count = house.query("select count(*) from ops.delivery where client_id = :client")[0][0]
    assert count == 5
    house.accounted()


@pytest.mark.parametrize("fault", of_effect(FAULTS, "reject"), ids=lambda f: f.kind)
def test_a_planted_error_is_caught_by_its_rule(house: Client, fault: Fault) -> None:
    assert rules_at(house, fault) == {fault.rule, *fault.also}


def test_a_statement_told_in_two_formats_is_kept_once(house: Client) -> None:
    (fault,) = of_effect(FAULTS, "twice")
    assert rules_at(house, fault) == {fault.rule}
    kept = house.query(f"select _source, count(*) from core.ledgers_bank_transactions where {CURRENT} "
                       "and bank_account_id = :account group by 1", account=fault.place)  # fmt: skip
    assert len(kept) == 1
    assert kept[0][1] == 2


def test_nothing_but_planted_errors_is_set_aside(house: Client) -> None:
    planted = [f.place for f in FAULTS if f.effect in ("reject", "twice")]
    rows = set_aside(house)
    assert len(rows) >= len(planted)
    assert [cells for _, cells, _ in rows if not any(place in cells for place in planted)] == []


@pytest.mark.parametrize("fault", of_effect(FAULTS, "warn"), ids=lambda f: f.kind)
def test_what_is_only_warned_of_loads(house: Client, fault: Fault) -> None:
    failed, severity = warned(house, fault)
    assert severity == "warning"
    assert 0 < failed <= 4
    assert house.query(f"{LINES} and bank_account_id = :account", account=fault.place)[0][0] > 0


@pytest.mark.parametrize("account", [SWEDEN, GERMANY, NETHERLANDS, CARD, FINLAND])
def test_the_balances_of_an_account_hold_over_the_month(house: Client, account: str) -> None:
    """The first opening balance and all lines give the last closing balance; lines of several statements."""
    rows = house.query(
        "select statement_date, statement_number, opening_amount, closing_amount, transaction_amount, line_id "
        f"from core.ledgers_bank_transactions where {CURRENT} and bank_account_id = :account order by 1, 2",
        account=account,
    )
    assert len(rows) >= 25
    assert rows[0][2] + sum((row[4] for row in rows), Decimal()) == rows[-1][3]
    assert any(row[4] < 0 for row in rows)


def test_what_formats_say_beside_the_amount_is_there(house: Client) -> None:
    kinds = house.query(
        "select _source, count(details_amount), count(charges_amount), count(end_to_end_id), count(counterparty_iban), "
        "count(counterparty_bic), count(*) filter (where is_reversal) "
        f"from core.ledgers_bank_transactions where {CURRENT} group by 1"
    )
    told = {source: tuple(n > 0 for n in counts) for source, *counts in kinds}
    assert told == {
        "sweden": (True, True, True, True, False, True),
        "germany": (False, False, True, True, False, True),
        "netherlands": (False, False, True, True, True, True),
        "card": (False, False, False, False, False, False),
        "finland": (False, False, False, False, False, False),
    }


def test_running_again_changes_nothing(house: Client) -> None:
    before = house.query(LINES)
    house.night()
    assert house.query(LINES) == before


def test_a_summary_that_counts_otherwise_holds_the_statement(house: Client, tmp_path: Path) -> None:
    (fault,) = of_effect(FAULTS, "night 2")
    soderberg.write(Folder(tmp_path, "soderberg", 2, 7))
    shutil.copytree(tmp_path / "soderberg", house.settings.landing / "soderberg", dirs_exist_ok=True)
    _, report = house.night()
    assert [(line.feed, line.state) for line in report.lines] == [(BANK, "held")]
    rules = house.query(
        "select rule_id from ops.rule_result join ops.delivery d using (delivery_id) where d.client_id = :client "
        "and d.state = 'held' and not success and severity = 'critical'"
    )
    assert [rule for (rule,) in rules if fault.rule in rule] != []
