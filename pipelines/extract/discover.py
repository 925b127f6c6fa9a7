"""What lies in the landing folder, and which source each file belongs to. Landing is only read."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import DeclarationError, DeliveryError, TransientError
from pipelines.origin_words import is_partial
from pipelines.profile import Profile, Source, SourceRef

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoundFile:
    """A file in landing; `rel` is its path below the client's folder, with `/`."""

    path: Path
    rel: str
    size: int
    mtime: datetime


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
    """Files of a client in natural path order, at any depth.

    Hidden and partial names are left out. Links are followed only to files inside the client's own folder.
    Whether they are complete is for `settled` to say.
    """
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


def match(found: Sequence[FoundFile], sources: Sequence[SourceRef]) -> list[Match]:
    """Files and the sources that claim them, source by source, each in the order its deliveries are taken."""
    out: list[Match] = []
    for ref in sources:
        pattern = ref.pattern
        hits = [(f, m.groupdict()) for f in found if (m := pattern.fullmatch(f.rel))]
        out += sorted((_matched(f, ref, groups) for f, groups in hits), key=lambda m: m.order)
    return out


def unmatched(found: Sequence[FoundFile], matches: Sequence[Match], profile: Profile) -> list[FoundFile]:
    """Files that no source, no look-up table and no `ignore_files` pattern accounts for."""
    claimed = {m.found.rel for m in matches}
    others = [table.files for table in profile.model.lookups.values()] + list(profile.model.ignore_files)
    patterns = [re.compile(p) for p in others]
    return [f for f in found if f.rel not in claimed and not any(p.fullmatch(f.rel) for p in patterns)]


def lookup_files(profile: Profile, source: Source, found: Sequence[FoundFile]) -> dict[str, list[FoundFile]]:
    """Files of each look-up table that the source uses, in natural order; an empty list when there is none."""
    return {
        name: [f for f in found if re.fullmatch(table.files, f.rel)]
        for name, table in sorted(profile.lookups_of(source).items())
    }


def sha256_of(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with path.open("rb") as file:
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
        return Match(found, ref, texts, None)
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
        return Match(found, ref, texts, None, error)
    has_day = re.search(r"%[djcxUW]", pattern) is not None
    return Match(found, ref, texts, parsed.date().isoformat()[: 10 if has_day else 7])


def _walk(root: Path) -> Iterator[FoundFile]:
    for folder, folders, names in os.walk(root, onerror=_unreadable):
        folders[:] = [n for n in folders if not is_partial(n)]
        for name in names:
            path = Path(folder, name)
            if is_partial(name) or (path.is_symlink() and not _links_inside(path, root)):
                continue
            try:
                status = path.stat()
            except FileNotFoundError:  # taken away meanwhile
                continue
            if stat.S_ISREG(status.st_mode):
                rel = os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")
                yield FoundFile(path, rel, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _links_inside(path: Path, root: Path) -> bool:
    inside = path.resolve().is_relative_to(root)
    if not inside:
        log.warning("%s is a link out of the client's landing folder and is not read", path)
    return inside


def _unreadable(error: OSError) -> None:
    raise TransientError(
        "landing folder cannot be read",
        where=str(error.filename),
        got=str(error.strerror),
        expected="a readable folder",
        next_step="correct the permissions or the mount",
    )
