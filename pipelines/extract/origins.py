"""Folders of others: what lies in one behind a URL, and how a file of it comes into landing, whole or not at all.

A remote file is only ever read. A copy is written under a hidden name in `<landing>/<client>/.fetch`, where
`discover` never looks, compared with what the server says about the file before and after, made durable, and
only then renamed to the path it has at the origin.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import secrets
import shutil
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.errors import DeclarationError, DeliveryError, KontorError, TransientError
from pipelines.extract.archive import sync_folder
from pipelines.origin_words import is_partial

log = logging.getLogger(__name__)

FETCH_FOLDER = ".fetch"
SPARE_BYTES = 200 << 20
"""Room that a fetch leaves on the landing disk: senders and other clients need it too."""

_BLOCK = 4 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_KEYS = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")
_TAG_KEYS = ("ETag", "etag", "content_md5", "md5Hash")


@dataclass(frozen=True)
class RemoteFile:
    """A file at an origin. `rel` is its path below the root, `tag` a mark of its content if the server has one."""

    path: str
    rel: str
    size: int
    mtime: datetime | None
    tag: str = ""

    def same(self, size: int, mtime: datetime | None, tag: str) -> bool:
        """Whether a copy made earlier is still what the server has."""
        if self.size != size or (self.tag and tag and self.tag != tag):
            return False
        return self.mtime is None or self.mtime == mtime


def is_atomic(fs: Any) -> bool:
    """Whether a file appears there only when it is complete, as in object stores; elsewhere it may be growing."""
    names = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
    return bool(names & {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})


def is_local(fs: Any) -> bool:
    """Whether it is a folder of this machine."""
    return "file" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)


def list_files(fs: Any, root: str) -> list[RemoteFile]:
    """Every file below the root, by path. Hidden and partial names are left out, as they are in landing.

    A folder that cannot be listed is an error, never an empty folder.
    """
    fs.invalidate_cache()
    infos = fs.find(root, detail=True).values() if is_atomic(fs) else _walk(fs, root)
    found = [_remote(info, root) for info in infos if not info["name"].endswith("/")]
    return sorted((f for f in found if not _is_hidden(f.rel)), key=lambda f: f.rel)


def _is_hidden(rel: str) -> bool:
    return any(is_partial(name) and name not in (".", "..") for name in rel.split("/"))


def look_again(fs: Any, file: RemoteFile) -> bool:
    """Whether the server still says the same about a file. Times count in seconds: not every call gives more."""
    fs.invalidate_cache()
    try:
        now = _remote(fs.info(file.path), file.path)
    except FileNotFoundError:
        return False
    whole = [time and time.replace(microsecond=0) for time in (file.mtime, now.mtime)]
    return now.size == file.size and whole[0] == whole[1] and (not file.tag or not now.tag or file.tag == now.tag)


def shown(rel: str) -> str:
    """A path as text that any table can hold: bytes that are no UTF-8 are written as `\\xfc`, as `discover` does."""
    return os.fsencode(rel).decode("utf-8", "backslashreplace")


def landing_path(base: Path, into: str, rel: str) -> Path:
    """Where a file of an origin goes; DeliveryError when its name would lead out of the folder `into`."""
    names = rel.split("/")
    controls = any(unicodedata.category(char) == "Cc" for char in rel)
    bad = controls or any(n in ("", ".", "..") or len(os.fsencode(n)) > 255 for n in names)
    target = base.joinpath(into, *names)
    if bad or not _deepest(target.parent).resolve().is_relative_to(base.resolve()):
        raise DeliveryError(
            "name of a remote file cannot be used",
            got=repr(shown(rel)),
            expected="a path below the folder of the origin, without '..', empty names or control characters",
            next_step="rename the file at the origin; nothing of it was fetched",
        )
    return target


@contextmanager
def part_file(base: Path) -> Iterator[Path]:
    """A hidden name to write to; gone at the end unless it was placed."""
    folder = base / FETCH_FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f"{secrets.token_hex(8)}.part"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def sweep(base: Path) -> None:
    """Remove what a killed fetch left behind. Only for who holds the client's turn."""
    shutil.rmtree(base / FETCH_FOLDER, ignore_errors=True)


