"""What each business message format holds, and how it becomes our feeds: one declaration per format, `<type>.yaml`.

A message format has tables of its own with fixed columns (`format: {type: camt, table: entries}`). For each feed that
a table can fill there are default words of a source, which a profile may leave as they are or override:

* words of `columns`, `computed` and `ignore` one by one (`due_date: null` takes a default away), others as a whole;
* columns of the table that nobody asks for need no `ignore`: they are known, and the archive keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from pipelines.dialect import TABLE_TYPES, Words
from pipelines.errors import DeclarationError
from pipelines.yamlfile import read_yaml

FOLDER = Path(__file__).parent
UNASKED = "a column of the message format that this feed does not ask for"
_MERGED = ("columns", "computed", "ignore", "format")


class FormatTable(Words):
    """One kind of record of a format: its columns with what they hold, and the feeds it can fill."""

    description: str
    columns: dict[str, str] = Field(min_length=1, description="column → what it holds, and where it stands")
    feeds: dict[str, dict[str, Any]] = Field({}, description="feed → default words of a source")


class MessageFormat(Words):
    """A business message format."""

    title: str
    description: str
    tables: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], FormatTable] = Field(min_length=1)

    def table_of(self, feed: str) -> str | None:
        """The table that fills a feed unless the profile names another: the first that can."""
        return next((name for name, table in self.tables.items() if feed in table.feeds), None)


@cache
def message_format(kind: str) -> MessageFormat:
    """The declaration of a format; raises DeclarationError when it is at fault."""
    path = FOLDER / f"{kind}.yaml"
    file = read_yaml(path)
    try:
        return MessageFormat.model_validate(file.data)
    except ValidationError as error:
        raise file.invalid(error, "the words of pipelines/formats") from None


def columns_of(kind: str, table: str | None) -> list[str]:
    """The columns of a table of a format (of its first one when none is named), in order; DeclarationError when there
    is no such table."""
    tables = message_format(kind).tables
    table = table or next(iter(tables))
    if table not in tables:
        raise DeclarationError(
            "format without a table",
            got=f"table {table!r} of format {kind}",
            expected=f"one of {', '.join(tables)}",
            next_step="name the table in the format of the source",
        )
    return list(tables[table].columns)


def with_defaults(feed: str, source: Any) -> Any:
    """A source as written in a profile, completed by what its message format says about the feed.

    Anything that is no source of a message format is returned as it is: whoever checks the profile tells of it.
    """
    fmt = source.get("format") if isinstance(source, Mapping) else None
    kind = fmt.get("type") if isinstance(fmt, Mapping) else None
    if not isinstance(fmt, Mapping) or kind not in TABLE_TYPES:
        return source
    known = message_format(str(kind))
    table = fmt.get("table") or known.table_of(feed)
    if table not in known.tables:
        return source
    default = known.tables[table].feeds.get(feed, {})
    unasked = dict.fromkeys(known.tables[table].columns, UNASKED)
    merged = {word: _over(default.get(word), source.get(word)) for word in _MERGED if word in {*default, *source}}
    merged["format"] = {"table": table, **merged["format"]}
    merged["ignore"] = {**unasked, **merged.get("ignore", {})}
    return {**default, **source, **merged}


def _over(default: Any, own: Any) -> Any:
    """The default words with those of the profile over them; null takes one away."""
    if own is not None and not isinstance(own, Mapping):
        return own
    both = {**(default or {}), **(own or {})}
    return {name: value for name, value in both.items() if value is not None}
