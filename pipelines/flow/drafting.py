"""`suite new`: a suite drafted from one real file, read and cleaned as the client's profile says."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.catalog import load_catalog
from pipelines.errors import DeclarationError
from pipelines.extract.discover import sha256_of
from pipelines.flow.trial import Subject, compiled, opened_subject, subject_of
from pipelines.settings import Settings

MOST_ROWS = 500_000
"""Rows a draft is drawn from; more would change no bound that a person should not look at anyway."""


@dataclass(frozen=True)
class Draft:
    """A suite as text, and what it was drawn from."""

    text: str
    summary: str


def draft(
    settings: Settings, feed: str, sample: Path, *, client: str | None = None, source: str | None = None
) -> Draft:
    """Draft the suite of a feed. Rows that cleaning could not read are left out and counted."""
    with opened_subject(_subject(settings, feed, sample, client, source)) as subject:
        rows, left_out = _rows(subject)
        return _draft(subject, rows, left_out)


def _draft(subject: Subject, rows: pa.Table, left_out: int) -> Draft:
    from great_expectations import __version__ as gx_version  # heavy

    from pipelines.validate.draft import draft as rules_of

    contract = subject.contract
    if not rows.num_rows:
        raise DeclarationError(
            "no row to learn from",
            where=subject.name,
            got=f"{left_out} rows that cannot be read",
            expected="a file with rows of the feed",
            next_step="give another sample, or correct the profile: `python -m pipelines try` shows the reasons",
        )
    rules = rules_of(rows, contract)
    origin = (
        f"drafted from {rows.num_rows:,} rows of {subject.ref.client_id}, {subject.name} "
        f"(sha256 {sha256_of(subject.file)[:12]})" + (f"; {left_out:,} unreadable rows left out" if left_out else "")
    )
    suite = {
        "expectations": [rule.item(contract.feed) for rule in rules],
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, contract.feed)),
        "meta": {"great_expectations_version": gx_version, "kontor": {"about": origin}},
        "name": contract.feed,
        "notes": None,
    }
    text = json.dumps(suite, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    return Draft(text, f"{len(rules)} rules {origin}. us to act: read them, correct bounds and messages, then `check`")


def write(made: Draft, path: Path, *, replace: bool = False) -> None:
    """Write a draft; refuses to write over a suite that exists."""
    if path.exists() and not replace:
        raise DeclarationError(
            "file exists", where=str(path), next_step="give another --output, or --force to write over it"
        )
    path.write_text(made.text, encoding="utf-8")


def _subject(settings: Settings, feed: str, sample: Path, client: str | None, source: str | None) -> Subject:
    """The client whose profile reads the file: the one named, or the first one with a pattern that fits."""
    profiles = load_catalog(settings).profiles
    if client is not None:
        return subject_of(settings, Path(client), sample, feed, source)
    for name in profiles:
        with suppress(DeclarationError):
            subject = subject_of(settings, Path(name), sample, feed, source)
            if subject.ref.match(subject.name):
                return subject
    raise DeclarationError(
        "no profile reads this file as that feed",
        got=str(sample),
        expected=f"a file of {feed} as one of {', '.join(profiles) or 'no client'} delivers it",
        next_step="name the client with --client, or write its profile first: `python -m pipelines sniff FILE --yaml`",
    )


def _rows(subject: Subject) -> tuple[pa.Table, int]:
    """The readable rows, typed, and how many rows were left out."""
    plan, batches = compiled(subject)
    kept: list[pa.RecordBatch] = []
    rows = left_out = 0
    schema = None
    for raw in batches:
        cleaned = plan.chunk(raw)
        table = cleaned.table
        schema = table.schema
        bad = pa.array(sorted({*cleaned.problems.column("row_number").to_pylist()}), pa.int64())
        good = pc.and_(
            pc.is_null(table.column("_fate")), pc.invert(pc.is_in(table.column("_row_number"), value_set=bad))
        )
        accepted = table.filter(good)
        left_out += table.num_rows - accepted.num_rows
        kept.append(accepted)
        rows += accepted.num_rows
        if rows >= MOST_ROWS:
            break
    return pa.Table.from_batches(kept, schema) if schema else pa.table({}), left_out
