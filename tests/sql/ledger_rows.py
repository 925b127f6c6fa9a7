"""Rows of a small general ledger: a company with two fiscal years, an opening entry and business with its sister."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def tables() -> dict[str, list[Row]]:
    """What stands beside the entries."""
    return {
        "core.ledgers_accounts": _accounts(),
        "core.ledgers_budgets": _budgets(),
        "core.ledgers_exchange_rates": _exchange_rates(),
        "core.ledgers_partners": [
            {"client_id": "north", "partner_id": "P-1", "partner_type_code": "group_company", "country_code": "DE"}
            | {"partner_name": "North Sample GmbH", "group_entity_code": "DE"}
        ],
    }


def entries(personal: Row) -> list[Row]:
    """Journals of `north`; the costs of a Sunday were entered by a person who may not be shown."""
    sister = {"counterparty_entity_code": "DE", "partner_id": "P-1", "journal_type_code": "intercompany"}
    sunday = {"journal_type_code": "manual", "entered_date": "2026-04-20", **personal}
    return [
        *_journal("K-1", "2025-03-31", "1000", "3000", "100.00", journal_type_code="opening"),
        *_journal("K-2", "2025-03-31", "1000", "4000", "50.00"),
        *_journal("K-3", "2026-03-15", "6000", "1000", "20.00", cost_center_id="C-1", **sunday),
        *_journal("K-4", "2026-03-31", "1500", "4800", "30.00", **sister),
        *_journal(
            "K-5", "2026-05-31", "6800", "2800", "34.50", entity_code="DE", currency_code="EUR",
            counterparty_entity_code="UK", journal_type_code="intercompany",
        ),
    ]  # fmt: skip


def _journal(journal_id: str, posted: str, debit: str, credit: str, amount: str, **values: Any) -> list[Row]:
    line = {"client_id": "north", "entity_code": "UK", "journal_id": journal_id, "posting_date": posted}
    line |= {"debit_amount": "0", "credit_amount": "0", "currency_code": "GBP", **values}
    return [
        {**line, "line_id": "1", "account_id": debit, "debit_amount": amount},
        {**line, "line_id": "2", "account_id": credit, "credit_amount": amount},
    ]


def _accounts() -> list[Row]:
    chart = [
        ("1000", "Bank", "asset", "cash"), ("1500", "Due from group", "asset", "intercompany_receivable"),
        ("2800", "Due to group", "liability", "intercompany_payable"), ("3000", "Capital", "equity", "share_capital"),
        ("3100", "Earnings", "equity", "retained_earnings"), ("4000", "Sales", "revenue", "sales"),
        ("4800", "Group sales", "revenue", "intercompany_revenue"), ("6000", "Costs", "expense", "operating_expense"),
        ("6800", "Group costs", "expense", "intercompany_expense"),
    ]  # fmt: skip
    return [
        {"client_id": "north", "account_id": number, "account_name": name, "account_type_code": kind}
        | {"account_class_code": line, "is_summary": False}
        for number, name, kind, line in chart
    ]


def _budgets() -> list[Row]:
    plan = {"client_id": "north", "entity_code": "UK", "scenario_code": "budget", "version_code": "B2026"}
    plan |= {"account_id": "6000", "cost_center_id": "C-1", "budget_month": "2026-03", "currency_code": "GBP"}
    return [{**plan, "budget_amount": "25.00"}]


def _exchange_rates() -> list[Row]:
    rate = {"client_id": "north", "from_currency": "GBP", "to_currency": "EUR"}
    return [
        {**rate, "rate_type_code": kind, "rate_date": day, "rate": value}
        for kind, day, value in (
            ("closing", "2025-03-31", "1.2"), ("average", "2025-03-31", "1.19"),
            ("closing", "2026-03-31", "1.16"), ("average", "2026-03-31", "1.15"),
        )
    ]  # fmt: skip
