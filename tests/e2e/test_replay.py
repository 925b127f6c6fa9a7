"""Archived originals judged again: which ones, in what order, and what stays as it was."""

from __future__ import annotations

import pytest

from pipelines.errors import DeclarationError
from pipelines.flow.night import discover, run_replay
from pipelines.flow.replay import chosen
from tests.e2e.conftest import Client, as_csv
from tests.e2e.worlds import business, correct, declare, deliver, play, rows, sound, states

ROWS = {f"L{i}": f"{i}.00" for i in range(1, 6)}


def amounts(client: Client) -> dict[str, str]:
    return {str(r[0]): str(r[4]) for r in business(client)}


def which(client: Client, target: str) -> list[int]:
    office = client.office()
    with client.warehouse.transaction() as conn:
        return [d.delivery_id for d in chosen(office, conn, target, client=client.client_id)]


def test_a_feed_or_client_is_what_speaks(client: Client) -> None:
    declare(client)
    (_, newest) = play(client, "main", [(0, ROWS), (1, {**ROWS, "L6": "6.00"})])
    (_, period) = play(client, "monthly", [(0, ROWS), (1, ROWS | {"L1": "1.50"})])
    deltas = play(client, "changes", [(0, {"L1": "9.00"}), (1, {"L2": "8.00"})])
    wanted = sorted([newest, period, *deltas])
    for target in ("ledgers.spend", client.client_id, f"{client.client_id}/ledgers.spend"):
        assert sorted(which(client, target)) == wanted
    for target in ("nobody", "ledgers.nothing", "a b"):
        with pytest.raises(DeclarationError, match="nothing to replay by that name"):
            which(client, target)
    versions, before = client.versions(), business(client)
    report = run_replay(f"{client.client_id}/ledgers.spend", office=client.office())
    assert [line.state for line in report.lines] == ["loaded"] * 4
    assert (client.versions(), business(client)) == (versions, before)
    assert {n for n, state in states(client).items() if state == "loaded"}.isdisjoint(wanted)
    assert sorted(which(client, client.client_id)) == sorted(line.delivery_id for line in report.lines)
    sound(client)


def test_an_old_truth_is_not_brought_back(client: Client) -> None:
    declare(client)
    old, new = play(client, "main", [(0, ROWS), (1, {**ROWS, "L1": "7.00"})])
    with pytest.raises(DeclarationError, match=rf"delivery {new} .* was received later and is loaded"):
        run_replay(str(old), office=client.office())
    (line,) = run_replay(str(new), office=client.office()).lines
    again = run_replay(str(new), office=client.office()).lines[0].delivery_id
    assert states(client) == {old: "loaded", new: "superseded", line.delivery_id: "superseded", again: "loaded"}
    assert amounts(client)["L1"] == "7.00"


def test_a_delta_keeps_its_place(client: Client) -> None:
    """The first delta says L1 and L2, the second L1: judged again by another declaration, it changes L2 only."""
    declare(client)
    one, two = play(client, "changes", [(0, {"L1": "1.00", "L2": "2.00"}), (1, {"L1": "10.00"})])
    client.declare(client.profile.replace("{value: Office}", "{value: Travel}", 1))
    (line,) = run_replay(str(one), office=client.office()).lines
    assert (line.rows_loaded, line.rows_skipped) == (1, 1)
    assert amounts(client) == {"L1": "10.00", "L2": "2.00"}
    assert [r[2] for r in business(client)] == ["Office", "Travel"]
    run_replay("ledgers.spend", office=client.office())
    assert [r[2] for r in business(client)] == ["Travel", "Travel"]
    assert amounts(client) == {"L1": "10.00", "L2": "2.00"}
    assert states(client)[two] == "superseded"
    sound(client)


def test_what_was_corrected_stays_corrected(client: Client) -> None:
    declare(client)
    (root,) = play(client, "main", [(0, {**ROWS, "L8": None, "L9": None})])
    fixed = correct(client, root, {"L8": {"Amount": "8.00"}})
    (line,) = run_replay(str(root), office=client.office()).lines
    assert (line.rows_rejected, line.rows_unchanged) == (2, 5)
    assert amounts(client)["L8"] == "8.00"
    query = "select row_number, state from quarantine.reject where delivery_id = :id order by 1"
    assert client.query(query, id=line.delivery_id) == [(7, "corrected"), (8, "open")]
    with pytest.raises(DeclarationError, match="is a correction"):
        run_replay(str(fixed), office=client.office())
    sound(client)


def test_a_row_let_in_later_does_not_undo_its_correction(client: Client) -> None:
    declare(client)
    odd = "L8,Supplier L8,05.10.2026,80.00\n"
    client.send("spend/1.csv", as_csv(rows(ROWS)) + odd)
    client.night()
    (root,) = states(client)
    correct(client, root, {"L8": {"Amount": "8.00", "Date": "2026-10-05"}})
    client.declare(client.profile.replace("['%Y-%m-%d']", "['%Y-%m-%d', '%d.%m.%Y']"))
    (line,) = run_replay(str(root), office=client.office()).lines
    assert (line.state, line.rows_rejected, line.rows_skipped, line.rows_unchanged) == ("loaded", 0, 1, 5)
    assert amounts(client)["L8"] == "8.00"
    sound(client)


def test_a_replay_that_waits_is_not_registered_twice(client: Client) -> None:
    declare(client)
    deliver(client, "main", ROWS, 0)
    office = client.office()
    first = discover(["ledgers"], client=client.client_id, replay=client.client_id, office=office)
    second = discover(["ledgers"], client=client.client_id, replay=client.client_id, office=office)
    assert first.registered == second.registered
    assert discover(["payroll"], client=client.client_id, replay=client.client_id, office=office).registered == []
    client.send(
        "spend/2.csv",
        (client.settings.landing / client.client_id / "spend/0.csv").read_text() + "L7,S,2026-10-05,7.00\n",
    )
    client.night()
    assert set(states(client).values()) == {"superseded", "loaded"}
    assert amounts(client)["L7"] == "7.00"
    sound(client)
