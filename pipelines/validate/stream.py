"""The rows of a delivery on their way into the work table: one chunk is judged while the last one is sent.

One helper thread sends. Nobody else uses the connection meanwhile, and a fault of the server ends the step as itself:
the next chunk waits for the last one to have arrived.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from pipelines.arrowfile import Behind
from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.errors import GateError
from pipelines.rulebook import RuleBook
from pipelines.validate import files, known
from pipelines.validate.chunks import ChunkGate, Judged
from pipelines.validate.known import Amounts, add, amounts_of
from pipelines.validate.same_keys import SameKeys
from pipelines.validate.suites import Rule
from pipelines.warehouse import ddl, known_rows, left_out, quarantine_store
from pipelines.warehouse.binary_copy import copy_rows

ANALYZED_FROM = 2_000
"""Rows from which on the planner wants to know what the work table holds."""
_SAMPLE = 10  # its statistics target: a tenth of the usual sample, for few columns, takes a thirtieth of the time


@dataclass
class Streamed:
    """What came: the tallies of the row rules, the keys that were met, and how many rows core has already.

    `current`: rows of the scope that are current; null when nobody asked. `known` rows of the delivery are among them,
    with sums of `amounts` in the money columns that the work table does not have of them.
    """

    gate: ChunkGate
    keys: SameKeys
    accepted: int = 0
    current: int | None = None
    columns: list[str] = field(default_factory=list)
    known: int = 0
    amounts: Amounts = field(default_factory=dict)

    def add_known(self, rows: pa.RecordBatch, contract: Contract) -> None:
        """Add up what the work table will not have of known rows."""
        self.known += rows.num_rows
        apart = [c for c in contract.money if c.name not in self.columns]
        add(self.amounts, amounts_of(rows, apart))


def stream(
    conn: sa.Connection,
    delivery: Delivery,
    contract: Contract,
    rules: list[Rule],
    folder: Path,
    book: RuleBook,
    expected: int,
) -> Streamed:
    """Row rules chunk by chunk; every row goes into the work table with its fate, every reason into quarantine.

    Raises GateError when not as many rows come as were cleaned.
    """
    table = ddl.create_work_table(conn, delivery, contract)
    current = known_rows.current_hashes(conn, delivery, contract, expected)
    found = Streamed(
        ChunkGate(contract, rules), SameKeys(contract.key), current=None if current is None else len(current)
    )
    found.columns = known.columns_needed(contract, rules)
    types = {name: kind for name, kind in (*ddl.WORK_COLUMNS, *contract.stored) if name != "_known"}

    def send(clean: pa.RecordBatch, judged: Judged, there: npt.NDArray[np.bool_] | None) -> None:
        rows = clean.set_column(clean.schema.get_field_index("_fate"), "_fate", judged.fates)
        _copy(conn, table, types, rows, there, found.columns)
        quarantine_store.add_rejects(conn, delivery, judged.rejects, book)
        left_out.add(conn, delivery, judged.left_out)

    with Behind() as behind:
        for clean, problems in files.chunks(folder, "clean.arrow", "problems.arrow"):
            judged = found.gate.judge(clean, problems)
            rows = judged.rows
            found.keys.add(rows)
            found.accepted += judged.fates.null_count
            there = None if current is None else _known(current, rows, judged)
            if there is not None and there.any():
                found.add_known(rows.filter(pa.array(there)), contract)
            behind.do(partial(send, rows, judged, there))
    if found.gate.received != expected:
        raise GateError(
            "cleaned rows are missing",
            where=str(folder / "clean.arrow"),
            got=f"{found.gate.received} rows",
            expected=f"{expected}, as cleaning counted",
            next_step="run the delivery again from extract",
        )
    if expected >= ANALYZED_FROM:
        _analyze(conn, table, found.columns)
    return found


def _known(current: npt.NDArray[np.uint64], clean: pa.RecordBatch, judged: Judged) -> npt.NDArray[np.bool_]:
    """Accepted rows whose hash is current."""
    accepted: npt.NDArray[np.bool_] = np.asarray(judged.fates.is_null())
    return accepted & known.among(current, clean.column("_row_hash"))


def _copy(
    conn: sa.Connection,
    table: str,
    types: dict[str, str],
    rows: pa.RecordBatch,
    there: npt.NDArray[np.bool_] | None,
    needed: list[str],
) -> None:
    """All columns of new rows; of known ones those that are needed before the load."""
    if there is not None and there.any():
        some = {name: types[name] for name in ("_row_number", "_row_part", "_row_hash", *needed)}
        known = rows.select(list(some)).filter(pa.array(there))
        known = known.append_column("_known", pa.repeat(pa.scalar(True), known.num_rows))
        copy_rows(conn, table, {**some, "_known": "boolean"}, known)
        rows = rows.filter(pa.array(~there))
    if rows.num_rows:
        copy_rows(conn, table, types, rows)


def _analyze(conn: sa.Connection, table: str, columns: list[str]) -> None:
    names = ", ".join(f'"{name}"' for name in ("_fate", "_known", *columns))
    conn.execute(sa.text(f"set local default_statistics_target = {_SAMPLE}"))
    conn.execute(sa.text(f"analyze {table} ({names})"))
    conn.execute(sa.text("reset default_statistics_target"))
