"""Rejects in the terminal: what waits for whom and since when, and one row with every reason and decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from rich.console import Group
from rich.table import Table
from rich.text import Text

from pipelines.clean.mapping import Header
from pipelines.clean.needs import Use, restricted
from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.errors import DeclarationError
from pipelines.flow.office import Office, open_office
from pipelines.flow.recorded import Recorded, recorded
from pipelines.flow.suppressed import sums_to_show
from pipelines.reject import RejectState, mask
from pipelines.rulebook import RuleBook
from pipelines.warehouse import audit, decisions, register, reject_lists
from pipelines.warehouse.decisions import Decision
from pipelines.warehouse.layouts import layout_of
from pipelines.warehouse.reject_lists import Kept, Line, Place, Total, Wanted

__all__ = ["Wanted", "as_data", "listed", "show", "table"]
Shown = Table | Text | str | Group
COLOURS = {
    RejectState.OPEN: "yellow",
    RejectState.CORRECTED: "green",
    RejectState.WAIVED: "cyan",
    RejectState.WRITTEN_OFF: "dim",
    RejectState.SUPERSEDED: "dim",
    RejectState.WITHDRAWN: "dim",
}
_PERSONAL = ("restricted", "confidential")


def listed(wanted: Wanted, *, office: Office | None = None) -> tuple[list[Line], list[Total]]:
    """Rejects by delivery, rule and state, and what they come to."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        lines, totals = reject_lists.lines(conn, wanted), reject_lists.totals(conn, wanted)
    known = office.catalog.contracts
    return (
        [replace(one, amounts=sums_to_show(known[one.feed], one.amounts, one.rows)) for one in lines],
        [replace(one, amounts=sums_to_show(known[one.feed], one.amounts, one.rows)) for one in totals],
    )


def as_data(lines: list[Line]) -> list[dict[str, Any]]:
    """The lines as plain data; amounts as a list, each with its column and currency."""
    return [{**asdict(line), "amounts": _amount_data(line.amounts)} for line in lines]


def _amount_data(amounts: Mapping[Place, Decimal]) -> list[dict[str, str]]:
    return [
        {"column": column, "currency": currency, "amount": format(amount, "f")}
        for (column, currency), amount in amounts.items()
    ]


def table(lines: list[Line], totals: list[Total]) -> list[Shown]:
    """The lines as a table, and what they come to, feed by feed."""
    if not lines:
        return ["no rejects of that kind"]
    out = Table(title="rejects by rule and delivery", title_justify="left", pad_edge=False)
    for name in ("delivery", "client · feed", "rule", "state", "owner"):
        out.add_column(name, overflow="fold", justify="right" if name == "delivery" else "left")
    for name in ("rows", "first row", "days", "amount"):
        out.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        source = "" if line.source == "main" else f" ({line.source})"
        state = RejectState(line.state)
        out.add_row(
            str(line.delivery_id), f"{line.client_id} · {line.feed}{source}",
            line.rule_id.removeprefix(line.feed + "."),
            Text(state.value.replace("_", " "), style=COLOURS[state]), line.owner, _count(line.rows),
            str(line.first_row), str(line.age_days), "\n".join(_amounts(line.amounts)),
        )  # fmt: skip
    return [out, *(Text(_total(total)) for total in totals)]


def _total(total: Total) -> str:
    rows = f"{_count(total.rows)} row{'' if total.rows == 1 else 's'}"
    deliveries = f"{total.deliveries} deliver{'y' if total.deliveries == 1 else 'ies'}"
    said = ", ".join(_amounts(total.amounts))
    return f"{total.feed}: {rows} of {deliveries}" + (f", {said}" if said else "")


def _amounts(amounts: Mapping[Place, Decimal]) -> list[str]:
    """One text per currency: the money column with the largest amount stands for the row, since net, tax and gross
    are the same money."""
    largest: dict[str, Decimal] = {}
    for (_, currency), amount in amounts.items():
        if abs(amount) > abs(largest.get(currency, Decimal(0))):
            largest[currency] = amount
    return [f"{_money(amount)} {currency}" for currency, amount in largest.items()]


def _money(amount: Decimal) -> str:
    return f"{amount:,f}".replace(",", "\u202f")


def _count(n: int) -> str:
    return f"{n:,}".replace(",", "\u202f")


# one row ----------------------------------------------------------------------------------------------------


def show(
    delivery_id: int, row: int, *, part: int | None = None, clear: str | None = None, office: Office | None = None
) -> list[Shown]:
    """A rejected row as received, with every reason, decision and what came of it.

    Cells that feed personal columns, or none, are masked; `clear` is the person who is shown them all the same, which
    is written to the audit log.
    """
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        delivery = register.get(conn, delivery_id)
        found = [k for k in reject_lists.kept(conn, delivery, row) if part in (None, k.row_part)]
        if not found:
            raise DeclarationError(
                f"row {row} of delivery {delivery_id} is not in quarantine",
                expected="the row number of a rejected row",
                next_step=f"list them with `python -m pipelines rejects list --delivery {delivery_id} --state all`",
            )
        told = recorded(conn, delivery)
        if clear:
            rows = [[k.row_number, k.row_part] for k in found]
            audit.record(conn, actor=clear, action="show in clear", delivery_id=delivery_id, detail={"rows": rows})
        return [item for one in found for item in _row(conn, office, delivery, told, one, clear is not None)]


