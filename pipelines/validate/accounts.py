"""Counting: rows and amounts by fate as read back from the work table, control totals, limits of the source."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

import sqlalchemy as sa

from pipelines.contract import NO_CURRENCY, Column, Contract
from pipelines.control_words import parts_of
from pipelines.delivery import Delivery
from pipelines.errors import GateError
from pipelines.profile import SourceRef
from pipelines.reject import Baseline
from pipelines.validate import baseline, known
from pipelines.validate.gate import Control, Counts, GateInput, LayoutJudged
from pipelines.validate.judge import Measurement
from pipelines.validate.known import Amounts
from pipelines.validate.stream import Streamed
from pipelines.warehouse import known_rows
from pipelines.warehouse.ledger import Amount, ControlTotal

_ALL = 100
"""Percent."""
_MOST_LEFT_OUT = 50
"""Percent. Registers that nobody looks after have a third of their e-mail addresses wrong; a column that was mapped to
the wrong place has nearly all."""
_FEWEST_GIVEN = 20
"""Values of which a share tells anything."""


@dataclass(frozen=True)
class ReadBack:
    """What the work table holds: rows by fate, and money column → currency → sums of all, rejected, skipped rows."""

    counts: Counts
    sums: dict[str, dict[str, tuple[Decimal, Decimal, Decimal]]]


def read_back(
    conn: sa.Connection, delivery: Delivery, contract: Contract, beside: Amounts, where: str = "true"
) -> ReadBack:
    """Rows and amounts by fate, in one pass over the work table; `beside`: what it does not have of accepted rows."""
    money = contract.money
    currencies = list(dict.fromkeys(_currency(contract, column) for column in money))
    picked = "".join(f", {currency} as cur_{i}" for i, currency in enumerate(currencies))
    sums = "".join(f', sum("{column.name}")' for column in money)
    group = ", ".join(str(2 + i) for i in range(1 + len(currencies)))
    asked = f"select count(*), coalesce(_fate, 'accepted'){picked}{sums}"
    query = f"{asked} from {delivery.work_table} where {where} group by {group}"
    rows: Counter[str] = Counter()
    found: dict[str, dict[str, tuple[Decimal, Decimal, Decimal]]] = {column.name: {} for column in money}
    with localcontext(prec=_EXACT):
        for number, fate, *values in conn.execute(sa.text(query)).tuples():
            rows[fate] += number
            for column, amount in zip(money, values[len(currencies) :], strict=True):
                if amount is not None:
                    currency = values[currencies.index(_currency(contract, column))]
                    whole, rejected, skipped = found[column.name].get(currency, (Decimal(0),) * 3)
                    found[column.name][currency] = (
                        whole + amount,
                        rejected + amount if fate == "rejected" else rejected,
                        skipped + amount if fate == "skipped" else skipped,
                    )
        for (column_name, currency), amount in beside.items():
            whole, rejected, skipped = found[column_name].get(currency, (Decimal(0),) * 3)
            found[column_name][currency] = (whole + amount, rejected, skipped)
    return ReadBack(Counts(rows.total(), rows["accepted"], rows["rejected"], rows["skipped"]), found)


def beside(
    conn: sa.Connection, delivery: Delivery, contract: Contract, streamed: Streamed, *, set_aside: bool
) -> Amounts:
    """The amounts of known rows that are not in the work table, after the set rules.

    A known row that they have `set_aside` gets its columns back from core first, so that it counts with its fate.
    """
    sums = dict(streamed.amounts)
    if sums and set_aside and known_rows.fill_set_aside(conn, delivery, contract):
        there = read_back(conn, delivery, contract, {}, "_known and _fate is not null").sums
        known.add(sums, {(name, code): -there[name].get(code, (Decimal(0),))[0] for name, code in sums})
    return sums


def amounts(contract: Contract, facts: GateInput, there: ReadBack) -> list[Amount]:
    """Amounts by fate per money column and currency; raises GateError when they are not what cleaning received."""
    out: list[Amount] = []
    for column in contract.money:
        lines = there.sums[column.name]
        for currency in {*lines, *(c for n, c in facts.received if n == column.name)}:
            found = lines.get(currency, (Decimal(0),) * 3)[0]
            expected = facts.received.get((column.name, currency), Decimal(0))
            if found != expected:
                raise GateError(
                    "amounts changed between cleaning and the work table",
                    where=f"{column.name}, {currency}",
                    got=str(found),
                    expected=str(expected),
                    next_step="run the delivery again from extract; if it happens again, report it",
                )
        unreadable = facts.unreadable.get(column.name, 0)
        home = next(iter(lines)) if len(lines) == 1 else NO_CURRENCY  # unreadable cells have no currency of their own
        if unreadable:
            lines.setdefault(home, (Decimal(0),) * 3)
        with localcontext(prec=_EXACT):
            out += [
                Amount(
                    column.name, currency, received=sums[0], rejected=sums[1], skipped=sums[2],
                    held=sums[0] - sums[1] - sums[2], unreadable_cells=unreadable if currency == home else 0,
                )
                for currency, sums in sorted(lines.items())
            ]  # fmt: skip
    return out


_EXACT = 200  # digits: more than any sum of amounts has
_IS = {fate: f"_fate = '{fate}'" for fate in ("rejected", "skipped")}


def _currency(contract: Contract, column: Column) -> str:
    """SQL of the currency of a money column: another column, or a fixed code."""
    named = column.currency in {c.name for c in contract.columns}
    return f"coalesce(\"{column.currency}\", '{NO_CURRENCY}')" if named else f"'{column.currency or NO_CURRENCY}'"


def controls(contract: Contract, facts: GateInput) -> list[tuple[ControlTotal, Measurement]]:
    """Promised and measured. `rows` counts records as the sender does; sums run over all rows received, currencies
    added up as the sender's trailer does."""
    out = []
    for control in facts.controls:
        measured = _measured(control, facts)
        ok = control.promised is not None and control.promised == measured
        promised = "nothing readable" if control.promised is None else format(control.promised, "f")
        observed = f"promised {promised}, received {format(measured, 'f')}"
        what, column = parts_of(control.name)
        if what == "sum" and (unreadable := facts.unreadable.get(column or "", 0)):
            observed += f"; {unreadable} cells cannot be read"
        observed += "".join(f"; {said}" for said in (control.remark, control.message) if said)
        rule = baseline.control(contract, control.name, control.promised)
        total = ControlTotal(control.name, control.promised, measured, ok)
        tells = what not in ("rows", "count", "said") and not contract.may_sum(column or "", facts.records)
        out.append((total, Measurement(rule, 1, {baseline.MEASURED: measured}, observed=observed, is_hidden=tells)))
    return out


