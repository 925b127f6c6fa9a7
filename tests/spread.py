"""How the tests are shared out when they run in several processes (`pytest -n 2`)."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = "tests/dags"
"""A folder that stays in one process: importing Airflow and migrating its database is done once."""


class InCollectedOrder(LoadFileScheduling):
    """A file of tests runs in one process, as in one process alone: its module fixtures are made once.

    Files are handed out in the order in which pytest collects them, to whoever is free.
    """

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return TOGETHER if PurePosixPath(file).is_relative_to(TOGETHER) else file
