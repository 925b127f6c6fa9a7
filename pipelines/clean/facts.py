"""What cleaning knows of a file beside its rows, and what it counted: handed to the gate as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Context, Decimal, localcontext
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contract import NO_CURRENCY, Contract
from pipelines.sheetrows import SHEET_ROWS

_MOST_LISTED = 50
_EXACT = Context(prec=200)
_ROOM = 28
"""Digits to which amounts are summed as they are: a sum has 38, room for more rows than a batch can hold."""


@dataclass(frozen=True)
class FileInfo:
    """The part of the file's facts that the column map may use: header, footer records, cells, names of its sheets.

    `totals` are those that a message format promises: name, what is said, what was found, where.
    """

    columns: tuple[str, ...] = ()
    footer: tuple[tuple[str, ...], ...] = ()
    cells: dict[str, str] = field(default_factory=dict)
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    totals: tuple[tuple[str, str, str, str], ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Pick them from the facts that `extract` wrote; unknown parts are left alone."""
        data = json.loads(text)
        return cls(
            columns=tuple(data.get("columns") or ()),
            footer=tuple(tuple(str(cell or "") for cell in record) for record in data.get("footer") or ()),
            cells={str(k).upper(): str(v or "") for k, v in (data.get("cells") or {}).items()},
            sheet=data.get("sheet_name"),
            sheets=tuple(data.get("sheets") or ()),
            totals=tuple((t["name"], t["said"], t["found"], t["where"]) for t in data.get("totals") or ()),
        )

    def of_row(self, row: int) -> Self:
        """The same for the sheet of one row."""
        position = row // SHEET_ROWS
        return self if position >= len(self.sheets) else replace(self, sheet=self.sheets[position], sheets=())


@dataclass(frozen=True)
class ControlValue:
    """What the sender promises: `rows`, `sum(column)`, …. An unreadable one has no `promised`; `message` says why."""

    name: str
    promised: str | None
    message: str = ""


@dataclass(frozen=True)
class ControlText:
    """Where a control total stands outside the table: the text of the place, or why there is none in `fault`."""

    text: str | None
    fault: str = ""


@dataclass(frozen=True)
class ControlMeasured:
    """What came, for a control total that neither the records nor the sums of money answer, as text."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class AmbiguousKey:
    """A look-up key that was used and has several answers; the key is masked like the column it fills."""

    table: str
    key: str | None
    count: int


@dataclass(frozen=True)
class CleanFacts:
    """Counts of one cleaned delivery.

    `sums`: money column → currency → exact sum over all readable cells, skipped rows included, as text.
    `unreadable`: column → cells with a problem, on rows that were not skipped. `columns`: canonical column →
    source columns it was read from; `ignored`: source columns left out by declaration; `unmapped`: columns of the
    contract that the source does not fill.
    """

    rows: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    malformed: int = 0
    unclaimed: int = 0
    unclaimed_rows: list[int] = field(default_factory=list)
    unreadable: dict[str, int] = field(default_factory=dict)
    sums: dict[str, dict[str, str]] = field(default_factory=dict)
    controls: list[ControlValue] = field(default_factory=list)
    measured: list[ControlMeasured] = field(default_factory=list)
    ambiguous: list[AmbiguousKey] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """As written to `clean.json`."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The reverse of `to_json`."""
        data: dict[str, Any] = json.loads(text)
        data["controls"] = [ControlValue(**c) for c in data["controls"]]
        data["measured"] = [ControlMeasured(**m) for m in data.get("measured") or ()]
        data["ambiguous"] = [AmbiguousKey(**a) for a in data["ambiguous"]]
        return cls(**data)


class Tally:
    """Adds up the facts over the chunks of a delivery."""

    def __init__(self, contract: Contract) -> None:
        self.rows = 0
        self.malformed = 0
        self.skipped: Counter[str] = Counter()
        self.unclaimed = 0
        self.unclaimed_rows: list[int] = []
        self.unreadable: Counter[str] = Counter()
        self.ambiguous: Counter[tuple[str, str | None]] = Counter()
        self._sums: dict[str, dict[str, Decimal]] = {c.name: {} for c in contract.money}
        self._money: dict[str, list[str]] = {}
        for column in contract.money:
            self._money.setdefault(column.currency or NO_CURRENCY, []).append(column.name)

    def add(
        self,
        batch: pa.RecordBatch,
        unclaimed: Sequence[int],
        unreadable: Mapping[str, int],
        ambiguous: Mapping[tuple[str, str | None], int],
    ) -> None:
        """One cleaned batch, the records nobody takes, its problem cells by column, its doubtful look-up keys."""
        self.rows += batch.num_rows
        fates = {f["values"]: f["counts"] for f in batch.column("_fate").drop_null().value_counts().to_pylist()}
        self.malformed += fates.get("malformed", 0)
        if "skipped" in fates:
            reasons = batch.column("_skip_reason").drop_null().value_counts().to_pylist()
            self.skipped.update({r["values"]: r["counts"] for r in reasons})
        self.unclaimed += len(unclaimed)
        self.unclaimed_rows += unclaimed[: _MOST_LISTED - len(self.unclaimed_rows)]
        self.unreadable.update(unreadable)
        self.ambiguous.update(ambiguous)
        for currency, names in self._money.items():
            self._add_sums(batch, names, currency)

    def _add_sums(self, batch: pa.RecordBatch, names: Sequence[str], currency: str) -> None:
        """Of the amounts that are in one currency column, or in one currency."""
        columns = {"currency": pa.repeat(pa.scalar(currency, pa.string()), batch.num_rows)}
        if currency in batch.schema.names:
            columns["currency"] = pc.fill_null(batch.column(currency), NO_CURRENCY)
        columns |= {name: _roomy(batch.column(name)) for name in names}
        wanted = [(name, what) for name in names for what in ("sum", "count")]
        totals = pa.table(columns).group_by("currency", use_threads=False).aggregate(wanted).to_pylist()
        with localcontext(_EXACT):
            for name in names:
                sums = self._sums[name]
                for total in totals:
                    if total[f"{name}_count"]:
                        code = total["currency"]
                        sums[code] = sums.get(code, Decimal(0)) + total[f"{name}_sum"]

    def facts(self, **others: Any) -> CleanFacts:
        """The facts so far, with what does not come from the rows."""
        return CleanFacts(
            rows=self.rows,
            malformed=self.malformed,
            skipped=dict(self.skipped),
            unclaimed=self.unclaimed,
            unclaimed_rows=self.unclaimed_rows,
            unreadable=dict(self.unreadable),
            sums={n: {c: format(v, "f") for c, v in sorted(sums.items())} for n, sums in self._sums.items()},
            ambiguous=self._ambiguous_keys(),
            **others,
        )

    def _ambiguous_keys(self) -> list[AmbiguousKey]:
        """The most used first; what is beyond the list is summed per table under `…`."""
        ordered = self.ambiguous.most_common()
        listed = [AmbiguousKey(table, key, count) for (table, key), count in ordered[:_MOST_LISTED]]
        rest: Counter[str] = Counter()
        for (table, _), count in ordered[_MOST_LISTED:]:
            rest[table] += count
        return listed + [AmbiguousKey(table, "…", count) for table, count in sorted(rest.items())]


def _roomy(amounts: pa.Array) -> pa.Array:
    """Amounts that can be added up without overflow."""
    kind = amounts.type
    return amounts if kind.precision <= _ROOM else amounts.cast(pa.decimal256(76, kind.scale))
