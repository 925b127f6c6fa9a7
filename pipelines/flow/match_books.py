"""Review workbooks: the pairs of customers of a client that wait for a steward, to be decided in a spreadsheet.

One workbook for each client, in the outbox, as correction workbooks are; it is taken back by its token, through landing
or by hand. What is decided in an older one counts too, as long as the pair is still what it showed: a steward may take
days, and new pairs come every night.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from babel.dates import format_datetime

from pipelines.errors import DeclarationError, DeliveryError, KontorError
from pipelines.extract.discover import sha256_of
from pipelines.extract.reader import read_table
from pipelines.extract.table import CELLS, PROBLEM, ROW
from pipelines.flow.composing import row_tokens
from pipelines.flow.correction import keep
from pipelines.flow.match_review import FEED, bring_into_effect, check_person, decide_in, told, waiting_in
from pipelines.flow.match_shown import ShownPair, show_pairs
from pipelines.flow.office import Office, open_office
from pipelines.flow.release import LEAST_REASON, DecisionRefused
from pipelines.flow.summary import stewards
from pipelines.profile import Format
from pipelines.quarantine import review_book
from pipelines.quarantine.review_book import FIRST_ROW, LEAD, LOCKED
from pipelines.quarantine.review_content import PairLine, ReviewContent
from pipelines.quarantine.review_returned import Answers, ReviewRefused, SentPair, answers, fingerprint
from pipelines.quarantine.review_words import REVIEW_WORDS
from pipelines.quarantine.token import REVIEW, Mark, mark_of
from pipelines.warehouse import audit, matches, reviews
from pipelines.warehouse.matches import MatchedPair
from pipelines.warehouse.reviews import BookPair, Return, ReviewBook
from pipelines.warehouse.workbooks import row_token_hash

if TYPE_CHECKING:
    from pipelines.flow.arrivals import Intake

log = logging.getLogger("kontor")

MOST_PAIRS = 2_000
"""Pairs of one workbook: more than a person decides in a week. The rest comes next."""
Returned = tuple[datetime, Return]
_NEXT = "decide the newest workbook: python -m pipelines matches review"


@dataclass(frozen=True)
class MadeReview:
    """A review workbook that was made."""

    client_id: str
    number: int
    pairs: int
    path: Path


# -- made ----------------------------------------------------------------------------------------------


def make_reviews(office: Office | None = None, client: str | None = None) -> list[MadeReview]:
    """A workbook for every client with pairs that wait; running again makes nothing new."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        clients = reviews.with_books(conn, client)
    made: list[MadeReview] = []
    for client_id in clients:
        try:
            office.profile(client_id)
            with office.warehouse.turn(f"review workbook of {client_id}"), office.warehouse.transaction() as conn:
                made += _make(office, conn, client_id)
        except KontorError as error:
            log.error("no review workbook for %s: %s", client_id, error)
    _clear(office, client)
    return made


def _make(office: Office, conn: sa.Connection, client_id: str) -> list[MadeReview]:
    pairs = waiting_in(office, conn, client_id)
    book = reviews.open_book(conn, client_id)
    if not pairs:
        reviews.end(conn, client_id, "closed")
        return []
    if book and (office.settings.outbox / book.path).is_file() and _says(conn, book, pairs[:MOST_PAIRS]):
        return []
    number = reviews.last_number(conn, client_id) + 1
    token = secrets.token_urlsafe(16)
    content, kept = _composed(office, conn, client_id, number, pairs, token)
    file = review_book.written(content)
    rel = f"{client_id}/matches_{client_id}_{number}.xlsx"
    keep(office.settings.outbox, rel, file)
    sha256 = hashlib.sha256(file).hexdigest()
    reviews.add(
        conn, client_id, number=number, token=token, language=content.language, path=rel, sha256=sha256, pairs=kept
    )
    detail = {"client": client_id, "workbook": number, "pairs": len(kept), "sha256": sha256}
    audit.record(conn, actor="matching", action="make review workbook", detail=detail)
    return [MadeReview(client_id, number, len(kept), office.settings.outbox / rel)]


def _says(conn: sa.Connection, book: ReviewBook, pairs: Sequence[MatchedPair]) -> bool:
    """Whether a workbook shows exactly these pairs, as they are now."""
    return {p.versions for p in reviews.pairs_of(conn, book)} == {
        (p.left, p.left_hash, p.right, p.right_hash) for p in pairs
    }


