"""Zip archives, read by the standard library behind limits of our own."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path
from typing import IO

from pipelines.extract.members.limits import BLOCK_BYTES, FREE_BYTES, MAX_DIRECTORY_BYTES, MAX_RATIO, Budget, refused
from pipelines.extract.members.member import Member, check_count, checked, member, member_refused
from pipelines.extract.members.names import SEPARATOR, member_name

MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
METHODS = {
    zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, getattr(zipfile, "ZIP_ZSTANDARD", 0),
}  # fmt: skip
_GREEDY_BLOCK_BYTES = 4096
"""For methods other than deflate zipfile unpacks all that it has read at once: 4 KiB of bzip2 are 90 MiB at most."""
_HEADER_BYTES = 30
_UTF8 = 0x800
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, LZMAError, struct.error, EOFError, OSError, KeyError, IndexError, ValueError,
    NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip
"""What zipfile raises on bytes that make no sense."""


class _Guarded(io.FileIO):
    """A file that refuses to be read in one piece beyond the limit for a directory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(f"a directory of {size} bytes, more than {MAX_DIRECTORY_BYTES}")
        return super().read(-1 if size is None else size)


def is_document(path: Path) -> bool:
    """Whether a zip is a workbook or text document (.xlsx, .ods, .docx …), which is a file of its own."""
    try:
        with _Guarded(path) as file, zipfile.ZipFile(file) as archive:
            names = {name.lower() for name in archive.namelist()}
    except _DAMAGE:
        return False
    office = "[content_types].xml" in names or any(n.startswith("xl/workbook.") for n in names)
    return office or ("content.xml" in names and ("mimetype" in names or "meta-inf/manifest.xml" in names))


def listing(path: Path, name: str) -> list[Member]:
    """The members of a zip archive, by its directory."""
    size = path.stat().st_size
    with _opened(path, name) as archive:
        infos = archive.infolist()
        end = archive.start_dir
    check_count(sum(not _is_folder(i) for i in infos), name)
    _refuse_overlaps(infos, end, name)
    return checked((_member(i, size) for i in infos if not _is_folder(i)), size, name)


def unpack(path: Path, wanted: str, target: Path, name: str) -> None:
    """Unpack one member to `target`, within the limits and with its checksum compared."""
    where = f"{name}{SEPARATOR}{wanted}"
    packed = path.stat().st_size
    with _opened(path, name) as archive:
        found = [i for i in archive.infolist() if not _is_folder(i) and member_name(_raw_name(i)) == wanted]
        if len(found) != 1:
            raise member_refused(where, f"{len(found) or 'no'} members of this name", "one")
        info = found[0]
        if (known := _member(info, packed)) is None or known.problem:
            raise member_refused(where, known.problem if known and known.problem else "a hidden file")
        budget = Budget(min(info.compress_size, packed), where)
        block = BLOCK_BYTES if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) else _GREEDY_BLOCK_BYTES
        try:
            source = archive.open(info)
        except _DAMAGE as error:
            raise member_refused(where, f"damage ({error})", "an undamaged archive") from None
        with source, target.open("wb") as out:
            while piece := _read(source, block, where):
                budget.take(len(piece))
                out.write(piece)
    if budget.taken != info.file_size:
        raise member_refused(where, f"{budget.taken} bytes", f"{info.file_size}, as the archive says")


def _read(source: IO[bytes], block: int, where: str) -> bytes:
    """The next bytes; apart from writing them, whose faults are ours."""
    try:
        return source.read(block)
    except _DAMAGE as error:
        raise member_refused(where, f"damage ({error})", "an undamaged archive") from None


@contextmanager
def _opened(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    with _Guarded(path) as file:
        try:
            archive = zipfile.ZipFile(file)
        except _DAMAGE as error:
            raise refused(name, f"a damaged or incomplete zip archive ({error})", "a whole zip archive") from None
        with archive:
            yield archive


def _member(info: zipfile.ZipInfo, packed: int) -> Member | None:
    mode = info.external_attr >> 16
    problem = None
    if info.flag_bits & 1:
        problem = "a password"
    elif info.compress_type not in METHODS:
        problem = f"packing method {info.compress_type}, which is not read"
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        problem = "a link, a device or another thing that is no file"
    elif info.file_size > max(FREE_BYTES, MAX_RATIO * min(info.compress_size, packed)):
        problem = f"{info.file_size} bytes when unpacked, packed in {info.compress_size}: this may be a zip bomb"
    return member(_raw_name(info), info.file_size, problem)


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.orig_filename.endswith(("/", "\\")) and info.file_size == 0


def _raw_name(info: zipfile.ZipInfo) -> str:
    """The name as its packer meant it. Without the mark for UTF-8 it is code page 437, but macOS omits the mark."""
    raw = info.orig_filename
    if info.flag_bits & _UTF8 or raw.isascii():
        return raw
    try:
        return raw.encode("cp437").decode("utf-8")
    except UnicodeError:
        return raw


def _refuse_overlaps(infos: Sequence[zipfile.ZipInfo], end: int, name: str) -> None:
    """Members that share bytes are how a small archive unpacks to a huge one."""
    places = sorted((i.header_offset, i.compress_size + _HEADER_BYTES + _name_bytes(i)) for i in infos)
    starts = [*(start for start, _ in places[1:]), end]
    for (start, length), following in zip(places, starts, strict=True) if places else ():
        if start + length > following:
            raise refused(name, "members that overlap each other: this may be a zip bomb", "one behind the other")


def _name_bytes(info: zipfile.ZipInfo) -> int:
    return len(info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437", "replace"))
