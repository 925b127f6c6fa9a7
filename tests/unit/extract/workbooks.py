"""Workbooks in formats that nothing we depend on can write."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Sequence

XLS = (
    "c-rk)O=uHA6#izjX_M0Cr?x^Xlu)p0Z4c6eUg~PG_S8_lC`HiJEVVR0vaV>oSgkpD5ClO{ycFueOVx`%sGtYIgHX|fAP9*bJqZdP"
    "(yVXZ?$)$cXh4IJ{g!z<^Jc!C*?I5H?Ck4>XnyuydjTu36F!uzAnM9=f>O{eL_qbHCA025K*{n@QwRpgkad1MZhBQOZ7A(sfP%Z~"
    "bCSSEN{4V9@oYwqRS^R`hJ=t~=oc#ao`Rc{LTKZ0HM2a*avjS%-1Z5}U97ppvY*=K#V8iEc=ry+j}I!HTo)oK@PIk*S+fnTcq#q("
    ">}6rM^<%d&kx128MTgpmIgm+*^o(xEau~PJ089~j)9K!1GLIHA_Z+@iG2p8k*Uw^}zPfq=(tlsBum6ocKt^1tzoMwXG^`^+I&%(9"
    "=u>5lAA`mTQ_qo?U-a9tJ$g!?F!ds~bDYaW9+JtL$0jo4#EB=;Iw=Qq(@2aHWlzF9nI^?>F_qE{a<J14atq)kBeHDCXyQO>B$-5*"
    "^HC0`2#vUS`^%f*u@UVsYo>Xdus4&9a^$dZPBMrbTB@;SH#4@fJkL+v!1;ETE%b(T?;2@!GJ9vZ%>}OQqJH`qZ?#Qj`OTEiect!5"
    "Blk($Lizcj!kL!&ciJpEX>&^wUtTll5k2C@b%{rsdl$~K^MPgCFH2BBi8y1ooE<ZaMHzI2sJ*Q!&A2a{(h~I()tFV^lC0HP^{qOq"
    "@{R41J3Dqsp_0#Gi&fZy*>a|yQvZV4*NjHWUwxqvTk;fs&T^i@JQ+`ZCE(bkTd-ZRnq573@ZiCN2M-?pF$n&|u|Et|J~S+y3;4gz"
    "BBhe|o8-U6eq`w~=}0+<4BZV(RpdYG;TP_+#2Pv7|3Zla)VqO6jPW=oEB0SHI*9W3Su-*6=R&B`{!5jN^Dp=R1KkP=4F"
)
"""Two sheets: `Erste` (A1 nothing); `Zweite`: Name, Betrag, Datum / Müller, 2039.41, 2024-05-01 / x, #N/A."""

_ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.2">
<office:body><office:spreadsheet><table:table table:name="S">ROWS</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def xls() -> bytes:
    """A small .xls file with an error cell."""
    return zlib.decompress(base64.b85decode(XLS))


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def ods(*rows: str) -> bytes:
    """An .ods file with these `table:table-row` elements in its sheet S."""
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": _ODS.replace("ROWS", "".join(rows)),
            "META-INF/manifest.xml": '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        }
    )


def xlsb(
    *rows: list[str | float | None],
    mask: str = "",
    hidden: Collection[int] = (),
    merged: Sequence[tuple[int, int, int, int]] = (),
) -> bytes:
    """An .xlsb file with one sheet S; None is an error cell #N/A. Rows and columns count from 0.

    `mask` is the number format of all numbers; `merged` are first row, first column, last row, last column.
    """
    cells = b""
    for number, row in enumerate(rows):
        flags = 0x10 if number in hidden else 0
        cells += _record(0, struct.pack("<IIHBBBII", number, 0, 300, 0, flags, 0, 0, 0))
        for column, value in enumerate(row):
            head = struct.pack("<II", column, 1 if mask and isinstance(value, float) else 0)
            if value is None:
                cells += _record(3, head + b"\x2a")
            elif isinstance(value, str):
                cells += _record(6, head + _wide(value))
            elif float(value).is_integer() and mask:
                cells += _record(2, head + struct.pack("<i", int(value) << 2 | 2))
            else:
                cells += _record(5, head + struct.pack("<d", value))
    extent = struct.pack("<IIII", 0, max(len(rows) - 1, 0), 0, max(len(r) for r in rows) - 1)
    sheet = _record(129, b"") + _record(148, extent) + _record(145, b"") + cells + _record(146, b"")
    if merged:
        areas = (struct.pack("<IIII", top, bottom, left, right) for top, left, bottom, right in merged)
        sheet += (
            _record(177, struct.pack("<I", len(merged))) + b"".join(_record(176, a) for a in areas) + _record(178, b"")
        )
    sheet += _record(130, b"")
    bundle = struct.pack("<II", 0, 1) + _wide("rId1") + _wide("S")
    book = _record(131, b"") + _record(143, b"") + _record(156, bundle) + _record(144, b"") + _record(132, b"")
    style = _record(278, b"") + _record(44, struct.pack("<H", 164) + _wide(mask or "0")) + _record(617, b"\2\0\0\0")
    style += b"".join(_record(47, struct.pack("<HHHHHBBHBB", 0, f, 0, 0, 0, 0, 0, 0, 0, 0)) for f in (0, 164))
    style += _record(618, b"") + _record(279, b"")
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    relations = "".join(
        f'<Relationship Id="rId{i}" Type="{OFFICE}/{kind}" Target="{where}"/>'
        for i, (kind, where) in enumerate([("worksheet", "worksheets/sheet1.bin"), ("styles", "styles.bin")], start=1)
    )
    return zipped(
        {
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{space}">{relations}</Relationships>',
            "xl/worksheets/sheet1.bin": sheet,
            "xl/styles.bin": style,
        }
    )


