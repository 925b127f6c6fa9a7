"""The steps of a correction: a returned workbook becomes raw rows of the file that it corrects.

Cells are those of the archived original, read again, with only the changes of the client applied: what else stands in
the workbook is not trusted. A correction that a decision has registered has no workbook file: it brings its rows as
they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from pipelines.clean.corrected import Corrected
from pipelines.clean.mapping import Header
from pipelines.delivery import Delivery, State
from pipelines.errors import DeclarationError, DeliveryError, LoadError
from pipelines.extract.archive import archive, sync_folder
from pipelines.extract.discover import path_of
from pipelines.extract.reader import read_table
from pipelines.extract.run import FACTS_FILE, RAW_FILE
from pipelines.extract.table import CELLS, PROBLEM, ROW, raw_schema
from pipelines.flow.office import Office
from pipelines.flow.original import Original, Record, as_batch, open_original, read_original
from pipelines.profile import Format, SourceRef
from pipelines.quarantine.cells import shown
from pipelines.quarantine.returned import Changes, Sent, compare
from pipelines.quarantine.words import WORDS
from pipelines.quarantine.workbook import LEAD as FIRST_COLUMNS
from pipelines.reject import Baseline
from pipelines.settings import CHUNK_ROWS
from pipelines.warehouse import audit, register, workbooks
from pipelines.warehouse.layouts import layout_of
from pipelines.warehouse.workbooks import SentRow, Workbook

CORRECTION_FILE = "correction.json"
_DEPENDS = (
    Baseline.GROUP_INCOMPLETE, Baseline.REFERENCE, Baseline.KEY_UNIQUE, Baseline.REPEATED_ROW, Baseline.LOOKUP_MISSING,
    Baseline.NEWER_VERSION,
)  # fmt: skip
"""Reasons that lie in other rows or files: such a row may be right by now, though nobody changed it."""
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?")
_MOST_NAMED = 20


def root_of(conn: sa.Connection, delivery: Delivery) -> Delivery:
    """The delivery whose rejects are corrected."""
    if delivery.corrects is None:
        raise DeliveryError(
            "correction workbook belongs to no delivery of this client",
            where=delivery.file_name,
            next_step="return the workbook that was sent to you",
        )
    return register.get(conn, delivery.corrects)


def stale(conn: sa.Connection, root: Delivery, ref: SourceRef) -> str | None:
    """Why a correction of the root comes too late, if it does."""
    if root.state is not State.LOADED:
        return f"delivery {root.delivery_id}, which it corrects, is {root.state.value}"
    newer = None if ref.source.mode == "delta" else workbooks.superseding(conn, root)
    return f"delivery {newer} has replaced delivery {root.delivery_id}, which it corrects" if newer else None


def too_late(name: str, why: str) -> DeliveryError:
    """The refusal of a stale workbook."""
    return DeliveryError(
        "correction workbook is out of date, nothing of it is taken",
        where=name,
        got=why,
        expected="the newest workbook of the newest delivery",
        next_step="correct the newest workbook, if there is one; else correct the next file",
    )


def changes_in(path: Path, name: str, book: Workbook, rows: Sequence[SentRow], token: str, ref: SourceRef,
               columns: Sequence[str]) -> Changes:  # fmt: skip
    """What the client has changed; raises DeliveryError when the workbook is not the one that was sent.

    Numbers and dates that were typed as such read as this client writes them, column by column.
    """
    sent = [Sent.of(r.sheet_row, r.token_hash, r.row_number, r.cells) for r in rows]
    hashed = partial(workbooks.row_token_hash, token)
    found = compare(columns, sent, _sheet(path, name, book, ref.locale, columns), hashed, book.language, name)
    for locale, of_locale in _other_locales(ref, columns).items():
        again = compare(columns, sent, _sheet(path, name, book, locale, columns), hashed, book.language, name)
        cells = {
            row: {c: again.cells[row].get(c, t) if c in of_locale else t for c, t in changed.items()}
            for row, changed in found.cells.items()
        }
        found = Changes(cells, found.missing)
    formats = _date_formats(ref, columns)
    dated = {
        row: {c: _as_client(text, formats.get(c)) for c, text in changed.items()}
        for row, changed in found.cells.items()
    }
    return Changes(dated, found.missing)


def _sheet(
    path: Path, name: str, book: Workbook, locale: str, columns: Sequence[str]
) -> Iterable[tuple[int, Sequence[str]]]:
    """(row, cells) of the sheet of corrections, from its header on."""
    names = [f"column {n}" for n in range(len(FIRST_COLUMNS) + len(columns))]
    words: dict[str, Any] = {"header_rows": [], "names": names, "preamble_rows": 1, "merged_cells": "blank"}
    fmt = Format(type="xlsx", sheet=WORDS[book.language]["rows"], **words)
    with read_table(path, fmt, locale, name=name) as reader:
        for batch in reader.batches(full=False):
            for line in batch.to_pylist():
                cells = line[CELLS] if line[PROBLEM] is not None else [line[n] for n in names]
                yield line[ROW], [str(c or "") for c in cells or []]


def _other_locales(ref: SourceRef, columns: Sequence[str]) -> dict[str, set[str]]:
    """Locale → source columns whose numbers are written in it, where that is not the source's own."""
    out: dict[str, set[str]] = {}
    for rule in ref.source.columns.values():
        if rule.locale and rule.locale != ref.locale:
            out.setdefault(rule.locale, set()).update(Header(columns).match_any(rule.sources))
    return out


