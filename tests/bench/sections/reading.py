"""Text cells of regular files, against what a user would read them with."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from tests.bench import files
from tests.bench.race import Contest, Entry, Race, peer

POLARS = "polars==2.1.0"


def contests(folder: Path, rows: int) -> list[Contest]:
    """CSV without and with quoted cells; a workbook of a tenth of the rows."""
    own, polars = Path(sys.executable), peer("polars", [POLARS, "pyarrow"], folder / "peers")
    table = files.ledger(rows)
    jobs = ("kontor_csv", "pyarrow_csv", "pyarrow_csv_one_thread", "pandas_csv", "duckdb_csv", "polars_csv")
    text = [Entry(job, polars if job.startswith("polars") else own) for job in jobs]
    again = [Entry(e.job, e.python) for e in text]
    books = [Entry(job, own) for job in ("kontor_xlsx", "pandas_xlsx", "openpyxl_xlsx")]
    plain, quoted = partial(files.write_plain, folder), partial(files.write_csv, folder)
    sheets, few, tenth = partial(files.write_xlsx, folder), table.slice(0, 100), table.slice(0, rows // 10)
    return [
        Race("Reading CSV, no quotes", plain(table), plain(few), text, {"pyarrow_csv": 1.2}),
        Race("Reading CSV, quoted cells", quoted(table), quoted(few), again, {"pyarrow_csv": 1.2}),
        Race("Reading XLSX", sheets(tenth), sheets(few), books, {"pandas_xlsx": 1.2}),
    ]
