"""DATEV's format: the year of a day, both sides of a booking, encodings, headings, what is refused and where."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipelines.errors import DeliveryError
from pipelines.extract.facts import FileFacts
from pipelines.extract.messages.datev import plain_amount
from pipelines.extract.messages.datev_fields import FIELDS, HEADER, TABLE_OF
from pipelines.extract.reader import read_table
from pipelines.extract.reading import read
from pipelines.extract.table import LEAD, PROBLEM
from pipelines.formats import message_format
from pipelines.profile import Format
from tests.samples.datev import first_line, headings, record, written

SALE = {
    "amount": "1190,00", "side_code": "S", "account": "10001", "counter_account": "8400", "document_day": "0501",
    "document_id": "RE-1", "text": 'Müller; "Süd"',
}  # fmt: skip


def cells(path: Path, table: str | None = None, **words: Any) -> tuple[list[dict[str, str]], FileFacts]:
    reader = read_table(path, Format(type="datev", table=table, **words), "en_US")
    rows = [
        {k: v for k, v in row.items() if v and k not in LEAD} | ({PROBLEM: row[PROBLEM]} if row[PROBLEM] else {})
        for batch in reader.batches()
        for row in batch.to_pylist()
    ]
    return rows, reader.facts


def batch(path: Path, *bookings: dict[str, str], encoding: str = "cp1252", **first: str) -> Path:
    path.write_bytes(written("21", bookings, **first).encode(encoding))
    return path


def test_a_booking_is_two_lines_of_a_ledger_that_balance(tmp_path: Path) -> None:
    rows, facts = cells(batch(tmp_path / "b.csv", SALE), "entries")
    assert [(r["account_id"], r["debit_amount"], r["credit_amount"]) for r in rows] == [
        ("10001", "1190.00", "0"),
        ("8400", "0", "1190.00"),
    ]
    assert [r.get("partner_id") for r in rows] == ["10001", None]
    assert {r["document_date"] for r in rows} == {"2026-01-05"}
    assert {r["text"] for r in rows} == {'Müller; "Süd"'}
    assert {r["currency_code"] for r in rows} == {"EUR"}
    assert len({r["journal_id"] for r in rows}) == 1
    assert [r["position"] for r in rows] == ["line 3, account", "line 3, counter account"]
    assert facts.encoding == "cp1252"


def test_a_credit_and_a_reversal_stand_on_their_sides(tmp_path: Path) -> None:
    reversed_ = ({"reversal_code": "1"}, {"tax_key": "23"}, {"reversal_code": "g"})
    path = batch(tmp_path / "b.csv", SALE | {"side_code": "H"}, *(SALE | one for one in reversed_))
    rows, _ = cells(path, "entries")
    accounts = [r for r in rows if r["line_id"] == "1"]
    assert [(r["debit_amount"], r["credit_amount"]) for r in accounts] == [
        ("0", "1190.00"),
        ("-1190.00", "0"),
        ("-1190.00", "0"),
        ("-1190.00", "0"),
    ]


@pytest.mark.parametrize(
    ("day", "start", "expected"),
    [
        ("0501", "20260101", "2026-01-05"),
        ("501", "20260101", "2026-01-05"),
        ("0107", "20260701", "2026-07-01"),
        ("3006", "20260701", "2027-06-30"),
        ("2902", "20230701", "2024-02-29"),
        ("2902", "20260101", "2026-02-29"),  # no day: refused where dates are read
        ("", "20260101", None),
        ("31012024", "20260101", "2024-01-31"),
        ("31.01.2024", "20260101", "2024-01-31"),
        ("0501", "01.01.2026", "2026-01-05"),
        ("0501", "2026-01-01", "2026-01-05"),
        ("5.1.", "20260101", "5.1."),
        ("0501", "", "0501"),
    ],
)
def test_the_business_year_gives_the_year(tmp_path: Path, day: str, start: str, expected: str | None) -> None:
    rows, _ = cells(batch(tmp_path / "b.csv", SALE | {"document_day": day}, year=start), "entries")
    assert rows[0].get("document_date") == expected


def test_bookings_outside_the_period_of_the_batch_are_a_total_that_differs(tmp_path: Path) -> None:
    late = SALE | {"document_day": "0102"}
    _, facts = cells(batch(tmp_path / "b.csv", SALE, late, start="20260101", end="20260131"), "entries")
    total, *_ = facts.totals
    assert (total.name, total.said, total.found) == ("bookings_in_period", "2", "1")
    assert total.where.endswith("first outside: line 4")
    _, facts = cells(batch(tmp_path / "b.csv", SALE, start="20260101", end="20260131"), "bookings")
    assert [(t.said, t.found) for t in facts.totals] == [("1", "1"), *[("0", "0")] * 3]


@pytest.mark.parametrize(
    ("year", "start", "end"),
    [("20260101", "20251001", "20251231"), ("20250101", "20260101", "20260131"), ("20260701", "20260701", "20270701")],
)
def test_a_batch_of_another_business_year_is_refused(tmp_path: Path, year: str, start: str, end: str) -> None:
    with pytest.raises(DeliveryError, match=r"b\.csv:1, fields 13, 15 and 16; got a business year from"):
        cells(batch(tmp_path / "b.csv", SALE, year=year, start=start, end=end), "entries")


def test_days_of_a_business_year_that_turns_with_no_new_year(tmp_path: Path) -> None:
    days = ("0107", "3112", "0101", "3006")
    given_ = [SALE | {"document_day": day} for day in days]
    rows, facts = cells(batch(tmp_path / "b.csv", *given_, year="20260701", start="20260701", end="20270630"))
    assert [r["document_date"] for r in rows] == ["2026-07-01", "2026-12-31", "2027-01-01", "2027-06-30"]
    assert [(t.said, t.found) for t in facts.totals] == [("4", "4"), *[("0", "0")] * 3]


def test_base_amounts_that_no_rate_gives_are_a_total_that_differs(tmp_path: Path) -> None:
    dollars = SALE | {"amount": "110,00", "currency_code": "USD", "exchange_rate": "1,10", "base_currency_code": "EUR"}
    sound, off = dollars | {"base_amount": "100,00"}, dollars | {"base_amount": "90,00"}
    rows, facts = cells(batch(tmp_path / "b.csv", sound, off, dollars), "entries")
    assert [r.get("base_debit_amount") for r in rows[::2]] == ["100.00", "90.00", None]
    (total,) = (t for t in facts.totals if t.said != t.found)
    assert (total.name, total.found, total.where) == ("conversions_differ", "1", "line 4: 110.00 at 1.10 are not 90.00")


@pytest.mark.parametrize(
    ("change", "total", "where"),
    [
        ({"counter_account": "10001"}, "bookings_on_one_account", "line 4: account and counter account are 10001"),
        ({"account": "100001"}, "accounts_too_long", "line 4: account 100001, accounts have 4 digits, partners 5"),
    ],
)
def test_accounts_that_no_booking_can_have_are_a_total_that_differs(
    tmp_path: Path, change: dict[str, str], total: str, where: str
) -> None:
    _, facts = cells(batch(tmp_path / "b.csv", SALE, SALE | change), "entries")
    assert [(t.name, t.found, t.where) for t in facts.totals if t.said != t.found] == [(total, "1", where)]


def test_discounts_and_negative_amounts_are_told(tmp_path: Path) -> None:
    paid, back = SALE | {"discount_amount": "23,80"}, SALE | {"amount": "-10,00"}
    rows, facts = cells(batch(tmp_path / "b.csv", paid, paid, back), "entries")
    assert facts.warnings == [
        "1 booking with a negative amount, which the format does not know: read as taken back on the same side",
        "2 bookings with discounts of 47.60 together, which DATEV's programs book on accounts that the file does not "
        "name: the entries are without them",
    ]
    assert (rows[4]["debit_amount"], rows[5]["credit_amount"]) == ("-10.00", "-10.00")


def test_records_that_no_table_holds_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(first_line("21").replace(";21;", ";66;", 1) + "\r\nA;B\r\n1;2\r\n", encoding="cp1252")
    rows, facts = cells(path)
    assert rows[0]["category_code"] == "66"
    assert facts.warnings[-1].startswith("no table holds records of category 66 (Buchungsstapel): they are not read")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"amount": ""}, "'nothing' as its amount"),
        ({"amount": "1.000"}, "'1.000' as its amount"),
        ({"amount": "12 EUR"}, "as its amount"),
        ({"side_code": "D"}, "on the side 'D'"),
        ({"account": ""}, "as its account"),
        ({"counter_account": "84OO"}, "'84OO' as its counter account"),
        ({"base_amount": "x"}, "as its base amount"),
        ({"reversal_code": "N"}, "'N' as its reversal (Generalumkehr), expected 0, 1 or G"),
    ],
)
def test_a_booking_that_is_none_is_one_malformed_row(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    rows, facts = cells(batch(tmp_path / "b.csv", SALE, SALE | changed), "entries")
    assert len(rows) == 3
    assert said in rows[2][PROBLEM]
    assert rows[2][PROBLEM].startswith("line 4 ")
    assert facts.malformed == 1


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("mark", ["EXTF", "DTVF"])
def test_both_encodings_are_found_out(tmp_path: Path, encoding: str, mark: str) -> None:
    rows, _ = cells(batch(tmp_path / "b.csv", SALE, encoding=encoding, mark=mark), "bookings")
    assert rows[0]["text"] == 'Müller; "Süd"'


def test_a_declared_encoding_is_taken_as_it_is(tmp_path: Path) -> None:
    rows, _ = cells(batch(tmp_path / "b.csv", SALE, encoding="cp850"), "bookings", encoding="cp850")
    assert rows[0]["text"] == 'Müller; "Süd"'


def test_every_field_has_a_column_or_stands_in_other(tmp_path: Path) -> None:
    full = {column: f"x{n}" for n, (_, column) in enumerate(FIELDS["21"])}
    full |= {"amount": "1,00", "side_code": "S", "account": "1", "counter_account": "2", "base_amount": "2,00"}
    full["reversal_code"] = "0"
    (rows, facts), (sides, _) = (cells(batch(tmp_path / "b.csv", full), t) for t in ("bookings", "entries"))
    assert {c: rows[0].get(c) for c in full} == full
    everything = " ".join(sides[0].values())
    for column in full.keys() - {"amount", "side_code", "account", "counter_account", "base_amount", "reversal_code"}:
        assert full[column] in everything, column
    assert facts.warnings == []


def test_fields_nobody_knows_are_kept_and_told(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    lines = [first_line("21"), headings("21") + ";Eigenes Feld", record("21", SALE) + ';"a;b"']
    path.write_text("\r\n".join([*lines, ""]), encoding="cp1252")
    rows, facts = cells(path, "bookings")
    assert rows[0]["other"] == "Eigenes Feld=a;b"
    assert facts.warnings == ["fields without a column of their own, kept in `other`: 'Eigenes Feld'"]


def test_headings_may_be_spelled_otherwise_or_stand_in_another_order(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(
        first_line("21") + "\nUmsatz;Soll/Haben;Gegenkonto;KONTO;Belegdatum;Zusatzinformation- Inhalt 1\n"
        "1,00;S;8400;10001;0501;x\n",
        encoding="cp1252",
    )
    rows, _ = cells(path, "bookings")
    assert rows[0] | {"account": "10001", "counter_account": "8400", "extra_info_content_1": "x"} == rows[0]


@pytest.mark.parametrize("second", ["", "a;b;c;d;e;f;g;h;i;j\r\n"])
def test_without_known_headings_fields_are_taken_by_their_place(tmp_path: Path, second: str) -> None:
    path = tmp_path / "b.csv"
    short = ";".join(record("21", SALE).split(";")[:10])
    path.write_bytes((first_line("21") + "\r\n" + second + short + "\r\n").encode("cp1252"))
    rows, facts = cells(path, "bookings")
    assert (rows[0]["account"], rows[0]["counter_account"], rows[0]["document_day"]) == ("10001", "8400", "0501")
    assert "by their place" in facts.warnings[0]


def test_leading_zeros_of_accounts_come_back(tmp_path: Path) -> None:
    path = batch(tmp_path / "b.csv", SALE | {"account": "420", "counter_account": "70001", "side_code": "S"})
    rows, _ = cells(path, "entries")
    assert [r["account_id"] for r in rows] == ["0420", "70001"]
    assert [(r["account_type"], r.get("partner_type")) for r in rows] == [("asset", None), ("liability", "supplier")]
    six = batch(tmp_path / "c.csv", SALE | {"account": "1000001", "counter_account": "840000"}, length=6)  # type: ignore[arg-type]
    rows, _ = cells(six, "entries")
    assert [(r["account_id"], r["account_type"]) for r in rows] == [("1000001", "asset"), ("840000", "revenue")]


def test_partners_have_a_name_a_type_and_a_vat_number(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    partners = [
        {"account": "10001", "company_name": "Muster AG", "eu_country_code": "DE", "eu_vat_number": "133546770"},
        {"account": "70001", "family_name": "Sample B", "given_name": "A", "eu_vat_number": "ATU12345678"},
        {"account": "70002", "other_name": "Amt"},
    ]
    path.write_text(written("16", partners), encoding="cp1252")
    rows, _ = cells(path)
    assert [(r["name"], r["partner_type"], r["account_id"], r.get("vat_id")) for r in rows] == [
        ("Muster AG", "customer", "10001", "DE133546770"),
        ("A Sample B", "supplier", "70001", "ATU12345678"),
        ("Amt", "supplier", "70002", None),
    ]


@pytest.mark.parametrize("category", ["20", "46", "48", "65"])
def test_master_data_is_read_whole(tmp_path: Path, category: str) -> None:
    path = tmp_path / "m.csv"
    full = {column: str(n + 1) for n, (_, column) in enumerate(FIELDS[category])}
    path.write_text(written(category, [full]), encoding="cp1252")
    rows, _ = cells(path)
    assert {c: rows[0][c] for c in full} == full


def test_the_first_line_is_a_table_of_its_own(tmp_path: Path) -> None:
    rows, _ = cells(batch(tmp_path / "b.csv", SALE, start="20260101", label="Januar"), "header")
    assert (rows[0]["period_start_date"], rows[0]["batch_name"], rows[0]["client_number"]) == (
        "2026-01-01",
        "Januar",
        "55003",
    )


def test_a_file_of_another_category_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(written("20", [{"account": "8400", "account_name": "Erlöse"}]), encoding="cp1252")
    with pytest.raises(DeliveryError) as error:
        cells(path, "entries")
    assert "p.csv:1, field 3" in str(error.value)
    assert "category 20 (Kontenbeschriftungen)" in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no bytes"),
        (b"Konto;Betrag\r\n1;2\r\n", "a first line that begins 'Konto;Betrag'"),
        (b'"EXTF";700\r\n', "field 3"),
        (b"PK\x03\x04....", "archive"),
        (b'"EXTF",700,21\r\n', "none of DATEV's format"),
    ],
)
def test_what_is_none_of_datevs_files_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(DeliveryError, match=said.split(" ")[0]):
        cells(path)


def test_a_file_that_breaks_off_in_a_record_is_refused(tmp_path: Path) -> None:
    path = batch(tmp_path / "b.csv", SALE, SALE)
    path.write_bytes(path.read_bytes()[:-70])
    with pytest.raises(DeliveryError, match="truncated"):
        cells(path, "entries")
    path.write_bytes(batch(path, SALE, SALE).read_bytes().rstrip(b"\r\n"))  # only the last line break is missing
    assert len(cells(path, "entries")[0]) == 4


def test_the_declaration_and_the_fields_agree() -> None:
    tables = message_format("datev").tables
    assert {t for names in TABLE_OF.values() for t in names} | {"header"} == set(tables)
    for category, names in TABLE_OF.items():
        fields = {column for _, column in FIELDS[category] if column}
        assert fields <= set(tables[names[0]].columns)
    assert set(HEADER) <= set(tables["header"].columns)
    assert all("position" in t.columns for t in tables.values())


def test_read_needs_no_profile(tmp_path: Path) -> None:
    path = batch(tmp_path / "b.csv", SALE)
    (chunk,) = read(path, {"type": "datev"})
    assert [r.number for r in chunk.rows()] == [1]


amounts = st.decimals(min_value=0, max_value=10**9, places=2)
texts = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cs")), max_size=20).map(str.strip)
bookings = st.fixed_dictionaries({
    "amount": amounts.map(lambda d: f"{d:.2f}".replace(".", ",")),
    "side_code": st.sampled_from(["S", "H"]),
    "account": st.integers(1, 9999).map(str),
    "counter_account": st.integers(10000, 99999).map(str),
    "document_day": st.integers(1, 28).map(lambda d: f"{d:02}03"),
    "text": texts,
    "document_id": texts,
    "extra_info_content_20": texts,
})  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(bookings, min_size=1, max_size=8))
def test_what_is_written_is_read_back(tmp_path: Path, given_: list[dict[str, str]]) -> None:
    path = batch(tmp_path / "b.csv", *given_)
    rows, _ = cells(path, "bookings")
    assert [{c: r.get(c, "") for c in given_[0]} for r in rows] == given_
    sides, _ = cells(path, "entries")
    total = sum(Decimal(b["amount"].replace(",", ".")) for b in given_)
    assert sum(Decimal(r["debit_amount"]) for r in sides) == sum(Decimal(r["credit_amount"]) for r in sides) == total


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


WIDTHS = (89, 93, 94, 105, 110, 113, 116, 117, 120, 121, 122, 124, 125)
"""How many fields a booking has in the versions of its format, from 1 to 13."""
VERSIONS = [("21", width) for width in WIDTHS] + [(category, None) for category in TABLE_OF if category != "21"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(VERSIONS), st.sampled_from(["cp1252", "utf-8", "utf-8-sig"]), st.booleans())
def test_every_category_and_version_is_read_back(
    tmp_path: Path, data: st.DataObject, version: tuple[str, int | None], encoding: str, headed: bool
) -> None:
    category, width = version
    columns = [column for _, column in FIELDS[category][:width] if column]
    key = next(c for c in ("account", "payment_term_code", "booking_status_code", "address_number") if c in columns)
    cell = st.dictionaries(st.sampled_from(columns), texts.filter(bool), max_size=12)
    sound = {"amount": "1,00", "account": "4711", "counter_account": "8400"} if category == "21" else {key: "4711"}
    given_ = [{**cells_, **sound} for cells_ in data.draw(st.lists(cell, min_size=1, max_size=4))]
    for one in given_:
        for column in ("side_code", "base_amount", "document_day", "reversal_code"):
            one.pop(column, None)
    second = headings(category, width) if headed or category not in ("21", "16", "20") else ""
    text = [first_line(category), second, *(record(category, one, width) for one in given_)]
    path = tmp_path / "v.csv"
    content = ("\r\n".join(text) + "\r\n").encode(encoding)
    assume(encoding != "cp1252" or content.isascii() or not _is_utf8(content))  # `Â¡` is `¡` in UTF-8: nothing tells
    path.write_bytes(content)
    rows, facts = cells(path)
    named = [{c: r[c] for c in columns if c in r} for r in rows]
    made = {"name", "currency_code"}  # what is made of other fields where these have none
    assert [
        {c: v for c, v in r.items() if c in one or c not in made} for r, one in zip(named, given_, strict=True)
    ] == given_
    assert facts.malformed == 0


@given(amounts)
def test_amounts_are_read_as_they_are_meant(value: Decimal) -> None:
    plain = f"{value:.2f}"
    assert Decimal(plain_amount(plain.replace(".", ","))) == value
    grouped = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    assert Decimal(plain_amount(grouped)) == value
