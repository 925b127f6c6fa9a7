"""Rows of purchasing and freight for the tests of their marts: a client `yard` that sends everything, and `east_yard`
that keeps on its order lines what was received and sends neither receipts nor invoices."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from pipelines.warehouse.pseudonyms import give_key
from tests.sql.rows import Row, insert

CLIENTS = ("yard", "east_yard")


def fill_purchasing(conn: sa.Connection) -> None:
    """What was known at the cut-off of `rows.py`."""
    for client in CLIENTS:
        insert(conn, "ops.client", [{"client_id": client, "name": client, "time_zone": "UTC"}])
        give_key(conn, client)
    for table, rows in _core().items():
        insert(conn, f"core.{table}", [{"client_id": "yard", **row} for row in rows])


def _core() -> dict[str, list[Row]]:
    return {
        "shipments_products": [
            {"product_id": "P-1", "product_name": "Bolt", "pack_unit_code": "BX", "units_per_pack": 12},
            {"product_id": "P-2", "product_name": "Paint", "base_unit_code": "LTR"},
        ],
        "shipments_suppliers": [{"supplier_id": "S-1", "supplier_name": "Sample Mill", "promised_lead_time_days": 10}],
        "shipments_carriers": [{"carrier_id": "C-1", "carrier_name": "Sample Lines"}],
        "shipments_purchase_orders": [_order("O-1"), _order("O-2"), _order("1", client_id="east_yard")],
        "shipments_purchase_order_lines": [
            _line("O-1", "1", 10, "24.00", unit_code="BX"),
            _line("O-1", "2", 50, "3.00", product_id="P-2"),
            _line("O-2", "1", 100, "2.00"),
            _line("1", "1", 3, "45.12", client_id="east_yard", received_quantity=3, rejected_quantity=1),
            _line("1", "2", 4, "10.00", client_id="east_yard", received_quantity=0),
        ],
        "shipments_goods_receipts": [
            _receipt("R-1", "1", "O-1", "1", 120, received_date="2026-05-11"),
            _receipt("R-1", "2", "O-1", "2", 40, received_date="2026-05-20", product_id="P-2", rejected_quantity=4),
            _receipt("R-2", "1", "O-9", "1", 7, received_date="2026-05-20"),
        ],
        "ledgers_invoice_lines": [
            _invoice("RE-001", "O-1", "1", 10, "240.00", unit_code="BX"),
            _invoice("RE-1", "O-1", "1", 10, "240.00", unit_code="BX"),
            _invoice("RE-2", "O-1", "2", 36, "115.20"),
            _invoice("RE-3", None, None, 1, "9.00"),
        ],
        "shipments_shipments": [_shipment("1", "2026-05-08"), _shipment("2", "2026-05-11")],
        "shipments_freight_tariffs": [
            {"carrier_id": "C-1", "lane_id": "DE-FR", "transport_mode_code": "truck", "valid_from_date": "2026-01-01",
             "from_weight_kg": 0, "base_amount": "20", "rate_per_kg_amount": "0.5", "currency_code": "EUR"},
        ],
        "shipments_freight_invoices": [
            _charge("1", "T-1", "freight", "70.00"), _charge("2", "T-2", "freight", "71.00"),
            _charge("3", "T-2", "fuel", "5.00"), _charge("4", "T-9", "fuel", "6.00"),
        ],
        "shipments_orders": [
            {"order_id": "N-1", "customer_id": "K-1", "ordered_date": "2026-05-01", "shipped_date": "2026-05-04",
             "carrier_id": "C-1", "ship_to_country_code": "FR", "freight_amount": "12.50", "currency_code": "EUR"},
        ],
    }  # fmt: skip


def _order(number: str, **values: Any) -> Row:
    order = {"purchase_order_id": number, "supplier_id": "S-1", "ordered_date": "2026-05-01"}
    return {**order, "promised_date": "2026-05-12", "currency_code": "EUR", **values}


def _line(order: str, line: str, quantity: int, price: str, **values: Any) -> Row:
    key = {"purchase_order_id": order, "line_id": line, "product_id": "P-1", "currency_code": "EUR"}
    return {**key, "ordered_quantity": quantity, "unit_price_amount": price, **values}


def _receipt(number: str, line: str, order: str, order_line: str, quantity: int, **values: Any) -> Row:
    key = {"receipt_id": number, "line_id": line, "purchase_order_id": order, "purchase_order_line_id": order_line}
    return {**key, "product_id": "P-1", "received_quantity": quantity, **values}


def _invoice(number: str, order: str | None, line: str | None, quantity: int, net: str, **values: Any) -> Row:
    key = {"ledger_code": "payables", "partner_id": "S-1", "invoice_id": number, "line_id": "1"}
    order_key = {"purchase_order_id": order, "purchase_order_line_id": line, "invoice_date": "2026-05-25"}
    return {**key, **order_key, "line_quantity": quantity, "net_amount": net, "currency_code": "EUR", **values}


def _shipment(number: str, delivered: str) -> Row:
    row = {
        "shipment_line_id": number,
        "shipment_id": f"T-{number}",
        "carrier_id": "C-1",
        "transport_mode_code": "truck",
    }
    row |= {"origin_country_code": "DE", "destination_country_code": "FR", "item_name": "Bolt", "line_quantity": "1"}
    row |= {"shipped_date": "2026-05-05", "promised_date": "2026-05-08", "delivered_date": delivered}
    return {**row, "weight_quantity": "100", "freight_amount": "60.00", "currency_code": "EUR"}


def _charge(line: str, shipment: str, kind: str, amount: str) -> Row:
    key = {"carrier_id": "C-1", "invoice_id": "F-1", "line_id": line, "invoice_date": "2026-05-31"}
    return {**key, "shipment_id": shipment, "charge_code": kind, "charged_amount": amount, "currency_code": "EUR"}
