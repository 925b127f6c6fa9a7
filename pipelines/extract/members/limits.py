"""How much a packed file may unpack to, and how long a look into it may take."""

from __future__ import annotations

import time

from pipelines.errors import DeliveryError
from pipelines.settings import limit

BLOCK_BYTES = 1 << 20
"""Unpacked at a time: what a decoder may give at once, whatever the packed bytes say."""

MAX_UNPACKED_BYTES = limit("UNPACKED_BYTES", 8 << 30)
"""One file: some fifty million records. More is no nightly list, and raw rows of it would fill a work disk."""

MAX_ARCHIVE_BYTES = limit("ARCHIVE_BYTES", 4 * MAX_UNPACKED_BYTES)
"""All members of an archive together, by their own account: a pack of a month holds some dozen lists."""

FREE_BYTES = 64 << 20
"""So much may come out of any file, however small: that hurts nobody, and a list of equal lines packs to nothing."""

MAX_RATIO = limit("UNPACK_RATIO", 200)
"""Beyond that, times the packed size. Lists pack 5 to 30 times, printed ones with wide columns 60; bombs 1000 times."""

MAX_MEMBERS = limit("ARCHIVE_MEMBERS", 10_000)
"""Members of an archive. Each becomes a line in the register or in the report of unmatched files."""

MAX_DIRECTORY_BYTES = 8 << 20
"""Directory of a zip archive: 800 bytes for each of the members it may have."""

MAX_HEADER_BYTES = 32 << 10
"""One extended header of a tar archive (a long name, attributes). Python reads it whole and searches it slowly."""

MAX_HEADERS_BYTES = 64 << 20
"""All headers of a tar archive together: 6 KiB for each of the members it may have."""

MAX_LISTING_SECONDS = 60
"""A tar archive has no directory: to list it is to unpack it once. 60 s are 10 GiB and more."""

MAX_UNPACKING_SECONDS = 1800
"""The last word on a 7z member, which is unpacked in a process of its own."""

MAX_PROCESS_BYTES = 2 << 30
"""Memory of that process; the largest dictionary of 7-Zip's usual levels takes a tenth of it."""

MAX_DICTIONARY_BYTES = 256 << 20
"""Memory an xz file may ask for; `xz -9` asks for 65 MiB."""


def refused(name: str, got: str, expected: str, what: str = "packed file cannot be read") -> DeliveryError:
    """The error that a packed file, or a member of one, cannot be used."""
    return DeliveryError(
        what,
        where=name,
        got=got,
        expected=expected,
        next_step="pack the file again and send it, or send it unpacked",
    )


class Budget:
    """What may still be unpacked from so many packed bytes: `take` before the bytes are kept."""

    def __init__(self, packed: int, name: str, *, most: int = MAX_UNPACKED_BYTES, seconds: float | None = None) -> None:
        self.taken = 0
        self._name = name
        self._most = most
        self._by_ratio = max(FREE_BYTES, MAX_RATIO * packed)
        self._until = None if seconds is None else time.monotonic() + seconds

    def take(self, size: int) -> None:
        """Count so many unpacked bytes; a DeliveryError when they are too many or took too long."""
        self.taken += size
        if self.taken > self._most:
            raise refused(self._name, f"more than {self._most} bytes when unpacked", "less: this may be a zip bomb")
        if self.taken > self._by_ratio:
            raise refused(
                self._name,
                f"more than {self._by_ratio} bytes when unpacked, over {MAX_RATIO} times its size",
                "less: this may be a zip bomb",
            )
        self.check_time()

    def check_time(self) -> None:
        """A DeliveryError when the time is up."""
        if self._until is not None and time.monotonic() > self._until:
            raise refused(self._name, "an archive whose listing does not end", "a list of its members within a minute")
