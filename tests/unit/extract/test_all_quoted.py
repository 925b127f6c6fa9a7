"""Blocks in which every cell is quoted are taken at a glance: only those that plainly are."""

from __future__ import annotations

import csv
import io
import random

import pytest

from pipelines.extract.fast import FastParser
from pipelines.profile import Format


def frame_is_plain(text: str) -> bool:
    """Whether the block was framed without looking for its records one by one."""

    def never(at: int, row: int, count: int) -> None:
        return None

    frame = FastParser(Format(), 2).frame(text.encode(), 1, never)
    return frame is not None and frame.layout is None


def test_what_is_taken_is_what_the_csv_module_reads_and_would_write() -> None:
    rng = random.Random(5)
    taken = 0
    for _ in range(30_000):
        parts = rng.choices(['"', ",", "\n", "a", '"', '""', '","', '"\n"'], k=rng.randint(1, 24))
        text = '"' + "".join(parts) + '"\n'
        if frame_is_plain(text):
            taken += 1
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
            assert len(rows) == text.count("\n")
            written = io.StringIO(newline="")
            csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
            assert written.getvalue() == text
    assert taken > 1000


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('"a","b"\n"c","d"\n', True),
        ('"a","say ""hi"""\n"","d"\n', True),
        ('"a","b\nc"\n', False),
        ('"a",b\n', False),
        ('",""\n""\n', False),
        ('"a"x,"b"\n', False),
        ('"a",",","b"\n', False),
        ('"a","b"\r\n"c","d"\r\n', False),
    ],
)
def test_examples(text: str, plain: bool) -> None:
    assert frame_is_plain(text) is plain
