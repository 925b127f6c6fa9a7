"""What tells a row by SQL: the hash of its business key, as `reject.key_hash` makes it, and its largest amount;
and what tells the place of a delivery among others."""

from __future__ import annotations

from pipelines.contract import Column, Contract


def key_hash_sql(contract: Contract, alias: str) -> str:
    """SQL of the key hash of a row of the work table or of core; null when a value of the key is missing.

    One expression and no function of our own: over a million rows a function costs ten times as much.
    """
    parts = [f"convert_to({_text(contract.column(name), alias)}, 'UTF8')" for name in contract.key]
    return f"encode(sha256({_NUL.join(parts)}), 'hex')"


def largest_amount_sql(contract: Contract, alias: str) -> str:
    """SQL of the largest absolute amount of a row over its money columns, 0 when it has none."""
    amounts = [f'abs({alias}."{column.name}")' for column in contract.money]
    return f"coalesce(greatest({', '.join(amounts)}), 0)" if amounts else "0"


_NUL = r" || '\x00'::bytea || "


def _text(column: Column, alias: str) -> str:
    """The value as a text, whatever the settings of the session."""
    name = f'{alias}."{column.name}"'
    if column.physical_type == "date":
        return f"to_char({name}, 'YYYY-MM-DD')"
    if column.physical_type == "timestamptz":
        return f"to_char({name} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    return f"{name}::text"


def place_of(alias: str) -> str:
    """SQL of `register.PLACE` for one of several deliveries."""
    return f"coalesce({alias}.period, ''), {alias}.received_at, coalesce({alias}.replays, {alias}.delivery_id)"
