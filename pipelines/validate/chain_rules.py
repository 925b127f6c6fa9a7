"""Chains of references, over the work table and what stays in core beside the delivery."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

import sqlalchemy as sa

from pipelines.validate import aggregates, conditions
from pipelines.validate.expectations import ExpectChainsToEnd
from pipelines.validate.expectations.chains import in_circles
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.staying import staying
from pipelines.validate.suites import Rule


def ends(sets: SetRules, rule: Rule, expectation: ExpectChainsToEnd) -> Measurement:
    """Rows of a circle fail.

    The circles are found here, in time that grows with the number of steps: in SQL each start would be followed to its
    end. Only steps that have one before and one after them are read, hardly any where groups are flat.
    """
    own, parent = f'"{expectation.column}"', f'"{expectation.parent}"'
    condition, values = conditions.where(expectation.row_condition)
    given = f"{own} is not null and {parent} is not null"
    domain = aggregates.domain(rule.over, condition)
    judged = f"{domain} and {given}"
    picked = f"{own} as _from, {parent} as _to"
    left, stay = staying(sets, picked, f"{condition} and {given}")
    between = (
        f"with steps as materialized (select {picked} from {sets.table} where {judged} union {left}) "
        "select _from, _to from steps where _from <> _to and _to in (select _from from steps) "
        "and _from in (select _to from steps)"
    )
    steps = sets.conn.execute(sa.text(between), {**values, **stay}).tuples()
    circles = sorted(in_circles((start, end) for start, end in steps))
    found = (
        f"select _row_number, _row_part, {sets.text([expectation.column, expectation.parent])} as value "
        f"from {sets.table} where {judged} and ({own}, {parent}) in "
        "(select * from unnest(cast(:starts as text[]), cast(:ends as text[])))"
    )
    values |= {"starts": [start for start, _ in circles], "ends": [end for _, end in circles]}
    return sets.about_rows(rule, found, values, domain, judged)
