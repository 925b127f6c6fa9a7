"""Who is who: ours, recordlinkage and Splink on FEBRL 1 and 2, and ours on a million customers with known links."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import matching
from tests.bench.race import Check, Contest, Entry, Limit, Race, one_round, peer, versions
from tests.bench.sections.matching_nights import Nights

PEERS = Path(__file__).parents[1] / "peers"
RECORDLINKAGE = ("recordlinkage==0.16", "pandas==2.3.3", "numpy==2.4.6")
SPLINK = ("splink==5.0.0", "duckdb==2.0.0", "pandas==2.3.3", "numpy==2.4.6", "pyarrow==26.0.1")
FIGURES = tuple(f"{what} {figure}" for what in ("pairs", "clusters") for figure in ("precision", "recall", "F1"))
ALONE = "with the comparisons and the training its documentation has for persons, and eight blocks"
MOST_MB = 24 * 1024
MOST_SECONDS = 900
LEAST = 0.97

ABOUT = """\
FEBRL's files of made-up persons come with the package recordlinkage; which records are one person is told by
`rec_id`, which nobody is given. Nobody is given a label to learn from either. A cluster counts when it is whole and
has nobody else in it.
"""


@dataclass
class Found:
    """How much of what is true each contender finds in one file, and what that costs."""

    title: str
    file: Path
    entries: list[Entry]

    def run(self, rounds: int) -> None:
        """In turn; they find the same each time, so that three rounds are enough for the cost."""
        for number in range(min(rounds, 3)):
            for entry in self.entries:
                if not entry.error:
                    one_round(self.title, entry, str(number + 1), self.file, self.file)

    def missed(self, entry: Entry, figure: str) -> float | None:
        """What is missing to 1, for a limit from above."""
        return 1 - entry.median(figure) if entry.rounds else None

    @property
    def checks(self) -> list[Check]:
        """Ours misses no more than any other."""
        ours, *others = self.entries
        out = []
        for figure in ("pairs F1", "clusters F1"):
            for other in others:
                limit = self.missed(other, figure)
                text = f"{ours.name} misses no more of {figure} than {other.name}"
                out.append(
                    Check(text, 1.0 if limit is None else limit, self.missed(ours, figure), ours.name, "", figure)
                )
        return out

    @property
    def kept(self) -> bool:
        return all(check.kept for check in self.checks) and not any(entry.error for entry in self.entries)

    def lines(self) -> list[str]:
        """One line per contender."""
        out = [f"### {self.title}", "", ABOUT, f"| contender | {' | '.join(FIGURES)} | CPU s | wall s |"]
        out.append("|---|" + "---:|" * (len(FIGURES) + 2))
        for entry in self.entries:
            if entry.rounds:
                shares = " | ".join(f"{entry.median(figure):.4f}" for figure in FIGURES)
                out.append(f"| {entry.name} | {shares} | {entry.median('cpu'):.2f} | {entry.median('wall'):.2f} |")
        out += ["", *(f"* {entry.name}: {entry.note}" for entry in self.entries if entry.note)]
        out += [f"\n{check.text}: {'kept' if check.kept else '**NOT kept**'}" for check in self.checks]
        out += [f"\n**{entry.name} failed:**\n\n```\n{entry.error}\n```" for entry in self.entries if entry.error]
        return [*out, ""]

    def data(self) -> dict[str, Any]:
        """Every round."""
        return {
            "title": self.title,
            "entries": {entry.name: entry.rounds for entry in self.entries},
            "errors": {entry.name: entry.error for entry in self.entries if entry.error},
            "checks": [check.data() for check in self.checks],
            "versions": versions({entry.python for entry in self.entries}),
        }


class Million(Race):
    """Ours alone, with how much it finds and where the time goes."""

    def lines(self) -> list[str]:
        """The table of costs, then the figures."""
        out = super().lines()
        if self.ours.rounds:
            steps = ", ".join(
                f"{step} {self.ours.median(step):.1f} s" for step in ("features", "learn", "pairs", "score")
            )
            out.append(f"{self.ours.median('compared'):,.0f} pairs compared; {steps}.")
            shares = (f"{figure} {self.ours.median(figure):.4f}" for figure in FIGURES[:2])
            out += ["", f"Merged without asking: {', '.join(shares)}.", ""]
        return out

    @property
    def checks(self) -> list[Check]:
        """Time and memory, and what must be found."""
        shares = [
            Check(f"1 − {figure} ≤ {1 - LEAST:.2g}", 1 - LEAST, self._missed(figure), self.ours.name, "", figure)
            for figure in FIGURES[:2]
        ]
        return [*super().checks, *shares]

    def _missed(self, figure: str) -> float | None:
        return 1 - self.ours.median(figure) if self.ours.rounds else None


def contests(folder: Path, rows: int, persons: Sequence[Path] = ()) -> list[Contest]:
    """FEBRL 1 and 2 and what else of its form is given, with the peers; so many customers without."""
    own = Path(sys.executable)
    linkage = peer("recordlinkage", RECORDLINKAGE, folder / "peers")
    splink = peer("splink", SPLINK, folder / "peers")
    found: list[Contest] = [
        Found(f"Who is who: FEBRL {number}", _febrl(linkage, number), _entries(own, linkage, splink))
        for number in (1, 2)
    ]
    found += [Found(f"Who is who: {path.name}", path.resolve(), _entries(own, linkage, splink)) for path in persons]
    file, warm = matching.write(folder, rows), matching.write(folder, 1_000)
    ours = [Entry("matching.kontor_customers", own, at_most=1, seconds=3600)]
    limits: Sequence[Limit] = [Limit("", MOST_MB, "peak"), Limit("", MOST_SECONDS, "wall")]
    return [*found, Million(f"Who is who: {rows:,} customers", file, warm, ours, limits), Nights(rows)]


def _entries(own: Path, linkage: Path, splink: Path) -> list[Entry]:
    script = PEERS / "recordlinkage_pairs.py"
    return [
        Entry("matching.kontor_febrl", own, note="no setting at all"),
        Entry("splink_febrl", splink, script=PEERS / "splink_pairs.py", note=ALONE),
        Entry("recordlinkage_example", linkage, script=script, note="the example of its documentation"),
        Entry("recordlinkage_ecm", linkage, script=script, note="its unsupervised classifier, and four blocks"),
    ]


def _febrl(python: Path, number: int) -> Path:
    """The file as the package brings it."""
    return next(python.parents[1].glob(f"lib/*/site-packages/recordlinkage/datasets/febrl/dataset{number}.csv"))
