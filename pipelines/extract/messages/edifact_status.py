"""IFTSTA: events of transport by consignment. CONTRL, APERAK, ORDRSP: what a partner made of what was sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipelines.extract.messages.edi_envelope import answer_to_all
from pipelines.extract.messages.edi_errors import told
from pipelines.extract.messages.edifact_envelope import Message
from pipelines.extract.messages.edifact_section import TRANSPORT, Node, Section, date_of, order_line, party
from pipelines.extract.messages.edifact_syntax import Segment
from pipelines.extract.messages.edifact_trade import (
    document_of,
    envelope_of,
    parts_of,
    said_of_whole,
    transport_of,
)  # fmt: skip
from pipelines.extract.messages.order_answers import Cells

_EVENT_DATES = ("334", "78", "7", "1", "35", "11", "178", "186", "132", "133", "137")
_EVENT = {tag: members for tag, members in TRANSPORT.items() if tag != "RFF"}
"""Behind STS the dates are those of the event, also where references stand before them; 171 is that of a reference."""
_CONSIGNMENT = ("CU", "CN", "AAS", "BM", "AAM")
_SHIPMENT = ("SRN", "DQ", "AAK", "SI")
_PLACES = ("175", "7", "5", "9", "11", "8", "12", "13", "14", "60", "61")
_LOCODE = re.compile(r"[A-Z]{2} ?[A-Z2-9]{3}")

ACTIONS = {
    "1": "accepted", "2": "accepted_with_errors", "3": "partially_accepted", "4": "rejected", "5": "accepted",
    "6": "rejected", "7": "accepted", "8": "received",
}  # fmt: skip
"""Data element 0083; 1, 2, 3, 5 and 6 are those of old service messages."""


def statuses(message: Message) -> Iterator[Cells]:
    """The records of `statuses`: one for each STS; a consignment or message without one is told by a record, too."""
    head, consignments = _consignments(message)
    top = Section(head, TRANSPORT)
    document = document_of(top)
    common = envelope_of(message) | {
        "document_id": document.get("document_id", ""),
        "document_date": top.date("137"),
        **_references(top),
        **_carrier(top),
    }
    untold: list[Section] = [top]
    ordinal = 0
    for opening, events in consignments or [([], [])]:
        consignment = Section(opening, TRANSPORT)
        node = consignment.first("CNI")
        own = common | _given(_references(consignment)) | _given(_carrier(consignment))
        if node:
            own["consignment_ordinal"] = node.segment.at(1)
            own["consignment_id"] = node.segment.at(2) or own["consignment_id"]
        untold.append(consignment)
        for segments in events or [[]]:
            ordinal += 1
            event = Section(segments, _EVENT)
            cells = own | _given(_references(event)) | _given(_carrier(event)) | _event(event)
            at = (segments or opening or [message.header])[0]
            cells["event_ordinal"] = str(ordinal)
            cells["position"] = message.place(at, f"STS {ordinal}" if segments else "without STS")
            yield cells | {"other": event.other(*untold)}
            untold = []


def _consignments(message: Message) -> tuple[list[Segment], list[tuple[list[Segment], list[list[Segment]]]]]:
    """The head, then each consignment with its events; events without CNI are those of one without a number."""
    head: list[Segment] = []
    found: list[tuple[list[Segment], list[list[Segment]]]] = []
    for segment in message.segments:
        if segment.tag == "CNI":
            found.append(([segment], []))
        elif segment.tag == "STS":
            if not found:
                found.append(([], []))
            found[-1][1].append([segment])
        elif not found:
            head.append(segment)
        elif found[-1][1]:
            found[-1][1][-1].append(segment)
        else:
            found[-1][0].append(segment)
    return head, found


def _given(cells: Cells) -> Cells:
    return {name: value for name, value in cells.items() if value}


def _references(section: Section) -> Cells:
    return {
        "consignment_id": section.reference(*_CONSIGNMENT),
        "shipment_reference": section.reference(*_SHIPMENT),
        "order_id": section.reference("ON"),
    }


def _carrier(section: Section) -> Cells:
    cells = transport_of(section)
    node = section.first("TDT")
    wanted = ("carrier_id", "carrier_name", "transport_mode", "vehicle_id")
    return {name: cells.get(name, "") for name in wanted} | {"transport_stage": node.segment.at(1) if node else ""}


def _event(event: Section) -> Cells:
    node = event.first("STS")
    if node is None:
        return {}
    s = node.segment
    at, code = event.moment(*_EVENT_DATES)
    others = (node.segment for node in event.all("DTM") if node.segment.at(1) != "171")
    if not at and (other := next(others, None)):
        event.use(other)
        at, code = date_of(other)
    place = _place(event)
    found, _ = party(event, "CN", "DP", "ST")
    country = event.place("36") or (place[0][:2] if _LOCODE.fullmatch(place[0]) else "") or found.country
    units = [n.segment for n in event.all("EQD")]
    event.use(*units)
    return {
        "status_category": s.at(1),
        "status_code": s.at(2),
        "status_name": s.at(2, 4),
        "reason_code": s.at(3),
        "reason_name": s.at(3, 4),
        "event_at": at,
        "event_time_code": code,
        "location_code": place[0],
        "location_name": place[1],
        "location_function": place[2],
        "country_code": country,
        "equipment_id": " ".join(unit.at(2) for unit in units if unit.at(2)),
        "text": event.text(),
    }


def _place(event: Section) -> tuple[str, str, str]:
    """Code, name and function of the place of the event, also one below its means of transport."""
    node: Node | None = event.first("LOC", *_PLACES) or next(
        (n for n in event.all("LOC") if n.segment.at(1) != "36"), None
    )
    segment = node.segment if node else None
    for opener in event.all("TDT") if segment is None else ():
        segment = segment or event.below(opener, "LOC", *_PLACES)
    if segment is None:
        return "", "", ""
    event.use(segment)
    return segment.at(2), segment.at(2, 4), segment.at(1)


def acknowledgements(message: Message) -> Iterator[Cells]:
    """The records of `acknowledgements`."""
    cells = envelope_of(message)
    for segment in message.segments:
        level = _LEVELS.get(segment.tag)
        if level is None:
            continue
        if segment.tag == "UCI":
            cells |= {
                "acknowledged_interchange_number": segment.at(1),
                "acknowledged_sender_id": segment.at(2),
                "acknowledged_receiver_id": segment.at(3),
            }
        elif segment.tag == "UCF":
            cells |= {"acknowledged_group_number": segment.at(1), "acknowledged_message_number": ""}
        elif segment.tag == "UCM":
            kind = ":".join(segment.elements[1]) if len(segment.elements) > 1 else ""
            cells |= {"acknowledged_message_number": segment.at(1), "acknowledged_message_type": kind}
        yield cells | _answer(segment, level) | {"position": message.place(segment, segment.tag)}
    known = {*_LEVELS}
    if rest := " ".join(s.text for s in message.segments if s.tag not in known):
        yield cells | {"level": "other", "other": rest, "position": message.place(message.header)}


_LEVELS = {"UCI": "interchange", "UCF": "group", "UCM": "message", "UCS": "segment", "UCD": "element"}
_ACTION_AT = {"UCI": 4, "UCF": 4, "UCM": 3}


def _answer(segment: Segment, level: str) -> Cells:
    cells = {"level": level}
    if segment.tag == "UCS":
        return cells | {"segment_position": segment.at(1), "error_code": segment.at(2)}
    if segment.tag == "UCD":
        place = ".".join(filter(None, (segment.at(2), segment.at(2, 2))))
        return cells | {"error_code": segment.at(1), "element_position": place}
    at = _ACTION_AT[segment.tag]
    return cells | {
        "action_code": segment.at(at),
        "acknowledgement_code": ACTIONS.get(segment.at(at), ""),
        "error_code": segment.at(at + 1),
        "error_tag": segment.at(at + 2),
    }


_ADVICE = {"accepted": "accepted", "changed": "accepted_with_errors", "on_hold": "received", "rejected": "rejected"}
_ERROR_MESSAGE = "313"


def answered(message: Message) -> Cells:
    """Columns of the register that say what the message answers, and how."""
    match message.type:
        case "CONTRL":
            return _of_syntax(message)
        case "APERAK":
            return _of_application(message)
        case "ORDRSP":
            head = parts_of(message).head
            return {"answered_document_id": order_line(head)[0], "document_answer_code": said_of_whole(head)}
        case _:
            return {}


def _of_application(message: Message) -> Cells:
    """What APERAK says of a message or document: errors make it rejected where it does not say otherwise."""
    head = Section(message.segments)
    place, errors = "", []
    for segment in message.segments:
        if segment.tag == "RFF":
            place = segment.at(1, 2) or place
        elif segment.tag == "ERC":
            errors.append(f"{place or 'message'}: {segment.at(1)}")
        elif segment.tag == "FTX" and errors:
            text = " ".join(filter(None, (segment.at(4, n) for n in range(1, 6)))).replace(";", ",")
            errors[-1] += f" {text}" if text else ""
    code = document_of(head).get("document_code", "")
    silent = "rejected" if errors or code == _ERROR_MESSAGE else "accepted"
    return {
        "acknowledged_message_number": head.reference("ACW"),
        "answered_document_id": head.reference("DM", "ON", "IV", "DQ", "AAK", "ACE", "AGO", "TN"),
        "acknowledgement_code": _ADVICE.get(said_of_whole(head), silent),
        "acknowledgement_errors": "; ".join(errors),
    }


def _of_syntax(message: Message) -> Cells:
    """What CONTRL as a whole says: of the interchange, unless it says otherwise of its messages."""
    answers = list(acknowledgements(message))
    whole = next((a for a in answers if a["level"] == "interchange"), None)
    if whole is None:
        return {}
    parts = [a for a in answers if a["level"] in ("group", "message")]
    messages = [a for a in parts if a["level"] == "message"]
    groups = {a["acknowledged_group_number"] for a in parts if a.get("acknowledged_group_number")}
    places = _errors_at(answers)
    errors = [e for a, at in zip(answers, places, strict=True) for e in told(at, [a.get("error_code", "")], "edifact")]
    codes = [a["acknowledgement_code"] for a in parts]
    return {
        "acknowledged_interchange_number": whole["acknowledged_interchange_number"],
        "acknowledged_group_number": groups.pop() if len(groups) == 1 else "",
        "acknowledged_message_number": " ".join(a["acknowledged_message_number"] for a in messages),
        "acknowledged_message_type": " ".join(
            dict.fromkeys(a["acknowledged_message_type"].partition(":")[0] for a in messages)
        ),
        "acknowledgement_code": answer_to_all(whole["acknowledgement_code"], codes, errors=bool(errors)),
        "rejected_message_number": " ".join(
            a["acknowledged_message_number"] for a in messages if a["acknowledgement_code"] == "rejected"
        ),
        "acknowledgement_errors": "; ".join(errors),
    }


def _errors_at(answers: Sequence[Cells]) -> Iterator[str]:
    """Where each answer is, as `2 segment 4 element 3.1`."""
    segment = ""
    for a in answers:
        segment = a.get("segment_position", segment if a["level"] == "element" else "")
        part = {"interchange": "interchange", "group": f"group {a.get('acknowledged_group_number')}"}.get(a["level"])
        place = part or a.get("acknowledged_message_number", "")
        place += f" segment {segment}" if segment else ""
        place += f" element {a['element_position']}" if a.get("element_position") else ""
        yield place
