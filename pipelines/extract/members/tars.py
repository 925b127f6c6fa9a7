"""Tar archives, plain or packed as one stream (.tar.gz, .tgz, .tar.bz2, .tar.xz, .tar.zst), read from front to back."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipelines.extract.members import streams
from pipelines.extract.members.limits import (
    BLOCK_BYTES,
    MAX_ARCHIVE_BYTES,
    MAX_HEADER_BYTES,
    MAX_HEADERS_BYTES,
    MAX_LISTING_SECONDS,
    MAX_UNPACKING_SECONDS,
    Budget,
    refused,
)
from pipelines.extract.members.member import Member, check_count, checked, member, member_refused
from pipelines.extract.members.names import SEPARATOR, member_name

RECORD_BYTES = 512
_DAMAGE = (tarfile.TarError, ValueError, IndexError, KeyError, OverflowError, RecursionError, EOFError)
"""What tarfile raises on bytes that make no sense."""


def is_tar(head: bytes) -> bool:
    """Whether these first 512 bytes are the header of a tar archive, by its checksum."""
    if len(head) < RECORD_BYTES or not head.strip(b"\0"):
        return False
    try:
        tarfile.TarInfo.frombuf(head[:RECORD_BYTES], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def listing(path: Path, compression: str | None, name: str) -> list[Member]:
    """The members of a tar archive; a packed one is unpacked for it, and nothing of it kept."""
    found: list[Member | None] = []
    with _opened(path, compression, name, MAX_LISTING_SECONDS) as archive:
        for info in archive.infos():
            found.append(_member(info))
            check_count(len(found), name)
    return checked(found, path.stat().st_size, name)


def unpack(path: Path, compression: str | None, wanted: str, target: Path, name: str) -> None:
    """Unpack the first member of that name to `target`, within the limits."""
    where = f"{name}{SEPARATOR}{wanted}"
    with _opened(path, compression, name, MAX_UNPACKING_SECONDS) as archive:
        info = next((i for i in archive.infos() if member_name(i.name) == wanted), None)
        if info is None:
            raise member_refused(where, "no member of this name", "one")
        if (known := _member(info)) is None or known.problem:
            raise member_refused(where, known.problem if known and known.problem else "a hidden file")
        budget = Budget(path.stat().st_size, where)
        with target.open("wb") as out:
            for piece in archive.content(info):
                budget.take(len(piece))
                out.write(piece)
    if budget.taken != info.size:
        raise member_refused(where, f"{budget.taken} bytes, then the end", f"{info.size}: the complete archive")


def _member(info: tarfile.TarInfo) -> Member | None:
    problem = None
    if info.issparse():
        problem = "a sparse file"
    elif not info.isreg():
        problem = "a link, a device or another thing that is no file"
    return member(info.name, info.size, problem)


class _Forward:
    """Bytes that can only be read on: what tarfile needs of a file, with limits on what it takes at once."""

    def __init__(self, file: IO[bytes], pieces: Iterator[bytes] | None, budget: Budget) -> None:
        self._file = file
        self._pieces = pieces
        self._budget = budget
        self._piece = b""
        self._used = 0
        self._at = 0
        self._headers = 0
        self.last = b""

    def tell(self) -> int:
        return self._at

    def seek(self, position: int, whence: int = 0) -> int:
        if whence != 0 or position < self._at:
            raise ValueError(f"a member before byte {self._at}")
        if self._pieces is None:
            self._file.seek(position)
            self._at = position
        while self._at < position and self.take(min(BLOCK_BYTES, position - self._at)):
            pass
        return self._at

    def read(self, size: int) -> bytes:
        """For headers; content is read by `take`."""
        self._headers += size
        if not 0 <= size <= MAX_HEADER_BYTES or self._headers > MAX_HEADERS_BYTES:
            raise ValueError(f"a header of {size} bytes, {self._headers} in all")
        self.last = self.take(size)
        return self.last

    def take(self, size: int) -> bytes:
        """So many bytes, fewer only at the end."""
        if self._pieces is None:
            found = self._file.read(size)
            self._budget.check_time()
        else:
            found = self._unpacked(self._pieces, size)
        self._at += len(found)
        return found

    def _unpacked(self, pieces: Iterator[bytes], size: int) -> bytes:
        parts: list[bytes] = []
        while size > 0:
            if self._used == len(self._piece):
                self._piece, self._used = next(pieces, b""), 0
                self._budget.take(len(self._piece))
                if not self._piece:
                    break
            part = self._piece[self._used : self._used + size]
            self._used += len(part)
            size -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class _Archive:
    """A tar archive that is gone through once."""

    def __init__(self, stream: _Forward, name: str) -> None:
        self._stream = stream
        self._name = name

    def infos(self) -> Iterator[tarfile.TarInfo]:
        """The members but folders, in order. An archive that ends before its end mark is a DeliveryError."""
        try:
            archive = tarfile.TarFile(fileobj=self._stream, mode="r", errors="surrogateescape")  # type: ignore[arg-type]
            while (info := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # tarfile keeps them all
                if not info.isdir():
                    yield info
        except _DAMAGE as error:
            raise refused(self._name, f"a damaged or incomplete tar archive ({error})", "a whole tar archive") from None
        if self._stream.last != bytes(RECORD_BYTES):
            got = f"a tar archive that breaks off or is damaged before byte {self._stream.tell()}"
            raise refused(self._name, got, "a whole tar archive with its end mark")
        while self._stream.take(BLOCK_BYTES):  # the checksum of what it is packed in stands at the very end
            pass

    def content(self, info: tarfile.TarInfo) -> Iterator[bytes]:
        """The content of the member that `infos` gave last."""
        self._stream.seek(info.offset_data)
        left = info.size
        while left > 0 and (piece := self._stream.take(min(BLOCK_BYTES, left))):
            left -= len(piece)
            yield piece


@contextmanager
def _opened(path: Path, compression: str | None, name: str, seconds: float) -> Iterator[_Archive]:
    budget = Budget(path.stat().st_size, name, most=MAX_ARCHIVE_BYTES, seconds=seconds)
    with path.open("rb") as file:
        pieces = streams.pieces(file, compression, name) if compression else None
        yield _Archive(_Forward(file, pieces, budget), name)
