"""Registering deliveries without files."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from pipelines.delivery import Delivery, Kind, Scope
from pipelines.warehouse import register

_NUMBERS = itertools.count(1)


def register_one(conn: sa.Connection, client: str, *, source: str = "main", **changes: Any) -> Delivery:
    """One registered delivery; each is a day younger than the one before."""
    number = next(_NUMBERS)
    given: dict[str, Any] = {
        "scope": Scope(client, "tests.items", source, changes.pop("scope_period", None)),
        "period": None,
        "kind": Kind.INTAKE,
        "file_name": f"{number}.csv",
        "sha256": f"sha{number}",
        "size": number,
        "received_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number),
        "inputs_hash": f"inputs{number}",
        "declaration_hash": "declared",
        **changes,
    }
    return register.add_delivery(conn, register.NewDelivery(**given))
