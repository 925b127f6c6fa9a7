"""A file of DATEV's format as records: the first line, the headings, and each record with its fields by column.

The text is read by the reader of delimited files (quotes, line breaks in fields, odd records); what is DATEV's own is
here: the first line that says what the file is, encodings that nobody writes down, short records.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.dialect import Format
from pipelines.errors import DeliveryError
from pipelines.extract.delimited import DelimitedTable
from pipelines.extract.lines import refuse_other_kinds
from pipelines.extract.messages.datev_fields import FIELDS, HEADER, columns_by_heading, columns_by_place
from pipelines.extract.table import PROBLEM, RAW, ROW, Tally

MARKS = ("EXTF", "DTVF")
"""EXTF = written for DATEV by another program, DTVF = by one of DATEV's own."""

_EXPECTED = "a file of DATEV's format, which begins with EXTF or DTVF"
_HEAD = 256 << 10
_BLOCK = 1 << 20
_TAIL = 64 << 10
_SHOWN = 8


class Line(NamedTuple):
    """One record: the line on which it begins, its fields by column, those without one by heading."""

    line: int
    cells: Mapping[str, str]
    other: Mapping[str, str]
    problem: str | None = None
    raw: str = ""


@dataclass(frozen=True)
class Head:
    """What the first two lines say. `columns` are those of the fields in their order."""

    values: Mapping[str, str]
    headings: list[str]
    columns: list[str | None]
    headed: bool
    by_place: bool
    encoding: str

    @property
    def category(self) -> str:
        """The number that says what the records are."""
        return self.values.get("category_code", "")

    @property
    def kind(self) -> str:
        """What the file says that it is, for messages."""
        return f"category {self.category or 'without number'} ({self.values.get('category_name') or 'without name'})"


def read_head(path: Path, fmt: Format, name: str) -> Head:
    """The first two lines of a file; DeliveryError when it is none of DATEV's."""
    refuse_other_kinds(path, name, _EXPECTED)
    encoding = encoding_of(path, fmt)
    with path.open("rb") as file:
        text = file.read(_HEAD).decode(encoding, "replace").removeprefix("\ufeff")
    lines = text.splitlines()
    first = _fields(lines[0]) if lines else []
    if not first or first[0].strip() not in MARKS:
        raise DeliveryError(
            "file is none of DATEV's format",
            where=f"{name}:1",
            got=f"a first line that begins {(lines[0] if lines else '')[:24]!r}",
            expected="EXTF or DTVF and the other fields of the first line, parted by semicolons",
            next_step="export the file in DATEV's format with its first line, and send it again",
        )
    values = dict(zip(HEADER, (cell.strip() for cell in first), strict=False))
    if not values.get("category_code"):
        raise _no_category(name, len(first))
    second = _fields(lines[1]) if len(lines) > 1 else []
    category = values["category_code"]
    columns = columns_by_heading(category, second) if category in FIELDS else [None] * len(second)
    headed = any(cell.strip() for cell in second) and not _is_record(second)
    if headed and "account" not in columns and "payment_term_code" not in columns and category in FIELDS:
        placed = columns_by_place(category, len(second))
        return Head(values, second, placed or columns, True, placed is not None, encoding)
    if not headed:
        first_record = next((line for line in lines[1:] if line.strip()), "")
        width = max(len(_fields(first_record)), len(FIELDS.get(category, ())))  # short records are filled up
        placed = columns_by_place(category, width) if category in FIELDS else None
        names = [f"field {n}" for n in range(1, width + 1)]
        return Head(values, names, placed or [None] * width, False, True, encoding)
    return Head(values, second, columns, True, False, encoding)


