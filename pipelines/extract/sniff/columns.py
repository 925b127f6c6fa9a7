"""What the cells of each column are, with masked examples: nothing that may be personal is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.extract.sniff.cells import EMAIL, GUID, INTEGER, MONEY, NOTHING, NUMBER, PERCENT, URL
from pipelines.extract.sniff.moments import read_moments
from pipelines.extract.sniff.proposal import ColumnFound
from pipelines.reject import mask

CELLS_LOOKED_AT = 2000
MOST_COLUMNS = 2000
"""Columns that are described; a wider table is named, and said to be."""
MOST_CODES = 12

_IBAN = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?")
_PHONE = re.compile(r"(?:\+|00)?\(?\d{1,5}\)?(?:[ ./()-]{1,3}\d{1,8}){1,6}|\+\d{7,15}")
_WORDS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("ja", "nein"), ("j", "n"), ("oui", "non"), ("o", "n"), ("si", "no"),
    ("sí", "no"), ("s", "n"), ("t", "f"), ("wahr", "falsch"), ("vrai", "faux"), ("1", "0"), ("-1", "0"), ("on", "off"),
    ("x", ""),
)  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9][\w./+-]{0,11}")
_CLEAR = re.compile(r"[A-Z0-9]{1,4}")
_PERSONAL = re.compile(
    r"(?i)sex|gender|geschlecht|marital|relig|konfession|nation|race|ethnic|krank|health|steuerklasse"
)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Described:
    """The columns, and what is doubtful about them."""

    columns: tuple[ColumnFound, ...]
    warnings: tuple[str, ...]


def describe(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Described:
    """Kind and formats of every column; `rows` are records of as many cells as there are names."""
    picked = rows[:CELLS_LOOKED_AT] if len(names) < 200 else rows[: max(20, 200_000 // len(names))]
    columns = [[row[i].strip() for row in picked] for i in range(min(len(names), MOST_COLUMNS))]
    day_first, point = _habits(columns)
    found: list[ColumnFound] = []
    warnings: list[str] = []
    for name, cells in zip(names, columns, strict=False):
        filled = [c for c in cells if c and not NOTHING.fullmatch(c)]
        column, doubt = _column(name, filled, day_first, point)
        found.append(column)
        if doubt:
            warnings.append(doubt)
    if len(names) > MOST_COLUMNS:
        warnings.append(f"only the first {MOST_COLUMNS} of {len(names)} columns are described")
    return Described(tuple(found), tuple(warnings))


def _habits(columns: Sequence[Sequence[str]]) -> tuple[bool | None, str | None]:
    """What the columns that leave no doubt show for the others: whether days come first, and the decimal sign."""
    orders: Counter[bool] = Counter()
    points: Counter[str] = Counter()
    for cells in columns[:200]:
        filled = [c for c in cells[:500] if c]
        moments = read_moments(filled)
        if moments and moments.day_first is not None:
            orders[moments.day_first] += 1
        for cell in filled[:200]:
            if NUMBER.fullmatch(cell) and (sign := _decimal_sign(cell)):
                points[sign] += 1
    day_first = next(iter(orders)) if len(orders) == 1 else None
    return day_first, points.most_common(1)[0][0] if points else None


def _decimal_sign(cell: str) -> str | None:
    """The sign that can only be a decimal one in this number."""
    signs = [c for c in cell if c in ".,"]
    if not signs:
        return None
    last = max(cell.rfind("."), cell.rfind(","))
    if len(set(signs)) == 2:
        return cell[last] if signs.count(cell[last]) == 1 else None
    behind = len(re.sub(r"\D.*", "", cell[last + 1 :]))
    return cell[last] if len(signs) == 1 and behind != 3 else None


def _column(
    name: str, filled: Sequence[str], day_first: bool | None, point: str | None
) -> tuple[ColumnFound, str | None]:
    total = len(filled)
    if not total:
        return ColumnFound(name, "empty", (), 1.0, 0, ""), None
    for look in (_boolean, _moment, _identifier, _number, _named, _code):
        found = look(name, filled, day_first, point)
        if found:
            kind, formats, fits, example, doubt = found
            return ColumnFound(name, kind, formats, round(fits / total, 4), total, example), doubt
    example = mask(filled[0], "confidential") or ""
    return ColumnFound(name, "text", (), 1.0, total, example), None


_Answer = tuple[str, tuple[str, ...], int, str, str | None] | None


def _boolean(name: str, filled: Sequence[str], day_first: bool | None, point: str | None) -> _Answer:
    words = {c.casefold() for c in filled}
    if len(words) > 2:
        return None
    for pair in _WORDS:
        if words <= set(pair) and (len(words) == 2 or pair[0] in ("true", "yes", "ja", "oui", "x", "wahr")):
            shown = tuple(dict.fromkeys(filled))[:4]
            return "boolean", shown, len(filled), _secret(name, filled[0]), None
    return None


def _moment(name: str, filled: Sequence[str], day_first: bool | None, point: str | None) -> _Answer:
    moments = read_moments(filled, day_first=day_first)
    if not moments or moments.fitting * 2 < len(filled):
        return None
    if moments.formats in (("%Y%m%d",), ("%d%m%Y",)) and moments.fitting * 100 < len(filled) * 95:
        return None
    doubt = None
    if moments.ambiguous:
        doubt = (
            f"column {name!r}: no day above 12 tells whether day or month comes first ({' or '.join(moments.formats)})"
        )
    elif any("%y" in f for f in moments.formats):
        doubt = f"column {name!r} has two-digit years: century_from must say which century they mean"
    return moments.kind, moments.formats, moments.fitting, _DIGIT.sub("9", filled[0])[:40], doubt


def _identifier(name: str, filled: Sequence[str], day_first: bool | None, point: str | None) -> _Answer:
    digits = [c for c in filled if c.isdigit()]
    zeros = sum(1 for c in digits if len(c) > 1 and c[0] == "0")
    if zeros and len(digits) * 10 >= len(filled) * 9:
        sizes = {len(c) for c in digits}
        form = f"{min(sizes)} digits" if len(sizes) == 1 else f"{min(sizes)} to {max(sizes)} digits"
        return "identifier", (f"{form}, leading zeros count",), len(digits), mask(filled[0], "confidential") or "", None
    guids = sum(1 for c in filled if GUID.fullmatch(c))
    if guids * 10 >= len(filled) * 9:
        return "identifier", ("GUID",), guids, mask(filled[0], "confidential") or "", None
    return None


def _number(name: str, filled: Sequence[str], day_first: bool | None, point: str | None) -> _Answer:
    whole = sum(1 for c in filled if INTEGER.fullmatch(c) or re.fullmatch(r"\d+-", c))
    if whole * 10 >= len(filled) * 9 and whole == sum(1 for c in filled if NUMBER.fullmatch(c)):
        return "integer", (), whole, _DIGIT.sub("9", filled[0])[:40], None
    plain = [c for c in filled if NUMBER.fullmatch(c)]
    percent = [c for c in filled if PERCENT.fullmatch(c)]
    money = [c for c in filled if not NUMBER.fullmatch(c) and MONEY.fullmatch(c)]
    fits = len(plain) + len(percent) + len(money)
    if fits * 2 < len(filled):
        return None
    if any(len(c) > 1 and c[0] == "0" and c.isdigit() for c in filled):
        return "identifier", ("digits, leading zeros count",), fits, mask(filled[0], "confidential") or "", None
    style, doubt = _style(name, [*plain, *money, *percent], point)
    first = next(c for c in filled if c in {*plain[:1], *money[:1], *percent[:1]})
    example = _DIGIT.sub("9", first)[:40]
    if len(percent) > fits / 2:
        return "percent", (style + " %",), fits, example, doubt
    if len(money) > fits / 2:
        marks = Counter(re.sub(r"[\d.,'’()\s\u2212+-]", "", c) for c in money)
        return "money", tuple(f"{style} {m}" for m, _ in marks.most_common(4)), fits, example, doubt
    if style == "1234":
        return "integer", (), fits, example, doubt
    return "decimal", (style,), fits, example, doubt


def _style(name: str, cells: Sequence[str], point: str | None) -> tuple[str, str | None]:
    """How the numbers are written, shown at 1234.56, and a doubt where point or comma may be either."""
    certain = Counter(s for c in cells if (s := _decimal_sign(re.sub(r"[^\d.,-]", "", c))))
    marked = [c for c in cells if "," in c or "." in c]
    decimal = certain.most_common(1)[0][0] if certain else None
    doubt = None
    if decimal is None and marked:
        sign = "," if "," in marked[0] else "."
        several = any(c.count(sign) > 1 for c in marked)
        if several or (point is not None and point != sign):
            return f"1{sign}234", None
        decimal = sign if point == sign else None
        if decimal is None:
            doubt = f"column {name!r}: {sign!r} always stands before three digits: it may group digits or be decimal"
            return f"1{sign}234", doubt
    group = next((g for g in (".", ",", "'", "’", "\u00a0", "\u202f", " ") if g != decimal and _groups(cells, g)), "")
    if len(certain) == 2:
        doubt = f"column {name!r} has both decimal commas and decimal points"
    return f"1{group}234{decimal}56" if decimal else f"1{group}234", doubt


def _groups(cells: Sequence[str], sign: str) -> bool:
    pattern = re.compile(rf"\d{re.escape(sign)}\d{{3}}(?!\d)")
    return any(pattern.search(c) for c in cells)


def _named(name: str, filled: Sequence[str], day_first: bool | None, point: str | None) -> _Answer:
    for kind, pattern in (("email", EMAIL), ("url", URL), ("iban", _IBAN), ("phone", _PHONE)):
        fits = sum(1 for c in filled if pattern.fullmatch(c))
        if fits * 10 >= len(filled) * 8:
            if kind == "phone" and sum(sum(d.isdigit() for d in c) >= 6 for c in filled) * 10 < len(filled) * 8:
                continue
            return kind, (), fits, mask(filled[0], "confidential") or "", None
    return None


def _code(name: str, filled: Sequence[str], day_first: bool | None, point: str | None) -> _Answer:
    counts = Counter(filled)
    fits = sum(n for c, n in counts.items() if _CODE.fullmatch(c))
    if fits * 10 < len(filled) * 9:
        return None
    if len(counts) <= MOST_CODES and len(filled) >= 3 * len(counts):
        clear = all(_CLEAR.fullmatch(c) for c in counts) and not _PERSONAL.search(name)
        shown = tuple(c if clear else mask(c, "confidential") or "" for c, _ in counts.most_common())
        return "code", shown, fits, _secret(name, filled[0]), None
    digits = sum(1 for c in filled if any(d.isdigit() for d in c) and any(d.isalpha() for d in c))
    if digits * 10 >= len(filled) * 9 and len(counts) * 10 >= len(filled) * 8:
        return "identifier", ("letters and digits",), fits, mask(filled[0], "confidential") or "", None
    return None


def _secret(name: str, value: str) -> str:
    """A code in clear when it is short and capital, as currencies are, and not about a person."""
    clear = _CLEAR.fullmatch(value) and not _PERSONAL.search(name)
    return value if clear else mask(value, "confidential") or ""
