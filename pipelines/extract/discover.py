"""What lies in the landing folder, and which source each file belongs to. Landing is only read."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from pipelines.errors import DeclarationError, DeliveryError, TransientError
from pipelines.extract.members import Member, escaped, packing_of, split_name, unescaped
from pipelines.extract.members.names import MAX_NAME_BYTES, shortened, too_long
from pipelines.origin_words import is_partial
from pipelines.profile import Profile, Source, SourceRef, file_match
from pipelines.profile_words import MEMBER_SIGN

log = logging.getLogger(__name__)

MAX_DEPTH = 64
"""Folders below each other; what lies deeper was put there by a program that runs in circles, or to hurt."""


@dataclass(frozen=True)
class FoundFile:
    """A file in landing; `rel` is its path below the client's folder, with `/`, in the form of `members.escaped`.

    A member of an archive has its archive as `container`, whose path and time are its own. `error` says why a file
    cannot be taken; nothing of it has been read when it is not `readable`.
    """

    path: Path
    rel: str
    size: int
    mtime: datetime
    container: FoundFile | None = None
    error: DeliveryError | None = None
    readable: bool = True


@dataclass(frozen=True)
class Match:
    """A file that a source claims. `error` is set when its name matches but cannot be understood.

    `period` is the ISO form of the group `period` of the file pattern: `2024-05`, or `2024-05-31` when
    `period_format` has a day.
    """

    found: FoundFile
    ref: SourceRef
    groups: dict[str, str]
    period: str | None
    error: DeliveryError | None = None

    @property
    def order(self) -> tuple[str, datetime, list[tuple[int, int, str]]]:
        """Order in which the deliveries of a scope are taken: period, time, natural path order."""
        return (self.period or "", self.found.mtime, natural_key(self.found.rel))


def find_files(landing: Path, client_id: str) -> list[FoundFile]:
    """Files of a client in natural path order, at any depth; those that cannot be taken are left out.

    Hidden and partial names are left out. Links are followed only to files inside the client's own folder.
    Whether they are complete is for `settled` to say.
    """
    return [f for f in survey(landing, client_id) if f.error is None]


def survey(landing: Path, client_id: str) -> list[FoundFile]:
    """The same with the files that cannot be taken, each with its error: links, pipes, names that are too long."""
    base = landing / client_id
    if not base.exists():
        return []
    root = base.resolve()
    if not root.is_relative_to(landing.resolve()):
        raise DeclarationError(
            "landing folder of a client is a link to elsewhere",
            where=str(base),
            got=str(root),
            expected="a folder inside the landing folder",
            next_step="mount the folder there, or set KONTOR_LANDING to where the client folders are",
        )
    return sorted(_walk(root), key=lambda f: natural_key(f.rel))


def with_members(
    found: Sequence[FoundFile], profile: Profile, list_members: Callable[[FoundFile], list[Member]]
) -> list[FoundFile]:
    """The files with the members of archives in place of the archives that a pattern of the profile reaches into.

    An archive that is matched as a file of its own stays one. One that cannot be listed stays too, with its error.
    """
    out: list[FoundFile] = []
    patterns = _patterns(profile)
    for file in found:
        try:
            if file.error or not is_reached(file, patterns):
                out.append(file)
                continue
            out += [_member(file, m) for m in list_members(file)]
        except DeliveryError as error:
            out.append(replace(file, error=error))
        except FileNotFoundError:  # taken away meanwhile
            continue
        except OSError as error:
            out.append(unreadable(file, error))
    return out


def is_reached(file: FoundFile, patterns: Sequence[str]) -> bool:
    """Whether members of this file are meant, and not the file itself. Where the name cannot tell, the content does."""
    if any(file_match(files, file.rel) for files in patterns):
        return False
    vague = False
    for files in patterns:
        if MEMBER_SIGN in files:
            archive = _archive_pattern(files)
            vague = vague or archive is None
            if archive and archive.fullmatch(file.rel):
                return True
    return vague and packing_of(file.path, file.rel).archive is not None


def unreadable(file: FoundFile, error: OSError) -> FoundFile:
    """The file with the error that it cannot be read."""
    said = _refused(file.rel, f"{error.strerror or error}", "a file that can be read", "correct its permissions")
    return replace(file, error=said, readable=False)


def match(found: Sequence[FoundFile], sources: Sequence[SourceRef]) -> list[Match]:
    """Files and the sources that claim them, source by source, each in the order its deliveries are taken.

    An archive that cannot be listed is claimed by each source that expects a member of it.
    """
    out: list[Match] = []
    for ref in sources:
        hits = [(f, m.groupdict()) for f in found if (m := _claimed(f, ref.source.files))]
        out += sorted((_matched(f, ref, groups) for f, groups in hits), key=lambda m: m.order)
    return out


def unmatched(found: Sequence[FoundFile], matches: Sequence[Match], profile: Profile) -> list[FoundFile]:
    """Files that no source, no look-up table and no `ignore_files` pattern accounts for.

    An archive none of whose members is wanted is told as one file.
    """
    lookups = [table.files for table in profile.model.lookups.values()]
    claimed = {m.found.rel for m in matches}
    claimed |= {f.rel for f in found if any(_claimed(f, files) for files in lookups)}
    wanted = {f.container.rel for f in found if f.container and f.rel in claimed}
    ignored = [re.compile(p) for p in profile.model.ignore_files]
    left: dict[str, FoundFile] = {}
    for file in found:
        if file.rel in claimed or any(p.fullmatch(file.rel) for p in ignored):
            continue
        if file.container and file.container.rel not in wanted:
            file = file.container
        left.setdefault(file.rel, file)
    return list(left.values())


def lookup_files(profile: Profile, source: Source, found: Sequence[FoundFile]) -> dict[str, list[FoundFile]]:
    """Files of each look-up table that the source uses, in natural order; an empty list when there is none."""
    return {
        name: [f for f in found if _claimed(f, table.files)]
        for name, table in sorted(profile.lookups_of(source).items())
    }


def path_of(rel: str) -> Path:
    """The path below the client's folder of a file, or of the archive of a member."""
    return Path(unescaped(split_name(rel)[0]))


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading; OSError for anything that is no file by now, without waiting on a pipe."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "no longer a file", str(path))
        return open(handle, "rb")  # noqa: PTH123 - a handle, closed by the caller
    except BaseException:
        os.close(handle)
        raise


