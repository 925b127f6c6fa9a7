"""Rows of the delivery's own feed that stay in core beside it, for rules about the feed as it will be once loaded."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from typing import Any

from pipelines.validate.set_rules import SetRules
from pipelines.warehouse import register


def staying(sets: SetRules, picked: str, condition: str) -> tuple[str, dict[str, Any]]:
    """SQL that selects `picked` of the client's current rows that the delivery neither closes nor replaces.

    These are the rows of its other sources and periods; beside a delta or a correction, which say nothing of the rows
    they do not bring, also those of its own scope with another key.
    """
    contract, delivery = sets.contract, sets.delivery
    period = register.scope_of(delivery, sets.ref).period or ""
    current = f"from {contract.table} c where client_id = :client and _known_to is null and {condition}"
    query = f"select {picked} {current} and (_source, _period) <> (:own_source, :own_period)"
    if delivery.is_correction or sets.ref.source.mode == "delta":
        same = " and ".join(f'k."{name}" = c."{name}"' for name in contract.key)
        query += (
            f" union all select {picked} {current} and (_source, _period) = (:own_source, :own_period) "
            f"and not exists (select from {sets.table} k where k._fate is null and {same})"
        )
    return query, {"client": delivery.client_id, "own_source": delivery.source, "own_period": period}
