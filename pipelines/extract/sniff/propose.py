"""The proposal for one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.dialect import MESSAGE_TYPES, WORDS_OF
from pipelines.extract.sniff.columns import describe
from pipelines.extract.sniff.kinds import Document, by_magic, check_text, document, parquet
from pipelines.extract.sniff.messages import Told, message_kind, of_export, of_message
from pipelines.extract.sniff.proposal import Finding, Proposal, TableFound
from pipelines.extract.sniff.sample import Sample, refused, take_sample
from pipelines.extract.sniff.tables import find_layout
from pipelines.extract.sniff.texts import propose_text, take_text
from pipelines.extract.sniff.workbooks import sheet_records
from pipelines.extract.table import column_names

_OF_TEXT_ONLY = WORDS_OF["csv"] - WORDS_OF["xlsx"] - WORDS_OF["jsonl"] - {"stray_quotes", "ragged", "cut_off"}

_BOUNDS = {"header_rows", "footer_rows"}
_AS_IT_STANDS: Mapping[str, Any] = {"end_row": None, "end_at": None, "repeated_headers": "keep", "comment_char": None}
"""Who says where the table begins and ends means everything between."""


def propose(path: Path, given: Mapping[str, Any], *, name: str | None = None) -> Proposal:
    """How to read this file; the words in `given` are taken as they are.

    A sample of the file is looked at (its first megabyte and its end). Raises DeliveryError when the file is gone,
    empty, or of a kind that holds no table.
    """
    sample = take_sample(path, name or path.name)
    if given.get("type") in MESSAGE_TYPES:
        return of_message(Told(given["type"], "given"), sample, given)
    doubt = None
    if not given.get("type") and not given.keys() & _OF_TEXT_ONLY:
        if told := message_kind(sample):
            return of_message(told, sample, given)
        found_export, doubt = of_export(sample, given)
        if found_export:
            return found_export
    proposal = _by_content(sample, given)
    return replace(proposal, warnings=(*proposal.warnings, doubt)) if doubt else proposal


def _by_content(sample: Sample, given: Mapping[str, Any]) -> Proposal:
    """How to read a file that is no business message."""
    kind = given.get("type") or ("csv" if given.keys() & _OF_TEXT_ONLY else by_magic(sample))
    if kind == "parquet":
        return _of_document(parquet(sample), sample, given)
    if kind == "xlsx":
        return _of_workbook(sample, given)
    encoding, text = take_text(sample, given)
    check_text(text, sample.name)
    if kind not in ("csv", "fixed"):
        found = document(sample, text)
        if found:
            return _of_document(found, sample, {**given, **_encoding_of(found, encoding.codec)})
        if kind:
            raise refused(sample.name, "text that is not of this kind", kind)
    if given.keys() >= _BOUNDS:
        given = {**_AS_IT_STANDS, **given}
    return propose_text(sample, text, encoding, given)


def _encoding_of(found: Document, codec: str) -> dict[str, Any]:
    """The encoding of a JSON text; XML says its own."""
    return {"encoding": codec} if found.words["type"] in ("json", "jsonl") else {}


def _meant(given: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The words given that mean something for this type of file."""
    return {w: v for w, v in given.items() if w in WORDS_OF[kind]}


def _of_document(found: Document, sample: Sample, given: Mapping[str, Any]) -> Proposal:
    kind = found.words["type"]
    findings = [Finding("type", kind, 0.99, found.evidence)]
    if "record_path" in found.words:
        findings.append(Finding("record_path", found.words["record_path"], 0.85, found.evidence))
    described = describe(found.columns, found.rows)
    return Proposal(
        {**found.words, **_meant(given, kind)},
        tuple(_said(findings, given)),
        (TableFound((), 1, max(len(found.rows), 1), found.columns),) if found.columns else (),
        described.columns if found.rows else (),
        (*found.warnings, *described.warnings),
    )


def _said(findings: list[Finding], given: Mapping[str, Any]) -> list[Finding]:
    """Findings, those of given words replaced."""
    return [Finding(f.word, given[f.word], 1.0, "given") if f.word in given else f for f in findings]


def _of_workbook(sample: Sample, given: Mapping[str, Any]) -> Proposal:
    records, sheet = sheet_records(sample.path, sample.name, dict(given))
    findings = [Finding("type", "xlsx", 0.99, "the file is a workbook by its content")]
    if sheet:
        findings.append(Finding("sheet", sheet, 0.9, "it is the first visible sheet"))
    if not records:
        raise refused(sample.name, "a sheet without cells", "a header and records")
    layout = find_layout(records)
    words: dict[str, Any] = {"type": "xlsx"}
    if layout.header:
        words["header_rows"] = [r.row for r in layout.header]
        names = column_names([r.cells for r in layout.header], str(given.get("header_join", " ")))
    else:
        names = (
            column_names([layout.names or []], " ")
            if layout.names
            else [f"column {i + 1}" for i in range(layout.width)]
        )
        words |= {"header_rows": [], "names": names, "preamble_rows": layout.body[0].row - 1}
    findings.append(
        Finding("header_rows", words["header_rows"], round(layout.header_confidence, 2), layout.header_reason)
    )
    if layout.after:
        words["footer_rows"] = len(layout.after)
        findings.append(Finding("footer_rows", len(layout.after), layout.footer_confidence, layout.footer_reason))
    rows = [r.cells for r in layout.body if len(r.cells) == len(names)]
    described = describe(names, rows)
    words |= _meant(given, "xlsx")
    if words.get("names") and words.get("header_rows"):
        words.pop("names" if "header_rows" in given else "header_rows")
        words.setdefault("header_rows", [])
    first = layout.body[0].row if layout.body else layout.header[-1].row + 1
    last = layout.body[-1].row if layout.body else first - 1
    table = TableFound(tuple(r.row for r in layout.header), first, last, tuple(names), sheet)
    return Proposal(
        words, tuple(_said(findings, given)), (table,), described.columns, (*layout.warnings, *described.warnings)
    )
