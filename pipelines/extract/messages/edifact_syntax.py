"""Bytes of EDIFACT to segments: separators of UNA, release characters, character sets, breaks anywhere (ISO 9735).

Libraries for this read a whole file into memory and forget where a segment stood; here a file is read block by block
and every segment knows its line. The text is cut up as Latin-1, which leaves every byte as it is, and each segment is
then decoded in the character set that its interchange names: one file may hold several.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import DeliveryError
from pipelines.extract.lines import refuse_other_kinds
from pipelines.extract.messages.edi_envelope import MAX_TRANSPORT_CHARS, transport_chars
from pipelines.extract.mixed import same_ascii
from pipelines.extract.table import Tally

BLOCK_BYTES = 1 << 20
MAX_SEGMENT_CHARS = 1 << 20
"""No segment is longer: a file whose segments do not end is told from one long segment."""

_TAG = re.compile(r"[A-Z][A-Z0-9]{2}")
_CODECS = {
    "UNOA": "ascii", "UNOB": "ascii", "IATA": "ascii", "IATB": "ascii", "UNOC": "iso8859-1", "UNOD": "iso8859-2",
    "UNOE": "iso8859-5", "UNOF": "iso8859-7", "UNOG": "iso8859-3", "UNOH": "iso8859-4", "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8", "UNOK": "iso8859-9", "UNOL": "iso8859-15", "UNOW": "utf-8", "UNOX": "iso2022_jp",
    "UNOY": "utf-8", "KECA": "euc_kr",
}  # fmt: skip
"""Character set by syntax identifier (UNB S001 0001)."""
_C1 = re.compile("[\x80-\x9f]")
_END_OF_FILE = " \t\r\n\0\x1a"


class Delimiters(NamedTuple):
    """What separates components, elements, repetitions and segments; `release` takes the meaning of the next one."""

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    repetition: str = "*"
    terminator: str = "'"


LEVEL_A = Delimiters()
LEVEL_B = Delimiters("\x1f", "\x1d", ".", "", "*", "\x1c")
"""Those of control characters, which syntax level B of versions 1 to 3 has where no UNA says otherwise."""


class Segment(NamedTuple):
    """One segment: `elements` are the data elements behind the tag, each with its components, released.

    `repeats` holds what is repeated beyond the first time, as (position, components); `text` is the segment as it
    stands, without its end.
    """

    tag: str
    elements: list[list[str]]
    line: int
    text: str
    repeats: tuple[tuple[int, list[str]], ...] = ()

    def at(self, element: int, component: int = 1) -> str:
        """A component, both counted from 1; empty where it is not there."""
        if element > len(self.elements) or component > len(self.elements[element - 1]):
            return ""
        return self.elements[element - 1][component - 1].strip()

    def all(self, element: int) -> list[str]:
        """The components of an element that are not empty."""
        return [text for text in self.elements[element - 1] if text.strip()] if element <= len(self.elements) else []

    def copies(self) -> Iterator[Segment]:
        """The segment, and for each repetition one more that has it in the place of the first."""
        yield self
        for place, components in self.repeats:
            yield self._replace(elements=[*self.elements[: place - 1], components, *self.elements[place:]], repeats=())


@dataclass
class Notes:
    """What is worth a warning: how often, and where first."""

    found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, what: str, where: str) -> None:
        """Count one more."""
        times, first = self.found.get(what, (0, where))
        self.found[what] = (times + 1, first)

    def tell(self, tally: Tally) -> None:
        """Put them into the warnings of the file."""
        tally.warnings += [f"{what}: {times} (first {where})" for what, (times, where) in self.found.items()]


def refused(
    where: str,
    got: str,
    expected: str,
    what: str = "EDIFACT cannot be read",
    next_step: str = "ask the sender for the complete file again",
) -> DeliveryError:
    """The error that a file is no sound EDIFACT."""
    return DeliveryError(what, where=where, got=got, expected=expected, next_step=next_step)


class Segments:
    """The segments of a file, one after the other, in whatever interchanges and syntaxes they come."""

    def __init__(self, path: Path, name: str, encoding: str | None, notes: Notes) -> None:
        self.name, self.notes = name, notes
        self._path, self._declared = path, encoding
        self._delimiters = LEVEL_A
        self._codec = encoding or "ascii"
        self._repeats = False
        self._line, self._rest, self._at = 1, "", 0
        self._is_utf8: bool | None = None
        self._begun = False
        head = refuse_other_kinds(path, name, "an EDIFACT interchange")
        is_plain = encoding is None or (same_ascii(encoding) and "2022" not in encoding)  # no escapes
        self._whole = _codec_of_mark(head) or (None if is_plain else encoding)

    def __iter__(self) -> Iterator[Segment]:
        """Read the file once; raises DeliveryError where it is no EDIFACT."""
        with self._path.open("rb") as file:
            blocks = self._blocks(iter(lambda: file.read(BLOCK_BYTES), b""))
            self._skip_transport(blocks)
            self._begin(blocks)
            while (piece := self._piece(blocks)) is not None:
                if self._delimiters.terminator == "\n" and not piece.strip(_END_OF_FILE):
                    self._line += 1  # a blank line
                    continue
                segment = self._parsed(piece)
                yield segment
                if segment.tag == "UNZ":
                    self._begin(blocks)
                elif segment.tag == "UNO":
                    self._skip_object(segment, blocks)

    def _blocks(self, raw: Iterator[bytes]) -> Iterator[str]:
        """Text with one kind of line break; of a file with its byte order mark decoded, else byte by byte."""
        decoder = codecs.getincrementaldecoder(self._whole or "latin-1")()
        half = ""
        for block in raw:
            try:
                text = half + decoder.decode(block)
            except UnicodeDecodeError as error:
                got = f"byte 0x{error.object[error.start]:02x} in a file that is said to be in {self._whole}"
                raise refused(self.name, got, f"{self._whole} throughout") from None
            half = "\r" if text.endswith("\r") else ""
            text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
            yield text.replace("\x85", "\n") if self._whole else text  # as mainframes break lines
        if half:
            yield "\n"

    def _more(self, blocks: Iterator[str]) -> bool:
        """Put the next block behind what is not yet read."""
        block = next(blocks, None)
        self._rest, self._at = self._rest[self._at :] + (block or ""), 0
        return block is not None

    def _skip_transport(self, blocks: Iterator[str]) -> None:
        """Go behind the headers of a mail or an AS2 message that were left in front of the interchange."""
        while len(self._rest) < MAX_TRANSPORT_CHARS and self._more(blocks):
            pass
        if size := transport_chars(self._rest):
            self.notes.add("headers of its transport in front of an interchange, passed over", "line 1")
            self._line += self._rest.count("\n", 0, size)
            self._at = size

    def _begin(self, blocks: Iterator[str]) -> None:
        """Take the service string advice in front of an interchange, or the separators that hold without one."""
        while len(self._skipped_blank()) < 9 and self._more(blocks):
            pass
        head = self._skipped_blank()
        self._delimiters, self._repeats = LEVEL_A, False
        if head.startswith("UNA"):
            self._delimiters = self._advised(head)
            self._at = 9
        elif head.startswith("UNB\x1d"):
            self._delimiters = LEVEL_B
        elif head.startswith("UIB+"):
            raise refused(self._where(), "UIB, of an interactive interchange", "batch EDIFACT, UNB to UNZ")
        elif head and not head.startswith("UNB+"):
            got = f"text that begins {head[:20]!r}"
            at_start = not self._begun
            raise refused(
                self._where(),
                got,
                "an interchange that begins with UNA or UNB" if at_start else "nothing behind UNZ, or an interchange",
                "file is no EDIFACT" if at_start else "text behind the end of the interchange",
            )

    def _skipped_blank(self) -> str:
        """What is not yet read, from its first character that is no blank on."""
        rest = self._rest[self._at :]
        stripped = rest.lstrip(_END_OF_FILE + "\ufeff")
        self._line += rest.count("\n", 0, len(rest) - len(stripped))
        self._rest, self._at = stripped, 0
        return stripped

    def _advised(self, head: str) -> Delimiters:
        component, element, decimal, release, repetition, terminator = list(head[3:9].ljust(6))
        said = Delimiters(component, element, decimal, release.strip(), repetition.strip(), terminator)
        signs = [component, element, terminator, *filter(None, (said.release, said.repetition))]
        if len(set(signs)) < len(signs) or any(sign.isalnum() for sign in signs):
            raise refused(
                self._where(),
                f"UNA with the separators {head[3:9]!r}",
                "six characters, those that separate different and no letters or digits",
            )
        return said

    def _piece(self, blocks: Iterator[str]) -> str | None:
        """The text up to the next end of a segment; None at the end of the file."""
        end, release = self._delimiters.terminator, self._delimiters.release
        seen = 0
        while True:
            found = self._rest.find(end, self._at + seen)
            if found < 0:
                seen = len(self._rest) - self._at
                if seen > MAX_SEGMENT_CHARS:
                    got = f"{seen} characters without the end of a segment"
                    raise refused(self._where(), got, f"segments that end with {end!r}")
                if not self._more(blocks):
                    self._check_end()
                    return None
            elif release and _is_released(self._rest, found, release, "" if end == "\n" else "\n"):
                seen = found + 1 - self._at
            else:
                piece, self._at = self._rest[self._at : found], found + 1
                return piece

    def _skip_object(self, header: Segment, blocks: Iterator[str]) -> None:
        """Pass over the object that stands behind UNO, of any characters, up to UNP with its length and number."""
        d = self._delimiters
        trailer = d.element.join(("UNP", header.at(4), header.at(1))) + d.terminator
        while (at := self._rest.find(trailer, self._at)) < 0:
            passed = max(self._at, len(self._rest) - len(trailer))
            self._line += self._rest.count("\n", self._at, passed)
            self._at = passed
            if not self._more(blocks):
                raise refused(
                    self._where(header.line), "a package without its end", f"{trailer!r}, its trailer",
                    "file is truncated",
                )  # fmt: skip
        self._line += self._rest.count("\n", self._at, at)
        self._at = at + len(trailer)

    def _check_end(self) -> None:
        if left := self._rest[self._at :].strip(_END_OF_FILE):
            raise refused(
                self._where(),
                f"{left[:20]!r} and then the end of the file",
                f"a segment that ends with {self._delimiters.terminator!r}",
                "file is truncated",
            )

    def _parsed(self, piece: str) -> Segment:
        text = piece.lstrip(" \t\r\n\0")
        self._line += piece.count("\n", 0, len(piece) - len(text))
        line = self._line
        if self._delimiters.terminator == "\n":
            self._line += 1
        if "\n" in text:
            self._line += text.count("\n")
            self.notes.add("segments with a line break inside, which is no part of them", f"line {line}")
            text = text.replace("\n", "")
        d = self._delimiters
        head, *rest = _split(text, d.element, d.release)
        if "\x1b" in text and not self._whole:
            raise refused(
                self._where(line), f"an escape sequence of ISO 2022 in segment {text[:3]}, which may hide separators",
                "text in one character set, as UNOC or UNOW have it",
                next_step="send it as UNOW, or say its encoding (as iso2022_jp) in the profile",
            )  # fmt: skip
        tag = head.split(d.component)[0].strip()
        if not _TAG.fullmatch(tag):
            raise refused(self._where(line), f"{text[:20]!r}", "a segment that begins with its tag, as NAD or LIN")
        self._begun = True
        if tag == "UNB":
            self._take_syntax(_split(rest[0], d.component, d.release) if rest else [])
        if not text.isascii() and not self._whole:
            text = self._decoded(text, line)
            _, *rest = _split(text, d.element, d.release)
        if not self._repeats and (not d.release or d.release not in text):
            return Segment(tag, [element.split(d.component) for element in rest], line, text)
        elements: list[list[str]] = []
        repeats: list[tuple[int, list[str]]] = []
        for place, element in enumerate(rest, 1):
            once, *again = _split(element, d.repetition, d.release) if self._repeats else [element]
            elements.append(self._components(once))
            repeats += [(place, self._components(more)) for more in again]
        return Segment(tag, elements, line, text, tuple(repeats))

    def _components(self, element: str) -> list[str]:
        d = self._delimiters
        return [_released(text, d.release) for text in _split(element, d.component, d.release)]

    def _take_syntax(self, syntax: list[str]) -> None:
        """The character set, and whether elements repeat, which they do from version 4 on."""
        level, version = (*syntax, "", "")[:2]
        if self._declared is None:
            self._codec = _CODECS.get(level.strip(), "")
            if not self._codec:
                raise refused(self._where(), f"syntax {level!r}", f"one of {', '.join(_CODECS)}")
        self._repeats = version.strip().startswith("4") and bool(self._delimiters.repetition)

    def _decoded(self, text: str, line: int) -> str:
        raw, codec = text.encode("latin-1"), self._codec
        if self._declared is None and codec in ("ascii", "iso8859-1"):
            codec = self._western(text, line)
        try:
            return raw.decode(codec)
        except UnicodeDecodeError as error:
            raise refused(
                self._where(line),
                f"byte 0x{raw[error.start]:02x} in segment {text[:3]}",
                f"text in {codec}, as the interchange says",
                "character is not in the character set of the interchange",
            ) from None

    def _western(self, text: str, line: int) -> str:
        """Senders write UTF-8 or Windows' characters and say UNOA or UNOC: what the bytes themselves show is read."""
        if self._is_utf8 is None:
            self._is_utf8 = _all_utf8(self._path)
        if self._is_utf8:
            found = "utf-8"
        elif _C1.search(text):
            found = "cp1252"
        else:
            found = "iso8859-1"
        if found != self._codec:
            self.notes.add(f"segments that say {self._codec} and were read in {found}, as they are", f"line {line}")
        return found

    def _where(self, line: int | None = None) -> str:
        return f"{self.name}, line {line or self._line}"


def _codec_of_mark(head: bytes) -> str | None:
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return codec
    return None


def _all_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _is_released(text: str, at: int, release: str, between: str = "") -> bool:
    """Whether an odd number of release characters stands in front: `?'` is no end, `??'` is one. Behind each may stand
    line breaks (`between`) that cut a segment in lines of one length."""
    released = False
    while at and ((sign := text[at - 1]) == release or (sign and sign == between)):
        released ^= sign == release
        at -= 1
    return released


def _split(text: str, sign: str, release: str) -> list[str]:
    """Split where the sign is not released; release characters stay."""
    parts = text.split(sign)
    if not release or release not in text:
        return parts
    whole: list[str] = []
    open_part = False
    for part in parts:
        if open_part:
            whole[-1] += sign + part
        else:
            whole.append(part)
        open_part = _is_released(whole[-1], len(whole[-1]), release)
    return whole


def _released(text: str, release: str) -> str:
    """The text without its release characters: `O?'Neil` → O'Neil, `??` → ?."""
    if not release or release not in text:
        return text
    return re.sub(re.escape(release) + "(.?)", r"\1", text, flags=re.DOTALL)
