"""A proposal how to read a file, with reasons: nothing is guessed silently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipelines.dialect import Format


@dataclass(frozen=True)
class Finding:
    """One word of the dialect: its value, how sure it is (0 to 1; 1 = said by the caller) and why."""

    word: str
    value: Any
    confidence: float
    evidence: str


@dataclass(frozen=True)
class TableFound:
    """One table of the file: physical rows of its header and of its first and last record, and its width."""

    header_rows: tuple[int, ...]
    first_row: int
    last_row: int
    columns: tuple[str, ...]
    sheet: str | None = None


@dataclass(frozen=True)
class ColumnFound:
    """What the cells of a column look like: `kind` of value, its `formats`, and the share of filled cells that fit."""

    name: str
    kind: str
    formats: tuple[str, ...]
    share: float
    filled: int
    example: str


@dataclass(frozen=True)
class Proposal:
    """How to read a file. `words` make a valid `Format`; `findings` say why, `warnings` what is left doubtful."""

    words: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()
    tables: tuple[TableFound, ...] = ()
    columns: tuple[ColumnFound, ...] = ()
    warnings: tuple[str, ...] = ()

    @cached_property
    def format(self) -> Format:
        """The words as a format."""
        return Format(**self.words)

    @property
    def confidence(self) -> float:
        """That of the least certain finding."""
        return min((f.confidence for f in self.findings), default=1.0)
