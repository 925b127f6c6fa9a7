"""Figures of a warehouse beside another feed: positions that movements explain, prices near those agreed.

Only the gate can look the other feed up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.render.util import num_to_str

from pipelines.validate.expectations.conditions import GateOnly
from pipelines.validate.expectations.described import add_metadata, joined, metadata
from pipelines.validate.expectations.matches import Matches, said_where

_UNITS = {"feed_product": True, "unit": True, "feed_unit": False, "is_price": False}
"""What `units` of values may say, and whether it must."""
_UNITS_OF_POSITIONS = {"product": True, "unit": True, "feed_unit": True}


class ValuesNearFeed(GateOnly):
    """Metric: rows whose value is far from that of another feed."""

    condition_metric_name = "values.near_feed"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "feed", "match", "column", "feed_column", "least", "most", "slack", "ignore_zero", "added_up",
        "if_known", "where", "units",
    )  # fmt: skip


class PositionsRollForward(GateOnly):
    """Metric: rows of positions that the one before and the movements since do not explain."""

    condition_metric_name = "positions.roll_forward"
    condition_value_keys: ClassVar[tuple[str, ...]] = (
        "feed", "match", "quantity", "date", "feed_quantity", "feed_date", "whole", "opening", "units", "where",
    )  # fmt: skip


class ExpectValuesToBeNearFeed(Matches):
    """Expect a number to lie near one of another feed of the same client: a price near the one that was agreed.

    ExpectValuesToBeNearFeed is a Multicolumn Map Expectation: it is asked of every row. A row passes when its value is
    from `least` to `most` times that of a row of the other feed with the same values in `match`, give or take `slack`;
    of several such rows one suffices. A row that lacks one of its own columns named here, or that no row of the other
    feed is for, is not judged; nor is any where the client does not deliver that feed. Name the currency in `match`, so
    that prices of two currencies are not compared.

    Args:
        column (str): the column with the value.
        feed (str): the other feed, `domain.feed`.
        feed_column (str): the column of that feed it is compared with.
        match (dict): own column → column of that feed with the same value.
        least, most (float or None): how many times the other value it must be at least, and may be at most. One of them
            is needed.

    Other Parameters:
        slack (float): what it may be off by beyond that, e.g. half a cent where prices are rounded. Default 0.
        ignore_zero (bool): a row of the other feed with 0 states nothing: a cost that nobody filled in. Default false.
        added_up (bool): compare with the sum over the rows of the other feed that match; where there is none, with 0.
            Default false.
        if_known (list or None): with `added_up`, own columns of `match`; rows whose values in them the other feed does
            not have at all are not judged.
        where (dict or None): columns of the other feed → value, or list of values, they must have; null = none.
        units (dict or None): compare in the base unit of the product: `feed_product`, the column of the other feed with
            the product; `unit`, the own column with the unit of the value, and `feed_unit`, that of the other feed,
            where that is not the base unit; `is_price`: the values are prices of one unit, and not quantities. Values
            whose units nothing converts are compared only with what is in the same unit.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: none; only the gate can look up the other feed, and elsewhere it says so.

    Example:
        invoiced at 10.20, ordered at 10.00, most 1.02 → passes
        invoiced at 10.21, ordered at 10.00, most 1.02 → fails

        ExpectValuesToBeNearFeed(column="unit_price_amount", feed="shipments.purchase_order_lines", most=1.02,
            feed_column="unit_price_amount", match={"purchase_order_id": "purchase_order_id",
            "purchase_order_line_id": "line_id", "currency_code": "currency_code"})
    """

    column: str
    feed_column: str
    least: float | None = None
    most: float | None = None
    slack: float = pydantic.Field(0.0, ge=0)
    ignore_zero: bool = False
    added_up: bool = False
    if_known: list[str] | None = None
    units: dict[str, Any] | None = None

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (
        DataQualityIssues.MULTI_SOURCE, DataQualityIssues.NUMERIC,
    )  # fmt: skip
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "number", "column_list": None}
    map_metric: ClassVar[str] = "values.near_feed"
    success_keys: ClassVar[tuple[str, ...]] = (*ValuesNearFeed.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "feed", "feed_column", "match", "least", "most")

    class Config:
        title = "Expect values to be near feed"
        schema_extra = add_metadata

    @classmethod
    def _own(cls, values: Mapping[str, Any]) -> Iterable[str]:
        yield from (values[name] for name in ("column",) if values.get(name))
        yield from sorted(values.get("match") or {})

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _arguments_go_together(cls, values: dict[str, Any]) -> dict[str, Any]:
        least, most = values.get("least"), values.get("most")
        if least is None and most is None:
            raise ValueError("name a bound: least, most or both")
        if least is not None and most is not None and least > most:
            raise ValueError(f"nothing is at least {least} and at most {most} times another")
        if values.get("if_known") and not values.get("added_up"):
            raise ValueError("if_known goes with added_up; else rows without a match are not judged")
        if outside := set(values.get("if_known") or []) - set(values.get("match") or {}):
            raise ValueError(f"if_known names {', '.join(sorted(outside))}, which is not in match")
        _check_units(values.get("units"), _UNITS)
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        own, params = joined(list(kwargs["match"]), ", ", "own")
        params |= {"column": kwargs["column"], "other": f"{kwargs['feed']}.{kwargs['feed_column']}"}
        bounds = []
        for name, word in (("least", "at least"), ("most", "at most")):
            if kwargs.get(name) is not None:
                params[name] = num_to_str(kwargs[name], no_scientific=True)
                bounds.append(f"{word} ${name}")
        what = "the sum of $other" if kwargs.get("added_up") else "$other"
        template = f"$column must be {' and '.join(bounds)} times {what} for the same {own}"
        if where := kwargs.get("where"):
            params["where"] = said_where(where)
            template += " where $where"
        if kwargs.get("units"):
            template += ", in one unit"
        if slack := kwargs.get("slack"):
            params["slack"] = num_to_str(slack, no_scientific=True)
            template += ", give or take $slack"
        return template, params


class ExpectPositionsToRollForward(Matches):
    """Expect every position to be the one before it and what was moved since: stock by item, place and day.

    ExpectPositionsToRollForward is a Multicolumn Map Expectation: the rows of a position fail that differs from the
    newest one before it in its group plus the movements after that day up to its own. Rows of one group and day are
    added up: lots of one item. In the gate it also follows what is current of the client in the warehouse and stays so
    beside the delivery. A group without an earlier position starts with its movement of kind `opening`; or with 0,
    where an earlier list of `whole` left it out. Not judged are a group that nothing opens, days before the first
    movement that the client has ever delivered, and groups with quantities in units that nothing converts; nor is any
    row where the client does not deliver the feed of movements.

    Args:
        match (dict): own column → column of the feed of movements; together they name a group, e.g. place and product.
        date (str): the column with the day at whose end the position was.
        quantity (str): the column with the quantity.
        feed (str): the feed of movements, `domain.feed`.
        feed_date, feed_quantity (str): its columns with the day and the signed quantity.

    Other Parameters:
        whole (list or None): own columns of `match` for which a list of the delivery's source names every position that
            is not 0: the place.
        opening (dict or None): column of the other feed → value of movements that state what was there to begin with,
            and do not change a position that is known.
        units (dict or None): add up in the base unit of the product: `product`, the column of `match` with it; `unit`
            and `feed_unit`, the own column and that of the other feed with the unit of the quantity.
        where (dict or None): columns of the other feed → value, or list of values, they must have; null = none.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: none; only the gate can look up the other feed, and elsewhere it says so.

    Example:
        10 of P1 in W1 on 2026-03-01, moved on 2026-03-02 +5 and -3, 12 on 2026-03-02 → passes
        12 of P1 in W1 on 2026-03-02, nothing moved on 2026-03-03, 11 on 2026-03-03 → fails

        ExpectPositionsToRollForward(match={"location_id": "location_id", "product_id": "product_id"},
            date="snapshot_date", quantity="on_hand_quantity", feed="shipments.stock_movements",
            feed_date="movement_date", feed_quantity="moved_quantity", whole=["location_id"],
            opening={"movement_kind_code": "opening"})
    """

    date: str
    quantity: str
    feed_date: str
    feed_quantity: str
    whole: list[str] | None = None
    opening: dict[str, str] | None = None
    units: dict[str, Any] | None = None

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (
        DataQualityIssues.MULTI_SOURCE, DataQualityIssues.NUMERIC,
    )  # fmt: skip
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "reference", "history")
    names_columns: ClassVar[Mapping[str, str | None]] = {"quantity": "number", "date": "date", "column_list": None}
    map_metric: ClassVar[str] = "positions.roll_forward"
    success_keys: ClassVar[tuple[str, ...]] = (*PositionsRollForward.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("match", "date", "quantity", "feed", "feed_date", "feed_quantity")

    class Config:
        title = "Expect positions to roll forward"
        schema_extra = add_metadata

    @classmethod
    def _own(cls, values: Mapping[str, Any]) -> Iterable[str]:
        yield from (values[name] for name in ("quantity", "date") if values.get(name))
        yield from sorted(values.get("match") or {})

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _arguments_go_together(cls, values: dict[str, Any]) -> dict[str, Any]:
        match = values.get("match") or {}
        if both := {values.get("date"), values.get("quantity")} & set(match):
            raise ValueError(f"{', '.join(sorted(map(str, both)))} is in match: nothing would follow anything")
        if outside := set(values.get("whole") or []) - set(match):
            raise ValueError(f"whole names {', '.join(sorted(outside))}, which is not in match")
        opening = values.get("opening")
        if opening is not None and (not isinstance(opening, dict) or len(opening) != 1):
            raise ValueError("opening is one column of the feed of movements and its value")
        _check_units(values.get("units"), _UNITS_OF_POSITIONS)
        if (values.get("units") or {}).get("product", next(iter(match), None)) not in match:
            raise ValueError("units: product is one of the own columns in match")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        own, params = joined(list(kwargs["match"]), ", ", "own")
        params |= {"quantity": kwargs["quantity"], "date": kwargs["date"]}
        params |= {"moved": f"{kwargs['feed']}.{kwargs['feed_quantity']}", "day": kwargs["feed_date"]}
        template = (
            f"for each {own}, in the order of $date, $quantity must be the one before plus the sum of $moved, by $day"
        )
        if where := kwargs.get("where"):
            params["where"] = said_where(where)
            template += ", where $where"
        return template + (", in one unit" if kwargs.get("units") else ""), params


def _check_units(units: Any, known: Mapping[str, bool]) -> None:
    """Raise a ValueError for `units` that does not say what is compared."""
    if units is None:
        return
    if not isinstance(units, dict) or not units.keys() <= known.keys():
        raise ValueError(f"units is an object with {', '.join(known)}")
    if missing := [name for name, needed in known.items() if needed and not units.get(name)]:
        raise ValueError(f"units needs {', '.join(missing)}")
