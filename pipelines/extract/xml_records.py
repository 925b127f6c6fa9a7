"""XML as a table of text cells, one record per element at `record_path`.

**Path**: local names from the root, `Document/BkToCstmrStmt/Stmt/Ntry`; namespaces and prefixes have no meaning; `*` is
any name of one level, and as the last step gives a column `*` with the name of the element.

**Columns** of a record, in order of first appearance in the file (it is read twice), or `names` of them:

* child elements `a`, `a/b`; attributes `@id`, `a/@currency`; the second, third… element of one name `a#2`, `a#3`,
  at most MAX_REPEATS;
* `.` is the text of the record element itself, and `a` also the text that stands between the children of `a`;
* from above the record: `../@x` attributes of its parent, `../Currency` its simple elements (without elements inside)
  that stand **before** the record, with their attributes; `../../…` the same one level higher. What comes after the
  record is not known yet when it is read, and is not carried. Values inside other elements above, such as
  `../Acct/Id/IBAN`, are read when `names` asks for them.

**Cells** are the text as the parser gives it: references and CDATA resolved, line breaks as LF, comments and processing
instructions left out, spaces kept. An element without text is an empty cell; a record without any is counted as blank.

**Row number** is the ordinal of the record; messages give its line. The encoding is that of the byte order mark or
the declaration, else UTF-8; one that contradicts the bytes is an error.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from pipelines.errors import DeclarationError
from pipelines.extract.encoding import TextSource
from pipelines.extract.lines import is_ebcdic, refuse_other_kinds, unreadable
from pipelines.extract.named import NamedRecords, Names
from pipelines.extract.table import BLANK, Table, Tally
from pipelines.extract.xml_scan import MAX_ABOVE, XmlRecord, XmlScan
from pipelines.profile import Format

_EXPECTED = "an XML document"
_TOO_MANY = "tell us where the records are, so that record_path leads to them"
_ENCODING = re.compile(r"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_STARTS = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
"""How `<` or, in EBCDIC, `<?xm` begins a document without a byte order mark."""
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7"})
"""Codecs of Python that no document is written in."""


class XmlTable(Table):
    """An XML document, its columns known."""

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str) -> None:
        self.tally = tally
        self._path, self._name = path, name
        self._steps = _steps(fmt.record_path or "")
        self._wanted = fmt.names
        self._source: TextSource | None = None
        self._more_above = False
        tally.encoding = xml_encoding(refuse_other_kinds(path, name, _EXPECTED), name)
        with ExitStack() as stack:
            stack.callback(self.close)
            self._records = NamedRecords(fmt.names, [] if fmt.names else self._names(), tally)
            stack.pop_all()
        self.columns = self._records.columns

    def close(self) -> None:
        """Close the file."""
        if self._source:
            self._source.close()

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records, in batches of a bounded number of cells."""
        builder = self._records.builder()
        for record in self._found():
            if record.problem:
                builder.take_malformed(record.row, f"{record.problem} (line {record.line})", record.raw)
            elif _is_blank(record):
                self.tally.blank += 1
            else:
                builder.take(record.row, {**record.cells, **record.above})
            if builder.full:
                yield builder.batch()
                builder = self._records.builder()
        yield builder.batch()
        self._records.finish()

    def _found(self) -> Iterator[XmlRecord]:
        """All records, from the beginning of the document to its end."""
        self.close()
        self._source = TextSource(self._path, self.tally.encoding or "utf-8", self._name)
        scan = XmlScan(self._steps, self._wanted, self._name)
        while text := self._source.read():
            yield from scan.feed(text)
        yield from scan.finish()
        self._more_above = scan.more_above

    def _names(self) -> list[str]:
        """The names of all records; those from above come last."""
        names = Names(self._name, "/", _TOO_MANY)
        for record in self._found():
            if not record.problem:
                names.note(record.cells, record.row)
                names.note(record.above, record.row)
        if self._more_above:
            self.tally.warnings.append(f"more than {MAX_ABOVE} values above the records: the later ones are not read")
        return sorted(names.ordered(), key=lambda n: n.startswith("../"))


def _is_blank(record: XmlRecord) -> bool:
    return not any(cell.strip(BLANK) for name, cell in record.cells.items() if name != "*")


def _steps(path: str) -> list[str]:
    """The local names of a record path.

    >>> _steps("/ns:Root/*/Item")
    ['Root', '*', 'Item']
    """
    steps = [step.rpartition(":")[2].strip() for step in path.strip().strip("/").split("/")]
    if not all(steps):
        raise DeclarationError(
            "record_path not understood",
            got=repr(path),
            expected="names of elements from the root, e.g. Root/Items/Item",
            next_step="correct record_path in the profile",
        )
    return steps


def xml_encoding(head: bytes, name: str) -> str:
    """The encoding of a document by its first bytes; DeliveryError when they contradict its declaration.

    >>> xml_encoding(b'<?xml version="1.0" encoding="Windows-1252"?><a/>', "f.xml")
    'cp1252'
    """
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    written = marked or next((codec for start, codec in _STARTS if head.startswith(start)), None)
    found = _ENCODING.match(head.decode(written or "latin-1", "ignore").removeprefix("\ufeff"))
    if not found:
        if written == "cp037":
            raise unreadable(name, "EBCDIC without a declaration of its encoding", "XML that declares its encoding")
        return written or "utf-8"
    declared = _codec(found[1], name)
    if written == "cp037" or written is None:
        fits = is_ebcdic(declared) is (written is not None) and not declared.startswith(("utf-16", "utf-32"))
    else:
        fits = declared.startswith(written[:6].rstrip("-"))
    if not fits:
        how = f"written in {written}" if written else "written in single bytes"
        raise unreadable(name, f"a declaration of {found[1]} in a file {how}", "the encoding that is declared")
    return written if written and written != "cp037" else declared


def _codec(declared: str, name: str) -> str:
    try:
        "".encode(declared)
        codec = codecs.lookup(declared).name
    except LookupError:
        codec = "undefined"
    if codec.replace("_", "-") in _NO_CHARSETS:
        raise unreadable(name, f"a declaration of the encoding {declared[:60]!r}", "a known encoding, such as UTF-8")
    return codec
