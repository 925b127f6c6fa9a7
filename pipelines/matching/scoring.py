"""The probability that two records are one customer, and why."""

from __future__ import annotations

import json
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
        self._m = {name: np.array([*model.m[name], 1.0]) for name in COMPARISONS}
        self._u = {name: np.array([*model.u[name], 1.0]) for name in COMPARISONS}

    def score(self, left: pa.Array, right: pa.Array) -> pa.Table:
        """As the function of this name."""
        lefts, rights = _places(left), _places(right)
        parts = [
            self._some(lefts[at : at + PAIRS_AT_ONCE], rights[at : at + PAIRS_AT_ONCE])
            for at in range(0, len(lefts), PAIRS_AT_ONCE)
        ]
        return pa.concat_tables(parts) if parts else _table(np.zeros(0), [])

    def _some(self, left: Codes, right: Codes) -> pa.Table:
        levels = self.compared.levels(left, right)
        ratios, alone = self.evidence(levels, left, right)
        probability, _ = self.posterior(ratios, alone)
        told = np.flatnonzero(probability >= REASONS_FROM)
        reasons = ["[]"] * len(probability)
        for at, text in zip(told.tolist(), self._reasons(levels, ratios, alone, told), strict=True):
            reasons[at] = text
        return _table(probability, reasons)

    def evidence(self, levels: dict[str, Levels], left: Codes, right: Codes) -> tuple[dict[str, Numbers], Numbers]:
        """Per comparison ln(m/u) of each pair, and of all together what sets one customer apart from neighbours."""
        ratios: dict[str, Numbers] = {}
        alone = np.zeros(len(left))
        for name, level in levels.items():
            m, u = self._m[name][level], self._u[name][level]
            if name in self._chances:
                chances = self._chances[name]
                u = np.where(level == 0, np.maximum(chances[left], chances[right]), u)
            ratios[name] = np.log(m / u)
            share = SHARED.get(name, 0.0)
            alone += ratios[name] - np.log(share * np.exp(ratios[name]) + 1 - share)
        return ratios, alone

    def posterior(self, ratios: dict[str, Numbers], alone: Numbers) -> tuple[Numbers, Numbers]:
        """The probabilities of being one customer and of being neighbours; what is left is strangers."""
        together = np.zeros(len(alone))
        for name in COMPARISONS:
            together += ratios[name]
        same, neighbours = self.model.same, self.model.neighbours
        strangers = max(1 - same - neighbours, 1e-9)
        with np.errstate(over="ignore"):
            against = strangers / same * np.exp(-together) + neighbours / same * np.exp(-alone)
            one = 1 / (1 + against)
            other = 1 / (1 + same / neighbours * np.exp(alone) + strangers / neighbours * np.exp(alone - together))
        return np.round(one, 12), other

    def _chance(self, name: str) -> Numbers:
        """Of each record, how common its value is among all."""
        known = self.model.common.get(name, {})
        hashes, at = self.compared.hashes(COUNTED[name])
        rare = self.model.rare[name]
        return np.array([known.get(one, rare) for one in hashes], np.float64)[at]

    def _reasons(self, levels: dict[str, Levels], ratios: dict[str, Numbers], alone: Numbers, at: Codes) -> list[str]:
        """What was compared, as JSON; at the end, where it counts, that neighbours would agree as well."""
        bits = {name: np.round(ratio[at] / np.log(2), 1).tolist() for name, ratio in ratios.items()}
        known = {name: level[at].tolist() for name, level in levels.items()}
        together = sum(ratio[at] for ratio in ratios.values()) if len(at) else alone[at]
        doubt = np.minimum(alone[at] - together, 0.0) + 0.0
        weights = np.round(-np.logaddexp(0.0, -doubt + np.log(self._doubt)) / np.log(2), 1).tolist()
        out = []
        for number in range(len(at)):
            told = [
                {"what": name, "how": HOWS[name][known[name][number]], "weight": bits[name][number]}
                for name in COMPARISONS
                if known[name][number] >= 0 and bits[name][number]
            ]
            if weights[number] <= -1:
                told.append({"what": "neighbours", "how": "would agree as well", "weight": weights[number]})
            told.sort(key=lambda one: -abs(one["weight"]))
            out.append(json.dumps(told))
        return out

    @property
    def _doubt(self) -> float:
        """How much more often neighbours are met than strangers, before anything is compared."""
        return self.model.neighbours / max(1 - self.model.same - self.model.neighbours, 1e-9)


def _table(probability: Numbers, reasons: list[str]) -> pa.Table:
    return pa.table({"probability": pa.array(probability, pa.float64()), "reasons": pa.array(reasons, pa.string())})


def _places(array: pa.Array | pa.ChunkedArray) -> Codes:
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    places: Codes = whole.to_numpy(zero_copy_only=False).astype(np.int64)
    return places
