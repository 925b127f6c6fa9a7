"""The proposal for one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.extract.sniff.proposal import Proposal


def propose(path: Path, given: Mapping[str, Any], *, name: str | None = None) -> Proposal:
    """How to read this file; the words in `given` are taken as they are."""
    return Proposal(dict(given))
