"""The step `extract`: one archived original becomes `raw.arrow` and `extract.json`."""

from __future__ import annotations

import os
import secrets
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipelines.arrowfile import Behind
from pipelines.delivery import Delivery, Step
from pipelines.errors import KontorError
from pipelines.extract.archive import sync_folder
from pipelines.extract.facts import FileFacts
from pipelines.extract.messages.gdpdu_index import Beside
from pipelines.extract.reader import Reader, read_table
from pipelines.profile import ControlAt, Source, SourceRef
from pipelines.settings import CHUNK_ROWS

RAW_FILE, FACTS_FILE = "raw.arrow", "extract.json"


def extract(
    delivery: Delivery,
    ref: SourceRef,
    path: Path,
    out: Path,
    *,
    chunk_rows: int = CHUNK_ROWS,
    index: Beside | None = None,
) -> FileFacts:
    """Read the original of a delivery into `out`, one record batch per chunk.

    Both files appear under their names only when they are complete. Raises DeliveryError when the file cannot be
    read as declared.
    """
    try:
        with read_table(
            path,
            ref.source.format,
            ref.locale,
            cells=cells_of(ref.source),
            chunk_rows=chunk_rows,
            name=delivery.file_name,
            index=index,
        ) as reader:
            return write(reader, out)
    except KontorError as error:
        place = {"client": delivery.client_id, "feed": delivery.feed, "delivery_id": delivery.delivery_id}
        raise error.at(**place, step=Step.EXTRACT.value) from None


def write(reader: Reader, out: Path) -> FileFacts:
    """Write all batches and then the facts of a reader to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    mark = f"{os.getpid()}.{secrets.token_hex(4)}.part"
    raw, facts = out / f".{RAW_FILE}.{mark}", out / f".{FACTS_FILE}.{mark}"
    try:
        with raw.open("wb") as file:
            with pa.ipc.new_file(file, reader.schema) as writer, Behind() as behind:
                for batch in reader.batches():
                    behind.do(partial(writer.write_batch, batch))
            os.fsync(file.fileno())  # a rename may reach the disk before the content does
        with facts.open("w", encoding="utf-8") as text:
            text.write(reader.facts.to_json())
            text.flush()
            os.fsync(text.fileno())
        raw.replace(out / RAW_FILE)
        facts.replace(out / FACTS_FILE)
        sync_folder(out)
    finally:
        raw.unlink(missing_ok=True)
        facts.unlink(missing_ok=True)
    return reader.facts


def cells_of(source: Source) -> set[str]:
    """A1 addresses that the columns and controls of a source ask for in the file itself."""
    columns = {rule.cell for rule in source.rules if rule.cell}
    return columns | {
        where.cell
        for where in source.controls.values()
        if isinstance(where, ControlAt) and where.cell and not where.elsewhere
    }
