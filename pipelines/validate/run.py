"""The gate: one delivery's clean rows in, a verdict out.

    validate(delivery, ref, contract, catalog, conn, folder, facts) -> GateResult

`folder` holds raw.arrow, clean.arrow and problems.arrow; `facts` is what extract and clean counted, filled in by the
caller, because steps do not import each other. Everything is written inside the caller's transaction `conn`, together
with the move of state: the work table, quarantine, `ops.rule_result`, `ops.control_total`, `ops.delivery_amount`.
`GateResult.fields` are the columns of `ops.delivery` for that move. A second try starts from nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from pipelines.catalog import Catalog
from pipelines.contract import Contract
from pipelines.delivery import Delivery, Verdict
from pipelines.errors import GateError
from pipelines.profile import SourceRef
from pipelines.rulebook import RuleBook
from pipelines.validate import accounts, closing, correction, files, group_rules, history_rules, match_rules, verdict
from pipelines.validate.gate import GateInput, GateResult
from pipelines.validate.judge import Measurement, Outcome, evidence_of, judge
from pipelines.validate.measures import row_measurements
from pipelines.validate.set_rules import SetRules
from pipelines.validate.stream import stream
from pipelines.validate.suites import Rule, RuleKind, load_rules
from pipelines.validate.tally import Tally
from pipelines.validate.waivers import Waivers
from pipelines.warehouse import decisions, ledger, quarantine_store


def validate(
    delivery: Delivery,
    ref: SourceRef,
    contract: Contract,
    catalog: Catalog,
    conn: sa.Connection,
    folder: Path,
    facts: GateInput,
) -> GateResult:
    """Judge a delivery; see the head of this module. Raises GateError when the gate itself cannot be trusted."""
    rules = load_rules(catalog, contract, delivery.client_id)
    corrects = delivery.is_correction
    quarantine_store.clear(conn, delivery)
    book = RuleBook.of(catalog, contract.feed, delivery.client_id)
    streamed = stream(conn, delivery, contract, rules, folder, book, facts.rows)
    waivers = Waivers.of(conn, delivery, contract)
    tally = Tally.of(streamed, waivers.after_stream())
    at_first = tally.accepted
    sets = SetRules(conn, delivery, ref, contract, catalog, book, waivers, streamed, folder, tally)
    measured = [*row_measurements(streamed.gate, contract, rules), *_set_rules(sets, contract, ref, rules)]
    if tally.rejected:
        closing.say_what_stays(sets)
        _keep_rejected_rows(conn, delivery, contract, folder)
    beside = accounts.beside(conn, delivery, contract, streamed, set_aside=tally.accepted < at_first)
    there = accounts.read_back(conn, delivery, contract, beside)
    counts = there.counts
    amounts = accounts.amounts(contract, facts, there)
    controls = [] if corrects else accounts.controls(contract, facts)
    measured += accounts.facts(conn, delivery, ref, contract, facts, counts, len(rules))
    measured += accounts.left_out(contract, streamed.gate.left_out, streamed.gate.given)
    measured += [m for _, m in controls]
    measured = [waivers.shown(m) for m in measured]
    if corrects:
        measured = [*correction.excused(measured, contract), *correction.review(contract, ref)]
    outcomes = [judge(m, contract.feed) for m in measured]
    if corrects:
        outcomes = correction.without_share(outcomes)
    _compare_with_quarantine(conn, delivery, outcomes, counts.rejected)
    written_off = decisions.write_off_known(conn, delivery, contract)
    said = verdict.of(outcomes, counts)
    result = GateResult(
        verdict=said,
        counts=counts,
        amounts=amounts,
        controls=[total for total, _ in controls],
        rules=[o.result for o in outcomes],
        holds=[o.hold for o in outcomes if o.hold],
        message=verdict.message(outcomes, counts, contract, written_off),
        content_hash=ledger.content_hash(conn, delivery) if said is Verdict.HOLD else None,
        validation_result=evidence_of(delivery, outcomes, dt.datetime.now(dt.UTC)),
    )
    ledger.write_rule_results(conn, delivery, result.rules)
    ledger.write_amounts(conn, delivery, result.amounts)
    ledger.write_controls(conn, delivery, result.controls)
    return result


def _set_rules(sets: SetRules, contract: Contract, ref: SourceRef, rules: list[Rule]) -> list[Measurement]:
    """In order: each looks at what the ones before it have left."""

    def each(kind: RuleKind, measure: Callable[[Rule], Measurement]) -> list[Measure]:
        return [partial(measure, rule) for rule in rules if rule.kind == kind]

    corrects = sets.delivery.is_correction
    steps: list[Measure] = [sets.repeated_rows, sets.keys, *([sets.newer_versions] if corrects else [])]
    steps += [*each("unique", sets.unique), sets.references]
    steps += each("reference", partial(match_rules.look_up, sets)) + each("group", partial(group_rules.group, sets))
    steps += [sets.groups, *each("aggregate", sets.aggregate), *each("balance", partial(group_rules.whole, sets))]
    steps += each("compare", partial(history_rules.compare, sets))
    if ref.source.mode != "delta" and not corrects:
        steps.append(partial(closing.closing, sets))
    return [m for step in steps for m in _timed(step)]


Measure = Callable[[], Measurement | list[Measurement]]


def _timed(measure: Measure) -> list[Measurement]:
    """With the seconds its queries took; rules measured together share them."""
    started = time.perf_counter()
    found = measure()
    measured = found if isinstance(found, list) else [found]
    seconds = time.perf_counter() - started
    return [replace(m, seconds=seconds / len(measured)) for m in measured]


def _keep_rejected_rows(conn: sa.Connection, delivery: Delivery, contract: Contract, folder: Path) -> None:
    """Each rejected row once, with its cells as received."""
    query = (
        f"select string_agg(int8send({files.PACKED_SQL}), ''::bytea) "  # noqa: S608 own names
        f"from {delivery.work_table} where _fate = 'rejected'"
    )
    rejected = np.frombuffer(conn.scalar(sa.text(query)) or b"", ">i8").astype(np.int64)
    if len(rejected):
        quarantine_store.add_rows(conn, delivery, files.rejected_rows(folder, contract, rejected))


def _compare_with_quarantine(conn: sa.Connection, delivery: Delivery, outcomes: list[Outcome], rejected: int) -> None:
    """What was judged is what was written: rows per rule and rows in all, as read back."""
    found = quarantine_store.rows_by_rule(conn, delivery)
    rows = dict(found)
    for outcome in outcomes:
        sets_aside = outcome.rule.rejects or outcome.rule.kind == "counted"
        if sets_aside and rows.pop(outcome.rule.id, 0) != outcome.set_aside:
            raise _disagree(outcome.rule.id, outcome.set_aside)
    if rows:
        raise _disagree(next(iter(rows)), 0)
    if not rejected and not found:
        return  # neither the work table nor quarantine has one: nothing is left to compare
    if (kept := quarantine_store.rows_kept(conn, delivery)) != rejected:
        raise _disagree(f"{kept} rows in quarantine", rejected)
    if odd := quarantine_store.at_odds(conn, delivery):
        raise _disagree(f"{odd} rows rejected without a reason, or with one and not rejected", 0)


def _disagree(what: str, expected: int) -> GateError:
    return GateError(
        "quarantine does not hold what the gate rejected",
        where=what,
        expected=f"{expected} rows",
        next_step="replay the delivery; if it happens again, report it: rows must not be lost",
    )
