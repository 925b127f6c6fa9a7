"""Stewards on pairs of customers: workbook, commands, the way back; only stewards, only what was shown."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from pipelines.errors import DeclarationError, KontorError
from pipelines.flow import match_review
from pipelines.flow.match_books import MadeReview, books, make_reviews, submit
from pipelines.flow.match_shown import review_page
from pipelines.flow.matching import match_customers
from pipelines.flow.release import DecisionRefused
from pipelines.quarantine.review_book import COMMENT, DECISION, FIRST_ROW, LEAD, PERSON, PERSON_ROW
from pipelines.quarantine.review_words import REVIEW_WORDS
from pipelines.warehouse.audit import verify
from pipelines.warehouse.matches import Verdict
from tests.e2e.conftest import Client
from tests.e2e.reviewing import (
    ANNA,
    BERT,
    CARL,
    CRM,
    SHOP,
    crm,
    declare,
    fill_in,
    golden,
    newest_book,
    other,
    rows_of,
    send,
    sheet_of,
    shop,
    together,
    waiting,
)
from tests.e2e.test_cli import Run, kontor

__all__ = ["kontor"]
SAME, DIFFERENT = Verdict.SAME, Verdict.DIFFERENT
PAIRS = {("crm/1", "shop/A"), ("crm/2", "shop/B"), ("crm/3", "shop/C")}


@pytest.fixture
def reviewed(client: Client) -> Client:
    """Three pairs wait."""
    declare(client)
    send(client, crm=CRM, shop=SHOP)
    assert waiting(client) == PAIRS
    return client


def decide(client: Client, one: Any, two: Any, verdict: Verdict, person: str = "stella", **more: Any) -> Any:
    """One decision with a reason."""
    return match_review.decide(
        client.client_id, one, two, verdict, person=person, reason="looked at both", office=client.office(), **more
    )


def undo(client: Client, number: int, person: str = "stefan") -> Any:
    """Taken back with a reason."""
    return match_review.undo(client.client_id, number, person=person, reason="asked the client", office=client.office())


# the workbook -----------------------------------------------------------------------------------------------


def test_the_loop_through_landing(reviewed: Client) -> None:
    path = newest_book(reviewed)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent)] == [0o600, 0o700]
    assert make_reviews(reviewed.office(), reviewed.client_id) == []
    landing = reviewed.settings.landing / reviewed.client_id
    fill_in(path, landing / "back" / "x.xlsx", {"crm · 1": ("same", "same house"), "crm · 2": ("different", "")})
    found, _ = reviewed.night()
    assert found.unmatched == []
    assert [s.partition(": ")[2] for s in found.reviews] == ["2 decisions taken, 1 left open"]
    assert (together(reviewed, "crm/1", "shop/A"), together(reviewed, "crm/2", "shop/B")) == (True, False)
    assert waiting(reviewed) == {("crm/3", "shop/C")}
    kept = match_review.decisions(reviewed.client_id, office=reviewed.office())
    assert [(str(d.left), d.verdict.value, d.person, d.reason) for d in kept] == [
        ("crm/2", "different", "stella", "(review workbook 1)"),
        ("crm/1", "same", "stella", "same house"),
    ]
    found, _ = reviewed.night()
    assert found.reviews == []
    match_customers(client=reviewed.client_id, office=reviewed.office())
    assert together(reviewed, "crm/1", "shop/A") and not together(reviewed, "crm/2", "shop/B")
    (again,) = make_reviews(reviewed.office(), reviewed.client_id)
    assert (again.number, again.pairs, path.exists()) == (2, 1, False)
    entries = reviewed.query(
        "select actor, action from ops.audit where detail ->> 'client' = :client order by entry_id"
    )
    assert [tuple(e) for e in entries] == [
        ("matching", "make review workbook"), ("stella", "decide on customers"), ("matching", "make review workbook"),
    ]  # fmt: skip
    with reviewed.warehouse.transaction() as conn:
        assert verify(conn).faults == ()


@pytest.mark.parametrize(("locale", "language"), [("en_GB", "en"), ("de_DE", "de")])
def test_what_the_workbook_says(client: Client, locale: str, language: str) -> None:
    declare(client, locale)
    send(client, crm=CRM, shop=SHOP)
    sheet, words = sheet_of(load_workbook(newest_book(client))), REVIEW_WORDS[language]
    header = [c.value for c in sheet[2]]
    assert header[: len(LEAD)] == [words[w] for w in LEAD]
    row = rows_of(sheet)["crm · 1"]
    told = dict(zip(header, (c.value for c in sheet[row]), strict=True))
    assert told[words["records"]] == "crm · 1\nshop · A"
    family = {"en": "Family name", "de": "Nachname"}[language]
    assert told[family] == "Placeholder\nPlaceholders"
    assert told[{"en": "City", "de": "Ort"}[language]] == "Leeds"
    born = {"en": "Birth date", "de": "Geburtsdatum"}[language]
    assert told[born] == words["hidden_equal"]
    assert words["hidden_other"] in [sheet.cell(r, header.index(born) + 1).value for r in rows_of(sheet).values()]
    assert words["for"] in told[words["why"]]
    open_ = [c.column - 1 for c in sheet[row] if not c.protection.locked]
    assert open_ == [DECISION, COMMENT] and not sheet.cell(PERSON_ROW, PERSON + 1).protection.locked
    lists = [(str(r.sqref), r.formula1) for r in sheet.data_validations.dataValidation]
    assert lists == [("C3:C5", "'_kontor'!$B$1:$B$2"), ("D1", "'_kontor'!$C$1:$C$2")]
    stars = [t for row in sheet.iter_rows() for c in row if "1980" in (t := str(c.value)) or "1975" in t]
    assert stars == []


def test_no_value_of_a_customer_is_kept_beside_core(reviewed: Client) -> None:
    newest_book(reviewed)
    kept = "".join(str(r) for r in reviewed.query("select p.* from matching.workbook_pair p"))
    kept += "".join(str(r) for r in reviewed.query("select detail from ops.audit"))
    assert "crm" in kept and not any(secret in kept for secret in ("Placeholder", "Leeds", "anna@", "1980-"))


def test_stale_pairs_are_named_and_the_others_taken(reviewed: Client) -> None:
    path = newest_book(reviewed)
    send(reviewed, shop=[other(ANNA, "A", Family="Placeholders", City="Hull"), *SHOP[1:]])
    back = fill_in(
        path, reviewed.settings.home / "back.xlsx", {"crm · 1": ("same", "sure"), "crm · 2": ("same", "sure")}
    )
    came = submit(back, "stella", office=reviewed.office())
    assert (came.taken, came.undecided, came.refused) == (1, 1, None)
    (left,) = came.left_out
    assert "crm/1 and shop/A have changed since they were shown" in left
    assert together(reviewed, "crm/2", "shop/B") and not together(reviewed, "crm/1", "shop/A")


def test_an_older_workbook_counts_for_what_is_still_so(reviewed: Client) -> None:
    first = newest_book(reviewed).read_bytes()
    send(reviewed, crm=[ANNA, ("9", *BERT[1:]), CARL])
    second = newest_book(reviewed)
    assert second.name.endswith("_2.xlsx")
    old = reviewed.settings.home / "old.xlsx"
    old.write_bytes(first)
    back = fill_in(old, reviewed.settings.home / "back.xlsx", {"crm · 3": ("same", "sure")})
    assert submit(back, "stefan", office=reviewed.office()).taken == 1
    assert together(reviewed, "crm/3", "shop/C")
    again = submit(back, "stefan", office=reviewed.office())
    assert (again.taken, again.unchanged) == (0, 1)


def _set(row: int, column: int, value: Any) -> Any:
    def change(book: Any) -> None:
        sheet_of(book).cell(row, column).value = value

    return change


def _take_token(book: Any) -> None:
    sheet = sheet_of(book)
    sheet.cell(FIRST_ROW, 1).value = sheet.cell(FIRST_ROW + 1, 1).value


@pytest.mark.parametrize(
    ("said", "person", "also", "why"),
    [
        ({"crm · 1": ("maybe", "")}, "stella", None, "a decision that is none"),
        ({"crm · 1": ("same", "")}, "", None, "nobody may not decide"),
        ({"crm · 1": ("same", "")}, "mallory", None, "mallory may not decide"),
        ({"crm · 1": ("same", "")}, "stella", _set(FIRST_ROW, 11, "Other"), "a locked cell that was changed"),
        ({"crm · 1": ("same", "")}, "stella", _set(FIRST_ROW, 7, "crm · 1\nshop · B"), "a locked cell that was"),
        ({"crm · 1": ("same", "")}, "stella", _set(2, 3, "Decided"), "another header"),
        ({"crm · 1": ("same", "")}, "stella", _set(FIRST_ROW, 1, "BCDFGHJK"), "a key that was not sent"),
        ({"crm · 1": ("same", "")}, "stella", _take_token, "a locked cell that was changed"),
    ],
)
def test_a_workbook_that_is_refused_decides_nothing(
    reviewed: Client, said: Any, person: str, also: Any, why: str
) -> None:
    path = newest_book(reviewed)
    fill_in(path, reviewed.settings.landing / reviewed.client_id / "back.xlsx", said, person, also)
    found, report = reviewed.night()
    assert why in found.reviews[0] and "to act" in found.reviews[0]
    assert (waiting(reviewed), path.exists(), report.lines) == (PAIRS, True, [])
    assert match_review.decisions(reviewed.client_id, office=reviewed.office()) == []
    assert reviewed.night()[0].reviews == []
    assert "refuse review workbook" in [r[0] for r in reviewed.query("select action from ops.audit")]


def test_a_workbook_of_another_client_is_refused(reviewed: Client) -> None:
    stranger = declare(Client(reviewed.client_id + "x", reviewed.settings, "", reviewed.clock))
    path = newest_book(reviewed)
    fill_in(path, stranger.settings.landing / stranger.client_id / "b.xlsx", {"crm · 1": ("same", "")})
    found, _ = stranger.night()
    assert "a workbook of another client" in found.reviews[0]
    assert waiting(reviewed) == PAIRS
    plain = reviewed.settings.home / "plain.xlsx"
    plain.write_bytes(b"PK")
    with pytest.raises(DeclarationError, match="no review workbook"):
        submit(plain, "stella", office=reviewed.office())


def test_nothing_waits_any_more_closes_the_workbook(reviewed: Client) -> None:
    path = newest_book(reviewed)
    for one, two in ((crm("1"), shop("A")), (crm("2"), shop("B")), (crm("3"), shop("C"))):
        decide(reviewed, one, two, DIFFERENT)
    assert make_reviews(reviewed.office(), reviewed.client_id) == []
    assert not path.exists()
    made, came = books(reviewed.client_id, office=reviewed.office())
    assert ([(b.number, b.state) for b in made], came) == ([(1, "closed")], [])


# decisions --------------------------------------------------------------------------------------------------


def test_decide_undo_and_the_nights_after(reviewed: Client) -> None:
    before = golden(reviewed)
    made = decide(reviewed, shop("A"), crm("1"), SAME)
    assert (made.new, made.outcome, str(made.decision.left)) == (True, "joined", "crm/1")
    assert decide(reviewed, crm("1"), shop("A"), SAME).new is False
    send(reviewed, shop=[SHOP[0], other(BERT, "B", Family="Otherwise"), SHOP[2]])
    assert together(reviewed, "crm/1", "shop/A")
    undo(reviewed, made.decision.decision_id)
    now = golden(reviewed)
    assert ("crm/1", "shop/A") in waiting(reviewed)
    assert now["crm/1"] != now["shop/A"] and before["crm/1"] in (now["crm/1"], now["shop/A"])
    with pytest.raises(DeclarationError, match="not there to be taken back"):
        undo(reviewed, made.decision.decision_id)


def test_a_split_of_what_the_score_joined(client: Client) -> None:
    declare(client)
    client.declare(client.profile.replace("merge_at: 1", "merge_at: 0.5"))
    send(client, crm=[ANNA], shop=[other(ANNA, "A")])
    assert together(client, "crm/1", "shop/A")
    made = decide(client, crm("1"), shop("A"), DIFFERENT)
    assert made.outcome == "apart" and not together(client, "crm/1", "shop/A")
    send(client, shop=[other(ANNA, "A", Mail="new@example.org")])
    assert not together(client, "crm/1", "shop/A")
    undo(client, made.decision.decision_id)
    assert together(client, "crm/1", "shop/A")


def test_customers_that_nobody_found_alike_can_be_joined(reviewed: Client) -> None:
    assert decide(reviewed, crm("1"), crm("3"), SAME).outcome == "joined"
    assert together(reviewed, "crm/1", "crm/3")


@pytest.mark.parametrize("person", ["mallory", "", "Stella"])
def test_only_stewards_decide(reviewed: Client, person: str) -> None:
    with pytest.raises(DecisionRefused, match="may not decide on customers"):
        decide(reviewed, crm("1"), shop("A"), SAME, person)
    made = decide(reviewed, crm("1"), shop("A"), SAME)
    with pytest.raises(DecisionRefused, match="may not decide on customers"):
        undo(reviewed, made.decision.decision_id, person)
    assert together(reviewed, "crm/1", "shop/A")


def test_decisions_that_cannot_all_be_true_are_refused(reviewed: Client) -> None:
    first = decide(reviewed, crm("1"), shop("A"), SAME).decision.decision_id
    second = decide(reviewed, shop("A"), crm("2"), SAME).decision.decision_id
    with pytest.raises(DecisionRefused, match=rf"decisions that say otherwise: {first}, .*{second}, "):
        decide(reviewed, crm("1"), crm("2"), DIFFERENT)
    apart = decide(reviewed, crm("3"), crm("2"), DIFFERENT).decision.decision_id
    with pytest.raises(DecisionRefused, match=rf"otherwise: {apart}, "):
        decide(reviewed, crm("1"), crm("3"), SAME)
    undo(reviewed, apart)
    assert decide(reviewed, crm("1"), crm("3"), SAME).outcome == "joined"


def test_what_is_decided_must_be_there_as_it_was_seen(reviewed: Client) -> None:
    with pytest.raises(DecisionRefused, match="crm/77 is no customer"):
        decide(reviewed, crm("77"), shop("A"), SAME)
    with pytest.raises(KontorError, match="about two customers"):
        decide(reviewed, crm("1"), crm("1"), SAME)
    with pytest.raises(DecisionRefused, match="changed since they were shown"):
        decide(reviewed, crm("1"), shop("A"), SAME, seen=("0", "0"))
    with pytest.raises(DecisionRefused, match="without a reason"):
        match_review.decide(
            reviewed.client_id, crm("1"), shop("A"), SAME, person="stella", reason=" x ", office=reviewed.office()
        )
    assert waiting(reviewed) == PAIRS


def test_the_page_tells_what_waits_and_who_looked(reviewed: Client) -> None:
    page = review_page(reviewed.client_id, "stella", most=2, office=reviewed.office())
    assert (page.waiting, len(page.pairs.lines), page.book) == (3, 2, None)
    looked = reviewed.query("select actor, detail ->> 'pairs' as n from ops.audit where action = 'show in clear'")
    assert [tuple(r) for r in looked] == [("stella", "2")]
    assert match_review.clients_of("stella", office=reviewed.office())[reviewed.client_id] == 3
    assert reviewed.client_id not in match_review.clients_of("mallory", office=reviewed.office())


def test_workbooks_are_made_for_their_own_client_only(reviewed: Client, tmp_path: Path) -> None:
    made = make_reviews(reviewed.office(), "nobody")
    assert made == []
    (one,) = make_reviews(reviewed.office(), reviewed.client_id)
    assert isinstance(one, MadeReview) and one.path.parent.name == reviewed.client_id


def test_what_people_type(reviewed: Client, kontor: Run) -> None:
    name = reviewed.client_id
    code, said = kontor("matches", "list", "--client", name)
    assert code == 0 and "3 pairs wait" in said and "crm/1" in said and "Placeholder" not in said
    code, said = kontor("matches", "review", "--client", name)
    assert code == 0 and f"{name}, 3 pairs: " in said
    back = fill_in(
        newest_book(reviewed), reviewed.settings.home / "b.xlsx", {"crm · 3": ("different", "father and son")}
    )
    assert kontor("matches", "submit", back, "--person", "mallory")[0] == 1
    code, said = kontor("matches", "submit", back, "--person", "stella")
    assert (code, said) == (0, "b.xlsx, decided by stella: 1 decisions taken, 2 left open\n")
    who = ("--person", "stefan", "--reason", "same e-mail")
    code, said = kontor("matches", "decide", name, "crm/1", "shop/A", "same", *who)
    assert code == 0 and "they are one golden record" in said
    code, said = kontor("matches", "decide", name, "crm/1", "shop/A", "different", *who)
    assert code == 0 and "they are two golden records" in said
    number = said.split(":")[0].removeprefix("decision ")
    assert kontor("matches", "undo", name, number, *who)[0] == 0
    assert together(reviewed, "crm/1", "shop/A")
    code, said = kontor("matches", "decisions", name)
    assert code == 0 and "3 decisions" in said and "father and son" in said
    assert kontor("matches", "books", "--client", name)[1].count("mallory") == 1
    assert kontor("matches", "decide", name, "crm/1", "shop/A", "same", "--reason", "me", "--person", "x")[0] == 2
