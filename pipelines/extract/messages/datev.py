"""DATEV's format (EXTF, DTVF): batches of bookings, customers and suppliers, names of accounts, terms of payment.

A booking names an account, a counter account, one amount and the side (S = debit, H = credit) on which it stands on
the account; on the counter account it stands on the other side. `bookings` has it as it is written, `entries` as the
two lines of a ledger. The amount is gross: the tax that DATEV's programs work out from the key of a booking or from an
automatic account is no part of the file, and none is invented here.

**Dates** of bookings are days and months (`0501` or `501`); the year is that of the business year in the first line.
**Amounts** have a decimal comma and are positive. A reversal (`Generalumkehr`, also a tax key of two digits that
begins with 2) is the same booking with its amount taken back on the same side; so is read a negative amount, which the
format does not know. A discount (`Skonto`) is booked by DATEV's programs on accounts that the file does not name: it is
told, and the entries are those of the amount without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipelines.dialect import Format
from pipelines.errors import DeclarationError, DeliveryError
from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages.datev_charts import account_type, padded, personal
from pipelines.extract.messages.datev_fields import TABLE_OF
from pipelines.extract.messages.datev_file import DatevFile, Line
from pipelines.extract.messages.message import MessageTable, Record
from pipelines.extract.table import Tally, count_of
from pipelines.formats import columns_of

ANY_FILE = "header"
"""The table that every file fills: its first line."""

_AMOUNT = re.compile(r"([+-]?)(\d+|\d{1,3}(?:\.\d{3})+)(?:,(\d*))?([+-]?)")
_POINT = re.compile(r"[+-]?\d+\.\d{1,2}")
_FULL_DAY = re.compile(r"(\d{1,2})(\d{2})((?:19|20)\d{2})|(\d{1,2})\.(\d{1,2})\.((?:19|20)\d{2})")
_FULL_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_STANDARD_LENGTH = 4
_REVERSED, _NOT_REVERSED = ("1", "G"), ("", "0")
_CENT, _MOST_OFF, _KEPT = Decimal("0.01"), Decimal("0.01"), 5
"""Rates have few digits: a base amount may be off by one in a hundred."""
_TOTALS = ("conversions_differ", "bookings_on_one_account", "accounts_too_long")
_OTHER_SIDE = {"debit": "credit", "credit": "debit"}


class Messages(MessageTable):
    """A file of DATEV's. Without a named table the first one that its category fills."""

    def __init__(self, path: Path, fmt: Format, tally: Tally, name: str) -> None:
        self.file = DatevFile(path, fmt, tally, name)
        self._asked = fmt.table is not None
        self.table = _table(self.file, fmt.table, name)
        super().__init__(path, fmt.model_copy(update={"table": self.table}), tally, name)
        self._own = frozenset(self.columns)
        head = self.file.head.values
        length = head.get("account_length", "")
        self.length = int(length) if length.isdecimal() and 4 <= int(length) <= 8 else _STANDARD_LENGTH
        self.year_start, self.start, self.end = (
            iso_date(head.get(column, ""))
            for column in ("fiscal_year_start_date", "period_start_date", "period_end_date")
        )
        self.batch = {column: head[column] for column in self.columns if head.get(column)}
        self.batch |= {
            column: day.isoformat()
            for column, day in (
                ("fiscal_year_start_date", self.year_start),
                ("period_start_date", self.start),
                ("period_end_date", self.end),
            )
            if day and column in self.columns
        }
        named = (
            "consultant_number", "client_number", "period_start_date", "period_end_date", "batch_name",
            "dictation_code",
        )  # fmt: skip
        if self.table in ("bookings", "entries"):
            _refuse_other_year(self.year_start, self.start, self.end, name)
        self._label = "/".join(head[c] for c in named if head.get(c))
        tally.encoding = self.file.head.encoding

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def records(self) -> Iterator[Record]:
        """The records of the table."""
        if self.table == ANY_FILE:
            if self.file.head.category not in TABLE_OF and not self._asked:
                said = f"no table holds records of {self.file.head.kind}: they are not read, only the first line is"
                self.tally.warnings.append(said)
            yield Record(1, {"position": "line 1", **self.file.head.values, **self.batch})
        elif self.table in ("bookings", "entries"):
            yield from self._bookings(both_sides=self.table == "entries")
        else:
            yield from self._others()

    def _others(self) -> Iterator[Record]:
        for row, line in enumerate(self.file.lines(), start=1):
            if line.problem:
                yield Record(row, {}, f"line {line.line} {line.problem}", line.raw)
                continue
            cells = {**self.batch, **line.cells, "position": f"line {line.line}", "other": _joined(line.other)}
            yield Record(row, cells | self._master(line.cells))

    def _master(self, cells: Mapping[str, str]) -> dict[str, str]:
        """What can be told of an account besides its fields."""
        account = padded(cells.get("account", ""), self.length)
        made = {
            "account_id": account,
            "account_type": account_type(account, self.length, self.file.head.values.get("chart_code", "")),
            "partner_type": personal(account, self.length),
            "name": cells.get("company_name")
            or " ".join(filter(None, (cells.get("given_name"), cells.get("family_name"))))
            or cells.get("other_name", ""),
            "vat_id": _vat_id(cells.get("eu_country_code", ""), cells.get("eu_vat_number", "")),
        }
        return {column: value for column, value in made.items() if value and column in self.columns}

    def _bookings(self, *, both_sides: bool) -> Iterator[Record]:
        row = number = dated = 0
        if not (self.year_start or self.start):
            self.tally.warnings.append("the first line names no business year: days of bookings have no year")
        first_outside = ""
        odd = Oddities()
        for line in self.file.lines():
            number += 1
            problem = line.problem or problem_of(line.cells)
            day, inside = self._day(line)
            dated += problem is not None or inside
            if not (problem or inside or first_outside):
                first_outside = f"line {line.line}"
            if problem:
                row += 1
                yield Record(
                    row,
                    {},
                    f"line {line.line} {problem}",
                    line.raw or ";".join((*line.cells.values(), *line.other.values())),
                )
                continue
            odd.see(line.cells, f"line {line.line}", self.length)
            for cells in self._sides(line, number, day) if both_sides else [self._booking(line, number, day)]:
                row += 1
                yield Record(row, {**self.batch, **cells})
        if self.start and self.end:
            where = f"{self.name}:1, fields 15 and 16" + (f"; first outside: {first_outside}" if first_outside else "")
            self.tally.totals.append(FormatTotal("bookings_in_period", str(number), str(dated), where))
        self.tally.totals.extend(odd.totals())
        self.tally.warnings.extend(odd.warnings())

    def _booking(self, line: Line, number: int, day: str) -> dict[str, str]:
        made = {
            "position": f"line {line.line}",
            "journal_id": self._journal(line, number),
            "document_date": day,
            "is_reversal": "true" if is_reversal(line.cells) else "false",
            "other": _joined(line.other),
        }
        if "currency_code" not in line.cells and (currency := self.file.head.values.get("currency_code")):
            made["currency_code"] = currency
        return {**line.cells, **made}

    def _journal(self, line: Line, number: int) -> str:
        """What the booking is known by: its GUID, else its number in its batch."""
        return line.cells.get("booking_guid") or f"{self._label}/{number}"

    def _sides(self, line: Line, number: int, day: str) -> Iterator[dict[str, str]]:
        """The two lines of the ledger."""
        cells, booking = line.cells, self._booking(line, number, day)
        ids = {side: padded(cells[side], self.length) for side in ("account", "counter_account")}
        sign = "-" if booking["is_reversal"] == "true" else ""
        amount, base = (_signed(sign, plain_amount(cells.get(c, ""))) for c in ("amount", "base_amount"))
        rest = {h: v for h, v in cells.items() if h not in self._own and h not in _MADE_PLAIN} | dict(line.other)
        days = {
            column: day_in_year(cells.get(day_column, ""), self.year_start or self.start)
            for column, day_column in _DAYS.items()
        }
        common = {column: value for column, value in booking.items() if column in self._own} | days
        common["exchange_rate"] = plain_amount(cells.get("exchange_rate", "")) or cells.get("exchange_rate", "")
        common["other"] = _joined(rest)
        side = "credit" if cells.get("side_code", "S").upper() == "H" else "debit"
        for line_id, role, other in (("1", "account", "counter_account"), ("2", "counter_account", "account")):
            who = personal(ids[role], self.length)
            made = {
                **common,
                "position": f"line {line.line}, {role.replace('_', ' ')}",
                "line_id": line_id,
                "side": side,
                "account_id": ids[role],
                "counter_account_id": ids[other],
                "account_type": account_type(ids[role], self.length, self.file.head.values.get("chart_code", "")),
                "partner_id": ids[role] if who else "",
                "partner_type": who,
                f"{side}_amount": amount,
                f"{_OTHER_SIDE[side]}_amount": "0",
            }  # fmt: skip
            if base:
                made |= {f"base_{side}_amount": base, f"base_{_OTHER_SIDE[side]}_amount": "0"}
            yield {column: value for column, value in made.items() if value}
            side = _OTHER_SIDE[side]

    def _day(self, line: Line) -> tuple[str, bool]:
        """The date of a booking and whether it lies in the period of the batch; what is no date stays as written."""
        text = line.cells.get("document_day", "")
        made = day_in_year(text, self.year_start or self.start)
        found = iso_date(made)
        if found is None:
            return made, True  # no date at all: the cell is refused where a date is read
        return made, (self.start is None or self.start <= found) and (self.end is None or found <= self.end)


