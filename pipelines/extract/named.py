"""Records that name their cells, as in JSON and XML: the columns they have together, and batches of their cells.

The columns are the names of all records in order of first appearance; a name that is missing in a record is an empty
cell. Where the columns are declared, names that are not among them are not read, and a warning says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.errors import DeliveryError
from pipelines.extract.table import BLANK, Builder, Tally, column_names, expected_cells

MAX_COLUMNS = 16_384
"""As many as a sheet of Excel has. More are no columns: then keys or elements stand for records."""

MAX_NAME_CHARS = 1_000
"""Longer names are no names; bounds the memory of the union of all names."""

PIECE_CELLS = 200_000
"""A batch of records is closed when it has so many cells: few columns make long batches, thousands make short ones."""

PIECE_CHARS = 8 << 20
"""It is also closed when it has so much text: a cell is a Python string until then, larger than its text."""

_SHOWN_NAMES = 8


class Malformed(Exception):
    """A record cannot be laid out in columns; the text says why, as the predicate of 'the record …'."""


class Names:
    """The union of the names in many records. `between` parts the levels of a name."""

    def __init__(self, file_name: str, between: str, next_step: str) -> None:
        self._file_name = file_name
        self._between = between
        self._next_step = next_step
        self._found: dict[str, bool] = {}
        self._with_value: set[str] = set()

    def note(self, cells: Mapping[str, str], row: int) -> None:
        """Take the names of one record; DeliveryError when there are too many of them."""
        if cells.keys() <= self._with_value:
            return
        for name, value in cells.items():
            if value:
                self._with_value.add(name)
            self._found.setdefault(name, True)
        if len(self._found) > MAX_COLUMNS:
            raise DeliveryError(
                "too many columns",
                where=f"{self._file_name}, record {row}",
                got=f"more than {MAX_COLUMNS} different names in the records so far",
                expected=f"at most {MAX_COLUMNS}",
                next_step=self._next_step,
            )

    def ordered(self) -> list[str]:
        """The names in order of first appearance.

        A name without any value whose parts have values is none: `address: null` beside `address.city`.
        """
        parents = {
            name[:at] for name in self._found for at in _positions(name, self._between) if name in self._with_value
        }
        return [n for n in self._found if n in self._with_value or n not in parents]


def _positions(name: str, between: str) -> list[int]:
    return [i for i in range(1, len(name)) if name.startswith(between, i)]


class NamedRecords:
    """Lays records out in columns; `declared` are the names the profile asks for, else `found` are all there are."""

    def __init__(self, declared: Sequence[str] | None, found: Sequence[str], tally: Tally) -> None:
        self.keys = list(declared or found)
        self.columns = list(declared) if declared else column_names([self.keys], "")
        self.piece_rows = PIECE_CELLS // max(len(self.keys), 1)
        self._known = set(self.keys)
        self._blanks = [""] * len(self.keys)
        self._unread: dict[str, bool] = {}
        self._tally = tally

    def builder(self) -> NamedBuilder:
        """An empty batch."""
        return NamedBuilder(self)

    def lay_out(self, cells: Mapping[str, str]) -> list[str]:
        """The cells of a record by column."""
        if not cells.keys() <= self._known and len(self._unread) < MAX_COLUMNS:
            self._unread |= {name: True for name in cells if name not in self._known}
        return list(map(cells.get, self.keys, self._blanks))

    def finish(self) -> None:
        """Say which names of the file were not read."""
        unread = sorted(n for n in self._unread if not n.startswith("../"))
        if unread:
            shown = ", ".join(repr(n[:60]) for n in unread[:_SHOWN_NAMES])
            more = f" and {len(unread) - _SHOWN_NAMES} more" if len(unread) > _SHOWN_NAMES else ""
            self._tally.warnings.append(f"not among the declared names and not read: {shown}{more}")

    @property
    def tally(self) -> Tally:
        """The counts of the file."""
        return self._tally


class NamedBuilder(Builder):
    """Collects records that name their cells."""

    def __init__(self, records: NamedRecords) -> None:
        super().__init__(records.columns, records.tally, expected_cells(records.columns, named=True))
        self._records = records
        self._chars = 0

    @property
    def full(self) -> bool:
        """Whether it is time for a new batch."""
        return len(self._rows) >= self._records.piece_rows or self._chars >= PIECE_CHARS

    def take(self, row: int, cells: Mapping[str, str]) -> None:
        """Take a record; one whose cells are all white space is counted as blank.

        Unlike `add` this looks at all cells, also at those of names that are not read.
        """
        if not any(map(_filled, cells.values())):
            self._tally.blank += 1
            return
        laid_out = self._records.lay_out(cells)
        if row in self._tally.wanted:
            self._tally.see(row, laid_out)
        self._rows.append(row)
        self._cells.append(laid_out)
        self._chars += sum(map(len, cells.values()))

    def take_malformed(self, row: int, problem: str, raw: str) -> None:
        """Take a record that cannot be laid out; all that can be told of its cells is its text."""
        self.add_malformed(row, [raw.replace("\0", "\u2400")], problem, raw)
        self._chars += 2 * len(raw)


def _filled(cell: str) -> bool:
    return bool(cell.strip(BLANK))
