"""The vocabulary of a profile: what may be written in a client's YAML. An unknown key is an error."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pipelines.column_words import ColumnRule, Condition, Unpivot, idle_word
from pipelines.control_words import Control, ControlName
from pipelines.dialect import Format, Listed, Words, between_slashes, check_locale, check_regex, listed
from pipelines.formats import with_defaults
from pipelines.origin_words import DonePattern, Origin, check_apart

MEMBER_SIGN = "!/"
"""Stands between an archive and its member in the name of a file: `pack.zip!/staff.csv`."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Due(Words):
    """When the delivery must be there, in the client's time zone. No day named = every business day."""

    business_day: int | None = Field(None, ge=1, le=23, description="of the month, counted from 1")
    weekday: Annotated[
        list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] | None, BeforeValidator(listed)
    ] = Field(None, min_length=1, description="every week; on a public holiday it moves as `shift` says")
    day: int | None = Field(
        None, ge=1, le=31, description="of the month, the last one where it is shorter; it moves as `shift` says"
    )
    shift: Literal["next", "previous"] = Field("next", description="to which business day a day moves that is none")
    time: str = Field(pattern=r"([01]\d|2[0-3]):[0-5]\d")

    @model_validator(mode="after")
    def _one_day(self) -> Due:
        if sum(d is not None for d in (self.business_day, self.weekday, self.day)) > 1:
            raise ValueError("give one of business_day, weekday, day, or none for every business day")
        if "shift" in self.model_fields_set and self.weekday is None and self.day is None:
            raise ValueError("shift needs weekday or day: a business day does not move")
        return self


class MaxRejects(Words):
    """Above either bound the delivery is held."""

    pct: Decimal = Field(Decimal(5), ge=0, le=100, description="percent of the rows received")
    amount: Decimal | None = Field(None, ge=0, description="sum of the absolute rejected amounts, major units")


class Notify(Words):
    """Who at the client is told what came of a night: one message per night, in the language of the client."""

    to: Listed = Field(description="addresses, for connections that need them")
    cc: Listed = Field([], description="who else gets it")
    connections: Listed = Field(["smtp_default"], description="Airflow connections to send by")
    workbook: Literal["attach", "keep"] = Field(
        "attach", description="attach correction workbooks, which hold rows as they were sent, or keep them here"
    )


KEY_RULE = re.compile(r"occurrence\(([^)]+)\)")


