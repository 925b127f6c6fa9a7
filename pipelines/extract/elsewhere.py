"""When a file does not fit its profile: is there another reading in which it does?

Nothing is read differently because of what is found here. It goes into the message, as the words that would accept it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract.reader import read_table
from pipelines.extract.table import CELLS, LEAD, PROBLEM, ROW
from pipelines.profile import Format

HEADER_WITHIN = 50
"""Lines in which a header is looked for: longer preambles are letters, not tables."""
HEAD_BYTES = 1 << 20
SHEETS = 30
SAMPLED = 200
DELIMITERS = (",", ";", "\t", "|", ":", "^", "~", "\x01", "\x1f")
QUOTES = ('"', "'", None)
ENCODINGS = ("utf-8", "cp1252", "cp850", "cp1250", "utf-16", "utf-32")
MOST_TRIED = 200
"""Names of one letter are in every line: the search must end all the same."""
_BLOCK = 1 << 20
_BREAK = re.compile(r"\r\n|\n|\r")
_WIDEST = 400
_SYMBOLS = set("€°§²³½¼–—‘’“”„…•«»©®™£¥µ×·¿¡´")

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_LOOKED_AT = 200_000

Fits = Callable[[Sequence[str]], bool]


@dataclass(frozen=True)
class Reading:
    """Words of the format that differ from the declared ones, and the columns they give."""

    words: Mapping[str, Any]
    columns: tuple[str, ...]


def other_reading(path: Path, fmt: Format, locale: str, fits: Fits, wanted: Sequence[Sequence[str]]) -> Reading | None:
    """The reading with the fewest changed words whose header `fits`; None when there is none.

    `wanted` are the columns looked for, each by its spellings: a line that has none of them is not tried.
    """
    if fmt.type not in ("csv", "xlsx") or not wanted:
        return None
    found: list[Reading] = []
    declared = fmt.encoding if fmt.type == "csv" and not fmt.fallback_encoding else None
    for words in islice(_candidates(path, fmt, locale, wanted), MOST_TRIED):
        if found and len(words) >= len(found[0].words):
            continue
        columns = header_of(path, fmt, words, locale)
        if (
            columns is not None
            and fits(columns)
            and decodes(path, words.get("encoding", None if "type" in words else declared))
        ):
            found.insert(0, Reading(words, tuple(columns)))
            if len(words) == 1:
                break
    return found[0] if found else None


def other_encoding(path: Path, fmt: Format, locale: str, fits: Fits) -> Reading | None:
    """The encoding in which the whole file is text and its header fits, when it is not text in the declared one."""
    if fmt.type not in ("csv", "fixed", "json", "jsonl") or fmt.fallback_encoding or decodes(path, fmt.encoding):
        return None
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for encoding in _plausible(head, fmt.encoding):
        columns = header_of(path, fmt, {"encoding": encoding}, locale)
        if columns is not None and fits(columns) and decodes(path, encoding):
            return Reading({"encoding": encoding}, tuple(columns))
    return None


def other_delimiter(path: Path, fmt: Format, locale: str) -> Reading | None:
    """The delimiter in which the first records have the declared number of cells, for a text whose names are declared:
    it has no header to go by."""
    if fmt.type != "csv" or not fmt.names or len(fmt.names) < 2:
        return None
    for delimiter in DELIMITERS:
        with suppress(DeliveryError, ValueError):
            words = {"delimiter": delimiter}
            with read_table(path, changed(fmt, words), locale, chunk_rows=SAMPLED) as reader:
                batch = next(reader.batches(), None)
                if batch is not None and batch.column(PROBLEM).null_count * 10 > batch.num_rows * 9:
                    return Reading(words, tuple(fmt.names))
    return None


def header_of(path: Path, fmt: Format, words: Mapping[str, Any], locale: str) -> list[str] | None:
    """The columns of the file in the declared format with some words changed; None when it cannot be opened so."""
    try:
        with read_table(path, changed(fmt, words), locale) as reader:
            return reader.columns
    except (DeliveryError, DeclarationError, ValueError):
        return None


def decodes(path: Path, encoding: str | None) -> bool:
    """Whether the whole file is text in that encoding; without one there is nothing to decode."""
    if encoding is None:
        return True
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except (UnicodeDecodeError, UnicodeError):
        return False
    return True


def changed(fmt: Format, words: Mapping[str, Any]) -> Format:
    """The format with other words; those that mean nothing for another type are left out."""
    given = fmt.model_dump(exclude_unset=True)
    if words.get("type", fmt.type) != fmt.type:
        given = {k: v for k, v in given.items() if k in ("header_rows", "header_join", "footer_rows")}
    return Format.model_validate({**given, **words})


def _candidates(path: Path, fmt: Format, locale: str, wanted: Sequence[Sequence[str]]) -> Iterator[dict[str, Any]]:
    """Sets of changed words worth trying, those with one changed word first."""
    words = [_fold(spelled) for spelled in wanted]
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        yield from _in_workbook(path, fmt, locale, words)
    else:
        yield from sorted(_in_text(head, fmt, words), key=len)


def _in_text(head: bytes, fmt: Format, wanted: list[list[str]]) -> Iterator[dict[str, Any]]:
    declared = fmt.encoding if fmt.type == "csv" else None
    for encoding in [*([declared] if declared else []), *_plausible(head, declared)]:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(head).removeprefix("\ufeff")
        lines = _BREAK.split(text)[: HEADER_WITHIN + max(fmt.header_rows, default=1)]
        for rows in _header_rows(lines, fmt, wanted):
            seen = "".join(lines[r - 1] for r in rows)
            for delimiter in [fmt.delimiter, *DELIMITERS]:
                for quote in [fmt.quote_char, *QUOTES] if delimiter in seen or delimiter == fmt.delimiter else ():
                    yield _different(fmt, {
                        "type": "csv", "encoding": encoding, "header_rows": rows, "delimiter": delimiter,
                        "quote_char": quote,
                    })  # fmt: skip


def _header_rows(lines: Sequence[str], fmt: Format, wanted: list[list[str]]) -> Iterator[list[int]]:
    """Where header rows in the declared distance from each other hold all the names, the declared rows first."""
    declared = sorted(set(fmt.header_rows)) or [1]
    offsets = [row - declared[0] for row in declared]
    for first in [declared[0], *range(1, HEADER_WITHIN + 1)]:
        rows = [first + o for o in offsets]
        if rows[-1] > len(lines):
            continue
        text = " ".join(" ".join(lines[r - 1].casefold() for r in rows).split())
        if all(any(_within(spelling, text) for spelling in spellings) for spellings in wanted):
            yield rows


def _in_workbook(path: Path, fmt: Format, locale: str, wanted: list[list[str]]) -> Iterator[dict[str, Any]]:
    sheets: list[Any] = [fmt.sheet if fmt.type == "xlsx" else None]
    sheets += range(1, SHEETS + 1)
    for sheet in sheets:
        lines = _first_rows(path, sheet, locale)
        if lines is None and isinstance(sheet, int) and sheet != fmt.sheet:
            return
        for rows in _header_rows(lines or [], fmt, wanted):
            yield _different(fmt, {"type": "xlsx", "header_rows": rows, "sheet": sheet})


def _first_rows(path: Path, sheet: Any, locale: str) -> list[str] | None:
    """The first rows of a sheet, cells joined; None when there is no such sheet."""
    names = [f"c{i}" for i in range(_WIDEST)]
    words: dict[str, Any] = {"type": "xlsx", "header_rows": [], "names": names}
    if sheet is not None:
        words["sheet"] = sheet
    rows: dict[int, str] = {}
    with suppress(DeliveryError):
        with read_table(path, Format.model_validate(words), locale, chunk_rows=HEADER_WITHIN * 2) as reader:
            batch = next(reader.batches(), None)
            for record in batch.to_pylist() if batch is not None else []:
                cells = record[CELLS] or [v for k, v in record.items() if k not in LEAD]
                rows[record[ROW]] = " ".join(c for c in cells if c)
        return [rows.get(n, "") for n in range(1, HEADER_WITHIN + 1)]
    return None


def _different(fmt: Format, words: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in words.items() if getattr(fmt, k) != v}


def _plausible(head: bytes, declared: str | None) -> list[str]:
    """Encodings that can read the text, the one that makes most accented bytes letters first."""
    scored: list[tuple[float, int, str]] = []
    if declared and _undecodable(head, declared) * 2 < _accented(head, declared):
        return []  # a few broken bytes in a text that is in the declared encoding all the same
    for order, encoding in enumerate(ENCODINGS):
        if declared and codecs.lookup(encoding) == codecs.lookup(declared):
            continue
        try:
            text = codecs.getincrementaldecoder(encoding)("strict").decode(head)
        except (UnicodeDecodeError, UnicodeError):
            continue
        text = text.removeprefix("\ufeff")
        if "\0" in text or (encoding.startswith(("utf-16", "utf-32")) and "\n" not in text):
            continue
        scored.append((-1.0 if encoding == "utf-8" else -_likely(text), order, encoding))
    return [encoding for _, _, encoding in sorted(scored)]


def _likely(text: str) -> float:
    """Share of the characters beyond ASCII that stand where such ones do: letters beside letters and no capital after
    a small one (`GrÇße`), symbols not inside a word (`Gr”áe`)."""
    odd = good = 0
    for found in _BEYOND_ASCII.finditer(text, 0, _LOOKED_AT):
        odd += 1
        at, char = found.start(), found[0]
        before, after = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
        if char.isalpha():
            good += (before.isalpha() or after.isalpha()) and not (char.isupper() and before.islower())
        elif char in _SYMBOLS:
            good += char == "’" or not (before.isalpha() and after.isalpha())
    return good / odd if odd else 0.0


def _undecodable(head: bytes, encoding: str) -> int:
    """Places in the head that are no text in this encoding."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(head).count("\ufffd")


def _accented(head: bytes, encoding: str) -> int:
    """Characters beyond ASCII that it does read."""
    text = codecs.getincrementaldecoder(encoding)("ignore").decode(head)
    return sum(not c.isascii() for c in text)


def _fold(spellings: Sequence[str]) -> list[str]:
    return [" ".join(s.split()).casefold() for s in spellings]


def _within(spelling: str, text: str) -> bool:
    """Whether all words of a name occur: a name may be spread over several header rows."""
    return all(word in text for word in spelling.split())
