"""Exports of accounts in OFX: version 1 (SGML, values without end tags) and version 2 (XML), also Quicken's QFX.

The ledger balance stands behind the transactions that led to it, so the file is read twice: first the heads of all
statements, then their transactions. OFX has no opening balance. `opening_amount` is made of the closing one and the
transactions, so within a statement it proves nothing; that it is the closing balance of the statement before does.

Read with a small reader of our own: libraries for the format build a tree of the whole file and refuse what many banks
write (a value without its aggregate, an unknown tag).
"""

from __future__ import annotations

import codecs
import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.dialect import Format
from pipelines.errors import DeliveryError
from pipelines.extract.lines import Lines, open_text, refuse_other_kinds
from pipelines.extract.messages.ibans import valid_iban
from pipelines.extract.messages.message import MessageTable, Record
from pipelines.extract.messages.mt940_fields import amount_of
from pipelines.extract.messages.told_lines import ToldLines, numbered

_EXPECTED = "an OFX document: a head with OFXHEADER, then <OFX> with bank or credit card statements"
_CHARSET = re.compile(r"CHARSET:\s*([A-Za-z0-9-]+)")
_TAG = re.compile(r"<(/?)([A-Za-z0-9_.:]++)[^<>]*+>|<!\[CDATA\[(.*?)(?:\]\]>|$)|<!--.*?(?:-->|$)")
_STATEMENTS = {"STMTRS": "bank", "CCSTMTRS": "credit_card"}
_ENDS_ENTRY = frozenset({"STMTTRN", "BANKTRANLIST", "OFX", *_STATEMENTS})
"""End tags that end a transaction; its own is left out by some."""
_OTHERS = frozenset({"INVSTMTRS", "LOANSTMTRS", "AMRTSTMTRS", "INTRARS", "INTERRS", "ACCTINFORS", "BILLPMTRS"})
"""What an OFX document may hold instead of transactions of an account: securities, loans, orders, lists of accounts."""
_HEAD = {
    "CURDEF": "currency", "BANKACCTFROM/BANKID": "bank_id", "BANKACCTFROM/BRANCHID": "branch_id",
    "BANKACCTFROM/ACCTID": "account_id", "BANKACCTFROM/ACCTTYPE": "account_type", "CCACCTFROM/ACCTID": "account_id",
    "BANKTRANLIST/DTSTART": "from_text", "BANKTRANLIST/DTEND": "to_text",
    "LEDGERBAL/BALAMT": "closing_text", "LEDGERBAL/DTASOF": "closing_at",
    "AVAILBAL/BALAMT": "available_text", "AVAILBAL/DTASOF": "available_at",
}  # fmt: skip
_ENTRY = {
    "TRNTYPE": "transaction_code", "DTPOSTED": "posted_at", "DTUSER": "initiated_at", "DTAVAIL": "available_at_text",
    "TRNAMT": "amount_text", "FITID": "transaction_id", "CORRECTFITID": "corrected_id",
    "CORRECTACTION": "correction_code", "SRVRTID": "server_id", "CHECKNUM": "cheque_number", "REFNUM": "reference",
    "SIC": "industry_code", "PAYEEID": "payee_id", "NAME": "counterparty_name", "PAYEE/NAME": "counterparty_name",
    "EXTDNAME": "extended_name", "MEMO": "memo", "BANKACCTTO/BANKID": "counterparty_bank",
    "BANKACCTTO/ACCTID": "counterparty_account", "CCACCTTO/ACCTID": "counterparty_account",
    "CURRENCY/CURSYM": "currency_said", "CURRENCY/CURRATE": "exchange_rate", "ORIGCURRENCY/CURSYM": "original_currency",
    "ORIGCURRENCY/CURRATE": "exchange_rate",
}  # fmt: skip


@dataclass
class Statement:
    """A statement without its transactions."""

    number: int
    line: int
    kind: str
    texts: dict[str, str] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)
    entries: int = 0
    total: Decimal = field(default_factory=Decimal)
    cells: dict[str, str] = field(default_factory=dict)


@dataclass
class _Entry:
    line: int
    texts: dict[str, str] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)


