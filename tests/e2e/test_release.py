"""Held deliveries and the people who decide on them, without Airflow: who may, on what, and what a late answer does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.errors import DeclarationError, ProfileBroken
from pipelines.flow import release
from pipelines.flow.release import DecisionRefused, Lapsed, approve, send_back
from pipelines.settings import Settings
from tests.e2e.conftest import Client, as_csv, lines
from tests.e2e.test_cli import Run, kontor  # noqa: F401 the fixture
from tests.e2e.test_night import held, states

RUN = "run 1"


@pytest.fixture
def number(client: Client) -> int:
    """A held delivery of a client with two stewards."""
    client.declare(client.profile.replace("[steward]", "[steward, second]"))
    return held(client)


def change(client: Client, sql: str) -> None:
    with client.warehouse.transaction() as conn:
        conn.execute(sa.text(sql))


def ask(client: Client, run: str = RUN, *, running: bool = True) -> release.Asked:
    asked = release.ask(run, running=lambda _: running, office=client.office())
    own = {i for (i,) in client.query("select delivery_id from ops.delivery where client_id = :client")}
    return release.Asked([q for q in asked.questions if q.delivery_id in own], asked.unanswerable)


def unasked(client: Client, *, running: bool = True) -> list[int]:
    found = release.unasked(["ledgers"], running=lambda _: running, office=client.office())
    assert not release.unasked(["payroll"], running=lambda _: False, office=client.office())
    return [question.delivery_id for question in found]


def answered(client: Client, choice: Any, person: str | None = "steward", reason: str | None = "agreed") -> int:
    (question,) = ask(client).questions
    assert release.answer(question.request_id, choice, person=person, reason=reason, office=client.office())
    return question.request_id


def decide(client: Client, request: int) -> str:
    return release.decide(request, office=client.office()).outcome


def outcomes(client: Client) -> list[Any]:
    return client.query(
        "select r.outcome, r.answered_by from ops.approval_request r join ops.delivery d using (delivery_id) "
        "where d.client_id = :client order by request_id"
    )


def decisions(client: Client) -> list[Any]:
    return client.query(
        "select a.actor, a.detail->>'decision', a.detail->>'reason' from ops.audit a join ops.delivery d "
        "using (delivery_id) where d.client_id = :client and a.action = 'decide' order by a.entry_id"
    )


@pytest.mark.parametrize("function", [approve, send_back])
def test_only_a_steward_decides(client: Client, number: int, function: Any) -> None:
    with pytest.raises(DecisionRefused, match=r"mallory may not decide.*steward, second|second, steward.*`stewards`"):
        function(number, person="mallory", reason="it is fine", office=client.office())
    assert states(client) == [("held", "hold")]
    assert decisions(client) == []


@pytest.mark.parametrize("function", [approve, send_back])
def test_who_submitted_a_correction_does_not_decide_on_it(client: Client, number: int, function: Any) -> None:
    change(client, f"update ops.delivery set submitted_by = 'steward' where delivery_id = {number}")
    with pytest.raises(DecisionRefused, match=r"who submitted this correction.*somebody else: second"):
        function(number, person="steward", reason="it is fine", office=client.office())
    function(number, person="second", reason="it is fine", office=client.office())
    assert [d[0] for d in decisions(client)] == ["second"]


def test_a_steward_named_since_may_decide_and_one_no_longer_named_may_not(client: Client, number: int) -> None:
    client.declare(client.profile.replace("[steward, second]", "[third]"))
    with pytest.raises(DecisionRefused, match="no steward of the client"):
        approve(number, person="steward", reason="agreed", office=client.office())
    approve(number, person="third", reason="agreed", office=client.office())


@pytest.mark.parametrize("reason", ["", "   ", "\t\n", "ok"])
def test_no_decision_without_a_reason(client: Client, number: int, reason: str) -> None:
    with pytest.raises(DecisionRefused, match="without a reason"):
        approve(number, person="steward", reason=reason, office=client.office())
    assert states(client) == [("held", "hold")]


def test_what_was_not_seen_is_not_approved(client: Client, number: int) -> None:
    seen = release.summary(client.office(), number).hash
    with pytest.raises(Lapsed, match="changed since you were asked"):
        approve(number, person="steward", reason="agreed", seen_hash="other", office=client.office())
    change(client, f"update work.d_{number} set _row_hash = gen_random_uuid() where _row_number = 2")
    with pytest.raises(Lapsed, match="rows other than the gate judged"):
        approve(number, person="steward", reason="agreed", seen_hash=seen, office=client.office())
    client.declare(client.profile.replace("Office", "Desk"))
    with pytest.raises(Lapsed, match="contract, suite or profile"):
        approve(number, person="steward", reason="agreed", seen_hash=seen, office=client.office())
    send_back(number, person="steward", reason="send it again", seen_hash=seen, office=client.office())
    assert states(client) == [("returned", "hold")]


def test_a_question_is_asked_once_and_again_when_its_run_is_dead(client: Client, number: int) -> None:
    assert number in unasked(client)
    (first,) = ask(client).questions
    assert first.label.endswith(" · ledgers.spend · 1.csv")
    assert ask(client).questions == [first], "the same run, started again, asks the same"
    assert ask(client, "run 2").questions == [], "somebody else asks already"
    assert number not in unasked(client)
    assert number in unasked(client, running=False)
    (again,) = ask(client, "run 2", running=False).questions
    assert again.request_id > first.request_id
    assert outcomes(client) == [("lapsed", None), (None, None)]
    assert not release.answer(first.request_id, "approve", person="steward", reason="late", office=client.office())
    assert decide(client, first.request_id) == "lapsed"
    assert states(client) == [("held", "hold")]


def test_an_approval_in_airflow_is_followed_once(client: Client, number: int) -> None:
    request = answered(client, "approve", reason="  counted by hand ")
    assert not release.answer(request, "return", person="second", reason="no", office=client.office()), "first counts"
    assert decide(client, request) == "approved"
    assert decide(client, request) == "approved", "a task that runs again goes on to load"
    assert decisions(client) == [("steward", "approve", "counted by hand")]
    client.night()
    assert states(client) == [("loaded", "hold")]
    assert decide(client, request) == "approved"
    assert outcomes(client) == [("approved", "steward")]


def test_a_return_in_airflow_loads_nothing(client: Client, number: int) -> None:
    request = answered(client, "return", person="second", reason="wrong month")
    assert decide(client, request) == "returned"
    client.night()
    assert states(client) == [("returned", "hold")]
    assert decisions(client) == [("second", "return", "wrong month")]


@pytest.mark.parametrize("choice", ["approve", "return"])
def test_a_time_out_returns_and_never_releases(client: Client, number: int, choice: str) -> None:
    request = answered(client, choice, person=None, reason="looks like a reason")
    assert decide(client, request) == "timed out"
    assert decide(client, request) == "timed out"
    assert states(client) == [("returned", "hold")]
    ((person, decision, reason),) = decisions(client)
    assert (person, decision) == ("nobody", "return")
    assert reason.startswith("nobody decided until")


@pytest.mark.parametrize(
    ("person", "reason", "said"),
    [("mallory", "agreed", "no steward"), ("steward", " ", "without a reason"), ("second", "agreed", "submitted")],
)
def test_a_refused_answer_ends_the_question_and_the_next_run_asks_anew(
    client: Client, number: int, person: str, reason: str, said: str
) -> None:
    request = answered(client, "approve", person=person, reason=reason)
    change(client, f"update ops.delivery set submitted_by = 'second' where delivery_id = {number}")
    for _ in range(2):
        with pytest.raises(DecisionRefused, match=said):
            decide(client, request)
    assert states(client) == [("held", "hold")]
    assert outcomes(client) == [("refused", person)]
    assert client.query("select actor from ops.audit where action = 'refuse' and delivery_id = :n", n=number) == [
        (person,)
    ]
    assert len(ask(client, "run 2").questions) == 1


def test_a_question_without_an_answer_decides_nothing(client: Client, number: int) -> None:
    (question,) = ask(client).questions
    with pytest.raises(DecisionRefused, match="nobody answered"):
        decide(client, question.request_id)
    assert states(client) == [("held", "hold")]


def test_an_answer_lapses_when_the_declarations_change_meanwhile(client: Client, number: int) -> None:
    request = answered(client, "approve")
    client.declare(client.profile.replace("Office", "Desk"))
    assert decide(client, request) == "lapsed"
    assert states(client) == [("held", "hold")]
    (question,) = ask(client, "run 2").questions
    told = release.summary(client.office(), question.delivery_id)
    assert told.declarations_changed
    assert "It cannot be approved as it is" in told.markdown()


def test_a_superseded_delivery_takes_its_question_with_it(client: Client) -> None:
    client.send("spend/1.csv", as_csv(lines(40)))
    client.night()
    client.send("spend/2.csv", as_csv(lines(10)))  # closes three quarters: held
    client.night()
    assert [s for s, _ in states(client)] == ["loaded", "held"]
    request = answered(client, "approve")
    client.send("spend/3.csv", as_csv(lines(41)))
    client.night()
    assert [s for s, _ in states(client)] == ["loaded", "superseded", "loaded"]
    assert outcomes(client) == [("lapsed", "steward")]
    assert decide(client, request) == "lapsed"
    assert len(client.current()) == 41


def test_a_decision_at_the_command_line_ends_the_question(client: Client, number: int) -> None:
    (question,) = ask(client).questions
    send_back(number, person="second", reason="by telephone", office=client.office())
    assert outcomes(client) == [("returned", None)]
    assert not release.answer(question.request_id, "approve", person="steward", reason="yes", office=client.office())
    assert decide(client, question.request_id) == "returned"
    assert states(client) == [("returned", "hold")]


def test_nobody_to_ask_is_said(client: Client) -> None:
    client.declare(client.profile.replace("[steward]", "[]"))
    number = held(client)
    asked = ask(client)
    assert asked.questions == []
    assert any(f"delivery {number} " in said and "`stewards`" in said for said in asked.unanswerable)


# -- while the profile cannot be read ------------------------------------------------------------------


def break_it(client: Client) -> str:
    """Somebody mistypes a word of the profile; the sentence about it."""
    path = client.settings.client_folders[0] / f"{client.client_id}.yaml"
    path.write_text(client.profile.replace("from: Amount", "form: Amount"), encoding="utf-8")
    (sentence,) = client.office().catalog.faults()
    return sentence


def questions(client: Client) -> list[Any]:
    return client.query(
        "select r.request_id, r.asked_in, r.answer, r.answered_by, r.reason, r.outcome from ops.approval_request r "
        "join ops.delivery d using (delivery_id) where d.client_id = :client order by request_id"
    )


@pytest.mark.parametrize(
    ("choice", "came", "state"), [("approve", "approved", "loaded"), ("return", "returned", "returned")]
)
def test_an_answer_outlives_a_broken_profile(client: Client, number: int, choice: Any, came: str, state: str) -> None:
    request = answered(client, choice)
    sentence = break_it(client)
    kept = [(request, RUN, choice, "steward", "agreed", None)]
    for _ in range(2):
        with pytest.raises(ProfileBroken, match="unknown key 'form'"):
            decide(client, request)
    assert (questions(client), states(client)) == (kept, [("held", "hold")])
    assert number not in unasked(client, running=False), "there is nothing to ask"
    said = ask(client, "run 2", running=False)
    assert said.questions == []
    (told,) = (text for text in said.unanswerable if text.startswith(f"delivery {number} "))
    assert told.endswith(f"is held, the answer of steward is kept, and followed later: {sentence}")
    assert "gone" not in told
    assert questions(client) == kept
    client.declare(client.profile)
    assert number in unasked(client, running=False)
    (question,) = ask(client, "run 3", running=False).questions
    assert question.request_id == request, "nobody is asked twice"
    assert ask(client, "run 4").questions == [], "while the run that follows it is under way"
    assert decide(client, request) == came
    client.night()
    assert states(client) == [(state, "hold")]
    assert questions(client) == [(request, "run 3", choice, "steward", "agreed", came)]
    assert decisions(client) == [("steward", choice, "agreed")]


def test_a_kept_answer_does_not_wait_for_the_other_questions_of_its_run(client: Client, number: int) -> None:
    request = answered(client, "approve")
    assert number not in unasked(client), "its run is about to follow it"
    change(client, "update ops.approval_request set answered_at = answered_at - interval '61 minutes'")
    assert number in unasked(client), "that has failed, though the run goes on"
    (question,) = ask(client, "run 2").questions
    assert question.request_id == request
    assert decide(client, request) == "approved"
    assert decide(client, request) == "approved", "the task of the first run, cleared, finds it done"
    assert decisions(client) == [("steward", "approve", "agreed")]


def test_the_task_that_failed_by_it_can_be_started_again(client: Client, number: int) -> None:
    request = answered(client, "approve")
    break_it(client)
    with pytest.raises(ProfileBroken):
        decide(client, request)
    client.declare(client.profile)
    assert decide(client, request) == "approved"


def test_an_answer_is_written_down_while_no_declaration_can_be_read(
    client: Client, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (question,) = ask(client).questions
    settings = client.settings
    for name, value in (("HOME", settings.home), ("WAREHOUSE_URL", settings.warehouse_url)):
        monkeypatch.setenv(f"KONTOR_{name}", str(value))
    contracts = settings.home / "contracts"
    (contracts / "ledgers").mkdir(parents=True)
    (contracts / "ledgers" / "spend.odcs.yaml").write_text("kind: [", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(Settings, "contracts", contracts)
        with pytest.raises(DeclarationError):
            release.decide(question.request_id)
        assert release.answer(question.request_id, "approve", person="steward", reason="agreed")
        with pytest.raises(DeclarationError):
            release.decide(question.request_id)
        assert [(r.answer, d.state) for r, d in release.asked_by(RUN) if d.delivery_id == number] == [
            ("approve", "held")
        ]
    assert decide(client, question.request_id) == "approved"


def test_a_suite_that_cannot_be_read_has_not_changed(client: Client, number: int, tmp_path: Path) -> None:
    request = answered(client, "approve")
    office = client.office()
    gone = replace(office, catalog=replace(office.catalog, expectations=tmp_path))
    with pytest.raises(DeclarationError, match="suite missing"):
        release.decide(request, office=gone)
    assert outcomes(client) == [(None, "steward")]
    assert decide(client, request) == "approved"


def test_a_profile_mended_otherwise_is_another_one_than_was_judged_by(client: Client, number: int) -> None:
    request = answered(client, "approve")
    break_it(client)
    with pytest.raises(ProfileBroken):
        decide(client, request)
    client.declare(client.profile.replace("Office", "Desk"))
    (question,) = ask(client, "run 2", running=False).questions
    assert decide(client, question.request_id) == "lapsed"
    assert states(client) == [("held", "hold")]


def test_nobody_is_to_blame_for_a_time_that_is_over_meanwhile(client: Client, number: int) -> None:
    request = answered(client, "approve", person=None)
    break_it(client)
    with pytest.raises(ProfileBroken):
        decide(client, request)
    assert states(client) == [("held", "hold")]
    client.declare(client.profile)
    (question,) = ask(client, "run 2", running=False).questions
    assert question.request_id > request, "stewards are asked anew, with all their time"
    assert release.answer(question.request_id, "approve", person="steward", reason="agreed", office=client.office())
    assert decide(client, question.request_id) == "approved"


def test_a_kept_answer_of_a_dead_run_stands_every_check_all_the_same(client: Client, number: int) -> None:
    request = answered(client, "approve", person="second")
    client.declare(client.profile.replace("[steward, second]", "[steward]"))
    (question,) = ask(client, "run 2", running=False).questions
    assert question.request_id == request
    with pytest.raises(DecisionRefused, match="no steward"):
        decide(client, request)
    assert states(client) == [("held", "hold")]


def test_what_a_steward_sees_meanwhile(client: Client, number: int) -> None:
    sentence = break_it(client)
    told = release.summary(client.office(), number)
    assert (told.broken, told.declarations_changed) == (sentence, False)
    page = told.markdown()
    assert "Nobody can decide on it now:" in page
    assert "cannot be approved as it is" not in page
    assert [names for line, names in release.held(office=client.office()) if line.delivery_id == number] == [[]]
    assert release.is_steward("second", client.client_id, office=client.office()), "as the profile said last"
    assert not release.is_steward("mallory", client.client_id, office=client.office())


def test_another_clients_steward_decides_as_ever(client: Client, number: int) -> None:
    other = Client(f"other_{client.client_id}", client.settings, "")
    other.declare(client.profile.replace(f"client: {client.client_id}", f"client: {other.client_id}"))
    held(other)
    break_it(client)
    request = answered(other, "approve")
    assert decide(other, request) == "approved"
    other.night()
    assert states(other) == [("loaded", "hold")]
    other.warehouse.close()


def test_the_summary_tells_what_to_decide_and_shows_client_text_as_text(client: Client) -> None:
    client.declare(client.profile.replace("max_rejects: {pct: 20}", "max_rejects: {pct: 1}"))
    rows = [
        *lines(18),
        ("L90", "Supplier X", "[x](http://evil)`|<b>", "7.00"),
        ("L91", "Supplier Y", "2026-10-05", "x"),
    ]
    client.send("spend/<b>odd.csv", as_csv(rows))
    client.night()
    ((number,),) = client.query("select delivery_id from ops.delivery where client_id = :client and state = 'held'")
    told = release.summary(client.office(), number)
    assert (told.accepted, told.delivery.rows_rejected) == (18, 2)
    assert {f.rule_id for f in told.findings} >= {"ledgers.spend.unreadable.document_date", "ledgers.spend.max_rejects"}
    assert told.deciders == ("steward",)
    page = told.markdown(base_url="http://kontor:1")
    for words in (
        "| Rows received | Wait for you | Rejected | Skipped |\n|---|--:|--:|--:|\n| 20 | 18 | 2 | 0 |",
        "| `spend_amount` (1 unreadable) | GBP |",
        "**Approve** loads the 18 rows that wait",
        f"http://kontor:1/kontor/docs/quality/ledgers.spend/{client.client_id}-main.html",
        "`[x](http://evil)'∣<b>`",
        "`spend/<b>odd.csv`",
    ):
        assert words in page, words
    assert "workbook" not in page
    with client.warehouse.transaction() as conn:
        conn.execute(
            sa.text(
                "insert into quarantine.workbook (delivery_id, number, token_hash, language, path, sha256, rows) "
                "values (:n, 1, :token, 'en', :path, '', 2)"
            ),
            {"n": number, "token": f"t{number}", "path": f"{client.client_id}/corrections 1.xlsx"},
        )
    page = release.summary(client.office(), number).markdown()
    assert f"(/kontor/outbox/{client.client_id}/corrections%201.xlsx)" in page


def test_held_at_the_command_line(client: Client, number: int, kontor: Run) -> None:  # noqa: F811
    code, said = kontor("held", "--json")
    line = next(line for line in json.loads(said) if line["delivery_id"] == number)
    assert (code, line["deciders"], line["rows_held"]) == (0, ["second", "steward"], 5)
    assert "may decide" in kontor("held")[1]
    assert "What your answer does" in kontor("held", number)[1]
    code, said = kontor("approve", number, "--reason", "it is fine")
    assert code == 2
    assert "may not decide" in said
    code, said = kontor("approve", number, "--reason", "it is fine", "--person", "second")
    assert code == 0
    assert "approved by second" in said
