"""Chains of references that come back: engines and gate beside plain Python, which follows each one to its end."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.validate.expectations import ChainsEnd, ExpectChainsToEnd
from pipelines.validate.expectations.chains import in_circles
from pipelines.validate.suites import check_suite
from pipelines.warehouse.connection import Warehouse
from tests.unit.validate.conftest import ADDS_UP, LINES, Desk, line, rule, where, write_suite

Step = tuple[str, str]
ARGS = {"column": "journal_id", "parent": "parent_id"}
PLACES = st.sampled_from("abcdefg")


def coming_back(steps: Iterable[Step]) -> set[Step]:
    """Every step whose end leads to its start."""
    ways = {(a, b) for a, b in steps if a != b}
    found = set()
    for start, end in ways:
        reached = {end}
        while more := {b for a, b in ways if a in reached} - reached:
            reached |= more
        if start in reached:
            found.add((start, end))
    return found


@given(st.lists(st.tuples(PLACES, PLACES), max_size=16))
def test_circles_are_those_that_one_can_walk(steps: list[Step]) -> None:
    assert in_circles(steps) == coming_back(steps)


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain = [(f"{n}", f"{n + 1}") for n in range(50_000)]
    assert in_circles(chain) == set()
    assert len(in_circles([*chain, ("50000", "0")])) == 50_001


def steps_of(seed: int, places: int = 40, count: int = 60) -> list[Step]:
    rng = random.Random(seed)
    return [(f"C{rng.randrange(places)}", f"C{rng.randrange(places)}") for _ in range(count)]


@pytest.mark.parametrize("seed", [1, 2])
def test_engines_agree_with_python(owner: Warehouse, seed: int) -> None:
    steps = steps_of(seed)
    expected = [n for n, step in enumerate(steps) if step in coming_back(steps)]
    assert 3 < len(expected) < len(steps) - 3
    frame = pd.DataFrame(steps, columns=list(ARGS.values()))
    assert list(frame.index[ChainsEnd.on_pandas(frame, ARGS)]) == expected
    table = sa.Table("chains", sa.MetaData(), sa.Column("n", sa.Integer()), *(sa.Column(c, sa.Text()) for c in frame))
    with owner.transaction() as conn:
        table.create(conn)
        conn.execute(table.insert(), [{"n": n, **row} for n, row in enumerate(frame.to_dict("records"))])
        failing = ChainsEnd.on_sql(table.alias("judged"), ARGS)
        assert sorted(conn.scalars(sa.select(sa.column("n")).select_from(table).where(failing))) == expected
        table.drop(conn)


@pytest.mark.parametrize("mode", ["delta", "snapshot"])
def test_in_the_gate_beside_what_stays(desk: Desk, mode: str) -> None:
    """Rows of another source stay; those of the own one only where the delivery speaks of changes."""
    own, other, mine = steps_of(4, count=40), steps_of(5, count=20), steps_of(6, count=20)

    def lines(name: str, steps: Iterable[Step]) -> list[Any]:
        return [line(f"{name}{n}", journal_id=a, parent_id=b) for n, (a, b) in enumerate(steps)]

    desk.suite(
        [ADDS_UP, rule("ends", "expect_chains_to_end", **ARGS, row_condition=where("status_code", "==", "open"))]
    )
    desk.load(lines("o", other), "other")
    desk.load(lines("m", mine))
    closed = line("closed", journal_id=own[0][1], parent_id=own[0][0], status_code="settled")
    delivery, _ = desk.gate([*lines("k", own), closed], desk.ref(mode, max_rejects={"pct": 100}))
    circles = coming_back([*own, *other, *(mine if mode == "delta" else [])])
    expected = [n for n, step in enumerate(own, 2) if step in circles]
    assert expected and circles > coming_back(own)
    assert desk.rejects(delivery)["ends"] == expected


def test_it_reads_as_a_sentence_and_refuses_nonsense(tmp_path: Path) -> None:
    asked = ExpectChainsToEnd(column="customer_id", parent="related_customer_id")
    (shown,) = asked._prescriptive_renderer(configuration=asked.configuration)
    said = Template(shown.string_template["template"]).substitute(shown.string_template["params"])
    assert said == "From customer_id to related_customer_id and on, one must never come back."
    for kwargs, why in (
        ({**ARGS, "parent": "journal_id"}, "column and parent are both 'journal_id'"),
        ({**ARGS, "parent": "head_count"}, "parent: column head_count is number, not a text"),
    ):
        problems = check_suite(write_suite(tmp_path, [rule("it", "expect_chains_to_end", **kwargs)]), LINES)
        assert any(why in problem for problem in problems), problems
