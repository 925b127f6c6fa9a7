"""XML as a stream of records: only the record at hand and the values above it are held.

The parser is expat. It never opens another file or a network address, and it tells of a declaration of an entity
before anything can refer to it: such a document is refused there, so no entity is ever expanded but the five of XML.
An external DTD is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.parsers import expat

from pipelines.errors import DeliveryError
from pipelines.extract.lines import MAX_LINE_CHARS
from pipelines.extract.named import MAX_COLUMNS
from pipelines.extract.table import count_of

MAX_DEPTH = 64
"""Elements inside each other. The deepest business messages (UBL, camt, SAF-T) have about fifteen."""

MAX_REPEATS = 100
"""Elements of one name inside one element that become columns of their own (`a`, `a#2`, …). What repeats more often
is a list of records, and record_path should lead to it."""

MAX_RECORD_BYTES = MAX_LINE_CHARS
"""No record of a business message is longer, and no tag, comment or DTD either. Bounds the memory of the reader."""

MAX_ABOVE = 500
"""Values of the elements above a record that are carried into its columns."""

_CUT = frozenset({3, 5, 6, 20})
"""expat's errors of a document that ends too early: no element, unclosed token, part of a character, unclosed CDATA."""
_FOREIGN_ENTITY = re.compile(rb"<[^<>]*&(?!(?:amp|lt|gt|quot|apos|#\w+);)[^<>]*>")
_SCHEMA_PLACES = frozenset({"schemaLocation", "noNamespaceSchemaLocation"})
"""They say where the schema of the document is published: no values of it."""


class XmlRecord(NamedTuple):
    """One record: its own cells by name, those of the elements above it, and why it is malformed, with its text."""

    row: int
    line: int
    cells: dict[str, str]
    above: Mapping[str, str]
    problem: str | None
    raw: str


class _Element:
    """An element that is open inside a record."""

    __slots__ = ("counts", "name", "parts", "prefix", "text")

    def __init__(self, name: str, prefix: str) -> None:
        self.name = name
        self.prefix = prefix
        self.counts: dict[str, int] = {}
        self.text: list[str] = []
        self.parts: list[str] = []

    def close(self) -> str | None:
        """Its text: that of a leaf as it is, of others without layout; None when there is nothing but layout."""
        text = "".join(self.text)
        if not self.counts:
            return text
        return " ".join(p for p in (part.strip() for part in [*self.parts, text]) if p) or None


