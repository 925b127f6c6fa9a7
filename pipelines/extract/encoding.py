"""Bytes to text: declared encoding, byte order marks, files put together from two encodings, exact errors.

Text is handed on in blocks, as characters (`read`) or as the bytes of its UTF-8 (`read_utf8`). An undecodable byte
raises when it is reached, not before: what stands in front of it is handed on first, however the blocks fall.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract.mixed import MixedDecoder, same_ascii

BLOCK_BYTES = 1 << 20
"""Read at a time: a block is decoded, framed and parsed while it is still in the cache of the processor."""

MAX_BLOCK_BYTES = 32 << 20
"""Blocks grow with the number of columns, for each block costs something for each column."""

NUL_TAIL_BYTES = 512
"""That many NUL bytes at the end, the smallest unit of a disk, are space that was set aside and never written; fewer
are the padding of a program that ends its texts with NUL."""

MAGIC = {
    b"PK\x03\x04": "a zip archive or workbook (.xlsx, .ods)",
    b"\xd0\xcf\x11\xe0": "an old or password-protected Office file (.xls)",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF-": "a PDF",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
}
_MARKS = (
    (codecs.BOM_UTF8, ("utf-8", "utf-8-sig"), "utf-8"),
    (codecs.BOM_UTF32_LE, ("utf-32", "utf-32-le"), "utf-32-le"),
    (codecs.BOM_UTF32_BE, ("utf-32", "utf-32-be"), "utf-32-be"),
    (codecs.BOM_UTF16_LE, ("utf-16", "utf-16-le"), "utf-16-le"),
    (codecs.BOM_UTF16_BE, ("utf-16", "utf-16-be"), "utf-16-be"),
)
_COMMON = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")
_BREAK = re.compile(r"\r\n|\n|\r")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MIXED_WITH = "cp1252"


class TextSource:
    """A text file read in blocks, decoded strictly; the byte order mark is dropped.

    Lines that are not in `encoding` are read in `fallback`, if one is given, and counted. `separator` is the record
    separator where it is not a line break: a line ends with it.
    """

    def __init__(
        self, path: Path, encoding: str, name: str, fallback: str | None = None, separator: str | None = None
    ) -> None:
        self.name = name
        self.ended = False
        self.padding = 0
        self.padding_lines = 0
        self._path = path
        self._encoding = encoding
        self._separator = separator if separator and not _BREAK.search(separator) else None
        head = _refuse_other_kinds(path, encoding, name)
        self._codec, self.offset = _resolved(encoding, head)
        self._size = self._without_padding(self.offset)
        self.raw = self._codec == "utf-8" and not fallback
        self._ascii = same_ascii(self._codec)
        self._halves = not self._ascii and not self._codec.startswith(
            ("utf-8", "utf-16", "utf-32")
        )  # may give half a character
        self._mixed = self._mixed_decoder(fallback) if fallback else None
        self._decoder = codecs.getincrementaldecoder(self._codec)("strict")
        self._broken: int | None = None
        self._first = True
        self._grow = 1
        self._file = path.open("rb")
        self._file.seek(self.offset)

    @property
    def position(self) -> int:
        """The byte offset up to which the file has been handed on (a whole number of characters)."""
        return self.offset - len(self._decoder.getstate()[0]) if self._broken is None else self._broken

    def grow(self, columns: int) -> None:
        """Read larger blocks from now on, so that a table of this many columns has enough records in each."""
        self._grow = 1 + columns // 1024

    def read(self) -> str:
        """The next text; empty only at the end, after which `ended` is set."""
        while not self.ended:
            text = self._decode(self._block())
            if text:
                return text
        return ""

    def read_utf8(self) -> bytes:
        """The next text in UTF-8; empty only at the end. Where the file is UTF-8 (`raw`) it is not yet validated."""
        if self.raw:
            if self.position != self.offset:  # what `read` has left
                self.offset, self._broken = self.position, None
                self._file.seek(self.offset)
                self._decoder.reset()
            return self._block()
        if self._ascii and not self._mixed and self._broken is None and not self._decoder.getstate()[0]:
            block = self._block()
            if not block.isascii():
                return (self._decode(block) or self.read()).encode()
            self._first = False
            return block
        return self.read().encode()

    def warnings(self) -> list[str]:
        """What is worth knowing of the file: complete once `ended` is set."""
        found = []
        if self._mixed and self._mixed.count:
            mixed = self._mixed
            lines = "1 line is" if mixed.count == 1 else f"{mixed.count} lines are"
            found.append(
                f"{lines} not in {self._encoding} and read in {mixed.fallback}, the first is line {mixed.first_line}"
            )
        if self.padding:
            found.append(f"{self.padding} NUL bytes after the last line, passed over")
        return found

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._file.close()

    def undecodable(self, offset: int) -> DeliveryError:
        """The error for the byte at this place, where decoding comes to a halt."""
        with self._path.open("rb") as file:
            file.seek(offset)
            data = file.read(min(16, self._size - offset))
        try:
            data.decode(self._codec)
            wrong = data[:1]
        except UnicodeDecodeError as error:
            wrong = data[error.start : max(error.end, error.start + 1)]
            offset += error.start
        return self._not_in_encoding(offset, wrong)

    def _not_in_encoding(self, offset: int, wrong: bytes) -> DeliveryError:
        got = f"bytes {wrong[:4].hex(' ').upper()} at byte offset {offset}"
        if offset + len(wrong) >= self._size and not self._mixed:
            got += ", the last bytes of the file: it may be truncated"
        elif self._mixed:
            got += ", in a line that is in neither encoding"
        else:
            got += self._advice()
        both = f"{self._encoding} or {self._mixed.fallback}" if self._mixed else self._encoding
        return DeliveryError(
            "text is not in the declared encoding",
            where=f"{self.name}:{self._line_at(offset)}",
            got=got,
            expected=both,
            next_step=f"send the file again in {self._encoding}, "
            "or tell us the encoding so that the profile can be changed",
        )

    def _block(self) -> bytes:
        size = min(BLOCK_BYTES * self._grow, max(MAX_BLOCK_BYTES, BLOCK_BYTES), self._size - self.offset)
        block = self._file.read(size) if size > 0 else b""
        self.offset += len(block)
        self.ended = not block
        return block

    def _decode(self, block: bytes) -> str:
        if self._broken is not None:
            raise self.undecodable(self._broken)
        text = self._decode_mixed(self._mixed, block) if self._mixed else self._decode_strictly(block)
        if self._first and text:
            self._first = False
            text = text.removeprefix("\ufeff")
        if self._halves and not text.isascii() and _SURROGATE.search(text):
            raise _refused(self.name, "half a character (a lone surrogate)", f"text in {self._encoding}")
        return text

    def _decode_strictly(self, block: bytes) -> str:
        state = self._decoder.getstate()
        pending = len(state[0])
        begin = self.offset - len(block) - pending
        try:
            return self._decoder.decode(block, final=self.ended)
        except UnicodeDecodeError as error:
            good = error.start - pending
            self._decoder.setstate(state)  # some decoders forget what was pending
            text = self._decoder.decode(block[:good]) if good > 0 else ""
            if not text:
                data = error.object[error.start : max(error.end, error.start + 1)]
                raise self._not_in_encoding(begin + error.start, data) from None
            self._broken = begin + error.start
            self.ended = False  # the next read raises
            return text

    def _decode_mixed(self, mixed: MixedDecoder, block: bytes) -> str:
        text = mixed.decode(block, final=self.ended)
        if mixed.too_long:
            raise _refused(self.name, f"a line of more than {mixed.MAX_LINE_BYTES} bytes", "lines of text")
        if text:
            self.ended = False  # what is wrong with the line that follows is said by the next read
        elif mixed.failed:
            raise self._not_in_encoding(*mixed.failed)
        return text

    def _mixed_decoder(self, fallback: str) -> MixedDecoder:
        for codec in (self._codec, fallback):
            if "\r\n".encode(codec) != b"\r\n":
                raise DeclarationError(
                    "fallback_encoding cannot be used here",
                    got=f"{codec}, whose line breaks are not single bytes",
                    expected="two encodings in which a line break is one byte, e.g. utf-8 and cp1252",
                    next_step="correct encoding and fallback_encoding in the profile",
                )
        return MixedDecoder(self._codec, fallback, self._separator, self.offset)

    def _without_padding(self, begin: int) -> int:
        """Where the text ends: NUL bytes at the end are no text, and too many of them mean that it is incomplete."""
        unit = 4 if self._codec.startswith("utf-32") else 2 if self._codec.startswith("utf-16") else 1
        size = self._path.stat().st_size
        kept = size - begin - _nuls_at_end(self._path, begin, size)
        end = begin + kept + -kept % unit
        nuls = size - end
        if nuls <= 0:
            return size
        if end == begin:
            raise _refused(self.name, "NUL bytes and nothing else", "a header and records")
        with self._path.open("rb") as file:
            file.seek(end - unit)
            last = file.read(unit).decode(self._codec, "replace")
        if nuls >= NUL_TAIL_BYTES or last not in ("\n", "\r", "\x1a", (self._separator or "\n")[-1]):
            raise DeliveryError(
                "file is truncated",
                where=f"{self.name}:{self._line_at(end)}",
                got=f"{nuls} NUL bytes from byte offset {end} to the end, as a copy that broke off leaves them",
                expected="text up to the end of the file",
                next_step="send the complete file again",
            )
        self.padding, self.padding_lines = nuls, int(last != "\x1a")
        return end

    def _advice(self) -> str:
        """What else the file could be, tried on the whole of it."""
        if self._codec == "utf-8":
            mixed = MixedDecoder("utf-8", _MIXED_WITH, self._separator)
            with self._path.open("rb") as file:
                while (block := file.read(BLOCK_BYTES)) and not mixed.failed and not mixed.too_long:
                    mixed.decode(block, final=False)
                mixed.decode(b"", final=True)
            if mixed.beyond_ascii and not mixed.failed and not mixed.too_long:
                lines = "1 line is" if mixed.count == 1 else f"{mixed.count} lines are"
                return (
                    f"; {lines} not in utf-8 but can be read as {_MIXED_WITH}, the first is line {mixed.first_line}: "
                    "files put together (fallback_encoding)?"
                )
        other = next((c for c in _COMMON if self._reads_as(c)), None)
        return f"; the whole file can be read as {other}" if other else ""

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
        for text in _decoded(self._path, self._codec, "replace", offset):
            if self._separator:
                line += text.count(self._separator)
            else:
                line += len(_BREAK.findall(text)) - (last == "\r" and text[:1] == "\n")
            last = text[-1:] or last
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


def _nuls_at_end(path: Path, begin: int, size: int) -> int:
    """Length of the run of NUL bytes in which the file ends."""
    nuls = 0
    with path.open("rb") as file:
        while size - nuls > begin:
            length = min(1 << 20 if nuls else 64, size - nuls - begin)
            file.seek(size - nuls - length)
            kept = len(file.read(length).rstrip(b"\0"))
            nuls += length - kept
            if kept:
                break
    return nuls


def _resolved(encoding: str, head: bytes) -> tuple[str, int]:
    """The codec that says its byte order, and the length of the byte order mark.

    UTF-16 and UTF-32 without a mark have the order in which the bytes that are NUL in all Western text come out as
    the high ones; without such bytes it is little endian, as Windows writes it.
    """
    codec = codecs.lookup(encoding).name
    for mark, _, resolved in _MARKS:
        if head.startswith(mark):
            return resolved, len(mark)
    if codec in ("utf-16", "utf-32"):
        unit = int(codec[-2:]) // 8
        big = head[0::unit].count(0) > head[unit - 1 :: unit].count(0)
        return f"{codec}-{'be' if big else 'le'}", 0
    return ("utf-8" if codec == "utf-8-sig" else codec), 0


def _refuse_other_kinds(path: Path, encoding: str, name: str) -> bytes:
    """The head of the file; DeliveryError when it is empty, no text, or says itself that it is in another encoding."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise _refused(name, "no bytes at all", "a header and records")
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            raise _refused(name, kind, "delimited text")
    codec = codecs.lookup(encoding).name
    for mark, codecs_of_mark, _ in _MARKS:
        if head.startswith(mark):
            if codec not in codecs_of_mark:
                raise _refused(name, f"a byte order mark of {codecs_of_mark[0]}", f"text in {encoding}")
            if head == mark:
                raise _refused(name, "a byte order mark and nothing else", "a header and records")
            return head
    text = head.rstrip(b"\0")
    if not codec.startswith(("utf-16", "utf-32")) and text.count(0) * 4 > len(text):
        raise _refused(name, "NUL bytes all over, as in utf-16", f"text in {encoding}")
    return head


def _refused(name: str, got: str, expected: str) -> DeliveryError:
    return DeliveryError(
        "file cannot be read as declared",
        where=name,
        got=got,
        expected=expected,
        next_step="send the file again in the agreed format, or tell us the new one so that the profile can be changed",
    )
