"""Deliveries judged again from the archive, tried or done; and taken out again."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from rich.console import Console

from pipelines.commands.shape import Add


def _replay(args: argparse.Namespace, out: Console) -> int:
    if args.dry_run:
        return _rehearse(args, out)
    from pipelines.flow.night import run_replay
    from pipelines.flow.show import broken, needs_somebody, status_table, verdicts

    report = run_replay(args.target)
    lines = [asdict(line) for line in report.lines]
    built, said = _reports(args, any(line["state"] == "loaded" for line in lines))
    if args.json:
        _print_json({"deliveries": lines, "reports": said, "broken": report.broken})
    elif not lines:
        out.print(f"nothing of {args.target} is loaded, held or failed: nothing to replay", markup=False)
    else:
        out.print(status_table(lines))
        for text in needs_somebody(lines):
            out.print(text)
        out.print("\n".join(filter(None, (said, verdicts(lines)))), markup=False)
    for text in () if args.json else broken(report.broken):
        out.print(text, soft_wrap=True)
    return 1 if report.failed or report.broken or not built else 0


def _rehearse(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.rehearsal import rehearse
    from pipelines.flow.replay_shown import rehearsed

    found = rehearse(args.target)
    if args.json:
        _print_json({**asdict(found), "totals": found.totals, "amounts": [asdict(a) for a in found.amounts]})
    else:
        for item in rehearsed(found):
            out.print(item)
    return 1 if found.totals["would_fail"] else 0


def _withdraw(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.replay_shown import withdrawn
    from pipelines.flow.withdraw import withdraw

    done = withdraw(args.delivery, why=args.why, person=args.person)
    built, said = _reports(args, True)
    if args.json:
        _print_json({**asdict(done), "reports": said})
    else:
        for item in withdrawn(done):
            out.print(item)
        if said:
            out.print(said, markup=False)
    return 1 if not built or any(again.state == "failed" for again in done.again) else 0


def _reports(args: argparse.Namespace, wanted: bool) -> tuple[bool, str | None]:
    """Build the reporting tables unless told not to; whether they stand, and what to say of it."""
    if args.no_reports or not wanted:
        return True, None
    from pipelines.flow.report import build_reports

    result = build_reports()
    return result.ok, result.message


def _print_json(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data, default=str, ensure_ascii=False, indent=1) + "\n")


def add_commands(add: Add) -> None:
    """replay and withdraw."""
    again = add("replay", _replay, "judge deliveries again from their archived originals, by the declarations of now")
    again.add_argument("target", metavar="TARGET", help="a delivery, a feed, a client, or client/feed")
    again.add_argument("--dry-run", action="store_true", help="rehearse: tell what would change, touch nothing")
    out = add("withdraw", _withdraw, "take one delivery out everywhere it reached; what it replaced is restored")
    out.add_argument("delivery", type=int, metavar="DELIVERY")
    out.add_argument("--why", required=True, help="the reason, for the audit log")
    out.add_argument("--person", required=True, help="the steward who decides")
    for command in (again, out):
        command.add_argument("--json", action="store_true")
        command.add_argument("--no-reports", action="store_true", help="leave the reporting tables as they are")
