"""The description of an export for audit: `index.xml` by the GDPdU standard (versions 1.1 of 2002 to 1.5 of 2004, as
the GoBD keep it), with every table, how its file is read, and its columns.

An index that breaks the order or the names of the standard is refused with its line: who writes tables of another kind
into it would have them read as something else. Only what describes the supplier may stand in any order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from lxml import etree

from pipelines.errors import DeliveryError
from pipelines.extract.lines import refuse_other_kinds
from pipelines.extract.messages.xml_stream import local

MAX_BYTES = 32 << 20
"""An index of ten thousand tables is smaller."""
MEMBER_SIGN = "!/"
_EXPECTED = "an index.xml by the GDPdU standard"
_SHOWN = 8
_CODEPAGES = {
    "ANSI": "cp1252", "OEM": "cp850", "Macintosh": "mac-roman", "UTF16": "utf-16", "UTF7": "utf-7", "UTF8": "utf-8",
}  # fmt: skip
_DTD = """
<!ELEMENT DataSet (Extension*, Version, DataSupplier?, Command*, Media+, Command*)>
<!ELEMENT Extension (Name, URL)> <!ELEMENT DataSupplier (Name | Location | Comment)*>
<!ELEMENT Media (Name, Command*, (Table+, Command*)?, AcceptNoTables?)>
<!ELEMENT Table (URL, Name?, Description?, Validity?, (ANSI | Macintosh | OEM | UTF16 | UTF7 | UTF8)?,
  (DecimalSymbol, DigitGroupingSymbol)?, SkipNumBytes?, Range?, Epoch?, (VariableLength | FixedLength))>
<!ELEMENT Validity (Range, Format?)> <!ELEMENT Range (From, (To | Length)?)> <!ELEMENT FixedRange (From, (To | Length))>
<!ELEMENT FixedLength ((Length | RecordDelimiter)?, ((FixedPrimaryKey+, FixedColumn*) | FixedColumn+), ForeignKey*)>
<!ELEMENT FixedColumn (Name, Description?, (Numeric | AlphaNumeric | Date), Map*, FixedRange)>
<!ELEMENT FixedPrimaryKey (Name, Description?, (Numeric | AlphaNumeric | Date), Map*, FixedRange)>
<!ELEMENT VariableLength (ColumnDelimiter?, RecordDelimiter?, TextEncapsulator?,
  ((VariablePrimaryKey+, VariableColumn*) | VariableColumn+), ForeignKey*)>
