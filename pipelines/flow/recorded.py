"""The declarations a delivery was judged by, read back from the register."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from pipelines.contract import Contract, contract_from
from pipelines.delivery import Delivery
from pipelines.profile import Profile, SourceRef, profile_from
from pipelines.warehouse import register

RECORDED = Path("recorded")
"""Where errors say that a recorded declaration stands; there is no such folder."""


@dataclass(frozen=True)
class Recorded:
    """Contract, profile and source as they were when the delivery was registered."""

    contract: Contract
    profile: Profile
    ref: SourceRef

    def siblings(self, file_name: str) -> list[SourceRef]:
        """The other sources that read the same table of the file."""
        own = self.ref.source.format
        others = (s for s in self.profile.sources if s is not self.ref and s.source.format == own)
        return [s for s in others if s.match(file_name)]


def recorded(conn: sa.Connection, delivery: Delivery) -> Recorded:
    """Read the recorded texts by the names of the files they stood in, so that the same reader judges them."""
    texts = register.declarations(conn, delivery.delivery_id)
    domain, _, feed = delivery.feed.partition(".")
    contract = contract_from(RECORDED / domain / f"{feed}.odcs.yaml", texts["contract"])
    profile = profile_from(RECORDED / f"{delivery.client_id}.yaml", texts["profile"])
    return Recorded(contract, profile, profile.source(delivery.feed, delivery.source))
