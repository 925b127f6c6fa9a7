"""What of a delivery's figures may be shown to whoever may not see restricted cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from pipelines.contract import Contract
from pipelines.control_words import parts_of
from pipelines.delivery import Delivery
from pipelines.warehouse.ledger import Amount, ControlTotal

Place = tuple[str, str]


def amounts_to_show(contract: Contract, amounts: Iterable[Amount]) -> list[Amount]:
    """Of restricted columns none: two of these sums often differ by one row."""
    return [a for a in amounts if contract.may_sum(a.column_name, 0)]


def controls_to_show(contract: Contract, delivery: Delivery, controls: Iterable[ControlTotal]) -> list[ControlTotal]:
    """Of a restricted column only over enough rows."""
    rows = delivery.rows_received
    return [c for c in controls if is_count(c.name) or contract.may_sum(parts_of(c.name)[1] or "", rows)]


def is_count(control: str) -> bool:
    """Whether a control total counts rows or cells: that says nothing of what stands in them."""
    return parts_of(control)[0] in ("rows", "count", "said")


def sums_to_show(contract: Contract, sums: Mapping[Place, Decimal], rows: int | None) -> dict[Place, Decimal]:
    """(money column, currency) → sum over so many rows; of a restricted column only over enough of them."""
    return {place: amount for place, amount in sums.items() if contract.may_sum(place[0], rows)}
