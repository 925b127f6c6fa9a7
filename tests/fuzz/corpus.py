"""Whole files that the fuzz run breaks: the sample deliveries, real files if there are any, and one of each format."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
from pyarrow import parquet

from tests.samples.generate import generate
from tests.unit.extract import workbooks

MOST_BYTES = 120_000
"""Of a file that is broken: small ones break in more ways per second."""


@dataclass(frozen=True)
class Seed:
    """A file and, if it is known, how it is to be read."""

    name: str
    data: bytes
    words: dict[str, Any] | None = None


def corpus(real: Path | None) -> list[Seed]:
    """Every seed, in a fixed order."""
    seeds = [*_made(), *_samples()]
    if real:
        files = sorted(p for p in real.rglob("*") if p.is_file() and p.suffix not in (".txt", ".md", ".pdf"))
        seeds += [Seed(p.relative_to(real).as_posix(), _head(p)) for p in files]
    return [s for s in seeds if s.data]


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


def _samples() -> list[Seed]:
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        return [
            Seed(p.relative_to(folder).as_posix(), _head(p)) for p in sorted(Path(folder).rglob("*")) if p.is_file()
        ]


ROWS = [["7001", "Müller, Söhne", "1.190,00", "03.10.2026"], ["7002", 'Rohr 5" "extra"', "238,00-", ""]] * 9


def _made() -> list[Seed]:
    head = ["Nr", "Name", "Betrag", "Datum"]
    plain = "\n".join(";".join(r) for r in [head, *ROWS]) + "\n"
    quoted = "\r\n".join(",".join('"' + c.replace('"', '""') + '"' for c in r) for r in [head, *ROWS])
    escaped = "\n".join("|".join("'" + c.replace("'", "\\'") + "'" for c in r) for r in [head, *ROWS])
    odd = "&|\n".join("+|".join(r) for r in [head, *ROWS]) + "&|\n"
    book = openpyxl.Workbook()
    for row in [head, *ROWS]:
        book.active.append(row)
    xlsx = io.BytesIO()
    book.save(xlsx)
    table = pa.table({h: [r[i] for r in ROWS] for i, h in enumerate(head)})
    columns = io.BytesIO()
    parquet.write_table(table, columns)
    records = ",\n".join(f'{{"Nr": {r[0]}, "Name": "M", "adr": {{"plz": "0123", "x": [1, 2]}}}}' for r in ROWS)
    document = f'{{"data": {{"items": [{records}]}}}}'
    items = "".join(f'<Item id="{r[0]}"><Betrag cur="EUR">{r[2]}</Betrag></Item>' for r in ROWS)
    fixed = "".join(f"{r[0]:<6}{r[1]:<20}{r[2]:>12}{r[3]:<10}\n" for r in ROWS)
    fields = [("Nr", 1, 6), ("Name", 7, 20), ("Betrag", 27, 12), ("Datum", 39, 10)]
    return [
        Seed("plain.csv", plain.encode("cp1252"), {"delimiter": ";", "encoding": "cp1252", "quote_char": None}),
        Seed("quoted.csv", b"\xef\xbb\xbf" + quoted.encode(), {}),
        Seed("utf16.csv", quoted.encode("utf-16"), {"encoding": "utf-16"}),
        Seed("utf32.csv", plain.encode("utf-32"), {"encoding": "utf-32", "delimiter": ";"}),
        Seed("escaped.csv", escaped.encode(), {"delimiter": "|", "quote_char": "'", "escape_char": "\\"}),
        Seed("literal.csv", quoted.encode(), {"stray_quotes": "literal", "ragged": "pad"}),
        Seed("odd.csv", odd.encode(), {"delimiter": "+|", "record_separator": "&|\n"}),
        Seed("ended.csv", (plain + "\nSumme;4\n").encode(), {"delimiter": ";", "end_at": "blank"}),
        Seed("one_column.csv", b"name\n" + b"x\n" * 50, {}),
        Seed("book.xlsx", xlsx.getvalue(), {"type": "xlsx"}),
        Seed("book.xls", workbooks.xls(), {"type": "xlsx", "sheet": "Zweite"}),
        Seed("book.xlsb", workbooks.xlsb(["a", "b"], [1.5, None], ["x", "y"]), {"type": "xlsx"}),
        Seed("book.ods", workbooks.ods(*["<table:table-row><table:table-cell office:value-type='string'><text:p>a"
             "</text:p></table:table-cell></table:table-row>"] * 5), {"type": "xlsx"}),
        Seed("data.parquet", columns.getvalue(), {"type": "parquet"}),
        Seed("data.json", document.encode(), {"type": "json", "record_path": "data.items"}),
        Seed("data.jsonl", records.replace(",\n", "\n").encode(), {"type": "jsonl"}),
        Seed("data.xml", f"<Root><Head c='1'/>{items}</Root>".encode(), {"type": "xml", "record_path": "Root/Item"}),
        Seed("fixed.txt", fixed.encode("cp1252"), {"type": "fixed", "encoding": "cp1252", "fields": [
            {"name": n, "start": s, "width": w} for n, s, w in fields]}),
        Seed("plain.csv.gz", gzip.compress(plain.encode("cp1252"), mtime=0)),
        Seed("pack.zip", workbooks.zipped({"a.csv": plain, "b/c.csv": quoted})),
    ]  # fmt: skip


def real_root() -> Path | None:
    """The folder of real input, if one is named."""
    given = os.environ.get("KONTOR_REAL")
    return Path(given) if given else None
