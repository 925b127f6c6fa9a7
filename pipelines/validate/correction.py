"""The gate for a correction: rows of a workbook, judged beside what is loaded of the file they came from.

A correction brings some rows of a delivery, so rules about the delivery as a whole say nothing of it. Rules about rows,
keys, identities, references and groups hold as ever. Beyond them, a row may take the key of no other row of the same
file, and may not stand over what a later delivery has brought.
"""

# ruff: noqa: S608 (names of columns and tables come from contracts, which allow letters, digits and _ only)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.profile import SourceRef
from pipelines.reject import Baseline, baseline_rule
from pipelines.rulebook import derived_message
from pipelines.validate import baseline
from pipelines.validate.judge import Measurement, Outcome
from pipelines.warehouse import register

SOME_ROWS = "a correction brings only some rows"
_WHOLE = (Baseline.NOT_EMPTY, Baseline.MAX_REJECTS, Baseline.MOSTLY_LEFT_OUT, Baseline.CONTROL, Baseline.LAYOUT_DRIFT)

Clash = Literal["repeated", "taken", "newer"]


def without_share(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The share of rows that may fail is meant for whole deliveries: falling under it holds no correction."""
    by_share = [o.rule.kind in ("row", "unique") and not o.rule.hold for o in outcomes]
    return [replace(o, hold=None) if share else o for o, share in zip(outcomes, by_share, strict=True)]


def excused(measured: Sequence[Measurement], contract: Contract) -> list[Measurement]:
    """What was measured, without a judgement on the delivery as a whole; what had nothing to judge holds nothing."""
    whole = tuple(baseline_rule(contract.feed, kind) for kind in _WHOLE)
    out = []
    for m in measured:
        about_whole = m.rule.kind in ("aggregate", "compare") or m.rule.id.startswith(whole)
        if about_whole:
            out.append(Measurement(m.rule, 0, {}, note=SOME_ROWS, excused=True))
        else:
            out.append(replace(m, excused=True))
    return out


def review(contract: Contract, ref: SourceRef) -> list[Measurement]:
    """Holds the correction where the profile wants it looked at."""
    if ref.source.corrections != "review":
        return []
    message = derived_message(Baseline.CORRECTION_REVIEW, "")
    rule = baseline.fact(contract, Baseline.CORRECTION_REVIEW, message, high=0)
    return [Measurement(rule, 1, {baseline.MEASURED: 1}, observed="not looked at yet")]


def clashing(delivery: Delivery, ref: SourceRef, contract: Contract, clash: Clash) -> str:
    """SQL of the accepted rows that clash with a current row: `_row_number, _row_part, equal`.

    `repeated`: the same content is loaded from another row of the file; `taken`: another row of the file has the key;
    `newer`: a later delivery has brought the key with other content. Parameters: `values`.
    """
    same = " and ".join(f'c."{k}" = w."{k}"' for k in contract.key)
    # A row that kept the key it was rejected with only meets the version that its reject left open. Any other version
    # that is older than the file belongs to another row of it: the file is the whole truth of its scope.
    whole = "false" if ref.source.mode == "delta" or ref.source.occurrence else "true"
    other_row = (
        "(m.in_family and m.holder_row is distinct from m.root_row or not m.in_family and not m.is_newer and "
        f"{whole} and m.was_rejected and not m.kept_key)"
    )
    where = {
        "repeated": f"m.equal and {other_row}",
        "taken": f"not m.equal and {other_row}",
        "newer": "not m.equal and not m.in_family and m.is_newer",
    }[clash]
    return (
        "select m._row_number, m._row_part from (select w._row_number, w._row_part, s.row_number as root_row, "
        "c._row_hash = w._row_hash as equal, (d.delivery_id = :root or d.corrects = :root) is true as in_family, "
        "case when d.delivery_id = :root then c._row_number else (select r.row_number from quarantine.workbook k "
        "join quarantine.workbook_row r using (workbook_id) where k.returned_as = d.delivery_id "
        "and r.sheet_row = c._row_number) end as holder_row, "
        "(coalesce(d.period, ''), d.received_at, d.delivery_id) > (coalesce(o.period, ''), o.received_at, "
        "o.delivery_id) as is_newer, "
        "exists (select from quarantine.row q where q.delivery_id = :root and q.row_number = s.row_number "
        "and q.row_part = w._row_part) as was_rejected, "
        "exists (select from quarantine.row q where q.delivery_id = :root and q.row_number = s.row_number "
        f"and q.key_hash = {_key_hash(contract)}) as kept_key "
        f"from {delivery.work_table} w "
        "join quarantine.workbook b on b.returned_as = :own join quarantine.workbook_row s "
        "on s.workbook_id = b.workbook_id and s.sheet_row = w._row_number "
        f"join {contract.table} c on c.client_id = :client and c._source = :source and c._period = :period "
        f"and c._known_to is null and {same} "
        "join ops.delivery d on d.delivery_id = c._delivery_id join ops.delivery o on o.delivery_id = :root "
        f"where w._fate is null) m where {where}"
    )


def values(delivery: Delivery, ref: SourceRef) -> dict[str, Any]:
    """The parameters of `clashing`."""
    period = register.scope_of(delivery, ref).period or ""
    return {
        "root": delivery.corrects, "own": delivery.delivery_id, "client": delivery.client_id,
        "source": delivery.source, "period": period,
    }  # fmt: skip


def clashes(conn: sa.Connection, delivery: Delivery, ref: SourceRef, contract: Contract) -> int:
    """Accepted rows that clash with core as it is now: the gate has to judge again."""
    kinds: tuple[Clash, ...] = ("repeated", "taken", "newer")
    queries = " union ".join(clashing(delivery, ref, contract, kind) for kind in kinds)
    return int(conn.scalar(sa.text(f"select count(*) from ({queries}) f"), values(delivery, ref)) or 0)


def _key_hash(contract: Contract) -> str:
    """SQL of `reject.key_hash`."""
    parts = [f"convert_to(w.\"{k}\"::text, 'UTF8')" for k in contract.key]
    return "encode(sha256(" + r" || '\x00'::bytea || ".join(parts) + "), 'hex')"
