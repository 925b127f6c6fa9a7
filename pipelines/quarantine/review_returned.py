"""A review workbook that came back, compared with what was sent: who decided what, or why it is refused.

Of what was shown only fingerprints are kept, salted by the tokens: personal data has no second home in the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.errors import KontorError
from pipelines.quarantine.cells import plain
from pipelines.quarantine.review_book import COMMENT, DECISION, FIRST_ROW, HEADER_ROW, LEAD, LOCKED, PERSON, PERSON_ROW
from pipelines.quarantine.review_words import REVIEW_WORDS


class ReviewRefused(KontorError):
    """A review workbook that cannot be taken as it came back; what waits goes on waiting."""


Verdict = Literal["same", "different"]
AGAIN = "open the workbook as it was sent, fill in the blue cells only, and return it"


@dataclass(frozen=True)
class SentPair:
    """A row as it was sent: its place in the sheet, the hash of its token, fingerprints of its locked texts."""

    row: int
    token_hash: str
    prints: Sequence[str]


@dataclass(frozen=True)
class Answer:
    """What was decided on the pair that was sent in a row of the sheet."""

    row: int
    verdict: Verdict
    comment: str


@dataclass(frozen=True)
class Answers:
    """What came back: who says it, the decisions in the order of the sheet, and how many pairs were left open."""

    person: str
    decided: Sequence[Answer]
    undecided: int


def fingerprint(token: str, row_token: str, position: int, text: str) -> str:
    """What is kept of a locked text: nothing that could be guessed without the workbook itself."""
    salted = "\0".join((token, row_token, str(position), plain(text)))
    return hashlib.sha256(salted.encode()).hexdigest()[:16]


def answers(
    sent: Sequence[SentPair],
    records: Iterable[tuple[int, Sequence[str]]],
    token: str,
    hashed: Callable[[str], str],
    language: str,
    name: str,
) -> Answers:
    """Compare; raises ReviewRefused, which names rows and columns but no value.

    `records`: (row, cells) of the sheet of pairs from its first row on; `hashed`: what is kept of a row token.
    """
    by_token = {pair.token_hash: pair for pair in sent}
    words, person, headed = REVIEW_WORDS[language], "", False
    found: list[Answer] = []
    seen: set[int] = set()
    for at, cells in records:
        if at == PERSON_ROW:
            person = _cell(cells, PERSON)
        elif at == HEADER_ROW:
            _check_header(cells, words, name)
            headed = True
        elif at >= FIRST_ROW and any(c.strip() for c in cells):
            row_token = _cell(cells, 0)
            pair = by_token.get(hashed(row_token)) if row_token else None
            if pair is None:
                got = "a key that was not sent" if row_token else "a row without key"
                raise tampered(f"{name}:{at}", got, "the pairs that were sent, each with its key")
            if pair.row in seen:
                raise tampered(f"{name}:{at}", "a key that stands in two rows", "every key once")
            seen.add(pair.row)
            _check_locked(pair, cells, token, row_token, words, f"{name}:{at}")
            if (said := _cell(cells, DECISION)) != "":
                verdict = _verdict(said, language, f"{name}:{at}, {words['decision']}")
                found.append(Answer(pair.row, verdict, _cell(cells, COMMENT)))
    if not headed:
        raise tampered(f"{name}:{HEADER_ROW}", "no header", "the sheet as it was sent")
    return Answers(person, found, len(sent) - len(found))


def _cell(cells: Sequence[str], position: int) -> str:
    return plain(cells[position]).strip() if position < len(cells) else ""


def _check_header(cells: Sequence[str], words: Mapping[str, str], name: str) -> None:
    for at, word in enumerate(LEAD):
        if _cell(cells, at) != words[word]:
            raise tampered(
                f"{name}:{HEADER_ROW}, column {at + 1}", "another header", f"{words[word]!r}, as it was sent"
            )


def _check_locked(
    pair: SentPair, cells: Sequence[str], token: str, row_token: str, words: Mapping[str, str], where: str
) -> None:
    columns = [*LOCKED, *range(len(LEAD), len(LEAD) + len(pair.prints) - len(LOCKED))]
    for position, sent in zip(columns, pair.prints, strict=True):
        text = cells[position] if position < len(cells) else ""
        if fingerprint(token, row_token, position, text) != sent:
            column = words[LEAD[position]] if position < len(LEAD) else f"column {position + 1}"
            raise tampered(f"{where}, {column}", "a locked cell that was changed", "the text that was sent")


def _verdict(said: str, language: str, where: str) -> Verdict:
    """A decision in the words of any language: people may write it without the list."""
    for words in REVIEW_WORDS.values():
        if said.casefold() == words["same"].casefold():
            return "same"
        if said.casefold() == words["different"].casefold():
            return "different"
    words = REVIEW_WORDS[language]
    raise ReviewRefused(
        "review workbook holds a decision that is none, nothing of it is taken",
        where=where,
        got="another word",
        expected=f"{words['same']}, {words['different']} or nothing",
        next_step="choose from the list in the cell, and return the workbook again",
    )


def tampered(where: str, got: str, expected: str) -> ReviewRefused:
    """The refusal of a workbook that is not as it was sent."""
    return ReviewRefused(
        "review workbook was changed where it must not be, nothing of it is taken",
        where=where,
        got=got,
        expected=expected,
        next_step=AGAIN,
    )
