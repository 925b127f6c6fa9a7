"""Typed Arrow columns as Great Expectations sees them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.validate import views
from tests.unit.validate.conftest import clean_batch, line


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-(10**17), 10**17)), min_size=1), st.integers(0, 4))
def test_decimals_are_exact_in_minor_units_and_nearest_in_major(units: list[int | None], scale: int) -> None:
    decimals = [None if u is None else Decimal(u).scaleb(-scale) for u in units]
    array = pa.array(decimals, pa.decimal128(18, scale))
    assert views.minor_units(array).tolist() == [u or 0 for u in units]
    small = [d for d in decimals if d is None or abs(d) < 2**50]
    floats = views.view(pa.array(small, pa.decimal128(18, scale)))
    assert [None if pd.isna(f) else f for f in floats] == [None if d is None else float(d) for d in small]


def test_slices_and_negative_amounts() -> None:
    array = pa.array([Decimal("1.00"), Decimal("-0.01"), None, Decimal("-12.34")], pa.decimal128(18, 2))
    assert views.minor_units(array.slice(1)).tolist() == [-1, 0, -1234]


def test_more_digits_than_an_int64_holds() -> None:
    array = pa.array([Decimal("0.5")], pa.decimal128(30, 2))
    assert views.view(array).tolist() == [0.5]
    with pytest.raises(ValueError, match="more digits"):
        views.minor_units(array)


def test_plain_types() -> None:
    rows = [line("1", is_active=None, head_count=None, contact_name=None), line("2")]
    frame = views.frame(clean_batch(rows), ["line_id", "contact_name", "is_active", "head_count"])
    assert frame["contact_name"].dtype == "str"
    assert frame["contact_name"].isna().tolist() == [True, False]
    assert frame["is_active"].tolist() == [None, True]
    assert np.isnan(frame["head_count"][0]) and frame["head_count"][1] == 1
    assert views.frame(clean_batch([line("2")]), ["head_count", "is_active"]).dtypes.tolist() == ["int64", "bool"]


@pytest.mark.parametrize(
    ("day", "dtype"),
    [(dt.date(2026, 1, 1), "datetime64[ns]"), (dt.date(9999, 12, 31), "datetime64[us]"), (None, "datetime64[ns]")],
)
def test_dates_keep_their_value_whatever_their_year(day: dt.date | None, dtype: str) -> None:
    series = views.view(pa.array([day, dt.date(1999, 1, 1)], pa.date32()))
    assert str(series.dtype) == dtype
    assert pd.isna(series[0]) if day is None else series[0].date() == day


def test_timestamps_are_utc() -> None:
    at = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    series = views.view(pa.array([at], pa.timestamp("us", tz="UTC")))
    assert series[0] == pd.Timestamp("2026-07-01 12:00")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.dates(dt.date(1677, 12, 30), dt.date(2262, 1, 3))), min_size=1), st.integers(0))
def test_days_are_those_of_the_calendar(days: list[dt.date | None], start: int) -> None:
    start %= len(days)
    seen = views.view(pa.array(days, pa.date32()).slice(start))
    assert [None if pd.isna(d) else d.date() for d in seen] == days[start:]
    held = all(d is None or dt.date(1678, 1, 1) <= d <= dt.date(2261, 12, 31) for d in days[start:])
    assert str(seen.dtype) == ("datetime64[ns]" if held else "datetime64[us]")