class Messages(MessageTable):
    """An OFX document. Tables: entries, statements."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._encoding = _encoding(self.path, self.fmt, self.name)
        self.tally.encoding = self._encoding
        self._ended = False
        self._instead: dict[str, int] = {}

    def records(self) -> Iterator[Record]:
        """The records of the table in the order of the file."""
        statements = self._heads()
        taken: Counter[tuple[str, str]] = Counter()
        for statement in statements:
            statement.cells = _cells(statement, taken)
        self.tally.warnings += [f"beside statements the file holds {what}, not read" for what in self._not_read()]
        row = 0
        lines = ToldLines()
        if self.fmt.table == "statements":
            for statement in statements:
                position = f"statement {statement.number} (line {statement.line})"
                other = {"statement_other": "; ".join(statement.rest), "entry_count": str(statement.entries)}
                yield Record(statement.number, {**statement.cells, **other, "position": position})
            return
        for number, at, entry in self._walk():
            cells = statements[number - 1].cells
            row += 1
            if entry is None:
                position = f"statement {number} (line {statements[number - 1].line})"
                yield Record(row, {**cells, "position": position, "kind": "no_entry", "amount": "0", "line_id": "0"})
                continue
            position = f"statement {number}, entry {at} (line {entry.line})"
            found = {**cells, **_transaction(entry), "position": position, "line_id": str(at), "kind": "entry"}
            if told := found.get("transaction_id"):
                found["told_line"] = numbered(told, lines.again(str(number), told))
            yield Record(row, found)

    def _heads(self) -> list[Statement]:
        statements: list[Statement] = []
        for found in self._parts():
            if isinstance(found, Statement):
                statements.append(found)
            elif (amount := amount_of(found.texts.get("amount_text", ""))) and statements:
                statements[-1].total += Decimal(amount)
            if isinstance(found, _Entry) and statements:
                statements[-1].entries += 1
        if not statements:
            raise DeliveryError(
                "file holds no statement of an account", where=self.name,
                got="; ".join(["no STMTRS and no CCSTMTRS", *self._not_read()]),
                expected=_EXPECTED, next_step="export the account's transactions and send them again",
            )  # fmt: skip
        if not self._ended:
            raise DeliveryError(
                "file is truncated", where=self.name, got="no end tag </OFX>", expected="the end of the document",
                next_step="send the complete file again",
            )  # fmt: skip
        return statements

    def _not_read(self) -> list[str]:
        return [f"{what} on line {line}" for what, line in self._instead.items()]

    def _walk(self) -> Iterator[tuple[int, int, _Entry | None]]:
        """Entries with statement and number; None for a statement without one."""
        number = at = 0
        for found in self._parts():
            if isinstance(found, Statement):
                if number and not at:
                    yield number, 0, None
                number, at = found.number, 0
            else:
                at += 1
                yield number, at, found
        if not at:
            yield number, 0, None

    def _parts(self) -> Iterator[Statement | _Entry]:
        """Statements and transactions as they begin and end; a statement is filled while the file is read on."""
        above: list[str] = []
        statement: Statement | None = None
        entry: _Entry | None = None
        count = 0
        for line, end, name, value in _tags(self.path, self._encoding, self.name):
            if end:
                if name in above:
                    del above[above.index(name) :]
                if entry is not None and name in _ENDS_ENTRY:
                    yield entry
                    entry = None
                if name in _STATEMENTS:
                    statement = None
                self._ended |= name == "OFX"
                continue
            if name in _OTHERS or (name == "CODE" and value and value != "0" and above[-1:] == ["STATUS"]):
                self._instead.setdefault(name if name in _OTHERS else f"error {value} of the bank", line)
            if name in _STATEMENTS:
                if entry is not None:
                    yield entry
                    entry = None
                count += 1
                statement = Statement(count, line, _STATEMENTS[name])
                yield statement
            elif name == "STMTTRN" and statement is None:
                self._instead.setdefault("STMTTRN outside a statement", line)
            elif name == "STMTTRN":
                if entry is not None:  # without end tag, as some write
                    yield entry
                entry = _Entry(line)
                del above[above.index("STMTTRN") if "STMTTRN" in above else len(above) :]
            if value is None:
                above.append(name)
                continue
            path = "/".join([*_below(above, entry is not None), name])
            if entry is not None:
                _put(entry.texts, entry.rest, _ENTRY, path, value)
            elif statement is not None:
                _put(statement.texts, statement.rest, _HEAD, path, value)


def _tags(path: Path, encoding: str, name: str) -> Iterator[tuple[int, bool, str, str | None]]:
    """Line, whether it is an end tag, name, and the value behind a tag that has one (None for an aggregate).

    A value ends at the next tag; the end tag of a value, where there is one, is passed over.
    """
    source = open_text(path, Format(type="ofx", encoding=encoding), name, _EXPECTED)
    try:
        pending: tuple[int, str] | None = None
        text: list[str] = []
        inside = ""  # end of what goes on over lines: CDATA or a comment
        for block in Lines(source, encoding).blocks():
            for row, line in zip(block.rows, block.lines, strict=True):
                at = 0
                if inside:
                    before, ended, _ = line.partition(inside)
                    text.append(html.escape(before) if inside == "]]>" else "")
                    at = len(before) + len(ended)
                    inside = "" if ended else inside
                for tag in _TAG.finditer(line, at):
                    text.append(line[at : tag.start()])
                    at = tag.end()
                    if tag[2] is None:  # CDATA, or a comment
                        text.append(html.escape(tag[3] or ""))
                        end = "-->" if tag[3] is None else "]]>"
                        inside = "" if tag[0].endswith(end) else end
                        continue
                    local = tag[2].rpartition(":")[2].upper()
                    if pending:
                        value = html.unescape(" ".join(filter(None, (t.strip() for t in text))))
                        closes = bool(tag[1]) and local == pending[1]
                        yield pending[0], False, pending[1], value if value or closes else None
                        pending, text = None, []
                        if closes:
                            continue
                    text = []
                    if tag[1]:
                        yield row, True, local, None
                    else:
                        pending = (row, local)
                text.append(line[at:])
    finally:
        source.close()


def _below(above: list[str], in_entry: bool) -> list[str]:
    """The aggregates below the transaction or the statement."""
    for top in ("STMTTRN",) if in_entry else tuple(_STATEMENTS):
        if top in above:
            return above[above.index(top) + 1 :]
    return []


def _put(texts: dict[str, str], rest: list[str], columns: dict[str, str], path: str, value: str) -> None:
    if not value:
        return
    column = columns.get(path)
    if column and column not in texts:
        texts[column] = value
    else:
        rest.append(f"{path}={value}")


def _cells(statement: Statement, taken: Counter[tuple[str, str]]) -> dict[str, str]:
    """What every entry of a statement repeats."""
    texts = statement.texts
    closing = amount_of(texts.get("closing_text", ""))
    opening = f"{Decimal(closing) - statement.total:f}" if closing else texts.get("closing_text", "")
    day = _day(texts.get("closing_at", "")) or _day(texts.get("to_text", ""))
    name = "/".join(filter(None, (_day(texts.get("from_text", "")), day)))
    account = texts.get("account_id", "")
    taken[account, name] += 1
    again = taken[account, name]
    return {
        **texts,
        "statement_kind": statement.kind,
        "statement_id": name if again == 1 else f"{name}#{again}",
        "opening_amount": opening,
        "closing_amount": closing or texts.get("closing_text", ""),
        "closing_date": day,
        "from_date": _day(texts.get("from_text", "")),
        "to_date": _day(texts.get("to_text", "")),
    }


def _transaction(entry: _Entry) -> dict[str, str]:
    texts = entry.texts
    cells = {
        **texts,
        "amount": amount_of(texts.get("amount_text", "")) or texts.get("amount_text", ""),
        "booking_date": _day(texts.get("posted_at", "")),
        "value_date": _day(texts.get("available_at_text", "")),
        "counterparty_iban": valid_iban(texts.get("counterparty_account", "")),
        "other": "; ".join(entry.rest),
    }
    return {name: text for name, text in cells.items() if text}


def _day(text: str) -> str:
    """20261002120000[-5:EST] → 2026-10-02, the day as the bank writes it."""
    found = re.match(r"\s*([0-9]{4})-?([0-9]{2})-?([0-9]{2})", text)
    return f"{found[1]}-{found[2]}-{found[3]}" if found else ""


def _encoding(path: Path, fmt: Format, name: str) -> str:
    """As declared, else as the head says: ENCODING and CHARSET of version 1, the XML declaration of version 2."""
    head = refuse_other_kinds(path, name, _EXPECTED)
    text = head.decode("latin-1")
    if "OFXHEADER" not in text.upper() and "<OFX>" not in text.upper():
        raise DeliveryError(
            "file is no OFX document", where=f"{name}:1", got="neither OFXHEADER nor <OFX> in its first 4096 bytes",
            expected=_EXPECTED, next_step="export the account's transactions as OFX and send them again",
        )  # fmt: skip
    if "encoding" in fmt.model_fields_set:
        return fmt.encoding
    xml = re.search(r"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)", text)
    said = xml or re.search(r"ENCODING:\s*(UNICODE|UTF-?8)", text, re.IGNORECASE) or _CHARSET.search(text)
    known = _codec(said[1]) if said else "utf-8"
    return known if known not in ("cp1252", "ascii", "utf-8") else "utf-8" if _is_utf8(path) else "cp1252"


def _codec(said: str) -> str:
    """The codec of a name in the head; that of Windows for one that nobody knows (NONE, USASCII)."""
    name = f"cp{said}" if said.isdigit() else f"iso{said}" if said.startswith("8859") else said
    try:
        "".encode(name)  # some codecs are none of text
        return codecs.lookup(name).name
    except (LookupError, UnicodeError):
        return "cp1252"


def _is_utf8(path: Path) -> bool:
    """Whether text beyond ASCII is UTF-8 after all: many write CHARSET:1252 whatever they send."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True