def download(fs: Any, file: RemoteFile, part: Path) -> None:
    """Copy a remote file to a path; TransientError when it is not (or no longer) what was listed."""
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(part.parent).free
    if file.size + SPARE_BYTES > free:
        raise TransientError(
            "no room on the landing disk",
            where=file.rel,
            got=f"{free >> 20} MiB free",
            expected=f"{(file.size + SPARE_BYTES) >> 20} MiB",
            next_step="make room, or set KONTOR_LANDING to a larger disk",
        )
    part.touch(mode=0o600)
    with suppress(FileNotFoundError):  # taken away since it was listed: the second look says so
        if is_atomic(fs):
            fs.get_file(file.path, str(part))
        else:
            _copy(fs, file, part)
    got = part.stat().st_size
    if got != file.size or not look_again(fs, file):
        raise Changed(
            "file changed while it was fetched",
            where=file.rel,
            got=f"{got} bytes",
            expected=f"{file.size} bytes, as listed, and no change until the end",
            next_step="nothing: the sender is still writing, the next run fetches it",
        )


def _copy(fs: Any, file: RemoteFile, part: Path) -> None:
    """Read a file to one byte behind its listed end: one that grows faster than we read would never end.

    (The file system's own `get` would end there, too, but makes a link on our side of a link on the other.)
    """
    left = file.size + 1
    with fs.open(file.path, "rb") as source, part.open("wb") as copy:
        while left and (block := source.read(min(left, _BLOCK))):
            copy.write(block)
            left -= len(block)


class Changed(TransientError):
    """The sender is still writing: no fault, and no reason to try again at once."""


