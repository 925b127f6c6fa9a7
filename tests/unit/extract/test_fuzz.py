"""A few of the files that `make fuzz` breaks, on every run; the watching side by itself."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.corpus import Seed, corpus
from tests.fuzz.judge import judge
from tests.fuzz.mutate import MUTATIONS, mutate
from tests.fuzz.run import Run, case

COUNT = 250


@pytest.fixture(scope="module")
def seeds() -> list[Seed]:
    return corpus(None)


def test_broken_files_are_read_or_refused(tmp_path: Path, seeds: list[Seed]) -> None:
    troubles = {}
    for number in range(COUNT):
        whole, data, declared = case(seeds, number, seed=11)
        path = tmp_path / f"{number}-{Path(whole.name).name}"
        path.write_bytes(data)
        if trouble := judge(path, whole, declared=declared):
            troubles[path.name] = trouble
    assert troubles == {}


def test_whole_files_are_read(tmp_path: Path, seeds: list[Seed]) -> None:
    for seed in seeds:
        path = tmp_path / Path(seed.name).name
        path.write_bytes(seed.data)
        assert judge(path, seed, declared=True) is None, seed.name


def test_the_same_number_gives_the_same_file(seeds: list[Seed]) -> None:
    assert case(seeds, 5, 1) == case(seeds, 5, 1) != case(seeds, 5, 2)


@pytest.mark.parametrize("mutation", list(dict.fromkeys(MUTATIONS)))
def test_every_mutation_changes_something(mutation: object) -> None:
    data = b'a,"b";c\r\n1\t2|3\n' * 20
    others = [b"other file"]
    rng = random.Random(3)
    assert any(mutation(bytearray(data), rng, others) != data for _ in range(20))  # type: ignore[operator]
    assert mutate(b"", rng, others) == b""


def test_a_line_that_is_in_no_count_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.extract.table import Builder

    def lose(builder: Builder, row: int, cells: list[str]) -> None:
        """Drop the record: no count has it, and nothing says so."""

    path = tmp_path / "f.csv"
    path.write_bytes(b'"a\n2"||b\n1||2\n3||"4\n5"\n')
    seed = Seed("f.csv", path.read_bytes(), {"delimiter": "||"})
    assert judge(path, seed, declared=True) is None
    monkeypatch.setattr(Builder, "add", lose)
    assert "5 lines, 0 records" in (judge(path, seed, declared=True) or "")


def test_a_process_that_dies_is_a_finding(tmp_path: Path) -> None:
    run = Run(1, 1, tmp_path)
    run.finding(0, "the process ended with -6")
    assert run.done == 1
    assert (tmp_path / "findings.jsonl").read_text().count("ended with -6") == 1
