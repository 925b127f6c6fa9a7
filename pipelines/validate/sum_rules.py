"""Sums of groups beside a limit, as SQL on the work table and on what stays in core beside the delivery."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from typing import Any

from pipelines.contract import Contract
from pipelines.validate.aggregates import ROWS
from pipelines.validate.beside_rules import Beside
from pipelines.validate.expectations import ExpectGroupSumsToBeAtMost
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.suites import Rule

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
    picked = ", ".join([*(f"{value} as {k}" for k, value in keys.items()), f'"{expectation.column}" as amount'])
    names, most = ", ".join(keys), "cast(:most as numeric)"
    most, limited, values = _limit(sets, expectation, most) if limit and delivers else (most, "", dict[str, Any]())
    found = (
        f"with own as materialized (select {picked} from {beside.own}), summed as (select {names}, sum(amount) as "
        f"amount from (select * from own union all select {picked} from {beside.staying} "
        f"and {_not_brought(sets, rule)}{_of_these_days(expectation)} "
        f"and ({', '.join(keys.values())}) in (select {names} from own)) as e "
        f"group by {names}), broken as (select {', '.join(f's.{k}' for k in keys)}, "
        f"{_said(sets, expectation, most)} as said from summed s {limited} where s.amount > {most}) "
        f"select _row_number, _row_part, said as value from {sets.table} join broken on "
        f"{' and '.join(f'{value} = {k}' for k, value in keys.items())} where {beside.judged}"
    )
    return beside.about_rows(found, most=expectation.most, **values)


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


def _not_brought(sets: SetRules, rule: Rule) -> str:
    """SQL: the delivery does not bring a row `c` of core again, in another period or on a row that was set aside."""
    same = " and ".join(f'w."{k}" = c."{k}"' for k in sets.contract.key)
    # the source is asked for inside: outside, PostgreSQL would look for each row of core by itself, and not by hashing
    return f"not exists (select from {sets.table} w where c._source = :own_source and {same} and {ROWS[rule.over]})"


def _limit(sets: SetRules, expectation: ExpectGroupSumsToBeAtMost, most: str) -> tuple[str, str, dict[str, Any]]:
    """SQL of the limit of a group `s`, of the join that brings it, and its parameters."""
    limit: dict[str, Any] = expectation.limit_of or {}
    table = sets.catalog.contracts[limit["feed"]].table
    theirs = {f"k{expectation.group.index(own)}": name for own, name in limit["match"].items()}
    picked = ", ".join(f'"{name}" as {k}' for k, name in theirs.items())
    rows = (
        f"select {picked}, "
        f'max("{limit["column"]}") * cast(:factor as numeric) as most from {table} '
        f"where client_id = :client and _known_to is null group by {', '.join(theirs)}"
    )
    on = " and ".join(f"l.{k} = s.{k}" for k in theirs)
    return f"coalesce(l.most, {most})", f"left join ({rows}) as l on {on}", {"factor": limit.get("factor", 1)}


def _said(sets: SetRules, expectation: ExpectGroupSumsToBeAtMost, most: str) -> str:
    """SQL of `00017 / 2026-W10: 52.00 above 48`; figures only if they are public."""
    parts = [f"s.k{n}::text" for n in range(len(expectation.group))]
    which = sets.masked(f"concat_ws(' / ', {', '.join(parts)})", expectation.group)
    if expectation.per:
        which += f" || ' / ' || to_char(s.k{len(parts)}, '{_SHOWN[expectation.per]}')"
    limit = expectation.limit_of
    feeds: list[tuple[Contract, str]] = [(sets.contract, expectation.column)]
    feeds += [(sets.catalog.contracts[limit["feed"]], limit["column"])] if limit else []
    if any(contract.column(name).is_personal for contract, name in feeds):
        return f"{which} || ': too much'"
    return f"{which} || ': ' || s.amount || ' above ' || trim_scale({most})"
