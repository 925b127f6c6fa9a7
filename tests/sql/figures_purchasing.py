"""What purchasing and freight marts show of `rows_purchasing.py`, and how to make each of their identities fail."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

Marts = dict[str, list[dict[str, Any]]]

TAMPER = {
    "purchase_lines_are_those_of_core": "delete from rpt_supplier_scorecard where client_id = 'yard'",
    "ordered_quantities_are_accepted_open_or_short": "update rpt_purchase_order_fulfilment set open_quantity = 1",
    "invoiced_is_due_and_variances": "update rpt_three_way_match set price_variance_amount = 1",
    "matched_documents_are_those_of_core": "delete from rpt_three_way_match where row_code = 'invoice_line'",
    "freight_costs_add_up_to_core": "update rpt_freight_cost set total_amount = total_amount + 0.01",
    "freight_audit_holds_all_charges": "delete from rpt_freight_audit where charge_code = 'fuel'",
    "carrier_scores_hold_all_charges": "update rpt_carrier_scorecard set audited_charges = audited_charges + 1",
}


def _pick(rows: list[dict[str, Any]], names: str, **equal: Any) -> list[tuple[str, ...]]:
    found = [r for r in rows if all(r[k] == v for k, v in equal.items())]
    return sorted(tuple(_plain(r[n]) for n in names.split()) for r in found)


def _plain(value: Any) -> str:
    """A figure without the zeros of its column, so that the tables read as one would write them."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def order_lines_in_base_units(marts: Marts) -> None:
    """10 boxes of 12; 4 of 40 litres rejected; nothing of O-2; `east_yard` keeps receipts on lines, without a day."""
    rows = marts["rpt_purchase_order_fulfilment"]
    names = "purchase_order_id purchase_order_line_id status_code"
    names += " ordered_quantity accepted_quantity open_quantity is_on_time"
    assert _pick(rows, names, client_id="yard") == [
        ("O-1", "1", "complete", "120", "120", "0", "True"),
        ("O-1", "2", "overdue", "50", "36", "14", "False"),
        ("O-2", "1", "overdue", "100", "0", "100", "False"),
    ]
    assert _pick(rows, names, client_id="east_yard") == [
        ("1", "1", "overdue", "3", "2", "1", "False"),
        ("1", "2", "overdue", "4", "0", "4", "False"),
    ]


def match_of_lines_and_what_has_none(marts: Marts) -> None:
    rows = marts["rpt_three_way_match"]
    names = "row_code purchase_order_id purchase_order_line_id flags"
    names += " invoiced_quantity invoiced_amount price_variance_amount"
    assert _pick(rows, names, client_id="yard") == [
        ("invoice_line", "None", "None", "no_order", "1", "9", "None"),
        ("order_line", "O-1", "1", "duplicate_invoice, quantity_over_invoiced", "240", "480", "0"),
        ("order_line", "O-1", "2", "price_over, under_received", "36", "115.2", "7.2"),
        ("order_line", "O-2", "1", "not_received", "0", "0", "None"),
        ("receipt_line", "O-9", "1", "no_order", "None", "None", "None"),
    ]
    names = "purchase_order_line_id compared_documents status_code"
    assert _pick(rows, names, client_id="east_yard") == [
        ("1", "order, receipt", "under_received"),
        ("2", "order, receipt", "not_received"),
    ]


def suppliers_are_scored_by_what_can_be_judged(marts: Marts) -> None:
    """`yard`: a third in time; 12 of 360 in value rejected; 7.20 above 588; 10 days promised and taken. East: a third
    rejected, nothing in full, no invoice, no days: (40 × 0 + 25 × 66.67) ÷ 65."""
    names = "client_id supplier_name lines otif_pct rejected_pct price_variance_pct mean_lead_time_days score_points"
    assert _pick(marts["rpt_supplier_scorecard"], names) == [
        ("east_yard", "None", "2", "0", "33.33", "None", "None", "25.6"),
        ("yard", "Sample Mill", "3", "33.33", "3.33", "1.22", "10", "70.1"),
    ]


def freight_is_audited_and_costed(marts: Marts) -> None:
    """20 + 100 × 0.50 = 70; a euro too much; fuel for a shipment nobody knows."""
    names = "invoice_line_id status_code expected_amount difference_amount"
    assert _pick(marts["rpt_freight_audit"], names, client_id="yard") == [
        ("1", "matched", "70", "0"),
        ("2", "over_charged", "70", "1"),
        ("3", "no_freight", "None", "None"),
        ("4", "no_shipment", "None", "None"),
    ]
    names = "origin_code lane_id shipments weight_kg total_amount amount_per_kg"
    assert _pick(marts["rpt_freight_cost"], names, client_id="yard") == [
        ("invoice", "DE-FR", "2", "200", "146", "0.73"),
        ("invoice", "not_stated", "1", "None", "6", "None"),
        ("order", "?-FR", "1", "None", "12.5", "None"),
        ("shipment", "DE-FR", "2", "200", "120", "0.6"),
    ]
    names = "shipments judged_shipments on_time_pct median_transit_days right_charge_pct score_points"
    assert _pick(marts["rpt_carrier_scorecard"], names, client_id="yard") == [("3", "2", "50", "4.5", "50", "50")]


CHECKS: tuple[Callable[[Marts], None], ...] = (
    order_lines_in_base_units,
    match_of_lines_and_what_has_none,
    suppliers_are_scored_by_what_can_be_judged,
    freight_is_audited_and_costed,
)
