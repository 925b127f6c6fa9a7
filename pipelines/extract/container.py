"""What kind of workbook a file is, whether it may be opened, and where its parts are."""

from __future__ import annotations

import errno
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipelines.errors import DeliveryError

MAX_FILE_BYTES = 256 << 20
"""A workbook is held in memory while it is read; Excel itself gives up earlier."""

MAX_UNPACKED_BYTES = 2 << 30
"""A sheet of Excel's full length with 30 columns unpacks to half of it; more is a zip bomb or no list."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    IndexError,
    ValueError,
    NotImplementedError,
)
"""What zipfile and our scans raise on bytes that make no sense."""

_END_OF_CHAIN = 0xFFFFFFFA


class Kind(StrEnum):
    """Families of workbook files."""

    XLSX = "xlsx"
    XLSB = "xlsb"
    ODS = "ods"
    XLS = "xls"


@dataclass(frozen=True)
class Workbook:
    """A workbook file that may be opened."""

    path: Path
    name: str
    kind: Kind

    def refused(self, got: str, expected: str) -> DeliveryError:
        """The error that this workbook cannot be used."""
        return refused(self.name, got, expected)

    @contextmanager
    def archive(self) -> Iterator[zipfile.ZipFile]:
        """The zip of an xlsx, xlsb or ods file; damage met while it is read is a DeliveryError."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except _DAMAGE as error:
            raise self.refused(f"a damaged file ({error})", "a workbook") from None
        except OSError as error:
            if error.errno != errno.EINVAL:  # what a directory that points before the file leads to
                raise
            raise self.refused(f"a damaged file ({error.strerror})", "a workbook") from None

    def check_old_format(self) -> None:
        """Open an .xls file in a process of its own: on a damaged one the reader panics or takes all memory.

        Found by changing bytes at random; the same treatment never brought the other formats down.
        """
        code = "import resource, sys, python_calamine as c; n = int(sys.argv[2])\n"
        code += "resource.setrlimit(resource.RLIMIT_AS, (n, n)); c.load_workbook(open(sys.argv[1], 'rb'))"
        command = [sys.executable, "-c", code, str(self.path), str(MAX_UNPACKED_BYTES)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 and "PasswordError" not in done.stderr:
            raise self.refused("a damaged file", "a workbook")


def refused(name: str, got: str, expected: str) -> DeliveryError:
    """The error that a file cannot be used as a workbook."""
    return DeliveryError(
        "workbook cannot be read as declared",
        where=name,
        got=got,
        expected=expected,
        next_step="save the workbook again as .xlsx without a password and send it, "
        "or tell us the new layout so that the profile can be changed",
    )


def open_workbook(path: Path, name: str) -> Workbook:
    """Identify a workbook by its content; what is too large, protected or no workbook is a DeliveryError."""
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise refused(name, f"{size} bytes", f"at most {MAX_FILE_BYTES} bytes")
    with path.open("rb") as file:
        head = file.read(8)
    if head == _OLE:
        streams = ole_streams(Workbook(path, name, Kind.XLS))
        if "EncryptedPackage" in streams:
            raise refused(name, "a password", "a workbook without a password")
        if not streams.keys() & {"Workbook", "Book"}:
            raise refused(name, "an Office file that is no workbook", "a workbook")
        return Workbook(path, name, Kind.XLS)
    if not head.startswith(b"PK"):
        raise refused(name, "a file that is no workbook" if head else "no bytes at all", "a workbook")
    return _of_zip(Workbook(path, name, Kind.XLSX))


def _of_zip(book: Workbook) -> Workbook:
    with book.archive() as archive:
        members = archive.infolist()
    unpacked = sum(m.file_size for m in members)
    if unpacked > MAX_UNPACKED_BYTES:
        raise book.refused(f"{unpacked} bytes when unpacked", f"at most {MAX_UNPACKED_BYTES} bytes")
    if any(m.flag_bits & 1 for m in members):
        raise book.refused("a password", "a workbook without a password")
    names = {m.filename.lower() for m in members}
    for part, kind in (("xl/workbook.xml", Kind.XLSX), ("xl/workbook.bin", Kind.XLSB), ("content.xml", Kind.ODS)):
        if part in names:
            return Workbook(book.path, book.name, kind)
    raise book.refused("a zip archive that is no workbook", "a workbook")


def part_targets(archive: zipfile.ZipFile, relations: str) -> dict[str, str]:
    """Relation id → name of the part in the archive."""
    names = {n.lower(): n for n in archive.namelist()}
    targets: dict[str, str] = {}
    for tag in re.findall(rb"<(?:\w+:)?Relationship\s[^>]*>", archive.read(names[relations])):
        key, target = (
            re.search(rb"""\bId\s*=\s*["']([^"']+)""", tag),
            re.search(rb"""\bTarget\s*=\s*["']([^"']+)""", tag),
        )
        if key and target:
            path = target[1].decode()
            full = path.removeprefix("/") if path.startswith("/") else f"xl/{path}"
            targets[key[1].decode()] = names.get(full.lower(), full)
    return targets


def ole_streams(book: Workbook) -> dict[str, bytes]:
    """The streams of an OLE compound file ([MS-CFB]) by name, without their folders."""
    data = book.path.read_bytes()
    try:
        return _ole_streams(data)
    except (struct.error, IndexError, ValueError) as error:
        raise book.refused(f"a damaged file ({error})", "a workbook") from None


def _ole_streams(data: bytes) -> dict[str, bytes]:
    size, mini_size = 1 << _u16(data, 30), 1 << _u16(data, 32)
    if size not in (512, 4096) or mini_size != 64:
        raise ValueError(f"sectors of {size} bytes")
    fat_sectors = list(struct.unpack_from("<109I", data, 76))
    more = _u32(data, 68)
    for _ in range(_u32(data, 72)):
        block = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        fat_sectors += block[:-1]
        more = block[-1]
    fat: list[int] = []
    for sector in fat_sectors:
        if sector < _END_OF_CHAIN:
            fat += struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)

    def chain(first: int, table: list[int], source: bytes, width: int, skip: int) -> bytes:
        parts: list[bytes] = []
        while first < _END_OF_CHAIN:
            if len(parts) > len(table):
                raise ValueError("a chain of sectors in a circle")
            parts.append(source[(first + skip) * width : (first + skip + 1) * width])
            first = table[first]
        return b"".join(parts)

    directory = chain(_u32(data, 48), fat, data, size, 1)
    mini_bytes = chain(_u32(data, 60), fat, data, size, 1)
    mini_fat = list(struct.unpack(f"<{len(mini_bytes) // 4}I", mini_bytes[: len(mini_bytes) // 4 * 4]))
    mini = chain(_u32(directory, 116), fat, data, size, 1)
    streams: dict[str, bytes] = {}
    for at in range(0, len(directory) - 127, 128):
        length, first, kind = _u32(directory, at + 120), _u32(directory, at + 116), directory[at + 66]
        if kind == 2:
            name = directory[at : at + max(_u16(directory, at + 64) - 2, 0)].decode("utf-16-le", "replace")
            small = length < _u32(data, 56)
            found = chain(first, mini_fat, mini, mini_size, 0) if small else chain(first, fat, data, size, 1)
            streams[name] = found[:length]
    return streams


def _u16(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])
