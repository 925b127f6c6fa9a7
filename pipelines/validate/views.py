"""Typed Arrow rows as the pandas frames that Great Expectations judges exactly and quickly.

Arrow decimals make it about 20 times slower and object decimals with nulls break its sums, so it sees plain types:

* text as `str`; booleans as `bool`, or objects where one is missing
* whole numbers as int64, or float64 where one is missing; objects in a chunk with one that no float64 tells apart from
  the next, which is slow and right
* numeric(p,s) as float64 in major units: the nearest float of the decimal, so a bound of 0.1 in a suite meets 0.1
  in a row. For identities `<column>.minor` holds the same as int64 minor units (12.34 → 1234), 0 where missing
* dates and timestamps (UTC) as datetime64[ns], the only one Great Expectations compares in bulk; a chunk with a date
  outside 1678–2261 gets datetime64[us], which is slow and right
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.validate.expectations import EXACT

_LOWEST, _HIGHEST = np.datetime64("1678-01-01", "us"), np.datetime64("2262-01-01", "us")  # what nanoseconds hold
_LARGEST_CERTAIN = 1 << 53
LONGEST_EXACT = 18  # digits of a decimal that always fit into an int64


def frame(batch: pa.RecordBatch, columns: Collection[str], exact: Collection[str] = ()) -> pd.DataFrame:
    """The named columns of a chunk as Great Expectations sees them, with `.minor` companions of `exact`."""
    series: dict[str, pd.Series] = {name: view(batch.column(name)) for name in columns}
    for name in exact:
        series[name + EXACT] = pd.Series(minor_units(batch.column(name)))
    return pd.DataFrame(series, index=pd.RangeIndex(batch.num_rows))


def view(array: pa.Array) -> pd.Series:
    """One column."""
    kind = array.type
    if pa.types.is_decimal(kind):
        return pd.Series(_floats(array))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _datetimes(array)
    if kind == pa.int64() and _beyond_float(array):
        return pd.Series([np.nan if v is None else v for v in array.to_pylist()], dtype=object)
    series: pd.Series = array.to_pandas()
    return series


def _beyond_float(array: pa.Array) -> bool:
    """Whether a whole number is too large for a float64 to be certain of it."""
    ends = pc.min_max(array).as_py()
    return ends["min"] is not None and max(-ends["min"], ends["max"]) > _LARGEST_CERTAIN


def minor_units(array: pa.Array) -> npt.NDArray[np.int64]:
    """A decimal column as whole minor units; 0 where missing."""
    if array.type.precision > LONGEST_EXACT:
        raise ValueError(f"{array.type} has more digits than an int64 can hold")
    filled = pc.fill_null(array, pa.scalar(0, array.type))
    # A decimal128 is a 16-byte little-endian integer; what fits into 18 digits is in its lower half.
    halves = np.frombuffer(filled.buffers()[1], dtype=np.int64).reshape(-1, 2)
    return halves[filled.offset : filled.offset + len(filled), 0].copy()


def _floats(array: pa.Array) -> npt.NDArray[np.float64]:
    if array.type.precision > LONGEST_EXACT:
        return np.asarray(array.cast(pa.float64()).to_numpy(zero_copy_only=False))
    floats = minor_units(array) / float(10**array.type.scale)
    if array.null_count:
        floats[np.asarray(array.is_null())] = np.nan
    return floats


def _datetimes(array: pa.Array) -> pd.Series:
    zone = getattr(array.type, "tz", None)
    stamps = array.cast(pa.timestamp("us", tz=zone)).cast(pa.timestamp("us"))
    values = stamps.to_numpy(zero_copy_only=False).astype("datetime64[us]")
    known = values[~np.isnat(values)]
    if len(known) == 0 or (known.min() >= _LOWEST and known.max() < _HIGHEST):
        return pd.Series(values.astype("datetime64[ns]"))
    return pd.Series(values)