class XmlScan:
    """Reads one document: `feed` it text, then `finish`; both return records.

    `steps` are the local names that lead to a record, `wanted` the names of the columns to be read from above it
    (`../Acct/Id/IBAN`); None stands for attributes and simple elements only.
    """

    def __init__(self, steps: Sequence[str], wanted: Sequence[str] | None, name: str) -> None:
        self.doctype = False
        self.more_above = False
        self._steps = steps
        self._wanted = None if wanted is None else frozenset(w for w in wanted if w.startswith("../"))
        self._name = name
        self._found: list[XmlRecord] = []
        self._row = 0
        self._depth = 0
        self._deepest = 0
        self._beside: dict[str, None] = {}
        self._skip_from = 0
        self._above: list[dict[str, str]] = []
        self._counts: list[dict[str, int]] = []
        self._merged: dict[str, str] | None = None
        self._up = ""
        self._carried = 0
        self._open: list[_Element] = []
        self._cells: dict[str, str] = {}
        self._in_record = False
        self._problem: str | None = None
        self._start = (0, 0)
        self._window, self._base, self._fed = b"", 0, 0
        self._begun = False
        self._lines_before = 0
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.specified_attributes = True  # none that a DTD adds
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        parser.StartDoctypeDeclHandler = self._on_doctype
        parser.EntityDeclHandler = self._on_entity
        parser.SkippedEntityHandler = self._on_skipped

    def feed(self, text: str) -> list[XmlRecord]:
        """The records that end in this text."""
        if not self._begun:  # some programs write line breaks before the declaration
            stripped = text.lstrip(" \t\r\n")
            self._lines_before += text.count("\n", 0, len(text) - len(stripped))
            self._begun = bool(stripped)
            text = stripped
        data = text.encode()
        self._window += data
        self._fed += len(data)
        self._parse(data, final=False)
        at = max(self._parser.CurrentByteIndex, self._base)
        keep = self._start[0] if self._in_record else at
        if self._fed - keep > MAX_RECORD_BYTES:
            raise self._endless()
        self._window, self._base = self._window[keep - self._base :], keep
        return self._take()

    def finish(self) -> list[XmlRecord]:
        """The last records; DeliveryError when the document is not complete or the path leads nowhere."""
        self._parse(b"", final=True)
        steps = self._steps
        if self._deepest < max(len(steps) - 1, 1):
            place = "/".join(steps[: self._deepest])
            raise DeliveryError(
                "records not found",
                where=self._name,
                got=f"{', '.join(self._beside) or 'nothing'}{f' in {place}' if place else ''}",
                expected=f"records at {'/'.join(steps)}",
                next_step="send the complete file in the agreed layout, "
                "or tell us the new one so that the profile can be changed",
            )
        return self._take()

    def _take(self) -> list[XmlRecord]:
        found, self._found = self._found, []
        return found

    def _parse(self, data: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(data, final)
        except expat.ExpatError as error:
            cut = final and error.code in _CUT
            raise DeliveryError(
                "file is truncated" if cut else "file is no well-formed XML",
                where=self._where(error.lineno, error.offset),
                got=f"the end of the file ({expat.ErrorString(error.code)})" if cut else expat.ErrorString(error.code),
                expected="the end of all elements" if cut else "well-formed XML",
                next_step="send the complete file again",
            ) from None

    def _where(self, line: int, column: int) -> str:
        return f"{self._name}:{line + self._lines_before}, column {column + 1}"

    def _here(self) -> str:
        return self._where(self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber)

    # What the parser calls.

    def _on_start(self, tag: str, attributes: dict[str, str]) -> None:
        depth = self._depth = self._depth + 1
        if depth > MAX_DEPTH:
            raise self._too_deep()
        local = tag.rpartition(":")[2]
        if self._open:
            if not self._in_record and self._wanted is None:  # not a simple element, so not carried
                self._open, self._cells, self._skip_from = [], {}, depth - 1
                return
            self._start_inner(local, attributes)
        elif not self._skip_from:
            self._start_outer(depth, local, attributes)

    def _on_end(self, _tag: str) -> None:
        if self._open:
            self._end_inner()
        elif self._skip_from:
            if self._skip_from == self._depth:
                self._skip_from = 0
        else:
            self._above.pop()
            self._counts.pop()
            self._merged = None
        self._depth -= 1

    def _on_text(self, text: str) -> None:
        if not self._open:
            return
        element = self._open[-1]
        if not self._in_record:
            if element.name not in self._cells:
                return
            self._carried += len(text)
            if self._carried > MAX_RECORD_BYTES:
                raise self._endless()
        element.text.append(text)

    def _on_doctype(self, _name: str, system: str | None, public: str | None, _internal: bool) -> None:
        self.doctype = bool(system or public)

    def _on_entity(self, *_declared: object) -> None:
        raise DeliveryError(
            "document type declares entities",
            where=self._here(),
            got="a declaration of an entity",
            expected="XML without entities of its own",
            next_step="send the file again without a document type declaration",
        )

    def _on_skipped(self, name: str, _parameter: bool) -> None:
        if self._in_record:
            self._problem = self._problem or f"refers to the entity {name[:60]!r}, which the file does not declare"

    # Outside records: the elements that lead to them, and what stands beside these.

    def _start_outer(self, depth: int, local: str, attributes: dict[str, str]) -> None:
        steps = self._steps
        if steps[depth - 1] in (local, "*"):
            if depth > self._deepest:
                self._deepest, self._beside = depth, {}
            if depth == len(steps):
                self._start_record(local, attributes)
            else:
                self._above.append({})
                self._counts.append({})
                self._carry(dict(_named(attributes)))
            return
        if depth == self._deepest + 1 and len(self._beside) < 10:
            self._beside[local[:60]] = None
        if depth == 1 or not self._wants(depth, local):
            self._skip_from = depth
            return
        counts = self._counts[-1]
        counts[local] = number = counts.get(local, 0) + 1
        self._cells, self._carried = {}, 0
        self._up = "../" * (len(self._steps) - depth + 1)
        self._open_element(local if number == 1 else f"{local}#{number}", attributes)

    def _wants(self, depth: int, local: str) -> bool:
        """Whether an element beside the path may hold values for the records below its parent."""
        if self._wanted is None:
            return True
        start = "../" * (len(self._steps) - depth + 1) + local
        return any(w == start or w.startswith((start + "/", start + "#")) for w in self._wanted)

    def _carry(self, cells: dict[str, str]) -> None:
        """Keep values for the records inside the innermost open element."""
        up = "../" * (len(self._steps) - len(self._above))
        named = {up + name: value for name, value in cells.items()}
        if self._wanted is not None:
            named = {name: value for name, value in named.items() if name in self._wanted}
        if sum(map(len, self._above)) + len(named) > MAX_ABOVE:
            self.more_above = True
            return
        self._above[-1].update(named)
        self._merged = None

    # Inside a record, or inside an element beside the path whose values are carried.

    def _start_record(self, local: str, attributes: dict[str, str]) -> None:
        self._row += 1
        self._in_record = True
        self._problem = None
        self._start = self._parser.CurrentByteIndex, self._parser.CurrentLineNumber
        self._cells = {}
        record = _Element(".", "")
        self._open.append(record)
        for name, value in _named(attributes):
            self._cells[name] = value
        if self._steps[-1] == "*":
            self._cells["*"] = local

    def _start_inner(self, local: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1]
        if parent.text:
            parent.parts.append("".join(parent.text))
            parent.text = []
        number = parent.counts[local] = parent.counts.get(local, 0) + 1
        if number > 1:
            if number > MAX_REPEATS and self._in_record and not self._problem:
                path = (parent.prefix + local)[:60]
                self._problem = f"repeats {path!r} more than {MAX_REPEATS} times: record_path should lead to it"
            local = f"{local}#{number}"
        self._open_element(parent.prefix + local, attributes)

    def _open_element(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(_Element(name, name + "/"))
        if not self._in_record and self._wanted is not None:
            cells = {name: "", **{f"{name}/{key}": value for key, value in _named(attributes)}}
            self._cells.update((key, value) for key, value in cells.items() if self._up + key in self._wanted)
            return
        if len(self._cells) >= MAX_COLUMNS or (self._in_record and self._problem):
            if self._in_record and not self._problem:
                self._problem = f"has more than {count_of(MAX_COLUMNS, 'value')}"
            return
        self._cells[name] = ""
        if attributes:
            for attribute, value in _named(attributes):
                self._cells[f"{name}/{attribute}"] = value

    def _end_inner(self) -> None:
        element = self._open.pop()
        text = element.close()
        empty = not element.counts and not element.text
        if self._open:
            self._put(element.name, text)
        elif self._in_record:
            if text is not None and text.strip():
                self._cells["."] = text
            self._end_record(empty=empty)
        else:
            self._put(element.name, text)
            self._carry(self._cells)

    def _put(self, name: str, text: str | None) -> None:
        if name not in self._cells:
            return
        if text is None:
            del self._cells[name]
        else:
            self._cells[name] = text

    def _end_record(self, *, empty: bool) -> None:
        self._in_record = False
        raw = self._source(empty=empty) if self._problem or self.doctype else b""
        if not self._problem and self.doctype and _FOREIGN_ENTITY.search(raw):
            self._problem = "refers to an entity that the file does not declare"
        line = self._start[1] + self._lines_before
        self._found.append(XmlRecord(self._row, line, self._cells, self._merge(), self._problem, raw.decode()))
        self._cells = {}

    def _source(self, *, empty: bool) -> bytes:
        """The text of the record that ends here. The parser stands at its end tag, or behind it if it is `<a/>`."""
        start, end = self._start[0] - self._base, self._parser.CurrentByteIndex - self._base
        if not (empty and self._window.endswith(b"/>", 0, end)):
            end = self._window.find(b">", end) + 1
        return self._window[start:end]

    def _merge(self) -> Mapping[str, str]:
        if self._merged is None:
            self._merged = {}
            for cells in reversed(self._above):
                self._merged.update(cells)
        return self._merged

    def _too_deep(self) -> DeliveryError:
        return DeliveryError(
            "XML is nested too deeply",
            where=self._here(),
            got=f"more than {MAX_DEPTH} elements inside each other",
            expected=f"at most {MAX_DEPTH}",
            next_step="send the file again with flat records",
        )

    def _endless(self) -> DeliveryError:
        return DeliveryError(
            "record without end",
            where=self._where(self._start[1], 0) if self._in_record else self._here(),
            got=f"more than {MAX_RECORD_BYTES} bytes in one {'record' if self._in_record else 'tag or comment'}",
            expected=f"records of at most {MAX_RECORD_BYTES} bytes",
            next_step="tell us where in the document the records are so that record_path can be corrected, "
            "or send the file again with smaller records",
        )


def _named(attributes: dict[str, str]) -> list[tuple[str, str]]:
    """Attributes by local name, `@id`, without the declarations of namespaces and schemas."""
    named: dict[str, str] = {}
    for key, value in attributes.items():
        if key == "xmlns" or key.startswith("xmlns:"):
            continue
        local = key.rpartition(":")[2]
        if local in _SCHEMA_PLACES:
            continue
        name, number = f"@{local}", 1
        while name in named:
            number += 1
            name = f"@{local}#{number}"
        named[name] = value
    return list(named.items())
