"""Which deliveries were due, and which of them came; and what clients are told of it all."""

from __future__ import annotations

import argparse
import json
import sys

from rich.console import Console

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


def add_commands(add: Add) -> None:
    """expected."""
    due = add("expected", _expected, "list the deliveries that were or will be due, and which of them came")
    due.add_argument("--client")
    due.add_argument("--days", type=int, default=7, help="how far back; those ahead are always listed")
    due.add_argument("--json", action="store_true")
