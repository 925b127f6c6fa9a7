"""The step `clean`: raw.arrow → clean.arrow, problems.arrow, clean.json. Streams chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from pipelines.arrowfile import ArrowChunks, Behind, written
from pipelines.clean.apply import Cleaned, Plan, clean_schema
from pipelines.clean.controls import found_by_format, promised_by_format, read_controls
from pipelines.clean.corrected import Corrected
from pipelines.clean.facts import CleanFacts, ControlText, FileInfo, Tally
from pipelines.clean.frame import INTERNAL
from pipelines.clean.lookup import LookupTable
from pipelines.clean.memo import Known, Memo
from pipelines.clean.totals import Totals
from pipelines.contract import Contract
from pipelines.profile import SourceRef
from pipelines.reject import PROBLEM_SCHEMA


def clean(
    ref: SourceRef,
    contract: Contract,
    siblings: Sequence[SourceRef],
    raw: Path,
    facts_json: str,
    lookups: Mapping[str, LookupTable],
    file_groups: Mapping[str, str],
    out: Path,
    *,
    passed_over: Collection[str] = (),
    promises: Mapping[str, ControlText] = MappingProxyType({}),
    corrected: Corrected | None = None,
    memo: Path | None = None,
) -> CleanFacts:
    """Clean one delivery: batch i of `raw` becomes batch i of both outputs, in folder `out`.

    `siblings`: the client's other sources that match the same file; `facts_json`: the facts `extract` wrote;
    `passed_over`: columns that the profile need not declare, since the gate holds the delivery for them or did so;
    `promises`: what control files and other sheets say, by control total; `corrected`: what is known of the rows of a
    correction; `memo`: folder with what an earlier delivery became under all the same (see `memo.py`).
    The outputs are renamed into place at the end, clean.json last. Raises DeliveryError when the file's columns do
    not fit the profile.
    """
    info = FileInfo.from_json(facts_json)
    tally = Tally(contract)
    source = ArrowChunks(raw)
    header = source.schema.names[len(INTERNAL) :]
    plan = Plan.compile(ref, contract, siblings, header, lookups, info, file_groups, passed_over)
    totals = Totals(ref, contract, plan.sources)
    if corrected:
        corrected.prepare(plan)
    before = Memo.open(memo, plan, source.schema) if memo and not corrected else None
    _stream(source, plan, out, tally, totals, before, corrected)
    facts = tally.facts(
        controls=[*read_controls(ref, info, plan.sources, promises), *promised_by_format(info)],
        measured=[*totals.measured(), *found_by_format(info)],
        columns=plan.sources,
        ignored=plan.ignored,
        unmapped=plan.unmapped,
    )
    part = out / "clean.json.part"
    part.write_text(facts.to_json(), encoding="utf-8")
    part.replace(out / "clean.json")
    return facts


def _stream(
    source: ArrowChunks,
    plan: Plan,
    out: Path,
    tally: Tally,
    totals: Totals,
    before: Memo | None,
    corrected: Corrected | None,
) -> None:
    """All chunks: the first half of each while the one before is hashed, written and counted."""
    with (
        written(out / "clean.arrow", clean_schema(plan.contract)) as rows,
        written(out / "problems.arrow", PROBLEM_SCHEMA) as problems,
        Behind(alone=len(source) < 2) as behind,
    ):

        def finish(raw_rows: pa.RecordBatch, rest: Callable[[], Cleaned]) -> None:
            cleaned = rest()
            rows.write_batch(cleaned.table)
            problems.write_batch(cleaned.problems)
            tally.add(cleaned.table, cleaned.unclaimed, cleaned.unreadable, cleaned.ambiguous)
            totals.add(raw_rows, cleaned.table)
            source.release()
            if before:
                before.release()

        for raw_rows in source:
            known = before.known(raw_rows) if before else None
            if known:
                behind.do(partial(finish, raw_rows, partial(_completed, known, plan.begin(known.rest))))
            elif corrected:
                behind.do(partial(finish, raw_rows, partial(corrected.chunk, plan, raw_rows)))
            else:
                behind.do(partial(finish, raw_rows, plan.begin(raw_rows)))


def _completed(known: Known, rest: Callable[[], Cleaned]) -> Cleaned:
    return known.with_rest(rest())
