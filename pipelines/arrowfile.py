"""Arrow files between two steps: read chunk by chunk, written whole or not at all, with one chunk in the works."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa


class ArrowChunks:
    """The record batches of an Arrow file, mapped into memory and read where they lie."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._reader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map)))
        self.schema: pa.Schema = self._reader.schema

    def __len__(self) -> int:
        return int(self._reader.num_record_batches)

    def __getitem__(self, number: int) -> pa.RecordBatch:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._reader.get_batch(number)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return (self[number] for number in range(len(self)))

    def release(self) -> None:
        """Let go of the pages read so far, else the whole file counts as memory of this process in the end.

        Batches stay good: a page that is looked at again comes from the file again.
        """
        self._map.madvise(mmap.MADV_DONTNEED)


@contextmanager
def written(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatchFileWriter]:
    """An Arrow file under a temporary name, renamed when all of it was written."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            with pa.ipc.new_file(file, schema) as writer:
                yield writer
            os.fsync(file.fileno())  # a rename may reach the disk before the content does
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class Behind:
    """Does the second half of the work on each chunk in a thread of its own, while the first half of the next is done.

    One is at work at a time, in the order given, and none waits: what is in memory is two chunks. An error in one is
    raised at the next call, or at the end of the block; the thread has ended by then, whatever happened. With `alone`
    everything is done at once, in the thread of the caller: one chunk has nothing to overlap with.
    """

    def __init__(self, *, alone: bool = False) -> None:
        self._alone = alone
        self._thread = ThreadPoolExecutor(1, "behind")
        self._last: Future[Any] | None = None

    def do(self, work: Callable[[], Any]) -> None:
        """Do this when the one before has ended."""
        if self._alone:
            work()
            return
        self._wait()
        self._last = self._thread.submit(work)

    def _wait(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def __enter__(self) -> Behind:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._wait()
        finally:
            self._thread.shutdown(wait=True)
