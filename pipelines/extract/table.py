"""What text files and workbooks have in common: column names, records, batches of text cells."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from pipelines.errors import DeclarationError
from pipelines.extract.facts import FormatTotal

ROW, PROBLEM, RAW, CELLS = "__row_number", "__problem", "__raw", "__cells"
LEAD = (ROW, PROBLEM, RAW, CELLS)
"""The columns before the source columns. The last three are null but for malformed records: why the record cannot be
laid out in columns, its text as received, and its cells as far as they can be told apart."""
BLANK = " \t\u00a0\x1a"
"""White space of a cell that holds nothing; 0x1A is the end-of-file mark that DOS programs leave behind."""

FIRST_ROWS = 5
"""Rows that a warning names."""

_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9]\d*)")
_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")


class Table(ABC):
    """A file that is open for reading, its header already read."""

    columns: list[str]
    tally: Tally

    @abstractmethod
    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records in file order, in batches of any size with the schema of `raw_schema(columns)`."""

    @abstractmethod
    def close(self) -> None:
        """Release the file; may be called twice."""


@dataclass
class Tally:
    """What is counted and picked up while a file is read; `footers` are those of all sheets but the last."""

    footer_rows: int
    wanted: dict[int, list[tuple[int, str]]]
    encoding: str | None = None
    header_found: list[str] | None = None
    sheet_name: str | None = None
    sheets: list[str] = field(default_factory=list)
    footers: list[tuple[int, list[str]]] = field(default_factory=list)
    preamble: int = 0
    header: int = 0
    blank: int = 0
    comments: int = 0
    hidden: int = 0
    repeated: int = 0
    outside: int = 0
    cells: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    totals: list[FormatTotal] = field(default_factory=list)
    malformed_cells: deque[tuple[int, list[str]]] = field(init=False)
    repaired: Marked = field(init=False)
    padded: Marked = field(init=False)

    def __post_init__(self) -> None:
        self.malformed_cells = deque(maxlen=self.footer_rows)
        self.repaired, self.padded = Marked(self.footer_rows), Marked(self.footer_rows)

    def see(self, row: int, cells: Sequence[str]) -> None:
        """Pick up the cells of this line that were asked for."""
        for column, address in self.wanted.get(row, ()):
            if column < len(cells):
                self.cells[address] = cells[column]

    def finish(self, footer: Sequence[int]) -> None:
        """Take the footer records out of the counts of records, and warn of records that were changed."""
        if rows := self.repaired.without(footer):
            self.warnings.append(f"{rows} with stray quotes, read as ordinary characters")
        if rows := self.padded.without(footer):
            self.warnings.append(
                f"{rows} with too few cells, or empty ones too many, brought to the width of the table"
            )


@dataclass
class Marked:
    """Records of one kind: their number, the first of them, and the last `keep` (they may belong to the footer)."""

    keep: int
    count: int = 0
    first: list[int] = field(default_factory=list)
    last: deque[int] = field(init=False)

    def __post_init__(self) -> None:
        self.last = deque(maxlen=self.keep)

    def add(self, row: int) -> None:
        """Count the record of this row."""
        self.count += 1
        self.last.append(row)
        if len(self.first) < FIRST_ROWS:
            self.first.append(row)

    def without(self, footer: Sequence[int]) -> str:
        """Leave out these rows; then `3 records (rows 5, 8, 9)`, or an empty text when there are none."""
        self.count -= sum(row in footer for row in self.last)
        rows = [str(row) for row in self.first if row not in footer]
        if not self.count:
            return ""
        more = ", …" if self.count > len(rows) else ""
        return f"{count_of(self.count, 'record')} ({'row' if self.count == 1 else 'rows'} {', '.join(rows)}{more})"


def wanted_cells(addresses: Collection[str]) -> dict[int, list[tuple[int, str]]]:
    """Addresses by row: `{2: [(1, "B2")]}`; column positions count from 0, rows from 1."""
    wanted: dict[int, list[tuple[int, str]]] = {}
    for address in addresses:
        found = _ADDRESS.fullmatch(address)
        if not found:
            raise DeclarationError(
                "cell address not understood",
                got=repr(address),
                expected="column letters and row number, e.g. B2",
                next_step="correct the cell address in the profile",
            )
        wanted.setdefault(int(found[2]), []).append((column_position(found[1]), address))
    return wanted


def column_position(letters: str) -> int:
    """Position from 0 of a column: A → 0, Z → 25, AA → 26."""
    position = 0
    for letter in letters.upper():
        position = position * 26 + ord(letter) - ord("A") + 1
    return position - 1


