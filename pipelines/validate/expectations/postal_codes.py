"""Postal codes against their country and region, by what `pipelines.postal` knows of all countries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.util import get_sqlalchemy_selectable

from pipelines import postal
from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import Described, add_metadata, metadata

_APART = "\t"  # between country, code and region: cleaned text has none
_LINE = "\n"


def _wrong(places: Iterable[tuple[Any, Any, Any]]) -> list[str]:
    """Of (country, code, region or ''), those that do not fit together, as one text each."""
    texts = ((str(c), str(p), str(r)) for c, p, r in places)
    return [_APART.join(place) for place in texts if postal.is_misplaced(place[1], place[2], place[0])]


def _named(args: Mapping[str, Any]) -> tuple[str, str, str | None]:
    return args["country"], args["column"], args.get("region")


class PostalCodesFit(RowsFail):
    """Metric: rows whose postal code is none of their country or region. Each of them is asked once."""

    condition_metric_name = "postal_codes.fit_region"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("column", "country", "region")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        country, column, region = _named(args)
        places = frame[[country, column]].astype(str)
        places["region"] = frame[region].fillna("").astype(str) if region else ""
        wrong = set(_wrong(places.drop_duplicates().itertuples(index=False, name=None)))
        if not wrong:
            return pd.Series(False, index=frame.index)
        return (places[country] + _APART + places[column] + _APART + places["region"]).isin(wrong)

    @metric_partial(  # type: ignore[misc,untyped-decorator,unused-ignore]
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.MAP_CONDITION_FN,
        domain_type=MetricDomainTypes.MULTICOLUMN,
    )
    def _sqlalchemy(
        cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], metric_value_kwargs: dict[str, Any], **_: Any
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """No database knows the codes: the different places are fetched, and the wrong ones given back."""
        compute = {name: value for name, value in metric_domain_kwargs.items() if name != "column_list"}
        rows = get_sqlalchemy_selectable(execution_engine.get_domain_records(domain_kwargs=metric_domain_kwargs))
        country, column, region = _named(metric_value_kwargs)
        there: list[sa.ColumnClause[Any]] = [sa.column(country), sa.column(column)]
        area = sa.func.coalesce(sa.column(region), "") if region else sa.literal("")
        found = sa.select(*there, area).select_from(rows.alias("judged")).where(*(k.is_not(None) for k in there))
        wrong = _wrong(tuple(row) for row in execution_engine.execute_query(found.distinct()).fetchall())
        # one text, however many there are: a list would be one parameter each
        listed = sa.func.string_to_array(_LINE.join(wrong), _LINE)
        text = there[0] + _APART + there[1] + _APART + area
        fails = sa.and_(*(k.is_not(None) for k in there), text == sa.any_(listed))
        return fails, compute, {"column_list": metric_domain_kwargs["column_list"]}

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        country, column, region = _named(args)
        there = [F.col(f"`{country}`"), F.col(f"`{column}`")]
        area = F.coalesce(F.col(f"`{region}`"), F.lit("")) if region else F.lit("")
        asked = there[0].isNotNull() & there[1].isNotNull()
        wrong = _wrong(tuple(row) for row in data.where(asked).select(*there, area.alias("area")).distinct().collect())
        return asked & F.concat_ws(_APART, *there, area).isin(wrong)


class ExpectPostalCodesToFitRegion(Described, MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect postal codes to have the form of their country, and to lie in the region the row names.

    ExpectPostalCodesToFitRegion is a Multicolumn Map Expectation: a row fails whose code has not the form of the codes
    of its country, or begins as none of the region does. The region may be given by its code or its name. Rows without
    a code or a country, and those of a country or region of which nothing is known, are not called wrong; of France,
    Germany and Britain, whose addresses name no region, only the form is known. That a code is in use is not asked,
    and along a border a village may get its letters by way of the neighbour: as a rule this is a warning. Forms and
    regions are those of Google's address data, see `pipelines.postal`.

    Args:
        column (str): the column with the postal code.
        country (str): the column with the country, ISO 3166-1 alpha-2.

    Other Parameters:
        region (str or None): the column with the state, province or county, its code or its name. Default: only the
            form is asked.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        98011, WA, US → passes
        98011, CA, US → fails
        8Y, QC, CA → fails

        ExpectPostalCodesToFitRegion(column="postal_code", country="country_code", region="region_code")
    """

    column: str
    country: str
    region: str | None = None
    column_list: list[str] = pydantic.Field(default_factory=list)
    ignore_row_if: str = "any_value_is_missing"

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "addresses")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "text", "country": "text", "region": "text"}
    map_metric: ClassVar[str] = "postal_codes.fit_region"
    success_keys: ClassVar[tuple[str, ...]] = ("column", "country", "region", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "country", "region")

    class Config:
        title = "Expect postal codes to fit their region"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _fill_domain(cls, values: dict[str, Any]) -> dict[str, Any]:
        named = [values[name] for name in ("column", "country", "region") if values.get(name)]
        if len(set(named)) < len(named):
            raise ValueError(f"column, country and region must be different columns, got {', '.join(named)}")
        # a row without a region is judged all the same, by the form of its code
        asked = [name for name in named if name != values.get("region")]
        return {**values, "column_list": asked, "ignore_row_if": "any_value_is_missing"}

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        params = {name: str(kwargs[name]) for name in ("column", "country", "region") if kwargs.get(name)}
        place = " and lie in $region" if kwargs.get("region") else ""
        return f"values of $column must have the form of postal codes of $country{place}", params
