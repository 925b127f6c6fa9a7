"""What people see of a rehearsal and of a withdrawal in the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.delivery import State
from pipelines.flow.rehearsal import AmountChange, Rehearsal, Rehearsed
from pipelines.flow.show import COLOURS, broken
from pipelines.flow.withdraw import Withdrawal
from pipelines.warehouse.history_verdicts import Rows

Shown = Table | Text


def rehearsed(found: Rehearsal) -> Iterator[Shown]:
    """Each delivery with what would change, then the sums over all."""
    yield from broken(found.broken)
    if not found.deliveries:
        yield Text(f"nothing of {found.target} is loaded, held or failed: a replay would do nothing")
        return
    for one in found.deliveries:
        yield from _one(one)
    sums = found.totals
    n = sums["deliveries"]
    if n > 1:
        yield _amounts(f"all {n} deliveries", found.amounts)
    yield Text.assemble(
        (f"{n} {'delivery' if n == 1 else 'deliveries'} rehearsed, nothing was touched: ", "bold"),
        f"{_n(sums['rows_newly_accepted'])} rows newly accepted, {_n(sums['rows_newly_rejected'])} newly rejected, "
        f"{sums['verdict_changes']} with another verdict, {sums['would_be_held']} would be held, "
        f"{sums['would_fail']} would fail; in core {_n(sums['new'])} new, {_n(sums['changed'])} changed, "
        f"{_n(sums['unchanged'])} unchanged, {_n(sums['closed'])} closed",
    )


def _one(one: Rehearsed) -> Iterator[Shown]:
    parts = (one.client_id, one.feed, one.source, one.period, one.file_name)
    yield Text(f"delivery {one.delivery_id}  {' · '.join(p for p in parts if p)}", style="bold")
    table = _table("", "", "before", "after")
    was, now = one.rows_before, one.rows_after
    lines = (
        ("state", one.state_before, one.state_after),
        ("verdict", one.verdict_before, one.verdict_after),
        ("rows received", was.received, now.received),
        ("rows accepted", was.accepted, now.accepted),
        ("rows rejected", was.rejected, now.rejected),
    )
    for name, before, after in lines:
        style = "" if before == after else _colour(str(after)) or "bold"
        table.add_row(name, Text(_said(before)), Text(_said(after), style=style))
    yield table
    for label, message in (("before", one.message_before), ("after", one.message_after)):
        if message:
            yield Text(f"{label}: {message}")
    groups = (
        (f"{_n(one.rows_newly_accepted)} rows newly accepted", "rejected so far by", one.newly_accepted, "green"),
        (f"{_n(one.rows_newly_rejected)} rows newly rejected", "rejected by", one.newly_rejected, "red"),
        ("rows rejected for other reasons", "reasons", one.reasons_changed, "yellow"),
    )
    for title, head, rows, style in groups:
        if rows:
            yield _rows(title, head, rows, style)
    if one.amounts:
        yield _amounts("amounts", one.amounts)
    if core := one.in_core:
        said = f"in core: {_n(core.new)} new, {_n(core.changed)} changed, {_n(core.unchanged)} unchanged, "
        said += f"{_n(core.closed)} closed"
        if core.overtaken:
            said += f"; {_n(core.overtaken)} rows skipped, a later delivery says otherwise"
        yield Text(said)
    if one.rows_newly_rejected and one.state_before == "loaded":
        yield Text(
            "a row that is newly rejected keeps its version of before current; withdraw the delivery to take it out"
        )
    yield Text("")


def _rows(title: str, head: str, rows: Sequence[Rows], style: str) -> Table:
    table = _table(Text(title, style=style), head, "rows", "first rows")
    for group in rows:
        more = " …" if group.rows > len(group.first) else ""
        table.add_row(group.name, _n(group.rows), ", ".join(group.first) + more)
    return table


def _amounts(title: str, amounts: Sequence[AmountChange]) -> Table:
    table = _table(title, "amount", "currency", "newly accepted", "newly rejected", "accepted before", "accepted after")
    for a in amounts:
        sums = (a.newly_accepted, a.newly_rejected, a.accepted_before, a.accepted_after)
        table.add_row(a.column, a.currency, *map(_amount, sums))
    return table


def as_text(found: Rehearsal, width: int = 160) -> str:
    """The same for a log."""
    out = io.StringIO()
    console = Console(file=out, width=width)
    for item in rehearsed(found):
        console.print(item)
    return out.getvalue()


def withdrawn(done: Withdrawal) -> Iterator[Shown]:
    """What was closed, restored and published again, and the amounts before and after."""
    others = [i for i in done.withdrawn if i != done.delivery_id]
    along = f" with its corrections {', '.join(map(str, others))}" if others else ""
    head = f"delivery {done.delivery_id} {'was already' if done.already else 'is'} withdrawn{along}"
    yield Text.assemble((head, "bold"), f" by {done.person}: {done.why}")
    yield Text(f"{done.scope}: {_n(done.closed)} versions closed, {_n(done.written)} written again as they were before")
    if done.restored:
        yield Text(f"speaks again: {', '.join(map(str, done.restored))}")
    for again in done.again:
        line = Text.assemble(f"delivery {again.delivery_id} published again as {again.replay_id}: ")
        line.append(again.state, style=_colour(again.state))
        yield line.append(f": {again.message}" if again.state in ("held", "failed") and again.message else "")
    if done.judged_again:
        yield Text(f"judged again, an approval of before does not count: {', '.join(map(str, done.judged_again))}")
    if done.not_loaded:
        listed = ", ".join(map(str, done.not_loaded))
        yield Text(f"held or failed when it was superseded, stays so: {listed}; replay it if it is to speak")
    table = _table(
        f"current rows {_n(done.rows_before)} → {_n(done.rows_after)}", "amount", "currency", "before", "after"
    )
    for a in done.amounts:
        table.add_row(a.column, a.currency, _amount(a.before), _amount(a.after))
    yield table
    for column, lost in done.dangling.items():
        yield Text(f"{_n(lost)} current rows refer to nothing since: {column}; they were not touched", style="yellow")


def _table(title: str | Text, *columns: str) -> Table:
    table = Table(title=title or None, title_justify="left", header_style="bold", pad_edge=False)
    for i, name in enumerate(columns):
        right = i and name not in ("currency", "first rows")
        table.add_column(name, overflow="fold", justify="right" if right else "left")
    return table


def _colour(state: str) -> str:
    return COLOURS.get(State(state), "") if state in {s.value for s in State} else ""


def _n(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


def _amount(value: Decimal) -> str:
    return f"{value:,f}".replace(",", "\u202f") if value else "–"


def _said(value: object) -> str:
    if value is None:
        return "–"
    return _n(value) if isinstance(value, int) else str(value)
