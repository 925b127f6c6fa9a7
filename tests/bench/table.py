"""A race as Markdown: what each contender cost, with the spread of its rounds, and what had to be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.bench.race import Entry, Race

LEAST = {"cpu": 0.001, "wall": 0.001, "memory": 5}


def lines(race: Race) -> list[str]:
    """Heading, what was measured on, the table, then limits, notes, errors and the profile."""
    ran = [e for e in race.entries if e.rounds]
    out = [f"### {race.title}", "", _subject(race, ran), ""]
    if ran:
        out += _table(race, ran)
    out += [f"\n{_limit(check.data())}" for check in race.checks]
    out += [f"\n{e.name}: {e.note}" for e in ran if e.note]
    out += [f"\n**{e.name} failed:**\n\n```\n{e.error}\n```" for e in race.entries if e.error]
    if race.differing:
        out += ["\n**Not all found the same:**\n", *(f"- {text}" for text in race.differing)]
    return [*out, *profile(race.ours.name, race.profiled), ""]


def _subject(race: Race, ran: list[Entry]) -> str:
    size = f"{race.file.parent.name}/{race.file.name}, {race.file.stat().st_size / 1e6:.0f} MB"
    return f"{size}, {_found(race)}, median of {_count(len(race.ours.rounds))} (min–max)" if ran else size


def _found(race: Race) -> str:
    found = next(r["found"] for e in race.entries for r in e.rounds)
    if isinstance(found, int):
        return f"{found:,} rows"
    if isinstance(found, list) and len(found) == 2 and isinstance(found[1], dict):
        by_all = ", the same for all" if race.same and not race.differing else ""
        return f"{found[0]:,} rows, {sum(found[1].values()):,} failures of {len(found[1])} rules{by_all}"
    return str(found)


def _table(race: Race, ran: list[Entry]) -> list[str]:
    """Columns of a database server only where there is one; ratios where ours ran."""
    served = any(e.values("server") for e in ran)
    held = any(e.values("server_mb") for e in ran)
    parts = ["client CPU s", "server CPU s"] if served else []
    heads = ["contender", *parts, "CPU s", "wall s", "added MB", "private MB", *(["server adds MB"] if held else [])]
    heads += ["ours / it: CPU", "wall", "memory"] if race.ours.rounds else []
    out = [_row(heads), "|---|" + "---:|" * (len(heads) - 1)]
    for e in ran:
        few = f" ({_count(len(e.rounds))})" if len(e.rounds) < len(race.ours.rounds) else ""
        cells = [e.name + few]
        cells += [spread(e.values(what), 2) for what in (["client", "server"] if served else [])]
        cells += [
            spread(e.values("cpu"), 2),
            spread(e.values("wall"), 2),
            spread(e.values("mb"), 0),
            spread(e.values("private"), 0),
        ]
        cells += [spread(e.values("server_mb"), 0)] if held else []
        cells += [_ratio(race, e, what) for what in ("cpu", "wall", "memory")] if race.ours.rounds else []
        out.append(_row(cells))
    return out


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _count(rounds: int) -> str:
    return "1 round" if rounds == 1 else f"{rounds} rounds"


def spread(values: list[float], digits: int) -> str:
    """`1.20 (1.10–1.40)`: the median between the least and the most."""
    if not values:
        return "–"
    ordered = sorted(values)
    half = len(ordered) // 2
    median = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    if len(values) == 1:
        return f"{median:,.{digits}f}"
    return f"{median:,.{digits}f} ({ordered[0]:,.{digits}f}–{ordered[-1]:,.{digits}f})"


def _ratio(race: Race, entry: Entry, what: str) -> str:
    """No ratio to next to nothing: of a contender that leaves its rows to the server, say."""
    if entry.median(what) < LEAST[what]:
        return "–"
    return f"{race.ours.median(what) / entry.median(what):.2f}"


def _limit(check: dict[str, Any]) -> str:
    got = "not measured" if check["got"] is None else figure(check["got"])
    return f"{check['text']}: {got}, {'kept' if check['kept'] else '**NOT kept**'}"


def figure(value: float | None) -> str:
    """Three digits that count, and no more than whole numbers."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def profile(name: str, profiled: dict[str, Any]) -> list[str]:
    """The dearest functions and statements of one run more, folded away."""
    if not profiled:
        return []
    out = ["", f"<details><summary>Where the time goes in {name}</summary>", ""]
    if "error" in profiled:
        out += ["```", profiled["error"], "```"]
    if "profile" in profiled:
        out += ["One run more under cProfile, which makes Python code dearer than it is; waiting counts.", ""]
        out += ["| own s | calls | function | mostly for |", "|---:|---:|---|---|"]
        out += [f"| {own:.2f} | {calls:,} | `{at}` | `{caller}` |" for own, calls, at, caller in profiled["profile"]]
    if profiled.get("statements"):
        out += ["", "| s | calls | statement |", "|---:|---:|---|"]
        out += [f"| {spent:.2f} | {calls:,} | `{text}` |" for spent, calls, text in profiled["statements"]]
    return [*out, "", "</details>"]
