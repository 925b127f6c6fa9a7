"""The processes of one installation: start, watch and stop them. Knows nothing of what they do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL. All state is in the database, so the second is harmless."""


class ComponentError(Exception):
    """A component ended, or did not come up in time; the message ends with the last lines of its log."""


@dataclass
class Component:
    """One long-running process with its own process group, so that Ctrl-C reaches us and not it."""

    name: str
    argv: Sequence[str]
    log: Path
    niceness: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, env: Mapping[str, str], cwd: Path) -> None:
        """Start it; its output goes to its log, which begins anew."""
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                self.argv,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                umask=0o077,
            )
        if self.niceness:
            os.setpriority(os.PRIO_PROCESS, self.process.pid, self.niceness)

    def check(self) -> None:
        """Raise when it has ended by itself."""
        if self.process is not None and (code := self.process.poll()) is not None:
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            raise ComponentError(f"{self.name} ended unexpectedly ({how})\n{self.tail()}")

    def tail(self, lines: int = 25) -> str:
        """The last lines of its log, with the path."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        shown = "\n".join(f"  | {line}" for line in text.splitlines()[-lines:])
        return f"end of {self.log}:\n{shown or '  | (empty)'}"


def stop_all(components: Sequence[Component], grace: float = GRACE) -> None:
    """End all processes and everything they started: SIGTERM, then SIGKILL.

    Airflow's tasks lead process groups of their own, so the tree is taken from the process table
    while the parents still live.
    """
    live = [c.process for c in components if c.process is not None and c.process.poll() is None]
    tree = {p.pid: p for process in live for p in _descendants(process.pid)}
    for process in live:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + grace
    for process in live:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            tree.update({p.pid: p for p in _descendants(process.pid)})
            process.kill()
            process.wait()
    _, left = psutil.wait_procs(list(tree.values()), timeout=max(0.5, deadline - time.monotonic()))
    for orphan in left:
        try:
            orphan.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=5)


def remember(components: Sequence[Component], path: Path) -> None:
    """Note the processes, for the case that nobody is left to stop them."""
    pids = [c.process.pid for c in components if c.process is not None]
    path.write_text(json.dumps({pid: psutil.Process(pid).create_time() for pid in pids}), encoding="utf-8")


def end_leftovers(path: Path) -> int:
    """End the processes of a supervisor that was killed; how many still lived. A pid in other hands is left alone."""
    noted = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    left: list[psutil.Process] = []
    for pid, created in noted.items():
        try:
            process = psutil.Process(int(pid))
            if abs(process.create_time() - created) < 1:
                left += [process, *_descendants(process.pid)]
        except psutil.NoSuchProcess:
            continue
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=10)
    path.unlink(missing_ok=True)
    return len(left)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def wait_until(
    ready: Callable[[], bool], components: Sequence[Component], *, what: str, seconds: float, pause: float = 0.25
) -> None:
    """Wait for a condition while every component lives; raise ComponentError when time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        for component in components:
            component.check()
        if time.monotonic() > deadline:
            logs = "\n".join(component.tail(10) for component in components)
            raise ComponentError(f"{what} did not happen within {seconds:.0f} s\n{logs}")
        time.sleep(pause)


def finish(component: Component, seconds: float) -> None:
    """Wait for a short program that was started; raise ComponentError when it fails or hangs."""
    if component.process is None:
        return
    try:
        code = component.process.wait(seconds)
    except subprocess.TimeoutExpired:
        stop_all([component])
        raise ComponentError(f"{component.name} did not end within {seconds:.0f} s\n{component.tail()}") from None
    if code:
        raise ComponentError(f"{component.name} failed (exit code {code})\n{component.tail()}")
