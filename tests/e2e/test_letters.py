"""What clients are told: gathered from real nights, in two languages, and nothing of what stands in their cells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.errors import DeclarationError
from pipelines.flow import letters
from pipelines.flow.letters import Letter, gather
from tests.e2e.conftest import PROFILE, Client, as_csv, lines

NIGHT = date(2026, 11, 24)
CANARY = "Zyxwell"
NOTIFY = """notify: {{to: [office@{client}.example], cc: audit@{client}.example, connections: [{by}], workbook: {word}}}
feeds:"""
BASE = "https://kontor.example"


def notified(client: Client, *, locale: str = "de_DE", by: str = "smtp_default", word: str = "attach") -> None:
    """The sample client with somebody to write to, and deadlines every day."""
    notify = NOTIFY.format(client=client.client_id, by=by, word=word)
    text = PROFILE.format(client=client.client_id).replace("locale: en_GB", f"locale: {locale}")
    text = text.replace("mode:", "locale: en_GB\n        mode:").replace("feeds:", notify, 1)
    client.declare(text.replace("other:\n        files", "other:\n        due: {time: '06:00'}\n        files"))


def written(client: Client, **more: Any) -> list[Letter]:
    return gather(client.office(), more.pop("night", NIGHT), client=client.client_id, base_url=BASE, **more)


def send(client: Client, letter: Letter) -> None:
    letters.begin(client.office(), letter)
    letters.end(client.office(), letter)


def bad_row(number: int, supplier: str = CANARY) -> tuple[str, str, str, str]:
    return (f"B{number}", supplier, f"{CANARY}-date", f"{number}.25")


def workbook(client: Client, delivery_id: int) -> Path:
    """The correction workbook that the night has left in the outbox."""
    query = "select path from quarantine.workbook where delivery_id = :id and state = 'open'"
    return client.settings.outbox / str(client.query(query, id=delivery_id)[0][0])


def eventful_night(client: Client) -> Path:
    """One of everything: rejects, a hold, a broken file, something missing, something late, corrections, a workbook."""
    client.send("spend/a.csv", as_csv([*lines(20), bad_row(1), bad_row(2)]))
    client.send("monthly/2026-10.csv", as_csv([bad_row(n) for n in range(20)]))
    client.send("coded/Liste {{ 7*7 }}.csv", f"{CANARY};{CANARY}\n1;x\n")
    client.send("names.csv", "Code,Name\nA,Alpha\n")
    client.night()
    loaded = client.query(
        "select delivery_id from ops.delivery where client_id = :client and state = 'loaded' and source = 'main'"
    )[0][0]
    now = datetime.now(UTC)
    for days, state, arrived in ((2, "late", now - timedelta(days=1, hours=20)), (1, "missing", None)):
        client.query(
            "insert into ops.expected_delivery (client_id, feed, source, due_at, state, arrived_at, looked_at) values "
            "(:client, 'ledgers.spend', 'other', :due, :state, :arrived, now()) returning 1",
            due=now - timedelta(days=days), state=state, arrived=arrived,
        )  # fmt: skip
    refused = (
        "correction workbook is out of date, nothing of it is taken; at k.xlsx; got Zyxwell. client to act: return it"
    )
    for state, verdict, message, good, bad in (
        ("loaded", "pass_with_rejects", None, 3, 1), ("failed", "fail", f"k.xlsx: {refused}", None, None),
    ):  # fmt: skip
        client.query(
            "insert into ops.delivery (client_id, feed, source, kind, file_name, sha256, size, received_at, state, "
            "verdict, message, rows_received, rows_loaded, rows_rejected, corrects, inputs_hash, declaration_hash) "
            "values (:client, 'ledgers.spend', 'main', 'correction', 'k.xlsx', 's', 1, now(), :state, :verdict, "
            ":message, 4, :good, :bad, :root, 'i', 'd') returning 1",
            state=state, verdict=verdict, message=message, good=good, bad=bad, root=loaded,
        )  # fmt: skip
    return workbook(client, loaded)


@pytest.mark.parametrize("locale", ["de_DE", "en_GB"])
def test_one_letter_tells_everything_and_no_cell(client: Client, locale: str) -> None:
    notified(client, locale=locale)
    book = eventful_night(client)
    (letter,) = written(client)
    assert letter.to == (f"office@{client.client_id}.example",)
    assert letter.attachments == (book,)
    german = locale == "de_DE"
    assert letter.language == ("de" if german else "en")
    for words in (
        ("1 Lieferung fehlt", "1 delivery missing"),
        ("1 Lieferung verspätet", "1 delivery late"),
        ("1 Datei nicht verwendbar", "1 file not usable"),
        ("1 Lieferung in Prüfung", "1 delivery under review"),
        ("1 Korrektur nicht angenommen", "1 correction not accepted"),
        ("1 Korrektur übernommen", "1 correction taken in"),
        ("2 Zeilen zu korrigieren", "2 rows to correct"),
        ("1 Korrekturmappe", "1 correction workbook"),
    ):
        assert words[not german] in letter.subject
    for words in (
        ("spend/a.csv: 2 von 22 Zeilen zurückgehalten", "spend/a.csv: 2 of 22 rows kept out"),
        ("zu viele Zeilen abgewiesen", "too many rows rejected"),
        ("monthly/2026-10.csv: 20 Zeilen; zu viele", "monthly/2026-10.csv: 20 rows; too many"),
        ("(eine Spalte fehlt)", "(column missing)"),
        ("(4 Stunden zu spät)", "(4 hours late)"),
        ("3 Zeilen übernommen, 1 Zeile noch nicht richtig", "3 rows taken in, 1 row not yet right"),
        ("angenommen: die Korrekturmappe ist nicht die neueste", "correction workbook is out of date"),
        ("document_date ist nicht lesbar", "document_date cannot be read"),
        ("3,50\xa0£", "£3.50"),
        ("coded/Liste {{ 7*7 }}.csv", "coded/Liste {{ 7*7 }}.csv"),
    ):
        assert words[not german] in letter.text.replace("  ", " "), letter.text
    for text in (letter.subject, letter.text, letter.html):
        assert CANARY not in text
    assert f"{BASE}/dags/release" in letter.html
    assert letter == written(client, now=letter.begun_at)[0], "the same facts give the same letter"
    send(client, letter)
    assert CANARY not in str(client.query("select * from ops.letter where client_id = :client"))


def test_what_was_told_is_not_told_again(client: Client) -> None:
    notified(client)
    client.send("spend/a.csv", as_csv([*lines(20), bad_row(1)]))
    client.night()
    (letter,) = written(client)
    send(client, letter)
    client.send("spend/b.csv", as_csv([*lines(21), bad_row(1)]))
    client.night()
    assert written(client) == [], "one letter a night"
    tomorrow = NIGHT + timedelta(days=1)
    (second,) = written(client, night=tomorrow)
    assert "spend/b.csv" in second.text
    assert "spend/a.csv" not in second.text
    send(client, second)
    assert written(client, night=tomorrow + timedelta(days=1)) == []


def test_a_letter_that_was_not_sent_is_written_again(client: Client) -> None:
    """Killed while it was sent, or refused by the server: the next run tells it, with what happened since."""
    notified(client, by="one, two", locale="en_GB")
    client.send("spend/a.csv", as_csv([*lines(20), bad_row(1)]))
    client.night()
    assert [x.connection for x in written(client)] == ["one", "two"]
    notified(client, by="one")
    (letter,) = written(client)
    letters.begin(client.office(), letter)
    (again,) = written(client)
    assert again.told == letter.told
    letters.begin(client.office(), again)
    letters.end(client.office(), again, "no answer")
    assert client.query("select state, problem from ops.letter where client_id = :client") == [("failed", "no answer")]
    (third,) = written(client, night=NIGHT + timedelta(days=1))
    assert third.told == letter.told
    send(client, again)
    letters.end(client.office(), again, "too late to change")
    assert client.query("select state, problem from ops.letter where client_id = :client") == [("sent", None)]


def test_a_workbook_that_is_kept_is_named_and_linked(client: Client) -> None:
    notified(client, word="keep", locale="en_GB")
    client.send("spend/a.csv", as_csv([*lines(20), bad_row(1)]))
    _, report = client.night()
    book = workbook(client, report.lines[0].delivery_id)
    (letter,) = written(client)
    assert letter.attachments == ()
    assert f"{BASE}/kontor/outbox/{client.client_id}/{book.name}" in letter.text
    assert "not attached" in letter.text


def test_a_workbook_that_is_gone_is_an_error_and_one_too_big_is_kept(client: Client, monkeypatch: Any) -> None:
    notified(client, locale="en_GB")
    client.send("spend/a.csv", as_csv([*lines(20), bad_row(1)]))
    _, report = client.night()
    book = workbook(client, report.lines[0].delivery_id)
    monkeypatch.setattr(letters, "MOST_BYTES", 10)
    (letter,) = written(client)
    assert letter.attachments == ()
    assert f"{book.name} is too big" in letter.text
    book.unlink()
    with pytest.raises(DeclarationError, match="not in the outbox"):
        written(client)


def test_nothing_to_tell_is_no_letter(client: Client) -> None:
    notified(client)
    client.send("spend/a.csv", as_csv(lines()))
    client.night()
    client.query("delete from ops.expected_delivery where client_id = :client returning 1")
    assert written(client) == []
    assert letters.clients_to_tell(client.office()) == [client.client_id]


def test_the_command_shows_letters_and_sends_none(client: Client, monkeypatch: Any, capsys: Any) -> None:
    notified(client, locale="en_GB")
    client.send("spend/a.csv", as_csv([*lines(20), bad_row(1)]))
    client.night()
    settings = client.settings
    monkeypatch.setenv("KONTOR_HOME", str(settings.home))
    monkeypatch.setenv("KONTOR_CLIENTS", str(settings.client_folders[0]))
    monkeypatch.setenv("KONTOR_WAREHOUSE_URL", str(settings.warehouse_url))
    assert main(["letters", "--show", client.client_id]) == 0
    assert "1 of 21 rows kept out" in capsys.readouterr().out
    assert client.query("select 1 from ops.letter where client_id = :client") == []
    send(client, written(client)[0])
    assert main(["letters", "--client", client.client_id]) == 0
    assert "sent" in capsys.readouterr().out
    assert main(["letters", "--show", "nobody"]) == 2
