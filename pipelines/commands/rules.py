"""The rules of a feed: printed, drafted."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

from pipelines.commands.shape import Add
from pipelines.settings import load_settings


def _rules(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.rules import as_json, rules, table

    lines = rules(load_settings(), args.feed, client=args.client, language=args.language)
    if args.json:
        sys.stdout.write(json.dumps(as_json(lines), ensure_ascii=False, indent=1) + "\n")
    else:
        out.print(table(args.feed, lines))
    return 0


def _suite_new(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.drafting import draft, write

    made = draft(load_settings(), args.feed, Path(args.sample), client=args.client, source=args.source)
    if args.output:
        write(made, Path(args.output), replace=args.force)
        out.print(made.summary, markup=False)
    else:
        sys.stdout.write(made.text)
    return 0


def add_commands(add: Add) -> None:
    """rules and suite."""
    rules = add("rules", _rules, "every rule of a feed: what it checks, what it does, who acts")
    rules.add_argument("feed", metavar="FEED")
    rules.add_argument("--client", help="with the rules for this client only")
    rules.add_argument("--language", choices=("en", "de"), default="en", help="of the messages")
    rules.add_argument("--json", action="store_true")
    suite = add("suite", _suite_new, "draft a suite")
    kinds = suite.add_subparsers(dest="kind", required=True, metavar="KIND")
    new = kinds.add_parser("new", help="draft a suite from real data, with the evidence for each bound")
    new.add_argument("feed", metavar="FEED")
    new.add_argument("--sample", required=True, metavar="FILE", help="a file that a source of a client reads")
    new.add_argument("--client", help="whose profile reads it; default: the one whose file pattern fits")
    new.add_argument("--source")
    new.add_argument("--output", metavar="FILE", help="where to write it; default: print it")
    new.add_argument("--force", action="store_true", help="write over a file that exists")
