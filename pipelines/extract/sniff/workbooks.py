"""Header and table of a workbook's first visible sheet, by the reader that will read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.dialect import Format
from pipelines.extract.reader import read_table
from pipelines.extract.sniff.records import Record
from pipelines.extract.table import CELLS, LEAD, ROW

MOST_ROWS = 2000
MOST_COLUMNS = 512


def sheet_records(path: Path, name: str, given: dict[str, Any]) -> tuple[list[Record], str | None]:
    """The first rows of the sheet that are not blank, cut to the last column in use; (records, name of the sheet)."""
    words = {w: given[w] for w in ("sheet", "range", "password", "hidden_rows", "merged_cells") if w in given}
    names = [f"column {i + 1}" for i in range(MOST_COLUMNS)]
    fmt = Format(type="xlsx", header_rows=[], names=names, **words)
    records: list[Record] = []
    sheet: str | None = None
    with read_table(path, fmt, "en_US", chunk_rows=MOST_ROWS, name=name) as reader:
        for batch in reader.batches():
            columns = [c.to_pylist() for c in batch.columns]
            lead = dict(zip(batch.schema.names, columns, strict=True))
            for i, row in enumerate(lead[ROW]):
                ragged = lead[CELLS][i]
                cells = ragged if ragged is not None else [c[i] or "" for c in columns[len(LEAD) :]]
                records.append(Record(row, cells, "\t".join(cells)))
            if len(records) >= MOST_ROWS:
                break
        else:
            sheet = reader.facts.sheet_name
    width = max((max((i + 1 for i, c in enumerate(r.cells) if c.strip()), default=0) for r in records), default=0)
    for record in records:
        record.cells = record.cells[:width]
    return records, sheet
