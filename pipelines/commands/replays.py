"""Deliveries judged again from the archive, tried or done; and taken out again."""

from __future__ import annotations

from pipelines.commands.shape import Add


def add_commands(add: Add) -> None:
    """The commands of this subject."""
