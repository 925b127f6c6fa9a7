"""Deliveries that are due: noted every night, found in time, late or missing, with a clock of the test's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.cli import main
from pipelines.delivery import State, Step
from pipelines.flow.expected import DueLine, expected, note_expected
from pipelines.flow.night import discover
from pipelines.flow.show import due as due_lines
from pipelines.flow.step import run_step
from pipelines.warehouse import register
from tests.e2e.conftest import PROFILE, Client, as_csv, lines

DAILY = "{time: '06:00'}"


def due(client: Client, words: str, source: str = "main", zone: str = "Europe/Berlin") -> None:
    """The sample client, in Bavaria, with a deadline for one of its sources."""
    text = (
        PROFILE.format(client=client.client_id)
        .replace("Europe/London", zone)
        .replace("calendar: GB", "calendar: DE-BY")
    )
    client.declare(text.replace(f"{source}:\n        files", f"{source}:\n        due: {words}\n        files"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def deliver(
    client: Client, at: str, rel: str = "spend/a.csv", content: str | None = None, seen: str | None = None
) -> int:
    """Send a file, take it in, and date it: written at `at`, first seen at `seen`."""
    client.send(rel, as_csv(lines()) if content is None else content)
    office = client.office()
    found = discover(["ledgers"], client=client.client_id, office=office)
    for step in Step:
        run_step(step, found.delivery_ids, office=office)
    (delivery_id,) = found.delivery_ids
    with client.warehouse.transaction() as conn:
        values = {"written": utc(at), "at": utc(seen or at), "id": delivery_id}
        sql = "update ops.delivery set received_at = :written, registered_at = :at where delivery_id = :id"
        conn.execute(sa.text(f"{sql} returning delivery_id"), values)
        query = "update ops.arrival set seen_at = :at from ops.delivery d where d.delivery_id = :id"
        conn.execute(sa.text(f"{query} and ops.arrival.arrival_id = d.arrival_id"), values)
    return delivery_id


def move(client: Client, delivery_id: int, state: State) -> None:
    with client.warehouse.transaction() as conn:
        register.move(conn, register.get(conn, delivery_id), state, actor="test")


def note(client: Client, at: str, looked: bool = True) -> list[DueLine]:
    now = utc(at)
    return note_expected(client.office(), now, looked=now if looked else None, client=client.client_id)


def rows(client: Client) -> dict[str, str]:
    """Deadline in UTC → state."""
    found = client.query("select due_at, state from ops.expected_delivery where client_id = :client order by 1")
    return {f"{at.astimezone(UTC):%m-%d %H:%M}": state for at, state in found}


def test_a_new_installation_expects_from_the_first_night_on(client: Client) -> None:
    due(client, DAILY)
    assert note(client, "11-23 00:30") == []
    assert rows(client) == {"11-23 05:00": "expected"}
    deliver(client, "11-23 04:00")
    assert note(client, "11-24 00:30") == []
    assert rows(client) == {"11-23 05:00": "arrived", "11-24 05:00": "expected"}
    (missing,) = note(client, "11-25 00:30")
    assert missing.said == (
        f"{client.client_id} · ledgers.spend · main: due 2026-11-24 06:00 CET, missing. client to act: send it"
    )
    assert rows(client) == {"11-23 05:00": "arrived", "11-24 05:00": "missing", "11-25 05:00": "expected"}


def test_late_is_told_with_its_hours_and_again_changes_nothing(client: Client) -> None:
    due(client, DAILY)
    note(client, "11-23 00:30")
    note(client, "11-23 07:00")
    assert rows(client)["11-23 05:00"] == "missing"
    late = deliver(client, "11-23 09:30")
    (told,) = note(client, "11-24 00:30")
    assert (told.state, told.hours, told.delivery_id) == ("late", 4.5, late)
    before = client.query("select * from ops.expected_delivery where client_id = :client")
    assert note(client, "11-24 00:30") == [told]
    assert client.query("select * from ops.expected_delivery where client_id = :client") == before
    assert note(client, "11-26 01:00", looked=False) == []


def test_only_a_look_finds_something_missing(client: Client) -> None:
    """A command that does not look at the landing folder accuses nobody."""
    due(client, DAILY)
    note(client, "11-23 00:30")
    assert note(client, "11-23 12:00", looked=False) == []
    assert rows(client) == {"11-23 05:00": "expected", "11-24 05:00": "expected"}
    deliver(client, "11-23 04:59", seen="11-24 00:31")  # it lay there in time, the next night finds it
    note(client, "11-24 00:40")
    assert rows(client)["11-23 05:00"] == "arrived"


def test_a_file_with_an_old_time_that_was_not_there_before_is_late(client: Client) -> None:
    due(client, DAILY)
    note(client, "11-23 00:30")
    note(client, "11-23 07:00")
    deliver(client, "11-20 04:00", seen="11-23 08:00")
    (told,) = note(client, "11-23 08:30")
    assert (told.state, told.hours) == ("late", 2.0)


def test_an_origin_that_could_not_be_reached_accuses_nobody(client: Client) -> None:
    due(client, DAILY)
    note(client, "11-23 00:30")
    sql = "insert into ops.origin (client_id, origin, problem) values (:client, 'outbox', 'no answer') returning 1"
    client.query(sql)
    assert note(client, "11-23 12:00") == []
    assert rows(client)["11-23 05:00"] == "expected"


def test_holidays_and_weekends_have_no_deadline(client: Client) -> None:
    due(client, DAILY)
    note(client, "12-23 00:30")
    note(client, "12-29 00:30")
    assert list(rows(client)) == ["12-23 05:00", "12-24 05:00", "12-28 05:00", "12-29 05:00"]
    due(client, "{day: 6, shift: previous, time: '23:00'}", "other")  # epiphany, a holiday in Bavaria
    now = datetime(2027, 1, 4, 12, tzinfo=UTC)
    note_expected(client.office(), now, looked=now, client=client.client_id)
    found = client.query("select due_at from ops.expected_delivery where client_id = :client and source = 'other'")
    assert [at for (at,) in found] == [datetime(2027, 1, 5, 22, tzinfo=UTC)]


def test_the_hour_is_that_of_the_clients_clock_in_summer_and_winter(client: Client) -> None:
    due(client, DAILY)
    note(client, "10-22 12:00")
    note(client, "10-26 12:00")  # clocks went back on Sunday, 25 October
    assert list(rows(client)) == ["10-23 04:00", "10-26 05:00", "10-27 05:00"]


@pytest.mark.parametrize("state", ["failed", "returned", "withdrawn", "held", "duplicate"])
def test_what_counts_as_delivered(client: Client, state: str) -> None:
    due(client, DAILY)
    note(client, "11-23 00:30")
    no_dates = as_csv([(*row[:2], "no date", row[3]) for row in lines()])
    if state == "duplicate":
        deliver(client, "11-20 04:00", seen="11-20 04:10")
        deliver(client, "11-23 04:00", "spend/b.csv")
    else:
        broken = {"failed": "Id;Other\n1;x\n", "withdrawn": None}
        delivered = deliver(client, "11-23 04:00", content=broken.get(state, no_dates))
        if state in ("returned", "withdrawn"):
            move(client, delivered, State(state))
    assert client.query("select state from ops.delivery where client_id = :client order by 1 limit 1") == [(state,)]
    note(client, "11-23 12:00")
    assert rows(client)["11-23 05:00"] == ("arrived" if state in ("held", "duplicate") else "missing")


def test_withdrawing_opens_the_deadline_again(client: Client) -> None:
    due(client, DAILY)
    note(client, "11-23 00:30")
    delivered = deliver(client, "11-23 04:00")
    note(client, "11-23 12:00")
    assert rows(client)["11-23 05:00"] == "arrived"
    move(client, delivered, State.WITHDRAWN)
    (told,) = note(client, "11-23 13:00")
    assert told.state == "missing"


def test_in_period_mode_the_month_before_is_due(client: Client) -> None:
    due(client, "{business_day: 2, time: '23:00'}", "monthly")
    note(client, "10-30 12:00")
    deliver(client, "10-30 13:00", "monthly/2026-09.csv")  # last month's at last, nobody's deadline any more
    note(client, "11-03 01:30")
    query = "select period, due_at, state, arrived_at from ops.expected_delivery where client_id = :client order by 2"
    assert [r[:3] for r in client.query(query)] == [("2026-10", utc("11-03 22:00"), "expected")]
    (told,) = note(client, "11-04 01:30")
    assert (told.period, told.state) == ("2026-10", "missing")
    assert note(client, "11-20 01:30") == [told]  # as long as it is missing and none is due after it
    deliver(client, "11-20 10:00", "monthly/2026-10.csv")
    (told,) = note(client, "11-21 01:30")
    assert (told.state, told.hours) == ("late", 396.0)
    deliver(client, "11-30 10:00", "monthly/2026-11.csv")
    note(client, "12-02 01:30")
    assert [r[:3] for r in client.query(query)][1:] == [("2026-11", utc("12-02 22:00"), "arrived")]


def test_a_changed_deadline_holds_from_the_next_one_on(client: Client) -> None:
    due(client, DAILY)
    note(client, "11-23 00:30")
    note(client, "11-24 00:30")
    due(client, "{weekday: [fri], time: '10:00'}")
    note(client, "11-24 01:30")
    assert rows(client) == {"11-23 05:00": "missing"}
    note(client, "11-27 01:30")
    assert rows(client) == {"11-23 05:00": "missing", "11-27 09:00": "expected"}
    client.declare(PROFILE.format(client=client.client_id))
    note(client, "11-27 01:40")
    assert rows(client) == {"11-23 05:00": "missing"}


def test_a_look_at_one_domain_says_nothing_of_others(client: Client) -> None:
    due(client, DAILY)
    now = utc("11-23 12:00")
    assert note_expected(client.office(), now, looked=now, client=client.client_id, domains=["people"]) == []
    assert rows(client) == {}


def test_the_run_and_the_command_list_it(client: Client, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    due(client, DAILY)
    client.send("spend/a.csv", as_csv(lines()))
    client.night()
    # deadlines of the last days, as if the installation were a week old
    client.query(
        "update ops.delivery set registered_at = now() - interval '9 days' where client_id = :client returning 1"
    )
    client.query("delete from ops.expected_delivery where client_id = :client returning 1")
    _, report = client.night()
    assert report.late == []
    assert report.missing
    assert all(line.client_id == client.client_id for line in report.missing)
    settings = client.settings
    monkeypatch.setenv("KONTOR_HOME", str(settings.home))
    monkeypatch.setenv("KONTOR_CLIENTS", str(settings.client_folders[0]))
    monkeypatch.setenv("KONTOR_WAREHOUSE_URL", str(settings.warehouse_url))
    assert main(["expected", "--client", client.client_id, "--days", "30", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {line["state"] for line in listed} >= {"missing"}
    assert len(listed) == len(rows(client)) == len(expected(client.office(), client=client.client_id, days=30))
    assert main(["expected", "--client", client.client_id]) == 0
    assert "missing" in capsys.readouterr().out
    for line in due_lines(report.due):
        assert "client to act: send it" in line.plain
