"""What the marts of stock show of `rows_inventory.py`, worked out by hand, and how to make their identities fail."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

Marts = dict[str, list[dict[str, Any]]]

TAMPER = {
    "inventory_rolls_forward": "update rpt_inventory_valuation set out_amount = out_amount + 0.01",
    "inventory_holds_all_products_of_core": "delete from rpt_inventory_valuation where product_id = 'P-3'",
    "stock_positions_hold_all_lists_of_core": "delete from rpt_stock_position where client_id = 'south'",
    "inventory_to_ledger_holds_all_stock": "update rpt_inventory_to_ledger set difference_amount = 0.05",
    "turnover_totals_are_those_of_products": (
        "update rpt_inventory_turnover set used_amount = used_amount + 1 where level_code = 'total'"
    ),
    "slow_moving_holds_all_stock": "update rpt_slow_moving set on_hand_quantity = on_hand_quantity + 1",
    "count_variance_adds_up_to_core": "update rpt_stock_count_variance set lines = lines + 1",
}


def _pick(rows: list[dict[str, Any]], names: str, **equal: Any) -> list[tuple[str, ...]]:
    found = [r for r in rows if all(str(r[k]) == str(v) for k, v in equal.items())]
    return sorted(tuple(_text(r[n]) for n in names.split()) for r in found)


def _text(value: Any) -> str:
    """A number without the zeros behind it."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def stock_is_valued(marts: Marts) -> None:
    """20 at 2.00 and a carton of 10 at 30.00; 5 and 18 sold: 7 at 3.00 are left. P-2 came without cost, P-3 never."""
    names = "month_end_date status_code on_hand_quantity in_amount out_amount stock_amount used_amount"
    rows = marts["rpt_inventory_valuation"]
    assert _pick(rows, names, product_id="P-1") == [
        ("2026-04-30", "valued", "15", "40", "10", "30", "10"),
        ("2026-05-31", "valued", "7", "30", "39", "21", "39"),
        ("2026-06-30", "valued", "7", "0", "0", "21", "0"),
        ("2026-07-31", "valued", "7", "0", "0", "21", "0"),
    ]
    assert {r["product_id"]: r["status_code"] for r in rows} == {
        "P-1": "valued", "P-2": "no_cost", "P-3": "negative_stock",
    }  # fmt: skip


def positions_are_those_of_lists_else_of_movements(marts: Marts) -> None:
    """L-2 and L-9 are on lists; on L-2 lies one more than was moved there. 2 and 5 are available, fewer than 8."""
    names = "location_id product_id basis_code status_code on_hand_quantity available_quantity book_quantity "
    rows = marts["rpt_stock_position"]
    assert _pick(rows, names + "stock_amount is_to_reorder", client_id="north") == [
        ("L-1", "P-1", "movements", "valued", "2", "2", "2", "6", "True"),
        ("L-1", "P-2", "movements", "no_cost", "3", "3", "3", "None", "None"),
        ("L-1", "P-3", "movements", "negative_stock", "-1", "-1", "-1", "None", "None"),
        ("L-2", "P-1", "list", "valued", "6", "5", "5", "18", "True"),
    ]
    names = "location_id position_date on_hand_quantity stock_amount currency_code value_basis_code"
    assert _pick(rows, names, client_id="south") == [("L-9", "2026-05-31", "4", "20", "GBP", "list_cost")]


def stock_is_compared_with_the_ledger(marts: Marts) -> None:
    """`north` has a stock account on which nothing is booked, `south` has none."""
    names = "month_end_date currency_code moved_amount listed_amount ledger_amount difference_amount"
    rows = marts["rpt_inventory_to_ledger"]
    assert ("2026-05-31", "EUR", "21", "0", "0", "21") in _pick(rows, names, client_id="north")
    assert _pick(rows, names, client_id="south") == [
        ("2026-04-30", "GBP", "0", "25", "None", "None"), ("2026-05-31", "GBP", "0", "20", "None", "None"),
    ]  # fmt: skip


def stock_turns_over(marts: Marts) -> None:
    """April from the opening stock of 40 to 30, May from 30 to 21: 39 ÷ 25.5; both months 49 ÷ ((40 + 30 + 21) ÷ 3)."""
    names = "month_end_date used_amount average_amount turnover turnover_12_months"
    found = _pick(marts["rpt_inventory_turnover"], names, level_code="total")
    assert found[:2] == [
        ("2026-04-30", "10", "35", "0.2857", "0.2857"), ("2026-05-31", "39", "25.5", "1.5294", "1.6154"),
    ]  # fmt: skip


def slow_stock_is_known(marts: Marts) -> None:
    """P-1 was sold on 20 May, 42 days before the first of July; of `south` less was there on the last list."""
    names = "client_id source product_id issue_basis_code days_without_issue is_slow_moving"
    assert _pick(marts["rpt_slow_moving"], names) == [
        ("north", "main", "P-1", "movements", "42", "False"),
        ("north", "main", "P-2", "movements", "30", "False"),
        ("south", "main", "P-1", "lists", "0", "False"),
    ]


def counts_are_compared(marts: Marts) -> None:
    """One piece more, worth 3.00; the other position agrees and has no cost."""
    names = "currency_code lines exact_lines accuracy_pct difference_quantity difference_amount unposted_lines"
    assert _pick(marts["rpt_stock_count_variance"], names) == [
        ("EUR", "1", "0", "0", "1", "3", "1"), ("None", "1", "1", "100", "0", "None", "0"),
    ]  # fmt: skip
    names = "line_id unit_code variance_code difference_amount"
    assert _pick(marts["fct_stock_count_lines"], names) == [("1", "C62", "over", "3"), ("2", "C62", "exact", "None")]


CHECKS: tuple[Callable[[Marts], None], ...] = (
    stock_is_valued,
    positions_are_those_of_lists_else_of_movements,
    stock_is_compared_with_the_ledger,
    stock_turns_over,
    slow_stock_is_known,
    counts_are_compared,
)
