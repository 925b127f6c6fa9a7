"""Lists that a rule declares: what holds for whom from which day on.

An entry has `valid_from` (ISO date), a value for each column of `match`, what holds under a name of the rule's own, and
if you like the `law` that says so. Of the entries for a row the newest counts that is not after the row's date.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any


def lists(entries: Sequence[Mapping[str, Any]], match: Sequence[str], held: str) -> Iterator[tuple[list[Any], Any]]:
    """(values of the columns in `match`, [(first day, what holds from then on)], oldest first)."""
    found: dict[tuple[Any, ...], list[tuple[dt.date, Any]]] = defaultdict(list)
    for entry in entries:
        found[tuple(entry[c] for c in match)].append((dt.date.fromisoformat(entry["valid_from"]), entry[held]))
    for key, dated in found.items():
        yield list(key), sorted(dated, key=lambda one: one[0])


def with_domain(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the columns that a row must have to be judged."""
    named = [values.get("column"), values.get("date"), *(values.get("match") or [])]
    columns = list(dict.fromkeys(c for c in named if isinstance(c, str)))
    return {**values, "column_list": columns, "ignore_row_if": "any_value_is_missing"}


def check_entries(values: Mapping[str, Any], name: str, held: str, problem: Callable[[Any], str]) -> None:
    """ValueError for an entry of the argument `name` that cannot be used; `problem` says what is wrong with `held`."""
    match: Sequence[str] = values.get("match") or []
    seen = set[tuple[Any, ...]]()
    for number, entry in enumerate(values.get(name) or [], 1):
        if wrong := _wrong(entry, match, held, problem):
            raise ValueError(f"entry {number} of {name} {wrong}")
        key = (*(entry[c] for c in match), entry["valid_from"])
        if key in seen:
            raise ValueError(f"entry {number} of {name} says again what holds for {', '.join(map(str, key))}")
        seen.add(key)


def _wrong(entry: Any, match: Sequence[str], held: str, problem: Callable[[Any], str]) -> str:
    if not isinstance(entry, Mapping):
        return f"is {entry!r}, expected valid_from, {held} and {', '.join(match)}"
    if missing := [n for n in ("valid_from", held, *match) if entry.get(n) is None]:
        return f"lacks {', '.join(missing)}"
    if more := sorted(set(entry) - {"valid_from", held, "law", *match}):
        return f"has {', '.join(more)}, which is not in match"
    if wrong := problem(entry[held]):
        return wrong
    try:
        dt.date.fromisoformat(entry["valid_from"])
    except (TypeError, ValueError):
        return f"is valid from {entry['valid_from']!r}, expected an ISO date"
    return ""


def is_number(value: Any) -> bool:
    """Whether a declared value is a number, which True is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
