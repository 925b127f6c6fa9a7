"""How many rows of a delivery have which fate, from the first set rule to the last."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.validate.stream import Streamed


@dataclass
class Tally:
    """Rows by fate while the set rules are at it, and what was counted since the last one changed its fate.

    Kept here so that the work table is not counted before every rule; in the end it is read back all the same.
    """

    accepted: int
    received: int
    with_key: int
    asked: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, streamed: Streamed, freed: int) -> Tally:
        """After the row rules; `freed` of the rows they rejected were accepted after all."""
        gate = streamed.gate
        return cls(streamed.accepted + freed, gate.received - gate.skipped, streamed.keys.rows)

    @property
    def rejected(self) -> int:
        """Rows set aside so far."""
        return self.received - self.accepted

    def reject(self, rows: int) -> None:
        """That many accepted rows were rejected."""
        self.accepted -= rows
        if rows:
            self.asked.clear()

    def skip(self, rows: int) -> None:
        """That many accepted rows were skipped."""
        self.reject(rows)
        self.received -= rows
        self.with_key -= rows
