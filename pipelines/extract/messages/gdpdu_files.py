"""Which files came with the index of an export: those below its folder, or in its archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import DeliveryError
from pipelines.extract.members import SEPARATOR, listing, packing_of, split_name


def names_with(at: Path, name: str) -> list[str]:
    """Names of the files that came with the index called `name`, in the way that it is called itself.

    `at` is the index, or the archive that it is a member of. Members of archives beside an index are among them, and
    packed files under the name that they have unpacked.
    """
    outer, member = split_name(name)
    if member is not None:
        return [f"{outer}{SEPARATOR}{found.name}" for found in listing(at, outer)]
    folder = name[: name.rfind("/") + 1]
    return [f"{folder}{found}" for path in at.parent.rglob("*") if path.is_file() for found in _names_of(path, at)]


def _names_of(path: Path, index: Path) -> Iterator[str]:
    name = path.relative_to(index.parent).as_posix()
    yield name
    try:
        packing = packing_of(path, name)
        if packing.archive:
            yield from (f"{name}{SEPARATOR}{member.name}" for member in listing(path, name))
        elif packing.compression:
            yield name.rpartition(".")[0]
    except (DeliveryError, OSError):  # told where it is to be read
        return
