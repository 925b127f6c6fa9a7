"""Which rows of a delivery their waivers let in, and the correction that brings them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import SETTLED, Delivery, State
from pipelines.reject import RejectState
from pipelines.warehouse.decisions import reasons


def rows_to_load(conn: sa.Connection, delivery: Delivery, contract: Contract) -> list[int]:
    """Rows of a delivery that nothing keeps out any more: every open reason is waived, and no correction under way
    brings them yet."""
    out: dict[tuple[int, int], bool] = {}
    for reason in reasons(conn, delivery, contract):
        if reason.state is RejectState.OPEN:
            out[reason.address] = out.get(reason.address, True) and reason.waiver is not None
    query = (
        "select b.row_number from quarantine.workbook_row b join quarantine.workbook w using (workbook_id) "
        "join ops.delivery c on c.delivery_id = w.returned_as where w.delivery_id = :id and c.state <> all(:ended)"
    )
    values = {"id": delivery.delivery_id, "ended": [s.value for s in SETTLED - {State.HELD}]}
    under_way = set(conn.scalars(sa.text(query), values))
    return sorted({row for (row, _), waived in out.items() if waived} - under_way)


def hand_in(conn: sa.Connection, original: Delivery, correction: Delivery, rows: Sequence[int], language: str) -> None:
    """Note which rows of the original a correction brings, with their cells unchanged: like a workbook that came back
    as it was sent. The "sheet" is the original file: its row numbers stay."""
    mark = hashlib.sha256(f"waived rows of delivery {correction.delivery_id}".encode()).hexdigest()
    workbook = conn.scalar(
        sa.text(
            "insert into quarantine.workbook (delivery_id, number, token_hash, language, path, sha256, rows, state, "
            "returned_as) select :original, coalesce(max(number), 0) + 1, :mark, :language, '', :mark, :rows, "
            "'returned', :correction from quarantine.workbook where delivery_id = :original returning workbook_id"
        ),
        {
            "original": original.delivery_id,
            "mark": mark,
            "language": language,
            "rows": len(rows),
            "correction": correction.delivery_id,
        },
    )
    conn.execute(
        sa.text(
            "insert into quarantine.workbook_row (workbook_id, sheet_row, token_hash, row_number, cells) "
            "select :workbook, row_number, "
            "encode(sha256(convert_to(:mark || ' ' || row_number, 'UTF8')), 'hex'), row_number, cells "
            "from (select distinct on (row_number) row_number, cells from quarantine.row "
            "where delivery_id = :original and row_number = any(:rows) order by row_number, row_part) as r"
        ),
        {"workbook": workbook, "mark": mark, "original": original.delivery_id, "rows": list(rows)},
    )
