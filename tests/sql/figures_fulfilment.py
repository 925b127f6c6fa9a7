"""What the marts of fulfilment show of `rows_fulfilment.py`, and how to make each of their identities fail."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

Marts = dict[str, list[dict[str, Any]]]

TAMPER = {
    "order_lines_are_those_of_core": "delete from fct_order_lines where order_id = 'O-2'",
    "events_fill_lines_with_all_of_their_quantity": (
        "update int_fulfilment_events set quantity = quantity + 1 where event_kind_code = 'shipment'"
    ),
    "on_time_in_full_adds_up_to_lines": "update rpt_on_time_in_full set on_time_lines = on_time_lines + 1",
    "on_time_in_full_is_no_more_than_either": "update rpt_on_time_in_full set on_time_in_full_lines = lines + 1",
    "order_fulfilment_adds_up_to_lines": "update rpt_order_fulfilment set ordered_amount = ordered_amount + 0.01",
    "returns_add_up_to_core": "update rpt_returns set refund_amount = refund_amount + 0.01",
    "acknowledged_messages_are_those_of_core": (
        "delete from rpt_message_acknowledgements where status_code = 'rejected'"
    ),
    "shipments_of_the_months_are_all": (
        "update rpt_shipment_performance set shipments = shipments + 1 where is_all_months"
    ),
}


def _pick(rows: list[dict[str, Any]], names: str, **equal: Any) -> list[tuple[Any, ...]]:
    found = [r for r in rows if all(r[k] == v for k, v in equal.items())]
    return sorted((tuple(r[n] for n in names.split()) for r in found), key=str)


def lines_are_followed_to_their_delivery(marts: Marts) -> None:
    """Two cartons are 20 cups, to the day; of the next ten one is damaged, and they are late; of O-2 nothing came."""
    names = "order_id line_id line_status_code accepted_quantity days_late is_on_time is_in_full is_on_time_in_full"
    rows = marts["fct_order_lines"]
    assert _pick(rows, names, client_id="south", line_kind_code="order_line") == [
        ("O-1", "1", "delivered", Decimal(20), 0, True, True, True),
        ("O-1", "2", "part_delivered", Decimal(9), 5, False, False, False),
        ("O-2", "1", "overdue", Decimal(0), 20, False, False, False),
        ("O-2", "2", "open", Decimal(0), None, None, None, None),
    ]
    assert _pick(rows, "delivery_basis_code is_on_time is_in_full", line_kind_code="shipment", client_id="south") == [
        ("shipment", False, None)
    ]


def months_of_a_customer(marts: Marts) -> None:
    names = "due_month lines overdue_lines on_time_pct in_full_pct on_time_in_full_pct delivery_basis_code"
    half = Decimal("50.00")
    found = [
        (str(month), *figures)
        for month, *figures in _pick(marts["rpt_on_time_in_full"], names, client_id="south", customer_id="C-1")
    ]
    assert found == [
        ("2026-05-01", 2, 0, half, half, half, "delivery_note"),
        ("2026-06-01", 1, 1, Decimal(0), Decimal(0), Decimal(0), None),
        ("2026-07-01", 1, 0, None, None, None, None),
    ]


def orders_with_what_is_open(marts: Marts) -> None:
    """Of O-1 nine of the last ten are good: one cup for 2.00 is open, but all has been shipped, as it has arrived."""
    names = "order_id order_status_code lines ordered_amount accepted_amount open_amount backorder_amount open_quantity"
    assert _pick(marts["rpt_order_fulfilment"], names, client_id="south", customer_id="C-1") == [
        ("O-1", "part_delivered", 2, Decimal(60), Decimal(58), Decimal(2), Decimal(0), Decimal(1)),
        ("O-2", "overdue", 2, Decimal(20), Decimal(0), Decimal(20), Decimal(10), Decimal(10)),
        ("O-3", "no_lines", 0, None, None, None, None, None),
    ]


def times_of_a_lane(marts: Marts) -> None:
    """The carrier says when it left, the note when it arrived."""
    names = "measure_code is_all_months shipments median_days max_days carrier_name"
    assert _pick(marts["rpt_shipment_performance"], names, client_id="south", carrier_id="K-1") == [
        (measure, is_all, 1, Decimal(days), days, "Sample Cart")
        for measure, days in (("dispatch", 17), ("lead", 19), ("transit", 2))
        for is_all in (False, True)
    ]


def returns_of_what_was_delivered(marts: Marts) -> None:
    """Three of the thirty cups of May, ten days after the first of them."""
    names = "customer_id reason_code returned_quantity scrapped_quantity refund_amount mean_days_after_delivery"
    names += " delivered_quantity returned_of_delivered_pct"
    assert _pick(marts["rpt_returns"], names, client_id="south") == [
        ("C-1", "defective", *map(Decimal, ("3", "3", "6", "10", "30", "10"))),
    ]


def messages_with_their_acknowledgements(marts: Marts) -> None:
    """Two hours later the first was refused for what its third segment lacks; the second was sent yesterday."""
    names = (
        "document_id status_code hours_to_acknowledgement acknowledgement_type_code error_place error_code error_text"
    )
    assert _pick(marts["rpt_message_acknowledgements"], names, client_id="south") == [
        ("N-1", "rejected", Decimal("2.0"), "CONTRL", "1 segment 3", "13", "missing"),
        ("N-2", "awaited", None, None, None, None, None),
    ]


CHECKS: list[Callable[[Marts], None]] = [
    lines_are_followed_to_their_delivery,
    months_of_a_customer,
    orders_with_what_is_open,
    times_of_a_lane,
    returns_of_what_was_delivered,
    messages_with_their_acknowledgements,
]
