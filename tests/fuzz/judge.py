"""Read one broken file and say what is wrong with the way it was read, if anything.

Allowed ends: a table whose lines are all accounted for, or a KontorError. For delimited text the physical lines of the
file must equal the lines counted apart plus those of the records, line breaks inside cells included.
"""

from __future__ import annotations

import codecs
import re
from itertools import pairwise
from pathlib import Path

from pipelines.dialect import Format
from pipelines.errors import KontorError
from pipelines.extract.facts import FileFacts
from pipelines.extract.reading import LENIENT, Chunk, open_table
from tests.fuzz.corpus import Seed

_BREAK = re.compile(r"\r\n|\n|\r")


def judge(path: Path, seed: Seed, *, declared: bool) -> str | None:
    """What is wrong, or None. `declared` reads with the words of the seed, else everything is found out."""
    try:
        fmt = Format(**seed.words) if declared and seed.words is not None else None
        proposal, reader = open_table(path, fmt)
        fmt = fmt or (proposal.format if proposal else Format(**LENIENT))
        rows, breaks = [], 0
        with reader:
            for batch in reader.batches():
                for row in Chunk(reader.columns, batch).rows():
                    rows.append(row.number)
                    breaks += sum(len(_BREAK.findall(c or "")) for c in row.cells)
        facts = reader.facts
    except KontorError as error:
        return None if error.what and error.next_step else f"an error that does not say what to do: {error}"
    if len(rows) != facts.records:
        return f"{len(rows)} records came, {facts.records} are counted"
    if any(a >= b for a, b in pairwise(rows)):
        return "row numbers do not rise"
    return _unaccounted(path, fmt, facts, rows, breaks) if _lines_are_records(fmt) else None


def _lines_are_records(fmt: Format) -> bool:
    return fmt.type == "csv" and fmt.record_separator is None and fmt.escape_char is None


def _unaccounted(path: Path, fmt: Format, facts: FileFacts, rows: list[int], breaks: int) -> str | None:
    lines = _lines(path, fmt) if facts.size == path.stat().st_size else None  # else it was packed
    if lines is None:
        return None
    apart = (
        facts.header_rows + facts.preamble_rows + facts.blank_rows + facts.comment_rows + len(facts.footer_rows)
        + sum(getattr(facts, name, 0) for name in ("outside_rows", "repeated_header_rows"))
    )  # fmt: skip
    inside = breaks + sum(len(_BREAK.findall(c or "")) for record in facts.footer for c in record)
    missing = lines - apart - len(rows) - inside
    # line breaks inside blank records are not seen from here
    if missing < 0 or (missing > 0 and not facts.blank_rows):
        return f"{lines} lines, {len(rows)} records, {apart} lines counted apart, {inside} breaks in cells"
    return None


def _lines(path: Path, fmt: Format) -> int | None:
    """Physical lines of a text file; None where its text is not plain to see."""
    if fmt.fallback_encoding:
        return None
    try:
        text = codecs.decode(path.read_bytes(), fmt.encoding)
    except (UnicodeError, LookupError):
        return None
    return len(_BREAK.findall(text)) + (bool(text) and text[-1] not in "\r\n")
