"""A small feed, and a desk that brings deliveries of it to the state the gate leaves them in."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.contract import Column, Contract
from pipelines.delivery import Delivery, Kind, Scope, State, Verdict
from pipelines.load.run import LoadResult, hold_accounting, load
from pipelines.profile import Source, SourceRef
from pipelines.warehouse import ddl, register
from pipelines.warehouse.connection import Warehouse, copy_table


def column(name: str, kind: str = "text", semantic: str = "text", **more: Any) -> Column:
    given = {"required": False, "key": False, "classification": "internal", "description": name, **more}
    return Column(name=name, physical_type=kind, semantic=semantic, **given)


CONTRACT = Contract(
    feed="tests.items",
    version="1.0.0",
    title="Items",
    description="Items",
    columns=(
        column("item_id", semantic="identifier", required=True, key=True),
        column("item_name"),
        column("sold_date", "date", "date", absent_codes=("not_captured",)),
        column("net_amount", "numeric(18,2)", "money", currency="currency_code"),
        column("fee_amount", "numeric(18,2)", "money", currency="EUR"),
        column("currency_code", semantic="currency"),
    ),
    modes=("snapshot", "period", "delta"),
    owner="tests",
    retention="none",
    row_name="item",
    path=Path("items.odcs.yaml"),
    text="",
)


@dataclass(frozen=True)
class Row:
    """One row after the gate; `fate` as in the work table."""

    key: str | None
    name: str | None = "thing"
    net: str | None = "10.00"
    currency: str | None = "EUR"
    fee: str | None = None
    fate: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        return {
            "item_id": self.key,
            "item_name": self.name,
            "sold_date": date(2026, 1, 2),
            "sold_date_absent_code": None,
            "net_amount": Decimal(self.net) if self.net else None,
            "fee_amount": Decimal(self.fee) if self.fee else None,
            "currency_code": self.currency,
        }

    @property
    def hash(self) -> str:
        return hashlib.blake2b(repr(self.values).encode(), digest_size=16).hexdigest()


class Desk:
    """Registers, fills and loads deliveries of one client."""

    def __init__(self, warehouse: Warehouse, client: str) -> None:
        self.warehouse = warehouse
        self.client = client
        self._number = itertools.count(1)

    def ref(self, mode: str = "snapshot", source: str = "main", **more: Any) -> SourceRef:
        shared = more.pop("shared_keys", False)
        declared = Source(files="(?P<period>.*)", columns={}, mode=mode, **more)
        return SourceRef(self.client, CONTRACT.feed, source, declared, "de_DE", "Europe/Berlin", shared)

    def gate(self, ref: SourceRef, rows: Sequence[Row], *, period: str | None = None) -> Delivery:
        """A delivery as the gate leaves it: validated, work table and quarantine filled, facts written."""
        number = next(self._number)
        with self.warehouse.transaction() as conn:
            scope = Scope(self.client, ref.feed, ref.name, period if ref.source.mode == "period" else None)
            new = register.NewDelivery(
                scope=scope, period=period, kind=Kind.INTAKE, file_name=f"{number}.csv", sha256=str(number), size=1,
                received_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number), inputs_hash=str(number),
                declaration_hash="d",
            )  # fmt: skip
            delivery = register.add_delivery(conn, new)
            for state in (State.EXTRACTED, State.CLEANED):
                delivery = register.move(conn, delivery, state, actor="test")
            self.fill(conn, delivery, rows)
            rejected = sum(r.fate == "rejected" for r in rows)
            return register.move(
                conn, delivery, State.VALIDATED, actor="test", rows_received=len(rows), rows_rejected=rejected,
                verdict=Verdict.PASS_WITH_REJECTS if rejected else Verdict.PASS,
            )  # fmt: skip

    def fill(self, conn: sa.Connection, delivery: Delivery, rows: Sequence[Row]) -> None:
        ddl.create_work_table(conn, delivery, CONTRACT)
        columns = [n for n, _ in (*ddl.WORK_COLUMNS, *CONTRACT.stored)]
        table = pa.Table.from_pylist(
            [
                {"_row_number": i, "_row_part": 0, "_fate": r.fate, "_row_hash": r.hash, **r.values}
                for i, r in enumerate(rows, 2)
            ],
            schema=pa.schema(
                [
                    ("_row_number", pa.int64()), ("_row_part", pa.int32()), ("_fate", pa.string()),
                    ("_skip_reason", pa.string()), ("_row_hash", pa.string()), ("_known", pa.bool_()),
                    *CONTRACT.arrow_schema,
                ]
            ),
        )  # fmt: skip
        copy_table(conn, delivery.work_table, columns, table.to_batches())
        received: dict[tuple[str, str], Decimal] = {}
        for number, row in enumerate(rows, 2):
            amounts = {"net_amount": (row.net, row.currency or "XXX"), "fee_amount": (row.fee, "EUR")}
            read = {name: pair for name, pair in amounts.items() if pair[0] is not None}
            for name, (text, currency) in read.items():
                received[name, currency] = received.get((name, currency), Decimal(0)) + Decimal(text or 0)
            if row.fate == "rejected":
                conn.execute(
                    sa.text(
                        "insert into quarantine.row (delivery_id, row_number, row_part, cells, amounts, currencies) "
                        "values (:id, :number, 0, '{}', cast(:a as jsonb), cast(:c as jsonb))"
                    ),
                    {
                        "id": delivery.delivery_id,
                        "number": number,
                        "a": json.dumps({k: v[0] for k, v in read.items()}),
                        "c": json.dumps({k: v[1] for k, v in read.items() if v[1] != "XXX"}),
                    },
                )  # fmt: skip
        register.write_amounts(conn, delivery, [register.Amount(*place, received=v) for place, v in received.items()])

    def publish(self, ref: SourceRef, delivery: Delivery) -> LoadResult:
        """Load as the flow does: publish and move, or hold, in one transaction."""
        with self.warehouse.transaction() as conn:
            delivery = register.get(conn, delivery.delivery_id)
            result = load(delivery, ref, CONTRACT, conn)
            if result.held_reason:
                hold_accounting(delivery, CONTRACT, conn)
                register.move(conn, delivery, State.HELD, actor="test", message=result.held_reason)
            else:
                moved = register.move(conn, delivery, State.LOADED, actor="test", **result.fields)
                register.supersede(conn, moved, mode=ref.source.mode)
            return result

    def deliver(self, ref: SourceRef, rows: Sequence[Row], *, period: str | None = None) -> LoadResult:
        return self.publish(ref, self.gate(ref, rows, period=period))

    def current(self, source: str = "main", period: str | None = None) -> dict[str, str]:
        """Key → name of the rows known now."""
        query = "select item_id, item_name from core.tests_items where client_id = :client and _source = :source "
        query += "and _known_to is null" + (" and _period = :period" if period else "")
        with self.warehouse.transaction() as conn:
            found = conn.execute(sa.text(query), {"client": self.client, "source": source, "period": period or ""})
            return {row.item_id: row.item_name for row in found}

    def known_at(self, at: datetime) -> dict[str, str]:
        """Key → name of the rows known at some moment."""
        query = (
            "select item_id, item_name from core.tests_items where client_id = :client "
            "and _known_from <= :at and (_known_to is null or _known_to > :at)"
        )
        with self.warehouse.transaction() as conn:
            return {r.item_id: r.item_name for r in conn.execute(sa.text(query), {"client": self.client, "at": at})}

    def versions(self) -> list[tuple[Any, ...]]:
        query = "select * from core.tests_items where client_id = :client order by item_id, _known_from"
        with self.warehouse.transaction() as conn:
            return [tuple(row) for row in conn.execute(sa.text(query), {"client": self.client})]

    def state(self, delivery: Delivery) -> State:
        with self.warehouse.transaction() as conn:
            return register.get(conn, delivery.delivery_id).state


@pytest.fixture(scope="module")
def items(owner: Warehouse) -> Contract:
    with owner.transaction() as conn:
        ddl.migrate(conn, Catalog({CONTRACT.feed: CONTRACT}, {}, Path()))
    return CONTRACT


@pytest.fixture
def desk(warehouse: Warehouse, items: Contract, request: pytest.FixtureRequest) -> Desk:
    """A desk for a client of its own: tests of a module share the database, not the client."""
    return Desk(warehouse, request.node.name.split("[")[0].removeprefix("test_"))
