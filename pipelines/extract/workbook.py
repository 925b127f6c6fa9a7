"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) as a table of text cells.

Cells are rendered as the client would type them (`celltext`). It is the stored value that counts, not its display: 5 %
is `0,05`, and a number shown in thousands is the whole number. One display is an exception: a number under a mask of
nothing but zeros (`00000`) is an identifier, and reads as it is shown (`00123`). Error cells read as their text
(`#N/A`), formulas without a stored result as `#NOT_CALCULATED`: no empty cell stands for a broken one. Hidden rows are
rows like any other unless `hidden_rows: skip` is declared.

Several sheets read as one feed follow each other; their row numbers are told apart as `pipelines.sheetrows` says.
`header_rows`, `preamble_rows`, `end_row` and `footer_rows` count in each sheet; cells asked for by their address are
those of the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import pyarrow as pa
from babel.numbers import get_decimal_symbol

from pipelines.errors import DeliveryError
from pipelines.extract.celltext import Texts
from pipelines.extract.container import Kind, Workbook, open_workbook
from pipelines.extract.package import checked, dimensions, shortened
from pipelines.extract.sheetrange import sheet_range
from pipelines.extract.sheets import OpenWorkbook, SheetCells, is_visible
from pipelines.extract.table import (
    BLANK,
    CELLS,
    LEAD,
    ROW,
    Builder,
    Table,
    Tally,
    column_names,
    count_of,
    expected_cells,
    header_as_found,
    is_blank,
    raw_schema,
)
from pipelines.profile import Format
from pipelines.sheetrows import row_number

PIECE_ROWS = 20_000


@dataclass(frozen=True)
class SheetPeek:
    """The beginning of a sheet: rendered cells from row 1 and column A, and how far the sheet reaches.

    `rows` are the first rows as they stand, blank ones included; each as long as its last cell that is not empty.
    `extent` is the number of rows and columns from A1; of a large .xlsx it is what the sheet says of itself.
    """

    name: str
    visible: bool
    rows: list[list[str]]
    extent: tuple[int, int]


def peek(
    path: Path, rows: int = 200, *, name: str | None = None, locale: str = "en_US", password: str | None = None
) -> list[SheetPeek]:
    """The first rows of every sheet (charts left out), for those who have to find the table in them.

    `password` names the connection that knows the password. Raises DeliveryError when the file cannot be read as a
    workbook.
    """
    book = open_sound(path, name or path.name, password)
    extents: dict[str, tuple[int, int]] = {}
    if book.kind is Kind.XLSX:
        extents = dimensions(book)
        book = shortened(book, rows)
    with closing(OpenWorkbook(book)) as opened:
        return [
            _peek(opened, position, sheet.name, rows, extents.get(sheet.name, (0, 0)), locale, is_visible(sheet))
            for position, sheet in opened.sheets
        ]


def _peek(
    opened: OpenWorkbook, position: int, name: str, rows: int, said: tuple[int, int], locale: str, visible: bool
) -> SheetPeek:
    cells = SheetCells(opened, position, texts_of(opened.book, locale), fill=False, hidden=False)
    lines = cells.columns(cells.take(rows))
    shown = [stripped(line) for line in zip(*lines, strict=True)]
    if len(shown) < rows:
        return SheetPeek(name, visible, shown, cells.extent)
    return SheetPeek(name, visible, shown, (max(cells.extent[0], said[0]), max(cells.extent[1], said[1])))


def open_sound(path: Path, name: str, password: str | None) -> Workbook:
    """The workbook, checked for what no sound one holds."""
    book = open_workbook(path, name, password)
    return book if book.kind is Kind.XLS else checked(book)


def texts_of(book: Workbook, locale: str) -> Texts:
    """How the cells of this workbook are rendered."""
    return Texts(get_decimal_symbol(locale), iso_durations=book.kind is Kind.ODS)