_DAYS = {
    "service_date": "service_day",
    "tax_period_date": "tax_period_day",
    "due_date": "due_day",
    "cost_date": "cost_day",
}
_MADE_PLAIN = frozenset({
    *_DAYS.values(), "amount", "side_code", "account", "counter_account", "document_day", "base_amount",
    "reversal_code", "booking_guid",
})  # fmt: skip
"""Fields that the lines of the ledger hold under other names."""


@dataclass
class Oddities:
    """What is to be told of the bookings of a batch besides what is wrong with one of them."""

    wrong: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _TOTALS})
    negative: int = 0
    discounted: int = 0
    discounts: Decimal = Decimal(0)

    def see(self, cells: Mapping[str, str], place: str, length: int) -> None:
        """Take in a sound booking; `length` is that of the numbers of accounts, those of partners have a digit more."""
        amount, base, rate, discount = (
            Decimal(plain_amount(cells.get(c, "")) or 0)
            for c in ("amount", "base_amount", "exchange_rate", "discount_amount")
        )
        self.negative += amount < 0
        self.discounted += bool(discount)
        self.discounts += discount
        if amount and base and rate:
            off = min(abs(abs(amount / rate) - abs(base)), abs(abs(amount * rate) - abs(base)))
            if off > max(_CENT, abs(base) * _MOST_OFF):
                self.wrong["conversions_differ"].append(f"{place}: {amount} at {rate} are not {base}")
        account, counter = (cells.get(c, "").lstrip("0") for c in ("account", "counter_account"))
        if account == counter and amount:
            self.wrong["bookings_on_one_account"].append(f"{place}: account and counter account are {account}")
        for number in dict.fromkeys((account, counter)):
            if len(number) > length + 1:
                said = f"{place}: account {number}, accounts have {length} digits, partners {length + 1}"
                self.wrong["accounts_too_long"].append(said)

    def totals(self) -> Iterator[FormatTotal]:
        """What is wrong with bookings that are sound by themselves, none of it promised."""
        for name, places in self.wrong.items():
            yield FormatTotal(name, "0", str(len(places)), "; ".join(places[:_KEPT]))

    def warnings(self) -> Iterator[str]:
        """What only strikes."""
        if self.negative:
            yield (
                f"{count_of(self.negative, 'booking')} with a negative amount, which the format does not know: read as "
                "taken back on the same side"
            )
        if self.discounted:
            yield (
                f"{count_of(self.discounted, 'booking')} with discounts of {self.discounts} together, which DATEV's "
                "programs book on accounts that the file does not name: the entries are without them"
            )


