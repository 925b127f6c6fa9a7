"""Rules on rows beside what is current of the client: sequences, near duplicates, pairs of accounts.

Compared with are the rows of core that stay once the delivery is loaded; see `staying`.
"""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.validate import aggregates, conditions
from pipelines.validate.aggregates import ROWS, currency_of
from pipelines.validate.expectations.likeness import bare_number_sql
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.staying import staying
from pipelines.validate.suites import Rule
from pipelines.warehouse.connection import without_loops


@dataclass(frozen=True)
class Beside:
    """One rule on a delivery: SQL of its rows, and of the rows of core beside them, with the parameters of both."""

    sets: SetRules
    rule: Rule

    @cached_property
    def condition(self) -> str:
        """SQL of the rule's condition."""
        return conditions.where(self.rule.expectation.row_condition)[0]

    @property
    def domain(self) -> str:
        """SQL: a row is one that the rule is about."""
        return aggregates.domain(self.rule.over, self.condition)

    @cached_property
    def whole(self) -> str:
        """SQL: a row has a value in each column it is judged by."""
        return " and ".join(f'"{c}" is not null' for c in self.rule.expectation.column_list)

    @property
    def judged(self) -> str:
        """SQL: a row is one that the rule is about, and has what it is judged by."""
        return f"{self.domain} and {self.whole}"

    @property
    def own(self) -> str:
        """`from` of the rows of the delivery."""
        return f"{self.sets.table} where {self.judged}"

    @cached_property
    def _staying(self) -> tuple[str, dict[str, Any]]:
        return staying(self.sets, "c.*", f"{self.condition} and {self.whole}")

    @property
    def staying(self) -> str:
        """`from` of the rows of core that stay beside the delivery."""
        return f"({self._staying[0]}) as c where true"

    @property
    def values(self) -> dict[str, Any]:
        """Parameters of all this SQL."""
        return {**self._staying[1], **conditions.where(self.rule.expectation.row_condition)[1]}

    def about_rows(self, found: str, **more: Any) -> Measurement:
        """The measurement, by a query for the failing rows; see `SetRules.about_rows`."""
        # PostgreSQL has no statistics of what a query builds: 100 000 invoices took 20 s in loops, 2 by hashing
        with without_loops(self.sets.conn):
            return self.sets.about_rows(self.rule, found, {**self.values, **more}, self.domain, self.judged)


def sequences(sets: SetRules, rule: Rule) -> Measurement:
    """Rows of a number that does not follow the one before it, in the delivery or in core."""
    expectation, beside = rule.expectation, Beside(sets, rule)
    group = _names(expectation.group)
    order = _names([c for c in (expectation.date, expectation.number) if c])
    number = f'"{expectation.number}"'
    opening, closing = (f'"{c}"' if c else "null::numeric" for c in (expectation.opening, expectation.closing))
    member = f"select {group}, {order}, min({opening}) as opening, max({closing}) as closing"
    gap = f"{number} <> previous_number + 1"
    if expectation.date:
        gap = f"({gap} and not ({number} = 1 and {_year(expectation.date)} > previous_year))"
    balances = "': opens with ' || opening || ', ' || previous_number || ' closed with ' || previous_closing"
    named = [c for c in (expectation.opening, expectation.closing) if c]
    if _personal(sets, named):
        balances = "': opens with another balance than ' || previous_number || ' closed with'"
    said = (
        f"case when {gap} then ': follows ' || previous_number else '' end || "
        f"case when opening <> previous_closing then {balances} else '' end"
    )
    year = _year(expectation.date) if expectation.date else "null::int"
    found = (
        f"with own as ({member} from {beside.own} group by {group}, {order}), "
        f"earlier as ({member} from {beside.staying} and ({group}) in (select {group} from own) "
        f"group by {group}, {order}), members as (select *, true as is_own from own union all "
        f"select *, false from earlier where ({group}, {order}) not in (select {group}, {order} from own)), "
        f"placed as (select *, lag({number}) over w as previous_number, lag(closing) over w as previous_closing, "
        f"lag({year}) over w as previous_year from members window w as (partition by {group} order by {order})), "
        f"broken as (select {group}, {order}, {said} as said from placed "
        f"where is_own and ({gap} or opening <> previous_closing)) "
        f"select _row_number, _row_part, {sets.text([*expectation.group, expectation.number])} || said as value "
        f"from {sets.table} join broken using ({group}, {order}) where {beside.judged}"
    )
    return beside.about_rows(found)


