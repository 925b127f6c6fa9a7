"""A review workbook: pairs of customers that may be one, a row for each, as an XLSX file.

Plain data in, bytes out, by the rules of correction workbooks: every cell is a text and stays one. Both values of a
column stand in one cell, one above the other: so a pair is one row that can be filtered, and equal columns are quiet.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from copy import copy
from difflib import SequenceMatcher
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Protection
from openpyxl.utils import get_column_letter
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.quarantine import looks
from pipelines.quarantine.cells import is_active, put, shown
from pipelines.quarantine.review_content import PairCell, PairLine, ReviewContent
from pipelines.quarantine.review_words import REVIEW_WORDS
from pipelines.quarantine.token import HINT, PROPERTY, REVIEW

LEAD = ("token", "group", "decision", "comment", "probability", "why", "records", "golden")
"""Words of the columns before those of the customers."""
DECISION, COMMENT = LEAD.index("decision"), LEAD.index("comment")
LOCKED = tuple(i for i in range(1, len(LEAD)) if i not in (DECISION, COMMENT))
"""Positions of the lead columns that must come back as they were sent."""
PERSON_ROW, HEADER_ROW, FIRST_ROW = 1, 2, 3
PERSON = COMMENT
"""Position of the cell above the table in which who decides gives a name."""
HIDDEN_SHEET = "_kontor"
_WIDTHS = {
    "token": 11,
    "group": 8,
    "decision": 14,
    "comment": 26,
    "probability": 10,
    "why": 44,
    "records": 24,
    "golden": 18,
}
_OPEN, _SHUT = Protection(locked=False), Protection(locked=True)
_TOP = Alignment(vertical="top", wrap_text=True)
_INPUT = looks.fill("DCEBFA")
_PLAIN = InlineFont(rFont=looks.FONT, sz=10, color=looks.INK)
_BOLD = InlineFont(rFont=looks.FONT, sz=10, b=True, color="9C2A00")


def written(content: ReviewContent) -> bytes:
    """The workbook as a file."""
    words = REVIEW_WORDS[content.language]
    book = Workbook()
    summary = book.active
    summary.title = words["summary"]
    pairs = book.create_sheet(words["pairs"])
    hidden = book.create_sheet(HIDDEN_SHEET)
    _write_summary(summary, content, words)
    _write_pairs(pairs, content, words)
    _write_choices(pairs, hidden, content, words)
    for sheet in (summary, pairs, hidden):
        protection: Any = sheet.protection
        protection.sheet = True
        protection.formatColumns = protection.formatRows = protection.autoFilter = False  # False: allowed
    hidden.sheet_state = "veryHidden"
    book.active = 1
    book.security = WorkbookProtection(lockStructure=True)
    book.properties.creator = "Kontor"
    book.properties.title = words["title"]
    book.custom_doc_props.append(StringProperty(name=PROPERTY, value=content.token))
    book.custom_doc_props.append(StringProperty(name=HINT, value=f"{REVIEW}/{content.client_id}"))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_pairs(sheet: Worksheet, content: ReviewContent, words: Mapping[str, str]) -> None:
    look = looks.Looks(sheet.parent)
    _put(sheet, PERSON_ROW, DECISION, words["by"], look.style("legend"))
    _put(sheet, PERSON_ROW, PERSON, "", look.style("cell"))
    sheet.cell(PERSON_ROW, PERSON + 1).fill = _INPUT
    _put(sheet, PERSON_ROW, LEAD.index("why"), words["legend"], look.style("legend"))
    names = [*(words[w] for w in LEAD), *content.columns]
    for at, name in enumerate(names):
        _put(sheet, HEADER_ROW, at, name, look.style("lead header" if at < len(LEAD) else "header"))
    before = ""
    for row, line in enumerate(content.lines, start=FIRST_ROW):
        _write_line(sheet, row, line, look, first=line.group != before)
        before = line.group
    _shape(sheet, content, names, words)


def _write_line(sheet: Worksheet, row: int, line: PairLine, look: looks.Looks, *, first: bool) -> None:
    styles = ("token", "said", "cell", "cell", "said", "said", "said", "said")
    texts = (line.token, line.group, "", "", line.probability, line.why, line.records, line.golden)
    for at, (text, style) in enumerate(zip(texts, styles, strict=True)):
        _put(sheet, row, at, text, look.style(style, quoted=is_active(text)))
    for at in (DECISION, COMMENT):
        sheet.cell(row, at + 1).fill = _INPUT
    for at, cell in enumerate(line.cells, start=len(LEAD)):
        _put_pair(sheet, row, at, cell, look)
    if first:
        for at in range(len(LEAD) + len(line.cells)):
            _top_line(sheet.cell(row, at + 1))
    tall = max(_lines(line.why, 50), 2, *(_lines(c.text, 30) for c in line.cells))
    sheet.row_dimensions[row].height = 13 * tall + 5


def _put(sheet: Worksheet, row: int, at: int, text: str, style: Any) -> None:
    cell = sheet.cell(row, at + 1)
    put(cell, text)
    cell._style = copy(style)  # some are changed afterwards: a shared one would change for all


def _put_pair(sheet: Worksheet, row: int, at: int, pair: PairCell, look: looks.Looks) -> None:
    """Agreement is white, difference yellow, what only one has grey. The letters that differ are bold."""
    cell = sheet.cell(row, at + 1)
    kind = {"other": "bad", "alike": "bad", "one": "locked"}.get(pair.likeness, "cell")
    put(cell, pair.text)
    if pair.likeness in ("other", "alike") and not pair.hidden:
        cell._value = marked(pair.left or "", pair.right or "")
    cell._style = copy(look.style(kind, quoted=is_active(pair.text)))
    cell.protection = _SHUT
    if kind == "bad":
        cell.font = looks.font()


def marked(left: str, right: str) -> CellRichText:
    """Both texts, one above the other, with the letters in bold that the other has not.

    Blanks and the line break go with what stands beside them: a part of nothing else is lost by spreadsheet programs.

    >>> [part.text for part in marked("Meyer", "Meier")]
    ['Me', 'y', 'er\\n', 'Me', 'i', 'er']
    """
    steps = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    above = [(tag != "equal", left[a:b]) for tag, a, b, _, _ in steps if b > a]
    below = [(tag != "equal", right[c:d]) for tag, _, _, c, d in steps if d > c]
    parts: list[tuple[bool, str]] = []
    for differs, text in [*above, (False, "\n"), *below]:
        if parts and (not text.strip() or not parts[-1][1].strip()):
            parts[-1] = (parts[-1][0] if parts[-1][1].strip() else differs, parts[-1][1] + text)
        else:
            parts.append((differs, text))
    return CellRichText(*(TextBlock(_BOLD if differs else _PLAIN, text) for differs, text in parts))


def _top_line(cell: Any) -> None:
    border = looks.line()
    border.top = looks.line(looks.ACCENT).top
    cell.border = border


def _lines(text: str, width: int) -> int:
    return sum(math.ceil(max(len(part), 1) / width) for part in text.split("\n"))


def _shape(sheet: Worksheet, content: ReviewContent, names: Sequence[str], words: Mapping[str, str]) -> None:
    last = get_column_letter(len(names))
    sheet.freeze_panes = sheet.cell(FIRST_ROW, COMMENT + 2)
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{last}{HEADER_ROW + len(content.lines)}"
    sheet.row_dimensions[PERSON_ROW].height = 24
    sheet.row_dimensions[HEADER_ROW].height = 24
    widths = [_WIDTHS[word] for word in LEAD]
    for at, name in enumerate(content.columns):
        longest = max((len(p) for line in content.lines for p in line.cells[at].text.split("\n")), default=0)
        widths.append(max(10, min(30, max(longest, len(name) + 3) + 2)))
    for at, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.column_dimensions["A"].hidden = True
    looks.for_print(sheet, words["page"], landscape=True)
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    sheet.sheet_view.showGridLines = False


def _write_choices(
    sheet: Worksheet, hidden: Worksheet, content: ReviewContent, words: Mapping[str, str]
) -> None:  # fmt: skip
    put(hidden.cell(1, 1), content.token)
    last = max(HEADER_ROW + len(content.lines), FIRST_ROW)
    letter, person = get_column_letter(DECISION + 1), get_column_letter(PERSON + 1)
    lists = (
        ("B", (words["same"], words["different"]), f"{letter}{FIRST_ROW}:{letter}{last}", words["decision"]),
        ("C", content.stewards, f"{person}{PERSON_ROW}", words["by"]),
    )
    for number, (column, texts, where, title) in enumerate(lists, start=2):
        for row, text in enumerate(texts, start=1):
            put(hidden.cell(row, number), text)
        rule = DataValidation(
            type="list", formula1=f"'{HIDDEN_SHEET}'!${column}$1:${column}${max(len(texts), 1)}", allow_blank=True,
            showErrorMessage=True, errorTitle=title[:30], error=words["choose"],
        )  # fmt: skip
        rule.add(where)
        sheet.add_data_validation(rule)


def _write_summary(sheet: Worksheet, content: ReviewContent, words: Mapping[str, str]) -> None:
    for letter, width in {"A": 3, "B": 26, "C": 92, "D": 3}.items():
        sheet.column_dimensions[letter].width = width
    sheet.sheet_view.showGridLines = False
    (_, client), *facts = content.facts
    for row, height, text, size in ((2, 30, words["title"], 18), (3, 20, client, 11)):
        sheet.row_dimensions[row].height = height
        for column in (2, 3):
            sheet.cell(row, column).fill = looks.fill(looks.ACCENT)
        _say(sheet, row, 2, text, bold=size > 11, size=size, color="FFFFFF")
        sheet.merge_cells(start_row=row, start_column=2, end_row=row, end_column=3)
    row = 5
    for name, text in [*facts, (words["count"], str(len(content.lines)))]:
        _say(sheet, row, 2, name, color="5B6B75")
        _say(sheet, row, 3, text, bold=name == words["count"])
        row += 1
    row += 1
    for column in (2, 3):
        sheet.cell(row, column).fill = looks.fill(looks.PALE)
    _say(sheet, row, 2, words["steps"], bold=True, size=11, color=looks.ACCENT)
    steps = [words[f"step{n}"].format(sheet=words["pairs"], **words) for n in range(1, 6)]
    texts = [*(f"{n}.  {step}" for n, step in enumerate(steps, start=1)), words["group_note"]]
    if content.rest:
        texts.append(words["rest"].format(n=content.rest))
    for at, text in enumerate(texts, start=row + 1):
        _say(sheet, at, 2, text)
        sheet.merge_cells(start_row=at, start_column=2, end_row=at, end_column=3)
        sheet.row_dimensions[at].height = 15 * math.ceil(len(text) / 118) + 4
    looks.for_print(sheet, words["page"], landscape=False)


def _say(sheet: Worksheet, row: int, column: int, text: str, **font: Any) -> None:
    cell = sheet.cell(row, column)
    put(cell, shown(text))
    cell.font = looks.font(**font)
    cell.number_format = "@"
    cell.quotePrefix = is_active(text)
    cell.alignment = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)
