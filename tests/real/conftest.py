"""Real input: client files that are not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def real_root() -> Path:
    """The folder with `landing/` and `samples/` (`KONTOR_REAL`, default `../shared`); skips the test without it."""
    root = Path(os.environ.get("KONTOR_REAL") or ROOT.parent / "shared")
    if not (root / "landing").is_dir():
        pytest.skip(f"no real input: {root / 'landing'} is missing (set KONTOR_REAL)")
    return root
