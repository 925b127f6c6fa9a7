"""Profiles: what is accepted, and that every refusal names file, line, key and what is allowed."""

import json
from pathlib import Path

import pytest

from pipelines.catalog import complaints
from pipelines.contract import read_contract
from pipelines.errors import DeclarationError
from pipelines.profile import absent_pattern, profile_json_schema, read_profile
from pipelines.profile_words import Source
from pipelines.settings import ROOT

GOOD = r"""client: acme
name: ACME Logistik GmbH
locale: de_DE
time_zone: Europe/Berlin
calendar: DE-BY
feeds:
  ledgers.payables:
    files: 'kreditoren/OP_(?P<period>\d{4}-\d{2})\.csv'
    mode: period
    format: {type: csv, encoding: cp1252, delimiter: ';', header_rows: [4], footer_rows: 1}
    columns:
      supplier_id:   {from: [Kreditor, 'Kred.-Nr.']}
      invoice_id:    {from: Belegnr}
      invoice_date:  {from: Belegdatum, formats: ['%d.%m.%Y']}
      gross_amount:  {from: Betrag}
      currency_code: {value: EUR}
      status_code:   {from: Status, codes: {O: open, A: settled}}
    ignore: {Kürzel: initials of the clerk}
    controls: {rows: footer, sum(gross_amount): footer}
    due: {business_day: 2, time: '06:00'}
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "acme.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_flat_source_is_called_main(written):
    ref = read_profile(written(GOOD)).sources[0]
    assert (ref.feed, ref.name, ref.locale) == ("ledgers.payables", "main", "de_DE")
    assert ref.source.columns["supplier_id"].from_ == ["Kreditor", "Kred.-Nr."]


def test_norway_is_not_false(written):
    ref = read_profile(written(GOOD.replace("{value: EUR}", "{value: NO}"))).sources[0]
    assert ref.source.columns["currency_code"].value == "NO"


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("Belegnr}", "Belegnr, form: x}", 13, "unknown key 'form'"),
        ("{value: EUR}", "{valu: EUR}", 16, "unknown key 'valu'"),
        ("{value: EUR}", "{value: false}", 16, "text in quotes, as 'false'"),
        ("mode: period", "mode: sometimes", 9, "'snapshot', 'period' or 'delta'"),
        ("mode: period", "mode: period\n    mode: delta", 10, "twice"),
        ("mode: period", "mode: period\n    periods: twice", 10, "'replace' or 'add_up'"),
        ("mode: period", "mode: snapshot\n    periods: add_up", 8, "periods add_up is for mode period"),
        ("locale: de_DE", "locale: xx_YY", 3, "unknown locale"),
        ("time_zone: Europe/Berlin", "time_zone: Europe/Atlantis", 4, "unknown time zone"),
        ("calendar: DE-BY", "calendar: DE-XX", 5, "unknown calendar 'DE-XX'"),
        ("calendar: DE-BY", "calendar: Bavaria", 5, "unknown calendar"),
        ("business_day: 2", "business_day: 2, day: 3", 20, "one of business_day, weekday, day"),
        ("business_day: 2", "weekday: [monday]", 20, "'mon'"),
        ("encoding: cp1252", "encoding: cp9999", 10, "unknown encoding"),
        ("(?P<period>", "(", 8, "period"),
        ("    files: 'kreditoren/OP_(?P<period>\\d{4}-\\d{2})\\.csv'\n", "", 8, "expected the key 'files'"),
        ("header_rows: [4]", "header_rows: []", 10, "names"),
        ("['%d.%m.%Y']", "['%d.%m.%y']", 14, "century_from"),
        ("{from: Betrag}", "{from: Betrag, value: 3}", 15, "exactly one of"),
        ("footer_rows: 1", "footer_rows: 0", 19, "footer_rows"),
        ("rows: footer", "lines: footer", 19, "give rows, sum(column)"),
        ("business_day: 2", "business_day: 40", 20, "23"),
        ("client: acme", "client: other", 1, "as the file is named"),
        ("client: acme", "client: acme\n  bad: [", 2, "YAML"),
        ("'kreditoren/OP_(?P", "'kreditoren/OP_((?P", 8, "regular expression"),
        ("ignore: {Kürzel:", "ignore: {'/(/':", 18, "regular expression"),
        ("ignore: {Kürzel:", "ignore: {'/.*/':", 18, "fits every column"),
        ("feeds:\n", "golden: {merge_at: 0.4}\nfeeds:\n", 6, "review_at 0.5 lies above merge_at 0.4"),
        ("feeds:\n", "golden: {merge_at: 1.5}\nfeeds:\n", 6, "less than or equal to 1"),
        ("feeds:\n", "golden: {survivorship: {default: newest}}\nfeeds:\n", 6, "'most_trusted'"),
        ("feeds:\n", "golden: {survivorship: {email: most_trusted}}\nfeeds:\n", 6, "no `trust` that names"),
    ],
)
def test_refusals_name_the_line(written, old, new, line, word):
    assert old in GOOD
    with pytest.raises(DeclarationError) as caught:
        read_profile(written(GOOD.replace(old, new)))
    message = str(caught.value)
    assert word in message
    assert abs(int(message.split("acme.yaml:")[1].split(",")[0].split(";")[0]) - line) <= 1, message


def test_unknown_key_lists_the_allowed_ones(written):
    with pytest.raises(DeclarationError, match="one of files, mode, format"):
        read_profile(written(GOOD.replace("    mode: period", "    moed: period")))


@pytest.mark.parametrize("character", ["\x07", "\x00", "\ufffe"])
def test_a_character_that_yaml_does_not_allow_is_named_with_its_line(written, character):
    with pytest.raises(DeclarationError, match=rf"acme.yaml:3.*U\+{ord(character):04X}.*delete it"):
        read_profile(written(GOOD.replace("locale", f"{character}locale", 1)))


def test_lookup_that_uses_itself_is_refused(written):
    text = GOOD + "lookups: {a: {files: x, key: k, columns: {z: {lookup: {table: a, key: k, column: q}}}}}\n"
    with pytest.raises(DeclarationError, match="circle"):
        read_profile(written(text))


def test_lookup_table_must_exist(written):
    text = GOOD.replace("{from: Betrag}", "{lookup: {table: rates, key: Betrag, column: x}}")
    with pytest.raises(DeclarationError, match="table 'rates'"):
        read_profile(written(text))


def test_absent_markers_are_literal_unless_between_slashes():
    assert absent_pattern("N/A - (RDC)") != "N/A - (RDC)"
    assert absent_pattern(r"/See .*/") == r"See .*"


def test_json_schema_allows_both_forms():
    schema = profile_json_schema()
    assert {"$ref": "#/$defs/Source"} in schema["properties"]["feeds"]["additionalProperties"]["anyOf"]
    assert json.dumps(schema)
    assert "from" in schema["$defs"]["ColumnRule"]["properties"]


def test_periods_that_add_up_are_another_declaration_and_unsaid_ones_are_none(written):
    plain = read_profile(written(GOOD))
    adding = read_profile(written(GOOD.replace("mode: period", "mode: period\n    periods: add_up")))
    assert (plain.adding, adding.adding) == ([], ["ledgers.payables/main"])
    assert "periods" not in json.loads(plain.relevant_json(plain.sources[0]))["source"]
    assert json.loads(adding.relevant_json(adding.sources[0]))["source"]["periods"] == "add_up"


@pytest.mark.parametrize(("feed", "refused"), [("ledgers.payables", False), ("ledgers.spend", True)])
def test_periods_are_for_feeds_that_are_read_either_way(feed, refused):
    path = next((ROOT / "pipelines" / "contracts").glob(f"*/{feed.split('.')[1]}.odcs.yaml"))
    source = Source(files="(?P<period>.*)", mode="period", periods="add_up", columns={})
    said = [keys for keys, *_ in complaints(read_contract(path), source) if keys == ("periods",)]
    assert bool(said) == refused


@pytest.mark.parametrize(
    ("feed", "column", "code", "said"),
    [
        ("ledgers.partners", "vat_id", "not_valid", ()),
        ("ledgers.partners", "vat_id", "lost", ("'lost'", "one of not_valid")),
        ("ledgers.partners", "iban", "not_valid", ("'not_valid'", "one of none in this column's contract")),
        ("ledgers.partners", "country_code", "not_valid", ("a required column",)),
        ("shipments.shipments", "freight_amount", "invoiced_separately", ("an amount of money",)),
    ],
)
def test_what_cannot_be_read_may_be_absent_where_the_contract_has_a_code(feed, column, code, said):
    domain, name = feed.split(".")
    contract = read_contract(ROOT / "pipelines" / "contracts" / domain / f"{name}.odcs.yaml")
    source = Source(files="x", mode="snapshot", columns={column: {"from": "A", "unreadable": code}})
    told = " ".join(
        f"{got}, {expected}" for keys, got, expected in complaints(contract, source) if "unreadable" in keys
    )
    assert bool(told) == bool(said)
    assert all(word in told for word in said)
