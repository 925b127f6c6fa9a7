"""Business messages are known by how they begin; what else is in them their own readers say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipelines.extract.messages import open_messages
from pipelines.extract.sniff.columns import describe
from pipelines.extract.sniff.proposal import Finding, Proposal, TableFound
from pipelines.extract.sniff.sample import Sample
from pipelines.extract.table import LEAD, Tally
from pipelines.formats import message_format
from pipelines.profile import Format

_XML_STARTS: tuple[tuple[str, str], ...] = (
    ("camt", r"<(?:\w+:)?(?:BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn))\b|iso:std:iso:20022:tech:xsd:camt\.05[234]\."),
    ("einvoice", r"<(?:\w+:)?(?:CrossIndustryInvoice|CrossIndustryDocument)\b"),
    ("einvoice", r"xmlns(?::\w+)?=\"urn:oasis:names:specification:ubl:schema:xsd:(?:Invoice|CreditNote)-2\""),
    ("saft", r"<(?:\w+:)?AuditFile\b"),
    ("ofx", r"<OFX>|<\?OFX\b"),
)
_TEXT_STARTS: tuple[tuple[str, str], ...] = (
    ("ofx", r"OFXHEADER:\s*\d+"),
    ("datev", r"\"?(?:EXTF|DTVF)\"?;\d+;\d+;"),
    ("edifact", r"(?:UNA.{6}\s*)?UN[BH][+\S]|UNA.{6}\s*UN[AB]"),
    ("x12", r"ISA([^A-Za-z0-9\s]).{2}\1.{10}\1.{2}\1"),
    ("mt940", r"(?:\{1:[^{}]*\}|(?:ABNA|INGB|RABO)\w*\s+)?[\s\S]{0,400}?^:20:[^\n]*\n(?:[\s\S]{0,400}?\n)??:25[A-Z]?:"),
)
"""Format → how its files begin, white space before it left out."""


def message_kind(text: str) -> str | None:
    """The message format of a text, by its beginning.

    >>> message_kind("UNB+UNOC:3+1:14+2:14+261109:0800+7'"), message_kind("Konto;Betrag")
    ('edifact', None)
    """
    start = text.lstrip("\ufeff \t\r\n")[:20_000]
    if start[:1] == "<":
        head = re.sub(r"<!--.*?-->", "", start, flags=re.DOTALL)
        return next((kind for kind, pattern in _XML_STARTS if re.search(pattern, head)), None)
    return next((kind for kind, pattern in _TEXT_STARTS if re.match(pattern, start, re.MULTILINE)), None)


def of_messages(sample: Sample, kind: str, given: Mapping[str, Any], evidence: str) -> Proposal:
    """The proposal for a file of this format: its first table, unless another is given."""
    words = {"type": kind, "table": next(iter(message_format(kind).tables)), **given}
    table = open_messages(sample.path, Format(**words), Tally(0, {}), sample.name)
    try:
        first = next(iter(table.pieces()))
    finally:
        table.close()
    rows = list(zip(*(column.to_pylist() for column in first.columns[len(LEAD) :]), strict=True))[:500]
    described = describe(tuple(table.columns), [row for row in rows if None not in row])
    others = [name for name in message_format(kind).tables if name != words["table"]]
    said = (
        f"{words['table']} of {', '.join([words['table'], *others])}; `python -m pipelines formats {kind}` tells more"
    )
    return Proposal(
        words,
        (Finding("type", kind, 0.99, evidence), Finding("table", words["table"], 0.9, said)),
        (TableFound((), 1, max(len(rows), 1), tuple(table.columns)),),
        described.columns if rows else (),
        tuple(table.tally.warnings),
    )
