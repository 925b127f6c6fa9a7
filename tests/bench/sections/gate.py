"""The gate against a hand-written set of masks and against stock Great Expectations, few and many rows bad."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench import payroll
from tests.bench.race import Contest, Entry, Race


def contests(folder: Path, rows: int) -> list[Contest]:
    """The gate alone with 1 % and 50 % bad rows, the two side by side, and the whole step with its database."""
    own = Path(sys.executable)
    few, many = (payroll.write(folder, rows, share) for share in (0.01, 0.5))
    warm = payroll.write(folder, 2_000, 0.5)
    limits = {"pandas_masks": 2, "gx_complete": 1 / 5}

    def peers(slow: int) -> list[Entry]:
        return [Entry("kontor_gate", own), Entry("pandas_masks", own), Entry("gx_complete", own, at_most=slow)]

    def both(job: str) -> list[Entry]:
        return [Entry(job, own, label=", 50 % bad"), Entry(job, own, file=few, label=", 1 % bad")]

    title = "20 rules on payslips, Arrow file to failing rows"
    return [
        Race(f"Gate: {title}, 1 % bad", few, warm, peers(3), limits),
        Race(f"Gate: {title}, 50 % bad", many, warm, peers(1), limits),
        Race(
            "Gate: many bad rows beside few", many, warm, both("kontor_gate"), {"kontor_gate, 1 % bad": 2}, same=False
        ),
        Race("Gate: the step with its database", many, warm, both("kontor_validate"), {}, same=False),
    ]
