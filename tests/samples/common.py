"""What the sample clients share: seeded randomness per file, names of made-up companies, ways to write numbers."""

from __future__ import annotations

import gzip
import io
import os
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook

CENT = Decimal("0.01")
NIGHTS = {1: datetime(2026, 11, 9, 21, 40, tzinfo=UTC), 2: datetime(2026, 11, 10, 21, 40, tzinfo=UTC)}
"""When the senders drop their files."""

_FIRST = (
    "Nord",
    "Elb",
    "Alster",
    "Geest",
    "Heide",
    "Küsten",
    "Linden",
    "Birken",
    "Kranich",
    "Möwen",
    "Falken",
    "Hafen",
)
_SECOND = ("tal", "kai", "werk", "mark", "feld", "brück", "stein", "grund")
_TRADES = ("Stahlhandel", "Pumpen", "Antriebe", "Schmierstoffe", "Werkzeuge", "Logistik", "Druckguss", "Elektrik")
_FORMS = ("GmbH", "GmbH & Co. KG", "AG", "KG", "OHG")


@dataclass(frozen=True)
class Fault:
    """`place`: a text in the row; `effect`: reject, warn, hold or ledger, or another night; `also`: rules that see the
    same; `row_of`: the feed of the row, where another feed has the rule."""

    kind: str
    feed: str
    place: str
    rule: str
    effect: str = "reject"
    also: tuple[str, ...] = ()
    row_of: str = ""

    @property
    def rule_id(self) -> str:
        """The rule with its feed."""
        return f"{self.feed}.{self.rule}"


@dataclass(frozen=True)
class Folder:
    """The landing folder of one client as one night leaves it. `only`: pattern of the files that are written."""

    root: Path
    client: str
    night: int
    seed: int
    only: str = ".*"

    def rng(self, name: str) -> random.Random:
        """Randomness of one file: another file, or another night, does not disturb it."""
        return random.Random(f"{self.seed}/{self.client}/{name}")

    def write(self, rel: str, content: bytes, *, night: int = 1, minute: int = 0) -> None:
        """Write a file with the time its sender dropped it; a file of a later night is left out."""
        if night > self.night or not re.fullmatch(self.only, rel):
            return
        path = self.root / self.client / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        at = (NIGHTS[night] + timedelta(minutes=minute)).timestamp()
        os.utime(path, (at, at))

    def write_table(
        self,
        rel: str,
        lines: Iterable[Sequence[str]],
        *,
        delimiter: str,
        encoding: str = "utf-8",
        newline: str = "\r\n",
        before: str = "",
        night: int = 1,
        minute: int = 0,
    ) -> None:
        """Write delimited text; `before` stands above the header."""
        content = table(lines, delimiter, encoding, newline=newline, before=before)
        self.write(rel, content, night=night, minute=minute)

    def write_pack(self, rel: str, members: Mapping[str, bytes], *, night: int = 1, minute: int = 0) -> None:
        """Write a zip archive; its members have the time of the night, never that of the clock."""
        out = io.BytesIO()
        at = NIGHTS[night]
        with ZipFile(out, "w", ZIP_DEFLATED) as pack:
            for name, content in members.items():
                pack.writestr(ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, 0)), content, ZIP_DEFLATED)
        self.write(rel, out.getvalue(), night=night, minute=minute)


def table(
    lines: Iterable[Sequence[str]], delimiter: str, encoding: str, *, newline: str = "\r\n", before: str = ""
) -> bytes:
    """Delimited text; cells are quoted where they must be."""
    body = "".join(delimiter.join(quoted(cell, delimiter) for cell in line) + newline for line in lines)
    return (before + body).encode(encoding)


def quoted(cell: str, delimiter: str) -> str:
    """A cell as delimited text needs it."""
    if any(mark in cell for mark in (delimiter, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def companies(rng: random.Random, count: int) -> list[str]:
    """Made-up German companies, all different."""
    names: dict[str, None] = {}
    while len(names) < count:
        first, second = rng.choice(_FIRST), rng.choice(_SECOND)
        names[f"{first}{second} {rng.choice(_TRADES)} {rng.choice(_FORMS)}"] = None
    return list(names)


def money(rng: random.Random, low: int, high: int) -> Decimal:
    """An amount with cents, small ones more often than large ones."""
    return (Decimal(low) + Decimal(high - low) * Decimal(str(rng.random() ** 3))).quantize(CENT)


def share(amount: Decimal, percent: str) -> Decimal:
    """So many percent of an amount, rounded to the cent the way invoices are."""
    return (amount * Decimal(percent) / 100).quantize(CENT, ROUND_HALF_UP)


def day(rng: random.Random, first: date, last: date) -> date:
    """A day from first to last."""
    return first + timedelta(days=rng.randrange((last - first).days + 1))


def grouped(value: Decimal, group: str, decimal: str, *, trailing_minus: bool = False) -> str:
    """A number with group and decimal sign; `1.234,50-` with a trailing minus."""
    text = f"{abs(value):,}".replace(",", "\0").replace(".", decimal).replace("\0", group)
    if value >= 0:
        return text
    return f"{text}-" if trailing_minus else f"-{text}"


def packed(content: bytes) -> bytes:
    """Gzipped, without the time of day."""
    return gzip.compress(content, mtime=0)


def workbook(sheets: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """A workbook of sheets by their names."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    """The same bytes for the same content: openpyxl writes the time of day into the workbook and its container."""
    moment = datetime(2026, 11, 9, 21, 0, tzinfo=UTC).replace(tzinfo=None)
    book.properties.created = moment
    written = io.BytesIO()
    book.save(written)
    stamp = f"{book.properties.modified:%Y-%m-%dT%H:%M:%SZ}".encode() if book.properties.modified else b""
    out = io.BytesIO()
    with ZipFile(written) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml" and stamp:
                content = content.replace(stamp, f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode())
            new.writestr(ZipInfo(name, (2026, 11, 9, 21, 0, 0)), content, ZIP_DEFLATED)
    return out.getvalue()
