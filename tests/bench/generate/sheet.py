"""A workbook with one sheet, written as it comes: what spreadsheet programs save, down to shared strings.

Its bytes depend on the cells alone; a library puts the hour of saving into the file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from types import TracebackType
from typing import IO, Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MOST_ROWS = 1_048_576
_EPOCH = dt.date(1899, 12, 30)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_CONTENT}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_CONTENT}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_CONTENT}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_CONTENT}.sharedStrings+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="Export" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rId3" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ),
    "xl/styles.xml": (  # style 1 is a date, style 2 a date with its hour
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="22" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>'
    ),
}


class Sheet:
    """The one sheet, row after row. Texts are held until the end, as a sheet has a million rows at most."""

    def __init__(self, file: IO[bytes]) -> None:
        self._pack = ZipFile(file, "w")
        self._rows = 0
        self._texts: dict[str, int] = {}
        self._used = 0

    def __enter__(self) -> Sheet:
        self._sheet = self._pack.open(_entry("xl/worksheets/sheet1.xml"), "w")
        self._sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        if error is None:
            with self._pack.open(_entry("xl/sharedStrings.xml"), "w") as file:
                counts = f'count="{self._used}" uniqueCount="{len(self._texts)}"'
                file.write(f'{_HEAD}<sst xmlns="{_MAIN}" {counts}>'.encode())
                for text in self._texts:
                    file.write(f'<si><t xml:space="preserve">{escape(text)}</t></si>'.encode())
                file.write(b"</sst>")
            for name, content in _PARTS.items():
                self._pack.writestr(_entry(name), _HEAD + content, ZIP_DEFLATED)
        self._pack.close()

    def add(self, columns: Sequence[Sequence[Any]]) -> None:
        """Some rows, column by column: texts, numbers, dates; None and '' are empty cells."""
        letters = [_letters(i) for i in range(len(columns))]
        out = []
        for row in zip(*columns, strict=True):
            self._rows += 1
            n = self._rows
            cells = [
                self._cell(f"{at}{n}", value) for at, value in zip(letters, row, strict=True) if value not in (None, "")
            ]
            out.append(f'<row r="{n}">{"".join(cells)}</row>')
        if self._rows > MOST_ROWS:
            raise ValueError(f"{self._rows} rows: a sheet holds {MOST_ROWS}")
        self._sheet.write("".join(out).encode())

    def _cell(self, at: str, value: Any) -> str:
        if isinstance(value, str):
            self._used += 1
            return f'<c r="{at}" t="s"><v>{self._texts.setdefault(value, len(self._texts))}</v></c>'
        if isinstance(value, bool):
            return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
        if isinstance(value, dt.datetime):
            return f'<c r="{at}" s="2"><v>{_serial(value)}</v></c>'
        if isinstance(value, dt.date):
            return f'<c r="{at}" s="1"><v>{(value - _EPOCH).days}</v></c>'
        number = float(value) if isinstance(value, Decimal) else value
        return f'<c r="{at}"><v>{number!r}</v></c>'


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, (2026, 11, 9, 21, 40, 0))
    entry.compress_type = ZIP_DEFLATED
    return entry


def _serial(moment: dt.datetime) -> str:
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return repr((moment.date() - _EPOCH).days + seconds / 86_400)


def _letters(index: int) -> str:
    """
    >>> _letters(0), _letters(25), _letters(26)
    ('A', 'Z', 'AA')
    """
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text
