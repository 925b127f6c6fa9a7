"""Contracts: what a feed is, for every client. Open Data Contract Standard v3 YAML, read once.

Columns, types, keys and sensitivity are stated here and nowhere else; DDL, baseline rules, masking and
the data dictionary are derived from it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty
from pydantic import ValidationError

from pipelines.yamlfile import KEPT, YamlFile, parsed, read_yaml

SEMANTICS = (
    "text", "code", "identifier", "date", "timestamp", "decimal", "money", "quantity", "rate", "integer",
    "country", "currency", "email", "phone", "company_name", "person_name", "address_line", "city",
    "postal_code", "region", "region_code", "boolean", "period", "iban", "vat_id", "bic", "lei", "register_number",
    "language",
)  # fmt: skip
NO_CURRENCY = "XXX"
"""ISO 4217: no currency. Amounts of rows whose currency cell is empty or unreadable are summed under it."""

CLASSIFICATIONS = ("public", "internal", "confidential", "restricted")
MODES = ("snapshot", "period", "delta")
_NUMERIC = re.compile(r"numeric\((\d+),\s*(\d+)\)")
_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}
_COLUMN_PROPERTIES = {"semantic", "codes", "references", "group", "absent_codes", "unreadable", "currency", "country"}
_FEED_PROPERTIES = {"modes", "modes_because", "owner", "retention", "row_name", "after", "dated_by", "periods"}


FEWEST = 5
"""Rows, or people, that a figure made of restricted cells must stand for."""


@dataclass(frozen=True)
class Column:
    """One column of a feed.

    `codes` are the allowed values of a code, `absent_codes` the reasons a profile may give for a missing
    value (kept in `<name>_absent_code`), `unreadable` the one of them that a value which is wrong by itself is left
    out with, so that it does not keep out its row, `currency` the column (or fixed ISO code) a money column is in,
    `country` the column that tells the country of a phone or postal code, `references` the `(feed, column)`
    it must resolve to, `group` a name shared by the columns that together name the group a row stands or falls with.
    """

    name: str
    physical_type: str
    semantic: str
    required: bool
    key: bool
    classification: str
    description: str
    codes: tuple[str, ...] = ()
    absent_codes: tuple[str, ...] = ()
    unreadable: str | None = None
    references: tuple[str, str] | None = None
    group: str | None = None
    currency: str | None = None
    country: str | None = None

    @property
    def absent_column(self) -> str | None:
        """Name of the column that says why the value is absent."""
        return f"{self.name}_absent_code" if self.absent_codes else None

    @property
    def precision_scale(self) -> tuple[int, int] | None:
        """(precision, scale) of a numeric column."""
        found = _NUMERIC.fullmatch(self.physical_type)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def arrow_type(self) -> pa.DataType:
        """Type of the cleaned column."""
        numeric = self.precision_scale
        return pa.decimal128(*numeric) if numeric else _TYPES[self.physical_type]

    @property
    def is_personal(self) -> bool:
        """Whether values are masked in messages, logs and masked views."""
        return self.classification in ("confidential", "restricted")


@dataclass(frozen=True)
class Contract:
    """One feed, e.g. `ledgers.spend`. `text` is the file as read, `sha256` its hash.

    `after` are feeds that load before it though no column refers to them: its rules compare with them. `dated_by` is
    the date by whose months it is reported: core finds the rows of a month by it. Where it names several, each row
    has at least one of them, and the first it has counts. `has_choice_of_periods`: a profile may say whether the lists
    of several periods replace each other or add up. `modes_because` says why a mode is not among `modes`.
    """

    feed: str
    version: str
    title: str
    description: str
    columns: tuple[Column, ...]
    modes: tuple[str, ...]
    owner: str
    retention: str
    row_name: str
    path: Path
    text: str
    after: tuple[str, ...] = ()
    dated_by: tuple[str, ...] = ()
    has_choice_of_periods: bool = False
    modes_because: str = ""

    @property
    def domain(self) -> str:
        """First part of the feed id."""
        return self.feed.split(".")[0]

    @property
    def table(self) -> str:
        """Qualified name of the core table: `core.ledgers_spend`."""
        return "core." + self.feed.replace(".", "_")

    def rows(self, count: int) -> str:
        """So many rows, by their name: '1 address', '2 addresses', '3 entries'."""
        name = self.row_name
        if count == 1:
            return f"1 {name}"
        if name.endswith("y") and name[-2] not in "aeiou":
            return f"{count} {name[:-1]}ies"
        return f"{count} {name}{'es' if name.endswith(('s', 'x', 'ch', 'sh')) else 's'}"

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Names of the business key columns."""
        return tuple(c.name for c in self.columns if c.key)

    @property
    def counted_key(self) -> str:
        """The key column that `key: occurrence(…)` makes: the last, which tells rows apart that share all before it."""
        return self.key[-1]

    @cached_property
    def day(self) -> str | None:
        """The day by which a row counts, as SQL over its columns: `promised_date`, or `COALESCE(…)` of several."""
        if len(self.dated_by) > 1:
            return f"COALESCE({', '.join(self.dated_by)})"
        return self.dated_by[0] if self.dated_by else None

    @cached_property
    def needed(self) -> tuple[tuple[Column, ...], ...]:
        """What no row may lack: each required column, and of several dates that it may be reported by one of them."""
        one_each = tuple((c,) for c in self.columns if c.required)
        if len(self.dated_by) < 2:
            return one_each
        return (*one_each, tuple(self.column(name) for name in self.dated_by))

    @cached_property
    def money(self) -> tuple[Column, ...]:
        """The columns whose sums are accounted for."""
        return tuple(c for c in self.columns if c.semantic == "money")

    def may_sum(self, column: str, rows: int | None) -> bool:
        """Whether the sum over so many rows may be shown: that of a few restricted cells gives them away."""
        found = next((c for c in self.columns if c.name == column), None)
        return found is None or found.classification != "restricted" or (rows or 0) >= FEWEST

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Group name → columns that identify one group."""
        names: dict[str, list[str]] = {}
        for column in self.columns:
            if column.group:
                names.setdefault(column.group, []).append(column.name)
        return {k: tuple(v) for k, v in names.items()}

    @cached_property
    def references(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Other feed → pairs (own column, its column)."""
        found: dict[str, list[tuple[str, str]]] = {}
        for column in self.columns:
            if column.references:
                found.setdefault(column.references[0], []).append((column.name, column.references[1]))
        return {k: tuple(v) for k, v in found.items()}

    def column(self, name: str) -> Column:
        """The column of that name (KeyError if there is none)."""
        return next_or_key_error(self.columns, name)

    @cached_property
    def stored(self) -> tuple[tuple[str, str], ...]:
        """(name, PostgreSQL type) of every business column of the core table, absent codes included."""
        out: list[tuple[str, str]] = []
        for c in self.columns:
            out.append((c.name, c.physical_type))
            if c.absent_column:
                out.append((c.absent_column, "text"))
        return tuple(out)

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """Arrow schema of the business columns, in the order of `stored`."""
        fields: list[pa.Field[Any]] = []
        for c in self.columns:
            fields.append(pa.field(c.name, c.arrow_type))
            if c.absent_column:
                fields.append(pa.field(c.absent_column, pa.string()))
        return pa.schema(fields)


