from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.clean.mapkit import column, contract, plan_of, problems, raw, source, values

TO = contract(
    column("line_id", "identifier", key=True),
    column("supplier"),
    column("booked", "date"),
    column("amount", "money", currency="currency_code"),
    column("currency_code", "currency"),
)
RULES = {
    "supplier": {"from": "Name"},
    "booked": {"from": "Tag", "formats": "%d.%m.%Y"},
    "amount": {"from": "Betrag"},
    "currency_code": {"from": "Whg"},
}
HEADER = ["Art", "Name", "Tag", "Betrag", "Whg"]
REF = source(
    RULES,
    key="occurrence(supplier, booked, amount)",
    skip=[{"column": "Art", "in": "S", "reason": "subtotal"}],
)
ROW = ["", "ACME", "01.02.2026", "5,00", "EUR"]


def keys(*rows: list[str]) -> list[str | None]:
    return values(plan_of(TO, REF, HEADER).chunk(raw(HEADER, *rows)), "line_id")


def test_equal_rows_are_numbered_and_others_are_not_disturbed() -> None:
    found = keys(ROW, ["", "Beta", *ROW[2:]], ROW, ["", "ACME ", "1.2.2026", "5", "EUR"])
    prefix = str(found[0]).partition("-")[0]
    assert [found[0], found[2], found[3]] == [f"{prefix}-{n}" for n in (1, 2, 3)]
    assert str(found[1]).endswith("-1")
    assert len(prefix) == 16


def test_of_several_key_columns_the_last_is_made() -> None:
    several = contract(column("account", "identifier", key=True), *TO.columns)
    ref = source({**RULES, "account": {"from": "Art"}}, key="occurrence(supplier, booked, amount)")
    found = plan_of(several, ref, HEADER).chunk(raw(HEADER, ["DE1", *ROW[1:]], ["DE1", *ROW[1:]]))
    assert values(found, "account") == ["DE1", "DE1"]
    assert [str(key)[-2:] for key in values(found, "line_id")] == ["-1", "-2"]


def test_the_key_does_not_depend_on_the_order_of_the_file_or_on_skipped_rows() -> None:
    other = ["", "Beta", *ROW[2:]]
    assert set(keys(ROW, other, ROW)) == set(keys(other, ROW, ROW))
    assert keys(["S", *ROW[1:]], ROW) == [None, keys(ROW)[0]]


def test_an_empty_part_of_the_key_is_a_value_an_unreadable_one_is_none() -> None:
    plan = plan_of(TO, REF, HEADER)
    result = plan.chunk(raw(HEADER, ["", "", "", "5", "EUR"], ["", "ACME", "gestern", "5", "EUR"]))
    assert values(result, "line_id")[0] is not None
    assert values(result, "line_id")[1] is None
    assert problems(result) == [(3, "unreadable.booked", "gestern"), (3, "unreadable.line_id", None)]


def test_numbering_goes_on_over_chunks() -> None:
    plan = plan_of(TO, REF, HEADER)
    first, second = plan.chunk(raw(HEADER, ROW, ROW)), plan.chunk(raw(HEADER, ROW, first=4))
    assert [str(k)[-2:] for k in values(first, "line_id") + values(second, "line_id")] == ["-1", "-2", "-3"]


CELL = st.sampled_from
ROWS = st.lists(
    st.tuples(
        CELL(["", "", "S"]), CELL(["A", "B", ""]), CELL(["01.02.2026", "x"]), CELL(["1,00", "2", "?", ""]),
        CELL(["EUR", "USD", "", "?"]),
    ).map(list),
    max_size=24,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 24), max_size=4), bad=st.sets(st.integers(0, 23), max_size=3))
def test_chunks_give_what_the_whole_gives(rows: list[list[str]], cuts: list[int], bad: set[int]) -> None:
    whole = raw(HEADER, *rows, malformed={i: "too short" for i in bad if i < len(rows)})
    once = plan_of(TO, REF, HEADER).chunk(whole)
    plan = plan_of(TO, REF, HEADER)
    edges = [0, *sorted(min(c, len(rows)) for c in cuts), len(rows)]
    parts = [plan.chunk(whole.slice(a, b - a)) for a, b in pairwise(edges)]
    assert pa.Table.from_batches([p.table for p in parts]).equals(pa.Table.from_batches([once.table]))
    assert pa.Table.from_batches([p.problems for p in parts]).equals(pa.Table.from_batches([once.problems]))
    accepted = [k for k, fate in zip(values(once, "line_id"), values(once, "_fate"), strict=True) if fate is None and k]
    assert len(accepted) == len(set(accepted))
