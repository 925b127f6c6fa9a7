"""A workbook open for reading: which sheets it has, which are meant, and the cells of one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
    WorkbookClosed,
    load_workbook,
)

from pipelines.dialect import between_slashes
from pipelines.extract.celltext import CERTAIN, Cell, Texts, is_doubtful, render_duration, render_number
from pipelines.extract.container import Kind, Workbook
from pipelines.extract.odd import scan, scan_dates
from pipelines.extract.oddcells import MAX_CELLS, NOT_CALCULATED, Area
from pipelines.extract.package import mended
from pipelines.extract.table import column_letters

_DAY = timedelta(days=1)

Wish = str | int | list[str | int] | None


class OpenWorkbook:
    """A workbook behind the reader; one that the reader does not understand is mended and tried once more."""

    def __init__(self, book: Workbook) -> None:
        if book.kind is Kind.ODS:
            scan(book, 0)  # the reader lays out every sheet of such a file as soon as it opens it
        if book.kind is Kind.XLS:
            book.check_old_format()
        self.book = book
        self._tried = False
        self._reader = self._load()

    def close(self) -> None:
        """Drop it; may be called twice."""
        with suppress(WorkbookClosed):
            self._reader.close()

    @property
    def sheets(self) -> list[tuple[int, SheetMetadata]]:
        """The sheets that hold cells, with their position among all sheets of the workbook, charts included."""
        return [(i, m) for i, m in enumerate(self._reader.sheets_metadata) if m.typ == SheetTypeEnum.WorkSheet]

    def _load(self) -> CalamineWorkbook:
        try:
            with self.book.reading(), self.book.open() as file:  # by content: the archive knows no file extensions
                return load_workbook(file)
        except PasswordError:
            raise self.book.refused("a password", "a workbook without a password") from None
        except CalamineError as error:
            self._mend(error)
            return self._load()

    def _mend(self, error: CalamineError) -> None:
        if self._tried or self.book.kind is not Kind.XLSX:
            raise self.book.refused(f"a damaged file ({error})", "a workbook") from None
        self._tried = True
        self.book = mended(self.book)

    def sheet(self, position: int) -> CalamineSheet:
        """The sheet at this position, laid out in memory."""
        try:
            with self.book.reading():
                return self._reader.get_sheet_by_index(position)
        except CalamineError as error:
            self._mend(error)
            self._reader = self._load()
            return self.sheet(position)

    def chosen(self, wish: Wish) -> list[tuple[int, SheetMetadata]]:
        """The sheets that `sheet` of the format means, in the order of reading; DeliveryError when one is missing.

        A hidden sheet is chosen by its name or number only. Of a pattern that stands alone one sheet must be meant.
        """
        if wish is None:
            return self._found(wish, [s for s in self.sheets if is_visible(s[1])][:1])
        if not isinstance(wish, list):
            found = self._matches(wish)
            if len(found) > 1:
                got = f"sheets {_names(found)}, which all fit {wish}"
                raise self.book.refused(got, f"one such sheet (to read them all write `sheet: ['{wish}']`)")
            return found
        return list({s[0]: s for one in wish for s in self._matches(one)}.values())

    def _matches(self, wish: str | int) -> list[tuple[int, SheetMetadata]]:
        sheets = self.sheets
        if isinstance(wish, int):
            return self._found(wish, sheets[wish - 1 : wish] if wish > 0 else [])
        exact = [s for s in sheets if s[1].name == wish]
        pattern = between_slashes(wish)
        if exact or pattern is None:
            return self._found(wish, exact)
        return self._found(wish, [s for s in sheets if is_visible(s[1]) and re.search(pattern, s[1].name)])

    def _found(self, wish: str | int | None, found: list[tuple[int, SheetMetadata]]) -> list[tuple[int, SheetMetadata]]:
        if not found:
            got = f"sheets {_names(self.sheets) or 'none'}"
            raise self.book.refused(got, "a visible sheet" if wish is None else f"sheet {wish!r}")
        return found


def is_visible(sheet: SheetMetadata) -> bool:
    """Whether the sheet is shown to who opens the workbook."""
    return bool(sheet.visible == SheetVisibleEnum.Visible)


def _names(sheets: Sequence[tuple[int, SheetMetadata]]) -> str:
    return ", ".join(repr(m.name) for _, m in sheets[:20]) + (", …" if len(sheets) > 20 else "")


class SheetCells:
    """The cells of one sheet, from row 1 and column A, read once from top to bottom."""

    def __init__(self, opened: OpenWorkbook, position: int, texts: Texts, *, fill: bool, hidden: bool) -> None:
        self._opened = opened
        self._position = position
        self._texts = texts
        self._odd = scan(opened.book, position, hidden=hidden)
        self.hidden = self._odd.hidden if hidden else set()
        self.fill_down = True
        self.uncertain: list[str] = []
        self.not_calculated: list[str] = []
        sheet = opened.sheet(position)
        self.extent = (max(sheet.total_height, self._odd.rows), max(sheet.total_width, self._odd.columns))
        if opened.book.kind is Kind.XLSX and fill:
            ranges = sheet.merged_cell_ranges or []
            self._odd.merged = [(r1 + 1, c1, r2 + 1, c2) for (r1, c1), (r2, c2) in ranges]
        self._merged = self._by_row(self._odd.merged) if fill else {}
        self._values: dict[Area, Cell] = {}
        self._dates_known = False
        self._lines = enumerate(self._read(sheet), start=1)

    def take(self, count: int) -> list[tuple[int, list[Cell]]]:
        """The next rows with their numbers; none at the end of the sheet."""
        rows = list(islice(self._lines, count))
        odd = self._odd.texts
        if odd or self._merged:
            for row, values in rows:
                if row in odd:
                    self._overlay(row, values)
                if row in self._merged:
                    self._fill(row, values)
        return rows

    def columns(self, rows: list[tuple[int, list[Cell]]]) -> list[list[str]]:
        """The texts of some rows, column by column."""
        if not rows:
            return []
        lines = [values for _, values in rows]
        width = max(map(len, lines))
        if min(map(len, lines)) < width:
            lines = [values + [""] * (width - len(values)) for values in lines]
        self._texts.watch()
        columns = [self._texts.column(values) for values in zip(*lines, strict=True)]
        if self._texts.doubtful:
            self._correct_dates(rows, columns)
        if self._texts.uncertain:
            for row, values in rows:
                self.uncertain += [f"{column_letters(i)}{row}" for i, v in enumerate(values) if _is_long(v)]
        return columns

    def _read(self, sheet: CalamineSheet) -> Iterator[list[Cell]]:
        left: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
        read = 0
        for values in sheet.iter_rows():
            read += 1
            yield [*left, *values] if left else values
        for _ in range(read, max(self._odd.texts, default=0)):  # rows of nothing but formulas without a result
            yield []

    def _overlay(self, row: int, values: list[Cell]) -> None:
        for position, text in self._odd.texts[row].items():
            values.extend([""] * (position + 1 - len(values)))
            values[position] = text
            if text == NOT_CALCULATED:
                self.not_calculated.append(f"{column_letters(position)}{row}")

    def _by_row(self, areas: list[Area]) -> dict[int, list[Area]]:
        """The merged ranges by the rows they cover, as far as the sheet reaches."""
        rows, columns = self.extent
        found: dict[int, list[Area]] = {}
        total = 0
        for top, left, bottom, right in areas:
            area = (top, left, min(bottom, rows), min(right, columns - 1))
            total += max(0, area[2] - top + 1) * max(0, area[3] - left + 1)
            if total > MAX_CELLS:
                raise self._opened.book.refused("merged ranges that overlap without end", "each cell in one of them")
            for row in range(top, area[2] + 1):
                found.setdefault(row, []).append(area)
        return found

    def _fill(self, row: int, values: list[Cell]) -> None:
        for area in self._merged[row]:
            top, left, _, right = area
            if left > right:
                continue
            values.extend([""] * (right + 1 - len(values)))
            if row == top:
                self._values[area] = values[left]
            if row == top or self.fill_down:
                values[left : right + 1] = [self._values.get(area, "")] * (right + 1 - left)

    def _correct_dates(self, rows: list[tuple[int, list[Cell]]], columns: list[list[str]]) -> None:
        """Cells whose number is no date: the reader makes midnight of negative ones, 28 February of 60."""
        if not self._dates_known:
            self._dates_known = True
            scan_dates(self._opened.book, self._position, self._odd)
        for i, (row, values) in enumerate(rows):
            for position, number in self._odd.serials.get(row, {}).items():
                if is_doubtful(values[position]):
                    columns[position][i] = _no_date(number, self._texts.decimal)


def _is_long(value: Cell) -> bool:
    return type(value) is float and abs(value) >= CERTAIN


def _no_date(number: float, decimal: str) -> str:
    """What Excel shows for serial 60, and the bare number for one below 0."""
    if number < 0:
        return render_number(number, decimal)
    clock = render_duration(_DAY * (number % 1))
    return "1900-02-29" if number == 60 else f"1900-02-29 {clock}"
