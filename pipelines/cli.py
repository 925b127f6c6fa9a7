"""The command line. Parses arguments, calls flow, prints; decides nothing.

Modules of flow are imported by the command that needs them: `check` and `try` need no database, and
Great Expectations alone takes seconds to import.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from pipelines.commands import add_all
from pipelines.commands.shape import Add, Command
from pipelines.errors import KontorError
from pipelines.settings import load_settings


def _check(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.check import check_declarations

    report = check_declarations(load_settings())
    for fault in report.faults:
        out.print(fault, style="red", markup=False, soft_wrap=True)
    if report.faults:
        return 1
    out.print(report.summary, markup=False)
    return 0


def _schema(args: argparse.Namespace, out: Console) -> int:
    from pipelines.profile import profile_json_schema

    text = json.dumps(profile_json_schema(), indent=2, ensure_ascii=False) + "\n"
    if args.output:
        Path(args.output).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def _init(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.setup import init

    out.print(init(load_settings()), markup=False)
    return 0


def _stop(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.setup import stop

    out.print(stop(load_settings()), markup=False)
    return 0


def _url(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.setup import url

    sys.stdout.write(url(load_settings(), args.role) + "\n")
    return 0


def _run(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.local import run_local

    return run_local(out, client=args.client, feed=args.feed, replay=args.replay, reports=not args.no_reports)


def _status(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.show import deliveries, status_table

    lines = deliveries(client=args.client, feed=args.feed, limit=args.limit)
    if args.json:
        sys.stdout.write(json.dumps(lines, default=str, ensure_ascii=False, indent=1) + "\n")
    else:
        out.print(status_table(lines))
    return 0


def _marts(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.show import mart_tables

    for table in mart_tables(args.rows):
        out.print(table)
    return 0


def _report(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.matching import match_customers
    from pipelines.flow.report import build_reports

    match_customers()
    result = build_reports(full=args.full)
    out.print(result.message, markup=False)
    return 0 if result.ok else 1


def _explain(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.explain import explain

    for item in explain(args.delivery, args.row):
        out.print(item)
    return 0


def _trace(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.trace import trace

    for item in trace(args.table, args.key):
        out.print(item)
    return 0


def _try(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.trial import try_file

    trial = try_file(load_settings(), Path(args.profile), Path(args.file), feed=args.feed, source=args.source)
    for item in trial.printed:
        out.print(item)
    return 0 if trial.ok else 1


def _read(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.printing import print_table

    with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as table:
        print_table(Path(args.file), args.dialect, args.to, table, sys.stderr, rows=args.row_numbers)
    return 0


def _audit(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.show import audit_report

    report = audit_report()
    for fault in report.faults:
        out.print(fault, style="red", markup=False, soft_wrap=True)
    out.print(f"{report.entries} entries, newest hash {report.head}: {'unbroken' if report.ok else 'broken'}")
    return 0 if report.ok else 1


def _dictionary(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.dictionary import dictionary

    for item in dictionary(load_settings(), args.feed):
        out.print(item)
    return 0


def _sniff(args: argparse.Namespace, out: Console) -> int:
    from pipelines.flow.sniffing import as_json, as_yaml, report, sniff

    path = Path(args.file)
    proposal = sniff(path)
    if args.json:
        sys.stdout.write(json.dumps(as_json(proposal), ensure_ascii=False, indent=1) + "\n")
    elif args.yaml:
        sys.stdout.write(as_yaml(path, proposal))
    else:
        for item in report(path, proposal):
            out.print(item)
    return 0


def _migrate(args: argparse.Namespace, out: Console) -> int:
    return _init(args, out)


def _of_files(add: Add) -> None:
    """The commands that look at one file."""
    reading = add("read", _read, "print the table of any file; needs no profile and no database")
    reading.add_argument("file", metavar="FILE")
    reading.add_argument(
        "--dialect",
        metavar="JSON",
        help="delimiter, quote, escape, encoding, record_separator, header_row, preamble and footer (their lengths), "
        "or any word of a profile's format; what is left out is found out from the file",
    )
    reading.add_argument("--to", choices=("csv", "jsonl"), default="csv")
    reading.add_argument("--row-numbers", action="store_true", help="put the row number in front of each record")
    look = add("sniff", _sniff, "find out how a file is to be read, with reasons; needs no database")
    look.add_argument("file", metavar="FILE")
    form = look.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the whole proposal")
    form.add_argument("--yaml", action="store_true", help="the draft of a source for a profile")
    attempt = add("try", _try, "extract, clean and gate a file in memory; needs no database")
    attempt.add_argument("profile", metavar="PROFILE", help="profile YAML, or a client id")
    attempt.add_argument("file", metavar="FILE")
    attempt.add_argument("--feed")
    attempt.add_argument("--source")


def build_parser() -> argparse.ArgumentParser:
    """All commands and their arguments."""
    parser = argparse.ArgumentParser(prog="python -m pipelines", description="Kontor: the data side of a back office.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, function: Command, help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(function=function)
        return command

    add("check", _check, "check every contract, profile and suite; needs no database")
    schema = add("schema", _schema, "print the JSON Schema of a client profile, for editors")
    schema.add_argument("--output", metavar="FILE")
    add("init", _init, "start the embedded server if needed, create and migrate the warehouse")
    add("migrate", _migrate, "apply contract changes that need no replay (same as init)")
    add("stop", _stop, "stop the embedded server")
    url = add("url", _url, "print the SQLAlchemy URL of the warehouse")
    url.add_argument("--role", choices=("owner", "loader", "steward", "analyst", "payroll"), default="loader")
    run = add("run", _run, "run one night without Airflow")
    run.add_argument("--client")
    run.add_argument("--feed")
    run.add_argument("--replay", metavar="DELIVERY")
    run.add_argument("--no-reports", action="store_true", help="leave the reporting tables as they are")
    status = add("status", _status, "list deliveries with verdict and row accounting")
    status.add_argument("--client")
    status.add_argument("--feed")
    status.add_argument("--limit", type=int, default=50)
    status.add_argument("--json", action="store_true")
    marts = add("marts", _marts, "print a few rows of every mart")
    marts.add_argument("--rows", type=int, default=3)
    add("audit", _audit, "verify the hash chain of the audit log, and every delivery's state against it")
    words = add("dictionary", _dictionary, "the data dictionary: columns, types, meaning, sensitivity of a feed")
    words.add_argument("feed", nargs="?", metavar="FEED")
    report = add("report", _report, "bring the reporting tables up to date")
    report.add_argument("--full", action="store_true", help="make all of them anew, not only what changed")
    explain = add("explain", _explain, "every reason and every change of a delivery, or of one of its rows")
    explain.add_argument("delivery", type=int, metavar="DELIVERY")
    explain.add_argument("row", type=int, nargs="?", metavar="ROW")
    trace = add("trace", _trace, "from a row of a table back to file and line")
    trace.add_argument("table", metavar="SCHEMA.TABLE")
    trace.add_argument("key", metavar="KEY", help="key values, comma separated, or column=value,…")
    _of_files(add)
    add_all(add)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a KontorError is printed as its message, exit code 2."""
    args = build_parser().parse_args(arguments)
    os.umask(0o077)  # work files and reports hold what clients sent: for their owner only
    out = Console()
    if not out.is_terminal:  # 80 columns would break words, which nobody could search for
        out = Console(width=160)
    try:
        code: int = args.function(args, out)
        return code
    except BrokenPipeError:  # `… | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KontorError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        return 2
