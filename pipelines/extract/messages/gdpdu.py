"""One data file of an export by GDPdU or GoBD, read as the index beside it says.

Columns are those of the index, cells the text of the file; numbers and dates stay as they are written, by the symbols
and formats of the index, and cells that do not fit are counted in a warning. One thing is made plain: a number with an
*implied* accuracy has its decimal symbol put where the index says that it belongs (`12345` → `123,45`), since its text
alone does not show it. Row numbers are physical lines; records before and after the `Range` are counted apart.

Codes that the index maps to meanings are read as the profile wants it (`maps`): as they are, as their meaning, or both.
What the index says of the whole export is told: tables whose files did not come, commands that nobody runs. Its texts
that only describe (comments, descriptions, how long a table is valid) are for people and change nothing here.
"""

from __future__ import annotations

import codecs
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dialect import FixedField, Format
from pipelines.errors import DeliveryError
from pipelines.extract.delimited import DelimitedTable
from pipelines.extract.fixed import FixedTable
from pipelines.extract.messages.gdpdu_files import names_with
from pipelines.extract.messages.gdpdu_index import (
    Beside,
    Column,
    Index,
    IndexTable,
    index_names,
    not_delivered,
    read_index,
    refused,
    table_for,
)
from pipelines.extract.messages.gdpdu_keys import PrimaryKey
from pipelines.extract.messages.gdpdu_text import EncapsulatedTable
from pipelines.extract.table import CELLS, FIRST_ROWS, LEAD, PROBLEM, ROW, Table, Tally, count_of, raw_schema

STANDARD_ENCODING = "cp1252"
"""The standard's ANSI, which counts where an index says nothing."""
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_BEHIND = "behind the last column"
_MOST_REPEATS = 1000
"""As many as RE2 takes in a pattern; longer texts are not measured."""
_SHOWN = 8
_LEVELS = 4
"""Folders above a file in which its index is looked for on a disk."""


