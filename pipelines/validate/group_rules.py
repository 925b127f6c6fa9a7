"""Groups of rows on the work table: journals that balance, lines that add up to their header, in exact numbers."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from pipelines.contract import NO_CURRENCY, Contract
from pipelines.validate import (
    aggregates,
    beside_rules,
    chain_rules,
    conditions,
    covering_rules,
    day_rules,
    step_rules,
    succession_rules,
    sum_rules,
    together_rules,
)
from pipelines.validate.aggregates import ROWS, currency_of, value_of
from pipelines.validate.expectations import (
    BALANCE,
    ExpectBalancesToCarryForward,
    ExpectChainsToEnd,
    ExpectChangesToBeSmall,
    ExpectDatesToBeNearDelivery,
    ExpectFeedRowsToOccur,
    ExpectGroupsToAgree,
    ExpectGroupsToBalance,
    ExpectGroupsToRollForward,
    ExpectGroupSumsToBeAtMost,
    ExpectGroupSumsToFitProducts,
    ExpectKindsToAddUp,
    ExpectLoadedValuesToStay,
    ExpectNoNearDuplicates,
    ExpectPairsToBeUsual,
    ExpectRangesNotToOverlap,
    ExpectRowsNotToRepeat,
    ExpectSequencesToBeUnbroken,
    ExpectStagesToBeInOrder,
    ExpectStepsToFollow,
)
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.suites import Rule


def group(sets: SetRules, rule: Rule) -> Measurement:
    """A rule about groups: every row of a group that breaks it fails, and its reject says by how much."""
    if beside := _BESIDE.get(type(rule.expectation)):
        return beside(sets, rule)
    if judge := _OF_GROUPS.get(type(rule.expectation)):
        return judge(sets, rule, rule.expectation)
    return _sums(sets, rule)


_BESIDE: Mapping[type, Callable[[SetRules, Rule], Measurement]] = {
    ExpectSequencesToBeUnbroken: beside_rules.sequences,
    ExpectNoNearDuplicates: beside_rules.near_duplicates,
    ExpectPairsToBeUsual: beside_rules.usual_pairs,
}
_OF_GROUPS: Mapping[type, Callable[[SetRules, Rule, Any], Measurement]] = {
    ExpectRangesNotToOverlap: succession_rules.ranges,
    ExpectBalancesToCarryForward: succession_rules.balances,
    ExpectChangesToBeSmall: succession_rules.changes,
    ExpectChainsToEnd: chain_rules.ends,
    ExpectRowsNotToRepeat: step_rules.repeats,
    ExpectStagesToBeInOrder: step_rules.stages,
    ExpectStepsToFollow: step_rules.steps,
    ExpectGroupSumsToBeAtMost: sum_rules.sums,
    ExpectGroupSumsToFitProducts: sum_rules.fitting,
    ExpectDatesToBeNearDelivery: day_rules.near,
    ExpectGroupsToAgree: together_rules.agreement,
    ExpectLoadedValuesToStay: together_rules.stay,
    ExpectKindsToAddUp: together_rules.kinds,
}
"""Which function judges an expectation about groups; what is not here compares sums of the delivery alone."""


def _sums(sets: SetRules, rule: Rule) -> Measurement:
    """Groups that should balance, roll forward or add up to a total."""
    expectation = rule.expectation
    condition, values = conditions.where(expectation.row_condition)
    domain = aggregates.domain(rule.over, condition)
    balance = isinstance(expectation, ExpectGroupsToBalance)
    instead = expectation.instead if balance else None
    given = [(instead or {}).get(c, c) for c in expectation.group]
    judged = f"{domain} and {' and '.join(f'{_q(c)} is not null' for c in given)}"
    if balance:
        broken = _unbalanced(sets, expectation, judged)
    elif isinstance(expectation, ExpectGroupsToRollForward):
        broken = _not_rolling(sets, expectation, judged)
    elif expectation.total:
        broken = _differing(sets, expectation, judged)
    else:
        feed = expectation.total_of.rpartition(".")[0]
        if not sets.delivers(feed):
            note = f"{sets.delivery.client_id} delivers no {feed}"
            return Measurement(rule, 0, {}, note=note, excused=True)
        broken = _without_header(sets, expectation, judged)
        values = {**values, "client": sets.delivery.client_id}
    names = ", ".join(_q(c) for c in expectation.group)
    valued = ", ".join(f"{value_of(sets.contract, c, instead)} as {_q(c)}" for c in expectation.group)
    found = (
        f"with broken as ({broken}) select _row_number, _row_part, {sets.text(expectation.group)} || said as value "
        f"from (select _row_number, _row_part, {valued} from {sets.table} where {judged}) as r "
        f"join broken using ({names})"
    )
    return sets.about_rows(rule, found, values, domain, judged)


def whole(sets: SetRules, rule: Rule) -> Measurement:
    """The delivery as a whole must balance, in each currency, or have rows for all of another feed."""
    expectation = rule.expectation
    if isinstance(expectation, ExpectFeedRowsToOccur):
        return covering_rules.covered(sets, rule, expectation)
    condition, values = conditions.where(expectation.row_condition)
    plus, minus = _sides(expectation)
    some = " or ".join(f"{_q(c)} is not null" for c in (plus, minus) if c)
    query = (
        f"select {currency_of(sets.contract, plus)}, count(*), {_sum(plus)}, {_sum(minus) if minus else '0'} "
        f"from {sets.table} where {ROWS[rule.over]} and {condition} and ({some}) group by 1 order by 1"
    )
    found: list[tuple[Any, ...]] = [tuple(row) for row in sets.conn.execute(sa.text(query), values)]
    rows = sum(int(row[1]) for row in found)
    if not rows:
        return sets.idle(rule, 0)
    off = [(currency, a, b) for currency, _, a, b in found if a != b]
    metric = expectation.map_metric
    metrics = {
        "table.row_count": rows,
        f"{metric}.filtered_row_count": rows,
        f"{metric}.unexpected_count": rows if off else 0,
        f"{metric}.unexpected_values": [],
    }
    said = "; ".join(_said(currency, a, b, bool(minus)) for currency, a, b in off) or f"balances over {rows} rows"
    tells = not all(sets.contract.may_sum(c, rows) for c in (plus, minus) if c)
    return Measurement(rule, 1, {**metrics, BALANCE: said}, observed=said, is_hidden=bool(off) and tells)


def _said(currency: str, plus: Any, minus: Any, pair: bool) -> str:
    name = "" if currency == NO_CURRENCY else f"{currency} "
    return f"{name}debit {plus}, credit {minus}, difference {plus - minus}" if pair else f"{name}sum {plus}"


def _unbalanced(sets: SetRules, expectation: ExpectGroupsToBalance, judged: str) -> str:
    """Groups whose amounts do not cancel out, and what is said of them."""
    plus, minus = _sides(expectation)
    names = ", ".join(_q(c) for c in expectation.group)
    keys = {c: value_of(sets.contract, c, expectation.instead) for c in expectation.group}
    sums = [value_of(sets.contract, c, expectation.instead) for c in (plus, minus) if c]
    picked = [f"{value} as {_q(c)}" for c, value in keys.items()]
    picked += [f"coalesce(sum({value}), 0) as _sum{n}" for n, value in enumerate(sums)]
    rest = ", ".join(v for c, v in keys.items() if c != expectation.unless_several)
    picked.append(f"count(*) over (partition by {rest}) as _several" if expectation.unless_several else "1 as _several")
    difference = "_sum0 - _sum1" if minus else "_sum0"
    said = (
        f"': debit ' || _sum0 || ', credit ' || _sum1 || ', difference ' || ({difference})"
        if minus
        else f"': sum ' || {difference}"
    )
    said = _if_public(sets.contract, [plus, minus], said, ": does not balance")
    return (
        f"select {names}, {said} as said from (select {', '.join(picked)} from {sets.table} where {judged} "
        f"group by {', '.join(keys.values())}) as g where _several = 1 and {difference} <> 0"
    )


def _not_rolling(sets: SetRules, expectation: ExpectGroupsToRollForward, judged: str) -> str:
    """Groups whose opening balance and amounts do not give the closing balance that each row repeats."""
    names, moved = ", ".join(_q(c) for c in expectation.group), _sum(expectation.amount)
    opening, closing = _q(expectation.opening), _q(expectation.closing)
    broken = [f"count({c}) < count(*) or min({c}) <> max({c})" for c in (opening, closing)]
    broken.append(f"max({opening}) + {moved} <> max({closing})")
    said = f"': opening ' || {_range(opening)} || ', movements ' || {moved} || ', closing ' || {_range(closing)}"
    named = [expectation.opening, expectation.amount, expectation.closing]
    said = _if_public(sets.contract, named, said, ": does not roll forward")
    return (
        f"select {names}, {said} as said from {sets.table} where {judged} group by {names} having {' or '.join(broken)}"
    )


def _differing(sets: SetRules, expectation: Any, judged: str) -> str:
    """Groups whose lines do not add up to the total each of them repeats, or are not as many as stated."""
    names, total, lines = ", ".join(_q(c) for c in expectation.group), _q(expectation.total), _sum(expectation.amount)
    broken = [f"count({total}) < count(*)", f"min({total}) <> max({total})", f"{lines} <> max({total})"]
    said = f"': lines ' || {lines} || ', total ' || {_range(total)}"
    if expectation.count:
        count = _q(expectation.count)
        broken += [f"count({count}) < count(*)", f"min({count}) <> count(*)", f"max({count}) <> count(*)"]
        said += f" || ', ' || count(*) || ' lines of ' || {_range(count)}"
    said = _if_public(sets.contract, [expectation.amount, expectation.total], said, ": does not add up")
    return (
        f"select {names}, {said} as said from {sets.table} where {judged} group by {names} having {' or '.join(broken)}"
    )


def _without_header(sets: SetRules, expectation: Any, judged: str) -> str:
    """Groups whose lines do not add up to the one header that another feed has for them."""
    feed, _, total = expectation.total_of.rpartition(".")
    header: Contract = sets.catalog.contracts[feed]
    reference: Mapping[str, str] = expectation.reference
    names = ", ".join(_q(c) for c in expectation.group)
    keys = ", ".join(f"{_q(theirs)} as {_q(own)}" for own, theirs in reference.items())
    count = _q(expectation.count) if expectation.count else None
    stated = f", min({count}) as least, max({count}) as most, count({count}) as given" if count else ""
    said = (
        "case when h.headers is null then ': no header' when h.headers > 1 then ': ' || h.headers || ' headers' "
        "else ': lines ' || g.amount || ', header ' || coalesce(h.total::text, 'without amount') end"
    )
    wrong = "h.headers is distinct from 1 or h.total is distinct from g.amount"
    if count:
        said += " || ', ' || g.lines || ' lines of ' || coalesce(g.least::text, 'no count')"
        wrong += " or g.given < g.lines or g.least <> g.lines or g.most <> g.lines"
    hidden = header.column(total).is_personal
    said = "': does not add up'" if hidden else _if_public(sets.contract, [expectation.amount], said, ": differs")
    on = " and ".join(f"h.{_q(own)} = g.{_q(own)}" for own in reference)
    return (
        f"select {', '.join('g.' + _q(c) for c in expectation.group)}, {said} as said from (select {names}, "
        f"{_sum(expectation.amount)} as amount, count(*) as lines{stated} from {sets.table} where {judged} "
        f"group by {names}) as g left join (select {keys}, count(*) as headers, min({_q(total)}) as total "
        f"from {header.table} where client_id = :client and _known_to is null "
        f"group by {', '.join(_q(theirs) for theirs in reference.values())}) as h on {on} where {wrong}"
    )


def _sides(expectation: ExpectGroupsToBalance) -> tuple[str, str | None]:
    """The column that counts as it is, and the one that counts with the opposite sign."""
    return expectation.amount or str(expectation.debit), expectation.credit


def _sum(column: str | None) -> str:
    return f'coalesce(sum("{column}"), 0)'


def _range(column: str) -> str:
    """A value that all rows of a group should repeat, as text: `100.00`, `100.00 to 120.00`, `missing`."""
    several = f"case when min({column}) <> max({column}) then ' to ' || max({column}) else '' end"
    missing = (
        f"case when count({column}) = 0 then 'missing' when count({column}) < count(*) then ' or missing' else '' end"
    )
    return f"coalesce(min({column})::text, '') || {several} || {missing}"


def _if_public(contract: Contract, columns: Sequence[str | None], said: str, otherwise: str) -> str:
    """SQL of a text with amounts; without them where a column is personal."""
    hidden = any(contract.column(c).is_personal for c in columns if c)
    return f"'{otherwise}'" if hidden else said


def _q(column: str) -> str:
    return f'"{column}"'
