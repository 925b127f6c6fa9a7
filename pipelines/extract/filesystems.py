"""The file system behind a URL, opened with a connection. Airflow opens its own; this is the way without it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fsspec

from pipelines.connections import Connection
from pipelines.errors import DeclarationError

PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "sftp": "sshfs", "ssh": "sshfs", "gs": "gcsfs", "gcs": "gcsfs",
    "abfs": "adlfs", "abfss": "adlfs", "az": "adlfs",
}  # fmt: skip
"""What must be installed for a protocol."""


def open_file_system(url: str, connection: Connection | None) -> tuple[Any, str]:
    """(file system, path of its root folder) of a URL; the words of the connection are those of Airflow.

    s3: `login` and `password` are key and secret, `extra` may have `endpoint_url`, `region_name`,
    `aws_session_token`. sftp: `host`, `port`, `login`, `password`, `extra` as in `ssh_options`. gs and abfs:
    `extra` as gcsfs and adlfs name their options. Anything else takes `extra` as options of its fsspec class.
    """
    protocol = urlsplit(url).scheme
    options = _OPTIONS.get(protocol, _other)(url, connection) if connection else _without(protocol, url)
    try:
        cls = fsspec.get_filesystem_class(protocol)
    except (ImportError, ValueError):
        raise not_installed(protocol) from None
    fs = cls(**options, skip_instance_cache=True)
    return fs, str(fs._strip_protocol(url))


def close_file_system(fs: Any) -> None:
    """Give back what it holds open: an SFTP connection would stay for as long as the process."""
    if hasattr(fs, "_finalize") and hasattr(fs, "_stack"):
        with contextlib.suppress(OSError):
            fs._finalize(fs.loop, fs._pool, fs._stack)


def not_installed(protocol: str) -> DeclarationError:
    """What to do when there is no file system for a protocol."""
    package = PACKAGES.get(protocol)
    return DeclarationError(
        f"no file system for {protocol}://",
        got=f"the package {package} is not installed" if package else "a protocol that fsspec does not know",
        expected=f"one of {', '.join(sorted({*PACKAGES, 'file'}))}",
        next_step=f"install it: uv pip install {package}" if package else "correct the url of the origin",
    )


def added_options(url: str, connection: Connection) -> dict[str, Any]:
    """What Airflow's own file systems do not set by themselves (for s3 they go into the client's configuration)."""
    protocol = urlsplit(url).scheme
    if protocol in ("s3", "s3a"):
        return {k: v for k, v in s3_config().items() if k not in (connection.extra.get("config_kwargs") or {})}
    return _ssh(url, connection) if protocol in ("sftp", "ssh") else {}


def s3_config() -> dict[str, Any]:
    """Settings of the S3 client: a server that does not answer costs seconds of a night, not minutes."""
    return {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 2}}


def ssh_options(url: str, host: str, port: int | None, extra: Mapping[str, Any]) -> dict[str, Any]:
    """What both ways of opening an SFTP server add: whose host key is trusted, and when to give up.

    The key of the host is looked up in `~/.ssh/known_hosts`, in the file `known_hosts` of `extra`, or compared
    with its `host_key` (`ssh-ed25519 AAAA…`). Only `no_host_key_check: true` lets any host in; sshfs by itself
    would let in every one.
    """
    logging.getLogger("asyncssh").setLevel(logging.WARNING)  # it tells a dozen lines about every file
    named = urlsplit(url).hostname or ""
    if host and named and host.lower() != named.lower():
        raise DeclarationError(
            "url and connection name different hosts",
            got=f"{named} in the url, {host} in the connection",
            expected="the same host",
            next_step="correct the url of the origin or the connection",
        )
    options: dict[str, Any] = {"connect_timeout": 30, "login_timeout": 30, "keepalive_interval": 15}
    options["sftp_client_kwargs"] = {"path_errors": "surrogateescape"}  # names that are no UTF-8
    if str(extra.get("no_host_key_check", "")).lower() in ("true", "1", "yes"):
        options["known_hosts"] = None
    elif key := extra.get("host_key"):
        at = f"[{host or named}]:{port}" if port not in (None, 22) else host or named
        options["known_hosts"] = f"{at} {key}\n".encode()
    else:
        options["known_hosts"] = _there("known_hosts", extra["known_hosts"]) if extra.get("known_hosts") else ()
    return options


def _ssh(url: str, connection: Connection) -> dict[str, Any]:
    host, port = connection.host or urlsplit(url).hostname or "", connection.port or urlsplit(url).port or 22
    options = {"host": host, "port": port, **ssh_options(url, connection.host, port, connection.extra)}
    if connection.login:
        options["username"] = connection.login
    if connection.password:
        options["password"] = connection.password
    if keys := ssh_keys(connection):
        options["client_keys"] = keys
        options |= {"passphrase": p} if (p := connection.extra.get("private_key_passphrase")) else {}
    return options


def ssh_keys(connection: Connection) -> list[Any]:
    """The client's key: a file (`key_file`) or its text (`private_key`)."""
    if path := connection.extra.get("key_file"):
        return [_there("key_file", path)]
    if text := connection.extra.get("private_key"):
        import asyncssh

        return [asyncssh.import_private_key(text, connection.extra.get("private_key_passphrase"))]
    return []


def _there(word: str, path: str) -> str:
    if not Path(path).expanduser().is_file():
        raise DeclarationError(
            f"{word} of the connection is not there",
            got=path,
            expected="a file on this machine that we may read",
            next_step=f"put the file there, or correct {word} in the extra of the connection",
        )
    return str(Path(path).expanduser())


def _s3(url: str, connection: Connection) -> dict[str, Any]:
    extra = connection.extra
    options: dict[str, Any] = {"config_kwargs": {**s3_config(), **(extra.get("config_kwargs") or {})}}
    key, secret = (
        connection.login or extra.get("aws_access_key_id"),
        connection.password or extra.get("aws_secret_access_key"),
    )
    if key:
        options |= {"key": key, "secret": secret}
    if token := extra.get("aws_session_token"):
        options["token"] = token
    if endpoint := extra.get("endpoint_url") or extra.get("host"):
        options["endpoint_url"] = endpoint
    if region := extra.get("region_name"):
        options["client_kwargs"] = {"region_name": region}
    return options


def _other(url: str, connection: Connection) -> dict[str, Any]:
    """gcsfs, adlfs and the rest take their own words."""
    given = dict(connection.extra)
    if urlsplit(url).scheme in ("abfs", "abfss", "az"):
        given |= {"account_name": connection.login} if connection.login else {}
        given |= {"account_key": connection.password} if connection.password else {}
    return given


def _without(protocol: str, url: str) -> dict[str, Any]:
    """No connection: what the machine itself may do (a role, a key in ~/.ssh)."""
    if protocol in ("s3", "s3a"):
        return {"config_kwargs": s3_config()}
    if protocol in ("sftp", "ssh"):
        return _ssh(url, Connection("", "sftp"))
    return {}


_OPTIONS: dict[str, Callable[[str, Connection], dict[str, Any]]] = {"s3": _s3, "s3a": _s3, "sftp": _ssh, "ssh": _ssh}
