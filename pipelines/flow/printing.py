"""`read`: print the table of any file, no profile and no database; what was found out or is doubtful goes to stderr."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from pipelines.errors import DeclarationError
from pipelines.extract.facts import FileFacts, FormatTotal
from pipelines.extract.reader import Reader
from pipelines.extract.reading import Chunk, Row, open_table

FIRST = 5
"""Malformed records that are named one by one."""


def print_table(path: Path, dialect: str | None, to: str, out: TextIO, notes: TextIO, *, rows: bool = False) -> None:
    """Write the table of a file to `out` as `csv` or `jsonl`, and notes about it to `notes`.

    CSV: UTF-8, comma, doubled quotes, LF; the first line is always the header as it stands, else made up.
    A record has the cells it was found with: a malformed one may be shorter or longer than the header. JSON Lines: one
    object a record, malformed ones with `problem` and `cells`. `rows` adds the row number in front.
    """
    proposal, reader = open_table(path, _dialect(dialect))
    if proposal:
        for finding in proposal.findings:
            notes.write(f"{finding.word}: {finding.value!r} ({finding.confidence:.0%}: {finding.evidence})\n")
        for warning in proposal.warnings:
            notes.write(f"doubtful: {warning}\n")
    problems: list[Row] = []
    with reader:
        write = _write_csv if to == "csv" else _write_jsonl
        write(reader, problems, out, rows)
    for row in problems:
        notes.write(f"{path.name}:{row.number}: {row.problem}\n")
    notes.write(_summary(path, reader.facts) + "\n")


def _dialect(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        given = json.loads(text)
    except ValueError as error:
        raise _bad_dialect(f"{text!r} ({error})") from None
    if not isinstance(given, dict):
        raise _bad_dialect(repr(text))
    return given


def _bad_dialect(got: str) -> DeclarationError:
    return DeclarationError(
        "dialect not understood",
        got=got,
        expected="""a JSON object such as {"delimiter": ";", "quote": "\\"", "header_row": 1}""",
        next_step="correct --dialect",
    )


def _noted(reader: Reader, problems: list[Row]) -> Iterator[Row]:
    """The records, the first malformed ones noted down on the way."""
    for batch in reader.batches(full=False):
        for row in Chunk(reader.columns, batch).rows():
            if row.problem and len(problems) < FIRST:
                problems.append(row)
            yield row


def _write_csv(reader: Reader, problems: list[Row], out: TextIO, rows: bool) -> None:
    writer, records = csv.writer(out, lineterminator="\n"), _noted(reader, problems)
    writer.writerow(["row_number", *reader.header] if rows else reader.header)
    while piece := list(islice(records, 10_000)):
        writer.writerows([row.number, *row.cells] if rows else row.cells for row in piece)


def _write_jsonl(reader: Reader, problems: list[Row], out: TextIO, rows: bool) -> None:
    for row in _noted(reader, problems):
        head: dict[str, Any] = {"row_number": row.number} if rows else {}
        cells: dict[str, Any] = dict(zip(reader.columns, row.cells, strict=True)) if row.problem is None else {}
        trouble: dict[str, Any] = {"problem": row.problem, "cells": row.cells} if row.problem else {}
        out.write(json.dumps({**head, **cells, **trouble}, ensure_ascii=False) + "\n")


def _summary(path: Path, facts: FileFacts) -> str:
    counts = {
        "records": facts.records, "of them malformed": facts.malformed, "header rows": facts.header_rows,
        "before the header": facts.preamble_rows, "blank": facts.blank_rows, "comments": facts.comment_rows,
        "footer records": len(facts.footer_rows),
    }  # fmt: skip
    said = ", ".join(f"{n} {word}" for word, n in counts.items() if n or word == "records")
    warnings = "".join(f"; {w}" for w in [*facts.warnings, *map(_broken, facts.totals)] if w)
    return f"{os.fspath(path.name)}: {said}; {len(facts.columns)} columns{warnings}"


def _broken(total: FormatTotal) -> str:
    """A total that a message format promises, when it was not found; else nothing."""
    try:
        same = Decimal(total.said) == Decimal(total.found)
    except InvalidOperation:
        same = total.said == total.found
    if same:
        return ""
    return f"{total.name}: {total.said} promised, {total.found} found{f' ({total.where})' if total.where else ''}"
