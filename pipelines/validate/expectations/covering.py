"""Rows of another feed that must have some of this one: an order has lines. Only the gate can look them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pipelines.validate.expectations.conditions import GateOnly
from pipelines.validate.expectations.described import GateKind, add_metadata, joined, metadata
from pipelines.validate.expectations.matches import Matches, said_where


class FeedCovered(GateOnly):
    """Metric: rows of another feed that no row of this one belongs to."""

    condition_metric_name = "feed.covered"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("feed", "match", "where")


class ExpectFeedRowsToOccur(Matches):
    """Expect each row of another feed of the same client to occur here: no order without lines.

    ExpectFeedRowsToOccur judges the delivery as a whole. It is the way to find a head without lines: heads are loaded
    first, and when they are judged, their lines may still be to come. Looked for are the current rows of the other
    feed, of the source that has the name of the delivery's own, or where that has none, of all; they are looked for
    among the rows of the delivery and those of its feed that stay beside it. A row that another rule sets aside is
    there all the same. A feed that the client does not deliver is not compared with, and the result says so.

    Args:
        feed (str): the other feed, `domain.feed`.
        match (dict): own column → column of that feed with the same value.

    Other Parameters:
        where (dict or None): columns of the other feed → value, or list of values, that the rows looked for have;
            null = none.
        mostly (float): share of the rows of the other feed that must occur. Default 1.
        row_condition (Condition or None): own rows that count. Default all.
        severity (str): critical holds the delivery, warning and info only count.

    Supported Data Sources: none; only the gate can look up the other feed, and elsewhere it says so.

    Example:
        orders A1, A2; lines of A1, A1, A2 → passes
        orders A1, A2; lines of A1 → fails: A2

        ExpectFeedRowsToOccur(feed="shipments.orders", match={"order_id": "order_id"})
    """

    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "reference")
    gate_kind: ClassVar[GateKind] = "balance"
    map_metric: ClassVar[str] = "feed.covered"
    success_keys: ClassVar[tuple[str, ...]] = (*FeedCovered.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("feed", "match")

    class Config:
        title = "Expect feed rows to occur"
        schema_extra = add_metadata

    @classmethod
    def _own(cls, values: Mapping[str, Any]) -> Iterable[str]:
        return sorted(values.get("match") or {})

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        own, params = joined(list(kwargs["match"]), ", ", "own")
        params["known"] = f"{kwargs['feed']} ({', '.join(kwargs['match'].values())})"
        template = f"each row of $known must occur in {own}"
        if where := kwargs.get("where"):
            params["where"] = said_where(where)
            template = template.replace("$known ", "$known where $where ")
        return template, params
