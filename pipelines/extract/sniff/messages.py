"""Business messages, told by how they begin; a file of an export by GDPdU, told by the index that lies beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.dialect import TABLE_TYPES, WORDS_OF
from pipelines.errors import DeliveryError
from pipelines.extract.messages import open_messages
from pipelines.extract.messages.gdpdu_index import Beside, Column, IndexTable, read_index, table_for
from pipelines.extract.sniff.columns import describe
from pipelines.extract.sniff.proposal import ColumnFound, Finding, Proposal, TableFound
from pipelines.extract.sniff.sample import Sample
from pipelines.extract.table import LEAD, Tally
from pipelines.formats import FOLDER, message_format
from pipelines.profile import Format

_START = 4096
_ROWS = 500
_UBL = rb"urn:oasis:names:specification:ubl:schema:xsd:(?:Invoice|CreditNote)-2"
_CII = rb"<(?:[\w.-]+:)?(?:CrossIndustryInvoice|CrossIndustryDocument)[\s>]"
_BEGINNINGS: Mapping[str, tuple[bytes, str]] = {
    "datev": (rb'"?(?:EXTF|DTVF)"?;', "the first line begins with EXTF or DTVF, as DATEV's files do"),
    "edifact": (
        rb"\s*(?:UNA.{6}\s*UNB|UNB[^A-Za-z0-9](?:UN[OA-Z]|KECA|IAT[AB]))",
        "it begins with the segments of EDIFACT",
    ),
    "x12": (rb"\s*ISA([^\w\s])\w\w\1 *[^\n]{0,20}\1\w\w\1", "it begins with the ISA segment of an X12 interchange"),
    "mt940": (
        rb"(?s)(?:.{0,400}?[\r\n}])?\s*:20:.{0,200}?[\r\n]:2(?:1|5|8)C?P?:",
        "tags :20: and :25: stand at line starts, as in a SWIFT statement",
    ),
    "ofx": (
        rb"(?i)\s*(?:OFXHEADER\s*:|(?:[A-Z]+:[^\r\n<]*[\r\n]\s*)*<OFX>|<\?xml[^>]*\?>\s*<(?:\?OFX|OFX>)|<\?OFX)",
        "it begins with the header of OFX",
    ),
    "camt": (
        rb"(?s)[^<]*<.*?(?:urn:iso:std:iso:20022:tech:xsd:camt\.05[234]\."
        rb"|<(?:[\w.-]+:)?BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)(?:V0\d)?[\s>])",
        "its namespace or message is that of camt",
    ),
    "einvoice": (rb"(?s)[^<]*<.*?(?:" + _UBL + rb"|" + _CII + rb")", "its outermost element is an invoice"),
    "saft": (rb"(?s)[^<]*<.*?<(?:[\w.-]+:)?AuditFile[\s>]", "its outermost element is AuditFile, as in SAF-T"),
}  # fmt: skip
"""Format → pattern of its first bytes, without a byte order mark, and the words for it."""
_BEFORE = b"\xef\xbb\xbf"
_INDEX = "index.xml"
_LEVELS = 3
_DATES = (("YYYY", "%Y"), ("YY", "%y"), ("MM", "%m"), ("DD", "%d"))


class Told(NamedTuple):
    """What a file is told to be."""

    kind: str
    evidence: str


def message_kind(sample: Sample) -> Told | None:
    """The message format that this file begins like, of those that can be read; None for any other file."""
    head = sample.head[:_START].removeprefix(_BEFORE)
    for kind, (pattern, said) in _BEGINNINGS.items():
        if (FOLDER / f"{kind}.yaml").is_file() and re.match(pattern, head):
            return Told(kind, said)
    return None


def of_message(told: Told, sample: Sample, given: Mapping[str, Any]) -> Proposal:
    """A message format says everything else itself; of its tables the first is looked at, unless another is given."""
    words = {"type": told.kind, **{w: v for w, v in given.items() if w in WORDS_OF[told.kind]}}
    findings = [Finding("type", told.kind, 0.97, told.evidence)]
    if told.kind not in TABLE_TYPES:
        return Proposal(words, tuple(findings))
    tables = list(message_format(told.kind).tables)
    table = words.get("table", tables[0])
    said = f"one of {', '.join(tables)}; `python -m pipelines formats {told.kind}` tells what they hold"
    findings.append(Finding("table", table, 1.0 if "table" in words else 0.9, said))
    reader = open_messages(sample.path, Format(**words), Tally(0, {}), sample.name)
    try:
        first = next(iter(reader.pieces()))
    finally:
        reader.close()
    cells = [column.to_pylist()[:_ROWS] for column in first.columns[len(LEAD) :]]
    rows = [row for row in zip(*cells, strict=True) if None not in row]  # without malformed ones
    described = describe(tuple(reader.columns), rows)
    found = TableFound((), 1, max(len(rows), 1), tuple(reader.columns), table)
    return Proposal(words, tuple(findings), (found,), described.columns if rows else (), tuple(reader.tally.warnings))


def of_export(sample: Sample, given: Mapping[str, Any]) -> tuple[Proposal | None, str | None]:
    """The proposal for a data file that an index beside it names, or for the index itself; and a doubt about the index.

    Nothing where there is no index, or one that does not name the file: it is then a file like any other.
    """
    index = _index(sample.path)
    if index is None or not _is_gdpdu(index):
        return None, None
    beside = Beside(index, index.name)
    try:
        export = read_index(beside)
        if index.samefile(sample.path):
            return _of_index(export.tables), None
        name = sample.path.resolve().relative_to(index.parent.resolve()).as_posix()
        table = table_for(export, name, given.get("table"))
    except DeliveryError as error:
        named = error.what == "file is not named in its index"
        return None, None if named else f"{_INDEX} beside it cannot be used: {error.where}, {error.got}"
    words = {w: v for w, v in given.items() if w in WORDS_OF["gdpdu"]}
    said = f"{index.name} beside it describes it, from line {table.line} on"
    columns = tuple(_column(c, table) for c in table.columns)
    found = TableFound((), table.first, 0, tuple(c.name for c in table.columns), table.name)
    return Proposal({"type": "gdpdu", **words}, (Finding("type", "gdpdu", 0.97, said),), (found,), columns), None


def _of_index(tables: Sequence[IndexTable]) -> Proposal:
    said = f"it is the index of an export of {len(tables)} tables: read the files that it names"
    shown = tuple(TableFound((), t.first, 0, tuple(c.name for c in t.columns), f"{t.url} ({t.name})") for t in tables)
    return Proposal({"type": "gdpdu"}, (Finding("type", "gdpdu", 0.97, said),), shown)


def _index(path: Path) -> Path | None:
    if path.name.casefold() == _INDEX:
        return path
    for folder in [path.parent, *list(path.resolve().parents)[1:_LEVELS]]:
        for name in (_INDEX, "INDEX.XML"):
            if (folder / name).is_file():
                return folder / name
    return None


def _is_gdpdu(path: Path) -> bool:
    with path.open("rb") as file:
        return re.search(rb"<DataSet[\s>]|gdpdu", file.read(_START)) is not None


def _column(column: Column, table: IndexTable) -> ColumnFound:
    """A column as the index says it: how its dates and numbers are written."""
    kind, formats = "text", ""
    if column.kind == "Date":
        kind, formats = "date", column.format.upper().replace("T", "D").replace("J", "Y")
        for said, ours in _DATES:
            formats = formats.replace(said, ours)
    elif column.kind == "Numeric":
        kind, formats = "number", f"1{table.grouping}234{table.decimal}5"
    return ColumnFound(column.name, kind, (formats,) if formats else (), 1.0, 0, "")
