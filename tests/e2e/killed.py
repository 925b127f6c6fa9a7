"""A process that dies by SIGKILL in the middle of a step. Usage: python -m tests.e2e.killed STEP DELIVERY."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from pipelines.clean import facts
from pipelines.delivery import Step
from pipelines.extract import reader
from pipelines.flow.step import run_step
from pipelines.load import run as load_run
from pipelines.warehouse import ledger


def die_after(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, and then no more."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return wrapped


def main() -> None:
    """Set the trap where the step has written, and not yet committed or renamed; then run the step."""
    step = Step(sys.argv[1])
    if step is Step.EXTRACT:
        reader.Reader._collect = die_after(reader.Reader._collect)  # type: ignore[method-assign]
    elif step is Step.CLEAN:
        facts.Tally.add = die_after(facts.Tally.add)  # type: ignore[method-assign]
    elif step is Step.VALIDATE:
        ledger.write_rule_results = die_after(ledger.write_rule_results)
    else:
        load_run.check = die_after(load_run.check)
    run_step(step, [int(sys.argv[2])])


if __name__ == "__main__":
    main()
