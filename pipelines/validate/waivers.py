"""Rows that load in spite of a rule, because a steward said so.

The rules judge every row as ever; then the rejects that are waived are taken back. So a delivery of a scope without
a waiver pays one query, and what a rule counts as failing stays the truth: quarantine holds failing less waived.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from pipelines.contract import Contract
from pipelines.delivery import Delivery
from pipelines.validate.judge import Measurement
from pipelines.warehouse import decisions


@dataclass
class Waivers:
    """The waivers that count for one delivery now. `rows`: rule → failing rows that load by them."""

    conn: sa.Connection
    delivery: Delivery
    contract: Contract
    rules: frozenset[str]
    rows: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, conn: sa.Connection, delivery: Delivery, contract: Contract) -> Waivers:
        """Those of the delivery's scope."""
        return cls(conn, delivery, contract, frozenset(decisions.waived_rules(conn, delivery)))

    def after_stream(self) -> int:
        """Once all rows are in the work table: for the rules that looked at row by row; rows accepted after all."""
        if not self.rules:
            return 0
        found = decisions.let_in(self.conn, self.delivery, self.contract, sorted(self.rules))
        if found:
            self.rows.update(found)
            return decisions.free(self.conn, self.delivery)
        return 0

    def of_rule(self, rule_id: str) -> None:
        """Once a rule about the whole delivery has written its rejects, before their rows are marked."""
        if rule_id in self.rules:
            self.rows.update(decisions.let_in(self.conn, self.delivery, self.contract, [rule_id]))

    def shown(self, measured: Measurement) -> Measurement:
        """A measurement that says how many of its failing rows are waived."""
        waived = self.rows[measured.rule.id]
        if not waived:
            return measured
        share = measured.failed * 100 / measured.evaluated
        said = f"{measured.failed} of {measured.evaluated} rows fail ({share:.2f} %), {waived} of them waived"
        return replace(measured, waived=waived, observed=said)
