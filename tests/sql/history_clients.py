"""Random rows of who is who for `history.py`: contacts, addresses, consents, relations, and groups of customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from tests.sql.rows import Row
from tests.sql.rows_clients import match as pair
from tests.sql.rows_clients import member, write

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]
_CLOSE = "update {table} set _known_to = :at where client_id = :client and _known_to is null and {which}"


def _customer(chance: Random) -> str:
    return f"{chance.randint(0, 14):02}"


def contacts(chance: Random, key: str) -> Row:
    return {"contact_id": key, "customer_id": _customer(chance), "changed_at": chance.choice((None, *DAYS))}


def addresses(chance: Random, key: str) -> Row:
    row = {"address_id": key, "customer_id": _customer(chance), "kind_code": chance.choice(("billing", "shipping"))}
    return {**row, "city": chance.choice((None, "Berlin")), "changed_at": chance.choice((None, *DAYS))}


def consents(chance: Random, key: str) -> Row:
    return {
        "customer_id": key,
        "purpose_code": chance.choice(("newsletter", "marketing")),
        "channel_code": "email",
        "decided_at": chance.choice(DAYS),
        "is_granted": chance.random() < 0.7,
        "valid_to_date": chance.choice((None, *DAYS)),
    }


def relations(chance: Random, key: str) -> Row:
    return {
        "customer_id": key,
        "relation_code": "parent",
        "related_customer_id": _customer(chance),
        "valid_to_date": chance.choice((None, *DAYS)),
    }


ROWS: dict[str, Callable[[Random, str], Row]] = {
    f"clients.{make.__name__}": make for make in (contacts, addresses, consents, relations)
}


def match(conn: sa.Connection, chance: Random, client_id: str) -> None:
    """As matching leaves it after some run: current customers in groups, those that left in none, pairs anew."""
    at = conn.scalar(sa.text("select clock_timestamp()"))
    query = "select _source, customer_id from core.clients_customers where client_id = :client and _known_to is null"
    customers = sorted(conn.execute(sa.text(query), {"client": client_id}).tuples())
    _regroup(conn, chance, client_id, customers, at)
    close = _CLOSE.format(table="core.clients_matches", which="true")
    conn.execute(sa.text(close), {"at": at, "client": client_id})
    pairs = {tuple(sorted(chance.sample(customers, 2))) for _ in range(4)} if len(customers) > 1 else set()
    verdicts = ("merged", "same", "review", "apart")
    rows = [pair(a, b, chance.choice(verdicts), probability=0.7, _known_from=at) for a, b in sorted(pairs)]
    write(conn, "core.clients_matches", [{**row, "client_id": client_id} for row in rows])


def _regroup(conn: sa.Connection, chance: Random, client_id: str, customers: list[Any], at: Any) -> None:
    query = (
        "select source, customer_id, golden_id from core.clients_golden_members "
        "where client_id = :client and _known_to is null"
    )
    found = conn.execute(sa.text(query), {"client": client_id}).tuples()
    before = {(source, customer): golden for source, customer, golden in found}
    close = sa.text(
        _CLOSE.format(table="core.clients_golden_members", which="source = :source and customer_id = :customer")
    )
    for key in sorted(before.keys() | set(customers)):
        golden = before.get(key)
        if key in customers and (golden is None or chance.random() < 0.3):
            golden = f"C{chance.randint(1, 12)}"
        if key in before and (key not in customers or golden != before[key]):
            conn.execute(close, {"at": at, "client": client_id, "source": key[0], "customer": key[1]})
        if key in customers and golden is not None and golden != before.get(key):
            row = member(*key, golden, "score", _known_from=at)
            write(conn, "core.clients_golden_members", [{**row, "client_id": client_id}])
