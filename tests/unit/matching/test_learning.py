"""What is learnt where little is known of each customer: households are told apart, and nothing is invented."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.matching import features as featuring
from pipelines.matching import keys, scoring
from pipelines.matching.model import DEFAULT, learn
from tests.bench.generate.who import customers

NAMES = ("customer_type_code", "company_name", "given_name", "family_name")
HOME = ("address_line_1", "city")
MERGE_AT, REVIEW_AT = 0.95, 0.5
Flags = npt.NDArray[np.bool_]


def found(rows: pa.Table, columns: Sequence[str]) -> tuple[npt.NDArray[np.float64], Flags]:
    """Of the pairs that are compared the probability, and whether they are one."""
    made = featuring.features(rows.select(list(columns)))
    model = learn(made) or DEFAULT
    left, right = keys.pairs(keys.keys(made, model))
    scored = scoring.Scorer(model, made).score(pa.array(left), pa.array(right))
    entity = rows["entity"].to_numpy()
    return scored["probability"].to_numpy(), entity[left] == entity[right]


def share(true: Flags, chosen: Flags) -> float:
    return float(true[chosen].mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_two_of_a_household_are_not_put_to_a_steward_where_names_and_addresses_are_all_there_is(seed: int) -> None:
    probability, true = found(customers(5_000, seed), [*NAMES, *HOME])
    assert share(true, probability >= REVIEW_AT) > 0.95
    assert share(true, probability >= MERGE_AT) > 0.99
    assert (true & (probability >= REVIEW_AT)).sum() > 0.85 * true.sum()


@pytest.mark.parametrize("number", [150, 400])
def test_where_a_company_name_is_all_there_is_the_same_one_is_put_to_a_steward(number: int) -> None:
    firms = [f"{word} {trade} Ltd" for word, trade in zip(_words(number), ["Pumps", "Steel"] * number, strict=False)]
    names = [*firms, firms[3].upper(), firms[7], firms[9]]
    rows = pa.table({"company_name": names, "entity": [*range(number), 3, 7, 9]})
    probability, true = found(rows, ["company_name"])
    assert true[probability >= REVIEW_AT].sum() == 3
    assert share(true, probability >= REVIEW_AT) > 0.7
    assert probability.max() < MERGE_AT, "a name alone joins nobody unasked"


def test_a_name_alone_joins_nobody_of_a_small_client() -> None:
    rows = pa.table({"given_name": ["Anna"] * 2, "family_name": ["Sample"] * 2, "entity": [0, 0]})
    assert REVIEW_AT <= found(rows, ["given_name", "family_name"])[0].item() < MERGE_AT


def _words(number: int) -> list[str]:
    table = customers(20 * number, 4)
    words = pc.drop_null(pc.unique(table["family_name"])).to_pylist()
    return words[:number]
