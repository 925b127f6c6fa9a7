"""One of three clients has a profile that nobody can read: its work waits, that of the others goes on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from pipelines.delivery import Step
from pipelines.errors import ProfileBroken
from pipelines.flow.correction import make_workbooks
from pipelines.flow.expected import note_expected
from pipelines.flow.match_books import make_reviews
from pipelines.flow.night import Discovery, NightReport, discover, run_night, run_replay
from pipelines.flow.rehearsal import rehearse
from pipelines.flow.step import run_step
from pipelines.flow.withdraw import withdraw
from pipelines.settings import Settings
from tests.e2e.conftest import PROFILE, Client, as_csv, lines
from tests.e2e.test_cli import Run, kontor  # noqa: F401 the fixture
from tests.e2e.test_kill import FIRST, SECOND, kill_in, tables, undisturbed
from tests.e2e.test_night import held

EVERYTHING = (
    "select * from ops.delivery where client_id = :client order by delivery_id",
    "select * from ops.arrival where client_id = :client order by arrival_id",
    "select * from ops.expected_delivery where client_id = :client order by feed, source, due_at",
    "select * from ops.unmatched_file where client_id = :client order by path",
    "select * from core.ledgers_spend where client_id = :client order by spend_line_id, _known_from",
    "select a.* from ops.audit a join ops.delivery d using (delivery_id) where d.client_id = :client order by entry_id",
    "select * from ops.client where client_id = :client",
    "select * from ops.steward where client_id = :client",
)  # fmt: skip


@dataclass
class Three:
    """Clients of one installation: `broken` is the one whose profile is broken now and then."""

    broken: Client
    first: Client
    last: Client

    @property
    def others(self) -> tuple[Client, Client]:
        return self.first, self.last

    def night(self) -> tuple[Discovery, NightReport]:
        """One night of the whole office."""
        return run_night(office=self.broken.office())

    def break_it(self) -> str:
        """Somebody mistypes a word of the profile; the sentence about it."""
        sound = self.broken.profile
        path = self.broken.settings.client_folders[0] / f"{self.broken.client_id}.yaml"
        path.write_text(sound.replace("{from: Amount}", "{form: Amount}", 1), encoding="utf-8")
        (sentence,) = self.broken.office().catalog.faults()
        at = f"{path}:{1 + sound[: sound.index('{from: Amount}')].count(chr(10))}, "
        for word in ("is broken", at, "got unknown key 'form'", "expected one of", f"correct {path.name}"):
            assert word in sentence, word
        return sentence

    def mend(self) -> None:
        """The profile as it was."""
        self.broken.declare(self.broken.profile)

    def everything(self) -> list[Any]:
        """All that the warehouse knows of the broken client."""
        return [self.broken.query(query) for query in EVERYTHING]


@pytest.fixture
def office_run(kontor: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: F811
    """The command line of who owns the warehouse: `run` brings its tables up to date first."""
    monkeypatch.setenv("KONTOR_WAREHOUSE_URL", str(settings.warehouse_url))
    return kontor


@pytest.fixture
def three(client: Client) -> Iterator[Three]:
    """The client of the test is the broken one; it stands between the two others in every order."""
    made = [Client(f"{name}{client.client_id}", client.settings, "") for name in ("a_", "z_")]
    for one in made:
        one.declare(PROFILE.format(client=one.client_id))
    yield Three(client, *made)
    for one in made:
        one.warehouse.close()


def named(report: NightReport) -> list[tuple[str, str]]:
    return [(line.client_id, line.state) for line in report.lines]


def test_a_night_with_a_broken_profile_and_the_one_after_it(three: Three) -> None:
    for one in (three.broken, *three.others):
        one.send("spend/1.csv", FIRST)
    _, report = three.night()
    assert len(report.lines) == 3
    for one in (three.broken, *three.others):
        one.send("spend/2.csv", SECOND)
        one.send("stray.txt", "?")
    before = three.everything()
    sentence = three.break_it()
    for _ in range(2):
        found, report = three.night()
        assert found.broken == [sentence]
        assert "broken profiles: 1" in found.summary()
        assert found.unmatched == [f"{one.client_id}/stray.txt" for one in three.others]
        assert three.broken.client_id not in {line.client_id for line in [*report.lines, *report.due]}
        assert three.everything() == before, "nothing of it was registered, lost, superseded or told"
    assert sorted(one.current()["L018"] for one in three.others) == ["5.00", "5.00"]
    three.mend()
    found, report = three.night()
    assert found.broken == []
    assert named(report) == [(three.broken.client_id, "loaded")]
    assert f"{three.broken.client_id}/stray.txt" in found.unmatched
    assert tables(three.broken) == tables(three.first) == tables(three.last)
    three.broken.accounted()


@pytest.mark.parametrize("how", ["left", "killed"])
@pytest.mark.parametrize("step", list(Step))
def test_a_delivery_under_way_waits_and_goes_on(three: Three, step: Step, how: str) -> None:
    client = three.broken
    client.send("spend/1.csv", FIRST)
    client.night()
    client.send("spend/2.csv", SECOND)
    number = discover(["ledgers"], client=client.client_id, office=client.office()).scopes[0].delivery_ids[0]
    for before in list(Step)[: list(Step).index(step)]:
        run_step(before, [number], office=client.office())
    if how == "killed":
        assert kill_in(client, step, number) == -signal.SIGKILL
    stood = three.everything()
    sentence = three.break_it()
    outcome = run_step(step, [number], office=client.office())
    assert (outcome.left, outcome.done, outcome.held, outcome.failed) == ([number], [], [], {})
    assert client.query("select outcome, message from ops.step_run order by run_id desc limit 1") == [
        ("left", sentence)
    ]
    three.first.send("spend/1.csv", FIRST)
    found, report = three.night()
    assert (found.broken, named(report)) == ([sentence], [(three.first.client_id, "loaded")])
    assert three.everything() == stood
    three.mend()
    _, report = three.night()
    assert named(report) == [(client.client_id, "loaded")]
    assert tables(client) == undisturbed(client)
    client.accounted()


def test_a_profile_mended_otherwise_judges_anew_what_was_under_way(three: Three) -> None:
    client = three.broken
    client.send("spend/1.csv", FIRST)
    number = discover(["ledgers"], client=client.client_id, office=client.office()).scopes[0].delivery_ids[0]
    for step in (Step.EXTRACT, Step.CLEAN):
        run_step(step, [number], office=client.office())
    three.break_it()
    three.night()
    client.declare(client.profile.replace("{value: Office}", "{value: Desk}", 1))
    three.night()
    assert client.query("select distinct account_name from core.ledgers_spend where client_id = :client") == [("Desk",)]
    assert client.query("select delivery_id, state, attempt from ops.delivery where client_id = :client") == [
        (number, "loaded", 2)
    ]


def test_a_deadline_that_passes_meanwhile_is_not_the_clients_fault(three: Three) -> None:
    due = "        mode: snapshot\n        due: {weekday: [mon, tue, wed, thu, fri, sat, sun], time: '06:00'}\n"
    for one in (three.broken, three.first):
        one.declare(one.profile.replace("        mode: snapshot\n", due, 1))
    three.night()
    deadlines = "select due_at, state from ops.expected_delivery where client_id = :client order by due_at"
    ((at, _),) = three.broken.query(deadlines)
    three.break_it()
    hour = timedelta(hours=1)
    note_expected(three.broken.office(), at + hour, looked=at + hour)
    assert three.broken.query(deadlines) == [(at, "expected")]
    assert three.first.query(deadlines)[0] == (at, "missing")
    three.broken.send("spend/1.csv", FIRST)
    three.mend()
    three.night()
    note_expected(three.broken.office(), at + 2 * hour, looked=at + 2 * hour)
    assert three.broken.query(deadlines)[0] == (at, "arrived")


def test_the_command_line_is_red_and_says_why(three: Three, office_run: Run) -> None:
    for one in (three.broken, *three.others):
        one.send("spend/1.csv", FIRST)
    three.night()
    before, sentence = three.everything(), three.break_it()
    for one in three.others:
        one.send("spend/2.csv", SECOND)
    code, said = office_run("run", "--no-reports")
    assert code == 1
    assert said.count(sentence) == 1
    assert "broken profiles: 1 (" in said
    assert "2 loaded" in said
    code, said = office_run("run", "--no-reports", "--client", three.first.client_id)
    assert (code, sentence in said) == (0, False), "a run of one client is not red for another"
    assert three.everything() == before, "its clerks, its stewards and its name are those of before"
    three.mend()
    assert office_run("run", "--no-reports")[0] == 0
    assert len(three.broken.current()) == 20


def test_every_command_that_names_the_client_gives_the_error_of_its_profile(
    three: Three,
    office_run: Run,
) -> None:
    client = three.broken
    number = held(client)
    client.send("spend/1.csv", SECOND)
    client.night()
    states = "select delivery_id from ops.delivery where client_id = :client and state = 'loaded'"
    ((loaded,),) = client.query(states)
    before = three.everything()
    sentence = three.break_it()
    name, terms = client.client_id, ("--person", "steward", "--reason", "agreed")
    file = client.settings.landing / name / "spend/1.csv"
    refused: list[tuple[object, ...]] = [
        ("run", "--no-reports", "--client", name),
        ("run", "--no-reports", "--replay", name),
        ("replay", f"{name}/ledgers.spend"),
        ("replay", number),
        ("replay", loaded),
        ("try", name, file),
        ("approve", number, *terms),
        ("return", number, *terms),
        ("rejects", "write-off", loaded, "--all", "--expires", "2027-01-31", *terms),
        ("expected", "--client", name),
        ("letters", "--show", name),
        ("corrections", "make", "--client", name),
        ("erase", "customer", name, "main/1", *terms),
        ("rules", "ledgers.spend", "--client", name),
        ("matches", "run", "--client", name),
    ]
    for words in refused:
        code, said = office_run(*words)
        assert (code, sentence in said) == (2, True), (words, said)
    shown: list[tuple[object, ...]] = [("explain", number), ("explain", loaded), ("held",), ("held", number)]
    for words in shown:
        code, said = office_run(*words)
        assert (code, "from: Amount" in said, f"{name}.yaml" in said) == (0, False, True), (words, said)
    assert "5" in office_run("held", number)[1]
    for words in (("status", "--client", name), ("rejects", "list", "--client", name), ("corrections", "list")):
        assert office_run(*words)[0] == 0
    assert three.everything() == before
    three.mend()
    assert office_run("approve", number, *terms)[0] == 0


def test_who_withdraws_or_corrects_what_cannot_be_judged_is_told(three: Three) -> None:
    client = three.broken
    client.send("spend/1.csv", SECOND)
    client.night()
    (number,) = client.query("select max(delivery_id) from ops.delivery where client_id = :client")[0]
    before = three.everything()
    three.break_it()
    with pytest.raises(ProfileBroken):
        withdraw(number, why="wrong", person="steward", office=client.office())
    assert three.everything() == before


def test_a_replay_of_all_clients_leaves_the_broken_one_out_and_says_so(three: Three, office_run: Run) -> None:
    for one in (three.broken, *three.others):
        one.send("spend/1.csv", FIRST)
    three.night()
    before, sentence = three.everything(), three.break_it()
    office = three.broken.office()
    rehearsed = rehearse("ledgers.spend", office=office)
    assert rehearsed.broken == [sentence]
    assert {one.client_id for one in rehearsed.deliveries} >= {one.client_id for one in three.others}
    report = run_replay("ledgers.spend", office=office)
    assert report.broken == [sentence]
    assert three.broken.client_id not in {line.client_id for line in report.lines}
    assert {line.client_id for line in report.lines} >= {one.client_id for one in three.others}
    assert run_replay(three.first.client_id, office=office).broken == []
    assert three.everything() == before
    code, said = office_run("replay", "ledgers.spend", "--no-reports")
    assert (code, sentence in said) == (1, True)


def test_what_waits_for_the_client_is_neither_ended_nor_told_of_each_delivery(
    three: Three, caplog: pytest.LogCaptureFixture
) -> None:
    client = three.broken
    client.send("spend/1.csv", SECOND)
    client.night()
    (book,) = client.settings.outbox.glob(f"{client.client_id}/*.xlsx")
    client.send("changes/1.csv", as_csv([*lines(9), ("L9", "Supplier X", "no date", "1.00")]) + "total,10,,\n")
    three.break_it()
    with caplog.at_level("INFO", "kontor"):
        assert make_workbooks(client.office()) == []
        assert make_reviews(client.office()) == []
    assert client.client_id not in caplog.text
    assert book.is_file()
