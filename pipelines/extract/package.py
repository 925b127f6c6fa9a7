"""Office Open XML workbooks as packages of parts: which is which, and copies that the reader understands.

The reader wants the main part where Excel puts it, in UTF-8, with plain targets, and knows the errors of Excel 2007.
Files of other programs are legal without all that, so what it cannot read is written again (`mended`).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from pipelines.extract.container import Kind, Workbook, part_name
from pipelines.extract.parts import MAX_ROW_BYTES, UTF16, Parts, attributes, row_blocks, utf8
from pipelines.extract.table import column_position

MAX_STRINGS_BYTES = 512 << 20
"""Of the shared strings, which the reader keeps as a whole: ten unique texts in each of a million rows."""

MAX_SHEETS = 4096
"""Nobody turns the leaves of more; a workbook of ten thousand sheets is a trap."""

PEEK_BLOCK = 256 << 10
"""Unpacked at once where only a beginning is wanted."""

_DOTTED = re.compile(rb"""Target\s*=\s*["'](?:\./|\.\./|[^"']*\\)""")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_DIMENSION = re.compile(rb"<(?:\w+:)?dimension\s[^>]*?(?:/>|>\s*</(?:\w+:)?dimension>)")
_ERROR = re.compile(rb"""(<(?:\w+:)?c\s[^>]*?\bt\s*=\s*["'])e(["'])""")


@dataclass(frozen=True)
class SheetPart:
    """One sheet of the package; `part` is '' when the package does not have it."""

    name: str
    part: str
    kind: str


def sheets_of(parts: Parts) -> list[SheetPart]:
    """The sheets in the order of the workbook, charts included."""
    main = parts.workbook()
    relations = parts.relations(main)
    found = []
    for tag in _SHEET.findall(utf8(parts.read(main))):
        words = attributes(tag)
        key = next((v for k, v in words.items() if k.endswith(":id")), "")
        kind, part = relations.get(key, ("", ""))
        found.append(SheetPart(words.get("name", ""), part if part in parts else "", kind))
    return found


def related(parts: Parts, kind: str) -> str | None:
    """The part of this kind that belongs to the workbook, e.g. `styles`."""
    return next((t for k, t in parts.relations(parts.workbook()).values() if k == kind and t in parts), None)


def checked(book: Workbook) -> Workbook:
    """Refuse what no sound workbook holds; DeliveryError. What the reader would misread is mended."""
    with book.archive() as archive:
        parts = Parts(archive)
        plain = True
        for name in parts.names():
            if name.endswith((".xml", ".rels")):
                head = parts.head(name)
                if _FORBIDDEN.search(utf8(head)):
                    raise book.refused(f"a part with entities of its own ({name})", "a workbook without such traps")
                plain = plain and head[:2] not in UTF16
        if book.kind is Kind.ODS:
            return book
        strings = related(parts, "sharedStrings")
        size = sum(map(len, parts.blocks(strings))) if strings else 0
        if size > MAX_STRINGS_BYTES:
            raise book.refused(f"{size} bytes of texts", f"at most {MAX_STRINGS_BYTES} bytes")
        if book.kind is Kind.XLSX:
            count = len(sheets_of(parts))
            if count > MAX_SHEETS:
                raise book.refused(f"{count} sheets", f"at most {MAX_SHEETS} sheets")
            plain = plain and _is_as_excel_writes(parts)
    return book if plain or book.kind is not Kind.XLSX else mended(book)


def _is_as_excel_writes(parts: Parts) -> bool:
    """Whether the reader finds the parts."""
    relations = "xl/_rels/workbook.xml.rels"
    if parts.workbook() != "xl/workbook.xml" or "_rels/.rels" not in parts or relations not in parts:
        return False
    for kind, name in _FIXED.items():
        if part_name(related(parts, kind) or f"xl/{name}") != part_name(f"xl/{name}"):
            return False
    return not _DOTTED.search(parts.read(relations))


def dimensions(book: Workbook) -> dict[str, tuple[int, int]]:
    """Sheet → rows and columns as the sheet says of itself, where it does."""
    found: dict[str, tuple[int, int]] = {}
    with book.archive() as archive:
        parts = Parts(archive)
        for sheet in sheets_of(parts):
            tag = _DIMENSION.search(utf8(parts.head(sheet.part))) if sheet.part else None
            corner = (
                re.fullmatch(r"(?:.*:)?\$?([A-Za-z]{1,3})\$?(\d{1,7})", attributes(tag[0]).get("ref", ""))
                if tag
                else None
            )
            if corner:
                found[sheet.name] = (int(corner[2]), column_position(corner[1]) + 1)
    return found


def mended(book: Workbook) -> Workbook:
    """The same .xlsx as Excel would lay it out: fixed names, UTF-8, no dimensions, errors as texts."""
    with book.archive() as archive:
        parts = Parts(archive)
        main = parts.workbook()
        out = _Package()
        out.add("xl/workbook.xml", [utf8(parts.read(main))])
        for key, kind, target, name in _renamed(parts, main):
            out.relate(key, kind, name)
            if kind == "worksheet":
                blocks = row_blocks(parts, target, b">")
                if parts.head(target)[:2] in UTF16:
                    blocks = iter([utf8(parts.read(target))])
                out.add(f"xl/{name}", (_ERROR.sub(rb"\1str\2", _DIMENSION.sub(b"", b)) for b in blocks))
            else:
                out.add(f"xl/{name}", [utf8(parts.read(target))])
        return replace(book, content=out.finish())


_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


_FIXED = {"sharedStrings": "sharedStrings.xml", "styles": "styles.xml"}
"""Where the reader looks for these parts, whatever the relations say."""
_SHEETS = ("worksheet", "chartsheet", "dialogsheet", "xlMacrosheet")


def _renamed(parts: Parts, main: str) -> list[tuple[str, str, str, str]]:
    """Relation id, kind, part and new name below xl/ of all that the reader needs."""
    found = []
    for n, (key, (kind, target)) in enumerate(parts.relations(main).items()):
        if target in parts and (kind in _FIXED or kind in _SHEETS):
            found.append((key, kind, target, _FIXED.get(kind) or f"{kind}s/sheet{n}.xml"))
    return found


class _Package:
    """A workbook package being written."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._zip = zipfile.ZipFile(self._bytes, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._tags: list[str] = []

    def add(self, name: str, blocks: Iterator[bytes] | list[bytes]) -> None:
        with self._zip.open(name, "w", force_zip64=True) as file:
            for block in blocks:
                file.write(block)

    def relate(self, key: str, kind: str, name: str) -> None:
        self._tags.append(f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{name}"/>')

    def finish(self) -> bytes:
        for name, tags in (
            ("xl/_rels/workbook.xml.rels", self._tags),
            ("_rels/.rels", [f'<Relationship Id="r" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>']),
        ):
            self.add(name, [f'<Relationships xmlns="{_RELATIONS}">{"".join(tags)}</Relationships>'.encode()])
        self._zip.close()
        return self._bytes.getvalue()


_ROW_END = re.compile(rb"</((?:\w+:)?)row\s*>")
_STRING = re.compile(rb"""\bt\s*=\s*["']s["'][^>]*>\s*<(?:\w+:)?v>\s*(\d+)""")
_ROW_END_BYTES = 64
"""Longer than the tag that ends a row."""

_STRINGS = re.compile(rb"<((?:\w+:)?)sst\b")
_STRING_END = re.compile(rb"</(?:\w+:)?si\s*>|<(?:\w+:)?si\s*/>")


def shortened(book: Workbook, rows: int) -> Workbook:
    """An .xlsx of only the first rows of every sheet, and of the shared strings these need.

    Looking at the beginning of a large workbook then costs nothing like reading it.
    """
    with book.archive() as archive:
        parts = Parts(archive)
        main = parts.workbook()
        out = _Package()
        out.add("xl/workbook.xml", [utf8(parts.read(main))])
        last = -1
        renamed = _renamed(parts, main)
        for key, kind, target, name in sorted(renamed, key=lambda r: r[1] != "worksheet"):  # they tell what they need
            if kind == "worksheet":
                content = _first_rows(parts, target, rows)
                last = max([last, *(int(i) for i in _STRING.findall(content))])
            elif kind == "sharedStrings":
                content = _first_strings(parts, target, last + 1)
            else:
                content = parts.read(target)
            out.add(f"xl/{name}", [utf8(content)])
            out.relate(key, kind, name)
        return replace(book, content=out.finish())


def _first_rows(parts: Parts, name: str, rows: int) -> bytes:
    """The part up to the end of that many rows, closed again."""
    data, left, end, prefix = bytearray(), rows, 0, b""
    for block in parts.blocks(name, PEEK_BLOCK):
        start = max(len(data) - _ROW_END_BYTES, end)
        data += block
        found = list(islice(_ROW_END.finditer(data, start), left))
        if found:
            left, end, prefix = left - len(found), found[-1].end(), bytes(found[-1][1])
        if end and (left == 0 or len(data) > MAX_ROW_BYTES):
            return bytes(data[:end]) + b"</%bsheetData></%bworksheet>" % (prefix, prefix)
        if len(data) > MAX_ROW_BYTES:
            raise ValueError(f"a row of more than {MAX_ROW_BYTES} bytes")
    return bytes(data)


def _first_strings(parts: Parts, name: str, count: int) -> bytes:
    """So many of the shared strings."""
    pieces: list[bytes] = []
    rest, prefix, left = b"", None, count
    for block in parts.blocks(name, PEEK_BLOCK):
        data = rest + block
        if prefix is None:
            tag = _STRINGS.search(data)
            prefix = tag[1] if tag else b""
            if not count:
                return b"<%bsst></%bsst>" % (prefix, prefix)
        found = list(_STRING_END.finditer(data))
        if len(found) >= left:
            return b"".join([*pieces, data[: found[left - 1].end()], b"</%bsst>" % prefix])
        left -= len(found)
        cut = found[-1].end() if found else 0
        pieces.append(data[:cut])
        rest = data[cut:]
    return b"".join([*pieces, rest])
