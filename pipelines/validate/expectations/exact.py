"""Columns as exact numbers on each engine, so that an identity holds to the cent or does not.

Exact types (integers, decimals) are taken as they are. Floating-point numbers are taken as the decimal number they
are written as (0.1 is 0.1): rounded to `decimals` places where that is given, half away from zero, else to the 15
digits that a double always keeps. Missing values count as 0: whether a row with one is judged is said elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from numbers import Integral, Real
from typing import Any

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pyspark
from great_expectations.compatibility.pyspark import functions as F

_DIGITS = 30  # of a Spark decimal made from another type: room for 8 more in a sum, 38 is the most it has
_FLOAT_PLACES = 9  # decimal places of a Spark decimal made from a double


def pandas_units(frame: pd.DataFrame, columns: Sequence[str], decimals: int | None) -> pd.DataFrame:
    """The columns as whole numbers of one unit: Python integers, which never overflow. An infinite value stays one.

    >>> pandas_units(pd.DataFrame({"a": [0.1, None], "b": [Decimal("0.25"), 2]}), ["a", "b"], None).values.tolist()
    [[10, 25], [0, 200]]
    """
    with localcontext(prec=400):
        numbers = {c: [_number(v, c, decimals) for v in frame[c]] for c in columns}
        exponents = (n.as_tuple().exponent for v in numbers.values() for n in v if isinstance(n, Decimal))
        unit = Decimal(10) ** max((-e for e in exponents if isinstance(e, int) and e < 0), default=0)
        whole = {c: [n if isinstance(n, float) else int(n * unit) for n in values] for c, values in numbers.items()}
    return pd.DataFrame(whole, index=frame.index, columns=list(columns), dtype=object)


def _number(value: Any, column: str, decimals: int | None) -> Decimal | float:
    if value is None or value is pd.NA or (isinstance(value, float | Decimal) and math.isnan(value)):
        return Decimal(0)
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, Integral):
        number = Decimal(int(value))
    elif isinstance(value, Real):
        number = Decimal(format(float(value), ".15g" if decimals is None else ".17g"))
        number = Decimal(repr(float(value))) if decimals is not None and number.is_finite() else number
    else:
        raise TypeError(f"column {column} holds {type(value).__name__}, not numbers")
    if not number.is_finite():
        return float(number)
    return number if decimals is None else number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def sql_number(column: str | sa.ColumnElement[Any], decimals: int | None) -> sa.ColumnElement[Any]:
    """A column in a PostgreSQL query."""
    given: sa.ColumnElement[Any] = sa.column(column) if isinstance(column, str) else column
    number: sa.ColumnElement[Any] = sa.cast(given, sa.Numeric())
    if decimals is not None:
        number = sa.func.round(number, decimals)
    return sa.func.coalesce(number, 0)


def spark_number(data: Any, column: str, decimals: int | None, value: Any = None) -> Any:
    """A column of a Spark frame; `value`: what counts for it, if it is not the column as it is."""
    types = pyspark.types
    kind, number = data.schema[column].dataType, F.col(f"`{column}`") if value is None else value
    if decimals is not None:
        number = number.cast(types.DecimalType(_DIGITS, decimals))
    elif isinstance(kind, types.ByteType | types.ShortType | types.IntegerType | types.LongType):
        number = number.cast(types.DecimalType(20, 0))
    elif not isinstance(kind, types.DecimalType):
        number = number.cast(types.DecimalType(_DIGITS, _FLOAT_PLACES))
    return F.coalesce(number, F.lit(0).cast(types.DecimalType(1, 0)))
