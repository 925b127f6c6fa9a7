"""What may be written under `origins`, and what connections are read from the environment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.connections import Connection, from_environment, hide_userinfo
from pipelines.errors import DeclarationError
from pipelines.origin_words import guess_type, read_watermark, write_watermark
from pipelines.profile import Profile, read_profile

QUERY = {"connection": "erp", "query": "select * from t where c > :watermark", "watermark": "c", "start": "2024-01-01"}


def read(folder: Path, origins: dict[str, Any], **source: Any) -> Profile:
    feed = {"files": ".*", "columns": {"customer_id": {"from": "Nr"}}, **source}
    data = {"client": "acme", "name": "A", "locale": "de_DE", "time_zone": "Europe/Berlin", "calendar": "DE"}
    path = folder / "acme.yaml"
    path.write_text(yaml.safe_dump({**data, "origins": origins, "feeds": {"clients.customers": feed}}))
    return read_profile(path)


def test_good_words(tmp_path: Path) -> None:
    origins = read(
        tmp_path,
        {
            "outbox": {"url": "s3://acme-exports/daily", "connection": "acme_s3", "files": r".*\.csv", "into": "daily"},
            "sftp": {"url": "sftp://files.acme.example/out", "connection": "acme_sftp", "done": "{name}.done"},
            "erp": {**QUERY, "into": "erp/open_items"},
            "blob": {"url": "abfs://container@account.dfs.core.windows.net/x"},
        },
    ).model.origins
    assert origins["erp"].first == ("2024-01-01", "date")
    assert origins["sftp"].first is None


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ({}, "give url, or query"),
        ({"url": "s3://a/b", **QUERY}, "give url, or query"),
        ({"url": "daily"}, "give scheme"),
        ({"url": "s3:///daily"}, "needs a bucket"),
        ({"url": "sftp://user:secret@host/out"}, "belong into the connection"),
        ({"url": "https://host/x?sig=abc"}, "belong into the connection"),
        ({"url": "zip://a.zip::s3://b/c"}, "give scheme"),
        ({"url": "s3://a/b", "into": "../other"}, "no folder below"),
        ({"url": "s3://a/b", "into": "/abs"}, "no folder below"),
        ({"url": "s3://a/b", "into": ".hidden"}, "no folder below"),
        ({"url": "s3://a/b", "into": "x.part"}, "no folder below"),
        ({"url": "s3://a/b", "files": "("}, "not a regular expression"),
        ({"url": "s3://a/b", "done": "ready"}, "{name} or {stem}"),
        ({"url": "s3://a/b", "done": "{name}"}, "{name} or {stem}"),
        ({"url": "s3://a/b", "done": ".{name}.done"}, "neither hidden"),
        ({"url": "s3://a/b", "start": "1"}, "no meaning for a url"),
        ({**QUERY, "done": "{name}.done"}, "no meaning for a query"),
        ({"query": "select 1 as x"}, "needs connection"),
        ({**QUERY, "start": None}, "belong together"),
        ({**QUERY, "watermark": None}, "belong together"),
        ({**QUERY, "query": "select * from t"}, "belong together"),
        ({**QUERY, "start": "yesterday", "watermark_type": "date"}, "is no date"),
    ],
)
def test_bad_words_say_where_and_what(tmp_path: Path, origin: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError) as error:
        read(tmp_path, {"one": origin})
    assert said in str(error.value)
    assert "acme.yaml:" in str(error.value)


@pytest.mark.parametrize(
    ("first", "second"), [("x", "x"), ("x", "x/y"), ("x/y", "x"), ("two", ""), ("", "one")], ids=str
)
def test_two_origins_never_share_a_folder(tmp_path: Path, first: str, second: str) -> None:
    def origin(into: str) -> dict[str, str]:
        return {"url": "s3://a/b", **({"into": into} if into else {})}

    with pytest.raises(DeclarationError, match="share a folder"):
        read(tmp_path, {"one": origin(first), "two": origin(second)})
    assert len(read(tmp_path, {"one": origin("xy"), "two": origin("x")}).model.origins) == 2


def test_done_of_a_source(tmp_path: Path) -> None:
    assert read(tmp_path, {}, done="{stem}.ok").sources[0].source.done == "{stem}.ok"
    with pytest.raises(DeclarationError, match="stands beside its file"):
        read(tmp_path, {}, done="done/{name}")


@pytest.mark.parametrize(
    "value",
    [
        datetime(2024, 5, 1, 8, 0, 0, 123456, UTC), datetime(2024, 5, 1), date(2024, 2, 29), 2**70, -1, 0.1,
        Decimal("12.50"), "A 7", b"\x00\xff",
    ],
    ids=str,
)  # fmt: skip
def test_watermarks_are_kept_exactly(value: Any) -> None:
    text, kind = write_watermark(value)
    assert read_watermark(text, kind) == (Decimal(repr(value)) if isinstance(value, float) else value)


def test_the_type_of_a_watermark_by_its_look() -> None:
    looks = ["2024-01-01", "2024-01-01T06:00:00+02:00", "17", "-1.5", "A7", ""]
    assert [guess_type(text) for text in looks] == ["date", "timestamp", "integer", "number", "text", "text"]


URI = "sftp://us%40er:p%40ss%2F@files.example:2222/some%2Fschema?key_file=%2Fk&no_host_key_check=true"
JSON = """{"conn_type": "sftp", "login": "us@er", "password": "p@ss/", "host": "files.example", "port": "2222",
 "schema": "some/schema", "extra": {"key_file": "/k", "no_host_key_check": "true"}}"""


@pytest.mark.parametrize("text", [URI, JSON, JSON.replace('{"key_file"', '"{\\"key_file\\"').replace('"}}', '\\"}"}')])
def test_both_forms_of_a_connection(text: str) -> None:
    if "\\" in text:
        text = text.replace(': "/k", "no_host_key_check": "true', ': \\"/k\\", \\"no_host_key_check\\": \\"true')
    found = from_environment("acme", {"AIRFLOW_CONN_ACME": text})
    assert (found.type, found.host, found.port, found.schema) == ("sftp", "files.example", 2222, "some/schema")
    assert (found.login, found.password) == ("us@er", "p@ss/")
    assert dict(found.extra) == {"key_file": "/k", "no_host_key_check": "true"}
    assert found.flag("no_host_key_check")


def test_as_airflow_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text means the same to Airflow."""
    sdk = pytest.importorskip("airflow.sdk.definitions.connection")
    for text in (URI, JSON, "aws://k:s@/?endpoint_url=http%3A%2F%2Fh%3A1", "postgresql://u:p@h:1/d", "my-type://h"):
        ours = from_environment("x", {"AIRFLOW_CONN_X": text})
        theirs = sdk.Connection.from_json(text, "x") if text.startswith("{") else sdk.Connection.from_uri(text, "x")
        assert (ours.type, ours.host, ours.login, ours.password, ours.schema, ours.port) == (
            theirs.conn_type, theirs.host or "", theirs.login or "", theirs.password or "", theirs.schema or "",
            theirs.port,
        )  # fmt: skip
        assert dict(ours.extra) == theirs.extra_dejson


@pytest.mark.parametrize("text", ["nothing", "{", '{"host": "x"}', "sftp://h:port/", '{"conn_type": "a", "port": "b"}'])
def test_what_cannot_be_read_is_not_shown(text: str) -> None:
    with pytest.raises(DeclarationError) as error:
        from_environment("acme", {"AIRFLOW_CONN_ACME": text + "#s3cret"})
    assert "AIRFLOW_CONN_ACME" in str(error.value)
    assert "s3cret" not in str(error.value)


def test_secrets_are_hidden() -> None:
    connection = Connection(
        "x",
        "aws",
        password="p@ss",
        extra={"aws_secret_access_key": "k3y", "region_name": "eu", "a": {"token": "t0ken"}},
    )
    assert connection.hide("p@ss k3y eu t0ken at s3://u:v@h/x") == "*** *** eu *** at s3://***@h/x"
    assert "p@ss" not in repr(connection)
    assert "k3y" not in repr(connection)
    assert hide_userinfo("see sftp://u:p@host/a and b@c") == "see sftp://***@host/a and b@c"
