"""JSON documents and JSON Lines as a table of text cells.

**Where the records are.** `record_path` a.b.c leads through objects to an array of records; an object there is the only
record, null is none. Without it the document is an array of records, or an object: then its only array of objects (at
any depth, an empty array counting as one) holds the records, several are an error that names them, and an object
without such an array is the only record. What stands beside the records is no part of the table. In JSON Lines every
line is a record, or holds one at `record_path`.

**Row number**: the ordinal of the record from 1 (json), the physical line (jsonl).

**Columns** are the keys of all records in order of first appearance (the file is read twice), or `names` of them.
Objects inside a record give columns `a.b`; arrays are compact JSON text. If the first record is an array, all
records are arrays, laid out by position; without `names` that first one is the header.

**Cells** are as written: numbers keep their spelling (`1.10`, `1e5`, any number of digits, `-0`), strings are
unescaped, `true` and `false` are those words, null, `{}` and what is missing are empty. NaN and Infinity, which are no
JSON, are read as written, and a warning counts them. A record without any value is counted as blank.

**Malformed** is a record that is no object, has a key twice (also `{"a.b": 1, "a": {"b": 2}}`), a NUL or half a
surrogate pair, a name without end; in JSON Lines also a line that is no JSON or too deep. A JSON document that breaks
off, is ill-formed, too deep, or followed by another is refused as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.errors import DeliveryError
from pipelines.extract.json_sources import Document, Found, JsonLines
from pipelines.extract.jsontext import Constant, Doubled, Number, encode
from pipelines.extract.named import MAX_NAME_CHARS, PIECE_CELLS, PIECE_CHARS, Malformed, NamedRecords, Names
from pipelines.extract.table import BLANK, Builder, Table, Tally, column_names, count_of, expected_cells
from pipelines.profile import Format

_SURROGATE = re.compile("[\ud800-\udfff]")
_TOO_MANY = "tell us where the records are, so that record_path leads to them"


class JsonTable(Table):
    """A JSON document or JSON Lines, its columns known."""

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str) -> None:
        self.tally = tally
        tally.encoding = fmt.encoding
        self._name = name
        self._constants = 0
        self._source: Document | JsonLines
        self._source = Document(path, fmt, name) if fmt.type == "json" else JsonLines(path, fmt, name)
        self._records: NamedRecords | None = None
        with ExitStack() as stack:
            stack.callback(self.close)
            self._open(fmt)
            stack.pop_all()

    def _open(self, fmt: Format) -> None:
        """Find out what the records are and which columns they have."""
        first = next((f for f in self._source.found() if not f.blank), None)
        if first and isinstance(first.value, list):
            self._header_row = 0 if fmt.names else first.row
            self.columns = list(fmt.names) if fmt.names else self._header(first)
            self._expected = expected_cells(self.columns, named=bool(fmt.names))
        else:
            self._records = NamedRecords(fmt.names, [] if fmt.names else self._names(), self.tally)
            self.columns = self._records.columns

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records, in batches of a bounded number of cells."""
        records = self._records
        if records is None:
            yield from self._arrays()
        else:
            builder = records.builder()
            for found in self._source.found():
                if found.blank:
                    self.tally.blank += 1
                    continue
                try:
                    builder.take(found.row, self._cells(found))
                except Malformed as problem:
                    builder.take_malformed(found.row, str(problem), found.raw())
                if builder.full:
                    yield builder.batch()
                    builder = records.builder()
            yield builder.batch()
            records.finish()
        if self._constants:
            values = count_of(self._constants, "record")
            self.tally.warnings.append(f"{values} with NaN or Infinity, which is no JSON: read as written")

    def _arrays(self) -> Iterator[pa.RecordBatch]:
        """Records that are arrays, by position."""
        rows = PIECE_CELLS // len(self.columns)
        builder, taken, chars = Builder(self.columns, self.tally, self._expected), 0, 0
        for found in self._source.found():
            if found.blank:
                self.tally.blank += 1
                continue
            if found.row == self._header_row:
                self.tally.header += 1
                self.tally.see(found.row, list(_by_position(found)))
                continue
            raw = found.raw()
            cells: list[str] = []
            try:
                cells = _by_position(found)
                self._constants += _has_constant(found)
                problem = builder.add(found.row, cells or [""])
            except Malformed as malformed:
                problem = str(malformed)
            if problem:
                builder.add_malformed(found.row, cells or [raw.replace("\0", "\u2400")], problem, raw)
            taken, chars = taken + 1, chars + len(raw)
            if taken >= rows or chars >= PIECE_CHARS:
                yield builder.batch()
                builder, taken, chars = Builder(self.columns, self.tally, self._expected), 0, 0
        yield builder.batch()

    def _header(self, first: Found) -> list[str]:
        try:
            cells = _by_position(first)
        except Malformed as problem:
            cells, got = [], f"an array that {problem}"
        else:
            got = "an array without text"
        if not any(c.strip(BLANK) for c in cells):
            raise DeliveryError(
                "header not found",
                where=f"{self._name}, record {first.row}",
                got=got,
                expected="column names in the first array",
                next_step="send the file in the agreed layout, "
                "or tell us the new one so that the profile can be changed",
            )
        return column_names([cells], "")

    def _names(self) -> list[str]:
        """The names of all records."""
        names = Names(self._name, ".", _TOO_MANY)
        for found in self._source.found():
            if not found.blank:
                try:
                    names.note(self._cells(found), found.row)
                except Malformed:
                    continue
        self._constants = 0
        return names.ordered()

    def _cells(self, found: Found) -> dict[str, str]:
        """The cells of a record by name."""
        if found.problem:
            raise Malformed(found.problem)
        if not isinstance(found.value, dict):
            raise Malformed(f"is {_kind(found.value)}, not an object")
        cells: dict[str, str] = {}
        _flatten(found.value, "", cells, 1)
        _check_text(found, cells)
        self._constants += _has_constant(found)
        return cells


