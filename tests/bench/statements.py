"""Jobs on bank statements: ours, and the bare parser that everything else is added to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def kontor_camt(path: Path) -> Callable[[], int]:
    """Entries as text cells, in the batches that the steps get."""
    from pipelines.extract.reader import read_table
    from pipelines.profile import Format

    def go() -> int:
        reader = read_table(Path(path), Format(type="camt"), "en_US")
        count = sum(len(batch) for batch in reader.batches())
        (total,) = reader.facts.totals
        if total.said != total.found:
            raise RuntimeError(f"{total.said} entries promised, {total.found} found")
        return count

    return go


def lxml_passing_over(path: Path) -> Callable[[], int]:
    """Every entry parsed, looked at by nobody and thrown away."""
    from lxml import etree

    def go() -> int:
        count = 0
        for _, entry in etree.iterparse(str(path), tag="{*}Ntry"):
            count += 1
            entry.getparent().remove(entry)
        return count

    return go
