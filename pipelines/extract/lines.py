"""Text files by line or by length, for the formats that are not delimited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract.encoding import MAGIC, TextSource
from pipelines.extract.table import count_of
from pipelines.profile import Format

MAX_LINE_CHARS = 4 << 20
"""No record of a business file is longer; a file that lost its line breaks is. Bounds the memory of the reader."""

_BREAK = re.compile(r"\r\n|\n|\r")
_NEXT_LINE = "\x85"
"""The line break of mainframes: EBCDIC 0x15 decodes to it. Elsewhere it is an ordinary character."""


class Block(NamedTuple):
    """Some lines in order, without their ends, and the physical line on which each begins."""

    rows: Sequence[int]
    lines: list[str]


def unreadable(name: str, got: str, expected: str) -> DeliveryError:
    """The error that a file is not of the declared kind."""
    return DeliveryError(
        "file cannot be read as declared",
        where=name,
        got=got,
        expected=expected,
        next_step="send the complete file again in the agreed format, "
        "or tell us the new one so that the profile can be changed",
    )


def refuse_other_kinds(path: Path, name: str, expected: str) -> bytes:
    """The first bytes of a file; DeliveryError when it is empty or an archive, workbook or PDF."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise unreadable(name, "no bytes at all", expected)
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            raise unreadable(name, kind, expected)
    return head


def open_text(path: Path, fmt: Format, name: str, expected: str) -> TextSource:
    """A text file open for reading; DeliveryError when it plainly is of another kind than `expected`."""
    refuse_other_kinds(path, name, expected)
    if fmt.fallback_encoding is not None:
        raise DeclarationError(
            "fallback_encoding has no meaning here",
            where=name,
            got=f"fallback_encoding {fmt.fallback_encoding} for type {fmt.type}",
            expected="one encoding for the whole file",
            next_step="remove fallback_encoding from the profile",
        )
    return TextSource(path, fmt.encoding, name)


def is_ebcdic(encoding: str) -> bool:
    """Whether this codec is one of mainframes."""
    return "A".encode(encoding) == b"\xc1"


class Lines:
    """The lines of a text that is read block by block.

    They end by CRLF, LF or CR (in EBCDIC also by NEL), or by `separator`. Rows count physical lines; a separator
    without a line break puts everything on one line, and there the records are the lines. After the last block
    `unended` says whether the last line had no end of its own.
    """

    def __init__(self, source: TextSource, encoding: str, separator: str | None = None) -> None:
        self.unended = False
        self._source = source
        self._separator = separator
        self._ebcdic = is_ebcdic(encoding)
        self._counts_breaks = bool(separator and _BREAK.search(separator))

    def blocks(self) -> Iterator[Block]:
        """All lines of the file; DeliveryError for one without end."""
        row, rest = 1, ""
        while text := self._source.read():
            rest, lines = self._split(rest + text)
            if len(rest) > MAX_LINE_CHARS:
                raise self._endless(row + len(lines), len(rest))
            if lines:
                block = self._numbered(row, lines)
                row = self._after(block)
                yield block
        if rest.endswith("\r") and self._separator is None:
            yield Block([row], [rest[:-1]])
        elif rest:
            self.unended = True
            yield Block([row], [rest.rstrip("\x1a")])  # the end-of-file mark of DOS

    def _split(self, text: str) -> tuple[str, list[str]]:
        """The text after the last line end, and the lines before it. A CR at the end may be half a line break."""
        if self._separator is not None:
            *lines, rest = text.split(self._separator)
            return rest, lines
        half = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if self._ebcdic:
            text = text.replace(_NEXT_LINE, "\n")
        *lines, rest = text.split("\n")
        return rest + half, lines

    def _numbered(self, row: int, lines: list[str]) -> Block:
        if not self._counts_breaks:
            return Block(range(row, row + len(lines)), lines)
        rows: list[int] = []
        for line in lines:
            rows.append(row)
            row += len(_BREAK.findall(line + (self._separator or "")))
        return Block(rows, lines)

    def _after(self, block: Block) -> int:
        ends = len(_BREAK.findall(block.lines[-1] + (self._separator or ""))) if self._counts_breaks else 1
        return block.rows[-1] + ends

    def _endless(self, row: int, chars: int) -> DeliveryError:
        return DeliveryError(
            "record without end",
            where=f"{self._source.name}:{row}",
            got=f"{chars} characters without the end of a record",
            expected=f"records of at most {count_of(MAX_LINE_CHARS, 'character')}",
            next_step="send the file again with a line break after each record; "
            "if it ends its records in another way, tell us so that the profile can be changed",
        )


def by_length(source: TextSource, length: int, end: str) -> Iterator[Block]:
    """Records of one length that follow each other without line breaks; rows are their ordinals.

    Characters of `end` at the very end are no part of a record. DeliveryError when the last record is not whole.
    """
    row, rest = 1, ""
    while text := source.read():
        rest += text
        whole = len(rest.rstrip(end)) // length
        lines = [rest[i : i + length] for i in range(0, whole * length, length)]
        rest = rest[whole * length :]
        if lines:
            yield Block(range(row, row + whole), lines)
            row += whole
    if left := len(rest.rstrip(end)):
        raise DeliveryError(
            "file is truncated",
            where=f"{source.name}, record {row}",
            got=f"{count_of(left, 'character')} after the last whole record, and no line break in the file",
            expected=f"records of {count_of(length, 'character')} each",
            next_step="send the complete file again, or tell us the new layout so that the profile can be changed",
        )
