"""What has changed between the layout that was accepted and the one that came, and what it means for the rows.

Columns are read by name, so a new, moved or gone column that the profile does not read leaves every row readable: the
delivery is held and a person decides. Where it is not certain any more which column the profile means, it fails.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from babel import Locale

from pipelines.clean.mapping import Header, folded
from pipelines.clean.needs import Need, Use
from pipelines.layout import Layout

LIKE = 0.8
"""Share of sampled cells of known shape from which a column that is not at the old place is taken for the old one."""
LIKE_IN_PLACE = 0.5
_MOST_SHOWN = 8
_MOST_PAIRS = 2500
"""Beyond this many pairs of gone and new columns only those at the same position are compared."""
_REPEATED = re.compile(r"(.+)#\d+", re.DOTALL)
_MONTHS_IN = ("cs", "da", "de", "en", "es", "fr", "hu", "it", "nl", "pl", "pt", "sv")
"""Languages in which the name of a sheet may say a month."""


class Weight(StrEnum):
    """What a change does: it is noted, it holds the delivery, or it stops it because nobody can say what to read."""

    NOTE = "note"
    HOLD = "hold"
    STOP = "stop"


@dataclass(frozen=True)
class Change:
    """One difference. `before` and `now` name the column in the two layouts, where one is meant."""

    kind: str
    text: str
    weight: Weight
    before: str | None = None
    now: str | None = None


@dataclass(frozen=True)
class Rename:
    """A column that is gone and the one that looks like it; `why` is the evidence."""

    before: str
    now: str
    why: str


def compare(before: Layout, after: Layout, use: Use) -> list[Change]:
    """Every difference, the gravest first; nothing for equal layouts."""
    return sorted(
        [*_Columns(before, after, use).changes(), *_sheet(before, after)],
        key=lambda c: list(Weight)[::-1].index(c.weight),
    )


def encoding_change(before: Layout | None, after: Layout) -> list[Change]:
    """Whether a text is in another encoding than the one it was read in, and was not so before."""
    if after.looks_like is None or (before is not None and before.looks_like == after.looks_like):
        return []
    now = " now" if before is not None else ""
    text = f"encoding looks like {after.looks_like}{now} (profile says {after.encoding}): accented letters are misread"
    return [Change("encoding", text, Weight.HOLD)]


class _Columns:
    """The comparison of two lists of column names."""

    def __init__(self, before: Layout, after: Layout, use: Use) -> None:
        self.old, self.new, self.use = before, after, use
        self.old_header, self.new_header = Header(before.columns), Header(after.columns)
        exact = _told_apart_by_case(before.columns) | _told_apart_by_case(after.columns)
        self.old_ids = identities(before.columns, use, exact)
        self.new_ids = identities(after.columns, use, exact)
        self.readers = use.readers(self.new_header)
        self.old_readers = use.readers(self.old_header)
        self.undeclared = set(use.undeclared(self.new_header))

    def changes(self) -> list[Change]:
        """All of them."""
        if self.old.columns == self.new.columns:
            return []
        old, new = set(self.old_ids), set(self.new_ids)
        gone = [i for i, c in enumerate(self.old_ids) if c not in new]
        come = [i for i, c in enumerate(self.new_ids) if c not in old]
        renames = self._renames(gone, come)
        moved = self._moved() if self.new.ordered else []
        out = self._unclear(moved)
        out += [self._renamed(old, new, why) for old, (new, why) in renames.items()]
        taken = {new for new, _ in renames.values()}
        out += [self._come(i) for i in come if i not in taken]
        out += [self._gone(i) for i in gone if i not in renames]
        return [*out, *self._moves(moved), *self._spellings()]

    def _come(self, at: int) -> Change:
        name = self.new.columns[at]
        text = f"new column {name!r} {_place(self.new, at)}"
        if name in self.undeclared:
            return Change("new", text, Weight.HOLD, now=name)
        needs = self.readers.get(name)
        declared = f"read as {_by(needs)}" if needs else "ignored by the profile"
        return Change("new", f"{text}: {declared}", Weight.NOTE, now=name)

    def _gone(self, at: int) -> Change:
        name = self.old.columns[at]
        text = f"column {name!r} (position {at + 1} before) is gone"
        needs = self.old_readers.get(name, [])
        if any(not n.optional for n in needs):
            return Change("gone", f"{text}; it is read as {_by(needs)}", Weight.STOP, before=name)
        if needs:
            return Change("gone", f"{text}: optional, {_by(needs)} stays empty", Weight.NOTE, before=name)
        return Change("gone", f"{text}; it was not read", Weight.HOLD, before=name)

    def _renamed(self, old: int, new: int, why: str) -> Change:
        before, now = self.old.columns[old], self.new.columns[new]
        text = f"column {before!r} is gone; {now!r} {why}"
        needs = self.old_readers.get(before, [])
        if any(not n.optional for n in needs):
            weight = Weight.STOP
        else:
            weight = Weight.HOLD if now in self.undeclared or not needs else Weight.NOTE
            text += f"; {_by(needs)} would stay empty" if needs else ""
        return Change("renamed", text, weight, before, now)

    def _renames(self, gone: Sequence[int], come: Sequence[int]) -> dict[int, tuple[int, str]]:
        """Old position → new position and the evidence: the best likeness first, each column once."""
        found: dict[int, tuple[int, str]] = {}
        pairs = [(i, i) for i in sorted(set(gone) & set(come))]
        if len(gone) * len(come) <= _MOST_PAIRS:
            pairs = [(old, new) for old in gone for new in come]
        scored = [(like[0], -old, -new, like[1]) for old, new in pairs if (like := self._like(old, new))]
        left, right = set(gone), set(come)
        for _, old, new, why in sorted(scored, reverse=True):
            if -old in left and -new in right:
                left.discard(-old)
                right.discard(-new)
                found[-old] = (-new, why)
        return found

    def _like(self, old: int, new: int) -> tuple[float, str] | None:
        """How much a new column is like a gone one, and why; None when it is not."""
        likeness = None
        if self.old.shapes and self.new.shapes:
            likeness = self.old.shapes[old].likeness(self.new.shapes[new])
        shown = ""
        if likeness is not None:
            shown = f"{likeness:.0%} of {self.new.shapes[new].filled} sampled values of the same shape"
        named = _alike(self.old.columns[old], self.new.columns[new])
        if self._in_place(old, new):
            unlike = likeness is not None and likeness < LIKE_IN_PLACE
            if unlike and not named:
                return None
            said = ", ".join(filter(None, ("same position", shown)))
            return (0 if unlike else 2) + (likeness or 0), f"at its place looks like it ({said})"
        if named and (likeness is None or likeness >= LIKE):
            said = ", ".join(filter(None, ("similar name", shown)))
            return 1 + (likeness or 0), f"at position {new + 1} looks like it ({said}; before at {old + 1})"
        return None

    def _in_place(self, old: int, new: int) -> bool:
        """Whether it stands at the same position, or between the same neighbours."""
        if not self.new.ordered:
            return False
        around = [
            (ids[i - 1] if i else None, ids[i + 1] if i + 1 < len(ids) else None)
            for ids, i in ((self.old_ids, old), (self.new_ids, new))
        ]
        return old == new or around[0] == around[1]

    def _moved(self) -> list[int]:
        """New positions of the columns that left the order of the others: the fewest that explain it."""
        where = {c: i for i, c in enumerate(self.old_ids)}
        common = [i for i, c in enumerate(self.new_ids) if c in where]
        stay = {common[i] for i in longest_rising([where[self.new_ids[i]] for i in common])}
        return [i for i in common if i not in stay]

    def _moves(self, moved: Sequence[int]) -> list[Change]:
        where = {c: i for i, c in enumerate(self.old_ids)}
        out = []
        for at in moved[:_MOST_SHOWN]:
            name, old = self.new.columns[at], where[self.new_ids[at]]
            text = f"column {name!r} moved from position {old + 1} to {at + 1}"
            out.append(Change("moved", text, Weight.HOLD, self.old.columns[old], name))
        if more := len(moved) - len(out):
            out.append(Change("moved", f"{more} more columns moved", Weight.HOLD))
        return out

    def _spellings(self) -> list[Change]:
        """Accepted differences in the names of columns that are the same."""
        where = {c: i for i, c in enumerate(self.old_ids)}
        out = []
        for at, identity in enumerate(self.new_ids):
            if identity not in where:
                continue
            before, now = self.old.columns[where[identity]], self.new.columns[at]
            if folded(before) != folded(now) and _named(now, at) and _named(before, where[identity]):
                by = f", an accepted spelling of {_by(self.readers[now])}" if now in self.readers else ""
                out.append(Change("spelled", f"column {before!r} is called {now!r}{by}", Weight.NOTE, before, now))
        return out

    def _unclear(self, moved: Sequence[int]) -> list[Change]:
        """Columns the profile reads whose name does not tell any more which column is meant."""
        out: dict[str, Change] = {}
        bases = [_base(ids) for ids in (self.old_ids, self.new_ids)]
        times = [Counter(b) for b in bases]
        shifted = {bases[1][i] for i in moved}
        places = {name: i for i, name in enumerate(self.new.columns)}
        for name, needs in self.readers.items():
            at = places[name]
            base = bases[1][at]
            if not times[0][base] or max(times[0][base], times[1][base]) < 2 or base in out:
                continue
            same = [i for i, b in enumerate(bases[1]) if b == base]
            others = [self.new.columns[i] for i in same if self.new.columns[i] in self.undeclared]
            if times[0][base] == times[1][base] and base not in shifted and self._means_the_same(needs):
                continue
            if times[0][base] != times[1][base] and not others and self._means_the_same(needs):
                continue
            was = [i + 1 for i, b in enumerate(bases[0]) if b == base]
            text = (
                f"{_called(name, at)} at {_positions([i + 1 for i in same])} now, at {_positions(was)} before: "
                f"which one {_by(needs)} is read from is not certain"
            )
            out[base] = Change("unclear", text, Weight.STOP, now=name)
        return list(out.values())

    def _means_the_same(self, needs: Sequence[Need]) -> bool:
        """Whether the spellings of the needs find the same column in both layouts."""
        for need in needs:
            old, new = self.old_header.match_any(need.spellings), self.new_header.match_any(need.spellings)
            if len(old) == 1 == len(new):
                ids = self.old_ids[self.old.columns.index(old[0])], self.new_ids[self.new.columns.index(new[0])]
                if ids[0] != ids[1]:
                    return False
        return True


def identities(columns: Sequence[str], use: Use, exact: Set[str] = frozenset()) -> list[str]:
    """What a column is known by: its folded name, or the first of its accepted spellings; repeated and empty names
    with their number. Names in `exact` are taken as they are written."""
    seen: Counter[str] = Counter()
    out = []
    for at, name in enumerate(columns):
        repeated = _REPEATED.fullmatch(name)
        plain = repeated[1] if repeated and repeated[1] in columns[:at] else name
        base = folded(plain) if folded(plain) not in exact else plain
        base = use.aliases.get(folded(name), base if _named(name, at) else "")
        seen[base] += 1
        out.append(f"{base}\0{seen[base]}")
    return out


def _told_apart_by_case(columns: Sequence[str]) -> set[str]:
    """Folded names that several columns share although they are written differently."""
    times = Counter(folded(c) for c in columns)
    return {name for name, n in times.items() if n > 1}


def longest_rising(numbers: Sequence[int]) -> list[int]:
    """Indices of a longest rising subsequence of different numbers.

    >>> longest_rising([0, 3, 1, 2])
    [0, 2, 3]
    """
    ends: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for index, number in enumerate(numbers):
        place = bisect_left(ends, number)
        before.append(last[place - 1] if place else None)
        ends[place : place + 1] = [number]
        last[place : place + 1] = [index]
    out: list[int] = []
    at = last[-1] if last else None
    while at is not None:
        out.append(at)
        at = before[at]
    return out[::-1]


def _sheet(before: Layout, after: Layout) -> list[Change]:
    """Another sheet than before; numbers and months in its name may change from file to file."""
    if before.sheet is None or after.sheet is None or _undated(before.sheet) == _undated(after.sheet):
        return []
    return [Change("sheet", f"the table is read from sheet {after.sheet!r} now, before {before.sheet!r}", Weight.HOLD)]


def _undated(name: str) -> str:
    """A name of a sheet without numbers, punctuation and months."""
    return " ".join(w for w in re.split(r"[\W\d_]+", name.casefold()) if w and w not in _months())


@cache
def _months() -> frozenset[str]:
    found = {"sept", "mrz"}
    for language in _MONTHS_IN:
        for kind in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                found |= {m.casefold().rstrip(".") for m in Locale(language).months[kind][width].values()}
    return frozenset(found)


def _place(layout: Layout, at: int) -> str:
    if not layout.ordered:
        return "in the records"
    before = repr(layout.columns[at - 1]) if at else None
    after = repr(layout.columns[at + 1]) if at + 1 < len(layout.columns) else None
    if before and after:
        return f"at position {at + 1} (between {before} and {after})"
    return f"at position {at + 1}" + (f" (after {before})" if before else f" (before {after})" if after else "")


def _by(needs: Sequence[Need]) -> str:
    return ", ".join(dict.fromkeys(n.by for n in needs))


def _base(ids: Sequence[str]) -> list[str]:
    return [i.partition("\0")[0] for i in ids]


def _named(name: str, at: int) -> bool:
    """Whether the header had a name at all: columns without one are called by their position."""
    return folded(name) != f"column {at + 1}"


def _called(name: str, at: int) -> str:
    repeated = _REPEATED.fullmatch(name)
    return (
        f"columns named {(repeated[1] if repeated else name)!r} stand" if _named(name, at) else "unnamed columns stand"
    )


def _positions(numbers: Sequence[int]) -> str:
    return f"position{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _alike(one: str, other: str) -> bool:
    one, other = folded(one), folded(other)
    return one in other or other in one or difflib.SequenceMatcher(None, one, other).ratio() >= 0.6
