"""Where the tables of a text are: runs of records of one width, apart by blank lines or a change of width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.extract.sniff.cells import TEXT, WORD, look
from pipelines.extract.sniff.records import Record

LARGE = 0.35
"""A table is large when it has this share of the cells of the largest one."""


@dataclass
class Block:
    """Neighbouring records of one width; `gap` = blank lines stand before it. Ragged records may be among them."""

    width: int
    records: list[Record]
    gap: bool

    @property
    def area(self) -> int:
        """Cells that it holds."""
        return sum(1 for r in self.records if len(r.cells) == self.width) * self.width

    @property
    def regular(self) -> list[Record]:
        """Its records of the usual width."""
        return [r for r in self.records if len(r.cells) == self.width]


def find_blocks(records: Sequence[Record]) -> list[Block]:
    """The blocks of a text, comments left out."""
    runs = _runs(records)
    while (merged := _join_ragged(runs)) is not None:
        runs = merged
    return _join_gaps(runs)


def _runs(records: Sequence[Record]) -> list[Block]:
    runs: list[Block] = []
    gap = False
    for record in records:
        if record.comment:
            continue
        if (record.blank and len(record.cells) <= 1) or (record.blank and _all_empty(record)):
            gap = True
            continue
        if runs and not gap and runs[-1].width == len(record.cells):
            runs[-1].records.append(record)
        else:
            runs.append(Block(len(record.cells), [record], gap))
        gap = False
    return runs


def _all_empty(record: Record) -> bool:
    return not any(cell.strip() for cell in record.cells)


def _join_ragged(runs: Sequence[Block]) -> list[Block] | None:
    """A few records of another width between two runs of one width are ragged records of one block."""
    for i in range(1, len(runs) - 1):
        before, odd, after = runs[i - 1], runs[i], runs[i + 1]
        few = len(odd.records) <= 3 and len(odd.records) <= len(before.records) + len(after.records)
        if before.width == after.width > 1 and few and not odd.gap and not after.gap:
            joined = Block(before.width, [*before.records, *odd.records, *after.records], before.gap)
            return _all_ragged([*runs[: i - 1], joined, *runs[i + 2 :]])
    return None


def _all_ragged(runs: list[Block]) -> list[Block]:
    """The same in one pass for the rest, so that a file of many ragged records costs no square time."""
    out: list[Block] = []
    i = 0
    while i < len(runs):
        here = runs[i]
        last = out[-1] if out else None
        after = runs[i + 1] if i + 1 < len(runs) else None
        if (
            last
            and after
            and last.width == after.width > 1
            and not here.gap
            and not after.gap
            and len(here.records) <= 3
            and len(here.records) <= len(last.records) + len(after.records)
        ):
            last.records += [*here.records, *after.records]
            i += 2
            continue
        out.append(here)
        i += 1
    return out


def _join_gaps(runs: Sequence[Block]) -> list[Block]:
    """Runs of one width with only blank lines between them are one table, unless the second has a header of its own."""
    out: list[Block] = []
    for run in runs:
        last = out[-1] if out else None
        if last and last.width == run.width and run.gap and not _new_header(last, run):
            last.records += run.records
        else:
            out.append(run)
    return out


def _new_header(last: Block, run: Block) -> bool:
    """Whether a run begins with a header that is not the one of the block before it."""
    first = [c.strip() for c in run.records[0].cells]
    if first == [c.strip() for c in last.records[0].cells]:
        return False
    if run.width == 1 or len(run.records) < 2:
        return False
    below = [[look(c)[0] for c in r.cells] for r in run.regular[1:30]]
    own = [look(c)[0] for c in first]
    above = [[look(c)[0] for c in r.cells] for r in last.regular[1:30]]
    contrast = fits = 0
    for i, kind in enumerate(own):
        typed = [row[i] for row in below if row[i] not in (TEXT, WORD)]
        was_typed = [row[i] for row in above if row[i] not in (TEXT, WORD)]
        if kind in (TEXT, WORD) and (len(typed) * 3 > len(below) * 2 or len(was_typed) * 3 > len(above) * 2 > 0):
            contrast += 1
        elif kind not in (TEXT, WORD) and kind in typed and first[i]:
            fits += 1
    return contrast > fits and contrast > 0


def main_block(blocks: Sequence[Block]) -> int:
    """Position of the first large block."""
    largest = max(b.area for b in blocks)
    for i, block in enumerate(blocks):
        if block.area >= LARGE * largest and (len(block.records) >= 2 or block.area == largest):
            return i
    return max(range(len(blocks)), key=lambda i: blocks[i].area)


def is_table(block: Block) -> bool:
    """Whether a block beside the main one is a table of its own rather than a note."""
    return block.width >= 2 and len(block.regular) >= 2 and sum(map(_filled, block.records)) >= 2 * len(block.records)


def _filled(record: Record) -> int:
    return sum(1 for c in record.cells if c.strip())
