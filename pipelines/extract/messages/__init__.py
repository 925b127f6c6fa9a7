"""Business message formats: one module per format, each with a class `Messages` that reads it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from pipelines.extract.messages.message import MessageTable
from pipelines.extract.table import Tally
from pipelines.profile import Format


def open_messages(path: Path, fmt: Format, tally: Tally, name: str) -> MessageTable:
    """A file of a message format open for reading; its module is only imported when such a file comes."""
    reader: type[MessageTable] = import_module(f"pipelines.extract.messages.{fmt.type}").Messages
    return reader(path, fmt, tally, name)
