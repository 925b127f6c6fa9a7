"""Bank statements, reports and notices of ISO 20022: camt.053, camt.052 and camt.054, versions 1 to 13.

Read by shape, whatever the version: the entries of `Stmt`, `Rpt` or `Ntfctn`, wherever the message stands in an
envelope. What a version does not know is an empty cell.

**Sign.** `CdtDbtInd` says on which side an entry was booked, also for a reversal (`RvslInd`), so it alone gives the
sign of `amount`. **Balances** are those in the currency of the entry: opening is the earliest OPBD or PRCD, else the
first ITBD; closing the latest CLBD, else a later ITBD. The others are in table `balances` and, as text, beside them.
**Totals**: `TxsSummry` promises numbers and sums of entries, which are compared with what is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from pipelines.errors import DeliveryError
from pipelines.extract.lines import refuse_other_kinds
from pipelines.extract.messages.camt_balances import Balance, balance_of, cells_of_balance, opening_and_closing
from pipelines.extract.messages.camt_cells import (
    BETWEEN,
    DETAIL,
    ENTRY,
    Leaf,
    Place,
    cells_of,
    leaves,
    number,
    plain,
    signed,
    taken_apart,
)
from pipelines.extract.messages.camt_totals import Promises
from pipelines.extract.messages.format_totals import Totals
from pipelines.extract.messages.ibans import valid_iban
from pipelines.extract.messages.message import MessageTable, Record
from pipelines.extract.messages.told_lines import ToldLines
from pipelines.extract.messages.xml_stream import elements, local, namespace
from pipelines.extract.table import count_of

_KINDS = {
    "BkToCstmrStmt": ("camt.053", "Stmt"),
    "BkToCstmrAcctRpt": ("camt.052", "Rpt"),
    "BkToCstmrDbtCdtNtfctn": ("camt.054", "Ntfctn"),
}
_EXPECTED = "a camt.053, camt.052 or camt.054 message (BkToCstmrStmt, BkToCstmrAcctRpt, BkToCstmrDbtCdtNtfctn)"
MAX_BEFORE = 1000
"""Elements that may stand before the message: an envelope has some dozens."""
_HEAD = {
    "Id": "statement_id",
    "ElctrncSeqNb": "statement_number",
    "LglSeqNb": "legal_number",
    "CreDtTm": "created_at",
    "CpyDplctInd": "copy_code",
    "FrToDt/FrDtTm": "from_at",
    "FrToDt/ToDtTm": "to_at",
    "Acct/Id/IBAN": "account_id",
    "Acct/Id/Othr/Id": "account_id",
    "Acct/Id/PrtryAcct/Id": "account_id",
    "Acct/Prxy/Id": "account_proxy",
    "Acct/Ccy": "account_currency",
    "Acct/Nm": "account_name",
    "Acct/Ownr/Nm": "account_owner",
    "Acct/Svcr/FinInstnId/BIC": "servicer_bic",
    "Acct/Svcr/FinInstnId/BICFI": "servicer_bic",
    **{f"{page}/{part}": name for page in ("StmtPgntn", "RptPgntn", "NtfctnPgntn")
       for part, name in (("PgNb", "page"), ("LastPgInd", "is_last_page"))},
}  # fmt: skip
_NOT_HEAD = frozenset({"Bal", "TxsSummry", "Ntry", "AddtlStmtInf", "AddtlRptInf", "AddtlNtfctnInf"})
_LATE = re.compile(rb"</(?:[\w.-]+:)?Ntry\s*>\s*+(?=\S)(?!</?(?:[\w.-]+:)?(?:Ntry|Stmt|Rpt|Ntfctn)[\s/>])")
"""The end of an entry, and then anything that is neither an entry nor a statement."""
_INFORMATION = ("AddtlStmtInf", "AddtlRptInf", "AddtlNtfctnInf")


@dataclass
class Statement:
    """What stands above the entries of a statement, and what is counted of them."""

    number: int
    line: int
    head: dict[str, str]
    balances: list[Balance]
    promises: Promises
    entries: int = 0
    lines: ToldLines = field(default_factory=ToldLines)
    booked: dict[str, Decimal] = field(default_factory=dict)
    by_currency: dict[str, dict[str, str]] = field(default_factory=dict)

    def goes_on_from(self, before: Statement) -> bool:
        """Whether it is a further page of the one before it in the message."""
        same = all(self.head.get(name) == before.head.get(name) for name in ("account_id", "statement_id"))
        return same and self.head.get("page", "").lstrip("0") not in ("", "1")

    def count_booked(self, cells: dict[str, str]) -> None:
        """Add a booked entry to what moved in its currency."""
        if cells.get("status", "BOOK") == "BOOK" and (amount := number(cells["amount"])):
            currency = cells.get("currency", "")
            self.booked[currency] = self.booked.get(currency, Decimal()) + amount

    def told(self, currency: str) -> dict[str, str]:
        """What every entry in this currency repeats: the head, opening and closing balance, the others as text."""
        known = self.by_currency.get(currency)
        if known is None:
            known = self.by_currency[currency] = self.head | opening_and_closing(self.balances, currency)
        return known


class Messages(MessageTable):
    """A camt message. Tables: entries, details (one row per transaction of an entry), balances, statements."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._above, self._kind, self._wanted, self._version = _find(self.path, self.name)
        self._totals = Totals()
        self._seen = 0
        self._row = 0
        self._copies, self._first_copy = 0, ""
        self._entry_place, self._detail_place = Place(frozenset({"TxDtls"})), Place()

    def records(self) -> Iterator[Record]:
        """The records of the table in the order of the message."""
        table = self.fmt.table or "entries"
        heads = self._heads() if _has_late_elements(self.path) else None
        statement: Statement | None = None
        before: Statement | None = None
        for is_entry, element in self._parts():
            if statement is None:
                self._seen += 1
                whole = element.getparent() if is_entry else element
                statement = next(heads) if heads else self._open(whole, self._seen)
                if before and statement.goes_on_from(before):
                    statement.lines = before.lines
                before = statement
            if is_entry:
                yield from self._of_entry(table, element, statement)
                continue
            self._close(element, statement)
            yield from self._of_statement(table, element, statement)
            statement = None
        self.tally.totals += self._totals.found()
        if self._copies:
            self.tally.warnings.append(
                f"{count_of(self._copies, 'statement')} of {self._seen} said to be a duplicate: {self._first_copy}"
            )
        if not self._seen:
            raise DeliveryError(
                "message without a statement", where=self.name, got=f"{'/'.join(self._above)} without {self._wanted}",
                expected=f"at least one {self._wanted}", next_step="send the complete message again",
            )  # fmt: skip

    def _parts(self) -> Iterator[tuple[bool, Any]]:
        """Every entry, and after the entries of a statement what is left of it."""
        whole = "/".join([*self._above, self._wanted])
        entry = f"{whole}/Ntry"
        return ((at == entry, element) for at, element in elements(self.path, self.name, {entry, whole}))

    def _heads(self) -> Iterator[Statement]:
        """The heads of all statements, for a message that has some of them behind the entries: a reading of its own."""
        wholes = (element for is_entry, element in self._parts() if not is_entry)
        return iter([self._open(element, number) for number, element in enumerate(wholes, 1)])

    def _open(self, element: Any, number: int) -> Statement:
        found, apart = taken_apart(element, Place(_NOT_HEAD))
        head, rest = cells_of(found, _HEAD)
        group = next(element.getparent().iterchildren("{*}GrpHdr"), None)
        if group is not None:
            of_message, others = cells_of(leaves(group), {"MsgId": "message_id", "CreDtTm": "created_at"})
            head, rest = of_message | head, [*rest, *(f"GrpHdr/{other}" for other in others)]
        head |= {"message": self._kind, "message_version": self._version}
        statement = Statement(number, element.sourceline or 0, head, [], Promises())
        for child in apart:
            name = local(child)
            if name == "Bal":
                statement.balances.append(balance_of(child))
            elif name == "TxsSummry":
                rest += statement.promises.take(leaves(child))
        head["statement_other"] = BETWEEN.join(rest)
        return statement

    def _close(self, element: Any, statement: Statement) -> None:
        """Compare what the statement promises."""
        self._totals.add(statement.promises.compared(), statement.number, f"{self.name}:{statement.line}, TxsSummry")
        if (code := statement.head.get("copy_code")) in ("DUPL", "CODU"):
            self._copies += 1
            self._first_copy = self._first_copy or f"{self._wanted} {statement.number} (line {statement.line}, {code})"

    def _of_entry(self, table: str, element: Any, statement: Statement) -> Iterator[Record]:
        statement.entries += 1
        found, details = taken_apart(element, self._entry_place)
        cells, rest = cells_of(found, ENTRY)
        cells["amount"] = signed(cells.get("amount_text"), cells.get("credit_debit"))
        statement.promises.count(cells)
        if table not in ("entries", "details"):
            return
        if self._kind == "camt.052":
            statement.count_booked(cells)
        cells |= statement.told(cells.get("currency", ""))
        cells["position"] = f"{self._wanted} {statement.number}, entry {statement.entries} (line {element.sourceline})"
        cells["line_id"], cells["kind"] = str(statement.entries), "entry"
        for name, column in (("booking_at", "booking_date"), ("value_at", "value_date")):
            cells[column] = cells.get(name, "")[:10]
        described = [_detail(taken_apart(detail, self._detail_place)[0], cells) for detail in details]
        if table == "details":
            yield from self._details(cells, described)
            return
        self._row += 1
        problem = _problem(cells)
        cells = _entry(cells, described, rest)
        if self._kind != "camt.053" and cells.get("status", "BOOK") == "BOOK":
            days = cells["booking_date"], cells["value_date"]
            references = cells.get("bank_reference", ""), cells.get("transaction_bank_reference", "")
            cells |= statement.lines.cells(days, references, cells["amount"])
        yield Record(self._row, cells, problem, self._shown(element) if problem else "")

    def _details(self, cells: dict[str, str], described: list[dict[str, str]]) -> Iterator[Record]:
        for number_, detail in enumerate(described, 1):
            self._row += 1
            position = f"{cells['position']}, transaction {number_}"
            yield Record(self._row, {**cells, **detail, "position": position, "detail_id": str(number_)})

    def _of_statement(self, table: str, element: Any, statement: Statement) -> Iterator[Record]:
        position = f"{self._wanted} {statement.number} (line {statement.line})"
        information = BETWEEN.join((e.text or "").strip() for e in element if local(e) in _INFORMATION)
        head = {**statement.head, "position": position, "statement_information": information}
        if table == "statements":
            self._row += 1
            count = {"entry_count": str(statement.entries)}
            yield Record(self._row, {**statement.told(_currency(statement)), **head, **count})
        elif table == "balances":
            for balance in statement.balances:
                self._row += 1
                at = f"{self._wanted} {statement.number}, balance {balance.code} (line {balance.line})"
                yield Record(self._row, {**head, "position": at, **cells_of_balance(balance)})
        elif table == "entries" and not (statement.entries and self._kind != "camt.052"):
            none = {"kind": "balances", "amount": "0", "line_id": "0", "currency": _currency(statement)}
            if not statement.entries:
                none["kind"] = "no_entry"
            told = statement.told(none["currency"])
            if self._kind == "camt.053" or {"opening_amount", "closing_amount"} <= told.keys():
                self._row += 1
                yield Record(self._row, {**told, **head, **none, **_before(statement, told, none["currency"])})

    @staticmethod
    def _shown(element: Any) -> str:
        return str(etree.tostring(element, encoding="unicode", with_tail=False))


