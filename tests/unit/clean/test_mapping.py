from __future__ import annotations

import pytest

from pipelines.clean.mapping import Binder, Header
from pipelines.errors import DeliveryError

HEADER = ["Kreditor", "Beleg  Nr.", "BETRAG", "Betrag", "Text"]


def binder(*columns: str) -> Binder:
    return Binder(Header(columns or HEADER))


def test_a_spelling_matches_in_any_case_and_spacing() -> None:
    assert binder().one(["beleg nr."], "x") == "Beleg  Nr."
    assert binder().one(["  KREDITOR "], "x") == "Kreditor"


def test_the_exact_spelling_comes_first() -> None:
    assert binder().one(["Betrag"], "x") == "Betrag"
    assert binder().one(["BETRAG"], "x") == "BETRAG"


def test_a_spelling_that_means_two_columns_is_refused() -> None:
    bound = binder()
    assert bound.one(["betrag"], "amount") is None
    with pytest.raises(DeliveryError, match="two columns for one: amount from 'BETRAG', 'Betrag'"):
        bound.finish()


def test_two_accepted_spellings_in_one_file_are_refused() -> None:
    bound = binder("Kreditor", "Kred.-Nr.")
    bound.one(["Kreditor", "Kred.-Nr."], "supplier_id")
    with pytest.raises(DeliveryError, match="exactly one of the accepted spellings"):
        bound.finish()


def test_two_spellings_of_one_column_are_one() -> None:
    assert binder("Kreditor").one(["KREDITOR", "kreditor"], "x") == "Kreditor"


def test_a_missing_column_is_named_with_what_the_file_has_and_what_is_close() -> None:
    bound = binder("Kreditor", "Belegnummer")
    bound.one(["Belegnumer"], "invoice_id")
    bound.one(["Faellig"], "due_date")
    with pytest.raises(DeliveryError) as error:
        bound.finish({})
    text = str(error.value)
    assert "column missing: 'Belegnumer' (for invoice_id); 'Faellig' (for due_date)" in text
    assert "columns 'Kreditor', 'Belegnummer'" in text
    assert "closest: 'Belegnummer'" in text
    assert "declared nowhere: 'Kreditor', 'Belegnummer'" in text


def test_a_first_row_taken_for_the_header_is_not_shown() -> None:
    bound = binder("4711", "Erika Mustermann", "3.120,50")
    bound.one(["Personalnummer"], "employee_id")
    with pytest.raises(DeliveryError, match="3 columns, none of them known; is the header line missing") as error:
        bound.finish({})
    assert "Mustermann" not in str(error.value)


def test_an_optional_column_may_be_missing() -> None:
    bound = binder("A")
    assert bound.one(["B"], "x", optional=True) is None
    bound.one(["A"], "y")
    bound.finish({})


def test_a_column_neither_used_nor_ignored_is_refused() -> None:
    bound = binder("A", "B", "C")
    bound.one(["A"], "x")
    with pytest.raises(DeliveryError, match="column not declared: 'C'") as error:
        bound.finish({"b ": "of no use"})
    assert "to ignore with the reason" in str(error.value)


def test_ignored_columns_may_be_absent_from_the_file() -> None:
    bound = binder("A")
    bound.one(["A"], "x")
    bound.finish({"Z": "only in December"})


def test_a_second_column_of_the_same_name_is_a_column_of_its_own() -> None:
    bound = binder("Betrag", "Betrag#2")
    assert bound.one(["Betrag"], "x") == "Betrag"
    with pytest.raises(DeliveryError, match="'Betrag#2'"):
        bound.finish({})


def test_a_pattern_ignores_the_columns_whose_whole_name_it_fits() -> None:
    header = Header(["_loaded_at", "_loaded_by", "was_loaded_at", "amount"])
    assert header.ignored(["/_loaded_.*/", "Amount"]) == ["_loaded_at", "_loaded_by", "amount"]
    binder = Binder(header)
    binder.one(["amount"], "amount")
    with pytest.raises(DeliveryError, match="column not declared: 'was_loaded_at'"):
        binder.finish(["/_loaded_.*/"])
