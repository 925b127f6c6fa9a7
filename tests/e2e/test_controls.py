"""Control totals from trailers, control files and cover sheets: what agrees loads, what does not is held, and why."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from pipelines.flow.night import discover
from tests.e2e.conftest import Client, as_csv, lines

PROFILE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  ledgers.spend:
    sources:
      texted:
        files: 'texted/.*'
        max_closed_pct: 100
        controls:
          rows: {{file: '{{stem}}.ctl', pattern: 'RECORDS=(\S*)'}}
          hash(spend_line_id): {{file: '{{stem}}.ctl', pattern: 'HASH=(\S*)'}}
          count(supplier_name): {{file: '{{stem}}.ctl', pattern: 'SUPPLIERS=(\S*)'}}
        columns: &columns
          spend_line_id: {{from: Id}}
          supplier_name: {{from: Supplier}}
          account_name: {{value: Office}}
          document_date: {{from: Date, formats: ['%Y-%m-%d']}}
          spend_amount: {{from: Amount}}
          currency_code: {{value: GBP}}
      tabled:
        files: 'tabled/(?P<day>\d+)\.csv'
        max_closed_pct: 100
        controls:
          rows: {{file: 'ctl/{{day}}.txt', format: {{delimiter: ';'}}, column: Rows, row: 2}}
          sum(spend_amount): {{file: 'ctl/{{day}}.txt', format: {{delimiter: ';'}}, column: 2, row: 2, locale: de_DE}}
          hash(spend_line_id): {{file: '/hashes/{{name}}', cell: B1}}
        columns: *columns
      packed:
        files: 'packed/[^/]+\.zip!/lines\.csv'
        max_closed_pct: 100
        controls:
          rows: {{file: 'totals.txt', pattern: '\d+'}}
          sum(spend_amount): {{file: '{{archive_stem}}.ctl', pattern: '[\d.]+'}}
        columns: *columns
      booked:
        files: 'booked/[^/]+\.xlsx'
        max_closed_pct: 100
        format: {{type: xlsx, sheet: Lines}}
        controls:
          rows: {{sheet: Cover, cell: B3}}
          sum(spend_amount): {{sheet: Summary, column: Total, row: 2}}
        columns: *columns
      trailed:
        files: 'trailed/[^/]+\.csv'
        max_closed_pct: 100
        format: {{footer_rows: 2}}
        controls:
          rows: {{footer: 1, pattern: 'T1 ROWS=(\d+)'}}
          sum(spend_amount): {{footer: 2, pattern: '^T9,(?:\w+),([\d.]+)'}}
          hash(spend_line_id): {{footer: 2, column: 4}}
        columns: *columns
"""
DATA = as_csv(lines(10))  # ids L001 … L010, amounts 10.50 … 100.50
CTL = "RECORDS=10\nHASH=55\nSUPPLIERS=10\n"
RULE = "ledgers.spend.control_total"


@pytest.fixture
def sender(client: Client) -> Client:
    client.declare(PROFILE.format(client=client.client_id))
    return client


def deliveries(client: Client) -> list[tuple[str, str]]:
    """State and message of every delivery, oldest first."""
    query = "select state, coalesce(message, '') from ops.delivery where client_id = :client order by delivery_id"
    return [(s, m) for s, m in client.query(query)]


def loaded(client: Client) -> None:
    assert deliveries(client) == [("loaded", "")]
    client.accounted()


def held(client: Client, *words: str) -> None:
    (state, message), = deliveries(client)  # fmt: skip
    assert state == "held", message
    for word in words:
        assert word in message
    assert client.query("select count(*) from core.ledgers_spend where client_id = :client") == [(0,)]
    client.accounted()


def inputs(client: Client) -> list[tuple[str, str, str, str]]:
    query = (
        "select role, name, path, i.sha256 from ops.delivery_input i join ops.delivery using (delivery_id) "
        "where client_id = :client"
    )
    return [(role, name, path, sha256) for role, name, path, sha256 in client.query(query)]