def sha256_of(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def natural_key(rel: str) -> list[tuple[int, int, str]]:
    """Sort key in which `OP_2.csv` comes before `OP_10.csv`, folder by folder; ties are broken by the text itself."""
    key: list[tuple[int, int, str]] = []
    for name in rel.split("/"):
        parts = [p for p in re.split(r"([0-9]+)", name) if p]
        key += [(1, int(p), "") if p[0] in "0123456789" else (2, 0, p.casefold()) for p in parts]
        key.append((0, 0, ""))  # the end of a name comes before anything longer
    return [*key, (-1, 0, rel)]


def _matched(found: FoundFile, ref: SourceRef, groups: dict[str, str | None]) -> Match:
    texts = {k: v for k, v in groups.items() if v is not None}
    if "period" not in groups:
        return Match(found, ref, texts, None, found.error)
    written, pattern = texts.get("period"), ref.source.period_format
    try:
        parsed = datetime.strptime(written or "", pattern)  # a date without a zone is meant
    except ValueError:
        error = DeliveryError(
            "period in the file name not understood",
            where=found.rel,
            got=repr(written),
            expected=f"a date as {pattern!r}",
            next_step="send the file again under the agreed name",
        )
        return Match(found, ref, texts, None, found.error or error)
    has_day = re.search(r"%[djcxUW]", pattern) is not None
    return Match(found, ref, texts, parsed.date().isoformat()[: 10 if has_day else 7], found.error)


def _claimed(file: FoundFile, files: str) -> re.Match[str] | None:
    """The match of a pattern with a file, or with the archive that its member would be in."""
    found = file_match(files, file.rel)
    if found is None and file.error and file.container is None and (archive := _archive_pattern(files)):
        return archive.fullmatch(file.rel)
    return found


def _archive_pattern(files: str) -> re.Pattern[str] | None:
    """The part of a pattern before `!/`; None where that is none by itself, as in `(.*\\.zip!/)?staff\\.csv`."""
    try:
        return re.compile(files.partition(MEMBER_SIGN)[0]) if MEMBER_SIGN in files else None
    except re.error:
        return None


def _patterns(profile: Profile) -> list[str]:
    """Every file pattern of the sources and look-up tables of a client."""
    return [*(ref.source.files for ref in profile.sources), *(t.files for t in profile.model.lookups.values())]


def _member(archive: FoundFile, member: Member) -> FoundFile:
    rel = f"{archive.rel}{MEMBER_SIGN}{member.name}"
    return FoundFile(archive.path, rel, member.size, archive.mtime, archive, member.error(archive.rel))


def _walk(root: Path) -> Iterator[FoundFile]:
    for folder, folders, names in os.walk(root, onerror=_unreadable):
        inside = [n for n in folders if not is_partial(n)]
        links = [n for n in inside if Path(folder, n).is_symlink()]
        here = Path(folder).relative_to(root)
        deep = len(here.parts) >= MAX_DEPTH or len(os.fsencode(here)) > MAX_NAME_BYTES
        folders[:] = [] if deep else [n for n in inside if n not in links]
        for name in links:
            yield _entry(Path(folder, name), root, "a link to a folder, which is not followed")
        for name in inside if deep else ():
            yield _entry(Path(folder, name), root, "a folder too deep below others")
        for name in names:
            if not is_partial(name) and (found := _file(Path(folder, name), root)):
                yield found


def _file(path: Path, root: Path) -> FoundFile | None:
    """A file, or why it is none; nothing when it was taken away meanwhile."""
    try:
        status = path.stat()
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
            log.warning("%s is a link out of the client's landing folder and is not read", path)
            return _entry(path, root, "a link out of the client's folder")
    except FileNotFoundError:
        return _entry(path, root, "a link to nothing") if path.is_symlink() else None
    except OSError as error:
        return _entry(path, root, str(error.strerror))
    if not stat.S_ISREG(status.st_mode):
        return _entry(path, root, "a pipe, socket or device")
    rel = _rel(path, root)
    if too_long(rel):
        return _entry(path, root, f"a path of more than {MAX_NAME_BYTES} bytes")
    return FoundFile(path, rel, status.st_size, _moment(status.st_mtime))


def _entry(path: Path, root: Path, got: str) -> FoundFile:
    """Something in the landing folder that is not taken; it is not opened, only told."""
    rel = _rel(path, root)
    rel = shortened(rel) if too_long(rel) else rel
    try:
        mtime = _moment(path.lstat().st_mtime)
    except OSError:
        mtime = _moment(0)
    error = _refused(rel, got, "a file", "send the file itself, under an ordinary name")
    return FoundFile(path, rel, 0, mtime, error=error, readable=False)


def _rel(path: Path, root: Path) -> str:
    return escaped(path.relative_to(root).as_posix())


def _moment(seconds: float) -> datetime:
    """A file's time; clocks that are off by more than the calendar holds count as its ends."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime(9999, 12, 30, tzinfo=UTC) if seconds > 0 else datetime(1, 1, 2, tzinfo=UTC)


def _refused(rel: str, got: str, expected: str, next_step: str) -> DeliveryError:
    return DeliveryError("file cannot be taken", where=rel, got=got, expected=expected, next_step=next_step)


def _unreadable(error: OSError) -> None:
    if error.errno == errno.ENOENT:  # taken away meanwhile
        return
    raise TransientError(
        "landing folder cannot be read",
        where=str(error.filename),
        got=str(error.strerror),
        expected="a readable folder",
        next_step="correct the permissions or the mount",
    )
