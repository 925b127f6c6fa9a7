"""report.png of report.json: `python chart.py REPORT PNG`, in an environment that has matplotlib and nothing of ours.

One panel per contest. Ratios: a row per contender, how much ours costs of what it costs, on a logarithmic axis, left
of the line ours is cheaper; a bar marks what must be reached. Growth: figures over rows, both axes logarithmic. On top
what must be reached, as part of what is allowed. Colours and shapes tell the measures apart, for any eye
(Okabe and Ito's palette).
"""

import json
import math
import sys
import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

BLUE, ORANGE, GREEN, RED, GREY, INK = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#B8B8B8", "#222222"
MEASURES = {"cpu": ("CPU", BLUE, "o"), "wall": ("wall time", ORANGE, "s"), "memory": ("memory", GREEN, "D")}
LINES = (BLUE, RED, GREEN, ORANGE, "#CC79A7", "#56B4E9")
WIDTH, ROW, HEAD = 15.0, 0.36, 1.35
LEAST = {"cpu": 0.001, "wall": 0.001, "memory": 5}  # below it a ratio says nothing
LABEL, TITLE, LIMIT = 34, 46, 92
HALO = [withStroke(linewidth=3, foreground="white")]


def main():
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    plt.rcParams.update(
        {
            "font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
            "axes.edgecolor": GREY, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
            "axes.titlesize": 10.5, "axes.titleweight": "bold", "axes.titlelocation": "left", "figure.dpi": 110,
        }
    )  # fmt: skip
    bands = [*_summary(report["summary"]), *_sections(report["measured"])]
    if not bands:
        bands = [[(1, _nothing)]]
    heights = [max(size for size, _ in band) * ROW + HEAD for band in bands]
    figure = plt.figure(figsize=(WIDTH, sum(heights) + 0.9), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.12, w_pad=0.12)
    parts = figure.subfigures(len(bands), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, band in zip(parts, bands, strict=True):
        axes = part.subplots(1, len(band), squeeze=False)[0]
        for (_, draw), ax in zip(band, axes, strict=True):
            draw(ax, TITLE if len(band) > 1 else 2 * TITLE)
    figure.suptitle(_heading(report["measured"]), x=0.012, ha="left", fontsize=11)
    figure.savefig(sys.argv[2], facecolor="white")


def _heading(measured):
    if not measured:
        return "Bench"
    newest = max(measured, key=lambda one: one["date"])
    facts = newest["facts"]
    told = f"{facts['machine']}, PostgreSQL {facts['postgresql']}, {facts['python']}"
    return (
        f"Kontor's bench, {newest['date'][:10]}"
        + (f", commit {facts['commit']}" if facts["commit"] else "")
        + (f"\n{told}")
    )


def _nothing(ax, _):
    ax.set_axis_off()
    ax.text(0, 0.5, "Nothing measured yet.")


def _summary(lines):
    told = [line for line in lines if line["got"] and line["limit"]]
    if not told:
        return []
    told.sort(key=lambda line: line["got"] / line["limit"])
    labels = [textwrap.fill(f"{line['title']}: {line['text']}", LIMIT) for line in told]

    def draw(ax, _):
        shares = [line["got"] / line["limit"] for line in told]
        for y, (line, share) in enumerate(zip(told, shares, strict=True)):
            colour = BLUE if line["kept"] else RED
            ax.plot([1, share], [y, y], color=colour, linewidth=5, solid_capstyle="butt", alpha=0.85)
            ax.plot(share, y, "o" if line["kept"] else "X", color=colour, markersize=8)
            side = -9 if share < 1 else 9
            ax.annotate(
                f"{_short(line['got'])} of {_short(line['limit'])}", (share, y), xytext=(side, 0), va="center",
                textcoords="offset points", ha="right" if share < 1 else "left", fontsize=9,
            )  # fmt: skip
        _axis(ax, labels, [1, *shares])
        missed = sum(not line["kept"] for line in told)
        said = f"{missed} of {len(told)} NOT kept" if missed else f"all {len(told)} kept"
        ax.set_title(f"What must be reached: {said}")
        ax.set_xlabel("reached / allowed: left of the line is kept")

    return [[(sum(label.count("\n") * 0.5 + 1 for label in labels), draw)]]


def _sections(measured):
    """Bands of two panels, each section beginning a new one."""
    bands = []
    for section in dict.fromkeys(one["section"] for one in measured):
        panels = [panel for one in measured if one["section"] == section for panel in _panels(one)]
        bands += [panels[i : i + 2] for i in range(0, len(panels), 2)]
    return bands


def _panels(one):
    title = one["title"] + (" (stopped)" if one["stopped"] else "")
    costs = one["data"].get("costs") or []
    if len(costs) > 1:
        rows = _rows(costs, one["data"].get("checks", []))
        yield (
            sum(row["label"].count("\n") * 0.6 + 1 for row in rows),
            lambda ax, wide: _ratios(ax, textwrap.fill(title, wide), rows),
        )
    series = one["data"].get("series") or []
    for what in dict.fromkeys(line["what"] for line in series):
        lines = [line for line in series if line["what"] == what]
        yield 6, lambda ax, wide, lines=lines, what=what: _growth(ax, textwrap.fill(title, wide), what, lines)


def _rows(costs, checks):
    """A row per contender against ours; one more for a limit between two others. The first comes on top."""
    by_name = {cost["name"]: cost for cost in costs}
    pairs = {(costs[0]["name"], other["name"]): {} for other in costs[1:]}
    for check in checks:
        pair = (check.get("of"), check.get("than"))
        if pair[0] in by_name and pair[1] in by_name and pair[0] != pair[1]:
            pairs.pop(pair[::-1], None)  # the same two the other way round
            pairs.setdefault(pair, {})[check["what"]] = check["limit"]
    rows = []
    for (of, than), limits in pairs.items():
        ratios = {
            what: by_name[of][what] / by_name[than][what]
            for what in MEASURES
            if min(by_name[of].get(what, 0), by_name[than].get(what, 0)) >= LEAST[what]
        }
        label = than if of == costs[0]["name"] else f"{of} / {than}"
        if ratios:
            rows.append({"label": textwrap.fill(label, LABEL), "ratios": ratios, "limits": limits})
    return [{**row, "ours": costs[0]["name"]} for row in reversed(rows)]


def _ratios(ax, title, rows):
    seen, values = set(), [1]
    for y, row in enumerate(rows):
        ax.axhline(y, color="#EEEEEE", linewidth=1, zorder=0)
        for what, (_, colour, shape) in reversed(MEASURES.items()):
            if what not in row["ratios"]:
                continue
            seen.add(what)
            ratio = row["ratios"][what]
            values.append(ratio)
            main = what == "cpu"
            ax.plot(
                ratio, y, shape, color=colour if main else "white", markeredgecolor=colour, markeredgewidth=1.6,
                markersize=9 if main else 6, zorder=3,
            )  # fmt: skip
        _number(ax, row["ratios"], y)
        for what, limit in row["limits"].items():
            if what in MEASURES:
                values.append(limit)
                ax.plot([limit] * 2, [y - 0.33, y + 0.33], color=MEASURES[what][1], linewidth=3, zorder=2)
    _axis(ax, [row["label"] for row in rows], values)
    ax.set_title(title)
    ax.set_xlabel(textwrap.fill(f"{rows[0]['ours']} / it: left of the line ours costs less", 70))
    marks = [
        Line2D([], [], linestyle="", marker=shape, color=colour if what == "cpu" else "white", markeredgecolor=colour,
               markeredgewidth=1.6, label=name)
        for what, (name, colour, shape) in MEASURES.items() if what in seen
    ]  # fmt: skip
    if any(row["limits"] for row in rows):
        marks.append(
            Line2D([], [], linestyle="", marker="|", markersize=11, markeredgewidth=3, color=INK, label="at most")
        )
    ax.legend(
        handles=marks, loc="lower right", bbox_to_anchor=(1, 1.0), ncols=4, frameon=False, fontsize=8.5,
        handletextpad=0.1, columnspacing=0.9, borderaxespad=0.1,
    )  # fmt: skip


def _number(ax, ratios, y):
    """The CPU ratio, above its mark: beside it others may stand."""
    if "cpu" in ratios:
        ax.annotate(
            _short(ratios["cpu"]), (ratios["cpu"], y), xytext=(0, 6), textcoords="offset points", ha="center",
            va="bottom", fontsize=8.5, color=BLUE, zorder=5, path_effects=HALO,
        )  # fmt: skip


def _axis(ax, labels, values):
    """Rows down, ratios across; the line at 1 parts the good from the bad."""
    ax.set_xscale("log")
    low, high = min(values), max(values)
    room = max((high / low) ** 0.18, 1.3)
    ax.set_xlim(low / room, high * room)
    ax.set_ylim(-0.6, len(labels) - 0.3)
    ax.set_yticks(range(len(labels)), labels, fontsize=9)
    ax.tick_params(axis="y", length=0)
    ax.axvline(1, color=INK, linewidth=1, zorder=1)
    wide = math.log10(high * room * room / low) > 1.3
    ax.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5), numticks=12))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _short(x)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.grid(axis="x", color="#EEEEEE", zorder=0)


def _growth(ax, title, what, lines):
    for number, line in enumerate(lines):
        rows, figures = zip(*line["points"], strict=True)
        colour = LINES[number % len(LINES)]
        ax.plot(rows, figures, marker="osD^vP"[number % 6], color=colour, linewidth=1.8, label=line["name"])
    ax.set_xscale("log")
    ax.set_yscale("log")
    figures = [figure for line in lines for _, figure in line["points"] if figure > 0]
    ax.set_ylim(min(figures) / 2, max(figures) * 2)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _short(y)))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.grid(color="#EEEEEE")
    ax.set_title(title)
    ax.set_xlabel("rows")
    ax.set_ylabel(what)
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1, 1), labelspacing=0.6)


def _short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
