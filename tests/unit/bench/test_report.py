"""What the report keeps of earlier runs, what stands on top, and what a broken section leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench import __main__ as bench
from tests.bench import machine, report
from tests.bench.race import Entry, Race
from tests.bench.report import Measured, merge, reached
from tests.bench.sections.reporting import FEEDS, LEDGER, MONTHS, Growth, Story
from tests.bench.table import figure, spread

ORDER = ("reading", "gate")


def _one(section: str, title: str, date: str = "2026-01-01 00:00 UTC", **more: Any) -> Measured:
    facts = {"machine": "two cores", "commit": "abc"}
    return Measured(
        **{"section": section, "title": title, "date": date, "rows": 5, "rounds": 1, "facts": facts, **more}
    )


def _check(got: float | None, limit: float, text: str = "ours ≤ it") -> dict[str, Any]:
    return {"text": text, "limit": limit, "got": got, "kept": got is not None and got <= limit}


def test_a_section_measured_anew_replaces_only_itself() -> None:
    left = [_one("reading", "CSV"), _one("gate", "few"), _one("gate", "gone")]
    new = [_one("gate", "few", "2026-02-02 00:00 UTC")]
    merged = merge(left, new, {"gate"})
    assert [(m.section, m.title, m.date[:10]) for m in merged] == [
        ("reading", "CSV", "2026-01-01"),
        ("gate", "few", "2026-02-02"),
    ]


def test_of_a_section_that_was_not_finished_the_earlier_contests_stay() -> None:
    left = [_one("gate", "few"), _one("gate", "many")]
    stopped = [_one("gate", "few", "2026-02-02 00:00 UTC"), _one("gate", "many", "2026-02-02 00:00 UTC", stopped=True)]
    assert [(m.title, m.date[:10]) for m in merge(left, stopped, set())] == [
        ("few", "2026-02-02"),
        ("many", "2026-01-01"),
    ]
    assert [m.title for m in merge([], stopped, set())] == ["few", "many"]


def test_the_worst_is_on_top() -> None:
    checks = [_check(1.0, 2, "well"), _check(None, 2, "unknown"), _check(3, 2, "bad"), _check(1.9, 2, "close")]
    lines = reached([_one("gate", "few", data={"checks": checks})])
    assert [line.text for line in lines] == ["unknown", "bad", "close", "well"]
    assert "2 of 4 NOT kept." in report.summary(lines)
    assert "All 1 kept." in report.summary(reached([_one("gate", "few", data={"checks": checks[:1]})]))


def test_failures_stand_on_top_too() -> None:
    broken = [
        _one("gate", "few", data={"checks": [], "errors": {"gx": "boom"}, "differing": ["a found 1", "b found 2"]}),
        _one("gate", "many", error="Traceback\nValueError: no rows"),
        _one("gate", "plain", kept=True),
    ]
    assert [(line.text, line.kept) for line in reached(broken)] == [
        ("gx failed", False),
        ("not all found the same", False),
        ("ended: ValueError: no rows", False),
        ("all that it must reach", True),
    ]


@pytest.mark.parametrize("story", [FEEDS, LEDGER])
def test_growing_histories_are_in_the_summary(story: Story) -> None:
    contest = Growth(1000, story)
    contest.versions = dict.fromkeys(MONTHS, 10) | {MONTHS[-1]: 100}
    whats = {what for pair in story.limits for what in pair} | set(story.growth)
    once = [{"client": 1.0, "server": 1.0, "wall": 1.0}]
    contest.rounds = {what: dict.fromkeys(MONTHS, once) for what in sorted(whats)}
    data = json.loads(json.dumps(contest.data()))
    summary = reached([_one("reporting", contest.title, data=data, kept=contest.kept)])
    assert len(summary) == len(story.limits) + len(story.growth)
    assert {r.got for r in summary} == {1.0}
    assert not contest.kept  # one delivery costs as much as all of them
    assert any("**NOT kept**" in line for line in contest.lines())


def test_written_and_read_again(tmp_path: Path) -> None:
    measured = [_one("gate", "few", lines=["### few"], kept=True), _one("reading", "CSV"), _one("dropped", "old")]
    path = report.write(tmp_path, measured, ORDER)
    assert report.read(tmp_path / "report.json") == [measured[1], measured[0]]
    text = path.read_text(encoding="utf-8")
    assert text.index("## What must be reached") < text.index("## Reading") < text.index("## Gate")
    assert "- machine: two cores" in text


@pytest.mark.parametrize("left", ["", "[]", '{"format": 0}', "{"])
def test_what_cannot_be_read_is_passed_over(tmp_path: Path, left: str) -> None:
    (tmp_path / "report.json").write_text(left, encoding="utf-8")
    assert report.read(tmp_path / "report.json") == []
    assert report.read(tmp_path / "none.json") == []


def test_what_was_measured_elsewhere_says_so() -> None:
    elsewhere = {"machine": "eight cores", "commit": "abc"}
    text = "\n".join(report.markdown([_one("gate", "few", "2027"), _one("reading", "CSV", facts=elsewhere)]))
    assert "- machine: two cores" in text
    assert "; machine: eight cores" in text
    assert "; commit" not in text


def test_figures() -> None:
    assert spread([3.0, 1.0, 2.0], 1) == "2.0 (1.0–3.0)"
    assert spread([4.0, 1.0], 1) == "2.5 (1.0–4.0)"
    assert spread([1.0], 2) == "1.00"
    assert spread([], 2) == "–"
    assert [figure(v) for v in (0.01234, 1.5, 1234.5, None)] == ["0.0123", "1.5", "1,234", "–"]


class _Stopped(Race):
    def run(self, rounds: int) -> None:
        super().run(rounds)
        raise KeyboardInterrupt


def _contests(folder: Path, stop: bool = False) -> list[Race]:
    script = folder / "jobs.py"
    script.write_text("def three(path):\n    return lambda: 3\n", encoding="utf-8")

    def race(title: str, kind: type[Race] = Race) -> Race:
        entries = [Entry("three", Path(sys.executable), script=script, label=label) for label in ("", ", again")]
        return kind(title, script, script, entries, {})

    return [race("first"), race("second", _Stopped if stop else Race)]


def test_a_section_that_breaks_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(section: str, folder: Path, rows: int) -> list[Race]:
        if section == "reading":
            raise ValueError("no disk space")
        return _contests(folder)

    monkeypatch.setattr(bench, "contests", found)
    run = bench.Bench(tmp_path, 5, 1)
    for section in ORDER:
        run.section(section)
    assert not run.kept
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "no disk space" in text
    assert "### second" in text
    assert run.whole == {"gate"}


def test_stopped_by_the_user_the_report_has_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "contests", lambda section, folder, rows: _contests(folder, stop=True))
    run = bench.Bench(tmp_path, 5, 1)
    with pytest.raises(KeyboardInterrupt):
        run.section("gate")
    left = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["measured"]
    assert [(one["title"], one["stopped"]) for one in left] == [("first", False), ("second", True)]
    assert not run.whole


def test_the_commit_and_whether_files_differ_from_it(tmp_path: Path) -> None:
    assert machine.commit(tmp_path) == ""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.example"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    clean = machine.commit(tmp_path)
    assert clean and "with changes" not in clean
    (tmp_path / "new.txt").touch()
    assert machine.commit(tmp_path) == f"{clean} with changes"


def test_the_arguments() -> None:
    given = bench._arguments(["--only", "gate", "--only", "reading", "--rows", "10_000"])
    assert (given.only, given.rows, given.rounds) == (["gate", "reading"], 10_000, 5)
    with pytest.raises(SystemExit):
        bench._arguments(["--rounds", "0"])
