"""ORDERS, ORDCHG and ORDRSP: heads and lines, and what heads of all trade messages have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pipelines.extract.messages import edifact_dates as plain
from pipelines.extract.messages.edifact_envelope import Message
from pipelines.extract.messages.edifact_section import (
    Party,
    Section,
    item_name,
    order_line,
    party,
    price,
    products,
)  # fmt: skip
from pipelines.extract.messages.edifact_syntax import Segment
from pipelines.extract.messages.order_answers import Answered, Cells, line_answer

_REQUESTED = ("2", "64", "63", "358", "61")


class Parts(NamedTuple):
    """A message in its parts. Each line begins with LIN."""

    head: Section
    lines: list[list[Segment]]
    summary: Section


def parts_of(message: Message) -> Parts:
    """Head, lines, summary: lines begin with LIN, the summary with UNS (CNT where a message has none)."""
    head: list[Segment] = []
    lines: list[list[Segment]] = []
    summary: list[Segment] = []
    ended = False
    for segment in message.segments:
        if segment.tag == "UNS":
            ended = ended or segment.at(1) == "S"
            continue
        if segment.tag == "LIN" and not ended:
            lines.append([segment])
        elif ended or segment.tag == "CNT":
            summary.append(segment)
        elif lines:
            lines[-1].append(segment)
        else:
            head.append(segment)
    return Parts(Section(head), lines, Section(summary))


def envelope_of(message: Message) -> Cells:
    """The columns that every table has of the envelope."""
    return {
        "sender_id": message.interchange.sender,
        "receiver_id": message.interchange.receiver,
        "interchange_number": message.interchange.number,
        "message_number": message.number,
        "message_type": message.type,
        "message_version": message.version,
        "message_faults": message.sound,
    }


def document_of(head: Section) -> Cells:
    """BGM: kind, number and function of the document; its elements have moved with the directories."""
    node = head.first("BGM")
    if node is None:
        return {}
    s = node.segment
    return {"document_code": s.at(1), "document_id": s.at(2), "message_function": s.at(3), "response_code": s.at(4)}


def party_cells(prefix: str, found: Party, *names: str) -> Cells:
    """Columns of a party: `<prefix>_id`, `<prefix>_name` and what else is asked for."""
    cells = {f"{prefix}_id": found.id, f"{prefix}_name": found.name}
    every = {
        "street": found.street,
        "city_name": found.city,
        "postal_code": found.postal_code,
        "country_code": found.country,
    }
    return cells | {f"{prefix}_{name}": every[name] for name in names}


def trade_parties(head: Section) -> Cells:
    """Buyer and supplier."""
    buyer, _ = party(head, "BY")
    supplier, _ = party(head, "SU", "SE")
    return party_cells("buyer", buyer) | party_cells("supplier", supplier)


def ship_to(head: Section) -> Cells:
    """Where the goods go."""
    found, _ = party(head, "DP", "ST", "CN", "UC")
    return party_cells("ship_to", found, "street", "city_name", "postal_code", "country_code")


def transport_of(head: Section) -> Cells:
    """Carrier, means of transport and terms of delivery."""
    carrier, _ = party(head, "CA")
    cells = {"carrier_id": carrier.id, "carrier_name": carrier.name}
    if node := head.first("TDT", "20", "30", "25", "10") or head.first("TDT"):
        s = node.segment
        cells["transport_mode"] = s.at(3)
        cells["carrier_id"] = carrier.id or s.at(5)
        cells["carrier_name"] = carrier.name or s.at(5, 4)
        cells["vehicle_id"] = s.at(8) or s.at(8, 4)
        cells["conveyance"] = s.at(2)
    terms = head.first("TOD")
    cells["incoterm_code"] = terms.segment.at(3) if terms else ""
    return cells


def order_head(message: Message, parts: Parts) -> Cells:
    """The head of an order or of its change."""
    head, summary = parts.head, parts.summary
    document = document_of(head)
    invoicee, _ = party(head, "IV")
    order = head.reference("ON") if message.type == "ORDCHG" else ""
    cells = {
        **document,
        "order_id": order or document.get("document_id", ""),
        "document_date": head.date("137", "4"),
        "promised_date": head.date("67", "69", "17"),
        "latest_date": head.date("38"),
        "requested_date": head.date(*_REQUESTED),
        **trade_parties(head),
        **ship_to(head),
        "ship_to_location_code": head.place("7", "8"),
        **party_cells("invoicee", invoicee),
        **transport_of(head),
        "currency_code": head.currency() or summary.currency(),
        "customer_reference": head.reference("CR", "CO"),
        "contract_id": head.reference("CT", "BC"),
        "freight_amount": head.amount("64") or summary.amount("64") or charge(head, "FC"),
        "order_net_amount": summary.amount("79", "86", "128", "125"),
        "lines_said": summary.count("2"),
        "lines_found": str(len(parts.lines)),
        "text": head.text(),
    }
    return envelope_of(message) | cells


def charge(section: Section, kind: str) -> str:
    """The amount of a charge of this kind."""
    for node in section.all("ALC", "C"):
        if kind in (node.segment.at(5), node.segment.at(2)) and (found := section.below(node, "MOA", "23", "8", "64")):
            section.use(node.segment)
            return plain.number(found.at(1, 2))
    return ""


def orders(message: Message) -> Iterator[Cells]:
    """The record of `orders`."""
    parts = parts_of(message)
    cells = order_head(message, parts)
    yield cells | {"position": message.place(message.header), "other": parts.head.other(parts.summary)}


def order_lines(message: Message) -> Iterator[Cells]:
    """The records of `order_lines`."""
    parts = parts_of(message)
    head = order_head(message, parts)
    for segments in parts.lines:
        line = Section(segments)
        quantity, unit = line.quantity("21", "145", "1")
        to, _ = party(line, "DP", "ST", "CN", "UC")
        cells = {
            **line_cells(line),
            "ordered_quantity": quantity,
            "unit_code": unit,
            "free_quantity": line.quantity("192")[0],
            "quantity_per_pack": line.quantity("59")[0],
            "line_amount": line.amount("203", "66"),
            "currency_code": line.currency() or head["currency_code"],
            "requested_date": line.date(*_REQUESTED),
            "promised_date": line.date("67", "69", "17"),
            "discount_pct": discount(line),
            "tax_rate_pct": tax_rate(line),
            "ship_to_id": to.id or head["ship_to_id"],
            "order_line_reference": line.reference("LI"),
            "text": line.text(),
            "position": message.place(segments[0], f"LIN {segments[0].at(1)}"),
        }
        yield _from_head(head, "order_id", "document_date", "message_function") | cells | {"other": line.other()}


def order_responses(message: Message) -> Iterator[Cells]:
    """The records of `order_responses`: a line each, or one for a response without lines."""
    parts = parts_of(message)
    head = order_head(message, parts)
    order_id, _ = order_line(parts.head)
    of_order = parts.head.first("RFF", "ON")
    ordered = parts.head.below(of_order, "DTM", "171", "4")
    whole = said_of_whole(parts.head)
    common = _from_head(
        head, "document_id", "document_date", "buyer_id", "buyer_name", "supplier_id", "supplier_name"
    ) | {
        "response_code": head.get("response_code") or head.get("message_function", ""),
        "order_date": Section([ordered]).date() if ordered else "",
    }
    promised = parts.head.date(*_PROMISED) or head["promised_date"]
    requested = parts.head.date("2", "64")
    for ordinal, segments in enumerate(parts.lines or [[]]):
        line = Section(segments)
        own_order, own_line = order_line(line)
        responded = _responded(line, whole)
        cells = common | responded | {
            "order_id": own_order or order_id,
            "order_line_id": own_line or line_id(line),
            "currency_code": line.currency() or head["currency_code"],
            "requested_date": line.date("2", "64") or requested,
            "promised_date": responded.get("promised_date") or _last_date(line) or promised,
            "text": " / ".join(filter(None, (line.text(), "" if ordinal else head["text"]))),
        }  # fmt: skip
        at = segments[0] if segments else message.header
        cells["position"] = message.place(at, f"LIN {at.at(1)}" if segments else "")
        yield cells | {"other": line.other() if ordinal else line.other(parts.head, parts.summary)}


ANSWERS = {
    "AP": "accepted", "AB": "accepted", "AD": "accepted", "29": "accepted", "44": "accepted", "AC": "changed",
    "AE": "changed", "AI": "changed", "CA": "changed", "4": "changed", "28": "changed", "30": "changed",
    "33": "changed", "34": "changed", "45": "changed", "AJ": "on_hold", "RE": "rejected", "27": "rejected",
}  # fmt: skip
"""What a message says of the document that it answers as a whole (data elements 4343 and 1225)."""
_ACTIONS = {
    "1": "changed", "2": "rejected", "3": "changed", "4": "accepted", "5": "accepted", "6": "changed", "7": "rejected",
    "10": "rejected", "11": "accepted", "16": "changed",
}  # fmt: skip
"""What LIN says of a line (data element 1229): added, deleted, changed, no action, accepted, accepted with changes, not
accepted, not found, not changed, proposed."""
_CONFIRMED = ("113", "170", "194")
_PROMISED = ("67", "69", "17", "76", "10")


def said_of_whole(head: Section) -> str:
    """The answer of a head as a word; empty where it has none."""
    document = document_of(head)
    return ANSWERS.get(document.get("response_code") or document.get("message_function", ""), "")


def _responded(line: Section, whole: str) -> Cells:
    """Quantities and price of a line of a response."""
    ordered, unit = line.quantity("21", "145", "1")
    lots = _lots(line)
    later, cancelled = line.quantity("83")[0], line.quantity("182", "185")[0]
    cells = line_cells(line) | {
        "ordered_quantity": ordered,
        "confirmed_quantity": next((plain.number(lot.at(1, 2)) for lot, _ in lots), ""),
        "backorder_quantity": later,
        "unit_code": unit or next((lot.at(1, 3) for lot, _ in lots), ""),
        "line_amount": line.amount("203"),
    }
    of_order = "accepted" if whole == "changed" else whole  # it does not say which line is changed
    code = _ACTIONS.get(cells["action_code"], "") or (of_order if line.nodes else "")
    parts = [Answered(code or "accepted", plain.decimal(plain.number(lot.at(1, 2))), day) for lot, day in lots]
    if not lots and (code or later or cancelled):
        parts = [Answered(code or "accepted", None)]
    if code == "rejected":
        parts = [Answered(code, None)]
    else:
        parts += [
            Answered(kind, plain.decimal(n)) for kind, n in (("backordered", later), ("rejected", cancelled)) if n
        ]
    return cells | line_answer(plain.decimal(ordered), parts, whole)


def _lots(line: Section) -> list[tuple[Segment, str]]:
    """Confirmed quantities of a line, each with its day where schedules tell it: its own, else those of schedules."""
    own = [node.segment for node in line.all("QTY", *_CONFIRMED)]
    kinds = [kind for kind in _CONFIRMED if any(segment.at(1) == kind for segment in own)]
    found = [(segment, "") for segment in own if segment.at(1) == kinds[0]] if kinds else []
    lots = []
    for schedule in line.all("SCC"):
        day = ""
        for segment in schedule.members:
            if segment.tag == "DTM" and segment.at(1) in _PROMISED:
                day = plain.day(segment.at(1, 2), segment.at(1, 3))
                line.use(segment)
        of_it = [(segment, day) for segment in schedule.below("QTY") if segment.at(1) in _CONFIRMED]
        lots += of_it
        line.use(*(segment for segment, _ in of_it))
    line.use(*(segment for segment, _ in found))
    return [(segment, max(day for _, day in lots)) for segment, _ in found] if found and lots else found or lots


def _last_date(line: Section) -> str:
    """The day promised for a line, of several with one qualifier the last."""
    for code in _PROMISED:
        if found := line.all("DTM", code):
            line.use(*(node.segment for node in found))
            return max(plain.day(node.segment.at(1, 2), node.segment.at(1, 3)) for node in found)
    return ""


def line_id(line: Section) -> str:
    """The number of a line."""
    node = line.first("LIN")
    return node.segment.at(1) if node else ""


def line_cells(line: Section) -> Cells:
    """Number, action, products, name and price of a line."""
    found = products(line)
    node = line.first("LIN")
    return {
        "line_id": node.segment.at(1) if node else "",
        "parent_line_id": node.segment.at(4, 2) if node else "",
        "action_code": node.segment.at(2) if node else "",
        "ean_id": found.ean,
        "supplier_product_id": found.supplier,
        "buyer_product_id": found.buyer,
        "item_name": item_name(line),
        **price(line),
    }


def discount(line: Section) -> str:
    """Percent of the first allowance of a line."""
    for node in line.all("ALC", "A"):
        if found := line.below(node, "PCD", "1", "2", "3", "12"):
            line.use(node.segment)
            return plain.number(found.at(1, 2))
    return ""


def tax_rate(line: Section) -> str:
    """The rate of value added tax."""
    node = line.first("TAX", "7")
    return plain.number(node.segment.at(5, 4)) if node else ""


def _from_head(head: Cells, *names: str) -> Cells:
    every = ("sender_id", "receiver_id", "interchange_number", "message_number", "message_type", "message_faults")
    return {name: head.get(name, "") for name in (*every, *names)}
