"""Passwords by the name of their connection. No declaration, message or log ever holds the password itself.

Asked in this order: `KONTOR_PASSWORD_<NAME>`; `AIRFLOW_CONN_<NAME>` in either form Airflow knows (URI or JSON); then
whoever was registered with `ask_also` (the Airflow side, which knows its own stores). In the names of environment
variables letters are capitals, and what is no letter or digit is an underscore in the first form.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from pipelines.connections import from_environment

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
    found = from_environment(name, env).password if env.get(f"AIRFLOW_CONN_{name.upper()}") else ""
    return found or next((secret for resolver in _resolvers if (secret := resolver(name))), None)
