"""A counter that hands rows of a feed to the gate, as cleaning would, and registers them as a delivery."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.delivery import Delivery, Kind, Scope, State
from pipelines.profile import Source, SourceRef
from pipelines.reject import PROBLEM_SCHEMA
from pipelines.validate.gate import GateInput, GateResult
from pipelines.validate.run import validate
from pipelines.warehouse import register
from pipelines.warehouse.connection import Warehouse
from tests.feeds.samples import clean_batch

RAW = pa.schema(
    [
        ("__row_number", pa.int64()),
        ("__problem", pa.string()),
        ("__raw", pa.string()),
        ("__cells", pa.list_(pa.string())),
        ("row", pa.string()),
    ]
)


class Counter:
    """Deliveries of one made-up client and one feed, in the order they are brought."""

    def __init__(self, warehouse: Warehouse, catalog: Catalog, contract: Contract, folder: Path) -> None:
        self.contract = contract
        self._warehouse, self._folder = warehouse, folder
        self._catalog = Catalog(catalog.contracts, {}, catalog.expectations)
        client = contract.feed.replace(".", "_")
        self._ref = SourceRef(client, contract.feed, "main", Source(files=".*", columns={}), "en_GB", "UTC")
        self._number = itertools.count(1)

    def bring(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Delivery, GateResult]:
        """Register, judge and move a delivery."""
        delivery = self._register()
        batch = clean_batch(self.contract, rows)
        folder = self._folder / str(delivery.delivery_id)
        folder.mkdir()
        numbers = batch.column("_row_number")
        nothing = pa.nulls(len(numbers), pa.string())
        none = pa.nulls(len(numbers), pa.list_(pa.string()))
        raw = pa.RecordBatch.from_arrays([numbers, nothing, nothing, none, numbers.cast(pa.string())], schema=RAW)
        problems = pa.RecordBatch.from_pylist([], schema=PROBLEM_SCHEMA)
        for name, content in {"raw": raw, "clean": batch, "problems": problems}.items():
            with pa.ipc.new_file(str(folder / f"{name}.arrow"), content.schema) as writer:
                writer.write_batch(content)
        facts = GateInput(records=len(rows), rows=len(rows), received=self._received(batch))
        with self._warehouse.transaction() as conn:
            result = validate(delivery, self._ref, self.contract, self._catalog, conn, folder, facts)
            return register.move(conn, delivery, State.VALIDATED, actor="test", **result.fields), result

    def _register(self) -> Delivery:
        number = next(self._number)
        new = register.NewDelivery(
            scope=Scope(self._ref.client_id, self._ref.feed, self._ref.name),
            period=None,
            kind=Kind.INTAKE,
            file_name=f"{number}.csv",
            sha256=str(number),
            size=1,
            received_at=datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number),
            inputs_hash="",
            declaration_hash="",
        )
        with self._warehouse.transaction() as conn:
            delivery = register.add_delivery(conn, new)
            for state in (State.EXTRACTED, State.CLEANED):
                delivery = register.move(conn, delivery, state, actor="test")
        return delivery

    def _received(self, batch: pa.RecordBatch) -> dict[tuple[str, str], Decimal]:
        sums: dict[tuple[str, str], Decimal] = {}
        for column in self.contract.money:
            currencies = batch.column(column.currency).to_pylist()
            for amount, currency in zip(batch.column(column.name).to_pylist(), currencies, strict=True):
                if amount is not None:
                    place = (column.name, currency or "XXX")
                    sums[place] = sums.get(place, Decimal(0)) + amount
        return sums
