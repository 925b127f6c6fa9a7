"""What can go wrong, by who has to act.

Bad cells and rows are not exceptions: they are rejects (see `reject.py`). An exception stops a step.
Message order everywhere: what, where (file:row, column), got, expected, who acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where an error was met; every part may be missing."""

    client: str | None = None
    feed: str | None = None
    delivery_id: int | None = None
    step: str | None = None


class KontorError(Exception):
    """Base of all our errors: one sentence of what, and one of what to do next.

    `where` is `file:row, column`, `got` what was found, `expected` what the declaration asks for.
    Personal values must be masked by the caller (`reject.mask`) before they get here.
    """

    who_acts = "us"

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        got: str | None = None,
        expected: str | None = None,
        next_step: str,
        place: Place | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.got = got
        self.expected = expected
        self.next_step = next_step
        self.place = place or Place()

    def at(self, **parts: Any) -> KontorError:
        """Return the same error with the missing parts of its place filled in."""
        known = {k: v for k, v in vars(self.place).items() if v is not None}
        self.place = Place(**{**parts, **known})
        return self

    def __str__(self) -> str:
        parts = [self.what.rstrip(".")]
        if self.where:
            parts.append(f"at {self.where}")
        if self.got is not None:
            parts.append(f"got {self.got}")
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        return f"{'; '.join(parts)}. {self.who_acts} to act: {self.next_step}"


class DeclarationError(KontorError):
    """Our own YAML, suite or model is wrong."""


class NotDeclared(DeclarationError):
    """A client or source that no declaration names any more."""


class ProfileBroken(DeclarationError):
    """What one client's profile says cannot be used: its work waits until that is mended, everybody else's goes on.

    `fault` is what is wrong, `paths` are the files that say it: several when they mean the same client.
    """

    def __init__(self, paths: Iterable[Path], fault: KontorError) -> None:
        self.paths, self.fault = tuple(paths), fault
        super().__init__(
            f"profile {self.paths[0].name} is broken: {fault.what}",
            where=fault.where,
            got=fault.got,
            expected=fault.expected,
            next_step=f"{fault.next_step}; until then all work for this client waits, then it goes on by itself",
        )


class DeliveryError(KontorError):
    """The file as a whole cannot be used: unreadable, wrong layout, a control total differs."""

    who_acts = "client"


class GateError(KontorError):
    """The gate itself could not judge (a rule that cannot be evaluated, counts that disagree)."""


class LoadError(KontorError):
    """Publishing was refused: accounting differs, approval no longer fits, target differs."""


class TransientError(KontorError):
    """A lock, network or disk fault that may pass: the only kind that is retried."""


class AlreadyRunning(TransientError):
    """Another runner holds the lease of this delivery."""
