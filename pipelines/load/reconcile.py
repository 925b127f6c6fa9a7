"""The first law: received = loaded + unchanged + rejected + skipped + held, in rows and in every money column.

Every part is read back from where the rows now are (core, quarantine, work table), inside the transaction that wrote
them; what was received was counted while the file was cleaned. A difference is a LoadError, which rolls back.
"""

# ruff: noqa: S608 (names of tables and columns come from checked contracts)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from typing import Any

import sqlalchemy as sa

from pipelines.contract import NO_CURRENCY, Contract
from pipelines.delivery import Delivery
from pipelines.errors import LoadError
from pipelines.warehouse import register
from pipelines.warehouse.ledger import Amount

Place = tuple[str, str]
"""(money column, currency)."""


@dataclass
class Totals:
    """Rows, and the sum of each money column by currency over its non-null cells.

    `at_odds`: what two places say differently of the same rows, though their counts may agree.
    """

    rows: int = 0
    amounts: dict[Place, Decimal] = field(default_factory=dict)
    at_odds: list[str] = field(default_factory=list)

    def add(self, place: Place, amount: Decimal | None) -> None:
        """Add an amount exactly, however many digits it has."""
        if amount is not None:
            with localcontext(prec=200):
                self.amounts[place] = self.amounts.get(place, Decimal(0)) + amount


@dataclass(frozen=True)
class Parts:
    """Where the rows of a delivery were found again."""

    loaded: Totals = field(default_factory=Totals)
    unchanged: Totals = field(default_factory=Totals)
    rejected: Totals = field(default_factory=Totals)
    skipped: Totals = field(default_factory=Totals)
    held: Totals = field(default_factory=Totals)

    @property
    def by_name(self) -> dict[str, Totals]:
        """Name of each part → its totals."""
        return {
            "loaded": self.loaded,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "skipped": self.skipped,
            "held": self.held,
        }

    @property
    def rows(self) -> int:
        """All rows found again."""
        return sum(t.rows for t in self.by_name.values())


def totals(conn: sa.Connection, contract: Contract, source: str, values: Mapping[str, Any], alias: str) -> Totals:
    """Rows and amounts of `source` (what stands behind FROM), whose rows with our columns are called `alias`."""
    return totals_by(conn, contract, source, values, alias, by="true").get(True, Totals())


def totals_by(
    conn: sa.Connection, contract: Contract, source: str, values: Mapping[str, Any], alias: str, *, by: str
) -> dict[Any, Totals]:
    """The totals of `source` for each value of the SQL expression `by`, by one scan."""
    columns = {c.name for c in contract.columns}
    currencies = sorted({c.currency for c in contract.money if c.currency in columns})
    picked = [f"""coalesce({alias}."{c}", '{NO_CURRENCY}') as cur_{i}""" for i, c in enumerate(currencies)]
    sums = [f'sum({alias}."{c.name}") as sum_{i}' for i, c in enumerate(contract.money)]
    group = ", ".join(["label", *(f"cur_{i}" for i in range(len(currencies)))])
    query = f"select {', '.join([f'{by} as label', 'count(*) as rows', *picked, *sums])} from {source} group by {group}"
    found: dict[Any, Totals] = {}
    for row in conn.execute(sa.text(query), dict(values)).mappings():
        part = found.setdefault(row["label"], Totals())
        part.rows += row["rows"]
        for i, column in enumerate(contract.money):
            place = currencies.index(column.currency) if column.currency in currencies else None
            currency = column.currency if place is None else row[f"cur_{place}"]
            part.add((column.name, currency or NO_CURRENCY), row[f"sum_{i}"])
    return found


def read_work(
    conn: sa.Connection, delivery: Delivery, contract: Contract, fates: Sequence[str | None]
) -> dict[str | None, Totals]:
    """Rows of the work table by the fates asked for (None: accepted)."""
    wanted = "w._fate = any(:fates)" + (" or w._fate is null" if None in fates else "")
    values = {"fates": [fate for fate in fates if fate is not None]}
    found = totals_by(conn, contract, f"{delivery.work_table} w where {wanted}", values, "w", by="w._fate")
    return {fate: found.get(fate, Totals()) for fate in fates}


def quarantined(conn: sa.Connection, delivery: Delivery) -> Totals:
    """Rows and readable amounts of the delivery in quarantine: exactly the rows that its work table rejects."""
    query = (
        "select count(q.row_number) as rows, count(*) filter (where q.row_number is null) as not_kept, "
        "count(*) filter (where w._row_number is null) as not_rejected "
        f"from (select _row_number, _row_part from {delivery.work_table} where _fate = 'rejected') w "
        "full join (select row_number, row_part from quarantine.row where delivery_id = :id) q "
        "on q.row_number = w._row_number and q.row_part = w._row_part"
    )
    key = {"id": delivery.delivery_id}
    row = conn.execute(sa.text(query), key).one()
    found = Totals(rows=row.rows)
    if row.not_kept:
        found.at_odds.append(f"{row.not_kept} rejected rows are not in quarantine")
    if row.not_rejected:
        found.at_odds.append(f"{row.not_rejected} rows in quarantine are not rejected")
    if not found.rows:
        return found
    query = (
        "select a.key as name, coalesce(q.currencies ->> a.key, :none) as currency, sum(a.value::numeric) as amount "
        "from quarantine.row q cross join jsonb_each_text(q.amounts) a where q.delivery_id = :id group by 1, 2"
    )
    for row in conn.execute(sa.text(query), {**key, "none": NO_CURRENCY}):
        found.add((row.name, row.currency), row.amount)
    return found


def check(conn: sa.Connection, delivery: Delivery, parts: Parts) -> list[Amount]:
    """Compare what was received with the sum of the parts; returns the amounts to be written."""
    differences = list(parts.rejected.at_odds)
    if delivery.rows_received != parts.rows:
        counts = ", ".join(f"{t.rows} {name}" for name, t in parts.by_name.items() if t.rows)
        differences.append(f"rows: {delivery.rows_received} received, {parts.rows} found again ({counts or 'none'})")
    amounts = _split(register.amounts(conn, delivery), parts)
    for a in amounts:
        if not a.is_balanced:
            pieces = ", ".join(f"{getattr(a, n)} {n}" for n in parts.by_name if getattr(a, n))
            differences.append(
                f"{a.column_name} in {a.currency}: {a.received} received, {pieces or 'nothing'} found again"
            )
    if differences:
        raise LoadError(
            "accounting does not balance, nothing was published",
            where=f"delivery {delivery.delivery_id}",
            got="; ".join(differences[:5]),
            expected="received = loaded + unchanged + rejected + skipped + held, read back from the tables",
            next_step="replay the delivery; if it happens again, compare its work table with quarantine and core",
        )
    return amounts


def _split(received: list[Amount], parts: Parts) -> list[Amount]:
    """The received amounts with the parts filled in; an amount found but never received stands with received 0."""
    known = {(a.column_name, a.currency): a for a in received}
    places = {place for t in parts.by_name.values() for place in t.amounts}
    for place in sorted(places - known.keys()):
        known[place] = Amount(*place)
    zero = Decimal(0)
    return [
        replace(
            amount,
            loaded=parts.loaded.amounts.get(place, zero),
            unchanged=parts.unchanged.amounts.get(place, zero),
            rejected=parts.rejected.amounts.get(place, zero),
            skipped=parts.skipped.amounts.get(place, zero),
            held=parts.held.amounts.get(place, zero),
        )
        for place, amount in known.items()
    ]
