"""Rows of another feed that have none in this one, as SQL on the work table and core: orders without lines."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

import sqlalchemy as sa

from pipelines.validate import conditions, feed_rules
from pipelines.validate.aggregates import ROWS
from pipelines.validate.expectations import ExpectFeedRowsToOccur
from pipelines.validate.judge import Measurement
from pipelines.validate.set_rules import SetRules
from pipelines.validate.staying import staying
from pipelines.validate.suites import Rule
from pipelines.warehouse.connection import without_loops

_SHOWN = 3
"""Rows of the other feed without any here that the result names."""


def covered(sets: SetRules, rule: Rule, expectation: ExpectFeedRowsToOccur) -> Measurement:
    """How many rows of the other feed there are, and how many of them have none in the feed as it will be."""
    feed, client = expectation.feed, sets.delivery.client_id
    if not sets.delivers(feed):
        return Measurement(rule, 0, {}, note=f"{client} delivers no {feed}", excused=True)
    if sets.delivery.is_correction:
        return Measurement(rule, 0, {}, note="a correction brings only some rows", excused=True)
    other = sets.catalog.contracts[feed]
    condition, values = conditions.where(expectation.row_condition)
    fulfilled, more = feed_rules.fulfilling(other, expectation.where)
    own = ", ".join(f'"{c}" as k{n}' for n, c in enumerate(expectation.match))
    theirs = ", ".join(f'"{c}" as k{n}' for n, c in enumerate(expectation.match.values()))
    keys = [f"k{n}" for n in range(len(expectation.match))]
    left, stay = staying(sets, own, condition)
    current = f"from {other.table} where client_id = :client and _known_to is null"
    # heads and lines of one shop come side by side: those of another one may still be to come
    same = f"(_source = :own_source or not exists (select {current} and _source = :own_source))"
    query = (
        f"with wanted as (select distinct {theirs} {current} and {same} and {fulfilled}), "
        f"here as (select {own} from {sets.table} where {ROWS['received']} and {condition} union all {left}), "
        f"lacking as (select {', '.join(keys)}, {_text(sets, expectation, keys)} as said from wanted w "
        f"where not exists (select from here h where {' and '.join(f'h.{k} = w.{k}' for k in keys)})) "
        f"select (select count(*) from wanted), (select count(*) from lacking), "
        f"(select string_agg(said, ', ') from (select said from lacking order by {', '.join(keys)} limit {_SHOWN}) s)"
    )
    values = {**values, **more, **stay, "client": client, "own_source": sets.delivery.source}
    with without_loops(sets.conn):
        found: tuple[int, int, str | None] = sets.conn.execute(sa.text(query), values).one()._tuple()
    rows, lacking, named = found
    if not rows:
        return Measurement(rule, 0, {}, note=f"no row of {feed} came so far", excused=True)
    metric = expectation.map_metric
    metrics = {
        "table.row_count": rows,
        f"{metric}.filtered_row_count": rows,
        f"{metric}.unexpected_count": lacking,
        f"{metric}.unexpected_values": [],
    }
    said = f"{lacking} of {rows} rows of {feed}" + (f": {named}{', …' if lacking > _SHOWN else ''}" if lacking else "")
    return Measurement(rule, rows, metrics, observed=said)


def _text(sets: SetRules, expectation: ExpectFeedRowsToOccur, keys: list[str]) -> str:
    parts = ", ".join(f"{k}::text" for k in keys)
    return sets.masked(f"concat_ws(' / ', {parts})", list(expectation.match))