def _record(kind: int, data: bytes) -> bytes:
    tag = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return tag + bytes([len(data)]) + data


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def ole(stream: str) -> bytes:
    """An OLE compound file with one empty stream of this name."""
    return compound({stream: b""})


def compound(streams: dict[str, bytes]) -> bytes:
    """An OLE compound file with these streams, each made long enough to need no small sectors."""
    entries, content, fat = [], b"", []
    for name, data in streams.items():
        data = data.ljust(4096 if data else 0, b"\0")
        sectors = -(-len(data) // 512)
        first = len(fat) if sectors else _END
        fat += [len(fat) + 1 + i for i in range(sectors - 1)] + [_END] * bool(sectors)
        content += data.ljust(sectors * 512, b"\0")
        entries.append(_entry(name, 2, first, len(data)))
    for i in range(len(entries)):  # all in one chain to the right of the first
        entries[i] = entries[i][:72] + struct.pack("<I", i + 2 if i + 1 < len(entries) else _NONE) + entries[i][76:]
    root = _entry("Root Entry", 5, _END, 0)
    directory = root[:76] + struct.pack("<I", 1) + root[80:] + b"".join(entries)
    directory = directory.ljust(-(-len(directory) // 512) * 512, b"\0")
    begin = len(fat)
    count = len(directory) // 512
    fat += [begin + 1 + i for i in range(count - 1)] + [_END]
    tables = next(n for n in range(1, 110) if (len(fat) + n) <= n * 128)
    places = list(range(len(fat), len(fat) + tables))
    fat += [0xFFFFFFFD] * tables
    fat += [_NONE] * (tables * 128 - len(fat))
    header = struct.pack("<8s16sHHHHH6xIIIIIIIIII", bytes.fromhex("D0CF11E0A1B11AE1"), b"", 62, 3, 0xFFFE, 9, 6,
                         0, tables, begin, 0, 4096, _END, 0, _END, 0, places[0])  # fmt: skip
    header += struct.pack("<108I", *places[1:], *[_NONE] * (109 - tables))
    return header + content + directory + struct.pack(f"<{len(fat)}I", *fat)


_END, _NONE = 0xFFFFFFFE, 0xFFFFFFFF


def _entry(name: str, kind: int, first: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return struct.pack("<64sHBBIII36xIQ", text, len(text), kind, 1, _NONE, _NONE, _NONE, first, size)


def biff5(rows: Sequence[Sequence[str | float | None]]) -> bytes:
    """An .xls file as Excel 5 wrote it, with one sheet S; None is an error cell #N/A."""
    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            head = struct.pack("<HHH", row, column, 0)
            if value is None:
                cells += _biff(0x0205, head + b"\x2a\x01")
            elif isinstance(value, str):
                text = value.encode("cp1252")
                cells += _biff(0x0204, head + struct.pack("<H", len(text)) + text)
            else:
                cells += _biff(0x0203, head + struct.pack("<d", value))
    start = _biff(0x0809, struct.pack("<HHHH", 0x0500, 5, 0, 0)) + _biff(0x0042, struct.pack("<H", 1252))
    start += _biff(0x00E0, struct.pack("<HH12x", 0, 0))
    place = len(start) + 4 + 8 + 4
    sheet = _biff(0x0809, struct.pack("<HHHH", 0x0500, 0x10, 0, 0)) + cells + _biff(0x000A, b"")
    return compound(
        {"Book": start + _biff(0x0085, struct.pack("<IHB", place, 0, 1) + b"S") + _biff(0x000A, b"") + sheet}
    )


def _biff(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def parts_of(
    rows: str,
    *,
    shared: str = "",
    styles: str = "",
    workbook: str = "",
    main: str = MAIN,
    office: str = OFFICE,
    target: str = "worksheets/sheet1.xml",
    after: str = "",
    before: str = "",
) -> dict[str, str | bytes]:
    """The parts of an .xlsx with one sheet S, written by hand: `rows` is the content of its sheetData."""
    relations = "".join(
        f'<Relationship Id="rId{i}" Type="{office}/{kind}" Target="{where}"/>'
        for i, (kind, where) in enumerate(
            [("worksheet", target), ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")], start=1
        )
    )
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{main}" xmlns:r="{office}">{workbook}<sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'{_HEAD}<worksheet xmlns="{main}">{before}<sheetData>{rows}</sheetData>{after}'
        "</worksheet>",
        "xl/sharedStrings.xml": f'{_HEAD}<sst xmlns="{main}">{shared}</sst>',
        "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{main}">{styles}</styleSheet>',
    }


def xlsx(rows: str, **words: str) -> bytes:
    """An .xlsx of these parts."""
    return zipped(parts_of(rows, **words))


def formats(*codes: str) -> str:
    """Styles of which the n-th (from 1) has the n-th of these number formats."""
    numbers = "".join(f'<numFmt numFmtId="{164 + i}" formatCode="{code}"/>' for i, code in enumerate(codes))
    cells = "".join(f'<xf numFmtId="{164 + i}" applyNumberFormat="1"/>' for i in range(len(codes)))
    return f'<numFmts>{numbers}</numFmts><cellXfs><xf numFmtId="0"/>{cells}</cellXfs>'
