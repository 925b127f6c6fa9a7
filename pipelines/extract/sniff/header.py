"""Whether a record names the columns: it differs in kind and shape from the cells below it, and reads like names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.extract.sniff.cells import CLOCK, DAY, DECIMAL, EMPTY, MARKED, MOMENT, TEXT, WHOLE, WORD, look

FAMILY = {
    WHOLE: "number", DECIMAL: "number", DAY: "date", MOMENT: "date", CLOCK: "time", MARKED: "sign",
    EMPTY: "empty", TEXT: "text", WORD: "text",
}  # fmt: skip
TYPED = frozenset({"number", "date", "time", "sign"})
"""Families of cells that no header is made of."""
ROWS_LOOKED_AT = 400
MOST_COLUMNS = 400
"""Columns that are weighed: more of them say the same."""

_NAMES = re.compile(
    r"(?i)(?:.*[ _.-])?(?:id|ids|no|nr|num|number|name|names|date|datum|time|zeit|code|type|typ|art|status|amount|"
    r"betrag|price|preis|prix|precio|qty|quantity|menge|total|sum|value|wert|city|ort|town|state|country|land|pays|zip|plz|"
    r"address|adresse|street|straße|strasse|phone|telefon|tel|fax|e-?mail|mail|url|website|description|beschreibung|"
    r"text|comment|comments|note|notes|remark|bemerkung|category|kategorie|group|gruppe|class|year|jahr|month|monat|"
    r"day|tag|start|end|from|to|von|bis|currency|währung|waehrung|rate|percent|count|level|rank|score|age|gender|"
    r"sex|title|titel|author|lat|lon|lng|latitude|longitude|region|area|unit|einheit|size|weight|height|length|"
    r"width|version|key|index|label|source|target|user|customer|kunde|vendor|supplier|lieferant|product|artikel|"
    r"item|order|invoice|rechnung|account|konto|company|firma|department|abteilung|nom|prenom|prénom|ville|"
    r"fecha|nombre|importe|data|nome|valor|subject|bezeichnung|vorname|nachname|surname|firstname|lastname|first|last)"
)
_IDENTIFIER = re.compile(r"[A-Za-z][a-z0-9]*[A-Z_][A-Za-z0-9_]*|[a-z]+(?:_[a-z0-9]+)+|[A-Z0-9]+(?:_[A-Z0-9]+)+")
_YEAR = re.compile(r"(?:19|20)\d\d(?:[/-]\d\d)?")


@dataclass
class Column:
    """The cells below a record, of one column: their usual kind and shape, and their values."""

    family: str
    shape: str | None
    size: float
    values: Counter[str] = field(default_factory=Counter)
    numeric: bool = False


def columns_of(rows: Sequence[Sequence[str]], width: int) -> list[Column]:
    """The columns of some records of one width."""
    picked = rows[:ROWS_LOOKED_AT]
    return [_column([row[i].strip() for row in picked]) for i in range(min(width, MOST_COLUMNS))]


def _column(cells: Sequence[str]) -> Column:
    filled = [c for c in cells if look(c)[0] != EMPTY]
    if not filled:
        return Column("empty", None, 0.0)
    families = Counter(FAMILY.get(look(c)[0], "text") for c in filled)
    family, number = families.most_common(1)[0]
    if number < len(filled) * 0.75:
        family = "mixed"
    shapes = Counter(shape_of(c) for c in filled)
    shape, often = shapes.most_common(1)[0]
    usual = shape if often >= 0.8 * len(filled) and len(filled) >= 3 else None
    return Column(family, usual, sum(map(len, filled)) / len(filled), Counter(filled), family == "number")


def shape_of(cell: str) -> str:
    """Runs of letters and digits of a cell: `AW-0012` → `A-9`, with their case.

    >>> shape_of("AW-0012"), shape_of("Ab c")
    ('A-9', 'Aa a')
    """
    short = cell[:60]
    short = re.sub(r"[A-ZÀ-Þ]+", "A", short)
    short = re.sub(r"[^\W\dA]+", "a", short)
    return re.sub(r"\d+", "9", short)


def header_weight(row: Sequence[str], columns: Sequence[Column], *, first: bool) -> float:
    """How much speaks for this record being a header, in the manner of log odds: above 0 it is one."""
    cells = [c.strip() for c in row[: len(columns)]]
    filled = [c for c in cells if c]
    if not filled:
        return -9.0
    weight = 1.2 if first else 0.0
    weights = [_cell_weight(cell, column) for cell, column in zip(cells, columns, strict=False)]
    good, bad = sum(w for w in weights if w > 0), sum(w for w in weights if w < 0)
    scale = 1.0 if len(weights) <= 6 else 6.0 / len(weights) + 0.35
    weight += (good + bad) * scale
    repeated = len(filled) - len(set(filled))
    weight -= 0.8 * min(repeated, 3)
    if sum(len(c) for c in filled) / len(filled) > 60:
        weight -= 2.0
    return weight


def _cell_weight(cell: str, column: Column) -> float:
    kind = FAMILY.get(look(cell)[0], "text")
    if not cell:
        return -0.35 if column.family != "empty" else 0.0
    if column.family == "empty":
        return 0.2 if kind == "text" else -0.6
    if kind in TYPED:
        if column.numeric and _YEAR.fullmatch(cell) and cell not in column.values:
            return 0.2
        if kind == column.family:
            return -2.2
        return -1.2 if column.family in ("text", "mixed") else -0.9
    if column.family in TYPED:
        return 2.2 if look(cell)[0] != EMPTY else -0.5
    return _text_weight(cell, column)


def _text_weight(cell: str, column: Column) -> float:
    weight = 0.0
    if cell in column.values:
        share = column.values[cell] / max(sum(column.values.values()), 1)
        weight -= 1.8 if share > 0.02 or column.values[cell] > 1 else 1.0
    if len(cell) <= 40 and _NAMES.fullmatch(cell):
        weight += 1.3
    elif len(cell) <= 40 and _IDENTIFIER.fullmatch(cell):
        weight += 0.6
    if column.shape is not None:
        weight += -0.3 if shape_of(cell) == column.shape else 0.7
    if column.family == "mixed" and not any(c.isdigit() for c in cell):
        weight += 0.5
    if len(cell) > 3 * column.size + 25:
        weight -= 0.8
    if re.search(r"\d{3,}", cell):
        weight -= 0.6
    return weight


def like_names(row: Sequence[str]) -> float:
    """How much a record that stands alone reads like names of columns: -1 (data) to 1."""
    cells = [c.strip() for c in row]
    filled = [c for c in cells if c]
    if not filled:
        return -1.0
    points = 0.0
    for cell in filled:
        kind = FAMILY.get(look(cell)[0], "text")
        if kind != "text":
            points -= 1.0
        elif len(cell) > 40:
            points -= 0.5
        elif _NAMES.fullmatch(cell) or _IDENTIFIER.fullmatch(cell):
            points += 1.0
        else:
            points += 0.3
    points -= len(filled) - len(set(filled))
    return points / len(filled) - 0.5 * (len(cells) - len(filled)) / len(cells)
