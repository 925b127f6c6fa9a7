"""INVOIC: head with its amounts, lines with allowances and charges, tax by rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from pipelines.extract.messages import edifact_dates as plain
from pipelines.extract.messages.edifact_envelope import Message
from pipelines.extract.messages.edifact_section import Node, Section, order_line, party
from pipelines.extract.messages.edifact_trade import (
    Parts,
    document_of,
    envelope_of,
    line_cells,
    parts_of,
    party_cells,
    transport_of,
)  # fmt: skip
from pipelines.extract.messages.order_answers import Cells

CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"})
"""Codes of UNTDID 1001 for documents that credit: with EN 16931 their amounts are positive and mean less to pay."""

_CARRIED = (
    "sender_id", "receiver_id", "interchange_number", "message_number", "message_faults", "document_type_code",
    "invoice_id", "document_date", "supplier_id", "buyer_id", "currency_code",
)  # fmt: skip
"""What lines and taxes have of the head."""


def invoice_head(message: Message, parts: Parts) -> Cells:
    """Everything that is said of the invoice as a whole."""
    head = parts.head
    document = document_of(head)
    cells = {
        **envelope_of(message),
        **document,
        "invoice_id": document.get("document_id", ""),
        "document_type_code": "credit_note" if document.get("document_code") in CREDIT_NOTES else "invoice",
        "document_date": head.date("137", "3", "454"),
        "posting_date": head.date("131", "7"),
        "delivery_date": head.date("35", "11"),
        "order_id": head.reference("ON"),
        "despatch_id": head.reference("AAK", "DQ"),
        "contract_id": head.reference("CT"),
        "preceding_invoice_id": head.reference("IV", "OI"),
        "payment_reference": head.reference("PQ", "AVE"),
        **_parties(head),
        "incoterm_code": transport_of(head)["incoterm_code"],
        "specification_id": next((n.segment.at(4) for n in head.all("FTX", "DOC")), ""),
        "currency_code": head.currency() or parts.summary.currency(),
        "lines_said": parts.summary.count("2"),
        "lines_found": str(len(parts.lines)),
        "text": head.text(),
    }
    return cells | _terms(head, cells["document_date"]) | _amounts(parts, cells["document_type_code"] == "credit_note")


def _parties(head: Section) -> Cells:
    buyer, of_buyer = party(head, "BY", "IV")
    supplier, of_supplier = party(head, "SU", "SE", "II")
    invoicee, _ = party(head, "IV")
    to, _ = party(head, "DP", "ST", "CN")
    bank = head.below(of_supplier, "FII", "RB", "BF", "BE", "RH")
    return {
        **party_cells("buyer", buyer, "country_code"),
        "buyer_vat_id": _vat(head, of_buyer),
        **party_cells("supplier", supplier, "country_code"),
        "supplier_vat_id": _vat(head, of_supplier),
        "supplier_account_id": bank.at(2) if bank else "",
        **party_cells("invoicee", invoicee),
        "ship_to_id": to.id,
        "ship_to_country_code": to.country,
    }


def _vat(head: Section, node: Node | None) -> str:
    found = head.below(node, "RFF", "VA", "FC")
    return found.at(1, 2) if found else ""


def _terms(head: Section, document_date: str) -> Cells:
    """Due date and discount: dates below terms of payment, or days after the date of the invoice."""
    cells = {"due_date": head.date("13", "140", "265")}
    for node in (*head.all("PAT"), *head.all("PYT")):
        kind = node.segment.at(1)
        date = head.below(node, "DTM", "12" if kind == "22" else "13", "13", "140", "265", "12")
        day = plain.day(date.at(1, 2), date.at(1, 3)) if date else _days_after(node, document_date)
        if kind == "22" and "discount_date" not in cells:
            amount, percent = head.below(node, "MOA", "21", "52", "8"), head.below(node, "PCD", "12", "1", "3", "7")
            cells["discount_date"] = day
            cells["discount_amount"] = plain.number(amount.at(1, 2)) if amount else ""
            cells["discount_pct"] = plain.number(percent.at(1, 2)) if percent else ""
            head.use(node.segment)
        elif kind not in ("22", "20") and day and not cells["due_date"]:
            cells["due_date"] = day
            head.use(node.segment)
    return cells


def _days_after(node: Node, document_date: str) -> str:
    """PAT+1++5:3:D:30 = thirty days after the date of the invoice."""
    terms = [node.segment.at(3, part) for part in (1, 2, 3, 4)]
    if terms[:3] not in (["5", "3", "D"], ["66", "3", "D"]) or not terms[3].isdecimal() or len(terms[3]) > 3:
        return ""
    try:
        return (dt.date.fromisoformat(document_date) + dt.timedelta(days=int(terms[3]))).isoformat()
    except ValueError:
        return ""


def _amounts(parts: Parts, is_credit: bool) -> Cells:
    """The amounts of the document, as written and with the sign they have in a ledger."""
    summary = parts.summary
    taxes = summary.all("TAX")
    net = summary.amount("389", "125") or _sum_below(summary, taxes, "125")
    tax = summary.amount("124", "176", "150") or _sum_below(summary, taxes, "124")
    gross, payable = summary.amount("77", "388", "39", "86"), summary.amount("9")
    cells = {
        "line_net_amount": summary.amount("79"),
        "net_amount": net,
        "tax_amount": tax,
        "gross_amount": gross,
        "payable_amount": payable,
        "prepaid_amount": summary.amount("113"),
        "allowance_amount": summary.amount("260", "131"),
        "charge_amount": summary.amount("259"),
    }
    signed = {"net": net, "tax": tax, "gross": gross or payable, "payable": payable or gross}
    return cells | {f"signed_{name}_amount": _signed(value, is_credit) for name, value in signed.items()}


def _signed(amount: str, is_less: bool) -> str:
    return plain.negated(amount) if is_less else amount


def _sum_below(section: Section, taxes: list[Node], code: str) -> str:
    """The sum of these amounts of all rates; empty where one has none."""
    found = [next((m for m in node.below("MOA") if m.at(1) == code), None) for node in taxes]
    amounts = [plain.decimal(m.at(1, 2)) for m in found if m]
    if not taxes or len(amounts) < len(taxes) or None in amounts:
        return ""
    return str(sum((a for a in amounts if a is not None), Decimal(0)))


def invoices(message: Message) -> Iterator[Cells]:
    """The record of `invoices`."""
    parts = parts_of(message)
    cells = invoice_head(message, parts)
    for section, tags in ((parts.head, ("ALC",)), (parts.summary, ("TAX", "ALC"))):
        # rates, allowances and charges are tables of their own
        section.use(*(s for tag in tags for n in section.all(tag) for s in (n.segment, *n.members)))
    yield cells | {"position": message.place(message.header), "other": parts.head.other(parts.summary)}


def invoice_lines(message: Message) -> Iterator[Cells]:
    """The records of `invoice_lines`: those of LIN, then allowances and charges of the head."""
    parts = parts_of(message)
    head = invoice_head(message, parts)
    common = {name: head.get(name, "") for name in _CARRIED}
    common["signed_invoice_net_amount"] = head["signed_net_amount"]
    is_credit = head["document_type_code"] == "credit_note"
    for segments in parts.lines:
        line = Section(segments)
        quantity, unit = line.quantity("47", "46", "12", "21", "1")
        order_id, order_line_id = order_line(line)
        amount = line.amount("203", "66", "38")
        cells = common | line_cells(line) | _tax_of_line(line, is_credit) | {
            "line_kind": "line",
            "invoiced_quantity": quantity,
            "signed_quantity": _signed(quantity, is_credit),
            "unit_code": unit,
            "free_quantity": line.quantity("192")[0],
            "line_amount": amount,
            "signed_line_amount": _signed(amount, is_credit),
            "order_id": order_id or head["order_id"],
            "order_line_id": order_line_id,
            "despatch_id": line.reference("AAK", "DQ") or head["despatch_id"],
            "text": line.text(),
            "position": message.place(segments[0], f"LIN {segments[0].at(1)}"),
        }  # fmt: skip
        yield cells | {"other": line.other()}
    yield from _allowances(message, parts, common, is_credit)


def _tax_of_line(line: Section, is_credit: bool) -> Cells:
    node = line.first("TAX", "7", "5")
    if node is None:
        return {}
    amount = line.below(node, "MOA", "124", "176", "150")
    written = plain.number(amount.at(1, 2)) if amount else ""
    return {
        "tax_category_code": node.segment.at(6),
        "tax_rate_pct": plain.number(node.segment.at(5, 4)),
        "tax_amount": written,
        "signed_tax_amount": _signed(written, is_credit),
    }


def _allowances(message: Message, parts: Parts, common: Cells, is_credit: bool) -> Iterator[Cells]:
    """Allowances (ALC A) and charges (ALC C) of the whole invoice. Those of the summary are their totals once more, but
    for a kind that the head has none of."""
    head, of_head = parts.head, parts.head.all("ALC", "A", "C")
    kinds = {node.segment.at(1) for node in of_head}
    of_summary = [node for node in parts.summary.all("ALC", "A", "C") if node.segment.at(1) not in kinds]
    for ordinal, node in enumerate([*of_head, *of_summary], 1):
        inner = Section(node.members)
        is_allowance = node.segment.at(1) == "A"
        kind = "allowance" if is_allowance else "charge"
        found = head.below(node, "MOA", *(("204", "8", "23") if is_allowance else ("23", "8", "204")))
        amount = plain.number(found.at(1, 2)) if found else ""
        tax = _tax_of_line(inner, is_credit)
        if found:
            inner.use(found)
        if not amount:
            percent = head.below(node, "PCD", "1", "2", "3", "12")
            if percent is None:
                continue  # a word on terms, without an amount of its own
        yield common | tax | {
            "line_kind": kind,
            "line_id": f"{kind} {ordinal}",
            "item_name": node.segment.at(5, 4) or inner.text() or node.segment.at(2) or node.segment.at(5) or kind,
            "line_amount": amount,
            "signed_line_amount": _signed(amount, is_allowance != is_credit),
            "position": message.place(node.segment, f"ALC {ordinal}"),
            "other": " ".join((node.segment.text, inner.other())).strip(),
        }  # fmt: skip


def invoice_taxes(message: Message) -> Iterator[Cells]:
    """The records of `invoice_taxes`: TAX of the summary; of a head with a single rate that with the totals."""
    parts = parts_of(message)
    head = invoice_head(message, parts)
    common = {name: head.get(name, "") for name in _CARRIED}
    is_credit = head["document_type_code"] == "credit_note"
    section = parts.summary
    found = section.all("TAX", "7", "5")
    if not found and len(of_head := parts.head.all("TAX", "7")) == 1:
        section, found = parts.head, of_head
    for node in found:
        s = node.segment
        section.use(s)
        base, tax = section.below(node, "MOA", "125", "79", "403"), section.below(node, "MOA", "124", "176", "150")
        taxable = plain.number(base.at(1, 2)) if base else plain.number(s.at(4))
        amount = plain.number(tax.at(1, 2)) if tax else ""
        if section is parts.head:
            taxable, amount = taxable or head["net_amount"], amount or head["tax_amount"]
        yield common | {
            "tax_type_code": s.at(2),
            "tax_category_code": s.at(6),
            "tax_rate_pct": plain.number(s.at(5, 4)),
            "taxable_amount": taxable,
            "tax_amount": amount,
            "signed_taxable_amount": _signed(taxable, is_credit),
            "signed_tax_amount": _signed(amount, is_credit),
            "exemption_reason": "" if s.at(6) in ("S", "Z", "L", "M", "") else _exemption(parts.head),
            "position": message.place(s, f"TAX {s.at(5, 4)}"),
            "other": " ".join(m.text for m in node.members if not section.is_used(m)),
        }


def _exemption(head: Section) -> str:
    """The words on why there is no tax: FTX of kind TXD."""
    return " / ".join(" ".join(node.segment.all(4)) for node in head.all("FTX", "TXD"))