class GdpduTable(Table):
    """A data file, open as its index says."""

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str, index: Beside | None) -> None:
        self.tally = tally
        self._name = name
        index = index or _on_disk(path, fmt.index, name)
        self._export, self._names = read_index(index), index.names
        self.described = table_for(self._export, name, fmt.table)
        self._maps = fmt.maps
        self._unmapped: dict[str, int] = {}
        self._kept: Path | None = None
        self._lines_before = 0
        self._seen = 0
        self._misfits: dict[str, tuple[int, list[int]]] = {}
        self._inner = self._opened(self._behind_skipped(path), fmt, path)
        self.columns = [name for c in self.described.columns for name in self._columns_of(c)]
        if twice := {name for name in self.columns if self.columns.count(name) > 1}:
            raise refused(
                f"{index.name}:{self.described.line}", f"a column {min(twice)!r} of its own", "`maps: meaning`"
            )
        self._key = PrimaryKey([c.name for c in self.described.columns if c.is_key])
        self._checks = [(c, found) for c in self.described.columns if (found := _pattern(c, self.described))]

    def close(self) -> None:
        """Close the file; a part that was copied is removed."""
        self._inner.close()
        if self._kept is not None:
            self._kept.unlink(missing_ok=True)

    def pieces(self) -> Iterator[pa.RecordBatch]:
        """The records of the range."""
        for batch in self._inner.pieces():
            inside = self._inside(batch)
            if not len(inside):
                continue
            self._check(inside)
            arrays = [inside.column(n) for n in LEAD]
            if self._lines_before:
                arrays[0] = pc.add(arrays[0], self._lines_before)
            for at, column in enumerate(self.described.columns, len(LEAD)):
                arrays += self._read(inside.column(at), column)
            yield pa.record_batch(arrays, schema=raw_schema(self.columns))
        self._tell()
        self.tally.warnings += _of_export(self._export, self._names() if self._names else None)

    def _opened(self, path: Path, fmt: Format, original: Path) -> Table:
        table = self.described
        encoding = self._encoding(fmt, original)
        if table.fixed:
            fields = [FixedField(name=c.name, start=c.start, width=c.width) for c in table.columns]
            end = max(f.start + f.width for f in fields)
            if table.length and table.length >= end:
                fields.append(FixedField(name=_BEHIND, start=end, width=table.length - end + 1))
            words: dict[str, Any] = {"type": "fixed", "fields": fields}
            return FixedTable(path, Format(**words, encoding=encoding, **_separated(table)), self.tally, self._name)
        names = [c.name for c in table.columns]
        if table.record_end or len(table.quote or "") > 1:
            marks = (table.delimiter, table.record_end, table.quote)
            return EncapsulatedTable(path, encoding, marks, names, self.tally, self._name)
        words = {
            "type": "csv", "encoding": encoding, "delimiter": table.delimiter, "quote_char": table.quote,
            "header_rows": [], "stray_quotes": "literal",
        }  # fmt: skip
        if _ends_with_delimiter(path, encoding, table):
            names.append(_BEHIND)
        return DelimitedTable(path, Format(**words, names=names), self.tally, self._name)

    def _encoding(self, fmt: Format, path: Path) -> str:
        """The declared encoding, that of a byte order mark, that of the index, or the standard's."""
        if "encoding" in fmt.model_fields_set:
            return fmt.encoding
        said = self.described.encoding or STANDARD_ENCODING
        with path.open("rb") as file:
            head = file.read(4)
        marked = next((codec for mark, codec in _MARKS.items() if head.startswith(mark)), None)
        if marked and marked != said:
            by = (
                f"{said} of the index" if self.described.encoding else f"{said}, which counts where the index says none"
            )
            self.tally.warnings.append(f"the file begins with a mark of {marked} and is read so, not in {by}")
        if not marked and said == STANDARD_ENCODING and _is_utf8_beyond_ascii(path):
            read_so = "is read so" if self.described.encoding is None else "is read in it all the same"
            self.tally.warnings.append(
                f"the text is UTF-8, the index says {self.described.encoding or 'none'}: {read_so}"
            )
            return said if self.described.encoding else "utf-8"
        return marked or said

    def _behind_skipped(self, path: Path) -> Path:
        """The file, or a copy of what follows the bytes that the index says are to be skipped."""
        skip = self.described.skip_bytes
        if not skip:
            return path
        if path.stat().st_size <= skip:
            raise refused(self._name, f"a file of {path.stat().st_size} bytes", f"records after {skip} bytes to skip")
        with path.open("rb") as source, tempfile.NamedTemporaryFile(delete=False) as rest:
            self._lines_before = len(re.findall(rb"\r\n|\n|\r", source.read(skip)))
            shutil.copyfileobj(source, rest)
        self._kept = Path(rest.name)
        return self._kept

    def _inside(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The records of the range; those before it are counted and compared with the names of the columns."""
        table, before = self.described, self._seen
        self._seen += len(batch)
        first = min(max(table.first - 1 - before, 0), len(batch))
        stop = len(batch) if table.last is None else min(max(table.last - before, first), len(batch))
        if first:
            self._compare(batch.slice(0, first))
            self.tally.preamble += first
        self.tally.outside += len(batch) - stop
        return batch.slice(first, stop - first)

    def _compare(self, records: pa.RecordBatch) -> None:
        """DeliveryError when a record before the range is a header with the same names in another order."""
        for record in records.to_pylist():
            if record[PROBLEM] is not None:
                found = [cell.strip().casefold() for cell in record[CELLS] or []]
            else:
                found = [(record[n] or "").strip().casefold() for n in list(record)[len(LEAD) :]]
            found = [name for name in found if name]
            names = [c.name.casefold() for c in self.described.columns]
            if found != names and sorted(found) == sorted(names):
                at = next(i for i, name in enumerate(names) if found[i] != name)
                expected = self.described.columns[at]
                raise DeliveryError(
                    "columns of the file stand in another order than in its index",
                    where=f"{self._name}:{record[ROW]}, column {at + 1}",
                    got=repr(found[at]),
                    expected=f"{expected.name!r}, line {expected.line} of the index",
                    next_step="export the data again with an index that fits its files",
                )
            known = set(found) & set(names)
            if known and found != names:
                self.tally.warnings.append(
                    f"the header in line {record[ROW]} has {count_of(len(set(found) - set(names)), 'name')} that the "
                    f"index does not have, and lacks {len(set(names) - set(found))} that it has"
                )

    def _columns_of(self, column: Column) -> list[str]:
        """The names under which a column of the index is read."""
        beside = self._maps == "both" and _is_mapped(column)
        return [column.name, f"{column.name} (meaning)"] if beside else [column.name]

    def _read(self, cells: pa.Array, column: Column) -> list[pa.Array]:
        """A column with the decimal symbol of an implied accuracy in its place, or with the meanings of its codes."""
        if column.implied:
            texts = [_with_symbol(c, column.implied, self.described.decimal) for c in cells.to_pylist()]
            return [pa.array(texts, pa.string())]
        if self._maps == "code" or not _is_mapped(column):
            return [cells]
        meanings, kept = column.meanings, self._maps == "both"
        codes = cells.to_pylist()
        known = [meanings.get(c.strip()) if c else c for c in codes]
        without = sum(c is None and bool(code) for c, code in zip(known, codes, strict=True))
        self._unmapped[column.name] = self._unmapped.get(column.name, 0) + without
        texts = ["" if c is None and code is not None else c for c, code in zip(known, codes, strict=True)]
        if kept:
            return [cells, pa.array(texts, pa.string())]
        return [pa.array([t if k is not None else c for t, k, c in zip(texts, known, codes, strict=True)], pa.string())]

    def _check(self, batch: pa.RecordBatch) -> None:
        """Count the cells that are not as the index says."""
        rows = batch.column(ROW)
        for column, (pattern, said) in self._checks:
            cells = batch.column(len(LEAD) + self.described.columns.index(column))
            fits = pc.or_(pc.equal(cells, ""), pc.match_substring_regex(cells, pattern))
            self._count(
                f"column {column.name!r} holds {said} by the index, and {{}} cells do not", pc.invert(fits), rows
            )
        if self._key.names:
            parts = [batch.column(len(LEAD) + at) for at, c in enumerate(self.described.columns) if c.is_key]
            self._key.see(parts, rows)
        for at in range(len(LEAD) + len(self.described.columns), batch.num_columns):
            filled = pc.not_equal(pc.utf8_trim_whitespace(batch.column(at)), "")
            self._count("the index has no column for what stands at the end of {} records", filled, rows)

    def _count(self, said: str, mask: pa.Array, rows: pa.Array) -> None:
        number = int(pc.sum(mask).as_py() or 0)
        if number:
            count, first = self._misfits.get(said, (0, []))
            found = rows.filter(pc.fill_null(mask, fill_value=False)).slice(0, FIRST_ROWS).to_pylist()
            self._misfits[said] = (count + number, [*first, *(r + self._lines_before for r in found)][:FIRST_ROWS])

    def _tell(self) -> None:
        """What does not fit, and what became of codes."""
        for column in self.described.columns:
            if column.maps:
                self.tally.warnings += self._of_codes(column)
        for said, number, again in self._key.told():
            self._misfits[said] = number, [row + self._lines_before for row in again]
        for said, (count, rows) in self._misfits.items():
            more = ", …" if count > len(rows) else ""
            self.tally.warnings.append(f"{said.format(count)} (rows {', '.join(map(str, rows))}{more})")

    def _of_codes(self, column: Column) -> Iterator[str]:
        """What is to be told of the meanings that the index gives to the codes of a column."""
        said = f"column {column.name!r} has codes with meanings in the index (line {column.line})"
        if not _is_mapped(column):
            yield f"{said}: it is {column.kind} and read as it is, since the standard maps text only"
            return
        if self._maps == "code":
            yield f"{said}: they are read as they are; `maps: meaning` or `maps: both` in the format reads the meanings"
            return
        if twofold := sorted({code for code, _ in column.maps} - column.meanings.keys()):
            shown = ", ".join(map(repr, twofold[:_SHOWN]))
            yield f"{said}, two for {shown}: which one is meant nothing tells"
        if number := self._unmapped.get(column.name):
            yield f"{said}, and {count_of(number, 'cell')} whose code has none"


def _is_mapped(column: Column) -> bool:
    return bool(column.maps) and column.kind == "AlphaNumeric"


def _of_export(index: Index, names: Iterable[str] | None) -> Iterator[str]:
    """What is to be told of an export as a whole."""
    if index.asides:
        more = f" and {len(index.asides) - _SHOWN} more" if len(index.asides) > _SHOWN else ""
        yield f"{index.name} says what is not acted on: {', '.join(index.asides[:_SHOWN])}{more}"
    missing = not_delivered(index, names) if names is not None else []
    if missing:
        shown = ", ".join(f"{t.url} (table {t.name!r}, line {t.line})" for t in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        yield (
            f"tables of the export are missing; at {index.name}; got no file {shown}{more}; expected the files of all "
            f"{len(index.tables)} tables that it names. client to act: send them, or an index without them; what came "
            "is read"
        )


def _is_utf8_beyond_ascii(path: Path) -> bool:
    """Whether a file has other letters than English ones, and all of them are UTF-8: text of code pages is not."""
    decoder, beyond = codecs.getincrementaldecoder("utf-8")("strict"), False
    with path.open("rb") as file:
        try:
            while block := file.read(1 << 20):
                decoder.decode(block)
                beyond = beyond or not block.isascii()
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return beyond


def _separated(table: IndexTable) -> dict[str, Any]:
    return {"record_separator": table.record_end} if table.record_end else {}


def _ends_with_delimiter(path: Path, encoding: str, table: IndexTable) -> bool:
    """Whether the first line has a delimiter behind its last cell, as many programs write every line."""
    with path.open("rb") as file:
        text = file.read(1 << 16).decode(encoding, "replace")
    parts = text.split(table.record_end) if table.record_end else text.splitlines()
    line = next((p for p in parts if p.strip()), "")
    return line.endswith(table.delimiter) and line.count(table.delimiter) == len(table.columns)


def _with_symbol(text: str | None, digits: int, symbol: str) -> str | None:
    found = re.fullmatch(r"\s*([+-]?)(\d+)([+-]?)\s*", text or "")
    if not found:
        return text
    number = found[2].zfill(digits + 1)
    return f"{found[1]}{number[:-digits]}{symbol}{number[-digits:]}{found[3]}"


def _pattern(column: Column, table: IndexTable) -> tuple[str, str] | None:
    """What a cell of the column looks like by its type, and the type in words; None where anything may stand."""
    if column.kind == "Numeric":
        digits = r"\d+"
        if table.grouping:
            digits = rf"(?:\d+|\d{{1,3}}(?:{re.escape(table.grouping)}\d{{3}})+)"
        most = column.accuracy if column.accuracy is not None else 18
        decimals = rf"(?:{re.escape(table.decimal)}\d{{0,{most}}})?"
        said = "numbers" + (
            f" of at most {count_of(column.accuracy, 'decimal')}" if column.accuracy is not None else ""
        )
        return rf"^\s*[+-]?{digits}{decimals}[+-]?\s*$", said
    if column.kind == "Date":
        written = column.format.upper().replace("T", "D").replace("J", "Y")
        if re.search(r"[^DMY\W_]", written):
            return None
        digits = re.sub("[DMY]", "[0-9]", re.escape(written))
        return rf"^\s*{digits}\s*$", f"dates as {column.format}"
    if column.max_length and column.max_length <= _MOST_REPEATS:
        return rf"(?s)^.{{0,{column.max_length}}}$", f"text of at most {count_of(column.max_length, 'character')}"
    return None


def _on_disk(path: Path, index: str, name: str) -> Beside:
    """The index that lies beside a file, or in a folder above it; DeliveryError when there is none."""
    folders = [path.parent, *list(path.resolve().parents)[1 : _LEVELS + 1]]
    for folder in folders:
        wanted = index.removeprefix("/").casefold()
        found = folder / index.removeprefix("/")
        if not found.is_file() and folder.is_dir() and "/" not in wanted:
            found = next((f for f in folder.iterdir() if f.name.casefold() == wanted), found)
        if found.is_file():
            shown = path.resolve().relative_to(folder.resolve()).as_posix()
            called = f"{name[: len(name) - len(shown)]}{found.name}" if name.endswith(shown) else found.name
            return Beside(found, called, partial(names_with, found, called))
    raise refused(name, f"no {index} beside the file or above it", " or ".join(index_names(name, index)[:3]))
