"""What a steward decides on a held delivery."""

from __future__ import annotations

import argparse

from rich.console import Console

from pipelines.commands.shape import Add


def _approve(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.release import approve

    moved = approve(args.delivery, person=args.person, reason=args.reason)
    out.print(f"delivery {moved.delivery_id}: {moved.message}; the next run loads it", markup=False)
    return 0


def _return(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.release import send_back

    moved = send_back(args.delivery, person=args.person, reason=args.reason)
    out.print(f"delivery {moved.delivery_id}: {moved.message}", markup=False)
    return 0


def add_commands(add: Add) -> None:
    """approve and return."""
    for name, function, text in (
        ("approve", _approve, "let a held delivery be loaded as it is by the next run"),
        ("return", _return, "send a held delivery back to the client: nothing of it is loaded"),
    ):
        decision = add(name, function, text)
        decision.add_argument("delivery", type=int, metavar="DELIVERY")
        decision.add_argument("--person", required=True, help="who decides")
        decision.add_argument("--reason", required=True)
