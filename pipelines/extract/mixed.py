"""Text of two encodings, as files come out that were put together from several: each line is in one of them."""

from __future__ import annotations

import re

_PIECE_BYTES = 16 << 10


def same_ascii(codec: str) -> bool:
    """Whether bytes below 128 are ASCII in this encoding, whatever stands around them.

    >>> same_ascii("cp1252"), same_ascii("utf-16-le"), same_ascii("utf-7")
    (True, False, False)
    """
    plain = bytes(range(128)) + rb"\x41\u0041"
    try:
        return plain.decode(codec) == plain.decode("ascii")
    except UnicodeDecodeError:
        return False


class MixedDecoder:
    r"""Decodes line by line: a line that is not in `codec` is read in `fallback` and counted.

    Line breaks are single bytes in both. `separator` ends the lines of a file that has no line breaks, `offset` is
    where in the file the text begins.

    >>> mixed = MixedDecoder("utf-8", "cp1252")
    >>> mixed.decode("Köln\n".encode() + "Süd\n".encode("cp1252"), final=True)
    'Köln\nSüd\n'
    >>> mixed.count, mixed.first_line
    (1, 2)
    """

    MAX_LINE_BYTES = 16 << 20
    """No line is longer; until its end is seen nobody knows in which encoding it is."""

    def __init__(self, codec: str, fallback: str, separator: str | None = None, offset: int = 0) -> None:
        self.fallback = fallback
        self.count = 0
        self.first_line: int | None = None
        self.beyond_ascii = False
        self.failed: tuple[int, bytes] | None = None
        self._codec = codec
        self._ends = (b"\n", b"\r") if separator is None else (separator.encode(codec),)
        self._end = re.compile(rb"\r\n|\n|\r" if separator is None else re.escape(self._ends[0]))
        self._lines = 0
        self._rest = b""
        self._offset = offset

    @property
    def too_long(self) -> bool:
        """Whether the text has no line break where there must be one."""
        return len(self._rest) > self.MAX_LINE_BYTES

    def decode(self, block: bytes, *, final: bool) -> str:
        """The complete lines up to the end of this block.

        Decoding stops in front of a line that neither encoding can read: `failed` then holds the byte offset and the
        bytes at fault, and no more text comes.
        """
        if self.failed:
            return ""
        data = self._rest + block
        cut = len(data) if final else self._last_end(data, len(data))
        self._rest = data[cut:]
        data = data[:cut]
        try:
            text = data.decode(self._codec)
            self._passed(text, data)
        except UnicodeDecodeError:
            text = self._piecewise(data)
        self._offset += cut
        return text

    def _passed(self, text: str, data: bytes) -> None:
        self.beyond_ascii = self.beyond_ascii or not text.isascii()
        self._lines += self._count(data)

    def _piecewise(self, data: bytes) -> str:
        """Decode in small pieces of whole lines: an error costs a copy of all that was to be decoded."""
        parts: list[str] = []
        at = 0
        while at < len(data) and not self.failed:
            cut = self._last_end(data, min(at + _PIECE_BYTES, len(data)), at) or self._next_end(data, at)
            self._piece(data[at:cut], at, parts)
            at = cut
        return "".join(parts)

    def _piece(self, data: bytes, begin: int, parts: list[str]) -> None:
        at = 0
        while at < len(data):
            try:
                text = data[at:].decode(self._codec)
                start = end = len(data)
            except UnicodeDecodeError as error:
                start = self._last_end(data, at + error.start, at) or at
                end = self._next_end(data, at + error.start)
                text = data[at:start].decode(self._codec)
            parts.append(text)
            self._passed(text, data[at:start])
            if start < end:
                try:
                    parts.append(data[start:end].decode(self.fallback))
                except UnicodeDecodeError as error:
                    self.failed = self._offset + begin + start + error.start, error.object[error.start : error.end]
                    return
                self.count += 1
                self.first_line = self.first_line or self._lines + 1
                self._lines += self._count(data[start:end])
            at = end

    def _last_end(self, data: bytes, before: int, begin: int = 0) -> int:
        """The place after the last line that surely ends there, 0 without any: a line feed may follow a return."""
        places = [(data.rfind(end, begin, before), len(end)) for end in self._ends]
        found = max((at + length for at, length in places if at >= 0), default=0)
        if found == before and data[before - 1 : before + 1] in (b"\r", b"\r\n") and len(self._ends) > 1:
            return self._last_end(data, before - 1, begin)
        return found

    def _next_end(self, data: bytes, place: int) -> int:
        found = self._end.search(data, place)
        return found.end() if found else len(data)

    def _count(self, data: bytes) -> int:
        if len(self._ends) == 1:
            return data.count(self._ends[0])
        returns = data.count(b"\r")
        return data.count(b"\n") + (returns and returns - data.count(b"\r\n"))
