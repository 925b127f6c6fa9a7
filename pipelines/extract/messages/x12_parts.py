"""Parts of a transaction set and the values at places in them (see x12_places)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from pipelines.extract.messages.x12_envelope import Message
from pipelines.extract.messages.x12_sets import LEVELS, SHAPES, Shape
from pipelines.extract.messages.x12_syntax import Segment

_PLACE = re.compile(
    r"(?:(?P<parts>[a-z,]+):)?"
    r"(?:@(?P<ids>[A-Z0-9,]+)|(?:N1\((?P<party>[A-Z0-9,]+)\)/?)?(?:(?P<tag>[A-Z][A-Z0-9]{1,2}))?(?P<element>\d\d)"
    r"(?:\[(?P<on>\d\d)=(?P<codes>[A-Z0-9,]+)\])?)"
)
_OF_PARTY = frozenset({"N1", "N2", "N3", "N4", "NX2", "PER", "REF", "G61"})
_PAIRS = {
    "PO1": (6,),
    "IT1": (6,),
    "LIN": (2,),
    "POC": (8,),
    "SLN": (9,),
    "W01": (4, 15),
    "W12": (7, 17, 21),
    "ACK": (7,),
}
"""Where pairs of qualifier and number of a product begin."""
_STRUCTURE = frozenset({"HL", "LX"})
_ORDER = ("S", "O", "T", "P", "I")
_SAYS_NOTHING = frozenset({("CUR", 1), ("PID", 1)})
"""Elements that only say what another one is."""


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """One place, compiled: see x12_places."""

    parts: tuple[str, ...]
    party: tuple[str, ...]
    ids: tuple[str, ...]
    tag: str
    element: int
    on: int
    codes: tuple[str, ...]
    needs: str
    """Tag without which a part has nothing there; empty for numbers of products, which stand in many."""


class Places(NamedTuple):
    """The alternatives of a place as written, and the tags without which a part has none of them; those of numbers of
    products stand in many."""

    alternatives: tuple[Place, ...]
    tags: frozenset[str]


@cache
def places(text: str) -> Places:
    """A place as written; ValueError when it is none."""
    found = tuple(map(_compiled, text.split("|")))
    return Places(found, frozenset(tag for place in found for tag in ([place.needs] if place.needs else _PAIRS)))


def _compiled(text: str) -> Place:
    found = _PLACE.fullmatch(text)
    if not found:
        raise ValueError(f"no place of a segment: {text!r}")
    parts, ids, party, codes = (tuple((found[n] or "").split(",")) if found[n] else () for n in
                                ("parts", "ids", "party", "codes"))  # fmt: skip
    needs = "N1" if party else "" if ids else found["tag"]
    return Place(
        parts, party, ids, found["tag"] or "N1", int(found["element"] or 0), int(found["on"] or 0), codes, needs
    )


@dataclass
class Part:
    """Some segments in order. What was asked for is remembered: the rest belongs into the column `other`."""

    segments: list[Segment]
    by_tag: dict[str, list[int]] = field(default_factory=dict)
    used: set[tuple[int, int]] = field(default_factory=set)
    found: dict[Place, str] = field(default_factory=dict)
    pairs: dict[str, tuple[int, int]] | None = None

    def __post_init__(self) -> None:
        for number, segment in enumerate(self.segments):
            self.by_tag.setdefault(segment.tag, []).append(number)

    def value(self, place: Place) -> str:
        """The text at a place; empty when this part has none. A head is asked again for every line."""
        value = self.found.get(place)
        if value is None:
            value = self.found[place] = self._look(place)
        return value

    def _look(self, place: Place) -> str:
        if place.ids:
            return self._product(place.ids)
        if place.party:
            return next(filter(None, (self._of_party(place, code) for code in place.party)), "")
        return self._first(place, self.by_tag.get(place.tag, ()))

    def rest(self) -> Iterator[str]:
        """Segments with something that nobody asked for, as written."""
        used = self.used
        for number, segment in enumerate(self.segments):
            if segment.tag in _STRUCTURE:
                continue
            for i, element in enumerate(segment.elements):
                if i and (number, i) not in used and element.strip() and (segment.tag, i) not in _SAYS_NOTHING:
                    yield segment.text
                    break

    def _first(self, place: Place, numbers: Sequence[int]) -> str:
        if not place.codes:
            for number in numbers:
                if value := self._take(number, place.element):
                    return value
            return ""
        for code in place.codes:
            for number in numbers:
                if self.segments[number].get(place.on) == code and (value := self._take(number, place.element)):
                    self.used.add((number, place.on))
                    return value
        return ""

    def _take(self, number: int, element: int) -> str:
        value = self.segments[number].get(element)
        if value:
            self.used.add((number, element))
        return value

    def _of_party(self, place: Place, code: str) -> str:
        for first in self.by_tag.get("N1", ()):
            if self.segments[first].get(1) != code:
                continue
            self.used |= {(first, 1), (first, 3)}
            numbers = (
                [first] if place.tag == "N1" else [n for n in self._loop(first) if self.segments[n].tag == place.tag]
            )
            if value := self._first(place, numbers):
                return value
        return ""

    def _loop(self, first: int) -> Iterator[int]:
        for number in range(first + 1, len(self.segments)):
            tag = self.segments[number].tag
            if tag == "N1" or tag not in _OF_PARTY:
                return
            yield number

    def _product(self, ids: Sequence[str]) -> str:
        if self.pairs is None:
            self.pairs = dict(reversed(list(self._numbers())))  # of two with one qualifier the first
        for wanted in ids:
            if (found := self.pairs.get(wanted)) is not None:
                number, at = found
                self.used.add((number, at))
                return self._take(number, at + 1)
        return ""

    def _numbers(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Qualifier and place of each number of a product."""
        for tag, starts in _PAIRS.items():
            for number in self.by_tag.get(tag, ()):
                segment = self.segments[number]
                for at in _positions(starts, len(segment.elements)):
                    if (qualifier := segment.get(at)) and segment.get(at + 1):
                        yield qualifier, (number, at)


