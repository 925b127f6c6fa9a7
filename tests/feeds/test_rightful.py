"""Rows that look odd and are right: credit notes, part payments, reversals; second jobs, nights on call.

No critical rule may reject one of them, or hold their delivery; warnings may point them out.
"""

# ruff: noqa: E501 (one case a line reads better)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog import Catalog, load_catalog
from pipelines.delivery import Verdict
from pipelines.reject import Severity
from pipelines.settings import ROOT, Settings
from pipelines.warehouse.connection import Warehouse
from tests.feeds.counter import Counter
from tests.feeds.samples import read_samples

CREDIT = {"document_type_code": "credit_note", "net_amount": "-100.00", "tax_amount": "-19.00",
          "gross_amount": "-119.00", "open_amount": "-119.00", "discount_amount": None, "discount_date": None}  # fmt: skip
INVOICES: dict[str, dict[str, Any]] = {
    "credit note": CREDIT,
    "credit note with the due date of what it corrects": {**CREDIT, "due_date": "2026-09-15", "corrects_invoice_id": "RE0"},
    "credit note with its discount": {**CREDIT, "discount_amount": "-2.38", "discount_date": "2026-10-15"},
    "credit note used in part": {**CREDIT, "open_amount": "-19.00"},
    "credit note that was overdrawn": {**CREDIT, "open_amount": "1.00"},
    "credit note of an unknown type": {**CREDIT, "document_type_code": None},
    "reversal of a credit note": {"document_type_code": "credit_note", "corrects_invoice_id": "GU1"},
    "partly paid": {"open_amount": "19.00"},
    "overpaid": {"open_amount": "-1.00"},
    "prepaid": {"status_code": "settled", "open_amount": "0.00", "settled_date": "2026-09-20"},
    "zero-rated": {"tax_amount": "0.00", "gross_amount": "100.00", "open_amount": "100.00"},
    "reverse charge, which has no tax on the invoice": {"tax_amount": None, "gross_amount": "100.00", "open_amount": "100.00"},
    "net unknown": {"net_amount": None, "tax_amount": None},
    "due at once": {"due_date": "2026-10-01", "discount_date": None, "discount_amount": None},
    "over nothing": {"net_amount": "0.00", "tax_amount": "0.00", "gross_amount": "0.00", "open_amount": "0.00",
                     "discount_amount": None, "status_code": "settled", "settled_date": "2026-10-01"},
}  # fmt: skip
PAYMENTS: dict[str, Sequence[Mapping[str, Any]]] = {
    "two invoices, one in part": [{"allocated_amount": "60.00"}, {"allocated_amount": "40.00", "invoice_id": "RE2"}],
    "too much": [{"allocated_amount": "80.00"}, {"allocated_amount": "20.00", "invoice_id": None, "discount_amount": None}],
    "less a credit note": [{"allocated_amount": "120.00"}, {"allocated_amount": "-20.00", "invoice_id": "GU1", "discount_amount": "-0.40"}],
    "taken back and allocated again": [{}, {"allocated_amount": "-100.00", "discount_amount": "-2.00"}, {"invoice_id": "RE2"}],
    "two partners": [{"allocated_amount": "60.00"}, {"allocated_amount": "40.00", "partner_id": "70002"}],
    "nobody knows from whom": [{"direction_code": "in", "partner_id": None, "invoice_id": None, "discount_amount": None}],
    "offset": [
        {"payment_amount": "0.00", "allocated_amount": "50.00", "method_code": "offset", "discount_amount": None},
        {"payment_amount": "0.00", "allocated_amount": "-50.00", "method_code": "offset", "invoice_id": "GU1", "discount_amount": None},
    ],
    "prepaid": [{"allocation_date": "2026-11-15"}],
    "loss on exchange": [{"exchange_difference_amount": "-12.34", "local_currency": "CHF"}],
    "no exchange difference, no currency of the books": [{"exchange_difference_amount": "0.00", "local_currency": None}],
}  # fmt: skip
STATEMENTS: dict[str, Sequence[Mapping[str, Any]]] = {
    "overdrawn": [{"opening_amount": "10.00", "transaction_amount": "-35.00", "closing_amount": "-25.00"}],
    "two lines": [{"transaction_amount": "30.00"}, {"transaction_amount": "-5.00", "booking_date": "2026-09-28"}],
    "nothing happened": [{"transaction_amount": "0.00", "closing_amount": "100.00"}],
    "no number": [{"statement_number": None}],
    "first of a year": [
        {"statement_id": "2025/251", "statement_number": 251, "statement_date": "2025-12-30", "booking_date": "2025-12-30"},
        {"statement_id": "2026/1", "statement_number": 1, "statement_date": "2026-01-02", "booking_date": "2026-01-02",
         "opening_amount": "125.00", "closing_amount": "150.00"},
    ],
    "one is missing": [
        {"statement_id": "3", "statement_number": 3},
        {"statement_id": "5", "statement_number": 5, "statement_date": "2026-10-03", "opening_amount": "150.00", "closing_amount": "175.00"},
    ],
    "interest from last month": [{"value_date": "2026-09-30"}],
    "told by notices, which have no balances": [
        {"told_by_code": "notice", "opening_amount": None, "closing_amount": None, "statement_number": None},
        {"told_by_code": "report", "opening_amount": None, "closing_amount": None, "statement_number": None, "line_id": "2",
         "currency_code": "USD"},
    ],
}  # fmt: skip
LINES: dict[str, Sequence[Mapping[str, Any]]] = {
    "credit note": [{"line_quantity": "-4", "net_amount": "-100.00", "tax_amount": "-19.00", "invoice_net_amount": "-100.00"}],
    "two lines, one a discount": [
        {"net_amount": "110.00", "tax_amount": "20.90", "line_quantity": None, "unit_price_amount": None},
        {"net_amount": "-10.00", "tax_amount": "-1.90", "line_quantity": None, "unit_price_amount": None},
    ],
    "discount on the line": [{"unit_price_amount": "30.00"}],
    "reverse charge at the rate the buyer owes": [{"tax_amount": "0.00"}],
    "reverse charge without rate": [{"tax_amount": None, "tax_rate_pct": None}],
    "zero-rated": [{"tax_amount": "0.00", "tax_rate_pct": "0"}],
    "import tax without goods": [{"net_amount": "0.00", "tax_amount": "500.00", "invoice_net_amount": "0.00"}],
    "tax rounded over the invoice": [{"net_amount": "33.34", "tax_amount": "6.34", "invoice_net_amount": "33.34"}],
    "yen, cut off": [{"currency_code": "JPY", "tax_code": None, "net_amount": "105", "tax_rate_pct": "10", "tax_amount": "10", "invoice_net_amount": "105"}],
    "net of the invoice unknown": [{"invoice_net_amount": None}],
}  # fmt: skip
ASSETS: dict[str, Mapping[str, Any]] = {
    "land": {"method_code": "none", "life_months": None, "accumulated_depreciation_amount": "0.00", "book_amount": "12000.00", "residual_amount": None},
    "no method, no life": {"method_code": None, "life_months": 0},
    "under construction": {"in_service_date": None, "accumulated_depreciation_amount": "0.00", "book_amount": "12000.00"},
    "fully depreciated": {"accumulated_depreciation_amount": "12000.00", "book_amount": "0.00", "residual_amount": None},
    "disposed of, with its history": {"disposed_date": "2026-06-30", "book_amount": "0.00", "disposal_amount": "9000.00"},
    "scrapped": {"disposed_date": "2026-06-30", "book_amount": "0.00", "disposal_amount": "0.00"},
    "grant": {"cost_amount": "-1200.00", "accumulated_depreciation_amount": "-320.00", "book_amount": "-880.00", "residual_amount": None},
    "used before its invoice came": {"in_service_date": "2024-01-02"},
}  # fmt: skip
PARTNERS: dict[str, Mapping[str, Any]] = {
    "abroad": {"country_code": "US", "vat_id": None, "iban": None},
    "cash": {"payment_term_days": 0},
    "tax office": {
        "partner_type_code": "authority",
        "vat_id": None,
        "payment_term_days": None,
        "control_account_id": None,
    },
    "of the group": {"partner_type_code": "group_company", "group_entity_code": "0200", "payment_term_days": 360},
}
PAYSLIPS: dict[str, Sequence[Mapping[str, Any]]] = {
    "register of earnings only": [{"pay_date": None, "paid_hours": None, "pay_rate": None, "entity_code": None, "cost_center_id": None, "country_code": None}],
    "hours without a rate": [{"pay_rate": None}],
    "reversal of last month and what is right": [
        {"earned_from_date": "2025-12-01", "paid_hours": "-10.00", "pay_amount": "-200.00"},
        {"earned_from_date": "2025-12-01", "paid_hours": "8.00", "pay_amount": "160.00"},
    ],
    "overtime at one and a half": [{"paid_hours": "10.00", "pay_rate": "30.0000", "pay_amount": "300.00"}],
    "gross without net": [{}, {"kind_code": "gross", "wage_type_id": "2000", "paid_hours": None, "pay_rate": None}],
    "net of nothing": [{"kind_code": "net", "wage_type_id": "5000", "pay_amount": "0.00", "paid_hours": None, "pay_rate": None}],
    "two currencies": [{}, {"currency_code": "CHF", "employee_id": "E-open", "paid_hours": None, "pay_rate": None}],
    "tax paid back": [{"kind_code": "tax", "wage_type_id": "7000", "pay_amount": "-40.00", "paid_hours": None, "pay_rate": None}],
    "information that does not count": [{"kind_code": "information", "wage_type_id": "9000", "paid_hours": None, "pay_rate": None}, {}, {"kind_code": "gross", "wage_type_id": "2000", "paid_hours": None, "pay_rate": None}],
    "below the minimum of another country": [{"country_code": "PL", "pay_rate": None}],
}  # fmt: skip
RUNS: dict[str, Mapping[str, Any]] = {
    "another pay group": {"pay_group_id": "G2"},
    "nobody grouped": {"pay_group_id": None, "entity_code": None},
    "another company": {"entity_code": "C2"},
    "supplementary run": {"run_kind_code": "supplementary"},
    "second supplementary run": {"run_kind_code": "supplementary"},
    "correction that takes back": {"run_kind_code": "correction", "gross_total_amount": "-10.00", "withheld_total_amount": "-4.00", "net_total_amount": "-6.00"},
    "no totals": {"pay_group_id": "G3", "payslip_count": None, "gross_total_amount": None, "withheld_total_amount": None, "net_total_amount": None, "employer_total_amount": None},
    "next month": {"period_start_date": "2026-02-01", "period_end_date": "2026-02-28", "pay_date": "2026-02-27"},
}  # fmt: skip
PAID: dict[str, Sequence[Mapping[str, Any]]] = {
    "to two accounts": [{"paid_amount": "1000.00"}, {"paid_amount": "600.00", "iban": "GB29NWBK60161331926819", "payee_account_id": None}],
    "came back and was sent again": [{"payment_status_code": "returned"}, {"payment_status_code": None}],
    "cheque": [{"method_code": "cheque", "iban": None, "payee_account_id": None}],
    "no account told": [{"method_code": None, "iban": None, "payee_account_id": None}],
    "advance and rest": [{"paid_amount": "400.00", "payment_date": "2026-01-15"}, {"paid_amount": "1200.00"}],
}  # fmt: skip
TYPES: dict[str, Mapping[str, Any]] = {
    "only what it must say": {"kind_code": "earning", "wage_type_name": "Base", "purpose_code": None, "is_recurring": None, "is_statutory": None, "authority_name": None, "account_id": None, "contra_account_id": None},
    "stated total": {"kind_code": "net", "wage_type_name": "Net", "purpose_code": None, "is_statutory": False},
}  # fmt: skip
RATES: dict[str, Mapping[str, Any]] = {
    "by the hour": {"salary_amount": None},
    "hired with the first rate": {"employee_id": "E-new", "valid_from_date": "2026-01-02"},
}
BARE = {"department_id": None, "department_name": None, "department_since_date": None, "country_code": None, "tax_id": None,
        "social_security_id": None, "iban": None, "manager_id": None, "full_time_equivalent": None, "weekly_hours": None,
        "employment_kind_code": None, "probation_end_date": None, "entity_code": None, "birth_date": None}  # fmt: skip