def _date_formats(ref: SourceRef, columns: Sequence[str]) -> dict[str, str]:
    """Source column → the first of its date formats. Clients' workbooks hold true dates: left as they are."""
    out: dict[str, str] = {}
    for rule in ref.source.columns.values():
        if rule.formats and ref.source.format.type != "xlsx":
            named = [c for c in columns if rule.sql and c in rule.sql]
            for column in [*Header(columns).match_any(rule.sources), *named]:
                out.setdefault(column, rule.formats[0])
    return out


def _as_client(text: str, fmt: str | None) -> str:
    """A true date of a spreadsheet, which reads as ISO text, as the client writes dates."""
    if fmt is None or not _ISO.fullmatch(text.strip()):
        return text
    try:
        return datetime.fromisoformat(text.strip()).strftime(fmt)
    except ValueError:
        return text


def extract_correction(office: Office, delivery: Delivery, inputs: Sequence[register.Input]) -> None:
    """Archive what came back and write the rows it brings, in the layout of the original."""
    settings, ref = office.settings, office.ref(delivery)
    folder = settings.landing / delivery.client_id
    with office.warehouse.transaction() as conn:
        root = root_of(conn, delivery)
        book = workbooks.of_correction(conn, delivery.delivery_id)
        if book is None:
            raise LoadError("no workbook for this correction", next_step="return the correction workbook again")
        rows = workbooks.sent_rows(conn, book)
        why = stale(conn, root, ref)
        reasons = workbooks.open_reasons(conn, root.delivery_id)
    if why:
        raise too_late(delivery.file_name, why)
    for item in inputs:
        archive(folder / path_of(item.path), item.sha256, settings)
    original = read_original(office, root, ref, [r.row_number for r in rows])
    changes = Changes({r.sheet_row: {} for r in rows}, [])
    if book.path:
        path = archive(folder / path_of(delivery.file_name), delivery.sha256, settings)
        token = token_of(path, delivery.file_name)
        changes = changes_in(path, delivery.file_name, book, rows, token, ref, original.columns)
    depends = _depending(reasons, root.feed)
    everything = not book.path or bool(office.contract(root.feed).groups)
    taken = _taken(rows, changes, original, depends, everything)
    _write(settings.delivery_folder(delivery.delivery_id), original, taken, _notes(changes, taken, everything))


def token_of(path: Path, name: str) -> str:
    """The token of a workbook that was recognised by it."""
    from pipelines.quarantine.token import mark_of

    mark = mark_of(path)
    if mark is None:
        raise DeliveryError(
            "correction workbook has lost its token", where=name, next_step="return the workbook that was sent to you"
        )
    return mark.token


@dataclass(frozen=True)
class _Row:
    """A row that a correction brings: sheet row, record with the changes, whether anybody changed it."""

    sheet_row: int
    record: Record
    untouched: bool


