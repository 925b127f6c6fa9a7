"""The findings about separators and quotes, each with the figures that decided and how sure they make it."""

from __future__ import annotations

import re
from math import exp
from typing import Any, Protocol

from pipelines.extract.sniff.dialects import Ranking
from pipelines.extract.sniff.scoring import Scored
from pipelines.extract.sniff.separators import Breaks, name_of


class Draft(Protocol):
    """Where findings go."""

    words: dict[str, Any]
    warnings: list[str]

    def find(self, word: str, value: Any, confidence: float, evidence: str) -> None:
        """Add a word and its finding."""


def dialect_findings(draft: Draft, ranking: Ranking, text: str, breaks: Breaks, *, whole: bool) -> None:
    """Record separator, delimiter, quote, escape and spaces of the best dialect."""
    best = ranking.best
    words = best.words
    _separator(draft, ranking, breaks)
    _delimiter(draft, ranking)
    _quote(draft, ranking, text, whole=whole)
    if words.get("escape_char"):
        escape = words["escape_char"]
        rival = ranking.rival("escape_char")
        said = f"{text.count(escape)} times {escape!r} stands before quotes or delimiters that are part of a cell"
        said += f"; without it {rival.strays} of {rival.records} records are malformed" if rival else ""
        draft.find("escape_char", escape, _certainty(best, rival), said)
    else:
        draft.find("escape_char", None, 0.95, "no quote or delimiter is escaped by a character before it")
    if words["skip_initial_space"]:
        number = text.count(words["delimiter"] + " ")
        said = f"{number} of {text.count(words['delimiter'])} delimiters are followed by a space"
        draft.find("skip_initial_space", True, 0.9, said)
    else:
        draft.find("skip_initial_space", False, 0.95, "cells do not regularly begin with a space")


def _separator(draft: Draft, ranking: Ranking, breaks: Breaks) -> None:
    best = ranking.best
    separator = best.words["record_separator"]
    if separator is None:
        note = f"line breaks: {breaks}"
        draft.find("record_separator", None, 0.97 if breaks.total else 0.8, note)
        if sum(n > 0 for n in (breaks.crlf, breaks.lf, breaks.cr)) > 1:
            draft.warnings.append(f"the file mixes line breaks: {breaks}; each of them ends a record outside quotes")
        return
    rival = ranking.rival("record_separator")
    said = f"{name_of(separator)} ends {best.records} records, {best.regular} of them of {best.width} cells"
    said += f"; line breaks: {breaks}"
    draft.find("record_separator", separator, _certainty(best, rival), said)


def _delimiter(draft: Draft, ranking: Ranking) -> None:
    best = ranking.best
    rival = ranking.rival("delimiter")
    if best.width == 1:
        said = f"no character parts the {best.records} records into cells of one kind: one column"
        if rival:
            said += f"; nearest {rival.delimiter!r}: {rival.regular} of {rival.records} records of {rival.width} cells"
        sure = _certainty(best, rival)
        if rival and rival.regular == rival.records > 1:  # it would do as well, had the cells more to say
            sure = min(sure, 0.78)
        draft.find("delimiter", best.words["delimiter"], sure, said)
        if rival and sure < 0.8:
            draft.warnings.append(
                f"the file is taken for one column, but {rival.delimiter!r} may delimit cells: {said}"
            )
        return
    said = f"{best.delimiter!r} splits {best.regular} of {best.records} records into {best.width} cells"
    if rival:
        other = f"{rival.delimiter!r}" if rival.delimiter else "no delimiter"
        said += f"; next best {other}: {rival.regular} of {rival.records} into {rival.width}"
        said += f" ({best.per_record:.0f} against {rival.per_record:.0f} bits a record)"
    sure = _certainty(best, rival)
    draft.find("delimiter", best.words["delimiter"], sure, said)
    if rival and sure < 0.8:
        draft.warnings.append(f"the delimiter is doubtful: {said}")


def _quote(draft: Draft, ranking: Ranking, text: str, *, whole: bool) -> None:
    best = ranking.best
    quote = best.words["quote_char"]
    if quote is None:
        if '"' not in text:
            said = f"no double quote occurs in {'the file' if whole else 'the sample'}: the usual quote stands"
            draft.find("quote_char", '"', 0.97 if whole else 0.85, said)
        else:
            number = text.count('"')
            said = f"none of {number} double quotes closes a cell that it opened: they are ordinary characters"
            draft.find("quote_char", None, _certainty(best, ranking.rival("quote_char")), said)
        draft.find("double_quote", True, 0.9, "no cell is quoted")
        return
    rival = ranking.rival("quote_char")
    said = f"{best.quoted} of {best.records} records have cells in {quote}, {best.strays} a quote out of place"
    draft.find("quote_char", quote, _certainty(best, rival), said)
    doubled = _doubled(text, quote, best.words["delimiter"])
    if best.words.get("escape_char") and not doubled:
        draft.find("double_quote", False, 0.85, "quotes inside cells are escaped, and none is doubled")
    else:
        draft.find("double_quote", True, 0.95, f"{doubled} times a quote inside a quoted cell is doubled")


def _doubled(text: str, quote: str, delimiter: str) -> int:
    """Doubled quotes that are not an empty cell."""
    q, d = re.escape(quote), re.escape(delimiter)
    empty = len(re.findall(rf"(?:^|{d}|[\r\n]) *{q}{q}(?=\s*(?:{d}|[\r\n]|$))", text))
    return max(len(re.findall(f"{q}{q}", text)) - empty, 0)


def _certainty(best: Scored, rival: Scored | None) -> float:
    """How sure the best dialect is before its rival, from the bits that lie between them."""
    if rival is None:
        return 0.95 if best.records > 1 else 0.75
    gap = rival.price - best.price
    share = gap / max(rival.price, 1.0)
    strength = max(min(gap / 12.0, 5.0), -5.0) + max(min(share * 30.0, 6.0), -6.0) - 1.0
    return round(0.5 + 0.49 / (1 + exp(-0.9 * (strength - 1.5))), 2)
