"""The vocabulary of control totals: what a sender promises, and where the promise stands.

`rows` counts records. `sum(column)` adds a number column, `count(column)` counts the cells that are not empty,
`hash(column)` is the classic hash total of a batch: the digits 0-9 of each cell read as one whole number, all added up.
They are taken over everything received. A promise stands in a footer record, in a cell of the file, on another sheet
of the workbook, or in a control file that comes with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator

from pipelines.dialect import Format, Words, check_locale, check_regex
from pipelines.origin_words import is_partial

_NAME = re.compile(r"rows|(sum|count|hash|said)\(([a-z][a-z0-9_]*)\)")
_ADDRESS = re.compile(r"\$?[A-Za-z]{1,3}\$?[1-9]\d*")
_PART = re.compile(r"\{([^{}]*)\}")
_OF_THE_FILE = ("name", "stem", "archive", "archive_stem")

What = Literal["rows", "sum", "count", "hash", "said"]
"""`said(segments)` is a total that a message format itself promises: nobody declares it."""


class ControlAt(Words):
    """Where a control total stands. `file` and `sheet` name another table, of which `cell`, or `column` and `row`, or
    `pattern` alone (of a file) pick the number; `pattern` also picks a part of a cell."""

    footer: int | None = Field(None, ge=1, description="footer record of the file, from 1")
    cell: str | None = Field(None, description="A1 address in the file as received, in `file` or in `sheet`")
    column: str | int | None = Field(None, description="column name, or position from 1")
    row: int | None = Field(None, ge=1, description="record of the table, from 1; none = its only one")
    pattern: str | None = Field(None, description="regular expression; its first group is the number")
    file: str | None = Field(
        None,
        description="control file beside the file: '{stem}.ctl' (a.csv → a.ctl), 'ctl/{name}.csv'; "
        "'/control/{period}.txt' is below the client's folder, '{archive_stem}.ctl' beside the archive; groups of "
        "`files` may be named",
    )
    sheet: str | int | None = Field(None, description="another sheet of the workbook: its name, or number from 1")
    format: Format | None = Field(None, description="how the control file, or the table on the sheet, is read")
    locale: str | None = Field(None, description="locale of the number, if not that of the column")

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, value: str | None) -> str | None:
        check_regex(value)
        return value

    @field_validator("locale")
    @classmethod
    def _check_locale(cls, value: str | None) -> str | None:
        return value if value is None else check_locale(value)

    @field_validator("cell")
    @classmethod
    def _check_cell(cls, value: str | None) -> str | None:
        if value is not None and not _ADDRESS.fullmatch(value):
            raise ValueError(f"{value!r} is no cell address, e.g. B3")
        return value

    @field_validator("file")
    @classmethod
    def _check_file(cls, value: str | None) -> str | None:
        if value is None:
            return None
        names = value.removeprefix("/").split("/")
        if any(not n or n in (".", "..") or is_partial(n) or "\\" in n or not n.isprintable() for n in names):
            raise ValueError(f"{value!r} is no path of a control file, e.g. '{{stem}}.ctl' or '/control/{{name}}.csv'")
        if re.search(r"[{}]", _PART.sub("", value)):
            raise ValueError(f"{value!r} has a brace without its other")
        if value in ("{name}", "{archive}"):
            raise ValueError(f"{value!r} is the file itself")
        return value

    @model_validator(mode="after")
    def _one_place(self) -> ControlAt:
        given = [w for w in ("footer", "file", "sheet") if getattr(self, w) is not None]
        if len(given) > 1 or not (given or self.cell):
            raise ValueError("give one of footer, cell, file, sheet")
        place = given[0] if given else "cell"
        if self.format is not None and place not in ("file", "sheet"):
            raise ValueError("format is for file and sheet: the file itself is read by the format of the source")
        if self.row is not None and (place not in ("file", "sheet") or self.column is None):
            raise ValueError("row goes with column, of a file or sheet")
        if self.cell is not None and (place == "footer" or self.column is not None):
            raise ValueError("give cell, or column; a footer has columns")
        if place == "footer" and self.column is None and self.pattern is None:
            raise ValueError("footer needs column (a name or a position), or pattern")
        if place == "sheet" and self.cell is None and self.column is None:
            raise ValueError("sheet needs cell, or column with row")
        if place == "file" and self.cell is None and self.column is None and self.pattern is None:
            raise ValueError("file needs cell, column with row, or pattern")
        return self._readable()

    def _readable(self) -> ControlAt:
        if self.sheet is not None and self.format is not None:
            if self.format.type != "xlsx":
                raise ValueError("the format of a sheet is of type xlsx")
            if self.format.sheet is not None:
                raise ValueError("give sheet once")
        text = self.file is not None and self.cell is None and self.column is None
        if text and self.format is not None and self.format.type not in ("csv", "fixed", "json", "jsonl"):
            raise ValueError("a pattern alone is for files of text: give cell, or column with row")
        return self

    @property
    def elsewhere(self) -> bool:
        """Whether it stands in another table than the delivered one."""
        return self.file is not None or self.sheet is not None

    def file_path(self, rel: str, archive: str | None, groups: dict[str, str]) -> str:
        """Path below the client's folder of the control file of a file `rel`, a member of `archive` if that is given.

        >>> ControlAt(file="{stem}.ctl", pattern="[0-9]+").file_path("daily/a.csv", None, {})
        'daily/a.ctl'
        """
        pattern = self.file or ""
        outer = archive or rel
        home = outer if "{archive" in pattern else rel
        folder = "" if pattern.startswith("/") else home[: home.rfind("/") + 1]
        name, archive_name = (path.rpartition("/")[2] for path in (rel, outer))
        parts = {"name": name, "stem": _stem(name), "archive": archive_name, "archive_stem": _stem(archive_name)}
        known = {**groups, **parts}
        return folder + _PART.sub(lambda part: known.get(part[1], ""), pattern.removeprefix("/"))

    def is_like(self, rel: str) -> bool:
        """Whether a file is called as control files are: it is then no delivery, even if its own file is not there yet.

        >>> ControlAt(file="{stem}.ctl", pattern="[0-9]+").is_like("daily/b.ctl")
        True
        """
        parts = _PART.split((self.file or "").removeprefix("/"))  # literal text and names of parts in turn
        name = "".join("[^/]*" if i % 2 else re.escape(part) for i, part in enumerate(parts))
        folder = "" if (self.file or "").startswith("/") else "(?:.*/)?"
        return self.file is not None and re.fullmatch(folder + name, rel) is not None


def _form(value: object) -> str:
    """Which of the two forms is meant, so that a fault is told of that one only."""
    return UNSAID[0] if isinstance(value, str) else UNSAID[1]


UNSAID = ("[footer]", "[place]")
"""What pydantic adds to the place of a fault for the form of a control; nobody wrote it."""
Control = Annotated[
    Annotated[Literal["footer"], Tag(UNSAID[0])] | Annotated[ControlAt, Tag(UNSAID[1])], Discriminator(_form)
]


def _check_name(name: str) -> str:
    if parts_of(name)[0] == "said":
        raise ValueError(f"control {name!r}: what a message format itself promises is compared unasked")
    return name


ControlName = Annotated[str, AfterValidator(_check_name)]


def _stem(name: str) -> str:
    return name[: name.rfind(".")] if name.rfind(".") > 0 else name


def parts_of(name: str) -> tuple[What, str | None]:
    """What a control counts and of which column; ValueError when its name is none.

    >>> parts_of("rows"), parts_of("sum(net_amount)")
    (('rows', None), ('sum', 'net_amount'))
    """
    found = _NAME.fullmatch(name)
    if not found:
        raise ValueError(f"control {name!r}: give rows, sum(column), count(column) or hash(column)")
    what: What = found[1] or "rows"  # type: ignore[assignment]
    return what, found[2]


def misfit(where: Control, fmt: Format, groups: Iterable[str]) -> tuple[str, str] | None:
    """(got, expected) of a control that the format or the file pattern of its source leaves without a place."""
    if (where == "footer" or where.footer is not None) and not fmt.footer_rows:
        return "a control in the footer", "format.footer_rows of 1 or more"
    if where == "footer":
        return None
    if where.sheet is not None and fmt.type != "xlsx":
        return f"sheet {where.sheet}", "a source whose format is of type xlsx"
    known = [*_OF_THE_FILE, *groups]
    unknown = [part for part in _PART.findall(where.file or "") if part not in known]
    return (f"{{{unknown[0]}}}", f"one of {', '.join(known)}") if unknown else None