def _find(path: Path, name: str) -> tuple[list[str], str, str, str]:
    """Path of the message element, its kind, the name of its statements, and its version by the namespace."""
    refuse_other_kinds(path, name, _EXPECTED)
    above: list[str] = []
    root, seen = "", 0
    try:
        for event, element in etree.iterparse(
            str(path), events=("start", "end"), load_dtd=False, no_network=True, resolve_entities=False, huge_tree=True
        ):
            if event == "end":
                above.pop()
                continue
            seen += 1
            above.append(local(element))
            root = root or f"{above[0]} of {namespace(element) or 'no namespace'}"
            message = above[-1].partition("V0")[0]  # version 1 has its number in the name
            if message in _KINDS:
                kind, wanted = _KINDS[message]
                return above, kind, wanted, namespace(element).rpartition(":")[2].removeprefix(f"{kind}.001.")
            if seen > MAX_BEFORE:
                break
    except etree.XMLSyntaxError:
        for _ in elements(path, name, ()):  # says where and what, in our words
            pass
    raise DeliveryError(
        "file is no bank statement", where=name, got=f"an XML document {root}", expected=_EXPECTED,
        next_step="send the bank's statement, or tell us the format so that the profile can be changed",
    )  # fmt: skip


def _has_late_elements(path: Path) -> bool:
    """Whether anything but another entry or the end of its statement stands behind an entry.

    A look at the bytes, which costs a fifth of parsing them; where it does not understand them the answer is yes.
    """
    rest = b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if b"\0" in block:
                return True  # UTF-16 or UTF-32
            text = rest + block
            end = text.rfind(b"</")  # what stands behind the last end tag may be cut
            if _LATE.search(text, 0, max(end, 0)):
                return True
            rest = text[end:]
    return False


