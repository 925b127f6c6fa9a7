"""Ratios, limits, and contenders that fail, find something else, or run too long."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.bench import process
from tests.bench.contender import Server, peaks
from tests.bench.race import Check, Entry, Limit, Race

JOBS = """
import os, sys, time

def three(path):
    return lambda: 3

def four(path):
    return lambda: 4

def named(path):
    return lambda: {"found": os.environ["NAME"], "told": 1}

def broken(path):
    def go():
        raise ValueError("no such column: salary")
    return go

def endless(path):
    return lambda: time.sleep(600)

def large(path):
    def go():
        held = b"x" * 50_000_000
        time.sleep(0.5)
        return len(held)
    return go

def busy(path):
    def go():
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
        return 3
    return go

def project(path):
    return lambda: [name for name in sys.path if os.path.isdir(os.path.join(name, "pipelines"))]
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.py"
    path.write_text(JOBS, encoding="utf-8")
    return path


def _entry(job: str, script: Path, **more: Any) -> Entry:
    return Entry(job, Path(sys.executable), script=script, **more)


def _race(entries: list[Entry], file: Path, **more: Any) -> Race:
    return Race("Some race", file, file, entries, more.pop("limits", {}), **more)


def _measured(name: str, cpu: list[float], **more: list[float]) -> Entry:
    """A contender as if it had run."""
    rounds = [{"cpu": value, "wall": value, "mb": 10.0, "found": 3} for value in cpu]
    for what, values in more.items():
        for one, value in zip(rounds, values, strict=True):
            one[what] = value
    return Entry(name, Path(sys.executable), rounds=rounds)


def test_a_ratio_is_of_medians(script: Path) -> None:
    race = _race([_measured("ours", [1, 9, 2]), _measured("other", [4, 4, 100])], script)
    assert race.ratio("other", "cpu") == 0.5
    assert race.ratio("ours", "cpu", of="other") == 2.0


def test_limits_on_cpu_wall_memory_and_a_figure_itself(script: Path) -> None:
    ours = _measured("ours", [3, 3], wall=[1, 1], mb=[60, 60], server_mb=[40, 40], peak=[900, 900])
    again = _measured("again", [1, 1])
    other = _measured("other", [2, 2], wall=[2, 2], mb=[50, 50])
    limits = [
        Limit("other", 1.4),
        Limit("other", 0.5, "wall"),
        Limit("other", 1.2, "mb"),
        Limit("other", 1.9, "memory"),
        Limit("", 1000, "peak"),
        Limit("ours", 0.3, of="again"),
    ]
    race = _race([ours, again, other], script, limits=limits)
    assert [(c.got, c.kept) for c in race.checks] == [
        (1.5, False),
        (0.5, True),
        (1.2, True),
        (2.0, False),
        (900, True),
        (pytest.approx(1 / 3), False),
    ]
    assert race.checks[0].text == "ours ≤ 1.4 × other (CPU)"
    assert race.checks[4].text == "ours ≤ 1000 (peak MB)"
    assert not race.kept


def test_limits_may_be_named_by_contender(script: Path) -> None:
    race = _race([_measured("ours", [2]), _measured("other", [2])], script, limits={"other": 1})
    assert race.kept
    assert race.checks == [Check("ours ≤ 1 × other (CPU)", 1, 1.0, "ours", "other", "cpu")]


def test_contenders_run_in_turn_and_one_that_takes_long_less_often(script: Path) -> None:
    race = _race([_entry("three", script), _entry("busy", script, at_most=1)], script, limits={"busy": 1})
    race.run(2)
    assert [len(e.rounds) for e in race.entries] == [2, 1]
    assert race.kept
    assert race.entry("busy").median("cpu") > 0.15
    assert "| busy (1 round) |" in "\n".join(race.lines())


def test_one_that_fails_is_told_and_the_others_go_on(script: Path) -> None:
    race = _race([_entry("three", script), _entry("broken", script), _entry("busy", script)], script)
    race.run(2)
    assert [len(e.rounds) for e in race.entries] == [2, 0, 2]
    assert not race.kept
    assert "no such column: salary" in "\n".join(race.lines())
    assert list(race.data()["errors"]) == ["broken"]


def test_a_limit_to_one_that_failed_is_not_kept(script: Path) -> None:
    race = _race([_entry("three", script), _entry("broken", script)], script, limits={"broken": 2})
    race.run(1)
    assert [(c.got, c.kept) for c in race.checks] == [(None, False)]
    assert "not measured" in "\n".join(race.lines())


def test_others_are_told_when_ours_fails(script: Path) -> None:
    race = _race([_entry("broken", script), _entry("three", script)], script, limits={"three": 2})
    race.run(1)
    assert not race.kept
    assert "| three |" in "\n".join(race.lines())
    assert [cost["name"] for cost in race.data()["costs"]] == ["three"]


def test_other_rows_found_are_told(script: Path) -> None:
    race = _race([_entry("three", script), _entry("four", script)], script)
    race.run(1)
    assert not race.kept
    assert race.differing == ["three found 3", "four found 4"]
    assert _race(race.entries, script, same=False).kept


def test_a_contender_that_takes_too_long_is_ended(script: Path) -> None:
    race = _race([_entry("endless", script, seconds=1)], script)
    race.warm = script
    started = time.monotonic()
    race.run(1)
    assert race.ours.error == "ended after 1 s"
    assert time.monotonic() - started < 30


def test_a_peer_gets_its_environment_and_nothing_of_the_project(script: Path) -> None:
    cost = process.once(_entry("named", script, env={"NAME": "x"}), script, script)
    assert (cost["found"], cost["told"]) == ("x", 1)
    assert process.once(_entry("project", script), script, script)["found"] == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only where the kernel tells")
def test_memory_is_what_the_job_adds(script: Path) -> None:
    cost = process.once(_entry("large", script), script, script)
    assert 45 < cost["mb"] < 60
    assert 45 < cost["private"] < 60
    assert cost["peak"] > cost["mb"]


def test_the_dearest_functions_are_told_apart_from_the_rounds(script: Path) -> None:
    race = _race([_entry("busy", script)], script, profile=True)
    race.run(1)
    assert len(race.ours.rounds) == 1
    own, calls, place, _ = race.profiled["profile"][0]
    assert own > 0.1
    assert calls >= 1
    assert "jobs.py" in place or "process_time" in place
    assert "<details>" in "\n".join(race.lines())


def test_a_job_may_come_from_any_module_of_the_bench() -> None:
    assert Entry("generate.load.append", Path(sys.executable), label=", again").name == "append, again"


CHILD = "import time; until = time.process_time() + 0.3\nwhile time.process_time() < until: pass\nprint(1, flush=True)"
HEAD = f"""
import subprocess, sys, time
sys.stdin.readline()
for _ in range(2):
    subprocess.run([sys.executable, "-c", {CHILD!r}], stdout=subprocess.DEVNULL)
running = subprocess.Popen([sys.executable, "-c", {CHILD!r} + "; time.sleep(60)"], stdout=subprocess.PIPE)
running.stdout.readline()
print("done", flush=True)
sys.stdin.readline()
running.kill()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only where the kernel tells")
def test_cpu_of_a_server_is_that_of_its_processes_running_and_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", HEAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as head:
        assert head.stdin and head.stdout
        server = Server(head.pid)
        before = server.cpu()
        with peaks(server.memory) as risen:
            head.stdin.write(b"\n")
            head.stdin.flush()
            head.stdout.readline()
        used = server.cpu() - before
        head.stdin.write(b"\n")
        head.stdin.close()
    assert 0.8 < used < 3
    assert risen[0] > 1
