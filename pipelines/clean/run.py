"""The step `clean`: raw.arrow → clean.arrow, problems.arrow, clean.json. Streams chunk by chunk."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from pipelines.clean.apply import Plan, clean_schema
from pipelines.clean.controls import read_controls
from pipelines.clean.corrected import Corrected
from pipelines.clean.facts import CleanFacts, ControlText, FileInfo, Tally
from pipelines.clean.frame import INTERNAL
from pipelines.clean.lookup import LookupTable
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
) -> CleanFacts:
    """Clean one delivery: batch i of `raw` becomes batch i of both outputs, in folder `out`.

    `siblings`: the client's other sources that match the same file; `facts_json`: the facts `extract` wrote;
    `passed_over`: columns that the profile need not declare, since the gate holds the delivery for them or did so;
    `promises`: what control files and other sheets say, by control total; `corrected`: what is known of the rows of a
    correction.
    The outputs are renamed into place at the end, clean.json last. Raises DeliveryError when the file's columns do
    not fit the profile.
    """
    info = FileInfo.from_json(facts_json)
    tally = Tally(contract)
    with pa.memory_map(str(raw)) as source, pa.ipc.open_file(source) as reader:
        header = reader.schema.names[len(INTERNAL) :]
        plan = Plan.compile(ref, contract, siblings, header, lookups, info, file_groups, passed_over)
        totals = Totals(ref, contract, plan.sources)
        if corrected:
            corrected.prepare(plan)
        with (
            _written(out / "clean.arrow", clean_schema(contract)) as rows,
            _written(out / "problems.arrow", PROBLEM_SCHEMA) as problems,
        ):
            for number in range(reader.num_record_batches):
                raw_rows = reader.get_batch(number)
                cleaned = corrected.chunk(plan, raw_rows) if corrected else plan.chunk(raw_rows)
                rows.write_batch(cleaned.table)
                problems.write_batch(cleaned.problems)
                tally.add(cleaned.table, cleaned.unclaimed, cleaned.unreadable, cleaned.ambiguous)
                totals.add(raw_rows, cleaned.table)
    facts = tally.facts(
        controls=read_controls(ref, info, plan.sources, promises),
        measured=totals.measured(),
        columns=plan.sources,
        ignored=plan.ignored,
        unmapped=plan.unmapped,
    )
    part = out / "clean.json.part"
    part.write_text(facts.to_json(), encoding="utf-8")
    part.replace(out / "clean.json")
    return facts


@contextmanager
def _written(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatchFileWriter]:
    """An Arrow file under a temporary name, renamed when all of it was written."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            with pa.ipc.new_file(file, schema) as writer:
                yield writer
            os.fsync(file.fileno())  # a rename may reach the disk before the content does
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
