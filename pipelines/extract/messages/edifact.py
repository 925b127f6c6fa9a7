"""UN/EDIFACT: the tables of a file of interchanges, message by message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from pipelines.extract.messages.edi_envelope import of_other_types
from pipelines.extract.messages.edifact_despatch import despatch_lines, despatches, packages
from pipelines.extract.messages.edifact_en16931 import ids_of, judged, told
from pipelines.extract.messages.edifact_envelope import Interchange, Message, Part
from pipelines.extract.messages.edifact_envelope import Messages as Walk
from pipelines.extract.messages.edifact_invoice import invoice_lines, invoice_taxes, invoices
from pipelines.extract.messages.edifact_section import Section
from pipelines.extract.messages.edifact_status import acknowledgements, answered, statuses
from pipelines.extract.messages.edifact_syntax import Notes, Segments
from pipelines.extract.messages.edifact_tags import KNOWN
from pipelines.extract.messages.edifact_trade import (
    document_of,
    envelope_of,
    order_lines,
    order_responses,
    orders,
)  # fmt: skip
from pipelines.extract.messages.message import MessageTable, Record
from pipelines.extract.messages.order_answers import Cells

Maker = Callable[[Message], Iterator[Cells]]
TABLES: Mapping[str, tuple[frozenset[str], Maker]] = {
    "orders": (frozenset({"ORDERS", "ORDCHG"}), orders),
    "order_lines": (frozenset({"ORDERS", "ORDCHG"}), order_lines),
    "order_responses": (frozenset({"ORDRSP"}), order_responses),
    "despatches": (frozenset({"DESADV"}), despatches),
    "packages": (frozenset({"DESADV"}), packages),
    "despatch_lines": (frozenset({"DESADV"}), despatch_lines),
    "invoices": (frozenset({"INVOIC"}), invoices),
    "invoice_lines": (frozenset({"INVOIC"}), invoice_lines),
    "invoice_taxes": (frozenset({"INVOIC"}), invoice_taxes),
    "statuses": (frozenset({"IFTSTA"}), statuses),
    "acknowledgements": (frozenset({"CONTRL"}), acknowledgements),
}
"""Table → types of message it is made of, and how."""
_JUDGED = frozenset(table for table, (types, _) in TABLES.items() if "INVOIC" in types)
_WITH_TABLES = frozenset().union(*(types for types, _ in TABLES.values()))


class Messages(MessageTable):
    """A file of EDIFACT interchanges open for reading."""

    def records(self) -> Iterator[Record]:
        """The records of the table; at the end the totals and warnings of the file are known."""
        table = self.fmt.table or "interchanges"
        row = 0
        walk = self._walk()
        ends = self._ends() if table == "interchanges" else []
        types: Counter[str] = Counter()
        for message in walk:
            self._tell_unknown(message, walk.notes)
            types[message.type] += 1
            if table in _JUDGED and message.type == "INVOIC":
                self._judge(message, walk.notes)
            if table == "interchanges":
                made: Iterator[Cells] = iter([interchange_cells(message, ends[len(walk.interchanges) - 1])])
            elif table == "segments":
                made = segment_cells(message)
            elif message.type in TABLES[table][0]:
                made = TABLES[table][1](message)
            else:
                made = iter(())
            for cells in made:
                row += 1
                yield Record(row, {name: cells[name] for name in self.columns if cells.get(name)})
        walk.tell(self.tally)
        made_of = TABLES[table][0] if table in TABLES else frozenset()
        unread = Counter({kind: times for kind, times in types.items() if kind not in made_of})
        self.tally.warnings += of_other_types(table, unread, _WITH_TABLES)

    def _walk(self) -> Walk:
        declared = self.fmt.encoding if "encoding" in self.fmt.model_fields_set else None
        return Walk(Segments(self.path, self.name, declared, Notes()))

    def _ends(self) -> list[Interchange]:
        """Every interchange with what its trailer says: that stands behind its messages, so the file is read before."""
        walk = self._walk()
        for _ in walk:
            pass
        return walk.interchanges

    def _judge(self, message: Message, notes: Notes) -> None:
        """What the invoice breaks becomes a fault of its message, and is told with its place."""
        found = judged(message)
        message.faults += ids_of(found)
        for what, where in told(message, found):
            notes.add(what, where)
        if document_of(Section(message.segments[:1])).get("message_function") in ("1", "3"):
            message.faults.append("taken_back")

    def _tell_unknown(self, message: Message, notes: Notes) -> None:
        known = KNOWN.get(message.type)
        for segment in message.segments if known else ():
            if known and segment.tag not in known:
                notes.add(f"segment {segment.tag}, which {message.type} does not have", message.place(segment))


def interchange_cells(message: Message, whole: Interchange) -> Cells:
    """The record of `interchanges`; `whole` is its interchange read to the end."""
    head = Section(message.segments[:1])
    around: Part = whole.groups[len(message.interchange.groups) - 1] if message.group else whole
    header = whole.header
    known = KNOWN.get(message.type)
    unknown = Counter(s.tag for s in message.segments if known and s.tag not in known)
    groups = bool(whole.groups)
    faults = [*message.faults, *(around.faults if groups else ()), *whole.faults]
    return {
        **envelope_of(message),
        **document_of(head),
        "position": message.place(message.header),
        "format_code": "edifact",
        "sender_qualifier": header.at(2, 2),
        "receiver_qualifier": header.at(3, 2),
        "group_number": message.group.number if message.group else "none",
        "syntax": ":".join(header.elements[0]),
        "created_at": whole.created_at,
        "application_id": header.at(7),
        "is_acknowledgement_wanted": "true" if header.at(9) == "1" else "false",
        "is_test": "true" if header.at(11) in ("1", "2", "3", "4") else "false",
        "segments_said": message.said,
        "segments_found": str(message.found),
        "messages_said": around.said,
        "messages_found": str(around.found),
        "groups_said": whole.said if groups else "",
        "groups_found": str(whole.found) if groups else "",
        "unknown_segments": ", ".join(f"{tag} ({times})" for tag, times in sorted(unknown.items())),
        "message_faults": " ".join(dict.fromkeys(faults)) or "none",
        **answered(message),
    }


def segment_cells(message: Message) -> Iterator[Cells]:
    """The records of `segments`."""
    for number, segment in enumerate([message.header, *message.segments], 1):
        yield envelope_of(message) | {
            "position": message.place(segment),
            "segment_number": str(number),
            "tag": segment.tag,
            "text": segment.text,
        }
