"""Random rows of the sub-ledgers' feeds for `history.py`; keys and numbers of a small range, so that they meet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.sql.rows import Row

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]
PARTNERS = [f"S-{n}" for n in range(4)]
"""Suppliers of the payables in `history.py`, and here customers as well."""


def _amount(chance: Random) -> Decimal:
    return Decimal(chance.randint(1, 99999)) / 100


def _entity(chance: Random) -> str | None:
    return chance.choice(("E-0", "E-1", None))


def receivables(chance: Random, key: str) -> Row:
    """A document with anything open of it."""
    gross = _amount(chance) * chance.choice((1, 1, -1))
    opened = chance.choice((Decimal(0), gross, gross / 2)).quantize(Decimal("0.01"))
    return {
        "customer_id": PARTNERS[int(key) % 4],
        "invoice_id": key,
        "entity_code": _entity(chance),
        "invoice_date": chance.choice(DAYS),
        "due_date": chance.choice(DAYS),
        "settled_date": None if opened else chance.choice((None, *DAYS)),
        "gross_amount": gross,
        "open_amount": opened,
        "currency_code": chance.choice(("EUR", "USD")),
        "status_code": "open" if opened else "settled",
        "control_account_id": chance.choice((None, "A-1")),
        "tax_code": chance.choice((None, "V19")),
    }


def payments(chance: Random, key: str) -> Row:
    """An allocation of one of five payments to a document of either ledger, or to none."""
    number = int(key) % 5
    return {
        "payment_id": f"P-{number}",
        "allocation_id": key,
        "direction_code": "in" if number % 2 else "out",
        "partner_id": None if number == 4 else PARTNERS[number],
        "payment_date": chance.choice(DAYS),
        "payment_amount": _amount(chance),
        "allocated_amount": _amount(chance),
        "discount_amount": chance.choice((None, Decimal("1.50"))),
        "currency_code": "EUR",
        "invoice_id": chance.choice((None, f"{chance.randint(0, 14):02}")),
        "allocation_date": chance.choice((None, *DAYS)),
        "bank_account_id": "B-1",
        "bank_reference": chance.choice((None, f"REF-{number}")),
    }


def bank_transactions(chance: Random, key: str) -> Row:
    """A line of a statement of the one bank account."""
    day = chance.choice(DAYS)
    return {
        "bank_account_id": "B-1",
        "statement_id": f"B-{int(key) % 3}",
        "line_id": key,
        "statement_date": day,
        "opening_amount": Decimal(0),
        "closing_amount": Decimal(100),
        "booking_date": day,
        "transaction_amount": chance.choice((_amount(chance), Decimal(100), Decimal(-100))),
        "currency_code": "EUR",
        "bank_reference": chance.choice((None, f"REF-{int(key) % 5}")),
        "counterparty_name": "Sample Name",
        "account_id": chance.choice((None, "A-0")),
    }


def invoice_lines(chance: Random, key: str) -> Row:
    """A line of one of the documents."""
    return {
        "ledger_code": chance.choice(("payables", "receivables")),
        "partner_id": PARTNERS[int(key) % 4],
        "invoice_id": key,
        "line_id": "1",
        "invoice_date": chance.choice(DAYS),
        "net_amount": _amount(chance),
        "currency_code": "EUR",
        "line_quantity": chance.choice((None, 1, 7)),
        "purchase_order_id": chance.choice((None, f"O-{chance.randint(0, 6)}")),
        "purchase_order_line_id": chance.choice((None, "0", "1")),
    }


def partners(chance: Random, key: str) -> Row:
    """A partner of the sub-ledgers, or one that only the general ledger names."""
    number = int(key)
    return {
        "partner_id": PARTNERS[number] if number < len(PARTNERS) else f"B-{key}",
        "partner_type_code": chance.choice(("supplier", "customer", "both", "employee")),
        "partner_name": chance.choice(("Acme", "Zeta & Co")),
        "country_code": "DE",
        "control_account_id": chance.choice((None, "A-1", "A-3", "A-13")),
        "group_entity_code": chance.choice((None, "E-1")),
    }


def tax_codes(chance: Random, key: str) -> Row:
    """A tax code that changes its rate."""
    return {
        "tax_code": chance.choice(("V19", "R0")),
        "valid_from_date": date(2025, 1, 1) + timedelta(days=int(key)),
        "tax_name": "Tax",
        "country_code": "DE",
        "rate_pct": chance.choice((Decimal(19), Decimal(7))),
        "tax_kind_code": chance.choice(("standard", "reverse_charge")),
        "direction_code": "input",
        "tax_account_id": chance.choice((None, "A-10")),
    }


def fixed_assets(chance: Random, key: str) -> Row:
    """An asset of one of two companies."""
    cost = _amount(chance)
    return {
        "entity_code": chance.choice(("E-0", "E-1")),
        "asset_id": key,
        "asset_name": "Machine",
        "asset_class_code": chance.choice((None, "machines")),
        "acquired_date": chance.choice(DAYS),
        "disposed_date": chance.choice((None, None, date(2026, 3, 31))),
        "cost_amount": cost,
        "accumulated_depreciation_amount": Decimal(0),
        "book_amount": cost,
        "currency_code": "EUR",
        "register_date": date(2026, 3, 31),
        "account_id": chance.choice((None, "A-2")),
    }


ROWS: dict[str, Callable[[Random, str], Row]] = {
    f"ledgers.{make.__name__}": make
    for make in (receivables, payments, bank_transactions, invoice_lines, partners, tax_codes, fixed_assets)
}
