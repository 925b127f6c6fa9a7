"""Reading a few bytes as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.extract.delimited import DelimitedTable
from pipelines.extract.facts import FileFacts
from pipelines.extract.reader import Reader, read_table
from pipelines.extract.table import CELLS, Tally, wanted_cells
from pipelines.profile import Format


@dataclass(frozen=True)
class Got:
    """What a reader gave: records as lists of row number, problem, raw text and cells, and the facts."""

    columns: list[str]
    records: list[list[Any]]
    facts: FileFacts
    sizes: list[int]

    @property
    def cells(self) -> list[list[Any]]:
        return [r[3:] for r in self.records]

    @property
    def rows(self) -> list[int]:
        return [r[0] for r in self.records]

    @property
    def problems(self) -> dict[int, str]:
        return {r[0]: r[1] for r in self.records if r[1] is not None}


def drain(reader: Reader) -> Got:
    batches = list(reader.batches())
    for batch in batches:
        assert batch.schema == reader.schema
    records = [[v for k, v in d.items() if k != CELLS] for b in batches for d in b.to_pylist()]
    return Got(reader.columns, records, reader.facts, [b.num_rows for b in batches])


def read_robust(path: Path, fmt: Format, cells: Sequence[str] = (), chunk_rows: int = 1000) -> Got:
    """The same as `read_table`, without the fast path."""
    tally = Tally(fmt.footer_rows, wanted_cells(cells))
    return drain(Reader(DelimitedTable(path, fmt, tally, path.name, fast=False), path, path.name, chunk_rows))


ReadText = Callable[..., Got]


@pytest.fixture
def read(tmp_path: Path) -> ReadText:
    """Write text (or bytes) to a file, read it both ways, insist that they agree."""

    def _read(text: str | bytes, cells: Sequence[str] = (), chunk_rows: int = 1000, **words: Any) -> Got:
        fmt = Format(**words)
        path = tmp_path / "file.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(fmt.encoding))
        got = drain(read_table(path, fmt, "en_US", cells=cells, chunk_rows=chunk_rows))
        assert read_robust(path, fmt, cells, chunk_rows) == got
        return got

    return _read
