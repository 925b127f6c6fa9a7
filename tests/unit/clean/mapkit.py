"""Short ways to a contract, a source and raw rows for tests of the column map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.clean.apply import Cleaned, Plan
from pipelines.clean.facts import FileInfo
from pipelines.clean.frame import INTERNAL
from pipelines.clean.lookup import LookupFile, LookupTable, build
from pipelines.contract import Column, Contract
from pipelines.profile import Lookup, Source, SourceRef

PHYSICAL = {
    "date": "date", "timestamp": "timestamptz", "boolean": "boolean", "integer": "integer", "decimal": "numeric(12,4)",
    "money": "numeric(18,2)", "quantity": "numeric(12,3)", "rate": "numeric(12,4)",
}  # fmt: skip
FEED = "demo.lines"


def column(name: str, semantic: str = "text", **about: Any) -> Column:
    """A column of a contract."""
    given = {"required": False, "key": False, "classification": "internal", "description": "a column", **about}
    if semantic == "money":
        given.setdefault("currency", "EUR")
    physical = given.pop("physical", PHYSICAL.get(semantic, "text"))
    return Column(name=name, physical_type=physical, semantic=semantic, **given)


def contract(*columns: Column, feed: str = FEED) -> Contract:
    """A contract of these columns; the first is the key."""
    return Contract(feed, "1.0.0", feed, "", columns, ("snapshot",), "us", "", "line", Path("demo.odcs.yaml"), "")


def source(columns: Mapping[str, Any], locale: str = "de_DE", name: str = "main", **words: Any) -> SourceRef:
    """A source as a profile would declare it."""
    declared = {"files": r".*\.csv", "columns": columns, **words}
    return SourceRef("acme", FEED, name, Source.model_validate(declared), locale, "Europe/Berlin")


def raw(
    header: Sequence[str], *rows: Sequence[str], first: int = 2, malformed: Mapping[int, str] | None = None
) -> pa.RecordBatch:
    """A raw batch; `malformed`: index of a row → its problem (the row's cells are then null)."""
    bad = malformed or {}
    count = len(rows)
    internal = {
        "__row_number": pa.array(range(first, first + count), pa.int64()),
        "__problem": pa.array([bad.get(i) for i in range(count)], pa.string()),
        "__raw": pa.array([";".join(row) if i in bad else None for i, row in enumerate(rows)], pa.string()),
        "__cells": pa.nulls(len(rows), pa.list_(pa.string())),
    }
    cells = {
        name: pa.array([None if r in bad else row[i] for r, row in enumerate(rows)], pa.string())
        for i, name in enumerate(header)
    }
    return pa.RecordBatch.from_pydict({**internal, **cells})


def plan_of(
    to: Contract,
    ref: SourceRef,
    header: Sequence[str],
    lookups: Mapping[str, LookupTable] | None = None,
    siblings: Sequence[SourceRef] = (),
    info: FileInfo | None = None,
    groups: Mapping[str, str] | None = None,
) -> Plan:
    """The compiled plan of a source for a header."""
    return Plan.compile(ref, to, siblings, header, lookups or {}, info or FileInfo(tuple(header)), groups)


def cleaned(to: Contract, ref: SourceRef, batch: pa.RecordBatch, **more: Any) -> Cleaned:
    """One batch through a fresh plan."""
    return plan_of(to, ref, batch.schema.names[len(INTERNAL) :], **more).chunk(batch)


def values(result: Cleaned, name: str) -> list[Any]:
    """A column of the result."""
    found: list[Any] = result.table.column(name).to_pylist()
    return found


def problems(result: Cleaned) -> list[tuple[int, str, str | None]]:
    """(row number, rule without the feed, value) of every problem."""
    return [(p["row_number"], p["rule_id"].removeprefix(FEED + "."), p["value"]) for p in result.problems.to_pylist()]


def one(semantic: str, rule: Mapping[str, Any], cells: Mapping[str, str], **about: Any) -> tuple[Any, list[str]]:
    """One cell of one column made by one rule: (value, rules of its problems)."""
    locale = about.pop("locale", "de_DE")
    more = about.pop("more", {})
    to = contract(column("x", semantic, **about))
    result = cleaned(to, source({"x": rule}, locale), raw(list(cells), list(cells.values())), **more)
    return values(result, "x")[0], [rule for _, rule, _ in problems(result)]


def tables(declared: Mapping[str, Mapping[str, Any]], **files: pa.RecordBatch) -> dict[str, LookupTable]:
    """Look-up tables, each of one file named as the table."""
    given = {name: [LookupFile(f"{name}.csv", [batch])] for name, batch in files.items()}
    lookups = {name: Lookup.model_validate({"files": ".*", **words}) for name, words in declared.items()}
    return build(lookups, given, "de_DE")
