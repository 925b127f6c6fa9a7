"""By what customers are judged to be one: how often each likeness is met among pairs that are, and that are not.

The theory is that of Fellegi and Sunter (A Theory for Record Linkage, JASA 64, 1969): each comparison weighs
log2(m/u), where m is how often its level is met between two records of one customer and u how often between records
of two. u is counted on pairs drawn at random, and for a value that agrees exactly it is how common that value is;
m is learnt without any answer given, by expectation and maximisation over the pairs that share a key, all other
pairs counting as different.

One thing is added. Two who live together agree in surname, street, town and telephone, and that is not chance but not
identity either: comparisons are not independent, and their weights must not simply be summed. So a pair can be three
things: one customer, strangers, or neighbours (of one household or one business address), who agree in what is
shared (`assumed.SHARED`) like one customer and in all else like strangers. How often each is met is learnt, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pyarrow as pa

from pipelines.matching import keys
from pipelines.matching.assumed import IDLE, MOST_DIFFERENT, OFTEN, OWN, SUREST, UNIQUE, M, U
from pipelines.matching.features import VERSION
from pipelines.matching.levels import COUNTED, Codes, Compared
from pipelines.matching.scoring import Numbers, Scorer, evidence, posterior


@dataclass(frozen=True)
class Model:
    """All that a score depends on beside the two records; by its id it is named in every match it made."""

    version: int = VERSION
    records: int = 0
    same: float = 4e-4
    neighbours: float = 4e-4
    m: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: M)
    u: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: U)
    common: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    rare: Mapping[str, float] = field(default_factory=dict)
    stop_keys: tuple[int, ...] = ()

    def to_json(self) -> str:
        """The same model is the same text."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Model:
        """What `to_json` wrote."""
        given = json.loads(text)
        for name in ("m", "u"):
            given[name] = {key: tuple(values) for key, values in given[name].items()}
        return cls(**{**given, "stop_keys": tuple(given["stop_keys"])})

    @property
    def model_id(self) -> str:
        """Names the model by what it says."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]


DEFAULT = Model()
"""For clients with too few customers to learn from."""

FEWEST = 200
"""Customers below which nothing is learnt."""

_MOST_PAIRS, _MOST_DRAWN = 500_000, 500_000
_ROUNDS = 30
_SEED = 1
_FEWEST_COMMON, _MOST_COMMON = 3, 2_000
_FEWEST_SHARED = 20
"""Records with one number of what one customer has alone, from which it is taken for a stopgap (0000000)."""

_TRUST = 20.0
"""Pairs that the assumption counts for beside what is met: rare levels lean on it."""


def learn(features: pa.Table) -> Model | None:
    """What a client's customers say themselves; None where they are too few. The same customers, the same model."""
    if features.num_rows < FEWEST:
        return None
    found = keys.all_keys(features)
    stopped = keys.stop_keys(found)
    common, rare = _chances(features)
    model = Model(records=features.num_rows, stop_keys=stopped, common=common, rare=rare)
    left, right = keys.pairs(keys.keys(features, model))
    if not len(left):
        return model
    return _Learner(features, model, left, right).learnt()


def _chances(features: pa.Table) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """How common the values are, by comparison: the frequent ones by hash, all others together."""
    compared = Compared(features)
    common: dict[str, dict[str, float]] = {}
    rare: dict[str, float] = {}
    for name, columns in COUNTED.items():
        hashes, at = compared.hashes(columns)
        counts = np.bincount(at, minlength=len(hashes))
        counts[[number for number, one in enumerate(hashes) if not one]] = 0
        total = int(counts.sum())
        if not total:
            continue
        order = np.argsort(-counts, kind="stable")[:_MOST_COMMON]
        frequent = order[counts[order] >= (_FEWEST_SHARED if name in UNIQUE else _FEWEST_COMMON)]
        common[name] = {hashes[at]: round(float(counts[at]) / total, 9) for at in frequent.tolist()}
        counts[frequent] = 0
        rest = int(counts.sum())
        rare[name] = round(float((counts.astype(np.float64) ** 2).sum() / rest / total) if rest else 1 / total, 9)
    return common, rare


