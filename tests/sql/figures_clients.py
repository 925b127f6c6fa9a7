"""What the marts of customers show of `rows.py` and `rows_clients.py`, and how each of their identities fails."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

Marts = dict[str, list[dict[str, Any]]]

TAMPER = {
    "customer_master_holds_all_of_core": "update rpt_customer_master set members = 1 where members = 2",
    "customer_records_are_those_of_core": "delete from fct_customer_records where customer_id = 'C-3'",
    "customer_duplicates_are_pairs_of_core": "update rpt_customer_duplicates set verdict_code = 'same'",
    "customer_changes_add_up_to_core": "delete from rpt_customer_changes where change_code = 'new'",
    "customer_quality_counts_all_of_core": (
        "update rpt_customer_quality set denominator = denominator + 1 where column_name = 'customer_id'"
    ),
    "customer_activity_adds_up_to_core": "update fct_customer_activity set open_amount = open_amount + 0.01",
    "client_360_holds_all_of_master": "delete from rpt_client_360 where client_id = 'north'",
}


def _pick(marts: Marts, mart: str, names: str, **equal: Any) -> list[tuple[Any, ...]]:
    equal = {"client_id": "north", **equal}
    rows = [row for row in marts[mart] if all(row[k] == v for k, v in equal.items())]
    return sorted((tuple(row[n] for n in names.split()) for row in rows), key=str)


def one_row_for_each_customer(marts: Marts) -> None:
    """The two records of one customer are one; whom matching has not seen stands alone under a name of its own."""
    names = "golden_id members sources company_name city"
    assert _pick(marts, "rpt_customer_master", names) == [
        ("CONE", 2, "main, shop", "Sample Shop Ltd", "Berlin"),
        ("CTHREE", 1, "main", None, None),
    ]
    assert _pick(marts, "rpt_customer_master", names, client_id="south") == [
        ("new/main/C-1", 1, "main", "Sample Shop Ltd", None)
    ]
    ((origins,),) = _pick(marts, "rpt_customer_master", "origins", golden_id="CONE")
    assert json.loads(origins) == dict.fromkeys(("customer_type_code", "company_name", "address"), "main/C-1")
    assert _pick(marts, "rpt_customer_master", "origins", golden_id="CTHREE") == [('{"all": "main/C-3"}',)]


def records_tell_their_customer_and_line(marts: Marts) -> None:
    names = "source customer_id golden_id linked_by members row_number"
    assert _pick(marts, "fct_customer_records", names) == [
        ("main", "C-1", "CONE", "score", 2, 2),
        ("main", "C-3", "CTHREE", "alone", 1, 5),
        ("shop", "C-2", "CONE", "score", 2, 4),
    ]
    assert _pick(marts, "fct_customer_records", "linked_by linked_at", client_id="south") == [("not_yet", None)]


def pairs_with_reasons_and_days(marts: Marts) -> None:
    """Waiting since 21 June in Berlin, where it is 1 July; a pair with a customer that has left is not shown."""
    names = "left_customer_id right_customer_id verdict_code probability_pct days_waiting reasons"
    assert _pick(marts, "rpt_customer_duplicates", names) == [
        ("C-1", "C-2", "merged", Decimal("98.77"), None, "company name exact (+8.1), city different (-2.3)"),
        ("C-3", "C-2", "review", Decimal("75.00"), 10, None),
    ]


def quality_of_columns(marts: Marts) -> None:
    def shares(column: str, measure: str, feed: str = "clients.customers") -> list[tuple[Any, ...]]:
        wanted = {"feed": feed, "column_name": column, "measure_code": measure}
        return _pick(marts, "rpt_customer_quality", "numerator denominator share_pct", **wanted)

    assert shares("company_name", "completeness") == [(2, 2, Decimal("100.00"))]
    assert shares("given_name", "completeness") == [(1, 1, Decimal("100.00"))]
    assert shares("city", "completeness") == [(1, 3, Decimal("33.33"))]
    assert shares("customer_id", "uniqueness") == [(2, 3, Decimal("66.67"))]
    assert shares("email", "uniqueness") == [(1, 1, Decimal("100.00"))]
    assert shares("city", "timeliness") == [(0, 0, None)]
    assert shares("purpose_code", "timeliness", "clients.consents") == [(5, 5, Decimal("100.00"))]
    # delivery 1 brought all of them and has four rows without a fault, as has what else stands in it here
    assert shares("city", "validity") == [(4, 4, Decimal("100.00"))]
    # of one of them the bank's code was left out, as it is none
    assert shares("bic", "validity") == [(3, 4, Decimal("75.00"))]


def changes_of_columns_and_golden_records(marts: Marts) -> None:
    names = "customer_id change_code column_name old_value new_value golden_id"
    changes = _pick(marts, "rpt_customer_changes", names)
    assert ("C-1", "changed", "company_name", "Former Name Ltd", "Sample Shop Ltd", "CONE") in changes
    assert ("C-1", "new", "customer_id", None, "C-1", "CONE") in changes
    assert ("C-2", "merged", "golden_id", "CTWO", "CONE", "CONE") in changes
    assert {c[:3] for c in changes if c[0] == "C-3"} == {("C-3", "new", "customer_id")}
    assert [c[2] for c in changes if c[1] == "split"] == []


def customers_from_all_sides(marts: Marts) -> None:
    """The newest decision counts, whichever source tells it; what ended yesterday is not in force."""
    names = "golden_id contacts addresses consents_in_force allowed_uses duplicates_waiting parent_golden_id"
    assert _pick(marts, "rpt_client_360", names) == [
        ("CONE", 2, 1, 1, "marketing by post", 1, "CTHREE"),
        ("CTHREE", 0, 0, 0, None, 1, None),
    ]
    names = "golden_id orders order_amount currency_code returns refund_amount"
    ordered = _pick(marts, "rpt_client_360", names, client_id="south", golden_id="new/main/C-1")
    assert ordered == [("new/main/C-1", 3, Decimal("80.00"), "EUR", *_returned(marts))]


def _returned(marts: Marts) -> tuple[Any, ...]:
    """As the marts of fulfilment count them."""
    rows = [row for row in marts["rpt_returns"] if row["client_id"] == "south"]
    return sum(row["returns"] for row in rows), sum(row["refund_amount"] or Decimal(0) for row in rows)


def amounts_of_nobody_stand_in_the_activity(marts: Marts) -> None:
    """The ledger of `north` names customers that its customer master does not have."""
    names = "golden_id currency_code open_documents open_amount overdue_amount paid_amount payments"
    assert _pick(marts, "fct_customer_activity", names) == [
        ("(not in the master)", "EUR", 2, Decimal("3500.00"), Decimal("3500.00"), Decimal("6533.00"), 2),
        ("(not in the master)", "USD", 1, Decimal("70.00"), Decimal("0.00"), Decimal("0.00"), 0),
    ]


CHECKS = (
    one_row_for_each_customer,
    records_tell_their_customer_and_line,
    pairs_with_reasons_and_days,
    quality_of_columns,
    changes_of_columns_and_golden_records,
    customers_from_all_sides,
    amounts_of_nobody_stand_in_the_activity,
)
