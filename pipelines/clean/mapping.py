"""Which column of the file is meant: header names against the spellings a profile accepts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from pipelines.dialect import between_slashes
from pipelines.errors import DeliveryError


def folded(name: str) -> str:
    """Spelling without white space around, runs of it inside, and case: how header names are compared."""
    return " ".join(name.split()).casefold()


class Header:
    """The columns of one file. `name` says which file in messages."""

    def __init__(self, columns: Sequence[str], name: str = "the file") -> None:
        self.columns = tuple(columns)
        self.name = name
        self._by_folded: dict[str, list[str]] = {}
        for column in self.columns:
            self._by_folded.setdefault(folded(column), []).append(column)

    def match(self, spelling: str) -> list[str]:
        """Columns a spelling stands for: the exact one, else those that differ in case or white space only."""
        return [spelling] if spelling in self.columns else self._by_folded.get(folded(spelling), [])

    def match_any(self, spellings: Iterable[str]) -> list[str]:
        """Columns that any of the spellings stands for, each once."""
        return list(dict.fromkeys(c for s in spellings for c in self.match(s)))

    def ignored(self, ignore: Iterable[str]) -> list[str]:
        """Columns that `ignore` of a profile leaves out: named there, or the whole name fits a /pattern/."""
        found: dict[str, None] = {}
        for name in ignore:
            pattern = between_slashes(name)
            fits = [c for c in self.columns if re.fullmatch(pattern, c)] if pattern else self.match(name)
            found |= dict.fromkeys(fits)
        return list(found)

    def closest(self, spellings: Iterable[str]) -> list[str]:
        """Up to three columns whose name looks like one of the spellings."""
        found: list[str] = []
        for spelling in spellings:
            near = difflib.get_close_matches(folded(spelling), list(self._by_folded), n=3, cutoff=0.6)
            found += [c for n in near for c in self._by_folded[n]]
        return list(dict.fromkeys(found))[:3]


class Binder:
    """Finds the columns a declaration names, remembers them as used, and complains once about all that is wrong."""

    def __init__(self, header: Header, extra: Iterable[str] = ()) -> None:
        self.header = header
        self.used: set[str] = set()
        self._extra = list(extra)
        self._missing: list[tuple[str, list[str]]] = []
        self._double: list[tuple[str, list[str]]] = []

    def add(self, name: str) -> None:
        """A column that is none of the file, for whoever comes after."""
        self._extra.append(name)

    def one(self, spellings: Sequence[str], needed_by: str, *, optional: bool = False) -> str | None:
        """The one column meant by the spellings; None when it is missing (a complaint unless optional)."""
        if made := [s for s in spellings if s in self._extra]:
            return made[0]
        found = self.header.match_any(spellings)
        self.used.update(found)
        if len(found) == 1:
            return found[0]
        if found:
            self._double.append((needed_by, found))
        elif not optional:
            self._missing.append((needed_by, list(spellings)))
        return None

    def finish(self, ignore: Iterable[str] | None = None) -> None:
        """Raise what was found wrong; with `ignore` also columns that are neither used nor ignored."""
        undeclared: list[str] = []
        if ignore is not None:
            known = self.used | set(self.header.ignored(ignore))
            undeclared = [c for c in self.header.columns if c not in known]
        if self._missing:
            raise self._missing_error(undeclared)
        if self._double:
            raise DeliveryError(
                f"two columns for one: {'; '.join(f'{by} from {_names(found)}' for by, found in self._double)}",
                where=f"header of {self.header.name}",
                got=f"columns {_names(self.header.columns)}",
                expected="exactly one of the accepted spellings",
                next_step="ask the client which column is meant, or name one column only in the profile",
            )
        if undeclared:
            raise DeliveryError(
                f"column not declared: {_names(undeclared)}",
                where=f"header of {self.header.name}",
                got=f"columns {_names(self.header.columns)}",
                expected="every column of the file under columns or under ignore",
                next_step="add the column to columns, or to ignore with the reason, in the client's profile",
            )

    def _missing_error(self, undeclared: list[str]) -> DeliveryError:
        wanted = "; ".join(f"{' or '.join(map(repr, names))} (for {by})" for by, names in self._missing)
        near = self.header.closest(s for _, names in self._missing for s in names)
        hints = [f"closest: {_names(near)}"] if near else []
        hints += [f"declared nowhere: {_names(undeclared)}"] if undeclared else []
        got = "; ".join([f"columns {_names(self.header.columns)}", *hints])
        if not self.used and not near:
            # Where the header line is missing, the names are the first row's cells: perhaps somebody's name and salary.
            got = f"{len(self.header.columns)} columns, none of them known; is the header line missing?"
        return DeliveryError(
            f"column missing: {wanted}",
            where=f"header of {self.header.name}",
            got=got,
            expected="a column of that name",
            next_step="ask the client for the column, or add its new spelling to the profile",
        )


def _names(names: Sequence[str], most: int = 60) -> str:
    shown = ", ".join(map(repr, names[:most])) or "none"
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
