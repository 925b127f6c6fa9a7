from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from pipelines.clean.facts import FileInfo
from pipelines.clean.plan import check_source
from pipelines.errors import DeclarationError, DeliveryError
from pipelines.sheetrows import row_number
from tests.unit.clean.mapkit import cleaned, column, contract, one, plan_of, problems, raw, source, values


@pytest.mark.parametrize(
    ("rule", "cells", "expected"),
    [
        ({"from": ["Name", "Bezeichnung"]}, {"BEZEICHNUNG ": "  Müller\u00a0 GmbH "}, "Müller GmbH"),
        ({"first_of": ["A", "B"]}, {"A": " ", "B": "zwei"}, "zwei"),
        ({"first_of": ["A", "B"]}, {"A": "eins", "B": "zwei"}, "eins"),
        ({"first_of": ["A", "B"]}, {"A": "", "B": ""}, None),
        ({"value": "EUR"}, {}, "EUR"),
        ({"value": 7}, {}, "7"),
        ({"concat": ["A", "B", "C"], "separator": ", "}, {"A": "x ", "B": "", "C": "z"}, "x, z"),
        ({"concat": ["A", "B"], "separator": ""}, {"A": "x", "B": "z"}, "xz"),
        ({"concat": ["A", "B"]}, {"A": "", "B": ""}, None),
        ({"split": {"from": "A", "pattern": r"(\d+) (.+)", "group": 2}}, {"A": "12345 Ulm"}, "Ulm"),
        ({"split": {"from": "A", "pattern": r"(?P<zip>\d+) .+", "group": "zip"}}, {"A": "12345 Ulm"}, "12345"),
        ({"split": {"from": "A", "pattern": r"(\d+)( .+)?", "group": 2}}, {"A": "12345"}, None),
        ({"split": {"from": "A", "pattern": r"(\d+) (.+)"}}, {"A": ""}, None),
        ({"from": "A", "optional": True}, {}, None),
        ({"first_of": ["A", "B"], "optional": True}, {"B": "zwei"}, "zwei"),
    ],
)
def test_origins_of_text(rule: dict[str, Any], cells: dict[str, str], expected: str | None) -> None:
    assert one("text", rule, cells) == (expected, [])


def test_a_cell_that_a_pattern_does_not_match_is_unreadable() -> None:
    to, ref = contract(column("x", key=True)), source({"x": {"split": {"from": "A", "pattern": r"(\d+) .+"}}})
    result = cleaned(to, ref, raw(["A"], ["Ulm "], ["1 Ulm"]))
    assert values(result, "x") == [None, "1"]
    assert problems(result) == [(2, "unreadable.x", "Ulm ")]


def test_values_of_the_file() -> None:
    info = FileInfo(("A",), cells={"B2": " Mandant 17 "}, sheet="Mai")
    to = contract(column("a", key=True), column("sheet"), column("period"), column("client"))
    rules = {"a": {"from": "A"}, "sheet": {"sheet_name": True}, "period": {"file": "m"}, "client": {"cell": "b2"}}
    ref = source(rules, files=r"(?P<m>\d+)\.csv")
    result = cleaned(to, ref, raw(["A"], ["1"], ["2"]), info=info, groups={"m": "05"})
    assert [values(result, n) for n in ("sheet", "period", "client")] == [["Mai"] * 2, ["05"] * 2, ["Mandant 17"] * 2]


def test_each_row_has_the_name_of_its_own_sheet() -> None:
    info = FileInfo(("A",), sheet="Mai", sheets=("Mai", "Juni"))
    to = contract(column("a", key=True), column("sheet"))
    ref = source({"a": {"from": "A"}, "sheet": {"sheet_name": True}})
    batch = raw(["A"], ["1"], ["2"])
    numbers = pa.array([7, row_number(1, 2)], pa.int64())
    result = cleaned(to, ref, batch.set_column(0, "__row_number", numbers), info=info)
    assert values(result, "sheet") == ["Mai", "Juni"]
    assert (info.of_row(7).sheet, info.of_row(row_number(1, 2)).sheet) == ("Mai", "Juni")


