"""Segments to messages: interchanges, groups and messages, their trailers against what was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.extract.messages.edi_envelope import CountedByTrailers, NumbersOfTrailers, UsedNumbers
from pipelines.extract.messages.edifact_dates import iso_of_header
from pipelines.extract.messages.edifact_syntax import Segment, Segments, refused
from pipelines.extract.table import Tally

MAX_MESSAGE_SEGMENTS = 1_000_000
"""The trailer of versions 1 to 3 has six digits for them. A message is held as a whole, so this bounds the memory."""
MAX_MESSAGE_CHARS = 128 << 20

_SECURITY = frozenset({"USA", "USB", "USC", "USD", "USE", "USF", "USH", "USL", "USR", "UST", "USU", "USX", "USY"})


@dataclass
class Part:
    """An interchange or a group: its header, and once its trailer came what that says."""

    number: str
    header: Segment
    found: int = 0
    said: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass
class Interchange(Part):
    """An interchange with its groups; `messages` counts those in all of them, `packages` objects beside them."""

    groups: list[Part] = field(default_factory=list)
    messages: int = 0
    packages: int = 0

    @property
    def sender(self) -> str:
        """Identification of the sender."""
        return self.header.at(2)

    @property
    def receiver(self) -> str:
        """Identification of the receiver."""
        return self.header.at(3)

    @property
    def created_at(self) -> str:
        """Day and time of preparation."""
        return iso_of_header(self.header.at(4), self.header.at(4, 2))


@dataclass
class Message:
    """A message from UNH to UNT. `segments` are those between."""

    interchange: Interchange
    group: Part | None
    header: Segment
    ordinal: int
    segments: list[Segment] = field(default_factory=list)
    said: str = ""
    faults: list[str] = field(default_factory=list)
    chars: int = 0

    @property
    def number(self) -> str:
        """Its reference number."""
        return self.header.at(1)

    @property
    def type(self) -> str:
        """ORDERS, DESADV, ….."""
        return self.header.at(2).upper()

    @property
    def version(self) -> str:
        """The other parts of the message identifier: D:96A:UN:EAN008."""
        parts = self.header.elements[1][1:] if len(self.header.elements) > 1 else []
        return ":".join(part.strip() for part in parts).rstrip(":")

    @property
    def found(self) -> int:
        """Segments as the trailer counts them: with UNH and UNT."""
        return len(self.segments) + 2

    @property
    def sound(self) -> str:
        """The faults of its envelope, or none."""
        return " ".join(self.faults) or "none"

    def place(self, segment: Segment, what: str = "") -> str:
        """Where a segment stands, for people."""
        return f"message {self.ordinal}{what and ', ' + what}, line {segment.line}"


class Messages:
    """Walks over the messages of a file; knows afterwards its interchanges, and what their trailers promise."""

    def __init__(self, segments: Segments) -> None:
        self.interchanges: list[Interchange] = []
        self._segments, self.notes = segments, segments.notes
        self._name = segments.name
        self._open: Interchange | None = None
        self._group: Part | None = None
        self._message: Message | None = None
        self._numbers = UsedNumbers()
        self._ordinal = 0
        self._totals = {name: CountedByTrailers(name) for name in ("segments", "messages", "groups")}
        self._references = NumbersOfTrailers("references")

    def __iter__(self) -> Iterator[Message]:
        """Every message when its trailer has been read; DeliveryError where the envelope is not whole."""
        segment: Segment | None = None
        for segment in self._segments:
            if self._message is not None and segment.tag not in _ENVELOPE:
                self._take(self._message, segment)
            elif segment.tag == "UNT":
                yield self._end_message(segment)
            else:
                self._step(segment)
        if self._open:
            raise refused(
                f"{self._name}, line {segment.line if segment else 1}",
                f"the end of the file in interchange {self._open.number!r}",
                "UNZ, its trailer",
                "file is truncated",
            )
        if not self.interchanges:
            raise refused(self._name, "no interchange", "UNB to UNZ", "file is no EDIFACT")

    def tell(self, tally: Tally) -> None:
        """Put totals and warnings into the tally of the file."""
        tally.totals += [total.total() for total in self._totals.values() if total.trailers]
        tally.totals.append(self._references.total())
        self.notes.tell(tally)

    def _take(self, message: Message, segment: Segment) -> None:
        message.segments.append(segment)
        message.chars += len(segment.text)
        if len(message.segments) > MAX_MESSAGE_SEGMENTS or message.chars > MAX_MESSAGE_CHARS:
            raise self._fault(
                segment, f"message {message.number!r} with more than {len(message.segments) - 1} segments", "UNT"
            )

    def _step(self, segment: Segment) -> None:
        tag = segment.tag
        if tag in ("UIB", "UIH", "UIT", "UIZ"):
            raise self._fault(segment, f"{tag}, of an interactive interchange", "batch EDIFACT, UNB to UNZ")
        if self._message is not None:
            raise self._fault(segment, f"{tag} in message {self._message.number!r}", "UNT, the trailer of the message")
        if tag == "UNB":
            self._begin_interchange(segment)
        elif self._open is None:
            raise self._fault(segment, f"{tag} outside an interchange", "UNB")
        elif tag == "UNG":
            self._begin_group(segment, self._open)
        elif tag == "UNE":
            self._end_group(segment)
        elif tag == "UNH":
            self._begin_message(segment, self._open)
        elif tag == "UNO":
            self._open.packages += 1
            self.notes.add("packages with an attached object, which is not read", f"line {segment.line}")
        elif tag == "UNZ":
            self._end_interchange(segment, self._open)
        elif tag in _SECURITY:
            self.notes.add("segments of security, not checked", f"line {segment.line}")
        else:
            raise self._fault(segment, f"segment {tag} outside a message", "UNH, the header of a message, or UNZ")

    def _begin_interchange(self, segment: Segment) -> None:
        if self._open:
            raise self._fault(segment, f"UNB in interchange {self._open.number!r}", "UNZ, its trailer")
        missing = [name for place, name in ((2, "sender"), (3, "receiver"), (5, "reference")) if not segment.at(place)]
        if missing:
            raise self._fault(segment, f"UNB without {', '.join(missing)}", "UNB with sender, receiver and reference")
        self._open = Interchange(segment.at(5), segment)
        self._open.faults += self._numbers.take(
            "interchange", self._open.sender, self._open.receiver, self._open.number
        )
        self.interchanges.append(self._open)

    def _begin_group(self, segment: Segment, interchange: Interchange) -> None:
        if self._group:
            raise self._fault(segment, f"UNG in group {self._group.number!r}", "UNE, its trailer")
        if interchange.messages and not interchange.groups:
            raise self._fault(segment, "UNG behind messages without a group", "all messages in groups, or none")
        self._group = Part(segment.at(5), segment)
        self._group.faults += self._numbers.take("group", self._group.number)
        interchange.groups.append(self._group)

    def _begin_message(self, segment: Segment, interchange: Interchange) -> None:
        if interchange.groups and not self._group:
            raise self._fault(segment, "UNH outside a group", "UNG: this interchange has groups")
        if not segment.at(1) or not segment.at(2):
            raise self._fault(segment, f"{segment.text[:40]!r}", "UNH with reference number and type of the message")
        self._ordinal += 1
        interchange.messages += 1
        (self._group or interchange).found += 1
        self._message = Message(interchange, self._group, segment, self._ordinal)
        self._message.faults += self._numbers.take("message", segment.at(1))

    def _end_message(self, segment: Segment) -> Message:
        message = self._message
        if message is None:
            raise self._fault(segment, "UNT without a message", "UNH before it")
        self._message = None
        message.said = segment.at(1)
        where = f"UNT of message {message.ordinal} ({message.number}), line {segment.line}"
        if not self._totals["segments"].agree(message.said, message.found, where):
            message.faults.append("segment_count")
        if not self._references.agree(segment.at(2), message.number, where):
            message.faults.append("message_reference")
        return message

    def _end_group(self, segment: Segment) -> None:
        group = self._group
        if group is None:
            raise self._fault(segment, "UNE without a group", "UNG before it")
        self._group = None
        self._end(group, segment, "messages", group.found, "group_reference", "message_count")

    def _end_interchange(self, segment: Segment, interchange: Interchange) -> None:
        if self._group:
            raise self._fault(segment, f"UNZ in group {self._group.number!r}", "UNE, its trailer")
        if interchange.groups:
            interchange.found = len(interchange.groups)
        elif trailer_counts_packages(segment, interchange):
            interchange.found += interchange.packages
        if not interchange.messages and not interchange.packages:
            self.notes.add("interchanges without a message", f"line {segment.line}")
        kind = "groups" if interchange.groups else "messages"
        self._end(interchange, segment, kind, interchange.found, "interchange_reference", f"{kind[:-1]}_count")
        self._open = None

    def _end(self, part: Part, trailer: Segment, kind: str, found: int, reference: str, count: str) -> None:
        part.said = trailer.at(1)
        if not self._references.agree(trailer.at(2), part.number, f"{trailer.tag}, line {trailer.line}"):
            part.faults.append(reference)
        if not self._totals[kind].agree(part.said, found, f"{trailer.tag}, line {trailer.line}"):
            part.faults.append(count)

    def _fault(self, segment: Segment, got: str, expected: str) -> Exception:
        return refused(f"{self._name}, line {segment.line}", got, expected, "EDIFACT envelope is broken")


def trailer_counts_packages(trailer: Segment, interchange: Interchange) -> bool:
    """Whether UNZ counts messages and packages, as ISO 9735-1 has it; published examples count the messages only."""
    return trailer.at(1) == str(interchange.found + interchange.packages)


_ENVELOPE = frozenset({"UNB", "UNZ", "UNG", "UNE", "UNH", "UNT", "UIB", "UIH", "UIT", "UIZ", "UNO", "UNP"})
