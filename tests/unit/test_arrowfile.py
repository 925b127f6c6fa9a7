from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.arrowfile import ArrowChunks, Behind, written

ROWS = 20_000
SCHEMA = pa.schema([("number", pa.int64()), ("text", pa.string())])


def batch(number: int) -> pa.RecordBatch:
    return pa.record_batch([pa.array([number] * ROWS), pa.array([f"text {number}" * 9] * ROWS)], schema=SCHEMA)


def resident(path: Path) -> int:
    """Kilobytes of the file that count as memory of this process."""
    lines = Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.endswith(str(path)))
    return next(int(line.split()[1]) for line in lines[at:] if line.startswith("Rss:"))


def test_chunks_are_read_in_order_and_stay_good_when_their_pages_are_let_go(tmp_path: Path) -> None:
    path = tmp_path / "some.arrow"
    with written(path, SCHEMA) as writer:
        for number in range(3):
            writer.write_batch(batch(number))
    chunks = ArrowChunks(path)
    found = list(chunks)
    assert (len(chunks), chunks.schema) == (3, SCHEMA)
    assert all(found[n].equals(batch(n)) for n in range(3))
    seen = resident(path)
    chunks.release()
    assert resident(path) < seen / 10
    assert all(found[n].equals(batch(n)) for n in range(3))
    with pytest.raises(IndexError):
        chunks[3]


def test_a_file_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), written(tmp_path / "some.arrow", SCHEMA) as writer:
        writer.write_batch(batch(1))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("alone", [False, True])
def test_work_is_done_in_order(alone: bool) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        time.sleep(0.002 * (3 - number))
        done.append(number)

    with Behind(alone=alone) as behind:
        for number in range(3):
            behind.do(partial(work, number))
    assert done == [0, 1, 2]
    assert not [t for t in threading.enumerate() if t.name.startswith("behind")]


def fail() -> None:
    raise ValueError("it broke")


def test_an_error_behind_ends_the_work_at_the_next_call_or_at_the_end() -> None:
    done: list[int] = []
    with pytest.raises(ValueError, match="it broke"), Behind() as behind:
        behind.do(fail)
        behind.do(partial(done.append, 1))
    with pytest.raises(ValueError, match="it broke"), Behind() as behind:
        behind.do(fail)
    assert done == []
    assert not [t for t in threading.enumerate() if t.name.startswith("behind")]


def test_an_error_ahead_waits_for_what_is_at_work_and_is_the_one_that_is_told() -> None:
    started, done = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        time.sleep(0.02)
        done.set()
        raise ValueError("it broke too")

    with pytest.raises(KeyError), Behind() as behind:
        behind.do(work)
        started.wait()
        raise KeyError
    assert done.is_set()
    assert not [t for t in threading.enumerate() if t.name.startswith("behind")]
