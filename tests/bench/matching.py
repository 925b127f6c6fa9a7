"""Ours among those that find who is who: FEBRL's persons, and customers of any number with known links."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from pipelines.matching import features as featuring
from pipelines.matching import keys, model, scoring
from tests.bench.generate.who import customers
from tests.bench.peers import links

MERGE_AT = 0.95
"""As where a profile says nothing."""

_FEBRL = {
    "given_name": "given_name", "surname": "family_name", "date_of_birth": "birth_date", "soc_sec_id": "national_id",
    "street_number": "house_number", "address_1": "street_name", "address_2": "address_line_2", "suburb": "city",
    "postcode": "postal_code", "state": "region_code",
}  # fmt: skip


def kontor_febrl(path: Path) -> Callable[[], dict[str, Any]]:
    """Read, learn without labels, merge."""

    def go() -> dict[str, Any]:
        frame, truth = links.read(path)
        named = frame[list(_FEBRL)].rename(columns=_FEBRL)
        rows = pa.table({name: pa.array(named[name], pa.string()) for name in named.columns})
        left, right, _ = merged(rows)
        return links.figures(truth, left, right)

    return go


def kontor_customers(path: Path) -> Callable[[], dict[str, Any]]:
    """The same with customers in a Parquet file; the figures are of pairs alone."""

    def go() -> dict[str, Any]:
        rows = parquet.read_table(path)
        left, right, steps = merged(rows)
        entity = rows.column("entity").to_numpy()
        counts = np.bincount(entity)
        hits, true = int((entity[left] == entity[right]).sum()), int((counts * (counts - 1) // 2).sum())
        told = {"pairs precision": hits / max(len(left), 1), "pairs recall": hits / max(true, 1)}
        return {"found": rows.num_rows, **told, **steps}

    return go


def merged(rows: pa.Table) -> tuple[keys.Places, keys.Places, dict[str, float]]:
    """The pairs that are merged, and the seconds of each step."""
    clock = [time.perf_counter()]

    def lap() -> None:
        clock.append(time.perf_counter())

    made = featuring.features(rows)
    lap()
    learnt = model.learn(made) or model.DEFAULT
    lap()
    left, right = keys.pairs(keys.keys(made, learnt))
    lap()
    scorer, at = scoring.Scorer(learnt, made), []
    # In parts, so that only what is merged is kept.
    for start in range(0, len(left), scoring.PAIRS_AT_ONCE):
        some = slice(start, start + scoring.PAIRS_AT_ONCE)
        scored = scorer.score(pa.array(left[some]), pa.array(right[some])).column("probability").to_numpy()
        at.append(start + np.flatnonzero(scored >= MERGE_AT))
    lap()
    chosen = np.concatenate(at) if at else np.zeros(0, np.int64)
    names = ("features", "learn", "pairs", "score")
    steps = dict(zip(names, np.diff(clock).tolist(), strict=True))
    return left[chosen], right[chosen], {**steps, "compared": float(len(left))}


def write(folder: Path, rows: int) -> Path:
    """A Parquet file of so many customers."""
    path = folder / f"customers-{rows}.parquet"
    if not path.exists():
        parquet.write_table(customers(rows), path)
    return path
