"""Sums of groups beside a limit, as SQL on the work table and on what stays in core beside the delivery."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.contract import Contract
from pipelines.validate import aggregates, conditions, feed_rules
from pipelines.validate.aggregates import ROWS, value_of
from pipelines.validate.beside_rules import Beside
from pipelines.validate.expectations import ExpectGroupSumsToBeAtMost, ExpectGroupSumsToFitProducts
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.suites import Rule
from pipelines.validate.unit_sizes import PRODUCTS, sizes
from pipelines.warehouse.connection import without_loops

_SHOWN = {"day": "YYYY-MM-DD", "week": 'IYYY"-W"IW', "month": "YYYY-MM"}
"""How a group of days is told: ISO 8601."""


def sums(sets: SetRules, rule: Rule, expectation: ExpectGroupSumsToBeAtMost) -> Measurement:
    """Rows of groups whose sum is above the limit fail, and say both."""
    limit, delivers = expectation.limit_of, True
    if limit:
        delivers = limit["feed"] == sets.contract.feed or sets.delivers(limit["feed"])
    if not delivers and expectation.most is None:
        note = f"{sets.delivery.client_id} delivers no {limit['feed']}" if limit else None
        return Measurement(rule, 0, {}, note=note, excused=True)
    beside = Beside(sets, rule)
    keys = {f"k{n}": value for n, value in enumerate(_group(expectation))}
    picked = [*(f"{value} as {k}" for k, value in keys.items()), f"{_amount(expectation)} as amount"]
    units = _units(expectation, "product", "unit") if limit and delivers else {}
    picked += [f"{value} as {name}" for name, value in units.items()]
    names, compared, most = ", ".join(keys), [*keys, *(["measure"] if units else [])], "cast(:most as numeric)"
    values: dict[str, Any] = {}
    limits = limited = ""
    if limit and delivers:
        limits, values = _limits(sets, expectation, units=bool(units))
        on = " and ".join(f"l.{k} = s.{k}" for k in [*_matched(expectation).keys(), *(["measure"] if units else [])])
        most, limited = f"coalesce(l.most, {most})", f"left join limits l on {on}"
    sized, amount, by = "", "sum(amount)", ", ".join(compared)
    if units:
        pairs = "select product, unit from lines union select product, unit from offered"
        sized, amount = f"sizes as materialized ({sizes(sets.catalog, pairs)}), ", "round(sum(amount * size), 6)"
    using = " join sizes using (product, unit)" if units else ""
    found = (
        f"with own as materialized (select {', '.join(picked)} from {beside.own}), lines as materialized "
        f"(select * from own union all select {', '.join(picked)} from {beside.staying} "
        f"and {not_brought(sets, rule)}{_of_these_days(expectation)} "
        f"and ({', '.join(keys.values())}) in (select {names} from own)), {limits.replace('<sizes>', sized)}"
        f"summed as (select {by}, {amount} as amount from lines{using} group by {by}), "
        f"broken as materialized (select {', '.join(f's.{k}' for k in compared)}, "
        f"{_said(sets, expectation, most)} as said from summed s {limited} where s.amount > {most}) "
        f"select _row_number, _row_part, said as value from {_rows(sets, beside, [*keys.values()], units)} "
        f"join broken b on {' and '.join(f'r.{k} = b.{k}' for k in compared)}"
    )
    return beside.about_rows(found, most=expectation.most, **values)


def _rows(sets: SetRules, beside: Beside, keys: list[str], units: Mapping[str, str]) -> str:
    """SQL of the rows of the delivery with what names their group, and the measure that their unit is one of."""
    picked = [*(f"{value} as k{n}" for n, value in enumerate(keys)), *(f"{v} as {name}" for name, v in units.items())]
    rows = f"(select _row_number, _row_part, {', '.join(picked)} from {sets.table} where {beside.judged}) as r"
    return f"(select * from {rows} join sizes using (product, unit)) as r" if units else rows


def _amount(expectation: ExpectGroupSumsToBeAtMost) -> str:
    """SQL of what is added up of a row."""
    taken = f' - coalesce("{expectation.less}", 0)' if expectation.less else ""
    return f'"{expectation.column}"{taken}'


def _units(expectation: ExpectGroupSumsToBeAtMost, product: str, unit: str) -> dict[str, str]:
    """SQL of the product and the unit of a quantity; '' where there is none, so that they can be hashed."""
    given = expectation.units
    return {n: f"coalesce(\"{given[w]}\", '')" for n, w in (("product", product), ("unit", unit))} if given else {}


def _group(expectation: ExpectGroupSumsToBeAtMost) -> list[str]:
    """SQL of what names a group: its columns, and the first of its days."""
    group = [f'"{c}"' for c in expectation.group]
    return [*group, f"date_trunc('{expectation.per}', \"{expectation.date}\"::timestamp)"] if expectation.per else group


def _of_these_days(expectation: ExpectGroupSumsToBeAtMost) -> str:
    """SQL: a row of core is of the days that the delivery is about; the rest of years of history is passed over."""
    if not expectation.per:
        return ""
    days, key = f'"{expectation.date}"', f"k{len(expectation.group)}"
    first, last = (f"(select {end}({key}) from own)" for end in ("min", "max"))
    return f" and {days} >= {first} and {days} < {last} + interval '1 {expectation.per}'"


def not_brought(sets: SetRules, rule: Rule) -> str:
    """SQL: the delivery does not bring a row `c` of core again, in another period or on a row that was set aside."""
    same = " and ".join(f'w."{k}" = c."{k}"' for k in sets.contract.key)
    # the source is asked for inside: outside, PostgreSQL would look for each row of core by itself, and not by hashing
    return f"not exists (select from {sets.table} w where c._source = :own_source and {same} and {ROWS[rule.over]})"


def _matched(expectation: ExpectGroupSumsToBeAtMost) -> dict[str, str]:
    """Name of a part of the group → the column of the other feed that holds the same."""
    match: dict[str, str] = (expectation.limit_of or {})["match"]
    return {f"k{expectation.group.index(own)}": theirs for own, theirs in match.items()}


def _limits(sets: SetRules, expectation: ExpectGroupSumsToBeAtMost, *, units: bool) -> tuple[str, dict[str, Any]]:
    """Common table expressions up to `limits`, the limit of each group, with their parameters.

    `<sizes>` stands where that of the sizes of units comes: after all that has units.
    """
    limit: dict[str, Any] = expectation.limit_of or {}
    other, theirs = sets.catalog.contracts[limit["feed"]], _matched(expectation)
    fulfilled, values = feed_rules.fulfilling(other, limit.get("where"), prefix="lw")
    taken = f' - coalesce("{limit["less"]}", 0)' if limit.get("less") else ""
    share = "cast(:factor as numeric)"
    if limit.get("over_pct"):
        share = f'coalesce(1 + "{limit["over_pct"]}" / 100, {share})'
    picked = [*(f'"{name}" as {k}' for k, name in theirs.items()), f'("{limit["column"]}"{taken}) * {share} as most']
    if units:
        picked += [f"{value} as {name}" for name, value in _units(expectation, "feed_product", "feed_unit").items()]
    keys = ", ".join([*theirs, *(["measure"] if units else [])])
    most, using = ("most * size", " join sizes using (product, unit)") if units else ("most", "")
    most = f"sum({most})" if limit.get("added_up") else f"max({most})"
    most = f"round({most}, 6)" if units else most
    # only of what is asked for: a day's file is about a few orders of years of them
    asked = f"({', '.join(map(_q, theirs.values()))}) in (select {', '.join(theirs)} from own)"
    return (
        f"offered as materialized (select {', '.join(picked)} from {other.table} where client_id = :client "
        f"and _known_to is null and {fulfilled} and {asked}), <sizes>"
        f"limits as (select {keys}, {most} as most from offered{using} group by {keys}), "
    ), {**values, "factor": limit.get("factor", 1)}


def _said(sets: SetRules, expectation: ExpectGroupSumsToBeAtMost, most: str) -> str:
    """SQL of `00017 / 2026-W10: 52.00 above 48`; figures only if they are public."""
    parts = [f"s.k{n}::text" for n in range(len(expectation.group))]
    which = sets.masked(f"concat_ws(' / ', {', '.join(parts)})", expectation.group)
    if expectation.per:
        which += f" || ' / ' || to_char(s.k{len(parts)}, '{_SHOWN[expectation.per]}')"
    limit = expectation.limit_of
    feeds: list[tuple[Contract, str]] = [(sets.contract, expectation.column)]
    feeds += [(sets.contract, expectation.less)] if expectation.less else []
    named = [limit[n] for n in ("column", "less") if limit.get(n)] if limit else []
    feeds += [(sets.catalog.contracts[limit["feed"]], name) for name in named] if limit else []
    if any(contract.column(name).is_personal for contract, name in feeds):
        return f"{which} || ': too much'"
    amount = "trim_scale(s.amount)" if expectation.units else "s.amount"
    return f"{which} || ': ' || {amount} || ' above ' || trim_scale({most})"


def _q(column: str) -> str:
    return f'"{column}"'


def fitting(sets: SetRules, rule: Rule, expectation: ExpectGroupSumsToFitProducts) -> Measurement:
    """Rows of groups whose sum is far from what their products come to fail, and say both."""
    if not sets.delivers(PRODUCTS):
        return Measurement(rule, 0, {}, note=f"{sets.delivery.client_id} delivers no {PRODUCTS}", excused=True)
    condition, values = conditions.where(expectation.row_condition)
    domain = aggregates.domain(rule.over, condition)
    keys = {f"k{n}": value_of(sets.contract, c, expectation.instead) for n, c in enumerate(expectation.group)}
    names = ", ".join(keys)
    whole = " and ".join([domain, *(f"{value} is not null" for value in keys.values())])
    lines = ", ".join([*(f"{value} as {k}" for k, value in keys.items()), f"{_q(expectation.column)} as amount",
                       f"{_q(expectation.quantity)} as quantity", f"coalesce({_q(expectation.product)}, '') as product",
                       f"coalesce({_q(expectation.unit)}, '') as unit"])  # fmt: skip
    summed = (
        f"lines as materialized (select {lines} from {sets.table} where {whole}), sizes as materialized "
        f"({sizes(sets.catalog, 'select distinct product, unit from lines')}), "
        f"each as (select distinct on (product_id) product_id as product, {_q(expectation.per_unit)} as one "
        f"from {sets.catalog.contracts[PRODUCTS].table} where client_id = :client and _known_to is null "
        "order by product_id, _period desc, _source), "
        f"summed as materialized (select {names}, sum(amount) as amount, sum(quantity * size * one) as expected "
        f"from lines join sizes using (product, unit) left join each using (product) group by {names} "
        "having count(amount) > 0 "
        "and bool_and(measure = 'base' and coalesce(one, 0) > 0 and coalesce(quantity, 0) > 0))"
    )
    values = {**values, "client": sets.delivery.client_id, "least": expectation.least, "most": expectation.most}
    judged = f"{whole} and ({', '.join(keys.values())}) in (with {summed} select {names} from summed)"
    with without_loops(sets.conn):
        if not sets.count(judged, values):
            note = f"of no {' and '.join(expectation.group)} all products have {expectation.per_unit}"
            return Measurement(rule, 0, {}, note=note, excused=True)
        said = "': ' || trim_scale(s.amount) || ', its products ' || trim_scale(round(s.expected, 3))"
        shown = sets.masked(f"concat_ws(' / ', {', '.join(f's.{k}::text' for k in keys)})", expectation.group)
        found = (
            f"with {summed} select _row_number, _row_part, {shown} || {said} as value "
            f"from (select _row_number, _row_part, {', '.join(f'{v} as {k}' for k, v in keys.items())} from "
            f"{sets.table} where {whole}) as r join summed s using ({names}) "
            "where s.amount not between cast(:least as numeric) * s.expected and cast(:most as numeric) * s.expected"
        )
        return sets.about_rows(rule, found, values, domain, judged)
