"""The index of an export by GDPdU: found beside the data file it describes, archived with it, at hand to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.delivery import Delivery
from pipelines.extract import discover as landing
from pipelines.extract.archive import archive
from pipelines.extract.members import SEPARATOR, listing, member_of, opened, split_name
from pipelines.extract.messages.gdpdu_index import Beside, index_names
from pipelines.flow.control_files import Fingerprint
from pipelines.flow.office import Office
from pipelines.profile import SourceRef
from pipelines.warehouse import register
from pipelines.warehouse.register import Input

ROLE = "control"
"""What an index is to its delivery; under the name that the profile gives it."""
_DTD = ".dtd"


def has_index(ref: SourceRef) -> bool:
    """Whether the files of a source are described by an index."""
    return ref.source.format.type == "gdpdu"


def claimed(matches: Sequence[landing.Match], found: Sequence[landing.FoundFile]) -> set[str]:
    """Paths of the indexes of all matched files, and of the DTD that exports bring along: none is a delivery."""
    there = _by_name(found)
    indexes = {file.rel for m in matches if has_index(m.ref) for file in _nearest(m, there)}
    folders = {_folder(rel) for rel in indexes}
    return indexes | {f.rel for f in found if f.rel.casefold().endswith(_DTD) and _folder(f.rel) in folders}


def inputs(
    match: landing.Match, found: Sequence[landing.FoundFile], fingerprint: Fingerprint
) -> tuple[tuple[Input, ...], tuple[str, ...]]:
    """The index of a delivery, or what is not there yet or cannot be read, for a message."""
    if not has_index(match.ref):
        return (), ()
    index = match.ref.source.format.index
    for file in _nearest(match, _by_name(found)):
        if file.error:
            return (), (f"{file.rel} ({file.error.got})",)
        try:
            return (Input(ROLE, index, file.rel, fingerprint(file)[1]),), ()
        except OSError as error:
            return (), (f"{file.rel} ({error.strerror})",)
    return (), (index_names(match.found.rel, index)[0],)


@contextmanager
def index_of(office: Office, ref: SourceRef, delivery: Delivery) -> Iterator[Beside | None]:
    """The archived index that a delivery was registered with, a member of an archive unpacked; None without one."""
    if not has_index(ref):
        yield None
        return
    with office.warehouse.transaction() as conn:
        items = register.inputs(conn, delivery.delivery_id)
    with _kept(office, ref, items) as index:
        yield index


@contextmanager
def index_on_disk(ref: SourceRef, root: Path, name: str) -> Iterator[Beside | None]:
    """The index that lies beside a file below a folder, for a trial without a warehouse."""
    for rel in index_names(name, ref.source.format.index) if has_index(ref) else []:
        if found := _there(root, rel):
            with opened(root / landing.path_of(found), member_of(found), name=found) as content:
                yield Beside(content, found)
            return
    yield None


def _there(root: Path, rel: str) -> str | None:
    """The name of a file or member as it is written on the disk; None when there is none."""
    outer, member = split_name(rel)
    path = root / landing.path_of(rel)
    if member is None or not path.is_file():
        return rel if path.is_file() else None
    names = (f"{outer}{SEPARATOR}{found.name}" for found in listing(path, outer))
    return next((name for name in names if name.casefold() == rel.casefold()), None)


@contextmanager
def _kept(office: Office, ref: SourceRef, items: Iterable[Input]) -> Iterator[Beside | None]:
    item = next((i for i in items if i.role == ROLE and i.name == ref.source.format.index), None)
    if item is None:
        yield None
        return
    path = office.settings.landing / ref.client_id / landing.path_of(item.path)
    with opened(archive(path, item.sha256, office.settings), member_of(item.path), name=item.path) as content:
        yield Beside(content, item.path)


def _by_name(found: Sequence[landing.FoundFile]) -> dict[str, landing.FoundFile]:
    """Files by their path without regard to case: exports are written on media that do not know it."""
    return {file.rel.casefold(): file for file in found}


def _nearest(match: landing.Match, there: dict[str, landing.FoundFile]) -> list[landing.FoundFile]:
    names = index_names(match.found.rel, match.ref.source.format.index)
    return [there[name.casefold()] for name in names if name.casefold() in there][:1]


def _folder(rel: str) -> str:
    return rel[: rel.rfind("/") + 1]
