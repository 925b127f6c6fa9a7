"""Figures of a warehouse beside another feed, as SQL on the work table and core: see `expectations.stock`."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pipelines.contract import Contract
from pipelines.validate import aggregates, conditions, feed_rules, unit_sizes
from pipelines.validate.expectations import ExpectPositionsToRollForward, ExpectValuesToBeNearFeed
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.staying import staying
from pipelines.validate.suites import Rule

_NO_UNITS = "select '' as product, '' as unit, 1 as size, '=' as measure"
"""Quantities that need no conversion: all in one unit, of no product."""


def near(sets: SetRules, rule: Rule, expectation: ExpectValuesToBeNearFeed) -> Measurement:
    """Rows whose value is far from the other feed's fail, and say both. Each combination of values is asked once."""
    other, units = sets.catalog.contracts[expectation.feed], expectation.units or {}
    condition, values = conditions.where(expectation.row_condition)
    fulfilled, more = feed_rules.fulfilling(other, expectation.where)
    domain = aggregates.domain(rule.over, condition)
    judged = " and ".join([domain, *(f"{_q(c)} is not null" for c in expectation.column_list)])
    current = f"from {other.table} where {_CURRENT}"
    counts = f"{_q(expectation.feed_column)} {'<> 0' if expectation.ignore_zero else 'is not null'}"
    if expectation.if_known:
        known = _names(expectation.match[c] for c in expectation.if_known)
        judged += f" and ({_names(expectation.if_known)}) in (select {known} {current})"
    keys = [f"_k{n}" for n in range(len(expectation.match))]
    by, names = ", ".join(keys), [*keys, "_value", "_unit"]
    own = [*map(_q, expectation.match), _q(expectation.column), _unit(units.get("unit"))]
    theirs = [*map(_q, expectation.match.values()), _q(expectation.feed_column), _unit(units.get("feed_unit"))]
    pairs = (
        "select _product as product, _unit as unit from theirs union "
        f"select t._product, a._unit from asked a join theirs t using ({by})"
    )
    product = _q(units["feed_product"]) if units else _EMPTY
    sizes = unit_sizes.sizes(sets.catalog, pairs) if units else _NO_UNITS
    each = "{} / nullif(z.size, 0)" if units.get("is_price") else "{} * z.size"
    compared = (
        f"select {by}, _product, {each.format('_value')} as _value, z.measure from theirs "
        "join sizes z on (z.product, z.unit) = (_product, _unit)"
    )
    joined, alike = "join", "z.measure = t.measure"
    if expectation.added_up:
        one = "count(distinct _product) = 1 and count(distinct measure) = 1"
        compared = (
            f"select {by}, min(_product) as _product, case when {one} then sum(_value) end as _value, "
            f"min(measure) as measure, true as _there from ({compared}) as c group by {by}"
        )
        joined, alike = "left join", f"({alike} or t._there is null)"
    value = "t._value" if not expectation.added_up else "case when t._there is null then 0 else t._value end"
    mine = f"coalesce({each.format('a._value')}, a._value)"
    found = (
        f"with asked as materialized (select distinct {_as(own, names)} from {sets.table} where {judged}), "
        f"theirs as materialized (select {_as(theirs, names)}, {product} as _product {current} and {fulfilled} "
        f"and {counts} and ({_names(expectation.match.values())}) in (select {by} from asked)), "
        f"sizes as materialized ({sizes}), compared as ({compared}), "
        f"paired as (select {', '.join(f'a.{n}' for n in keys)}, a._value, a._unit, "
        f"{mine} as _mine, {value} as _theirs from asked a {joined} compared t using ({by}) "
        f"left join sizes z on (z.product, z.unit) = (t._product, a._unit) where {alike}), "
        f"far as (select {', '.join(names)}, {_far_said(sets, expectation, other)} as _said from paired "
        f"where _theirs is not null group by {', '.join(names)} having not bool_or({_fits(expectation)})) "
        f"select _row_number, _row_part, {sets.text(list(expectation.match))} || _said as value from {sets.table} "
        f"join far on {_on(own, names)} where {judged}"
    )
    bounds = {n: getattr(expectation, n) for n in ("least", "most", "slack")}
    values |= {**more, "client": sets.delivery.client_id, **{n: v for n, v in bounds.items() if v is not None}}
    return sets.about_rows(rule, found, values, domain, judged)


def _fits(expectation: ExpectValuesToBeNearFeed) -> str:
    """SQL: the own value is near enough to the other one. Of two values below 0 the amounts are compared."""
    signed, bounds = "_mine * case when _theirs < 0 then -1 else 1 end", list[str]()
    if expectation.least is not None:
        bounds.append(f"{signed} >= abs(_theirs) * cast(:least as numeric) - cast(:slack as numeric)")
    if expectation.most is not None:
        bounds.append(f"{signed} <= abs(_theirs) * cast(:most as numeric) + cast(:slack as numeric)")
    return " and ".join(bounds)


