"""Columns by position: places where every line has a blank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.extract.sniff.cells import TEXT, WORD, look
from pipelines.extract.sniff.separators import BREAK
from pipelines.extract.table import column_names

LINES_LOOKED_AT = 2000


@dataclass(frozen=True)
class Fixed:
    """Fields of fixed-width lines: (start from 0, width), the header line if there is one, and the reasons."""

    fields: tuple[tuple[int, int], ...]
    header: bool
    preamble: int
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    confidence: float
    evidence: str

    def words(self) -> list[dict[str, Any]]:
        """The fields as the format says them."""
        return [{"name": n, "start": s + 1, "width": w} for n, (s, w) in zip(self.names, self.fields, strict=True)]


def find_fixed(text: str) -> Fixed | None:
    """Fixed-width columns, when blanks in the same places part all lines into at least two columns."""
    lines = [line.rstrip("\x1a") for line in BREAK.split(text)[:LINES_LOOKED_AT]]
    while lines and not lines[-1].strip():
        lines.pop()
    skipped = _title_lines(lines)
    body = [line.expandtabs(8) if "\t" in line else line for line in lines[skipped:] if line.strip()]
    ruled = len(body) > 2 and set(body[1].strip()) <= set("-= +|") and "--" in body[1]
    kept = [body[0], *body[2:]] if ruled else body
    if len(kept) < 3 or any("\t" in line for line in lines[skipped:][:50]):
        return None
    starts = _starts(kept)
    if len(starts) < 2:
        return None
    length = max(map(len, kept))
    fields = tuple((s, e - s) for s, e in zip(starts, [*starts[1:], length], strict=True))
    rows = [tuple(line[s : s + w].strip() for s, w in fields) for line in kept]
    if not _aligned(kept, fields):
        return None
    header = _is_header(rows)
    if header and not all(rows[0]):  # a column without a name is a part of the one before it, parted by chance
        fields = _merged(fields, rows[0])
        rows = [tuple(line[s : s + w].strip() for s, w in fields) for line in kept]
    names = column_names([rows[0]], " ") if header else [f"column {i + 1}" for i in range(len(fields))]
    same = sum(len(line) == length for line in kept)
    evidence = f"{len(kept)} lines have a blank before positions {', '.join(str(s + 1) for s in starts[1:9])}"
    evidence += f"; {same} of them are {length} characters long"
    sure = 0.9 if same > len(kept) * 0.8 and len(kept) >= 5 else 0.7
    preamble = skipped + (1 if header else 0) + (1 if ruled else 0)
    return Fixed(fields, header, preamble, tuple(names), tuple(rows[header:]), sure, evidence)


def _merged(fields: Sequence[tuple[int, int]], names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for (start, width), name in zip(fields, names, strict=True):
        if merged and not name:
            first = merged[-1][0]
            merged[-1] = (first, start + width - first)
        else:
            merged.append((start, width))
    return tuple(merged)


def _title_lines(lines: Sequence[str]) -> int:
    """Lines before the first blank line when they are few and the rest is many."""
    for i, line in enumerate(lines[:10]):
        if not line.strip():
            return i + 1 if len(lines) - i > 5 else 0
    return 0


def _starts(lines: Sequence[str]) -> list[int]:
    """Where columns begin: behind a place that is blank in every line, and filled in some."""
    length = max(map(len, lines))
    filled = [0] * length
    for line in lines:
        for at, char in enumerate(line[:2000]):
            if char not in " \u00a0":
                filled[at] += 1
    starts: list[int] = []
    for at in range(min(length, 2000)):
        if filled[at] and (at == 0 or not filled[at - 1]):
            starts.append(at)
    return starts if starts and starts[0] < 8 else [0, *starts]


def _aligned(lines: Sequence[str], fields: Sequence[tuple[int, int]]) -> bool:
    """Whether the gaps are padding rather than chance: most columns have cells of different lengths, or two blanks.

    In prose, or in words parted by one space, no place is blank in every one of many lines.
    """
    if len(lines) < 3:
        return False
    padded = 0
    for start, width in fields[:-1]:
        cells = [line[start : start + width] for line in lines]
        sizes = {len(c.strip()) for c in cells}
        double = any(c.endswith("  ") or c.startswith(" ") for c in cells)
        padded += len(sizes) > 1 or double
    return padded * 2 > len(fields) - 1 or padded >= 2


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    if any(look(c)[0] not in (TEXT, WORD) for c in rows[0] if c):
        return False
    typed = above = 0
    for i, name in enumerate(rows[0]):
        kinds = [look(r[i])[0] for r in rows[1:200] if r[i]]
        if kinds and sum(k not in (TEXT, WORD) for k in kinds) * 3 > len(kinds) * 2:
            typed += 1
            above += bool(name)
    if typed:
        return above * 2 > typed
    return all(rows[0]) and not any(rows[0][i] == r[i] for r in rows[1:200] for i in range(len(rows[0])))
