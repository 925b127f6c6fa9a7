"""The draft of a suite from the cleaned rows of real data: for each bound the evidence it was drawn from.

A draft is for a person to read: bounds are rounded outward from what was seen, and every rule but exact identities is
a warning until somebody who knows the data has said otherwise. Of personal columns the evidence has counts and rounded
bounds only, never a value.
"""

from __future__ import annotations

import itertools
import math
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract import Column, Contract
from pipelines.validate import shapes
from pipelines.validate.views import LONGEST_EXACT, minor_units

Item = dict[str, Any]
FEW = 20
"""Rows that must speak for a rule about several columns, or for uniqueness; fewer may be chance."""
MOST_CODES = 30
_KEPT_BY_CLEANING = frozenset({"email", "phone", "iban", "bic", "lei", "vat_id", "country", "language"})
"""Semantic types whose form cleaning checks: a bound drawn from one file would only be narrower than the truth."""
_NAMESPACE = uuid.UUID("3d5f0f5c-6c0e-5f0e-9a52-2f6c8f7f6a10")


@dataclass(frozen=True)
class Drafted:
    """One rule: its name after the feed, what it is, the messages, the evidence."""

    name: str
    type: str
    kwargs: Item
    en: str
    de: str
    evidence: str
    severity: str = "warning"

    def item(self, feed: str) -> Item:
        """As Great Expectations writes it."""
        rule_id = f"{feed}.{self.name}"
        kontor = {
            "id": rule_id,
            "message": {"de": self.de, "en": self.en},
            "owner": "client",
            "evidence": self.evidence,
        }
        return {
            "id": str(uuid.uuid5(_NAMESPACE, rule_id)),
            "kwargs": self.kwargs,
            "meta": {"kontor": kontor},
            "severity": self.severity,
            "type": self.type,
        }


def draft(rows: pa.Table, contract: Contract) -> list[Drafted]:
    """Rules for the columns that the rows fill; what the contract already says (keys, codes, required) is left out."""
    out: list[Drafted] = []
    for column in contract.columns:
        values = rows[column.name].combine_chunks()
        if len(values) - values.null_count:
            out += _of_column(column, values)
    out += _dates_in_order(rows, contract)
    out += _sums(rows, contract)
    out.append(_row_count(rows.num_rows))
    return out


def _of_column(column: Column, values: pa.Array) -> Iterator[Drafted]:
    kind = values.type
    present = values.drop_null()
    if not column.required and values.null_count:
        yield from _presence(column, values)
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        yield _range(column, np.asarray(present.cast(pa.float64())), len(values))
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        yield _years(column, present, len(values))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield from _text(column, present, len(values))


def _seen(present: int, rows: int) -> str:
    return f"{present:,} of {rows:,} rows have a value"


def _presence(column: Column, values: pa.Array) -> Iterator[Drafted]:
    """A column that is nearly always there should stay so: the share seen, less two points."""
    share = 1 - values.null_count / len(values)
    mostly = math.floor(share * 100 - 2) / 100
    if mostly < 0.5:
        return
    pct = round(mostly * 100)
    yield Drafted(
        f"{column.name}_mostly_there",
        "expect_column_values_to_not_be_null",
        {"column": column.name, "mostly": mostly},
        f"{column.name} is missing in more than {100 - pct} % of the rows",
        f"{column.name} fehlt in mehr als {100 - pct} % der Zeilen",
        _seen(len(values) - values.null_count, len(values)),
    )


def _range(column: Column, numbers: np.ndarray[Any, np.dtype[np.float64]], rows: int) -> Drafted:
    """Between round figures around what was seen; a column that is never negative stays so."""
    low, high = round_down(float(numbers.min())), round_up(float(numbers.max()))
    said = _seen(len(numbers), rows)
    if column.is_personal:
        said += "; values are personal and not quoted"
    else:
        marks = np.percentile(numbers, [0, 1, 50, 99, 100])
        said += "; least {:.6g}, 1 % below {:.6g}, half below {:.6g}, 1 % above {:.6g}, most {:.6g}".format(*marks)
        if len(numbers) >= 100 and marks[4] > 20 * max(abs(marks[3]), 1):
            said += "; the largest stand far apart from the rest: look at them before you take the bound"
    return Drafted(
        f"{column.name}_in_range",
        "expect_column_values_to_be_between",
        {"column": column.name, "min_value": low, "max_value": high},
        f"{column.name} is below {low:.15g} or above {high:.15g}",
        f"{column.name} liegt unter {low:.15g} oder über {high:.15g}",
        said,
    )


def round_down(number: float) -> float:
    """The next round figure (1, 2 or 5 times a power of ten) at or below.

    >>> [round_down(x) for x in (0.0, 3.2, 731.0, -3.2, 10.0)]
    [0.0, 2.0, 500.0, -5.0, 10.0]
    """
    return -_outward(-number) if number < 0 else _inward(number)


def round_up(number: float) -> float:
    """The next round figure at or above.

    >>> [round_up(x) for x in (0.0, 3.2, 731.0, -3.2)]
    [0.0, 5.0, 1000.0, -2.0]
    """
    return -_inward(-number) if number < 0 else _outward(number)


def _outward(number: float) -> float:
    if number == 0:
        return 0.0
    power = math.floor(math.log10(number))
    return next(r for r in _figures(power) if r >= number * (1 - 1e-12))


def _inward(number: float) -> float:
    if number == 0:
        return 0.0
    power = math.floor(math.log10(number))
    return [r for r in _figures(power) if r <= number * (1 + 1e-12)][-1]


