"""Which encoding the bytes of a text are in: marks, NUL patterns, valid UTF-8, else what the words spell."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.extract.sniff.proposal import Finding
from pipelines.extract.sniff.sample import Sample
from pipelines.extract.sniff.spelling import spelt

MAX_SCAN = 64 << 20
"""Bytes that are checked for being UTF-8: a fraction of a second, and a late umlaut would stop the whole read."""

MAX_STRANGE = 64 << 10
"""Bytes of lines beyond ASCII that decide between the encodings of one byte a character."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z0-9\x80-\xff]*")
_ANY_HIGH = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Encoding:
    """An encoding, what other one some lines are in, and the reasons."""

    codec: str
    fallback: str | None
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()

    def decode(self, data: bytes) -> str:
        """The text of a part of the file, its mark dropped; what cannot be decoded becomes U+FFFD."""
        if self.fallback is None:
            return data.decode(self.codec, "replace").removeprefix("\ufeff")
        return "".join(_either(line, self.codec, self.fallback) for line in data.splitlines(keepends=True))


def _either(line: bytes, codec: str, fallback: str) -> str:
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return line.decode(fallback, "replace")


def find_encoding(sample: Sample) -> Encoding:
    """The encoding of a text file."""
    for mark, codec in _MARKS:
        if sample.head.startswith(mark):
            said = f"the file begins with the byte order mark {mark.hex(' ').upper()}"
            return Encoding(codec, None, (Finding("encoding", codec, 0.99, said),))
    if wide := _by_nuls(sample.head):
        return wide
    scan = _scan(sample.path)
    if not scan.high:
        return _found("utf-8", 0.99, f"all of {scan.size} bytes are ASCII, which UTF-8 contains")
    if not scan.bad:
        said = f"{scan.high} lines hold bytes above 0x7F, and all of them are valid UTF-8"
        return _found("utf-8", 0.99 if scan.high > 1 or scan.multi > 2 else 0.95, said)
    spelling = spelt(scan.strange)
    other, sure = spelling.codec, spelling.confidence
    if scan.good and scan.good + scan.bad >= 2 and spelling.single:
        said = f"{scan.good} lines beyond ASCII are valid UTF-8, {scan.bad} are not; those spell words in {other}"
        findings = (
            Finding("encoding", "utf-8", 0.85, said),
            Finding("fallback_encoding", other, min(sure, 0.85), spelling.evidence),
        )
        note = f"the file mixes encodings: {scan.bad} lines are read as {other}, the others as utf-8"
        return Encoding("utf-8", other, findings, (note,))
    said = f"{scan.bad} lines are not valid UTF-8; {spelling.evidence}"
    doubt: tuple[str, ...] = ()
    if sure < 0.8:
        doubt = (f"the encoding may be {spelling.rival or 'another one'} instead of {other}: {spelling.evidence}",)
    return Encoding(other, None, (Finding("encoding", other, sure, said),), doubt)


def _found(codec: str, confidence: float, evidence: str) -> Encoding:
    return Encoding(codec, None, (Finding("encoding", codec, confidence, evidence),))


def _by_nuls(head: bytes) -> Encoding | None:
    """UTF-16 and UTF-32 without a mark: Latin letters have NUL bytes at every second, or three of four, places."""
    data = head[:65_536]
    size = len(data) // 4 * 4
    if size < 4 or data.count(0) * 8 < len(data):
        return None
    share = [data[i:size:4].count(0) / (size // 4) for i in range(4)]
    patterns = (
        ("utf-32-le", share[2] > 0.9 and share[3] > 0.9 and share[0] < 0.3),
        ("utf-32-be", share[0] > 0.9 and share[1] > 0.9 and share[3] < 0.3),
        ("utf-16-le", min(share[1], share[3]) > 0.4 and max(share[0], share[2]) < 0.2),
        ("utf-16-be", min(share[0], share[2]) > 0.4 and max(share[1], share[3]) < 0.2),
    )
    for codec, fits in patterns:
        if fits:
            said = f"NUL bytes at {', '.join(f'{s:.0%}' for s in share)} of the four places of every four bytes"
            return _found(codec, 0.95, said)
    return None


@dataclass
class _Scan:
    size: int = 0
    high: int = 0
    good: int = 0
    bad: int = 0
    multi: int = 0
    strange: bytes = b""


def _scan(path: Path) -> _Scan:
    """Lines beyond ASCII: how many are UTF-8, and words of those that are not."""
    scan = _Scan()
    words: list[bytes] = []
    room = MAX_STRANGE
    for block in _blocks(path):
        scan.size += len(block)
        if block.isascii():
            continue
        for line in re.split(rb"[\r\n]+", block):
            if line.isascii():
                continue
            scan.high += 1
            try:
                text = line.decode("utf-8")
                scan.good += 1
                scan.multi += sum(c > "\x7f" for c in text[:2000])
            except UnicodeDecodeError:
                scan.bad += 1
                if room > 0:
                    found = _HIGH.findall(line[:20_000])
                    words += found
                    room -= sum(map(len, found))
    scan.strange = b" ".join(words)
    return scan


def _blocks(path: Path) -> Iterator[bytes]:
    """The file in blocks that end with a line."""
    left = MAX_SCAN
    rest = b""
    with path.open("rb") as file:
        while left > 0 and (block := file.read(1 << 20)):
            left -= len(block)
            block = rest + block
            end = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
            if not end and len(block) < 4 << 20 and left > 0:
                rest = block
                continue
            end = end or _whole_chars(block)
            rest = block[end:]
            yield block[:end]
    if left > 0:
        yield rest


def _whole_chars(block: bytes) -> int:
    """Length without a UTF-8 character that is cut off at the end."""
    for back in range(1, min(4, len(block)) + 1):
        byte = block[-back]
        if byte >= 0xC0:
            return len(block) - back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else len(block)
        if byte < 0x80:
            break
    return len(block)
