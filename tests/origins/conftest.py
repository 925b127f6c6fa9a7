"""An installation with profiles of clients who have origins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from pipelines.catalog import load_catalog
from pipelines.flow.fetch import FetchReport, fetch
from pipelines.flow.office import Office
from pipelines.settings import Settings
from pipelines.warehouse.connection import Warehouse
from tests.conftest import url_of
from tests.origins.servers import S3, Sftp, s3_server, sftp_server

PROFILE = {
    "name": "Acme", "locale": "en_GB", "time_zone": "Europe/London", "calendar": "GB",
    "feeds": {
        "ledgers.spend": {
            "files": r"(daily|sftp|erp)/.*\.(csv|parquet)",
            "mode": "delta",
            "columns": {
                "spend_line_id": {"from": "Id"}, "supplier_name": {"from": "Supplier"},
                "account_name": {"value": "Office"}, "document_date": {"from": "Date", "formats": ["%Y-%m-%d"]},
                "spend_amount": {"from": "Amount"}, "currency_code": {"value": "GBP"},
            },
        }
    },
}  # fmt: skip


@dataclass
class Desk:
    """One installation."""

    settings: Settings
    warehouse: Warehouse
    monkeypatch: pytest.MonkeyPatch

    def declare(self, client: str, origins: dict[str, Any], **words: Any) -> None:
        profile = {"client": client, **PROFILE, "origins": origins}
        profile["feeds"]["ledgers.spend"].update(words) if words else None  # type: ignore[index]
        text = yaml.safe_dump(profile, allow_unicode=True)
        (self.settings.client_folders[0] / f"{client}.yaml").write_text(text, encoding="utf-8")

    def connect(self, name: str, connection: dict[str, Any] | str) -> None:
        text = connection if isinstance(connection, str) else json.dumps(connection)
        self.monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", text)

    @property
    def office(self) -> Office:
        return Office(self.settings, load_catalog(self.settings), self.warehouse)

    def fetch(self, client: str | None = None) -> FetchReport:
        return fetch(self.office, client)

    def files(self, client: str) -> dict[str, bytes]:
        base = self.settings.landing / client
        return {p.relative_to(base).as_posix(): p.read_bytes() for p in sorted(base.rglob("*")) if p.is_file()}

    def query(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.warehouse.transaction() as conn:
            return [tuple(row) for row in conn.execute(sa.text(sql), values)]


@pytest.fixture
def desk(
    settings: Settings, server_settings: Settings, database: str, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    with warehouse.transaction() as conn:
        conn.execute(sa.text("delete from ops.fetched"))
        conn.execute(sa.text("delete from ops.origin"))
    url = url_of(server_settings, database, "loader")
    return Desk(replace(settings, warehouse_url=url), warehouse, monkeypatch)


@pytest.fixture
def s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Sftp]:
    root = tmp_path / "server"
    (root / "out").mkdir(parents=True)
    with sftp_server(root) as server:
        yield server


Write = Callable[[str, str], Path]


@pytest.fixture
def write(sftp: Sftp) -> Write:
    """Write a file below the folder `out` of the SFTP server."""

    def one(name: str, text: str) -> Path:
        path = sftp.root / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return one