class WorkbookTable(Table):
    """One or several sheets of a workbook, open behind the header of the first."""

    def __init__(self, path: Path, fmt: Format, locale: str, tally: Tally, name: str) -> None:
        self.tally = tally
        self._name = name
        self._fmt = fmt
        self._range = sheet_range(fmt.range)
        self._end = min((row for row in (fmt.end_row, self._range.last_row) if row), default=None)
        self._end_at = re.compile(fmt.end_at) if fmt.end_at and fmt.end_at != "blank" else None
        self._wanted, tally.wanted = tally.wanted, {}  # looked up here: what a builder sees begins with the range
        self.columns: list[str] = list(fmt.names or ())
        with ExitStack() as stack:
            self._opened = OpenWorkbook(open_sound(path, name, fmt.password))
            stack.callback(self.close)
            self._texts = texts_of(self._opened.book, locale)
            self._sheets = self._opened.chosen(fmt.sheet)
            tally.sheets = [sheet.name for _, sheet in self._sheets]
            tally.sheet_name = tally.sheets[0]
            self._cells = self._begin(0)
            stack.pop_all()
        self._expected = expected_cells(self.columns, named=bool(fmt.names))

    def close(self) -> None:
        """Drop the workbook; may be called twice."""
        self._opened.close()

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records of the sheets, one sheet after the other."""
        last = len(self._sheets) - 1
        for at in range(len(self._sheets)):
            if at:
                self._cells = self._begin(at)
            pieces = self._pieces(at)
            yield from pieces if at == last else self._without_footer(at, pieces)
            self._warn()
        for wanted in self._wanted.values():
            for _, address in wanted:  # outside the used area
                self.tally.cells.setdefault(address, "")

    def _begin(self, at: int) -> SheetCells:
        """Open a sheet behind its header, which must be that of the first one."""
        fmt = self._fmt
        self._at = at
        position, sheet = self._sheets[at]
        fill, hidden = fmt.merged_cells == "fill", fmt.hidden_rows == "skip"
        cells = SheetCells(self._opened, position, self._texts, fill=fill, hidden=hidden)
        self._row = 0
        self._header_texts: list[list[str]] = [self.columns] if fmt.names else []
        if fmt.names:
            self._skip_to(cells, max(fmt.preamble_rows + 1, self._range.first_row))
            return cells
        declared = fmt.header_rows if "header_rows" in fmt.model_fields_set else [self._range.first_row]
        cells.fill_down = False  # a name merged over two rows of the header is one name
        columns = self._header(cells, declared, sheet.name)
        cells.fill_down = True
        if at and columns != self.columns:
            raise DeliveryError(
                "the sheets of the workbook have different headers",
                where=f"{self._name}, sheet {sheet.name!r}",
                got=_difference(columns, self.columns),
                expected=f"the header of sheet {self._sheets[0][1].name!r}",
                next_step="send the workbook with the same columns in every sheet, "
                "or name in the profile only the sheets that belong together",
            )
        self.columns = columns
        self._skip_to(cells, self._range.first_row)
        return cells

    def _skip_to(self, cells: SheetCells, row: int) -> None:
        """Pass over the rows before this one."""
        rows = cells.take(max(row - self._row - 1, 0))
        self._see(rows, cells.columns(rows))
        self.tally.preamble += len(rows)
        self._row += len(rows)

    def _header(self, cells: SheetCells, rows: list[int], sheet: str) -> list[str]:
        for row in sorted(set(rows)):
            self._skip_to(cells, row)
            found = cells.take(1)
            columns = cells.columns(found)
            self._see(found, columns)
            self._row += len(found)
            parts = stripped([column[0] for column in self._in_range(columns, 1)])
            if is_blank(parts):
                raise DeliveryError(
                    "header not found",
                    where=f"{self._name}:{row}",
                    got=f"an empty row in sheet {sheet!r}",
                    expected=f"column names in row {row}",
                    next_step="send the workbook in the agreed layout, "
                    "or tell us the new one so that the profile can be changed",
                )
            self.tally.header += 1
            self._header_texts.append(parts)
        wide = [[*part, *[""] * ((self._range.width or 0) - len(part))] for part in self._header_texts]
        self.tally.header_found = header_as_found(wide, self._fmt.header_join)
        return column_names(wide, self._fmt.header_join)

    def _in_range(self, columns: list[list[str]], rows: int) -> list[list[str]]:
        """The columns of the declared range."""
        area = self._range
        if area.last_column is None:
            return columns[area.first_column :]
        found = columns[area.first_column : area.last_column + 1]
        return found + [[""] * rows for _ in range((area.width or 0) - len(found))]

    def _see(self, rows: Sequence[tuple[int, object]], columns: list[list[str]]) -> None:
        """Pick up the cells that were asked for, wherever in the first sheet they are."""
        for i, (row, _) in enumerate(rows) if self._wanted and self._at == 0 else ():
            for column, address in self._wanted.get(row, ()):
                self.tally.cells[address] = columns[column][i] if column < len(columns) else ""

    def _pieces(self, at: int) -> Iterator[pa.RecordBatch]:
        """The records of one sheet up to the end of its table; the rows after that are counted."""
        ended = False
        while rows := self._cells.take(PIECE_ROWS):
            columns = self._cells.columns(rows)
            self._see(rows, columns)
            if not ended:
                inside = [row for row, _ in rows if self._end is None or row <= self._end]
                batch, ended = self._batch(at, inside, [c[: len(inside)] for c in columns])
                ended = ended or len(inside) < len(rows)
                self.tally.outside += len(rows) - len(inside)
                yield batch
            else:
                self.tally.outside += len(rows)

    def _batch(self, at: int, rows: list[int], columns: list[list[str]]) -> tuple[pa.RecordBatch, bool]:
        """The records of these rows, and whether the table ends within them."""
        columns = self._in_range(columns, len(rows))
        width, tally = len(self.columns), self.tally
        columns += [[""] * len(rows) for _ in range(width - len(columns))]
        keep = [True] * len(rows)
        blank = _blank_rows(columns)
        end = self._end_of(rows, columns, blank)
        tally.outside += len(rows) - end
        for i in range(end, len(rows)):
            keep[i] = False
        for i in range(end) if self._cells.hidden else ():
            if rows[i] in self._cells.hidden:
                keep[i] = False
                tally.hidden += 1
        for i in blank:
            if keep[i]:
                keep[i] = False
                tally.blank += 1
        for i in self._repeated(columns) if self._fmt.repeated_headers == "skip" else ():
            if keep[i]:
                keep[i] = False
                tally.repeated += 1
        if not all(keep):
            rows, columns = list(compress(rows, keep)), [list(compress(c, keep)) for c in columns]
        return self._records(at, rows, columns), end < len(keep)

    def _end_of(self, rows: list[int], columns: list[list[str]], blank: list[int]) -> int:
        """Position of the first of these rows that is no part of the table; their number when all are."""
        hidden = self._cells.hidden
        if self._fmt.end_at == "blank":
            return next((i for i in blank if rows[i] not in hidden), len(rows))
        if self._end_at:
            lines = ("\t".join(stripped(cells)) for cells in zip(*columns, strict=True))
            found = (i for i, t in enumerate(lines) if self._end_at.search(t) and rows[i] not in hidden)
            return next(found, len(rows))
        return len(rows)

    def _repeated(self, columns: list[list[str]]) -> Iterator[int]:
        """Positions of the rows that say the header again."""
        headers = [[cell.strip(BLANK) for cell in part] for part in self._header_texts]
        leads = {part[0] for part in headers}
        for i, first in enumerate(columns[0]):
            if first.strip(BLANK) in leads and [c.strip(BLANK) for c in stripped([c[i] for c in columns])] in headers:
                yield i

    def _records(self, at: int, rows: list[int], columns: list[list[str]]) -> pa.RecordBatch:
        numbers = [row_number(at, row) for row in rows] if at else rows
        width, schema = len(self.columns), raw_schema(self.columns)
        arrays = [pa.array(column, pa.string()) for column in columns]
        if not any(map(_filled, columns[width:])) and not any(map(_holds_nul, arrays)):
            empty = [pa.nulls(len(rows), field.type) for field in list(schema)[1 : len(LEAD)]]
            return pa.record_batch([pa.array(numbers, pa.int64()), *empty, *arrays[:width]], schema=schema)
        builder = Builder(self.columns, self.tally, self._expected)
        for row, line in zip(numbers, zip(*columns, strict=True), strict=True):
            cells = [*line[:width], *stripped(line[width:])]
            problem = "holds a NUL byte" if "\0" in "".join(cells) else builder.add(row, cells)
            if problem:
                builder.add_malformed(row, cells, problem, "\t".join(cells))
        return builder.batch()

    def _without_footer(self, at: int, pieces: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The records of a sheet that is not the last, whose footer is set aside here."""
        keep = self._fmt.footer_rows
        held = pa.Table.from_batches([], raw_schema(self.columns))
        for piece in pieces:
            held = pa.concat_tables([held, pa.Table.from_batches([piece])])
            ready = max(held.num_rows - keep, 0)
            yield from held.slice(0, ready).combine_chunks().to_batches()
            held = held.slice(ready)
        if held.num_rows < keep:
            raise DeliveryError(
                "footer is missing",
                where=f"{self._name}, sheet {self._sheets[at][1].name!r}",
                got=count_of(held.num_rows, "record"),
                expected=f"at least the {count_of(keep, 'footer record')}",
                next_step="send the complete file again",
            )
        for record in held.to_pylist():
            cells = record[CELLS] or [record[name] for name in self.columns]
            self.tally.footers.append((record[ROW], cells))

    def _warn(self) -> None:
        """What is doubtful in the sheet that was read."""
        where = f" of sheet {self._sheets[self._at][1].name!r}" if len(self._sheets) > 1 else ""
        if self._cells.uncertain:
            number = count_of(len(self._cells.uncertain), "number")
            text = f"{number} of more than 15 digits, first at {self._cells.uncertain[0]}{where}"
            self.tally.warnings.append(f"{text}: Excel does not keep the last digits")
        if self._cells.not_calculated:
            number = count_of(len(self._cells.not_calculated), "formula")
            text = f"{number} without a stored result, first at {self._cells.not_calculated[0]}{where}"
            self.tally.warnings.append(f"{text}: read as #NOT_CALCULATED")


