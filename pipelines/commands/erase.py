"""Erase a customer, and list whom was erased."""

from __future__ import annotations

import argparse

from rich.console import Console

from pipelines.commands.matches import customer
from pipelines.commands.shape import Add


def _customer(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.erase import erase
    from pipelines.flow.report import build_reports

    done = erase(args.client, args.customer, reason=args.reason, person=args.person, originals=args.originals)
    said = [f"{number} {what}" for what, number in sorted(done.counts.items())]
    out.print(f"erased {args.client} {args.customer}: {', '.join(said) or 'nothing was left'}", soft_wrap=True)
    if done.originals:
        ids = ", ".join(map(str, done.originals))
        what = "deleted" if done.are_originals_gone else "kept, and may hold the customer; --originals deletes them"
        out.print(f"archived originals of deliveries {ids}: {what}", markup=False, soft_wrap=True)
    for path in done.landing:
        out.print(f"still in landing, for the sender to delete: {path}", markup=False, soft_wrap=True)
    if not args.reports:
        return 0
    result = build_reports()
    out.print(result.message, markup=False)
    return 0 if result.ok else 1


def _list(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.erase import listing

    for stone in listing(args.client):
        state = "" if stone.finished_at else "; NOT finished: erase again"
        back = "; a later delivery has brought the customer again" if stone.is_back else ""
        out.print(
            f"{stone.erased_at:%Y-%m-%d %H:%M} {stone.client_id} {stone.source}/{stone.customer_id} by {stone.person}: "
            f"{stone.reason}{state}{back}",
            markup=False,
            soft_wrap=True,
        )
    return 0


def add_commands(add: Add) -> None:
    """erase customer and list."""
    command = add("erase", _list, "delete everything a customer left, for ever; or list whom was erased")
    command.set_defaults(client=None)
    kinds = command.add_subparsers(dest="what", metavar="WHAT")
    text = "delete all versions of a customer, what refers to it, and what matching kept of it; a tombstone stays"
    one = kinds.add_parser("customer", help=text, description=text)
    one.set_defaults(function=_customer)
    one.add_argument("client", metavar="CLIENT")
    one.add_argument("customer", type=customer, metavar="SOURCE/NUMBER")
    one.add_argument("--reason", required=True)
    one.add_argument("--person", required=True, help="a steward of the client")
    one.add_argument(
        "--originals", action="store_true", help="delete the archived files that may hold the customer, too"
    )
    one.add_argument(
        "--no-reports", dest="reports", action="store_false", help="leave the reporting tables as they are"
    )
    text = "whom was erased, by whom and why; and who came again"
    listed = kinds.add_parser("list", help=text, description=text)
    listed.set_defaults(function=_list)
    listed.add_argument("--client")
