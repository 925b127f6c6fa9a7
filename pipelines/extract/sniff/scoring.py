"""How well a dialect explains a text: the bits that are needed to write the text down as a table of that dialect.

The right dialect gives columns whose cells are of one kind, records of one width, and quotes only where quotes
belong. Each departure costs bits, so the shortest description wins (minimum description length). The figure of one
column without any delimiter is the mark that every delimiter must beat.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import lgamma, log, log2
from typing import Any

from pipelines.extract.sniff.cells import EMPTY, KINDS, WORD, look
from pipelines.extract.sniff.records import UNCLOSED, Record, read_records

_ALPHA = 0.25
_LN2 = log(2)
STRAY_QUOTE, UNCLOSED_QUOTE, IDLE_ESCAPE = 24.0, 60.0, 14.0
"""Bits of text behind a closing quote, of a quote without end, and of an escape that escapes nothing."""

PER_CELL: Mapping[str, float] = {
    ",": 0.3, ";": 0.1, "\t": 0.0, "|": 0.0, " ": 1.4, ":": 2.0, "~": 0.6, "^": 0.6, "#": 1.5, "&": 4.0, "*": 2.0,
    "!": 2.0, "$": 2.0, "§": 0.6, "¦": 0.3, "%": 8.0, "=": 3.5, "+": 3.5,
    "@": 3.5, "-": 6.0, "_": 6.0, ".": 8.0, "/": 6.0, "\\": 4.0,
    "(": 6.0, ")": 6.0, "[": 6.0, "]": 6.0, "{": 6.0, "}": 6.0, "<": 5.0, ">": 5.0, "?": 4.0, "'": 6.0, "`": 4.0,
}  # fmt: skip
"""Bits per delimiter, by how seldom files are delimited by it."""

PRIOR: Mapping[str, float] = {",": 1.0, ";": 2.5, "\t": 2.5, "|": 4.0, " ": 7.0, ":": 9.0, ", ": 4.0}
SINGLE = 11.0
"""Bits of choosing a delimiter, or one column: what decides between them in files of a few lines."""

PER_COLUMN = -2.0
"""Bits of a column. The surprise at the first cell of each is no evidence against having many."""

ODD_WIDTH = 3.0
"""Bits of a record that has not the width of most."""

MOST_CREDITED = 40
"""Columns that it is reckoned for: in thousands of columns it would outweigh what they hold."""

NEVER_FILLED = 8.0
"""Bits of a column between others that holds nothing, not even a name: rather the delimiter is two characters."""

SELDOM = 10.0
"""Bits of a delimiter that half of the records do not have, as commas in remarks."""

OWN_SEPARATOR = 30.0
"""Bits of a record separator that is no line break: it must pay for itself."""


@dataclass(frozen=True)
class Scored:
    """A dialect and its price.

    `width` is the usual number of cells, `regular` the records that have it; `scale` makes up for a shorter text.
    """

    words: Mapping[str, Any]
    bits: float
    width: int
    regular: int
    records: int
    strays: int
    quoted: int
    typed: float
    scale: float = 1.0

    @property
    def price(self) -> float:
        """Bits on the whole text that the best dialects were compared on."""
        return self.bits * self.scale

    @property
    def delimiter(self) -> str | None:
        """None when everything is in one column."""
        return self.words["delimiter"] if self.width > 1 else None

    @property
    def per_record(self) -> float:
        """Bits per record."""
        return self.bits / max(self.records, 1)


def score(text: str, words: Mapping[str, Any], *, final: bool) -> Scored:
    """Price of a text under a dialect."""
    records = [r for r in read_records(text, dict(words), final=final) if not r.blank]
    groups: dict[int, list[list[str]]] = defaultdict(list)
    for record in records:
        groups[len(record.cells)].append(record.cells)
    bits = _widths([len(r.cells) for r in records])
    typed = filled = 0
    for width, rows in groups.items():
        cost, n_typed, n_filled = _columns(rows, width)
        bits, typed, filled = bits + cost, typed + n_typed, filled + n_filled
    delimiter = words["delimiter"]
    price = _price(delimiter)
    bits += price * sum(len(r.cells) - 1 for r in records)
    bits += (
        PRIOR.get(delimiter, 10.0 if len(delimiter) == 1 else 14.0) if len(groups) > 1 or 1 not in groups else SINGLE
    )
    if words.get("record_separator"):
        bits += OWN_SEPARATOR
    syntax, strays, quoted = _quoting(records, words)
    bits += syntax
    if len(groups) > 1 and 2 * len(groups.get(1, ())) >= len(records):
        bits += SELDOM
    bits += ODD_WIDTH * (len(records) - max((len(g) for g in groups.values()), default=0))
    width = max(groups, key=lambda w: (len(groups[w]) * w, w), default=1)
    covered = sum(len(r.raw) for r in records)
    if records and covered < len(text) * 0.5:  # given up on quotes without end: the rest is text nobody explained
        bits += (len(text) - covered) * 6.0
    return Scored(words, bits, width, len(groups[width]), len(records), strays, quoted, typed / max(filled, 1))


def _price(delimiter: str) -> float:
    """Bits per delimiter; several characters are a delimiter when they repeat, or hold a sign that text has not."""
    single = PER_CELL.get(delimiter[0], 2.5)
    longer = len(delimiter) - 1
    if not longer:
        return single
    meant = len(set(delimiter)) == 1 or set(delimiter) & set("|~^§¦¬") or delimiter[1:] == " "
    return min(PER_CELL.get(c, 2.5) for c in delimiter if c != " ") + longer * (0.2 if meant else 6.0)


def _columns(rows: Sequence[Sequence[str]], width: int) -> tuple[float, int, int]:
    """Bits of the cells of records of one width, and how many filled cells are of a certain kind."""
    bits = 0.0
    typed = filled = 0
    unfilled = 0
    for column in zip(*rows, strict=True):
        counts = [0] * KINDS
        for cell in column:
            kind, cost = look(cell)
            counts[kind] += 1
            bits += cost
        bits += _surprise(counts)
        if counts[EMPTY] == len(column) > 1:
            unfilled += 1
        else:  # those at the end come from spreadsheets
            bits, unfilled = bits + NEVER_FILLED * unfilled, 0
        filled += len(column) - counts[EMPTY]
        typed += sum(counts[EMPTY + 1 : WORD])
    if len(rows) > 1:
        bits += PER_COLUMN * min(width, MOST_CREDITED)
    return bits, typed, filled


def _surprise(counts: Sequence[int]) -> float:
    """Bits to say the kind of each cell when the shares are learnt on the way (Dirichlet-multinomial)."""
    n = sum(counts)
    nats = lgamma(n + KINDS * _ALPHA) - lgamma(KINDS * _ALPHA)
    nats -= sum(lgamma(c + _ALPHA) - lgamma(_ALPHA) for c in counts if c)
    return nats / _LN2


def _widths(widths: Sequence[int]) -> float:
    """Bits to say how wide each record is: little for the same width again, more for a change."""
    if not widths:
        return 0.0
    changes = sum(a != b for a, b in pairwise(widths))
    same = len(widths) - 1 - changes
    share = (changes + 0.5) / (changes + same + 1)
    news = len(set(widths))
    return 6.0 - changes * log2(share) - same * log2(1 - share) + 1.0 * changes + 4.0 * news


def _quoting(records: Sequence[Record], words: Mapping[str, Any]) -> tuple[float, int, int]:
    """Bits of quotes and escapes; stray quotes; records with quoted cells."""
    quote, escape = words.get("quote_char"), words.get("escape_char")
    strays = sum(1 for r in records if r.problem)
    bits = sum(UNCLOSED_QUOTE if r.problem == UNCLOSED else STRAY_QUOTE for r in records if r.problem)
    quoted = 0
    if quote:
        bits += 3.0 if quote == '"' else 8.0
        odd = False
        for record in records:
            if quote not in record.raw:
                continue
            syntax = record.raw.count(quote) - sum(cell.count(quote) for cell in record.cells)
            bits += 0.4 * syntax
            quoted += syntax > 0
            inner = sum(cell.count("\n") + cell.count("\r") for cell in record.cells)
            bits += 6.0 * (inner > 0)
            odd = odd or syntax == 0
        if not quoted:
            bits += 4.0
    if escape:
        special = re.escape(escape) + (re.escape(quote) if quote else "") + re.escape(words["delimiter"][0]) + "\r\n"
        pair = re.compile(rf"{re.escape(escape)}(?:([{special}])|.|$)")
        bits += 10.0
        for record in records:
            if escape in record.raw:
                pairs = pair.findall(record.raw)
                used = sum(1 for p in pairs if p)
                bits += IDLE_ESCAPE * (len(pairs) - used) + 1.5 * used
    return bits, strays, quoted


def price_of_rows(rows: Sequence[Sequence[str]]) -> float:
    """Bits of rows of one width that were cut up in another way than by a delimiter."""
    return _columns(rows, len(rows[0]))[0] + _widths([len(r) for r in rows]) if rows else 0.0
