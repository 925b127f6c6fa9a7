"""Passwords by the name of their connection. No declaration, message or log ever holds the password itself.

Asked in this order: `KONTOR_PASSWORD_<NAME>`; `AIRFLOW_CONN_<NAME>` in either form Airflow knows (URI or JSON); then
whoever was registered with `ask_also` (the Airflow side, which knows its own stores). In the names of environment
variables letters are capitals, and what is no letter or digit is an underscore in the first form.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from pipelines.errors import DeclarationError

Resolver = Callable[[str], str | None]

_resolvers: list[Resolver] = []


def ask_also(resolver: Resolver) -> None:
    """Ask this function too for passwords that the environment does not hold; once is enough for a process."""
    if resolver not in _resolvers:
        _resolvers.append(resolver)


def secret_of(name: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The password of this connection, None when nobody knows it.

    >>> secret_of("acme books", {"KONTOR_PASSWORD_ACME_BOOKS": "x"})
    'x'
    >>> secret_of("acme", {"AIRFLOW_CONN_ACME": "generic://user:a%2Fb@"})
    'a/b'
    """
    env = os.environ if environ is None else environ
    own = env.get(f"KONTOR_PASSWORD_{re.sub('[^A-Z0-9]', '_', name.upper())}")
    if own:
        return own
    connection = env.get(f"AIRFLOW_CONN_{name.upper()}")
    found = _of_connection(name, connection) if connection else None
    return found or next((secret for resolver in _resolvers if (secret := resolver(name))), None)


def _of_connection(name: str, text: str) -> str | None:
    try:
        if text.lstrip().startswith("{"):
            secret = json.loads(text).get("password")
            return None if secret is None else str(secret)
        password = urlsplit(text).password
    except ValueError:  # its text would show the connection
        raise DeclarationError(
            "connection not understood",
            where=f"environment variable AIRFLOW_CONN_{name.upper()}",
            expected="an Airflow connection as URI or JSON",
            next_step="correct the variable",
        ) from None
    return None if password is None else unquote(password)