def next_or_key_error(columns: tuple[Column, ...], name: str) -> Column:
    """Find a column by name."""
    for column in columns:
        if column.name == name:
            return column
    raise KeyError(name)


def read_contract(path: Path) -> Contract:
    """Read and check one `<domain>/<feed>.odcs.yaml`; raises DeclarationError with file, line and key."""
    return contract_from(path, read_yaml(path).text)


@lru_cache(maxsize=KEPT)
def contract_from(path: Path, text: str) -> Contract:
    """The same from the text of a file; kept by content, as the parsed file is."""
    file = parsed(path, text)
    feed = f"{path.parent.name}.{path.name.removesuffix('.odcs.yaml')}"
    try:
        model = OpenDataContractStandard.model_validate(file.data)
    except ValidationError as error:
        raise file.invalid(error, "see the Open Data Contract Standard v3.1") from None
    if model.id != feed:
        raise file.error(("id",), f"got {model.id!r}", f"{feed!r}, as the file is named")
    tables = model.schema_ or []
    if len(tables) != 1 or not tables[0].properties:
        raise file.error(("schema",), f"{len(tables)} tables", "exactly one table with properties")
    table = tables[0]
    if table.quality or any(p.quality for p in table.properties or []):
        raise file.error(("schema", 0), "a quality section", "none: rules live in the suite")
    props = _custom(file, model.customProperties or [], _FEED_PROPERTIES, ("customProperties",))
    modes = tuple(props.get("modes") or MODES)
    if bad := [m for m in modes if m not in MODES]:
        raise file.error(("customProperties",), f"mode {bad[0]!r}", f"one of {', '.join(MODES)}")
    columns = tuple(_column(file, i, p) for i, p in enumerate(table.properties or []))
    _check_columns(file, columns)
    dated_by = _dated_by(file, props.get("dated_by"), columns)
    return Contract(
        feed=feed,
        version=model.version or "1.0.0",
        title=model.name or feed,
        description=(table.description or "").strip(),
        columns=columns,
        modes=modes,
        owner=str(props.get("owner", "")),
        retention=str(props.get("retention", "")),
        row_name=str(props.get("row_name", "row")),
        path=path,
        text=file.text,
        after=tuple(str(feed) for feed in props.get("after") or ()),
        dated_by=dated_by,
        has_choice_of_periods=bool(props.get("periods")),
        modes_because=str(props.get("modes_because", "")),
    )


