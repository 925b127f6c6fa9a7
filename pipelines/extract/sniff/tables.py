"""The table that is read: what stands before it, its header, its records, and what stands behind it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.extract.sniff.blocks import Block, find_blocks, is_table, main_block
from pipelines.extract.sniff.cells import DECIMAL, EMPTY, MARKED, WHOLE, look
from pipelines.extract.sniff.header import FAMILY, TYPED, Column, columns_of, header_weight, like_names
from pipelines.extract.sniff.records import Record

MOST_HEADER_ROWS = 5
MOST_FOOTER_ROWS = 30
TOTAL = re.compile(
    r"(?i)\W*(?:grand |sub ?)?(?:total|totals|summe|gesamt\w*|sum|insgesamt|endsumme|zwischensumme|totale|somme|suma|"
    r"totaal|subtotal|average|mean|durchschnitt|mittelwert|count|anzahl|records?|row count|end of (?:file|report)|eof|"
    r"trailer|trl|tlr)\b.*"
)


@dataclass
class Layout:
    """Where everything is, in the records of the sample. Confidences from 0 to 1, with their reasons."""

    block: Block
    header: list[Record]
    body: list[Record]
    before: list[Record]
    after: list[Record]
    others: list[Block] = field(default_factory=list)
    repeated: int = 0
    names: list[str] | None = None
    header_confidence: float = 0.9
    header_reason: str = ""
    footer_confidence: float = 0.95
    footer_reason: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Cells of a record."""
        return self.block.width


def find_layout(records: Sequence[Record]) -> Layout:
    """The layout of a file; `records` must hold at least one that is not blank."""
    blocks = find_blocks(records)
    at = main_block(blocks)
    block = blocks[at]
    before = [r for b in blocks[:at] for r in b.records]
    layout = Layout(block, [], list(block.records), before, [])
    layout.others = [b for b in blocks if b is not block and is_table(b)]
    _find_header(layout)
    _borrow_header(layout, blocks[at - 1] if at else None)
    _repeated_headers(layout)
    _find_footer(layout, blocks[at + 1 :])
    return layout


def _find_header(layout: Layout) -> None:
    """Split preamble rows that were filled up to the width, then header rows, from the records of the block."""
    block = layout.block
    width = block.width
    start = _padded_preamble(block)
    rows = layout.body[start:]
    layout.before += layout.body[:start]
    if not rows:
        return
    if len(rows) == 1:
        _lone_record(layout, rows)
        return
    best, reason = _header_length(rows, width)
    layout.header, layout.body = list(rows[: best[0]]), list(rows[best[0] :])
    layout.header_confidence, layout.header_reason = best[1], reason
    if best[1] < 0.75:
        said = "the first record may be data" if best[0] else "the first record may be a header"
        layout.warnings.append(f"{said}: {reason}")


def _lone_record(layout: Layout, rows: list[Record]) -> None:
    points = like_names(rows[0].cells)
    named = points > 0.0
    layout.header, layout.body = (rows, []) if named else ([], rows)
    layout.header_confidence = 0.55 + 0.2 * min(abs(points), 1.0)
    layout.header_reason = f"the only record {'reads like names' if named else 'holds values rather than names'}"
    layout.warnings.append(f"one record only: {layout.header_reason}, but nothing below it bears it out")


