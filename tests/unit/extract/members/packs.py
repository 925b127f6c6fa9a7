"""Archives as clients, and those who mean harm, make them."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import py7zr

STAFF = "Id,Name\n1,Müller\n".encode()


def zip_of(members: Mapping[str, bytes] | Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive; a sequence may name a member twice."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 9, 21, 0, 0)), content, method)
    return out.getvalue()


def tar_of(members: Mapping[str, bytes] | Sequence[tuple[str, bytes]], *others: tarfile.TarInfo) -> bytes:
    """A tar archive; `others` are members without content: links, devices."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in others:
            archive.addfile(info)
    return out.getvalue()


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """A member that is no file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def seven_of(members: Mapping[str, bytes], password: str | None = None, *, hide: bool = False) -> bytes:
    """A 7z archive."""
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password=password, header_encryption=hide) as archive:
        for name, content in members.items():
            archive.writestr(content, name)
    return out.getvalue()


def lying_zip(content: bytes, said: int) -> bytes:
    """A zip whose member unpacks to `content` but is said to have another size."""
    data = bytearray(zip_of({"a.csv": content}))
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, said)
    struct.pack_into("<I", data, data.index(b"PK\x03\x04") + 22, said)
    return bytes(data)


def overlapping_zip(copies: int) -> bytes:
    """Many members in the directory, one and the same content: how a small archive unpacks to a huge one."""
    single = zip_of({"a.csv": bytes(1 << 20)})
    start = single.index(b"PK\x01\x02")
    entry = single[start : single.index(b"PK\x05\x06")]
    directory = b"".join(entry.replace(b"a.csv", b"%05d" % i) for i in range(copies))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), start, 0)
    return single[:start] + directory + end


def endless_gzip(path: Path, size: int) -> None:
    """Zeros, packed a thousand times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    with path.open("wb") as out:
        for _ in range(size >> 20):
            out.write(packer.compress(block))
        out.write(packer.flush())


def plain_header(data: bytes) -> bytes:
    """The same archive with its directory not packed."""
    with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
        contents = {f.filename: STAFF for f in archive.files}
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.set_encoded_header_mode(False)
        for name, content in contents.items():
            archive.writestr(content, name)
    return out.getvalue()


def renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    """Another name in a plain directory, its checksums set right."""
    changed = bytearray(data.replace(old, new) if old else data)
    offset, size = struct.unpack_from("<QQ", changed, 12)
    struct.pack_into("<I", changed, 28, zlib.crc32(changed[32 + offset : 32 + offset + size]))
    struct.pack_into("<I", changed, 8, zlib.crc32(changed[12:32]))
    return bytes(changed)


def tree(root: Path) -> dict[str, tuple[int, int]]:
    """All that lies below a folder: path → size and inode."""
    return {p.relative_to(root).as_posix(): (p.lstat().st_size, p.lstat().st_ino) for p in root.rglob("*")}
