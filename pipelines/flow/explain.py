"""`explain`: why a delivery, or one of its rows, came out as it did.

The changes to cells are not stored: they are recomputed from the archived original with the recorded declarations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow.compute as pc
import sqlalchemy as sa
from rich.table import Table
from rich.text import Text

from pipelines.clean.apply import Plan
from pipelines.clean.explain import Change
from pipelines.clean.facts import FileInfo
from pipelines.clean.plan import strictest
from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.errors import DeclarationError
from pipelines.extract.archive import archive
from pipelines.extract.discover import path_of
from pipelines.extract.members import member_of, opened
from pipelines.extract.reader import read_table
from pipelines.extract.run import cells_of
from pipelines.flow import layouts
from pipelines.flow.corrected import address_of
from pipelines.flow.indexes import index_of
from pipelines.flow.office import Office, open_office
from pipelines.flow.recorded import Recorded, recorded
from pipelines.flow.show import status_table
from pipelines.flow.suppressed import amounts_to_show, controls_to_show
from pipelines.flow.work import lookups_of
from pipelines.reject import mask
from pipelines.warehouse import left_out, register

Shown = Table | Text | str
FIRST_REJECTS = 20


def explain(delivery_id: int, row: int | None = None, *, office: Office | None = None) -> list[Shown]:
    """What to print for a delivery, or for one row of it."""
    office = office or open_office()
    with office.warehouse.transaction() as conn:
        delivery = register.get(conn, delivery_id)
        if row is None:
            return list(_delivery(conn, office, delivery))
        return list(_row(conn, office, delivery, row))


def _delivery(conn: sa.Connection, office: Office, delivery: Delivery) -> Iterator[Shown]:
    yield status_table([{k: getattr(v, "value", v) for k, v in vars(delivery).items()}])
    if delivery.message:
        yield delivery.message
    yield from office.catalog.faults(delivery.client_id)
    yield f"file {delivery.file_name}, {delivery.size} bytes, sha256 {delivery.sha256}, attempt {delivery.attempt}"
    yield from layouts.shown(conn, delivery)
    rules = register.rule_results(conn, delivery)
    if rules:
        notable = [r for r in rules if r.success is not True]
        yield _rules(notable)
        yield f"{len(rules) - len(notable)} other rules found nothing"
    contract = office.contract(delivery.feed)
    controls = controls_to_show(contract, delivery, register.controls(conn, delivery))
    if controls:
        yield _plain("control totals", ("control", "promised", "measured", "equal"), (
            (c.name, c.promised, c.measured, "yes" if c.ok else "no") for c in controls
        ))  # fmt: skip
    amounts = amounts_to_show(contract, register.amounts(conn, delivery))
    if amounts:
        names = ("received", "loaded", "unchanged", "rejected", "skipped", "held", "unreadable_cells")
        yield _plain("amounts", ("column", "currency", *names), (
            (a.column_name, a.currency, *(getattr(a, n) for n in names)) for a in amounts
        ))  # fmt: skip
    rejects = _rejects(conn, delivery, None)
    if rejects:
        yield _reasons(f"first rejects of {delivery.rows_rejected}", rejects[:FIRST_REJECTS])
        yield f"python -m pipelines explain {delivery.delivery_id} ROW shows one row in full"
    yield from _changed_since(conn, office, delivery)


def _row(conn: sa.Connection, office: Office, delivery: Delivery, row: int) -> Iterator[Shown]:
    told = recorded(conn, delivery)
    raw, changes = _recompute(conn, office, delivery, told, row)
    yield f"{delivery.file_name}:{row} of delivery {delivery.delivery_id} ({delivery.client_id} · {delivery.feed})"
    if "__where" in raw:
        yield f"corrects {raw['__where']}; changed by the client: {raw['__changed'] or 'nothing'}"
    if "__raw" in raw:
        yield f"malformed record: {raw['__problem']}"
        yield f"as received: {mask(raw['__raw'], strictest([c.classification for c in told.contract.columns]))}"
    for part, found in changes.items():
        yield _changes(told.contract, found, f"part {part}" if part else "cells")
    rejects = _rejects(conn, delivery, row)
    yield _reasons("kept out because", rejects) if rejects else "no rule set this row apart"
    if cells := left_out.of_row(conn, delivery, row):
        yield _plain("taken without, by rule", ("part", "column", "rule"), cells)
    versions = _versions(conn, delivery, told.contract, row)
    if versions:
        yield _plain(f"versions in {told.contract.table}", ("part", "known from", "known to"), versions)
    yield from _changed_since(conn, office, delivery)


def _recompute(
    conn: sa.Connection, office: Office, delivery: Delivery, told: Recorded, row: int
) -> tuple[dict[str, str], dict[int, list[Change]]]:
    """The raw record of that row number, and the changes to each of its parts."""
    if delivery.is_correction:
        return _recompute_correction(conn, office, delivery, told, row)
    ref, settings = told.ref, office.settings
    name = delivery.file_name
    path = archive(settings.landing / delivery.client_id / path_of(name), delivery.sha256, settings)
    raw: dict[str, str] | None = None
    with (
        opened(path, member_of(name), name=name) as content,
        index_of(office, ref, delivery) as index,
        read_table(
            content, ref.source.format, ref.locale, cells=cells_of(ref.source), name=name, index=index
        ) as reader,
    ):
        for batch in reader.batches():
            at = pc.index(batch.column("__row_number"), row).as_py()
            if at >= 0:
                raw = {k: v for k, v in batch.slice(at, 1).to_pylist()[0].items() if v is not None}
        header, info = reader.columns, FileInfo.from_json(reader.facts.to_json()).of_row(row)
    if raw is None:
        raise DeclarationError(
            f"{delivery.file_name} has no record that starts on row {row}",
            got="a header, footer, blank or comment line, or a line inside a record",
            next_step="give the row number as it stands in quarantine or core",
        )
    groups = register.file_groups(conn, delivery.delivery_id)
    return raw, _changes_of(conn, office, delivery, told, raw, header, info, delivery.file_name, groups)


def _recompute_correction(
    conn: sa.Connection, office: Office, delivery: Delivery, told: Recorded, row: int
) -> tuple[dict[str, str], dict[int, list[Change]]]:
    """The record of the original with the changes of the workbook, and what cleaning made of it."""
    found = address_of(office, conn, delivery, told.ref, row)
    root, number = found.root, found.record.number
    raw = dict(zip(found.original.columns, found.record.cells, strict=True))
    raw["__where"] = f"row {number} of {root.file_name}, delivery {root.delivery_id}"
    raw["__changed"] = ", ".join(found.changed)
    if found.record.problem:
        raw |= {"__raw": found.record.raw, "__problem": found.record.problem}
    info = FileInfo.from_json(found.original.facts).of_row(number)
    groups = register.file_groups(conn, root.delivery_id)
    header = found.original.columns
    return raw, _changes_of(conn, office, delivery, told, raw, header, info, root.file_name, groups)


def _changes_of(
    conn: sa.Connection, office: Office, delivery: Delivery, told: Recorded, raw: dict[str, str], header: list[str],
    info: FileInfo, file_name: str, groups: dict[str, str],
) -> dict[int, list[Change]]:  # fmt: skip
    """Part → every change to its cells."""
    if "__raw" in raw:
        return {}
    ref = told.ref
    lookup_inputs = [i for i in register.inputs(conn, delivery.delivery_id) if i.role == "lookup"]
    lookups = lookups_of(office, told.profile, ref, lookup_inputs)
    siblings = told.siblings(file_name)
    plan = Plan.compile(ref, told.contract, siblings, header, lookups, info, groups, header)
    cells = {k: v for k, v in raw.items() if not k.startswith("__")}
    parts = range(1, len(ref.source.unpivot.columns) + 1) if ref.source.unpivot else (0,)
    return {part: found for part in parts if (found := plan.explain(cells, part))}


def _changes(contract: Contract, changes: list[Change], title: str) -> Table:
    table = Table(title=title, title_justify="left", pad_edge=False, show_lines=False)
    for name in ("column", "from", "as received", "what was done", "value"):
        table.add_column(name, overflow="fold")
    for change in changes:
        fed = [c.column for c in changes if {*c.sources} & {*change.sources}]  # by the same cell of the file
        classification = strictest([contract.column(name).classification for name in (change.column, *fed)])
        done = "; ".join(f"{what} → {mask(text, classification)!r}" if text else what for what, text in change.steps)
        value = mask(change.value, classification) or (f"absent: {change.absent_code}" if change.absent_code else "")
        table.add_row(
            change.column, ", ".join(change.sources), mask(change.original, classification) or "",
            Text(done) if not change.problem else Text(change.problem, style="red"), value,
        )  # fmt: skip
    return table


def _rejects(conn: sa.Connection, delivery: Delivery, row: int | None) -> list[Mapping[str, Any]]:
    query = (
        "select row_number, row_part, rule_id, column_name, value, message, state from quarantine.reject "
        "where delivery_id = :id and row_number = coalesce(:row, row_number) order by row_number, row_part, reject_id"
    )
    found = conn.execute(sa.text(query + " limit 500"), {"id": delivery.delivery_id, "row": row})
    return [dict(r) for r in found.mappings()]


def _reasons(title: str, rejects: list[Mapping[str, Any]]) -> Table:
    names = ("row_number", "rule_id", "column_name", "value", "message", "state")
    return _plain(title, tuple(n.replace("_", " ") for n in names), ([r[n] for n in names] for r in rejects))


def _rules(rules: list[register.RuleResult]) -> Table:
    verdict = {True: "ok", False: "failed", None: "not evaluated"}
    return _plain("rules", ("rule", "severity", "evaluated", "failing", "outcome", "observed"), (
        (r.rule_id, r.severity.value, r.evaluated, r.failed, verdict[r.success], r.observed) for r in rules
    ))  # fmt: skip


def _versions(conn: sa.Connection, delivery: Delivery, contract: Contract, row: int) -> list[tuple[object, ...]]:
    source = sa.table(
        contract.table.split(".")[1],
        *map(sa.column, ("_row_part", "_known_from", "_known_to", "_delivery_id", "_row_number")),
        schema="core",
    )
    query = (
        sa.select(source.c["_row_part"], source.c["_known_from"], source.c["_known_to"])
        .where(source.c["_delivery_id"] == delivery.delivery_id, source.c["_row_number"] == row)
        .order_by(source.c["_row_part"])
    )
    return [(part, start, end or "now") for part, start, end in conn.execute(query)]


def _changed_since(conn: sa.Connection, office: Office, delivery: Delivery) -> Iterator[str]:
    """Say when what is told may differ from what happened."""
    code = conn.scalar(
        sa.text("select code_version from ops.delivery where delivery_id = :id"), {"id": delivery.delivery_id}
    )
    if code and code != office.code_version:
        yield "the code has changed since this delivery was registered: the changes above are those of today's code"
    if broken := office.catalog.faults(delivery.client_id):
        yield from broken
        return
    ref = office.ref(delivery)
    if office.catalog.declaration_hash(ref) != delivery.declaration_hash:
        yield "contract, suite or profile have changed since: the changes above are by the recorded ones"


def _plain(title: str, columns: tuple[str, ...], rows: Any) -> Table:
    table = Table(title=title, title_justify="left", pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    return table