def _padded_preamble(block: Block) -> int:
    """Titles before a table that are filled up to its width: records that fill only their first cells."""
    if block.width < 3 or len(block.records) < 3:
        return 0
    usual = sorted(_filled(r) for r in block.regular)[len(block.regular) * 3 // 4]
    count = 0
    for record in block.records[: min(len(block.records) - 2, 25)]:
        filled = _filled(record)
        leading = any(c.strip() for c in record.cells[:2])
        if filled <= max(1, block.width * 0.2) and filled * 2 < usual and leading:
            count += 1
        else:
            break
    below = block.records[count]
    return count if _filled(below) >= 2 else 0


def _filled(record: Record) -> int:
    return sum(1 for c in record.cells if c.strip())


def _header_length(rows: Sequence[Record], width: int) -> tuple[tuple[int, float], str]:
    """((number of header rows, confidence), reason)."""
    regular = [r.cells for r in rows if len(r.cells) == width]
    columns = columns_of(regular[1:] or regular, width)
    weight = header_weight(rows[0].cells, columns, first=True)
    if len(regular) < 4:
        weight *= 0.8
    if weight <= 0:
        sure = min(0.97, 0.62 + 0.1 * -weight)
        fits = sum(1 for c, col in zip(rows[0].cells, columns, strict=False) if c.strip() in col.values)
        return (0, sure), (
            f"the first record looks like those below it ({fits} of its {width} cells are found again in their "
            f"columns; weight {weight:.1f})"
        )
    number = 1 + _more_header(rows, width)
    sure = min(0.98, 0.62 + 0.09 * weight)
    typed = [c for c in columns if c.family in TYPED]
    reason = (
        f"text above {len(typed)} of {width} columns of numbers or dates" if typed else "reads like names of columns"
    )
    if number > 1:
        reason += f", over {number} rows"
        sure = min(sure, 0.85)
    return (number, sure), f"{reason} (weight {weight:.1f})"


def _more_header(rows: Sequence[Record], width: int) -> int:
    """Header rows below the first one: text where all that follows are numbers or dates."""
    more = 0
    for i in range(1, min(MOST_HEADER_ROWS, len(rows) - 1)):
        below = [r.cells for r in rows[i + 1 :] if len(r.cells) == width]
        if len(below) < 2 or len(rows[i].cells) != width:
            break
        columns = columns_of(below, width)
        if not _contrasts(rows[i].cells, columns):
            break
        more = i
    return more


def _contrasts(row: Sequence[str], columns: Sequence[Column]) -> bool:
    """Whether no cell of a row is of the kind of its column, and enough of them are text above numbers or dates."""
    above = typed = 0
    for cell, column in zip(row, columns, strict=False):
        if column.family not in TYPED:
            if column.family == "text" and cell.strip() in column.values:
                return False
            continue
        typed += 1
        if FAMILY.get(look(cell)[0], "text") in TYPED or (cell.strip() and cell.strip() in column.values):
            return False
        above += look(cell)[0] != EMPTY
    enough = above >= 2 or (above == typed and like_names(row) > 0.2)
    return above >= 1 and above * 2 >= typed and enough and len(row) > 1


def _borrow_header(layout: Layout, previous: Block | None) -> None:
    """A header that has another number of cells than the records: names of the first or last columns are missing."""
    if layout.header or not layout.before or layout.width < 2 or not layout.body:
        return
    last = layout.before[-1]
    near = last.row + last.lines == layout.body[0].row and previous is not None and last in previous.records
    cells = [c.strip() for c in last.cells]
    if not near or len(cells) < 2 or abs(len(cells) - layout.width) > max(1, layout.width // 4):
        return
    if like_names(cells) < 0.25:
        return
    width = layout.width
    shorter = len(cells) == width - 1
    columns = columns_of([r.cells for r in layout.body if len(r.cells) == width], width)
    right = header_weight(["", *cells], columns, first=True) if shorter else -9.0
    left = header_weight([*cells[:width], *[""] * (width - len(cells))], columns, first=True)
    if max(left, right) <= 0:
        return
    names = ["", *cells] if right >= left - 0.5 else [*cells[:width], *[""] * (width - len(cells))]
    layout.names = names
    layout.header_confidence = 0.7
    layout.header_reason = f"row {last.row} names {len(cells)} columns, the records have {width} cells"
    layout.warnings.append(
        f"{layout.header_reason}: the names are taken from the {'end' if right >= left - 0.5 else 'beginning'}"
    )


def _repeated_headers(layout: Layout) -> None:
    if layout.header:
        said = [c.strip() for c in layout.header[0].cells]
        layout.repeated = sum([c.strip() for c in r.cells] == said for r in layout.body)


def _find_footer(layout: Layout, behind: Sequence[Block]) -> None:
    """Records behind the table, and those at its end that are totals."""
    if layout.width == 1:  # nothing tells a note from a value
        return
    notes: list[Record] = []
    for block in behind:
        if is_table(block):
            break
        notes += block.records
    if len(notes) > MOST_FOOTER_ROWS:
        layout.warnings.append(f"{len(notes)} records of another width follow the table and may be no rows of it")
        return
    if notes and len(notes) == 1 and not _a_note(notes[0], layout.width):
        layout.warnings.append(
            f"the last record, row {notes[0].row}, has {len(notes[0].cells)} cells instead of {layout.width}: "
            "it may be cut off, or a footer"
        )
        notes = []
    if notes:
        layout.after = notes
        layout.footer_reason = f"the last {len(notes)} records have other widths than {layout.width}"
        layout.footer_confidence = 0.9 if all(len(r.cells) < layout.width / 2 + 0.6 for r in notes) else 0.75
    _find_totals(layout)


def _a_note(record: Record, width: int) -> bool:
    filled = _filled(record)
    return filled <= max(1, width // 2) or bool(TOTAL.match(record.cells[0]))


def _find_totals(layout: Layout) -> None:
    """Total rows of full width at the end: told by their word, and borne out by sums."""
    count = 0
    for record in reversed(layout.body[-3:]):
        filled = [c for c in record.cells if c.strip()]
        first = next((c for c in record.cells if c.strip()), "")
        sparse = len(filled) * 5 <= layout.width * 4
        if (len(layout.body) - count > 2 and TOTAL.match(first) and (sparse or _sums(layout, record))) or (
            len(layout.body) - count > 3
            and layout.width >= 3
            and len(filled) == 1
            and _usual_filled(layout) >= 3
            and record.cells[0].strip()
        ):
            count += 1
        else:
            break
    if not count:
        return
    totals = layout.body[-count:]
    layout.body = layout.body[:-count]
    layout.after = [*totals, *layout.after]
    proved = any(_sums(layout, r) for r in totals)
    layout.footer_confidence = min(layout.footer_confidence, 0.95 if proved else 0.75)
    said = "its figures are the sums of their columns" if proved else "by its words only"
    layout.footer_reason = f"row {totals[0].row} is a total or note, {said}" + (
        f"; {layout.footer_reason}" if layout.footer_reason else ""
    )
    if not proved:
        layout.warnings.append(f"row {totals[0].row} is taken for a total or note {said}")


def _usual_filled(layout: Layout) -> int:
    counts = Counter(_filled(r) for r in layout.body)
    return counts.most_common(1)[0][0]


def _sums(layout: Layout, total: Record) -> bool:
    """Whether a figure of this record is the sum of the cells above it."""
    rows = [r.cells for r in layout.body if len(r.cells) == layout.width and r is not total]
    for i, cell in enumerate(total.cells[: layout.width]):
        value = _figure(cell)
        if value is None or value == 0:
            continue
        figures = [_figure(row[i]) for row in rows]
        known = [f for f in figures if f is not None]
        if len(known) >= 2 and abs(sum(known) - value) <= 0.011 * max(1, abs(value) * 1e-6):
            return True
    return False


def _figure(cell: str) -> float | None:
    """A number in either notation: the last of point and comma is the decimal sign."""
    kind = look(cell)[0]
    if kind not in (WHOLE, DECIMAL, MARKED):
        return None
    digits = re.sub(r"[^0-9,.()-]", "", cell)
    if not re.search(r"\d", digits):
        return None
    negative = "-" in digits or digits.startswith("(")
    digits = digits.strip("()-").replace("-", "")
    point = max(digits.rfind("."), digits.rfind(","))
    single = digits.count(".") + digits.count(",") == 1
    if point >= 0 and (len(digits) - point - 1 != 3 or not single):
        whole, part = re.sub(r"\D", "", digits[:point]), re.sub(r"\D", "", digits[point + 1 :])
    else:
        whole, part = re.sub(r"\D", "", digits), ""
    number = float(f"{whole or '0'}.{part or '0'}")
    return -number if negative else number
