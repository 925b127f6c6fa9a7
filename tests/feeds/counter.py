"""A counter that hands rows of a feed to the gate, as cleaning would, and registers them as a delivery."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.delivery import Delivery, Kind, Scope, State
from pipelines.profile import Source, SourceRef, read_profile
from pipelines.reject import PROBLEM_SCHEMA
from pipelines.validate.gate import GateInput, GateResult
from pipelines.validate.run import validate
from pipelines.warehouse import register
from pipelines.warehouse.connection import Warehouse
from tests.feeds.samples import clean_batch, value_of

RAW = pa.schema(
    [
        ("__row_number", pa.int64()),
        ("__problem", pa.string()),
        ("__raw", pa.string()),
        ("__cells", pa.list_(pa.string())),
        ("row", pa.string()),
    ]
)


PROFILE = "client: {client}\nname: Sample Ltd\nlocale: en_GB\ntime_zone: UTC\ncalendar: GB\nfeeds:\n{feeds}"
FEED = "  {feed}: {{files: '.*', columns: {{}}}}\n"


class Counter:
    """Deliveries of one made-up client and one feed, in the order they are brought.

    The client delivers the feeds of `others` besides, and core holds their rows. Rows of the feed itself are those of
    another source.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        catalog: Catalog,
        contract: Contract,
        folder: Path,
        others: Mapping[str, Sequence[Mapping[str, Any]]],
        client: str | None = None,
    ) -> None:
        self.contract = contract
        self._warehouse, self._folder = warehouse, folder
        client = client or contract.feed.replace(".", "_")
        path = folder / f"{client}.yaml"
        feeds = "".join(FEED.format(feed=feed) for feed in {contract.feed: None, **others})
        path.write_text(PROFILE.format(client=client, feeds=feeds), encoding="utf-8")
        self._catalog = Catalog(catalog.contracts, {client: read_profile(path)}, catalog.expectations)
        with warehouse.transaction() as conn:
            for feed, rows in others.items():
                _into_core(conn, catalog.contracts[feed], client, rows, source="earlier")
        self._ref = SourceRef(client, contract.feed, "main", Source(files=".*", columns={}), "en_GB", "UTC")
        self._number = itertools.count(1)

    def load(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put current rows into core that an earlier delivery of the same source has brought."""
        with self._warehouse.transaction() as conn:
            _into_core(conn, self.contract, self._ref.client_id, rows, source=self._ref.name)

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


def _into_core(
    conn: sa.Connection, contract: Contract, client: str, rows: Sequence[Mapping[str, Any]], *, source: str
) -> None:
    """Current rows, with the columns that a sample names."""
    types = {f.name: f.type for f in contract.arrow_schema}
    for number, row in enumerate(rows):
        names = ", ".join(f'"{name}"' for name in row)
        statement = (
            f"insert into {contract.table} (client_id, _source, {names}, _delivery_id, _row_number, _row_part, "
            f"_row_hash, _known_from) values (:_client, :_source, {', '.join(f':{name}' for name in row)}, 0, "
            ":_number, 0, gen_random_uuid(), '2020-01-01')"
        )
        values = {name: value_of(value, types[name]) for name, value in row.items()}
        conn.execute(sa.text(statement), {"_client": client, "_source": source, "_number": number, **values})
