"""What a night does to files and tables, without Airflow: arrivals, history, holds, accounting."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from pipelines.delivery import Step
from pipelines.errors import DeclarationError
from pipelines.flow.due import open_deadline
from pipelines.flow.explain import explain
from pipelines.flow.night import discover
from pipelines.flow.release import DecisionRefused, approve, send_back
from pipelines.flow.step import run_step
from pipelines.flow.trace import trace
from pipelines.profile import Due
from tests.e2e.conftest import Client, as_csv, lines


def states(client: Client) -> list[tuple[str, str | None]]:
    """State and verdict of every delivery of the client, oldest first."""
    query = "select state, verdict from ops.delivery where client_id = :client order by delivery_id"
    return [(s, v) for s, v in client.query(query)]


def message(client: Client) -> str:
    """Message of the newest delivery."""
    return str(
        client.query("select message from ops.delivery where client_id = :client order by delivery_id desc")[0][0]
    )


def test_a_clean_file_is_loaded_and_the_same_night_again_does_nothing(client: Client) -> None:
    client.send("spend/a.csv", as_csv(lines(20)))
    found, report = client.night()
    assert [(line.state, line.verdict, line.rows_loaded) for line in report.lines] == [("loaded", "pass", 20)]
    before = client.query("select * from core.ledgers_spend where client_id = :client order by spend_line_id")
    found, report = client.night()
    assert (found.scopes, found.seen, report.lines) == ([], 1, [])
    assert found.summary() == "nothing to do: 1 files already accounted for"
    assert before == client.query("select * from core.ledgers_spend where client_id = :client order by spend_line_id")
    client.accounted()


def test_a_copy_under_another_name_is_a_duplicate(client: Client) -> None:
    client.send("spend/a.csv", as_csv(lines(20)))
    client.night()
    client.send("spend/copy of a.csv", as_csv(lines(20)))
    client.night()
    assert states(client) == [("loaded", "pass"), ("duplicate", None)]
    assert "same content" in message(client)
    assert client.versions() == 20


def test_a_then_b_then_a_are_three_deliveries(client: Client) -> None:
    a, b = as_csv(lines(20)), as_csv([*lines(19), ("L020", "Supplier T", "2026-10-05", "999.00")])
    for n, content in enumerate((a, b, a)):
        client.send(f"spend/{n}.csv", content)
    client.night()
    assert states(client) == [("loaded", "pass")] * 3
    assert client.current()["L020"] == "200.50"
    assert client.versions() == 22
    client.accounted()


def test_a_changed_file_writes_exactly_the_changed_rows(client: Client) -> None:
    client.send("spend/1.csv", as_csv(lines(20)))
    client.night()
    changed = [*lines(18), ("L019", "Supplier S", "2026-10-05", "1.25"), ("L099", "Supplier Z", "2026-10-06", "7.00")]
    client.send("spend/2.csv", as_csv(changed))
    _, report = client.night()
    line = report.lines[0]
    assert (line.rows_received, line.rows_loaded, line.rows_unchanged) == (20, 2, 18)
    assert client.versions() == 22
    now = client.current()
    assert now["L019"] == "1.25"
    assert "L020" not in now
    yesterday = dict(
        client.query(
            "select s.spend_line_id, s.spend_amount::text from core.ledgers_spend s, ops.delivery d "
            "where s.client_id = :client and d.client_id = :client and d.file_name = 'spend/1.csv' "
            "and s._known_from <= d.published_at and (s._known_to is null or s._known_to > d.published_at)"
        )
    )
    assert yesterday["L019"] == "190.50"
    assert "L020" in yesterday
    client.accounted()


def test_a_rejected_row_closes_nothing(client: Client) -> None:
    client.send("spend/1.csv", as_csv(lines(20)))
    client.night()
    client.send("spend/2.csv", as_csv([*lines(19), ("L020", "Supplier T", "not a date", "5.00")]))
    _, report = client.night()
    assert (report.lines[0].verdict, report.lines[0].rows_rejected) == ("pass_with_rejects", 1)
    assert client.current()["L020"] == "200.50"
    client.accounted()


def test_two_sources_of_one_feed_never_close_each_other(client: Client) -> None:
    client.send("spend/1.csv", as_csv(lines(20)))
    client.send("other/1.csv", as_csv(lines(10, first=500)))
    client.night()
    client.send("other/2.csv", as_csv(lines(10, first=500)[:9] + lines(1, first=600)))
    client.night()
    assert len(client.current("main")) == 20
    assert set(client.current("other")) == {*(f"L{i}" for i in range(500, 509)), "L600"}


def test_a_period_is_replaced_by_its_next_delivery_only(client: Client) -> None:
    client.send("monthly/2026-09.csv", as_csv(lines(10)))
    client.send("monthly/2026-10.csv", as_csv(lines(10, first=100)))
    client.night()
    client.send("monthly/2026-09 corrected.csv", as_csv([*lines(9), ("L010", "Supplier J", "2026-10-05", "3.00")]))
    client.night()
    assert states(client) == [("superseded", "pass"), ("loaded", "pass"), ("loaded", "pass")]
    assert client.current("monthly")["L010"] == "3.00"
    assert len(client.current("monthly")) == 20


def test_a_period_that_cannot_be_read_is_told(client: Client) -> None:
    client.send("monthly/2026-13.csv", as_csv(lines(10)))
    client.night()
    assert states(client) == [("failed", "fail")]
    assert "2026-13" in message(client)
    assert "client to act" in message(client)


def test_a_held_delta_makes_the_later_ones_wait(client: Client) -> None:
    client.send("changes/1.csv", as_csv(lines(5)) + "total,5,,\n")
    client.send("changes/2.csv", as_csv(lines(5, first=20)) + "total,4,,\n")
    client.night()
    assert states(client) == [("loaded", "pass"), ("held", "hold")]
    assert "control total" in message(client)
    client.send("changes/3.csv", as_csv(lines(5, first=40)) + "total,5,,\n")
    found, _ = client.night()
    assert states(client)[2][0] == "waiting"
    assert len(found.waiting) == 1
    assert len(client.current("changes")) == 5
    client.accounted()


def test_a_newer_snapshot_supersedes_the_held_one(client: Client) -> None:
    client.send("spend/1.csv", as_csv(lines(20)))
    client.night()
    client.send("spend/2.csv", as_csv(lines(4)))
    client.night()
    assert states(client)[1] == ("held", "hold")
    client.send("spend/3.csv", as_csv(lines(21)))
    client.night()
    assert [s for s, _ in states(client)] == ["loaded", "superseded", "loaded"]
    assert len(client.current()) == 21
    client.accounted()


def test_a_missing_lookup_waits_and_goes_on_when_it_is_there(client: Client) -> None:
    client.send("coded/1.csv", as_csv(lines(10)))
    client.night()
    assert states(client) == [("waiting", None)]
    assert "names" in message(client)
    client.send("names.csv", "Code,Name\n" + "".join(f"Supplier {chr(65 + i)},House {chr(65 + i)}\n" for i in range(9)))
    _, report = client.night()
    assert (report.lines[0].state, report.lines[0].rows_loaded, report.lines[0].rows_rejected) == ("held", 0, 1)
    client.send(
        "names.csv", "Code,Name\n" + "".join(f"Supplier {chr(65 + i)},House {chr(65 + i)}\n" for i in range(26))
    )
    client.send("coded/2.csv", as_csv(lines(10)))
    client.night()
    assert [s for s, _ in states(client)] == ["superseded", "loaded"]
    query = "select supplier_name from core.ledgers_spend where client_id = :client and spend_line_id = 'L001'"
    assert client.query(query) == [("House A",)]


BROKEN = {
    "empty": (b"", "failed", "no bytes"),
    "header_only": (as_csv([]).encode(), "held", "no row"),
    "missing_column": (as_csv(lines(10)).replace("Amount", "Sum", 1).encode(), "failed", "Amount"),
    "new_column": (as_csv(lines(3)).replace("\n", ",x\n").encode(), "failed", "'x'"),
    "wrong_encoding": (as_csv(lines(10)).replace("Supplier A", "Müller").encode("cp1252"), "failed", "cp1252"),
    "truncated": (as_csv(lines(10)).encode()[:-30], "failed", "truncated"),
    "binary": (b"PK\x03\x04" + bytes(range(256)) * 8, "failed", "expected"),
    "ragged": ((as_csv(lines(3)) + "L9,only two\n").encode(), "held", "malformed"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_says_why_and_stops_nobody_else(client: Client, fault: str) -> None:
    content, state, word = BROKEN[fault]
    client.send("spend/broken.csv", content)
    client.send("other/good.csv", as_csv(lines(10)))
    client.night()
    broken, good = states(client)
    assert good == ("loaded", "pass")
    assert broken == (state, "fail" if state == "failed" else "hold")
    said = client.query("select message from ops.delivery where client_id = :client and source = 'main'")[0][0]
    assert word in said
    assert "to act" in said
    assert client.current("main") == {}
    client.accounted()


def test_a_failed_file_is_tried_again_when_its_declaration_changes(client: Client) -> None:
    client.send("spend/a.csv", as_csv(lines(20)).replace("Amount", "Sum", 1))
    client.night()
    assert states(client) == [("failed", "fail")]
    found, _ = client.night()
    assert found.seen == 1
    client.declare(client.profile.replace("{from: Amount}", "{from: [Amount, Sum]}", 1))
    client.night()
    assert states(client) == [("loaded", "pass")]
    assert client.query("select attempt from ops.delivery where client_id = :client") == [(2,)]


def test_a_replay_reads_the_archive_and_changes_nothing(client: Client) -> None:
    client.send("spend/a.csv", as_csv(lines(20)))
    client.night()
    (client.settings.landing / client.client_id / "spend/a.csv").unlink()
    number = client.query("select delivery_id from ops.delivery where client_id = :client")[0][0]
    _, report = client.night(replay=str(number))
    assert (report.lines[0].state, report.lines[0].rows_loaded, report.lines[0].rows_unchanged) == ("loaded", 0, 20)
    assert client.versions() == 20


def test_unmatched_files_are_told_every_night_and_hurt_nobody(client: Client) -> None:
    client.send("spend/a.csv", as_csv(lines(20)))
    client.send("notes/readme.txt", "hello")
    for _ in range(2):
        found, _ = client.night()
        assert found.unmatched == [f"{client.client_id}/notes/readme.txt"]
    assert client.query("select path from ops.unmatched_file where client_id = :client") == [("notes/readme.txt",)]
    assert states(client) == [("loaded", "pass")]


def test_explain_and_trace_lead_back_to_the_line(client: Client) -> None:
    client.send(
        "spend/a.csv",
        as_csv([*lines(19), ("L020", "Supplier T", "2026-02-30", " 1,234.50 ")]).replace(" 1,234.50 ", '" 1,234.50 "'),
    )
    client.night()
    number = client.query("select delivery_id from ops.delivery where client_id = :client")[0][0]
    office = client.office()
    shown = text_of(explain(number, 21, office=office))
    assert "2026-02-30" in shown
    assert "1234.50" in shown
    assert "unreadable.document_date" in shown
    assert "spend/a.csv:21" in shown
    assert "set aside" in text_of(explain(number, office=office))
    with pytest.raises(DeclarationError, match="no record that starts on row 99"):
        explain(number, 99, office=office)
    assert "spend/a.csv" in text_of(trace("core.ledgers_spend", "L001", office=office))
    with pytest.raises(DeclarationError, match="no such table"):
        trace("core.nothing", "L001", office=office)


def text_of(shown: list[object]) -> str:
    """What a wide terminal would show."""
    out = Console(width=400, file=io.StringIO())
    for item in shown:
        out.print(item)
    return str(out.file.getvalue())


def test_the_audit_log_tells_every_move(client: Client) -> None:
    client.send("spend/a.csv", as_csv(lines(20)))
    client.night()
    moves = client.query(
        "select a.new_state from ops.audit a join ops.delivery d using (delivery_id) where d.client_id = :client "
        "order by a.audit_id"
    )
    assert [m[0] for m in moves] == ["registered", "extracted", "cleaned", "validated", "loaded"]


WAITING = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: UTC
calendar: GB
feeds:
  people.employees:
    files: 'staff\.csv'
    due: {{time: '23:59'}}
    columns:
      employee_id: {{from: Id}}
      job_title: {{from: Job}}
      hire_date: {{from: Hired, formats: ['%Y-%m-%d']}}
      is_current: {{value: 'true'}}
  payroll.pay_rates:
    files: 'rates\.csv'
    columns:
      employee_id: {{from: Id}}
      valid_from_date: {{from: Valid, formats: ['%Y-%m-%d']}}
      hourly_rate: {{from: Rate}}
      currency_code: {{value: GBP}}
      pay_frequency_code: {{value: monthly}}
"""


