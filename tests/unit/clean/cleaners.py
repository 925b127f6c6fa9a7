"""Short ways to build a cleaner and to read one cell with it."""

from __future__ import annotations

from typing import Any

from pipelines.clean.column import CellError, CellOptions, ColumnCleaner, Value
from pipelines.clean.registry import cleaner
from pipelines.contract import Column

PHYSICAL = {
    "date": "date", "timestamp": "timestamptz", "boolean": "boolean", "integer": "integer", "decimal": "numeric(12,4)",
    "money": "numeric(18,2)", "quantity": "numeric(10,2)", "rate": "numeric(12,4)",
}  # fmt: skip
BESIDE: dict[str, dict[str, Any]] = {
    "money": {"currency": "currency_code"},
    "phone": {"country": "country_code"},
    "postal_code": {"country": "country_code"},
    "region_code": {"country": "country_code"},
    "vat_id": {"country": "country_code"},
    "register_number": {"country": "country_code"},
    "code": {"codes": ("open", "settled")},
}
IN_COLUMN = ("codes", "currency", "country", "physical")


def build(semantic: str, locale: str = "de_DE", **given: Any) -> ColumnCleaner:
    """A cleaner; `codes` are the contract's, `mapped` the profile's."""
    about = {**BESIDE.get(semantic, {}), **{k: given.pop(k) for k in IN_COLUMN if k in given}}
    physical = about.pop("physical", PHYSICAL.get(semantic, "text"))
    column = Column("it", physical, semantic, False, False, "public", "a column", **about)
    mapped = tuple(given.pop("mapped", {}).items())
    zone = given.pop("zone", "Europe/Berlin")
    return cleaner(column, CellOptions(locale, zone, codes=mapped, **given))


def read(built: ColumnCleaner, text: str, **row: str) -> Value | None:
    """The value of a cell, or for one that cannot be read '! kind: message'."""
    try:
        return built.scalar(text, **row)
    except CellError as error:
        return f"! {error.kind.value}: {error.message}"
