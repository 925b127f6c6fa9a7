"""Cells that the workbook reader returns as empty although they are not: errors and formulas without a result.

The reader gives '' for `#N/A` as for nothing at all, which would lose a broken amount silently. So the sheet is
scanned once for such cells before it is read, and for its extent: the reader lays a sheet out as a full grid, and
one stray cell in the last row and column would take all memory.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.extract.container import Kind, Workbook, ole_streams, part_targets
from pipelines.extract.table import column_position

MAX_CELLS = 20_000_000
"""The grid the reader builds takes about 35 bytes a cell: 700 MB. Excel's million rows by 19 columns."""

NOT_CALCULATED = "#NOT_CALCULATED"
"""Text of a formula cell whose result was never stored (workbooks written by programs)."""

_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!",
    0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A", 0x2B: "#GETTING_DATA",
}  # fmt: skip
_BLOCK = 4 << 20


@dataclass
class OddCells:
    """Texts of odd cells by row (from 1) and column position (from 0), and the extent of the sheet."""

    texts: dict[int, dict[int, str]] = field(default_factory=dict)
    rows: int = 0
    columns: int = 0

    def put(self, row: int, column: int, text: str) -> None:
        """Note one cell."""
        self.texts.setdefault(row, {})[column] = text

    def extend(self, rows: int, columns: int) -> None:
        """Note that the sheet reaches that far."""
        self.rows, self.columns = max(self.rows, rows), max(self.columns, columns)


def scan(book: Workbook, sheet: int) -> OddCells:
    """Scan the sheet at this position (from 0) of the workbook; DeliveryError when it is too large to lay out.

    The extent of an .ods file is that of its largest sheet.
    """
    odd = OddCells()
    if book.kind is Kind.XLS:
        _scan_xls(ole_streams(book), sheet, odd)
    else:
        with book.archive() as archive:
            {Kind.XLSX: _scan_xlsx, Kind.XLSB: _scan_xlsb, Kind.ODS: _scan_ods}[book.kind](archive, sheet, odd)
    if odd.rows * odd.columns > MAX_CELLS:
        got = f"a sheet that reaches to row {odd.rows}, column {odd.columns}"
        raise book.refused(got, f"at most {MAX_CELLS} cells; delete what stands far off the list")
    return odd


_ROW_END = re.compile(rb"</(?:\w+:)?row>")
_ERROR_TYPE = re.compile(rb"""\st\s*=\s*["']e["']""")
_CELL_TAG = re.compile(rb"<(?:\w+:)?c\s[^>]*>")
_CELL_END = re.compile(rb"</(?:\w+:)?c>")
_CELL_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Z]+)(\d+)["']""")
_CELL_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
_TEXT_TYPE = re.compile(rb"""\st\s*=\s*["'](?:str|inlineStr)["']""")
_NO_RESULT = re.compile(rb"""f(?:\s[^<>]*)?>\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>""")


def _scan_xlsx(archive: zipfile.ZipFile, sheet: int, odd: OddCells) -> None:
    names = {n.lower(): n for n in archive.namelist()}
    tags = re.findall(rb"<(?:\w+:)?sheet\s[^>]*>", archive.read(names["xl/workbook.xml"]))
    relation = re.search(rb"""\w+:id\s*=\s*["']([^"']+)""", tags[sheet]) if sheet < len(tags) else None
    if not relation:
        raise KeyError(f"sheet {sheet + 1}")
    for data in _blocks(archive, part_targets(archive, "xl/_rels/workbook.xml.rels")[relation[1].decode()], b"row>"):
        for end in _ROW_END.finditer(data):
            last = _CELL_PLACE.match(data, data.rfind(b" r=", 0, end.start()))  # cells stand in order
            if last:
                odd.extend(int(last[2]), column_position(last[1].decode()) + 1)
        for found in _ERROR_TYPE.finditer(data):
            _note_xlsx(data, data.rfind(b"<", 0, found.start()), odd, None)
        for found in _NO_RESULT.finditer(data):
            _note_xlsx(data, _cell_start(data, found.start()), odd, NOT_CALCULATED)


def _cell_start(data: bytes, before: int) -> int:
    """Where the tag of the cell begins that holds this place."""
    at = data.rfind(b"<", 0, before)
    while at >= 0 and not _CELL_TAG.match(data, at):
        at = data.rfind(b"<", 0, at)
    return at


