"""The scan of an .ods file (see `oddcells`): of all its sheets at once, as the reader lays all of them out."""

from __future__ import annotations

import re

from pipelines.extract.numformat import padded
from pipelines.extract.oddcells import ERRORS, MAX_CELLS, OddCells
from pipelines.extract.parts import Parts, row_blocks, unescape

_TAG = re.compile(rb"<(/?)table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>")
_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d+)"')
_SPANNED = re.compile(rb'number-(columns|rows)-spanned="(\d+)"')
_HIDDEN = re.compile(rb'table:visibility="(?:collapse|filter)"')
_VALUE = re.compile(rb'office:value="([^"]*)"')
_TEXT = re.compile(rb"\s*<text:p(?:\s[^>]*)?>([^<]*)</text:p>")
_NOTE = re.compile(rb"<office:annotation\b.*?</office:annotation>", re.S)
_PARAGRAPH = re.compile(rb"<text:p(?:\s[^>]*)?>(.*?)</text:p>", re.S)
_MARKUP = re.compile(rb"<(?:text:(s|tab|line-break)\b)?[^>]*>")
_NUMBER = re.compile(rb"-?0\d*")
_ERROR_TEXTS = frozenset(text.encode() for text in ERRORS.values())
MAX_REPEATS = 1 << 24
"""No sheet has more rows or columns."""


def scan_ods(parts: Parts, sheet: int, odd: OddCells) -> None:
    """Note the odd cells of the sheet at this position; the extent is that of the largest sheet, `cells` of all."""
    _Scan(sheet, odd).run(parts)


class _Scan:
    """Where in the document the scan stands."""

    def __init__(self, sheet: int, odd: OddCells) -> None:
        self.sheet = sheet
        self.odd = odd
        self.table, self.depth = -1, 0
        self.row, self.height, self.column = 0, 1, 0
        self.rows, self.columns = 0, 0

    def run(self, parts: Parts) -> None:
        """Look at every table, row and cell of the document."""
        for data in row_blocks(parts, "content.xml", b"</table:table-row>"):
            for found in _TAG.finditer(data):
                closing, kind, words = found[1], found[2], found[3]
                if kind == b"table":
                    self._table(bool(closing), words)
                elif closing or self.depth > 1:  # a table inside a cell is no part of the list
                    continue
                elif kind == b"table-row":
                    self._row(words)
                else:
                    self._cell(data, found.end(), words)

    def _table(self, closing: bool, words: bytes) -> None:
        if closing:
            self.depth -= 1
            if self.depth == 0:
                self.odd.cells += self.rows * self.columns
        else:
            self.depth += 0 if words.endswith(b"/") else 1
            if self.depth <= 1:
                self.table += 1
                self.row, self.height, self.rows, self.columns = 0, 1, 0, 0

    def _row(self, words: bytes) -> None:
        self.row, self.height, self.column = self.row + self.height, _times(words), 0
        if self.table == self.sheet and self.height < MAX_CELLS and _HIDDEN.search(words):
            self.odd.hidden.update(range(self.row, self.row + min(self.height, MAX_CELLS)))

    def _cell(self, data: bytes, end: int, words: bytes) -> None:
        times = _times(words)
        if b"office:value-type" in words:
            last = self.row + self.height - 1
            self.rows, self.columns = max(self.rows, last), max(self.columns, self.column + times)
            self.odd.extend(last, self.column + times)
            if self.table == self.sheet and not words.endswith(b"/"):
                text = _odd_text(data, end, words)
                if text is not None:
                    self._put(text, times)
        spans = dict(_SPANNED.findall(words)) if self.table == self.sheet else {}
        if spans:
            wide, high = (min(int(spans.get(k, 1)), MAX_REPEATS) for k in (b"columns", b"rows"))
            self.odd.merged.append((self.row, self.column, self.row + high - 1, self.column + wide - 1))
        self.column += times

    def _put(self, text: str, times: int) -> None:
        if times * self.height > MAX_CELLS:
            return  # refused for its extent
        for i in range(times * self.height):
            self.odd.put(self.row + i // times, self.column + i % times, text)


def _times(words: bytes) -> int:
    found = _REPEATED.search(words)
    return min(int(found[1]), MAX_REPEATS) if found else 1


def _odd_text(data: bytes, end: int, words: bytes) -> str | None:
    """The text of an error, of a number shown by a mask of zeros, or of a cell with tabs or breaks in its lines."""
    found = _TEXT.match(data, end)
    shown = found[1] if found else b""
    if b'calcext:value-type="error"' in words or (shown in _ERROR_TEXTS and b"table:formula" in words):
        return unescape(shown.decode("utf-8", "replace")) or "#N/A"
    value = _VALUE.search(words)
    if value and b'value-type="float"' in words and len(shown) > 1 and _NUMBER.fullmatch(shown):
        text = padded(float(value[1]), len(shown.lstrip(b"-")))
        return text if text == shown.decode() else None
    if b'value-type="string"' in words and not found:
        content = data[end : data.find(b"</table:table-cell>", end)]
        return _text_of(content) if b"<text:tab" in content or b"<text:line-break" in content else None
    return None


def _text_of(content: bytes) -> str:
    """The paragraphs of a cell; the reader drops tabs and line breaks inside them."""
    paragraphs = _PARAGRAPH.findall(_NOTE.sub(b"", content))
    texts = [_MARKUP.sub(_as_text, paragraph).decode("utf-8", "replace") for paragraph in paragraphs]
    return unescape("\n".join(texts))


def _as_text(tag: re.Match[bytes]) -> bytes:
    if tag[1] == b"s":
        count = re.search(rb'text:c="(\d{1,5})"', tag[0])
        return b" " * (int(count[1]) if count else 1)
    return {b"tab": b"\t", b"line-break": b"\n"}.get(tag[1] or b"", b"")
