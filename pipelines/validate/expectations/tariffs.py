"""Amounts that follow a tariff in another feed. Only the gate can look it up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from great_expectations.compatibility import pydantic

from pipelines.validate.expectations.conditions import GateOnly
from pipelines.validate.expectations.described import add_metadata, joined, metadata
from pipelines.validate.expectations.matches import Matches


class AmountsFollowTariff(GateOnly):
    """Metric: rows whose amount is not what the tariff asks for."""

    condition_metric_name = "amounts.follow_tariff"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "feed", "match", "where", "amount", "quantity", "date", "date_instead", "valid_from", "from_quantity", "rate",
        "base", "minimum", "tolerance",
    )  # fmt: skip


class ExpectAmountsToFollowTariff(Matches):
    """Expect an amount to be what a tariff of the client says: base + rate × quantity, and at least the minimum.

    ExpectAmountsToFollowTariff is a Multicolumn Map Expectation. Of the tariffs for a row (`match`) those count that
    are the newest on its day; of these the one of the band that its quantity lies in: the highest `from_quantity` not
    above it. The whole quantity is charged by that rate, as carriers do, and not each band by its own. The amount is
    rounded to the cent before it is compared. A row for which there is no tariff is not judged: that there is one is
    another rule (`ExpectRowsToMatchFeed`). A feed that the client does not deliver is not compared with, and the result
    says so. Where two sources tell different tariffs for one band, either will do.

    Args:
        feed (str): the feed with the tariffs, `domain.feed`.
        match (dict): own column → column of that feed with the same value; the currency is one of them.
        amount, quantity (str): own columns with what is charged, and for how much, e.g. kilograms.
        rate (str): column of that feed with the price of one of the quantity.

    Other Parameters:
        base, minimum (str or None): columns of that feed with what is added for each row, and the least amount.
        from_quantity (str or None): column of that feed with the quantity from which a tariff holds.
        date, valid_from (str or None): own column with the day that decides, and column of that feed with the first day
            of a tariff: it holds until the next one of the same `match`.
        date_instead (str or None): own column with the day where `date` is empty.
        where (dict or None): columns of that feed → value, or list of values, they must have; null = none.
        tolerance (number): what the amount may differ by, in major units. Default 0.01.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: none; only the gate can look up the other feed, and elsewhere it says so.

    Example:
        base 20.00, from 0 kg 0.50, from 100 kg 0.40, minimum 35.00:
        20 kg for 35.00 (30.00 is below the minimum), 99 kg for 69.50, 100 kg for 60.00 → passes
        100 kg for 70.00 → fails

        ExpectAmountsToFollowTariff(
            feed="shipments.freight_tariffs", match={"lane_id": "lane_id", "currency_code": "currency_code"},
            amount="charged_amount", quantity="charged_weight_kg", date="shipped_date", valid_from="valid_from_date",
            from_quantity="from_weight_kg", rate="rate_per_kg_amount", base="base_amount", minimum="minimum_amount",
        )
    """

    amount: str
    quantity: str
    rate: str
    base: str | None = None
    minimum: str | None = None
    from_quantity: str | None = None
    date: str | None = None
    date_instead: str | None = None
    valid_from: str | None = None
    tolerance: float = pydantic.Field(0.01, ge=0)

    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "reference", "identity")
    map_metric: ClassVar[str] = "amounts.follow_tariff"
    success_keys: ClassVar[tuple[str, ...]] = (*AmountsFollowTariff.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("feed", "match", "amount", "quantity", "rate")

    class Config:
        title = "Expect amounts to follow tariff"
        schema_extra = add_metadata

    @classmethod
    def _own(cls, values: Mapping[str, Any]) -> Iterable[str]:
        yield from (values[name] for name in ("amount", "quantity") if values.get(name))
        yield from sorted(values.get("match") or {})
        if day := values.get("date_instead") or values.get("date"):
            yield day

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _dates_go_together(cls, values: dict[str, Any]) -> dict[str, Any]:
        if bool(values.get("date")) != bool(values.get("valid_from")):
            raise ValueError("date, an own column, goes together with valid_from of the other feed")
        if values.get("date_instead") and not values.get("date"):
            raise ValueError("date_instead needs date, for which it stands in")
        if values.get("amount") and values.get("amount") == values.get("quantity"):
            raise ValueError("amount and quantity are one column")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        own, params = joined(list(kwargs["match"]), ", ", "own")
        params |= {name: kwargs[name] for name in ("amount", "quantity", "rate", "feed")}
        formula = "$rate × $quantity"
        if kwargs.get("base"):
            params["base"] = kwargs["base"]
            formula = f"$base + {formula}"
        if kwargs.get("minimum"):
            params["minimum"] = kwargs["minimum"]
            formula += ", at least $minimum"
        template = f"$amount must be {formula}, as $feed says for {own}"
        if kwargs.get("from_quantity"):
            params["from"] = kwargs["from_quantity"]
            template += ", from $from of $quantity on"
        if kwargs.get("date"):
            params |= {"day": kwargs["date"], "since": kwargs["valid_from"]}
            template += ", by the newest $since not after $day"
        params["tolerance"] = f"{kwargs.get('tolerance', 0.01):g}"
        return f"{template}, to $tolerance", params
