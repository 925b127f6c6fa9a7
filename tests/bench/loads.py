"""Whole deliveries of payslips, as jobs of contender.py: `kontor_first_load`, and `pandas_openpyxl` to compare with.

The job counts its own cost, step by step, of this process and of the server it has started for itself. What the
tables hold afterwards is looked up outside of it.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import Delivery, State
from tests.bench.contender import memory
from tests.bench.generate.payslips import PAYSLIPS
from tests.bench.house import Cost, House, Street, street

LATER = {"same_file": "first", "same_rows": "same_rows", "changed": "changed"}
"""What is delivered after the first load where the folder has it: name → file."""

AMOUNTS = [c.name for c in PAYSLIPS.contract.money]
FOUND = "select count(*), {} from {}"


@cache
def _street() -> Street:
    """The server of this process, stopped when it ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(street())


def kontor_first_load(path: Path) -> Callable[[], dict[str, Any]]:
    """Everything from the file in landing to rows in core; then, beside it, what comes the nights after."""
    stack = ExitStack()
    house = stack.enter_context(_street().house(suffix=path.suffix))
    later = {name: path.with_stem(file) for name, file in LATER.items()}
    profiled = bool(os.environ.get("KONTOR_BENCH_PROFILE"))
    if profiled:
        house.log_statements()

    def go() -> dict[str, Any]:
        told = _delivered(house, path)
        if profiled:
            return {**told, "statements": house.statements()}
        there = {name: file for name, file in later.items() if later["changed"].exists()}
        told["parts"] = {name: _delivered(house, file, name) for name, file in there.items()}
        return told

    _close_before_the_next(stack)
    return go


_open: list[ExitStack] = []


def _close_before_the_next(stack: ExitStack) -> None:
    """The house of the warm run is gone when the measured one begins, and that at the end, before its server."""
    while _open:
        _open.pop().close()
    _open.append(stack)
    atexit.register(stack.close)


def _delivered(house: House, file: Path, kind: str = "first") -> dict[str, Any]:
    resident, private = memory("VmRSS"), memory("RssAnon")
    delivery, steps = house.deliver(file)
    _expect(delivery, kind)
    cost = sum(steps.values(), Cost(0, 0, 0))
    return {
        "found": found(house),
        **_figures(cost),
        "mb": cost.peak - resident,
        "private": cost.anonymous - private,
        "peak": cost.peak,
        "steps": {name: _figures(one) for name, one in steps.items()},
    }


def _figures(cost: Cost) -> Mapping[str, float]:
    return {"cpu": cost.client, "server": cost.server, "wall": cost.wall, "anonymous": cost.anonymous}


def _expect(delivery: Delivery, kind: str) -> None:
    """That the delivery did what it is measured for."""
    loaded, unchanged = delivery.rows_loaded or 0, delivery.rows_unchanged or 0
    wanted = {
        "first": delivery.state is State.LOADED and loaded > 0 and not unchanged,
        "same_file": delivery.state is State.DUPLICATE,
        "same_rows": delivery.state is State.LOADED and not loaded and unchanged > 0,
        "changed": delivery.state is State.LOADED and 0 < loaded < unchanged / 20,
    }
    if not wanted[kind]:
        parts = f"{loaded} loaded, {unchanged} unchanged, {delivery.rows_rejected} rejected"
        raise RuntimeError(f"{kind}: {delivery.state.value}, {parts}: {delivery.message}")


def found(house: House) -> str:
    """Rows that are current, and what their amounts add up to."""
    sums = ", ".join(f"sum({name})" for name in AMOUNTS)
    query = FOUND.format(sums, f"{PAYSLIPS.contract.table} where _known_to is null")
    with house.office.warehouse.transaction() as conn:
        rows, *amounts = conn.execute(sa.text(query)).one()
    return said(rows, amounts)


def said(rows: int, amounts: list[Any]) -> str:
    """`990 rows; base 1,234.00; …`: the peers' scripts say it in the same words."""
    named = zip(AMOUNTS, amounts, strict=True)
    return "; ".join([f"{rows:,} rows", *(f"{name.removesuffix('_amount')} {value:,.2f}" for name, value in named)])


def pandas_openpyxl(path: Path) -> Callable[[], int]:
    """What pandas reads a workbook with by default."""
    import pandas as pd

    return lambda: len(pd.read_excel(path, engine="openpyxl", dtype=str, keep_default_na=False))
