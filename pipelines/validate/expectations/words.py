"""Words that a text must not have: ids of broken rules, told one after another in one column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.compatibility.pyspark import functions as F
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine import (
    PandasExecutionEngine,
    SparkDFExecutionEngine,
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metadata_types import DataQualityIssues
from great_expectations.expectations.metrics.column_aggregate_metric_provider import ColumnAggregateMetricProvider
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_partial, metric_value
from great_expectations.validator.metric_configuration import MetricConfiguration

from pipelines.validate.expectations.described import Described, add_metadata, metadata

WORDS = "column.words"
_COLUMN = MetricDomainTypes.COLUMN


@dataclass(frozen=True)
class Words:
    """The words of a column, looked up once for all the rules that ask for one of them.

    `texts`: word → numbers of the distinct texts that have it; `codes`: the number of each row's text; `none`: the mask
    of no row; `domain`: the arguments of the domain in two parts, as Great Expectations' engine splits them.
    """

    texts: Mapping[str, list[int]]
    codes: npt.NDArray[np.int64]
    none: pd.Series[bool]
    domain: tuple[dict[str, Any], dict[str, Any]]

    def having(self, word: str) -> pd.Series[bool]:
        """Mask of the rows with a word, of all rows with a value."""
        if (texts := self.texts.get(word)) is None:
            return self.none
        return pd.Series(np.isin(self.codes, texts), index=self.none.index)


class ColumnWords(ColumnAggregateMetricProvider):  # type: ignore[misc]
    """Metric `column.words`, on pandas: which words stand in which rows."""

    metric_name = WORDS

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], **_: Any) -> Words:
        frame, compute, accessor = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=_COLUMN)
        column = frame[accessor["column"]].dropna()
        codes, distinct = pd.factorize(column)
        texts: defaultdict[str, list[int]] = defaultdict(list)
        for code, text in enumerate(distinct):
            for word in set(text.split(" ")):
                texts[word].append(code)
        return Words(dict(texts), codes, pd.Series(False, index=column.index, dtype=bool), (compute, accessor))


class WordsAbsent(ColumnMapMetricProvider):  # type: ignore[misc]
    """Metric: whether a word is none of those of a text."""

    condition_metric_name = "column_values.without_word"
    condition_value_keys = ("word",)

    @metric_partial(  # type: ignore[misc,untyped-decorator,unused-ignore]
        engine=PandasExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.MAP_CONDITION_SERIES,
        domain_type=_COLUMN,
    )
    def _pandas(
        cls, metric_value_kwargs: dict[str, Any], metrics: dict[str, Any], **_: Any
    ) -> tuple[pd.Series[bool], dict[str, Any], dict[str, Any]]:
        words: Words = metrics[WORDS]
        return words.having(metric_value_kwargs["word"]), *words.domain

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _sqlalchemy(cls, column: sa.ColumnElement[Any], word: str, **_: Any) -> sa.ColumnElement[bool]:
        return sa.func.strpos(sa.func.concat(" ", column, " "), f" {word} ") == 0

    @column_condition_partial(engine=SparkDFExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _spark(cls, column: Any, word: str, **_: Any) -> Any:
        return ~F.concat(F.lit(" "), column, F.lit(" ")).contains(f" {word} ")

    @classmethod
    def _get_evaluation_dependencies(
        cls,
        metric: MetricConfiguration,
        configuration: Any = None,
        execution_engine: Any = None,
        runtime_configuration: Any = None,
    ) -> dict[str, MetricConfiguration]:
        needed: dict[str, MetricConfiguration] = super()._get_evaluation_dependencies(
            metric, configuration, execution_engine, runtime_configuration
        )
        if isinstance(execution_engine, PandasExecutionEngine) and metric.metric_name.endswith(".condition"):
            needed[WORDS] = MetricConfiguration(WORDS, metric.metric_domain_kwargs)
        return needed


class ExpectWordNotToOccur(Described, ColumnMapExpectation):  # type: ignore[misc]
    """Expect no text of a column to have a word: a list of broken rules not to name this one.

    ExpectWordNotToOccur is a Column Map Expectation: it is asked of every row with a value. Words are what stands
    between blanks; capital and small letters differ. Many of them on one column cost little more than one.

    Args:
        column (str): the column with the words.
        word (str): the word that must not be among them, without white space.

    Other Parameters:
        mostly (float): share of the rows that must pass. Default 1.
        row_condition (Condition or None): rows it is asked of. Default all.
        severity (str): critical rejects the rows that fail, warning and info only count them.

    Supported Data Sources: pandas, PostgreSQL, Spark.

    Example:
        BR-DE-15 BR-CO-10, word BR-DE-1 → passes
        BR-CO-10 BR-DE-1, word BR-DE-1 → fails

        ExpectWordNotToOccur(column="message_faults", word="BR-DE-1")
    """

    word: str = pydantic.Field(regex=r"^\S+$")

    data_quality_issues: ClassVar[tuple[DataQualityIssues, ...]] = (DataQualityIssues.VALIDITY,)
    library_metadata: ClassVar[dict[str, Any]] = metadata("column map expectation", "messages")
    names_columns: ClassVar[Mapping[str, str | None]] = {"column": "text"}
    map_metric: ClassVar[str] = "column_values.without_word"
    success_keys: ClassVar[tuple[str, ...]] = ("word", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "word")

    class Config:
        title = "Expect word not to occur"
        schema_extra = add_metadata

    @classmethod
    def _sentence(cls, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        params = {"column": kwargs["column"], "word": kwargs["word"]}
        return "values of $column must not have the word $word", params