<!ELEMENT VariableColumn (Name, Description?, (Numeric | (AlphaNumeric, MaxLength?) | Date), Map*)>
<!ELEMENT VariablePrimaryKey (Name, Description?, (Numeric | (AlphaNumeric, MaxLength?) | Date), Map*)>
<!ELEMENT ForeignKey (Name+, References, Alias*)> <!ELEMENT Alias (From, To)> <!ELEMENT Map (Description?, From, To)>
<!ELEMENT Date (Format?)> <!ELEMENT Numeric ((ImpliedAccuracy | Accuracy)?)>
""" + "".join(
    f"<!ELEMENT {name} EMPTY>" for name in ("AlphaNumeric", *_CODEPAGES)
) + "".join(
    f"<!ELEMENT {name} (#PCDATA)>"
    for name in (
        "Version", "Location", "Comment", "Length", "References", "From", "To", "AcceptNoTables", "MaxLength",
        "TextEncapsulator", "Accuracy", "ImpliedAccuracy", "Format", "DecimalSymbol", "DigitGroupingSymbol", "Command",
        "URL", "Description", "Name", "Epoch", "ColumnDelimiter", "RecordDelimiter", "SkipNumBytes",
    )
)  # fmt: skip
"""The elements of version 1.5, of which the older versions are parts."""


class Beside(NamedTuple):
    """The file that lies beside a delivered one: where it is now, and what it is called. `names` are those of the files
    that came with it, in folders below too; None where nobody knows any more."""

    path: Path
    name: str
    names: Callable[[], Iterable[str]] | None = None


@dataclass(frozen=True)
class Column:
    """One column as the index has it. `start` and `width` are its place in a record of fixed length."""

    name: str
    kind: str
    line: int
    format: str = ""
    accuracy: int | None = None
    implied: int = 0
    max_length: int | None = None
    maps: tuple[tuple[str, str], ...] = ()
    is_key: bool = False
    start: int = 0
    width: int = 0

    @property
    def meanings(self) -> Mapping[str, str]:
        """Code → meaning, where the index gives one; a code with two of them has none that could be told."""
        told = set(self.maps)
        times = Counter(code for code, _ in told)
        return {code: to for code, to in told if times[code] == 1}


@dataclass(frozen=True)
class Index:
    """What an index says. `asides` are elements of it that describe no table and are not acted on, by name."""

    name: str
    tables: tuple[IndexTable, ...]
    asides: tuple[str, ...] = ()


@dataclass(frozen=True)
class IndexTable:
    """One table of the index: its file and how that is read. `encoding` is None where the index does not say one."""

    url: str
    name: str
    line: int
    columns: tuple[Column, ...]
    encoding: str | None = None
    decimal: str = ","
    grouping: str = "."
    skip_bytes: int = 0
    first: int = 1
    last: int | None = None
    epoch: int = 30
    fixed: bool = False
    length: int | None = None
    delimiter: str = ";"
    record_end: str | None = None
    quote: str | None = '"'
    foreign_keys: tuple[str, ...] = field(default=())


def read_index(index: Beside) -> Index:
    """What an index says; DeliveryError, with the line, when it is none."""
    refuse_other_kinds(index.path, index.name, _EXPECTED)
    if index.path.stat().st_size > MAX_BYTES:
        raise refused(index.name, f"more than {MAX_BYTES} bytes", _EXPECTED)
    parser = etree.XMLParser(
        load_dtd=False, no_network=True, resolve_entities=False, remove_comments=True, remove_pis=True
    )
    try:
        tree = etree.parse(str(index.path), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        said = str(error.msg or "not well-formed").rpartition(", line ")[0] or str(error.msg)
        raise refused(f"{index.name}:{line}, column {column}", said, "well-formed XML") from None
    except OSError as error:  # bytes that are none of the encoding that the index says
        raise refused(
            f"{index.name}:1", str(error).rpartition("':")[2].strip(), "XML in the encoding it says"
        ) from None
    dtd = tree.docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise refused(f"{index.name}:1", "a declaration of an entity", "an index without entities of its own")
    rules = _rules()
    if not rules.validate(tree.getroot()):
        first = rules.error_log.filter_from_errors()[0]
        raise refused(f"{index.name}:{first.line}", first.message, "elements as the GDPdU standard (1.5) has them")
    tables = tuple(_table(element, index.name) for element in tree.getroot().iter("Table"))
    return Index(index.name, tables, tuple(_asides(tree.getroot(), tables)))


def refused(where: str, got: str, expected: str) -> DeliveryError:
    """The error that an index, or what it says, cannot be used."""
    return DeliveryError(
        "index of the export cannot be used",
        where=where,
        got=got,
        expected=expected,
        next_step="export the data again with its index.xml, and send all files of the export together",
    )


def index_names(name: str, index: str) -> list[str]:
    """What the index of a file may be called, the nearest first: in its folder or in one above, of the archive too.

    >>> index_names("export/data/a.csv", "index.xml")
    ['export/data/index.xml', 'export/index.xml', 'index.xml']
    >>> index_names("in/pack.zip!/a.csv", "index.xml")
    ['in/pack.zip!/index.xml', 'in/index.xml', 'index.xml']
    """
    if index.startswith("/"):
        return [index[1:]]
    outer, sign, member = name.rpartition(MEMBER_SIGN)
    inside = [f"{outer}{sign}{folder}{index}" for folder in _folders(member)] if sign else []
    return inside + [f"{folder}{index}" for folder in _folders(outer or member)]


def table_for(index: Index, name: str, wanted: str | None) -> IndexTable:
    """The table of a file, by its path from the index on or by the table's declared name; else DeliveryError."""
    tables = index.tables
    if wanted is not None:
        found = [t for t in tables if wanted.casefold() in (t.name.casefold(), t.url.casefold())]
    else:
        path = _path_from(index.name, name).casefold()
        found = [t for t in tables if _plain(t.url) == path]
        found = found or [t for t in tables if _file(_plain(t.url)) == _file(path)]
    if len(found) == 1:
        return found[0]
    names = [t.name if wanted is not None else t.url for t in tables]
    if len(found) > 1:
        names = [t.name for t in found]
        raise refused(index.name, f"{len(found)} tables for {name}", f"one; name one in `table`: {_shown(names)}")
    raise DeliveryError(
        "file is not named in its index",
        where=name,
        got=f"table {wanted}" if wanted is not None else _path_from(index.name, name),
        expected=f"one of the {len(names)} tables of {index.name}: {_shown(names)}",
        next_step="send the file that the index names, or an index that names this one",
    )


def not_delivered(index: Index, names: Iterable[str]) -> list[IndexTable]:
    """The tables whose files are not among the names of those that came with the index.

    A file may lie in another folder than the index says, as `table_for` finds it too. Paths that lead out of the
    folder of the index are not looked at.
    """
    paths = {_path_from(index.name, name).casefold() for name in names}
    files = {_file(path) for path in paths}
    urls = [(table, _plain(table.url)) for table in index.tables]
    return [t for t, url in urls if url not in paths and _file(url) not in files and not url.startswith("../")]


def _asides(root: Any, tables: Sequence[IndexTable]) -> Iterator[str]:
    """What an index says besides its tables and that nothing here acts on."""
    for element in root.iter("Command", "Extension"):
        text = _text(element, "Name") if local(element) == "Extension" else element.text or ""
        yield f"{local(element)} {text.strip()[:40]!r} in line {element.sourceline}"
    names = {t.name.casefold() for t in tables} | {t.url.casefold() for t in tables}
    for key in root.iter("ForeignKey"):
        wanted = _text(key, "References").strip()
        if wanted.casefold() not in names:
            yield f"ForeignKey to {wanted[:40]!r}, which is no table of the index, in line {key.sourceline}"
        columns = {_text(c, "Name").strip() for c in key.getparent() if local(c).endswith(("Column", "PrimaryKey"))}
        yield from (
            f"ForeignKey of {part.text!r}, which is no column of the table, in line {part.sourceline}"
            for part in key.iter("Name") if (part.text or "").strip() not in columns
        )  # fmt: skip


