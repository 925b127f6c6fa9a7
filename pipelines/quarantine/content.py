"""What a correction workbook says, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """One record. `cells` are in the order of the columns, as `shown` gives them; `notes`: position → note of a bad
    cell; `locked`: positions that may not be changed; `hidden`: position → the text that stars stand for; `record`:
    note on the reason, for records that are no rows."""

    token: str
    address: str
    said: str
    cells: Sequence[str]
    notes: Mapping[int, str] = field(default_factory=dict)
    locked: frozenset[int] = frozenset()
    hidden: Mapping[int, str] = field(default_factory=dict)
    record: str = ""


@dataclass(frozen=True)
class Reason:
    """A reason with the number of rows it sets aside. `ours`: we have to look into it."""

    text: str
    rows: int
    ours: bool = False


@dataclass(frozen=True)
class Content:
    """Everything a workbook says. `choices`: position of a column → texts to choose from. `facts` are the lines at the
    head of the summary, (word, text): the client first. `amounts`: (column, currency, amount as text)."""

    token: str
    feed: str
    source: str
    language: str
    facts: Sequence[tuple[str, str]]
    columns: Sequence[str]
    lines: Sequence[Line]
    reasons: Sequence[Reason]
    choices: Mapping[int, Sequence[str]] = field(default_factory=dict)
    amounts: Sequence[tuple[str, str, str]] = ()
    until: str = ""
    replaces: bool = True
    rest: int = 0
