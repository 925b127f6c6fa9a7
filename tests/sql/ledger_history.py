"""Random rows of the general ledger's feeds: journals out of balance, odd calendars and unknown accounts included."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

FEEDS = (
    "ledgers.accounts",
    "ledgers.budgets",
    "ledgers.entities",
    "ledgers.exchange_rates",
    "ledgers.fiscal_periods",
    "ledgers.gl_entries",
    "ledgers.partners",
)
LACKING = {("east", "ledgers.entities"), ("east", "ledgers.fiscal_periods"), ("south", "ledgers.fiscal_periods")}
"""Feeds that a client does not deliver."""

_DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]
_ACCOUNTS = (
    ("asset", "cash"), ("asset", "receivables"), ("asset", "intercompany_receivable"), ("liability", "payables"),
    ("liability", "intercompany_payable"), ("equity", "retained_earnings"), ("revenue", "sales"),
    ("revenue", "intercompany_revenue"), ("expense", "depreciation"), ("expense", "operating_expense"), ("asset", None),
)  # fmt: skip


class LedgerRows:
    """One row per feed and key. Of `chance`, so that the same seed gives the same rows."""

    chance: random.Random

    def _accounts(self, key: str) -> dict[str, Any]:
        kind, line = _ACCOUNTS[int(key) % len(_ACCOUNTS)]
        return {
            "account_id": f"A-{int(key) % 12}",
            "account_name": self.chance.choice(("Account", "Other name")),
            "account_type_code": kind,
            "account_class_code": line,
            "cash_flow_code": self.chance.choice((None, None, "operating")),
            "control_code": {"payables": "payables", "receivables": "receivables"}.get(line or ""),
            "is_summary": False,
        }

    def _entities(self, key: str) -> dict[str, Any]:
        return {
            "entity_code": f"E-{int(key) % 3}",
            "entity_name": f"Sample {key}",
            "country_code": "DE",
            "local_currency": ("EUR", "GBP", "EUR")[int(key) % 3],
            "group_currency": self.chance.choice(("EUR", "EUR", None)),
            "fiscal_year_start_month": self.chance.choice((1, 2, 3)),
            "retained_earnings_account_id": self.chance.choice(("A-5", None)),
        }

    def _fiscal_periods(self, key: str) -> dict[str, Any]:
        """Periods of four weeks, a new year with the fourth; some days are of none or of two, some are adjustments."""
        number = int(key) // 3
        start = date(2025, 12, 20) + timedelta(days=28 * number)
        return {
            "entity_code": f"E-{int(key) % 3}",
            "period_code": f"P{number}",
            "fiscal_year": 2026 if number < 3 else 2027,
            "period_number": number + 1 if number < 3 else number - 2,
            "start_date": start,
            "end_date": start + timedelta(days=self.chance.choice((20, 27, 27, 30))),
            "is_adjustment": self.chance.random() < 0.1,
            "status_code": self.chance.choice(("open", "closed")),
            "close_due_date": start + timedelta(days=35),
            "closed_date": self.chance.choice((None, start + timedelta(days=40))),
        }

    def _gl_entries(self, key: str) -> dict[str, Any]:
        debit = self.chance.choice((Decimal(0), self._money()))
        posted = self.chance.choice(_DAYS) - timedelta(days=self.chance.choice((0, 0, 0, 365)))
        group = self._money() if self.chance.random() < 0.3 else None
        return {
            "entity_code": f"E-{int(key) % 3}",
            "journal_id": f"J-{int(key) // 6}",
            "line_id": key,
            "posting_date": posted,
            "entered_date": posted + timedelta(days=self.chance.randint(-2, 60)),
            "period_code": self.chance.choice((None, None, None, "P1", "P3", "2026-02", "P-unknown")),
            "journal_type_code": self.chance.choice((None, "manual", "payroll", "opening", "closing", "revaluation")),
            "account_id": f"A-{self.chance.randint(0, 13)}",
            "debit_amount": debit,
            "credit_amount": Decimal(0) if debit else self._money(),
            "currency_code": self.chance.choice(("EUR", "EUR", "GBP")),
            "group_debit_amount": group,
            "group_currency": "EUR" if group else None,
            "partner_id": self.chance.choice((None, "B-1", "B-2")),
            "counterparty_entity_code": self.chance.choice((None, "E-0", "E-1")),
            "cost_center_id": self.chance.choice((None, "C-1")),
            "tax_code": self.chance.choice((None, None, "V19", "R0")),
            "document_id": self.chance.choice((None, "R-1", "R-2")),
            "reversed_journal_id": self.chance.choice((None, None, "J-0")),
            "entered_by_id": self.chance.choice(("U-1", "U-2")),
        }

    def _budgets(self, key: str) -> dict[str, Any]:
        return {
            "entity_code": f"E-{int(key) % 3}",
            "scenario_code": self.chance.choice(("budget", "forecast", "actual")),
            "version_code": "V1",
            "account_id": f"A-{int(key) % 13}",
            "cost_center_id": self.chance.choice(("-", "C-1")),
            "budget_month": self.chance.choice(("2026-01", "2026-03")),
            "budget_amount": self._money(),
            "currency_code": "EUR",
        }

    def _exchange_rates(self, key: str) -> dict[str, Any]:
        return {
            "rate_type_code": self.chance.choice(("closing", "average", "spot")),
            "from_currency": "GBP",
            "to_currency": "EUR",
            "rate_date": _DAYS[int(key) * 6],
            "rate": 1 + self._money() / 1000,
        }

    def _partners(self, key: str) -> dict[str, Any]:
        return {
            "partner_id": f"B-{key}",
            "partner_type_code": self.chance.choice(("supplier", "customer")),
            "partner_name": self.chance.choice(("Sample", "Other")),
            "country_code": "DE",
            "control_account_id": self.chance.choice((None, "A-13")),
            "group_entity_code": self.chance.choice((None, "E-1")),
        }

    def _money(self) -> Decimal:
        return Decimal(self.chance.randint(1, 99999)) / 100