def test_a_cell_beyond_the_end_of_the_file_is_an_error_unless_optional() -> None:
    with pytest.raises(DeliveryError, match=r"cell missing: Z99 \(for x\)"):
        one("text", {"cell": "Z99"}, {})
    assert one("text", {"cell": "Z99", "optional": True}, {}) == (None, [])


BOTH = {"signed": {"debit": "Soll", "credit": ["Haben", "H"]}}
KIND = {"signed": {"amount": "Betrag", "indicator": "SH", "negative": ["H", "C"], "positive": ["S", ""]}}


@pytest.mark.parametrize(
    ("rule", "cells", "expected", "bad"),
    [
        (BOTH, {"Soll": "1.234,50", "Haben": ""}, "1234.50", []),
        (BOTH, {"Soll": "", "Haben": "30,05"}, "-30.05", []),
        (BOTH, {"Soll": "100,00", "Haben": "0,01"}, "99.99", []),
        (BOTH, {"Soll": "0,00", "Haben": "0,00"}, "0.00", []),
        (BOTH, {"Soll": "-5,00", "H": "1"}, "-6.00", []),
        (BOTH, {"Soll": " ", "Haben": ""}, "None", []),
        (BOTH, {"Soll": "x", "Haben": "5"}, "None", ["unreadable.x"]),
        (BOTH, {"Soll": "1,234", "Haben": "0"}, "None", ["out_of_scale.x"]),
        (BOTH, {"Soll": "1,005", "Haben": "0,005"}, "1.00", []),
        (KIND, {"Betrag": "5,00", "SH": "S"}, "5.00", []),
        (KIND, {"Betrag": "5,00", "SH": " H "}, "-5.00", []),
        (KIND, {"Betrag": "-5,00", "SH": "C"}, "5.00", []),
        (KIND, {"Betrag": "5,00", "SH": ""}, "5.00", []),
        (KIND, {"Betrag": "5,00", "SH": "X"}, "None", ["unknown_code.x"]),
        (KIND, {"Betrag": "", "SH": "X"}, "None", []),
        (KIND, {"Betrag": "5,0,0", "SH": "H"}, "None", ["unreadable.x"]),
    ],
)
def test_signed_amounts_are_exact(rule: dict[str, Any], cells: dict[str, str], expected: str, bad: list[str]) -> None:
    found, rules = one("money", rule, cells)
    assert (str(found), rules) == (expected, bad)


def test_signed_amounts_read_the_locale_of_the_column() -> None:
    assert str(one("money", {**BOTH, "locale": "en_US"}, {"Soll": "1,234.50", "Haben": ""})[0]) == "1234.50"
    assert str(one("money", BOTH, {"Soll": "1,234.50", "Haben": ""}, locale="en_US")[0]) == "1234.50"


def test_constants_are_plain_numbers_and_iso_dates_in_every_locale() -> None:
    assert str(one("quantity", {"value": 12.5}, {})[0]) == "12.500"
    assert str(one("date", {"value": "2026-03-01"}, {})[0]) == "2026-03-01"
    assert one("country", {"value": "Deutschland"}, {})[0] == "DE"


ABSENT = {"Date Not Captured": "not_captured", r"/See (ASN|DN)-\d+ \(ID#:\d+\)/": "in_other", "": "empty_cell"}


def absent(semantic: str, rule: dict[str, Any], *cells: list[str], header: tuple[str, ...] = ("A",)) -> Any:
    to = contract(column("x", semantic, key=True, absent_codes=("not_captured", "in_other", "empty_cell")))
    result = cleaned(to, source({"x": {**rule, "absent": ABSENT}}), raw(header, *cells))
    return values(result, "x"), values(result, "x_absent_code"), [r for _, r, _ in problems(result)]


