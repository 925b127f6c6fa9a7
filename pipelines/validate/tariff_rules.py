"""Amounts beside a tariff in another feed of the client, as SQL on the work table and core."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from pipelines.validate import aggregates, conditions, feed_rules
from pipelines.validate.expectations import ExpectAmountsToFollowTariff
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.suites import Rule


def follow(sets: SetRules, rule: Rule, expectation: ExpectAmountsToFollowTariff) -> Measurement:
    """Rows whose amount is none that the tariff gives fail, and say both. Each combination is looked up once."""
    other = sets.catalog.contracts[expectation.feed]
    condition, values = conditions.where(expectation.row_condition)
    fulfilled, more = feed_rules.fulfilling(other, expectation.where)
    values = {**values, **more, "client": sets.delivery.client_id, "tolerance": expectation.tolerance}
    domain = aggregates.domain(rule.over, condition)
    whole = " and ".join([domain, *(f'"{c}" is not null' for c in expectation.column_list)])
    day = f'"{expectation.date}"' if expectation.date else "null::date"
    if expectation.date_instead:
        day = f'coalesce({day}, "{expectation.date_instead}")'
    keys = {f"k{n}": own for n, own in enumerate(expectation.match)}
    asked = ", ".join([*(f'"{own}" as {k}' for k, own in keys.items()), f"{day} as day",
                       f'"{expectation.quantity}" as quantity'])  # fmt: skip
    names = ", ".join([*keys, "day", "quantity"])
    due = (
        f"asked as materialized (select distinct {asked} from {sets.table} where {whole}), {_tariffs(expectation)} "
        f"from {other.table} where client_id = :client and _known_to is null and {fulfilled}) as t), "
        f"due as materialized (select {', '.join(f'a.{n}' for n in (*keys, 'day', 'quantity'))}, "
        "round(greatest(t.base + t.rate * a.quantity, t.minimum), 2) as amount from asked a join tariffs t on "
        f"{' and '.join(f'a.{k} = t.{k}' for k in keys)} and (t.since is null or t.since <= a.day) "
        "and (t.next_since is null or t.next_since > a.day) and t.least <= a.quantity "
        "and (t.next_least is null or t.next_least > a.quantity))"
    )
    rows = ", ".join([*(f'"{own}"' for own in keys.values()), day, f'"{expectation.quantity}"'])
    judged = f"{whole} and ({rows}) in (with {due} select {names} from due)"
    if not sets.count(judged, values):
        return Measurement(rule, 0, {}, note=f"{other.feed} has no tariff for any row", excused=True)
    found = (
        f"with {due}, lowest as (select {names}, min(amount) as amount from due group by {names}) "
        f"select _row_number, _row_part, {_said(sets, expectation)} as value from (select *, {asked} "
        f"from {sets.table} where {whole}) as r join lowest l using ({names}) where not exists (select from due "
        f"where ({', '.join(f'due.{n}' for n in (*keys, 'day', 'quantity'))}) = "
        f"({', '.join(f'r.{n}' for n in (*keys, 'day', 'quantity'))}) "
        f'and abs(due.amount - r."{expectation.amount}") <= cast(:tolerance as numeric))'
    )
    return sets.about_rows(rule, found, values, domain, judged)


def _tariffs(expectation: ExpectAmountsToFollowTariff) -> str:
    """SQL of the tariffs, up to their `from`: each with the day and the quantity at which the next one begins."""
    keys = [f'"{theirs}" as k{n}' for n, theirs in enumerate(expectation.match.values())]
    names = ", ".join(f"k{n}" for n in range(len(keys)))
    columns = {
        "since": f'"{expectation.valid_from}"' if expectation.valid_from else "null::date",
        "least": f'"{expectation.from_quantity}"' if expectation.from_quantity else "0::numeric",
        "rate": f'"{expectation.rate}"',
        "base": f'coalesce("{expectation.base}", 0)' if expectation.base else "0",
        "minimum": f'"{expectation.minimum}"' if expectation.minimum else "null::numeric",
    }
    picked = ", ".join([*keys, *(f"{value} as {name}" for name, value in columns.items())])
    later = "groups between 1 following and unbounded following"
    return (
        "tariffs as materialized (select *, "
        f"min(since) over (partition by {names} order by since {later}) as next_since, "
        f"min(least) over (partition by {names}, since order by least {later}) as next_least from (select {picked}"
    )


def _said(sets: SetRules, expectation: ExpectAmountsToFollowTariff) -> str:
    """SQL of `C1 / DE-FR / EUR: 70.00, tariff 60.00, difference 10.00`; amounts only if they are public."""
    which = sets.text(list(expectation.match))
    other = sets.catalog.contracts[expectation.feed]
    if sets.contract.column(expectation.amount).is_personal or other.column(expectation.rate).is_personal:
        return f"{which} || ': differs from the tariff'"
    amount = f'r."{expectation.amount}"'
    return f"{which} || ': ' || {amount} || ', tariff ' || l.amount || ', difference ' || ({amount} - l.amount)"