def totals(client: Client) -> dict[str, tuple[str | None, str, bool]]:
    query = (
        "select name, promised::text, measured::text, ok from ops.control_total join ops.delivery using (delivery_id) "
        "where client_id = :client"
    )
    return {name: (promised, measured, ok) for name, promised, measured, ok in client.query(query)}


# -- control files ---------------------------------------------------------------------------------------


def test_a_control_file_belongs_to_its_delivery(sender: Client) -> None:
    sender.send("texted/a.csv", DATA)
    sender.send("texted/a.ctl", CTL)
    found, _ = sender.night()
    assert (len(found.registered), found.unmatched) == (1, [])
    loaded(sender)
    assert totals(sender) == {
        "rows": ("10", "10", True), "hash(spend_line_id)": ("55", "55", True),
        "count(supplier_name)": ("10", "10", True),
    }  # fmt: skip
    ((role, name, path, sha256),) = inputs(sender)
    assert (role, name, path) == ("control", "{stem}.ctl", "texted/a.ctl")
    assert (sender.settings.archive / sha256[:2] / sha256).read_text() == CTL
    found, _ = sender.night()
    assert (found.seen, found.unmatched) == (1, [])


@pytest.mark.parametrize(
    ("ctl", "rule", "said"),
    [
        (CTL.replace("10", "11", 1), "rows", "promised 11, received 10"),
        (CTL.replace("55", "56"), "hash(spend_line_id)", "promised 56, received 55"),
        (CTL.replace("SUPPLIERS=10", "SUPPLIERS=9"), "count(supplier_name)", "promised 9, received 10"),
        (CTL.replace("HASH=55", "HASH=5x5"), "hash(spend_line_id)", "promised nothing readable, received 55"),
        (CTL.replace("HASH=55", "HASH=55.5"), "hash(spend_line_id)", "expected a whole number, got 55.5"),
        (CTL.replace("RECORDS=10", "RECORDS="), "rows", "is empty"),
        (CTL.replace("HASH=55\n", ""), "hash(spend_line_id)", "does not match"),
        (CTL + "RECORDS=10\n", "rows", "is found 2 times"),
        ("", "rows", "does not match"),
        (b"\xff\xfe\x00", "rows", "texted/a.ctl is not in utf-8"),
        (b"x" * (1 << 20) + b"x", "rows", "is larger than"),
    ],
)
def test_a_promise_that_is_not_kept_or_not_readable_holds(
    sender: Client, ctl: str | bytes, rule: str, said: str
) -> None:
    sender.send("texted/a.csv", DATA)
    sender.send("texted/a.ctl", ctl)
    sender.night()
    held(sender, f"{RULE}.{rule}", said)


def test_a_delivery_waits_for_its_control_file(sender: Client) -> None:
    sender.send("texted/a.csv", DATA)
    for _ in range(2):
        sender.night()
        assert deliveries(sender) == [("waiting", "control file not there yet: texted/a.ctl. client to act: send it")]
    sender.send("texted/a.ctl", CTL)
    sender.night()
    loaded(sender)


def test_a_control_file_without_its_file_is_told_and_is_no_delivery(sender: Client) -> None:
    """Also where the pattern of the files would match it."""
    sender.send("texted/a.ctl", CTL)
    sender.send("tabled/ctl/7.txt", "Rows;Total\n1;2\n")
    found, _ = sender.night()
    assert found.unmatched == [f"{sender.client_id}/{path}" for path in ("tabled/ctl/7.txt", "texted/a.ctl")]
    assert deliveries(sender) == []
    sender.send("texted/a.csv", DATA)
    found, _ = sender.night()
    assert found.unmatched == [f"{sender.client_id}/tabled/ctl/7.txt"]
    loaded(sender)


def test_a_newer_control_file_is_taken_while_the_delivery_is_not_settled(sender: Client) -> None:
    sender.send("texted/a.csv", DATA)
    sender.send("texted/a.ctl", CTL.replace("55", "54"))
    discover(["ledgers"], client=sender.client_id, office=sender.office())
    sender.send("texted/a.ctl", CTL)
    sender.night()
    loaded(sender)
    assert sender.query("select attempt from ops.delivery where client_id = :client") == [(2,)]


