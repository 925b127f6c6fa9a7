"""The report: what each section measured last, kept as JSON and told as Markdown, what must be reached on top.

A run with `--only` replaces the sections it measured and leaves the others as they were, each with its own date, rows
and rounds. A contest that was stopped in the middle does not replace one that is whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.table import figure

FORMAT = 1


@dataclass(frozen=True)
class Measured:
    """One contest of a section, as the report keeps it. `error`: why it ended; `stopped`: by Ctrl-C, in the middle."""

    section: str
    title: str
    date: str
    rows: int
    rounds: int
    facts: dict[str, str]
    lines: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    kept: bool = False
    error: str = ""
    stopped: bool = False


@dataclass(frozen=True)
class Reached:
    """A line of the summary. `share`: what was reached as part of what is allowed; 1 and less is kept."""

    section: str
    title: str
    text: str
    limit: float | None
    got: float | None
    kept: bool

    @property
    def share(self) -> float:
        if self.got is None or not self.limit:
            return 0.0 if self.kept else math.inf
        return self.got / self.limit


def read(path: Path) -> list[Measured]:
    """What an earlier run left; nothing when it is of another format or half written."""
    try:
        left = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    if not isinstance(left, dict) or left.get("format") != FORMAT:
        return []
    return [Measured(**one) for one in left["measured"]]


def merge(left: Sequence[Measured], new: Sequence[Measured], whole: Collection[str]) -> list[Measured]:
    """What was left with what is new; of a section measured as a `whole` nothing earlier stays."""
    earlier = {(m.section, m.title): m for m in left if m.section not in whole}
    found = dict(earlier)
    for one in new:
        before = earlier.get((one.section, one.title))
        if before is None or before.stopped or not one.stopped:
            found[one.section, one.title] = one
    return list(found.values())


def write(folder: Path, measured: Sequence[Measured], order: Sequence[str]) -> Path:
    """report.json and report.md, the sections in that order; each is whole at any time."""
    ranked = sorted((m for m in measured if m.section in order), key=lambda m: order.index(m.section))
    data = {"format": FORMAT, "summary": [asdict(r) for r in reached(ranked)], "measured": [asdict(m) for m in ranked]}
    _replace(folder / "report.json", json.dumps(data, indent=1))
    return _replace(folder / "report.md", "\n".join(markdown(ranked)))


def _replace(path: Path, text: str) -> Path:
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, encoding="utf-8")
    return part.replace(path)


def markdown(measured: Sequence[Measured]) -> list[str]:
    """The whole report."""
    if not measured:
        return ["# Bench", "", "Nothing measured yet.", ""]
    newest = max(measured, key=lambda m: m.date)
    out = ["# Bench", "", *_head(newest.facts), "", "![the figures as a chart](report.png)", ""]
    out += ["## What must be reached", "", *summary(reached(measured)), ""]
    for section in dict.fromkeys(m.section for m in measured):
        out += [f"## {section.capitalize()}", ""]
        for one in measured:
            if one.section == section:
                out += [*_contest(one, newest.facts), ""]
    return out


def reached(measured: Sequence[Measured]) -> list[Reached]:
    """Every limit of every contest, the worst first."""
    return sorted((r for m in measured for r in _reached(m)), key=lambda r: (r.kept, -r.share))


def _reached(one: Measured) -> Iterator[Reached]:
    checks = one.data.get("checks", [])
    for check in checks:
        yield Reached(one.section, one.title, check["text"], check["limit"], check["got"], check["kept"])
    broken = [one.error and f"ended: {one.error.splitlines()[-1]}", "stopped in the middle" if one.stopped else ""]
    broken += [f"{name} failed" for name in one.data.get("errors", {})]
    broken += ["not all found the same"] if one.data.get("differing") else []
    for text in filter(None, broken):
        yield Reached(one.section, one.title, text, None, None, False)
    if not checks and not any(broken) and "checks" not in one.data:
        yield Reached(one.section, one.title, "all that it must reach", None, None, one.kept)


def summary(lines: Sequence[Reached]) -> list[str]:
    """As a table, with a sentence above it."""
    if not lines:
        return ["Nothing has a limit here."]
    missed = sum(not line.kept for line in lines)
    said = f"{missed} of {len(lines)} NOT kept." if missed else f"All {len(lines)} kept."
    heads = ["", "section", "limit", "allowed", "reached", "reached / allowed"]
    out = [said, "", f"| {' | '.join(heads)} |", "|---|---|---|---:|---:|---:|"]
    for line in lines:
        mark = "kept" if line.kept else "**NOT kept**"
        share = f"{line.share:.0%}" if line.got is not None and line.limit else "–"
        what = f"{line.title}: {line.text}"
        out.append(f"| {mark} | {line.section} | {what} | {figure(line.limit)} | {figure(line.got)} | {share} |")
    return out


def _head(facts: dict[str, str]) -> list[str]:
    said = {name: text for name, text in facts.items() if text}
    return [f"- {name}: {text}" for name, text in said.items()]


def _contest(one: Measured, told: dict[str, str]) -> list[str]:
    """Its own lines, with when it was measured, and on what where that is not what the report's head says."""
    peers = one.data.get("versions", {})
    said = [f"Measured {one.date}", f"--rows {one.rows:,} --rounds {one.rounds}"]
    said += [f"{name}: {text}" for name, text in one.facts.items() if text and told.get(name) != text]
    said += [f"peers: {', '.join(f'{name} {number}'.strip() for name, number in peers.items())}"] if peers else []
    out = list(one.lines) if one.lines else [f"### {one.title}", ""]
    if one.stopped:
        out += ["**Stopped in the middle.**", ""]
    if one.error:
        out += ["**Ended with an error:**", "", "```", one.error, "```", ""]
    return [*out, f"<sub>{'; '.join(said)}</sub>"]
