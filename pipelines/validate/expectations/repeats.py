"""The same thing told twice under two keys: a shipment announced by file and by EDI, a charge on two invoices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.expectations.metadata_types import DataQualityIssues

from pipelines.validate.expectations.conditions import RowsFail
from pipelines.validate.expectations.described import add_metadata, joined, metadata
from pipelines.validate.expectations.groups import in_broken_group, spark_window
from pipelines.validate.expectations.together import Together


class RowsRepeated(RowsFail):
    """Metric: rows equal in all columns that matter to another row, of another document."""

    condition_metric_name = "rows.repeated"
    condition_value_keys: ClassVar[tuple[str, ...]] = ("columns", "or_missing", "document")

    @classmethod
    def on_pandas(cls, frame: pd.DataFrame, args: dict[str, Any]) -> pd.Series[bool]:
        """See `RowsFail`."""
        keys = [frame[c] for c in args["columns"]]
        if not (document := args.get("document")):
            rows = pd.Series(1, index=frame.index)
            found: pd.Series[bool] = rows.groupby(keys, sort=False, dropna=False).transform("size") > 1
            return found
        groups = frame[document].groupby(keys, sort=False, dropna=False)
        nameless = frame[document].isna().groupby(keys, sort=False, dropna=False).transform("sum")
        fails: pd.Series[bool] = (groups.transform("nunique") + nameless) > 1
        return fails

    @classmethod
    def on_sql(cls, rows: sa.FromClause, args: dict[str, Any]) -> sa.ColumnElement[bool]:
        """See `RowsFail`."""
        may_lack = args.get("or_missing") or []
        # an empty value is one of its own, and `in` finds none that is null
        keys = [sa.func.coalesce(sa.cast(sa.column(c), sa.Text()), "") if c in may_lack else c for c in args["columns"]]
        times: sa.ColumnElement[Any] = sa.func.count()
        if args.get("document"):
            document: sa.ColumnClause[Any] = sa.column(args["document"])
            times = sa.func.count(sa.distinct(document)) + sa.func.count() - sa.func.count(document)
        return in_broken_group(rows, keys, times > 1)

    @classmethod
    def on_spark(cls, data: Any, args: dict[str, Any]) -> Any:
        """See `RowsFail`."""
        window = spark_window(args["columns"])
        times = F.count(F.lit(1)).over(window)
        if args.get("document"):
            document = F.col(f"`{args['document']}`")
            times = F.size(F.collect_set(document).over(window)) + times - F.count(document).over(window)
        return times > 1


class ExpectRowsNotToRepeat(Together):
    """Expect no two rows to tell the same under two keys: one notice of a shipment, one charge for it.

    ExpectRowsNotToRepeat is a Multicolumn Map Expectation: rows fail that are equal in all of `columns`. In the gate a
    row also fails when one that is current of the client in the warehouse, and stays so beside the delivery, tells the
    same under another key or came from another source: of two files the later one repeats the earlier. Rows without a
    value in one of the columns are not judged, but for those in `or_missing`.

    Args:
        columns (list of str): columns that tell the same in both, e.g. the order line, the day and the quantity.

    Other Parameters:
        or_missing (list of str or None): columns that may be empty, in both rows.
        document (str or None): column with the number of the document that a row stands in. Rows of one document of one
            delivery do not repeat each other: a line may be split by batch. A row without a number stands alone.
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of, and compared with. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        order line O1/1, 2026-03-01, 40 pieces under note A1; the same under note A2 → both rows fail
        order line O1/1, 2026-03-01, 40 pieces twice under note A1 → passes

        ExpectRowsNotToRepeat(
            columns=["order_id", "order_line_id", "shipped_date", "line_quantity"], document="asn_id"
        )
    """

    columns: list[str] = pydantic.Field(min_items=1)
    or_missing: list[str] | None = None
    document: str | None = None

    judged_by: ClassVar[tuple[str, ...]] = ("columns",)
    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.UNIQUENESS,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("multi-column expectation", "unique", "history")
    names_columns: ClassVar[Mapping[str, str | None]] = {"columns": None, "document": None}
    map_metric: ClassVar[str] = "rows.repeated"
    success_keys: ClassVar[tuple[str, ...]] = (*RowsRepeated.condition_value_keys, "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("columns", "document")

    class Config:
        title = "Expect rows not to repeat"
        schema_extra = add_metadata

    @pydantic.root_validator(pre=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _document_is_not_compared(cls, values: dict[str, Any]) -> dict[str, Any]:
        columns, may_lack = set(values.get("columns") or []), set(values.get("or_missing") or [])
        if values.get("document") in columns:
            raise ValueError(f"{values['document']} is in columns: rows of two documents would never be equal")
        if outside := may_lack - columns:
            raise ValueError(f"or_missing names {', '.join(sorted(outside))}, which is not in columns")
        if columns and may_lack == columns:
            raise ValueError("or_missing names all columns: rows without any value tell nothing")
        return values

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        where, params = joined(kwargs["columns"], ", ", "column")
        if not kwargs.get("document"):
            return f"{where} must not be the same in two rows", params
        params["document"] = kwargs["document"]
        return f"{where} must not be the same in two rows of different $document", params