def test_absent_markers_match_the_whole_trimmed_cell() -> None:
    found = absent(
        "quantity", {"from": "A"}, ["12,5"], [" See ASN-93 (ID#:1281)"], ["Date Not Captured "], [""], ["See ASN-93"]
    )
    assert [str(v) for v in found[0]] == ["12.500", "None", "None", "None", "None"]
    assert found[1] == [None, "in_other", "not_captured", "empty_cell", None]
    assert found[2] == ["unreadable.x"]


def test_an_absent_marker_goes_before_what_the_origin_could_not_read() -> None:
    split = {"split": {"from": "A", "pattern": r"(\d+) kg"}}
    assert absent("quantity", split, ["5 kg"], ["Date Not Captured"], ["x"])[1:] == (
        [None, "not_captured", None], ["unreadable.x"],
    )  # fmt: skip
    found = absent("quantity", BOTH, ["Date Not Captured", ""], ["", "5"], header=("Soll", "Haben"))
    assert found[1:] == (["not_captured", None], [])


def test_a_text_that_cannot_be_read_is_absent_where_the_profile_has_a_code_for_it() -> None:
    to = contract(column("k", key=True), column("x", "vat_id", absent_codes=("not_valid", "none_yet")))
    rule = {"from": "A", "absent": {"applied for": "none_yet"}, "unreadable": "not_valid"}
    cells = ("DE136695976", "DE123456789", "", "applied for", "GR94259216X", "de 136 695 976")
    result = cleaned(
        to, source({"k": {"from": "K"}, "x": rule}), raw(("K", "A"), *([str(n), c] for n, c in enumerate(cells)))
    )
    assert values(result, "x") == ["DE136695976", None, None, None, None, "DE136695976"]
    assert values(result, "x_absent_code") == [None, "not_valid", None, "none_yet", "not_valid", None]
    assert problems(result) == []
    codes = contract(column("k", key=True), column("x", "code", codes=("open",), absent_codes=("not_valid",)))
    rule = {"from": "A", "codes": {"O": "open"}, "unreadable": "not_valid"}
    result = cleaned(codes, source({"k": {"from": "K"}, "x": rule}), raw(("K", "A"), ["1", "?"]))
    assert [r for _, r, _ in problems(result)] == ["unknown_code.x"]


def test_an_absent_cell_is_not_given_to_the_code_map() -> None:
    to = contract(column("x", "code", key=True, codes=("open",), absent_codes=("unknown",)))
    rule = {"from": "A", "codes": {"O": "open", "": "open"}, "absent": {"?": "unknown"}}
    result = cleaned(to, source({"x": rule}), raw(["A"], ["O"], ["?"], [""], ["x"]))
    assert values(result, "x") == ["open", None, "open", None]
    assert values(result, "x_absent_code") == [None, "unknown", None, None]
    assert problems(result) == [(5, "unknown_code.x", "x")]


def test_a_country_and_a_currency_of_the_row_are_made_before_they_are_needed() -> None:
    to = contract(
        column("phone", "phone", country="country_code", key=True, classification="confidential"),
        column("amount", "money", currency="currency_code"),
        column("country_code", "country"),
        column("currency_code", "currency"),
    )
    rules = {
        "phone": {"from": "Tel"}, "amount": {"from": "Betrag"}, "country_code": {"from": "Land"},
        "currency_code": {"from": "Waehrung"},
    }  # fmt: skip
    batch = raw(
        ["Tel", "Betrag", "Land", "Waehrung"],
        ["030 1234567", "5 EUR", "DE", "EUR"], ["01 5051234", "5 EUR", "AT", "CHF"], ["0", "5", "", ""],
    )  # fmt: skip
    result = cleaned(to, source(rules), batch)
    assert values(result, "phone")[:2] == ["+49301234567", "+4315051234"]
    assert [str(v) for v in values(result, "amount")] == ["5.00", "None", "5.00"]
    assert problems(result) == [(3, "unreadable.amount", "5 EUR"), (4, "unreadable.phone", "0")]


def test_a_money_column_whose_currency_is_not_mapped_reads_its_numbers() -> None:
    to = contract(column("amount", "money", currency="currency_code", key=True), column("currency_code", "currency"))
    assert str(values(cleaned(to, source({"amount": {"from": "A"}}), raw(["A"], ["5 USD"])), "amount")[0]) == "5.00"


