"""The dirt in a file, what it looks like and what becomes of the row.

| fault      | the row                                                    | set aside                    |
|------------|------------------------------------------------------------|------------------------------|
| rule       | fails a rule of the suite, each in turn                    | it                           |
| unreadable | has a number or date that nobody can read                  | it, or only the value, where |
|            |                                                            | the contract says so         |
| missing    | has nothing in a required column                           | it                           |
| unknown    | has a code, country or currency that nobody knows          | it                           |
| repeated   | is the row before it once more                             | it; the first one is loaded  |
| double     | has the key of the row before it, and says something else  | both                         |
| malformed  | has a cell too many (delimited text only)                  | it, without a readable key   |

| untidy   | the row                                                              | is loaded as if it were tidy |
|----------|----------------------------------------------------------------------|------------------------------|
| padded   | has blanks and no-break spaces around a cell, doubled blanks in names |                             |
| cased    | has a name in capitals, or a country or currency in the other case   |                              |
| dated    | has a date in the sender's other format                              |                              |
| numbered | has a number with another group sign, or none                        |                              |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tests.bench.generate.cells import put, spelled

if TYPE_CHECKING:
    from tests.bench.generate.kind import Block, Kind

FAULTS = ("rule", "unreadable", "rule", "missing", "rule", "unknown", "rule", "repeated", "rule", "malformed", "rule",
          "double")  # fmt: skip
"""In turn. A double key costs two rows, the others one."""

UNTIDY = ("padded", "cased", "dated", "numbered")
_NO_NUMBER = ("n/a?", "12,3,4", "see note")
_NO_DATE = ("31/02/2026", "soon", "31.02.2026")


@dataclass(frozen=True)
class Faults:
    """Where (`at`) which fault is; `turn` counts those of one name through the file."""

    at: npt.NDArray[np.int64]
    name: npt.NDArray[np.str_]
    turn: npt.NDArray[np.int64]


def faults(rng: np.random.Generator, rows: int, share: float, block: int, *, malformed: bool) -> Faults:
    """One fault somewhere in every 1 / `share` rows, but never in two rows side by side."""
    if not 0 <= share <= 0.5:
        raise ValueError(f"share of dirt {share}: expected 0 to 0.5")
    order = [f for f in FAULTS if malformed or f != "malformed"]
    every = round(1 / share) if share else rows + 1
    begins = np.arange(0, rows, every)
    at = begins + rng.integers(1, every, len(begins))
    number = block * len(begins) + np.arange(len(begins))
    before = np.array([order[:i].count(order[i]) for i in range(len(order))])
    each = np.array([order.count(f) for f in order])
    place = number % len(order)
    turn = number // len(order) * each[place] + before[place]
    inside = at < rows
    return Faults(at[inside], np.array(order)[place][inside], turn[inside])


def untidy(kind: Kind, block: Block, rng: np.random.Generator, share: float) -> None:
    """Rows that are to come out as if they were tidy."""
    rows = block.rows.num_rows
    cased = list(kind.cased)
    targets = {
        "padded": [c.name for c in kind.columns(text=True, key=True)],
        "cased": cased,
        "dated": [c.name for c in kind.columns(key=True) if c.physical_type == "date"],
        "numbered": [c.name for c in kind.columns(key=True) if c.physical_type.startswith(("numeric", "integer"))],
    }
    for what, names in targets.items():
        at = np.flatnonzero(rng.random(rows) < share)
        for i, name in enumerate(names):
            some = at[i :: len(names)]
            new = _untidy(kind, block, what, name, some)
            block.cells[name] = put(block.cells[name], some, new)
            block.odd[name][some] = True


def _untidy(kind: Kind, block: Block, what: str, name: str, at: npt.NDArray[np.int64]) -> pa.Array:
    cells = block.cells[name].take(pa.array(at))
    column = kind.contract.column(name)
    if what == "padded":
        if column.semantic in ("person_name", "company_name"):
            cells = pc.replace_substring(cells, " ", "  ", max_replacements=1)
        return pc.binary_join_element_wise("  ", cells, "\u00a0", "")
    if what == "cased":
        return pc.utf8_upper(cells) if column.semantic == "person_name" else pc.utf8_swapcase(cells)
    return spelled(block.rows.column(name).take(pa.array(at)), kind.style, other=True)


def spoil(kind: Kind, block: Block, found: Faults) -> None:
    """Every fault but the broken rules, which are in the values already."""
    block.dirt[found.at] = found.name
    block.set_aside[found.at] = True
    unreadable = [c.name for c in kind.columns()]
    required = [c.name for c in kind.columns(required=True)]
    known = ("code", "country", "currency")
    unknown = [c.name for c in kind.columns(text=True) if c.semantic in known and (c.required or c.codes)]
    for fault, names in (("unreadable", unreadable), ("missing", required), ("unknown", unknown)):
        for i, name in enumerate(names):
            mine = (found.name == fault) & (found.turn % len(names) == i)
            at, turn = found.at[mine], found.turn[mine] // len(names)
            block.cells[name] = put(block.cells[name], at, _bad(kind, fault, name, turn))
            block.odd[name][at] = True
            if fault == "unreadable" and kind.contract.column(name).unreadable:
                _leave_out(block, name, at)
    _twice(block, found.at[found.name == "repeated"], list(kind.headers))
    doubled = found.at[found.name == "double"]
    _twice(block, doubled, list(kind.contract.key))
    block.set_aside[doubled - 1] = True


def _bad(kind: Kind, fault: str, name: str, turn: npt.NDArray[np.int64]) -> pa.Array:
    if fault == "missing":
        return pa.array([""] * len(turn), pa.string())
    if fault == "unknown":
        return pa.array(["?!"] * len(turn), pa.string())
    texts = _NO_DATE if kind.contract.column(name).physical_type in ("date", "timestamptz") else _NO_NUMBER
    return pa.array([texts[t % len(texts)] for t in turn], pa.string())


def _leave_out(block: Block, name: str, at: npt.NDArray[np.int64]) -> None:
    """The rows are loaded, without this value."""
    block.set_aside[at] = False
    there = np.ones(block.rows.num_rows, bool)
    there[at] = False
    kept = {n: block.rows.column(n) for n in block.rows.schema.names}
    kept[name] = pc.if_else(pa.array(there), kept[name], pa.scalar(None, kept[name].type))
    block.rows = pa.RecordBatch.from_pydict(kept, schema=block.rows.schema)


def _twice(block: Block, at: npt.NDArray[np.int64], names: list[str]) -> None:
    """What stands in the row before, also here."""
    rows = np.arange(block.rows.num_rows)
    rows[at] -= 1
    again = pa.array(rows)
    kept = {name: block.rows.column(name) for name in block.rows.schema.names}
    for name in names:
        block.cells[name] = block.cells[name].take(again)
        block.odd[name] = block.odd[name][rows]
        kept[name] = kept[name].take(again)
    block.rows = pa.RecordBatch.from_pydict(kept, schema=block.rows.schema)