def _far_said(sets: SetRules, expectation: ExpectValuesToBeNearFeed, other: Contract) -> str:
    """SQL of `: 10.21, shipments.purchase_order_lines 10.00`; figures only if they are public."""
    if sets.contract.column(expectation.column).is_personal or other.column(expectation.feed_column).is_personal:
        return f"': far from {expectation.feed}'"
    several = "case when min(_theirs) < max(_theirs) then ' to ' || {} else '' end".format(_round("max(_theirs)"))
    return f"': ' || {_round('min(_mine)')} || ', {expectation.feed} ' || {_round('min(_theirs)')} || {several}"


def positions(sets: SetRules, rule: Rule, expectation: ExpectPositionsToRollForward) -> Measurement:
    """Rows of positions that differ from the one before plus what was moved since fail, and say both."""
    units, other = expectation.units or {}, sets.catalog.contracts[expectation.feed]
    condition, values = conditions.where(expectation.row_condition)
    fulfilled, more = feed_rules.fulfilling(other, expectation.where)
    opens, opening = feed_rules.fulfilling(other, expectation.opening, prefix="o") if expectation.opening else _NEVER
    domain = aggregates.domain(rule.over, condition)
    given = " and ".join(f"{_q(c)} is not null" for c in expectation.column_list)
    keys = [f"_k{n}" for n in range(len(expectation.match))]
    by, names = ", ".join(keys), [*keys, "_day", "_quantity", "_unit"]
    own = [*map(_q, [*expectation.match, expectation.date, expectation.quantity]), _unit(units.get("unit"))]
    theirs = [*map(_q, [*expectation.match.values(), expectation.feed_date, expectation.feed_quantity])]
    theirs.append(_unit(units.get("feed_unit")))
    listed, stay = _listed(sets, _as(own, names), f"{condition} and {given}")
    product = keys[list(expectation.match).index(units["product"])] if units else _EMPTY
    pairs = f"select {product} as product, _unit as unit from listed union select {product}, _unit from moves"
    whole = [keys[list(expectation.match).index(c)] for c in expectation.whole or []]
    said = "': differs from the position before and what was moved'"
    if not (
        sets.contract.column(expectation.quantity).is_personal or other.column(expectation.feed_quantity).is_personal
    ):
        said = (
            f"': ' || {_round('_quantity')} || ', ' || "
            f"coalesce({_round('_had')} || ' on ' || _before, 'none before') || "
            f"' and ' || {_round('_moved')} || ' moved since give ' || {_round('_had + _moved')}"
        )
    same = " and ".join(f"x.{k} = e.{k}" for k in keys)
    found = (
        f"with own as materialized (select {_as(own, names)} from {sets.table} where {domain} and {given}), "
        f"listed as materialized ({listed}), since as materialized ({_since(by, whole)}), "
        f"moves as materialized (select {_as(theirs, names)}, {opens} as _opens from {other.table} "
        f"where {_CURRENT} and {fulfilled} and {_q(expectation.feed_quantity)} is not null "
        f"and {_q(expectation.feed_date)} > (select _day from since) "
        f"and {_q(expectation.feed_date)} <= (select max(_day) from own) "
        f"and ({_names(expectation.match.values())}) in (select {by} from own)), "
        f"first as materialized (select min({_q(expectation.feed_date)}) as _first from {other.table} "
        f"where {_CURRENT}), "
        f"sizes as materialized ({unit_sizes.sizes(sets.catalog, pairs) if units else _NO_UNITS}), "
        f"{_explained(by, product, whole)}, broken as (select {by}, _day, {said} as _said from explained e "
        f"where _had + _moved <> _quantity and _since >= (select _first from first) - 1 "
        f"and not exists (select from mixed x where {same})) "
        f"select _row_number, _row_part, {sets.text([*expectation.match, expectation.date])} || _said as value "
        f"from {sets.table} join broken on {_on(own[:-2], names[:-2])} where {domain} and {given}"
    )
    values |= {**more, **opening, **stay, "client": sets.delivery.client_id}
    return sets.about_rows(rule, found, values, domain, f"{domain} and {given}")


def _listed(sets: SetRules, picked: str, condition: str) -> tuple[str, dict[str, Any]]:
    """SQL of the positions of the delivery, of what the same source told before its first day, and of what stays of
    that source beside it. A list that the delivery is about to replace still tells what was there on its day."""
    left, stay = staying(sets, "c.*", condition)
    same = " and ".join(f'w."{k}" = c."{k}"' for k in sets.contract.key)
    return (
        f"select * from own union all select * from (select {picked} from {sets.contract.table} where {_CURRENT} "
        f"and _source = :own_source and {condition}) as e where _day < (select min(_day) from own) "
        f"union all select * from (select {picked} from ({left}) as c where _source = :own_source and not exists "
        f"(select from {sets.table} w where w._fate is null and {same})) as s "
        f"where _day between (select min(_day) from own) and (select max(_day) from own)",
        stay,
    )


