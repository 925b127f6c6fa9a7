"""A PostgreSQL server for the contenders of a race, set up as `make run` sets up ours, so that all have the same."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from pipelines.settings import Settings
from pipelines.warehouse import server


@dataclass(frozen=True)
class Server:
    """A running server: `settings` as the product takes them, `url` as libpq takes it, its head process.

    `env` tells a contender all of it: KONTOR_BENCH_URL to connect to, KONTOR_BENCH_SERVER to count its CPU time.
    """

    settings: Settings
    url: str
    head: int
    version: str

    @property
    def env(self) -> dict[str, str]:
        return {"KONTOR_BENCH_URL": self.url, "KONTOR_BENCH_SERVER": str(self.head)}


@cache
def running() -> Server:
    """The server, started at the first call; gone when the process of the bench ends."""
    home = Path(tempfile.mkdtemp(prefix="kontor-bench-"))
    settings = Settings(home, home / "landing", (home / "clients",), None, settle=0)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    atexit.register(server.remove, settings)
    server.ensure(settings)
    url = server.plain(server.role_url(settings, "owner"))
    with psycopg.connect(url) as connection:
        version = str(connection.info.parameter_status("server_version"))
        stat = Path(f"/proc/{connection.info.backend_pid}/stat").read_text(encoding="utf-8")
    head = int(stat.rpartition(")")[2].split()[1])
    return Server(settings, url, head, version)


def database(name: str) -> dict[str, str]:
    """A new empty database of that name on the server, as `env` for one contender: others do not meet its tables."""
    there = running()
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    make = sql.SQL("create database {}").format(sql.Identifier(name))
    with psycopg.connect(there.url, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(make)
    before, _, _ = there.url.rpartition("/")
    return {**there.env, "KONTOR_BENCH_URL": f"{before}/{name}"}
