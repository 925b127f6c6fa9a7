from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.clean import text
from pipelines.clean.text import clean_identifier, clean_text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("  Müller  &\tSöhne ", "Müller & Söhne"),
        ("first\r\nsecond", "first second"),
        ("a\u00a0b\u2009c\u3000d\u2028e", "a b c d e"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("soft\u00adhyphen \u200eleft\u202c", "softhyphen left"),
        ("nul\x00 bell\x07", "nul bell"),
        ("Rene\u0301", "René"),
        ("e\u200b\u0301", "é"),
        ("\u00a0\u200b ", ""),
        ("\u3164", ""),
        ("李 明", "李 明"),
    ],
)
def test_text_keeps_what_it_says(given: str, expected: str) -> None:
    assert clean_text(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (" 00017 ", "00017"),
        ("ab  CD", "ab  CD"),
        ("RE\u00a012", "RE 12"),
        ("\ufeff4711", "4711"),
        ("a\tb", "a b"),
        ("\t", ""),
    ],
)
def test_identifier_keeps_zeros_case_and_inner_blanks(given: str, expected: str) -> None:
    assert clean_identifier(given) == expected


@given(st.text())
def test_cleaning_twice_is_cleaning_once(given: str) -> None:
    assert clean_text(clean_text(given)) == clean_text(given)
    assert clean_identifier(clean_identifier(given)) == clean_identifier(given)


@given(st.text())
def test_short_cuts_equal_the_steps(given: str) -> None:
    for steps, whole in ((text.TEXT_STEPS, clean_text), (text.IDENTIFIER_STEPS, clean_identifier)):
        stepwise = given
        for _, step in steps:
            stepwise = step(stepwise)
        assert whole(given) == stepwise


@given(st.text(st.characters(max_codepoint=0x180)))
def test_regular_text_is_text_that_cleaning_keeps(given: str) -> None:
    if given and re.fullmatch(text.REGULAR_TEXT, given):
        assert clean_text(given) == given
    if given and re.fullmatch(text.REGULAR_IDENTIFIER, given):
        assert clean_identifier(given) == given
    if given and re.fullmatch(text.REGULAR_EDGES, given):
        assert clean_text(given) == given == given.strip(' ",;')
