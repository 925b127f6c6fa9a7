"""Rows for the tests of the marts: neutral ids, two clients in two time zones, every awkward case once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pipelines.contract import Column, Contract
from pipelines.warehouse.pseudonyms import give_key
from tests.sql import ledger_rows

CUT_OFF = "2026-06-30 22:30:00+00"  # 1 July in Berlin, still 30 June in UTC
EARLY, LATE = "2026-06-01 00:00:00+00", "2026-07-02 00:00:00+00"
SECRET_DATE, SECRET_NUMBER = date(1911, 7, 23), Decimal("98765.43")

Row = dict[str, Any]


def insert(conn: sa.Connection, table: str, rows: Iterable[Row]) -> None:
    for number, row in enumerate(rows, 2):
        values = dict(row)
        if table.startswith("core."):
            address = {"_source": "main", "_delivery_id": 1, "_row_number": number, "_row_part": 0}
            values = {**address, "_row_hash": f"{number:032x}", "_known_from": EARLY, **values}
        names = ", ".join(values)
        sql = f"insert into {table} ({names}) values ({', '.join(':' + n for n in values)})"
        conn.execute(sa.text(sql), values)


def secret(column: Column) -> Any:
    """A value of a personal column that no mart may show."""
    if column.physical_type == "date":
        return SECRET_DATE
    return SECRET_NUMBER if column.precision_scale else f"Zq{column.name}"


def secrets(contract: Contract) -> Row:
    return {c.name: secret(c) for c in contract.columns if c.is_personal}


def fill(conn: sa.Connection, contracts: dict[str, Contract]) -> None:
    """What was known at CUT_OFF, and one change to each of some tables at LATE."""
    for name, rows in {**_ops(), **_core(contracts)}.items():
        insert(conn, name, rows)
        for client in {row["client_id"] for row in rows if "client_id" in row}:
            give_key(conn, client)
    # 2 July: S-1/INV-2 was paid, and a customer came.
    conn.execute(
        sa.text("update core.ledgers_payables set _known_to = :at where client_id = 'north' and invoice_id = 'INV-2'"),
        {"at": LATE},
    )
    paid = _invoice("north", "INV-2", "2026-06-30", "0.00", _period="2026-06", _known_from=LATE)
    insert(conn, "core.ledgers_payables", [paid])
    new = {"client_id": "north", "customer_id": "C-9", "customer_type_code": "company", "company_name": "Later Ltd"}
    insert(conn, "core.clients_customers", [{**new, "_known_from": LATE}])


def delivery(client_id: str, feed: str, **values: Any) -> Row:
    return {
        "client_id": client_id,
        "feed": feed,
        "source": "main",
        "kind": "intake",
        "file_name": f"{feed}.csv",
        "sha256": f"{client_id}-{feed}",
        "size": 100,
        "received_at": EARLY,
        "state": "loaded",
        "verdict": "pass",
        "inputs_hash": "i",
        "declaration_hash": "d",
        "published_at": EARLY,
        **values,
    }


def _ops() -> dict[str, list[Row]]:
    rejects = {"delivery_id": 2, "row_part": 0, "client_id": "north", "rule_id": "ledgers.payables.required.due_date"}
    rejects |= {"opened_at": EARLY, "cause_code": "missing"}
    counts = {"rows_received": 5, "rows_loaded": 2, "rows_unchanged": 1, "rows_rejected": 1, "rows_skipped": 1}
    return {
        "ops.client": [
            {"client_id": "north", "name": "North Sample AG", "time_zone": "Europe/Berlin"},
            {"client_id": "south", "name": "South Sample Ltd", "time_zone": None},
        ],
        "ops.user_client": [
            {"user_name": "t_north", "client_id": "north"},
            {"user_name": "t_south", "client_id": "south"},
        ],
        "ops.delivery": [
            delivery("north", "clients.customers", rows_received=4, rows_loaded=4),
            delivery("north", "ledgers.payables", verdict="pass_with_rejects", attempt=2, rows_held=0, **counts),
            delivery("south", "ledgers.spend", state="held", verdict="hold", rows_received=3, rows_held=3),
            delivery("south", "people.employees", state="failed", verdict="fail", rows_received=9, published_at=None),
            delivery("south", "clients.customers", state="duplicate", verdict=None, published_at=None),
        ],
        "ops.expected_delivery": [
            _promise("north", "2026-06-29 21:00+00", state="arrived", arrived_at="2026-06-29 20:00+00"),
            _promise("north", "2026-06-30 21:00+00", state="missing", looked_at="2026-06-30 22:00+00"),
            _promise("north", "2026-07-01 21:00+00", state="expected"),
            _promise("south", "2026-06-29 21:00+00", state="late", arrived_at="2026-06-30 07:30+00"),
        ],
        "ops.step_run": [
            {"delivery_id": 2, "step": "load", "attempt": 1, "started_at": EARLY, "ended_at": LATE},
            {"delivery_id": 2, "step": "load", "attempt": 2, "started_at": EARLY, "ended_at": "2026-06-01 00:00:02+00"},
        ],
        "ops.rule_result": [
            {"delivery_id": 1, "attempt": 1, "rule_id": "clients.customers.bic_is_valid", "rule_type": "x"}
            | {"column_name": "bic_absent_code", "severity": "warning", "evaluated": 4, "failed": 1, "success": False},
        ],
        "quarantine.reject": [
            {**rejects, "row_number": 4, "column_name": "due_date", "message": "due_date is missing"},
            {**rejects, "row_number": 4, "column_name": "gross_amount", "message": "no number", "rule_id": "x.y.z"},
        ],
    }


def _promise(client_id: str, due_at: str, **values: Any) -> Row:
    return {"client_id": client_id, "feed": "ledgers.spend", "source": "main", "due_at": due_at, **values}


def _core(contracts: dict[str, Contract]) -> dict[str, list[Row]]:
    return {
        "core.clients_customers": _customers(contracts["clients.customers"]),
        "core.ledgers_spend": _spend(),
        "core.ledgers_payables": _payables(),
        **ledger_rows.tables(),
        "core.ledgers_entities": _entities(),
        "core.ledgers_fiscal_periods": _fiscal_periods(),
        "core.ledgers_gl_entries": [*_gl_entries(), *ledger_rows.entries(secrets(contracts["ledgers.gl_entries"]))],
        "core.people_employees": _employees(contracts["people.employees"]),
        "core.payroll_pay_rates": _pay_rates(),
        "core.shipments_shipments": _shipments(),
    }


def _customers(contract: Contract) -> list[Row]:
    shop = {"client_id": "north", "customer_type_code": "company", "postal_code": "10115", "country_code": "DE"}
    old = {"_known_from": "2026-01-01 00:00:00+00", "_known_to": EARLY}
    return [
        {**shop, "customer_id": "C-1", "company_name": "Sample Shop Ltd", "city": "Berlin"},
        {**shop, "customer_id": "C-1", "company_name": "Former Name Ltd", **old},
        {**shop, "customer_id": "C-2", "company_name": "SAMPLE-SHOP", "_source": "shop"},
        {"client_id": "north", "customer_id": "C-3", "customer_type_code": "person", **secrets(contract)},
        {**shop, "client_id": "south", "customer_id": "C-1", "company_name": "Sample Shop Ltd"},
    ]


def _spend() -> list[Row]:
    line = {"client_id": "north", "document_date": date(2026, 5, 31), "currency_code": "EUR", "document_id": "D-1"}
    return [
        {**line, "spend_line_id": "1", "supplier_name": "Sample Print GmbH", "spend_amount": "100.10"},
        {**line, "spend_line_id": "2", "supplier_name": "SAMPLE PRINT", "spend_amount": "-0.20", "document_id": "D-2"},
        {**line, "spend_line_id": "3", "supplier_name": "SAMPLE PRINT", "spend_amount": "7", "currency_code": "USD"},
        {**line, "spend_line_id": "1", "supplier_name": "Other AG", "spend_amount": "1", "_source": "cards"},
        {**line, "spend_line_id": "1", "supplier_name": "Sample Print", "spend_amount": "5", "client_id": "south"},
    ]


def _invoice(client_id: str, invoice_id: str, due: str, open_amount: str, **values: Any) -> Row:
    return {
        "client_id": client_id,
        "supplier_id": "S-1",
        "supplier_name": "Sample Print GmbH",
        "invoice_id": invoice_id,
        "invoice_date": date(2026, 3, 1),
        "due_date": date.fromisoformat(due),
        "gross_amount": "1000.00",
        "open_amount": open_amount,
        "currency_code": "EUR",
        "status_code": "open" if Decimal(open_amount) else "settled",
        **values,
    }


def _payables() -> list[Row]:
    june = {"_period": "2026-06"}
    return [
        _invoice("north", "INV-0", "2026-01-01", "999.00", _period="2026-05"),
        _invoice("north", "INV-1", "2026-07-01", "100.00", **june),
        _invoice("north", "INV-2", "2026-06-30", "50.10", **june),
        _invoice("north", "INV-3", "2026-04-01", "25.05", **june),
        _invoice("north", "INV-4", "2026-06-01", "-5.00", **june),
        _invoice("north", "INV-5", "2026-06-01", "0.00", **june),
        _invoice("south", "INV-2", "2026-06-30", "50.10"),
    ]


def _entities() -> list[Row]:
    """The books of `north` in two companies, one of which has a fiscal calendar; `south` tells nothing of its own."""
    entity = {"client_id": "north", "country_code": "GB", "local_currency": "GBP", "group_currency": "EUR"}
    return [
        {**entity, "entity_code": "UK", "entity_name": "North Sample Ltd", "fiscal_year_start_month": 4}
        | {"retained_earnings_account_id": "3100"},
        {**entity, "entity_code": "DE", "entity_name": "North Sample GmbH", "fiscal_year_start_month": 1},
    ]


def _fiscal_periods() -> list[Row]:
    period = {"client_id": "north", "entity_code": "DE", "fiscal_year": 2026, "status_code": "open"}
    last = {**period, "start_date": "2026-05-04", "end_date": "2026-05-31"}
    return [
        {**last, "period_code": "P12", "period_number": 12, "is_adjustment": False},
        {**last, "period_code": "P13", "period_number": 13, "is_adjustment": True},
    ]


def _gl_entries() -> list[Row]:
    line = {"client_id": "north", "entity_code": "UK", "journal_id": "J-1", "posting_date": "2026-03-31"}
    line |= {"debit_amount": "0", "credit_amount": "0", "currency_code": "EUR"}
    debit = {"account_id": "1000", "debit_amount": "110.10", "local_debit_amount": "95.05", "local_currency": "GBP"}
    credit = {"account_id": "4000", "credit_amount": "110.10", "local_credit_amount": "95.05", "local_currency": "GBP"}
    group = {"group_currency": "EUR"}
    germany = {"entity_code": "DE", "posting_date": "2026-05-31"}
    return [
        {**line, **debit, **group, "line_id": "1", "group_debit_amount": "110.10"},
        {**line, **credit, **group, "line_id": "2", "group_credit_amount": "110.10"},
        {**line, **germany, "line_id": "1", "account_id": "1000", "debit_amount": "5.00"},
        {**line, **germany, "line_id": "2", "account_id": "4000", "credit_amount": "5.00", "period_code": "P13"},
        {**line, "client_id": "south", "line_id": "1", "account_id": "1000", "debit_amount": "7.00"},
        {**line, "client_id": "south", "line_id": "2", "account_id": "4000", "credit_amount": "7.00"},
    ]


def _employees(contract: Contract) -> list[Row]:
    paint = {"client_id": "north", "job_title": "Painter", "department_name": "Paint", "department_group_name": "Works"}
    return [
        {**paint, "employee_id": "E-001", "hire_date": "2025-10-01", "is_current": True, "is_salaried": True},
        {**paint, "employee_id": "E-002", "hire_date": "2019-01-01", "exit_date": "2026-01-31", "is_current": False},
        {"client_id": "north", "employee_id": "E-003", "job_title": "Clerk", "hire_date": "2019-01-01"}
        | {"is_current": True, **secrets(contract)},
        {**paint, "client_id": "south", "employee_id": "E-001", "hire_date": "2020-01-01", "is_current": True},
    ]


def _pay_rates() -> list[Row]:
    rate = {"client_id": "north", "employee_id": "E-001", "currency_code": "EUR", "pay_frequency_code": "monthly"}
    return [
        {**rate, "valid_from_date": "2025-10-01", "hourly_rate": "20.0000"},
        {**rate, "valid_from_date": "2026-07-01", "hourly_rate": "20.5000"},
        {**rate, "valid_from_date": "2026-07-01", "hourly_rate": "21.0000", "client_id": "south"},
    ]


def _shipments() -> list[Row]:
    line: Row = {
        "client_id": "north",
        "destination_country_code": "FR",
        "fulfilment_code": "direct",
        "item_name": "Item A",
    }
    line |= {"currency_code": "USD", "line_quantity": 10, "promised_date": "2026-05-31"}
    air = {**line, "transport_mode_code": "air"}
    return [
        {**air, "shipment_line_id": "1", "delivered_date": "2026-05-31", "line_amount": "10.10"},
        {**air, "shipment_line_id": "2", "delivered_date": "2026-06-04", "line_amount": "20.20"},
        {
            **line,
            "shipment_line_id": "3",
            "delivered_date": "2026-06-04",
            "line_amount": "0",
            "transport_mode_code": None,
        },
        {**air, "shipment_line_id": "1", "delivered_date": "2026-06-01", "line_amount": "9", "client_id": "south"},
    ]
