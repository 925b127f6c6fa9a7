"""What every test may ask for: an installation of its own and, on an embedded server, a warehouse of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.contract import read_contract
from pipelines.settings import ROOT, Settings
from pipelines.warehouse import ddl, server
from pipelines.warehouse.connection import Warehouse
from tests.guard import Watch, guarded

CHEAP = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_wal_size": "1GB"}
TEMPLATE = "kontor_template"
MARTS_DATABASE = "t_marts"
"""Of modules that build marts. Each has a fresh one; dbt parses a project for a database of this name."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Which process runs which tests, when there are several."""
    from tests.spread import InCollectedOrder

    return InCollectedOrder(config, log)


def make_settings(home: Path, warehouse_url: str | None = None) -> Settings:
    """Settings of an installation in a folder: its landing is `<home>/landing`, its profiles are `<home>/clients`.

    Tests write their files at once: no second look at young ones.
    """
    return Settings(home, home / "landing", (home / "clients",), warehouse_url, settle=0)


@pytest.fixture(scope="session")
def watch() -> Iterator[Watch]:
    """Call it with a home: what works there is ended and deleted even if this process is killed."""
    with guarded() as told:
        yield told


@pytest.fixture(scope="session")
def server_settings(watch: Watch) -> Iterator[Settings]:
    """The installation that owns the one embedded server of this process. Stopped and deleted at the end."""
    home = Path(tempfile.mkdtemp(prefix="kontor-tests-"))
    watch(home)
    settings = make_settings(home)
    try:
        server.ensure(settings, CHEAP)
        yield settings
    finally:
        server.remove(settings)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server_settings: Settings) -> str:
    """Name of the database that every `warehouse` is a copy of: our schemas, with a core table per real contract."""
    contracts = {
        c.feed: c for c in map(read_contract, sorted((ROOT / "pipelines" / "contracts").glob("*/*.odcs.yaml")))
    }
    opened = Warehouse(server.role_url(server_settings, "owner"))
    with opened.transaction() as conn:
        ddl.create_schema(conn)
        ddl.migrate(conn, Catalog(contracts, {}, ROOT / "expectations"))
    opened.close()
    _admin_sql(server_settings, f"create database {TEMPLATE} template warehouse strategy file_copy")
    return TEMPLATE


@pytest.fixture(scope="module")
def database(server_settings: Settings, template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Name of a fresh database for this test module: its own, or the `DATABASE` that the module says."""
    own: str = "t_" + request.module.__name__.replace(".", "_")[-50:]
    name = getattr(request.module, "DATABASE", own)
    _admin_sql(
        server_settings,
        f"drop database if exists {name} with (force)",
        f"create database {name} template {template} strategy file_copy",
        f"grant create on database {name} to kontor_mart_owner",  # a copy has no rights of its original's own
    )
    yield name
    _admin_sql(server_settings, f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def marts_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation to build marts with. The project is parsed once for all modules on `MARTS_DATABASE`."""
    return make_settings(tmp_path_factory.mktemp("marts"))


@pytest.fixture(scope="module")
def warehouse(server_settings: Settings, database: str) -> Iterator[Warehouse]:
    """The module's warehouse as the loader sees it: the login that the product works with."""
    yield from _opened(server_settings, database, "loader")


@pytest.fixture(scope="module")
def owner(server_settings: Settings, database: str) -> Iterator[Warehouse]:
    """The module's warehouse as its owner sees it: makes tables, may do what the product may not."""
    yield from _opened(server_settings, database, "owner")


@pytest.fixture
def settings(tmp_path: Path, database: str, server_settings: Settings) -> Settings:
    """An installation with empty folders of its own on the module's warehouse."""
    for name in ("landing", "clients"):
        (tmp_path / name).mkdir()
    return make_settings(tmp_path, url_of(server_settings, database, "owner"))


def url_of(server_settings: Settings, database: str, role: str) -> str:
    """URL of a database of the session's server for one role."""
    url = sa.make_url(server.role_url(server_settings, role)).set(database=database)
    return url.render_as_string(hide_password=False)


def _opened(server_settings: Settings, database: str, role: str) -> Iterator[Warehouse]:
    opened = Warehouse(url_of(server_settings, database, role))
    yield opened
    opened.close()


def _admin_sql(settings: Settings, *statements: str) -> None:
    url = server.plain(server.role_url(settings, "owner"))
    with psycopg.connect(url, dbname="postgres", autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement.encode())


@pytest.fixture(scope="session")
def real_root() -> Path:
    """The folder with `landing/` and `samples/` (`KONTOR_REAL`, default `../shared`); skips the test without it."""
    root = Path(os.environ.get("KONTOR_REAL") or ROOT.parent / "shared")
    if not (root / "landing").is_dir():
        pytest.skip(f"no real input: {root / 'landing'} is missing (set KONTOR_REAL)")
    return root
