"""What a steward decides on a held delivery, and what waits for a decision."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from pipelines.commands.shape import Add


def _approve(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.release import approve

    moved = approve(args.delivery, person=args.person or getpass.getuser(), reason=args.reason)
    out.print(f"delivery {moved.delivery_id}: {moved.message}; the next run loads it", markup=False)
    return 0


def _return(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.release import send_back

    moved = send_back(args.delivery, person=args.person or getpass.getuser(), reason=args.reason)
    out.print(f"delivery {moved.delivery_id}: {moved.message}", markup=False)
    return 0


def _held(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow import release
    from pipelines.flow.office import open_office
    from pipelines.flow.show import broken

    if args.delivery is not None:
        told = release.summary(open_office(), args.delivery)
        out.print(f"{told.label}: {told.delivery.state.value}", style="bold", markup=False)
        out.print(Markdown(told.markdown()))
        return 0
    office = open_office()
    found = release.held(office=office)
    if args.json:
        plain = [{**vars(line), "deciders": deciders} for line, deciders in found]
        sys.stdout.write(json.dumps(plain, default=str, ensure_ascii=False, indent=1) + "\n")
        return 0
    table = Table(title=f"{len(found)} held", title_justify="left", header_style="bold", pad_edge=False)
    for name in ("id", "client", "feed", "file", "rows", "for", "may decide", "asked in Airflow"):
        table.add_column(name, overflow="fold")
    for line, deciders in found:
        asked = f"until {line.expires_at:%Y-%m-%d %H:%M} UTC" if line.expires_at else "not yet"
        table.add_row(
            str(line.delivery_id), line.client_id, line.feed, line.file_name, str(line.rows_held or 0),
            _age(line.held_since), ", ".join(deciders) or "nobody", asked,
        )  # fmt: skip
    out.print(table)
    for line, _ in found:
        out.print(f"{line.delivery_id}: {line.message}", markup=False, soft_wrap=True)
    for client in dict.fromkeys(line.client_id for line, _ in found):
        for text in broken(office.catalog.faults(client)):
            out.print(text, soft_wrap=True)
    return 0


def _age(since: datetime) -> str:
    """`3 d 4 h`, `5 h`, `12 min`."""
    minutes = int((datetime.now(UTC) - since).total_seconds() // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h" if hours else f"{minutes} min"


def add_commands(add: Add) -> None:
    """held, approve and return."""
    waiting = add("held", _held, "what waits for a steward's decision, or all about one of them")
    waiting.add_argument("delivery", type=int, nargs="?", metavar="DELIVERY")
    waiting.add_argument("--json", action="store_true")
    for name, function, text in (
        ("approve", _approve, "let a held delivery be loaded as it is by the next run"),
        ("return", _return, "send a held delivery back to the client: nothing of it is loaded"),
    ):
        decision = add(name, function, text)
        decision.add_argument("delivery", type=int, metavar="DELIVERY")
        decision.add_argument(
            "--person", help="who decides, as named under `stewards` in the client's profile; default: who runs this"
        )
        decision.add_argument("--reason", required=True)
