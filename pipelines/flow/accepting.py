"""The lines of a profile that would accept a changed layout, ready to be pasted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from pipelines.clean.mapping import folded
from pipelines.extract.elsewhere import changed
from pipelines.profile import Format, Source

MOST_COLUMNS = 100
_SPELLINGS = ("from", "debit", "credit", "amount", "indicator")
_NAMES = ("first_of", "concat", "key", "column")


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False).strip()


def format_line(fmt: Format, words: Mapping[str, Any]) -> str:
    """The `format` of a source with some words changed."""
    return f"`format: {flow(changed(fmt, words).model_dump(mode='json', exclude_unset=True))}`"


def layout_line(columns: Sequence[str]) -> str:
    """The accepted columns, in order."""
    if len(columns) > MOST_COLUMNS:
        return f"`layout:` with the {len(columns)} column names of the file, in order"
    return f"`layout: {flow(list(columns))}`"


def ignore_line(source: Source, names: Sequence[str]) -> str:
    """The ignored columns with some more."""
    return f"`ignore: {flow({**source.ignore, **dict.fromkeys(names, 'say why it is not used')})}`"


def renamed_lines(source: Source, names: Mapping[str, str]) -> list[str]:
    """What the profile says of columns that have new names, old name → new: where several spellings may be accepted
    the new one is added, elsewhere it takes the place of the old one."""
    out = []
    for word in ("columns", "computed"):
        for name, rule in getattr(source, word).items():
            said = rule.model_dump(mode="json", by_alias=True, exclude_unset=True)
            now = {k: _lookup(v, names) if k == "lookup" else _renamed(k, v, names) for k, v in said.items()}
            if now != said:
                out.append(f"`{name}: {flow(now)}` under {word}")
    for word in ("rows", "skip"):
        tests = [c.model_dump(mode="json", by_alias=True, exclude_unset=True) for c in getattr(source, word)]
        renamed = [{k: _renamed(k, v, names) for k, v in c.items()} for c in tests]
        if renamed != tests:
            out.append(f"`{word}: {flow(renamed)}`")
    if source.unpivot:
        said = source.unpivot.model_dump(mode="json", by_alias=True, exclude_unset=True)
        now = {**said, "columns": {_one(k, names): v for k, v in said["columns"].items()}}
        if now != said:
            out.append(f"`unpivot: {flow(now)}`")
    return out


def optional_line(source: Source, column: str) -> str:
    """The rule of a column with the word that lets its source column be missing."""
    said = source.columns[column].model_dump(mode="json", by_alias=True, exclude_unset=True)
    return f"`{column}: {flow({**said, 'optional': True})}` under columns"


def _renamed(key: str, value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {k: _renamed(k, v, names) for k, v in value.items()} if key in ("split", "signed") else value
    if key == "sql":
        return _in_sql(value, names)
    if key in _SPELLINGS:
        listed = value if isinstance(value, list) else [value]
        more = [now for now in (_one(v, names) for v in listed) if now not in listed]
        return [*listed, *more] if more else value
    if key in _NAMES:
        return [_one(v, names) for v in value] if isinstance(value, list) else _one(value, names)
    return value


def _lookup(value: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Its key columns are those of the file; its column is one of the table."""
    return {**value, "key": _renamed("key", value["key"], names)}


def _one(name: str, names: Mapping[str, str]) -> str:
    return next((now for before, now in names.items() if folded(before) == folded(name)), name)


def _in_sql(sql: str, names: Mapping[str, str]) -> str:
    """Quoted or plain names of columns, outside texts."""
    for before, now in names.items():
        name = rf'"{re.escape(before)}"|(?<![\w"]){re.escape(before)}(?![\w"])'
        quoted = '"' + now.replace('"', '""') + '"'
        parts = re.split(r"('(?:[^']|'')*')", sql)
        parts[::2] = [re.sub(name, lambda _: quoted, part, flags=re.IGNORECASE) for part in parts[::2]]  # noqa: B023
        sql = "".join(parts)
    return sql