def _depending(reasons: Sequence[workbooks.OpenReason], feed: str) -> set[int]:
    """Rows of the root all of whose reasons lie in other rows or files."""
    kinds: dict[int, set[str]] = {}
    for reason in reasons:
        kind = reason.rule_id.removeprefix(f"{feed}.").partition(".")[0]
        kinds.setdefault(reason.row_number, set()).add(kind)
    depends = {kind.value for kind in _DEPENDS}
    return {number for number, found in kinds.items() if found <= depends}


def _taken(
    rows: Sequence[SentRow], changes: Changes, original: Original, depends: set[int], everything: bool
) -> list[_Row]:
    """Lines of a group stand or fall together: of such feeds every row is judged again, changed or not."""
    out = []
    for row in rows:
        changed = changes.cells.get(row.sheet_row)
        if changed is None and not everything:
            continue
        record = corrected_record(original, row, changed or {})
        untouched = not changed and not everything and row.row_number not in depends
        if untouched and record.problem:
            record = Record(record.number, record.cells)  # skipped before anybody asks what is wrong with it
        out.append(_Row(row.sheet_row, record, untouched))
    return out


def corrected_record(original: Original, row: SentRow, changed: Mapping[str, str]) -> Record:
    """The record as received, with what earlier workbooks and this one have changed."""
    record = original.records.get(row.row_number)
    if record is None:
        raise LoadError(
            "the archived original has no such record",
            where=f"row {row.row_number}",
            next_step="the profile reads the file otherwise than when it was loaded: replay the delivery",
        )
    sent = workbooks.plain_cells(row.cells)
    cells = []
    for column, text in zip(original.columns, record.cells, strict=True):
        before = text if sent.get(column, shown(text)) == shown(text) else sent[column]
        cells.append(changed.get(column, before))
    if record.problem and list(cells) == list(record.cells):
        return record
    return Record(record.number, cells)


def _notes(changes: Changes, taken: Sequence[_Row], everything: bool) -> list[str]:
    notes = []
    if changes.missing and not everything:
        named = ", ".join(row.address for row in changes.missing[:_MOST_NAMED])
        more = len(changes.missing) - _MOST_NAMED
        notes.append(
            f"{len(changes.missing)} rows were taken out of the workbook and stay open: rows {named}"
            + (f" and {more} more" if more > 0 else "")
        )
    untouched = sum(row.untouched for row in taken)
    if untouched:
        notes.append(f"{untouched} rows were not changed and stay open")
    return notes


def _write(out: Path, original: Original, taken: Sequence[_Row], notes: Sequence[str]) -> None:
    """Raw rows, facts of the original and what else is known, each under its name only when it is whole."""
    out.mkdir(parents=True, exist_ok=True)
    schema = raw_schema(original.columns)
    facts = json.loads(original.facts)
    facts |= {"records": len(taken), "malformed": sum(row.record.problem is not None for row in taken)}
    known = {
        "numbers": [[row.sheet_row, row.record.number] for row in taken],
        "untouched": [row.sheet_row for row in taken if row.untouched],
        "notes": list(notes),
    }
    raw = out / f".{RAW_FILE}.{os.getpid()}.part"
    try:
        with raw.open("wb") as file:
            with pa.ipc.new_file(file, schema) as writer:
                for start in range(0, len(taken), CHUNK_ROWS):
                    some = taken[start : start + CHUNK_ROWS]
                    writer.write_batch(as_batch(schema, [(row.sheet_row, row.record) for row in some]))
            os.fsync(file.fileno())
        raw.replace(out / RAW_FILE)
    finally:
        raw.unlink(missing_ok=True)
    for name, data in ((CORRECTION_FILE, known), (FACTS_FILE, facts)):
        part = out / f".{name}.{os.getpid()}.part"
        part.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        part.replace(out / name)
    sync_folder(out)


@dataclass(frozen=True)
class Address:
    """A row of a correction and the record of the original that it is; `changed`: columns this workbook changed."""

    root: Delivery
    original: Original
    record: Record
    sent: SentRow
    changed: Sequence[str]


