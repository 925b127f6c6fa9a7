"""The correction workbook as a file: what it says, what it locks, that texts stay texts; and what comes back of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import load_workbook

from pipelines.contract import Column
from pipelines.errors import DeliveryError
from pipelines.quarantine import expected
from pipelines.quarantine.cells import same, shown
from pipelines.quarantine.content import Content, Line, Reason
from pipelines.quarantine.returned import Sent, compare
from pipelines.quarantine.suggest import suggestion
from pipelines.quarantine.token import mark_of
from pipelines.quarantine.words import WORDS
from pipelines.quarantine.workbook import FIRST_ROW, HEADER_ROW, HIDDEN_SHEET, LEAD, written

COLUMNS = ["No", "Name", "State"]
LINE = Line("BCDF", "7", "State is unknown", ["1", "=A1", "x"], notes={2: "• unknown"}, locked=frozenset({0}))


def content(*lines: Line, language: str = "en", **more: Any) -> Content:
    """A workbook of one small feed."""
    facts = [(WORDS[language]["client"], "=Sample Ltd")]
    reasons = [Reason("State is unknown", 1, ours=True)]
    return Content(
        "T" * 22, "a.b", "main", language, facts, COLUMNS, lines or (LINE,), reasons,
        choices={2: ["new", 'o"ld, or so']}, amounts=[("Net", "EUR", "-1,00")], **more,
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de"])
def test_sheets_locks_notes_and_lists(language: str) -> None:
    book = load_workbook(io.BytesIO(written(content(language=language, rest=3, until="Monday"))))
    words = WORDS[language]
    assert book.sheetnames == [words["summary"], words["rows"], HIDDEN_SHEET]
    assert book[HIDDEN_SHEET].sheet_state == "veryHidden"
    sheet = book[words["rows"]]
    assert [c.value for c in sheet[HEADER_ROW]] == [*(words[w] for w in LEAD), *COLUMNS]
    assert [c.value for c in sheet[FIRST_ROW]] == ["BCDF", "7", "State is unknown", "1", "=A1", "x"]
    assert [c.protection.locked for c in sheet[FIRST_ROW]] == [True, True, True, True, False, False]
    assert {c.data_type for c in sheet[FIRST_ROW]} == {"s"}
    assert {c.number_format for c in sheet[FIRST_ROW]} == {"@"}
    assert (sheet["E3"].quotePrefix, sheet["D3"].quotePrefix) == (True, False)
    assert sheet["F3"].comment.text == "• unknown"
    assert sheet.protection.sheet and book[words["summary"]].protection.sheet
    rule = sheet.data_validations.dataValidation[0]
    assert (str(rule.sqref), rule.formula1) == ("F3", f"'{HIDDEN_SHEET}'!$B$1:$B$2")
    assert [book[HIDDEN_SHEET].cell(r, 2).value for r in (1, 2)] == ["new", 'o"ld, or so']
    assert sheet.freeze_panes == "D3" and sheet.auto_filter.ref == "A2:F3"
    texts = [str(c.value) for row in book[words["summary"]].iter_rows() for c in row if c.value]
    assert "=Sample Ltd" in texts and words["us"] in texts and "-1,00" in texts
    assert any("3 " in t and words["rest"][-12:] in t for t in texts)
    assert any("Monday" in t for t in texts)


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["de"].keys() == WORDS["en"].keys()
    assert all(WORDS[lang][word].strip() for lang in WORDS for word in WORDS[lang])


def test_the_token_is_found_without_opening_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(written(content()))
    mark = mark_of(path)
    assert mark is not None
    assert (mark.token, mark.feed, mark.source, mark.modified_by) == ("T" * 22, "a.b", "main", "")
    (tmp_path / "b.xlsx").write_bytes(path.read_bytes()[:500])
    (tmp_path / "c.xlsx").write_bytes(b"not a workbook")
    with ZipFile(tmp_path / "bomb.xlsx", "w", ZIP_DEFLATED) as pack:
        pack.writestr("docProps/custom.xml", b" " * (64 << 20))
    assert [mark_of(tmp_path / name) for name in ("b.xlsx", "c.xlsx", "bomb.xlsx", "none.xlsx")] == [None] * 4


def test_texts_that_no_cell_can_hold_are_shown_and_come_back_unchanged() -> None:
    texts = ["a\r\nb", "nul\x00", "_x0041_", "x" * 40_000, "\x1b[1m", "ä\ufffe"]
    line = Line("BCDF", "7", "s", [shown(t) for t in texts])
    made = Content("T" * 22, "a.b", "main", "en", [("Client", "c")], [f"c{n}" for n in range(6)], [line], [])
    sheet = load_workbook(io.BytesIO(written(made)))["Corrections"]
    got = [str(c.value) for c in sheet[FIRST_ROW]][len(LEAD) :]
    assert all(same(a, b) for a, b in zip(line.cells, got, strict=True))
    assert len(got[3]) == 32_001


SENT = [
    Sent.of(3, "h1", 7, {"No": "1", "Name": "a", "State": "x", "__said": "s", "__address": "7", "__locked": ["No"]}),
    Sent.of(4, "h2", 9, {"No": "2", "Name": "b", "State": "y", "__said": "s", "__address": "9", "__locked": ["No"]}),
]
HEADER = (2, ["Key", "Row", "What is wrong", *COLUMNS])
ONE, TWO = ["1", "7", "s", "1", "a", "x"], ["2", "9", "s", "2", "b", "y"]


def came_back(*lines: list[str], header: tuple[int, list[str]] = HEADER) -> Any:
    """Compare what came back with two rows."""
    records = [header, *((n, cells) for n, cells in enumerate(lines, start=3))]
    return compare(COLUMNS, SENT, records, lambda token: f"h{token}", "en", "a.xlsx")


def test_only_changed_cells_are_taken_wherever_the_rows_stand_now() -> None:
    found = came_back(TWO, [*ONE[:5], "new"], ["", " ", ""])
    assert found.cells == {3: {"State": "new"}, 4: {}}
    assert found.missing == []
    assert [row.number for row in came_back(TWO).missing] == [7]


@pytest.mark.parametrize(
    ("lines", "got"),
    [
        ([ONE, ["3", *TWO[1:]]], "a key that was not sent"),
        ([ONE, ["", *TWO[1:]]], "a row without key"),
        ([ONE, ONE], "a key that stands in two rows"),
        ([["2", *ONE[1:]], ["1", *TWO[1:]]], "a locked cell"),
        ([[*ONE[:3], "5", *ONE[4:]], TWO], "a locked cell"),
        ([[*ONE[:2], "fine", *ONE[3:]], TWO], "a locked cell"),
        ([[*ONE, "note"], TWO], "a cell beside the table"),
        ([[*ONE[:5], "#REF!"], TWO], "#REF!"),
    ],
)
def test_anything_else_that_changed_refuses_the_workbook(lines: list[list[str]], got: str) -> None:
    with pytest.raises(DeliveryError) as refused:
        came_back(*lines)
    assert got in str(refused.value.got)
    assert "client to act" in str(refused.value)


@pytest.mark.parametrize("names", [["No", "Name"], ["No", "State", "Name"], ["No", "Name", "State", "More"]])
def test_another_header_refuses_the_workbook(names: list[str]) -> None:
    with pytest.raises(DeliveryError, match="changed where it must not be"):
        came_back(ONE, TWO, header=(2, ["Key", "Row", "What is wrong", *names]))


def reads(*known: str) -> Any:
    """A column that can be read from these texts only."""
    return lambda text: text in known


@pytest.mark.parametrize(
    ("text", "known", "words", "better"),
    [
        (" Aktiv.", ["aktiv"], {"codes": ["aktiv", "ruhend"]}, "aktiv"),
        ("akti", ["aktiv"], {"codes": ["aktiv"]}, None),  # looks alike: a guess
        ("A.B", ["AB", "A-B"], {"codes": ["AB", "A-B"]}, None),  # two codes of that spelling
        ("2026-10-05", ["05.10.2026"], {"formats": ["%d.%m.%Y"]}, "05.10.2026"),
        ("05/10/2026", ["05.10.2026"], {"formats": ["%d.%m.%Y"]}, None),  # day and month could be swapped
        ("2026-13-05", [], {"formats": ["%d.%m.%Y"]}, None),
        ("１２\u200b3", ["123"], {}, "123"),
        ("DE00 1234", ["DE001234"], {}, None),  # nothing is put together or taken apart
    ],
)
def test_only_the_same_value_is_suggested(
    text: str, known: list[str], words: dict[str, Any], better: str | None
) -> None:
    assert suggestion(text, reads(*known), **words) == better


def column(semantic: str, physical: str = "text", **more: Any) -> Column:
    """A column of a contract."""
    return Column("c", physical, semantic, True, False, "public", "c", **more)


def test_what_is_expected_is_said_as_the_client_writes() -> None:
    de = expected.Habits("de_DE", ("%d.%m.%y",))
    assert expected.of_column(column("date", "date"), de, "de") == "Datum wie TT.MM.JJ (31.12.26)"
    assert "1.234,50" in expected.of_column(column("money", "numeric(18,2)"), de, "de")
    assert "1,234.50" in expected.of_column(column("rate", "numeric(9,4)"), expected.Habits("en_GB"), "en")
    assert expected.of_column(column("code", codes=("a", "b")), expected.Habits("en_GB", codes=("A",)), "en").endswith(
        "A"
    )
    assert expected.of_column(column("boolean", "boolean"), expected.Habits("en_GB"), "en") == "yes or no"
    assert expected.of_column(column("text"), de, "de") == ""


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("between", {"min_value": 0, "max_value": 1000.5}, "from 0 to 1,000.5"),
        ("between", {"min_value": 0, "strict_min": True}, "more than 0"),
        ("between", {"max_value": "2035-12-31"}, "at most 2035-12-31"),
        ("expect_column_values_to_be_in_set", {"value_set": ["a", "b"]}, "one of: a, b"),
        ("expect_column_values_to_not_be_in_set", {"value_set": [0]}, "not 0"),
        ("expect_columns_to_add_up", {"columns": ["net", "tax"], "total": "gross"}, "Netto + tax = gross"),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "tax", "column_B": "net", "or_equal": True},
            "tax ≥ Netto",
        ),
        ("expect_column_values_to_match_regex", {"regex": "^x$"}, ""),
    ],
)
def test_bounds_are_those_of_the_suite(kind: str, kwargs: dict[str, Any], said: str) -> None:
    assert expected.of_rule(kind, kwargs, {"net": "Netto"}, "en_GB", "en") == said
