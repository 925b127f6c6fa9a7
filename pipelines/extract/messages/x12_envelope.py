"""Transaction sets of X12 in their envelopes: interchange ISA/IEA, functional group GS/GE, set ST/SE.

Numbers and counts of the trailers are compared with what came (see edi_envelope).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.errors import DeliveryError
from pipelines.extract.facts import FormatTotal
from pipelines.extract.messages.edi_envelope import CountedByTrailers, NumbersOfTrailers, UsedNumbers
from pipelines.extract.messages.x12_syntax import Segment, SegmentReader, Separators
from pipelines.extract.table import count_of

MAX_SEGMENTS = 1_000_000
"""Of one set: it is held in memory until its trailer says whether it is whole."""


@dataclass
class Group:
    """A functional group. `found` counts its sets so far; what the trailer says is known when it has come."""

    head: Segment
    ordinal: int
    found: int = 0
    said: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass
class Interchange:
    """An interchange; `acknowledged` are its TA1 segments."""

    head: Segment
    ordinal: int
    separators: Separators
    acknowledged: list[Segment] = field(default_factory=list)
    groups: int = 0
    groups_said: str = ""
    messages: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def number(self) -> str:
        """Its control number."""
        return self.head.get(13)


@dataclass
class Message:
    """One transaction set. `segments` are those between ST and SE; `ordinal` counts the sets of the file from 1."""

    interchange: Interchange
    group: Group | None
    head: Segment
    ordinal: int
    segments: list[Segment] = field(default_factory=list)
    said: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The number of the set: 850, 856, …."""
        return self.head.get(1)

    @property
    def number(self) -> str:
        """Its control number."""
        return self.head.get(2)

    @property
    def release(self) -> str:
        """The release of the standard that its group or itself names: 004010; empty where none is said."""
        said = self.head.get(3) or (self.group.head.get(8) if self.group else "")
        return said[:6] if said[:6].isdecimal() else ""

    @property
    def found(self) -> int:
        """Its segments, ST and SE counted as the standard wants it."""
        return len(self.segments) + 2

    def place(self, segment: Segment) -> str:
        """Where one of its segments stands; ST is the first of a set."""
        number = segment.number - self.head.number + 1
        return f"message {self.ordinal} ({self.kind} {self.number}), segment {number}, line {segment.line}"


class Envelopes:
    """The sets of a file in order; when they are exhausted, `totals` says what the trailers promised."""

    def __init__(self, reader: SegmentReader) -> None:
        self._reader = reader
        self._totals = {name: CountedByTrailers(name) for name in ("segments", "messages", "groups")}
        self._control_numbers = NumbersOfTrailers("control_numbers")
        self._numbers = UsedNumbers()
        self._interchange: Interchange | None = None
        self._group: Group | None = None
        self._message: Message | None = None
        self._counts: Counter[str] = Counter()
        self._empty: list[str] = []

    def items(self) -> Iterator[Message | Interchange]:
        """Each set at its trailer, each interchange at its own: what it says then holds for the sets before it."""
        for segment in self._reader.segments():
            if self._message is not None and segment.tag not in ("SE", "ST", "GE", "GS", "IEA", "ISA"):
                if len(self._message.segments) >= MAX_SEGMENTS:
                    raise self._fault("transaction set too long", segment, f"at most {MAX_SEGMENTS} segments")
                self._message.segments.append(segment)
            elif (done := self._envelope(segment)) is not None:
                yield done

    def totals(self) -> list[FormatTotal]:
        """The control totals of the file."""
        return [*(total.total() for total in self._totals.values()), self._control_numbers.total()]

    def warnings(self) -> Iterator[str]:
        """Interchanges in which nothing was sent."""
        if self._empty:
            yield f"{count_of(len(self._empty), 'interchange')} without a set (first {self._empty[0]})"

    def _envelope(self, segment: Segment) -> Message | Interchange | None:
        match segment.tag:
            case "ISA" if self._interchange is None:
                self._interchange = Interchange(segment, self._next("interchange"), self._reader.separators)
                parties = (segment.get(n) for n in (5, 6, 7, 8))
                self._interchange.faults += self._numbers.take("interchange", *parties, self._interchange.number)
            case "TA1" if self._interchange and not self._group:
                self._interchange.acknowledged.append(segment)
            case "GS" if self._interchange and not self._group:
                self._interchange.groups += 1
                self._group = Group(segment, self._next("group"))
                self._group.faults += self._numbers.take("group", segment.get(6))
            case "ST" if self._interchange and not self._message:
                self._interchange.messages += 1
                self._message = Message(self._interchange, self._group, segment, self._next("message"))
                if self._group:
                    self._message.faults += self._numbers.take("message", self._message.number)
            case "SE" if self._message:
                return self._end_of_message(self._message, segment)
            case "GE" if self._group and not self._message:
                self._end_of_group(self._group, segment)
            case "IEA" if self._interchange and not self._group and not self._message:
                return self._end_of_interchange(self._interchange, segment)
            case _:
                raise self._fault(f"segment {segment.tag[:3]!r} out of place", segment, self._awaited())
        return None

    def _end_of_message(self, message: Message, end: Segment) -> Message:
        message.said = end.get(1)
        where = self.where(end)
        if not self._same(message.number, end.get(2), where):
            message.faults.append("message_reference")
        if not self._totals["segments"].agree(message.said, message.found, where):
            message.faults.append("segment_count")
        if message.group:
            message.group.found += 1
        self._message = None
        return message

    def _end_of_group(self, group: Group, end: Segment) -> None:
        group.said = end.get(1)
        where = self.where(end)
        if not self._same(group.head.get(6), end.get(2), where):
            group.faults.append("group_reference")
        if not self._totals["messages"].agree(group.said, group.found, where):
            group.faults.append("message_count")
        self._group = None

    def _end_of_interchange(self, interchange: Interchange, end: Segment) -> Interchange:
        interchange.groups_said = end.get(1)
        where = self.where(end)
        if not self._same(interchange.number, end.get(2), where):
            interchange.faults.append("interchange_reference")
        if not self._totals["groups"].agree(end.get(1), interchange.groups, where):
            interchange.faults.append("group_count")
        if not interchange.messages and not interchange.acknowledged:
            self._empty.append(where)
        self._interchange = None
        return interchange

    def _same(self, head: str, end: str, where: str) -> bool:
        """Whether a trailer repeats the number of its header; leading zeros of numbers do not count."""
        same = head == end or (head.isdigit() and end.isdigit() and int(head) == int(end))
        return self._control_numbers.agree(end, head, where, is_same=same)

    def _next(self, what: str) -> int:
        self._counts[what] += 1
        return self._counts[what]

    def where(self, segment: Segment) -> str:
        """The place of a segment."""
        return f"{self._reader.name}:{segment.line}"

    def _awaited(self) -> str:
        if self._message:
            return f"segments of the set that began in line {self._message.head.line}, or its trailer SE"
        if self._group:
            return "a set ST, or the trailer GE of the group"
        return "a group GS, or the trailer IEA of the interchange" if self._interchange else "a header ISA"

    def _fault(self, what: str, segment: Segment, expected: str) -> DeliveryError:
        return DeliveryError(
            what,
            where=self.where(segment),
            got=f"segment {segment.tag[:3]!r}",
            expected=expected,
            next_step="send the file again with a header and a trailer for each set, group and interchange",
        )