def _since(by: str, whole: Sequence[str]) -> str:
    """SQL of the last day of which no movement is asked: each group was listed then or later, or else its place was.

    So a list is judged by what was moved since the one before it, and not by all that ever was.
    """
    before = "from listed where _day < (select min(_day) from own)"
    places, place = "", ""
    if whole:
        keys = ", ".join(whole)
        places = f"left join (select {keys}, max(_day) as _listed {before} group by {keys}) as p using ({keys}) "
        place = "_listed, "
    return (
        f"select min(coalesce(_last, {place}'-infinity')) as _day from (select distinct {by} from own) as o "
        f"left join (select {by}, max(_day) as _last {before} group by {by}) as g using ({by}) {places}"
    )


def _explained(by: str, product: str, whole: Sequence[str]) -> str:
    """SQL of the common table expressions that end in `explained`: `_had` on the day `_since`, and `_moved` after it.

    `days` has what stands and what moves on each day of a group; running sums over them tell what moved between two
    positions in one pass, without comparing each movement with each position. A group without a position before starts
    with nothing: on the day of the newest list of its place, or before the day on which a movement opened it.
    """
    sized = f"join sizes z on (z.product, z.unit) = ({product}, _unit)"
    at = f"{by}, _day"
    of_own = f"where ({by}) in (select {by} from own)"  # of the other groups only the days count
    lists, newest, on = "select null::date as _day where false", "max(l._day)", "false"
    if whole:
        lists = f"select distinct {', '.join(whole)}, _day from listed"
        on = " and ".join([*(f"l.{k} = p.{k}" for k in whole), "l._day < p._day"])
    each = ", ".join(f"p.{k}" for k in at.split(", "))
    return (
        f"mixed as materialized (select {by} from (select {by}, measure from listed {sized} {of_own} union "
        f"select {by}, measure from moves {sized}) as m group by {by} having count(*) > 1), "
        f"lists as materialized ({lists}), "
        f"places as (select {at}, sum(_quantity * z.size) as _quantity from listed {sized} {of_own} group by {at}), "
        f"moved as materialized (select {at}, "
        f"coalesce(sum(_quantity * z.size) filter (where not _opens), 0) as _moved, "
        f"sum(_quantity * z.size) filter (where _opens) as _opened from moves {sized} group by {at}), "
        f"days as (select {at}, _quantity, coalesce(_moved, 0) as _moved, _opened from places "
        f"full join moved using ({at})), "
        f"running as (select *, sum(_moved) over w as _so_far, max(_day) filter (where _opened is not null) over w as "
        f"_opened_on from days window w as (partition by {by} order by _day)), "
        f"placed as materialized (select *, lag(_day) over w as _before, lag(_quantity) over w as _had, "
        f"lag(_so_far) over w as _until from running where _quantity is not null window w as "
        f"(partition by {by} order by _day)), "
        # `greatest` passes over what is missing
        f"started as (select {each}, p._quantity, greatest({newest}, p._opened_on - 1) as _since from placed p "
        f"left join lists l on {on} where p._before is null group by {each}, p._quantity, p._opened_on), "
        f"explained as (select {at}, _quantity, _before, _had, _so_far - _until as _moved, _before as _since "
        f"from placed where _before is not null union all select {each}, p._quantity, null, 0, "
        f"coalesce(sum(m._moved + coalesce(m._opened, 0)), 0), p._since from started p left join moved m "
        f"on {' and '.join(f'm.{k} = p.{k}' for k in by.split(', '))} and m._day > p._since and m._day <= p._day "
        f"where p._since is not null group by {each}, p._quantity, p._since)"
    )


_CURRENT = "client_id = :client and _known_to is null"
_NEVER: tuple[str, dict[str, Any]] = ("false", {})
_EMPTY = "''"


def _round(number: str) -> str:
    """SQL of a number as text, without the zeros that divisions and scales leave behind."""
    return f"trim_scale(round({number}, 6))"


def _unit(column: str | None) -> str:
    """SQL of a unit; none is empty."""
    return f"coalesce({_q(column)}, '')" if column else _EMPTY


def _as(values: Iterable[str], names: Iterable[str]) -> str:
    return ", ".join(f"{v} as {n}" for v, n in zip(values, names, strict=True))


def _on(values: Iterable[str], names: Iterable[str]) -> str:
    return " and ".join(f"{v} = {n}" for v, n in zip(values, names, strict=True))


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(_q, columns))


def _q(column: str) -> str:
    return f'"{column}"'