def test_original_values_are_masked_by_the_most_sensitive_reader_of_the_column() -> None:
    to = contract(
        column("id", key=True), column("born", "date", classification="restricted"), column("year", "integer")
    )
    rules = {
        "id": {"value": "1"},
        "born": {"from": "Geboren", "formats": "%d.%m.%Y"},
        "year": {"split": {"from": "Geboren", "pattern": r".*(.{4})"}},
    }
    result = cleaned(to, source(rules), raw(["Geboren"], ["Mai 19xx"]))
    assert problems(result) == [(2, "unreadable.born", "****"), (2, "unreadable.year", "****")]
    assert all("19xx" not in p["message"] for p in result.problems.to_pylist())


def test_every_column_of_the_contract_is_there_in_its_type_also_without_a_rule() -> None:
    to = contract(column("a", key=True), column("b", "money"), column("c", "date", absent_codes=("none",)))
    result = cleaned(to, source({"a": {"from": "A"}}), raw(["A"], ["1"]))
    assert result.table.schema.names[:5] == ["_row_number", "_row_part", "_fate", "_skip_reason", "_row_hash"]
    assert result.table.schema.names[5:] == ["a", "b", "c", "c_absent_code"]
    assert [str(f.type) for f in list(result.table.schema)[5:]] == [
        "string",
        "decimal128(18, 2)",
        "date32[day]",
        "string",
    ]
    assert result.table.num_rows == 1
    assert plan_of(to, source({"a": {"from": "A"}}), ["A"]).unmapped == ["b", "c"]


def test_a_batch_without_rows() -> None:
    to = contract(column("a", key=True), column("b", "money"), column("k", "identifier"))
    rules = {"b": {"from": "B"}, "k": BOTH}
    ref = source(rules, key="occurrence(b)", rows=[{"column": "C", "in": "x"}])
    result = cleaned(to, ref, raw(["B", "C", "Soll", "Haben"]))
    assert (result.table.num_rows, result.problems.num_rows) == (0, 0)


def test_a_column_that_nothing_uses_stops_the_delivery() -> None:
    with pytest.raises(DeliveryError, match="column not declared: 'Neu'"):
        cleaned(contract(column("a", key=True)), source({"a": {"from": "A"}}), raw(["A", "Neu"], ["1", "2"]))


def test_columns_used_by_filters_keys_unpivot_and_sql_are_declared() -> None:
    to = contract(column("a", key=True), column("b"))
    rules = {"a": {"sql": "F || 'x'"}, "b": {"from": "Wert"}}
    ref = source(
        rules, rows=[{"column": "R", "empty": False}], skip=[{"column": "S", "in": "x"}], ignore={"I": "no use"},
        unpivot={"columns": {"U": "1"}, "name": "Nr", "value": "Wert"},
    )  # fmt: skip
    assert plan_of(to, ref, ["F", "R", "S", "U", "I"]).ignored == ["I"]


@pytest.mark.parametrize(
    ("semantic", "rule", "what"),
    [
        ("text", {"sql": "random()"}, "SQL expression not accepted"),
        ("date", {"from": "A", "formats": "%d.%m"}, "date format"),
        ("quantity", {"value": "viel"}, "constant cannot be read"),
        ("code", {"from": "A", "codes": {"O": "offen"}}, "code map"),
    ],
)
def test_a_column_map_is_checked_without_a_file(semantic: str, rule: dict[str, Any], what: str) -> None:
    to = contract(column("x", semantic, key=True, codes=("open",) if semantic == "code" else ()))
    with pytest.raises(DeclarationError, match=what) as error:
        check_source(source({"x": rule}), to)
    assert "column x" in str(error.value)


def test_a_sound_column_map_passes_the_check() -> None:
    to = contract(column("x", "money", key=True), column("y", "date"), column("z"))
    check_source(source({"x": BOTH, "y": {"sql": "make_date(2020, 1, 1)"}, "z": {"value": "ok"}}), to)
