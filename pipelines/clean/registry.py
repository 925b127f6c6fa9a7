"""Which semantic type reads which column: contract column and the client's habits → cleaner."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

from babel import Locale

from pipelines.clean import address, boolean, codes, contact, dates, languages, names, numbers, places, registers, text
from pipelines.clean.column import CellOptions, ColumnCleaner, Fast, Semantic, Value
from pipelines.contract import Column
from pipelines.errors import DeclarationError

Read = Callable[[str], Value | None]


@lru_cache(maxsize=1024)
def cleaner(column: Column, options: CellOptions) -> ColumnCleaner:
    """The cleaner of a column, each time the same; DeclarationError when contract and profile do not fit together."""
    stored, build = _TYPES[column.semantic]
    if column.physical_type.partition("(")[0] not in stored:
        raise DeclarationError(
            f"column {column.name} cannot hold what its semantic type gives",
            got=f"{column.semantic} stored as {column.physical_type}",
            expected=" or ".join(stored),
            next_step="correct semantic or physicalType in the contract",
        )
    semantic = build(column, options)
    semantic = replace(semantic, dear=column.semantic not in _CHEAP)
    if options.codes:
        # The map stands between the text and its reading, so the bulk path of the unmapped text does not apply.
        semantic = replace(semantic, mapped=codes.code_map(column, options), fast=())
    return ColumnCleaner(column, options, semantic)


def _semantic(read: Read, said: str | Callable[[str], str], *fast: Fast | None) -> Semantic:
    """A type that reads cleaned text and needs nothing else of the row."""
    words = said if callable(said) else lambda _: said
    ways = tuple(way for way in fast if way)
    return Semantic(text.TEXT_STEPS, text.clean_text, lambda cell, _: read(cell), words, ways)


def _prose(read: Read, said: str, regular: str) -> Semantic:
    """A type for what people write, which arrives in wrong encodings and scripts."""
    semantic = _semantic(read, said, partial(text.regular_prose, regular))
    return replace(semantic, steps=text.PROSE_STEPS, prepare=text.clean_prose)


def _text(column: Column, _: CellOptions) -> Semantic:
    return _prose(lambda cell: cell, f"read as {column.semantic}", text.REGULAR_TEXT)


def _trimmed(read: Callable[[str], str], said: str, *_: object) -> Semantic:
    return _prose(lambda cell: read(cell) or None, said, text.REGULAR_EDGES)


def _identifier(*_: object) -> Semantic:
    semantic = _semantic(codes.read_identifier, "read as identifier", codes.fast_identifier)
    return replace(semantic, steps=text.IDENTIFIER_STEPS, prepare=text.clean_identifier)


def _code(column: Column, _: CellOptions) -> Semantic:
    return _semantic(codes.code_reader(column.codes), "read as code")


def _currency(_: Column, options: CellOptions) -> Semantic:
    return _semantic(codes.currency_reader(options.locale), "read as ISO 4217 currency")


def _country(_: Column, options: CellOptions) -> Semantic:
    return _semantic(places.country_reader(options.locale), "read as ISO 3166 country")


def _boolean(_: Column, options: CellOptions) -> Semantic:
    return _semantic(boolean.boolean_reader(options.locale), "read as yes or no")


def _email(*_: object) -> Semantic:
    return _semantic(contact.read_email, "read as e-mail address", contact.fast_email)


def _number(read: Callable[[str], str], said: str, *_: object) -> Semantic:
    """A number of a register that has one form everywhere."""
    return _semantic(read, said)


def _language(_: Column, options: CellOptions) -> Semantic:
    return _semantic(languages.language_reader(options.locale), "read as ISO 639 language")


def _person_name(_: Column, options: CellOptions) -> Semantic:
    language = Locale.parse(options.locale).language
    return _prose(lambda cell: names.read_person_name(cell, language), "spelled as a person's name", names.CAPITALISED)


def _date(_: Column, options: CellOptions) -> Semantic:
    used = dates.format_used(options, dates.ISO_DATE)
    return _semantic(dates.date_reader(options), lambda cell: f"read as date {used(cell)}")


def _timestamp(_: Column, options: CellOptions) -> Semantic:
    used = dates.format_used(options, dates.ISO_TIMESTAMP)
    read, zone = dates.timestamp_reader(options), options.time_zone
    return _semantic(read, lambda cell: f"read as time {used(cell)} in {zone}", dates.fast_timestamp(options))


def _period(_: Column, options: CellOptions) -> Semantic:
    return _semantic(dates.period_reader(options), "read as month")


def _integer(column: Column, options: CellOptions) -> Semantic:
    style = numbers.number_style(options.locale)
    limit = 2**31 - 1 if column.physical_type == "integer" else 2**63 - 1
    read = partial(numbers.read_integer, style=style, limit=limit)
    return _semantic(read, f"read as whole number in {options.locale}", numbers.fast_integer(style, limit))


def _decimal(column: Column, options: CellOptions) -> Semantic:
    style, size = numbers.number_style(options.locale), column.precision_scale or (0, 0)
    read = partial(numbers.read_decimal, style=style, precision=size[0], scale=size[1])
    return _semantic(read, f"read as {column.semantic} in {options.locale}", *numbers.fast_decimal(style, *size))


def _money(column: Column, options: CellOptions) -> Semantic:
    style, size = numbers.number_style(options.locale), column.precision_scale or (0, 0)
    read = numbers.money_reader(style, *size)
    fixed = column.currency if re.fullmatch("[A-Z]{3}", column.currency or "") else None
    semantic = _semantic(lambda _: "", f"read as money in {options.locale}", *numbers.fast_decimal(style, *size))
    if fixed:
        return replace(semantic, read=lambda cell, _: read(cell, fixed))
    return replace(semantic, read=read, context="currency")


def _by_country(read: Callable[[str, str | None], str], said: str, column: Column, options: CellOptions) -> Semantic:
    """A type whose form depends on the row's country: a column, or one country for all rows."""
    fixed = column.country if re.fullmatch("[A-Z]{2}", column.country or "") else None
    default = fixed or options.default_country
    semantic = _semantic(lambda _: "", said)
    semantic = replace(semantic, read=lambda cell, country: read(cell, country or default))
    return replace(semantic, context="country") if column.country and not fixed else semantic