def column_letters(position: int) -> str:
    """Letters of a column by its position from 0: 0 → A, 26 → AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_names(header: Sequence[Sequence[str]], join: str) -> list[str]:
    r"""Names from the header rows: trimmed, one line each, unique, none empty.

    >>> column_names([["Betrag", "", "Netto\n(EUR)", "Betrag"], ["", "", "alt"]], " ")
    ['Betrag', 'column 2', 'Netto (EUR) alt', 'Betrag#2']
    """
    names: list[str] = []
    taken = set(LEAD)
    numbers: dict[str, int] = {}
    for i, said in enumerate(_joined(header, join)):
        wish = said or f"column {i + 1}"
        name, number = wish, numbers.get(wish, 1)
        while name in taken:
            number += 1
            name = f"{wish}#{number}"
        numbers[wish] = number
        taken.add(name)
        names.append(name)
    return names


def header_as_found(header: Sequence[Sequence[str]], join: str) -> list[str]:
    """The cells of the header as they stand, those of several rows joined: empty and repeated ones too."""
    return list(header[0]) if len(header) == 1 else _joined(header, join)


def _joined(header: Sequence[Sequence[str]], join: str) -> list[str]:
    names = []
    for i in range(max(len(row) for row in header)):
        parts = [_LINE_BREAKS.sub(" ", row[i]).strip() for row in header if i < len(row)]
        names.append(join.join(p for p in parts if p))
    return names


def raw_schema(columns: Sequence[str]) -> pa.Schema:
    """Schema of `raw.arrow`: the columns of `LEAD`, then one text column per source column."""
    lead = [
        pa.field(ROW, pa.int64(), nullable=False),
        pa.field(PROBLEM, pa.string()),
        pa.field(RAW, pa.string()),
        pa.field(CELLS, pa.list_(pa.string())),
    ]
    return pa.schema([*lead, *(pa.field(name, pa.string()) for name in columns)])


def is_blank(cells: Sequence[str]) -> bool:
    """Whether the cells hold nothing but white space."""
    return not any(cell.strip(BLANK) for cell in cells)


def padded(cells: list[str], width: int) -> list[str] | None:
    """A record brought to this width: missing cells are empty, empty ones too many dropped; None when one is filled.

    >>> padded(["1"], 3), padded(["1", "", " "], 1), padded(["1", "", "x"], 1)
    (['1', '', ''], ['1'], None)
    """
    if not is_blank(cells[width:]):
        return None
    return cells[:width] + [""] * (width - len(cells))


def expected_cells(columns: Sequence[str], *, named: bool) -> str:
    """End of the message about a record with too few or too many cells."""
    count = len(columns)
    if not named:
        return f"the header has {count}"
    return f"{count_of(count, 'name')} {'is' if count == 1 else 'are'} declared"


def count_of(number: int, noun: str) -> str:
    """`1 cell`, `3 cells`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


class Builder:
    """Collects records and turns them into one batch; blank records are counted and left out.

    `expected` says in a problem how many cells there should be: "the header has 5".
    """

    def __init__(self, columns: Sequence[str], tally: Tally, expected: str) -> None:
        self._schema = raw_schema(columns)
        self._width = len(columns)
        self._tally = tally
        self._expected = expected
        self._rows: list[int] = []
        self._cells: list[Sequence[str | None]] = []
        self._problems: dict[int, tuple[str, str, list[str]]] = {}

    @property
    def size(self) -> int:
        """Records taken so far."""
        return len(self._rows)

    def add(self, row: int, cells: list[str]) -> str | None:
        """Take a record; a returned text says why it must go to `add_malformed` instead."""
        if not cells[0].strip(BLANK) and is_blank(cells):
            self._tally.blank += 1
            return None
        if len(cells) != self._width:
            return f"has {count_of(len(cells), 'cell')}, {self._expected}"
        if row in self._tally.wanted:
            self._tally.see(row, cells)
        self._rows.append(row)
        self._cells.append(cells)
        return None

    def add_malformed(self, row: int, cells: list[str], problem: str, raw: str) -> None:
        """Take a record that cannot be laid out in columns; its text is kept, NUL bytes made visible."""
        self._tally.see(row, cells)
        self._tally.malformed_cells.append((row, cells))
        self._problems[len(self._rows)] = (problem, raw.replace("\0", "\u2400"), cells)
        self._rows.append(row)
        self._cells.append([None] * self._width)

    def batch(self) -> pa.RecordBatch:
        """The records taken so far."""
        size = len(self._rows)
        schema = self._schema
        lead: list[pa.Array] = [pa.array(self._rows, pa.int64())]
        for part in range(3):
            values = [self._problems[i][part] if i in self._problems else None for i in range(size)]
            lead.append(pa.array(values if self._problems else pa.nulls(size), schema.field(part + 1).type))
        columns = zip(*self._cells, strict=True) if self._cells else ([] for _ in range(self._width))
        return pa.record_batch([*lead, *(pa.array(column, pa.string()) for column in columns)], schema=schema)