def _dated_by(file: YamlFile, named: Any, columns: tuple[Column, ...]) -> tuple[str, ...]:
    names = tuple(map(str, named)) if isinstance(named, list) else (str(named),) if named else ()
    dates = {c.name: c.required for c in columns if c.physical_type == "date"}
    if len(names) > 1:
        if len(set(names)) < len(names) or any(dates.get(name, True) for name in names):
            expected = "a required date column of this feed, or several dates of it that are not required"
            raise file.error(("customProperties",), f"dated_by {', '.join(names)}", expected)
    elif names and not dates.get(names[0]):
        raise file.error(("customProperties",), f"dated_by {names[0]!r}", "a required date column of this feed")
    return names


def _custom(file: YamlFile, items: list[Any], allowed: set[str], at: tuple[str | int, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for i, item in enumerate(items):
        if item.property not in allowed:
            raise file.error((*at, i), f"property {item.property!r}", f"one of {', '.join(sorted(allowed))}")
        found[str(item.property)] = item.value
    return found


def _column(file: YamlFile, index: int, p: SchemaProperty) -> Column:
    at: tuple[str | int, ...] = ("schema", 0, "properties", index)
    props = _custom(file, p.customProperties or [], _COLUMN_PROPERTIES, (*at, "customProperties"))
    physical = (p.physicalType or "").replace(" ", "")
    if physical not in _TYPES and not _NUMERIC.fullmatch(physical):
        raise file.error((*at, "physicalType"), f"{physical!r}", f"numeric(p,s) or one of {', '.join(_TYPES)}")
    semantic = props.get("semantic", "text")
    if semantic not in SEMANTICS:
        raise file.error((*at, "customProperties"), f"semantic {semantic!r}", f"one of {', '.join(SEMANTICS)}")
    classification = p.classification or ""
    if classification not in CLASSIFICATIONS:
        raise file.error((*at, "classification"), f"{classification!r}", f"one of {', '.join(CLASSIFICATIONS)}")
    if not p.description:
        raise file.error(at, "no description", "a description with its unit")
    reference = props.get("references")
    if reference and str(reference).count(".") != 2:
        raise file.error((*at, "customProperties"), f"references {reference!r}", "domain.feed.column")
    return Column(
        name=str(p.name),
        physical_type=physical,
        semantic=str(semantic),
        required=bool(p.required),
        key=bool(p.primaryKey),
        classification=classification,
        description=p.description.strip(),
        codes=tuple(str(c) for c in props.get("codes") or ()),
        absent_codes=tuple(str(c) for c in props.get("absent_codes") or ()),
        unreadable=props.get("unreadable"),
        references=(str(reference).rpartition(".")[0], str(reference).rpartition(".")[2]) if reference else None,
        group=props.get("group"),
        currency=props.get("currency"),
        country=props.get("country"),
    )


def _check_columns(file: YamlFile, columns: tuple[Column, ...]) -> None:
    names = [c.name for c in columns]
    at: tuple[str | int, ...] = ("schema", 0, "properties")
    for i, c in enumerate(columns):
        here = (*at, i)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", c.name):
            raise file.error(here, f"name {c.name!r}", "lower case letters, digits and _, not starting with _")
        if names.count(c.name) > 1:
            raise file.error(here, f"name {c.name!r} twice", "each column once")
        if c.key and not c.required:
            raise file.error(here, f"key column {c.name!r} not required", "required: true")
        if c.unreadable and c.unreadable not in c.absent_codes:
            allowed = ", ".join(c.absent_codes) or "absent_codes, of which it is one"
            raise file.error(here, f"unreadable {c.unreadable!r}", allowed)
        if c.unreadable and (c.required or c.references):
            raise file.error(here, f"unreadable in {c.name!r}, which every row needs", "no code: its row is a reject")
        if c.semantic == "code" and not c.codes:
            raise file.error(here, f"code column {c.name!r} without codes", "codes: [allowed values]")
        if c.semantic in ("money", "quantity", "rate", "decimal") and not c.precision_scale:
            raise file.error(here, f"{c.semantic} as {c.physical_type}", "numeric(p,s)")
        if c.semantic == "money" and not (c.currency and (c.currency in names or re.fullmatch("[A-Z]{3}", c.currency))):
            raise file.error(here, f"money column {c.name!r} without currency", "currency: a column or an ISO code")
        if c.country and c.country not in names and not re.fullmatch("[A-Z]{2}", c.country):
            raise file.error(here, f"country {c.country!r}", "a column of this feed or an ISO code")
    if not any(c.key for c in columns):
        raise file.error(at, "no key", "at least one column with primaryKey: true")
