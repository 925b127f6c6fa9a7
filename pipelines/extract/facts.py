"""What is known of a file besides its records: written as `extract.json` beside `raw.arrow`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class FormatTotal:
    """A total that the file promises as its format wants it, and what was found: `segments`, `entry_count`, ….

    Texts of plain numbers; `where` is the place of the promise. `name` is a word of letters, digits and _.
    """

    name: str
    said: str
    found: str
    where: str = ""


@dataclass(frozen=True)
class FileFacts:
    """Counts and cells of one file as received.

    `records` counts every row of `raw.arrow`, malformed ones included; header, preamble, blank, comment and footer
    lines are counted apart, as are hidden rows that are skipped, records that say the header again
    (`repeated_header_rows`) and the physical lines after the declared end of the table (`outside_rows`), so that
    every line of the file is in exactly one count. Of the records, `repaired_rows` had stray quotes that were read
    as ordinary characters, and `padded_rows` were brought to the width of the table. `sheets` are those of a
    workbook that were read, in order, the first also as `sheet_name`; `totals` what a message format itself
    promises. `footer` holds the cells of the footer records, in order, and `footer_rows` their row numbers. `cells`
    answers each A1 address that was asked for and that the file has. For text files a cell's column is its position
    in the line and its row the physical line on which the record starts.
    """

    size: int
    encoding: str | None
    columns: list[str]
    records: int
    malformed: int
    header_rows: int
    preamble_rows: int
    blank_rows: int
    comment_rows: int
    footer: list[list[str]] = field(default_factory=list)
    footer_rows: list[int] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    sheet_name: str | None = None
    sheets: list[str] = field(default_factory=list)
    hidden_rows: int = 0
    warnings: list[str] = field(default_factory=list)
    repeated_header_rows: int = 0
    outside_rows: int = 0
    repaired_rows: int = 0
    padded_rows: int = 0
    totals: list[FormatTotal] = field(default_factory=list)

    def to_json(self) -> str:
        """The facts as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> FileFacts:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        data["totals"] = [FormatTotal(**total) for total in data.get("totals") or ()]
        return cls(**data)
