"""The vocabulary of a client's origins: where files come from, and how a sender says that one is complete."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from pipelines.dialect import Words, check_regex

PARTIAL = (".part", ".partial", ".filepart", ".tmp", ".crdownload")
"""Endings that transfer programs give a file until it is complete."""

WatermarkType = Literal["timestamp", "date", "integer", "number", "text", "bytes"]
Watermark = datetime | date | int | float | Decimal | str | bytes
"""A value by which a database says what is newer."""


def is_partial(name: str) -> bool:
    """Whether a file or folder of this name is never read: hidden, or named by a transfer that is under way."""
    return name.startswith((".", "~$")) or name.lower().endswith(PARTIAL)


def check_done(pattern: str | None) -> str | None:
    """The pattern of a done marker; ValueError when no marker could ever be found by it."""
    if pattern is None:
        return None
    if pattern.count("{name}") + pattern.count("{stem}") != 1 or pattern in ("{name}", "{stem}"):
        raise ValueError("give {name} or {stem} once, and what the marker adds to it, e.g. '{name}.done'")
    if "/" in pattern or is_partial(pattern):
        raise ValueError("the marker stands beside its file and is neither hidden nor called like a partial file")
    return pattern


def marker_of(pattern: str, rel: str) -> str:
    """Path of the marker of a file.

    >>> marker_of("{name}.done", "daily/a.csv"), marker_of("{stem}.ok", "daily/a.csv")
    ('daily/a.csv.done', 'daily/a.ok')
    """
    folder, slash, name = rel.rpartition("/")
    stem = name[: name.rfind(".")] if name.rfind(".") > 0 else name
    return folder + slash + pattern.replace("{name}", name).replace("{stem}", stem)


DonePattern = Annotated[str | None, BeforeValidator(check_done)]


def _start(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class Origin(Words):
    """Where files of a client come from: a folder behind a URL, or a query on a database. It is only ever read."""

    url: str | None = Field(None, description="folder: s3://bucket/prefix, sftp://host/path, gs://, abfs://, file://")
    connection: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_.-]+$", description="name of the connection that holds host, user and secret"
    )
    files: str = Field(".*", description="regular expression on the path below url, whole path; others stay there")
    done: DonePattern = Field(
        None, description="a file is taken when its marker is beside it: '{name}.done' (a.csv.done), '{stem}.ok' (a.ok)"
    )
    into: str = Field("", description="folder below the client's landing folder; not given = the name of the origin")
    query: str | None = Field(None, description="one SELECT; each run writes its rows as one Parquet file")
    watermark: str | None = Field(None, description="column of the query that says what is newer; bound as :watermark")
    start: Annotated[str | None, BeforeValidator(_start)] = Field(None, description="the first watermark")
    watermark_type: Literal["timestamp", "date", "integer", "number", "text"] | None = Field(
        None, description="of start, if its look is not enough: 2024-01-01 is a date, 17 an integer"
    )

    @model_validator(mode="after")
    def _one_form(self) -> Origin:
        if (self.url is None) == (self.query is None):
            raise ValueError("give url, or query (with connection)")
        strange = self.model_fields_set & (set(_OF_A_URL) if self.query else set(_OF_A_QUERY))
        if strange:
            raise ValueError(f"{', '.join(sorted(strange))}: no meaning for {'a query' if self.query else 'a url'}")
        check_regex(self.files)
        _check_into(self.into)
        if self.url is not None:
            _check_url(self.url)
        else:
            self._check_query()
        return self

    def _check_query(self) -> None:
        if not self.connection:
            raise ValueError("a query needs connection")
        asks = re.search(r"(?<![:\w\\]):watermark\b", self.query or "") is not None
        if asks != bool(self.watermark) or asks != (self.start is not None):
            raise ValueError("watermark, start and :watermark in the query belong together")
        if self.start is not None:
            read_watermark(self.start, self.watermark_type or guess_type(self.start))

    @property
    def first(self) -> tuple[str, WatermarkType] | None:
        """The first watermark as text, and its type."""
        return (self.start, self.watermark_type or guess_type(self.start)) if self.start is not None else None


_OF_A_URL = ("url", "files", "done")
_OF_A_QUERY = ("query", "watermark", "start", "watermark_type")


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if not parts.scheme or "://" not in url or "::" in url:
        raise ValueError("url: give scheme://…, e.g. s3://bucket/prefix or sftp://host/path")
    if parts.scheme in ("s3", "s3a", "gs", "gcs", "sftp", "ssh") and not parts.netloc:
        raise ValueError(f"url: {parts.scheme} needs a {'host' if parts.scheme in ('sftp', 'ssh') else 'bucket'}")
    if "@" in parts.netloc and parts.scheme not in ("abfs", "abfss", "az"):
        raise ValueError("url: user and password belong into the connection")
    if parts.query or parts.fragment:
        raise ValueError("url: no ? and no #; keys and tokens belong into the connection")


def _check_into(into: str) -> None:
    names = into.split("/")
    if into and any(not n or n == ".." or is_partial(n) or not n.isprintable() or "\\" in n for n in names):
        raise ValueError(f"into: {into!r} is no folder below the client's, e.g. erp/open_items")


def check_apart(origins: dict[str, Any]) -> None:
    """ValueError when two origins could deliver the same path: the later one would replace the other's file."""
    folders: dict[str, str] = {}
    for name, origin in origins.items():
        for other, folder in folders.items():
            if f"{origin.into or name}/".startswith(f"{folder}/") or f"{folder}/".startswith(f"{origin.into or name}/"):
                raise ValueError(f"origins {other} and {name} share a folder: give each an into of its own")
        folders[name] = origin.into or name


def guess_type(text: str) -> WatermarkType:
    """The type a watermark is meant to have, by its look.

    >>> guess_type("2024-01-01"), guess_type("2024-01-01 06:00"), guess_type("17"), guess_type("1.5"), guess_type("A7")
    ('date', 'timestamp', 'integer', 'number', 'text')
    """
    looks: tuple[tuple[str, WatermarkType], ...] = (
        (r"\d{4}-\d\d-\d\d", "date"),
        (r"\d{4}-\d\d-\d\d[ T].+", "timestamp"),
        (r"[+-]?\d+", "integer"),
        (r"[+-]?\d*\.\d+", "number"),
    )
    return next((kind for look, kind in looks if re.fullmatch(look, text)), "text")


def read_watermark(text: str, kind: WatermarkType) -> Watermark:
    """The value of a watermark; ValueError when the text is none of its type."""
    try:
        match kind:
            case "timestamp":
                return datetime.fromisoformat(text)
            case "date":
                return date.fromisoformat(text)
            case "integer":
                return int(text)
            case "number":
                return Decimal(text)
            case "bytes":
                return bytes.fromhex(text)
            case "text":
                return text
    except (ValueError, InvalidOperation):
        raise ValueError(f"watermark {text!r} is no {kind}") from None


def write_watermark(value: Watermark) -> tuple[str, WatermarkType]:
    """A watermark as text and type, the reverse of `read_watermark`; TypeError when it has no order we know."""
    if isinstance(value, datetime):
        return value.isoformat(), "timestamp"
    if isinstance(value, date):
        return value.isoformat(), "date"
    if isinstance(value, bool):
        raise TypeError("bool")
    if isinstance(value, int):
        return str(value), "integer"
    if isinstance(value, float | Decimal):
        return repr(value) if isinstance(value, float) else str(value), "number"
    if isinstance(value, bytes):
        return value.hex(), "bytes"
    if isinstance(value, str):
        return value, "text"
    raise TypeError(type(value).__name__)
