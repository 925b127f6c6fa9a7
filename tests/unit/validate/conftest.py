"""A small feed with a reference, a group and money; and a desk that brings rows of it to the gate as cleaning does."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zlib import crc32

import pyarrow as pa
import pytest
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.contract import NO_CURRENCY, Column, Contract
from pipelines.delivery import Delivery, Kind, State
from pipelines.profile import Profile, Source, SourceRef, read_profile
from pipelines.reject import PROBLEM_SCHEMA, Baseline, baseline_rule
from pipelines.validate.gate import Control, GateInput, GateResult
from pipelines.validate.run import validate
from pipelines.warehouse import ddl, register
from pipelines.warehouse.connection import Warehouse


def column(name: str, kind: str = "text", semantic: str = "text", **more: Any) -> Column:
    given = {"required": False, "key": False, "classification": "internal", "description": name, **more}
    return Column(name=name, physical_type=kind, semantic=semantic, **given)


def contract(feed: str, *columns: Column) -> Contract:
    return Contract(
        feed=feed, version="1.0.0", title=feed, description=feed, columns=columns,
        modes=("snapshot", "period", "delta"), owner="tests", retention="none", row_name="line",
        path=Path(f"{feed}.odcs.yaml"), text="",
    )  # fmt: skip


def money(name: str, **more: Any) -> Column:
    return column(name, "numeric(18,2)", "money", currency="currency_code", **more)


LINES = contract(
    "tests.lines",
    column("line_id", semantic="identifier", required=True, key=True),
    column("parent_id", references=("tests.parents", "parent_id")),
    column("journal_id", group="journal"),
    column("contact_name", semantic="person_name", classification="confidential"),
    column("status_code", semantic="code", codes=("open", "settled"), required=True),
    column("booked_date", "date", "date", required=True, absent_codes=("not_captured",)),
    column("settled_date", "date", "date"),
    money("net_amount"),
    money("tax_amount"),
    money("gross_amount"),
    column("currency_code", semantic="currency"),
    column("item_quantity", "numeric(14,0)", "quantity"),
    column("item_price", "numeric(14,2)", "rate"),
    column("is_active", "boolean", "boolean"),
    column("head_count", "integer", "integer"),
)
PARENTS = contract("tests.parents", column("parent_id", semantic="identifier", required=True, key=True))
GOOD: dict[str, Any] = {
    "parent_id": None,
    "journal_id": None,
    "contact_name": "Sample Office",
    "status_code": "open",
    "booked_date": date(2026, 3, 1),
    "booked_date_absent_code": None,
    "settled_date": None,
    "net_amount": Decimal("10.00"),
    "tax_amount": Decimal("1.90"),
    "gross_amount": Decimal("11.90"),
    "currency_code": "EUR",
    "item_quantity": Decimal(3),
    "item_price": Decimal("2.50"),
    "is_active": True,
    "head_count": 1,
}


@dataclass(frozen=True)
class Line:
    """A cleaned row: its business values, its fate, its problems as (kind, column, value)."""

    key: str | None
    values: dict[str, Any] = field(default_factory=dict)
    fate: str | None = None
    problems: tuple[tuple[Baseline, str | None, str | None], ...] = ()

    @property
    def business(self) -> dict[str, Any]:
        if self.fate == "malformed":
            return dict.fromkeys(("line_id", *GOOD))
        return {"line_id": self.key, **GOOD, **self.values}

    @property
    def hash(self) -> str:
        return hashlib.blake2b(repr(sorted(self.business.items(), key=str)).encode(), digest_size=16).hexdigest()


def line(key: str | None, fate: str | None = None, problems: Any = (), **values: Any) -> Line:
    return Line(key, values, fate, tuple(problems))


def malformed() -> Line:
    return Line(None, fate="malformed", problems=((Baseline.MALFORMED, None, None),))


CLEAN_SCHEMA = pa.schema(
    [
        ("_row_number", pa.int64()), ("_row_part", pa.int32()), ("_fate", pa.string()), ("_skip_reason", pa.string()),
        ("_row_hash", pa.string()), *LINES.arrow_schema,
    ]
)  # fmt: skip
RAW_SCHEMA = pa.schema(
    [
        ("__row_number", pa.int64()),
        ("__problem", pa.string()),
        ("__raw", pa.string()),
        ("__cells", pa.list_(pa.string())),
        ("Nr", pa.string()),
    ]
)


def clean_batch(lines: Sequence[Line], start: int = 2) -> pa.RecordBatch:
    rows = [
        {"_row_number": n, "_row_part": 0, "_fate": r.fate, "_row_hash": r.hash, **r.business,
         "_skip_reason": "not a row of this feed" if r.fate == "skipped" else None}
        for n, r in enumerate(lines, start)
    ]  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, schema=CLEAN_SCHEMA)


def problem_batch(lines: Sequence[Line], start: int = 2) -> pa.RecordBatch:
    rows = [
        {"row_number": n, "row_part": 0, "rule_id": baseline_rule(LINES.feed, kind, name), "column_name": name,
         "value": value, "message": kind.value}
        for n, r in enumerate(lines, start)
        for kind, name, value in r.problems
    ]  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, schema=PROBLEM_SCHEMA)


def raw_batch(lines: Sequence[Line], start: int = 2) -> pa.RecordBatch:
    rows = [
        {"__row_number": n, "__problem": "too few cells" if r.fate == "malformed" else None,
         "__raw": "a;b" if r.fate == "malformed" else None,
         "Nr": None if r.fate == "malformed" else r.key or ""}
        for n, r in enumerate(lines, start)
    ]  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, schema=RAW_SCHEMA)


def write_files(folder: Path, lines: Sequence[Line], chunk: int = 100) -> None:
    """raw.arrow, clean.arrow and problems.arrow, batch by batch."""
    folder.mkdir(parents=True, exist_ok=True)
    makers = {
        "raw.arrow": (raw_batch, RAW_SCHEMA),
        "clean.arrow": (clean_batch, CLEAN_SCHEMA),
        "problems.arrow": (problem_batch, PROBLEM_SCHEMA),
    }
    for name, (make, schema) in makers.items():
        with pa.ipc.new_file(str(folder / name), schema) as writer:
            for at in range(0, len(lines), chunk):
                writer.write_batch(make(lines[at : at + chunk], at + 2))


def rule(
    name: str, kind: str, /, severity: str = "critical", kontor: dict[str, Any] | None = None, **kwargs: Any
) -> dict[str, Any]:
    """One expectation as it stands in a suite."""
    meta = {
        "id": f"{LINES.feed}.{name}",
        "message": {"en": f"{name} fails", "de": f"{name} stimmt nicht"},
        "owner": "client",
    }
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": {"kontor": {**meta, **(kontor or {})}}}


def where(name: str, operator: str, value: Any) -> dict[str, Any]:
    """A row condition as Great Expectations writes it."""
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": value}


ADDS_UP = rule("adds_up", "expect_columns_to_add_up", columns=["net_amount", "tax_amount"], total="gross_amount")


def write_suite(folder: Path, rules: Sequence[dict[str, Any]], feed: str = LINES.feed) -> Path:
    domain, _, name = feed.partition(".")
    path = folder / domain / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": feed, "expectations": list(rules), "meta": {}}, indent=2), encoding="utf-8")
    return path


PROFILE = """
client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
{feeds}
"""
FEED = "  {feed}: {{files: '.*', columns: {{}}}}\n"


class Desk:
    """Brings deliveries of one client to the gate."""

    def __init__(self, warehouse: Warehouse, client: str, folder: Path) -> None:
        self.warehouse, self.client, self.folder = warehouse, client, folder
        self._number = itertools.count(1)
        self.suite([ADDS_UP])
        self.delivers(LINES.feed)

    def delivers(self, *feeds: str) -> None:
        """The feeds of the client's profile."""
        path = self.folder / f"{self.client}.yaml"
        text = PROFILE.format(client=self.client, feeds="".join(FEED.format(feed=f) for f in feeds))
        path.write_text(text, encoding="utf-8")
        self.profile: Profile = read_profile(path)

    def suite(self, rules: Sequence[dict[str, Any]]) -> None:
        write_suite(self.folder, rules)

    @property
    def catalog(self) -> Catalog:
        contracts = {c.feed: c for c in (LINES, PARENTS)}
        return Catalog(contracts, {self.client: self.profile}, self.folder)

    def ref(self, mode: str = "snapshot", source: str = "main", **more: Any) -> SourceRef:
        declared = Source(files="(?P<period>.*)", columns={}, mode=mode, **more)
        return SourceRef(self.client, LINES.feed, source, declared, "en_GB", "Europe/London")

    def register(self, ref: SourceRef) -> Delivery:
        number = next(self._number)
        new = register.NewDelivery(
            scope=register.Scope(self.client, ref.feed, ref.name, None), period=None, kind=Kind.INTAKE,
            file_name=f"{number}.csv", sha256=str(number), size=1,
            received_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number), inputs_hash=str(number),
            declaration_hash="d",
        )  # fmt: skip
        with self.warehouse.transaction() as conn:
            delivery = register.add_delivery(conn, new)
            for state in (State.EXTRACTED, State.CLEANED):
                delivery = register.move(conn, delivery, state, actor="test")
        return delivery

    def facts(self, lines: Sequence[Line], **more: Any) -> GateInput:
        """What cleaning would have counted."""
        received: dict[tuple[str, str], Decimal] = {}
        unreadable: dict[str, int] = {}
        for row in lines:
            values = row.business
            for name in ("net_amount", "tax_amount", "gross_amount"):
                if values[name] is not None:
                    place = (name, values["currency_code"] or NO_CURRENCY)
                    received[place] = received.get(place, Decimal(0)) + values[name]
            for kind, name, _ in row.problems:
                if kind is not Baseline.MALFORMED and name:
                    unreadable[name] = unreadable.get(name, 0) + 1
        given = {"records": len(lines), "rows": len(lines), "received": received, "unreadable": unreadable}
        return GateInput(**{**given, **more})

    def gate(
        self, lines: Sequence[Line], ref: SourceRef | None = None, *, chunk: int = 100, move: bool = True,
        facts: GateInput | None = None, **more: Any,
    ) -> tuple[Delivery, GateResult]:  # fmt: skip
        """Register, judge and move a delivery, in one transaction as the flow does."""
        ref = ref or self.ref()
        delivery = self.register(ref)
        folder = self.folder / str(delivery.delivery_id)
        write_files(folder, lines, chunk)
        with self.warehouse.transaction() as conn:
            result = validate(delivery, ref, LINES, self.catalog, conn, folder, facts or self.facts(lines, **more))
            if move:
                delivery = register.move(conn, delivery, State.VALIDATED, actor="test", **result.fields)
        return delivery, result

    def again(self, delivery: Delivery, lines: Sequence[Line], ref: SourceRef | None = None) -> GateResult:
        """Judge the same files once more."""
        folder = self.folder / str(delivery.delivery_id)
        with self.warehouse.transaction() as conn:
            return validate(delivery, ref or self.ref(), LINES, self.catalog, conn, folder, self.facts(lines))

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.warehouse.transaction() as conn:
            return [tuple(row) for row in conn.execute(sa.text(query), values)]

    def rejects(self, delivery: Delivery) -> dict[str, list[int]]:
        """Rule name → row numbers in quarantine."""
        found: dict[str, list[int]] = {}
        query = "select rule_id, row_number from quarantine.reject where delivery_id = :id order by 1, 2"
        for rule_id, number in self.rows(query, id=delivery.delivery_id):
            found.setdefault(rule_id.removeprefix(LINES.feed + "."), []).append(number)
        return found

    def fates(self, delivery: Delivery) -> dict[int, str | None]:
        return dict(self.rows(f"select _row_number, _fate from {delivery.work_table} order by 1"))  # type: ignore[arg-type]

    def load(self, lines: Sequence[Line], source: str = "main") -> None:
        """Put current rows into core, as an earlier load would have."""
        stored = [name for name, _ in LINES.stored]
        insert = (
            f"insert into core.tests_lines (client_id, _source, _period, {', '.join(stored)}, _delivery_id, "
            "_row_number, _row_part, _row_hash, _known_from) values (:client, :source, '', "
            f"{', '.join(f':{name}' for name in stored)}, 0, 1, 0, cast(:hash as uuid), now())"
        )
        with self.warehouse.transaction() as conn:
            for row in lines:
                values = {name: row.business.get(name) for name in stored}
                conn.execute(sa.text(insert), {**values, "client": self.client, "source": source, "hash": row.hash})


def by_id(result: GateResult) -> dict[str, Any]:
    """Rule name → its result."""
    return {r.rule_id.removeprefix(LINES.feed + "."): r for r in result.rules}


@pytest.fixture(scope="module")
def tables(owner: Warehouse) -> Iterator[None]:
    with owner.transaction() as conn:
        ddl.migrate(conn, Catalog({c.feed: c for c in (LINES, PARENTS)}, {}, Path()))
    yield


@pytest.fixture
def desk(warehouse: Warehouse, tables: None, tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    """A desk for a client of its own: the tests of a module share the database, not the client."""
    name = request.node.name.split("[")[0].removeprefix("test_")
    return Desk(warehouse, f"{name[:40]}_{crc32(request.node.name.encode())}", tmp_path)


__all__ = ["ADDS_UP", "Control", "Desk", "by_id", "line", "malformed", "replace", "rule", "where"]
