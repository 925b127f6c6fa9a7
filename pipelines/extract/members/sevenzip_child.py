"""The process that reads a 7z archive: python -I sevenzip_child.py MEMORY SECONDS ARCHIVE list | unpack INDEX.

It imports nothing of ours, so that it starts fast and holds nothing worth having.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

import py7zr
from py7zr.io import Py7zIO, WriterFactory


class _Pipe(Py7zIO):
    """A member's bytes go to standard output as they are unpacked."""

    def __init__(self) -> None:
        self._size = 0

    def write(self, s: bytes | bytearray) -> int:
        sys.stdout.buffer.write(s)
        self._size += len(s)
        return len(s)

    def read(self, size: int | None = None) -> bytes:
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def flush(self) -> None:
        sys.stdout.buffer.flush()

    def size(self) -> int:
        return self._size


class _Pipes(WriterFactory):
    """Gives the one pipe."""

    def create(self, filename: str) -> Py7zIO:
        return _Pipe()


def _list(archive: Any) -> None:
    if archive.needs_password():
        raise py7zr.PasswordRequired
    json.dump(
        [
            {
                "index": index,
                "name": f.filename,
                "size": f.uncompressed or 0,
                "plain": not (f.is_symlink or f.is_junction or f.is_socket),
            }
            for index, f in enumerate(archive.files)
            if not f.is_directory
        ],
        sys.stdout,
    )


def main() -> None:
    """Set the limits, then do the task; the last line on standard error names the fault."""
    memory, seconds, path, task, *members = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open(path, "rb") as file, py7zr.SevenZipFile(file) as archive:  # noqa: PTH123 - fewer imports
            if task == "list":
                _list(archive)
            else:
                archive.extract(targets=[archive.files[int(members[0])].filename], factory=_Pipes())
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - a process border: whatever it is, the archive caused it
        said = type(error).__name__
        text = " ".join(str(error).split())[:200]
        os.write(
            2,
            f"{said}: {text}\n".encode("utf-8", "replace")
            if text and said != "PasswordRequired"
            else f"{said}\n".encode(),
        )
        os._exit(1)


if __name__ == "__main__":
    main()
