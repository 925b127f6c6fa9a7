"""The way to connections and what is behind them: Airflow's, or that of the environment."""

from __future__ import annotations

from typing import Any, Protocol

from pipelines import connections
from pipelines.connections import Connection
from pipelines.extract import filesystems


class Access(Protocol):
    """What `fetch` needs to reach an origin."""

    def connection(self, name: str) -> Connection:
        """The connection of that name; DeclarationError when there is none."""

    def open_fs(self, url: str, connection: str | None) -> tuple[Any, str]:
        """(fsspec file system, path of its root folder) of a URL."""

    def close(self, fs: Any) -> None:
        """Give back what `open_fs` opened."""


class FromEnvironment:
    """Connections as `AIRFLOW_CONN_<NAME>` declares them, without Airflow."""

    def connection(self, name: str) -> Connection:
        """The connection of that variable."""
        return connections.from_environment(name)

    def open_fs(self, url: str, connection: str | None) -> tuple[Any, str]:
        """Its file system."""
        return open_directly(url, self.connection(connection) if connection else None)

    def close(self, fs: Any) -> None:
        """Close it."""
        filesystems.close_file_system(fs)


def open_directly(url: str, connection: Connection | None) -> tuple[Any, str]:
    """A file system without Airflow's help, for what Airflow has no file system for."""
    return filesystems.open_file_system(url, connection)


def added_options(url: str, connection: Connection) -> dict[str, Any]:
    """What Airflow's own file systems must be told besides the connection: time limits, trusted host keys."""
    return filesystems.added_options(url, connection)