def _row(
    conn: sa.Connection, office: Office, delivery: Delivery, told: Recorded, row: Kept, clear: bool
) -> Iterator[Shown]:
    part = f", part {row.row_part}" if row.row_part else ""
    yield Text(
        f"{delivery.file_name}:{row.row_number}{part} of delivery {delivery.delivery_id} "
        f"({delivery.client_id} · {delivery.feed})",
        style="bold",
    )
    layout = layout_of(conn, delivery)
    yield _cells(row, told, clear, layout.layout.columns if layout else ())
    rejects = reject_lists.reasons_of(conn, delivery, row)
    yield _reasons(rejects, RuleBook.of(office.catalog, delivery.feed, delivery.client_id), told.profile.language)
    made = decisions.of_row(conn, delivery, row.row_number, row.row_part)
    if made:
        yield _decisions(made)
    yield _history(conn, delivery, row, rejects)
    others = reject_lists.elsewhere(conn, delivery, row) if row.key_hash else []
    if others:
        names = ("delivery_id", "kind", "received_at", "row_number", "rule_id", "state", "resolved_by")
        yield _plain("the same row in other deliveries", names, ([o[n] for n in names] for o in others))
    if row.key_hash is None:
        yield "its key cannot be read: decisions on it are for this delivery only"


def _cells(row: Kept, told: Recorded, clear: bool, order: Sequence[str]) -> Table:
    """The cells under the client's own names and in his order, with the columns they feed."""
    header = Header(list(row.cells))
    readers, secret = Use.of(told.ref.source).readers(header), restricted(told.ref.source, told.contract, header)
    place = {name: i for i, name in enumerate(order)}
    out = Table(title="as received", title_justify="left", pad_edge=False)
    for name in ("column of the file", "cell", "feeds"):
        out.add_column(name, overflow="fold")
    for name, cell in sorted(row.cells.items(), key=lambda item: place.get(item[0], len(place))):
        fed = list(dict.fromkeys(need.by for need in readers.get(name, [])))
        text = None if cell is None else str(cell)
        shown = text if clear else mask(text, "restricted" if name in secret else _classification(told.contract, fed))
        out.add_row("the whole record" if name == "__raw" else name, shown or "", ", ".join(fed) or "–")
    return out


def _classification(contract: Contract, fed: list[str]) -> str:
    """The strictest of the columns that a cell feeds; what feeds none of them may hold anything."""
    known = {c.name: c.classification for c in contract.columns}
    found = [known[name] for name in fed if name in known]
    return next((c for c in _PERSONAL if c in found), found[0] if found else "confidential")


def _reasons(rejects: Any, book: RuleBook, language: str) -> Table:
    names = ["rule", "column", "value", "message"]
    if language != "en":
        names.append("for the client")
    names += ["owner", "cause", "state", "since"]
    out = Table(title="kept out because", title_justify="left", pad_edge=False, show_lines=True)
    for name in names:
        out.add_column(name, overflow="fold", no_wrap=name in ("state", "owner", "since"))
    for r in rejects:
        state = RejectState(r["state"])
        own = [book.rule(r["rule_id"]).message(language)] if language != "en" else []
        out.add_row(
            r["rule_id"].removeprefix(book.contract.feed + "."), r["column_name"] or "", r["value"] or "", r["message"],
            *own, r["owner"], r["cause_code"], Text(state.value.replace("_", " "), style=COLOURS[state]),
            f"{r['opened_at']:%Y-%m-%d}",
        )  # fmt: skip
    return out


def _decisions(made: list[Decision]) -> Table:
    """Every decision that is about the row, also those that count no more."""
    names = ("decision", "rule", "by", "on (UTC)", "counts until (UTC)", "up to", "reason")
    return _plain("decisions", names, (
        (
            f"{d.decision_id} {d.kind.value.replace('_', ' ')}", d.rule_id, d.person, f"{d.decided_at:%Y-%m-%d %H:%M}",
            f"lapsed {d.lapsed_at:%Y-%m-%d %H:%M}" if d.lapsed_at else f"{d.expires_at:%Y-%m-%d %H:%M}",
            "" if d.amount_limit is None else _money(d.amount_limit), d.reason,
        )
        for d in made
    ))  # fmt: skip


def _history(conn: sa.Connection, delivery: Delivery, row: Kept, rejects: Any) -> Table:
    """What happened to the row's rejects, oldest first, UTC."""
    events: list[tuple[datetime, str, str]] = []
    for r in rejects:
        events.append((r["opened_at"], "gate", f"kept out by {r['rule_id']}"))
        if r["resolved_at"]:
            events.append((r["resolved_at"], r["resolved_by"] or "", f"{r['rule_id']} {r['state'].replace('_', ' ')}"))
    for entry in reject_lists.audited(conn, delivery, row):
        detail = entry["detail"]
        said = ": ".join(str(detail[n]) for n in ("rule", "reason") if n in detail)
        events.append((entry["at"], entry["actor"], f"{entry['action']} {said}".strip()))
    events.sort(key=lambda e: e[0])
    return _plain("history", ("at (UTC)", "who", "what"), ((f"{at:%Y-%m-%d %H:%M:%S}", *what) for at, *what in events))


def _plain(title: str, columns: tuple[str, ...], rows: Any) -> Table:
    out = Table(title=title, title_justify="left", pad_edge=False)
    for name in columns:
        out.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        cells = (f"{c:%Y-%m-%d %H:%M}" if isinstance(c, datetime) else "" if c is None else str(c) for c in row)
        out.add_row(*cells)
    return out