def address_of(office: Office, conn: sa.Connection, delivery: Delivery, ref: SourceRef, row: int) -> Address:
    """Recompute a row of a correction from the archived original and the archived workbook."""
    found = addresses_of(office, conn, delivery, ref, {row})
    if row not in found:
        raise DeclarationError(
            f"{delivery.file_name} brings no row {row}",
            next_step="give the row number as it stands in quarantine or core: the row of the workbook as it was sent",
        )
    return found[row]


def addresses_of(
    office: Office, conn: sa.Connection, delivery: Delivery, ref: SourceRef, wanted: Collection[int]
) -> dict[int, Address]:
    """The same of several rows, as far as the correction brings them."""
    root, book = root_of(conn, delivery), workbooks.of_correction(conn, delivery.delivery_id)
    rows = workbooks.sent_rows(conn, book) if book else []
    some = [r for r in rows if r.sheet_row in wanted]
    if book is None or not some:
        return {}
    original = read_original(office, root, ref, [r.row_number for r in some])
    changed: Mapping[int, Mapping[str, str]] = {}
    if book.path:
        name = delivery.file_name
        path = archive(office.settings.landing / delivery.client_id / path_of(name), delivery.sha256, office.settings)
        changed = changes_in(path, name, book, rows, token_of(path, name), ref, original.columns).cells
    found = {}
    for sent in some:
        cells = changed.get(sent.sheet_row, {})
        found[sent.sheet_row] = Address(root, original, corrected_record(original, sent, cells), sent, list(cells))
    return found


@dataclass(frozen=True)
class CleanTerms:
    """How the rows of a correction are cleaned: like those of its root, by the declarations of now."""

    file_name: str
    groups: Mapping[str, str]
    unread: Sequence[str]
    corrected: Corrected


def clean_terms(office: Office, delivery: Delivery) -> CleanTerms:
    """What `clean` needs to know beside the rows. Columns that the root's acceptance passed over are passed over."""
    ref, known = office.ref(delivery), _known(office, delivery)
    with office.warehouse.transaction() as conn:
        root = root_of(conn, delivery)
        kept, groups = layout_of(conn, root), register.file_groups(conn, root.delivery_id)
        given: dict[tuple[int, int], str] = {}
        if ref.source.occurrence:
            contract = office.contract(ref.feed)
            found = workbooks.keys_given(conn, root.delivery_id, contract.table, contract.counted_key)
            given = {(number, part): key for number, part, key in found}
    corrected = Corrected(
        dict(known["numbers"]), frozenset(known["untouched"]), _records(office, root, ref), given
    )  # fmt: skip
    return CleanTerms(root.file_name, groups, kept.unread if kept else (), corrected)


def _records(office: Office, root: Delivery, ref: SourceRef) -> Iterable[pa.RecordBatch]:
    """The records of the original, read when somebody asks for the first."""
    with open_original(office, root, ref) as reader:
        yield from reader.batches()


def said(office: Office, delivery: Delivery, message: str | None) -> str | None:
    """The gate's message with what is to be told of the workbook."""
    return "; ".join(filter(None, [message, *_known(office, delivery)["notes"]])) or None


def _known(office: Office, delivery: Delivery) -> dict[str, Any]:
    path = office.settings.delivery_folder(delivery.delivery_id) / CORRECTION_FILE
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def close(conn: sa.Connection, delivery: Delivery, resolved: Sequence[int]) -> None:
    """Close the rejects whose rows have come in; say so on the root when none is left. Part of the load."""
    root = root_of(conn, delivery)
    closed = workbooks.close(conn, delivery, resolved)
    left = workbooks.count_open(conn, root.delivery_id)
    detail = {"root": root.delivery_id, "rejects": closed, "rows_left": left}
    audit.record(conn, actor="step load", action="close rejects", delivery_id=delivery.delivery_id, detail=detail)
    if left == 0:
        workbooks.end(conn, root.delivery_id, "closed")
        if CLOSED not in (root.message or ""):
            register.say(conn, root, "; ".join(filter(None, [root.message, CLOSED])))


CLOSED = "closed: no open reject"
