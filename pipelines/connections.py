"""Connections: host, user and secret of a server, under a name that a profile may write.

They are Airflow's. In a DAG Airflow itself is asked for them; elsewhere they are read from the same environment
variables that Airflow reads, `AIRFLOW_CONN_<NAME>`, in either of its forms:

    AIRFLOW_CONN_ACME_SFTP='sftp://user:p%40ss@files.acme.example:22/?key_file=%2Fkeys%2Facme'
    AIRFLOW_CONN_ACME_S3='{"conn_type": "aws", "login": "key", "password": "secret",
                           "extra": {"endpoint_url": "http://127.0.0.1:9000"}}'
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pipelines.errors import DeclarationError

_SECRET = re.compile(r"pass|secret|token|key|credential|sas", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True)
class Connection:
    """One connection. Its secrets are not part of its `repr`; `hide` takes them out of any text."""

    name: str
    type: str
    host: str = ""
    port: int | None = None
    schema: str = ""
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def hide(self, text: str) -> str:
        """The text without this connection's secrets, and without user and password in any URL."""
        for secret in sorted(_secrets(self), key=len, reverse=True):
            text = text.replace(secret, "***")
        return hide_userinfo(text)

    def flag(self, name: str) -> bool:
        """Whether a switch of `extra` is on; it may be written as a text."""
        return str(self.extra.get(name, "")).lower() in ("true", "1", "yes")


def hide_userinfo(text: str) -> str:
    """The text with `***` in place of user and password of every URL."""
    return _USERINFO.sub("***@", text)


def from_environment(name: str, environ: Mapping[str, str] | None = None) -> Connection:
    """The connection `AIRFLOW_CONN_<NAME>` declares; DeclarationError when there is none or it cannot be read."""
    variable = f"AIRFLOW_CONN_{name.upper()}"
    text = (os.environ if environ is None else environ).get(variable)
    if not text:
        raise DeclarationError(
            f"connection {name} is not there",
            got=f"no {variable} in the environment",
            expected="a connection of that name",
            next_step=f"set {variable} (JSON or URI, as for Airflow), or correct the name in the profile",
        )
    try:
        return _from_json(name, text) if text.lstrip().startswith("{") else _from_uri(name, text)
    except (ValueError, TypeError, AttributeError):
        raise DeclarationError(  # the text itself is a secret
            f"connection {name} cannot be read",
            where=variable,
            expected="JSON with conn_type, host, login, password, port, schema, extra; or type://login:password@host/",
            next_step="correct the variable; special characters of a URI are percent-encoded",
        ) from None


def _from_json(name: str, text: str) -> Connection:
    data = json.loads(text)
    extra = data.get("extra") or {}
    return Connection(
        name=name,
        type=_type(data["conn_type"] if data.get("conn_type") else ""),
        host=str(data.get("host") or ""),
        port=int(data["port"]) if data.get("port") else None,
        schema=str(data.get("schema") or ""),
        login=str(data.get("login") or ""),
        password=str(data.get("password") or ""),
        extra=dict(json.loads(extra) if isinstance(extra, str) else extra),
    )


def _from_uri(name: str, text: str) -> Connection:
    parts = urlsplit(text.strip())
    if not parts.scheme or "://" not in text:
        raise ValueError("no URI")
    userinfo, _, hostinfo = parts.netloc.rpartition("@")
    login, _, password = userinfo.partition(":")
    address = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(\d+))?", hostinfo)
    if address is None:
        raise ValueError("no host")
    extra: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "__extra__" in extra:
        extra = dict(json.loads(extra["__extra__"]))
    return Connection(
        name=name,
        type=_type(parts.scheme),
        host=unquote(address[1]),
        port=int(address[2]) if address[2] else None,
        schema=unquote(parts.path[1:]),
        login=unquote(login),
        password=unquote(password),
        extra=extra,
    )


def _type(written: str) -> str:
    if not written:
        raise ValueError("no type")
    return {"postgresql": "postgres"}.get(written.lower(), written.lower().replace("-", "_"))


def _secrets(connection: Connection) -> set[str]:
    """Texts that must not be shown: the password, and what stands under a telling name in `extra`, at any depth."""
    found = {connection.password}

    def look(value: Any, secret: bool) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                look(inner, secret or (_SECRET.search(str(key)) is not None and not str(key).endswith("_file")))
        elif isinstance(value, list):
            for inner in value:
                look(inner, secret)
        elif secret and isinstance(value, str):
            found.add(value)
            found.update(line for line in value.splitlines() if len(line) > 8)

    look(connection.extra, False)
    return {text for text in found if len(text) > 2 and text.lower() not in ("true", "false")}
