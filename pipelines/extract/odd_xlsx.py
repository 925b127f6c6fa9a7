"""The scan of a sheet of an .xlsx file (see `oddcells`).

A sheet of a hundred thousand rows is 70 MB of XML, so a block is looked at with a few searches in C, and closer only
where these find something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from pipelines.extract.numformat import Styles, padded, read_styles
from pipelines.extract.oddcells import NOT_CALCULATED, OddCells
from pipelines.extract.package import related, sheets_of
from pipelines.extract.parts import Parts, row_blocks, unescape
from pipelines.extract.table import column_letters, column_position

_PREFIX = re.compile(rb"<(\w+:)worksheet\b")
_LOOSE = re.compile(rb"""\s+([\w:]+)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")
_CELL_TAG = re.compile(rb"<c(\s[^<>]*)?>")
_TAG = re.compile(rb"<(row|c)(\s[^<>]*)?(/?)>")
_PLACE = re.compile(rb'\sr="([A-Za-z]+)(\d+)"')
_ROW_PLACE = re.compile(rb'\sr="(\d+)"')
_CELL = re.compile(rb"<c((?:\s[^<>]*?)?)(?:/>|>(.*?)</c>)", re.S)
_VALUE = re.compile(rb"<v(?:\s[^<>]*)?>([^<]*)<")
_TEXT_TYPE = re.compile(rb'\st="(?:str|inlineStr|e)"')
_NO_RESULT = re.compile(rb"<f(?:\s[^<>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_HIDDEN = re.compile(rb'<row\s[^<>]*\bhidden="(?:1|true)"[^<>]*>')
_SERIAL = re.compile(rb"<v>(-[^<]*|60(?:\.[^<]*)?)</v>")
_ERROR_TYPE = re.compile(rb'\st="e"')
_USUAL = re.compile(rb'<c r="([A-Z]+)(\d+)" s="(\d+)"><v>(\d{1,15})</v></c>')
_NO_NUMBER = re.compile(rb'\st="(?!n")')
_SERIAL_MARKS = (b"v>-", b"v>60<", b"v>60.")
_STYLE = re.compile(rb'\ss="(\d+)"')


_AFTER_NAME = (b" ", b">", b"/", b"\n", b"\r", b"\t")


def scan_xlsx(parts: Parts, sheet: int, odd: OddCells, *, hidden: bool) -> None:
    """Note the odd cells of the sheet at this position."""
    styles = _styles(parts)
    masks = _with_style(styles.masks)
    for block in _blocks(parts, sheet):
        data = block.data
        odd.extend(*block.reach())
        odd.cells += len(block.places)
        odd.addressed = odd.addressed and block.addressed
        if block.has_errors:
            for start, _ in _cells_at(data, _ERROR_TYPE):
                _note_error(data, start, odd)
        if b"<f" in data:
            for start, end in _cells_at(data, _NO_RESULT):
                _note_formula(data, start, end, odd)
        if masks:
            _note_masks(data, masks, odd, styles)
        if hidden and b"hidden" in data:
            odd.hidden.update(int(place[1]) for t in _HIDDEN.findall(data) if (place := _ROW_PLACE.search(t)))


def scan_serials(parts: Parts, sheet: int, odd: OddCells) -> None:
    """Note the date cells whose number is no date; asked for only when the reader has met a doubtful one."""
    dates = _with_style(_styles(parts).dates)
    for block in _blocks(parts, sheet, marks=_SERIAL_MARKS if odd.addressed else ()) if dates else ():
        for start, _ in _cells_at(block.data, _SERIAL):
            cell = _CELL.match(block.data, start)
            value = _SERIAL.search(cell[2] or b"") if cell else None
            if cell and value and dates and dates.search(cell[1]):
                odd.put_serial(*_place(cell[1]), float(value[1]))


def _styles(parts: Parts) -> Styles:
    name = related(parts, "styles")
    return read_styles(parts.read(name)) if name else Styles()


def _with_style(styles: Iterable[int]) -> re.Pattern[bytes] | None:
    numbers = b"|".join(b"%d" % i for i in styles)
    return re.compile(rb'\ss="(?:%b)"' % numbers) if numbers else None


class _Block:
    """Some rows of a sheet's XML, and where in it the places of cells and rows stand."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.addressed = True
        self._bytes = np.frombuffer(data + b" " * 16, np.uint8)
        self._signs = np.flatnonzero(self._bytes[2:-16] == ord("=")) + 2
        before = self._bytes[self._signs - 1]
        places = self._signs[(before == ord("r"))]
        self._all_places = places[self._bytes[places - 2] <= 32] + 2
        self.places = self._all_places[self._bytes[self._all_places] >= 65]
        types = self._signs[before == ord("t")]
        self.has_errors = bool(((self._bytes[types + 2] == ord("e")) & (self._bytes[types + 3] == ord('"'))).any())

    @property
    def is_loose(self) -> bool:
        """Whether an attribute may be written otherwise than ` name="value"`."""
        after, before = self._bytes[self._signs + 1], self._bytes[self._signs - 1]
        return bool((after != ord('"')).any() or (before <= 32).any())

    @property
    def lacks_places(self) -> bool:
        """Whether a cell has no address: it stands right of the one before it."""
        return self.data.count(b"<c") != len(self.places) and any(
            not _PLACE.search(tag[1] or b"") for tag in _CELL_TAG.finditer(self.data)
        )

    def reach(self) -> tuple[int, int]:
        """The last row and the number of columns that are addressed here."""
        at = self._all_places
        column = np.zeros(len(at), np.int64)
        for _ in range(4):
            sign = self._bytes[at] & 0xDF  # capital
            letter = (sign >= 65) & (sign <= 90)
            if not letter.any():
                break
            column = np.where(letter, column * 26 + sign - 64, column)
            at = at + letter
        row = np.zeros(len(at), np.int64)
        for _ in range(9):
            digit = self._bytes[at] - np.uint8(48)  # wraps below 0
            number = digit <= 9
            if not number.any():
                break
            row = np.where(number, row * 10 + digit, row)
            at = at + number
        return int(row.max(initial=0)), int(column.max(initial=0))


def _blocks(parts: Parts, sheet: int, *, marks: Sequence[bytes] = ()) -> Iterator[_Block]:
    """The XML of a sheet in blocks of whole rows, in one way of writing: no prefixes, double quotes, addresses.

    Blocks without one of the `marks` are left out; only for sheets in which every cell has its address.
    """
    sheets = sheets_of(parts)
    if sheet >= len(sheets) or not sheets[sheet].part:
        raise KeyError(f"sheet {sheet + 1}")
    prefix: bytes | None = None
    row, column = 0, -1
    for data in row_blocks(parts, sheets[sheet].part, b"row>"):
        if marks and not any(mark in data for mark in marks):
            continue
        if prefix is None:
            found = _PREFIX.search(data)
            prefix = found[1] if found else b""
        if prefix:
            data = data.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
        block = _Block(data)
        if block.is_loose:
            block = _Block(_LOOSE.sub(_strict, data))
        block.addressed = not block.lacks_places
        if not block.addressed:
            data, row, column = _addressed(block.data, row, column)
            block = _Block(data)
            block.addressed = False
        elif len(block.places):
            last = _PLACE.match(block.data, int(block.places[-1]) - 4)
            row, column = (int(last[2]), column_position(last[1].decode())) if last else (row, column)
        yield block


def _strict(found: re.Match[bytes]) -> bytes:
    value = found[2] if found[2] is not None else found[3]
    return b' %b="%b"' % (found[1], value)


def _addressed(data: bytes, row: int, column: int) -> tuple[bytes, int, int]:
    """Give each row and cell its address; `row` and `column` are those of the cell before."""

    def address(tag: re.Match[bytes]) -> bytes:
        nonlocal row, column
        kind, words = tag[1], tag[2] or b""
        if kind == b"row":
            place = _ROW_PLACE.search(words)
            row, column = int(place[1]) if place else row + 1, -1
            return tag[0] if place else b'<row r="%d"%b%b>' % (row, words, tag[3])
        found = _PLACE.search(words)
        if found:
            row, column = int(found[2]), column_position(found[1].decode())
            return tag[0]
        column += 1
        return b'<c r="%b%d"%b%b>' % (column_letters(column).encode(), row, words, tag[3])

    return _TAG.sub(address, data), row, column


def _cells_at(data: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """Where the cells begin in which the pattern is found, and where the find ends."""
    for found in pattern.finditer(data):
        start = data.rfind(b"<c", 0, found.start() + 1)
        while start >= 0 and data[start + 2 : start + 3] not in _AFTER_NAME:
            start = data.rfind(b"<c", 0, start)
        if start >= 0:
            yield start, found.end()


def _place(words: bytes) -> tuple[int, int]:
    found = _PLACE.search(words)
    if not found:
        raise KeyError("a cell without an address")
    return int(found[2]), column_position(found[1].decode())


def _note_error(data: bytes, start: int, odd: OddCells) -> None:
    cell = _CELL.match(data, start)
    if cell and _ERROR_TYPE.search(cell[1]):  # else the words stand in a text
        value = _VALUE.search(cell[2] or b"")
        odd.put(*_place(cell[1]), unescape(value[1].decode("utf-8", "replace")) if value else "#N/A")


def _note_formula(data: bytes, start: int, end: int, odd: OddCells) -> None:
    cell = _CELL.match(data, start)
    if cell and cell.end() == end and not _TEXT_TYPE.search(cell[1]):  # a formula may result in an empty text
        odd.put(*_place(cell[1]), NOT_CALCULATED)


def _note_masks(data: bytes, masks: re.Pattern[bytes], odd: OddCells, styles: Styles) -> None:
    """The cells of styles that are masks of zeros; whole columns are, so the usual way to write them goes first."""
    usual = [m for m in _USUAL.finditer(data) if int(m[3]) in styles.masks]
    if len(usual) == sum(1 for _ in masks.finditer(data)):
        for column, row, style, value in (m.groups() for m in usual):
            text = value.decode().lstrip("0").zfill(styles.masks[int(style)])
            odd.put(int(row), column_position(column.decode()), text)
        return
    for start, _ in _cells_at(data, masks):
        _note_mask(data, start, odd, styles)


def _note_mask(data: bytes, start: int, odd: OddCells, styles: Styles) -> None:
    cell = _CELL.match(data, start)
    style = _STYLE.search(cell[1]) if cell else None
    value = _VALUE.search(cell[2] or b"") if cell else None
    if cell and style and value and not _NO_NUMBER.search(cell[1]):
        text = padded(float(value[1]), styles.masks.get(int(style[1]), 0))
        if text is not None:
            odd.put(*_place(cell[1]), text)
