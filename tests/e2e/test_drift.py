"""A file laid out unlike that of the night before: held or failed with the right words, accepted, then quiet."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from pipelines.errors import DeliveryError
from pipelines.flow.explain import explain
from pipelines.flow.release import approve
from pipelines.flow.trial import try_file
from tests.e2e.conftest import Client, as_csv, lines
from tests.e2e.test_night import message, states, text_of

HEADER = ("Id", "Supplier", "Date", "Amount")
FIRST = ("spend/1.csv", as_csv(lines(20)))


def table(*columns: str, rows: int = 20, delimiter: str = ",", **cells: str) -> str:
    """A file with these columns in this order; `cells` are what a new column holds in every row."""
    made = []
    for row in lines(rows):
        known = dict(zip(HEADER, row, strict=True))
        made.append([cells.get(c.replace(" ", "_"), known.get(c, "x")) for c in columns])
    return "".join(delimiter.join(r) + "\n" for r in [list(columns), *made])


def ids(client: Client) -> list[int]:
    query = "select delivery_id from ops.delivery where client_id = :client order by delivery_id"
    return [i for (i,) in client.query(query)]


def declare(client: Client, old: str, new: str) -> None:
    assert old in client.profile
    client.declare(client.profile.replace(old, new, 1))


HELD = {
    "new_at_the_end": (table(*HEADER, "Clerk"), "new column 'Clerk' at position 5 (after 'Amount')"),
    "new_between": (table("Id", "Supplier", "Clerk", "Date", "Amount"),
                    "new column 'Clerk' at position 3 (between 'Supplier' and 'Date')"),
    "new_at_the_start": (table("Clerk", *HEADER), "new column 'Clerk' at position 1 (before 'Id')"),
    "moved": (table("Id", "Amount", "Supplier", "Date"), "column 'Amount' moved from position 4 to 2"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HELD)
def test_drift_that_leaves_the_rows_readable_is_held_until_it_is_approved(client: Client, kind: str) -> None:
    content, said = HELD[kind]
    client.send(*FIRST)
    client.night()
    client.send("spend/2.csv", content)
    client.night()
    assert states(client)[1] == ("held", "hold")
    assert said in message(client)
    assert "ledgers.spend.layout_drift" in message(client)
    assert f"the layout is not that of delivery {ids(client)[0]}" in message(client)
    assert "us to act: approve" in message(client)
    client.accounted()
    assert said in text_of(explain(ids(client)[1], office=client.office()))

    approve(ids(client)[1], person="steward", reason="the client told us", office=client.office())
    client.night()
    assert states(client)[1] == ("loaded", "hold")
    client.send("spend/3.csv", content.replace("10.50", "11.50"))
    client.night()
    assert states(client)[2] == ("loaded", "pass")
    assert client.current()["L001"] == "11.50"
    assert len(client.current()) == 20
    client.accounted()


def test_after_an_approval_the_old_layout_is_drift_too(client: Client) -> None:
    client.send(*FIRST)
    client.night()
    client.send("spend/2.csv", table(*HEADER, "Clerk"))
    client.night()
    approve(ids(client)[1], person="steward", reason="agreed", office=client.office())
    client.night()
    client.send("spend/3.csv", as_csv(lines(21)))
    client.night()
    assert states(client)[2] == ("held", "hold")
    assert "column 'Clerk' (position 5 before) is gone; it was not read" in message(client)


def test_a_held_layout_is_let_in_by_a_replay_once_the_profile_names_its_columns(client: Client) -> None:
    client.send(*FIRST)
    client.night()
    client.send("spend/2.csv", table(*HEADER, "Clerk"))
    client.night()
    declare(client, "columns: &columns", "ignore: {Clerk: initials}\n        columns: &columns")
    client.night(replay=str(ids(client)[1]))
    assert [s for s, _ in states(client)] == ["loaded", "superseded", "loaded"]
    assert states(client)[2] == ("loaded", "pass")
    shown = text_of(explain(ids(client)[2], office=client.office()))
    assert "new column 'Clerk' at position 5 (after 'Amount'): ignored by the profile (noted)" in shown
    client.accounted()


def test_an_ignored_column_that_is_gone_is_held(client: Client) -> None:
    declare(client, "columns: &columns", "ignore: {Clerk: initials}\n        columns: &columns")
    client.send("spend/1.csv", table(*HEADER, "Clerk"))
    client.night()
    assert states(client) == [("loaded", "pass")]
    client.send("spend/2.csv", as_csv(lines(21)))
    client.night()
    assert states(client)[1] == ("held", "hold")
    assert "column 'Clerk' (position 5 before) is gone" in message(client)


RENAMED = table("Id", "Supplier", "Date", "Amount GBP", Amount_GBP="12.50")
FAILED = {
    "renamed": (RENAMED, ["column 'Amount' is gone; 'Amount GBP' at its place looks like it (same position, 100% of "
                          "20 sampled values of the same shape)"], "spend_amount: {from: [Amount, Amount GBP]}"),
    "delimiter": (table(*HEADER, delimiter=";"), ["file is now delimited by ';' (profile says ',')"],
                  "format: {delimiter: ;}"),
    "header_below": ("Spend of October\n\nprinted,today\n" + as_csv(lines(20)),
                     ["the header of before stands in line 4 now (profile says 1)"], "format: {header_rows: [4]}"),
    "encoding": (as_csv(lines(20)).replace("Supplier A", "Müller").encode("cp1252"),
                 ["encoding looks like cp1252 now (profile says utf-8)"], "format: {encoding: cp1252}"),
    "utf16": (as_csv(lines(20)).encode("utf-16"), ["encoding looks like utf-16 now"], "format: {encoding: utf-16}"),
    "dos": (as_csv(lines(20)).replace("Supplier A", "Müller Öl").encode("cp850"), ["encoding looks like cp850 now"],
            "format: {encoding: cp850}"),
    "quotes": (as_csv(lines(20)).replace(",", "','").replace("\n", "'\n").replace("L0", "'L0").replace("Id'", "'Id'"),
               ["cells are now quoted by ' (profile says \")"], """format: {quote_char: ''''}"""),
    "no_header": (as_csv(lines(20)).partition("\n")[2], ["the header is missing: 4 of 4 cells of line 1"],
                  "format: {header_rows: [], names: [Id, Supplier, Date, Amount]}"),
    "several_at_once": ("Report\n" + table(*HEADER, delimiter=";").replace("Supplier A", "Müller"),
                        ["file is now delimited by ';'", "the header of before stands in line 2 now"], "format: {"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FAILED)
def test_drift_that_makes_a_mapped_column_unreadable_fails_with_the_line_that_accepts_it(
    client: Client, kind: str
) -> None:
    content, said, line = FAILED[kind]
    client.send(*FIRST)
    client.night()
    client.send("spend/2.csv", content)
    client.night()
    assert states(client)[1] == ("failed", "fail"), message(client)
    for text in said:
        assert text in message(client)
    assert f"`{line}" in message(client)
    assert "layout has changed" in message(client)
    assert f"{client.client_id}.yaml" in message(client)
    assert len(client.current()) == 20

    accept(client, message(client))
    client.night()
    assert states(client)[1][0] == "loaded", message(client)
    assert states(client)[1][1] == "pass"
    assert len(client.current()) == 20
    client.accounted()


def accept(client: Client, said: str) -> None:
    """Paste the line of the message into the source `main` of the profile."""
    line = said.split("`")[1]
    key = line.partition(":")[0]
    if key == "format":
        declare(client, "columns: &columns", f"{line}\n        columns: &columns")
        return
    text = client.profile.splitlines()
    at = next(i for i, row in enumerate(text) if row.strip().startswith(f"{key}:"))
    text[at] = f"          {line}"
    client.declare("\n".join(text) + "\n")


def test_a_mapped_column_that_is_gone_is_not_replaced_by_anything(client: Client) -> None:
    client.send(*FIRST)
    client.night()
    client.send("spend/2.csv", table("Id", "Date", "Amount"))
    client.night()
    assert states(client)[1] == ("failed", "fail")
    assert "column 'Supplier' (position 2 before) is gone; it is read as supplier_name" in message(client)
    assert "looks like" not in message(client)


def test_a_second_column_of_a_mapped_name_is_not_chosen_from(client: Client) -> None:
    client.send(*FIRST)
    client.night()
    client.send(
        "spend/2.csv", "Id,Amount,Supplier,Date,Amount\n" + "".join(f"L{i},1,S,2026-10-05,2\n" for i in range(9))
    )
    client.night()
    assert states(client)[1] == ("failed", "fail")
    assert "columns named 'Amount' stand at positions 2, 5 now, at position 4 before" in message(client)
    assert "spend_amount is read from is not certain" in message(client)


def test_an_encoding_that_reads_any_bytes_does_not_hide_another_one(client: Client) -> None:
    declare(client, "mode: snapshot", "mode: snapshot\n        format: {encoding: cp1252}")
    client.send("spend/1.csv", as_csv(lines(20)).replace("Supplier A", "Müller").encode("cp1252"))
    client.night()
    assert states(client) == [("loaded", "pass")]
    client.send("spend/2.csv", as_csv(lines(21)).replace("Supplier A", "Müller").encode("utf-8"))
    client.night()
    assert states(client)[1] == ("held", "hold")
    assert "encoding looks like utf-8 now (profile says cp1252)" in message(client)


def test_equal_layouts_are_no_drift_whatever_the_white_space(client: Client) -> None:
    declare(client, "supplier_name: {from: Supplier}", "supplier_name: {from: [Supplier, Vendor]}")
    declare(client, "spend_amount: {from: Amount}", "spend_amount: {from: Amount}\n"
            "          supplier_id: {from: Dept, optional: true}")  # fmt: skip
    client.send(*FIRST)
    files = [
        as_csv(lines(21)),
        as_csv(lines(22)).replace("Id,Supplier,Date", ' id  ,"Supplier\n",DATE', 1),
        as_csv(lines(23)).replace("Supplier", "Vendor", 1),
        table("Id", "Supplier", "Date", "Dept", "Amount", rows=24),
        as_csv(lines(25)),
    ]
    for n, content in enumerate(files):
        client.night()
        client.send(f"spend/{n + 2}.csv", content)
    client.night()
    assert states(client) == [("loaded", "pass")] * 6
    notes = [text_of(explain(i, office=client.office())) for i in ids(client)]
    assert "compared with nothing" in notes[0]
    assert ": the same" in notes[1] and ": the same" in notes[2]
    assert "column 'Supplier' is called 'Vendor', an accepted spelling of supplier_name (noted)" in notes[3]
    assert "new column 'Dept' at position 4 (between 'Date' and 'Amount'): read as supplier_id (noted)" in notes[4]
    assert "column 'Dept' (position 4 before) is gone: optional, supplier_id stays empty (noted)" in notes[5]


def test_a_layout_listed_in_the_profile_is_the_reference_of_the_first_file(client: Client) -> None:
    listed = f"layout: [{', '.join(HEADER)}]"
    declare(client, "columns: &columns", f"{listed}\n        columns: &columns")
    client.send("spend/1.csv", table(*HEADER, "Clerk"))
    client.night()
    assert states(client) == [("held", "hold")]
    assert "the layout is not that of the list in the profile" in message(client)
    assert "new column 'Clerk' at position 5 (after 'Amount')" in message(client)
    approve(ids(client)[0], person="steward", reason="agreed", office=client.office())
    client.night()
    client.send("spend/2.csv", table(*HEADER, "Clerk", rows=21))
    client.send("spend/3.csv", as_csv(lines(22)))
    client.night()
    assert states(client) == [("loaded", "hold"), ("loaded", "pass"), ("loaded", "pass")]
    client.accounted()


def test_a_column_that_the_profile_lists_but_does_not_name_is_our_omission(client: Client) -> None:
    declare(client, "columns: &columns", "layout: [Id, Supplier, Date, Amount, Clerk]\n        columns: &columns")
    client.send("spend/1.csv", table(*HEADER, "Clerk"))
    client.night()
    assert states(client) == [("failed", "fail")]
    assert "column not declared: 'Clerk'" in message(client)


def test_the_first_delivery_of_a_source_must_be_declared_whole(client: Client) -> None:
    client.send("other/1.csv", as_csv(lines(20)))
    client.night()
    client.send("spend/1.csv", table(*HEADER, "Clerk"))
    client.night()
    assert states(client)[1] == ("failed", "fail")
    assert "column not declared: 'Clerk'" in message(client)


def test_layouts_are_compared_per_source(client: Client) -> None:
    declare(client, "other/[^/]+", "(other|spend)/[^/]+")
    declare(client, "columns: *columns\n      changes", "columns: *columns\n        rows: [{column: Amount, empty: "
            "false}]\n      changes")  # fmt: skip
    client.send(*FIRST)
    client.night()
    assert states(client) == [("loaded", "pass")] * 2
    client.send("spend/2.csv", table(*HEADER, "Clerk"))
    client.night()
    assert states(client)[2:] == [("held", "hold")] * 2
    approve(ids(client)[2], person="steward", reason="agreed", office=client.office())
    client.night()
    client.send("spend/3.csv", table(*HEADER, "Clerk", rows=21))
    client.night()
    third = client.query(
        "select source, state from ops.delivery where client_id = :client and file_name = 'spend/3.csv'"
    )
    assert sorted(s for _, s in third) == ["held", "loaded"]


def workbook(**sheets: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows_of(n: int, *before: list[str]) -> list[list[str]]:
    return [*before, list(HEADER), *map(list, lines(n))]


def test_a_workbook_whose_header_or_sheet_moved_says_where_it_is(client: Client, tmp_path: Path) -> None:
    declare(client, r"files: 'spend/[^/]+\.csv'", "files: 'spend/[^/]+'\n        format: {type: xlsx}")
    client.send("spend/1.xlsx", workbook(Spend_2026_09=rows_of(20)))
    client.night()
    client.send("spend/2.xlsx", workbook(Spend_2026_10=rows_of(21)))
    client.night()
    assert states(client) == [("loaded", "pass")] * 2
    client.send("spend/3.xlsx", workbook(Spend_2026_11=rows_of(22, ["Spend"], ["printed", "today"])))
    client.night()
    assert "the header of before stands in row 3 now (profile says 1)" in message(client)
    client.send("spend/4.xlsx", workbook(Cover=[["Dear all"], ["see sheet 2"]], Spend=rows_of(22)))
    client.night()
    assert "the table stands in sheet 2 now (profile says the first visible one)" in message(client)
    client.send("spend/5.xlsx", workbook(York=rows_of(22), Spend=rows_of(22)))
    client.night()
    assert states(client)[4] == ("held", "hold")
    assert "the table is read from sheet 'York' now, before 'Spend 2026 10'" in message(client)
    client.send("spend/6.xlsx", as_csv(lines(22)))
    client.night()
    assert "the file is delimited text now (profile says xlsx)" in message(client)


def test_a_file_without_header_that_has_another_delimiter_says_so(client: Client) -> None:
    names = f"format: {{header_rows: [], names: [{', '.join(HEADER)}]}}"
    declare(client, "columns: &columns", f"{names}\n        columns: &columns")
    client.send("spend/1.csv", as_csv(lines(20)).partition("\n")[2])
    client.night()
    assert states(client) == [("loaded", "pass")]
    client.send("spend/2.csv", as_csv(lines(20)).partition("\n")[2].replace(",", ";"))
    client.night()
    assert states(client)[1] == ("failed", "fail")
    assert "file is now delimited by ';' (profile says ',')" in message(client)


def test_values_of_an_unknown_table_are_not_shown_either(client: Client) -> None:
    client.send("spend/1.csv", "4711,Erika Mustermann,2026-10-05\n" * 5)
    client.night()
    assert "is the header line missing" in message(client)
    assert "Mustermann" not in message(client)


def test_values_in_the_place_of_the_header_are_not_shown(client: Client) -> None:
    client.send(*FIRST)
    client.night()
    client.send("spend/2.csv", "4711,Erika Mustermann,2026-10-05,3.50\n" * 5)
    client.night()
    assert states(client)[1] == ("failed", "fail")
    assert "the header is missing: 3 of 4 cells of line 1 have the shape of values" in message(client)
    assert "Mustermann" not in message(client)


def test_trying_a_file_says_how_it_can_be_read(client: Client) -> None:
    client.send("spend/1.csv", "Spend\n" + table(*HEADER, delimiter=";"))
    profile = client.settings.client_folders[0] / f"{client.client_id}.yaml"
    file = client.settings.landing / client.client_id / "spend/1.csv"
    with pytest.raises(DeliveryError, match="layout is not the declared one") as error:
        try_file(client.settings, profile, file, source="main")
    assert "file is delimited by ';' (profile says ',')" in str(error.value)
    assert "`format: {delimiter: ;, header_rows: [2]}`" in str(error.value)


def test_look_up_files_may_have_any_columns(client: Client) -> None:
    names = "".join(f"Supplier {chr(65 + i)},House {chr(65 + i)}\n" for i in range(26))
    client.send("names.csv", "Code,Name\n" + names)
    client.send("coded/1.csv", as_csv(lines(10)))
    client.night()
    client.send("names.csv", "Remark,Code,Name\n" + "".join(f"x,{row}\n" for row in names.splitlines()))
    client.send("coded/2.csv", as_csv(lines(11)))
    client.night()
    assert states(client) == [("loaded", "pass")] * 2
    client.send("coded/3.csv", table("Id", "Supplier", "Date", "Amount", "Clerk"))
    client.night()
    assert states(client)[2] == ("held", "hold")


def test_a_held_delta_holds_back_the_later_ones_until_its_layout_is_accepted(client: Client) -> None:
    def delta(n: int, *columns: str) -> None:
        rows = table(*columns, rows=5).replace("L0", f"L{n}")
        client.send(f"changes/{n}.csv", rows + f"total,5{',' * (len(columns) - 2)}\n")

    delta(1, *HEADER)
    client.night()
    delta(2, *HEADER, "Clerk")
    client.night()
    delta(3, *HEADER, "Clerk")
    client.night()
    assert [s for s, _ in states(client)] == ["loaded", "held", "waiting"]
    approve(ids(client)[1], person="steward", reason="agreed", office=client.office())
    client.night()
    client.night()
    assert states(client) == [("loaded", "pass"), ("loaded", "hold"), ("loaded", "pass")]
    assert len(client.current("changes")) == 15
    client.accounted()


def test_a_profile_that_no_longer_ignores_a_column_is_incomplete(client: Client) -> None:
    declare(client, "columns: &columns", "ignore: {Clerk: initials}\n        columns: &columns")
    client.send("spend/1.csv", table(*HEADER, "Clerk"))
    client.night()
    declare(client, "ignore: {Clerk: initials}", "ignore: {}")
    client.send("spend/2.csv", table(*HEADER, "Clerk", rows=21))
    client.night()
    assert states(client)[1] == ("failed", "fail")
    assert "column not declared: 'Clerk'" in message(client)
