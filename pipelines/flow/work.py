"""What each step does with one delivery. Every function ends in one transaction that moves its state."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from pipelines.clean.facts import CleanFacts, FileInfo
from pipelines.clean.lookup import LookupFile, LookupTable
from pipelines.clean.lookup import build as build_lookups
from pipelines.clean.run import clean
from pipelines.contract import Contract
from pipelines.delivery import STEP_TO, WAITS, Delivery, Kind, State, Step
from pipelines.errors import DeliveryError
from pipelines.extract.archive import archive
from pipelines.extract.discover import path_of
from pipelines.extract.facts import FileFacts
from pipelines.extract.members import member_of, opened
from pipelines.extract.messages.gdpdu_index import Beside
from pipelines.extract.reader import read_table
from pipelines.extract.run import FACTS_FILE
from pipelines.flow import control_files, corrected, indexes, layouts, memos
from pipelines.flow.office import Office
from pipelines.load.run import WorkLost, hold_accounting, load
from pipelines.profile import Lookup, Profile, SourceRef, file_match
from pipelines.settings import Settings
from pipelines.validate.gate import GateInput, LayoutJudged
from pipelines.warehouse import ddl, history, known_rows, register, workbooks
from pipelines.warehouse.connection import scope_lock
from pipelines.warehouse.history_versions import ScopeHistory

log = logging.getLogger("kontor")

_MOST_TOLD = 4000
"""Characters of what a reader tells of a file that are kept with the run of the step."""
EVIDENCE = "validation.json"
"""The gate's judgement in Great Expectations' own form, beside the rows it judged."""


def extract_step(office: Office, delivery: Delivery) -> Delivery:
    """Archive the original, its look-up and control files, then read the original or the member meant into raw rows."""
    if delivery.is_correction:
        return _extract_correction(office, delivery)
    ref, settings = office.ref(delivery), office.settings
    folder = settings.landing / delivery.client_id
    original = archive(folder / path_of(delivery.file_name), delivery.sha256, settings)
    for item in _inputs(office, delivery):
        archive(folder / path_of(item.path), item.sha256, settings)
    out, name = settings.delivery_folder(delivery.delivery_id), delivery.file_name
    with opened(original, member_of(name), name=name, folder=out) as content:
        layout = layouts.extracted(office, delivery, ref, content, out)
    told = FileFacts.from_json((out / FACTS_FILE).read_text(encoding="utf-8")).warnings
    for warning in told:
        log.warning("%s: %s", name, warning)
    with office.warehouse.transaction() as conn:
        layouts.keep(conn, delivery, ref, layout)
        return _move(conn, delivery, Step.EXTRACT, **({"message": "; ".join(told)[:_MOST_TOLD]} if told else {}))


def _extract_correction(office: Office, delivery: Delivery) -> Delivery:
    """A workbook that cannot be taken after all stays open."""
    try:
        corrected.extract_correction(office, delivery, _inputs(office, delivery))
    except DeliveryError:
        with office.warehouse.transaction() as conn:
            workbooks.reopen(conn, delivery.delivery_id)
        raise
    with office.warehouse.transaction() as conn:
        return _move(conn, delivery, Step.EXTRACT)


def clean_step(office: Office, delivery: Delivery) -> Delivery:
    """Apply the column map and the contract: raw rows → clean rows and problems."""
    ref, folder = office.ref(delivery), office.settings.delivery_folder(delivery.delivery_id)
    inputs = _inputs(office, delivery)
    lookups = [item for item in inputs if item.role == "lookup"]
    terms = corrected.clean_terms(office, delivery) if delivery.is_correction else None
    siblings = siblings_of(office, ref, terms.file_name if terms else delivery.file_name)
    groups = terms.groups if terms else file_groups(ref, delivery.file_name)
    facts = (folder / "extract.json").read_text(encoding="utf-8")
    key = None
    if not terms and json.loads(facts)["records"] >= memos.MEMO_ROWS:
        key = memos.key_of(office, ref, siblings, lookups, FileInfo.from_json(facts), groups)
    clean(
        ref,
        office.contract(ref.feed),
        siblings,
        folder / "raw.arrow",
        facts,
        lookups_of(office, office.profile(delivery.client_id), ref, lookups),
        groups,
        folder,
        passed_over=terms.unread if terms else layouts.passed_over(office, delivery, ref),
        promises={} if terms else control_files.promises_of(office, ref, delivery, inputs),
        corrected=terms.corrected if terms else None,
        memo=memos.usable(office.settings, ref, key),
    )
    memos.promise(folder, key)
    with office.warehouse.transaction() as conn:
        return _move(conn, delivery, Step.CLEAN)


def validate_step(office: Office, delivery: Delivery) -> Delivery:
    """Judge: rows into the work table and quarantine, one verdict; a held delivery stops here."""
    from pipelines.validate.run import validate  # imports Great Expectations

    ref, folder = office.ref(delivery), office.settings.delivery_folder(delivery.delivery_id)
    contract = office.contract(ref.feed)
    facts = json.loads((folder / "extract.json").read_text(encoding="utf-8"))
    cleaned = CleanFacts.from_json((folder / "clean.json").read_text(encoding="utf-8"))
    with office.warehouse.transaction() as conn:
        judged = layouts.judged(conn, delivery, ref)
        given = gate_input(facts["records"], cleaned, judged)
        result = validate(delivery, ref, contract, office.catalog, conn, folder, given)
        if delivery.is_correction:
            result = replace(result, message=corrected.said(office, delivery, result.message))
        moved = register.move(conn, delivery, State.VALIDATED, actor=_actor(Step.VALIDATE), **result.fields)
        if result.verdict.value == "hold":
            known_rows.write_out(conn, moved, contract)
            hold_accounting(moved, contract, conn)
            moved = register.move(conn, moved, State.HELD, actor=_actor(Step.VALIDATE), message=result.message)
            history.take_over(conn, moved, actor=_actor(Step.VALIDATE))
        elif result.verdict.value == "fail":
            moved = register.move(conn, moved, State.FAILED, actor=_actor(Step.VALIDATE), message=result.message)
    (folder / EVIDENCE).write_text(json.dumps(result.validation_result), encoding="utf-8")
    return moved


def load_step(office: Office, delivery: Delivery) -> Delivery:
    """Publish in one transaction; what depends on core's current rows is judged again under the scope's lock."""
    ref = office.ref(delivery)
    contract = office.contract(ref.feed)
    with office.warehouse.transaction() as conn:
        if blocked := _blocked(conn, delivery, ref):
            return register.say(conn, delivery, blocked)
        resolved: list[int] = []
        try:
            if delivery.is_correction:
                resolved = _before_correcting(conn, delivery, ref, contract)
            result = load(delivery, ref, contract, conn)
        except WorkLost as error:
            return _start_again(conn, delivery, str(error))
        if result.held_reason:
            known_rows.write_out(conn, delivery, contract)
            if register.stored_content_hash(conn, delivery) is None:
                register.set_fields(conn, delivery, content_hash=register.content_hash(conn, delivery))
            hold_accounting(delivery, contract, conn)
            held = register.move(conn, delivery, State.HELD, actor=_actor(Step.LOAD), message=result.held_reason)
            history.take_over(conn, held, actor=_actor(Step.LOAD))
            return held
        moved = _move(conn, delivery, Step.LOAD, **result.fields)
        if delivery.is_correction:
            corrected.close(conn, moved, resolved)
        else:
            register.supersede(conn, moved, mode=ref.source.mode)
        if moved.kind is Kind.REPLAY:
            _take_over(conn, moved, contract)
    memos.keep(office.settings, moved)
    return moved


def _before_correcting(conn: sa.Connection, delivery: Delivery, ref: SourceRef, contract: Contract) -> list[int]:
    """Rows that this load brings in. Under the scope's lock: what was loaded since the gate may have outdated them."""
    from pipelines.validate.correction import clashes

    scope_lock(conn, register.scope_of(delivery, ref))
    if why := corrected.stale(conn, corrected.root_of(conn, delivery), ref):
        raise corrected.too_late(delivery.file_name, why)
    if not ddl.work_table_exists(conn, delivery):
        raise WorkLost("work table is gone", next_step="it is built again by itself")
    if found := clashes(conn, delivery, ref, contract):
        raise WorkLost(
            f"{found} rows meet rows that were loaded since the gate judged them", next_step="it is judged again"
        )
    return workbooks.resolved_rows(conn, delivery)


