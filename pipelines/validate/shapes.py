"""The shape of identifiers: one regular expression for texts that are all written alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_CLASSES = (("9", "[0-9]", str.isdigit), ("A", "[A-Z]", str.isupper), ("a", "[a-z]", str.islower))
_MOST_SHAPES = 3
_MOST_RUNS = 8


@dataclass(frozen=True)
class Pattern:
    """A regular expression that every text matches, and how it was found."""

    regex: str
    evidence: str


def pattern(texts: Sequence[str]) -> Pattern | None:
    """The shape of some different texts; None when they are written in more than three ways, or as prose.

    >>> pattern(["DE-1001", "DE-23", "FR-9"]).regex
    '^[A-Z]{2}-[0-9]{1,4}$'
    """
    kinds: dict[str, list[list[str]]] = {}
    for text in texts:
        found = _runs(text)
        if found is None:
            return None
        kinds.setdefault("".join(kind for kind, _ in found), []).append([run for _, run in found])
        if len(kinds) > _MOST_SHAPES:
            return None
    counts = Counter({kind: len(rows) for kind, rows in kinds.items()})
    parts = [_regex(kind, kinds[kind]) for kind, _ in counts.most_common()]
    regex = f"^{parts[0]}$" if len(parts) == 1 else f"^(?:{'|'.join(parts)})$"
    shown = ", ".join(f"{n:,} like {kind}" for kind, n in counts.most_common())
    return Pattern(regex, f"shapes of the different values: {shown}")


def _runs(text: str) -> list[tuple[str, str]] | None:
    """The text as runs of one class; None when it is prose: blanks, or letters beyond ASCII, or too many runs."""
    runs: list[tuple[str, str]] = []
    for sign in text:
        if not sign.isascii() or sign.isspace():
            return None
        kind = next((name for name, _, test in _CLASSES if test(sign)), sign)
        if runs and runs[-1][0] == kind and kind.isalnum():
            runs[-1] = (kind, runs[-1][1] + sign)
        else:
            runs.append((kind, sign))
    if not runs or len(runs) > _MOST_RUNS or all(kind in "Aa" for kind, _ in runs):
        return None
    return runs


def _regex(kind: str, rows: Sequence[Sequence[str]]) -> str:
    out = []
    for i, sign in enumerate(kind):
        lengths = {len(row[i]) for row in rows}
        name = next((regex for word, regex, _ in _CLASSES if word == sign), None)
        if name is None:
            out.append(re.escape(sign) if sign in r"\.^$*+?{}[]|()" else sign)
            continue
        same = {row[i] for row in rows}
        if len(same) == 1 and sign != "9":
            out.append(next(iter(same)))  # a fixed prefix
        else:
            out.append(name + _times(min(lengths), max(lengths)))
    return "".join(out)


def _times(least: int, most: int) -> str:
    if least == most:
        return "" if most == 1 else f"{{{most}}}"
    return f"{{{least},{most}}}"
