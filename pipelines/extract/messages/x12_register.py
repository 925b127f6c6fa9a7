"""The register of transaction sets: what the envelope of each says, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.extract.messages.edi_envelope import answer_to_all
from pipelines.extract.messages.x12_checks import Unknown
from pipelines.extract.messages.x12_envelope import Interchange, Message
from pipelines.extract.messages.x12_plain import plain_date, plain_moment

ANSWERS = {
    "A": "accepted", "E": "accepted_with_errors", "P": "partially_accepted", "R": "rejected", "M": "rejected",
    "W": "rejected", "X": "rejected",
}  # fmt: skip
"""What an acknowledgement says of a set or a group (data elements 715 and 717)."""
_INTERCHANGE_ANSWERS = {"A": "received", "E": "accepted_with_errors", "R": "rejected"}
_DOCUMENT = {
    "850": ("BEG", 3, 1), "860": ("BCH", 3, 1), "855": ("BAK", 3, 1), "865": ("BCA", 3, 1), "810": ("BIG", 2, 8),
    "856": ("BSN", 2, 1), "214": ("B10", 2, 0), "940": ("W05", 2, 1), "945": ("W06", 4, 0),
}  # fmt: skip
"""Set → segment that begins its document, element with the number, element with what it is for (0: none)."""


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
        **(_answer(message) if message.kind in ("997", "999") else {}),
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
            "acknowledgement_errors": ta1.get(5).removeprefix("000"),
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


def _answer(message: Message) -> dict[str, str]:
    """What an acknowledgement says: of the group as a whole, which sets it names, and what is wrong with them."""
    numbers: list[str] = []
    codes: list[str] = []
    rejected: list[str] = []
    group = number = said = place = ""
    errors: list[str] = []
    for s in message.segments:
        match s.tag:
            case "AK1":
                group = s.get(2)
            case "AK2":
                number = s.get(2)
                numbers.append(number)
            case "AK3" | "IK3":
                place = f"{number} {s.get(1)} at {s.get(2)}"
                errors += _errors(place, s.get(4).split(message.interchange.separators.repetition or None))
            case "AK4" | "IK4":
                at = s.get(1).replace(message.interchange.separators.component or " ", ".")
                errors += _errors(f"{place} element {at}", [s.get(3)])
            case "AK5" | "IK5":
                codes.append(ANSWERS.get(s.get(1), s.get(1)))
                rejected += [number] if codes[-1] == "rejected" else []
                errors += _errors(number, (s.get(n) for n in range(2, 7)))
            case "AK9":
                said = ANSWERS.get(s.get(1), s.get(1))
                errors += _errors(f"group {group}", (s.get(n) for n in range(5, 10)))
                sent, received, taken = (s.get(n) for n in (2, 3, 4))
                if len({n.lstrip("0") for n in (sent, received, taken)}) > 1:
                    errors.append(f"group {group}: {sent} sent, {received} received, {taken} accepted")
    return {
        "acknowledged_group_number": group,
        "acknowledged_message_number": " ".join(numbers),
        "acknowledgement_code": answer_to_all(said, codes, errors=bool(errors)),
        "rejected_message_number": " ".join(rejected),
        "acknowledgement_errors": "; ".join(errors),
    }


def _errors(place: str, codes: Iterable[str]) -> list[str]:
    found = " ".join(filter(None, codes))
    return [f"{place}: {found}"] if found else []
