"""Airflow's connections, for what the flow fetches with them. Imported by a task, never by a DAG file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pipelines.connections import Connection
from pipelines.errors import DeclarationError


class FromAirflow:
    """Connections from wherever Airflow keeps them: its database, the environment, a secrets backend."""

    def connection(self, name: str) -> Connection:
        """A connection of Airflow in our words."""
        from airflow.sdk import Connection as AirflowConnection
        from airflow.sdk.exceptions import AirflowNotFoundException

        try:
            found = AirflowConnection.get(name)
        except AirflowNotFoundException:
            raise DeclarationError(
                f"connection {name} is not there",
                got="no connection of that name in Airflow",
                expected="a connection that holds host, user and secret",
                next_step=f"make it (Admin > Connections, or AIRFLOW_CONN_{name.upper()}), or correct the profile",
            ) from None
        return Connection(
            name=name,
            type={"postgresql": "postgres"}.get(found.conn_type or "", found.conn_type or ""),
            host=found.host or "",
            port=found.port,
            schema=found.schema or "",
            login=found.login or "",
            password=found.password or "",
            extra=found.extra_dejson,
        )

    def open_fs(self, url: str, connection: str | None) -> tuple[Any, str]:
        """(file system, root) of an ObjectStoragePath; where Airflow has no file system of that kind, fsspec's own."""
        from airflow.sdk import ObjectStoragePath
        from airflow.sdk.io import attach, get_fs, has_fs

        from pipelines.flow.access import added_options, open_directly

        protocol = urlsplit(url).scheme
        known = self.connection(connection) if connection else None
        if not has_fs(protocol) or (known is None and protocol in ("sftp", "ssh")):
            return open_directly(url, known)
        if known is not None:
            store = attach(protocol, connection)
            if "fs" not in vars(store):  # by itself Airflow would open it without time limits and any host's key
                store.fs = get_fs(protocol, connection, added_options(url, known))
        fs = ObjectStoragePath(url, conn_id=connection).fs
        return fs, str(fs._strip_protocol(url))

    def close(self, fs: Any) -> None:
        """Airflow keeps a file system for the next origin of the same connection; it ends with the task's process."""
