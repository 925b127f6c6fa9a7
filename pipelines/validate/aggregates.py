"""Rules about a delivery as a whole: what Great Expectations measures on a column, by SQL on the work table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from great_expectations.expectations.expectation import BatchExpectation, Expectation

from pipelines.contract import NO_CURRENCY, Contract
from pipelines.validate import arguments, conditions
from pipelines.validate.gate import Over

MEASURES = {
    "table.row_count": "count(*)",
    "column.sum": "sum({column})",
    "column.mean": "avg({column})",
    "column.median": "percentile_cont(0.5) within group (order by {column})",
    "column.standard_deviation": "stddev_samp({column})",
    "column.min": "min({column})",
    "column.max": "max({column})",
    "column.distinct_values.count": "count(distinct {column})",
    "column.unique_proportion": "count(distinct {column})::float / nullif(count({column}), 0)",
    "column.non_null_proportion": "count({column})::float / nullif(count(*), 0)",
}
"""Metric of Great Expectations → the same in SQL."""

_ONE_CELL = {"column.min", "column.max", "column.median"}
_OF_ALL = {"column.sum", "column.mean", "column.standard_deviation"}

TYPES = (
    "expect_table_row_count_to_be_between", "expect_table_row_count_to_equal", "expect_column_sum_to_be_between",
    "expect_column_mean_to_be_between", "expect_column_median_to_be_between", "expect_column_stdev_to_be_between",
    "expect_column_min_to_be_between", "expect_column_max_to_be_between",
    "expect_column_unique_value_count_to_be_between", "expect_column_proportion_of_unique_values_to_be_between",
    "expect_column_proportion_of_non_null_values_to_be_between", "expect_row_count_to_be_similar",
)  # fmt: skip

ROWS = {"received": "_fate is distinct from 'skipped'", "accepted": "_fate is null"}
"""Rows a rule is about. Rows skipped by declaration are no rows of the feed."""


def domain(over: Over, condition: str) -> str:
    """SQL of the rows a rule with a condition is about."""
    return ROWS[over] if condition == "true" else f"{ROWS[over]} and {condition}"


def supported(expectation: Expectation) -> bool:
    """Whether every metric it needs can be measured by SQL."""
    needed = getattr(expectation, "metric_dependencies", ())
    return isinstance(expectation, BatchExpectation) and bool(needed) and set(needed) <= set(MEASURES)


@dataclass(frozen=True)
class Measured:
    """`rows`: rows that meet the rule's condition; `present`: of these, rows with a value; the metrics by name."""

    rows: int
    present: int
    metrics: dict[str, Any]


def measure(conn: sa.Connection, table: str, expectation: Expectation, over: Over) -> Measured:
    """What an expectation asks for, in one query."""
    column = getattr(expectation, "column", None)
    name = f'"{column}"' if column else "*"
    where, values = conditions.where(getattr(expectation, "row_condition", None))
    needed = list(expectation.metric_dependencies)
    parts = ["count(*)", f"count({name})", *(MEASURES[m].format(column=name) for m in needed)]
    query = f"select {', '.join(parts)} from {table} where {ROWS[over]} and {where}"  # noqa: S608 own identifiers
    row = conn.execute(sa.text(query), values).one()
    return Measured(row[0], row[1], {m: _plain(v) for m, v in zip(needed, row[2:], strict=True)})


def tells_cells(contract: Contract, columns: Sequence[str], measured: Measured) -> bool:
    """Whether a figure gives a personal cell away: the largest is one, and so is the sum of a few."""
    if measured.metrics.keys() & _ONE_CELL:
        return any(contract.column(c).is_personal for c in columns)
    return bool(measured.metrics.keys() & _OF_ALL) and not all(contract.may_sum(c, measured.present) for c in columns)


def currency_of(contract: Contract, column: str) -> str:
    """SQL of the currency of a column: another column, a fixed code, or none."""
    currency = contract.column(column).currency
    named = currency in {c.name for c in contract.columns}
    return f"coalesce(\"{currency}\", '{NO_CURRENCY}')" if named else f"'{currency or NO_CURRENCY}'"


def value_of(contract: Contract, column: str, instead: Mapping[str, str] | None) -> str:
    """SQL of a column, or of the one that counts where it is empty; of a date that stands in for a text, its month."""
    other = (instead or {}).get(column)
    if other is None:
        return f'"{column}"'
    month = arguments.family(contract, other) == "date" and arguments.family(contract, column) == "text"
    counts = f"to_char(\"{other}\", 'YYYY-MM')" if month else f'"{other}"'
    return f'coalesce("{column}", {counts})'


def _plain(value: Any) -> Any:
    """Numbers as floats and dates as timestamps, as the bounds of a suite are."""
    if isinstance(value, Decimal):
        return float(value)
    return arguments.timestamp(value) if isinstance(value, dt.date) else value