def test_a_failed_delivery_is_tried_again_with_a_newer_control_file(sender: Client) -> None:
    sender.send("texted/a.csv", DATA.replace("Amount", "Sum", 1))
    sender.send("texted/a.ctl", CTL.replace("55", "54"))
    for _ in range(2):
        sender.night()
    attempt = "select state, attempt from ops.delivery where client_id = :client"
    assert sender.query(attempt) == [("failed", 1)]
    sender.send("texted/a.ctl", CTL)
    sender.night()
    assert sender.query(attempt) == [("failed", 2)]
    sender.declare(sender.profile.replace("{from: Amount}", "{from: [Amount, Sum]}"))
    sender.night()
    loaded(sender)


def test_the_control_file_is_part_of_what_makes_a_duplicate(sender: Client) -> None:
    sender.send("texted/a.csv", DATA)
    sender.send("texted/a.ctl", CTL.replace("55", "54"))
    sender.night()
    for name, ctl in (("b", CTL.replace("55", "54")), ("c", CTL)):
        sender.send(f"texted/{name}.csv", DATA)
        sender.send(f"texted/{name}.ctl", ctl)
    sender.night()
    assert [s for s, _ in deliveries(sender)] == ["superseded", "duplicate", "loaded"]


def test_a_replay_takes_the_archived_control_file(sender: Client) -> None:
    sender.send("texted/a.csv", DATA)
    sender.send("texted/a.ctl", CTL)
    sender.night()
    for name in ("a.csv", "a.ctl"):
        (sender.settings.landing / sender.client_id / "texted" / name).unlink()
    (number,) = sender.query("select delivery_id from ops.delivery where client_id = :client")[0]
    _, report = sender.night(replay=str(number))
    assert [(line.state, line.rows_unchanged) for line in report.lines] == [("loaded", 10)]


# -- tables ----------------------------------------------------------------------------------------------

TABLE = "Rows;Total\n9;1,00\n10;555,00\n"


def test_cells_of_a_small_table(sender: Client) -> None:
    sender.send("tabled/7.csv", DATA)
    sender.send("tabled/ctl/7.txt", TABLE)
    sender.send("hashes/7.csv", "total,55\n")
    found, _ = sender.night()
    assert found.unmatched == []
    loaded(sender)


@pytest.mark.parametrize(
    ("table", "hashes", "said"),
    [
        (TABLE.replace("555", "554"), "total,55\n", "promised 554, received 555.00"),
        (TABLE.replace("Rows", "Lines"), "total,55\n", "has no columns 'Rows', expected one"),
        (TABLE.replace("Rows;Total", "Rows;Rows"), "total,55\n", "columns 'Rows', expected one"),
        ("Rows;Total\n10;555,00\n", "total,55\n", "has 1 records, none with number 2"),
        (TABLE, "total\n", "has no cell B1"),
        ("", "total,55\n", "no bytes"),
    ],
)
def test_tables_that_do_not_say_it_hold(sender: Client, table: str, hashes: str, said: str) -> None:
    sender.send("tabled/7.csv", DATA)
    sender.send("tabled/ctl/7.txt", table)
    sender.send("hashes/7.csv", hashes)
    sender.night()
    held(sender, RULE, said)


def test_a_table_of_several_records_needs_the_row(sender: Client) -> None:
    sender.declare(sender.profile.replace("column: Rows, row: 2", "column: Rows"))
    sender.send("tabled/7.csv", DATA)
    sender.send("tabled/ctl/7.txt", TABLE)
    sender.send("hashes/7.csv", "total,55\n")
    sender.night()
    held(sender, f"{RULE}.rows", "has 2 records, expected one, or `row` in the profile")


# -- archives, workbooks, trailers -----------------------------------------------------------------------