class Source(Words):
    """One way one client delivers one feed."""

    files: str = Field(
        description="regular expression on the path below the client folder, whole path; "
        "pack\\.zip!/staff\\.csv is the member staff.csv of the archive pack.zip"
    )
    mode: Literal["snapshot", "period", "delta"] = "snapshot"
    format: Format = Format()
    layout: list[str] | None = Field(
        None, min_length=1, description="accepted column names of the file, in order; another layout is held as drift"
    )
    columns: dict[str, ColumnRule] = Field(
        description="canonical column → where it comes from; over the default words of a business message format"
    )
    computed: dict[str, ColumnRule] = Field(
        {},
        description="source columns of our own: text made of each record before skip, rows, unpivot and columns, which "
        "may name it; one may use those above it",
    )
    ignore: dict[str, str] = Field(
        {}, description="source column, or /pattern/ that the whole name of a column fits → why it is not used"
    )
    rows: list[Condition] = Field([], description="all must hold for a record to be a row of this feed")
    skip: list[Condition] = Field([], description="records of no feed at all, skipped by declaration")
    unpivot: Unpivot | None = None
    key: str | None = Field(
        None, description="occurrence(col, …): n-th row with the same values, for feeds without an id"
    )
    repeated_rows: Literal["reject", "skip"] = "reject"
    done: DonePattern = Field(
        None, description="a file is taken when its marker is beside it: '{name}.done' (a.csv.done), '{stem}.ok' (a.ok)"
    )
    period_format: str = Field("%Y-%m", description="how the period group of the file pattern is written")
    periods: Literal["replace", "add_up"] | None = Field(
        None,
        description="mode period of a ledger of open items: replace = each list holds all that was open at its "
        "period's end, the newest is the ledger (default); add_up = each holds what was posted in its period, "
        "together they are the ledger",
    )
    controls: dict[ControlName, Control] = Field(
        {}, description="rows, sum(column), count(column) or hash(column) → where the sender's figure stands"
    )
    may_be_empty: bool = Field(
        False,
        description="a file without a row says that there was nothing, and is no reason to hold it; with max_rejects "
        "{pct: 100} neither is one whose rows are all rejected, as of messages of one record each",
    )
    max_rejects: MaxRejects = MaxRejects()
    max_closed_pct: Decimal = Field(Decimal(10), ge=0, le=100)
    due: Due | None = None
    corrections: Literal["load", "review"] = Field(
        "load", description="review: a returned correction is held until a steward has seen it"
    )
    locale: str | None = None
    time_zone: str | None = None

    @field_validator("files")
    @classmethod
    def _files(cls, value: str) -> str:
        check_regex(value)
        return value

    @field_validator("ignore")
    @classmethod
    def _ignore(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            check_regex(pattern := between_slashes(name))
            if pattern is not None and re.fullmatch(pattern, ""):
                raise ValueError(f"{name} fits every column: a column that comes new would be left out unseen")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Source:
        if self.mode == "period" and "period" not in re.compile(self.files).groupindex:
            raise ValueError("mode period needs a group (?P<period>…) in files")
        if self.periods and self.mode != "period":
            raise ValueError(f"periods {self.periods} is for mode period; mode {self.mode} has none")
        if self.key and not KEY_RULE.fullmatch(self.key):
            raise ValueError(f"key {self.key!r}: give occurrence(column, …)")
        groups = re.compile(self.files).groupindex
        for name, rule in [*self.columns.items(), *self.computed.items()]:
            if rule.file and rule.file not in groups:
                raise ValueError(f"column {name}: files has no group {rule.file!r}")
        for name, rule in self.computed.items():
            if idle := idle_word(rule):
                raise ValueError(f"computed {name}: {idle} has no effect on text; say it at the column that reads it")
        if twice := self.made & set(self.computed):
            raise ValueError(f"computed and unpivot both make {sorted(twice)[0]!r}")
        return self

    @property
    def made(self) -> set[str]:
        """Source columns that `unpivot` makes."""
        return {self.unpivot.name, self.unpivot.value} if self.unpivot else set()

    @property
    def rules(self) -> list[ColumnRule]:
        """Every rule of the source: those of the columns and of what is computed before."""
        return [*self.columns.values(), *self.computed.values()]

    @property
    def occurrence(self) -> list[str]:
        """Canonical columns of `key: occurrence(…)`."""
        found = KEY_RULE.fullmatch(self.key or "")
        return [c.strip() for c in found[1].split(",")] if found else []


class Lookup(Words):
    """A table the column map reads from. Its `columns` are computed text columns and may use other look-ups."""

    files: str
    format: Format = Format()
    key: Listed
    rows: list[Condition] = Field([])
    columns: dict[str, ColumnRule] = Field({})

    @field_validator("files")
    @classmethod
    def _files(cls, value: str) -> str:
        check_regex(value)
        return value


class FeedSources(Words):
    """Several sources of one feed."""

    sources: dict[Annotated[str, Field(pattern=r"[a-z][a-z0-9_]*")], Source] = Field(min_length=1)
    shared_keys: bool = Field(False, description="the sources of this client share business keys")


class OnTime(Words):
    """When a delivery is on time: against which date, how many days off, and whether days off count."""

    against: Literal["promised", "requested"] = "promised"
    early_days: int | None = Field(
        None, ge=0, description="days before the date from which it is too early; null = any"
    )
    late_days: int = Field(0, ge=0, description="days after the date that still count as on time")
    calendar: Literal["days", "business_days"] = Field(
        "days", description="business_days leaves out weekends and the holidays of the client's calendar"
    )


class Matching(Words):
    """How far order, receipt and invoice may be apart and still match."""

    quantity_pct: Decimal = Field(Decimal(0), ge=0, le=100, description="percent of the ordered quantity")
    price_pct: Decimal = Field(Decimal(0), ge=0, le=100, description="percent of the price of the order")


class Reporting(Words):
    """What figures of the marts mean at this client, where the field knows more than one meaning."""

    on_time: OnTime = Field(OnTime())
    short_delivery_pct: Decimal = Field(
        Decimal(0), ge=0, le=100, description="percent of the ordered quantity that may lack and it is in full still"
    )
    matching: Matching = Field(Matching())
    slow_moving_days: int = Field(180, ge=1, description="days without an issue from which stock counts as slow")
    valuation: Literal["fifo", "average"] = Field("fifo", description="method of the books, tied to the ledger")


Survival = Literal["most_recent", "most_complete", "most_frequent", "most_trusted"]
"""Which of several records gives a column of the golden record; what is empty never does."""


class Golden(Words):
    """How the customers of all sources become golden records: who is the same, and which values survive."""

    merge_at: Decimal = Field(
        Decimal("0.95"), gt=0, le=1, description="probability from which two records are one customer unasked"
    )
    review_at: Decimal = Field(
        Decimal("0.5"), gt=0, le=1, description="probability from which a steward is asked; merge_at = nobody is"
    )
    same: list[Listed] = Field(
        [], description="columns that make two records one customer where all of them are given and agree"
    )
    different: Listed = Field(
        [], description="columns that keep two records apart where both have one and it differs, whatever the score"
    )
    one_per_source: bool = Field(False, description="a source never holds a customer twice")
    trust: Listed = Field([], description="sources of clients.customers, the most trusted first; then all others")
    survivorship: dict[str, Survival] = Field(
        {}, description="column, or default, → whose value the golden record has; most_recent where nothing is said"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Golden:
        if self.review_at > self.merge_at:
            raise ValueError(f"review_at {self.review_at} lies above merge_at {self.merge_at}")
        trusting = [column for column, rule in self.survivorship.items() if rule == "most_trusted"]
        if trusting and not self.trust:
            raise ValueError(f"{', '.join(trusting)}: most_trusted, and no `trust` that names the sources in order")
        return self


class ProfileModel(Words):
    """The file as written."""

    client: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    locale: str
    time_zone: str
    calendar: str = Field(description="ISO country, or country-subdivision, of the holiday calendar")
    analysts: list[str] = Field([], description="database users who may read this client's marts")
    stewards: list[str] = Field([], description="who decides on held deliveries and rejects: names of Airflow users")
    decide_within_hours: int = Field(
        72, ge=1, le=24 * 30, description="a held delivery that nobody has decided on by then is returned"
    )
    notify: Notify | None = None
    origins: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Origin] = Field(
        {}, description="where files come from that are not dropped into the landing folder"
    )
    feeds: dict[str, FeedSources]
    lookups: dict[str, Lookup] = Field({})
    reporting: Reporting = Field(Reporting())
    golden: Golden = Field(Golden())
    ignore_files: dict[str, str] = Field({}, description="pattern on the path below the client folder → reason")

    @model_validator(mode="before")
    @classmethod
    def _flat_feeds(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("feeds"), dict):
            feeds = {k: v if _has_sources(v) else {"sources": {"main": v}} for k, v in data["feeds"].items()}
            data = {**data, "feeds": {feed: _completed(feed, entry) for feed, entry in feeds.items()}}
        return data

    @field_validator("origins")
    @classmethod
    def _check_origins(cls, value: dict[str, Origin]) -> dict[str, Origin]:
        check_apart(value)
        return value

    @field_validator("locale")
    @classmethod
    def _check_locale(cls, value: str) -> str:
        return check_locale(value)

    @field_validator("calendar")
    @classmethod
    def _check_calendar(cls, value: str) -> str:
        import holidays  # only who reads a profile pays

        country, _, part = value.partition("-")
        try:
            holidays.country_holidays(country, subdiv=part or None)
        except NotImplementedError:
            raise ValueError(f"unknown calendar {value!r}: ISO country, or country-subdivision such as DE-BY") from None
        return value

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown time zone {value!r}") from None
        return value


def _has_sources(value: Any) -> bool:
    return isinstance(value, dict) and "sources" in value


def _completed(feed: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The sources of a feed with the default words of their message formats."""
    sources = entry["sources"]
    if isinstance(sources, dict):
        entry = {**entry, "sources": {name: with_defaults(feed, source) for name, source in sources.items()}}
    return entry


def profile_json_schema() -> dict[str, Any]:
    """JSON Schema of a profile, for editors; a single source may be written flat under its feed."""
    schema = ProfileModel.model_json_schema(by_alias=True)
    either = [{"$ref": "#/$defs/FeedSources"}, {"$ref": "#/$defs/Source"}]
    schema["properties"]["feeds"]["additionalProperties"] = {"anyOf": either}
    return schema
