"""`sniff`: what a file seems to be, as a report, as JSON, or as the draft of a profile's source."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from rich.table import Table
from rich.text import Text

from pipelines.dialect import TABLE_TYPES, Format, words_from_json
from pipelines.extract.sniff import ColumnFound, Finding, Proposal, propose
from pipelines.formats import message_format

SURE, DOUBTFUL = 0.9, 0.7
"""From here on a finding is shown as sure; below the second, as doubtful."""

MOST_COLUMNS_SHOWN = 60
Shown = Table | Text | str


def sniff(path: Path, given: Mapping[str, Any] | None = None) -> Proposal:
    """The proposal for a file; raises DeliveryError when it holds no table."""
    return propose(path, words_from_json(given or {}))


def as_json(proposal: Proposal) -> dict[str, Any]:
    """The whole proposal as plain data."""
    return {
        "words": dict(proposal.words),
        "confidence": proposal.confidence,
        "findings": [asdict(f) for f in proposal.findings],
        "tables": [asdict(t) for t in proposal.tables],
        "columns": [asdict(c) for c in proposal.columns],
        "warnings": list(proposal.warnings),
    }


def report(path: Path, proposal: Proposal) -> list[Shown]:
    """What to print: the words with their reasons, tables, columns, and what is doubtful."""
    shown: list[Shown] = [Text(f"{path.name}: {_summary(proposal)}", style="bold"), _findings(proposal)]
    if proposal.tables:
        shown.append(_tables(proposal))
    if proposal.columns:
        shown.append(_columns(proposal))
        hidden = len(proposal.columns) - MOST_COLUMNS_SHOWN
        if hidden > 0:
            shown.append(Text(f"… and {hidden} more columns; --json lists them all", style="dim"))
    shown += [Text(f"warning: {warning}", style="yellow") for warning in proposal.warnings]
    if not proposal.warnings:
        shown.append(Text("no doubts", style="green"))
    return shown


def _summary(proposal: Proposal) -> str:
    columns = len(proposal.tables[0].columns) if proposal.tables else 0
    said = f"{proposal.words.get('type', 'csv')}, {columns} columns, least certain word {proposal.confidence:.0%}"
    return said + (f", {len(proposal.tables)} tables" if len(proposal.tables) > 1 else "")


def _findings(proposal: Proposal) -> Table:
    table = Table(title="How to read it", title_justify="left", header_style="bold")
    table.add_column("word", no_wrap=True)
    table.add_column("value", overflow="fold", max_width=24)
    table.add_column("sure", justify="right", no_wrap=True)
    table.add_column("because", overflow="fold")
    for finding in proposal.findings:
        table.add_row(finding.word, _value(finding), _sure(finding.confidence), Text(finding.evidence))
    return table


def _value(finding: Finding) -> Text:
    value = finding.value
    if finding.word == "names":
        return Text(f"{len(value)} names")
    if finding.word == "fields":
        return Text(f"{len(value)} fields")
    if isinstance(value, str):
        return Text(repr(value)[1:-1] if finding.word in ("encoding", "type", "sheet", "record_path") else repr(value))
    if isinstance(value, list):
        return Text(", ".join(map(str, value)) or "none")
    return Text({None: "none", True: "yes", False: "no"}.get(value, str(value)))


def _sure(confidence: float) -> Text:
    style = "green" if confidence >= SURE else "yellow" if confidence >= DOUBTFUL else "red"
    return Text(f"{confidence:.0%}", style=style)


def _tables(proposal: Proposal) -> Table:
    table = Table(title="Tables", title_justify="left", header_style="bold")
    for name in ("", "header rows", "first row", "last row seen", "columns"):
        table.add_column(name, justify="right" if name else "left")
    for i, found in enumerate(proposal.tables):
        header = ", ".join(map(str, found.header_rows)) or "none"
        label = "read" if i == 0 else "not read"
        table.add_row(label, header, str(found.first_row), str(found.last_row), str(len(found.columns)))
    return table


def _columns(proposal: Proposal) -> Table:
    table = Table(title="Columns", title_justify="left", header_style="bold")
    table.add_column("", justify="right", style="dim", no_wrap=True)
    table.add_column("name", overflow="fold", max_width=36)
    table.add_column("kind", no_wrap=True)
    table.add_column("formats", overflow="fold")
    table.add_column("fits", justify="right", no_wrap=True)
    table.add_column("filled", justify="right", no_wrap=True)
    table.add_column("example", overflow="fold", max_width=24)
    for i, column in enumerate(proposal.columns[:MOST_COLUMNS_SHOWN], start=1):
        table.add_row(
            str(i),
            Text(column.name),
            column.kind,
            Text(", ".join(column.formats)),
            f"{column.share:.0%}" if column.filled else "",
            str(column.filled),
            Text(column.example),
        )
    return table


def as_yaml(path: Path, proposal: Proposal) -> str:
    """The draft of a source for a profile: `files`, `format` with its reasons, and the columns to be mapped.

    A business message needs no map: the draft says which feeds its tables fill by themselves. Else the names on the
    left of `columns` are made from the source names: they are to be replaced by those of the contract.
    """
    reasons = {f.word: f for f in proposal.findings}
    lines = [f"# {_summary(proposal)}"]
    lines += [f"# doubt: {_one_line(w)}" for w in proposal.warnings]
    lines += [f"files: {_scalar(re.escape(path.name))}", "mode: snapshot", "format:"]
    for word, value in _written(proposal).items():
        finding = reasons.get(word)
        note = f"  # {finding.confidence:.0%}: {_one_line(finding.evidence)}" if finding else ""
        lines.append(f"  {word}: {_scalar(value)}{note}")
    if proposal.words.get("type") in TABLE_TYPES:
        return "\n".join([*lines, "columns: {}", *_feeds_of(str(proposal.words["type"]))]) + "\n"
    lines.append("columns:")
    taken: set[str] = set()
    described = {c.name: c for c in proposal.columns}
    names = proposal.tables[0].columns if proposal.tables else ()
    for name in names:
        lines.append(_column_line(name, described.get(name), taken))
    if not names:
        lines[-1] = "columns: {}"
    elif proposal.words.get("type", "csv") in ("csv", "xlsx") and not proposal.words.get("names"):
        lines.append("# the columns that were accepted, in order: a file with others is held")
        lines.append(f"layout: {_scalar(list(names), flow=True)}")
    return "\n".join(lines) + "\n"


def _feeds_of(kind: str) -> list[str]:
    """Comments: what a profile may have of this format without saying more."""
    tables = message_format(kind).tables
    return [
        f"# table {name} fills {', '.join(table.feeds) or 'no feed by itself: map its columns'}"
        for name, table in tables.items()
    ]


def _written(proposal: Proposal) -> dict[str, Any]:
    """The words that differ from what a format says by itself, the type and the encoding in any case."""
    usual = Format(type="csv")
    kept = {"type", "encoding", "delimiter", "header_rows"}
    return {
        w: v for w, v in proposal.words.items() if w in kept or w not in Format.model_fields or v != getattr(usual, w)
    }


def _column_line(name: str, column: ColumnFound | None, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_") or "column"
    wish, number = base if not base[0].isdigit() else f"c_{base}", 1
    while wish in taken:
        number += 1
        wish = f"{base}_{number}"
    taken.add(wish)
    rule = f"from: {_scalar(name, flow=True)}"
    note = ""
    if column:
        if column.kind in ("date", "timestamp", "time"):
            rule += f", formats: {_scalar(list(column.formats), flow=True)}"
            if any("%y" in f for f in column.formats):
                rule += ", century_from: 1950"
        shown = f" {', '.join(column.formats)}" if column.formats and "formats" not in rule else ""
        note = f"  # {column.kind}{_one_line(shown)}, {column.share:.0%} of {column.filled} cells"
        note += f", e.g. {_one_line(column.example)}" if column.example else ""
    return f"  {wish}: {{{rule}}}{note}"


def _scalar(value: Any, *, flow: bool = True) -> str:
    """A value as YAML on one line."""
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z][\w. -]*", value):
        return json.dumps(value, ensure_ascii=False)  # in double quotes, where control characters are written out
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True, width=1 << 30)
    return text.removesuffix("\n").removesuffix("\n...").removesuffix("...").strip()


def _one_line(text: str) -> str:
    """Text that can stand in a comment."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
