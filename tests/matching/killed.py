"""A run that dies by SIGKILL after a step of it. Usage: python -m tests.matching.killed STEP CLIENT URL HOME."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.catalog import load_catalog
from pipelines.flow import matching
from pipelines.flow.office import Office
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.match_store import MatchStore
from tests.conftest import make_settings


def die_after(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, and then no more."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return wrapped


def main() -> None:
    """Set the trap and run; only what changed is done again, so that every step is met."""
    step, client, url, home = sys.argv[1:]
    setattr(MatchStore, step, die_after(getattr(MatchStore, step)))
    matching.MOST_CHANGED = 10_000
    settings = make_settings(Path(home), url)
    matching.match_customers(client=client, office=Office(settings, load_catalog(settings), Warehouse(url)))


if __name__ == "__main__":
    main()
