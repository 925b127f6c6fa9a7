"""The supervisor: `make run` runs one night with the real scheduler, `make up` keeps Airflow running.

Only `make` and Python are needed on the machine: the database comes from the package index, and every
process runs below this one. All state lies in `KONTOR_HOME`.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rich.console import Console

from pipelines.delivery import State
from pipelines.errors import KontorError
from pipelines.settings import ROOT, Settings, load_settings
from plugins.kontor.api import ApiError
from plugins.kontor.components import Component, ComponentError, finish
from plugins.kontor.installation import Installation
from plugins.kontor.names import INTAKE, RELEASE, REPORTING
from plugins.kontor.progress import Screen, table
from plugins.kontor.secrets import STEWARD, USER, password_file
from plugins.kontor.watch import Line, Night, Watcher, already_known, our_faults

MOST_LINES = 2000
SAMPLE_SECONDS = 300


class Interrupted(Exception):
    """Somebody asked us to stop."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when all went well, 1 when a component or a report failed, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m plugins.kontor.local", description=__doc__)
    parser.add_argument("command", choices=("run", "up", "clean"))
    command = parser.parse_args(arguments).command
    out = Console(highlight=False)
    if not out.is_terminal:
        out = Console(highlight=False, width=160)
    settings = load_settings()
    os.umask(0o077)
    try:
        with _alone(settings), _interruptible():
            if command == "clean":
                return clean(out, settings)
            return run(out, settings) if command == "run" else up(out, settings)
    except Interrupted:
        out.print("stopped; the next start goes on where this one was", style="yellow")
        return 130
    except (ComponentError, ApiError, KontorError) as error:
        _print(out, str(error), style="red")
        out.print(f"logs: {settings.home / 'logs'}", markup=False)
        return 1


def run(out: Console, settings: Settings) -> int:
    """One night: start, trigger the intake DAGs, watch, say what came of it, stop."""
    begun, started = time.monotonic(), datetime.now(UTC)
    with _started(out, settings) as installation:
        from pipelines.flow.office import open_office
        from pipelines.flow.show import deliveries, mart_tables, unmatched_since

        office = open_office(settings)
        with Screen(out).open() as screen:
            watcher = Watcher(
                installation.api,
                deliveries=lambda: deliveries(limit=MOST_LINES, office=office),
                check=installation.check,
                show=screen.show,
                stall=60 * float(os.environ.get("KONTOR_STALL_MINUTES", "60")),
            )
            night = watcher.run()
        known = already_known(installation.api, watcher.run_id)
        if night.reported:
            for mart in mart_tables(office=office):
                out.print(mart)
        code = _conclude(out, night, known, our_faults(night, installation.api))
        for text in unmatched_since(started, office=office):
            out.print(text)
        if night.questions:
            _say_who_decides(out, night.questions, installation)
        _where_to_look(out, installation)
    out.print(f"[bold]{time.monotonic() - begun:.1f} s[/] wall time, {night.seconds:.1f} s of it the night itself")
    return code


def up(out: Console, settings: Settings) -> int:
    """Start everything and stay until Ctrl-C; nights run by their schedules."""
    with _started(out, settings) as installation:
        out.print("[bold green]Airflow is up.[/] Ctrl-C stops it.")
        _where_to_look(out, installation)
        while True:
            installation.check()
            time.sleep(1)


def clean(out: Console, settings: Settings) -> int:
    """Stop the embedded server and delete all state of this installation."""
    from pipelines.warehouse import server

    if settings.home.exists():
        server.remove(replace(settings, warehouse_url=None))
        shutil.rmtree(settings.home)
    out.print(f"deleted {settings.home}", markup=False)
    return 0


@contextmanager
def _started(out: Console, settings: Settings) -> Iterator[Installation]:
    """Everything up and the DAGs read; everything down afterwards, whatever happened."""
    installation = Installation(settings)
    begun = time.monotonic()

    def say(text: str) -> None:
        out.print(f"[dim]\\[{time.monotonic() - begun:6.1f} s][/] {text}")

    try:
        say("starting the database")
        installation.open()
        samples = _samples(installation, settings)
        from pipelines.flow.setup import init

        say(init(settings))
        if samples is not None:
            finish(samples, SAMPLE_SECONDS)
            say(f"sample deliveries written to {settings.landing}")
        say("starting Airflow: api-server, scheduler, dag-processor, triggerer")
        installation.start()
        installation.wait_for_api()
        installation.wait_for_dags({*INTAKE, REPORTING, RELEASE})
        say(f"Airflow answers at {installation.api.base_url} (user {USER})")
        yield installation
    finally:
        with _uninterruptible():
            say("stopping")
            installation.close()


