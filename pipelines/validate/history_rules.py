"""Comparison of a delivery with one accepted earlier."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from pipelines.delivery import Delivery
from pipelines.validate.aggregates import ROWS, currency_of
from pipelines.validate.expectations import PREVIOUS_AMOUNTS, PREVIOUS_ROWS, TOTALS, ExpectRowCountToBeSimilar
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.suites import Rule
from pipelines.warehouse import comparable, ledger

_MISSING = {
    "previous": "no earlier delivery of {scope}",
    "same_weekday": "no earlier delivery of {scope} came on this weekday",
    "same_month": "no delivery of {scope} for this month a year before",
}


def compare(sets: SetRules, rule: Rule) -> Measurement:
    """Rows or amounts beside those of the newest accepted delivery that is comparable."""
    expectation, delivery = rule.expectation, sets.delivery
    if delivery.is_correction:
        return Measurement(rule, 0, {}, note="a correction brings only some rows", excused=True)
    if sets.ref.source.mode == "delta":
        return Measurement(rule, 0, {}, note="a delta brings only what changed", excused=True)
    before = comparable.find(sets.conn, delivery, sets.ref, expectation.compared_with)
    if before is None:
        scope = " · ".join((delivery.client_id, delivery.feed, delivery.source))
        note = _MISSING[expectation.compared_with].format(scope=scope)
        return Measurement(rule, 0, {}, note=note, excused=True)
    if isinstance(expectation, ExpectRowCountToBeSimilar):
        return _rows(sets, rule, before)
    return _amounts(sets, rule, before)


def _rows(sets: SetRules, rule: Rule, before: Delivery) -> Measurement:
    rows = sets.count(ROWS[rule.over])
    previous = (before.rows_received or 0) - (before.rows_skipped or 0)
    if rule.over == "accepted":
        previous -= before.rows_rejected or 0
    observed = f"{rows} rows, {previous} in delivery {before.delivery_id}"
    return Measurement(rule, 1, {"table.row_count": rows, PREVIOUS_ROWS: previous}, observed=observed)


def _amounts(sets: SetRules, rule: Rule, before: Delivery) -> Measurement:
    """Per currency; those of the earlier delivery as the books have them."""
    expectation = rule.expectation
    name = expectation.column
    query = (
        f'select {currency_of(sets.contract, name)}, sum("{name}") from {sets.table} where {ROWS[rule.over]} '
        f'and "{name}" is not null group by 1'
    )
    now = {str(c): Decimal(v) for c, v in sets.conn.execute(sa.text(query)).tuples()}
    previous = {
        a.currency: a.received - a.skipped - (a.rejected if rule.over == "accepted" else 0)
        for a in ledger.amounts(sets.conn, before)
        if a.column_name == name
    }
    only = [expectation.currency] if expectation.currency else sorted(now.keys() | previous.keys())
    if not any(now.get(c) or previous.get(c) for c in only):
        note = f"neither this delivery nor delivery {before.delivery_id} has an amount"
        return Measurement(rule, 0, {}, note=note, excused=True)
    said = (
        f"{c} {now.get(c, Decimal(0))}, {previous.get(c, Decimal(0))} in delivery {before.delivery_id}" for c in only
    )
    tells = not sets.contract.may_sum(name, min(sets.tally.accepted, before.rows_loaded or 0))
    return Measurement(
        rule, 1, {TOTALS: now, PREVIOUS_AMOUNTS: previous}, observed="; ".join(said), is_hidden=tells
    )  # fmt: skip
