"""Which deliveries were due, and which of them came."""

from __future__ import annotations

from pipelines.commands.shape import Add


def add_commands(add: Add) -> None:
    """The commands of this subject."""