def _start_again(conn: sa.Connection, delivery: Delivery, message: str) -> Delivery:
    """The work table is lost, or what it was judged against has changed: the next attempt starts by itself."""
    failed = register.move(conn, delivery, State.FAILED, actor=_actor(Step.LOAD), message=message)
    return register.move(conn, failed, State.REGISTERED, actor=_actor(Step.LOAD), message="judged again")


def gate_input(records: int, facts: CleanFacts, layout: LayoutJudged | None = None) -> GateInput:
    """What the gate wants to know of the steps before it."""
    return GateInput(
        records=records,
        rows=facts.rows,
        malformed=facts.malformed,
        unclaimed=facts.unclaimed,
        unclaimed_rows=facts.unclaimed_rows,
        unreadable=facts.unreadable,
        received={(name, code): Decimal(v) for name, sums in facts.sums.items() for code, v in sums.items()},
        skipped=facts.skipped,
        controls=control_files.for_the_gate(facts),
        ambiguous=[f"{a.table}: key {a.key} has several rows, used {a.count} times" for a in facts.ambiguous],
        layout=layout,
    )


def siblings_of(office: Office, ref: SourceRef, file_name: str) -> list[SourceRef]:
    """The client's other sources that read the same table of this very file."""
    return [s for s in office.catalog.siblings(ref) if s.match(file_name)]


