"""The declarations a delivery was judged by, read back from the register."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from pipelines.contract import Contract, read_contract
from pipelines.delivery import Delivery
from pipelines.profile import Profile, SourceRef, read_profile
from pipelines.warehouse import register


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
    """Read the recorded texts as files again, so that the same reader judges them."""
    texts = register.declarations(conn, delivery.delivery_id)
    domain, _, feed = delivery.feed.partition(".")
    with tempfile.TemporaryDirectory() as folder:
        contract = Path(folder) / domain / f"{feed}.odcs.yaml"
        contract.parent.mkdir()
        contract.write_text(texts["contract"], encoding="utf-8")
        client = Path(folder) / f"{delivery.client_id}.yaml"
        client.write_text(texts["profile"], encoding="utf-8")
        profile = read_profile(client)
        return Recorded(read_contract(contract), profile, profile.source(delivery.feed, delivery.source))
