"""Row conditions as SQL, for rules that are evaluated on the work table. Missing values behave as in pandas."""

from __future__ import annotations

from typing import Any

from great_expectations.expectations.row_conditions import (
    AndCondition,
    ComparisonCondition,
    NullityCondition,
    OrCondition,
)

from pipelines.errors import GateError

_OPERATORS = {"==": "=", "!=": "is distinct from", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def where(condition: Any) -> tuple[str, dict[str, Any]]:
    """(SQL, parameters) of a row condition; `true` without one.

    `!=` and NOT_IN hold for a missing value, every other comparison does not: as pandas has it.
    """
    values: dict[str, Any] = {}
    return (_sql(condition, values) if condition is not None else "true"), values


def _sql(condition: Any, values: dict[str, Any]) -> str:
    if isinstance(condition, AndCondition | OrCondition):
        word = " and " if isinstance(condition, AndCondition) else " or "
        return "(" + word.join(_sql(c, values) for c in condition.conditions) + ")"
    if isinstance(condition, NullityCondition):
        return f'"{condition.column.name}" is {"" if condition.is_null else "not "}null'
    if isinstance(condition, ComparisonCondition):
        return _comparison(condition, values)
    raise GateError(f"row condition {condition!r} cannot be evaluated", next_step="run `python -m pipelines check`")


def _comparison(condition: ComparisonCondition, values: dict[str, Any]) -> str:
    column = f'"{condition.column.name}"'
    operator = str(getattr(condition.operator, "value", condition.operator))
    listed = condition.parameter if isinstance(condition.parameter, list) else [condition.parameter]
    names = []
    for value in listed:
        name = f"c{len(values)}"
        values[name] = value
        names.append(f":{name}")
    if operator == "IN":
        return f"{column} in ({', '.join(names)})" if names else "false"
    if operator == "NOT_IN":
        return f"({column} not in ({', '.join(names)}) or {column} is null)" if names else "true"
    return f"{column} {_OPERATORS[operator]} {names[0]}"