@cache
def _rules() -> Any:
    return etree.DTD(StringIO(_DTD))


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _folders(path: str) -> list[str]:
    """The folder of a file and those above it, each with its slash; the last is the root."""
    parts = path.split("/")[:-1]
    return ["".join(f"{part}/" for part in parts[:n]) for n in range(len(parts), -1, -1)]


def _path_from(index: str, name: str) -> str:
    """A file's path as seen from its index."""
    folder = index[: index.rfind("/") + 1]
    path = name.removeprefix(folder) if name.startswith(folder) else name
    return path.rpartition(MEMBER_SIGN)[2]


def _plain(url: str) -> str:
    """A URL of the index as a path: backslashes and escapes of other systems undone."""
    return re.sub(r"^(?:\./)+", "", unquote(url.strip()).replace("\\", "/")).casefold()


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _table(element: Any, index: str) -> IndexTable:
    url = _text(element, "URL").strip()
    kind = element.find("FixedLength") if element.find("FixedLength") is not None else element.find("VariableLength")
    fixed = local(kind) == "FixedLength"
    page = next((local(child) for child in element if local(child) in _CODEPAGES), None)
    first, last = _range(element.find("Range"), index)
    columns = tuple(_column(c, index) for c in kind if local(c).endswith(("Column", "PrimaryKey")))
    names = [c.name for c in columns]
    if twice := next((c for c in columns if names.count(c.name) > 1), None):
        raise refused(
            f"{index}:{twice.line}", f"column {twice.name!r} twice in table {url}", "columns of different names"
        )
    quote = _text(kind, "TextEncapsulator", '"')
    return IndexTable(
        url=url,
        name=_text(element, "Name").strip() or url,
        line=element.sourceline,
        columns=columns,
        encoding=_CODEPAGES[page] if page else None,
        decimal=_text(element, "DecimalSymbol", ",").strip() or ",",
        grouping=_text(element, "DigitGroupingSymbol", "."),
        skip_bytes=_number(element, "SkipNumBytes", index) or 0,
        first=first,
        last=last,
        epoch=_number(element, "Epoch", index) or 30,
        fixed=fixed,
        length=_number(kind, "Length", index),
        delimiter=_text(kind, "ColumnDelimiter", ";") or ";",
        record_end=_record_end(_text(kind, "RecordDelimiter")),
        quote=quote or None,
        foreign_keys=tuple(
            f"{', '.join(n.text or '' for n in key.iter('Name'))} → {_text(key, 'References')}"
            for key in kind.iter("ForeignKey")
        ),
    )


def _column(element: Any, index: str) -> Column:
    typed = next(child for child in element if local(child) in ("Numeric", "AlphaNumeric", "Date"))
    place = element.find("FixedRange")
    start, end = _range(place, index) if place is not None else (0, None)
    return Column(
        name=_text(element, "Name").strip(),
        kind=local(typed),
        line=element.sourceline,
        format=_text(typed, "Format", "DD.MM.YYYY").strip() if local(typed) == "Date" else "",
        accuracy=_number(typed, "Accuracy", index),
        implied=_number(typed, "ImpliedAccuracy", index) or 0,
        max_length=_number(element, "MaxLength", index),
        maps=tuple((_text(m, "From"), _text(m, "To")) for m in element.iter("Map")),
        is_key=local(element).endswith("PrimaryKey"),
        start=start,
        width=(end - start + 1) if end else 0,
    )


def _range(element: Any, index: str) -> tuple[int, int | None]:
    """First and last of a range, both from 1; without an end the last is None."""
    if element is None:
        return 1, None
    first, last, length = (_number(element, name, index) for name in ("From", "To", "Length"))
    first = first or 1
    end = last if last is not None else first + length - 1 if length is not None else None
    if first < 1 or (end is not None and end < first):
        raise refused(f"{index}:{element.sourceline}", f"a range from {first} to {end}", "an end behind the beginning")
    return first, end


def _record_end(text: str) -> str | None:
    """What ends a record; None for the usual line breaks, which programs mix, whatever the index says."""
    return None if text in ("", "\r\n", "\n", "\r") else text


def _text(element: Any, name: str, default: str = "") -> str:
    found = element.find(name)
    return default if found is None else found.text or ""


def _number(element: Any, name: str, index: str) -> int | None:
    found = element.find(name)
    if found is None:
        return None
    text = (found.text or "").strip()
    if not re.fullmatch(r"\d{1,12}", text):
        raise refused(f"{index}:{found.sourceline}, {name}", repr(text), "a number of digits")
    return int(text)
