"""What X12 writes in its own way, made plain: dates, times with the code of their zone, amounts without a point,
prices of a hundred; and the sums of a set that its own totals are compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipelines.extract.messages.x12_parts import Row, Split
from pipelines.extract.messages.x12_sets import COUNTED
from pipelines.extract.messages.x12_syntax import Segment

_DATE = re.compile(r"(?:(\d\d)?(\d\d))(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d)(?:([0-5]\d)(\d{1,2})?)?")
_FIRST_YEAR = 70
"""Years of two digits are those from 1970 to 2069."""
_ZONES = {"A": "Halifax", "E": "New_York", "C": "Chicago", "M": "Denver", "P": "Los_Angeles"}
_OFFSETS = {
    "UT": "+0000", "GM": "+0000", "NS": "-0330", "ND": "-0230", "AS": "-0400", "AD": "-0300", "ES": "-0500",
    "ED": "-0400", "CS": "-0600", "CD": "-0500", "MS": "-0700", "MD": "-0600", "PS": "-0800", "PD": "-0700",
    "HS": "-1000",
}  # fmt: skip
_BASIS: Mapping[str, int] = MappingProxyType({"PN": 10, "TF": 10, "HP": 100, "TP": 1000})
"""Bases of prices (data element 639) that are not one unit."""
_CREDIT = frozenset({"CR", "CN", "CC", "CD", "CF"})
"""Kinds of invoices (data element 640) that are credit memos."""


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STATES = _codes(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
_PROVINCES = _codes("AB BC MB NB NL NS NT NU ON PE QC SK YT")
_ZIP, _CANADIAN = re.compile(r"\d{5}(?:-?\d{4})?"), re.compile(r"[A-Z]\d[A-Z] ?\d[A-Z]\d")
_CENT, _GRAM = Decimal("0.01"), Decimal("0.001")
_KILOGRAMS = {"KG": Decimal(1), "LB": Decimal("0.45359237"), "GR": Decimal("0.001"), "OZ": Decimal("0.028349523125")}


@lru_cache(4096)
def plain_date(text: str) -> str:
    """20260331 and 260331 as 2026-03-31; anything else stays as written."""
    found = _DATE.fullmatch(text)
    if not found:
        return text
    century, year, month, day = found.groups()
    century = century or ("19" if int(year) >= _FIRST_YEAR else "20")
    try:
        return f"{datetime(int(century + year), int(month), int(day)):%Y-%m-%d}"
    except ValueError:
        return text


def plain_moment(day: str, time: str, zone: str) -> str:
    """Day and time as 2026-03-31T10:15:00, with its offset where the code of the zone has one; LT and no code have
    none: that is the time of the place. Without a time only the day; what cannot be read stays as written.

    The codes of the four zones of the mainland without a season (ET, CT, MT, PT) mean what clocks showed that day.
    """
    date, found = plain_date(day), _TIME.fullmatch(time)
    if not found or date == day:
        return " ".join(filter(None, (date, time)))
    hour, minute, second, _ = found.groups()
    moment = f"{date}T{hour}:{minute}:{second or '00'}"
    if zone in _OFFSETS:
        return moment + _OFFSETS[zone]
    if len(zone) == 2 and zone[1] == "T" and zone[0] in _ZONES:
        there = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(f"America/{_ZONES[zone[0]]}"))
        return f"{there:%Y-%m-%dT%H:%M:%S%z}"
    return moment


def number(text: str) -> Decimal | None:
    """A number as X12 writes it, None when it is none."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and "_" not in text else None


def cents(text: str) -> str:
    """An amount with two implied decimals, with its point: 12345 → 123.45. With a point it means what it says."""
    value = number(text)
    if value is None or "." in text:
        return text
    return f"{value.scaleb(-2):f}"


def written(value: Decimal) -> str:
    """A number in plain digits, without zeros after the point that say nothing; amounts keep two decimals."""
    value = value or Decimal(0)  # no negative zero
    return f"{value.quantize(_CENT):f}" if value == value.quantize(_CENT) else f"{value.normalize():f}"


def price(row: Row) -> str:
    """The price of one unit, of one that is written for ten, a hundred or a thousand."""
    text, basis = row.value("PO104|POC06|IT104|SLN06|line:CTP03"), row.value("PO105|POC07|IT105|SLN07")
    value, size = number(text), _BASIS.get(basis, 1)
    return text if value is None or size == 1 else f"{(value / size).normalize():f}"


def signed(amount: str, *, credit: bool, allowance: bool = False) -> str:
    """An amount with the sign it has in the ledger: allowances and credit notes take away, what a credit note writes
    negative already is negative."""
    value = number(amount)
    if value is None:
        return amount
    if allowance:
        return written(abs(value) if credit else -abs(value))
    return f"{-value:f}" if credit and value > 0 else amount


def line_amount(segment: Segment) -> Decimal | None:
    """Quantity × price of a line of an invoice; None when either is missing."""
    quantity, each = number(segment.get(2)), number(segment.get(4))
    return None if quantity is None or each is None else quantity * each / _BASIS.get(segment.get(5), 1)


