"""Correction workbooks: made for the client, taken back."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipelines.commands.shape import Add


def _make(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.correction import make_workbooks

    made = make_workbooks(client=args.client)
    for book in made:
        out.print(f"delivery {book.delivery_id}, {book.rows} rows: {book.path}", markup=False, soft_wrap=True)
    if not made:
        out.print("nothing to make: every open reject is in a workbook, or its correction is under way")
    return 0


def _list(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.correction import listing

    lines = listing(args.client)
    table = Table(title=f"{len(lines)} correction workbooks", title_justify="left", pad_edge=False)
    for name in ("id", "client", "feed", "delivery", "no.", "rows", "state", "made", "returned as"):
        table.add_column(name, overflow="fold")
    for line in lines:
        source = "" if line["source"] == "main" else f" ({line['source']})"
        cells = (
            line["workbook_id"], line["client_id"], line["feed"] + source, line["delivery_id"], line["number"],
            line["rows"], line["state"], f"{line['made_at']:%Y-%m-%d %H:%M}", line["returned_as"] or "",
        )  # fmt: skip
        table.add_row(*map(str, cells))
    out.print(table)
    return 0


def _show(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.correction import show

    book, path, rows = show(args.workbook)
    out.print(
        f"workbook {book.workbook_id}: number {book.number} of delivery {book.delivery_id}, {book.state}",
        markup=False,
    )
    if book.path and path.exists():
        out.print(str(path), markup=False, soft_wrap=True)
    table = Table(pad_edge=False)
    for name in ("row", "in the sheet", "what is wrong"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table)
    return 0


def _submit(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.returned import submit

    delivery = submit(Path(args.file), args.person)
    said = f": {delivery.message}" if delivery.message else "; the next run takes it in"
    out.print(f"delivery {delivery.delivery_id} {delivery.state.value}{said}", markup=False, soft_wrap=True)
    return 0 if delivery.state.value in ("registered", "duplicate") else 1


def add_commands(add: Add) -> None:
    """corrections make, list, show and submit."""
    command = add("corrections", _list, "correction workbooks: make, list, show, submit")
    command.set_defaults(client=None)
    kinds = command.add_subparsers(dest="what", metavar="WHAT")
    for name, function, text in (
        ("make", _make, "make the workbooks that are due: open rejects of loaded deliveries, in clients' own columns"),
        ("list", _list, "the newest workbooks and what became of them"),
    ):
        kind = kinds.add_parser(name, help=text, description=text)
        kind.set_defaults(function=function)
        kind.add_argument("--client")
    text = "one workbook: its file, and what is wrong with each row"
    shown = kinds.add_parser("show", help=text, description=text)
    shown.set_defaults(function=_show)
    shown.add_argument("workbook", type=int, metavar="WORKBOOK")
    text = "hand in a workbook that came back, for its client"
    handed = kinds.add_parser("submit", help=text, description=text)
    handed.set_defaults(function=_submit)
    handed.add_argument("file", metavar="FILE")
    handed.add_argument("--person", required=True, help="who hands it in: may not approve it")
