"""Records of an archived original, read again: what a correction changes, and what it is compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.delivery import Delivery
from pipelines.extract.archive import archive
from pipelines.extract.discover import path_of
from pipelines.extract.members import member_of, opened
from pipelines.extract.reader import Reader, read_table
from pipelines.extract.run import cells_of
from pipelines.extract.table import CELLS, LEAD, PROBLEM, RAW, ROW
from pipelines.flow.indexes import index_of
from pipelines.flow.office import Office
from pipelines.profile import SourceRef


@dataclass(frozen=True)
class Record:
    """One record as received. A malformed one has a `problem`, its text, and its cells as far as they can be told."""

    number: int
    cells: Sequence[str]
    problem: str | None = None
    raw: str = ""
    found: Sequence[str] = ()


@dataclass(frozen=True)
class Original:
    """Some records of a file, by row number; `facts` are those of the whole file, as `extract` writes them."""

    columns: list[str]
    facts: str
    sheets: Sequence[str] = ()
    records: dict[int, Record] = field(default_factory=dict)


@contextmanager
def open_original(office: Office, delivery: Delivery, ref: SourceRef) -> Iterator[Reader]:
    """The archived original open behind its header, its member unpacked."""
    name = delivery.file_name
    path = archive(office.settings.landing / delivery.client_id / path_of(name), delivery.sha256, office.settings)
    with (
        opened(path, member_of(name), name=name) as content,
        index_of(office, ref, delivery) as index,
        read_table(
            content, ref.source.format, ref.locale, cells=cells_of(ref.source), name=name, index=index
        ) as reader,
    ):
        yield reader


def read_original(office: Office, delivery: Delivery, ref: SourceRef, rows: Collection[int]) -> Original:
    """Those records of the original; the file is read once, chunk by chunk."""
    wanted = pa.array(sorted(rows), pa.int64())
    records: dict[int, Record] = {}
    with open_original(office, delivery, ref) as reader:
        for batch in reader.batches():
            some = batch.filter(pc.is_in(batch.column(ROW), wanted))
            for line in some.to_pylist():
                record = _record(line, reader.columns)
                records[record.number] = record
        facts = reader.facts
        return Original(reader.columns, facts.to_json(), facts.sheets, records)


def _record(line: dict[str, object], columns: Sequence[str]) -> Record:
    number = int(str(line[ROW]))
    if line[PROBLEM] is None:
        return Record(number, [str(line[name] or "") for name in columns])
    found = [str(cell or "") for cell in line[CELLS] or []]  # type: ignore[attr-defined]
    laid = [*found[: len(columns)], *[""] * (len(columns) - len(found))]
    return Record(number, laid, str(line[PROBLEM]), str(line[RAW] or ""), found)


def as_batch(schema: pa.Schema, records: Sequence[tuple[int, Record]]) -> pa.RecordBatch:
    """Records as raw rows, each under the row number given with it."""
    names = schema.names[len(LEAD) :]
    rows = [
        {
            ROW: number,
            PROBLEM: r.problem,
            RAW: r.raw if r.problem else None,
            CELLS: list(r.found) if r.problem else None,
        }
        | ({} if r.problem else dict(zip(names, r.cells, strict=True)))
        for number, r in records
    ]
    return pa.RecordBatch.from_pylist(rows, schema)
