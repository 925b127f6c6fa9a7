"""What of a customer is compared: names, numbers and places in plain spelling, one row of texts per customer.

A feature is a function of its row alone, so that a customer who did not change is never looked at again. It is made
for comparison, not for show: lower case, plain letters, no punctuation, no legal form, street types abbreviated.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clean.companies import plain_company
from pipelines.clean.people import plain_letters, plain_name

VERSION = 1
"""Raised when the same customer would come out otherwise: then all are made anew."""

COLUMNS = (
    "kind", "given", "family", "company", "birth", "email", "phone", "national", "vat", "register", "lei", "iban",
    "street", "house", "building", "city", "postal", "region", "country",
)  # fmt: skip
"""All text; null = not known. `kind` is person or company; the building is what else stands in the address lines."""

SOURCES = (
    "customer_type_code", "company_name", "given_name", "family_name", "email", "phone", "birth_date", "national_id",
    "vat_id", "register_number", "lei_code", "iban", "address_line_1", "address_line_2", "street_name",
    "house_number", "unit_name", "city", "postal_code", "region_code", "region_name", "country_code",
)  # fmt: skip
"""Columns of clients.customers that are read; one that is missing counts as empty."""

_STREETS = {
    "street": "st", "str": "st", "strasse": "st", "road": "rd", "avenue": "av", "ave": "av", "place": "pl",
    "drive": "dr", "court": "ct", "crescent": "cr", "cres": "cr", "lane": "ln", "circuit": "cct", "close": "cl",
    "boulevard": "bd", "blvd": "bd", "square": "sq", "terrace": "tce", "parade": "pde", "highway": "hwy",
    "platz": "pl", "rue": "r", "calle": "c", "apartment": "apt", "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip
_STREET_END = re.compile(r"(?<=[a-z])(strasse|str)$")
_LEADING = re.compile(r"^(\d+(?: ?[a-z])?(?:[ /-]\d+(?: ?[a-z])?)?)[ ,]+(?=.*[a-z]{2})(.+)$")
_TRAILING = re.compile(r"^(.*[a-z]{2}.*?)[ ,]+(\d+(?: ?[a-z])?(?:[ /-]+\d+(?: ?[a-z])?)?)$")


def features(rows: pa.Table) -> pa.Table:
    """One row of features per customer, in the same order."""
    size = rows.num_rows

    def column(name: str) -> pa.Array:
        if name not in rows.schema.names:
            return pa.nulls(size, pa.string())
        return pc.cast(_whole(rows.column(name)), pa.string())

    company = _each(plain_company, column("company_name"))
    kind = pc.coalesce(column("customer_type_code"), pc.if_else(pc.is_valid(company), "company", "person"))
    # The persons of a company change, and a person's employer does too: neither says who the customer is.
    named = pc.or_(pc.equal(kind, "person"), pc.is_null(company))
    line, house = _street(column("address_line_1"), column("street_name"), column("house_number"))
    nobody = pa.scalar(None, pa.string())
    made = {
        "kind": kind,
        "given": pc.if_else(named, _each(plain_name, column("given_name")), nobody),
        "family": pc.if_else(named, _each(plain_name, column("family_name")), nobody),
        "company": pc.if_else(pc.equal(kind, "person"), nobody, company),
        "birth": _each(_digits, column("birth_date")),
        "email": _each(_email, column("email")),
        "phone": _each(_digits, column("phone")),
        **{
            name: _each(_code, column(source))
            for name, source in (
                ("national", "national_id"), ("vat", "vat_id"), ("register", "register_number"),
                ("lei", "lei_code"), ("iban", "iban"), ("postal", "postal_code"), ("country", "country_code"),
            )
        },
        "street": line,
        "house": house,
        "building": _joined(_each(plain_street, column("address_line_2")), _each(plain_street, column("unit_name"))),
        "city": _each(plain_letters, column("city")),
        "region": _each(plain_letters, pc.coalesce(column("region_code"), column("region_name"))),
    }  # fmt: skip
    return pa.table([pc.cast(made[name], pa.string()) for name in COLUMNS], names=list(COLUMNS))


def plain_street(text: str) -> str:
    """An address line with the kinds of street abbreviated.

    >>> plain_street("Lange Straße"), plain_street("Goethestr."), plain_street("giblin street")
    ('lange st', 'goethe st', 'giblin st')
    """
    words = (_STREET_END.sub(" st", word) for word in plain_letters(text).split(" "))
    return " ".join(_STREETS.get(word, word) for word in words)


def split_house(line: str) -> tuple[str, str]:
    """Street and house number of an address line in plain spelling; the number is empty where none is found.

    >>> split_house("12 giblin st"), split_house("goethe st 7 a"), split_house("po box")
    (('giblin st', '12'), ('goethe st', '7a'), ('po box', ''))
    """
    if found := _LEADING.match(line):
        return found[2], found[1].replace(" ", "")
    if found := _TRAILING.match(line):
        return found[1], found[2].replace(" ", "")
    return line, ""


def _street(line: pa.Array, street: pa.Array, house: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The street and its number: as the source has them apart, else out of the first line."""
    parts = _encoded(line)
    pairs = [split_house(plain_street(text)) for text in parts.dictionary.to_pylist()]
    streets = pa.array([one or None for one, _ in pairs], pa.string()).take(parts.indices)
    houses = pa.array([one or None for _, one in pairs], pa.string()).take(parts.indices)
    return pc.coalesce(_each(plain_street, street), streets), pc.coalesce(_each(_code, house), houses)


def _email(text: str) -> str:
    return text.strip().lower() if "@" in text else ""


def _digits(text: str) -> str:
    return "".join(sign for sign in text if "0" <= sign <= "9")


def _code(text: str) -> str:
    return plain_letters(text).replace(" ", "")


def _each(function: Callable[[str], str], column: pa.Array) -> pa.Array:
    """The function once per distinct text; an empty text becomes null."""
    parts = _encoded(column)
    made = [function(text) or None for text in parts.dictionary.to_pylist()]
    return pa.array(made, pa.string()).take(parts.indices)


def _joined(first: pa.Array, second: pa.Array) -> pa.Array:
    """Both with a blank between them, or the one there is."""
    return pc.coalesce(pc.binary_join_element_wise(first, second, " "), first, second)


def _encoded(column: pa.Array) -> pa.DictionaryArray:
    return pc.dictionary_encode(column)


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
