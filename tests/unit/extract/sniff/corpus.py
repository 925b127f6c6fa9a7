"""Made-up files in every dialect, with the pollutions of real ones, each with what a reader should find out."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

DELIMITERS = (
    *[","] * 9, *[";"] * 7, *["\t"] * 6, *["|"] * 4, ", ", ", ", " ", " ", ":", "~", "^", "||", "+|", "|~|", "::",
    "\x01", "\x1f", "#", "&", "*", "¦", "§", "^|^", "$",
)  # fmt: skip
GIVEN = (
    "Anna", "Björn", "Chloé", "Dirk", "Elena", "François", "Gül", "Hans", "Inés",
    "Jürgen", "Karin", "Luís", "Mary", "Niels", "Olga", "Peter", "Zoë",
)  # fmt: skip
FAMILY = (
    "Müller", "Smith", "O'Brien", "D'Angelo", "Schröder", "Núñez", "García", "Lefèvre",
    "Jones", "Weiß", "Novak", "de_Vries", "Meyer-Lang", "Kim",
)  # fmt: skip
COMPANIES = (
    "Alfreds Futterkiste", "Miller & Sons, Inc.", "ACME Corp.", "Bürobedarf Süd GmbH", "L'Épicerie", "Smith; Jones LLP",
    "Nordwind AG & Co. KG", 'The "Old" Mill', "Data | Works", "A/S Nordhavn", "100% Organic", "C:\\Shop\\Nord",
)  # fmt: skip
STREETS = ("Obere Str. 57", "Avda. de la Constitución 2222", "120 Hanover Sq., Flat 3", "24, place Kléber", "5 Main St")
PROSE = (
    "Delivered late, customer informed", "Please call back; urgent", "see annex: page 3", 'so-called "express" order',
    "It's fine - really", "first line\nsecond line", "Rückfrage nötig (Lager)", "no remarks", "ok", "a\tb",
    "cost: 5,50 - paid", 'pipe 5" x 3"', "Who? What! #1", "Lorem ipsum dolor sit amet, consetetur sadipscing",
)  # fmt: skip
TITLES = (
    "Open items report", "Umsatzliste Oktober 2026", "Generated: 2026-11-01 08:30", "Company: ACME Corp.",
    "Stand 31.10.2026", "Confidential", "Page 1 of 1", "Source: warehouse, main site",
)  # fmt: skip
NOTES = (
    "Source: own data",
    "End of report",
    "Alle Angaben ohne Gewähr",
    "*) preliminary figures",
    "Printed by user admin",
)


@dataclass
class Truth:
    """What is to be found out about a file."""

    encoding: str
    delimiter: str | None
    quote: str | None
    escape: str | None
    skip_space: bool
    separator: str | None
    header_rows: list[int]
    first_row: int
    footer: int
    width: int
    kinds: list[str] = field(default_factory=list)
    comment: str | None = None
    tables: int = 1
    notes: list[str] = field(default_factory=list)


class Maker:
    """Writes one file from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def make(self) -> tuple[bytes, Truth]:
        """The file, and the truth about it."""
        rng = self.rng
        delimiter = rng.choice(DELIMITERS)
        width = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30)) if rng.random() > 0.04 else 1
        rows = rng.choice((1, 2, 3, 5, 8, 12, 20, 40, 80, 150, 300))
        rows = rows if width > 1 else max(rows, 3)
        if width * rows < 4:
            rows += 4
        style = self._style(delimiter)
        kinds = [self._kind(i, width) for i in range(width)]
        truth = Truth("utf-8", delimiter if width > 1 else None, None, style["escape"], delimiter == ", ", None,
                      [], 1, 0, width, kinds)  # fmt: skip
        decimal = "," if delimiter not in (",", ", ") and rng.random() < 0.5 else "."
        body = [[self._cell(kind, row, decimal, style) for kind in kinds] for row in range(rows)]
        names = [n if style["quote"] else _plain(n, delimiter) for n in self._names(kinds)]
        lines, truth = self._pollute(names, body, style, truth)
        return self._encode(lines, truth)

    def _style(self, delimiter: str) -> dict[str, Any]:
        rng = self.rng
        quote = rng.choice(('"',) * 8 + ("'",) * 2 + (None,) * 3)
        if len(delimiter) > 1 or delimiter in ("\x01", "\x1f"):
            quote = rng.choice((None, '"'))
        escape = "\\" if quote and rng.random() < 0.15 else None
        when = rng.choice(("minimal", "minimal", "all", "text"))
        return {"delimiter": delimiter, "quote": quote, "escape": escape, "when": when}

    def _kind(self, position: int, width: int) -> str:
        if position == 0 and width > 1 and self.rng.random() < 0.5:
            return "serial"
        return self.rng.choice(
            ("integer", "decimal", "decimal", "date", "date", "time", "timestamp", "code", "boolean", "given", "family",
             "company", "street", "prose", "email", "url", "phone", "zip", "percent", "sparse", "guid", "money")
        )  # fmt: skip

    def _cell(self, kind: str, row: int, decimal: str, style: dict[str, Any]) -> str:
        rng = self.rng
        if rng.random() < 0.05:
            return ""
        number = f"{rng.uniform(0, 10_000):.2f}".replace(".", decimal)
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1990, 2026)
        clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
        made = {
            "serial": lambda: str(1000 + row),
            "integer": lambda: str(rng.randint(0, 99_999)),
            "decimal": lambda: number,
            "money": lambda: rng.choice((f"{number} EUR", f"€{number}", f"{number} €")),
            "percent": lambda: number[-5:].lstrip(",.") + "%",
            "date": lambda: f"{day:02}.{month:02}.{year}" if decimal == "," else f"{year}-{month:02}-{day:02}",
            "time": lambda: clock,
            "timestamp": lambda: f"{year}-{month:02}-{day:02} {clock}",
            "code": lambda: rng.choice(("EUR", "USD", "GBP")),
            "boolean": lambda: rng.choice(("true", "false")),
            "given": lambda: rng.choice(GIVEN),
            "family": lambda: rng.choice(FAMILY),
            "company": lambda: rng.choice(COMPANIES),
            "street": lambda: rng.choice(STREETS),
            "prose": lambda: rng.choice(PROSE),
            "email": lambda: f"{rng.choice('abcdef')}.{rng.randint(1, 99)}@example.org",
            "url": lambda: f"http://example.org/a/{rng.randint(1, 999)}?x={rng.randint(1, 9)}&y=2",
            "phone": lambda: f"+49 {rng.randint(30, 999)} {rng.randint(10_000, 999_999)}",
            "zip": lambda: f"{rng.randint(0, 99_999):05}",
            "sparse": lambda: rng.choice(("", "", "", "x")),
            "guid": lambda: f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4abc-8def-{rng.getrandbits(48):012x}",
        }[kind]()
        return made if style["quote"] else _plain(made, style["delimiter"])

    def _names(self, kinds: list[str]) -> list[str]:
        rng = self.rng
        words = {
            "serial": "id Nr InvoiceNo", "integer": "quantity Menge items", "decimal": "amount Betrag unit_price",
            "money": "price Preis Total", "percent": "rate discount Anteil", "date": "date Datum order_date",
            "time": "time Uhrzeit start", "timestamp": "created_at changed Zeitpunkt", "code": "currency Währung cur",
            "boolean": "active is_paid aktiv",
            "given": "first_name Vorname given", "family": "last_name Nachname surname",
            "company": "company Firma customer", "street": "address Straße street",
            "prose": "comment Bemerkung remarks",
            "email": "email E-Mail contact", "url": "website link homepage", "phone": "phone Telefon mobile",
            "zip": "zip PLZ postcode", "sparse": "flag Kennzeichen mark", "guid": "uuid rowguid key",
        }  # fmt: skip
        names: list[str] = []
        for kind in kinds:
            name = rng.choice(words[kind].split())
            names.append(name if name not in names else f"{name}_{len(names)}")
        return names

    def _write(self, cells: list[str], style: dict[str, Any]) -> str:
        quote, escape, delimiter = style["quote"], style["escape"], style["delimiter"]
        out = []
        for cell in cells:
            needs = any(c in cell for c in (delimiter, "\n", "\r", quote or "\n")) or (escape and escape in cell)
            needs = needs or (delimiter == ", " and ("," in cell or cell.startswith(" ")))
            text = style["when"] == "text" and not cell[:1].isdigit()
            if quote and (needs or style["when"] == "all" or text):
                self.quoted = True
                inner = cell
                if escape:
                    inner = inner.replace(escape, escape * 2).replace(quote, escape + quote)
                    self.escaped = self.escaped or quote in cell
                else:
                    inner = inner.replace(quote, quote * 2)
                out.append(quote + inner + quote)
            else:
                out.append(cell)
        return delimiter.join(out)

    def _pollute(
        self, names: list[str], body: list[list[str]], style: dict[str, Any], truth: Truth
    ) -> tuple[list[str], Truth]:
        rng = self.rng
        self.quoted = self.escaped = False
        width, delimiter = truth.width, style["delimiter"]
        lines: list[str] = []
        if width > 2 and rng.random() < 0.2:
            lines += self._preamble(width, delimiter, truth)
        header = rng.random() < 0.8
        if header and width > 3 and rng.random() < 0.08 and set(truth.kinds) & {"decimal", "integer", "serial"}:
            units = [{"decimal": "EUR", "integer": "pieces", "date": "UTC"}.get(k, "unit") for k in truth.kinds]
            truth.header_rows = [len(lines) + 1, len(lines) + 2]
            lines += [self._write(names, style), self._write(units, style)]
            truth.notes.append("two header rows")
        elif header:
            truth.header_rows = [len(lines) + 1]
            lines.append(self._write(names, style))
        truth.first_row = _physical(lines) + 1
        records = [self._write(cells, style) for cells in body]
        if width > 3 and len(records) > 10 and style["when"] != "all" and rng.random() < 0.1:
            at = rng.randrange(3, len(records) - 2)
            shorter = rng.random() < 0.5
            cells = body[at][:-1] if shorter else [*body[at], "extra"]
            records[at] = self._write(cells, style)
            truth.notes.append("ragged")
        if rng.random() < 0.05 and header and len(records) > 6:
            records.insert(len(records) // 2, "")
            truth.notes.append("blank line")
        lines += records
        if width > 2 and len(records) >= 5 and rng.random() < 0.15:
            lines += self._footer(body, truth, style)
        elif width > 3 and len(records) >= 5 and rng.random() < 0.08:
            lines += ["", self._write(["code", "label"], style)]
            lines += [self._write([f"C{i}", f"label {i}"], style) for i in range(4)]
            truth.tables = 2
            truth.notes.append("second table")
        truth.quote = style["quote"] if self.quoted else None
        truth.escape = style["escape"] if self.escaped else None
        return lines, truth

    def _preamble(self, width: int, delimiter: str, truth: Truth) -> list[str]:
        rng = self.rng
        kind = rng.choice(("plain", "blank", "padded", "comment"))
        titles = rng.sample(TITLES, rng.randint(1, 3))
        if kind == "comment" and delimiter != "#":
            truth.comment = "#"
            titles = [f"# {t}" for t in titles]
        if kind == "padded":
            titles = [t.replace(delimiter.strip() or " ", "-") + delimiter * (width - 1) for t in titles]
        truth.notes.append(f"preamble {kind}")
        return [*titles, ""] if kind == "blank" else titles

    def _footer(self, body: list[list[str]], truth: Truth, style: dict[str, Any]) -> list[str]:
        rng = self.rng
        if rng.random() < 0.4 and "integer" in truth.kinds[1:]:
            at = truth.kinds.index("integer", 1)
            total = sum(int(row[at]) for row in body if row[at])
            cells = ["Total", *[""] * (truth.width - 1)]
            cells[at] = str(total)
            truth.footer = 1
            truth.notes.append("total")
            return [self._write(cells, style)]
        notes = rng.sample(NOTES, rng.randint(1, 2))
        truth.footer = len(notes)
        truth.notes.append("notes")
        return ["", *notes] if rng.random() < 0.6 else notes

    def _encode(self, lines: list[str], truth: Truth) -> tuple[bytes, Truth]:
        rng = self.rng
        ending = rng.choice(("\n",) * 10 + ("\r\n",) * 6 + ("\r",))
        if truth.width > 2 and truth.delimiter in (",", ";", "\t", "+|") and rng.random() < 0.05:
            own = rng.choice(("&|\n", "~\n", "\x1e", "$$\n", "~"))
            if not truth.notes and not any(own[0] in line for line in lines):
                ending, truth.separator = own, own
                truth.notes.append("own separator")
        if truth.separator is None and ending != "\n":
            lines = [line.replace("\n", ending) for line in lines]
        text = ending.join(lines) + (ending if rng.random() < 0.85 else "")
        codec = rng.choice(
            ("utf-8",) * 8 + ("utf-8-sig", "cp1252", "cp1252", "cp850", "mac_roman", "utf-16", "utf-16-le")
        )
        try:
            data = text.encode(codec)
        except UnicodeEncodeError:
            codec, data = "utf-8", text.encode()
        truth.encoding = codec
        return data, truth


def _plain(cell: str, delimiter: str) -> str:
    """A cell that can be written without quotes."""
    for char in {*delimiter, "\n", "\r", '"'} - ({" "} if len(delimiter) > 1 else set()):
        cell = cell.replace(char, "_" if char != '"' or "'" in delimiter else "'")
    return cell


def _physical(lines: list[str]) -> int:
    return sum(1 + line.count("\n") for line in lines)
