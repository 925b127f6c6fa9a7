"""Rows of the sub-ledgers and of the entries beside them, for the tests of their marts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from pipelines.contract import Contract
from tests.sql.rows import Row, insert, secrets

JUNE = "2026-06-30"


def fill_subledgers(conn: sa.Connection, contracts: dict[str, Contract]) -> None:
    """What was known at the cut-off of `rows.py`."""
    for name, rows in _core(contracts).items():
        insert(conn, f"core.ledgers_{name}", rows)


def _core(contracts: dict[str, Contract]) -> dict[str, list[Row]]:
    return {
        "accounts": _accounts(),
        "partners": _partners(),
        "tax_codes": _tax_codes(),
        "fixed_assets": _assets(),
        "receivables": _receivables(),
        "payments": _payments(),
        "gl_entries": _entries(),
        "bank_transactions": _bank(contracts["ledgers.bank_transactions"]),
    }


def _accounts() -> list[Row]:
    def account(number: str, name: str, kind: str, of: str, control: str | None = None) -> Row:
        return {
            "client_id": "north",
            "account_id": number,
            "account_name": name,
            "account_type_code": kind,
            "account_class_code": of,
            "control_code": control,
            "is_summary": False,
        }

    return [
        account("1100", "Bank", "asset", "cash", "bank"),
        account("1200", "Receivables", "asset", "receivables", "receivables"),
        account("2000", "Payables", "liability", "payables", "payables"),
        account("1770", "Output tax", "liability", "tax_payable", "output_tax"),
        account("5000", "Cost of sales", "expense", "cost_of_sales"),
    ]


def _partners() -> list[Row]:
    def partner(number: str, kind: str, name: str) -> Row:
        return {
            "client_id": "north",
            "partner_id": number,
            "partner_type_code": kind,
            "partner_name": name,
            "country_code": "DE",
        }

    return [
        partner("S-1", "supplier", "Sample Print GmbH"),
        partner("K-1", "customer", "Sample Mill AG"),
        partner("K-2", "customer", "Sample Bakery AG"),
    ]


def _tax_codes() -> list[Row]:
    return [
        {
            "client_id": "north",
            "tax_code": "S19",
            "valid_from_date": "2007-01-01",
            "tax_name": "Sales 19%",
            "country_code": "DE",
            "rate_pct": "19",
            "tax_kind_code": "standard",
            "direction_code": "output",
            "tax_account_id": "1770",
            "return_box_code": "81",
        }
    ]


def _assets() -> list[Row]:
    """A machine of 1,200 whose cost nobody booked."""
    return [
        {
            "client_id": "north",
            "entity_code": "N1",
            "asset_id": "A-1",
            "asset_name": "Machine",
            "acquired_date": "2026-01-15",
            "cost_amount": "1200.00",
            "accumulated_depreciation_amount": "200.00",
            "book_amount": "1000.00",
            "currency_code": "EUR",
            "method_code": "straight_line",
            "life_months": 30,
            "register_date": "2026-05-31",
            "account_id": "0400",
            "depreciation_account_id": "0400",
        }
    ]


def _receivables() -> list[Row]:
    """10,000 paid in part, 500 credited, one settled, one in dollars."""

    def document(number: str, day: str, due: str, gross: str, opened: str, **values: Any) -> Row:
        return {
            "client_id": "north",
            "customer_id": "K-1",
            "invoice_id": number,
            "entity_code": "N1",
            "invoice_date": day,
            "due_date": due,
            "gross_amount": gross,
            "open_amount": opened,
            "currency_code": "EUR",
            "status_code": "settled" if opened == "0" else "open",
            **values,
        }

    return [
        document("R-1", "2026-03-10", "2026-04-09", "10000.00", "4000.00"),
        document("R-2", "2026-05-20", "2026-06-19", "-500.00", "-500.00"),
        document("R-3", "2026-02-01", "2026-03-03", "800.00", "0", settled_date="2026-05-05"),
        document("R-6", "2026-06-20", "2026-07-20", "30.00", "0", settled_date="2026-06-21"),
        document("R6", "2026-06-20", "2026-07-20", "30.00", "0", settled_date="2026-06-21"),
        document("R-4", "2026-06-15", "2026-07-15", "70.00", "70.00", currency_code="USD"),
    ]


def _payments() -> list[Row]:
    def payment(number: str, part: str, day: str, whole: str, amount: str, invoice: str | None, **values: Any) -> Row:
        return {
            "client_id": "north",
            "payment_id": number,
            "allocation_id": part,
            "entity_code": "N1",
            "direction_code": "in",
            "partner_id": "K-1",
            "payment_date": day,
            "payment_amount": whole,
            "allocated_amount": amount,
            "currency_code": "EUR",
            "invoice_id": invoice,
            **values,
        }

    return [
        payment("P-1", "1", "2026-04-20", "6500.00", "5900.00", "R-1", discount_amount="100.00"),
        payment("P-1", "2", "2026-04-20", "6500.00", "600.00", None),
        payment("P-2", "1", "2026-06-10", "33.00", "33.00", None, partner_id="K-2"),
        payment("P-3", "1", "2026-06-12", "949.90", "949.90", "INV-2", partner_id="S-1", direction_code="out"),
        payment(
            "P-1",
            "1",
            "2026-06-12",
            "12.00",
            "12.00",
            None,
            client_id="south",
            entity_code=None,
            partner_id="S-1",
            direction_code="out",
            bank_account_id="B-9",
            bank_reference="e2e-7",
        ),
    ]


def _entries() -> list[Row]:
    def journal(number: str, day: str, *lines: tuple[str, str, str]) -> list[Row]:
        return [
            {
                "client_id": "north",
                "entity_code": "N1",
                "journal_id": number,
                "line_id": str(n),
                "posting_date": day,
                "account_id": account,
                "debit_amount": debit,
                "credit_amount": credit,
                "currency_code": "EUR",
                "tax_code": "S19" if number == "N-3" and account != "1000" else None,
            }
            for n, (account, debit, credit) in enumerate(lines, 1)
        ]

    return [
        *journal("N-1", "2026-03-10", ("1200", "10000.00", "0"), ("4000", "0", "10000.00")),
        *journal("N-2", "2026-04-20", ("1100", "6500.00", "0"), ("4000", "100.00", "0"), ("1200", "0", "6600.00")),
        *journal("N-3", "2026-05-04", ("1000", "119.00", "0"), ("4000", "0", "100.00"), ("1770", "0", "19.00")),
    ]


def _bank(contract: Contract) -> list[Row]:
    """`north` compares with entries and finds a charge that nobody booked; `south` has payments only."""

    def line(number: str, day: str, amount: str, **values: Any) -> Row:
        return {
            "client_id": "north",
            "bank_account_id": "B-1",
            "statement_id": "4",
            "line_id": number,
            "entity_code": "N1",
            "statement_date": "2026-04-30",
            "opening_amount": "0.00",
            "closing_amount": "6490.50",
            "booking_date": day,
            "transaction_amount": amount,
            "currency_code": "EUR",
            "account_id": "1100",
            **secrets(contract),
            **values,
        }

    south: Row = {"client_id": "south", "bank_account_id": "B-9", "entity_code": None, "account_id": None}
    return [
        line("1", "2026-04-22", "6500.00"),
        line("2", "2026-04-30", "-9.50"),
        line("1", "2026-06-12", "-12.00", closing_amount="-12.00", end_to_end_id="E2E 7", **south),
    ]
