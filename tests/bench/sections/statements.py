"""A bank statement of half a gigabyte (camt.053) in bounded memory."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.generate.statement import write
from tests.bench.race import Contest, Entry, Limit, Race

MOST_MB = 1024
"""Of the whole process, whatever the size of the file: it holds one batch and one entry of the message."""


def contests(folder: Path, rows: int) -> list[Contest]:
    """A million entries are 600 MB."""
    own = Path(sys.executable)
    file, few = write(folder / f"statement_{rows}.xml", rows), write(folder / "statement_few.xml", 100)
    entries = [Entry("statements.kontor_camt", own, at_most=2), Entry("statements.lxml_passing_over", own, at_most=2)]
    title = f"Reading camt.053, {file.stat().st_size / 1e6:,.0f} MB"
    return [Race(title, file, few, entries, [Limit("", MOST_MB, "peak")])]