def packed(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        for name, text in members.items():
            pack.writestr(name.replace("_", "."), text)
    return out.getvalue()


def test_a_control_file_in_the_archive_and_one_beside_it(sender: Client) -> None:
    sender.send("packed/p.zip", packed(lines_csv=DATA, totals_txt="rows: 10"))
    sender.send("packed/p.ctl", "555.00")
    found, _ = sender.night()
    assert found.unmatched == []
    loaded(sender)
    assert sorted(path for _, _, path, _ in inputs(sender)) == ["packed/p.ctl", "packed/p.zip!/totals.txt"]


def test_a_control_file_missing_in_the_archive(sender: Client) -> None:
    sender.send("packed/p.zip", packed(lines_csv=DATA))
    sender.night()
    ((state, message),) = deliveries(sender)
    assert state == "waiting"
    assert "control file not there yet: packed/p.zip!/totals.txt, packed/p.ctl" in message or (
        "control file not there yet: packed/p.ctl, packed/p.zip!/totals.txt" in message
    )


def workbook(rows: object, total: object, *, cover: bool = True) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Lines"
    for row in [("Id", "Supplier", "Date", "Amount"), *((i, s, d, float(a)) for i, s, d, a in lines(10))]:
        sheet.append(row)
    if cover:
        book.create_sheet("Cover")["B3"] = rows
    summary = book.create_sheet("Summary")
    for row in [("What", "Total"), ("other", 1), ("spend", total)]:
        summary.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_figures_on_other_sheets_of_the_workbook(sender: Client) -> None:
    sender.send("booked/b.xlsx", workbook(10, 555))
    sender.night()
    loaded(sender)


@pytest.mark.parametrize(
    ("book", "said"),
    [
        (workbook(11, 555), f"{RULE}.rows: control total rows differs (promised 11, received 10)"),
        (workbook(10, 554.99), "promised 554.99, received 555.00"),
        (workbook(None, 555), "is empty"),
        (workbook(10, 555, cover=False), "Cover"),
    ],
)
def test_other_sheets_that_do_not_agree_hold(sender: Client, book: bytes, said: str) -> None:
    sender.send("booked/b.xlsx", book)
    sender.night()
    held(sender, RULE, said)


TRAILER = "T1 ROWS=10\nT9,GBP,555.00,55\n"


def test_trailer_records_are_read_by_pattern(sender: Client) -> None:
    sender.send("trailed/t.csv", DATA + TRAILER)
    sender.night()
    loaded(sender)


@pytest.mark.parametrize(
    ("trailer", "said"),
    [
        (TRAILER.replace("ROWS=10", "ROWS=12"), "promised 12, received 10"),
        (TRAILER.replace("55\n", "54\n"), f"{RULE}.hash(spend_line_id)"),
        (TRAILER.replace("T1 ROWS", "T2 ROWS"), "does not match"),
    ],
)
def test_trailer_records_that_do_not_agree_hold(sender: Client, trailer: str, said: str) -> None:
    sender.send("trailed/t.csv", DATA + trailer)
    sender.night()
    held(sender, RULE, said)


# -- what is measured ------------------------------------------------------------------------------------


def test_hash_totals_are_of_what_was_received(sender: Client) -> None:
    """Rejected rows count, cells without a digit count 0 and are told, long identifiers are added exactly."""
    rows = [*lines(18), ("9" * 40, "Supplier X", "no date", "1.00"), ("none", "", "2026-10-05", "1.00")]
    sender.send("texted/a.csv", as_csv(rows))
    expected = sum(range(1, 19)) + int("9" * 40)
    sender.send("texted/a.ctl", f"RECORDS=20\nHASH={expected}\nSUPPLIERS=19\n")
    sender.declare(
        sender.profile.replace("max_closed_pct: 100", "max_closed_pct: 100\n        max_rejects: {pct: 50}", 1)
    )
    sender.night()
    assert totals(sender)["hash(spend_line_id)"] == (str(expected), str(expected), True)
    assert totals(sender)["count(supplier_name)"] == ("19", "19", True)
    query = (
        "select observed from ops.rule_result join ops.delivery using (delivery_id) "
        "where client_id = :client and rule_id like '%hash%'"
    )
    assert sender.query(query)[0][0].endswith("; 1 cells have no digit")
