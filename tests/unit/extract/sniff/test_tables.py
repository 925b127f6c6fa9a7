"""Preambles, headers, footers, and several tables in one file."""

from __future__ import annotations

import pytest

from tests.unit.extract.sniff.conftest import Sniffed

BODY = [f"{i};Item {i};{i * 3},50" for i in range(1, 13)]


def text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "before",
    [
        ["Report of sales", "Created 2020-01-01", ""],
        ["Report of sales;;", "Created 2020-01-01;;"],
        ["# Report of sales", "# Created 2020-01-01"],
        ["", ""],
    ],
)
def test_preamble(sniffed: Sniffed, before: list[str]) -> None:
    found = sniffed(text(*before, "id;name;amount", *BODY))
    assert found.words["header_rows"] == [len(before) + 1]
    assert found.words["preamble_rows"] == len(before)
    assert found.tables[0].first_row == len(before) + 2


def test_header_of_two_rows(sniffed: Sniffed) -> None:
    found = sniffed(text("id;name;amount", "no;text;EUR", *BODY))
    assert found.words["header_rows"] == [1, 2]
    assert found.tables[0].columns == ("id no", "name text", "amount EUR")


def test_repeated_header(sniffed: Sniffed) -> None:
    found = sniffed(text("id;name;amount", *BODY[:6], "id;name;amount", *BODY[6:]))
    assert found.words["repeated_headers"] == "skip"


def test_total_row_is_proved_by_its_sum(sniffed: Sniffed) -> None:
    found = sniffed(text("id;name;amount", "1;A;10", "2;B;20", "3;C;30", "Total;;60"))
    assert found.words["footer_rows"] == 1
    footer = next(f for f in found.findings if f.word == "footer_rows")
    assert footer.confidence >= 0.9
    assert "sums" in footer.evidence


def test_total_row_without_its_sum_is_a_doubt(sniffed: Sniffed) -> None:
    found = sniffed(text("id;name;amount", "1;A;10", "2;B;20", "3;C;30", "Total;;99"))
    assert found.words["footer_rows"] == 1
    assert next(f for f in found.findings if f.word == "footer_rows").confidence < 0.9
    assert any("row 5" in w for w in found.warnings)


@pytest.mark.parametrize("notes", [["", "Source: own data"], ["End of report"], ["", "a note", "another one"]])
def test_notes_behind_the_table(sniffed: Sniffed, notes: list[str]) -> None:
    found = sniffed(text("id;name;amount", *BODY, *notes))
    assert found.words["footer_rows"] == sum(1 for n in notes if n)


def test_second_table(sniffed: Sniffed) -> None:
    found = sniffed(text("id;name;amount", *BODY, "", "code;label", "A;one", "B;two"))
    assert found.words["end_at"] == "blank"
    assert [(t.header_rows, t.first_row, t.last_row, len(t.columns)) for t in found.tables] == [
        ((1,), 2, 13, 3),
        ((15,), 16, 17, 2),
    ]
    assert any("rows 15 to 17" in w for w in found.warnings)


def test_second_table_by_a_change_of_width(sniffed: Sniffed) -> None:
    found = sniffed(text("id;name;amount", *BODY, "code;label", "A;one", "B;two", "C;three", "D;four"))
    assert found.words["end_row"] == 13
    assert len(found.tables) == 2


def test_small_table_before_the_large_one(sniffed: Sniffed) -> None:
    found = sniffed(text("Client;ACME", "Month;10", "", "id;name;amount", *BODY))
    assert found.words["header_rows"] == [4]
    assert found.tables[0].first_row == 5


def test_blank_lines_inside(sniffed: Sniffed) -> None:
    found = sniffed(text("id;name;amount", *BODY[:5], "", *BODY[5:]))
    assert len(found.tables) == 1
    assert "end_at" not in found.words


def test_comments_between_records(sniffed: Sniffed) -> None:
    found = sniffed(text("id;name;amount", *BODY[:5], "# counted again", *BODY[5:]))
    assert found.words["comment_char"] == "#"


def test_ragged_records_are_said(sniffed: Sniffed) -> None:
    found = sniffed(text("id;name;amount", *BODY[:4], "99;short", *BODY[4:], "1;2;3"))
    assert any("1 of 14 records have another number of cells than 3, the first in row 6" in w for w in found.warnings)


def test_header_without_a_name_for_the_first_column(sniffed: Sniffed) -> None:
    found = sniffed(text("name;amount", *BODY))
    assert found.words["header_rows"] == []
    assert found.words["names"] == ["column 1", "name", "amount"]
    assert found.words["preamble_rows"] == 1


def test_footer_of_a_large_file(sniffed: Sniffed) -> None:
    rows = "".join(f"{i};Item number {i} of the list;{i * 3},50\n" for i in range(60_000))
    found = sniffed("id;name;amount\n" + rows + "\nPrinted by the shop\n")
    assert found.words["footer_rows"] == 1


def test_fixed_width(sniffed: Sniffed) -> None:
    rows = [
        f"{i:<6}{name:<14}{amount:>9.2f}"
        for i, name, amount in zip(
            range(20), ["Miller", "Smith & Co", "ABC Ltd", "De Long"] * 5, range(20), strict=True
        )
    ]
    found = sniffed(text(f"{'no':<6}{'name':<14}{'amount':>9}", *rows))
    assert found.words["type"] == "fixed"
    assert [f["name"] for f in found.words["fields"]] == ["no", "name", "amount"]
    assert found.words["preamble_rows"] == 1
    assert found.format.fields is not None
