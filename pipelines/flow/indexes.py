"""The index of an export by GDPdU: found beside the data file it describes, archived with it, at hand to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pipelines.delivery import Delivery
from pipelines.extract import discover as landing
from pipelines.extract.archive import archive
from pipelines.extract.members import SEPARATOR, listing, member_of, opened, split_name
from pipelines.extract.messages.gdpdu_files import names_with
from pipelines.extract.messages.gdpdu_index import Beside, index_names
from pipelines.flow.control_files import Fingerprint
from pipelines.flow.office import Office
from pipelines.profile import Format, Profile, SourceRef, file_match
from pipelines.warehouse import register
from pipelines.warehouse.register import Input

ROLE = "control"
"""What an index is to its delivery; under the name that the profile gives it."""
_DTD = ".dtd"


def has_index(fmt: Format) -> bool:
    """Whether files of this format are described by an index."""
    return fmt.type == "gdpdu"


def claimed(matches: Sequence[landing.Match], found: Sequence[landing.FoundFile], profile: Profile) -> set[str]:
    """Paths of the indexes of all matched and looked-up files, and of the DTD that exports bring along: none is a
    delivery."""
    tables = [table for table in profile.model.lookups.values() if has_index(table.format)]
    described = [(m.found.rel, m.ref.source.format) for m in matches]
    described += [(f.rel, t.format) for t in tables for f in found if file_match(t.files, f.rel)]
    indexes = {file.rel for rel, fmt in described for file in nearest(rel, fmt, found)}
    folders = {_folder(rel) for rel in indexes}
    return indexes | {f.rel for f in found if f.rel.casefold().endswith(_DTD) and _folder(f.rel) in folders}


def inputs(
    match: landing.Match, found: Sequence[landing.FoundFile], fingerprint: Fingerprint
) -> tuple[tuple[Input, ...], tuple[str, ...]]:
    """The index of a delivery, or what is not there yet or cannot be read, for a message."""
    fmt = match.ref.source.format
    if not has_index(fmt):
        return (), ()
    for file in nearest(match.found.rel, fmt, found):
        if file.error:
            return (), (f"{file.rel} ({file.error.got})",)
        try:
            return (Input(ROLE, fmt.index, file.rel, fingerprint(file)[1]),), ()
        except OSError as error:
            return (), (f"{file.rel} ({error.strerror})",)
    return (), (index_names(match.found.rel, fmt.index)[0],)


def nearest(rel: str, fmt: Format, found: Iterable[landing.FoundFile]) -> list[landing.FoundFile]:
    """The index of a file, if there is one: without regard to case, which the media of exports do not know."""
    names = [name.casefold() for name in index_names(rel, fmt.index)] if has_index(fmt) else []
    there = {file.rel.casefold(): file for file in found if file.rel.casefold() in names}
    return [there[name] for name in names if name in there][:1]


def of_lookup(items: Sequence[Input], fmt: Format) -> dict[str, Input | None]:
    """The files of a look-up table, each with its index among them where its format has one."""
    by_name = {item.path.casefold(): item for item in items}
    wanted = {
        item.path: next(
            (by_name[n] for name in index_names(item.path, fmt.index) if (n := name.casefold()) in by_name), None
        )
        for item in items
        if has_index(fmt)
    }
    indexes = {index.path for index in wanted.values() if index}
    return {item.path: wanted.get(item.path) for item in items if item.path not in indexes}


@contextmanager
def index_of(office: Office, ref: SourceRef, delivery: Delivery) -> Iterator[Beside | None]:
    """The archived index that a delivery was registered with, a member of an archive unpacked; None without one."""
    if not has_index(ref.source.format):
        yield None
        return
    with office.warehouse.transaction() as conn:
        items = register.inputs(conn, delivery.delivery_id)
    item = next((i for i in items if i.role == ROLE and i.name == ref.source.format.index), None)
    with kept(office, ref.client_id, item) as index:
        yield index


@contextmanager
def index_on_disk(fmt: Format, root: Path, name: str) -> Iterator[Beside | None]:
    """The index that lies beside a file below a folder, for a trial without a warehouse."""
    for rel in index_names(name, fmt.index) if has_index(fmt) else []:
        if found := _there(root, rel):
            with opened(root / landing.path_of(found), member_of(found), name=found) as content:
                yield Beside(content, found, partial(names_with, root / landing.path_of(found), found))
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
def kept(office: Office, client_id: str, item: Input | None) -> Iterator[Beside | None]:
    """An archived index, a member of an archive unpacked. What came with it is known while it is in landing."""
    if item is None:
        yield None
        return
    path = office.settings.landing / client_id / landing.path_of(item.path)
    names = partial(names_with, path, item.path) if path.is_file() else None
    with opened(archive(path, item.sha256, office.settings), member_of(item.path), name=item.path) as content:
        yield Beside(content, item.path, names)


def _folder(rel: str) -> str:
    return rel[: rel.rfind("/") + 1]
