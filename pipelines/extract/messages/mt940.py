"""Bank statements of SWIFT: MT940 and MT950, and MT942, which reports during the day, in the dialects of many banks.

The closing balance stands behind the entries that it is the balance of, so the file is read twice: first the heads of
all messages, then the entries. Messages of one statement (:28C:5/1, 5/2, … with :60M: and :62M: between them) are its
pages: their entries are numbered on, and the statement opens as its first page and closes as its last.

**Sign.** C and RD (a debit taken back) bring money, D and RC take it. **Totals**: :90D: and :90C: promise numbers and
sums of entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from typing import Any

from pipelines.errors import DeliveryError
from pipelines.extract.messages.format_totals import Totals
from pipelines.extract.messages.ibans import valid_iban
from pipelines.extract.messages.message import MessageTable, Record
from pipelines.extract.messages.mt940_fields import (
    EXPECTED,
    Field,
    balance,
    encoding_of,
    fields,
    statement_line,
)  # fmt: skip
from pipelines.extract.messages.mt940_information import described
from pipelines.extract.messages.mt940_statements import Message, compared, group
from pipelines.extract.messages.told_lines import ToldLines

_TEXTS = {"20": "reference", "21": "related_reference", "34": "floor_limit", "13": "report_at", "64": "available_text",
          "65": "forward_text", "90D": "debit_total_text", "90C": "credit_total_text"}  # fmt: skip
_TWICE = {"34", "65"}
"""Fields that may stand several times in a message."""


class Messages(MessageTable):
    """A file of SWIFT statements. Tables: entries, statements (one row per message)."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._encoding = encoding_of(self.path, self.fmt, self.tally)
        self.tally.encoding = self._encoding
        self._unknown: dict[str, tuple[int, int]] = {}

    def records(self) -> Iterator[Record]:
        """The records of the table in the order of the file."""
        messages = self._heads()
        group(messages)
        if self.fmt.table == "statements":
            for message in messages:
                yield Record(message.number, self._of_message(message))
        else:
            yield from self._entries(messages)
        self._finish(messages)

    # The first reading: heads.

    def _heads(self) -> list[Message]:
        messages: list[Message] = []
        envelope, message, last = Field("envelope", 0, []), None, ""
        for found in fields(self.path, self._encoding, self.name):
            if found.tag == "envelope":
                envelope = found
            elif found.tag == "end":
                message = None
            else:
                if message is None:
                    message = self._begin(found, len(messages) + 1, envelope)
                    messages.append(message)
                    envelope = Field("envelope", 0, [])
                last = self._take(message, found, last)
        self.tally.outside += len(envelope.lines)
        self._whole(messages)
        return messages

    def _begin(self, found: Field, number: int, envelope: Field) -> Message:
        if found.tag != "20":
            raise DeliveryError(
                "message does not begin", where=f"{self.name}:{found.line}", got=f"field :{found.tag}:",
                expected="field :20:, with which every message begins", next_step="send the complete file again",
            )  # fmt: skip
        return Message(number, found.line, envelope.text.strip())

    def _take(self, message: Message, found: Field, last: str) -> str:
        """Take a field of the head, or count an entry; returns what a :86: that follows would belong to."""
        tag = found.tag
        if tag == "61":
            self._count(message, found)
            return tag
        if last == "61" and not _ends_entry(tag):
            if tag not in ("86", "NS"):  # NS: what banks may define themselves
                self._not_known(found)
            return last
        if tag == "86":
            _add(message.texts, "statement_information", found.text.strip())
            return last
        if tag[:2] in ("60", "62"):
            self._balance(message, found)
        elif tag in ("25", "25P"):
            message.texts["account_text"] = found.text.strip()
        elif tag[:2] == "28":
            message.texts["number_text"] = found.text.strip()
        elif (column := _TEXTS.get(tag) or _TEXTS.get(tag[:2])) and (column not in message.texts or tag[:2] in _TWICE):
            _add(message.texts, column, found.text.strip())
        else:
            self._not_known(found)
            _add(message.texts, "statement_other", f":{tag}:{found.text}")
        return tag

    def _not_known(self, found: Field) -> None:
        count, line = self._unknown.get(found.tag, (0, found.line))
        self._unknown[found.tag] = (count + 1, line)

    def _balance(self, message: Message, found: Field) -> None:
        read = balance(found.text)
        side = "opening" if found.tag.startswith("60") else "closing"
        _add(message.texts, f"{side}_text", found.text.strip())
        if read is None:
            self.tally.warnings.append(f"balance cannot be read: :{found.tag}: on line {found.line}")
        if side == "opening":
            message.opening, message.follows = message.opening or read, found.tag == "60M"
        else:
            message.closing, message.goes_on = read, found.tag == "62M"

    def _count(self, message: Message, found: Field) -> None:
        message.entries += 1
        if cells := statement_line(found.lines):
            side = "debit" if cells["mark"] in ("D", "RC", "ED") else "credit"
            message.counts[side] += 1
            message.sums[side] += abs(Decimal(cells["amount"]))

    def _whole(self, messages: list[Message]) -> None:
        """Refuse a file that is none, or breaks off."""
        if not messages:
            raise DeliveryError(
                "file is no bank statement", where=self.name, got="no field :20:", expected=EXPECTED,
                next_step="send the bank's statement, or tell us the format so that the profile can be changed",
            )  # fmt: skip
        last = messages[-1]
        report = last.texts.keys() & {"floor_limit", "report_at", "debit_total_text", "credit_total_text"}
        if "closing_text" not in last.texts and not (last.interim and report):
            raise DeliveryError(
                "file is truncated", where=f"{self.name}:{last.line}",
                got=f"message {last.number}, the last one, without a closing balance",
                expected=":62F: or :62M: at its end", next_step="send the complete file again",
            )  # fmt: skip
        for message in messages[:-1]:
            if not message.interim and "closing_text" not in message.texts:
                self.tally.warnings.append(f"message {message.number} (line {message.line}) has no closing balance")

    def _of_message(self, message: Message) -> dict[str, str]:
        whole = message.statement.cells if message.statement else {}
        cells = {**whole, **message.texts, "envelope": message.envelope}
        cells["position"] = f"message {message.number} (line {message.line})"
        cells["entry_count"] = str(message.entries)
        for name, found in (("opening", message.opening), ("closing", message.closing)):
            cells[f"{name}_amount"], cells[f"{name}_date"] = (found.amount, found.date) if found else ("", "")
        return cells

    # The second reading: entries.

    def _entries(self, messages: list[Message]) -> Iterator[Record]:
        row = at = 0
        lines = ToldLines()
        left = iter(messages)
        message: Message | None = None
        entry: _Entry | None = None
        for found in chain(fields(self.path, self._encoding, self.name), [Field("end", 0, [])]):
            if found.tag == "envelope" or (entry and entry.takes(found)):
                continue
            if entry and message:
                row, at = row + 1, at + 1
                yield entry.record(row, at, message, lines)
            entry = None
            if found.tag == "end":
                if message and (none := _no_entry(message)):
                    row += 1
                    yield Record(row, none)
                message = None
                continue
            if message is None:
                message, at = next(left), 0
                lines = lines if message.before else ToldLines()  # a page goes on
            if found.tag == "61":
                entry = _Entry(found)

    def _finish(self, messages: list[Message]) -> None:
        totals = Totals()
        for message in messages:
            statement = message.statement
            if statement and statement.pages[-1] is message:
                totals.add(compared(statement), message.number, f"{self.name}:{message.line}, :90D: and :90C:")
        self.tally.totals += totals.found()
        for tag, (count, line) in sorted(self._unknown.items()):
            times = "once" if count == 1 else f"{count} times"
            self.tally.warnings.append(f"field :{tag}: is not known, kept as it stands: {times}, first on line {line}")