def _measured(control: Control, facts: GateInput) -> Decimal:
    """What came. Raises GateError for a total that nobody has added up: it must not pass as 0."""
    what, column = parts_of(control.name)
    if control.measured is not None:
        return control.measured
    if what == "rows":
        return Decimal(facts.records)
    sums = [amount for (name, _), amount in facts.received.items() if name == column]
    if what == "sum":
        return sum(sums, Decimal(0))
    raise GateError(
        "a control total was not measured",
        where=control.name,
        next_step="run the delivery again from clean",
    )


def facts(
    conn: sa.Connection,
    delivery: Delivery,
    ref: SourceRef,
    contract: Contract,
    facts: GateInput,
    counts: Counts,
    rules: int,
) -> list[Measurement]:
    """The rules about the delivery as a whole that need no SQL, and `max_rejects`."""
    unclaimed = ", ".join(map(str, facts.unclaimed_rows[:10]))
    all_may_go = ref.source.max_rejects.pct >= _ALL  # messages of one record each: a bad one must not stop the next
    least = 0 if ref.source.may_be_empty and (all_may_go or not counts.rejected) else 1
    return [
        _measure(
            contract, Baseline.NOT_EMPTY, "no row is left to load", counts.accepted, low=least, unit="rows accepted"
        ),
        _measure(contract, Baseline.HAS_RULES, "the suite has no rule", rules, low=1, unit="rules"),
        _measure(
            contract, Baseline.UNCLAIMED, "records of no source and no skip filter", facts.unclaimed, high=0,
            unit=f"records, rows {unclaimed}" if unclaimed else "records",
        ),
        _measure(
            contract, Baseline.LOOKUP_AMBIGUOUS, "look-up keys with several answers", len(facts.ambiguous), high=0,
            unit="keys" + "".join(f"; {a}" for a in facts.ambiguous[:3]),
        ),
        _layout(contract, facts.layout),
        *_max_rejects(conn, delivery, ref, contract, counts),
    ]  # fmt: skip


