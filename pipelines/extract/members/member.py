"""A member of an archive, and what every kind of archive checks in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipelines.errors import DeliveryError
from pipelines.extract.members.limits import (
    FREE_BYTES,
    MAX_ARCHIVE_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    refused,
)
from pipelines.extract.members.names import member_name, problem_of, shortened, too_long
from pipelines.origin_words import is_partial

_LARGEST = (1 << 63) - 1
"""What the register takes as a size."""
EXPECTED = "a plain file under a plain name"


@dataclass(frozen=True)
class Member:
    """A file in an archive: `name` as it stands behind `!/`, `size` unpacked by the archive's own account.

    `problem` says why it is not taken, if so: a link, a password, a name that leads elsewhere.
    """

    name: str
    size: int
    problem: str | None = None

    def error(self, archive: str) -> DeliveryError | None:
        """The problem as the error of a delivery."""
        return None if self.problem is None else member_refused(f"{archive}!/{self.name}", self.problem)


def member_refused(name: str, got: str, expected: str = EXPECTED) -> DeliveryError:
    """The error that one member cannot be used."""
    return refused(name, got, expected, "member of an archive cannot be read")


def member(raw: str, size: int, problem: str | None = None) -> Member | None:
    """A member by its name in the archive; None for hidden and unfinished files, which nobody meant to send."""
    problem = problem_of(raw) or problem
    name = member_name(raw)
    if problem is None and any(is_partial(part) for part in name.split("/")):
        return None
    if too_long(name):
        name, problem = shortened(name), "a name of more than 1000 bytes"
    if not 0 <= size <= MAX_UNPACKED_BYTES and problem is None:
        problem = f"{size} bytes when unpacked, not 0 to {MAX_UNPACKED_BYTES}: this may be a zip bomb"
    return Member(name, min(max(size, 0), _LARGEST), problem)


def checked(found: Iterable[Member | None], packed: int, archive: str) -> list[Member]:
    """The members as they lie in the archive, each name once; a DeliveryError for one that is a bomb as a whole."""
    members = [m for m in found if m is not None]
    check_count(len(members), archive)
    total = sum(m.size for m in members if m.problem is None)
    if total > MAX_ARCHIVE_BYTES or total > max(FREE_BYTES, MAX_RATIO * packed):
        raise refused(archive, f"{total} bytes when unpacked, packed in {packed}", "less: this may be a zip bomb")
    if not members:
        raise refused(archive, "an archive without files", "the files that were to be sent")
    return _once(members)


def check_count(count: int, archive: str) -> None:
    """A DeliveryError for an archive of too many members."""
    if count > MAX_MEMBERS:
        raise refused(archive, f"more than {MAX_MEMBERS} members", f"at most {MAX_MEMBERS} in one archive")


def _once(members: Sequence[Member]) -> list[Member]:
    """Members of one name are none that could be taken: nobody can say which of them was meant."""
    times = Counter(m.name for m in members)
    out: dict[str, Member] = {}
    for found in members:
        if times[found.name] > 1:
            found = replace(found, problem=f"{times[found.name]} members of this name")
        out.setdefault(found.name, found)
    return list(out.values())
