"""The texts of workbook cells, as the client would type them.

Numbers with the decimal sign of the locale, without grouping and without the `.0` of integral floats (2039.41 →
`2039,41` in de_DE); dates `2024-05-01`, times `13:05:00`, both together `2024-05-01 13:05:00`; durations by hours
`37:30:00`; booleans `TRUE`, `FALSE`. Text stays as typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

Cell = int | float | str | bool | time | date | datetime | timedelta

CERTAIN = 10**15
"""Excel keeps 15 significant digits: the last digits of a longer number are not what was typed."""

FALSE_LEAP_DAY = date(1900, 2, 28)
"""What the reader makes of serial 60, which Excel calls 29 February 1900, and of the true 28 February."""

_KEPT = 200_000
_DURATION = re.compile(r"(-?)PT(\d+)H(\d+)M(\d+)(?:[.,](\d*?)0*)?S")
"""Times and durations as .ods files store them: PT37H30M00S."""


class _Moments(dict[Any, str]):
    """Texts of dates and times."""

    def __init__(self) -> None:
        super().__init__()
        self.doubtful = False

    def __missing__(self, value: date | time) -> str:
        exact = isinstance(value, datetime | time) and not value.microsecond
        text = str(value) if exact else render(value, ".")
        if isinstance(value, date) and is_doubtful(value):  # not kept, so that each is met here
            self.doubtful = True
        elif len(self) < _KEPT:
            self[value] = text
        return text


def is_doubtful(value: object) -> bool:
    """Whether the reader may have made this date or time of a number that is none: it makes times of negative ones."""
    if isinstance(value, datetime):
        return value.date() == FALSE_LEAP_DAY
    return isinstance(value, time) or value == FALSE_LEAP_DAY


class Texts:
    """Renders cells column by column: most columns hold one type, and then C does the work.

    `uncertain` and `doubtful` tell whether a number of more than 15 digits, a doubtful date was met since `watch`.
    """

    def __init__(self, decimal: str, *, iso_durations: bool = False) -> None:
        self.decimal = decimal
        self.uncertain = False
        self._moments = _Moments()
        self._iso_durations = iso_durations

    def watch(self) -> None:
        """Forget what was met so far."""
        self.uncertain = self._moments.doubtful = False

    @property
    def doubtful(self) -> bool:
        """Whether a date was met that may be none."""
        return self._moments.doubtful

    def column(self, values: Sequence[Cell]) -> list[str]:
        """The texts of many cells."""
        types = set(map(type, values))
        if time in types:
            self._moments.doubtful = True
        if self._iso_durations and str in types:
            values = [_clock(v) if isinstance(v, str) else v for v in values]
        if types == {str}:
            return list(values)  # type: ignore[arg-type]
        if types == {float}:
            return self._floats(values)  # type: ignore[arg-type]
        if types == {float, str}:
            numbers = iter(self._floats([v for v in values if type(v) is float]))
            return [next(numbers) if type(v) is float else v for v in values]  # type: ignore[misc]
        if types <= {date, datetime, time}:
            return list(map(self._moments.__getitem__, values))
        return [v if type(v) is str else self._cell(v) for v in values]

    def _cell(self, value: Cell) -> str:
        if isinstance(value, float):
            return self._floats([value])[0]
        if isinstance(value, date | time):
            return self._moments[value]
        return render(value, self.decimal)

    def _floats(self, values: Sequence[float]) -> list[str]:
        """The texts of numbers, as `render_number` gives them."""
        numbers = np.asarray(values, np.float64)
        large = np.abs(numbers) >= CERTAIN
        self.uncertain = self.uncertain or bool(large.any())
        if bool((numbers == np.floor(numbers)).all()) and not bool(large.any()):
            texts: list[str] = pa.array(numbers.astype(np.int64)).cast(pa.string()).to_pylist()
            return texts
        texts = [f"{v:.15g}" for v in values]
        if any("e" in t for t in texts):
            texts = [render_number(v, ".") if "e" in t else t for v, t in zip(values, texts, strict=True)]
        if "-0" in texts:
            texts = ["0" if t == "-0" else t for t in texts]
        return texts if self.decimal == "." else [t.replace(".", self.decimal) for t in texts]


def render(value: Cell, decimal: str) -> str:
    """The text of a cell, numbers with this decimal sign.

    >>> render(2039.41, ","), render(12.0, ","), render(True, ",")
    ('2039,41', '12', 'TRUE')
    """
    if isinstance(value, float):
        return render_number(value, decimal)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return _to_millisecond(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return _to_millisecond(datetime.combine(date(2000, 1, 1), value))[11:]
    return render_duration(value)


def render_number(value: float, decimal: str) -> str:
    """Without grouping and exponent, in the 15 significant digits that Excel keeps: 0.1 + 0.2 is 0.3.

    >>> render_number(0.1 + 0.2, ","), render_number(1e-07, "."), render_number(-0.0, ".")
    ('0,3', '0.0000001', '0')
    """
    if value.is_integer():
        return str(int(value))
    text = format(value, ".15g")
    return (format(Decimal(text), "f") if "e" in text else text).replace(".", decimal)


def render_duration(value: timedelta) -> str:
    """Hours, minutes and seconds; hours are not folded into days.

    >>> render_duration(timedelta(hours=37, minutes=30)), render_duration(-timedelta(minutes=5))
    ('37:30:00', '-00:05:00')
    """
    milliseconds = round(abs(value) / timedelta(milliseconds=1))
    seconds, rest = divmod(milliseconds, 1000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{rest:03}" if rest else "")
    return f"-{text}" if value < timedelta(0) and milliseconds else text


def _clock(text: str) -> str:
    found = _DURATION.fullmatch(text) if text.startswith(("PT", "-PT")) else None
    if not found:
        return text
    sign, hours, minutes, seconds, fraction = found.groups()
    clock = f"{sign}{hours.zfill(2)}:{minutes.zfill(2)}:{seconds.zfill(2)}"
    return f"{clock}.{fraction[:3].ljust(3, '0')}" if fraction else clock


def _to_millisecond(value: datetime) -> str:
    """Serial numbers of Excel carry no more than milliseconds; below that is the noise of the float."""
    value += timedelta(microseconds=500)
    return value.isoformat(" ", "milliseconds").removesuffix(".000")
