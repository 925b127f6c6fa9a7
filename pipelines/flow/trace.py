"""From a row of a table back to file and line."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from rich.table import Table

from pipelines.errors import DeclarationError
from pipelines.flow.office import Office, open_office

ADDRESS = ("_delivery_id", "_row_number")


def trace(table: str, key: str, *, office: Office | None = None) -> list[Table | str]:
    """Every version of the rows of `core.<feed>` (or of a mart with addresses) that have this key.

    `key` is the values of the business key, comma separated in the order of the contract, or `column=value,…`.
    """
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        columns = _columns(conn, table)
        wanted = _wanted(office, table, key, columns)
        rows = _rows(conn, table, wanted, columns)
        if not rows:
            return [f"{table} has no row with {', '.join(f'{k} = {v}' for k, v in wanted.items())}"]
        return [_as_table(table, rows)]


def _columns(conn: sa.Connection, table: str) -> list[str]:
    schema, _, name = table.partition(".")
    found: sa.ScalarResult[str] = conn.execute(
        sa.text(
            "select column_name from information_schema.columns where table_schema = :schema and table_name = :name "
            "order by ordinal_position"
        ),
        {"schema": schema, "name": name},
    ).scalars()
    columns = list(found)
    if not columns:
        raise DeclarationError("no such table", got=table, next_step="give schema.table, e.g. core.ledgers_spend")
    if not _address(columns):
        raise DeclarationError(
            "the rows of this table are sums of others",
            got=table,
            expected="a table whose rows have an address (core.*, or a mart with a delivery and row number)",
            next_step="trace one of the rows it sums, in core",
        )
    return columns


def _address(columns: list[str]) -> tuple[str, str] | None:
    for pair in (ADDRESS, ("delivery_id", "row_number")):
        if set(pair) <= set(columns):
            return pair
    return None


def _wanted(office: Office, table: str, key: str, columns: list[str]) -> dict[str, str]:
    parts = [p.strip() for p in key.split(",")]
    if all("=" in p for p in parts):
        wanted = {k.strip(): v.strip() for k, _, v in (p.partition("=") for p in parts)}
    else:
        names = next((c.key for c in office.catalog.contracts.values() if c.table == table), ())
        if len(names) != len(parts):
            raise DeclarationError(
                "key not understood",
                got=key,
                expected=f"values for {', '.join(names)}" if names else "column=value,…",
                next_step="give the key again",
            )
        wanted = dict(zip(names, parts, strict=True))
    if unknown := [k for k in wanted if k not in columns]:
        raise DeclarationError(
            "no such column", got=unknown[0], expected=", ".join(columns), next_step="correct the key"
        )
    return wanted


def _rows(conn: sa.Connection, table: str, wanted: dict[str, str], columns: list[str]) -> list[Any]:
    address = _address(columns)
    if address is None:
        raise LookupError(table)
    source = sa.table(table.split(".")[1], *(sa.column(c) for c in columns), schema=table.split(".")[0])
    delivery = sa.table("delivery", *map(sa.column, ("delivery_id", "file_name", "sha256", "client_id")), schema="ops")
    query = (
        sa.select(
            delivery.c.client_id, delivery.c.delivery_id, delivery.c.file_name,
            source.c[address[1]].label("row_number"),
            *(source.c[c].label(c) for c in ("_known_from", "_known_to") if c in columns), delivery.c.sha256,
        )
        .join(delivery, delivery.c.delivery_id == source.c[address[0]])
        .where(*(sa.cast(source.c[k], sa.Text) == v for k, v in wanted.items()))
        .order_by(delivery.c.delivery_id, source.c[address[1]])
        .limit(200)
    )  # fmt: skip
    return list(conn.execute(query).mappings())


def _as_table(title: str, rows: list[Any]) -> Table:
    table = Table(title=title)
    for name in rows[0]:
        table.add_column(name.strip("_").replace("_", " "))
    for row in rows:
        table.add_row(*(_cell(name, value) for name, value in row.items()))
    return table


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "now" if name == "_known_to" else ""
    return str(value)[:19] if name.startswith("_known") else str(value)
