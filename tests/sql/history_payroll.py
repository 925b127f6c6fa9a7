"""Random rows of payroll's feeds for `history.py`; keys of a small range, so that lists, payslips and journals meet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random

from tests.sql.rows import Row

LACKING = {("east", f"payroll.{name}") for name in ("runs", "wage_types", "payments")}
"""Feeds that a client does not deliver: `east` has payslips and nothing else."""

_ENDS = (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31))
_KINDS = ("earning", "earning", "deduction", "tax", "employer_cost", "reimbursement", "gross", "net")


def _amount(chance: Random) -> Decimal:
    return Decimal(chance.randint(1, 99999)) / 100


def runs(chance: Random, key: str) -> Row:
    """One of six runs; what it is may be another in each delivery."""
    end = _ENDS[int(key) % 3]
    return {
        "run_id": f"R-{int(key) % 6}",
        "entity_code": chance.choice((None, "E-0")),
        "pay_group_id": chance.choice((None, "P-1")),
        "run_kind_code": chance.choice(("regular", "regular", "off_cycle")),
        "period_start_date": end.replace(day=1),
        "period_end_date": end,
        "pay_date": end,
        "payslip_count": chance.choice((None, 1, 2)),
        "gross_total_amount": chance.choice((None, _amount(chance))),
        "currency_code": chance.choice(("EUR", "USD")),
    }


def payslips(chance: Random, key: str) -> Row:
    """A line of a payslip of one of five employees, who are those of the pay rates and, by number, of the register."""
    end = _ENDS[int(key) % 3]
    hours = chance.choice((None, Decimal(chance.randint(1, 160))))
    return {
        "run_id": f"R-{int(key) % 6}",
        "employee_id": chance.choice(("00", "01", "02", "03", "E-1")),
        "line_id": key,
        "entity_code": chance.choice((None, None, "E-0", "E-1")),
        "period_start_date": end.replace(day=1),
        "period_end_date": end,
        "wage_type_id": f"W-{chance.randint(0, 4)}",
        "kind_code": chance.choice(_KINDS),
        "earned_from_date": chance.choice((None, None, date(2025, 12, 1))),
        "paid_hours": hours,
        "pay_rate": hours and chance.choice((None, Decimal(20))),
        "pay_amount": _amount(chance),
        "currency_code": chance.choice(("EUR", "EUR", "USD")),
        "cost_center_id": chance.choice((None, "C-1", "C-2")),
    }


def wage_types(chance: Random, key: str) -> Row:
    """One of six wage types, of which payslips name five."""
    return {
        "wage_type_id": f"W-{int(key) % 6}",
        "wage_type_name": "Pay",
        "kind_code": chance.choice(_KINDS),
        "purpose_code": chance.choice((None, "base", "bonus")),
        "is_recurring": chance.choice((None, True, False)),
        "is_statutory": chance.choice((None, True)),
        "authority_name": chance.choice((None, "Tax office", "Fund")),
        "account_id": chance.choice((None, "A-3", "A-9")),
        "contra_account_id": chance.choice((None, "A-3")),
    }


def payments(chance: Random, key: str) -> Row:
    """A payment of one of these runs, to somebody who may have no payslip in it."""
    return {
        "payment_id": key,
        "run_id": f"R-{chance.randint(0, 7)}",
        "employee_id": chance.choice(("00", "01", "02", "E-1")),
        "payment_date": chance.choice(_ENDS),
        "paid_amount": _amount(chance),
        "currency_code": chance.choice(("EUR", "USD")),
        "payment_status_code": chance.choice((None, "sent", "returned")),
    }


ROWS: dict[str, Callable[[Random, str], Row]] = {
    f"payroll.{make.__name__}": make for make in (runs, payslips, wage_types, payments)
}
