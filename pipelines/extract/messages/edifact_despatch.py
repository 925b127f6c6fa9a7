"""DESADV: the shipment, its packages within packages, and the lines in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.extract.messages import edifact_dates as plain
from pipelines.extract.messages.edifact_envelope import Message
from pipelines.extract.messages.edifact_section import (
    GROSS_WEIGHT,
    Node,
    Section,
    kilograms,
    measure,
    order_line,
    party,
)  # fmt: skip
from pipelines.extract.messages.edifact_syntax import Segment
from pipelines.extract.messages.edifact_trade import (
    document_of,
    envelope_of,
    line_cells,
    party_cells,
    ship_to,
    trade_parties,
    transport_of,
)  # fmt: skip
from pipelines.extract.messages.order_answers import Cells

_EXPECTED = ("17", "132", "358", "191", "64")
_SSCC = ("BJ", "AW")
_CARRIED = (
    "despatch_id", "message_function", "document_date", "shipped_date", "order_id", "consignment_id",
    "delivery_note_id", "buyer_id",
    "supplier_id", "supplier_name", "ship_to_id", "ship_to_country_code", "ship_from_country_code",
    "origin_location_code", "destination_location_code", "carrier_id", "transport_mode", "incoterm_code",
    "currency_code", "sender_id", "receiver_id", "interchange_number", "message_number", "message_faults",
)  # fmt: skip
"""What a line has of the head."""


@dataclass
class Level:
    """A level of packing: what CPS opens, with its packages and its lines."""

    segments: list[Segment] = field(default_factory=list)
    lines: list[list[Segment]] = field(default_factory=list)


def levels_of(message: Message) -> tuple[list[Segment], list[Level], list[Segment]]:
    """Head, levels and summary of a despatch advice. Lines without CPS stand in a level of their own."""
    head: list[Segment] = []
    levels: list[Level] = []
    summary: list[Segment] = []
    for segment in message.segments:
        if segment.tag in ("CNT", "UNS", "AUT"):
            summary.append(segment)
        elif segment.tag == "CPS":
            levels.append(Level([segment]))
        elif segment.tag == "LIN":
            if not levels:
                levels.append(Level())
            levels[-1].lines.append([segment])
        elif not levels:
            head.append(segment)
        elif levels[-1].lines:
            levels[-1].lines[-1].append(segment)
        else:
            levels[-1].segments.append(segment)
    return head, levels, summary


def despatch_head(message: Message, head: Section, summary: Section) -> Cells:
    """What is said of the shipment as a whole."""
    document = document_of(head)
    sender, _ = party(head, "SF", "PW", "CZ")
    transport = transport_of(head)
    value, unit = measure(head, _measures(head), *GROSS_WEIGHT)
    volume, volume_unit = measure(head, _measures(head), "AAW", "ABJ")
    requested = head.date("2")
    number = head.reference("AAS", "BM", "CN", "CRN", "UCN") or transport.get("conveyance", "")
    cells = {
        **document,
        "despatch_id": document.get("document_id", ""),
        "document_date": head.date("137"),
        "shipped_date": head.date("11", "118", "200"),
        "expected_date": head.date(*_EXPECTED) or requested,
        "requested_date": requested,
        "order_id": head.reference("ON"),
        "delivery_note_id": head.reference("DQ", "AAK"),
        "consignment_id": number,
        **trade_parties(head),
        **party_cells("ship_from", sender, "country_code"),
        **ship_to(head),
        "origin_location_code": head.place("5", "9", "88"),
        "destination_location_code": head.place("7", "8", "11"),
        **transport,
        "currency_code": head.currency(),
        "gross_weight": value,
        "weight_unit": unit,
        "volume": volume,
        "volume_unit": volume_unit,
        "lines_said": summary.count("2"),
        "text": head.text(),
    }
    return envelope_of(message) | cells


def despatches(message: Message) -> Iterator[Cells]:
    """The record of `despatches`."""
    first, levels, last = levels_of(message)
    head, summary = Section(first), Section([s for s in last if s.tag != "UNS"])
    cells = despatch_head(message, head, summary)
    # a level without lines describes the shipment; its packages are a table of their own
    outer = Section(levels[0].segments) if levels else Section([])
    value, unit = measure(outer, (n.segment for n in outer.all("MEA")), *GROSS_WEIGHT)
    if not cells["gross_weight"]:
        cells |= {"gross_weight": value, "weight_unit": unit}
    packed = [node.segment.at(1) for node in outer.all("PAC")]
    yield cells | {
        "package_count": (packed[0] if packed else "") or summary.count("11"),
        "lines_found": str(sum(len(level.lines) for level in levels)),
        "position": message.place(message.header),
        "other": head.other(summary),
    }


def packages(message: Message) -> Iterator[Cells]:
    """The records of `packages`: one for each PAC, and for a level without one its CPS."""
    first, levels, _ = levels_of(message)
    despatch = document_of(Section(first)).get("document_id", "")
    for level in levels:
        section = Section(level.segments)
        opened = section.first("CPS")
        for node in section.all("PAC") or ([opened] if opened else []):
            cells = envelope_of(message) | {
                "despatch_id": despatch,
                "level_id": opened.segment.at(1) if opened else "",
                "parent_level_id": opened.segment.at(2) if opened else "",
                **_package(section, node),
                "position": message.place(node.segment, f"CPS {opened.segment.at(1)}" if opened else ""),
            }
            rest = " ".join(s.text for s in (node.segment, *node.members) if not section.is_used(s))
            yield cells | {"other": rest if len(section.all("PAC")) > 1 else section.other()}


def _package(section: Section, node: Node) -> Cells:
    """One package: how many of which kind, with which marks."""
    s = node.segment
    numbers: list[str] = []
    of_level = [n.segment for tag in ("GIN", "PCI") for n in section.all(tag)]
    for member in (*node.members, *(of_level if len(section.all("PAC")) < 2 else ())):
        if member.tag == "GIN" and member.at(1) in _SSCC:
            section.use(member)
            numbers += serials(member)
    marks = [m for m in (*node.members, *of_level) if m.tag == "PCI"]
    section.use(*marks[:1])
    measured = (*node.below("MEA"), *_measures(section))
    value, unit = measure(section, measured, *GROSS_WEIGHT)
    if s.tag != "PAC":
        return {"sscc_id": " ".join(numbers), "gross_weight": value, "weight_unit": unit}
    section.use(s)
    return {
        "package_count": plain.number(s.at(1)),
        "package_code": s.at(3),
        "package_name": s.at(3, 4),
        "package_level_code": s.at(2),
        "sscc_id": " ".join(numbers),
        "marking_code": marks[0].at(1) if marks else "",
        "gross_weight": value,
        "weight_unit": unit,
    }


def serials(segment: Segment) -> list[str]:
    """Identity numbers of GIN, each composite one or a range from–to."""
    out = []
    for element in segment.elements[1:]:
        found = [part.strip() for part in element if part.strip()]
        out += ["–".join(found)] if found else []
    return out


def despatch_lines(message: Message) -> Iterator[Cells]:
    """The records of `despatch_lines`."""
    first, levels, last = levels_of(message)
    head = Section(first)
    common = despatch_head(message, head, Section([s for s in last if s.tag != "UNS"]))
    weight = kilograms(common["gross_weight"], common["weight_unit"])
    if not weight and levels:
        outer = Section(levels[0].segments)
        weight = kilograms(*measure(outer, _measures(outer), *GROSS_WEIGHT))
    ordinal = 0
    for level in levels:
        packed = Section(level.segments)
        around = _around(packed)
        for segments in level.lines:
            ordinal += 1
            line = Section(segments)
            cells = {name: common.get(name, "") for name in _CARRIED} | around | _line(line, common)
            cells["line_id"] = cells["line_id"] or str(ordinal)
            cells["is_first_line"] = "true" if ordinal == 1 else "false"
            cells["shipment_weight_kg"] = weight if ordinal == 1 else ""
            cells["sscc_id"] = around.get("sscc_id") or _identities(line, *_SSCC)
            cells["position"] = message.place(segments[0], f"LIN {segments[0].at(1)}")
            yield cells | {"other": line.other()}


def _around(packed: Section) -> Cells:
    """The package that lines stand in."""
    opened, package = packed.first("CPS"), packed.first("PAC")
    node = package or opened
    found = _package(packed, node) if node else {}
    return {
        "level_id": opened.segment.at(1) if opened else "",
        "parent_level_id": opened.segment.at(2) if opened else "",
        "sscc_id": found.get("sscc_id", ""),
        "package_code": found.get("package_code", ""),
        "package_count": found.get("package_count", ""),
    }


def _line(line: Section, common: Cells) -> Cells:
    """What a line says itself."""
    quantity, unit = line.quantity("12", "46", "47", "1")
    order_id, order_line_id = order_line(line)
    value, weight_unit = measure(line, _measures(line), *GROSS_WEIGHT)
    requested = line.date("2")
    cells = {
        **line_cells(line),
        "despatched_quantity": quantity,
        "unit_code": unit,
        "ordered_quantity": line.quantity("21")[0],
        "free_quantity": line.quantity("192")[0],
        "quantity_per_pack": line.quantity("59")[0],
        "batch_id": _identities(line, "BX") or line.reference("BT", "LO") or _batch_of_product(line),
        "serial_ids": _identities(line, "BN", "SRN"),
        "best_before_date": _date_in(line, "36", "361", "360"),
        "produced_date": _date_in(line, "94"),
        "order_id": order_id or common["order_id"],
        "order_line_id": order_line_id,
        "expected_date": line.date(*_EXPECTED) or requested or common["expected_date"],
        "requested_date": requested or common["requested_date"],
        "currency_code": line.currency() or common["currency_code"],
        "line_amount": line.amount("203"),
        "gross_weight": value,
        "weight_unit": weight_unit,
        "text": line.text(),
    }
    if note := line.reference("DQ", "AAK"):
        cells["delivery_note_id"] = note
    return cells


def _measures(section: Section) -> list[Segment]:
    return [node.segment for node in section.all("MEA")]


def _identities(line: Section, *codes: str) -> str:
    """Identity numbers of these kinds, also below packages of the line."""
    out: list[str] = []
    for node in line.nodes:
        for segment in (node.segment, *node.members):
            if segment.tag == "GIN" and segment.at(1) in codes:
                line.use(segment)
                out += serials(segment)
    return " ".join(out)


def _date_in(line: Section, *codes: str) -> str:
    """A date of the line, also one that stands below its packages, as dates of lots do."""
    if found := line.date(*codes):
        return found
    for code in codes:
        for node in (*line.all("PCI"), *line.all("PAC")):
            if segment := line.below(node, "DTM", code):
                line.use(node.segment)
                return plain.day(segment.at(1, 2), segment.at(1, 3))
    return ""


def _batch_of_product(line: Section) -> str:
    """A lot that stands among the numbers of the product: PIA of kind NB."""
    for node in line.all("PIA"):
        for element in range(2, 7):
            if node.segment.at(element, 2) == "NB":
                line.use(node.segment)
                return node.segment.at(element)
    return ""
