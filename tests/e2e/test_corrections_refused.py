"""Correction workbooks that are not what was sent are refused with the reason, and nothing else changes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from openpyxl import load_workbook

from tests.e2e.conftest import Make
from tests.e2e.correcting import (
    CUSTOMERS,
    FIRST_ROW,
    HEADER_ROW,
    LEAD,
    correct,
    header,
    last,
    newest,
    open_rejects,
    open_rejects_of,
    rows_sheet,
    workbooks,
)


def tokens(book: Any) -> tuple[Any, int, int]:
    """The sheet, and its first two rows."""
    return rows_sheet(book), FIRST_ROW, FIRST_ROW + 1


def unknown_token(book: Any) -> None:
    sheet, first, _ = tokens(book)
    sheet.cell(first, 1).value = "BCDFGHJK"


def doubled_token(book: Any) -> None:
    sheet, first, second = tokens(book)
    sheet.cell(second, 1).value = sheet.cell(first, 1).value


def moved_token(book: Any) -> None:
    sheet, first, second = tokens(book)
    a, b = sheet.cell(first, 1), sheet.cell(second, 1)
    a.value, b.value = b.value, a.value


def locked_key(book: Any) -> None:
    sheet, first, _ = tokens(book)
    sheet.cell(first, header(sheet)["KdNr"]).value = "999999"


def other_reason(book: Any) -> None:
    sheet, first, _ = tokens(book)
    sheet.cell(first, LEAD).value = "alles in Ordnung"


def other_header(book: Any) -> None:
    sheet, _, _ = tokens(book)
    sheet.cell(HEADER_ROW, header(sheet)["PLZ"]).value = "Postleitzahl"


def added_row(book: Any) -> None:
    sheet, _, _ = tokens(book)
    sheet.cell(sheet.max_row + 1, LEAD + 1).value = "000999"


def no_sheet(book: Any) -> None:
    book.remove(rows_sheet(book))


def a_formula(book: Any) -> None:
    sheet, first, _ = tokens(book)
    sheet.cell(first, header(sheet)["PLZ"]).value = "=1+1"


TAMPERED: dict[Callable[[Any], None], str] = {
    unknown_token: "a key that was not sent", doubled_token: "a key that stands in two rows",
    moved_token: "a locked cell", locked_key: "KdNr; got a locked cell", other_reason: "a locked cell",
    other_header: "another header", added_row: "a row without key", no_sheet: "Korrekturen",
    a_formula: "formula without a result",
}  # fmt: skip


def test_a_workbook_that_was_tampered_with_is_refused_and_its_own_stays_open(sample: Make) -> None:
    client = sample("hansa")
    client.night(feed="clients.customers")
    path = newest(client)
    for number, tamper in enumerate(TAMPERED):
        correct(client, CUSTOMERS if tamper is not no_sheet else {}, path=path, rel=f"z/{number}.xlsx", also=tamper)
    torn = (client.settings.landing / client.client_id / "z/0.xlsx").read_bytes()
    client.send("z/torn.xlsx", torn[: len(torn) // 2])
    _, report = client.night(feed="clients.customers")
    refused = {line.file_name: line for line in report.lines}
    assert len(refused) == len(TAMPERED)
    for number, (_, said) in enumerate(TAMPERED.items()):
        line = refused[f"z/{number}.xlsx"]
        assert (line.state, line.verdict) == ("failed", "fail")
        assert said in line.message
        assert "client to act" in line.message
        assert "999999" not in line.message
    assert (open_rejects(client), workbooks(client)) == (1, [(1, "open", 4)])
    correct(client, CUSTOMERS, path=path, rel="z/good.xlsx")
    client.night(feed="clients.customers")
    assert open_rejects(client) == 0


def test_stale_and_foreign_workbooks_are_refused(sample: Make) -> None:
    client, other = sample("hansa"), sample("hansa")
    for one in (client, other):
        one.night(feed="clients.customers")
    first, foreign = newest(client).read_bytes(), newest(other).read_bytes()
    client.send("fremd.xlsx", foreign)
    client.send("unbekannt.xlsx", with_token(first, "A" * 22))
    _, report = client.night(feed="clients.customers")
    assert [line.state for line in report.lines] == ["failed", "failed"]
    assert "sent to somebody else" in report.lines[0].message
    assert "a token that we never gave" in report.lines[1].message
    correct(client, {"45": CUSTOMERS["45"]}, rel="1.xlsx")
    client.night(feed="clients.customers")
    client.send("noch einmal.xlsx", first)  # changed nothing, so it is not the one that was returned
    _, report = client.night(feed="clients.customers")
    assert (report.lines[0].state, "was returned before" in report.lines[0].message) == ("failed", True)
    client.send("1 Kopie.xlsx", (client.settings.landing / client.client_id / "1.xlsx").read_bytes())
    client.night(feed="clients.customers")
    assert (last(client).state, last(client).kind) == ("duplicate", "correction")
    second = newest(client).read_bytes()
    customers = client.settings.landing / client.client_id / "kunden/Kundenstamm.csv"
    client.send("kunden/Kundenstamm (2).csv", customers.read_bytes().replace(b"folgt", b""))
    client.night(feed="clients.customers")
    client.send("zu spät.xlsx", second)
    _, report = client.night(feed="clients.customers")
    assert [line.state for line in report.lines] == ["failed"]
    assert "out of date" in report.lines[0].message
    assert open_rejects_of(other, "clients.customers") == 1


def with_token(content: bytes, token: str) -> bytes:
    """The same workbook under another token."""
    book = load_workbook(io.BytesIO(content))
    book.custom_doc_props["kontor-workbook"].value = token
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