def _positions(starts: Sequence[int], size: int) -> Iterator[int]:
    for n, start in enumerate(starts):
        end = starts[n + 1] if n + 1 < len(starts) else size
        yield from range(start, min(end, size) - 1, 2)


@dataclass
class Row:
    """What gives a record: its parts by name, nearest first, and its first segment (None: that of the set).

    Most columns of a line stand in the head: `known` keeps what was found in the parts that it shares with other rows,
    and is asked for places whose tags its `own` part does not have.
    """

    parts: Mapping[str, Part]
    first: Segment | None
    ordinal: int
    problem: str = ""
    own: Part | None = None
    known: dict[str, str] = field(default_factory=dict)

    def value(self, text: str) -> str:
        """The text at the first place that has one."""
        place = places(text)
        if self.own is None or not place.tags.isdisjoint(self.own.by_tag):
            return self._look(place.alternatives)
        value = self.known.get(text)
        if value is None:
            value = self.known[text] = self._look(place.alternatives)
        return value

    def _look(self, alternatives: Iterable[Place]) -> str:
        parts = self.parts
        for place in alternatives:
            needs = place.needs
            for name in place.parts or parts:
                part = parts.get(name)
                if part is not None and (not needs or needs in part.by_tag) and (value := part.value(place)):
                    return value
        return ""


@dataclass
class Split:
    """A transaction set in its parts: head and summary once, what lines share, and the segments of each line."""

    head: Part
    end: Part
    lines: list[tuple[Mapping[str, Part], Part, str]]
    shipments: list[Part] = field(default_factory=list)
    repeats_at_end: bool = False
    """Whether the summary only says again what adjustments of the lines come to: they are no items of their own."""
    known: dict[tuple[int, ...], dict[str, str]] = field(default_factory=dict)
    """What was found in parts that rows share, by the identity of these parts."""

    @property
    def items(self) -> int:
        """Number of lines; levels of a hierarchy that hold no item are none."""
        return sum(line.segments[0].tag != "HL" or line.segments[0].get(3) == "I" for _, line, _ in self.lines)

    def rows(self, of: str) -> Iterator[Row]:
        """The rows of a table: one for the set (`message`), each shipment, line, answer to a line (`ack`), tax, line or
        adjustment of an invoice (`item`); `answer` is a line, or the set where it has none."""
        if of == "message" or (of == "shipment" and not self.shipments) or (of == "answer" and not self.lines):
            yield Row({"head": self.head, "end": self.end}, None, 1)
        elif of == "shipment":
            for n, shipment in enumerate(self.shipments, 1):
                parts = {"shipment": shipment, "head": self.head, "end": self.end}
                yield Row(parts, shipment.segments[0], n)
        elif of == "tax":
            yield from self._each("TXI", "tax")
        elif of == "item":
            yield from self._lines(each_answer=False)
            yield from self._each("SAC", "sac")
        else:
            yield from self._lines(each_answer=of == "ack")

    def _lines(self, *, each_answer: bool) -> Iterator[Row]:
        for n, (shared, line, problem) in enumerate(self.lines, 1):
            around = {**shared, "head": self.head, "end": self.end}
            known = self._known(around)
            if not each_answer:
                yield Row({"line": line, **around, "ack": line}, line.segments[0], n, problem, line, known)
                continue
            for answer in _groups(line.segments, "ACK"):
                yield Row({"ack": Part(answer), "line": line, **around}, answer[0], n, problem, line, known)

    def _known(self, around: Mapping[str, Part]) -> dict[str, str]:
        return self.known.setdefault(tuple(map(id, around.values())), {})

    def _each(self, tag: str, name: str) -> Iterator[Row]:
        """A row for each segment of a kind, wherever it stands."""
        n = 0
        around = {"head": self.head, "end": self.end}
        for part in (*(line for _, line, _ in self.lines), self.head, *(() if self.repeats_at_end else (self.end,))):
            for segment in part.segments:
                if segment.tag == tag:
                    n += 1
                    own = Part([segment])
                    yield Row({name: own, **around}, segment, n, own=own, known=self._known(around))


