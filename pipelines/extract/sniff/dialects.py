"""Delimiter, quote and escape of a text: every combination that may be meant is tried, the cheapest one is it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.extract.sniff.scoring import PER_CELL, Scored, score
from pipelines.extract.sniff.separators import BREAK

USUAL = (",", ";", "\t", "|")
NEVER = frozenset("\"'\r\n\ufeff\0")
PRINTED = frozenset(" !#$%&()*+,-./:;<=>?@[\\]^_`{|}~§¦¬¶•·‖│¤÷×¨")
CONTROLS = frozenset("\t\x01\x02\x03\x06\x07\x08\x0b\x0c\x14\x1c\x1d\x1e\x1f")
"""What has been seen to delimit cells; letters, digits and quotes never do."""
QUOTES = ('"', "'", "`", "~", "|", "*", "%", "$", "^", "#", "”", "“", "´")
TRIAL_CHARS = 32_000
"""The text on which all candidates are compared; the best ones are compared again on more."""

FINAL_CHARS = 120_000
"""The text on which the last two or three are compared."""

BUDGET = 2_500_000
"""Characters that may be parsed in all: bounds the time, whatever the file."""

MOST_DELIMITERS = 9
_DECIMAL = re.compile(r"\s*[-+]?\d+,\d\d ?[%€$£]?\s*")
VARIED = ("record_separator", "delimiter", "quote_char", "escape_char", "skip_initial_space")


@dataclass(frozen=True)
class Ranking:
    """All dialects tried, cheapest first, and how much text decided."""

    tried: tuple[Scored, ...]
    chars: int

    @property
    def best(self) -> Scored:
        """The cheapest."""
        return self.tried[0]

    def rival(self, word: str) -> Scored | None:
        """The cheapest dialect that differs in this word and in what it reads."""
        best = self.best
        own = best.delimiter if word == "delimiter" else best.words.get(word)
        for other in self.tried[1:]:
            value = other.delimiter if word == "delimiter" else other.words.get(word)
            if value != own:
                return other
        return None


def rank_dialects(text: str, separators: Sequence[str | None], given: Mapping[str, Any], *, final: bool) -> Ranking:
    """Compare every dialect that the text allows; words in `given` are not varied."""
    trial, whole = cut(text, TRIAL_CHARS)
    tried: dict[tuple[Any, ...], Scored] = {}
    spent = 0
    for words in _candidates(trial, separators, given):
        if spent > BUDGET and tried:
            break
        key = tuple(words.get(w) for w in VARIED)
        if key not in tried:
            tried[key] = score(trial, words, final=final and whole)
            spent += len(trial)
    ranked = _decimals_first(sorted(tried.values(), key=_order), trial)
    if not whole:
        more, whole = cut(text, FINAL_CHARS)
        best = ranked[0].bits
        again = [s for s in ranked[:3] if s.bits < best * 1.15] + _late_quotes(ranked[0], trial, more, given)
        seen = {id(s): s for s in again}
        rescored = sorted((score(more, s.words, final=final and whole) for s in seen.values()), key=_order)
        rescored = _decimals_first(rescored, trial)
        grown = rescored[0].bits / max(ranked[0].bits, 1.0)
        rest = [replace(s, scale=grown) for s in ranked if id(s) not in seen]
        return Ranking((rescored[0], *sorted([*rescored[1:], *rest], key=_order)), len(more))
    return Ranking(tuple(ranked), len(trial))


def _decimals_first(ranked: list[Scored], text: str) -> list[Scored]:
    """One column of decimal commas (`92,20%`) before two columns of digits, unless the header has a comma too."""
    best = ranked[0]
    if best.words["delimiter"] != "," or best.width != 2 or best.quoted:
        return ranked
    lines = [line for line in BREAK.split(text) if line.strip()]
    if len(lines) < 4 or ("," in lines[0] and not _DECIMAL.fullmatch(lines[0])):
        return ranked
    if sum(1 for line in lines[1:] if not _DECIMAL.fullmatch(line)) * 20 > len(lines):
        return ranked
    alone = next((s for s in ranked if s.width == 1), None)
    return [alone, *(s for s in ranked if s is not alone)] if alone else ranked


def cut(text: str, size: int) -> tuple[str, bool]:
    """(the text up to the last line break before `size`, at least three lines; whether that is all)."""
    if len(text) <= size:
        return text, True
    end = text.rfind("\n", 0, size)
    end = end if end >= 0 else text.rfind("\r", 0, size)
    at, lines = 0, 0
    while lines < 3 and (found := BREAK.search(text, at, 8 * size)):
        at, lines = found.end(), lines + 1
    end = max(end + 1, at) or size
    return text[:end], end >= len(text)


def _order(scored: Scored) -> tuple[float, int]:
    simple = (scored.words.get("escape_char") is not None) + (scored.words.get("quote_char") not in ('"', None))
    return scored.price, simple


def _late_quotes(best: Scored, trial: str, more: str, given: Mapping[str, Any]) -> list[Scored]:
    """The best delimiter with the quotes that occur only behind the text of the first comparison."""
    delimiter = best.words["delimiter"]
    out = []
    for quote, escape in _quotings(more, delimiter, given):
        words = {**best.words, "quote_char": quote, "escape_char": escape}
        if (quote, escape) != (best.words["quote_char"], best.words["escape_char"]):
            out.append(Scored(words, best.bits, best.width, 0, 0, 0, 0, 0.0))
    return out


def _candidates(text: str, separators: Sequence[str | None], given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    kept = {w: given[w] for w in ("double_quote", "comment_char") if w in given}
    for separator in separators:
        for delimiter in [given["delimiter"]] if "delimiter" in given else delimiters(text, separator):
            core = separator.strip("\r\n") if separator else ""
            if core and (core in delimiter or delimiter in core):  # cells without text at the end of records
                continue
            spaced = _spaced(text, delimiter) if "skip_initial_space" not in given else [given["skip_initial_space"]]
            for quote, escape in _quotings(text, delimiter, given):
                for skip in spaced:
                    words = {"record_separator": separator, "delimiter": delimiter, "quote_char": quote}
                    yield {**kept, **words, "escape_char": escape, "skip_initial_space": skip}


def _spaced(text: str, delimiter: str) -> list[bool]:
    """Whether spaces behind the delimiter may be no part of the cells: where most delimiters have one."""
    number = text.count(delimiter)
    usual = text.count(delimiter + " ") * 5 >= number * 2 if delimiter != " " else "  " in text
    return [False, True] if usual and number else [False]


def delimiters(text: str, separator: str | None) -> list[str]:
    """Texts that may delimit the cells, the likeliest first, and one that does not occur: everything is one column."""
    lines = [line for line in (text.split(separator) if separator else BREAK.split(text)) if line.strip()][:3000]
    counts = Counter(text)
    weights: list[tuple[float, str]] = []
    for char, number in counts.items():
        if char.isalnum() or char in NEVER or (separator and char in separator and len(separator.strip()) == 1):
            continue
        if char not in PRINTED and char not in CONTROLS:
            continue
        holding = sum(char in line for line in lines) if number > 1 else 1
        if holding * 8 < len(lines) and char not in USUAL:
            continue
        weights.append((holding / max(len(lines), 1) - PER_CELL.get(char, 2.5) * 0.12, char))
    singles = [char for _, char in sorted(weights, key=lambda w: (-w[0], w[1]))]
    singles = sorted(singles[:MOST_DELIMITERS], key=lambda c: c not in USUAL)
    several = [longer for char in singles if (longer := _grown(lines, char)) != char]
    for char in ",;|:":
        if counts[char] > text.count(char + " ") > 0 and sum(char + " " in x for x in lines) * 2 > len(lines):
            several.append(char + " ")
    absent = next((c for c in (",", ";", "\t", "|", "\x1f", "\x1e", "\x01") if c not in counts), ",")
    return list(dict.fromkeys([*singles, *several, absent]))


def _grown(lines: Sequence[str], char: str) -> str:
    """The longest text of symbols around a character that is there wherever the character is: `|` → `+|`."""
    if char == " ":
        return char
    text = "\n".join(lines[:400])
    total, grown = text.count(char), char
    for _ in range(3):
        near = _neighbours(text, grown) if total > 1 else []
        longer = next((g for g in near if text.count(g) * g.count(char) * 2 >= total), None)
        if longer is None:
            break
        grown = longer
    return grown


def _neighbours(text: str, grown: str) -> list[str]:
    escaped = re.escape(grown)
    before = Counter(re.findall(rf"(?=(.){escaped})", text[:20_000])).most_common(1)
    after = Counter(re.findall(rf"(?={escaped}(.))", text[:20_000])).most_common(1)
    found = []
    for options, left in ((after, False), (before, True)):
        for char, _ in options:
            if not (char.isalnum() or char.isspace() or char in "\"'()[]{}."):
                found.append(char + grown if left else grown + char)
    return found


def _quotings(text: str, delimiter: str, given: Mapping[str, Any]) -> list[tuple[str | None, str | None]]:
    """(quote, escape) pairs that make a difference to this text."""
    quotes: list[str | None] = (
        [given["quote_char"]] if "quote_char" in given else [None, *_edge_quotes(text, delimiter)]
    )
    pairs: list[tuple[str | None, str | None]] = []
    for quote in quotes:
        if "escape_char" in given:
            pairs.append((quote, given["escape_char"]))
            continue
        pairs.append((quote, None))
        pairs += [(quote, escape) for escape in _escapes(text, delimiter, quote)]
    return pairs


def _edge_quotes(text: str, delimiter: str) -> list[str]:
    """Characters that stand at both edges of cells."""
    found = []
    d = re.escape(delimiter)
    for quote in QUOTES:
        if quote == delimiter or quote in delimiter or quote not in text:
            continue
        q = re.escape(quote)
        opening = re.compile(rf"(?:^|[\r\n]|{d}) *{q}")
        closing = re.compile(rf"{q} *(?:{d}|[\r\n]|$)")
        if opening.search(text) and closing.search(text):
            need = 1 if quote in "\"'" else max(3, text.count("\n") // 2)
            if need == 1 or len(opening.findall(text)) >= need:
                found.append(quote)
    return found[:4]


def _escapes(text: str, delimiter: str, quote: str | None) -> list[str]:
    """Characters that stand before quotes inside cells, or before delimiters that delimit nothing."""
    found = []
    d = re.escape(delimiter)
    if "\\" in text:
        before = rf"[{re.escape(quote)}]|{d}" if quote else d
        if delimiter != "\\" and re.search(rf"\\(?:{before})", text):
            found.append("\\")
    if quote:
        q = re.escape(quote)
        inner = re.compile(rf"(?<=[^\r\n\\{q}])([/^~`!?*%$#@+&-]){q}(?! *(?:{d}|[\r\n]|$|{q}))")
        marks = Counter(m for m in inner.findall(text[:200_000]) if m not in delimiter)
        found += [m for m, n in marks.most_common(1) if n >= 3 and n * 2 > text.count(m)]
    return found
