"""A workbook that came back, compared with what was sent: what the client has changed, or why it is refused.

Rows are matched by their tokens, wherever they stand now. Only cells that the client could change are taken; a change
to anything else says that the workbook was tampered with, and then nothing of it is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.errors import DeliveryError
from pipelines.quarantine.cells import HIDDEN, plain, same
from pipelines.quarantine.words import WORDS
from pipelines.quarantine.workbook import HEADER_ROW, LEAD

BROKEN = frozenset(
    {"#NOT_CALCULATED", "#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
)
"""What cells read as that hold a formula nobody can take a value from."""
AGAIN = "open the workbook as it was sent, correct only white and yellow cells, and return it"


@dataclass(frozen=True)
class Sent:
    """A row as it was sent. `row`: its place in the sheet, by which it is known from here on."""

    row: int
    token_hash: str
    number: int
    address: str
    said: str
    cells: Mapping[str, str]
    locked: frozenset[str]

    @classmethod
    def of(cls, row: int, token_hash: str, number: int, cells: Mapping[str, Any]) -> Sent:
        """From what is kept of a row: its columns, and `__address`, `__said`, `__locked`, `__hidden`."""
        hidden = frozenset(cells.get("__hidden") or ())
        return cls(
            row, token_hash, number, str(cells.get("__address", number)), str(cells.get("__said", "")),
            {n: HIDDEN if n in hidden else str(t) for n, t in cells.items() if not n.startswith("__")},
            frozenset(cells.get("__locked") or ()),
        )  # fmt: skip


@dataclass(frozen=True)
class Changes:
    """What came back. `cells`: sheet row as sent → column → new text, for every row that is still there; `missing`:
    the rows that are not."""

    cells: Mapping[int, Mapping[str, str]]
    missing: Sequence[Sent]


def compare(
    columns: Sequence[str],
    sent: Sequence[Sent],
    records: Iterable[tuple[int, Sequence[str]]],
    hashed: Callable[[str], str],
    language: str,
    name: str,
) -> Changes:
    """Compare; raises DeliveryError, which names rows and columns but no value.

    `records`: (row, cells) of the sheet of corrections, its header first; `hashed`: what is kept of a row token.
    """
    lines = iter(records)
    _check_header(columns, next(lines, None), language, name)
    by_token = {row.token_hash: row for row in sent}
    found: dict[int, dict[str, str]] = {}
    width = len(LEAD) + len(columns)
    for at, given in lines:
        if not any(c.strip() for c in given):
            continue
        if any(c.strip() for c in given[width:]):
            raise _tampered(f"{name}:{at}", "a cell beside the table", "the columns as they were sent")
        cells = [*given[:width], *[""] * (width - len(given))]
        token = cells[0].strip()
        row = by_token.get(hashed(token)) if token else None
        if row is None:
            got = "a row without key" if not token else "a key that was not sent"
            raise _tampered(f"{name}:{at}", got, "the rows that were sent, each with its key")
        if row.row in found:
            raise _tampered(f"{name}:{at}", "a key that stands in two rows", "every key once")
        found[row.row] = _changes(columns, row, cells, f"{name}:{at}", language)
    return Changes(found, [row for row in sent if row.row not in found])


def _check_header(columns: Sequence[str], header: tuple[int, Sequence[str]] | None, language: str, name: str) -> None:
    expected = [*(WORDS[language][word] for word in LEAD), *columns]
    got = [plain(cell) for cell in header[1]] if header else []
    if got == [plain(text) for text in expected]:
        return
    at = next(
        (i for i, (a, b) in enumerate(zip(got, expected, strict=False)) if a != plain(b)), min(len(got), len(expected))
    )
    wanted = repr(expected[at]) if at < len(expected) else "no further column"
    raise _tampered(
        f"{name}:{HEADER_ROW}, column {at + 1}", "another header", f"{wanted}: the columns as they were sent"
    )


def _changes(columns: Sequence[str], row: Sent, cells: Sequence[str], where: str, language: str) -> dict[str, str]:
    words = WORDS[language]
    for position, (word, text) in enumerate(((LEAD[1], row.address), (LEAD[2], row.said)), start=1):
        if not same(text, cells[position]):
            raise _tampered(f"{where}, {words[word]}", "a locked cell that was changed", "the text that was sent")
    out: dict[str, str] = {}
    for column, got in zip(columns, cells[len(LEAD) :], strict=True):
        if same(row.cells.get(column, ""), got):
            continue
        if column in row.locked:
            raise _tampered(f"{where}, {column}", "a locked cell that was changed", "the text that was sent")
        if got in BROKEN:
            raise DeliveryError(
                "correction workbook has a formula without a result, nothing of it is taken",
                where=f"{where}, {column}",
                got=got,
                expected="the value itself",
                next_step="write values instead of formulas, and return the workbook again",
            )
        out[column] = plain(got)
    return out


def _tampered(where: str, got: str, expected: str) -> DeliveryError:
    return DeliveryError(
        "correction workbook was changed where it must not be, nothing of it is taken",
        where=where,
        got=got,
        expected=expected,
        next_step=AGAIN,
    )
