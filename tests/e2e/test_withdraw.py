"""A delivery taken out: the rest stands as if it had never come, and what was known before is still known."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.errors import DeclarationError
from pipelines.flow.withdraw import withdraw
from pipelines.settings import ROOT
from tests.e2e.conftest import Client
from tests.e2e.worlds import (
    STEWARD,
    business,
    correct,
    declare,
    deliver,
    known_at,
    moments,
    play,
    sound,
    states,
    twin_of,
)  # fmt: skip

FIRST = {"L1": "10.00", "L2": "20.00", "L3": "30.00", "L4": "40.00"}
WRONG = {"L1": "10.00", "L2": "2000.00", "L4": "4000.00", "L5": "5000.00"}
PADDED = {f"P{i}": "1.00" for i in range(20)}
LATER = [
    {"L1": "10.00", "L2": "2000.00", "L4": None, "L5": "50.00", "L6": None},
    {"L1": "11.00", "L2": "20.00", "L4": "4000.00", "L5": None, "L7": "70.00"},
]


@pytest.mark.parametrize("source", ["main", "monthly", "changes"])
@pytest.mark.parametrize("later", [0, 1, 2])
def test_the_rest_stands_as_if_it_had_never_come(client: Client, source: str, later: int) -> None:
    declare(client)
    sent = list(enumerate([FIRST, WRONG, *LATER[:later]]))
    numbers = play(client, source, sent)
    before = {moment: known_at(client, moment) for moment in moments(client)}
    done = withdraw(numbers[1], why="sent for another company", person=STEWARD, office=client.office())
    twin = twin_of(client)
    play(twin, source, [pair for pair in sent if pair[0] != 1])
    assert business(client) == business(twin)
    assert {moment: known_at(client, moment) for moment in before} == before
    assert states(client)[numbers[1]] == "withdrawn"
    assert [a.state for a in done.again] == ["superseded"] * (later - 1) * (source == "monthly") + ["loaded"] * (
        later if source != "monthly" else min(later, 1)
    )
    sound(client)
    assert client.night()[0].scopes == []


def test_what_it_superseded_speaks_again_with_its_open_rejects(client: Client) -> None:
    declare(client)
    one, two = play(client, "monthly", [(0, {**FIRST, "L9": None}), (1, WRONG)])
    assert states(client) == {one: "superseded", two: "loaded"}
    done = withdraw(two, why="draft", person=STEWARD, office=client.office())
    assert states(client) == {one: "loaded", two: "withdrawn"}
    assert (done.restored, done.withdrawn, done.again) == ([one], [two], [])
    assert client.query("select state from quarantine.reject where delivery_id = :one", one=one) == [("open",)]
    assert [(str(a.before), str(a.after)) for a in done.amounts] == [("11010.00", "100.00")]
    sound(client)


def test_only_a_steward_may_and_only_what_was_loaded(client: Client) -> None:
    declare(client)
    (one,) = play(client, "main", [(0, FIRST)])
    with pytest.raises(DeclarationError, match="may not withdraw"):
        withdraw(one, why="x", person="somebody", office=client.office())
    held = deliver(client, "main", dict.fromkeys(FIRST), 1)
    assert states(client)[held] == "held"
    with pytest.raises(DeclarationError, match="return it"):
        withdraw(held, why="x", person=STEWARD, office=client.office())


def test_a_second_time_says_what_was_done(client: Client) -> None:
    declare(client)
    numbers = play(client, "main", [(0, FIRST), (1, WRONG), (2, LATER[0])])
    first = withdraw(numbers[1], why="wrong", person=STEWARD, office=client.office())
    versions = client.versions()
    second = withdraw(numbers[1], why="again", person=STEWARD, office=client.office())
    assert second.already
    assert (second.why, second.again, second.closed) == ("wrong", first.again, first.closed)
    assert client.versions() == versions


def test_a_correction_goes_with_its_delivery_or_alone(client: Client) -> None:
    declare(client)
    one = deliver(client, "main", FIRST, 0)
    two = deliver(client, "main", {**WRONG, "L6": None}, 1)
    fixed = correct(client, two, {"L6": {"Amount": "66.00"}})
    assert ("L6", "66.00") in [(r[0], str(r[4])) for r in business(client)]
    withdraw(fixed, why="mistaken", person=STEWARD, office=client.office())
    assert "L6" not in [r[0] for r in business(client)]
    assert client.query("select state from quarantine.reject where delivery_id = :two", two=two) == [("open",)]
    again = correct(client, two, {"L6": {"Amount": "67.00"}})
    done = withdraw(two, why="wrong", person=STEWARD, office=client.office())
    assert done.withdrawn == [two, again]
    assert states(client) == {one: "loaded", two: "withdrawn", fixed: "withdrawn", again: "withdrawn"}
    assert {r[0]: str(r[4]) for r in business(client)} == FIRST
    sound(client)


@pytest.mark.parametrize("source", ["main", "monthly", "changes"])
def test_corrections_of_others_are_published_again(client: Client, source: str) -> None:
    """L6 is new by correction, L4 is corrected to what the withdrawn delivery had said."""
    declare(client)
    twin = twin_of(client)
    numbers: dict[str, list[int]] = {}
    for who, skipped in ((client, ()), (twin, (1,))):
        made = numbers.setdefault(who.client_id, [])
        made.append(deliver(who, source, {**FIRST, "L8": None}, 0))
        correct(who, made[0], {"L8": {"Amount": "8.00"}})
        if 1 not in skipped:
            made.append(deliver(who, source, {**WRONG, "L8": None}, 1))
        made.append(deliver(who, source, {**LATER[0], "L4": None, "L6": None}, 2))
        correct(who, made[-1], {"L4": {"Amount": "4000.00"}, "L6": {"Amount": "60.00"}})
        made.append(deliver(who, source, {**LATER[1], "L6": None}, 3))
    withdraw(numbers[client.client_id][1], why="wrong", person=STEWARD, office=client.office())
    assert business(client) == business(twin)
    rejects = (
        "select d.file_name, j.row_number, j.state from quarantine.reject j join ops.delivery d using (delivery_id) "
        "where d.client_id = :client and d.state = 'loaded' order by 1, 2"
    )
    assert client.query(rejects) == twin.query(rejects)
    sound(client)


KILLED = """
import os, signal
from pipelines.flow import withdraw as w
w.run_deliveries = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
w.withdraw({number}, why="wrong", person="stella")
"""


def test_killed_before_the_rest_is_published_again(client: Client) -> None:
    """What is registered is finished by the next night: the tables are those of a withdrawal that nobody killed."""
    declare(client)
    twin = twin_of(client)
    sent = list(enumerate([FIRST, WRONG, *LATER]))
    numbers, others = play(client, "main", sent), play(twin, "main", sent)
    withdraw(others[1], why="wrong", person=STEWARD, office=twin.office())
    env = {
        **os.environ,
        "KONTOR_HOME": str(client.settings.home),
        "KONTOR_LANDING": str(client.settings.landing),
        "KONTOR_CLIENTS": str(client.settings.client_folders[0]),
        "KONTOR_WAREHOUSE_URL": str(client.settings.warehouse_url),
        "PYTHONPATH": str(ROOT),
    }
    script = KILLED.format(number=numbers[1])
    assert (
        subprocess.run([sys.executable, "-c", script], env=env, timeout=120, check=False).returncode == -signal.SIGKILL
    )
    assert sorted(states(client).values()) == [
        "loaded",
        "registered",
        "registered",
        "superseded",
        "superseded",
        "withdrawn",
    ]
    client.night()
    assert business(client) == business(twin)
    assert list(states(client).values()) == list(states(twin).values())
    assert withdraw(numbers[1], why="wrong", person=STEWARD, office=client.office()).already
    sound(client)


def test_nothing_is_withdrawn_when_the_rest_cannot_be_published_again(client: Client) -> None:
    declare(client)
    numbers = play(client, "main", [(0, FIRST), (1, WRONG), (2, LATER[0])])
    (sha256,) = client.query("select sha256 from ops.delivery where delivery_id = :id", id=numbers[2])[0]
    kept = client.settings.archive / sha256[:2] / sha256
    kept.rename(kept.with_suffix(".gone"))
    before = business(client), states(client)
    with pytest.raises(DeclarationError, match=f"nothing was withdrawn: delivery {numbers[2]}"):
        withdraw(numbers[1], why="x", person=STEWARD, office=client.office())
    assert (business(client), states(client)) == before
    kept.with_suffix(".gone").rename(kept)
    client.declare(client.profile.replace("mode: snapshot", "mode: delta", 1))
    with pytest.raises(DeclarationError, match="another mode"):
        withdraw(numbers[1], why="x", person=STEWARD, office=client.office())


def test_a_later_held_delivery_is_judged_again(client: Client) -> None:
    declare(client)
    client.declare(client.profile.replace("max_closed_pct: 100", "max_closed_pct: 20", 1))
    numbers = play(client, "main", [(0, PADDED), (1, PADDED | {f"X{i}": "1.00" for i in range(6)})])
    held = deliver(client, "main", {**PADDED, "P1": "99.00"}, 2)
    assert states(client)[held] == "held", "it would close 6 of 26 rows"
    done = withdraw(numbers[1], why="x", person=STEWARD, office=client.office())
    assert done.judged_again == [held]
    assert states(client)[held] == "loaded", "it closes nothing of what is current now"
    sound(client)


AMOUNT = st.sampled_from(["1.00", "2.00", None])
FILE = st.dictionaries(st.sampled_from(["L1", "L2", "L3"]), AMOUNT, min_size=1)


@settings(
    max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=[Phase.generate]
)
@given(
    source=st.sampled_from(["main", "changes", "monthly"]),
    files=st.lists(FILE, min_size=2, max_size=4),
    data=st.data(),
)
def test_any_sequence_is_the_sequence_without_it(
    client: Client, source: str, files: list[dict[str, str | None]], data: st.DataObject
) -> None:
    gone = data.draw(st.integers(0, len(files) - 1))
    number = next(ONCE)
    one, two = twin_of(client, f"a{number}"), twin_of(client, f"b{number}")
    for who in (one, two):
        who.declare(who.profile.replace("{pct: 90}", "{pct: 100}"))
    sent = [(i, {**PADDED, **amounts, f"S{i}": "5.00"}) for i, amounts in enumerate(files)]
    numbers = play(one, source, sent)
    play(two, source, [pair for pair in sent if pair[0] != gone])
    withdraw(numbers[gone], why="x", person=STEWARD, office=one.office())
    assert business(one) == business(two)
    sound(one)


ONCE = count()
