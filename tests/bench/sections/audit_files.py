"""A SAF-T file of so many lines that nobody wants it in memory, against reading it as one tree."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.generate.audit_file import write_audit_file
from tests.bench.race import Contest, Entry, Limit, Race

MOST_MB = 400
"""Of the whole process: what Python, Arrow and lxml need, and one batch."""


def contests(folder: Path, rows: int) -> list[Contest]:
    """As many lines as other sections have rows, a million by default; and a tenth, which must need as much memory."""
    own = Path(sys.executable)
    whole = write_audit_file(folder / "saft.xml", rows)
    tenth, small = write_audit_file(folder / "saft_tenth.xml", rows // 10), write_audit_file(folder / "few.xml", 100)
    job = "audit_files.kontor_saft"
    entries = [
        Entry(job, own, at_most=2), Entry(job, own, file=tenth, label="_tenth", at_most=2),
        Entry("audit_files.lxml_tree", own, at_most=2, note="reads cells only: no structure, no totals, no rows"),
    ]  # fmt: skip
    limits = [Limit("", MOST_MB, "peak"), Limit("kontor_saft_tenth", 1.3, "peak")]
    return [Race("Reading SAF-T, ledger entries", whole, small, entries, limits, same=False)]
