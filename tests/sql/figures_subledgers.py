"""What the marts of the sub-ledgers show of `rows_subledgers.py`, and how to make each of their identities fail."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

Marts = dict[str, list[dict[str, Any]]]

TAMPER = {
    "ageing_follows_from_events": (
        "update rpt_receivables_ageing set balance_amount = balance_amount + 1 where not is_today"
    ),
    "open_item_events_add_up_to_core": "update fct_open_item_events set event_amount = event_amount + 1",
    "payments_are_applied_or_shown_as_left": "update rpt_cash_application set over_paid_amount = over_paid_amount + 1",
    "days_outstanding_follow_from_core": "update rpt_dso_dpo set receivables_amount = receivables_amount + 1",
    "bank_lines_and_entries_stand_in_one_row": "delete from rpt_bank_reconciliation where rule_code = 'unmatched'",
    "bank_matches_agree": "update rpt_bank_reconciliation set item_amount = item_amount + 1 where side_code = 'bank'",
    "adjusted_bank_balances_tie": "update rpt_bank_balances set difference_amount = 1",
    "duplicates_are_pairs_of_the_ledger": "update rpt_duplicate_invoices set gross_amount = gross_amount + 1",
    "vat_return_ties_to_tax_accounts": "update rpt_vat_return set tax_amount = tax_amount + 0.01",
    "fixed_assets_roll_forward": "update rpt_fixed_assets set additions_amount = additions_amount + 1",
    "fixed_asset_accounts_hold_the_register": "update rpt_fixed_asset_control set register_amount = 0.01",
    "spend_by_supplier_adds_up_to_core": "delete from rpt_spend_by_supplier where origin_code = 'payables'",
    "gl_currency_movements_add_up_to_core": "update fct_gl_currency_movements set amount = amount + 0.01",
    "control_accounts_are_those_of_the_ageing": "update rpt_subledger_control set difference_amount = 0.05",
}


def _pick(rows: list[dict[str, Any]], names: str, **equal: Any) -> list[tuple[Any, ...]]:
    found = [r for r in rows if all(r[k] == v for k, v in equal.items())]
    return sorted((tuple(r[n] for n in names.split()) for r in found), key=str)


def _money(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


def receivables_are_aged_today_and_earlier(marts: Marts) -> None:
    """Paid in part with discount and too much on 20 April, credited in May; the dollars stay apart."""
    names = (
        "open_invoices not_due_amount days_1_30_amount days_61_90_amount open_amount unallocated_amount balance_amount"
    )
    ageing = [r for r in marts["rpt_receivables_ageing"] if r["customer_id"] == "K-1"]
    assert len({r["as_of_date"] for r in ageing}) == 6  # nothing was open in January
    at = {str(r["as_of_date"]): _pick([r], names)[0] for r in ageing if r["currency_code"] == "EUR"}
    assert at["2026-07-01"] == (2, *_money("0", "-500", "4000", "3500", "-600", "2900"))
    assert at["2026-04-30"] == (2, *_money("0", "4000", "0", "4800", "-600", "4200"))
    assert at["2026-03-31"] == (2, *_money("10000", "800", "0", "10800", "0", "10800"))
    assert at["2026-02-28"] == (1, *_money("800", "0", "0", "800", "0", "800"))


def differences_to_control_accounts_are_shown(marts: Marts) -> None:
    """Credit note, settlement and dollars are in no entry; of `south` nobody says which account it is."""
    names = "control_account_id currency_code open_amount unallocated_amount account_amount difference_amount"
    rows = marts["rpt_subledger_control"]
    assert _pick(rows, names, client_id="north", is_today=True, ledger_code="receivables") == [
        ("1200", "EUR", *_money("3500", "-633", "3400", "-533")),
        ("1200", "USD", *_money("70", "0", "0", "70")),
    ]
    assert _pick(rows, names + " entity_code", client_id="south", is_today=True) == [
        (None, "EUR", *_money("50.10", "-12", "0", "38.10"), "UK")
    ]


def bank_and_books_are_matched_by_rules(marts: Marts) -> None:
    """Found two days later without a reference; found by its reference among the payments; a charge nobody booked."""
    names = "side_code item_code item_amount rule_code unmatched_days"
    rows = marts["rpt_bank_reconciliation"]
    assert _pick(rows, names, client_id="north") == [
        ("bank", "bank_line", Decimal("-9.50"), "unmatched", 62),
        ("bank", "bank_line", Decimal("6500.00"), "amount_and_date", None),
        ("bank", "opening_balance", Decimal("0.00"), "no_amount", None),
        ("books", "entry", Decimal("6500.00"), "amount_and_date", None),
    ]
    found = _pick(rows, "side_code item_code rule_code", client_id="south")
    assert [r for r in found if r[1] != "opening_balance"] == [
        ("bank", "bank_line", "reference"), ("books", "payment", "reference")
    ]  # fmt: skip
    names = "adjusted_bank_amount adjusted_books_amount not_booked_amount difference_amount"
    assert _pick(marts["rpt_bank_balances"], names, client_id="north") == [_money("6490.50", "6490.50", "-9.50", "0")]


def duplicates_are_scored(marts: Marts) -> None:
    """One invoice under two spellings of its number."""
    assert _pick(marts["rpt_duplicate_invoices"], "invoice_id other_invoice_id rule_code score") == [
        ("R-6", "R6", "number_alike", 90)
    ]


def vat_is_shown_by_code(marts: Marts) -> None:
    """100 at 19%, one line of each; nothing else of the clients has a tax code or a tax account."""
    names = "posting_month side_code tax_code base_box_code base_amount tax_amount tax_difference_amount"
    ((month, *others),) = _pick(marts["rpt_vat_return"], names)
    assert (str(month), *others) == ("2026-05-01", "output", "S19", "81", *_money("100", "19", "0"))


def assets_are_compared_with_the_ledger(marts: Marts) -> None:
    """Five months of 40; all of it is missing in the ledger."""
    names = "fiscal_year additions_amount book_amount straight_line_amount straight_line_difference_amount"
    assert _pick(marts["rpt_fixed_assets"], names) == [(2026, *_money("1200", "1000", "200", "0"))]
    names = "account_id register_amount ledger_amount difference_amount"
    assert _pick(marts["rpt_fixed_asset_control"], names) == [("0400", *_money("1000", "0", "1000"))]


def spend_comes_from_lines_and_invoices(marts: Marts) -> None:
    """Spend lines as in rpt_supplier_spend; five invoices of 1,000, of which the ledger gives no net amount."""
    names = "origin_code supplier_key currency_code spend_amount lines lines_with_tax"
    assert _pick(marts["rpt_spend_by_supplier"], names, client_id="north") == [
        ("payables", "sample print", "EUR", Decimal("5000.00"), 5, 5),
        ("spend_lines", "other", "EUR", Decimal("1.00"), 1, 0),
        ("spend_lines", "sample print", "EUR", Decimal("99.90"), 2, 0),
        ("spend_lines", "sample print", "USD", Decimal("7.00"), 1, 0),
    ]


CHECKS: tuple[Callable[[Marts], None], ...] = (
    receivables_are_aged_today_and_earlier,
    differences_to_control_accounts_are_shown,
    bank_and_books_are_matched_by_rules,
    duplicates_are_scored,
    vat_is_shown_by_code,
    assets_are_compared_with_the_ledger,
    spend_comes_from_lines_and_invoices,
)
