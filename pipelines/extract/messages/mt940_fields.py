"""The fields of SWIFT statements (MT940, MT950, MT942) as banks write them, and what stands around them.

A message begins with :20: and ends with a line `-`, `-}`, the next :20: or the end of the file. What stands outside
(blocks {1:…}{2:…}, lines of a bank like `940` or `ABNANL2A`) is the envelope of the message that follows.

Read with a small reader of our own: libraries for the format read the whole file into memory, forget on which line a
field stood, and lose what they do not expect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pipelines.dialect import Format
from pipelines.errors import DeliveryError
from pipelines.extract.lines import Lines, open_text
from pipelines.extract.table import Tally

EXPECTED = "statements of SWIFT MT940 or MT942: fields :20:, :25:, :28C:, :60F:, :61:, :86:, :62F:"
_TAG = re.compile(r":([0-9]{2}[A-Z]?|NS):(.*)", re.DOTALL)
_BLOCK = re.compile(r"(.*\{4:)\s*(.*)", re.DOTALL)
_ENDS = re.compile(r"-\}.*|-|-[A-Z]{3}|-\+@.*")
_HOUR = re.compile(r"(?<![0-9])[0-2][0-9]$")
_MINUTES = re.compile(r":[0-5][0-9]:[0-5][0-9](?![0-9])")
_MARKS = "\x01\x02\x03\x1a\ufeff"
"""Characters of transmission around a message."""
MAX_FIELD_LINES = 5000
"""A field of more lines is none: SWIFT allows six, no bank more than some dozens."""


@dataclass
class Field:
    """A field: its tag, the line on which it begins, and its lines."""

    tag: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        """Its lines, with line breaks between them."""
        return "\n".join(self.lines)


def encoding_of(path: Path, fmt: Format, tally: Tally) -> str:
    """The encoding: as declared, else UTF-8 where the whole file is, else Windows' Latin.

    Banks write ASCII, UTF-8 or some code page and say nowhere which.
    """
    if "encoding" in fmt.model_fields_set:
        return fmt.encoding
    found = next((encoding for encoding in ("utf-8", "cp1252") if _reads_as(path, encoding)), "iso8859-1")
    if found != "utf-8":
        tally.warnings.append(
            f"text is not in utf-8 and was read in {found}; `encoding` in the profile says another one"
        )
    return found


def _reads_as(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True


def fields(path: Path, encoding: str, name: str) -> Iterator[Field]:
    """Every field in the order of the file. Envelopes come as fields `envelope`, ends of messages as `end`."""
    source = open_text(path, Format(type="mt940", encoding=encoding), name, EXPECTED)
    try:
        yield from _Reading(name).read(Lines(source, encoding))
    finally:
        source.close()


class _Reading:
    def __init__(self, name: str) -> None:
        self._name = name
        self._field: Field | None = None
        self._inside = False
        self._can_end = False

    def read(self, lines: Lines) -> Iterator[Field]:
        for block in lines.blocks():
            for row, text in zip(block.rows, block.lines, strict=True):
                # home banking of German banks sends @@ for a line break
                for line in text.split("@@") if text.startswith("@@") or "@@:" in text else (text,):
                    yield from self._line(row, line.strip(_MARKS))
        yield from self._flush()

    def _line(self, row: int, line: str) -> Iterator[Field]:
        if block := _BLOCK.fullmatch(line):
            if self._field is not None and self._field.tag != "envelope":
                yield from self._flush()
            if self._inside:  # the end of the message before stands in the same line, or is left out
                yield Field("end", row, [])
            self._inside = False
            self._add_envelope(row, block[1])
            line = block[2]
            if not line:
                return
        if self._inside and self._can_end and line.startswith("{1:"):
            yield from self._flush()
            yield Field("end", row, [])
            self._inside = False
        if (found := _TAG.fullmatch(line)) and not self._goes_on(found[1], line):
            yield from self._flush()
            yield from self._begin(row, found[1], found[2])
        elif self._inside and self._can_end and _ENDS.fullmatch(line.rstrip()):
            yield from self._flush()
            yield Field("end", row, [line])
            self._inside = False
        elif self._inside and self._field is not None:
            self._continue(line)
        elif line.strip():
            self._add_envelope(row, line)

    def _begin(self, row: int, tag: str, rest: str) -> Iterator[Field]:
        """A field begins; one that is no :20: outside a message is told as it stands."""
        if tag == "20":
            if self._inside:
                yield Field("end", row, [])
            self._inside, self._can_end = True, False
        self._can_end |= tag[:2] in ("62", "90", "34", "13", "64", "65")
        self._inside = True
        self._field = Field(tag, row, [rest])

    def _goes_on(self, tag: str, line: str) -> bool:
        """Whether a line that looks like a field is the rest of a time in :86:, broken behind its hour (`…T16`)."""
        before = self._field
        if before is None or before.tag != "86" or (tag == "20" and self._can_end):
            return False
        return bool(_MINUTES.match(line) and _HOUR.search(before.lines[-1]))

    def _continue(self, line: str) -> None:
        if self._field is None:
            return
        if len(self._field.lines) >= MAX_FIELD_LINES:
            raise DeliveryError(
                "field without end", where=f"{self._name}:{self._field.line}",
                got=f"more than {MAX_FIELD_LINES} lines in :{self._field.tag}:", expected="a field of a few lines",
                next_step="send the file again as the bank made it",
            )  # fmt: skip
        self._field.lines.append(line)

    def _add_envelope(self, row: int, line: str) -> None:
        if self._field is None or self._field.tag != "envelope":
            self._field = Field("envelope", row, [])
        if len(self._field.lines) < MAX_FIELD_LINES:
            self._field.lines.append(line)

    def _flush(self) -> Iterator[Field]:
        if self._field is not None:
            while len(self._field.lines) > 1 and not self._field.lines[-1].strip():
                self._field.lines.pop()
            yield self._field
        self._field = None


@dataclass(frozen=True)
class Balance:
    """A balance made plain."""

    amount: str
    date: str
    currency: str


_BALANCE = re.compile(
    r"\s*(?P<mark>C|D|RC|RD)\s*(?P<day>[0-9]{8}(?=\s*[A-Za-z])|[0-9]{6})\s*(?P<currency>[A-Za-z]{3})?\s*"
    r"(?P<amount>[+-]?[0-9][0-9., ']*|[,.][0-9]+)\s*"
)


def balance(text: str) -> Balance | None:
    """A balance: C110522EUR3236,28; the currency may be missing (C0205153236,28). None when it cannot be read."""
    if not (found := _BALANCE.fullmatch(text)):
        return None
    amount, day = amount_of(found["amount"]), day_of(found["day"])
    if not amount or not day:
        return None
    return Balance(negated(amount) if found["mark"] in ("D", "RC") else amount, day, (found["currency"] or "").upper())


_GROUPED = re.compile(
    r"[0-9]{1,3}(?:[ \xa0\u202f'][0-9]{3})+(?:[.,][0-9]*)?"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*"
)


def amount_of(text: str) -> str:
    """An amount as a plain number: 9, → 9; 000123,40 → 123.40; 1234.5 → 1234.5. Empty when it is none.

    Thousands may only be parted where that leaves no doubt: 1 234,50 and 1.234,50, but 1.234 is 1.234.
    """
    text = text.strip()
    sign = "-" if text[:1] == "-" else ""
    text = text.lstrip("+-")
    if _GROUPED.fullmatch(text):
        text = text.replace(text.lstrip("0123456789")[0], "")
    if not re.fullmatch(r"[0-9]*[,.]?[0-9]*", text) or not re.search(r"[0-9]", text):
        return ""
    whole, _, part = text.replace(",", ".").partition(".")
    number = (whole.lstrip("0") or "0") + (f".{part}" if part else "")
    return sign + number if number.strip("0.") else number


def negated(amount: str) -> str:
    """The amount with the other sign; nothing stays nothing."""
    if not amount.strip("-0."):
        return amount
    return amount[1:] if amount.startswith("-") else f"-{amount}"


def day_of(text: str, *, commercial: bool = False) -> str:
    """YYMMDD (or YYYYMMDD) as ISO 8601; years from 80 are of the last century. Empty when there is no such day.

    Banks that reckon interest by months of 30 days write value dates of 29 and 30 February: the last of the month.
    """
    if len(text) == 6:
        text = ("19" if text >= "80" else "20") + text
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if commercial and month == 2 and day in (29, 30):
        day = min(day, _days(year, month))
    return f"{text[:4]}-{text[4:6]}-{day:02}" if 1 <= month <= 12 and 1 <= day <= _days(year, month) else ""


def near(month_day: str, to: str, latest: str = "") -> str:
    """MMDD in the year in which it is nearest to another day, and not a month after `latest` if it can be.

    1230 near 2026-01-02 is in 2025; 0930 near 2027-03-01 and no later than 2026-10-05 is in 2026. Empty for no day.
    """
    month, day, year = int(month_day[:2]), int(month_day[2:]), int(to[:4])
    if not 1 <= month <= 12:
        return ""
    found = [f"{y:04}-{month:02}-{day:02}" for y in (year - 1, year, year + 1) if 1 <= day <= _days(y, month)]
    bound = f"{date.fromisoformat(latest) + timedelta(31)}" if latest else ""
    by_then = [text for text in found if text <= bound] or found
    return min(by_then, key=lambda text: abs(date.fromisoformat(text) - date.fromisoformat(to)), default="")


def _days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


_LINE = re.compile(
    r"(?P<value>[0-9]{8}(?=(?:[0-9]{4})?[A-Z])|[0-9]{6})(?P<entry>[0-9]{4})?(?P<mark>RC|RD|EC|ED|C|D)(?P<funds>[A-Z])?"
    r"(?P<amount>[0-9]*[,.]?[0-9]*)(?P<code>[A-Z][A-Z0-9 ]{3}|[A-Z][A-Z0-9]{0,3}$)?(?P<rest>.*)"
)
_WIDTH = 16
"""Of the customer's reference; what stands behind it is the bank's own."""


def statement_line(lines: list[str], closing: str = "") -> dict[str, str] | None:
    """The parts of :61: by our names; None when it cannot be taken apart. It was booked by the day of `closing`.

    Some banks write more than 16 characters before `//`. When these are filled up with blanks, what follows is
    something else (Rabobank: the name); otherwise the reference is taken as it stands.
    """
    found = _LINE.fullmatch(lines[0].rstrip())
    if not found or not (amount := amount_of(found["amount"])):
        return None
    value = day_of(found["value"], commercial=True)
    if not value:
        return None
    rest, _, bank = found["rest"].partition("//")
    more = [line for line in lines[1:] if line.strip()]
    bank, slash, inner = bank.partition("/")
    if slash:
        more.insert(0, slash + inner)
    if len(rest) > _WIDTH and rest[_WIDTH - 1] == " ":
        more.insert(0, rest[_WIDTH:].strip())
        rest = rest[:_WIDTH]
    return {
        "dates_text": found["value"] + (found["entry"] or ""),
        "value_date": value,
        "entry_date": near(found["entry"], value, closing) if found["entry"] else "",
        "mark": found["mark"],
        "funds_code": found["funds"] or "",
        "amount_text": found["amount"],
        "amount": negated(amount) if found["mark"] in ("D", "RC", "ED") else amount,
        "transaction_code": (found["code"] or "").strip(),
        "customer_reference": rest.strip(),
        "bank_reference": bank.strip(),
        "supplementary": "\n".join(more),
    }
