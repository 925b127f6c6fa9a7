"""Commands of the command line by subject; each module adds its own. Like `cli` they call flow and print."""

from __future__ import annotations

from pipelines.commands import corrections, erase, expected, formats, matches, rejects, release, replays, rules
from pipelines.commands.shape import Add

MODULES = (rules, rejects, corrections, release, replays, expected, matches, erase, formats)


def add_all(add: Add) -> None:
    """Every command of every module."""
    for module in MODULES:
        module.add_commands(add)
