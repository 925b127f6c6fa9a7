"""A file from its content, and the proposal for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.extract.sniff import Proposal, propose

Sniffed = Callable[..., Proposal]


@pytest.fixture
def sniffed(tmp_path: Path) -> Sniffed:
    def look(content: str | bytes, **given: Any) -> Proposal:
        path = tmp_path / "file.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return propose(path, given)

    return look