def _currency(statement: Statement) -> str:
    booked = (b.currency for b in statement.balances if b.code in ("OPBD", "PRCD", "CLBD", "ITBD"))
    return statement.head.get("account_currency") or next(booked, "")


def _before(statement: Statement, told: dict[str, str], currency: str) -> dict[str, str]:
    """What the closing balance was before the booked entries of the statement."""
    closing = number(told.get("closing_amount"))
    return {} if closing is None else {"before_amount": plain(closing - statement.booked.get(currency, Decimal()))}


def _detail(found: list[Leaf], entry: dict[str, str]) -> dict[str, str]:
    """The cells of one transaction; the other side of it beside both sides."""
    cells, rest = cells_of(found, DETAIL, "detail_")
    side = cells.get("detail_credit_debit") or entry.get("credit_debit", "")
    if "detail_amount_text" in cells:
        cells["detail_amount"] = signed(cells["detail_amount_text"], side)
    elif cells.get("transaction_currency") == entry.get("currency"):
        cells["detail_amount"] = signed(cells.get("transaction_amount"), side)
        cells["detail_currency"] = entry.get("currency", "")
    # the reversal of a debit is a credit, but its parties keep the part they had
    incoming = (side == "CRDT") != (entry.get("is_reversal") in ("true", "1"))
    other = "debtor" if incoming else "creditor"
    for column in ("name", "iban", "account", "bic"):
        if found_other := cells.get(f"{other}_{column}"):
            cells[f"counterparty_{column}"] = found_other
    if iban := cells.pop("counterparty_iban", ""):
        cells["counterparty_iban"] = valid_iban(iban)
        cells.setdefault("counterparty_account", iban)
    if proxy := cells.get(f"{other}_proxy"):
        cells.setdefault("counterparty_account", proxy)
    if "counterparty_name" not in cells and (ultimate := cells.get(f"ultimate_{other}_name")):
        cells["counterparty_name"] = ultimate
    cells["detail_other"] = BETWEEN.join(rest)
    return cells


