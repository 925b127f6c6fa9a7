"""Models are texts that say the same after a round trip."""

from __future__ import annotations

from pipelines.matching.assumed import M, U
from pipelines.matching.levels import HOWS
from pipelines.matching.model import DEFAULT, Model


def test_a_model_is_its_json() -> None:
    again = Model.from_json(DEFAULT.to_json())
    assert again == DEFAULT
    assert again.model_id == DEFAULT.model_id


def test_what_is_assumed_is_a_share_per_level() -> None:
    for name, hows in HOWS.items():
        assert len(M[name]) == len(U[name]) == len(hows)
        assert abs(sum(M[name]) - 1) < 1e-9
        assert name == "order" or abs(sum(U[name]) - 1) < 1e-6