def _figures(power: int) -> list[float]:
    return [float(f"{digit}e{p}") for p in (power - 1, power, power + 1) for digit in (1, 2, 5)]


def _years(column: Column, present: pa.Array, rows: int) -> Drafted:
    """From the first day of the year of the first to the last day of the year after the last."""
    ends = pc.min_max(present).as_py()
    first, last = ends["min"].year, ends["max"].year + 1
    said = _seen(len(present), rows) + (
        f"; years {first} to {last - 1}"
        if column.is_personal
        else f"; {ends['min']:%Y-%m-%d} to {ends['max']:%Y-%m-%d}"
    )
    return Drafted(
        f"{column.name}_in_range",
        "expect_column_values_to_be_between",
        {"column": column.name, "min_value": f"{first:04}-01-01", "max_value": f"{last:04}-12-31"},
        f"{column.name} lies before {first} or after {last}: wrong year",
        f"{column.name} liegt vor {first} oder nach {last}: falsches Jahr",
        said,
    )


def _text(column: Column, present: pa.Array, rows: int) -> Iterator[Drafted]:
    """A list of codes, a shape, or a length; and uniqueness where every value differs."""
    distinct = present.unique()
    said = f"{_seen(len(present), rows)}, {len(distinct):,} different"
    if len(distinct) == len(present) >= FEW and column.name and not column.key:
        yield Drafted(
            f"{column.name}_once", "expect_column_values_to_be_unique", {"column": column.name},
            f"several rows have the same {column.name}", f"mehrere Zeilen haben dieselbe {column.name}", said,
        )  # fmt: skip
    if column.codes or column.semantic in _KEPT_BY_CLEANING:
        return
    few = len(distinct) <= MOST_CODES and len(present) >= FEW * len(distinct)
    if few and not column.is_personal:
        values = sorted(distinct.to_pylist())
        yield Drafted(
            f"{column.name}_known", "expect_column_values_to_be_in_set", {"column": column.name, "value_set": values},
            f"{column.name} is none of the values seen so far", f"{column.name} ist keiner der bisherigen Werte", said,
        )  # fmt: skip
        return
    found = shapes.pattern(distinct.to_pylist()) if len(distinct) >= FEW else None
    if found:
        yield Drafted(
            f"{column.name}_has_its_shape", "expect_column_values_to_match_regex",
            {"column": column.name, "regex": found.regex}, f"{column.name} is not written as usual",
            f"{column.name} ist nicht wie üblich geschrieben", f"{said}; {found.evidence}",
        )  # fmt: skip
        return
    longest = pc.max(pc.utf8_length(present)).as_py()
    limit = int(round_up(longest * 2))
    yield Drafted(
        f"{column.name}_not_too_long", "expect_column_value_lengths_to_be_between",
        {"column": column.name, "max_value": limit},
        f"{column.name} is longer than {limit} characters: are the columns shifted?",
        f"{column.name} ist länger als {limit} Zeichen: sind Spalten verschoben?", f"{said}; longest {longest}",
    )  # fmt: skip


def _dates_in_order(rows: pa.Table, contract: Contract) -> Iterator[Drafted]:
    """Pairs of date columns of which one is never before the other."""
    dates = [c for c in contract.columns if pa.types.is_date(rows.schema.field(c.name).type)]
    for a, b in itertools.permutations(dates, 2):
        both = rows.select([a.name, b.name]).drop_null()
        if both.num_rows < FEW:
            continue
        equal = pc.sum(pc.equal(both[a.name], both[b.name])).as_py()
        if pc.all(pc.less_equal(both[a.name], both[b.name])).as_py() and equal < both.num_rows:
            yield Drafted(
                f"{b.name}_not_before_{a.name}", "expect_column_pair_values_a_to_be_greater_than_b",
                {"column_A": b.name, "column_B": a.name, "or_equal": True, "ignore_row_if": "either_value_is_missing"},
                f"{b.name} lies before {a.name}", f"{b.name} liegt vor {a.name}",
                f"{both.num_rows:,} rows have both; equal in {equal:,}",
            )  # fmt: skip


def _sums(rows: pa.Table, contract: Contract) -> Iterator[Drafted]:
    """Amounts that are the sum of two others in every row, to the cent."""
    money = [c for c in contract.money if rows.schema.field(c.name).type.precision <= LONGEST_EXACT]
    for a, b, total in itertools.permutations(money, 3):
        scales = {rows.schema.field(c.name).type.scale for c in (a, b, total)}
        if a.name > b.name or len(scales) > 1:
            continue
        whole = rows.select([a.name, b.name, total.name]).drop_null().combine_chunks()
        if whole.num_rows < FEW:
            continue
        x, y, z = (minor_units(whole[c.name].combine_chunks()) for c in (a, b, total))
        if (x + y == z).all() and x.any() and y.any():
            yield Drafted(
                f"{total.name}_adds_up", "expect_columns_to_add_up", {"columns": [a.name, b.name], "total": total.name},
                f"{a.name} + {b.name} is not {total.name}", f"{a.name} + {b.name} ergibt nicht {total.name}",
                f"true to the cent in all {whole.num_rows:,} rows that have the three", severity="critical",
            )  # fmt: skip


def _row_count(rows: int) -> Drafted:
    return Drafted(
        "row_count_similar", "expect_row_count_to_be_similar", {"max_change_pct": 30},
        "number of rows differs much from the last accepted delivery: is the file complete?",
        "Zahl der Zeilen weicht stark von der letzten angenommenen Lieferung ab: ist die Datei vollständig?",
        f"{rows:,} rows; one file says nothing of how they change, 30 % is a guess",
    )  # fmt: skip
