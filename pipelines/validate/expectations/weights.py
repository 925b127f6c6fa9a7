"""Sums that must fit what the list of products says of one piece: the weight of a shipment. Only the gate knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import GateOnly
from pipelines.validate.expectations.described import add_metadata, joined, metadata
from pipelines.validate.expectations.together import Together


class SumsFitProducts(GateOnly):
    """Metric: rows of groups whose sum is far from what the products in them come to."""

    condition_metric_name = "groups.fit_products"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "group", "instead", "column", "quantity", "product", "unit", "feed", "per_unit", "least", "most",
    )  # fmt: skip


class ExpectGroupSumsToFitProducts(Together):
    """Expect the sum of every group to be near what its products come to by the list: gross and net weight.

    ExpectGroupSumsToFitProducts is a Multicolumn Map Expectation: all rows of a group fail whose sum is less than
    `least` times, or more than `most` times, what quantity × base units × `per_unit` of its rows add up to. It is for a
    weight in grams, a quantity in cartons that counts as pieces, a digit too many. A sum may stand on one row of its
    group, as the weight of a shipment does. Groups are judged of which every row has a product that the list knows with
    its figure, in a unit that can be converted, and of which a row has a value. Rows without a value in one of the
    columns of the group are not judged. Only rows of the delivery count.

    Args:
        group (list of str): columns that together name a group, e.g. the shipment.
        column (str): the column that is added up, e.g. the weight in kilograms.
        quantity, product, unit (str): columns with the quantity, its product and its unit.
        per_unit (str): column of `shipments.products` with the figure of one base unit, e.g. its net weight.

    Other Parameters:
        instead (dict or None): column of `group` → the one that counts where it is empty.
        least, most (number): the range, as multiples. Default 0.8 and 3: packing weighs something, and scales differ.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, and that are added up. Default all.
        severity (str): critical rejects the rows of a group that fails, warning and info only count them.

    Supported Data Sources: none; only the gate can look up the products, and elsewhere it says so.

    Example:
        2 cartons of 12 pieces of 0.5 kg net: 12 kg; a shipment of 13.4 kg → passes
        the same of 13400 kg → its rows fail

        ExpectGroupSumsToFitProducts(
            group=["shipment_id"], column="weight_quantity", quantity="line_quantity", product="product_id",
            unit="unit_code", per_unit="net_weight_kg",
        )
    """

    group: list[str] = pydantic.Field(min_items=1)
    column: str
    quantity: str
    product: str
    unit: str
    per_unit: str
    feed: str = "shipments.products"
    instead: dict[str, str] | None = None
    least: float = pydantic.Field(0.8, ge=0)
    most: float = pydantic.Field(3, gt=0)

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.MULTI_SOURCE,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "groups", "reference")
    engines: ClassVar[Sequence[str]] = ()
    names_columns: ClassVar[Mapping[str, str | None]] = {
        "column": "number", "quantity": "number", "product": "text", "unit": "text", "group": None,
    }  # fmt: skip
    map_metric: ClassVar[str] = "groups.fit_products"
    success_keys: ClassVar[tuple[str, ...]] = (*SumsFitProducts.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("group", "column", "quantity", "product", "unit", "per_unit")

    class Config:
        title = "Expect group sums to fit products"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _a_range(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("least", 0.8) >= values.get("most", 3):
            raise ValueError(f"no number lies from {values.get('least', 0.8)} to {values.get('most', 3)}")
        if values.get("feed", "shipments.products") != "shipments.products":
            raise ValueError("feed is shipments.products: the list that units are converted by")
        if outside := set(values.get("instead") or {}) - set(values.get("group") or []):
            raise ValueError(f"instead names {', '.join(sorted(outside))}, which is not in group")
        # a group is named by the column that stands in as well, so that it is not asked for
        instead = values.get("instead") or {}
        named = [instead.get(c, c) for c in values.get("group") or []]
        return {**values, "column_list": list(dict.fromkeys(named)), "ignore_row_if": "any_value_is_missing"}

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["group"], ", ", "group")
        params |= {name: kwargs[name] for name in ("column", "quantity", "product", "per_unit")}
        params |= {"least": f"{kwargs.get('least', 0.8):g}", "most": f"{kwargs.get('most', 3):g}"}
        return (
            f"the sum of $column of each {where} must be $least to $most times what $quantity of $product comes to by "
            "$per_unit of shipments.products"
        ), params
