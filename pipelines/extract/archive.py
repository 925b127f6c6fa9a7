"""The immutable original: every file is kept once, by content, before anything reads it."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import time
from pathlib import Path

from pipelines.errors import DeliveryError
from pipelines.extract.discover import open_regular, sha256_of
from pipelines.settings import Settings

log = logging.getLogger(__name__)

_BLOCK = 1 << 20
_STALE_SECONDS = 24 * 3600
"""Half copies of a killed run older than this are removed; a younger one may be another delivery at work."""


def archive(path: Path, sha256: str, settings: Settings) -> Path:
    """Copy a file to `<archive>/<first two digits>/<sha256>` and return that path.

    The copy is hashed while it is written, made durable and read-only, and only then gets its name, so that a
    file of that name is always whole. Running again changes nothing; a damaged copy is replaced. A file whose
    content is no longer the registered one is a DeliveryError.
    """
    target = settings.archive / sha256[:2] / sha256
    if target.exists():
        if sha256_of(target) == sha256:
            return target
        log.error("%s does not have the content of its name and is archived again", target)
    if not path.is_file():
        raise _error("file is gone", path, "no file", "the file that was registered")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_stale(target)
    part = target.with_name(f".{sha256}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        copied = _copy(path, part)
        if copied != sha256:
            raise _error("file changed while being read", path, f"content {copied[:12]}…", f"content {sha256[:12]}…")
        part.chmod(0o400)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    for folder in (target.parent, settings.archive):
        sync_folder(folder)
    return target


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy(path: Path, part: Path) -> str:
    """Copy to disk, for certain, and return the hash of what was copied."""
    digest = hashlib.sha256()
    with open_regular(path) as source, part.open("xb") as copy:
        while block := source.read(_BLOCK):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def _remove_stale(target: Path) -> None:
    for part in target.parent.glob(f".{target.name}.*.part"):
        if time.time() - part.stat().st_mtime > _STALE_SECONDS:
            part.unlink(missing_ok=True)


def _error(what: str, path: Path, got: str, expected: str) -> DeliveryError:
    return DeliveryError(
        what,
        where=str(path),
        got=got,
        expected=expected,
        next_step="nothing if the sender is still writing: the next night takes the new file; else send it again",
    )
