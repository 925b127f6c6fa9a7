"""What a kind of file is, and one block of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contract import Column, Contract
from tests.bench.generate import dirt
from tests.bench.generate.cells import Columns, Style, coded, spelled, typed

BLOCK_ROWS = 10_000
"""Rows made together, from randomness of their own. Another number makes other files of the same seed."""

At = npt.NDArray[np.int64]
Break = Callable[[Columns, At], None]


@dataclass(frozen=True)
class Kind:
    """One kind of file: its feed, the client that sends it, and how its rows are made.

    `headers`: column of the contract → header, in the order of the file. `good` makes rows that keep to every rule,
    from their numbers; `breaks`, by the rule's name, spoils given rows so that they fail it; `change` is what the
    sender corrects in them another day. `codes`: column → value → the sender's own code. `cased`: columns written in
    any case now and then. `spells`: column → the local spelling of its texts. `malformed`: whether some records have
    a cell too many (no snapshot with such a record is accepted a second time: nobody knows which key it has).
    """

    name: str
    client: str
    contract: Contract
    place: str
    profile: str
    headers: Mapping[str, str]
    style: Style
    good: Callable[[np.random.Generator, At], Columns]
    breaks: Mapping[str, Break]
    change: Break
    codes: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    cased: tuple[str, ...] = ()
    spells: Mapping[str, Callable[[pa.Array], pa.Array]] = field(default_factory=dict)
    malformed: bool = True

    def columns(self, *, text: bool = False, key: bool = False, required: bool = False) -> list[Column]:
        """Columns of the file: of text or of other types, with or without those of the key, or the required ones."""
        there = [self.contract.column(name) for name in self.headers]
        there = [c for c in there if (key or not c.key) and (not required or c.required)]
        return there if required else [c for c in there if (c.physical_type == "text") is text]


@dataclass
class Block:
    """Some rows of a file.

    `rows` are the values, typed; `cells` what the sender writes, by column; `odd` says which cells are not the plain
    spelling of the value, and stand in a workbook as text. `dirt` names each row's fault, empty for none;
    `set_aside` are the rows that must not be loaded.
    """

    rows: pa.RecordBatch
    cells: dict[str, pa.Array]
    odd: dict[str, npt.NDArray[np.bool_]]
    dirt: npt.NDArray[np.str_]
    set_aside: npt.NDArray[np.bool_]

    def head(self, rows: int) -> Block:
        """The first rows."""
        return Block(
            self.rows.slice(0, rows),
            {name: cells.slice(0, rows) for name, cells in self.cells.items()},
            {name: odd[:rows] for name, odd in self.odd.items()},
            self.dirt[:rows],
            self.set_aside[:rows],
        )


def blocks(
    kind: Kind, rows: int, *, seed: int = 7, share: float = 0.01, changed: float = 0.0, malformed: bool = True
) -> Iterator[Block]:
    """All rows of a file, block by block."""
    for number in range(-(-rows // BLOCK_ROWS)):
        block = _block(kind, number, seed, share, changed, malformed and kind.malformed)
        yield block.head(rows - number * BLOCK_ROWS)


def _block(kind: Kind, number: int, seed: int, share: float, changed: float, malformed: bool) -> Block:
    good, dirty, other = (np.random.default_rng([seed, number, part]) for part in range(3))
    columns = kind.good(good, number * BLOCK_ROWS + np.arange(BLOCK_ROWS))
    faults = dirt.faults(dirty, BLOCK_ROWS, share, number, malformed=malformed)
    breaks = list(kind.breaks.values())
    for i, spoil in enumerate(breaks):
        spoil(columns, faults.at[(faults.name == "rule") & (faults.turn % len(breaks) == i)])
    if changed:
        some = np.flatnonzero(other.random(BLOCK_ROWS) < changed)
        kind.change(columns, some[~np.isin(some, faults.at)])  # which may not become right by it
    schema = kind.contract.arrow_schema
    given = {f.name: typed(columns[f.name], f.type) for f in schema if f.name in columns}
    rows = pa.RecordBatch.from_pydict(
        {f.name: given.get(f.name, pa.nulls(BLOCK_ROWS, f.type)) for f in schema}, schema=schema
    )
    block = Block(
        rows,
        {name: cells_of(kind, name, rows.column(name)) for name in kind.headers},
        {name: np.zeros(BLOCK_ROWS, dtype=bool) for name in kind.headers},
        np.full(BLOCK_ROWS, "", dtype="<U10"),
        np.zeros(BLOCK_ROWS, dtype=bool),
    )
    dirt.untidy(kind, block, dirty, share)
    dirt.spoil(kind, block, faults)
    return block


def cells_of(kind: Kind, name: str, values: pa.Array) -> pa.Array:
    """A column as the sender usually writes it."""
    if name in kind.codes:
        return coded(values, kind.codes[name])
    if name in kind.spells:
        return kind.spells[name](values)
    return spelled(values, kind.style)
