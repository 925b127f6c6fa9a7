"""Files of any size to measure with: the same seed gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
from pyarrow import csv

NAMES = ("Müller & Söhne", "Nordwind Logistik", "Brightline Retail", "Société Générale de Transport", "Acme, Inc.")


def ledger(rows: int, seed: int = 7) -> pa.Table:
    """Journal lines: 20 text columns, a fifth of them free text, one with delimiters and quotes inside."""
    rng = np.random.default_rng(seed)
    number = np.arange(rows)
    cents = rng.integers(-9_999_999, 9_999_999, rows)
    day = np.datetime64("2026-01-01") + rng.integers(0, 330, rows)
    pick = rng.integers(0, len(NAMES), rows)
    text = pa.array(NAMES).take(pa.array(pick))
    columns = {
        "line_id": number.astype(str),
        "journal_id": (number // 4).astype(str),
        "account_id": rng.integers(1000, 9999, rows).astype(str),
        "posting_date": day.astype(str),
        "document_date": day.astype(str),
        "amount": np.char.mod("%.2f", cents / 100),
        "tax_amount": np.char.mod("%.2f", np.round(cents * 0.19) / 100),
        "currency": np.array(["EUR", "GBP", "USD"])[pick % 3],
        "cost_center": rng.integers(100, 999, rows).astype(str),
        "partner_id": rng.integers(70_000, 79_999, rows).astype(str),
        "partner_name": text,
        "note": pa.array(['paid "in full", thanks', "-", "", "siehe Beleg", "OK"]).take(pa.array(pick)),
        "user": np.array(["mk", "ab", "zz"])[pick % 3],
        "period": np.char.mod("%02d", rng.integers(1, 12, rows)),
        "year": np.full(rows, "2026"),
        "tax_code": np.array(["V19", "V7", "A0"])[pick % 3],
        "project_id": rng.integers(1, 500, rows).astype(str),
        "reference": np.char.add("RE-", number.astype(str)),
        "status": np.array(["open", "settled"])[pick % 2],
        "text": text,
    }
    return pa.table({k: v if isinstance(v, pa.Array) else pa.array(v, pa.string()) for k, v in columns.items()})


def write_csv(folder: Path, table: pa.Table, *, quoting: str = "needed") -> Path:
    """A regular CSV: UTF-8, comma, LF, header."""
    path = folder / f"{'plain' if quoting == 'none' else 'quoted'}_{len(table)}.csv"
    if not path.exists():
        part = path.with_suffix(".part")
        csv.write_csv(table, part, csv.WriteOptions(quoting_style=quoting, quoting_header="none"))
        part.replace(path)
    return path


def write_plain(folder: Path, table: pa.Table) -> Path:
    """The same without any quote: columns that would need one are left out of it."""
    plain = [n for n in table.column_names if n not in ("note", "partner_name", "text")]
    filler = {f"{n}_2": table[n] for n in ("reference", "status", "tax_code")}
    kept = table.select(plain)
    for name, column in filler.items():
        kept = kept.append_column(name, column)
    return write_csv(folder, kept, quoting="none")


def write_xlsx(folder: Path, table: pa.Table) -> Path:
    """One sheet; numbers as numbers."""
    path = folder / f"journal_{len(table)}.xlsx"
    if not path.exists():
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("Journal")
        sheet.append(table.column_names)
        numbers = [table.column_names.index(n) for n in ("amount", "tax_amount", "line_id")]
        for row in zip(*(c.to_pylist() for c in table.columns), strict=True):
            sheet.append([float(v) if i in numbers else v for i, v in enumerate(row)])
        part = path.with_suffix(".part")
        book.save(part)
        part.replace(path)
    return path
