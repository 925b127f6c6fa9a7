"""What kind of workbook a file is, whether it may be opened, and what it is instead if it is none."""

from __future__ import annotations

import errno
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract.disguise import HEAD_BYTES, what_it_is
from pipelines.extract.ole import ole_streams
from pipelines.extract.protection import EXCELS_OWN, DamagedError, WrongPasswordError, decrypted
from pipelines.secrets import secret_of
from pipelines.settings import limit

MAX_FILE_BYTES = limit("WORKBOOK_BYTES", 256 << 20)
"""A workbook is held in memory while it is read; Excel itself gives up earlier."""

MAX_UNPACKED_BYTES = limit("WORKBOOK_UNPACKED_BYTES", 2 << 30)
"""A sheet of Excel's full length with 30 columns unpacks to half of it; more is a zip bomb or no list."""

MAX_RATIO, FREE_BYTES = 300, 32 << 20
"""Sheets shrink to a fiftieth, a million equal rows to a hundred-and-fiftieth, zip bombs to a thousandth. Small parts
do no harm however they shrink."""

MAX_MEMBERS = 20_000
"""Parts of one workbook: a sheet brings three or four."""

OLD_FORMAT_SECONDS = 300
"""The largest .xls file opens in a tenth of it."""

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

_OPEN = """
import io, resource, sys, python_calamine as c
n = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (n, n))
c.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
"""


class Kind(StrEnum):
    """Families of workbook files."""

    XLSX = "xlsx"
    XLSB = "xlsb"
    ODS = "ods"
    XLS = "xls"


@dataclass(frozen=True)
class Workbook:
    """A workbook file that may be opened: at `path`, or in `content` where it was decrypted or mended."""

    path: Path
    name: str
    kind: Kind
    content: bytes | None = None

    def refused(self, got: str, expected: str) -> DeliveryError:
        """The error that this workbook cannot be used."""
        return refused(self.name, got, expected)

    def open(self) -> BinaryIO:
        """Its bytes."""
        return self.path.open("rb") if self.content is None else io.BytesIO(self.content)

    def streams(self) -> dict[str, bytes]:
        """The streams of an .xls file."""
        with self.open() as file:
            data = file.read()
        with self.reading():
            return ole_streams(data)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Damage met inside is a DeliveryError; so is a panic of the reader, which is no ordinary exception."""
        try:
            yield
        except _DAMAGE as error:
            raise self.refused(f"a damaged file ({error})", "a workbook") from None
        except OSError as error:
            if error.errno != errno.EINVAL:  # what a directory that points before the file leads to
                raise
            raise self.refused(f"a damaged file ({error.strerror})", "a workbook") from None
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            raise self.refused("a damaged file", "a workbook") from None

    @contextmanager
    def archive(self) -> Iterator[zipfile.ZipFile]:
        """The zip of an xlsx, xlsb or ods file; damage met while it is read is a DeliveryError."""
        with self.reading(), self.open() as file, zipfile.ZipFile(file) as archive:
            yield archive

    def check_old_format(self) -> None:
        """Open an .xls file in a process of its own: on a damaged one the reader panics or takes all memory.

        Found by changing bytes at random; the same treatment never brought the other formats down.
        """
        command = [sys.executable, "-c", _OPEN, str(MAX_UNPACKED_BYTES)]
        try:
            with self.open() as file:
                done = subprocess.run(
                    command, input=file.read(), capture_output=True, timeout=OLD_FORMAT_SECONDS, check=False
                )
        except subprocess.TimeoutExpired:
            raise self.refused("a file that does not open in time", "a workbook") from None
        if done.returncode != 0:
            raise self.refused("a damaged file", "a workbook")


def refused(name: str, got: str, expected: str, next_step: str | None = None) -> DeliveryError:
    """The error that a file cannot be used as a workbook."""
    return DeliveryError(
        "workbook cannot be read as declared",
        where=name,
        got=got,
        expected=expected,
        next_step=next_step
        or "save the workbook again as .xlsx without a password and send it, "
        "or tell us the new layout so that the profile can be changed",
    )


def open_workbook(path: Path, name: str, password: str | None = None) -> Workbook:
    """Identify a workbook by its content; what is too large, protected or no workbook is a DeliveryError.

    `password` is the name of the connection that knows the password; a workbook that has none opens all the same.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise refused(name, f"{size} bytes", f"at most {MAX_FILE_BYTES} bytes")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(_OLE):
        return _of_ole(Workbook(path, name, Kind.XLS), password)
    if not head.startswith(b"PK"):
        kind, advice = what_it_is(head)
        raise refused(name, kind, "a workbook", advice)
    return _of_zip(Workbook(path, name, Kind.XLSX))