def _samples(installation: Installation, settings: Settings) -> Component | None:
    """Begin to write sample deliveries, when nobody named a landing folder and ours is empty."""
    if os.environ.get("KONTOR_LANDING") or any(settings.landing.glob("*")):
        return None
    argv = [sys.executable, "-m", "tests.samples.generate", str(settings.landing)]
    generator = Component("sample generator", argv, installation.logs / "samples.log")
    generator.start(installation.env, ROOT)
    return generator


def _conclude(out: Console, night: Night, known: int, faults: Sequence[str]) -> int:
    """Say what happened; 1 only when something of ours failed."""
    if night.lines:
        out.print(table(night.lines, out.width))
        _say_who_acts(out, night.lines)
    else:
        out.print(f"[bold]nothing to do: {known} files already accounted for[/]")
    if not night.reported:
        out.print("no delivery was worked on, so the reporting tables stand as they were")
    failed = sum(line["state"] == State.FAILED for line in night.lines)
    if faults:
        out.print(
            f"by a fault of ours: {', '.join(faults)}. us to act: see the messages above and the logs", style="red"
        )
    elif failed:
        out.print(
            f"{failed} of {len(night.lines)} deliveries failed by a fault of the file, each named above with who acts. "
            "Their runs are red in Airflow, as they should be; the night itself is complete."
        )
    return 1 if faults else 0


def _say_who_acts(out: Console, lines: Sequence[Line]) -> None:
    counts: dict[str, int] = {}
    for line in lines:
        word = line["state"] + (f" ({line['verdict']})" if line["verdict"] else "")
        counts[word] = counts.get(word, 0) + 1
        if line["state"] in (State.FAILED, State.HELD, State.WAITING) and line["message"]:
            message = line["message"].removeprefix(f"{line['state']}: ")
            _print(out, f"{line['delivery_id']} {line['state']}: {message}")
    out.print(", ".join(f"{count} {word}" for word, count in sorted(counts.items())), style="bold")


def _say_who_decides(out: Console, questions: int, installation: Installation) -> None:
    what = "1 held delivery waits" if questions == 1 else f"{questions} held deliveries wait"
    out.print(f"{what} for a steward's decision; the night did not", style="bold yellow")
    url = f"{installation.api.base_url}/required_actions"
    _print(out, f"  in Airflow: `make up`, then {url}; or python -m pipelines held, approve, return")


def _print(out: Console, text: str, style: str | None = None) -> None:
    """A message as it is: wrapped at words on a terminal, one line for whoever reads it later."""
    out.print(text, style=style, markup=False, soft_wrap=not out.is_terminal)


def _where_to_look(out: Console, installation: Installation) -> None:
    home = installation.settings.home
    docs = home / "docs"
    lines = {
        "Airflow": f"{installation.api.base_url} while `make up` runs; users {USER} and {STEWARD}, passwords in "
        f"{password_file(installation.airflow_home)}",
        "deliveries": "python -m pipelines status; explain DELIVERY [ROW]; trace SCHEMA.TABLE KEY",
        "rejects": f"python -m pipelines rejects list; correction workbooks in {installation.settings.outbox}",
        "warehouse": "python -m pipelines url",
        "Data Docs": str(_index(docs)),
        "logs": str(home / "logs"),
    }
    for name, text in lines.items():
        _print(out, f"  {name:<11}{text}")


def _index(docs: Path) -> Path:
    return next(iter(sorted(docs.rglob("index.html"))), docs)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One supervisor per installation."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.home / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise ComponentError(
                f"Kontor already runs on {settings.home} (process {lock.read().strip() or 'unknown'}). "
                "us to act: use it, or end it with Ctrl-C first"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C, a closed terminal and `kill` all end in an orderly stop."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    yield


@contextmanager
def _uninterruptible() -> Iterator[None]:
    """A second Ctrl-C must not leave processes behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    yield


if __name__ == "__main__":
    sys.exit(main())
