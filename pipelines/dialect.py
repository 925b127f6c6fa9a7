"""The words that say how the bytes of a file become a table of text cells. An unknown word is an error.

They are the words of the Frictionless table dialect in snake case. A profile writes them under `format`;
`read` and `sniff` take them as JSON, where the spellings of other programs are understood as well (`words_from_json`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from babel import Locale, UnknownLocaleError
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)  # fmt: skip

from pipelines.errors import DeclarationError


class Words(BaseModel):
    """Base of everything that is written in a declaration."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def listed(value: object) -> object:
    """A single text or number where a list may stand."""
    return [value] if isinstance(value, str | int) else value


def between_slashes(text: str) -> str | None:
    """The regular expression of a text that is written as one, `/…/`; None of any other, which stands for itself."""
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == "/" else None


def check_regex(pattern: str | None) -> None:
    """ValueError when this is not a regular expression."""
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None


def check_locale(value: str) -> str:
    """The name of a locale; ValueError when there is none of that name."""
    try:
        Locale.parse(value)
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"unknown locale {value!r}, e.g. de_DE") from None
    return value


class FixedField(Words):
    """One column of a fixed-width record."""

    name: str
    start: int = Field(ge=1, description="position of its first character, from 1")
    width: int = Field(ge=1, description="characters")
    trim: bool = Field(True, description="spaces at both ends do not belong to the cell")


