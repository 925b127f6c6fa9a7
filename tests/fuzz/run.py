"""The fuzz run: read broken files; no crash, no hang, bounded memory, no row lost.

Two processes read; a third watches. A file that takes longer than its time, ends the process or needs more memory than
the limit is a finding like a wrong answer. Findings are kept in `.kontor/fuzz` with a line each in `findings.jsonl`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing as mp
import os
import queue
import random
import resource
import tempfile
import time
import traceback
from collections import Counter
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

from pipelines.settings import load_settings
from tests.fuzz.corpus import Seed, corpus, real_root
from tests.fuzz.judge import judge
from tests.fuzz.mutate import mutate

MOST_SECONDS = 20.0
MOST_BYTES = 3 << 30
"""Address space of a reading process, libraries included (they take about 1 GB of it)."""


def case(seeds: list[Seed], number: int, seed: int) -> tuple[Seed, bytes, bool]:
    """The broken file of this number: the same for the same seed."""
    rng = random.Random(f"{seed}/{number}")
    whole = rng.choice(seeds)
    others = [s.data for s in rng.sample(seeds, 3)]
    return whole, mutate(whole.data, rng, others), rng.random() < 0.5


def work(tasks: Any, results: Any, seed: int) -> None:
    """Read files until told to stop; say before each which one it is."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    seeds = corpus(real_root())
    with tempfile.TemporaryDirectory() as folder:
        while (number := tasks.get()) is not None:
            whole, data, declared = case(seeds, number, seed)
            results.put((os.getpid(), number, "begun", None))
            path = Path(folder, Path(whole.name).name)
            path.write_bytes(data)
            try:
                trouble = judge(path, whole, declared=declared)
            except BaseException:  # noqa: BLE001 whatever leaves the reader is a finding; Rust panics are no Exception
                trouble = traceback.format_exc(limit=-6)
            finally:
                path.unlink(missing_ok=True)
            results.put((os.getpid(), number, "done", trouble))


class Run:
    """The watching side."""

    def __init__(self, count: int, seed: int, out: Path) -> None:
        self.count, self.seed, self.out = count, seed, out
        self.context: SpawnContext = mp.get_context("spawn")
        self.tasks: Any = self.context.Queue()
        self.results: Any = self.context.Queue()
        self.processes: dict[int, Any] = {}
        self.begun: dict[int, tuple[int, float]] = {}
        self.findings: list[dict[str, Any]] = []
        self.done = 0

    def start(self) -> None:
        process = self.context.Process(target=work, args=(self.tasks, self.results, self.seed))
        process.start()
        self.processes[process.pid or 0] = process

    def watch(self) -> None:
        """Until every file is read: collect, and replace processes that hang or die."""
        for number in range(self.count):
            self.tasks.put(number)
        workers = os.cpu_count() or 2
        for _ in range(workers):
            self.tasks.put(None)
            self.start()
        last = time.monotonic()
        while self.done < self.count:
            self.collect()
            for pid, process in list(self.processes.items()):
                number, since = self.begun.get(pid, (-1, time.monotonic()))
                if time.monotonic() - since > MOST_SECONDS:
                    process.kill()
                    process.join()
                    self.finding(number, f"took longer than {MOST_SECONDS:.0f} s")
                elif not process.is_alive() and process.exitcode:
                    if number < 0:
                        raise RuntimeError(f"a reading process did not start: {process.exitcode}")
                    self.finding(number, f"the process ended with {process.exitcode}")
                else:
                    continue
                del self.processes[pid]
                self.begun.pop(pid, None)
                self.start()
            if time.monotonic() - last > 30:
                last = time.monotonic()
                print(f"{self.done} of {self.count} files, {len(self.findings)} findings", flush=True)
        for process in self.processes.values():
            process.join()

    def collect(self) -> None:
        try:
            while True:
                pid, number, what, trouble = self.results.get(timeout=0.2)
                if what == "begun":
                    self.begun[pid] = (number, time.monotonic())
                    continue
                self.begun.pop(pid, None)
                self.done += 1
                if trouble:
                    self.note(number, trouble)
        except queue.Empty:
            pass

    def finding(self, number: int, trouble: str) -> None:
        self.done += number >= 0
        self.note(number, trouble)

    def note(self, number: int, trouble: str) -> None:
        whole, data, declared = case(corpus(real_root()), number, self.seed)
        kept = self.out / f"{self.seed}-{number}-{Path(whole.name).name}"
        kept.write_bytes(data)
        self.findings.append({"number": number, "file": whole.name, "declared": declared, "trouble": trouble})
        with (self.out / "findings.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.findings[-1]) + "\n")


def main() -> int:
    """`python -m tests.fuzz [--count 10000] [--seed 1]`."""
    parser = argparse.ArgumentParser(description="Read broken files and say which were not read or refused properly.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    out = load_settings().home / "fuzz"
    out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    run = Run(given.count, given.seed, out)
    run.watch()
    seconds = time.monotonic() - started
    print(f"{given.count} broken files of {len(corpus(real_root()))} whole ones in {seconds:.0f} s (seed {given.seed})")
    for trouble, times in Counter(f["trouble"].strip().splitlines()[-1] for f in run.findings).most_common():
        print(f"{times:6} × {trouble}")
    print(f"{len(run.findings)} findings" + (f", kept in {out}" if run.findings else ""))
    return 1 if run.findings else 0
