"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) as a table of text cells.

Cells are rendered as the client would type them: numbers with the decimal sign of the locale, without grouping and
without the `.0` of integral floats (2039.41 → `2039,41` in de_DE); dates `2024-05-01`, times `13:05:00`, both
together `2024-05-01 13:05:00`; durations by hours `37:30:00`; booleans `TRUE`, `FALSE`. Text stays as typed, so an
identifier keeps its zeros if it is stored as text. It is the stored value that counts, not its display: 5 % is
`0,05`, and a number shown as 00123 is `123`. Error cells read as their text (`#N/A`), formulas without a stored
result as `#NOT_CALCULATED`: no empty cell stands for a broken one. Hidden rows are rows like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
from babel.numbers import get_decimal_symbol
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
    WorkbookClosed,
    load_workbook,
)

from pipelines.errors import DeliveryError
from pipelines.extract.container import Kind, open_workbook, refused
from pipelines.extract.oddcells import NOT_CALCULATED, scan
from pipelines.extract.table import (
    BLANK,
    Builder,
    Table,
    Tally,
    column_letters,
    column_names,
    count_of,
    expected_cells,
    is_blank,
)
from pipelines.profile import Format

PIECE_ROWS = 20_000
CERTAIN = 10**15
"""Excel keeps 15 significant digits: the last digits of a longer number are not what was typed."""

_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:\.0*)?S")
"""Times and durations as .ods files store them: PT37H30M00S."""

Cell = int | float | str | bool | time | date | datetime | timedelta


@dataclass(frozen=True)
class SheetPeek:
    """The beginning of a sheet: rendered cells from row 1 and column A, and how far the sheet reaches at least.

    `rows` are the first rows as they stand, blank ones included; each as long as its last cell that is not empty.
    `extent` is the number of rows and columns of the sheet from A1.
    """

    name: str
    visible: bool
    rows: list[list[str]]
    extent: tuple[int, int]


def peek(path: Path, rows: int = 200, *, name: str | None = None, locale: str = "en_US") -> list[SheetPeek]:
    """The first rows of every sheet (charts left out), for those who have to find the table in them.

    Raises DeliveryError when the file cannot be read as a workbook.
    """
    name = name or path.name
    found: list[SheetPeek] = []
    sheets = len(WorkbookTable.sheets_of(path, name))
    for number in range(1, sheets + 1):
        table = WorkbookTable(
            path, Format(type="xlsx", header_rows=[], names=["A"], sheet=number), locale, Tally(0, {}), name
        )
        with closing(table):
            found.append(table.peek(rows))
    return found


