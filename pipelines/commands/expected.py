"""Which deliveries were due, and which of them came; and what clients are told of it all."""

from __future__ import annotations

import argparse
import json
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.commands.shape import Add


def _expected(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.expected import expected
    from pipelines.flow.office import open_office
    from pipelines.flow.show import due_table

    lines = expected(open_office(), client=args.client, days=args.days)
    if args.json:
        sys.stdout.write(json.dumps([line.to_dict() for line in lines], ensure_ascii=False, indent=1) + "\n")
    else:
        out.print(due_table(lines))
    return 0


def _letters(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.letters import kept, shown

    if args.show:
        for letter in shown(args.show):
            out.print(
                f"by {letter.connection} to {', '.join(letter.to)}: {letter.subject}", markup=False, soft_wrap=True
            )
            out.print(letter.text, markup=False, soft_wrap=True)
            for path in letter.attachments:
                out.print(f"attached: {path}", markup=False, soft_wrap=True)
        return 0
    table = Table(title="letters", title_justify="left", header_style="bold", pad_edge=False)
    for name in ("night", "client", "by", "state", "subject", "problem"):
        table.add_column(name, overflow="fold")
    for sent in kept(args.client):
        cells = (f"{sent.night}", sent.client_id, sent.connection, sent.state, sent.subject, sent.problem or "")
        table.add_row(*map(Text, cells))
    out.print(table)
    return 0


def add_commands(add: Add) -> None:
    """expected and letters."""
    due = add("expected", _expected, "list the deliveries that were or will be due, and which of them came")
    due.add_argument("--client")
    due.add_argument("--days", type=int, default=7, help="how far back; those ahead are always listed")
    due.add_argument("--json", action="store_true")
    told = add("letters", _letters, "list what clients were told, or show what one would be told now; sends nothing")
    told.add_argument("--client")
    told.add_argument("--show", metavar="CLIENT")
