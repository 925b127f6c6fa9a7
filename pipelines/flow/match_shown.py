"""Pairs of customers as stewards are shown them, in a workbook or on a page: side by side, what differs marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from pipelines.contract import Contract
from pipelines.flow.match_review import FEED, columns_shown, waiting_in
from pipelines.flow.office import Office, open_office
from pipelines.profile import Profile
from pipelines.quarantine.cells import shown
from pipelines.quarantine.review_content import PairCell, compared
from pipelines.quarantine.review_words import REVIEW_WORDS, column_label, how_label, what_label
from pipelines.warehouse import audit, matches, reviews
from pipelines.warehouse.matches import Customer, Decision, MatchedPair

__all__ = ["PairCell", "ReviewPage", "ShownPair", "ShownPairs", "grouped", "review_page", "show_pairs", "told"]

_LEAST_WEIGHT = 0.05
"""Of evidence that is told: less says nothing either way."""


@dataclass(frozen=True)
class ShownPair:
    """A pair in the words of its readers. `cells` in the order of the columns of the table it stands in."""

    pair: MatchedPair
    group: int
    probability: str
    why: str
    cells: Sequence[PairCell]


@dataclass(frozen=True)
class ShownPairs:
    """Pairs with the columns that any of them has a value in, (name, heading)."""

    language: str
    columns: Sequence[tuple[str, str]]
    lines: Sequence[ShownPair]


def show_pairs(pairs: Sequence[MatchedPair], contract: Contract, profile: Profile) -> ShownPairs:
    """Side by side, pairs that hang together next to each other, the most probable group first."""
    language = "de" if profile.language == "de" else "en"
    hidden = {c.name for c in contract.columns if c.classification == "restricted"}
    names = [n for n in columns_shown(contract) if any(p.left_row.get(n) or p.right_row.get(n) for p in pairs)]
    lines = []
    for group, members in enumerate(grouped(pairs), start=1):
        for pair in members:
            cells = [_cell(pair, name, language, profile.model.locale, hidden=name in hidden) for name in names]
            chance = "" if pair.probability is None else percent(pair.probability, profile.model.locale)
            lines.append(ShownPair(pair, group, chance, told(pair.reasons, language), cells))
    return ShownPairs(language, [(n, column_label(n, language)) for n in names], lines)


@dataclass(frozen=True)
class ReviewPage:
    """What a steward of a client is shown: the first of the pairs that wait, how many do, the newest decisions, and
    the workbook that shows the same, below the outbox."""

    client_id: str
    name: str
    words: Mapping[str, str]
    pairs: ShownPairs
    waiting: int
    decisions: Sequence[Decision]
    book: str | None


def review_page(client_id: str, person: str, *, most: int, office: Office | None = None) -> ReviewPage:
    """The page of a client; that somebody was shown values in clear is kept in the audit log."""
    office = office or open_office()
    profile = office.profile(client_id)
    with office.warehouse.transaction() as conn:
        found = waiting_in(office, conn, client_id)
        shown_now = show_pairs(found[:most], office.contract(FEED), profile)
        newest = matches.decisions_of(conn, client_id, revoked=True)[:most]
        book = reviews.open_book(conn, client_id)
        if found:
            detail = {"client": client_id, "pairs": len(found[:most])}
            audit.record(conn, actor=person, action="show in clear", detail=detail)
    there = book.path if book and (office.settings.outbox / book.path).is_file() else None
    words = REVIEW_WORDS[shown_now.language]
    return ReviewPage(client_id, profile.model.name, words, shown_now, len(found), newest, there)


def grouped(pairs: Sequence[MatchedPair]) -> list[list[MatchedPair]]:
    """Pairs that have a customer in common, directly or through others; within and between groups the order stays."""
    home: dict[Customer, Customer] = {}

    def root(one: Customer) -> Customer:
        while home.setdefault(one, one) != one:
            home[one] = home[home[one]]
            one = home[one]
        return one

    for pair in pairs:
        home[root(pair.right)] = root(pair.left)
    groups: dict[Customer, list[MatchedPair]] = {}
    for pair in pairs:
        groups.setdefault(root(pair.left), []).append(pair)
    return list(groups.values())


def percent(probability: float, locale: str) -> str:
    """`93 %`; never 100 or 0 for what is not certain.

    >>> percent(0.9999, "en_GB"), percent(0.932, "de_DE")
    ('> 99 %', '93 %')
    """
    if 0.99 < probability < 1:
        return "> 99 %"
    if 0 < probability < 0.01:
        return "< 1 %"
    return f"{format_decimal(round(probability * 100), locale=locale)} %"


def told(reasons: Sequence[Mapping[str, Any]], language: str) -> str:
    """What speaks for and against, strongest first, without a value.

    >>> told([{"what": "family", "how": "same", "weight": 8.12}], "en")
    'for: Family name agrees (+8.1)'
    """
    words = REVIEW_WORDS[language]
    sides: dict[str, list[str]] = {"for": [], "against": []}
    for reason in reasons:
        weight = float(reason.get("weight") or 0)
        if abs(weight) >= _LEAST_WEIGHT:
            what = what_label(str(reason.get("what", "")), language)
            how = how_label(str(reason.get("how", "")), language)
            bits = f"{weight:+.1f}".replace(".", "," if language == "de" else ".")
            sides["for" if weight > 0 else "against"].append(f"{what} {how} ({bits})")
    return "\n".join(f"{words[side]}: {', '.join(said)}" for side, said in sides.items() if said)


def _cell(pair: MatchedPair, name: str, language: str, locale: str, *, hidden: bool) -> PairCell:
    words, texts = REVIEW_WORDS[language], [pair.left_row.get(name), pair.right_row.get(name)]
    if name == "customer_type_code":
        texts = [words.get(text or "", text) for text in texts]
    left, right = (_text(text, language, locale) for text in texts)
    cell = compared(left, right)
    if hidden and cell.likeness != "none":
        word = words[f"hidden_{cell.likeness}"]
        return replace(cell, left=left and word, right=right and word, hidden=True)
    return cell


def _text(value: Any, language: str, locale: str) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return REVIEW_WORDS[language]["yes" if value else "no"]
    if isinstance(value, datetime):
        return format_datetime(value, "medium", locale=locale)
    if isinstance(value, date):
        return format_date(value, "medium", locale=locale)
    return shown(str(value))
