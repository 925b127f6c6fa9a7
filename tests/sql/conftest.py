from __future__ import annotations

import pytest

from pipelines.contract import Contract, read_contract
from pipelines.settings import ROOT


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    """The contracts shipped with the product, by feed."""
    found = map(read_contract, sorted((ROOT / "pipelines" / "contracts").glob("*/*.odcs.yaml")))
    return {c.feed: c for c in found}
