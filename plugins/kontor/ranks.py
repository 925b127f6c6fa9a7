"""Which feeds a DAG must run before which: a light reading of the contracts while Airflow parses.

The same ranks as `pipelines.catalog.Catalog.ranks` gives, without pyarrow, pydantic and the contract
standard (a test compares the two).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import DeclarationError

CONTRACTS = Path(__file__).resolve().parents[2] / "pipelines" / "contracts"
_SUFFIX = ".odcs.yaml"
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def feeds_of(domains: Sequence[str], folder: Path = CONTRACTS) -> tuple[str, ...]:
    """Every feed of some domains."""
    return tuple(feed for feed in sorted(_references(folder)) if feed.split(".")[0] in domains)


def ranks_of(domains: Sequence[str], folder: Path = CONTRACTS) -> tuple[int, ...]:
    """The ranks that occur among the feeds of some domains, ascending; (0,) when there is no feed."""
    references = _references(folder)
    ranks = {_rank(feed, references, ()) for feed in feeds_of(domains, folder)}
    return tuple(sorted(ranks)) or (0,)


def _rank(feed: str, references: dict[str, frozenset[str]], path: tuple[str, ...]) -> int:
    """0 refers to nothing. A circle or an unknown feed counts as nothing: `check` reports them, not the parser."""
    if feed in path:
        return 0
    others = [other for other in references.get(feed, frozenset()) if other in references and other != feed]
    return 1 + max((_rank(other, references, (*path, feed)) for other in others), default=-1)


@lru_cache(maxsize=8)
def _references(folder: Path) -> dict[str, frozenset[str]]:
    """Feed → feeds it refers to. One reading per process; a process that parses lives for one parse."""
    return {_feed(path): _refers_to(path) for path in sorted(folder.glob(f"*/*{_SUFFIX}"))}


def _feed(path: Path) -> str:
    return f"{path.parent.name}.{path.name.removesuffix(_SUFFIX)}"


def _refers_to(path: Path) -> frozenset[str]:
    text = path.read_text(encoding="utf-8")
    if not re.search(r"\b(references|after)\b", text):
        return frozenset()
    try:
        contract = yaml.load(text, Loader=_LOADER) or {}  # noqa: S506 a safe loader, in C if built
    except yaml.YAMLError as error:
        raise DeclarationError(
            "YAML syntax error", where=str(path), got=str(error), next_step="run `python -m pipelines check`"
        ) from None
    tables = contract.get("schema") or []
    properties: list[dict[str, Any]] = [p for table in tables for p in table.get("properties") or []]
    values = [
        str(item.get("value"))
        for column in properties
        for item in column.get("customProperties") or []
        if item.get("property") == "references"
    ]
    said = [i.get("value") or [] for i in contract.get("customProperties") or [] if i.get("property") == "after"]
    return frozenset(
        [*(value.rpartition(".")[0] for value in values), *(str(feed) for feeds in said for feed in feeds)]
    )
