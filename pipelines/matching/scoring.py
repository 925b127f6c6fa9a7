"""The probability that two records are one customer, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.matching.assumed import SHARED
from pipelines.matching.levels import COMPARISONS, COUNTED, HOWS, Codes, Compared, Levels

if TYPE_CHECKING:
    from pipelines.matching.model import Model

REASONS_FROM = 0.01
"""Probability from which reasons are told; below it they are an empty list."""

PAIRS_AT_ONCE = 500_000

Numbers = npt.NDArray[np.float64]


def score(model: Model, features: pa.Table, left: pa.Array, right: pa.Array) -> pa.Table:
    """Per pair of rows of the features `probability` and `reasons`.

    A reason is {"what": comparison, "how": its level, "weight": log2(m/u)}, the heaviest first; never a value. For
    many batches of pairs of the same features make one `Scorer`.
    """
    return Scorer(model, features).score(left, right)


class Scorer:
    """A model and features made ready for judging pairs."""

    def __init__(self, model: Model, features: pa.Table) -> None:
        self.model = model
        self.compared = Compared(features)
        self._chances = {name: self._chance(name) for name in COUNTED if name in model.rare}

    def score(self, left: pa.Array, right: pa.Array) -> pa.Table:
        """As the function of this name."""
        lefts, rights = _places(left), _places(right)
        parts = [
            self._some(lefts[at : at + PAIRS_AT_ONCE], rights[at : at + PAIRS_AT_ONCE])
            for at in range(0, len(lefts), PAIRS_AT_ONCE)
        ]
        return pa.concat_tables(parts) if parts else _table(np.zeros(0), [])

    def _some(self, left: Codes, right: Codes) -> pa.Table:
        seen = self.seen(left, right)
        ratios, alone = evidence(self.model, seen)
        probability, _ = posterior(self.model, ratios, alone)
        told = np.flatnonzero(probability >= REASONS_FROM)
        reasons = ["[]"] * len(probability)
        for at, text in zip(told.tolist(), _reasons(self.model, seen.levels, ratios, alone, told), strict=True):
            reasons[at] = text
        return _table(probability, reasons)

    def seen(self, left: Codes, right: Codes) -> Seen:
        """What two records show, whatever the weights."""
        levels = self.compared.levels(left, right)
        same = {name: np.flatnonzero(levels[name] == 0) for name in self._chances}
        chances = {
            name: np.log(np.maximum(chance[left[same[name]]], chance[right[same[name]]]))
            for name, chance in self._chances.items()
        }
        return Seen(levels, same, chances)

    def _chance(self, name: str) -> Numbers:
        """Of each record, how common its value is among all."""
        known = self.model.common.get(name, {})
        hashes, at = self.compared.hashes(COUNTED[name])
        rare = self.model.rare[name]
        return np.array([known.get(one, rare) for one in hashes], np.float64)[at]


@dataclass(frozen=True)
class Seen:
    """Per comparison the level of each pair, which pairs agree exactly, and ln of how common their value is."""

    levels: dict[str, Levels]
    same: dict[str, Codes]
    chances: dict[str, Numbers]


def evidence(model: Model, seen: Seen) -> tuple[dict[str, Numbers], Numbers]:
    """Per comparison ln(m/u) of each pair, and of all together what sets one customer apart from neighbours."""
    ratios: dict[str, Numbers] = {}
    alone: Numbers = np.zeros(len(next(iter(seen.levels.values()))))
    for name, level in seen.levels.items():
        by_level = np.append(np.log(model.m[name]) - np.log(model.u[name]), 0.0)  # the last for the level -1
        ratio: Numbers = by_level[level]
        if name in seen.chances:
            ratio[seen.same[name]] = np.log(model.m[name][0]) - seen.chances[name]
        ratios[name] = ratio
        alone += of_one(name, ratio)
    return ratios, alone


def of_one(name: str, ratio: Numbers) -> Numbers:
    """What of a comparison's ln(m/u) neighbours would not show as well."""
    share = SHARED.get(name, 0.0)
    if share == 0:
        return ratio
    shown: Numbers = ratio - np.log(share * np.exp(ratio) + 1 - share) if share < 1 else np.zeros(len(ratio))
    return shown


def posterior(model: Model, ratios: dict[str, Numbers], alone: Numbers) -> tuple[Numbers, Numbers]:
    """The probabilities of being one customer and of being neighbours; what is left is strangers."""
    together = _sum(ratios, len(alone))
    strangers = max(1 - model.same - model.neighbours, 1e-9)
    with np.errstate(over="ignore"):
        against = strangers / model.same * np.exp(-together) + model.neighbours / model.same * np.exp(-alone)
        one: Numbers = 1 / (1 + against)
        besides = model.same * np.exp(alone) + strangers * np.exp(alone - together)
        other: Numbers = 1 / (1 + besides / model.neighbours)
    return np.round(one, 12), other


def _reasons(
    model: Model, levels: dict[str, Levels], ratios: dict[str, Numbers], alone: Numbers, at: Codes
) -> list[str]:
    """What was compared, as JSON; with them, where it counts, that neighbours would agree as well."""
    bits = {name: np.round(ratio[at] / np.log(2), 1).tolist() for name, ratio in ratios.items()}
    known = {name: level[at].tolist() for name, level in levels.items()}
    strangers = max(1 - model.same - model.neighbours, 1e-9)
    shared = _sum(ratios, len(alone))[at] - alone[at] + np.log(model.neighbours / strangers)
    doubts = np.round(-np.logaddexp(0.0, shared) / np.log(2), 1).tolist()
    out = []
    for number, doubt in enumerate(doubts):
        told = [
            {"what": name, "how": HOWS[name][known[name][number]], "weight": bits[name][number]}
            for name in COMPARISONS
            if known[name][number] >= 0 and bits[name][number]
        ]
        if doubt <= -1:
            told.append({"what": "neighbours", "how": "would agree as well", "weight": doubt})
        out.append(json.dumps(sorted(told, key=lambda one: -abs(one["weight"]))))
    return out


def _sum(ratios: dict[str, Numbers], size: int) -> Numbers:
    """In one order, so that it is the same to the last digit."""
    together: Numbers = np.zeros(size)
    for name in COMPARISONS:
        together += ratios[name]
    return together


def _table(probability: Numbers, reasons: list[str]) -> pa.Table:
    return pa.table({"probability": pa.array(probability, pa.float64()), "reasons": pa.array(reasons, pa.string())})


def _places(array: pa.Array | pa.ChunkedArray) -> Codes:
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    places: Codes = whole.to_numpy(zero_copy_only=False).astype(np.int64)
    return places
