"""`run`: one night in this process, with a progress bar and a closing report."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipelines.delivery import State, Step
from pipelines.flow import show
from pipelines.flow.match_books import make_reviews
from pipelines.flow.matching import match_customers
from pipelines.flow.night import ScopeWork, run_night
from pipelines.flow.office import open_office
from pipelines.flow.report import build_reports
from pipelines.flow.setup import init
from pipelines.settings import load_settings


def run_local(out: Console, *, client: str | None, feed: str | None, replay: str | None, reports: bool) -> int:
    """Run a night and print what came of it; exit code 1 when a delivery failed, a profile is broken or a mart did not
    build."""
    started = time.perf_counter()
    settings = load_settings()
    out.print(init(settings), markup=False)
    office = open_office(settings)
    shown = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, console=out) as bar:
        tasks: dict[str, int] = {}

        def progress(scope: ScopeWork, step: Step | None) -> None:
            if scope.label not in tasks:
                tasks[scope.label] = int(bar.add_task(scope.label, total=len(Step)))
            task = bar.tasks[tasks[scope.label]]
            done = len(Step) if step is None else list(Step).index(step)
            doing = "" if step is None else f" · {step.value}"
            bar.update(task.id, completed=done, description=scope.label + doing)

        found, report = run_night(client=client, feed=feed, replay=replay, office=office, progress=progress)
    for text in show.fetched(found.fetch):
        out.print(text)
    out.print(found.summary(), markup=False)
    lines = [vars(line) for line in report.lines]
    if lines:
        out.print(show.status_table(lines))
        for text in show.needs_somebody(lines):
            out.print(text)
    for name in found.workbooks:
        out.print(f"correction workbook: {name}", markup=False)
    for text in show.unfinished(found.unfinished) + show.unmatched(found.unmatched) + show.due(report.due):
        out.print(text)
    for text in show.broken(found.broken):
        out.print(text, soft_wrap=True)
    built = True
    if reports and any(line.state == State.LOADED for line in report.lines):
        for done in match_customers(office=office):
            out.print(done.said, markup=False, soft_wrap=True)
        for book in make_reviews(office):
            said = f"{book.client_id}: {book.pairs} pairs of customers for its stewards, {book.path}"
            out.print(said, markup=False, soft_wrap=True)
        result = build_reports(office=office)
        out.print(result.message, markup=False)
        built = result.ok
    out.print(f"{show.verdicts(lines)} in {time.perf_counter() - started:.1f} s", markup=False)
    return 1 if report.failed or found.fetch.problems or found.broken or not built else 0
