"""The data dictionary, as the contracts state it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from pipelines.catalog import load_catalog
from pipelines.contract import Column, Contract
from pipelines.errors import DeclarationError
from pipelines.settings import Settings


def dictionary(settings: Settings, feed: str | None) -> Iterator[Table | str]:
    """Every feed in one table, or every column of one feed."""
    contracts = load_catalog(settings).contracts
    if feed is None:
        yield _feeds(list(contracts.values()))
        return
    if feed not in contracts:
        raise DeclarationError(
            "no such feed", got=feed, expected=f"one of {', '.join(sorted(contracts))}", next_step="give one of them"
        )
    contract = contracts[feed]
    yield f"{feed} {contract.version}, table {contract.table}, owner {contract.owner}, kept {contract.retention}"
    yield contract.description
    yield _columns(contract)


def _feeds(contracts: list[Contract]) -> Table:
    table = Table(title="feeds", title_justify="left", pad_edge=False)
    for name in ("feed", "table", "key", "columns", "one row"):
        table.add_column(name, overflow="fold")
    for c in contracts:
        table.add_row(c.feed, c.table, ", ".join(c.key), str(len(c.columns)), c.row_name)
    return table


def _columns(contract: Contract) -> Table:
    table = Table(pad_edge=False)
    for name in ("column", "type", "semantic", "required", "sensitivity", "meaning"):
        table.add_column(name, overflow="fold")
    for column in contract.columns:
        dated = column.name in contract.dated_by
        required = "key" if column.key else "yes" if column.required else "one of them" if dated else ""
        meaning = column.description + _more(column)
        table.add_row(column.name, column.physical_type, column.semantic, required, column.classification, meaning)
    return table


def _more(column: Column) -> str:
    parts = []
    if column.codes:
        parts.append(f"One of {', '.join(column.codes)}.")
    if column.absent_codes:
        parts.append(f"{column.absent_column} says why it is absent: {', '.join(column.absent_codes)}.")
    if column.references:
        parts.append(f"Refers to {'.'.join(column.references)}.")
    if column.currency:
        parts.append(f"In {column.currency}.")
    return " " + " ".join(parts) if parts else ""
