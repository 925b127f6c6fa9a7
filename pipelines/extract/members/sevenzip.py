"""7z archives, read by py7zr in a process of its own.

The library takes the counts and sizes in an archive at their word; the process has limits of memory and time instead,
sees nothing but the archive, and writes to nothing but a pipe.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipelines.errors import DeliveryError
from pipelines.extract.members.limits import (
    BLOCK_BYTES,
    MAX_LISTING_SECONDS,
    MAX_PROCESS_BYTES,
    MAX_UNPACKING_SECONDS,
    Budget,
    refused,
)
from pipelines.extract.members.member import Member, check_count, checked, member, member_refused
from pipelines.extract.members.names import SEPARATOR, member_name

MAGIC = b"7z\xbc\xaf\x27\x1c"
_CHILD = Path(__file__).with_name("sevenzip_child.py")
_MAX_LISTING_BYTES = 32 << 20
"""What the process may answer: 3 KiB for each of the members it may have."""


def listing(path: Path, name: str) -> list[Member]:
    """The members of a 7z archive, by its directory."""
    found = _list(path, name)
    check_count(len(found), name)
    return checked((_member(m) for m in found), path.stat().st_size, name)


def unpack(path: Path, wanted: str, target: Path, name: str) -> None:
    """Unpack one member to `target`, within the limits and with its checksum compared."""
    where = f"{name}{SEPARATOR}{wanted}"
    hits = [m for m in _list(path, name) if member_name(m["name"]) == wanted]  # names of any kind stay out of argv
    if len(hits) != 1:
        raise member_refused(where, f"{len(hits) or 'no'} members of this name", "one")
    known = _member(hits[0])
    if known is None or known.problem:
        raise member_refused(where, known.problem if known and known.problem else "a hidden file")
    budget = Budget(path.stat().st_size, where)
    _run(path, where, MAX_UNPACKING_SECONDS, target, budget, "unpack", str(hits[0]["index"]))
    if budget.taken != known.size:
        raise member_refused(where, f"{budget.taken} bytes", f"{known.size}, as the archive says")


def _member(found: dict[str, Any]) -> Member | None:
    problem = None if found["plain"] else "a link or another thing that is no file"
    return member(found["name"], found["size"], problem)


def _list(path: Path, name: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "listing.json"
        budget = Budget(0, name, most=_MAX_LISTING_BYTES)
        _run(path, name, MAX_LISTING_SECONDS, answer, budget, "list")
        found: list[dict[str, Any]] = json.loads(answer.read_bytes())
    return found


def _run(path: Path, name: str, seconds: int, target: Path, budget: Budget, *task: str) -> None:
    """Run the process on a task; its output goes to `target`. It does not outlive this one: its pipe breaks."""
    command = [sys.executable, "-I", str(_CHILD), str(MAX_PROCESS_BYTES), str(seconds), str(path.resolve()), *task]
    with tempfile.TemporaryFile() as said, target.open("wb") as out:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL) as process:
            try:
                while process.stdout and (piece := process.stdout.read(BLOCK_BYTES)):
                    budget.take(len(piece))
                    out.write(piece)
            except DeliveryError:
                process.kill()
                raise
        if process.returncode != 0:
            said.seek(0)
            raise _fault(said.read(2000).decode("utf-8", "replace"), process.returncode, name, seconds)


def _fault(said: str, code: int, name: str, seconds: int) -> DeliveryError:
    reason = said.strip().splitlines()[-1] if said.strip() else ""
    if reason == "PasswordRequired":
        return refused(name, "a password", "an archive without a password")
    if reason.startswith("UnsupportedCompressionMethodError"):
        return refused(name, "a packing method that is not read", "LZMA2, LZMA, PPMd, bzip2, Deflate or Zstandard")
    if code < 0 or reason == "MemoryError":
        return refused(name, f"an archive that takes more than {seconds} s or too much memory", "an ordinary archive")
    return refused(name, f"a damaged or incomplete 7z archive ({reason})", "a whole 7z archive")