class WorkbookTable(Table):
    """One sheet of a workbook, open behind its header."""

    def __init__(self, path: Path, fmt: Format, locale: str, tally: Tally, name: str) -> None:
        self.tally = tally
        self._name = name
        self._decimal = get_decimal_symbol(locale)
        self._extent = (0, 0)
        self._uncertain: list[str] = []
        self._no_result: list[str] = []
        with ExitStack() as stack:
            book = open_workbook(path, name)
            self._iso_durations = book.kind is Kind.ODS
            if book.kind is Kind.ODS:
                scan(book, 0)  # the reader lays out every sheet of such a file as soon as it opens it
            if book.kind is Kind.XLS:
                book.check_old_format()
            self._book = load(path, name)
            stack.callback(self.close)
            position = self._position(fmt.sheet)
            self._sheet = self._book.sheets_metadata[position]
            tally.sheet_name = self._sheet.name
            self._odd = scan(book, position)
            self._rows: Iterator[tuple[int, list[Cell]]] = enumerate(self._lines(position), start=1)
            self.columns = list(fmt.names) if fmt.names else self._header(fmt.header_rows, fmt.header_join)
            if fmt.names:
                self._skip_to(fmt.preamble_rows + 1)
            stack.pop_all()
        self._expected = expected_cells(self.columns, named=bool(fmt.names))

    def close(self) -> None:
        """Drop the workbook; may be called twice."""
        with suppress(WorkbookClosed):
            self._book.close()

    @classmethod
    def sheets_of(cls, path: Path, name: str) -> list[SheetMetadata]:
        """The sheets of a workbook in its order, charts left out."""
        book = open_workbook(path, name)
        if book.kind is Kind.ODS:
            scan(book, 0)
        if book.kind is Kind.XLS:
            book.check_old_format()
        return [m for m in load(path, name).sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]

    def peek(self, rows: int) -> SheetPeek:
        """The first rows of the sheet, which is read no further."""
        lines = [_stripped(self._render(row, values)) for row, values in islice(self._rows, rows)]
        return SheetPeek(self._sheet.name, self._sheet.visible == SheetVisibleEnum.Visible, lines, self._extent)

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records of the sheet."""
        width = len(self.columns)
        while rows := list(islice(self._rows, PIECE_ROWS)):
            builder = Builder(self.columns, self.tally, self._expected)
            for row, values in rows:
                cells = self._render(row, values)
                if len(cells) != width:
                    cells = [*cells[:width], *_stripped(cells[width:]), *[""] * (width - len(cells))]
                problem = "holds a NUL byte" if "\0" in "".join(cells) else builder.add(row, cells)
                if problem:
                    builder.add_malformed(row, cells, problem, "\t".join(cells))
            yield builder.batch()
        self._finish()

    def _position(self, wish: str | int | list[str | int] | None) -> int:
        """Position of the sheet among all sheets of the workbook, charts included."""
        sheets = [(i, m) for i, m in enumerate(self._book.sheets_metadata) if m.typ == SheetTypeEnum.WorkSheet]
        if wish is None:
            found = [i for i, m in sheets if m.visible == SheetVisibleEnum.Visible][:1]
        elif isinstance(wish, int):
            found = [i for n, (i, _) in enumerate(sheets, start=1) if n == wish]
        else:
            found = [i for i, m in sheets if m.name == wish]
        if found:
            return found[0]
        got = ", ".join(repr(m.name) for _, m in sheets) or "none"
        raise self._refused(f"sheets {got}", "a visible sheet" if wish is None else f"sheet {wish!r}")

    def _lines(self, position: int) -> Iterator[list[Cell]]:
        """The rows of the sheet from row 1 and column A."""
        try:
            sheet = self._book.get_sheet_by_index(position)
        except CalamineError as error:
            raise self._refused(f"a damaged sheet ({error})", "a readable sheet") from None
        left: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
        self._extent = (max(sheet.total_height, self._odd.rows), max(sheet.total_width, self._odd.columns))
        read = 0
        for values in sheet.iter_rows():
            read += 1
            yield [*left, *values]
        for _ in range(read, max(self._odd.texts, default=0)):  # rows of nothing but formulas without a result
            yield []

    def _render(self, row: int, values: list[Cell]) -> list[str]:
        cells = [v if type(v) is str else render(v, self._decimal) for v in values]
        if self._iso_durations:
            cells = [_DURATION.sub(_clock, c) if c.startswith("PT") else c for c in cells]
        if max(map(len, cells), default=0) > 15:  # no longer text, no number to doubt
            self._doubt(row, values)
        for position, text in self._odd.texts.get(row, {}).items():
            cells.extend([""] * (position + 1 - len(cells)))
            cells[position] = text
            if text == NOT_CALCULATED:
                self._no_result.append(f"{column_letters(position)}{row}")
        self.tally.see(row, cells)
        return cells

    def _doubt(self, row: int, values: list[Cell]) -> None:
        for position, value in enumerate(values):
            if type(value) is float and abs(value) >= CERTAIN:
                self._uncertain.append(f"{column_letters(position)}{row}")

    def _skip_to(self, row: int) -> None:
        for at, values in self._rows:
            if at >= row:
                self._rows = chain([(at, values)], self._rows)
                return
            self.tally.preamble += 1
            self._render(at, values)

    def _header(self, rows: list[int], join: str) -> list[str]:
        parts: list[list[str]] = []
        for row in sorted(set(rows)):
            self._skip_to(row)
            at, values = next(self._rows, (row, []))
            cells = _stripped(self._render(at, values))
            if is_blank(cells):
                raise DeliveryError(
                    "header not found",
                    where=f"{self._name}:{row}",
                    got=f"an empty row in sheet {self.tally.sheet_name!r}",
                    expected=f"column names in row {row}",
                    next_step="send the workbook in the agreed layout, "
                    "or tell us the new one so that the profile can be changed",
                )
            self.tally.header += 1
            parts.append(cells)
        return column_names(parts, join)

    def _finish(self) -> None:
        """Cells asked for outside the used area are empty; doubts become warnings."""
        for wanted in self.tally.wanted.values():
            for _, address in wanted:
                self.tally.cells.setdefault(address, "")
        if self._uncertain:
            number = count_of(len(self._uncertain), "number")
            text = (
                f"{number} of more than 15 digits, first at {self._uncertain[0]}: Excel does not keep the last digits"
            )
            self.tally.warnings.append(text)
        if self._no_result:
            number = count_of(len(self._no_result), "formula")
            text = f"{number} without a stored result, first at {self._no_result[0]}: read as {NOT_CALCULATED}"
            self.tally.warnings.append(text)

    def _refused(self, got: str, expected: str) -> DeliveryError:
        return refused(self._name, got, expected)


def load(path: Path, name: str) -> CalamineWorkbook:
    """Open a workbook by its content: the archive knows no file extensions."""
    try:
        with path.open("rb") as file:
            return load_workbook(file)
    except PasswordError:
        raise refused(name, "a password", "a workbook without a password") from None
    except CalamineError as error:
        raise refused(name, f"a damaged file ({error})", "a workbook") from None


def render(value: Cell, decimal: str) -> str:
    """The text of a cell, numbers with this decimal sign.

    >>> render(2039.41, ","), render(12.0, ","), render(True, ",")
    ('2039,41', '12', 'TRUE')
    """
    if isinstance(value, float):
        return render_number(value, decimal)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return _to_millisecond(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return _to_millisecond(datetime.combine(date(2000, 1, 1), value))[11:]
    return render_duration(value)


def render_number(value: float, decimal: str) -> str:
    """Without grouping and exponent, in the 15 significant digits that Excel keeps: 0.1 + 0.2 is 0.3.

    >>> render_number(0.1 + 0.2, ","), render_number(1e-07, "."), render_number(-0.0, ".")
    ('0,3', '0.0000001', '0')
    """
    if value.is_integer():
        return str(int(value))
    text = format(value, ".15g")
    return (format(Decimal(text), "f") if "e" in text else text).replace(".", decimal)


def render_duration(value: timedelta) -> str:
    """Hours, minutes and seconds; hours are not folded into days.

    >>> render_duration(timedelta(hours=37, minutes=30)), render_duration(-timedelta(minutes=5))
    ('37:30:00', '-00:05:00')
    """
    milliseconds = round(abs(value) / timedelta(milliseconds=1))
    seconds, rest = divmod(milliseconds, 1000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{rest:03}" if rest else "")
    return f"-{text}" if value < timedelta(0) and milliseconds else text


def _clock(found: re.Match[str]) -> str:
    return ":".join(part.zfill(2) for part in found.groups())


def _to_millisecond(value: datetime) -> str:
    """Serial numbers of Excel carry no more than milliseconds; below that is the noise of the float."""
    value += timedelta(microseconds=500)
    return value.isoformat(" ", "milliseconds").removesuffix(".000")


def _stripped(cells: list[str]) -> list[str]:
    """Without the empty cells at the end."""
    end = len(cells)
    while end and not cells[end - 1].strip(BLANK):
        end -= 1
    return cells[:end]