def near_duplicates(sets: SetRules, rule: Rule) -> Measurement:
    """Rows with a near duplicate in the delivery, or in core under another key."""
    expectation, beside, contract = rule.expectation, Beside(sets, rule), sets.contract
    partner, number = f'"{expectation.partner}"', f'"{expectation.number}"'
    same = " and ".join(f'w."{k}" = c."{k}"' for k in contract.key)
    other_key = f"not exists (select from {sets.table} w where {same} and {ROWS['received']})"
    alike = f'{partner} as partner, "{expectation.amount}" as amount, {_currency(contract, expectation.amount)} as unit'
    picked = f'{alike}, {number} as number, "{expectation.date}"::date as day'
    # first what is equal as it stands, so that few numbers are taken apart
    found = (
        f"with own as (select {picked}, _row_number, _row_part from {beside.own}), "
        f"lines as (select * from own union all select {picked}, null, null from {beside.staying} "
        f'and {other_key} and ({partner}, "{expectation.amount}") in (select partner, amount from own)), '
        "several as (select partner, amount, unit from lines group by 1, 2, 3 having count(*) > 1), "
        f"bare as (select lines.*, {bare_number_sql('number')} as bare from lines join several "
        "using (partner, amount, unit)), "
        "placed as (select *, day - lag(day) over w as since, lead(day) over w - day as until, lag(number) over w as "
        "before, lead(number) over w as after from bare window w as (partition by partner, amount, unit, bare "
        "order by day, number, _row_number, _row_part)), "
        "near as (select _row_number, _row_part, case when since <= :days then before else after end as _other "
        "from placed where _row_number is not null and (since <= :days or until <= :days)) "
        f"select _row_number, _row_part, {_like(sets, expectation.partner, expectation.number)} as value "
        f"from {sets.table} join near using (_row_number, _row_part)"
    )
    return beside.about_rows(found, days=expectation.days)


def _like(sets: SetRules, partner: str, number: str) -> str:
    """SQL of the text that names a row and the one it is like."""
    return sets.text([partner, number]) + ("" if _personal(sets, [partner, number]) else " || ': like ' || _other")


def _personal(sets: SetRules, columns: Sequence[str]) -> bool:
    return any(sets.contract.column(c).is_personal for c in columns)


def usual_pairs(sets: SetRules, rule: Rule) -> Measurement:
    """Rows of journals with a pair of accounts that is rare in the delivery and in core."""
    expectation, beside = rule.expectation, Beside(sets, rule)
    group, account = _names(expectation.group), f'"{expectation.account}"'
    journals = _journals(sets, beside, group, expectation.of)
    if journals < expectation.of:
        note = f"{journals} journals so far: pairs are unusual from {expectation.of} on"
        return Measurement(rule, 0, {}, note=note, excused=True)
    debit, credit = (f'bool_or(coalesce("{c}", 0) <> 0)' for c in (expectation.debit, expectation.credit))
    lines = f"select {group}, {account} as account, {debit} as debits, {credit} as credits"
    meet = (
        f"select {group}, d.account as debit, c.account as credit from {{0}} d join {{0}} c using ({group}) "
        "where d.debits and c.credits and d.account <> c.account"
    )
    said = (
        "(array_agg(': debit ' || debit || ', credit ' || credit || ' in ' || times || case when times = 1 then "
        "' journal' else ' journals' end order by times, debit, credit))[1]"
    )
    if _personal(sets, [expectation.account]):
        said = "': unusual accounts'"
    found = (
        f"with delivered as ({lines} from {beside.own} group by {group}, account), "
        f"pairs as ({meet.format('delivered')}), "
        "here as (select debit, credit, count(*) as times from pairs group by 1, 2 having count(*) < :least), "
        f"earlier as ({lines} from {beside.staying} and {account} in (select debit from here union "
        f"select credit from here) group by {group}, account), "
        f"there as (select debit, credit, count(*) as times from ({meet.format('earlier')}) as p "
        "join here using (debit, credit) group by 1, 2), "
        "rare as (select debit, credit, here.times + coalesce(there.times, 0) as times from here "
        "left join there using (debit, credit) where here.times + coalesce(there.times, 0) < :least), "
        f"broken as (select {group}, {said} as said from pairs join rare using (debit, credit) group by {group}) "
        f"select _row_number, _row_part, {sets.text(expectation.group)} || said as value "
        f"from {sets.table} join broken using ({group}) where {beside.judged}"
    )
    return beside.about_rows(found, least=expectation.least)


def _journals(sets: SetRules, beside: Beside, group: str, enough: int) -> int:
    """How many journals there are; counted no further than needed."""
    counts = (f"(select count(*) from (select distinct {group} from {rows} limit :enough) as j)"
              for rows in (beside.own, beside.staying))  # fmt: skip
    return int(sets.conn.scalar(sa.text(f"select {' + '.join(counts)}"), {**beside.values, "enough": enough}) or 0)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{c}"' for c in columns)


def _year(column: str) -> str:
    return f'extract(year from "{column}")'


def _currency(contract: Contract, column: str) -> str:
    """SQL of an amount's currency; of a number without one, nothing."""
    return currency_of(contract, column) if contract.column(column).currency else "''"
