"""Any file as a plain one: unpacked where it is packed, a member of an archive taken out."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.errors import DeliveryError
from pipelines.extract.members import sevenzip, streams, tars, zips
from pipelines.extract.members.limits import refused
from pipelines.extract.members.member import Member
from pipelines.extract.members.names import SEPARATOR

SCRATCH = "unpacked"
"""Folder below the given one in which a file lies unpacked while it is read."""

_LISTING_FORM = 1
"""Raised when listings are made otherwise: older ones that were kept are made again."""

_UNREAD = {
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x1f\x9d": "a file packed by compress (.Z)",
    b"\x04\x22\x4d\x18": "an lz4 file",
    b"LZIP": "an lzip file",
    b"MSCF": "a cabinet archive (.cab)",
}
"""Ways of packing that are not read."""


@dataclass(frozen=True)
class Packing:
    """How a file is packed: as one stream, as an archive of members, as both (.tar.gz), or not at all."""

    compression: str | None = None
    archive: str | None = None

    @property
    def plain(self) -> bool:
        """Not packed at all."""
        return self.compression is None and self.archive is None


def packing_of(path: Path, name: str) -> Packing:
    """What the content says; its name does not count. Workbooks and documents are plain files, though they are zips."""
    with path.open("rb") as file:
        head = file.read(tars.RECORD_BYTES)
    for mark, kind in _UNREAD.items():
        if head.startswith(mark):
            raise refused(name, kind, "a file as it is, or packed as gzip, bzip2, xz, zstd, zip, 7z or tar")
    compression = streams.compression_of(head)
    if compression is not None:
        inside = streams.first_bytes(path, compression, tars.RECORD_BYTES)
        return Packing(compression, "tar" if tars.is_tar(inside) else None)
    if head.startswith(zips.MAGIC) and not zips.is_document(path):
        return Packing(archive="zip")
    if head.startswith(sevenzip.MAGIC):
        return Packing(archive="7z")
    return Packing(archive="tar" if tars.is_tar(head) else None)


def listing(path: Path, name: str | None = None) -> list[Member]:
    """The members of an archive, without unpacking them; raises DeliveryError for anything else.

    Hidden and unfinished files are left out, as they are in a landing folder. A member that cannot be taken says why.
    """
    name = name or path.name
    packing = packing_of(path, name)
    if packing.archive == "zip":
        return zips.listing(path, name)
    if packing.archive == "7z":
        return sevenzip.listing(path, name)
    if packing.archive == "tar":
        return tars.listing(path, packing.compression, name)
    raise refused(name, "a file that is no archive" if path.stat().st_size else "no bytes at all", "a zip, 7z or tar")


def kept_listing(path: Path, name: str, sha256: str, folder: Path) -> list[Member]:
    """`listing`, made once for a content and kept in `folder`: a tar archive is unpacked to be listed."""
    kept = folder / f"{sha256}.{_LISTING_FORM}.json"
    try:
        known = json.loads(kept.read_text(encoding="utf-8"))
        return [Member(**found) for found in known["members"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not made yet, or not whole
    found = listing(path, name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = kept.with_name(f".{kept.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    part.write_text(json.dumps({"members": [asdict(m) for m in found]}), encoding="utf-8")
    part.replace(kept)
    return found


@contextmanager
def opened(
    path: Path, member: str | None = None, *, name: str | None = None, folder: Path | None = None
) -> Iterator[Path]:
    """A plain local file with the content of `path`, or of one `member` of it, while the context lasts.

    A file that is not packed is given as it is. What is packed as one stream (gzip, bzip2, xz, zstd) is unpacked; of
    an archive that is read as a file of its own the only member is taken. `folder` is where the unpacked file may lie;
    nothing is written anywhere else, and nothing of it is left. `name` is how messages call the file.
    """
    called = name or (f"{path.name}{SEPARATOR}{member}" if member else path.name)
    packing = packing_of(path, called)
    if packing.plain and member is None:
        yield path
        return
    with _scratch(folder) as scratch:
        outer = called.removesuffix(f"{SEPARATOR}{member}") if member else called
        yield _unpacked(path, member, packing, scratch, outer, called)


@contextmanager
def _scratch(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="kontor-") as made:
            yield Path(made)
        return
    scratch = folder / SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)  # left by a killed run
    scratch.mkdir(mode=0o700, parents=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _unpacked(path: Path, member: str | None, packing: Packing, scratch: Path, outer: str, called: str) -> Path:
    """Take the member out, then read through what it is packed in: once, not deeper."""
    content = scratch / "1"
    if packing.archive is None and member is None and packing.compression:
        streams.unpack(path, packing.compression, content, called)
    elif packing.archive is None:
        raise refused(outer, "a file that is no archive", f"an archive with the member {member}")
    else:
        member = member or _only_member(path, outer)
        _take(path, packing, member, content, outer)
        packing = packing_of(content, called)
        if packing.archive is None and packing.compression:
            content = scratch / "2"
            streams.unpack(scratch / "1", packing.compression, content, called)
            (scratch / "1").unlink()
    inside = packing_of(content, called)
    if not inside.plain:
        raise refused(called, f"{inside.archive or inside.compression} inside what is packed already", "one packing")
    return content


def _take(path: Path, packing: Packing, member: str, content: Path, outer: str) -> None:
    if packing.archive == "zip":
        zips.unpack(path, member, content, outer)
    elif packing.archive == "7z":
        sevenzip.unpack(path, member, content, outer)
    else:
        tars.unpack(path, packing.compression, member, content, outer)


def _only_member(path: Path, name: str) -> str:
    found = listing(path, name)
    if len(found) != 1:
        shown = ", ".join(m.name for m in found[:3])
        raise DeliveryError(
            "archive has several members",
            where=name,
            got=f"{len(found)} of them: {shown}{' …' if len(found) > 3 else ''}",
            expected="one, when the archive is read as a file",
            next_step=f"name the member: {name}{SEPARATOR}{found[0].name}",
        )
    return found[0].name
