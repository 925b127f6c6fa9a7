"""Binds the row filters and the column map of a profile to the columns of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from pipelines.clean.computed import Computed
from pipelines.clean.facts import FileInfo
from pipelines.clean.filters import Test, bind
from pipelines.clean.frame import Fault, Frame
from pipelines.clean.mapping import Binder, Header
from pipelines.clean.origins import Origin, Surroundings, Table, bind_origin
from pipelines.clean.parts import CountryOf, whole_cells
from pipelines.clean.plan import Absent, ColumnPlan, cleaner_of, in_order, strictest, terms_cleaner
from pipelines.contract import Column, Contract
from pipelines.errors import DeliveryError
from pipelines.profile import Condition, SourceRef
from pipelines.reject import NOT_CHANGED


@dataclass(frozen=True)
class RowFilters:
    """Tests on records (`skip`, `own`, of `siblings`) and on unpivoted `parts`, and the reason each one gives.

    Reasons are numbered: `reasons[0]` is none, then those of skip, own and parts, then those of our own.
    """

    skip: tuple[Test, ...]
    own: tuple[Test, ...]
    parts: tuple[Test, ...]
    siblings: tuple[tuple[Test, ...], ...]

    @property
    def reasons(self) -> list[str | None]:
        """Texts by number."""
        return [None, *(t.condition.reason for t in (*self.skip, *self.own, *self.parts)), *OWN_REASONS]

    def faults(self, records: Frame) -> dict[int, Fault]:
        """Records of which a test on a computed column cannot tell whether they are rows of this feed."""
        return records.faults_of([t.column for t in (*self.skip, *self.own)])

    @property
    def skip_from(self) -> int:
        """Add the number of the skip filter that holds."""
        return 0

    @property
    def own_from(self) -> int:
        """Add the number of the test that fails."""
        return len(self.skip)

    @property
    def parts_from(self) -> int:
        """Add the number of the test that fails."""
        return len(self.skip) + len(self.own)

    def number(self, reason: str) -> int:
        """Number of one of our own reasons."""
        return len(self.reasons) - len(OWN_REASONS) + OWN_REASONS.index(reason)


UNCLAIMED = "claimed by no source"
NO_PARTS = "every unpivoted cell is empty"
OWN_REASONS = (UNCLAIMED, NO_PARTS, NOT_CHANGED)


@dataclass(frozen=True)
class Columns:
    """The mapped columns in the order in which they are made."""

    plans: tuple[ColumnPlan, ...]
    contract: Contract

    @property
    def beside_key(self) -> str:
        """The first mapped column that is none of the key: what is wrong with a whole row is told there."""
        return next((p.column.name for p in self.plans if not p.column.key), self.contract.key[0])

    def classification(self, name: str) -> str:
        """How the texts of a column are masked."""
        for plan in self.plans:
            if plan.column.name == name:
                return plan.classification
        return self.contract.column(name).classification


def bind_filters(ref: SourceRef, siblings: Sequence[SourceRef], binder: Binder) -> RowFilters:
    """The filters of a source; a condition on a column that unpivot makes is a test on parts."""
    source = ref.source
    made = source.made
    own = [c for c in source.rows if c.column not in made]
    parts = [c for c in source.rows if c.column in made]
    claims = [_claim(s, binder.header) for s in siblings] if source.rows else []
    return RowFilters(
        bind(source.skip, binder, "a skip filter"),
        bind(own, binder, "a row filter"),
        bind(parts, binder, "a row filter"),
        tuple(c for c in claims if c is not None),
    )


def _claim(sibling: SourceRef, header: Header) -> tuple[Test, ...] | None:
    """The tests by which a sibling takes a record, those on columns of the file; None when it cannot read this file."""
    source = sibling.source
    made = source.made | set(source.computed)
    binder = Binder(header, made)
    conditions: list[Condition] = [c for c in source.rows if c.column not in made]
    tests = bind(conditions, binder, "a row filter")
    for name, rule in source.columns.items():
        if rule.from_ is not None:
            binder.one(rule.from_, name, optional=rule.optional)
    try:
        binder.finish()
    except DeliveryError:
        return None
    return tests


def bind_columns(
    ref: SourceRef,
    contract: Contract,
    binder: Binder,
    lookups: Mapping[str, Table],
    info: FileInfo,
    groups: Mapping[str, str],
    computed: Computed,
) -> Columns:
    """The plan of every mapped column."""
    origins: dict[str, Origin] = {}
    whole = whole_cells(ref.source.columns.values())
    for name in in_order(contract, list(ref.source.columns)):
        column, rule = contract.column(name), ref.source.columns[name]
        country = _country_of(column, contract, ref, origins) if rule.part else None
        terms = partial(terms_cleaner, column, rule, ref)
        around = Surroundings(lookups, info, groups, terms, rule.locale or ref.locale, country, whole)
        origins[name] = bind_origin(name, rule, binder, around)
    readers: dict[str, list[str]] = {}
    for name, origin in origins.items():
        for source in computed.read_from(origin.sources):
            readers.setdefault(source, []).append(contract.column(name).classification)
    plans: list[ColumnPlan] = []
    for name, origin in origins.items():
        column, rule = contract.column(name), ref.source.columns[name]
        classes = [column.classification, *(c for s in computed.read_from(origin.sources) for c in readers[s])]
        plans.append(
            ColumnPlan(
                column,
                origin,
                Absent.of(column, rule),
                cleaner_of(column, rule, ref, exact=origin.exact),
                strictest(classes),
            )
        )
    return Columns(tuple(plans), contract)


def _country_of(column: Column, contract: Contract, ref: SourceRef, origins: Mapping[str, Origin]) -> CountryOf | None:
    """How to know the country of a row of which a part is taken: by the column the contract names, else by its only
    column for a country; None where the profile does not fill that one, or it is made of the part itself."""
    countries = [c.name for c in contract.columns if c.semantic == "country"]
    name = column.country or (countries[0] if len(countries) == 1 else "")
    if name in (c.name for c in contract.columns):
        if name == column.name or name not in ref.source.columns:
            return None
        of_row = contract.column(name)

        def read(frame: Frame) -> pa.Array:
            origin = origins[name]  # bound by the time a row is read
            cleaner = cleaner_of(of_row, ref.source.columns[name], ref, exact=origin.exact)
            return cleaner.clean(origin.read(frame).texts).values

        return read
    fixed = name or None
    return None if fixed is None else lambda frame: pa.repeat(pa.scalar(fixed, pa.string()), frame.rows)