class _Entry:
    """A :61: with what follows it."""

    def __init__(self, line: Field) -> None:
        self.line = line
        self.information: list[str] = []
        self.other: list[str] = []

    def takes(self, found: Field) -> bool:
        """Whether a field belongs to this entry; then it is taken."""
        if _ends_entry(found.tag):
            return False
        if found.tag == "86":
            self.information += found.lines
        else:
            self.other.append(f":{found.tag}:{found.text}")
        return True

    def record(self, row: int, at: int, message: Message, lines: ToldLines) -> Record:
        """The entry as a record."""
        whole = message.statement.cells if message.statement else {}
        cells = statement_line(self.line.lines, whole.get("closing_date", ""))
        if cells is None:
            raw = "\n".join([f":61:{self.line.text}", *(f":86:{line}" for line in self.information)])
            return Record(row, {}, f"has a :61: on line {self.line.line} that cannot be taken apart", raw)
        told = described(self.information)
        if iban := next(filter(None, map(valid_iban, (told.get("iban_said", ""), cells["supplementary"]))), ""):
            told["counterparty_iban"] = iban
        if whole.get("message") == "MT942":
            days = cells.get("entry_date", ""), cells.get("value_date", "")
            told |= lines.cells(days, (cells.get("bank_reference", ""),), cells["amount"])
        return Record(row, {
            **whole, **cells, **told,
            "position": f"message {message.number}, entry {at} (line {self.line.line})",
            "kind": "entry", "line_id": str(message.before + at), "page_number": str(message.page[1]),
            "information": "\n".join(self.information).strip(), "other": "\n".join(self.other),
        })  # fmt: skip


def _ends_entry(tag: str) -> bool:
    """Whether this field cannot belong to the entry before it."""
    return tag in ("end", "envelope", "61") or tag[:2] in ("20", "60", "62", "64", "65", "90", "34", "13")


def _no_entry(message: Message) -> dict[str, str] | None:
    """A record for a statement without entries, so that its balances are there; None for all others."""
    statement = message.statement
    if statement is None or statement.entries or message.interim or statement.pages[-1] is not message:
        return None
    position = f"message {message.number} (line {message.line})"
    return {**statement.cells, "position": position, "kind": "no_entry", "line_id": "0", "amount": "0"}


def _add(texts: dict[str, str], column: str, text: str) -> None:
    texts[column] = f"{texts[column]}\n{text}" if texts.get(column) else text
