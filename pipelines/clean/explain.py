"""Tells every change made to each cell of a row, from the archive's text to the value in the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipelines.clean.column import canonical
from pipelines.clean.frame import Frame, TakenFrame
from pipelines.clean.plan import ColumnPlan, Filled
from pipelines.rowhash import digests, row_texts

if TYPE_CHECKING:
    from pipelines.clean.apply import Plan


@dataclass(frozen=True)
class Change:
    """How one canonical column came about. Nothing in it is masked.

    `original`: the filled cells of its sources as received; `steps`: what was done, and the text after it; `value`:
    canonical text of what the warehouse gets.
    """

    column: str
    sources: tuple[str, ...]
    original: str
    steps: tuple[tuple[str, str], ...]
    value: str | None
    problem: str | None
    absent_code: str | None = None


def explain(plan: Plan, raw_row: Mapping[str, str], part: int) -> list[Change]:
    """Run one record through the plan itself, so that what is told is what happens. Columns as in the contract."""
    received = Frame({n: pa.array([t or ""], pa.string()) for n, t in raw_row.items()}, 1)
    frame: Frame | None = plan.computed.apply(received)
    if plan.unpivot is not None and frame is not None:
        frame = _part_of(plan, frame, part)
    if frame is None:
        return []
    filled = plan.fill(frame, np.zeros(1, np.bool_))
    changes = {p.column.name: _change(p, frame, filled) for p in plan.columns.plans}
    if plan.ref.source.occurrence:
        changes[plan.contract.counted_key] = _key_change(plan, filled)
    return [changes[c.name] for c in plan.contract.columns if c.name in changes]


def _part_of(plan: Plan, frame: Frame, part: int) -> Frame | None:
    if plan.unpivot is None:
        return frame
    parts = plan.unpivot.apply(frame, np.array([part == 0]))
    at = np.flatnonzero(parts.part == part)
    return TakenFrame(parts.frame, pa.array(at), {}) if len(at) else None


def _change(plan: ColumnPlan, frame: Frame, filled: Mapping[str, Filled]) -> Change:
    found = filled[plan.column.name]
    cells = plan.origin.read(frame)
    received = [frame.raw(source)[0].as_py() for source in plan.origin.sources]
    original = " | ".join(text for text in received if text) if received else cells.originals[0].as_py()
    text = cells.texts[0].as_py()
    code = found.absent[0].as_py() if found.absent is not None else None
    fault = found.faults.get(0)
    steps: list[tuple[str, str]] = []
    if plan.origin.said and 0 not in cells.faults:
        steps.append((plan.origin.said, text))
    elif text != original and 0 not in cells.faults:
        steps.append(("white space around removed", text))
    if code is not None:
        unread = code == plan.absent.unreadable and plan.absent.code(text) is None
        steps.append((f"{'cannot be read' if unread else 'marks an absent value'}: {code}", ""))
    elif 0 not in cells.faults:
        done = {name: column.values for name, column in filled.items()}
        beside = {k: v[0].as_py() for k, v in plan.context(done).items()}
        steps += plan.cleaner.explain(text, beside.get("country"), beside.get("currency"))
    value = found.values[0]
    return Change(
        column=plan.column.name,
        sources=plan.origin.sources,
        original=original,
        steps=tuple(steps),
        value=canonical(value.as_py()) if value.is_valid else None,
        problem=fault.message if fault else None,
        absent_code=code,
    )


def _key_change(plan: Plan, filled: Mapping[str, Filled]) -> Change:
    names = plan.ref.source.occurrence
    columns = {n: filled[n].values for n in names}
    key = f"{digests(row_texts(columns), 8)[0].hex()}-n"
    said = f"hash of {', '.join(names)}; n counts the rows of the delivery with the same values"
    sources = tuple(dict.fromkeys(s for p in plan.columns.plans if p.column.name in names for s in p.origin.sources))
    bad = next((filled[n].faults[0].message for n in names if 0 in filled[n].faults), None)
    return Change(plan.contract.counted_key, sources, "", ((said, key),), None if bad else key, bad)
