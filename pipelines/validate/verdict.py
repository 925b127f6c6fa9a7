"""The verdict of the gate, and the sentence that explains it.

* `hold`: a critical rule about the delivery fails, a rule with a written `mostly` falls under it, a rule with
  `on_failure: hold` fails, or a critical rule had nothing to evaluate. The rows stay in the work table.
* `pass_with_rejects`: some rows are set aside, the rest may load.
* `pass`: every row may load. Warnings never change a verdict; they are shown.

The gate never says `fail`: that is for files that cannot be judged at all, and stops an earlier step.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.contract import Contract
from pipelines.delivery import Verdict
from pipelines.reject import Severity
from pipelines.validate.gate import Counts
from pipelines.validate.judge import Outcome

_SHOWN = 3


def of(outcomes: Sequence[Outcome], counts: Counts) -> Verdict:
    """What the rules say together."""
    if any(o.hold for o in outcomes):
        return Verdict.HOLD
    return Verdict.PASS_WITH_REJECTS if counts.rejected else Verdict.PASS


def message(outcomes: Sequence[Outcome], counts: Counts, contract: Contract, written_off: int = 0) -> str | None:
    """Why it is held, else what was set aside, else what to look at; nothing when all is well.

    `written_off`: rows set aside that nobody needs to look at, by an earlier decision.
    """
    holds = [o.hold for o in outcomes if o.hold]
    said = [f"held: {_list(holds)}"] if holds else []
    if counts.rejected:
        reasons = sorted((o for o in outcomes if _sets_aside(o)), key=lambda o: -o.set_aside)
        what = _list([f"{o.rule.id} ({o.set_aside})" for o in reasons])
        said.append(f"{contract.rows(counts.rejected)} of {counts.received} set aside: {what}")
        if written_off:
            said.append(f"{written_off} of them written off before")
    if holds:
        return f"{'; '.join(said)}. us to act: approve the delivery or return it to the client"
    warnings = [o for o in outcomes if o.rule.severity is Severity.WARNING and o.result.success is False]
    if warnings:
        said.append(f"warnings: {_list([f'{o.rule.id} ({o.result.failed})' for o in warnings])}")
    return "; ".join(said) or None


def _sets_aside(outcome: Outcome) -> bool:
    return bool(outcome.set_aside) and (outcome.rule.rejects or outcome.rule.kind == "counted")


def _list(parts: Sequence[str]) -> str:
    more = len(parts) - _SHOWN
    return "; ".join(parts[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
