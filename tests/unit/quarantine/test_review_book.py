"""The review workbook as a file: texts stay texts, what differs is marked, nothing is lost when it is read back."""

from __future__ import annotations

import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from pipelines.flow.match_review import contradicted, counting
from pipelines.quarantine.cells import shown
from pipelines.quarantine.review_book import FIRST_ROW, LEAD, marked, written
from pipelines.quarantine.review_content import PairLine, ReviewContent, compared
from pipelines.quarantine.token import REVIEW, mark_of
from pipelines.warehouse.matches import Customer, Decision, Verdict

TEXTS = st.text(min_size=1, max_size=12).map(shown).filter(lambda t: bool(t.strip()))


@given(TEXTS, TEXTS)
def test_marking_keeps_every_letter_and_leaves_no_part_of_blanks(left: str, right: str) -> None:
    parts = [part.text for part in marked(left, right)]
    assert "".join(parts) == f"{left}\n{right}"
    assert len(parts) == 1 or all(part.strip() for part in parts)


@given(st.one_of(st.none(), TEXTS), st.one_of(st.none(), TEXTS))
def test_likeness_does_not_depend_on_the_order(left: str | None, right: str | None) -> None:
    assert compared(left, right).likeness == compared(right, left).likeness
    assert (compared(left, right).likeness == "equal") == (left == right and bool(left))


def test_what_looks_like_a_formula_stays_a_text(tmp_path: Path) -> None:
    cells = [compared("=1+1", "=1+1"), compared("=cmd()", "+49 40")]
    line = PairLine("BCDF", "1", "93 %", "=why", "crm · 1\nshop · A", "C1 · 1\nC2 · 1", cells)
    file = written(ReviewContent("T" * 22, "acme", "en", [("Client", "=Acme")], ["A", "B"], [line], ["stella"]))
    (tmp_path / "book.xlsx").write_bytes(file)
    mark = mark_of(tmp_path / "book.xlsx")
    assert mark is not None and (mark.token, mark.feed, mark.source) == ("T" * 22, REVIEW, "acme")
    sheet = load_workbook(io.BytesIO(file))["Pairs"]
    row = sheet[FIRST_ROW]
    assert {c.data_type for c in row if c.value} <= {"s", "inlineStr"}
    assert [c.value for c in row][len(LEAD) :] == ["=1+1", "=cmd()\n+49 40"]
    assert row[len(LEAD)].quotePrefix and row[len(LEAD) + 1].quotePrefix


def said(number: int, one: int, two: int, verdict: Verdict) -> Decision:
    """A decision on two customers of one source."""
    from datetime import UTC, datetime

    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Decision(
        number, "acme", "s", str(one), "s", str(two), verdict, "stella", "why not", at, None, None, None, None
    )


PAIRS = st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda p: p[0] < p[1])


@given(st.lists(st.tuples(PAIRS, st.sampled_from(list(Verdict))), max_size=12))
def test_what_is_never_contradicted_can_all_be_true(wishes: list[tuple[tuple[int, int], Verdict]]) -> None:
    """Take each wish that is not against what was taken before: in the end groups and differences fit together."""
    taken: list[Decision] = []
    for number, ((one, two), verdict) in enumerate(wishes):
        left, right = Customer("s", str(one)), Customer("s", str(two))
        others = [d for d in counting(taken[::-1]) if (d.left, d.right) != (left, right)]
        if not contradicted(others, left, right, verdict):
            taken.append(said(number, one, two, verdict))
    standing = counting(taken[::-1])
    group = {n: n for n in range(1, 6)}
    for d in standing:
        if d.verdict is Verdict.SAME:
            old, new = group[int(d.left.customer_id)], group[int(d.right.customer_id)]
            group = {n: new if g == old else g for n, g in group.items()}
    apart = [d for d in standing if d.verdict is Verdict.DIFFERENT]
    assert all(group[int(d.left.customer_id)] != group[int(d.right.customer_id)] for d in apart)
