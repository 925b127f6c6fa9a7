"""What a source asks of the header of a file, known without a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pipelines.clean.expression import columns as columns_of_sql
from pipelines.clean.mapping import Header, folded
from pipelines.contract import Contract
from pipelines.profile import ColumnRule, Source


@dataclass(frozen=True)
class Need:
    """One column that must be there (unless `optional`) under exactly one of the spellings; `by` says who needs it."""

    by: str
    spellings: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True)
class Use:
    """Everything the profile says about source columns: what it reads and what it ignores."""

    needs: tuple[Need, ...]
    ignored: tuple[str, ...]

    @classmethod
    def of(cls, source: Source) -> Use:
        """Of a source. Columns that `unpivot` and `computed` make are none of the file."""
        unpivot = source.unpivot
        made = source.made | set(source.computed)
        found = [Need("a skip filter", (c.column,)) for c in source.skip]
        found += [Need("a row filter", (c.column,)) for c in source.rows]
        found += [Need("unpivot", (c,)) for c in (unpivot.columns if unpivot else ())]
        by = {**source.columns, **{f"computed {name}": rule for name, rule in source.computed.items()}}
        for name, rule in by.items():
            found += [Need(name, tuple(spellings), rule.optional) for spellings in _asked(rule)]
        return cls(tuple(n for n in found if not made & set(n.spellings)), tuple(source.ignore))

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Folded spelling → folded first spelling, where several are accepted for one column."""
        return {
            folded(spelling): folded(need.spellings[0])
            for need in self.needs
            if len(need.spellings) > 1
            for spelling in need.spellings
        }

    def missing(self, header: Header) -> list[Need]:
        """Needs the header does not meet."""
        return [n for n in self.needs if not n.optional and not header.match_any(n.spellings)]

    def readers(self, header: Header) -> dict[str, list[Need]]:
        """Column of the header → the needs it serves."""
        found: dict[str, list[Need]] = {}
        for need in self.needs:
            for column in header.match_any(need.spellings):
                found.setdefault(column, []).append(need)
        return found

    def undeclared(self, header: Header) -> list[str]:
        """Columns that are neither read nor ignored."""
        known = {*self.readers(header), *header.ignored(self.ignored)}
        return [c for c in header.columns if c not in known]


def restricted(source: Source, contract: Contract, header: Header) -> set[str]:
    """Columns of the header that restricted columns are made of: their cells are as restricted."""
    secret = {c.name for c in contract.columns if c.classification == "restricted"}
    readers = Use.of(source).readers(header)
    found = {column for column, needs in readers.items() if any(need.by in secret for need in needs)}
    if unpivot := source.unpivot:
        asked = {s for name in secret & source.columns.keys() for few in _asked(source.columns[name]) for s in few}
        if asked & {unpivot.name, unpivot.value}:
            found.update(c for column in unpivot.columns for c in header.match_any((column,)))
    return found


def _asked(rule: ColumnRule) -> Sequence[Sequence[str]]:
    """The columns a rule asks for, each by its accepted spellings."""
    if rule.from_ is not None:
        return [rule.from_]
    if rule.split is not None:
        return [rule.split.from_]
    if rule.signed is not None:
        signed = rule.signed
        return [s for s in (signed.debit, signed.credit, signed.amount, signed.indicator) if s]
    if rule.sql is not None:
        return [[c] for c in sorted(columns_of_sql(rule.sql))]
    names = rule.first_of or rule.concat or (rule.lookup.key if rule.lookup else [])
    return [[c] for c in names]
