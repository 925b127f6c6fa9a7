"""Payslips of any size, with a chosen share of bad ones, and the twenty rules that find them.

The same seed gives the same rows. A bad row breaks one rule, one in five breaks a second; some breaks trip a
neighbouring rule too (a wrong gross amount is also not the sum of its parts).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract import Column, Contract
from pipelines.reject import PROBLEM_SCHEMA
from pipelines.settings import CHUNK_ROWS
from tests.bench.generate.cells import Columns, typed

FEED = "bench.payslips"
COUNTRIES = ("DE", "GB", "FR", "NL", "PL")
CURRENCIES = ("EUR", "GBP", "PLN")
STATUSES = ("active", "on_leave", "left")
_MONEY = ("base_amount", "bonus_amount", "gross_amount", "tax_amount", "social_amount", "net_amount")
_DATES = ("period_start_date", "period_end_date", "pay_date", "hire_date", "exit_date")


def _column(name: str, kind: str = "text", semantic: str = "text", **more: Any) -> Column:
    given = {"required": False, "key": False, "classification": "internal", "description": name, **more}
    return Column(name=name, physical_type=kind, semantic=semantic, **given)


PAYSLIPS = Contract(
    feed=FEED, version="1.0.0", title="Payslips", description="Payslips", modes=("snapshot", "period", "delta"),
    owner="bench", retention="none", row_name="payslip", path=Path("payslips.odcs.yaml"), text="",
    columns=(
        _column("payslip_id", semantic="identifier", required=True, key=True),
        _column("employee_id", semantic="identifier", required=True),
        _column("employee_name", semantic="person_name", classification="confidential"),
        _column("iban", classification="restricted"),
        _column("country_code", semantic="country", required=True),
        _column("currency_code", semantic="currency", required=True),
        _column("status_code", semantic="code", codes=STATUSES, required=True),
        _column("cost_center_id"),
        *(_column(name, "date", "date", required=name != "exit_date") for name in _DATES),
        _column("contract_hours", "numeric(6,2)", "quantity"),
        *(_column(n, "numeric(18,2)", "money", currency="currency_code", required=n != "bonus_amount") for n in _MONEY),
    ),
)  # fmt: skip


def _rule(name: str, kind: str, **kwargs: Any) -> dict[str, Any]:
    message = {"en": f"{name.replace('_', ' ')} is wrong", "de": f"{name} stimmt nicht"}
    meta = {"kontor": {"id": f"{FEED}.{name}", "message": message, "owner": "client"}}
    return {"type": f"expect_{kind}", "kwargs": kwargs, "severity": "critical", "meta": meta}


def _pair(name: str, later: str, earlier: str, **more: Any) -> dict[str, Any]:
    kind = "column_pair_values_a_to_be_greater_than_b"
    return _rule(name, kind, column_A=later, column_B=earlier, ignore_row_if="either_value_is_missing", **more)


_BETWEEN = "column_values_to_be_between"
_REGEX = "column_values_to_match_regex"
_LEFT = {"type": "comparison", "column": {"name": "status_code"}, "operator": "==", "parameter": "left"}
RULES = (
    _rule("employee", _REGEX, column="employee_id", regex=r"^E\d{6}$"),
    _rule("name_length", "column_value_lengths_to_be_between", column="employee_name", min_value=2, max_value=60),
    _rule("iban", _REGEX, column="iban", regex=r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$"),
    _rule("country", "column_values_to_be_in_set", column="country_code", value_set=list(COUNTRIES)),
    _rule("currency", "column_values_to_be_in_set", column="currency_code", value_set=list(CURRENCIES)),
    _rule("cost_center", _REGEX, column="cost_center_id", regex=r"^CC-\d{4}$"),
    _pair("period", "period_end_date", "period_start_date"),
    _pair("paid_in_time", "pay_date", "period_start_date", or_equal=True),
    _rule("pay_date", _BETWEEN, column="pay_date", min_value="2026-01-01", max_value="2026-12-31"),
    _rule("hired", _BETWEEN, column="hire_date", min_value="1970-01-01", max_value="2026-12-31"),
    _pair("left_after_hired", "exit_date", "hire_date", or_equal=True),
    _rule("exit_of_leavers", "column_values_to_not_be_null", column="exit_date", row_condition=_LEFT),
    _rule("hours", _BETWEEN, column="contract_hours", min_value=0, max_value=60),
    _rule("base", _BETWEEN, column="base_amount", min_value=0, max_value=100_000),
    _rule("bonus", _BETWEEN, column="bonus_amount", min_value=0, max_value=50_000),
    _rule("gross", "columns_to_add_up", columns=["base_amount", "bonus_amount"], total="gross_amount"),
    _rule("net", "columns_to_add_up", columns=["net_amount", "tax_amount", "social_amount"], total="gross_amount"),
    _rule("tax", _BETWEEN, column="tax_amount", min_value=0),
    _rule("social", _BETWEEN, column="social_amount", min_value=0),
    _rule("net_positive", _BETWEEN, column="net_amount", min_value=0, strict_min=True),
)


def write_suite(folder: Path) -> Path:
    """The rules as a suite in `folder/bench/payslips.json`."""
    path = folder / "bench" / "payslips.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": FEED, "expectations": list(RULES), "meta": {}}, indent=1), encoding="utf-8")
    return path


_DAY = np.datetime64("2026-01-01")


def _set(name: str, value: Any) -> Callable[[Columns, npt.NDArray[np.int64]], None]:
    def go(rows: Columns, at: npt.NDArray[np.int64]) -> None:
        rows[name][at] = value

    return go


def _leaver(rows: Columns, at: npt.NDArray[np.int64]) -> None:
    rows["status_code"][at] = "left"
    rows["exit_date"][at] = np.datetime64("NaT")


def _move(name: str, other: str, days: int) -> Callable[[Columns, npt.NDArray[np.int64]], None]:
    def go(rows: Columns, at: npt.NDArray[np.int64]) -> None:
        rows[name][at] = rows[other][at] + days

    return go


def _more(name: str, cents: int, rows: Columns, at: npt.NDArray[np.int64]) -> None:
    rows[name][at] += cents


BREAKS: tuple[Callable[[Columns, npt.NDArray[np.int64]], None], ...] = (
    _set("employee_id", "E12"),
    _set("employee_name", "X"),
    _set("iban", "unknown"),
    _set("country_code", "US"),
    _set("currency_code", "USD"),
    _set("cost_center_id", "4711"),
    _move("period_end_date", "period_start_date", -1),
    _move("pay_date", "period_start_date", -1),
    _set("pay_date", np.datetime64("2062-01-31")),
    _set("hire_date", np.datetime64("1926-03-01")),
    _move("exit_date", "hire_date", -30),
    _leaver,
    _set("contract_hours", 16_800),
    _set("base_amount", 90_000_000),
    _set("bonus_amount", -100),
    partial(_more, "gross_amount", 1),
    partial(_more, "net_amount", 1),
    _set("tax_amount", -1),
    _set("social_amount", -1),
    _set("net_amount", 0),
)
"""One per rule of RULES, in order: makes rows that fail it. Amounts are in cents."""


def chunk(rows: int, share: float, start: int = 0, seed: int = 7) -> pa.RecordBatch:
    """Cleaned rows, `share` of them bad: at 0.5 every second one."""
    rng = np.random.default_rng([seed, start])
    columns = good(rng, start + np.arange(rows))
    every = round(1 / share) if share else 0
    bad = np.flatnonzero((start + np.arange(rows)) % every == every - 1) if every else np.zeros(0, np.int64)
    first = rng.integers(0, len(BREAKS), len(bad))
    second = np.where(rng.random(len(bad)) < 0.2, rng.integers(0, len(BREAKS), len(bad)), -1)
    for i, make in enumerate(BREAKS):
        make(columns, bad[(first == i) | (second == i)])
    return _batch(columns, rows, start)


def good(rng: np.random.Generator, number: npt.NDArray[np.int64]) -> Columns:
    """Rows of these numbers that keep to every rule; amounts in cents."""
    rows = len(number)
    month = (_DAY.astype("M8[M]") + rng.integers(0, 12, rows)).astype("M8[D]")
    end = (month.astype("M8[M]") + 1).astype("M8[D]") - 1
    hired = np.datetime64("1990-01-01") + rng.integers(0, 13_000, rows)
    status = np.array(STATUSES, dtype=object)[rng.choice(3, rows, p=[0.9, 0.05, 0.05])]
    exits = np.where(status == "left", end, np.datetime64("NaT"))
    base = rng.integers(150_000, 900_000, rows)
    bonus = np.where(rng.random(rows) < 0.3, rng.integers(0, 200_000, rows), 0)
    gross = base + bonus
    tax, social = gross * 22 // 100, gross * 9 // 100
    names = np.array(
        ["Petra Müller", "Jan de Vries", "Zoë Brontë", "Łukasz Żak", "Ann Lee", "Sam O'Hara"], dtype=object
    )
    digits = rng.integers(10**9, 10**10, rows).astype(str).astype(object)
    return {
        "payslip_id": ("P" + number.astype(str).astype(object)),
        "employee_id": "E" + (100_000 + number // 12 % 900_000).astype(str).astype(object),
        "employee_name": names[rng.integers(0, len(names), rows)],
        "iban": "DE02120300" + digits + "04",
        "country_code": np.array(COUNTRIES, dtype=object)[rng.integers(0, len(COUNTRIES), rows)],
        "currency_code": np.array(CURRENCIES, dtype=object)[rng.integers(0, len(CURRENCIES), rows)],
        "status_code": status,
        "cost_center_id": np.where(
            rng.random(rows) < 0.05, None, "CC-" + rng.integers(1000, 9999, rows).astype(str).astype(object)
        ),
        "period_start_date": month, "period_end_date": end, "pay_date": end - 2, "hire_date": hired, "exit_date": exits,
        "contract_hours": rng.integers(1000, 4000, rows),
        "base_amount": base, "bonus_amount": bonus, "gross_amount": gross, "tax_amount": tax, "social_amount": social,
        "net_amount": gross - tax - social,
    }  # fmt: skip


def _batch(columns: Columns, rows: int, start: int) -> pa.RecordBatch:
    schema = PAYSLIPS.arrow_schema
    numbers = start + 2 + np.arange(rows)
    arrays = {
        "_row_number": pa.array(numbers),
        "_row_part": pa.array(np.zeros(rows, np.int32)),
        "_fate": pa.nulls(rows, pa.string()),
        "_skip_reason": pa.nulls(rows, pa.string()),
        "_row_hash": pa.array(np.char.mod("%032x", numbers).astype(object), pa.string()),
        **{f.name: typed(columns[f.name], f.type) for f in schema},
    }
    return pa.RecordBatch.from_pydict(arrays)


def _raw(clean: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows as extract keeps them: text cells under the sender's headers."""
    rows = clean.num_rows
    fixed = {
        "__row_number": clean.column("_row_number"),
        "__problem": pa.nulls(rows, pa.string()),
        "__raw": pa.nulls(rows, pa.string()),
        "__cells": pa.nulls(rows, pa.list_(pa.string())),
    }
    cells = {n.replace("_", " ").title(): pc.fill_null(clean.column(n).cast(pa.string()), "") for n in
             PAYSLIPS.arrow_schema.names}  # fmt: skip
    return pa.RecordBatch.from_pydict({**fixed, **cells})


def write(folder: Path, rows: int, share: float, chunk_rows: int = CHUNK_ROWS) -> Path:
    """raw.arrow, clean.arrow and problems.arrow of a delivery, as the gate reads them; returns the clean file."""
    place = folder / f"payslips_{rows}_{share * 100:g}"
    done = place / "clean.arrow"
    if done.exists():
        return done
    place.mkdir(parents=True, exist_ok=True)
    first = chunk(1, 0)
    schemas = {"raw": _raw(first).schema, "clean": first.schema, "problems": PROBLEM_SCHEMA}
    parts = {name: place / f"{name}.part" for name in schemas}
    writers = {name: pa.ipc.new_file(str(parts[name]), schemas[name]) for name in schemas}
    for start in range(0, rows, chunk_rows):
        clean = chunk(min(chunk_rows, rows - start), share, start)
        writers["raw"].write_batch(_raw(clean))
        writers["clean"].write_batch(clean)
        writers["problems"].write_batch(pa.RecordBatch.from_pylist([], schema=PROBLEM_SCHEMA))
    for name in ("raw", "problems", "clean"):
        writers[name].close()
        parts[name].replace(place / f"{name}.arrow")
    return done
