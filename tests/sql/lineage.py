"""What of restricted columns reaches which column of which model, read from the SQL that dbt has compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope


class Reach(IntEnum):
    """How a value of a restricted column arrives: not at all, inside a figure of several rows, as it is."""

    NONE = 0
    FIGURE = 1
    VALUE = 2


Columns = dict[str, Reach]
_FIGURES = (exp.Sum, exp.Avg, exp.Stddev, exp.StddevSamp, exp.Variance, exp.PercentileCont, exp.Median)
"""Aggregates that mix the values of their rows; the smallest, the largest and a list of values do not."""


def reaches(models: Mapping[str, str], sources: Mapping[str, Mapping[str, Reach]]) -> dict[str, Columns]:
    """Model → its columns. `models`: name → compiled SQL; `sources`: table → all its columns."""
    known: dict[str, Columns] = {name: dict(columns) for name, columns in sources.items()}
    left = dict(models)
    while left:
        trees = {name: parse_one(sql, dialect="postgres") for name, sql in left.items()}
        ready = [n for n, tree in trees.items() if not {t.name for t in tree.find_all(exp.Table)} & (left.keys() - {n})]
        if not ready:
            raise ValueError(f"models that read each other: {sorted(left)}")
        for name in ready:
            known[name] = _of_model(trees[name], known)
            del left[name]
    return {name: known[name] for name in models}


def _of_model(tree: Any, known: Mapping[str, Columns]) -> Columns:
    for table in tree.find_all(exp.Table):  # names are unique in the project
        table.set("db", None)
        table.set("catalog", None)
    schema = {name: dict.fromkeys(columns, "text") for name, columns in known.items()}
    tree = qualify(
        tree, schema=schema, dialect="postgres", validate_qualify_columns=False, quote_identifiers=False,
        expand_alias_refs=False,
    )  # fmt: skip
    root = build_scope(tree)
    assert root is not None
    return _Reader(known).columns(root)


class _Reader:
    """Reads the scopes of one model, from the inside out."""

    def __init__(self, known: Mapping[str, Columns]) -> None:
        self.known = known
        self.seen: dict[int, Columns] = {}

    def columns(self, scope: Scope) -> Columns:
        if id(scope) not in self.seen:
            self.seen[id(scope)] = {}  # of a recursive query: what it adds to itself is what it has
            self.seen[id(scope)] = self._columns(scope)
        return self.seen[id(scope)]

    def _columns(self, scope: Scope) -> Columns:
        if scope.set_operation_scopes:
            parts = [list(self.columns(part).items()) for part in scope.set_operation_scopes]
            return {name: max(part[at][1] for part in parts if at < len(part)) for at, (name, _) in enumerate(parts[0])}
        if not isinstance(scope.expression, exp.Select):  # values, functions: whatever they are made of
            worst = self.of(scope.expression, scope)
            return _Whatever(worst)
        return {one.alias_or_name: self.of(one, scope) for one in scope.expression.selects}

    def of(self, node: Any, scope: Scope) -> Reach:
        """What of a restricted column an expression lets through."""
        if isinstance(node, exp.Column):
            return self._column(node, scope)
        if isinstance(node, exp.Count) or (isinstance(node, exp.Is) and isinstance(node.expression, exp.Null)):
            return Reach.NONE
        if isinstance(node, exp.Subquery | exp.Select | exp.Exists):
            inner = [s for s in scope.subquery_scopes if s.expression in (node, node.this)]
            return max((max(self.columns(s).values(), default=Reach.NONE) for s in inner), default=Reach.NONE)
        inside = max((self.of(child, scope) for child in node.iter_expressions()), default=Reach.NONE)
        if isinstance(node, _FIGURES) or (isinstance(node, exp.WithinGroup) and isinstance(node.this, _FIGURES)):
            return min(inside, Reach.FIGURE)
        return inside

    def _column(self, column: exp.Column, scope: Scope) -> Reach:
        at: Scope | None = scope
        while at is not None:
            if (source := at.sources.get(column.table)) is not None:
                columns = self.columns(source) if isinstance(source, Scope) else self.known.get(source.name, {})
                return columns.get(column.name, Reach.NONE)
            for lateral in at.expression.find_all(exp.Lateral):
                if lateral.alias == column.table:
                    return self.of(lateral.this, at)
            at = at.parent
        return self._by_name(column.name)

    def _by_name(self, name: str) -> Reach:
        """Of a column whose table is not told: the worst of that name anywhere."""
        return max((columns.get(name, Reach.NONE) for columns in self.known.values()), default=Reach.NONE)


class _Whatever(dict[str, Reach]):
    """Columns of something that has no names: each is like the worst."""

    def __init__(self, worst: Reach) -> None:
        super().__init__()
        self.worst = worst

    def get(self, key: str, default: Any = None) -> Any:
        return self.worst

    def values(self) -> Iterable[Reach]:  # type: ignore[override]
        return [self.worst]
