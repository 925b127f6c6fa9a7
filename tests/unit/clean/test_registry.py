from __future__ import annotations

import doctest
import importlib
import pkgutil

import pyarrow as pa
import pytest

import pipelines.clean
from pipelines.clean.registry import cleaner
from pipelines.contract import SEMANTICS, Column
from pipelines.errors import DeclarationError
from tests.unit.clean.cleaners import PHYSICAL, build

MODULES = (
    "text", "codes", "dates", "numbers", "contact", "names", "people", "companies", "places", "languages", "parts",
    "address", "address_split", "address_plain", "address_whole",
    "boolean", "registers",
)  # fmt: skip


@pytest.mark.parametrize("semantic", SEMANTICS)
def test_every_semantic_type_has_a_cleaner_of_its_arrow_type(semantic: str) -> None:
    built = build(semantic)
    cleaned = built.clean(pa.array(["", None]))
    assert (cleaned.values.type, cleaned.values.to_pylist(), cleaned.problems) == (
        built.column.arrow_type,
        [None, None],
        [],
    )
    assert built.clean(pa.array([], pa.string())).values.type == built.column.arrow_type


@pytest.mark.parametrize("semantic", SEMANTICS)
def test_a_type_stored_as_something_else_is_an_error_of_the_contract(semantic: str) -> None:
    wrong = "boolean" if PHYSICAL.get(semantic, "text") != "boolean" else "text"
    with pytest.raises(DeclarationError, match="column it cannot hold"):
        build(semantic, physical=wrong)


def test_what_a_cleaner_wants_to_know_of_the_row() -> None:
    wants = {s: (build(s).needs_country, build(s).needs_currency) for s in SEMANTICS}
    countries = {"phone", "postal_code", "region_code", "vat_id", "register_number"}
    assert {s for s, (country, _) in wants.items() if country} == countries
    assert {s for s, (_, currency) in wants.items() if currency} == {"money"}
    assert not build("phone", country="DE").needs_country
    assert not build("money", currency="EUR").needs_currency


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"pipelines.clean.{name}")).failed == 0


def test_modules_with_examples_are_all_named_here() -> None:
    assert set(MODULES) <= {m.name for m in pkgutil.iter_modules(pipelines.clean.__path__)}


def test_the_options_of_the_column_reach_the_type() -> None:
    column = Column("paid_on", "date", "date", False, False, "public", "when")
    assert cleaner(column, build("date", formats=("%d/%m/%Y",)).options).scalar("01/02/2026") is not None
