"""A real client's files as its profile maps them, without a warehouse."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.catalog import Catalog
from pipelines.clean.apply import Cleaned, Plan
from pipelines.clean.facts import FileInfo
from pipelines.clean.lookup import LookupFile, build
from pipelines.extract.discover import find_files, lookup_files, match
from pipelines.extract.reader import read_table
from pipelines.settings import ROOT

CLIENTS = ROOT / "tests" / "real" / "clients"


def cleaned(root: Path, catalog: Catalog, client: str, feed: str, source: str = "main") -> tuple[pa.Table, pa.Table]:
    """(rows, problems) of the one file of a source."""
    profile, ref = catalog.profiles[client], catalog.source(client, feed, source)
    found = find_files(root / "landing", client)
    tables: dict[str, list[LookupFile]] = {}
    for name, files in lookup_files(profile, ref.source, found).items():
        for file in files:
            with read_table(file.path, profile.model.lookups[name].format, ref.locale, name=file.rel) as reader:
                tables.setdefault(name, []).append(LookupFile(file.rel, list(reader.batches())))
    (hit,) = match(found, [ref])
    with read_table(hit.found.path, ref.source.format, ref.locale, name=hit.found.rel) as reader:
        batches = list(reader.batches())
    info = FileInfo.from_json(reader.facts.to_json())
    lookups = build(profile.lookups_of(ref.source), tables, ref.locale, ref.time_zone)
    plan = Plan.compile(ref, catalog.contracts[feed], [], reader.columns, lookups, info, hit.groups)
    done: list[Cleaned] = [plan.chunk(batch) for batch in batches]
    return pa.Table.from_batches([c.table for c in done]), pa.Table.from_batches([c.problems for c in done])


def taken(table: pa.Table) -> pa.Table:
    """The rows that no condition of the profile skips."""
    return table.filter(pc.is_null(table["_skip_reason"]))
