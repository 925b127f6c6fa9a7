"""A made-up history of two offices' feeds, published, corrected, withdrawn and replayed by the product's own load."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery, Scope
from pipelines.load.publish import Publication, count_work
from pipelines.warehouse import ddl, register
from pipelines.warehouse.connection import Warehouse
from pipelines.warehouse.history_versions import ScopeHistory
from pipelines.warehouse.pseudonyms import give_key
from tests.sql import (
    history_clients,
    history_fulfilment,
    history_inventory,
    history_payroll,
    history_people,
    history_purchasing,
    history_subledgers,
    ledger_history,
)
from tests.sql.rows import Row, delivery

CLIENTS = ("north", "south", "east")
"""`east` has no profile."""
FEEDS = tuple(
    dict.fromkeys(
        (
            "clients.customers",
            *history_clients.ROWS,
            "ledgers.payables",
            "ledgers.spend",
            "payroll.pay_rates",
            *history_people.ROWS,
            "shipments.shipments",
            *history_fulfilment.ROWS,
            *history_inventory.ROWS,
            *ledger_history.FEEDS,
            *history_subledgers.ROWS,
            *history_payroll.ROWS,
            *history_purchasing.ROWS,
        )
    )
)
LACKING = ledger_history.LACKING | history_payroll.LACKING | history_purchasing.LACKING
ROWS = {
    **history_clients.ROWS,
    **history_fulfilment.ROWS,
    **history_inventory.ROWS,
    **history_payroll.ROWS,
    **history_people.ROWS,
    **history_purchasing.ROWS,
    **history_subledgers.ROWS,
}
SPELLINGS = ("Acme", "ACME", "Acme Ltd", "Acme Limited", "Acme GmbH", "Zeta & Co", "ZETA AND CO.", "Sole Trader")
PERIODS = ("2026-01", "2026-02", "2026-03")
DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]


class Published(NamedTuple):
    """A delivery and the rows it brought."""

    delivery: Delivery
    scope: Scope
    rows: list[Row]
    at: datetime
    closes: bool


@dataclass
class History(ledger_history.LedgerRows):
    """What was published so far, and how more comes in. The same seed gives the same history."""

    warehouse: Warehouse
    contracts: dict[str, Contract]
    chance: random.Random
    published: list[Published] = field(default_factory=list)

    def begin(self) -> None:
        """Two clients with a profile, and a first delivery of every feed of every client."""
        with self.warehouse.transaction() as conn:
            profiles = "insert into ops.client (client_id, name, time_zone) values (:id, :id, :zone)"
            for client, zone in (("north", "Europe/Berlin"), ("south", None)):
                conn.execute(sa.text(profiles), {"id": client, "zone": zone})
            for client in CLIENTS:
                give_key(conn, client)
            for client in CLIENTS:
                for feed in FEEDS:
                    if (client, feed) not in LACKING:
                        self.publish(conn, self._scope(client, feed), self.rows(feed, 12))
                history_clients.match(conn, self.chance, client)

    def go_on(self, steps: int) -> None:
        """Some deliveries, corrections, withdrawals and replays, each in a transaction of its own."""
        for _ in range(steps):
            with self.warehouse.transaction() as conn:
                self.chance.choice((self._deliver, self._deliver, self._correct, self._withdraw, self._match))(conn)

    def publish(self, conn: sa.Connection, scope: Scope, rows: list[Row], *, kind: str = "intake") -> None:
        """Load rows as a delivery of a scope; a correction and `east` leave what they do not name."""
        contract = self.contracts[scope.feed]
        closes = kind == "intake" and scope.client_id != "east"
        new = delivery(
            scope.client_id, scope.feed, source=scope.source, period=scope.period, scope_period=scope.period or "",
            sha256=str(self.chance.random()), kind=kind, published_at=None,
        )  # fmt: skip
        names = ", ".join(new)
        insert = f"insert into ops.delivery ({names}) values ({', '.join(':' + n for n in new)}) returning delivery_id"
        one = register.get(conn, conn.execute(sa.text(insert), new).scalar_one())
        self._fill_work_table(conn, one, contract, rows)
        publication = Publication(conn, one, contract, scope, whole=closes)
        found = publication.compare(count_work(conn, one, contract), shared_keys=False)
        at = publication.moment()
        publication.write(found, at, closes=closes)
        ddl.drop_work_table(conn, one)
        values = {"id": one.delivery_id, "at": at, "all": len(rows), "same": found.unchanged}
        counted = "rows_received = :all, rows_loaded = cast(:all as bigint) - :same, rows_unchanged = :same"
        update = f"update ops.delivery set published_at = :at, {counted} where delivery_id = :id"
        conn.execute(sa.text(update), values)
        self.published.append(Published(one, scope, rows, at, closes))

    def _fill_work_table(self, conn: sa.Connection, one: Delivery, contract: Contract, rows: list[Row]) -> None:
        table = ddl.create_work_table(conn, one, contract)
        for number, row in enumerate(rows, 2):
            hashed = hashlib.md5(repr(sorted(row.items())).encode(), usedforsecurity=False).hexdigest()
            values = {"_row_number": number, "_row_part": 0, "_row_hash": hashed, **row}
            bound = ", ".join(":" + n for n in values)
            conn.execute(sa.text(f"insert into {table} ({', '.join(values)}) values ({bound})"), values)

    def _scope(self, client: str, feed: str) -> Scope:
        """`south` delivers whole months, the others lists without periods; payables come by month everywhere."""
        by_month = ("ledgers.payables", "ledgers.spend", "shipments.shipments", "payroll.payslips", "people.timesheets")
        by_month = by_month[: 5 if client == "south" else 1]
        period = self.chance.choice(PERIODS) if feed in by_month else None
        return Scope(client, feed, self.chance.choice(("main", "second")), period)

    def _deliver(self, conn: sa.Connection) -> None:
        pairs = [(client, feed) for client in CLIENTS for feed in FEEDS if (client, feed) not in LACKING]
        client, feed = self.chance.choice(pairs)
        self.publish(conn, self._scope(client, feed), self.rows(feed, self.chance.randint(1, 12)))

    def _correct(self, conn: sa.Connection) -> None:
        old = self.chance.choice(self.published)
        self.publish(conn, old.scope, self.rows(old.scope.feed, 2), kind="correction")

    def _match(self, conn: sa.Connection) -> None:
        history_clients.match(conn, self.chance, self.chance.choice(CLIENTS))

    def _withdraw(self, conn: sa.Connection) -> None:
        """Take one delivery of a scope back, and what came after it; then publish the later ones again, or none."""
        old = self.chance.choice(self.published)
        later = [p for p in self.published if p.scope == old.scope and p.at >= old.at]
        history = ScopeHistory(conn, self.contracts[old.scope.feed], old.scope)
        at = history.moment()
        history.take_back(old.at, at)
        taken = {"ids": [p.delivery.delivery_id for p in later], "at": at}
        conn.execute(sa.text("update ops.delivery set taken_back_at = :at where delivery_id = any(:ids)"), taken)
        self.published = [p for p in self.published if p not in later]
        for again in later[1:] if self.chance.random() < 0.7 else []:
            self.publish(conn, again.scope, again.rows)

    def rows(self, feed: str, count: int) -> list[Row]:
        """Rows with keys of a small range, so that they meet those of before."""
        numbers = self.chance.sample(range(15), count)
        plain = ROWS.get(feed)
        make = partial(plain, self.chance) if plain else getattr(self, "_" + feed.split(".")[1])
        key = self.contracts[feed].key
        rows = [make(f"{number:02}") for number in numbers]
        return list({tuple(row.get(name) for name in key): row for row in rows}.values())

    def _spend(self, key: str) -> dict[str, Any]:
        return {
            "spend_line_id": key,
            "supplier_name": self.chance.choice(SPELLINGS),
            "document_id": self.chance.choice(("D-1", "D-2", None)),
            "document_date": self.chance.choice(DAYS),
            "spend_amount": self._amount(),
            "currency_code": self.chance.choice(("EUR", "USD")),
        }

    def _payables(self, key: str) -> dict[str, Any]:
        opened = self.chance.choice((Decimal(0), self._amount()))
        return {
            "supplier_id": f"S-{int(key) % 4}",
            "supplier_name": self.chance.choice(SPELLINGS),
            "invoice_id": key,
            "invoice_date": self.chance.choice(DAYS),
            "due_date": self.chance.choice(DAYS),
            "gross_amount": self._amount(),
            "open_amount": opened,
            "currency_code": "EUR",
            "status_code": "open" if opened else "settled",
        }

    def _shipments(self, key: str) -> dict[str, Any]:
        promised = self.chance.choice(DAYS)
        return {
            "shipment_line_id": key,
            "destination_country_code": self.chance.choice(("FR", "PL")),
            "fulfilment_code": "direct",
            "transport_mode_code": self.chance.choice(("air", "truck", None)),
            "item_name": "Item A",
            "currency_code": "USD",
            "line_quantity": 1,
            "line_amount": self._amount(),
            "promised_date": self.chance.choice((promised, promised, None)),
            "order_sent_date": promised - timedelta(days=20),
            "shipped_date": self.chance.choice((None, promised - timedelta(days=4))),
            "delivered_date": self.chance.choice((None, promised + timedelta(days=self.chance.randint(-3, 9)))),
            "shipment_id": self.chance.choice((None, "S-0", "S-1", "S-2")),
            "order_id": self.chance.choice((None, *history_fulfilment.ORDERS)),
            "order_line_id": self.chance.choice((None, "0", "1")),
            "product_id": self.chance.choice((None, *history_fulfilment.PRODUCTS)),
            "ordered_quantity": self.chance.choice((None, 2)),
            "carrier_id": self.chance.choice((None, "00")),
        }

    def _customers(self, key: str) -> dict[str, Any]:
        return {
            "customer_id": key,
            "customer_type_code": "company",
            "company_name": self.chance.choice(SPELLINGS),
            "email": self.chance.choice(("one@sample.test", "two@sample.test", None)),
            "postal_code": self.chance.choice(("10115", "20095")),
            "country_code": "DE",
            "changed_at": self.chance.choice((None, *DAYS)),
        }

    def _pay_rates(self, key: str) -> dict[str, Any]:
        return {
            "employee_id": f"E-{int(key) % 5}",
            "valid_from_date": DAYS[int(key) * 5],
            "hourly_rate": self._amount(),
            "currency_code": "EUR",
            "pay_frequency_code": "monthly",
        }

    def _amount(self) -> Decimal:
        return Decimal(self.chance.randint(1, 99999)) / 100