def test_a_reference_into_a_domain_that_is_due_tonight_makes_it_wait(client: Client) -> None:
    client.declare(WAITING.format(client=client.client_id))
    client.send("rates.csv", "Id,Valid,Rate\nE1,2026-01-01,20.5000\n")
    discover(["payroll"], client=client.client_id, office=client.office())
    due = open_deadline(datetime.now(UTC), Due(time="23:59"), "GB", "UTC")
    assert states(client) == [("waiting" if due else "registered", None)]
    client.send("staff.csv", "Id,Job,Hired\nE1,Clerk,2020-01-01\n")
    client.night()
    assert sorted(states(client)) == [("loaded", "pass"), ("loaded", "pass")]


def held(client: Client) -> int:
    """A held delivery: a control total differs."""
    client.send("changes/1.csv", as_csv(lines(5)) + "total,4,,\n")
    client.night()
    return int(client.query("select delivery_id from ops.delivery where client_id = :client and state = 'held'")[0][0])


def test_an_approved_delivery_is_loaded_by_the_next_night(client: Client) -> None:
    number = held(client)
    approve(number, person="steward", reason="counted by hand", office=client.office())
    with pytest.raises(DecisionRefused, match="not held"):
        approve(number, person="steward", reason="again", office=client.office())
    client.night()
    assert states(client) == [("loaded", "hold")]
    assert len(client.current("changes")) == 5
    assert client.query("select rows_loaded, rows_held from ops.delivery where client_id = :client") == [(5, 0)]
    client.accounted()


