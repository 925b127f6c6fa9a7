"""The proposal for a text file: encoding, separators, quoting, table and columns brought together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pipelines.dialect import WORDS_OF
from pipelines.extract.sniff.columns import describe
from pipelines.extract.sniff.comments import find_comments
from pipelines.extract.sniff.dialects import Ranking, rank_dialects
from pipelines.extract.sniff.encodings import Encoding, find_encoding
from pipelines.extract.sniff.fixed import Fixed, find_fixed
from pipelines.extract.sniff.judged import dialect_findings
from pipelines.extract.sniff.proposal import Finding, Proposal, TableFound
from pipelines.extract.sniff.records import Record, read_records
from pipelines.extract.sniff.sample import Sample, refused
from pipelines.extract.sniff.scoring import price_of_rows
from pipelines.extract.sniff.separators import count_breaks, own_separators
from pipelines.extract.sniff.tables import Layout, find_layout
from pipelines.extract.sniff.tail import look_at_end
from pipelines.extract.table import column_names

MOST_RECORDS = 10_000
MOST_CELLS = 400_000
"""Cells that are laid out for the table: bounds time and memory in files of very many columns."""


@dataclass
class _Draft:
    """What is being put together."""

    given: Mapping[str, Any]
    words: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def find(self, word: str, value: Any, confidence: float, evidence: str) -> None:
        """A word and its finding; a given word stays as it was given."""
        if word in self.given:
            value, confidence, evidence = self.given[word], 1.0, "given"
        self.words[word] = value
        self.findings.append(Finding(word, value, round(min(confidence, 1.0), 2), evidence))


def take_text(sample: Sample, given: Mapping[str, Any]) -> tuple[Encoding, str]:
    """The encoding of the sample, and its head as text."""
    if "encoding" in given:
        finding = Finding("encoding", given["encoding"], 1.0, "given")
        encoding = Encoding(given["encoding"], given.get("fallback_encoding"), (finding,))
    else:
        encoding = find_encoding(sample)
    text = encoding.decode(sample.head)
    if not sample.whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    return encoding, text


def propose_text(sample: Sample, text: str, encoding: Encoding, given: Mapping[str, Any]) -> Proposal:
    """The proposal for delimited or fixed-width text."""
    draft = _Draft(given)
    draft.warnings += encoding.warnings
    breaks = count_breaks(text)
    separators = [given["record_separator"]] if "record_separator" in given else [None, *own_separators(text, breaks)]
    ranking = rank_dialects(text, separators, given, final=sample.whole)
    fixed = find_fixed(text) if given.get("type") != "csv" and "delimiter" not in given else None
    if fixed and (given.get("type") == "fixed" or _cheaper(fixed, ranking)):
        return _propose_fixed(sample, fixed, encoding, draft)
    if given.get("type") == "fixed" and "fields" not in given:
        raise refused(sample.name, "lines without columns at the same places", "fixed-width columns")
    draft.find("type", "csv", _type_confidence(ranking), _type_evidence(ranking, sample))
    for finding in encoding.findings:
        draft.find(finding.word, finding.value, finding.confidence, finding.evidence)
    dialect_findings(draft, ranking, text, breaks, whole=sample.whole)
    return _propose_table(sample, text, encoding, draft, ranking)


def _type_confidence(ranking: Ranking) -> float:
    return 0.95 if ranking.best.width > 1 else 0.7


def _type_evidence(ranking: Ranking, sample: Sample) -> str:
    best = ranking.best
    return f"text of {best.records} records in the first {ranking.chars} characters; looked at {sample.seen}"


def _cheaper(fixed: Fixed, ranking: Ranking) -> bool:
    """Whether the columns by position explain the text better than any delimiter."""
    best = ranking.best
    rows = [list(row) for row in fixed.rows[: max(best.records, 1)]]
    if fixed.header:
        rows.insert(0, list(fixed.names))
    price = price_of_rows(rows) / max(len(rows), 1) + 0.5 * (len(fixed.fields) - 1)
    if best.quoted:
        return False
    few = 0.92 if len(rows) < 15 else 1.0
    return price < few * best.per_record * (0.97 if best.delimiter is None else 0.93 if best.delimiter == " " else 0.8)


def _propose_fixed(sample: Sample, fixed: Fixed, encoding: Encoding, draft: _Draft) -> Proposal:
    draft.find("type", "fixed", fixed.confidence, fixed.evidence)
    for finding in encoding.findings:
        draft.find(finding.word, finding.value, finding.confidence, finding.evidence)
    draft.find("fields", fixed.words(), fixed.confidence, f"{len(fixed.fields)} columns: {fixed.evidence}")
    if fixed.preamble:
        said = f"the first {fixed.preamble} lines hold {'the names of the columns' if fixed.header else 'no records'}"
        draft.find("preamble_rows", fixed.preamble, 0.8, said)
    draft.warnings.append("columns that touch without a blank between them cannot be told apart: check the fields")
    described = describe(fixed.names, fixed.rows)
    table = TableFound(
        (fixed.preamble,) if fixed.header else (), fixed.preamble + 1, fixed.preamble + len(fixed.rows), fixed.names
    )
    words = {**draft.words, **{w: v for w, v in draft.given.items() if w in WORDS_OF["fixed"]}}
    return Proposal(words, tuple(draft.findings), (table,), described.columns, (*draft.warnings, *described.warnings))


def _propose_table(sample: Sample, text: str, encoding: Encoding, draft: _Draft, ranking: Ranking) -> Proposal:
    dialect = {w: v for w, v in draft.words.items() if w in _GRAMMAR} | {
        w: v for w, v in draft.given.items() if w in _GRAMMAR
    }
    limit = max(50, min(MOST_RECORDS, MOST_CELLS // max(ranking.best.width, 1)))
    records = read_records(text, dialect, final=sample.whole, limit=limit)
    complete = sample.whole and len(records) < limit
    _mark_comments(draft, records, ranking.best.width)
    start = int(draft.given.get("preamble_rows") or 0)
    rows = [r for r in records if r.row > start]
    if not any(not r.blank and not r.comment for r in rows):
        raise refused(sample.name, "no line with anything in it", "a header and records")
    layout = find_layout(rows)
    _forced_header(layout, rows, draft.given)
    if not complete:
        look_at_end(layout, sample, encoding, dialect)
    names = _header_words(draft, layout)
    _end_words(draft, layout)
    _count_odd(draft, layout)
    draft.warnings += layout.warnings
    cells = [r.cells for r in layout.body if len(r.cells) == layout.width]
    described = describe(names, cells if len(names) == layout.width else [])
    words = {**draft.words, **{w: v for w, v in draft.given.items() if w in WORDS_OF["csv"]}}
    words.pop("names" if words.get("header_rows") else "", None)
    return Proposal(
        words,
        tuple(draft.findings),
        _tables(layout, names),
        described.columns,
        (*draft.warnings, *described.warnings),
    )


_GRAMMAR = (
    "record_separator", "delimiter", "quote_char", "double_quote", "escape_char", "skip_initial_space", "comment_char",
)  # fmt: skip


def _mark_comments(draft: _Draft, records: Sequence[Record], width: int) -> None:
    if "comment_char" in draft.given:
        prefix = draft.given["comment_char"]
    else:
        found = find_comments(records, width)
        if not found:
            return
        prefix = found.prefix
        draft.find("comment_char", prefix, found.confidence, found.evidence)
    for record in records:
        record.comment = bool(prefix) and record.raw.startswith(prefix)


def _forced_header(layout: Layout, rows: Sequence[Record], given: Mapping[str, Any]) -> None:
    """Take the header rows, or their absence, as given."""
    if "header_rows" not in given and "names" not in given:
        return
    wanted = set(given.get("header_rows") or ())
    layout.names = None
    layout.header_confidence, layout.header_reason = 1.0, "given"
    layout.warnings = []
    if not wanted:
        if "header_rows" in given:
            layout.body = [*layout.header, *layout.body]
        layout.header = []
        return
    last = max(wanted)
    layout.header = [r for r in rows if r.row in wanted]
    layout.before = [r for r in rows if r.row < last and r.row not in wanted]
    layout.body = [r for r in layout.block.records if r.row > last and r not in layout.after]


def _header_words(draft: _Draft, layout: Layout) -> list[str]:
    """Words about the header and what stands before it; the names of the columns."""
    if layout.header:
        numbers = [r.row for r in layout.header]
        before = numbers[0] - 1
        if before and "preamble_rows" not in draft.given:
            draft.find("preamble_rows", before, layout.header_confidence, _before(layout, before))
        draft.find("header_rows", numbers, layout.header_confidence, layout.header_reason)
        if layout.repeated:
            said = f"{layout.repeated} of the records looked at say the header again"
            draft.find("repeated_headers", "skip", 0.95 if layout.repeated > 1 else 0.85, said)
        return column_names([r.cells for r in layout.header], str(draft.given.get("header_join", " ")))
    first = layout.body[0].row if layout.body else 1
    if first > 1:
        draft.find("preamble_rows", first - 1, layout.header_confidence, _before(layout, first - 1))
    draft.find("header_rows", [], layout.header_confidence, layout.header_reason)
    names = column_names([layout.names], " ") if layout.names else [f"column {i + 1}" for i in range(layout.width)]
    draft.find("names", names, layout.header_confidence, f"{layout.width} cells in a record and no usable header")
    return list(draft.words["names"])


def _before(layout: Layout, lines: int) -> str:
    filled = len(layout.before)
    return f"{lines} lines stand before the table, {filled} of them with text but not in its {layout.width} columns"


def _end_words(draft: _Draft, layout: Layout) -> None:
    last = layout.body[-1] if layout.body else layout.header[-1] if layout.header else None
    behind = [b for b in layout.others if last and b.records[0].row > last.row]
    if behind and last:
        nearest = behind[0].records[0].row
        said = f"another table of {behind[0].width} columns begins in row {nearest}"
        gaps = [b.row - (a.row + a.lines) for a, b in pairwise(layout.body)]
        if behind[0].gap and not layout.after and not any(g > 0 for g in gaps):
            draft.find("end_at", "blank", 0.8, f"{said}, behind a blank line; no blank line stands within the table")
        else:
            draft.find("end_row", last.row + last.lines - 1, 0.75, said)
            draft.warnings.append("end_row fits this file only: the next one may be longer or shorter")
    elif layout.after:
        draft.find("footer_rows", len(layout.after), layout.footer_confidence, layout.footer_reason)
    for block in layout.others:
        a, b = block.records[0].row, block.records[-1].row
        draft.warnings.append(f"another table, of {block.width} columns, stands in rows {a} to {b} and is not read")


def _count_odd(draft: _Draft, layout: Layout) -> None:
    odd = [r for r in layout.body if len(r.cells) != layout.width]
    if odd:
        total = len(layout.body)
        draft.warnings.append(
            f"{len(odd)} of {total} records have another number of cells than {layout.width}, "
            f"the first in row {odd[0].row}"
        )
    stray = [r for r in layout.body if r.problem]
    if stray:
        draft.warnings.append(f"{len(stray)} records are malformed: the one in row {stray[0].row} {stray[0].problem}")


def _tables(layout: Layout, names: Sequence[str]) -> tuple[TableFound, ...]:
    header = tuple(r.row for r in layout.header)
    body = layout.body or layout.header
    first = layout.body[0].row if layout.body else layout.header[-1].row + layout.header[-1].lines
    last = body[-1].row + body[-1].lines - 1
    found = [TableFound(header, first, max(last, first - 1), tuple(names))]
    for block in layout.others:
        other = find_layout(block.records)
        rows = other.body or other.header
        labels = (
            column_names([r.cells for r in other.header], " ")
            if other.header
            else [f"column {i + 1}" for i in range(block.width)]
        )
        end = rows[-1].row + rows[-1].lines - 1
        found.append(TableFound(tuple(r.row for r in other.header), (other.body or rows)[0].row, end, tuple(labels)))
    return tuple(found)
