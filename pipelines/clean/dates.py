"""Dates, times and periods, in the formats that the profile declares."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from babel import Locale

from pipelines.clean.column import CellError, CellOptions, Fast
from pipelines.errors import DeclarationError

ISO_DATE = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
ISO_TIMESTAMP = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%d",
)  # fmt: skip
ISO_PERIOD = ("%Y-%m",)

# Directive → (group name, pattern, pattern when digits touch digits).
_DIRECTIVES: dict[str, tuple[str, str, str]] = {
    "Y": ("year", "[0-9]{4}", "[0-9]{4}"),
    "y": ("short_year", "[0-9]{2}", "[0-9]{2}"),
    "m": ("month", "[0-9]{1,2}", "[0-9]{2}"),
    "d": ("day", "[0-9]{1,2}", "[0-9]{2}"),
    "b": ("month_name", r"[^\W\d_]+", r"[^\W\d_]+"),
    "B": ("month_name", r"[^\W\d_]+", r"[^\W\d_]+"),
    "H": ("hour", "[0-9]{1,2}", "[0-9]{2}"),
    "I": ("half_hour", "[0-9]{1,2}", "[0-9]{2}"),
    "M": ("minute", "[0-9]{2}", "[0-9]{2}"),
    "S": ("second", "[0-9]{2}", "[0-9]{2}"),
    "f": ("fraction", "[0-9]{1,9}", "[0-9]{6}"),
    "p": ("half", "[ap]\\.?m\\.?", "[ap]m"),
    "z": ("offset", "Z|[+-][0-9]{2}:?[0-9]{2}", "Z|[+-][0-9]{2}:?[0-9]{2}"),
}
_TOKEN = re.compile(r"%(?P<directive>.?)|(?P<space>\s+)|(?P<literal>[^%\s]+)")
# Spellings in use that CLDR does not list.
_MORE_MONTHS: dict[str, dict[str, int]] = {"en": {"sept": 9}, "de": {"mrz": 3, "maerz": 3, "jaen": 1, "jaenner": 1}}


@dataclass(frozen=True)
class DateFormat:
    """A declared format, compiled: `pattern` has one named group per directive."""

    text: str
    pattern: re.Pattern[str]
    months: dict[str, int]
    century_from: int | None

    def read(self, text: str) -> tuple[dt.datetime, bool] | None:
        """(time, whether it carries its own offset), None when the text is not written so; ValueError when impossible.

        What the format does not name is the first: day 1, midnight.
        """
        found = self.pattern.fullmatch(text)
        if not found:
            return None
        parts = found.groupdict()
        month = self.months.get(_name_key(parts["month_name"])) if "month_name" in parts else int(parts["month"])
        if month is None:
            return None
        clock = _clock(parts)
        moment = dt.datetime(self._year(parts), month, int(parts.get("day", 1)), *clock)
        offset = parts.get("offset")
        return (moment.replace(tzinfo=_zone(offset)), True) if offset else (moment, False)

    def _year(self, parts: dict[str, str]) -> int:
        if "year" in parts:
            return int(parts["year"])
        first = self.century_from or 0
        year = first - first % 100 + int(parts["short_year"])
        return year if year >= first else year + 100


def _clock(parts: dict[str, str]) -> tuple[int, int, int, int]:
    hour = int(parts.get("hour", 0))
    if "half_hour" in parts:
        hour = int(parts["half_hour"])
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if parts["half"][0] in "pP" else 0)
    micro = parts.get("fraction", "").ljust(6, "0")[:6]
    return hour, int(parts.get("minute", 0)), int(parts.get("second", 0)), int(micro)


def _zone(offset: str) -> dt.timezone:
    if offset in "Zz":
        return dt.UTC
    digits = offset[1:].replace(":", "")
    delta = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-delta if offset[0] == "-" else delta)


@lru_cache(maxsize=64)
def month_names(locale: str) -> dict[str, int]:
    """Month name → number: full and short names of the locale (Unicode CLDR) and of English, accents or not."""
    names: dict[str, int] = {}
    language = Locale.parse(locale).language
    for tag in ("en", locale):
        for forms in Locale.parse(tag).months.values():
            for width in ("wide", "abbreviated"):
                names |= {_name_key(name): number for number, name in forms[width].items()}
    return names | _MORE_MONTHS["en"] | _MORE_MONTHS.get(language, {})


def _name_key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).rstrip(".")


@lru_cache(maxsize=1024)
def compile_format(text: str, locale: str, century_from: int | None) -> DateFormat:
    """Compile a declared format; DeclarationError when it cannot name a month."""
    tokens = list(_TOKEN.finditer(text))
    pattern, names = "", []
    for i, token in enumerate(tokens):
        if token["space"]:
            pattern += " +"
        elif token["literal"]:
            pattern += re.escape(token["literal"])
        elif token["directive"] == "%":
            pattern += "%"
        elif token["directive"] in _DIRECTIVES:
            name, loose, tight = _DIRECTIVES[token["directive"]]
            touching = _is_digits(tokens[i - 1 : i], -1) or _is_digits(tokens[i + 1 : i + 2], 0)
            pattern += f"(?P<{name}>{tight if touching else loose})" + (r"\.?" if name == "month_name" else "")
            names.append(name)
        else:
            raise _bad_format(text, f"directive %{token['directive']}")
    _check_format(text, names, century_from)
    months = month_names(locale) if "month_name" in names else {}
    return DateFormat(text, re.compile(pattern, re.IGNORECASE), months, century_from)


def _is_digits(neighbour: Sequence[re.Match[str]], side: int) -> bool:
    """Whether the neighbour is digits on that side: then a field has its full width, or its end would be a guess."""
    if not neighbour:
        return False
    directive, literal = neighbour[0]["directive"], neighbour[0]["literal"]
    return bool(directive and directive in "YymdHIMSf") or bool(literal and literal[side].isdigit())


def _check_format(text: str, names: list[str], century_from: int | None) -> None:
    if len(set(names)) < len(names):
        raise _bad_format(text, "a directive twice")
    if not {"year", "short_year"} & set(names) or not {"month", "month_name"} & set(names):
        raise _bad_format(text, "no year or no month")
    if "short_year" in names and century_from is None:
        raise _bad_format(text, "%y without century_from")
    if ("half_hour" in names) != ("half" in names):
        raise _bad_format(text, "%I without %p, or %p without %I")


def _bad_format(text: str, got: str) -> DeclarationError:
    return DeclarationError(
        f"date format {text!r} cannot be used",
        got=got,
        expected="a year, a month and what else is in the text, out of %Y %y %m %b %B %d %H %I %p %M %S %f %z %%",
        next_step="correct `formats` of the column in the profile",
    )


def formats_of(options: CellOptions, iso: Sequence[str]) -> tuple[DateFormat, ...]:
    """The declared formats; ISO 8601 first where the file is a workbook, and alone where none is declared."""
    texts = options.formats if options.formats and not options.iso_dates else (*iso, *options.formats)
    return tuple(compile_format(text, options.locale, options.century_from) for text in dict.fromkeys(texts))


def _moment(text: str, formats: Sequence[DateFormat]) -> tuple[dt.datetime, bool, DateFormat]:
    impossible = ""
    for form in formats:
        try:
            found = form.read(text)
        except ValueError:
            impossible = "date and time" if re.search("%[HI]", form.text) else "date"
            continue
        if found:
            return *found, form
    if impossible:
        raise CellError(f"expected an existing {impossible}")
    shown = " or ".join(f.text for f in formats[:3]) + (" …" if len(formats) > 3 else "")
    raise CellError(f"expected a date written {shown}")


def date_reader(options: CellOptions) -> Callable[[str], dt.date]:
    """Read a date in the declared formats, tried in order.

    The source writes its own order and names: '1.3.2026' → 2026-03-01 (%d.%m.%Y), '2-Jun-06' → 2006-06-02
    (%d-%b-%y, century_from 1950), '15 März 2026'. Month names are the locale's or English, short or long. Zeros
    before days, months and hours may be missing; where digits touch (%Y%m%d) every field has its full width.
    Not accepted: years of other than four digits for %Y, days that do not exist ('31.02.2026', '00.00.0000'), a time
    of day other than midnight even if the format has one, since dropping it may drop a day: split it off in
    the profile if it means nothing. Without formats, ISO 8601.
    """
    formats = formats_of(options, ISO_DATE)
    for form in formats:
        if "%d" not in form.text:
            raise _bad_format(form.text, "no day")

    def read(text: str) -> dt.date:
        moment, _, _ = _moment(text, formats)
        if moment.time() != dt.time.min:
            raise CellError("expected a date without time of day")
        return moment.date()

    return read


def timestamp_reader(options: CellOptions) -> Callable[[str], dt.datetime]:
    """Read a moment in the declared formats; local time in the client's zone becomes UTC.

    '2026-07-01 12:00:00' → 2026-07-01 10:00:00Z in Europe/Berlin. A text with its own offset (%z: Z, +02:00) keeps
    it. An hour that comes twice in autumn is the first one (summer time); an hour left out in spring is read with the
    offset before the change, so 02:30 becomes 03:30 summer time: the rule of RFC 5545, section 3.3.5. Digits beyond
    microseconds are dropped. Not accepted: what `date_reader` does not accept, hour 24, second 60.
    """
    formats = formats_of(options, ISO_TIMESTAMP)
    zone = ZoneInfo(options.time_zone)
    for form in formats:
        if "%d" not in form.text:
            raise _bad_format(form.text, "no day")

    def read(text: str) -> dt.datetime:
        moment, fixed, _ = _moment(text, formats)
        try:
            return (moment if fixed else moment.replace(tzinfo=zone)).astimezone(dt.UTC)
        except OverflowError:
            raise CellError("expected a moment between the years 1 and 9999") from None

    return read


_BULK = {
    "Y": "[1-9][0-9]{3}", "m": "0[1-9]|1[0-2]", "d": "0[1-9]|1[0-9]|2[0-8]",
    "H": "[01][0-9]|2[0-3]", "M": "[0-5][0-9]", "S": "[0-5][0-9]", "f": "[0-9]{1,6}",
}  # fmt: skip
_HOUR = 3_600_000_000


def fast_timestamp(options: CellOptions) -> Fast | None:
    """Fast path of `timestamp_reader` for the first format, when it is of digits only.

    Regular are times written in full on days that every month has, in hours without a change of the clock.
    """
    form = formats_of(options, ISO_TIMESTAMP)[0].text
    tokens = list(_TOKEN.finditer(form))
    order = [token["directive"] for token in tokens if token["directive"]]
    if not set("YmdHMS") <= set(order) <= set(_BULK) or not form.isascii() or re.search("%.%f|%f%|[0-9]", form):
        return None
    pattern = "".join(f"({_BULK[t['directive']]})" if t["directive"] else re.escape(t[0]) for t in tokens)
    pattern = f"^{pattern}$"
    at = {directive: f"\\{number}" for number, directive in enumerate(order, start=1)}
    iso = "{Y}-{m}-{d} {H}:{M}:{S}".format(**at) + (f".{at['f']}" if "f" in at else "")
    zone = ZoneInfo(options.time_zone)

    def fast(cells: pa.Array) -> tuple[pa.Array, pa.Array]:
        matches = pc.match_substring_regex(cells, pattern)
        texts = pc.if_else(matches, cells, pa.scalar(None, pa.string()))
        local = pc.replace_substring_regex(texts, pattern, iso).cast(pa.timestamp("us"))
        offsets, known = _offsets(local.cast(pa.int64()).fill_null(0).to_numpy(), zone)
        matches = pc.and_(matches, pa.array(known))
        utc = pc.subtract(local.cast(pa.int64()), pa.array(offsets)).cast(pa.timestamp("us", tz="UTC"))
        utc = pc.if_else(matches, utc, pa.scalar(None, utc.type))
        return pc.or_(matches, pc.equal(cells, "")).fill_null(True), utc

    return fast


def _offsets(local: np.ndarray[Any, np.dtype[np.int64]], zone: ZoneInfo) -> tuple[Any, Any]:
    """(offset from UTC in µs, whether it is the same in the whole hour) of each local time in µs since 1970."""
    hours, at = np.unique(local // _HOUR, return_inverse=True)
    offsets, known = np.zeros(len(hours), np.int64), np.zeros(len(hours), bool)
    for i, hour in enumerate(hours.tolist()):
        begin = dt.datetime(1970, 1, 1) + dt.timedelta(hours=hour)
        ends = (begin, begin + dt.timedelta(hours=1, microseconds=-1))
        found = {zone.utcoffset(moment.replace(fold=fold)) for moment in ends for fold in (0, 1)}
        first = found.pop() or dt.timedelta()
        offsets[i], known[i] = first // dt.timedelta(microseconds=1), not found
    return offsets[at], known[at]


def period_reader(options: CellOptions) -> Callable[[str], str]:
    """Read a month as 'YYYY-MM'.

    '03/2026' → '2026-03' (%m/%Y), 'März 26' → '2026-03' (%B %y). A format with a day gives the month of that day.
    Not accepted: special periods (13 to 16), quarters. Without formats, ISO 8601 (2026-03).
    """
    formats = formats_of(options, (*ISO_PERIOD, *ISO_DATE) if options.iso_dates else ISO_PERIOD)

    def read(text: str) -> str:
        moment, _, _ = _moment(text, formats)
        return f"{moment.year:04}-{moment.month:02}"

    return read


def format_used(options: CellOptions, iso: Sequence[str]) -> Callable[[str], str]:
    """For `explain`: which of the formats a text is written in."""
    formats = formats_of(options, iso)

    def used(text: str) -> str:
        return _moment(text, formats)[2].text

    return used
