"""The parts of a zipped workbook, unpacked in blocks with nothing believed that was not counted."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from posixpath import dirname, join, normpath

from pipelines.extract.container import part_name

BLOCK = 512 << 10
PACKED = 64 << 10
"""Unpacked piece by piece: what stays in the cache of the processor is searched twice as fast."""
MAX_ROW_BYTES = 64 << 20
"""Of one row of a sheet: all 16,384 cells with 4,000 bytes each."""

UTF16 = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of parts in UTF-16."""

_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


class Parts:
    """The members of an archive by name; names are compared as `part_name` says."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members = {part_name(m.filename): m for m in archive.infolist()}

    def __contains__(self, name: str) -> bool:
        return part_name(name) in self._members

    def names(self) -> list[str]:
        """All names, as compared."""
        return list(self._members)

    def head(self, name: str) -> bytes:
        """The first bytes of a part."""
        return next(self.blocks(name, 4096, whole=False), b"")

    def read(self, name: str) -> bytes:
        """A whole part; only for those that are small in every sound file, or were measured before."""
        return b"".join(self.blocks(name))

    def blocks(self, name: str, size: int = BLOCK, *, whole: bool = True) -> Iterator[bytes]:
        """A part in blocks; KeyError when there is none, BadZipFile when it is not as long as it says.

        (A part may unpack to more than its header says, and the reader behind us would follow it.)
        """
        member = self._members[part_name(name)]
        unpack = _unpacker(member)
        total, check, left = 0, 0, member.compress_size
        with self._packed(member) as file:
            while left or unpack.unconsumed_tail:
                packed = unpack.unconsumed_tail or file.read(min(size, PACKED, left))
                if not packed:
                    raise zipfile.BadZipFile(f"part {name} ends too early")
                left -= 0 if unpack.unconsumed_tail else len(packed)
                block = unpack.decompress(packed, size)
                total, check = total + len(block), zlib.crc32(block, check)
                if total > member.file_size:
                    raise zipfile.BadZipFile(f"part {name} is longer than it says")
                if block:
                    yield block
                if unpack.eof or not whole:
                    break
        if whole and not unpack.eof and (block := unpack.flush()):
            total, check = total + len(block), zlib.crc32(block, check)
            yield block
        if whole and (total != member.file_size or check != member.CRC):
            raise zipfile.BadZipFile(f"part {name} is not what was packed")

    def _packed(self, member: zipfile.ZipInfo) -> _Slice:
        file = self._archive.fp
        if file is None:
            raise ValueError("closed")
        file.seek(member.header_offset)
        header = file.read(30)
        if header[:4] != b"PK\x03\x04":
            raise zipfile.BadZipFile("a part that is not where it should be")
        name, extra = struct.unpack_from("<HH", header, 26)
        return _Slice(self._archive, member.header_offset + 30 + name + extra)

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """Relation id → its kind (last word of its type) and the full name of its target."""
        folder, relations = dirname(name), join(dirname(name), "_rels", f"{name.rpartition('/')[2]}.rels")
        found: dict[str, tuple[str, str]] = {}
        for tag in _RELATION.findall(utf8(self.read(relations))) if relations in self else ():
            words = attributes(tag)
            target = words.get("Target", "").replace("\\", "/")
            if words.get("TargetMode", "").lower() != "external":
                full = normpath(join("/", folder, target)).lstrip("/")
                found[words.get("Id", "")] = (words.get("Type", "").rpartition("/")[2], full)
        return found

    def workbook(self) -> str:
        """Name of the main part, wherever it is."""
        for kind, target in self.relations("").values():
            if kind == "officeDocument" and target in self:
                return target
        for name in ("xl/workbook.xml", "xl/workbook.bin"):
            if name in self:
                return name
        raise KeyError("no workbook among the parts")


class _Slice:
    """The archive's file from some place on; others may move its position meanwhile."""

    def __init__(self, archive: zipfile.ZipFile, at: int) -> None:
        self._archive = archive
        self._at = at

    def __enter__(self) -> _Slice:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def read(self, size: int) -> bytes:
        """The next bytes."""
        file = self._archive.fp
        if file is None:
            raise ValueError("closed")
        file.seek(self._at)
        data = file.read(size)
        self._at += len(data)
        return data


class _Stored:
    """Bytes that were not packed, in the manner of zlib."""

    unconsumed_tail = b""
    eof = False

    def decompress(self, data: bytes, size: int) -> bytes:
        """The bytes as they are."""
        return data

    def flush(self) -> bytes:
        """Nothing is ever left."""
        return b""


def _unpacker(member: zipfile.ZipInfo) -> zlib._Decompress | _Stored:
    if member.compress_type == zipfile.ZIP_STORED:
        return _Stored()
    if member.compress_type == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-15)
    raise zipfile.BadZipFile(f"part {member.filename} is packed in no usual way")


def attributes(tag: bytes) -> dict[str, str]:
    """The attributes of an XML tag, entities resolved."""
    return {a.decode(): unescape((b or c).decode("utf-8", "replace")) for a, b, c in _ATTRIBUTE.findall(tag)}


def unescape(text: str) -> str:
    """Resolve the entities of XML.

    >>> unescape("A &amp; B &#x41;&#66;")
    'A & B AB'
    """
    if "&" not in text:
        return text
    text = re.sub(r"&#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));", _character, text)
    for name, sign in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("apos", "'"), ("amp", "&")):
        text = text.replace(f"&{name};", sign)
    return text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    return chr(code) if code < 0x110000 else "\ufffd"


def utf8(data: bytes) -> bytes:
    """An XML part in UTF-8 (UTF-16 is allowed as well, and the reader takes it for nothing)."""
    if data[:2] in UTF16:
        text = data.decode("utf-16", "replace")
        return re.sub(r"^\s*<\?xml.*?\?>", "", text).encode()
    return data


def row_blocks(parts: Parts, name: str, end: bytes) -> Iterator[bytes]:
    """A part in blocks that are cut behind `end`, so that no cell is cut in two."""
    rest = bytearray()
    for block in parts.blocks(name):
        start = max(len(rest) - len(end), 0)
        rest += block
        cut = rest.rfind(end, start) + len(end)
        if cut >= len(end):
            yield bytes(rest[:cut])
            del rest[:cut]
        if len(rest) > MAX_ROW_BYTES:
            raise ValueError(f"a row of more than {MAX_ROW_BYTES} bytes")
    yield bytes(rest)
