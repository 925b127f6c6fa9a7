"""How a night looks in the terminal: a live table, or plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pipelines.delivery import SETTLED, State
from plugins.kontor.watch import NEXT_STEP, Line, Night

COLOURS = {
    "loaded": "green",
    "held": "yellow",
    "waiting": "yellow",
    "failed": "red",
    "success": "green",
    "running": "cyan",
    "duplicate": "dim",
    "superseded": "dim",
}
_ROWS = ("received", "loaded", "unchanged", "rejected")
_WIDE = 130
_NARROW = 100


class Screen:
    """Draws each look at the night. On a terminal the table is repainted; else each change is one line."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live: Live | None = None
        self._spinner = Spinner("dots")
        self._told: dict[object, str] = {}

    @contextmanager
    def open(self) -> Iterator[Screen]:
        """Draw from here on."""
        if not self.console.is_terminal:
            yield self
            return
        with Live(console=self.console, refresh_per_second=8, transient=True) as self._live:
            yield self
        self._live = None

    def show(self, night: Night) -> None:
        """One look."""
        if self._live is not None:
            self._live.update(self._picture(night))
        else:
            self._tell(night)

    def _tell(self, night: Night) -> None:
        told = {("run", name): f"{name}: {state}" for name, state in (night.states()).items()}
        told |= {line["delivery_id"]: plain(line) for line in night.lines}
        for key, text in told.items():
            if self._told.get(key) != text:
                self.console.print(f"[{night.seconds:6.1f} s] {text}", markup=False, highlight=False, soft_wrap=True)
        self._told.update(told)

    def _picture(self, night: Night) -> RenderableType:
        settled = sum(State(line["state"]) in SETTLED for line in night.lines)
        head = Text.assemble((f" {night.seconds:5.1f} s  ", "bold"))
        for name, state in (night.states()).items():
            head.append_text(Text.assemble(f"{name} ", (state, COLOURS.get(state, "")), "   "))
        self._spinner.update(text=Text.assemble(head, f"{settled}/{len(night.lines)} settled"))
        return Group(self._spinner, table(self._fitting(night.lines), self.console.width))

    def _fitting(self, lines: list[Line]) -> list[Line]:
        """What fits the screen: those under way first, then the newest settled."""
        room = max(5, self.console.height - 6)
        if len(lines) <= room:
            return lines
        lines = sorted(lines, key=lambda line: (State(line["state"]) in SETTLED, -line["delivery_id"]))
        return sorted(lines[:room], key=lambda line: line["delivery_id"])


def plain(line: Line) -> str:
    """One delivery in one line."""
    where = " · ".join(str(line[k]) for k in ("client_id", "feed", "source", "file_name"))
    rows = ", ".join(f"{line[f'rows_{k}']} {k}" for k in _ROWS if line.get(f"rows_{k}"))
    verdict = f" ({line['verdict']})" if line.get("verdict") else ""
    return f"{line['delivery_id']} {where}: {_doing(line)}{verdict}{', rows: ' + rows if rows else ''}"


def _doing(line: Line) -> str:
    step = NEXT_STEP.get(line["state"])
    return f"{step} …" if step else str(line["state"])


def table(lines: list[Line], width: int) -> Table:
    """The deliveries of a night as a table. Where it is narrow, counts and verdict go, then the file name shrinks."""
    counted = _ROWS if width >= _WIDE else ("loaded", "rejected")
    words = ("step", "verdict") if width >= _NARROW else ("step",)
    feeds = [line["feed"] + ("" if line["source"] == "main" else f" ({line['source']})") for line in lines]
    clients = [line["client_id"] for line in lines]
    taken = 5 + 12 + (19 if "verdict" in words else 0) + sum(len(name) + 2 for name in counted)
    taken += sum(max((len(value) for value in values), default=0) + 2 for values in (clients, feeds))
    shown = Table(box=None, pad_edge=False, header_style="bold dim", padding=(0, 2, 0, 0))
    shown.add_column("id", justify="right", min_width=max([2, *(len(str(line["delivery_id"])) for line in lines)]))
    for name in ("client", "feed", "file", *words):
        shown.add_column(name, no_wrap=True, overflow="ellipsis")
    for name in counted:
        shown.add_column(name, justify="right", no_wrap=True)
    for line, feed in zip(lines, feeds, strict=True):
        told = {"step": Text(_doing(line), style=COLOURS.get(line["state"], "cyan")), "verdict": line["verdict"] or ""}
        counts = [line[f"rows_{name}"] for name in counted]
        shown.add_row(
            *(str(line["delivery_id"]), line["client_id"], feed, _short(line["file_name"], max(8, width - taken))),
            *(told[word] for word in words),
            *("" if count is None else f"{count:,}".replace(",", "\u202f") for count in counts),
        )
    return shown


def _short(path: str, room: int) -> str:
    """The end of a path, which tells more than its beginning."""
    return path if len(path) <= room else "…" + path[-(room - 1) :]