class _Learner:
    """Expectation and maximisation over the pairs that share a key; all other pairs are taken as different."""

    def __init__(self, features: pa.Table, model: Model, left: Codes, right: Codes) -> None:
        step = max(1, -(-len(left) // _MOST_PAIRS))
        self.weight = float(step)
        self.all_pairs = features.num_rows * (features.num_rows - 1) / 2
        self.model = model
        scorer = Scorer(model, features)
        self.seen = scorer.seen(left[::step], right[::step])
        self.random = scorer.seen(*_drawn(features.num_rows))
        self.size = len(left) * 0.2
        self.told = np.any([self.seen.levels[name] >= 0 for name in OWN], axis=0)
        self.records = features.num_rows
        self.rare = {
            name: [np.isclose(seen.chances[name], np.log(model.rare[name])) for seen in (self.seen, self.random)]
            for name in UNIQUE
            if name in model.rare
        }
        known = {name: features.num_rows - features.column(name).null_count for name in UNIQUE}
        self.known_pairs = {name: number * (number - 1) / 2 for name, number in known.items()}

    def learnt(self) -> Model:
        """u of random pairs, then m and the shares in turn; on the way u again without pairs that prove to match."""
        compared = [name for name, levels in self.seen.levels.items() if name not in IDLE and (levels >= 0).any()]
        if len(compared) == 1:
            return _rounded(self._alone(compared[0]))
        self._learn_u(np.zeros(len(self.random.levels["order"])))
        share = self.size / self.all_pairs
        self.model = replace(self.model, same=share, neighbours=0.2 * share)
        for number in range(_ROUNDS):
            self._round()
            if number == _ROUNDS // 2:
                self._learn_u(posterior(self.model, *evidence(self.model, self.random))[0])
        return _rounded(self.model)

    def _alone(self, name: str) -> Model:
        """Where one thing is known of each customer, nothing in the data says which of two alike are one: as many are
        taken for one as is assumed, never all."""
        levels, m = self.seen.levels[name], np.array(M[name])
        met = np.bincount(levels[levels >= 0], minlength=len(m))[: len(m)] * self.weight
        one = np.minimum(OFTEN * self.records * m, np.array(SUREST)[np.minimum(range(len(m)), len(SUREST) - 1)] * met)
        share = float(one[:-1].sum() / m[:-1].sum()) / self.all_pairs
        u = np.maximum(met - one, 1.0) / self.all_pairs
        m = np.append(one[:-1] / self.all_pairs / max(share, 1e-12), m[-1])
        m, u = np.maximum(m, 1e-6), np.append(u[:-1], 1 - u[:-1].sum())
        return replace(
            self.model,
            m={**self.model.m, name: tuple((m / m.sum()).tolist())},
            u={**self.model.u, name: tuple(u.tolist())},
            same=max(share, 1 / self.all_pairs),
            neighbours=1 / self.all_pairs,
            common={key: values for key, values in self.model.common.items() if key != name},
            rare={key: value for key, value in self.model.rare.items() if key != name},
        )

    def _round(self) -> None:
        same, neighbours = posterior(self.model, *evidence(self.model, self.seen))
        self._learn_unique(same)
        m = {}
        for name, levels in self.seen.levels.items():
            known = levels >= 0
            most = 1.0
            if name in MOST_DIFFERENT:
                told = known & self.told
                if same[told].sum() >= 0.5 * same[known].sum():
                    known = told
                else:
                    most = MOST_DIFFERENT[name]
            met = np.bincount(levels[known], same[known], len(self.model.m[name])) * self.weight
            met += _TRUST * np.array(M[name])
            m[name] = _at_most(most, met / met.sum())
        floor = 1 / self.all_pairs
        self.model = replace(
            self.model,
            m=m,
            same=max(float(same.sum()) * self.weight / self.all_pairs, floor),
            neighbours=max(float(neighbours.sum()) * self.weight / self.all_pairs, floor),
        )

    def _learn_unique(self, same: Numbers) -> None:
        """How often numbers that are one customer's agree by chance: all that agree share a key, so they are here."""
        rare = dict(self.model.rare)
        for name in UNIQUE:
            if name not in rare:
                continue
            agree = self.seen.same[name][self.rare[name][0]]
            strangers = float((1 - same[agree]).sum()) * self.weight
            rare[name] = max((strangers + 1) / max(self.known_pairs[name], 1.0), U[name][0])
            for seen, at in zip((self.seen, self.random), self.rare[name], strict=True):
                seen.chances[name][at] = np.log(rare[name])
        self.model = replace(self.model, rare=rare)

    def _learn_u(self, matching: Numbers) -> None:
        u = {}
        for name, levels in self.random.levels.items():
            if name == "order":
                continue
            known = levels >= 0
            met = np.bincount(levels[known], 1 - matching[known], len(self.model.u[name]))
            met = met + np.array(U[name])
            u[name] = tuple((met / met.sum()).tolist())
        self.model = replace(self.model, u={**self.model.u, **u})


def _at_most(share: float, met: Numbers) -> tuple[float, ...]:
    """The shares of levels, the last cut down to that one."""
    if met[-1] > share:
        met = np.append(met[:-1] * (1 - share) / (1 - met[-1]), share)
    return tuple(met.tolist())


def _drawn(records: int) -> tuple[Codes, Codes]:
    """Pairs at random, the same ones whenever it is asked."""
    draw = np.random.default_rng(_SEED)
    left = draw.integers(0, records, _MOST_DRAWN)
    return left, (left + draw.integers(1, records, _MOST_DRAWN)) % records


def _rounded(model: Model) -> Model:
    """To figures that say the same and read well."""

    def few(value: float) -> float:
        return float(f"{value:.6g}")

    rare = {name: few(value) for name, value in model.rare.items()}
    m, u = ({name: tuple(map(few, row)) for name, row in table.items()} for table in (model.m, model.u))
    return replace(model, m=m, u=u, rare=rare, same=few(model.same), neighbours=few(model.neighbours))
