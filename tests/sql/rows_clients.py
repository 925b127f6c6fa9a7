"""Rows of who is who for the tests of the marts of customers, beside the customers of `rows.py`: two records of one
customer of `north`, a pair that waits for a steward, what they allow, and a customer of `south` not matched yet."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa

from pipelines.contract import Contract
from tests.sql.rows import EARLY, Row, insert, secrets

MERGED_AT, FOUND_AT = "2026-06-10 00:00:00+00", "2026-06-20 23:30:00+00"  # found on 21 June in Berlin


def fill_clients(conn: sa.Connection, contracts: dict[str, Contract]) -> None:
    """What was known at the cut-off of `rows.py`."""
    for feed, rows in _core(contracts).items():
        insert(conn, f"core.clients_{feed}", [{"client_id": "north", **row} for row in rows])
    write(conn, "core.clients_golden_members", _members())
    write(conn, "core.clients_matches", _matches())


def write(conn: sa.Connection, table: str, rows: Iterable[Row]) -> None:
    """Rows of the tables of matching, which come from no delivery."""
    for row in rows:
        names = ", ".join(row)
        conn.execute(sa.text(f"insert into {table} ({names}) values ({', '.join(':' + n for n in row)})"), row)


def member(source: str, customer_id: str, golden_id: str, linked_by: str = "alone", **values: object) -> Row:
    key = {"client_id": "north", "source": source, "customer_id": customer_id}
    return {**key, "golden_id": golden_id, "linked_by": linked_by, "_known_from": EARLY, "_known_to": None, **values}


def match(left: tuple[str, str], right: tuple[str, str], verdict: str, **values: object) -> Row:
    sides = {
        "left_source": left[0],
        "left_customer_id": left[1],
        "right_source": right[0],
        "right_customer_id": right[1],
    }
    row = {"client_id": "north", **sides, "verdict": verdict, "decided_by": "score", "_known_from": MERGED_AT}
    return {**row, "_known_to": None, **values}


def _members() -> list[Row]:
    return [
        member("main", "C-1", "CONE", _known_to=MERGED_AT),
        member("main", "C-1", "CONE", "score", _known_from=MERGED_AT),
        member("shop", "C-2", "CTWO", _known_to=MERGED_AT),
        member("shop", "C-2", "CONE", "score", _known_from=MERGED_AT),
        member("main", "C-3", "CTHREE"),
        member("main", "C-8", "CEIGHT"),  # whose customer core does not have any more
    ]


def _matches() -> list[Row]:
    why = [
        {"what": "company_name", "how": "exact", "weight": 8.1},
        {"what": "city", "how": "different", "weight": -2.25},
    ]
    first, second, third = ("main", "C-1"), ("shop", "C-2"), ("main", "C-3")
    return [
        match(first, second, "review", probability=0.5, _known_from=EARLY, _known_to=MERGED_AT),
        match(first, second, "merged", probability=0.98765, reasons=json.dumps(why)),
        match(third, second, "review", probability=0.75, _known_from=FOUND_AT),
        match(first, ("main", "C-8"), "apart", decided_by="steward"),
    ]


def _core(contracts: dict[str, Contract]) -> dict[str, list[Row]]:
    letter = {"customer_id": "C-1", "purpose_code": "newsletter", "channel_code": "email"}
    call = {**letter, "purpose_code": "marketing", "channel_code": "phone"}
    shop = {"_source": "shop", "customer_id": "C-2"}
    list_ = {"_source": "list"}  # of a source that has no customers of its own
    return {
        "contacts": [
            {"contact_id": "K-1", "customer_id": "C-1", **secrets(contracts["clients.contacts"])},
            {"contact_id": "K-2", **shop, **list_},
        ],
        "addresses": [
            {"address_id": "A-1", "customer_id": "C-1", "kind_code": "shipping", **list_}
            | secrets(contracts["clients.addresses"]),
        ],
        "consents": [
            # yes at the one, no at the other, later
            {**letter, "decided_at": "2026-01-01 00:00+00", "is_granted": True},
            {**letter, **shop, "decided_at": "2026-02-01 00:00+00", "is_granted": False},
            # no, then yes: until yesterday by phone, without end by post
            {**call, "decided_at": "2026-01-01 00:00+00", "is_granted": False},
            {**call, "decided_at": "2026-02-01 00:00+00", "is_granted": True, "valid_to_date": "2026-06-30"},
            {**call, "channel_code": "post", "decided_at": "2026-02-01 00:00+00", "is_granted": True},
        ],
        "relations": [
            {"customer_id": "C-1", "relation_code": "parent", "related_customer_id": "C-3", **list_},
            {**shop, "relation_code": "payer", "related_customer_id": "C-2"},
        ],
    }
