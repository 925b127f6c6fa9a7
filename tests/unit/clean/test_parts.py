"""`part` of the column map: parts of names and addresses that stand in one cell."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.clean.address_whole import WholeAddress, split_whole_address
from pipelines.clean.explain import explain
from pipelines.column_words import ColumnRule
from tests.unit.clean.mapkit import cleaned, column, contract, plan_of, problems, raw, source, tables, values

TO = contract(
    column("customer_id", "identifier", key=True),
    column("title_name"), column("given_name", "person_name"), column("family_name", "person_name"),
    column("street_name", "address_line"), column("house_number"), column("unit_name"), column("post_box"),
    column("postal_code", "postal_code", country="country_code"), column("city", "city"),
    column("region_code", "region_code", country="country_code"), column("country_code", "country"),
)  # fmt: skip
LINE = {"street_name": "street", "house_number": "house_number", "unit_name": "unit", "post_box": "post_box"}
NAME = {"title_name": "title", "given_name": "given_name", "family_name": "family_name"}
PLACE = {"postal_code": "postal_code", "city": "city", "region_code": "region"}


def taken(source_column: str, parts: dict[str, str]) -> dict[str, Any]:
    """Rules that take parts of one source column."""
    return {"customer_id": {"from": "id"}, **{n: {"from": source_column, "part": p} for n, p in parts.items()}}


def shown(result: Any, parts: dict[str, str]) -> list[tuple[Any, ...]]:
    return list(zip(*(values(result, name) for name in parts), strict=True))


def test_street_and_number_in_the_order_of_the_rows_country() -> None:
    ref = source({**taken("Straße", LINE), "country_code": {"from": "Land"}})
    rows = [
        ["1", "Obere Str. 57", "Deutschland"], ["2", "87 Polk St. Suite 5", "USA"], ["3", "", "DE"],
        ["4", "Postfach 12 34", ""], ["5", " Frahmredder  112a ", "DE"], ["6", "Fauntleroy Circus", "GB"],
        ["7", "2/98 Main Rd", "AU"], ["8", "2/98 Main Rd", "GB"],
    ]  # fmt: skip
    result = cleaned(TO, ref, raw(["id", "Straße", "Land"], *rows))
    assert problems(result) == []
    assert shown(result, LINE) == [
        ("Obere Str.", "57", None, None), ("Polk St.", "87", "Suite 5", None), (None, None, None, None),
        (None, None, None, "Postfach 12 34"), ("Frahmredder", "112a", None, None),
        ("Fauntleroy Circus", None, None, None),
        ("Main Rd", "98", "2", None), ("Main Rd", "2/98", None, None),
    ]  # fmt: skip


def test_an_unreadable_country_is_told_once_and_the_line_is_split_all_the_same() -> None:
    ref = source({**taken("Straße", LINE), "country_code": {"from": "Land"}})
    result = cleaned(TO, ref, raw(["id", "Straße", "Land"], ["1", "Obere Str. 57", "Atlantis"]))
    assert shown(result, LINE) == [("Obere Str.", "57", None, None)]
    assert len(problems(result)) == 1


def test_names_in_one_cell() -> None:
    ref = source(taken("Name", NAME))
    rows = [["1", "Leyen, Dr. Ursula von der"], ["2", "LUDWIG VAN BEETHOVEN"], ["3", "Sample"], ["4", ""]]
    result = cleaned(TO, ref, raw(["id", "Name"], *rows))
    assert shown(result, NAME) == [
        ("Dr.", "Ursula", "von der Leyen"), (None, "Ludwig", "van Beethoven"), (None, None, "Sample"), (None,) * 3,
    ]  # fmt: skip
    assert problems(result) == []


def test_a_cell_is_a_whole_address_when_the_place_is_taken_from_it() -> None:
    ref = source({**taken("Anschrift", {**LINE, **PLACE, "country_code": "country"})}, locale="en_GB")
    rows = [
        ["1", "Obere Str. 57\n12209 Berlin\nGermany"], ["2", "89 Jefferson Way Suite 2, Portland, OR 97201, USA"],
        ["3", "12 High St, London SW1A 1AA, UK"], ["4", ""],
    ]  # fmt: skip
    result = cleaned(TO, ref, raw(["id", "Anschrift"], *rows))
    assert problems(result) == []
    assert shown(result, {**LINE, **PLACE, "country_code": ""}) == [
        ("Obere Str.", "57", None, None, "12209", "Berlin", None, "DE"),
        ("Jefferson Way", "89", "Suite 2", None, "97201", "Portland", "OR", "US"),
        ("High St", "12", None, None, "SW1A 1AA", "London", None, "GB"),
        (None,) * 8,
    ]


def test_parts_of_cells_that_are_joined_first() -> None:
    joined = {"concat": ["Str", "Nr"], "part": "house_number"}
    ref = source({"customer_id": {"from": "id"}, "house_number": joined, "country_code": {"value": "DE"}})
    result = cleaned(TO, ref, raw(["id", "Str", "Nr"], ["1", "Obere Str.", "57"], ["2", "Obere Str. 58", ""]))
    assert values(result, "house_number") == ["57", "58"]


def test_explain_says_which_part_was_taken() -> None:
    ref = source({**taken("Straße", LINE), "country_code": {"value": "DE"}})
    plan = plan_of(TO, ref, ["id", "Straße"])
    (told,) = [c for c in explain(plan, {"id": "1", "Straße": "Obere Str. 57"}, 0) if c.column == "house_number"]
    assert (told.original, told.steps, told.value) == ("Obere Str. 57", (("house number of it", "57"),), "57")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"value": "x", "part": "city"}, "part needs one of from, first_of, concat; got value"),
        ({"from": "a", "part": "colour"}, "Input should be 'title'"),
        ({"sql": "a", "part": "city"}, "part needs one of from, first_of, concat; got sql"),
    ],
)
def test_parts_that_cannot_be_taken(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ColumnRule.model_validate(rule)


@pytest.mark.parametrize(
    ("country", "text", "expected"),
    [
        ("DE", "Obere Str. 57 12209 Berlin", ("Obere Str.", "57", "12209", "Berlin", "")),
        ("DE", "12209 Berlin", ("", "", "12209", "Berlin", "")),
        ("DE", "Postfach 12 34, 12209 Berlin", ("", "", "12209", "Berlin", "")),
        ("FR", "67, rue des Cinquante Otages, 44000 Nantes", ("rue des Cinquante Otages", "67", "44000", "Nantes", "")),
        ("ES", "C/ Moralzarzal, 86, 28034 Madrid", ("C/ Moralzarzal", "86", "28034", "Madrid", "")),
        ("IT", "Via Monte Bianco 34, 10100 Torino TO", ("Via Monte Bianco", "34", "10100", "Torino", "TO")),
        ("SE", "Åkergatan 24, S-844 67 Bräcke", ("Åkergatan", "24", "S-844 67", "Bräcke", "")),
        ("NL", "Rijnweg 22, 9999 ZZ Zaandam", ("Rijnweg", "22", "9999 ZZ", "Zaandam", "")),
        ("BR", "Rua Orós, 92, Sao Paulo - SP, 05442-030", ("Rua Orós", "92", "05442-030", "Sao Paulo", "SP")),
        ("US", "89 Jefferson Way Portland OR 97201", ("Jefferson Way", "89", "97201", "Portland", "OR")),
        ("US", "12345 Main St, New York, New York 10001", ("Main St", "12345", "10001", "New York", "New York")),
        ("US", "5 Peachtree St, Atlanta, Georgia 30301", ("Peachtree St", "5", "30301", "Atlanta", "Georgia")),
        ("AU", "74 Rose St. Moonie Ponds VIC 3058", ("Rose St.", "74", "3058", "Moonie Ponds", "VIC")),
        ("GB", "Flat 5, 12 High St, London, SW1A 1AA", ("High St", "12", "SW1A 1AA", "London", "")),
        ("GB", "12 High St London", ("High St London", "12", "", "", "")),
        ("IE", "8 Johnstown Road, Cork, Co. Cork", ("Johnstown Road", "8", "", "Cork", "Co. Cork")),
        ("DE", "12209 Berlin, Obere Str. 57", ("Obere Str.", "57", "12209", "Berlin", "")),
        ("HU", "1055 Budapest, Kossuth Lajos tér 1-3.", ("Kossuth Lajos tér", "1-3", "1055", "Budapest", "")),
        ("NL", "1016 GV Amsterdam, Prinsengracht 263", ("Prinsengracht", "263", "1016 GV", "Amsterdam", "")),
        (None, "Obere Str. 57, Berlin", ("Obere Str.", "57", "", "Berlin", "")),
        (None, "Berlin", ("Berlin", "", "", "", "")),
    ],
)
def test_whole_addresses(country: str | None, text: str, expected: tuple[str, ...]) -> None:
    whole = split_whole_address(text, country)
    assert (whole.line.street, whole.line.house_number, whole.postal_code, whole.city, whole.region) == expected


def test_nothing_of_an_empty_cell() -> None:
    assert split_whole_address("", "DE") == split_whole_address(" , ") == WholeAddress()


def test_parts_in_look_up_tables_and_computed_columns() -> None:
    """They know no country of the row: that of the client's locale counts."""
    number = {"street": {"from": "Straße", "part": "street"}}
    depots = tables({"depots": {"key": "id", "columns": number}}, depots=raw(["id", "Straße"], ["7", "Obere Str. 57"]))
    rules = {
        "customer_id": {"from": "id"},
        "street_name": {"lookup": {"table": "depots", "key": "depot", "column": "street"}},
        "house_number": {"from": "nr"},
        "city": {"from": "town"},
    }
    line, town = {"from": "Ort", "part": "house_number"}, {"from": "Ort", "part": "city"}
    ref = source(rules, computed={"nr": line, "town": town})
    batch = raw(["id", "depot", "Ort"], ["1", "7", "Torweg 3, 12209 Berlin"])
    result = cleaned(TO, ref, batch, lookups=depots)
    assert shown(result, {"street_name": "", "house_number": "", "city": ""}) == [("Obere Str.", "3", "Berlin")]
