"""What stewards say of pairs of customers: listed, decided, taken back; by workbook or one by one."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from pipelines.commands.shape import Command

if TYPE_CHECKING:
    from pipelines.warehouse.matches import Customer

Kind = Callable[[str, Command, str], argparse.ArgumentParser]
"""Makes a command below `matches` from its name, function and help text."""


def make(args: argparse.Namespace, out: Console) -> int:
    """Make the review workbooks that are due."""
    from pipelines.flow.match_books import make_reviews

    made = make_reviews(client=args.client)
    for book in made:
        out.print(f"{book.client_id}, {book.pairs} pairs: {book.path}", markup=False, soft_wrap=True)
    if not made:
        out.print("nothing to make: no pair waits, or the newest workbook shows all that do")
    return 0


def _list(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow import match_review
    from pipelines.flow.match_shown import grouped, told
    from pipelines.flow.office import open_office

    office = open_office()
    pairs = {
        c: match_review.waiting(c, office=office) for c in match_review.clients_with_pairs(args.client, office=office)
    }
    if args.json:
        plain = [_plain(p) for found in pairs.values() for p in found]
        sys.stdout.write(json.dumps(plain, default=str, ensure_ascii=False, indent=1) + "\n")
        return 0
    table = Table(title=f"{sum(map(len, pairs.values()))} pairs wait", title_justify="left", pad_edge=False)
    for name in ("client", "group", "one", "other", "same?", "why", "since"):
        table.add_column(name, overflow="fold")
    for client, found in pairs.items():
        for number, group in enumerate(grouped(found[: args.limit]), start=1):
            for p in group:
                chance = "" if p.probability is None else f"{p.probability:.0%}"
                why = told(p.reasons, "en")
                table.add_row(client, str(number), str(p.left), str(p.right), chance, why, f"{p.found_at:%Y-%m-%d}")
    out.print(table)
    return 0


def _plain(pair: Any) -> dict[str, Any]:
    """A pair without a value of the customers: lists end in logs."""
    names = ("client_id", "verdict", "probability", "reasons", "found_at", "left_golden_id", "right_golden_id")
    return {"left": str(pair.left), "right": str(pair.right), **{name: getattr(pair, name) for name in names}}


def _decisions(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.match_review import decisions

    found = decisions(args.client)
    if args.json:
        sys.stdout.write(json.dumps([vars(d) for d in found], default=str, ensure_ascii=False, indent=1) + "\n")
        return 0
    table = Table(title=f"{len(found)} decisions", title_justify="left", pad_edge=False)
    for name in ("id", "one", "other", "verdict", "by", "why", "at", "taken back"):
        table.add_column(name, overflow="fold")
    for d in found:
        back = f"{d.revoked_at:%Y-%m-%d %H:%M} by {d.revoked_by}: {d.revoked_reason}" if d.revoked_at else ""
        at = f"{d.decided_at:%Y-%m-%d %H:%M}"
        table.add_row(str(d.decision_id), str(d.left), str(d.right), d.verdict.value, d.person, d.reason, at, back)
    out.print(table)
    return 0


def _decide(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.match_review import decide
    from pipelines.warehouse.matches import Verdict

    person = args.person or getpass.getuser()
    made = decide(args.client, args.one, args.other, Verdict(args.verdict), person=person, reason=args.reason)
    out.print(made.said, markup=False, soft_wrap=True)
    return 0


def _undo(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.match_review import undo

    back = undo(args.client, args.decision, person=args.person or getpass.getuser(), reason=args.reason)
    out.print(
        f"decision {back.decision_id} is taken back: {back.left} and {back.right} are judged without it", markup=False
    )
    return 0


def _submit(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.match_books import submit

    came = submit(Path(args.file), args.person or getpass.getuser())
    out.print(came.said, markup=False, soft_wrap=True)
    return 1 if came.refused or came.left_out else 0


def _books(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.match_books import books

    made, came = books(args.client)
    table = Table(title=f"{len(made)} review workbooks", title_justify="left", pad_edge=False)
    for name in ("client", "no.", "pairs", "state", "made"):
        table.add_column(name)
    for book in made:
        table.add_row(book.client_id, str(book.number), str(book.pairs), book.state, f"{book.made_at:%Y-%m-%d %H:%M}")
    out.print(table)
    for at, one in came:
        out.print(f"{at:%Y-%m-%d %H:%M} {one.client_id}/{one.said}", markup=False, soft_wrap=True)
    return 0


def add_kinds(kind: Kind, customer: Callable[[str], Customer]) -> None:
    """matches review, list, decide, undo, decisions, submit, books. `customer`: reads `source/number`."""
    for name, function, text in (
        ("review", make, "make the review workbooks that are due: pairs of customers that wait for a steward"),
        ("books", _books, "the newest review workbooks, and what was taken of those that came back"),
    ):
        kind(name, function, text).add_argument("--client")
    listing = kind("list", _list, "pairs that wait for a steward, the most probable first, those that hang together")
    listing.add_argument("--client")
    listing.add_argument("--limit", type=int, default=50, help="pairs of each client")
    listing.add_argument("--json", action="store_true")
    said = kind("decisions", _decisions, "what stewards decided for a client, and what was taken back")
    said.add_argument("client", metavar="CLIENT")
    said.add_argument("--json", action="store_true")
    decision = kind("decide", _decide, "say that two customers are one, or that they are not; it counts from now on")
    decision.add_argument("client", metavar="CLIENT")
    for name in ("one", "other"):
        decision.add_argument(name, type=customer, metavar="SOURCE/NUMBER")
    decision.add_argument("verdict", choices=("same", "different"))
    _add_terms(decision)
    back = kind("undo", _undo, "take a decision back: what was said before, else what the matching finds, counts again")
    back.add_argument("client", metavar="CLIENT")
    back.add_argument("decision", type=int, metavar="DECISION")
    _add_terms(back)
    handed = kind("submit", _submit, "hand in a review workbook; what has changed meanwhile is named and not taken")
    handed.add_argument("file", metavar="FILE")
    handed.add_argument("--person", help="who decided: a steward of the client; default: who runs this")


def _add_terms(command: argparse.ArgumentParser) -> None:
    command.add_argument("--person", help="who decides: a steward of the client; default: who runs this")
    command.add_argument("--reason", required=True)
