"""Rows of orders and their deliveries, for the marts of fulfilment: all of `south`, which has no tolerance."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.sql.rows import Row, insert


def fill_fulfilment(conn: sa.Connection) -> None:
    """What was known at the cut-off of `rows.py`; on 30 June at `south`."""
    for name, rows in _core().items():
        insert(conn, f"core.shipments_{name}", [{"client_id": "south", **row} for row in rows])


def _core() -> dict[str, list[Row]]:
    return {
        "products": [
            {"product_id": "P-1", "product_name": "Cup", "base_unit_code": "C62", "pack_unit_code": "CT"}
            | {"units_per_pack": 10}
        ],
        "carriers": [{"carrier_id": "K-1", "carrier_name": "Sample Cart"}],
        "orders": _orders(),
        "order_lines": _order_lines(),
        "shipments": _shipments(),
        "shipment_events": [
            {"shipment_id": "S-1", "event_id": "1", "event_code": "departed", "event_at": "2026-05-18 08:00+00"}
        ],
        "deliveries": _deliveries(),
        "returns": _returns(),
        "interchanges": _interchanges(),
    }


def _orders() -> list[Row]:
    def order(number: str, promised: str, **values: Any) -> Row:
        return {
            "order_id": number,
            "customer_id": "C-1",
            "customer_name": "Sample Cafe Ltd",
            "ordered_date": "2026-05-01",
            "promised_date": promised,
            "currency_code": "EUR",
            "ship_to_country_code": "FR",
            **values,
        }

    return [
        order("O-1", "2026-05-20", carrier_id="K-1"),
        order("O-2", "2026-06-10"),
        order("O-3", "2026-06-10"),  # its lines were rejected
    ]


def _order_lines() -> list[Row]:
    line = {"order_id": "O-1", "product_id": "P-1", "unit_code": "C62"}
    return [
        {**line, "line_id": "1", "ordered_quantity": "20", "line_amount": "40.00"},
        {**line, "line_id": "2", "ordered_quantity": "10", "line_amount": "20.00"},
        {**line, "line_id": "1", "ordered_quantity": "5", "line_amount": "10.00", "order_id": "O-2"},
        {**line, "line_id": "2", "ordered_quantity": "5", "line_amount": "10.00", "order_id": "O-2"}
        | {"promised_date": "2026-07-10"},
    ]


def _shipments() -> list[Row]:
    line = {"destination_country_code": "FR", "item_name": "Cup", "currency_code": "EUR", "product_id": "P-1"}
    line |= {"shipment_id": "S-1", "order_id": "O-1", "promised_date": "2026-05-20", "carrier_id": "K-1"}
    return [{**line, "shipment_line_id": "11", "order_line_id": "1", "line_quantity": 2}]  # packs


def _deliveries() -> list[Row]:
    note = {"delivery_note_id": "N-1", "order_id": "O-1", "product_id": "P-1"}
    return [
        {**note, "line_id": "1", "shipment_id": "S-1", "order_line_id": "1", "delivered_date": "2026-05-20"}
        | {"delivered_quantity": "2", "unit_code": "CT"},
        {**note, "line_id": "2", "delivered_date": "2026-05-25", "delivered_quantity": "10", "damaged_quantity": "1"},
    ]


def _returns() -> list[Row]:
    back = {"return_id": "R-1", "order_id": "O-1", "order_line_id": "1", "product_id": "P-1", "currency_code": "EUR"}
    return [
        {**back, "line_id": "1", "returned_date": "2026-05-30", "returned_quantity": "3", "reason_code": "defective"}
        | {"disposition_code": "scrapped", "refund_amount": "6.00"},
    ]


def _interchanges() -> list[Row]:
    sent = {"format_code": "edifact", "sender_id": "S", "receiver_id": "C", "interchange_number": "1"}
    sent |= {"group_number": "none", "message_number": "1", "message_type_code": "DESADV", "document_id": "N-1"}
    sent |= {"created_at": "2026-05-18 08:00+00", "segments_found": 9, "messages_found": 1, "message_faults": "none"}
    answer = {**sent, "sender_id": "C", "receiver_id": "S", "message_type_code": "CONTRL", "document_id": None}
    answer |= {"created_at": "2026-05-18 10:00+00", "acknowledged_interchange_number": "1"}
    answer |= {"acknowledged_message_number": "1", "acknowledgement_code": "rejected", "rejected_message_number": "1"}
    return [
        sent,
        {**sent, "interchange_number": "2", "document_id": "N-2", "created_at": "2026-06-29 08:00+00"},
        {**answer, "acknowledgement_errors": "1 segment 3: 13 missing"},
    ]