def _refuse_other_year(year: date | None, start: date | None, end: date | None, name: str) -> None:
    """DeliveryError when a batch does not lie in its business year, which gives its days their years."""
    if year is None:
        return
    following = date(year.year + 1, year.month, min(year.day, 28))
    if any(day is not None and not year <= day < following for day in (start, end)):
        raise DeliveryError(
            "batch does not lie in its business year",
            where=f"{name}:1, fields 13, 15 and 16",
            got=f"a business year from {year}, a batch from {start} to {end}",
            expected="a batch inside the twelve months that begin with its business year",
            next_step="export the batch again from the business year that its bookings are of",
        )


def day_in_year(text: str, start: date | None) -> str:
    """A day and month in the business year that begins on `start`, or a day with its own year (`31012024`, also with
    points, as programs write that do not know the format); what is none of them stays as it is written.

    A day that the year does not have (29 February) is written as a date all the same, and refused as none later.

    >>> day_in_year("501", date(2023, 7, 1)), day_in_year("0107", date(2023, 7, 1)), day_in_year("x", None)
    ('2024-01-05', '2023-07-01', 'x')
    >>> day_in_year("31012024", None), day_in_year("31.1.2024", None)
    ('2024-01-31', '2024-01-31')
    """
    if found := _FULL_DAY.fullmatch(text):
        day_, month_, year_ = found.groups()[:3] if found[1] else found.groups()[3:]
        return f"{year_}-{month_.zfill(2)}-{day_.zfill(2)}"
    if not re.fullmatch(r"\d{3,4}", text) or start is None:
        return text
    day, month = int(text[:-2]), int(text[-2:])
    year = start.year + ((month, day) < (start.month, start.day))
    return f"{year:04}-{month:02}-{day:02}"


