"""The vocabulary of columns and rows in a profile: where a value comes from, which records are rows of a feed."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from pipelines.dialect import Listed, Words, between_slashes, check_locale, check_regex, listed


def _text(value: Any) -> Any:
    """A number may be written without quotes; a truth value may not, since it stands for no text."""
    if isinstance(value, bool):
        raise ValueError(f"text in quotes, as '{str(value).lower()}': without them it is a truth value")
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_text)]


class Condition(Words):
    """A test on the text of one source column. Exactly one test; `reason` is counted and shown for skipped rows."""

    column: str
    in_: Annotated[list[str] | None, BeforeValidator(listed)] = Field(None, alias="in")
    not_in: Annotated[list[str] | None, BeforeValidator(listed)] = None
    matches: str | None = Field(None, description="regular expression, whole cell")
    empty: bool | None = None
    reason: str = "not a row of this feed"

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        if sum(t is not None for t in (self.in_, self.not_in, self.matches, self.empty)) != 1:
            raise ValueError("give exactly one of in, not_in, matches, empty")
        check_regex(self.matches)
        return self


class Split(Words):
    """Part of a source column: a named (or the first) group of a pattern that must match the whole cell."""

    from_: Listed = Field(alias="from")
    pattern: str
    group: str | int = 1

    @model_validator(mode="after")
    def _group_exists(self) -> Split:
        check_regex(self.pattern)
        found = re.compile(self.pattern)
        if self.group not in found.groupindex and self.group not in range(1, found.groups + 1):
            raise ValueError(f"the pattern has no group {self.group!r}")
        return self


NAME_PARTS = ("title", "given_name", "family_name", "suffix")
PLACE_PARTS = ("postal_code", "city", "region", "country")
"""Parts of an address that only a cell with the whole of it has."""
PartName = Literal[
    "title", "given_name", "family_name", "suffix",
    "street", "house_number", "unit", "post_box", "extra",
    "postal_code", "city", "region", "country",
]  # fmt: skip
_HAVE_PARTS = ("from_", "first_of", "concat")


class Signed(Words):
    """A signed amount from debit and credit columns (debit − credit), or from an amount and its indicator."""

    debit: Listed | None = None
    credit: Listed | None = None
    amount: Listed | None = None
    indicator: Listed | None = None
    negative: Listed | None = Field(None, description="indicator texts that make the amount negative")
    positive: Listed | None = Field(None, description="indicator texts that keep it; any other text is a reject")

    @model_validator(mode="after")
    def _one_form(self) -> Signed:
        by_columns = self.debit is not None and self.credit is not None
        by_indicator = None not in (self.amount, self.indicator, self.negative, self.positive)
        if by_columns == by_indicator:
            raise ValueError("give debit and credit, or amount, indicator, negative and positive")
        return self


class LookupUse(Words):
    """A value from a look-up table: rows whose `key` columns equal this row's cells. Missing = reject."""

    table: str
    key: Listed = Field(description="source columns of this row, in the order of the table's key")
    column: str = Field(description="column of the table, or a name under its columns")
    optional: bool = Field(False, description="an empty key gives an empty value instead of a reject")


class ColumnRule(Words):
    """Where a canonical column comes from: exactly one origin, then code map, formats and absent markers."""

    from_: Annotated[list[str] | None, BeforeValidator(listed)] = Field(
        None, alias="from", description="accepted spellings of one source column; exactly one must be present"
    )
    first_of: list[str] | None = Field(None, description="first non-empty of several source columns")
    value: Text | None = Field(None, description="a constant")
    concat: list[str] | None = Field(None, description="source columns joined by `separator`, empty ones left out")
    split: Split | None = None
    signed: Signed | None = None
    lookup: LookupUse | None = None
    file: str | None = Field(None, description="named group of the file pattern")
    sheet_name: Literal[True] | None = None
    cell: str | None = Field(None, description="a cell of the file as received, e.g. B2 (also for text files)")
    sql: str | None = Field(None, description="row-wise DuckDB expression over the text cells")
    part: PartName | None = Field(
        None,
        description="of a person's name or an address in one cell only this; empty where the cell does not show it",
    )
    separator: str = " "
    codes: dict[Text, Text] | None = Field(None, description="source text → canonical code; other text is a reject")
    other: str | None = Field(None, description="code for texts that `codes` does not name")
    formats: Annotated[list[str] | None, BeforeValidator(listed)] = Field(
        None, description="date formats, tried in order"
    )
    century_from: int | None = Field(None, ge=1900, le=2099, description="first year a two-digit year may mean")
    locale: str | None = Field(None, description="locale of the numbers, if not the client's")
    absent: dict[Text, str] | None = Field(None, description="text or /pattern/ → absent code of the contract")
    unreadable: str | None = Field(
        None, description="absent code of the contract for a text that cannot be read, instead of a reject"
    )
    optional: bool = Field(False, description="the source column may be missing from the file")

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        given = [n for n in ORIGINS if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(ORIGIN_WORDS)}; got {', '.join(given) or 'none'}")
        if self.part is not None and given[0] not in _HAVE_PARTS:
            raise ValueError(f"part needs one of {', '.join(o.rstrip('_') for o in _HAVE_PARTS)}; got {given[0]}")
        if self.other is not None and self.codes is None:
            raise ValueError("other needs codes")
        for marker in self.absent or {}:
            check_regex(absent_pattern(marker))
        if self.locale:
            check_locale(self.locale)
        if any("%y" in f for f in self.formats or []) and self.century_from is None:
            raise ValueError("two-digit years (%y) need century_from")
        return self

    @property
    def sources(self) -> list[str]:
        """Every source column name the rule may read, spellings included; SQL columns are found by its parser."""
        names: list[str] = [*(self.from_ or []), *(self.first_of or []), *(self.concat or [])]
        if self.split:
            names += self.split.from_
        if self.signed:
            s = self.signed
            names += [*(s.debit or []), *(s.credit or []), *(s.amount or []), *(s.indicator or [])]
        if self.lookup:
            names += self.lookup.key
        return names


ORIGINS = (
    "from_", "first_of", "value", "concat", "split", "signed", "lookup", "file", "sheet_name", "cell", "sql",
)  # fmt: skip
ORIGIN_WORDS = tuple(o.rstrip("_") for o in ORIGINS)


class Unpivot(Words):
    """Columns become rows: each listed source column gives one part of the record, from 1."""

    columns: dict[str, Text] = Field(min_length=1, description="source column → text of the name column")
    name: str = Field(description="name of the new source column that holds that text")
    value: str = Field(description="name of the new source column that holds the cell")
    drop_empty: bool = Field(True, description="parts with an empty cell are no rows")


def idle_word(rule: ColumnRule) -> str | None:
    """The first word of a rule that does nothing where columns are text: in look-up tables and computed columns."""
    return next((word for word in ("formats", "century_from", "absent", "unreadable") if getattr(rule, word)), None)


def absent_pattern(marker: str) -> str:
    """The regular expression of an absent marker: `/…/` is one already, other text stands for itself."""
    return between_slashes(marker) or re.escape(marker)
