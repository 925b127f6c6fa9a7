"""Rows that must tell the same, in a group or as loaded, and groups that state the total of their lines by kind."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from pipelines.validate import aggregates, conditions
from pipelines.validate.expectations import ExpectGroupsToAgree, ExpectKindsToAddUp, ExpectLoadedValuesToStay
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.staying import staying
from pipelines.validate.suites import Rule
from pipelines.warehouse import register
from pipelines.warehouse.connection import by_index, without_loops

LOOKED_UP_TO = 5_000
"""So many rows are looked up in core one by one: 0.1 s; more are joined with all that is loaded of their scope."""


def kinds(sets: SetRules, rule: Rule, expectation: ExpectKindsToAddUp) -> Measurement:
    """Groups whose lines do not give the total they state; groups that state none are not judged."""
    condition, values = conditions.where(expectation.row_condition)
    domain = aggregates.domain(rule.over, condition)
    names = ", ".join(map(_q, expectation.group))
    kind, amount = _q(expectation.kind), f"coalesce({_q(expectation.amount)}, 0)"
    plus, minus, total = (_listed(kind, getattr(expectation, s), s, values) for s in ("plus", "minus", "total"))
    whole = " and ".join([domain, *(f"{_q(c)} is not null" for c in expectation.group)])
    judged = f"{whole} and ({names}) in (select {names} from {sets.table} where {whole} and {total})"
    if not sets.count(judged, values):
        note = f"no line is of kind {' or '.join(expectation.total)}"
        return Measurement(rule, 0, {}, note=note, excused=True)
    parts = f"sum(case when {plus} then {amount} when {minus} then -{amount} else 0 end)"
    stated = f"sum({amount}) filter (where {total})"
    said = f"': parts ' || {parts} || ', stated ' || {stated} || ', difference ' || ({parts} - {stated})"
    said = "': does not add up'" if sets.contract.column(expectation.amount).is_personal else said
    found = (
        f"with broken as (select {names}, {said} as said from {sets.table} where {judged} group by {names} "
        f"having {parts} <> {stated}) select _row_number, _row_part, {sets.text(expectation.group)} || said as value "
        f"from {sets.table} join broken using ({names}) where {judged}"
    )
    return sets.about_rows(rule, found, values, domain, judged)


def agreement(sets: SetRules, rule: Rule, expectation: ExpectGroupsToAgree) -> Measurement:
    """Groups with several values in a column that all rows should repeat, here or beside what stays in core."""
    condition, values = conditions.where(expectation.row_condition)
    domain = aggregates.domain(rule.over, condition)
    given = [f"{_q(c)} is not null" for c in expectation.column_list]
    judged = " and ".join([domain, *given])
    may_lack = expectation.or_missing or []
    # an empty value is one of its own: as a text, so that it can be hashed
    keys = [f"coalesce({_q(c)}::text, '')" if c in may_lack else _q(c) for c in expectation.group]
    picked = ", ".join([*(f"{k} as k{n}" for n, k in enumerate(keys)), *map(_q, expectation.columns)])
    rows = f"select {picked} from {sets.table} where {judged}"
    if expectation.beside:
        left, stay = staying(sets, picked, " and ".join([condition, *given]))
        rows, values = f"{rows} union all {left}", {**values, **stay}
    numbered = ", ".join(f"k{n}" for n in range(len(keys)))
    parts = [
        f"case when count(distinct {_q(c)}) > 1 then ', {c} ' || min({_q(c)}::text) || ' and ' || max({_q(c)}::text) "
        "else '' end"
        for c in expectation.columns
    ]
    hidden = any(sets.contract.column(c).is_personal for c in expectation.columns)
    said = "': differ'" if hidden else f"':' || substr({' || '.join(parts)}, 2)"
    several = " or ".join(f"count(distinct {_q(c)}) > 1" for c in expectation.columns)
    on = " and ".join(f"{k} = b.k{n}" for n, k in enumerate(keys))
    found = (
        f"with each as ({rows}), broken as (select {numbered}, {said} as said from each group by {numbered} "
        f"having {several}) select _row_number, _row_part, {sets.text(expectation.group)} || b.said as value "
        f"from {sets.table} join broken b on {on} where {judged}"
    )
    with without_loops(sets.conn):
        return sets.about_rows(rule, found, values, domain, judged)


def stay(sets: SetRules, rule: Rule, expectation: ExpectLoadedValuesToStay) -> Measurement:
    """Rows with another value than the current row of their key, source and period, which they would replace."""
    condition, values = conditions.where(expectation.row_condition)
    scope = register.scope_of(sets.delivery, sets.ref)
    values = {**values, "client": scope.client_id, "source": scope.source, "period": scope.period or ""}
    current = (
        f"{sets.contract.table} c where c.client_id = :client and c._source = :source and c._period = :period "
        "and c._known_to is null"
    )
    if not sets.conn.scalar(sa.text(f"select exists (select from {current})"), values):
        return Measurement(rule, 0, {}, note="nothing is loaded that a row could replace", excused=True)
    # rows that came as they are loaded need no look
    domain = f"{aggregates.domain(rule.over, condition)} and _known is not true"
    judged = " and ".join([domain, *(f"{_q(c)} is not null" for c in expectation.group)])
    names, picked = (", ".join(map(_q, columns)) for columns in (expectation.group, expectation.columns))
    loaded = ", ".join(f"{_q(c)} as _loaded{n}" for n, c in enumerate(expectation.columns))
    pairs = [(c, _q(c), f"_loaded{n}") for n, c in enumerate(expectation.columns)]
    hidden = any(sets.contract.column(c).is_personal for c in expectation.columns)
    parts = [f"case when {now} <> {was} then ', {c} ' || {now} || ', loaded as ' || {was} else '' end"
             for c, now, was in pairs]  # fmt: skip
    said = "': differs from what is loaded'" if hidden else f"':' || substr({' || '.join(parts)}, 2)"
    # a few rows are looked up, so that the cost does not grow with what is loaded
    few = sets.count(judged, values) < LOOKED_UP_TO
    same = " and ".join(f"c.{_q(k)} = w.{_q(k)}" for k in expectation.group)
    found = (
        f"select _row_number, _row_part, {sets.text(expectation.group)} || {said} as value "
        f"from (select _row_number, _row_part, {names}, {picked} from {sets.table} where {judged}) as w join "
        + (f"lateral (select {loaded} from {current} and {same} limit 1) as o on true " if few else
           f"(select {names}, {loaded} from {current}) as o using ({names}) ")
        + f"where {' or '.join(f'{now} <> {was}' for _, now, was in pairs)}"
    )  # fmt: skip
    with by_index(sets.conn) if few else without_loops(sets.conn):
        return sets.about_rows(rule, found, values, domain, judged)


def _listed(column: str, wanted: Sequence[str], name: str, values: dict[str, Any]) -> str:
    """SQL: the column holds one of the values, which become parameters of that name."""
    names = []
    for number, value in enumerate(wanted):
        values[f"{name}{number}"] = value
        names.append(f":{name}{number}")
    return f"{column} in ({', '.join(names)})" if names else "false"


def _q(column: str) -> str:
    return f'"{column}"'