def _groups(segments: Sequence[Segment], tag: str) -> Iterator[list[Segment]]:
    """Runs of segments that begin with a tag; ACK takes the dates behind it along."""
    group: list[Segment] | None = None
    for segment in segments:
        if segment.tag == tag:
            if group:
                yield group
            group = [segment]
        elif group is not None and segment.tag == "DTM":
            group.append(segment)
        elif group is not None:
            yield group
            group = None
    if group:
        yield group


def split(message: Message) -> Split:
    """A set in its parts; it must be one that has a shape."""
    shape = SHAPES[message.kind]
    return _by_hierarchy(message, shape) if shape.hierarchy else _by_lines(message, shape)


def _by_lines(message: Message, shape: Shape) -> Split:
    head: list[Segment] = []
    end: list[Segment] = []
    lines: list[tuple[list[Segment], list[Segment]]] = []  # what its block shares, and its own
    nothing: list[Segment] = []  # what lines outside blocks share
    block = nothing
    target = head
    for segment in message.segments:
        if segment.tag in shape.end:
            target, block = end, nothing
        elif segment.tag == shape.block:
            target = block = []
        elif segment.tag in shape.lines and target is not end:
            target = []
            lines.append((block, target))
        elif shape.inside and segment.tag not in shape.inside and target is not end:
            target = head if block is nothing else block
        target.append(segment)
    shared = {id(b): Part(b) for b, _ in lines}
    return Split(Part(head), Part(end), [({"block": shared[id(b)]}, Part(own), "") for b, own in lines])


def _by_hierarchy(message: Message, shape: Shape) -> Split:
    """Levels of HL below each other: an item inherits what stands at its packs, its order and its shipment."""
    head: list[Segment] = []
    end: list[Segment] = []
    nodes: list[tuple[Segment, list[Segment]]] = []
    for segment in message.segments:
        if segment.tag in shape.end:
            end.append(segment)
        elif segment.tag == "HL":
            nodes.append((segment, [segment]))
        elif end:
            end.append(segment)
        else:
            (nodes[-1][1] if nodes else head).append(segment)
    parts = [Part(segments) for _, segments in nodes]
    lines: list[tuple[Mapping[str, Part], Part, str]] = []
    above, problems = _parents([hl for hl, _ in nodes])
    below: dict[int, list[Segment]] = {}
    leaves = set(range(len(nodes))) - {parent for parent in above if parent is not None}
    for n, (hl, segments) in enumerate(nodes):
        if hl.get(3) != "I" and (parent := above[n]) is not None and nodes[parent][0].get(3) == "I":
            below.setdefault(parent, []).extend(segments)  # packs that are told below their item
            leaves.discard(n)
    for n, (hl, segments) in enumerate(nodes):
        # What holds no item is told as well: nothing of a message is left out.
        if hl.get(3) == "I" or (n in leaves and hl.get(3) != "S"):
            own = Part([*segments, *below[n]]) if n in below else parts[n]
            lines.append((_inherited(n, nodes, parts, above), own, problems[n]))
    return Split(Part(head), Part(end), lines, [parts[n] for n, (hl, _) in enumerate(nodes) if hl.get(3) == "S"])


def _parents(levels: Sequence[Segment]) -> tuple[list[int | None], list[str]]:
    """The level above each one, and why there is none where one is named.

    Many senders leave the number of the level above empty: it is the last one before that stands higher in the order
    shipment, order, tare, pack, item.
    """
    by_id: dict[str, int] = {}
    last: dict[str, int] = {}
    above: list[int | None] = []
    problems: list[str] = []
    for n, hl in enumerate(levels):
        number, named, code = hl.get(1), hl.get(2), hl.get(3)
        parent = by_id.get(named) if named else _nearest(last, code)
        problem = ""
        if named and parent is None:
            problem = f"belongs to level {named} of the hierarchy, which does not stand above it"
        elif number and number in by_id:
            problem = f"has the number {number} in the hierarchy, which another level has"
        by_id[number] = last[code] = n
        above.append(parent)
        problems.append(problem or (problems[parent] if parent is not None else ""))
    return above, problems


def _nearest(last: Mapping[str, int], code: str) -> int | None:
    """The last level that stands higher than this kind of level; None for kinds outside the usual order."""
    higher = _ORDER[: _ORDER.index(code)] if code in _ORDER else ()
    return max((last[kind] for kind in higher if kind in last), default=None)


def _inherited(
    n: int, nodes: Sequence[tuple[Segment, list[Segment]]], parts: Sequence[Part], above: Sequence[int | None]
) -> Mapping[str, Part]:
    found: dict[str, Part] = {}
    strange: list[Segment] = []
    parent = above[n]
    while parent is not None:
        name = LEVELS.get(nodes[parent][0].get(3))
        if name is None or name == "line" or name in found:
            strange += nodes[parent][1]
        else:
            found[name] = parts[parent]
        parent = above[parent]
    return {**found, "level": Part(strange)} if strange else found
