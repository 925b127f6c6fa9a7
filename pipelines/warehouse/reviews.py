"""All SQL on review workbooks: which pairs of customers they show, what came back of them.

What is decided on a pair is the matter of `matches`; here is the way there by a file.
"""

# ruff: noqa: S608 (names of columns are ours; values are always bound)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines.warehouse.matches import CUSTOMERS, MEMBERS, Customer
from pipelines.warehouse.workbooks import token_hash


@dataclass(frozen=True)
class ReviewBook:
    """One line of `matching.workbook`."""

    workbook_id: int
    client_id: str
    number: int
    language: str
    path: str
    pairs: int
    state: str
    made_at: datetime


@dataclass(frozen=True)
class BookPair:
    """One pair as it was sent: its place in the sheet, the versions of both customers, fingerprints of its texts."""

    sheet_row: int
    token_hash: str
    left: Customer
    left_hash: str
    right: Customer
    right_hash: str
    prints: Sequence[str]

    @property
    def versions(self) -> tuple[Customer, str, Customer, str]:
        """What it is about, and as what it was shown."""
        return self.left, self.left_hash, self.right, self.right_hash


@dataclass(frozen=True)
class Return:
    """What came of a workbook that was handed in. `arrival_id` is null when it did not come through landing."""

    client_id: str
    workbook_id: int | None
    file_name: str
    sha256: str
    arrival_id: int | None = None
    person: str | None = None
    taken: int = 0
    unchanged: int = 0
    undecided: int = 0
    left_out: Sequence[str] = ()
    refused: str | None = None

    @property
    def said(self) -> str:
        """One sentence, for people."""
        if self.refused:
            return f"{self.file_name}: {self.refused}"
        counts = (
            (self.taken, "decisions taken"), (self.unchanged, "as decided before"), (self.undecided, "left open"),
            (len(self.left_out), "not taken"),
        )  # fmt: skip
        told = ", ".join(f"{n} {word}" for n, word in counts if n) or "nothing in it"
        return "\n".join([f"{self.file_name}, decided by {self.person}: {told}", *(f"  {x}" for x in self.left_out)])


_COLUMNS = ", ".join(f.name for f in fields(ReviewBook))
_RETURN = ", ".join(f.name for f in fields(Return))


def add(
    conn: sa.Connection, client_id: str, *, number: int, token: str, language: str, path: str, sha256: str,
    pairs: Sequence[BookPair],
) -> ReviewBook:  # fmt: skip
    """Record a workbook and its pairs; the open one of the client is replaced by it."""
    end(conn, client_id, "replaced")
    made = conn.execute(
        sa.text(
            "insert into matching.workbook (client_id, number, token_hash, language, path, sha256, pairs) "
            f"values (:client, :number, :token, :language, :path, :sha, :pairs) returning {_COLUMNS}"
        ),
        {
            "client": client_id, "number": number, "token": token_hash(token), "language": language, "path": path,
            "sha": sha256, "pairs": len(pairs),
        },
    ).one()  # fmt: skip
    book = ReviewBook(**made._mapping)
    conn.execute(
        sa.text(
            "insert into matching.workbook_pair values (:book, :row, :token, :left_source, :left_id, :left_hash, "
            ":right_source, :right_id, :right_hash, :prints)"
        ),
        [
            {
                "book": book.workbook_id, "row": p.sheet_row, "token": p.token_hash, "left_source": p.left.source,
                "left_id": p.left.customer_id, "left_hash": p.left_hash, "right_source": p.right.source,
                "right_id": p.right.customer_id, "right_hash": p.right_hash, "prints": list(p.prints),
            }
            for p in pairs
        ],
    )  # fmt: skip
    return book


def by_token(conn: sa.Connection, token: str) -> ReviewBook | None:
    """The workbook that a token belongs to."""
    found = conn.execute(
        sa.text(f"select {_COLUMNS} from matching.workbook where token_hash = :token"), {"token": token_hash(token)}
    ).one_or_none()
    return ReviewBook(**found._mapping) if found else None


def open_book(conn: sa.Connection, client_id: str) -> ReviewBook | None:
    """The workbook of a client that waits for a steward."""
    query = f"select {_COLUMNS} from matching.workbook where client_id = :client and state = 'open'"
    found = conn.execute(sa.text(query), {"client": client_id}).one_or_none()
    return ReviewBook(**found._mapping) if found else None


def listed(conn: sa.Connection, client_id: str | None, limit: int = 50) -> list[ReviewBook]:
    """The newest workbooks, newest first."""
    query = (
        f"select {_COLUMNS} from matching.workbook where client_id = coalesce(:client, client_id) "
        "order by workbook_id desc limit :limit"
    )
    found = conn.execute(sa.text(query), {"client": client_id, "limit": limit})
    return [ReviewBook(**row._mapping) for row in found]


def last_number(conn: sa.Connection, client_id: str) -> int:
    """The number of the newest workbook of a client; 0 when there is none."""
    query = "select coalesce(max(number), 0) from matching.workbook where client_id = :client"
    return int(conn.scalar(sa.text(query), {"client": client_id}) or 0)


