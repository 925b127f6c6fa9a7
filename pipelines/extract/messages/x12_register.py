"""The register of transaction sets: what the envelope of each says, and what was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.extract.messages.edi_envelope import answer_to_all
from pipelines.extract.messages.edi_errors import told
from pipelines.extract.messages.x12_checks import Unknown
from pipelines.extract.messages.x12_envelope import Interchange, Message
from pipelines.extract.messages.x12_plain import plain_date, plain_moment
from pipelines.extract.messages.x12_syntax import Segment

ANSWERS = {
    "A": "accepted", "E": "accepted_with_errors", "P": "partially_accepted", "R": "rejected", "M": "rejected",
    "W": "rejected", "X": "rejected",
}  # fmt: skip
"""What an acknowledgement says of a set or a group (data elements 715 and 717)."""
_INTERCHANGE_ANSWERS = {"A": "received", "E": "accepted_with_errors", "R": "rejected"}
_DOCUMENT = {
    "850": ("BEG", 3, 1), "860": ("BCH", 3, 1), "855": ("BAK", 3, 1), "865": ("BCA", 3, 1), "810": ("BIG", 2, 8),
    "856": ("BSN", 2, 1), "214": ("B10", 2, 0), "940": ("W05", 2, 1), "945": ("W06", 4, 0), "824": ("BGN", 2, 1),
}  # fmt: skip
"""Set → segment that begins its document, element with the number, element with what it is for (0: none)."""
ANSWERS_TO_ORDERS = {
    "AC": "changed", "AD": "accepted", "AE": "changed", "AH": "on_hold", "AK": "accepted", "AP": "accepted",
    "AT": "accepted", "RD": "rejected", "RF": "rejected", "RJ": "rejected", "RO": "rejected",
}  # fmt: skip
"""What 855 and 865 say of an order as a whole (data element 587)."""
_ADVICE = {
    "A": "accepted", "C": "accepted_with_errors", "E": "accepted_with_errors", "P": "partially_accepted",
    "R": "rejected",
}  # fmt: skip
"""Second letter of what 824 says of a batch, group, set or item (data element 110)."""
_OF_GROUPS = {
    "PO": "850", "PR": "855", "PC": "860", "CA": "865", "SH": "856", "IN": "810", "QM": "214", "OW": "940", "SW": "945",
    "FA": "997 999", "AG": "824", "SM": "204", "GF": "990", "IM": "210", "RA": "820", "SC": "832", "IB": "846",
    "PD": "852", "RC": "861", "PS": "830", "SS": "862", "AR": "943", "RE": "944", "AW": "947",
}  # fmt: skip
"""Functional groups and the sets that stand in them (data element 479)."""


@dataclass
class Noted:
    """What the register keeps of a set once its text is gone: an interchange may hold very many."""

    message: Message
    cells: dict[str, str]


def noted(message: Message, unknown: Unknown) -> Noted:
    """A set as far as it can be told before its interchange has ended."""
    tag, number, function = _DOCUMENT.get(message.kind, ("", 0, 0))
    begin = next((s for s in message.segments if s.tag == tag), None)
    cells = {
        "document_id": begin.get(number) if begin else "",
        "message_function": begin.get(function) if begin and function else "",
        "segments_said": message.said,
        "segments_found": str(message.found),
        "unknown_segments": unknown.of(message),
        **_answered(message),
    }
    message.segments = []
    return Noted(message, cells)


def register(interchange: Interchange, sets: list[Noted]) -> Iterator[dict[str, str]]:
    """The records of an interchange that has ended: one for each TA1 in it, and for each set."""
    for ta1 in interchange.acknowledged:
        yield {
            **of_interchange(interchange),
            "position": f"interchange {interchange.ordinal}, line {ta1.line}",
            "group_number": "none",
            "message_number": f"TA1-{ta1.get(1)}",
            "message_type": "TA1",
            "segments_found": "1",
            "messages_found": "0",
            "acknowledged_interchange_number": ta1.get(1),
            "acknowledgement_code": _INTERCHANGE_ANSWERS.get(ta1.get(4), ta1.get(4)),
            "acknowledgement_errors": "; ".join(told("interchange", [ta1.get(5).removeprefix("000")], "interchange")),
            "message_faults": " ".join(interchange.faults) or "none",
        }
    for message, cells in ((kept.message, kept.cells) for kept in sets):
        group = message.group
        faults = [*message.faults, *(group.faults if group else ()), *interchange.faults]
        yield {
            **envelope(message),
            **cells,
            "position": f"interchange {interchange.ordinal}, message {message.ordinal}, line {message.head.line}",
            "messages_said": group.said if group else "",
            "messages_found": str(group.found if group else len(sets)),
            "message_faults": " ".join(faults) or "none",
        }


def of_interchange(interchange: Interchange) -> dict[str, str]:
    """Columns of an interchange."""
    head = interchange.head
    return {
        "format_code": "x12",
        "sender_id": head.get(6),
        "sender_qualifier": head.get(5),
        "receiver_id": head.get(8),
        "receiver_qualifier": head.get(7),
        "interchange_number": interchange.number,
        "message_version": head.get(12),
        "created_at": plain_moment(head.get(9), head.get(10), ""),
        "is_acknowledgement_wanted": {"1": "true", "0": "false"}.get(head.get(14), ""),
        "is_test": {"T": "true", "P": "false", "I": "false"}.get(head.get(15), ""),
        "groups_found": str(interchange.groups),
        "groups_said": interchange.groups_said,
    }


def envelope(message: Message) -> dict[str, str]:
    """Columns of interchange, group and set."""
    group = message.group.head if message.group else None
    cells = {
        **of_interchange(message.interchange),
        "group_number": (group.get(6) if group else "") or "none",
        "message_number": message.number,
        "message_type": message.kind,
    }
    if group:
        cells |= {
            "application_sender_id": group.get(2),
            "application_receiver_id": group.get(3),
            "message_version": message.head.get(3) or group.get(8) or cells["message_version"],
            "group_date": plain_date(group.get(4)),
        }
    return cells


def _answered(message: Message) -> dict[str, str]:
    match message.kind:
        case "997" | "999":
            return _answer(message)
        case "824":
            return _advice(message)
        case "855" | "865":
            head = next((s for s in message.segments if s.tag in ("BAK", "BCA")), None)
            code = ANSWERS_TO_ORDERS.get(head.get(2), "") if head else ""
            return {"answered_document_id": head.get(3) if head else "", "document_answer_code": code}
        case _:
            return {}


def _advice(message: Message) -> dict[str, str]:
    """What an application advice says of the sets that it names."""
    named: list[tuple[str, Segment]] = []
    errors: list[str] = []
    for s in message.segments:
        if s.tag == "OTI":
            named.append((_ADVICE.get(s.get(1)[1:], ""), s))
        elif s.tag == "TED" and named:
            oti = named[-1][1]
            place = " ".join(filter(None, (oti.get(9) or oti.get(3), s.get(3), s.get(4) and f"at {s.get(4)}")))
            place += f" element {s.get(5)}" if s.get(5) else ""
            text = s.get(2).replace(";", ",")
            errors += [f"{place}: {s.get(1)} {text}"] if text else told(place, [s.get(1)], "advice")
    groups, numbers, kinds, documents = (
        list(dict.fromkeys(filter(None, (s.get(n) for _, s in named)))) for n in (8, 9, 10, 3)
    )
    codes = [code for code, _ in named if code]
    return {
        "acknowledged_group_number": groups[0] if len(groups) == 1 else "",
        "acknowledged_message_number": " ".join(numbers),
        "acknowledged_message_type": " ".join(kinds),
        "answered_document_id": documents[0] if len(documents) == 1 else "",
        "acknowledgement_code": answer_to_all("", codes, errors=bool(errors)),
        "rejected_message_number": " ".join(s.get(9) for code, s in named if code == "rejected" and s.get(9)),
        "acknowledgement_errors": "; ".join(errors),
    }


def _answer(message: Message) -> dict[str, str]:
    """What an acknowledgement says: of the group as a whole, which sets it names, and what is wrong with them."""
    numbers: list[str] = []
    codes: list[str] = []
    rejected: list[str] = []
    kinds: list[str] = []
    group = number = said = place = of_group = ""
    errors: list[str] = []
    for s in message.segments:
        match s.tag:
            case "AK1":
                group, of_group = s.get(2), _OF_GROUPS.get(s.get(1), "")
            case "AK2":
                number = s.get(2)
                kinds.append(s.get(1))
                numbers.append(number)
            case "AK3" | "IK3":
                place = f"{number} {s.get(1)} at {s.get(2)}"
                errors += told(place, s.get(4).split(message.interchange.separators.repetition or None), "segment")
            case "AK4" | "IK4":
                at = s.get(1).replace(message.interchange.separators.component or " ", ".")
                errors += told(f"{place} element {at}", [s.get(3)], "element")
            case "AK5" | "IK5":
                codes.append(ANSWERS.get(s.get(1), s.get(1)))
                rejected += [number] if codes[-1] == "rejected" else []
                errors += told(number, (s.get(n) for n in range(2, 7)), "message")
            case "AK9":
                said = ANSWERS.get(s.get(1), s.get(1))
                errors += told(f"group {group}", (s.get(n) for n in range(5, 10)), "group")
                sent, received, taken = (s.get(n) for n in (2, 3, 4))
                if len({n.lstrip("0") for n in (sent, received, taken)}) > 1:
                    errors.append(f"group {group}: of {sent} sent {received} received and {taken} accepted")
    return {
        "acknowledged_group_number": group,
        "acknowledged_message_number": " ".join(numbers),
        "acknowledged_message_type": " ".join(dict.fromkeys(kinds)) or of_group,
        "acknowledgement_code": answer_to_all(said, codes, errors=bool(errors)),
        "rejected_message_number": " ".join(rejected),
        "acknowledgement_errors": "; ".join(errors),
    }