def _note_xlsx(data: bytes, start: int, odd: OddCells, text: str | None) -> None:
    tag = _CELL_TAG.match(data, start) if start >= 0 else None
    if not tag or (text and (_TEXT_TYPE.search(tag[0]) or _ERROR_TYPE.search(tag[0]))):
        return  # not in a cell, or a formula whose result is an empty text
    place = _CELL_PLACE.search(tag[0])
    if not place:
        raise KeyError("an error cell without an address")
    end = _CELL_END.search(data, tag.end())
    value = _CELL_VALUE.search(data, tag.end(), end.start() if end else len(data))
    odd.put(int(place[2]), column_position(place[1].decode()), text or (value[1].decode() if value else "#N/A"))


def _scan_xlsb(archive: zipfile.ZipFile, sheet: int, odd: OddCells) -> None:
    names = {n.lower(): n for n in archive.namelist()}
    book = archive.read(names["xl/workbook.bin"])
    bundles = [record for kind, record in _xlsb_records(book) if kind == 156]  # BrtBundleSh
    length = struct.unpack_from("<I", bundles[sheet], 8)[0]
    relation = bundles[sheet][12 : 12 + 2 * length].decode("utf-16-le")
    row = 0
    part = part_targets(archive, "xl/_rels/workbook.bin.rels")[relation]
    for kind, record in _xlsb_records(archive.read(part)):
        if kind == 0:  # BrtRowHdr
            row = struct.unpack_from("<I", record)[0] + 1
        elif 1 <= kind <= 11:  # the cell records, all beginning with the column
            column = struct.unpack_from("<I", record)[0]
            if kind > 1:  # not blank
                odd.extend(row, column + 1)
            if kind in (3, 11):  # BrtCellError, BrtFmlaError
                odd.put(row, column, _ERRORS.get(record[8], "#N/A"))


def _xlsb_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (data[at] & 0x7F) << 7
            at += 1
        size = shift = 0
        while True:
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift == 28:
                break
        yield kind, data[at : at + size]
        at += size


_ODS_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>")
_ODS_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d+)"')
_ODS_TEXT = re.compile(rb"<text:p>([^<]*)</text:p>")


def _scan_ods(archive: zipfile.ZipFile, sheet: int, odd: OddCells) -> None:
    table, row, height, column = -1, 0, 1, 0
    for data in _blocks(archive, "content.xml", b"</table:table-row>"):
        for found in _ODS_TAG.finditer(data):
            kind, attributes = found[1], found[2]
            repeated = _ODS_REPEATED.search(attributes)
            times = int(repeated[1]) if repeated else 1
            if kind == b"table":
                table, row, height = table + 1, 0, 1
            elif kind == b"table-row":
                row, height, column = row + height, times, 0
            else:
                if b"office:value-type" in attributes:
                    odd.extend(row + height - 1, column + times)
                if table == sheet and b'calcext:value-type="error"' in attributes:
                    text = _ODS_TEXT.search(data, found.end(), found.end() + 200)
                    for i in range(min(times * height, MAX_CELLS + 1)):
                        odd.put(row + i // times, column + i % times, text[1].decode() if text else "#N/A")
                column += times


def _blocks(archive: zipfile.ZipFile, part: str, end: bytes) -> Iterator[bytes]:
    """A part in blocks that are cut behind `end`, so that no cell is cut in two."""
    with archive.open(part) as file:
        rest = b""
        while block := file.read(_BLOCK):
            data = rest + block
            cut = data.rfind(end) + len(end) if end in data else 0
            rest = data[cut:]
            if cut:
                yield data[:cut]
        yield rest


def _scan_xls(streams: dict[str, bytes], sheet: int, odd: OddCells) -> None:
    """BIFF5/8: find the sheet through its BOUNDSHEET record, then look at its error results."""
    data = streams.get("Workbook") or streams["Book"]
    starts = [struct.unpack_from("<I", r)[0] for kind, r in _biff_records(data, 0) if kind == 0x85]
    if sheet >= len(starts):
        return
    for kind, record in _biff_records(data, starts[sheet]):
        if kind == 0x0205 and record[7]:  # BOOLERR
            row, column = struct.unpack_from("<HH", record)
            odd.put(row + 1, column, _ERRORS.get(record[6], "#N/A"))
        elif kind == 0x0006 and record[12:14] == b"\xff\xff" and record[6] == 2:  # FORMULA with an error
            row, column = struct.unpack_from("<HH", record)
            odd.put(row + 1, column, _ERRORS.get(record[8], "#N/A"))


def _biff_records(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Records of the substream that begins here, up to its EOF record."""
    depth = 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        yield kind, data[at + 4 : at + 4 + size]
        at += 4 + size
        depth += (kind == 0x0809) - (kind == 0x000A)  # BOF, EOF: charts are nested
        if depth <= 0:
            return
