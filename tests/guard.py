"""Ends what tests have started when their process ends without doing so itself: killed, or interrupted too often.

The guard runs in a session of its own, where Ctrl-C does not reach it. It is told each installation's home, one a line;
the end of its input is the end of the tests. What is still there then is ended and deleted.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from pipelines.settings import ROOT, Settings

Watch = Callable[[Path], None]


@contextmanager
def guarded() -> Iterator[Watch]:
    """A guard; calling what this gives tells it of a home."""
    command = [sys.executable, "-m", "tests.guard"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True) as process:
        told = process.stdin
        assert told is not None

        def watch(home: Path) -> None:
            told.write(f"{home}\n")
            told.flush()

        yield watch


def end(home: Path) -> None:
    """End all that works for an installation, and delete it."""
    from pipelines.warehouse import server
    from pipelines.warehouse.cluster import locate

    place = str(locate(home).data.parent)
    _kill(lambda p: p.name() in ("initdb", "pg_ctl") and any(place in word for word in p.cmdline()))
    _kill(lambda p: p.name() != "postgres" and _works_for(p, home))
    server.remove(Settings(home, home / "landing", (), None))
    shutil.rmtree(home, ignore_errors=True)


def _works_for(process: psutil.Process, home: Path) -> bool:
    """Told the home, or writing below it: who gives itself a title, as Airflow does, overwrites what it was told."""
    if process.environ().get("KONTOR_HOME") == str(home):
        return True
    return any(Path(file.path).is_relative_to(home) for file in process.open_files())


def _kill(meant: Callable[[psutil.Process], bool]) -> None:
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != psutil.Process().pid and meant(process):
                process.kill()
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    psutil.wait_procs(found, timeout=10)


def main() -> None:
    """Wait for the end of the tests."""
    for home in [Path(line.rstrip("\n")) for line in sys.stdin]:
        if home.exists():
            end(home)


if __name__ == "__main__":
    main()
