"""Rows of stock: `north` with movements, one list and a count, `south` with lists only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.sql.rows import Row, insert


def fill_inventory(conn: sa.Connection) -> None:
    """What was known at the cut-off of `rows.py`."""
    own = {"client_id": "north", "is_summary": False}
    account = {"account_id": "1400", "account_name": "Stock", "account_type_code": "asset"}
    insert(conn, "core.ledgers_accounts", [{**own, **account, "account_class_code": "inventory"}])
    listed = {"client_id": "north", "product_id": "P-1", "product_name": "Pin", "base_unit_code": "C62"}
    listed |= {"pack_unit_code": "CT", "units_per_pack": 10, "standard_cost_amount": 2, "currency_code": "EUR"}
    insert(conn, "core.shipments_products", [{**listed, "reorder_quantity": 8}])
    unit = {"client_id": "north", "product_id": "P-1", "unit_code": "PAL", "base_units": 100}
    insert(conn, "core.shipments_product_units", [unit])
    insert(conn, "core.shipments_stock_movements", _movements())
    insert(conn, "core.shipments_stock", _lists())
    insert(conn, "core.shipments_stock_counts", _counts())


def _movements() -> list[Row]:
    def movement(key: str, day: str, kind: str, quantity: int, **values: Any) -> Row:
        row = {"client_id": "north", "movement_id": key, "movement_date": day, "location_id": "L-1"}
        row |= {"product_id": "P-1", "movement_kind_code": kind, "moved_quantity": quantity}
        return {**row, **values}

    return [
        movement("1", "2026-04-01", "opening", 20, unit_cost_amount=2, currency_code="EUR"),
        movement("2", "2026-04-10", "issue", -5),
        movement("3", "2026-05-04", "receipt", 1, unit_code="CT", unit_cost_amount=30, currency_code="EUR"),
        movement("4", "2026-05-10", "transfer_out", -5),
        movement("5", "2026-05-10", "transfer_in", 5, location_id="L-2"),
        movement("6", "2026-05-20", "issue", -18),
        movement("7", "2026-06-01", "receipt", 3, product_id="P-2"),
        movement("8", "2026-06-02", "issue", -1, product_id="P-3"),
        movement("9", "2026-07-02", "receipt", 50),  # tomorrow
    ]


def _lists() -> list[Row]:
    def position(client: str, place: str, day: str, quantity: int, **values: Any) -> Row:
        row = {"client_id": client, "location_id": place, "product_id": "P-1", "snapshot_date": day, "lot_id": "-"}
        return {**row, "on_hand_quantity": quantity, **values}

    cost = {"unit_cost_amount": 5, "currency_code": "GBP"}
    return [
        position("north", "L-2", "2026-06-30", 6, stock_amount=18, currency_code="EUR", reserved_quantity=1),
        position("south", "L-9", "2026-04-30", 5, **cost, _period="2026-04"),
        position("south", "L-9", "2026-05-31", 4, **cost, _period="2026-05"),
    ]


def _counts() -> list[Row]:
    def line(number: str, product: str, book: int, counted: int, **values: Any) -> Row:
        row = {"client_id": "north", "count_id": "C-1", "line_id": number, "count_date": "2026-06-30"}
        row |= {"location_id": "L-2", "product_id": product, "book_quantity": book, "counted_quantity": counted}
        return {**row, **values}

    return [
        line("1", "P-1", 5, 6, unit_cost_amount=3, currency_code="EUR", is_posted=False),
        line("2", "P-2", 3, 3),
    ]
