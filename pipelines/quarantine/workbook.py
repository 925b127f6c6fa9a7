"""A correction workbook: the rejected rows of one delivery under the client's own headers, as an XLSX file.

Plain data in, bytes out. Every cell is a text: what a client's file holds never becomes a formula, a number or a date
here. A cell that begins like a formula is quoted for the spreadsheet program, too.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils import get_column_letter
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.quarantine import looks
from pipelines.quarantine.cells import is_active, put
from pipelines.quarantine.content import Content, Line
from pipelines.quarantine.summary import write_summary
from pipelines.quarantine.token import HINT, PROPERTY
from pipelines.quarantine.words import WORDS

LEAD = ("token", "row", "said")
"""Words of the columns before the client's own."""
HEADER_ROW, FIRST_ROW = 2, 3
HIDDEN_SHEET = "_kontor"


def written(content: Content) -> bytes:
    """The workbook as a file."""
    words = WORDS[content.language]
    book = Workbook()
    summary = book.active
    summary.title = words["summary"]
    rows = book.create_sheet(words["rows"])
    hidden = book.create_sheet(HIDDEN_SHEET)
    write_summary(summary, content, words)
    _write_rows(rows, content, words)
    _write_choices(rows, hidden, content, words)
    for sheet in (summary, rows, hidden):
        _protect(sheet)
    hidden.sheet_state = "veryHidden"
    book.security = WorkbookProtection(lockStructure=True)
    book.properties.creator = "Kontor"
    book.properties.title = words["title"]
    book.custom_doc_props.append(StringProperty(name=PROPERTY, value=content.token))
    book.custom_doc_props.append(StringProperty(name=HINT, value=f"{content.feed}/{content.source}"))
    out = io.BytesIO()
    book.save(out)
    return _without_triangles(out.getvalue())


def _write_rows(sheet: Worksheet, content: Content, words: Mapping[str, str]) -> None:
    names = [*(words[w] for w in LEAD), *content.columns]
    look = looks.Looks(sheet.parent)
    legend = sheet.cell(1, 3)
    put(legend, words["legend"])
    legend._style = look.style("legend")
    for at, name in enumerate(names, start=1):
        cell = sheet.cell(HEADER_ROW, at)
        put(cell, name)
        cell._style = look.style("lead header" if at <= len(LEAD) else "header")
    for row, line in enumerate(content.lines, start=FIRST_ROW):
        _write_line(sheet, row, line, look)
    _shape(sheet, content, names, words)


def _write_line(sheet: Worksheet, row: int, line: Line, look: looks.Looks) -> None:
    for at, text in enumerate((line.token, line.address, line.said), start=1):
        cell = sheet.cell(row, at)
        put(cell, text)
        cell._style = look.style(("token", "address", "said")[at - 1])
    if line.record:
        cell.comment = _note(line.record)
    for position, text in enumerate(line.cells):
        cell = sheet.cell(row, len(LEAD) + 1 + position)
        put(cell, text)
        kind = "bad" if position in line.notes else "locked" if position in line.locked else "cell"
        cell._style = look.style(kind, quoted=is_active(text))
        if position in line.notes:
            cell.comment = _note(line.notes[position])
    lines = sum(math.ceil(max(len(part), 1) / looks.SAID_WIDTH) for part in line.said.split("\n"))
    sheet.row_dimensions[row].height = max(18, 14 * lines + 4)


def _note(text: str) -> Comment:
    lines = sum(math.ceil(max(len(part), 1) / 44) for part in text.split("\n"))
    return Comment(text, "Kontor", width=320, height=max(60, 18 * lines + 16))


_NOTED = 24
"""Signs of a cell to be corrected that are seen on one line, an IBAN without blanks among them."""


def _shape(sheet: Worksheet, content: Content, names: Sequence[str], words: Mapping[str, str]) -> None:
    last = get_column_letter(len(names))
    sheet.freeze_panes = sheet.cell(FIRST_ROW, len(LEAD) + 1)
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{last}{HEADER_ROW + len(content.lines)}"
    sheet.row_dimensions[1].height = 22
    sheet.row_dimensions[HEADER_ROW].height = 24
    widths = [11, 8, looks.SAID_WIDTH + 2]
    for position, name in enumerate(content.columns):
        texts = sorted(max((len(p) for p in line.cells[position].split("\n")), default=0) for line in content.lines)
        usual = texts[int(len(texts) * 0.9)] if texts else 0
        noted = [len(line.cells[position]) for line in content.lines if position in line.notes]
        usual = max(usual, min(_NOTED, max(noted, default=0)))
        widths.append(max(9, min(42, max(usual, len(name) + 3) + 2)))
    for at, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    looks.for_print(sheet, words["page"], landscape=True)
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    sheet.sheet_view.showGridLines = False


def _write_choices(sheet: Worksheet, hidden: Worksheet, content: Content, words: Mapping[str, str]) -> None:
    """Lists to choose from stand in the hidden sheet: in the rule itself they could hold neither comma nor quote."""
    put(hidden.cell(1, 1), content.token)
    last = HEADER_ROW + len(content.lines)
    for number, (position, texts) in enumerate(sorted(content.choices.items()), start=2):
        for row, text in enumerate(texts, start=1):
            put(hidden.cell(row, number), text)
        letter = get_column_letter(number)
        rule = DataValidation(
            type="list", formula1=f"'{HIDDEN_SHEET}'!${letter}$1:${letter}${len(texts)}", allow_blank=True,
            showErrorMessage=True, errorTitle=content.columns[position][:30], error=words["choose"],
        )  # fmt: skip
        column = get_column_letter(len(LEAD) + 1 + position)
        rule.add(f"{column}{FIRST_ROW}:{column}{max(last, FIRST_ROW)}")
        sheet.add_data_validation(rule)


def _protect(sheet: Worksheet) -> None:
    """Without a password: it guards against slips. That nothing locked was changed is checked when it comes back."""
    protection: Any = sheet.protection
    protection.sheet = True
    protection.formatColumns = protection.formatRows = protection.autoFilter = False  # False: allowed


def _without_triangles(content: bytes) -> bytes:
    """Numbers are meant to be texts here: no green triangle shall say otherwise. openpyxl cannot write that."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename == "xl/worksheets/sheet2.xml":
                data = _ignoring(data)
            new.writestr(item, data, ZIP_DEFLATED)
    return out.getvalue()


def _ignoring(sheet: bytes) -> bytes:
    size = re.search(rb'<dimension ref="(?:[A-Z]+[0-9]+:)?([A-Z]+[0-9]+)"', sheet)
    where = b"A1:" + (size[1] if size else b"XFD1048576")
    mark = b'<ignoredErrors><ignoredError sqref="' + where + b'" numberStoredAsText="1"/></ignoredErrors>'
    at = sheet.find(b"<legacyDrawing")
    at = at if at >= 0 else sheet.rfind(b"</worksheet>")
    return sheet[:at] + mark + sheet[at:]
