"""X12 as characters: interchanges of segments, whose separators each interchange header says itself.

The header ISA has sixteen elements of fixed width; the character behind `ISA` parts elements, its last element parts
the components of one, and the character behind that ends segments. The eleventh says from release 00402 on what parts
repeated elements. Written generously: line breaks may follow every segment, or be what ends it, and may cut segments
in lines of any length; the header need not be padded. There is no release character: a separator is never data, but in
the binary segments BIN and BDS, which say how many octets they hold.

The readers on PyPI either check health care claims against their guides or take a file into memory whole and drop
what their tables do not know; this one streams, keeps lines, and hands on every segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import DeliveryError
from pipelines.extract.encoding import TextSource
from pipelines.extract.lines import MAX_LINE_CHARS, open_text
from pipelines.extract.messages.edi_envelope import MAX_TRANSPORT_CHARS, transport_chars
from pipelines.extract.table import Tally, count_of
from pipelines.profile import Format

EXPECTED = "an X12 interchange, from ISA to IEA"
_BREAKS = "\r\n\x85"
_BLANK = " \t\x1a\0" + _BREAKS
_HEADER_ELEMENTS = 16
_HEADER_CHARS = 400
"""No header is longer: 106 characters, and room for line breaks inside it."""
_AGAIN = "send the complete file again"
_BINARY = {"BIN": 1, "BDS": 2}
"""Segments of binary data → the element that says its length; the one behind it is the data."""
_LENGTH = re.compile(r"\d{1,15}", re.ASCII)


class Separators(NamedTuple):
    """What parts the texts of one interchange. `repetition` is empty where elements are not repeated."""

    element: str
    component: str
    segment: str
    repetition: str


class Segment(NamedTuple):
    """One segment: its elements from 1, `line` of the file on which it begins, its text without the terminator, and
    its `number` in the file."""

    tag: str
    elements: list[str]
    line: int
    text: str
    number: int

    def get(self, number: int) -> str:
        """An element by its number, without blanks at both ends; empty where the segment is shorter."""
        return self.elements[number].strip() if number < len(self.elements) else ""


@dataclass
class SegmentReader:
    """The segments of a file in order. `separators` are those of the segment that came last."""

    path: Path
    fmt: Format
    name: str
    tally: Tally
    separators: Separators = field(init=False)
    _source: TextSource = field(init=False)
    _text: str = ""
    _at: int = 0
    _line: int = 1
    _count: int = 0
    _wrapped: int = 0
    _empty: int = 0
    _short_headers: int = 0

    def segments(self) -> Iterator[Segment]:
        """Every segment, headers and trailers of interchanges included; DeliveryError for what is none."""
        self._source = open_text(self.path, self.fmt, self.name, EXPECTED)
        try:
            self._skip_transport()
            while self._skip_blank():
                if self._count and self._text.startswith(self.separators.segment, self._at):
                    self._at += len(self.separators.segment)
                    self._empty += 1
                    continue
                self._read_header()
                yield from self._interchange()
        finally:
            self._source.close()
        self._warn()

    def _skip_transport(self) -> None:
        """Go behind the headers of a mail or an AS2 message that were left in front of the interchange."""
        self._hold(MAX_TRANSPORT_CHARS)
        if size := transport_chars(self._text):
            self.tally.warnings.append("headers of its transport in front of an interchange, passed over: line 1")
            self._line += self._text.count("\n", 0, size)
            self._at = size

    def _interchange(self) -> Iterator[Segment]:
        """From the header to its trailer: what follows has a header of its own."""
        while (segment := self._next()) is not None:
            yield segment
            if segment.tag == "IEA":
                return
        raise DeliveryError(
            "file is truncated",
            where=f"{self.name}:{self._line}",
            got="the end of the file inside an interchange",
            expected="its trailer IEA",
            next_step=_AGAIN,
        )

    def _next(self) -> Segment | None:
        """The next segment that is not empty; None at the end of the file."""
        while self._skip_blank():
            if (counted := self._counted()) is not None:
                return counted
            end, line = self._end(), self._line
            begin = self._at  # reading on moves what is left to the front
            text = self._text[begin:end]
            self._at = end + len(self.separators.segment)
            self._line += self._text.count("\n", begin, self._at)
            if self.separators.segment not in _BREAKS:
                text = self._unwrapped(text)
            text = text.rstrip(_BREAKS)
            if not text.strip(_BLANK):
                self._empty += 1
                continue
            elements = text.split(self.separators.element)
            self._count += 1
            return Segment(elements[0].strip(), elements, line, text, self._count)
        return None

    def _counted(self) -> Segment | None:
        """The segment at hand if it is one of binary data, which may look like separators: its length ends it."""
        self._hold(len("BIN"))
        tag, sign = self._text[self._at : self._at + 3], self.separators.element
        if tag not in _BINARY:
            return None
        self._hold(_HEADER_CHARS)
        before = self._text[self._at : self._at + _HEADER_CHARS].split(sign, _BINARY[tag] + 1)[:-1]
        if len(before) <= _BINARY[tag] or not _LENGTH.fullmatch(before[-1].strip()):
            got = repr(self._text[self._at : self._at + 20])
            raise self._fault("binary data without its length", got, f"{tag}, and how many octets it holds")
        length, start = int(before[-1]), len(sign.join(before)) + 1
        if length > MAX_LINE_CHARS:
            raise self._fault("binary data too long", count_of(length, "octet"), f"at most {MAX_LINE_CHARS}")
        self._hold(start + length + _HEADER_CHARS)
        data = self._text[self._at + start : self._at + start + length].encode(self.fmt.encoding)[:length]
        text = self._text[self._at : self._at + start] + data.decode(self.fmt.encoding, "ignore")
        end = self.separators.segment
        behind = self._text[self._at + len(text) :][:_HEADER_CHARS]
        rest = behind.lstrip(_BREAKS.replace(end, ""))
        if len(data) < length or not rest.startswith(end):
            got = f"{count_of(length, 'octet')} said, and {rest[:3]!r} behind them"
            raise self._fault("binary data of another length", got, f"a terminator {self._shown()} behind the data")
        line, begin = self._line, self._at
        self._at += len(text) + len(behind) - len(rest) + len(end)
        self._line += self._text.count("\n", begin, self._at)
        self._count += 1
        return Segment(tag, [*before, text[start:]], line, text, self._count)

    def _hold(self, chars: int) -> None:
        """Read on until so many characters are at hand, or the file ends."""
        while len(self._text) - self._at < chars and self._more():
            pass

    def _end(self) -> int:
        """Where the terminator of the segment at hand stands. The trailer of the last interchange may lack it."""
        searched = self._at
        while (end := self._text.find(self.separators.segment, searched)) < 0:
            before = len(self._text) - self._at
            if before > MAX_LINE_CHARS:
                raise self._fault(
                    "segment without end", f"more than {MAX_LINE_CHARS} characters", f"a terminator {self._shown()}"
                )
            if not self._more():
                return self._end_of_file()
            searched = self._at + before
        return end

    def _end_of_file(self) -> int:
        rest = self._text[self._at :].rstrip(_BLANK)
        if not rest.startswith("IEA" + self.separators.element):
            raise DeliveryError(
                "file is truncated",
                where=f"{self.name}:{self._line}",
                got=f"the end of the file inside a segment {rest[:3]}",
                expected=f"a terminator {self._shown()}",
                next_step=_AGAIN,
            )
        return self._at + len(rest)

    def _unwrapped(self, text: str) -> str:
        """A segment that was cut in lines, in one."""
        if not any(mark in text for mark in _BREAKS):
            return text
        whole = "".join(c for c in text if c not in _BREAKS)
        self._wrapped += whole != text.strip(_BREAKS)
        return whole

    def _more(self) -> bool:
        """Read on; False at the end of the file."""
        text = self._source.read()
        self._text = self._text[self._at :] + text
        self._at = 0
        return bool(text)

    def _skip_blank(self) -> bool:
        """Go on to what is not blank; False when nothing is left."""
        while True:
            size, at = len(self._text), self._at
            while at < size and self._text[at] in _BLANK:
                at += 1
            self._line += self._text.count("\n", self._at, at)
            self._at = at
            if at < size:
                return True
            if not self._more():
                return False

    def _read_header(self) -> None:
        """Take the separators from the header that begins here; it stays to be read as a segment."""
        self._hold(_HEADER_CHARS)
        head = self._text[self._at : self._at + _HEADER_CHARS]
        if not head.startswith("ISA"):
            raise self._fault("text outside an interchange", repr(head[:12]), "a header ISA")
        separator = head[3:4]
        if not separator or separator.isalnum() or separator in " \x1a\0" + _BREAKS:
            raise self._fault(
                "interchange header cannot be read", repr(head[:4]), "ISA followed by the element separator"
            )
        end = -1
        for _ in range(_HEADER_ELEMENTS):
            end = head.find(separator, end + 1)
            if end < 0:
                raise self._fault(
                    "interchange header cannot be read",
                    f"{count_of(head.count(separator), 'element')} in {len(head)} characters",
                    f"{_HEADER_ELEMENTS} elements of 105 characters together",
                )
        self._take(separator, head, end + 1)

    def _take(self, separator: str, head: str, at: int) -> None:
        """The separators, of a header whose last element stands at `at`."""
        before = head[:at].split(separator)
        rest = head[at:]
        component = rest.lstrip(_BREAKS)[:1] if rest[:1] in _BREAKS and rest.lstrip(_BREAKS)[1:2] else rest[:1]
        end = rest[rest.find(component) + 1 :][:1] if component else ""
        if end == "\r":
            end = "\n" if rest[rest.find(component) + 2 :][:1] == "\n" else "\r"
        if not component or not end or end.isalnum() or end in (separator, component):
            raise self._fault(
                "interchange header cannot be read",
                f"{rest[:2]!r} after its fifteenth element",
                "the component separator and the segment terminator",
            )
        next_line = rest[rest.find(component) + 1 :].lstrip(_BREAKS).splitlines()[:1]
        if end in _BREAKS and next_line and next_line[0].rstrip(_BLANK).endswith(component):
            # no component separator ends a segment: the header lacks it, and this is what ends segments
            self._short_headers += 1
            component, end = "", component
        repeats = before[11].strip(_BLANK)
        repetition = repeats if len(repeats) == 1 and not repeats.isalnum() else ""
        self.separators = Separators(separator, component, end, repetition)

    def _shown(self) -> str:
        return repr(self.separators.segment)

    def _fault(self, what: str, got: str, expected: str) -> DeliveryError:
        return DeliveryError(
            what, where=f"{self.name}:{self._line}", got=got, expected=expected,
            next_step="send the file again as X12, with the header, separators and trailer of each interchange",
        )  # fmt: skip

    def _warn(self) -> None:
        if self._wrapped:
            self.tally.warnings.append(f"{count_of(self._wrapped, 'segment')} cut in lines, put together again")
        if self._short_headers:
            headers = count_of(self._short_headers, "interchange header")
            self.tally.warnings.append(f"{headers} without the last element, the component separator")
        if self._empty:
            self.tally.warnings.append(f"{count_of(self._empty, 'empty segment')}, passed over")
        self.tally.warnings += self._source.warnings()
