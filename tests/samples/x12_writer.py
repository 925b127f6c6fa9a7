"""Writes X12: segments as lists of elements, put into sets, groups and interchanges whose trailers count right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

GROUPS: Mapping[str, str] = {
    "850": "PO", "855": "PR", "856": "SH", "860": "PC", "810": "IN", "214": "QM", "940": "OW", "945": "SW",
    "997": "FA", "999": "FA", "865": "CA", "824": "AG",
}  # fmt: skip
Segments = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Marks:
    """What parts elements, components and segments; `after` stands behind every segment."""

    element: str = "*"
    component: str = ">"
    segment: str = "~"
    after: str = "\n"
    repetition: str = "U"


@dataclass
class Writer:
    """One file of interchanges between two partners."""

    sender: str
    receiver: str
    at: datetime
    marks: Marks = field(default_factory=Marks)
    version: str = "004010"
    is_test: bool = False
    out: list[str] = field(default_factory=list)

    def line(self, elements: Sequence[str]) -> str:
        """A segment as written: empty elements at its end are left out."""
        kept = list(elements)
        while kept and not kept[-1]:
            kept.pop()
        return self.marks.element.join(kept) + self.marks.segment + self.marks.after

    def interchange(self, number: int, sets: Iterable[tuple[str, Segments]]) -> Writer:
        """An interchange with a group for each kind of set, numbered after it."""
        release = "00" + self.version[1:4]
        self.out.append(
            self.line(["ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{self.sender:15}", "ZZ", f"{self.receiver:15}",
                       f"{self.at:%y%m%d}", f"{self.at:%H%M}", self.marks.repetition, release, f"{number:09}", "0",
                       "T" if self.is_test else "P", self.marks.component])
        )  # fmt: skip
        kinds: dict[str, list[Segments]] = {}
        for kind, segments in sets:
            kinds.setdefault(kind, []).append(segments)
        for n, (kind, messages) in enumerate(kinds.items(), 1):
            self._group(f"{number}{n:02}", kind, messages)
        self.out.append(self.line(["IEA", str(len(kinds)), f"{number:09}"]))
        return self

    def _group(self, number: str, kind: str, messages: Sequence[Segments]) -> None:
        moment = [f"{self.at:%Y%m%d}", f"{self.at:%H%M}"]
        self.out.append(self.line(["GS", GROUPS[kind], self.sender, self.receiver, *moment, number, "X", self.version]))
        for n, segments in enumerate(messages, 1):
            self.out += map(self.line, [["ST", kind, f"{n:04}"], *segments, ["SE", str(len(segments) + 2), f"{n:04}"]])
        self.out.append(self.line(["GE", str(len(messages)), number]))

    def text(self) -> str:
        """The file."""
        return "".join(self.out)
