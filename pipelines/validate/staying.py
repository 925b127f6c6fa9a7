"""Rows of the delivery's own feed that stay in core beside it, for rules about the feed as it will be once loaded."""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from typing import Any

from pipelines.validate.set_rules import SetRules
from pipelines.warehouse import register


def staying(sets: SetRules, picked: str, condition: str, *, standing: bool = False) -> tuple[str, dict[str, Any]]:
    """SQL that selects `picked` of the client's current rows that the delivery neither closes nor replaces.

    These are the rows of its other sources and periods; beside a delta or a correction, which say nothing of the rows
    they do not bring, also those of its own scope with another key. `standing`: without those that a newer period of
    their source has replaced, where the lists of a ledger do that (`periods` in the profile).
    """
    contract, delivery = sets.contract, sets.delivery
    period = register.scope_of(delivery, sets.ref).period or ""
    current = f"from {contract.table} c where client_id = :client and _known_to is null and {condition}"
    others, adding = "(_source, _period) <> (:own_source, :own_period)", {}
    if standing and contract.has_choice_of_periods:
        adding = {"adding": _adding(sets)}
        others += (
            f" and (_source = any(:adding) or _source <> :own_source and (_source, _period) in "
            f"(select _source, max(_period) from {contract.table} where client_id = :client and _known_to is null "
            "group by _source))"
        )
    query = f"select {picked} {current} and {others}"
    if delivery.is_correction or sets.ref.source.mode == "delta":
        same = " and ".join(f'k."{name}" = c."{name}"' for name in contract.key)
        query += (
            f" union all select {picked} {current} and (_source, _period) = (:own_source, :own_period) "
            f"and not exists (select from {sets.table} k where k._fate is null and {same})"
        )
    return query, {"client": delivery.client_id, "own_source": delivery.source, "own_period": period, **adding}


def _adding(sets: SetRules) -> list[str]:
    """The client's sources of the feed whose periods add up."""
    profile = sets.catalog.profiles.get(sets.delivery.client_id)
    refs = [*(profile.sources if profile else ()), sets.ref]
    return sorted({ref.name for ref in refs if ref.feed == sets.contract.feed and ref.source.periods == "add_up"})
