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
_FIRST_DAY, _LAST_DAY = (int(d.astype("datetime64[D]").astype(int)) for d in (_LOWEST, _HIGHEST - 1))
_DAY = 86_400 * 10**9  # nanoseconds
_LARGEST_CERTAIN = 1 << 53
LONGEST_EXACT = 18  # digits of a decimal that always fit into an int64


def frame(batch: pa.RecordBatch, columns: Collection[str], exact: Collection[str] = ()) -> pd.DataFrame:
    """The named columns of a chunk as Great Expectations sees them, with `.minor` companions of `exact`."""
    return pd.DataFrame(series(batch, columns, exact), index=pd.RangeIndex(batch.num_rows))


def series(batch: pa.RecordBatch, columns: Collection[str], exact: Collection[str] = ()) -> dict[str, pd.Series]:
    """The columns of `frame` one by one: frames of some of them, made without a copy, share their memory."""
    minor = {name: minor_units(batch.column(name)) for name in exact}
    out = {name: view(batch.column(name), minor.get(name)) for name in columns}
    return out | {name + EXACT: pd.Series(units, copy=False) for name, units in minor.items()}


def view(array: pa.Array, minor: npt.NDArray[np.int64] | None = None) -> pd.Series:
    """One column; `minor` are its minor units, when they are known already."""
    kind = array.type
    if pa.types.is_decimal(kind):
        return pd.Series(_floats(array, minor), copy=False)
    if pa.types.is_date32(kind):
        return _days(array)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _datetimes(array)
    if kind == pa.int64() and _beyond_float(array):
        return pd.Series([np.nan if v is None else v for v in array.to_pylist()], dtype=object)
    found: pd.Series = array.to_pandas()
    return found


def _beyond_float(array: pa.Array) -> bool:
    """Whether a whole number is too large for a float64 to be certain of it."""
    ends = pc.min_max(array).as_py()
    return ends["min"] is not None and max(-ends["min"], ends["max"]) > _LARGEST_CERTAIN


def minor_units(array: pa.Array) -> npt.NDArray[np.int64]:
    """A decimal column as whole minor units; 0 where missing."""
    if array.type.precision > LONGEST_EXACT:
        raise ValueError(f"{array.type} has more digits than an int64 can hold")
    filled = pc.fill_null(array, pa.scalar(0, array.type)) if array.null_count else array
    # A decimal128 is a 16-byte little-endian integer; what fits into 18 digits is in its lower half.
    halves = np.frombuffer(filled.buffers()[1], dtype=np.int64).reshape(-1, 2)
    return halves[filled.offset : filled.offset + len(filled), 0].copy()


def _floats(array: pa.Array, minor: npt.NDArray[np.int64] | None) -> npt.NDArray[np.float64]:
    if array.type.precision > LONGEST_EXACT:
        return np.asarray(array.cast(pa.float64()).to_numpy(zero_copy_only=False))
    floats = (minor_units(array) if minor is None else minor) / float(10**array.type.scale)
    if array.null_count:
        floats[np.asarray(array.is_null())] = np.nan
    return floats


def _days(array: pa.Array) -> pd.Series:
    """Dates, straight from their day numbers."""
    if array.null_count == len(array):
        return _datetimes(array)
    days = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array)]
    gaps = np.asarray(array.is_null()) if array.null_count else None
    if gaps is not None:
        days = np.where(gaps, np.int32(0), days)
    if len(days) and (days.min() < _FIRST_DAY or days.max() > _LAST_DAY):
        return _datetimes(array)
    stamps = (days * np.int64(_DAY)).view("datetime64[ns]")
    if gaps is not None:
        stamps[gaps] = np.datetime64("NaT")
    return pd.Series(stamps, copy=False)


def _datetimes(array: pa.Array) -> pd.Series:
    zone = getattr(array.type, "tz", None)
    stamps = array.cast(pa.timestamp("us", tz=zone)).cast(pa.timestamp("us"))
    values = stamps.to_numpy(zero_copy_only=False).astype("datetime64[us]")
    known = values[~np.isnat(values)]
    if len(known) == 0 or (known.min() >= _LOWEST and known.max() < _HIGHEST):
        return pd.Series(values.astype("datetime64[ns]"), copy=False)
    return pd.Series(values, copy=False)
