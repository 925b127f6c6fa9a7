"""The end of a file that is too large to be looked at whole: its footer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.extract.sniff.encodings import Encoding
from pipelines.extract.sniff.records import Record, read_records
from pipelines.extract.sniff.sample import TAIL_BYTES, Sample
from pipelines.extract.sniff.separators import BREAK
from pipelines.extract.sniff.tables import MOST_FOOTER_ROWS, TOTAL, Layout


def look_at_end(layout: Layout, sample: Sample, encoding: Encoding, dialect: Mapping[str, Any]) -> None:
    """Replace what the sample's cut made look like a footer by what stands at the real end of the file."""
    layout.body += [r for r in layout.after if len(r.cells) == layout.width]
    layout.after, layout.footer_reason, layout.footer_confidence = [], "", 0.95
    if encoding.codec.startswith(("utf-16", "utf-32")):
        return
    end = sample.tail or sample.head[-TAIL_BYTES:]
    text = encoding.decode(end)
    found = BREAK.search(text)
    if not found:
        return
    records = [r for r in read_records(text[found.end() :], dict(dialect), final=True) if not r.blank]
    fitting = sum(len(r.cells) == layout.width for r in records)
    if layout.width < 2 or fitting * 2 < len(records):
        return
    notes: list[Record] = []
    for record in reversed(records):
        first = next((c for c in record.cells if c.strip()), "")
        if len(record.cells) == layout.width and not TOTAL.match(first):
            break
        notes.insert(0, record)
    if not notes or len(notes) > MOST_FOOTER_ROWS:
        return
    odd = [r for r in notes if len(r.cells) * 2 > layout.width and not TOTAL.match(r.cells[0])]
    if odd:
        layout.warnings.append(
            f"the last {len(notes)} records have other widths than {layout.width}: cut off, or a footer"
        )
        return
    layout.after = notes
    layout.footer_confidence = 0.85
    layout.footer_reason = (
        f"the last {len(notes)} records of the file are notes or totals (seen in its last {len(end)} bytes)"
    )
