"""Columns made of each record before anything else reads it: `computed` of a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.clean.column import CellOptions
from pipelines.clean.facts import FileInfo
from pipelines.clean.frame import Cells, Frame, MadeFrame
from pipelines.clean.lookup import coded, number_terms
from pipelines.clean.mapping import Binder
from pipelines.clean.origins import Origin, SheetName, Surroundings, Table, bind_origin
from pipelines.clean.parts import whole_cells
from pipelines.errors import DeclarationError
from pipelines.profile import ColumnRule, SourceRef


@dataclass(frozen=True)
class Computed:
    """The computed columns of a source, bound to the columns of a file, in the order in which they are made.

    A cell that cannot be made (a key that a look-up table lacks, a code nobody mapped) is a fault of every column that
    reads it, and no filter sets its record aside: what cannot be computed is a reject, never a row less.

    >>> # bill_id;amount   with payable: {lookup: {table: bills, key: bill_id, column: payable_account_id}}
    >>> # 5001;4800        →  bill_id 5001, amount 4800, payable 10
    """

    columns: tuple[tuple[str, ColumnRule, Origin], ...] = ()

    @classmethod
    def bind(
        cls,
        ref: SourceRef,
        binder: Binder,
        lookups: Mapping[str, Table],
        info: FileInfo,
        groups: Mapping[str, str],
    ) -> Computed:
        """Find the columns each one reads. Names that the file has are refused: nobody could say which is meant."""
        options = CellOptions(ref.locale, ref.time_zone)
        columns: list[tuple[str, ColumnRule, Origin]] = []
        whole = whole_cells(ref.source.computed.values())
        for name, rule in ref.source.computed.items():
            if binder.header.match(name):
                raise _taken(ref, name)
            terms, locale = number_terms(rule, options), rule.locale or ref.locale
            around = Surroundings(lookups, info, groups, terms, locale, whole=whole)
            columns.append((name, rule, bind_origin(f"computed {name}", rule, binder, around)))
            binder.add(name)
        return cls(tuple(columns))

    @property
    def by_number(self) -> bool:
        """Whether the number of a record decides what is in it."""
        return any(isinstance(origin, SheetName) for _, _, origin in self.columns)

    def apply(self, frame: Frame) -> Frame:
        """The records with their computed columns."""
        made: dict[str, Cells] = {}
        for name, rule, origin in self.columns:
            seen = MadeFrame(frame, made)
            cells = origin.read(seen)
            mapped = coded(rule, cells)
            own = {row: replace(f, message=f"computed {name}: {f.message}") for row, f in mapped.faults.items()}
            made[name] = replace(mapped, faults={**own, **seen.faults_of(origin.sources)})
        return MadeFrame(frame, made) if made else frame

    def read_from(self, sources: Sequence[str]) -> tuple[str, ...]:
        """Source columns with computed ones replaced by what those are made of."""
        made = {name: origin.sources for name, _, origin in self.columns}
        out: dict[str, None] = {}
        for source in sources:
            out |= dict.fromkeys(self.read_from(made[source]) if source in made else (source,))
        return tuple(out)


def _taken(ref: SourceRef, name: str) -> DeclarationError:
    return DeclarationError(
        "computed makes a column that the file has",
        where=f"client {ref.client_id}, {ref.feed}/{ref.name}, computed",
        got=repr(name),
        expected="a name that no column of the file has",
        next_step="choose another name for it in the client's profile",
    )
