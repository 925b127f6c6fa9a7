"""What of a customer is compared: names, numbers and places in plain spelling, one row of texts per customer.

A feature is a function of its row alone, so that a customer who did not change is never looked at again. It is made
for comparison, not for show: lower case, plain letters, no punctuation, no legal form, street types abbreviated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clean.address_plain import plain_house_number, plain_text, plain_unit, short_street
from pipelines.clean.address_split import split_address
from pipelines.clean.companies import plain_company
from pipelines.clean.people import plain_letters, plain_name

VERSION = 4
"""Raised when the same customer, or what is learnt or assumed, would come out otherwise: then all are made anew."""

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
        **_place(column),
        "city": _each(plain_letters, column("city")),
        "region": _each(plain_letters, pc.coalesce(column("region_code"), column("region_name"))),
    }  # fmt: skip
    return pa.table([pc.cast(made[name], pa.string()) for name in COLUMNS], names=list(COLUMNS))


def address(line: str, country: str | None) -> tuple[str, str, str]:
    """Street or post box, house number, and what else stands in an address line, in plain and short spelling.

    >>> address("12 Giblin Street", "AU"), address("Goethestr. 7 A", "DE")
    (('giblin st', '12', ''), ('gothestr', '7a', ''))
    >>> address("PO Box 12", "AU"), address("Flat 5, 3 High St", "GB")
    (('box 12', '', ''), ('high st', '3', '5'))
    """
    parts = split_address(line, country)
    street = short_street(parts.street, country) or plain_text(parts.post_box, country).removeprefix("po ")
    rest = (plain_unit(parts.unit, country), short_street(parts.extra, country))
    return street, plain_house_number(parts.house_number), " ".join(filter(None, rest))


def _place(column: Callable[[str], pa.Array]) -> dict[str, pa.Array]:
    """Street, house number and building: as the source has them apart, else out of the first line."""
    country = column("country_code")
    street, house, building = _in_country(address, column("address_line_1"), country)
    for name in ("address_line_2", "unit_name"):
        building = _joined(building, _short(column(name), country))
    return {
        "street": pc.coalesce(_short(column("street_name"), country), street),
        "house": pc.coalesce(_each(plain_house_number, column("house_number")), house),
        "building": building,
    }


def _short(column: pa.Array, country: pa.Array) -> pa.Array:
    return _in_country(lambda text, code: (short_street(text, code),), column, country)[0]


def _in_country(
    function: Callable[[str, str | None], Sequence[str]], column: pa.Array, country: pa.Array
) -> list[pa.Array]:
    """The texts that the function makes of a text and the country of its row, once per distinct pair of them."""
    texts, countries = _encoded(column), _encoded(country)
    known = [*countries.dictionary.to_pylist(), None]
    at = pc.fill_null(countries.indices, len(known) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
    at += len(known) * pc.fill_null(texts.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    distinct, places = np.unique(at, return_inverse=True)
    given = texts.dictionary.to_pylist()
    made = [function(given[one // len(known)], known[one % len(known)]) for one in distinct.tolist() if one >= 0]
    none = [None] * (len(distinct) - len(made))  # rows without a text: below 0, so they come first
    parts = zip(*made, strict=True) if made else [()] * len(function("", None))
    indices = pa.array(places)
    return [pa.array([*none, *(text or None for text in part)], pa.string()).take(indices) for part in parts]


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
