"""A client with one simple feed, to be sent files as the tests need them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.catalog import load_catalog
from pipelines.flow.night import Discovery, NightReport, run_night
from pipelines.flow.office import Office
from pipelines.settings import ROOT, Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import url_of
from tests.samples import brightline, hansa
from tests.samples.common import Folder

PROFILE = r"""client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
stewards: [steward]
feeds:
  ledgers.spend:
    sources:
      main:
        files: 'spend/[^/]+\.csv'
        mode: snapshot
        max_closed_pct: 50
        max_rejects: {{pct: 20}}
        columns: &columns
          spend_line_id: {{from: Id}}
          supplier_name: {{from: Supplier}}
          account_name: {{value: Office}}
          document_date: {{from: Date, formats: ['%Y-%m-%d']}}
          spend_amount: {{from: Amount}}
          currency_code: {{value: GBP}}
      other:
        files: 'other/[^/]+\.csv'
        mode: snapshot
        columns: *columns
      changes:
        files: 'changes/[^/]+\.csv'
        mode: delta
        format: {{footer_rows: 1}}
        controls: {{rows: {{footer: 1, column: 2}}}}
        columns: *columns
      monthly:
        files: 'monthly/(?P<period>\d{{4}}-\d{{2}}).*\.csv'
        mode: period
        max_closed_pct: 50
        columns: *columns
      coded:
        files: 'coded/[^/]+\.csv'
        mode: snapshot
        columns:
          spend_line_id: {{from: Id}}
          supplier_name: {{lookup: {{table: names, key: Supplier, column: Name}}}}
          account_name: {{value: Office}}
          document_date: {{from: Date, formats: ['%Y-%m-%d']}}
          spend_amount: {{from: Amount}}
          currency_code: {{value: GBP}}
lookups:
  names: {{files: 'names\.csv', key: Code}}
"""

Line = tuple[str, str, str, str]
clients = count(1)


def lines(n: int = 20, first: int = 1) -> list[Line]:
    """Rows that pass every rule: id, supplier, date, amount."""
    return [
        (f"L{i:03}", f"Supplier {chr(64 + i % 26 or 90)}", "2026-10-05", f"{i * 10}.50")
        for i in range(first, first + n)
    ]


def as_csv(rows: list[Line]) -> str:
    """Rows under the header of the sample client."""
    return "".join(",".join(r) + "\n" for r in [("Id", "Supplier", "Date", "Amount"), *rows])


@dataclass
class Client:
    """One client of a test, its landing folder and its nights."""

    client_id: str
    settings: Settings
    profile: str
    clock: Any = field(default_factory=lambda: count(1_780_000_000, 60))

    def declare(self, profile: str) -> None:
        """Write the profile."""
        self.profile = profile
        (self.settings.client_folders[0] / f"{self.client_id}.yaml").write_text(profile, encoding="utf-8")

    def send(self, rel: str, content: str | bytes) -> None:
        """Drop a file, a minute after the last one."""
        path = self.settings.landing / self.client_id / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        at = next(self.clock)
        os.utime(path, (at, at))

    def night(self, **args: Any) -> tuple[Discovery, NightReport]:
        """One night without Airflow, for this client."""
        return run_night(client=self.client_id, office=self.office(), **args)

    def office(self) -> Office:
        """The installation with the declarations of now."""
        return Office(self.settings, load_catalog(self.settings), self.warehouse)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The test's warehouse, with one pool of connections for all nights and queries."""
        return Warehouse(str(self.settings.warehouse_url))

    def query(self, sql: str, **values: Any) -> list[Any]:
        """Rows of a query; `:client` is bound."""
        with self.warehouse.transaction() as conn:
            return list(conn.execute(sa.text(sql), {"client": self.client_id, **values}))

    def current(self, source: str = "main") -> dict[str, str]:
        """Current spend lines: id → amount."""
        return dict(
            self.query(
                "select spend_line_id, spend_amount::text from core.ledgers_spend "
                "where client_id = :client and _source = :source and _known_to is null",
                source=source,
            )
        )

    def versions(self) -> int:
        """Versions written so far, current or not."""
        return int(self.query("select count(*) from core.ledgers_spend where client_id = :client")[0][0])

    def accounted(self) -> None:
        """Law 1, for every delivery that was judged: rows and each amount."""
        parts = "rows_loaded + rows_unchanged + rows_rejected + rows_skipped + rows_held"
        judged = self.query(
            f"select delivery_id, rows_received, {parts} from ops.delivery where client_id = :client "
            "and state in ('loaded', 'held', 'superseded') and rows_received is not null"
        )
        assert judged
        for delivery_id, received, parted in judged:
            assert received == parted, delivery_id
        for row in self.query(
            "select a.* from ops.delivery_amount a join ops.delivery d using (delivery_id) "
            "where d.client_id = :client and d.state in ('loaded', 'held')"
        ):
            known = row._mapping
            assert known["received"] == sum(
                (known[n] for n in ("loaded", "unchanged", "rejected", "skipped", "held")), Decimal(0)
            ), known


@pytest.fixture
def client(settings: Settings, server_settings: Settings, database: str) -> Iterator[Client]:
    """A client of its own per test, with the profile above; everything runs with the rights of the loader."""
    client_id = f"sample{next(clients)}"
    made = Client(client_id, replace(settings, warehouse_url=url_of(server_settings, database, "loader")), "")
    made.declare(PROFILE.format(client=client_id))
    yield made
    made.warehouse.close()


SAMPLES: dict[str, Callable[[Folder], None]] = {"hansa": hansa.write, "brightline": brightline.write}
Make = Callable[..., Client]


@pytest.fixture
def sample(settings: Settings, server_settings: Settings, database: str) -> Iterator[Make]:
    """A sample client under a name of its own, with what its first evening leaves in landing."""
    made: list[Client] = []

    def make(name: str, *, change: Callable[[str], str] = str, client_id: str | None = None) -> Client:
        client_id = client_id or f"{name}{next(clients)}"
        client = Client(client_id, replace(settings, warehouse_url=url_of(server_settings, database, "loader")), "")
        profile = (ROOT / "pipelines" / "clients" / f"{name}.yaml").read_text(encoding="utf-8")
        client.declare(change(profile.replace(f"client: {name}", f"client: {client_id}", 1)))
        SAMPLES[name](Folder(settings.home / "samples", name, 1, 7))
        shutil.move(settings.home / "samples" / name, settings.landing / client_id)
        client.clock = count(1_800_000_000, 60)  # what the test sends comes after the files of the sample
        made.append(client)
        return client

    yield make
    for client in made:
        client.warehouse.close()
