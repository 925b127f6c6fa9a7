"""Bytes to text: declared encoding, byte order marks, and errors that say where and what."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import DeliveryError

BLOCK_BYTES = 2 << 20
"""Read at a time: large enough for the fast path, small beside a chunk."""

MAGIC = {
    b"PK\x03\x04": "a zip archive or workbook (.xlsx, .ods)",
    b"\xd0\xcf\x11\xe0": "an old or password-protected Office file (.xls)",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF-": "a PDF",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
}
_MARKS = (
    (codecs.BOM_UTF8, ("utf-8", "utf-8-sig")),
    (codecs.BOM_UTF32_LE, ("utf-32", "utf-32-le")),
    (codecs.BOM_UTF32_BE, ("utf-32", "utf-32-be")),
    (codecs.BOM_UTF16_LE, ("utf-16", "utf-16-le")),
    (codecs.BOM_UTF16_BE, ("utf-16", "utf-16-be")),
)
_COMMON = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")
_BREAK = re.compile(r"\r\n|\n|\r")
_SURROGATE = re.compile("[\ud800-\udfff]")


class TextSource:
    """A text file read in blocks, decoded strictly; the byte order mark is dropped."""

    def __init__(self, path: Path, encoding: str, name: str) -> None:
        self.name = name
        self.ended = False
        self._path = path
        self._encoding = encoding
        _refuse_other_kinds(path, encoding, name)
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._file = path.open("rb")
        self._offset = 0
        self._first = True

    def read(self) -> str:
        """The next text; empty only at the end, after which `ended` is set."""
        while not self.ended:
            block = self._file.read(BLOCK_BYTES)
            self.ended = not block
            pending = len(self._decoder.getstate()[0])
            try:
                text = self._decoder.decode(block, final=self.ended)
            except UnicodeDecodeError as error:
                raise self._undecodable(error, self._offset - pending) from None
            self._offset += len(block)
            if self._first and text:
                self._first = False
                text = text.removeprefix("\ufeff")
            if not text.isascii() and _SURROGATE.search(text):
                raise _refused(self.name, "half a character (a lone surrogate)", f"text in {self._encoding}")
            if text:
                return text
        return ""

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._file.close()

    def _undecodable(self, error: UnicodeDecodeError, base: int) -> DeliveryError:
        offset = base + error.start
        data = error.object[error.start : max(error.end, error.start + 1)]
        got = f"bytes {data[:4].hex(' ').upper()} at byte offset {offset}"
        if self.ended and error.end >= len(error.object):
            got += ", the last bytes of the file: it may be truncated"
        else:
            other = next((c for c in _COMMON if self._reads_as(c)), None)
            got += f"; the whole file can be read as {other}" if other else ""
        return DeliveryError(
            "text is not in the declared encoding",
            where=f"{self.name}:{self._line_at(offset)}",
            got=got,
            expected=self._encoding,
            next_step=f"send the file again in {self._encoding}, "
            "or tell us the encoding so that the profile can be changed",
        )

    def _reads_as(self, encoding: str) -> bool:
        """Whether the whole file decodes; UTF-16 accepts almost any bytes, so there NULs must bear it out."""
        if codecs.lookup(encoding) == codecs.lookup(self._encoding):
            return False
        nuls = breaks = 0
        try:
            for text in _decoded(self._path, encoding, "strict"):
                nuls += text.count("\0")
                breaks += len(_BREAK.findall(text))
        except UnicodeDecodeError:
            return False
        return nuls == 0 and (breaks > 0 or not encoding.startswith("utf-16"))

    def _line_at(self, offset: int) -> int:
        """The physical line that holds this byte."""
        line, last = 1, ""
        for text in _decoded(self._path, self._encoding, "replace", offset):
            line += len(_BREAK.findall(text)) - (last == "\r" and text[:1] == "\n")
            last = text[-1:]
        return line


def _decoded(path: Path, encoding: str, errors: str, limit: int | None = None) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    left = path.stat().st_size if limit is None else limit
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(BLOCK_BYTES, left))):
            left -= len(block)
            yield decoder.decode(block)
    if limit is None:
        yield decoder.decode(b"", final=True)


def _refuse_other_kinds(path: Path, encoding: str, name: str) -> None:
    """Files that are empty, not text, or that say by themselves that they are in another encoding."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise _refused(name, "no bytes at all", "a header and records")
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            raise _refused(name, kind, "delimited text")
    codec = codecs.lookup(encoding).name
    for mark, codecs_of_mark in _MARKS:
        if head.startswith(mark):
            if codec not in codecs_of_mark:
                raise _refused(name, f"a byte order mark of {codecs_of_mark[0]}", f"text in {encoding}")
            if head == mark:
                raise _refused(name, "a byte order mark and nothing else", "a header and records")
            return
    if not codec.startswith(("utf-16", "utf-32")) and head.count(0) * 4 > len(head):
        raise _refused(name, "NUL bytes all over, as in utf-16", f"text in {encoding}")


def _refused(name: str, got: str, expected: str) -> DeliveryError:
    return DeliveryError(
        "file cannot be read as declared",
        where=name,
        got=got,
        expected=expected,
        next_step="send the file again in the agreed format, or tell us the new one so that the profile can be changed",
    )