def iso_date(text: str) -> date | None:
    """A date of eight digits, `20240131`, or as ISO 8601 or the German way has it; None of any other text."""
    found = _FULL_DATE.fullmatch(text) or _FULL_DATE.fullmatch(day_in_year(text, None))
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def plain_amount(text: str) -> str:
    """An amount with a decimal point, empty when the text is none in DATEV's spelling.

    A point before one or two digits at the end is taken for the comma; before three it could part thousands or be a
    comma, so that is no amount.

    >>> plain_amount("1.190,00"), plain_amount("64083"), plain_amount("100.00"), plain_amount("1.000")
    ('1190.00', '64083', '100.00', '')
    """
    if _POINT.fullmatch(text):
        return text.removeprefix("+")
    found = _AMOUNT.fullmatch(text)
    if not found or (found[1] and found[4]) or ("." in found[2] and found[3] is None):
        return ""
    sign = "-" if "-" in (found[1], found[4]) else ""
    return sign + found[2].replace(".", "") + (f".{found[3]}" if found[3] else "")


def is_reversal(cells: Mapping[str, str]) -> bool:
    """Whether a booking takes back another one: by its own field, or by a tax key of two digits that begins with 2."""
    if cells.get("reversal_code", "0").upper() in _REVERSED:
        return True
    return re.fullmatch(r"2\d", cells.get("tax_key", "").lstrip("0")) is not None


def problem_of(cells: Mapping[str, str]) -> str | None:
    """Why a booking is none."""
    if not plain_amount(cells.get("amount", "")):
        return f"has {cells.get('amount', 'nothing')!r} as its amount, expected digits with a decimal comma"
    if (base := cells.get("base_amount")) and not plain_amount(base):
        return f"has {base!r} as its base amount, expected digits with a decimal comma"
    if cells.get("side_code", "S").upper() not in ("S", "H"):
        return f"stands on the side {cells['side_code']!r}, expected S (debit) or H (credit)"
    if (code := cells.get("reversal_code", "").upper()) not in _REVERSED + _NOT_REVERSED:
        return f"has {code!r} as its reversal (Generalumkehr), expected 0, 1 or G"
    for column, said in (("account", "account"), ("counter_account", "counter account")):
        if not cells.get(column, "").isdecimal():
            return f"has {cells.get(column, 'nothing')!r} as its {said}, expected a number"
    return None


def _signed(sign: str, amount: str) -> str:
    """The amount, taken back where the booking is."""
    return amount.removeprefix("-") if sign and amount.startswith("-") else f"{sign}{amount}" if amount else ""


def _vat_id(country: str, number: str) -> str:
    """A VAT number with its country; DATEV parts them, some programs write the country twice."""
    return number if not number or number[:2].isalpha() else f"{country}{number}"


def _joined(fields: Mapping[str, str]) -> str:
    return "; ".join(f"{heading}={value}" for heading, value in fields.items())


def _table(file: DatevFile, wanted: str | None, name: str) -> str:
    """The table that is read; an error when the file is of a category that does not fill it."""
    fills = TABLE_OF.get(file.head.category, ())
    if wanted is None:
        return next(iter(fills), ANY_FILE)
    columns_of("datev", wanted)
    if wanted == ANY_FILE or wanted in fills:
        return wanted
    of = next((category for category, tables in TABLE_OF.items() if wanted in tables), None)
    if of is None:
        raise DeclarationError(
            f"no file of DATEV's fills table {wanted}", expected=", ".join(TABLE_OF), next_step="name another table"
        )
    raise DeliveryError(
        "file is of another category",
        where=f"{name}:1, field 3",
        got=file.head.kind,
        expected=f"category {of}, which fills the table {wanted}",
        next_step="send a file of that category, or tell us the new one so that the profile can be changed",
    )
