"""What follows in time, as SQL on the work table and on what stays in core beside the delivery."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from pipelines.validate import aggregates, arguments, conditions
from pipelines.validate.expectations import (
    ExpectBalancesToCarryForward,
    ExpectChangesToBeSmall,
    ExpectRangesNotToOverlap,
)
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.staying import staying
from pipelines.validate.suites import Rule


def ranges(sets: SetRules, rule: Rule, expectation: ExpectRangesNotToOverlap) -> Measurement:
    """Rows whose range shares a day with another one of their group fail."""
    condition, values = conditions.where(expectation.row_condition)
    given = [f'"{c}" is not null' for c in expectation.column_list]
    domain = aggregates.domain(rule.over, condition)
    judged = " and ".join([domain, *given])
    keys = ", ".join(f'"{c}"' for c in expectation.group)
    picked = f"""{keys}, "{expectation.start}" as _start, coalesce("{expectation.end}", 'infinity') as _end"""
    left, stay = staying(
        sets, f"{picked}, null::bigint as _row_number, null::int as _row_part", " and ".join([condition, *given])
    )
    order = f"partition by {keys} order by _start, _end, _row_number, _row_part"
    found = (
        f"with each as (select {picked}, _row_number, _row_part from {sets.table} where {judged} union all {left}), "
        "placed as (select _row_number, _row_part, lead(_start) over w <= _end or max(_end) over w2 >= _start as _same "
        f"from each window w as ({order}), w2 as ({order} rows between unbounded preceding and 1 preceding)) "
        "select w._row_number, w._row_part, "
        f"{sets.text([*expectation.group, expectation.start, expectation.end])} as value "
        f"from {sets.table} w join placed p on (w._row_number, w._row_part) = (p._row_number, p._row_part) "
        "where p._same"
    )
    return sets.about_rows(rule, found, {**values, **stay}, domain, judged)


def balances(sets: SetRules, rule: Rule, expectation: ExpectBalancesToCarryForward) -> Measurement:
    """Rows that do not open with what the place before them closed with fail, and say both."""
    condition, values = conditions.where(expectation.row_condition)
    given = " and ".join(f'"{c}" is not null' for c in expectation.column_list)
    domain = aggregates.domain(rule.over, condition)
    judged = f"{domain} and {given}"
    names = [*expectation.group, expectation.order]
    keys = ", ".join(f'"{c}"' for c in names)
    group = ", ".join(f'"{c}"' for c in expectation.group)
    picked = f'{keys}, "{expectation.opening}" as _opening, "{expectation.closing}" as _closing'
    left, stay = staying(sets, picked, given)
    by = _ordered(sets, expectation.order)
    amounts = [sets.contract.column(c) for c in (expectation.opening, expectation.closing)]
    said = "': opens with ' || _opening || ', closed before with ' || _before"
    said = "': differs from the closing balance before'" if any(c.is_personal for c in amounts) else said
    found = (
        f"with each as (select {picked} from {sets.table} where {aggregates.ROWS[rule.over]} and {given} "
        f"union all {left}), places as (select {keys}, sum(_opening) as _opening, sum(_closing) as _closing "
        f"from each group by {keys}), followed as (select *, lag(_closing) over (partition by {group} order by {by}) "
        "as _before from places), broken as (select * from followed where _before <> _opening) "
        f"select _row_number, _row_part, {sets.text(names)} || {said} as value from {sets.table} "
        f"join broken using ({keys}) where {judged}"
    )
    return sets.about_rows(rule, found, {**values, **stay}, domain, judged)


def changes(sets: SetRules, rule: Rule, expectation: ExpectChangesToBeSmall) -> Measurement:
    """Rows whose value is far from those of both neighbours fail, and say the one before."""
    condition, values = conditions.where(expectation.row_condition)
    given = [f'"{c}" is not null' for c in expectation.column_list]
    domain = aggregates.domain(rule.over, condition)
    judged = " and ".join([domain, *given])
    names = [*expectation.group, expectation.order]
    keys, value = ", ".join(f'"{c}"' for c in names), f'"{expectation.column}"::double precision as _value'
    nowhere = "null::bigint as _row_number, null::int as _row_part"
    left, stay = staying(sets, f"{keys}, {value}, {nowhere}", " and ".join([condition, *given]))
    group = ", ".join(f'"{c}"' for c in expectation.group)
    far = "abs(_value - {0}) > abs({0}) * :allowed"
    large = f"{far.format('_before')} and (_after is null or {far.format('_after')})"
    personal = sets.contract.column(expectation.column).is_personal
    shown = "p._value" if expectation.added_up else f'w."{expectation.column}"'
    said = "': far from its neighbours'" if personal else f"': ' || {shown} || ', before ' || _before"
    each = f"select {keys}, {value}, _row_number, _row_part from {sets.table} where {judged} union all {left}"
    at = "_row_number, _row_part"
    if expectation.added_up:
        at = keys
        each = f"select {keys}, sum(_value) as _value from ({each}) as e group by {keys}"
    found = (
        f"with each as ({each}), placed as (select {at}, _value, lag(_value) over w as _before, lead(_value) over w as "
        f"_after from each window w as (partition by {group} order by {_ordered(sets, expectation.order)}, _value)) "
        f"select w._row_number, w._row_part, {sets.text(names)} || {said} as value from {sets.table} w "
        f"join placed p using ({at}) where {large} and {judged}"
    )
    values = {**values, **stay, "allowed": expectation.max_change_pct / 100}
    return sets.about_rows(rule, found, values, domain, judged)


def _ordered(sets: SetRules, column: str) -> str:
    """SQL to put rows in the order of a column; texts as Python does, whatever language the server speaks."""
    text = arguments.family(sets.contract, column) == "text"
    return f'"{column}"' + (' collate "C"' if text else "")