def _flatten(value: dict[str, Any], prefix: str, cells: dict[str, str], depth: int) -> None:
    """Put the members of an object into `cells`, those of objects inside it as `a.b`."""
    if type(value) is Doubled:
        raise Malformed(f"has a key twice in {prefix[:-1]!r}" if prefix else "has a key twice")
    for key, inner in value.items():
        name = prefix + key
        kind = type(inner)
        if kind is str or kind is Number:
            text = inner
        elif inner is None:
            text = ""
        elif inner is True or inner is False:
            text = "true" if inner else "false"
        elif kind is dict or kind is Doubled:
            if inner:
                _flatten(inner, name + ".", cells, depth + 1)
                continue
            text = ""
        else:
            text = _as_text(inner)
        if name in cells:
            raise Malformed(f"has a value for {name[:60]!r} twice")
        if len(name) > MAX_NAME_CHARS:
            raise Malformed(f"has a name of {len(name)} characters")
        cells[name] = text


def _as_text(value: Any) -> str:
    """The cell of a value."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if type(value) is list and all(type(v) is str for v in value):
        return encode(value)
    if _has_doubled(value):
        raise Malformed("has a key twice in one object")
    return encode(value)


def _by_position(found: Found) -> list[str]:
    """The cells of a record that is an array."""
    if found.problem:
        raise Malformed(found.problem)
    if not isinstance(found.value, list):
        raise Malformed(f"is {_kind(found.value)}, not an array")
    cells = [_as_text(v) if not isinstance(v, bool) else encode(v) for v in found.value]
    _check_text(found, dict(enumerate(cells)))
    return cells


def _check_text(found: Found, cells: dict[Any, str]) -> None:
    """Malformed when a cell or name cannot be stored as text; only an escape or a NUL makes it so."""
    raw = found.raw()
    if "\0" in raw or "\\u0000" in raw:
        text = "".join([*map(str, cells), *cells.values()])
        if "\0" in text:
            raise Malformed("holds a NUL character")
    if "\\ud" in raw or "\\uD" in raw:
        text = "".join([*map(str, cells), *cells.values()])
        if _SURROGATE.search(text):
            raise Malformed("holds half a character (a lone surrogate)")


def _has_constant(found: Found) -> bool:
    raw = found.raw()
    return ("NaN" in raw or "Infinity" in raw) and _any(found.value, lambda v: type(v) is Constant)


def _has_doubled(value: Any) -> bool:
    return _any(value, lambda v: type(v) is Doubled)


def _any(value: Any, is_it: Callable[[Any], bool]) -> bool:
    """Whether a value or one inside it is so."""
    left = [value]
    while left:
        one = left.pop()
        if is_it(one):
            return True
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return False


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, Number):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "an array" if isinstance(value, list) else "an object"
