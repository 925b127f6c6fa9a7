"""A rehearsal tells what a replay would do, and touches nothing."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.flow.night import run_replay
from pipelines.flow.rehearsal import rehearse
from pipelines.flow.replay_shown import as_text
from tests.e2e.conftest import Client
from tests.e2e.worlds import LOOSE, business, newest, sound, states

HEADER = "Id,Supplier,Account,Date,Amount\n"


def line(number: int, account: str, amount: str = "10.00") -> str:
    return f"L{number:02},Supplier {number},{account},2026-10-05,{amount}\n"


def declare(client: Client, codes: str = "{A: Office, B: Travel}") -> None:
    client.declare(LOOSE.format(client=client.client_id).replace("{A: Office, B: Travel}", codes))


@pytest.fixture
def coded(client: Client) -> Client:
    """Loaded: 20 rows with known codes, 3 with an unknown one (C), 1 with an amount that cannot be read."""
    declare(client)
    text = HEADER + "".join(line(i, "A") for i in range(20))
    text += "".join(line(20 + i, "C", f"{i + 1}.25") for i in range(3)) + line(30, "B", "nothing")
    client.send("spend/1.csv", text)
    client.night()
    return client


def test_what_a_new_code_would_let_in_is_what_a_replay_lets_in(coded: Client) -> None:
    declare(coded, "{A: Office, B: Travel, C: Coffee}")
    number = newest(coded)
    found = rehearse(str(number), office=coded.office())
    (one,) = found.deliveries
    assert (one.verdict_before, one.verdict_after) == ("pass_with_rejects", "pass_with_rejects")
    assert (one.rows_before.rejected, one.rows_after.rejected) == (4, 1)
    assert (one.rows_newly_accepted, one.rows_newly_rejected) == (3, 0)
    assert [(r.name, r.rows, r.first) for r in one.newly_accepted] == [
        ("ledgers.spend.has_account", 3, ["22", "23", "24"]),
        ("ledgers.spend.unknown_code.account_name", 3, ["22", "23", "24"]),
    ]
    (amount,) = one.amounts
    assert (amount.currency, amount.newly_accepted, amount.newly_rejected) == ("GBP", Decimal("6.75"), Decimal(0))
    assert (amount.accepted_before, amount.accepted_after) == (Decimal("200.00"), Decimal("206.75"))
    assert one.in_core is not None
    foreseen = (one.in_core.new, one.in_core.changed, one.in_core.unchanged, one.in_core.closed)
    assert foreseen == (3, 0, 20, 0)
    (done,) = run_replay(str(number), office=coded.office()).lines
    assert (done.rows_loaded, done.rows_unchanged, done.rows_rejected) == (3, 20, 1)
    assert (done.state, done.verdict) == (one.state_after, one.verdict_after)
    assert len(business(coded)) == 23
    sound(coded)


def test_stricter_declarations_and_other_reasons(coded: Client) -> None:
    declare(coded)
    coded.declare(coded.profile.replace("'%Y-%m-%d'", "'%d.%m.%Y'"))
    (one,) = rehearse(coded.client_id, office=coded.office()).deliveries
    assert one.state_after == "held"
    assert "max_rejects" in str(one.message_after)
    assert (one.rows_newly_rejected, one.rows_newly_accepted) == (20, 0)
    unreadable = "ledgers.spend.unreadable.document_date"
    assert [(r.name, r.rows, r.first) for r in one.newly_rejected] == [(unreadable, 20, [str(i) for i in range(2, 22)])]
    assert (one.amounts[0].newly_rejected, one.amounts[0].accepted_after) == (Decimal("200.00"), Decimal(0))
    assert sum(r.rows for r in one.reasons_changed) == 4
    assert all(unreadable in r.name.split(" → ")[1] for r in one.reasons_changed)


def test_a_file_that_could_not_be_read_any_more(coded: Client) -> None:
    coded.declare(coded.profile.replace("from: Amount", "from: Sum"))
    found = rehearse("ledgers.spend", client=coded.client_id, office=coded.office())
    (one,) = found.deliveries
    assert (one.state_after, found.totals["would_fail"]) == ("failed", 1)
    assert "'Sum'" in str(one.message_after)


def test_nothing_is_touched(coded: Client) -> None:
    declare(coded, "{A: Office, B: Travel, C: Coffee}")
    before = everything(coded)
    rehearse(f"{coded.client_id}/ledgers.spend", office=coded.office())
    coded.declare(coded.profile.replace("from: Amount", "from: Sum"))
    rehearse(str(newest(coded)), office=coded.office())
    coded.declare(coded.profile.replace("from: Sum", "from: Amount"))
    assert everything(coded) == before


def everything(client: Client) -> dict[str, str]:
    """Every row of every table, and every file, as a hash each."""
    tables = client.query(
        "select format('%I.%I', schemaname, tablename) from pg_tables "
        "where schemaname in ('ops', 'quarantine', 'work', 'core') and tablename <> 'client_key'"  # nobody reads it
    )
    found = {
        str(name): str(
            client.query(f"select md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {name} t")
        )
        for (name,) in tables
    }
    files = (p for p in client.settings.home.rglob("*") if p.is_file() and p.suffix != ".yaml")
    return found | {str(p): f"{p.stat().st_mtime_ns} {_hash(p)}" for p in files}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_people_and_machines_can_read_it(coded: Client) -> None:
    declare(coded, "{A: Office, B: Travel, C: Coffee}")
    found = rehearse(coded.client_id, office=coded.office())
    text = as_text(found)
    assert "3 rows newly accepted" in text
    assert "ledgers.spend.unknown_code.account_name" in text
    assert "in core: 3 new, 0 changed, 20 unchanged, 0 closed" in text
    assert "1 delivery rehearsed, nothing was touched" in text
    assert "Supplier" not in text
    assert states(coded) == {newest(coded): "loaded"}
