"""The rows of each table of an electronic invoice: their groups, and cells that are more than the text of a term."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from pipelines.extract.messages.en16931 import SOUND, broken, verdict
from pipelines.extract.messages.invoice import Group, Invoice, Term
from pipelines.extract.messages.invoice_file import InvoiceFile

CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"})
"""Types of documents (UNTDID 1001) that EN 16931 counts as credit notes."""

_TAX_POINTS = {"5": "3", "29": "35", "72": "432"}
"""Codes of UNTDID 2475, which CII uses, as UNTDID 2005 has them, which EN 16931 and UBL use."""

_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,12})?")
_DISCOUNT = re.compile(
    r"#SKONTO#TAGE=(\d{1,4})#PROZENT=(\d{1,2}(?:\.\d{1,4})?)#(?:BASISBETRAG=(-?\d{1,15}(?:\.\d{1,4})?)#)?"
)
_ZUGFERD_1 = "CrossIndustryDocument"
_CENT, _MICRO = Decimal("0.01"), Decimal("0.000001")
_BESIDE_PAYMENTS = {"payment_reference": "BT-83", "mandate_id": "BT-89", "creditor_id": "BT-90"}
"""What an invoice may say without a payment that it belongs to."""

_DOCUMENT = {
    "allowance": ("BG-20", {
        "amount": "BT-92", "base_amount": "BT-93", "rate_pct": "BT-94", "tax_category_code": "BT-95",
        "tax_rate_pct": "BT-96", "reason": "BT-97", "reason_code": "BT-98",
    }),
    "charge": ("BG-21", {
        "amount": "BT-99", "base_amount": "BT-100", "rate_pct": "BT-101", "tax_category_code": "BT-102",
        "tax_rate_pct": "BT-103", "reason": "BT-104", "reason_code": "BT-105",
    }),
}  # fmt: skip
_OF_LINE = {
    "allowance": ("BG-27", {
        "amount": "BT-136", "base_amount": "BT-137", "rate_pct": "BT-138", "reason": "BT-139", "reason_code": "BT-140",
    }),
    "charge": ("BG-28", {
        "amount": "BT-141", "base_amount": "BT-142", "rate_pct": "BT-143", "reason": "BT-144", "reason_code": "BT-145",
    }),
}  # fmt: skip

_SELLER = {
    "name": "BT-27", "trading_name": "BT-28", "ids": "BT-29", "legal_id": "BT-30", "vat_id": "BT-31", "tax_id": "BT-32",
    "legal_form": "BT-33", "endpoint": "BT-34", "address": "BG-5", "contact": "BG-6",
}  # fmt: skip
_BUYER = {
    "name": "BT-44", "trading_name": "BT-45", "ids": "BT-46", "legal_id": "BT-47", "vat_id": "BT-48",
    "endpoint": "BT-49", "address": "BG-8", "contact": "BG-9",
}  # fmt: skip
_PARTIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "seller": ("BG-4", _SELLER),
    "buyer": ("BG-7", _BUYER),
    "payee": ("BG-10", {"name": "BT-59", "ids": "BT-60", "legal_id": "BT-61"}),
    "tax_representative": ("BG-11", {"name": "BT-62", "vat_id": "BT-63", "address": "BG-12"}),
    "ship_to": ("BG-13", {"name": "BT-70", "ids": "BT-71", "address": "BG-15"}),
}
_ADDRESS = ("address_line_1", "address_line_2", "address_line_3", "city", "postal_code", "region", "country_code")
_ADDRESSES = {
    "BG-5": (35, 36, 162, 37, 38, 39, 40), "BG-8": (50, 51, 163, 52, 53, 54, 55),
    "BG-12": (64, 65, 164, 66, 67, 68, 69), "BG-15": (75, 76, 165, 77, 78, 79, 80),
}  # fmt: skip
_CONTACT = ("contact_name", "phone", "email")
_CONTACTS = {"BG-6": (41, 42, 43), "BG-9": (56, 57, 58)}


class Row(NamedTuple):
    """One row: the group that its places begin at, and the cells that are made otherwise."""

    group: Group
    cells: Mapping[str, str]


class Rows:
    """The rows of one invoice. `columns` are those of the table: what several tables have is given where asked for."""

    def __init__(self, read: InvoiceFile, columns: Collection[str]) -> None:
        self.read, self.invoice = read, read.invoice
        shared = {"document_kind": kind_of(self.invoice)}
        if "message_faults" in columns:
            shared |= broken_rules(self.invoice)
        self._shared = {column: cell for column, cell in shared.items() if column in columns}

    def of(self, table: str) -> Iterator[Row]:
        """Those of one table."""
        for row in getattr(self, f"_{table}")():
            yield Row(row.group, {**self._shared, **row.cells})

    def _invoices(self) -> Iterator[Row]:
        invoice = self.invoice
        point = invoice.text("BT-8") or ""
        yield Row(invoice, {
            "position": f"{self.read.root}, line {invoice.line}",
            "tax_point_code": _TAX_POINTS.get(point, point) if invoice.syntax == "cii" else point,
            "note": "\n".join(filter(None, map(_note, invoice.all("BG-1")))),
            "syntax_code": "zugferd_1" if self.read.root == _ZUGFERD_1 else invoice.syntax.partition(" ")[0],
            "open_amount": _open(invoice),
            "line_count": str(len(invoice.all("BG-25"))),
            "attachment_count": str(len(invoice.all("BG-24"))),
            "other": "; ".join(f"{path} ({it.count})" for path, it in self.read.unknown.items()),
            **{column: _text(invoice, term) for column, term in _BESIDE_PAYMENTS.items() if term in invoice.terms},
            **_discount(invoice),
        })  # fmt: skip

    def _lines(self) -> Iterator[Row]:
        for number, line in enumerate(self.invoice.all("BG-25"), start=1):
            position = f"invoice line {number}, line {line.line}"
            yield Row(line, {
                "position": position,
                "line_kind": "line",
                "unit_price": _unit_price(line.first("BG-29")),
                "item_attributes": "; ".join(
                    f"{_text(it, 'BT-160')}={_text(it, 'BT-161')}"
                    for item in line.all("BG-31") for it in item.all("BG-32")
                ),
            })  # fmt: skip
        for kind, (name, terms) in _DOCUMENT.items():
            for number, group in enumerate(self.invoice.all(name), start=1):
                amount = _text(group, terms["amount"])
                yield Row(group, {
                    "position": f"{kind} {number}, line {group.line}",
                    "line_kind": kind,
                    "line_id": f"{kind} {number}",
                    "net_amount": negated(amount) if kind == "allowance" else amount,
                    "tax_category_code": _text(group, terms["tax_category_code"]),
                    "tax_rate_pct": _text(group, terms["tax_rate_pct"]),
                    "item_name": _text(group, terms["reason"]) or _text(group, terms["reason_code"]),
                })  # fmt: skip

    def _taxes(self) -> Iterator[Row]:
        for number, group in enumerate(self.invoice.all("BG-23"), start=1):
            yield Row(group, {"position": f"tax {number}, line {group.line}"})

    def _parties(self) -> Iterator[Row]:
        account = next((_text(a, "BT-84") for p in self.invoice.all("BG-16") for a in p.all("BG-17")), "")
        for role, (name, terms) in _PARTIES.items():
            for group in self.invoice.all(name):
                cells = _party(group, terms)
                if cells:
                    own = {"account_id": account} if role == "seller" else {}
                    yield Row(group, {"position": f"{role}, line {group.line}", "role": role, **cells, **own})

    def _allowances(self) -> Iterator[Row]:
        for above, of_what in ((self.invoice, _DOCUMENT), *((line, _OF_LINE) for line in self.invoice.all("BG-25"))):
            line_id = _text(above, "BT-126")
            for kind, (name, terms) in of_what.items():
                for number, group in enumerate(above.all(name), start=1):
                    cells = {column: _text(group, term) for column, term in terms.items()}
                    where = f"{kind} {number} of line {line_id}" if above is not self.invoice else f"{kind} {number}"
                    cells |= {"position": f"{where}, line {group.line}", "kind": kind, "line_id": line_id}
                    yield Row(group, cells)

    def _attachments(self) -> Iterator[Row]:
        for number, group in enumerate(self.invoice.all("BG-24"), start=1):
            yield Row(group, {"position": f"attachment {number}, line {group.line}"})

    def _terms(self) -> Iterator[Row]:
        for path, group in _below(self.invoice, ""):
            for name, terms in group.terms.items():
                for number, term in enumerate(terms, start=1):
                    where = f"{path}/{name}[{number}]".lstrip("/")
                    cells = {"position": f"{where}, line {group.line}", "group": path, "term": name, "text": term.text}
                    yield Row(group, {**term.attributes, **cells})


def broken_rules(invoice: Invoice) -> dict[str, str]:
    """Ids of the fatal rules and of the others that an invoice breaks, each once, parted by blanks; empty = none."""
    said = verdict(invoice, broken(invoice))
    return {
        "message_faults": "" if said.faults == SOUND else said.faults,
        "message_warnings": "" if said.warnings == SOUND else said.warnings,
    }


def kind_of(invoice: Invoice) -> str:
    """credit_note or invoice, by the message and by the type of the document."""
    is_credit = invoice.syntax == "ubl credit note" or (invoice.text("BT-3") or "") in CREDIT_NOTES
    return "credit_note" if is_credit else "invoice"


def negated(amount: str) -> str:
    """An amount with its sign turned; what is no number stays as it is.

    >>> negated("12.50"), negated("-3"), negated("0.00")
    ('-12.50', '3', '0.00')
    """
    value = _number(amount)
    return amount if value is None else str(-value if value else value)


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None and _NUMBER.fullmatch(text) else None


def _text(group: Group, term: str) -> str:
    return group.text(term) or ""


def _note(group: Group) -> str:
    subject = "".join(f"#{code.text.strip()}# " for code in group.terms.get("BT-21", []))
    return subject + " ".join(text.text.strip() for text in group.terms.get("BT-22", []))


def _open(invoice: Invoice) -> str:
    """What is left to pay of the invoice itself: BT-115, brought to BT-112 where it is beyond it."""
    totals = invoice.first("BG-22")
    if totals is None:
        return ""
    payable, gross = _text(totals, "BT-115"), _text(totals, "BT-112")
    left, whole = _number(payable), _number(gross)
    if left is None or whole is None:
        return payable
    beyond = left > whole if whole >= 0 else left < whole
    return gross if beyond else payable


def _discount(invoice: Invoice) -> dict[str, str]:
    """The first discount for early payment in days, percent, date and amount.

    XRechnung writes it into the terms of payment, Factur-X EXTENDED and ZUGFeRD 1 have elements for it.
    """
    found = next((m for t in invoice.terms.get("BT-20", []) if (m := _DISCOUNT.search(t.text))), None)
    group = invoice.first("BG-X-Discount")
    if found is not None:
        days, percent, base, amount = found[1], found[2], found[3] or "", ""
    elif group is not None:
        days, percent, base, amount = (_text(group, f"X-{it}") for it in ("Days", "Percent", "Base", "Amount"))
    else:
        return {}
    cells = {"discount_days": days, "discount_pct": percent, "discount_amount": amount}
    try:
        issued = dt.date.fromisoformat(invoice.text("BT-2") or "")
        cells["discount_date"] = (issued + dt.timedelta(days=int(days))).isoformat()
    except (ValueError, OverflowError):
        pass
    of = _number(base or next((_text(g, "BT-115") for g in invoice.all("BG-22")), ""))
    share = _number(percent)
    if not amount and of is not None and share is not None:
        cells["discount_amount"] = str((of * share / 100).quantize(_CENT, ROUND_HALF_UP))
    return cells


def _unit_price(price: Group | None) -> str:
    if price is None:
        return ""
    amount, quantity = _text(price, "BT-146"), _text(price, "BT-149")
    value, base = _number(amount), _number(quantity)
    if value is None or not base or base == 1:
        return amount if base or not quantity else ""
    return f"{(value / base).quantize(_MICRO, ROUND_HALF_UP).normalize():f}"


def _party(group: Group, terms: Mapping[str, str]) -> dict[str, str]:
    """The cells of a party; none when it says nothing."""
    cells = {column: _text(group, term) for column, term in terms.items() if term.startswith("BT-")}
    ids = group.terms.get(terms["ids"], []) if "ids" in terms else []
    cells["id"] = ids[0].text.strip() if ids else ""
    cells["ids"] = "; ".join(map(_with_scheme, ids))
    for column in ("legal_id", "endpoint"):
        if (term := group.term(terms.get(column, ""))) is not None:
            cells[f"{column}_scheme"] = term.attributes.get("scheme", "").strip()
    for below, numbers, columns in (
        (terms.get("address", ""), _ADDRESSES, _ADDRESS), (terms.get("contact", ""), _CONTACTS, _CONTACT),
    ):  # fmt: skip
        if (inner := group.first(below)) is not None:
            cells |= {c: _text(inner, f"BT-{n}") for c, n in zip(columns, numbers[below], strict=True)}
    return {column: text for column, text in cells.items() if text}


def _with_scheme(term: Term) -> str:
    scheme = term.attributes.get("scheme", "").strip()
    return f"{scheme}:{term.text.strip()}" if scheme else term.text.strip()


def _below(group: Group, path: str) -> Iterator[tuple[str, Group]]:
    """A group and all below it with their ways from the invoice."""
    yield path, group
    for name, groups in group.groups.items():
        for number, inner in enumerate(groups, start=1):
            yield from _below(inner, f"{path}/{name}[{number}]".lstrip("/"))
