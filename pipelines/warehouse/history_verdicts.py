"""Two judgements of the same original compared: what is rejected now and was not, and the reverse. Reads only."""

# ruff: noqa: S608 (names of tables are ours; values are always bound)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pipelines.contract import NO_CURRENCY
from pipelines.delivery import Delivery

FIRST = 20
"""Addresses told of each group of rows."""
_AT = "(row_number, row_part)"


@dataclass(frozen=True)
class Rows:
    """Rows that have a rule (or a change) in common; `first` of them by address: `21`, or `21.2` for a part."""

    name: str
    rows: int
    first: list[str]


class Verdicts:
    """An earlier judgement (`old`) and a later one (`new`) of one original. Rows are the same at the same address."""

    def __init__(self, conn: sa.Connection, old: Delivery, new: Delivery) -> None:
        self.conn = conn
        self.new = new
        self.values: dict[str, Any] = {"old": old.delivery_id, "new": new.delivery_id, "most": FIRST}

    @property
    def now_accepted(self) -> str:
        """SQL: rows `w` of the work table that are accepted now and were rejected."""
        kept = "select from quarantine.row q where q.delivery_id = :old and (q.row_number, q.row_part)"
        return f"{self.new.work_table} w where w._fate is null and exists ({kept} = (w._row_number, w._row_part))"

    def newly_accepted(self) -> list[Rows]:
        """By the rule that had rejected them."""
        accepted = f"select w._row_number, w._row_part from {self.now_accepted}"
        return self._by(f"select rule_id as name, row_number, row_part from quarantine.reject where delivery_id = :old "
                        f"and {_AT} in ({accepted})")  # fmt: skip

    def newly_rejected(self) -> list[Rows]:
        """By the rule that rejects them."""
        return self._by(
            f"select rule_id as name, row_number, row_part from quarantine.reject j where delivery_id = :new "
            f"and {_NOT_KEPT.format(row='j')}"
        )

    def rows_newly_rejected(self) -> int:
        """Distinct rows that are rejected and were not."""
        query = f"select count(*) from quarantine.row j where delivery_id = :new and {_NOT_KEPT.format(row='j')}"
        return int(self.conn.scalar(sa.text(query), self.values) or 0)

    def amounts_newly_rejected(self) -> Mapping[tuple[str, str], Decimal]:
        """(money column, currency) → readable amounts of the rows that are rejected and were not."""
        query = (
            "select a.key as name, coalesce(j.currencies ->> a.key, :none) as currency, "
            "sum(a.value::numeric) as amount from quarantine.row j "
            "cross join jsonb_each_text(j.amounts) a where j.delivery_id = :new "
            f"and {_NOT_KEPT.format(row='j')} group by 1, 2"
        )
        found = self.conn.execute(sa.text(query), {**self.values, "none": NO_CURRENCY})
        return {(row.name, row.currency): row.amount for row in found}

    def reasons_changed(self) -> list[Rows]:
        """Rows rejected then and now, for other reasons: `rule, rule → rule`."""
        rules = (
            "select row_number, row_part, string_agg(distinct rule_id, ', ' order by rule_id) as rules "
            "from quarantine.reject where delivery_id = {of} group by 1, 2"
        )
        return self._by(
            "select was.rules || ' → ' || now.rules as name, row_number, row_part "
            f"from ({rules.format(of=':old')}) was join ({rules.format(of=':new')}) now using (row_number, row_part) "
            "where was.rules <> now.rules"
        )

    def _by(self, found: str) -> list[Rows]:
        query = (
            "select name, count(*) as rows, array_agg(row_number || case row_part when 0 then '' else '.' || row_part "
            "end order by place) filter (where place <= :most) as first from (select name, row_number, row_part, "
            "row_number() over (partition by name order by row_number, row_part) as place "
            f"from (select distinct name, row_number, row_part from ({found}) as f) as d) as p "
            "group by name order by rows desc, name"
        )
        return [Rows(*row) for row in self.conn.execute(sa.text(query), self.values).tuples()]


_NOT_KEPT = (
    "not exists (select from quarantine.row q where q.delivery_id = :old "
    "and (q.row_number, q.row_part) = ({row}.row_number, {row}.row_part))"
)