def _composed(
    office: Office, conn: sa.Connection, client_id: str, number: int, pairs: Sequence[MatchedPair], token: str
) -> tuple[ReviewContent, list[BookPair]]:
    profile = office.profile(client_id)
    shown = show_pairs(pairs[:MOST_PAIRS], office.contract(FEED), profile)
    words = REVIEW_WORDS[shown.language]
    ids = {i for p in pairs[:MOST_PAIRS] for i in (p.left_golden_id, p.right_golden_id) if i}
    sizes = reviews.sizes(conn, client_id, sorted(ids))
    lines, kept = [], []
    for at, (one, row_token) in enumerate(zip(shown.lines, row_tokens(len(shown.lines)), strict=True), FIRST_ROW):
        line = _line(one, row_token, sizes, words["alone"])
        lines.append(line)
        kept.append(_kept(at, token, line, one.pair))
    made = format_datetime(
        datetime.now(UTC).astimezone(ZoneInfo(profile.model.time_zone)), "medium", locale=profile.model.locale
    )
    facts = [
        (words["client"], profile.model.name), (words["workbook"], str(number)), (words["made"], made),
    ]  # fmt: skip
    named = stewards(office, conn, client_id)
    rest = max(0, len(pairs) - MOST_PAIRS)
    headings = [heading for _, heading in shown.columns]
    return ReviewContent(token, client_id, shown.language, facts, headings, lines, named, rest), kept


def _line(one: ShownPair, row_token: str, sizes: dict[str, int], alone: str) -> PairLine:
    pair = one.pair
    golden = [
        f"{i} · {sizes.get(i, 1)}" if i else alone for i in (pair.left_golden_id, pair.right_golden_id)
    ]  # fmt: skip
    records = [f"{c.source} · {c.customer_id}" for c in (pair.left, pair.right)]
    return PairLine(
        row_token, str(one.group), one.probability, one.why, "\n".join(records), "\n".join(golden), one.cells
    )


def _kept(at: int, token: str, line: PairLine, pair: MatchedPair) -> BookPair:
    columns = [*LOCKED, *range(len(LEAD), len(LEAD) + len(line.cells))]
    prints = [fingerprint(token, line.token, c, text) for c, text in zip(columns, line.locked, strict=True)]
    return BookPair(
        at, row_token_hash(token, line.token), pair.left, str(pair.left_hash), pair.right, str(pair.right_hash), prints
    )


