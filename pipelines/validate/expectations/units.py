"""Units of measure that everybody knows: the codes of UN/CEFACT, and the signs that a client has declared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import (
    PandasExecutionEngine,
    SparkDFExecutionEngine,
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.expectations.metrics.map_metric_provider import ColumnMapMetricProvider
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)

from pipelines.validate.expectations.described import Described, add_metadata, metadata

_LISTED = Path(__file__).with_name("unit_codes.txt")
_STILL_WRITTEN = frozenset({"NMB"})
"""Deprecated, but unmistakable: NMB, number, for what is C62 or H87 today."""


@lru_cache
def unit_codes() -> frozenset[str]:
    """The codes of the list; where they come from is said at its head.

    >>> [code in unit_codes() for code in ("KGM", "C62", "XCT", "KG", "kgm", "CT")]
    [True, True, True, False, False, False]
    """
    lines = _LISTED.read_text(encoding="utf-8").splitlines()
    return _STILL_WRITTEN.union(*(line.split() for line in lines if not line.startswith("#")))


class UnitsKnown(ColumnMapMetricProvider):  # type: ignore[misc]
    """Metric: whether a code is one of the list."""

    condition_metric_name = "column_values.known_units"
    condition_value_keys = ("or_in",)

    @staticmethod
    def _codes(args: Mapping[str, Any]) -> list[str]:
        if args.get("or_in"):
            feeds = ", ".join(sorted({each["feed"] for each in args["or_in"]}))
            raise ValueError(f"what is in {feeds} is known to the gate only; here leave out `or_in`")
        return sorted(unit_codes())

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(cls, column: pd.Series[Any], **args: Any) -> pd.Series[bool]:
        return column.isin(cls._codes(args))

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _sqlalchemy(cls, column: sa.ColumnElement[Any], **args: Any) -> sa.ColumnElement[bool]:
        # one text: a list would be a parameter for each code
        return column == sa.any_(sa.func.string_to_array(" ".join(cls._codes(args)), " "))

    @column_condition_partial(engine=SparkDFExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _spark(cls, column: Any, **args: Any) -> Any:
        return column.isin(cls._codes(args))


class ExpectUnitsToBeKnown(Described, ColumnMapExpectation):  # type: ignore[misc]
    """Expect units of measure to be codes of UN/CEFACT Recommendation 20, or signs that the client has declared.

    ExpectUnitsToBeKnown is a Column Map Expectation: it is asked of every row with a unit; rows without one pass. A
    unit that nobody knows is converted into no other, and its quantities are in no sum. Codes are as the list has them,
    in capital letters: KGM is a kilogram, and KG is nothing. Packages are those of Recommendation 21 with an X before
    them: XCT, a carton. What a client calls its units is turned into codes by its profile; its own signs for packs may
    stay where another feed says what they hold.

    Args:
        column (str): the column with the unit.

    Other Parameters:
        or_in (list of dict or None): places where the client declares signs of its own: `feed`, and `match`, own
            column, this one among them → column of that feed with the same value. Only the gate can look there; a feed
            that the client does not deliver is passed over.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark (there without `or_in`).

    Example:
        KGM → passes
        KARTON, which a row of shipments.product_units declares for the product → passes
        KG → fails

        ExpectUnitsToBeKnown(column="unit_code", or_in=[
            {"feed": "shipments.product_units", "match": {"product_id": "product_id", "unit_code": "unit_code"}},
        ])
    """

    or_in: list[dict[str, Any]] | None = None

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("column map expectation", "logistics")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "text"}
    map_metric: ClassVar[str] = "column_values.known_units"
    success_keys: ClassVar[tuple[str, ...]] = ("or_in", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "or_in")

    class Config:
        title = "Expect units to be known"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _places_are_whole(cls, values: dict[str, Any]) -> dict[str, Any]:
        for each in values.get("or_in") or []:
            if not isinstance(each, dict) or each.keys() != {"feed", "match"}:
                raise ValueError("or_in is a list of objects with feed and match")
            if str(each["feed"]).count(".") != 1:
                raise ValueError(f"or_in: feed is {each['feed']!r}, expected domain.feed")
            if not isinstance(each["match"], dict) or values.get("column") not in each["match"]:
                raise ValueError("or_in: match is {own column: column of the other feed}, that of the unit included")
        return values

    @property
    def own_columns(self) -> list[str]:
        """The column with the unit, then what else of a row is looked up."""
        return list(dict.fromkeys([self.column, *(c for each in self.or_in or [] for c in sorted(each["match"]))]))

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        params = {"column": kwargs["column"]}
        template = "values of $column must be units of UN/CEFACT Recommendation 20"
        if places := kwargs.get("or_in"):
            params["places"] = " or ".join(str(each["feed"]) for each in places)
            template += ", or signs that $places declares"
        return template, params
