"""From files to raw text cells. `read` reads any file on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.extract.reading import Chunk, Row, read

__all__ = ["Chunk", "Row", "read"]


def __getattr__(name: str) -> Any:
    """Import the readers when they are asked for: looking into the landing folder needs none of them."""
    if name in __all__:
        from pipelines.extract import reading

        return getattr(reading, name)
    raise AttributeError(name)