def books(client: str | None = None, *, office: Office | None = None) -> tuple[list[ReviewBook], list[Returned]]:
    """The newest workbooks, and what came back, newest first."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        return reviews.listed(conn, client), reviews.returns_of(conn, client)


def _clear(office: Office, client: str | None) -> None:
    """What no longer counts holds personal data: it is not kept longer than it must be."""
    outbox = office.settings.outbox
    for folder in [f for f in outbox.glob(client or "*") if f.is_dir()]:
        there = [f"{folder.name}/{path.name}" for path in folder.glob("matches_*.xlsx")]
        if there:
            with office.warehouse.transaction() as conn:
                left = reviews.ended_paths(conn, folder.name, there)
            for rel in left:
                (outbox / rel).unlink(missing_ok=True)


# -- taken back ----------------------------------------------------------------------------------------


def submit(path: Path, person: str, *, office: Office | None = None) -> Return:
    """Hand in a review workbook: decided by this steward, whoever the workbook names."""
    office = office or open_office()
    mark = mark_of(path) if path.is_file() else None
    with office.warehouse.transaction() as conn:
        book = reviews.by_token(conn, mark.token) if mark and mark.feed == REVIEW else None
        if mark is None or book is None:
            raise DeclarationError(
                "no review workbook of this installation", where=str(path), next_step="give the file that came back"
            )
        given = Return(book.client_id, book.workbook_id, path.name, sha256_of(path), person=person)
        came = _take(office, conn, path, mark, book, given)
    if came.taken:
        bring_into_effect(office, came.client_id)
    return came


def landed(intake: Intake, domains: Sequence[str], feed: str | None) -> list[Return]:
    """Take the review workbooks in the landing folder of a client; those that were judged before are passed over.

    Who decides is named in the workbook, by a list; the token says that it is the one that was made for stewards.
    """
    out = []
    if FEED.split(".")[0] in domains and feed in (None, FEED):
        for item in intake.returned:
            if item.mark.feed != REVIEW:
                continue
            try:
                arrival_id, sha256 = intake.fingerprint(item.found)
            except FileNotFoundError:  # taken away meanwhile
                continue
            came = _landed(intake, item.found.path, item.found.rel, item.mark, arrival_id, sha256)
            out += [came] if came else []
    return out


def _landed(intake: Intake, path: Path, rel: str, mark: Mark, arrival_id: int, sha256: str) -> Return | None:
    office, conn, client_id = intake.office, intake.conn, intake.profile.client_id
    if reviews.was_judged(conn, client_id, arrival_id, sha256):
        return None
    book = reviews.by_token(conn, mark.token)
    given = Return(client_id, book.workbook_id if book else None, rel, sha256, arrival_id)
    if book is None or book.client_id != client_id:
        why = ReviewRefused(
            "review workbook is not known here, nothing of it is taken", where=rel,
            got="a workbook of another client" if book else "a token that we never gave",
            expected="a workbook that was made for this client", next_step=_NEXT,
        )  # fmt: skip
        return _refuse(conn, replace(given, workbook_id=None), why)
    return _take(office, conn, path, mark, book, given)


def _take(office: Office, conn: sa.Connection, path: Path, mark: Mark, book: ReviewBook, given: Return) -> Return:
    """Take what can be taken, pair by pair, or refuse the workbook as a whole: both are kept and audited."""
    sent = reviews.pairs_of(conn, book)
    try:
        came = _answers(path, given.file_name, book, sent, mark.token)
        person = given.person or came.person
        check_person(office, conn, book.client_id, person)
    except (DeliveryError, DecisionRefused, ReviewRefused) as error:
        return _refuse(conn, given, error)
    by_row = {p.sheet_row: p for p in sent}
    made, unchanged, left_out = [], 0, []
    for one in came.decided:
        pair = by_row[one.row]
        plain = len(one.comment) >= LEAST_REASON
        reason = one.comment if plain else f"{one.comment} (review workbook {book.number})".strip()
        try:
            decision, new = decide_in(
                conn, book.client_id, pair.left, pair.right, matches.Verdict(one.verdict), person=person,
                reason=reason, seen=(pair.left_hash, pair.right_hash),
            )  # fmt: skip
        except DecisionRefused as error:
            left_out.append(f"row {one.row}: {error}")
            continue
        made += [decision] if new else []
        unchanged += not new
    result = replace(
        given, person=person, taken=len(made), unchanged=unchanged, undecided=came.undecided, left_out=left_out
    )
    if made:
        more = {"workbook": book.number, "sha256": given.sha256}
        told(conn, person, "decide on customers", book.client_id, made, **more)
        reviews.returned(conn, book)
    reviews.add_return(conn, result)
    return result


def _refuse(conn: sa.Connection, given: Return, error: KontorError) -> Return:
    refused = replace(given, refused=str(error))
    reviews.add_return(conn, refused)
    detail = {"client": given.client_id, "file": given.file_name, "sha256": given.sha256, "why": str(error)}
    audit.record(conn, actor=given.person or "matching", action="refuse review workbook", detail=detail)
    log.error("%s", refused.said)
    return refused


def _answers(path: Path, name: str, book: ReviewBook, sent: Sequence[BookPair], token: str) -> Answers:
    pairs = [SentPair(p.sheet_row, p.token_hash, p.prints) for p in sent]
    width = len(LEAD) + max((len(p.prints) - len(LOCKED) for p in sent), default=0)
    return answers(pairs, _sheet(path, name, book, width), token, partial(row_token_hash, token), book.language, name)


def _sheet(path: Path, name: str, book: ReviewBook, width: int) -> Iterable[tuple[int, Sequence[str]]]:
    """(row, cells) of the sheet of pairs, from its first row on."""
    names = [f"column {n}" for n in range(width)]
    words: dict[str, Any] = {"header_rows": [], "names": names, "merged_cells": "blank"}
    fmt = Format(type="xlsx", sheet=REVIEW_WORDS[book.language]["pairs"], **words)
    with read_table(path, fmt, "en_GB", name=name) as reader:
        for batch in reader.batches(full=False):
            for line in batch.to_pylist():
                cells = line[CELLS] if line[PROBLEM] is not None else [line[n] for n in names]
                yield line[ROW], [str(c or "") for c in cells or []]
