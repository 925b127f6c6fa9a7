"""A free port, kept for us until the server that is to listen there has started."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pipelines.warehouse.server import port_is_free


def claim(candidates: Iterable[int]) -> tuple[int, int] | None:
    """The first free port and the open lock that keeps other installations of this machine off it.

    Between the look and the server's own bind lie many seconds; two installations that start together would
    otherwise choose the same port. The lock goes with the process, however that ends.
    """
    for port in candidates:
        lock = _lock(Path(tempfile.gettempdir()) / f"kontor-port-{port}.lock")
        if lock is None:
            continue
        if port_is_free(port):
            return port, lock
        os.close(lock)
    return None


def _lock(path: Path) -> int | None:
    """An exclusive lock on a file; None when another process has it, or another user made it."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
