"""Who is who: match customers, look at what came of it, and why."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from pipelines.commands import match_reviews
from pipelines.commands.shape import Add, Command

if TYPE_CHECKING:
    from pipelines.warehouse.matches import Customer


def _run(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.matching import match_customers

    for done in match_customers(client=args.client, relearn=args.action == "relearn"):
        out.print(done.said, markup=False, soft_wrap=True)
    return match_reviews.make(args, out)


def _show(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.match_report import standing

    lines = standing(client=args.client)
    if args.json:
        sys.stdout.write(json.dumps([line.to_dict() for line in lines], indent=1) + "\n")
        return 0
    table = Table(title="golden records", title_justify="left", header_style="bold", pad_edge=False)
    table.add_column("client")
    for name in ("customers", "golden records", "joined", "waiting pairs", "kept apart"):
        table.add_column(name, justify="right")
    table.add_column("weights", overflow="fold")
    for line in lines:
        counts = (line.customers, line.golden, line.joined, line.waiting, line.apart)
        table.add_row(line.client_id, *map(str, counts), line.weights)
    out.print(table)
    return 0


def _why(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.match_report import why

    for line in why(args.client, args.customer, args.other):
        out.print(line, markup=False, soft_wrap=True)
    return 0


def customer(text: str) -> Customer:
    """`source/number` as the argument of a command."""
    from pipelines.warehouse.matches import Customer

    source, sign, number = text.partition("/")
    if not (source and sign and number):
        raise argparse.ArgumentTypeError(f"{text!r} is no customer like shop/1001: source, then number")
    return Customer(source, number)


def add_commands(add: Add) -> None:
    """matches run, relearn, show, why, and those of stewards."""
    subjects = add("matches", _show, "who is who among customers: match them, look at what came of it, and why")
    commands = subjects.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, function: Command, text: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
        command.set_defaults(function=function)
        return command

    run = action("run", _run, "bring the golden records up to date with core; each night does")
    run.add_argument("--client")
    again = action("relearn", _run, "learn anew by which weights customers are compared, and compare all of them")
    again.add_argument("--client", required=True)
    shown = action("show", _show, "customers, golden records and waiting pairs of each client")
    shown.add_argument("--client")
    shown.add_argument("--json", action="store_true")
    why = action("why", _why, "what golden record a customer belongs to, with whom, and why; or why not with another")
    why.add_argument("client", metavar="CLIENT")
    why.add_argument("customer", type=customer, metavar="SOURCE/NUMBER")
    why.add_argument("other", type=customer, nargs="?", metavar="SOURCE/NUMBER")
    match_reviews.add_kinds(action, customer)