_CHEAP = frozenset(
    {
        "text",
        "region",
        "region_code",
        "code",
        "identifier",
        "currency",
        "company_name",
        "address_line",
        "city",
        "boolean",
    }
)
"""Read in less than a microsecond a value: remembering them would only drive the dear ones out."""

_NUMBER = ("numeric",)
_TEXT = ("text",)
_TYPES: dict[str, tuple[tuple[str, ...], Callable[[Column, CellOptions], Semantic]]] = {
    "text": (_TEXT, _text),
    "region": (_TEXT, _text),
    "code": (_TEXT, _code),
    "identifier": (_TEXT, _identifier),
    "date": (("date",), _date),
    "timestamp": (("timestamptz",), _timestamp),
    "period": (_TEXT, _period),
    "decimal": (_NUMBER, _decimal),
    "quantity": (_NUMBER, _decimal),
    "rate": (_NUMBER, _decimal),
    "money": (_NUMBER, _money),
    "integer": (("integer", "bigint"), _integer),
    "country": (_TEXT, _country),
    "currency": (_TEXT, _currency),
    "email": (_TEXT, _email),
    "phone": (_TEXT, partial(_by_country, contact.read_phone, "read as telephone number")),
    "postal_code": (_TEXT, partial(_by_country, address.read_postal_code, "read as postal code")),
    "region_code": (_TEXT, partial(_by_country, address.read_region_code, "read as code of a region")),
    "iban": (_TEXT, partial(_number, registers.read_iban, "read as IBAN")),
    "bic": (_TEXT, partial(_number, registers.read_bic, "read as BIC")),
    "lei": (_TEXT, partial(_number, registers.read_lei, "read as LEI")),
    "language": (_TEXT, _language),
    "register_number": (_TEXT, partial(_by_country, registers.read_register_number, "read as register number")),
    "vat_id": (_TEXT, partial(_by_country, registers.read_vat_id, "read as VAT number")),
    "company_name": (_TEXT, partial(_trimmed, names.read_company_name, "unwrapped from quotes")),
    "person_name": (_TEXT, _person_name),
    "address_line": (_TEXT, partial(_trimmed, address.read_address_line, "separators at the ends removed")),
    "city": (_TEXT, partial(_trimmed, address.read_city, "separators at the ends removed")),
    "boolean": (("boolean",), _boolean),
}
"""Semantic type → (physical types that hold it, how to build its reading)."""
