"""What is left out at a glance would be left out by whole rows, with any address."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pipelines.matching import glance, keys
from pipelines.matching.features import COLUMNS, SOURCES, features
from pipelines.matching.glance import Glance
from pipelines.matching.levels import COUNTED
from pipelines.matching.model import DEFAULT, Model, learn
from pipelines.matching.scoring import Scorer
from tests.bench.generate.who import customers

BOUND = 0.5


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return customers(4_000)


@pytest.fixture(scope="module", params=["learnt", "default"])
def model(request: pytest.FixtureRequest, people: pa.Table) -> Model:
    learnt = learn(features(people)) if request.param == "learnt" else DEFAULT
    assert learnt is not None
    return learnt


def _pairs(people: pa.Table, model: Model) -> tuple[keys.Places, keys.Places]:
    left, right = keys.pairs(keys.keys(features(people), model))
    draw = np.random.default_rng(3)
    one, other = draw.integers(0, people.num_rows, (2, 20_000))
    return np.concatenate([left, one[one != other]]), np.concatenate([right, other[one != other]])


def test_nobody_is_left_out_who_reaches_the_bound(people: pa.Table, model: Model) -> None:
    left, right = _pairs(people, model)
    known = Scorer(model, features(people)).score(pa.array(left), pa.array(right))["probability"].to_numpy()
    looked = Glance(model, people)
    assert (looked.ceiling(left, right) >= known - 1e-9).all()
    kept = set(zip(*(side.tolist() for side in looked.may_reach(BOUND, left, right)), strict=True))
    sure = known >= BOUND
    assert sure.sum() > 500
    assert set(zip(left[sure].tolist(), right[sure].tolist(), strict=True)) <= kept


def test_nobody_is_left_out_whom_the_same_rare_address_would_join(people: pa.Table, model: Model) -> None:
    left, right = _pairs(people, model)
    lefts, rights = people.take(pa.array(left)), people.take(pa.array(right))
    for name in ("address_line_1", "address_line_2", "city", "postal_code", "region_code", "country_code"):
        rights = rights.set_column(rights.schema.get_field_index(name), name, lefts[name])
    both = pa.concat_tables([lefts, rights])
    here, there = np.arange(len(left)), np.arange(len(left)) + len(left)
    known = Scorer(model, features(both)).score(pa.array(here), pa.array(there))["probability"].to_numpy()
    assert (Glance(model, both).ceiling(here, there) >= known - 1e-9).all()


def test_most_of_those_that_share_a_key_are_left_out(people: pa.Table) -> None:
    learnt = learn(features(people))
    assert learnt is not None
    left, right = keys.pairs(keys.keys(features(people), learnt))
    kept, _ = Glance(learnt, people).may_reach(BOUND, left, right)
    assert 0 < len(kept) < len(left) / 2


def test_all_but_the_address_is_known_at_a_glance(people: pa.Table) -> None:
    whole, part = features(people), features(people.select([n for n in glance.READ if n in people.column_names]))
    of_place = {feature for name in glance.PLACE for feature in COUNTED[name]}
    assert set(glance.READ) < set(SOURCES)
    for name in COLUMNS:
        if name in of_place:
            assert part[name].null_count == people.num_rows
        else:
            assert part[name].equals(whole[name]), name
