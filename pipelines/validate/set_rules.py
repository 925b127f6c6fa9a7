"""Rules that need more than a row, as SQL on the work table: repeats, keys, uniqueness, references, groups, core."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.profile import SourceRef
from pipelines.reject import Baseline
from pipelines.rulebook import RuleBook
from pipelines.validate import aggregates, baseline, conditions, correction
from pipelines.validate.aggregates import ROWS
from pipelines.validate.files import PACKED_SQL
from pipelines.validate.gate import SAMPLES
from pipelines.validate.judge import Measurement
from pipelines.validate.stream import Streamed
from pipelines.validate.suites import Rule
from pipelines.validate.tally import Tally
from pipelines.validate.waivers import Waivers
from pipelines.warehouse import quarantine_store
from pipelines.warehouse.connection import without_loops

_SKIPPED_REPEAT = "repeated row"
_PLACE = ("_row_number", "_row_part", "_fate", "_row_hash", "_known")
_MOST_PLACES = 1_000_000
"""Rows that are named to the server one by one: 15 MB of text."""


@dataclass(frozen=True)
class Near:
    """SQL that names the rows `near`; empty when there is none. `few`: they are named one by one."""

    sql: str
    few: bool


@dataclass(frozen=True)
class SetRules:
    """The set rules of one delivery, evaluated inside the gate's transaction.

    Order matters and is the caller's: repeats, keys, uniqueness and references each set rows aside before the next
    looks at the accepted ones; groups come last and all at once, so that they do not cascade.
    """

    conn: sa.Connection
    delivery: Delivery
    ref: SourceRef
    contract: Contract
    catalog: Catalog
    book: RuleBook
    waivers: Waivers
    streamed: Streamed
    folder: Path
    tally: Tally

    @property
    def table(self) -> str:
        """The work table."""
        return self.delivery.work_table

    def repeated_rows(self) -> Measurement:
        """Rows equal in all business columns: the first stays, the others are rejected, or skipped if declared."""
        rule = baseline.counted(self.contract, Baseline.REPEATED_ROW)
        rows = self.tally.accepted
        if not self.near.sql:
            return counted(rule, rows, 0)
        found = (
            f"with {self.near.sql}, twice as (select _row_hash from near where _fate is null "
            "group by _row_hash having count(*) > 1) "
            "select _row_number, _row_part, null::text as value from (select _row_number, _row_part, row_number() over "
            "(partition by _row_hash order by _row_number, _row_part) as place from near join twice "
            "using (_row_hash) where _fate is null) as ranked where place > 1"
        )
        found, values = self._with_loaded(found, "repeated")
        if self.ref.source.repeated_rows == "reject":
            return self._set_aside(rule, rows, found, values)
        with without_loops(self.conn):
            skipped = self.conn.execute(
                sa.text(
                    f"update {self.table} w set _fate = 'skipped', _skip_reason = :reason from ({found}) as f "
                    "where (w._row_number, w._row_part) = (f._row_number, f._row_part)"
                ),
                {"reason": _SKIPPED_REPEAT, **values},
            ).rowcount
        self.tally.skip(skipped)
        observed = f"{skipped} of {rows} rows skipped by declaration" if skipped else None
        return counted(rule, rows, 0, observed=observed)

    def keys(self) -> Measurement:
        """Rows with equal key and different content: all are rejected, also when another rule rejected one of them."""
        key = self.contract.key
        rule = baseline.counted(self.contract, Baseline.KEY_UNIQUE, columns=key)
        if not self.near.sql:
            return counted(rule, self.tally.with_key, 0)
        names = ", ".join(f'"{k}"' for k in key)
        rows = f"{ROWS['received']} and " + " and ".join(f'"{k}" is not null' for k in key)
        found = (
            f"with {self.near.sql}, twice as (select {names} from near where {rows} group by {names} "
            f"having count(*) > 1), mixed as (select {names} from near join twice using ({names}) where {rows} "
            f"group by {names} having count(distinct _row_hash) > 1) "
            f"select _row_number, _row_part, {self.text(key)} as value from near join mixed "
            f"using ({names}) where {rows}"
        )
        found, values = self._with_loaded(found, "taken")
        return self._set_aside(rule, self.tally.with_key, found, values)

    @cached_property
    def near(self) -> Near:
        """The rows that may share their key with another one."""
        picked = ", ".join(f'w."{c}"' for c in (*_PLACE, *self.contract.key))
        whole = f"near as (select {picked} from {self.table} w)"
        if self.delivery.is_correction:  # its rows may clash with what is loaded, too
            return Near(whole, few=False)
        keys = self.streamed.keys
        twice = keys.twice()
        if not len(twice):
            return Near("", few=True)
        places = list[int]()
        for more in keys.addresses(self.folder, twice):
            places += more
            if len(places) > _MOST_PLACES:
                return Near(whole, few=False)
        # Against one list PostgreSQL looks every row up by hash; joining the list, it sorted the whole work table.
        listed = f"any('{{{','.join(map(str, places))}}}'::bigint[])"
        return Near(
            f"near as materialized (select {picked} from {self.table} w where {PACKED_SQL} = {listed})", few=True
        )

    def newer_versions(self) -> Measurement:
        """Rows of a correction that a later delivery has brought in another version."""
        rule = baseline.counted(self.contract, Baseline.NEWER_VERSION)
        clash = correction.clashing(self.delivery, self.ref, self.contract, "newer")
        found = f"select _row_number, _row_part, null::text as value from ({clash}) as n"
        return self._set_aside(rule, self.tally.accepted, found, correction.values(self.delivery, self.ref))

    def _with_loaded(self, found: str, clash: correction.Clash) -> tuple[str, dict[str, Any]]:
        """For a correction also the rows that clash with what is loaded of the same file."""
        if not self.delivery.is_correction:
            return found, {}
        loaded = correction.clashing(self.delivery, self.ref, self.contract, clash)
        both = (
            f"select _row_number, _row_part, max(value) as value from (select * from ({found}) as own union all "
            f"select _row_number, _row_part, null from ({loaded}) as loaded) as f group by 1, 2"
        )
        return both, correction.values(self.delivery, self.ref)

    def unique(self, rule: Rule) -> Measurement:
        """A uniqueness expectation: every row that shares its value with another one fails."""
        expectation = rule.expectation
        condition, values = conditions.where(getattr(expectation, "row_condition", None))
        domain = aggregates.domain(rule.over, condition)
        judged = f"{domain} and {_considered(rule)}"
        names = ", ".join(f'"{c}"' for c in rule.columns)
        found = (
            f"select _row_number, _row_part, value from (select _row_number, _row_part, {self.text(rule.columns)} "
            f"as value, count(*) over (partition by {names}) as times from {self.table} where {judged}) as t "
            "where times > 1"
        )
        return self.about_rows(rule, found, values, domain, judged)

    def references(self) -> list[Measurement]:
        """Values that must be a current value of another feed of the client; rows without a value pass."""
        out = []
        for feed, pairs in self.contract.references.items():
            for own, theirs in pairs:
                rule = baseline.counted(self.contract, Baseline.REFERENCE, own)
                if feed != self.contract.feed and not self.delivers(feed):
                    note = f"{self.delivery.client_id} delivers no {feed}"
                    out.append(Measurement(rule, 0, {}, note=note, excused=True))
                else:
                    out.append(self._reference(rule, feed, own, theirs))
        return out

    def _reference(self, rule: Rule, feed: str, own: str, theirs: str) -> Measurement:
        rows = f'_fate is null and "{own}" is not null'
        count = self.count(rows)
        if not count:
            return Measurement(rule, 0, {}, note=f"no accepted row has {own}", excused=True)
        # each on its own: `not (this or that)` is asked row by row, and reads the whole work table for each
        unknown = (
            f"not exists (select from {self.catalog.contracts[feed].table} o where o.client_id = :client "
            f'and o._known_to is null and o."{theirs}" = w."{own}")'
        )
        if feed == self.contract.feed:  # rows may refer to each other
            unknown += (
                f' and not exists (select from {self.table} o where o._fate is null and o."{theirs}" = w."{own}")'
            )
        found = (
            f"select _row_number, _row_part, {self.text([own])} as value from {self.table} w where {rows} and {unknown}"
        )
        return self._set_aside(rule, count, found, {"client": self.delivery.client_id})

    def delivers(self, feed: str) -> bool:
        """Whether the client's profile has a source for a feed."""
        profile = self.catalog.profiles.get(self.delivery.client_id)
        return profile is not None and any(ref.feed == feed for ref in profile.sources)

    def groups(self) -> list[Measurement]:
        """If one row of a declared group is rejected, the whole group is. All groups at once: they do not cascade."""
        groups = self.contract.groups
        if not groups:
            return []
        columns = list(dict.fromkeys(c for names in groups.values() for c in names))
        rule = baseline.counted(self.contract, Baseline.GROUP_INCOMPLETE, columns=columns)
        broken = " union all ".join(self._broken(names) for names in groups.values())
        found = f"select _row_number, _row_part, min(value) as value from ({broken}) as b group by 1, 2"
        return [self._set_aside(rule, self.tally.accepted, found, {})]

    def _broken(self, columns: Sequence[str]) -> str:
        """Accepted rows of the groups, named by these columns, that have a rejected row."""
        names = ", ".join(f'"{c}"' for c in columns)
        whole = " and ".join(f'"{c}" is not null' for c in columns)
        return (
            f"select _row_number, _row_part, {self.text(columns)} as value from {self.table} where _fate is null "
            f"and {whole} and ({names}) in (select {names} from {self.table} where _fate = 'rejected' and {whole})"
        )

    def aggregate(self, rule: Rule) -> Measurement:
        """A rule on a count, sum, minimum… of the delivery."""
        found = aggregates.measure(self.conn, self.table, rule.expectation, rule.over)
        shown = ", ".join(f"{name.rpartition('.')[2]} = {value}" for name, value in found.metrics.items())
        if "table.row_count" in found.metrics:
            return Measurement(rule, 1, found.metrics, observed=shown)
        tells = aggregates.tells_cells(self.contract, rule.columns, found)
        judged = found.rows if "column.non_null_proportion" in found.metrics else found.present
        if not judged or None in found.metrics.values():
            return self.idle(rule, found.rows)
        return Measurement(rule, judged, found.metrics, observed=shown, is_hidden=tells)

    def idle(self, rule: Rule, rows: int) -> Measurement:
        """A rule without a row to judge; `rows`: rows that meet its condition."""
        optional = any(not c.required for c in self.contract.columns if c.name in rule.columns)
        note = f"no row has {' and '.join(rule.columns)}" if rows else "no row meets its condition"
        return Measurement(rule, 0, {}, note=note, excused=optional or not rows)

    def count(self, where: str, values: dict[str, Any] | None = None) -> int:
        """Rows of the work table for which a condition holds; asked once until a rule changes a fate."""
        if where in _BY_FATE:
            return int(getattr(self.tally, _BY_FATE[where]))
        asked = f"{where} {values or ''}"
        if asked not in self.tally.asked:
            query = sa.text(f"select count(*) from {self.table} where {where}")
            self.tally.asked[asked] = int(self.conn.scalar(query, values or {}) or 0)
        return self.tally.asked[asked]

    def text(self, columns: Sequence[str]) -> str:
        """SQL of the columns' values as one text, masked as `reject.mask` does when one of them is personal."""
        return self.masked("concat_ws(' / ', " + ", ".join(f'"{c}"::text' for c in columns) + ")", columns)

    def masked(self, text: str, columns: Sequence[str]) -> str:
        """SQL of a text that is made of the columns' values, masked in the same way."""
        found = {self.contract.column(c).classification for c in columns if c in self._named}
        if "restricted" in found:
            return f"case when {text} <> '' then '****' else {text} end"
        if "confidential" not in found:
            return text
        return f"left({text}, 1) || repeat('*', greatest(least(length({text}) - 1, 11), 0))"

    @property
    def _named(self) -> set[str]:
        return {c.name for c in self.contract.columns}

    def about_rows(self, rule: Rule, found: str, values: dict[str, Any], domain: str, judged: str) -> Measurement:
        """The measurement of a written rule whose failing rows a query finds; a critical one sets them aside.

        `found` yields `_row_number, _row_part, value`; `domain`: rows that meet the rule's condition, `judged`: of
        these, rows with the values it looks at.
        """
        total, rows = self.count(domain, values), self.count(judged, values)
        if rule.rejects:
            failed = self._reject(rule, found, values)
            samples = quarantine_store.samples(self.conn, self.delivery, rule.id, _label(rule), SAMPLES)
        else:
            failed = int(self.conn.scalar(sa.text(f"select count(*) from ({found}) as f"), values) or 0)
            samples = self._look(found, values, _label(rule)) if failed else []
        metric = rule.expectation.map_metric
        metrics = {
            "table.row_count": total,
            "column_values.nonnull.unexpected_count": total - rows,
            f"{metric}.filtered_row_count": rows,
            f"{metric}.unexpected_count": failed,
        }
        return Measurement(rule, rows, metrics, failed, samples) if rows else self.idle(rule, total)

    def _set_aside(self, rule: Rule, rows: int, found: str, values: dict[str, Any]) -> Measurement:
        failed = self._reject(rule, found, values)
        samples = quarantine_store.samples(self.conn, self.delivery, rule.id, _label(rule), SAMPLES) if failed else []
        return counted(rule, rows, failed, samples)

    def _reject(self, rule: Rule, found: str, values: dict[str, Any]) -> int:
        failed = quarantine_store.reject_found(
            self.conn, self.delivery, found=found, values=values,
            rule=replace(self.book.rule(rule.id), messages={"en": rule.message}), column_name=rule.column_name,
        )  # fmt: skip
        if failed:
            self.waivers.of_rule(rule.id)
            self.tally.reject(quarantine_store.mark_rejected(self.conn, self.delivery, rule.id))
        return failed

    def _look(self, found: str, values: dict[str, Any], label: str) -> list[dict[str, Any]]:
        query = f"{found} order by _row_number, _row_part limit {SAMPLES}"
        rows = self.conn.execute(sa.text(query), values).tuples()
        return [{"row_number": n, "row_part": p, "values": {label: v}} for n, p, v in rows]


_BY_FATE = {ROWS["accepted"]: "accepted", ROWS["received"]: "received", "_fate = 'rejected'": "rejected"}


def counted(
    rule: Rule, rows: int, failed: int, samples: Sequence[dict[str, Any]] = (), observed: str | None = None
) -> Measurement:
    """The measurement of a rule about rows that is derived from the contract."""
    values = [next(iter(s["values"].values()), None) for s in samples]
    metrics = {baseline.ROWS: rows, baseline.FAILED: failed, baseline.SAMPLES: values}
    return Measurement(rule, rows, metrics, failed, samples, observed, note="no row came so far", excused=True)


def _label(rule: Rule) -> str:
    return ", ".join(rule.columns) or "row"


def _considered(rule: Rule) -> str:
    """Rows a uniqueness rule looks at: those with a value, or as `ignore_row_if` says."""
    gaps = [f'"{c}" is null' for c in rule.columns]
    ignored = getattr(rule.expectation, "ignore_row_if", "any_value_is_missing")
    if ignored == "never":
        return "true"
    return f"not ({(' and ' if ignored == 'all_values_are_missing' else ' or ').join(gaps)})"