def file_groups(ref: SourceRef, file_name: str) -> dict[str, str]:
    """Named parts of the file name."""
    found = ref.match(file_name)
    return {k: v for k, v in found.groupdict().items() if v is not None} if found else {}


def lookups_of(
    office: Office, profile: Profile, ref: SourceRef, inputs: list[register.Input]
) -> Mapping[str, LookupTable]:
    """The look-up tables of a source, built from the archived files the delivery was registered with."""
    declared = profile.lookups_of(ref.source)
    files: dict[str, list[LookupFile]] = {name: [] for name in declared}
    for name, table in declared.items():
        items = {item.path: item for item in inputs if item.name == name}
        for rel, index_item in indexes.of_lookup(list(items.values()), table.format).items():
            path = archive(office.settings.landing / ref.client_id / path_of(rel), items[rel].sha256, office.settings)
            with indexes.kept(office, ref.client_id, index_item) as index:
                files[name].append(lookup_file(path, rel, table, ref.locale, index))
    return build_lookups(declared, files, ref.locale, ref.time_zone)


def lookup_file(path: Path, name: str, declared: Lookup, locale: str, index: Beside | None = None) -> LookupFile:
    """Read one file of a look-up table whole: they are small by nature. `path` is the archive of a member, `index`
    describes a file of an export."""
    cells = {rule.cell for rule in declared.columns.values() if rule.cell}
    with (
        opened(path, member_of(name), name=name) as content,
        read_table(content, declared.format, locale, cells=cells, name=name, index=index) as reader,
    ):
        batches = list(reader.batches()) or [pa.RecordBatch.from_pylist([], schema=reader.schema)]
        facts = reader.facts.to_json()
    found = file_match(declared.files, name)
    groups = {k: v for k, v in found.groupdict().items() if v is not None} if found else {}
    return LookupFile(name, batches, facts, groups)


def _inputs(office: Office, delivery: Delivery) -> list[register.Input]:
    with office.warehouse.transaction() as conn:
        return [i for i in register.inputs(conn, delivery.delivery_id) if i.role in ("lookup", "control")]


def _take_over(conn: sa.Connection, replay: Delivery, contract: Contract) -> None:
    """What a replay replays has spoken; what people resolved of it stays resolved, corrections included."""
    versions = ScopeHistory(conn, contract, history.registered_scope(conn, replay))
    for correction in versions.due_corrections():
        versions.publish_again(correction)
    if before := history.spoke_before(conn, replay):
        versions.carry_over(before, replay)
    history.take_over(conn, replay, actor=_actor(Step.LOAD))


def _blocked(conn: sa.Connection, delivery: Delivery, ref: SourceRef) -> str | None:
    """Nothing overtakes a replay that comes before it, nor a delta one of its scope that is held."""
    if before := history.replay_before(conn, delivery):
        return f"{WAITS} delivery {before} of this scope is to be published before it. it goes on by itself"
    if ref.source.mode != "delta" or delivery.is_correction:
        return None
    held = register.held_in_scope(conn, register.scope_of(delivery, ref))
    if held is None or held.place >= delivery.place:
        return None
    return f"{WAITS} delivery {held.delivery_id} of this scope is held. us to act: decide on it first"


def _move(conn: sa.Connection, delivery: Delivery, step: Step, **fields: Any) -> Delivery:
    return register.move(conn, delivery, STEP_TO[step], actor=_actor(step), **fields)


def _actor(step: Step) -> str:
    return f"step {step.value}"


def write_docs(settings: Settings, delivery: Delivery) -> None:
    """Data Docs of the feed's newest run, from what the gate left in the work folder. Off the critical path."""
    from pipelines.validate.evidence import write_data_docs

    left = settings.delivery_folder(delivery.delivery_id) / EVIDENCE
    if left.exists():
        write_data_docs(settings, delivery, json.loads(left.read_text(encoding="utf-8")))
