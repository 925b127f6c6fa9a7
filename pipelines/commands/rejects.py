"""Rows kept out: listed, shown, waived, written off."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from rich.console import Console

from pipelines.commands.shape import Add, Command
from pipelines.reject import Cause, Owner, RejectState

if TYPE_CHECKING:
    from pipelines.flow.rejects import Decided, Proviso


def _list(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.reject_views import Wanted, as_data, listed, table

    state = None if args.state == "all" else RejectState(args.state)
    owner = Owner(args.owner) if args.owner else None
    wanted = Wanted(args.client, args.feed, args.delivery, args.rule, args.cause, owner, state, args.older_than)
    lines, totals = listed(wanted)
    if args.json:
        sys.stdout.write(json.dumps(as_data(lines), default=str, ensure_ascii=False, indent=1) + "\n")
        return 0
    for item in table(lines, totals):
        out.print(item)
    return 0


def _show(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.reject_views import show

    for item in show(args.delivery, args.row, part=args.part, clear=getpass.getuser() if args.clear else None):
        out.print(item)
    return 0


def _waive(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.rejects import waive

    made = waive(args.delivery, args.row, _proviso(args), part=args.part, rule=args.rule)
    out.print(_said(made, args), markup=False, soft_wrap=True)
    return 0


def _write_off(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.rejects import write_off

    made = write_off(
        args.delivery, _proviso(args), row=args.row, part=args.part, rule=args.rule, everything=args.all
    )  # fmt: skip
    out.print(_said(made, args), markup=False, soft_wrap=True)
    return 0


def _proviso(args: argparse.Namespace) -> Proviso:
    from pipelines.flow.rejects import Proviso

    return Proviso(args.person, args.reason, args.expires, args.amount_limit)


def _said(made: Decided, args: argparse.Namespace) -> str:
    """What a decision came to, and what happens next."""
    done = "waived" if made.kind.value == "waive" else "written off"
    if not made.made:
        said = (
            f"delivery {made.delivery_id}: {done} before ({_counted(made.already, 'reason')}), nothing is decided anew"
        )
    else:
        rows, reasons = _counted(made.rows, "row"), _counted(len(made.made), "reason")
        said = f"delivery {made.delivery_id}: {reasons} of {rows} {done} until the end of {args.expires}"
    if made.still_out:
        said += f"; the row stays out because of {', '.join(made.still_out)}"
    if made.correction:
        said += f"; delivery {made.correction} brings {_counted(len(made.brings), 'row')} with the next run"
    return said


def _counted(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day like 2026-12-31") from None


def _limit(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise argparse.ArgumentTypeError(f"{text!r} is no amount like 1500.00")
    return amount


def add_commands(add: Add) -> None:
    """rejects list, show, waive, write-off."""
    subjects = add("rejects", _list, "rows kept out: list them, look at one, decide on them")
    commands = subjects.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, function: Command, text: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
        command.set_defaults(function=function)
        return command

    listing = action("list", _list, "rejects by rule and delivery, what waits longest first")
    listing.add_argument("--client")
    listing.add_argument("--feed")
    listing.add_argument("--delivery", type=int)
    listing.add_argument("--rule")
    listing.add_argument("--cause", choices=[c.value for c in Cause])
    listing.add_argument("--owner", choices=[o.value for o in Owner], help="who has to act")
    states: list[Any] = [*(s.value for s in RejectState), "all"]
    listing.add_argument(
        "--state", choices=states, default=RejectState.OPEN.value, help="open where not said otherwise"
    )
    listing.add_argument("--older-than", type=int, metavar="DAYS", help="first found more than so many days ago")
    listing.add_argument("--json", action="store_true")
    shown = action("show", _show, "one row as received, with every reason, decision and what came of it")
    shown.add_argument("delivery", type=int, metavar="DELIVERY")
    shown.add_argument("row", type=int, metavar="ROW")
    shown.add_argument("--part", type=int)
    shown.add_argument("--clear", action="store_true", help="personal values unmasked; the audit log says who looked")
    waiving = action("waive", _waive, "load a row in spite of a rule, for a time")
    waiving.add_argument("delivery", type=int, metavar="DELIVERY")
    waiving.add_argument("--row", type=int, required=True)
    waiving.add_argument("--rule", help="of the rules that keep it out, this one only")
    _add_terms(waiving)
    writing = action("write-off", _write_off, "accept that rows stay out, for a time")
    writing.add_argument("delivery", type=int, metavar="DELIVERY")
    writing.add_argument("--row", type=int)
    writing.add_argument("--rule", help="every row that this rule keeps out; with --row, that one")
    writing.add_argument("--all", action="store_true", help="every row of the delivery")
    _add_terms(writing)


def _add_terms(command: argparse.ArgumentParser) -> None:
    command.add_argument("--part", type=int, help="of a row that becomes several, the part")
    command.add_argument("--person", required=True, help="who decides: a steward of the client")
    command.add_argument("--reason", required=True)
    command.add_argument("--expires", type=_day, required=True, metavar="DAY", help="last day on which it counts")
    command.add_argument("--amount-limit", type=_limit, metavar="AMOUNT", help="largest amount of the row, major units")
