"""Parts of a message: segments with those that belong to them, and what is read from them by their qualifiers.

A section is the head, a line or the summary of a message. Every getter marks the segments it reads; what nobody read
is the `other` of the record, so that nothing of a message is lost in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from pipelines.extract.messages import edifact_dates as plain
from pipelines.extract.messages.edifact_syntax import Segment

MEMBERS: Mapping[str, frozenset[str]] = {
    "NAD": frozenset({"LOC", "FII", "RFF", "DOC", "CTA", "COM", "DTM", "HAN"}),
    "RFF": frozenset({"DTM"}),
    "DOC": frozenset({"DTM"}),
    "TAX": frozenset({"MOA", "LOC"}),
    "CUX": frozenset({"DTM"}),
    "PAT": frozenset({"DTM", "PCD", "MOA", "PAI", "FII"}),
    "PYT": frozenset({"DTM", "PCD", "MOA", "PAI", "FII"}),
    "TDT": frozenset({"LOC", "DTM", "RFF", "TSR"}),
    "TOD": frozenset({"LOC"}),
    "EQD": frozenset({"HAN", "MEA", "SEL", "DIM", "RFF"}),
    "PAC": frozenset({"MEA", "QTY", "HAN", "EQD", "PCI", "RFF", "DTM", "GIN", "GIR"}),
    "PCI": frozenset({"RFF", "DTM", "GIN", "GIR"}),
    "ALC": frozenset({"ALI", "DTM", "FTX", "QTY", "RNG", "PCD", "MOA", "RTE", "TAX", "CUX", "RFF"}),
    "PRI": frozenset({"CUX", "APR", "RNG", "DTM"}),
    "SCC": frozenset({"FTX", "RFF", "QTY", "DTM"}),
    "LOC": frozenset({"QTY", "DTM", "PCD"}),
    "CTA": frozenset({"COM"}),
    "RCS": frozenset({"RFF", "DTM", "FTX"}),
    "AJT": frozenset({"FTX"}),
}
"""Segments that open a group in trade messages, and those that may belong to it."""

TRANSPORT: Mapping[str, frozenset[str]] = {
    "TDT": frozenset({"LOC", "DTM", "RFF"}),
    "EQD": frozenset({"MEA", "DIM", "SEL", "RFF", "TPL", "TMD", "TMP"}),
    "NAD": frozenset({"CTA", "COM"}),
    "RFF": frozenset({"DTM"}),
    "DOC": frozenset({"DTM"}),
    "CTA": frozenset({"COM"}),
}
"""The same in IFTSTA, where places and dates stand behind the parties of an event without belonging to them."""

OF_DOCUMENT = frozenset({"203", "66", "38", "79", "77", "86", "9", "39", "128", "389", "388"})
"""Amounts (5025) that are none of a tax, where senders write them behind TAX."""


class Node(NamedTuple):
    """A segment with those that belong to it."""

    segment: Segment
    members: list[Segment]

    def below(self, tag: str) -> list[Segment]:
        """Its members of one tag."""
        return [segment for segment in self.members if segment.tag == tag]


def nodes(segments: Iterable[Segment], members: Mapping[str, frozenset[str]] = MEMBERS) -> Iterator[Node]:
    """Segments in their groups. A repetition inside a segment is a segment of its own."""
    current: Node | None = None
    for segment in chain.from_iterable(written.copies() for written in segments):
        opened = members.get(current.segment.tag, ()) if current else ()
        if current and segment.tag in opened and not _apart(current, segment):
            current.members.append(segment)
            continue
        current = Node(segment, [])
        yield current


def _apart(node: Node, segment: Segment) -> bool:
    """A date behind a party belongs to one of its references only; an amount of the document to no tax."""
    if node.segment.tag == "NAD" and segment.tag == "DTM":
        return not node.members or node.members[-1].tag not in ("RFF", "DOC", "DTM")
    return node.segment.tag == "TAX" and segment.tag == "MOA" and segment.at(1) in OF_DOCUMENT


class Section:
    """The segments of one part of a message, asked by tag and qualifier; codes are tried in their order."""

    def __init__(self, segments: Iterable[Segment], members: Mapping[str, frozenset[str]] = MEMBERS) -> None:
        self.nodes = list(nodes(segments, members))
        self._used: set[int] = set()
        self._by_tag: dict[str, list[Node]] = {}
        for node in self.nodes:
            self._by_tag.setdefault(node.segment.tag, []).append(node)

    def all(self, tag: str, *codes: str) -> list[Node]:
        """Groups that such a segment opens, of these qualifiers (any when none is given), not marked."""
        found = self._by_tag.get(tag, [])
        return [n for n in found if not codes or n.segment.at(1) in codes]

    def first(self, tag: str, *codes: str) -> Node | None:
        """The first of the first qualifier that is there, marked."""
        found = self._by_tag.get(tag, [])
        for code in codes or ("",):
            for node in found:
                if not codes or node.segment.at(1) == code:
                    self.use(node.segment)
                    return node
        return None

    def use(self, *segments: Segment) -> None:
        """Mark segments as read."""
        self._used.update(map(id, segments))

    def is_used(self, segment: Segment) -> bool:
        """Whether a segment was read."""
        return id(segment) in self._used

    def other(self, *more: Section) -> str:
        """What was not read, here and in other sections."""
        return " ".join(
            segment.text
            for section in (self, *more)
            for node in section.nodes
            for segment in (node.segment, *node.members)
            if id(segment) not in section._used
        )

    def date(self, *codes: str) -> str:
        """A DTM of the section, as a day."""
        node = self.first("DTM", *codes)
        return plain.day(node.segment.at(1, 2), node.segment.at(1, 3)) if node else ""

    def moment(self, *codes: str) -> tuple[str, str]:
        """A DTM of the section with its time, and its qualifier."""
        node = self.first("DTM", *codes)
        return date_of(node.segment) if node else ("", "")

    def reference(self, *codes: str, deep: bool = True) -> str:
        """The number of an RFF; `deep`: also one that stands below means of transport."""
        if node := self.first("RFF", *codes):
            return node.segment.at(1, 2)
        for code in codes if deep else ():
            for opener in self.all("TDT"):
                for segment in opener.below("RFF"):
                    if segment.at(1) == code:
                        self.use(segment)
                        return segment.at(1, 2)
        return ""

    def amount(self, *codes: str) -> str:
        """The amount of an MOA outside groups."""
        node = self.first("MOA", *codes)
        return plain.number(node.segment.at(1, 2)) if node else ""

    def quantity(self, *codes: str) -> tuple[str, str]:
        """The quantity of a QTY and its unit."""
        node = self.first("QTY", *codes)
        return (plain.number(node.segment.at(1, 2)), node.segment.at(1, 3)) if node else ("", "")

    def count(self, *codes: str) -> str:
        """The value of a CNT."""
        node = self.first("CNT", *codes)
        return plain.number(node.segment.at(1, 2)) if node else ""

    def below(self, node: Node | None, tag: str, *codes: str) -> Segment | None:
        """A member of a group by qualifier, marked."""
        for code in codes if node else ():
            for segment in node.below(tag) if node else ():
                if segment.at(1) == code:
                    self.use(segment)
                    return segment
        return None

    def text(self) -> str:
        """All free texts, one after the other."""
        texts = []
        for node in self.all("FTX"):
            self.use(node.segment)
            texts.append(" ".join(node.segment.all(4)) or node.segment.at(3))
        return " / ".join(filter(None, texts))

    def place(self, *codes: str) -> str:
        """The code of a LOC, also below means of transport, terms and parties."""
        if node := self.first("LOC", *codes):
            return node.segment.at(2)
        for code in codes:
            for opener in (*self.all("TDT"), *self.all("TOD"), *self.all("NAD")):
                if segment := self.below(opener, "LOC", code):
                    return segment.at(2)
        return ""

    def currency(self) -> str:
        """The currency of the document: CUX 2 or else the first, else that of an amount."""
        named = [(n.segment, e) for n in self.all("CUX") for e in (1, 2) if n.segment.at(e, 2)]
        of_document = [(segment, e) for segment, e in named if segment.at(e) in ("2", "")]
        for segment, element in (of_document or named)[:1]:
            self.use(segment)
            return segment.at(element, 2)
        found = (n.segment.at(1, 3) for n in self.all("MOA") if n.segment.at(1, 3))
        return next(found, "")


def date_of(segment: Segment) -> tuple[str, str]:
    """What a DTM says, and its qualifier."""
    return plain.iso(segment.at(1, 2), segment.at(1, 3)), segment.at(1)


class Party(NamedTuple):
    """A party of NAD."""

    id: str = ""
    name: str = ""
    street: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""


def party(section: Section, *codes: str) -> tuple[Party, Node | None]:
    """The party of the first of these functions that is there, and its group."""
    node = section.first("NAD", *codes)
    if node is None:
        return Party(), None
    s = node.segment
    lines = s.all(3)
    name = " ".join(part.strip() for part in s.all(4)[:5]) or " ".join(part.strip() for part in lines[:1])
    street = " ".join(part.strip() for part in s.all(5)) or " ".join(part.strip() for part in lines[1:])
    return Party(s.at(2), name, street, s.at(6), s.at(8), s.at(9)), node


class Products(NamedTuple):
    """The numbers of the product of a line."""

    ean: str
    supplier: str
    buyer: str


def products(section: Section) -> Products:
    """Numbers in LIN and PIA by their kind; those of PIA stand in up to five composites."""
    found: dict[str, str] = {}
    for node in (*section.all("LIN"), *section.all("PIA")):
        segment = node.segment
        first = 3 if segment.tag == "LIN" else 2
        read = True
        for element in range(first, first + (1 if segment.tag == "LIN" else 5)):
            code, kind = segment.at(element), segment.at(element, 2)
            if code and kind in _KINDS:
                found.setdefault(_KINDS[kind], code)
                read = read and found[_KINDS[kind]] == code
            elif code:
                read = False
        if read or segment.tag == "LIN":
            section.use(segment)
    return Products(found.get("ean", ""), found.get("supplier", ""), found.get("buyer", ""))


_KINDS = {
    "EN": "ean", "EU": "ean", "UP": "ean", "SRV": "ean", "SA": "supplier", "VN": "supplier", "VP": "supplier",
    "MF": "supplier", "IN": "buyer", "BP": "buyer", "BJ": "buyer",
}  # fmt: skip


def item_name(section: Section) -> str:
    """The description of a line: texts of all IMD, in their order."""
    texts = []
    for node in section.all("IMD"):
        description = [part.strip() for part in node.segment.all(3)]
        named = [part.strip() for part in node.segment.elements[2][3:5]] if len(node.segment.elements) > 2 else []
        text = " ".join(filter(None, named)) or (description[0] if len(description) == 1 else "")
        if text:
            section.use(node.segment)
            texts.append(text)
    return " ".join(dict.fromkeys(texts))


def price(section: Section) -> dict[str, str]:
    """The price of one unit, and as it is written: PRI may give it for a hundred or a thousand."""
    node = section.first("PRI", "AAA", "AAB", "CAL", "INV", "AAE", "NTP", "GRP")
    if node is None:
        return {}
    s = node.segment
    written, basis = plain.number(s.at(1, 2)), plain.number(s.at(1, 5))
    return {
        "unit_price_amount": per_unit(written, basis),
        "price_code": s.at(1),
        "price_basis": basis,
        "price_as_written": s.at(1, 2),
    }


def per_unit(amount: str, basis: str) -> str:
    """The amount for one of so many: ('12.50', '100') → 0.125. What does not divide evenly keeps ten decimals."""
    value, number = plain.decimal(amount), plain.decimal(basis)
    if value is None or number is None or number in (0, 1):
        return amount
    return plain.plain((value / number).quantize(Decimal("1e-10")))


def order_line(section: Section) -> tuple[str, str]:
    """The order of a line, and the line of the order: RFF ON with both, or RFF LI, whose line may be its number."""
    order = section.first("RFF", "ON", "OP", "AAN")
    other = section.first("RFF", "LI")
    line = order.segment.at(1, 3) if order else ""
    if other and not line:
        line = other.segment.at(1, 3) or other.segment.at(1, 2)
    return (order.segment.at(1, 2) if order else ""), line


def measure(section: Section, segments: Iterable[Segment], *kinds: str) -> tuple[str, str]:
    """The first measurement of one of these kinds (6313, in old messages 6311): value and unit as written."""
    for segment in segments:
        if (segment.at(2) or segment.at(1)) in kinds:
            section.use(segment)
            return plain.number(segment.at(3, 2)), segment.at(3)
    return "", ""


GROSS_WEIGHT = ("AAD", "G", "AAB")


def kilograms(value: str, unit: str) -> str:
    """A weight in kg; empty where the unit is another."""
    factor = {"KGM": Decimal(1), "TNE": Decimal(1000), "GRM": Decimal("0.001"), "KG": Decimal(1)}.get(unit)
    number = plain.decimal(value)
    return "" if factor is None or number is None else plain.plain(number * factor)