def pairs_of(conn: sa.Connection, book: ReviewBook) -> list[BookPair]:
    """The pairs of a workbook, in the order of the sheet."""
    query = "select * from matching.workbook_pair where workbook_id = :id order by sheet_row"
    return [
        BookPair(
            r.sheet_row, r.token_hash, Customer(r.left_source, r.left_customer_id), r.left_hash,
            Customer(r.right_source, r.right_customer_id), r.right_hash, r.prints,
        )
        for r in conn.execute(sa.text(query), {"id": book.workbook_id})
    ]  # fmt: skip


def end(conn: sa.Connection, client_id: str, state: str) -> None:
    """The open workbook of a client is replaced or closed."""
    query = "update matching.workbook set state = :state where client_id = :client and state = 'open'"
    conn.execute(sa.text(query), {"state": state, "client": client_id})


def returned(conn: sa.Connection, book: ReviewBook) -> None:
    """Decisions were taken from a workbook: what is left of it comes in a new one."""
    query = "update matching.workbook set state = 'returned' where workbook_id = :id"
    conn.execute(sa.text(query), {"id": book.workbook_id})


def ended_paths(conn: sa.Connection, client_id: str, paths: Sequence[str]) -> list[str]:
    """Which of these files no longer count."""
    query = "select path from matching.workbook where client_id = :client and path = any(:paths) and state <> 'open'"
    return list(conn.scalars(sa.text(query), {"client": client_id, "paths": list(paths)}))


def with_pairs(conn: sa.Connection, client_id: str | None) -> list[str]:
    """Clients with a pair that waits."""
    query = (
        "select distinct client_id from core.clients_matches where verdict = 'review' and _known_to is null order by 1"
    )
    return [c for c in conn.scalars(sa.text(query)) if client_id in (None, c)]


def with_books(conn: sa.Connection, client_id: str | None) -> list[str]:
    """Clients with a pair that waits, and those with an open workbook, which may have to be closed."""
    query = (
        "select client_id from core.clients_matches where verdict = 'review' and _known_to is null "
        "union select client_id from matching.workbook where state = 'open' order by 1"
    )
    return [c for c in conn.scalars(sa.text(query)) if client_id in (None, c)]


def current_hash(conn: sa.Connection, client_id: str, one: Customer) -> str | None:
    """Hash of the version of a customer that is current; None when there is none."""
    query = (
        f"select _row_hash::text from {CUSTOMERS} where (client_id, _source, customer_id) = (:client, :source, :id) "
        "and _known_to is null order by _period desc limit 1"
    )
    values = {"client": client_id, "source": one.source, "id": one.customer_id}
    found: str | None = conn.scalar(sa.text(query), values)
    return found


def golden_id_of(conn: sa.Connection, client_id: str, one: Customer) -> str | None:
    """The golden record a customer belongs to now; None before it was matched."""
    query = (
        f"select golden_id from {MEMBERS} where (client_id, source, customer_id) = (:client, :source, :id) "
        "and _known_to is null"
    )
    values = {"client": client_id, "source": one.source, "id": one.customer_id}
    found: str | None = conn.scalar(sa.text(query), values)
    return found


def sizes(conn: sa.Connection, client_id: str, golden_ids: Sequence[str]) -> dict[str, int]:
    """Golden record → customers in it."""
    query = (
        f"select golden_id, count(*) from {MEMBERS} where client_id = :client and golden_id = any(:ids) "
        "and _known_to is null group by golden_id"
    )
    return dict(conn.execute(sa.text(query), {"client": client_id, "ids": list(golden_ids)}).tuples().all())


def add_return(conn: sa.Connection, given: Return) -> None:
    """Keep what came of a workbook that was handed in."""
    values: dict[str, Any] = {f.name: getattr(given, f.name) for f in fields(Return)}
    names = ", ".join(f":{f.name}" for f in fields(Return))
    conn.execute(
        sa.text(f"insert into matching.workbook_return ({_RETURN}) values ({names})"),
        {**values, "left_out": list(given.left_out)},
    )


def was_judged(conn: sa.Connection, client_id: str, arrival_id: int, sha256: str) -> bool:
    """Whether this arrival was judged before, or its very content, through landing or not, taken."""
    query = (
        "select exists (select from matching.workbook_return where arrival_id = :arrival "
        "or (client_id = :client and sha256 = :sha and refused is null))"
    )
    return bool(conn.scalar(sa.text(query), {"arrival": arrival_id, "client": client_id, "sha": sha256}))


def returns_of(conn: sa.Connection, client_id: str | None, limit: int = 20) -> list[tuple[datetime, Return]]:
    """What came back lately, newest first."""
    query = (
        f"select returned_at, {_RETURN} from matching.workbook_return where client_id = coalesce(:client, client_id) "
        "order by return_id desc limit :limit"
    )
    found = conn.execute(sa.text(query), {"client": client_id, "limit": limit})
    names = [f.name for f in fields(Return)]
    return [(r.returned_at, Return(**{n: r._mapping[n] for n in names})) for r in found]