def encoding_of(path: Path, fmt: Format) -> str:
    """The declared encoding; else UTF-8 where the file says or proves it, and cp1252, which DATEV itself writes."""
    if "encoding" in fmt.model_fields_set:
        return fmt.encoding
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    with path.open("rb") as file:
        block = file.read(_BLOCK)
        if block.startswith(codecs.BOM_UTF8):
            return "utf-8"
        if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        try:
            while block:
                decoder.decode(block)
                block = file.read(_BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


class DatevFile:
    """A file of DATEV's, open behind its headings."""

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str) -> None:
        self.head = read_head(path, fmt, name)
        self._tally = tally
        self._path, self._name = path, name
        words: dict[str, Any] = {"type": "csv", "encoding": self.head.encoding, "delimiter": ";", "ragged": "pad"}
        if self.head.headed:
            words["header_rows"] = [2]
        else:
            words |= {"header_rows": [], "names": self.head.headings or ["field 1"], "preamble_rows": 1}
        self._table = DelimitedTable(path, Format(**words, stray_quotes="literal"), tally, name)
        self._warn()

    def lines(self) -> Iterator[Line]:
        """The records in their order."""
        self._refuse_cut()
        columns = [*self.head.columns, *[None] * len(self._table.columns)]
        fields = list(zip(columns, self._table.columns, strict=False))
        for batch in self._table.pieces():
            rows, problems, raw = (batch.column(c).to_pylist() for c in (ROW, PROBLEM, RAW))
            cells = [batch.column(i).to_pylist() for i in range(batch.num_columns - len(fields), batch.num_columns)]
            filled = [(*field, values) for field, values in zip(fields, cells, strict=True) if any(values)]
            for at, row in enumerate(rows):
                if problems[at] is not None:
                    yield Line(row, {}, {}, problems[at], raw[at] or "")
                    continue
                named: dict[str, str] = {}
                other: dict[str, str] = {}
                for column, heading, values in filled:
                    if value := (values[at] or "").strip():
                        if column is None:
                            other[heading] = value
                        else:
                            named[column] = value
                yield Line(row, named, other)

    def close(self) -> None:
        """Close the file."""
        self._table.close()

    def _warn(self) -> None:
        head = self.head
        if head.by_place:
            said = "the headings are none of DATEV's" if head.headed else "there is no line of headings"
            self._tally.warnings.append(f"{said}: fields are taken by their place")
            return
        unknown = [h for h, c in zip(head.headings, head.columns, strict=True) if c is None and _tells(h)]
        if unknown:
            shown = ", ".join(repr(h[:40]) for h in unknown[:_SHOWN])
            more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
            self._tally.warnings.append(f"fields without a column of their own, kept in `other`: {shown}{more}")

    def _refuse_cut(self) -> None:
        """DeliveryError when the file ends inside a record: fewer fields than the first record, and no line break."""
        size = self._path.stat().st_size
        with self._path.open("rb") as file:
            start = file.read(_HEAD).decode(self.head.encoding, "replace").splitlines()
            file.seek(max(0, size - _TAIL))
            end = file.read().decode(self.head.encoding, "replace").rstrip("\x1a")
        first = start[2 if self.head.headed else 1 :]
        if not first or end.endswith(("\n", "\r")) or len(first) == 1:
            return
        last = end.splitlines()[-1] if end else ""
        got, expected = len(_fields(last)), len(_fields(first[0]))
        if last.strip() and (got < expected or last.count('"') % 2):
            raise DeliveryError(
                "file is truncated",
                where=f"{self._name}, last line",
                got=f"a last line of {got} fields without line break",
                expected=f"{expected} fields, as in the first record",
                next_step="send the complete file again",
            )


def _fields(line: str) -> list[str]:
    return next(csv.reader([line], delimiter=";"), [])


def _is_record(cells: list[str]) -> bool:
    """Whether the second line is a record already: headings have no digits and commas alone in their first field."""
    first = cells[0].strip()
    return bool(first) and first.replace(",", "").replace(".", "").replace("-", "").isdecimal()


def _tells(heading: str) -> bool:
    return bool(heading.strip()) and not heading.strip().casefold().startswith(("leerfeld", "reserviert"))


def _no_category(name: str, fields: int) -> DeliveryError:
    return DeliveryError(
        "first line does not say what the file holds",
        where=f"{name}:1, field 3",
        got=f"{fields} fields, the third empty or missing",
        expected="the number of the category, e.g. 21 for a batch of bookings",
        next_step="export the file in DATEV's format with its complete first line, and send it again",
    )