def _layout(contract: Contract, judged: LayoutJudged | None) -> Measurement:
    """Drift from the accepted layout. A first delivery has nothing to drift from."""
    if judged is None:
        rule = baseline.fact(contract, Baseline.LAYOUT_DRIFT, "the layout is not the accepted one", high=0)
        return Measurement(rule, 0, {}, note="no accepted layout to compare with", excused=True)
    rule = baseline.fact(contract, Baseline.LAYOUT_DRIFT, f"the layout is not that of {judged.against}", high=0)
    observed = f"the layout of {judged.against}"
    if judged.drift:
        observed = (
            f"{'; '.join(judged.drift)}; approval accepts the layout, cells that the profile does not read stay in the "
            "archived file; else correct the profile and replay"
        )
    return Measurement(rule, 1, {baseline.MEASURED: len(judged.drift)}, observed=observed)


def _measure(
    contract: Contract,
    kind: Baseline,
    message: str,
    value: int,
    *,
    unit: str,
    low: int | None = None,
    high: int | None = None,
) -> Measurement:
    rule = baseline.fact(contract, kind, message, low=low, high=high)
    return Measurement(rule, 1, {baseline.MEASURED: value}, observed=f"{value} {unit}")


def left_out(contract: Contract, cells: Mapping[str, int], given: Mapping[str, int]) -> list[Measurement]:
    """Cells that the contract lets be left out where they are wrong, against those that were given, in the column that
    has most of them. Where most of a column is wrong it is not the cells: another column stands in its place."""
    if not any(column.unreadable for column in contract.columns):
        return []
    shares = [(cells[name] * 100 / given[name], name) for name in cells if given[name] >= _FEWEST_GIVEN]
    share, name = max(shares, default=(0.0, ""))
    rule = baseline.fact(
        contract, Baseline.MOSTLY_LEFT_OUT, f"more than {_MOST_LEFT_OUT} % of the values of a column are wrong",
        high=float(_MOST_LEFT_OUT),
    )  # fmt: skip
    observed = f"{cells[name]} of {given[name]} values of {name} ({share:.2f} %)" if name else ""
    return [
        Measurement(
            rule, 1 if name else 0, {baseline.MEASURED: share}, observed=observed, excused=True,
            note=f"no column has {_FEWEST_GIVEN} values", threshold=_MOST_LEFT_OUT / 100,
        )
    ]  # fmt: skip


def _max_rejects(
    conn: sa.Connection, delivery: Delivery, ref: SourceRef, contract: Contract, counts: Counts
) -> list[Measurement]:
    """Rejected rows, for whatever reason, against what the profile allows; rows skipped by declaration do not count."""
    limit = ref.source.max_rejects
    rows = counts.received - counts.skipped
    share = counts.rejected * 100 / rows if rows else 0.0
    rule = baseline.fact(
        contract, Baseline.MAX_REJECTS, f"more than {limit.pct} % of the rows rejected", high=float(limit.pct)
    )
    observed = f"{counts.rejected} of {rows} rows ({share:.2f} %)"
    out = [
        Measurement(
            rule, 1 if rows else 0, {baseline.MEASURED: share}, observed=observed, note="no row", excused=True,
            threshold=float(limit.pct) / 100,
        )
    ]  # fmt: skip
    if limit.amount is not None:
        worst, where = _largest_rejected(conn, delivery, contract)
        message = f"more than {limit.amount} rejected in one money column"
        rule = baseline.fact(contract, Baseline.MAX_REJECTS, message, high=float(limit.amount), part="amount")
        out.append(Measurement(rule, 1, {baseline.MEASURED: float(worst)}, observed=f"{worst} {where}".strip()))
    return out


def _largest_rejected(conn: sa.Connection, delivery: Delivery, contract: Contract) -> tuple[Decimal, str]:
    """The largest sum of absolute rejected amounts over money columns and currencies."""
    found = [(Decimal(0), "")]
    for column in contract.money:
        query = (
            f'select {_currency(contract, column)}, sum(abs("{column.name}")) from {delivery.work_table} '
            f'where {_IS["rejected"]} and "{column.name}" is not null group by 1'
        )
        found += [(Decimal(s), f"{c} in {column.name}") for c, s in conn.execute(sa.text(query)).tuples()]
    return max(found)
