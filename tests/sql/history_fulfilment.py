"""Random rows of the feeds of fulfilment for `history.py`; keys of a small range, so that they meet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random

from tests.sql.rows import Row

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]
ORDERS = [f"{n:02}" for n in range(15)]
PRODUCTS = ["00", "01", "02", "03"]
UNITS = (None, "C62", "DZN", "CT", "KGM")


def products(chance: Random, key: str) -> Row:
    return {
        "product_id": key,
        "product_name": f"Product {key}",
        "base_unit_code": chance.choice((None, "C62")),
        "pack_unit_code": chance.choice((None, "CT")),
        "units_per_pack": chance.choice((6, 10)),
    }


def carriers(chance: Random, key: str) -> Row:
    return {"carrier_id": key, "carrier_name": chance.choice(("Cart", "Barrow"))}


def orders(chance: Random, key: str) -> Row:
    ordered = chance.choice(DAYS)
    return {
        "order_id": key,
        "customer_id": chance.choice(("C-0", "C-1")),
        "customer_name": chance.choice((None, "Sample Ltd")),
        "ordered_date": ordered,
        "requested_date": chance.choice((None, ordered + timedelta(days=5))),
        "promised_date": chance.choice((None, ordered + timedelta(days=9))),
        "shipped_date": chance.choice((None, ordered + timedelta(days=3))),
        "ship_to_country_code": chance.choice((None, "FR")),
        "carrier_id": chance.choice((None, "00")),
        "order_status_code": chance.choice((None, "open", "shipped", "closed", "cancelled")),
        "currency_code": "EUR",
    }


def order_lines(chance: Random, key: str) -> Row:
    return {
        "order_id": chance.choice(ORDERS),
        "line_id": str(int(key) % 3),
        "product_id": chance.choice(PRODUCTS),
        "ordered_quantity": chance.randint(1, 20),
        "unit_code": chance.choice(UNITS),
        "line_amount": chance.choice((None, chance.randint(1, 99))),
        "currency_code": chance.choice(("EUR", "USD", None)),
        "promised_date": chance.choice((None, *DAYS)),
        "shipped_quantity": chance.choice((None, 0, 4)),
        "cancelled_quantity": chance.choice((None, None, 2, 20)),
    }


def deliveries(chance: Random, key: str) -> Row:
    return {
        "delivery_note_id": f"N-{int(key) % 7}",
        "line_id": key,
        "shipment_id": chance.choice((None, "S-0", "S-1", "S-2")),
        "order_id": chance.choice((None, *ORDERS)),
        "order_line_id": chance.choice((None, "0", "1")),
        "product_id": chance.choice(PRODUCTS),
        "delivered_date": chance.choice(DAYS),
        "delivered_quantity": chance.randint(0, 20),
        "damaged_quantity": chance.choice((None, 1)),
        "refused_quantity": chance.choice((None, 2)),
        "unit_code": chance.choice(UNITS),
    }


def shipment_events(chance: Random, key: str) -> Row:
    day = chance.choice(DAYS)
    return {
        "shipment_id": f"S-{int(key) % 3}",
        "event_id": key,
        "event_code": chance.choice(("departed", "arrived", "delivered")),
        "event_at": datetime(day.year, day.month, day.day, 23, 30),
    }


def returns(chance: Random, key: str) -> Row:
    return {
        "return_id": f"R-{int(key) % 4}",
        "line_id": key,
        "order_id": chance.choice((None, *ORDERS)),
        "order_line_id": chance.choice((None, "0", "1")),
        "customer_id": chance.choice((None, "C-0")),
        "product_id": chance.choice(PRODUCTS),
        "returned_date": chance.choice(DAYS),
        "returned_quantity": chance.randint(1, 5),
        "unit_code": chance.choice(UNITS),
        "reason_code": chance.choice((None, "damaged", "surplus")),
        "disposition_code": chance.choice((None, "restocked", "scrapped")),
        "refund_amount": chance.choice((None, 7)),
        "currency_code": chance.choice((None, "EUR")),
    }


def interchanges(chance: Random, key: str) -> Row:
    day = chance.choice(DAYS)
    kind = chance.choice(("856", "810", "997", "824", "TA1"))
    ours = kind in ("856", "810")
    number = chance.choice(("1", "2", "3"))
    return {
        "format_code": "x12",
        "sender_id": "US" if ours else "THEM",
        "receiver_id": "THEM" if ours else "US",
        "interchange_number": str(int(key) % 3),
        "group_number": chance.choice(("1", "2", "3")),
        "message_number": key,
        "message_type_code": kind,
        "created_at": datetime(day.year, day.month, day.day, 8, 30),
        "document_id": chance.choice((None, "D-1", "D-2")),
        "segments_found": 3,
        "messages_found": 1,
        "message_faults": "none",
        "acknowledged_interchange_number": number if kind == "TA1" else None,
        "acknowledged_group_number": number if kind in ("997", "824") else None,
        "acknowledged_message_number": chance.choice((None, key, "00 01")) if kind in ("997", "824") else None,
        "acknowledgement_code": None if ours else chance.choice(("accepted", "rejected", "partially_accepted")),
        "acknowledgement_errors": None if ours else chance.choice((None, f"{key}: 5 too long")),
    }


ROWS: dict[str, Callable[[Random, str], Row]] = {
    f"shipments.{make.__name__}": make
    for make in (products, carriers, orders, order_lines, shipment_events, deliveries, returns, interchanges)
}
"""Feed → how a row of it is made."""
