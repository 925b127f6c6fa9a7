"""OLE compound files ([MS-CFB]): the box of .xls workbooks and of encrypted ones."""

from __future__ import annotations

import struct

_END_OF_CHAIN = 0xFFFFFFFA


WANTED = ("Workbook", "Book", "EncryptionInfo")
"""Streams whose content we look at; of the others the name is enough."""


def ole_streams(data: bytes) -> dict[str, bytes]:
    """The streams by name, without their folders, empty but for `WANTED`.

    Raises struct.error, IndexError or ValueError for damaged files. No count in the file is believed that the
    length of the file does not bear out.
    """
    size, mini_size = 1 << _u16(data, 30), 1 << _u16(data, 32)
    if size not in (512, 4096) or mini_size != 64:
        raise ValueError(f"sectors of {size} bytes")
    sectors = len(data) // size
    fat_sectors = list(struct.unpack_from("<109I", data, 76))
    more = _u32(data, 68)
    for _ in range(min(_u32(data, 72), sectors)):
        block = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        fat_sectors += block[:-1]
        more = block[-1]
    fat: list[int] = []
    for sector in fat_sectors:
        if sector < _END_OF_CHAIN and len(fat) <= sectors:
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
            found = b""
            if name in WANTED and name not in streams:
                small = length < _u32(data, 56)
                found = chain(first, mini_fat, mini, mini_size, 0) if small else chain(first, fat, data, size, 1)
            streams.setdefault(name, found[:length])
    return streams


def _u16(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])
