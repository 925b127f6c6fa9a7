"""`python -m tests.bench [--rows N] [--rounds N] [--only SECTION]…`: measure, report under `.kontor/bench/`."""

from __future__ import annotations

import argparse
import importlib
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.settings import load_settings
from tests.bench import machine, report
from tests.bench.process import tell
from tests.bench.race import Contest, peer

SECTIONS = (
    "reading", "statements", "audit_files", "gate", "delivery", "growth", "night", "reporting", "matching",
)  # fmt: skip
CHART = Path(__file__).with_name("chart.py")
MATPLOTLIB = "matplotlib==3.11.2"
STOPPED = 130


class Bench:
    """One run: its sections measured one after the other, the report written anew after every contest."""

    def __init__(self, folder: Path, rows: int, rounds: int, persons: Sequence[Path] = ()) -> None:
        self.folder, self.rows, self.rounds, self.persons = folder, rows, rounds, persons
        self.facts = machine.facts(folder.parent)
        self.left = report.read(folder / "report.json")
        self.new: list[report.Measured] = []
        self.whole: set[str] = set()

    @property
    def kept(self) -> bool:
        """Whether all that this run measured reached what it must."""
        return all(one.kept for one in self.new)

    def section(self, name: str) -> None:
        """All contests of a section, the next ones also after one that fails."""
        try:
            found = contests(name, self.folder, self.rows, *self.persons)
        except Exception:  # noqa: BLE001 whatever a section meets, the others are measured and the run is red
            self._add(name, None, error=traceback.format_exc())
            return
        for contest in found:
            self._contest(name, contest)
        self.whole.add(name)
        self._write()

    def _contest(self, section: str, contest: Contest) -> None:
        try:
            contest.run(self.rounds)
        except KeyboardInterrupt:
            self._add(section, contest, stopped=True)
            raise
        except Exception:  # noqa: BLE001 as above
            self._add(section, contest, error=traceback.format_exc())
        else:
            self._add(section, contest)

    def _add(self, section: str, contest: Contest | None, error: str = "", stopped: bool = False) -> None:
        title = contest.title if contest else f"{section}: could not be prepared"
        lines, data, kept = _told(contest) if contest and not error else ([], {}, False)
        one = report.Measured(
            section, title, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", self.rows, self.rounds, self.facts,
            lines, data, kept and not stopped, error, stopped,
        )  # fmt: skip
        print("\n".join(lines), error, sep="\n", flush=True)
        self.new.append(one)
        self._write()

    def _write(self) -> None:
        report.write(self.folder, report.merge(self.left, self.new, self.whole), SECTIONS)


def _told(contest: Contest) -> tuple[list[str], dict[str, Any], bool]:
    """Its words; none when it was stopped before it had any."""
    try:
        return contest.lines(), contest.data(), contest.kept
    except (LookupError, ValueError):
        tell(f"{contest.title}: nothing measured that could be told")
        return [], {}, False


def contests(section: str, folder: Path, rows: int, *persons: Path) -> list[Contest]:
    """What a section measures, with these files that were asked for where it is about persons; its data is made on the
    way.
    """
    tell(f"{section}: preparing")
    module = importlib.import_module(f"tests.bench.sections.{section}")
    given = {"persons": persons} if section == "matching" else {}
    found: list[Contest] = module.contests(folder, rows, **given)
    return found


def chart(folder: Path) -> bool:
    """report.png of report.json; without it when matplotlib cannot be had."""
    try:
        python = peer("chart", [MATPLOTLIB], folder / "peers")
        subprocess.run([python, "-P", CHART, folder / "report.json", folder / "report.png"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        tell(f"no chart: {error}")
        return False
    return True


def _positive(text: str) -> int:
    if (number := int(text.replace("_", ""))) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _there(text: str) -> Path:
    if not (path := Path(text)).exists():
        raise argparse.ArgumentTypeError("no such file or folder")
    return path


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure against peers, in alternation, in the same run."
    )
    parser.add_argument("--rows", type=_positive, default=1_000_000)
    parser.add_argument("--rounds", type=_positive, default=5)
    parser.add_argument("--only", choices=SECTIONS, action="append", help="this section, not all (several times)")
    parser.add_argument(
        "--persons", type=_there, action="append", default=[], metavar="PATH",
        help="a file in the form of FEBRL's, or a folder of files that belong together, to be matched, too",
    )  # fmt: skip
    return parser.parse_args(given)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the races and write the report; exit code 1 when a limit is not kept or a contender failed."""
    given = _arguments(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = load_settings().home / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(folder, given.rows, given.rounds, given.persons)
    code = 0
    try:
        for section in SECTIONS:
            if not given.only or section in given.only:
                bench.section(section)
    except KeyboardInterrupt:
        tell("stopped; the report has what is done")
        code = STOPPED
    drawn = chart(folder)
    print(f"report: {folder / 'report.md'}, report.json{', report.png' if drawn else ''}")
    return code or (0 if bench.kept and drawn else 1)


if __name__ == "__main__":
    sys.exit(main())
