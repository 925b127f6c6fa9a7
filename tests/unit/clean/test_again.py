"""What is true of every reading of names, numbers and codes: any text is read or refused, and once is enough."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean.column import CellError
from tests.unit.clean.cleaners import build

PROSE = ("text", "region", "company_name", "person_name", "address_line", "city")
NUMBERS = (
    "iban", "bic", "lei", "vat_id", "register_number", "language", "country", "email", "phone", "postal_code",
    "region_code", "currency", "identifier",
)  # fmt: skip
COUNTRIES = ("DE", "AT", "CH", "GB", "FR", "IT", "LU", "IE", "PL", "US", "")
PIECES = st.sampled_from([
    "DE89370400440532013000", "DEUTDEFF", "506700GE1G29325QX363", "DE136695976", "HRB", "12345", "B", "Köln", "FN",
    "SC", "122119m", "CHE-100.155.212", "552008443", "de-AT", "German", "Amtsgericht", "(", ")", ",", " ", ".", "-",
    "+44 20 7946 0958", "030 123456", "(212) 555-0123", "ext. 12", "x", "tel:", "０３", "D-10115", "sw1a1aa",
    "980111234", "Bayern", "CA", "€", "eur", "0", "MÃ¼", "ã¼", "MÜLLER", "\u0410", "O'", '"', "A@B.de", "Straße", "é",
])  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=4).map("".join), st.lists(PIECES, max_size=4).map(" ".join), st.text())


@pytest.mark.parametrize("semantic", [*PROSE, *NUMBERS])
@settings(deadline=None)
@given(text=TEXTS, country=st.sampled_from(COUNTRIES))
def test_any_text_is_read_or_refused_and_stays_what_it_became(semantic: str, text: str, country: str) -> None:
    built = build(semantic)
    try:
        once = built.scalar(text, country=country or None)
    except CellError:
        return
    if once is not None:
        assert built.scalar(str(once), country=country or None) == once


@pytest.mark.parametrize("semantic", ["text", "region", "company_name", "address_line", "city"])
@settings(deadline=None)
@given(text=st.text(st.characters(max_codepoint=0x7F), max_size=30))
def test_of_plain_text_nothing_is_made_that_was_not_there(semantic: str, text: str) -> None:
    value = build(semantic).scalar(text)
    assert not Counter("" if value is None else str(value)) - Counter(text + " " * len(text))


@settings(deadline=None)
@given(text=st.lists(PIECES, max_size=4).map(" ".join), country=st.sampled_from(COUNTRIES))
def test_register_numbers_have_no_digit_of_ours_but_leading_zeros(text: str, country: str) -> None:
    try:
        value = build("register_number").scalar(text, country=country or None)
    except CellError:
        return
    made = Counter(str(value or "").casefold()) - Counter(text.casefold() + " " * 9)
    assert not made - Counter({"0": 7, "f": 1, "n": 1})  # 'FN' is what the Austrian register writes before its numbers
