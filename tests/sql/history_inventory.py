"""Random rows of the feeds of stock for `history.py`; keys and numbers of a small range, so that they meet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.sql.rows import Row

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]
_KINDS = ("opening", "receipt", "receipt", "return_in", "count", "transfer_in")
_OUT = ("issue", "issue", "scrap", "production_out", "transfer_out")


def _cost(chance: Random) -> Decimal | None:
    return chance.choice((None, Decimal(chance.randint(1, 9999)) / 100))


def _unit(chance: Random) -> str | None:
    return chance.choice((None, None, "C62", "DZN", "CT", "KGM"))


def products(chance: Random, key: str) -> Row:
    return {
        "product_id": f"P-{int(key) % 6}",
        "product_name": chance.choice(("Pin", "Nut")),
        "base_unit_code": chance.choice((None, "C62", "KGM")),
        "pack_unit_code": "CT",
        "units_per_pack": chance.choice((None, 6)),
        "standard_cost_amount": _cost(chance),
        "currency_code": chance.choice(("EUR", None)),
        "reorder_quantity": chance.choice((None, 5)),
    }


def product_units(chance: Random, key: str) -> Row:
    return {"product_id": f"P-{int(key) % 6}", "unit_code": "CT", "base_units": chance.choice((6, 12))}


def stock_movements(chance: Random, key: str) -> Row:
    kind = chance.choice((*_KINDS, *_OUT))
    return {
        "movement_id": key,
        "movement_date": chance.choice(DAYS),
        "location_id": f"L-{chance.randint(1, 3)}",
        "product_id": f"P-{chance.randint(0, 7)}",
        "movement_kind_code": kind,
        "moved_quantity": chance.randint(1, 30) * (-1 if kind in _OUT else 1),
        "unit_code": _unit(chance),
        "unit_cost_amount": _cost(chance),
        "currency_code": chance.choice(("EUR", "EUR", "USD")),
    }


def stock(chance: Random, key: str) -> Row:
    return {
        "location_id": f"L-{chance.randint(2, 4)}",
        "product_id": f"P-{int(key) % 8}",
        "snapshot_date": chance.choice((date(2026, 1, 31), date(2026, 2, 28))),
        "lot_id": chance.choice(("-", "1")),
        "on_hand_quantity": chance.randint(0, 30),
        "reserved_quantity": chance.choice((None, 1)),
        "unit_code": _unit(chance),
        "unit_cost_amount": _cost(chance),
        "currency_code": chance.choice(("EUR", "USD", None)),
        "expiry_date": chance.choice((None, *DAYS)),
    }


def stock_counts(chance: Random, key: str) -> Row:
    return {
        "count_id": f"C-{int(key) % 3}",
        "line_id": key,
        "count_date": chance.choice(DAYS),
        "location_id": f"L-{chance.randint(1, 3)}",
        "product_id": f"P-{chance.randint(0, 7)}",
        "book_quantity": chance.randint(0, 5),
        "counted_quantity": chance.randint(0, 5),
        "unit_code": _unit(chance),
        "unit_cost_amount": _cost(chance),
        "currency_code": chance.choice(("EUR", None)),
    }


ROWS: dict[str, Callable[[Random, str], Row]] = {
    f"shipments.{make.__name__}": make for make in (products, product_units, stock_movements, stock, stock_counts)
}