def _entry(cells: dict[str, str], details: list[dict[str, str]], rest: list[str]) -> dict[str, str]:
    """An entry with what all its transactions have in common; remittance and what else differs stands behind each
    other, names and references that differ only in table details."""
    cells["details_count"], cells["other"] = str(len(details)), BETWEEN.join(rest)
    if len(details) == 1:
        cells = details[0] | cells
    elif details:
        _put_together(cells, details)
    count = cells.get("batch_count")
    if details and (count is None or count == cells["details_count"]):
        currency = cells.get("currency")
        amounts = [number(d.get("detail_amount")) for d in details if d.get("detail_currency") == currency]
        if len(amounts) == len(details) and None not in amounts:
            cells["details_amount"] = plain(sum((a for a in amounts if a is not None), Decimal()))
    if "charges" not in cells:
        _sum_charges(cells, details)
    return cells


def _put_together(cells: dict[str, str], details: list[dict[str, str]]) -> None:
    """What all transactions of an entry say, and their remittance behind each other."""
    for column in dict.fromkeys(column for detail in details for column in detail):
        texts = [detail.get(column, "") for detail in details]
        if len(set(texts)) == 1:
            cells.setdefault(column, texts[0])
        elif column in ("remittance_text", "structured_reference", "detail_other"):
            cells[column] = BETWEEN.join(dict.fromkeys(filter(None, texts)))


def _sum_charges(cells: dict[str, str], details: list[dict[str, str]]) -> None:
    with_charges = [d for d in details if d.get("detail_charges")]
    if not with_charges:
        return
    amounts = [number(d["detail_charges"]) for d in with_charges]
    currencies = {d.get("detail_charges_currency", "") for d in with_charges}
    if None not in amounts and len(currencies) == 1:
        cells["charges"] = plain(sum((a for a in amounts if a is not None), Decimal()))
        cells["charges_currency"] = currencies.pop()


def _problem(cells: dict[str, str]) -> str | None:
    """Why an entry says no amount."""
    if number(text := cells.get("amount_text")) is None:
        return f"has {text!r} as Amt, which is no number" if text else "has no amount (Amt)"
    if cells.get("credit_debit") not in ("CRDT", "DBIT"):
        return f"has {cells.get('credit_debit', 'nothing')!r} as CdtDbtInd, which is CRDT or DBIT"
    return None
