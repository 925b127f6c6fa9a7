"""What goes into the gate and what comes out of it. Cheap to import: nothing here needs Great Expectations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from pipelines.delivery import Verdict
from pipelines.warehouse.ledger import Amount, ControlTotal, RuleResult

SAMPLES = 20
"""Failing rows kept with a rule's result; all of them are in quarantine."""

Over = Literal["received", "accepted"]


@dataclass(frozen=True)
class Control:
    """What the sender promises: `rows`, `sum(column)`, …. `promised` is null when unreadable; `message` says why.

    `measured`: what came, where neither the records nor the sums of money answer it, with a remark.
    """

    name: str
    promised: Decimal | None
    message: str = ""
    measured: Decimal | None = None
    remark: str = ""


@dataclass(frozen=True)
class LayoutJudged:
    """How the file's layout differs from the accepted one, that of `against`: one sentence per difference."""

    against: str
    drift: Sequence[str] = ()


@dataclass(frozen=True)
class GateInput:
    """What extract and clean counted, filled in by the caller: the gate imports neither.

    `records`: records of the file, malformed ones included; `rows`: rows of the delivery (more when unpivoted).
    `received`: (money column, currency) → exact sum over the readable cells of all rows, skipped ones included.
    `unreadable`: column → cells with a problem. `ambiguous`: look-up keys with several answers, ready for a message.
    `layout`: null when there is no accepted layout to compare with.
    """

    records: int
    rows: int
    malformed: int = 0
    unclaimed: int = 0
    unclaimed_rows: Sequence[int] = ()
    unreadable: Mapping[str, int] = field(default_factory=dict)
    received: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    controls: Sequence[Control] = ()
    ambiguous: Sequence[str] = ()
    layout: LayoutJudged | None = None


@dataclass(frozen=True)
class Counts:
    """Rows of the delivery: received = accepted + rejected + skipped."""

    received: int
    accepted: int
    rejected: int
    skipped: int


@dataclass(frozen=True)
class GateResult:
    """The gate's judgement, as written to `ops`. `holds` are the reasons of a hold, one sentence each.

    `content_hash` is what an approval is for: of a delivery that nobody has to approve it is not made.

    `validation_result` is the JSON of one ExpectationSuiteValidationResult, for Data Docs.
    """

    verdict: Verdict
    counts: Counts
    amounts: list[Amount]
    controls: list[ControlTotal]
    rules: list[RuleResult]
    holds: list[str]
    message: str | None
    content_hash: str | None
    validation_result: dict[str, Any]

    @property
    def fields(self) -> dict[str, Any]:
        """The columns of `ops.delivery` that the caller writes together with the move to `validated`.

        Until they are loaded, accepted rows count as held: from here on every row received has a fate.
        """
        return {
            "verdict": self.verdict,
            "rows_received": self.counts.received,
            "rows_rejected": self.counts.rejected,
            "rows_skipped": self.counts.skipped,
            "rows_held": self.counts.accepted,
            "content_hash": self.content_hash,
            "message": self.message,
        }
