"""Who cannot be one customer whatever their addresses are, found without reading these.

Who shares a name, a birthday or a word of a company's name with somebody is compared with him, and most of them are
somebody else. An address is long to read and the dearest of all to take apart, and neighbours share it; so it settles
little where names, dates and numbers differ. What is left out here would be below the bound with any address at all:
those who are not are compared as ever, and nothing comes out otherwise.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipelines.matching.features import SOURCES, features
from pipelines.matching.levels import Codes
from pipelines.matching.model import Model
from pipelines.matching.scoring import Numbers, Scorer, evidence, of_one, posterior

PLACE = ("street", "building", "town", "region", "country")
"""Comparisons that are not looked at."""
_ADDRESS = (
    "address_line_1", "address_line_2", "street_name", "house_number", "unit_name", "city", "postal_code",
    "region_code", "region_name", "country_code",
)  # fmt: skip
READ = tuple(name for name in SOURCES if name not in _ADDRESS)
"""Columns of clients.customers that are read; no other comparison is made of the others."""
_SLIGHTLY = 1e-9
"""More than sums in another order can differ by."""


class Glance:
    """A model and customers of whom the columns `READ` are known."""

    def __init__(self, model: Model, rows: pa.Table) -> None:
        self.model = model
        self.scorer = Scorer(model, features(rows.select([name for name in READ if name in rows.schema.names])))
        self.most = {name: most(model, name) for name in PLACE}

    def may_reach(self, bound: float, left: Codes, right: Codes) -> tuple[Codes, Codes]:
        """Those of the pairs whose probability may come to the bound."""
        wanted = self.ceiling(left, right) >= bound - _SLIGHTLY
        return left[wanted], right[wanted]

    def ceiling(self, left: Codes, right: Codes) -> Numbers:
        """The probability of each pair with the address that speaks most for it."""
        ratios, alone = evidence(self.model, self.scorer.seen(left, right))
        for name, ratio in self.most.items():
            ratios[name] = np.full(len(left), ratio)
            alone = alone + of_one(name, ratios[name])
        return posterior(self.model, ratios, alone)[0]


def most(model: Model, name: str) -> float:
    """The most that a comparison may weigh: at its best level, or agreeing in the rarest value."""
    best = float(np.max(np.log(model.m[name]) - np.log(model.u[name])))
    if name in model.rare:
        rarest = min(model.rare[name], *model.common.get(name, {}).values())
        best = max(best, float(np.log(model.m[name][0]) - np.log(rarest)))
    return max(best, 0.0)