def _of_ole(book: Workbook, password: str | None) -> Workbook:
    streams = book.streams()
    if "EncryptedPackage" in streams:
        return _of_zip(_unlocked(book, streams.get("EncryptionInfo", b""), password))
    data = streams.get("Workbook") or streams.get("Book")
    if data is None:
        raise book.refused("an Office file that is no workbook", "a workbook")
    return _unlocked(book, b"", password) if _has_password(data) else book


def _has_password(data: bytes) -> bool:
    """Whether the stream of an .xls file has a FILEPASS record, which stands among its first ones."""
    at = 0
    while at + 4 <= min(len(data), 4096):
        kind, size = struct.unpack_from("<HH", data, at)
        if kind == 0x002F:
            return True
        at += 4 + size
    return False


def _unlocked(book: Workbook, information: bytes, connection: str | None) -> Workbook:
    """The decrypted workbook, in memory."""
    secret = EXCELS_OWN if connection is None else secret_of(connection)
    if secret is None:
        raise DeclarationError(
            "the password of a workbook is not known",
            where=book.name,
            got=f"no password under the name {connection!r}",
            expected="an Airflow connection of this name with a password",
            next_step="add the connection in Airflow, or correct `password` in the format of the profile",
        )
    try:
        with book.open() as file:
            return replace(book, content=decrypted(file.read(), information, secret))
    except DamagedError as error:
        raise book.refused(f"a workbook with a password that cannot be opened ({error})", "a workbook") from None
    except WrongPasswordError:
        if connection is None:
            raise refused(
                book.name,
                "a workbook that opens with a password only",
                "a workbook without a password",
                "send it without a password, or name in the profile (`password` under `format`) the connection "
                "that holds it",
            ) from None
        raise refused(
            book.name,
            f"a workbook that the password of connection {connection!r} does not open",
            "the agreed password",
            "send it with the agreed password, or tell us the new one",
        ) from None


def _of_zip(book: Workbook) -> Workbook:
    with book.archive() as archive:
        members = archive.infolist()
        _check_members(book, members)
        names = {part_name(m.filename) for m in members}
        _check_open_document(book, archive, names)
    if "content.xml" in names:
        return replace(book, kind=Kind.ODS)
    if any(n.endswith("/workbook.bin") for n in names):
        return replace(book, kind=Kind.XLSB)
    if "[content_types].xml" in names or "xl/workbook.xml" in names:
        if any(n.startswith(("word/", "ppt/")) for n in names):
            raise book.refused("an Office file that is no workbook", "a workbook")
        return replace(book, kind=Kind.XLSX)
    raise refused(
        book.name,
        "a zip archive that is no workbook",
        "a workbook",
        "send the workbook itself, or let the profile name the file inside the archive",
    )


def _check_open_document(book: Workbook, archive: zipfile.ZipFile, names: set[str]) -> None:
    """Refuse an .ods with a password: there is nothing here that opens one."""
    manifest = "META-INF/manifest.xml"
    listed = archive.open(manifest).read(1 << 20) if manifest in archive.namelist() else b""
    if "encrypted-package" in names or b"encryption-data" in listed:
        raise refused(
            book.name,
            "an OpenDocument file with a password",
            "a workbook that we can open",
            "save it as .xlsx, without a password or with the agreed one",
        )


def _check_members(book: Workbook, members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive that is a trap, or that different programs would read differently."""
    unpacked = sum(m.file_size for m in members)
    if unpacked > MAX_UNPACKED_BYTES:
        raise book.refused(f"{unpacked} bytes when unpacked", f"at most {MAX_UNPACKED_BYTES} bytes")
    for member in members:
        if member.file_size > max(FREE_BYTES, MAX_RATIO * member.compress_size):
            got = f"a part that shrank to less than 1/{MAX_RATIO} of its size"
            raise book.refused(got, "a workbook (this is what a zip bomb looks like)")
    if len(members) > MAX_MEMBERS:
        raise book.refused(f"{len(members)} parts", f"at most {MAX_MEMBERS} parts")
    if any(m.flag_bits & 1 for m in members):
        raise refused(
            book.name,
            "a zip archive with a password",
            "a workbook",
            "set the password in Excel instead of zipping, or send the workbook without one",
        )
    twice = [n for n, count in Counter(part_name(m.filename) for m in members).items() if count > 1]
    if twice:
        raise book.refused(f"two parts of the name {twice[0]!r}", "each part once")


def part_name(name: str) -> str:
    """How parts are compared: without regard to case, and to the slash that some programs write.

    >>> part_name("XL\\\\Workbook.xml")
    'xl/workbook.xml'
    """
    return name.replace("\\", "/").lower()
