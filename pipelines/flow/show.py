"""What people see of a night in the terminal: deliveries, verdicts, a few rows of each mart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from pipelines.delivery import Delivery, State, Verdict
from pipelines.flow.expected import DueLine
from pipelines.flow.fetch import FetchReport
from pipelines.flow.office import Office, open_office
from pipelines.reporting.marts import preview
from pipelines.warehouse import register
from pipelines.warehouse.audit import AuditReport, verify
from pipelines.warehouse.expected import DueState

COLOURS = {
    State.LOADED: "green",
    State.HELD: "yellow",
    State.WAITING: "yellow",
    State.FAILED: "red",
    State.DUPLICATE: "dim",
    State.SUPERSEDED: "dim",
}
COUNTS = ("received", "loaded", "unchanged", "rejected", "skipped", "held")


def deliveries(
    *, client: str | None = None, feed: str | None = None, limit: int = 50, office: Office | None = None
) -> list[dict[str, Any]]:
    """The newest deliveries as plain data, newest first, with the names of `ops.delivery`."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        found = register.list_deliveries(conn, client_id=client, feed=feed, limit=limit)
    return [_plain(d) for d in found]


def _plain(delivery: Delivery) -> dict[str, Any]:
    return {k: getattr(v, "value", v) for k, v in asdict(delivery).items()}


def status_table(lines: Sequence[dict[str, Any]]) -> Table:
    """Deliveries as a table; the message of every delivery that needs somebody stands below its line."""
    table = Table(title=f"{len(lines)} deliveries", title_justify="left", header_style="bold", pad_edge=False)
    table.add_column("id", justify="right")
    for name in ("client", "feed", "file"):
        table.add_column(name, overflow="fold")
    for name in ("state", "verdict"):
        table.add_column(name, no_wrap=True)
    for name in COUNTS:
        table.add_column(name, justify="right")
    for line in lines:
        state = State(line["state"])
        source = "" if line["source"] == "main" else f" ({line['source']})"
        table.add_row(
            str(line["delivery_id"]), line["client_id"], line["feed"] + source, line["file_name"],
            Text(state.value, style=COLOURS.get(state, "")), line["verdict"] or "–",
            *(_count(line[f"rows_{name}"]) for name in COUNTS),
        )  # fmt: skip
    return table


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}".replace(",", "\u202f")


def needs_somebody(lines: Sequence[dict[str, Any]]) -> list[Text]:
    """One paragraph per delivery that failed, is held or waits: what to do next."""
    out = []
    for line in lines:
        state = State(line["state"])
        if state in (State.FAILED, State.HELD, State.WAITING) and line["message"]:
            out.append(Text.assemble((f"{line['delivery_id']} {state.value}: ", COLOURS[state]), line["message"]))
    return out


def fetched(report: FetchReport) -> list[Text]:
    """What the origins brought, and every problem; nothing when no client has an origin."""
    out = [Text(str(problem), style="red") for problem in report.problems]
    if out or report.fetched or report.known or report.elsewhere or report.waiting or report.empty:
        out.insert(0, Text(report.summary()))
    return out + unfinished(report.waiting)


def broken(faults: Sequence[str]) -> list[Text]:
    """Profiles that could not be used: nothing of their clients was touched."""
    return [Text(fault, style="red") for fault in faults]


def unfinished(files: Mapping[str, str]) -> list[Text]:
    """Files that their senders have not completed: they are left where they are until the next night."""
    return [Text(f"{path}: {why}; left for the next night", style="yellow") for path, why in files.items()]


def due(lines: Sequence[DueLine]) -> list[Text]:
    """Deliveries that are missing or came late."""
    return [Text(line.said, style="red" if line.state is DueState.MISSING else "yellow") for line in lines]


def due_table(lines: Sequence[DueLine]) -> Table:
    """Deadlines, each with what came for it."""
    table = Table(title=f"{len(lines)} deadlines", title_justify="left", header_style="bold", pad_edge=False)
    for name in ("client", "feed", "period", "due", "state", "arrived", "hours late", "delivery"):
        table.add_column(name, justify="right" if name in ("hours late", "delivery") else "left")
    colours = {DueState.ARRIVED: "green", DueState.LATE: "yellow", DueState.MISSING: "red", DueState.EXPECTED: "dim"}
    for line in lines:
        source = "" if line.source == "main" else f" ({line.source})"
        table.add_row(
            line.client_id, line.feed + source, line.period or "", f"{line.due_at:%Y-%m-%d %H:%M %Z}",
            Text(line.state.value, style=colours[line.state]),
            f"{line.arrived_at:%Y-%m-%d %H:%M}" if line.arrived_at else "",
            "" if line.hours is None else f"{line.hours:.1f}", str(line.delivery_id or ""),
        )  # fmt: skip
    return table


def unmatched(paths: Sequence[str]) -> list[Text]:
    """Files nobody declared, by client: they are left where they are and told every night."""
    by_client: dict[str, list[str]] = {}
    for path in paths:
        client, _, rel = path.partition("/")
        by_client.setdefault(client, []).append(rel)
    out = []
    for client, files in by_client.items():
        more = f" and {len(files) - 6} more" if len(files) > 6 else ""
        said = f"{client}: {len(files)} unmatched, no source, look-up or ignore_files names them: "
        out.append(Text(said + ", ".join(files[:6]) + more, style="dim"))
    return out


def unmatched_since(since: datetime, *, office: Office | None = None) -> list[Text]:
    """The files that discover met since then and nobody declared."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return unmatched(register.unmatched_files(conn, since))


def mart_tables(rows: int = 3, *, office: Office | None = None) -> list[Table]:
    """The first rows of every mart, with the number of rows it has."""
    office = office or open_office()
    out = []
    for mart in preview(office.warehouse.engine, rows):
        title = f"reporting.{mart.name}: {_count(mart.total)} rows"
        title += f", shown to members of {mart.granted_to} only" if mart.granted_to else ""
        table = Table(title=title, title_justify="left", pad_edge=False)
        for column in mart.columns[:9]:
            table.add_column(column, overflow="ellipsis", no_wrap=True, max_width=28)
        for row in mart.rows:
            table.add_row(*("" if v is None else str(v) for v in row[:9]))
        out.append(table)
    return out


def verdicts(lines: Sequence[dict[str, Any]]) -> str:
    """How many deliveries ended how: `12 loaded (3 with rejects), 1 held, 1 failed`."""
    counts = {state: sum(line["state"] == state.value for line in lines) for state in State}
    with_rejects = sum(
        line["state"] == State.LOADED and line["verdict"] == Verdict.PASS_WITH_REJECTS.value for line in lines
    )
    parts = []
    for state, count in counts.items():
        if count:
            more = f" ({with_rejects} with rejects)" if state is State.LOADED and with_rejects else ""
            parts.append(f"{count} {state.value}{more}")
    return ", ".join(parts) or "no deliveries"


def audit_report(*, office: Office | None = None) -> AuditReport:
    """Whether the audit log is unbroken. Keep the newest hash elsewhere: a cut-off tail shows against it only."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return verify(conn)
