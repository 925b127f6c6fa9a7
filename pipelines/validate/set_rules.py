"""Rules that need more than a row, as SQL on the work table: repeats, keys, uniqueness, references, groups, core."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
from pipelines.validate.gate import SAMPLES
from pipelines.validate.judge import Measurement
from pipelines.validate.stream import Streamed
from pipelines.validate.suites import Rule
from pipelines.validate.waivers import Waivers
from pipelines.warehouse import quarantine_store, register
from pipelines.warehouse.connection import without_loops

_SKIPPED_REPEAT = "repeated row"
_FEW = 50_000
"""Rows that are looked up in core one by one, by its index; more are compared with the whole scope at once."""
_MOST_PLACES = 10_000
"""Rows that are named to the server one by one."""
_PLACES = "places(n, p) as materialized"


@dataclass
class Tally:
    """Rows by fate while the set rules are at it, and what was counted since the last one changed its fate.

    Kept here so that the work table is not counted before every rule; in the end it is read back all the same.
    """

    accepted: int
    received: int
    with_key: int
    asked: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, streamed: Streamed, freed: int) -> Tally:
        """After the row rules; `freed` of the rows they rejected were accepted after all."""
        gate = streamed.gate
        return cls(streamed.accepted + freed, gate.received - gate.skipped, streamed.keys.rows)

    @property
    def rejected(self) -> int:
        """Rows set aside so far."""
        return self.received - self.accepted

    def reject(self, rows: int) -> None:
        """That many accepted rows were rejected."""
        self.accepted -= rows
        if rows:
            self.asked.clear()

    def skip(self, rows: int) -> None:
        """That many accepted rows were skipped."""
        self.reject(rows)
        self.received -= rows
        self.with_key -= rows


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
        if not self._near:
            return counted(rule, rows, 0)
        found = (
            f"with {self._near}, twice as (select _row_hash from near where _fate is null "
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
        if not self._near:
            return counted(rule, self.tally.with_key, 0)
        names = ", ".join(f'"{k}"' for k in key)
        rows = f"{ROWS['received']} and " + " and ".join(f'"{k}" is not null' for k in key)
        found = (
            f"with {self._near}, twice as (select {names} from near where {rows} group by {names} "
            f"having count(*) > 1), mixed as (select {names} from near join twice using ({names}) where {rows} "
            f"group by {names} having count(distinct _row_hash) > 1) "
            f"select _row_number, _row_part, {self.text(key)} as value from near join mixed "
            f"using ({names}) where {rows}"
        )
        found, values = self._with_loaded(found, "taken")
        return self._set_aside(rule, self.tally.with_key, found, values)

    @cached_property
    def _near(self) -> str:
        """SQL of the rows `near` that may share their key with another one; empty when no row does."""
        picked = ", ".join(f'w."{c}"' for c in ("_row_number", "_row_part", "_fate", "_row_hash", *self.contract.key))
        whole = f"near as (select {picked} from {self.table} w)"
        if self.delivery.is_correction:  # its rows may clash with what is loaded, too
            return whole
        keys = self.streamed.keys
        twice = keys.twice()
        if not len(twice):
            return ""
        numbers, parts = list[int](), list[int]()
        for more in keys.addresses(self.folder, twice):
            numbers += more[0]
            parts += more[1]
            if len(numbers) > _MOST_PLACES:
                return whole
        places = ", ".join(f"({n}, {p})" for n, p in zip(numbers, parts, strict=True))
        return (
            f"{_PLACES} (values {places}), near as materialized (select {picked} "
            f"from {self.table} w join places on (w._row_number, w._row_part) = (places.n, places.p))"
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
        known = (
            f"exists (select from {self.catalog.contracts[feed].table} o where o.client_id = :client "
            f'and o._known_to is null and o."{theirs}" = w."{own}")'
        )
        if feed == self.contract.feed:  # rows may refer to each other
            known += f' or exists (select from {self.table} o where o._fate is null and o."{theirs}" = w."{own}")'
        found = (
            f"select _row_number, _row_part, {self.text([own])} as value from {self.table} w "
            f"where {rows} and not ({known})"
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
        judged = found.rows if "column.non_null_proportion" in found.metrics else found.present
        if not judged or None in found.metrics.values():
            return self.idle(rule, found.rows)
        return Measurement(rule, judged, found.metrics, observed=shown)

    def closing(self) -> list[Measurement]:
        """What a load would close in a scope that has current rows: the share of them that the delivery does not name,
        and rejected rows whose key is unknown, as nobody can tell which current row they speak for."""
        limit = self.ref.source.max_closed_pct
        share = baseline.fact(
            self.contract,
            Baseline.MAX_CLOSED,
            f"more than {limit} % of the current rows are missing from the delivery",
            high=float(limit),
        )
        hidden = baseline.fact(
            self.contract,
            Baseline.UNREADABLE_KEY,
            "rejected rows have no readable key: which current rows are missing cannot be told",
            high=0,
        )
        total = int(self.conn.scalar(sa.text(f"select count(*) from {self._current}"), self._scope) or 0)
        if not total:
            return [Measurement(r, 0, {}, note="the scope has no current rows", excused=True) for r in (share, hidden)]
        missing = self._missing(total)
        said = f"{missing} of {total} current rows missing ({missing * 100 / total:.2f} %)"
        gap = " or ".join(f'"{k}" is null' for k in self.contract.key)
        rows = self.count(f"_fate = 'rejected' and ({gap})") if self.tally.rejected else 0
        return [
            Measurement(share, 1, {baseline.MEASURED: missing * 100 / total}, observed=said),
            Measurement(hidden, 1, {baseline.MEASURED: rows}, observed=f"{rows} rows"),
        ]

    def _missing(self, total: int) -> int:
        """Current rows whose key does not occur in the delivery.

        A known row speaks for one current row, unless it shares its key with another row; only the keys of the others,
        a few, are then looked up.
        """
        if self.streamed.current is not None and (not self._near or self._near.startswith(_PLACES)):
            rows = f"from {self.table} w where {ROWS['received']}"
            keys = ", ".join(f'w."{k}"' for k in self.contract.key)
            alone = "true"
            if self._near:
                alone = "(w._row_number, w._row_part) not in (select _row_number, _row_part from near)"
            here = f"select 1 from {self._current} and {self._same_key}"
            row = self.conn.execute(
                sa.text(
                    f"with {self._near + ', ' if self._near else ''}others as (select distinct {keys} {rows} "
                    f"and not (_known is true and {alone})) select (select count(*) {rows} and _known and {alone}), "
                    f"(select count(*) from (select ({here}) as found from others w) f where found = 1)"
                ),
                self._scope,
            ).one()
            return max(0, total - int(row[0]) - int(row[1]))
        query = (
            f"select count(*) from {self._current} and not exists "
            f"(select from {self.table} w where {ROWS['received']} and {self._same_key})"
        )
        with without_loops(self.conn):
            return int(self.conn.scalar(sa.text(query), self._scope) or 0)

    def say_what_stays(self) -> None:
        """A rejected row closes nothing: its rejects say so when its key has a current version."""
        current = f"select true from {self._current} and {self._same_key}"
        # of few, by a subquery of one value: it goes by the index, whatever the planner thinks
        stays = f"({current} limit 1)" if self.tally.rejected <= _FEW else f"exists ({current})"
        statement = (
            f"with stays as materialized (select _row_number, _row_part from {self.table} w "
            f"where w._fate = 'rejected' and {stays}) "
            "update quarantine.reject j set message = j.message || '; the version loaded earlier stays current' "
            "from stays where j.delivery_id = :id and j.state = 'open' "
            "and (stays._row_number, stays._row_part) = (j.row_number, j.row_part)"
        )
        with without_loops(self.conn):
            self.conn.execute(sa.text(statement), {**self._scope, "id": self.delivery.delivery_id})

    @property
    def _current(self) -> str:
        """SQL: the current rows `c` of the scope."""
        return f"{self.contract.table} c where {_SCOPE}"

    @property
    def _same_key(self) -> str:
        return " and ".join(f'w."{k}" = c."{k}"' for k in self.contract.key)

    def idle(self, rule: Rule, rows: int) -> Measurement:
        """A rule without a row to judge; `rows`: rows that meet its condition."""
        optional = any(not c.required for c in self.contract.columns if c.name in rule.columns)
        note = f"no row has {' and '.join(rule.columns)}" if rows else "no row meets its condition"
        return Measurement(rule, 0, {}, note=note, excused=optional or not rows)

    @property
    def _scope(self) -> dict[str, Any]:
        period = register.scope_of(self.delivery, self.ref).period or ""
        return {"client": self.delivery.client_id, "source": self.delivery.source, "period": period}

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
        text = "concat_ws(' / ', " + ", ".join(f'"{c}"::text' for c in columns) + ")"
        if not any(self.contract.column(c).is_personal for c in columns if c in self._named):
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
_SCOPE = "c.client_id = :client and c._source = :source and c._period = :period and c._known_to is null"


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
