"""The scan of a sheet of an .xlsb or .xls file (see `oddcells`). Record numbers are those of [MS-XLSB] and [MS-XLS]."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pipelines.extract.numformat import Styles, padded, styles_of
from pipelines.extract.oddcells import ERRORS, OddCells
from pipelines.extract.package import related
from pipelines.extract.parts import Parts


def scan_xlsb(parts: Parts, sheet: int, odd: OddCells) -> None:
    """Note the odd cells of the sheet at this position of an .xlsb file."""
    main = parts.workbook()
    bundles = [record for kind, record in _xlsb_records(parts.read(main)) if kind == 156]  # BrtBundleSh
    length = struct.unpack_from("<I", bundles[sheet], 8)[0]
    relation = bundles[sheet][12 : 12 + 2 * length].decode("utf-16-le")
    name = related(parts, "styles")
    styles = _xlsb_styles(parts.read(name)) if name else Styles()
    row = 0
    for kind, record in _xlsb_records(parts.read(parts.relations(main)[relation][1])):
        if kind == 0:  # BrtRowHdr
            row = int(struct.unpack_from("<I", record)[0]) + 1
            if record[11] & 0x10:  # fDyZero
                odd.hidden.add(row)
        elif kind == 176:  # BrtMergeCell
            top, bottom, left, right = struct.unpack_from("<IIII", record)
            odd.merged.append((top + 1, left, bottom + 1, right))
        elif 1 <= kind <= 11:  # the cell records, all beginning with column and style
            column, style = struct.unpack_from("<II", record)
            if kind > 1:  # not blank
                odd.extend(row, column + 1)
                odd.cells += 1
            if kind in (3, 11):  # BrtCellError, BrtFmlaError
                odd.put(row, column, ERRORS.get(record[8], "#N/A"))
            elif kind in (2, 5, 9):  # BrtCellRk, BrtCellReal, BrtFmlaNum
                value = _rk(record[8:12]) if kind == 2 else struct.unpack_from("<d", record, 8)[0]
                _note_number(odd, styles, style & 0xFFFFFF, (row, column), value)


def _note_number(odd: OddCells, styles: Styles, style: int, place: tuple[int, int], value: float) -> None:
    if style in styles.masks:
        text = padded(value, styles.masks[style])
        if text is not None:
            odd.put(*place, text)
    elif style in styles.dates:
        odd.put_serial(*place, value)


def _rk(data: bytes) -> float:
    """A number in four bytes: an integer or the upper half of a float, perhaps in hundredths."""
    number = int(struct.unpack("<i", data)[0])
    if number & 2:
        value = float(number >> 2)
    else:
        value = float(struct.unpack("<d", b"\0\0\0\0" + struct.pack("<i", number & ~3))[0])
    return value / 100 if number & 1 else value


def _xlsb_styles(data: bytes) -> Styles:
    codes: dict[int, str] = {}
    formats: list[int] = []
    inside = False
    for kind, record in _xlsb_records(data):
        if kind == 44:  # BrtFmt
            key, length = struct.unpack_from("<HI", record)
            codes[key] = record[6 : 6 + 2 * length].decode("utf-16-le", "replace")
        elif kind in (617, 618):  # BrtBeginCellXFs, BrtEndCellXFs
            inside = kind == 617
        elif kind == 47 and inside:  # BrtXF
            formats.append(int(struct.unpack_from("<H", record, 2)[0]))
    return styles_of(codes, formats)


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


def scan_xls(streams: dict[str, bytes], sheet: int, odd: OddCells) -> None:
    """BIFF5/8: find the sheet through its BOUNDSHEET record, then look at its cells."""
    data = streams.get("Workbook") or streams["Book"]
    starts, codes, formats = [], {}, []
    for kind, record in _biff_records(data, 0):
        if kind == 0x0085:  # BOUNDSHEET
            starts.append(int(struct.unpack_from("<I", record)[0]))
        elif kind == 0x041E:  # FORMAT
            codes[int(struct.unpack_from("<H", record)[0])] = _biff_text(record[2:], wide="Workbook" in streams)
        elif kind == 0x00E0:  # XF
            formats.append(int(struct.unpack_from("<H", record, 2)[0]))
    if sheet >= len(starts):
        return
    styles = styles_of(codes, formats)
    for kind, record in _biff_records(data, starts[sheet]):
        if kind == 0x0208 and record[12] & 0x20:  # ROW, fDyZero
            odd.hidden.add(int(struct.unpack_from("<H", record)[0]) + 1)
        elif kind == 0x00E5:  # MERGEDCELLS
            for at in range(2, len(record) - 7, 8):
                top, bottom, left, right = struct.unpack_from("<HHHH", record, at)
                odd.merged.append((top + 1, left, bottom + 1, right))
        else:
            _xls_cells(kind, record, odd, styles)


def _xls_cells(kind: int, record: bytes, odd: OddCells, styles: Styles) -> None:
    if kind not in (0x0205, 0x0006, 0x0203, 0x027E, 0x00BD):  # BOOLERR, FORMULA, NUMBER, RK, MULRK
        return
    row, column, style = struct.unpack_from("<HHH", record)
    place = (row + 1, column)
    if kind == 0x0205:
        if record[7]:
            odd.put(*place, ERRORS.get(record[6], "#N/A"))
    elif kind == 0x0006 and record[12:14] == b"\xff\xff":
        if record[6] == 2:
            odd.put(*place, ERRORS.get(record[8], "#N/A"))
    elif kind == 0x027E:
        _note_number(odd, styles, style, place, _rk(record[6:10]))
    elif kind == 0x00BD:
        for i, at in enumerate(range(4, len(record) - 7, 6)):
            style = int(struct.unpack_from("<H", record, at)[0])
            _note_number(odd, styles, style, (row + 1, column + i), _rk(record[at + 2 : at + 6]))
    else:
        _note_number(odd, styles, style, place, struct.unpack_from("<d", record, 6)[0])


def _biff_text(data: bytes, *, wide: bool) -> str:
    """A text with its length: two bytes and a flag since Excel 97, one byte before."""
    if not wide:
        return data[1 : 1 + data[0]].decode("cp1252", "replace")
    length, flags = struct.unpack_from("<HB", data)
    return (
        data[3 : 3 + 2 * length].decode("utf-16-le", "replace") if flags & 1 else data[3 : 3 + length].decode("latin-1")
    )


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
