"""Comment lines: they begin with a sign that no record begins with, and are no records by their shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.extract.sniff.records import Record

PREFIXES = ("#", "%", "//", "--", "!", ";", "*")


@dataclass(frozen=True)
class Comments:
    """The prefix of comments, how many lines have it, and how sure that is."""

    prefix: str
    lines: int
    confidence: float
    evidence: str


def find_comments(records: Sequence[Record], width: int) -> Comments | None:
    """The comment prefix of a file, when it has comments.

    A commented header (`#id,name` right above the records, of their width) is a header and no comment.
    """
    filled = [r for r in records if r.raw.strip()]
    for prefix in PREFIXES:
        begun = [i for i, r in enumerate(filled) if r.raw.startswith(prefix)]
        if not begun or len(begun) * (4 / 3 if begun[-1] == len(begun) - 1 else 2) > len(filled):
            continue
        alike = [i for i in begun if width > 1 and len(filled[i].cells) == width]
        titled = len(alike) == 1 and _above_records(filled, alike[0], prefix)
        if alike and not (titled and len(begun) > 1) and len(alike) * 5 > len(begun):
            continue
        if titled:
            continue
        if width == 1 and prefix not in ("#", "//"):
            continue
        words = sum(1 for i in begun if len(filled[i].raw) > len(prefix) + 1 or filled[i].raw.strip() == prefix)
        if prefix in ("*", "!", ";", "--", "%") and (len(begun) < 2 or words < len(begun)):
            continue
        sure = 0.95 if prefix == "#" and width > 1 else 0.8
        where = "before the table" if begun[-1] == len(begun) - 1 else "between records"
        said = f"{len(begun)} lines begin with {prefix!r}, {where}; no record of {width} cells does"
        return Comments(prefix, len(begun), sure, said)
    return None


def _above_records(filled: Sequence[Record], at: int, prefix: str) -> bool:
    """Whether the line is the last that has the prefix, directly above the first record."""
    return (
        at + 1 < len(filled)
        and all(r.raw.startswith(prefix) for r in filled[:at])
        and not any(r.raw.startswith(prefix) for r in filled[at + 1 :])
    )
