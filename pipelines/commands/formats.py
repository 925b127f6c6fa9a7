"""Business message formats: which there are, what their tables hold, and which feeds they fill by themselves."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import yaml
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from pipelines.commands.shape import Add
from pipelines.dialect import TABLE_TYPES
from pipelines.formats import MessageFormat, message_format


def _formats(args: argparse.Namespace, out: Console) -> int:
    if args.format is None:
        out.print(_overview())
        return 0
    known = message_format(args.format)
    for item in _told(args.format, known, args.table):
        out.print(item)
    return 0


def _overview() -> Table:
    table = Table(title="Business message formats", title_justify="left", header_style="bold")
    for name in ("format", "what it is", "table", "fills"):
        table.add_column(name, overflow="fold")
    for kind in sorted(TABLE_TYPES):
        known = message_format(kind)
        for number, (name, declared) in enumerate(known.tables.items()):
            lead = (kind, known.title) if not number else ("", "")
            table.add_row(*map(Text, (*lead, name, ", ".join(declared.feeds) or "–")), end_section=False)
        table.add_section()
    return table


def _told(kind: str, known: MessageFormat, only: str | None) -> Iterator[Text | Table | Syntax]:
    yield Text(f"{kind}: {known.title}", style="bold")
    yield Text(known.description)
    for name, declared in known.tables.items():
        if only not in (None, name):
            continue
        table = Table(title=f"\ntable {name}: {declared.description}", title_justify="left", header_style="bold")
        table.add_column("column", no_wrap=True)
        table.add_column("what it holds", overflow="fold")
        for column, said in declared.columns.items():
            table.add_row(Text(column), Text(said))
        yield table
        if declared.feeds:
            text = yaml.safe_dump(declared.feeds, allow_unicode=True, sort_keys=False, width=110)
            yield Text("default words, which a profile may override one by one:", style="dim")
            yield Syntax(text, "yaml", background_color="default")


def add_commands(add: Add) -> None:
    """formats."""
    formats = add("formats", _formats, "business message formats: tables, columns, default words per feed")
    formats.add_argument("format", nargs="?", choices=sorted(TABLE_TYPES), metavar="FORMAT")
    formats.add_argument("table", nargs="?", metavar="TABLE", help="only this one")