def _difference(got: list[str], expected: list[str]) -> str:
    missing = [name for name in expected if name not in got]
    more = [name for name in got if name not in expected]
    parts = [f"without {', '.join(missing)}"] if missing else []
    parts += [f"with {', '.join(more)}"] if more else []
    if not parts:
        at = next(i for i, (a, b) in enumerate(zip(got, expected, strict=True)) if a != b)
        parts = [f"in another order: column {at + 1} is {got[at]}, not {expected[at]}"]
    return f"a header {' and '.join(parts)}"


def _blank_rows(columns: list[list[str]]) -> list[int]:
    """Positions of the rows of which no cell holds more than white space."""
    found = [i for i, cell in enumerate(columns[0]) if not cell or not cell.strip(BLANK)]
    for column in columns[1:]:
        if not found:
            break
        found = [i for i in found if not column[i] or not column[i].strip(BLANK)]
    return found


def _filled(column: list[str]) -> bool:
    return any(cell.strip(BLANK) for cell in column)


def _holds_nul(array: pa.Array) -> bool:
    text = array.buffers()[2]
    return text is not None and b"\0" in text.to_pybytes()


def stripped(cells: Sequence[str]) -> list[str]:
    """Without the empty cells at the end."""
    end = len(cells)
    while end and not cells[end - 1].strip(BLANK):
        end -= 1
    return list(cells[:end])
