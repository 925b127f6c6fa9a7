"""One run of one contender in a process of its own, ended when it takes too long or when the bench is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.settings import ROOT

if TYPE_CHECKING:
    from tests.bench.race import Entry

CONTENDER = Path(__file__).with_name("contender.py")
GRACE_SECONDS = 60
_ERROR_LINES = 12


class Failed(Exception):
    """A contender did not answer; the text says why."""


def tell(text: str, end: str = "\n") -> None:
    """Progress, on standard error: a whole bench takes an hour."""
    print(text, end=end, file=sys.stderr, flush=True)


def once(entry: Entry, file: Path, warm: Path, profile: bool = False) -> dict[str, Any]:
    """What one run cost and found; raises `Failed`."""
    command = [entry.python, "-P", CONTENDER, entry.job, file, warm, *([entry.script] if entry.script else [])]
    told = json.loads(_output(command, _environment(entry, profile), entry.seconds))
    if "cpu" in told:
        told["client"] = told["cpu"]
        told["cpu"] = told["client"] + told.get("server", 0)
    return dict(told)


def _environment(entry: Entry, profile: bool) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if not entry.script:
        env["PYTHONPATH"] = str(ROOT)
    if profile:
        env["KONTOR_BENCH_PROFILE"] = "1"
    return {**env, **entry.env}


def _output(command: list[Any], env: dict[str, str], seconds: float) -> str:
    """The last line it printed. Its session is its own, so that Ctrl-C reaches the bench alone and no child stays."""
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True
    )
    try:
        out, err = running.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failed(f"ended after {seconds:g} s") from None
    finally:
        _end(running)
    if running.returncode:
        raise Failed("\n".join(err.strip().splitlines()[-_ERROR_LINES:]) or f"exit code {running.returncode}")
    printed = out.splitlines()
    if not printed:
        raise Failed("printed nothing")
    return printed[-1]


def _end(running: subprocess.Popen[str]) -> None:
    """First ask, so that it can stop a server it started, then make sure."""
    if running.poll() is not None:
        return
    running.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            running.communicate(timeout=GRACE_SECONDS)
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
