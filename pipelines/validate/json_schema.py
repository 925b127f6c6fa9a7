"""`expect_column_values_to_match_json_schema` on pandas: a text that is not JSON fails, like one of another shape.

Great Expectations 1.24 raises at the first such text, and a single bad cell would stop the whole delivery. Importing
this module puts its own metric in the place of that one; everything else of the expectation stays as shipped.
"""

from __future__ import annotations

import json
import logging
from typing import Any

import jsonschema
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics import ColumnValuesMatchJsonSchema
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

_registry = logging.getLogger("great_expectations.expectations.registry")
_level = _registry.level
_registry.setLevel(logging.ERROR)  # it warns of metrics that are replaced, which is meant


class JsonOfSchema(ColumnMapMetricProvider):  # type: ignore[misc]
    """Whether a text is JSON of a schema."""

    condition_metric_name = ColumnValuesMatchJsonSchema.condition_metric_name
    condition_domain_keys = ColumnValuesMatchJsonSchema.condition_domain_keys
    condition_value_keys = ColumnValuesMatchJsonSchema.condition_value_keys

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _pandas(cls, column: pd.Series[str], json_schema: dict[str, Any], **kwargs: Any) -> pd.Series[bool]:
        kind = jsonschema.validators.validator_for(json_schema)
        kind.check_schema(json_schema)
        validator = kind(json_schema)

        def fits(text: str) -> bool:
            try:
                return bool(validator.is_valid(json.loads(text)))
            except (ValueError, RecursionError):  # no JSON, or nested by somebody who wishes us ill
                return False

        fitting: pd.Series[bool] = column.map(fits).astype(bool)
        return fitting


_registry.setLevel(_level)
