"""The life of a reject: waived, written off, lapsed, superseded; on a real warehouse, by the real gate."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from pipelines.cli import main
from pipelines.errors import DeclarationError
from pipelines.flow.reject_views import Wanted, as_data, listed, show, table
from pipelines.flow.rejects import Decided, Proviso, lapse, waive, write_off
from pipelines.flow.release import approve
from pipelines.reject import Owner, RejectState
from pipelines.warehouse import quarantine_store, register
from pipelines.warehouse.audit import verify
from tests.e2e.conftest import Client, Line, as_csv, lines

STEWARD = "ann"
SOON = (datetime.now(UTC) + timedelta(days=30)).date()
ZERO, YEAR = "ledgers.spend.amount_not_zero", "ledgers.spend.date_in_range"
FEW: Line = ("L020", "Supplier T", "1999-12-31", "0.00")
"""Breaks two rules that a steward may waive; row 21 of a file of 20 rows."""


@pytest.fixture
def office(client: Client) -> Client:
    """The sample client, with a steward."""
    client.declare(client.profile.replace("stewards: [steward]", f"stewards: [{STEWARD}]"))
    with client.warehouse.transaction() as conn:
        register.sync_clients(conn, client.office().catalog.profiles.values())
    return client


def proviso(reason: str = "seen the paper", **more: Any) -> Proviso:
    return Proviso(**{"person": STEWARD, "reason": reason, "expires": SOON, **more})


def bring(client: Client, name: str, *bad: Line, good: int = 19) -> int:
    """A night with one file; its delivery."""
    client.send(name, as_csv([*lines(good), *bad]))
    client.night()
    query = "select max(delivery_id) from ops.delivery where client_id = :client and kind = 'intake'"
    return int(client.query(query)[0][0])


def rejects(client: Client, delivery: int) -> list[tuple[int, str, str]]:
    """Row, rule and state of every reject."""
    query = "select row_number, rule_id, state from quarantine.reject where delivery_id = :id order by 1, 2"
    return [(n, rule.removeprefix("ledgers.spend."), state) for n, rule, state in client.query(query, id=delivery)]


def line(client: Client, delivery: int) -> tuple[Any, ...]:
    """State, verdict and counts of a delivery."""
    query = "select state, verdict, rows_received, rows_rejected from ops.delivery where delivery_id = :id"
    return tuple(client.query(query, id=delivery)[0])


def replay(client: Client, delivery: int) -> int:
    """The delivery that a replay of another makes."""
    _, report = client.night(replay=str(delivery))
    replays = client.query("select max(delivery_id) from ops.delivery where client_id = :client and kind = 'replay'")
    assert report.lines
    return int(replays[0][0])


def expire(client: Client) -> None:
    """Let the time of every decision of the client run out."""
    with client.warehouse.transaction() as conn:
        conn.execute(
            sa.text("update quarantine.decision set expires_at = now() - interval '1 second' where client_id = :c"),
            {"c": client.client_id},
        )


def audited(client: Client, action: str) -> list[dict[str, Any]]:
    query = (
        "select detail from ops.audit join ops.delivery using (delivery_id) where client_id = :client and action = :a"
    )
    return [detail for (detail,) in client.query(query + " order by entry_id", a=action)]


def test_a_waived_row_loads_with_the_replay_and_is_counted_as_failing(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    assert rejects(office, one) == [(21, "amount_not_zero", "open"), (21, "date_in_range", "open")]
    assert "L020" not in office.current()
    made = waive(one, 21, proviso(), office=office.office())
    assert (len(made.made), made.rows, made.still_out, made.brings) == (2, 1, [], [21])
    again = replay(office, one)
    assert line(office, again) == ("loaded", "pass", 20, 0)
    assert rejects(office, again) == []
    assert office.current()["L020"] == "0.00"
    query = "select failed, success, observed from ops.rule_result where delivery_id = :id and rule_id = :rule"
    assert office.query(query, id=again, rule=ZERO) == [(1, False, "1 of 20 rows fail (5.00 %), 1 of them waived")]
    office.accounted()


def test_the_correction_of_a_waiver_is_registered_as_a_returned_workbook_is(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    made = waive(one, 21, proviso(), office=office.office())
    query = (
        "select c.kind, c.corrects, c.submitted_by, c.state, c.sha256 = o.sha256, c.received_at = o.received_at "
        "from ops.delivery c join ops.delivery o on o.delivery_id = :one where c.delivery_id = :id"
    )
    expected = ("correction", one, STEWARD, "registered", True, True)
    assert office.query(query, id=made.correction, one=one) == [expected]
    books = office.query(
        "select delivery_id, number, state, path, rows, language from quarantine.workbook where returned_as = :id",
        id=made.correction,
    )
    assert books == [(one, 2, "returned", "", 1, "en")]  # the first is the workbook of the night
    brought = office.query(
        "select b.sheet_row, b.row_number, b.cells = q.cells, b.cells ->> 'Id' from quarantine.workbook_row b "
        "join quarantine.workbook w using (workbook_id) join quarantine.row q "
        "on q.delivery_id = w.delivery_id and q.row_number = b.row_number where w.returned_as = :id",
        id=made.correction,
    )
    assert brought == [(21, 21, True, "L020")]


def test_the_load_of_the_correction_closes_the_waived_rejects(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    waive(one, 21, proviso(), office=office.office())
    before = line(office, one)
    office.night()
    assert rejects(office, one) == [(21, "amount_not_zero", "waived"), (21, "date_in_range", "waived")]
    assert office.current()["L020"] == "0.00"
    closed = office.query("select distinct resolved_by, decision_id is null from quarantine.reject "
                          "where delivery_id = :id", id=one)  # fmt: skip
    assert closed == [(STEWARD, False)]
    assert line(office, one) == before
    office.accounted()


def test_one_rule_waived_leaves_the_others_in_force(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    made = waive(one, 21, proviso(), rule=ZERO, office=office.office())
    assert (len(made.made), made.correction, made.still_out) == (1, None, [YEAR])
    two = replay(office, one)
    assert rejects(office, two) == [(21, "date_in_range", "open")]
    assert line(office, two) == ("loaded", "pass_with_rejects", 20, 1)
    rest = waive(two, 21, proviso(), office=office.office())
    assert (len(rest.made), rest.brings) == (1, [21])
    office.accounted()


def test_tomorrow_the_waived_row_loads_until_the_waiver_expires(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    waive(one, 21, proviso(), office=office.office())
    two = bring(office, "spend/2.csv", FEW, good=18)  # the same row on another line
    assert line(office, two) == ("loaded", "pass", 19, 0)
    expire(office)
    three = bring(office, "spend/3.csv", FEW)
    assert rejects(office, three) == [(21, "amount_not_zero", "open"), (21, "date_in_range", "open")]
    assert office.current()["L020"] == "0.00"  # rejected again, and still named: nothing is closed
    office.accounted()


def test_a_waiver_is_for_its_row_and_its_scope(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    waive(one, 21, proviso(), office=office.office())
    office.send("other/2.csv", as_csv([*lines(19), FEW]))
    two = bring(office, "spend/2.csv", ("L999", *FEW[1:]))
    query = "select d.source, count(*) from quarantine.reject j join ops.delivery d using (delivery_id) " \
        "where d.client_id = :client and j.state = 'open' group by 1 order by 1"  # fmt: skip
    assert office.query(query) == [("main", 2), ("other", 2)]
    assert [state for _, _, state in rejects(office, two)] == ["open", "open"]


def test_the_amount_limit_of_a_waiver_holds_every_night(office: Client) -> None:
    old: Line = ("L020", "Supplier T", "1999-12-31", "500.00")
    one = bring(office, "spend/1.csv", old)
    with pytest.raises(DeclarationError, match=r"above the limit.*row 21.*got 500.00.*at most 499.99"):
        waive(one, 21, proviso(amount_limit=Decimal("499.99")), office=office.office())
    waive(one, 21, proviso(amount_limit=Decimal("500")), office=office.office())
    two = bring(office, "spend/2.csv", ("L020", "Supplier T", "1999-12-31", "-500.00"))
    assert line(office, two)[1] == "pass"
    three = bring(office, "spend/3.csv", ("L020", "Supplier T", "1999-12-31", "500.01"))
    assert rejects(office, three) == [(21, "date_in_range", "open")]


REFUSED: dict[int, tuple[Line, str]] = {
    22: (("L022", "Supplier T", "not a date", "1.00"), "what cannot be read cannot be loaded"),
    23: (("L023", "Supplier T", "2026-10-05", "1.234"), "what cannot be read cannot be loaded"),
    24: (lines(1)[0], "repeated_row may not be waived: two rows cannot be current"),
    25: (("L002", "Supplier T", "2026-10-05", "1.00"), "key_unique may not be waived: two rows cannot be current"),
    26: (("", "Supplier T", "1999-10-05", "1.00"), "key cannot be read is never waived"),
}


def test_what_may_never_be_waived_is_refused_with_the_reason(office: Client) -> None:
    one = bring(office, "spend/1.csv", *(bad for bad, _ in REFUSED.values()), *lines(10, first=30), good=20)
    before, desk = rejects(office, one), office.office()
    assert {n for n, _, _ in before} == {3, *REFUSED}
    for row, (_, said) in REFUSED.items():
        with pytest.raises(DeclarationError, match=said):
            waive(one, row, proviso(), office=desk)
    assert rejects(office, one) == before
    assert office.query("select count(*) from quarantine.decision where client_id = :client") == [(0,)]


def test_a_decision_needs_a_steward_a_reason_and_an_end(office: Client) -> None:
    one, desk = bring(office, "spend/1.csv", FEW), office.office()
    for given, said in {
        proviso(person="bob"): "bob may not decide.*stewards",
        proviso(reason="  "): "without a reason",
        proviso(expires=date(2020, 1, 1)): "expired already",
        proviso(expires=(datetime.now(UTC) + timedelta(days=400)).date()): "must end in time",
        proviso(amount_limit=Decimal(0)): "not above 0",
    }.items():
        for decide in (
            lambda given=given: waive(one, 21, given, office=desk),
            lambda given=given: write_off(one, given, everything=True, office=desk),
        ):
            with pytest.raises(DeclarationError, match=said):
                decide()
    with pytest.raises(DeclarationError, match="nothing keeps row 5"):
        waive(one, 5, proviso(), office=desk)
    with pytest.raises(DeclarationError, match="nothing was named"):
        write_off(one, proviso(), office=desk)
    assert audited(office, "waive") == audited(office, "write off") == []


def test_only_the_newest_truth_of_a_scope_is_decided_on(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    two = bring(office, "spend/2.csv", FEW, good=20)
    with pytest.raises(DeclarationError, match=f"superseded.*superseded by delivery {two}"):
        waive(one, 21, proviso(), office=office.office())
    old = bring(office, "monthly/2026-09.csv", FEW)
    bring(office, "monthly/2026-09 again.csv", *lines(1, first=20))
    with pytest.raises(DeclarationError, match=r"state superseded.*newer delivery"):
        write_off(old, proviso(), everything=True, office=office.office())


def test_deciding_again_changes_nothing(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)

    def everything() -> list[Any]:
        tables = ("quarantine.decision", "quarantine.reject", "quarantine.workbook", "ops.delivery")
        return [office.query(f"select * from {t} order by 1") for t in tables]

    first = waive(one, 21, proviso(), office=office.office())
    before = everything()
    again = waive(one, 21, proviso(), office=office.office())
    assert (again.made, again.already, again.correction) == ([], 2, None)
    assert everything() == before
    assert first.made
    other = bring(office, "other/1.csv", FEW)
    write_off(other, proviso(), row=21, office=office.office())
    before = everything()
    assert write_off(other, proviso(), row=21, office=office.office()).already == 2
    assert everything() == before


def test_a_decision_that_dies_midway_leaves_nothing(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bring(office, "spend/1.csv", FEW)
    deliveries = office.query("select count(*) from ops.delivery where client_id = :client")

    def dies(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("pipelines.warehouse.waived_rows.hand_in", dies)
        waive(one, 21, proviso(), office=office.office())
    assert office.query("select count(*) from quarantine.decision where client_id = :client") == [(0,)]
    assert office.query("select count(*) from ops.delivery where client_id = :client") == deliveries
    assert audited(office, "waive") == []
    assert waive(one, 21, proviso(), office=office.office()).brings == [21]


def test_a_dead_row_is_written_off_by_itself_until_the_decision_lapses(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    made = write_off(one, proviso("the supplier is gone"), everything=True, office=office.office())
    assert (made.rows, len(made.made)) == (1, 2)
    assert {state for _, _, state in rejects(office, one)} == {"written_off"}
    two = bring(office, "spend/2.csv", FEW, good=18)
    assert rejects(office, two) == [(20, "amount_not_zero", "written_off"), (20, "date_in_range", "written_off")]
    assert line(office, two) == ("loaded", "pass_with_rejects", 19, 1)
    said = office.query("select message from ops.delivery where delivery_id = :id", id=two)[0][0]
    assert said.endswith("1 of them written off before")
    assert [sorted(d["decisions"]) for d in audited(office, "write off again")] == [sorted(made.made)]
    desk = office.office()
    lapse(desk)  # of other clients
    expire(office)
    assert (lapse(desk), lapse(desk)) == (2, 0)
    assert {state for _, _, state in rejects(office, two)} == {"open"}
    assert {state for _, _, state in rejects(office, one)} == {"written_off"}  # a newer delivery speaks for it
    assert [d["opened_again_in"] for d in audited(office, "lapse")] == [[two], [two]]
    three = bring(office, "spend/3.csv", FEW)
    assert {state for _, _, state in rejects(office, three)} == {"open"}
    office.accounted()


def test_a_row_without_a_key_is_written_off_for_its_delivery_only(office: Client) -> None:
    nobody: Line = ("", "Supplier T", "1999-10-05", "1.00")
    one = bring(office, "changes/1.csv", nobody)  # held: the footer is missing
    office.send("changes/2.csv", as_csv([*lines(19), nobody]) + "total,20,,\n")
    two = bring(office, "spend/1.csv", nobody)
    assert one != two
    assert len(write_off(two, proviso(), row=21, office=office.office()).made) == 2
    assert {state for _, _, state in rejects(office, two)} == {"written_off"}
    three = replay(office, two)  # held: which current row the row without a key speaks for cannot be told
    assert {state for _, _, state in rejects(office, three)} == {"open"}
    approve(three, person=STEWARD, reason="known", office=office.office())
    office.night()
    assert line(office, three)[0] == "loaded"
    assert {state for _, _, state in rejects(office, three)} == {"written_off"}  # the replay takes it over


def test_a_lapsed_waiver_opens_the_reject_again(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    waive(one, 21, proviso(), office=office.office())
    office.night()
    assert {state for _, _, state in rejects(office, one)} == {"waived"}
    expire(office)
    assert lapse(office.office()) >= 2
    assert {state for _, _, state in rejects(office, one)} == {"open"}
    assert office.current()["L020"] == "0.00"


def test_tomorrows_snapshot_speaks_for_yesterdays_rejects(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    with office.warehouse.transaction() as conn:
        conn.execute(sa.text("update quarantine.reject set opened_at = opened_at - interval '3 days' "
                             "where delivery_id = :id"), {"id": one})  # fmt: skip
    opened = "select opened_at from quarantine.reject where delivery_id = :id order by rule_id"
    first = office.query(opened, id=one)
    two = bring(office, "spend/2.csv", FEW, good=18)
    assert {state for _, _, state in rejects(office, one)} == {"superseded"}
    assert office.query(opened, id=two) == first
    three = bring(office, "spend/3.csv", lines(1, first=20)[0], good=18)
    assert {state for _, _, state in rejects(office, two)} == {"superseded"}
    assert rejects(office, three) == []
    with office.warehouse.transaction() as conn:
        assert quarantine_store.restore(conn, register.get(conn, three)) == 2
    assert {state for _, _, state in rejects(office, two)} == {"open"}


def test_a_delta_speaks_for_the_rows_that_it_names(office: Client) -> None:
    other: Line = ("L021", "Supplier U", "1999-12-31", "7.00")
    office.send(
        "changes/1.csv",
        as_csv([*lines(38), FEW[:1] + FEW[1:], other])
        .replace("L020,Supplier T,2026", "L920,Supplier T,2026")
        .replace("L021,Supplier U,2026", "L921,Supplier U,2026")
        + "total,40,,\n",
    )
    office.night()
    one = int(office.query("select max(delivery_id) from ops.delivery where client_id = :client")[0][0])
    assert [state for _, _, state in rejects(office, one)] == ["open"] * 3
    office.send("changes/2.csv", as_csv([*lines(3, first=60), lines(1, first=20)[0]]) + "total,4,,\n")
    office.night()
    assert [state for _, _, state in rejects(office, one)] == ["superseded", "superseded", "open"]
    assert office.current("changes")["L020"] == "200.50"


def printed(shown: list[Any], width: int = 300) -> str:
    out = Console(width=width, file=io.StringIO())
    for item in shown:
        out.print(item)
    return str(out.file.getvalue())  # type: ignore[attr-defined]


def test_list_counts_rows_and_amounts_once(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW, ("L021", "Supplier U", "1999-01-01", "1234.50"))
    lines_, found = listed(Wanted(client_id=office.client_id), office=office.office())
    assert [(li.rule_id, li.rows, li.owner, li.age_days) for li in lines_] == [
        (YEAR, 2, "client", 0),
        (ZERO, 1, "client", 0),
    ]
    assert lines_[0].amounts == {("spend_amount", "GBP"): Decimal("1234.50")}
    assert [(t.feed, t.rows, t.deliveries) for t in found] == [("ledgers.spend", 2, 1)]
    assert found[0].amounts == {("spend_amount", "GBP"): Decimal("1234.50")}
    text = printed(table(lines_, found))
    assert "ledgers.spend: 2 rows of 1 delivery, 1\u202f234.50 GBP" in text
    assert as_data(lines_)[0]["amounts"] == [{"column": "spend_amount", "currency": "GBP", "amount": "1234.50"}]
    none = Wanted(client_id=office.client_id, older_than=1)
    assert printed(table(*listed(none, office=office.office()))) == "no rejects of that kind\n"
    for wanted in (
        Wanted(delivery_id=one, owner=Owner.US),
        Wanted(delivery_id=one, cause="reference"),
        Wanted(delivery_id=one, state=RejectState.WAIVED),
        Wanted(delivery_id=one, feed="ledgers.payables"),
    ):
        assert listed(wanted, office=office.office()) == ([], [])
    assert listed(Wanted(delivery_id=one, rule_id=ZERO, cause="implausible"), office=office.office())[1][0].rows == 1


def test_show_tells_reasons_decisions_and_history(office: Client) -> None:
    german = office.profile.replace("locale: en_GB", "locale: de_DE")
    office.declare(german.replace("mode: snapshot\n", "mode: snapshot\n        locale: en_GB\n"))
    one = bring(office, "spend/1.csv", FEW)
    write_off(one, proviso("Lieferant erloschen", amount_limit=Decimal(10)), row=21, office=office.office())
    two = bring(office, "spend/2.csv", FEW, good=18)
    text = printed(show(two, 20, office=office.office()))
    for word in (
        "spend/2.csv:20", "L020", "1999-12-31", "amount is zero", "Betrag ist null", "written off", "client",
        "implausible", "Lieferant erloschen", f"{SOON + timedelta(days=1)}", "10", "the same row in other deliveries",
    ):  # fmt: skip
        assert word in text, word
    with pytest.raises(DeclarationError, match="not in quarantine"):
        show(two, 3, office=office.office())


STAFF = """client: {client}
name: Sample Ltd
locale: en_GB
time_zone: UTC
calendar: GB
stewards: [ann]
feeds:
  people.employees:
    files: 'staff\\.csv'
    max_rejects: {{pct: 50}}
    columns:
      employee_id: {{from: Id}}
      birth_date: {{from: Born, formats: ['%Y-%m-%d']}}
      job_title: {{from: Job}}
      hire_date: {{from: Hired, formats: ['%Y-%m-%d']}}
      is_current: {{value: 'true'}}
    ignore: {{Note: nobody reads it}}
