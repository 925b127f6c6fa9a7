"""References that a suite states: values that must occur in another feed of the client, or in a list."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.contract import Contract
from pipelines.validate import aggregates, conditions
from pipelines.validate.expectations import ExpectUnitsToBeKnown
from pipelines.validate.expectations.units import unit_codes
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.suites import Rule


def known(sets: SetRules, rule: Rule) -> Measurement:
    """Rows whose value is no current value of the other feed fail; rows without a value pass."""
    expectation, delivery = rule.expectation, sets.delivery
    feed, own = expectation.feed, expectation.column
    if expectation.same_period and delivery.period is None:
        return Measurement(rule, 0, {}, note="the delivery speaks for no period")
    condition, values = conditions.where(expectation.row_condition)
    domain = aggregates.domain(rule.over, condition)
    judged = f'{domain} and "{own}" is not null'
    other = sets.catalog.contracts[feed]
    fulfilled, more = fulfilling(other, expectation.where, "o.")
    values = {**values, **more, "client": delivery.client_id}
    current = "o.client_id = :client and o._known_to is null"
    if expectation.same_period:
        values["period"] = delivery.period
        current += " and o._period = :period"
    fulfilled += "".join(f' and o."{c}" is not null' for c in expectation.given or [])
    there = f'o."{expectation.feed_column}" = w."{own}" and {fulfilled}'
    unknown = f"not exists (select from {other.table} o where {current} and {there})"
    if feed == sets.contract.feed:  # rows may refer to each other
        unknown += f" and not exists (select from {sets.table} o where o._fate is null and {there})"
    found = (
        f"select _row_number, _row_part, {sets.text([own])} as value from {sets.table} w where {judged} and {unknown}"
    )
    return sets.about_rows(rule, found, values, domain, judged)


def units(sets: SetRules, rule: Rule, expectation: ExpectUnitsToBeKnown) -> Measurement:
    """Rows whose unit is neither listed nor declared by the client fail; rows without a unit pass."""
    condition, values = conditions.where(expectation.row_condition)
    domain, own = aggregates.domain(rule.over, condition), expectation.column
    judged = f'{domain} and "{own}" is not null'
    found = (
        f"select _row_number, _row_part, {sets.text([own])} as value from {sets.table} w where {judged} "
        f"and \"{own}\" <> all(string_to_array(:units, ' '))"
    )
    for place in expectation.or_in or []:
        if sets.delivers(place["feed"]):
            there = " and ".join(f'o."{theirs}" = w."{mine}"' for mine, theirs in place["match"].items())
            found += (
                f" and not exists (select from {sets.catalog.contracts[place['feed']].table} o "
                f"where o.client_id = :client and o._known_to is null and {there})"
            )
    values = {**values, "units": " ".join(sorted(unit_codes())), "client": sets.delivery.client_id}
    return sets.about_rows(rule, found, values, domain, judged)


def fulfilling(
    other: Contract, where: Mapping[str, Any] | None, table: str = "", prefix: str = "w"
) -> tuple[str, dict[str, Any]]:
    """SQL for the rows of a feed whose columns have the given value, or one of those listed, and its parameters.

    None stands for no value.
    """
    types, values, wanted = dict(other.stored), dict[str, Any](), []
    for column, value in (where or {}).items():
        name, names, given = f'{table}"{column}"', [], value if isinstance(value, list) else [value]
        for each in (v for v in given if v is not None):
            names.append(f"cast(:{prefix}{len(values)} as {types[column]})")
            values[f"{prefix}{len(values)}"] = each
        ways = [f"{name} in ({', '.join(names)})"] if names else []
        ways += [f"{name} is null"] if None in given else []
        wanted.append(f"({' or '.join(ways)})")
    return " and ".join(wanted) or "true", values
