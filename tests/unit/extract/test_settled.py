"""A file is taken when two looks see it alike, or when its sender says that it is complete."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipelines.extract.discover import FoundFile, Match, find_files, match
from pipelines.extract.settled import finished, settled
from pipelines.profile import Profile, ProfileModel

HOUR = 3600.0


def put(path: Path, text: str = "x", *, at: float | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if at is not None:
        os.utime(path, (at, at))
    return path


def rels(files: list[FoundFile]) -> list[str]:
    return [f.rel for f in files]


class Clock:
    """Time that passes only while something waits; `then` happens meanwhile."""

    def __init__(self, start: float, then: Any = None) -> None:
        self.time, self.then, self.waits = start, then, 0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds
        self.waits += 1
        if self.then:
            self.then()


def look(landing: Path, clock: Clock, *clients: str, window: float = 2.0) -> Any:
    return settled(partial(find_files, landing), clients or ("acme",), window, now=clock.now, wait=clock.wait)


def test_old_files_cost_no_wait(tmp_path: Path) -> None:
    put(tmp_path / "acme/a.csv")
    clock = Clock(time.time() + HOUR)
    assert rels(look(tmp_path, clock)["acme"].files) == ["a.csv"]
    assert clock.waits == 0


def test_young_files_that_stay_the_same_are_taken_after_one_wait_for_all(tmp_path: Path) -> None:
    for client in ("acme", "zeta"):
        put(tmp_path / client / "a.csv")
    clock = Clock(time.time())
    found = look(tmp_path, clock, "acme", "zeta")
    assert [rels(found[c].files) for c in found] == [["a.csv"], ["a.csv"]]
    assert [found[c].growing for c in found] == [{}, {}]
    assert clock.waits == 1


def test_what_changes_or_appears_meanwhile_is_left(tmp_path: Path) -> None:
    grows, same = put(tmp_path / "acme/grows.csv"), put(tmp_path / "acme/same.csv")
    goes = put(tmp_path / "acme/goes.csv")
    touched = put(tmp_path / "acme/touched.csv")

    def meanwhile() -> None:
        grows.write_text("more")
        put(same.parent / "new.csv")
        os.utime(touched, (1, 1))
        goes.unlink()

    found = look(tmp_path, Clock(time.time(), meanwhile))["acme"]
    assert rels(found.files) == ["same.csv"]
    assert found.growing == dict.fromkeys(("grows.csv", "new.csv", "touched.csv"), "still being written")


def test_a_time_in_the_future_keeps_nothing_waiting(tmp_path: Path) -> None:
    put(tmp_path / "acme/a.csv", at=time.time() + 10 * HOUR)
    clock = Clock(time.time() + HOUR)
    assert rels(look(tmp_path, clock)["acme"].files) == ["a.csv"]
    assert clock.waits == 1


def test_a_copy_that_keeps_the_old_time_is_young_all_the_same(tmp_path: Path) -> None:
    path = put(tmp_path / "acme/a.csv", at=time.time() - HOUR)

    def meanwhile() -> None:
        put(path, "more", at=time.time() - HOUR)

    found = look(tmp_path, Clock(time.time(), meanwhile))["acme"]
    assert (found.files, list(found.growing)) == ([], ["a.csv"])


def test_no_window_no_second_look(tmp_path: Path) -> None:
    put(tmp_path / "acme/a.csv")
    clock = Clock(time.time())
    assert rels(look(tmp_path, clock, window=0)["acme"].files) == ["a.csv"]
    assert clock.waits == 0


def test_a_real_writer(tmp_path: Path) -> None:
    """No clock of ours: a process writes while we look."""
    import subprocess
    import sys

    put(tmp_path / "acme/done.csv")
    code = "import sys,time\nf=open(sys.argv[1],'w')\nwhile 1: f.write('y'); f.flush(); time.sleep(.05)"
    path = put(tmp_path / "acme/log.csv")
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)])
    try:
        deadline = time.monotonic() + 20
        while path.read_text()[:1] != "y" and time.monotonic() < deadline:
            time.sleep(0.05)
        found = settled(partial(find_files, tmp_path), ("acme",), 0.5)["acme"]
    finally:
        writer.kill()
        writer.wait()
    assert (rels(found.files), list(found.growing)) == (["done.csv"], ["log.csv"])
    assert rels(settled(partial(find_files, tmp_path), ("acme",), 0.5)["acme"].files) == ["done.csv", "log.csv"]


def matched(tmp_path: Path, done: str, *names: str) -> tuple[list[Match], list[FoundFile]]:
    for name in names:
        put(tmp_path / "acme" / name)
    feed = {"files": r"k/.*\.(csv|done)", "done": done, "columns": {"customer_id": {"from": "Nr"}}}
    data = {"client": "acme", "name": "A", "locale": "de_DE", "time_zone": "Europe/Berlin", "calendar": "DE"}
    profile = Profile(
        ProfileModel.model_validate({**data, "feeds": {"clients.customers": feed}}), Path("acme.yaml"), ""
    )
    files = find_files(tmp_path, "acme")
    return match(files, profile.sources), files


@pytest.mark.parametrize(
    ("done", "names", "go", "waiting"),
    [
        ("{name}.done", ("k/a.csv", "k/a.csv.done", "k/b.csv"), ["k/a.csv"], ["k/b.csv"]),
        ("{stem}.ok", ("k/a.csv", "k/a.ok", "k/b.csv", "b.ok"), ["k/a.csv"], ["k/b.csv"]),
        ("ready_{name}", ("k/a.csv", "k/ready_a.csv"), ["k/a.csv"], []),
    ],
)
def test_markers(tmp_path: Path, done: str, names: tuple[str, ...], go: list[str], waiting: list[str]) -> None:
    matches, files = matched(tmp_path, done, *names)
    taken, left, markers = finished(matches, files, lambda m: False)
    assert [m.found.rel for m in taken] == go
    assert list(left) == waiting
    assert all("is not there" in why for why in left.values())
    assert markers == {n for n in names if n.startswith("k/") and n not in (*go, *waiting)}


def test_a_file_judged_before_needs_no_marker(tmp_path: Path) -> None:
    matches, files = matched(tmp_path, "{name}.done", "k/a.csv", "k/b.csv")
    taken, left, _ = finished(matches, files, lambda m: m.found.rel == "k/a.csv")
    assert ([m.found.rel for m in taken], list(left)) == (["k/a.csv"], ["k/b.csv"])
