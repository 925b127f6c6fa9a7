"""Random rows of purchasing and freight for `history.py`; keys of a small range, so that papers meet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.sql import history_fulfilment
from tests.sql.rows import Row

LACKING = {("east", f"shipments.{name}") for name in ("goods_receipts", "suppliers", "freight_tariffs")}
"""Feeds that a client does not deliver."""

_DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]


def _amount(chance: Random) -> Decimal:
    return Decimal(chance.randint(1, 9999)) / 100


def purchase_orders(chance: Random, key: str) -> Row:
    """One of five orders."""
    return {
        "purchase_order_id": f"O-{int(key) % 5}",
        "supplier_id": f"S-{chance.randint(0, 2)}",
        "ordered_date": chance.choice(_DAYS),
        "promised_date": chance.choice((None, *_DAYS)),
        "order_status_code": chance.choice((None, "open", "closed", "cancelled")),
        "currency_code": "EUR",
    }


def purchase_order_lines(chance: Random, key: str) -> Row:
    """A line of one of six orders, of which one is nowhere."""
    return {
        "purchase_order_id": f"O-{int(key) % 6}",
        "line_id": str(int(key) // 6),
        "product_id": chance.choice(history_fulfilment.PRODUCTS),
        "ordered_quantity": chance.randint(1, 20),
        "unit_code": chance.choice((None, "BX", "C62")),
        "unit_price_amount": _amount(chance),
        "currency_code": chance.choice(("EUR", "USD")),
        "due_date": chance.choice((None, *_DAYS)),
        "over_delivery_pct": chance.choice((None, 10)),
        "is_closed": chance.choice((None, True, False)),
        "received_quantity": chance.choice((None, 3)),
    }


def goods_receipts(chance: Random, key: str) -> Row:
    """A receipt for a line, for a product of an order, or for nothing known."""
    number = chance.randint(0, 14)
    return {
        "receipt_id": f"R-{int(key) % 7}",
        "line_id": str(int(key) // 7),
        "purchase_order_id": chance.choice((None, f"O-{number % 6}", f"O-{number % 6}")),
        "purchase_order_line_id": chance.choice((None, str(number // 6))),
        "product_id": chance.choice(history_fulfilment.PRODUCTS),
        "received_date": chance.choice(_DAYS),
        "received_quantity": chance.randint(-3, 20),
        "rejected_quantity": chance.choice((None, 1)),
        "unit_code": chance.choice((None, "C62")),
    }


def suppliers(chance: Random, key: str) -> Row:
    """One of three suppliers."""
    name = chance.choice(("Acme", "Zeta & Co"))
    return {"supplier_id": f"S-{int(key) % 3}", "supplier_name": name, "promised_lead_time_days": chance.randint(1, 30)}


def freight_tariffs(chance: Random, key: str) -> Row:
    """A band of a version of a carrier's tariff."""
    return {
        "carrier_id": f"{int(key) % 2:02}",
        "lane_id": chance.choice(("?-FR", "?-PL")),
        "transport_mode_code": chance.choice(("air", "truck")),
        "valid_from_date": _DAYS[int(key)],
        "from_weight_kg": chance.choice((0, 100)),
        "base_amount": chance.choice((None, 20)),
        "rate_per_kg_amount": _amount(chance),
        "currency_code": "USD",
    }


def freight_invoices(chance: Random, key: str) -> Row:
    """A charge for a shipment line of `history.py`, or for a shipment nobody knows."""
    return {
        "carrier_id": f"{int(key) % 2:02}",
        "invoice_id": f"I-{int(key) % 4}",
        "line_id": key,
        "invoice_date": chance.choice(_DAYS),
        "shipment_id": chance.choice((None, f"{chance.randint(0, 14):02}")),
        "charge_code": chance.choice(("freight", "freight", "fuel")),
        "charged_weight_kg": chance.choice((None, 50, 150)),
        "charged_amount": chance.choice((5, 5, -5, _amount(chance))),
        "currency_code": "USD",
    }


ROWS: dict[str, Callable[[Random, str], Row]] = {
    f"shipments.{make.__name__}": make
    for make in (purchase_orders, purchase_order_lines, goods_receipts, suppliers, freight_tariffs, freight_invoices)
}
