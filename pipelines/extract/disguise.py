"""What a file really is that was sent under the name of a workbook: exports called .xls are often something else."""

from __future__ import annotations

import codecs
import re
from collections import Counter

HEAD_BYTES = 64 << 10
"""So much of the beginning is looked at."""

_MARKS = (
    (b"%PDF", "a PDF document", None),
    (b"\x89PNG", "an image", None),
    (b"\xff\xd8\xff", "an image", None),
    (b"\x1f\x8b", "a gzip archive", "gunzip it, or let the profile name the file inside"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", None),
    (b"Rar!", "a RAR archive", None),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", None),
    (b"PAR1", "a Parquet file", "write `type: parquet` in the profile"),
    (b"{\\rtf", "a text document (RTF)", None),
    (b"ID;P", "a SYLK file", None),
    (b"\x09\x00\x04\x00", "a workbook of Excel 2", None),
    (b"\x09\x00\x06\x00", "a workbook of Excel 2", None),
    (b"\x09\x02\x06\x00", "a workbook of Excel 3", None),
    (b"\x09\x04\x06\x00", "a workbook of Excel 4", None),
    (b"\x09\x08", "a workbook of Excel 5 without its container", None),
)
_HTML = re.compile(r"<(?:!doctype html|html|table|head|body|meta|style)\b", re.I)
_MHTML = re.compile(r"mime-version:", re.I)
_DELIMITERS = {"\t": r"\t", ";": ";", ",": ",", "|": "|"}
_SAVE = "save it in Excel as .xlsx"


def what_it_is(head: bytes) -> tuple[str, str]:
    """The kind of a file that is no workbook, by its first bytes, and what to do with it.

    >>> what_it_is(b"a;b\\n1;2\\n3;4\\n")
    ('text delimited by ;', 'send it as .csv, and write `type: csv, delimiter: ";"` in the profile')
    """
    if not head.strip(b"\0 \t\r\n"):
        return ("no bytes at all" if not head else "nothing but white space"), "send the complete file again"
    for mark, kind, advice in _MARKS:
        if head.startswith(mark):
            return kind, advice or _SAVE
    text = _text_of(head)
    if text is None:
        return "a file that is no workbook", _SAVE
    return _kind_of_text(text.lstrip())


def _text_of(head: bytes) -> str | None:
    """The bytes as text if they can be that."""
    for mark, codec in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if head.startswith(mark):
            return head.decode(codec, "replace").removeprefix("\ufeff")
    if b"\0" in head:
        return None
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13, 26, 27))
    return None if controls > len(head) // 100 else head.decode("utf-8", "replace")


def _kind_of_text(text: str) -> tuple[str, str]:
    if "urn:schemas-microsoft-com:office:spreadsheet" in text:
        return (
            "an XML spreadsheet of Excel 2003",
            f"{_SAVE}, or write `type: xml, record_path: Workbook/Worksheet/Table/Row` in the profile",
        )
    if "urn:oasis:names:tc:opendocument" in text:
        return "a flat OpenDocument file", "save it as .ods or .xlsx"
    if _HTML.search(text[:4096]) or _MHTML.match(text):
        return "an HTML page", f"{_SAVE}, or export the list as .csv (`type: csv`); no format word reads HTML"
    if text.startswith("<"):
        return "an XML document", "write `type: xml` with its record_path in the profile"
    if text.startswith(("{", "[")):
        return "a JSON document", "write `type: json` or `type: jsonl` in the profile"
    lines = [line for line in text.splitlines()[:-1] or text.splitlines() if line.strip()][:50]
    counts = {d: Counter(line.count(d) for line in lines) for d in _DELIMITERS}
    best = max(counts, key=lambda d: sum(n for c, n in counts[d].items() if c > 0))
    if not any(counts[best].elements()):
        return "plain text", "write `type: csv` or `type: fixed` in the profile if it is a list"
    return (
        f"text delimited by {'tabs' if best == chr(9) else best}",
        f'send it as .csv, and write `type: csv, delimiter: "{_DELIMITERS[best]}"` in the profile',
    )
