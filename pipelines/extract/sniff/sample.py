"""The part of a file that is looked at: its beginning and its last lines, so that a large file costs no more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import DeliveryError

HEAD_BYTES = 1 << 20
"""What decides about dialect and table. More did not change an answer, and would cost seconds."""

TAIL_BYTES = 32 << 10
"""Holds the footer, and some records before it to tell it from them."""


@dataclass(frozen=True)
class Sample:
    """Bytes of a file: `head` from its beginning, `tail` its last ones where the head does not reach the end."""

    path: Path
    name: str
    size: int
    head: bytes
    tail: bytes

    @property
    def whole(self) -> bool:
        """Whether the head is the whole file."""
        return len(self.head) == self.size

    @property
    def seen(self) -> str:
        """How much was looked at, in words."""
        if self.whole:
            return f"the whole file, {self.size} bytes"
        return f"the first {len(self.head)} and the last {len(self.tail)} of {self.size} bytes"


def take_sample(path: Path, name: str) -> Sample:
    """Read the sample; raises DeliveryError when the file is gone, empty or not a file."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise refused(name, "a folder or device", "a file")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            tail = b""
            if size > len(head):
                file.seek(max(len(head), size - TAIL_BYTES))
                tail = file.read(TAIL_BYTES)
    except FileNotFoundError:
        raise DeliveryError(
            "file is gone", where=name, expected="the file as it was received", next_step="send the file again"
        ) from None
    if not head:
        raise refused(name, "no bytes at all", "a header and records")
    return Sample(path, name, size, head, tail)


def refused(name: str, got: str, expected: str) -> DeliveryError:
    """The error that nothing can be proposed for this file."""
    return DeliveryError(
        "file holds no table that can be read",
        where=name,
        got=got,
        expected=expected,
        next_step="send the file again as text, workbook, JSON, XML or Parquet",
    )