def place(part: Path, target: Path, mtime: datetime) -> None:
    """Give a finished copy its name: durable, with the time it has at the origin, at once."""
    ns = (mtime - _EPOCH) // timedelta(microseconds=1) * 1000
    os.utime(part, ns=(ns, ns))
    handle = os.open(part, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        raise DeliveryError(
            "a file and a folder of the same name",
            where=target.name,
            got=str(target.parent),
            expected="a name that is either a file or a folder",
            next_step="rename one of them at the origin",
        ) from None
    except OSError as error:
        raise TransientError(
            "landing folder cannot be written",
            where=str(target.parent),
            got=str(error.strerror),
            expected="a folder of ours with room in it",
            next_step="correct the permissions, the mount or the disk",
        ) from None
    sync_folder(target.parent)


def seen(path: Path) -> tuple[int, datetime | None]:
    """(size, modification time to the microsecond) of a regular file in landing; anything else has size -1."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        return -1, None
    return status.st_size, _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)


@contextmanager
def server_faults(what: str, hide: Callable[[str], str]) -> Iterator[None]:
    """Turn the errors of file systems and their clients into ours; `hide` takes secrets out of what they say.

    Their packages are optional, so their classes cannot be named here: each is judged by where it comes from.
    """
    try:
        yield
    except KontorError:
        raise
    except Exception as error:
        ours = _fault(what, error, hide(" ".join(str(error).split())[:300]))
        if ours is None:
            raise
        raise ours from None  # what it came from may hold secrets


_LIBRARIES = {"botocore", "aiobotocore", "aiohttp", "asyncssh", "sshfs", "s3fs", "gcsfs", "google", "azure", "fsspec"}
_OURS = {
    "PermissionError", "PermissionDenied", "SFTPPermissionDenied", "HostKeyNotVerifiable", "KeyImportError",
    "KeyEncryptionError", "NoCredentialsError", "PartialCredentialsError", "ParamValidationError",
    "ClientAuthenticationError", "NotADirectoryError",
}  # fmt: skip
_REFUSED = re.compile(
    r"access ?denied|forbidden|invalid ?access ?key|signature ?does ?not ?match|invalid bucket|host key", re.I
)


def _fault(what: str, error: Exception, said: str) -> KontorError | None:
    names = {cls.__name__ for cls in type(error).__mro__}
    if isinstance(error, FileNotFoundError):
        return DeclarationError(
            f"{what}: not there",
            got=said,
            expected="the bucket or folder that the profile names",
            next_step="correct the url of the origin, or ask the client where its files are",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return TransientError(
            "landing disk cannot be written", got=said, next_step="make room, or correct the mount of KONTOR_LANDING"
        )
    if names & _OURS or _REFUSED.search(said):
        return DeclarationError(
            f"{what}: refused by the server",
            got=said or type(error).__name__,
            expected="a server that lets us in and read",
            next_step="correct user, secret, host key or bucket in the connection, or ask the client for access",
        )
    library = any(cls.__module__.partition(".")[0] in _LIBRARIES for cls in type(error).__mro__)
    if library or isinstance(error, OSError | asyncio.TimeoutError):
        return TransientError(
            f"{what}: server does not answer as it should",
            got=f"{type(error).__name__}: {said}" if said else type(error).__name__,
            next_step="it is tried again by itself; if it stays, ask the client whether its server is up",
        )
    return None


def _walk(fs: Any, root: str) -> Iterator[dict[str, Any]]:
    """Files below a folder of a server with folders; what is taken away meanwhile is passed over."""
    top = fs.info(root)
    if top["type"] == "file":
        yield top
        return
    inside = Path(root).resolve() if is_local(fs) else None
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            infos = fs.ls(folder, detail=True)
        except FileNotFoundError:
            if folder == root:
                raise
            continue
        for info in infos:
            if info["type"] == "link" or info.get("islink"):
                info = _followed(fs, info, inside)
            name = info["name"]
            if info["type"] == "directory" and not is_partial(name.rstrip("/").rpartition("/")[2]):
                folders.append(name.rstrip("/"))
            elif info["type"] == "file":
                yield info


def _followed(fs: Any, info: dict[str, Any], inside: Path | None) -> dict[str, Any]:
    """What a link leads to if that is a file (a folder may be a circle) and, on this machine, below the root."""
    if inside and not Path(info["name"]).resolve().is_relative_to(inside):
        log.warning("%s is a link out of the folder of the origin and is not read", info["name"])
        return {**info, "type": "link"}
    with suppress(FileNotFoundError):
        target = fs.info(info["name"])
        if target["type"] == "file":
            return {**target, "name": info["name"]}
    return {**info, "type": "link"}


def _remote(info: dict[str, Any], root: str) -> RemoteFile:
    name, size = info["name"], info.get("size")
    rel = name.removeprefix(root.rstrip("/") + "/") if name != root else name.rpartition("/")[2]
    if size is None:
        raise TransientError(
            "server does not tell the size of a file", where=rel, next_step="ask the client to look at its server"
        )
    mtime = next((t for k in _TIME_KEYS if (t := _utc(info.get(k))) is not None), None)
    tag = next((str(info[k]) for k in _TAG_KEYS if info.get(k)), "")
    if mtime is None and not tag:
        raise DeclarationError(
            "server tells neither time nor tag of its files",
            where=rel,
            expected="one of them: else a changed file could not be told from a known one",
            next_step="let the client deliver to an object store or an SFTP server",
        )
    return RemoteFile(name, rel, int(size), mtime, tag.removeprefix("W/").strip('"'))


def _utc(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, int | float):
        return _EPOCH + timedelta(microseconds=int(value * 1_000_000))
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def _deepest(folder: Path) -> Path:
    """The nearest folder above that exists, so that a link on the way is seen before anything is made."""
    while not os.path.lexists(folder):
        folder = folder.parent
    return folder
