"""Passwords by the name of their connection."""

from __future__ import annotations

import pytest

from pipelines import secrets
from pipelines.errors import DeclarationError
from pipelines.secrets import ask_also, secret_of


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, None),
        ({"KONTOR_PASSWORD_ACME_BOOKS_1": "päß word"}, "päß word"),
        ({"KONTOR_PASSWORD_ACME_BOOKS_1": ""}, None),
        ({"AIRFLOW_CONN_ACME-BOOKS.1": "generic://user:a%2Fb%40c@host/x"}, "a/b@c"),
        ({"AIRFLOW_CONN_ACME-BOOKS.1": "generic://:only@"}, "only"),
        ({"AIRFLOW_CONN_ACME-BOOKS.1": "generic://host"}, None),
        ({"AIRFLOW_CONN_ACME-BOOKS.1": '{"conn_type": "generic", "password": "from json"}'}, "from json"),
        ({"AIRFLOW_CONN_ACME-BOOKS.1": '{"conn_type": "generic"}'}, None),
        ({"AIRFLOW_CONN_ACME-BOOKS.1": "generic://u:2@h", "KONTOR_PASSWORD_ACME_BOOKS_1": "first"}, "first"),
    ],
)
def test_where_a_password_is_found(environ: dict[str, str], found: str | None) -> None:
    assert secret_of("acme-books.1", environ) == found


def test_others_are_asked_last_and_once_registered_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_resolvers", [])
    asked: list[str] = []

    def resolver(name: str) -> str | None:
        asked.append(name)
        return "stored" if name == "acme" else None

    ask_also(resolver)
    ask_also(resolver)
    assert secret_of("acme", {}) == "stored"
    assert secret_of("other", {}) is None
    assert secret_of("acme", {"KONTOR_PASSWORD_ACME": "x"}) == "x"
    assert asked == ["acme", "other"]


def test_a_broken_connection_is_said_without_its_text() -> None:
    for text in ('{"password": "hush', "generic://u:hush@[host"):
        with pytest.raises(DeclarationError, match="AIRFLOW_CONN_ACME") as caught:
            secret_of("acme", {"AIRFLOW_CONN_ACME": text})
        assert "hush" not in str(caught.value)
        assert caught.value.__cause__ is None