"""


def test_show_masks_personal_cells_and_whoever_sees_them_clear_is_noted(client: Client) -> None:
    client.declare(STAFF.format(client=client.client_id))
    client.send(
        "staff.csv",
        "Id,Born,Job,Hired,Note\nE1,1970-01-01,Clerk,2020-01-01,x\nE2,1961-11-23,Clerk,32nd,knows Zebra\n"
        "E3,1971-02-03,Clerk,2020-01-01,x\n",
    )
    client.night()
    one = int(client.query("select max(delivery_id) from ops.delivery where client_id = :client")[0][0])
    assert rejects(client, one)
    text = printed(show(one, 3, office=client.office()))
    assert "1961" not in text
    assert "Zebra" not in text
    assert "Clerk" in text
    assert "32nd" in text
    seen = printed(show(one, 3, clear="auditor", office=client.office()))
    assert "1961-11-23" in seen
    assert "knows Zebra" in seen
    query = "select actor, detail from ops.audit where action = 'show in clear' and delivery_id = :id"
    assert client.query(query, id=one) == [("auditor", {"rows": [[3, 0]]})]


def test_commands(office: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    one = bring(office, "spend/1.csv", FEW)
    for module in ("rejects", "reject_views"):
        monkeypatch.setattr(f"pipelines.flow.{module}.open_office", office.office)
    terms = ["--person", STEWARD, "--reason", "seen", "--expires", SOON.isoformat()]

    def run(*args: str) -> tuple[int, str, str]:
        code = main(["rejects", *args])
        said = capsys.readouterr()
        return code, " ".join(said.out.split()), " ".join(said.err.split())

    code, out, _ = run("list", "--client", office.client_id)
    assert code == 0
    assert "ledgers.spend: 1 row of 1 delivery" in out
    code, out, _ = run("waive", str(one), "--row", "21", "--rule", ZERO, *terms)
    assert (code, out.endswith(f"the row stays out because of {YEAR}")) == (0, True)
    code, out, _ = run("waive", str(one), "--row", "21", *terms, "--amount-limit", "5")
    assert code == 0
    assert f"1 reason of 1 row waived until the end of {SOON}" in out
    assert "brings 1 row with the next run" in out
    code, _, err = run("write-off", str(one), "--row", "3", *terms)
    assert (code, "nothing keeps row 3" in err) == (2, True)
    code, out, _ = run("write-off", str(one), "--all", *terms)
    assert "2 reasons of 1 row written off" in out
    code, out, _ = run("list", "--delivery", str(one), "--state", "all", "--json")
    assert '"state": "written_off"' in out
    assert run("show", str(one), "21")[0] == 0
    with pytest.raises(SystemExit):
        main(["rejects", "waive", str(one), "--row", "21", *terms[:4], "--expires", "soon"])


def test_the_audit_log_tells_every_decision_and_stays_unbroken(office: Client) -> None:
    one = bring(office, "spend/1.csv", FEW)
    waive(one, 21, proviso(amount_limit=Decimal("9.50")), rule=ZERO, office=office.office())
    made: Decided = write_off(one, proviso("gone"), rule=YEAR, office=office.office())
    (waived,), (off,) = audited(office, "waive"), audited(office, "write off")
    assert (waived["rule"], waived["rows"], waived["amount_limit"]) == (ZERO, [[21, 0]], "9.50")
    assert (off["reason"], off["decisions"]) == ("gone", made.made)
    expire(office)
    lapse(office.office())
    assert [d["kind"] for d in audited(office, "lapse")] == ["waive", "write_off"]
    with office.warehouse.transaction() as conn:
        report = verify(conn)
    assert report.ok, report.faults
