"""Files packed as one stream: gzip, bzip2, xz and Zstandard, told apart by content, not by name.

What is packed in several streams behind each other (`cat a.gz b.gz`, `bgzip`, parallel packers) is one file.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from pipelines.errors import DeliveryError
from pipelines.extract.members.limits import BLOCK_BYTES, MAX_DICTIONARY_BYTES, Budget, refused

_INPUT_BYTES = 32 << 10
"""Packed bytes at a time: a file of a million empty streams copies the rest of this at each of them."""

_SKIPPABLE = tuple(bytes((0x50 + i,)) + b"\x2a\x4d\x18" for i in range(16))
MAGIC: dict[str, tuple[bytes, ...]] = {
    "gzip": (b"\x1f\x8b\x08",),
    "bzip2": tuple(b"BZh%d" % n + mark for n in range(1, 10) for mark in (b"1AY&SY", b"\x17rE8P\x90")),
    "xz": (b"\xfd7zXZ\x00",),
    "zstd": (b"\x28\xb5\x2f\xfd", *_SKIPPABLE),
}
_HEAD_BYTES = 10
"""Bytes that tell the kind: the longest of the marks above."""


class _Decoder(Protocol):
    """What the decoders of bz2, lzma and zstd have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Gzip:
    """zlib's decoder in the manner of the others."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def compression_of(head: bytes) -> str | None:
    """The kind of packing that a file begins with: gzip, bzip2, xz, zstd or None."""
    return next((kind for kind, marks in MAGIC.items() if head.startswith(marks)), None)


def pieces(file: IO[bytes], compression: str, name: str) -> Iterator[bytes]:
    """The unpacked content, at most BLOCK_BYTES at a time; damage is a DeliveryError. The caller limits its size."""
    make, faults = _decoder_of(compression)
    data = file.read(_INPUT_BYTES)
    try:
        while data:
            decoder = make()
            while True:
                out = decoder.decompress(data, BLOCK_BYTES)
                data = b""
                if out:
                    yield out
                if decoder.eof:
                    break
                if decoder.needs_input and len(out) < BLOCK_BYTES:
                    data = file.read(_INPUT_BYTES)
                    if not data:
                        raise refused(name, f"{compression} data that breaks off", "the complete file")
            data = _next_stream(file, decoder.unused_data, compression, name)
    except faults as error:
        raise refused(name, f"damaged {compression} data ({error})", "an undamaged file") from None


def unpack(path: Path, compression: str, target: Path, name: str) -> None:
    """Unpack a file to `target`, within the limits."""
    budget = Budget(path.stat().st_size, name)
    with path.open("rb") as file, target.open("wb") as out:
        for piece in pieces(file, compression, name):
            budget.take(len(piece))
            out.write(piece)


def first_bytes(path: Path, compression: str, count: int) -> bytes:
    """The first unpacked bytes; fewer when the file is short or damaged."""
    found = b""
    try:
        with path.open("rb") as file:
            for piece in pieces(file, compression, path.name):
                found += piece
                if len(found) >= count:
                    break
    except DeliveryError:
        pass  # said again, in full, by whoever reads the file
    return found[:count]


def _next_stream(file: IO[bytes], data: bytes, compression: str, name: str) -> bytes:
    """What follows a stream: the begin of the next one, or nothing. Zeros between them fill up tape blocks."""
    while True:
        data = data.lstrip(b"\0")
        if len(data) >= _HEAD_BYTES:
            break
        more = file.read(_INPUT_BYTES)
        if not more:
            break
        data += more
    if data and not data.startswith(MAGIC[compression]):
        raise refused(name, f"bytes behind the end of the {compression} data", "nothing behind it")
    return data


def _decoder_of(compression: str) -> tuple[Callable[[], _Decoder], tuple[type[Exception], ...]]:
    """How to make a decoder, and what it raises on damage."""
    if compression == "gzip":
        return _Gzip, (zlib.error,)
    if compression == "bzip2":
        return bz2.BZ2Decompressor, (OSError, ValueError)
    if compression == "xz":
        return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, MAX_DICTIONARY_BYTES), (lzma.LZMAError,)
    return _zstd()


def _zstd() -> tuple[Callable[[], _Decoder], tuple[type[Exception], ...]]:
    """Zstandard has its window limited to 128 MiB by the library itself."""
    module: Any
    try:
        from compression import zstd as module  # type: ignore[import-not-found, no-redef, unused-ignore]  # Python 3.14
    except ImportError:
        from backports import zstd as module
    return module.ZstdDecompressor, (module.ZstdError,)
