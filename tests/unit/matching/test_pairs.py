"""What a score may depend on: the two records and the model, and nothing beside."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean.address_plain import short_street
from pipelines.clean.people import plain_letters
from pipelines.matching import features as featuring
from pipelines.matching import keys, scoring
from pipelines.matching.levels import HOWS
from pipelines.matching.model import DEFAULT, FEWEST, Model, learn
from tests.bench.generate.who import customers

ROWS = 2_000
HOME = {"address_line_1": "12 Sample Street", "city": "Sample Town", "postal_code": "4011", "region_code": "WA"}
ANNA = {"given_name": "Anna", "family_name": "Sample", "birth_date": "1970-05-04", **HOME}


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return customers(ROWS, seed=3)


@pytest.fixture(scope="module")
def made(people: pa.Table) -> pa.Table:
    return featuring.features(people)


@pytest.fixture(scope="module")
def model(made: pa.Table) -> Model:
    found = learn(made)
    assert found is not None
    return found


def rows(*given_rows: dict[str, Any]) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in given_rows], pa.string()) for name in featuring.SOURCES})


def judged(one: dict[str, Any], other: dict[str, Any], model: Model = DEFAULT) -> tuple[float, list[dict[str, Any]]]:
    answer = scoring.score(model, featuring.features(rows(one, other)), pa.array([0]), pa.array([1])).to_pylist()[0]
    return answer["probability"], json.loads(answer["reasons"])


def test_features_are_of_the_row_alone(people: pa.Table, made: pa.Table) -> None:
    some = [7, 3, 1_900, 3]
    assert featuring.features(people.take(pa.array(some))).to_pylist() == made.take(pa.array(some)).to_pylist()
    assert tuple(made.schema.names) == featuring.COLUMNS


def test_nothing_known_makes_features_of_nothing() -> None:
    nothing = featuring.features(pa.table({"customer_id": ["1", "2"]}))
    assert nothing.drop_columns("kind").to_pylist() == [dict.fromkeys(featuring.COLUMNS[1:])] * 2
    assert keys.keys(nothing, DEFAULT).num_rows == 0
    assert scoring.score(DEFAULT, nothing, pa.array([0]), pa.array([1]))["probability"][0].as_py() < 0.01


def test_a_model_is_the_same_of_the_same_customers(made: pa.Table, model: Model) -> None:
    assert learn(made) == model
    assert Model.from_json(model.to_json()) == model
    assert learn(made.slice(0, FEWEST - 1)) is None


def test_a_model_holds_no_value(made: pa.Table, model: Model) -> None:
    text = model.to_json()
    values = {
        value for name in ("given", "family", "email", "city") for value in made.column(name).to_pylist() if value
    }
    assert not [value for value in values if f'"{value}"' in text]


def test_a_score_does_not_depend_on_side_company_or_batch(made: pa.Table, model: Model) -> None:
    left, right = keys.pairs(keys.keys(made, model))
    whole = scoring.score(model, made, pa.array(left), pa.array(right))
    assert scoring.score(model, made, pa.array(right), pa.array(left)) == whole
    draw = np.random.default_rng(1).permutation(len(left))[:50]
    for at in draw.tolist():
        two = made.take(pa.array([left[at], right[at]]))
        alone = scoring.score(model, two, pa.array([0]), pa.array([1]))
        assert alone.to_pylist() == whole.slice(at, 1).to_pylist()


def test_keys_of_a_record_do_not_depend_on_the_others(made: pa.Table, model: Model) -> None:
    whole = keys.keys(made, model).to_pandas()
    alone = keys.keys(made.slice(11, 1), model).to_pandas()
    assert alone["key"].tolist() == whole.loc[whole["record"] == 11, "key"].tolist()


def test_pairs_are_all_that_share_a_key(made: pa.Table, model: Model) -> None:
    found = keys.keys(made.slice(0, 300), model)
    by_key: dict[int, set[int]] = {}
    for row in found.to_pylist():
        by_key.setdefault(row["key"], set()).add(row["record"])
    wanted = sorted({(a, b) for some in by_key.values() for a in some for b in some if a < b})
    left, right = keys.pairs(found)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == wanted


DOOR = {"address_line_1": "4413 Victory Circle", "city": "Sample Town", "postal_code": "11203"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"company_name": "Shamrock Holdings Ltd"}, {"company_name": "Shamrok Holdinqs"}),
        (
            {"given_name": "Ryan", "family_name": "Desai", **DOOR},
            {"given_name": "Mnan", "family_name": "Deosati", **DOOR, "address_line_1": "4413 Wictor Cir", "city": None},
        ),
        (
            {"given_name": "Ryan", "family_name": "Desai", **DOOR},
            {"given_name": "Mnan", "family_name": "Deosati", **DOOR, "city": "Samqle Tawn", "postal_code": "12103"},
        ),
        (
            {"given_name": "Derrick", "family_name": "Hunt", "city": "Adelaide"},
            {"given_name": "De", "family_name": "Hu", "city": "Adlaide"},
        ),
        (
            {"given_name": "Anna", "family_name": "Sample", "birth_date": "1970-05-04"},
            {"given_name": "Aida", "family_name": "Simpson", "birth_date": "1970-04-05"},
        ),
    ],
    ids=["company", "house and postal code", "house and street", "beginnings", "day and month exchanged"],
)
def test_who_is_misread_in_every_field_is_still_compared(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = keys.keys(featuring.features(rows(one, other)), DEFAULT)
    assert [(a.tolist(), b.tolist()) for a, b in [keys.pairs(found)]] == [([0], [1])]


def test_a_firm_and_a_person_in_one_house_are_not_compared() -> None:
    there = {"given_name": "Ryan", "family_name": "Desai", **DOOR}, {"company_name": "Sample Pumps Ltd", **DOOR}
    left, _ = keys.pairs(keys.keys(featuring.features(rows(*there)), DEFAULT))
    assert not len(left), "what they share says nothing of who they are"


def test_stop_keys_are_left_out(made: pa.Table) -> None:
    many = pa.concat_tables([made.slice(0, 1)] * (keys.MOST_SHARING + 1))
    assert set(keys.stop_keys(keys.all_keys(many))) == set(keys.all_keys(made.slice(0, 1)).column("key").to_pylist())
    stopped = Model(stop_keys=keys.stop_keys(keys.all_keys(many)))
    assert keys.keys(many, stopped).num_rows == 0


def test_known_links_are_found_and_few_others(people: pa.Table, made: pa.Table, model: Model) -> None:
    entity = people.column("entity").to_numpy()
    left, right = keys.pairs(keys.keys(made, model))
    merged = scoring.score(model, made, pa.array(left), pa.array(right)).column("probability").to_numpy() >= 0.95
    true = entity[left] == entity[right]
    counts = np.bincount(entity)
    assert (merged & true).sum() / (counts * (counts - 1) // 2).sum() > 0.95
    assert (merged & true).sum() / merged.sum() > 0.98


def test_reasons_name_levels_strongest_first() -> None:
    probability, reasons = judged(ANNA, {**ANNA, "given_name": "Ana"})
    assert probability > 0.99
    weights = [abs(one["weight"]) for one in reasons]
    assert weights == sorted(weights, reverse=True)
    assert {"what": "given", "how": "near", "weight": pytest.approx(4.5, abs=2)} in reasons
    assert all(one["how"] in HOWS.get(one["what"], ("would agree as well",)) for one in reasons)


def test_who_lives_together_is_not_one() -> None:
    probability, reasons = judged(ANNA, {**ANNA, "given_name": "Bernd", "birth_date": "1968-11-23"})
    assert probability < 0.05
    unknown, reasons = judged({**ANNA, "birth_date": None}, {**HOME, "family_name": "Sample"})
    assert 0.05 < unknown < 0.95, "a steward is asked"
    assert "neighbours" in [one["what"] for one in reasons]


@pytest.mark.parametrize(
    "other",
    [
        {"given_name": "Sample", "family_name": "Anna"},
        {"birth_date": "1970-04-05"},
        {"address_line_1": "12 Sample St.", "given_name": "A."},
        {"address_line_1": "Rear House", "address_line_2": "12 Sample Street"},
        {"address_line_1": None, "city": None, "postal_code": None, "region_code": None},
    ],
)
def test_faults_that_do_not_hide_who_it_is(other: dict[str, Any]) -> None:
    assert judged(ANNA, {**ANNA, **other})[0] > 0.95


def test_companies_are_one_without_legal_form_not_by_address() -> None:
    one = {"customer_type_code": "company", "company_name": "Sample Pumps GmbH & Co. KG", **HOME}
    assert judged(one, {**one, "company_name": "SAMPLE PUMPS"})[0] > 0.95
    assert judged(one, {**one, "company_name": "Placeholder Retail Ltd"})[0] < 0.5


@pytest.mark.parametrize(
    ("name", "how"),
    [("Sample Mfg Intl", "different"), ("Sample Manuf Inter", "part"), ("Sample", "part"), ("Sam Man Int Ltd", "part")],
)
def test_a_company_written_short(name: str, how: str) -> None:
    """Beginnings of every word, or some of the words; not other letters of them."""
    one = {"customer_type_code": "company", "company_name": "Sample Manufacturing International"}
    _, reasons = judged(
        {**one, "phone": "+61291875569", **HOME}, {**one, "company_name": name, "phone": "+61291875569"}
    )
    assert [r["how"] for r in reasons if r["what"] == "company"] == [how]


@pytest.mark.parametrize(
    ("line", "how"),
    [
        ("12 Sample St.", "same with house"), ("12 Sampel Street", "similar with house"), ("Sample Street", "same"),
        ("13 Sample Street", "other house"), ("13 Sampel Street", "similar"), ("13 Placeholder Lane", "different"),
    ],
)  # fmt: skip
def test_which_part_of_the_address_differs(line: str, how: str) -> None:
    _, reasons = judged(ANNA, {**ANNA, "address_line_1": line})
    assert [r["how"] for r in reasons if r["what"] == "street"] == [how]


@pytest.mark.parametrize(
    ("country", "line", "street", "house"),
    [
        ("AU", "12 High Street", "High St", "12"), ("DE", "Goethestr. 7 A", "Goethestraße", "7a"),
        (None, "12 High Street", "High St", "12"), (None, "Goethestr. 7 A", "Goethe Straße", "7a"),
        ("FR", "7 bis, avenue du Parc", "av. du Parc", "7 bis"),
    ],
)  # fmt: skip
def test_address_in_one_line_or_apart(country: str | None, line: str, street: str, house: str) -> None:
    where = {"country_code": country, "customer_type_code": "person"}
    whole, apart = featuring.features(
        rows({**where, "address_line_1": line}, {**where, "street_name": street, "house_number": house})
    ).to_pylist()
    assert whole == apart
    assert whole["street"] and whole["house"] and not whole["building"]


@settings(deadline=None, max_examples=200)
@given(st.text(), st.text())
def test_plain_spellings_are_final(text: str, other: str) -> None:
    for function in (plain_letters, short_street, partial(short_street, country="AU")):
        once = function(f"{text} {other}")
        assert function(once) == once
        assert once.isascii()
