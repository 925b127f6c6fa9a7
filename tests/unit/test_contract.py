"""Contracts: the shipped ones are sound, and each fault is refused with its line."""

from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.catalog import complaints, load_catalog
from pipelines.contract import read_contract
from pipelines.errors import DeclarationError
from pipelines.settings import ROOT, load_settings

TEXT = """apiVersion: v3.1.0
kind: DataContract
id: ledgers.toll
name: Toll
version: 1.0.0
status: active
customProperties:
  - {property: modes, value: [snapshot]}
schema:
  - name: toll
    logicalType: object
    properties:
      - name: toll_id
        logicalType: string
        physicalType: text
        required: true
        primaryKey: true
        classification: internal
        description: id of the passage
        customProperties: [{property: semantic, value: identifier}]
      - name: toll_amount
        logicalType: number
        physicalType: numeric(12,2)
        classification: internal
        description: toll in major units
        customProperties:
          - {property: semantic, value: money}
          - {property: currency, value: EUR}
          - {property: absent_codes, value: [exempt]}
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "ledgers" / "toll.odcs.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_contract_gives_table_types_and_key(written):
    contract = read_contract(written(TEXT))
    assert contract.table == "core.ledgers_toll"
    assert contract.key == ("toll_id",)
    assert contract.stored[-2:] == (("toll_amount", "numeric(12,2)"), ("toll_amount_absent_code", "text"))
    assert contract.arrow_schema.field("toll_amount").type == pa.decimal128(12, 2)
    assert [c.name for c in contract.money] == ["toll_amount"]


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("id: ledgers.toll", "id: ledgers.tax", "as the file is named"),
        ("physicalType: text", "physicalType: varchar", "numeric(p,s)"),
        ("value: identifier", "value: idd", "semantic"),
        ("required: true", "required: false", "required: true"),
        ("primaryKey: true", "primaryKey: false", "primaryKey"),
        ("property: currency, value: EUR", "property: currency, value: euro", "currency"),
        ("description: toll in major units", "tags: []", "description"),
        ("true\n        classification: internal", "true\n        classification: secret", "public"),
        ("value: [snapshot]", "value: [sometimes]", "mode"),
        ("name: toll_amount", "name: toll_id", "twice"),
        ("description: id of the passage", "description: x\n        quality: [{type: text, description: y}]", "suite"),
        ("property: semantic, value: money", "property: semantik, value: money", "semantik"),
        ("value: identifier}", "value: identifier}, {property: unreadable, value: wrong}", "unreadable"),
        ("kind: DataContract", "kind: DataContract\nfoo: bar", "foo"),
        ("schema:\n", "  - {property: dated_by, value: toll_amount}\nschema:\n", "a required date column"),
        ("schema:\n", "  - {property: dated_by, value: [toll_id, toll_amount]}\nschema:\n", "not required"),
    ],
)  # fmt: skip
def test_faults_are_refused_with_file_and_line(written, old, new, word):
    assert old in TEXT
    with pytest.raises(DeclarationError) as caught:
        read_contract(written(TEXT.replace(old, new)))
    assert word in str(caught.value)
    assert "toll.odcs.yaml:" in str(caught.value)


def test_of_several_dates_a_row_needs_one():
    contract = load_catalog(load_settings({})).contracts["shipments.shipments"]
    assert contract.day == f"COALESCE({', '.join(contract.dated_by)})"
    assert tuple(c.name for c in contract.needed[-1]) == contract.dated_by
    assert contract.dated_by[:2] == ("promised_date", "shipped_date")
    assert load_catalog(load_settings({})).contracts["ledgers.spend"].day == "document_date"


def test_a_mode_that_a_feed_does_not_have_is_refused_with_the_reason():
    catalog = load_catalog(load_settings({}))
    source = catalog.profiles["norvik"].source("shipments.stock", "main").source
    assert complaints(catalog.contracts["shipments.stock"], source) == []
    ((key, got, expected),) = complaints(
        catalog.contracts["shipments.stock"], source.model_copy(update={"mode": "delta"})
    )
    assert (key, got) == (("mode",), "delta")
    assert expected.startswith("one of snapshot, period (a list tells all that a place has on its day")
    assert "shipments.stock_movements" in expected


@pytest.mark.parametrize(
    ("name", "counted"),
    [("address", "2 addresses"), ("entry", "2 entries"), ("invoice tax", "2 invoice taxes"), ("pay day", "2 pay days")],
)
def test_rows_are_counted_by_their_name(tmp_path, name, counted):
    path = tmp_path / "ledgers" / "toll.odcs.yaml"
    path.parent.mkdir()
    path.write_text(TEXT.replace("snapshot]}", f"snapshot]}}\n  - {{property: row_name, value: {name}}}"))
    contract = read_contract(path)
    assert (contract.rows(1), contract.rows(2)) == (f"1 {name}", counted)


def test_the_shipped_declarations_load():
    catalog = load_catalog(load_settings({}))
    assert len(catalog.contracts) >= 6
    assert catalog.ranks["payroll.pay_rates"] == catalog.ranks["people.employees"] + 1
    assert {p.client_id for p in catalog.profiles.values()} >= {"hansa", "brightline", "meridien"}
    assert all(c.path.is_relative_to(ROOT) for c in catalog.contracts.values())
