"""Any table written in any supported dialect is read back cell for cell, with the physical rows it stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from pipelines.extract import encoding
from pipelines.extract.reader import read_table
from pipelines.extract.table import BLANK, column_names
from pipelines.profile import Format
from tests.unit.extract.conftest import drain, read_robust

CODECS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1", "cp850"]
ALPHABET = "ab1 é,;|+&~\t\"'\\\n\r#€漢\u2028\x85Ω"


@dataclass(frozen=True)
class Dialect:
    """How the test writes; `quote` None = cells hold nothing that would need one."""

    delimiter: str
    quote: str | None
    escape: str | None
    separator: str | None
    line: str
    codec: str
    always: bool
    space: bool
    comment: str | None

    @property
    def words(self) -> dict[str, Any]:
        return {
            "delimiter": self.delimiter,
            "quote_char": self.quote,
            "double_quote": self.escape is None,
            "escape_char": self.escape,
            "record_separator": self.separator,
            "encoding": self.codec,
            "skip_initial_space": self.space,
            "comment_char": self.comment,
        }

    @property
    def end(self) -> str:
        return self.separator or self.line

    @property
    def special(self) -> list[str]:
        """Texts that mean something outside quotes."""
        breaks = [self.separator] if self.separator else ["\r", "\n"]
        return [text for text in [self.delimiter, self.quote, self.escape, *breaks] if text]

    def cell(self, value: str, first: bool) -> str:
        needs = (
            any(set(text) & set(value) for text in self.special)
            or value != value.strip(" ")
            or (first and self.comment is not None and value.startswith(self.comment))
        )
        space = " " if self.space and not first else ""
        if self.quote is None:
            if self.escape is None:
                return value
            return re.sub("|".join(re.escape(c) for c in {c for t in self.special for c in t}),
                          lambda m: f"{self.escape}{m[0]}", value)  # fmt: skip
        if not (needs or self.always):
            return space + value
        if self.escape:
            value = value.replace(self.escape, self.escape * 2).replace(self.quote, self.escape + self.quote)
        else:
            value = value.replace(self.quote, self.quote * 2)
        return f"{space}{self.quote}{value}{self.quote}"

    def record(self, cells: list[str]) -> str:
        return self.delimiter.join(self.cell(cell, i == 0) for i, cell in enumerate(cells))


@dataclass
class Written:
    """The file as far as it is written, and what must be read from it."""

    dialect: Dialect
    text: str = ""
    rows: dict[int, list[str]] = field(default_factory=dict)

    @property
    def row(self) -> int:
        separator = self.dialect.separator
        if separator and not re.search("[\r\n]", separator):
            return self.text.count(separator) + 1
        return len(re.findall("\r\n|\n|\r", self.text)) + 1

    def line(self, text: str) -> None:
        self.text += text + self.dialect.end

    def record(self, cells: list[str]) -> None:
        self.rows[self.row] = cells
        self.line(self.dialect.record(cells))


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    delimiter = draw(st.sampled_from([",", ";", "\t", "|", "~", "+|", "||", ";;;", "&+&", "é"]))
    separator = draw(st.sampled_from([None, None, None, "&|\n", "#\r\n", "\n", "\r\n", "!!", "\n~\n"]))
    assume(not separator or not set(separator) & set(delimiter))
    quote = draw(st.sampled_from(['"', '"', '"', "'", "$", None]))
    escape = draw(st.sampled_from([None, None, "\\", "^"]))
    comment = draw(st.sampled_from([None, "#", "--", "//"]))
    assume(not (separator and comment and separator.startswith(comment)))  # a blank record would be a comment
    return Dialect(
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        separator=separator,
        line=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        codec=draw(st.sampled_from(CODECS)),
        always=draw(st.booleans()),
        space=draw(st.booleans()) and quote is not None,
        comment=comment,
    )


def readable(dialect: Dialect, cell: str, first: bool) -> str:
    """What of a cell the dialect can say at all: without quotes and escapes no delimiter, no break, no comment."""
    cell = cell.encode(dialect.codec, "ignore").decode(dialect.codec).replace("\ufeff", "")
    if dialect.separator and not dialect.separator.strip("\r\n") and dialect.quote is None:
        cell = cell.replace("\r", "").replace("\n", "")
    if dialect.quote is None:
        for char in {c for text in dialect.special for c in text} if dialect.escape is None else ():
            cell = cell.replace(char, "")
        if first and dialect.comment:
            cell = cell.lstrip(dialect.comment)
        if not dialect.separator or dialect.separator.strip("\r\n") == "":
            cell = cell.replace("\r", "").replace("\n", "")
    return cell


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dialect=dialects(),
    table=st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(st.text(ALPHABET, max_size=7), min_size=n, max_size=n), min_size=1, max_size=7)
    ),
    header_count=st.integers(0, 3),
    preamble=st.lists(st.sampled_from(["Title", 'A "quote', "", "1,2;3|4", "é"]), max_size=2),
    footer=st.integers(0, 2),
    between=st.lists(st.sampled_from(["blank", "comment", "header"]), max_size=3),
    block=st.sampled_from([1, 3, 17, 1 << 20]),
)
@example(
    dialect=Dialect(",", '"', None, None, "\r\n", "utf-16", True, True, "#"),
    table=[["#a", "b\r\n", '"'], ["", "", "x"], [" ", "c,d", '""']],
    header_count=2, preamble=["Title"], footer=1, between=["blank", "header", "comment"], block=3,
)  # fmt: skip
def test_a_table_is_read_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dialect: Dialect,
    table: list[list[str]],
    header_count: int,
    preamble: list[str],
    footer: int,
    between: list[str],
    block: int,
) -> None:
    rows = [[readable(dialect, cell, i == 0) for i, cell in enumerate(record)] for record in table]
    rows = [record for record in rows if any(cell.strip(BLANK) for cell in record)]
    width = len(table[0])
    headers = [[f"h{n}x{i}" for i in range(width)] for n in range(header_count)]
    assume((rows or headers) and len(rows) >= footer and all(_writable(dialect, record) for record in rows))
    assume(not any(record in headers for record in rows))
    file = Written(dialect)
    for line in preamble:
        plain = "".join(c for c in line if c not in "".join(dialect.special))
        file.line(plain.encode(dialect.codec, "ignore").decode(dialect.codec))
    words: dict[str, Any] = {**dialect.words, "footer_rows": footer, "repeated_headers": "skip"}
    words["header_rows"] = []
    for header in headers:
        words["header_rows"].append(file.row)
        file.line(dialect.record(header))
    if not headers:
        words |= {"names": [f"n{i}" for i in range(width)], "preamble_rows": file.row - 1}
    counts = dict.fromkeys(["blank", "comment", "header"], 0)
    for i, record in enumerate(rows):
        what = between[i] if i < len(between) else ""
        if what == "blank":
            file.line("")
        elif what == "comment" and dialect.comment:
            file.line(dialect.comment + " no row")
        elif what == "header" and headers:
            file.line(dialect.record(headers[-1]))
        else:
            what = ""
        if what:
            counts[what] += 1
        file.record(record)
    path = tmp_path / "f.txt"
    path.write_bytes(file.text.encode(dialect.codec))
    monkeypatch.setattr(encoding, "BLOCK_BYTES", block)
    fmt = Format(**words)
    got = drain(read_table(path, fmt, "en_US"))
    assert got == read_robust(path, fmt)
    body = list(file.rows)[: len(rows) - footer]
    assert dict(zip(got.rows, got.cells, strict=True)) == {row: file.rows[row] for row in body}
    assert got.problems == {}
    assert got.columns == (column_names(headers, " ") if headers else words["names"])
    facts = got.facts
    assert facts.footer == [file.rows[row] for row in list(file.rows)[len(body) :]]
    assert facts.footer_rows == list(file.rows)[len(body) :]
    assert (facts.blank_rows, facts.comment_rows) == (counts["blank"], counts["comment"])
    assert facts.repeated_header_rows == counts["header"]
    assert (facts.header_rows, facts.preamble_rows) == (header_count, len(preamble) * _breaks(dialect))
    assert (facts.repaired_rows, facts.padded_rows, facts.outside_rows, facts.malformed) == (0, 0, 0, 0)


def _breaks(dialect: Dialect) -> int:
    """Physical lines that a record separator ends."""
    return len(re.findall("\r\n|\n|\r", dialect.end)) or 1


def _writable(dialect: Dialect, record: list[str]) -> bool:
    """Whether the record says nothing else by accident: a separator or comment made by the joins of its cells."""
    if dialect.quote is not None or dialect.escape is not None:
        return True
    text = dialect.record(record) + dialect.end
    return text.split(dialect.end) == [dialect.record(record), ""] and len(text.split(dialect.delimiter)) == len(record)