def quantities(segments: Iterable[Segment]) -> tuple[Decimal, int]:
    """The sum of the quantities of lines, and that of their digits, points left out: both are called a hash total."""
    whole, digits = Decimal(0), 0
    for segment in segments:
        if segment.tag in COUNTED:
            text = segment.get(COUNTED[segment.tag][1])
            whole += number(text) or 0
            digits += int("".join(c for c in text if c in "0123456789") or 0)
    return whole, digits


def country(code: str, region: str, postal_code: str) -> str:
    """The country of an address: as written, else the one whose region and postal code both are in it. The guides of
    X12 want the country only where it is neither the United States nor Canada.

    >>> country("", "OR", "97301-1234"), country("", "ON", "K1A 0B1"), country("", "OR", ""), country("MX", "", "")
    ('US', 'CA', '', 'MX')
    """
    if code:
        return code
    places = ((_STATES, _ZIP, "US"), (_PROVINCES, _CANADIAN, "CA"))
    return next((name for regions, form, name in places if region in regions and form.fullmatch(postal_code)), "")


def kilograms(weight: str, unit: str) -> str:
    """A weight in kilograms to the gram; empty when it is not given in a unit of weight."""
    value, factor = number(weight), _KILOGRAMS.get(unit)
    return "" if value is None or factor is None else f"{(value * factor).quantize(_GRAM, 'ROUND_HALF_UP'):f}"


class _Adjusted(NamedTuple):
    """What allowances, charges and taxes come to."""

    allowances: Decimal
    charges: Decimal
    taxes: Decimal


def _adjusted(segments: Iterable[Segment]) -> _Adjusted:
    sums = dict.fromkeys(("A", "C", "tax"), Decimal(0))
    for segment in segments:
        if segment.tag == "SAC" and segment.get(1) in sums:
            sums[segment.get(1)] += number(cents(segment.get(5))) or 0
        elif segment.tag == "TXI" and segment.get(7) != "O":
            sums["tax"] += number(segment.get(2)) or 0
    return _Adjusted(*sums.values())


class InvoiceSums:
    """The sums of an invoice: lines, allowances, charges, taxes, and what they make together."""

    def __init__(self, parts: Split) -> None:
        before = [s for part in (parts.head, *(line for _, line, _ in parts.lines)) for s in part.segments]
        segments = [*before, *parts.end.segments]
        lines = [line_amount(s) for s in segments if s.tag == "IT1"]
        self.has_lines = bool(lines) and None not in lines
        known = [amount for amount in lines if amount is not None]
        self.total = next((number(cents(s.get(1))) for s in segments if s.tag == "TDS"), None)
        self._by_line = sum((a.quantize(_CENT, "ROUND_HALF_UP") for a in known), Decimal(0))
        self._at_end = sum(known, Decimal(0)).quantize(_CENT, "ROUND_HALF_UP")
        self._take(_adjusted(segments))
        self.repeats_at_end = False
        if not self.agrees and (of_lines := _adjusted(before)) == _adjusted(parts.end.segments):
            # Some senders sum up in the summary what stands at the lines; the total says whether it counts again.
            self._take(of_lines)
            self.repeats_at_end = self.agrees
            if not self.repeats_at_end:
                self._take(_adjusted(segments))
        self.is_credit = any(s.get(7) in _CREDIT for s in segments if s.tag == "BIG") or (self.total or 0) < 0

    def _take(self, adjusted: _Adjusted) -> None:
        """The sums with these allowances, charges and taxes."""
        self.allowances, self.charges, self.taxes = adjusted
        around = self.charges - self.allowances + self.taxes
        # Senders round each line or their sum; the total says which.
        is_at_end = self.total is not None and abs(self.total) == self._at_end + around
        self.lines = self._at_end if is_at_end else self._by_line
        self.agrees = self.total is None or not self.has_lines or abs(self.total) == abs(self.lines + around)

    def cells(self) -> dict[str, str]:
        """Columns of the table of invoices, amounts with the sign of the ledger as `signed_…`."""
        sign = -1 if self.is_credit else 1
        out = {"document_type_code": "credit_note" if self.is_credit else "invoice"}
        amounts: dict[str, Decimal | None] = {
            "allowance_amount": self.allowances,
            "charge_amount": self.charges,
            "tax_amount": self.taxes,
        }
        if self.has_lines:
            amounts["line_net_amount"] = self.lines
            amounts["net_amount"] = self.lines + self.charges - self.allowances
        elif self.total is not None:
            amounts["net_amount"] = abs(self.total) - self.taxes
        if self.total is not None:
            amounts["gross_amount"] = abs(self.total)
        for name, amount in amounts.items():
            if amount is not None:
                out[name] = written(amount)
                if name in ("net_amount", "tax_amount", "gross_amount"):
                    out[f"signed_{name}"] = written(sign * abs(amount))
        return out
