"""How dates and times of a column are written, as strptime formats."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NUMERIC = re.compile(r"(\d{4}|\d{1,2})([-/.]|\. ?|)(\d{1,2})\2(\d{4}|\d{1,2})")
_NAMED = re.compile(
    r"(?:(?P<d1>\d{1,2})(?P<s1>\. |[-/. ]))?(?P<b>[^\W\d_]{3,9})(?P<dot>\.?)(?P<s2>[-/. ]{1,2})"
    r"(?:(?P<d2>\d{1,2})(?P<s3>, ?| ))?(?P<y>\d{4}|\d{2})"
)
_CLOCK = re.compile(
    r"(?P<h>\d{1,2}):(?P<m>[0-5]\d)(?P<s>:[0-5]\d)?(?P<f>[.,]\d{1,9})?"
    r"(?P<p> ?[aApP]\.?[mM]\.?)?(?P<z> ?(?:Z|[-+]\d{2}:?\d{2}))?"
)
_PERIOD = re.compile(
    r"(?:(?P<y1>(?:19|20)\d\d)[-/](?P<m1>0[1-9]|1[0-2])|(?P<m2>0?[1-9]|1[0-2])[/.](?P<y2>(?:19|20)\d\d))"
)
_MONTHS = frozenset(
    (
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mär", "mrz", "mai", "okt",
        "dez", "ene", "abr", "ago", "dic", "fev", "fév", "avr", "jui", "aoû", "déc", "gen", "mag", "giu", "lug", "set",
        "ott", "out", "maj", "avg", "kvě",
    )
)  # fmt: skip


@dataclass
class _Parts:
    """One date: its format, with `{a}` and `{b}` where day and month may be either, and these two numbers."""

    pattern: str
    first: int = 0
    second: int = 0


@dataclass(frozen=True)
class Moments:
    """What the cells of a column are: their kind, formats by frequency, how many fit, and what stays doubtful."""

    kind: str
    formats: tuple[str, ...]
    fitting: int
    day_first: bool | None
    ambiguous: bool = False


def read_moments(cells: Sequence[str], *, day_first: bool | None = None) -> Moments | None:
    """The dates or times of a column; None when fewer than half of the cells are any.

    `day_first` is what other columns of the file have shown; it decides where this one cannot.
    """
    counts: Counter[str] = Counter()
    firsts: dict[str, tuple[int, int]] = {}
    fitting = 0
    kinds: Counter[str] = Counter()
    for cell in cells:
        found = _parse(cell)
        if not found:
            continue
        kind, parts = found
        fitting += 1
        kinds[kind] += 1
        counts[parts.pattern] += 1
        a, b = firsts.get(parts.pattern, (0, 0))
        firsts[parts.pattern] = (max(a, parts.first), max(b, parts.second))
    if fitting * 2 < len(cells) or not fitting:
        return None
    either = [p for p in counts if "{a}" in p]
    known: bool | None = None
    if either:
        known = _order(firsts[p] for p in either)
    chosen = known if known is not None else day_first
    ambiguous = bool(either) and chosen is None
    formats: list[str] = []
    for pattern, _ in counts.most_common(6):
        if ambiguous and "{a}" in pattern:
            dotted = "{a}." in pattern
            formats += [pattern.format(a="%d", b="%m")] + ([] if dotted else [pattern.format(a="%m", b="%d")])
        else:
            one, two = ("%m", "%d") if chosen is False else ("%d", "%m")
            formats.append(pattern.format(a=one, b=two))
    if ambiguous and all("{a}." in p for p in either):
        ambiguous = False
    kind = "timestamp" if kinds["timestamp"] else kinds.most_common(1)[0][0]
    return Moments(kind, tuple(dict.fromkeys(formats)), fitting, known, ambiguous)


def _order(pairs: Iterable[tuple[int, int]]) -> bool | None:
    """Whether the day comes first, as numbers above 12 show; None when they show nothing or both."""
    seen = list(pairs)
    first = any(a > 12 for a, _ in seen)
    second = any(b > 12 for _, b in seen)
    return None if first == second else first


def _parse(cell: str) -> tuple[str, _Parts] | None:
    if len(cell) > 40 or not any(c.isdigit() for c in cell):
        return None
    clock = _clock_format(cell)
    if clock:
        return "time", _Parts(clock)
    period = _PERIOD.fullmatch(cell)
    if period:
        sign = re.sub(r"\d", "", cell)
        return "date", _Parts(f"%Y{sign}%m" if period["y1"] else f"%m{sign}%Y")
    day, middle, rest = _split_clock(cell)
    parts = _numeric(day) or _named(day)
    if not parts:
        return None
    if not rest:
        return "date", parts
    clock = _clock_format(rest)
    if not clock:
        return None
    return "timestamp", _Parts(f"{parts.pattern}{middle}{clock}", parts.first, parts.second)


def _split_clock(cell: str) -> tuple[str, str, str]:
    found = re.search(r"(,? {1,2}|T)(?=\d{1,2}:\d\d)", cell)
    if not found:
        return cell, "", ""
    return cell[: found.start()], found[0], cell[found.end() :]


def _clock_format(text: str) -> str | None:
    found = _CLOCK.fullmatch(text)
    if not found or int(found["h"]) > 24:
        return None
    hour = "%I" if found["p"] else "%H"
    if found["p"] and not 1 <= int(found["h"]) <= 12:
        return None
    parts = [hour, ":%M"]
    if found["s"]:
        parts.append(":%S")
    if found["f"]:
        parts.append(found["f"][0] + "%f")
    if found["p"]:
        parts.append(" %p" if found["p"].startswith(" ") else "%p")
    if found["z"]:
        parts.append(" %z" if found["z"].startswith(" ") else "%z")
    return "".join(parts)


def _numeric(text: str) -> _Parts | None:
    found = _NUMERIC.fullmatch(text)
    if not found:
        return None
    one, sep, two, three = found.groups()
    a, b, c = int(one), int(two), int(three)
    if not sep:
        return _compact(text)
    if len(one) == 4:
        return _Parts(f"%Y{sep}%m{sep}%d") if 1 <= b <= 12 and 1 <= c <= 31 and len(three) < 4 else None
    year = "%Y" if len(three) == 4 else "%y"
    if len(three) == 1 or not (1 <= a <= 31 and 1 <= b <= 31 and (a <= 12 or b <= 12)):
        if year == "%y" and len(one) == 2 and 1 <= b <= 12 and 1 <= c <= 31:
            return _Parts(f"%y{sep}%m{sep}%d")
        return None
    if year == "%Y" and not 1000 <= c <= 2999:
        return None
    return _Parts(f"{{a}}{sep}{{b}}{sep}{year}", a, b)


def _compact(text: str) -> _Parts | None:
    if len(text) != 8:
        return None
    if text[:2] in ("19", "20") and 1 <= int(text[4:6]) <= 12 and 1 <= int(text[6:]) <= 31:
        return _Parts("%Y%m%d")
    if text[4:6] in ("19", "20") and 1 <= int(text[2:4]) <= 12 and 1 <= int(text[:2]) <= 31:
        return _Parts("%d%m%Y")
    return None


def _named(text: str) -> _Parts | None:
    found = _NAMED.fullmatch(text)
    if not found or found["b"][:3].casefold() not in _MONTHS or (found["d1"] and found["d2"]):
        return None
    month = "%b" if len(found["b"]) <= 4 or found["dot"] else "%B"
    year = "%Y" if len(found["y"]) == 4 else "%y"
    day = f"%d{found['s1']}" if found["d1"] else ""
    behind = f"%d{found['s3']}" if found["d2"] else ""
    return _Parts(f"{day}{month}{found['dot']}{found['s2']}{behind}{year}")
