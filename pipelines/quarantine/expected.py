"""What is expected of a cell, in the words of the client: for the notes of a correction workbook."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal

from pipelines.contract import Column

_LETTERS = {
    "de": {"d": "TT", "m": "MM", "Y": "JJJJ", "y": "JJ", "H": "hh", "M": "mm", "S": "ss", "b": "Mon", "B": "Monat"},
    "en": {"d": "DD", "m": "MM", "Y": "YYYY", "y": "YY", "H": "hh", "M": "mm", "S": "ss", "b": "Mon", "B": "Month"},
}
_EXAMPLE = dt.datetime(2026, 12, 31, 14, 30)
_MOST_CODES = 12


@dataclass(frozen=True)
class Habits:
    """How the client writes a column: date formats, code texts, locale of its numbers."""

    locale: str
    formats: Sequence[str] = ()
    codes: Sequence[str] = ()


def date_pattern(fmt: str, language: str) -> str:
    """A date format as people write it.

    >>> date_pattern("%d.%m.%Y", "de"), date_pattern("%Y-%m-%d", "en")
    ('TT.MM.JJJJ', 'YYYY-MM-DD')
    """
    return re.sub(r"%([A-Za-z])", lambda found: _LETTERS[language].get(found[1], found[0]), fmt)


def of_column(column: Column, habits: Habits, language: str) -> str:
    """What a cell of the column holds, with an example where that helps; '' where anything goes."""
    de = language == "de"
    semantic = column.semantic
    if semantic in ("code", "boolean") or habits.codes:
        texts = list(habits.codes) or list(column.codes)
        return (
            (("einer von: " if de else "one of: ") + _some(texts)) if texts else ("ja oder nein" if de else "yes or no")
        )
    if semantic in ("date", "timestamp", "period"):
        fmt = habits.formats[0] if habits.formats else _ISO[semantic]
        what = {"date": ("date", "Datum"), "timestamp": ("time", "Zeitpunkt"), "period": ("month", "Monat")}[semantic][
            de
        ]
        return _like(what, f"{date_pattern(fmt, language)} ({_EXAMPLE.strftime(fmt)})", de)
    if semantic == "integer":
        return ("ganze Zahl" if de else "whole number") + f", {_eg(de)} {format_decimal(120, locale=habits.locale)}"
    if column.precision_scale:
        return _number(column.precision_scale, habits.locale, de)
    return _TEXTS.get(semantic, ("", ""))[de]


def _number(size: tuple[int, int], locale: str, de: bool) -> str:
    precision, scale = size
    pattern = "#,##0" + ("." + "0" * min(scale, 2) if scale else "")
    example = format_decimal(1234.5, pattern, locale=locale)
    before = precision - scale
    if de:
        return f"Zahl, z. B. {example}; höchstens {before} Stellen vor und {scale} nach dem Komma"
    return f"number, e.g. {example}; at most {before} digits before and {scale} after the decimal sign"


def of_rule(kind: str, kwargs: Mapping[str, Any], names: Mapping[str, str], locale: str, language: str) -> str:
    """What a rule of a suite asks for, from its own bounds; '' where its message says all.

    `names` are the client's names of our columns.
    """
    de = language == "de"

    def shown(value: Any) -> str:
        if isinstance(value, bool | str):
            return str(value)
        return format_decimal(value, "#,##0.######", locale=locale)

    def name(column: Any) -> str:
        return names.get(str(column), str(column))

    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is not None and high is not None:
        return f"von {shown(low)} bis {shown(high)}" if de else f"from {shown(low)} to {shown(high)}"
    if low is not None:
        above = (
            ("mehr als" if de else "more than") if kwargs.get("strict_min") else ("mindestens" if de else "at least")
        )
        return f"{above} {shown(low)}"
    if high is not None:
        below = (
            ("weniger als" if de else "less than") if kwargs.get("strict_max") else ("höchstens" if de else "at most")
        )
        return f"{below} {shown(high)}"
    if kwargs.get("value_set"):
        values = _some([shown(v) for v in kwargs["value_set"]])
        if "not_be_in_set" in kind:
            return f"nicht {values}" if de else f"not {values}"
        return f"einer von: {values}" if de else f"one of: {values}"
    if "columns" in kwargs and "total" in kwargs:
        return f"{' + '.join(map(name, kwargs['columns']))} = {name(kwargs['total'])}"
    if kind == "expect_column_pair_values_a_to_be_greater_than_b":
        sign = "≥" if kwargs.get("or_equal") else ">"
        return f"{name(kwargs['column_A'])} {sign} {name(kwargs['column_B'])}"
    return ("ein Wert" if de else "a value") if kind == "expect_column_values_to_not_be_null" else ""


_ISO = {"date": "%Y-%m-%d", "timestamp": "%Y-%m-%d %H:%M", "period": "%Y-%m"}
_TEXTS = {
    "email": ("e-mail address, e.g. name@example.com", "E-Mail-Adresse, z. B. name@example.com"),
    "phone": (
        "telephone number with area code, e.g. +44 20 7946 0018",
        "Telefonnummer mit Vorwahl, z. B. +49 30 23125 018",
    ),
    "country": ("country, e.g. Germany or DE", "Land, z. B. Deutschland oder DE"),
    "currency": ("currency by its three letters, e.g. EUR", "Währung mit drei Buchstaben, z. B. EUR"),
    "postal_code": ("postal code, as its country writes it", "Postleitzahl, wie ihr Land sie schreibt"),
    "region_code": ("state or province, e.g. CA", "Bundesland oder Provinz, z. B. BY"),
    "iban": ("IBAN, e.g. GB33BUKB20201555555555", "IBAN, z. B. DE89370400440532013000"),
    "vat_id": ("VAT number with its country, e.g. GB980780684", "USt-IdNr. mit Land, z. B. DE136695976"),
    "bic": ("BIC of the bank, e.g. BUKBGB22", "BIC der Bank, z. B. DEUTDEFF"),
    "lei": ("LEI of 20 characters, e.g. 506700GE1G29325QX363", "LEI mit 20 Zeichen, z. B. 506700GE1G29325QX363"),
    "register_number": (
        "number in the company register, e.g. SC012345",
        "Nummer im Handelsregister, z. B. Köln HRB 1234",
    ),
    "language": ("language, e.g. German or de", "Sprache, z. B. Deutsch oder de"),
    "identifier": ("number or code without blanks", "Nummer oder Kennung ohne Leerzeichen"),
    "company_name": ("name of the company", "Name der Firma"),
    "person_name": ("name of the person", "Name der Person"),
}


def _like(what: str, form: str, de: bool) -> str:
    return f"{what} wie {form}" if de else f"{what} like {form}"


def _eg(de: bool) -> str:
    return "z. B." if de else "e.g."


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_CODES
    return ", ".join(texts[:_MOST_CODES]) + (f" … (+{more})" if more > 0 else "")