def test_an_approval_is_for_the_declarations_it_was_given_for(client: Client) -> None:
    number = held(client)
    approve(number, person="steward", reason="counted by hand", office=client.office())
    client.declare(client.profile.replace("Office", "Desk"))
    client.night()
    assert states(client) == [("held", "hold")]
    assert client.current("changes") == {}


def test_a_returned_delivery_loads_nothing_and_frees_the_deltas(client: Client) -> None:
    number = held(client)
    send_back(number, person="steward", reason="count is wrong", office=client.office())
    client.send("changes/2.csv", as_csv(lines(5)) + "total,5,,\n")
    client.night()
    assert [s for s, _ in states(client)] == ["returned", "loaded"]
    assert "corrected file" in str(
        client.query("select message from ops.delivery where state = 'returned' and client_id = :client")
    )


def test_accepted_rows_count_as_held_until_they_are_loaded(client: Client) -> None:
    client.send("spend/a.csv", as_csv([*lines(19), ("L020", "Supplier T", "2026-02-30", "7.00")]))
    office = client.office()
    number = discover(["ledgers"], client=client.client_id, office=office).scopes[0].delivery_ids[0]
    for step in (Step.EXTRACT, Step.CLEAN, Step.VALIDATE):
        run_step(step, [number], office=office)
    counts = "select state, rows_received, rows_rejected, rows_held from ops.delivery where client_id = :client"
    assert client.query(counts) == [("validated", 20, 1, 19)]
    run_step(Step.LOAD, [number], office=office)
    assert client.query(counts) == [("loaded", 20, 1, 0)]
    client.accounted()