class Format(Words):
    """How the bytes become a table of text cells."""

    type: Literal[
        "csv", "fixed", "xlsx", "json", "jsonl", "xml", "parquet",
        "camt", "mt940", "ofx", "einvoice", "saft", "gdpdu", "datev", "edifact", "x12",
    ] = Field(
        "csv",
        description="csv = any delimited text; fixed = columns by position; xlsx = workbook (also xlsm, xls, xlsb, "
        "ods); json = one document; jsonl = one JSON value per line; business messages: camt, mt940 (also MT942), ofx "
        "= statements of banks; einvoice = UBL, CII, also inside PDF; saft, gdpdu, datev = files for audit and tax; "
        "edifact, x12 = EDI",
    )  # fmt: skip
    table: str | None = Field(
        None, description="of a business message: which of its tables (`python -m pipelines formats TYPE` lists them)"
    )
    index: str = Field("index.xml", description="of gdpdu: the description of the export, beside the file")
    maps: Literal["code", "meaning", "both"] = Field(
        "code",
        description="of gdpdu: what is read of a column whose codes the index maps to meanings: the code as the file "
        "has it; the meaning in its place; or both, the meaning in a column of its own, `<name> (meaning)`, behind it",
    )
    signature_key: str | None = Field(
        None,
        description="of saft: public key (PEM) of the software that signs the client's documents; with it signatures "
        "are verified, without it only their form",
    )
    encoding: str = Field("utf-8", description="any Python codec; a byte order mark is dropped")
    fallback_encoding: str | None = Field(
        None, description="lines that are not in `encoding` are read in this one (files put together from several)"
    )
    delimiter: str = Field(",", min_length=1, description="one or several characters")
    quote_char: str | None = Field('"', max_length=1, description="null = quotes are ordinary characters")
    double_quote: bool = Field(True, description="a doubled quote inside quotes is one quote")
    escape_char: str | None = Field(None, max_length=1)
    stray_quotes: Literal["reject", "literal"] = Field(
        "reject",
        description="a quote that neither opens nor closes a cell: reject = the record is malformed; "
        "literal = it is an ordinary character where only that gives the record its number of cells",
    )
    ragged: Literal["reject", "pad"] = Field(
        "reject",
        description="records with too few or too many cells: reject = malformed; pad = cells missing at the end are "
        "empty, empty ones too many are dropped",
    )
    cut_off: Literal["refuse", "keep"] = Field(
        "refuse",
        description="a last line that has too few cells and no line break, or a quote open at the end of the file: "
        "refuse = the file was cut off on its way; keep = a record like any other",
    )
    record_separator: str | None = Field(None, description="null = CRLF, LF or CR; else this text, e.g. '&|\\n'")
    skip_initial_space: bool = Field(False, description="spaces after a delimiter do not belong to the cell")
    comment_char: str | None = Field(None, description="records that begin with it are comments")
    header_rows: list[int] = Field([1], description="physical rows of the header, from 1; [] = none: give names")
    header_join: str = Field(" ", description="joins the parts of a header of several rows")
    repeated_headers: Literal["keep", "skip"] = Field(
        "keep", description="records that say the header again, as at every page of a print: skip = they are no rows"
    )
    names: list[str] | None = Field(None, description="column names, in order, where there is no header")
    preamble_rows: int = Field(0, ge=0, description="physical rows before the first record of a file without header")
    footer_rows: int = Field(0, ge=0, description="records at the end that are not rows (totals, trailers)")
    end_row: int | None = Field(None, ge=1, description="last physical row of the table; what follows is no part of it")
    end_at: str | None = Field(
        None,
        description="blank = the table ends before its first blank line; else a regular expression that is found in "
        "the first line after the table",
    )
    sheet: str | int | list[str | int] | None = Field(
        None,
        description="sheet name, number from 1 or /pattern/ of names, or a list of them read one after the other; "
        "null = the first visible sheet",
    )
    range: str | None = Field(None, description="cells of the sheet that hold header and records: B4:H200 or B:H")
    hidden_rows: Literal["keep", "skip"] = Field(
        "keep", description="rows hidden in the sheet: skip = they are no rows"
    )
    merged_cells: Literal["blank", "fill"] = Field(
        "fill", description="fill = every cell of a merged range has its value; blank = only the first"
    )
    password: str | None = Field(
        None, description="name of the connection whose password opens the workbook; the password is never written here"
    )
    fields: list[FixedField] | None = Field(None, description="columns of fixed-width records")
    record_path: str | None = Field(
        None, description="where the records are: a.b.c in JSON (null = the document itself), Root/Item in XML"
    )

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the words of messages where they have no meaning: formats are compared by what is written of them."""
        return {word: value for word, value in write(self).items() if word not in _OF_MESSAGES - WORDS_OF[self.type]}

    @model_validator(mode="after")
    def _consistent(self) -> Format:
        strange = sorted(w for w in self.model_fields_set if w not in WORDS_OF[self.type])
        if strange:
            raise ValueError(f"{', '.join(strange)}: no meaning for type {self.type}")
        if self.names and len(set(self.names)) != len(self.names):
            raise ValueError("names must differ from each other")
        if self.type in ("csv", "xlsx") and bool(self.names) == bool(self.header_rows):
            raise ValueError("give either header_rows (non-empty) or header_rows: [] with names")
        for word in ("encoding", "fallback_encoding"):
            codec = getattr(self, word)
            try:
                "".encode(codec or "utf-8")
            except LookupError:
                raise ValueError(f"unknown encoding {codec!r}") from None
        if self.end_at not in (None, "blank"):
            check_regex(self.end_at)
        return self._typed()

    def _typed(self) -> Format:
        if self.type == "fixed":
            if not self.fields:
                raise ValueError("fixed-width records need fields")
            if len({f.name for f in self.fields}) != len(self.fields):
                raise ValueError("names of fields must differ from each other")
        if self.type == "xml" and not self.record_path:
            raise ValueError("xml needs record_path, e.g. Root/Item")
        return self


_TEXT = {"type", "encoding", "fallback_encoding"}
_OF_MESSAGES = {"table", "index", "maps", "signature_key"}
_LINES = {"record_separator", "comment_char", "preamble_rows", "footer_rows", "end_row", "end_at"}
_HEADER = {"header_rows", "header_join", "repeated_headers", "names"}
WORDS_OF: Mapping[str, frozenset[str]] = {
    "csv": frozenset(
        _TEXT | _LINES | _HEADER
        | {"delimiter", "quote_char", "double_quote", "escape_char", "stray_quotes", "ragged", "cut_off"}
        | {"skip_initial_space"}
    ),
    "fixed": frozenset(_TEXT | _LINES | {"fields"}),
    "xlsx": frozenset(
        _HEADER
        | {"type", "preamble_rows", "footer_rows", "end_row", "end_at", "sheet", "range", "hidden_rows"}
        | {"merged_cells", "password"}
    ),
    "json": frozenset(_TEXT | {"record_path", "names"}),
    "jsonl": frozenset(_TEXT | {"record_path", "names"}),
    "xml": frozenset({"type", "record_path", "names"}),
    "parquet": frozenset({"type", "names"}),
    "camt": frozenset({"type", "table"}),
    "mt940": frozenset({"type", "table", "encoding"}),
    "ofx": frozenset({"type", "table", "encoding"}),
    "einvoice": frozenset({"type", "table"}),
    "saft": frozenset({"type", "table", "signature_key"}),
    "gdpdu": frozenset({"type", "table", "encoding", "index", "maps"}),
    "datev": frozenset({"type", "table", "encoding"}),
    "edifact": frozenset({"type", "table", "encoding"}),
    "x12": frozenset({"type", "table", "encoding"}),
}  # fmt: skip
"""The words that mean something for each type; any other is refused rather than ignored."""

TABLE_TYPES = frozenset({"camt", "mt940", "ofx", "einvoice", "saft", "datev", "edifact", "x12"})
"""Business message formats with tables of their own, whose columns are known before a file comes."""
MESSAGE_TYPES = TABLE_TYPES | {"gdpdu"}
"""All business message formats."""

Listed = Annotated[list[str], BeforeValidator(listed)]

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "delimiter": ("delimiter", "delim", "sep", "separator", "fielddelimiter", "fieldseparator"),
    "quote_char": ("quote", "quotechar", "quotecharacter", "quotationchar", "quotationmark"),
    "double_quote": ("doublequote",),
    "escape_char": ("escape", "escapechar", "escapecharacter"),
    "encoding": ("encoding", "charset", "codec"),
    "record_separator": (
        "recordseparator", "recorddelimiter", "rowdelimiter", "rowseparator", "lineterminator", "lineseparator",
        "linedelimiter", "newline", "eol",
    ),
    "comment_char": ("comment", "commentchar", "commentprefix"),
    "header_rows": ("headerrow", "headerrows", "header"),
    "header_lines": ("headerlines", "headerrowcount", "headerlength"),
    "preamble_rows": ("preamble", "preamblerows", "preamblelines", "preamblelength", "skiprows", "skip"),
    "footer_rows": (
        "footer", "footerrows", "footerlines", "footerlength", "footnote", "footnoterows", "footnotelines",
        "footnotelength", "skipfooter",
    ),
    "names": ("names", "columnnames"),
}  # fmt: skip
_KNOWN = {spelling: word for word, spellings in _SPELLINGS.items() for spelling in spellings}
_KNOWN |= {re.sub(r"[^a-z]", "", word): word for word in Format.model_fields}


def words_from_json(given: Mapping[str, Any]) -> dict[str, Any]:
    """Words of `Format` from a JSON dialect in any usual spelling; raises DeclarationError for an unknown one.

    `header_row` counts lines of the file from 1; 0, null, false or [] mean a file without header. `header_lines`
    is their number instead, directly below the preamble. A header row inside the preamble counts from the end of
    the preamble. An empty quote or escape character means none; an escape character equal to the quote means
    doubled quotes. A usual line break as record separator stands for all three: senders mix them.

    >>> words_from_json({"quotechar": '"', "escapechar": '"', "preamble_lines": 2, "header_lines": 1})
    {'quote_char': '"', 'escape_char': None, 'preamble_rows': 2, 'double_quote': True, 'header_rows': [3]}
    """
    words: dict[str, Any] = {}
    for key, value in given.items():
        word = _KNOWN.get(re.sub(r"[^a-z]", "", key.lower()))
        if word is None:
            raise DeclarationError(
                "word of the dialect not understood",
                got=repr(key),
                expected=f"one of {', '.join(sorted(Format.model_fields))}",
                next_step="correct the dialect",
            )
        words[word] = value
    if "escape_char" in words and words["escape_char"] and words["escape_char"] == words.get("quote_char", '"'):
        words["escape_char"] = None
        words["double_quote"] = True
    for word in ("quote_char", "escape_char", "record_separator", "comment_char"):
        if word in words and not words[word]:
            words[word] = None
    if words.get("record_separator") in ("\r\n", "\n", "\r"):
        words["record_separator"] = None
    _place_header(words)
    _check(words)
    return words


def _check(words: Mapping[str, Any]) -> None:
    """DeclarationError when the words contradict each other in every type of file."""
    fitting = [t for t, known in WORDS_OF.items() if words.keys() <= known]
    named: dict[str, Any] = {} if words.get("header_rows", True) or "names" in words else {"names": ["any"]}
    try:
        Format(**{"type": fitting[0] if fitting else "csv", **named, **words})
    except ValidationError as error:
        first = error.errors()[0]
        raise DeclarationError(
            "dialect not understood",
            where=".".join(map(str, first["loc"])) or None,
            got=first["msg"].removeprefix("Value error, "),
            next_step="correct the dialect",
        ) from None


def _place_header(words: dict[str, Any]) -> None:
    """Turn the ways to say where the header is into `header_rows`, physical rows from 1."""
    before = int(words.get("preamble_rows") or 0)
    count = words.pop("header_lines", None)
    if count is not None:
        words["header_rows"] = list(range(before + 1, before + int(count) + 1))
    if "header_rows" in words:
        value = words["header_rows"]
        if isinstance(value, bool) or not value:
            rows = [before + 1] if value is True else []
        else:
            rows = [int(row) for row in (value if isinstance(value, list) else [value])]
        words["header_rows"] = [row + before for row in rows] if rows and min(rows) <= before else rows