EMPLOYEES: dict[str, Sequence[Mapping[str, Any]]] = {
    "a list of numbers, titles and dates only": [BARE],
    "hired again after years": [{"person_id": "P1", "is_current": False, "exit_date": "2015-06-30"}, {"person_id": "P1", "hire_date": "2020-01-01", "probation_end_date": None}],
    "two jobs at a time in two companies of the group": [{"person_id": "P2", "full_time_equivalent": "0.5"}, {"person_id": "P2", "entity_code": "0200", "full_time_equivalent": "0.5"}],
    "named as the own manager": [{"employee_id": "00001", "manager_id": "00001"}],
    "gone today": [{"exit_date": "2026-11-01"}],
    "on leave, without hours": [{"full_time_equivalent": "0", "weekly_hours": "0"}],
    "apprentice of sixteen": [{"birth_date": "2010-08-01", "hire_date": "2026-09-01", "department_since_date": None, "probation_end_date": "2026-12-31", "employment_kind_code": "apprentice"}],
    "new in the country, with a number of its own kind": [{"country_code": "US", "tax_id": "912-90-3456", "social_security_id": None}],
    "insurance number that nobody can check": [{"country_code": "ES", "tax_id": "X-2482300W", "social_security_id": "28/12345678/90"}],
    "paid in cash": [{"iban": None}],
}  # fmt: skip
HOURS: dict[str, Sequence[Mapping[str, Any]]] = {
    "twelve-hour shift": [{"worked_hours": "12.00", "hours_kind_code": "night"}],
    "work by day, on call by night": [{}, {"worked_hours": "16.00", "hours_kind_code": "standby"}],
    "taken back and entered again": [{}, {"worked_hours": "-8.00"}, {"worked_hours": "20.00", "hours_kind_code": "travel"}],
    "two projects": [{"worked_hours": "4.00"}, {"worked_hours": "4.00", "project_id": "P1"}],
    "not approved, no cost centre": [{"approved_date": None, "cost_center_id": None}],
}  # fmt: skip
ABSENCES: dict[str, Sequence[Mapping[str, Any]]] = {
    "morning on vacation, afternoon ill": [{"end_date": "2026-08-03", "absence_days": "0.50"}, {"absence_kind_code": "sickness", "end_date": "2026-08-03", "absence_days": "0.50"}],
    "parental leave of three years": [{"absence_kind_code": "parental", "is_paid": False, "end_date": "2029-08-02", "absence_days": "780"}],
    "nobody knows how long": [{"absence_kind_code": "sickness", "end_date": None, "absence_days": None, "absence_hours": None}],
    "dates only": [{"absence_days": None, "absence_hours": None, "is_paid": None, "absence_status_code": None}],
}  # fmt: skip
BENEFITS: dict[str, Sequence[Mapping[str, Any]]] = {
    "another cover from the first of the month": [{"valid_to_date": "2026-05-31"}, {"valid_from_date": "2026-06-01", "coverage_code": "family"}],
    "goes on after the exit": [{"valid_to_date": "2031-06-30", "benefit_kind_code": "pension"}],
    "no amounts, no currency": [{"employee_share_amount": None, "employer_share_amount": None, "currency_code": None, "coverage_code": None}],
}  # fmt: skip
APPLICATIONS: dict[str, Sequence[Mapping[str, Any]]] = {
    "offered without interview": [{"screened_date": None, "interviewed_date": None}],
    "all on one day": [{"screened_date": "2026-08-10", "interviewed_date": "2026-08-10", "offered_date": "2026-08-10", "hired_date": "2026-08-10"}],
    "came in before the vacancy": [{"opened_date": "2026-08-11"}],
    "numbers only": [{"opened_date": None, "screened_date": None, "interviewed_date": None, "offered_date": None, "openings_quantity": None, "candidate_id": None}],
}  # fmt: skip
SOLD: dict[str, Sequence[Mapping[str, Any]]] = {
    "free of charge": [{"unit_price_amount": "0.00", "line_amount": "0.00", "currency_code": None}],
    "price of a thousandth": [{"ordered_quantity": "10000.0000", "unit_price_amount": "0.0125", "discount_pct": None, "line_amount": "125.00", "shipped_quantity": None}],
    "yen, rounded": [{"currency_code": "JPY", "ordered_quantity": "3.0000", "unit_price_amount": "105.5000", "discount_pct": None, "line_amount": "317.00", "shipped_quantity": "3.0000"}],
    "a third off": [{"unit_price_amount": "15.0000", "discount_pct": "33.3300", "line_amount": "1000.00"}],
    "nothing but order, product and quantity": [{"unit_code": None, "unit_price_amount": None, "discount_pct": None, "line_amount": None, "currency_code": None, "requested_date": None, "promised_date": None, "shipped_quantity": None, "cancelled_quantity": None}],
    "cancelled as a whole": [{"cancelled_quantity": "100.0000", "shipped_quantity": "0.0000"}],
    "half a carton": [{"ordered_quantity": "0.5000", "unit_code": "KARTON", "unit_price_amount": "150.0000", "discount_pct": None, "line_amount": "75.00", "shipped_quantity": None}],
    "asked for and promised on the day of the order": [{"requested_date": "2026-09-01", "promised_date": "2026-09-01"}],
    "in another currency than its order": [{"currency_code": "USD"}],
}  # fmt: skip
ORDERS: dict[str, Mapping[str, Any]] = {
    "promised later than asked for": {"requested_date": "2026-09-05", "promised_date": "2026-10-30"},
    "shipped after the promise": {"shipped_date": "2026-12-01"},
    "dates unknown": {"requested_date": None, "promised_date": None, "shipped_date": None, "order_status_code": "open"},
    "cancelled when it was shipped already": {"order_status_code": "cancelled"},
    "years ahead": {"requested_date": "2030-01-01", "promised_date": "2030-01-01"},
}
PRODUCTS: dict[str, Mapping[str, Any]] = {
    "name and number only": dict.fromkeys(("base_unit_code", "pack_unit_code", "units_per_pack", "net_weight_kg", "volume_m3", "standard_cost_amount", "list_price_amount", "currency_code", "supplier_id", "reorder_quantity", "lead_time_days", "may_be_negative", "is_active")),
    "packed in a sign of the client's own": {"pack_unit_code": "KARTON"},
    "half a kilogram to a bag": {"base_unit_code": "KGM", "pack_unit_code": "XBG", "units_per_pack": "0.5"},
    "sold below cost": {"list_price_amount": "1.00"},
    "a machine": {"net_weight_kg": "980", "volume_m3": "2"},
    "same name in another size": {},
}  # fmt: skip
CUSTOMERS: dict[str, Mapping[str, Any]] = {
    "name and town only": dict.fromkeys(("address_line_1", "country_code", "annual_sales_amount", "annual_sales_currency", "employee_count")),
    "one name, as in Java": {"customer_type_code": "person", "company_name": None, "employee_count": None, "given_name": "P."},
    "born today": {"customer_type_code": "person", "company_name": None, "employee_count": None, "family_name": "P.", "birth_date": "2026-11-01"},
    "a hundred and ten": {"customer_type_code": "person", "company_name": None, "employee_count": None, "family_name": "P.", "birth_date": "1916-11-01"},
    "moved abroad with its VAT number": {"country_code": "AT", "vat_id": "DE136695976"},
    "Greek, whose VAT number begins with EL": {"country_code": "GR", "vat_id": "EL094259216"},
    "branch under the VAT number of its company": {"vat_id": "DE136695976"},
}  # fmt: skip
CONTACTS: dict[str, Sequence[Mapping[str, Any]]] = {
    "a department": [{"given_name": None, "family_name": None}],
    "a given name only": [{"family_name": None}],
    "a name only": [{"role_name": None, "email": None, "is_main": None}],
    "one person at two customers": [{}, {"customer_id": "C-0018"}],
    "two in one office with one mail address": [{}, {"family_name": "Other", "is_main": False}],
}
ADDRESSES: dict[str, Sequence[Mapping[str, Any]]] = {
    "post box": [{"kind_code": "postal", "address_line_1": "Postfach 10 20 30"}],
    "village without streets": [{"address_line_1": None, "is_main": None}],
    "house with a name": [{"address_line_1": None, "street_name": "Mill Lane", "house_number": "Rose Cottage", "is_main": None}],
    "moved": [{"valid_to_date": "2026-05-31"}, {"valid_from_date": "2026-06-01", "address_line_1": "Am Kai 5"}],
    "two warehouses": [{"kind_code": "shipping"}, {"kind_code": "shipping", "address_line_1": "Am Kai 5", "is_main": False}],
    "one day only": [{"kind_code": "visiting", "valid_to_date": "2020-01-01"}],
}  # fmt: skip
CONSENTS: dict[str, Sequence[Mapping[str, Any]]] = {
    "agreed, withdrawn, agreed": [{"decided_at": "2026-03-31T08:00:00+00:00"}, {"decided_at": "2026-04-01T08:00:00+00:00", "is_granted": False}, {"decided_at": "2026-05-01T08:00:00+00:00"}],
    "yes to mail and no to calls in one form": [{"decided_at": "2026-05-02T08:00:00+00:00"}, {"decided_at": "2026-05-02T08:00:00+00:00", "channel_code": "phone", "is_granted": False}],
    "holds on the day of the decision only": [{"purpose_code": "profiling", "valid_to_date": "2026-03-02"}],
    "no basis, no form, no end": [{"purpose_code": "other", "legal_basis_code": None, "origin_name": None, "valid_to_date": None}],
    "service by contract": [{"purpose_code": "service", "legal_basis_code": "contract"}],
}  # fmt: skip
RELATIONS: dict[str, Sequence[Mapping[str, Any]]] = {
    "pays for itself": [{"relation_code": "payer", "related_customer_id": "C-0017", "share_pct": None}],
    "pays for each other": [{"relation_code": "payer", "related_customer_id": "C-0002", "share_pct": None}, {"customer_id": "C-0002", "relation_code": "payer", "related_customer_id": "C-0017", "share_pct": None}],
    "joint venture": [{"related_customer_id": "C-0003", "share_pct": "50"}, {"related_customer_id": "C-0004", "share_pct": "50"}],
    "a chain of four": [{"customer_id": f"C-000{n}", "related_customer_id": f"C-000{n + 1}"} for n in range(5, 8)],
    "sold to its own daughter later": [{"customer_id": "C-0010", "related_customer_id": "C-0011", "valid_to_date": "2021-12-31"}, {"customer_id": "C-0011", "related_customer_id": "C-0010", "valid_from_date": "2022-01-01"}],
    "share unknown": [{"related_customer_id": "C-0009", "share_pct": None, "valid_from_date": None}],
}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {
    "clients.customers": CUSTOMERS, "clients.contacts": CONTACTS, "clients.addresses": ADDRESSES,
    "clients.consents": CONSENTS, "clients.relations": RELATIONS,
    "shipments.order_lines": SOLD, "shipments.orders": ORDERS, "shipments.products": PRODUCTS,
    "people.employees": EMPLOYEES, "people.timesheets": HOURS, "people.absences": ABSENCES, "people.benefits": BENEFITS,
    "people.applications": APPLICATIONS,
    "payroll.payslips": PAYSLIPS, "payroll.runs": RUNS, "payroll.payments": PAID, "payroll.wage_types": TYPES, "payroll.pay_rates": RATES,
    "ledgers.payables": INVOICES, "ledgers.receivables": INVOICES, "ledgers.payments": PAYMENTS, "ledgers.invoice_lines": LINES,
    "ledgers.bank_transactions": STATEMENTS, "ledgers.fixed_assets": ASSETS, "ledgers.partners": PARTNERS,
}  # fmt: skip


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    nowhere = Path("nowhere")
    return load_catalog(Settings(nowhere, nowhere, (ROOT / "pipelines" / "clients",), None))


@pytest.mark.parametrize("feed", CASES)
def test_no_critical_rule_objects(catalog: Catalog, warehouse: Warehouse, tmp_path: Path, feed: str) -> None:
    contract, samples = catalog.contracts[feed], read_samples(feed)
    counter = Counter(warehouse, catalog, contract, tmp_path, samples.others)
    cases = [[samples.good]]
    for changes in CASES[feed].values():
        cases.append([{**samples.good, **change} for change in ([changes] if isinstance(changes, dict) else changes)])
    _, result = counter.bring(samples.numbered(cases, contract))
    objecting = [
        (r.rule_id, r.observed) for r in result.rules if r.success is False and r.severity is Severity.CRITICAL
    ]
    assert objecting == [], objecting
    assert result.verdict is Verdict.PASS, result.message
    assert result.counts.rejected == 0
